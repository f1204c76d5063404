/* store/facts_shape.c - one value of a fact to JSON and back, by its shape. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/value.h"
#include "store/facts_table.h"

#define EXACT_MAX ((uint64_t)1 << 53)

static const char *const standings[] = {
    [STANDING_CURRENT] = "current",
    [STANDING_OLDER] = "older",
    [STANDING_CLAIM] = "claim",
    [STANDING_CONFLICT] = "conflict",
    [STANDING_QUARANTINED] = "quarantined",
    [STANDING_REPLACED] = "", /* never written */
    [STANDING_RENDITION] = "rendition",
};

/* From AUTHORITY_NONE on. */
static const char *const authorities[] = {"none", "source", "direct", "logged", "proven", "ours"};

const char *authority_name(enum authority a)
{
    return a >= AUTHORITY_NONE && a <= AUTHORITY_OURS ? authorities[a - AUTHORITY_NONE] : "";
}

const char *finding_kind_name(enum finding_kind k)
{
    static const char *const names[] = {
        [FINDING_HIT] = "hit", [FINDING_REPORTED] = "reported", [FINDING_NAMED] = "named"};
    return k < FINDING_KINDS ? names[k] : "";
}

static const char *const origin_reasons[] = {
    [ORIGIN_ROTATION] = "rotation",
    [ORIGIN_COMPROMISE] = "compromise",
    [ORIGIN_LOSS] = "loss",
    [ORIGIN_RESTORE] = "restore",
};

const char *origin_reason_name(enum origin_reason r)
{
    return r >= ORIGIN_ROTATION && r <= ORIGIN_RESTORE ? origin_reasons[r] : "";
}

static const char *const grant_kinds[] = {
    [GRANT_CONSENT] = "consent", [GRANT_APPROVAL] = "approval",       [GRANT_NEED] = "need",
    [GRANT_NAMED] = "named",     [GRANT_BREAK_GLASS] = "break-glass",
};

const char *grant_kind_name(enum grant_kind k)
{
    return k >= GRANT_CONSENT && k <= GRANT_BREAK_GLASS ? grant_kinds[k] : "";
}

static const char *const ruling_kinds[] = {[RULING_ALLOW] = "allow", [RULING_FALSE_POSITIVE] = "false-positive"};
static const char *const ruling_scopes[] = {
    [RULING_FINDING] = "finding", [RULING_INDICATOR] = "indicator", [RULING_VALUE] = "value"};

const char *ruling_kind_name(enum ruling_kind k)
{
    return k >= RULING_ALLOW && k <= RULING_FALSE_POSITIVE ? ruling_kinds[k] : "";
}

const char *ruling_scope_name(enum ruling_scope s)
{
    return s >= RULING_FINDING && s <= RULING_VALUE ? ruling_scopes[s] : "";
}

static const struct {
    enum recipient_kind kind;
    const char *name;
} partner_kinds[] = {{RECIPIENT_PARTNER, "partner"},
                     {RECIPIENT_COMMUNITY, "community"},
                     {RECIPIENT_AUTHORITY, "authority"},
                     {RECIPIENT_HUB, "hub"},
                     {RECIPIENT_CONSTITUENT, "constituent"}};

const char *recipient_kind_name(enum recipient_kind k)
{
    for (size_t i = 0; i < ARRAY_LEN(partner_kinds); i++)
        if (partner_kinds[i].kind == k)
            return partner_kinds[i].name;
    return "";
}

bool recipient_kind_parse(struct text t, enum recipient_kind *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(partner_kinds); i++)
        if (text_eq(t, text_of(partner_kinds[i].name))) {
            *ret = partner_kinds[i].kind;
            return true;
        }
    return false;
}

bool fact_uuid_zero(const struct uuid *u)
{
    static const struct uuid zero;
    return uuid_eq(u, &zero);
}

void put_i64(struct json_out *o, int64_t v)
{
    char digits[24];
    if (v >= -(int64_t)EXACT_MAX && v <= (int64_t)EXACT_MAX) {
        json_put_i64(o, v);
        return;
    }
    int n = snprintf(digits, sizeof digits, "%" PRId64, v);
    json_put_text(o, (struct text){digits, (size_t)n});
}

void put_u64(struct json_out *o, uint64_t v)
{
    char digits[24];
    if (v <= EXACT_MAX) {
        json_put_i64(o, (int64_t)v);
        return;
    }
    int n = snprintf(digits, sizeof digits, "%" PRIu64, v);
    json_put_text(o, (struct text){digits, (size_t)n});
}

void put_uuid(struct json_out *o, const struct uuid *u)
{
    char text[UUID_TEXT_MAX];
    json_put_text(o, uuid_format(u, text));
}

