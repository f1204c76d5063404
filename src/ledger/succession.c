#include "ledger/succession.h"

#include <string.h>

#include "base/limits.h"
#include "base/time.h"

#define FIRST_LINE "entente-succession/v1"

static const char *const reasons[] = {
    [SUCCESSION_ROTATION] = "rotation",
    [SUCCESSION_COMPROMISE] = "compromise",
    [SUCCESSION_LOSS] = "loss",
    [SUCCESSION_RESTORE] = "restore",
};

const char *succession_reason_name(enum succession_reason r)
{
    return r >= SUCCESSION_ROTATION && r <= SUCCESSION_RESTORE ? reasons[r] : "";
}

/* ---- writing ---- */

static void add_line(struct buffer *out, const char *name, struct text value)
{
    buffer_add(out, text_of(name));
    buffer_add_char(out, ' ');
    buffer_add(out, value);
    buffer_add_char(out, '\n');
}

static void add_key(struct buffer *out, const char *name, const uint8_t key[NOTE_KEY_BYTES])
{
    char hex[2 * NOTE_KEY_BYTES + 1];
    hex_write(key, NOTE_KEY_BYTES, hex);
    add_line(out, name, text_of(hex));
}

void succession_format(const struct succession *s, struct buffer *out)
{
    char time[STAMP_TEXT_MAX];
    buffer_add(out, TEXT(FIRST_LINE "\n"));
    add_line(out, "old-origin", s->old_origin);
    add_key(out, "old-key", s->old_key);
    add_line(out, "new-origin", s->new_origin);
    add_key(out, "new-key", s->new_key);
    buffer_addf(out, "size %llu\nroot ", (unsigned long long)s->size);
    base64_write(out, s->root.b, sizeof s->root.b);
    buffer_add_char(out, '\n');
    add_line(out, "reason", text_of(succession_reason_name(s->reason)));
    add_line(out, "time", stamp_format(stamp_from_us(s->t_us, 0), time));
}

/* ---- reading ---- */

static bool take(struct text *rest, const char *name, struct text *ret)
{
    struct text line, key = text_of(name);
    if (!text_split(rest, '\n', &line) || !rest->ptr || !text_starts(line, key) || line.len <= key.len + 1 ||
        line.ptr[key.len] != ' ')
        return false;
    *ret = text_sub(line, key.len + 1, line.len);
    return true;
}

static bool take_key(struct text *rest, const char *name, uint8_t ret[NOTE_KEY_BYTES])
{
    struct text hex;
    return take(rest, name, &hex) && hex_read(hex, ret, NOTE_KEY_BYTES) == OK;
}

static bool take_root(struct text *rest, struct sha256 *ret)
{
    struct text line;
    struct buffer bytes;
    buffer_init(&bytes, 64);
    bool good = take(rest, "root", &line) && base64_read(line, &bytes) == OK && bytes.len == sizeof ret->b;
    if (good)
        memcpy(ret->b, bytes.ptr, sizeof ret->b);
    buffer_done(&bytes);
    return good;
}

static bool take_reason(struct text *rest, enum succession_reason *ret)
{
    struct text word;
    if (!take(rest, "reason", &word))
        return false;
    for (enum succession_reason r = SUCCESSION_ROTATION; r <= SUCCESSION_RESTORE; r++) {
        if (text_eq(word, text_of(reasons[r]))) {
            *ret = r;
            return true;
        }
    }
    return false;
}

static bool take_time(struct text *rest, int64_t *ret)
{
    struct text word;
    struct stamp stamp;
    if (!take(rest, "time", &word) || stamp_parse(word, &stamp, NULL) != OK)
        return false;
    *ret = stamp_us(stamp);
    return true;
}

/* One spelling only: leading zeros, upper case, other decimals and what else a parser forgives are refused here. */
static enum err check_spelling(const struct succession *s, struct text text, struct fault *reterr)
{
    struct buffer again;
    buffer_init(&again, NOTE_MAX_BYTES);
    succession_format(s, &again);
    enum err err = buffer_error(&again);
    if (err == OK && !text_eq(buffer_text(&again), text))
        err = ERR_MALFORMED;
    buffer_done(&again);
    return err == OK ? OK : fault_set(reterr, err, "a succession that is not spelt as it must be");
}

