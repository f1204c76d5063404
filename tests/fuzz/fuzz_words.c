/* Words off any bytes: what is given lies in bounds, is in lower case and short enough, and one reading equals
 * another. */
#include "support/fuzz.h"

#include "base/hash.h"
#include "base/limits.h"
#include "model/words.h"

struct sum {
    uint64_t hash;
    size_t count;
};

static bool add(void *self, const struct word *w)
{
    struct sum *s = self;
    fuzz_assert(w->kind == WORD_VALUE || w->text.len > 0);
    fuzz_assert(w->kind != WORD_TEXT || w->text.len <= WORDS_WORD_MAX);
    fuzz_assert(w->kind != WORD_NAME || w->text.len <= WORDS_NAME_MAX);
    for (size_t i = 0; w->kind != WORD_VALUE && i < w->text.len; i++)
        fuzz_assert(w->text.ptr[i] < 'A' || w->text.ptr[i] > 'Z');
    s->hash = xxh3_seeded(w->text.ptr, w->text.len, s->hash + (uint64_t)w->kind);
    return ++s->count < 10000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text body = {(const char *)data, len};
    struct sum first = {0}, again = {0}, plain = {0};
    struct words w;
    words_init(&w);
    fuzz_assert(words_of(&w, body, add, &first) == OK);
    fuzz_assert(words_of(&w, body, add, &again) == OK);
    fuzz_assert(first.hash == again.hash && first.count == again.count);
    fuzz_assert(words_of_text(&w, body, add, &plain) == OK);
    words_done(&w);
    return 0;
}
