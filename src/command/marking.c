/* marking add|list: release terms beyond TLP, as marking definitions of our own. */
#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/own_marking.h"
#include "desk/portion.h"

#define MARKINGS_SHOWN 1000

/* ---- add ---- */

/* "DE,NL,identity--...,group:identity--...". */
static int read_names(struct session *s, const char *name, struct named *list, uint8_t *count)
{
    struct text rest = text_of(option(s, name)), word;
    while (rest.ptr && text_split(&rest, ',', &word)) {
        struct named n;
        bool group = text_starts(word, TEXT("group:"));
        struct text who = group ? text_sub(word, 6, word.len) : word;
        if (named_parse(who, group ? NAMED_GROUP : NAMED_ORGANISATION, &n) || (group && n.kind != NAMED_GROUP)) {
            complain(s,
                     "--%s: " TEXT_FMT " is none of: a country (two capital letters), identity--UUID, "
                     "group:identity--UUID",
                     name, TEXT_ARG(word));
            return EXIT_USAGE;
        }
        if (!named_insert(list, count, &n)) {
            complain(s, "--%s: at most %d names; a group holds more", name, TERMS_NAMES_MAX);
            return EXIT_USAGE;
        }
    }
    return EXIT_DONE;
}

static int read_purposes(struct session *s, struct terms *t)
{
    struct text rest = text_of(option(s, "purpose")), word;
    while (rest.ptr && text_split(&rest, ',', &word)) {
        uint8_t bit = purpose_of(word);
        if (!bit) {
            complain(s,
                     "--purpose " TEXT_FMT ": one of detection, blocking, notification, research, statistics, "
                     "investigation",
                     TEXT_ARG(word));
            return EXIT_USAGE;
        }
        t->purposes |= bit;
    }
    return EXIT_DONE;
}

static int read_embargo(struct session *s, struct terms *t)
{
    struct stamp until;
    const char *given = option(s, "embargo");
    if (!given)
        return EXIT_DONE;
    if (stamp_parse_lenient(text_of(given), &until) || stamp_us(until) <= clock_now_us()) {
        complain(s, "--embargo %s: a moment to come, with its zone: 2027-01-31T12:00:00Z", given);
        return EXIT_USAGE;
    }
    t->embargo_until_us = stamp_us(until) - stamp_us(until) % 1000;
    return EXIT_DONE;
}

static int read_terms(struct session *s, struct terms *t)
{
    const char *level = option(s, "classification");
    t->has_rel_to = option_given(s, "rel-to");
    t->originator_control = option_given(s, "originator-control");
    t->personal_data = option_given(s, "personal-data");
    int code = read_names(s, "rel-to", t->rel_to, &t->rel_to_count);
    if (!code)
        code = read_names(s, "not-to", t->not_to, &t->not_to_count);
    if (!code && option_given(s, "pap") && find_pap(s, "pap", option(s, "pap"), &t->pap))
        code = EXIT_USAGE;
    if (!code)
        code = read_purposes(s, t);
    if (!code)
        code = read_embargo(s, t);
    if (!code && level && classification_parse(text_of(level), &t->classification)) {
        complain(s, "--classification %s: one of restricted, confidential, secret, top-secret", level);
        code = EXIT_USAGE;
    }
    if (!code && t->classification > node_ceiling(s->node)) {
        complain(s, "--classification %s: above what this node may hold (entente.yaml, classification)", level);
        code = EXIT_DENIED;
    }
    return code;
}

static void show_marking(struct session *s, struct text id, struct text name, const struct terms *t)
{
    struct buffer words;
    buffer_init(&words, 16 * KIB);
    terms_words(t, &words);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "marking", id);
        json_member_text(&o, "name", name);
        json_member_text(&o, "terms", buffer_text(&words));
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, TEXT_FMT "\n  " TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(id), TEXT_ARG(name),
            TEXT_ARG(buffer_text(&words)));
    }
    buffer_done(&words);
}

