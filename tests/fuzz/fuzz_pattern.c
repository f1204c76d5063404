/* A pattern is read or refused with a place in it; its atomic values are normal forms, each of whose own pattern
 * gives that value and nothing else; its canonical text reads as the same pattern, which is equivalent to it. */
#include "base/limits.h"
#include "model/pattern_check.h"
#include "model/pattern_equal.h"
#include "model/pattern_print.h"
#include "support/fuzz.h"

static void same_again(const struct pattern_value *value)
{
    struct arena arena;
    struct buffer out;
    struct pattern_node *root;
    struct pattern_value *values;
    size_t count;
    bool whole;
    arena_init(&arena, 1 * MIB);
    buffer_init(&out, 64 * KIB);
    pattern_of_value(value->kind, value->value, &out);
    fuzz_assert(buffer_error(&out) == OK);
    fuzz_assert(pattern_parse(buffer_text(&out), &arena, &root, NULL) == OK);
    fuzz_assert(pattern_values(root, &arena, &values, &count, &whole) == OK);
    fuzz_assert(whole && count == 1 && values[0].kind == value->kind && text_eq(values[0].value, value->value));
    buffer_done(&out);
    arena_done(&arena);
}

static void prints_again(const struct pattern_node *root, struct arena *arena)
{
    struct buffer once, twice;
    struct pattern_node *again;
    enum pattern_verdict verdict;
    buffer_init(&once, 4 * MIB);
    buffer_init(&twice, 4 * MIB);
    pattern_print(root, &once);
    fuzz_assert(buffer_error(&once) == OK);
    enum err e = pattern_parse(buffer_text(&once), arena, &again, NULL);
    fuzz_assert(e == OK || e == ERR_NOMEM);
    if (!e) {
        pattern_print(again, &twice);
        fuzz_assert(text_eq(buffer_text(&once), buffer_text(&twice)));
        e = pattern_equivalent(root, again, arena, &verdict);
        fuzz_assert(e == ERR_NOMEM || (e == OK && verdict != PATTERN_DIFFERENT));
    }
    buffer_done(&once);
    buffer_done(&twice);
}

static void count_problem(void *self, const struct pattern_problem *problem)
{
    fuzz_assert(problem->column >= 1 && problem->column <= *(size_t *)self && problem->rule && problem->what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena;
    struct pattern_node *root;
    struct fault fault = {.offset = -7};
    arena_init(&arena, 64 * MIB);
    enum err e = pattern_parse((struct text){(const char *)data, len}, &arena, &root, &fault);
    if (e) {
        fuzz_assert(e == ERR_MALFORMED || e == ERR_LIMIT || e == ERR_NOMEM);
        fuzz_assert(fault.err == e && fault.offset >= -1 && fault.offset <= (int64_t)len);
    } else {
        struct pattern_value *values;
        size_t count = 0;
        bool whole;
        e = pattern_values(root, &arena, &values, &count, &whole);
        fuzz_assert(e == OK || e == ERR_LIMIT || e == ERR_NOMEM);
        for (size_t i = 0; !e && i < count && i < 16; i++)
            same_again(&values[i]);
        pattern_check(root, count_problem, &len);
        prints_again(root, &arena);
    }
    arena_done(&arena);
    return 0;
}
