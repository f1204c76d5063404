/* Whole patterns in a watch (command/log_patterns.h). Their windows live as long as the watch: what was half true
 * when it ended begins anew. */
#include "command/watch.h"

#include <string.h>

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
    return watch_report(r->w, r->line, h);
}

enum err watch_patterns_line(struct watch *w, const struct scan_line_hits *line)
{
    struct reporting r = {w, line};
    const struct log_line log = {"-", w->header, line, w->now_us, w->owners};
    if (!w->patterns.streamed)
        return OK;
    buffer_clear(&w->patterns.scratch);
    enum err err = log_patterns_line(w->constituency, &log, &w->patterns.scratch);
    return err ? err : log_patterns_take(&w->patterns, buffer_text(&w->patterns.scratch), report, &r);
}