bool get_u64(const struct json_val *v, uint64_t *ret)
{
    int64_t i;
    if (json_is_string(v))
        return text_u64(json_text(v), ret) == OK && *ret > EXACT_MAX;
    if (!json_i64(v, &i) || i < 0)
        return false;
    *ret = (uint64_t)i;
    return true;
}

bool get_i64(const struct json_val *v, int64_t *ret)
{
    struct text t = json_text(v);
    uint64_t u;
    if (!json_is_string(v))
        return json_i64(v, ret);
    bool negative = text_starts(t, TEXT("-"));
    if (text_u64(text_sub(t, negative, t.len), &u) != OK || u <= EXACT_MAX || u > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = negative ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}

bool get_uuid(const struct json_val *v, struct uuid *ret)
{
    return uuid_parse(json_text(v), ret) == OK && !fact_uuid_zero(ret);
}

static bool key_zero(const uint8_t *key)
{
    uint8_t any = 0;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        any |= key[i];
    return !any;
}

bool shape_absent(enum shape shape, const struct fact *f, const void *field)
{
    switch (shape) {
    case SHAPE_TEXT: return ((const struct text *)field)->len == 0;
    case SHAPE_UUID: return fact_uuid_zero(field);
    case SHAPE_KEY_KNOWN: return key_zero(field);
    case SHAPE_TIME: return *(const int64_t *)field == 0;
    case SHAPE_PRINT:
    case SHAPE_U64: return *(const uint64_t *)field == 0;
    case SHAPE_U32: return *(const uint32_t *)field == 0;
    case SHAPE_BOOL: return !*(const bool *)field;
    case SHAPE_CONFIDENCE: return *(const int16_t *)field < 0;
    case SHAPE_VALUE_KIND: return *(const uint8_t *)field == VALUE_NONE;
    case SHAPE_TLP: return *(const enum tlp *)field == TLP_NONE;
    case SHAPE_PAP: return *(const enum pap *)field == PAP_NONE;
    case SHAPE_ROLE: return *(const enum role *)field == ROLE_NONE;
    case SHAPE_PARTNER_KIND: return *(const enum recipient_kind *)field == RECIPIENT_OWN_ACCOUNT;
    case SHAPE_AUTHORITY: return *(const enum authority *)field == AUTHORITY_SOURCE;
    case SHAPE_STANDINGS: return ((const struct fact_standings *)field)->count == 0;
    case SHAPE_VALID_FROM: return !f->u.object.has_valid_from;
    case SHAPE_VALID_UNTIL: return !f->u.object.has_valid_until;
    case SHAPE_FINDING: return !f->u.object.finding;
    case SHAPE_SIGHTING: return !f->u.object.sighting;
    case SHAPE_VALUES: return f->u.object.value_count == 0;
    case SHAPE_FOLLOW: return f->u.hits.follow_key.len == 0;
    case SHAPE_PRINTS: return f->u.hits.print_count == 0;
    case SHAPE_GRANTS: return f->u.opening.grant_count == 0;
    case SHAPE_ACCOUNTS: return f->u.agreement.red_count == 0;
    default: return false;
    }
}

/* What people and file systems call things need not be UTF-8; a replay must be able to read it all the same. */
static void put_text(struct json_out *o, struct text t)
{
    if (text_is_utf8(t)) {
        json_put_text(o, t);
        return;
    }
    struct buffer clean;
    buffer_init(&clean, 3 * t.len + 1);
    for (size_t i = 0; i < t.len; i++) {
        if ((unsigned char)t.ptr[i] < 0x80)
            buffer_add_char(&clean, t.ptr[i]);
        else
            buffer_add(&clean, TEXT("\xEF\xBF\xBD"));
    }
    if (buffer_error(&clean) != OK && !o->to->err)
        o->to->err = buffer_error(&clean);
    json_put_text(o, buffer_text(&clean));
    buffer_done(&clean);
}

static void put_hex(struct json_out *o, const void *bytes, size_t len)
{
    char hex[SHA256_HEX];
    hex_write(bytes, len, hex);
    json_put_text(o, (struct text){hex, 2 * len});
}

static void put_print(struct json_out *o, uint64_t print)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016" PRIx64, print);
    json_put_text(o, (struct text){hex, 16});
}

static const char *standing_name(enum standing s)
{
    return s >= STANDING_CURRENT && s <= STANDING_RENDITION ? standings[s] : "";
}

void put_standing(struct json_out *o, enum standing s)
{
    json_put_text(o, text_of(standing_name(s)));
}

static void put_uuid3(struct json_out *o, const struct uuid *u)
{
    json_open(o, '[');
    for (size_t i = 0; i < 3; i++)
        put_uuid(o, &u[i]);
    json_close(o, ']');
}

