#include "ledger/succession.h"

#include <string.h>

#include "base/limits.h"
#include "ledger/lines.h"

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

void succession_format(const struct succession *s, struct buffer *out)
{
    buffer_add(out, TEXT(FIRST_LINE "\n"));
    line_add_named(out, "old-origin", s->old_origin);
    line_add_key(out, "old-key", s->old_key);
    line_add_named(out, "new-origin", s->new_origin);
    line_add_key(out, "new-key", s->new_key);
    buffer_addf(out, "size %llu\nroot ", (unsigned long long)s->size);
    base64_write(out, s->root.b, sizeof s->root.b);
    buffer_add_char(out, '\n');
    line_add_named(out, "reason", text_of(succession_reason_name(s->reason)));
    line_add_time(out, "time", s->t_us);
}

/* ---- reading ---- */

static bool take_root(struct text *rest, struct sha256 *ret)
{
    struct text line;
    return line_take_named(rest, "root", &line) && line_hash(line, ret);
}

static bool take_reason(struct text *rest, enum succession_reason *ret)
{
    struct text word;
    if (!line_take_named(rest, "reason", &word))
        return false;
    for (enum succession_reason r = SUCCESSION_ROTATION; r <= SUCCESSION_RESTORE; r++) {
        if (text_eq(word, text_of(reasons[r]))) {
            *ret = r;
            return true;
        }
    }
    return false;
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
    const char *bad = !line_take_named(&rest, "old-origin", &s.old_origin)                      ? "old-origin"
                      : !line_take_key(&rest, "old-key", s.old_key)                             ? "old-key"
                      : !line_take_named(&rest, "new-origin", &s.new_origin)                    ? "new-origin"
                      : !line_take_key(&rest, "new-key", s.new_key)                             ? "new-key"
                      : !line_take_named(&rest, "size", &size) || text_u64(size, &s.size) != OK ? "size"
                      : !take_root(&rest, &s.root)                                              ? "root"
                      : !take_reason(&rest, &s.reason)                                          ? "reason"
                      : !line_take_time(&rest, "time", &s.t_us)                                 ? "time"
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
