/* match/keys_block.c - the keys of many lines. Where runs and signs stand is seen by masks, many bytes at once; what
 * is done with them is what token_read() does, line by line and in the same order, so that the keys are the same.
 *
 * Events: a full stop or a byte that is not ASCII (a run that is looked at), the beginning of 32 hex digits (one that
 * may be a hash), and the signs : @ % \ #. Whatever else a line is made of has nothing to report. */
#include <string.h>

#include "match/keys.h"
#include "match/masks.h"
#include "match/scanner.h"

struct batch {
    const uint8_t *p;
    size_t len; /* whole lines */
    struct masks masks;
    uint64_t hashes[MASKS_WORDS + 1]; /* bits that begin 32 hex digits in a row */
    uint64_t events[MASKS_WORDS + 1];
};

/* Bits that begin 32 of them in a row. */
static uint64_t long_runs(uint64_t low, uint64_t high)
{
    for (unsigned n = 1; n < 32; n *= 2) {
        low &= low >> n | high << (64 - n);
        high &= high >> n;
    }
    return low;
}

static void find_events(struct batch *b)
{
    const struct masks *m = &b->masks;
    for (size_t w = 0; w < m->words; w++) {
        b->hashes[w] = long_runs(m->hex[w], m->hex[w + 1]);
        b->events[w] = m->dot[w] | m->high[w] | m->colon[w] | m->odd[w] | b->hashes[w];
    }
    b->hashes[m->words] = 0;
    for (const uint8_t *at = b->p; (at = memchr(at, '@', b->len - (size_t)(at - b->p))); at++)
        b->events[(size_t)(at - b->p) / 64] |= UINT64_C(1) << (size_t)(at - b->p) % 64;
}

struct line {
    struct reading r;
    size_t start, end; /* in the batch, the newline apart */
};

static void start_line(const struct batch *b, size_t start, struct line *ret)
{
    const uint8_t *newline = memchr(b->p + start, '\n', b->len - start);
    size_t end = newline ? (size_t)(newline - b->p) : b->len, len = end - start;
    len -= len && b->p[end - 1] == '\r';
    *ret = (struct line){.r = {.p = b->p + start, .len = len}, .start = start, .end = end};
}

static bool any_in(const uint64_t *mask, size_t start, size_t end)
{
    for (size_t at = start; at < end; at += 64) {
        uint64_t all = end - at < 64 ? (UINT64_C(1) << (end - at)) - 1 : UINT64_MAX;
        if (mask_bits(mask, at) & all)
            return true;
    }
    return false;
}

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static unsigned highest(uint64_t bits)
{
    return 63 - (unsigned)__builtin_clzll(bits);
}

/* token_name() of a plain run by its masks. words: letters, digits, underscores. */
static void take_name(struct scanner *s, struct line *l, struct span run, uint64_t dots, uint64_t letters,
                      uint64_t words)
{
    struct name_found name;
    unsigned low = lowest(words), high = highest(words); /* dots and hyphens at the ends are not the name's */
    uint64_t inner = UINT64_MAX << low & UINT64_MAX >> (63 - high);
    dots &= inner;
    if (!dots || escape_continues(l->r.p, l->r.len, run.end))
        return;
    uint64_t hyphens = inner & ~(words | dots);
    if ((letters | hyphens) >> highest(dots) == 0)
        return; /* no domain name ends with a number */
    name.at = (struct span){run.start + low, run.start + high + 1};
    name.whole = true;
    for (name.dot_count = 0; dots; dots &= dots - 1)
        name.dots[name.dot_count++] = run.start + lowest(dots);
    scan_found_name(s, &l->r, &name);
}

/* A run of at most 64 bytes, all ASCII, with a dot in it, and no hash. False: to be looked at byte by byte. */
static bool take_plain(struct scanner *s, const struct batch *b, struct line *l, size_t start, size_t end)
{
    const struct masks *m = &b->masks;
    uint64_t all = UINT64_MAX >> (64 - (end - start)), dots = mask_bits(m->dot, start) & all,
             letters = mask_bits(m->letter, start) & all, words = letters | (mask_bits(m->hex, start) & all);
    struct span run = {start - l->start, end - l->start};
    if (dots & dots << 1)
        return false;
    if (!words)
        return true;
    if (letters) {
        take_name(s, l, run, dots, letters, words);
        return true;
    }
    uint64_t beyond_two = dots & (dots - 1);
    beyond_two &= beyond_two - 1;
    if (!beyond_two) /* too few for an address */
        return true;
    run.start += dots & 1;
    if (!escape_continues(l->r.p, l->r.len, run.end))
        token_numbers(s, &l->r, run);
    return true;
}

