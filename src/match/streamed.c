/* match/streamed.c - see streamed.h.
 *
 * Invariants
 * 1 What a pattern keeps, by itself, never makes it true: each event that is offered is tried at once, and what makes
 *   the pattern true is let go. So whatever makes it true holds the newest event, and one question an event is
 * enough. 2 An event is kept only while some expression of the pattern is true of it alone: patterns say nothing of
 * what is not there, so no other can make a pattern true. 3 kept_bytes is the sum over all windows, and at most
 * STREAMED_KEPT_BYTES. */
#include "match/streamed.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "match/triggers.h"

#define LEAVES_MAX    64 /* told apart; further ones count as true of everything kept */
#define PARSED_FACTOR 16 /* an observation takes some so many times its text */
#define PATTERN_BYTES (16 * MIB)
#define NUMBERS_MAX   (4 * PATTERN_LIST_MAX) /* of those that went, too */

struct kept {
    struct streamed_event event; /* texts behind it */
    struct observed *observed;
    uint64_t leaves; /* that are true of it */
    size_t bytes;
    struct kept *next; /* older, by its own time */
};
struct pattern {
    struct text text;
    struct trigger *triggers;
    size_t trigger_count;
    bool parsed, broken;
    struct pattern_node *tree; /* when parsed, and not broken */
    const struct pattern_node *leaves[LEAVES_MAX];
    size_t leaf_count;   /* all; may pass LEAVES_MAX */
    struct kept *window; /* newest first */
    size_t count;
};
struct streamed {
    struct arena arena; /* trees */
    struct pattern **patterns;
    size_t added, cap, looked_for, values;
    struct index *index;
    size_t kept_bytes;
    struct streamed_losses losses;
};

enum err streamed_new(struct streamed **ret)
{
    struct streamed *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    arena_init(&s->arena, 4 * GIB);
    *ret = s;
    return OK;
}

static void kept_free(struct kept *k)
{
    if (k)
        observed_free(k->observed);
    free(k);
}

static void window_drop(struct streamed *s, struct pattern *p)
{
    while (p->window) {
        struct kept *k = p->window;
        p->window = k->next;
        s->kept_bytes -= k->bytes;
        kept_free(k);
    }
    p->count = 0;
}

void streamed_free(struct streamed *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->added; i++)
        if (s->patterns[i])
            window_drop(s, s->patterns[i]);
    free(s->patterns);
    index_unref(s->index);
    arena_done(&s->arena);
    free(s);
}

/* ---- patterns ---- */

static void gather_leaves(struct pattern *p, const struct pattern_node *n)
{
    if (n->kind == PATTERN_OBSERVATION) {
        if (p->leaf_count < LEAVES_MAX)
            p->leaves[p->leaf_count] = n;
        p->leaf_count++;
        return;
    }
    for (size_t i = 0; i < n->child_count; i++)
        gather_leaves(p, n->children[i]);
}

/* NULL in its place: it is not looked for. */
static enum err add(struct streamed *s, struct pattern *p, uint32_t *ret_number)
{
    if (s->added == NUMBERS_MAX)
        return ERR_LIMIT;
    if (s->added == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct pattern **larger = realloc(s->patterns, cap * sizeof(struct pattern *));
        if (!larger)
            return ERR_NOMEM;
        s->patterns = larger;
        s->cap = cap;
    }
    if (p) {
        s->looked_for++;
        s->values += p->trigger_count;
    }
    *ret_number = (uint32_t)s->added;
    s->patterns[s->added++] = p;
    return OK;
}

static enum err copy_triggers(struct streamed *s, struct pattern *p, const struct trigger *triggers, size_t count)
{
    p->triggers = arena_alloc(&s->arena, (count + 1) * sizeof *p->triggers);
    if (!p->triggers)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (!index_can_hold(triggers[i].kind, triggers[i].value))
            return ERR_MALFORMED;
        p->triggers[i] = (struct trigger){triggers[i].kind, arena_text(&s->arena, triggers[i].value)};
        if (!p->triggers[i].value.ptr)
            return ERR_NOMEM;
    }
    p->trigger_count = count;
    return OK;
}

