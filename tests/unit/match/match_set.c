#include "match_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value_kind match_kind(const char *value, struct text *ret_raw)
{
    const char *equals = strchr(value, '=');
    enum value_kind kind = equals ? value_kind_parse((struct text){value, (size_t)(equals - value)}) : VALUE_NONE;
    *ret_raw = text_of(kind ? equals + 1 : value);
    return kind ? kind : value_detect(*ret_raw);
}

enum err match_add_value(struct index_builder *b, const char *value, uint32_t ref)
{
    struct buffer normal;
    struct text raw;
    enum value_kind kind = match_kind(value, &raw);
    buffer_init(&normal, VALUE_MAX_BYTES);
    enum err err = value_normalise(kind, raw, &normal, &kind, NULL);
    if (!err)
        err = buffer_error(&normal);
    if (!err)
        err = index_builder_add(b, kind, buffer_text(&normal), ref);
    buffer_done(&normal);
    return err;
}

void match_set_init(struct match_set *set, const char *const *values)
{
    struct index_builder *b;
    *set = (struct match_set){.values = values};
    if (index_builder_new(&b) || scanner_new(&set->scanner))
        abort();
    for (; values[set->count]; set->count++)
        if (match_add_value(b, values[set->count], (uint32_t)set->count)) {
            fprintf(stderr, "no value: %s\n", values[set->count]);
            abort();
        }
    if (index_builder_build(b, &set->index))
        abort();
    index_builder_free(b);
}

void match_set_done(struct match_set *set)
{
    index_unref(set->index);
    scanner_free(set->scanner);
}

static char words[1 << 16];
static size_t words_len;

static void add_word(const char *ptr, size_t len)
{
    if (words_len + len + 2 > sizeof words)
        abort();
    if (words_len)
        words[words_len++] = ' ';
    memcpy(words + words_len, ptr, len);
    words_len += len;
    words[words_len] = 0;
}

static void start_words(void)
{
    words_len = 0;
    words[0] = 0;
}

const char *match_set_hits(struct match_set *set, struct text line)
{
    const struct index *index = set->index;
    const struct scan_hit *hits;
    size_t count;
    start_words();
    if (scan_line(set->scanner, &index, 1, line, &hits, &count))
        abort();
    for (size_t i = 0; i < count; i++) {
        if (hits[i].start + hits[i].len > line.len || hits[i].len == 0 || hits[i].ref >= set->count)
            abort();
        add_word(set->values[hits[i].ref], strlen(set->values[hits[i].ref]));
    }
    return words;
}

const char *match_set_owners(struct match_set *set, struct text line)
{
    const struct scan_seen *seen;
    size_t count;
    char address[IPADDR_TEXT_MAX];
    start_words();
    if (scan_owners(set->scanner, line, &seen, &count))
        abort();
    for (size_t i = 0; i < count; i++) {
        if (seen[i].start + seen[i].len > line.len)
            abort();
        struct text word = seen[i].is_address ? ipaddr_format(&seen[i].addr, address) : seen[i].name;
        add_word(word.ptr, word.len);
    }
    return words;
}
