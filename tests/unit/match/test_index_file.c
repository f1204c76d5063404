/* Index files: what is found in one is what is found in memory and what the oracle says; every strict prefix and
 * every spoiled byte is refused; what fits its hashes again is refused or does no harm. */
#include "support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "index_spoil.h"
#include "messy.h"
#include "oracle.h"
#include "rows.h"
#include "support/scratch.h"

#define LINES 3000
#define LIES  4000
#define A_LINE                                                                            \
    "1.2.3.4 evil.com http://evil.com/x 203.0.113.200 2001:db8:bad::5 mallory@mail.test " \
    "d41d8cd98f00b204e9800998ecf8427e"
#define A_HITS 8

static const char *const few[] = {"evil.com",
                                  "2001:db8::1",
                                  "http://evil.com/x",
                                  "mallory@mail.test",
                                  "evil.com",
                                  "d41d8cd98f00b204e9800998ecf8427e",
                                  NULL};

static struct file {
    struct match_set set;
    char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
    uint8_t *bytes;
    size_t len;
} whole, small;

static void make(struct file *f, const char *const *values)
{
    match_set_init(&f->set, values);
    scratch_new(f->folder);
    snprintf(f->path, sizeof f->path, "%s/base", f->folder);
    index_spoil_write(&f->set, f->path);
    f->bytes = (uint8_t *)scratch_read(f->path, &f->len);
    assert_non_null(f->bytes);
}

static void unmake(struct file *f)
{
    match_set_done(&f->set);
    scratch_remove(f->folder);
    free(f->bytes);
}

static int setup(void **state)
{
    (void)state;
    make(&whole, row_values);
    make(&small, few);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unmake(&whole);
    unmake(&small);
    return 0;
}

static struct index_file *open_path(const char *path)
{
    struct index_file *f = NULL;
    struct fault fault = {.offset = -1};
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    if (index_file_open(fd, &f, &fault))
        fail_msg("%s", fault.what);
    close(fd);
    return f;
}

static enum err open_bytes(const void *bytes, size_t len, struct index_file **ret, struct fault *fault)
{
    int fd = index_spoil_fd(bytes, len);
    enum err err = index_file_open(fd, ret, fault);
    close(fd);
    return err;
}

static void patterns_are_there(const struct index_file *f)
{
    static const struct uuid second = {{2}};
    assert_int_equal(index_file_patterns(f), 3);
    struct whole_pattern first = index_file_pattern(f, 0), next = index_file_pattern(f, 1);
    assert_int_equal(first.n, 3);
    assert_int_equal(first.uuid.b[0], 3);
    assert_int_equal(first.until_us, INT64_MAX);
    assert_int_equal(first.trigger_count, 2);
    assert_int_equal(index_file_trigger(f, 0, 1).kind, VALUE_CIDR);
    assert_true(text_eq(index_file_trigger(f, 0, 1).value, TEXT("192.0.2.0/24")));
    assert_true(text_eq(index_file_trigger(f, 2, 0).value, TEXT("one.example")));
    assert_int_equal(next.state, WHOLE_IMPOSSIBLE);
    assert_int_equal(next.until_us, 9);
    assert_true(uuid_eq(&next.party, &second));
    assert_true(text_eq(next.why, TEXT("it names no value")));
    assert_true(text_eq(next.text, TEXT("[network-traffic:dst_port = 4444]")));
}

