/* match/token_url.c - URLs: where one begins, and the few ways to read where it ends.
 *
 * A URL in a log ends at a hard end (char_is_hard) at the latest. Before that, each of these is a reading of its own:
 *  - to the hard end, as browsers would take it
 *  - to its fragment, whatever bytes that is made of
 *  - to the first | or ^, which RFC 3986 does not allow and logs use between fields
 *  - to the first non-ASCII punctuation or blank
 *  - to the mark that closes the one in front of it: ' ' ( ) [ ] { } , , ; ;  (a comma also at the line's beginning)
 *  - to a comma or semicolon with another URL behind it, or a comma with key= behind it when = stands in front
 *  - to the next & when it is the value of another URL's query
 * Each is looked up as it is, and again without each of the punctuation marks at its end.
 * Where XML's entities stand in it (&amp; &quot;), it is read again with them resolved. */
#include "match/lookup.h"
#include "match/reading.h"
#include "match/url_path.h"

#include <string.h>

#define ENDS_MAX  8
#define MARKS_MAX 64 /* taken off an end one by one: a bound for lines made to be slow */
/* How much longer a URL may be written than in normal form: a port, an address in brackets in its longest spelling.
 */
#define SLACK_BYTES 64

struct url_ends {
    size_t at[ENDS_MAX];
    size_t count;
};

static void add_end(struct url_ends *ends, size_t end)
{
    for (size_t i = 0; i < ends->count; i++)
        if (ends->at[i] == end)
            return;
    if (ends->count < ENDS_MAX)
        ends->at[ends->count++] = end;
}

/* ---- the beginning ---- */

/* Of the scheme before the colon; the colon itself when there is none. "(+http://..." and ".http://..." lose the
 * mark; "git+https://" is a scheme of its own, read here as the https it carries. */
static size_t scheme_start(const struct reading *r, size_t colon)
{
    size_t start = colon;
    while (start > 0 && char_is_scheme(r->p[start - 1]))
        start--;
    const uint8_t *plus = memrchr(r->p + start, '+', colon - start);
    if (plus)
        start = (size_t)(plus - r->p) + 1;
    if (escape_before(r, start) && start + 2 <= colon)
        start += 2; /* %20http:// */
    while (start < colon && char_is(r->p[start], CHAR_DOT | CHAR_DASH))
        start++;
    return char_is(r->p[start], CHAR_HEX | CHAR_LETTER) ? start : colon;
}

/* Looked for once for all the URLs that stand in one piece. */
static size_t hard_end(struct reading *r, size_t from)
{
    if (from <= r->hard_end)
        return r->hard_end;
    while (from < r->len && !char_is_hard(r->p[from]))
        from++;
    return r->hard_end = from;
}

/* RFC 3986 allows , ; and & in a URL's user; in logs they end a URL without a path:
 * "https://h.example,joe@x.example",
 * "?u=https://h.example&to=joe@x.example". */
static size_t authority_end(const struct reading *r, size_t from)
{
    while (from < r->len && !char_is_hard(r->p[from]) && !(r->p[from] != 0 && strchr("/?#\\,;&|", r->p[from])))
        from++;
    return from;
}

/* ---- the end ---- */

static uint8_t closing(uint8_t opening)
{
    switch (opening) {
    case '(': return ')';
    case '[': return ']';
    case '{': return '}';
    case '\'':
    case ',':
    case ';': return opening;
    default: return 0;
    }
}

/* The closing mark, those that were opened inside passed over; end when there is none. */
static size_t closed_at(const struct reading *r, struct span at, uint8_t opening)
{
    uint8_t close = closing(opening);
    size_t depth = 0;
    for (size_t i = at.start; i < at.end; i++) {
        if (r->p[i] == close && depth-- == 0)
            return i;
        if (r->p[i] == opening && opening != close)
            depth++;
    }
    return at.end;
}

static size_t first_mark(const struct reading *r, struct span at, char mark)
{
    const uint8_t *found = memchr(r->p + at.start, mark, at.end - at.start);
    return found ? (size_t)(found - r->p) : at.end;
}

