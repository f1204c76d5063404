/* Statements about exercises: what is accepted has one spelling, and carries the signature of the key it names. */
#include "ledger/exercise.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text t = {(const char *)data, len};
    struct exercise_statement s, got;
    struct fault f = {.err = OK};
    struct note n;
    struct text text = note_parse(t, &n, NULL) == OK ? n.text : t;
    enum err e = exercise_parse(text, &s, &f);
    if (e != OK) {
        fuzz_assert(e == ERR_MALFORMED && f.err == e && f.what[0]);
        return 0;
    }
    struct buffer again;
    buffer_init(&again, EXERCISE_NOTE_MAX_BYTES);
    exercise_format(&s, &again);
    fuzz_assert(buffer_error(&again) == OK && text_eq(buffer_text(&again), text));
    buffer_done(&again);
    e = exercise_accept(t, &got, &f);
    fuzz_assert(e == OK || e == ERR_DENIED || e == ERR_MALFORMED || e == ERR_LIMIT);
    fuzz_assert(e != OK || text.ptr == n.text.ptr);
    return 0;
}
