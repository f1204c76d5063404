/* The archive gives back what went in, and its search structure never misses: whatever a scan of a block hits, the
 * block is a candidate for. */
#include "support/test.h"

#include "archive_set.h"
#include "base/limits.h"
#include "match/archive_inside.h"
#include "match/blockset.h"
#include "match/keys.h"
#include "match_set.h"
#include "messy.h"
#include "rows.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];

static int setup(void **state)
{
    (void)state;
    scratch_new(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void each_row(void (*each)(void *self, struct text line), void *self)
{
    const struct row *const tables[] = {rows_ipv4, rows_ipv6, rows_names, rows_urls, rows_others, rows_escapes};
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct row *r = tables[t]; r->line; r++)
            each(self, text_of(r->line));
}

/* ---- keys: all that is hit on a line is among them ---- */

struct lines_check {
    struct match_set set;
    struct scanner *scanner;
    struct keys keys;
    size_t hits;
};

static bool among(const struct keys *k, enum value_kind kind, struct text value)
{
    /* one block, written and asked as the archive does it */
    struct buffer found;
    struct cursor c;
    uint64_t spare[4096], pairs[4096], blocks = 0;
    struct archive_query *q;
    assert_ok(archive_query_new(&q));
    assert_ok(archive_query_add(q, kind, value));
    buffer_init(&found, 4 * MIB);
    for (int set = 0; set < KEY_SETS; set++) {
        assert_true(k->count[set] < ARRAY_LEN(pairs));
        for (size_t i = 0; i < k->count[set]; i++)
            pairs[i] = k->items[set][i] << BLOCKSET_BLOCK_BITS | 5;
        blockset_write(pairs, spare, k->count[set], key_set_bits(set), key_set_sure(set), &found);
    }
    assert_ok(buffer_error(&found));
    cursor_init(&c, buffer_text(&found));
    for (enum key_set set = 0; set < KEY_SETS; set++) {
        uint64_t some;
        assert_ok(archive_query_ask(q, set, &c, &some));
        blocks |= some;
    }
    if (archive_query_beyond(q, ARCHIVE_VERSION))
        blocks = UINT64_MAX;
    assert_true(cursor_end(&c));
    buffer_done(&found);
    archive_query_free(q);
    assert_true((blocks & ~(UINT64_C(1) << 5)) == 0 || blocks == UINT64_MAX);
    return blocks != 0;
}

static void check_line(void *self, struct text line)
{
    struct lines_check *c = self;
    const struct scan_hit *hits;
    const struct index *index = c->set.index;
    size_t count;
    struct buffer normal;
    assert_ok(scan_line(c->set.scanner, &index, 1, line, &hits, &count));
    keys_clear(&c->keys);
    assert_ok(scan_keys(c->scanner, line, &c->keys));
    buffer_init(&normal, VALUE_MAX_BYTES);
    for (size_t i = 0; i < count; i++) {
        struct text raw;
        enum value_kind kind = match_kind(c->set.values[hits[i].ref], &raw);
        buffer_clear(&normal);
        assert_ok(value_normalise(kind, raw, &normal, &kind, NULL));
        if (!among(&c->keys, kind, buffer_text(&normal)))
            fail_msg("%s is hit but no key: " TEXT_FMT, c->set.values[hits[i].ref], TEXT_ARG(line));
        c->hits++;
    }
    buffer_done(&normal);
}

static void keys_miss_nothing(void **state)
{
    struct lines_check c = {0};
    (void)state;
    match_set_init(&c.set, row_values);
    assert_ok(scanner_new(&c.scanner));
    each_row(check_line, &c);
    for (uint64_t n = 0; n < 6000; n++) {
        struct messy m;
        char line[MESSY_MAX];
        messy_seed(&m, 71, n);
        check_line(&c, (struct text){line, messy_line(&m, line)});
    }
    assert_true(c.hits > 3000);
    keys_done(&c.keys);
    scanner_free(c.scanner);
    match_set_done(&c.set);
}

/* ---- keys of a block: those of its lines ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t sort_unique(uint64_t *items, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(items, count, sizeof *items, by_number);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || items[i] != items[kept - 1])
            items[kept++] = items[i];
    return kept;
}

/* Every key of a line is among its block's, and at most a few others, in all. */
static size_t check_block(struct scanner *s, struct text lines, struct keys *one, struct keys *all)
{
    size_t more = 0;
    keys_clear(one);
    keys_clear(all);
    assert_ok(scan_keys_block(s, lines, all));
    for (struct text rest = lines; rest.len;) {
        const char *newline = memchr(rest.ptr, '\n', rest.len);
        struct text line = text_sub(rest, 0, newline ? (size_t)(newline - rest.ptr) : rest.len);
        rest = text_sub(rest, line.len + 1, rest.len);
        line.len -= line.len && line.ptr[line.len - 1] == '\r';
        assert_ok(scan_keys(s, line, one));
    }
    for (int set = 0; set < KEY_SETS; set++) {
        size_t ones = sort_unique(one->items[set], one->count[set]);
        size_t alls = sort_unique(all->items[set], all->count[set]), at = 0;
        for (size_t i = 0; i < ones; i++) {
            while (at < alls && all->items[set][at] < one->items[set][i])
                at++;
            if (at == alls || all->items[set][at] != one->items[set][i])
                fail_msg("a key of set %d is missing: " TEXT_FMT, set, TEXT_ARG(lines));
        }
        more += alls - ones;
    }
    return more;
}

struct blocks_check {
    struct scanner *scanner;
    struct keys one, all;
    struct buffer lines;
    size_t more;
};

/* Each line by itself, with enough behind it to be read by masks; and as one of many. */
static void check_in_block(void *self, struct text line)
{
    struct blocks_check *c = self;
    struct buffer alone;
    if (memchr(line.ptr, '\n', line.len))
        return;
    buffer_init(&alone, MIB);
    buffer_add(&alone, line);
    buffer_addf(&alone, "\n%80s\n", "");
    c->more += check_block(c->scanner, buffer_text(&alone), &c->one, &c->all);
    buffer_done(&alone);
    buffer_add(&c->lines, line);
    buffer_add_char(&c->lines, '\n');
}

static void blocks_have_the_keys_of_their_lines(void **state)
{
    struct blocks_check c = {0};
    (void)state;
    buffer_init(&c.lines, 16 * MIB);
    assert_ok(scanner_new(&c.scanner));
    each_row(check_in_block, &c);
    for (uint64_t n = 0; n < 6000; n++) {
        struct messy m;
        char line[MESSY_MAX];
        messy_seed(&m, 83, n);
        check_in_block(&c, (struct text){line, messy_line(&m, line)});
    }
    struct text lines = buffer_text(&c.lines);
    for (size_t at = 0; at < lines.len; at += 50021) /* lines lie otherwise in their batches */
        c.more += check_block(c.scanner, text_sub(lines, at, at + 300000), &c.one, &c.all);
    assert_true(c.more < 100);
    keys_done(&c.one);
    keys_done(&c.all);
    buffer_done(&c.lines);
    scanner_free(c.scanner);
}

/* ---- sets of numbers ---- */

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 16;
}