static size_t first_of(const struct reading *r, struct span at, const char *marks)
{
    for (; *marks; marks++)
        at.end = first_mark(r, at, *marks);
    return at.end;
}

static size_t first_separator(const struct reading *r, struct span at)
{
    size_t i = at.start;
    while (i < at.end && !(r->p[i] >= 0x80 && char_separator_len(r->p + i, at.end - i)))
        i++;
    return i;
}

/* "?u=" or "&u=" before the URL at `start`: it is the value of another one's query. */
static bool in_query(const struct reading *r, size_t start)
{
    if (start == 0 || r->p[start - 1] != '=')
        return false;
    size_t key = start - 1;
    while (key > 0 && (char_is_name(r->p[key - 1]) || r->p[key - 1] == '[' || r->p[key - 1] == ']'))
        key--;
    return key > 0 && (r->p[key - 1] == '?' || r->p[key - 1] == '&');
}

/* scheme:// or key= at `at` */
static bool follows(const struct reading *r, size_t at, bool key_too)
{
    size_t i = at;
    while (i < r->len && (char_is_scheme(r->p[i]) || r->p[i] == '_'))
        i++;
    if (i == at || i >= r->len)
        return false;
    return (key_too && r->p[i] == '=') || (i + 2 < r->len && memcmp(r->p + i, "://", 3) == 0);
}

static size_t next_field(const struct reading *r, struct span at)
{
    bool after_key = at.start > 0 && r->p[at.start - 1] == '=';
    for (size_t i = at.start; i < at.end; i++)
        if ((r->p[i] == ',' && follows(r, i + 1, after_key)) || (r->p[i] == ';' && follows(r, i + 1, false)))
            return i;
    return at.end;
}

static void find_ends(const struct reading *r, struct span at, struct url_ends *ends)
{
    uint8_t before = at.start > 0 ? r->p[at.start - 1] : r->depth == 0 ? ',' : 0;
    ends->count = 0;
    add_end(ends, at.end);
    add_end(ends, first_of(r, at, "#"));
    add_end(ends, first_of(r, at, "|^"));
    add_end(ends, first_separator(r, at));
    add_end(ends, next_field(r, at));
    if (closing(before))
        add_end(ends, closed_at(r, at, before));
    if (in_query(r, at.start))
        add_end(ends, first_of(r, at, "&"));
}

/* ---- the readings ---- */

static bool is_mark(uint8_t c)
{
    return !char_is(c, CHAR_ALNUM | CHAR_HIGH) && c != 0 && strchr(".,;:!?'()[]{}|*_~\\^", c) != NULL;
}

/* One more byte, or character, off the end; `end` itself when the URL ends with neither mark. */
static size_t without_mark(const struct reading *r, size_t end)
{
    if (is_mark(r->p[end - 1]))
        return end - 1;
    for (size_t n = 2; n <= 4 && n < end && r->p[end - 1] >= 0x80; n++)
        if (char_separator_len(r->p + end - n, n) == n)
            return end - n;
    return end;
}

/* No reading that is longer can be looked up with success, even without the marks at its end: text behind that (but
 * for a fragment, which is dropped) only costs time. A path that can be written shorter may be of any length. */
static size_t bounded_end(const struct scanner *s, const struct reading *r, struct span at, size_t longer)
{
    size_t most = (scan_longest_url(s) + SLACK_BYTES + MARKS_MAX + 1) * longer;
    struct text url = {(const char *)r->p + at.start, at.end - at.start};
    if (url.len > most && url_path_may_differ(text_sub(url, 0, URL_MAX_BYTES)))
        most = URL_MAX_BYTES * longer;
    return url.len > most ? at.start + most : at.end;
}

static void look_up(struct scanner *s, const struct reading *r, struct span at, size_t colon)
{
    struct url_ends ends;
    find_ends(r, at, &ends);
    for (size_t i = 0; i < ends.count; i++) {
        size_t end = ends.at[i];
        for (size_t marks = 0; marks <= MARKS_MAX && end > colon + 3; marks++) {
            if (end - at.start <= URL_MAX_BYTES)
                scan_found_url(s, r, (struct span){at.start, end});
            size_t next = without_mark(r, end);
            if (next == end)
                break;
            end = next;
        }
    }
}

