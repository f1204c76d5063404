/* proposal list|accept|refuse: values that were found in text, and what a person says of them. Held apart by the
 * quarantine (docs/RELEASE.md), so the gate's default deny covers them. */
#include "command/proposal.h"

#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/find.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/reclass.h"
#include "desk/register.h"
#include "json/json.h"

#define LISTED        256    /* versions asked for at once */
#define PROPOSALS_MAX 200000 /* held while they are listed */
#define BODIES_BUDGET (512 * MIB)

struct proposal {
    struct text id, party;
    struct proposal_words w;
    enum value_kind value_kind;
    bool known; /* an indicator that counts looks for the same value */
};
struct proposals {
    struct session *s;
    struct view *v;
    const char *document; /* NULL: any */
    struct arena arena;
    struct proposal *list; /* owned */
    size_t count, cap;
    struct buffer body;
    struct fault *fault;
};

/* ---- collecting ---- */

/* A mail, or an archive, stands for all its pieces: "mail.eml: part 1.txt". */
static bool is_of(struct text document, struct text name)
{
    return text_eq(document, name) ||
           (text_starts(document, name) && text_starts(text_sub(document, name.len, document.len), TEXT(": ")));
}

static bool is_wanted(const struct proposals *p, struct text document)
{
    const char *slash = p->document ? strrchr(p->document, '/') : NULL;
    return !p->document || is_of(document, text_of(p->document)) || (slash && is_of(document, text_of(slash + 1)));
}

static enum err keep(struct proposals *p, const struct version_row *row, const struct proposal_words *w)
{
    if (p->count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct proposal *list = realloc(p->list, cap * sizeof *list);
        if (!list)
            return ERR_NOMEM;
        p->list = list;
        p->cap = cap;
    }
    struct proposal *one = &p->list[p->count++];
    *one = (struct proposal){.w = *w, .value_kind = value_kind_parse(w->kind)};
    struct text *texts[] = {&one->w.value, &one->w.kind, &one->w.document,
                            &one->w.place, &one->w.why,  &one->w.context};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = arena_text(&p->arena, *texts[i]);
    one->id = arena_text(&p->arena, row->id);
    return OK;
}

static enum err take(struct proposals *p, uint64_t n)
{
    struct version_row row;
    struct proposal_words w;
    struct json_doc *doc;
    enum err e = view_by_entry(p->v, n, &row, p->fault);
    buffer_clear(&p->body);
    if (e == OK)
        e = node_body(p->s->node, row.body, &p->body, p->fault);
    if (e == OK)
        e = json_parse(buffer_text(&p->body), &doc, p->fault);
    if (e)
        return e == ERR_NOT_FOUND ? OK : e;
    if (p->count < PROPOSALS_MAX && proposal_words_of(json_root(doc), &w) && is_wanted(p, w.document))
        e = keep(p, &row, &w);
    json_free(doc);
    return e;
}

static enum err take_class(void *self, const struct class_row *row)
{
    struct proposals *p = self;
    const uint64_t class_id = row->class_id;
    uint64_t entries[LISTED], from = 0;
    size_t count = LISTED;
    enum err e = OK;
    if (!row->cls.proposed || row->cls.refused)
        return OK;
    while (e == OK && count == LISTED) {
        e = view_in_class(p->v, class_id, STANDING_CURRENT, from, entries, LISTED, &count, p->fault);
        for (size_t i = 0; e == OK && i < count; i++) {
            e = take(p, entries[i]);
            from = entries[i] + 1;
        }
    }
    return e;
}

static int by_value(const void *a, const void *b)
{
    const struct proposal *x = a, *y = b;
    int kind = (x->value_kind > y->value_kind) - (x->value_kind < y->value_kind);
    return kind ? kind : text_cmp(x->w.value, y->w.value);
}

