/* warninglist add|list|show|enable|disable|check|allow: values that are held and not looked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/find.h"
#include "command/import_folder.h"
#include "command/names.h"
#include "command/table.h"
#include "command/warninglist_folder.h"
#include "desk/lists.h"
#include "store/view_belief.h"
#include "json/json.h"

#define REFUSALS_SHOWN 20
#define ENTRIES_SHOWN  200

/* ---- add ---- */

struct adding {
    struct session *s;
    const char *file;
    uint64_t refused;
};

static void on_rejected(void *self, const struct record_rejected *r)
{
    struct adding *a = self;
    if (++a->refused > REFUSALS_SHOWN)
        return;
    complain(a->s, "%s: left out: " TEXT_FMT, a->file, TEXT_ARG(r->reason));
}

static int add_one(struct session *s, const struct input *input)
{
    struct adding a = {.s = s, .file = input->name};
    const struct list_told told = {on_rejected, &a, s->cancel};
    struct list_taken t;
    struct fault fault = {.offset = -1, .line = -1};
    if (list_take(s->node, input->fd, session_account(s), &told, &t, &fault))
        return complain_fault(s, input->name, &fault);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(input->name));
        json_member_text(&o, "name", text_of(t.name));
        json_member_text(&o, "type", text_of(t.type));
        json_member_i64(&o, "version", (int64_t)t.version);
        json_member_i64(&o, "entries", (int64_t)t.entries);
        json_member_i64(&o, "rejected", (int64_t)t.rejected);
        json_member_bool(&o, "changed", t.changed);
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "%s: \"%s\", %s, version %llu: %llu entries, %llu left out%s\n", input->name, t.name, t.type,
            (unsigned long long)t.version, (unsigned long long)t.entries, (unsigned long long)t.rejected,
            t.changed ? "" : "; it is held already");
    }
    return EXIT_DONE;
}

static int run_add(struct session *s)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < s->input_count && !cancelled(s); i++) {
        const struct input *in = &s->inputs[i];
        int one = is_folder(in) ? add_folder(s, in, add_one) : add_one(s, in);
        code = code ? code : one;
    }
    return code;
}

/* ---- list ---- */

struct listed {
    struct session *s;
    struct table table;
    struct text last; /* name of the list before, in the arena */
    struct arena arena;
    uint64_t count;
};

static enum err list_one(void *self, const struct list_row *row)
{
    struct listed *l = self;
    char when[MOMENT_MAX];
    if (row->part > 0)
        return OK;
    l->count++;
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "name", row->name);
        json_member_text(&o, "type", row->type);
        json_member_i64(&o, "version", (int64_t)row->version);
        json_member_i64(&o, "entries", (int64_t)row->entries);
        json_member_bool(&o, "enabled", !row->disabled);
        json_member_i64(&o, "added_us", row->added_us);
        json_close(&o, '}');
        json_line_end(l->s);
        return OK;
    }
    table_cell(&l->table, row->name);
    table_cell(&l->table, row->type);
    table_cellf(&l->table, "%llu", (unsigned long long)row->version);
    table_cellf(&l->table, "%llu", (unsigned long long)row->entries);
    table_cell(&l->table, row->disabled ? TEXT("disabled") : TEXT("enabled"));
    table_cell(&l->table, text_of(moment(row->added_us, when)));
    return OK;
}

static int list_lists(struct session *s, struct view *v)
{
    static const char *const heads[] = {"NAME", "TYPE", "VERSION", "ENTRIES", "STATE", "ADDED (UTC)", NULL};
    struct listed l = {.s = s};
    struct fault fault = {.offset = -1, .line = -1};
    struct suppress *sup;
    table_begin(&l.table, s, heads);
    enum err err = view_lists(v, list_one, &l, &fault);
    table_end(&l.table, s->json ? NULL : "no warning lists; entente warninglist add FILE takes MISP's");
    if (!err)
        err = suppress_load(s->node, v, &sup, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    size_t broken = suppress_broken(sup, &fault);
    suppress_free(sup);
    if (broken)
        complain(s, "%zu in use cannot be used, first %s: add it again", broken, fault.what);
    return EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, list_lists);
}

/* ---- show ---- */

struct showing {
    struct text name;
    struct place bodies[RECORD_LIST_PARTS_MAX];
    size_t count;
};

static enum err keep_part(void *self, const struct list_row *row)
{
    struct showing *w = self;
    if (text_eq(row->name, w->name) && w->count < RECORD_LIST_PARTS_MAX)
        w->bodies[w->count++] = row->body;
    return OK;
}

