/* match/sieve.c - the quick pass.
 *
 * Never a miss: for everything that scan_line() could report, a place on its line is marked. That is so because each
 * hit needs one of these, and each is looked for:
 *  - a dotted run of digits with an address of the index in it             (number_place)
 *  - a dotted run with letters whose last two labels some name ends with,
 *    or that is the host of an e-mail address or a URL                     (name_place, url_place)
 *  - hex digits in a run of exactly 32, 40, 64 or 128                      (hash_places)
 *  - two colons together or three close by                                 (colon_places)
 *  - a run of letters, digits and underscores that is the anchor of a plain token (word_places)
 *  - an escape that joins or begins something                            (odd_places);
 *    \/ does so only within ":\/\/", and behind a %XX that separates the run begins two bytes on
 * What is odd in any way (letters outside ASCII in a name, two dots, very long runs) is marked without looking
 * closer.
 *
 * Names and addresses are gathered first and looked up together, so that the filter's cache misses overlap. */
#include "match/sieve.h"

#include <stdlib.h>

#define GATHER_MAX 256

struct sieve {
    enum masks_way way;
    struct masks masks;
    uint64_t places[MASKS_WORDS + 1];
    uint64_t words[MASKS_WORDS + 1]; /* letters, digits, underscores; made when plain tokens are looked for */
    const uint8_t *p;
    size_t len;
    bool any, wants_names, wants_emails, wants_words, wants_v4, wants_hashes;
    struct scanner *scanner;
    size_t name_count, address_count;
    struct {
        uint64_t hash;
        uint32_t place;
        bool is_run; /* place is where a dotted run begins, and only its tail was hashed */
    } names[GATHER_MAX];
    struct {
        uint8_t addr[4];
        uint32_t place;
    } addresses[GATHER_MAX];
};

enum err sieve_new(struct sieve **ret)
{
    struct sieve *v = malloc(sizeof *v);
    if (!v)
        return ERR_NOMEM;
    v->way = masks_best_way();
    *ret = v;
    return OK;
}

void sieve_free(struct sieve *v)
{
    free(v);
}

static void mark(struct sieve *v, size_t place)
{
    v->places[place / 64] |= UINT64_C(1) << (place % 64);
    v->any = true;
}

/* The tokeniser's functions are shown the batch as if it were one line: no value reaches over a newline. */
static struct reading whole(const struct sieve *v)
{
    return (struct reading){.p = v->p, .len = v->len};
}

/* ---- gathered look-ups ---- */

/* Some indexed name has the run's last two labels (co.uk, say): is the run's name, or a parent, indexed? */
static bool has_name(struct sieve *v, size_t start)
{
    struct reading r = whole(v);
    struct name_found name;
    v->scanner->count = 0;
    if (token_name(&r, (struct span){start, mask_run_end(v->masks.run, start)}, &name))
        scan_found_name(v->scanner, &r, &name);
    return v->scanner->count > 0;
}

static void look_up_names(struct sieve *v)
{
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        const struct name_filter *f = &v->scanner->indexes[k]->names;
        for (size_t i = 0; i < v->name_count; i++)
            if (name_may_have(f, v->names[i].hash) && (!v->names[i].is_run || has_name(v, v->names[i].place)))
                mark(v, v->names[i].place);
    }
    v->name_count = 0;
}

static bool has_address(const struct index *i, const uint8_t addr[4])
{
    struct ipaddr a = {.bits = 32};
    memcpy(a.b, addr, 4);
    if (lookup_bytes(i, VALUE_IPV4, addr, 4).count)
        return true;
    for (unsigned len = 0; len <= 32; len++)
        if (lookup_has_len(i, 32, len) && lookup_network(i, &a, len).count)
            return true;
    return false;
}

static void look_up_addresses(struct sieve *v)
{
    for (size_t k = 0; k < v->scanner->index_count; k++) {
        const struct index *index = v->scanner->indexes[k];
        for (size_t i = 0; i < v->address_count; i++)
            if (lookup_v4_possible(index, v->addresses[i].addr) && has_address(index, v->addresses[i].addr))
                mark(v, v->addresses[i].place);
    }
    v->address_count = 0;
}

static void gather_name(struct sieve *v, const uint8_t *name, size_t len, enum name_role role, size_t place)
{
    uint64_t hash = name_hash(name, len, role);
    if (!v->wants_names)
        return;
    for (size_t k = 0; k < v->scanner->index_count; k++)
        if (v->scanner->indexes[k]->names.words)
            __builtin_prefetch(name_word_of(&v->scanner->indexes[k]->names, hash));
    v->names[v->name_count].hash = hash;
    v->names[v->name_count].place = (uint32_t)place;
    v->names[v->name_count].is_run = role == NAME_TAIL;
    if (++v->name_count == GATHER_MAX)
        look_up_names(v);
}

