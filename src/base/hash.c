/* base/hash.c - digests, hex, base64, randomness: other people's code behind our types. */
#define OPENSSL_SUPPRESS_DEPRECATED /* EVP costs an allocation and a lookup per digest; most of ours are short */
#include "base/hash.h"

#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Whole in this file: most keys are a few dozen bytes, where the call would cost as much as the hash. */
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_ctx), "struct sha256_ctx holds OpenSSL's");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256_ctx), "and is aligned for it");

void sha256_init(struct sha256_ctx *ctx)
{
    SHA256_Init((SHA256_CTX *)ctx->state);
}

void sha256_add(struct sha256_ctx *ctx, const void *bytes, size_t len)
{
    if (len)
        SHA256_Update((SHA256_CTX *)ctx->state, bytes, len);
}

struct sha256 sha256_end(struct sha256_ctx *ctx)
{
    struct sha256 h;
    SHA256_Final(h.b, (SHA256_CTX *)ctx->state);
    return h;
}

struct sha256 sha256_of(const void *bytes, size_t len)
{
    struct sha256 h;
    SHA256_CTX ctx;
    SHA256_Init(&ctx);
    if (len)
        SHA256_Update(&ctx, bytes, len);
    SHA256_Final(h.b, &ctx);
    return h;
}

struct md5 md5_of(const void *bytes, size_t len)
{
    struct md5 h;
    MD5(bytes, len, h.b);
    return h;
}

bool sha256_eq(const struct sha256 *a, const struct sha256 *b)
{
    return memcmp(a->b, b->b, SHA256_BYTES) == 0;
}

struct text sha256_hex(const struct sha256 *h, char out[SHA256_HEX])
{
    hex_write(h->b, SHA256_BYTES, out);
    return (struct text){out, SHA256_HEX - 1};
}

enum err sha256_from_hex(struct text hex, struct sha256 *ret)
{
    return hex_read(hex, ret->b, SHA256_BYTES);
}

uint64_t xxh3_of(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

uint64_t xxh3_seeded(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

void hex_write(const void *bytes, size_t len, char *out)
{
    if (len == 0)
        *out = 0;
    else
        sodium_bin2hex(out, 2 * len + 1, bytes, len);
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

enum err hex_read(struct text hex, void *ret, size_t len)
{
    if (hex.len / 2 != len || hex.len % 2 != 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < hex.len; i++) /* before the first byte is written: ret is untouched on failure */
        if (!is_hex((unsigned char)hex.ptr[i]))
            return ERR_MALFORMED;
    if (len && sodium_hex2bin(ret, len, hex.ptr, hex.len, NULL, NULL, NULL) != 0)
        return ERR_MALFORMED;
    return OK;
}

void base64_write(struct buffer *b, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    if (len > SIZE_MAX / 2) { /* more than any buffer holds; sodium would abort */
        if (!b->err)
            b->err = ERR_LIMIT;
        return;
    }
    size_t written = (len + 2) / 3 * 4;
    char *out = buffer_reserve(b, written);
    if (out) /* the NUL goes to the spare byte behind the content (buffer.c, invariant 1) */
        sodium_bin2base64(out, written + 1, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

static bool is_ascii(struct text t)
{
    unsigned char all = 0;
    for (size_t i = 0; i < t.len; i++)
        all |= (unsigned char)t.ptr[i];
    return all < 0x80;
}

enum err base64_read(struct text base64, struct buffer *ret)
{
    /* libsodium 1.0.18 takes some bytes beyond ASCII for digits where char is signed. */
    if (base64.len % 4 != 0 || !is_ascii(base64))
        return ERR_MALFORMED;
    if (base64.len == 0)
        return buffer_error(ret);
    size_t before = ret->len, most = base64.len / 4 * 3, len;
    if (base64.ptr[base64.len - 1] == '=')
        most -= base64.ptr[base64.len - 2] == '=' ? 2 : 1;
    char *out = buffer_reserve(ret, most);
    if (!out)
        return buffer_error(ret);
    if (sodium_base642bin((unsigned char *)out, most, base64.ptr, base64.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        ret->len = before;
        return ERR_MALFORMED;
    }
    ret->len = before + len;
    return OK;
}

enum err base64_read_exactly(struct text base64, void *ret, size_t len)
{
    unsigned char bytes[128];
    size_t got;
    if (len > sizeof bytes || base64.len != (len + 2) / 3 * 4 || !is_ascii(base64))
        return ERR_MALFORMED;
    if (base64.len && (sodium_base642bin(bytes, sizeof bytes, base64.ptr, base64.len, NULL, &got, NULL,
                                         sodium_base64_VARIANT_ORIGINAL) != 0 ||
                       got != len))
        return ERR_MALFORMED;
    if (len)
        memcpy(ret, bytes, len);
    return OK;
}

void random_bytes(void *ret, size_t len)
{
    if (sodium_init() < 0)
        abort(); /* no randomness: nothing that follows could be trusted */
    randombytes_buf(ret, len);
}
