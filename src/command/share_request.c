/* share consent request: what we would ask an originator, ready to be sent. */
#include <string.h>

#include "base/time.h"
#include "command/act.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/recipients.h"
#include "json/json.h"

struct request {
    struct session *s;
    struct view *v;
    struct arena arena;
    struct text id, modified, type;
    struct gate_class cls;
    struct text originator, to; /* to: in words for the originator, never a constituent's name */
    struct text properties;
    enum tlp as;
    bool hit; /* seen at one of ours */
};

/* An indicator's own finding: what was seen is what is asked for. */
static int take_finding(struct request *r, const char *word)
{
    struct finding_row row;
    uint64_t number;
    char id[IDENT_TEXT_MAX];
    if (text_u64(text_of(word + 2), &number) || view_finding_by_number(r->v, number, &row, NULL)) {
        complain(r->s, "%s: no such finding; entente finding list shows them", word);
        return EXIT_DATA;
    }
    if (row.kind == FINDING_REPORTED) {
        complain(r->s, "%s: it is a report, and no indicator that consent could be asked for", word);
        return EXIT_DATA;
    }
    r->id = arena_text(&r->arena, ident_format(TEXT("indicator"), &row.indicator, id));
    r->hit = true;
    return EXIT_DONE;
}

static int take_object(struct request *r)
{
    struct version_row row;
    struct ident ident;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_current(r->v, r->id, &row, &fault);
    if (err == ERR_NOT_FOUND || ident_parse(r->id, &ident, NULL)) {
        complain(r->s, TEXT_FMT ": not here", TEXT_ARG(r->id));
        return EXIT_DATA;
    }
    r->type = ident.type;
    r->modified = err ? TEXT_NONE : arena_text(&r->arena, row.modified);
    if (err == OK)
        err = view_class(r->v, row.class_id, &r->cls, &fault);
    if (err)
        return complain_fault(r->s, NULL, &fault);
    if (r->cls.ours) {
        complain(r->s, TEXT_FMT ": it is ours: nobody's consent is needed", TEXT_ARG(r->id));
        return EXIT_DATA;
    }
    if (!uuid_some(&r->cls.party)) {
        complain(r->s, TEXT_FMT ": nobody knows whose it is, so nobody can be asked", TEXT_ARG(r->id));
        return EXIT_DATA;
    }
    r->originator = party_name(r->v, &r->arena, &r->cls.party);
    return EXIT_DONE;
}

/* What the originator is asked about: the least that is of use. Not who gave it, nor whom it is attributed to. */
static void propose(struct request *r)
{
    const char *properties = option(r->s, "tear-line");
    struct fact_agreement agreed;
    if (properties) {
        r->properties = text_of(properties);
    } else if (view_agreement(r->v, &r->cls.party, &agreed, NULL) == OK && agreed.tear.len) {
        r->properties = arena_text(&r->arena, agreed.tear);
        r->as = agreed.tear_as;
    } else if (text_eq(r->type, TEXT("indicator"))) {
        r->properties = TEXT("indicator_types,pattern,pattern_type,pattern_version,valid_from,valid_until");
    }
    if (r->as == TLP_NONE)
        r->as = r->hit ? TLP_AMBER : TLP_GREEN;
}

static int read_to(struct request *r)
{
    struct recipient to;
    const char *given = option(r->s, "to");
    if (!given && r->hit) {
        r->to = TEXT("an organisation of our constituency at which it was seen");
        return EXIT_DONE;
    }
    if (!given) {
        complain(r->s, "usage: entente %s %s", r->s->command->name, r->s->command->operands);
        return EXIT_USAGE;
    }
    enum err err = find_recipient(r->s, r->v, given, &r->arena, &to);
    if (err)
        return err == ERR_USAGE ? EXIT_USAGE : EXIT_DATA;
    r->to = to.kind == RECIPIENT_CONSTITUENT ? TEXT("an organisation of our constituency")
                                             : recipient_words(&to, &r->arena);
    return EXIT_DONE;
}

static int record(struct request *r)
{
    struct fact f = {.kind = FACT_ACT,
                     .u.act = {.verb = TEXT("consent requested"), .subject = r->id, .reason = r->to}};
    int code = acting_account(r->s, r->v, &f.u.act.account);
    return code ? code : append_fact(r->s, &f);
}

