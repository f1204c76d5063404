/* base/hash.h - SHA-256 (OpenSSL's, which uses the processor's instructions) and XXH3. Also hex, base64, random. */
#pragma once
#include "base/buffer.h"

#define SHA256_BYTES 32
#define SHA256_HEX   65 /* with its NUL */

struct sha256 {
    uint8_t b[SHA256_BYTES];
};

struct sha256 sha256_of(const void *bytes, size_t len);

struct sha256_ctx {
    uint64_t state[16]; /* opaque: holds OpenSSL's SHA256_CTX */
};
void sha256_init(struct sha256_ctx *ctx);
void sha256_add(struct sha256_ctx *ctx, const void *bytes, size_t len);
struct sha256 sha256_end(struct sha256_ctx *ctx);

/* MD5 (RFC 1321): for formats that name values by it; proves nothing. */
struct md5 {
    uint8_t b[16];
};
struct md5 md5_of(const void *bytes, size_t len);

bool sha256_eq(const struct sha256 *a, const struct sha256 *b);
struct text sha256_hex(const struct sha256 *h, char out[SHA256_HEX]);
MUST_CHECK enum err sha256_from_hex(struct text hex, struct sha256 *ret); /* 64 digits of either case */

uint64_t xxh3_of(const void *bytes, size_t len); /* not for anything an adversary gains by colliding */
uint64_t xxh3_seeded(const void *bytes, size_t len, uint64_t seed);

void hex_write(const void *bytes, size_t len, char *out);                /* 2*len digits and a NUL */
MUST_CHECK enum err hex_read(struct text hex, void *ret, size_t len);    /* exactly 2*len digits */
void base64_write(struct buffer *b, const void *bytes, size_t len);      /* RFC 4648 section 4 */
MUST_CHECK enum err base64_read(struct text base64, struct buffer *ret); /* strict, padded */
/* The same for what has to be exactly len bytes; allocates nothing. */
MUST_CHECK enum err base64_read_exactly(struct text base64, void *ret, size_t len);

void random_bytes(void *ret, size_t len); /* the kernel's, cryptographic; cannot fail */
