/* model/observable_id.c - see observable_id.h. */
#include "model/observable_id.h"

#include "base/limits.h"

#define CONTRIBUTING_MAX 8

/* Section 6. Names in the order in which RFC 8785 writes them, so that what is added one by one is canonical. */
static const struct observable {
    struct text type;
    struct text names[CONTRIBUTING_MAX];
} observables[] = {
    {{"artifact", 8}, {{"hashes", 6}, {"payload_bin", 11}}},
    {{"autonomous-system", 17}, {{"number", 6}}},
    {{"directory", 9}, {{"path", 4}}},
    {{"domain-name", 11}, {{"value", 5}}},
    {{"email-addr", 10}, {{"value", 5}}},
    {{"email-message", 13}, {{"body", 4}, {"from_ref", 8}, {"subject", 7}}},
    {{"file", 4}, {{"extensions", 10}, {"hashes", 6}, {"name", 4}, {"parent_directory_ref", 20}}},
    {{"ipv4-addr", 9}, {{"value", 5}}},
    {{"ipv6-addr", 9}, {{"value", 5}}},
    {{"mac-addr", 8}, {{"value", 5}}},
    {{"mutex", 5}, {{"name", 4}}},
    {{"network-traffic", 15},
     {{"dst_port", 8},
      {"dst_ref", 7},
      {"end", 3},
      {"extensions", 10},
      {"protocols", 9},
      {"src_port", 8},
      {"src_ref", 7},
      {"start", 5}}},
    {{"process", 7}, {{NULL, 0}}}, /* all of its properties are optional, and none contributes */
    {{"software", 8}, {{"cpe", 3}, {"name", 4}, {"swid", 4}, {"vendor", 6}, {"version", 7}}},
    {{"url", 3}, {{"value", 5}}},
    {{"user-account", 12}, {{"account_login", 13}, {"account_type", 12}, {"user_id", 7}}},
    {{"windows-registry-key", 20}, {{"key", 3}, {"values", 6}}},
    {{"x509-certificate", 16}, {{"hashes", 6}, {"serial_number", 13}}},
};

static const struct observable *find(struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(observables); i++)
        if (text_eq(observables[i].type, type))
            return &observables[i];
    return NULL;
}

/* Which hash stands for all: one is enough, and everybody must choose the same. */
static struct text chosen_hash(const struct json_val *hashes)
{
    static const struct text preferred[] = {{"MD5", 3}, {"SHA-1", 5}, {"SHA-256", 7}, {"SHA-512", 7}};
    for (size_t i = 0; i < ARRAY_LEN(preferred); i++)
        if (json_get_text(hashes, preferred[i]))
            return preferred[i];
    struct text first = TEXT_NONE;
    for (struct json_iter it = json_iter_of(hashes); json_next(&it);)
        if (!first.ptr || text_cmp(it.key, first) < 0)
            first = it.key;
    return first;
}

static void put_name(struct buffer *out, char before, struct text name)
{
    struct json_out o = json_out_to(out);
    buffer_add_char(out, before);
    json_put_text(&o, name);
    buffer_add_char(out, ':');
}

static void put_hash(struct buffer *out, const struct json_val *hashes)
{
    struct text name = chosen_hash(hashes);
    put_name(out, '{', name);
    json_canonical(json_get_text(hashes, name), out, NULL);
    buffer_add_char(out, '}');
}

static bool contributes(struct text name, const struct json_val *v)
{
    return v && (!text_eq(name, TEXT("hashes")) || (json_type(v) == JSON_OBJECT && json_size(v) > 0));
}

enum err observable_name(const struct json_val *sco, struct buffer *out)
{
    const struct observable *type = find(json_text(json_get(sco, "type")));
    bool any = false;
    for (size_t i = 0; type && i < CONTRIBUTING_MAX && type->names[i].ptr; i++) {
        struct text name = type->names[i];
        const struct json_val *v = json_get_text(sco, name);
        if (!contributes(name, v))
            continue;
        put_name(out, any ? ',' : '{', name);
        any = true;
        if (text_eq(name, TEXT("hashes")))
            put_hash(out, v);
        else
            json_canonical(v, out, NULL);
    }
    if (!any)
        return ERR_NOT_FOUND;
    buffer_add_char(out, '}');
    return buffer_error(out);
}

enum err observable_uuid(const struct json_val *sco, struct uuid *ret)
{
    struct buffer name;
    buffer_init(&name, STIX_OBJECT_MAX_BYTES);
    enum err e = observable_name(sco, &name);
    if (!e)
        *ret = uuid_named(&UUID_STIX_SCO, buffer_text(&name));
    buffer_done(&name);
    return e;
}

static unsigned version(const struct uuid *u)
{
    return u->b[6] >> 4;
}

enum observable_verdict observable_judge(const struct json_val *sco, struct uuid *ret_right)
{
    struct text type = json_text(json_get(sco, "type"));
    struct ident own;
    struct uuid right;
    if (!find(type) || ident_parse(json_text(json_get(sco, "id")), &own, NULL) || !text_eq(own.type, type))
        return OBSERVABLE_NOT_JUDGED;
    enum err e = observable_uuid(sco, &right);
    if (e == ERR_NOT_FOUND)
        return version(&own.uuid) == 4 ? OBSERVABLE_AS_NAMED : OBSERVABLE_NOT_RANDOM;
    if (e)
        return OBSERVABLE_NOT_JUDGED;
    if (uuid_eq(&own.uuid, &right))
        return OBSERVABLE_AS_NAMED;
    if (ret_right)
        *ret_right = right;
    return version(&own.uuid) == 4 ? OBSERVABLE_RANDOM : OBSERVABLE_OTHER;
}
