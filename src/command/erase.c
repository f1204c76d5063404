/* erase: objects gone for good, with all that repeats their words. */
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/names.h"
#include "store/backup.h"
#include "store/erase.h"
#include "json/json.h"

#define NAMES_BYTES (16 * MIB)

struct erasing_words {
    struct session *s;
    struct text *ids;
    size_t count;
    struct arena arena;
    struct buffer naming; /* findings that will go on naming what is erased: "F-1 F-7" */
};

/* An identifier as it is, "F-12" as the finding's. */
static int take_name(struct erasing_words *w, struct view *v, const char *name)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct finding_row row;
    struct text id = text_of(name);
    uint64_t number;
    enum err err = OK;
    if (text_starts(id, TEXT("F-")) && text_u64(text_sub(id, 2, id.len), &number) == OK) {
        err = view_finding_by_number(v, number, &row, &fault);
        if (err == ERR_NOT_FOUND) {
            complain(w->s, "%s: no such finding; entente finding list shows them", name);
            return EXIT_DATA;
        }
        id = row.id;
    }
    if (err == OK) {
        w->ids[w->count] = arena_text(&w->arena, id);
        err = w->ids[w->count].ptr ? OK : fault_set(&fault, ERR_NOMEM, "out of memory");
        w->count++;
    }
    return err ? complain_fault(w->s, NULL, &fault) : EXIT_DONE;
}

static bool named(const struct erasing_words *w, struct text id)
{
    for (size_t i = 0; i < w->count; i++)
        if (text_eq(w->ids[i], id))
            return true;
    return false;
}

/* A finding repeats the value it was looked for with. */
static enum err look_at_finding(void *self, const struct finding_row *row)
{
    struct erasing_words *w = self;
    char id[IDENT_TEXT_MAX];
    if (!named(w, row->id) && (named(w, ident_format(TEXT("indicator"), &row->indicator, id)) ||
                               named(w, ident_format(TEXT("identity"), &row->organisation, id))))
        buffer_addf(&w->naming, "%sF-%llu", w->naming.len ? " " : "", (unsigned long long)row->number);
    return OK;
}

static int take_names(struct erasing_words *w)
{
    struct session *s = w->s;
    struct fault fault = {.offset = -1, .line = -1};
    struct view *v;
    if (node_reader(s->node, &v, &fault))
        return complain_fault(s, NULL, &fault);
    w->ids = calloc(s->operand_count + 1, sizeof *w->ids);
    int code = w->ids ? EXIT_DONE : EXIT_WRITE;
    for (size_t i = 0; code == EXIT_DONE && i < s->operand_count; i++)
        code = take_name(w, v, s->operands[i]);
    if (code == EXIT_DONE && view_findings(v, 255, UINT32_MAX, look_at_finding, w, &fault))
        code = complain_fault(s, NULL, &fault);
    node_reader_done(s->node, v);
    return code;
}

static void tell_json(struct erasing_words *w, const struct erase_result *r, struct text unreached)
{
    struct json_out o = json_out_to(json_line(w->s));
    json_open(&o, '{');
    json_key(&o, TEXT("erased"));
    json_open(&o, '[');
    for (size_t i = 0; i < w->count; i++)
        json_put_text(&o, w->ids[i]);
    json_close(&o, ']');
    json_member_i64(&o, "at", (int64_t)r->at);
    json_member_i64(&o, "versions", (int64_t)r->versions);
    json_member_i64(&o, "evidence", (int64_t)r->lines);
    json_member_i64(&o, "documents", (int64_t)r->documents);
    json_member_i64(&o, "entries", (int64_t)r->entries);
    json_member_text(&o, "still_named_by", buffer_text(&w->naming));
    json_member_text(&o, "backups_not_reached", unreached);
    json_close(&o, '}');
    json_line_end(w->s);
}

static void tell(struct erasing_words *w, const struct erase_result *r, struct text unreached)
{
    struct session *s = w->s;
    say(s, "erased: %zu object%s, %llu version%s", w->count, w->count == 1 ? "" : "s",
        (unsigned long long)r->versions, r->versions == 1 ? "" : "s");
    if (r->lines)
        say(s, ", %llu line%s of evidence", (unsigned long long)r->lines, r->lines == 1 ? "" : "s");
    if (r->documents)
        say(s, ", %llu kept document%s that held %s words, whole", (unsigned long long)r->documents,
            r->documents == 1 ? "" : "s", w->count == 1 ? "its" : "their");
    say(s, "\nThe erasure itself is entry %llu.\n", (unsigned long long)r->at);
    if (w->naming.len)
        say(s, "Still repeating its value: " TEXT_FMT ". Erase them too if they must not.\n",
            TEXT_ARG(buffer_text(&w->naming)));
    if (unreached.len)
        say(s, "Backups that could not be reached, and hold it until the next backup there:\n" TEXT_FMT,
            TEXT_ARG(unreached));
}

/* Backups hold what is erased until the next one; those that can be reached are told what to leave out. */
static void tell_all(struct erasing_words *w, const struct erase_result *r)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct buffer unreached;
    buffer_init(&unreached, NAMES_BYTES);
    if (node_spread_erasures(w->s->node, &unreached, &fault))
        complain_fault(w->s, "the list of erasures", &fault);
    if (w->s->json)
        tell_json(w, r, buffer_text(&unreached));
    else
        tell(w, r, buffer_text(&unreached));
    buffer_done(&unreached);
}

static int run_erase(struct session *s)
{
    struct erasing_words w = {.s = s};
    struct erase_result result;
    struct fault fault = {.offset = -1, .line = -1};
    const char *reason = option(s, "reason");
    if (!reason || !*reason) {
        complain(s, "an erasure has a reason: --reason R, which stays when the object is gone");
        return EXIT_USAGE;
    }
    arena_init(&w.arena, NAMES_BYTES);
    buffer_init(&w.naming, NAMES_BYTES);
    int code = take_names(&w);
    if (code == EXIT_DONE) {
        const struct erase_request request = {
            .ids = w.ids, .id_count = w.count, .account = *session_account(s), .reason = text_of(reason)};
        if (node_erase(s->node, &request, &result, &fault))
            code = complain_fault(s, NULL, &fault);
        else
            tell_all(&w, &result);
    }
    free(w.ids);
    arena_done(&w.arena);
    buffer_done(&w.naming);
    return code;
}

static const struct option_spec OPTIONS[] = {
    {"reason", OPTION_VALUE, "R", "why; it is kept, so it should not repeat what is erased"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ERASE = {
    .name = "erase",
    .operands = "ID|F-NUMBER...",
    .summary = "objects gone for good: every version, their evidence and kept originals",
    .details = "All are erased or none. Every version and claim goes, evidence lines of an erased finding, and kept\n"
               "documents of the same party that hold the object's words. The log's entries stay, without their\n"
               "details, so proofs given out before still hold. Backups made before keep their copies until the\n"
               "next `entente backup` into them; partners keep what they were sent.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_erase};
