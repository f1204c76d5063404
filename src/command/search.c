/* search: values, names and free text, through the gate for the account that asks. */
#include "desk/search.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/find.h"
#include "command/names.h"
#include "command/table.h"
#include "json/json.h"

#define ANSWER_BUDGET (256 * MIB)

struct shown {
    struct session *s;
    struct view *v;
    struct arena arena;
    struct search_answer answer;
    int64_t now_us;
};

/* ---- for programs ---- */

static void row_json(struct shown *w, const struct search_result *r)
{
    struct json_out o = json_out_to(json_line(w->s));
    char number[32];
    json_open(&o, '{');
    json_member_text(&o, "match", text_of(search_match_name(r->match)));
    json_member_text(&o, "value", r->value);
    json_member_text(&o, "kind", text_of(r->kind));
    json_member_text(&o, "id", r->id);
    json_member_text(&o, "type", r->type);
    json_member_text(&o, "name", r->name);
    json_member_text(&o, "party", r->ours ? TEXT("us") : party_name(w->v, &w->arena, &r->party));
    json_member_text(&o, "source", source_name(w->v, &w->arena, &r->source));
    json_member_text(&o, "label", text_of(r->label == TLP_NONE ? "none" : tlp_name(r->label)));
    json_member_text(&o, "modified", r->modified);
    json_member_text(&o, "state", text_of(r->state));
    if (r->state_note.len)
        json_member_text(&o, "state_note", r->state_note);
    json_member_i64(&o, "n", (int64_t)r->n);
    if (r->finding) {
        snprintf(number, sizeof number, "F-%llu", (unsigned long long)r->finding);
        json_member_text(&o, "finding", text_of(number));
    }
    json_close(&o, '}');
    json_line_end(w->s);
}

static void summary_json(struct shown *w)
{
    const struct search_answer *a = &w->answer;
    struct json_out o = json_out_to(json_line(w->s));
    json_open(&o, '{');
    json_member_text(&o, "taken_as", text_of(search_kind_name(a)));
    json_member_text(&o, "value", a->value);
    json_member_i64(&o, "count", (int64_t)a->count);
    json_member_bool(&o, "more", a->more);
    json_member_i64(&o, "held_by", (int64_t)a->held_by);
    json_member_bool(&o, "held_by_more", a->held_by_more);
    json_member_bool(&o, "cut", a->cut);
    json_close(&o, '}');
    json_line_end(w->s);
}

/* ---- for people ---- */

static const char *age(int64_t us, char out[32])
{
    const int64_t s = us / 1000000;
    if (s < 3600)
        snprintf(out, 32, "%lld min", (long long)(s / 60));
    else if (s < 48 * 3600)
        snprintf(out, 32, "%lld h", (long long)(s / 3600));
    else
        snprintf(out, 32, "%lld d", (long long)(s / 86400));
    return out;
}

static void row_people(struct shown *w, struct table *t, const struct search_result *r)
{
    char words[32];
    table_cell(t, text_of(search_match_name(r->match)));
    table_cell(t, r->match == MATCH_TEXT ? TEXT("-") : r->value);
    if (r->finding)
        table_cellf(t, "F-%llu", (unsigned long long)r->finding);
    else
        table_cell(t, r->id);
    table_cell(t, r->name);
    table_cell(t, r->ours ? TEXT("us") : party_name(w->v, &w->arena, &r->party));
    table_cell(t, text_of(r->label == TLP_NONE ? "-" : tlp_name(r->label)));
    table_cell(t, text_of(age(w->now_us > r->known_us ? w->now_us - r->known_us : 0, words)));
    if (r->state_note.len)
        table_cellf(t, "%s, " TEXT_FMT, r->state, TEXT_ARG(r->state_note));
    else
        table_cell(t, text_of(r->state));
}

