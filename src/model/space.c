/* model/space.c - see space.h. */
#include "model/space.h"

#include <string.h>

#include "base/hash.h"
#include "json/json.h"

#define REAL_START     TEXT("entente/")
#define EXERCISE_START TEXT("entente-exercise/")

bool space_is_real(struct text space)
{
    return text_eq(space, SPACE_REAL);
}

/* ---- names of logs ---- */

void space_tag(struct text exercise, char ret[SPACE_TAG_MAX])
{
    struct sha256_ctx ctx;
    struct sha256 hash;
    char digits[SHA256_HEX];
    static const char domain[] = "entente exercise\n";
    sha256_init(&ctx);
    sha256_add(&ctx, domain, sizeof domain - 1);
    sha256_add(&ctx, exercise.ptr, exercise.len);
    hash = sha256_end(&ctx);
    sha256_hex(&hash, digits);
    memcpy(ret, digits, SPACE_TAG_MAX - 1);
    ret[SPACE_TAG_MAX - 1] = 0;
}

void space_origin_start(struct text space, struct buffer *out)
{
    char tag[SPACE_TAG_MAX];
    if (space_is_real(space)) {
        buffer_add(out, REAL_START);
        return;
    }
    space_tag(space, tag);
    buffer_add(out, EXERCISE_START);
    buffer_add(out, text_of(tag));
    buffer_add_char(out, '/');
}

bool space_origin_of_exercise(struct text origin)
{
    return text_starts(origin, EXERCISE_START);
}

enum err space_check_origin(struct text space, struct text origin, struct fault *reterr)
{
    char tag[SPACE_TAG_MAX];
    bool theirs = space_origin_of_exercise(origin);
    if (space_is_real(space))
        return theirs ? fault_set(reterr, ERR_DENIED,
                                  SPACE_RULE ": this is the log of an exercise (" TEXT_FMT
                                             "), and this node is the real one: nothing crosses",
                                  TEXT_ARG(origin))
                      : OK;
    if (!theirs)
        return fault_set(reterr, ERR_DENIED,
                         SPACE_RULE ": this node is the exercise \"" TEXT_FMT "\", and the log " TEXT_FMT
                                    " is not of it: nothing crosses",
                         TEXT_ARG(space), TEXT_ARG(origin));
    space_tag(space, tag);
    struct text rest = text_sub(origin, EXERCISE_START.len, origin.len);
    if (!text_starts(rest, text_of(tag)) || rest.len <= sizeof tag - 1 || rest.ptr[sizeof tag - 1] != '/')
        return fault_set(reterr, ERR_DENIED,
                         SPACE_RULE ": the log " TEXT_FMT " is of another exercise than \"" TEXT_FMT "\"",
                         TEXT_ARG(origin), TEXT_ARG(space));
    return OK;
}

/* ---- marks of objects ---- */

static const struct json_val *mark_in(const struct json_val *object)
{
    return json_get(json_get(object, "extensions"), EXT_EXERCISE);
}

enum err space_mark_of(struct text body, struct text space, enum space_mark *ret)
{
    struct json_doc *doc;
    /* What does not even hold the words carries no mark. An escape could hide them from this look, and not from a
     * parser: canonical JSON has none for these characters. */
    if (text_find_text(body, TEXT(EXT_EXERCISE)) < 0) {
        *ret = SPACE_UNMARKED;
        return OK;
    }
    enum err err = json_parse(body, &doc, NULL);
    if (err != OK)
        return err == ERR_NOMEM ? ERR_NOMEM : ERR_MALFORMED;
    const struct json_val *mark = mark_in(json_root(doc));
    struct text name = json_text(json_get(mark, "exercise"));
    *ret = !mark                                                       ? SPACE_UNMARKED
           : !space_is_real(space) && name.len && text_eq(name, space) ? SPACE_THIS
                                                                       : SPACE_OTHER;
    json_free(doc);
    return OK;
}

static void put_mark(struct text exercise, struct json_out *o)
{
    json_key(o, TEXT(EXT_EXERCISE));
    json_open(o, '{');
    json_member_text(o, "exercise", exercise);
    json_member_text(o, "extension_type", TEXT("property-extension"));
    json_close(o, '}');
}

static void put_value(struct json_out *o, struct text name, const struct json_val *v, struct buffer *scratch)
{
    buffer_clear(scratch);
    json_canonical(v, scratch, NULL);
    json_key(o, name);
    if (buffer_error(scratch) == OK)
        json_put_raw(o, buffer_text(scratch));
    else
        o->to->err = buffer_error(scratch);
}

/* Members stand in the order of their names, and the new one where it belongs among them. The names of both are
 * ASCII, so bytes order as UTF-16 does. */
static void put_extensions(struct json_out *o, const struct json_val *held, struct text exercise,
                           struct buffer *scratch)
{
    bool done = false;
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    for (struct json_iter it = json_iter_of(held); json_next(&it);) {
        if (!done && text_cmp(it.key, TEXT(EXT_EXERCISE)) > 0) {
            put_mark(exercise, o);
            done = true;
        }
        put_value(o, it.key, it.val, scratch);
    }
    if (!done)
        put_mark(exercise, o);
    json_close(o, '}');
}

static void put_object(const struct json_val *object, struct text exercise, struct buffer *out,
                       struct buffer *scratch)
{
    struct json_out o = json_out_to(out);
    bool done = false;
    json_open(&o, '{');
    for (struct json_iter it = json_iter_of(object); json_next(&it);) {
        bool here = text_eq(it.key, TEXT("extensions"));
        if (!done && (here || text_cmp(it.key, TEXT("extensions")) > 0)) {
            put_extensions(&o, here ? it.val : NULL, exercise, scratch);
            done = true;
        }
        if (!here)
            put_value(&o, it.key, it.val, scratch);
    }
    if (!done)
        put_extensions(&o, NULL, exercise, scratch);
    json_close(&o, '}');
}

enum err space_mark_add(struct text body, struct text exercise, struct buffer *out, size_t *ret_at, size_t *ret_len)
{
    struct json_doc *doc;
    struct buffer scratch;
    size_t begun = out->len, at = 0;
    enum err err = json_parse(body, &doc, NULL);
    if (err != OK)
        return err == ERR_NOMEM ? ERR_NOMEM : ERR_MALFORMED;
    const struct json_val *root = json_root(doc), *held = json_get(root, "extensions");
    if (json_type(root) != JSON_OBJECT || (held && json_type(held) != JSON_OBJECT) || mark_in(root)) {
        json_free(doc);
        return ERR_MALFORMED;
    }
    buffer_init(&scratch, body.len + 64);
    put_object(root, exercise, out, &scratch);
    buffer_done(&scratch);
    json_free(doc);
    if (buffer_error(out) != OK)
        return buffer_error(out);
    while (at < body.len && body.ptr[at] == out->ptr[begun + at])
        at++;
    *ret_at = at;
    *ret_len = out->len - begun - body.len;
    return OK;
}