static void print_json(struct request *r)
{
    struct json_out o = json_out_to(json_line(r->s));
    json_open(&o, '{');
    json_member_text(&o, "id", r->id);
    json_member_text(&o, "version", r->modified);
    json_member_text(&o, "originator", r->originator);
    json_member_text(&o, "marking", text_of(tlp_name(gate_class_label(&r->cls))));
    json_member_text(&o, "to", r->to);
    json_member_text(&o, "portion", r->properties);
    json_member_text(&o, "form", r->properties.len ? TEXT("source anonymised") : TEXT("verbatim"));
    json_member_text(&o, "as", text_of(tlp_name(r->as)));
    json_member_text(&o, "purpose", r->hit ? TEXT("to warn who is affected") : TEXT("defence"));
    json_close(&o, '}');
    json_line_end(r->s);
}

static void print_words(struct request *r)
{
    const char *to = option(r->s, "to");
    say(r->s, "To " TEXT_FMT ": a request for your consent\n", TEXT_ARG(r->originator));
    say(r->s, "  object   " TEXT_FMT ", version " TEXT_FMT ", which you gave us as %s\n", TEXT_ARG(r->id),
        TEXT_ARG(r->modified.len ? r->modified : TEXT("none")), tlp_name(gate_class_label(&r->cls)));
    say(r->s, "  for      " TEXT_FMT "\n", TEXT_ARG(r->to));
    say(r->s, "  purpose  %s\n", r->hit ? "to warn who is affected" : "defence");
    if (r->properties.len)
        say(r->s, "  portion  these properties alone: " TEXT_FMT "; not from whom it is\n", TEXT_ARG(r->properties));
    else
        say(r->s, "  portion  the whole\n");
    say(r->s, "  as       %s\n", tlp_name(r->as));
    say(r->s, "  Please answer: granted, granted with conditions (which, until when), or refused.\n"
              "  Silence is taken as refusal.\n\n");
    say(r->s, "When it is granted:\n  entente share consent record " TEXT_FMT " --to '%s' --from '" TEXT_FMT "'",
        TEXT_ARG(r->id), to ? to : "PEER", TEXT_ARG(r->originator));
    if (r->properties.len)
        say(r->s, " --tear-line " TEXT_FMT, TEXT_ARG(r->properties));
    say(r->s, " --as %s --until T --reason WHO-SAID-SO-AND-HOW\n", tlp_name(r->as) + strlen("TLP:"));
}

static int request(struct request *r)
{
    const char *word = r->s->operands[0];
    int code = EXIT_DONE;
    if (find_label(r->s, "as", option(r->s, "as"), &r->as))
        return EXIT_USAGE;
    if (strncmp(word, "F-", 2) == 0)
        code = take_finding(r, word);
    else
        r->id = text_of(word);
    if (!code)
        code = take_object(r);
    if (!code)
        code = read_to(r);
    if (!code)
        code = record(r);
    if (code)
        return code;
    propose(r);
    if (r->s->json)
        print_json(r);
    else
        print_words(r);
    return EXIT_DONE;
}

static int run_view(struct session *s, struct view *v)
{
    struct request r = {.s = s, .v = v};
    arena_init(&r.arena, 4 * MIB);
    int code = request(&r);
    arena_done(&r.arena);
    return code;
}

static int run_request(struct session *s)
{
    return with_view(s, run_view);
}

static const struct option_spec OPTIONS[] = {
    {"to", OPTION_VALUE, "PEER", "who would get it (of a finding: who is affected, not named)"},
    {"tear-line", OPTION_VALUE, "PROPERTIES", "ask for these properties only: names, comma between"},
    {"as", OPTION_VALUE, "TLP", "the label under which it would go"},
    ACTOR_OPTIONS,
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SHARE_CONSENT_REQUEST = {
    .name = "share consent request",
    .operands = "ID|F-NUMBER --to PEER",
    .summary = "what to ask an originator, in words ready to be sent",
    .details = "Asks for the least that is of use and names no constituent. That it was asked is an entry; send the\n"
               "words by the line you have.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_request};
