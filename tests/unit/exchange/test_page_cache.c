/* Answers that are kept, while the 1st, 2nd, ... allocation fails: the one that was offered, or none; nothing is left
 * behind. */
#include "support/test.h"

#include "exchange/page_cache.h"
#include "release/outbound.h"
#include "support/fault.h"
#include "support/tally.h"

static struct outbound *answer(void)
{
    const struct page_field fields[] = {{"status", FIELD_TEXT, TEXT("ok"), 0}, {"version", FIELD_TEXT, TEXT("1"), 0}};
    struct outbound *made = NULL;
    return outbound_protocol(PAGE_HEALTH, 200, fields, ARRAY_LEN(fields), NULL, 0, &made) ? NULL : made;
}

/* Asked for twice it is kept; the log moves on, and it is not that answer any more. */
static bool keep_and_find(void *arg)
{
    struct page_cache *c = NULL;
    const struct page_state now = {.position = 7, .now_us = 1, .holds_until_us = 10},
                            moved = {.position = 8, .now_us = 1, .holds_until_us = 10};
    bool all = false;
    (void)arg;
    if (page_cache_new(&c))
        return false;
    for (int turn = 0; turn < 3; turn++) {
        struct outbound *o = answer();
        if (!o)
            break;
        struct outbound *found = page_cache_find(c, TEXT("who?what"), &now);
        if (found)
            assert_memory_equal(outbound_body(found).ptr, outbound_body(o).ptr, outbound_body(o).len);
        all = found != NULL;
        outbound_free(found);
        page_cache_offer(c, TEXT("who?what"), &now, o);
        outbound_free(o);
    }
    struct outbound *late = page_cache_find(c, TEXT("who?what"), &moved);
    assert_null(late);
    page_cache_free(c);
    return all;
}

static void every_allocation_fails(void **state)
{
    const struct fault_op op = {.run = keep_and_find};
    (void)state;
    size_t rounds = fault_each_allocation(&op);
    assert_true(rounds > 3);
    tally_add("allocation", rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails)};
    return cmocka_run_group_tests_name("page cache", tests, NULL, NULL);
}
