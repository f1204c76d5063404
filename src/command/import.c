/* import: what partners and the world send, into the log. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/import_folder.h"
#include "command/names.h"
#include "command/proposal.h"
#include "desk/intake.h"
#include "desk/lists.h"
#include "json/json.h"

/* Refusals printed for people; the rest is counted. A feed of a million bad lines must not bury the summary. */
#define REFUSALS_SHOWN 20
#define NAMED_SHOWN    20
#define LOST_SHOWN     3
#define LEFT_OUT_SHOWN 40 /* reasons, of text and mail */

struct import {
    struct session *s;
    const char *file;
    uint64_t refused, warned, acked, named, proposed, lost;
    struct buffer names;    /* of ours, in words */
    struct buffer left_out; /* of text, a line a reason */
    struct buffer lost_first;
};

/* "1,204" */
static const char *thousands(uint64_t n, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

/* One line on the terminal, written over and over. */
static void show_progress(struct import *i, bool end)
{
    char line[128];
    int len =
        end ? snprintf(line, sizeof line, "\r\033[K")
            : snprintf(line, sizeof line, "\r%.80s: %llu objects are durable", i->file, (unsigned long long)i->acked);
    i->s->write(i->s->write_self, true, (struct text){line, (size_t)len});
}

static void on_commit(void *self, uint64_t acked, uint64_t at)
{
    struct import *i = self;
    i->acked = acked;
    if (i->s->json)
        say(i->s, "{\"acked\":%llu,\"at\":%llu}\n", (unsigned long long)acked, (unsigned long long)at);
    else if (i->s->progress)
        show_progress(i, false);
}

/* As "rejected" or as "warned". */
static void refusal_json(struct import *i, const char *what, const struct record_rejected *r)
{
    struct json_out o = json_out_to(json_line(i->s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(i->file));
    json_key(&o, text_of(what));
    json_open(&o, '{');
    json_member_i64(&o, "at", r->at);
    if (r->line >= 0)
        json_member_i64(&o, "line", r->line);
    json_member_text(&o, "id", r->id);
    json_member_text(&o, "rule", r->rule);
    json_member_text(&o, "reason", r->reason);
    json_close(&o, '}');
    json_close(&o, '}');
    json_line_end(i->s);
}

static void on_rejected(void *self, const struct record_rejected *r)
{
    struct import *i = self;
    i->refused++;
    if (i->s->json) {
        refusal_json(i, "rejected", r);
        return;
    }
    if (i->refused > REFUSALS_SHOWN)
        return;
    char place[48];
    if (r->line >= 0)
        snprintf(place, sizeof place, "line %lld", (long long)r->line);
    else
        snprintf(place, sizeof place, "byte %lld", (long long)r->at);
    complain(i->s, "%s: %s: " TEXT_FMT "%sleft out: " TEXT_FMT " (" TEXT_FMT ")", i->file, place, TEXT_ARG(r->id),
             r->id.len ? " " : "", TEXT_ARG(r->reason), TEXT_ARG(r->rule));
}

static void on_warned(void *self, const struct record_object *w)
{
    struct import *i = self;
    i->warned++;
    if (i->s->json) {
        const struct record_rejected r = {
            .at = w->at, .line = -1, .id = w->id, .rule = w->warned_rule, .reason = w->warned};
        refusal_json(i, "warned", &r);
        return;
    }
    if (i->warned > REFUSALS_SHOWN)
        return;
    complain(i->s, "%s: byte %lld: " TEXT_FMT " taken in, though: " TEXT_FMT " (" TEXT_FMT ")", i->file,
             (long long)w->at, TEXT_ARG(w->id), TEXT_ARG(w->warned), TEXT_ARG(w->warned_rule));
}

/* A feed of a million names of ours must not bury the summary. */
static void on_named(void *self, const struct named_news *news)
{
    struct import *i = self;
    i->named++;
    if (i->s->json) {
        char number[32];
        snprintf(number, sizeof number, "F-%llu", (unsigned long long)news->number);
        struct json_out o = json_out_to(json_line(i->s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(i->file));
        json_key(&o, TEXT("named"));
        json_open(&o, '{');
        json_member_text(&o, "finding", text_of(number));
        json_member_text(&o, "value", news->value);
        json_member_text(&o, "organisation", news->organisation);
        json_close(&o, '}');
        json_close(&o, '}');
        json_line_end(i->s);
    } else if (i->named <= NAMED_SHOWN) {
        buffer_addf(&i->names, "%sF-%llu " TEXT_FMT " (" TEXT_FMT ")", i->named == 1 ? "" : ", ",
                    (unsigned long long)news->number, TEXT_ARG(news->value), TEXT_ARG(news->organisation));
    }
}

static void on_proposed(void *self, const struct record_object *o)
{
    struct import *i = self;
    if (++i->proposed <= PROPOSALS_SHOWN || i->s->json)
        proposal_tell(i->s, i->file, o->body);
}

/* Its bytes are kept with the document, so people are told the first few and how many, and programs each. Of text,
 * where the reader judged, people are told every reason. */
static void on_lost(void *self, const struct record_lost *l)
{
    struct import *i = self;
    if (i->s->json) {
        lost_tell(i->s, i->file, l);
        return;
    }
    if (++i->lost <= LOST_SHOWN)
        buffer_addf(&i->lost_first, "%s: byte %lld: " TEXT_FMT " is not carried: " TEXT_FMT "\n", i->file,
                    (long long)l->at, TEXT_ARG(l->what), TEXT_ARG(l->reason));
    if (i->lost <= LEFT_OUT_SHOWN)
        lost_words(&i->left_out, i->file, l);
}

static void more_than_shown(struct import *i)
{
    if (i->refused > REFUSALS_SHOWN)
        complain(i->s, "%s: and %llu more were left out; --json lists them all", i->file,
                 (unsigned long long)(i->refused - REFUSALS_SHOWN));
    if (i->warned > REFUSALS_SHOWN)
        complain(i->s, "%s: and %llu more were taken in with a warning; --json lists them all", i->file,
                 (unsigned long long)(i->warned - REFUSALS_SHOWN));
}

/* "1,204 events: 17 findings at 9 organisations, 3 rows nobody's". */
static void events_words(struct session *s, const char *file, const struct intake_totals *t)
{
    char events[32], findings[32], organisations[32], nobodys[32];
    if (t->events == 0)
        return;
    if (t->fresh == 0 && t->updated == 0 && t->unchanged >= t->events) {
        say(s, "%s: %s event%s, all known already (entente finding list)\n", file, thousands(t->events, events),
            t->events == 1 ? "" : "s");
        return;
    }
    say(s, "%s: %s event%s: %s finding%s at %s organisation%s, %s row%s nobody's\n", file,
        thousands(t->events, events), t->events == 1 ? "" : "s", thousands(t->findings, findings),
        t->findings == 1 ? "" : "s", thousands(t->organisations, organisations), t->organisations == 1 ? "" : "s",
        thousands(t->nobodys, nobodys), t->nobodys == 1 ? "" : "s");
}

static void suppressed_words(struct session *s, const char *file, const struct suppress_counts *c)
{
    struct buffer words;
    buffer_init(&words, SUPPRESS_COUNTS_MAX * (SUPPRESS_WORDS_MAX + 32));
    suppress_counts_words(c, &words);
    if (words.len)
        say(s, "%s: " TEXT_FMT "\n", file, TEXT_ARG(buffer_text(&words)));
    buffer_done(&words);
}

static void lost_summary(const struct import *i, const struct intake_totals *t)
{
    struct text line, rest = buffer_text(&i->lost_first);
    if (t->format == READER_TEXT || t->format == READER_MAIL) {
        if (i->left_out.len)
            say(i->s, TEXT_FMT, TEXT_ARG(buffer_text(&i->left_out)));
        return;
    }
    while (rest.len && text_split(&rest, '\n', &line))
        complain(i->s, TEXT_FMT, TEXT_ARG(line));
    if (t->lost)
        complain(i->s,
                 "%s: %llu piece%s carried by no object or event; the document is kept, and with it all that it says "
                 "(--json lists each)",
                 i->file, (unsigned long long)t->lost, t->lost == 1 ? " is" : "s are");
}

static void summary(struct session *s, const char *file, const struct intake_totals *t,
                    const struct suppress_counts *suppressed, double seconds)
{
    const char *format = t->format == READER_DETECT ? "unknown" : reader_format_name(t->format);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(file));
        json_member_text(&o, "format", text_of(format));
        json_member_i64(&o, "read", (int64_t)t->read);
        json_member_i64(&o, "new", (int64_t)t->fresh);
        json_member_i64(&o, "updated", (int64_t)t->updated);
        json_member_i64(&o, "unchanged", (int64_t)t->unchanged);
        json_member_i64(&o, "rejected", (int64_t)t->rejected);
        json_member_i64(&o, "warned", (int64_t)t->warned);
        json_member_i64(&o, "named", (int64_t)t->named);
        json_member_i64(&o, "proposed", (int64_t)t->proposed);
        json_member_i64(&o, "lost", (int64_t)t->lost);
        if (t->events) {
            json_member_i64(&o, "events", (int64_t)t->events);
            json_member_i64(&o, "findings", (int64_t)t->findings);
            json_member_i64(&o, "organisations", (int64_t)t->organisations);
            json_member_i64(&o, "nobodys", (int64_t)t->nobodys);
        }
        json_member_i64(&o, "suppressed", (int64_t)suppressed->total);
        json_key(&o, TEXT("seconds"));
        json_put_f64(&o, (double)(int64_t)(seconds * 1e6) / 1e6);
        json_close(&o, '}');
        json_line_end(s);
        return;
    }
    if (t->red)
        complain(s, "%s: %llu marked TLP:RED wait in quarantine (entente quarantine list)", file,
                 (unsigned long long)t->red);
    if (t->warned)
        complain(
            s,
            "%s: %llu taken in break a rule of the specification and are what their sender wrote: entente validate",
            file, (unsigned long long)t->warned);
    say(s, "%s (%s): %llu read, %llu new, %llu updated, %llu unchanged, %llu refused, %.2f s\n", file, format,
        (unsigned long long)t->read, (unsigned long long)t->fresh, (unsigned long long)t->updated,
        (unsigned long long)t->unchanged, (unsigned long long)t->rejected, seconds);
    events_words(s, file, t);
    suppressed_words(s, file, suppressed);
}

/* What of the new is held and not looked for. ret: none where that cannot be told; the import itself went well. */
static void count_suppressed(struct session *s, uint64_t from_n, struct suppress_counts *ret)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct suppress *sup = NULL;
    struct view *v;
    *ret = (struct suppress_counts){.total = 0};
    if (node_reader(s->node, &v, &fault))
        return;
    if (view_position(v) > from_n && !suppress_load(s->node, v, &sup, &fault) &&
        suppress_counts_since(v, sup, from_n, ret, &fault))
        complain_fault(s, NULL, &fault);
    suppress_free(sup);
    node_reader_done(s->node, v);
}

