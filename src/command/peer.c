/* peer invite|accept|list|set|sync|expel: partners. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "command/serve.h"
#include "exchange/asker.h"
#include "exchange/peer.h"
#include "exchange/peer_pin.h"
#include "exchange/taxii_server.h"
#include "json/json.h"

#define INVITATION_MAX (64 * KIB)

static int write_all(struct session *s, int fd, struct text t)
{
    /* Not before: what stood there is kept until there is something to put in its place. */
    bool failed = ftruncate(fd, 0) < 0 && errno != EINVAL; /* a pipe or a device has no length */
    while (t.len > 0) {
        ssize_t done = failed ? -1 : write(fd, t.ptr, t.len);
        if (done < 0 && errno == EINTR && !failed)
            continue;
        if (done <= 0) {
            complain(s, "%s: the invitation could not be written: %s; entente peer invite makes another",
                     option(s, "out"), strerror(errno));
            return EXIT_WRITE;
        }
        t = text_sub(t, (size_t)done, t.len);
    }
    return EXIT_DONE;
}

static int run_invite(struct session *s)
{
    const char *name = s->operands[0], *url = option(s, "url");
    struct fault fault = {.offset = -1, .line = -1};
    char own[300];
    if (check_name(s, name))
        return EXIT_USAGE;
    if (!url)
        url = server_url(s->server, own, sizeof own);
    if (!url) {
        complain(s,
                 "peer invite: --url URL: the address by which %s reaches this node (start entente serve and it is "
                 "known)",
                 name);
        return EXIT_USAGE;
    }
    if (strstr(url, "//0.0.0.0:") || strstr(url, "//[::]:")) {
        complain(s, "peer invite: this node listens on every address: --url URL says by which one %s reaches it",
                 name);
        return EXIT_USAGE;
    }
    struct buffer invitation;
    buffer_init(&invitation, INVITATION_MAX);
    int code = EXIT_DONE;
    if (peer_invite(s->node, text_of(name), text_of(url), session_account(s), &invitation, &fault))
        code = complain_fault(s, NULL, &fault);
    else if (s->output_fd < 0)
        say(s, TEXT_FMT "\n", TEXT_ARG(buffer_text(&invitation)));
    else
        code = write_all(s, s->output_fd, buffer_text(&invitation));
    buffer_done(&invitation);
    if (!code && s->output_fd >= 0 && !s->json)
        say(s,
            "invitation for %s in %s. It holds a secret: hand it over by a trusted way; they run\n"
            "  entente peer accept %s\n",
            name, option(s, "out"), option(s, "out"));
    return code;
}

static int run_accept(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    const char *name = option(s, "name");
    struct buffer b;
    buffer_init(&b, INVITATION_MAX);
    ssize_t got = 0;
    do {
        char *to = buffer_reserve(&b, 4 * KIB);
        got = to ? read(s->inputs[0].fd, to, 4 * KIB) : -1;
        b.len -= to ? 4 * KIB - (got > 0 ? (size_t)got : 0) : 0;
    } while (got > 0);
    struct uuid party;
    int code = EXIT_DONE;
    if (got < 0) {
        complain(s, "%s: not an invitation: longer than %zu bytes or not readable", s->inputs[0].name,
                 INVITATION_MAX);
        code = EXIT_DATA;
    } else if (option_given(s, "hub") ? peer_accept_hub(s->node, buffer_text(&b), session_account(s), &party, &fault)
                                      : peer_accept(s->node, buffer_text(&b), text_of(name ? name : ""),
                                                    session_account(s), &party, &fault)) {
        code = complain_fault(s, s->inputs[0].name, &fault);
    }
    buffer_done(&b);
    struct view *v;
    if (code || open_view(s, &v))
        return code ? code : EXIT_WRITE;
    struct arena a;
    arena_init(&a, 64 * KIB);
    struct text called = party_name(v, &a, &party);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "peer", called);
        json_close(&o, '}');
        json_line_end(s);
    } else {
        say(s, TEXT_FMT " is a peer now; a running node takes from it by itself\n", TEXT_ARG(called));
    }
    arena_done(&a);
    node_reader_done(s->node, v);
    return EXIT_DONE;
}

