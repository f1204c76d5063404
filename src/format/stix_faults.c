/* format/stix_faults.c - every fault of a STIX document. */
#include <stdio.h>
#include <string.h>

#include "format/faults_inside.h"
#include "format/magic.h"
#include "format/stix_inside.h"
#include "json/locate.h"
#include "json/split.h"

/* Looking for the lines of one object's faults costs at most so many bytes passed over. */
#define LOCATE_MAX_BYTES (64 * MIB)
#define PROGRESS_BYTES   (4 * MIB)

struct reading {
    const struct document_faults *to;
    struct document_sum *sum;
    struct json_split *split;
    struct stix_together *together, *own; /* own: NULL where it was handed over */
    struct arena arena;
    struct buffer words, pointer; /* of the fault at hand */
    enum err failed;              /* from inside a callback: final */
    uint64_t progress_at;
    bool any; /* something was in the document */
    /* the object at hand */
    struct text element;      /* its text, or that of what it stands in; empty: not at hand */
    int64_t at, line, column; /* of the element */
    struct text id, base;     /* base: pointer from the element to the object */
    uint64_t told, musts, shoulds;
    size_t locate_left;
};

/* ---- one fault ---- */

/* Line and column behind these bytes. */
static void move_on(struct document_fault *f, struct text before)
{
    for (ptrdiff_t nl; (nl = text_find(before, '\n', 0)) >= 0;
         before = text_sub(before, (size_t)nl + 1, before.len)) {
        f->line++;
        f->column = 1;
    }
    f->column += (int64_t)before.len;
}

/* Moves line and column on to where the pointer's value stands in the element. */
static void find_place(struct reading *r, struct document_fault *f)
{
    if (r->element.len == 0 || r->locate_left == 0)
        return;
    struct text whole = buffer_text(&r->pointer);
    size_t off = json_locate(r->element, whole, r->locate_left);
    size_t cost = off + 1 < r->element.len / 2 ? 2 * (off + 1) : r->element.len;
    r->locate_left -= cost < r->locate_left ? cost : r->locate_left;
    move_on(f, text_sub(r->element, 0, off));
}

static void tell(struct reading *r, struct document_fault *f)
{
    f->words = faults_clean(f->words, FAULT_WORDS_MAX_BYTES, &r->words);
    if (buffer_error(&r->words) || buffer_error(&r->pointer))
        r->failed = ERR_NOMEM;
    else
        r->to->on_fault(r->to->self, f);
}

static void on_fault(void *self, const struct stix_fault *seen)
{
    struct reading *r = self;
    *(seen->severity == STIX_MUST ? &r->musts : &r->shoulds) += 1;
    if (++r->told > FAULTS_OF_OBJECT_MAX)
        return;
    buffer_clear(&r->pointer);
    buffer_add(&r->pointer, r->base);
    buffer_add(&r->pointer, seen->pointer);
    struct document_fault f = {.severity = seen->severity,
                               .at = r->at,
                               .line = r->line,
                               .column = r->column,
                               .id = r->id,
                               .rule = text_of(seen->rule),
                               .words = seen->words};
    find_place(r, &f);
    f.pointer = text_sub(buffer_text(&r->pointer), r->base.len, FAULT_POINTER_MAX_BYTES);
    while (!text_is_utf8(f.pointer)) /* cut inside a character */
        f.pointer.len--;
    tell(r, &f);
}

PRINTF_LIKE(5, 6)
static void add(struct reading *r, enum stix_severity severity, const char *rule, const char *pointer,
                const char *format, ...)
{
    struct buffer words;
    va_list args;
    buffer_init(&words, FAULT_WORDS_MAX_BYTES);
    va_start(args, format);
    buffer_vaddf(&words, format, args);
    va_end(args);
    on_fault(r, &(struct stix_fault){severity, rule, text_of(pointer), buffer_text(&words)});
    buffer_done(&words);
}

/* ---- one object ---- */

static void begin(struct reading *r, struct text id, struct text base)
{
    r->id = id;
    r->base = base;
    r->told = r->musts = r->shoulds = 0;
}

