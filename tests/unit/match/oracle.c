/* unit/match/oracle.c - the readings of a line, and the kinds that are found by looking for the value itself. */
#include "oracle.h"

#include <ctype.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match_set.h"
#include "oracle_parts.h"

#define DEPTH_MAX 4

void oracle_value_init(struct oracle_value *v, const char *raw)
{
    struct buffer b;
    struct text t;
    enum value_kind kind = match_kind(raw, &t);
    buffer_init(&b, sizeof v->text - 1);
    if (value_normalise(kind, t, &b, &v->kind, NULL) || buffer_error(&b)) {
        fprintf(stderr, "no value: %s\n", raw);
        abort();
    }
    snprintf(v->text, sizeof v->text, "%.*s", (int)b.len, b.ptr);
    buffer_done(&b);
}

/* ---- characters ---- */

bool is_hard(int c)
{
    return c <= ' ' || c == 127 || strchr("\"<>`", c) != NULL;
}

static bool is_plain(int c)
{
    return isalnum(c) || c == '.' || c == '-' || c == '_';
}

/* Punctuation and blanks beyond ASCII. */
static bool is_mark(unsigned long c)
{
    static const unsigned long ranges[][2] = {
        {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},     {0xD7, 0xD7},      {0xF7, 0xF7},
        {0x2000, 0x206F}, {0x2190, 0x2BFF}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030},  {0xFF01, 0xFF0F},
        {0xFF1A, 0xFF20}, {0xFF3B, 0xFF3D}, {0xFF5B, 0xFF65}, {0xFEFF, 0xFEFF}, {0x1F300, 0x1FAFF}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* Does a mark cover text[at]? */
static bool mark_at(const struct oracle_reading *r, size_t at)
{
    for (size_t back = 0; back < 4 && back <= at; back++)
        for (size_t n = 2; n <= 4 && at - back + n <= r->len; n++) {
            const unsigned char *p = (const unsigned char *)r->text + at - back;
            static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
            unsigned long c = p[0] ^ lead[n];
            for (size_t k = 1; k < n; k++)
                c = c << 6 | (p[k] & 63UL);
            if (back < n && c < 0x110000 && text_is_utf8((struct text){(const char *)p, n}) &&
                (p[0] & lead[n]) == lead[n] && (n == 4 || !(p[0] & (0x80 >> n))) && is_mark(c))
                return true;
        }
    return false;
}

/* Can the byte be part of a word: letters of any script, digits, dot, hyphen, underscore? */
bool is_run_at(const struct oracle_reading *r, size_t at)
{
    int c = (unsigned char)r->text[at];
    return c < 0x80 ? is_plain(c) : !mark_at(r, at);
}

bool is_word_at(const struct oracle_reading *r, size_t at)
{
    return is_run_at(r, at) && r->text[at] != '.' && r->text[at] != '-';
}

static int hex_value(const char *p, size_t n)
{
    char digits[8] = {0};
    for (size_t i = 0; i < n; i++) {
        if (!isxdigit((unsigned char)p[i]))
            return -1;
        digits[i] = p[i];
    }
    return (int)strtol(digits, NULL, 16);
}

/* The escape at text[at]: its length and the bytes it stands for. */
static size_t escape_at(const struct oracle_reading *r, size_t at, bool percent, char out[8], size_t *ret_len)
{
    const char *p = r->text + at;
    size_t left = r->len - at;
    int c;
    *ret_len = 1;
    if (percent) {
        if (left < 3 || p[0] != '%' || (c = hex_value(p + 1, 2)) < 0)
            return 0;
        out[0] = (char)c;
        return 3;
    }
    if (left >= 4 && p[0] == '#' && p[1] == '0' && p[2] >= '0' && p[2] <= '3' && p[3] >= '0' && p[3] <= '7') {
        out[0] = (char)((p[2] - '0') * 8 + p[3] - '0');
        return 4;
    }
    if (left < 2 || p[0] != '\\')
        return 0;
    static const char from[] = "\\/bfnrt", to[] = "\\/\b\f\n\r\t";
    if (p[1] && strchr(from, p[1])) {
        out[0] = to[strchr(from, p[1]) - from];
        return 2;
    }
    if (p[1] == 'x' && left >= 4 && (c = hex_value(p + 2, 2)) >= 0) {
        out[0] = (char)c;
        return 4;
    }
    if (p[1] != 'u' || left < 6 || (c = hex_value(p + 2, 4)) < 0)
        return 0;
    int low;
    if (c >= 0xD800 && c < 0xDC00 && left >= 12 && p[6] == '\\' && p[7] == 'u' &&
        (low = hex_value(p + 8, 4)) >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        *ret_len = (size_t)sprintf(out, "%c%c%c%c", 0xF0 | c >> 18, 0x80 | (c >> 12 & 63), 0x80 | (c >> 6 & 63),
                                   0x80 | (c & 63));
        return 12;
    }
    if (c < 0x80)
        out[0] = (char)c;
    else if (c < 0x800)
        *ret_len = (size_t)sprintf(out, "%c%c", 0xC0 | c >> 6, 0x80 | (c & 63));
    else
        *ret_len = (size_t)sprintf(out, "%c%c%c", 0xE0 | c >> 12, 0x80 | (c >> 6 & 63), 0x80 | (c & 63));
    return 6;
}

bool is_percent_before(const struct oracle_reading *r, size_t at)
{
    char out[8];
    size_t len;
    return at > 0 && escape_at(r, at - 1, true, out, &len) > 0;
}

/* Does an escape at text[at] stand for something that would belong to the word before it? */
bool is_continued(const struct oracle_reading *r, size_t at)
{
    struct oracle_reading one = {.len = 0};
    char out[8];
    if (at >= r->len || r->text[at] == '#')
        return false;
    while (at + 2 < r->len && memcmp(r->text + at, "\\\\", 2) == 0)
        at++;
    size_t twice = at; /* %25C3 is %C3 */
    while (r->text[at] == '%' && twice + 4 < r->len && memcmp(r->text + twice + 1, "25", 2) == 0 &&
           isxdigit((unsigned char)r->text[twice + 3]) && isxdigit((unsigned char)r->text[twice + 4]))
        twice += 2;
    if (twice > at) {
        unsigned byte;
        out[0] = sscanf(r->text + twice + 1, "%2x", &byte) == 1 ? (char)byte : ' ';
        one.text = out;
        one.len = 1;
        return (unsigned char)out[0] >= 0x80 || is_run_at(&one, 0);
    }
    size_t n = escape_at(r, at, r->text[at] == '%', out, &one.len);
    if (n < 3 && r->text[at] == '\\') /* \/ and the like */
        return false;
    one.text = out;
    bool byte =
        n == 3 || (n == 4 && r->text[at] == '\\'); /* one byte of a character is a letter as far as one knows */
    return n > 0 && (byte && (unsigned char)out[0] >= 0x80 ? true : is_run_at(&one, 0));
}

/* ---- readings ---- */

static struct oracle_reading *add_reading(struct oracle_line *l, size_t len)
{
    if (l->count == ORACLE_READINGS_MAX)
        return NULL;
    struct oracle_reading *r = &l->readings[l->count++];
    *r = (struct oracle_reading){.text = calloc(1, len * 4 + 8)};
    if (!r->text)
        abort();
    return r;
}

static bool has_escape(const struct oracle_reading *r, bool percent)
{
    char out[8];
    size_t len;
    for (size_t i = 0; i < r->len; i++)
        if (escape_at(r, i, percent, out, &len) > 0)
            return true;
    return false;
}

static void resolve(const struct oracle_reading *r, bool percent, struct oracle_reading *ret)
{
    for (size_t i = 0; i < r->len;) {
        char out[8] = {r->text[i]};
        size_t len = 1, n = escape_at(r, i, percent, out, &len);
        if (n == 0 && !percent && r->text[i] == '\\' && i + 1 == r->len)
            break; /* of the quotation mark behind the piece */
        memcpy(ret->text + ret->len, out, len);
        ret->len += len;
        i += n ? n : 1;
    }
}

static bool read_deeper(struct oracle_line *l, struct oracle_reading r, unsigned depth);
static bool read_xml_url(struct oracle_line *l, struct oracle_reading r, size_t colon, unsigned depth);

static bool read_piece(struct oracle_line *l, struct oracle_reading piece, unsigned depth)
{
    bool backslash = has_escape(&piece, false);
    if (!backslash && !has_escape(&piece, true))
        return true;
    struct oracle_reading *next = add_reading(l, piece.len);
    if (!next)
        return false;
    next->percent = piece.percent || !backslash;
    resolve(&piece, !backslash, next);
    return read_deeper(l, *next, depth + 1);
}

/* "http%3A%2F%2F...": resolved and read as one URL that stands alone. */
static bool read_escaped_url(struct oracle_line *l, struct oracle_reading r, size_t colon, unsigned depth)
{
    static const char *const plain = "://";
    size_t i = colon;
    bool escaped = false;
    for (size_t n = 0; n < 3; n++) {
        char out[8];
        size_t len, step = i < r.len ? escape_at(&r, i, true, out, &len) : 0;
        if (i >= r.len || (step ? out[0] : r.text[i]) != plain[n])
            return true;
        escaped |= step > 0;
        i += step ? step : 1;
    }
    size_t start = oracle_scheme_start(&r, colon), end = colon;
    if (!escaped || start == colon)
        return true;
    while (end < r.len && !is_hard((unsigned char)r.text[end]) && !strchr("&#;,|'(){}[]^\\", r.text[end]))
        end++;
    struct oracle_reading value = {.text = r.text + start, .len = end - start}, *lone = add_reading(l, end - start);
    if (!lone)
        return false;
    lone->lone_url = true;
    resolve(&value, true, lone);
    for (i = 0; i < lone->len; i++)
        if (lone->text[i] == ':')
            return read_xml_url(l, *lone, i, depth + 1);
    return true;
}

/* What XML's entity at text[at] stands for; its length, 0 for none. */
static size_t entity_at(const struct oracle_reading *r, size_t at, char *ret)
{
    static const char *const names[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
    char text[8] = {0};
    int n = 0;
    unsigned c;
    memcpy(text, r->text + at, r->len - at < 6 ? r->len - at : 6);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strncmp(text, names[i][0], strlen(names[i][0])) == 0) {
            *ret = names[i][1][0];
            return strlen(names[i][0]);
        }
    size_t digits = strspn(text + 2 * (text[0] == '&'), "0123456789");
    bool decimal = digits > 0 && digits < 4 && sscanf(text, "&#%3u;%n", &c, &n) == 1 && n > 0;
    bool hex = !decimal && strncasecmp(text, "&#x", 3) == 0 && isxdigit((unsigned char)text[3]) &&
               sscanf(text + 3, "%2x;%n", &c, &n) == 1 && n > 0;
    *ret = (char)c;
    return (decimal || hex) && c > 0 && c < 0x80 ? (size_t)n + (hex ? 3 : 0) : 0;
}

/* "http://…?a=1&amp;b=2": with XML's entities resolved, as one URL that stands alone. */
static bool read_xml_url(struct oracle_line *l, struct oracle_reading r, size_t colon, unsigned depth)
{
    size_t start, end = colon, len;
    char c;
    bool any = false;
    if (depth >= DEPTH_MAX || r.percent || colon + 3 > r.len || memcmp(r.text + colon, "://", 3) != 0 ||
        (start = oracle_scheme_start(&r, colon)) == colon || (r.lone_url && start != 0))
        return true;
    for (; end < r.len && !is_hard((unsigned char)r.text[end]); end++)
        any |= r.text[end] == '&' && entity_at(&r, end, &c);
    if (!any)
        return true;
    struct oracle_reading value = {.text = r.text + start, .len = end - start}, *lone = add_reading(l, end - start);
    if (!lone)
        return false;
    lone->lone_url = true;
    for (size_t i = 0; i < value.len; i += len) {
        len = value.text[i] == '&' ? entity_at(&value, i, &c) : 0;
        lone->text[lone->len++] = len ? c : value.text[i];
        len += len == 0;
    }
    return read_xml_url(l, *lone, colon - start, depth + 1);
}

static bool read_deeper(struct oracle_line *l, struct oracle_reading r, unsigned depth)
{
    for (size_t i = 0; i < r.len; i++)
        if (r.text[i] == ':' && !read_xml_url(l, r, i, depth))
            return false;
    if (depth >= DEPTH_MAX)
        return true;
    for (size_t i = 0; i < r.len; i++)
        if ((r.text[i] == ':' || r.text[i] == '%') && !read_escaped_url(l, r, i, depth))
            return false;
    for (size_t i = 0, start = 0; i <= r.len; i++)
        if (i == r.len || is_hard((unsigned char)r.text[i])) {
            struct oracle_reading piece = {.text = r.text + start, .len = i - start, .percent = r.percent};
            if (!read_piece(l, piece, depth))
                return false;
            start = i + 1;
        }
    return true;
}

bool oracle_line_init(struct oracle_line *l, struct text line)
{
    l->count = 0;
    struct oracle_reading *r = add_reading(l, line.len);
    memcpy(r->text, line.ptr, line.len);
    r->len = line.len;
    r->first = true;
    return read_deeper(l, *r, 0);
}

void oracle_line_done(struct oracle_line *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->readings[i].text);
    l->count = 0;
}

