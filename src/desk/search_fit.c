/* desk/search_fit.c - does the body really hold it? And what a row of an answer tells of an object. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "desk/marks.h"
#include "desk/own.h"
#include "desk/search_inside.h"

const char *search_value_kind(const struct word *w)
{
    if (w->kind == WORD_TEXT)
        return "text";
    if (w->kind == WORD_NAME)
        return "name";
    return w->value_kind == VALUE_NONE ? "value" : value_kind_name(w->value_kind);
}

/* ---- one word against one question ---- */

static bool starts_nocase(struct text t, struct text start)
{
    return t.len >= start.len && text_eq_nocase(text_sub(t, 0, start.len), start);
}

static bool is_net(const struct word *w, struct ipnet *ret)
{
    return w->kind == WORD_VALUE &&
           (w->value_kind == VALUE_IPV4 || w->value_kind == VALUE_IPV6 || w->value_kind == VALUE_CIDR) &&
           ipnet_parse(w->text, ret) == OK;
}

static bool lies_in(const struct ipnet *small, const struct ipnet *large)
{
    return small->len > large->len && small->addr.bits == large->addr.bits && ipnet_has(large, &small->addr);
}

static struct text host_of(const struct word *w)
{
    if (w->kind != WORD_VALUE)
        return TEXT_NONE;
    return w->value_kind == VALUE_DOMAIN ? w->text : posting_host_of(w->value_kind, w->text);
}

static bool below(struct text host, struct text domain)
{
    return host.len > domain.len + 1 && text_ends(host, domain) && host.ptr[host.len - domain.len - 1] == '.';
}

static bool begins(const struct word *w, struct text start)
{
    if (starts_nocase(w->text, start))
        return true;
    struct text bare = posting_without_scheme(w->text);
    return w->kind == WORD_VALUE && bare.len < w->text.len && starts_nocase(bare, posting_without_scheme(start)) &&
           text_find_text(start, TEXT("://")) < 0;
}

static bool fits(const struct wanted *q, const struct word *w)
{
    const struct taken *k = q->taken;
    struct ipnet net;
    switch (q->match) {
    case MATCH_EXACT:
        if (w->kind == WORD_NAME)
            return text_eq(w->text, k->words);
        return w->kind == WORD_VALUE && text_eq(w->text, w->value_kind == VALUE_NONE ? k->words : k->value);
    case MATCH_CONTAINS: return is_net(w, &net) && lies_in(&k->net, &net);
    case MATCH_CONTAINED: return is_net(w, &net) && lies_in(&net, &k->net);
    case MATCH_SUBDOMAIN: return below(host_of(w), k->value);
    case MATCH_HOST: return w->value_kind != VALUE_DOMAIN && text_eq(host_of(w), k->host);
    case MATCH_PREFIX: return begins(w, k->value);
    default: return false;
    }
}

/* ---- a body ---- */

struct fitting {
    const struct wanted *q;
    struct arena *arena;
    uint32_t missing; /* words of MATCH_TEXT not met yet, as bits */
    bool fits;
    struct text value;
    const char *kind;
};

static bool one_word(void *self, const struct word *w)
{
    struct fitting *f = self;
    if (f->q->match == MATCH_TEXT) {
        for (size_t i = 0; w->kind == WORD_TEXT && i < f->q->word_count; i++)
            if (text_eq(w->text, f->q->words[i]))
                f->missing &= ~((uint32_t)1 << i);
        f->fits = f->missing == 0;
        return !f->fits;
    }
    if (!fits(f->q, w))
        return true;
    f->fits = true;
    f->value = arena_text(f->arena, w->text);
    f->kind = search_value_kind(w);
    return false;
}

bool search_fits(struct searcher *s, const struct wanted *w, struct arena *arena, struct text *ret_value,
                 const char **ret_kind)
{
    struct fitting f = {.q = w, .arena = arena, .kind = "text", .value = w->taken->words};
    if (w->match == MATCH_TEXT)
        f.missing = w->word_count ? (uint32_t)(((uint64_t)1 << w->word_count) - 1) : 1;
    if (words_of(&s->words, buffer_text(&s->body), one_word, &f) != OK || !f.fits)
        return false;
    *ret_value = f.value;
    *ret_kind = f.kind;
    return true;
}

/* ---- rows ---- */

static struct text no_names(void *self, struct text id)
{
    (void)self;
    return id;
}

static struct text name_of(const struct json_val *object, struct arena *arena)
{
    const struct describe_with plain = {.name = no_names};
    struct text name = json_text(json_get(object, "name"));
    if (name.len)
        return arena_text(arena, name);
    name = json_text(json_get(object, "value"));
    return name.len ? arena_text(arena, name) : describe_title(object, &plain, arena);
}

static uint64_t finding_number(struct searcher *s, struct text id)
{
    struct finding_row row;
    struct uuid uuid;
    if (!text_starts(id, TEXT(TYPE_FINDING "--")) || !uuid_of_id(id, &uuid))
        return 0;
    return view_finding(s->about.v, &uuid, &row, NULL) == OK ? row.number : 0;
}

enum err search_row(struct searcher *s, const struct candidate *c, struct arena *arena, struct search_result *ret)
{
    struct json_doc *doc;
    struct gate_class cls = c->cls;
    enum err err = marks_default_now(s->about.v, &cls, NULL);
    if (err == OK)
        err = json_parse(buffer_text(&s->body), &doc, NULL);
    if (err != OK)
        return err == ERR_NOMEM ? err : ERR_NOT_FOUND;
    err = search_state(s, c, json_root(doc), arena, ret);
    ret->name = name_of(json_root(doc), arena);
    json_free(doc);
    if (err != OK)
        return err;
    ret->id = arena_text(arena, c->row.id);
    ret->modified = arena_text(arena, c->row.modified);
    ret->type = arena_text(arena, text_of(c->cls.type));
    ret->ours = c->cls.ours;
    ret->party = c->row.party;
    ret->source = c->row.source;
    ret->label = gate_class_label(&cls);
    ret->known_us = c->row.added_us;
    ret->n = c->row.n;
    ret->finding = finding_number(s, c->row.id);
    return ret->id.ptr && ret->modified.ptr && ret->type.ptr && ret->name.ptr ? OK : ERR_NOMEM;
}
