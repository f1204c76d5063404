/* finding list|show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/desk_words.h"
#include "command/find.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/about.h"
#include "desk/finding.h"
#include "desk/search.h"
#include "exchange/clearance.h"
#include "exchange/explain.h"
#include "json/json.h"

#define FINDINGS_SHOWN 200
#define EVIDENCE_SHOWN 10

struct list {
    struct session *s;
    struct desk_words words;
    struct table table;
    uint64_t shown;
    struct clearance *clearance; /* of the account that looks */
    struct uuid account;
    int64_t now_us;
    struct listed_row {
        struct finding_row row;
        unsigned rank; /* of trust */
    } * rows;
    size_t row_count, row_cap;
};

/* ---- what the account that looks is cleared for ---- */

/* The administrator, or the account of --as: what an administrator may see includes what another one does. */
static int open_eyes(struct list *l, struct view *v)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct fact_account a;
    const char *as = option(l->s, "as");
    l->now_us = clock_now_us();
    enum err err =
        as ? view_account_by_name(v, text_of(as), &a, &fault) : view_account(v, session_account(l->s), &a, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(l->s, "no account is named %s; entente account list shows them", as ? as : "so");
        return EXIT_DATA;
    }
    if (err == OK && uuid_some(&a.party)) {
        complain(l->s, "%s is a partner's machine: findings are for our own accounts", as);
        return EXIT_DENIED;
    }
    if (err == OK) {
        struct uuid id = a.id;
        l->account = a.id;
        const struct recipient r = recipient_of_account(l->s->node, &id, a.disabled ? ROLE_NONE : a.role, TEXT_NONE);
        err = clearance_make(v, &r, DOOR_CONSOLE, l->now_us, node_gate_counters(l->s->node), &l->clearance, &fault);
    }
    return err ? complain_fault(l->s, NULL, &fault) : EXIT_DONE;
}

/* The pattern may be a portion with a marking of its own, or no part of the tear line: the value shows only to whom
 * the object shows it. What cannot be found out is not shown. */
static bool is_cut(struct list *l, struct text indicator)
{
    struct explained e;
    struct arena arena;
    arena_init(&arena, 16 * MIB);
    bool cut = true;
    if (explain_object(l->s->node, l->words.view, indicator, &l->clearance->recipient, DOOR_CONSOLE, l->now_us,
                       &arena, &e, NULL) == OK) {
        struct text body = e.object ? cleared_body(e.object) : TEXT_NONE;
        cut = text_find_text(body, TEXT("\"pattern\":")) < 0;
        explained_done(&e);
    }
    arena_done(&arena);
    return cut;
}

/* What was reported is decided upon as its reporter's own object with the finding's label would be. */
static bool is_sealed_report(struct list *l, const struct finding_row *row, enum tlp label)
{
    struct gate_class cls = {.party = row->party, .source = row->source, .tlp = label, .type = "x-entente-finding"};
    struct sharing_question q;
    struct decision d;
    const struct fact_genesis *g = node_genesis(l->s->node);
    cls.ours = uuid_eq(&row->party, &g->identity);
    cls.exercise = !text_eq(g->space, TEXT("real"));
    sharing_ask(&l->clearance->sharing, &cls, &l->clearance->recipient, DOOR_CONSOLE, l->now_us, TEXT_NONE, TEXT_NONE,
                &q);
    gate_decide(&q.q, &d);
    return !d.cleared;
}

/* A hit inherits its indicator's marking (docs/RELEASE.md 8): who may not have the indicator sees that there was a
 * hit, and not on what. One whose indicator is gone shows nothing of it anyway. */
static bool is_sealed(struct list *l, const struct finding_row *row, enum tlp label)
{
    char id[IDENT_TEXT_MAX];
    struct version_row version;
    struct sharing_question q;
    struct decision d;
    char name[VERSION_NAME_MAX];
    if (row->kind == FINDING_REPORTED)
        return is_sealed_report(l, row, label);
    struct text indicator = ident_format(TEXT("indicator"), &row->indicator, id);
    if (view_current(l->words.view, indicator, &version, NULL))
        return false;
    if (!clearance_decide(l->clearance, l->now_us, version.class_id, indicator, version_name(&version, name), &q,
                          &d) ||
        !d.cleared)
        return true;
    return (q.q.cls->granular || d.tear) && is_cut(l, indicator);
}

