/* desk/search.c - one question: its parts in the order of their worth, each a range of postings; every entry that one
 * of them lets through is looked at once, newest first, until there are as many answers as were asked for. */
#include "desk/search.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/own.h"
#include "desk/search_inside.h"

/* Entries looked at for one part of a question, those that count no longer or that the account may not see included:
 * a microsecond or two each. And bodies read that did not fit after all. */
#define LOOKED_AT_MAX 20000
#define MISSED_MAX    2000
/* Answers among which a name is looked for. */
#define SEARCH_NAMED_MAX 200

const char *search_match_name(enum search_match m)
{
    static const char *const names[MATCH_KINDS] = {"exact", "network", "address", "subdomain",
                                                   "host",  "prefix",  "text"};
    return (unsigned)m < MATCH_KINDS ? names[m] : "unknown";
}

const char *search_kind_name(const struct search_answer *a)
{
    switch (a->taken_as) {
    case SEARCH_VALUE: return value_kind_name(a->value_kind);
    case SEARCH_PREFIX: return "prefix";
    case SEARCH_OBJECT: return "identifier";
    case SEARCH_NUMBER: return "finding";
    default: return "text";
    }
}

struct asking {
    struct searcher *s;
    const struct search_question *q;
    const struct taken *taken;
    struct arena *arena;
    struct search_answer *answer;
    size_t room;
    uint64_t *taken_n; /* entries that were answered with already, a table */
    size_t slots;
    uint64_t *list, *other; /* LOOKED_AT_MAX each */
};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "there is more to show than there is memory for");
}

/* ---- one entry ---- */

/* False: it was there. Entries are kept as n + 1. */
static bool first_time(struct asking *a, uint64_t n)
{
    size_t i = (size_t)((n + 1) * 0x9E3779B97F4A7C15u) & (a->slots - 1);
    while (a->taken_n[i] && a->taken_n[i] != n + 1)
        i = (i + 1) & (a->slots - 1);
    bool first = a->taken_n[i] == 0;
    a->taken_n[i] = n + 1;
    return first;
}

static bool answered(const struct asking *a, uint64_t n)
{
    size_t i = (size_t)((n + 1) * 0x9E3779B97F4A7C15u) & (a->slots - 1);
    while (a->taken_n[i] && a->taken_n[i] != n + 1)
        i = (i + 1) & (a->slots - 1);
    return a->taken_n[i] != 0;
}

/* ERR_NOT_FOUND: it does not fit, or is not for this account. */
static enum err try_candidate(struct asking *a, const struct wanted *w, struct candidate *c, struct fault *reterr)
{
    struct search_result r = {.match = w->match};
    enum err err = searcher_read(a->s, c, reterr);
    if (err != OK)
        return err;
    if (w->match != MATCH_KINDS && !search_fits(a->s, w, a->arena, &r.value, &r.kind))
        return ERR_NOT_FOUND;
    if (w->match == MATCH_KINDS) {
        r.match = MATCH_EXACT;
        r.value = a->taken->value;
        r.kind = "identifier";
    }
    err = search_row(a->s, c, a->arena, &r);
    if (err != OK)
        return err == ERR_NOMEM ? no_memory(reterr) : err;
    a->answer->results[a->answer->count++] = r;
    (void)first_time(a, c->row.n);
    return OK;
}

/* ---- one part of the question ---- */

/* Is it worth counting how many more there are? Only of exact values, and only what the class lets the account see
 * whole. */
static void count_holder(struct asking *a, const struct wanted *w, const struct candidate *c)
{
    struct search_answer *ans = a->answer;
    if (w->match != MATCH_EXACT || ans->held_by_more || c->cls.granular || c->cls.tear != TLP_NONE)
        return;
    if (ans->held_by == SEARCH_COUNT_MAX)
        ans->held_by_more = true;
    else
        ans->held_by++;
}

static bool goes_on(const struct asking *a, const struct wanted *w)
{
    const struct search_answer *ans = a->answer;
    return ans->count < a->room || (w->match == MATCH_EXACT && !ans->held_by_more);
}

static enum err walk(struct asking *a, const struct wanted *w, const uint64_t *list, size_t count,
                     struct fault *reterr)
{
    size_t missed = 0;
    for (size_t i = 0; i < count && goes_on(a, w); i++) {
        struct candidate c;
        if (answered(a, list[i]))
            continue;
        enum err err = searcher_look(a->s, list[i], a->q->all, &c, reterr);
        if (err == OK && a->q->type.len && !text_eq(a->q->type, text_of(c.cls.type)))
            err = ERR_NOT_FOUND;
        if (err == OK && a->answer->count == a->room) {
            a->answer->more = true;
            count_holder(a, w, &c);
            continue;
        }
        if (err == OK) {
            err = try_candidate(a, w, &c, reterr);
            if (err == OK)
                count_holder(a, w, &c);
            else if (err == ERR_NOT_FOUND && ++missed == MISSED_MAX)
                break;
        }
        if (err != OK && err != ERR_NOT_FOUND)
            return err;
    }
    return OK;
}

