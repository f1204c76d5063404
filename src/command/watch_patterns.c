/* Whole patterns in a watch (command/log_patterns.h): what comes, what is looked for in older lines, and what is kept
 * over a restart. */
#include "command/watch.h"

#include <stdlib.h>
#include <string.h>

#include "match/windows.h"

enum err watch_patterns_refresh(struct watch *w, struct view *v, struct fault *fault)
{
    const struct pattern_view from = {
        .s = w->s, .v = v, .belief = w->belief, .base = w->lists[0], .until_n = watch_until(w)};
    bool all = w->patterns_generation != belief_generation(w->belief) || w->patterns_epoch != w->view_epoch;
    if (w->patterns.streamed && !all && from.until_n == w->patterns.until)
        return OK;
    enum err err = log_patterns_renew(&from, all, &w->patterns, fault);
    if (!err) {
        w->patterns_generation = belief_generation(w->belief);
        w->patterns_epoch = w->view_epoch;
    }
    return err;
}

struct reporting {
    struct watch *w;
    const struct scan_line_hits *line;
};

/* The entry of a log, which a look-back has a copy of. */
static struct watch_log *log_of(struct watch *w, struct text file)
{
    for (size_t i = 0; i < w->log_count; i++)
        if (text_eq(w->logs[i].file, file))
            return &w->logs[i];
    return NULL;
}

static void note_bound(struct watch *w, const struct pattern_hit *hit)
{
    for (size_t i = 0; i < hit->count; i++) {
        struct watch_log *of = text_eq(hit->bound[i]->file, w->log->file) ? NULL : log_of(w, hit->bound[i]->file);
        if (of)
            of->bound_by = log_of(w, w->log->file);
    }
}

/* The line under way is the newest that the pattern wants, and where a crash would go on from: it stands for all. */
static enum err report(void *self, const struct pattern_hit *hit)
{
    struct reporting *r = self;
    char id[IDENT_TEXT_MAX];
    struct hit_report h = {.indicator = ident_format(TEXT("indicator"), &hit->pattern->uuid, id),
                           .value = hit->pattern->pattern,
                           .kind = VALUE_NONE,
                           .seen_us = hit->bound[hit->count - 1]->time_us};
    if (hit->owned) {
        memcpy(h.organisation.b, hit->owned->organisation_id, sizeof h.organisation.b);
        h.organisation_name = hit->owned->organisation;
    }
    note_bound(r->w, hit);
    return watch_report(r->w, r->line, h);
}

enum err watch_patterns_line(struct watch *w, const struct scan_line_hits *line)
{
    struct reporting r = {w, line};
    const struct log_line log = {.file = w->log->path ? w->log->path : "-",
                                 .header = w->header,
                                 .hits = line,
                                 .now_us = w->now_us,
                                 .owners = w->owners};
    if (!w->patterns.streamed)
        return OK;
    buffer_clear(w->patterns.scratch);
    enum err err = log_patterns_line(w->constituency, &log, w->patterns.scratch);
    return err ? err : log_patterns_take(&w->patterns, buffer_text(w->patterns.scratch), report, &r);
}

const struct index *watch_patterns_index(const struct watch *w)
{
    return w->looking_back ? w->news.index : log_patterns_index(&w->patterns);
}

enum err watch_patterns_before(struct watch *w)
{
    struct watch_log *log = w->log, *by = log->bound_by;
    log->bound_by = NULL;
    if (!by || by == log || by->hit_count == 0)
        return OK;
    w->log = by;
    enum err err = watch_flush(w);
    w->log = log;
    return err;
}

void watch_patterns_stand(struct watch *w)
{
    for (size_t i = 0; i < w->log_count; i++)
        if (w->logs[i].bound_by && text_eq(w->logs[i].bound_by->file, w->log->file))
            w->logs[i].unsaved_bytes = SAVE_BYTES;
}

/* ---- looking back ---- */

void watch_patterns_news_done(struct watch *w)
{
    for (size_t i = 0; i < w->news.count; i++)
        w->patterns.list[w->news.numbers[i]].counted_until_us = INT64_MIN;
    free(w->news.numbers);
    index_unref(w->news.index);
    w->news = (struct pattern_news){0};
}

