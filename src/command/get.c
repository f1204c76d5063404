/* get: an object as we hold it, and what we know about it. */
#include <string.h>

#include "command/commands.h"
#include "command/names.h"
#include "command/share_words.h"
#include "command/vouchers.h"
#include "store/proof.h"
#include "json/json.h"

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

static void indent(struct buffer *out, size_t depth)
{
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < depth; i++)
        buffer_add(out, TEXT("  "));
}

/* Canonical JSON has no white space outside strings: putting some in is all there is to do. */
static void pretty(struct text json, struct buffer *out)
{
    size_t depth = 0;
    bool inside = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (inside) {
            buffer_add_char(out, c);
            if (c == '\\' && i + 1 < json.len)
                buffer_add_char(out, json.ptr[++i]);
            else if (c == '"')
                inside = false;
            continue;
        }
        inside = c == '"';
        bool empty = i + 1 < json.len && (json.ptr[i + 1] == '}' || json.ptr[i + 1] == ']');
        if ((c == '}' || c == ']') && depth > 0 && i > 0 && json.ptr[i - 1] != '{' && json.ptr[i - 1] != '[')
            indent(out, --depth);
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        buffer_add_char(out, c);
        if (c == '{' || c == '[') {
            depth++;
            if (!empty)
                indent(out, depth);
        } else if (c == ',') {
            indent(out, depth);
        } else if (c == ':') {
            buffer_add_char(out, ' ');
        }
    }
}

struct show {
    struct session *s;
    struct view *names;
    const char *version; /* as asked for; NULL: the current one */
    bool all, proof;
    size_t shown;
    enum err err;
};

/* A class without its source was given its label when it came in, or by a definition. */
static const char *label_words(const struct gate_class *cls)
{
    static const struct uuid none;
    return uuid_eq(&cls->source, &none) ? " (not said by the object itself)" : " (the source's recorded default)";
}

static void show_people(struct show *w, const struct version_row *row, const struct gate_class *cls, struct text body)
{
    struct arena a;
    struct buffer out;
    char added[MOMENT_MAX];
    arena_init(&a, 64 * KIB);
    buffer_init(&out, 64 * MIB);
    struct text from = cls->ours ? TEXT("us") : party_name(w->names, &a, &row->party);
    struct text by = source_name(w->names, &a, &row->source);
    buffer_addf(&out, TEXT_FMT "\n", TEXT_ARG(row->id));
    buffer_addf(&out, "  from      " TEXT_FMT ", source " TEXT_FMT "\n", TEXT_ARG(from), TEXT_ARG(by));
    buffer_addf(&out, "  taken in  %s, log entry %llu\n", moment(row->added_us, added), (unsigned long long)row->n);
    struct text version = row->modified.len ? row->modified : TEXT("none");
    buffer_addf(&out, "  version   " TEXT_FMT ", %s%s%s\n", TEXT_ARG(version), standing_words(row->standing),
                cls->quarantined && row->standing == STANDING_CURRENT ? ", in quarantine" : "",
                row->revoked ? ", revoked" : "");
    struct buffer terms;
    buffer_init(&terms, 16 * KIB);
    terms_words(&cls->terms, &terms);
    if (terms.len)
        buffer_addf(&out, "  terms     " TEXT_FMT "\n", TEXT_ARG(buffer_text(&terms)));
    buffer_done(&terms);
    vouchers_words(w->names, row, &a, &out);
    buffer_addf(&out, "  marking   %s%s%s%s\n", tlp_name(gate_class_label(cls)),
                cls->tlp == TLP_NONE && cls->source_default != TLP_NONE ? label_words(cls) : "",
                cls->unknown_marking ? ", and one that is unknown here" : "",
                cls->granular ? ", portions marked" : "");
    pretty(body, &out);
    buffer_add_char(&out, '\n');
    clean_for_people(out.ptr, out.ptr ? out.len : 0, true);
    say_text(w->s, buffer_text(&out));
    buffer_done(&out);
    arena_done(&a);
}

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

static enum err show_version(void *self, const struct version_row *row)
{
    struct show *w = self;
    if (!w->all && w->version && !text_eq(row->modified, text_of(w->version)))
        return OK;
    if (!w->all && !w->version && row->standing != STANDING_CURRENT)
        return OK;
    if (w->proof)
        return show_proof(w, row);
    struct fault fault = {.offset = -1, .line = -1};
    struct gate_class cls;
    struct buffer body;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = view_class(w->names, row->class_id, &cls, &fault);
    if (!err)
        err = node_body(w->s->node, row->body, &body, &fault);
    if (err) {
        complain_fault(w->s, NULL, &fault);
        w->err = err;
    } else if (w->s->json) {
        show_json(w, row, buffer_text(&body));
    } else {
        if (w->shown)
            say(w->s, "\n");
        show_people(w, row, &cls, buffer_text(&body));
    }
    w->shown++;
    buffer_done(&body);
    return OK;
}

static int show_object(struct session *s, struct view *v)
{
    struct show w = {
        .s = s, .version = option(s, "version"), .all = option_given(s, "all"), .proof = option_given(s, "proof")};
    struct fault fault = {.offset = -1, .line = -1};
    struct ident ident;
    struct text id = text_of(s->operands[0]);
    if (ident_parse(id, &ident, &fault)) {
        complain(s, "%s: not a STIX identifier (type--UUID)", s->operands[0]);
        return EXIT_USAGE;
    }
    if (w.all && w.proof) {
        complain(s, "--proof is of one version: leave --all, or name one with --version");
        return EXIT_USAGE;
    }
    if (open_view(s, &w.names))
        return EXIT_WRITE;
    enum err err = view_versions(v, id, show_version, &w, &fault);
    size_t granted;
    if (!err && !s->json && !w.proof)
        err = grants_of_object(s, v, w.names, id, &granted);
    node_reader_done(s->node, w.names);
    if (err && err != ERR_NOT_FOUND)
        return complain_fault(s, NULL, &fault);
    if (w.err)
        return exit_of(w.err);
    if (w.shown == 0) {
        complain(s, "%s: not here%s", s->operands[0], w.version ? " in that version" : "");
        return EXIT_DATA;
    }
    return EXIT_DONE;
}

static int run_get(struct session *s)
{
    return with_view(s, show_object);
}

static const struct option_spec OPTIONS[] = {
    {"version", OPTION_VALUE, "TIME", "the version with that `modified`"},
    {"all", OPTION_FLAG, NULL, "every version and claim, newest first"},
    {"proof", OPTION_FLAG, NULL, "instead: the proof that it stands in the log (entente verify FILE)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_GET = {
    .name = "get",
    .operands = "ID",
    .summary = "an object: who said it, when, under which marking, and the object itself",
    .details =
        "With --json: the object as it is held (RFC 8785), one line; with --all each version in a line of its own.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_READ,
    .run = run_get};
