/* A valid object on its way out: what leaves is canonical, valid, the same object, and points to nothing withheld.
 * The first byte chooses who asks and what the decision is. */
#include "base/limits.h"
#include "model/stix.h"
#include "release/cleared.h"
#include "support/fuzz.h"

static enum ref_state about_ref(void *self, struct text id)
{
    (void)self;
    return text_find_text(id, TEXT("-dead")) >= 0 ? REF_WITHHELD : REF_CLEARED;
}

static void about_marking(void *self, struct text id, struct gate_portion *ret)
{
    (void)self;
    *ret = (struct gate_portion){.unknown = text_find_text(id, TEXT("-dead")) >= 0};
    ret->terms.originator_control = text_find_text(id, TEXT("-c0")) >= 0;
}

static bool read_head(struct text body, struct arena *arena, struct stix_head *ret, struct json_doc **ret_doc)
{
    if (json_parse(body, ret_doc, NULL))
        return false;
    if (stix_head_read(json_root(*ret_doc), arena, ret, NULL) == OK)
        return true;
    json_free(*ret_doc);
    return false;
}

static void check_cleared(const struct cleared *c, struct text before)
{
    struct arena arena;
    struct stix_head head;
    struct json_doc *doc;
    struct buffer again;
    arena_init(&arena, 64 * MIB);
    bool read = read_head(cleared_body(c), &arena, &head, &doc);
    fuzz_assert(read);
    fuzz_assert(text_eq(head.id, cleared_id(c)));
    fuzz_assert((cleared_form(c) == FORM_WHOLE) == text_eq(cleared_body(c), before));
    for (size_t i = 0; i < head.ref_count; i++)
        fuzz_assert(text_find_text(head.refs[i], TEXT("-dead")) < 0 ||
                    text_starts(head.refs[i], TEXT("marking-definition--")));
    buffer_init(&again, 2 * STIX_OBJECT_MAX_BYTES);
    json_canonical(json_root(doc), &again, NULL);
    fuzz_assert(buffer_error(&again) != OK || text_eq(buffer_text(&again), cleared_body(c)));
    buffer_done(&again);
    json_free(doc);
    arena_done(&arena);
}

static void clear(uint8_t how, const struct stix_head *head, struct text body)
{
    struct gate_class cls = {.tlp = how & 1 ? TLP_RED : head->tlp ? head->tlp : TLP_GREEN, .ours = how & 2};
    struct recipient r = {.kind = RECIPIENT_PARTNER, .party = {{1}}, .ceiling = TLP_AMBER_STRICT, .sightings = true};
    cls.tear = how & 1 ? TLP_GREEN : TLP_NONE;
    cls.sighting = cls.sighting_of_ours = (how & 4) && text_eq(head->type, TEXT("sighting"));
    cls.sighting_tlp = TLP_GREEN;
    r.knows = how & 8 ? TERMS_ALL : 0;
    if (how & 16)
        r = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_ANALYST};
    const struct gate_question q = {.cls = &cls, .recipient = &r, .door = DOOR_TAXII};
    const struct gate_lookup lookup = {about_ref, about_marking, NULL, NULL};
    struct decision d;
    struct decision_rule why = {0};
    struct cleared *c = NULL;
    gate_decide(&q, &d);
    enum err e = gate_clear(&q, &d, body, &lookup, &c, &why);
    fuzz_assert(e == OK || e == ERR_DENIED || e == ERR_LIMIT);
    fuzz_assert((e == OK) == (c != NULL) && (e != ERR_DENIED || why.words[0]));
    if (c)
        check_cleared(c, body);
    cleared_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    struct buffer body;
    bool lossy = false;
    if (len < 2)
        return 0;
    arena_init(&arena, 16 * MIB);
    if (read_head((struct text){(const char *)data + 1, len - 1}, &arena, &head, &doc)) {
        buffer_init(&body, STIX_OBJECT_MAX_BYTES);
        json_canonical(json_root(doc), &body, &lossy);
        if (buffer_error(&body) == OK && !lossy)
            clear(data[0], &head, buffer_text(&body));
        buffer_done(&body);
        json_free(doc);
    }
    arena_done(&arena);
    return 0;
}
