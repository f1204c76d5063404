/* share approve|name|need|consent record|break-glass|revoke: a person lets one object go to one recipient, or no
 * longer. */
#include <string.h>

#include "base/time.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/recipients.h"
#include "exchange/acts.h"
#include "exchange/explain.h"
#include "json/json.h"

#define BREAK_GLASS_US ((int64_t)24 * 3600 * 1000000)

struct act {
    struct session *s;
    struct view *v;
    struct arena arena;
    int64_t now_us;
    struct fact_grant grant;
    struct recipient to;
};

/* ---- what the words say ---- */

static int read_to(struct act *a)
{
    const char *to = option(a->s, "to");
    if (!to) {
        complain(a->s, "usage: entente %s %s", a->s->command->name, a->s->command->operands);
        return EXIT_USAGE;
    }
    enum err err = find_recipient(a->s, a->v, to, &a->arena, &a->to);
    if (err)
        return err == ERR_USAGE ? EXIT_USAGE : EXIT_DATA;
    if (a->to.kind == RECIPIENT_PUBLIC) {
        complain(a->s,
                 "--to public: nothing is released to the public by naming one object; publish it as TLP:CLEAR");
        return EXIT_USAGE;
    }
    a->grant.to_account = a->to.kind == RECIPIENT_OWN_ACCOUNT;
    a->grant.to = *sharing_key(&a->to);
    return EXIT_DONE;
}

static int read_object(struct act *a)
{
    struct version_row row;
    char name[VERSION_NAME_MAX];
    struct fault fault = {.offset = -1, .line = -1};
    a->grant.object = text_of(a->s->operands[0]);
    enum err err = view_current(a->v, a->grant.object, &row, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(a->s, "%s: not here", a->s->operands[0]);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(a->s, NULL, &fault);
    bool one = a->grant.kind == GRANT_CONSENT || a->grant.kind == GRANT_BREAK_GLASS
                   ? !option_given(a->s, "all-versions")
                   : option_given(a->s, "this-version");
    if (one)
        a->grant.version = arena_text(&a->arena, version_name(&row, name));
    return EXIT_DONE;
}

static int read_reason(struct act *a)
{
    const char *reason = option(a->s, "reason");
    if (!reason || !*reason) {
        complain(a->s, "%s: --reason R: it stands in the log for ever", a->s->command->name);
        return EXIT_USAGE;
    }
    a->grant.reason = text_of(reason);
    return EXIT_DONE;
}

static int read_words(struct act *a)
{
    int code = read_reason(a);
    if (!code && find_moment(a->s, "until", option(a->s, "until"), a->now_us, &a->grant.until_us))
        code = EXIT_USAGE;
    if (!code)
        code = read_to(a);
    if (!code)
        code = read_object(a);
    return code ? code : acting_account(a->s, a->v, &a->grant.account);
}

/* ---- what came of it ---- */

static void tell_json(struct act *a, const struct decision *d)
{
    char id[UUID_TEXT_MAX];
    struct json_out o = json_out_to(json_line(a->s));
    json_open(&o, '{');
    json_member_text(&o, "grant", uuid_format(&a->grant.id, id));
    json_member_text(&o, "kind", text_of(grant_kind_name(a->grant.kind)));
    json_member_text(&o, "id", a->grant.object);
    json_member_text(&o, "recipient", a->to.name);
    json_member_text(&o, "decision", d->cleared ? TEXT("cleared") : TEXT("withheld"));
    json_member_text(&o, "marking", text_of(tlp_name(d->label)));
    json_close(&o, '}');
    json_line_end(a->s);
}

/* The act alone lets nothing go that another rule bars: what the gate says now is told. */
static int tell(struct act *a, bool confirmed)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct explained e;
    char id[UUID_TEXT_MAX];
    struct view *v; /* one that sees the new entry */
    if (open_view(a->s, &v))
        return EXIT_WRITE;
    enum door door = a->grant.to_account ? DOOR_CONSOLE : DOOR_TAXII;
    enum err err =
        explain_object(a->s->node, v, a->grant.object, &a->to, door, clock_now_us(), &a->arena, &e, &fault);
    node_reader_done(a->s->node, v);
    if (err)
        return complain_fault(a->s, NULL, &fault);
    const struct decision *d = &e.decision;
    if (a->s->json) {
        tell_json(a, d);
    } else {
        say(a->s, "%s %s, grant %s\n", grant_kind_name(a->grant.kind), confirmed ? "stands" : "recorded",
            uuid_format(&a->grant.id, id).ptr);
        say(a->s, "  " TEXT_FMT " %s it%s%s\n", TEXT_ARG(recipient_words(&a->to, &a->arena)),
            d->cleared ? "gets" : "does not get", d->cleared ? " as " : "", d->cleared ? tlp_name(d->label) : "");
        for (size_t i = 0; i < d->rule_count; i++)
            say(a->s, "  rule %s: %s\n", d->rules[i].id, d->rules[i].words);
    }
    explained_done(&e);
    return EXIT_DONE;
}

