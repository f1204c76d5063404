/* command/verify_peer.c - one line: what holds, or the first thing that does not. */
#include "command/verify_peer.h"

#include "command/names.h"
#include "exchange/ledger_check.h"
#include "json/json.h"

static void tell_json(struct session *s, const char *check, const struct ledger_checked *c, const char *what)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "check", text_of(check));
    json_member_text(&o, "peer", text_of(option(s, "peer")));
    if (c) {
        json_member_text(&o, "origin", text_of(c->origin));
        json_member_i64(&o, "size", (int64_t)c->size);
        json_member_i64(&o, "seen", (int64_t)c->seen);
        json_member_i64(&o, "cosigners", c->cosigners);
        json_member_bool(&o, "moved", c->moved);
    }
    json_member_text(&o, "what", text_of(what));
    json_member_bool(&o, "ok", c != NULL);
    json_close(&o, '}');
    json_line_end(s);
}

static void tell_good(struct session *s, const struct ledger_checked *c)
{
    if (s->json) {
        tell_json(s, "peer", c,
                  c->seen ? "its log continues what was seen before" : "its log is seen for the first time");
        return;
    }
    say(s, "%-10s  good     %s: %llu entries, ", "peer", c->origin, (unsigned long long)c->size);
    if (c->seen)
        say(s, "continuing the %llu seen before", (unsigned long long)c->seen);
    else
        say(s, "seen for the first time");
    say(s, "; cosigned by %u parties known here%s\n", c->cosigners,
        c->moved ? "; its key or name changed, as the pinned key itself says" : "");
}

int verify_peer(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct ledger_checked c;
    struct uuid party;
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    int code = find_party(s, v, option(s, "peer"), &party) ? EXIT_DATA : EXIT_DONE;
    node_reader_done(s->node, v);
    if (code)
        return code;
    enum err e = ledger_check_peer(s->node, &party, session_account(s), &c, &fault);
    if (e == OK) {
        tell_good(s, &c);
        return EXIT_DONE;
    }
    if (e != ERR_DENIED || !fault.rule[0])
        return complain_fault(s, option(s, "peer"), &fault);
    if (s->json)
        tell_json(s, fault.rule, NULL, fault.what);
    else
        say(s, "%-10s  FAULT    %s: %s\n", fault.rule, option(s, "peer"), fault.what);
    return EXIT_CHECK;
}
