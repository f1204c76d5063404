/* match/evaluate_regex.c - MATCHES: PCRE2's search with DOTALL, in UTF mode over strings, over octets otherwise
 * (section 9.6.1). Foreign expressions over foreign values: PCRE2's own limit counts anew at each place where a
 * match may begin, so a callout before every item of the expression counts the steps and the bytes between them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

#include "base/limits.h"
#include "match/evaluate_inside.h"

struct regex {
    pcre2_code *text, *octets; /* octets: made when first needed */
    pcre2_match_data *data;
    pcre2_match_context *limits;
    struct text source; /* as written */
    bool no_octets;     /* cannot be made */
    bool spent;         /* a limit was reached: no more searches */
    int64_t left;       /* steps of this search */
    PCRE2_SPTR at;      /* where the last step was */
    struct regex *next;
};
struct regex_list {
    struct regex *first;
};

static int count_step(pcre2_callout_block *block, void *self)
{
    struct regex *r = self;
    PCRE2_SPTR now = block->subject + block->current_position;
    ptrdiff_t moved = now > r->at ? now - r->at : r->at - now;

    r->at = now;
    r->left -= 1 + moved / 8;
    return r->left < 0 ? PCRE2_ERROR_MATCHLIMIT : 0;
}

static pcre2_code *compile(struct text source, uint32_t options, int *ret_error)
{
    PCRE2_SIZE offset;

    if (source.len > PATTERN_REGEX_MAX_BYTES) {
        *ret_error = PCRE2_ERROR_BADDATA;
        return NULL;
    }
    return pcre2_compile((PCRE2_SPTR)(source.len > 0 ? source.ptr : ""), source.len,
                         options | PCRE2_DOTALL | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C, ret_error, &offset,
                         NULL);
}

static bool set_up(struct regex *r)
{
    r->data = pcre2_match_data_create(1, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->data || !r->limits)
        return false;
    pcre2_set_match_limit(r->limits, PATTERN_REGEX_STEPS_MAX * 10);
    pcre2_set_heap_limit(r->limits, PATTERN_REGEX_MEMORY_KIB);
    pcre2_set_callout(r->limits, count_step, r);
    return true;
}

static void refuse(struct evaluation *e, const struct pattern_node *n, int error)
{
    PCRE2_UCHAR words[120] = "";

    if (e->err)
        return;
    if (error == PCRE2_ERROR_BADDATA)
        e->err = fault_at(e->fault, ERR_MALFORMED, (int64_t)n->column - 1, "PATTERN_REGEX_MAX_BYTES",
                          "pattern, column %zu: a regular expression of more than %zu bytes", n->column,
                          (size_t)PATTERN_REGEX_MAX_BYTES);
    else {
        pcre2_get_error_message(error, words, sizeof words);
        e->err = fault_at(e->fault, ERR_MALFORMED, (int64_t)n->column - 1, "STIX 2.1 9.6.1",
                          "pattern, column %zu: no regular expression of PCRE: %s", n->column, (const char *)words);
    }
}

struct regex *regex_new(struct evaluation *e, const struct pattern_node *n)
{
    struct regex *r = calloc(1, sizeof *r);
    int error = 0;

    if (!e->regexes)
        e->regexes = arena_alloc(e->arena, sizeof *e->regexes);
    if (!r || !e->regexes || !set_up(r)) {
        if (r) {
            pcre2_match_data_free(r->data);
            pcre2_match_context_free(r->limits);
        }
        free(r);
        e->err = ERR_NOMEM;
        return NULL;
    }
    r->next = e->regexes->first;
    e->regexes->first = r;
    r->source = n->literals[0].text;
    r->text = compile(text_nfc(e, r->source, true), PCRE2_UTF | PCRE2_UCP, &error);
    if (!r->text)
        refuse(e, n, error);
    return e->err ? NULL : r;
}

static pcre2_code *octets_of(struct evaluation *e, struct regex *r)
{
    struct buffer source;
    int error;

    if (r->octets || r->no_octets)
        return r->octets;
    buffer_init(&source, PATTERN_REGEX_MAX_BYTES);
    if (text_to_octets(r->source, &source))
        r->octets = compile(buffer_text(&source), PCRE2_NEVER_UTF, &error);
    if (buffer_error(&source) == ERR_NOMEM)
        e->err = ERR_NOMEM;
    buffer_done(&source);
    r->no_octets = !r->octets;
    return r->octets;
}

enum truth regex_search(struct evaluation *e, struct regex *r, struct text subject, bool binary)
{
    pcre2_code *code = binary ? octets_of(e, r) : r->text;
    int64_t allowed = PATTERN_REGEX_STEPS_MAX + 4 * (int64_t)subject.len;
    const char *bytes = subject.len > 0 ? subject.ptr : "";
    int found;

    if (r->spent || !evaluation_step(e, 1))
        return TRUTH_UNKNOWN;
    if (!code)
        return TRUTH_FALSE;
    r->left = allowed;
    r->at = (PCRE2_SPTR)bytes;
    found = pcre2_match(code, (PCRE2_SPTR)bytes, subject.len, 0, PCRE2_NO_UTF_CHECK, r->data, r->limits);
    if (!evaluation_step(e, (size_t)(allowed - (r->left > 0 ? r->left : 0)) / 4))
        return TRUTH_UNKNOWN;
    if (found >= 0)
        return TRUTH_TRUE;
    if (found == PCRE2_ERROR_NOMATCH)
        return TRUTH_FALSE;
    if (found == PCRE2_ERROR_NOMEMORY)
        e->err = ERR_NOMEM;
    r->spent = true;
    return TRUTH_UNKNOWN;
}

void regexes_free(struct evaluation *e)
{
    struct regex *r = e->regexes ? e->regexes->first : NULL;

    while (r) {
        struct regex *next = r->next;

        pcre2_code_free(r->text);
        pcre2_code_free(r->octets);
        pcre2_match_data_free(r->data);
        pcre2_match_context_free(r->limits);
        free(r);
        r = next;
    }
}
