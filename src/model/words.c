/* model/words.c - one pass over a canonical body. RFC 8785 leaves one spelling: no white space, members named before
 * their values, a bare quote only at the ends of a string; so no tree is made, and what is not so is passed over. */
#include "model/words.h"

#include <string.h>

#include "json/json.h"

/* Deeper than any object that was taken in (JSON_DEPTH_MAX); what lies deeper has no words. */
#define DEPTH_MAX 80

/* What a member's strings are. */
enum rule { RULE_TEXT, RULE_SKIP, RULE_VALUE, RULE_HASHES, RULE_NAME, RULE_PATTERN };

struct reading {
    struct words *w;
    word_fn *fn;
    void *self;
    bool enough;
    enum rule rule[DEPTH_MAX + 1];
    size_t depth;
};

void words_init(struct words *w)
{
    buffer_init(&w->plain, STIX_OBJECT_MAX_BYTES * 2);
    buffer_init(&w->normal, STIX_OBJECT_MAX_BYTES * 2);
}

void words_done(struct words *w)
{
    buffer_done(&w->plain);
    buffer_done(&w->normal);
}

static void give(struct reading *r, enum word_kind kind, enum value_kind value_kind, struct text t)
{
    const struct word word = {kind, value_kind, t};
    r->enough = r->enough || !r->fn(r->self, &word);
}

/* ---- lower case ---- */

static unsigned lower_of(unsigned c)
{
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40F)
        return c + 0x50;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c % 2 ? c + 1 : c;
    if ((c >= 0x100 && c <= 0x177) && c != 0x130 && c != 0x131 && c != 0x138)
        return c % 2 ? c : c + 1;
    return c;
}

/* Both cases of all of them are as long in UTF-8. */
void words_add_lower(struct buffer *out, struct text t)
{
    char *to = t.len ? buffer_reserve(out, t.len) : NULL;
    for (size_t i = 0; to && i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c >= 0xC3 && c <= 0xD1 && i + 1 < t.len) {
            unsigned low = lower_of((c & 0x1Fu) << 6 | ((unsigned char)t.ptr[i + 1] & 0x3Fu));
            to[i++] = (char)(0xC0 | low >> 6);
            to[i] = (char)(0x80 | (low & 0x3F));
        } else {
            to[i] = (char)((unsigned char)(c - 'A') < 26 ? c | 0x20 : c);
        }
    }
}

static struct text lower(struct reading *r, struct text t)
{
    buffer_clear(&r->w->normal);
    words_add_lower(&r->w->normal, t);
    r->enough = r->enough || buffer_error(&r->w->normal) != OK;
    return buffer_text(&r->w->normal);
}

/* ---- words ---- */

enum letter { LETTER_NONE, LETTER_PLAIN, LETTER_DIGIT, LETTER_JOINS };

static enum letter letter_of(unsigned char c)
{
    if ((unsigned char)((c | 0x20) - 'a') < 26 || c >= 0x80)
        return LETTER_PLAIN;
    if ((unsigned char)(c - '0') < 10)
        return LETTER_DIGIT;
    return c == '.' || c == '-' || c == '_' || c == '@' ? LETTER_JOINS : LETTER_NONE;
}

/* Says nothing about what it stands in. */
static bool common(struct text t)
{
    static const char three[] = "theandforwasarehashadnotbutitscanmayhiswho";
    static const char four[] = "thatthisfromwithhavebeenusedthanwhenalsosuchwerethey";
    if (t.len == 3)
        for (size_t i = 0; i + 3 < sizeof three; i += 3)
            if (memcmp(t.ptr, three + i, 3) == 0)
                return true;
    if (t.len == 4)
        for (size_t i = 0; i + 4 < sizeof four; i += 4)
            if (memcmp(t.ptr, four + i, 4) == 0)
                return true;
    return t.len == 5 && memcmp(t.ptr, "which", 5) == 0;
}

static bool has_digit(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (letter_of((unsigned char)t.ptr[i]) == LETTER_DIGIT)
            return true;
    return false;
}

static void give_word(struct reading *r, struct text t)
{
    if (t.len > WORDS_WORD_MAX)
        t.len = WORDS_WORD_MAX;
    if (t.len == 0 || r->enough || (t.len < 3 && !has_digit(t)) || common(t))
        return;
    give(r, WORD_TEXT, VALUE_NONE, t);
}

/* t in lower case: a run of letters, digits and what joins them. Its parts, itself, and the domains above the one
 * that it may be: a text that speaks of www.evil.example speaks of evil.example. */
static void give_compound(struct reading *r, struct text t)
{
    size_t from = 0;
    bool dotted = false;
    while (t.len && letter_of((unsigned char)t.ptr[t.len - 1]) == LETTER_JOINS)
        t.len--;
    for (size_t i = 0; i <= t.len; i++) {
        if (i < t.len && letter_of((unsigned char)t.ptr[i]) != LETTER_JOINS)
            continue;
        if (i == t.len && from == 0)
            break;
        give_word(r, text_sub(t, from, i - from));
        if (dotted && i < t.len)
            give_word(r, text_sub(t, from, t.len));
        dotted = i < t.len && t.ptr[i] == '.';
        from = i + 1;
    }
    give_word(r, t);
}