enum err streamed_add_known(struct streamed *s, struct text pattern, const struct trigger *triggers, size_t count,
                            uint32_t *ret_number)
{
    if (s->looked_for == STREAMED_PATTERNS_MAX || count > STREAMED_VALUES_MAX - s->values)
        return ERR_LIMIT;
    struct pattern *p = arena_alloc(&s->arena, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    *p = (struct pattern){.text = arena_text(&s->arena, pattern)};
    enum err err = p->text.ptr ? copy_triggers(s, p, triggers, count) : ERR_NOMEM;
    return err ? err : add(s, p, ret_number);
}

enum err streamed_add(struct streamed *s, struct text pattern, uint32_t *ret_number, const char **ret_why)
{
    struct arena scratch;
    struct triggers t;
    arena_init(&scratch, PATTERN_BYTES);
    enum err err = triggers_of(pattern, &scratch, &t);
    if (!err)
        *ret_why = t.why;
    if (!err)
        err = t.why ? streamed_add_none(s, ret_number) : streamed_add_known(s, pattern, t.list, t.count, ret_number);
    arena_done(&scratch);
    return err;
}

enum err streamed_add_none(struct streamed *s, uint32_t *ret_number)
{
    return add(s, NULL, ret_number);
}

const struct trigger *streamed_triggers(const struct streamed *s, uint32_t number, size_t *ret_count)
{
    const struct pattern *p = number < s->added ? s->patterns[number] : NULL;
    *ret_count = p ? p->trigger_count : 0;
    return p ? p->triggers : NULL;
}

void streamed_drop(struct streamed *s, uint32_t number)
{
    struct pattern *p = s->patterns[number];
    if (!p)
        return;
    window_drop(s, p);
    s->looked_for--;
    s->values -= p->trigger_count;
    s->patterns[number] = NULL;
}

static enum err add_values(struct index_builder *b, const struct pattern *p, uint32_t number)
{
    enum err err = OK;
    for (size_t i = 0; !err && p && i < p->trigger_count; i++)
        err = index_builder_add(b, p->triggers[i].kind, p->triggers[i].value, STREAMED_REF | number);
    return err;
}

enum err streamed_build(struct streamed *s)
{
    struct index_builder *b;
    struct index *index;
    enum err err = index_builder_new(&b);
    if (err)
        return err;
    for (size_t i = 0; !err && i < s->added; i++)
        err = add_values(b, s->patterns[i], (uint32_t)i);
    if (!err)
        err = index_builder_build(b, &index);
    index_builder_free(b);
    if (err)
        return err;
    index_unref(s->index);
    s->index = index;
    return OK;
}

enum err streamed_build_some(const struct streamed *s, const uint32_t *numbers, size_t count, struct index **ret)
{
    struct index_builder *b;
    enum err err = index_builder_new(&b);
    if (err)
        return err;
    for (size_t i = 0; !err && i < count; i++)
        err = add_values(b, s->patterns[numbers[i]], numbers[i]);
    if (!err)
        err = index_builder_build(b, ret);
    index_builder_free(b);
    return err;
}

/* Most are never asked. Of one that is no pattern: nothing is true of it. */
static enum err parse(struct streamed *s, struct pattern *p)
{
    if (p->parsed)
        return OK;
    enum err err = pattern_parse(p->text, &s->arena, &p->tree, NULL);
    if (err == ERR_NOMEM)
        return err;
    p->parsed = true;
    p->broken = err != OK;
    if (!err)
        gather_leaves(p, p->tree);
    return OK;
}

const struct index *streamed_index(const struct streamed *s)
{
    return s->index;
}

size_t streamed_count(const struct streamed *s)
{
    return s->looked_for;
}

struct streamed_losses streamed_losses(const struct streamed *s)
{
    return s->losses;
}

/* ---- events ---- */

static struct text copy_text(char **at, struct text t)
{
    struct text copy = {*at, t.len};
    if (t.len)
        memcpy(*at, t.ptr, t.len);
    *at += t.len;
    return copy;
}

/* ERR_NOT_FOUND: nothing that can be observed. */
static enum err keep(const struct streamed_event *e, struct kept **ret)
{
    struct kept *k = malloc(sizeof *k + e->file.len + e->organisation.len + e->client.len + e->observed.len);
    if (!k)
        return ERR_NOMEM;
    char *at = (char *)(k + 1);
    *k = (struct kept){.event = *e, .bytes = sizeof *k + (PARSED_FACTOR + 1) * e->observed.len};
    k->event.file = copy_text(&at, e->file);
    k->event.organisation = copy_text(&at, e->organisation);
    k->event.client = copy_text(&at, e->client);
    k->event.observed = copy_text(&at, e->observed);
    enum err err = observed_read(e->observed, NULL, NULL, &k->observed, NULL);
    if (!err && observed_count(k->observed) == 1) {
        *ret = k;
        return OK;
    }
    kept_free(k);
    return err == ERR_NOMEM || err == ERR_LIMIT ? ERR_NOMEM : ERR_NOT_FOUND;
}

/* Which expressions are true of the event alone. */
static enum err try_leaves(struct streamed *s, const struct pattern *p, struct kept *k)
{
    for (size_t i = 0; i < p->leaf_count && i < LEAVES_MAX; i++) {
        struct arena arena;
        struct pattern_match m;
        arena_init(&arena, PATTERN_BYTES);
        enum err err = pattern_evaluate(p->leaves[i], k->observed, &arena, &m, NULL);
        arena_done(&arena);
        if (err == ERR_NOMEM)
            return err;
        if (!err && m.answer == PATTERN_YES)
            k->leaves |= UINT64_C(1) << i;
        s->losses.too_expensive += !err && m.answer == PATTERN_TOO_EXPENSIVE;
    }
    return OK;
}

static void drop_oldest(struct streamed *s, struct pattern *p)
{
    struct kept **at = &p->window;
    while ((*at)->next)
        at = &(*at)->next;
    s->kept_bytes -= (*at)->bytes;
    kept_free(*at);
    *at = NULL;
    p->count--;
    s->losses.fell_out++;
}

/* By its own time, after those of the same moment that came before. Takes k. */
static bool insert(struct streamed *s, struct pattern *p, struct kept *k)
{
    while (p->count && (p->count == STREAMED_WINDOW_MAX || s->kept_bytes + k->bytes > STREAMED_KEPT_BYTES))
        drop_oldest(s, p);
    if (s->kept_bytes + k->bytes > STREAMED_KEPT_BYTES) {
        s->losses.fell_out++;
        kept_free(k);
        return false;
    }
    struct kept **at = &p->window;
    while (*at && (*at)->event.time_us > k->event.time_us)
        at = &(*at)->next;
    k->next = *at;
    *at = k;
    p->count++;
    s->kept_bytes += k->bytes;
    return true;
}

void streamed_carry(struct streamed *to, uint32_t to_number, struct streamed *from, uint32_t from_number)
{
    struct pattern *old = from->patterns[from_number], *fresh = to->patterns[to_number];
    if (!old || !fresh || fresh->window)
        return;
    fresh->window = old->window;
    fresh->count = old->count;
    for (const struct kept *k = old->window; k; k = k->next) {
        from->kept_bytes -= k->bytes;
        to->kept_bytes += k->bytes;
    }
    old->window = NULL;
    old->count = 0;
}

/* ---- the question ---- */

/* Could the window make the pattern true, by how many events each expression has? An upper bound, and cheap. */
static bool possible(const struct pattern *p, const struct pattern_node *n, const size_t *counts, size_t *leaf,
                     uint64_t times)
{
    bool any = false, all = true;
    if (n->kind == PATTERN_OBSERVATION) {
        size_t i = (*leaf)++;
        return i >= LEAVES_MAX || counts[i] >= times;
    }
    if (n->kind == PATTERN_REPEATS && n->children[0]->kind == PATTERN_OBSERVATION)
        times = (uint64_t)n->repeats;
    for (size_t i = 0; i < n->child_count; i++) {
        bool one = possible(p, n->children[i], counts, leaf, times);
        any = any || one;
        all = all && one;
    }
    return n->kind == PATTERN_OBS_OR ? any : all;
}

static bool worth_asking(const struct pattern *p)
{
    size_t counts[LEAVES_MAX] = {0}, leaf = 0;
    for (const struct kept *k = p->window; k; k = k->next)
        for (size_t i = 0; i < LEAVES_MAX; i++)
            counts[i] += k->leaves >> i & 1;
    return possible(p, p->tree, counts, &leaf, 1);
}

/* Takes the bound ones out of the window and tells of them. */
static enum err tell(struct streamed *s, struct pattern *p, uint32_t number, struct kept *const *list,
                     const bool *is_bound, size_t count, streamed_each *each, void *self)
{
    const struct streamed_event *bound[STREAMED_WINDOW_MAX];
    struct streamed_match m = {number, bound, 0};
    struct kept **at = &p->window;
    for (size_t i = 0; i < count; i++)
        if (is_bound[i])
            bound[m.count++] = &list[i]->event;
    enum err err = each(self, &m);
    for (size_t i = count; i-- > 0;) { /* the window has the newest first */
        if (is_bound[i]) {
            *at = list[i]->next;
            s->kept_bytes -= list[i]->bytes;
            p->count--;
            kept_free(list[i]);
        } else {
            at = &list[i]->next;
        }
    }
    return err;
}

static enum err ask(struct streamed *s, struct pattern *p, uint32_t number, streamed_each *each, void *self)
{
    struct kept *list[STREAMED_WINDOW_MAX];
    const struct observation *observations[STREAMED_WINDOW_MAX];
    bool is_bound[STREAMED_WINDOW_MAX] = {false};
    size_t count = p->count, at = count;
    struct observed *all;
    struct arena arena;
    struct pattern_match m;
    for (struct kept *k = p->window; k; k = k->next) {
        list[--at] = k;
        observations[at] = observed_at(k->observed, 0);
    }
    enum err err = observed_of(observations, count, &all);
    if (err)
        return err;
    arena_init(&arena, OBSERVED_MEMORY_MAX_BYTES);
    err = pattern_evaluate(p->tree, all, &arena, &m, NULL);
    if (!err && m.answer == PATTERN_TOO_EXPENSIVE)
        s->losses.too_expensive++;
    bool yes = !err && m.answer == PATTERN_YES;
    for (size_t i = 0; yes && i < m.bound_count; i++)
        is_bound[m.bound[i] - observed_at(all, 0)] = true;
    arena_done(&arena);
    observed_free(all);
    if (yes)
        err = tell(s, p, number, list, is_bound, count, each, self);
    return err == ERR_MALFORMED ? OK : err; /* a regular expression that is none matches nothing */
}

/* *ret NULL: no expression of the pattern is true of it. */
static enum err take(struct streamed *s, struct pattern *p, const struct streamed_event *event, struct kept **ret)
{
    struct kept *k = NULL;
    *ret = NULL;
    enum err err = p ? parse(s, p) : ERR_NOT_FOUND;
    if (!err)
        err = p->broken ? ERR_NOT_FOUND : keep(event, &k);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    err = try_leaves(s, p, k);
    if (err || (k->leaves == 0 && p->leaf_count <= LEAVES_MAX))
        kept_free(k);
    else
        *ret = k;
    return err;
}

enum err streamed_offer(struct streamed *s, uint32_t number, const struct streamed_event *event, streamed_each *each,
                        void *self)
{
    struct pattern *p = number < s->added ? s->patterns[number] : NULL;
    struct kept *k;
    enum err err = take(s, p, event, &k);
    if (err || !k || !insert(s, p, k) || !worth_asking(p))
        return err;
    return ask(s, p, number, each, self);
}

/* ---- what is kept ---- */

enum err streamed_each_kept(const struct streamed *s, uint32_t number, streamed_kept *each, void *self)
{
    const struct pattern *p = number < s->added ? s->patterns[number] : NULL;
    enum err err = OK;
    for (const struct kept *k = p ? p->window : NULL; k && !err; k = k->next)
        err = each(self, &k->event);
    return err;
}

enum err streamed_restore(struct streamed *s, uint32_t number, const struct streamed_event *event)
{
    struct pattern *p = number < s->added ? s->patterns[number] : NULL;
    struct kept *k;
    enum err err = take(s, p, event, &k);
    if (!err && k)
        (void)insert(s, p, k);
    return err;
}

void streamed_forget(struct streamed *s, uint32_t number, struct text file)
{
    struct pattern *p = number < s->added ? s->patterns[number] : NULL;
    for (struct kept **at = p ? &p->window : NULL; at && *at;) {
        struct kept *k = *at;
        if (!text_eq(k->event.file, file)) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        s->kept_bytes -= k->bytes;
        p->count--;
        kept_free(k);
    }
}

/* ---- events as bytes ---- */

void streamed_event_write(const struct streamed_event *e, struct buffer *out)
{
    buffer_add_u64(out, e->line);
    buffer_add_u64(out, e->offset);
    buffer_add_u64(out, (uint64_t)e->time_us);
    buffer_add_sized(out, e->organisation);
    buffer_add_bytes(out, e->organisation_id, sizeof e->organisation_id);
    buffer_add_sized(out, e->client);
    buffer_add_u8(out, e->direction);
    buffer_add_sized(out, e->observed);
}

struct streamed_event streamed_event_read(struct cursor *c)
{
    struct streamed_event e = {.line = cursor_u64(c)};
    e.offset = cursor_u64(c);
    e.time_us = (int64_t)cursor_u64(c);
    e.organisation = cursor_text(c);
    cursor_copy(c, e.organisation_id, sizeof e.organisation_id);
    e.client = cursor_text(c);
    e.direction = cursor_u8(c);
    e.observed = cursor_text(c);
    return e;
}
