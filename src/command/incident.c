/* incident open|list|show|close. */
#include <string.h>

#include "command/commands.h"
#include "command/desk_words.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/incident.h"
#include "json/json.h"

#define INCIDENTS_SHOWN 200

static int run_open(struct session *s)
{
    const char *name = option(s, "name");
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid findings[64];
    size_t count = 0;
    struct view *v;
    if (!name || check_name(s, name) || s->operand_count > ARRAY_LEN(findings)) {
        if (!name)
            complain(s, "usage: entente incident open --name NAME [F-NUMBER...]");
        return EXIT_USAGE;
    }
    if (open_view(s, &v))
        return EXIT_WRITE;
    int code = EXIT_DONE;
    for (size_t i = 0; !code && i < s->operand_count; i++) {
        struct finding_row row;
        struct ident ident;
        const char *given = s->operands[i];
        uint64_t number = 0;
        if (text_u64(text_of(strncmp(given, "F-", 2) == 0 ? given + 2 : given), &number) ||
            view_finding_by_number(v, number, &row, NULL) || ident_parse(row.id, &ident, NULL)) {
            complain(s, "%s: no such finding; entente finding list shows them", given);
            code = EXIT_DATA;
        } else {
            findings[count++] = ident.uuid;
        }
    }
    node_reader_done(s->node, v);
    if (code)
        return code;
    const char *description = option(s, "description");
    struct incident_open open = {.name = text_of(name),
                                 .description = text_of(description ? description : ""),
                                 .findings = findings,
                                 .finding_count = count,
                                 .account = *session_account(s)};
    struct arena a;
    arena_init(&a, 1 * MIB);
    struct text id;
    if (incident_open(s->node, &open, &a, &id, &fault))
        code = complain_fault(s, NULL, &fault);
    else if (s->json)
        say(s, "{\"incident\":\"" TEXT_FMT "\"}\n", TEXT_ARG(id));
    else
        say(s, TEXT_FMT " is open\n", TEXT_ARG(id));
    arena_done(&a);
    return code;
}

struct list {
    struct session *s;
    struct table table;
    uint64_t shown;
};

/* The parts of an incident's body that people want first. */
static enum err with_body(struct session *s, const struct version_row *row,
                          void (*fn)(void *self, const struct version_row *row, const struct json_val *root),
                          void *self)
{
    struct buffer body;
    struct json_doc *doc = NULL;
    struct fault fault = {.offset = -1, .line = -1};
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = node_body(s->node, row->body, &body, &fault);
    if (!err)
        err = json_parse(buffer_text(&body), &doc, &fault);
    if (!err)
        fn(self, row, json_root(doc));
    else
        complain_fault(s, NULL, &fault);
    json_free(doc);
    buffer_done(&body);
    return err;
}

static void list_row(void *self, const struct version_row *row, const struct json_val *root)
{
    struct list *l = self;
    char opened[MOMENT_MAX];
    struct text name = json_text(json_get(root, "name"));
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "incident", row->id);
        json_member_text(&o, "name", name);
        json_member_text(&o, "opened", json_text(json_get(root, "created")));
        json_member_bool(&o, "closed", row->revoked);
        json_close(&o, '}');
        json_line_end(l->s);
        return;
    }
    table_cell(&l->table, row->id);
    table_cell(&l->table, text_of(moment(row->created_us ? row->created_us : row->added_us, opened)));
    table_cell(&l->table, row->revoked ? TEXT("closed") : TEXT("open"));
    table_cell(&l->table, name);
}

static enum err list_one(void *self, const struct version_row *row)
{
    struct list *l = self;
    l->shown++;
    return with_body(l->s, row, list_row, l);
}

