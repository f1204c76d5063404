#include "command/log_patterns.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/time.h"
#include "match/observe_line.h"
#include "model/stix.h"
#include "json/json.h"

#define PATTERNS_BYTES (2 * GIB)

/* ---- the patterns ---- */

struct loading {
    struct session *s;
    struct log_patterns *p;
    int64_t now_us;
    struct buffer body;
};

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

static void note_not(struct log_patterns *p, struct text id, const char *why)
{
    if (p->not_looked_for++ == 0) {
        p->first_not = arena_text(&p->arena, id);
        p->first_why = why;
    }
}

static enum err add_pattern(struct loading *l, const struct version_row *row, const struct json_val *object)
{
    struct log_patterns *p = l->p;
    struct text pattern = json_text(json_get(object, "pattern"));
    struct log_pattern one = {.party = row->party};
    struct ident id;
    struct stamp until;
    const char *why;
    uint32_t number;
    if (!text_eq(json_text(json_get(object, "pattern_type")), TEXT("stix")) || ident_parse(row->id, &id, NULL))
        return OK;
    one.uuid = id.uuid;
    one.has_valid_until = stamp_parse(json_text(json_get(object, "valid_until")), &until, NULL) == OK;
    one.valid_until_us = one.has_valid_until ? stamp_us(until) : 0;
    one.pattern = arena_text(&p->arena, pattern);
    enum err err = one.pattern.ptr ? add_room(p) : ERR_NOMEM;
    if (!err)
        err = streamed_add(p->streamed, pattern, &number, &why);
    if (err == ERR_LIMIT) {
        note_not(p, row->id, "there are more than can be looked for at once");
        return OK;
    }
    if (err)
        return err;
    if (why)
        note_not(p, row->id, why);
    p->list[p->count++] = one;
    return OK;
}

static enum err on_indicator(void *self, const struct version_row *row)
{
    struct loading *l = self;
    struct json_doc *doc = NULL;
    if (row->revoked || cancelled(l->s))
        return cancelled(l->s) ? ERR_CANCELLED : OK;
    buffer_clear(&l->body);
    enum err err = node_body(l->s->node, row->body, &l->body, NULL);
    if (!err)
        err = json_parse(buffer_text(&l->body), &doc, NULL);
    if (!err)
        err = add_pattern(l, row, json_root(doc));
    json_free(doc);
    return err == ERR_NOT_FOUND ? OK : err; /* erased */
}

