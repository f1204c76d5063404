/* format/refang.c - see refang.h. One pass: each rule looks at the bytes ahead and at what was put out before, and a
 * bounded number of both. A rule that is not sure leaves the byte as it is. */
#include "format/refang.h"

#include <stdlib.h>
#include <string.h>

#include "format/chars.h"
#include "format/text_words.h"
#include "format/tld.h"

#define LOOK_AHEAD 96 /* bytes looked at to tell whether "dot" and "at" stand for what they say */

enum err refanged_init(struct refanged *r, size_t cap)
{
    *r = (struct refanged){.cap = cap};
    r->bytes = malloc(cap + 1);
    r->from = malloc((cap + 1) * sizeof *r->from);
    r->flags = malloc(cap + 1);
    return r->bytes && r->from && r->flags ? OK : ERR_NOMEM;
}

void refanged_done(struct refanged *r)
{
    free(r->bytes);
    free(r->from);
    free(r->flags);
    *r = (struct refanged){.cap = 0};
}

bool refanged_undone(const struct refanged *r, size_t from, size_t upto)
{
    for (size_t i = from; i < upto; i++)
        if (r->flags[i] & REFANG_UNDONE)
            return true;
    return false;
}

struct work {
    struct refanged *r;
    struct text t;
    const uint8_t *flags;
    size_t i; /* the byte of t at hand */
};

static char ahead(const struct work *w, size_t n)
{
    return w->i + n < w->t.len ? w->t.ptr[w->i + n] : '\0';
}

/* What was put out last, n bytes back (0: the last). */
static char behind(const struct work *w, size_t n)
{
    return n < w->r->len ? w->r->bytes[w->r->len - 1 - n] : '\0';
}

static void put(struct work *w, char c, uint8_t flag)
{
    struct refanged *r = w->r;
    if (r->len == r->cap)
        return;
    r->bytes[r->len] = c;
    r->from[r->len] = (uint32_t)w->i;
    r->flags[r->len++] = (uint8_t)(flag | (w->flags ? w->flags[w->i] : 0));
}

/* Puts out what `n` bytes stand for. */
static bool undo(struct work *w, size_t n, struct text plain)
{
    for (size_t k = 0; k < plain.len; k++)
        put(w, plain.ptr[k], REFANG_UNDONE);
    w->i += n;
    return true;
}

static bool said(const struct work *w, size_t at, struct text word)
{
    return w->i + at <= w->t.len && text_eq_nocase(text_sub(w->t, w->i + at, word.len), word);
}

/* ---- brackets ---- */

enum needs { NEEDS_LABELS, NEEDS_LOCAL, NEEDS_URL, NEEDS_SCHEME };
static const struct bracketed {
    struct text inside, plain;
    enum needs needs;
    bool square; /* in square brackets only */
} bracketed[] = {
    {{"://", 3}, {"://", 3}, NEEDS_URL, false},   {{":/", 2}, {":/", 2}, NEEDS_URL, true},
    {{"//", 2}, {"//", 2}, NEEDS_URL, true},      {{":", 1}, {":", 1}, NEEDS_URL, false},
    {{".", 1}, {".", 1}, NEEDS_LABELS, false},    {{"dot", 3}, {".", 1}, NEEDS_LABELS, false},
    {{"d0t", 3}, {".", 1}, NEEDS_LABELS, true},   {{"punkt", 5}, {".", 1}, NEEDS_LABELS, true},
    {{"punto", 5}, {".", 1}, NEEDS_LABELS, true}, {{"point", 5}, {".", 1}, NEEDS_LABELS, true},
    {{",", 1}, {".", 1}, NEEDS_LABELS, true},     {{"@", 1}, {"@", 1}, NEEDS_LOCAL, false},
    {{"at", 2}, {"@", 1}, NEEDS_LOCAL, false},    {{"/", 1}, {"/", 1}, NEEDS_LABELS, true},
    {{"-", 1}, {"-", 1}, NEEDS_LABELS, true},     {{"_", 1}, {"_", 1}, NEEDS_LABELS, true},
    {{"s", 1}, {"s", 1}, NEEDS_SCHEME, false},
};

static bool is_close(char c)
{
    return c == ']' || c == ')' || c == '}' || c == '>';
}

