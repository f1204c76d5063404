/* desk/suppress_regex.c - regular expressions of warning lists: foreign, and run over foreign values. As in
 * match/evaluate_regex.c a callout before every item counts the steps; of all expressions over one value together. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

#include "desk/suppress_inside.h"

struct expression {
    pcre2_code *code;
    uint32_t at; /* its text, in the pool */
    uint16_t len, list;
};

enum err suppress_regex_add(struct suppress *s, struct text expression)
{
    int bad = 0;
    PCRE2_SIZE place;
    if (s->expression_count == s->expression_cap) {
        size_t more = s->expression_cap ? 2 * s->expression_cap : 16;
        struct expression *grown = realloc(s->expressions, more * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        s->expressions = grown;
        s->expression_cap = more;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression.ptr, expression.len,
                                     PCRE2_UTF | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C, &bad, &place, NULL);
    if (!code)
        return bad == PCRE2_ERROR_NOMEMORY ? ERR_NOMEM : OK; /* its reader took it: another version of PCRE2 */
    s->expressions[s->expression_count++] =
        (struct expression){code, (uint32_t)s->pool.len, (uint16_t)expression.len, (uint16_t)(s->list_count - 1)};
    buffer_add(&s->pool, expression);
    s->has[WARNINGLIST_REGEX] = true;
    return buffer_error(&s->pool);
}

static int count_step(pcre2_callout_block *block, void *self)
{
    int64_t *left = self;
    (void)block;
    return --*left < 0 ? PCRE2_ERROR_MATCHLIMIT : 0;
}

static bool speaks_of(const struct suppress *s, enum value_kind kind)
{
    for (size_t i = 0; i < s->expression_count; i++)
        if (s->lists[s->expressions[i].list].kinds >> kind & 1)
            return true;
    return false;
}

bool suppress_regex_check(const struct suppress *s, enum value_kind kind, struct text value, struct suppressed *ret)
{
    int64_t left = SUPPRESS_REGEX_STEPS;
    bool found = false;
    if (!speaks_of(s, kind) || !text_is_utf8(value))
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (data && limits) {
        pcre2_set_match_limit(limits, 10 * SUPPRESS_REGEX_STEPS);
        pcre2_set_heap_limit(limits, SUPPRESS_REGEX_MEMORY_KIB);
        pcre2_set_callout(limits, count_step, &left);
    }
    for (size_t i = 0; data && limits && !found && left >= 0 && i < s->expression_count; i++) {
        const struct expression *e = &s->expressions[i];
        const struct suppress_list *l = &s->lists[e->list];
        if (!(l->kinds >> kind & 1))
            continue;
        found = pcre2_match(e->code, (PCRE2_SPTR)value.ptr, value.len, 0, PCRE2_NO_UTF_CHECK, data, limits) >= 0;
        if (found)
            *ret = (struct suppressed){SUPPRESS_LIST, {s->pool.ptr + l->at, l->len}, {s->pool.ptr + e->at, e->len}};
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    return found;
}

void suppress_regexes_free(struct suppress *s)
{
    for (size_t i = 0; i < s->expression_count; i++)
        pcre2_code_free(s->expressions[i].code);
    free(s->expressions);
}