/* Numbers clustered and apart, in one block or in all. */
static void sets_are_exact(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    uint64_t *pairs = calloc(COUNT, sizeof *pairs), *spare = calloc(COUNT, sizeof *spare), seed = 3;
    uint64_t *kept = calloc(COUNT, sizeof *kept);
    size_t tries[] = {0, 1, 2, 64, 65, 1000, COUNT};
    for (size_t t = 0; t < ARRAY_LEN(tries); t++) {
        struct buffer out;
        struct cursor c;
        struct blockset set;
        buffer_init(&out, 16 * MIB);
        for (size_t i = 0; i < tries[t]; i++) {
            uint64_t number = i % 3 ? 0x0A000000 + next(&seed) % 5000 : next(&seed) & UINT32_MAX;
            kept[i] = pairs[i] = number << BLOCKSET_BLOCK_BITS | next(&seed) % BLOCKSET_BLOCKS;
        }
        blockset_write(pairs, spare, tries[t], 32, 0, &out);
        cursor_init(&c, buffer_text(&out));
        blockset_read(&c, &set);
        assert_ok(cursor_error(&c));
        for (size_t i = 0; i < tries[t]; i++) {
            uint64_t number = kept[i] >> BLOCKSET_BLOCK_BITS, want = 0;
            if (i % 16)
                continue;
            for (size_t k = 0; k < tries[t]; k++)
                if (kept[k] >> BLOCKSET_BLOCK_BITS == number)
                    want |= UINT64_C(1) << kept[k] % BLOCKSET_BLOCKS;
            assert_true(blockset_find(&set, number, number) == want);
            assert_true((blockset_find(&set, number & ~UINT64_C(255), number | 255) & want) == want);
        }
        if (tries[t] == 1000)
            assert_true(blockset_find(&set, 0x0B000000, 0x0B00FFFF) == 0);
        assert_true(tries[t] == 0 || blockset_find(&set, 0, UINT32_MAX) != 0);
        buffer_done(&out);
    }
    free(pairs);
    free(spare);
    free(kept);
}

