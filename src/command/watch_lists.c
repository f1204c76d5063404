#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "command/names.h"
#include "command/watch.h"
#include "desk/watchlist_file.h"

#define REGISTER_EVERY_US ((int64_t)1000000)
#define INDEX_EVERY_US    ((int64_t)1000000)
#define BEACON_EVERY_US   ((int64_t)1000000)

static void lists_drop(struct watch *w)
{
    while (w->list_count > 0)
        watchlist_unref(w->lists[--w->list_count]);
}

bool watch_is_due(const struct watch *w)
{
    return !w->list_count || !w->beacon || beacon_at(w->beacon) != w->beacon_at ||
           clock_mono_us() - w->looked_us >= (int64_t)WATCH_TICK_MS * 1000;
}

void watch_wait(const struct watch *w)
{
    beacon_wait(w->beacon, w->beacon_at, WATCH_TICK_MS);
}

/* A server may have been started, or started again. */
static void look_for_beacon(struct watch *w)
{
    if (w->looked_us - w->beacon_us < BEACON_EVERY_US && w->beacon_us)
        return;
    w->beacon_us = w->looked_us;
    beacon_close(w->beacon);
    w->beacon = beacon_find(w->s->home);
}

void watch_lists_done(struct watch *w)
{
    beacon_close(w->beacon);
    w->beacon = NULL;
    lists_drop(w);
}

uint64_t watch_until(const struct watch *w)
{
    return watchlist_until(w->lists[w->list_count - 1]);
}

/* Lists before the last may be out of date: their hits are confirmed. The last was loaded just now. */
static void lists_changed(struct watch *w)
{
    for (size_t i = 0; i < w->list_count; i++) {
        w->indexes[i] = watchlist_index(w->lists[i]);
        watchlist_ask(w->lists[i], i + 1 < w->list_count ? w->s->node : NULL, w->belief);
    }
}

static void take_first(struct watch *w, struct watchlist *fresh)
{
    lists_drop(w);
    w->lists[0] = fresh;
    w->list_count = 1;
    w->generation = belief_generation(w->belief);
    if (watchlist_suppressed(fresh)->total != w->suppressed)
        tell_suppressed(w->s, watchlist_suppressed(fresh));
    w->suppressed = watchlist_suppressed(fresh)->total;
}

/* The node's index where it is current, else the view. */
static enum err load_first(struct watch *w, struct view *v, struct fault *fault)
{
    struct watchlist *fresh;
    enum err err = watchlist_current(w->s->node, v, &fresh, fault);
    if (!err && !fresh && fault->what[0])
        complain(w->s, "the index is not used, the view is: %s; entente index makes it anew", fault->what);
    fault->what[0] = 0;
    if (!err && !fresh)
        err = watchlist_load(v, w->belief, 0, 0, &fresh, fault);
    if (!err)
        take_first(w, fresh);
    return err;
}

/* What came since. Short lists at the end are loaded anew with it, and those that it has caught up with. */
static enum err load_since(struct watch *w, struct view *v, struct fault *fault)
{
    size_t keep = w->list_count, beside = 0;
    while (keep > 1 && (keep == WATCH_LISTS_MAX || watchlist_size(w->lists[keep - 1]) < WATCH_LIST_SHORT ||
                        watchlist_size(w->lists[keep - 1]) < 2 * beside))
        beside += watchlist_size(w->lists[--keep]);
    const struct watchlist *last = w->lists[keep - 1];
    struct watchlist *fresh;
    uint32_t first = keep == 1 ? 0 : w->first_refs[keep - 1];
    first += (uint32_t)watchlist_size(last);
    enum err err = watchlist_load(v, w->belief, watchlist_until(last), first, &fresh, fault);
    if (err)
        return err;
    while (w->list_count > keep)
        watchlist_unref(w->lists[--w->list_count]);
    w->first_refs[keep] = first;
    w->lists[w->list_count++] = fresh;
    return OK;
}

/* The owner has made a newer index, and much is beside ours. */
static bool newer_index(struct watch *w)
{
    size_t beside = 0;
    for (size_t i = 1; i < w->list_count; i++)
        beside += watchlist_size(w->lists[i]);
    if (beside < WATCH_BESIDE_MAX || clock_mono_us() - w->index_us < INDEX_EVERY_US)
        return false;
    w->index_us = clock_mono_us();
    return watchlist_newer(w->s->node, w->lists[0]);
}