static uint64_t entries_now(struct session *s)
{
    struct view *v;
    if (node_reader(s->node, &v, NULL))
        return UINT64_MAX;
    uint64_t n = view_position(v);
    node_reader_done(s->node, v);
    return n;
}

static int import_one(struct session *s, const struct input *in, struct intake_options *options)
{
    struct import import = {.s = s, .file = in->name};
    struct intake_totals totals = {0};
    struct fault fault = {.offset = -1, .line = -1};
    options->name = text_of(in->name);
    options->on_commit = on_commit;
    options->on_rejected = on_rejected;
    options->on_warned = on_warned;
    options->on_named = on_named;
    buffer_init(&import.names, MIB);
    options->on_proposed = on_proposed;
    options->on_lost = on_lost;
    buffer_init(&import.left_out, MIB);
    buffer_init(&import.lost_first, MIB);
    options->self = &import;
    struct suppress_counts suppressed;
    uint64_t from_n = entries_now(s);
    int64_t start = clock_mono_us();
    enum err err = intake_run(s->node, in->fd, options, &totals, &fault);
    if (s->progress && import.acked && !s->json)
        show_progress(&import, true);
    if (!s->json)
        more_than_shown(&import);
    double seconds = (double)(clock_mono_us() - start) / 1e6;
    count_suppressed(s, from_n, &suppressed);
    if (!s->json)
        lost_summary(&import, &totals);
    summary(s, in->name, &totals, &suppressed, seconds);
    if (!s->json)
        proposals_tell_how(s, in->name, totals.proposed);
    if (totals.named && !s->json)
        say(s, "%s: names %llu of ours: " TEXT_FMT "%s\n", in->name, (unsigned long long)totals.named,
            TEXT_ARG(buffer_text(&import.names)), totals.named > NAMED_SHOWN ? ", ... (entente finding list)" : "");
    buffer_done(&import.names);
    buffer_done(&import.left_out);
    buffer_done(&import.lost_first);
    return err ? complain_fault(s, in->name, &fault) : EXIT_DONE;
}