/* Party of the first operand. */
static int named_peer(struct session *s, struct uuid *ret)
{
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    struct fact_peer peer;
    int code = find_party(s, v, s->operands[0], ret) ? EXIT_DATA : EXIT_DONE;
    if (!code && view_peer(v, ret, &peer, NULL)) {
        complain(s, "%s is a party, but no peer; entente peer invite or accept makes it one", s->operands[0]);
        code = EXIT_DATA;
    }
    node_reader_done(s->node, v);
    return code;
}

/* 64 hex digits, in groups or not, as people read them out. */
static bool read_key(const char *words, uint8_t ret[NOTE_KEY_BYTES])
{
    char digits[2 * NOTE_KEY_BYTES + 1];
    size_t count = 0;
    for (; *words; words++) {
        if (*words == ' ' || *words == ':')
            continue;
        if (count == sizeof digits - 1)
            return false;
        digits[count++] = *words;
    }
    return hex_read((struct text){digits, count}, ret, NOTE_KEY_BYTES) == OK;
}

static int confirm_key(struct session *s, const struct uuid *party)
{
    struct fault fault = {.offset = -1, .line = -1};
    uint8_t key[NOTE_KEY_BYTES];
    struct note_key named;
    if (note_key_parse(text_of(option(s, "key")), &named, NULL) == OK)
        return peer_pin_set(s->node, party, &named, session_account(s), &fault)
                   ? complain_fault(s, s->operands[0], &fault)
                   : EXIT_DONE;
    if (!read_key(option(s, "key"), key)) {
        complain(
            s, "--key: the 64 hex digits of a key, or its vkey, as the partner's own `entente key list` shows them");
        return EXIT_USAGE;
    }
    return peer_pin_confirm(s->node, party, key, session_account(s), &fault)
               ? complain_fault(s, s->operands[0], &fault)
               : EXIT_DONE;
}

static const struct {
    const char *name;
    uint32_t bits;
} terms_known[] = {{"tlp2", TERM_TLP2},
                   {"rel-to", TERM_REL_TO},
                   {"not-to", TERM_NOT_TO},
                   {"originator-control", TERM_ORIGINATOR_CONTROL},
                   {"pap", TERM_PAP},
                   {"embargo", TERM_EMBARGO},
                   {"purpose", TERM_PURPOSE},
                   {"classification", TERM_CLASSIFICATION},
                   {"personal-data", TERM_PERSONAL_DATA},
                   {"tear-line", TERM_TEAR_LINE},
                   {"misp-handling", TERM_MISP_HANDLING},
                   {"all", TERMS_ALL},
                   {"none", 0}};

/* Names, comma between; "auto" takes back what a person said. */
static enum err read_terms(struct session *s, const char *given, struct peer_settings *set)
{
    struct text rest = text_of(given), name;
    set->knows_by_itself = strcmp(given, "auto") == 0;
    while (!set->knows_by_itself && text_split(&rest, ',', &name)) {
        size_t i = 0;
        while (i < ARRAY_LEN(terms_known) && !text_eq(text_trim(name), text_of(terms_known[i].name)))
            i++;
        if (i == ARRAY_LEN(terms_known)) {
            complain(s,
                     "--knows " TEXT_FMT ": tlp2, rel-to, not-to, originator-control, pap, embargo, purpose, "
                     "classification, personal-data, tear-line, misp-handling; all, none or auto",
                     TEXT_ARG(name));
            return ERR_USAGE;
        }
        set->knows |= terms_known[i].bits;
    }
    return OK;
}

/* What the gate knows of the partner beside its ceiling. */
static enum err read_nature(struct session *s, struct peer_settings *set)
{
    struct ident id;
    const char *country = option(s, "country"), *kind = option(s, "kind"), *identity = option(s, "identity");
    set->has_country = country != NULL;
    set->has_kind = kind != NULL;
    set->has_knows = option_given(s, "knows");
    set->has_identity = identity != NULL;
    if (country && strcmp(country, "none") != 0)
        set->country = text_of(country);
    if (kind && (!recipient_kind_parse(text_of(kind), &set->kind) || set->kind == RECIPIENT_HUB)) {
        complain(s, "--kind %s: partner, community, authority or constituent", kind);
        return ERR_USAGE;
    }
    if (identity && (ident_parse(text_of(identity), &id, NULL) || !text_eq(id.type, TEXT("identity")))) {
        complain(s, "--identity %s: the identity--UUID by which markings name it", identity);
        return ERR_USAGE;
    }
    if (identity)
        set->identity = id.uuid;
    return set->has_knows ? read_terms(s, option(s, "knows"), set) : OK;
}