static void end(struct reading *r, bool object)
{
    if (r->told > FAULTS_OF_OBJECT_MAX) {
        struct document_fault f = {.severity = r->musts ? STIX_MUST : STIX_SHOULD,
                                   .at = r->at,
                                   .line = r->line,
                                   .column = r->column,
                                   .id = r->id,
                                   .rule = TEXT("FAULTS_OF_OBJECT_MAX")};
        char words[100];
        int n = snprintf(words, sizeof words, "%llu more faults of this object are counted, and not told one by one",
                         (unsigned long long)(r->told - FAULTS_OF_OBJECT_MAX));
        f.words = (struct text){words, (size_t)n};
        tell(r, &f);
    }
    r->sum->musts += r->musts;
    r->sum->shoulds += r->shoulds;
    if (object) {
        r->sum->objects++;
        r->sum->valid += r->musts == 0;
    }
}

static void judge(struct reading *r, const struct json_val *v)
{
    uint64_t musts = 0;
    arena_reset(&r->arena);
    enum err e = stix_validate(v, &r->arena, on_fault, r, &musts);
    if (e == ERR_NOMEM && r->arena.used >= STIX_BUDGET_BYTES / 4)
        add(r, STIX_MUST, "STIX_OBJECT_MAX_BYTES", "", "needs more than 64 MiB to be checked");
    else if (e)
        r->failed = e;
}

static void judge_object(struct reading *r, const struct json_val *v, struct text base)
{
    uint64_t musts = 0;
    begin(r, stix_shown_id(json_text(json_get(v, "id"))), base);
    if (json_type(v) != JSON_OBJECT) {
        add(r, STIX_MUST, "STIX 2.1 3.2", "", "a STIX object was due here, not another JSON value");
    } else if (text_eq(json_text(json_get(v, "type")), TEXT("bundle"))) {
        add(r, STIX_MUST, "STIX 2.1 8", "",
            "a bundle holds no bundles: put the objects of this one beside the others");
    } else {
        judge(r, v);
        if (!r->failed && stix_together_add(r->together, v, on_fault, r, &musts))
            r->failed = ERR_NOMEM;
    }
    end(r, true);
}

static void judge_list(struct reading *r, const struct json_val *objects)
{
    for (struct json_iter it = json_iter_of(objects); !r->failed && json_next(&it);) {
        char base[40];
        int n = snprintf(base, sizeof base, "/objects/%zu", it.index);
        judge_object(r, it.val, (struct text){base, (size_t)n});
    }
}

/* ---- envelopes: STIX 2.1 section 8, TAXII 2.1 section 3.7 ---- */

static bool is_taxii(const struct json_val *v)
{
    for (struct json_iter it = json_iter_of(v); json_next(&it);)
        if (!text_eq(it.key, TEXT("more")) && !text_eq(it.key, TEXT("next")) && !text_eq(it.key, TEXT("objects")))
            return false;
    return true;
}

static void judge_taxii(struct reading *r, const struct json_val *v)
{
    const struct json_val *more = json_get(v, "more"), *next = json_get(v, "next"), *objects = json_get(v, "objects");
    if (more && json_type(more) != JSON_BOOL)
        add(r, STIX_MUST, "TAXII 2.1 3.7", "/more", "`more` must be true or false");
    if (next && !json_is_string(next))
        add(r, STIX_MUST, "TAXII 2.1 3.7", "/next", "`next` must be a string");
    if (objects && json_type(objects) != JSON_ARRAY)
        add(r, STIX_MUST, "TAXII 2.1 3.7", "/objects", "`objects` must be a list");
}

static void judge_envelope(struct reading *r, const struct json_val *v)
{
    begin(r, stix_shown_id(json_text(json_get(v, "id"))), TEXT_NONE);
    if (is_taxii(v))
        judge_taxii(r, v);
    else
        judge(r, v);
}

/* At the end of each object that held a list of objects. */
static void on_top(void *self, const struct json_split_top *top)
{
    struct reading *r = self;
    struct json_doc *doc;
    struct fault why = {.offset = -1};
    r->any = true;
    r->element = TEXT_NONE;
    r->at = top->at;
    r->line = top->line;
    r->column = top->column;
    enum err e = json_parse(top->members, &doc, &why);
    if (e == ERR_NOMEM) {
        r->failed = e;
        return;
    }
    if (e) {
        begin(r, stix_guess_id(top->members), TEXT_NONE);
        add(r, STIX_MUST, why.rule[0] ? why.rule : "RFC 8259", "", "the members beside `objects`: %s", why.what);
        r->sum->unreadable++;
        end(r, false);
        return;
    }
    judge_envelope(r, json_root(doc));
    if (top->left_out)
        add(r, STIX_MUST, "ENVELOPE_MAX_BYTES", "",
            "the members beside `objects` take more than 64 KiB: not checked");
    if (top->elements == 0 && !is_taxii(json_root(doc)))
        add(r, STIX_MUST, "STIX 2.1 2.12", "/objects", "a list must not be empty: leave `objects` out");
    end(r, false);
    json_free(doc);
}

