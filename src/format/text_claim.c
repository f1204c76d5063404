/* format/text_claim.c - prose, HTML or a mail's text, told by how it begins. What begins as data does is not claimed:
 * a table that some reader should have known is better refused with words than looked through for addresses. */
#include "format/text_claim.h"

#include <string.h>

#include "format/chars.h"
#include "format/text_html.h"

#define LOOK_BYTES  (4 * KIB)
#define WORDS_LEAST 4
#define TABLE_LINES 3

/* UTF-16 as bytes: its ASCII is enough to tell. */
static struct text narrowed(struct text head, char *out, size_t size)
{
    size_t n = 0, low = text_starts(head, TEXT("\xFF\xFE")) ? 0 : 1;
    for (size_t i = 2; i + 1 < head.len && n < size; i += 2)
        out[n++] = head.ptr[i + 1 - low] ? '?' : head.ptr[i + low];
    return (struct text){out, n};
}

/* The same number of separators on each of the first lines, two at least: a table of some program. */
static bool is_table(struct text t)
{
    static const char separators[] = {',', ';', '\t', '|'};
    for (size_t k = 0; k < sizeof separators; k++) {
        struct text rest = t, line;
        size_t first = 0, lines = 0;
        bool same = true;
        while (same && lines < TABLE_LINES && text_split(&rest, '\n', &line) && text_trim(line).len) {
            size_t n = 0;
            for (size_t i = 0; i < line.len; i++)
                n += line.ptr[i] == separators[k];
            first = lines ? first : n;
            same = n == first;
            lines++;
        }
        if (same && first >= 2 && lines >= 2 && separators[k] != '|')
            return true;
    }
    return false;
}

static size_t words_of(struct text t)
{
    size_t words = 0, letters = 0;
    for (size_t i = 0; i <= t.len; i++) {
        const char c = i < t.len ? t.ptr[i] : ' ';
        if (char_is_alpha(c) || (c & 0x80)) {
            letters++;
            continue;
        }
        words += letters > 1 && (c == ' ' || c == '\n' || c == ',' || c == '.' || c == '\r' || c == ':');
        letters = 0;
    }
    return words;
}

/* A short text in which nothing could be a value is more probably the wrong file. */
static bool could_hold_value(struct text t)
{
    size_t hex = 0;
    for (size_t i = 0; i < t.len; i++) {
        const char c = t.ptr[i], after = i + 1 < t.len ? t.ptr[i + 1] : ' ';
        hex = char_is_hex(c) ? hex + 1 : 0;
        if (hex >= 32 || c == '@' || c == '[' || (c == ':' && (after == '/' || after == ':')) ||
            ((c == '.' || (c & 0x80)) && i && char_is_alnum(t.ptr[i - 1]) && after != ' ' && after != '\n'))
            return true;
    }
    return false;
}

enum format_claim text_claim(const struct format_head *h)
{
    char narrow[LOOK_BYTES];
    struct text t = h->bytes;
    if (t.len < LOOK_BYTES && !h->whole)
        return FORMAT_MORE;
    if (!text_decodable(text_sub(t, 0, LOOK_BYTES)))
        return FORMAT_NO;
    if (text_starts(t, TEXT("\xFF\xFE")) || text_starts(t, TEXT("\xFE\xFF")))
        t = narrowed(t, narrow, sizeof narrow);
    else if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    const bool all_seen = h->whole && t.len <= LOOK_BYTES;
    t = text_trim(text_sub(t, 0, LOOK_BYTES));
    if (all_seen && !could_hold_value(t))
        return FORMAT_NO;
    if (t.len == 0 || t.ptr[0] == '{' || text_starts(t, TEXT("<?xml")) || text_starts(t, TEXT("[{")))
        return FORMAT_NO;
    if (html_looks_so(t))
        return FORMAT_MAYBE;
    return words_of(t) >= WORDS_LEAST && !is_table(t) ? FORMAT_MAYBE : FORMAT_NO;
}
