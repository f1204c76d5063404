/* release/close.c - what goes out of an object before it leaves: marked portions (rule 5), all but its tear line,
 * references to what is withheld, and the fields that our sightings keep to themselves (rule 9). */
#include "release/close.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "model/sensed.h"
#include "model/space.h"
#include "model/terms_read.h"
#include "release/ask.h"
#include "release/meaning.h"

/* A property's name in words for people: not what a sender may have put into it. */
static struct text plain(struct text property)
{
    bool fits = property.len > 0 && property.len <= 60;
    for (size_t i = 0; fits && i < property.len; i++)
        fits = property.ptr[i] > ' ' && property.ptr[i] < 0x7f;
    return fits ? property : TEXT("one of its properties");
}

static enum err withhold(struct closing *c, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);

static enum err withhold(struct closing *c, const char *rule, const char *format, ...)
{
    if (!c->why)
        return ERR_DENIED;
    va_list args;
    va_start(args, format);
    vsnprintf(c->why->words, sizeof c->why->words, format, args);
    va_end(args);
    c->why->id = rule;
    return ERR_DENIED;
}

/* ---- selectors ---- */

/* "[4]" without leading zeros. */
static bool index_read(struct text part, uint64_t *ret)
{
    struct text digits = text_sub(part, 1, part.len < 2 ? 0 : part.len - 2);
    return part.len >= 3 && part.ptr[0] == '[' && part.ptr[part.len - 1] == ']' &&
           (digits.len == 1 || digits.ptr[0] != '0') && text_u64(digits, ret) == OK;
}

/* Selectors mostly come in order: then a list is walked once for all of them. */
static struct walk *walk_to(struct closing *c, const struct json_val *list, uint64_t index)
{
    struct walk *w = &c->walk;
    if (w->list != list || index < w->it.index) {
        *w = (struct walk){.list = list, .it = json_iter_of(list)};
        c->steps++;
        if (!json_next(&w->it))
            w->list = NULL;
    }
    while (w->list && w->it.index < index) {
        w->kept += !gone_has(&c->gone, w->it.val);
        c->steps++;
        if (!json_next(&w->it) || c->steps > c->steps_max)
            w->list = NULL;
    }
    return w->list ? w : NULL;
}

const struct json_val *close_step(struct closing *c, const struct json_val *v, struct text part, int64_t *ret_at)
{
    uint64_t index;
    *ret_at = -1;
    c->steps++;
    if (json_type(v) == JSON_OBJECT) {
        c->steps += json_size(v);
        return json_get_text(v, part);
    }
    if (json_type(v) != JSON_ARRAY || !index_read(part, &index) || index >= json_size(v))
        return NULL;
    const struct walk *w = walk_to(c, v, index);
    if (!w)
        return NULL;
    *ret_at = w->kept;
    return w->it.val;
}

enum err close_tired(struct closing *c)
{
    if (c->steps <= c->steps_max)
        return OK;
    return withhold(c, "5 portions", "It has too many marked portions to cut them out.");
}

/* A list whose elements make sense only as a whole: what is marked in one of them takes it along. */
static bool of_wholes(struct text property)
{
    return text_eq(property, TEXT("external_references")) || text_eq(property, TEXT("kill_chain_phases"));
}

static enum err cut_selected(struct closing *c, struct text selector)
{
    struct text part, top;
    const struct json_val *v = c->object;
    size_t depth = 0;
    while (text_split(&selector, '.', &part)) {
        int64_t at;
        v = close_step(c, v, part, &at);
        enum err tired = close_tired(c);
        if (tired)
            return tired;
        if (!v)
            return ERR_MALFORMED;
        if (gone_has(&c->gone, v))
            return OK;
        if (depth++ == 0)
            top = part;
        else if (depth == 2 && of_wholes(top))
            break;
    }
    const struct optional *o = meaning_optional(c->type, top);
    bool element = depth > 1 && o && o->list != NO_LIST;
    if (!element && !meaning_may_be_cut(c->type, top))
        return withhold(c, "5 portions",
                        TEXT_FMT
                        ", or a part of it, is marked more strictly than may go there, and without it the object "
                        "would make no sense or mislead.",
                        TEXT_ARG(plain(top)));
    gone_add(&c->gone, v);
    c->cut = true;
    return OK;
}

/* ---- marked portions ---- */

static void read_portion(const struct closing *c, struct text marking, struct gate_portion *ret)
{
    struct ident id;
    *ret = (struct gate_portion){.unknown = true};
    if (ident_parse(marking, &id, NULL) == OK && tlp_of_marking(&id.uuid, &ret->tlp, NULL))
        ret->unknown = false;
    else if (c->lookup->marking)
        c->lookup->marking(c->lookup->self, marking, ret);
}

