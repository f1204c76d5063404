/* model/ident.c - UUIDs and STIX identifiers. */
/* The one-call SHA-1 of OpenSSL 3 looks its algorithm up each time, which costs more than the hash. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "model/ident.h"

#include <openssl/sha.h>
#include <string.h>

#define UUID_TEXT_LEN  ((size_t)UUID_TEXT_MAX - 1)
#define TYPE_MIN_BYTES 3

const struct uuid UUID_STIX_SCO = {
    {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}};

/* The value of a hexadecimal digit plus one; 0 for any other byte. Identifiers are read by the million. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool hyphen_after(size_t byte)
{
    return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

enum err uuid_parse(struct text t, struct uuid *ret)
{
    static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    const unsigned char *p = (const unsigned char *)t.ptr;
    struct uuid u;

    if (t.len != UUID_TEXT_LEN || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
        return ERR_MALFORMED;
    for (size_t i = 0; i < sizeof(u.b); i++) {
        unsigned high = hex_digits[p[places[i]]], low = hex_digits[p[places[i] + 1]];

        if (high == 0 || low == 0)
            return ERR_MALFORMED;
        u.b[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    *ret = u;
    return OK;
}

struct text uuid_format(const struct uuid *u, char out[UUID_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < sizeof(u->b); i++) {
        out[at++] = digits[u->b[i] >> 4];
        out[at++] = digits[u->b[i] & 15];
        if (hyphen_after(i))
            out[at++] = '-';
    }
    out[at] = '\0';
    return (struct text){out, at};
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static void uuid_stamp(struct uuid *u, uint8_t version)
{
    u->b[6] = (uint8_t)((u->b[6] & 0x0f) | version << 4);
    u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
}

struct uuid uuid_random(void)
{
    struct uuid u;

    random_bytes(u.b, sizeof(u.b));
    uuid_stamp(&u, 4);
    return u;
}

struct uuid uuid_named(const struct uuid *space, struct text name)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    struct uuid u;
    SHA_CTX ctx;

    SHA1_Init(&ctx);
    SHA1_Update(&ctx, space->b, sizeof(space->b));
    if (name.len > 0)
        SHA1_Update(&ctx, name.ptr, name.len);
    SHA1_Final(digest, &ctx);
    memcpy(u.b, digest, sizeof(u.b));
    uuid_stamp(&u, 5);
    return u;
}

bool type_name_valid(struct text t)
{
    char before = '-';

    if (t.len < TYPE_MIN_BYTES || t.len > TYPE_MAX_BYTES || t.ptr[0] < 'a' || t.ptr[0] > 'z')
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];

        if (c == '-' ? before == '-' : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return false;
        before = c;
    }
    return before != '-';
}

/* Variant and version are not looked at: OASIS's own interoperability documents are full of made-up digits. */
enum err ident_parse(struct text t, struct ident *ret, struct fault *reterr)
{
    static const char rule[] = "STIX 2.1 2.9";
    struct ident id;
    size_t cut;

    if (t.len < UUID_TEXT_LEN + 2)
        return fault_at(reterr, ERR_MALFORMED, -1, rule, "an identifier is type--UUID, not \"%.*s\"", (int)t.len,
                        t.len > 0 ? t.ptr : "");
    cut = t.len - UUID_TEXT_LEN;
    id.type = text_sub(t, 0, cut - 2);
    if (t.ptr[cut - 1] != '-' || t.ptr[cut - 2] != '-' || uuid_parse(text_sub(t, cut, UUID_TEXT_LEN), &id.uuid))
        return fault_at(reterr, ERR_MALFORMED, -1, rule, "an identifier is type--UUID, not \"%.*s\"",
                        t.len > 120 ? 120 : (int)t.len, t.ptr);
    if (!type_name_valid(id.type))
        return fault_at(reterr, ERR_MALFORMED, -1, "STIX 2.1 3.1",
                        "\"%.*s\" is no type name: 3 to 250 of a-z, 0-9 and single hyphens, a letter first",
                        id.type.len > 120 ? 120 : (int)id.type.len, id.type.ptr);
    *ret = id;
    return OK;
}

struct text ident_format(struct text type, const struct uuid *uuid, char out[IDENT_TEXT_MAX])
{
    size_t len = type.len > TYPE_MAX_BYTES ? TYPE_MAX_BYTES : type.len;

    if (len > 0)
        memcpy(out, type.ptr, len);
    out[len] = out[len + 1] = '-';
    return (struct text){out, len + 2 + uuid_format(uuid, out + len + 2).len};
}
