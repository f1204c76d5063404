/* match: hits in logs, printed as they are found. Writes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/hits_print.h"
#include "command/match_observed.h"
#include "command/match_pool.h"
#include "command/names.h"
#include "match/logfile.h"

#define MATCH_THREADS_MAX 256

struct match {
    struct session *s;
    struct watchlist *list;
    struct belief *belief;
    struct constituency *constituency;
    struct party_names parties;
    struct scanner *scanners[MATCH_THREADS_MAX], *owners[MATCH_THREADS_MAX];
    int64_t now_us;
};

/* One block on one thread. */
struct block {
    struct match *m;
    unsigned worker;
    const struct pool_block *block;
    struct buffer *out;
};

static enum err print_hit(void *self, const struct scan_line_hits *line, const struct hit *hit)
{
    struct block *b = self;
    hit_print(&b->m->parties, b->m->s->json, b->block->file, line, hit, b->out);
    return OK;
}

static enum err on_line(void *self, const struct scan_line_hits *line)
{
    struct block *b = self;
    struct match *m = b->m;
    return hits_of_line(m->owners[b->worker], &m->list, 1, m->constituency, m->now_us, b->block->header, line,
                        print_hit, b);
}

static enum err work(void *self, unsigned worker, const struct pool_block *block, struct buffer *out)
{
    struct match *m = self;
    struct block b = {m, worker, block, out};
    const struct index *index = watchlist_index(m->list);
    return scan_block(m->scanners[worker], &index, 1, block->lines, block->first_line, block->first_offset, on_line,
                      &b);
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
    while (!err && !cancelled(m->s)) {
        struct pool_block block = {.file = name};
        bool continues;
        err = logfile_next(log, &block.lines, &block.first_offset, &block.first_line, &continues, &fault);
        if (!err)
            err = add_block(pool, headers, block);
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
    enum err err = party_names_load(v, &m->parties, &fault);
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
    party_names_init(&m.parties);
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
    party_names_done(&m.parties);
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
