/* status and rebuild. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/readers.h"
#include "desk/belief.h"
#include "exchange/ledger_status.h"
#include "exchange/source.h"
#include "ledger/exercise.h"
#include "model/space.h"
#include "process/crash.h"
#include "store/login.h"
#include "store/origin.h"
#include "json/json.h"

/* Bytes really taken by the files of HOME/folder, not what preallocation reserves. */
static uint64_t folder_bytes(const char *home, const char *folder)
{
    char path[4096 + 300];
    snprintf(path, sizeof path, "%s/%s", home, folder);
    DIR *d = opendir(path);
    uint64_t bytes = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s/%.255s", home, folder, e->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_blocks * 512;
    }
    if (d)
        closedir(d);
    return bytes;
}

static uint64_t failed_logins(struct session *s)
{
    struct login_failures f = {0};
    struct local *local;
    if (local_open(node_home(s->node), false, &local, NULL))
        return 0;
    if (login_failures(local, NULL, &f, NULL))
        f.count = 0;
    local_close(local);
    return f.count;
}

/* What cannot be told now is no failure of a source. */
static uint64_t failing_sources(struct session *s)
{
    struct view *v;
    uint64_t count = 0;
    if (open_view(s, &v))
        return 0;
    if (source_count_failing(node_home(s->node), v, &count, NULL))
        count = 0;
    node_reader_done(s->node, v);
    return count;
}

static void ledger_json(struct json_out *o, const struct ledger_status *l)
{
    char when[MOMENT_MAX] = "";
    if (l->last_s)
        moment(l->last_s * 1000000, when);
    json_member_i64(o, "published", (int64_t)l->published);
    json_member_i64(o, "cosigned", (int64_t)l->cosigned);
    json_member_i64(o, "cosigned_by", l->by);
    json_member_i64(o, "witnesses", l->partners);
    json_member_text(o, "cosigned_last", text_of(when));
}

static void ledger_words(struct session *s, const struct ledger_status *l)
{
    char when[MOMENT_MAX];
    if (!l->published) {
        say(s, "  checkpoint    none is published yet; entente serve publishes them\n");
        return;
    }
    say(s, "  checkpoint    over %llu entries", (unsigned long long)l->published);
    if (l->by)
        say(s, "; one over %llu cosigned by %u of %u partners, last at %s\n", (unsigned long long)l->cosigned, l->by,
            l->partners, moment(l->last_s * 1000000, when));
    else
        say(s, "; cosigned by 0 of %u partners\n", l->partners);
}

/* Of the values of indicators: what is over, and what is held and not looked for. */
struct unlooked {
    const struct belief *belief;
    int64_t now_us;
    uint64_t expired, suppressed;
};

static enum err count_unlooked(void *self, const struct indicator_row *row)
{
    struct unlooked *u = self;
    struct ident id;
    if (row->revoked || ident_parse(row->id, &id, NULL))
        return OK;
    const struct lifetime_ask ask = {id.uuid, row->source, row->kind, row->said_us};
    const struct lifetime l = lifetimes_of(belief_lifetimes(u->belief), &ask);
    bool over = row->has_valid_until ? row->valid_until_us <= u->now_us : l.ends && l.until_us <= u->now_us;
    u->expired += over;
    u->suppressed +=
        !over && suppress_indicator(belief_suppress(u->belief), &id.uuid, row->kind, row->value).why != SUPPRESS_NOT;
    return OK;
}

static enum err count_all_unlooked(struct session *s, struct view *v, struct unlooked *ret, struct fault *reterr)
{
    struct belief *belief = NULL;
    *ret = (struct unlooked){.now_us = clock_now_us()};
    enum err err = belief_refresh(s->node, v, &belief, reterr);
    if (err)
        return err;
    ret->belief = belief;
    err = view_indicators(v, 0, count_unlooked, ret, reterr);
    size_t broken = suppress_broken(belief_suppress(belief), reterr);
    if (!err && broken)
        complain(s, "%zu warning lists in use cannot be used, first %s", broken, reterr->what);
    belief_unref(belief);
    return err;
}