static void gather_address(struct sieve *v, const uint8_t addr[4], size_t place)
{
    for (size_t k = 0; k < v->scanner->index_count; k++)
        lookup_v4_prefetch(v->scanner->indexes[k], addr);
    memcpy(v->addresses[v->address_count].addr, addr, 4);
    v->addresses[v->address_count].place = (uint32_t)place;
    if (++v->address_count == GATHER_MAX)
        look_up_addresses(v);
}

/* ---- dotted runs ---- */

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static unsigned highest(uint64_t bits)
{
    return 63 - (unsigned)__builtin_clzll(bits);
}

/* Bits low to high, both included. */
static uint64_t between(unsigned low, unsigned high)
{
    return UINT64_MAX << low & UINT64_MAX >> (63 - high);
}

/* One to three digits before `end`, four bytes of which are readable. -1: no part of an address. */
static int quad_part(const uint8_t *start, size_t len)
{
    uint32_t v;
    if (len == 0 || len > 3 || (len > 1 && *start == '0'))
        return -1;
    memcpy(&v, start, sizeof v);
    v = v << (32 - 8 * (unsigned)len) & 0x0F0F0F00; /* the last digit uppermost */
    v = (v >> 24) + (v >> 16 & 15) * 10 + (v >> 8 & 15) * 100;
    return v < 256 ? (int)v : -1;
}

/* Digits and dots alone, three or four dots at these bits of what begins at `start`. */
static void quad_place(struct sieve *v, size_t start, uint64_t dots, unsigned low, unsigned high)
{
    uint8_t addr[4];
    for (unsigned i = 0, from = low; i < 4; i++) {
        unsigned to = dots ? lowest(dots) : high + 1;
        int part = quad_part(v->p + start + from, to - from);
        if (part < 0)
            return;
        addr[i] = (uint8_t)part;
        from = to + 1;
        dots &= dots - 1;
    }
    gather_address(v, addr, start);
}

static void number_place(struct sieve *v, size_t start, uint64_t dots, uint64_t dashes, unsigned low, unsigned high)
{
    uint64_t beyond_two = dots & (dots - 1);
    beyond_two &= beyond_two - 1;
    if (!beyond_two || !v->wants_v4)
        return;
    uint64_t beyond_four = beyond_two & (beyond_two - 1);
    beyond_four &= beyond_four - 1;
    if (dashes || dots & dots << 1)
        mark(v, start);
    else if (!beyond_four)
        quad_place(v, start, dots, low, high);
}

static void name_place(struct sieve *v, size_t start, uint64_t dots, uint64_t letters, unsigned low, unsigned high)
{
    unsigned last = highest(dots);
    const uint8_t *p = v->p + start;
    if (letters >> last == 0)
        return; /* no domain name ends with a number */
    uint64_t before = dots ^ UINT64_C(1) << last;
    unsigned tail = before ? highest(before) + 1 : low;
    gather_name(v, p + tail, high + 1 - tail, NAME_TAIL, start);
    if (v->wants_emails && start > 0 && p[-1] == '@')
        gather_name(v, p + low, high + 1 - low, NAME_EMAIL_HOST, start);
}

static void run_place(struct sieve *v, size_t start, size_t end)
{
    size_t len = end - start;
    if (len > 64) {
        mark(v, start);
        return;
    }
    uint64_t all = UINT64_MAX >> (64 - len);
    uint64_t letters = mask_bits(v->masks.letter, start) & all,
             words = letters | (mask_bits(v->masks.hex, start) & all);
    if (mask_bits(v->masks.high, start) & all) {
        mark(v, start);
        return;
    }
    if (!words)
        return;
    unsigned low = lowest(words), high = highest(words); /* dots and hyphens at the ends are not the name's */
    uint64_t inner = between(low, high), dots = mask_bits(v->masks.dot, start) & inner;
    if (!dots)
        return;
    if (!(letters & inner))
        number_place(v, start, dots, inner & ~words & ~dots, low, high);
    else if (dots & dots << 1)
        mark(v, start);
    else
        name_place(v, start, dots, letters & inner, low, high);
}

/* Do the two bytes at `start` belong to %XX? What stands behind them is a run of its own once they are resolved. */
static bool is_behind_percent(const struct sieve *v, size_t start)
{
    return start > 0 && v->p[start - 1] == '%' && escape_percent_at(v->p, v->len, start - 1);
}

