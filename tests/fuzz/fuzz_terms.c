/* A marking definition is read without a fault, reading it twice is reading it once, and terms survive their text;
 * any other text is refused. */
#include "model/terms_read.h"
#include "support/fuzz.h"

static void text_and_back(const struct terms *t)
{
    struct terms again;
    struct buffer b;
    buffer_init(&b, TERMS_TEXT_MAX);
    terms_text(t, &b);
    fuzz_assert(buffer_error(&b) == OK && terms_parse(buffer_text(&b), &again) == OK && terms_equal(t, &again));
    buffer_done(&b);
}

static void one_text(struct text given)
{
    struct terms t;
    struct buffer b;
    if (terms_parse(given, &t) != OK)
        return;
    buffer_init(&b, given.len);
    terms_text(&t, &b);
    fuzz_assert(buffer_error(&b) == OK && text_eq(buffer_text(&b), given));
    buffer_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text given = {(const char *)data, len};
    struct json_doc *doc;
    struct terms t, twice;
    enum tlp tlp;
    bool statement;
    one_text(given);
    if (json_parse(given, &doc, NULL) != OK)
        return 0;
    bool good = terms_read(json_root(doc), &t, &tlp, &statement);
    fuzz_assert(!statement || (good && tlp == TLP_NONE && terms_none(&t)));
    fuzz_assert(good || (terms_needed(&t) & ~(unsigned)TERM_CLASSIFICATION) == 0);
    text_and_back(&t);
    twice = t;
    fuzz_assert(terms_add(&twice, &t) && terms_equal(&twice, &t));
    json_free(doc);
    return 0;
}
