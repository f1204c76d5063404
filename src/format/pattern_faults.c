/* format/pattern_faults.c - every fault of a file of STIX patterns (STIX 2.1 section 9). */
#include <stdio.h>
#include <string.h>

#include "format/faults_inside.h"
#include "format/magic.h"
#include "model/pattern.h"
#include "model/pattern_check.h"
#include "json/feed.h"

/* A file up to this long may be one pattern over several lines. */
#define WHOLE_MAX_BYTES LINE_MAX_BYTES
/* For one pattern's tree. */
#define PATTERN_BUDGET_BYTES (64 * MIB)
#define PROGRESS_BYTES       (4 * MIB)
#define BYTE_ORDER_MARK      "\xEF\xBB\xBF"

struct patterns {
    const struct document_faults *to;
    struct document_sum *sum;
    struct feed in;
    struct arena arena;
    struct buffer words, excerpt;
    uint64_t progress_at;
};

static enum err parse(struct patterns *p, struct text t, struct pattern_node **ret, struct fault *why)
{
    *why = (struct fault){.offset = -1, .line = -1};
    arena_reset(&p->arena);
    enum err e = pattern_parse(t, &p->arena, ret, why);
    if (e == ERR_NOMEM && p->arena.used >= PATTERN_BUDGET_BYTES / 4)
        e = fault_at(why, ERR_LIMIT, 0, "PATTERN_DEPTH_MAX", "needs more than 64 MiB to be parsed");
    return e;
}

/* `line` begins at `at`; the fault's offset may lie on a later line of it. */
static void tell(struct patterns *p, enum stix_severity severity, struct text line, int64_t at,
                 const struct fault *why)
{
    size_t off = why->offset > 0 ? (size_t)why->offset : 0;
    struct document_fault f = {.severity = severity, .rule = text_of(why->rule), .words = text_of(why->what)};
    if (off > line.len)
        off = line.len;
    f.at = at + (int64_t)off;
    feed_place(&p->in, (uint64_t)f.at, &f.line, &f.column);
    size_t begins = off;
    while (begins > 0 && line.ptr[begins - 1] != '\n')
        begins--;
    struct text shown = text_sub(line, begins, line.len);
    ptrdiff_t end = text_find(shown, '\n', 0);
    if (end >= 0)
        shown.len = (size_t)end;
    f.words = faults_clean(f.words, FAULT_WORDS_MAX_BYTES, &p->words);
    f.excerpt = faults_excerpt(shown, off - begins, &p->excerpt, &f.caret);
    *(severity == STIX_MUST ? &p->sum->musts : &p->sum->shoulds) += 1;
    p->to->on_fault(p->to->self, &f);
}

/* What is beyond the grammar. The columns of problems count from where the pattern begins. */
struct beyond {
    struct patterns *p;
    struct text line; /* from the pattern on */
    int64_t at;
    uint64_t told;
};

static void on_problem(void *self, const struct pattern_problem *problem)
{
    struct beyond *b = self;
    struct fault why;
    if (b->told++ >= FAULTS_OF_OBJECT_MAX) {
        b->p->sum->shoulds++;
        return;
    }
    fault_at(&why, ERR_MALFORMED, (int64_t)problem->column - 1, problem->rule, "%s", problem->what);
    tell(b->p, STIX_SHOULD, b->line, b->at, &why);
}

static enum err judge(struct patterns *p, struct text line, int64_t at)
{
    struct fault why;
    struct pattern_node *root;
    struct text t = text_trim(line);
    if (t.len == 0)
        return OK;
    enum err e = parse(p, t, &root, &why);
    if (e == ERR_NOMEM)
        return e;
    p->sum->objects++;
    p->sum->valid += e == OK;
    struct beyond b = {p, text_sub(line, (size_t)(t.ptr - line.ptr), line.len), at + (t.ptr - line.ptr), 0};
    if (e)
        tell(p, STIX_MUST, b.line, b.at, &why);
    else
        pattern_check(root, on_problem, &b);
    return OK;
}

/* ---- one pattern over several lines ---- */

/* How many lines are patterns by themselves; *ret_first_end: where the first line that says something ends. */
static size_t lines_that_parse(struct patterns *p, struct text all, size_t *ret_lines, size_t *ret_first_end)
{
    struct text rest = all, line;
    struct fault why;
    struct pattern_node *root;
    size_t good = 0;
    *ret_lines = 0;
    while (text_split(&rest, '\n', &line)) {
        if (text_trim(line).len == 0)
            continue;
        if (++*ret_lines == 1)
            *ret_first_end = (size_t)(line.ptr + line.len - all.ptr);
        good += parse(p, text_trim(line), &root, &why) == OK;
    }
    return good;
}

/* One pattern, or the attempt at one: it parses as a whole, or no line does and the whole goes wrong behind the
 * first. */
static bool is_one(struct patterns *p, struct text all)
{
    struct fault why;
    struct pattern_node *root;
    struct text t = text_trim(all);
    size_t lines = 0, first_end = 0, good = lines_that_parse(p, t, &lines, &first_end);
    enum err e = parse(p, t, &root, &why);
    return lines > 1 && (e == OK || (good == 0 && why.offset > (int64_t)first_end));
}