static void show_list(struct session *s, struct text text, uint64_t limit)
{
    struct json_doc *doc;
    uint64_t shown = 0;
    if (s->json) {
        buffer_add(json_line(s), text);
        json_line_end(s);
        return;
    }
    if (json_parse(text, &doc, NULL))
        return;
    const struct json_val *root = json_root(doc), *entries = json_get(root, "entries");
    say(s, TEXT_FMT "\n" TEXT_FMT "\n", TEXT_ARG(json_text(json_get(root, "name"))),
        TEXT_ARG(json_text(json_get(root, "description"))));
    say(s, "%zu entries, " TEXT_FMT "; for", json_size(entries), TEXT_ARG(json_text(json_get(root, "type"))));
    for (struct json_iter it = json_iter_of(json_get(root, "kinds")); json_next(&it);)
        say(s, " " TEXT_FMT, TEXT_ARG(json_text(it.val)));
    say(s, "%s\n", json_size(json_get(root, "kinds")) ? "" : " nothing that is looked for here");
    for (struct json_iter it = json_iter_of(entries); json_next(&it) && shown < limit; shown++)
        say(s, "  " TEXT_FMT "\n", TEXT_ARG(json_text(it.val)));
    if (shown < json_size(entries))
        say(s, "  and %llu more (--limit N)\n", (unsigned long long)(json_size(entries) - shown));
    json_free(doc);
}

static int show_named(struct session *s, struct view *v)
{
    struct showing w = {.name = text_of(s->operands[0])};
    struct fault fault = {.offset = -1, .line = -1};
    struct buffer text;
    uint64_t limit;
    if (option_u64(s, "limit", ENTRIES_SHOWN, 100000000, &limit))
        return EXIT_USAGE;
    enum err err = view_lists(v, keep_part, &w, &fault);
    if (!err && w.count == 0) {
        complain(s, "%s: no warning list of that name; entente warninglist list shows them", s->operands[0]);
        return EXIT_DATA;
    }
    buffer_init(&text, 2 * WARNINGLIST_MAX_BYTES);
    for (size_t i = 0; !err && i < w.count; i++)
        err = node_body(s->node, w.bodies[i], &text, &fault);
    if (!err)
        err = buffer_error(&text);
    if (!err)
        show_list(s, buffer_text(&text), limit);
    buffer_done(&text);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_show(struct session *s)
{
    return with_view(s, show_named);
}

/* ---- enable, disable ---- */

static int use(struct session *s, bool enable)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = list_use(s->node, text_of(s->operands[0]), enable, session_account(s), &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: %s", s->operands[0], fault.what);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "\"%s\" is %s\n", s->operands[0], enable ? "in use" : "not used any more");
    return EXIT_DONE;
}

static int run_enable(struct session *s)
{
    return use(s, true);
}

static int run_disable(struct session *s)
{
    return use(s, false);
}

/* ---- check ---- */

static int check_value(struct session *s, const struct suppress *sup, const char *word)
{
    struct buffer value;
    char words[SUPPRESS_WORDS_MAX];
    struct fault fault = {.offset = -1, .line = -1};
    enum value_kind kind = value_detect(text_of(word));
    buffer_init(&value, VALUE_MAX_BYTES);
    if (kind == VALUE_NONE || value_normalise(kind, text_of(word), &value, &kind, &fault)) {
        complain(s, "%s: no value that is looked for: %s", word,
                 fault.what[0] ? fault.what : "an address, network, URL, e-mail address, domain or hash is one");
        buffer_done(&value);
        return EXIT_DATA;
    }
    const struct suppressed found = suppress_check(sup, kind, buffer_text(&value));
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "value", buffer_text(&value));
        json_member_text(&o, "kind", text_of(value_kind_name(kind)));
        json_member_bool(&o, "suppressed", found.why != SUPPRESS_NOT);
        json_member_text(&o, "by", suppress_words(&found, words));
        json_member_text(&o, "entry", found.why == SUPPRESS_LIST ? found.entry : TEXT_NONE);
        json_close(&o, '}');
        json_line_end(s);
    } else if (found.why == SUPPRESS_NOT) {
        say(s, TEXT_FMT " (%s): not suppressed\n", TEXT_ARG(buffer_text(&value)), value_kind_name(kind));
    } else {
        say(s, TEXT_FMT " (%s): suppressed by " TEXT_FMT "%s" TEXT_FMT "\n", TEXT_ARG(buffer_text(&value)),
            value_kind_name(kind), TEXT_ARG(suppress_words(&found, words)),
            found.why == SUPPRESS_LIST ? ", entry " : "",
            TEXT_ARG(found.why == SUPPRESS_LIST ? found.entry : TEXT_NONE));
    }
    buffer_done(&value);
    return EXIT_DONE;
}

