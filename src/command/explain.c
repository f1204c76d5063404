/* explain ID --to PEER: the gate's decision and its rules, before anything moves. */
#include "exchange/explain.h"

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/recipients.h"
#include "release/explain.h"

static void print(struct session *s, struct text id, const struct recipient *r, enum door door,
                  const struct decision *d)
{
    struct buffer words;
    if (s->json) {
        explain_json(id, r, door, d, json_line(s));
        json_line_end(s);
        return;
    }
    buffer_init(&words, 64 * KIB);
    explain_words(id, r, door, d, &words);
    clean_for_people(words.ptr, words.len, true);
    say_text(s, buffer_text(&words));
    buffer_done(&words);
}

static int explain_to(struct session *s, struct view *v, struct arena *a)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct recipient recipient;
    struct explained explained;
    enum door door;
    int64_t now_us = clock_now_us();
    const char *to = option(s, "to");
    if (!to) {
        complain(s, "usage: entente explain ID --to PEER");
        return EXIT_USAGE;
    }
    enum err err = find_recipient(s, v, to, a, &recipient);
    if (err)
        return err == ERR_USAGE ? EXIT_USAGE : EXIT_DATA;
    enum door usual = recipient.kind == RECIPIENT_OWN_ACCOUNT ? DOOR_CONSOLE
                      : recipient.kind == RECIPIENT_PUBLIC    ? DOOR_PUBLIC_PAGE
                                                              : DOOR_TAXII;
    if (find_door(s, option(s, "door"), usual, &door))
        return EXIT_USAGE;
    struct text id = text_of(s->operands[0]);
    err = explain_object(s->node, v, id, &recipient, door, now_us, a, &explained, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: not here", s->operands[0]);
    } else if (err) {
        complain_fault(s, s->operands[0], &fault);
    } else {
        print(s, id, &recipient, door, &explained.decision);
        explained_done(&explained);
    }
    return exit_of(err);
}

static int explain_one(struct session *s, struct view *v)
{
    struct arena a;
    arena_init(&a, 16 * MIB);
    int code = explain_to(s, v, &a);
    arena_done(&a);
    return code;
}

static int run_explain(struct session *s)
{
    return with_view(s, explain_one);
}

static const struct option_spec OPTIONS[] = {
    {"to", OPTION_VALUE, "PEER", "who would get it: a peer, public, or \"account NAME\""},
    {"door", OPTION_VALUE, "DOOR", "by which way (taxii; console for an account)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_EXPLAIN = {.name = "explain",
                                        .operands = "ID",
                                        .summary =
                                            "would this go to that recipient, in which form, and by which rules",
                                        .options = OPTIONS,
                                        .operands_min = 1,
                                        .operands_max = 1,
                                        .need = NEED_READ,
                                        .least = ROLE_ANALYST,
                                        .run = run_explain};
