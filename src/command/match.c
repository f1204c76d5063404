/* match: hits in logs, printed as they are found. Writes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/log_patterns.h"
#include "command/match_observed.h"
#include "command/match_pool.h"
#include "command/match_progress.h"
#include "command/names.h"
#include "desk/watchlist_file.h"
#include "match/logfile.h"

#define MATCH_THREADS_MAX 256

struct match {
    struct session *s;
    struct watchlist *lists[2]; /* all, and what came since the index was made */
    size_t list_count;
    struct belief *belief;
    struct constituency *constituency;
    struct party_names parties;
    struct log_patterns patterns;
    struct match_progress progress;
    atomic_ullong hits;
    struct scanner *scanners[MATCH_THREADS_MAX], *owners[MATCH_THREADS_MAX];
    enum url_level urls;
    int64_t now_us;
};

/* One block on one thread. */
struct block {
    struct match *m;
    unsigned worker;
    const struct pool_block *block;
    struct pool_output *out;
};

static enum err print_hit(void *self, const struct scan_line_hits *line, const struct hit *hit)
{
    struct block *b = self;
    hit_print(&b->m->parties, b->m->s->json, b->block->file, line, hit, &b->out->text);
    atomic_fetch_add(&b->m->hits, 1);
    return OK;
}

static enum err on_line(void *self, const struct scan_line_hits *line)
{
    struct block *b = self;
    struct match *m = b->m;
    const struct log_line log = {b->block->file, b->block->header, line, m->now_us, m->owners[b->worker]};
    enum err err = hits_of_line(m->owners[b->worker], m->lists, m->list_count, m->constituency, m->now_us,
                                b->block->header, line, print_hit, b);
    return err ? err : log_patterns_line(m->constituency, &log, &b->out->later);
}

static enum err work(void *self, unsigned worker, const struct pool_block *block, struct pool_output *out)
{
    struct match *m = self;
    struct block b = {m, worker, block, out};
    const struct index *indexes[3] = {watchlist_index(m->lists[0])}, *patterns = log_patterns_index(&m->patterns);
    size_t count = 1;
    if (m->lists[1])
        indexes[count++] = watchlist_index(m->lists[1]);
    if (patterns)
        indexes[count++] = patterns;
    return scan_block(m->scanners[worker], indexes, count, block->lines, block->first_line, block->first_offset,
                      on_line, &b);
}

static enum err print_pattern(void *self, const struct pattern_hit *hit)
{
    struct match *m = self;
    buffer_clear(m->patterns.scratch);
    pattern_hit_print(&m->parties, m->s->json, hit, m->patterns.scratch);
    atomic_fetch_add(&m->hits, 1);
    say_text(m->s, buffer_text(m->patterns.scratch));
    return OK;
}

static void print(void *self, const struct pool_output *output)
{
    struct match *m = self;
    progress_clear(&m->progress);
    if (output->text.len)
        say_text(m->s, buffer_text(&output->text));
    enum err err = log_patterns_take(&m->patterns, buffer_text(&output->later), print_pattern, m);
    if (err)
        complain(m->s, "patterns over events: %s", err_name(err));
}

/* Nothing more is there at this moment: a pipe whose writer thinks. */
static bool quiet_now(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, 0) == 0;
}

/* In pieces, each under one header of the file's own; that is one, but for logs put behind each other. */
static enum err add_block(struct match_pool *pool, struct logline_stream *headers, struct pool_block block)
{
    struct text rest = block.lines;
    enum err err = OK;
    while (!err && logline_stream_next(headers, &rest, &block.lines, &block.header)) {
        err = match_pool_add(pool, &block);
        block.first_offset += block.lines.len;
        if (rest.len)
            block.first_line += scan_count_lines(block.lines);
    }
    return err;
}