static int list_incidents(struct session *s, struct view *v)
{
    static const char *const heads[] = {"INCIDENT", "OPENED (UTC)", "STATE", "NAME", NULL};
    struct list l = {.s = s};
    struct fault fault = {.offset = -1, .line = -1};
    uint64_t limit;
    if (option_u64(s, "limit", INCIDENTS_SHOWN, 1000000, &limit))
        return EXIT_USAGE;
    table_begin(&l.table, s, heads);
    enum err err = view_of_type(v, TEXT("incident"), (uint32_t)limit, list_one, &l, &fault);
    table_end(&l.table, s->json ? NULL : "no incidents");
    tell_limit(s, l.shown, limit);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

struct show {
    struct session *s;
    struct uuid incident;
    struct desk_words words;
};

static void show_body(void *self, const struct version_row *row, const struct json_val *root)
{
    struct show *w = self;
    char opened[MOMENT_MAX];
    say(w->s, TEXT_FMT "\n  name      " TEXT_FMT "\n  opened    %s\n  " TEXT_FMT "\nFindings:\n", TEXT_ARG(row->id),
        TEXT_ARG(json_text(json_get(root, "name"))),
        moment(row->created_us ? row->created_us : row->added_us, opened),
        TEXT_ARG(json_text(json_get(root, "description"))));
}

static enum err show_finding(void *self, const struct finding_row *row)
{
    struct show *w = self;
    if (!uuid_eq(&row->incident, &w->incident))
        return OK;
    char last[MOMENT_MAX];
    struct finding_words f = desk_words_finding(&w->words, row);
    const bool reported = row->kind == FINDING_REPORTED;
    say(w->s, "  F-%llu  " TEXT_FMT "  " TEXT_FMT "  %llu %s, last %s\n", (unsigned long long)row->number,
        TEXT_ARG(f.organisation), TEXT_ARG(reported ? f.report : f.value), (unsigned long long)row->count,
        reported                     ? "rows"
        : row->kind == FINDING_NAMED ? "indicator names it"
                                     : "hits",
        moment(row->last_us, last));
    return OK;
}

static int show_incident(struct session *s, struct view *v)
{
    struct show w = {.s = s};
    struct version_row row;
    struct ident ident;
    struct fault fault = {.offset = -1, .line = -1};
    if (ident_parse(text_of(s->operands[0]), &ident, NULL) || !text_eq(ident.type, TEXT("incident")) ||
        view_current(v, text_of(s->operands[0]), &row, NULL)) {
        complain(s, "%s: no such incident; entente incident list shows them", s->operands[0]);
        return EXIT_DATA;
    }
    w.incident = ident.uuid;
    if (s->json) {
        struct buffer *line = json_line(s);
        if (node_body(s->node, row.body, line, &fault))
            return complain_fault(s, NULL, &fault);
        json_line_end(s);
        return EXIT_DONE;
    }
    if (with_body(s, &row, show_body, &w) || desk_words_open(s, &w.words))
        return EXIT_WRITE;
    enum err err = view_findings(v, 255, 100000, show_finding, &w, &fault);
    desk_words_close(s, &w.words);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, list_incidents);
}

static int run_show(struct session *s)
{
    return with_view(s, show_incident);
}

static int run_close(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    const char *reason = option(s, "reason");
    if (!reason) {
        complain(s, "incident close: --reason R");
        return EXIT_USAGE;
    }
    enum err err = incident_close(s->node, text_of(s->operands[0]), text_of(reason), session_account(s), &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: no such incident; entente incident list shows them", s->operands[0]);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(s, s->operands[0], &fault);
    if (!s->json)
        say(s, "%s is closed\n", s->operands[0]);
    return EXIT_DONE;
}

static const struct option_spec LIST_OPTIONS[] = {{"limit", OPTION_VALUE, "N", "at most so many (200)"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec OPEN_OPTIONS[] = {{"name", OPTION_VALUE, "NAME", "what it is called"},
                                                  {"description", OPTION_VALUE, "TEXT", "what is known"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec CLOSE_OPTIONS[] = {{"reason", OPTION_VALUE, "R", "why"},
                                                   {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_INCIDENT_OPEN = {.name = "incident open",
                                              .operands = "[F-NUMBER...]",
                                              .summary = "open an incident, for findings or without",
                                              .options = OPEN_OPTIONS,
                                              .operands_max = 64,
                                              .need = NEED_WRITE,
                                              .least = ROLE_ANALYST,
                                              .run = run_open};
const struct command COMMAND_INCIDENT_LIST = {.name = "incident list",
                                              .operands = "",
                                              .summary = "the incidents, newest first",
                                              .options = LIST_OPTIONS,
                                              .need = NEED_READ,
                                              .least = ROLE_READER,
                                              .run = run_list};
const struct command COMMAND_INCIDENT_SHOW = {.name = "incident show",
                                              .operands = "ID",
                                              .summary = "one incident and its findings",
                                              .operands_min = 1,
                                              .operands_max = 1,
                                              .need = NEED_READ,
                                              .least = ROLE_READER,
                                              .run = run_show};
const struct command COMMAND_INCIDENT_CLOSE = {.name = "incident close",
                                               .operands = "ID",
                                               .summary = "close an incident",
                                               .options = CLOSE_OPTIONS,
                                               .operands_min = 1,
                                               .operands_max = 1,
                                               .need = NEED_WRITE,
                                               .least = ROLE_ANALYST,
                                               .run = run_close};