/* ---- kinds ---- */

/* The word around text[at]: letters, digits, dot, hyphen, underscore, cut at two dots. */
void segment_around(const struct oracle_reading *r, size_t at, size_t *ret_start, size_t *ret_end)
{
    size_t start = at, end = at;
    while (start > 0 && is_run_at(r, start - 1) &&
           !(start > 1 && r->text[start - 1] == '.' && r->text[start - 2] == '.'))
        start--;
    while (end < r->len && is_run_at(r, end) && !(end + 1 < r->len && r->text[end] == '.' && r->text[end + 1] == '.'))
        end++;
    *ret_start = start;
    *ret_end = end;
}

/* t is a name with labels of 1 to 63 bytes; ones in other scripts may be longer until they are encoded. */
bool is_name(const char *t, size_t len)
{
    bool high = false;
    size_t label = 0, dots = 0;
    for (size_t i = 0; i < len; i++)
        high |= (unsigned char)t[i] >= 0x80;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && t[i] != '.')
            continue;
        bool label_high = false;
        for (size_t k = label; k < i; k++)
            label_high |= (unsigned char)t[k] >= 0x80;
        if (i == label || (i - label > 63 && !label_high))
            return false;
        dots += i < len;
        label = i + 1;
    }
    return dots > 0 && dots <= 127 && (high || len <= 253);
}