static int match_fd(struct match *m, struct match_pool *pool, const char *name, int fd)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct logfile *log;
    struct logline_stream *headers = NULL;
    enum err err = logfile_open(fd, &log, &fault);
    if (err)
        return complain_fault(m->s, name, &fault);
    err = logline_stream_new(&headers);
    progress_start(&m->progress, m->s, name, fd);
    while (!err && !cancelled(m->s)) {
        struct pool_block block = {.file = name};
        bool continues;
        err = logfile_next(log, &block.lines, &block.first_offset, &block.first_line, &continues, &fault);
        if (!err)
            err = add_block(pool, headers, block);
        progress_show(&m->progress, block.first_offset + block.lines.len, atomic_load(&m->hits));
        if (!err && quiet_now(fd))
            err = match_pool_finish(pool);
    }
    enum err end = match_pool_finish(pool);
    logfile_free(log);
    logline_stream_free(headers);
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

static int url_level(struct session *s, enum url_level *ret)
{
    const char *name = option(s, "url-level");
    *ret = URL_EXACT;
    for (int i = 0; name && i < URL_LEVELS; i++)
        if (strcmp(name, url_level_names[i]) == 0) {
            *ret = (enum url_level)i;
            return EXIT_DONE;
        }
    if (name)
        complain(s, "--url-level %s: exact, without-query or prefix", name);
    return name ? EXIT_USAGE : EXIT_DONE;
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
        scanner_set_urls(m->scanners[i], m->urls);
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
    progress_clear(&m->progress);
    tell_pattern_losses(m->s, &m->patterns);
    return code;
}

/* What came since the index was made, and where its hits have to be confirmed. */
static enum err load_since(struct session *s, struct view *v, struct match *m, struct fault *fault)
{
    uint64_t until = watchlist_until(m->lists[0]);
    if (until == view_position(v))
        return OK;
    enum err err = belief_refresh(s->node, v, &m->belief, fault);
    if (!err)
        err = watchlist_load(v, m->belief, until, (uint32_t)watchlist_size(m->lists[0]), &m->lists[1], fault);
    if (!err) {
        watchlist_ask(m->lists[0], s->node, m->belief);
        m->list_count = 2;
    }
    return err;
}

/* The node's index where it is current, else the view: the same hits. */
static enum err load_lists(struct session *s, struct view *v, struct match *m, struct fault *fault)
{
    enum err err = watchlist_current(s->node, v, &m->lists[0], fault);
    m->list_count = 1;
    if (!err && !m->lists[0] && fault->what[0])
        complain(s, "the index is not used, the view is: %s; entente index makes it anew", fault->what);
    if (!err && m->lists[0])
        return load_since(s, v, m, fault);
    if (!err)
        err = belief_refresh(s->node, v, &m->belief, fault);
    return err ? err : watchlist_load(v, m->belief, 0, 0, &m->lists[0], fault);
}

static enum err load_patterns(struct session *s, struct view *v, struct match *m, struct fault *fault)
{
    const struct watchlist *last = m->lists[1] ? m->lists[1] : m->lists[0];
    const struct pattern_view from = {
        .s = s, .v = v, .belief = m->belief, .base = m->lists[0], .until_n = watchlist_until(last)};
    return log_patterns_load(&from, &m->patterns, fault);
}

static void tell_lists(struct match *m)
{
    tell_suppressed(m->s, watchlist_suppressed(m->lists[0]));
    tell_over(m->s, watchlist_over(m->lists[0]));
    tell_not_looked_for(m->s, &m->patterns);
}

static int load(struct session *s, struct match *m)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct view *v;
    if (open_view(s, &v))
        return EXIT_WRITE;
    enum err err = party_names_load(v, &m->parties, &fault);
    if (!err)
        err = constituency_load(s->node, v, &m->constituency, &fault);
    if (!err)
        err = load_lists(s, v, m, &fault);
    if (!err)
        err = load_patterns(s, v, m, &fault);
    node_reader_done(s->node, v);
    if (!err)
        tell_lists(m);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

/* The register of the home there is, if any: whose hits they are. */
static enum err load_register(struct session *s, struct match *m, struct fault *fault)
{
    struct view *v;
    enum err err = node_open(io_system(), s->home, NODE_READ, &s->node, fault);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    tell_space(s);
    err = node_reader(s->node, &v, fault);
    if (err)
        return err;
    err = constituency_load(s->node, v, &m->constituency, fault);
    node_reader_done(s->node, v);
    return err;
}