static void status_json(struct session *s, const struct fact_genesis *g, const struct view_counts *c,
                        const struct ledger_status *l, uint64_t refused, const struct unlooked *u,
                        const char *sandbox)
{
    struct node_origin origin;
    struct fault why = {.offset = -1, .line = -1};
    node_origin(s->node, &origin);
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "version", text_of(ENTENTE_VERSION));
    json_member_text(&o, "name", g->name);
    json_member_text(&o, "country", g->country);
    json_member_text(&o, "space", g->space);
    if (g->statement.len)
        json_member_text(&o, "statement", g->statement);
    json_member_text(&o, "origin", text_of(origin.name));
    bool signs = node_can_sign(s->node, &why) == OK;
    json_member_bool(&o, "signs", signs);
    if (!signs)
        json_member_text(&o, "signs_why", text_of(why.what));
    json_member_text(&o, "home", text_of(node_home(s->node)));
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"entries", c->entries},
                   {"objects", c->objects},
                   {"versions", c->versions},
                   {"indicators", c->indicators},
                   {"values", c->values},
                   {"findings", c->findings},
                   {"findings_open", c->findings_open},
                   {"incidents", c->incidents},
                   {"organisations", c->organisations},
                   {"parties", c->parties},
                   {"sources", c->sources},
                   {"sources_failing", failing_sources(s)},
                   {"peers", c->peers},
                   {"accounts", c->accounts},
                   {"logins_failed", failed_logins(s)},
                   {"releases", c->releases},
                   {"values_expired", u->expired},
                   {"values_suppressed", u->suppressed},
                   {"quarantined", c->quarantined},
                   {"claims", c->claims},
                   {"conflicts", c->conflicts},
                   {"proofs_refused", refused},
                   {"unmarked", c->unmarked},
                   {"log_bytes", folder_bytes(node_home(s->node), "log")},
                   {"view_bytes", folder_bytes(node_home(s->node), "view")}};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        json_member_i64(&o, numbers[i].name, (int64_t)numbers[i].value);
    ledger_json(&o, l);
    char newest[CRASH_NAME_MAX];
    json_member_i64(&o, "crashes", crash_newest(node_home(s->node), newest));
    json_member_text(&o, "sandbox", text_of(sandbox));
    json_close(&o, '}');
    json_line_end(s);
}

static void exercise_words(struct session *s, const struct fact_genesis *g)
{
    struct exercise_statement e;
    char until[MOMENT_MAX];
    struct fault why = {.offset = -1, .line = -1};
    say(s, "  EXERCISE      nothing here is real\n");
    if (!g->statement.len)
        say(s, "  stands for it nobody: it was made without --of\n");
    else if (exercise_accept(g->statement, &e, &why) != OK)
        say(s, "  stands for it nobody: %s\n", why.what);
    else
        say(s, "  stands for it " TEXT_FMT ", until %s%s\n", TEXT_ARG(e.real_origin), moment(e.until_us, until),
            clock_now_us() >= e.until_us ? ": that is over" : "");
}