static enum err check_sense(const struct succession *s, struct fault *reterr)
{
    struct note_key old_key, new_key;
    bool same_origin = text_eq(s->old_origin, s->new_origin);
    bool same_key = memcmp(s->old_key, s->new_key, NOTE_KEY_BYTES) == 0;
    bool want_same_origin = s->reason == SUCCESSION_ROTATION, want_same_key = s->reason == SUCCESSION_RESTORE;
    if (note_key_make(s->old_origin, NOTE_ED25519, s->old_key, &old_key) != OK ||
        note_key_make(s->new_origin, NOTE_ED25519, s->new_key, &new_key) != OK)
        return fault_set(reterr, ERR_MALFORMED, "a succession whose origin is no name of a key");
    if (same_origin != want_same_origin || same_key != want_same_key)
        return fault_set(reterr, ERR_MALFORMED, "a succession for %s in which the %s",
                         succession_reason_name(s->reason),
                         same_origin != want_same_origin ? same_origin ? "origin stays" : "origin changes"
                         : same_key                      ? "key stays"
                                                         : "key changes");
    return OK;
}

enum err succession_parse(struct text text, struct succession *ret, struct fault *reterr)
{
    struct succession s = {.size = 0};
    struct text rest = text, first, size;
    if (!text_split(&rest, '\n', &first) || !text_eq(first, TEXT(FIRST_LINE)))
        return fault_set(reterr, ERR_MALFORMED, "not a succession: its first line is not " FIRST_LINE);
    const char *bad = !take(&rest, "old-origin", &s.old_origin)                      ? "old-origin"
                      : !take_key(&rest, "old-key", s.old_key)                       ? "old-key"
                      : !take(&rest, "new-origin", &s.new_origin)                    ? "new-origin"
                      : !take_key(&rest, "new-key", s.new_key)                       ? "new-key"
                      : !take(&rest, "size", &size) || text_u64(size, &s.size) != OK ? "size"
                      : !take_root(&rest, &s.root)                                   ? "root"
                      : !take_reason(&rest, &s.reason)                               ? "reason"
                      : !take_time(&rest, &s.t_us)                                   ? "time"
                                                                                     : NULL;
    if (bad)
        return fault_set(reterr, ERR_MALFORMED, "a succession without a good \"%s\" line in its place", bad);
    enum err err = check_spelling(&s, text, reterr);
    if (err == OK)
        err = check_sense(&s, reterr);
    if (err == OK)
        *ret = s;
    return err;
}

/* ---- what it is worth ---- */

static enum err signed_by(const struct note *n, struct text name, const uint8_t key[NOTE_KEY_BYTES], bool *ret,
                          struct fault *reterr)
{
    struct note_key k;
    enum err err = note_key_make(name, NOTE_ED25519, key, &k);
    if (err == OK)
        err = note_verify(n, &k, NULL, reterr);
    *ret = err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err succession_accept(struct text bytes, struct text old_origin, const uint8_t old_key[NOTE_KEY_BYTES],
                           struct succession *ret, bool *ret_vouched, struct fault *reterr)
{
    struct note n;
    struct succession s;
    bool by_new = false, by_old = false;
    enum err err = note_parse(bytes, &n, reterr);
    if (err == OK)
        err = succession_parse(n.text, &s, reterr);
    if (err != OK)
        return err;
    if (!text_eq(s.old_origin, old_origin) || memcmp(s.old_key, old_key, NOTE_KEY_BYTES) != 0)
        return fault_set(reterr, ERR_NOT_FOUND, "the succession of another log or key than the one we have pinned");
    err = signed_by(&n, s.new_origin, s.new_key, &by_new, reterr);
    if (err == OK)
        err = signed_by(&n, s.old_origin, s.old_key, &by_old, reterr);
    if (err != OK)
        return err;
    if (!by_new)
        return fault_set(reterr, ERR_DENIED, "the succession is not signed by the key it names as the new one");
    bool must = s.reason == SUCCESSION_ROTATION || s.reason == SUCCESSION_RESTORE;
    if (must && !by_old)
        return fault_set(reterr, ERR_DENIED, "the succession (%s) is not signed by the key it succeeds",
                         succession_reason_name(s.reason));
    *ret = s;
    *ret_vouched = must;
    return OK;
}