static enum err note_known(void *self, const struct indicator_row *row)
{
    struct proposals *p = self;
    const struct proposal key = {.value_kind = row->kind, .w.value = row->value};
    struct proposal *one = p->count ? bsearch(&key, p->list, p->count, sizeof *p->list, by_value) : NULL;
    if (!one || row->revoked)
        return OK;
    while (one > p->list && by_value(one - 1, &key) == 0)
        one--;
    for (; one < p->list + p->count && by_value(one, &key) == 0; one++)
        one->known = true;
    return OK;
}

static enum err collect(struct proposals *p)
{
    struct view *classes;
    if (open_view(p->s, &classes))
        return ERR_IO;
    enum err e = view_classes(classes, take_class, p, p->fault);
    node_reader_done(p->s->node, classes);
    if (p->count)
        qsort(p->list, p->count, sizeof *p->list, by_value);
    return e;
}

static void proposals_init(struct proposals *p, struct session *s, struct view *v, const char *document,
                           struct fault *fault)
{
    *p = (struct proposals){.s = s, .v = v, .document = document, .fault = fault};
    arena_init(&p->arena, BODIES_BUDGET);
    buffer_init(&p->body, 2 * STIX_OBJECT_MAX_BYTES);
}

static void proposals_done(struct proposals *p)
{
    free(p->list);
    arena_done(&p->arena);
    buffer_done(&p->body);
}

/* ---- list ---- */

static void show_json(struct session *s, const struct proposal *one, const struct organisation *owner)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "id", one->id);
    json_member_text(&o, "kind", one->w.kind);
    json_member_text(&o, "value", one->w.value);
    json_member_text(&o, "document", one->w.document);
    json_member_text(&o, "place", one->w.place);
    json_member_text(&o, "why", one->w.why);
    json_member_i64(&o, "confidence", one->w.confidence);
    json_member_text(&o, "context", one->w.context);
    json_member_bool(&o, "known", one->known);
    json_member_text_or_null(&o, "organisation", owner ? owner->name : TEXT_NONE);
    json_close(&o, '}');
    json_line_end(s);
}

static void show(struct session *s, struct table *t, const struct proposal *one, const struct organisation *owner)
{
    if (s->json) {
        show_json(s, one, owner);
        return;
    }
    table_cell(t, text_sub(one->id, 0, 19)); /* "indicator--1234abcd": enough to be found by */
    table_cell(t, one->w.kind);
    table_cell(t, one->w.value);
    table_cell(t, one->w.document);
    table_cell(t, one->w.place);
    table_cellf(t, TEXT_FMT "%s%s" TEXT_FMT, TEXT_ARG(one->w.why), one->known ? "; known here" : "",
                owner ? "; named: one of ours, " : "", TEXT_ARG(owner ? owner->name : TEXT_NONE));
    table_cell(t, one->w.context);
}

static int list_proposals(struct session *s, struct view *v)
{
    static const char *const heads[] = {"PROPOSAL", "KIND", "VALUE", "DOCUMENT", "PLACE", "WHY", "WORDS", NULL};
    struct fault fault = {.offset = -1, .line = -1};
    struct proposals p;
    struct constituency *owners = NULL;
    struct table t;
    proposals_init(&p, s, v, option(s, "document"), &fault);
    enum err e = collect(&p);
    if (e == OK && p.count)
        e = view_indicators(v, 0, note_known, &p, &fault);
    if (e == OK)
        e = constituency_load(s->node, v, &owners, &fault);
    table_begin(&t, s, heads);
    for (size_t i = 0; e == OK && i < p.count; i++)
        show(s, &t, &p.list[i], constituency_who(owners, p.list[i].w.value).organisation);
    table_end(&t, s->json ? NULL : "nothing waits for a decision");
    if (owners)
        constituency_unref(owners);
    proposals_done(&p);
    return e ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, list_proposals);
}

/* ---- accept, refuse ---- */