static int check_values(struct session *s, struct view *v)
{
    struct suppress *sup;
    struct fault fault = {.offset = -1, .line = -1};
    int code = EXIT_DONE;
    if (suppress_load(s->node, v, &sup, &fault))
        return complain_fault(s, NULL, &fault);
    for (size_t i = 0; i < s->operand_count; i++) {
        int one = check_value(s, sup, s->operands[i]);
        code = code ? code : one;
    }
    suppress_free(sup);
    return code;
}

static int run_check(struct session *s)
{
    return with_view(s, check_values);
}

/* ---- allow ---- */

static int allow_found(struct session *s, struct view *v)
{
    struct found_object found;
    struct fault fault = {.offset = -1, .line = -1};
    const char *reason = option(s, "reason");
    bool end = option_given(s, "end"), changed = false;
    if (!reason || !*reason) {
        complain(s, "--reason R is needed: it is kept, and shown with the indicator");
        return EXIT_USAGE;
    }
    int code = find_object(s, v, session_account(s), s->operands[0], &found);
    if (code)
        return code;
    if (strncmp(found.id, "indicator--", 11) != 0) {
        complain(s, "%s: no indicator", found.id);
        return EXIT_DATA;
    }
    enum err err =
        list_allow(s->node, text_of(found.id), !end, text_of(reason), session_account(s), &changed, &fault);
    if (err)
        return complain_fault(s, found.id, &fault);
    if (!s->json)
        say(s, "%s: %s%s\n", found.id,
            end ? "suppressed again where a list or rule has it" : "looked for from now on",
            changed ? "" : " (it was so already)");
    return EXIT_DONE;
}

static int run_allow(struct session *s)
{
    return with_view(s, allow_found);
}

static const struct option_spec NO_OPTIONS[] = {{NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec SHOW_OPTIONS[] = {{"limit", OPTION_VALUE, "N", "at most N entries (200)"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec ALLOW_OPTIONS[] = {{"reason", OPTION_VALUE, "R", "why; it is kept"},
                                                   {"end", OPTION_FLAG, NULL, "no longer"},
                                                   {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_WARNINGLIST_ADD = {
    .name = "warninglist add",
    .operands = "FILE|FOLDER...",
    .summary = "take MISP warning lists (list.json): what is on one is held and not looked for",
    .details =
        "A list of the same name takes the place of the one that is held. Entries that cannot be used are left\n"
        "out and said. watch follows by itself. Of a FOLDER every list.json is taken, as MISP's collection has "
        "them.\n",
    .options = NO_OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .files = FILES_OPERANDS,
    .folders = true,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_add};
const struct command COMMAND_WARNINGLIST_LIST = {.name = "warninglist list",
                                                 .operands = "",
                                                 .summary = "the warning lists that are held",
                                                 .options = NO_OPTIONS,
                                                 .need = NEED_READ,
                                                 .least = ROLE_READER,
                                                 .run = run_list};
const struct command COMMAND_WARNINGLIST_SHOW = {.name = "warninglist show",
                                                 .operands = "NAME",
                                                 .summary = "one warning list with its entries",
                                                 .options = SHOW_OPTIONS,
                                                 .operands_min = 1,
                                                 .operands_max = 1,
                                                 .need = NEED_READ,
                                                 .least = ROLE_READER,
                                                 .run = run_show};
const struct command COMMAND_WARNINGLIST_ENABLE = {.name = "warninglist enable",
                                                   .operands = "NAME",
                                                   .summary = "use a warning list again",
                                                   .options = NO_OPTIONS,
                                                   .operands_min = 1,
                                                   .operands_max = 1,
                                                   .need = NEED_WRITE,
                                                   .least = ROLE_ANALYST,
                                                   .run = run_enable};
const struct command COMMAND_WARNINGLIST_DISABLE = {.name = "warninglist disable",
                                                    .operands = "NAME",
                                                    .summary = "keep a warning list and do not use it",
                                                    .options = NO_OPTIONS,
                                                    .operands_min = 1,
                                                    .operands_max = 1,
                                                    .need = NEED_WRITE,
                                                    .least = ROLE_ANALYST,
                                                    .run = run_disable};
const struct command COMMAND_WARNINGLIST_CHECK = {.name = "warninglist check",
                                                  .operands = "VALUE...",
                                                  .summary = "would a value be suppressed, and by what?",
                                                  .options = NO_OPTIONS,
                                                  .operands_min = 1,
                                                  .operands_max = SIZE_MAX,
                                                  .need = NEED_READ,
                                                  .least = ROLE_READER,
                                                  .run = run_check};
const struct command COMMAND_WARNINGLIST_ALLOW = {
    .name = "warninglist allow",
    .operands = "INDICATOR",
    .summary = "look for one indicator though a list or rule would suppress it",
    .options = ALLOW_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_allow};
