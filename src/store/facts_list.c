/* store/facts_list.c - the compound values of facts: lists, and what desk objects carry for the view. */
#include <string.h>

#include "model/value.h"
#include "store/facts_table.h"

static void key(struct json_out *o, const char *name)
{
    json_key(o, text_of(name));
}

static void member_uuid(struct json_out *o, const char *name, const struct uuid *u)
{
    if (fact_uuid_zero(u))
        return;
    key(o, name);
    put_uuid(o, u);
}

static void put_finding(const struct fact_finding *p, struct json_out *o)
{
    json_open(o, '{');
    key(o, "count");
    put_u64(o, p->count);
    key(o, "first");
    put_i64(o, p->first_us);
    member_uuid(o, "incident", &p->incident);
    member_uuid(o, "indicator", &p->indicator);
    if (p->kind) {
        key(o, "kind");
        json_put_i64(o, p->kind);
    }
    key(o, "last");
    put_i64(o, p->last_us);
    if (p->number) {
        key(o, "number");
        put_u64(o, p->number);
    }
    member_uuid(o, "organisation", &p->organisation);
    member_uuid(o, "party", &p->party);
    if (p->severity) {
        key(o, "severity");
        json_put_i64(o, p->severity);
    }
    member_uuid(o, "source", &p->source);
    key(o, "state");
    json_put_i64(o, p->state);
    json_close(o, '}');
}

static void put_sighting(const struct fact_sighting *p, struct json_out *o)
{
    json_open(o, '{');
    member_uuid(o, "finding", &p->finding);
    member_uuid(o, "indicator", &p->indicator);
    member_uuid(o, "party", &p->party);
    json_close(o, '}');
}

static void put_values(const struct fact_object *p, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < p->value_count; i++) {
        json_open(o, '[');
        json_put_text(o, text_of(value_kind_name((enum value_kind)p->values[i].kind)));
        json_put_text(o, p->values[i].value);
        json_close(o, ']');
    }
    json_close(o, ']');
}

static void put_follow(const struct fact_hits *p, struct json_out *o)
{
    json_open(o, '{');
    json_member_text(o, "key", p->follow_key);
    key(o, "line");
    put_u64(o, p->follow_line);
    key(o, "offset");
    put_u64(o, p->follow_offset);
    json_close(o, '}');
}

static void put_hits(const struct fact_hits *p, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < p->hit_count; i++) {
        json_open(o, '[');
        put_uuid(o, &p->hits[i].finding);
        put_u64(o, p->hits[i].line);
        put_u64(o, p->hits[i].offset);
        put_i64(o, p->hits[i].seen_us);
        json_close(o, ']');
    }
    json_close(o, ']');
}

static void put_prints(const struct fact_hits *p, struct json_out *o)
{
    struct buffer text;
    json_open(o, '[');
    for (size_t i = 0; i < p->print_count; i++) {
        buffer_init(&text, 2 * p->prints[i].prints.len + 4);
        base64_write(&text, p->prints[i].prints.ptr, p->prints[i].prints.len);
        json_open(o, '[');
        put_uuid(o, &p->prints[i].finding);
        if (buffer_error(&text) == OK)
            json_put_text(o, buffer_text(&text));
        else
            o->to->err = buffer_error(&text);
        json_close(o, ']');
        buffer_done(&text);
    }
    json_close(o, ']');
}

static void put_released(const struct fact_release *p, struct json_out *o)
{
    char hex[SHA256_HEX];
    json_open(o, '[');
    for (size_t i = 0; i < p->count; i++) {
        json_open(o, '[');
        put_u64(o, p->items[i].n);
        json_put_text(o, sha256_hex(&p->items[i].hash, hex));
        json_put_i64(o, p->items[i].form);
        json_close(o, ']');
    }
    json_close(o, ']');
}

static void put_texts(const struct text *list, size_t count, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(o, list[i]);
    json_close(o, ']');
}

static void put_entries(const struct fact_erasure *p, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < p->count; i++)
        put_u64(o, p->entries[i]);
    json_close(o, ']');
}

