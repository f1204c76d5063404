#include "command/log_patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/time.h"
#include "command/hits.h"
#include "match/observe_line.h"
#include "json/json.h"

#define PATTERNS_BYTES (2 * GIB)

/* ---- the patterns ---- */

static enum err add_room(struct log_patterns *p)
{
    if (p->count < p->cap)
        return OK;
    size_t cap = p->cap ? p->cap * 2 : 64;
    struct log_pattern *larger = realloc(p->list, cap * sizeof *larger);
    if (!larger)
        return ERR_NOMEM;
    p->list = larger;
    p->cap = cap;
    return OK;
}

static enum err add_pattern(struct log_patterns *p, const struct whole_pattern *one)
{
    uint32_t number;
    struct text why = one->why;
    enum err err = add_room(p), added = OK;
    if (!err && one->state == WHOLE_WANTED)
        added = streamed_add_known(p->streamed, one->text, one->triggers, one->trigger_count, &number);
    bool wanted = one->state == WHOLE_WANTED && !added;
    if (added == ERR_LIMIT)
        why = TEXT("there are more than can be looked for at once");
    else if (added)
        err = added;
    if (!err && !wanted)
        err = streamed_add_none(p->streamed, &number);
    if (err)
        return err;
    struct log_pattern *own = &p->list[p->count++]; /* numbers are counted together, whatever comes */
    *own = (struct log_pattern){.n = one->n,
                                .uuid = one->uuid,
                                .party = one->party,
                                .until_us = one->until_us,
                                .counted_until_us = one->counted_until_us,
                                .state = added ? WHOLE_IMPOSSIBLE : one->state};
    struct text *words = wanted ? &own->pattern : &own->why;
    *words = arena_text(&p->arena, wanted ? one->text : why);
    return words->ptr ? OK : ERR_NOMEM;
}

/* ---- versions ---- */

struct newer {
    struct uuid uuid;
    size_t number;
};

static int by_uuid(const void *a, const void *b)
{
    const struct newer *x = a, *y = b;
    return memcmp(&x->uuid, &y->uuid, sizeof x->uuid);
}

/* Its window is the new one's where the pattern is the same. */
static void replace(struct log_patterns *p, size_t old, size_t fresh)
{
    if (p->list[old].state == WHOLE_WANTED && text_eq(p->list[old].pattern, p->list[fresh].pattern))
        streamed_carry(p->streamed, (uint32_t)fresh, p->streamed, (uint32_t)old);
    streamed_drop(p->streamed, (uint32_t)old);
    p->list[old].gone = true;
    p->gone++;
}

/* Those numbered from `before` on take the place of earlier versions. */
static enum err replace_all(struct log_patterns *p, size_t before)
{
    size_t count = p->count - before;
    struct newer *list = calloc(count + 1, sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct newer){p->list[before + i].uuid, before + i};
    qsort(list, count, sizeof *list, by_uuid);
    for (size_t i = 0; i < before && count; i++) {
        const struct newer wanted = {.uuid = p->list[i].uuid};
        const struct newer *found = p->list[i].gone ? NULL : bsearch(&wanted, list, count, sizeof *list, by_uuid);
        if (found)
            replace(p, i, found->number);
    }
    free(list);
    return OK;
}

static enum err add_list(struct log_patterns *p, const struct pattern_list *list)
{
    size_t before = p->count;
    enum err err = OK;
    for (size_t i = 0; !err && i < list->count; i++)
        err = add_pattern(p, &list->list[i]);
    p->left_out += list->left_out;
    return err ? err : replace_all(p, before);
}

static enum err init(struct log_patterns *p)
{
    *p = (struct log_patterns){0};
    arena_init(&p->arena, PATTERNS_BYTES);
    p->scratch = arena_alloc(&p->arena, sizeof *p->scratch);
    if (!p->scratch)
        return ERR_NOMEM;
    buffer_init(p->scratch, 16 * MIB);
    return streamed_new(&p->streamed);
}

static enum err stop_when_cancelled(void *self)
{
    return cancelled(self) ? ERR_CANCELLED : OK;
}