/* A URL in XML or HTML has its & escaped, and the quotation mark or bracket that ends it, too. */
static void read_without_entities(struct scanner *s, const struct reading *r, struct span at)
{
    if (r->depth >= READING_DEPTH_MAX || !escape_has_entity(r, at))
        return;
    size_t *map;
    uint8_t *bytes = scan_take_bytes(s, r->depth + 1, at.end - at.start, &map);
    if (!bytes)
        return;
    size_t len = escape_entities(r, at, bytes, map);
    struct reading whole = {.p = bytes, .len = len, .map = map, .depth = r->depth + 1};
    const uint8_t *plain = memmem(bytes, len, "://", 3);
    if (plain)
        token_url(s, &whole, (size_t)(plain - bytes));
}

void token_url(struct scanner *s, struct reading *r, size_t colon)
{
    struct span at = {scheme_start(r, colon), 0};
    if (at.start == colon)
        return;
    size_t after = colon + 3;
    r->authority_end = authority_end(r, after);
    if (r->percent_read || !scan_wants_url(s, r->p + after, r->len - after))
        return;
    size_t end = hard_end(r, after);
    at.end = bounded_end(s, r, (struct span){at.start, end}, 1);
    look_up(s, r, at, colon);
    at.end = bounded_end(s, r, (struct span){at.start, end}, ENTITY_MAX_BYTES);
    read_without_entities(s, r, at);
}

/* ---- percent-encoded whole, as a value in another URL's query ---- */

/* "://" with one or more of the three as %XX; `at` is that of the colon. Its length, 0 for anything else. */
static size_t escaped_mark_len(const struct reading *r, size_t at)
{
    static const struct {
        uint8_t plain;
        char code[3];
    } want[3] = {{':', "3a"}, {'/', "2f"}, {'/', "2f"}};
    size_t i = at;
    for (size_t n = 0; n < 3; n++) {
        if (i < r->len && r->p[i] == want[n].plain)
            i++;
        else if (i + 2 < r->len && r->p[i] == '%' && r->p[i + 1] == (uint8_t)want[n].code[0] &&
                 char_lower(r->p[i + 2]) == (uint8_t)want[n].code[1])
            i += 3;
        else
            return 0;
    }
    return i - at > 3 ? i - at : 0;
}

/* Is what stands behind the mark, resolved, the host of a URL that is looked for? */
static bool wants_host(const struct scanner *s, const struct reading *r, size_t at)
{
    uint8_t host[LOOKUP_URL_START_MAX];
    size_t map[LOOKUP_URL_START_MAX + 1], most = sizeof host;
    struct span in = {at, r->len - at > most ? at + most : r->len};
    return scan_wants_url(s, host, escape_percent(r, in, host, map));
}

/* The whole value is resolved and read as a URL that stands alone: there is no other way to tell its & and blanks
 * from those of the text around it. */
void token_url_escaped(struct scanner *s, struct reading *r, size_t colon)
{
    size_t mark = escaped_mark_len(r, colon);
    struct span at = {mark ? scheme_start(r, colon) : colon, 0};
    if (at.start == colon || r->depth >= READING_DEPTH_MAX || !wants_host(s, r, colon + mark))
        return;
    at.end = bounded_end(s, r, (struct span){at.start, hard_end(r, colon)}, 3);
    at.end = first_of(r, at, "&#;,|'(){}[]^\\");
    size_t *map;
    uint8_t *bytes = scan_take_bytes(s, r->depth + 1, at.end - at.start, &map);
    if (!bytes)
        return;
    size_t len = escape_percent(r, at, bytes, map);
    struct reading whole = {.p = bytes, .len = len, .map = map, .depth = r->depth + 1};
    const uint8_t *plain = memmem(bytes, len, "://", 3);
    if (plain)
        token_url(s, &whole, (size_t)(plain - bytes));
}
