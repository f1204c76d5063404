#include "index_spoil.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The same as match_add_value() does, with what a hit needs to say. */
static void add_item(struct index_builder *b, const char *value, struct index_item *item, struct buffer *values,
                     uint32_t ref)
{
    struct buffer normal;
    struct text raw;
    enum value_kind kind = match_kind(value, &raw);
    buffer_init(&normal, VALUE_MAX_BYTES);
    must(value_normalise(kind, raw, &normal, &kind, NULL) == OK && !buffer_error(&normal));
    must(index_builder_add(b, kind, buffer_text(&normal), ref) == OK);
    *item = (struct index_item){.n = ref, .kind = (uint8_t)kind, .until_us = INT64_MAX, .party = ref % 2};
    item->value_len = (uint16_t)normal.len;
    item->value_at = index_kind_is_text(kind) ? index_builder_last_key(b, kind) : (uint32_t)values->len;
    if (!index_kind_is_text(kind))
        buffer_add(values, buffer_text(&normal));
    buffer_done(&normal);
}

void index_spoil_write(const struct match_set *set, const char *path)
{
    const struct index_party parties[] = {{{{1}}, TEXT("CERT Y")}, {{{2}}, TEXT_NONE}};
    const struct index_count suppressed[] = {{TEXT("public suffix"), 3}};
    const struct trigger triggers[] = {{VALUE_DOMAIN, TEXT("one.example")}, {VALUE_CIDR, TEXT("192.0.2.0/24")}};
    const struct whole_pattern patterns[] = {
        {.n = 3,
         .uuid = {{3}},
         .party = {{1}},
         .until_us = INT64_MAX,
         .text = TEXT("[domain-name:value = 'one.example'] AND [ipv4-addr:value ISSUBSET '192.0.2.0/24']"),
         .triggers = triggers,
         .trigger_count = 2},
        {.n = 4,
         .uuid = {{4}},
         .party = {{2}},
         .until_us = 9,
         .text = TEXT("[network-traffic:dst_port = 4444]"),
         .state = WHOLE_IMPOSSIBLE,
         .why = TEXT("it names no value")},
        {.n = 5,
         .uuid = {{5}},
         .party = {{2}},
         .until_us = INT64_MAX,
         .text = TEXT("[domain-name:value = 'one.example'] REPEATS 2 TIMES"),
         .triggers = triggers,
         .trigger_count = 1}};
    struct index_item *items = calloc(set->count + 1, sizeof *items);
    struct index_builder *b;
    struct index *index;
    struct buffer values;
    uint64_t bytes;
    buffer_init(&values, 1 * MIB);
    must(items && index_builder_new(&b) == OK);
    for (uint32_t i = 0; i < set->count; i++)
        add_item(b, set->values[i], &items[i], &values, i);
    must(index_builder_build(b, &index) == OK);
    const struct index_content c = {.index = index,
                                    .facts = {.until = 7, .made_us = 5},
                                    .items = items,
                                    .item_count = set->count,
                                    .values = buffer_text(&values),
                                    .parties = parties,
                                    .party_count = 2,
                                    .suppressed = suppressed,
                                    .suppressed_count = 1,
                                    .patterns = patterns,
                                    .pattern_count = 3};
    must(index_file_write(io_system(), path, &c, &bytes, NULL) == OK);
    index_unref(index);
    index_builder_free(b);
    buffer_done(&values);
    free(items);
}

void index_spoil_seal(uint8_t *bytes, size_t len)
{
    struct index_head h;
    if (len < INDEX_BODY_AT)
        return;
    memcpy(&h, bytes, sizeof h);
    h.body_hash = XXH3_64bits(bytes + INDEX_BODY_AT, len - INDEX_BODY_AT);
    memcpy(bytes, &h, sizeof h);
    if (h.section_count > INDEX_SECTIONS_MAX)
        return;
    h.head_hash = index_head_hash(&h, (const struct index_section *)(const void *)(bytes + sizeof h));
    memcpy(bytes, &h, sizeof h);
}

/* What they are looked for by is taken into an index of their own. */
static void use_patterns(const struct index_file *f)
{
    struct index_builder *b;
    struct index *index;
    must(index_builder_new(&b) == OK);
    for (size_t i = 0; i < index_file_patterns(f); i++) {
        struct whole_pattern p = index_file_pattern(f, i);
        must(text_is_utf8(p.text) && text_is_utf8(p.why) && p.state < WHOLE_STATES);
        must((p.state == WHOLE_WANTED) == (p.trigger_count > 0));
        for (size_t t = 0; t < p.trigger_count; t++) {
            struct trigger one = index_file_trigger(f, i, t);
            must(text_is_utf8(one.value));
            must(index_builder_add(b, one.kind, one.value, (uint32_t)i) == OK);
        }
    }
    must(index_builder_build(b, &index) == OK);
    index_builder_free(b);
    index_unref(index);
}

size_t index_spoil_use(const struct index_file *f, const struct match_set *set, struct text line)
{
    const struct index *index = index_file_index(f);
    const struct scan_hit *hits;
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < set->count; i++)
        for (int k = 1; k < VALUE_KINDS; k++) {
            struct index_refs refs = index_find(index, (enum value_kind)k, text_of(set->values[i]));
            for (size_t r = 0; r < refs.count; r++)
                must(refs.refs[r] < index_file_count(f));
        }
    for (size_t i = 0; i < index_file_count(f); i++) {
        struct text value = index_file_value(f, &index_file_items(f)[i]);
        for (size_t k = 0; k < value.len; k++)
            bytes += (uint8_t)value.ptr[k];
    }
    for (size_t i = 0; i < index_file_parties(f); i++)
        must(text_is_utf8(index_file_party(f, i).name));
    for (size_t i = 0; i < index_file_suppressed(f); i++)
        must(text_is_utf8(index_file_suppressed_at(f, i).words));
    use_patterns(f);
    must(scan_line(set->scanner, &index, 1, line, &hits, &count) == OK);
    for (size_t i = 0; i < count; i++)
        must(hits[i].ref < index_file_count(f) && hits[i].start + hits[i].len <= line.len);
    return count + (bytes == SIZE_MAX);
}

int index_spoil_fd(const void *bytes, size_t len)
{
    int fd = memfd_create("index", MFD_CLOEXEC);
    must(fd >= 0 && io_write_all(io_system(), fd, bytes, len, 0) == 0);
    return fd;
}
