/* hunter (hidden): a child of `serve` that hunts new indicators in the archive by itself, and lets go of logs that
 * are too old or too much. Like `watch` it reads foreign lines, holds no key and writes nothing: the owner of the
 * home records what it finds.
 *
 *   IDLE -indicators of entries [from, until) came-> ANNOUNCED (range saved) -each log, its hits durable-> DONE
 * (saved)
 *
 * Invariants
 * 1 A pass that is broken off is done again as the same pass: its hits are named by the log's hash and the range
 *   (follow_key), and the owner drops what it has of them.
 * 2 The range is saved as done only after all its hits are durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "command/archive.h"
#include "command/commands.h"
#include "command/hunt_patterns.h"
#include "command/names.h"
#include "command/watch.h"
#include "process/signals.h"

#define STATE_KEY       "archive" /* beside the paths of followed logs, which begin with a slash */
#define TEXTS_BUDGET    (48 * MIB)
#define TICK_MS         300
#define RETAIN_EVERY_US ((int64_t)60 * 1000000)
#define IOPRIO_IDLE     (3 << 13) /* ioprio_set(2): only when nobody else reads */
#define IOPRIO_PROCESS  1

struct hunter {
    struct watch w;
    struct watch_log log; /* the batch under way, and the state */
    struct session quiet;
    struct archive_query *query;
    struct packer *packer;
    struct logline_stream *stream; /* of the log under way */
    struct buffer keys, packed;
    uint64_t percent, keep_days, max_gb;
    uint64_t position; /* of the log, when it was last looked at */
    int64_t retained_us;
    char key[96]; /* log.follow_key */
    char *file;   /* log.file */
};

static void drop_output(void *self, bool to_stderr, struct text bytes)
{
    struct session *s = self;
    if (to_stderr)
        s->write(s->write_self, true, bytes);
}

/* The share of a core that is allowed: as long as the work took, times what is left of it. */
static void rest(const struct hunter *h, int64_t begun_us)
{
    int64_t worked_us = clock_mono_us() - begun_us;
    int64_t rest_us = worked_us * (int64_t)(100 - h->percent) / (int64_t)h->percent;
    if (rest_us > 0 && !cancelled(&h->quiet))
        nanosleep(&(struct timespec){.tv_sec = rest_us / 1000000, .tv_nsec = rest_us % 1000000 * 1000}, NULL);
}

/* ---- a pass ---- */

static enum err hunt_block(struct hunter *h, const struct archive_log *l, size_t nth)
{
    const struct archive_block *b = archive_log_block(l, nth);
    const struct index *indexes[] = {watchlist_index(h->w.lists[0]), log_patterns_index(&h->w.patterns)};
    struct fault fault = {.offset = -1, .line = -1};
    struct text lines;
    buffer_clear(&h->packed);
    enum err err = archive_log_read(l, nth, &h->packed, &fault);
    if (!err)
        err = unpack(h->packer, buffer_text(&h->packed), &lines);
    if (err == ERR_MALFORMED || err == ERR_IO) {
        complain(&h->quiet, "archive: log %u: block with line %llu is damaged and passed over", archive_log_number(l),
                 (unsigned long long)b->first_line);
        return OK;
    }
    return err ? err
               : scan_block(h->w.scanner, indexes, indexes[1] ? 2 : 1, lines, b->first_line, b->first_offset,
                            watch_line, &h->w);
}

static void name_pass(struct hunter *h, const struct archive_about *about)
{
    char hash[SHA256_HEX];
    struct watch *w = &h->w;
    sha256_hex(&about->hash, hash);
    snprintf(h->key, sizeof h->key, "hunt:%.32s:%llu-%llu", hash, (unsigned long long)w->log->state.back_from,
             (unsigned long long)w->log->state.back_until);
    free(h->file);
    h->file = strndup(about->name.ptr ? about->name.ptr : "", about->name.len);
    w->log->file = text_of(h->file);
    w->log->follow_key = text_of(h->key);
    w->log->done = (struct follow_state){.offset = about->bytes, .line = about->lines + 1};
    w->log->keep_state = false;
    w->now_us = clock_now_us();
}

