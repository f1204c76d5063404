/* source add|set: where things come from, and what is assumed of them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/act.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/source_words.h"
#include "desk/intake.h"
#include "exchange/source.h"
#include "exchange/taxii_server.h"

/* What the options of one command say; the fact's texts borrow from here and from the words. */
struct settings {
    char trust[SOURCE_TRUST_MAX];
    bool has_secret;
    struct text user, secret;
    struct buffer secret_bytes;
};

static struct text without_none(const char *given)
{
    return strcmp(given, "none") == 0 ? TEXT_NONE : text_of(given);
}

/* How it is fetched, as far as the words say. */
static enum err read_way(struct session *s, struct fact_source *f, struct settings *set, struct fault *reterr)
{
    struct source_trust trust;
    struct source_lifetimes lifetimes;
    const struct {
        const char *name;
        struct text *to;
    } texts[] = {{"kind", &f->kind},
                 {"place", &f->place},
                 {"collection", &f->collection},
                 {"format", &f->format},
                 {"lifetimes", &f->lifetimes}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (option_given(s, texts[i].name))
            *texts[i].to = without_none(option(s, texts[i].name));
    if (option_given(s, "every") && source_every_parse(text_of(option(s, "every")), &f->every_s, reterr))
        return ERR_USAGE;
    if (option_given(s, "trust")) {
        if (source_trust_parse(without_none(option(s, "trust")), &trust, reterr))
            return ERR_USAGE;
        f->trust = source_trust_format(trust, set->trust);
    }
    if (f->format.len && reader_format_parse(f->format) == READER_DETECT)
        return fault_set(reterr, ERR_USAGE, "--format " TEXT_FMT ": no such format; entente import --help lists them",
                         TEXT_ARG(f->format));
    enum err e = source_lifetimes_parse(f->lifetimes, &lifetimes, reterr);
    return e ? e : source_check(f, reterr);
}

/* ---- the secret ---- */

/* The one line of the file; or two, the user's name and the secret. */
static enum err split_secret(struct settings *set, struct fault *reterr)
{
    struct text rest = text_trim(buffer_text(&set->secret_bytes)), line;
    (void)text_split(&rest, '\n', &line);
    set->secret = text_trim(line);
    if (rest.ptr) {
        set->user = set->secret;
        set->secret = text_trim(rest);
    }
    return set->secret.len ? OK : fault_set(reterr, ERR_USAGE, "--secret-file: it is empty");
}

static enum err read_secret(struct session *s, struct settings *set, struct fault *reterr)
{
    set->user = text_of(option_given(s, "user") ? option(s, "user") : "");
    set->has_secret = option_given(s, "secret-file");
    if (!set->has_secret)
        return OK;
    buffer_init(&set->secret_bytes, 2 * SOURCE_SECRET_MAX);
    for (;;) {
        char *to = buffer_reserve(&set->secret_bytes, KIB);
        if (!to)
            return fault_set(reterr, ERR_USAGE, "--secret-file: longer than %zu bytes", 2 * SOURCE_SECRET_MAX);
        ssize_t n = read(s->inputs[s->input_count - 1].fd, to, KIB);
        set->secret_bytes.len -= KIB - (n > 0 ? (size_t)n : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(reterr, "--secret-file");
        if (n == 0)
            return split_secret(set, reterr);
    }
}

/* A new user keeps the secret, a new secret the user, where only one of them was given. */
static enum err keep_secret(struct session *s, const struct uuid *source, struct settings *set, struct fault *reterr)
{
    struct text user, secret;
    struct arena a;
    if (!set->has_secret && !option_given(s, "user"))
        return OK;
    arena_init(&a, 64 * KIB);
    enum err e = source_secret_get(node_local(s->node), source, &a, &user, &secret, reterr);
    if (e == OK && set->user.len)
        user = set->user;
    if (e == OK && set->has_secret)
        secret = set->secret;
    if (e == OK)
        e = source_secret_set(node_local(s->node), source, user, secret, reterr);
    arena_done(&a);
    return e;
}

static void settings_done(struct settings *set)
{
    if (set->secret_bytes.ptr)
        explicit_bzero(set->secret_bytes.ptr, set->secret_bytes.cap);
    buffer_done(&set->secret_bytes);
}

/* ---- both ---- */

/* Options that add and set share. */
static int read_settings(struct session *s, struct fact_source *f, struct settings *set)
{
    struct fault fault = {.offset = -1, .line = -1};
    if (option_given(s, "marking") && find_label(s, "marking", option(s, "marking"), &f->default_tlp))
        return EXIT_USAGE;
    if (option_given(s, "pap") && find_pap(s, "pap", option(s, "pap"), &f->default_pap))
        return EXIT_USAGE;
    if (option_given(s, "incident-rule") &&
        find_switch(s, "incident-rule", option(s, "incident-rule"), &f->incident_rule))
        return EXIT_USAGE;
    if (option_given(s, "pause") && find_switch(s, "pause", option(s, "pause"), &f->paused))
        return EXIT_USAGE;
    enum err e = read_way(s, f, set, &fault);
    if (e == OK)
        e = read_secret(s, set, &fault);
    return e ? complain_fault(s, s->operands[0], &fault) : EXIT_DONE;
}

/* The secret before the fact: the loop that sees the fact finds it. A changed default can make objects visible that
 * partners' cursors have passed. */
static int record_source(struct session *s, struct fact *f, struct settings *set)
{
    struct fault fault = {.offset = -1, .line = -1};
    if (keep_secret(s, &f->u.source.id, set, &fault))
        return complain_fault(s, f->u.source.name.len ? s->operands[0] : NULL, &fault);
    int code = append_fact(s, f);
    if (!code && taxii_openings_update(s->node, &fault))
        code = complain_fault(s, NULL, &fault);
    return code;
}

static void say_way(struct session *s, const struct fact_source *f)
{
    char every[SOURCE_EVERY_MAX];
    if (!f->kind.len)
        return;
    say(s, "  " TEXT_FMT " " TEXT_FMT "%s" TEXT_FMT ", ", TEXT_ARG(f->kind), TEXT_ARG(f->place),
        f->collection.len ? " " : "", TEXT_ARG(f->collection));
    if (f->every_s)
        say(s, "every %s while entente serve runs%s\n", source_every_format(f->every_s, every).ptr,
            f->paused ? "; paused" : "");
    else
        say(s, "when asked: entente source poll " TEXT_FMT "\n", TEXT_ARG(f->name));
}

static int add_source(struct session *s, struct view *v)
{
    const char *name = s->operands[0], *party = option(s, "party");
    struct fact f = {.kind = FACT_SOURCE};
    struct fact_source *src = &f.u.source, old;
    struct settings set = {.has_secret = false};
    struct fault fault = {.offset = -1, .line = -1};
    if (check_name(s, name))
        return EXIT_USAGE;
    int code = read_settings(s, src, &set);
    if (!code && !view_source_by_name(v, text_of(name), &old, NULL)) {
        complain(s, "there is a source %s already; entente source set %s changes it", name, name);
        code = EXIT_USAGE;
    }
    if (!code && intake_party(s->node, text_of(party ? party : name), session_account(s), &src->party, &fault))
        code = complain_fault(s, NULL, &fault);
    src->id = uuid_random();
    src->account = *session_account(s);
    src->name = text_of(name);
    if (!code)
        code = record_source(s, &f, &set);
    settings_done(&set);
    if (code)
        return code;
    if (s->json)
        return source_show_new(s, src, text_of(party ? party : name));
    say(s, "source %s of party %s; its unmarked objects %s%s; findings %s\n", name, party ? party : name,
        src->default_tlp ? "count as " : "stay inside", src->default_tlp ? tlp_name(src->default_tlp) : "",
        src->incident_rule ? "open incidents" : "wait for a person");
    say_way(s, src);
    return EXIT_DONE;
}

static int set_source(struct session *s, struct view *v)
{
    const char *name = s->operands[0];
    struct fact f = {.kind = FACT_SOURCE};
    struct fact_source *src = &f.u.source;
    struct settings set = {.has_secret = false};
    struct fault fault = {.offset = -1, .line = -1};
    if (view_source_by_name(v, text_of(name), src, &fault)) {
        complain(s, "no source is named %s; entente source list shows them", name);
        return EXIT_DATA;
    }
    src->name = text_of(name);
    src->account = *session_account(s);
    int code = read_settings(s, src, &set);
    if (!code && option_given(s, "party") &&
        intake_party(s->node, text_of(option(s, "party")), session_account(s), &src->party, &fault))
        code = complain_fault(s, NULL, &fault);
    if (!code)
        code = record_source(s, &f, &set);
    settings_done(&set);
    if (code || s->json)
        return code;
    say(s, "source %s: default marking %s, incident rule %s\n", name, tlp_name(src->default_tlp),
        src->incident_rule ? "on" : "off");
    say_way(s, src);
    return EXIT_DONE;
}

static int run_add(struct session *s)
{
    return with_view(s, add_source);
}

static int run_set(struct session *s)
{
    return with_view(s, set_source);
}

static const struct option_spec OPTIONS[] = {
    {"party", OPTION_VALUE, "NAME", "who speaks through it (the source's own name)"},
    {"marking", OPTION_VALUE, "TLP", "recorded default: what its unmarked objects count as"},
    {"pap", OPTION_VALUE, "LEVEL",
     "permitted actions where its objects say none: CLEAR, GREEN, AMBER, RED (the label's)"},
    {"incident-rule", OPTION_VALUE, "on|off", "a finding by one of its indicators opens an incident (off)"},
    {"kind", OPTION_VALUE, "KIND", "folder, url, taxii, misp, misp-feed, mailbox, shadowserver; none: by hand"},
    {"place", OPTION_VALUE, "PATH|URL", "the folder or Maildir, https:// or imaps:// address"},
    {"collection", OPTION_VALUE, "WORD",
     "TAXII collection, mail folder, MISP tags or Shadowserver report types (commas)"},
    {"format", OPTION_VALUE, "FORMAT", "as import --as has it (found out)"},
    {"every", OPTION_VALUE, "TIME", "between two looks: 15m, 1h, 1d; never: only by source poll (never)"},
    {"pause", OPTION_VALUE, "on|off", "not looked at for now (off)"},
    {"trust", OPTION_VALUE, "A1..F6", "reliability of the source and credibility of what it says; none: not said"},
    {"lifetimes", OPTION_VALUE, "KIND=DAYS,...",
     "when what says no end is over: ipv4=30,url=90,sha256=never; none: rules/lifetimes"},
    {"user", OPTION_VALUE, "NAME", "to log in with"},
    {"secret-file", OPTION_VALUE, "FILE",
     "token, key or password: one line, or two with the user first; '-' is standard input"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_SOURCE_ADD = {
    .name = "source add",
    .operands = "NAME",
    .summary = "a channel by which things come",
    .details =
        "Without a default marking, unmarked objects of the source stay inside: nothing leaves by mistake.\n"
        "With --kind, --place and --every, entente serve looks there by itself; without, import --source names it.\n"
        "Secrets are kept in local.db alone: never in the log, in what is shown, or in words that others can see.\n"
        "For Shadowserver the user is the API key. docs/SOURCES.md has each kind.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .least = ROLE_RELEASER,
    .run = run_add};
const struct command COMMAND_SOURCE_SET = {.name = "source set",
                                           .operands = "NAME",
                                           .summary = "change what is recorded of a source; what is not named stays",
                                           .options = OPTIONS,
                                           .operands_min = 1,
                                           .operands_max = 1,
                                           .need = NEED_WRITE,
                                           .least = ROLE_RELEASER,
                                           .run = run_set};
