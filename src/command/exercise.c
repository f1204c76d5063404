/* exercise sign|check: the real node stands for an exercise's key, and whether one does. docs/EXERCISES.md. */
#include "ledger/exercise.h"

#include <string.h>

#include "base/time.h"
#include "command/act.h"
#include "command/commands.h"
#include "command/names.h"
#include "model/space.h"
#include "json/json.h"

#define DAYS_DEFAULT 30
#define DAY_US       ((int64_t)86400 * 1000000)

/* ---- sign ---- */

static int read_until(struct session *s, int64_t now_us, int64_t *ret_us)
{
    const char *until = option(s, "until");
    struct stamp stamp;
    *ret_us = now_us + DAYS_DEFAULT * DAY_US;
    if (!until)
        return EXIT_DONE;
    if (stamp_parse_lenient(text_of(until), &stamp) != OK || stamp_us(stamp) / 1000000 <= now_us / 1000000) {
        complain(s, "--until %s: a moment to come, such as 2027-01-31T18:00:00Z", until);
        return EXIT_USAGE;
    }
    *ret_us = stamp_us(stamp) / 1000000 * 1000000;
    return EXIT_DONE;
}

/* The name must be made from the key, or a statement could be had for a log of somebody else's. */
static bool made_from(struct text origin, const uint8_t key[NOTE_KEY_BYTES])
{
    char hex[SHA256_HEX];
    struct sha256 hash = sha256_of(key, NOTE_KEY_BYTES);
    return text_ends(origin, text_sub(sha256_hex(&hash, hex), 0, 16));
}

static int read_statement(struct session *s, struct exercise_statement *ret)
{
    const char *name = s->operands[0], *origin = option(s, "origin"), *key = option(s, "key");
    struct fault fault = {.offset = -1, .line = -1};
    int64_t now_us = clock_now_us();
    *ret = (struct exercise_statement){.exercise = text_of(name), .from_us = now_us / 1000000 * 1000000};
    if (!origin || !key) {
        complain(s, "usage: entente exercise sign NAME --origin ORIGIN --key HEX; entente init --exercise NAME --of "
                    "REALHOME does it by itself");
        return EXIT_USAGE;
    }
    ret->origin = text_of(origin);
    if (check_name(s, name))
        return EXIT_USAGE;
    if (hex_read(text_of(key), ret->key, sizeof ret->key) != OK || !made_from(ret->origin, ret->key)) {
        complain(s, "--key: 64 hexadecimal digits, from which --origin is made");
        return EXIT_USAGE;
    }
    if (space_is_real(ret->exercise) || space_check_origin(ret->exercise, ret->origin, &fault) != OK) {
        complain(s, "--origin %s: no log of the exercise %s", origin, name);
        return EXIT_USAGE;
    }
    return read_until(s, now_us, &ret->until_us);
}

static enum err sign(struct session *s, const struct exercise_statement *statement, struct buffer *note,
                     struct fault *reterr)
{
    struct exercise_statement again;
    struct buffer text;
    buffer_init(&text, EXERCISE_NOTE_MAX_BYTES);
    exercise_format(statement, &text);
    buffer_add(note, buffer_text(&text));
    buffer_add_char(note, '\n');
    enum err err = buffer_error(&text);
    if (err == OK)
        err = node_sign(s->node, NOTE_ED25519, buffer_text(&text), note, reterr);
    buffer_done(&text);
    return err == OK ? exercise_accept(buffer_text(note), &again, reterr) : err;
}

static int run_sign(struct session *s)
{
    struct exercise_statement e;
    struct node_origin own;
    struct buffer note;
    struct fault fault = {.offset = -1, .line = -1};
    if (!space_is_real(node_genesis(s->node)->space)) {
        complain(s, "this is an exercise itself: only a real node stands for one");
        return EXIT_DENIED;
    }
    int code = read_statement(s, &e);
    if (code)
        return code;
    node_origin(s->node, &own);
    e.real_origin = text_of(own.name);
    memcpy(e.real_key, own.key, sizeof e.real_key);
    buffer_init(&note, EXERCISE_NOTE_MAX_BYTES);
    if (sign(s, &e, &note, &fault))
        code = complain_fault(s, NULL, &fault);
    struct fact f = {
        .kind = FACT_ACT,
        .u.act = {.account = *session_account(s), .verb = TEXT("exercise signed"), .subject = buffer_text(&note)}};
    if (!code)
        code = append_fact(s, &f); /* durable before it is handed out */
    if (!code && s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "statement", buffer_text(&note));
        json_close(&o, '}');
        json_line_end(s);
    } else if (!code) {
        s->write(s->write_self, false, buffer_text(&note));
    }
    buffer_done(&note);
    return code;
}

