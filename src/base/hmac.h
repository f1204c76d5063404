/* base/hmac.h - HMAC-SHA256 (RFC 2104), libsodium's. */
#pragma once
#include "base/hash.h"

struct sha256 hmac_sha256(struct text key, struct text message); /* a key of any length */