/* Those of entries from from_n on. */
static enum err add_from_view(const struct pattern_view *from, uint64_t from_n, bool news, struct log_patterns *p,
                              struct fault *reterr)
{
    struct pattern_list list;
    const struct pattern_source source = {.node = from->s->node,
                                          .view = from->v,
                                          .belief = from->belief,
                                          .from_n = from_n,
                                          .until_n = from->until_n,
                                          .news = news,
                                          .stop = stop_when_cancelled,
                                          .self = from->s};
    enum err err = pattern_list_load(&source, &list, reterr);
    if (err)
        return err;
    err = add_list(p, &list);
    pattern_list_done(&list);
    return err;
}

static enum err add_mapped(const struct watchlist *base, struct log_patterns *p)
{
    struct pattern_list list;
    enum err err = pattern_list_map(base, &list);
    if (err)
        return err;
    err = add_list(p, &list);
    pattern_list_done(&list);
    return err;
}

static enum err finish(enum err err, struct log_patterns *p, struct log_patterns *ret, struct fault *reterr)
{
    if (!err)
        err = streamed_build(p->streamed);
    if (!err) {
        *ret = *p;
        return OK;
    }
    log_patterns_done(p);
    return fault_set(reterr, err, "the indicators' patterns could not be loaded: %s", err_name(err));
}

enum err log_patterns_map(const struct watchlist *base, struct log_patterns *ret)
{
    struct log_patterns p;
    enum err err = init(&p);
    if (!err)
        err = add_mapped(base, &p);
    return finish(err, &p, ret, NULL);
}

enum err log_patterns_load(const struct pattern_view *from, struct log_patterns *ret, struct fault *reterr)
{
    struct log_patterns p;
    uint64_t since = 0;
    enum err err = init(&p);
    if (!err && from->base && watchlist_file(from->base)) {
        since = watchlist_until(from->base);
        err = add_mapped(from->base, &p);
    }
    p.until = view_position(from->v) < from->until_n ? view_position(from->v) : from->until_n;
    if (!err && since < p.until) {
        p.asked = since ? from->s->node : NULL;
        err = add_from_view(from, since, false, &p, reterr);
    }
    return finish(err, &p, ret, reterr);
}

enum err log_patterns_load_news(const struct pattern_view *from, uint64_t from_n, struct log_patterns *ret,
                                struct fault *reterr)
{
    struct log_patterns p;
    enum err err = init(&p);
    if (!err)
        err = add_from_view(from, from_n, true, &p, reterr);
    return finish(err, &p, ret, reterr);
}

/* ---- what is not looked for ---- */

static void note_suppressed(struct suppress_counts *c, struct text why)
{
    size_t i = 0;
    c->total++;
    while (i < c->count && !text_eq(text_of(c->by[i].words), why))
        i++;
    if (i == SUPPRESS_COUNTS_MAX)
        return;
    if (i == c->count) {
        snprintf(c->by[i].words, sizeof c->by[i].words, TEXT_FMT, TEXT_ARG(text_sub(why, 0, INT16_MAX)));
        c->by[i].count = 0;
        c->count++;
    }
    c->by[i].count++;
}

static void tell_suppressed_patterns(struct session *s, const struct log_patterns *p)
{
    struct suppress_counts counts = {0};
    struct buffer words;
    for (size_t i = 0; i < p->count; i++)
        if (!p->list[i].gone && p->list[i].state == WHOLE_SUPPRESSED)
            note_suppressed(&counts, p->list[i].why);
    buffer_init(&words, SUPPRESS_COUNTS_MAX * (SUPPRESS_WORDS_MAX + 32));
    suppress_counts_words(&counts, &words);
    if (words.len)
        complain(s, "whole patterns held and not looked for: " TEXT_FMT " (entente warninglist)",
                 TEXT_ARG(buffer_text(&words)));
    buffer_done(&words);
}

