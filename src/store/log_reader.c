/* store/log_reader.c - entries in order, each with its detail and the places of its bodies.
 *
 * Invariant: `ahead` is the record that follows those already given out; an entry's bodies follow it directly, so an
 * entry is complete when the next ENTRY or COMMIT is seen. */
#include <stdlib.h>

#include "base/cursor.h"
#include "store/log_inside.h"

struct log_reader {
    struct log *log;
    struct log_end end; /* what was committed when the reader was opened */
    uint64_t next_n, from_n;
    uint32_t segment;
    uint32_t from_offset; /* in the first segment read */
    bool pinned, scanning, skip_details, give_bodies;
    struct scan scan;
    struct buffer entry, detail; /* copies of the payloads: the window moves on */
    struct buffer body;
};

static struct log_reader *new_reader(const struct log *log, uint64_t from_n)
{
    struct log_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->log = (struct log *)(uintptr_t)log; /* only its cache of descriptors, which has a lock, changes */
    r->end = log_end_now(log);
    r->from_n = from_n;
    r->from_offset = SEGMENT_START;
    buffer_init(&r->entry, LOG_RECORD_MAX_BYTES);
    buffer_init(&r->detail, LOG_RECORD_MAX_BYTES + 4096);
    buffer_init(&r->body, LOG_RECORD_MAX_BYTES);
    return r;
}

enum err log_reader_open(const struct log *log, uint64_t from_n, struct log_reader **ret, struct fault *reterr)
{
    struct log_reader *r = new_reader(log, from_n);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    size_t low = 0, high = (size_t)r->end.place.segment + 1;
    while (high - low > 1) { /* the last segment that begins at or before from_n */
        size_t middle = low + (high - low) / 2;
        if (files_at(&r->log->files, (uint32_t)middle).first_n <= from_n)
            low = middle;
        else
            high = middle;
    }
    r->segment = (uint32_t)low;
    r->next_n = files_at(&r->log->files, r->segment).first_n;
    *ret = r;
    return OK;
}

enum err log_reader_open_at(const struct log *log, uint64_t n, struct place at, struct log_reader **ret,
                            struct fault *reterr)
{
    const struct log_end end = log_end_now(log);
    if (at.segment > end.place.segment || at.offset < SEGMENT_START || at.offset % RECORD_ALIGN || n >= end.n ||
        (at.segment == end.place.segment && at.offset >= end.place.offset))
        return fault_set(reterr, ERR_MALFORMED, "entry %llu cannot lie at offset %u of log segment %u",
                         (unsigned long long)n, at.offset, at.segment);
    struct log_reader *r = new_reader(log, n);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    r->segment = at.segment;
    r->from_offset = at.offset;
    r->next_n = n;
    *ret = r;
    return OK;
}

void log_reader_skip_details(struct log_reader *r)
{
    r->skip_details = true;
}

void log_reader_give_bodies(struct log_reader *r)
{
    r->give_bodies = true;
}

static void leave_segment(struct log_reader *r)
{
    if (r->scanning)
        scan_done(&r->scan);
    if (r->pinned)
        files_put(&r->log->files, r->segment);
    r->scanning = r->pinned = false;
}

void log_reader_close(struct log_reader *r)
{
    if (!r)
        return;
    leave_segment(r);
    buffer_done(&r->entry);
    buffer_done(&r->detail);
    buffer_done(&r->body);
    free(r);
}

static enum err enter_segment(struct log_reader *r, struct fault *reterr)
{
    int fd;
    enum err err = files_get(&r->log->files, r->segment, &fd, reterr);
    if (err != OK)
        return err;
    r->pinned = true;
    int64_t bytes =
        r->segment == r->end.place.segment ? (int64_t)r->end.place.offset : r->log->io->size(r->log->io->self, fd);
    if (bytes < 0)
        return fault_errno(reterr, "looking at the log");
    scan_init(&r->scan, r->log->io, fd, r->log->files.log_seed, (struct place){r->segment, r->from_offset},
              (uint32_t)bytes);
    r->from_offset = SEGMENT_START;
    r->scanning = true;
    return OK;
}

static enum err damaged(const struct log_reader *r, const char *what, struct fault *reterr)
{
    char name[SEGMENT_NAME_MAX];
    return fault_at(reterr, ERR_MALFORMED, r->scan.at, "FORMAT-log, record", "log/%s, entry %llu: %s",
                    segment_name(r->segment, name), (unsigned long long)r->next_n, what);
}

/* The next record that is no commit, over segments. ERR_NOT_FOUND at the end of what is committed. */
static enum err next_record(struct log_reader *r, struct scanned *ret, struct fault *reterr)
{
    for (;;) {
        if (!r->scanning) {
            enum err err = enter_segment(r, reterr);
            if (err != OK)
                return err;
        }
        enum scan_found found;
        enum err err = scan_next(&r->scan, &found, ret, reterr);
        if (err != OK)
            return err;
        if (found == SCAN_DAMAGED || found == SCAN_SPOILED) /* bodies are taken with their entry */
            return damaged(r, "no whole record stands there", reterr);
        if (found == SCAN_RECORD && ret->head.kind != RECORD_COMMIT)
            return OK;
        if (found == SCAN_RECORD)
            continue;
        if (r->segment == r->end.place.segment)
            return r->next_n == r->end.n ? ERR_NOT_FOUND : damaged(r, "records are missing", reterr);
        if (files_at(&r->log->files, r->segment + 1).first_n != r->next_n)
            return damaged(r, "records are missing", reterr);
        leave_segment(r);
        r->segment++;
    }
}

