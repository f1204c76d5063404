/* explain ID --to PEER: the gate's decision and its rules, before anything moves. */
#include "exchange/explain.h"

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "release/explain.h"

static int explain_object(struct session *s, struct view *v)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct recipient recipient;
    struct decision decision;
    struct uuid party;
    struct arena a;
    const char *to = option(s, "to");
    if (!to) {
        complain(s, "usage: entente explain ID --to PEER");
        return EXIT_USAGE;
    }
    if (find_party(s, v, to, &party))
        return EXIT_DATA;
    arena_init(&a, 4 * MIB);
    struct text id = text_of(s->operands[0]);
    enum err err = explain_for_party(s->node, v, id, &party, clock_now_us(), &a, &recipient, &decision, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: not here", s->operands[0]);
    } else if (err) {
        complain_fault(s, s->operands[0], &fault);
    } else if (s->json) {
        explain_json(id, &recipient, DOOR_TAXII, &decision, json_line(s));
        json_line_end(s);
    } else {
        struct buffer words;
        buffer_init(&words, 64 * KIB);
        explain_words(id, &recipient, DOOR_TAXII, &decision, &words);
        clean_for_people(words.ptr, words.len, true);
        say_text(s, buffer_text(&words));
        buffer_done(&words);
    }
    arena_done(&a);
    return exit_of(err);
}

static int run_explain(struct session *s)
{
    return with_view(s, explain_object);
}

static const struct option_spec OPTIONS[] = {{"to", OPTION_VALUE, "PEER", "the partner who would get it"},
                                             {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_EXPLAIN = {.name = "explain",
                                        .operands = "ID",
                                        .summary = "would this go to that partner, in which form, and by which rules",
                                        .options = OPTIONS,
                                        .operands_min = 1,
                                        .operands_max = 1,
                                        .need = NEED_READ,
                                        .run = run_explain};
