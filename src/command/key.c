/* key list|rotate|replace: the key that signs this node's log, and the log's name. */
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/table.h"
#include "ledger/note.h"
#include "store/origin.h"
#include "json/json.h"

#define VKEY_MAX 512 /* a name, and 60 bytes */

/* The form in which C2SP's tools take a key. */
static struct text vkey_of(struct text name, const uint8_t key[NOTE_KEY_BYTES], char out[VKEY_MAX])
{
    struct note_key k;
    struct buffer b;
    size_t len = 0;
    buffer_init(&b, VKEY_MAX);
    if (note_key_make(name, NOTE_ED25519, key, &k) == OK)
        note_key_format(&k, &b);
    if (buffer_error(&b) == OK && b.len < VKEY_MAX) {
        len = b.len;
        memcpy(out, b.ptr, len);
    }
    buffer_done(&b);
    return (struct text){out, len};
}

/* ---- list ---- */

struct list {
    struct session *s;
    struct table table;
    struct node_origin now;
    uint8_t retiring[NOTE_KEY_BYTES];
    bool has_retiring;
    bool signs;
    const char *why; /* not */
};

static const char *state_of(const struct list *l, uint64_t n, const uint8_t key[NOTE_KEY_BYTES])
{
    if (n == l->now.n)
        return l->signs ? "signs" : "missing";
    if (l->has_retiring && memcmp(key, l->retiring, NOTE_KEY_BYTES) == 0)
        return "signs too, until retired";
    return "retired";
}

static void list_key(struct list *l, uint64_t n, int64_t since_us, const char *reason, struct text origin,
                     const uint8_t key[NOTE_KEY_BYTES])
{
    char words[KEY_WORDS_MAX], hex[KEY_HEX], vkey[VKEY_MAX], when[MOMENT_MAX] = "-";
    const char *state = state_of(l, n, key);
    if (since_us)
        moment(since_us, when);
    if (!l->s->json) {
        table_cell(&l->table, origin);
        table_cell(&l->table, key_words(key, words));
        table_cell(&l->table, text_of(when));
        table_cell(&l->table, text_of(reason));
        table_cell(&l->table, text_of(state));
        return;
    }
    hex_write(key, NOTE_KEY_BYTES, hex);
    struct json_out o = json_out_to(json_line(l->s));
    json_open(&o, '{');
    json_member_text(&o, "origin", origin);
    json_member_text(&o, "key", text_of(hex));
    json_member_text(&o, "vkey", vkey_of(origin, key, vkey));
    json_member_text(&o, "since", text_of(when));
    json_member_i64(&o, "entry", (int64_t)n);
    json_member_text(&o, "reason", text_of(reason));
    json_member_text(&o, "state", text_of(state));
    if (n == l->now.n && !l->signs)
        json_member_text(&o, "why", text_of(l->why));
    json_close(&o, '}');
    json_line_end(l->s);
}

static enum err on_origin(void *self, const struct fact *f)
{
    const struct fact_origin *o = &f->u.origin;
    list_key(self, f->n, origin_stated_us(o->note), origin_reason_name(o->reason), o->origin, o->key);
    return OK;
}

static int show_keys(struct session *s, struct view *v)
{
    static const char *const heads[] = {"ORIGIN", "KEY", "SINCE", "BY", "STATE", NULL};
    struct fault why = {.offset = -1, .line = -1}, fault = why;
    struct list l = {.s = s, .why = why.what};
    const struct fact_genesis *g = node_genesis(s->node);
    struct version_row first = {.added_us = 0};
    node_origin(s->node, &l.now);
    l.signs = node_can_sign(s->node, &why) == OK;
    l.why = why.what;
    l.has_retiring = node_retiring_key(s->node, l.retiring);
    (void)!view_by_entry(v, 1, &first, NULL); /* our identity: written with genesis */
    table_begin(&l.table, s, heads);
    list_key(&l, 0, first.added_us, "init", g->origin, g->key);
    enum err err = view_facts(v, FACT_ORIGIN, on_origin, &l, &fault);
    table_end(&l.table, NULL);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (!s->json && !l.signs)
        say(s, "nothing is signed: %s\n", l.why);
    return EXIT_DONE;
}

static int run_list(struct session *s)
{
    return with_view(s, show_keys);
}

/* ---- rotate, replace ---- */

static void tell_json(struct session *s, const struct node_origin *before, const struct node_origin *now,
                      enum origin_reason reason)
{
    char hex[KEY_HEX], old[KEY_HEX], vkey[VKEY_MAX];
    struct json_out o = json_out_to(json_line(s));
    hex_write(now->key, sizeof now->key, hex);
    hex_write(before->key, sizeof before->key, old);
    json_open(&o, '{');
    json_member_text(&o, "reason", text_of(origin_reason_name(reason)));
    json_member_text(&o, "origin", text_of(now->name));
    json_member_text(&o, "key", text_of(hex));
    json_member_text(&o, "vkey", vkey_of(text_of(now->name), now->key, vkey));
    json_member_i64(&o, "entry", (int64_t)now->n);
    json_member_text(&o, "previous_origin", text_of(before->name));
    json_member_text(&o, "previous_key", text_of(old));
    json_close(&o, '}');
    json_line_end(s);
}

