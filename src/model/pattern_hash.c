/* model/pattern_hash.c - comparisons of a hash. */
#include "model/pattern_hash.h"

/* 'SHA-256' of the vocabulary (section 10.7), and SHA256 or sha256 as many write it. */
static enum value_kind algorithm_kind(struct text name)
{
    static const struct {
        struct text name;
        enum value_kind kind;
    } algorithms[] = {
        {{"MD5", 3}, VALUE_MD5},        {{"SHA-1", 5}, VALUE_SHA1},    {{"SHA1", 4}, VALUE_SHA1},
        {{"SHA-256", 7}, VALUE_SHA256}, {{"SHA256", 6}, VALUE_SHA256}, {{"SHA-512", 7}, VALUE_SHA512},
        {{"SHA512", 6}, VALUE_SHA512},
    };

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        if (text_eq_nocase(name, algorithms[i].name))
            return algorithms[i].kind;
    return VALUE_NONE;
}

enum value_kind pattern_hash_kind(const struct pattern_node *comparison)
{
    const struct pattern_step *last = comparison->steps + comparison->step_count - 1;

    if (comparison->step_count < 2 || last->kind != STEP_NAME || last[-1].kind != STEP_NAME ||
        !text_eq(last[-1].name, TEXT("hashes")))
        return VALUE_NONE;
    return algorithm_kind(last->name);
}

const char *pattern_hash_check(const struct pattern_node *comparison)
{
    enum value_kind kind;

    if (comparison->op != PATTERN_EQ && comparison->op != PATTERN_NE && comparison->op != PATTERN_IN)
        return NULL;
    kind = pattern_hash_kind(comparison);
    for (size_t i = 0; kind != VALUE_NONE && i < comparison->literal_count; i++)
        if (comparison->literals[i].kind == LITERAL_STRING && value_detect(comparison->literals[i].text) != kind)
            return "not a hash of the algorithm that the property names";
    return NULL;
}
