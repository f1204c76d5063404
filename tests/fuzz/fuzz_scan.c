/* Any bytes as a block of lines: scan_block() reports what scan_line() reports line by line, with each of the
 * processor's sets of instructions, and of short lines the oracle of the unit tests says the same. Owners are found
 * without trouble. */
#include <string.h>

#include "match/scanner.h"
#include "match/sieve.h"
#include "support/fuzz.h"

/* The tests' own sources, so that a target stays one file. */
#include "unit/match/match_set.c"
#include "unit/match/oracle.c"
#include "unit/match/oracle_address.c"
#include "unit/match/oracle_url.c"
#include "unit/match/rows_other.c"

#define ORACLE_LINE_MAX  400
#define ORACLE_LINES_MAX 10 /* it is slow */

static struct match_set set;
static struct oracle_value values[64];

struct walk {
    uint64_t line;
    size_t at;
    struct text block;
    struct scanner *other;
};

static void prepare(void)
{
    if (set.index)
        return;
    match_set_init(&set, row_values);
    for (size_t i = 0; i < set.count; i++)
        oracle_value_init(&values[i], row_values[i]);
}

static void ask_oracle(struct text line, const struct scan_hit *hits, size_t count)
{
    static struct oracle_line o;
    if (line.len <= ORACLE_LINE_MAX && oracle_line_init(&o, line))
        for (uint32_t ref = 0; ref < set.count; ref++) {
            bool hit = false;
            for (size_t i = 0; i < count; i++)
                hit |= hits[i].ref == ref;
            fuzz_assert(hit == oracle_hits(&o, &values[ref]));
        }
    oracle_line_done(&o);
}

/* The next line of the block, with its hits. False at the end. */
static bool next_line(struct walk *w, struct text *ret, const struct scan_hit **hits, size_t *count)
{
    const struct index *index = set.index;
    if (w->at >= w->block.len)
        return false;
    const char *newline = memchr(w->block.ptr + w->at, '\n', w->block.len - w->at);
    size_t end = newline ? (size_t)(newline - w->block.ptr) : w->block.len;
    *ret = text_sub(w->block, w->at, end - w->at);
    if (ret->len && ret->ptr[ret->len - 1] == '\r')
        ret->len--;
    w->at = end + 1;
    w->line++;
    fuzz_assert(scan_line(w->other, &index, 1, *ret, hits, count) == OK);
    return true;
}

/* Lines without hits are passed over; the next with hits is the one reported. */
static enum err on_hit(void *self, const struct scan_line_hits *h)
{
    struct walk *w = self;
    const struct scan_hit *hits;
    size_t count = 0;
    struct text line;
    while (next_line(w, &line, &hits, &count) && count == 0)
        ;
    fuzz_assert(count == h->hit_count && line.ptr == h->text.ptr && line.len == h->text.len && w->line == h->line &&
                h->offset == (uint64_t)(line.ptr - w->block.ptr));
    for (size_t i = 0; i < count; i++)
        fuzz_assert(hits[i].ref == h->hits[i].ref && hits[i].kind == h->hits[i].kind &&
                    hits[i].start == h->hits[i].start && hits[i].len == h->hits[i].len);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    prepare();
    struct scanner *block_scanner;
    struct walk w, again = {.block = {(const char *)data, len}};
    const struct index *index = set.index;
    const struct scan_hit *hits;
    const struct scan_seen *seen;
    size_t count;
    struct text line;
    fuzz_assert(scanner_new(&block_scanner) == OK);
    again.other = set.scanner;
    for (enum masks_way way = MASKS_BY_TABLE; way <= masks_best_way(); way++) {
        w = again;
        sieve_set_way(block_scanner->sieve, way);
        fuzz_assert(scan_block(block_scanner, &index, 1, w.block, 1, 0, on_hit, &w) == OK);
        while (next_line(&w, &line, &hits, &count))
            fuzz_assert(count == 0);
        fuzz_assert(w.line == scan_count_lines(w.block));
    }
    while (next_line(&again, &line, &hits, &count)) {
        if (again.line <= ORACLE_LINES_MAX)
            ask_oracle(line, hits, count);
        fuzz_assert(scan_owners(block_scanner, line, &seen, &count) == OK);
    }
    scanner_free(block_scanner);
    return 0;
}
