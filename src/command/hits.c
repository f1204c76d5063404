#include "command/hits.h"

#include "match/linetime.h"
#include "match/streamed.h"

static const struct watchlist *list_of(struct watchlist *const *lists, size_t list_count, uint32_t ref)
{
    size_t i = 0;
    while (i + 1 < list_count && !watchlist_has(lists[i], ref))
        i++;
    return lists[i];
}

/* By its own words, and by what the node has learnt since the list was made. */
static enum err still_counts(const struct watchlist *list, struct hit *hit, bool *ret)
{
    *ret = hit->seen_us >= hit->item.counted_until_us &&
           (hit->item.has_assumed_until || watch_item_valid(&hit->item, hit->seen_us));
    enum err err = *ret ? watchlist_confirm(list, &hit->item, ret) : OK;
    *ret = *ret && watch_item_valid(&hit->item, hit->seen_us);
    return err;
}

/* One line, read as far as its hits ask for it. */
struct hit_line {
    struct scanner *scanner;
    const struct constituency *c;
    const struct scan_line_hits *line;
    bool is_event, timed, seen_known;
    struct logline event; /* when is_event */
    int64_t seen_us;
    const struct scan_seen *seen; /* when seen_known */
    size_t seen_count;
};

static enum err read_line(struct hit_line *l, const struct logline_header *header, int64_t now_us)
{
    enum err err = logline_read(header, l->line->text, now_us, &l->event);
    l->is_event = !err;
    l->timed = l->is_event && l->event.has_time;
    if (l->timed)
        l->seen_us = l->event.time_us;
    else
        l->timed = line_time(l->line->text, now_us, &l->seen_us);
    if (!l->timed)
        l->seen_us = now_us;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* By the event, and where that does not name both sides, by everything on the line. */
static enum err find_affected(struct hit_line *l, const struct scan_hit *h, struct hit *hit)
{
    enum err err = OK;
    if (l->is_event) {
        const struct matched_value matched = {h->kind, hit->value};
        struct affected a = logline_affected(l->c, &l->event, &matched);
        hit->client = a.client;
        hit->direction = a.direction;
        hit->organisation = a.owner.organisation;
        if (a.decided)
            return OK;
    }
    if (!l->seen_known)
        err = scan_owners(l->scanner, l->line->text, &l->seen, &l->seen_count);
    l->seen_known = !err;
    if (!err)
        hit->organisation = constituency_affected(l->c, l->seen, l->seen_count, h->start, h->len).organisation;
    return err;
}

enum err hits_whose(struct scanner *owners, const struct constituency *c, const struct logline *e,
                    const struct scan_line_hits *line, const struct scan_hit *h, struct whose *ret)
{
    const struct matched_value matched = {h->kind, text_sub(line->text, h->start, h->len)};
    const struct scan_seen *seen;
    size_t count;
    struct affected a = logline_affected(c, e, &matched);
    *ret = (struct whose){a.owner.organisation, a.client, a.direction};
    if (a.decided)
        return OK;
    enum err err = scan_owners(owners, line->text, &seen, &count);
    if (!err)
        ret->organisation = constituency_affected(c, seen, count, h->start, h->len).organisation;
    return err;
}

enum err hits_of_line(struct scanner *scanner, struct watchlist *const *lists, size_t list_count,
                      const struct constituency *c, int64_t now_us, const struct logline_header *header,
                      const struct scan_line_hits *line, hit_each *each, void *self)
{
    struct hit_line l;
    l.scanner = scanner;
    l.c = c;
    l.line = line;
    l.seen_known = false;
    enum err err = read_line(&l, header, now_us);
    for (size_t i = 0; !err && i < line->hit_count; i++) {
        const struct scan_hit *h = &line->hits[i];
        if (h->ref & STREAMED_REF) /* command/log_patterns.h */
            continue;
        const struct watchlist *list = list_of(lists, list_count, h->ref);
        bool counts;
        struct hit hit = {.item = watchlist_at(list, h->ref),
                          .value = text_sub(line->text, h->start, h->len),
                          .level = h->level,
                          .timed = l.timed,
                          .seen_us = l.seen_us};
        err = still_counts(list, &hit, &counts);
        if (err || !counts)
            continue;
        err = find_affected(&l, h, &hit);
        if (!err)
            err = each(self, line, &hit);
    }
    if (l.is_event)
        logline_done(&l.event);
    return err;
}

void tell_suppressed(struct session *s, const struct suppress_counts *c)
{
    struct buffer words;
    buffer_init(&words, SUPPRESS_COUNTS_MAX * (SUPPRESS_WORDS_MAX + 32));
    suppress_counts_words(c, &words);
    if (words.len)
        complain(s, "values held and not looked for: " TEXT_FMT " (entente warninglist)",
                 TEXT_ARG(buffer_text(&words)));
    buffer_done(&words);
}

void tell_over(struct session *s, size_t values)
{
    if (values)
        complain(
            s,
            "%zu value%s past the lifetime assumed of what says no end, looked for in lines from before it alone "
            "(docs/LIFETIMES.md; entente source set NAME --lifetimes)",
            values, values == 1 ? " is" : "s are");
}