static void tell_words(struct session *s, const struct node_origin *now, enum origin_reason reason)
{
    char words[KEY_WORDS_MAX], vkey[VKEY_MAX];
    key_words(now->key, words);
    say(s, "the log goes on as %s (entry %llu)\n  key   %s\n  vkey  " TEXT_FMT "\n", now->name,
        (unsigned long long)now->n, words, TEXT_ARG(vkey_of(text_of(now->name), now->key, vkey)));
    if (reason == ORIGIN_ROTATION)
        say(s,
            "Partners take the new key by themselves. The old one signs beside it for %d days; entente key rotate\n"
            "--retire ends that now.\n",
            ORIGIN_OVERLAP_DAYS);
    else if (reason == ORIGIN_RESTORE)
        say(s, "Partners follow by themselves. What was published after the copy was made is not in this log.\n");
    else
        say(s, "Partners do not believe it yet: read the key to each by telephone; they run\n"
               "  entente peer set NAME --key 'KEY'\n"
               "who only takes from this node, with the vkey in place of the key\n");
}

static int change_origin(struct session *s, enum origin_reason reason)
{
    const char *words = option(s, "reason");
    struct fault fault = {.offset = -1, .line = -1};
    struct node_origin before, now;
    if (!words || !*words) {
        complain(s, "%s: --reason R: it stands in the log for ever", s->command->name);
        return EXIT_USAGE;
    }
    struct origin_change change = {.reason = reason, .account = *session_account(s), .words = text_of(words)};
    node_origin(s->node, &before);
    if (node_new_origin(s->node, &change, &now, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json)
        tell_json(s, &before, &now, reason);
    else
        tell_words(s, &now, reason);
    return EXIT_DONE;
}

static int retire(struct session *s)
{
    uint8_t old[NOTE_KEY_BYTES];
    char hex[KEY_HEX];
    struct fault fault = {.offset = -1, .line = -1};
    bool there = node_retiring_key(s->node, old);
    if (node_retire_key(s->node, &fault))
        return complain_fault(s, NULL, &fault);
    hex_write(there ? old : (const uint8_t[NOTE_KEY_BYTES]){0}, sizeof old, hex);
    if (s->json)
        say(s, "{\"retired\":\"%s\"}\n", hex);
    else
        say(s, "the old key is wiped; checkpoints carry the new one's signature alone\n");
    return EXIT_DONE;
}

static int run_rotate(struct session *s)
{
    return option_given(s, "retire") ? retire(s) : change_origin(s, ORIGIN_ROTATION);
}

static int run_replace(struct session *s)
{
    bool compromised = option_given(s, "compromised"), lost = option_given(s, "lost"),
         behind = option_given(s, "new-origin");
    if (compromised + lost + behind != 1) {
        complain(s, "key replace: one of --compromised, --lost, --new-origin");
        return EXIT_USAGE;
    }
    return change_origin(s, compromised ? ORIGIN_COMPROMISE : lost ? ORIGIN_LOSS : ORIGIN_RESTORE);
}

static const struct option_spec ROTATE_OPTIONS[] = {
    {"reason", OPTION_VALUE, "R", "why; it stands in the log for ever"},
    {"retire", OPTION_FLAG, NULL, "instead: let the key that the last rotation retired sign no longer"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec REPLACE_OPTIONS[] = {
    {"compromised", OPTION_FLAG, NULL, "somebody else may have the key: it is wiped and counts no more"},
    {"lost", OPTION_FLAG, NULL, "nobody has it: keys/node.key is gone or damaged, and no backup holds it"},
    {"new-origin", OPTION_FLAG, NULL,
     "the log is behind what was published (an old copy was put back): it goes on under a new name, with its key"},
    {"reason", OPTION_VALUE, "R", "why; it stands in the log for ever"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_KEY_LIST = {.name = "key list",
                                         .operands = "",
                                         .summary = "the keys that sign and signed this node's log",
                                         .details = "With --json also in the form that C2SP's tools take (vkey).\n",
                                         .need = NEED_READ,
                                         .least = ROLE_READER,
                                         .run = run_list};
const struct command COMMAND_KEY_ROTATE = {
    .name = "key rotate",
    .operands = "",
    .summary = "a new key; partners take it by themselves",
    .details =
        "The statement that names the new key is signed by both and stands in the log. Checkpoints carry both\n"
        "signatures for 30 days.\n",
    .options = ROTATE_OPTIONS,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_rotate};
const struct command COMMAND_KEY_REPLACE = {
    .name = "key replace",
    .operands = "",
    .summary = "another key, or another name of the log, when the old one cannot go on",
    .details =
        "Works without keys/node.key. After --compromised and --lost the log has a new name and a new key, and\n"
        "each partner's people confirm it: entente peer set NAME --key KEY.\n",
    .options = REPLACE_OPTIONS,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_replace};
