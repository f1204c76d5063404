/* share agreement set|list, share group add|set|list: what was agreed with a party, and who is on a list. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "command/actor.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "exchange/acts.h"
#include "json/json.h"

#define NAMES_MAX 4096

static const char *until_words(int64_t us, char out[MOMENT_MAX])
{
    return us ? moment(us, out) : "-";
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

/* ---- agreements ---- */

/* Accounts by name, comma between; "none" for nobody. */
static int read_accounts(struct session *s, struct view *v, const char *names, struct uuid *out, size_t *ret_count)
{
    struct text rest = text_of(names), name;
    *ret_count = 0;
    if (strcmp(names, "none") == 0)
        return EXIT_DONE;
    while (text_split(&rest, ',', &name)) {
        struct fact_account a;
        if (view_account_by_name(v, text_trim(name), &a, NULL)) {
            complain(s, "no account is named " TEXT_FMT "; entente account list shows them", TEXT_ARG(name));
            return EXIT_DATA;
        }
        if (*ret_count < NAMES_MAX)
            out[(*ret_count)++] = a.id;
    }
    qsort(out, *ret_count, sizeof *out, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < *ret_count; i++)
        if (!kept || !uuid_eq(&out[kept - 1], &out[i]))
            out[kept++] = out[i];
    *ret_count = kept;
    return EXIT_DONE;
}

/* The agreement that stands, its texts kept over later questions. */
static enum err load_agreement(struct view *v, const struct uuid *party, struct arena *arena, struct uuid *red,
                               struct fact_agreement *ret)
{
    enum err err = view_agreement(v, party, ret, NULL);
    if (err) {
        *ret = (struct fact_agreement){.party = *party};
        return err == ERR_NOT_FOUND ? OK : err;
    }
    if (ret->red_count > NAMES_MAX)
        ret->red_count = NAMES_MAX;
    if (ret->red_count)
        memcpy(red, ret->red, ret->red_count * sizeof *red);
    ret->red = red;
    ret->tear = arena_text(arena, ret->tear);
    ret->reason = arena_text(arena, ret->reason);
    return ret->tear.ptr && ret->reason.ptr ? OK : ERR_NOMEM;
}

static int change_agreement(struct session *s, struct view *v, struct uuid *red, struct fact_agreement *a)
{
    const char *accounts = option(s, "red"), *tear = option(s, "tear-line");
    if (option_given(s, "authorities") && find_switch(s, "authorities", option(s, "authorities"), &a->authorities))
        return EXIT_USAGE;
    if (option_given(s, "communities") && find_switch(s, "communities", option(s, "communities"), &a->communities))
        return EXIT_USAGE;
    if (option_given(s, "as") && find_label(s, "as", option(s, "as"), &a->tear_as))
        return EXIT_USAGE;
    if (option_given(s, "until") && find_moment(s, "until", option(s, "until"), clock_now_us(), &a->until_us))
        return EXIT_USAGE;
    if (tear)
        a->tear = strcmp(tear, "none") == 0 ? TEXT_NONE : text_of(tear);
    if (option_given(s, "reason"))
        a->reason = text_of(option(s, "reason"));
    int code = accounts ? read_accounts(s, v, accounts, red, &a->red_count) : EXIT_DONE;
    a->red = red;
    return code ? code : acting_account(s, v, &a->account);
}

static int set_agreement_with(struct session *s, struct view *v, struct arena *arena, struct uuid *red)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct fact_agreement a;
    struct uuid party;
    if (find_party(s, v, s->operands[0], &party))
        return EXIT_DATA;
    if (load_agreement(v, &party, arena, red, &a)) {
        complain(s, "the agreement could not be read");
        return EXIT_WRITE;
    }
    int code = change_agreement(s, v, red, &a);
    if (code)
        return code;
    if (share_agree(s->node, &a, &fault))
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s,
            "agreement with %s: authorities are %s clients, communities are %s; its TLP:RED is for %zu accounts of "
            "ours\n",
            s->operands[0], a.authorities ? "its" : "not its", a.communities ? "too" : "not", a.red_count);
    return EXIT_DONE;
}

static int set_agreement(struct session *s, struct view *v)
{
    struct arena arena;
    arena_init(&arena, 1 * MIB);
    struct uuid *red = arena_alloc(&arena, NAMES_MAX * sizeof *red);
    int code = red ? set_agreement_with(s, v, &arena, red) : EXIT_WRITE;
    arena_done(&arena);
    return code;
}

static int run_agreement_set(struct session *s)
{
    return with_view(s, set_agreement);
}