static enum err part(struct asking *a, enum search_match match, struct posting_range range, struct fault *reterr)
{
    const struct wanted w = {.match = match, .taken = a->taken};
    size_t count = 0;
    bool more;
    if (!goes_on(a, &w)) {
        a->answer->more = true;
        return OK;
    }
    enum err err = view_holding(a->s->about.v, range, a->list, LOOKED_AT_MAX, &count, &more, reterr);
    return err == OK ? walk(a, &w, a->list, count, reterr) : err;
}

/* ---- words ---- */

struct collecting {
    struct wanted w;
    struct arena *arena;
    bool failed;
};

static bool one_word(void *self, const struct word *word)
{
    struct collecting *c = self;
    for (size_t i = 0; i < c->w.word_count; i++)
        if (text_eq(c->w.words[i], word->text))
            return true;
    c->w.words[c->w.word_count] = arena_text(c->arena, word->text);
    c->failed = c->failed || !c->w.words[c->w.word_count].ptr;
    return ++c->w.word_count < FIT_WORDS_MAX && !c->failed;
}

/* What is in both; lists newest first. One that was cut short may hold what is older than its end. */
static size_t in_both(uint64_t *list, size_t count, const uint64_t *other, size_t other_count, bool other_more)
{
    size_t kept = 0, j = 0;
    for (size_t i = 0; i < count; i++) {
        while (j < other_count && other[j] > list[i])
            j++;
        if (j < other_count ? other[j] == list[i] : other_more)
            list[kept++] = list[i];
    }
    return kept;
}

static enum err all_words(struct asking *a, const struct wanted *w, size_t *ret_count, struct fault *reterr)
{
    size_t count = 0;
    bool whole = false;
    for (size_t i = 0; i < w->word_count; i++) {
        size_t other_count = 0;
        bool more = false;
        enum err err = view_holding(a->s->about.v, posting_word(w->words[i]), a->other, LOOKED_AT_MAX, &other_count,
                                    &more, reterr);
        if (err != OK)
            return err;
        if (i && (whole || more)) {
            count = in_both(a->list, count, a->other, other_count, more);
        } else if (i) { /* the first was cut short, this one is not */
            other_count = in_both(a->other, other_count, a->list, count, true);
            memcpy(a->list, a->other, other_count * sizeof *a->list);
            count = other_count;
            whole = true;
        } else {
            memcpy(a->list, a->other, other_count * sizeof *a->list);
            count = other_count;
            whole = !more;
        }
    }
    *ret_count = count;
    return OK;
}

static enum err part_text(struct asking *a, struct fault *reterr)
{
    struct collecting c = {.w = {.match = MATCH_TEXT, .taken = a->taken}, .arena = a->arena};
    size_t count = 0;
    if (a->answer->count == a->room) {
        a->answer->more = true;
        return OK;
    }
    enum err err = words_of_text(&a->s->words, a->taken->words, one_word, &c);
    if (err != OK || c.failed)
        return no_memory(reterr);
    if (c.w.word_count == 0)
        return OK;
    err = all_words(a, &c.w, &count, reterr);
    return err == OK ? walk(a, &c.w, a->list, count, reterr) : err;
}

/* ---- the whole ---- */

static enum err part_networks(struct asking *a, struct fault *reterr)
{
    struct posting_range steps[POSTING_STEPS_MAX];
    size_t count = posting_containing(&a->taken->net, steps);
    enum err err = OK;
    for (size_t i = count; err == OK && i > 0; i--) /* the narrowest first */
        err = part(a, MATCH_CONTAINS, steps[i - 1], reterr);
    if (err == OK && a->taken->value_kind == VALUE_CIDR)
        err = part(a, MATCH_CONTAINED, posting_inside(&a->taken->net), reterr);
    if (err == OK && a->taken->value_kind == VALUE_CIDR)
        err = part(a, MATCH_CONTAINED, posting_networks_inside(&a->taken->net), reterr);
    return err;
}

static enum err ask_value(struct asking *a, struct fault *reterr)
{
    const struct taken *k = a->taken;
    enum err err = part(a, MATCH_EXACT, posting_exact(k->value_kind, k->value), reterr);
    if (err == OK && !text_eq(k->value, k->words)) /* as a name: a URL's letters are of both cases */
        err = part(a, MATCH_EXACT, posting_exact(VALUE_NONE, k->words), reterr);
    if (err == OK && k->net.addr.bits)
        err = part_networks(a, reterr);
    if (err == OK && k->value_kind == VALUE_DOMAIN)
        err = part(a, MATCH_SUBDOMAIN, posting_below(k->value), reterr);
    if (err == OK && k->host.len)
        err = part(a, MATCH_HOST, posting_host(k->host), reterr);
    return err == OK ? part_text(a, reterr) : err;
}