/* The word at [start, end) in other letters is v or below it, once it is encoded. *ret_none: it cannot be. */
static bool hits_encoded(const struct oracle_reading *r, size_t start, size_t end, const char *v, bool *ret_none)
{
    char name[4096];
    uint8_t *ascii = NULL;
    *ret_none = true;
    if (end - start >= sizeof name || !text_is_utf8((struct text){r->text + start, end - start}) ||
        memchr(r->text + start, 0, end - start))
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(end - start), r->text + start);
    if (idn2_lookup_u8((uint8_t *)name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    size_t len = strlen((char *)ascii), n = strlen(v);
    *ret_none = !is_name((char *)ascii, len) ||
                strspn(strrchr((char *)ascii, '.') + 1, "0123456789") == strlen(strrchr((char *)ascii, '.') + 1);
    bool hit = !*ret_none && len >= n && strcasecmp((char *)ascii + len - n, v) == 0 &&
               (len == n || ascii[len - n - 1] == '.');
    idn2_free(ascii);
    return hit;
}

static bool has_high(const struct oracle_reading *r, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if ((unsigned char)r->text[i] >= 0x80)
            return true;
    return false;
}

/* Words in other letters, as they are encoded. */
static bool hits_idn(const struct oracle_reading *r, const char *v)
{
    for (size_t at = 0; at < r->len; at++) {
        size_t start, end;
        bool none;
        if (!is_run_at(r, at))
            continue;
        segment_around(r, at, &start, &end);
        size_t next = end;
        bool glued = is_continued(r, end);
        while (start < end && strchr(".-", r->text[start]))
            start++;
        while (end > start && strchr(".-", r->text[end - 1]))
            end--;
        if (!glued && memchr(r->text + start, '.', end - start) && has_high(r, start, end) &&
            hits_encoded(r, start, end, v, &none))
            return true;
        at = next > at ? next : at;
    }
    return false;
}

static bool hits_domain(const struct oracle_reading *r, const char *v)
{
    size_t n = strlen(v);
    for (size_t at = 0; at + n <= r->len; at++) {
        size_t start, end;
        if (strncasecmp(r->text + at, v, n) != 0)
            continue;
        segment_around(r, at, &start, &end);
        bool glued = is_continued(r, end);
        while (start < end && strchr(".-", r->text[start]))
            start++;
        while (end > start && strchr(".-", r->text[end - 1]))
            end--;
        if (!glued && at + n == end && at >= start && (at == start || r->text[at - 1] == '.') &&
            is_name(r->text + start, end - start))
            return true;
    }
    return false;
}

static bool hits_hash(const struct oracle_reading *r, const char *v)
{
    size_t n = strlen(v);
    for (size_t at = 0; at + n <= r->len; at++) {
        if (strncasecmp(r->text + at, v, n) != 0)
            continue;
        bool before = at > 0 && is_word_at(r, at - 1) && r->text[at - 1] != '_';
        bool after = at + n < r->len && is_word_at(r, at + n) && r->text[at + n] != '_';
        if (!before && !after && !is_percent_before(r, at) && !is_continued(r, at + n))
            return true;
    }
    return false;
}

static bool is_letter_at(const struct oracle_reading *r, size_t at)
{
    return at < r->len && is_word_at(r, at);
}

/* As written, from one end of a word to the other; a dot or a hyphen joins words. */
static bool hits_token(const struct oracle_reading *r, const char *v, bool exact)
{
    size_t n = strlen(v);
    for (size_t at = 0; at + n <= r->len; at++) {
        size_t end = at + n;
        bool glued = is_percent_before(r, at) || is_continued(r, end);
        if ((exact ? strncmp : strncasecmp)(r->text + at, v, n) != 0)
            continue;
        if (is_letter_at(r, at) && at > 0)
            glued |= is_letter_at(r, at - 1) || r->text[at - 1] == '.' ||
                     (r->text[at - 1] == '-' && at > 1 && is_letter_at(r, at - 2));
        if (is_letter_at(r, end - 1))
            glued |= is_letter_at(r, end) || (end < r->len && strchr(".-", r->text[end]) && is_letter_at(r, end + 1));
        if (!glued)
            return true;
    }
    return false;
}

static bool hits_asn(const struct oracle_reading *r, const char *v)
{
    char longer[32];
    snprintf(longer, sizeof longer, "ASN%s", v + 2);
    return hits_token(r, v, false) || hits_token(r, longer, false);
}

bool oracle_hits(const struct oracle_line *l, const struct oracle_value *v)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct oracle_reading *r = &l->readings[i];
        bool hit;
        switch (v->kind) {
        case VALUE_DOMAIN: hit = !r->lone_url && (hits_domain(r, v->text) || hits_idn(r, v->text)); break;
        case VALUE_URL: hit = oracle_hits_url(r, v->text); break;
        case VALUE_EMAIL: hit = !r->lone_url && oracle_hits_email(r, v->text); break;
        case VALUE_IPV4:
        case VALUE_IPV6:
        case VALUE_CIDR: hit = !r->lone_url && oracle_hits_address(r, v->text); break;
        case VALUE_ASN: hit = !r->lone_url && hits_asn(r, v->text); break;
        case VALUE_JA4:
        case VALUE_FILENAME: hit = !r->lone_url && hits_token(r, v->text, false); break;
        case VALUE_MUTEX: hit = !r->lone_url && hits_token(r, v->text, true); break;
        default: hit = !r->lone_url && hits_hash(r, v->text); break;
        }
        if (hit)
            return true;
    }
    return false;
}