/* "http" or "https" was put out last, a word of its own. */
static bool after_scheme(const struct work *w)
{
    size_t n = 0;
    char word[8];
    while (n < sizeof word && char_is_alpha(behind(w, n))) {
        word[sizeof word - 1 - n] = char_lower(behind(w, n));
        n++;
    }
    struct text t = {word + sizeof word - n, n};
    return text_eq(t, TEXT("http")) || text_eq(t, TEXT("https")) || text_eq(t, TEXT("ftp")) ||
           text_eq(t, TEXT("ftps")) || text_eq(t, TEXT("sftp")) || text_eq(t, TEXT("tcp")) ||
           text_eq(t, TEXT("ws")) || text_eq(t, TEXT("wss"));
}

/* Does what stands before and behind fit? `n` is where the bytes behind begin. */
static bool fits(const struct work *w, enum needs needs, char before, size_t n)
{
    char after = char_is_blank(ahead(w, n)) ? ahead(w, n + 1) : ahead(w, n);
    bool word = char_is_alnum(after) || (after & 0x80) || after == '[' || after == '\n';
    switch (needs) {
    case NEEDS_LABELS: return (char_is_label(before) || (before & 0x80) || before == '/' || before == '.') && word;
    case NEEDS_LOCAL: return (char_is_label(before) || before == '+' || before == '.') && word;
    case NEEDS_URL:
        return (char_is_alnum(before) || before == ':') && (word || after == '/' || after == ':' || after == '\\');
    case NEEDS_SCHEME: return after_scheme(w);
    }
    return false;
}

/* Blanks on both sides of what is undone are no part of the value. */
static void drop_blank(struct work *w)
{
    if (char_is_blank(behind(w, 0)))
        w->r->len--;
}

static bool undo_bracket(struct work *w)
{
    const char open = ahead(w, 0);
    size_t n = char_is_blank(ahead(w, 1)) ? 2 : 1;
    const char before = char_is_blank(behind(w, 0)) ? behind(w, 1) : behind(w, 0);
    for (size_t k = 0; k < ARRAY_LEN(bracketed); k++) {
        const struct bracketed *b = &bracketed[k];
        size_t end = n + b->inside.len;
        if (!said(w, n, b->inside))
            continue;
        end += char_is_blank(ahead(w, end));
        if (!is_close(ahead(w, end)) || (b->square && open != '[') || !fits(w, b->needs, before, end + 1))
            continue;
        if (b->needs != NEEDS_SCHEME)
            drop_blank(w);
        end += 1 + (b->needs != NEEDS_SCHEME && char_is_blank(ahead(w, end + 1)));
        return undo(w, end, b->plain);
    }
    /* "evil[.example", "hxxp[://evil" */
    if (open == '[' && ahead(w, 1) == '.' && char_is_label(behind(w, 0)) && char_is_alnum(ahead(w, 2)))
        return undo(w, 2, TEXT("."));
    if (open == '[' && said(w, 1, TEXT("://")) && after_scheme(w))
        return undo(w, 4, TEXT("://"));
    return false;
}

/* "evil.]example" */
static bool undo_half(struct work *w)
{
    if (ahead(w, 1) != ']' || !char_is_label(behind(w, 0)) || !char_is_alnum(ahead(w, 2)))
        return false;
    return undo(w, 2, TEXT("."));
}

/* ---- back slashes: "evil\.example" of regular expressions, "\/" of JSON, "\_" of Markdown, "hxxp:\\" ---- */

static bool undo_backslash(struct work *w)
{
    size_t n = 1;
    while (n < 4 && ahead(w, n) == '\\')
        n++;
    if (n == 2 && behind(w, 0) == ':') {
        w->r->len--;
        bool scheme = after_scheme(w);
        w->r->len++;
        if (scheme)
            return undo(w, 2, TEXT("//"));
    }
    if (ahead(w, n) == '.' && char_is_label(behind(w, 0)) && char_is_alnum(ahead(w, n + 1)))
        return undo(w, n + 1, TEXT("."));
    if (n == 1 && (ahead(w, 1) == '/' || ahead(w, 1) == '_') && behind(w, 0)) {
        w->i++; /* the next byte is as it is */
        return true;
    }
    return false;
}

/* ---- schemes ---- */

static bool is_veil(char c)
{
    c = char_lower(c);
    return c == 't' || c == 'x' || c == '*' || c == 'z' || c == '#' || c == '_';
}

