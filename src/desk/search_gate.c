/* desk/search_gate.c - every candidate goes through here before anything of it is told or counted: does its version
 * count, may the account see it, and what of its body. Classes are decided once; what was granted singly is asked for
 * each object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/own.h"
#include "desk/search_inside.h"

#define GATE_ARENA_BYTES (4 * MIB)

static enum err one_grant(void *self, const struct fact *f)
{
    (void)f;
    *(bool *)self = true;
    return OK;
}

static enum err open_eyes(struct searcher *s, struct node *node, struct view *v, struct fault *reterr)
{
    s->about = (struct about){.node = node, .v = v, .q = &s->q, .d = &s->d};
    description_init(&s->d, &s->arena);
    enum err err = about_who_reads(&s->about, reterr);
    if (err == OK && s->about.reader.role == ROLE_NONE)
        err = fault_set(reterr, ERR_DENIED, "what is held is for our own accounts, and not for one that is disabled");
    if (err == OK)
        err = view_grants_to(v, &s->q.account, 0, s->q.now_us, 1, one_grant, &s->has_grants, reterr);
    s->about.reader.name = TEXT_NONE; /* the arena is reset between objects */
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err searcher_open(struct node *node, struct view *v, const struct uuid *account, int64_t now_us,
                       struct searcher **ret, struct fault *reterr)
{
    struct searcher *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(reterr, ERR_NOMEM, "no memory to search with");
    s->q = (struct about_question){.account = *account, .now_us = now_us};
    arena_init(&s->arena, GATE_ARENA_BYTES);
    words_init(&s->words);
    buffer_init(&s->body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = open_eyes(s, node, v, reterr);
    if (err == OK)
        *ret = s;
    else
        searcher_close(s);
    return err;
}

void searcher_close(struct searcher *s)
{
    if (!s)
        return;
    arena_done(&s->arena);
    words_done(&s->words);
    buffer_done(&s->body);
    suppress_free(s->suppress);
    free(s);
}

static bool counts(enum standing st, bool all)
{
    switch (st) {
    case STANDING_CURRENT:
    case STANDING_CLAIM:
    case STANDING_QUARANTINED: return true;
    case STANDING_OLDER:
    case STANDING_CONFLICT: return all;
    default: return false;
    }
}

static bool class_cleared(struct searcher *s, const struct candidate *c)
{
    struct seen_class *slot = &s->classes[c->row.class_id % SEEN_CLASSES];
    if (slot->class_id != c->row.class_id)
        *slot = (struct seen_class){c->row.class_id, about_class_cleared(&s->about, &c->cls)};
    return slot->cleared;
}

static bool may_see(struct searcher *s, const struct candidate *c)
{
    struct decision d;
    if (class_cleared(s, c))
        return true;
    return s->has_grants && about_may_see(&s->about, &c->cls, c->row.id, text_of(c->name), &d);
}

/* A finding shows the value of its indicator: only to whom the indicator shows it, too (docs/RELEASE.md 8). */
static enum err finding_shows(struct searcher *s, struct candidate *c, struct fault *reterr);

/* Texts of the row are the view's until its next question. */
static void keep_row(struct candidate *c, const struct version_row *row)
{
    char name[VERSION_NAME_MAX];
    c->row = *row;
    snprintf(c->name, sizeof c->name, TEXT_FMT, TEXT_ARG(version_name(row, name)));
    snprintf(c->id, sizeof c->id, TEXT_FMT, TEXT_ARG(row->id));
    snprintf(c->modified, sizeof c->modified, TEXT_FMT, TEXT_ARG(row->modified));
    c->row.id = text_of(c->id);
    c->row.modified = text_of(c->modified);
}

static enum err look(struct searcher *s, const struct version_row *row, struct candidate *ret, struct fault *reterr)
{
    keep_row(ret, row);
    enum err err = view_class(s->about.v, ret->row.class_id, &ret->cls, reterr);
    if (err != OK)
        return err;
    arena_reset(&s->arena);
    return may_see(s, ret) ? OK : ERR_NOT_FOUND;
}

enum err searcher_look(struct searcher *s, uint64_t n, bool all, struct candidate *ret, struct fault *reterr)
{
    struct version_row row;
    enum err err = view_by_entry(s->about.v, n, &row, reterr);
    if (err == OK && !counts(row.standing, all))
        err = ERR_NOT_FOUND;
    return err == OK ? look(s, &row, ret, reterr) : err;
}

enum err searcher_find(struct searcher *s, struct text id, struct candidate *ret, struct fault *reterr)
{
    struct version_row row;
    enum err err = view_current(s->about.v, id, &row, reterr);
    return err == OK ? look(s, &row, ret, reterr) : err;
}

static enum err read_body(struct searcher *s, const struct candidate *c, struct fault *reterr)
{
    const struct about_seen seen = {&c->cls, c->row.id, text_of(c->name), c->row.body};
    buffer_clear(&s->body);
    enum err err = about_read(&s->about, &seen, &s->body, reterr);
    return err == OK || err == ERR_NOMEM ? err : ERR_NOT_FOUND;
}

enum err searcher_read(struct searcher *s, struct candidate *c, struct fault *reterr)
{
    enum err err = finding_shows(s, c, reterr);
    return err == OK ? read_body(s, c, reterr) : err;
}

/* ---- findings ---- */

struct shown {
    struct text value;
    bool found;
};

static bool is_value(void *self, const struct word *word)
{
    struct shown *w = self;
    w->found = w->found || (word->kind == WORD_VALUE && text_eq(word->text, w->value));
    return !w->found;
}

/* The pattern may be a portion that is cut, or no part of the tear line. */
static enum err portion_shows(struct searcher *s, const struct candidate *finding, struct candidate *indicator,
                              struct fault *reterr)
{
    struct shown w = {0};
    char value[VALUE_MAX_BYTES];
    enum err err = read_body(s, finding, reterr);
    if (err != OK)
        return err;
    struct text t = body_string(buffer_text(&s->body), "value");
    if (t.len == 0 || t.len > sizeof value)
        return ERR_NOT_FOUND;
    memcpy(value, t.ptr, t.len);
    w.value = (struct text){value, t.len};
    err = read_body(s, indicator, reterr);
    if (err == OK)
        err = words_of(&s->words, buffer_text(&s->body), is_value, &w);
    return err != OK ? err : w.found ? OK : ERR_NOT_FOUND;
}

static enum err finding_shows(struct searcher *s, struct candidate *c, struct fault *reterr)
{
    struct finding_row row;
    struct candidate indicator;
    struct version_row version;
    struct uuid uuid;
    char id[IDENT_TEXT_MAX];
    if (!text_starts(c->row.id, TEXT(TYPE_FINDING "--")) || !uuid_of_id(c->row.id, &uuid))
        return OK;
    enum err err = view_finding(s->about.v, &uuid, &row, reterr);
    if (err == ERR_NOT_FOUND || (err == OK && uuid_is_zero(&row.indicator)))
        return OK;
    if (err != OK)
        return err;
    struct uuid about = row.indicator;
    err = view_current(s->about.v, ident_format(TEXT("indicator"), &about, id), &version, reterr);
    if (err == ERR_NOT_FOUND) /* erased, or never one of ours: nothing of it is left to be kept from anybody */
        return OK;
    if (err == OK)
        err = look(s, &version, &indicator, reterr);
    if (err != OK || (!indicator.cls.granular && indicator.cls.tear == TLP_NONE))
        return err;
    return portion_shows(s, c, &indicator, reterr);
}
