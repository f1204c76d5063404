/* format/text_chars.c - see text_chars.h. */
#include "format/text_chars.h"

#include <string.h>

#include "base/limits.h"

#define REPLACEMENT 0xFFFD

enum err text_decoder_init(struct text_decoder *d, struct feed_from from, struct text head)
{
    *d = (struct text_decoder){.line = 1, .column = 1};
    feed_init_from(&d->feed, from);
    return feed_push(&d->feed, head);
}

void text_decoder_done(struct text_decoder *d)
{
    feed_done(&d->feed);
}

/* At least n bytes are there, unless the document ends. */
static bool has(struct feed *f, size_t n)
{
    while (f->end - f->pos < n)
        if (!feed_more(f))
            return false;
    return true;
}

static void begin(struct text_decoder *d)
{
    struct feed *f = &d->feed;
    d->begun = true;
    (void)has(f, 3);
    struct text t = {f->ptr + f->pos, f->end - f->pos};
    size_t mark = 0;
    if (text_starts(t, TEXT("\xEF\xBB\xBF"))) {
        mark = 3;
    } else if (text_starts(t, TEXT("\xFF\xFE"))) {
        d->encoding = TEXT_UTF16_LE;
        mark = 2;
    } else if (text_starts(t, TEXT("\xFE\xFF"))) {
        d->encoding = TEXT_UTF16_BE;
        mark = 2;
    }
    f->pos += mark;
}

