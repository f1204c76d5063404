/* match/observe.c - Observed Data objects and what they refer to. */
#include "match/observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/stix.h"

#define NANOS_A_S 1000000000

struct found { /* an object of the document */
    struct text id;
    const struct json_val *value;
    struct stamp modified;
    size_t order;
};

struct observed {
    struct arena arena;
    struct json_doc *doc;
    struct found *data, *others; /* Observed Data; everything else. Sorted by id, then order */
    size_t data_count, data_cap, other_count, other_cap;
    struct observation *observations;
    size_t count;
    observed_on_refused *on_refused;
    void *self;
};

nanos nanos_of(struct stamp s)
{
    return (nanos)s.s * NANOS_A_S + s.ns;
}

struct stamp nanos_stamp(nanos t, uint8_t digits)
{
    nanos s = t / NANOS_A_S;

    if (t % NANOS_A_S < 0)
        s--;
    return (struct stamp){(int64_t)s, (uint32_t)(t - s * NANOS_A_S), digits};
}

/* ---- the document's objects ---- */

static enum err keep(struct observed *o, struct found **list, size_t *count, size_t *cap, struct found f)
{
    if (*count == *cap) {
        size_t larger = *cap ? *cap * 2 : 16;
        struct found *grown = arena_alloc(&o->arena, larger * sizeof *grown);

        if (!grown)
            return ERR_LIMIT;
        if (*count > 0)
            memcpy(grown, *list, *count * sizeof *grown);
        *list = grown;
        *cap = larger;
    }
    f.order = *count;
    (*list)[(*count)++] = f;
    return OK;
}

static enum err collect(struct observed *o, const struct json_val *v)
{
    const struct json_val *list = json_type(v) == JSON_ARRAY ? v : NULL;
    struct text type = json_text(json_get(v, "type"));
    struct found f = {.id = json_text(json_get(v, "id")), .value = v};

    if (!list && (text_eq(type, TEXT("bundle")) || (type.len == 0 && json_type(v) == JSON_OBJECT)))
        list = json_get(v, "objects");
    if (list) {
        enum err err = OK;

        for (struct json_iter it = json_iter_of(list); !err && json_next(&it);)
            err = collect(o, it.val);
        return err;
    }
    if (type.len == 0)
        return OK;
    if (!text_eq(type, TEXT("observed-data")))
        return f.id.len > 0 ? keep(o, &o->others, &o->other_count, &o->other_cap, f) : OK;
    if (stamp_parse(json_text(json_get(v, "modified")), &f.modified, NULL))
        f.modified = (struct stamp){INT64_MIN, 0, 0};
    return keep(o, &o->data, &o->data_count, &o->data_cap, f);
}

static int by_id_then_order(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = text_cmp(x->id, y->id);

    if (order == 0)
        order = stamp_cmp(x->modified, y->modified);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return (x->order > y->order) - (x->order < y->order);
}

static const struct found *find_last(const struct found *list, size_t count, struct text id)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (text_cmp(list[mid].id, id) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 && text_eq(list[low - 1].id, id) ? &list[low - 1] : NULL;
}

/* ---- one observation ---- */

static const char *read_times(const struct json_val *v, struct observation *ret)
{
    struct stamp first, last;

    if (!json_i64(json_get(v, "number_observed"), &ret->number_observed) || ret->number_observed < 1 ||
        ret->number_observed > 999999999)
        return "number_observed is an integer from 1 to 999999999";
    if (stamp_parse(json_text(json_get(v, "first_observed")), &first, NULL))
        return "first_observed is a timestamp";
    if (stamp_parse(json_text(json_get(v, "last_observed")), &last, NULL))
        return "last_observed is a timestamp";
    if (stamp_cmp(last, first) < 0)
        return "last_observed is not before first_observed";
    ret->first = nanos_of(first);
    ret->last = nanos_of(last);
    return NULL;
}

static void add_object(struct observation *ret, struct text ref, const struct json_val *value)
{
    struct text type = json_text(json_get(value, "type"));
    enum stix_class cls = stix_class_of(type);

    ret->objects[ret->object_count++] =
        (struct observed_object){ref, type, value, cls == STIX_SCO || cls == STIX_CUSTOM};
}

static int by_ref(const void *a, const void *b)
{
    const struct observed_object *const *x = a, *const *y = b;

    return text_cmp((*x)->ref, (*y)->ref);
}

static enum err add_objects(struct observed *o, const struct json_val *refs, const struct json_val *container,
                            struct observation *ret)
{
    size_t most = json_size(refs ? refs : container);

