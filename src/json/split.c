/* json/split.c - a huge JSON document element by element.
 *
 *            '{'            name : '['             ']'            '}'
 *   START ---------> ENVELOPE ------> ELEMENTS ---------> TAIL -------> BETWEEN ---end---> END
 *     |                  |                ^                                ^  |
 *     |                  +---- '}': the object is one element -------------+  +-- line break, then '{' or '[': START
 *     +-- '[' ----------------------------+-------- ']' -------------------+
 *     +-- another value: one element ---------------------------------------+       FAILED from any; final
 *
 * If the first value is an object on one line without such an array, BETWEEN goes to LINES instead of START: each
 * further line is an element, so that a bad one spoils no other.
 *
 * Invariants:
 *   1. in ENVELOPE the window keeps the top-level object from its first byte (it may turn out to be the element),
 *      until it is longer than max: then only the member being read is kept, and later the whole is ERR_LIMIT.
 *   2. in ELEMENTS and TAIL the window keeps no more than the element or member being read.
 *   3. positions held across a read are offsets in the input, never indexes into the window. */
#include "json/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "json/feed.h"
#include "json/json.h"
#include "json/scan.h"

#define ENVELOPE_MAX_BYTES (64 * KIB)
#define NO_OFFSET          UINT64_MAX

enum state { START, ENVELOPE, ELEMENTS, TAIL, BETWEEN, LINES, END, FAILED };

struct json_split {
    struct feed in;
    struct text name;
    size_t max;
    enum state state;
    bool found;                    /* an array of elements was seen */
    bool top_is_array;             /* in ELEMENTS: ']' ends the value, not a member */
    bool name_seen;                /* the top-level object has had a member of this name */
    bool first;                    /* no element or member yet: no comma is due */
    bool one_line;                 /* the top-level value was an object on one line, without the array */
    bool given;                    /* the value from given_from is to be handed over, unless it was too long */
    uint64_t top;                  /* where the top-level value begins; NO_OFFSET: not kept */
    uint64_t value;                /* where the element or member being read begins; NO_OFFSET: too long, or none */
    uint64_t given_from, given_at; /* of the value handed over: NO_OFFSET if it was lost; where it began */
    struct buffer envelope;
    struct json_split_top told; /* of the top-level object being read; `members` unused */
    bool placed;                /* line and column are those of given_at */
    int64_t line, column;
    json_split_on_top *on_top; /* NULL: nobody asks */
    void *on_top_self;
    struct fault fault; /* in FAILED */
};

enum err json_split_open(int fd, const char *name, size_t max_element_bytes, struct json_split **ret)
{
    return json_split_open_from((struct feed_from){.fd = fd}, name, max_element_bytes, ret);
}

enum err json_split_open_from(struct feed_from from, const char *name, size_t max_element_bytes,
                              struct json_split **ret)
{
    size_t name_len = strlen(name);
    struct json_split *s = calloc(1, sizeof *s + name_len);
    if (!s)
        return ERR_NOMEM;
    char *copy = (char *)(s + 1);
    memcpy(copy, name, name_len);
    s->name = (struct text){copy, name_len};
    s->max = max_element_bytes;
    s->top = s->value = NO_OFFSET;
    feed_init_from(&s->in, from);
    buffer_init(&s->envelope, ENVELOPE_MAX_BYTES);
    *ret = s;
    return OK;
}

enum err json_split_push(struct json_split *s, struct text bytes)
{
    return feed_push(&s->in, bytes);
}

void json_split_free(struct json_split *s)
{
    if (!s)
        return;
    feed_done(&s->in);
    buffer_done(&s->envelope);
    free(s);
}

bool json_split_found(const struct json_split *s)
{
    return s->found;
}

uint64_t json_split_bytes(const struct json_split *s)
{
    return s->in.base + s->in.end;
}

struct text json_split_envelope(const struct json_split *s)
{
    return s->envelope.len ? buffer_text(&s->envelope) : TEXT("{}");
}

void json_split_watch(struct json_split *s, json_split_on_top *on_top, void *self)
{
    s->on_top = on_top;
    s->on_top_self = self;
    s->in.lines.wanted = true;
}

