/* model/terms.c - how terms add up, and their names. Their text is in terms_text.c. */
#include "model/terms.h"

#include <string.h>

/* ---- names ---- */

static int named_cmp(const struct named *a, const struct named *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return memcmp(a->who.b, b->who.b, sizeof a->who.b);
}

bool named_has(const struct named *list, size_t count, const struct named *n)
{
    for (size_t i = 0; i < count; i++)
        if (named_cmp(&list[i], n) == 0)
            return true;
    return false;
}

bool named_insert(struct named list[TERMS_NAMES_MAX], uint8_t *count, const struct named *n)
{
    size_t at = 0;

    while (at < *count && named_cmp(&list[at], n) < 0)
        at++;
    if (at < *count && named_cmp(&list[at], n) == 0)
        return true;
    if (*count >= TERMS_NAMES_MAX)
        return false;
    memmove(&list[at + 1], &list[at], (*count - at) * sizeof list[0]);
    list[at] = *n;
    ++*count;
    return true;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

enum err named_parse(struct text t, enum named_kind otherwise, struct named *ret)
{
    struct named n = {.kind = (uint8_t)otherwise};
    struct ident id;

    if (t.len == 2 && is_capital(t.ptr[0]) && is_capital(t.ptr[1])) {
        n.kind = NAMED_COUNTRY;
        memcpy(n.who.b, t.ptr, 2);
        *ret = n;
        return OK;
    }
    if (ident_parse(t, &id, NULL) || !text_eq(id.type, TEXT("identity")))
        return ERR_MALFORMED;
    n.who = id.uuid;
    *ret = n;
    return OK;
}

/* ---- adding up ---- */

/* Whoever is in both lists. */
static void intersect(struct terms *to, const struct terms *more)
{
    struct named both[TERMS_NAMES_MAX] = {0};
    uint8_t count = 0;

    for (size_t i = 0; i < to->rel_to_count; i++)
        if (named_has(more->rel_to, more->rel_to_count, &to->rel_to[i]))
            both[count++] = to->rel_to[i];
    memcpy(to->rel_to, both, sizeof both);
    to->rel_to_count = count;
}

static void narrow_rel_to(struct terms *to, const struct terms *more)
{
    if (!more->has_rel_to)
        return;
    if (to->has_rel_to) {
        intersect(to, more);
        return;
    }
    to->has_rel_to = true;
    memcpy(to->rel_to, more->rel_to, sizeof to->rel_to);
    to->rel_to_count = more->rel_to_count;
}

static uint8_t purposes_of_both(uint8_t a, uint8_t b)
{
    if (!a || !b)
        return a | b;
    uint8_t both = a & b & PURPOSES_ALL;
    return both ? both : PURPOSE_NOTHING;
}

bool terms_add(struct terms *to, const struct terms *more)
{
    struct terms sum = *to;

    for (size_t i = 0; i < more->not_to_count; i++)
        if (!named_insert(sum.not_to, &sum.not_to_count, &more->not_to[i]))
            return false;
    narrow_rel_to(&sum, more);
    if (more->pap > sum.pap)
        sum.pap = more->pap;
    if (more->embargo_until_us > sum.embargo_until_us)
        sum.embargo_until_us = more->embargo_until_us;
    if (more->classification > sum.classification)
        sum.classification = more->classification;
    sum.purposes = purposes_of_both(sum.purposes, more->purposes);
    sum.originator_control = sum.originator_control || more->originator_control;
    sum.personal_data = sum.personal_data || more->personal_data;
    *to = sum;
    return true;
}

static bool same_names(const struct named *a, size_t a_count, const struct named *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (named_cmp(&a[i], &b[i]) != 0)
            return false;
    return true;
}

bool terms_equal(const struct terms *a, const struct terms *b)
{
    return a->pap == b->pap && a->has_rel_to == b->has_rel_to &&
           same_names(a->rel_to, a->rel_to_count, b->rel_to, b->rel_to_count) &&
           same_names(a->not_to, a->not_to_count, b->not_to, b->not_to_count) &&
           a->originator_control == b->originator_control && a->embargo_until_us == b->embargo_until_us &&
           a->purposes == b->purposes && a->classification == b->classification &&
           a->personal_data == b->personal_data;
}

bool terms_none(const struct terms *t)
{
    static const struct terms none;

    return terms_equal(t, &none);
}

uint32_t terms_needed(const struct terms *t)
{
    return (t->pap ? TERM_PAP : 0u) | (t->has_rel_to ? TERM_REL_TO : 0u) | (t->not_to_count ? TERM_NOT_TO : 0u) |
           (t->originator_control ? TERM_ORIGINATOR_CONTROL : 0u) | (t->embargo_until_us ? TERM_EMBARGO : 0u) |
           (t->purposes ? TERM_PURPOSE : 0u) | (t->classification ? TERM_CLASSIFICATION : 0u) |
           (t->personal_data ? TERM_PERSONAL_DATA : 0u);
}

/* ---- words ---- */

enum err pap_parse(struct text t, enum pap *ret)
{
    static const struct {
        struct text word;
        enum pap pap;
    } words[] = {
        {{"clear", 5}, PAP_CLEAR}, {{"white", 5}, PAP_CLEAR}, {{"green", 5}, PAP_GREEN},
        {{"amber", 5}, PAP_AMBER}, {{"red", 3}, PAP_RED},
    };

    t = text_trim(t);
    if (text_eq_nocase(text_sub(t, 0, 4), TEXT("pap:")))
        t = text_sub(t, 4, t.len);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (text_eq_nocase(t, words[i].word)) {
            *ret = words[i].pap;
            return OK;
        }
    }
    return ERR_MALFORMED;
}

static const struct {
    struct text name;
    uint8_t bit;
} purposes[] = {
    {{"detection", 9}, PURPOSE_DETECTION},        {{"blocking", 8}, PURPOSE_BLOCKING},
    {{"notification", 12}, PURPOSE_NOTIFICATION}, {{"research", 8}, PURPOSE_RESEARCH},
    {{"statistics", 10}, PURPOSE_STATISTICS},     {{"investigation", 13}, PURPOSE_INVESTIGATION},
};

uint8_t purpose_of(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
        if (text_eq(purposes[i].name, name))
            return purposes[i].bit;
    return 0;
}

const char *purpose_name(uint8_t bit)
{
    for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
        if (purposes[i].bit == bit)
            return purposes[i].name.ptr;
    return "nothing";
}

static const char *const levels[] = {"none", "restricted", "confidential", "secret", "top-secret"};

const char *classification_name(enum classification c)
{
    return (unsigned)c < ARRAY_LEN(levels) ? levels[c] : "none";
}

enum err classification_parse(struct text t, enum classification *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (text_eq(t, text_of(levels[i]))) {
            *ret = (enum classification)i;
            return OK;
        }
    }
    return ERR_MALFORMED;
}