/* ---- the document ---- */

static void judge_element(struct reading *r, const struct json_val *v, bool only)
{
    bool bundle = text_eq(json_text(json_get(v, "type")), TEXT("bundle")) && json_split_alone(r->split);
    bool taxii = only && stix_empty_envelope(v) && json_size(v) > 0;
    if (!bundle && !taxii) {
        judge_object(r, v, TEXT_NONE);
        return;
    }
    judge_envelope(r, v);
    if (bundle && json_split_found(r->split))
        add(r, STIX_SHOULD, "STIX 2.1 8", "",
            "a bundle in a list: the list is neither a bundle nor a TAXII envelope, the bundle should stand by "
            "itself");
    end(r, false);
    judge_list(r, json_get(v, "objects"));
}

/* Not JSON, or not to be read as such. `text` begins at r's place, the fault stands `why->offset` bytes into it. */
static void tell_unreadable(struct reading *r, struct text id, const struct fault *why, struct text text)
{
    const size_t off = why->offset > 0 ? (size_t)why->offset : 0;
    struct document_fault f = {.severity = STIX_MUST,
                               .at = r->at + (int64_t)off,
                               .line = r->line,
                               .column = r->column,
                               .id = id,
                               .rule = text_of(why->rule[0] ? why->rule : "RFC 8259")};
    move_on(&f, text_sub(text, 0, off));
    bool syntax = text.len && why->err == ERR_MALFORMED && strcmp(why->rule, "RFC 8259") == 0 && why->offset >= 0;
    bool element = syntax && json_split_found(r->split);
    const char *advice = syntax ? faults_advice(text, off, element) : "";
    char words[FAULT_WHAT_MAX + 200];
    int n =
        snprintf(words, sizeof words, "%s%s%s", element && off >= text.len ? "the value ends too early" : why->what,
                 advice[0] ? ": " : "", advice);
    f.words = (struct text){words, (size_t)n};
    r->sum->musts++;
    r->sum->unreadable++;
    tell(r, &f);
}

static enum err read_element(struct reading *r, struct text element, int64_t at)
{
    struct json_doc *doc;
    struct fault why = {.offset = -1};
    r->any = true;
    r->element = element;
    r->at = at;
    r->locate_left = LOCATE_MAX_BYTES;
    json_split_place(r->split, at, &r->line, &r->column);
    enum err e = json_parse(element, &doc, &why);
    if (e == ERR_NOMEM)
        return e;
    if (e) {
        tell_unreadable(r, stix_guess_id(element), &why, element);
        r->sum->objects++;
        return OK;
    }
    judge_element(r, json_root(doc), !json_split_found(r->split));
    json_free(doc);
    return r->failed;
}

static void too_long(struct reading *r, int64_t at)
{
    struct fault why = {.err = ERR_LIMIT,
                        .offset = 0,
                        .rule = "STIX_OBJECT_MAX_BYTES",
                        .what = "an object longer than 8 MiB; put payloads into artifacts' url"};
    r->any = true;
    r->at = at;
    json_split_place(r->split, at, &r->line, &r->column);
    tell_unreadable(r, TEXT_NONE, &why, TEXT_NONE);
    r->sum->objects++;
}

static enum err ended_badly(struct reading *r, enum err e, const struct fault *why, struct fault *reterr)
{
    if (e != ERR_MALFORMED) {
        if (reterr)
            *reterr = *why;
        return e;
    }
    struct fault placed = *why;
    int64_t from;
    struct text window = json_split_window(r->split, &from);
    const char *advice = why->offset >= from ? faults_advice(window, (size_t)(why->offset - from), false) : "";
    r->at = why->offset;
    json_split_place(r->split, why->offset, &r->line, &r->column);
    placed.offset = 0;
    snprintf(placed.what, sizeof placed.what, "%.180s%s%s", why->what, advice[0] ? ": " : "", advice);
    tell_unreadable(r, TEXT_NONE, &placed, TEXT_NONE);
    return e;
}