static void all_is_there(void **state)
{
    struct index_file *f = open_path(whole.path);
    (void)state;
    assert_int_equal(index_file_count(f), whole.set.count);
    assert_int_equal(index_count(index_file_index(f)), index_count(whole.set.index));
    assert_int_equal(index_file_facts(f)->until, 7);
    for (size_t i = 0; i < whole.set.count; i++) {
        const struct index_item *item = &index_file_items(f)[i];
        struct text value = index_file_value(f, item);
        struct index_refs refs = index_find(index_file_index(f), (enum value_kind)item->kind, value);
        assert_int_equal(refs.count, 1);
        assert_int_equal(refs.refs[0], i);
    }
    assert_int_equal(index_file_parties(f), 2);
    assert_true(text_eq(index_file_party(f, 0).name, TEXT("CERT Y")));
    assert_int_equal(index_file_party(f, 1).name.len, 0);
    assert_true(text_eq(index_file_suppressed_at(f, 0).words, TEXT("public suffix")));
    assert_int_equal(index_file_kind_count(f, VALUE_CIDR), 4);
    patterns_are_there(f);
    assert_int_equal(index_spoil_use(f, &whole.set, TEXT(A_LINE)), A_HITS);
    index_file_unref(f);
}

static enum err print_hit(void *self, const struct scan_line_hits *h)
{
    buffer_addf(self, "%llu:", (unsigned long long)h->line);
    for (size_t i = 0; i < h->hit_count; i++)
        buffer_addf(self, " %d/%u@%zu+%zu", h->hits[i].kind, h->hits[i].ref, h->hits[i].start, h->hits[i].len);
    return OK;
}

static void scan_with(const struct index *index, struct text block, struct buffer *out)
{
    buffer_init(out, 64 * MIB);
    assert_ok(scan_block(whole.set.scanner, &index, 1, block, 1, 0, print_hit, out));
    assert_ok(buffer_error(out));
}

static void ask_oracle(const struct index *index, struct text line, const struct oracle_value *values)
{
    static struct oracle_line o;
    const struct scan_hit *hits;
    size_t count;
    assert_ok(scan_line(whole.set.scanner, &index, 1, line, &hits, &count));
    if (oracle_line_init(&o, line))
        for (uint32_t ref = 0; ref < whole.set.count; ref++) {
            bool hit = false;
            for (size_t i = 0; i < count; i++)
                hit |= hits[i].ref == ref;
            assert_int_equal(hit, oracle_hits(&o, &values[ref]));
        }
    oracle_line_done(&o);
}

static void mapped_is_as_in_memory(void **state)
{
    static struct oracle_value values[64];
    struct index_file *f = open_path(whole.path);
    struct buffer block, mapped, memory;
    (void)state;
    for (size_t i = 0; i < whole.set.count; i++)
        oracle_value_init(&values[i], row_values[i]);
    buffer_init(&block, 64 * MIB);
    for (size_t n = 0; n < LINES; n++) {
        char line[MESSY_MAX];
        struct messy m;
        messy_seed(&m, 77, n);
        struct text t = {line, messy_line(&m, line)};
        if (n % 10 == 0)
            ask_oracle(index_file_index(f), t, values);
        buffer_add(&block, t);
        buffer_add_char(&block, '\n');
    }
    scan_with(index_file_index(f), buffer_text(&block), &mapped);
    scan_with(whole.set.index, buffer_text(&block), &memory);
    assert_true(memory.len > LINES);
    assert_true(text_eq(buffer_text(&mapped), buffer_text(&memory)));
    buffer_done(&mapped);
    buffer_done(&memory);
    buffer_done(&block);
    index_file_unref(f);
}

static void every_prefix_is_refused(void **state)
{
    int fd = index_spoil_fd(small.bytes, small.len);
    (void)state;
    for (size_t len = small.len; len-- > 0;) {
        struct index_file *f = NULL;
        assert_int_equal(ftruncate(fd, (off_t)len), 0);
        assert_err(index_file_open(fd, &f, NULL), ERR_MALFORMED);
        assert_null(f);
    }
    close(fd);
}