/* General punctuation (U+2000..206F) and Latin-1's signs are no letters. Their bytes, or 0. */
static size_t sign_at(struct text t, size_t i)
{
    unsigned char c = (unsigned char)t.ptr[i];
    if (c == 0xC2)
        return 2;
    if (c == 0xE2 && i + 1 < t.len && (unsigned char)t.ptr[i + 1] <= 0x81)
        return 3;
    return c == 0xE3 && i + 1 < t.len && (unsigned char)t.ptr[i + 1] == 0x80 ? 3 : 0;
}

static void give_words(struct reading *r, struct text plain)
{
    struct text t = lower(r, plain);
    for (size_t i = 0; i < t.len && !r->enough;) {
        size_t from = i, sign = 0;
        while (i < t.len && letter_of((unsigned char)t.ptr[i]) != LETTER_NONE && (sign = sign_at(t, i)) == 0)
            i++;
        size_t begin = from;
        while (begin < i && letter_of((unsigned char)t.ptr[begin]) == LETTER_JOINS)
            begin++;
        if (i > begin)
            give_compound(r, text_sub(t, begin, i - begin));
        i += sign ? sign : i < t.len;
    }
}

/* ---- values and names ---- */

static bool give_detected(struct reading *r, struct text t)
{
    enum value_kind kind = value_detect(t), became;
    if (kind == VALUE_NONE)
        return false;
    buffer_clear(&r->w->normal);
    if (value_normalise(kind, t, &r->w->normal, &became, NULL) != OK || buffer_error(&r->w->normal) != OK)
        return false;
    give(r, WORD_VALUE, became, buffer_text(&r->w->normal));
    return true;
}

/* A value whose kind its text does not tell is looked up whole, and by its words. */
static void give_value(struct reading *r, struct text t)
{
    t = text_trim(t);
    if (t.len == 0 || give_detected(r, t))
        return;
    if (t.len <= WORDS_NAME_MAX)
        give(r, WORD_VALUE, VALUE_NONE, lower(r, t));
    give_words(r, t);
}

static void give_name(struct reading *r, struct text t)
{
    t = text_trim(t);
    if (t.len == 0)
        return;
    if (!memchr(t.ptr, ' ', t.len) && give_detected(r, t))
        return; /* many an indicator is named by its value */
    if (t.len <= WORDS_NAME_MAX)
        give(r, WORD_NAME, VALUE_NONE, lower(r, t));
    give_words(r, t);
}

static bool is_time(struct text t)
{
    return t.len >= 20 && t.len <= 40 && t.ptr[4] == '-' && t.ptr[7] == '-' && t.ptr[10] == 'T' &&
           t.ptr[t.len - 1] == 'Z';
}

/* A literal with its escapes taken off. Where there is one, the pattern was escaped in JSON, too, and lies in our own
 * memory: it is shortened in place. */
static struct text bare_literal(struct reading *r, struct text t)
{
    if (!t.len || !memchr(t.ptr, '\\', t.len) || !r->w->plain.len)
        return t;
    char *to = r->w->plain.ptr + (t.ptr - r->w->plain.ptr);
    size_t n = 0;
    for (size_t i = 0; i < t.len; i++) {
        i += t.ptr[i] == '\\' && i + 1 < t.len;
        to[n++] = t.ptr[i];
    }
    return (struct text){to, n};
}

/* STIX 2.1 section 9: literals are in single quotes, with \' and \\ inside; a quoted step of a path follows a dot.
 * The path before says whether a literal is an observable or a name. */
static void give_pattern(struct reading *r, struct text t)
{
    size_t path = 0;
    bool observable = false;
    for (size_t i = 0; i < t.len && !r->enough; i++) {
        if (t.ptr[i] != '\'')
            continue;
        struct text before = text_sub(t, path, i - path);
        size_t from = i + 1, end = from;
        while (end < t.len && t.ptr[end] != '\'')
            end += t.ptr[end] == '\\' ? 2 : 1;
        if (end > t.len)
            end = t.len;
        bool step = before.len && (before.ptr[before.len - 1] == '.' || before.ptr[before.len - 1] == '[');
        i = end;
        if (step)
            continue;
        if (text_find(before, ':', 0) >= 0)
            observable = text_find_text(before, TEXT("value")) >= 0 || text_find_text(before, TEXT("hashes")) >= 0;
        path = end + 1;
        struct text literal = bare_literal(r, text_sub(t, from, end - from));
        if (is_time(literal))
            continue;
        if (observable)
            give_value(r, literal);
        else
            give_name(r, literal);
    }
}

/* ---- JSON ---- */