static enum err ask_object(struct asking *a, struct text id, struct fault *reterr)
{
    const struct wanted w = {.match = MATCH_KINDS, .taken = a->taken};
    struct candidate c;
    enum err err = searcher_find(a->s, id, &c, reterr);
    if (err == OK && (!a->q->type.len || text_eq(a->q->type, text_of(c.cls.type))))
        err = try_candidate(a, &w, &c, reterr);
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err ask_number(struct asking *a, struct fault *reterr)
{
    struct finding_row row;
    char id[IDENT_TEXT_MAX];
    enum err err = view_finding_by_number(a->s->about.v, a->taken->number, &row, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? OK : err;
    if (row.id.len >= sizeof id)
        return OK;
    memcpy(id, row.id.ptr, row.id.len);
    return ask_object(a, (struct text){id, row.id.len}, reterr);
}

/* The beginning of a value, of a word; or of a name of several words, of which the first is whole. */
static enum err ask_prefix(struct asking *a, struct fault *reterr)
{
    const struct text t = a->taken->value;
    ptrdiff_t blank = text_find(t, ' ', 0);
    enum err err = part(a, MATCH_PREFIX, posting_value_prefix(t), reterr);
    if (err != OK)
        return err;
    if (blank > 0)
        return part(a, MATCH_PREFIX, posting_word(text_sub(t, 0, (size_t)blank)), reterr);
    return part(a, MATCH_PREFIX, posting_word_prefix(t), reterr);
}

static enum err ask(struct asking *a, struct fault *reterr)
{
    enum err err;
    switch (a->taken->kind) {
    case SEARCH_VALUE: return ask_value(a, reterr);
    case SEARCH_OBJECT: return ask_object(a, a->taken->value, reterr);
    case SEARCH_NUMBER: err = ask_number(a, reterr); return err == OK ? part_text(a, reterr) : err;
    case SEARCH_PREFIX: return ask_prefix(a, reterr);
    default:
        err = part(a, MATCH_EXACT, posting_exact(VALUE_NONE, a->taken->value), reterr);
        return err == OK ? part_text(a, reterr) : err;
    }
}

static enum err with_room(struct asking *a, struct fault *reterr)
{
    a->slots = 64;
    while (a->slots < 2 * a->room)
        a->slots *= 2;
    a->taken_n = calloc(a->slots, sizeof *a->taken_n);
    a->list = malloc(LOOKED_AT_MAX * sizeof *a->list);
    a->other = malloc(LOOKED_AT_MAX * sizeof *a->other);
    a->answer->results = arena_alloc(a->arena, (a->room + 1) * sizeof *a->answer->results);
    enum err err = a->taken_n && a->list && a->other && a->answer->results ? ask(a, reterr) : no_memory(reterr);
    free(a->taken_n);
    free(a->list);
    free(a->other);
    return err;
}

static enum err ask_in_snapshot(struct searcher *s, const struct search_question *q, struct arena *arena,
                                struct search_answer *ret, struct fault *reterr)
{
    struct taken taken;
    if (search_take(q->text, arena, &taken) != OK)
        return no_memory(reterr);
    struct search_answer answer = {
        .taken_as = taken.kind, .value_kind = taken.value_kind, .value = taken.value, .cut = taken.cut};
    struct asking a = {.s = s,
                       .q = q,
                       .taken = &taken,
                       .arena = arena,
                       .answer = &answer,
                       .room = q->limit && q->limit <= SEARCH_LIMIT_MAX ? q->limit : SEARCH_LIMIT};
    if (taken.value.len == 0) {
        *ret = answer;
        return OK;
    }
    enum err err = view_snapshot(s->about.v, reterr);
    if (err == OK) {
        err = with_room(&a, reterr);
        view_end(s->about.v);
    }
    if (err == OK)
        *ret = answer;
    return err;
}

enum err search_ask(struct node *node, struct view *v, const struct search_question *q, struct arena *arena,
                    struct search_answer *ret, struct fault *reterr)
{
    struct searcher *s;
    enum err err = searcher_open(node, v, &q->account, q->now_us, &s, reterr);
    if (err != OK)
        return err;
    err = ask_in_snapshot(s, q, arena, ret, reterr);
    searcher_close(s);
    return err;
}

/* How well an answer is what a person means by a name: its own name as written, in other letters, a value. Not at
 * all: a finding, which is about one. */
static int worth(const struct search_result *r, struct text name)
{
    if (r->match != MATCH_EXACT || r->finding)
        return 0;
    if (text_eq(r->name, name))
        return 3;
    return text_eq_nocase(r->name, name) || strcmp(r->kind, "name") == 0 ? 2 : 1;
}

static bool listed(const struct text *list, size_t count, struct text id)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq(list[i], id))
            return true;
    return false;
}

enum err search_named(struct node *node, struct view *v, const struct uuid *account, int64_t now_us, struct text name,
                      struct arena *arena, struct text *ret, size_t max, size_t *ret_count, struct fault *reterr)
{
    const struct search_question q = {.text = name, .account = *account, .now_us = now_us, .limit = SEARCH_NAMED_MAX};
    struct search_answer answer;
    size_t count = 0;
    enum err err = search_ask(node, v, &q, arena, &answer, reterr);
    for (int least = 3; err == OK && least > 0 && count == 0; least--)
        for (size_t i = 0; i < answer.count && count < max; i++)
            if (worth(&answer.results[i], name) == least && !listed(ret, count, answer.results[i].id))
                ret[count++] = answer.results[i].id;
    if (err == OK)
        *ret_count = count;
    return err;
}