static int grant(struct act *a)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = share_grant(a->s->node, &a->grant, &fault);
    return err ? complain_fault(a->s, NULL, &fault) : EXIT_DONE;
}

static int run_act(struct session *s, enum grant_kind kind, int (*more)(struct act *a))
{
    struct act a = {.s = s, .now_us = clock_now_us(), .grant.kind = kind};
    if (open_view(s, &a.v))
        return EXIT_WRITE;
    arena_init(&a.arena, 16 * MIB);
    int code = more(&a);
    arena_done(&a.arena);
    node_reader_done(s->node, a.v);
    return code;
}

/* ---- approve, name, need ---- */

static int plain(struct act *a)
{
    int code = read_words(a);
    if (!code)
        code = grant(a);
    return code ? code : tell(a, false);
}

static int run_approve(struct session *s)
{
    return run_act(s, GRANT_APPROVAL, plain);
}

static int run_name(struct session *s)
{
    return run_act(s, GRANT_NAMED, plain);
}

static int run_need(struct session *s)
{
    return run_act(s, GRANT_NEED, plain);
}

/* ---- consent ---- */

static int read_consent(struct act *a)
{
    const char *from = option(a->s, "from"), *properties = option(a->s, "tear-line");
    struct fact_agreement agreed;
    if (!from || !option_given(a->s, "until")) {
        complain(a->s, "usage: entente %s %s", a->s->command->name, a->s->command->operands);
        return EXIT_USAGE;
    }
    if (find_party(a->s, a->v, from, &a->grant.originator))
        return EXIT_DATA;
    if (find_label(a->s, "as", option(a->s, "as"), &a->grant.leaves_as))
        return EXIT_USAGE;
    a->grant.properties = text_of(properties ? properties : "");
    if (properties || view_agreement(a->v, &a->grant.originator, &agreed, NULL) || !agreed.tear.len ||
        (agreed.until_us && agreed.until_us <= a->now_us))
        return EXIT_DONE;
    /* what was agreed for its tear lines, where nothing else was said */
    a->grant.properties = arena_text(&a->arena, agreed.tear);
    if (a->grant.leaves_as == TLP_NONE)
        a->grant.leaves_as = agreed.tear_as;
    return EXIT_DONE;
}

static int consent(struct act *a)
{
    int code = read_words(a);
    if (!code)
        code = read_consent(a);
    if (!code)
        code = grant(a);
    return code ? code : tell(a, false);
}

static int run_consent(struct session *s)
{
    return run_act(s, GRANT_CONSENT, consent);
}

/* ---- break-glass ---- */

static int open_glass(struct act *a)
{
    char id[UUID_TEXT_MAX];
    int code = read_words(a);
    if (code)
        return code;
    if (!a->grant.until_us)
        a->grant.until_us = a->now_us + BREAK_GLASS_US;
    code = grant(a);
    if (code)
        return code;
    uuid_format(&a->grant.id, id);
    if (a->s->json) {
        struct json_out o = json_out_to(json_line(a->s));
        json_open(&o, '{');
        json_member_text(&o, "grant", text_of(id));
        json_member_text(&o, "kind", TEXT("break-glass"));
        json_member_text(&o, "id", a->grant.object);
        json_member_text(&o, "recipient", a->to.name);
        json_member_bool(&o, "confirmed", false);
        json_close(&o, '}');
        json_line_end(a->s);
        return EXIT_DONE;
    }
    say(a->s,
        "break-glass asked for, grant %s\n"
        "  Nothing leaves yet: a second releaser confirms it with a token of their own:\n"
        "  entente share break-glass --confirm %s --by ACCOUNT --token-file FILE\n",
        id, id);
    return EXIT_DONE;
}