static void status_words(struct session *s, const struct fact_genesis *g, const struct view_counts *c,
                         const struct ledger_status *l, uint64_t refused, const struct unlooked *u,
                         const char *sandbox)
{
    struct node_origin origin;
    struct fault why = {.offset = -1, .line = -1};
    node_origin(s->node, &origin);
    say(s, TEXT_FMT " (" TEXT_FMT "), space " TEXT_FMT "   entente %s\n", TEXT_ARG(g->name), TEXT_ARG(g->country),
        TEXT_ARG(g->space), ENTENTE_VERSION);
    if (!space_is_real(g->space))
        exercise_words(s, g);
    say(s, "  home          %s\n", node_home(s->node));
    say(s, "  log           %llu entries, %.1f MB; origin %s\n", (unsigned long long)c->entries,
        (double)folder_bytes(node_home(s->node), "log") / 1e6, origin.name);
    if (node_can_sign(s->node, &why))
        say(s, "  key           nothing is signed: %s\n", why.what);
    ledger_words(s, l);
    say(s, "  view          %.1f MB\n", (double)folder_bytes(node_home(s->node), "view") / 1e6);
    say(s, "  objects       %llu, in %llu versions\n", (unsigned long long)c->objects,
        (unsigned long long)c->versions);
    say(s, "  indicators    %llu, looking for %llu values\n", (unsigned long long)c->indicators,
        (unsigned long long)c->values);
    if (u->expired || u->suppressed)
        say(s, "                %llu of the values are over, %llu held and not looked for (entente warninglist)\n",
            (unsigned long long)u->expired, (unsigned long long)u->suppressed);
    say(s, "  findings      %llu, %llu of them open; %llu incidents\n", (unsigned long long)c->findings,
        (unsigned long long)c->findings_open, (unsigned long long)c->incidents);
    say(s, "  organisations %llu\n", (unsigned long long)c->organisations);
    say(s, "  lines         %llu peers, %llu sources, %llu accounts; %llu releases recorded\n",
        (unsigned long long)c->peers, (unsigned long long)c->sources, (unsigned long long)c->accounts,
        (unsigned long long)c->releases);
    const uint64_t failing = failing_sources(s), failed = failed_logins(s);
    if (failed)
        say(s, "  logins        %llu failed so far: entente account list says whose\n", (unsigned long long)failed);
    if (failing)
        say(s, "  not reached   %llu sources: entente source list says since when, and what was said\n",
            (unsigned long long)failing);
    if (c->unmarked)
        say(s, "  staying here  %llu objects are unmarked: entente source set NAME --marking TLP lets them flow\n",
            (unsigned long long)c->unmarked);
    if (c->claims || c->conflicts)
        say(s, "  disputed      %llu claims of others, %llu conflicts; entente get ID --all shows an object's\n",
            (unsigned long long)c->claims, (unsigned long long)c->conflicts);
    if (refused)
        say(s, "  refused       %llu proofs of partners did not hold; entente peer list says whose\n",
            (unsigned long long)refused);
    if (c->quarantined)
        say(s, "  quarantined   %llu objects\n", (unsigned long long)c->quarantined);
    char newest[CRASH_NAME_MAX];
    const unsigned crashes = crash_newest(node_home(s->node), newest);
    if (crashes)
        say(s, "  crashed       %u times, last %s/%s/%s\n", crashes, node_home(s->node), CRASH_FOLDER, newest);
    say(s, "  sandbox       %s\n", sandbox);
}

/* What a reader started now would have: by trying, under the home's configuration. */
static void level_of_readers(struct session *s, char words[READERS_WORDS_MAX])
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = s->server ? OK : readers_configure(s->home, false, &fault); /* a serving node has done so */
    if (!err)
        err = readers_words(words, &fault);
    if (err && err != ERR_DENIED)
        snprintf(words, READERS_WORDS_MAX, "unknown: %.120s", fault.what);
}

static int show_status(struct session *s, struct view *v)
{
    struct view_counts c;
    struct fault fault = {.offset = -1, .line = -1};
    struct ledger_status l;
    uint64_t refused;
    struct unlooked unlooked;
    if (view_counts(v, &c, &fault) || ledger_status(s->node, v, &l, &fault) ||
        view_refused(v, NULL, &refused, &fault) || count_all_unlooked(s, v, &unlooked, &fault))
        return complain_fault(s, NULL, &fault);
    char sandbox[READERS_WORDS_MAX];
    level_of_readers(s, sandbox);
    if (s->json)
        status_json(s, node_genesis(s->node), &c, &l, refused, &unlooked, sandbox);
    else
        status_words(s, node_genesis(s->node), &c, &l, refused, &unlooked, sandbox);
    return EXIT_DONE;
}

static int run_status(struct session *s)
{
    return with_view(s, show_status);
}

static int run_rebuild(struct session *s)
{
    uint64_t entries = 0;
    struct fault fault = {.offset = -1, .line = -1};
    if (node_rebuild(s->node, &entries, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json)
        say(s, "{\"entries\":%llu}\n", (unsigned long long)entries);
    else
        say(s, "the views are new: %llu entries replayed\n", (unsigned long long)entries);
    return EXIT_DONE;
}

const struct command COMMAND_STATUS = {.name = "status",
                                       .operands = "",
                                       .summary = "counts, space used, sandbox level",
                                       .need = NEED_READ,
                                       .least = ROLE_READER,
                                       .run = run_status};
const struct command COMMAND_REBUILD = {.name = "rebuild",
                                        .operands = "",
                                        .summary = "throw the views away and replay the log",
                                        .need = NEED_WRITE,
                                        .least = ROLE_ADMINISTRATOR,
                                        .run = run_rebuild};
