/* format/text_find.c - see text_find.h. Each byte is looked at a bounded number of times: what is no value is passed
 * over as far as it was looked at. */
#include "format/text_find.h"

#include <string.h>

#include "format/chars.h"
#include "format/text_chars.h"
#include "format/tld.h"

#define INDENT_MAX 64
#define LOCAL_MAX  64
/* A word of so many bytes in which no value begins is no word: base64, a picture, somebody's trap. */
#define FIND_WORD_MAX (2 * KIB)

size_t find_next_line(const struct refanged *t, size_t i)
{
    size_t from = i;
    while (char_is_blank(find_byte(t, i)) && i < from + INDENT_MAX)
        i++;
    if (find_byte(t, i) != '\n')
        return from;
    i++;
    size_t begin = i;
    while (i < begin + INDENT_MAX && (char_is_blank(find_byte(t, i)) || find_byte(t, i) == '>'))
        i++;
    return find_byte(t, i) ? i : from;
}

size_t find_host_end(const struct refanged *t, size_t i)
{
    size_t from = i;
    while (i < from + FIND_AHEAD_MAX && char_is_host(find_byte(t, i)))
        i++;
    return i;
}

bool find_is_tld(struct text host)
{
    const char *dot = host.len ? memrchr(host.ptr, '.', host.len) : NULL;
    if (!dot)
        return false;
    struct text last = text_sub(host, (size_t)(dot + 1 - host.ptr), host.len);
    return tld_known(last) || tld_reserved(last);
}

/* ---- addresses ---- */

/* Digits and dots joined over a line's end: "198.51.\n100.7". */
static size_t quad(const struct refanged *t, size_t i, struct buffer *raw)
{
    size_t n = i;
    while (n < i + 16 && (char_is_digit(find_byte(t, n)) || find_byte(t, n) == '.'))
        n++;
    size_t end = n;
    while (end > i && find_byte(t, end - 1) == '.')
        end--;
    struct text first = refanged_text(t, i, n);
    size_t next = n > end ? find_next_line(t, n) : n;
    if (next != n && char_is_digit(find_byte(t, next)) && first.len && first.len == n - i) {
        size_t more = next;
        while (more < next + 16 && (char_is_digit(find_byte(t, more)) || find_byte(t, more) == '.'))
            more++;
        struct ipaddr a;
        buffer_add(raw, first);
        buffer_add(raw, refanged_text(t, next, more));
        if (ipaddr_parse(buffer_text(raw), &a) == OK && a.bits == 32)
            return more;
        buffer_clear(raw);
    }
    buffer_add(raw, refanged_text(t, i, end));
    return end;
}

/* "/24" behind an address. */
static size_t prefix(const struct refanged *t, size_t end, struct buffer *raw)
{
    size_t n = end + 1;
    if (find_byte(t, end) != '/')
        return end;
    while (n < end + 4 && char_is_digit(find_byte(t, n)))
        n++;
    const char after = find_byte(t, n);
    if (n == end + 1 || char_is_alnum(after) || after == '/' || after == '-' ||
        (after == '.' && char_is_alnum(find_byte(t, n + 1))))
        return end;
    struct ipnet net;
    size_t len = raw->len;
    buffer_add(raw, refanged_text(t, end, n));
    if (ipnet_parse(buffer_text(raw), &net) == OK)
        return n;
    raw->len = len;
    return end;
}

static size_t find_ipv4(const struct refanged *t, size_t i, struct buffer *raw)
{
    struct ipaddr a;
    size_t end = quad(t, i, raw);
    const char after = find_byte(t, end);
    bool ends = !char_is_alnum(after) && after != '_' && !(after & 0x80) &&
                !(after == '.' && char_is_alnum(find_byte(t, end + 1))) &&
                !(after == '-' && char_is_alpha(find_byte(t, end + 1)));
    if (!ends || ipaddr_parse(buffer_text(raw), &a) || a.bits != 32) {
        buffer_clear(raw);
        return i;
    }
    return prefix(t, end, raw);
}

static size_t find_ipv6(const struct refanged *t, size_t i, struct buffer *raw)
{
    struct ipaddr a;
    size_t end = i, colons = 0;
    for (; end < i + IPADDR_TEXT_MAX; end++) {
        char c = find_byte(t, end);
        if (!char_is_hex(c) && c != ':' && !(c == '.' && colons >= 2 && char_is_digit(find_byte(t, end + 1))))
            break;
        colons += c == ':';
    }
    if (end > i && find_byte(t, end - 1) == ':' && !(end > i + 1 && find_byte(t, end - 2) == ':'))
        end--;
    if (colons < 2 || char_is_alnum(find_byte(t, end)) || find_byte(t, end) == '_' ||
        ipaddr_parse(refanged_text(t, i, end), &a))
        return i;
    buffer_add(raw, refanged_text(t, i, end));
    return prefix(t, end, raw);
}