/* Recipient and object of a grant that is confirmed. */
static int take_grant(struct act *a, const struct uuid *id)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct fact f;
    struct fact_account account;
    enum err err = view_grant(a->v, id, &f, &fault);
    if (err) {
        complain(a->s, "no such grant; entente share list shows them");
        return EXIT_DATA;
    }
    a->grant = f.u.grant;
    a->grant.object = arena_text(&a->arena, f.u.grant.object);
    if (!a->grant.to_account)
        err = recipient_of_party(a->s->node, a->v, &a->grant.to, &a->arena, &a->to, &fault);
    else if (view_account(a->v, &a->grant.to, &account, &fault) == OK)
        a->to = recipient_of_account(a->s->node, &a->grant.to, account.disabled ? ROLE_NONE : account.role,
                                     arena_text(&a->arena, account.name));
    return err ? complain_fault(a->s, NULL, &fault) : EXIT_DONE;
}

static int confirm_glass(struct act *a)
{
    struct fault fault = {.offset = -1, .line = -1};
    char told[IDENT_TEXT_MAX];
    bool reached;
    struct uuid id, by;
    if (uuid_parse(text_of(option(a->s, "confirm")), &id)) {
        complain(a->s, "--confirm %s: a grant's number, as entente share list shows it", option(a->s, "confirm"));
        return EXIT_USAGE;
    }
    int code = acting_account(a->s, a->v, &by);
    if (!code)
        code = take_grant(a, &id);
    if (code)
        return code;
    if (share_confirm(a->s->node, &id, &by, told, &reached, &fault))
        return complain_fault(a->s, NULL, &fault);
    if (!a->s->json && told[0] && !reached)
        say(a->s, "the originator cannot be told by this node: telephone; what it should know is in %s\n", told);
    else if (!a->s->json && told[0])
        say(a->s, "the originator is told by %s, once it asks for news; tell it by telephone, too\n", told);
    else if (!a->s->json)
        say(a->s, "nobody is told: it is ours, or nobody knows whose it is\n");
    return tell(a, true);
}

static int glass(struct act *a)
{
    bool confirm = option_given(a->s, "confirm");
    if (confirm == (a->s->operand_count == 1)) {
        complain(a->s, "usage: entente share break-glass ID --to PEER --reason R, then --confirm GRANT");
        return EXIT_USAGE;
    }
    return confirm ? confirm_glass(a) : open_glass(a);
}

static int run_glass(struct session *s)
{
    return run_act(s, GRANT_BREAK_GLASS, glass);
}

/* ---- revoke ---- */

static int revoke(struct act *a)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid id, by;
    int code = read_reason(a);
    if (code)
        return code;
    if (uuid_parse(text_of(a->s->operands[0]), &id)) {
        complain(a->s, "%s: a grant's number, as entente share list shows it", a->s->operands[0]);
        return EXIT_USAGE;
    }
    code = acting_account(a->s, a->v, &by);
    if (code)
        return code;
    if (share_revoke(a->s->node, &id, &by, a->grant.reason, &fault))
        return complain_fault(a->s, NULL, &fault);
    if (!a->s->json)
        say(a->s, "taken back: nothing leaves by it from this moment on; what went before, went\n");
    return EXIT_DONE;
}

static int run_revoke(struct session *s)
{
    return run_act(s, GRANT_APPROVAL, revoke);
}

/* ---- the table ---- */

#define TO_OPTION                                                              \
    {                                                                          \
        "to", OPTION_VALUE, "PEER", "who gets it: a peer, or \"account NAME\"" \
    }
#define REASON_OPTION                                                     \
    {                                                                     \
        "reason", OPTION_VALUE, "R", "why; it stands in the log for ever" \
    }
#define UNTIL_OPTION                                                             \
    {                                                                            \
        "until", OPTION_VALUE, "T", "when it ends: a time, a date, or +24h, +7d" \
    }
#define THIS_OPTION                                                                            \
    {                                                                                          \
        "this-version", OPTION_FLAG, NULL, "of the version that stands now, not of later ones" \
    }
