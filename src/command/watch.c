/* watch: follows a log for ever. Findings, incidents and sightings are written by the owner of the home; this process
 * only reads the log, the indicators and the register. */
#include "command/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/commands.h"
#include "json/json.h"

#define TEXTS_BUDGET (48 * MIB)
#define DRAIN_BLOCKS 8 /* between two looks at what changed */

/* Names the file that is read: hits of two files are never in one batch. */
static enum err take_key(struct watch *w, const struct follow_state *after)
{
    struct watch_log *log = w->log;
    char key[sizeof log->key];
    snprintf(key, sizeof key, "%llx:%llx:%llx", (unsigned long long)after->dev, (unsigned long long)after->ino,
             (unsigned long long)after->print);
    if (strcmp(key, log->key) == 0)
        return OK;
    enum err err = log->hit_count ? watch_flush(w) : OK;
    memcpy(log->key, key, sizeof key);
    log->follow_key = text_of(log->key);
    return err;
}

/* What is due now. */
static enum err hand_over(struct watch *w)
{
    struct watch_log *log = w->log;
    bool due = log->hit_count && clock_mono_us() >= log->due_us;
    return due || log->unsaved_bytes >= SAVE_BYTES ? watch_flush(w) : OK;
}

/* Deals with one block that the follower gave. */
static enum err watch_block(struct watch *w, struct logline_stream *headers, struct text block, uint64_t offset,
                            uint64_t line, const struct follow_state *after)
{
    struct watch_log *log = w->log;
    enum err err = take_key(w, after);
    struct log_state before = log->state;
    log->done = *after;
    log->keep_state = true;
    log->state.follow = *after;
    w->now_us = clock_now_us();
    if (!err)
        err = watch_scan(w, headers, block, line, offset);
    log->unsaved_bytes += block.len;
    if (!err)
        err = hand_over(w);
    if (err)
        log->state = before;
    return err;
}

/* Once: everything that was there at the start has been read. */
static void tell_caught_up(struct watch *w)
{
    if (w->log->caught_up)
        return;
    w->log->caught_up = true;
    if (w->s->json) {
        struct json_out o = json_out_to(json_line(w->s));
        json_open(&o, '{');
        json_member_text(&o, "following", text_of(w->log->path));
        json_member_i64(&o, "offset", (int64_t)w->log->state.follow.offset);
        json_close(&o, '}');
        json_line_end(w->s);
    } else {
        say(w->s, "following %s from byte %llu, line %llu\n", w->log->path,
            (unsigned long long)w->log->state.follow.offset, (unsigned long long)w->log->state.follow.line);
    }
}

/* The next few blocks. *ret_more: there may be further ones. */
static enum err drain(struct watch *w, bool *ret_more, struct fault *fault)
{
    struct follower *f = w->log->follower;
    enum err err = OK;
    for (unsigned i = 0; !err && i < DRAIN_BLOCKS && !cancelled(w->s) && (i == 0 || !watch_is_due(w)); i++) {
        struct text block;
        uint64_t offset, line;
        struct follow_state after;
        err = follower_next(f, &block, &offset, &line, &after, fault);
        if (!err)
            err = watch_block(w, follower_headers(f), block, offset, line, &after);
    }
    *ret_more |= err == OK;
    if (err != ERR_NOT_FOUND)
        return err;
    tell_caught_up(w);
    return hand_over(w);
}

/* Says what ended the watch where nobody did yet: a fault of the log is told here, those of the node where they
 * happened. */
static int ended(struct watch *w, enum err err, const struct fault *fault)
{
    const char *path = w->log->path ? w->log->path : "-";
    if (fault->what[0])
        complain_fault(w->s, path, fault);
    else if (err)
        complain(w->s, "%s: the watch ends: %s; started again it goes on where it stood", path, err_name(err));
    return exit_of(err);
}

static enum err open_logs(struct watch *w)
{
    enum err err = OK;
    for (size_t i = 0; !err && i < w->log_count; i++) {
        struct watch_log *log = w->log = &w->logs[i];
        err = watch_restore(w);
        if (!err)
            err = follower_open(log->path, log->state_known ? &log->state.follow : NULL, &log->follower);
        if (!err && option_given(w->s, "from-start"))
            follower_read_all(log->follower);
        if (err)
            complain(w->s, "%s: %s", log->path, err_name(err));
        else if (!log->state_known) /* read from its start with all that is known: nothing to look back for yet */
            log->state.looked_back = watch_until(w);
    }
    return err;
}