void tell_not_looked_for(struct session *s, struct log_patterns *p)
{
    char id[IDENT_TEXT_MAX];
    size_t not_wanted = p->left_out, impossible = p->left_out;
    const struct log_pattern *first = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const struct log_pattern *one = &p->list[i];
        not_wanted += !one->gone && one->state != WHOLE_WANTED;
        impossible += !one->gone && one->state == WHOLE_IMPOSSIBLE;
        if (!first && !one->gone && one->state == WHOLE_IMPOSSIBLE)
            first = one;
    }
    if (not_wanted == p->told)
        return;
    p->told = not_wanted;
    tell_suppressed_patterns(s, p);
    if (first)
        complain(
            s, "%zu pattern%s not looked for in logs; of " TEXT_FMT ", because " TEXT_FMT " (docs/EVENTS-IN-LOGS.md)",
            impossible, impossible == 1 ? " is" : "s are",
            TEXT_ARG(ident_format(TEXT("indicator"), &first->uuid, id)), TEXT_ARG(first->why));
}

/* ---- what comes while they are looked for ---- */

/* Both lists are in the order of the view: the next one is mostly the same. */
static void carry_windows(struct log_patterns *to, struct log_patterns *from)
{
    size_t at = 0;
    for (size_t i = 0; i < to->count; i++) {
        for (size_t tried = 0; tried < from->count; tried++, at++) {
            const struct log_pattern *old = &from->list[at % from->count];
            if (!old->gone && old->state == WHOLE_WANTED && uuid_eq(&old->uuid, &to->list[i].uuid) &&
                text_eq(old->pattern, to->list[i].pattern)) {
                streamed_carry(to->streamed, (uint32_t)i, from->streamed, (uint32_t)(at++ % from->count));
                break;
            }
        }
    }
}

static enum err load_anew(const struct pattern_view *from, struct log_patterns *p, struct fault *reterr)
{
    struct log_patterns fresh;
    enum err err = log_patterns_load(from, &fresh, reterr);
    if (err)
        return err;
    if (p->streamed)
        carry_windows(&fresh, p);
    fresh.told = p->told;
    log_patterns_done(p);
    *p = fresh;
    return OK;
}

enum err log_patterns_renew(const struct pattern_view *from, bool all, struct log_patterns *p, struct fault *reterr)
{
    enum err err;
    if (all || !p->streamed || p->gone > p->count / 2 + 1024) { /* what was replaced leaves its number behind */
        err = load_anew(from, p, reterr);
    } else {
        size_t before = p->count;
        p->asked = from->s->node;
        err = add_from_view(from, p->until, false, p, reterr);
        if (p->count > before && streamed_build(p->streamed))
            err = err ? err : fault_set(reterr, ERR_NOMEM, "out of memory");
        if (!err)
            p->until = from->until_n;
    }
    if (!err)
        tell_not_looked_for(from->s, p);
    return err;
}

void log_patterns_done(struct log_patterns *p)
{
    streamed_free(p->streamed);
    free(p->list);
    if (p->scratch)
        buffer_done(p->scratch);
    arena_done(&p->arena);
    *p = (struct log_patterns){0};
}

const struct index *log_patterns_index(const struct log_patterns *p)
{
    return p->streamed && streamed_count(p->streamed) ? streamed_index(p->streamed) : NULL;
}

size_t log_patterns_wanted(const struct log_patterns *p)
{
    return p->streamed ? streamed_count(p->streamed) : 0;
}

/* ---- lines ---- */

static size_t pattern_refs(const struct scan_line_hits *hits, size_t *ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < hits->hit_count; i++)
        if (hits->hits[i].ref & STREAMED_REF) {
            if (count++ == 0)
                *ret_first = i;
        }
    return count;
}

static void write_line(const struct log_line *line, const struct logline *e, const struct whose *whose, size_t refs,
                       struct text observed, struct buffer *out)
{
    const struct organisation *o = whose->organisation;
    struct streamed_event event = {.line = line->hits->line,
                                   .offset = line->hits->offset,
                                   .time_us = e->time_us,
                                   .organisation = o ? o->name : TEXT_NONE,
                                   .client = whose->client,
                                   .direction = (uint8_t)whose->direction,
                                   .observed = observed};
    if (o)
        memcpy(event.organisation_id, o->id.b, sizeof event.organisation_id);
    buffer_add_u32(out, (uint32_t)refs);
    for (size_t i = 0; i < line->hits->hit_count; i++)
        if (line->hits->hits[i].ref & STREAMED_REF)
            buffer_add_u32(out, line->hits->hits[i].ref & ~STREAMED_REF);
    buffer_add_sized(out, text_of(line->file));
    streamed_event_write(&event, out);
}

