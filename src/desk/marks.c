/* desk/marks.c - see marks.h. Bodies are canonical, and json_is_proper() held them good. */
#include "desk/marks.h"

#include <string.h>

#include "base/limits.h"
#include "desk/own.h"
#include "model/terms_read.h"

/* What a marking means, whether by its published id or by its definition. */
static enum err meaning(struct text id, marks_lookup *lookup, void *self, struct gate_portion *ret,
                        struct fault *reterr)
{
    struct ident ident;
    enum tlp label;
    *ret = (struct gate_portion){.unknown = true};
    if (ident_parse(id, &ident, NULL) || !text_eq(ident.type, TEXT("marking-definition")))
        return OK;
    if (!tlp_of_marking(&ident.uuid, &label, NULL))
        return lookup(self, id, ret, reterr);
    *ret = (struct gate_portion){.tlp = label};
    return OK;
}

static void classify_as(struct gate_class *cls, enum classification level)
{
    if (level > cls->terms.classification)
        cls->terms.classification = level;
}

void marks_begin(struct gate_class *cls)
{
    cls->tlp = cls->tear = TLP_NONE;
    cls->terms = (struct terms){0};
    cls->unknown_marking = false;
    cls->bare = true;
}

/* A published one, which means what it means. */
static bool is_published(struct text id)
{
    struct ident ident;
    enum tlp label;
    return ident_parse(id, &ident, NULL) == OK && tlp_of_marking(&ident.uuid, &label, NULL);
}

enum err marks_add(struct gate_class *cls, struct text id, enum tlp *said, marks_lookup *lookup, void *self,
                   struct fault *reterr)
{
    struct gate_portion one, sum = {.terms = cls->terms, .unknown = cls->unknown_marking};
    enum err e = meaning(id, lookup, self, &one, reterr);
    if (e != OK)
        return e;
    portion_add(&sum, &one);
    cls->terms = sum.terms;
    cls->unknown_marking = sum.unknown;
    bool itself = is_published(id);
    cls->bare = cls->bare && itself;
    enum tlp *label = itself ? &cls->tlp : said;
    *label = tlp_stricter(*label, one.tlp);
    return OK;
}

void marks_label(struct gate_class *cls, enum tlp said, enum tlp filled)
{
    if (cls->tlp != TLP_NONE) {
        cls->unknown_marking = cls->unknown_marking || said > cls->tlp;
        cls->tlp = tlp_stricter(cls->tlp, said);
        return;
    }
    enum tlp label = said != TLP_NONE ? said : filled;
    if (label == TLP_NONE)
        return;
    cls->source_default = label;
    cls->label_given = true;
}

void marks_take_default(struct gate_class *cls, enum tlp tlp, enum pap pap)
{
    if (!cls->label_given)
        cls->source_default = tlp;
    cls->source_pap = pap;
}

enum err marks_default_now(struct view *v, struct gate_class *cls, struct fault *reterr)
{
    struct fact_source source;
    enum err e = uuid_is_zero(&cls->source) ? ERR_NOT_FOUND : view_source(v, &cls->source, &source, reterr);
    if (e == OK)
        marks_take_default(cls, source.default_tlp, source.default_pap);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err read_portions(struct gate_class *cls, const struct json_val *list, marks_lookup *lookup, void *self,
                              struct fault *reterr)
{
    enum err e = OK;
    for (struct json_iter it = json_iter_of(list); e == OK && json_next(&it);) {
        const struct json_val *ref = json_get(it.val, "marking_ref");
        struct gate_portion p;
        if (!ref)
            continue; /* a language */
        cls->bare = cls->bare && is_published(json_text(ref));
        e = meaning(json_text(ref), lookup, self, &p, reterr);
        if (e == OK)
            classify_as(cls, p.terms.classification);
    }
    return e;
}

/* A tear line whose marking says more than a label is none: what leaves would need to carry the rest. */
static enum err read_tear(struct gate_class *cls, const struct json_val *ext, marks_lookup *lookup, void *self,
                          struct fault *reterr)
{
    const struct json_val *ref = json_get(ext, "marking_ref"), *names = json_get(ext, "properties");
    struct gate_portion p;
    if (!ref || json_type(names) != JSON_ARRAY || json_size(names) == 0)
        return OK;
    for (struct json_iter it = json_iter_of(names); json_next(&it);)
        if (json_text(it.val).len == 0)
            return OK;
    cls->bare = cls->bare && is_published(json_text(ref));
    enum err e = meaning(json_text(ref), lookup, self, &p, reterr);
    if (e == OK && !p.unknown && terms_none(&p.terms))
        cls->tear = p.tlp;
    return e;
}

static bool has(struct text body, const char *needle)
{
    return memmem(body.ptr, body.len, needle, strlen(needle)) != NULL;
}

enum err marks_inside(struct gate_class *cls, struct text body, marks_lookup *lookup, void *self,
                      struct fault *reterr)
{
    bool tear = has(body, EXT_TEAR_LINE);
    struct json_doc *doc;
    if (!cls->granular && !tear)
        return OK;
    enum err e = json_parse(body, &doc, NULL);
    if (e == ERR_NOMEM)
        return fault_set(reterr, e, "no memory for an object's markings");
    if (e != OK) {
        cls->unknown_marking = true;
        cls->bare = false;
        return OK;
    }
    const struct json_val *root = json_root(doc);
    e = read_portions(cls, json_get(root, "granular_markings"), lookup, self, reterr);
    if (e == OK && tear)
        e = read_tear(cls, json_get(json_get(root, "extensions"), EXT_TEAR_LINE), lookup, self, reterr);
    json_free(doc);
    return e;
}