/* Those that the watch has under the same version. */
static enum err take_news(struct watch *w, const struct log_patterns *fresh)
{
    w->news.numbers = calloc(fresh->count + 1, sizeof *w->news.numbers);
    if (!w->news.numbers)
        return ERR_NOMEM;
    for (size_t i = 0; i < fresh->count; i++) {
        size_t own = w->patterns.count; /* what is new stands at the end */
        while (own > 0 && (w->patterns.list[own - 1].n != fresh->list[i].n || w->patterns.list[own - 1].gone))
            own--;
        if (own == 0 || w->patterns.list[own - 1].state != WHOLE_WANTED)
            continue;
        w->patterns.list[own - 1].counted_until_us = fresh->list[i].counted_until_us;
        w->news.numbers[w->news.count++] = (uint32_t)(own - 1);
    }
    if (w->news.count == 0)
        return OK;
    return streamed_build_some(w->patterns.streamed, w->news.numbers, w->news.count, &w->news.index);
}

enum err watch_patterns_news(struct watch *w, struct view *v, uint64_t from_n, uint64_t until_n, struct fault *fault)
{
    const struct pattern_view from = {.s = w->s, .v = v, .belief = w->belief, .until_n = until_n};
    struct log_patterns fresh;
    watch_patterns_news_done(w);
    enum err err = log_patterns_load_news(&from, from_n, &fresh, fault);
    if (err)
        return err;
    err = take_news(w, &fresh);
    log_patterns_done(&fresh);
    return err ? fault_set(fault, err, "out of memory") : OK;
}

void watch_patterns_back(struct watch *pass)
{
    pass->looking_back = true;
    for (size_t i = 0; i < pass->news.count; i++)
        streamed_forget(pass->patterns.streamed, pass->news.numbers[i], pass->log->file);
}

/* ---- over a restart ---- */

static bool is_news(const struct watch *w, uint32_t number)
{
    for (size_t i = 0; i < w->news.count; i++)
        if (w->news.numbers[i] == number)
            return true;
    return false;
}

static bool owner_of(void *self, uint32_t number, struct window_owner *ret)
{
    const struct watch *w = self;
    const struct log_pattern *p = &w->patterns.list[number];
    bool half_read = w->log->state.back_until > w->log->state.back_from && is_news(w, number);
    *ret = (struct window_owner){p->uuid, p->pattern};
    return !p->gone && p->state == WHOLE_WANTED && !half_read;
}

enum err watch_patterns_save(struct watch *w, struct buffer *out)
{
    uint64_t lost = 0;
    if (!w->keeps_windows || !w->patterns.streamed)
        return OK;
    enum err err =
        windows_write(w->patterns.streamed, w->patterns.count, owner_of, w, w->log->file, WINDOWS_BYTES, out, &lost);
    if (lost && !w->told_windows)
        complain(w->s,
                 "%s: of the events that whole patterns keep, the oldest (%llu) have no room in the state: after "
                 "a restart they are missing",
                 w->log->path, (unsigned long long)lost);
    w->told_windows = w->told_windows || lost;
    return err;
}

struct restoring {
    struct watch *w;
    size_t last; /* found: events of one pattern mostly stand together */
};

static enum err restore_event(void *self, const struct uuid *uuid, uint64_t pattern_hash,
                              const struct streamed_event *event)
{
    struct restoring *r = self;
    const struct log_patterns *p = &r->w->patterns;
    struct streamed_event own = *event;
    size_t tried = 0;
    own.file = r->w->log->file;
    for (; tried < p->count; tried++, r->last++) {
        const struct log_pattern *one = &p->list[r->last %= p->count];
        if (!one->gone && one->state == WHOLE_WANTED && uuid_eq(&one->uuid, uuid) &&
            window_pattern_hash(one->pattern) == pattern_hash)
            return streamed_restore(p->streamed, (uint32_t)r->last, &own);
    }
    return OK; /* it is not looked for any more */
}

enum err watch_patterns_restore(struct watch *w, struct text windows)
{
    struct restoring r = {w, 0};
    if (!w->keeps_windows || !w->patterns.streamed || windows.len == 0)
        return OK;
    enum err err = windows_read(windows, restore_event, &r);
    if (err == ERR_MALFORMED) {
        complain(w->s, "%s: what whole patterns had kept could not be read: their windows begin anew", w->log->path);
        err = OK;
    }
    return err;
}
