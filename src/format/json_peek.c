/* format/json_peek.c - see json_peek.h. */
#include "format/json_peek.h"

static void skip_blanks(struct json_peek *p)
{
    while (p->rest.len && (p->rest.ptr[0] == ' ' || (p->rest.ptr[0] >= '\t' && p->rest.ptr[0] <= '\r')))
        p->rest = text_sub(p->rest, 1, p->rest.len);
}

static bool take(struct json_peek *p, char c)
{
    skip_blanks(p);
    if (!p->rest.len || p->rest.ptr[0] != c)
        return false;
    p->rest = text_sub(p->rest, 1, p->rest.len);
    return true;
}

struct json_peek json_peek_of(const struct format_head *h)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct text t = h->bytes;
    if (text_starts(t, TEXT(mark)) || (!h->whole && text_starts(TEXT(mark), t))) /* it may be cut off in it */
        t = text_sub(t, t.len < 3 ? t.len : 3, t.len);
    return (struct json_peek){.rest = t, .whole = h->whole};
}

/* The index behind the string that begins at `at`; 0: it does not end. */
static size_t behind_string(struct text t, size_t at)
{
    for (size_t i = at + 1; i < t.len; i++) {
        if (t.ptr[i] == '\\')
            i++;
        else if (t.ptr[i] == '"')
            return i + 1;
    }
    return 0;
}

/* The index behind the value at the front of t; 0: it does not end. */
static size_t behind_value(struct text t)
{
    size_t depth = 0;
    for (size_t i = 0; i < t.len;) {
        char c = t.ptr[i];
        if (c == '"') {
            i = behind_string(t, i);
            if (!i)
                return 0;
            if (!depth)
                return i;
            continue;
        }
        if (!depth && (c == ',' || c == '}' || c == ']'))
            return i;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        i++;
        if (!depth && (c == '}' || c == ']'))
            return i;
    }
    return 0;
}

static enum json_peeked short_of(const struct json_peek *p)
{
    return p->rest.len || p->whole ? PEEK_END : PEEK_CUT;
}

static bool begin(struct json_peek *p)
{
    if (!take(p, '{') && !(take(p, '[') && take(p, '{')))
        return false;
    p->begun = true;
    return true;
}

static enum json_peeked take_name(struct json_peek *p, struct text *ret)
{
    skip_blanks(p);
    if (!p->rest.len || p->rest.ptr[0] != '"')
        return short_of(p);
    size_t end = behind_string(p->rest, 0);
    if (!end)
        return p->whole ? PEEK_END : PEEK_CUT;
    *ret = text_sub(p->rest, 1, end - 2);
    p->rest = text_sub(p->rest, end, p->rest.len);
    return PEEK_NAME;
}

enum json_peeked json_peek_next(struct json_peek *p, struct text *ret_name, struct text *ret_value)
{
    if (!p->begun ? !begin(p) : !take(p, ','))
        return short_of(p);
    enum json_peeked named = take_name(p, ret_name);
    if (named != PEEK_NAME)
        return named;
    if (!take(p, ':'))
        return short_of(p);
    skip_blanks(p);
    if (!p->rest.len)
        return short_of(p);
    size_t end = behind_value(p->rest);
    bool holds = p->rest.ptr[0] == '{' || p->rest.ptr[0] == '[';
    if (!end && !holds)
        return p->whole ? PEEK_END : PEEK_CUT;
    *ret_value = text_trim(text_sub(p->rest, 0, end ? end : p->rest.len));
    p->rest = text_sub(p->rest, end ? end : p->rest.len, p->rest.len);
    return PEEK_NAME;
}

bool json_peek_is(struct text value, struct text string)
{
    return value.len == string.len + 2 && value.ptr[0] == '"' && text_eq(text_sub(value, 1, string.len), string);
}
