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

static void follow_key(const struct follow_state *st, char *out, size_t size)
{
    snprintf(out, size, "%llx:%llx:%llx", (unsigned long long)st->dev, (unsigned long long)st->ino,
             (unsigned long long)st->print);
}

/* Deals with one block that the follower gave. */
static enum err watch_block(struct watch *w, struct logline_stream *headers, struct text block, uint64_t offset,
                            uint64_t line, const struct follow_state *after)
{
    char key[64];
    follow_key(after, key, sizeof key);
    w->follow_key = text_of(key);
    w->done = *after;
    w->keep_state = true;
    struct log_state before = w->state;
    w->state.follow = *after;
    w->now_us = clock_now_us();
    enum err err = watch_scan(w, headers, block, line, offset);
    w->unsaved_bytes += block.len;
    if (!err && (w->hit_count || w->unsaved_bytes >= SAVE_BYTES))
        err = watch_flush(w);
    if (err)
        w->state = before;
    w->follow_key = TEXT_NONE;
    return err;
}

/* The next few blocks. *ret_more: there may be further ones. */
static enum err drain(struct watch *w, struct follower *f, bool *ret_more, struct fault *fault)
{
    enum err err = OK;
    for (unsigned i = 0; !err && i < DRAIN_BLOCKS && !cancelled(w->s) && (i == 0 || !watch_is_due(w)); i++) {
        struct text block;
        uint64_t offset, line;
        struct follow_state after;
        err = follower_next(f, &block, &offset, &line, &after, fault);
        if (!err)
            err = watch_block(w, follower_headers(f), block, offset, line, &after);
    }
    *ret_more = err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Says what ended the watch where nobody did yet: a fault of the log is told here, those of the node where they
 * happened. */
static int ended(struct watch *w, enum err err, const struct fault *fault)
{
    const char *path = w->path ? w->path : "-";
    if (fault->what[0])
        complain_fault(w->s, path, fault);
    else if (err)
        complain(w->s, "%s: the watch ends: %s; started again it goes on where it stood", path, err_name(err));
    return exit_of(err);
}

/* Once: everything that was there at the start has been read. */
static void tell_caught_up(struct watch *w)
{
    if (w->caught_up)
        return;
    w->caught_up = true;
    if (w->s->json) {
        struct json_out o = json_out_to(json_line(w->s));
        json_open(&o, '{');
        json_member_text(&o, "following", text_of(w->path));
        json_member_i64(&o, "offset", (int64_t)w->state.follow.offset);
        json_close(&o, '}');
        json_line_end(w->s);
    } else {
        say(w->s, "following %s from byte %llu, line %llu\n", w->path, (unsigned long long)w->state.follow.offset,
            (unsigned long long)w->state.follow.line);
    }
}

static int follow(struct watch *w)
{
    struct follower *f;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = watch_restore(w);
    if (!err)
        err = follower_open(w->path, w->state_known ? &w->state.follow : NULL, &f);
    if (err) {
        complain(w->s, "%s: %s", w->path, err_name(err));
        return exit_of(err);
    }
    if (!w->state_known) /* read from its start with all that is known: nothing to look back for yet */
        w->state.looked_back = watch_until(w);
    while (!err && !cancelled(w->s)) {
        bool more = false;
        err = watch_refresh(w);
        if (!err)
            err = watch_look_back(w);
        if (!err)
            err = drain(w, f, &more, &fault);
        if (!err && !more) {
            tell_caught_up(w);
            watch_wait(w);
        }
    }
    if (!err && w->unsaved_bytes) {
        w->keep_state = true;
        err = watch_flush(w);
    }
    follower_free(f);
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

/* The state is kept under the path, so that must mean the same file wherever watch is started. */
static const char *whole_path(const char *path, char out[PATH_MAX])
{
    char folder[PATH_MAX];
    if (!path || path[0] == '/' || !getcwd(folder, sizeof folder) ||
        snprintf(out, PATH_MAX, "%s/%s", folder, path) >= PATH_MAX)
        return path;
    return out;
}

static int run_watch(struct session *s)
{
    char whole[PATH_MAX];
    const char *path = whole_path(option(s, "follow"), whole);
    bool standard = s->operand_count == 1 && strcmp(s->operands[0], "-") == 0;
    uint64_t lookback_mb;
    if (option_u64(s, "lookback", LOOKBACK_DEFAULT_BYTES >> 20, 1u << 20, &lookback_mb))
        return EXIT_USAGE;
    if (!path == !standard) {
        complain(s, "usage: entente watch --follow LOG, or entente watch -");
        return EXIT_USAGE;
    }
    struct watch w = {.s = s, .path = path, .file = text_of(path ? path : "-"), .lookback_bytes = lookback_mb << 20};
    arena_init(&w.texts, TEXTS_BUDGET);
    w.hits = calloc(HITS_BATCH_MAX, sizeof *w.hits);
    int code = EXIT_WRITE;
    if (!w.hits || scanner_new(&w.scanner) || scanner_new(&w.owners))
        complain(s, "out of memory");
    else if (!watch_refresh(&w))
        code = standard ? watch_standard(&w) : follow(&w);
    watch_lists_done(&w);
    belief_unref(w.belief);
    constituency_unref(w.constituency);
    tell_pattern_losses(s, &w.patterns);
    log_patterns_done(&w.patterns);
    scanner_free(w.scanner);
    scanner_free(w.owners);
    free(w.hits);
    arena_done(&w.texts);
    return code;
}

static const struct option_spec OPTIONS[] = {
    {"follow", OPTION_VALUE, "LOG", "the file, over rotation and truncation; where it stood is kept over restarts"},
    {"lookback", OPTION_VALUE, "MB",
     "new indicators are looked for in what was logged before, up to this size (1024)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_WATCH = {
    .name = "watch",
    .operands = "[-]",
    .summary = "follow a log for ever: findings, incidents and sightings are written",
    .details =
        "New indicators count from the moment they are in the log, and are looked for in what the file already\n"
        "holds. Runs beside entente serve or alone.\n",
    .options = OPTIONS,
    .operands_max = 1,
    .need = NEED_READ,
    .run = run_watch};