/* What is not there is mostly known not to be. */
static void sets_are_sharp(void **state)
{
    (void)state;
    enum { COUNT = 50000, ASKED = 100000 };
    uint64_t *pairs = calloc(COUNT, sizeof *pairs), *spare = calloc(COUNT, sizeof *spare);
    size_t wrong = 0;
    struct buffer out;
    struct cursor c;
    struct blockset set;
    buffer_init(&out, 16 * MIB);
    for (uint64_t i = 0; i < COUNT; i++)
        pairs[i] = key_hash(KEY_NAME, &i, sizeof i) << BLOCKSET_BLOCK_BITS | i % BLOCKSET_BLOCKS;
    blockset_write(pairs, spare, COUNT, KEY_BITS, BLOCKSET_SURE_BITS, &out);
    cursor_init(&c, buffer_text(&out));
    blockset_read(&c, &set);
    assert_ok(cursor_error(&c));
    assert_true(out.len < COUNT * 3);
    for (uint64_t i = 0; i < COUNT + ASKED; i++) {
        uint64_t key = key_hash(KEY_NAME, &i, sizeof i), found = blockset_find(&set, key, key);
        assert_true(i >= COUNT || found >> i % BLOCKSET_BLOCKS & 1);
        wrong += i >= COUNT && found;
    }
    assert_true(wrong < ASKED / 2000);
    buffer_done(&out);
    free(pairs);
    free(spare);
}

/* ---- whole logs ---- */

static void messy_log(struct buffer *out, uint64_t seed, uint64_t lines)
{
    for (uint64_t n = 0; n < lines; n++) {
        struct messy m;
        char line[MESSY_MAX];
        messy_seed(&m, seed, n);
        buffer_add_bytes(out, line, messy_line(&m, line));
        buffer_add_char(out, '\n');
    }
}

static void what_goes_in_comes_out(void **state)
{
    struct buffer in, out;
    uint32_t number;
    (void)state;
    buffer_init(&in, 16 * MIB);
    buffer_init(&out, 16 * MIB);
    messy_log(&in, 5, 9000);
    for (size_t i = 0; i < 3 * MIB; i++) /* one line longer than a block, with whatever in it */
        buffer_add_char(&in, (char)(i * 7 % 10 ? 'a' + i % 26 : '.'));
    messy_log(&in, 6, 100);
    buffer_add(&in, TEXT("no newline at the end\r"));
    assert_ok(archive_set_add(io_system(), folder, "first", buffer_text(&in), MIB, &number));
    assert_int_equal(number, 1);
    assert_ok(archive_set_read(io_system(), folder, number, &out));
    assert_true(text_eq(buffer_text(&in), buffer_text(&out)));
    assert_err(archive_set_add(io_system(), folder, "again", buffer_text(&in), 100000, &number), ERR_EXISTS);
    assert_int_equal(number, 1);
    buffer_add(&in, TEXT("\n"));
    assert_ok(archive_set_add(io_system(), folder, "another", buffer_text(&in), MIB, &number));
    assert_int_equal(number, 2);
    assert_ok(archive_set_add(io_system(), folder, "empty", TEXT_NONE, MIB, &number));
    buffer_clear(&out);
    assert_ok(archive_set_read(io_system(), folder, number, &out));
    assert_int_equal(out.len, 0);
    buffer_done(&in);
    buffer_done(&out);
    scratch_empty(folder);
}

/* However many threads work on its blocks. */
static void threads_make_no_difference(void **state)
{
    struct buffer in;
    uint32_t number;
    char *files[3];
    size_t lens[3];
    (void)state;
    buffer_init(&in, 32 * MIB);
    messy_log(&in, 8, 3000);
    for (size_t i = 0; i < 2 * MIB; i++)
        buffer_add_char(&in, (char)('a' + i % 26));
    messy_log(&in, 9, 5000);
    for (unsigned i = 0; i < 3; i++) {
        assert_ok(archive_set_add_by(io_system(), folder, "log", buffer_text(&in), 100000, 1 + i, &number));
        files[i] = scratch_read(scratch_path(folder, "00000001.log"), &lens[i]);
        assert_non_null(files[i]);
        assert_true(lens[i] == lens[0] && memcmp(files[i], files[0], lens[0]) == 0);
        scratch_empty(folder);
    }
    for (unsigned i = 0; i < 3; i++)
        free(files[i]);
    buffer_done(&in);
}

