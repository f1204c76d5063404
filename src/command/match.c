/* match: hits in logs, printed as they are found. Writes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/hits.h"
#include "command/match_observed.h"
#include "command/match_pool.h"
#include "command/names.h"
#include "match/logfile.h"
#include "json/json.h"

#define MATCH_THREADS_MAX 256

/* Party names by id: asked once each, before the threads start; a hit only reads. */
struct party_names {
    struct uuid *ids;
    struct text *names;
    size_t count;
};

struct match {
    struct session *s;
    struct watchlist *list;
    struct belief *belief;
    struct constituency *constituency;
    struct arena arena;
    struct party_names parties;
    struct scanner *scanners[MATCH_THREADS_MAX], *owners[MATCH_THREADS_MAX];
    int64_t now_us;
};

/* One block on one thread. */
struct block {
    struct match *m;
    unsigned worker;
    const char *file;
    struct buffer *out;
};

static enum err keep_party(void *self, const struct fact *f)
{
    struct match *m = self;
    struct party_names *p = &m->parties;
    if ((p->count & (p->count + 1)) == 0 || !p->ids) { /* grow at 0, 1, 3, 7, ...: room for twice as many and one */
        size_t room = p->count * 2 + 1;
        struct uuid *ids = arena_alloc(&m->arena, room * sizeof *ids);
        struct text *names = arena_alloc(&m->arena, room * sizeof *names);
        if (!ids || !names)
            return ERR_NOMEM;
        if (p->count) {
            memcpy(ids, p->ids, p->count * sizeof *ids);
            memcpy(names, p->names, p->count * sizeof *names);
        }
        p->ids = ids;
        p->names = names;
    }
    p->ids[p->count] = f->u.party.id;
    p->names[p->count] = arena_text(&m->arena, f->u.party.name);
    return p->names[p->count++].ptr ? OK : ERR_NOMEM;
}

static struct text name_of(const struct match *m, const struct uuid *party)
{
    for (size_t i = 0; i < m->parties.count; i++) {
        if (uuid_eq(&m->parties.ids[i], party))
            return m->parties.names[i];
    }
    return TEXT_NONE;
}

static void put_text_or_null(struct json_out *o, const char *name, struct text t)
{
    json_key(o, text_of(name));
    if (t.len)
        json_put_text(o, t);
    else
        json_put_null(o);
}

static void hit_json(const struct block *b, const struct scan_line_hits *line, const struct hit *hit)
{
    char id[IDENT_TEXT_MAX], until[STAMP_TEXT_MAX];
    struct json_out o = json_out_to(b->out);
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(b->file));
    json_member_i64(&o, "line", (int64_t)line->line);
    json_member_i64(&o, "offset", (int64_t)line->offset);
    json_member_text(&o, "kind", text_of(value_kind_name(hit->item.kind)));
    json_member_text(&o, "value", hit->value);
    json_member_text(&o, "indicator", hit->item.value);
    json_member_text(&o, "id", ident_format(TEXT("indicator"), &hit->item.uuid, id));
    put_text_or_null(&o, "valid_until",
                     hit->item.has_valid_until ? stamp_format(stamp_from_us(hit->item.valid_until_us, 3), until)
                                               : TEXT_NONE);
    if (hit->item.has_assumed_until)
        json_member_text(&o, "assumed_until", stamp_format(stamp_from_us(hit->item.assumed_until_us, 3), until));
    put_text_or_null(&o, "party", name_of(b->m, &hit->item.party));
    put_text_or_null(&o, "organisation", hit->organisation ? hit->organisation->name : TEXT_NONE);
    json_close(&o, '}');
    buffer_add_char(b->out, '\n');
}

static enum err print_hit(void *self, const struct scan_line_hits *line, const struct hit *hit)
{
    struct block *b = self;
    if (b->m->s->json) {
        hit_json(b, line, hit);
        return OK;
    }
    struct text party = name_of(b->m, &hit->item.party);
    size_t at = b->out->len;
    buffer_addf(b->out, "%s:%llu: %s " TEXT_FMT "  %s" TEXT_FMT "%s  ", b->file, (unsigned long long)line->line,
                value_kind_name(hit->item.kind), TEXT_ARG(hit->item.value), party.len ? "from " : "", TEXT_ARG(party),
                hit->organisation ? "" : "  (nobody of ours)");
    if (hit->organisation)
        buffer_add(b->out, hit->organisation->name);
    if (b->out->len > at)
        clean_for_people(b->out->ptr + at, b->out->len - at, false);
    buffer_add_char(b->out, '\n');
    return OK;
}

static enum err on_line(void *self, const struct scan_line_hits *line)
{
    struct block *b = self;
    struct match *m = b->m;
    return hits_of_line(m->owners[b->worker], &m->list, 1, m->constituency, m->now_us, line, print_hit, b);
}

static enum err work(void *self, unsigned worker, struct text block, uint64_t first_line, uint64_t first_offset,
                     const char *file, struct buffer *out)
{
    struct match *m = self;
    struct block b = {m, worker, file, out};
    const struct index *index = watchlist_index(m->list);
    return scan_block(m->scanners[worker], &index, 1, block, first_line, first_offset, on_line, &b);
}

static void print(void *self, struct text output)
{
    struct match *m = self;
    say_text(m->s, output);
}

/* Nothing more is there at this moment: a pipe whose writer thinks. */
static bool quiet_now(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, 0) == 0;
}

