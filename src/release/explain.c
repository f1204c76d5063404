/* release/explain.c - a decision as people and programs read it. */
#include "release/explain.h"

#include "base/time.h"
#include "json/json.h"

static struct text named(const struct recipient *r)
{
    if (r->name.len)
        return r->name;
    switch (r->kind) {
    case RECIPIENT_OWN_ACCOUNT: return TEXT("an account of ours");
    case RECIPIENT_PARTNER: return TEXT("a partner");
    case RECIPIENT_COMMUNITY: return TEXT("a community");
    case RECIPIENT_PUBLIC: return TEXT("public");
    case RECIPIENT_CONSTITUENT: return TEXT("a constituent");
    case RECIPIENT_AUTHORITY: return TEXT("a sector authority");
    case RECIPIENT_HUB: return TEXT("the hub of this sensor");
    }
    return TEXT("nobody");
}

const char *form_name(enum form f)
{
    return f == FORM_WHOLE ? "whole" : "rendition";
}

/* Whose act would let it go: none, one or both. */
static size_t asked(const struct decision *d, struct text ret[2])
{
    size_t count = 0;
    if (d->asks_consent)
        ret[count++] = TEXT("originator");
    if (d->asks_releaser)
        ret[count++] = TEXT("releaser");
    return count;
}

static struct text until(const struct decision *d, char out[STAMP_TEXT_MAX])
{
    return d->holds_until_us == INT64_MAX ? TEXT_NONE : stamp_format(stamp_from_us(d->holds_until_us, 6), out);
}

static void put_list(struct json_out *o, const char *name, const struct text *items, size_t count)
{
    json_key(o, text_of(name));
    json_open(o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(o, items[i]);
    json_close(o, ']');
}

static void put_removed(struct json_out *o, const struct decision *d)
{
    struct text rest = text_of(d->removed), piece;
    json_key(o, TEXT("removed"));
    json_open(o, '[');
    while (rest.len && text_split(&rest, ',', &piece))
        json_put_text(o, piece);
    json_close(o, ']');
}

void explain_json(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                  struct buffer *out)
{
    struct json_out o = json_out_to(out);
    struct text asks[2];
    char moment[STAMP_TEXT_MAX];
    json_open(&o, '{');
    json_member_text(&o, "id", id);
    json_member_text(&o, "recipient", named(r));
    json_member_text(&o, "door", text_of(door_name(door)));
    json_member_text(&o, "decision", d->cleared ? TEXT("cleared") : TEXT("withheld"));
    json_member_text_or_null(&o, "form", d->cleared ? text_of(form_name(d->form)) : TEXT_NONE);
    json_member_text(&o, "marking", text_of(tlp_name(d->label)));
    put_removed(&o, d);
    put_list(&o, "asks", asks, asked(d, asks));
    json_member_text_or_null(&o, "until", until(d, moment));
    json_key(&o, TEXT("rules"));
    json_open(&o, '[');
    for (size_t i = 0; i < d->rule_count; i++) {
        json_open(&o, '{');
        json_member_text(&o, "rule", text_of(d->rules[i].id));
        json_member_text(&o, "words", text_of(d->rules[i].words));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_close(&o, '}');
}

void explain_words(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                   struct buffer *out)
{
    struct text asks[2];
    char moment[STAMP_TEXT_MAX];
    size_t count = asked(d, asks);
    buffer_add(out, id);
    buffer_add(out, d->cleared ? TEXT(": cleared for ") : TEXT(": withheld from "));
    buffer_add(out, named(r));
    buffer_addf(out, " (%s)", door_name(door));
    if (d->cleared)
        buffer_addf(out, ", as a %s, %s", d->form == FORM_WHOLE ? "whole" : "rendition", tlp_name(d->label));
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < d->rule_count; i++)
        buffer_addf(out, "  rule %s: %s\n", d->rules[i].id, d->rules[i].words);
    if (d->removed[0])
        buffer_addf(out, "  without: %s\n", d->removed);
    for (size_t i = 0; i < count; i++)
        buffer_addf(out, "  may be asked: %s " TEXT_FMT "\n", i == 0 && d->asks_consent ? "its" : "a",
                    TEXT_ARG(asks[i]));
    if (until(d, moment).len)
        buffer_addf(out, "  so until: " TEXT_FMT "\n", TEXT_ARG(until(d, moment)));
    if (d->sealed)
        buffer_add(out, TEXT("  a hit on it is sealed: the constituent may not be told its value yet\n"));
}