static void every_spoiled_byte_is_refused(void **state)
{
    int fd = index_spoil_fd(small.bytes, small.len);
    size_t opened = 0;
    struct messy m;
    (void)state;
    messy_seed(&m, 5, 5);
    for (size_t at = 0; at < small.len; at++) {
        struct index_file *f = NULL;
        uint8_t spoiled = (uint8_t)(small.bytes[at] ^ (1 + messy_below(&m, 255)));
        assert_int_equal(pwrite(fd, &spoiled, 1, (off_t)at), 1);
        if (index_file_open(fd, &f, NULL) == OK) {
            const struct index_section *s =
                (const struct index_section *)(const void *)(small.bytes + sizeof(struct index_head));
            const struct index_head *h = (const struct index_head *)(const void *)small.bytes;
            assert_true(at >= (size_t)((const uint8_t *)(s + h->section_count) - small.bytes) && at < INDEX_BODY_AT);
            index_spoil_use(f, &small.set, TEXT(A_LINE));
            index_file_unref(f);
            opened++;
        }
        assert_int_equal(pwrite(fd, small.bytes + at, 1, (off_t)at), 1);
    }
    assert_true(opened < INDEX_BODY_AT);
    close(fd);
}

/* Spoiled with care: in the head, the list of sections or where a section begins, with small and large numbers. */
static void lie(struct messy *m, uint8_t *bytes, size_t len)
{
    const struct index_head *h = (const struct index_head *)(const void *)small.bytes;
    const struct index_section *s = (const struct index_section *)(const void *)(h + 1);
    const struct index_section *one = &s[messy_below(m, h->section_count)];
    size_t lists = sizeof *h + h->section_count * sizeof *s, at;
    switch (messy_below(m, 4)) {
    case 0: at = messy_below(m, (uint32_t)lists); break;
    case 1: at = one->offset + messy_below(m, (uint32_t)(one->count * one->item_bytes)); break;
    default: at = one->offset + messy_below(m, (uint32_t)one->count) * one->item_bytes; break;
    }
    static const uint32_t words[] = {0, 1, 2, 7, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 4096, 65535};
    uint32_t word = messy_below(m, 3) ? words[messy_below(m, ARRAY_LEN(words))] : messy_below(m, UINT32_MAX);
    size_t size = 1 + messy_below(m, 4);
    memcpy(bytes + at, &word, at + size < len ? size : 1);
}

static void lies_do_no_harm(void **state)
{
    uint8_t *bytes = malloc(small.len);
    size_t opened = 0, refused = 0;
    struct messy m;
    (void)state;
    messy_seed(&m, 9, 9);
    for (int i = 0; i < LIES; i++) {
        struct index_file *f = NULL;
        struct fault fault = {.offset = -1};
        memcpy(bytes, small.bytes, small.len);
        for (uint32_t n = 1 + messy_below(&m, 3); n > 0; n--)
            lie(&m, bytes, small.len);
        index_spoil_seal(bytes, small.len);
        enum err err = open_bytes(bytes, small.len, &f, &fault);
        if (err) {
            assert_true(err == ERR_MALFORMED || err == ERR_VERSION);
            assert_true(fault.offset >= 0 && fault.what[0]);
            refused++;
            continue;
        }
        index_spoil_use(f, &small.set, TEXT(A_LINE));
        index_file_unref(f);
        opened++;
    }
    free(bytes);
    assert_true(opened > 100 && refused > 100);
}

static uint8_t *section_of(uint8_t *bytes, unsigned part, unsigned kind, struct index_section **ret)
{
    struct index_head *h = (struct index_head *)(void *)bytes;
    struct index_section *s = (struct index_section *)(void *)(h + 1);
    for (uint32_t i = 0; i < h->section_count; i++)
        if (s[i].part == part && s[i].kind == kind) {
            *ret = &s[i];
            return bytes + s[i].offset;
        }
    fail();
    return NULL;
}

