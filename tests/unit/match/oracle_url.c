/* unit/match/oracle_url.c - URLs and e-mail addresses by definition. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_parts.h"

static bool is_scheme(int c)
{
    return isalnum(c) || c == '+' || c == '.' || c == '-';
}

size_t oracle_scheme_start(const struct oracle_reading *r, size_t colon)
{
    size_t start = colon;
    while (start > 0 && (unsigned char)r->text[start - 1] < 0x80 && is_scheme(r->text[start - 1]))
        start--;
    for (size_t i = colon; i > start; i--)
        if (r->text[i - 1] == '+') {
            start = i;
            break;
        }
    if (is_percent_before(r, start) && start + 2 <= colon)
        start += 2;
    while (start < colon && (r->text[start] == '.' || r->text[start] == '-'))
        start++;
    return isalpha((unsigned char)r->text[start]) ? start : colon;
}

bool oracle_in_authority(const struct oracle_reading *r, size_t at)
{
    for (size_t i = at; i > 0 && !is_hard((unsigned char)r->text[i - 1]) && !strchr("?#\\,;&|", r->text[i - 1]); i--)
        if (r->text[i - 1] == '/')
            return i >= 3 && memcmp(r->text + i - 3, "://", 3) == 0 && oracle_scheme_start(r, i - 3) != i - 3;
    return false;
}

static const char mark_chars[] = ".,;:!?'()[]{}|*_~\\^";

static bool is_high_mark(const struct oracle_reading *r, size_t at, size_t n)
{
    struct oracle_reading one = {.text = r->text + at, .len = n};
    return (unsigned char)r->text[at] >= 0xC2 && !is_run_at(&one, 0);
}

/* Nothing but punctuation from `from` to `to`. */
static bool only_marks(const struct oracle_reading *r, size_t from, size_t to)
{
    while (from < to) {
        size_t n = strchr(mark_chars, r->text[from]) && r->text[from] ? 1 : 0;
        for (size_t k = 2; k <= 4 && !n && from + k <= to; k++)
            n = is_high_mark(r, from, k) ? k : 0;
        if (!n)
            return false;
        from += n;
    }
    return true;
}

static bool follows_url(const struct oracle_reading *r, size_t at, bool key)
{
    size_t i = at;
    while (i < r->len && (unsigned char)r->text[i] < 0x80 && (is_scheme(r->text[i]) || r->text[i] == '_'))
        i++;
    return i > at && i < r->len &&
           ((key && r->text[i] == '=') || (i + 3 <= r->len && !memcmp(r->text + i, "://", 3)));
}

static bool is_query_value(const struct oracle_reading *r, size_t start)
{
    if (start < 2 || r->text[start - 1] != '=')
        return false;
    size_t i = start - 1;
    while (i > 0 && r->text[i - 1] && (isalnum((unsigned char)r->text[i - 1]) || strchr(".-_[]", r->text[i - 1])))
        i--;
    return i > 0 && strchr("?&", r->text[i - 1]) && r->text[i - 1];
}

/* May the URL from start be read as ending at `end`? hard: its hard end. */
static bool is_end(const struct oracle_reading *r, size_t start, size_t end, size_t hard)
{
    if (end == hard)
        return true;
    int c = (unsigned char)r->text[end], before = start > 0 ? r->text[start - 1] : r->first ? ',' : 0;
    size_t firsts[2] = {hard, hard}; /* of | and ^; of & */
    if (c == '#' && !memchr(r->text + start, '#', end - start))
        return true;
    for (size_t i = hard; i > start; i--) {
        if (strchr("|^", r->text[i - 1]) && r->text[i - 1])
            firsts[0] = i - 1;
        if (r->text[i - 1] == '&')
            firsts[1] = i - 1;
    }
    if (end == firsts[0] || (end == firsts[1] && is_query_value(r, start)))
        return true;
    for (size_t i = start; i <= end; i++) { /* the first mark of another script */
        bool mark = (unsigned char)r->text[i] >= 0xC2 && !is_run_at(r, i);
        if (mark && i == end)
            return true;
        if (mark)
            break;
    }
    for (size_t i = start; i <= end; i++) { /* the first field that begins another one */
        bool next = (r->text[i] == ',' && follows_url(r, i + 1, start > 0 && before == '=')) ||
                    (r->text[i] == ';' && follows_url(r, i + 1, false));
        if (next && i == end)
            return true;
        if (next)
            break;
    }
    static const char pairs[] = "()[]{}'',,;;";
    for (const char *p = pairs; *p; p += 2) {
        int depth = 0;
        if (before != p[0] || c != p[1])
            continue;
        for (size_t i = start; i < end; i++) {
            if (r->text[i] == p[1])
                depth--;
            else if (r->text[i] == p[0])
                depth++;
            if (depth < 0)
                return false;
        }
        return depth == 0;
    }
    return false;
}