static struct text account_names(struct listing *l, const struct uuid *ids, size_t count)
{
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    for (size_t i = 0; i < count; i++) {
        struct fact_account a;
        buffer_add(&b, text_of(i ? "," : ""));
        buffer_add(&b, view_account(l->names, &ids[i], &a, NULL) ? TEXT("(unknown)") : a.name);
    }
    struct text kept = arena_text(&l->arena, buffer_text(&b));
    buffer_done(&b);
    return kept.len ? kept : TEXT("-");
}

static enum err list_agreement(struct listing *l, const struct fact *f)
{
    const struct fact_agreement *a = &f->u.agreement;
    char until[MOMENT_MAX];
    struct text party = party_name(l->names, &l->arena, &a->party), red = account_names(l, a->red, a->red_count);
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "party", party);
        json_member_bool(&o, "authorities", a->authorities);
        json_member_bool(&o, "communities", a->communities);
        json_member_text(&o, "red", red);
        json_member_text_or_null(&o, "tear_line", a->tear);
        json_member_text_or_null(&o, "as", a->tear_as == TLP_NONE ? TEXT_NONE : text_of(tlp_name(a->tear_as)));
        json_member_moment(&o, "until", a->until_us);
        json_member_text_or_null(&o, "reason", a->reason);
        json_close(&o, '}');
        json_line_end(l->s);
        return OK;
    }
    table_cell(&l->table, party);
    table_cell(&l->table, a->authorities ? TEXT("clients") : TEXT("-"));
    table_cell(&l->table, a->communities ? TEXT("clients") : TEXT("-"));
    table_cell(&l->table, red);
    table_cell(&l->table, a->tear.len ? a->tear : TEXT("-"));
    table_cell(&l->table, text_of(until_words(a->until_us, until)));
    return OK;
}

static int run_agreement_list(struct session *s)
{
    static const char *const heads[] = {"PARTY", "AUTHORITIES", "COMMUNITIES", "RED FOR", "TEAR LINE", "UNTIL", NULL};
    return list_facts(s, FACT_AGREEMENT, heads, "no agreements: what partners gave us goes by its label alone",
                      list_agreement);
}

/* ---- groups ---- */

struct group {
    struct fact_group f;
    struct fact_group_member *members; /* room for NAMES_MAX */
    int64_t now_us, from_us, until_us; /* of who is added */
    bool fresh;
};

static struct fact_group_member *member_of(struct group *g, const struct uuid *party)
{
    for (size_t i = 0; i < g->f.count; i++)
        if (uuid_eq(&g->members[i].party, party))
            return &g->members[i];
    return NULL;
}

/* Who is taken off leaves at this moment; that it was on the list stays in the log. */
static void take_off(struct group *g, const struct uuid *party)
{
    struct fact_group_member *m = member_of(g, party);
    if (m)
        *m = g->members[--g->f.count];
}

static void put_on(struct group *g, const struct uuid *party)
{
    struct fact_group_member *m = member_of(g, party);
    if (!m && g->f.count < NAMES_MAX)
        m = &g->members[g->f.count++];
    if (m)
        *m = (struct fact_group_member){*party, g->from_us, g->until_us};
}

static int change_members(struct session *s, struct view *v, struct group *g, const char *names,
                          void (*change)(struct group *g, const struct uuid *party))
{
    struct text rest = text_of(names), name;
    while (text_split(&rest, ',', &name)) {
        char word[NAME_MAX_BYTES + 1] = "";
        struct uuid party;
        name = text_trim(name);
        if (name.len > NAME_MAX_BYTES)
            return EXIT_DATA;
        memcpy(word, name.ptr, name.len);
        if (find_party(s, v, word, &party))
            return EXIT_DATA;
        change(g, &party);
    }
    return EXIT_DONE;
}

static int change_group(struct session *s, struct view *v, struct group *g)
{
    const char *on = option(s, "member"), *off = option(s, "remove");
    bool reachable = !g->f.unreachable;
    if (find_moment(s, "from", option(s, "from"), g->now_us, &g->from_us) ||
        find_moment(s, "member-until", option(s, "member-until"), g->now_us, &g->until_us))
        return EXIT_USAGE;
    if (!g->from_us)
        g->from_us = g->now_us;
    if (option_given(s, "until") && find_moment(s, "until", option(s, "until"), g->now_us, &g->f.until_us))
        return EXIT_USAGE;
    if (option_given(s, "reachable") && find_switch(s, "reachable", option(s, "reachable"), &reachable))
        return EXIT_USAGE;
    g->f.unreachable = !reachable;
    int code = on ? change_members(s, v, g, on, put_on) : EXIT_DONE;
    if (!code && off)
        code = change_members(s, v, g, off, take_off);
    return code;
}

