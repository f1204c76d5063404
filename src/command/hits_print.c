#include "command/hits_print.h"

#include <string.h>

#include "json/json.h"

void party_names_init(struct party_names *p)
{
    *p = (struct party_names){0};
    arena_init(&p->arena, 256 * MIB);
}

void party_names_done(struct party_names *p)
{
    arena_done(&p->arena);
}

enum err party_names_add(struct party_names *p, const struct uuid *id, struct text name)
{
    if ((p->count & (p->count + 1)) == 0 || !p->ids) { /* grow at 0, 1, 3, 7, ...: room for twice as many and one */
        size_t room = p->count * 2 + 1;
        struct uuid *ids = arena_alloc(&p->arena, room * sizeof *ids);
        struct text *names = arena_alloc(&p->arena, room * sizeof *names);
        if (!ids || !names)
            return ERR_NOMEM;
        if (p->count) {
            memcpy(ids, p->ids, p->count * sizeof *ids);
            memcpy(names, p->names, p->count * sizeof *names);
        }
        p->ids = ids;
        p->names = names;
    }
    p->ids[p->count] = *id;
    p->names[p->count] = arena_text(&p->arena, name);
    return p->names[p->count++].ptr ? OK : ERR_NOMEM;
}

static enum err keep_party(void *self, const struct fact *f)
{
    return party_names_add(self, &f->u.party.id, f->u.party.name);
}

enum err party_names_load(struct view *v, struct party_names *p, struct fault *reterr)
{
    return view_facts(v, FACT_PARTY, keep_party, p, reterr);
}

struct text party_names_of(const struct party_names *p, const struct uuid *party)
{
    for (size_t i = 0; i < p->count; i++) {
        if (uuid_eq(&p->ids[i], party))
            return p->names[i];
    }
    return TEXT_NONE;
}

static void put_text_or_null(struct json_out *o, const char *name, struct text t)
{
    json_key(o, text_of(name));
    if (t.len)
        json_put_text(o, t);
    else
        json_put_null(o);
}

/* As exact as the line is. */
static struct text time_text(int64_t us, char out[STAMP_TEXT_MAX])
{
    return stamp_format(stamp_from_us(us, us % 1000 ? 6 : 3), out);
}

static void hit_json(const struct party_names *names, const char *file, const struct scan_line_hits *line,
                     const struct hit *hit, struct buffer *out)
{
    char id[IDENT_TEXT_MAX], until[STAMP_TEXT_MAX];
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(file));
    json_member_i64(&o, "line", (int64_t)line->line);
    json_member_i64(&o, "offset", (int64_t)line->offset);
    json_member_text(&o, "kind", text_of(value_kind_name(hit->item.kind)));
    json_member_text(&o, "value", hit->value);
    json_member_text(&o, "indicator", hit->item.value);
    put_text_or_null(&o, "id", hit->item.asked ? TEXT_NONE : ident_format(TEXT("indicator"), &hit->item.uuid, id));
    put_text_or_null(&o, "valid_until",
                     hit->item.has_valid_until ? stamp_format(stamp_from_us(hit->item.valid_until_us, 3), until)
                                               : TEXT_NONE);
    if (hit->item.has_assumed_until)
        json_member_text(&o, "assumed_until", stamp_format(stamp_from_us(hit->item.assumed_until_us, 3), until));
    put_text_or_null(&o, "party", party_names_of(names, &hit->item.party));
    put_text_or_null(&o, "organisation", hit->organisation ? hit->organisation->name : TEXT_NONE);
    put_text_or_null(&o, "time", hit->timed ? time_text(hit->seen_us, until) : TEXT_NONE);
    put_text_or_null(&o, "client", hit->client);
    put_text_or_null(&o, "direction", text_of(logline_direction_name(hit->direction)));
    if (hit->item.kind == VALUE_URL)
        json_member_text(&o, "level", text_of(url_level_names[hit->level]));
    json_close(&o, '}');
    buffer_add_char(out, '\n');
}

void hit_print(const struct party_names *names, bool json, const char *file, const struct scan_line_hits *line,
               const struct hit *hit, struct buffer *out)
{
    if (json) {
        hit_json(names, file, line, hit, out);
        return;
    }
    struct text party = party_names_of(names, &hit->item.party);
    size_t at = out->len;
    buffer_addf(out, "%s:%llu: %s " TEXT_FMT "  %s" TEXT_FMT "%s  ", file, (unsigned long long)line->line,
                value_kind_name(hit->item.kind), TEXT_ARG(hit->item.value), party.len ? "from " : "", TEXT_ARG(party),
                hit->organisation ? "" : "  (nobody of ours)");
    if (hit->organisation)
        buffer_add(out, hit->organisation->name);
    if (out->len > at)
        clean_for_people(out->ptr + at, out->len - at, false);
    buffer_add_char(out, '\n');
}
