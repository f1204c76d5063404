/* desk/source.c - see source.h. */
#include "desk/source.h"

#include <stdio.h>

#define WORD_SHOWN 60 /* bytes of what cannot be read, in a fault */

static const char *const kinds[SOURCE_KINDS] = {
    [SOURCE_BY_HAND] = "",        [SOURCE_FOLDER] = "folder",
    [SOURCE_URL] = "url",         [SOURCE_TAXII] = "taxii",
    [SOURCE_MISP] = "misp",       [SOURCE_MISP_FEED] = "misp-feed",
    [SOURCE_MAILBOX] = "mailbox", [SOURCE_SHADOWSERVER] = "shadowserver",
};

const char *source_kind_name(enum source_kind kind)
{
    return kinds[kind];
}

enum err source_kind_parse(struct text word, enum source_kind *ret, struct fault *reterr)
{
    for (enum source_kind k = SOURCE_BY_HAND; k < SOURCE_KINDS; k++)
        if (text_eq(word, text_of(kinds[k]))) {
            *ret = k;
            return OK;
        }
    return fault_set(reterr, ERR_USAGE,
                     "\"" TEXT_FMT
                     "\" is no kind of source: folder, url, taxii, misp, misp-feed, mailbox or shadowserver",
                     (int)(word.len < WORD_SHOWN ? word.len : WORD_SHOWN), word.ptr);
}

enum err source_trust_parse(struct text word, struct source_trust *ret, struct fault *reterr)
{
    struct source_trust t = {0};
    char first = word.len > 0 ? (char)(word.ptr[0] & ~0x20) : 0;
    if (word.len > 2 || (word.len && (first < 'A' || first > 'F')) ||
        (word.len == 2 && (word.ptr[1] < '1' || word.ptr[1] > '6')))
        return fault_set(
            reterr, ERR_USAGE,
            "trust is a letter A (completely reliable) to F (cannot be judged) and, if wanted, a digit 1 "
            "(confirmed) to 6 (cannot be judged): B2");
    t.reliability = first;
    t.credibility = word.len == 2 ? word.ptr[1] : 0;
    *ret = t;
    return OK;
}

struct text source_trust_format(struct source_trust trust, char out[SOURCE_TRUST_MAX])
{
    size_t len = 0;
    if (trust.reliability)
        out[len++] = trust.reliability;
    if (trust.reliability && trust.credibility)
        out[len++] = trust.credibility;
    out[len] = 0;
    return (struct text){out, len};
}

/* ---- how often ---- */

static const struct {
    char letter;
    uint32_t s;
} units[] = {{'w', 7 * 24 * 3600}, {'d', 24 * 3600}, {'h', 3600}, {'m', 60}, {'s', 1}};

enum err source_every_parse(struct text word, uint32_t *ret_s, struct fault *reterr)
{
    uint64_t n = 0, unit = 1;
    struct text digits = word;
    for (size_t i = 0; word.len && i < ARRAY_LEN(units); i++)
        if (word.ptr[word.len - 1] == units[i].letter) {
            unit = units[i].s;
            digits.len--;
        }
    bool never = text_eq(word, TEXT("never")) || text_eq(word, TEXT("0"));
    if (!never && (text_u64(digits, &n) || n > SOURCE_EVERY_MAX_S || n * unit < SOURCE_EVERY_MIN_S ||
                   n * unit > SOURCE_EVERY_MAX_S))
        return fault_set(reterr, ERR_USAGE,
                         "how often is a number with s, m, h, d or w, from %ds to a year, or \"never\": 15m",
                         SOURCE_EVERY_MIN_S);
    *ret_s = (uint32_t)(n * unit);
    return OK;
}

struct text source_every_format(uint32_t s, char out[SOURCE_EVERY_MAX])
{
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && s % units[i].s)
        i++;
    int len = s ? snprintf(out, SOURCE_EVERY_MAX, "%u%c", (unsigned)(s / units[i].s), units[i].letter)
                : snprintf(out, SOURCE_EVERY_MAX, "never");
    return (struct text){out, (size_t)len};
}

/* ---- how long ---- */

static enum err read_days(struct text word, uint32_t *ret)
{
    uint64_t days = 0;
    bool never = text_eq(word, TEXT("never")) || text_eq(word, TEXT("none"));
    if (!never && (text_u64(word, &days) || days == 0 || days > SOURCE_LIFETIME_MAX_DAYS))
        return ERR_USAGE;
    *ret = (uint32_t)days;
    return OK;
}

static enum err read_piece(struct text piece, struct source_lifetimes *l)
{
    ptrdiff_t sign = text_find(piece, '=', 0);
    if (sign < 0)
        return ERR_USAGE;
    enum value_kind kind = value_kind_parse(text_trim(text_sub(piece, 0, (size_t)sign)));
    if (kind == VALUE_NONE || l->given[kind])
        return ERR_USAGE;
    l->given[kind] = true;
    return read_days(text_trim(text_sub(piece, (size_t)sign + 1, piece.len)), &l->days[kind]);
}

enum err source_lifetimes_parse(struct text words, struct source_lifetimes *ret, struct fault *reterr)
{
    struct source_lifetimes l = {0};
    struct text rest = text_trim(words), piece;
    if (!rest.len)
        rest = TEXT_NONE; /* no piece, not an empty one */
    while (text_split(&rest, ',', &piece))
        if (read_piece(text_trim(piece), &l))
            return fault_set(reterr, ERR_USAGE,
                             "lifetimes: \"" TEXT_FMT "\": a kind of value once, '=' and days (1 to %d) or never: "
                             "ipv4=30,url=90,domain=180",
                             (int)(piece.len < WORD_SHOWN ? piece.len : WORD_SHOWN), piece.ptr,
                             SOURCE_LIFETIME_MAX_DAYS);
    *ret = l;
    return OK;
}

void source_lifetimes_format(const struct source_lifetimes *l, struct buffer *out)
{
    bool first = true;
    for (enum value_kind k = VALUE_NONE; k < VALUE_KINDS; k++) {
        if (!l->given[k])
            continue;
        buffer_addf(out, "%s%s=", first ? "" : ",", value_kind_name(k));
        if (l->days[k])
            buffer_addf(out, "%u", (unsigned)l->days[k]);
        else
            buffer_add(out, TEXT("never"));
        first = false;
    }
}
