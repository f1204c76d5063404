/* release/outbound_again.c - an answer that its recipient may have already: validators, and "not modified". */
#include <string.h>

#include "base/hash.h"
#include "base/outbound_make.h"
#include "release/outbound.h"

/* As many bits as nobody finds a second answer for; a client repeats the text with each question. */
#define TAG_BYTES 16

struct outbound *outbound_again(struct outbound *o)
{
    return outbound_ref(o);
}

static void add_part(struct sha256_ctx *ctx, struct text part)
{
    uint64_t len = part.len;
    sha256_add(ctx, &len, sizeof len);
    if (part.len)
        sha256_add(ctx, part.ptr, part.len);
}

/* Weak, since the bytes on the wire may be compressed (RFC 9110 section 8.8.1). */
static struct text tag_of(const struct outbound *o, struct text for_whom, char out[2 * TAG_BYTES + 8])
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    add_part(&ctx, for_whom);
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        add_part(&ctx, name);
        add_part(&ctx, value);
    }
    add_part(&ctx, outbound_body(o));
    struct sha256 hash = sha256_end(&ctx);
    memcpy(out, "W/\"", 3);
    hex_write(hash.b, TAG_BYTES, out + 3);
    memcpy(out + 3 + 2 * TAG_BYTES, "\"", 2);
    return text_of(out);
}

static enum err add_validator(struct outbound *o, struct text tag)
{
    enum err e = outbound_add_header(o, TEXT("ETag"), tag);
    if (e == OK)
        e = outbound_add_header(o, TEXT("Cache-Control"), TEXT("private, no-cache"));
    return e ? e : outbound_add_header(o, TEXT("Vary"), TEXT("Accept, Authorization"));
}

enum err outbound_tag(struct outbound *o, struct text for_whom)
{
    char tag[2 * TAG_BYTES + 8];
    return add_validator(o, tag_of(o, for_whom, tag));
}

static struct text tag_in(const struct outbound *o)
{
    for (size_t i = 0; i < outbound_header_count(o); i++) {
        struct text name, value;
        outbound_header(o, i, &name, &value);
        if (text_eq(name, TEXT("ETag")))
            return value;
    }
    return TEXT_NONE;
}

static struct text opaque(struct text tag)
{
    return text_starts(tag, TEXT("W/")) ? text_sub(tag, 2, tag.len) : tag;
}

/* Our tags hold no comma, so a list may be split at them. */
bool outbound_is_known(const struct outbound *o, struct text if_none_match)
{
    struct text own = opaque(tag_in(o)), rest = if_none_match, one;
    if (!own.len || !if_none_match.len)
        return false;
    while (text_split(&rest, ',', &one)) {
        one = text_trim(one);
        if (text_eq(one, TEXT("*")) || text_eq(opaque(one), own))
            return true;
    }
    return false;
}

enum err outbound_not_modified(const struct outbound *o, struct outbound **ret)
{
    struct text tag = tag_in(o);
    struct buffer none;
    if (!tag.len)
        return ERR_DENIED;
    buffer_init(&none, 1);
    struct outbound *made = outbound_new(304, TEXT_NONE, &none);
    if (!made)
        return ERR_NOMEM;
    enum err e = add_validator(made, tag);
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}
