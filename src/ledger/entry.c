/* ledger/entry.c - the entry's one text, its commitment and its leaf.
 *
 * Invariant: an entry has exactly one text. The reader takes the members in RFC 8785's order (c, kind, n, t_us, v)
 * and every value in its one spelling: what is not byte for byte what entry_encode() writes is refused, so a leaf
 * cannot have two readings. */
#include "ledger/entry.h"

#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "ledger/merkle.h"

/* RFC 8785 keeps integers up to 2^53 exactly; an entry never holds a larger one. */
#define EXACT_MAX ((int64_t)1 << 53)

static bool kind_valid(struct text kind)
{
    if (kind.len == 0 || kind.len > ENTRY_KIND_MAX)
        return false;
    for (size_t i = 0; i < kind.len; i++)
        if ((kind.ptr[i] < 'a' || kind.ptr[i] > 'z') && kind.ptr[i] != '-')
            return false;
    return true;
}

static bool entry_valid(const struct entry *e)
{
    return kind_valid(e->kind) && e->n <= (uint64_t)EXACT_MAX && e->t_us <= EXACT_MAX && e->t_us >= -EXACT_MAX;
}

void entry_encode(const struct entry *e, struct buffer *out)
{
    if (!entry_valid(e)) {
        if (!out->err)
            out->err = ERR_LIMIT;
        return;
    }
    char c[SHA256_HEX];
    sha256_hex(&e->c, c);
    buffer_addf(out, "{\"c\":\"%s\",\"kind\":\"" TEXT_FMT "\",\"n\":%" PRIu64 ",\"t_us\":%" PRId64 ",\"v\":%d}", c,
                TEXT_ARG(e->kind), e->n, e->t_us, ENTRY_VERSION);
}

static void expect(struct cursor *c, struct text literal)
{
    if (!text_eq(cursor_bytes(c, literal.len), literal))
        cursor_fail(c);
}

static struct text until(struct cursor *c, char stop)
{
    size_t from = c->pos;
    while (c->pos < c->len && c->ptr[c->pos] != (uint8_t)stop)
        c->pos++;
    return (struct text){(const char *)c->ptr + from, c->pos - from};
}

/* Lower-case digits only: the other case would be a second text of the same entry. */
static void commitment(struct cursor *c, struct sha256 *ret)
{
    struct text hex = cursor_bytes(c, SHA256_HEX - 1);
    for (size_t i = 0; i < hex.len; i++)
        if (hex.ptr[i] >= 'A' && hex.ptr[i] <= 'F')
            cursor_fail(c);
    if (sha256_from_hex(hex, ret) != OK)
        cursor_fail(c);
}

/* No leading zeros, no "-0". */
static int64_t integer(struct cursor *c)
{
    bool negative = cursor_left(c) > 0 && c->ptr[c->pos] == '-';
    if (negative)
        c->pos++;
    size_t from = c->pos;
    while (c->pos < c->len && c->ptr[c->pos] >= '0' && c->ptr[c->pos] <= '9')
        c->pos++;
    struct text digits = {(const char *)c->ptr + from, c->pos - from};
    uint64_t v = 0;
    if (text_u64(digits, &v) != OK || v > (uint64_t)EXACT_MAX ||
        (digits.ptr[0] == '0' && (digits.len > 1 || negative))) {
        cursor_fail(c);
        return 0;
    }
    return negative ? -(int64_t)v : (int64_t)v;
}

enum err entry_decode(struct text t, struct entry *ret, struct fault *reterr)
{
    struct cursor c;
    struct entry e = {0};
    int64_t version;
    cursor_init(&c, t);
    expect(&c, TEXT("{\"c\":\""));
    commitment(&c, &e.c);
    expect(&c, TEXT("\",\"kind\":\""));
    e.kind = until(&c, '"');
    expect(&c, TEXT("\",\"n\":"));
    int64_t n = integer(&c);
    expect(&c, TEXT(",\"t_us\":"));
    e.t_us = integer(&c);
    expect(&c, TEXT(",\"v\":"));
    version = integer(&c);
    expect(&c, TEXT("}"));
    if (cursor_error(&c) != OK || cursor_left(&c) != 0 || n < 0 || !kind_valid(e.kind))
        return fault_at(reterr, ERR_MALFORMED, (int64_t)c.pos, "FORMAT-log, entry", "this is not an entry");
    if (version != ENTRY_VERSION)
        return fault_at(reterr, ERR_VERSION, (int64_t)c.pos, "FORMAT-log, entry",
                        "entry of version %" PRId64 "; this program reads version %d", version, ENTRY_VERSION);
    e.n = (uint64_t)n;
    *ret = e;
    return OK;
}

struct sha256 entry_half(const uint8_t salt[ENTRY_SALT], struct text part)
{
    struct sha256_ctx ctx;
    const uint8_t prefix = 3;
    sha256_init(&ctx);
    sha256_add(&ctx, &prefix, 1);
    sha256_add(&ctx, salt, ENTRY_SALT);
    sha256_add(&ctx, part.ptr, part.len);
    return sha256_end(&ctx);
}

struct sha256 entry_commitment_of(const struct sha256 *public_half, const struct sha256 *private_half)
{
    uint8_t bytes[1 + 2 * SHA256_BYTES] = {2};
    memcpy(bytes + 1, public_half->b, SHA256_BYTES);
    memcpy(bytes + 1 + SHA256_BYTES, private_half->b, SHA256_BYTES);
    return sha256_of(bytes, sizeof bytes);
}

struct sha256 entry_commitment(const struct entry_detail *d)
{
    struct sha256 first = entry_half(d->salt1, d->public_part), second = entry_half(d->salt2, d->private_part);
    return entry_commitment_of(&first, &second);
}

struct sha256 entry_leaf(struct text entry)
{
    return merkle_leaf(entry.ptr, entry.len);
}
