/* desk/search_state.c - does what was found count, until when, and is it looked for? As `get` says it. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "desk/dispute.h"
#include "desk/own.h"
#include "desk/search_inside.h"

#define NOTE_MAX (SUPPRESS_WORDS_MAX + LIFETIME_WORDS_MAX + DISPUTED_WORDS_MAX)

static const char *state_of(const struct searcher *s, const struct candidate *c, const struct json_val *object)
{
    struct stamp until;
    switch (c->row.standing) {
    case STANDING_CLAIM: return "claim";
    case STANDING_OLDER:
    case STANDING_CONFLICT: return "older";
    case STANDING_QUARANTINED: return "quarantined";
    default: break;
    }
    if (c->cls.quarantined)
        return "quarantined";
    if (c->row.revoked)
        return "revoked";
    bool ends = stamp_parse(json_text(json_get(object, "valid_until")), &until, NULL) == OK;
    return ends && stamp_us(until) <= s->q.now_us ? "expired" : "current";
}

/* The lists are large: loaded for the first indicator of an answer that could be on one. */
static enum err load_rules(struct searcher *s)
{
    if (s->suppress)
        return OK;
    enum err err = lifetime_rules_load(node_home(s->about.node), &s->rules, NULL);
    s->ruled = err == OK; /* rules that cannot be read assume nothing: `match` tells */
    return err == ERR_NOMEM ? err : suppress_load(s->about.node, s->about.v, &s->suppress, NULL);
}

static enum err assumed_end(struct searcher *s, const struct candidate *c, const struct json_val *object,
                            struct lifetime_ask *ask, struct search_result *ret, char note[NOTE_MAX])
{
    struct lifetime l;
    struct stamp from;
    char when[STAMP_TEXT_MAX], words[LIFETIME_WORDS_MAX];
    ask->source = c->row.source;
    ask->said_us = c->row.modified_us;
    if (stamp_parse(json_text(json_get(object, "valid_from")), &from, NULL) == OK && stamp_us(from) > ask->said_us)
        ask->said_us = stamp_us(from);
    enum err err = lifetime_of(s->about.v, &s->rules, ask, &l, NULL);
    if (err != OK || !l.ends)
        return err;
    if (l.until_us <= s->q.now_us)
        ret->state = "expired";
    const struct text day = text_sub(stamp_format(stamp_from_us(l.until_us, 0), when), 0, 10);
    snprintf(note, NOTE_MAX, "until " TEXT_FMT " (" TEXT_FMT ")", TEXT_ARG(day),
             TEXT_ARG(lifetime_words(&l, ask->kind, &s->rules, words)));
    return OK;
}

static enum err add_disputes(struct searcher *s, const struct candidate *c, struct arena *arena, char note[NOTE_MAX])
{
    const struct dispute_question q = {c->row.id, s->q.account, s->q.now_us};
    struct dispute *list;
    size_t count, len = strlen(note);
    char words[DISPUTED_WORDS_MAX];
    enum err err = disputes_of(s->about.node, s->about.v, &q, arena, &list, &count, NULL);
    if (err == OK && count)
        snprintf(note + len, NOTE_MAX - len, "%s" TEXT_FMT, len ? ", " : "",
                 TEXT_ARG(disputed_words(TEXT_NONE, count, words)));
    return err;
}

enum err search_state(struct searcher *s, const struct candidate *c, const struct json_val *object,
                      struct arena *arena, struct search_result *ret)
{
    struct lifetime_ask ask = {.kind = ret->kind ? value_kind_parse(text_of(ret->kind)) : VALUE_NONE};
    char note[NOTE_MAX] = "", words[SUPPRESS_WORDS_MAX];
    ret->state = state_of(s, c, object);
    ret->state_note = TEXT_NONE;
    if (ask.kind == VALUE_NONE || strcmp(ret->state, "current") != 0 ||
        !text_starts(c->row.id, TEXT("indicator--")) || !uuid_of_id(c->row.id, &ask.indicator))
        return OK;
    enum err err = load_rules(s);
    if (err != OK)
        return err == ERR_NOMEM ? err : OK;
    const struct suppressed found = suppress_indicator(s->suppress, &ask.indicator, ask.kind, ret->value);
    if (found.why != SUPPRESS_NOT)
        snprintf(note, sizeof note, "suppressed by " TEXT_FMT, TEXT_ARG(suppress_words(&found, words)));
    else if (s->ruled && !json_get(object, "valid_until"))
        err = assumed_end(s, c, object, &ask, ret, note);
    if (err == OK)
        err = add_disputes(s, c, arena, note);
    if (err != OK)
        return err == ERR_NOMEM ? err : OK;
    if (note[0])
        ret->state_note = arena_text(arena, text_of(note));
    return !note[0] || ret->state_note.ptr ? OK : ERR_NOMEM;
}
