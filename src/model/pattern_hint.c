/* model/pattern_hint.c - the common slips. */
#include "model/pattern_hint.h"

static bool is_one_of(struct text t, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq_nocase(t, text_of(words[i])))
            return true;
    return false;
}

static const char *hint_word(struct text word)
{
    static const char *const units[] = {"SECOND", "MINUTE", "MINUTES", "HOUR", "HOURS",
                                        "DAY",    "DAYS",   "WEEKS",   "MS",   "MILLISECONDS"};
    static const char *const keywords[] = {"AND",    "OR",      "NOT",   "FOLLOWEDBY", "LIKE",     "MATCHES",
                                           "EXISTS", "IN",      "START", "STOP",       "ISSUBSET", "ISSUPERSET",
                                           "WITHIN", "REPEATS", "TIMES", "SECONDS"};

    if (is_one_of(word, units, ARRAY_LEN(units)))
        return "a time window is given in SECONDS: WITHIN 300 SECONDS";
    if (is_one_of(word, keywords, ARRAY_LEN(keywords)))
        return "keywords are written in capitals";
    return NULL;
}

const char *pattern_hint(const struct pattern_token *found, const char *what)
{
    bool word = found->kind == TOKEN_WORD || found->kind == TOKEN_HYPHEN_WORD;
    struct text expected = text_of(what);
    const char *hint = found->kind == TOKEN_WORD ? hint_word(found->text) : NULL;

    if (hint)
        return hint;
    if (text_starts(expected, TEXT("'[' ")) && (word || found->kind == TOKEN_NOT || found->kind == TOKEN_EXISTS))
        return "comparisons stand in square brackets: [file:size = 1]";
    if (text_starts(expected, TEXT("a constant")) && word)
        return "a text stands in apostrophes, true and false in small letters";
    if (text_starts(expected, TEXT("a timestamp")) && found->kind == TOKEN_LITERAL)
        return "a timestamp has a t before its apostrophes: t'2026-01-31T00:00:00Z'";
    if (text_eq(expected, TEXT("STOP")))
        return "START and STOP are given together: START t'…' STOP t'…'";
    if (found->kind == TOKEN_STOP)
        return "STOP stands behind START t'…'";
    if (text_starts(expected, TEXT("an observation operator")) &&
        (found->kind == TOKEN_LBRACK || found->kind == TOKEN_LPAREN))
        return "observation expressions are joined by AND, OR or FOLLOWEDBY";
    if (text_starts(expected, TEXT("a property name")) && found->kind == TOKEN_HYPHEN_WORD)
        return "as in file:hashes.'SHA-256'";
    return NULL;
}

const char *pattern_hint_character(struct text rest)
{
    static const struct {
        const char *begins, *hint;
    } hints[] = {
        {"\"", "a text stands in apostrophes ('), not in quotation marks"},
        {"\xe2\x80\x98", "a text stands in straight apostrophes (')"},
        {"\xe2\x80\x99", "a text stands in straight apostrophes (')"},
        {"\xe2\x80\x9c", "a text stands in straight apostrophes (')"},
        {"\xe2\x80\x9d", "a text stands in straight apostrophes (')"},
        {"`", "a text stands in straight apostrophes (')"},
        {"/", "a regular expression stands in apostrophes, as any text"},
        {"&", "write AND"},
        {"|", "write OR"},
        {"!", "write NOT before the operator, or !="},
        {"~", "regular expressions are compared by MATCHES"},
        {"+", "a number has no plus sign"},
    };

    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (text_starts(rest, text_of(hints[i].begins)))
            return hints[i].hint;
    return "a character that has no meaning here";
}