static uint64_t ask(const struct archive_log *l, enum value_kind kind, const char *value)
{
    struct archive_query *q;
    struct buffer scratch;
    uint64_t blocks;
    buffer_init(&scratch, ARCHIVE_KEYS_MAX);
    assert_ok(archive_query_new(&q));
    assert_ok(archive_query_add(q, kind, text_of(value)));
    assert_ok(archive_log_find(l, 0, q, &scratch, &blocks, NULL));
    archive_query_free(q);
    buffer_done(&scratch);
    return blocks;
}

/* What is not there is mostly known not to be: networks of any width but the widest, and plain tokens. */
static void candidates_are_few(void **state)
{
    static const struct {
        enum value_kind kind;
        const char *there, *not_there;
    } values[] = {{VALUE_CIDR, "2001:db8::/32", "2a02:db8::/32"},
                  {VALUE_CIDR, "2001:d00::/24", "2a02:d00::/24"},
                  {VALUE_CIDR, "2001:d00::/25", "2001:a00::/25"},
                  {VALUE_CIDR, "2001::/16", "2a02::/16"},
                  {VALUE_CIDR, "2001:db0::/29", "2001:d00::/29"},
                  {VALUE_MUTEX, "Global\\Sample_Mutex_7", "Global\\Sample_Mutex_8"},
                  {VALUE_FILENAME, "invoices.pdf.exe", "invoicer.pdf.exe"},
                  {VALUE_ASN, "AS65001", "AS65002"},
                  {VALUE_JA4, "t13d1516h2_8daaf6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b7"}};
    struct text lines = TEXT("from [2001:db8::17] asn65001 file=C:\\Temp\\INVOICES.pdf.exe\n"
                             "Global\\sample_mutex_7 Global\\Sample_Mutex_7 t13d1516h2_8daaf6152771_b186095e22b6\n");
    struct archive_log *l;
    uint32_t number;
    (void)state;
    assert_ok(archive_set_add(io_system(), folder, "log", lines, MIB, &number));
    assert_ok(archive_log_open(io_system(), folder, 1, &l, NULL));
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (ask(l, values[i].kind, values[i].there) != 1 || ask(l, values[i].kind, values[i].not_there) != 0)
            fail_msg("%s or %s", values[i].there, values[i].not_there);
    archive_log_free(l);
    scratch_empty(folder);
}

/* A file of version 1, written by the program of that time: what its search structure does not know about may be in
 * any block. */
static void the_version_before_is_read(void **state)
{
    struct archive_log *l;
    struct buffer out;
    size_t len, lines_len;
    (void)state;
    char *file = scratch_read(test_path("data/archive/version-1.log"), &len);
    char *lines = scratch_read(test_path("data/archive/version-1.txt"), &lines_len);
    assert_true(file && lines);
    scratch_write(scratch_path(folder, "00000001.log"), file, len);
    buffer_init(&out, MIB);
    assert_ok(archive_set_read(io_system(), folder, 1, &out));
    assert_true(text_eq(buffer_text(&out), (struct text){lines, lines_len}));
    assert_ok(archive_log_open(io_system(), folder, 1, &l, NULL));
    assert_true(ask(l, VALUE_DOMAIN, "host7.example") && !ask(l, VALUE_DOMAIN, "host77.example"));
    assert_true(ask(l, VALUE_IPV4, "192.0.2.39") && !ask(l, VALUE_CIDR, "192.0.2.40/30"));
    assert_true(ask(l, VALUE_CIDR, "2001:db8::/32") && !ask(l, VALUE_CIDR, "2001:db9::/32"));
    assert_true(ask(l, VALUE_CIDR, "2a02::/20") && ask(l, VALUE_MUTEX, "Global_Sample_77"));
    archive_log_free(l);
    buffer_done(&out);
    free(file);
    free(lines);
    scratch_empty(folder);
}

static enum err count_line(void *self, const struct scan_line_hits *hits)
{
    *(size_t *)self += hits->hit_count;
    return OK;
}