/* What comes behind a scheme, blanks left out of account. */
static bool scheme_ends(const struct work *w, size_t n)
{
    n += char_is_blank(ahead(w, n));
    char c = ahead(w, n);
    if (c == '[' || c == '(' || c == '{')
        c = ahead(w, n + 1);
    return c == ':' || (c == '/' && ahead(w, n + 1) == '/');
}

static bool undo_scheme(struct work *w)
{
    const char c = char_lower(ahead(w, 0));
    if (char_is_alnum(behind(w, 0)))
        return false;
    if (c == 'h' && is_veil(ahead(w, 1)) && is_veil(ahead(w, 2)) && char_lower(ahead(w, 3)) == 'p') {
        const bool plain = said(w, 1, TEXT("tt"));
        const bool bracketed_s = (ahead(w, 4) == '[' || ahead(w, 4) == '(') && char_lower(ahead(w, 5)) == 's';
        size_t n = char_lower(ahead(w, 4)) == 's' ? 5 : bracketed_s ? 7 : 4;
        if (plain || !scheme_ends(w, n))
            return false;
        return undo(w, 4, TEXT("http"));
    }
    if (said(w, 0, TEXT("meow")) && scheme_ends(w, 4))
        return undo(w, 4, TEXT("http"));
    if (said(w, 0, TEXT("fxp")) && scheme_ends(w, 3))
        return undo(w, 3, TEXT("ftp"));
    return false;
}

/* ---- blanks: "http:// evil", "http ://", "evil dot example", "user at example dot org" ---- */

static bool host_comes(const struct work *w, size_t n)
{
    bool dot = false;
    size_t from = n;
    for (; n < from + LOOK_AHEAD; n++) {
        char c = ahead(w, n);
        dot = dot || c == '.' || c == '[';
        if (!char_is_host(c) && c != '[' && c != ']' && c != '(' && c != ')')
            break;
    }
    return dot && n > from + 3;
}

static bool undo_url_blank(struct work *w)
{
    size_t n = char_is_blank(ahead(w, 1)) ? 2 : 1;
    if (behind(w, 0) == '/' && behind(w, 1) == '/' && behind(w, 2) == ':' && char_is_alpha(behind(w, 3))) {
        if (!char_is_alnum(ahead(w, n)) || !host_comes(w, n))
            return false;
    } else if (behind(w, 0) == ':' && char_is_alpha(behind(w, 1))) {
        w->r->len--;
        bool scheme = after_scheme(w);
        w->r->len++;
        if (!scheme || !said(w, n, TEXT("//")))
            return false;
    } else if (!after_scheme(w) || !said(w, n, TEXT("://"))) {
        return false;
    }
    w->r->flags[w->r->len - 1] |= REFANG_UNDONE;
    w->i += n;
    return true;
}

/* Length of the labels from n on; *ret_last begins the last. */
static size_t word_ends(const struct work *w, size_t n)
{
    size_t from = n;
    while (n < from + LOOK_AHEAD && char_is_label(ahead(w, n)))
        n++;
    return n;
}

/* A dot in some disguise stands at n; *ret_n: behind it. */
static bool veiled_dot(const struct work *w, size_t n, size_t *ret_n)
{
    static const char *const forms[] = {" dot ", "[.]",     "(.)",     "{.}",   "[dot]", "(dot)",
                                        "{dot}", " [dot] ", " (dot) ", " [.] ", " (.) ", " DOT "};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (said(w, n, text_of(forms[i]))) {
            *ret_n = n + strlen(forms[i]);
            return true;
        }
    return false;
}

/* The labels behind a " dot " end in a top-level domain; *ret_dots counts the dots between them. */
static bool ends_as_name(const struct work *w, size_t n, size_t *ret_dots, size_t *ret_end)
{
    *ret_dots = 0;
    for (;;) {
        size_t end = word_ends(w, n), next;
        if (end == n)
            return false;
        bool plain = ahead(w, end) == '.' && char_is_alnum(ahead(w, end + 1));
        if (!plain && !veiled_dot(w, end, &next)) {
            struct text last = text_sub(w->t, w->i + n, end - n);
            *ret_end = end;
            return !char_is_alnum(ahead(w, end)) && (tld_known(last) || tld_reserved(last));
        }
        n = plain ? end + 1 : next;
        if (++*ret_dots > 8)
            return false;
    }
}

static bool line_begins(char c)
{
    return c == '\0' || c == '\n' || c == '|' || c == '*' || c == '>' || c == ':' || c == '"' || c == '`';
}