/* Whose sensor it is: an organisation of the register, by its name or identifier. */
static int read_organisation(struct session *s, struct peer_settings *set)
{
    const char *given = option(s, "organisation");
    struct constituency *c;
    struct view *v;
    struct fault fault = {.offset = -1, .line = -1};
    set->has_organisation = given != NULL;
    if (!given || strcmp(given, "none") == 0)
        return EXIT_DONE;
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err err = constituency_load(s->node, v, &c, &fault);
    node_reader_done(s->node, v);
    if (err)
        return complain_fault(s, NULL, &fault);
    for (size_t i = 0; i < constituency_size(c); i++) {
        const struct organisation *o = constituency_at(c, i);
        char id[IDENT_TEXT_MAX];
        if (text_eq_nocase(o->name, text_of(given)) ||
            text_eq(ident_format(TEXT("identity"), &o->id, id), text_of(given)))
            set->organisation = o->id;
    }
    constituency_unref(c);
    if (uuid_some(&set->organisation))
        return EXIT_DONE;
    complain(s, "--organisation %s: not in the register; entente constituency list shows who is", given);
    return EXIT_DATA;
}

static int run_set(struct session *s)
{
    struct peer_settings set = {.has_ceiling = option_given(s, "ceiling"),
                                .has_sightings = option_given(s, "sightings"),
                                .has_poll_ms = option_given(s, "poll-ms")};
    if (read_nature(s, &set))
        return EXIT_USAGE;
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid party;
    uint64_t poll_ms = 0;
    if (set.has_ceiling && find_label(s, "ceiling", option(s, "ceiling"), &set.ceiling))
        return EXIT_USAGE;
    if (set.has_sightings && find_switch(s, "sightings", option(s, "sightings"), &set.sightings))
        return EXIT_USAGE;
    int code = read_organisation(s, &set);
    if (code)
        return code;
    if (option_u64(s, "poll-ms", 0, 86400000, &poll_ms))
        return EXIT_USAGE;
    if (set.has_poll_ms && poll_ms < 50) {
        complain(s, "--poll-ms %llu: at least 50", (unsigned long long)poll_ms);
        return EXIT_USAGE;
    }
    set.poll_ms = (uint32_t)poll_ms;
    code = named_peer(s, &party);
    if (!code && option_given(s, "key"))
        code = confirm_key(s, &party);
    bool other = set.has_ceiling || set.has_sightings || set.has_poll_ms || set.has_country || set.has_kind ||
                 set.has_knows || set.has_identity || set.has_organisation || !option_given(s, "key");
    if (!code && other && peer_set(s->node, &party, &set, session_account(s), &fault))
        code = complain_fault(s, NULL, &fault);
    if (!code && !s->json)
        say(s, "%s: recorded\n", s->operands[0]);
    return code;
}

static int run_expel(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid party;
    const char *reason = option(s, "reason");
    if (!reason) {
        complain(s, "peer expel: --reason R: it stands in the log for ever");
        return EXIT_USAGE;
    }
    int code = named_peer(s, &party);
    if (!code && peer_expel(s->node, &party, text_of(reason), session_account(s), &fault))
        code = complain_fault(s, NULL, &fault);
    if (!code && !s->json)
        say(s, "%s gets nothing from this moment on\n", s->operands[0]);
    return code;
}