static int run_add(struct session *s)
{
    const char *name = option(s, "name");
    struct terms terms = {0};
    struct fault fault = {.offset = -1, .line = -1};
    struct arena a;
    struct text id;
    if (!name) {
        complain(s, "usage: entente marking add --name NAME and at least one term, such as --rel-to DE,NL");
        return EXIT_USAGE;
    }
    if (check_name(s, name))
        return EXIT_USAGE;
    int code = read_terms(s, &terms);
    if (code)
        return code;
    arena_init(&a, 64 * KIB);
    if (own_marking_add(s->node, text_of(name), &terms, session_account(s), &a, &id, &fault))
        code = complain_fault(s, NULL, &fault);
    else
        show_marking(s, id, text_of(name), &terms);
    arena_done(&a);
    return code;
}

/* ---- list ---- */

struct list {
    struct session *s;
    struct table table;
    struct fault *fault;
};

static void list_row(struct list *l, struct text id, struct text name, const struct terms *t)
{
    struct buffer words;
    if (l->s->json) {
        show_marking(l->s, id, name, t);
        return;
    }
    buffer_init(&words, 16 * KIB);
    terms_words(t, &words);
    table_cell(&l->table, id);
    table_cell(&l->table, name);
    table_cell(&l->table, buffer_text(&words));
    buffer_done(&words);
}

static enum err list_one(void *self, const struct version_row *row)
{
    struct list *l = self;
    struct gate_portion p;
    struct json_doc *doc = NULL;
    struct buffer body;
    if (!uuid_eq(&row->party, &node_genesis(l->s->node)->identity))
        return OK;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    enum err err = node_body(l->s->node, row->body, &body, l->fault);
    if (err == OK)
        err = portion_of_body(buffer_text(&body), &p, l->fault);
    if (err == OK)
        err = json_parse(buffer_text(&body), &doc, l->fault);
    if (err == OK && !p.unknown && !terms_none(&p.terms))
        list_row(l, row->id, json_text(json_get(json_root(doc), "name")), &p.terms);
    json_free(doc);
    buffer_done(&body);
    return err == ERR_NOT_FOUND ? OK : err;
}

static int list_markings(struct session *s, struct view *v)
{
    static const char *const heads[] = {"MARKING", "NAME", "TERMS", NULL};
    struct fault fault = {.offset = -1, .line = -1};
    struct list l = {.s = s, .fault = &fault};
    table_begin(&l.table, s, heads);
    enum err err = view_of_type(v, TEXT("marking-definition"), MARKINGS_SHOWN, list_one, &l, &fault);
    table_end(&l.table,
              s->json ? NULL : "no marking definitions of ours; entente marking add --name N --rel-to DE,NL");
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, list_markings);
}

static const struct option_spec OPTIONS[] = {
    {"name", OPTION_VALUE, "NAME", "for people"},
    {"rel-to", OPTION_VALUE, "WHO,...", "release only to these: DE, identity--UUID, group:identity--UUID"},
    {"not-to", OPTION_VALUE, "WHO,...", "never to these"},
    {"originator-control", OPTION_FLAG, NULL, "not beyond the recipient without our consent"},
    {"pap", OPTION_VALUE, "LEVEL", "permitted actions: CLEAR, GREEN, AMBER, RED"},
    {"embargo", OPTION_VALUE, "TIME", "not before this moment"},
    {"purpose", OPTION_VALUE, "P,...",
     "only for: detection, blocking, notification, research, statistics, investigation"},
    {"classification", OPTION_VALUE, "LEVEL", "restricted, confidential, secret, top-secret"},
    {"personal-data", OPTION_FLAG, NULL, "it holds personal data"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_MARKING_ADD = {
    .name = "marking add",
    .operands = "",
    .summary = "make a marking definition: release terms beyond TLP",
    .details =
        "Its id is printed. `import --from self --marking ID` puts it on objects of ours that carry no marking.\n"
        "A marking definition never changes: for other terms make another one. TLP labels stand beside it.\n",
    .options = OPTIONS,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_add};
const struct command COMMAND_MARKING_LIST = {.name = "marking list",
                                             .operands = "",
                                             .summary = "our marking definitions and their terms",
                                             .need = NEED_READ,
                                             .least = ROLE_READER,
                                             .run = run_list};