static bool in_time(const struct log_line *line, const struct logline *e)
{
    return (!line->since_us && !line->until_us) || (e->time_us >= line->since_us && e->time_us < line->until_us);
}

/* The event is of this line. */
static enum err add_line(const struct constituency *c, const struct log_line *line, const struct logline *e,
                         size_t first, size_t refs, struct buffer *out)
{
    struct buffer observed;
    struct whose whose;
    enum err err = OK;
    buffer_init(&observed, STREAMED_EVENT_BYTES);
    if (in_time(line, e) && observe_line(e, 0, &observed) && !buffer_error(&observed)) {
        err = hits_whose(line->owners, c, e, line->hits, &line->hits->hits[first], &whose);
        if (!err)
            write_line(line, e, &whose, refs, buffer_text(&observed), out);
    }
    if (buffer_error(&observed) == ERR_NOMEM)
        err = ERR_NOMEM;
    buffer_done(&observed);
    return err;
}

enum err log_patterns_line(const struct constituency *c, const struct log_line *line, struct buffer *out)
{
    struct logline e;
    size_t first = 0, refs = pattern_refs(line->hits, &first);
    enum err err = refs ? logline_read(line->header, line->hits->text, line->now_us, &e) : ERR_NOT_FOUND;
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    err = add_line(c, line, &e, first, refs, out);
    logline_done(&e);
    return err;
}

/* ---- what they make true ---- */

struct taking {
    struct log_patterns *p;
    pattern_hit_each *each;
    void *self;
};

static enum err still_counts(const struct log_patterns *p, const struct log_pattern *one, bool *ret)
{
    struct view *v;
    *ret = true;
    if (!p->asked)
        return OK;
    enum err err = node_reader(p->asked, &v, NULL);
    if (err)
        return err;
    err = pattern_still_counts(v, one->n, ret, NULL);
    node_reader_done(p->asked, v);
    return err;
}

static enum err on_match(void *self, const struct streamed_match *m)
{
    struct taking *t = self;
    struct pattern_hit hit = {.pattern = &t->p->list[m->number], .bound = m->bound, .count = m->count};
    bool counts = m->bound[m->count - 1]->time_us >= hit.pattern->counted_until_us;
    enum err err = counts ? still_counts(t->p, hit.pattern, &counts) : OK;
    if (err || !counts)
        return err;
    for (size_t i = 0; i < m->count && !hit.owned; i++)
        if (m->bound[i]->organisation.len)
            hit.owned = m->bound[i];
    hit.whose = hit.owned ? hit.owned : m->bound[m->count - 1];
    return t->each(t->self, &hit);
}

/* One line: its patterns, then the event, which stands behind them. */
static enum err take_line(struct taking *t, struct cursor *c)
{
    uint32_t refs = cursor_u32(c);
    struct text numbers = cursor_bytes(c, (size_t)refs * 4);
    struct cursor each;
    struct text file = cursor_text(c);
    struct streamed_event e = streamed_event_read(c);
    e.file = file;
    enum err err = cursor_error(c);
    cursor_init(&each, numbers);
    for (uint32_t i = 0; !err && i < refs; i++) {
        uint32_t number = cursor_u32(&each);
        const struct log_pattern *p = number < t->p->count ? &t->p->list[number] : NULL;
        if (p && e.time_us < p->until_us)
            err = streamed_offer(t->p->streamed, number, &e, on_match, t);
    }
    return err;
}

enum err log_patterns_take(struct log_patterns *p, struct text lines, pattern_hit_each *each, void *self)
{
    struct taking t = {p, each, self};
    struct cursor c;
    enum err err = OK;
    cursor_init(&c, lines);
    while (!err && !cursor_end(&c))
        err = take_line(&t, &c);
    return err;
}