static enum err take_entry(struct log_reader *r, const struct scanned *s, struct log_read *ret, struct fault *reterr)
{
    ret->at = s->place;
    buffer_clear(&r->entry);
    buffer_add_bytes(&r->entry, s->payload, s->head.len);
    if (buffer_error(&r->entry) != OK)
        return fault_set(reterr, buffer_error(&r->entry), "no memory");
    ret->entry_text = buffer_text(&r->entry);
    enum err err = entry_decode(ret->entry_text, &ret->entry, reterr);
    if (err != OK)
        return err;
    return ret->entry.n == r->next_n ? OK : damaged(r, "it has another number", reterr);
}

static enum err take_detail(struct log_reader *r, const struct scanned *s, struct log_read *ret, struct fault *reterr)
{
    ret->erased = s->head.flags & RECORD_ERASED;
    ret->detail_at = s->place;
    if (ret->erased || r->skip_details)
        return OK;
    buffer_clear(&r->detail);
    buffer_add_bytes(&r->detail, s->payload, s->head.len);
    if (buffer_error(&r->detail) != OK)
        return fault_set(reterr, buffer_error(&r->detail), "no memory");
    struct cursor c;
    cursor_init(&c, buffer_text(&r->detail));
    cursor_copy(&c, ret->detail.salt1, ENTRY_SALT);
    cursor_copy(&c, ret->detail.salt2, ENTRY_SALT);
    uint32_t public_len = cursor_u32(&c), private_len = cursor_u32(&c);
    ret->detail.public_part = cursor_bytes(&c, public_len);
    ret->detail.private_part = cursor_bytes(&c, private_len);
    if (cursor_error(&c) != OK || cursor_left(&c))
        return damaged(r, "its detail has impossible lengths", reterr);
    struct sha256 commitment = entry_commitment(&ret->detail);
    return sha256_eq(&commitment, &ret->entry.c) ? OK : damaged(r, "its detail is not what it commits to", reterr);
}

static enum err take_body(struct log_reader *r, bool spoiled, const struct scanned *s, struct log_read *ret,
                          struct fault *reterr)
{
    ret->has_body = true;
    ret->body = s->place;
    if (!r->give_bodies || (s->head.flags & RECORD_ERASED))
        return OK;
    buffer_clear(&r->body);
    enum err err =
        spoiled ? ERR_MALFORMED : log_expand_body(r->log, s->head.flags, s->payload, s->head.len, &r->body);
    if (err == ERR_NOMEM)
        return fault_set(reterr, err, "no memory for a body");
    ret->body_spoiled = err != OK;
    if (err == OK)
        ret->body_text = buffer_text(&r->body);
    return OK;
}

/* The bodies that follow, without moving beyond them. */
static enum err take_bodies(struct log_reader *r, struct log_read *ret, struct fault *reterr)
{
    for (;;) {
        const uint32_t at = r->scan.at;
        enum scan_found found;
        struct scanned s;
        enum err err = scan_next(&r->scan, &found, &s, reterr);
        if (err != OK)
            return err;
        /* A body that is damaged is named by who asks for it, and by verify: what was decided stands without it. */
        if (found != SCAN_RECORD && found != SCAN_SPOILED) /* its group's commit at the least must follow */
            return damaged(r, "what follows it is damaged", reterr);
        if (s.head.kind != RECORD_BODY) {
            r->scan.at = at;
            return OK;
        }
        bool original = s.head.flags & RECORD_ORIGINAL;
        if (original ? ret->has_original : ret->has_body)
            return damaged(r, "it has a body too many", reterr);
        if (original) {
            ret->has_original = true;
            ret->original = s.place;
        } else if ((err = take_body(r, found == SCAN_SPOILED, &s, ret, reterr)) != OK) {
            return err;
        }
    }
}

static enum err read_one(struct log_reader *r, struct log_read *ret, struct fault *reterr)
{
    struct scanned s;
    enum err err = next_record(r, &s, reterr);
    if (err != OK)
        return err;
    if (s.head.kind != RECORD_ENTRY)
        return damaged(r, "it does not begin with its entry", reterr);
    err = take_entry(r, &s, ret, reterr);
    if (err == OK)
        err = next_record(r, &s, reterr);
    if (err == ERR_NOT_FOUND || (err == OK && s.head.kind != RECORD_DETAIL))
        return damaged(r, "its detail is missing", reterr);
    if (err == OK)
        err = take_detail(r, &s, ret, reterr);
    return err == OK ? take_bodies(r, ret, reterr) : err;
}

enum err log_reader_next(struct log_reader *r, struct log_read *ret, struct fault *reterr)
{
    for (;;) {
        struct log_read read = {.body = PLACE_NONE, .original = PLACE_NONE};
        enum err err = read_one(r, &read, reterr);
        if (err != OK)
            return err;
        if (r->next_n++ < r->from_n)
            continue;
        *ret = read;
        return OK;
    }
}
