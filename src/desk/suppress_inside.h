/* desk/suppress_inside.h - what the files suppress*.c share. */
#pragma once
#include "base/hash.h"
#include "base/ipaddr.h"
#include "desk/suppress.h"

#define FILTER_BITS       ((size_t)1 << 20)
#define SUBSTRING_WINDOWS 4 /* 1, 2, 4 and 8 bytes */
/* Steps of all expressions over one value, and of memory that one may take. */
#define SUPPRESS_REGEX_STEPS      20000
#define SUPPRESS_REGEX_MEMORY_KIB 256

struct suppress_list {
    enum warninglist_type type;
    uint32_t kinds; /* one bit an enum value_kind */
    uint32_t at;    /* of its name, in the pool */
    uint16_t len;
};
struct suppress_entry {
    uint64_t hash;
    uint32_t at;
    uint16_t len, list;
};
struct expression;
struct suppress {
    struct buffer pool; /* names and entries */
    struct suppress_list *lists;
    size_t list_count, list_cap;
    struct suppress_entry *entries;
    size_t entry_count, entry_cap;
    uint32_t *slots; /* open addressing: number of the entry + 1, or 0 */
    size_t slot_mask;
    uint64_t *filter; /* first bytes of substrings */
    bool has[WARNINGLIST_TYPES], windows[SUBSTRING_WINDOWS];
    bool lengths[2][129]; /* of IPv4 and IPv6 prefixes that occur */
    struct expression *expressions;
    size_t expression_count, expression_cap;
    struct uuid *allowed; /* sorted */
    size_t allowed_count, allowed_cap;
    size_t broken;
    struct fault broken_fault;
};

static inline uint64_t suppress_hash(enum warninglist_type type, struct text t)
{
    return xxh3_seeded(t.ptr ? t.ptr : "", t.len, (uint64_t)type);
}
/* Which of the widths 1, 2, 4, 8 (as its logarithm) an entry of that length is looked up by. */
static inline unsigned suppress_window(size_t len)
{
    return len >= 8 ? 3 : len >= 4 ? 2 : len >= 2 ? 1 : 0;
}
/* ERR_NOMEM */
MUST_CHECK enum err suppress_allow(struct suppress *s, const struct uuid *indicator);

/* ---- suppress_regex.c ---- */
/* Of the list added last. One that PCRE2 does not take matches nothing. ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err suppress_regex_add(struct suppress *s, struct text expression);
bool suppress_regex_check(const struct suppress *s, enum value_kind kind, struct text value, struct suppressed *ret);
void suppress_regexes_free(struct suppress *s);
