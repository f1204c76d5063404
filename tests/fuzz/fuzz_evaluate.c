/* A pattern on the first line, observed data behind it: whatever they are, there is an answer, and the pattern's
 * canonical text gives the same one; so does the pattern joined with itself by OR. */
#include "base/limits.h"
#include "match/evaluate.h"
#include "model/pattern_equal.h"
#include "model/pattern_print.h"
#include "support/fuzz.h"

static void same_answer(struct text pattern, const struct observed *o, struct arena *arena,
                        enum pattern_answer expected)
{
    struct pattern_node *tree;
    struct pattern_match match;
    enum err e = pattern_parse(pattern, arena, &tree, NULL);
    if (!e)
        e = pattern_evaluate(tree, o, arena, &match, NULL);
    fuzz_assert(e == OK || e == ERR_NOMEM || e == ERR_LIMIT); /* one parenthesis more may be one too many */
    if (e)
        return;
    fuzz_assert(match.answer == expected || match.answer == PATTERN_TOO_EXPENSIVE ||
                expected == PATTERN_TOO_EXPENSIVE);
}

static void evaluate(const struct pattern_node *tree, const struct observed *o, struct arena *arena)
{
    struct pattern_match match;
    struct fault fault = {.offset = -7};
    struct buffer again;
    enum err e = pattern_evaluate(tree, o, arena, &match, &fault);
    if (e) {
        fuzz_assert((e == ERR_MALFORMED && fault.offset >= 0) || e == ERR_NOMEM);
        return;
    }
    fuzz_assert((match.answer == PATTERN_YES) == (match.bound_count > 0));
    fuzz_assert(match.bound_count <= observed_count(o));
    if (match.answer == PATTERN_TOO_EXPENSIVE)
        return;
    buffer_init(&again, 1 * MIB);
    pattern_print(tree, &again);
    same_answer(buffer_text(&again), o, arena, match.answer);
    buffer_clear(&again);
    buffer_add_char(&again, '(');
    pattern_print(tree, &again);
    buffer_add(&again, TEXT(") OR ("));
    pattern_print(tree, &again);
    buffer_add_char(&again, ')');
    same_answer(buffer_text(&again), o, arena, match.answer);
    buffer_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text rest = {(const char *)data, len}, pattern;
    struct arena arena;
    struct pattern_node *tree;
    struct observed *o;
    if (len > 16 * KIB || !text_split(&rest, '\n', &pattern))
        return 0;
    arena_init(&arena, 256 * MIB);
    if (pattern_parse(pattern, &arena, &tree, NULL) == OK && observed_read(rest, NULL, NULL, &o, NULL) == OK) {
        evaluate(tree, o, &arena);
        observed_free(o);
    }
    arena_done(&arena);
    return 0;
}
