/* exchange/taxii_query.c - parameters and cursors. */
#include "exchange/taxii_query.h"

#include <string.h>

#include "base/limits.h"

struct text taxii_date(int64_t us, char out[STAMP_TEXT_MAX])
{
    return stamp_format(stamp_from_us(us, 6), out);
}

void taxii_query_init(struct taxii_query *q)
{
    *q = (struct taxii_query){.limit = TAXII_PAGE_DEFAULT};
}

static enum err bad(struct fault *f, const char *parameter, const char *why)
{
    return fault_at(f, ERR_MALFORMED, -1, "TAXII 2.1 3.4", "The parameter %s %s.", parameter, why);
}

/* ---- one taker a parameter ---- */

static enum err take_after(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    struct stamp s;
    (void)arena;
    if (stamp_parse(value, &s, NULL))
        return bad(f, "added_after", "is not a timestamp like 2026-01-31T12:00:00.123456Z");
    q->has_after = true;
    q->after_us = stamp_us(s);
    return OK;
}

static enum err take_limit(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    uint64_t limit;
    (void)arena;
    enum err e = text_u64(value, &limit);
    if ((e && e != ERR_LIMIT) || (e == OK && limit == 0))
        return bad(f, "limit", "is not a positive number");
    q->has_limit = true;
    q->limit = e || limit > TAXII_PAGE_MAX ? TAXII_PAGE_MAX : (uint32_t)limit;
    return OK;
}

static enum err take_next(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    if (!value.len)
        return bad(f, "next", "is empty");
    q->has_next = true;
    q->next = arena_text(arena, value);
    return q->next.ptr ? OK : ERR_NOMEM;
}

/* The pieces between commas; none may be empty. */
static enum err take_list(struct text value, struct arena *arena, const char *parameter, struct text **ret,
                          size_t *ret_count, struct fault *f)
{
    size_t count = 1;
    for (size_t i = 0; i < value.len; i++)
        count += value.ptr[i] == ',';
    if (count > TAXII_MATCH_MAX)
        return bad(f, parameter, "has too many values");
    struct text rest = arena_text(arena, value);
    struct text *list = arena_alloc(arena, count * sizeof *list);
    if (!rest.ptr || !list)
        return ERR_NOMEM;
    for (size_t i = 0; text_split(&rest, ',', &list[i]); i++)
        if (!list[i].len)
            return bad(f, parameter, "has an empty value");
    *ret = list;
    *ret_count = count;
    return OK;
}

static enum err take_ids(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    return take_list(value, arena, "match[id]", &q->ids, &q->id_count, f);
}

static enum err take_types(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    return take_list(value, arena, "match[type]", &q->types, &q->type_count, f);
}

static enum err take_versions(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    struct text *list;
    size_t count;
    enum err e = take_list(value, arena, "match[version]", &list, &count, f);
    if (e)
        return e;
    q->stamps = arena_alloc(arena, count * sizeof *q->stamps);
    if (!q->stamps)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (text_eq(list[i], TEXT("last")))
            q->versions |= VERSIONS_LAST;
        else if (text_eq(list[i], TEXT("first")))
            q->versions |= VERSIONS_FIRST;
        else if (text_eq(list[i], TEXT("all")))
            q->versions |= VERSIONS_ALL;
        else if (stamp_parse(list[i], &q->stamps[q->stamp_count], NULL) == OK)
            q->stamp_count++;
        else
            return bad(f, "match[version]", "knows first, last, all and timestamps");
    }
    return OK;
}

static enum err take_spec_versions(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f)
{
    struct text *list;
    size_t count;
    enum err e = take_list(value, arena, "match[spec_version]", &list, &count, f);
    if (e)
        return e;
    q->other_spec = true;
    for (size_t i = 0; i < count; i++)
        if (text_eq(list[i], TEXT("2.1")))
            q->other_spec = false;
    return OK;
}

static const struct parameter {
    const char *name;
    unsigned filter;
    bool binds; /* the cursor holds for this value only */
    enum err (*take)(struct taxii_query *q, struct text value, struct arena *arena, struct fault *f);
} parameters[] = {
    {"added_after", FILTER_PAGE, false, take_after},
    {"limit", FILTER_PAGE, false, take_limit},
    {"next", FILTER_PAGE, false, take_next},
    {"match[id]", FILTER_ID_TYPE, true, take_ids},
    {"match[type]", FILTER_ID_TYPE, true, take_types},
    {"match[version]", FILTER_VERSION, true, take_versions},
    {"match[spec_version]", FILTER_SPEC_VERSION, true, take_spec_versions},
};

/* The order in which parameters stand means nothing, so what they bind is added up free of it. */
static void bind(struct taxii_query *q, const char *name, struct text value)
{
    struct sha256_ctx one;
    sha256_init(&one);
    sha256_add(&one, name, strlen(name) + 1);
    sha256_add(&one, value.ptr, value.len);
    struct sha256 h = sha256_end(&one);
    for (size_t i = 0; i < sizeof h.b; i++)
        q->bound.b[i] ^= h.b[i];
}

enum err taxii_query_take(struct taxii_query *q, unsigned filters, struct text name, struct text value,
                          struct arena *arena, struct fault *reterr)
{
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        const struct parameter *p = &parameters[i];
        if (!text_eq(name, text_of(p->name)))
            continue;
        if (!(filters & p->filter))
            return bad(reterr, p->name, "is not known here");
        if (q->seen & 1u << i)
            return bad(reterr, p->name, "stands there twice");
        q->seen |= 1u << i;
        if (p->binds)
            bind(q, p->name, value);
        return p->take(q, value, arena, reterr);
    }
    if (text_starts(name, TEXT("match[")))
        return bad(reterr, "match[...]", "names a field that is not known here");
    return OK;
}

/* ---- the cursor: 24 bytes in hex: date, n, the first 8 bytes of a hash over them and the question ---- */

#define CURSOR_BYTES 24

static void put_u64(uint8_t *out, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *in)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

static void check_sum(const struct taxii_query *q, struct text bound_to, uint8_t cursor[CURSOR_BYTES])
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_add(&ctx, "next 1", 7);
    sha256_add(&ctx, cursor, 16);
    sha256_add(&ctx, q->bound.b, sizeof q->bound.b);
    sha256_add(&ctx, bound_to.ptr, bound_to.len);
    struct sha256 h = sha256_end(&ctx);
    memcpy(cursor + 16, h.b, 8);
}

struct text taxii_cursor_write(const struct taxii_query *q, struct text bound_to, int64_t date_us, uint64_t n,
                               char out[TAXII_CURSOR_MAX])
{
    uint8_t cursor[CURSOR_BYTES];
    put_u64(cursor, (uint64_t)date_us);
    put_u64(cursor + 8, n);
    check_sum(q, bound_to, cursor);
    hex_write(cursor, sizeof cursor, out);
    return (struct text){out, 2 * sizeof cursor};
}

enum err taxii_cursor_read(const struct taxii_query *q, struct text bound_to, int64_t *ret_date_us, uint64_t *ret_n)
{
    uint8_t given[CURSOR_BYTES], right[CURSOR_BYTES];
    if (q->next.len != 2 * sizeof given || hex_read(q->next, given, sizeof given))
        return ERR_MALFORMED;
    memcpy(right, given, sizeof right);
    check_sum(q, bound_to, right);
    if (memcmp(given, right, sizeof given) != 0)
        return ERR_MALFORMED;
    *ret_date_us = (int64_t)get_u64(given);
    *ret_n = get_u64(given + 8);
    return OK;
}