static void show_people(struct shown *w)
{
    static const char *const heads[] = {"MATCH", "VALUE", "OBJECT", "NAME", "FROM", "LABEL", "AGE", "STATE", NULL};
    const struct search_answer *a = &w->answer;
    struct table t;
    say(w->s, "taken for %s: " TEXT_FMT "%s\n", search_kind_name(a), TEXT_ARG(a->value), a->cut ? " (cut)" : "");
    table_begin(&t, w->s, heads);
    for (size_t i = 0; i < a->count; i++)
        row_people(w, &t, &a->results[i]);
    table_end(&t, "nothing found");
    if (a->held_by >= SEARCH_COMMON_FROM)
        say(w->s, "held by %s%llu objects: not a lead\n", a->held_by_more ? "more than " : "",
            (unsigned long long)a->held_by);
    if (a->more)
        complain(w->s, "the first %zu are shown, there may be more: --limit N", a->count);
}

/* ---- the command ---- */

/* Words may come without quotes: `entente search fancy bear`. */
static enum err all_operands(struct session *s, struct buffer *out)
{
    buffer_init(out, 2 * MIB);
    for (size_t i = 0; i < s->operand_count; i++) {
        if (i)
            buffer_add_char(out, ' ');
        buffer_add(out, text_of(s->operands[i]));
    }
    return buffer_error(out);
}

static int ask(struct shown *w, const struct search_question *q)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = search_ask(w->s->node, w->v, q, &w->arena, &w->answer, &fault);
    if (err)
        return complain_fault(w->s, NULL, &fault);
    if (!w->s->json) {
        show_people(w);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < w->answer.count; i++)
        row_json(w, &w->answer.results[i]);
    summary_json(w);
    return EXIT_DONE;
}

static int show_answer(struct session *s, struct view *v)
{
    struct shown w = {.s = s, .v = v, .now_us = clock_now_us()};
    const char *type = option(s, "type");
    struct search_question q = {.now_us = w.now_us, .type = text_of(type ? type : ""), .all = option_given(s, "all")};
    struct buffer text;
    uint64_t limit;
    if (option_u64(s, "limit", SEARCH_LIMIT, SEARCH_LIMIT_MAX, &limit))
        return EXIT_USAGE;
    int code = find_reader(s, v, &q.account);
    if (code)
        return code;
    q.limit = (uint32_t)limit;
    if (all_operands(s, &text)) {
        complain(s, "so much text cannot be searched for");
        code = EXIT_USAGE;
    }
    q.text = buffer_text(&text);
    if (!code && text_trim(q.text).len == 0) {
        complain(s, "what is to be searched for? a value, a name, words");
        code = EXIT_USAGE;
    }
    arena_init(&w.arena, ANSWER_BUDGET);
    if (!code)
        code = ask(&w, &q);
    arena_done(&w.arena);
    buffer_done(&text);
    return code;
}

static int run_search(struct session *s)
{
    return with_view(s, show_answer);
}

static const struct option_spec OPTIONS[] = {
    {"as", OPTION_VALUE, "ACCOUNT", "what that account may see (the first administrator)"},
    {"type", OPTION_VALUE, "T", "objects of that type only (indicator, malware, x-entente-finding, ...)"},
    {"limit", OPTION_VALUE, "N", "at most so many (50)"},
    {"all", OPTION_FLAG, NULL, "superseded versions, too"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SEARCH = {
    .name = "search",
    .operands = "TEXT...",
    .summary = "who holds this value, this name, these words",
    .details =
        "TEXT: an address, network, domain, URL, mail address or hash (evil[.]example and hxxp:// are understood), "
        "a\n"
        "beginning with a star (evil*), a name, an identifier, a finding (F-12), or words, which must all be there.\n"
        "Exact first; then networks around, addresses inside, domains below, URLs of the host; then texts; newest "
        "first.\n"
        "With --json: a line for each, {\"match\",\"value\",\"kind\",\"id\",\"type\",\"name\",\"party\",\"source\","
        "\"label\",\n\"modified\",\"state\",\"n\"} (n: log entry), and one of the whole, "
        "{\"taken_as\",\"value\",\"count\","
        "\"more\",\"held_by\",...}.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .least = ROLE_READER,
    .run = run_search};
