#include <string.h>

#include "command/commands.h"
#include "command/names.h"
#include "json/json.h"

static int run_init(struct session *s)
{
    const char *name = option(s, "name"), *country = option(s, "country"), *sector = option(s, "sector");
    if (!name || !country) {
        complain(s, "usage: entente init --name NAME --country CC [--sector S]");
        return EXIT_USAGE;
    }
    if (check_name(s, name))
        return EXIT_USAGE;
    struct node_init init = {.name = text_of(name),
                             .country = text_of(country),
                             .sector = text_of(sector ? sector : ""),
                             .space = text_of(option_given(s, "exercise") ? option(s, "exercise") : "real"),
                             .account = text_of(option_given(s, "admin") ? option(s, "admin") : "admin")};
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = node_create(io_system(), s->home, &init, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    struct node *node;
    err = node_open(io_system(), s->home, NODE_READ, &node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    const struct fact_genesis *g = node_genesis(node);
    char id[IDENT_TEXT_MAX];
    struct text identity = ident_format(TEXT("identity"), &g->identity, id);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "home", text_of(s->home));
        json_member_text(&o, "identity", identity);
        json_member_text(&o, "origin", g->origin);
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s,
            "%s is ready in %s\n"
            "  identity  " TEXT_FMT "\n"
            "  log       " TEXT_FMT "\n"
            "Next: entente constituency import FILE.csv, entente source add NAME, entente serve\n",
            name, s->home, TEXT_ARG(identity), TEXT_ARG(g->origin));
    }
    node_close(node);
    return EXIT_DONE;
}

static const struct option_spec OPTIONS[] = {
    {"name", OPTION_VALUE, "NAME", "what the node is called, to its partners too"},
    {"country", OPTION_VALUE, "CC", "two capital letters (ISO 3166-1)"},
    {"sector", OPTION_VALUE, "S", "for a sector's or a company's node"},
    {"admin", OPTION_VALUE, "NAME", "the first administrator (admin)"},
    {"exercise", OPTION_VALUE, "NAME", "an exercise's space instead of the real one"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_INIT = {
    .name = "init",
    .operands = "",
    .summary = "a new node: keys, log, first administrator, configuration",
    .details = "Makes the home folder. The log's key and origin are fixed for good. Local commands act as the first\n"
               "administrator.\n",
    .options = OPTIONS,
    .need = NEED_NOTHING,
    .run = run_init};