static int decide(struct session *s, struct text id, bool accept)
{
    const char *reason = option(s, "reason");
    struct fault fault = {.offset = -1, .line = -1};
    enum err e = proposal_decide(s->node, id, accept, session_account(s),
                                 text_of(reason   ? reason
                                         : accept ? "accepted"
                                                  : "refused"),
                                 &fault);
    if (e == ERR_NOT_FOUND) {
        complain(s, TEXT_FMT ": no such proposal waits; entente proposal list shows those that do", TEXT_ARG(id));
        return EXIT_DATA;
    }
    if (e)
        return complain_fault(s, NULL, &fault);
    if (s->json)
        say(s, "{\"id\":\"" TEXT_FMT "\",\"%s\":true}\n", TEXT_ARG(id), accept ? "accepted" : "refused");
    return EXIT_DONE;
}

static int decide_all(struct session *s, const char *document, bool accept, uint64_t *count)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct proposals p;
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    proposals_init(&p, s, v, document, &fault);
    int code = collect(&p) ? complain_fault(s, NULL, &fault) : EXIT_DONE;
    node_reader_done(s->node, v);
    if (code == EXIT_DONE && p.count == 0) {
        complain(s, "%s: nothing of it waits; entente proposal list shows what does", document);
        code = EXIT_DATA;
    }
    for (size_t i = 0; code == EXIT_DONE && i < p.count; i++) {
        code = decide(s, p.list[i].id, accept);
        *count += code == EXIT_DONE;
    }
    proposals_done(&p);
    return code;
}

static int decide_one(struct session *s, const char *typed, bool accept, uint64_t *count)
{
    struct found_object found;
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    int code = find_object(s, v, session_account(s), typed, &found);
    node_reader_done(s->node, v);
    if (code == EXIT_DONE)
        code = decide(s, text_of(found.id), accept);
    *count += code == EXIT_DONE;
    return code;
}

static int run_decision(struct session *s, bool accept)
{
    const char *all = option(s, "all");
    uint64_t count = 0;
    int code = EXIT_DONE;
    if (!all == (s->operand_count == 0)) {
        complain(s, "name the proposals (ID...), or their document: --all DOCUMENT");
        return EXIT_USAGE;
    }
    if (all)
        code = decide_all(s, all, accept, &count);
    for (size_t i = 0; i < s->operand_count && code == EXIT_DONE; i++)
        code = decide_one(s, s->operands[i], accept, &count);
    if (!s->json && count)
        say(s, "%llu %s\n", (unsigned long long)count, accept ? "accepted: they count from now on" : "refused");
    return code;
}

static int run_accept(struct session *s)
{
    return run_decision(s, true);
}

static int run_refuse(struct session *s)
{
    return run_decision(s, false);
}

static const struct option_spec LIST_OPTIONS[] = {{"document", OPTION_VALUE, "D", "found in that document alone"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec DECIDE_OPTIONS[] = {
    {"all", OPTION_VALUE, "DOCUMENT", "all that waits of that document"},
    {"reason", OPTION_VALUE, "R", "why; it stays in the log"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_PROPOSAL_LIST = {
    .name = "proposal list",
    .operands = "",
    .summary = "values found in text that wait for somebody to say what they are",
    .details = "They are matched against nothing and released to nobody. Shown are where a value stands, the words\n"
               "around it, why it was taken for an indicator, whether it is looked for already, and whether the\n"
               "register has it as one of ours.\n",
    .options = LIST_OPTIONS,
    .need = NEED_READ,
    .least = ROLE_ANALYST,
    .run = run_list};
const struct command COMMAND_PROPOSAL_ACCEPT = {
    .name = "proposal accept",
    .operands = "[ID...]",
    .summary = "make indicators of what was found in text",
    .details = "They are their party's, with the label that was given at the import, and are looked for at once.\n",
    .options = DECIDE_OPTIONS,
    .operands_max = 1000,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_accept};
const struct command COMMAND_PROPOSAL_REFUSE = {
    .name = "proposal refuse",
    .operands = "[ID...]",
    .summary = "what was found in text is no indicator",
    .details = "It is kept aside and not proposed again when the same party's texts name it.\n",
    .options = DECIDE_OPTIONS,
    .operands_max = 1000,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_refuse};
