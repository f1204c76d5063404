#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/names.h"
#include "ledger/exercise.h"
#include "process/spawn.h"
#include "json/json.h"

struct vouching {
    struct session *s;
    const char *exercise, *real, *until;
};

/* The real home signs by its own program run: whoever owns it then. Its answer is one line of JSON. */
static enum err read_statement(struct child *child, struct buffer *ret_statement, struct fault *reterr)
{
    char line[2 * EXERCISE_NOTE_MAX_BYTES];
    struct json_doc *doc;
    enum err err = child_line(child, line, sizeof line, 60000, reterr);
    if (err == OK)
        err = json_parse(text_of(line), &doc, reterr);
    if (err != OK)
        return err;
    buffer_add(ret_statement, json_text(json_get(json_root(doc), "statement")));
    json_free(doc);
    return buffer_error(ret_statement);
}

static enum err vouch(void *self, struct text origin, const uint8_t key[NOTE_KEY_BYTES], struct buffer *ret_statement,
                      struct fault *reterr)
{
    const struct vouching *v = self;
    struct exercise_statement said;
    struct child child;
    char name[ORIGIN_MAX], hex[2 * NOTE_KEY_BYTES + 1];
    snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(origin));
    hex_write(key, NOTE_KEY_BYTES, hex);
    const char *words[] = {"entente",   "--json",   "--home", v->real, "exercise", "sign",
                           v->exercise, "--origin", name,     "--key", hex,        v->until ? "--until" : NULL,
                           v->until,    NULL};
    enum err err = child_start(words, STDERR_FILENO, &child, reterr);
    if (err != OK)
        return err;
    err = read_statement(&child, ret_statement, reterr);
    int code = child_stop(&child, 10000);
    if (err != OK || code != EXIT_DONE)
        return fault_set(reterr, ERR_DENIED, "the real node in %s did not sign the exercise's key", v->real);
    err = exercise_accept(buffer_text(ret_statement), &said, reterr);
    if (err == OK && (!text_eq(said.origin, origin) || memcmp(said.key, key, NOTE_KEY_BYTES) != 0))
        err = fault_set(reterr, ERR_DENIED, "the real node has signed another key than the exercise's");
    return err;
}

static int run_init(struct session *s)
{
    const char *name = option(s, "name"), *country = option(s, "country"), *sector = option(s, "sector");
    if (!name || !country) {
        complain(s, "usage: entente init --name NAME --country CC [--sector S]");
        return EXIT_USAGE;
    }
    if (check_name(s, name))
        return EXIT_USAGE;
    const char *exercise = option(s, "exercise");
    struct vouching vouching = {.s = s, .exercise = exercise, .real = option(s, "of"), .until = option(s, "until")};
    if ((exercise && (check_name(s, exercise) || strcmp(exercise, "real") == 0)) ||
        (!exercise && (vouching.real || vouching.until))) {
        complain(s, exercise ? "--exercise real: an exercise has a name of its own"
                             : "--of and --until are of an exercise: --exercise NAME");
        return EXIT_USAGE;
    }
    struct node_init init = {.name = text_of(name),
                             .country = text_of(country),
                             .sector = text_of(sector ? sector : ""),
                             .space = text_of(exercise ? exercise : "real"),
                             .vouch = vouching.real ? vouch : NULL,
                             .vouch_self = &vouching,
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
    {"exercise", OPTION_VALUE, "NAME", "an exercise's space instead of the real one (docs/EXERCISES.md)"},
    {"of", OPTION_VALUE, "REALHOME", "the real home: its key signs the exercise's, and nothing else is shared"},
    {"until", OPTION_VALUE, "TIME", "to which moment the real key stands for it (30 days from now)"},
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