/* ---- names ---- */

/* A line breaks here within a host: behind a dot that was defanged, or behind a hyphen where what follows was. */
static bool host_goes_on(const struct refanged *t, size_t i, size_t end)
{
    if (end <= i + 1 || (t->flags[end - 1] & TEXT_LINK))
        return false;
    if (find_byte(t, end - 1) == '.')
        return (t->flags[end - 1] & REFANG_UNDONE) != 0;
    const size_t next =
        find_byte(t, end - 1) == '-' && char_is_alnum(t->bytes[end - 2]) ? find_next_line(t, end) : end;
    return next != end && !(t->flags[next] & TEXT_LINK) && refanged_undone(t, next, find_host_end(t, next));
}

/* A host from i on without the marks behind it; joined where a line breaks within it. */
static size_t find_host(const struct refanged *t, size_t i, struct buffer *raw)
{
    size_t end = find_host_end(t, i);
    size_t next = host_goes_on(t, i, end) ? find_next_line(t, end) : end;
    if (next != end && char_is_alnum(find_byte(t, next))) {
        size_t more = find_host_end(t, next);
        while (more > next && !char_is_alnum(find_byte(t, more - 1)))
            more--;
        buffer_add(raw, refanged_text(t, i, end));
        buffer_add(raw, refanged_text(t, next, more));
        if (find_is_tld(buffer_text(raw)))
            return more;
        buffer_clear(raw);
    }
    ptrdiff_t twice = text_find_text(refanged_text(t, i, end), TEXT(".."));
    if (twice > 0)
        end = i + (size_t)twice;
    while (end > i && !char_is_alnum(find_byte(t, end - 1)))
        end--;
    buffer_add(raw, refanged_text(t, i, end));
    return end;
}

static size_t local_end(const struct refanged *t, size_t i)
{
    size_t n = i;
    while (n < i + LOCAL_MAX &&
           (char_is_label(find_byte(t, n)) || strchr(".%+='&~#!$", find_byte(t, n) ? find_byte(t, n) : ' ')))
        n++;
    return n;
}

static size_t find_email(const struct refanged *t, size_t i, struct buffer *raw)
{
    size_t at = local_end(t, i);
    while (at > i && find_byte(t, at) != '@' && !char_is_label(find_byte(t, at)))
        at--;
    if (at == i || find_byte(t, at) != '@')
        return i;
    size_t host = at + 1, next = find_next_line(t, host); /* "user@\nevil.example" */
    buffer_add(raw, refanged_text(t, i, at + 1));
    struct buffer name;
    buffer_init(&name, 2 * FIND_AHEAD_MAX);
    size_t end = find_host(t, next, &name);
    bool good = end > next && find_is_tld(buffer_text(&name));
    if (good)
        buffer_add(raw, buffer_text(&name));
    else
        buffer_clear(raw);
    buffer_done(&name);
    return good ? end : i;
}

static bool has_path(const struct refanged *t, size_t end)
{
    size_t i = end;
    if (find_byte(t, i) == ':')
        for (i++; i < end + 6 && char_is_digit(find_byte(t, i)); i++)
            ;
    const char after = find_byte(t, i + 1);
    return find_byte(t, i) == '/' && (char_is_alnum(after) || strchr("?_~%.-@", after ? after : ' '));
}

/* "evil.example/gate.php" is taken for a URL. The path ends as a URL's does. */
static size_t with_path(const struct refanged *t, size_t end, struct buffer *raw)
{
    size_t n = end, limit = end + FIND_AHEAD_MAX;
    while (n < limit && (unsigned char)find_byte(t, n) > ' ' && !strchr("\"<>`^{}|\\)]',;", find_byte(t, n)) &&
           (unsigned char)find_byte(t, n) < 0xE2)
        n++;
    while (n > end && strchr(".:!?*", find_byte(t, n - 1)))
        n--;
    buffer_add(raw, refanged_text(t, end, n));
    return n;
}

/* ---- names of other things ---- */

static size_t digits_end(const struct refanged *t, size_t i)
{
    size_t from = i;
    while (i < from + 8 && char_is_digit(find_byte(t, i)))
        i++;
    return i;
}

static size_t find_named(const struct refanged *t, size_t i, enum find_what *ret)
{
    size_t n;
    if (text_eq_nocase(text_sub((struct text){t->bytes, t->len}, i, 4), TEXT("CVE-"))) {
        n = digits_end(t, i + 4);
        size_t end = n == i + 8 && find_byte(t, n) == '-' ? digits_end(t, n + 1) : 0;
        *ret = FIND_VULNERABILITY;
        return end >= n + 5 && !char_is_alnum(find_byte(t, end)) ? end : i;
    }
    if (find_byte(t, i) != 'T')
        return i;
    size_t from = find_byte(t, i + 1) == 'A' ? i + 2 : i + 1;
    n = digits_end(t, from);
    if (n != from + 4)
        return i;
    if (find_byte(t, n) == '.' && digits_end(t, n + 1) == n + 4)
        n += 4;
    *ret = FIND_TECHNIQUE;
    return char_is_alnum(find_byte(t, n)) ? i : n;
}