static enum rule rule_of(struct text name, enum rule around)
{
    static const struct {
        struct text name;
        enum rule rule;
    } members[] = {
        {{"id", 2}, RULE_SKIP},
        {{"type", 4}, RULE_SKIP},
        {{"spec_version", 12}, RULE_SKIP},
        {{"pattern_type", 12}, RULE_SKIP},
        {{"lang", 4}, RULE_SKIP},
        {{"pattern_version", 15}, RULE_SKIP},
        {{"payload_bin", 11}, RULE_SKIP},
        {{"relationship_type", 17}, RULE_SKIP},
        {{"extension_type", 14}, RULE_SKIP},
        {{"selectors", 9}, RULE_SKIP},
        {{"value_kind", 10}, RULE_SKIP},
        {{"pattern", 7}, RULE_PATTERN},
        {{"hashes", 6}, RULE_HASHES},
        {{"name", 4}, RULE_NAME},
        {{"external_id", 11}, RULE_NAME},
        {{"key", 3}, RULE_NAME},
        {{"user_id", 7}, RULE_NAME},
        {{"account_login", 13}, RULE_NAME},
        {{"display_name", 12}, RULE_NAME},
        {{"serial_number", 13}, RULE_NAME},
        {{"value", 5}, RULE_VALUE},
        {{"values", 6}, RULE_VALUE},
        {{"organisation_name", 17}, RULE_NAME},
        {{"file_header_hashes", 18}, RULE_HASHES},
    };
    if (around == RULE_HASHES)
        return RULE_HASHES;
    if (text_ends(name, TEXT("_ref")) || text_ends(name, TEXT("_refs")))
        return RULE_SKIP;
    if (text_ends(name, TEXT("aliases")))
        return RULE_NAME;
    if (text_ends(name, TEXT("_value")))
        return RULE_VALUE;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].name.len == name.len && memcmp(members[i].name.ptr, name.ptr, name.len) == 0)
            return members[i].rule;
    return RULE_TEXT;
}

static char control_of(char c)
{
    return c == 'n' || c == 't' || c == 'r' || c == 'f' || c == 'b' ? ' ' : c;
}

/* RFC 8785 section 3.2.2.2: only quote, backslash and control characters are escaped. */
static struct text unescape(struct reading *r, struct text t)
{
    if (!t.len || !memchr(t.ptr, '\\', t.len))
        return t;
    buffer_clear(&r->w->plain);
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] != '\\' || i + 1 == t.len) {
            buffer_add_char(&r->w->plain, t.ptr[i]);
        } else if (t.ptr[++i] == 'u') {
            buffer_add_char(&r->w->plain, ' ');
            i += 4;
        } else {
            buffer_add_char(&r->w->plain, control_of(t.ptr[i]));
        }
    }
    r->enough = r->enough || buffer_error(&r->w->plain) != OK;
    return buffer_text(&r->w->plain);
}

static void give_string(struct reading *r, struct text escaped)
{
    enum rule rule = r->rule[r->depth];
    if (rule == RULE_SKIP || is_time(escaped))
        return;
    struct text t = unescape(r, escaped);
    if (r->enough)
        return;
    switch (rule) {
    case RULE_PATTERN: give_pattern(r, t); return;
    case RULE_VALUE:
    case RULE_HASHES: give_value(r, t); return;
    case RULE_NAME: give_name(r, t); return;
    default: give_words(r, t);
    }
}

/* The closing quote of the string that begins at `from`, or the end. */
static size_t string_end(struct text t, size_t from)
{
    for (;;) {
        const char *quote = from < t.len ? memchr(t.ptr + from, '"', t.len - from) : NULL;
        if (!quote)
            return t.len;
        size_t at = (size_t)(quote - t.ptr), back = at;
        while (back > from && t.ptr[back - 1] == '\\')
            back--;
        if ((at - back) % 2 == 0)
            return at;
        from = at + 1;
    }
}

static void enter(struct reading *r, bool object)
{
    enum rule around = r->rule[r->depth];
    if (r->depth == DEPTH_MAX) {
        r->enough = true;
        return;
    }
    /* An object inside a list of values or names is its own; hashes stay hashes. */
    r->rule[++r->depth] = object && around != RULE_HASHES && around != RULE_SKIP ? RULE_TEXT : around;
}

enum err words_of(struct words *w, struct text body, word_fn *fn, void *self)
{
    struct reading r = {.w = w, .fn = fn, .self = self};
    buffer_clear(&w->plain);
    buffer_clear(&w->normal);
    for (size_t i = 0; i < body.len && !r.enough; i++) {
        char c = body.ptr[i];
        if (c == '{' || c == '[')
            enter(&r, c == '{');
        else if ((c == '}' || c == ']') && r.depth)
            r.depth--;
        if (c != '"')
            continue;
        size_t end = string_end(body, i + 1);
        struct text t = text_sub(body, i + 1, end - i - 1);
        i = end;
        if (end + 1 < body.len && body.ptr[end + 1] == ':')
            r.rule[r.depth] = rule_of(t, r.depth ? r.rule[r.depth - 1] : RULE_TEXT);
        else
            give_string(&r, t);
    }
    enum err err = buffer_error(&w->plain);
    return err != OK ? err : buffer_error(&w->normal);
}

enum err words_of_text(struct words *w, struct text plain, word_fn *fn, void *self)
{
    struct reading r = {.w = w, .fn = fn, .self = self};
    buffer_clear(&w->normal);
    give_words(&r, plain);
    return buffer_error(&w->normal);
}
