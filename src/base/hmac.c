/* base/hmac.c - see hmac.h. */
#include "base/hmac.h"

#include <sodium.h>

struct sha256 hmac_sha256(struct text key, struct text message)
{
    crypto_auth_hmacsha256_state state;
    struct sha256 mac;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)(key.ptr ? key.ptr : ""), key.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)(message.ptr ? message.ptr : ""), message.len);
    crypto_auth_hmacsha256_final(&state, mac.b);
    sodium_memzero(&state, sizeof state);
    return mac;
}
