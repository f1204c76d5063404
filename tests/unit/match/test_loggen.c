/* Generated logs with known truth (the generator of the benchmarks, $ENTENTE_BENCH or ../shared/bench): every planted
 * indicator is hit on its line, and every other hit is there by the oracle's word. Also through files and pieces. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "match/logfile.h"
#include "match_set.h"
#include "oracle.h"
#include "support/scratch.h"

#define INDICATORS 300000
#define LOG_BYTES  20000000 /* for each of the seeds */

static char folder[SCRATCH_PATH_MAX], generator[SCRATCH_PATH_MAX];

struct truth {
    uint64_t line;
    uint32_t ref;
    bool hit;
};

struct run {
    char **values;
    uint32_t value_count;
    struct truth *truth;
    size_t truth_count, next; /* sorted by line */
    struct index *index;
    struct scanner *scanner;
    size_t planted_hits, other_hits;
};

static bool find_generator(char *path, size_t room)
{
    const char *named = getenv("ENTENTE_BENCH");
    if (named)
        snprintf(path, room, "%s/loggen.c", named);
    else
        snprintf(path, room, "%.400s/../../shared/bench/loggen.c", test_path("."));
    return access(path, R_OK) == 0;
}

static void shell(const char *command)
{
    int status = system(command);
    assert_int_equal(status, 0);
}

static int setup(void **state)
{
    char source[SCRATCH_PATH_MAX], command[2 * SCRATCH_PATH_MAX + 100];
    (void)state;
    scratch_new(folder);
    if (!find_generator(source, sizeof source))
        return 0;
    snprintf(command, sizeof command, "cc -O2 -w -o '%s/loggen' '%s'", folder, source);
    shell(command);
    snprintf(generator, sizeof generator, "%.400s/loggen", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void load_values(struct run *r, const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    struct index_builder *b;
    assert_non_null(bytes);
    r->values = calloc(INDICATORS, sizeof *r->values);
    assert_ok(index_builder_new(&b));
    for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(r->value_count < INDICATORS);
        r->values[r->value_count] = strdup(line);
        assert_ok(match_add_value(b, line, r->value_count++));
    }
    assert_ok(index_builder_build(b, &r->index));
    index_builder_free(b);
    free(bytes);
}

/* The truth names values; the first ref with that value is as good as any. */
static void load_truth(struct run *r, const char *path)
{
    size_t len, cap = 1 << 16;
    char *bytes = scratch_read(path, &len);
    assert_non_null(bytes);
    r->truth = calloc(cap, sizeof *r->truth);
    for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
        char *tab = strchr(line, '\t');
        assert_true(tab && r->truth_count < cap);
        struct truth *t = &r->truth[r->truth_count++];
        t->line = strtoull(line, NULL, 10);
        for (t->ref = 0; strcmp(r->values[t->ref], tab + 1) != 0; t->ref++)
            assert_true(t->ref + 1 < r->value_count);
    }
    free(bytes);
}

static bool is_planted(struct run *r, uint64_t line, uint32_t ref)
{
    while (r->next < r->truth_count && r->truth[r->next].line < line)
        r->next++;
    for (size_t i = r->next; i < r->truth_count && r->truth[i].line == line; i++)
        if (strcmp(r->values[r->truth[i].ref], r->values[ref]) == 0)
            return r->truth[i].hit = true;
    return false;
}

static enum err on_hit(void *self, const struct scan_line_hits *h)
{
    static struct oracle_line o;
    struct run *r = self;
    assert_true(oracle_line_init(&o, h->text));
    for (size_t i = 0; i < h->hit_count; i++) {
        struct oracle_value v;
        bool planted = is_planted(r, h->line, h->hits[i].ref);
        oracle_value_init(&v, r->values[h->hits[i].ref]);
        if (!oracle_hits(&o, &v))
            fail_msg("%s is not in: " TEXT_FMT, v.text, TEXT_ARG(h->text));
        r->planted_hits += planted;
        r->other_hits += !planted;
    }
    oracle_line_done(&o);
    return OK;
}

static void scan_file(struct run *r, const char *path)
{
    struct logfile *f;
    struct text block;
    uint64_t offset, line;
    bool continues;
    const struct index *index = r->index;
    int fd = open(path, O_RDONLY);
    enum err err;
    assert_true(fd >= 0);
    assert_ok(logfile_open(fd, &f, NULL));
    while ((err = logfile_next(f, &block, &offset, &line, &continues, NULL)) == OK)
        assert_ok(scan_block(r->scanner, &index, 1, block, line, offset, on_hit, r));
    assert_err(err, ERR_NOT_FOUND);
    logfile_free(f);
    close(fd);
}

static void run_free(struct run *r)
{
    for (uint32_t i = 0; i < r->value_count; i++)
        free(r->values[i]);
    free(r->values);
    free(r->truth);
    index_unref(r->index);
    scanner_free(r->scanner);
}

