/* repair: bodies that the disk has spoiled, had again from a partner who has them. */
#include "exchange/repair.h"
#include "command/commands.h"
#include "command/names.h"
#include "json/json.h"

static void on_body(void *self, const struct spoiled *b, enum err err, const struct fault *why)
{
    struct session *s = self;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_i64(&o, "entry", (int64_t)b->n);
        json_member_text(&o, "id", b->id);
        json_member_bool(&o, "mended", err == OK);
        json_member_text(&o, "what", text_of(err == OK ? "" : why->what));
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, "entry %llu, " TEXT_FMT ": %s\n", (unsigned long long)b->n,
            TEXT_ARG(b->id.len ? b->id : TEXT("no object")), err == OK ? "mended" : why->what);
    }
}

static int run_repair(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct repair_totals totals = {0};
    struct uuid party;
    struct view *v;
    const char *from = option(s, "from");
    if (!from) {
        complain(s, "--from PEER is missing: who has the objects still? entente peer list");
        return EXIT_USAGE;
    }
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err err = find_party(s, v, from, &party);
    node_reader_done(s->node, v);
    if (err)
        return exit_of(err);
    err = repair_from(s->node, &party, s->cancel, on_body, s, &totals, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "%llu spoiled, %llu mended\n", (unsigned long long)totals.spoiled, (unsigned long long)totals.mended);
    return totals.mended == totals.spoiled ? EXIT_DONE : EXIT_CHECK;
}

static const struct option_spec OPTIONS[] = {
    {"from", OPTION_VALUE, "PEER", "the partner who is asked for each object, by id and version"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_REPAIR = {
    .name = "repair",
    .operands = "",
    .summary = "bodies that the disk has spoiled (entente verify names the first), had again from a partner",
    .details = "Only what has the very hash and checksum that our own log says goes back in its place. Exit 1 when\n"
               "some could not be had. --json: {\"entry\",\"id\",\"mended\",\"what\"} for each.\n",
    .options = OPTIONS,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_repair};
