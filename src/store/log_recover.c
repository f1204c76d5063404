/* store/log_recover.c - where the log ends, and what may be cleared behind it.
 *
 *   GROUP --record of the group--> GROUP --its commit--> GROUP (the end moves on)
 *   GROUP --anything else--> TAIL --nothing but zeros--> END
 *                            TAIL --remains, no later commit--> a torn group: zeroed, synced --> END
 *                            TAIL --a commit of a later group--> damage: acknowledged entries lie behind; nothing is
 *                                                               changed, and a person must look
 *
 * A body's payload takes no part in what was decided, and must not take the rest of the log with it: a group in which
 * nothing but bodies are spoiled counts when it is proven not to be a crash's doing, that is, when anything of a
 * later group is there, or when somebody knows that it was acknowledged.
 *
 * A later group can only have been begun when this one was durable, so its commit is proof that the fault before it
 * is not a crash's. The commit of the torn group itself (same start, same tag) is no such proof: its sectors may have
 * reached the disk before others did. */
#include <stdlib.h>
#include <string.h>

#include "store/log_inside.h"

#define CHUNK_BYTES (1 * MIB)

struct tail {
    const struct io *io;
    uint64_t log_seed;
    int fd;
    struct place at; /* where the last whole group ends */
    uint64_t tag;
    int64_t file_bytes;
    int64_t dirty_end; /* behind the last byte that is not zero; at.offset: none */
    bool later_commit;
    struct place later_at;
};

/* Groups as they come by. */
struct walk {
    struct group group;
    bool spoiled;         /* the group under way has a spoiled body */
    struct log_end *sure; /* behind the last group that counts */
    struct log_end reach; /* behind the last that closed: further on when it has a spoiled body and is not proven */
};

/* False: what was found belongs to no group that could stand here. */
static bool walk_on(struct walk *w, enum scan_found found, const struct scanned *r, struct place behind)
{
    struct commit c;
    if (r->head.kind != RECORD_COMMIT) {
        if (!group_add(&w->group, r))
            return false;
        *w->sure = w->reach; /* bound to the commit before by its tag: that one was durable */
        w->spoiled |= found == SCAN_SPOILED;
        return true;
    }
    if (!group_closes(&w->group, r, &c))
        return false;
    w->reach = (struct log_end){behind, w->reach.n + c.entries, c.last_us, commit_chain(r->payload, r->head.tag)};
    if (!w->spoiled)
        *w->sure = w->reach;
    w->spoiled = false;
    group_init(&w->group, w->reach.n, w->reach.chain, behind.offset);
    return true;
}

/* Reads groups until something else comes; *end then stands behind the last that counts. */
static enum err read_groups(struct scan *scan, uint64_t known_n, struct log_end *end, struct fault *reterr)
{
    struct walk w = {.sure = end, .reach = *end};
    group_init(&w.group, end->n, end->chain, end->place.offset);
    for (;;) {
        enum scan_found found;
        struct scanned r;
        enum err err = scan_next(scan, &found, &r, reterr);
        if (err != OK)
            return err;
        bool there = found == SCAN_RECORD || found == SCAN_SPOILED;
        if (!there || !walk_on(&w, found, &r, (struct place){scan->segment, scan->at}))
            break;
    }
    if (known_n > end->n)
        *end = w.reach;
    return OK;
}

/* Is there, at any aligned place of the chunk, a whole commit of a group that begins behind the torn one? */
static void look_for_commits(struct tail *t, const uint8_t *chunk, size_t len, int64_t chunk_at)
{
    for (size_t i = 0; i + RECORD_HEAD_BYTES + COMMIT_BYTES <= len; i += RECORD_ALIGN) {
        struct record_site site = {t->log_seed, {t->at.segment, (uint32_t)(chunk_at + (int64_t)i)}};
        struct record_head h;
        struct commit c;
        if (chunk[i + 4] != RECORD_COMMIT || !record_head_decode(chunk + i, &site, &h) ||
            !record_payload_good(&h, &site, chunk + i + RECORD_HEAD_BYTES))
            continue;
        commit_decode(chunk + i + RECORD_HEAD_BYTES, &c);
        if (c.start == t->at.offset && h.tag == t->tag)
            continue;
        t->later_commit = true;
        t->later_at = site.place;
    }
}

static size_t zeros_at_end(const uint8_t *p, size_t len)
{
    size_t left = len;
    while (left >= 64) { /* wide steps first: most of a segment's tail is zeros */
        uint64_t or = 0, w;
        for (size_t i = 0; i < 64; i += 8) {
            memcpy(&w, p + left - 64 + i, 8);
            or |= w;
        }
        if (or)
            break;
        left -= 64;
    }
    while (left > 0 && p[left - 1] == 0)
        left--;
    return len - left;
}

