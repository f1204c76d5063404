/* store/references.c - see references.h. */
#include "store/references.h"

#include <string.h>

#include "model/marking.h"

uint64_t reference_key(const struct uuid *target)
{
    uint64_t key = 0;
    for (size_t i = 0; i < REFERENCE_KEY_BYTES; i++)
        key = key << 8 | target->b[i];
    return key;
}

/* In canonical JSON `_ref":` and `_refs":` with a bare quote can only end a member's name: inside a string the quote
 * would be escaped, and a string that is a value is not followed by a colon. */
struct walk {
    struct text body;
    size_t at;
    bool list; /* inside a _refs */
};

/* The next string that such a member holds; false at the end. */
static bool walk_next(struct walk *w, struct text *ret)
{
    for (;;) {
        const char *p = w->body.ptr + w->at, *end = w->body.ptr + w->body.len;
        if (!w->list) {
            p = memmem(p, (size_t)(end - p), "_ref", 4);
            if (!p)
                return false;
            p += 4;
            bool many = p < end && *p == 's';
            p += many;
            w->at = (size_t)(p - w->body.ptr);
            if (end - p < 4 || p[0] != '"' || p[1] != ':')
                continue;
            p += 2;
            w->list = *p == '[';
            p += w->list;
        }
        if (p >= end || *p != '"') { /* the list's end, or no string */
            w->list = false;
            w->at = (size_t)(p - w->body.ptr);
            continue;
        }
        const char *close = memchr(p + 1, '"', (size_t)(end - p - 1));
        if (!close)
            return false;
        *ret = (struct text){p + 1, (size_t)(close - p - 1)};
        p = close + 1;
        p += p < end && *p == ',';
        w->at = (size_t)(p - w->body.ptr);
        return true;
    }
}

static bool counts(const struct ident *id)
{
    enum tlp label;
    int version;
    return !(text_eq(id->type, TEXT("marking-definition")) && tlp_of_marking(&id->uuid, &label, &version));
}

static bool known(uint8_t (*list)[REFERENCE_KEY_BYTES], size_t count, const struct uuid *u)
{
    for (size_t i = count; i > 0; i--)
        if (memcmp(list[i - 1], u->b, REFERENCE_KEY_BYTES) == 0)
            return true;
    return false;
}

/* Distinct against the last ones only: no property but a list of a report's size has more, and a repetition costs six
 * bytes. */
#define LOOK_BACK 64

void references_of(struct text body, struct buffer *out)
{
    struct walk w = {.body = body};
    struct text t;
    uint8_t list[REFERENCES_MAX][REFERENCE_KEY_BYTES];
    size_t count = 0;
    while (count < REFERENCES_MAX && walk_next(&w, &t)) {
        struct ident id;
        if (ident_parse(t, &id, NULL) != OK || !counts(&id))
            continue;
        size_t back = count < LOOK_BACK ? count : LOOK_BACK;
        if (!known(&list[count - back], back, &id.uuid))
            memcpy(list[count++], id.uuid.b, REFERENCE_KEY_BYTES);
    }
    base64_write(out, list, count * sizeof list[0]);
}

enum err references_read(struct text member, uint64_t *ret_keys, size_t *ret_count)
{
    struct buffer bytes;
    buffer_init(&bytes, REFERENCES_MAX * REFERENCE_KEY_BYTES);
    enum err err = base64_read(member, &bytes);
    if (err == OK && bytes.len % REFERENCE_KEY_BYTES != 0)
        err = ERR_MALFORMED;
    for (size_t i = 0; err == OK && i < bytes.len / REFERENCE_KEY_BYTES; i++) {
        struct uuid u = {0};
        memcpy(u.b, bytes.ptr + i * REFERENCE_KEY_BYTES, REFERENCE_KEY_BYTES);
        ret_keys[i] = reference_key(&u);
    }
    if (err == OK)
        *ret_count = bytes.len / REFERENCE_KEY_BYTES;
    buffer_done(&bytes);
    return err == ERR_NOMEM ? err : err == OK ? OK : ERR_MALFORMED;
}

bool references_hold(struct text body, struct text id)
{
    struct walk w = {.body = body};
    struct text t;
    while (walk_next(&w, &t))
        if (text_eq(t, id))
            return true;
    return false;
}