static const struct option_spec SIGN_OPTIONS[] = {
    {"origin", OPTION_VALUE, "ORIGIN", "of the exercise's log"},
    {"key", OPTION_VALUE, "HEX", "its public key"},
    {"until", OPTION_VALUE, "TIME", "to which moment (30 days from now)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_EXERCISE_SIGN = {
    .name = "exercise sign",
    .operands = "NAME",
    .summary = "the real node's key signs an exercise's: a statement for partners, and an entry that it was given",
    .details = "entente init --exercise NAME --of REALHOME asks for it by itself. docs/EXERCISES.md.\n",
    .options = SIGN_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_sign};

/* ---- check ---- */

struct whose {
    const struct exercise_statement *e;
    struct uuid party;
    bool found;
};

static enum err is_peer(void *self, const struct fact *f)
{
    struct whose *w = self;
    if (text_eq(f->u.peer.origin, w->e->real_origin) && memcmp(f->u.peer.key, w->e->real_key, NOTE_KEY_BYTES) == 0) {
        w->party = f->u.peer.party;
        w->found = !f->u.peer.expelled;
    }
    return OK;
}

static int judge(struct session *s, struct view *v, const struct exercise_statement *e)
{
    struct whose w = {.e = e};
    struct node_origin own;
    struct fault fault = {.offset = -1, .line = -1};
    struct arena a;
    char from[MOMENT_MAX], until[MOMENT_MAX], key[2 * NOTE_KEY_BYTES + 1];
    int64_t now_us = clock_now_us();
    node_origin(s->node, &own);
    bool ours = text_eq(e->real_origin, text_of(own.name)) && memcmp(e->real_key, own.key, sizeof own.key) == 0;
    if (!ours && view_facts(v, FACT_PEER, is_peer, &w, &fault))
        return complain_fault(s, NULL, &fault);
    arena_init(&a, 64 * KIB);
    struct text who = ours      ? TEXT("this node")
                      : w.found ? party_name(v, &a, &w.party)
                                : TEXT("nobody whose key is pinned here");
    hex_write(e->key, sizeof e->key, key);
    bool now = now_us >= e->from_us && now_us < e->until_us;
    say(s,
        "exercise  " TEXT_FMT "\nlog       " TEXT_FMT "\nkey       %s\nstands for it: " TEXT_FMT " (" TEXT_FMT
        ")\nfrom %s until %s%s\n",
        TEXT_ARG(e->exercise), TEXT_ARG(e->origin), key, TEXT_ARG(who), TEXT_ARG(e->real_origin),
        moment(e->from_us, from), moment(e->until_us, until), now ? "" : ": not now");
    arena_done(&a);
    return (ours || w.found) && now ? EXIT_DONE : EXIT_CHECK;
}

/* A statement by itself, or an invitation that holds one. */
static int check_bytes(struct session *s, struct view *v, struct text bytes)
{
    struct json_doc *doc = NULL;
    struct exercise_statement e;
    struct fault fault = {.offset = -1, .line = -1};
    if (text_starts(text_trim(bytes), TEXT("{")) && json_parse(bytes, &doc, NULL) == OK)
        bytes = json_text(json_get(json_root(doc), "statement"));
    int code = EXIT_DONE;
    if (!bytes.len) {
        complain(s, "%s: no real node stands for it: there is no statement in it", s->inputs[0].name);
        code = EXIT_CHECK;
    } else if (exercise_accept(bytes, &e, &fault) != OK) {
        complain(s, "%s: %s", s->inputs[0].name, fault.what);
        code = EXIT_CHECK;
    } else {
        code = judge(s, v, &e);
    }
    json_free(doc);
    return code;
}

static int check_file(struct session *s, struct view *v)
{
    char bytes[64 * 1024];
    ssize_t n = io_read_all(io_system(), s->inputs[0].fd, bytes, sizeof bytes, 0);
    if (n < 0 || (size_t)n == sizeof bytes) {
        complain(s, "%s: cannot be read, or is too long for a statement or an invitation", s->inputs[0].name);
        return EXIT_DATA;
    }
    return check_bytes(s, v, (struct text){bytes, (size_t)n});
}

static int run_check(struct session *s)
{
    return with_view(s, check_file);
}

const struct command COMMAND_EXERCISE_CHECK = {
    .name = "exercise check",
    .operands = "FILE",
    .summary = "who stands for an exercise's key: a statement, or the invitation to an exercise",
    .details =
        "Run it in the real home, where partners' keys are pinned. Exit 0: this node or a partner of it stands\n"
        "for the key, now. Nothing is taken in.\n",
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_READ,
    .least = ROLE_READER,
    .files = FILES_FIRST,
    .run = run_check};