void json_split_place(struct json_split *s, int64_t offset, int64_t *ret_line, int64_t *ret_column)
{
    if (s->placed && offset == (int64_t)s->given_at) {
        *ret_line = s->line;
        *ret_column = s->column;
        return;
    }
    feed_place(&s->in, (uint64_t)offset, ret_line, ret_column);
}

struct text json_split_window(const struct json_split *s, int64_t *ret_from)
{
    *ret_from = (int64_t)s->in.base;
    return (struct text){s->in.ptr, s->in.end};
}

bool json_split_alone(const struct json_split *s)
{
    return s->top_is_array || s->state == BETWEEN || s->state == LINES;
}

/* ---- faults: they set FAILED and return false ---- */

static bool fail_at(struct json_split *s, uint64_t offset, const char *what)
{
    s->state = FAILED;
    fault_at(&s->fault, ERR_MALFORMED, (int64_t)offset, "RFC 8259", "%s", what);
    return false;
}

/* The input ended, or could not be read, where more was due. */
static bool fail_end(struct json_split *s, const char *where)
{
    int64_t at = (int64_t)feed_offset(&s->in);
    s->state = FAILED;
    if (s->in.err == ERR_NOMEM)
        fault_at(&s->fault, ERR_NOMEM, at, NULL, "no memory to read on");
    else if (s->in.err)
        fault_at(&s->fault, ERR_IO, at, NULL, "cannot read on: %s", strerror(s->in.errno_seen));
    else
        fault_at(&s->fault, ERR_MALFORMED, at, "RFC 8259", "the document is cut short: it ends in %s", where);
    return false;
}

/* ---- the window ---- */

static void set_mark(struct json_split *s)
{
    uint64_t from = s->state == ENVELOPE && s->top != NO_OFFSET ? s->top : s->value;
    s->in.mark = from == NO_OFFSET ? FEED_NO_MARK : (size_t)(from - s->in.base);
}

/* Called with pos at the end of the window: all that is marked belongs to the value being read. */
static bool more(struct json_split *s)
{
    set_mark(s);
    if (s->in.mark != FEED_NO_MARK && s->in.end - s->in.mark > s->max) {
        s->top = s->value = NO_OFFSET;
        set_mark(s);
    }
    return feed_more(&s->in);
}

