/* finding false-positive|reopen. */
#include "base/time.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/find.h"
#include "command/names.h"
#include "desk/ruling.h"

static int mark_false(struct session *s, struct view *v)
{
    struct finding_row row;
    struct ident ident;
    struct fault fault = {.offset = -1, .line = -1};
    const char *reason = option(s, "reason");
    int code = find_finding(s, v, s->operands[0], &row);
    if (code)
        return code;
    uint64_t number = row.number;
    struct ruling_words words = {.scope = RULING_FINDING, .everywhere = option_given(s, "everywhere")};
    if (option_given(s, "indicator") && option_given(s, "value")) {
        complain(s, "--indicator or --value: one of them");
        return EXIT_USAGE;
    }
    if (option_given(s, "indicator") || option_given(s, "value"))
        words.scope = option_given(s, "value") ? RULING_VALUE : RULING_INDICATOR;
    if (words.scope == RULING_FINDING && (words.everywhere || option_given(s, "until"))) {
        complain(s, "--everywhere and --until go with --indicator or --value");
        return EXIT_USAGE;
    }
    if (option(s, "until") && find_moment(s, "until", option(s, "until"), clock_now_us(), &words.until_us))
        return EXIT_USAGE;
    words.reason = text_of(reason ? reason : "");
    words.tell = option_given(s, "tell");
    if (ident_parse(row.id, &ident, &fault) || finding_rule(s->node, &ident.uuid, &words, session_account(s), &fault))
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "F-%llu is a false positive now, for the whole team%s%s%s\n", (unsigned long long)number,
            words.scope == RULING_INDICATOR ? "; further hits on its indicator are counted and say nothing"
            : words.scope == RULING_VALUE   ? "; further hits on its value are counted and say nothing"
                                            : "",
            words.scope == RULING_FINDING ? ""
            : words.everywhere            ? ", wherever they are"
                                          : ", at this organisation",
            words.tell ? "; the partner that the indicator came from is told the reason" : "");
    return EXIT_DONE;
}

static int reopen(struct session *s, struct view *v)
{
    struct finding_row row;
    struct ident ident;
    struct fault fault = {.offset = -1, .line = -1};
    const char *reason = option(s, "reason");
    int code = find_finding(s, v, s->operands[0], &row);
    if (code)
        return code;
    uint64_t number = row.number;
    if (ident_parse(row.id, &ident, &fault) ||
        finding_reopen(s->node, &ident.uuid, text_of(reason ? reason : ""), session_account(s), &fault))
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "F-%llu is open again, and what silenced it is taken back\n", (unsigned long long)number);
    return EXIT_DONE;
}

static int run_reopen(struct session *s)
{
    return with_view(s, reopen);
}

static int run_false_positive(struct session *s)
{
    return with_view(s, mark_false);
}

static const struct option_spec FALSE_OPTIONS[] = {
    {"reason", OPTION_VALUE, "R", "why"},
    {"indicator", OPTION_FLAG, NULL, "every further hit on its indicator too"},
    {"value", OPTION_FLAG, NULL, "every further hit on its value, by whichever indicator"},
    {"everywhere", OPTION_FLAG, NULL, "at every organisation, not at the finding's alone"},
    {"until", OPTION_VALUE, "TIME", "not after that: 2026-12-31 or +30d"},
    {"tell", OPTION_FLAG, NULL, "tell the partner that the indicator came from, with the reason"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec REOPEN_OPTIONS[] = {{"reason", OPTION_VALUE, "R", "why"},
                                                    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_FINDING_FALSE_POSITIVE = {.name = "finding false-positive",
                                                       .operands = "F-NUMBER|ID",
                                                       .summary = "silence a finding for the team",
                                                       .options = FALSE_OPTIONS,
                                                       .operands_min = 1,
                                                       .operands_max = 1,
                                                       .need = NEED_WRITE,
                                                       .least = ROLE_ANALYST,
                                                       .run = run_false_positive};
const struct command COMMAND_FINDING_REOPEN = {.name = "finding reopen",
                                               .operands = "F-NUMBER|ID",
                                               .summary = "a finding is no false positive after all",
                                               .options = REOPEN_OPTIONS,
                                               .operands_min = 1,
                                               .operands_max = 1,
                                               .need = NEED_WRITE,
                                               .least = ROLE_ANALYST,
                                               .run = run_reopen};
