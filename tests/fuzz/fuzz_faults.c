/* Any bytes as a document to be validated, as STIX and as patterns: each fault has a rule, words and a place inside
 * the document; the counts agree; a document is refused with a fault, never without. */
#include <string.h>

#include "base/limits.h"
#include "format/faults.h"
#include "support/fuzz.h"

struct seen {
    uint64_t told, musts;
    size_t len;
};

static void on_fault(void *self, const struct document_fault *f)
{
    struct seen *s = self;
    s->told++;
    s->musts += f->severity == STIX_MUST;
    fuzz_assert(f->rule.len && f->words.len && f->words.len <= FAULT_WORDS_MAX_BYTES && text_is_utf8(f->words));
    fuzz_assert(f->at >= 0 && f->at <= (int64_t)s->len);
    fuzz_assert(f->line >= 1 && f->line <= (int64_t)s->len + 1 && f->column >= 1 && f->column <= (int64_t)s->len + 1);
    fuzz_assert(f->pointer.len <= FAULT_POINTER_MAX_BYTES && text_is_utf8(f->pointer) && text_is_utf8(f->id));
    fuzz_assert(f->pointer.len == 0 || f->pointer.ptr[0] == '/');
    fuzz_assert(text_is_utf8(f->excerpt) && f->caret <= f->excerpt.len);
}

static void check(enum err e, const struct seen *s, const struct document_sum *sum)
{
    fuzz_assert(e == OK || (e == ERR_MALFORMED && s->musts > 0));
    fuzz_assert(sum->musts + sum->shoulds >= s->told || s->told > FAULTS_OF_OBJECT_MAX);
    fuzz_assert(sum->valid <= sum->objects && sum->bytes <= s->len);
    fuzz_assert((sum->valid == sum->objects) || sum->musts > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct text document = {(const char *)data, len};
    struct seen stix = {.len = len}, patterns = {.len = len};
    struct document_faults to = {.on_fault = on_fault, .self = &stix};
    struct document_sum sum;
    enum err e = stix_faults(-1, document, &to, &sum, NULL);
    check(e, &stix, &sum);
    to.self = &patterns;
    e = pattern_faults(-1, document, &to, &sum, NULL);
    check(e, &patterns, &sum);
    return 0;
}