static enum err load_lists(struct watch *w, struct view *v, struct fault *fault)
{
    uint64_t epoch = node_view_epoch(w->s->node);
    enum err err = belief_refresh(w->s->node, v, &w->belief, fault);
    if (err)
        return err;
    /* A new view may lack what the old one had: what was erased. */
    bool all =
        !w->list_count || epoch != w->view_epoch || belief_generation(w->belief) != w->generation || newer_index(w);
    w->view_epoch = epoch;
    err = all ? load_first(w, v, fault) : OK;
    if (!err && watch_until(w) < view_position(v))
        err = load_since(w, v, fault);
    if (!err)
        lists_changed(w);
    return err;
}

/* Every entry may have changed it, our own findings too: not more often than once a second, but then for sure. */
static enum err load_register(struct watch *w, struct view *v, uint64_t position, struct fault *fault)
{
    struct constituency *fresh;
    int64_t now = clock_mono_us();
    if (w->constituency && (w->register_position == position || now - w->register_us < REGISTER_EVERY_US))
        return OK;
    enum err err = constituency_load(w->s->node, v, &fresh, fault);
    if (err)
        return err;
    constituency_unref(w->constituency);
    w->constituency = fresh;
    w->register_us = now;
    w->register_position = position;
    return OK;
}

enum err watch_refresh(struct watch *w)
{
    struct view *v;
    struct fault fault = {.offset = -1, .line = -1};
    if (!watch_is_due(w))
        return OK;
    w->looked_us = clock_mono_us();
    look_for_beacon(w);
    w->beacon_at = beacon_at(w->beacon); /* before the view: what comes between is looked at again */
    enum err err = open_view(w->s, &v);
    if (err)
        return err;
    uint64_t position = view_position(v);
    if (!w->list_count || position != w->position || node_view_epoch(w->s->node) != w->view_epoch)
        err = load_lists(w, v, &fault);
    if (!err)
        err = watch_patterns_refresh(w, v, &fault);
    if (!err)
        err = load_register(w, v, position, &fault);
    if (!err && w->hub && position != w->position)
        err = watch_hub_ended(v, &w->hub_ended, &fault);
    if (err)
        complain_fault(w->s, NULL, &fault);
    else
        w->position = position;
    node_reader_done(w->s->node, v);
    return err;
}

/* A pass over what the file already holds: `pass` is the watch with the pass's own list and log. */
struct look_back {
    struct watch *w, pass;
    struct watch_log own;
    bool announced; /* the range is saved: its hits may be handed over */
};

/* Saves its range. */
static enum err announce(struct look_back *b)
{
    b->w->log->keep_state = true;
    enum err err = b->announced ? OK : watch_flush(b->w);
    b->announced = !err;
    return err;
}

/* Hands over what the pass found so far, as read up to here. */
static enum err hand_over_found(struct look_back *b)
{
    enum err err = announce(b);
    return err ? err : watch_flush(&b->pass);
}