static enum err hunt_log(void *self, const struct archive_log *l)
{
    struct hunter *h = self;
    name_pass(h, archive_log_about(l));
    enum err err = archive_read_header(l, h->packer, &h->packed, &h->stream, &h->w.header);
    for (size_t part = 0; part < archive_log_parts(l) && !err && !cancelled(&h->quiet); part++) {
        size_t first, count;
        uint64_t found;
        int64_t begun_us = clock_mono_us();
        archive_log_part(l, part, &first, &count);
        err = archive_log_find(l, part, h->query, &h->keys, &found, NULL);
        if (err == ERR_MALFORMED || err == ERR_IO) /* all of its blocks, then */
            err = OK;
        rest(h, begun_us);
        for (size_t i = 0; i < count && !err && !cancelled(&h->quiet); i++) {
            begun_us = clock_mono_us();
            if (found >> i & 1)
                err = hunt_block(h, l, first + i);
            rest(h, begun_us);
        }
    }
    if (!err && cancelled(&h->quiet))
        return ERR_CANCELLED;
    return err ? err : watch_flush(&h->w);
}

static enum err save(struct hunter *h)
{
    h->log.follow_key = TEXT_NONE;
    h->log.keep_state = true;
    return watch_flush(&h->w);
}

static enum err hunt_all(struct hunter *h)
{
    struct log_state *st = &h->log.state;
    enum err err = save(h);
    archive_query_free(h->query);
    h->query = NULL;
    if (!err)
        err = archive_query_of(h->w.lists[0], &h->query);
    if (!err)
        err = hunt_patterns_query(&h->w.patterns, h->query);
    if (!err)
        err = archive_each(&h->quiet, hunt_log, h);
    if (err && err != ERR_MALFORMED && err != ERR_VERSION) /* a log that cannot be opened is named, not hunted */
        return err;
    if (cancelled(&h->quiet))
        return ERR_CANCELLED;
    st->looked_back = st->back_until;
    st->back_from = st->back_until = 0;
    return save(h);
}

/* ---- what is new ---- */

/* With windows of its own: a pass that is done again begins anew. */
static enum err load_patterns(struct watch *w, struct view *v, uint64_t from_n, uint64_t until_n, struct fault *fault)
{
    const struct pattern_view from = {.s = w->s, .v = v, .belief = w->belief, .until_n = until_n};
    log_patterns_done(&w->patterns);
    return log_patterns_load_news(&from, from_n, &w->patterns, fault);
}

static bool anything_new(const struct watch *w)
{
    return watchlist_size(w->lists[0]) || log_patterns_wanted(&w->patterns);
}

static enum err load_news(struct hunter *h, struct view *v, struct fault *fault)
{
    struct watch *w = &h->w;
    struct constituency *fresh;
    bool resumed = w->log->state.back_until > w->log->state.back_from;
    uint64_t from = resumed ? w->log->state.back_from : w->log->state.looked_back;
    enum err err = belief_refresh(w->s->node, v, &w->belief, fault);
    watchlist_unref(w->lists[0]);
    w->lists[0] = NULL;
    w->list_count = 1;
    if (!err)
        err = watchlist_load_news(w->s->node, v, w->belief, from, resumed ? w->log->state.back_until : UINT64_MAX,
                                  &w->lists[0], fault);
    if (!err)
        err = load_patterns(w, v, from, resumed ? w->log->state.back_until : watchlist_until(w->lists[0]), fault);
    if (!err && anything_new(w)) {
        err = constituency_load(w->s->node, v, &fresh, fault);
        if (!err) {
            constituency_unref(w->constituency);
            w->constituency = fresh;
        }
    }
    if (!err && !resumed) {
        w->log->state.back_from = from;
        w->log->state.back_until = watchlist_until(w->lists[0]);
    }
    return err;
}