/* ---- all of them ---- */

static void add_upper(struct buffer *to, struct text t)
{
    for (size_t k = 0; k < t.len; k++)
        buffer_add_char(to, t.ptr[k] >= 'a' && t.ptr[k] <= 'z' ? (char)(t.ptr[k] - 32) : t.ptr[k]);
}

struct finding {
    const struct refanged *t;
    size_t i;
    struct buffer *value;
    struct found *ret;
    struct buffer raw;
};

static bool normal(struct finding *f, enum value_kind kind, size_t end)
{
    if (buffer_error(&f->raw) || value_normalise(kind, buffer_text(&f->raw), f->value, &f->ret->kind, NULL))
        return false;
    f->ret->what = FIND_VALUE;
    f->ret->upto = end;
    f->ret->undone = refanged_undone(f->t, f->i, end);
    return true;
}

static bool try_name(struct finding *f)
{
    const struct refanged *t = f->t;
    buffer_clear(&f->raw);
    size_t end = find_host(t, f->i, &f->raw);
    struct text host = buffer_text(&f->raw);
    if (end == f->i || text_find(host, '.', 0) <= 0 || host.len > DOMAIN_MAX_BYTES || (find_byte(t, end) & 0x80))
        return false;
    if (!find_is_tld(host)) {
        const char *dot = memrchr(host.ptr, '.', host.len);
        if (!dot || !char_is_alpha(dot[1]) || value_detect(host) != VALUE_DOMAIN)
            return false;
        buffer_add(f->value, host);
        f->ret->what = FIND_NAME;
        f->ret->upto = end;
        f->ret->undone = refanged_undone(t, f->i, end);
        return true;
    }
    if (!has_path(t, end))
        return normal(f, VALUE_DOMAIN, end);
    struct buffer url;
    buffer_init(&url, URL_MAX_BYTES);
    buffer_add(&url, TEXT("http://"));
    buffer_add(&url, host);
    end = with_path(t, end, &url);
    buffer_clear(&f->raw);
    buffer_add(&f->raw, buffer_text(&url));
    buffer_done(&url);
    f->ret->assumed = true;
    return normal(f, VALUE_URL, end);
}

typedef size_t finder(const struct refanged *t, size_t i, struct buffer *raw);
static const struct {
    finder *find;
    enum value_kind kind;
} finders[] = {
    {find_url, VALUE_URL},   {find_email, VALUE_EMAIL}, {find_ipv6, VALUE_IPV6},
    {find_ipv4, VALUE_IPV4}, {find_hash, VALUE_MD5},
};

static enum value_kind hash_kind(struct text raw)
{
    return raw.len == 32 ? VALUE_MD5 : raw.len == 40 ? VALUE_SHA1 : raw.len == 64 ? VALUE_SHA256 : VALUE_SHA512;
}

static bool try_all(struct finding *f)
{
    enum find_what what = FIND_NOTHING;
    size_t end = find_named(f->t, f->i, &what);
    if (end > f->i) {
        add_upper(f->value, refanged_text(f->t, f->i, end));
        f->ret->what = what;
        f->ret->upto = end;
        return true;
    }
    for (size_t k = 0; k < ARRAY_LEN(finders); k++) {
        buffer_clear(&f->raw);
        end = finders[k].find(f->t, f->i, &f->raw);
        enum value_kind kind = finders[k].kind == VALUE_MD5 ? hash_kind(buffer_text(&f->raw)) : finders[k].kind;
        if (end > f->i && normal(f, kind, end))
            return true;
    }
    return try_name(f);
}

/* Where to look on behind what is no value: a word beyond all measure is passed over whole, so that nothing that
 * begins in it is looked at again. */
static size_t look_on(const struct refanged *t, size_t i)
{
    size_t word = i, end = find_host_end(t, i);
    while (word < i + FIND_AHEAD_MAX && (unsigned char)find_byte(t, word) > ' ')
        word++;
    if (word >= i + FIND_WORD_MAX)
        return word;
    return end > i ? end : i + 1;
}

size_t find_at(const struct refanged *t, size_t i, struct buffer *value, struct found *ret)
{
    struct finding f = {.t = t, .i = i, .value = value, .ret = ret};
    *ret = (struct found){.from = i};
    buffer_clear(value);
    buffer_init(&f.raw, URL_MAX_BYTES);
    bool found = try_all(&f);
    buffer_done(&f.raw);
    return found ? ret->upto : look_on(t, i);
}
