/* source list|show|poll: the channels, and what came of looking at them. */
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/listing.h"
#include "command/names.h"
#include "command/serve.h"
#include "command/source_words.h"
#include "exchange/source.h"
#include "json/json.h"

/* What is known of a source beside its settings. */
struct known {
    struct source_counts staying;
    bool has_secret, looked;
    struct source_result result;
    int64_t next_us; /* 0: not by itself, or not while nobody serves */
};

static enum err learn(struct session *s, struct view *v, const struct fact_source *f, struct known *ret)
{
    struct known k = {.next_us = 0};
    struct text user, secret;
    struct arena a;
    enum err e = view_source_counts(v, &f->id, f->default_tlp, &k.staying, NULL);
    if (e)
        return e;
    arena_init(&a, 64 * KIB);
    k.has_secret = source_secret_get(node_local(s->node), &f->id, &a, &user, &secret, NULL) == OK && secret.len > 0;
    arena_done(&a);
    k.looked = source_result_load(node_local(s->node), &f->id, &k.result, NULL) == OK;
    k.next_us = f->kind.len ? server_source_next(s->server, &f->id) : 0;
    *ret = k;
    return OK;
}

/* ---- for programs ---- */

static void result_json(struct json_out *o, const struct source_result *r)
{
    const struct {
        const char *name;
        uint64_t n;
    } numbers[] = {{"documents", r->documents}, {"documents_unchanged", r->unchanged_documents},
                   {"read", r->read},           {"new", r->fresh},
                   {"updated", r->updated},     {"unchanged", r->unchanged},
                   {"rejected", r->rejected},   {"lost", r->lost},
                   {"events", r->events},       {"findings", r->findings},
                   {"proposed", r->proposed},   {"red", r->red}};
    json_open(o, '{');
    json_member_text(o, "state", r->err ? text_of(err_name(r->err)) : TEXT("ok"));
    json_member_text(o, "words", text_of(r->words));
    json_member_moment(o, "at", r->at_us);
    json_member_moment(o, "came", r->came_us);
    json_member_moment(o, "failed_since", r->failed_since_us);
    json_member_i64(o, "failures", r->failures);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        json_member_i64(o, numbers[i].name, (int64_t)numbers[i].n);
    json_close(o, '}');
}

static void source_json(struct session *s, const struct fact_source *f, struct text party, const struct known *k)
{
    char every[SOURCE_EVERY_MAX];
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "source", f->name);
    json_member_text(&o, "party", party);
    json_member_text(&o, "marking", text_of(tlp_name(f->default_tlp)));
    json_member_text(&o, "pap", text_of(pap_name(f->default_pap)));
    json_member_bool(&o, "incident_rule", f->incident_rule);
    json_member_i64(&o, "unmarked", (int64_t)k->staying.unmarked);
    json_member_i64(&o, "unreadable", (int64_t)k->staying.unreadable);
    json_member_text(&o, "kind", f->kind);
    json_member_text(&o, "place", f->place);
    json_member_text(&o, "collection", f->collection);
    json_member_text(&o, "format", f->format);
    json_member_text(&o, "every", source_every_format(f->every_s, every));
    json_member_bool(&o, "paused", f->paused);
    json_member_text(&o, "trust", f->trust);
    json_member_text(&o, "lifetimes", f->lifetimes);
    json_member_bool(&o, "secret", k->has_secret);
    json_member_moment(&o, "next", k->next_us);
    json_key(&o, TEXT("last"));
    if (k->looked)
        result_json(&o, &k->result);
    else
        json_put_null(&o);
    json_close(&o, '}');
    json_line_end(s);
}

int source_show_new(struct session *s, const struct fact_source *f, struct text party)
{
    const struct known k = {.has_secret = option_given(s, "secret-file")};
    source_json(s, f, party, &k);
    return EXIT_DONE;
}

/* ---- for people ---- */

/* What does not leave, and what would change that. */
static void staying_words(struct buffer *words, const struct fact_source *src, const struct source_counts *c)
{
    if (c->unmarked)
        buffer_addf(words, "%llu unmarked (entente source set " TEXT_FMT " --marking TLP)",
                    (unsigned long long)c->unmarked, TEXT_ARG(src->name));
    if (c->unreadable)
        buffer_addf(words, "%s%llu with markings unknown here (import their definitions)", words->len ? ", " : "",
                    (unsigned long long)c->unreadable);
    if (!words->len)
        buffer_add_char(words, '-');
}

