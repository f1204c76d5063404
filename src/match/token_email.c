/* match/token_email.c - e-mail addresses. Nearly every printable character may stand before the @, and logs use the
 * same characters around an address, so the part before the @ is read in a few ways:
 *  - as long as it gets
 *  - behind the last mark that separates in logs (to=user@, /user@, |user@)
 *  - each of them without leading quotation marks and the like
 * An address rewritten by SRS (SRS0=hash=tt=example.org=user@) is read as the one it is: user@ alone is not in it. */
#include "match/reading.h"

#include <string.h>

#define LOCAL_MAX_BYTES 64 /* RFC 5321 section 4.5.3.1.1 */

static bool is_log_mark(uint8_t c)
{
    return c != 0 && strchr("=|/?&{}#^*!$%`", c) != NULL;
}

static bool is_leading_mark(uint8_t c)
{
    return c != 0 && strchr("'.-+~*`", c) != NULL;
}

/* Where "SRS0=" or "SRS1+" begins in the local part, as a word; end when it does not. */
static size_t find_srs(const struct reading *r, size_t start, size_t end)
{
    for (size_t i = start; i + 5 <= end; i++) {
        const uint8_t *p = r->p + i;
        if (char_lower(p[0]) == 's' && char_lower(p[1]) == 'r' && char_lower(p[2]) == 's' && (p[3] | 1) == '1' &&
            (p[4] == '=' || p[4] == '+' || p[4] == '-') && !char_word_before(r->p, i))
            return i;
    }
    return end;
}

static size_t skip_leading(const struct reading *r, size_t start, size_t at)
{
    while (start < at && is_leading_mark(r->p[start]))
        start++;
    return start;
}

/* Beginnings of the local part to be tried, the longest first. */
static size_t find_starts(const struct reading *r, size_t at, size_t ret[4])
{
    size_t longest = at, mark, n = 0;
    while (longest > 0 && char_is_local(r->p[longest - 1]))
        longest--;
    size_t srs = find_srs(r, longest, at);
    if (srs < at) {
        ret[0] = srs;
        return 1;
    }
    for (mark = at; mark > longest && !is_log_mark(r->p[mark - 1]); mark--)
        ;
    size_t tries[4] = {longest, skip_leading(r, longest, at), mark, skip_leading(r, mark, at)};
    for (size_t i = 0; i < 4; i++)
        if (n == 0 || tries[i] > ret[n - 1])
            ret[n++] = tries[i];
    return n;
}

static size_t domain_end(const struct reading *r, size_t from)
{
    size_t end = from;
    while (end < r->len && char_is(r->p[end], CHAR_RUN) &&
           !(r->p[end] == '.' && end + 1 < r->len && r->p[end + 1] == '.') &&
           !(r->p[end] >= 0x80 && char_separator_len(r->p + end, r->len - end)))
        end++;
    return end;
}

void token_email(struct scanner *s, struct reading *r, size_t at)
{
    if (!scan_wants_emails(s) || at < r->authority_end)
        return;
    struct name_found domain;
    size_t end = domain_end(r, at + 1), starts[4];
    if (escape_continues(r->p, r->len, end) || !token_name(r, (struct span){at + 1, end}, &domain) || !domain.whole ||
        domain.at.start != at + 1)
        return;
    size_t count = find_starts(r, at, starts);
    for (size_t i = 0; i < count; i++)
        if (starts[i] < at && at - starts[i] <= LOCAL_MAX_BYTES && !char_high_before(r->p, starts[i]) &&
            !escape_before(r, starts[i]))
            scan_found_email(s, r, (struct span){starts[i], domain.at.end});
}