/* What others say against its indicator lowers the trust in it. */
static void take_disputes(struct list *l, const struct finding_row *row, struct finding_words *w)
{
    char id[IDENT_TEXT_MAX], words[DISPUTED_WORDS_MAX];
    const struct dispute_question q = {ident_format(TEXT("indicator"), &row->indicator, id), l->account, l->now_us};
    if (row->kind == FINDING_REPORTED ||
        disputes_of(l->s->node, l->words.view, &q, &l->words.arena, &w->disputes, &w->dispute_count, NULL) != OK)
        return;
    struct text trust = arena_text(&l->words.arena, disputed_words(w->trust, w->dispute_count, words));
    if (trust.ptr)
        w->trust = trust;
    w->rank = disputed_rank(w->rank, w->dispute_count);
}

static struct finding_words words_for(struct list *l, const struct finding_row *row, bool *ret_sealed)
{
    struct finding_words w = desk_words_finding(&l->words, row);
    *ret_sealed = is_sealed(l, row, w.label);
    if (*ret_sealed) {
        w.value = w.party = TEXT("(sealed)");
        w.report = w.classification = w.identifier = w.words = w.values = w.trust = TEXT_NONE;
        w.value_count = 0;
    } else {
        take_disputes(l, row, &w);
    }
    return w;
}

/* "scan_ntp, vulnerable/ddos-amplifier, open-ntp, 14 addresses"; of others the value. Static as long as the list. */
static struct text what_of(struct list *l, const struct finding_row *row, const struct finding_words *w)
{
    struct buffer b;
    if (row->kind != FINDING_REPORTED || w->report.len == 0)
        return w->value;
    buffer_init(&b, 8 * KIB);
    buffer_add(&b, w->report);
    const struct text more[] = {w->classification, w->identifier};
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (more[i].len > 0)
            buffer_addf(&b, ", " TEXT_FMT, TEXT_ARG(more[i]));
    if (w->value_count == 1)
        buffer_addf(&b, ", " TEXT_FMT, TEXT_ARG(w->value));
    else if (w->value_count > 1)
        buffer_addf(&b, ", %zu%s addresses", w->value_count, w->value_count == FINDING_VALUES_MAX ? " or more" : "");
    struct text t = arena_text(&l->words.arena, buffer_text(&b));
    buffer_done(&b);
    return t.ptr ? t : w->report;
}

static void report_json(struct json_out *o, const struct finding_row *row, const struct finding_words *w, bool whole)
{
    json_member_text(o, "report", w->report);
    json_member_text(o, "classification", w->classification);
    json_member_text(o, "identifier", w->identifier);
    json_member_text(o, "role", w->role);
    json_member_text(o, "severity", text_of(finding_severity_name(row->severity)));
    json_member_i64(o, "addresses", (int64_t)w->value_count);
    json_member_i64(o, "occurrences", w->occurrences);
    if (whole && w->values.len > 0)
        json_member_raw(o, "values", w->values);
}

static void row_json(struct list *l, const struct finding_row *row, bool whole)
{
    char id[IDENT_TEXT_MAX], number[32];
    bool sealed;
    struct finding_words w = words_for(l, row, &sealed);
    snprintf(number, sizeof number, "F-%llu", (unsigned long long)row->number);
    struct json_out o = json_out_to(json_line(l->s));
    json_open(&o, '{');
    json_member_text(&o, "finding", text_of(number));
    json_member_text(&o, "id", row->id);
    json_member_text(&o, "state", text_of(finding_state_name(row->state)));
    json_member_text(&o, "finding_kind", text_of(finding_kind_name((enum finding_kind)row->kind)));
    if (row->kind == FINDING_REPORTED)
        report_json(&o, row, &w, whole);
    else
        json_member_text(&o, "indicator", sealed ? w.value : ident_format(TEXT("indicator"), &row->indicator, id));
    if (w.words.len > 0)
        json_member_text(&o, "words", w.words);
    json_member_text(&o, "value", w.value);
    json_member_text(&o, "party", w.party);
    if (w.trust.len > 0)
        json_member_text(&o, "trust", w.trust);
    json_key(&o, TEXT("organisation"));
    if (w.owned)
        json_put_text(&o, w.organisation);
    else
        json_put_null(&o);
    json_member_text(&o, "incident", w.incident);
    json_member_i64(&o, "first_us", row->first_us);
    json_member_i64(&o, "last_us", row->last_us);
    json_member_i64(&o, "count", (int64_t)row->count);
    if (sealed)
        json_member_bool(&o, "sealed", true);
    json_close(&o, '}');
    json_line_end(l->s);
}

