/* net/prefer.h - `Prefer: wait=N` (RFC 7240 section 4.3): the client would rather wait than hear that there is
 * nothing. */
#pragma once
#include "net/http.h"

/* *ret_s: for how long; a number too large to be meant is UINT32_MAX. false: not asked for, or no number. The first
 * of several counts (section 2). */
bool http_prefers_wait(const struct http_request *r, uint32_t *ret_s);
/* The answer will say `Preference-Applied: wait`. Without a server behind r: nothing happens. */
void http_applied_wait(const struct http_request *r);
/* The client's last answer said so. */
bool http_client_waited(const struct http_client *c);
