/* match/token_word.c - values that are plain tokens: AS numbers, JA4 fingerprints, names of mutexes and of files.
 *
 * Each is found by its anchor, the longest run of letters, digits and underscores in it (model/value_anchor.h): a
 * line is cut into such runs, and the index says for each how the values around it lie. What is there is then taken
 * whole, with what stands beside it:
 *  - where the value begins with a letter, a digit or an underscore, none of these stands before it, no letter
 *    outside ASCII, no full stop, and no hyphen that has one of them before it in turn
 *  - where it ends with one, none of them stands behind it, and no full stop or hyphen that has one of them behind it
 * (evil.exe is not in evil.exe.bak, not.evil.exe, x-evil.exe; it is in C:\\temp\\evil.exe and at a sentence's end.)
 * What is half an escape begins and ends nothing. */
#include "match/lookup.h"
#include "match/reading.h"

static bool is_glue(uint8_t c)
{
    return c == '.' || c == '-';
}

static bool free_before(const struct reading *r, size_t start)
{
    const uint8_t *p = r->p;
    if (start == 0 || !char_is(p[start], CHAR_WORD | CHAR_HIGH))
        return true;
    if (char_word_before(p, start) || p[start - 1] == '.')
        return false;
    return p[start - 1] != '-' || start < 2 || !char_word_before(p, start - 1);
}

static bool free_behind(const struct reading *r, size_t end)
{
    const uint8_t *p = r->p;
    if (end == r->len || !char_is(p[end - 1], CHAR_WORD | CHAR_HIGH))
        return true;
    if (char_word_at(p, r->len, end))
        return false;
    return !is_glue(p[end]) || !char_word_at(p, r->len, end + 1);
}

/* One of the ways that values lie around an anchor (match/lookup.h). */
static void try_shape(struct scanner *s, const struct reading *r, struct span word, uint32_t shape)
{
    size_t before = lookup_shape_before(shape), len = lookup_shape_len(shape);
    if (len == 0 || before > word.start || len > r->len - (word.start - before))
        return;
    struct span at = {word.start - before, word.start - before + len};
    if (free_before(r, at.start) && free_behind(r, at.end) && !escape_before(r, at.start) &&
        !escape_continues(r->p, r->len, at.end))
        scan_found_token(s, r, at);
}

void token_words(struct scanner *s, const struct reading *r)
{
    for (size_t i = 0; i < r->len; i++) {
        struct span word = {i, i};
        while (word.end < r->len && char_is(r->p[word.end], CHAR_WORD))
            word.end++;
        if (word.end == i)
            continue;
        i = word.end;
        scan_found_word(s, r, word);
        for (size_t k = 0; k < scan_index_count(s); k++) {
            struct index_refs shapes = lookup_word(scan_index(s, k), r->p + word.start, word.end - word.start);
            for (size_t n = 0; n < shapes.count; n++)
                try_shape(s, r, word, shapes.refs[n]);
        }
    }
}