static enum err list_one(void *self, const struct finding_row *row)
{
    struct list *l = self;
    char last[MOMENT_MAX];
    l->shown++;
    if (l->s->json) {
        row_json(l, row, false);
        return OK;
    }
    bool sealed;
    struct finding_words w = words_for(l, row, &sealed);
    table_cellf(&l->table, "F-%llu", (unsigned long long)row->number);
    table_cell(&l->table, text_of(finding_kind_name((enum finding_kind)row->kind)));
    table_cell(&l->table, w.organisation);
    table_cell(&l->table, what_of(l, row, &w));
    table_cell(&l->table, w.party);
    table_cell(&l->table, w.trust.len ? w.trust : TEXT("-"));
    table_cellf(&l->table, "%llu", (unsigned long long)row->count);
    table_cell(&l->table, text_of(moment(row->last_us, last)));
    table_cell(&l->table, text_of(finding_state_name(row->state)));
    table_cell(&l->table, w.incident.len ? w.incident : TEXT("-"));
    return OK;
}

/* The day of the last line, UTC: an age. */
static int64_t day_of(const struct finding_row *row)
{
    const int64_t day = (int64_t)24 * 3600 * 1000000;
    return (row->last_us - (row->last_us % day + day) % day) / day;
}

/* Newest first; of one day what is more trusted. */
static int compare_rows(const void *a, const void *b)
{
    const struct listed_row *x = a, *y = b;
    if (day_of(&x->row) != day_of(&y->row))
        return day_of(&x->row) < day_of(&y->row) ? 1 : -1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return x->row.number < y->row.number ? 1 : x->row.number > y->row.number ? -1 : 0;
}

static enum err keep_row(void *self, const struct finding_row *row)
{
    struct list *l = self;
    if (l->row_count == l->row_cap) {
        size_t cap = l->row_cap ? 2 * l->row_cap : 64;
        struct listed_row *grown = realloc(l->rows, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        l->rows = grown;
        l->row_cap = cap;
    }
    struct listed_row *kept = &l->rows[l->row_count++];
    *kept = (struct listed_row){.row = *row};
    kept->row.id = arena_text(&l->words.arena, row->id);
    return kept->row.id.ptr ? OK : ERR_NOMEM;
}

/* What is sealed says nothing by its place in the list. */
static enum err list_rows(struct list *l)
{
    const unsigned unknown = trust_rank(-1, (struct source_trust){0});
    for (size_t i = 0; i < l->row_count; i++) {
        bool sealed;
        const struct finding_words w = words_for(l, &l->rows[i].row, &sealed);
        l->rows[i].rank = sealed ? unknown : w.rank;
    }
    if (l->row_count)
        qsort(l->rows, l->row_count, sizeof *l->rows, compare_rows);
    enum err err = OK;
    for (size_t i = 0; !err && i < l->row_count; i++)
        err = list_one(l, &l->rows[i].row);
    return err;
}

static int list_findings(struct session *s, struct view *v)
{
    static const char *const heads[] = {"FINDING",         "KIND",  "ORGANISATION", "VALUE", "FROM", "TRUST", "HITS",
                                        "LAST SEEN (UTC)", "STATE", "INCIDENT",     NULL};
    struct list l = {.s = s};
    struct fault fault = {.offset = -1, .line = -1};
    uint64_t limit;
    if (option_u64(s, "limit", FINDINGS_SHOWN, 1000000, &limit))
        return EXIT_USAGE;
    int code = open_eyes(&l, v);
    if (code || desk_words_open(s, &l.words)) {
        clearance_unref(l.clearance);
        return code ? code : EXIT_WRITE;
    }
    table_begin(&l.table, s, heads);
    enum err err = view_findings(v, option_given(s, "open") ? 0 : 255, (uint32_t)limit, keep_row, &l, &fault);
    if (!err)
        err = list_rows(&l);
    free(l.rows);
    table_end(&l.table, s->json ? NULL : "no findings");
    tell_limit(s, l.shown, limit);
    desk_words_close(s, &l.words);
    clearance_unref(l.clearance);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static enum err show_evidence(void *self, const struct evidence_row *row)
{
    struct session *s = self;
    struct buffer body;
    struct text line = TEXT("(erased)");
    struct json_doc *doc = NULL;
    buffer_init(&body, LOG_RECORD_MAX_BYTES * 4);
    if (!node_body(s->node, row->body, &body, NULL) && !json_parse(buffer_text(&body), &doc, NULL)) {
        struct json_iter it = json_iter_of(json_root(doc));
        for (uint32_t i = 0; json_next(&it); i++) {
            if (i == row->index)
                line = json_text(json_get(it.val, "text"));
        }
    }
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", row->file);
        json_member_i64(&o, "line", (int64_t)row->line);
        json_member_i64(&o, "offset", (int64_t)row->offset);
        json_member_i64(&o, "seen_us", row->seen_us);
        json_member_text(&o, "text", line);
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "  " TEXT_FMT ":%llu\n    " TEXT_FMT "\n", TEXT_ARG(row->file), (unsigned long long)row->line,
            TEXT_ARG(line));
    }
    json_free(doc);
    buffer_done(&body);
    return OK;
}