static void put_uuids(const struct uuid *list, size_t count, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < count; i++)
        put_uuid(o, &list[i]);
    json_close(o, ']');
}

static void put_members(const struct fact_group *p, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < p->count; i++) {
        json_open(o, '[');
        put_uuid(o, &p->members[i].party);
        put_i64(o, p->members[i].from_us);
        put_i64(o, p->members[i].until_us);
        json_close(o, ']');
    }
    json_close(o, ']');
}

void standings_put(const struct fact_standings *s, struct json_out *o)
{
    json_open(o, '[');
    for (size_t i = 0; i < s->count; i++) {
        json_open(o, '[');
        put_u64(o, s->list[i].n);
        put_standing(o, s->list[i].standing);
        json_close(o, ']');
    }
    json_close(o, ']');
}

void list_put(enum shape shape, const struct fact *f, struct json_out *o)
{
    switch (shape) {
    case SHAPE_FINDING: put_finding(f->u.object.finding, o); break;
    case SHAPE_SIGHTING: put_sighting(f->u.object.sighting, o); break;
    case SHAPE_VALUES: put_values(&f->u.object, o); break;
    case SHAPE_FOLLOW: put_follow(&f->u.hits, o); break;
    case SHAPE_HITS: put_hits(&f->u.hits, o); break;
    case SHAPE_PRINTS: put_prints(&f->u.hits, o); break;
    case SHAPE_RELEASED: put_released(&f->u.release, o); break;
    case SHAPE_CLASSES: put_texts(f->u.opening.class_keys, f->u.opening.count, o); break;
    case SHAPE_GRANTS: put_uuids(f->u.opening.grants, f->u.opening.grant_count, o); break;
    case SHAPE_ENTRIES: put_entries(&f->u.erasure, o); break;
    case SHAPE_ACCOUNTS: put_uuids(f->u.agreement.red, f->u.agreement.red_count, o); break;
    case SHAPE_MEMBERS: put_members(&f->u.group, o); break;
    default: break;
    }
}

/* ---- reading ---- */

/* Element i of an array that must have exactly `size`. */
static bool elements(const struct json_val *v, const struct json_val **ret, size_t size)
{
    size_t i = 0;
    if (json_type(v) != JSON_ARRAY || json_size(v) != size)
        return false;
    for (struct json_iter it = json_iter_of(v); json_next(&it);)
        ret[i++] = it.val;
    return true;
}

static bool optional_uuid(const struct json_val *object, const char *name, struct uuid *ret, size_t *known)
{
    const struct json_val *v = json_get(object, name);
    if (!v)
        return true;
    ++*known;
    return get_uuid(v, ret);
}

/* A small number that is left out when 0. */
static bool optional_u8(const struct json_val *v, const char *name, uint8_t max, uint8_t *ret, size_t *known)
{
    const struct json_val *member = json_get(v, name);
    uint64_t number;
    if (!member)
        return true;
    ++*known;
    if (!get_u64(member, &number) || number == 0 || number > max)
        return false;
    *ret = (uint8_t)number;
    return true;
}

static enum err get_finding(const struct json_val *v, struct arena *arena, struct fact_object *f)
{
    struct fact_finding *p = arena_alloc(arena, sizeof *p);
    size_t known = 4;
    uint64_t state;
    const struct json_val *number = json_get(v, "number");
    if (!p)
        return ERR_NOMEM;
    known += number != NULL;
    if (number && (!get_u64(number, &p->number) || p->number == 0 || p->number > INT64_MAX))
        return ERR_MALFORMED;
    if (!get_u64(json_get(v, "count"), &p->count) || !get_i64(json_get(v, "first"), &p->first_us) ||
        !get_i64(json_get(v, "last"), &p->last_us) || !get_u64(json_get(v, "state"), &state) || state > UINT8_MAX ||
        !optional_uuid(v, "incident", &p->incident, &known) ||
        !optional_uuid(v, "indicator", &p->indicator, &known) ||
        !optional_uuid(v, "organisation", &p->organisation, &known) ||
        !optional_uuid(v, "party", &p->party, &known) || !optional_uuid(v, "source", &p->source, &known) ||
        !optional_u8(v, "kind", FINDING_KINDS - 1, &p->kind, &known) ||
        !optional_u8(v, "severity", UINT8_MAX, &p->severity, &known) || json_size(v) != known)
        return ERR_MALFORMED;
    p->state = (uint8_t)state;
    f->finding = p;
    return OK;
}

