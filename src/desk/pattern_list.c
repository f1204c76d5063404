#include "desk/pattern_list.h"

#include <string.h>

#include "base/limits.h"
#include "model/stix.h"
#include "json/json.h"

#define LIST_BYTES    (4 * GIB)
#define PATTERN_BYTES (16 * MIB)

struct loading {
    const struct pattern_source *from;
    struct pattern_list *p;
    struct buffer body;
};

static enum err make_room(struct pattern_list *p)
{
    if (p->count < p->cap)
        return OK;
    size_t cap = p->cap ? p->cap * 2 : 64;
    struct whole_pattern *larger = arena_alloc(&p->arena, cap * sizeof *larger);
    if (!larger)
        return ERR_NOMEM;
    if (p->count)
        memcpy(larger, p->list, p->count * sizeof *larger);
    p->list = larger;
    p->cap = cap;
    return OK;
}

/* Takes the pattern as it is. */
static enum err keep(struct pattern_list *p, const struct whole_pattern *one)
{
    if (p->count == PATTERN_LIST_MAX) {
        p->left_out++;
        return OK;
    }
    enum err err = make_room(p);
    if (err)
        return err;
    p->wanted += one->state == WHOLE_WANTED;
    p->values += one->trigger_count;
    p->list[p->count++] = *one;
    return OK;
}

static enum err not_wanted(struct pattern_list *p, struct whole_pattern *one, enum whole_state state, struct text why)
{
    one->state = state;
    one->why = arena_text(&p->arena, why);
    return one->why.ptr ? OK : ERR_NOMEM;
}

/* ---- by what it is looked for ---- */

/* The first stands for all: one is enough to look for the pattern. */
static bool all_suppressed(const struct loading *l, const struct whole_pattern *one, const struct triggers *t,
                           struct suppressed *ret)
{
    for (size_t i = 0; i < t->count; i++) {
        struct suppressed found =
            suppress_indicator(belief_suppress(l->from->belief), &one->uuid, t->list[i].kind, t->list[i].value);
        if (found.why == SUPPRESS_NOT)
            return false;
        if (i == 0)
            *ret = found;
    }
    return t->count > 0;
}