/* The path as RFC 3986 section 6.2.2 compares it, by replacing one thing at a time. */
static void plain_path(const char *url, size_t len, char *out)
{
    static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    snprintf(out, VALUE_MAX_BYTES + 1, "%.*s", (int)len, url);
    char *path = strstr(out, "://"), *end, *p;
    path = path ? strchr(path + 3, '/') : NULL;
    end = strchr(out, '?');
    if (!path || (end && end < path))
        return;
    char *query = strdup(end ? end : "");
    if (end)
        *end = 0;
    for (p = path; (p = strchr(p, '%')); p++) {
        unsigned c;
        char two[3] = {0};
        if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]) || sscanf(p + 1, "%2x", &c) != 1)
            continue;
        snprintf(two, sizeof two, "%02X", c);
        memcpy(p + 1, two, 2);
        if (c && strchr(kept, (int)c)) {
            *p = (char)c;
            memmove(p + 1, p + 3, strlen(p + 3) + 1);
        }
    }
    for (bool more = true; more;) { /* the leftmost segment of dots at a time */
        more = false;
        for (p = path; p && !more; p = strchr(p + 1, '/')) {
            size_t n = strcspn(p + 1, "/");
            char *from = p;
            if (!(n == 1 && p[1] == '.') && !(n == 2 && p[1] == '.' && p[2] == '.'))
                continue;
            while (n == 2 && from > path && *--from != '/')
                ;
            bool last = p[1 + n] == 0;
            memmove(from + last, p + 1 + n, strlen(p + 1 + n) + 1);
            *from = '/';
            more = true;
        }
    }
    strcat(path, query);
    free(query);
}

bool oracle_hits_url(const struct oracle_reading *r, const char *v)
{
    if (r->percent)
        return false;
    for (size_t colon = 0; colon + 3 < r->len; colon++) {
        size_t start, hard = colon;
        if (memcmp(r->text + colon, "://", 3) != 0 || (start = oracle_scheme_start(r, colon)) == colon)
            continue;
        if (r->lone_url && start != 0)
            break;
        while (hard < r->len && !is_hard((unsigned char)r->text[hard]))
            hard++;
        for (size_t end = colon + 4; end <= hard; end++) {
            struct buffer b;
            enum value_kind kind;
            buffer_init(&b, VALUE_MAX_BYTES);
            enum err err = value_normalise(VALUE_URL, (struct text){r->text + start, end - start}, &b, &kind, NULL);
            static char plain[VALUE_MAX_BYTES + 1], want[VALUE_MAX_BYTES + 1];
            bool same = !err && text_eq(buffer_text(&b), text_of(v));
            if (!err && !same && !memchr(b.ptr, 0, b.len) &&
                (memchr(b.ptr, '%', b.len) || memmem(b.ptr, b.len, "/.", 2) || strchr(v, '%') || strstr(v, "/."))) {
                plain_path(b.ptr, b.len, plain);
                plain_path(v, strlen(v), want);
                same = strcmp(plain, want) == 0;
            }
            buffer_done(&b);
            for (size_t to = end; same && to <= hard; to++)
                if (only_marks(r, end, to) && is_end(r, start, to, hard))
                    return true;
        }
        if (r->lone_url)
            break;
    }
    return false;
}

/* ---- e-mail ---- */

static bool is_local(int c)
{
    return c > 0 && c < 0x80 && (isalnum(c) || strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

/* May the part before the @ be read as beginning at `start`? */
static bool is_local_start(const struct oracle_reading *r, size_t start, size_t at)
{
    size_t longest = at, mark;
    while (longest > 0 && is_local((unsigned char)r->text[longest - 1]))
        longest--;
    for (size_t i = longest; i + 5 <= at; i++)
        if (strncasecmp(r->text + i, "srs", 3) == 0 && strchr("01", r->text[i + 3]) &&
            strchr("=+-", r->text[i + 4]) && (i == 0 || !is_word_at(r, i - 1)))
            return start == i;
    for (mark = at; mark > longest && !strchr("=|/?&{}#^*!$%`", r->text[mark - 1]);)
        mark--;
    for (size_t from = longest;; from = mark) {
        size_t i = from;
        while (i < start && strchr("'.-+~*`", r->text[i]))
            i++;
        bool stripped = i == start && (start == at || !strchr("'.-+~*`", r->text[start]));
        if (start == from || stripped)
            return true;
        if (from == mark)
            return false;
    }
}

bool oracle_hits_email(const struct oracle_reading *r, const char *v)
{
    size_t n = strlen(v), local = (size_t)(strrchr(v, '@') - v);
    for (size_t start = 0; start + n <= r->len; start++) {
        size_t at = start + local, from, end;
        if (strncasecmp(r->text + start, v, n) != 0 || oracle_in_authority(r, start))
            continue;
        segment_around(r, at + 1, &from, &end);
        bool glued = is_continued(r, end);
        while (end > at + 1 && strchr(".-", r->text[end - 1]))
            end--;
        bool high = start > 0 && (unsigned char)r->text[start - 1] >= 0x80 && is_run_at(r, start - 1);
        if (end == start + n && !glued && !high && !is_percent_before(r, start) && is_local_start(r, start, at))
            return true;
    }
    return false;
}
