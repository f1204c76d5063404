/* desk/search_shared.c - correlation of one object: for each value it holds, who else holds it. Asked of the postings
 * when somebody looks; no pair is kept anywhere. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/search_inside.h"

/* Entries looked at for one value. */
#define HOLDERS_MAX 20000

/* Names are shared by what is spoken of; only values say that two have to do with each other. */
struct held {
    struct arena *arena;
    struct held_value {
        enum value_kind kind;
        struct text text;
    } list[SEARCH_SHARED_VALUES];
    size_t count;
    bool failed;
};

static bool one_value(void *self, const struct word *word)
{
    struct held *h = self;
    if (word->kind != WORD_VALUE)
        return true;
    for (size_t i = 0; i < h->count; i++)
        if (text_eq(h->list[i].text, word->text))
            return true;
    struct text kept = arena_text(h->arena, word->text);
    h->failed = !kept.ptr;
    h->list[h->count++] = (struct held_value){word->value_kind, kept};
    return !h->failed && h->count < SEARCH_SHARED_VALUES;
}

struct sharing_of {
    struct searcher *s;
    struct arena *arena;
    const char *own; /* id of the object that is looked at */
    struct taken taken;
    struct wanted wanted;
    uint64_t *list; /* of HOLDERS_MAX */
};

static enum err show_one(struct sharing_of *w, struct candidate *c, struct search_shared *to, struct fault *reterr)
{
    struct search_result r = {.match = MATCH_EXACT};
    enum err err = searcher_read(w->s, c, reterr);
    if (err == OK && !search_fits(w->s, &w->wanted, w->arena, &r.value, &r.kind))
        err = ERR_NOT_FOUND;
    if (err == OK)
        err = search_row(w->s, c, w->arena, &r);
    if (err != OK)
        return err;
    to->shown[to->count++] = r;
    return OK;
}

/* What is shown was read; what is only counted is counted where its class lets the account see it whole. */
static enum err one_holder(struct sharing_of *w, uint64_t n, struct search_shared *to, struct fault *reterr)
{
    struct candidate c;
    enum err err = searcher_look(w->s, n, false, &c, reterr);
    if (err != OK || strcmp(c.id, w->own) == 0)
        return err;
    if (to->count < SEARCH_SHARED_SHOWN || c.cls.granular || c.cls.tear != TLP_NONE)
        err = to->count < SEARCH_SHARED_SHOWN ? show_one(w, &c, to, reterr) : ERR_NOT_FOUND;
    to->others += err == OK;
    return err;
}

static enum err holders(struct sharing_of *w, const struct held_value *value, struct search_shared *to,
                        struct fault *reterr)
{
    size_t count = 0;
    bool more;
    w->taken =
        (struct taken){.kind = SEARCH_VALUE, .value_kind = value->kind, .value = value->text, .words = value->text};
    w->wanted = (struct wanted){.match = MATCH_EXACT, .taken = &w->taken};
    struct search_shared shared = {.value = value->text,
                                   .shown = arena_alloc(w->arena, SEARCH_SHARED_SHOWN * sizeof *shared.shown)};
    const struct word word = {WORD_VALUE, value->kind, value->text};
    shared.kind = search_value_kind(&word);
    if (!shared.shown)
        return fault_set(reterr, ERR_NOMEM, "no memory for what others hold");
    enum err err = view_holding(w->s->about.v, posting_exact(value->kind, value->text), w->list, HOLDERS_MAX, &count,
                                &more, reterr);
    for (size_t i = 0; err == OK && i < count && shared.others < SEARCH_COUNT_MAX; i++) {
        err = one_holder(w, w->list[i], &shared, reterr);
        if (err == ERR_NOT_FOUND)
            err = OK;
    }
    shared.more = shared.others == SEARCH_COUNT_MAX;
    if (shared.others >= SEARCH_COMMON_FROM)
        shared.count = 0;
    *to = shared;
    return err;
}

static enum err all_holders(struct sharing_of *w, const struct held *h, struct search_shared *list, size_t *ret_count,
                            struct fault *reterr)
{
    enum err err = view_snapshot(w->s->about.v, reterr);
    size_t count = 0;
    if (err != OK)
        return err;
    for (size_t i = 0; err == OK && i < h->count; i++) {
        err = holders(w, &h->list[i], &list[count], reterr);
        count += err == OK && list[count].others > 0;
    }
    view_end(w->s->about.v);
    *ret_count = count;
    return err;
}

static enum err look_around(struct searcher *s, uint64_t n, struct text body, struct arena *arena,
                            struct search_shared *list, size_t *ret_count, struct fault *reterr)
{
    struct held h = {.arena = arena};
    struct candidate own;
    struct sharing_of w = {.s = s, .arena = arena, .own = own.id};
    enum err err = words_of(&s->words, body, one_value, &h);
    if (err == OK && h.failed)
        err = ERR_NOMEM;
    if (err == OK)
        err = searcher_look(s, n, true, &own, reterr);
    if (err == ERR_NOT_FOUND) {
        *ret_count = 0;
        return OK;
    }
    w.list = err == OK ? malloc(HOLDERS_MAX * sizeof *w.list) : NULL;
    if (!w.list)
        return fault_set(reterr, err == OK ? ERR_NOMEM : err, "what others hold of it cannot be asked for");
    err = all_holders(&w, &h, list, ret_count, reterr);
    free(w.list);
    return err;
}

enum err search_shared(struct node *node, struct view *v, const struct uuid *account, int64_t now_us, uint64_t n,
                       struct text body, struct arena *arena, struct search_shared **ret, size_t *ret_count,
                       struct fault *reterr)
{
    struct searcher *s;
    struct search_shared *list = arena_alloc(arena, SEARCH_SHARED_VALUES * sizeof *list);
    if (!list)
        return fault_set(reterr, ERR_NOMEM, "no memory for what others hold");
    enum err err = searcher_open(node, v, account, now_us, &s, reterr);
    if (err != OK)
        return err;
    err = look_around(s, n, body, arena, list, ret_count, reterr);
    searcher_close(s);
    if (err == OK)
        *ret = list;
    return err;
}
