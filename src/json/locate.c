/* json/locate.c - see locate.h. The text is known to be JSON: what is passed over need not be checked, and every loop
 * ends at the text's end all the same. */
#include "json/locate.h"

#include <string.h>

#include "json/json.h"

struct place {
    const char *p, *end;
};

static void pass_space(struct place *at)
{
    while (at->p < at->end && (*at->p == ' ' || *at->p == '\t' || *at->p == '\n' || *at->p == '\r'))
        at->p++;
}

static int here(const struct place *at)
{
    return at->p < at->end ? (unsigned char)*at->p : -1;
}

static bool is_escaped(const char *quote, const char *from)
{
    const char *p = quote;
    while (p > from && p[-1] == '\\')
        p--;
    return (quote - p) % 2 == 1;
}

/* From the opening quote to behind the closing one. */
static struct text pass_string(struct place *at)
{
    const char *from = at->p++, *quote = NULL;
    do {
        quote = at->p < at->end ? memchr(at->p, '"', (size_t)(at->end - at->p)) : NULL;
        at->p = quote ? quote + 1 : at->end;
    } while (quote && is_escaped(quote, from + 1));
    return (struct text){from, (size_t)(at->p - from)};
}

static void pass_value(struct place *at)
{
    size_t depth = 0;
    while (at->p < at->end) {
        const char c = *at->p;
        const bool close = c == '}' || c == ']';
        if (depth == 0 && (c == ',' || close)) /* behind a number or word */
            return;
        if (c == '"')
            pass_string(at);
        else
            at->p++;
        depth += c == '{' || c == '[';
        depth -= close;
        if (depth == 0 && (c == '"' || close))
            return;
    }
}

/* One byte of a name out of a pointer's token: "~1" is '/', "~0" is '~'. */
static char token_byte(struct text token, size_t *io_at)
{
    char c = token.ptr[(*io_at)++];
    if (c != '~' || *io_at == token.len)
        return c;
    return token.ptr[(*io_at)++] == '1' ? '/' : '~';
}

static bool same_name(struct text name, struct text token)
{
    size_t i = 0, at = 0;
    while (i < name.len && at < token.len)
        if (name.ptr[i++] != token_byte(token, &at))
            return false;
    return i == name.len && at == token.len;
}

static bool is_named(struct text quoted, struct text token)
{
    if (!memchr(quoted.ptr, '\\', quoted.len))
        return quoted.len >= 2 && same_name(text_sub(quoted, 1, quoted.len - 2), token);
    struct json_doc *doc;
    if (json_parse(quoted, &doc, NULL))
        return false;
    bool same = same_name(json_text(json_root(doc)), token);
    json_free(doc);
    return same;
}

/* From the brace to the value of the member so named; *ret_name is where its name stands. */
static bool enter_member(struct place *at, struct text token, const char **ret_name)
{
    at->p++;
    for (;;) {
        pass_space(at);
        if (here(at) != '"')
            return false;
        *ret_name = at->p;
        struct text quoted = pass_string(at);
        pass_space(at);
        at->p += here(at) == ':';
        pass_space(at);
        if (is_named(quoted, token))
            return here(at) >= 0;
        pass_value(at);
        pass_space(at);
        if (here(at) != ',')
            return false;
        at->p++;
    }
}

static bool enter_element(struct place *at, struct text token)
{
    uint64_t index;
    if (text_u64(token, &index))
        return false;
    at->p++;
    for (pass_space(at); index > 0; index--, pass_space(at)) {
        if (here(at) == ']' || here(at) < 0)
            return false;
        pass_value(at);
        pass_space(at);
        if (here(at) != ',')
            return false;
        at->p++;
    }
    return here(at) != ']' && here(at) >= 0;
}

size_t json_locate(struct text json, struct text pointer, size_t max_bytes)
{
    struct place at = {json.ptr, json.ptr + (json.len < max_bytes ? json.len : max_bytes)};
    struct text rest = pointer, token;
    pass_space(&at);
    const char *found = at.p;
    if (!text_split(&rest, '/', &token)) /* what stands before the first '/' is nothing */
        return (size_t)(found - json.ptr);
    while (text_split(&rest, '/', &token)) {
        const char *name = NULL;
        const int bracket = here(&at);
        if (bracket == '{' ? !enter_member(&at, token, &name) : bracket != '[' || !enter_element(&at, token))
            break;
        found = name ? name : at.p;
    }
    return (size_t)(found - json.ptr);
}
