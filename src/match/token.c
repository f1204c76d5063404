/* match/token.c - the tokeniser: one pass over the bytes. Runs without a dot and shorter than a hash, most of any
 * log, are dropped as soon as they end. */
#include "match/reading.h"
#include "model/value_idn.h"

#include <string.h>

#define LABEL_MAX_BYTES 63 /* RFC 1035 section 2.3.4 */
#define HASH_DIGITS_MIN 32

/* Letters and digits of one of the four lengths, all hex, and nothing glued to them. */
static void hash_token(struct scanner *s, const struct reading *r, struct span at)
{
    size_t len = at.end - at.start;
    if (len != 32 && len != 40 && len != 64 && len != 128)
        return;
    for (size_t i = at.start; i < at.end; i++)
        if (!char_is(r->p[i], CHAR_XDIGIT))
            return;
    if (char_high_before(r->p, at.start) || char_high_at(r->p, r->len, at.end) || escape_before(r, at.start) ||
        escape_continues(r->p, r->len, at.end))
        return;
    scan_found_hash(s, r, at);
}

static void hash_run(struct scanner *s, const struct reading *r, struct span run)
{
    for (size_t i = run.start; i < run.end;) {
        size_t start = i;
        while (i < run.end && char_is(r->p[i], CHAR_ALNUM))
            i++;
        if (i - start >= HASH_DIGITS_MIN)
            hash_token(s, r, (struct span){start, i});
        else if (i == start)
            i++;
    }
}

/* Labels after a letter outside ASCII are still looked up (bücher.evil.example is below evil.example); ones before it
 * are not, since only the A-label form of such a name is in an index. */
static void skip_to_ascii(const struct reading *r, struct name_found *name)
{
    size_t keep = name->dot_count;
    for (size_t i = name->at.end; i > name->at.start; i--) {
        if (r->p[i - 1] >= 0x80) {
            name->whole = false;
            break;
        }
        if (r->p[i - 1] == '.')
            keep--;
    }
    if (name->whole)
        return;
    memmove(name->dots, name->dots + keep, (name->dot_count - keep) * sizeof *name->dots);
    name->dot_count -= keep;
}

bool token_name(const struct reading *r, struct span run, struct name_found *ret)
{
    const uint8_t *p = r->p;
    while (run.start < run.end && char_is(p[run.start], CHAR_DOT | CHAR_DASH))
        run.start++;
    while (run.end > run.start && char_is(p[run.end - 1], CHAR_DOT | CHAR_DASH))
        run.end--;
    size_t label = run.start;
    unsigned seen = 0, last = 0;
    ret->dot_count = 0;
    for (size_t i = run.start; i < run.end; i++) {
        last |= char_classes[p[i]];
        if (p[i] != '.')
            continue;
        if (i - label > LABEL_MAX_BYTES && !(last & CHAR_HIGH))
            return false;
        if (ret->dot_count == NAME_DOTS_MAX)
            return false;
        ret->dots[ret->dot_count++] = i;
        label = i + 1;
        seen |= last;
        last = 0;
    }
    seen |= last;
    if (ret->dot_count == 0 || !(last & ~(unsigned)CHAR_DIGIT) || run.end - label > LABEL_MAX_BYTES)
        return false;
    if (run.end - run.start > DOMAIN_MAX_BYTES && !(seen & CHAR_HIGH))
        return false;
    ret->at = run;
    ret->whole = true;
    if (seen & CHAR_HIGH)
        skip_to_ascii(r, ret);
    return true;
}

/* A name in another script is looked for as its A-labels; each byte of these stands for the whole name. False when it
 * has none: what is behind its last letter outside ASCII is a name all the same. */
static bool idn_run(struct scanner *s, const struct reading *r, struct span run)
{
    char ascii[VALUE_IDN_BYTES];
    size_t map[VALUE_IDN_BYTES];
    while (run.start < run.end && char_is(r->p[run.start], CHAR_DOT | CHAR_DASH))
        run.start++;
    while (run.end > run.start && char_is(r->p[run.end - 1], CHAR_DOT | CHAR_DASH))
        run.end--;
    struct text raw = {(const char *)r->p + run.start, run.end - run.start};
    struct text name = value_idn_to_ascii(raw, ascii);
    struct reading a = {.p = (const uint8_t *)name.ptr, .len = name.len, .map = map, .depth = r->depth};
    struct name_found found;
    if (name.len == 0 || !token_name(&a, (struct span){0, name.len}, &found))
        return false;
    for (size_t i = 0; i < name.len; i++)
        map[i] = reading_where(r, run.start);
    map[name.len] = reading_where(r, run.end);
    scan_found_name(s, &a, &found);
    return true;
}