static enum err get_sighting(const struct json_val *v, struct arena *arena, struct fact_object *f)
{
    struct fact_sighting *p = arena_alloc(arena, sizeof *p);
    size_t known = 0;
    if (!p)
        return ERR_NOMEM;
    if (json_type(v) != JSON_OBJECT || !optional_uuid(v, "finding", &p->finding, &known) ||
        !optional_uuid(v, "indicator", &p->indicator, &known) || !optional_uuid(v, "party", &p->party, &known) ||
        json_size(v) != known)
        return ERR_MALFORMED;
    f->sighting = p;
    return OK;
}

static enum err get_values(const struct json_val *v, struct arena *arena, struct fact_object *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_value *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        const struct json_val *pair[2];
        if (!elements(it.val, pair, 2) || !json_is_string(pair[1]))
            return ERR_MALFORMED;
        enum value_kind kind = value_kind_parse(json_text(pair[0]));
        if (kind == VALUE_NONE)
            return ERR_MALFORMED;
        list[i].kind = (uint8_t)kind;
        list[i].value = arena_text(arena, json_text(pair[1]));
        if (!list[i].value.ptr)
            return ERR_NOMEM;
    }
    f->values = list;
    f->value_count = count;
    return OK;
}

static enum err get_follow(const struct json_val *v, struct arena *arena, struct fact_hits *f)
{
    const struct json_val *name = json_get(v, "key");
    if (!json_is_string(name) || !get_u64(json_get(v, "line"), &f->follow_line) ||
        !get_u64(json_get(v, "offset"), &f->follow_offset) || json_size(v) != 3)
        return ERR_MALFORMED;
    f->follow_key = arena_text(arena, json_text(name));
    return f->follow_key.ptr ? OK : ERR_NOMEM;
}

static enum err get_hits(const struct json_val *v, struct arena *arena, struct fact_hits *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_hit *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        const struct json_val *e[4];
        if (!elements(it.val, e, 4) || !get_uuid(e[0], &list[i].finding) || !get_u64(e[1], &list[i].line) ||
            !get_u64(e[2], &list[i].offset) || !get_i64(e[3], &list[i].seen_us))
            return ERR_MALFORMED;
    }
    f->hits = list;
    f->hit_count = count;
    return OK;
}

static enum err get_print_list(const struct json_val *v, struct arena *arena, struct fact_prints *ret)
{
    const struct json_val *e[2];
    struct buffer prints;
    if (!elements(v, e, 2) || !get_uuid(e[0], &ret->finding) || !json_is_string(e[1]))
        return ERR_MALFORMED;
    buffer_init(&prints, json_text(e[1]).len + 1);
    enum err err = base64_read(json_text(e[1]), &prints);
    if (err == OK && (prints.len == 0 || prints.len % sizeof(uint64_t) != 0))
        err = ERR_MALFORMED;
    if (err == OK) {
        ret->prints = arena_text(arena, buffer_text(&prints));
        err = ret->prints.ptr ? OK : ERR_NOMEM;
    }
    buffer_done(&prints);
    return err;
}

static enum err get_prints(const struct json_val *v, struct arena *arena, struct fact_hits *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_prints *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        enum err err = get_print_list(it.val, arena, &list[i]);
        if (err != OK)
            return err;
    }
    f->prints = list;
    f->print_count = count;
    return OK;
}

static enum err get_released(const struct json_val *v, struct arena *arena, struct fact_release *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_released *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        const struct json_val *e[3];
        uint64_t form;
        if (!elements(it.val, e, 3) || !get_u64(e[0], &list[i].n) ||
            sha256_from_hex(json_text(e[1]), &list[i].hash) != OK || !get_u64(e[2], &form) || form > UINT8_MAX)
            return ERR_MALFORMED;
        list[i].form = (uint8_t)form;
    }
    f->items = list;
    f->count = count;
    return OK;
}