static int peek(struct json_split *s)
{
    if (s->in.pos == s->in.end && !more(s))
        return -1;
    return (unsigned char)s->in.ptr[s->in.pos];
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The byte behind white space, or -1. */
static int peek_token(struct json_split *s)
{
    int c;
    while (is_space(c = peek(s)))
        s->in.pos++;
    return c;
}

static struct text kept(const struct json_split *s, uint64_t from)
{
    return (struct text){s->in.ptr + (from - s->in.base), (size_t)(feed_offset(&s->in) - from)};
}

static bool expect(struct json_split *s, int want, const char *what)
{
    int c = peek_token(s);
    if (c < 0)
        return fail_end(s, "the middle of an object or array");
    if (c != want)
        return fail_at(s, feed_offset(&s->in), what);
    s->in.pos++;
    return true;
}

/* ---- passing over one value ---- */

static bool pass(struct json_split *s, size_t (*scan)(struct scan *, const char *, size_t), const char *where)
{
    struct scan state = {0};
    for (;;) {
        size_t left = s->in.end - s->in.pos;
        size_t used = scan(&state, s->in.ptr + s->in.pos, left);
        if (used != SCAN_MORE) {
            s->in.pos += used;
            return true;
        }
        s->in.pos += left;
        if (!more(s))
            return fail_end(s, where);
    }
}

static bool in_scalar(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

/* From the value's first byte to behind its last. */
static bool pass_value(struct json_split *s)
{
    int c = peek(s);
    if (c == '{' || c == '[')
        return pass(s, scan_nested, "the middle of an object or array");
    if (c == '"') {
        s->in.pos++;
        return pass(s, scan_string, "the middle of a string");
    }
    if (c < 0)
        return fail_end(s, "a place where a value was due");
    if (!in_scalar(c))
        return fail_at(s, feed_offset(&s->in), "not JSON: a value was due here");
    while (in_scalar(peek(s)))
        s->in.pos++;
    return s->in.err ? fail_end(s, "a value") : true;
}

/* ---- the top level ---- */

static void enter(struct json_split *s, enum state state, bool first)
{
    s->state = state;
    s->first = first;
}

static void give(struct json_split *s, uint64_t from, uint64_t at)
{
    s->given = true;
    s->given_from = from;
    s->given_at = at;
}

/* Before a value is read, since a long one is forgotten while it is. */
static void note_place(struct json_split *s, uint64_t at)
{
    s->placed = s->on_top != NULL;
    if (s->placed)
        feed_place(&s->in, at, &s->line, &s->column);
}

static bool start(struct json_split *s)
{
    int c = peek_token(s);
    uint64_t at = feed_offset(&s->in);
    if (s->in.err)
        return fail_end(s, "");
    if (c < 0)
        return fail_at(s, at, "the document is empty: a JSON value was due");
    if (c == 0xEF)
        return fail_at(s, at, "not JSON: it begins with a byte order mark; save it as UTF-8 without one");
    s->given_at = at;
    s->name_seen = false;
    note_place(s, at);
    s->told = (struct json_split_top){.at = (int64_t)at, .line = s->line, .column = s->column};
    buffer_clear(&s->envelope);
    if (c == '{' || c == '[') {
        s->in.pos++;
        s->top = c == '{' ? at : NO_OFFSET;
        s->top_is_array = c == '[';
        s->found |= s->top_is_array;
        enter(s, s->top_is_array ? ELEMENTS : ENVELOPE, true);
        return true;
    }
    s->value = at;
    if (!pass_value(s))
        return false;
    give(s, s->value, at);
    s->state = BETWEEN;
    return true;
}

/* After a whole top-level value: the end, or the next one, on a line of its own. */
static bool between(struct json_split *s)
{
    int c;
    bool new_line = false;
    s->top = NO_OFFSET;
    while (is_space(c = peek(s))) {
        new_line |= c == '\n';
        s->in.pos++;
    }
    if (s->in.err)
        return fail_end(s, "");
    if (c >= 0 && !(new_line && (s->one_line || c == '{' || c == '[')))
        return fail_at(s, feed_offset(&s->in), "bytes after the end of the document");
    s->state = c < 0 ? END : s->one_line ? LINES : START;
    return true;
}

/* The rest of the line as an element. The last one may lack its line break, but not its closing bracket. */
static bool line(struct json_split *s)
{
    int c = peek_token(s);
    struct scan whole = {0};
    uint64_t at = s->value = feed_offset(&s->in);
    note_place(s, at);
    for (;;) {
        size_t left = s->in.end - s->in.pos;
        const char *p = s->in.ptr + s->in.pos;
        const char *end = left ? memchr(p, '\n', left) : NULL;
        s->in.pos += end ? (size_t)(end - p) : left;
        if (end)
            break;
        if (!more(s)) {
            if (s->in.err)
                return fail_end(s, "");
            if (c < 0) {
                s->state = END;
                return true;
            }
            struct text last = s->value == NO_OFFSET ? TEXT_NONE : kept(s, at);
            if ((c == '{' || c == '[') && last.len && scan_nested(&whole, last.ptr, last.len) == SCAN_MORE)
                return fail_end(s, "the middle of an object or array");
            break;
        }
    }
    give(s, s->value, at);
    return true;
}

/* ---- members of the top-level object ---- */

static bool no_memory(struct json_split *s)
{
    s->in.err = ERR_NOMEM;
    return fail_end(s, "");
}

/* The quoted name just read, which may hold escapes. */
static bool is_name(struct json_split *s, struct text quoted, bool *ret)
{
    if (!memchr(quoted.ptr, '\\', quoted.len)) {
        *ret = text_eq(text_sub(quoted, 1, quoted.len - 2), s->name);
        return true;
    }
    struct json_doc *doc;
    enum err e = json_parse(quoted, &doc, NULL);
    if (e == ERR_NOMEM)
        return no_memory(s);
    *ret = false; /* a name that is no JSON is found out when the envelope is parsed */
    if (e)
        return true;
    *ret = text_eq(json_text(json_root(doc)), s->name);
    json_free(doc);
    return true;
}

/* Adds the member just read to the envelope. */
static bool note_member(struct json_split *s)
{
    struct buffer *to = &s->envelope;
    struct text member = s->value == NO_OFFSET ? TEXT_NONE : kept(s, s->value);
    if (!member.ptr || member.len + 2 > ENVELOPE_MAX_BYTES - to->len) {
        s->told.left_out = true;
        return true;
    }
    bool more_members = to->len > 0;
    char *p = buffer_reserve(to, member.len + (more_members ? 1 : 2));
    if (!p)
        return no_memory(s);
    *(p - more_members) = more_members ? ',' : '{'; /* the comma takes the closing brace's place */
    p += !more_members;
    memcpy(p, member.ptr, member.len);
    p[member.len] = '}';
    return true;
}

static bool close_object(struct json_split *s)
{
    s->in.pos++;
    s->one_line = s->state == ENVELOPE && s->top != NO_OFFSET && text_find(kept(s, s->top), '\n', 0) < 0;
    if (s->state == ENVELOPE) {
        give(s, s->top, s->given_at);
    } else if (s->on_top) {
        s->told.members = json_split_envelope(s);
        s->on_top(s->on_top_self, &s->told);
    }
    s->state = BETWEEN;
    return true;
}

/* Enters the array of elements; its name was read, pos is at its value. */
static bool named_member(struct json_split *s)
{
    if (s->name_seen)
        return fail_at(s, s->value == NO_OFFSET ? feed_offset(&s->in) : s->value,
                       "the array of objects stands twice in the document");
    s->name_seen = true;
    if (peek(s) != '[')
        return true;
    s->in.pos++;
    s->found = true;
    s->top = NO_OFFSET;
    enter(s, ELEMENTS, true);
    return true;
}

static bool member(struct json_split *s)
{
    if (peek_token(s) == '}')
        return close_object(s);
    if (!s->first && !expect(s, ',', "not JSON: ',' or '}' was due here"))
        return false;
    s->first = false;
    peek_token(s);
    s->value = feed_offset(&s->in);
    if (!expect(s, '"', "not JSON: a name in quotes was due here") || !pass(s, scan_string, "a name"))
        return false;
    bool named = false;
    if (s->value != NO_OFFSET && !is_name(s, kept(s, s->value), &named))
        return false;
    if (!expect(s, ':', "not JSON: ':' was due here"))
        return false;
    peek_token(s);
    if (named && !named_member(s))
        return false;
    return s->state == ELEMENTS || (pass_value(s) && note_member(s));
}

/* ---- elements ---- */

static bool element(struct json_split *s)
{
    if (peek_token(s) == ']') {
        s->in.pos++;
        enter(s, s->top_is_array ? BETWEEN : TAIL, false);
        return true;
    }
    if (!s->first && !expect(s, ',', "not JSON: ',' or ']' was due here"))
        return false;
    s->first = false;
    peek_token(s);
    uint64_t at = s->value = feed_offset(&s->in);
    note_place(s, at);
    if (!pass_value(s))
        return false;
    s->told.elements++;
    give(s, s->value, at);
    return true;
}

static void step(struct json_split *s)
{
    switch (s->state) {
    case START: start(s); break;
    case ENVELOPE:
    case TAIL: member(s); break;
    case ELEMENTS: element(s); break;
    case BETWEEN: between(s); break;
    case LINES: line(s); break;
    case END:
    case FAILED: break;
    }
}

enum err json_split_next(struct json_split *s, struct text *ret_element, int64_t *ret_offset, struct fault *reterr)
{
    s->given = false;
    while (!s->given && s->state != END && s->state != FAILED) {
        s->value = NO_OFFSET;
        step(s);
    }
    if (s->state == FAILED) {
        if (reterr)
            *reterr = s->fault;
        return s->fault.err;
    }
    if (!s->given)
        return ERR_NOT_FOUND;
    *ret_offset = (int64_t)s->given_at;
    if (s->given_from == NO_OFFSET || feed_offset(&s->in) - s->given_from > s->max)
        return fault_at(reterr, ERR_LIMIT, *ret_offset, NULL, "longer than %zu bytes", s->max);
    struct text element = kept(s, s->given_from);
    while (is_space(element.ptr[element.len - 1])) /* a line may end in blanks; it does not begin with one */
        element.len--;
    *ret_element = element;
    return OK;
}
