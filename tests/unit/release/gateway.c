#include "gateway.h"

const struct uuid PARTNER_X = {{0x22, 0x22}};

enum ref_state withhold_marked(void *self, struct text id)
{
    struct withholding *w = self;
    w->asked++;
    if (*w->mark && text_find_text(id, text_of(w->mark)) >= 0)
        return REF_WITHHELD;
    return *w->theirs && text_find_text(id, text_of(w->theirs)) >= 0 ? REF_ORIGIN : REF_CLEARED;
}

struct recipient partner_x(enum tlp ceiling)
{
    return (struct recipient){.kind = RECIPIENT_PARTNER,
                              .party = PARTNER_X,
                              .name = TEXT("CERT-X"),
                              .ceiling = ceiling,
                              .sightings = true,
                              .knows = TERMS_ALL};
}

char *canonical(const char *json)
{
    struct json_doc *doc;
    struct fault f;
    struct buffer out;
    enum err e = json_parse(text_of(json), &doc, &f);
    if (e)
        print_error("%s in %s\n", f.what, json);
    assert_ok(e);
    buffer_init(&out, 64u << 20);
    json_canonical(json_root(doc), &out, NULL);
    json_free(doc);
    char *text = buffer_take(&out, NULL);
    assert_non_null(text);
    return text;
}

enum err through_gate(const struct gate_class *c, const char *body, struct cleared **ret,
                      struct decision_rule *ret_why)
{
    struct recipient r = partner_x(TLP_RED);
    struct withholding w = {MARK_GONE, MARK_THEIRS, 0};
    struct decision d;
    const struct gate_question q = {.cls = c, .recipient = &r, .door = DOOR_TAXII};
    gate_decide(&q, &d);
    return gate_clear(&q, &d, text_of(body), &(struct gate_lookup){withhold_marked, NULL, &w}, ret, ret_why);
}
