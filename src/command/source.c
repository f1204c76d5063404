/* source add|list|set: where things come from, and what is assumed of them. */
#include "command/act.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "desk/intake.h"
#include "exchange/taxii_server.h"
#include "json/json.h"

/* Options that add and set share. */
static enum err read_settings(struct session *s, struct fact_source *f)
{
    if (option_given(s, "marking") && find_label(s, "marking", option(s, "marking"), &f->default_tlp))
        return ERR_USAGE;
    if (option_given(s, "pap") && find_pap(s, "pap", option(s, "pap"), &f->default_pap))
        return ERR_USAGE;
    if (option_given(s, "incident-rule") &&
        find_switch(s, "incident-rule", option(s, "incident-rule"), &f->incident_rule))
        return ERR_USAGE;
    return OK;
}

static void show_source(struct session *s, const struct fact_source *f, struct text party,
                        const struct source_counts *staying)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "source", f->name);
    json_member_text(&o, "party", party);
    json_member_text(&o, "marking", text_of(tlp_name(f->default_tlp)));
    json_member_text(&o, "pap", text_of(pap_name(f->default_pap)));
    json_member_bool(&o, "incident_rule", f->incident_rule);
    json_member_i64(&o, "unmarked", (int64_t)staying->unmarked);
    json_member_i64(&o, "unreadable", (int64_t)staying->unreadable);
    json_close(&o, '}');
    json_line_end(s);
}

/* A changed default can make objects visible that partners' cursors have passed. */
static int record_source(struct session *s, struct fact *f)
{
    int code = append_fact(s, f);
    struct fault fault = {.offset = -1, .line = -1};
    if (!code && taxii_openings_update(s->node, &fault))
        code = complain_fault(s, NULL, &fault);
    return code;
}

static int add_source(struct session *s, struct view *v)
{
    const char *name = s->operands[0], *party = option(s, "party");
    struct fact f = {.kind = FACT_SOURCE};
    struct fact_source *src = &f.u.source, old;
    struct fault fault = {.offset = -1, .line = -1};
    if (check_name(s, name) || read_settings(s, src))
        return EXIT_USAGE;
    if (!view_source_by_name(v, text_of(name), &old, NULL)) {
        complain(s, "there is a source %s already; entente source set %s changes it", name, name);
        return EXIT_USAGE;
    }
    if (intake_party(s->node, text_of(party ? party : name), node_admin(s->node), &src->party, &fault))
        return complain_fault(s, NULL, &fault);
    src->id = uuid_random();
    src->account = *node_admin(s->node);
    src->name = text_of(name);
    int code = record_source(s, &f);
    if (!code && s->json)
        show_source(s, src, text_of(party ? party : name), &(struct source_counts){0});
    else if (!code)
        say(s, "source %s of party %s; its unmarked objects %s%s; findings %s\n", name, party ? party : name,
            src->default_tlp ? "count as " : "stay inside", src->default_tlp ? tlp_name(src->default_tlp) : "",
            src->incident_rule ? "open incidents" : "wait for a person");
    return code;
}

static int set_source(struct session *s, struct view *v)
{
    const char *name = s->operands[0];
    struct fact f = {.kind = FACT_SOURCE};
    struct fact_source *src = &f.u.source;
    struct fault fault = {.offset = -1, .line = -1};
    if (view_source_by_name(v, text_of(name), src, &fault)) {
        complain(s, "no source is named %s; entente source list shows them", name);
        return EXIT_DATA;
    }
    src->name = text_of(name);
    src->account = *node_admin(s->node);
    if (read_settings(s, src))
        return EXIT_USAGE;
    int code = record_source(s, &f);
    if (!code && !s->json)
        say(s, "source %s: default marking %s, incident rule %s\n", name, tlp_name(src->default_tlp),
            src->incident_rule ? "on" : "off");
    return code;
}

/* What does not leave, and what would change that. */
static void table_staying(struct listing *l, const struct fact_source *src, const struct source_counts *c)
{
    struct buffer words;
    buffer_init(&words, 1 * KIB);
    if (c->unmarked)
        buffer_addf(&words, "%llu unmarked (entente source set " TEXT_FMT " --marking TLP)",
                    (unsigned long long)c->unmarked, TEXT_ARG(src->name));
    if (c->unreadable)
        buffer_addf(&words, "%s%llu with markings unknown here (import their definitions)", words.len ? ", " : "",
                    (unsigned long long)c->unreadable);
    table_cell(&l->table, words.len ? buffer_text(&words) : TEXT("-"));
    buffer_done(&words);
}

static enum err list_one(struct listing *l, const struct fact *f)
{
    const struct fact_source *src = &f->u.source;
    struct text party = party_name(l->names, &l->arena, &src->party);
    struct source_counts staying;
    enum err err = view_source_counts(l->names, &src->id, src->default_tlp, &staying, NULL);
    if (err != OK)
        return err;
    if (l->s->json) {
        show_source(l->s, src, party, &staying);
        return OK;
    }
    table_cell(&l->table, src->name);
    table_cell(&l->table, party);
    table_cell(&l->table, text_of(tlp_name(src->default_tlp)));
    table_cell(&l->table, text_of(pap_name(src->default_pap)));
    table_cell(&l->table, src->incident_rule ? TEXT("on") : TEXT("off"));
    table_staying(l, src, &staying);
    return OK;
}

static int run_add(struct session *s)
{
    return with_view(s, add_source);
}

static int run_set(struct session *s)
{
    return with_view(s, set_source);
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"SOURCE",       "PARTY", "DEFAULT MARKING", "PAP", "INCIDENT RULE",
                                        "STAYING HERE", NULL};
    return list_facts(s, FACT_SOURCE, heads, "no sources; entente source add NAME --party PARTY --marking GREEN",
                      list_one);
}

static const struct option_spec OPTIONS[] = {
    {"party", OPTION_VALUE, "NAME", "who speaks through it (the source's own name)"},
    {"marking", OPTION_VALUE, "TLP", "recorded default: what its unmarked objects count as"},
    {"pap", OPTION_VALUE, "LEVEL",
     "permitted actions where its objects say none: CLEAR, GREEN, AMBER, RED (the label's)"},
    {"incident-rule", OPTION_VALUE, "on|off", "a finding by one of its indicators opens an incident (off)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SOURCE_ADD = {
    .name = "source add",
    .operands = "NAME",
    .summary = "a channel by which things come",
    .details = "Without a default marking, unmarked objects of the source stay inside: nothing leaves by mistake.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .run = run_add};
const struct command COMMAND_SOURCE_LIST = {.name = "source list",
                                            .operands = "",
                                            .summary = "the channels and their defaults",
                                            .need = NEED_READ,
                                            .run = run_list};
const struct command COMMAND_SOURCE_SET = {.name = "source set",
                                           .operands = "NAME",
                                           .summary = "change a source's default marking or incident rule",
                                           .options = OPTIONS + 1,
                                           .operands_min = 1,
                                           .operands_max = 1,
                                           .need = NEED_WRITE,
                                           .run = run_set};
