/* Any query string: parameters are taken or refused, never more than they are, and a cursor that is accepted is the
 * one that we would write. Also media types. */
#include <string.h>

#include "exchange/taxii_accept.h"
#include "exchange/taxii_query.h"
#include "support/fuzz.h"

static void check(const struct taxii_query *q)
{
    int64_t date;
    uint64_t n;
    char again[TAXII_CURSOR_MAX];
    fuzz_assert(q->limit >= 1 && q->limit <= TAXII_PAGE_MAX);
    fuzz_assert(q->id_count <= TAXII_MATCH_MAX && q->type_count <= TAXII_MATCH_MAX);
    for (size_t i = 0; i < q->id_count; i++)
        fuzz_assert(q->ids[i].len > 0);
    if (q->has_next && taxii_cursor_read(q, TEXT("me"), &date, &n) == OK) {
        struct text t = taxii_cursor_write(q, TEXT("me"), date, n, again);
        fuzz_assert(text_eq_nocase(t, q->next));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct taxii_query q;
    struct arena arena;
    struct text rest = {(const char *)bytes, len}, pair, name;
    taxii_accepts(rest);
    taxii_is_ours(rest);
    arena_init(&arena, 16 * MIB);
    taxii_query_init(&q);
    enum err e = OK;
    while (!e && text_split(&rest, '&', &pair)) {
        struct text value = pair;
        if (!text_split(&value, '=', &name))
            continue;
        e = taxii_query_take(&q, ~0u, name, value, &arena, NULL);
        fuzz_assert(e == OK || e == ERR_MALFORMED || e == ERR_NOMEM);
    }
    if (!e)
        check(&q);
    arena_done(&arena);
    return 0;
}