/* Small logs, each a block: every value's candidates hold all its hits, and few others. */
static void hunts_miss_nothing(void **state)
{
    enum { LOGS = 60 };
    struct scanner *scanner;
    struct buffer lines[LOGS], scratch;
    size_t candidates = 0, needed = 0;
    (void)state;
    assert_ok(scanner_new(&scanner));
    buffer_init(&scratch, ARCHIVE_KEYS_MAX);
    for (uint64_t n = 0; n < LOGS; n++) {
        uint32_t number;
        buffer_init(&lines[n], MIB);
        messy_log(&lines[n], 900 + n, 12);
        assert_ok(archive_set_add(io_system(), folder, "log", buffer_text(&lines[n]), MIB, &number));
    }
    for (size_t v = 0; row_values[v]; v++) {
        const char *const one[] = {row_values[v], NULL};
        struct match_set set;
        struct archive_query *q;
        struct buffer normal;
        struct text raw;
        enum value_kind kind = match_kind(one[0], &raw);
        match_set_init(&set, one);
        buffer_init(&normal, VALUE_MAX_BYTES);
        assert_ok(archive_query_new(&q));
        assert_ok(value_normalise(kind, raw, &normal, &kind, NULL));
        assert_ok(archive_query_add(q, kind, buffer_text(&normal)));
        for (uint32_t n = 1; n <= LOGS; n++) {
            struct archive_log *l;
            uint64_t blocks;
            size_t hits = 0;
            const struct index *index = set.index;
            assert_ok(scan_block(scanner, &index, 1, buffer_text(&lines[n - 1]), 1, 0, count_line, &hits));
            assert_ok(archive_log_open(io_system(), folder, n, &l, NULL));
            assert_ok(archive_log_find(l, 0, q, &scratch, &blocks, NULL));
            if (hits && !blocks)
                fail_msg("%s is in log %u, which is no candidate", one[0], n);
            candidates += blocks != 0;
            needed += hits != 0;
            archive_log_free(l);
        }
        archive_query_free(q);
        buffer_done(&normal);
        match_set_done(&set);
    }
    assert_true(needed > 300);
    assert_true(candidates < needed * 2);
    buffer_done(&scratch);
    for (size_t n = 0; n < LOGS; n++)
        buffer_done(&lines[n]);
    scanner_free(scanner);
    scratch_empty(folder);
}

/* ---- damage ---- */

/* Reads all there is; the answer is what went in, or an error, never anything else. */
static void read_damaged(struct text want)
{
    struct buffer out, scratch;
    struct archive_log *l;
    struct archive_query *q;
    uint64_t blocks;
    buffer_init(&out, MIB);
    enum err err = archive_set_read(io_system(), folder, 1, &out);
    assert_true(err == ERR_MALFORMED || err == ERR_VERSION || (err == OK && text_eq(buffer_text(&out), want)));
    buffer_done(&out);
    if (archive_log_open(io_system(), folder, 1, &l, NULL))
        return;
    buffer_init(&scratch, ARCHIVE_KEYS_MAX);
    assert_ok(archive_query_new(&q));
    assert_ok(archive_query_add(q, VALUE_DOMAIN, TEXT("evil.com")));
    for (size_t i = 0; i < archive_log_parts(l); i++) {
        err = archive_log_find(l, i, q, &scratch, &blocks, NULL);
        assert_true(err == OK || err == ERR_MALFORMED);
        assert_true(blocks & 1); /* it is there: damage makes more candidates, never fewer */
    }
    archive_query_free(q);
    buffer_done(&scratch);
    archive_log_free(l);
}

static void damage_is_known(void **state)
{
    struct text lines =
        TEXT("2026-01-01T00:00:00Z evil.com 1.2.3.4\nhttp://x.example/a d41d8cd98f00b204e9800998ecf8427e\n");
    uint32_t number;
    size_t len;
    char path[SCRATCH_PATH_MAX];
    (void)state;
    assert_ok(archive_set_add(io_system(), folder, "log", lines, MIB, &number));
    snprintf(path, sizeof path, "%s", scratch_path(folder, "00000001.log"));
    char *whole = scratch_read(path, &len);
    assert_non_null(whole);
    for (size_t n = 0; n < len; n++) { /* each strict prefix */
        struct archive_log *l;
        scratch_write(path, whole, n);
        assert_err(archive_log_open(io_system(), folder, 1, &l, NULL), ERR_MALFORMED);
    }
    for (size_t n = 0; n < len; n++)
        for (unsigned bit = 0; bit < 8; bit += 5) {
            whole[n] = (char)(whole[n] ^ 1 << bit);
            scratch_write(path, whole, len);
            read_damaged(lines);
            whole[n] = (char)(whole[n] ^ 1 << bit);
        }
    free(whole);
    scratch_empty(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_miss_nothing),
        cmocka_unit_test(sets_are_exact),
        cmocka_unit_test(sets_are_sharp),
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(hunts_miss_nothing),
        cmocka_unit_test(damage_is_known),
        cmocka_unit_test(blocks_have_the_keys_of_their_lines),
        cmocka_unit_test(threads_make_no_difference),
        cmocka_unit_test(candidates_are_few),
        cmocka_unit_test(the_version_before_is_read),
    };
    return cmocka_run_group_tests_name("match/archive", tests, setup, teardown);
}
