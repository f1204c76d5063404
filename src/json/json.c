/* json/json.c - reading with yyjson. A json_doc is a yyjson_doc under another name.
 *
 * Numbers are kept as they were written (YYJSON_READ_NUMBER_AS_RAW) and turned into numbers when asked for: STIX has
 * few of them, and the canonical form must be able to tell when it lost something. */
#include "json/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* Up to here names are compared pair by pair; beyond they are sorted, so that 100,000 names are no quadratic trap. */
#define PAIRWISE_MAX   24
#define SHOWN_NAME_MAX 80

static void *alc_malloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *alc_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
    (void)ctx;
    (void)old_size;
    return realloc(ptr, size);
}

static void alc_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

/* Our own, so that allocations are made (and made to fail, in tests) in our code. */
static const yyjson_alc ALC = {alc_malloc, alc_realloc, alc_free, NULL};

/* ---- duplicate names and depth ---- */

struct check {
    const yyjson_doc *doc;
    struct fault *fault;
};

static bool plain(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < 0x20 || t.ptr[i] == 0x7f || t.ptr[i] == '"')
            return false; /* char is signed here: bytes over 0x7f are not plain either */
    return t.len <= SHOWN_NAME_MAX;
}

static enum err duplicate(const struct check *c, const yyjson_val *key)
{
    struct text name = yy_text(key);
    /* yyjson reads a copy of the input in place: the copy's offsets are the input's. */
    int64_t offset = c->doc->str_pool ? name.ptr - c->doc->str_pool - 1 : -1;
    if (plain(name))
        return fault_at(c->fault, ERR_MALFORMED, offset, "RFC 7493 2.3",
                        "the name \"" TEXT_FMT "\" stands twice in one object", TEXT_ARG(name));
    return fault_at(c->fault, ERR_MALFORMED, offset, "RFC 7493 2.3", "a name stands twice in one object");
}

/* Length and both ends of a name in one number: different numbers, different names. */
static uint64_t signature(struct text t)
{
    uint64_t head = 0, tail = 0;
    if (t.len >= 8) {
        memcpy(&head, t.ptr, 8);
        memcpy(&tail, t.ptr + t.len - 8, 8);
    } else if (t.len >= 4) {
        memcpy(&head, t.ptr, 4);
        memcpy(&tail, t.ptr + t.len - 4, 4);
    } else {
        for (size_t i = 0; i < t.len; i++)
            head = head << 8 | (uint8_t)t.ptr[i];
    }
    return head ^ (tail << 7 | tail >> 57) ^ (uint64_t)t.len << 57;
}

static enum err few_names(const struct check *c, yyjson_val *object, size_t count)
{
    uint64_t seen[PAIRWISE_MAX];
    yyjson_val *keys[PAIRWISE_MAX];
    yyjson_val *key = unsafe_yyjson_get_first(object);
    for (size_t i = 0; i < count; i++, key = unsafe_yyjson_get_next(key + 1)) {
        seen[i] = signature(yy_text(key));
        keys[i] = key;
        for (size_t j = 0; j < i; j++)
            if (seen[j] == seen[i] && text_eq(yy_text(keys[j]), yy_text(key)))
                return duplicate(c, key);
    }
    return OK;
}

static enum err many_names(const struct check *c, yyjson_val *object, size_t count)
{
    yyjson_val **keys = malloc(count * sizeof *keys);
    if (!keys)
        return fault_set(c->fault, ERR_NOMEM, "no memory for %zu names", count);
    yyjson_val *key = unsafe_yyjson_get_first(object);
    for (size_t i = 0; i < count; i++, key = unsafe_yyjson_get_next(key + 1))
        keys[i] = key;
    qsort(keys, count, sizeof *keys, json_key_cmp);
    enum err e = OK;
    for (size_t i = 1; i < count && !e; i++)
        if (text_eq(yy_text(keys[i - 1]), yy_text(keys[i])))
            e = duplicate(c, keys[i - 1] < keys[i] ? keys[i] : keys[i - 1]);
    free(keys);
    return e;
}

