/* command/observed_role.c - reads observed data and evaluates patterns over it, inside the sandbox. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "base/limits.h"
#include "command/observed.h"
#include "match/evaluate.h"

#define SORTED_COUNT 4096
#define GOING_EVERY  256 /* patterns */

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* What the C library asks the system once: how much memory there is, when it sorts a large array first. */
static void prepare(void)
{
    static int numbers[SORTED_COUNT];
    for (int i = 0; i < SORTED_COUNT; i++)
        numbers[i] = SORTED_COUNT - i;
    qsort(numbers, SORTED_COUNT, sizeof numbers[0], compare);
    (void)sha256_of("", 0);
}

static void send_words(enum observed_frame kind, int number, bool has_number, const char *rule, const char *what)
{
    struct buffer b;
    buffer_init(&b, OBSERVED_FRAME_BYTES);
    if (has_number)
        buffer_add_u32(&b, (uint32_t)number);
    else
        buffer_add_u8(&b, (uint8_t)number);
    buffer_add_sized(&b, text_of(rule));
    if (what)
        buffer_add_sized(&b, text_of(what));
    worker_send((uint8_t)kind, buffer_text(&b));
    buffer_done(&b);
}

static void send_refused(void *self, struct text id, const char *rule, const char *what)
{
    struct buffer b;
    (void)self;
    buffer_init(&b, OBSERVED_FRAME_BYTES);
    buffer_add_sized(&b, text_sub(id, 0, 200));
    buffer_add_sized(&b, text_of(rule));
    buffer_add_sized(&b, text_of(what));
    worker_send(OBSERVED_REFUSED, buffer_text(&b));
    buffer_done(&b);
}

static void add_moment(struct buffer *b, nanos t)
{
    char out[STAMP_TEXT_MAX];
    bool whole = t % 1000000 == 0;
    buffer_add_sized(b, stamp_format(nanos_stamp(t, whole ? 3 : 9), out));
}

static void send_match(uint32_t number, const struct pattern_match *m)
{
    struct buffer b;
    uint32_t count = m->bound_count < OBSERVED_IDS_MAX ? (uint32_t)m->bound_count : OBSERVED_IDS_MAX;
    buffer_init(&b, OBSERVED_FRAME_BYTES);
    buffer_add_u32(&b, number);
    add_moment(&b, m->first);
    add_moment(&b, m->last);
    buffer_add_u32(&b, count);
    for (uint32_t i = 0; i < count; i++)
        buffer_add_sized(&b, text_sub(m->bound[i]->id, 0, 100));
    worker_send(OBSERVED_MATCH, buffer_text(&b));
    buffer_done(&b);
}

static void answer(uint32_t number, struct text pattern, const struct observed *o)
{
    struct arena arena;
    struct pattern_node *tree;
    struct pattern_match match;
    struct fault fault = {.offset = -1};
    arena_init(&arena, OBSERVED_MEMORY_MAX_BYTES);
    enum err err = pattern_parse(pattern, &arena, &tree, &fault);
    if (!err)
        err = pattern_evaluate(tree, o, &arena, &match, &fault);
    if (err)
        send_words(OBSERVED_BAD, (int)number, true, fault.rule, fault.what);
    else if (match.answer == PATTERN_TOO_EXPENSIVE)
        send_words(OBSERVED_COSTLY, (int)number, true, match.limit, NULL);
    else if (match.answer == PATTERN_YES)
        send_match(number, &match);
    arena_done(&arena);
}

static enum err read_whole(int fd, struct buffer *ret)
{
    for (;;) {
        char *to = buffer_reserve(ret, 1 * MIB);
        if (!to)
            return ERR_NOMEM;
        ssize_t n = read(fd, to, 1 * MIB);
        ret->len -= n > 0 ? 1 * MIB - (size_t)n : 1 * MIB;
        if (n == 0)
            return OK;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
    }
}

static void evaluate_all(struct text bytes)
{
    struct cursor c, patterns;
    struct observed *o;
    struct fault fault = {.offset = -1};
    cursor_init(&c, bytes);
    uint32_t count = cursor_u32(&c);
    patterns = c;
    for (uint32_t i = 0; i < count && !cursor_error(&c); i++)
        cursor_text(&c);
    struct text document = cursor_bytes(&c, cursor_left(&c));
    enum err err = cursor_error(&c);
    if (!err)
        err = observed_read(document, send_refused, NULL, &o, &fault);
    if (err) {
        send_words(OBSERVED_FAILED, (int)err, false, fault.rule, fault.what);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i % GOING_EVERY == 0)
            worker_send(OBSERVED_GOING, TEXT_NONE);
        answer(i, cursor_text(&patterns), o);
    }
    struct buffer b;
    buffer_init(&b, KIB);
    buffer_add_u32(&b, (uint32_t)observed_count(o));
    worker_send(OBSERVED_DONE, buffer_text(&b));
    buffer_done(&b);
    observed_free(o);
}

static void observe(int document, struct text job)
{
    struct buffer bytes;
    (void)job;
    buffer_init(&bytes, READER_MEMORY_MAX_BYTES);
    enum err err = read_whole(document, &bytes);
    if (err)
        send_words(OBSERVED_FAILED, (int)err, false, "", "the document could not be read");
    else
        evaluate_all(buffer_text(&bytes));
    buffer_done(&bytes);
}

const struct worker_role OBSERVER = {OBSERVED_ROLE, prepare, observe};
