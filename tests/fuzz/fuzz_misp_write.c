/* Valid objects, one a line, on their way into MISP events: each event is JSON of its form, says one label, and holds
 * no byte of an object that is stricter. */
#include "base/limits.h"
#include "format/misp_out.h"
#include "model/stix.h"
#include "support/fuzz.h"

#define OBJECTS_MAX 24

static enum ref_state every_ref(void *self, struct text id)
{
    (void)self, (void)id;
    return REF_CLEARED;
}

static struct cleared *clear(struct text line, const struct stix_head *head)
{
    struct gate_class cls = {.tlp = head->tlp ? head->tlp : TLP_GREEN, .ours = true};
    struct recipient r = {.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_ANALYST};
    const struct gate_question q = {.cls = &cls, .recipient = &r, .door = DOOR_MISP};
    const struct gate_lookup lookup = {.ref = every_ref};
    struct decision d;
    struct cleared *c = NULL;
    gate_decide(&q, &d);
    return d.cleared && gate_clear(&q, &d, line, &lookup, &c, NULL) == OK ? c : NULL;
}

/* What a line says, in canonical form, where it is an object that the store could hold. */
static struct cleared *read_line(struct text line)
{
    struct json_doc *doc;
    struct stix_head head;
    struct arena arena;
    struct buffer body;
    struct cleared *c = NULL;
    bool lossy = false;
    if (json_parse(line, &doc, NULL))
        return NULL;
    arena_init(&arena, 16 * MIB);
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    if (stix_head_read(json_root(doc), &arena, &head, NULL) == OK) {
        json_canonical(json_root(doc), &body, &lossy);
        if (buffer_error(&body) == OK && !lossy)
            c = clear(buffer_text(&body), &head);
    }
    buffer_done(&body);
    arena_done(&arena);
    json_free(doc);
    return c;
}

static enum tlp label_of(const struct json_val *event)
{
    enum tlp label = TLP_NONE;
    for (struct json_iter it = json_iter_of(json_get(event, "Tag")); json_next(&it);) {
        struct text name = json_text(json_get(it.val, "name"));
        if (label == TLP_NONE && text_starts(name, TEXT("tlp:")))
            fuzz_assert(tlp_parse(text_sub(name, 4, name.len), &label) == OK);
    }
    return label;
}

static void check_event(struct text json, struct cleared *const *items, size_t count)
{
    struct json_doc *doc;
    fuzz_assert(json_parse(json, &doc, NULL) == OK);
    const struct json_val *event = json_get(json_root(doc), "Event");
    enum tlp label = label_of(event);
    fuzz_assert(label != TLP_NONE && label < TLP_RED);
    fuzz_assert(json_type(json_get(event, "Attribute")) == JSON_ARRAY);
    for (size_t i = 0; i < count; i++) {
        struct text uuid = text_sub(cleared_id(items[i]), cleared_id(items[i]).len - 36, 36);
        bool twin = false; /* another object with its uuid */
        for (size_t k = 0; k < count; k++)
            twin |= k != i && text_ends(cleared_id(items[k]), uuid);
        bool stricter = cleared_label(items[i]) > label;
        bool extended = text_eq(json_text(json_get(event, "extends_uuid")), uuid);
        fuzz_assert(!stricter || twin || extended || text_find_text(json, uuid) < 0);
    }
    json_free(doc);
}

static void write_events(struct cleared *const *items, size_t count)
{
    const struct misp_out_options options = {.producer = TEXT("CSIRT"), .now_us = 1};
    struct misp_out *w;
    fuzz_assert(misp_out_new(&options, &w) == OK);
    for (size_t i = 0; i < count; i++)
        fuzz_assert(misp_out_add(w, items[i]) == OK);
    fuzz_assert(misp_out_plan(w) == OK);
    for (size_t i = 0; i < misp_out_count(w); i++) {
        struct buffer json, manifest, hashes;
        buffer_init(&json, 64 * MIB);
        buffer_init(&manifest, 64 * MIB);
        buffer_init(&hashes, 64 * MIB);
        fuzz_assert(misp_out_event(w, i, &json, &manifest, &hashes) == OK);
        check_event(buffer_text(&json), items, count);
        buffer_done(&json);
        buffer_done(&manifest);
        buffer_done(&hashes);
    }
    misp_out_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct text rest = {(const char *)data, len}, line;
    struct cleared *items[OBJECTS_MAX];
    size_t count = 0;
    while (count < OBJECTS_MAX && rest.ptr && text_split(&rest, '\n', &line)) {
        items[count] = read_line(line);
        count += items[count] != NULL;
    }
    if (count)
        write_events(items, count);
    for (size_t i = 0; i < count; i++)
        cleared_free(items[i]);
    return 0;
}