struct import_all {
    struct session *s;
    struct intake_options *options;
};

static int import_from_folder(void *self, const struct input *in)
{
    const struct import_all *all = self;
    return import_one(all->s, in, all->options);
}

static int import_input(struct session *s, const struct input *in, struct intake_options *options)
{
    struct import_all all = {s, options};
    if (!is_folder(in))
        return import_one(s, in, options);
    if (is_feed(in, options))
        return import_feed(s, in, options);
    return import_files(s, in, import_from_folder, &all);
}

static int read_format(struct session *s, enum reader_format *ret)
{
    const char *as = option(s, "as");
    *ret = READER_DETECT;
    if (!as)
        return EXIT_DONE;
    *ret = reader_format_parse(text_of(as));
    if (*ret == READER_DETECT) {
        struct buffer names;
        buffer_init(&names, 4 * KIB);
        reader_format_names(&names);
        complain(s, "--as %s: no format of that name; there are " TEXT_FMT, as, TEXT_ARG(buffer_text(&names)));
        buffer_done(&names);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static int read_origin(struct session *s, struct intake_options *options)
{
    const char *from = option(s, "from"), *source = option(s, "source");
    struct fault fault = {.offset = -1, .line = -1};
    options->from_self = from && strcmp(from, "self") == 0;
    if (source) {
        struct view *v;
        struct fact_source f;
        if (open_view(s, &v))
            return EXIT_WRITE;
        enum err err = view_source_by_name(v, text_of(source), &f, &fault);
        if (!err) {
            options->source = f.id;
            options->party = f.party;
        }
        node_reader_done(s->node, v);
        if (err) {
            complain(s, "no source is named %s; entente source list shows them", source);
            return EXIT_DATA;
        }
    }
    if (from && !options->from_self) {
        if (check_name(s, from))
            return EXIT_USAGE;
        if (intake_party(s->node, text_of(from), &options->account, &options->party, &fault))
            return complain_fault(s, NULL, &fault);
    }
    return EXIT_DONE;
}

/* Without --source, a party's only source is meant: its defaults and incident rule are what people expect. */
struct only_source {
    struct uuid party, source;
    size_t count;
};

static enum err count_source(void *self, const struct fact *f)
{
    struct only_source *o = self;
    if (uuid_eq(&f->u.source.party, &o->party)) {
        o->source = f->u.source.id;
        o->count++;
    }
    return OK;
}

static int imply_source(struct session *s, struct intake_options *options)
{
    static const struct uuid none;
    struct view *v;
    if (uuid_eq(&options->party, &none) || !uuid_eq(&options->source, &none))
        return EXIT_DONE;
    if (open_view(s, &v))
        return EXIT_WRITE;
    struct only_source only = {.party = options->party};
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_facts(v, FACT_SOURCE, count_source, &only, &fault);
    node_reader_done(s->node, v);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (only.count == 1)
        options->source = only.source;
    return EXIT_DONE;
}

/* Labels of TLP and marking definitions of ours, a comma between. */
#define MARKINGS_MAX 16
struct wanted_markings {
    struct text list[MARKINGS_MAX];
    size_t count;
};

static bool is_ours(struct session *s, struct view *v, struct text id)
{
    struct version_row row;
    return text_starts(id, TEXT("marking-definition--")) && view_current(v, id, &row, NULL) == OK &&
           uuid_eq(&row.party, &node_genesis(s->node)->identity);
}

static int read_definition(struct session *s, struct text word, struct intake_options *options,
                           struct wanted_markings *w)
{
    struct view *v;
    if (!options->from_self) {
        complain(s,
                 "--marking " TEXT_FMT ": only our own objects (--from self) are given marking definitions; what "
                 "others gave is theirs to mark: a label, or a source's default",
                 TEXT_ARG(word));
        return EXIT_USAGE;
    }
    if (open_view(s, &v))
        return EXIT_WRITE;
    bool ours = is_ours(s, v, word);
    node_reader_done(s->node, v);
    if (!ours || w->count == MARKINGS_MAX) {
        complain(s, "--marking " TEXT_FMT ": %s", TEXT_ARG(word),
                 ours ? "too many" : "no marking definition of ours; entente marking list shows them");
        return EXIT_USAGE;
    }
    w->list[w->count++] = word;
    return EXIT_DONE;
}

static int read_markings(struct session *s, struct intake_options *options, struct wanted_markings *w)
{
    struct text rest = text_of(option(s, "marking")), word;
    while (rest.ptr && text_split(&rest, ',', &word)) {
        enum tlp label;
        if (text_starts(word, TEXT("marking-definition--"))) {
            int code = read_definition(s, word, options, w);
            if (code)
                return code;
        } else if (tlp_parse(word, &label)) {
            complain(s,
                     "--marking " TEXT_FMT ": one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED, or the id of a marking "
                     "definition of ours",
                     TEXT_ARG(word));
            return EXIT_USAGE;
        } else {
            options->marking = tlp_stricter(options->marking, label);
        }
    }
    options->markings = w->list;
    options->marking_count = w->count;
    return EXIT_DONE;
}

static int run_import(struct session *s)
{
    struct wanted_markings markings = {.count = 0};
    struct intake_options options = {.strict = option_given(s, "strict"),
                                     .exercise = text_of(option_given(s, "exercise") ? option(s, "exercise") : ""),
                                     .account = *session_account(s),
                                     .cancel = s->cancel};
    int code = read_format(s, &options.format);
    if (!code)
        code = read_origin(s, &options);
    if (!code)
        code = read_markings(s, &options, &markings);
    if (!code)
        code = imply_source(s, &options);
    if (code)
        return code;
    /* A bad file does not keep the next ones out; the first failure is what is returned. */
    size_t i = 0;
    for (; i < s->input_count && !cancelled(s); i++) {
        int one = import_input(s, &s->inputs[i], &options);
        code = code ? code : one;
    }
    if (i < s->input_count && !code) {
        complain(s, "%s: stopped before it was taken in; run import again for the rest", s->inputs[i].name);
        code = EXIT_WRITE;
    }
    return code;
}

static void add_formats(struct buffer *to)
{
    buffer_add(to, TEXT("FORMAT is one of "));
    reader_format_names(to);
    buffer_add(to, TEXT(".\n"));
}

static const struct option_spec OPTIONS[] = {
    {"as", OPTION_VALUE, "FORMAT", "what it is, by one of the names that stand here (else found out)"},
    {"marking", OPTION_VALUE, "TLP|ID,...",
     "label, and definitions of ours, of objects that carry none; never replaces"},
    {"from", OPTION_VALUE, "PARTY", "who said it; 'self' for our own"},
    {"source", OPTION_VALUE, "NAME", "the channel it came by (entente source list)"},
    {"exercise", OPTION_VALUE, "NAME", "in that exercise's home: it was made for it; every object gets the mark"},
    {"strict", OPTION_FLAG, NULL, "one object refused, or taken in with a warning, refuses the file whole"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_IMPORT = {
    .name = "import",
    .operands = "FILE|FOLDER...",
    .summary = "take in STIX, MISP, CSV and what else the world sends",
    .details =
        "A bad object is left out with its place and reason, the rest goes in; one whose fault leaves no doubt "
        "about\n"
        "what it says goes in with a warning (docs/VALIDATION.md). The same file again changes nothing.\n"
        "What is found in text that people wrote is proposed, and counts when it is accepted (docs/TEXT.md).\n"
        "Reported events (Shadowserver and others) become findings (docs/REPORTS.md).\n"
        "CSV needs a header with 'value'; type, valid_until, confidence, tlp, description and label are read.\n"
        "With --json: {\"acked\":N,\"at\":P} at each durable commit, a line per object refused (\"rejected\") or\n"
        "warned of (\"warned\") and per piece that no object carries (\"lost\"), one summary per file.\n"
        "A FOLDER with a manifest.json is a MISP feed (docs/MISP.md), another one its files.\n",
    .add_details = add_formats,
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .files = FILES_OPERANDS,
    .folders = true,
    .run = run_import};
