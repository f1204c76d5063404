#include "command/desk_words.h"

#include <string.h>

#include "command/names.h"
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

struct finding_words desk_words_finding(struct desk_words *w, const struct finding_row *row)
{
    static const struct uuid none;
    struct finding_words words = {.organisation = TEXT("(nobody of ours)"),
                                  .value = TEXT("(gone)"),
                                  .party = TEXT("(unknown)"),
                                  .marking = TEXT("unmarked")};
    const struct organisation *o = constituency_by_id(w->register_, &row->organisation);
    words.owned = !uuid_eq(&row->organisation, &none);
    if (o) {
        words.organisation = o->name;
        words.contacts = o->contacts;
    } else if (words.owned) {
        words.organisation = TEXT("(no longer in the register)");
    }
    char id[IDENT_TEXT_MAX];
    struct version_row version;
    struct gate_class cls;
    struct text indicator = ident_format(TEXT("indicator"), &row->indicator, id);
    if (!uuid_eq(&row->incident, &none)) {
        char incident[IDENT_TEXT_MAX];
        words.incident = arena_text(&w->arena, ident_format(TEXT("incident"), &row->incident, incident));
    }
    if (!view_current(w->view, indicator, &version, NULL)) {
        struct uuid party = version.party;
        uint32_t class_id = version.class_id;
        struct first_value first = {.arena = &w->arena};
        if (!view_values_of(w->view, version.n, keep_value, &first, NULL) && first.value.ptr)
            words.value = first.value;
        if (!view_class(w->view, class_id, &cls, NULL)) {
            words.marking = text_of(tlp_name(gate_class_label(&cls)));
            words.party = cls.ours ? TEXT("us") : party_name(w->view, &w->arena, &party);
        }
    }
    return words;
}
