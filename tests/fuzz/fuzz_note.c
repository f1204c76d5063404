/* Notes and verifiers' keys: what is accepted is of the form that would be written, and nothing is read beyond it. */
#include "ledger/note.h"
#include "support/fuzz.h"

static void key(struct text t)
{
    struct note_key k;
    struct fault f = {.err = OK};
    struct buffer again;
    enum err e = note_key_parse(t, &k, &f);
    if (e != OK) {
        fuzz_assert(e == ERR_MALFORMED && f.err == e);
        return;
    }
    buffer_init(&again, 4096);
    note_key_format(&k, &again);
    fuzz_assert(buffer_error(&again) == OK && text_eq(buffer_text(&again), t));
    buffer_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t public[NOTE_KEY_BYTES] = {0};
    struct text t = {(const char *)data, len};
    struct note n;
    struct note_key k;
    struct fault f = {.err = OK};
    key(t);
    enum err e = note_parse(t, &n, &f);
    if (e != OK) {
        fuzz_assert((e == ERR_MALFORMED || e == ERR_LIMIT) && f.err == e);
        return 0;
    }
    fuzz_assert(n.text.ptr == t.ptr && text_ends(n.text, TEXT("\n")) && n.count > 0);
    for (size_t i = 0; i < n.count; i++) { /* each name is one that a key can have */
        fuzz_assert(note_key_make(n.signature[i].name, NOTE_COSIGNATURE, public, &k) == OK);
        k.id = n.signature[i].id;
        fuzz_assert(note_verify(&n, &k, NULL, NULL) == ERR_DENIED);
    }
    return 0;
}
