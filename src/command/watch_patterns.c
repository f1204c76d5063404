/* Whole patterns in a watch (command/log_patterns.h). Their windows live as long as the watch: what was half true
 * when it ended begins anew. */
#include "command/watch.h"

#include <string.h>

enum err watch_patterns_refresh(struct watch *w, struct view *v, struct fault *fault)
{
    uint64_t until = view_position(v);
    if (w->patterns.streamed && until == w->patterns_until)
        return OK;
    enum err err = log_patterns_renew(w->s, v, w->patterns_until, &w->patterns, fault);
    if (!err)
        w->patterns_until = until;
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
    const struct log_line log = {"-", w->header, line, w->now_us};
    if (!w->patterns.streamed)
        return OK;
    buffer_clear(&w->patterns.scratch);
    enum err err = log_patterns_line(w->constituency, &log, &w->patterns.scratch);
    return err ? err : log_patterns_take(&w->patterns, buffer_text(&w->patterns.scratch), report, &r);
}
