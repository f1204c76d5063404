/* desk/intake_fill.c - our own people's marking definitions, written into their own objects (release.md 2: absent
 * markings only). Objects of others are never changed. */
#include <string.h>

#include "base/limits.h"
#include "desk/intake_inside.h"
#include "json/proper.h"

struct place_of_member {
    struct text body;
    size_t at; /* where the first member that sorts behind ours begins, its quote; 0: none does */
    bool any;
};

/* Names are in order (RFC 8785 section 3.2.3), and ours is ASCII. */
static void look_at_member(void *self, struct text name, struct text value)
{
    struct place_of_member *p = self;
    (void)value;
    p->any = true;
    if (!p->at && text_cmp(name, TEXT("object_marking_refs")) > 0)
        p->at = (size_t)(name.ptr - p->body.ptr) - 1;
}

static void write_list(const struct intake_options *opt, struct buffer *out)
{
    struct json_out o = json_out_to(out);
    buffer_add(out, TEXT("\"object_marking_refs\":"));
    json_open(&o, '[');
    for (size_t i = 0; i < opt->marking_count; i++)
        json_put_text(&o, opt->markings[i]);
    json_close(&o, ']');
}

static void write_body(const struct intake_options *opt, struct text body, size_t at, struct buffer *out)
{
    size_t end = body.len - 1; /* the closing brace */
    buffer_add(out, text_sub(body, 0, at ? at : end));
    if (!at)
        buffer_add_char(out, ',');
    write_list(opt, out);
    if (at)
        buffer_add_char(out, ',');
    buffer_add(out, text_sub(body, at ? at : end, body.len));
}

static void write_markings(const struct intake_options *opt, struct buffer *out)
{
    for (size_t i = 0; i < opt->marking_count; i++)
        buffer_add_sized(out, opt->markings[i]);
}

enum err intake_fill_markings(const struct intake *in, struct intake_items *items, struct record_object *o,
                              struct fault *reterr)
{
    const struct intake_options *opt = in->options;
    struct place_of_member p = {.body = o->body};
    struct buffer body, list;
    bool definition = text_starts(o->id, TEXT("marking-definition--")) ||
                      text_starts(o->id, TEXT("extension-definition--")) ||
                      text_starts(o->id, TEXT("language-content--"));
    if (!opt->marking_count || !opt->from_self || o->marking_count || o->granular || definition || o->print)
        return OK;
    if (!json_is_proper(o->body, look_at_member, &p) || !p.any)
        return OK;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    buffer_init(&list, MIB);
    write_body(opt, o->body, p.at, &body);
    write_markings(opt, &list);
    struct text kept = buffer_error(&body) ? TEXT_NONE : arena_text(&items->filled, buffer_text(&body));
    struct text refs = buffer_error(&list) ? TEXT_NONE : arena_text(&items->filled, buffer_text(&list));
    buffer_done(&body);
    buffer_done(&list);
    if (!kept.ptr || !refs.ptr)
        return fault_at(reterr, ERR_NOMEM, o->at, NULL, "no memory to mark the object");
    o->body = kept;
    o->original = TEXT_NONE; /* it is not what came any more */
    cursor_init(&o->markings, refs);
    o->marking_count = opt->marking_count;
    return OK;
}
