/* export: what one recipient, or anybody, may have, as files. Through the gate, always. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/export_inside.h"
#include "command/names.h"
#include "command/recipients.h"

#define EXPORT_TRIES_MAX   4
#define EXPORT_BYTES_MAX   (1024 * MIB)
#define EXPORT_TYPES_MAX   32
#define EXPORT_WORDS_BYTES (1 * MIB)

static const struct form_row {
    const char *name;
    enum door door;
    int (*run)(struct export_job *j);
} forms[] = {
    {"stix", DOOR_EXPORT, export_stix},
    {"csv", DOOR_CSV, export_csv},
    {"misp", DOOR_MISP, export_misp},
    {"misp-feed", DOOR_MISP_FEED, export_misp},
};

/* ---- one run ---- */

enum err export_job_flush(struct export_job *j, struct fault *reterr)
{
    enum err e = buffer_error(&j->bytes);
    if (e || cancelled(j->s))
        return e ? e : fault_set(reterr, ERR_CANCELLED, "stopped");
    if (j->bytes.len && !j->begun && !export_file_begin(&j->file, j->s, export_out_name(j->s)))
        return ERR_IO;
    j->begun |= j->bytes.len > 0;
    bool fine = !j->bytes.len || export_file_write(&j->file, buffer_text(&j->bytes));
    buffer_clear(&j->bytes);
    return fine ? OK : ERR_IO;
}

static void start_again(struct export_job *j)
{
    export_file_drop(&j->file);
    buffer_clear(&j->bytes);
    j->begun = false;
    j->written = j->left_out = j->files = 0;
}

int export_job_run(struct export_job *j, struct export *x)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err e = ERR_BUSY;
    for (int i = 0; e == ERR_BUSY && i < EXPORT_TRIES_MAX && !(j->begun && !j->file.name); i++) {
        start_again(j);
        e = export_run(x, &fault);
    }
    if (e == ERR_BUSY)
        complain(j->s, "what may go to " TEXT_FMT " changed while it was written: run it again", TEXT_ARG(j->to));
    else if (e && fault.what[0])
        complain_fault(j->s, NULL, &fault);
    if (e == OK && j->begun && !export_file_commit(&j->file))
        e = ERR_IO;
    export_file_drop(&j->file);
    return e == ERR_BUSY ? EXIT_PEER : exit_of(e);
}

/* ---- what is wanted ---- */

static int read_since(struct session *s, int64_t *ret_us)
{
    struct stamp since;
    const char *given = option(s, "since");
    *ret_us = INT64_MIN;
    if (!given)
        return EXIT_DONE;
    if (stamp_parse_lenient(text_of(given), &since)) {
        complain(s, "--since %s: a moment like 2026-11-22T08:00:00Z, or a day", given);
        return EXIT_USAGE;
    }
    *ret_us = stamp_us(since);
    return EXIT_DONE;
}

static int read_types(struct session *s, struct text types[EXPORT_TYPES_MAX], size_t *ret_count)
{
    struct text rest = text_of(option(s, "type")), word;
    while (rest.ptr && text_split(&rest, ',', &word)) {
        if (!type_name_valid(word) || *ret_count == EXPORT_TYPES_MAX) {
            complain(s, "--type " TEXT_FMT ": STIX types, comma between: indicator,malware", TEXT_ARG(word));
            return EXIT_USAGE;
        }
        types[(*ret_count)++] = word;
    }
    return EXIT_DONE;
}

static const struct form_row *find_form(struct session *s)
{
    const char *as = option(s, "as");
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (strcmp(as ? as : "stix", forms[i].name) == 0)
            return &forms[i];
    complain(s, "--as %s: stix, csv, misp or misp-feed", as);
    return NULL;
}

static int read_recipient(struct session *s, struct arena *a, struct recipient *ret)
{
    const char *to = option(s, "to");
    bool public = option_given(s, "public");
    struct view *v;
    if ((to != NULL) == public) {
        complain(s, "for whom? --to PEER, or --public for everybody; what may go depends on it");
        return EXIT_USAGE;
    }
    if (public) {
        *ret = recipient_public(s->node);
        return EXIT_DONE;
    }
    enum err e = open_view(s, &v);
    if (e)
        return exit_of(e);
    e = find_recipient(s, v, to, a, ret);
    node_reader_done(s->node, v);
    return e == ERR_USAGE ? EXIT_USAGE : e ? EXIT_DATA : EXIT_DONE;
}