enum err log_patterns_load(struct session *s, struct view *v, struct log_patterns *ret, struct fault *reterr)
{
    struct log_patterns p = {.count = 0};
    struct loading l = {.s = s, .p = &p, .now_us = clock_now_us()};
    arena_init(&p.arena, PATTERNS_BYTES);
    buffer_init(&p.scratch, 16 * MIB);
    buffer_init(&l.body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = streamed_new(&p.streamed);
    if (!err)
        err = view_without_values(v, 0, on_indicator, &l, reterr);
    if (!err)
        err = streamed_build(p.streamed);
    buffer_done(&l.body);
    if (err) {
        log_patterns_done(&p);
        return fault_set(reterr, err, "the indicators' patterns could not be loaded: %s", err_name(err));
    }
    *ret = p;
    return OK;
}

void tell_not_looked_for(struct session *s, const struct log_patterns *p)
{
    if (p->not_looked_for)
        complain(s, "%zu pattern%s not looked for in logs; of " TEXT_FMT ", because %s (docs/EVENTS-IN-LOGS.md)",
                 p->not_looked_for, p->not_looked_for == 1 ? " is" : "s are", TEXT_ARG(p->first_not), p->first_why);
}

static enum err note_any(void *self, const struct version_row *row)
{
    (void)row;
    *(bool *)self = true;
    return ERR_EXISTS; /* one is enough */
}

/* Both lists are in the order of the view: the next one is mostly the same. */
static void carry_windows(struct log_patterns *to, struct log_patterns *from)
{
    size_t at = 0;
    for (size_t i = 0; i < to->count; i++) {
        for (size_t tried = 0; tried < from->count; tried++, at++) {
            const struct log_pattern *old = &from->list[at % from->count];
            if (uuid_eq(&old->uuid, &to->list[i].uuid) && text_eq(old->pattern, to->list[i].pattern)) {
                streamed_carry(to->streamed, (uint32_t)i, from->streamed, (uint32_t)(at++ % from->count));
                break;
            }
        }
    }
}

enum err log_patterns_renew(struct session *s, struct view *v, uint64_t from_n, struct log_patterns *p,
                            struct fault *reterr)
{
    struct log_patterns fresh;
    bool any = !p->streamed;
    enum err err = any ? OK : view_without_values(v, from_n, note_any, &any, reterr);
    if (!any)
        return err;
    err = log_patterns_load(s, v, &fresh, reterr);
    if (err)
        return err;
    if (p->streamed)
        carry_windows(&fresh, p);
    if (fresh.not_looked_for != p->not_looked_for)
        tell_not_looked_for(s, &fresh);
    log_patterns_done(p);
    *p = fresh;
    return OK;
}

void log_patterns_done(struct log_patterns *p)
{
    streamed_free(p->streamed);
    free(p->list);
    arena_done(&p->arena);
    buffer_done(&p->scratch);
    *p = (struct log_patterns){0};
}

const struct index *log_patterns_index(const struct log_patterns *p)
{
    return p->streamed && streamed_count(p->streamed) ? streamed_index(p->streamed) : NULL;
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

static void write_line(const struct log_line *line, const struct logline *e, const struct organisation *o,
                       size_t refs, struct text observed, struct buffer *out)
{
    static const uint8_t nobody[16];
    buffer_add_u32(out, (uint32_t)refs);
    for (size_t i = 0; i < line->hits->hit_count; i++)
        if (line->hits->hits[i].ref & STREAMED_REF)
            buffer_add_u32(out, line->hits->hits[i].ref & ~STREAMED_REF);
    buffer_add_sized(out, text_of(line->file));
    buffer_add_u64(out, line->hits->line);
    buffer_add_u64(out, line->hits->offset);
    buffer_add_u64(out, (uint64_t)e->time_us);
    buffer_add_sized(out, o ? o->name : TEXT_NONE);
    buffer_add_bytes(out, o ? o->id.b : nobody, sizeof nobody);
    buffer_add_sized(out, observed);
}

enum err log_patterns_line(const struct constituency *c, const struct log_line *line, struct buffer *out)
{
    struct logline e;
    struct buffer observed;
    size_t first = 0, refs = pattern_refs(line->hits, &first);
    enum err err = refs ? logline_read(line->header, line->hits->text, line->now_us, &e) : ERR_NOT_FOUND;
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    buffer_init(&observed, STREAMED_EVENT_BYTES);
    if (observe_line(&e, 0, &observed) && !buffer_error(&observed)) {
        const struct scan_hit *h = &line->hits->hits[first];
        const struct matched_value matched = {h->kind, text_sub(line->hits->text, h->start, h->len)};
        struct affected a = logline_affected(c, &e, &matched);
        write_line(line, &e, a.owner.organisation, refs, buffer_text(&observed), out);
    }
    err = buffer_error(&observed) == ERR_NOMEM ? ERR_NOMEM : OK;
    buffer_done(&observed);
    logline_done(&e);
    return err;
}

/* ---- what they make true ---- */

struct taking {
    struct log_patterns *p;
    pattern_hit_each *each;
    void *self;
};

static enum err on_match(void *self, const struct streamed_match *m)
{
    struct taking *t = self;
    struct pattern_hit hit = {.pattern = &t->p->list[m->number], .bound = m->bound, .count = m->count};
    for (size_t i = 0; i < m->count && !hit.owned; i++)
        if (m->bound[i]->organisation.len)
            hit.owned = m->bound[i];
    return t->each(t->self, &hit);
}

/* One line: its patterns, then the event, which stands behind them. */
static enum err take_line(struct taking *t, struct cursor *c)
{
    struct streamed_event e = {.line = 0};
    uint32_t refs = cursor_u32(c);
    struct text numbers = cursor_bytes(c, (size_t)refs * 4);
    struct cursor each;
    e.file = cursor_text(c);
    e.line = cursor_u64(c);
    e.offset = cursor_u64(c);
    e.time_us = (int64_t)cursor_u64(c);
    e.organisation = cursor_text(c);
    cursor_copy(c, e.organisation_id, sizeof e.organisation_id);
    e.observed = cursor_text(c);
    enum err err = cursor_error(c);
    cursor_init(&each, numbers);
    for (uint32_t i = 0; !err && i < refs; i++) {
        uint32_t number = cursor_u32(&each);
        const struct log_pattern *p = number < t->p->count ? &t->p->list[number] : NULL;
        if (p && !(p->has_valid_until && e.time_us >= p->valid_until_us))
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
        &o, "valid_until", p->has_valid_until ? stamp_format(stamp_from_us(p->valid_until_us, 3), stamp) : TEXT_NONE);
    json_member_text_or_null(&o, "party", party_names_of(names, &p->party));
    json_member_text_or_null(&o, "organisation", hit->owned ? hit->owned->organisation : TEXT_NONE);
    json_member_text(&o, "time", stamp_format(stamp_from_us(last->time_us, last->time_us % 1000 ? 6 : 3), stamp));
    json_member_text_or_null(&o, "client", TEXT_NONE);
    json_member_text_or_null(&o, "direction", TEXT_NONE);
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
