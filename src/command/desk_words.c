#include "command/desk_words.h"

#include <string.h>

#include "command/names.h"
#include "desk/trust.h"
#include "exchange/asker.h"
#include "json/json.h"

#define WORDS_BUDGET (256 * MIB) /* a list of some 100,000 findings */

const char *finding_state_name(uint8_t state)
{
    static const char *const names[] = {"open", "closed", "false positive"};
    return state < ARRAY_LEN(names) ? names[state] : "unknown";
}

void tell_limit(struct session *s, uint64_t shown, uint64_t limit)
{
    if (limit && shown == limit)
        complain(s, "the newest %llu are shown, there may be more: --limit N", (unsigned long long)limit);
}

enum err desk_words_open(struct session *s, struct desk_words *ret)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = open_view(s, &ret->view);
    if (err)
        return err;
    ret->node = s->node;
    err = constituency_load(s->node, ret->view, &ret->register_, &fault);
    if (err) {
        complain_fault(s, NULL, &fault);
        node_reader_done(s->node, ret->view);
        return err;
    }
    arena_init(&ret->arena, WORDS_BUDGET);
    return OK;
}

void desk_words_close(struct session *s, struct desk_words *w)
{
    arena_done(&w->arena);
    constituency_unref(w->register_);
    node_reader_done(s->node, w->view);
}

struct first_value {
    struct arena *arena;
    struct text value;
};

static enum err keep_value(void *self, const struct indicator_row *row)
{
    struct first_value *f = self;
    if (!f->value.ptr)
        f->value = arena_text(f->arena, row->value);
    return OK;
}

static struct text member(struct desk_words *w, const struct json_val *root, const char *name)
{
    return arena_text(&w->arena, json_text(json_get(root, name)));
}

static void take_values(struct desk_words *w, const struct json_val *values, struct finding_words *ret)
{
    struct buffer list;
    buffer_init(&list, STIX_OBJECT_MAX_BYTES);
    json_canonical(values, &list, NULL);
    ret->values = arena_text(&w->arena, buffer_text(&list));
    ret->value_count = json_size(values);
    buffer_done(&list);
}

/* What the finding says of itself. */
static void take_body(struct desk_words *w, const struct json_val *root, struct finding_words *ret)
{
    const struct json_val *values = json_get(root, "values");
    ret->value = member(w, root, "value");
    ret->words = member(w, root, "words");
    ret->report = member(w, root, "report");
    ret->classification = member(w, root, "classification");
    ret->identifier = member(w, root, "identifier");
    ret->role = member(w, root, "role");
    if (ret->report.len > 0)
        ret->party = member(w, root, "reported_by");
    if (json_type(values) == JSON_ARRAY)
        take_values(w, values, ret);
    (void)!json_i64(json_get(root, "occurrences"), &ret->occurrences);
}

static void from_body(struct desk_words *w, uint64_t n, struct finding_words *ret)
{
    struct version_row version;
    struct gate_class cls;
    struct buffer body;
    struct json_doc *doc = NULL;
    if (view_by_entry(w->view, n, &version, NULL))
        return;
    const struct place place = version.body;
    if (!view_class(w->view, version.class_id, &cls, NULL))
        ret->label = gate_class_label(&cls);
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    if (!node_body(w->node, place, &body, NULL) && !json_parse(buffer_text(&body), &doc, NULL))
        take_body(w, json_root(doc), ret);
    json_free(doc);
    buffer_done(&body);
}

/* What the originator says of it (body: the indicator's), and what we think of its source. */
static void take_trust(struct desk_words *w, const struct uuid *source, const struct place *body,
                       struct finding_words *ret)
{
    struct fact_source from;
    struct source_trust trust = {0};
    struct buffer bytes;
    struct json_doc *doc = NULL;
    char words[TRUST_WORDS_MAX];
    int64_t confidence = -1;
    buffer_init(&bytes, STIX_OBJECT_MAX_BYTES);
    if (body && !node_body(w->node, *body, &bytes, NULL) && !json_parse(buffer_text(&bytes), &doc, NULL) &&
        (!json_i64(json_get(json_root(doc), "confidence"), &confidence) || confidence > 100))
        confidence = -1;
    json_free(doc);
    buffer_done(&bytes);
    if (uuid_some(source) && !view_source(w->view, source, &from, NULL) &&
        source_trust_parse(from.trust, &trust, NULL))
        trust = (struct source_trust){0}; /* a newer program's words */
    ret->trust = arena_text(&w->arena, trust_words((int)confidence, trust, words));
    ret->rank = trust_rank((int)confidence, trust);
}

/* An indicator that no single value stands for is called by its pattern. */
static void take_pattern(struct desk_words *w, const struct place *body, struct finding_words *ret)
{
    struct buffer bytes;
    struct json_doc *doc = NULL;
    buffer_init(&bytes, STIX_OBJECT_MAX_BYTES);
    if (!node_body(w->node, *body, &bytes, NULL) && !json_parse(buffer_text(&bytes), &doc, NULL)) {
        struct text pattern = arena_text(&w->arena, json_text(json_get(json_root(doc), "pattern")));
        if (pattern.len)
            ret->value = pattern;
    }
    json_free(doc);
    buffer_done(&bytes);
}

/* Of what is gone nothing is shown but that it was. */
static void from_indicator(struct desk_words *w, const struct finding_row *row, struct finding_words *ret)
{
    char id[IDENT_TEXT_MAX];
    struct version_row version;
    struct gate_class cls;
    if (view_current(w->view, ident_format(TEXT("indicator"), &row->indicator, id), &version, NULL))
        return;
    struct uuid party = version.party;
    const struct uuid source = version.source;
    const struct place body = version.body;
    uint32_t class_id = version.class_id;
    struct first_value first = {.arena = &w->arena};
    if (row->kind == FINDING_NAMED)
        from_body(w, row->n, ret);
    else if (!view_values_of(w->view, version.n, keep_value, &first, NULL) && first.value.ptr)
        ret->value = first.value;
    else
        take_pattern(w, &body, ret);
    take_trust(w, &source, &body, ret);
    if (!view_class(w->view, class_id, &cls, NULL)) {
        ret->label = gate_class_label(&cls);
        ret->party = cls.ours ? TEXT("us") : party_name(w->view, &w->arena, &party);
    }
}

struct finding_words desk_words_finding(struct desk_words *w, const struct finding_row *row)
{
    static const struct uuid none;
    struct finding_words words = {
        .organisation = TEXT("(nobody of ours)"), .value = TEXT("(gone)"), .party = TEXT("(unknown)")};
    const struct organisation *o = constituency_by_id(w->register_, &row->organisation);
    words.owned = !uuid_eq(&row->organisation, &none);
    if (o) {
        words.organisation = o->name;
        words.contacts = o->contacts;
    } else if (words.owned) {
        words.organisation = TEXT("(no longer in the register)");
    }
    if (!uuid_eq(&row->incident, &none)) {
        char incident[IDENT_TEXT_MAX];
        words.incident = arena_text(&w->arena, ident_format(TEXT("incident"), &row->incident, incident));
    }
    if (row->kind == FINDING_REPORTED) {
        from_body(w, row->n, &words);
        take_trust(w, &row->source, NULL, &words);
    } else {
        from_indicator(w, row, &words);
    }
    words.marking = text_of(tlp_name(words.label));
    return words;
}