static enum err cut_portions(struct closing *c)
{
    for (struct json_iter it = json_iter_of(json_get(c->object, "granular_markings")); json_next(&it);) {
        struct text marking = json_text(json_get(it.val, "marking_ref"));
        struct gate_portion portion;
        if (!marking.len && json_get(it.val, "lang"))
            continue;
        read_portion(c, marking, &portion);
        if (gate_portion_goes(c->question, c->decision, &portion))
            continue;
        for (struct json_iter s = json_iter_of(json_get(it.val, "selectors")); json_next(&s);) {
            enum err e = cut_selected(c, json_text(s.val));
            if (e)
                return e;
        }
    }
    return OK;
}

/* ---- an exercise's mark ---- */

/* What of an extension stays: closed lists. */
static const char *const exercise_fields[] = {"exercise", "extension_type", NULL};

static bool is_listed(struct text name, const char *const *fields)
{
    for (; *fields; fields++)
        if (text_eq(name, text_of(*fields)))
            return true;
    return false;
}

static const char *const *fields_kept(const struct closing *c, struct text extension)
{
    bool to_hub = c->sighting_out && c->question->recipient->kind == RECIPIENT_HUB;
    if (text_eq(extension, TEXT(EXT_EXERCISE)))
        return exercise_fields;
    return to_hub && text_eq(extension, TEXT(EXT_SENSED)) ? sensed_fields : NULL;
}

/* `extensions` goes, but for the mark of an exercise and what the mark itself consists of: nothing leaves an exercise
 * without it (rule 10). To its hub a sensor also tells what its sightings are of (rule 9). */
static void cut_extensions(struct closing *c, const struct json_val *extensions)
{
    bool any = false;
    for (struct json_iter it = json_iter_of(extensions); json_next(&it);)
        any |= fields_kept(c, it.key) != NULL;
    if (!any) {
        gone_add(&c->gone, extensions);
        return;
    }
    for (struct json_iter it = json_iter_of(extensions); json_next(&it);) {
        const char *const *fields = fields_kept(c, it.key);
        if (!fields)
            gone_add(&c->gone, it.val);
        for (struct json_iter member = json_iter_of(it.val); fields && json_next(&member);)
            if (!is_listed(member.key, fields))
                gone_add(&c->gone, member.val);
    }
}

/* ---- the tear line ---- */

static const struct json_val *tear_extension(const struct closing *c)
{
    return json_get(json_get(c->object, "extensions"), EXT_TEAR_LINE);
}

static bool named_in(const struct closing *c, struct text property)
{
    struct text rest = c->decision->tear_properties, piece;
    if (rest.len) {
        while (text_split(&rest, ',', &piece))
            if (text_eq(text_trim(piece), property))
                return true;
        return false;
    }
    for (struct json_iter it = json_iter_of(json_get(tear_extension(c), "properties")); json_next(&it);)
        if (text_eq(json_text(it.val), property))
            return true;
    return false;
}

/* What the object says of its tear line now must be what was decided about. */
static bool tear_line_holds(const struct closing *c)
{
    struct ident id;
    enum tlp label;
    if (c->decision->tear_properties.len)
        return true;
    struct text marking = json_text(json_get(tear_extension(c), "marking_ref"));
    return ident_parse(marking, &id, NULL) == OK && tlp_of_marking(&id.uuid, &label, NULL) &&
           label == c->question->cls->tear;
}

static enum err cut_to_tear_line(struct closing *c)
{
    if (!tear_line_holds(c))
        return withhold(c, "5 tear line", "What its tear line says in " TEXT_FMT " cannot be read.",
                        TEXT_ARG(plain(TEXT("extensions"))));
    if (!meaning_known(c->type))
        return withhold(c, "5 tear line",
                        "It has a tear line, but what a " TEXT_FMT " must keep to make sense is not known here.",
                        TEXT_ARG(plain(c->type)));
    for (struct json_iter it = json_iter_of(c->object); json_next(&it);) {
        if (meaning_required(c->type, it.key) || named_in(c, it.key))
            continue;
        if (text_eq(it.key, TEXT("extensions"))) {
            cut_extensions(c, it.val);
            continue;
        }
        if (meaning_misleads_without(c->type, it.key))
            return withhold(c, "5 tear line",
                            "Its tear line leaves out " TEXT_FMT ", without which the rest would mislead.",
                            TEXT_ARG(plain(it.key)));
        gone_add(&c->gone, it.val);
    }
    if (tear_extension(c))
        gone_add(&c->gone, tear_extension(c));
    c->cut = true;
    return OK;
}

