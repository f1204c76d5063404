/* release/explain.c - a decision as people and programs read it. */
#include "release/explain.h"

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
    }
    return TEXT("nobody");
}

static const char *form_name(enum form f)
{
    return f == FORM_WHOLE ? "whole" : "rendition";
}

void explain_json(struct text id, const struct recipient *r, enum door door, const struct decision *d,
                  struct buffer *out)
{
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_text(&o, "id", id);
    json_member_text(&o, "recipient", named(r));
    json_member_text(&o, "door", text_of(door_name(door)));
    json_member_text(&o, "decision", d->cleared ? TEXT("cleared") : TEXT("withheld"));
    json_key(&o, TEXT("form"));
    if (d->cleared)
        json_put_text(&o, text_of(form_name(d->form)));
    else
        json_put_null(&o);
    json_member_text(&o, "marking", text_of(tlp_name(d->label)));
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
    buffer_add(out, id);
    buffer_add(out, d->cleared ? TEXT(": cleared for ") : TEXT(": withheld from "));
    buffer_add(out, named(r));
    buffer_addf(out, " (%s)", door_name(door));
    if (d->cleared)
        buffer_addf(out, ", as a %s, %s", d->form == FORM_WHOLE ? "whole" : "rendition", tlp_name(d->label));
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < d->rule_count; i++)
        buffer_addf(out, "  rule %s: %s\n", d->rules[i].id, d->rules[i].words);
}