    ret->objects = arena_alloc(&o->arena, (most + 1) * sizeof *ret->objects);
    ret->by_ref = arena_alloc(&o->arena, (most + 1) * sizeof *ret->by_ref);
    if (!ret->objects || !ret->by_ref)
        return ERR_LIMIT;
    for (struct json_iter it = json_iter_of(refs ? refs : container); json_next(&it);) {
        const struct found *f;

        if (!refs) {
            add_object(ret, it.key, it.val);
        } else {
            f = find_last(o->others, o->other_count, json_text(it.val));
            if (f)
                add_object(ret, f->id, f->value);
        }
    }
    for (size_t i = 0; i < ret->object_count; i++)
        ret->by_ref[i] = &ret->objects[i];
    qsort(ret->by_ref, ret->object_count, sizeof *ret->by_ref, by_ref);
    return OK;
}

static enum err add_observation(struct observed *o, const struct found *f)
{
    struct observation ob = {.id = f->id};
    const struct json_val *refs = json_get(f->value, "object_refs"), *container = json_get(f->value, "objects");
    const char *wrong = read_times(f->value, &ob);
    enum err err;

    if (json_bool(json_get(f->value, "revoked"), false))
        return OK;
    if (!wrong && json_type(refs) != JSON_ARRAY && json_type(container) != JSON_OBJECT)
        wrong = "one of object_refs (a list) and objects (deprecated) is required";
    if (wrong) {
        if (o->on_refused)
            o->on_refused(o->self, f->id, "STIX 2.1 4.14.1", wrong);
        return OK;
    }
    err = add_objects(o, json_type(refs) == JSON_ARRAY ? refs : NULL, container, &ob);
    if (!err)
        o->observations[o->count++] = ob;
    return err;
}

static enum err add_observations(struct observed *o)
{
    size_t kept = 0;
    enum err err = OK;

    if (o->other_count > 0)
        qsort(o->others, o->other_count, sizeof *o->others, by_id_then_order);
    if (o->data_count == 0)
        return OK;
    qsort(o->data, o->data_count, sizeof *o->data, by_id_then_order);
    for (size_t i = 0; i < o->data_count; i++) /* the last version of each; what has no id stands for itself */
        if (i + 1 == o->data_count || o->data[i].id.len == 0 || !text_eq(o->data[i].id, o->data[i + 1].id))
            o->data[kept++] = o->data[i];
    qsort(o->data, kept, sizeof *o->data, by_order);
    o->observations = arena_alloc(&o->arena, kept * sizeof *o->observations);
    if (!o->observations)
        return ERR_LIMIT;
    for (size_t i = 0; !err && i < kept; i++)
        err = add_observation(o, &o->data[i]);
    return err;
}

/* ---- the set ---- */

enum err observed_read(struct text document, observed_on_refused *on_refused, void *self, struct observed **ret,
                       struct fault *reterr)
{
    struct observed *o;
    enum json_type type;
    enum err err;

    if (document.len > OBSERVED_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, -1, "OBSERVED_MAX_BYTES", "more than %zu MiB of observed data in one file",
                        (size_t)(OBSERVED_MAX_BYTES / MIB));
    o = calloc(1, sizeof *o);
    if (!o)
        return fault_set(reterr, ERR_NOMEM, "no memory for observed data");
    arena_init(&o->arena, OBSERVED_MEMORY_MAX_BYTES);
    o->on_refused = on_refused;
    o->self = self;
    err = json_parse(document, &o->doc, reterr);
    type = err ? JSON_NONE : json_type(json_root(o->doc));
    if (!err && type != JSON_OBJECT && type != JSON_ARRAY)
        err = fault_at(reterr, ERR_MALFORMED, 0, "STIX 2.1 8", "a bundle or a list of objects is expected");
    if (!err) {
        err = collect(o, json_root(o->doc));
        if (!err)
            err = add_observations(o);
        if (err)
            fault_at(reterr, err, -1, "OBSERVED_MEMORY_MAX_BYTES", "observed data takes too much memory");
    }
    if (err) {
        observed_free(o);
        return err;
    }
    *ret = o;
    return OK;
}

enum err observed_of(const struct observation *const *list, size_t count, struct observed **ret)
{
    struct observed *o = calloc(1, sizeof *o);

    if (!o)
        return ERR_NOMEM;
    arena_init(&o->arena, OBSERVED_MEMORY_MAX_BYTES);
    o->observations = arena_alloc(&o->arena, (count + 1) * sizeof *o->observations);
    if (!o->observations) {
        observed_free(o);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        o->observations[i] = *list[i];
    o->count = count;
    *ret = o;
    return OK;
}

void observed_free(struct observed *o)
{
    if (!o)
        return;
    json_free(o->doc);
    arena_done(&o->arena);
    free(o);
}

size_t observed_count(const struct observed *o)
{
    return o->count;
}

const struct observation *observed_at(const struct observed *o, size_t i)
{
    return &o->observations[i];
}

const struct observed_object *observation_follow(const struct observation *o, struct text ref)
{
    size_t low = 0, high = o->object_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = text_cmp(o->by_ref[mid]->ref, ref);

        if (order == 0)
            return o->by_ref[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