static void dotted_places(struct sieve *v)
{
    const struct masks *m = &v->masks;
    size_t done = 0;
    for (size_t w = 0; w < m->words; w++) {
        uint64_t dots = m->dot[w];
        if (done > w * 64)
            dots = done >= w * 64 + 64 ? 0 : dots & UINT64_MAX << (done % 64);
        while (dots) {
            size_t at = w * 64 + lowest(dots), start = mask_run_start(m->run, at);
            done = mask_run_end(m->run, at);
            run_place(v, start, done);
            if (is_behind_percent(v, start) && start + 2 < done)
                run_place(v, start + 2, done);
            dots = done >= w * 64 + 64 ? 0 : dots & UINT64_MAX << (done % 64);
        }
    }
}

/* ---- hashes ---- */

static void hash_place(struct sieve *v, size_t start, size_t end)
{
    size_t len = end - start;
    if (len != 32 && len != 40 && len != 64 && len != 128)
        return;
    struct reading r = whole(v);
    v->scanner->count = 0;
    scan_found_hash(v->scanner, &r, (struct span){start, end});
    if (v->scanner->count)
        mark(v, start);
}

/* Bits that begin 32 of the class in a row. */
static uint64_t long_runs(const uint64_t *m, size_t w)
{
    uint64_t low = m[w], high = m[w + 1];
    for (unsigned n = 1; n < 32; n *= 2) {
        low &= low >> n | high << (64 - n);
        high &= high >> n;
    }
    return low;
}

static void hash_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++) {
        uint64_t runs = long_runs(v->masks.hex, w);
        while (runs) {
            size_t place = w * 64 + lowest(runs), end = mask_run_end(v->masks.hex, place);
            if (place >= done) {
                size_t start = mask_run_start(v->masks.hex, place);
                hash_place(v, start, end);
                if (is_behind_percent(v, start))
                    hash_place(v, start + 2, end);
            }
            done = end;
            runs = end >= w * 64 + 64 ? 0 : runs & UINT64_MAX << (end % 64);
        }
    }
}

/* ---- plain tokens ---- */

static void word_place(struct sieve *v, size_t start, size_t end)
{
    for (size_t k = 0; k < v->scanner->index_count; k++)
        if (lookup_word(v->scanner->indexes[k], v->p + start, end - start).count) {
            mark(v, start);
            return;
        }
}

static void word_places(struct sieve *v)
{
    const struct masks *m = &v->masks;
    uint64_t carry = 0;
    for (size_t w = 0; w <= m->words; w++)
        v->words[w] = m->letter[w] | m->hex[w];
    for (size_t w = 0; w < m->words; w++) {
        uint64_t starts = v->words[w] & ~(v->words[w] << 1 | carry);
        carry = v->words[w] >> 63;
        for (; starts; starts &= starts - 1) {
            size_t start = w * 64 + lowest(starts), end = mask_run_end(v->words, start);
            word_place(v, start, end);
            if (is_behind_percent(v, start) && start + 2 < end)
                word_place(v, start + 2, end);
        }
    }
}

/* ---- colons ---- */

/* after: what stands behind ://, or :\/\/ */
static void url_place(struct sieve *v, size_t place, size_t after)
{
    if (after < v->len && scan_wants_url(v->scanner, v->p + after, v->len - after))
        mark(v, place);
}

/* A URL's host is mostly one run of plain characters: gathered with the other names. */
static void url_host_place(struct sieve *v, size_t colon)
{
    size_t start = colon + 3;
    if (start >= v->len)
        return;
    size_t end = mask_run_end(v->masks.run, start), len = end - start;
    if (len == 0 || len > 64 || mask_bits(v->masks.high, start) & UINT64_MAX >> (64 - len)) {
        url_place(v, colon, start);
        return;
    }
    while (len > 0 && char_is(v->p[start + len - 1], CHAR_DOT | CHAR_DASH))
        len--;
    gather_name(v, v->p + start, len, NAME_URL_START, colon);
}

static void address6_place(struct sieve *v, size_t colon, size_t *done)
{
    size_t word = mask_run_start(v->masks.run, colon);
    if (is_behind_percent(v, word)) /* %5B2001:..., %20addr:2001:... */
        mark(v, colon);
    struct reading r = whole(v);
    r.authority_end = SIZE_MAX; /* also as a network: in a URL with escaped slashes it is none */
    v->scanner->count = 0;
    token_ipv6(v->scanner, &r, colon);
    if (v->scanner->count)
        mark(v, colon);
    *done = r.ipv6_seen;
}