static int record_group(struct session *s, struct view *v, struct group *g)
{
    struct fault fault = {.offset = -1, .line = -1};
    char until[MOMENT_MAX];
    int code = change_group(s, v, g);
    if (!code)
        code = acting_account(s, v, &g->f.account);
    if (code)
        return code;
    qsort(g->members, g->f.count, sizeof *g->members, by_bytes);
    g->f.members = g->members;
    if (g->fresh ? share_group_new(s->node, &g->f, &fault) : share_group(s->node, &g->f, &fault))
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "group " TEXT_FMT ": %zu members, the list is good until %s%s\n", TEXT_ARG(g->f.name), g->f.count,
            g->f.until_us ? moment(g->f.until_us, until) : "it is changed",
            g->f.unreachable ? "; it cannot be reached, and releases to nobody" : "");
    return EXIT_DONE;
}

static int begin_group(struct session *s, struct view *v, struct group *g)
{
    struct ident id;
    struct fact_group old;
    const char *given = option(s, "id");
    if (check_name(s, s->operands[0]))
        return EXIT_USAGE;
    if (!view_group_by_name(v, text_of(s->operands[0]), &old, NULL)) {
        complain(s, "there is a group %s already; entente share group set %s changes it", s->operands[0],
                 s->operands[0]);
        return EXIT_USAGE;
    }
    g->fresh = true;
    g->f.id = uuid_random();
    if (given && (ident_parse(text_of(given), &id, NULL) || !text_eq(id.type, TEXT("identity")))) {
        complain(s, "--id %s: the group's identity--UUID, as markings name it", given);
        return EXIT_USAGE;
    }
    if (given)
        g->f.id = id.uuid;
    return EXIT_DONE;
}

static int find_group(struct session *s, struct view *v, struct group *g)
{
    struct fact_group old;
    if (view_group_by_name(v, text_of(s->operands[0]), &old, NULL)) {
        complain(s, "no group is named %s; entente share group list shows them", s->operands[0]);
        return EXIT_DATA;
    }
    if (old.count > NAMES_MAX) {
        complain(s, "its list is too long to be changed here");
        return EXIT_DATA;
    }
    g->f = old;
    if (old.count)
        memcpy(g->members, old.members, old.count * sizeof *g->members);
    return EXIT_DONE;
}

static int write_group(struct session *s, struct view *v,
                       int (*begin)(struct session *, struct view *, struct group *))
{
    struct group g = {.now_us = clock_now_us(), .members = calloc(NAMES_MAX, sizeof *g.members)};
    int code = g.members ? begin(s, v, &g) : EXIT_WRITE;
    g.f.name = text_of(s->operands[0]);
    if (!code)
        code = record_group(s, v, &g);
    free(g.members);
    return code;
}

static int add_group(struct session *s, struct view *v)
{
    return write_group(s, v, begin_group);
}

static int set_group(struct session *s, struct view *v)
{
    return write_group(s, v, find_group);
}

static int run_group_add(struct session *s)
{
    return with_view(s, add_group);
}

static int run_group_set(struct session *s)
{
    return with_view(s, set_group);
}

static void group_member(struct listing *l, struct json_out *o, const struct fact_group_member *m)
{
    json_open(o, '{');
    json_member_text(o, "party", party_name(l->names, &l->arena, &m->party));
    json_member_moment(o, "from", m->from_us);
    json_member_moment(o, "until", m->until_us);
    json_close(o, '}');
}

static enum err list_group(struct listing *l, const struct fact *f)
{
    const struct fact_group *g = &f->u.group;
    struct fact_group whole;
    char until[MOMENT_MAX], id[IDENT_TEXT_MAX];
    struct uuid group = g->id;
    struct text name = arena_text(&l->arena, g->name);
    ident_format(TEXT("identity"), &group, id);
    if (view_group(l->names, &group, &whole, NULL))
        return ERR_IO;
    size_t count = whole.count;
    struct fact_group_member *members = arena_alloc(&l->arena, (count + 1) * sizeof *members);
    if (!members || !name.ptr)
        return ERR_NOMEM;
    if (count)
        memcpy(members, whole.members, count * sizeof *members);
    if (l->s->json) {
        struct json_out o = json_out_to(json_line(l->s));
        json_open(&o, '{');
        json_member_text(&o, "group", name);
        json_member_text(&o, "id", text_of(id));
        json_member_moment(&o, "until", g->until_us);
        json_member_bool(&o, "reachable", !g->unreachable);
        json_key(&o, TEXT("members"));
        json_open(&o, '[');
        for (size_t i = 0; i < count; i++)
            group_member(l, &o, &members[i]);
        json_close(&o, ']');
        json_close(&o, '}');
        json_line_end(l->s);
        return OK;
    }
    struct buffer names;
    buffer_init(&names, 256 * KIB);
    for (size_t i = 0; i < count; i++) {
        buffer_add(&names, text_of(i ? ", " : ""));
        buffer_add(&names, party_name(l->names, &l->arena, &members[i].party));
    }
    table_cell(&l->table, name);
    table_cell(&l->table, count ? buffer_text(&names) : TEXT("(nobody)"));
    table_cell(&l->table, text_of(until_words(g->until_us, until)));
    table_cell(&l->table, g->unreachable ? TEXT("not reachable: nobody") : TEXT("good"));
    table_cell(&l->table, text_of(id));
    buffer_done(&names);
    return OK;
}