void shape_put(enum shape shape, const struct fact *f, const void *field, struct json_out *o)
{
    switch (shape) {
    case SHAPE_TEXT: put_text(o, *(const struct text *)field); break;
    case SHAPE_UUID: put_uuid(o, field); break;
    case SHAPE_UUID3: put_uuid3(o, field); break;
    case SHAPE_HASH:
    case SHAPE_KEY:
    case SHAPE_KEY_KNOWN: put_hex(o, field, SHA256_BYTES); break;
    case SHAPE_TIME:
    case SHAPE_VALID_FROM:
    case SHAPE_VALID_UNTIL: put_i64(o, *(const int64_t *)field); break;
    case SHAPE_U64: put_u64(o, *(const uint64_t *)field); break;
    case SHAPE_U32: put_u64(o, *(const uint32_t *)field); break;
    case SHAPE_BOOL: json_put_bool(o, *(const bool *)field); break;
    case SHAPE_PRINT: put_print(o, *(const uint64_t *)field); break;
    case SHAPE_CONFIDENCE: json_put_i64(o, *(const int16_t *)field); break;
    case SHAPE_STANDING: put_standing(o, *(const enum standing *)field); break;
    case SHAPE_AUTHORITY: json_put_text(o, text_of(authority_name(*(const enum authority *)field))); break;
    case SHAPE_STANDINGS: standings_put(field, o); break;
    case SHAPE_TLP: json_put_text(o, text_of(tlp_name(*(const enum tlp *)field))); break;
    case SHAPE_PAP: json_put_text(o, text_of(pap_name(*(const enum pap *)field))); break;
    case SHAPE_ROLE: json_put_text(o, text_of(role_name(*(const enum role *)field))); break;
    case SHAPE_DOOR: json_put_text(o, text_of(door_name((enum door) * (const uint8_t *)field))); break;
    case SHAPE_ORIGIN_REASON:
        json_put_text(o, text_of(origin_reason_name(*(const enum origin_reason *)field)));
        break;
    case SHAPE_GRANT_KIND: json_put_text(o, text_of(grant_kind_name(*(const enum grant_kind *)field))); break;
    case SHAPE_RULING_KIND: json_put_text(o, text_of(ruling_kind_name(*(const enum ruling_kind *)field))); break;
    case SHAPE_RULING_SCOPE: json_put_text(o, text_of(ruling_scope_name(*(const enum ruling_scope *)field))); break;
    case SHAPE_VALUE_KIND:
        json_put_text(o, text_of(value_kind_name((enum value_kind) * (const uint8_t *)field)));
        break;
    case SHAPE_PARTNER_KIND:
        json_put_text(o, text_of(recipient_kind_name(*(const enum recipient_kind *)field)));
        break;
    default: list_put(shape, f, o); break;
    }
}

static enum err get_text(const struct json_val *v, struct arena *arena, struct text *ret)
{
    if (!json_is_string(v))
        return ERR_MALFORMED;
    *ret = arena_text(arena, json_text(v));
    return ret->ptr ? OK : ERR_NOMEM;
}

bool get_standing(const struct json_val *v, enum standing *ret)
{
    for (size_t i = STANDING_CURRENT; i < ARRAY_LEN(standings); i++) {
        if (i != STANDING_REPLACED && text_eq(json_text(v), text_of(standings[i]))) {
            *ret = (enum standing)i;
            return true;
        }
    }
    return false;
}

static bool get_authority(const struct json_val *v, enum authority *ret)
{
    for (int i = AUTHORITY_NONE; i <= AUTHORITY_OURS; i++) {
        if (i != AUTHORITY_SOURCE && text_eq(json_text(v), text_of(authority_name((enum authority)i)))) {
            *ret = (enum authority)i;
            return true;
        }
    }
    return false;
}

static bool get_origin_reason(const struct json_val *v, enum origin_reason *ret)
{
    for (size_t i = ORIGIN_ROTATION; i < ARRAY_LEN(origin_reasons); i++) {
        if (text_eq(json_text(v), text_of(origin_reasons[i]))) {
            *ret = (enum origin_reason)i;
            return true;
        }
    }
    return false;
}

static bool get_grant_kind(const struct json_val *v, enum grant_kind *ret)
{
    for (size_t i = GRANT_CONSENT; i < ARRAY_LEN(grant_kinds); i++) {
        if (text_eq(json_text(v), text_of(grant_kinds[i]))) {
            *ret = (enum grant_kind)i;
            return true;
        }
    }
    return false;
}

static bool get_ruling_kind(const struct json_val *v, enum ruling_kind *ret)
{
    for (enum ruling_kind k = RULING_ALLOW; k <= RULING_FALSE_POSITIVE; k++) {
        if (text_eq(json_text(v), text_of(ruling_kinds[k]))) {
            *ret = k;
            return true;
        }
    }
    return false;
}