/* Windows-1252, 0x80 to 0x9F; what is not given there stands for itself. */
static uint32_t of_1252(unsigned char c)
{
    static const uint16_t high[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                      0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    return c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c;
}

static uint32_t take_utf8(struct feed *f)
{
    const unsigned char c = (unsigned char)f->ptr[f->pos];
    size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (n == 1) {
        f->pos++;
        return c;
    }
    if (n > 1 && has(f, n) && text_is_utf8((struct text){f->ptr + f->pos, n})) {
        static const unsigned char first[5] = {0, 0, 0x1F, 0x0F, 0x07};
        uint32_t code = c & first[n];
        for (size_t i = 1; i < n; i++)
            code = code << 6 | ((unsigned char)f->ptr[f->pos + i] & 0x3F);
        f->pos += n;
        return code;
    }
    f->pos++;
    return of_1252(c);
}

static uint32_t unit(const struct text_decoder *d, size_t n)
{
    const unsigned char *p = (const unsigned char *)d->feed.ptr + d->feed.pos + n;
    return d->encoding == TEXT_UTF16_LE ? (uint32_t)p[0] | (uint32_t)p[1] << 8 : (uint32_t)p[1] | (uint32_t)p[0] << 8;
}

static uint32_t take_utf16(struct text_decoder *d)
{
    struct feed *f = &d->feed;
    if (!has(f, 2)) {
        f->pos = f->end;
        return REPLACEMENT;
    }
    uint32_t high = unit(d, 0);
    f->pos += 2;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || !has(f, 2) || unit(d, 0) < 0xDC00 || unit(d, 0) > 0xDFFF)
        return REPLACEMENT;
    uint32_t low = unit(d, 0);
    f->pos += 2;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

bool text_decoder_next(struct text_decoder *d, struct text_char *ret)
{
    if (!d->begun)
        begin(d);
    if (feed_peek(&d->feed) < 0)
        return false;
    if (d->broke) {
        d->line++;
        d->column = 1;
    }
    *ret = (struct text_char){.at = feed_offset(&d->feed), .line = d->line, .column = d->column};
    ret->code = d->encoding == TEXT_UTF8 ? take_utf8(&d->feed) : take_utf16(d);
    d->column++;
    d->broke = ret->code == '\n';
    return d->feed.err == OK;
}

bool text_decodable(struct text head)
{
    if (text_starts(head, TEXT("\xFF\xFE")) || text_starts(head, TEXT("\xFE\xFF")))
        return true;
    size_t control = 0;
    for (size_t i = 0; i < head.len; i++) {
        unsigned char c = (unsigned char)head.ptr[i];
        if (c == 0)
            return false;
        control += c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != 0x1B;
    }
    return control * 100 <= head.len;
}

/* ---- what a character stands for ---- */

struct fold {
    uint32_t from, upto;
    char to[TEXT_FOLDED_MAX]; /* NUL: nothing */
    uint8_t flags;
};
static const struct fold folds[] = {
    {0x0000, 0x0008, " ", 0},
    {0x000B, 0x000C, "\n", 0}, /* a page ends */
    {0x000D, 0x001F, " ", 0},
    {0x007F, 0x0084, " ", 0},
    {0x0085, 0x0085, "\n", 0},
    {0x0086, 0x00A0, " ", 0},
    {0x00AB, 0x00AB, "\"", 0},
    {0x00AD, 0x00AD, "", 0}, /* a soft hyphen */
    {0x00BB, 0x00BB, "\"", 0},
    {0x034F, 0x034F, "", TEXT_UNDONE},
    {0x061C, 0x061C, "", 0},
    {0x180E, 0x180E, "", TEXT_UNDONE},
    {0x2000, 0x200A, " ", 0},
    {0x200B, 0x200F, "", TEXT_UNDONE}, /* no width */
    {0x2010, 0x2011, "-", 0},
    {0x2012, 0x2015, " ", 0}, /* a dash stands between, not in */
    {0x2018, 0x201B, "'", 0},
    {0x201C, 0x201F, "\"", 0},
    {0x2022, 0x2023, "*", 0},
    {0x2024, 0x2024, ".", TEXT_UNDONE},
    {0x2026, 0x2026, "...", 0},
    {0x2028, 0x2029, "\n", 0},
    {0x202A, 0x202E, "", 0},
    {0x202F, 0x202F, " ", 0},
    {0x2039, 0x203A, "\"", 0},
    {0x2044, 0x2044, "/", TEXT_UNDONE},
    {0x205F, 0x205F, " ", 0},
    {0x2060, 0x2064, "", TEXT_UNDONE},
    {0x2066, 0x206F, "", 0},
    {0x2212, 0x2212, " ", 0},
    {0x2215, 0x2215, "/", TEXT_UNDONE},
    {0x2236, 0x2236, ":", TEXT_UNDONE},
    {0x25CF, 0x25CF, "*", 0},
    {0x27E6, 0x27E6, "[", 0},
    {0x27E7, 0x27E7, "]", 0},
    {0x3000, 0x3000, " ", 0},
    {0x3002, 0x3002, ".", TEXT_UNDONE},
    {0x300C, 0x300F, "\"", 0},
    {0x3010, 0x3010, "[", 0},
    {0x3011, 0x3011, "]", 0},
    {0xFB00, 0xFB00, "ff", 0},
    {0xFB01, 0xFB01, "fi", 0},
    {0xFB02, 0xFB02, "fl", 0},
    {0xFB03, 0xFB03, "ffi", 0},
    {0xFB04, 0xFB04, "ffl", 0},
    {0xFB05, 0xFB06, "st", 0},
    {0xFE13, 0xFE13, ":", TEXT_UNDONE},
    {0xFE52, 0xFE52, ".", TEXT_UNDONE},
    {0xFE55, 0xFE55, ":", TEXT_UNDONE},
    {0xFE6B, 0xFE6B, "@", TEXT_UNDONE},
    {0xFEFF, 0xFEFF, "", TEXT_UNDONE},
    {0xFF61, 0xFF61, ".", TEXT_UNDONE},
};

static const struct fold *fold_of(uint32_t code)
{
    size_t low = 0, high = ARRAY_LEN(folds);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (code > folds[mid].upto)
            low = mid + 1;
        else
            high = mid;
    }
    return low < ARRAY_LEN(folds) && code >= folds[low].from ? &folds[low] : NULL;
}

static size_t as_utf8(uint32_t c, char out[TEXT_FOLDED_MAX])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t text_fold(uint32_t code, char out[TEXT_FOLDED_MAX], uint8_t *flags)
{
    if ((code >= 0x20 && code < 0x7F) || code == '\n' || code == '\t') {
        out[0] = (char)code;
        return 1;
    }
    if (code > 0xFF00 && code < 0xFF5F) { /* full width */
        out[0] = (char)(code - 0xFEE0);
        *flags |= TEXT_UNDONE;
        return 1;
    }
    const struct fold *f = fold_of(code);
    if (!f)
        return as_utf8(code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? REPLACEMENT : code, out);
    size_t n = strnlen(f->to, sizeof f->to);
    memcpy(out, f->to, n);
    *flags |= f->flags;
    return n;
}
