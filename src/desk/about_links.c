/* desk/about_links.c - what an object refers to, and what refers to it, by name. */
#include <string.h>

#include "base/limits.h"
#include "desk/about_inside.h"
#include "store/references.h"

/* ---- what it refers to ---- */

static void add_target(struct about *a, struct describe_section *s, struct text name, struct text id)
{
    struct ident ident;
    char as[64];
    if (ident_parse(id, &ident, NULL) != OK)
        return;
    size_t cut = text_ends(name, TEXT("_refs")) ? 5 : 4, len = name.len - cut;
    if (len >= sizeof as)
        len = sizeof as - 1;
    for (size_t i = 0; i < len; i++)
        as[i] = name.ptr[i] == '_' ? ' ' : name.ptr[i];
    as[len] = 0;
    struct text called = about_call(a, id);
    if (text_starts(called, id)) /* it has no name but this */
        describe_add(a->d, s, as, called);
    else
        describe_addf(a->d, s, as, TEXT_FMT "  " TEXT_FMT, TEXT_ARG(called), TEXT_ARG(id));
}

static void add_targets(struct about *a, struct describe_section *s, const struct json_val *v, unsigned depth)
{
    if (depth == 0)
        return;
    for (struct json_iter it = json_iter_of(v); json_next(&it);) {
        bool many = text_ends(it.key, TEXT("_refs"));
        if (text_eq(it.key, TEXT("created_by_ref")) || text_eq(it.key, TEXT("object_marking_refs")) ||
            text_eq(it.key, TEXT("granular_markings")))
            continue;
        if (text_ends(it.key, TEXT("_ref")))
            add_target(a, s, it.key, json_text(it.val));
        else if (many)
            for (struct json_iter one = json_iter_of(it.val); json_next(&one);) {
                if (one.index >= DESCRIBE_LIST_MAX) {
                    describe_addf(a->d, s, "", "and %zu more", json_size(it.val) - DESCRIBE_LIST_MAX);
                    break;
                }
                add_target(a, s, it.key, json_text(one.val));
            }
        else if (json_type(it.val) == JSON_OBJECT || json_type(it.val) == JSON_ARRAY)
            add_targets(a, s, it.val, depth - 1);
    }
}

void about_refers(struct about *a)
{
    add_targets(a, describe_section(a->d, "Refers to"), a->object, 8);
}

/* ---- what refers to it ---- */

struct referring {
    struct about *a;
    struct describe_section *s;
    size_t shown;
};

static enum err one_referring(void *self, const struct version_row *found)
{
    struct referring *r = self;
    struct about *a = r->a;
    struct version_row row = *found;
    struct gate_class cls;
    struct decision d;
    struct buffer body;
    struct json_doc *doc;
    char id[IDENT_TEXT_MAX], name[VERSION_NAME_MAX];
    /* the view's until its next question */
    struct text version = arena_text(a->d->arena, version_name(found, name));
    row.id = arena_text(a->d->arena, found->id);
    if (!row.id.ptr || !version.ptr || text_eq(row.id, a->row.id) ||
        view_class(a->v, row.class_id, &cls, NULL) != OK || !about_may_see(a, &cls, row.id, version, &d))
        return OK;
    if (about_load(a, &(struct about_seen){&cls, row.id, version, row.body}, &body, &doc, NULL) != OK)
        return OK;
    if (references_hold(buffer_text(&body), a->row.id)) {
        struct ident ident;
        enum err err = ident_parse(row.id, &ident, NULL);
        if (err == OK)
            describe_addf(a->d, r->s, "", TEXT_FMT "  " TEXT_FMT,
                          TEXT_ARG(describe_title(json_root(doc), &a->with, a->d->arena)),
                          TEXT_ARG(ident_format(ident.type, &ident.uuid, id)));
        r->shown++;
    }
    json_free(doc);
    buffer_done(&body);
    return OK;
}

enum err about_referred(struct about *a, struct fault *reterr)
{
    struct referring r = {.a = a, .s = describe_section(a->d, "Referred to by")};
    uint64_t more = 0;
    enum err err = view_referring(a->v, a->row.id, ABOUT_REFERRING_MAX, one_referring, &r, &more, reterr);
    if (err == OK && more)
        describe_addf(a->d, r.s, "", "and up to %llu more, older ones", (unsigned long long)more);
    return err;
}

/* ---- translations: section 7.1 ---- */

struct seeking {
    struct about *a;
    enum err err;
};

/* "de" is answered by "de" or "de-AT"; the exact one is taken when both are there. */
static struct text language_in(const struct json_val *contents, struct text wanted)
{
    struct text near = TEXT_NONE;
    for (struct json_iter it = json_iter_of(contents); json_next(&it);) {
        if (text_eq_nocase(it.key, wanted))
            return it.key;
        if (it.key.len > wanted.len && it.key.ptr[wanted.len] == '-' &&
            text_eq_nocase(text_sub(it.key, 0, wanted.len), wanted))
            near = it.key;
    }
    return near;
}

static bool translates(const struct about *a, const struct json_val *content)
{
    struct text of = json_text(json_get(content, "object_modified"));
    return text_eq(json_text(json_get(content, "object_ref")), a->row.id) &&
           (of.len == 0 || text_eq(of, a->row.modified));
}

static enum err one_content(void *self, const struct version_row *row)
{
    struct about *a = self;
    struct gate_class cls;
    struct decision d;
    struct buffer body;
    struct json_doc *doc;
    char name[VERSION_NAME_MAX];
    const struct place place = row->body;
    if (a->translation || !text_starts(row->id, TEXT("language-content--")) || row->revoked)
        return OK;
    struct text id = arena_text(a->d->arena, row->id), version = arena_text(a->d->arena, version_name(row, name));
    if (!id.ptr || !version.ptr || view_class(a->v, row->class_id, &cls, NULL) != OK ||
        !about_may_see(a, &cls, id, version, &d) ||
        about_load(a, &(struct about_seen){&cls, id, version, place}, &body, &doc, NULL) != OK)
        return OK;
    struct text found = language_in(json_get(json_root(doc), "contents"), a->q->lang);
    buffer_done(&body); /* the document holds its own copy */
    if (!found.len || !translates(a, json_root(doc))) {
        json_free(doc);
        return OK;
    }
    a->translation = doc;
    a->language = found;
    return OK;
}

enum err about_find_translation(struct about *a, struct fault *reterr)
{
    uint64_t more;
    if (!a->q->lang.len)
        return OK;
    return view_referring(a->v, a->row.id, ABOUT_NAMED_MAX, one_content, a, &more, reterr);
}
