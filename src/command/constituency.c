/* constituency import|list|who: the organisations we look after. */
#include <stdio.h>

#include "command/commands.h"
#include "command/names.h"
#include "command/table.h"
#include "desk/named.h"
#include "desk/register.h"
#include "json/json.h"

static void on_rejected(void *self, int64_t line, const char *reason)
{
    struct session *s = self;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(s->inputs[0].name));
        json_key(&o, TEXT("rejected"));
        json_open(&o, '{');
        json_member_i64(&o, "line", line);
        json_member_text(&o, "reason", text_of(reason));
        json_close(&o, '}');
        json_close(&o, '}');
        json_line_end(s);
    } else {
        complain(s, "%s: line %lld: left out: %s", s->inputs[0].name, (long long)line, reason);
    }
}

static void on_named(void *self, const struct named_news *news)
{
    struct session *s = self;
    if (s->json) {
        char number[32];
        snprintf(number, sizeof number, "F-%llu", (unsigned long long)news->number);
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_key(&o, TEXT("named"));
        json_open(&o, '{');
        json_member_text(&o, "finding", text_of(number));
        json_member_text(&o, "value", news->value);
        json_member_text(&o, "organisation", news->organisation);
        json_close(&o, '}');
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "F-%llu  an indicator that is held names " TEXT_FMT " of " TEXT_FMT "\n",
            (unsigned long long)news->number, TEXT_ARG(news->value), TEXT_ARG(news->organisation));
    }
}

/* What is held already may name who is new in the register. */
static int look_back(struct session *s, const struct register_totals *t)
{
    struct fault fault = {.offset = -1, .line = -1};
    uint64_t named;
    if (t->fresh + t->updated == 0)
        return EXIT_DONE;
    enum err err = named_look_back(s->node, session_account(s), on_named, s, &named, &fault);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_import(struct session *s)
{
    struct register_totals t = {0};
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = register_import(s->node, s->inputs[0].fd, session_account(s), on_rejected, s, &t, &fault);
    if (s->json)
        say(s, "{\"rows\":%llu,\"new\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"rejected\":%llu}\n",
            (unsigned long long)t.rows, (unsigned long long)t.fresh, (unsigned long long)t.updated,
            (unsigned long long)t.unchanged, (unsigned long long)t.rejected);
    else
        say(s, "%llu organisations: %llu new, %llu updated, %llu unchanged, %llu refused\n",
            (unsigned long long)t.rows, (unsigned long long)t.fresh, (unsigned long long)t.updated,
            (unsigned long long)t.unchanged, (unsigned long long)t.rejected);
    int looked = look_back(s, &t);
    return err ? complain_fault(s, s->inputs[0].name, &fault) : looked;
}

static void list_row(struct session *s, struct table *t, const struct organisation *o)
{
    if (s->json) {
        char id[IDENT_TEXT_MAX];
        struct json_out out = json_out_to(json_line(s));
        json_open(&out, '{');
        json_member_text(&out, "organisation", o->name);
        json_member_text(&out, "id", ident_format(TEXT("identity"), &o->id, id));
        json_member_text(&out, "sector", o->sector);
        json_member_i64(&out, "networks", (int64_t)o->network_count);
        json_member_i64(&out, "domains", (int64_t)o->domain_count);
        json_member_text(&out, "contacts", o->contacts);
        json_close(&out, '}');
        json_line_end(s);
        return;
    }
    table_cell(t, o->name);
    table_cell(t, o->sector.len ? o->sector : TEXT("-"));
    table_cellf(t, "%zu", o->network_count);
    table_cellf(t, "%zu", o->domain_count);
    table_cell(t, o->contacts);
}

static int with_register(struct session *s, int (*run)(struct session *s, const struct constituency *c))
{
    struct view *v;
    struct constituency *c;
    struct fault fault = {.offset = -1, .line = -1};
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err err = constituency_load(s->node, v, &c, &fault);
    node_reader_done(s->node, v);
    if (err)
        return complain_fault(s, NULL, &fault);
    int code = run(s, c);
    constituency_unref(c);
    return code;
}

static int list_all(struct session *s, const struct constituency *c)
{
    static const char *const heads[] = {"ORGANISATION", "SECTOR", "NETWORKS", "DOMAINS", "CONTACTS", NULL};
    struct table t;
    table_begin(&t, s, heads);
    for (size_t i = 0; i < constituency_size(c); i++)
        list_row(s, &t, constituency_at(c, i));
    table_end(&t, s->json ? NULL : "the register is empty; entente constituency import FILE.csv fills it");
    return EXIT_DONE;
}

static int who(struct session *s, const struct constituency *c)
{
    struct text value = text_of(s->operands[0]);
    struct register_hit hit = constituency_who(c, value);
    const struct organisation *o = hit.organisation;
    if (s->json) {
        struct json_out out = json_out_to(json_line(s));
        json_open(&out, '{');
        json_member_text(&out, "value", value);
        json_key(&out, TEXT("organisation"));
        if (o)
            json_put_text(&out, o->name);
        else
            json_put_null(&out);
        if (o) {
            json_member_text(&out, "sector", o->sector);
            json_member_text(&out, "by", hit.by);
            json_member_text(&out, "role", text_of(owner_role_name(hit.role)));
            json_member_text(&out, "contacts", o->contacts);
        }
        json_close(&out, '}');
        json_line_end(s);
    } else if (!o) {
        say(s, TEXT_FMT ": nobody of ours\n", TEXT_ARG(value));
    } else {
        say(s,
            TEXT_FMT ": " TEXT_FMT "\n  sector    " TEXT_FMT "\n  by        " TEXT_FMT "%s%s\n  contacts  " TEXT_FMT
                     "\n",
            TEXT_ARG(value), TEXT_ARG(o->name), TEXT_ARG(o->sector), TEXT_ARG(hit.by),
            hit.role != OWNER_PLAIN ? ", a " : "", hit.role != OWNER_PLAIN ? owner_role_name(hit.role) : "",
            TEXT_ARG(o->contacts));
    }
    return EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_register(s, list_all);
}

static int run_who(struct session *s)
{
    return with_register(s, who);
}

const struct command COMMAND_CONSTITUENCY_IMPORT = {
    .name = "constituency import",
    .operands = "FILE.csv",
    .summary = "the organisations we look after, from a CSV file",
    .details = "Header: name,sector,networks,domains,contacts; lists separated by ';' inside a cell. A network may "
               "say what\n"
               "stands there: '192.0.2.53 resolver', '198.51.100.0/28 proxy', '203.0.113.1 nat': such an entry "
               "yields to the\n"
               "client behind it. A row replaces what was known under its name.\n",
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .files = FILES_FIRST,
    .run = run_import};
const struct command COMMAND_CONSTITUENCY_LIST = {.name = "constituency list",
                                                  .operands = "",
                                                  .summary = "who is in the register",
                                                  .need = NEED_READ,
                                                  .least = ROLE_READER,
                                                  .run = run_list};
const struct command COMMAND_CONSTITUENCY_WHO = {.name = "constituency who",
                                                 .operands = "VALUE",
                                                 .summary =
                                                     "whose an address, network, domain, URL or e-mail address is",
                                                 .operands_min = 1,
                                                 .operands_max = 1,
                                                 .need = NEED_READ,
                                                 .least = ROLE_READER,
                                                 .run = run_who};