/* A search for what is not there would never end. */
static void no_free_slot_is_refused(void **state)
{
    struct index_section *s;
    struct index_file *f = NULL;
    struct fault fault = {.offset = -1};
    (void)state;
    struct table_slot *slots = (struct table_slot *)(void *)section_of(small.bytes, PART_SLOTS, VALUE_DOMAIN, &s);
    struct table_slot *kept = malloc(s->count * sizeof *kept);
    memcpy(kept, slots, s->count * sizeof *kept);
    for (size_t i = 0; i < s->count; i++)
        slots[i].entry = 1;
    index_spoil_seal(small.bytes, small.len);
    assert_err(open_bytes(small.bytes, small.len, &f, &fault), ERR_MALFORMED);
    assert_int_equal(fault.offset, s->offset);
    memcpy(slots, kept, s->count * sizeof *kept);
    free(kept);
    index_spoil_seal(small.bytes, small.len);
    assert_ok(open_bytes(small.bytes, small.len, &f, &fault));
    index_file_unref(f);
}

/* Little that is made to look like much, and what no index could hold. */
static void patterns_that_lie_are_refused(void **state)
{
    struct index_section *s;
    struct index_file *f = NULL;
    struct fault fault = {.offset = -1};
    (void)state;
    struct index_pattern_row *rows =
        (struct index_pattern_row *)(void *)section_of(small.bytes, PART_PATTERNS, 0, &s);
    struct index_trigger_row *triggers =
        (struct index_trigger_row *)(void *)section_of(small.bytes, PART_TRIGGERS, 0, &s);
    struct index_pattern_row row = rows[2];
    struct index_trigger_row trigger = triggers[1];
    for (int i = 0; i < 8; i++) {
        switch (i) {
        case 0: rows[2].first_trigger = 0; break; /* the first one's */
        case 1: rows[2].trigger_count = 2; break;
        case 2: rows[2].text = (struct index_name){0, 1u << 30}; break;
        case 3: rows[2].state = WHOLE_STATES; break;
        case 4: rows[2].party = 2; break;
        case 5: triggers[1].kind = VALUE_IPV4; break;
        case 6: triggers[1].kind = VALUE_KINDS; break;
        default: rows[2].trigger_count = 0; break;
        }
        index_spoil_seal(small.bytes, small.len);
        assert_err(open_bytes(small.bytes, small.len, &f, &fault), ERR_MALFORMED);
        rows[2] = row;
        triggers[1] = trigger;
    }
    index_spoil_seal(small.bytes, small.len);
    assert_ok(open_bytes(small.bytes, small.len, &f, &fault));
    index_file_unref(f);
}

static void unknown_features(void **state)
{
    struct index_head *h = (struct index_head *)(void *)small.bytes;
    struct index_file *f = NULL;
    (void)state;
    h->compatible = 4;
    index_spoil_seal(small.bytes, small.len);
    assert_ok(open_bytes(small.bytes, small.len, &f, NULL));
    index_file_unref(f);
    h->compatible = 0;
    h->incompatible = 4;
    index_spoil_seal(small.bytes, small.len);
    assert_err(open_bytes(small.bytes, small.len, &f, NULL), ERR_VERSION);
    h->incompatible = 0;
    h->version++;
    index_spoil_seal(small.bytes, small.len);
    assert_err(open_bytes(small.bytes, small.len, &f, NULL), ERR_VERSION);
    h->version--;
    index_spoil_seal(small.bytes, small.len);
}

static void an_empty_one_finds_nothing(void **state)
{
    static const char *const none[] = {NULL};
    struct file f;
    (void)state;
    make(&f, none);
    struct index_file *i = open_path(f.path);
    assert_int_equal(index_spoil_use(i, &whole.set, TEXT(A_LINE)), 0);
    index_file_unref(i);
    unmake(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_there),
        cmocka_unit_test(mapped_is_as_in_memory),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(every_spoiled_byte_is_refused),
        cmocka_unit_test(lies_do_no_harm),
        cmocka_unit_test(no_free_slot_is_refused),
        cmocka_unit_test(patterns_that_lie_are_refused),
        cmocka_unit_test(unknown_features),
        cmocka_unit_test(an_empty_one_finds_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
