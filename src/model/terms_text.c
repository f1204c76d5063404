/* model/terms_text.c - terms as a line of text, one for each:
 *
 *   p3;rcNL,o00010203-...;ng...;o;e1767225600000000;u5;c2;d
 *
 * p: PAP. r: REL-TO, n: NOT-TO; names with a comma between, each a letter (c country, o organisation, g group) and
 * the country's two letters or the UUID, ascending. o: originator control. e: embargo, its end in microseconds.
 * u: purposes. c: classification. d: personal data. In this order, each at most once, left out when not said. */
#include "model/terms.h"

#include <inttypes.h>
#include <string.h>

static const char kinds[] = {[NAMED_COUNTRY] = 'c', [NAMED_ORGANISATION] = 'o', [NAMED_GROUP] = 'g'};

/* ---- writing ---- */

/* What stands before a term: nothing before the first. */
static void begin(struct buffer *out, size_t start, char letter)
{
    if (out->len > start)
        buffer_add_char(out, ';');
    buffer_add_char(out, letter);
}

static void write_names(const struct named *names, size_t count, struct buffer *out)
{
    char text[UUID_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_char(out, ',');
        buffer_add_char(out, names[i].kind < ARRAY_LEN(kinds) ? kinds[names[i].kind] : '?');
        if (names[i].kind == NAMED_COUNTRY)
            buffer_add_bytes(out, names[i].who.b, 2);
        else
            buffer_add(out, uuid_format(&names[i].who, text));
    }
}

void terms_text(const struct terms *t, struct buffer *out)
{
    size_t start = out->len;
    if (t->pap)
        begin(out, start, 'p'), buffer_addf(out, "%d", (int)t->pap);
    if (t->has_rel_to)
        begin(out, start, 'r'), write_names(t->rel_to, t->rel_to_count, out);
    if (t->not_to_count)
        begin(out, start, 'n'), write_names(t->not_to, t->not_to_count, out);
    if (t->originator_control)
        begin(out, start, 'o');
    if (t->embargo_until_us)
        begin(out, start, 'e'), buffer_addf(out, "%" PRId64, t->embargo_until_us);
    if (t->purposes)
        begin(out, start, 'u'), buffer_addf(out, "%d", (int)t->purposes);
    if (t->classification)
        begin(out, start, 'c'), buffer_addf(out, "%d", (int)t->classification);
    if (t->personal_data)
        begin(out, start, 'd');
}

/* ---- reading ---- */

static bool read_name(struct text t, struct named *ret)
{
    struct named n = {0};
    char again[UUID_TEXT_MAX];
    for (size_t k = NAMED_COUNTRY; t.len && k < ARRAY_LEN(kinds); k++)
        if (t.ptr[0] == kinds[k])
            n.kind = (uint8_t)k;
    struct text who = text_sub(t, 1, t.len);
    if (n.kind == NAMED_COUNTRY) {
        if (who.len != 2)
            return false;
        memcpy(n.who.b, who.ptr, 2);
        for (size_t i = 0; i < 2; i++)
            if (n.who.b[i] < 'A' || n.who.b[i] > 'Z')
                return false;
    } else if (!n.kind || uuid_parse(who, &n.who) || !text_eq(who, uuid_format(&n.who, again))) {
        return false;
    }
    *ret = n;
    return true;
}

static bool ascends(const struct named *before, const struct named *n)
{
    return before->kind != n->kind ? before->kind < n->kind : memcmp(&before->who, &n->who, sizeof n->who) < 0;
}

static bool read_names(struct text t, struct named *ret, uint8_t *ret_count)
{
    struct text name;
    size_t count = 0;
    *ret_count = 0;
    if (!t.len)
        return true;
    while (text_split(&t, ',', &name)) {
        if (count == TERMS_NAMES_MAX || !read_name(name, &ret[count]))
            return false;
        if (count && !ascends(&ret[count - 1], &ret[count]))
            return false;
        count++;
    }
    *ret_count = (uint8_t)count;
    return true;
}

static bool read_number(struct text t, uint64_t max, uint64_t *ret)
{
    return t.len && t.ptr[0] != '0' && text_u64(t, ret) == OK && *ret <= max;
}

static bool read_embargo(struct text t, int64_t *ret)
{
    uint64_t number;
    bool before_1970 = text_starts(t, TEXT("-"));
    if (!read_number(before_1970 ? text_sub(t, 1, t.len) : t, INT64_MAX, &number))
        return false;
    *ret = before_1970 ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool read_term(char letter, struct text rest, struct terms *t)
{
    uint64_t number = 0;
    switch (letter) {
    case 'p': return read_number(rest, PAP_RED, &number) && (t->pap = (enum pap)number);
    case 'r': return (t->has_rel_to = true) && read_names(rest, t->rel_to, &t->rel_to_count);
    case 'n': return rest.len && read_names(rest, t->not_to, &t->not_to_count);
    case 'o': return !rest.len && (t->originator_control = true);
    case 'e': return read_embargo(rest, &t->embargo_until_us);
    case 'u': return read_number(rest, UINT8_MAX, &number) && (t->purposes = (uint8_t)number);
    case 'c':
        return read_number(rest, CLASSIFICATION_TOP_SECRET, &number) &&
               (t->classification = (enum classification)number);
    case 'd': return !rest.len && (t->personal_data = true);
    default: return false;
    }
}

/* One spelling for one meaning: each letter at most once and in its place. */
enum err terms_parse(struct text t, struct terms *ret)
{
    struct terms terms = {0};
    struct text order = TEXT("prnoeucd"), term;
    if (t.len) {
        while (text_split(&t, ';', &term)) {
            ptrdiff_t at = term.len ? text_find(order, term.ptr[0], 0) : -1;
            if (at < 0 || !read_term(term.ptr[0], text_sub(term, 1, term.len), &terms))
                return ERR_MALFORMED;
            order = text_sub(order, (size_t)at + 1, order.len);
        }
    }
    *ret = terms;
    return OK;
}