static int run_group_list(struct session *s)
{
    static const char *const heads[] = {"GROUP", "MEMBERS", "LIST UNTIL", "STATE", "ID", NULL};
    return list_facts(s, FACT_GROUP, heads, "no groups; entente share group add NAME --id ID --member PEER,PEER",
                      list_group);
}

/* ---- the table ---- */

#define END_OF_OPTIONS                \
    {                                 \
        NULL, OPTION_FLAG, NULL, NULL \
    }

static const struct option_spec AGREEMENT_OPTIONS[] = {
    {"authorities", OPTION_VALUE, "on|off", "sector authorities are clients for its TLP:AMBER (off)"},
    {"communities", OPTION_VALUE, "on|off", "communities are (off)"},
    {"red", OPTION_VALUE, "ACCOUNT,...", "our accounts that its TLP:RED is for; none: nobody"},
    {"tear-line", OPTION_VALUE, "PROPERTIES", "what its consents let go unless they say otherwise; none: the whole"},
    {"as", OPTION_VALUE, "TLP", "the label of such a tear line"},
    {"until", OPTION_VALUE, "T", "when the agreement ends"},
    {"reason", OPTION_VALUE, "R", "where it is written down"},
    ACTOR_OPTIONS,
    END_OF_OPTIONS};
#define GROUP_OPTIONS                                                                                                \
    {"member", OPTION_VALUE, "PEER,...", "who is on the list, or is put on it"},                                     \
        {"from", OPTION_VALUE, "T", "since when (now)"}, {"member-until", OPTION_VALUE, "T", "until when (no end)"}, \
        {"until", OPTION_VALUE, "T", "how long the list itself is good; then it releases to nobody"}, ACTOR_OPTIONS
static const struct option_spec GROUP_ADD_OPTIONS[] = {
    {"id", OPTION_VALUE, "ID", "its identity, as markings name it (a new one)"}, GROUP_OPTIONS, END_OF_OPTIONS};
static const struct option_spec GROUP_SET_OPTIONS[] = {
    {"remove", OPTION_VALUE, "PEER,...", "who leaves, at this moment"},
    {"reachable", OPTION_VALUE, "on|off", "off: the list could not be fetched anew, and releases to nobody"},
    GROUP_OPTIONS,
    END_OF_OPTIONS};

const struct command COMMAND_SHARE_AGREEMENT_SET = {
    .name = "share agreement set",
    .operands = "PARTY",
    .summary = "what was agreed with a party about what it gives us",
    .details = "Without an agreement, authorities and communities are not its clients, and its TLP:RED is for nobody "
               "here.\n",
    .options = AGREEMENT_OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_agreement_set};
const struct command COMMAND_SHARE_AGREEMENT_LIST = {.name = "share agreement list",
                                                     .operands = "",
                                                     .summary = "the agreements",
                                                     .need = NEED_READ,
                                                     .least = ROLE_READER,
                                                     .run = run_agreement_list};
const struct command COMMAND_SHARE_GROUP_ADD = {.name = "share group add",
                                                .operands = "NAME",
                                                .summary = "a group of organisations that markings can name",
                                                .options = GROUP_ADD_OPTIONS,
                                                .operands_min = 1,
                                                .operands_max = 1,
                                                .need = NEED_WRITE,
                                                .least = ROLE_RELEASER,
                                                .run = run_group_add};
const struct command COMMAND_SHARE_GROUP_SET = {.name = "share group set",
                                                .operands = "NAME",
                                                .summary = "put members on a group's list, take them off, renew it",
                                                .options = GROUP_SET_OPTIONS,
                                                .operands_min = 1,
                                                .operands_max = 1,
                                                .need = NEED_WRITE,
                                                .least = ROLE_RELEASER,
                                                .run = run_group_set};
const struct command COMMAND_SHARE_GROUP_LIST = {.name = "share group list",
                                                 .operands = "",
                                                 .summary = "the groups and who is in them",
                                                 .need = NEED_READ,
                                                 .least = ROLE_READER,
                                                 .run = run_group_list};