static void every_planted_value_is_hit(void **state)
{
    char command[4 * SCRATCH_PATH_MAX];
    (void)state;
    if (!generator[0])
        skip();
    for (unsigned seed = 1; seed <= 3; seed++) {
        struct run r = {.next = 0};
        assert_ok(scanner_new(&r.scanner));
        snprintf(command, sizeof command,
                 "cd '%s' && ./loggen ind values %d %u && ./loggen log values log %d %u truth 2>/dev/null", folder,
                 INDICATORS, seed, LOG_BYTES, seed + 100);
        shell(command);
        load_values(&r, scratch_path(folder, "values"));
        load_truth(&r, scratch_path(folder, "truth"));
        scan_file(&r, scratch_path(folder, "log"));
        for (size_t i = 0; i < r.truth_count; i++)
            if (!r.truth[i].hit)
                fail_msg("seed %u: %s is not hit on line %llu", seed, r.values[r.truth[i].ref],
                         (unsigned long long)r.truth[i].line);
        print_message("# seed %u: %zu planted, %zu hits more that are there\n", seed, r.truth_count, r.other_hits);
        assert_true(r.truth_count > 3);
        run_free(&r);
    }
}

/* ---- each value in a line of its own ---- */

static const char *const frames[] = {
    "%s",
    "2026-01-02 12:34:56 src=%s dst=x",
    "{\"a\":1,\"value\":\"%s\",\"b\":\"12:34:56\"}",
    "<%s>",
    "('%s')",
    "x\t%s\ty",
    "seen: %s.",
    "found %s, and more",
    "a,%s,b",
    "a|%s|b",
    "a;%s;b",
    "\\\"%s\\\"",
    "line\\n%s\\nline",
    "\xE2\x80\x9C%s\xE2\x80\x9D",
    "[%s] x",
    "`%s`",
};

enum spelling { PLAIN, UPPER, SLASHES, PERCENT, SPELLINGS };

/* The value as some log writes it. A URL's path keeps its case, a network becomes an address in it. */
static void spell(const char *value, enum spelling how, char out[2048])
{
    char word[512];
    size_t n = 0;
    snprintf(word, sizeof word, "%s", value);
    bool url = strstr(value, "://") != NULL;
    if (!url && strchr(word, '/'))
        *strchr(word, '/') = 0;
    for (const char *p = word; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (how == UPPER && !url && c >= 'a' && c <= 'z')
            out[n++] = (char)(c - 32);
        else if (how == SLASHES && c == '/')
            n += (size_t)sprintf(out + n, "\\/");
        else if (how == PERCENT && strchr(":/?&=", c))
            n += (size_t)sprintf(out + n, "%%%02X", c);
        else
            out[n++] = (char)c;
    }
    out[n] = 0;
}

struct expectation {
    struct run *r;
    uint64_t next; /* line */
};

static enum err expect_line(void *self, const struct scan_line_hits *h)
{
    struct expectation *e = self;
    const char *want = e->r->values[h->line - 1];
    bool there = false;
    for (size_t i = 0; i < h->hit_count; i++)
        there |= strcmp(e->r->values[h->hits[i].ref], want) == 0;
    if (h->line != e->next || !there)
        fail_msg("line %llu, waited for %llu: %s is not hit in " TEXT_FMT, (unsigned long long)h->line,
                 (unsigned long long)e->next, e->r->values[e->next - 1], TEXT_ARG(h->text));
    e->next++;
    return OK;
}

static void every_value_is_hit_however_it_is_written(void **state)
{
    char command[2 * SCRATCH_PATH_MAX];
    struct run r = {.next = 0};
    (void)state;
    if (!generator[0])
        skip();
    assert_ok(scanner_new(&r.scanner));
    snprintf(command, sizeof command, "cd '%s' && ./loggen ind values %d 77", folder, INDICATORS);
    shell(command);
    load_values(&r, scratch_path(folder, "values"));
    for (int round = 0; round < SPELLINGS; round++) {
        struct buffer block;
        const struct index *index = r.index;
        struct expectation e = {&r, 1};
        buffer_init(&block, 256 * MIB);
        for (uint32_t i = 0; i < r.value_count; i++) {
            char word[2048];
            spell(r.values[i], (enum spelling)round, word);
            const char *frame = frames[(i + (uint32_t)round) % ARRAY_LEN(frames)], *at = strstr(frame, "%s");
            buffer_add(&block, (struct text){frame, (size_t)(at - frame)});
            buffer_add(&block, text_of(word));
            buffer_add(&block, text_of(at + 2));
            buffer_add_char(&block, '\n');
        }
        assert_ok(buffer_error(&block));
        assert_ok(scan_block(r.scanner, &index, 1, buffer_text(&block), 1, 0, expect_line, &e));
        assert_int_equal(e.next, r.value_count + 1);
        buffer_done(&block);
    }
    run_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_planted_value_is_hit),
                                       cmocka_unit_test(every_value_is_hit_however_it_is_written)};
    return cmocka_run_group_tests_name("loggen", tests, setup, teardown);
}
