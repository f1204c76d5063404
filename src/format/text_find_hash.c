/* format/text_find_hash.c - hashes, also those that a narrow column or the end of a page has broken. */
#include <string.h>

#include "format/chars.h"
#include "format/text_find.h"

#define HASH_DIGITS_MAX 128
#define HASH_PARTS_MAX  10
#define PART_LEAST      8 /* digits of a first part: less is a number */
#define PAGE_LINES_MAX  8 /* between the halves: the foot of one page and the head of the next */
#define PAGE_LINE_BYTES 120

static bool is_length(size_t n)
{
    return n == 32 || n == 40 || n == 64 || n == 128;
}

static size_t hex_end(const struct refanged *t, size_t i)
{
    size_t from = i;
    while (i < from + HASH_DIGITS_MAX + 1 && char_is_hex(find_byte(t, i)))
        i++;
    return i;
}

/* What the words before say: "SHA-256:" wants 64; 0: nothing. */
static size_t wanted(const struct refanged *t, size_t i)
{
    static const struct {
        struct text word;
        size_t digits;
    } words[] = {{{"512", 3}, 128}, {{"256", 3}, 64}, {{"md5", 3}, 32}, {{"sha1", 4}, 40}, {{"sha-1", 5}, 40}};
    size_t from = i > 24 ? i - 24 : 0;
    for (size_t at = i; at > from; at--)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (at >= words[k].word.len + from &&
                text_eq_nocase(refanged_text(t, at - words[k].word.len, at), words[k].word))
                return words[k].digits;
    return 0;
}

static size_t line_end(const struct refanged *t, size_t i)
{
    while (find_byte(t, i) && find_byte(t, i) != '\n')
        i++;
    return i;
}

/* The next line, or behind the foot and head of pages a later one, that begins with digits and nothing else. */
static size_t next_part(const struct refanged *t, size_t end, size_t *ret_upto)
{
    size_t i = find_byte(t, end) == '-' ? end + 1 : end;
    bool apart = false;
    size_t next = find_next_line(t, i);
    for (int line = 0; next != i && line < PAGE_LINES_MAX; line++) {
        size_t upto = hex_end(t, next);
        char after = find_byte(t, upto);
        if (upto > next && !char_is_alnum(after) && after != '.' && (line == 0 || apart)) {
            *ret_upto = upto;
            return next;
        }
        size_t over = line_end(t, next);
        if (over - next > PAGE_LINE_BYTES)
            return 0;
        apart = apart || memmem(t->bytes + next, over - next, "age ", 4) || find_byte(t, over + 1) == '\n' ||
                over == next;
        i = over;
        next = find_next_line(t, i);
    }
    return 0;
}

/* The two halves in one cell of a table, and what they are in the next: "... | sha256". */
static size_t wanted_behind(const struct refanged *t, size_t end, size_t len)
{
    size_t upto = 0, next = next_part(t, end, &upto);
    if (next == 0 || upto - next != len)
        return 0;
    for (size_t at = upto; at < upto + 24 && find_byte(t, at) != '\n'; at++)
        if (text_eq(text_sub((struct text){t->bytes, t->len}, at, 3), len == 32 ? TEXT("256") : TEXT("512")))
            return 2 * len;
    return 0;
}

struct parts {
    struct {
        size_t from, upto;
    } list[HASH_PARTS_MAX];
    size_t count;
};

static void collect(const struct refanged *t, size_t i, size_t end, struct parts *p)
{
    size_t total = end - i;
    p->list[0].from = i;
    p->list[0].upto = end;
    p->count = 1;
    while (p->count < HASH_PARTS_MAX && total < HASH_DIGITS_MAX) {
        size_t upto = 0, last = p->list[p->count - 1].upto, next = next_part(t, last, &upto);
        if (next == 0 || next - i > FIND_AHEAD_MAX || total + (upto - next) > HASH_DIGITS_MAX)
            return;
        total += upto - next;
        p->list[p->count].from = next;
        p->list[p->count++].upto = upto;
    }
}

/* How many parts make the hash; 0: none do. */
static size_t parts_of(const struct parts *p, size_t want)
{
    size_t total = 0, first = 0;
    for (size_t k = 0; k < p->count; k++) {
        total += p->list[k].upto - p->list[k].from;
        if (want ? total == want : is_length(total) && k > 0) {
            bool last = k + 1 == p->count;
            bool shorter = p->list[k].upto - p->list[k].from < p->list[0].upto - p->list[0].from;
            if (want || last || shorter)
                return k + 1;
            first = first ? first : k + 1;
        }
    }
    return first;
}

size_t find_hash(const struct refanged *t, size_t i, struct buffer *raw)
{
    size_t end = hex_end(t, i), len = end - i, want;
    const char after = find_byte(t, end);
    if (len < PART_LEAST || char_is_alnum(after) || after == '_' || (after & 0x80))
        return i;
    want = wanted(t, i);
    if (want == 0 && (len == 32 || len == 64))
        want = wanted_behind(t, end, len);
    if (is_length(len) && (want == 0 || want <= len)) {
        buffer_add(raw, refanged_text(t, i, end));
        return end;
    }
    struct parts p = {.count = 0};
    collect(t, i, end, &p);
    size_t count = parts_of(&p, want);
    if (count == 0 && is_length(len)) {
        buffer_add(raw, refanged_text(t, i, end));
        return end;
    }
    for (size_t k = 0; k < count; k++)
        buffer_add(raw, refanged_text(t, p.list[k].from, p.list[k].upto));
    return count ? p.list[count - 1].upto : i;
}
