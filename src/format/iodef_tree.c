/* format/iodef_tree.c - see iodef_tree.h. */
#include "format/iodef_tree.h"

struct iodef_node *iodef_node_new(struct arena *a, struct iodef_node *parent, struct text name, int64_t at)
{
    struct iodef_node *n = arena_alloc(a, sizeof *n);
    if (!n)
        return NULL;
    n->name = arena_text(a, name);
    n->at = at;
    n->parent = parent;
    if (!n->name.ptr)
        return NULL;
    if (parent && parent->last)
        parent->last->next = n;
    else if (parent)
        parent->first = n;
    if (parent)
        parent->last = n;
    return n;
}

bool iodef_node_attribute(struct arena *a, struct iodef_node *n, struct text name, struct text value)
{
    struct iodef_attribute *one = arena_alloc(a, sizeof *one);
    if (!one)
        return false;
    *one = (struct iodef_attribute){arena_text(a, name), arena_text(a, value), n->attributes};
    n->attributes = one;
    return one->name.ptr && one->value.ptr;
}

/* ---- from JSON ---- */

static bool scalar(struct arena *a, const struct json_val *v, struct text *ret)
{
    int64_t whole;
    double real;
    const char *text = "";
    switch (json_type(v)) {
    case JSON_STRING: *ret = json_text(v); return true;
    case JSON_BOOL: *ret = text_of(json_bool(v, false) ? "true" : "false"); return true;
    case JSON_NUMBER:
        if (json_i64(v, &whole))
            text = arena_printf(a, "%lld", (long long)whole);
        else if (json_f64(v, &real))
            text = arena_printf(a, "%.17g", real);
        break;
    default: break;
    }
    *ret = text_of(text);
    return text != NULL;
}

static bool add_json(struct arena *a, struct iodef_node *parent, struct text name, const struct json_val *v);

static bool add_member(struct arena *a, struct iodef_node *n, struct text name, const struct json_val *v)
{
    struct text value;
    bool element = name.len && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z';
    bool holds = json_type(v) == JSON_OBJECT || json_type(v) == JSON_ARRAY;
    if (element || holds)
        return add_json(a, n, name, v);
    if (!scalar(a, v, &value))
        return false;
    if (text_eq(name, TEXT("value")) || text_eq(name, TEXT("id")))
        n->text = text_trim(value);
    return iodef_node_attribute(a, n, name, value);
}

/* Depth is bounded by the parser's (JSON_DEPTH_MAX). */
static bool add_json(struct arena *a, struct iodef_node *parent, struct text name, const struct json_val *v)
{
    struct json_iter it = json_iter_of(v);
    if (json_type(v) == JSON_ARRAY) {
        while (json_next(&it))
            if (!add_json(a, parent, name, it.val))
                return false;
        return true;
    }
    struct iodef_node *n = iodef_node_new(a, parent, name, parent->at);
    if (!n)
        return false;
    n->json = v;
    if (json_type(v) != JSON_OBJECT) {
        bool kept = scalar(a, v, &n->text);
        n->text = text_trim(n->text);
        return kept;
    }
    while (json_next(&it))
        if (!add_member(a, n, it.key, it.val))
            return false;
    return true;
}

struct iodef_node *iodef_node_of_json(struct arena *a, const struct json_val *object, struct text name, int64_t at)
{
    struct iodef_node *n = iodef_node_new(a, NULL, name, at);
    struct json_iter it = json_iter_of(object);
    if (!n)
        return NULL;
    n->json = object;
    while (json_next(&it))
        if (!add_member(a, n, it.key, it.val))
            return NULL;
    return n;
}

/* ---- looking ---- */

static struct iodef_node *find(struct iodef_node *from, struct text name)
{
    for (; from; from = from->next)
        if (!from->foreign && text_eq(from->name, name)) {
            from->used = true;
            return from;
        }
    return NULL;
}

struct iodef_node *iodef_child(struct iodef_node *n, const char *name)
{
    return n ? find(n->first, text_of(name)) : NULL;
}

struct iodef_node *iodef_again(struct iodef_node *n)
{
    return n ? find(n->next, n->name) : NULL;
}

struct text iodef_text(struct iodef_node *n, const char *child)
{
    struct iodef_node *c = iodef_child(n, child);
    return c ? c->text : TEXT_NONE;
}

struct text iodef_attr(const struct iodef_node *n, const char *name)
{
    for (const struct iodef_attribute *a = n ? n->attributes : NULL; a; a = a->next)
        if (text_eq(a->name, text_of(name)))
            return a->value;
    return TEXT_NONE;
}

/* In document order, and never out of root: XML's depth is bounded (XML_DEPTH_MAX), the walk needs no stack. */
static struct iodef_node *behind(const struct iodef_node *root, struct iodef_node *n)
{
    while (n != root && !n->next)
        n = n->parent;
    return n == root ? NULL : n->next;
}

void iodef_carried(struct iodef_node *n)
{
    for (struct iodef_node *at = n; at; at = at->first ? at->first : behind(n, at))
        at->used = true;
}

static bool says_something(const struct iodef_node *n)
{
    return n->text.len || n->attributes || n->first;
}

/* Below an unmarked node nothing was looked at: readers go from parent to child. */
struct iodef_node *iodef_unused(struct iodef_node *root)
{
    for (struct iodef_node *at = root; at;) {
        if (!at->used && says_something(at)) {
            iodef_carried(at);
            return at;
        }
        at = at->first ? at->first : behind(root, at);
    }
    return NULL;
}

void iodef_path(const struct iodef_node *n, struct buffer *out)
{
    if (n->parent) {
        iodef_path(n->parent, out);
        buffer_add_char(out, '/');
    }
    buffer_add(out, n->name);
}

/* ---- as it came ---- */

static void add_escaped(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        switch (t.ptr[i]) {
        case '<': buffer_add(out, TEXT("&lt;")); break;
        case '>': buffer_add(out, TEXT("&gt;")); break;
        case '&': buffer_add(out, TEXT("&amp;")); break;
        case '"': buffer_add(out, TEXT("&quot;")); break;
        default: buffer_add_char(out, t.ptr[i]);
        }
    }
}

static void open_tag(const struct iodef_node *n, struct buffer *out)
{
    buffer_add_char(out, '<');
    buffer_add(out, n->name);
    for (const struct iodef_attribute *a = n->attributes; a; a = a->next) {
        buffer_addf(out, " " TEXT_FMT "=\"", TEXT_ARG(a->name));
        add_escaped(out, a->value);
        buffer_add_char(out, '"');
    }
    buffer_add_char(out, '>');
    add_escaped(out, n->text);
}

void iodef_write(const struct iodef_node *n, struct buffer *out)
{
    if (n->json) {
        json_canonical(n->json, out, NULL);
        return;
    }
    open_tag(n, out);
    for (const struct iodef_node *c = n->first; c; c = c->next)
        iodef_write(c, out);
    buffer_addf(out, "</" TEXT_FMT ">", TEXT_ARG(n->name));
}