static int match_fd(struct match *m, struct match_pool *pool, const char *name, int fd)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct logfile *log;
    enum err err = logfile_open(fd, &log, &fault);
    if (err)
        return complain_fault(m->s, name, &fault);
    while (!err && !cancelled(m->s)) {
        struct text block;
        uint64_t offset, line;
        bool continues;
        err = logfile_next(log, &block, &offset, &line, &continues, &fault);
        if (!err)
            err = match_pool_add(pool, block, line, offset, name);
        if (!err && quiet_now(fd))
            err = match_pool_finish(pool);
    }
    enum err end = match_pool_finish(pool);
    logfile_free(log);
    if (err == ERR_CANCELLED) /* the wait was broken off: a stop, no fault */
        err = OK;
    if (err && err != ERR_NOT_FOUND)
        return fault.what[0] ? complain_fault(m->s, name, &fault)
                             : (complain(m->s, "%s: %s", name, err_name(err)), exit_of(err));
    return end ? (complain(m->s, "%s: %s", name, err_name(end)), exit_of(end)) : EXIT_DONE;
}

static int match_named(struct match *m, struct match_pool *pool, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain(m->s, "%s: %s", name, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    int code = match_fd(m, pool, name, fd);
    if (standard) /* a stream is ended by stopping it; of a file, the rest was asked for */
        return code;
    if (!code && cancelled(m->s)) {
        complain(m->s, "%s: stopped before the end: what follows was not looked at", name);
        code = EXIT_WRITE;
    }
    close(fd);
    return code;
}

static int match_all(struct match *m, unsigned threads)
{
    struct match_pool *pool;
    int code = EXIT_DONE;
    for (unsigned i = 0; i < threads; i++) {
        if (scanner_new(&m->scanners[i]) || scanner_new(&m->owners[i])) {
            complain(m->s, "out of memory");
            return EXIT_WRITE;
        }
    }
    if (match_pool_new(threads, work, print, m, &pool)) {
        complain(m->s, "out of memory");
        return EXIT_WRITE;
    }
    static const char *standard[] = {"-"};
    const char **names = m->s->operand_count ? m->s->operands : standard;
    size_t count = m->s->operand_count ? m->s->operand_count : 1;
    for (size_t i = 0; i < count && !cancelled(m->s); i++) {
        int one = match_named(m, pool, names[i]);
        code = code ? code : one;
    }
    match_pool_free(pool);
    return code;
}

static int load(struct session *s, struct view *v, struct match *m)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_facts(v, FACT_PARTY, keep_party, m, &fault);
    if (!err)
        err = constituency_load(s->node, v, &m->constituency, &fault);
    if (!err)
        err = belief_refresh(s->node, v, &m->belief, &fault);
    if (!err)
        err = watchlist_load(v, m->belief, 0, 0, &m->list, &fault);
    if (!err) {
        tell_suppressed(s, watchlist_suppressed(m->list));
        tell_over(s, watchlist_over(m->list));
    }
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_match(struct session *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads;
    struct view *v;
    if (option_given(s, "observed"))
        return run_match_observed(s);
    if (option_given(s, "pattern")) {
        complain(s, "--pattern goes with --observed FILE: in logs, the indicators' values are looked for");
        return EXIT_USAGE;
    }
    if (option_u64(s, "threads", cores > 0 ? (uint64_t)cores : 1, MATCH_THREADS_MAX, &threads))
        return EXIT_USAGE;
    if (threads == 0)
        threads = 1;
    if (open_view(s, &v))
        return EXIT_WRITE;
    struct match m = {.s = s, .now_us = clock_now_us()};
    arena_init(&m.arena, 256 * MIB);
    int code = load(s, v, &m);
    node_reader_done(s->node, v);
    if (!code)
        code = match_all(&m, (unsigned)threads);
    for (size_t i = 0; i < threads; i++) {
        scanner_free(m.scanners[i]);
        scanner_free(m.owners[i]);
    }
    watchlist_unref(m.list);
    belief_unref(m.belief);
    constituency_unref(m.constituency);
    arena_done(&m.arena);
    return code;
}

static const struct option_spec OPTIONS[] = {
    {"threads", OPTION_VALUE, "N", "how many cores to use (all)"},
    {"observed", OPTION_VALUE, "FILE", "whole patterns over the observed data in FILE (STIX 2.1), not logs"},
    {"pattern", OPTION_VALUE, "P", "with --observed: this pattern"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_MATCH = {
    .name = "match",
    .operands = "[LOG...|-] | --observed FILE [PATTERN-FILE...]",
    .summary = "our indicators in logs, and whose hits they are; whole patterns in observed data",
    .details =
        "Plain, gzip and zstd input; any text log. Writes nothing: entente watch keeps findings. Domains hit with\n"
        "their subdomains, addresses in networks too; expired and revoked indicators do not hit.\n"
        "With --observed, whole patterns over observed data, a bundle or a list of STIX objects (- for standard\n"
        "input): those given by --pattern or in files, one a line, else those of all current indicators. A pattern\n"
        "that matches is printed with the observations that make it true. --json, one line each: pattern, id (of\n"
        "the indicator, or null), observations (ids of observed-data), first and last (when they were observed),\n"
        "party (its source, or null). Exit 65 where something could not be read or decided; the rest stands.\n",
    .options = OPTIONS,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .least = ROLE_ANALYST,
    .alone_option = "observed",
    .run = run_match};