/* What was looked for, reported or named, and by whom. */
static void show_subject(struct list *l, const struct finding_row *row, const struct finding_words *w, bool sealed)
{
    char id[IDENT_TEXT_MAX];
    struct text indicator = sealed ? w->value : ident_format(TEXT("indicator"), &row->indicator, id);
    if (row->kind != FINDING_REPORTED) {
        say(l->s,
            "  %s    " TEXT_FMT ", from " TEXT_FMT ", " TEXT_FMT "\n"
            "                " TEXT_FMT "\n",
            row->kind == FINDING_NAMED ? "named     " : "looked for", TEXT_ARG(w->value), TEXT_ARG(w->party),
            TEXT_ARG(w->marking), TEXT_ARG(indicator));
        if (w->trust.len > 0)
            say(l->s, "  trust         " TEXT_FMT "\n", TEXT_ARG(w->trust));
        for (size_t i = 0; i < w->dispute_count; i++)
            say(l->s, "  disputed      by " TEXT_FMT ": %s%s" TEXT_FMT "\n",
                TEXT_ARG(party_name(l->words.view, &l->words.arena, &w->disputes[i].party)), w->disputes[i].said,
                w->disputes[i].why.len ? ", " : "", TEXT_ARG(w->disputes[i].why));
        if (w->words.len > 0)
            say(l->s, "  its words     " TEXT_FMT "\n", TEXT_ARG(w->words));
        return;
    }
    struct text what = what_of(l, row, w);
    say(l->s, "  reported by   " TEXT_FMT ": " TEXT_FMT ", %llu row%s, " TEXT_FMT "\n", TEXT_ARG(w->party),
        TEXT_ARG(what), (unsigned long long)row->count, row->count == 1 ? "" : "s", TEXT_ARG(w->marking));
    if (w->trust.len > 0)
        say(l->s, "  trust         " TEXT_FMT "\n", TEXT_ARG(w->trust));
    if (row->severity)
        say(l->s, "  severity      %s\n", finding_severity_name(row->severity));
    if (w->role.len > 0)
        say(l->s, "  ours is       the " TEXT_FMT "\n", TEXT_ARG(w->role));
}

/* Who else holds what the indicator looks for. */
static void show_shared(struct list *l, const struct finding_row *row)
{
    char id[IDENT_TEXT_MAX];
    struct version_row version;
    struct buffer body;
    struct search_shared *list;
    size_t count = 0;
    if (row->kind == FINDING_REPORTED ||
        view_current(l->words.view, ident_format(TEXT("indicator"), &row->indicator, id), &version, NULL))
        return;
    const struct about_question q = {.n = version.n, .account = l->account, .now_us = l->now_us};
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    if (!about_body(l->s->node, l->words.view, &q, &body, NULL) &&
        search_shared(l->s->node, l->words.view, &l->account, l->now_us, q.n, buffer_text(&body), &l->words.arena,
                      &list, &count, NULL))
        count = 0;
    buffer_done(&body);
    for (size_t i = 0; i < count; i++) {
        const struct search_shared *shared = &list[i];
        say(l->s, "  same values   " TEXT_FMT ": %s%llu other%s%s\n", TEXT_ARG(shared->value),
            shared->more ? "more than " : "", (unsigned long long)shared->others, shared->others == 1 ? "" : "s",
            shared->others >= SEARCH_COMMON_FROM ? ", not a lead" : "");
        for (size_t k = 0; k < shared->count; k++) {
            const struct search_result *r = &shared->shown[k];
            struct text from = r->ours ? TEXT("us") : party_name(l->words.view, &l->words.arena, &r->party);
            say(l->s, "                " TEXT_FMT ", from " TEXT_FMT ", %s (" TEXT_FMT ")\n", TEXT_ARG(r->name),
                TEXT_ARG(from), r->state, TEXT_ARG(r->id));
        }
    }
}

