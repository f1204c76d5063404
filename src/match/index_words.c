/* match/index_words.c - the anchors of the plain tokens: what a run of letters and digits in a log may belong to.
 * Made from the tables of these kinds, for a mapped index too: they are few, beside addresses and names. */
#include <stdlib.h>

#include "match/chars.h"
#include "match/lookup.h"
#include "model/value_anchor.h"

static size_t lower_word(const uint8_t *word, size_t len, uint8_t out[LOOKUP_WORD_MAX])
{
    for (size_t i = 0; i < len; i++)
        out[i] = char_lower(word[i]);
    return len;
}

struct word {
    const uint8_t *ptr;
    size_t len;
    uint32_t shape;
};

static int by_word(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
    if (order == 0)
        order = (x->len > y->len) - (x->len < y->len);
    return order ? order : (x->shape > y->shape) - (x->shape < y->shape);
}

/* "ASN65001" is another way to write AS65001. */
static const char ASN[] = "asn";

static enum err add_word(struct index *i, struct key_list *l, const uint8_t *word, size_t len, size_t before,
                         size_t value_len)
{
    uint8_t lower[LOOKUP_WORD_MAX];
    lower_word(word, len, lower);
    uint32_t pair = (uint32_t)(lower[0] | 0x20) << 8 | (lower[1] | 0x20);
    i->word_pairs[pair >> 6] |= UINT64_C(1) << (pair & 63);
    i->word_lens |= UINT64_C(1) << (len < 63 ? len : 63);
    return key_list_add(l, lower, len, (uint32_t)(value_len << 16 | before));
}

static enum err add_value(struct index *i, struct key_list *l, enum value_kind kind, const uint8_t *value, size_t len)
{
    struct span_of_text anchor;
    if (len > VALUE_MAX_BYTES || !value_anchor((struct text){(const char *)value, len}, &anchor) ||
        anchor.len > LOOKUP_WORD_MAX)
        return OK; /* not in normal form: can be found by index_find() alone */
    enum err err = add_word(i, l, value + anchor.start, anchor.len, anchor.start, len);
    if (err || kind != VALUE_ASN || anchor.len != len || len + 1 > LOOKUP_WORD_MAX)
        return err;
    uint8_t longer[LOOKUP_WORD_MAX];
    memcpy(longer, ASN, 3);
    memcpy(longer + 3, value + 2, len - 2);
    return add_word(i, l, longer, len + 1, 0, len + 1);
}

static enum err add_table(struct index *i, struct key_list *l, enum value_kind kind)
{
    const struct table *t = &i->tables[kind];
    enum err err = OK;
    for (size_t n = 0; !err && n < t->count; n++)
        err = add_value(i, l, kind, t->keys + t->entries[n].key, t->entries[n].len);
    return err;
}

/* Sorted, so that of a thousand names that end with .exe each shape is tried once. */
static enum err sort_words(const struct key_list *l, struct key_list *ret)
{
    struct word *words = malloc(l->count * sizeof *words);
    if (!words)
        return ERR_NOMEM;
    for (size_t n = 0; n < l->count; n++)
        words[n] = (struct word){l->bytes + l->items[n].key, l->items[n].len, l->items[n].ref};
    qsort(words, l->count, sizeof *words, by_word);
    enum err err = OK;
    for (size_t n = 0; !err && n < l->count; n++)
        if (n == 0 || by_word(&words[n], &words[n - 1]) != 0)
            err = key_list_add(ret, words[n].ptr, words[n].len, words[n].shape);
    free(words);
    return err;
}

enum err index_words(struct index *i)
{
    static const enum value_kind kinds[] = {VALUE_ASN, VALUE_JA4, VALUE_MUTEX, VALUE_FILENAME};
    struct key_list all = {0}, sorted = {0};
    enum err err = OK;
    size_t count = 0;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        count += i->tables[kinds[k]].count;
    if (count == 0)
        return OK;
    i->word_pairs = table_alloc(WORD_PAIRS_BYTES);
    if (!i->word_pairs)
        return ERR_NOMEM;
    for (size_t k = 0; !err && k < ARRAY_LEN(kinds); k++)
        err = add_table(i, &all, kinds[k]);
    if (!err && all.count)
        err = sort_words(&all, &sorted);
    if (!err)
        err = table_build(&i->words, &sorted, i->seed);
    key_list_done(&all);
    key_list_done(&sorted);
    return err;
}

void index_words_done(struct index *i)
{
    table_done(&i->words);
    free(i->word_pairs);
    i->word_pairs = NULL;
}

struct index_refs lookup_word(const struct index *i, const uint8_t *word, size_t len)
{
    uint8_t lower[LOOKUP_WORD_MAX];
    if (!lookup_word_possible(i, word, len) || len > sizeof lower)
        return (struct index_refs){NULL, 0};
    lower_word(word, len, lower);
    return table_refs(&i->words, table_find(&i->words, lower, len));
}