static int run_sync(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct taxii_pulled pulled = {0};
    struct uuid party;
    int code = named_peer(s, &party);
    if (code)
        return code;
    if (peer_sync(s->node, &party, s->cancel, &pulled, &fault))
        code = complain_fault(s, s->operands[0], &fault);
    const struct intake_totals *t = &pulled.totals;
    if (s->json)
        say(s, "{\"pages\":%llu,\"read\":%llu,\"new\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"rejected\":%llu}\n",
            (unsigned long long)pulled.pages, (unsigned long long)t->read, (unsigned long long)t->fresh,
            (unsigned long long)t->updated, (unsigned long long)t->unchanged, (unsigned long long)t->rejected);
    else if (!code)
        say(s, "%llu objects: %llu new, %llu updated, %llu unchanged, %llu refused\n", (unsigned long long)t->read,
            (unsigned long long)t->fresh, (unsigned long long)t->updated, (unsigned long long)t->unchanged,
            (unsigned long long)t->rejected);
    return code;
}

static void list_log(struct json_out *o, const struct fact_peer *p, const struct pin *offered)
{
    char key[2 * NOTE_KEY_BYTES + 1];
    hex_write(p->key, sizeof p->key, key);
    json_member_text(o, "origin", p->origin);
    json_member_text(o, "key", p->origin.len ? text_of(key) : TEXT_NONE);
    if (!offered)
        return;
    hex_write(offered->key, sizeof offered->key, key);
    json_member_text(o, "offers_origin", text_of(offered->origin));
    json_member_text(o, "offers_key", text_of(key));
}

/* state, and how many proofs did not hold; in words when there are any. */
static const char *with_refused(const char *state, uint64_t refused, char *words, size_t cap)
{
    if (refused == 0)
        return state;
    snprintf(words, cap, "%.200s; %llu proofs did not hold", state, (unsigned long long)refused);
    return words;
}

static enum err list_one(struct listing *l, const struct fact *f)
{
    const struct fact_peer *p = &f->u.peer;
    struct text name = party_name(l->names, &l->arena, &p->party);
    struct peer_result result;
    char when[MOMENT_MAX] = "-";
    bool known = l->s->peers && peer_loop_result(l->s->peers, &p->party, &result);
    if (known)
        moment(result.at_us, when);
    const char *state = p->expelled ? "expelled" : !known ? "-" : result.words[0] ? result.words : "ok";
    char offers[300];
    struct pin offered;
    bool other = !p->expelled && peer_offered(l->s->node, &p->party, &offered) == OK;
    if (other) {
        snprintf(offers, sizeof offers, "offers another key: confirm with entente peer set " TEXT_FMT " --key KEY",
                 TEXT_ARG(name));
        state = offers;
    }
    char words[300], organisation[IDENT_TEXT_MAX];
    uint64_t refused;
    struct fault fault = {.err = OK};
    enum err err = view_refused(l->names, &p->party, &refused, &fault);
    if (err)
        return err;
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "peer", name);
        json_member_text(&o, "url", p->url);
        json_member_text(&o, "ceiling", text_of(tlp_name(p->ceiling)));
        json_member_text(&o, "kind",
                         p->partner_kind ? text_of(recipient_kind_name(p->partner_kind)) : TEXT("partner"));
        json_member_text(&o, "country", p->country);
        json_member_text(&o, "organisation",
                         uuid_some(&p->organisation) ? ident_format(TEXT("identity"), &p->organisation, organisation)
                                                     : TEXT_NONE);
        json_member_bool(&o, "sightings", p->sightings);
        json_member_bool(&o, "expelled", p->expelled);
        json_member_i64(&o, "poll_ms", p->poll_ms);
        json_member_text(&o, "last", text_of(when));
        json_member_text(&o, "state", text_of(state));
        json_member_i64(&o, "proofs_refused", (int64_t)refused);
        list_log(&o, p, other ? &offered : NULL);
        json_close(&o, '}');
        json_line_end(l->s);
        return OK;
    }
    table_cell(&l->table, name);
    table_cell(&l->table, p->url.len                    ? p->url
                          : uuid_some(&p->organisation) ? TEXT("(a sensor)")
                                                        : TEXT("(takes from us only)"));
    table_cell(&l->table, text_of(tlp_name(p->ceiling)));
    table_cell(&l->table, p->sightings ? TEXT("on") : TEXT("off"));
    table_cell(&l->table, text_of(when));
    table_cell(&l->table, text_of(with_refused(state, refused, words, sizeof words)));
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"PEER", "FROM", "CEILING", "SIGHTINGS", "LAST ASKED", "STATE", NULL};
    return list_facts(s, FACT_PEER, heads, "no peers; entente peer invite NAME --out FILE begins", list_one);
}

