/* command/api_openapi.h - the OpenAPI 3.1 document, made from the table of the API. */
#pragma once
#include "base/buffer.h"

/* JSON; errors stick in out. */
void api_openapi(struct buffer *out);

/* api_openapi_apart.c: path items that are made from no row, as JSON. */
extern const char API_OPENAPI_EVENTS[], API_OPENAPI_SESSION[], API_OPENAPI_PASSWORD[];
