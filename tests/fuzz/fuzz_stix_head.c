/* An object is accepted with a head that keeps its promises, or refused with a reason. */
#include "base/limits.h"
#include "model/stix.h"
#include "support/fuzz.h"

static void check_head(const struct stix_head *h)
{
    struct ident id;
    char text[IDENT_TEXT_MAX];
    fuzz_assert(ident_parse(h->id, &id, NULL) == OK && uuid_eq(&id.uuid, &h->ident.uuid));
    fuzz_assert(text_eq_nocase(ident_format(id.type, &id.uuid, text), h->id));
    fuzz_assert(text_eq(id.type, h->type) && stix_class_of(h->type) == h->cls);
    fuzz_assert(h->confidence >= -1 && h->confidence <= 100);
    fuzz_assert(!h->has_created || !h->has_modified || stamp_cmp(h->created, h->modified) <= 0);
    fuzz_assert(!h->has_valid_until || stamp_cmp(h->valid_from, h->valid_until) < 0);
    for (size_t i = 0; i < h->ref_count; i++)
        fuzz_assert(ident_parse(h->refs[i], &id, NULL) == OK);
    for (size_t i = 0; i < h->marking_count; i++)
        fuzz_assert(ident_parse(h->marking_refs[i], &id, NULL) == OK && text_eq(id.type, TEXT("marking-definition")));
    for (size_t i = 0; i < h->value_count; i++)
        fuzz_assert(h->values[i].kind != VALUE_NONE && h->values[i].value.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    struct fault fault = {0};
    if (json_parse((struct text){(const char *)data, len}, &doc, NULL))
        return 0;
    arena_init(&arena, 16 * MIB);
    enum err e = stix_head_read(json_root(doc), &arena, &head, &fault);
    if (!e && head.let.len)
        fuzz_assert(head.let_rule && head.let_rule[0] && text_is_utf8(head.let));
    if (e)
        fuzz_assert(fault.err == e && fault.what[0] && (e != ERR_MALFORMED || fault.rule[0]));
    else
        check_head(&head);
    arena_done(&arena);
    json_free(doc);
    return 0;
}