/* A few blocks of each log, so that a long one does not keep the others waiting. */
static enum err round_of_logs(struct watch *w, bool *ret_more, struct fault *fault)
{
    enum err err = OK;
    *ret_more = false;
    for (size_t i = 0; !err && i < w->log_count && !cancelled(w->s); i++) {
        w->log = &w->logs[i];
        err = watch_refresh(w);
        for (int pass = 0; !err && pass < 2; pass++) /* one that was broken off, and what came since */
            err = watch_look_back(w);
        if (!err)
            err = drain(w, ret_more, fault);
    }
    return err;
}

static int follow(struct watch *w)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = open_logs(w);
    if (err)
        return exit_of(err);
    while (!err && !w->hub_ended && !cancelled(w->s)) {
        bool more;
        watch_hub_tend(w->hub);
        err = round_of_logs(w, &more, &fault);
        if (!err && !more)
            watch_wait(w);
    }
    for (size_t i = 0; !err && i < w->log_count; i++) {
        w->log = &w->logs[i];
        w->log->keep_state = true;
        if (w->log->unsaved_bytes || w->log->hit_count)
            err = watch_flush(w);
    }
    if (!err && w->hub_ended) {
        complain(w->s,
                 "the hub has ended this sensor: it does not accept its token any more. Nothing that came from it "
                 "counts now; a new invitation is a new beginning");
        return EXIT_DENIED;
    }
    return ended(w, err, &fault);
}

/* Standard input has no state: what was read is gone. */
static int watch_standard(struct watch *w)
{
    struct logfile *log;
    struct logline_stream *headers = NULL;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = logfile_open(STDIN_FILENO, &log, &fault);
    if (!err)
        err = logline_stream_new(&headers);
    while (!err && !cancelled(w->s)) {
        struct text block;
        uint64_t offset, line;
        bool continues;
        err = logfile_next(log, &block, &offset, &line, &continues, &fault);
        if (!err) /* not before: the writer may have been silent for hours */
            err = watch_refresh(w);
        w->now_us = clock_now_us();
        if (!err)
            err = watch_scan(w, headers, block, line, offset);
        if (!err)
            err = watch_flush(w);
    }
    logfile_free(log);
    logline_stream_free(headers);
    bool over = err == ERR_NOT_FOUND || (err == ERR_CANCELLED && cancelled(w->s));
    return over ? EXIT_DONE : ended(w, err, &fault);
}

/* The state is kept under the path, so that must mean the same file wherever watch is started. Owned; NULL: no
 * memory. */