static void name_run(struct scanner *s, struct reading *r, struct span run, unsigned classes)
{
    if (escape_continues(r->p, r->len, run.end))
        return;
    if (!(classes & ~(unsigned)(CHAR_DIGIT | CHAR_DOT | CHAR_DASH))) {
        token_numbers(s, r, run);
        return;
    }
    struct name_found name;
    if (classes & CHAR_HIGH && idn_run(s, r, run))
        return;
    if (token_name(r, run, &name))
        scan_found_name(s, r, &name);
}

/* Cuts a run with a dot in it where two dots stand together: an ellipsis, a range, never within one name. */
static void dotted_run(struct scanner *s, struct reading *r, struct span run)
{
    size_t i = run.start;
    while (i < run.end) {
        while (i < run.end && r->p[i] == '.')
            i++;
        size_t start = i;
        unsigned seen = 0;
        while (i < run.end && !(r->p[i] == '.' && i + 1 < run.end && r->p[i + 1] == '.'))
            seen |= char_classes[r->p[i++]];
        if (seen & CHAR_DOT)
            name_run(s, r, (struct span){start, i}, seen);
    }
}

/* A run with bytes beyond ASCII: cut at punctuation, the rest are letters. */
static void high_run(struct scanner *s, struct reading *r, struct span run)
{
    for (size_t i = run.start; i < run.end;) {
        size_t start = i, skip = 0;
        unsigned classes = 0;
        while (i < run.end && !(skip = r->p[i] >= 0x80 ? char_separator_len(r->p + i, run.end - i) : 0))
            classes |= char_classes[r->p[i++]];
        struct span part = {start, i};
        if (classes & CHAR_DOT)
            dotted_run(s, r, part);
        if (i - start >= HASH_DIGITS_MIN)
            hash_run(s, r, part);
        i += skip;
    }
}

void token_run(struct scanner *s, struct reading *r, struct span run, unsigned classes)
{
    if (classes & CHAR_HIGH) {
        high_run(s, r, run);
        return;
    }
    if (classes & CHAR_DOT)
        dotted_run(s, r, run);
    if (run.end - run.start >= HASH_DIGITS_MIN)
        hash_run(s, r, run);
}

static void colon_token(struct scanner *s, struct reading *r, size_t at)
{
    const uint8_t *p = r->p + at;
    size_t left = r->len - at;
    if (left > 2 && p[1] == '/' && p[2] == '/')
        token_url(s, r, at);
    else if (left > 5 && (p[1] == '%' || (p[1] == '/' && p[2] == '%')))
        token_url_escaped(s, r, at);
    else if (left > 1 && (p[1] == ':' || char_is(p[1], CHAR_XDIGIT)) && at >= r->ipv6_seen)
        token_ipv6(s, r, at);
}

void token_sign(struct scanner *s, struct reading *r, size_t at)
{
    switch (r->p[at]) {
    case ':': colon_token(s, r, at); return;
    case '@': token_email(s, r, at); return;
    case '%':
        if (!escape_percent_at(r->p, r->len, at))
            return;
        token_url_escaped(s, r, at);
        break;
    case '\\':
        if (!escape_backslash_at(r->p, r->len, at))
            return;
        break;
    default:
        if (!escape_octal_at(r->p, r->len, at))
            return;
        break;
    }
    if (at >= r->escapes_end && r->depth < READING_DEPTH_MAX)
        escape_read(s, r, at);
}

void token_read(struct scanner *s, struct reading *r)
{
    const uint8_t *p = r->p;
    if (scan_wants_words(s))
        token_words(s, r);
    size_t len = r->len, i = 0;
    while (i < len) {
        unsigned c = char_classes[p[i]], seen = 0;
        if (!(c & CHAR_RUN)) {
            if (c)
                token_sign(s, r, i);
            i++;
            continue;
        }
        size_t start = i;
        do {
            seen |= c;
            i++;
        } while (i < len && ((c = char_classes[p[i]]) & CHAR_RUN));
        if (seen & (CHAR_DOT | CHAR_HIGH) || i - start >= HASH_DIGITS_MIN)
            token_run(s, r, (struct span){start, i}, seen);
    }
}
