/* store/log_scan.c - a window over the segment that moves forward and grows to the largest record. */
#include "store/log_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define WINDOW_BYTES (256 * KIB)

void scan_init(struct scan *s, const struct io *io, int fd, uint64_t log_seed, struct place from, uint32_t end)
{
    *s = (struct scan){.io = io,
                       .fd = fd,
                       .log_seed = log_seed,
                       .segment = from.segment,
                       .at = from.offset,
                       .end = end,
                       .from = from.offset};
}

void scan_done(struct scan *s)
{
    free(s->bytes);
    s->bytes = NULL;
    s->cap = s->len = 0;
}

static enum err widen(struct scan *s, size_t need)
{
    size_t cap = need > WINDOW_BYTES ? need : WINDOW_BYTES;
    if (cap <= s->cap)
        return OK;
    char *moved = realloc(s->bytes, cap);
    if (!moved)
        return ERR_NOMEM;
    s->bytes = moved;
    s->cap = cap;
    return OK;
}

/* Brings need bytes from s->at into the window, as far as the file has them; *ret_have how many there are. */
static enum err fill(struct scan *s, size_t need, size_t *ret_have, struct fault *reterr)
{
    size_t have = s->len - (s->at - s->from);
    if (have < need) {
        if (have)
            memmove(s->bytes, s->bytes + (s->at - s->from), have);
        s->from = s->at;
        s->len = have;
        if (widen(s, need) != OK)
            return fault_set(reterr, ERR_NOMEM, "no memory for %zu bytes of the log", need);
        size_t want = s->cap - have, left = s->end - s->at - have;
        ssize_t n =
            io_read_all(s->io, s->fd, s->bytes + have, want < left ? want : left, (int64_t)s->at + (int64_t)have);
        if (n < 0) {
            char name[SEGMENT_NAME_MAX];
            return fault_errno(reterr, "reading log/%s", segment_name(s->segment, name));
        }
        s->len += (size_t)n;
        have += (size_t)n;
    }
    *ret_have = have;
    return OK;
}

static bool all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i])
            return false;
    return true;
}

static enum err look(struct scan *s, enum scan_found *ret_found, struct scanned *ret, struct fault *reterr)
{
    struct record_site site = {s->log_seed, {s->segment, s->at}};
    struct scanned r = {.place = site.place};
    size_t have = 0;
    enum err err = s->at < s->end ? fill(s, RECORD_HEAD_BYTES, &have, reterr) : OK;
    if (err != OK)
        return err;
    const uint8_t *head = have ? (const uint8_t *)s->bytes + (s->at - s->from) : NULL;
    if (have < RECORD_HEAD_BYTES || !record_head_decode(head, &site, &r.head)) {
        size_t seen = have < RECORD_HEAD_BYTES ? have : RECORD_HEAD_BYTES;
        *ret_found = all_zero(head, seen) ? SCAN_NOTHING : SCAN_DAMAGED;
        return OK;
    }
    size_t whole = record_bytes(r.head.len);
    err = fill(s, whole, &have, reterr);
    if (err != OK)
        return err;
    r.payload = (const uint8_t *)s->bytes + (s->at - s->from) + RECORD_HEAD_BYTES;
    bool good = have >= whole && record_payload_good(&r.head, &site, r.payload);
    if (!good && (have < whole || r.head.kind != RECORD_BODY)) {
        *ret_found = SCAN_DAMAGED;
        return OK;
    }
    s->at += (uint32_t)whole;
    *ret_found = good ? SCAN_RECORD : SCAN_SPOILED;
    *ret = r;
    return OK;
}

/* What is damaged may have been erased by another process between two reads of the window: looked at once more. */
enum err scan_next(struct scan *s, enum scan_found *ret_found, struct scanned *ret, struct fault *reterr)
{
    enum err err = look(s, ret_found, ret, reterr);
    if (err != OK || *ret_found != SCAN_DAMAGED)
        return err;
    s->from = s->at;
    s->len = 0;
    return look(s, ret_found, ret, reterr);
}

void group_init(struct group *g, uint64_t first_n, uint64_t tag, uint32_t start)
{
    *g = (struct group){.first_n = first_n, .tag = tag, .start = start};
}

bool group_add(struct group *g, const struct scanned *r)
{
    if (r->head.tag != g->tag)
        return false;
    bool first = g->records == 0;
    if (first && r->head.kind != RECORD_ENTRY)
        return false;
    g->fold = record_fold(g->fold, &r->head, r->payload);
    g->records++;
    g->entries += r->head.kind == RECORD_ENTRY;
    return true;
}

bool group_closes(const struct group *g, const struct scanned *r, struct commit *ret)
{
    struct commit c;
    commit_decode(r->payload, &c);
    if (r->head.tag != g->tag || c.first_n != g->first_n || c.entries != g->entries || c.records != g->records ||
        c.start != g->start || c.fold != g->fold || g->entries == 0)
        return false;
    *ret = c;
    return true;
}
