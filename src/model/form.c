/* model/form.c - see form.h. */
#include "model/form.h"

static bool holds(const struct json_val *whole, const struct json_val *part);

static bool same_number(const struct json_val *a, const struct json_val *b)
{
    int64_t i, k;
    double x, y;
    if (json_i64(a, &i) && json_i64(b, &k))
        return i == k;
    return json_f64(a, &x) && json_f64(b, &y) && !(x < y) && !(x > y);
}

/* The elements of part, in their order, among those of whole. */
static bool list_holds(const struct json_val *whole, const struct json_val *part)
{
    struct json_iter w = json_iter_of(whole), p = json_iter_of(part);
    while (json_next(&p)) {
        bool found = false;
        while (!found && json_next(&w))
            found = holds(w.val, p.val);
        if (!found)
            return false;
    }
    return true;
}

static bool object_holds(const struct json_val *whole, const struct json_val *part)
{
    struct json_iter p = json_iter_of(part);
    while (json_next(&p)) {
        const struct json_val *w = json_get_text(whole, p.key);
        if (!w || !holds(w, p.val))
            return false;
    }
    return true;
}

static bool holds(const struct json_val *whole, const struct json_val *part)
{
    if (json_type(whole) != json_type(part))
        return false;
    switch (json_type(part)) {
    case JSON_OBJECT: return object_holds(whole, part);
    case JSON_ARRAY: return list_holds(whole, part);
    case JSON_STRING: return text_eq(json_text(whole), json_text(part));
    case JSON_NUMBER: return same_number(whole, part);
    case JSON_BOOL: return json_bool(whole, false) == json_bool(part, false);
    default: return true;
    }
}

static bool has_markings_of(const struct json_val *object, const struct json_val *other)
{
    const struct json_val *list = json_get(object, "object_marking_refs");
    struct json_iter o = json_iter_of(json_get(other, "object_marking_refs"));
    while (json_next(&o)) {
        struct json_iter i = json_iter_of(list);
        bool found = false;
        while (!found && json_next(&i))
            found = text_eq(json_text(i.val), json_text(o.val));
        if (!found)
            return false;
    }
    return true;
}

/* All but the markings. */
static bool content_holds(const struct json_val *whole, const struct json_val *part)
{
    struct json_iter p = json_iter_of(part);
    while (json_next(&p)) {
        const struct json_val *w = json_get_text(whole, p.key);
        if (!text_eq(p.key, TEXT("object_marking_refs")) && (!w || !holds(w, p.val)))
            return false;
    }
    return true;
}

bool form_contains(const struct json_val *whole, const struct json_val *part)
{
    if (!content_holds(whole, part))
        return false;
    if (content_holds(part, whole))
        return has_markings_of(whole, part) && !has_markings_of(part, whole);
    return has_markings_of(part, whole);
}