static void take_run(struct scanner *s, const struct batch *b, struct line *l, size_t start, size_t end)
{
    const struct masks *m = &b->masks;
    bool dots = any_in(m->dot, start, end), high = any_in(m->high, start, end);
    if (dots && !high && end - start <= 64 && !any_in(b->hashes, start, end) && take_plain(s, b, l, start, end))
        return;
    token_run(s, &l->r, (struct span){start - l->start, end - l->start},
              (dots ? CHAR_DOT : 0u) | (high ? CHAR_HIGH : 0u));
}

/* "::", or a third colon within reach of two groups: no time of day has that. */
static bool may_be_ipv6(const struct batch *b, size_t colon)
{
    uint64_t next = mask_bits(b->masks.colon, colon + 1) & 31;
    return next & 1 || (next && mask_bits(b->masks.colon, colon + 2 + lowest(next)) & 31);
}

static void take_sign(struct scanner *s, const struct batch *b, struct line *l, size_t event)
{
    const uint8_t *p = b->p + event; /* MASKS_SLACK bytes behind it are there */
    size_t next = event + 1;
    if (p[0] == ':' && p[1] != '/' && p[1] != '%' && !may_be_ipv6(b, event))
        return;
    if (p[0] == '@' && !any_in(b->masks.dot, next, mask_run_end(b->masks.run, next)))
        return;
    token_sign(s, &l->r, event - l->start);
}

/* What happens at `event`; returns up to where all events are dealt with. */
static size_t take_event(struct scanner *s, const struct batch *b, struct line *l, size_t event)
{
    const struct masks *m = &b->masks;
    if (m->run[event / 64] >> event % 64 & 1) {
        size_t end = mask_run_end(m->run, event);
        take_run(s, b, l, mask_run_start(m->run, event), end);
        return end;
    }
    take_sign(s, b, l, event);
    return event + 1;
}

/* Words as token_words() has them, which no line's end is part of. */
static void take_words(struct scanner *s, const struct batch *b)
{
    uint64_t words[MASKS_WORDS + 1], carry = 0;
    const struct masks *m = &b->masks;
    _Static_assert(KEYS_WORD_MIN == 5, "by doubling");
    for (size_t w = 0; w <= m->words; w++)
        words[w] = m->letter[w] | m->hex[w];
    for (size_t w = 0; w < m->words; w++) {
        uint64_t low = words[w], high = words[w + 1], begins = low & ~(low << 1 | carry);
        carry = low >> 63;
        uint64_t two = low & (low >> 1 | high << 63), four = two & (two >> 2 | (high & high >> 1) << 62);
        for (uint64_t at = begins & four & (low >> 4 | high << 60); at; at &= at - 1) {
            size_t start = w * 64 + lowest(at), len = mask_run_end(words, start) - start;
            if (!keys_know_word(s->keys, b->p + start, len))
                keys_add_word(s, b->p + start, len);
        }
    }
}

static void read_batch(struct scanner *s, const struct batch *b)
{
    struct line l;
    size_t done = 0;
    start_line(b, 0, &l);
    for (size_t w = 0; w < b->masks.words; w++) {
        while (done < w * 64 + 64) {
            uint64_t events = b->events[w];
            if (done > w * 64)
                events &= UINT64_MAX << (done % 64);
            if (!events)
                break;
            size_t event = w * 64 + (size_t)__builtin_ctzll(events);
            while (event > l.end)
                start_line(b, l.end + 1, &l);
            done = take_event(s, b, &l, event);
        }
    }
}

static enum err read_long_line(struct scanner *s, struct text *rest, struct keys *to)
{
    const char *newline = memchr(rest->ptr, '\n', rest->len);
    size_t len = newline ? (size_t)(newline - rest->ptr) : rest->len;
    struct text line = {rest->ptr, len};
    line.len -= len && line.ptr[len - 1] == '\r';
    *rest = text_sub(*rest, len + (newline != NULL), rest->len);
    return scan_keys(s, line, to);
}

/* Whole lines that the masks can take; 0: the next line is too long, or too near to the end. */
static size_t batch_len(struct text rest)
{
    if (rest.len <= MASKS_SLACK)
        return 0;
    size_t most = rest.len - MASKS_SLACK < MASKS_BYTES ? rest.len - MASKS_SLACK : MASKS_BYTES;
    const char *newline = memrchr(rest.ptr, '\n', most);
    return newline ? (size_t)(newline - rest.ptr) + 1 : 0;
}

enum err scan_keys_block(struct scanner *s, struct text lines, struct keys *to)
{
    struct batch b;
    enum masks_way way = masks_best_way();
    enum err err = OK;
    while (lines.len && !err) {
        b.len = batch_len(lines);
        if (b.len == 0) {
            err = read_long_line(s, &lines, to);
            continue;
        }
        b.p = (const uint8_t *)lines.ptr;
        masks_make_by(&b.masks, b.p, b.len, way);
        find_events(&b);
        scanner_start(s, NULL, 0);
        s->keys = to;
        take_words(s, &b);
        read_batch(s, &b);
        s->keys = NULL;
        err = s->err;
        lines = text_sub(lines, b.len, lines.len);
    }
    return err;
}