/* "::", or a third colon within reach of two groups: no time of day has that. */
static bool may_be_ipv6(const struct sieve *v, size_t colon)
{
    uint64_t next = mask_bits(v->masks.colon, colon + 1) & 31;
    if (next & 1)
        return true;
    return next && mask_bits(v->masks.colon, colon + 2 + lowest(next)) & 31;
}

static void colon_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t bits = v->masks.colon[w]; bits; bits &= bits - 1) {
            size_t at = w * 64 + lowest(bits);
            if (v->p[at + 1] == '/' && v->p[at + 2] == '/')
                url_host_place(v, at);
            else if (at >= done && may_be_ipv6(v, at))
                address6_place(v, at, &done);
        }
}

/* ---- escapes ---- */

/* ":\/\/" and ":/\/", the backslash at `at` */
static void escaped_url_place(struct sieve *v, size_t at)
{
    const uint8_t *p = v->p;
    size_t i = at;
    if (i > 1 && p[i - 1] == '/')
        i--;
    if (i == 0 || p[i - 1] != ':')
        return;
    for (int slashes = 0; slashes < 2; slashes++) {
        i += p[i] == '\\';
        if (p[i++] != '/')
            return;
    }
    url_place(v, at, i);
}

/* Returns the next place to look at. */
static size_t backslash_place(struct sieve *v, size_t at)
{
    const uint8_t *p = v->p;
    switch (p[at + 1]) {
    case '/': escaped_url_place(v, at); return at + 2;
    case '\\': /* a single one once it is resolved; does that begin an escape in turn? */
        if (p[at + 2] && strchr("\\/bfnrtux", p[at + 2]))
            mark(v, at);
        return at + 2;
    default:
        if (escape_backslash_at(p, v->len, at))
            mark(v, at);
        return at + 1;
    }
}

/* The first or second slash of "://", the colon as it is. */
static bool is_behind_scheme(const struct sieve *v, size_t at)
{
    if (at > 1 && v->p[at - 1] == '/')
        at--;
    return at > 0 && v->p[at - 1] == ':';
}

/* Most %XX are blanks and punctuation that only separate. Others join what stands on both sides, or begin something.
 */
static bool percent_joins(const struct sieve *v, size_t at)
{
    if (!escape_percent_at(v->p, v->len, at))
        return false;
    unsigned c = char_hex(v->p[at + 1]) << 4 | char_hex(v->p[at + 2]);
    return char_is((uint8_t)c, CHAR_RUN | CHAR_SIGN) || (c == '/' && is_behind_scheme(v, at));
}

static void odd_places(struct sieve *v)
{
    size_t done = 0;
    for (size_t w = 0; w < v->masks.words; w++)
        for (uint64_t bits = v->masks.odd[w]; bits; bits &= bits - 1) {
            size_t at = w * 64 + lowest(bits);
            if (at < done)
                continue;
            if (v->p[at] == '\\')
                done = backslash_place(v, at);
            else if (v->p[at] == '%' ? percent_joins(v, at) : escape_octal_at(v->p, v->len, at))
                mark(v, at);
        }
}

static void start(struct sieve *v, struct scanner *s, struct text lines)
{
    masks_make_by(&v->masks, (const uint8_t *)lines.ptr, lines.len, v->way);
    memset(v->places, 0, (v->masks.words + 1) * sizeof *v->places);
    v->p = (const uint8_t *)lines.ptr;
    v->len = lines.len;
    v->scanner = s;
    v->any = v->wants_v4 = v->wants_names = v->wants_hashes = false;
    v->name_count = v->address_count = 0;
    v->wants_emails = scan_wants_emails(s);
    v->wants_words = scan_wants_words(s);
    for (size_t k = 0; k < s->index_count; k++) {
        v->wants_v4 |= s->indexes[k]->v4_map != NULL;
        v->wants_names |= s->indexes[k]->names.words != NULL;
        for (int kind = VALUE_MD5; kind <= VALUE_SHA512; kind++)
            v->wants_hashes |= s->indexes[k]->tables[kind].filter != NULL;
        v->wants_hashes |= s->indexes[k]->tables[VALUE_JA3].filter != NULL;
    }
}

void sieve_lines(struct sieve *v, struct scanner *s, struct text lines, struct sieve_result *ret)
{
    start(v, s, lines);
    dotted_places(v);
    if (v->wants_hashes)
        hash_places(v);
    if (v->wants_words)
        word_places(v);
    colon_places(v);
    odd_places(v);
    look_up_names(v);
    look_up_addresses(v);
    *ret = (struct sieve_result){.any = v->any, .places = v->places, .newlines = v->masks.newline};
    for (size_t w = 0; w < v->masks.words; w++)
        ret->newline_count += mask_count(v->masks.newline[w]);
}