static enum err copy_triggers(struct pattern_list *p, const struct triggers *t, struct whole_pattern *one)
{
    struct trigger *list = arena_alloc(&p->arena, (t->count + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (size_t i = 0; i < t->count; i++) {
        list[i] = (struct trigger){t->list[i].kind, arena_text(&p->arena, t->list[i].value)};
        if (!list[i].value.ptr)
            return ERR_NOMEM;
    }
    one->triggers = list;
    one->trigger_count = t->count;
    return OK;
}

static enum err judge(struct loading *l, struct whole_pattern *one)
{
    struct pattern_list *p = l->p;
    struct arena scratch;
    struct triggers t;
    struct suppressed found;
    char words[SUPPRESS_WORDS_MAX];
    arena_init(&scratch, PATTERN_BYTES);
    enum err err = triggers_of(one->text, &scratch, &t);
    bool many = !err && (p->wanted == STREAMED_PATTERNS_MAX || t.count > STREAMED_VALUES_MAX - p->values);
    if (err == ERR_LIMIT || (many && !t.why))
        err = not_wanted(p, one, WHOLE_IMPOSSIBLE,
                         many ? TEXT("there are more than can be looked for at once")
                              : TEXT("it names more values than can be looked for"));
    else if (!err && t.why)
        err = not_wanted(p, one, WHOLE_IMPOSSIBLE, text_of(t.why));
    else if (!err && all_suppressed(l, one, &t, &found))
        err = not_wanted(p, one, WHOLE_SUPPRESSED, suppress_words(&found, words));
    else if (!err)
        err = copy_triggers(p, &t, one);
    arena_done(&scratch);
    return err;
}

/* ---- news ---- */

struct earlier {
    struct loading *l;
    struct whole_pattern *one;
    bool found;
};

static enum err read_pattern(struct loading *l, const struct version_row *row, struct json_doc **ret)
{
    buffer_clear(&l->body);
    *ret = NULL;
    enum err err = node_body(l->from->node, row->body, &l->body, NULL);
    if (!err)
        err = json_parse(buffer_text(&l->body), ret, NULL);
    return err == ERR_NOMEM || err == ERR_IO ? err : OK; /* erased, or no indicator */
}

static int64_t until_of(const struct json_val *object)
{
    struct stamp until;
    return stamp_parse(json_text(json_get(object, "valid_until")), &until, NULL) == OK ? stamp_us(until) : INT64_MAX;
}

/* The newest of the earlier versions speaks for all, as of single values (watchlist.c). */
static enum err earlier_version(void *self, const struct version_row *row)
{
    struct earlier *e = self;
    struct json_doc *doc;
    bool counted = row->standing == STANDING_CURRENT || row->standing == STANDING_OLDER;
    if (e->found || row->n >= e->l->from->from_n || !counted)
        return OK;
    e->found = true;
    if (row->revoked)
        return OK;
    enum err err = read_pattern(e->l, row, &doc);
    if (!err && doc && text_eq(json_text(json_get(json_root(doc), "pattern")), e->one->text))
        e->one->counted_until_us = until_of(json_root(doc));
    json_free(doc);
    return err;
}

static enum err add_news(struct loading *l, const char *id, struct whole_pattern *one)
{
    struct earlier e = {.l = l, .one = one};
    enum err err = OK;
    if (l->from->news) {
        err = view_versions(l->from->view, text_of(id), earlier_version, &e, NULL);
        err = err == ERR_NOT_FOUND ? OK : err;
    }
    if (!err && one->counted_until_us == INT64_MAX)
        return OK;
    if (!err)
        err = judge(l, one);
    return err ? err : keep(l->p, one);
}

/* ---- the view ---- */

static enum err add_object(struct loading *l, const struct version_row *row, const struct json_val *object)
{
    char id[IDENT_TEXT_MAX];
    struct ident ident;
    struct whole_pattern one = {.n = row->n, .party = row->party, .counted_until_us = INT64_MIN};
    if (!text_eq(json_text(json_get(object, "pattern_type")), TEXT("stix")) || ident_parse(row->id, &ident, NULL))
        return OK;
    one.uuid = ident.uuid;
    one.until_us = until_of(object);
    one.text = arena_text(&l->p->arena, json_text(json_get(object, "pattern")));
    if (!one.text.ptr)
        return ERR_NOMEM;
    (void)ident_format(TEXT("indicator"), &ident.uuid, id); /* the row's own lives until the next question */
    return add_news(l, id, &one);
}

static enum err on_indicator(void *self, const struct version_row *row)
{
    struct loading *l = self;
    struct json_doc *doc;
    enum err err = l->from->stop ? l->from->stop(l->from->self) : OK;
    if (err || row->revoked || row->n >= l->from->until_n)
        return err;
    err = read_pattern(l, row, &doc);
    if (!err && doc)
        err = add_object(l, row, json_root(doc));
    json_free(doc);
    return err;
}

enum err pattern_list_load(const struct pattern_source *from, struct pattern_list *ret, struct fault *reterr)
{
    struct pattern_list p = {.count = 0};
    struct loading l = {.from = from, .p = &p};
    arena_init(&p.arena, LIST_BYTES);
    buffer_init(&l.body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = view_without_values(from->view, from->from_n, on_indicator, &l, reterr);
    buffer_done(&l.body);
    if (err) {
        pattern_list_done(&p);
        return fault_set(reterr, err, "the indicators' patterns could not be loaded: %s", err_name(err));
    }
    *ret = p;
    return OK;
}

/* ---- an index file ---- */

static enum err map_pattern(struct pattern_list *p, const struct index_file *f, size_t i)
{
    struct whole_pattern *one = &p->list[i];
    *one = index_file_pattern(f, i);
    struct trigger *list = arena_alloc(&p->arena, (one->trigger_count + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (size_t t = 0; t < one->trigger_count; t++)
        list[t] = index_file_trigger(f, i, t);
    one->triggers = list;
    p->wanted += one->state == WHOLE_WANTED;
    p->values += one->trigger_count;
    return OK;
}

enum err pattern_list_map(const struct watchlist *base, struct pattern_list *ret)
{
    const struct index_file *f = watchlist_file(base);
    struct pattern_list p = {.count = index_file_patterns(f)};
    arena_init(&p.arena, LIST_BYTES);
    p.list = arena_alloc(&p.arena, (p.count + 1) * sizeof *p.list);
    enum err err = p.list ? OK : ERR_NOMEM;
    for (size_t i = 0; !err && i < p.count; i++)
        err = map_pattern(&p, f, i);
    if (err)
        pattern_list_done(&p);
    else
        *ret = p;
    return err;
}

void pattern_list_done(struct pattern_list *p)
{
    arena_done(&p->arena);
    *p = (struct pattern_list){0};
}

enum err pattern_still_counts(struct view *v, uint64_t n, bool *ret, struct fault *reterr)
{
    struct version_row row;
    enum err err = view_by_entry(v, n, &row, reterr);
    *ret = !err && row.standing == STANDING_CURRENT && !row.revoked;
    return err == ERR_NOT_FOUND ? OK : err;
}
