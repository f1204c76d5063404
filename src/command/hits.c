#include "command/hits.h"

#include "match/linetime.h"

static struct watch_item item_of(struct watchlist *const *lists, size_t list_count, uint32_t ref)
{
    size_t i = 0;
    while (i + 1 < list_count && !watchlist_has(lists[i], ref))
        i++;
    return watchlist_at(lists[i], ref);
}

/* The large list is not loaded anew for every change: what it says of an indicator that changed is past. */
static bool superseded(struct watchlist *const *lists, size_t list_count, const struct watch_item *item)
{
    for (size_t i = 1; i < list_count; i++) {
        if (watchlist_supersedes(lists[i], item))
            return true;
    }
    return false;
}

enum err hits_of_line(struct scanner *scanner, struct watchlist *const *lists, size_t list_count,
                      const struct constituency *c, int64_t now_us, const struct scan_line_hits *line, hit_each *each,
                      void *self)
{
    int64_t seen_us = now_us;
    bool timed = line_time(line->text, now_us, &seen_us);
    const struct scan_seen *seen = NULL;
    size_t seen_count = 0;
    enum err err = scan_owners(scanner, line->text, &seen, &seen_count);
    for (size_t i = 0; !err && i < line->hit_count; i++) {
        const struct scan_hit *h = &line->hits[i];
        struct hit hit = {.item = item_of(lists, list_count, h->ref),
                          .value = text_sub(line->text, h->start, h->len),
                          .seen_us = timed ? seen_us : now_us,
                          .timed = timed};
        if (!watch_item_valid(&hit.item, hit.seen_us) || hit.seen_us < hit.item.counted_until_us ||
            superseded(lists, list_count, &hit.item))
            continue;
        hit.organisation = constituency_affected(c, seen, seen_count, h->start, h->len).organisation;
        err = each(self, line, &hit);
    }
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