/* The word before: is it a label that no sentence has, or does the value stand alone? "the dot com bubble" is none.
 */
static bool label_is_sure(const struct work *w, size_t end)
{
    size_t n = 0;
    bool odd = false, dotted = false;
    while (n < LOOK_AHEAD && (char_is_host(behind(w, n)) || behind(w, n) == '@')) {
        odd = odd || char_is_digit(behind(w, n)) || behind(w, n) == '-';
        dotted = dotted || behind(w, n) == '.' || behind(w, n) == '@';
        n++;
    }
    size_t blanks = n;
    while (char_is_blank(behind(w, blanks)))
        blanks++;
    char after = ahead(w, end);
    bool alone = line_begins(behind(w, blanks)) && (after == '\0' || after == '\n' || after == '|' || after == ',');
    return odd || dotted || alone;
}

/* The local part before " at ": "hosted at evil[.]example" tells a place, "john.doe at evil[.]example" an address.
 * How it is written, what stands before it, or that it stands alone on its line must say so. */
static bool local_is_sure(const struct work *w, size_t end, bool spoken)
{
    const char *out = w->r->bytes;
    size_t upto = w->r->len, from = upto;
    while (from > 0 && upto - from < LOOK_AHEAD && (char_is_host(out[from - 1]) || out[from - 1] == '+'))
        from--;
    const struct text local = {out + from, upto - from};
    const char *dot = local.len ? memrchr(local.ptr, '.', local.len) : NULL;
    const struct text ending = dot ? text_sub(local, (size_t)(dot + 1 - local.ptr), local.len) : TEXT_NONE;
    bool letter = false, odd = false;
    for (size_t i = 0; i < local.len; i++) {
        letter = letter || char_is_alpha(local.ptr[i]);
        odd = odd || (local.ptr[i] != '-' && !char_is_alpha(local.ptr[i]));
    }
    if (!letter || words_have(&WORDS_PLACED, local) || words_have(&ENDINGS_ONLY, ending))
        return false;
    size_t mark = from;
    while (mark > 0 && from - mark < LOOK_AHEAD && strchr(" \t\"'`<(:*", out[mark - 1]))
        mark--;
    size_t word = mark;
    while (word > 0 && mark - word < LOOK_AHEAD && char_is_label(out[word - 1]))
        word--;
    const char after = ahead(w, end);
    const bool alone =
        (mark == 0 || out[mark - 1] == '\n' || out[mark - 1] == '|') && (!after || strchr("\n|,;", after));
    return spoken || odd || alone || words_have(&WORDS_WRITER, (struct text){out + word, mark - word});
}

static bool undo_word(struct work *w)
{
    size_t dots, end;
    if (said(w, 0, TEXT(" dot ")) && char_is_label(behind(w, 0)) && char_is_alnum(ahead(w, 5))) {
        if (!ends_as_name(w, 5, &dots, &end) || (dots == 0 && !label_is_sure(w, end)))
            return false;
        return undo(w, 5, TEXT("."));
    }
    if (said(w, 0, TEXT(" at ")) && char_is_label(behind(w, 0)) && char_is_alnum(ahead(w, 4))) {
        size_t label = word_ends(w, 4), next;
        if (!veiled_dot(w, label, &next) || !ends_as_name(w, 4, &dots, &end) || dots == 0 ||
            !local_is_sure(w, end, said(w, label, TEXT(" dot "))))
            return false;
        return undo(w, 4, TEXT("@"));
    }
    return false;
}

/* ---- all of them ---- */

static bool undo_here(struct work *w)
{
    switch (ahead(w, 0)) {
    case '[':
    case '(':
    case '{':
    case '<': return undo_bracket(w);
    case '.': return undo_half(w);
    case '\\': return undo_backslash(w);
    case ' ':
    case '\t': return undo_url_blank(w) || undo_word(w);
    case 'h':
    case 'H':
    case 'm':
    case 'M':
    case 'f':
    case 'F': return undo_scheme(w);
    default: return false;
    }
}

void refang(struct refanged *r, struct text t, const uint8_t *flags)
{
    struct work w = {.r = r, .t = t, .flags = flags};
    r->len = 0;
    while (w.i < t.len) {
        if (undo_here(&w))
            continue;
        put(&w, t.ptr[w.i], 0);
        w.i++;
    }
}