static enum err look_at_tail(struct tail *t, struct fault *reterr)
{
    const size_t overlap = RECORD_HEAD_BYTES + COMMIT_BYTES;
    uint8_t *chunk = malloc(CHUNK_BYTES);
    enum err err = chunk ? OK : fault_set(reterr, ERR_NOMEM, "no memory");
    t->dirty_end = t->at.offset;
    for (int64_t at = t->at.offset; err == OK && at < t->file_bytes;) {
        size_t want = CHUNK_BYTES;
        if ((int64_t)want > t->file_bytes - at)
            want = (size_t)(t->file_bytes - at);
        ssize_t n = io_read_all(t->io, t->fd, chunk, want, at);
        if (n <= 0) {
            if (n < 0)
                err = fault_errno(reterr, "reading the log");
            break;
        }
        size_t zeros = zeros_at_end(chunk, (size_t)n);
        if (zeros < (size_t)n) {
            t->dirty_end = at + n - (int64_t)zeros;
            look_for_commits(t, chunk, (size_t)n, at);
        }
        if (at + n >= t->file_bytes || (size_t)n <= overlap)
            break;
        at += n - (int64_t)overlap; /* a commit may lie across two chunks */
    }
    free(chunk);
    return err;
}

static enum err clear_tail(struct tail *t, struct fault *reterr)
{
    uint8_t *zeros = calloc(1, CHUNK_BYTES);
    if (!zeros)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    enum err err = OK;
    for (int64_t at = t->at.offset; err == OK && at < t->dirty_end; at += CHUNK_BYTES) {
        int64_t left = t->dirty_end - at;
        if (io_write_all(t->io, t->fd, zeros, left < (int64_t)CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, at) != 0)
            err = fault_errno(reterr, "clearing what a crash left in the log");
    }
    free(zeros);
    return err;
}

enum err log_look_behind(const struct io *io, int fd, uint64_t log_seed, struct place at, uint64_t tag,
                         int64_t file_bytes, bool *ret_later, struct fault *reterr)
{
    struct tail t = {.io = io, .log_seed = log_seed, .fd = fd, .at = at, .tag = tag, .file_bytes = file_bytes};
    enum err err = look_at_tail(&t, reterr);
    if (err == OK)
        *ret_later = t.later_commit;
    return err;
}

static enum err settle_tail(struct log *log, int fd, int64_t file_bytes, const struct log_end *end,
                            struct fault *reterr)
{
    struct tail t = {.io = log->io,
                     .log_seed = log->files.log_seed,
                     .fd = fd,
                     .at = end->place,
                     .tag = end->chain,
                     .file_bytes = file_bytes};
    char name[SEGMENT_NAME_MAX];
    enum err err = look_at_tail(&t, reterr);
    if (err != OK)
        return err;
    if (t.later_commit)
        return fault_at(reterr, ERR_MALFORMED, t.at.offset, "FORMAT-log, group",
                        "log/%s is damaged there: a later group is whole at offset %u; nothing was changed",
                        segment_name(t.at.segment, name), t.later_at.offset);
    if (t.dirty_end > t.at.offset)
        err = clear_tail(&t, reterr);
    /* Also when nothing was cleared: a group that a killed process had written, but not synced, counts from now on.
     */
    if (err == OK && log->io->sync(log->io->self, fd) != 0)
        err = fault_errno(reterr, "syncing log/%s", segment_name(t.at.segment, name));
    return err;
}

enum err log_recover(struct log *log, int fd, int64_t file_bytes, bool clear, uint64_t known_n, struct log_end *end,
                     struct fault *reterr)
{
    struct scan scan;
    char name[SEGMENT_NAME_MAX];
    uint32_t limit = file_bytes > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)file_bytes;
    scan_init(&scan, log->io, fd, log->files.log_seed, end->place, limit);
    enum err err = read_groups(&scan, known_n, end, reterr);
    scan_done(&scan);
    if (err != OK)
        return err;
    if (end->n < known_n)
        return fault_at(reterr, ERR_MALFORMED, end->place.offset, "FORMAT-log, group",
                        "log/%s: the log ends after %llu entries, but %llu were acknowledged: it was damaged or cut "
                        "there; restore it from a backup",
                        segment_name(end->place.segment, name), (unsigned long long)end->n,
                        (unsigned long long)known_n);
    return clear ? settle_tail(log, fd, file_bytes, end, reterr) : OK;
}
