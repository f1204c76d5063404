/* ledger/exercise.c - see exercise.h. */
#include "ledger/exercise.h"

#include <string.h>

#include "base/limits.h"
#include "ledger/lines.h"
#include "model/space.h"

#define FIRST_LINE "entente-exercise/v1"

/* ---- writing ---- */

void exercise_format(const struct exercise_statement *s, struct buffer *out)
{
    buffer_add(out, TEXT(FIRST_LINE "\n"));
    line_add_named(out, "exercise", s->exercise);
    line_add_named(out, "real-origin", s->real_origin);
    line_add_key(out, "real-key", s->real_key);
    line_add_named(out, "origin", s->origin);
    line_add_key(out, "key", s->key);
    line_add_time(out, "from", s->from_us);
    line_add_time(out, "until", s->until_us);
}

/* ---- reading ---- */

static enum err bad(struct fault *reterr, const char *why)
{
    return fault_set(reterr, ERR_MALFORMED, "a statement about an exercise %s", why);
}

/* Leading zeros, upper case, decimals and what else a parser forgives are refused. */
static enum err check_spelling(const struct exercise_statement *s, struct text text, struct fault *reterr)
{
    struct buffer again;
    buffer_init(&again, EXERCISE_NOTE_MAX_BYTES);
    exercise_format(s, &again);
    enum err err = buffer_error(&again);
    bool same = err == OK && text_eq(buffer_text(&again), text);
    buffer_done(&again);
    return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for a statement")
           : same           ? OK
                            : bad(reterr, "that is not spelt as it must be");
}

static enum err check_sense(const struct exercise_statement *s, struct fault *reterr)
{
    struct note_key key;
    if (s->exercise.len > NAME_MAX_BYTES || !text_is_utf8(s->exercise) || space_is_real(s->exercise))
        return bad(reterr, "whose name is none");
    if (note_key_make(s->real_origin, NOTE_ED25519, s->real_key, &key) != OK ||
        note_key_make(s->origin, NOTE_ED25519, s->key, &key) != OK)
        return bad(reterr, "whose origin is no name of a key");
    if (space_check_origin(SPACE_REAL, s->real_origin, NULL) != OK)
        return bad(reterr, "that is signed by another exercise");
    if (space_check_origin(s->exercise, s->origin, NULL) != OK)
        return bad(reterr, "about a log that is not of this exercise");
    if (memcmp(s->real_key, s->key, NOTE_KEY_BYTES) == 0)
        return bad(reterr, "that has the real key: an exercise has one of its own");
    if (s->from_us >= s->until_us)
        return bad(reterr, "that ends before it begins");
    return OK;
}

enum err exercise_parse(struct text text, struct exercise_statement *ret, struct fault *reterr)
{
    struct exercise_statement s = {.from_us = 0};
    struct text rest = text, first;
    if (text.len > EXERCISE_NOTE_MAX_BYTES || !text_split(&rest, '\n', &first) || !text_eq(first, TEXT(FIRST_LINE)))
        return bad(reterr, "begins with the line " FIRST_LINE);
    const char *line = !line_take_named(&rest, "exercise", &s.exercise)         ? "exercise"
                       : !line_take_named(&rest, "real-origin", &s.real_origin) ? "real-origin"
                       : !line_take_key(&rest, "real-key", s.real_key)          ? "real-key"
                       : !line_take_named(&rest, "origin", &s.origin)           ? "origin"
                       : !line_take_key(&rest, "key", s.key)                    ? "key"
                       : !line_take_time(&rest, "from", &s.from_us)             ? "from"
                       : !line_take_time(&rest, "until", &s.until_us)           ? "until"
                                                                                : NULL;
    if (line)
        return fault_set(reterr, ERR_MALFORMED,
                         "a statement about an exercise without a good \"%s\" line in its place", line);
    enum err err = check_spelling(&s, text, reterr);
    if (err == OK)
        err = check_sense(&s, reterr);
    if (err == OK)
        *ret = s;
    return err;
}

enum err exercise_accept(struct text bytes, struct exercise_statement *ret, struct fault *reterr)
{
    struct note n;
    struct note_key key;
    struct exercise_statement s;
    if (bytes.len > EXERCISE_NOTE_MAX_BYTES)
        return fault_set(reterr, ERR_LIMIT, "a statement about an exercise has at most %d bytes",
                         EXERCISE_NOTE_MAX_BYTES);
    enum err err = note_parse(bytes, &n, reterr);
    if (err == OK)
        err = exercise_parse(n.text, &s, reterr);
    if (err == OK)
        err = note_key_make(s.real_origin, NOTE_ED25519, s.real_key, &key);
    if (err == OK)
        err = note_verify(&n, &key, NULL, reterr);
    if (err == ERR_NOT_FOUND)
        err = fault_set(reterr, ERR_DENIED, "the statement is not signed by the real key that it names");
    if (err == OK)
        *ret = s;
    return err;
}
