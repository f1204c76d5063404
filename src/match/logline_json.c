/* match/logline_json.c - Zeek's logs as JSON, one object a line: the columns of its text logs as members, "id.orig_h"
 * also as {"id":{"orig_h":…}}. */
#include <stdio.h>

#include "match/logline_inside.h"

static void put_seconds(struct logline_reader *l, const struct json_val *v)
{
    double s;
    char text[64];
    if (!json_f64(v, &s) || !(s > 0 && s < 1e16))
        return;
    /* a double holds microseconds of this century exactly enough to be rounded to them */
    int len = snprintf(text, sizeof text, s < 1e11 ? "%.6f" : "%.0f", s);
    logline_put(l, LOGLINE_TIME, (struct text){text, (size_t)len}, 0);
}

void logline_put_json(struct logline_reader *l, enum logline_field f, const struct json_val *v, unsigned group)
{
    int64_t number;
    switch (json_type(v)) {
    case JSON_STRING: logline_put(l, f, json_text(v), group); break;
    case JSON_NUMBER:
        if (f == LOGLINE_TIME)
            put_seconds(l, v);
        else if (json_i64(v, &number))
            logline_put_number(l, f, number, group);
        break;
    case JSON_BOOL:
        if (f == LOGLINE_SRC_INSIDE || f == LOGLINE_DST_INSIDE)
            logline_put(l, f, json_bool(v, false) ? TEXT("T") : TEXT("F"), group);
        break;
    case JSON_ARRAY:
        for (struct json_iter it = json_iter_of(v); json_next(&it);)
            if (json_is_string(it.val))
                logline_put(l, f, json_text(it.val), group);
        break;
    default: break;
    }
}

/* "_path", else by the members that only one of the logs has. */
static struct text path_of(const struct json_val *root)
{
    static const struct {
        const char *member, *path;
    } telling[] = {{"certificate.serial", "x509"},
                   {"mailfrom", "smtp"},
                   {"helo", "smtp"},
                   {"server_name", "ssl"},
                   {"cipher", "ssl"},
                   {"fuid", "files"},
                   {"method", "http"},
                   {"uri", "http"},
                   {"query", "dns"},
                   {"qtype", "dns"},
                   {"conn_state", "conn"},
                   {"history", "conn"}};
    struct text path = json_text(json_get(root, "_path"));
    for (size_t i = 0; path.len == 0 && i < ARRAY_LEN(telling); i++)
        if (json_get_text(root, text_of(telling[i].member)))
            path = text_of(telling[i].path);
    return path;
}

static void put_member(struct logline_reader *l, struct text path, struct text name, const struct json_val *v)
{
    enum logline_field f = logline_field_of(name, path);
    if (f != LOGLINE_IGNORED)
        logline_put_json(l, f, v, f >= LOGLINE_FILE_NAME && f <= LOGLINE_SHA512);
}

static void put_id(struct logline_reader *l, const struct json_val *id)
{
    static const char *const members[] = {"orig_h", "orig_p", "resp_h", "resp_p"};
    static const uint8_t fields[] = {LOGLINE_SRC, LOGLINE_SRC_PORT, LOGLINE_DST, LOGLINE_DST_PORT};
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        logline_put_json(l, (enum logline_field)fields[i], json_get_text(id, text_of(members[i])), 0);
}

bool logline_zeek_json(struct logline_reader *l, const struct json_val *root)
{
    static const char *const marks[] = {"uid", "_path", "fuid", "id.orig_h", "fingerprint", "certificate.serial"};
    bool zeek = false;
    if (json_type(root) != JSON_OBJECT || !json_get(root, "ts"))
        return false;
    for (size_t i = 0; !zeek && i < ARRAY_LEN(marks); i++)
        zeek = json_get_text(root, text_of(marks[i])) != NULL;
    struct text path = path_of(root);
    for (struct json_iter it = json_iter_of(root); zeek && json_next(&it);)
        put_member(l, path, it.key, it.val);
    put_id(l, json_get(root, "id"));
    l->e->format = LOGLINE_ZEEK_JSON;
    l->e->kind = logline_kind_of(path);
    return zeek && l->e->has_time;
}