static void show_words(struct list *l, const struct finding_row *row, uint64_t lines, bool *ret_sealed)
{
    char first[MOMENT_MAX], last[MOMENT_MAX];
    struct finding_words w = words_for(l, row, ret_sealed);
    say(l->s, "F-%llu  " TEXT_FMT "\n  organisation  " TEXT_FMT "%s" TEXT_FMT "\n", (unsigned long long)row->number,
        TEXT_ARG(row->id), TEXT_ARG(w.organisation), w.contacts.len ? ", " : "", TEXT_ARG(w.contacts));
    show_subject(l, row, &w, *ret_sealed);
    say(l->s,
        "  seen          %llu times, %s to %s\n"
        "  state         %s%s" TEXT_FMT "\n",
        (unsigned long long)row->count, moment(row->first_us, first), moment(row->last_us, last),
        finding_state_name(row->state), w.incident.len ? ", incident " : "", TEXT_ARG(w.incident));
    if (!*ret_sealed)
        show_shared(l, row);
    if (*ret_sealed && row->kind == FINDING_REPORTED)
        say(l->s, "Sealed: this account is not cleared for what was reported.\n");
    else if (*ret_sealed)
        say(l->s,
            "Sealed: this account is not cleared for the indicator. Its originator can be asked:\n"
            "  entente share consent request F-%llu\n",
            (unsigned long long)row->number);
    else if (row->kind != FINDING_NAMED)
        say(l->s, "Evidence (%llu lines at most; --lines N):\n", (unsigned long long)lines);
}

static int show_row(struct list *l, struct view *v, const struct finding_row *row, uint64_t lines)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct ident ident;
    bool sealed = false;
    if (ident_parse(row->id, &ident, &fault))
        return complain_fault(l->s, NULL, &fault);
    if (l->s->json) {
        row_json(l, row, true);
        words_for(l, row, &sealed);
    } else {
        show_words(l, row, lines, &sealed);
    }
    if (sealed) /* the lines hold what is sealed */
        return EXIT_DONE;
    enum err err = view_evidence(v, &ident.uuid, (uint32_t)lines, show_evidence, l->s, &fault);
    return err ? complain_fault(l->s, NULL, &fault) : EXIT_DONE;
}

static int show_finding(struct session *s, struct view *v)
{
    struct list l = {.s = s};
    struct finding_row row;
    uint64_t lines;
    if (option_u64(s, "lines", EVIDENCE_SHOWN, REPORT_EVIDENCE_MAX, &lines))
        return EXIT_USAGE;
    int code = open_eyes(&l, v);
    if (!code)
        code = find_finding(s, v, s->operands[0], &row);
    if (!code && desk_words_open(s, &l.words))
        code = EXIT_WRITE;
    else if (!code) {
        code = show_row(&l, v, &row, lines);
        desk_words_close(s, &l.words);
    }
    clearance_unref(l.clearance);
    return code;
}

static int run_list(struct session *s)
{
    return with_view(s, list_findings);
}

static int run_show(struct session *s)
{
    return with_view(s, show_finding);
}

static const struct option_spec LIST_OPTIONS[] = {{"open", OPTION_FLAG, NULL, "only those that stand"},
                                                  {"limit", OPTION_VALUE, "N", "at most so many (200)"},
                                                  {"as", OPTION_VALUE, "ACCOUNT", "as this account sees them"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec SHOW_OPTIONS[] = {{"lines", OPTION_VALUE, "N", "lines of evidence (10)"},
                                                  {"as", OPTION_VALUE, "ACCOUNT", "as this account sees it"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
const struct command COMMAND_FINDING_LIST = {.name = "finding list",
                                             .operands = "",
                                             .summary = "what was seen at whom, newest first",
                                             .options = LIST_OPTIONS,
                                             .need = NEED_READ,
                                             .least = ROLE_READER,
                                             .run = run_list};
const struct command COMMAND_FINDING_SHOW = {.name = "finding show",
                                             .operands = "F-NUMBER|ID",
                                             .summary = "one finding with its evidence",
                                             .options = SHOW_OPTIONS,
                                             .operands_min = 1,
                                             .operands_max = 1,
                                             .need = NEED_READ,
                                             .least = ROLE_READER,
                                             .run = run_show};