/* Scans [0, state.follow.offset) of the file with the pass's list. What is found is told at once, not at the end. */
static enum err scan_back(struct look_back *b, int fd)
{
    struct watch *w = &b->pass;
    struct logfile *log;
    struct fault fault = {.offset = -1, .line = -1};
    struct logline_stream *headers = NULL;
    uint64_t end = w->log->state.follow.offset;
    enum err err = logfile_open(fd, &log, &fault);
    if (err)
        return err;
    err = logline_stream_new(&headers);
    while (!err && !cancelled(w->s)) {
        struct text block;
        uint64_t offset, line;
        bool continues;
        err = logfile_next(log, &block, &offset, &line, &continues, &fault);
        if (err || offset >= end)
            break;
        block = text_sub(block, 0, (size_t)(end - offset < block.len ? end - offset : block.len));
        err = watch_scan(w, headers, block, line, offset);
        if (!err && w->log->hit_count && clock_mono_us() >= w->log->due_us) {
            w->log->done.offset = offset + block.len;
            w->log->done.line = line + scan_count_lines(block);
            err = hand_over_found(b);
        }
    }
    logfile_free(log);
    logline_stream_free(headers);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Nothing found: nothing to be saved now either. Until the state is, a restart looks again. */
static enum err end_pass(struct look_back *b)
{
    struct watch_log *log = b->w->log;
    enum err err = OK;
    b->own.state.looked_back = log->state.back_until;
    b->own.state.back_from = b->own.state.back_until = 0;
    b->own.keep_state = true;
    b->own.done = log->state.follow;
    if (b->announced || b->own.hit_count)
        err = hand_over_found(b);
    else
        log->unsaved_bytes++;
    if (!err)
        log->state = b->own.state;
    return err;
}

/* One pass: the indicators of entries [back_from, back_until) over what is read of the file. The watch's own lists
 * are put aside meanwhile. */
static enum err run_pass(struct watch *w, struct watchlist *wanted, bool announced)
{
    struct look_back b = {.w = w, .announced = announced};
    char key[96];
    /* What waits to be handed over goes first: the pass has the place of hits for itself. */
    enum err err = w->log->hit_count ? watch_flush(w) : OK;
    if (err)
        return err;
    b.pass = *w;
    b.own = *w->log;
    snprintf(key, sizeof key, "back:%llx:%llx:%llu-%llu", (unsigned long long)w->log->state.follow.dev,
             (unsigned long long)w->log->state.follow.ino, (unsigned long long)w->log->state.back_from,
             (unsigned long long)w->log->state.back_until);
    b.pass.log = &b.own;
    b.pass.lists[0] = wanted;
    b.pass.indexes[0] = watchlist_index(wanted);
    b.pass.list_count = 1;
    watch_patterns_back(&b.pass);
    b.own.follow_key = text_of(key);
    b.own.keep_state = false;
    arena_init(&b.own.texts, 48 * MIB);
    int fd = open(w->log->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    /* Rotated away meanwhile: what is left of it is read by the follower, and the new file with all indicators. */
    bool same = fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == w->log->state.follow.ino &&
                st.st_dev == w->log->state.follow.dev;
    err = same ? scan_back(&b, fd) : OK;
    if (fd >= 0)
        close(fd);
    if (!err && !cancelled(w->s))
        err = end_pass(&b);
    arena_done(&b.own.texts);
    return err;
}

/* Nothing to look back over, or too much of it. What comes is looked at with all indicators: they are not news to a
 * later pass, which would count those lines again. */
static void pass_over(struct watch *w, uint64_t until)
{
    if (w->log->state.follow.offset && !w->log->told_too_long)
        complain(w->s, "%s: longer than --lookback (%llu MB): new indicators are looked for from here on only",
                 w->log->path, (unsigned long long)(w->lookback_bytes >> 20));
    w->log->told_too_long = w->log->state.follow.offset > 0;
    w->log->state.looked_back = until;
    w->log->state.back_from = w->log->state.back_until = 0;
}

enum err watch_look_back(struct watch *w)
{
    struct view *v;
    struct watchlist *wanted;
    struct fault fault = {.offset = -1, .line = -1};
    uint64_t until = watch_until(w);
    bool resumed = w->log->state.back_until > w->log->state.back_from;
    if (!resumed && until <= w->log->state.looked_back)
        return OK;
    if (w->log->state.follow.offset == 0 || w->log->state.follow.offset > w->lookback_bytes) {
        pass_over(w, until);
        return OK;
    }
    enum err err = open_view(w->s, &v);
    if (err)
        return err;
    uint64_t from = resumed ? w->log->state.back_from : w->log->state.looked_back;
    /* A pass that is done again is the same pass: what came since is the next one's. No pass goes beyond what the
     * watch looks for: of that, the lines read next would be missed. */
    until = resumed ? w->log->state.back_until : until;
    err = watchlist_load_news(w->s->node, v, w->belief, from, until, &wanted, &fault);
    if (!err) {
        err = watch_patterns_news(w, v, from, until, &fault);
        if (err)
            watchlist_unref(wanted);
    }
    node_reader_done(w->s->node, v);
    if (err)
        return complain_fault(w->s, NULL, &fault), err;
    if (!resumed) {
        w->log->state.back_from = from;
        w->log->state.back_until = until;
    }
    if (watchlist_size(wanted) == 0 && w->news.count == 0) {
        w->log->state.looked_back = w->log->state.back_until;
        w->log->state.back_from = w->log->state.back_until = 0;
    } else {
        err = run_pass(w, wanted, resumed);
    }
    watchlist_unref(wanted);
    if (!err && !cancelled(w->s))
        watch_patterns_news_done(w);
    return err;
}