static void result_words(struct buffer *words, const struct source_result *r)
{
    char when[MOMENT_MAX];
    if (r->err) {
        buffer_addf(words, "fails since %s: %s", moment(r->failed_since_us, when), r->words);
        return;
    }
    buffer_addf(words, "%s: ", moment(r->at_us, when));
    if (!r->documents)
        buffer_add(words, TEXT("nothing new"));
    else
        buffer_addf(words, "%llu document%s: %llu new, %llu updated, %llu unchanged, %llu refused",
                    (unsigned long long)r->documents, r->documents == 1 ? "" : "s", (unsigned long long)r->fresh,
                    (unsigned long long)r->updated, (unsigned long long)r->unchanged,
                    (unsigned long long)r->rejected);
    if (r->events)
        buffer_addf(words, ", %llu events (%llu findings)", (unsigned long long)r->events,
                    (unsigned long long)r->findings);
    if (r->proposed)
        buffer_addf(words, ", %llu wait for a person", (unsigned long long)r->proposed);
    if (r->words[0])
        buffer_addf(words, "; %s", r->words);
}

static void way_words(struct buffer *words, const struct fact_source *f)
{
    char every[SOURCE_EVERY_MAX];
    if (!f->kind.len) {
        buffer_add(words, TEXT("by hand"));
        return;
    }
    buffer_addf(words, TEXT_FMT " " TEXT_FMT, TEXT_ARG(f->kind), TEXT_ARG(f->place));
    buffer_addf(words, "%s%s%s", f->every_s ? " every " : " when asked",
                f->every_s ? source_every_format(f->every_s, every).ptr : "", f->paused ? " (paused)" : "");
}

typedef void add_words(struct buffer *words, const struct fact_source *f, const struct known *k);

static void add_way(struct buffer *words, const struct fact_source *f, const struct known *k)
{
    (void)k;
    way_words(words, f);
}

static void add_staying(struct buffer *words, const struct fact_source *f, const struct known *k)
{
    staying_words(words, f, &k->staying);
}

static void add_result(struct buffer *words, const struct fact_source *f, const struct known *k)
{
    (void)f;
    if (k->looked)
        result_words(words, &k->result);
    else
        buffer_add_char(words, '-');
}

static void cell_of(struct table *t, add_words *add, const struct fact_source *f, const struct known *k)
{
    struct buffer words;
    buffer_init(&words, 16 * KIB);
    add(&words, f, k);
    table_cell(t, buffer_text(&words));
    buffer_done(&words);
}

static enum err list_one(struct listing *l, const struct fact *f)
{
    const struct fact_source *src = &f->u.source;
    struct text party = party_name(l->names, &l->arena, &src->party);
    struct known k;
    char next[MOMENT_MAX] = "-";
    enum err err = learn(l->s, l->names, src, &k);
    if (err != OK)
        return err;
    if (l->s->json) {
        source_json(l->s, src, party, &k);
        return OK;
    }
    if (k.next_us)
        moment(k.next_us, next);
    table_cell(&l->table, src->name);
    table_cell(&l->table, party);
    table_cell(&l->table, text_of(tlp_name(src->default_tlp)));
    table_cell(&l->table, text_of(pap_name(src->default_pap)));
    table_cell(&l->table, src->incident_rule ? TEXT("on") : TEXT("off"));
    table_cell(&l->table, src->trust.len ? src->trust : TEXT("-"));
    cell_of(&l->table, add_way, src, &k);
    cell_of(&l->table, add_result, src, &k);
    table_cell(&l->table, text_of(next));
    cell_of(&l->table, add_staying, src, &k);
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"SOURCE", "PARTY", "DEFAULT MARKING", "PAP",  "INCIDENT RULE",
                                        "TRUST",  "FROM",  "LAST LOOK",       "NEXT", "STAYING HERE",
                                        NULL};
    return list_facts(s, FACT_SOURCE, heads, "no sources; entente source add NAME --party PARTY --marking GREEN",
                      list_one);
}

/* ---- show ---- */

static void say_line(struct session *s, const char *head, add_words *add, const struct fact_source *f,
                     const struct known *k)
{
    struct buffer words;
    buffer_init(&words, 16 * KIB);
    add(&words, f, k);
    say(s, "  %-14s" TEXT_FMT "\n", head, TEXT_ARG(buffer_text(&words)));
    buffer_done(&words);
}