static const struct option_spec INVITE_OPTIONS[] = {
    {"url", OPTION_VALUE, "URL", "how the partner reaches this node's TAXII server (the address served now)"},
    {"out", OPTION_VALUE, "FILE", "where to write the invitation (standard output)"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec ACCEPT_OPTIONS[] = {
    {"name", OPTION_VALUE, "NAME", "what to call the partner here (the name in the invitation)"},
    {"hub", OPTION_FLAG, NULL, "it is the hub whose sensor this node is (entente watch --hub does this by itself)"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec SET_OPTIONS[] = {
    {"ceiling", OPTION_VALUE, "TLP", "highest label of ours that flows to it without a person (GREEN)"},
    {"sightings", OPTION_VALUE, "on|off", "tell it when its indicators are seen here (off)"},
    {"poll-ms", OPTION_VALUE, "N", "how often it is asked for news, in milliseconds (30000)"},
    {"kind", OPTION_VALUE, "KIND", "partner, community, authority or constituent (partner)"},
    {"country", OPTION_VALUE, "CC", "its country, for markings that name countries; none: not known"},
    {"identity", OPTION_VALUE, "ID", "the identity--UUID by which markings name it"},
    {"organisation", OPTION_VALUE, "NAME",
     "whose sensor it is: what it sees becomes findings of that organisation of the register; none: nobody's"},
    {"knows", OPTION_VALUE, "TERMS",
     "which terms it is known to keep (auto: all of a node like this one, else tlp2; never misp-handling)"},
    {"key", OPTION_VALUE, "HEX",
     "the key of its log that it offers in place of the pinned one, as it told you itself"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec EXPEL_OPTIONS[] = {
    {"reason", OPTION_VALUE, "R", "why; it stands in the log for ever"}, {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_PEER_INVITE = {
    .name = "peer invite",
    .operands = "NAME",
    .summary = "let a partner take from us: writes an invitation file",
    .details =
        "The file holds our address and a token for the partner. The partner runs entente peer accept FILE; another\n"
        "TAXII 2.1 client uses the address, the collection and the token in it.\n",
    .options = INVITE_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_ADMINISTRATOR,
    .run = run_invite};
const struct command COMMAND_PEER_ACCEPT = {.name = "peer accept",
                                            .operands = "FILE",
                                            .summary = "take from a partner: reads its invitation file",
                                            .options = ACCEPT_OPTIONS,
                                            .operands_min = 1,
                                            .operands_max = 1,
                                            .need = NEED_WRITE,
                                            .least = ROLE_ADMINISTRATOR,
                                            .files = FILES_FIRST,
                                            .run = run_accept};
const struct command COMMAND_PEER_LIST = {.name = "peer list",
                                          .operands = "",
                                          .summary = "the partners, their settings and how the lines are",
                                          .need = NEED_WRITE,
                                          .least = ROLE_READER,
                                          .run = run_list};
const struct command COMMAND_PEER_SET = {.name = "peer set",
                                         .operands = "NAME",
                                         .summary = "what flows to a partner without a person",
                                         .options = SET_OPTIONS,
                                         .operands_min = 1,
                                         .operands_max = 1,
                                         .need = NEED_WRITE,
                                         .least = ROLE_ADMINISTRATOR,
                                         .run = run_set};
const struct command COMMAND_PEER_SYNC = {.name = "peer sync",
                                          .operands = "NAME",
                                          .summary = "ask a partner for news now",
                                          .operands_min = 1,
                                          .operands_max = 1,
                                          .need = NEED_WRITE,
                                          .least = ROLE_ANALYST,
                                          .run = run_sync};
const struct command COMMAND_PEER_EXPEL = {.name = "peer expel",
                                           .operands = "NAME",
                                           .summary = "stop everything to and from a partner, from this moment",
                                           .options = EXPEL_OPTIONS,
                                           .operands_min = 1,
                                           .operands_max = 1,
                                           .need = NEED_WRITE,
                                           .least = ROLE_RELEASER,
                                           .run = run_expel};