/* True: the whole file is in the window. */
static bool whole(struct patterns *p)
{
    p->in.mark = 0;
    while (p->in.end <= WHOLE_MAX_BYTES && feed_more(&p->in))
        ;
    p->in.mark = FEED_NO_MARK;
    return p->in.ended && p->in.end <= WHOLE_MAX_BYTES;
}

/* ---- lines ---- */

static void progress(struct patterns *p)
{
    uint64_t bytes = feed_offset(&p->in);
    if (!p->to->on_progress || bytes - p->progress_at < PROGRESS_BYTES)
        return;
    p->progress_at = bytes;
    p->to->on_progress(p->to->self, bytes, p->sum->objects);
}

/* From pos to the line's end; *ret_long: only that much of it is there. false: no line is left. */
static bool next_line(struct patterns *p, struct text *ret, int64_t *ret_at, bool *ret_long)
{
    struct feed *in = &p->in;
    *ret_at = (int64_t)feed_offset(in);
    *ret_long = false;
    size_t seen = 0;
    for (;;) {
        struct text left = {in->ptr + in->pos, in->end - in->pos};
        ptrdiff_t end = text_find(left, '\n', seen);
        if (end >= 0 || left.len > LINE_MAX_BYTES) {
            *ret_long = end < 0 || (size_t)end > LINE_MAX_BYTES;
            *ret = text_sub(left, 0, end < 0 ? left.len : (size_t)end);
            return true;
        }
        seen = left.len;
        if (!feed_more(in)) {
            *ret = (struct text){in->ptr + in->pos, in->end - in->pos};
            return ret->len > 0 && !in->err;
        }
    }
}

/* The rest of a line that is too long. */
static void pass_line(struct patterns *p)
{
    struct feed *in = &p->in;
    for (;;) {
        const char *end = in->end > in->pos ? memchr(in->ptr + in->pos, '\n', in->end - in->pos) : NULL;
        in->pos = end ? (size_t)(end - in->ptr) : in->end;
        if (end || !feed_more(in))
            return;
    }
}

static enum err read_lines(struct patterns *p)
{
    struct text line;
    int64_t at;
    bool is_long;
    while (next_line(p, &line, &at, &is_long)) {
        enum err e = OK;
        if (is_long) {
            struct fault why = {.err = ERR_LIMIT, .rule = "LINE_MAX_BYTES", .what = "a line longer than 1 MiB"};
            p->sum->objects++;
            tell(p, STIX_MUST, text_sub(line, 0, FAULT_EXCERPT_MAX_BYTES), at, &why);
        } else {
            e = judge(p, line, at);
        }
        if (e)
            return e;
        p->in.pos += line.len;
        if (is_long)
            pass_line(p);
        p->in.pos += p->in.pos < p->in.end; /* the line break */
        progress(p);
    }
    return p->in.err;
}

static void nothing(struct patterns *p, const char *what)
{
    struct fault why = {.err = ERR_MALFORMED, .rule = "STIX 2.1 9"};
    snprintf(why.what, sizeof why.what, "%s", what);
    tell(p, STIX_MUST, TEXT_NONE, 0, &why);
}

static enum err read_all(struct patterns *p)
{
    struct feed *in = &p->in;
    const bool all = whole(p);
    if (in->err)
        return in->err;
    struct text head = {in->ptr, in->end};
    const char *other = magic_says(head);
    if (other && head.ptr[0] != '[') { /* a pattern begins with a bracket */
        nothing(p, other);
        return ERR_MALFORMED;
    }
    if (text_starts(head, TEXT(BYTE_ORDER_MARK)))
        in->pos = strlen(BYTE_ORDER_MARK);
    struct text rest = text_sub(head, in->pos, head.len);
    enum err e = all && is_one(p, rest) ? judge(p, rest, (int64_t)in->pos) : read_lines(p);
    if (!e && p->sum->objects == 0) {
        nothing(p, "there is no pattern in it");
        return ERR_MALFORMED;
    }
    return e;
}

enum err pattern_faults(int fd, struct text head, const struct document_faults *to, struct document_sum *ret_sum,
                        struct fault *reterr)
{
    struct document_sum sum = {0};
    struct patterns p = {.to = to, .sum = &sum};
    feed_init(&p.in, fd);
    p.in.lines.wanted = true;
    arena_init(&p.arena, PATTERN_BUDGET_BYTES);
    buffer_init(&p.words, FAULT_WORDS_MAX_BYTES + 1);
    buffer_init(&p.excerpt, FAULT_EXCERPT_MAX_BYTES + 1);
    enum err e = fd < 0 ? feed_push(&p.in, head) : OK;
    if (!e)
        e = read_all(&p);
    if (e == ERR_NOMEM)
        fault_set(reterr, e, "no memory to check it");
    else if (e == ERR_IO)
        fault_at(reterr, e, (int64_t)feed_offset(&p.in), NULL, "cannot read on: %s", strerror(p.in.errno_seen));
    sum.bytes = p.in.base + p.in.end;
    *ret_sum = sum;
    feed_done(&p.in);
    arena_done(&p.arena);
    buffer_done(&p.words);
    buffer_done(&p.excerpt);
    return e;
}