#define ALL_OPTION                                                  \
    {                                                               \
        "all-versions", OPTION_FLAG, NULL, "of later versions, too" \
    }
#define END_OF_OPTIONS                \
    {                                 \
        NULL, OPTION_FLAG, NULL, NULL \
    }

static const struct option_spec PLAIN_OPTIONS[] = {TO_OPTION,   REASON_OPTION, UNTIL_OPTION,
                                                   THIS_OPTION, ACTOR_OPTIONS, END_OF_OPTIONS};
static const struct option_spec CONSENT_OPTIONS[] = {
    TO_OPTION,
    {"from", OPTION_VALUE, "ORIGINATOR", "whose consent it is: the party the object came from"},
    REASON_OPTION,
    UNTIL_OPTION,
    {"tear-line", OPTION_VALUE, "PROPERTIES", "for these properties only: names, comma between"},
    {"as", OPTION_VALUE, "TLP", "the label under which it may go"},
    ALL_OPTION,
    ACTOR_OPTIONS,
    END_OF_OPTIONS};
static const struct option_spec GLASS_OPTIONS[] = {
    TO_OPTION,
    {"reason", OPTION_VALUE, "R", "why; the originator reads it, word for word"},
    {"until", OPTION_VALUE, "T", "when it ends (+24h)"},
    ALL_OPTION,
    {"confirm", OPTION_VALUE, "GRANT", "the second account's act: it stands from now on"},
    ACTOR_OPTIONS,
    END_OF_OPTIONS};
static const struct option_spec REVOKE_OPTIONS[] = {REASON_OPTION, ACTOR_OPTIONS, END_OF_OPTIONS};

const struct command COMMAND_SHARE_APPROVE = {
    .name = "share approve",
    .operands = "ID --to PEER --reason R [--until T]",
    .summary = "let an object above a recipient's ceiling go to it, within its label",
    .options = PLAIN_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_approve};
const struct command COMMAND_SHARE_NAME = {.name = "share name",
                                           .operands = "ID --to PEER|\"account NAME\" --reason R [--until T]",
                                           .summary = "name who a TLP:RED object is for",
                                           .options = PLAIN_OPTIONS,
                                           .operands_min = 1,
                                           .operands_max = 1,
                                           .need = NEED_WRITE,
                                           .least = ROLE_RELEASER,
                                           .run = run_name};
const struct command COMMAND_SHARE_NEED = {.name = "share need",
                                           .operands = "ID --to PEER --reason R [--until T]",
                                           .summary = "a constituent, or a client by agreement, needs an object",
                                           .options = PLAIN_OPTIONS,
                                           .operands_min = 1,
                                           .operands_max = 1,
                                           .need = NEED_WRITE,
                                           .least = ROLE_RELEASER,
                                           .run = run_need};
const struct command COMMAND_SHARE_CONSENT_RECORD = {
    .name = "share consent record",
    .operands = "ID --to PEER --from ORIGINATOR --reason R --until T",
    .summary = "record that an originator consented to more than its label says",
    .details =
        "The consent is for the version that stands, unless --all-versions. Silence is no consent: record what\n"
        "the originator said, and in --reason by whom and how.\n",
    .options = CONSENT_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_consent};
const struct command COMMAND_SHARE_BREAK_GLASS = {
    .name = "share break-glass",
    .operands = "ID --to PEER --reason R | --confirm GRANT",
    .summary = "danger to life or an essential service: two accounts let an object go",
    .details =
        "One account asks, nothing leaves; another one confirms with --confirm GRANT --by ACCOUNT and a token\n"
        "of its own. The originator is told, and reads the reason. It ends after a day unless --until says\n"
        "otherwise, and stays visible for ever.\n",
    .options = GLASS_OPTIONS,
    .operands_min = 0,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_glass};
const struct command COMMAND_SHARE_REVOKE = {.name = "share revoke",
                                             .operands = "GRANT --reason R",
                                             .summary = "take an approval, consent, need or naming back",
                                             .options = REVOKE_OPTIONS,
                                             .operands_min = 1,
                                             .operands_max = 1,
                                             .need = NEED_WRITE,
                                             .least = ROLE_RELEASER,
                                             .run = run_revoke};