/* ---- words ---- */

static void bound_json(struct json_out *o, const struct pattern_hit *hit)
{
    json_key(o, TEXT("bound"));
    json_open(o, '[');
    for (size_t i = 0; i < hit->count; i++) {
        json_open(o, '{');
        json_member_text(o, "file", hit->bound[i]->file);
        json_member_i64(o, "line", (int64_t)hit->bound[i]->line);
        json_member_i64(o, "offset", (int64_t)hit->bound[i]->offset);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void hit_json(const struct party_names *names, const struct pattern_hit *hit, struct buffer *out)
{
    char id[IDENT_TEXT_MAX], stamp[STAMP_TEXT_MAX];
    const struct streamed_event *last = hit->bound[hit->count - 1];
    const struct log_pattern *p = hit->pattern;
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_text(&o, "file", last->file);
    json_member_i64(&o, "line", (int64_t)last->line);
    json_member_i64(&o, "offset", (int64_t)last->offset);
    json_member_text(&o, "kind", TEXT("pattern"));
    json_member_text(&o, "value", p->pattern);
    json_member_text(&o, "indicator", p->pattern);
    json_member_text(&o, "id", ident_format(TEXT("indicator"), &p->uuid, id));
    json_member_text_or_null(
        &o, "valid_until", p->until_us != INT64_MAX ? stamp_format(stamp_from_us(p->until_us, 3), stamp) : TEXT_NONE);
    json_member_text_or_null(&o, "party", party_names_of(names, &p->party));
    json_member_text_or_null(&o, "organisation", hit->owned ? hit->owned->organisation : TEXT_NONE);
    json_member_text(&o, "time", stamp_format(stamp_from_us(last->time_us, last->time_us % 1000 ? 6 : 3), stamp));
    json_member_text_or_null(&o, "client", hit->whose->client);
    json_member_text_or_null(&o, "direction",
                             text_of(logline_direction_name((enum logline_direction)hit->whose->direction)));
    bound_json(&o, hit);
    json_close(&o, '}');
    buffer_add_char(out, '\n');
}

void pattern_hit_print(const struct party_names *names, bool json, const struct pattern_hit *hit, struct buffer *out)
{
    if (json) {
        hit_json(names, hit, out);
        return;
    }
    const struct streamed_event *last = hit->bound[hit->count - 1];
    struct text party = party_names_of(names, &hit->pattern->party);
    size_t at = out->len;
    buffer_addf(out, TEXT_FMT ":%llu: pattern " TEXT_FMT "  %s" TEXT_FMT "%s  ", TEXT_ARG(last->file),
                (unsigned long long)last->line, TEXT_ARG(hit->pattern->pattern), party.len ? "from " : "",
                TEXT_ARG(party), hit->owned ? "" : "  (nobody of ours)");
    if (hit->owned)
        buffer_add(out, hit->owned->organisation);
    for (size_t i = 0; i + 1 < hit->count; i++)
        buffer_addf(out, "%s" TEXT_FMT ":%llu", i ? ", " : "  with ", TEXT_ARG(hit->bound[i]->file),
                    (unsigned long long)hit->bound[i]->line);
    if (out->len > at)
        clean_for_people(out->ptr + at, out->len - at, false);
    buffer_add_char(out, '\n');
}

void tell_pattern_losses(struct session *s, const struct log_patterns *p)
{
    struct streamed_losses l = {0};
    if (p->streamed)
        l = streamed_losses(p->streamed);
    if (l.fell_out)
        complain(s,
                 "%llu event%s fell out of a pattern's window before it was true: a pattern over more than %d events "
                 "may have been missed",
                 (unsigned long long)l.fell_out, l.fell_out == 1 ? "" : "s", STREAMED_WINDOW_MAX);
    if (l.too_expensive)
        complain(s, "%llu time%s a pattern was too expensive to be decided: neither yes nor no",
                 (unsigned long long)l.too_expensive, l.too_expensive == 1 ? "" : "s");
}