/* ---- what was done ---- */

static void tell_json(const struct export_job *j)
{
    struct json_out o = json_out_to(json_line(j->s));
    json_open(&o, '{');
    json_member_text(&o, "format", text_of(j->as));
    json_member_text(&o, "recipient", j->to);
    json_member_i64(&o, "objects", (int64_t)j->written);
    json_member_i64(&o, "left_out", (int64_t)j->left_out);
    json_member_i64(&o, "files", (int64_t)(j->files ? j->files : j->begun));
    json_close(&o, '}');
    json_line_end(j->s);
}

/* Where the objects went to standard output, words go beside them. */
static void tell(const struct export_job *j)
{
    char words[600];
    bool beside = export_out_name(j->s) == NULL;
    if (j->s->json && !beside) {
        tell_json(j);
        return;
    }
    int len;
    if (!j->written)
        len =
            snprintf(words, sizeof words, "nothing to export: there is nothing that " TEXT_FMT " may have as %s%s\n",
                     TEXT_ARG(j->to), j->as, option(j->s, "since") ? " and that is new" : "");
    else
        len =
            snprintf(words, sizeof words, "%llu objects for " TEXT_FMT " as %s%s%s\n", (unsigned long long)j->written,
                     TEXT_ARG(j->to), j->as, beside ? "" : ": ", beside ? "" : option(j->s, "out"));
    if (len < 0)
        return;
    clean_for_people(words, strlen(words), true);
    if (!beside || !j->written)
        j->s->write(j->s->write_self, beside, text_of(words));
    if (j->left_out)
        complain(j->s, "%llu objects that may go have no place in %s; --as stix carries them",
                 (unsigned long long)j->left_out, j->as);
}

static int export_as(struct session *s, struct arena *a)
{
    struct text types[EXPORT_TYPES_MAX];
    struct export_job j = {.s = s, .wanted = {.account = *session_account(s), .types = types}, .file = {.fd = -1}};
    const struct form_row *form = find_form(s);
    int code = form ? read_since(s, &j.wanted.since_us) : EXIT_USAGE;
    if (!code)
        code = read_types(s, types, &j.wanted.type_count);
    if (!code)
        code = read_recipient(s, a, &j.wanted.recipient);
    if (code)
        return code;
    struct recipient eyes;
    if (s->actor) { /* from elsewhere: the file comes into that account's hands */
        eyes = recipient_of_account(s->node, &s->actor->account, s->actor->role, TEXT_NONE);
        j.wanted.eyes = &eyes;
    }
    j.as = form->name;
    j.wanted.door = form->door;
    j.to = recipient_words(&j.wanted.recipient, a);
    buffer_init(&j.bytes, EXPORT_BYTES_MAX);
    code = form->run(&j);
    buffer_done(&j.bytes);
    if (!code)
        tell(&j);
    return code;
}

static int run_export(struct session *s)
{
    struct arena a;
    arena_init(&a, EXPORT_WORDS_BYTES);
    int code = export_as(s, &a);
    arena_done(&a);
    return code;
}

static const struct option_spec OPTIONS[] = {
    {"as", OPTION_VALUE, "FORM", "stix (a bundle), csv (one indicator a row), misp (events) or misp-feed (a folder)"},
    {"to", OPTION_VALUE, "PEER", "for whom: a peer, or \"account NAME\""},
    {"public", OPTION_FLAG, NULL, "for everybody: TLP:CLEAR alone"},
    {"since", OPTION_VALUE, "TIME", "only what became visible to that recipient after it"},
    {"type", OPTION_VALUE, "T", "only objects of these STIX types, comma between"},
    {"out", OPTION_VALUE, "FILE", "where to (standard output); a folder, made where it is not there, ends with /"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_EXPORT = {
    .name = "export",
    .operands = "",
    .summary = "what one recipient may have, as files; through the gate, always",
    .details =
        "One of --to and --public is needed: what goes depends on who gets it. What is withheld is in no byte, "
        "count or\n"
        "name of what is written; entente explain ID --to PEER says why. What goes for the first time is "
        "recorded as a\n"
        "release before the first byte is written. A file appears whole or not at all; where nothing may go, "
        "none does.\n"
        "With --json and --out: {\"format\",\"recipient\",\"objects\",\"left_out\",\"files\"}.\n",
    .options = OPTIONS,
    .operands_min = 0,
    .operands_max = 0,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .open_out = export_out_open,
    .run = run_export};
