/* net/prefer.c - the header Prefer taken apart: preferences between commas, their parameters behind semicolons, and
 * either may hide in a quoted string. */
#include "net/prefer.h"

#include "net/http_inside.h"

/* Takes what stands before the next `sep` that is not in quotes. */
static bool split_unquoted(struct text *rest, char sep, struct text *ret_piece)
{
    bool quoted = false;
    size_t i = 0;
    if (!rest->ptr)
        return false;
    for (; i < rest->len && (quoted || rest->ptr[i] != sep); i++) {
        if (rest->ptr[i] == '\\' && quoted)
            i++;
        else if (rest->ptr[i] == '"')
            quoted = !quoted;
    }
    i = i > rest->len ? rest->len : i;
    *ret_piece = text_sub(*rest, 0, i);
    *rest = i < rest->len ? text_sub(*rest, i + 1, rest->len) : TEXT_NONE;
    return true;
}

static bool read_wait(struct text preference, uint32_t *ret_s)
{
    struct text rest = preference, word, name, value;
    uint64_t n;
    split_unquoted(&rest, ';', &word);
    value = word;
    if (!text_split(&value, '=', &name) || !text_eq_nocase(text_trim(name), TEXT("wait")))
        return false;
    value = text_trim(value);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = text_sub(value, 1, value.len - 2);
    enum err e = text_u64(value, &n);
    if (e && e != ERR_LIMIT)
        return false;
    *ret_s = e || n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return true;
}

bool http_prefers_wait(const struct http_request *r, uint32_t *ret_s)
{
    for (size_t i = 0; r->headers && i < r->headers->count; i++) {
        struct text rest = r->headers->fields[i].value, preference;
        if (!text_eq_nocase(r->headers->fields[i].name, TEXT("Prefer")))
            continue;
        while (split_unquoted(&rest, ',', &preference))
            if (read_wait(preference, ret_s))
                return true;
    }
    return false;
}

void http_applied_wait(const struct http_request *r)
{
    if (r->exchange)
        r->exchange->waited = true;
}
