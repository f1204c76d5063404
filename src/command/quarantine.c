/* quarantine list|release: what is kept aside, seen by releasers only, never matched or released. */
#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/reclass.h"
#include "json/json.h"

/* Versions asked for at once. */
#define LISTED 256

struct list {
    struct session *s;
    struct view *v, *names; /* rows borrow from the first */
    struct table table;
    struct arena arena;
    struct fault *fault;
};

static const char *why(const struct list *l, const struct version_row *row, const struct gate_class *cls)
{
    if (cls->terms.classification > node_ceiling(l->s->node))
        return "classified";
    if (cls->proposed)
        return cls->refused ? "found in text, and refused" : "found in text: entente proposal list";
    if (row->standing == STANDING_QUARANTINED)
        return "dated ahead";
    return gate_class_label(cls) == TLP_RED ? "RED, and no agreement names accounts" : "kept aside";
}

static const char *standing_of(enum standing st)
{
    switch (st) {
    case STANDING_OLDER: return "older";
    case STANDING_CLAIM: return "claim";
    case STANDING_CONFLICT: return "conflict";
    case STANDING_QUARANTINED: return "quarantined";
    case STANDING_RENDITION: return "rendition";
    default: return "current";
    }
}

static void show(struct list *l, const struct version_row *row, const struct gate_class *cls)
{
    char added[MOMENT_MAX];
    struct text party = party_name(l->names, &l->arena, &row->party);
    if (!l->s->json) {
        table_cell(&l->table, row->id);
        table_cell(&l->table, party);
        table_cell(&l->table, text_of(moment(row->added_us, added)));
        table_cell(&l->table, text_of(standing_of(row->standing)));
        table_cell(&l->table, text_of(why(l, row, cls)));
        return;
    }
    struct json_out o = json_out_to(json_line(l->s));
    json_open(&o, '{');
    json_member_text(&o, "id", row->id);
    json_member_text(&o, "version", row->modified);
    json_member_text(&o, "party", party);
    json_member_i64(&o, "entry", (int64_t)row->n);
    json_member_text(&o, "standing", text_of(standing_of(row->standing)));
    json_member_text(&o, "why", text_of(why(l, row, cls)));
    json_close(&o, '}');
    json_line_end(l->s);
}

static enum err list_standing(struct list *l, const struct class_row *cls, enum standing standing)
{
    uint64_t entries[LISTED], from = 0;
    size_t count = LISTED;
    enum err err = OK;
    while (err == OK && count == LISTED) {
        err = view_in_class(l->v, cls->class_id, standing, from, entries, LISTED, &count, l->fault);
        for (size_t i = 0; err == OK && i < count; i++) {
            struct version_row row;
            err = view_by_entry(l->v, entries[i], &row, l->fault);
            if (err == OK)
                show(l, &row, &cls->cls);
            from = entries[i] + 1;
        }
    }
    return err;
}

static enum err list_class(void *self, const struct class_row *row)
{
    struct list *l = self;
    if (!row->cls.quarantined)
        return OK;
    static const enum standing counted[] = {STANDING_CURRENT,  STANDING_QUARANTINED, STANDING_OLDER,
                                            STANDING_CONFLICT, STANDING_CLAIM,       STANDING_RENDITION};
    const struct class_row kept = *row;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(counted); i++)
        err = list_standing(l, &kept, counted[i]);
    return err;
}

static int list_quarantine(struct session *s, struct view *v)
{
    static const char *const heads[] = {"OBJECT", "FROM", "TAKEN IN", "STANDING", "WHY", NULL};
    struct fault fault = {.offset = -1, .line = -1};
    struct list l = {.s = s, .v = v, .fault = &fault};
    if (open_view(s, &l.names))
        return EXIT_WRITE;
    arena_init(&l.arena, 64 * MIB);
    table_begin(&l.table, s, heads);
    enum err err = view_classes(v, list_class, &l, &fault);
    table_end(&l.table, s->json ? NULL : "nothing is in quarantine");
    arena_done(&l.arena);
    node_reader_done(s->node, l.names);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, list_quarantine);
}

static int run_release(struct session *s)
{
    const char *reason = option(s, "reason"), *id = s->operands[0];
    struct fault fault = {.offset = -1, .line = -1};
    uint64_t count;
    if (!reason || !*reason) {
        complain(s, "letting something out of quarantine has a reason: --reason R");
        return EXIT_USAGE;
    }
    enum err err = quarantine_release(s->node, text_of(id), session_account(s), text_of(reason), &count, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: nothing of it is in quarantine; entente quarantine list shows what is", id);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(s, id, &fault);
    if (s->json)
        say(s, "{\"id\":\"%s\",\"versions\":%llu}\n", id, (unsigned long long)count);
    else
        say(s, "%s is out of quarantine: %llu version%s\n", id, (unsigned long long)count, count == 1 ? "" : "s");
    return EXIT_DONE;
}

static const struct option_spec OPTIONS[] = {{"reason", OPTION_VALUE, "R", "why; it stays in the log"},
                                             {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_QUARANTINE_LIST = {.name = "quarantine list",
                                                .operands = "",
                                                .summary = "what is kept aside, and why",
                                                .need = NEED_READ,
                                                .least = ROLE_RELEASER,
                                                .run = run_list};
const struct command COMMAND_QUARANTINE_RELEASE = {
    .name = "quarantine release",
    .operands = "ID",
    .summary = "let an object out of quarantine",
    .details =
        "An object that a partner marked TLP:RED is for the accounts that the agreement with that partner names;\n"
        "without one it waits. Its label stays: what is let out goes only where its label lets it.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_release};