static enum err get_texts(const struct json_val *v, struct arena *arena, const struct text **ret, size_t *ret_count)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct text *list = arena_alloc(arena, (count + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        if (!json_is_string(it.val))
            return ERR_MALFORMED;
        list[i] = arena_text(arena, json_text(it.val));
        if (!list[i].ptr)
            return ERR_NOMEM;
    }
    *ret = list;
    *ret_count = count;
    return OK;
}

static enum err get_entries(const struct json_val *v, struct arena *arena, struct fact_erasure *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    uint64_t *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++)
        if (!get_u64(it.val, &list[i]) || (i > 0 && list[i] <= list[i - 1]))
            return ERR_MALFORMED;
    f->entries = list;
    f->count = count;
    return OK;
}

static enum err get_uuids(const struct json_val *v, struct arena *arena, const struct uuid **ret, size_t *ret_count)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY || !count)
        return ERR_MALFORMED;
    struct uuid *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++)
        if (!get_uuid(it.val, &list[i]) || (i && memcmp(list[i - 1].b, list[i].b, sizeof list[i].b) >= 0))
            return ERR_MALFORMED;
    *ret = list;
    *ret_count = count;
    return OK;
}

static enum err get_members(const struct json_val *v, struct arena *arena, struct fact_group *f)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_group_member *list = arena_alloc(arena, (count + 1) * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        const struct json_val *e[3];
        if (!elements(it.val, e, 3) || !get_uuid(e[0], &list[i].party) || !get_i64(e[1], &list[i].from_us) ||
            !get_i64(e[2], &list[i].until_us) ||
            (i && memcmp(list[i - 1].party.b, list[i].party.b, sizeof list[i].party.b) >= 0))
            return ERR_MALFORMED;
    }
    f->members = list;
    f->count = count;
    return OK;
}

/* What comes to count has an entry of its own: nothing else makes a version the current one. */
enum err standings_get(const struct json_val *v, struct arena *arena, struct fact_standings *ret)
{
    size_t count = json_size(v), i = 0;
    if (json_type(v) != JSON_ARRAY)
        return ERR_MALFORMED;
    struct fact_standing *list = arena_alloc(arena, count * sizeof *list);
    if (!list)
        return ERR_NOMEM;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++) {
        const struct json_val *e[2];
        if (!elements(it.val, e, 2) || !get_u64(e[0], &list[i].n) || !get_standing(e[1], &list[i].standing) ||
            list[i].standing == STANDING_CURRENT)
            return ERR_MALFORMED;
    }
    *ret = (struct fact_standings){list, count};
    return OK;
}

enum err list_get(enum shape shape, const struct json_val *v, struct arena *arena, struct fact *f)
{
    switch (shape) {
    case SHAPE_FINDING: return get_finding(v, arena, &f->u.object);
    case SHAPE_SIGHTING: return get_sighting(v, arena, &f->u.object);
    case SHAPE_VALUES: return get_values(v, arena, &f->u.object);
    case SHAPE_FOLLOW: return get_follow(v, arena, &f->u.hits);
    case SHAPE_HITS: return get_hits(v, arena, &f->u.hits);
    case SHAPE_PRINTS: return get_prints(v, arena, &f->u.hits);
    case SHAPE_RELEASED: return get_released(v, arena, &f->u.release);
    case SHAPE_CLASSES: return get_texts(v, arena, &f->u.opening.class_keys, &f->u.opening.count);
    case SHAPE_GRANTS: return get_uuids(v, arena, &f->u.opening.grants, &f->u.opening.grant_count);
    case SHAPE_ENTRIES: return get_entries(v, arena, &f->u.erasure);
    case SHAPE_ACCOUNTS: return get_uuids(v, arena, &f->u.agreement.red, &f->u.agreement.red_count);
    case SHAPE_MEMBERS: return get_members(v, arena, &f->u.group);
    default: return ERR_MALFORMED;
    }
}