static void progress(struct reading *r)
{
    uint64_t bytes = json_split_bytes(r->split);
    if (!r->to->on_progress || bytes - r->progress_at < PROGRESS_BYTES)
        return;
    r->progress_at = bytes;
    r->to->on_progress(r->to->self, bytes, r->sum->objects);
}

static enum err ended_well(struct reading *r)
{
    if (!r->any) { /* "[]" */
        r->line = r->column = 1;
        begin(r, TEXT_NONE, TEXT_NONE);
        add(r, STIX_MUST, "STIX 2.1 2.12", "",
            "an empty list: no STIX object is in it, and it is neither a bundle nor a TAXII envelope");
        end(r, false);
    }
    /* One value that is no JSON is no document with one bad object. */
    bool nothing = r->sum->unreadable && !json_split_found(r->split) && r->sum->objects == 1;
    return nothing && !r->failed ? ERR_MALFORMED : r->failed;
}

static enum err read_all(struct reading *r, struct fault *reterr)
{
    struct text element;
    int64_t at;
    for (;;) {
        struct fault why = {.offset = -1, .line = -1};
        enum err e = json_split_next(r->split, &element, &at, &why);
        if (e == OK)
            e = read_element(r, element, at);
        else if (e == ERR_LIMIT)
            too_long(r, at);
        else if (e == ERR_NOT_FOUND)
            return ended_well(r);
        else
            return ended_badly(r, e, &why, reterr);
        if (e == OK || e == ERR_LIMIT)
            e = r->failed;
        if (e)
            return e;
        progress(r);
    }
}

/* What the first bytes say: told as a fault, with no line of text to point at. */
static enum err other_format(struct reading *r, const char *what)
{
    struct fault why = {.err = ERR_MALFORMED, .offset = 0, .rule = "RFC 8259"};
    snprintf(why.what, sizeof why.what, "not JSON: %s", what);
    r->line = r->column = 1;
    tell_unreadable(r, TEXT_NONE, &why, TEXT_NONE);
    return r->failed ? r->failed : ERR_MALFORMED;
}

/* "[url:": what no JSON begins with. */
static bool looks_like_a_pattern(struct text head)
{
    size_t i = 0;
    head = text_trim(head);
    while (i < head.len && (head.ptr[i] == '(' || head.ptr[i] == '['))
        i++;
    size_t from = i;
    while (i < head.len && ((head.ptr[i] >= 'a' && head.ptr[i] <= 'z') || head.ptr[i] == '-'))
        i++;
    return from > 0 && i > from && i < head.len && head.ptr[i] == ':';
}

static enum err open_all(struct reading *r, int fd, struct text head)
{
    enum err e = json_split_open(fd, "objects", STIX_OBJECT_MAX_BYTES, &r->split);
    r->together = r->to->together;
    if (!e && !r->together) {
        e = stix_together_new(FAULTS_TOGETHER_MAX_BYTES, &r->own);
        r->together = r->own;
    }
    if (e)
        return e;
    json_split_watch(r->split, on_top, r);
    return json_split_push(r->split, head);
}

enum err stix_faults(int fd, struct text head, const struct document_faults *to, struct document_sum *ret_sum,
                     struct fault *reterr)
{
    char first[64];
    struct document_sum sum = {0};
    struct reading r = {.to = to, .sum = &sum};
    arena_init(&r.arena, STIX_BUDGET_BYTES);
    buffer_init(&r.words, FAULT_WORDS_MAX_BYTES + 1);
    buffer_init(&r.pointer, 2 * STIX_OBJECT_MAX_BYTES);
    enum err e = faults_head(fd, &head, first, reterr);
    const char *other = e ? NULL : magic_says(head);
    if (!e && !other && looks_like_a_pattern(head))
        other = "it begins as STIX patterns do, which --as pattern reads";
    if (!e && !other) {
        e = open_all(&r, fd, head);
        if (!e)
            e = read_all(&r, reterr);
    } else if (other) {
        e = other_format(&r, other);
    }
    if (r.split)
        sum.bytes = json_split_bytes(r.split);
    sum.together_incomplete = r.together && stix_together_full(r.together);
    if (e == ERR_NOMEM)
        fault_set(reterr, e, "no memory to check it");
    *ret_sum = sum;
    json_split_free(r.split);
    stix_together_free(r.own);
    arena_done(&r.arena);
    buffer_done(&r.words);
    buffer_done(&r.pointer);
    return e;
}