static bool get_ruling_scope(const struct json_val *v, enum ruling_scope *ret)
{
    for (enum ruling_scope s = RULING_FINDING; s <= RULING_VALUE; s++) {
        if (text_eq(json_text(v), text_of(ruling_scopes[s]))) {
            *ret = s;
            return true;
        }
    }
    return false;
}

/* By the one name that is written: a synonym would be another spelling of the same fact. */
static bool get_value_kind(const struct json_val *v, uint8_t *ret)
{
    enum value_kind kind = value_kind_parse(json_text(v));
    if (kind == VALUE_NONE || !text_eq(json_text(v), text_of(value_kind_name(kind))))
        return false;
    *ret = (uint8_t)kind;
    return true;
}

static bool get_door(const struct json_val *v, uint8_t *ret)
{
    for (int i = 0; i < DOOR_COUNT; i++) {
        if (text_eq(json_text(v), text_of(door_name((enum door)i)))) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool get_uuid3(const struct json_val *v, struct uuid *ret)
{
    size_t i = 0;
    if (json_type(v) != JSON_ARRAY || json_size(v) != 3)
        return false;
    for (struct json_iter it = json_iter_of(v); json_next(&it); i++)
        if (!get_uuid(it.val, &ret[i]))
            return false;
    return true;
}

static bool get_u32(const struct json_val *v, uint32_t *ret)
{
    uint64_t u;
    if (!get_u64(v, &u) || u > UINT32_MAX)
        return false;
    *ret = (uint32_t)u;
    return true;
}

static bool get_print(const struct json_val *v, uint64_t *ret)
{
    uint8_t b[8];
    if (hex_read(json_text(v), b, sizeof b) != OK)
        return false;
    *ret = 0;
    for (size_t i = 0; i < sizeof b; i++)
        *ret = *ret << 8 | b[i];
    return true;
}

static bool get_confidence(const struct json_val *v, int16_t *ret)
{
    int64_t i;
    if (!json_i64(v, &i) || i < 0 || i > 100)
        return false;
    *ret = (int16_t)i;
    return true;
}

static bool get_simple(enum shape shape, const struct json_val *v, struct fact *f, void *field)
{
    switch (shape) {
    case SHAPE_UUID: return get_uuid(v, field);
    case SHAPE_UUID3: return get_uuid3(v, field);
    case SHAPE_HASH:
    case SHAPE_KEY: return hex_read(json_text(v), field, SHA256_BYTES) == OK;
    case SHAPE_KEY_KNOWN: return hex_read(json_text(v), field, SHA256_BYTES) == OK && !key_zero(field);
    case SHAPE_TIME: return get_i64(v, field);
    case SHAPE_VALID_FROM: return f->u.object.has_valid_from = get_i64(v, field);
    case SHAPE_VALID_UNTIL: return f->u.object.has_valid_until = get_i64(v, field);
    case SHAPE_U64: return get_u64(v, field);
    case SHAPE_U32: return get_u32(v, field);
    case SHAPE_BOOL: *(bool *)field = json_bool(v, false); return json_type(v) == JSON_BOOL;
    case SHAPE_PRINT: return get_print(v, field);
    case SHAPE_CONFIDENCE: return get_confidence(v, field);
    case SHAPE_STANDING: return get_standing(v, field);
    case SHAPE_AUTHORITY: return get_authority(v, field);
    case SHAPE_TLP: return tlp_parse(json_text(v), field) == OK;
    case SHAPE_PAP: return pap_parse(json_text(v), field) == OK;
    case SHAPE_ROLE: return (*(enum role *)field = role_parse(json_text(v))) != ROLE_NONE;
    case SHAPE_DOOR: return get_door(v, field);
    case SHAPE_ORIGIN_REASON: return get_origin_reason(v, field);
    case SHAPE_GRANT_KIND: return get_grant_kind(v, field);
    case SHAPE_RULING_KIND: return get_ruling_kind(v, field);
    case SHAPE_RULING_SCOPE: return get_ruling_scope(v, field);
    case SHAPE_VALUE_KIND: return get_value_kind(v, field);
    case SHAPE_PARTNER_KIND: return recipient_kind_parse(json_text(v), field);
    default: return false;
    }
}

enum err shape_get(enum shape shape, const struct json_val *v, struct arena *arena, struct fact *f, void *field)
{
    if (shape == SHAPE_TEXT)
        return get_text(v, arena, field);
    if (shape == SHAPE_STANDINGS)
        return standings_get(v, arena, field);
    if (shape >= SHAPE_FINDING)
        return list_get(shape, v, arena, f);
    return get_simple(shape, v, f, field) ? OK : ERR_MALFORMED;
}