static enum err look(struct hunter *h)
{
    struct view *v;
    struct watch *w = &h->w;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = open_view(w->s, &v);
    if (err)
        return err;
    uint64_t position = view_position(v);
    bool same = position == h->position && w->log->state.back_until <= w->log->state.back_from;
    if (!w->log->state_known) { /* what is known already was looked for when the logs were new */
        w->log->state.looked_back = position;
        w->log->state_known = same = true;
        err = save(h);
    }
    if (!err && !same)
        err = load_news(h, v, &fault);
    node_reader_done(w->s->node, v);
    if (err && fault.what[0])
        complain_fault(w->s, NULL, &fault);
    h->position = position;
    if (err || same)
        return err;
    if (anything_new(w))
        return hunt_all(h);
    w->log->state.looked_back = w->log->state.back_until;
    w->log->state.back_from = w->log->state.back_until = 0;
    return OK;
}

static void retain(struct hunter *h)
{
    int64_t now = clock_mono_us();
    if (h->retained_us && now - h->retained_us < RETAIN_EVERY_US)
        return;
    h->retained_us = now;
    archive_retain(&h->quiet, h->keep_days, h->max_gb);
}

/* ---- the process ---- */

static bool read_words(struct hunter *h)
{
    struct session *s = &h->quiet;
    return text_u64(text_of(s->operands[0]), &h->percent) == OK && h->percent >= 1 && h->percent <= 100 &&
           text_u64(text_of(s->operands[1]), &h->keep_days) == OK &&
           text_u64(text_of(s->operands[2]), &h->max_gb) == OK;
}

static enum err start(struct hunter *h)
{
    struct watch *w = &h->w;
    w->s = &h->quiet;
    w->log = &h->log;
    w->log->path = strdup(STATE_KEY);
    arena_init(&w->log->texts, TEXTS_BUDGET);
    buffer_init(&h->keys, ARCHIVE_KEYS_MAX);
    buffer_init(&h->packed, 2 * ARCHIVE_BLOCK_MAX);
    w->log->hits = calloc(HITS_BATCH_MAX, sizeof *w->log->hits);
    if (!w->log->path || !w->log->hits || told_new(&w->told) || scanner_new(&w->scanner) || scanner_new(&w->owners) ||
        packer_new(&h->packer))
        return ERR_NOMEM;
    return watch_restore(w);
}

static void done(struct hunter *h)
{
    struct watch *w = &h->w;
    watchlist_unref(w->lists[0]);
    log_patterns_done(&w->patterns);
    belief_unref(w->belief);
    constituency_unref(w->constituency);
    scanner_free(w->scanner);
    scanner_free(w->owners);
    told_free(w->told);
    free(h->log.path);
    free(h->log.hits);
    arena_done(&h->log.texts);
    archive_query_free(h->query);
    packer_free(h->packer);
    logline_stream_free(h->stream);
    buffer_done(&h->keys);
    buffer_done(&h->packed);
    free(h->file);
}

static int run_hunter(struct session *s)
{
    struct hunter h = {.quiet = *s};
    h.quiet.write = drop_output;
    h.quiet.write_self = s;
    buffer_init(&h.quiet.line, 1 * MIB);
    if (!read_words(&h))
        return EXIT_USAGE;
    (void)setpriority(PRIO_PROCESS, 0, 10);
    (void)syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, IOPRIO_IDLE);
    enum err err = start(&h);
    while (!err && !cancelled(s)) {
        retain(&h);
        err = look(&h);
        if (!err)
            signals_wait(TICK_MS);
    }
    if (err && err != ERR_CANCELLED)
        complain(s, "the hunts in the archive end: %s; they go on where they stood", err_name(err));
    done(&h);
    buffer_done(&h.quiet.line);
    return err && err != ERR_CANCELLED ? exit_of(err) : EXIT_DONE;
}

const struct command COMMAND_HUNTER = {.name = "hunter",
                                       .operands = "PERCENT DAYS GB",
                                       .summary = "hunt new indicators in the archive, beside serve",
                                       .operands_min = 3,
                                       .operands_max = 3,
                                       .need = NEED_READ,
                                       .run = run_hunter,
                                       .hidden = true};