static enum err check_value(const struct check *c, yyjson_val *v, int depth)
{
    if (!unsafe_yyjson_is_ctn(v))
        return OK;
    if (depth >= JSON_DEPTH_MAX)
        return fault_at(c->fault, ERR_LIMIT, -1, "JSON_DEPTH_MAX", "nested deeper than %d levels", JSON_DEPTH_MAX);
    size_t count = unsafe_yyjson_get_len(v);
    bool object = unsafe_yyjson_get_type(v) == YYJSON_TYPE_OBJ;
    if (object && count > 1) {
        enum err e = count <= PAIRWISE_MAX ? few_names(c, v, count) : many_names(c, v, count);
        if (e)
            return e;
    }
    yyjson_val *at = unsafe_yyjson_get_first(v);
    for (size_t i = 0; i < count; i++) {
        at += object; /* a value stands right behind its key */
        enum err e = check_value(c, at, depth + 1);
        if (e)
            return e;
        at = unsafe_yyjson_get_next(at);
    }
    return OK;
}

/* ---- documents ---- */

static enum err refused(const yyjson_read_err *why, struct fault *reterr)
{
    if (why->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return fault_set(reterr, ERR_NOMEM, "no memory for a JSON text");
    return fault_at(reterr, ERR_MALFORMED, (int64_t)why->pos, "RFC 8259", "not JSON: %s", why->msg);
}

enum err json_parse(struct text t, struct json_doc **ret, struct fault *reterr)
{
    if (t.len == 0)
        return fault_at(reterr, ERR_MALFORMED, 0, "RFC 8259", "not JSON: an empty text");
    yyjson_read_err why;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)t.ptr, t.len, YYJSON_READ_NUMBER_AS_RAW, &ALC, &why);
    if (!doc)
        return refused(&why, reterr);
    struct check c = {doc, reterr};
    enum err e = check_value(&c, yyjson_doc_get_root(doc), 0);
    if (e) {
        yyjson_doc_free(doc);
        return e;
    }
    *ret = (struct json_doc *)doc;
    return OK;
}

void json_free(struct json_doc *doc)
{
    yyjson_doc_free((yyjson_doc *)doc);
}

const struct json_val *json_root(const struct json_doc *doc)
{
    return doc ? from_yy(((const yyjson_doc *)doc)->root) : NULL;
}

/* ---- values ---- */

enum json_type json_type(const struct json_val *v)
{
    if (!v)
        return JSON_NONE;
    switch (unsafe_yyjson_get_type(yy(v))) {
    case YYJSON_TYPE_NULL: return JSON_NULL;
    case YYJSON_TYPE_BOOL: return JSON_BOOL;
    case YYJSON_TYPE_RAW: return JSON_NUMBER;
    case YYJSON_TYPE_STR: return JSON_STRING;
    case YYJSON_TYPE_ARR: return JSON_ARRAY;
    case YYJSON_TYPE_OBJ: return JSON_OBJECT;
    default: return JSON_NONE;
    }
}

const struct json_val *json_get_text(const struct json_val *object, struct text name)
{
    return from_yy(yyjson_obj_getn(yy(object), name.ptr ? name.ptr : "", name.len));
}

size_t json_size(const struct json_val *v)
{
    return v && unsafe_yyjson_is_ctn(yy(v)) ? unsafe_yyjson_get_len(yy(v)) : 0;
}

bool json_is_string(const struct json_val *v)
{
    return yyjson_is_str(yy(v));
}

struct text json_text(const struct json_val *v)
{
    return yyjson_is_str(yy(v)) ? yy_text(yy(v)) : TEXT_NONE;
}

bool json_bool(const struct json_val *v, bool otherwise)
{
    return yyjson_is_bool(yy(v)) ? unsafe_yyjson_get_bool(yy(v)) : otherwise;
}

bool json_i64(const struct json_val *v, int64_t *ret)
{
    return yyjson_is_raw(yy(v)) && number_read_i64(yy_text(yy(v)), ret);
}

bool json_f64(const struct json_val *v, double *ret)
{
    return yyjson_is_raw(yy(v)) && number_read(yy(v)->uni.str, ret);
}

struct json_iter json_iter_of(const struct json_val *v)
{
    return (struct json_iter){.parent = v, .size = json_size(v)};
}

/* `at` is the current key or element; NULL before the first. */
bool json_next(struct json_iter *it)
{
    bool object = json_type(it->parent) == JSON_OBJECT;
    yyjson_val *at;
    if (!it->at) {
        if (it->size == 0)
            return false;
        at = unsafe_yyjson_get_first(yy(it->parent));
    } else {
        if (it->index + 1 >= it->size)
            return false;
        it->index++;
        at = unsafe_yyjson_get_next(yy(it->val));
    }
    it->at = at;
    it->key = object ? yy_text(at) : TEXT_NONE;
    it->val = from_yy(at + object);
    return true;
}
