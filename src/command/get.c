/* get: what is known of an object, for a person; the object as it is held, for a machine. */
#include "desk/about.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/find.h"
#include "command/names.h"
#include "command/share_words.h"
#include "command/show.h"
#include "command/vouchers.h"
#include "store/proof.h"

static const char *standing_words(enum standing st)
{
    switch (st) {
    case STANDING_CURRENT: return "current";
    case STANDING_OLDER: return "older";
    case STANDING_CLAIM: return "claim of another party";
    case STANDING_CONFLICT: return "conflict, lost";
    case STANDING_QUARANTINED: return "quarantined";
    case STANDING_REPLACED: return "the same version, under its class of before";
    case STANDING_RENDITION: return "rendition";
    }
    return "unknown";
}

struct show {
    struct session *s;
    struct view *names;
    const char *version; /* as asked for; NULL: the current one */
    bool all, proof, by_entry;
    uint64_t n; /* by_entry: this one */
    struct uuid account;
    size_t shown, withheld;
    enum err err;
};

static void show_json(struct show *w, const struct version_row *row, struct text body)
{
    struct buffer *line = json_line(w->s);
    if (!w->all) {
        buffer_add(line, body);
        json_line_end(w->s);
        return;
    }
    struct arena a;
    arena_init(&a, 4 * KIB);
    struct json_out o = json_out_to(line);
    json_open(&o, '{');
    json_member_text(&o, "id", row->id);
    json_member_text(&o, "version", row->modified);
    json_member_text(&o, "standing", text_of(standing_words(row->standing)));
    json_member_text(&o, "party", party_name(w->names, &a, &row->party));
    json_member_i64(&o, "entry", (int64_t)row->n);
    json_member_i64(&o, "added_us", row->added_us);
    if (row->withdrawn)
        json_member_i64(&o, "withdrawn_us", row->withdrawn_us);
    vouchers_json(w->names, row, &a, &o);
    json_member_raw(&o, "object", body);
    json_close(&o, '}');
    json_line_end(w->s);
    arena_done(&a);
}

/* The newest that fits is enough: a proof is of one entry. */
static enum err show_proof(struct show *w, const struct version_row *row)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct buffer proof;
    if (w->shown++)
        return OK;
    buffer_init(&proof, PROOF_MAX_BYTES);
    enum err err = node_proof(w->s->node, row->n, &proof, &fault);
    if (err) {
        complain_fault(w->s, NULL, &fault);
        w->err = err;
    } else if (w->s->json) {
        struct json_out o = json_out_to(json_line(w->s));
        json_open(&o, '{');
        json_member_text(&o, "id", row->id);
        json_member_i64(&o, "entry", (int64_t)row->n);
        json_member_text(&o, "proof", buffer_text(&proof));
        json_close(&o, '}');
        json_line_end(w->s);
    } else {
        w->s->write(w->s->write_self, false, buffer_text(&proof));
    }
    buffer_done(&proof);
    return OK;
}

static bool wanted(const struct show *w, const struct version_row *row)
{
    if (w->by_entry)
        return row->n == w->n;
    if (w->version)
        return text_eq(row->modified, text_of(w->version));
    return w->all || row->standing == STANDING_CURRENT;
}

static enum err show_body(struct show *w, const struct version_row *row)
{
    const struct about_question q = {.n = row->n, .account = w->account, .now_us = clock_now_us()};
    struct fault fault = {.offset = -1, .line = -1};
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = about_body(w->s->node, w->names, &q, &body, &fault);
    if (err == ERR_DENIED) {
        w->withheld++;
    } else if (err) {
        complain_fault(w->s, NULL, &fault);
        w->err = err;
    } else {
        show_json(w, row, buffer_text(&body));
    }
    w->shown += err != ERR_DENIED;
    buffer_done(&body);
    return OK;
}

/* One version in a reader's words. The first is told whole, the others of --all without what is the same for all. */
static enum err show_people(struct show *w, const struct version_row *row)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct description d;
    struct arena a;
    const char *lang = option(w->s, "lang");
    const struct about_question q = {.n = row->n,
                                     .account = w->account,
                                     .now_us = clock_now_us(),
                                     .lang = text_of(lang ? lang : ""),
                                     .brief = w->shown > 0,
                                     .all = w->all};
    char id[IDENT_TEXT_MAX];
    snprintf(id, sizeof id, TEXT_FMT, TEXT_ARG(row->id));
    arena_init(&a, ABOUT_ARENA_BYTES);
    enum err err = about_object(w->s->node, w->names, &q, &a, &d, &fault);
    if (err == OK || (err == ERR_DENIED && d.count)) {
        if (w->shown)
            say(w->s, "\n----\n");
        show_description(w->s, &d, text_of(id), show_width(w->s));
        w->withheld += err == ERR_DENIED;
    } else {
        complain_fault(w->s, id, &fault);
        w->err = err;
    }
    w->shown++;
    arena_done(&a);
    return OK;
}