static enum err name_parties(struct match *m, struct fault *fault)
{
    const struct index_file *f = watchlist_file(m->lists[0]);
    enum err err = OK;
    for (size_t i = 0; i < index_file_parties(f) && !err; i++) {
        struct index_party party = index_file_party(f, i);
        if (party.name.len)
            err = party_names_add(&m->parties, &party.id, party.name);
    }
    return err ? fault_set(fault, err, "out of memory") : OK;
}

/* What the file says, and nothing else: no home is needed. */
static int load_file(struct session *s, const char *path, struct match *m)
{
    struct fault fault = {.offset = -1, .line = -1};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain(s, "%s: %s", path, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    enum err err = watchlist_open(fd, &m->lists[0], &fault);
    close(fd);
    m->list_count = 1;
    if (err)
        return complain_fault(s, path, &fault);
    err = name_parties(m, &fault);
    if (!err)
        err = log_patterns_map(m->lists[0], &m->patterns);
    if (!err)
        err = load_register(s, m, &fault);
    if (!err)
        err = m->constituency ? OK : constituency_empty(&m->constituency);
    if (!err)
        tell_lists(m);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int match_logs(struct session *s, unsigned threads)
{
    const char *index = option(s, "index");
    struct match m = {.s = s, .now_us = clock_now_us()};
    if (url_level(s, &m.urls))
        return EXIT_USAGE;
    party_names_init(&m.parties);
    int code = index ? load_file(s, index, &m) : load(s, &m);
    if (!code)
        code = match_all(&m, threads);
    for (size_t i = 0; i < threads; i++) {
        scanner_free(m.scanners[i]);
        scanner_free(m.owners[i]);
    }
    watchlist_unref(m.lists[0]);
    watchlist_unref(m.lists[1]);
    belief_unref(m.belief);
    constituency_unref(m.constituency);
    party_names_done(&m.parties);
    log_patterns_done(&m.patterns);
    if (index)
        node_close(s->node);
    return code;
}

static int run_match(struct session *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads;
    if (option_given(s, "observed"))
        return run_match_observed(s);
    if (option_given(s, "pattern")) {
        complain(s, "--pattern goes with --observed FILE: in logs, what indicators say is looked for");
        return EXIT_USAGE;
    }
    if (option_u64(s, "threads", cores > 0 ? (uint64_t)cores : 1, MATCH_THREADS_MAX, &threads))
        return EXIT_USAGE;
    return match_logs(s, threads ? (unsigned)threads : 1);
}

static const struct option_spec OPTIONS[] = {
    {"threads", OPTION_VALUE, "N", "how many cores to use (all)"},
    {"index", OPTION_VALUE, "FILE",
     "look for what this index file holds (a copy of HOME/index/base), with or without a home"},
    {"url-level", OPTION_VALUE, "L",
     "how much of a logged URL must be the indicator's: exact (the default), without-query, prefix"},
    {"observed", OPTION_VALUE, "FILE", "whole patterns over the observed data in FILE (STIX 2.1), not logs"},
    {"pattern", OPTION_VALUE, "P", "with --observed: this pattern"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_MATCH = {
    .name = "match",
    .operands = "[LOG...|-] | --observed FILE [PATTERN-FILE...]",
    .summary = "our indicators in logs, and whose hits they are; whole patterns in observed data",
    .details =
        "Patterns that need more than one value are evaluated over the events of structured logs (kind \"pattern\"; "
        "bound:\nthe lines that make it true). Plain, gzip and zstd input; any text log. Writes nothing: entente "
        "watch keeps findings.\nWhat is looked for is taken once, at the start: for an endless pipe there is entente "
        "watch -, which takes what\n"
        "comes while it runs. Domains hit with\n"
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
    .alone_options = {"observed", "index"},
    .run = run_match};