/* ---- sightings of ours ---- */

/* Rule 9: a closed list, and of the places that saw it only our own organisation. */
static void cut_sighting(struct closing *c)
{
    for (struct json_iter it = json_iter_of(c->object); json_next(&it);)
        if (text_eq(it.key, TEXT("extensions")))
            cut_extensions(c, it.val);
        else if (!meaning_sighting_field(c->type, it.key))
            gone_add(&c->gone, it.val);
    for (struct json_iter it = json_iter_of(json_get(c->object, "where_sighted_refs")); json_next(&it);)
        if (!text_eq(json_text(it.val), c->created_by))
            gone_add(&c->gone, it.val);
}

/* ---- references ---- */

/* Markings are never asked for and never pruned: a reader must see under which terms it holds the object. */
static bool is_ref_name(struct text name)
{
    bool named = text_ends(name, TEXT("_ref")) || text_ends(name, TEXT("_refs"));
    return named && !text_eq(name, TEXT("object_marking_refs")) && !text_eq(name, TEXT("marking_ref"));
}

static bool may_be_seen(const struct closing *c, const struct json_val *ref)
{
    struct ident parts;
    struct text id = json_text(ref);
    if (ident_parse(id, &parts, NULL))
        return true; /* a text that is no identifier points to nothing */
    return c->lookup->ref(c->lookup->self, id) != REF_WITHHELD;
}

static bool holds_under(const struct closing *c, struct text name, const struct json_val *v)
{
    if (gone_has(&c->gone, v))
        return true;
    if (json_is_string(v))
        return !is_ref_name(name) || may_be_seen(c, v);
    bool list = json_type(v) == JSON_ARRAY;
    for (struct json_iter it = json_iter_of(v); json_next(&it);)
        if (!holds_under(c, list ? name : it.key, it.val))
            return false;
    return true;
}

/* A member whose reference, or one of whose references, is withheld. */
static enum err prune(struct closing *c, struct text name, const struct json_val *v)
{
    const struct optional *o = meaning_optional(c->type, name);
    if (!o)
        return withhold(c, "5 references",
                        "What " TEXT_FMT
                        " points to is withheld, and without it the object would make no sense or mislead.",
                        TEXT_ARG(plain(name)));
    if (json_type(v) != JSON_ARRAY || o->list == NO_LIST) {
        gone_add(&c->gone, v);
        return json_is_string(v) && o->list == NO_LIST ? OK : ERR_MALFORMED;
    }
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        if (!json_is_string(it.val))
            return ERR_MALFORMED;
        if (!gone_has(&c->gone, it.val) && !may_be_seen(c, it.val))
            gone_add(&c->gone, it.val);
    }
    return OK;
}

static enum err prune_references(struct closing *c)
{
    for (struct json_iter it = json_iter_of(c->object); json_next(&it);) {
        enum err e = holds_under(c, it.key, it.val) ? OK : prune(c, it.key, it.val);
        if (e)
            return e;
    }
    return OK;
}

/* ---- what became empty ---- */

/* STIX 2.1 section 2.3: no empty lists, and (2.12) no empty dictionaries: they go too, and what held nothing else. */
static bool empty_out(struct closing *c, const struct json_val *v)
{
    size_t kept = 0;
    if (gone_has(&c->gone, v))
        return true;
    if (json_size(v) == 0)
        return false;
    for (struct json_iter it = json_iter_of(v); json_next(&it);)
        kept += !empty_out(c, it.val);
    if (!kept)
        gone_add(&c->gone, v);
    return !kept;
}

static enum err sweep(struct closing *c)
{
    for (struct json_iter it = json_iter_of(c->object); json_next(&it);) {
        const struct optional *o = meaning_optional(c->type, it.key);
        if (empty_out(c, it.val) && o && o->list == NEEDS_ONE)
            return withhold(c, "5 references",
                            "What " TEXT_FMT " points to is withheld, and nothing would remain of the list.",
                            TEXT_ARG(plain(it.key)));
    }
    return OK;
}

enum err close_mark(struct closing *c)
{
    enum err e = c->decision->tear ? cut_to_tear_line(c) : OK;
    if (c->sighting_out)
        cut_sighting(c);
    if (!e)
        e = cut_portions(c);
    if (!e)
        e = prune_references(c);
    if (!e && c->gone.used)
        e = sweep(c);
    return c->gone.failed ? ERR_NOMEM : e;
}
