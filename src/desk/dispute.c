/* desk/dispute.c - see dispute.h. */
#include "desk/dispute.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "desk/own.h"
#include "desk/search_inside.h"
#include "store/references.h"

/* How much one contradiction takes from a rank of 100. */
#define RANK_LOST 25
/* Objects that refer to an indicator, newest first, that are looked through for opinions and sightings. */
#define REFERRING_MAX 1000

/* ---- what is said ---- */

static bool says_false_positive(struct text word)
{
    static const char *const words[] = {"false-positive", "false_positive", "false positive", "falsepositive"};
    for (size_t at = 0; at < word.len; at++)
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (text_eq_nocase(text_sub(word, at, strlen(words[i])), text_of(words[i])))
                return true;
    return false;
}

/* MISP's number for a false positive, as a number or a text. */
static bool is_type_one(const struct json_val *v)
{
    int64_t number = 0;
    if (json_is_string(v))
        return text_eq(json_text(v), TEXT("1")) || says_false_positive(json_text(v));
    return json_i64(v, &number) && number == 1;
}

static bool is_false_positive(const struct json_val *root)
{
    static const char *const types[] = {"x_misp_sighting_type", "x_misp_type", "x_misp_false_positive"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (is_type_one(json_get(root, types[i])) || json_bool(json_get(root, types[i]), false))
            return true;
    for (struct json_iter it = json_iter_of(json_get(root, "labels")); json_next(&it);)
        if (says_false_positive(json_text(it.val)))
            return true;
    return says_false_positive(json_text(json_get(root, "x_misp_sighting")));
}

bool sighting_denies(struct text body)
{
    struct json_doc *doc;
    if (json_parse(body, &doc, NULL) != OK)
        return false;
    int64_t count = 1;
    bool unseen = json_i64(json_get(json_root(doc), "count"), &count) && count == 0;
    bool found = unseen || is_false_positive(json_root(doc));
    json_free(doc);
    return found;
}

/* Static; NULL: it speaks for the indicator, or of nothing. */
static const char *against(const struct json_val *root)
{
    static const char *const words[] = {"strongly-disagree", "disagree"};
    if (text_eq(json_text(json_get(root, "type")), TEXT("sighting")))
        return is_false_positive(root) ? "false positive" : NULL;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_eq(json_text(json_get(root, "opinion")), text_of(words[i])))
            return words[i];
    return NULL;
}

/* ---- who says it ---- */

struct asking {
    const struct dispute_question *q;
    struct searcher *s;
    struct arena *arena;
    uint64_t n[DISPUTES_MAX];
    size_t n_count;
    struct dispute *list;
    struct uuid heard[DISPUTES_MAX]; /* whose newest word was looked at */
    size_t count, heard_count;
};

static enum err keep_entry(void *self, const struct version_row *row)
{
    struct asking *a = self;
    bool speaks = text_starts(row->id, TEXT("opinion--")) || text_starts(row->id, TEXT("sighting--"));
    if (speaks && !row->revoked && a->n_count < DISPUTES_MAX)
        a->n[a->n_count++] = row->n;
    return OK;
}

static bool was_heard(const struct asking *a, const struct uuid *party)
{
    for (size_t i = 0; i < a->heard_count; i++)
        if (uuid_eq(&a->heard[i], party))
            return true;
    return false;
}

/* Of who changed its mind the newest word counts. Our own stands with the rulings. */
static enum err hear(struct asking *a, const struct candidate *c)
{
    struct json_doc *doc;
    enum err err = OK;
    if (json_parse(buffer_text(&a->s->body), &doc, NULL) != OK)
        return OK;
    struct uuid who = c->row.party;
    (void)!uuid_of_id(json_text(json_get(json_root(doc), "created_by_ref")), &who);
    if (references_hold(buffer_text(&a->s->body), a->q->indicator) && !was_heard(a, &who)) {
        const char *said = against(json_root(doc));
        a->heard[a->heard_count++] = who;
        if (said) {
            struct dispute *d = &a->list[a->count++];
            *d = (struct dispute){.party = c->row.party, .said = said, .said_us = c->row.modified_us};
            snprintf(d->id, sizeof d->id, "%s", c->id);
            d->why = arena_text(a->arena, json_text(json_get(json_root(doc), "explanation")));
            err = d->why.ptr ? OK : ERR_NOMEM;
        }
    }
    json_free(doc);
    return err;
}

static enum err hear_all(struct asking *a, struct fault *reterr)
{
    for (size_t i = 0; i < a->n_count; i++) {
        struct candidate c;
        enum err err = searcher_look(a->s, a->n[i], false, &c, reterr);
        if (err == OK && !c.cls.ours && !c.cls.quarantined && (err = searcher_read(a->s, &c, reterr)) == OK)
            err = hear(a, &c);
        if (err != OK && err != ERR_NOT_FOUND)
            return fault_set(reterr, err, "what others say of an indicator cannot be read");
    }
    return OK;
}

enum err disputes_of(struct node *node, struct view *v, const struct dispute_question *q, struct arena *arena,
                     struct dispute **ret, size_t *ret_count, struct fault *reterr)
{
    struct asking a = {.q = q, .arena = arena};
    uint64_t more;
    *ret_count = 0;
    enum err err = view_referring(v, q->indicator, REFERRING_MAX, keep_entry, &a, &more, reterr);
    if (err != OK || a.n_count == 0)
        return err;
    a.list = arena_alloc(arena, a.n_count * sizeof *a.list);
    if (!a.list)
        return fault_set(reterr, ERR_NOMEM, "no memory for what others say");
    err = searcher_open(node, v, &q->account, q->now_us, &a.s, reterr);
    if (err == OK)
        err = hear_all(&a, reterr);
    searcher_close(a.s);
    if (err == OK) {
        *ret = a.list;
        *ret_count = a.count;
    }
    return err;
}

/* ---- words ---- */

struct text disputed_words(struct text trust, size_t disputes, char out[DISPUTED_WORDS_MAX])
{
    size_t len = (size_t)snprintf(out, DISPUTED_WORDS_MAX, TEXT_FMT, TEXT_ARG(trust));
    if (disputes)
        len += (size_t)snprintf(out + len, DISPUTED_WORDS_MAX - len, "%sdisputed by %zu other%s", len ? ", " : "",
                                disputes, disputes == 1 ? "" : "s");
    return (struct text){out, len};
}

unsigned disputed_rank(unsigned rank, size_t disputes)
{
    return disputes > rank / RANK_LOST ? 0 : rank - (unsigned)disputes * RANK_LOST;
}