static bool may_see(const struct show *w, const struct version_row *row)
{
    struct about_question q = {.n = row->n, .account = w->account, .now_us = clock_now_us()};
    return about_may_read(w->s->node, w->names, &q);
}

static enum err show_version(void *self, const struct version_row *row)
{
    struct show *w = self;
    if (!wanted(w, row))
        return OK;
    if (!w->proof)
        return w->s->json ? show_body(w, row) : show_people(w, row);
    if (may_see(w, row))
        return show_proof(w, row);
    w->withheld++;
    return OK;
}

static int show_found(struct show *w, struct view *v, struct text id)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_versions(v, id, show_version, w, &fault);
    if (!err && !w->shown && !w->withheld && !w->version && !w->by_entry) {
        w->all = true; /* nothing counts: claims and what is in quarantine are all there is */
        err = view_versions(v, id, show_version, w, &fault);
    }
    if (err && err != ERR_NOT_FOUND)
        return complain_fault(w->s, NULL, &fault);
    if (w->err)
        return exit_of(w->err);
    if (w->withheld && !w->shown)
        complain(w->s, TEXT_FMT ": it is here, and this account may not see it", TEXT_ARG(id));
    else if (w->withheld)
        complain(w->s, TEXT_FMT ": %zu of its versions %s not for this account", TEXT_ARG(id), (size_t)w->withheld,
                 w->withheld == 1 ? "is" : "are");
    if (w->withheld)
        return EXIT_DENIED;
    if (w->shown == 0) {
        complain(w->s, TEXT_FMT ": not here%s", TEXT_ARG(id),
                 w->version ? " in that version; --all shows which there are"
                            : ", or erased: erased objects leave no trace of their identifiers");
        return EXIT_DATA;
    }
    return EXIT_DONE;
}

static int show_grants(struct session *s, struct view *v, struct view *names, struct text id)
{
    size_t granted;
    return grants_of_object(s, v, names, id, &granted) ? EXIT_WRITE : EXIT_DONE;
}

static int show_object(struct session *s, struct view *v)
{
    struct show w = {
        .s = s, .version = option(s, "version"), .all = option_given(s, "all"), .proof = option_given(s, "proof")};
    struct found_object found;
    if (w.all && w.proof) {
        complain(s, "--proof is of one version: leave --all, or name one with --version");
        return EXIT_USAGE;
    }
    int code = find_reader(s, v, &w.account);
    if (!code)
        code = find_object(s, v, &w.account, s->operands[0], &found);
    if (code)
        return code;
    w.by_entry = found.by_entry;
    w.n = found.n;
    if (open_view(s, &w.names))
        return EXIT_WRITE;
    code = show_found(&w, v, text_of(found.id));
    if (!code && !s->json && !w.proof)
        code = show_grants(s, v, w.names, text_of(found.id));
    node_reader_done(s->node, w.names);
    return code;
}

static int run_get(struct session *s)
{
    return with_view(s, show_object);
}

static const struct option_spec OPTIONS[] = {
    {"version", OPTION_VALUE, "TIME", "the version with that `modified`"},
    {"all", OPTION_FLAG, NULL, "every version and claim, newest first"},
    {"lang", OPTION_VALUE, "LANG", "in that language, where somebody has sent a translation (de, fr-BE)"},
    {"as", OPTION_VALUE, "ACCOUNT", "as that account may see it (the first administrator)"},
    {"proof", OPTION_FLAG, NULL, "instead: the proof that it stands in the log (entente verify FILE)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_GET = {
    .name = "get",
    .operands = "ID",
    .summary = "an object: who said it, when, under which marking, what it says and what it has to do with",
    .details =
        "ID: an identifier, its first 8 or more hexadecimal digits (with or without the type), a finding (F-12), an\n"
        "entry of the log (#345), or an exact name or value. What others refer to is named, what is not here is said "
        "to be "
        "so.\n"
        "What the account may not see is not shown: a sentence says why. $COLUMNS is the width, else the "
        "terminal's.\n"
        "With --json: the object as it is held (RFC 8785), one line; with --all each version in a line of its own.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_READ,
    .least = ROLE_READER,
    .run = run_get};