static char *whole_path(const char *path)
{
    char folder[PATH_MAX];
    char *whole;
    if (path[0] == '/' || !getcwd(folder, sizeof folder))
        return strdup(path);
    return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

static enum err log_init(struct watch_log *log, const char *path)
{
    arena_init(&log->texts, TEXTS_BUDGET);
    log->path = path ? whole_path(path) : NULL;
    log->file = text_of(log->path ? log->path : "-");
    log->hits = calloc(HITS_BATCH_MAX, sizeof *log->hits);
    return log->hits && (log->path || !path) ? OK : ERR_NOMEM;
}

static void watch_done(struct watch *w)
{
    for (size_t i = 0; i < w->log_count; i++) {
        struct watch_log *log = &w->logs[i];
        follower_free(log->follower);
        free(log->path);
        free(log->hits);
        arena_done(&log->texts);
    }
    free(w->logs);
    told_free(w->told);
    watch_lists_done(w);
    belief_unref(w->belief);
    constituency_unref(w->constituency);
    tell_pattern_losses(w->s, &w->patterns);
    watch_patterns_news_done(w);
    log_patterns_done(&w->patterns);
    scanner_free(w->scanner);
    scanner_free(w->owners);
}

/* The option's log, then the operands; or standard input alone. */
static enum err watch_init(struct watch *w, const char *first)
{
    size_t count = first ? w->s->operand_count + 1 : 1;
    enum err err = OK;
    w->logs = calloc(count, sizeof *w->logs);
    if (!w->logs || told_new(&w->told) || scanner_new(&w->scanner) || scanner_new(&w->owners))
        return ERR_NOMEM;
    for (; !err && w->log_count < count; w->log_count++)
        err = log_init(&w->logs[w->log_count], w->log_count == 0 ? first : w->s->operands[w->log_count - 1]);
    w->log = w->logs;
    return err;
}

/* Logs that cannot be followed are told before a home is made for them. */
static int watch_logs(struct session *s, const char *first, bool standard, uint64_t lookback_bytes)
{
    struct watch w = {.s = s, .lookback_bytes = lookback_bytes, .keeps_windows = !standard};
    int code = EXIT_WRITE;
    if (watch_init(&w, first) || (option_given(s, "hub") && watch_hub_start(s, &w.hub)))
        complain(s, "out of memory");
    else if (!watch_refresh(&w))
        code = standard ? watch_standard(&w) : follow(&w);
    watch_hub_stop(w.hub);
    watch_done(&w);
    return code;
}

static int watch_as_sensor(struct session *s, const char *first, uint64_t lookback_bytes)
{
    struct fault fault = {.offset = -1, .line = -1};
    int code = watch_hub_prepare(s);
    if (code)
        return code;
    enum err err = node_open(io_system(), s->home, NODE_READ, &s->node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    code = watch_logs(s, first, false, lookback_bytes);
    node_close(s->node);
    s->node = NULL;
    return code;
}

static int run_watch(struct session *s)
{
    const char *first = option(s, "follow");
    bool standard = s->operand_count == 1 && strcmp(s->operands[0], "-") == 0;
    uint64_t lookback_mb;
    if (option_u64(s, "lookback", LOOKBACK_DEFAULT_BYTES >> 20, 1u << 20, &lookback_mb))
        return EXIT_USAGE;
    if (!first == !standard) {
        complain(s, "usage: entente watch --follow LOG [LOG...], or entente watch -");
        return EXIT_USAGE;
    }
    if (s->operand_count >= WATCH_LOGS_MAX) {
        complain(s, "one watch follows %d logs at most: start another for the others", WATCH_LOGS_MAX);
        return EXIT_USAGE;
    }
    if (!option_given(s, "hub"))
        return watch_logs(s, first, standard, lookback_mb << 20);
    if (standard) {
        complain(s, "a sensor follows logs: entente watch --hub URL --token-file FILE --follow LOG [LOG...]");
        return EXIT_USAGE;
    }
    return watch_as_sensor(s, first, lookback_mb << 20);
}

static const struct option_spec OPTIONS[] = {
    {"follow", OPTION_VALUE, "LOG", "the file, over rotation and truncation; where it stood is kept over restarts"},
    {"from-start", OPTION_FLAG, NULL,
     "a log that was never followed is read with all its rotated files, oldest first"},
    {"lookback", OPTION_VALUE, "MB",
     "new indicators are looked for in what was logged before, up to this size (1024)"},
    {"hub", OPTION_VALUE, "URL|FILE",
     "as a sensor of that node, or of the one whose invitation it is: its indicators come here, hits go there"},
    {"token-file", OPTION_VALUE, "FILE", "with --hub URL: the token that the hub gave"},
    {"name", OPTION_VALUE, "NAME", "what the sensor's new home is called (as the hub calls it)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_WATCH = {
    .name = "watch",
    .operands = "[LOG...|-]",
    .summary = "follow logs for ever: findings, incidents and sightings are written",
    .details =
        "New indicators count from the moment they are in the log, and are looked for in what the file already\n"
        "holds. Runs beside entente serve or alone. Further logs may stand behind the first: --follow a.log b.log.\n"
        "The first hit of an indicator at an organisation is a finding at once; repeats are counted to it, "
        "together,\n"
        "a minute later at the latest.\n"
        "With --hub this machine is a sensor of another node (docs/HUB.md): a home is made where there is none,\n"
        "the line is kept while the logs are followed, and the same again goes on where it stood.\n",
    .options = OPTIONS,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .alone_options = {"hub"},
    .run = run_watch};