static void source_words(struct session *s, const struct fact_source *f, struct text party, const struct known *k)
{
    char when[MOMENT_MAX];
    say(s, TEXT_FMT " of party " TEXT_FMT "\n", TEXT_ARG(f->name), TEXT_ARG(party));
    say_line(s, "from", add_way, f, k);
    if (f->collection.len)
        say(s, "  collection    " TEXT_FMT "\n", TEXT_ARG(f->collection));
    if (f->kind.len)
        say(s, "  format        " TEXT_FMT "\n  secret        %s\n",
            TEXT_ARG(f->format.len ? f->format : TEXT("found out")), k->has_secret ? "kept" : "none");
    say(s, "  marking       %s, PAP %s; incident rule %s\n", tlp_name(f->default_tlp), pap_name(f->default_pap),
        f->incident_rule ? "on" : "off");
    say(s, "  trust         " TEXT_FMT "\n  lifetimes     " TEXT_FMT "\n",
        TEXT_ARG(f->trust.len ? f->trust : TEXT("not said")),
        TEXT_ARG(f->lifetimes.len ? f->lifetimes : TEXT("as rules/lifetimes has them")));
    say_line(s, "last look", add_result, f, k);
    if (k->looked && k->result.came_us)
        say(s, "  came last     %s\n", moment(k->result.came_us, when));
    if (k->next_us)
        say(s, "  next look     %s\n", moment(k->next_us, when));
    else if (f->kind.len && f->every_s && !f->paused)
        say(s, "  next look     when entente serve runs\n");
    say_line(s, "staying here", add_staying, f, k);
}

static int show_source(struct session *s, struct view *v)
{
    struct fact_source f;
    struct known k;
    struct fault fault = {.offset = -1, .line = -1};
    struct view *names;
    struct arena a;
    if (view_source_by_name(v, text_of(s->operands[0]), &f, NULL)) {
        complain(s, "no source is named %s; entente source list shows them", s->operands[0]);
        return EXIT_DATA;
    }
    if (open_view(s, &names))
        return EXIT_WRITE;
    arena_init(&a, 1 * MIB);
    int code = EXIT_DONE;
    if (learn(s, names, &f, &k))
        code = complain_fault(s, s->operands[0], &fault);
    else if (s->json)
        source_json(s, &f, party_name(names, &a, &f.party), &k);
    else
        source_words(s, &f, party_name(names, &a, &f.party), &k);
    arena_done(&a);
    node_reader_done(s->node, names);
    return code;
}

static int run_show(struct session *s)
{
    return with_view(s, show_source);
}

/* ---- poll ---- */

static int find_source(struct session *s, const char *name, struct uuid *ret)
{
    struct view *v;
    struct fact_source f;
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err e = view_source_by_name(v, text_of(name), &f, NULL);
    if (e == OK)
        *ret = f.id;
    node_reader_done(s->node, v);
    if (e)
        complain(s, "no source is named %s; entente source list shows them", name);
    return e ? EXIT_DATA : EXIT_DONE;
}

static int poll_one(struct session *s, const char *name)
{
    struct uuid id;
    struct source_result r = {.err = OK};
    struct fault fault = {.offset = -1, .line = -1};
    int code = find_source(s, name, &id);
    if (code)
        return code;
    enum err e = server_source_poll(s, &id, &r, &fault);
    if (e)
        code = complain_fault(s, name, &fault);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "source", text_of(name));
        json_key(&o, TEXT("last"));
        r.err = e;
        result_json(&o, &r);
        json_close(&o, '}');
        json_line_end(s);
    } else if (!code) {
        struct buffer words;
        buffer_init(&words, 16 * KIB);
        result_words(&words, &r);
        say(s, "%s: " TEXT_FMT "\n", name, TEXT_ARG(buffer_text(&words)));
        buffer_done(&words);
    }
    return code;
}

/* One that fails does not keep the next ones waiting; the first failure is what is returned. */
static int run_poll(struct session *s)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < s->operand_count && !cancelled(s); i++) {
        int one = poll_one(s, s->operands[i]);
        code = code ? code : one;
    }
    return code;
}

const struct command COMMAND_SOURCE_LIST = {.name = "source list",
                                            .operands = "",
                                            .summary = "the channels, their defaults, and how the last looks went",
                                            .need = NEED_WRITE,
                                            .least = ROLE_READER,
                                            .run = run_list};
const struct command COMMAND_SOURCE_SHOW = {.name = "source show",
                                            .operands = "NAME",
                                            .summary = "everything about one channel",
                                            .operands_min = 1,
                                            .operands_max = 1,
                                            .need = NEED_WRITE,
                                            .least = ROLE_READER,
                                            .run = run_show};
const struct command COMMAND_SOURCE_POLL = {
    .name = "source poll",
    .operands = "NAME...",
    .summary = "look there now",
    .details = "What came is durable when it ends. A place that cannot be reached: exit 69, with what was said.\n",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_WRITE,
    .least = ROLE_ANALYST,
    .run = run_poll};
