/* reader/core.c - see core.h. */
#include "reader/core.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "format/magic.h"
#include "format/text.h"
#include "format/warninglist.h"
#include "reader/envelope.h"
#include "reader/formats.h"
#include "json/feed.h"

/* Chunks grow to what was asked for by so many steps, one after so many chunks. */
#define CHUNK_STEPS   4
#define CHUNKS_A_STEP 4

struct reader_core {
    enum reader_format format;
    const struct format *ops;
    void *reading; /* ops' own */
    struct buffer chunk;
    size_t chunk_bytes, handed; /* chunks so far */
    bool envelope, alone;       /* the envelope's records stand in `chunk` already; nothing else is to come */
    enum err failed;            /* final */
};

/* ---- what the first bytes say ---- */

static struct text without_folder(struct text name)
{
    struct text part = name;
    while (text_split(&name, '/', &part))
        ;
    return part;
}

/* The container that a document of a named format lies in, or that format. */
static enum reader_format container_of(const struct format_head *h, enum reader_format named)
{
    if (format_is_container(named))
        return named;
    if (format_of(READER_ZIP)->claim(h) == FORMAT_YES)
        return READER_ZIP;
    return format_of(READER_MAIL)->claim(h) == FORMAT_YES ? READER_MAIL : named;
}

static enum err detect(struct feed *in, struct text name, enum reader_format *format, struct fault *reterr)
{
    for (;;) {
        bool more = feed_more(in);
        if (in->err == ERR_NOMEM)
            return fault_set(reterr, ERR_NOMEM, "no memory to read");
        if (in->err)
            return fault_at(reterr, ERR_IO, (int64_t)in->end, NULL, "cannot read: %s", strerror(in->errno_seen));
        struct format_head head = {{in->ptr, in->end}, !more || in->end > LINE_MAX_BYTES, without_folder(name)};
        const bool wide_text =
            magic_is_utf16(head.bytes) &&
            (*format == READER_TEXT || (*format == READER_DETECT && FORMAT_TEXT.claim(&head) != FORMAT_NO));
        const bool known = wide_text || format_of(READER_ZIP)->claim(&head) == FORMAT_YES;
        const char *other = known ? NULL : magic_says(head.bytes);
        if (other)
            return fault_at(reterr, ERR_MALFORMED, 0, NULL, "%s", other);
        if (*format != READER_DETECT) {
            /* What was named is what is in it. */
            *format = container_of(&head, *format);
            return OK;
        }
        if (warninglist_begins(&head))
            return fault_at(reterr, ERR_MALFORMED, 0, NULL,
                            "a warning list of MISP's: entente warninglist add FILE takes it");
        switch (format_detect(&head, format)) {
        case FORMAT_MORE: continue;
        case FORMAT_MAYBE:
        case FORMAT_YES: return OK;
        case FORMAT_NO: break;
        }
        if (in->end == 0 || text_trim(head.bytes).len == 0)
            return fault_at(reterr, ERR_MALFORMED, 0, NULL, "the file is empty");
        return fault_at(
            reterr, ERR_MALFORMED, 0, NULL,
            "no known format: neither JSON, IODEF, a list of values, a report nor CSV with a column `value` in its "
            "header line; --as names a format");
    }
}

/* ---- reading ---- */

static enum err open_format(struct reader_core *r, int fd, struct text head, const struct reader_options *options)
{
    const struct format_job job = {.from = {.fd = fd},
                                   .head = head,
                                   .name = without_folder(options->name),
                                   .party = options->party,
                                   .identity = options->identity,
                                   .rules = options->rules,
                                   .tlp = options->tlp,
                                   .inner = format_inner,
                                   .inner_as =
                                       options->format != READER_DETECT && !format_is_container(options->format)
                                           ? reader_format_name(options->format)
                                           : NULL};
    r->ops = format_of(r->format);
    return r->ops->open(&job, &r->reading);
}

/* Two passes over one file, so that a body cut off on its way changes nothing. */
static enum err look_through_first(struct reader_core *r, int fd, const struct reader_options *options,
                                   struct fault *reterr)
{
    bool usable = false;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || options->format != READER_STIX)
        return fault_set(reterr, ERR_IO, "an envelope is read from a file, as STIX");
    enum err e = envelope_records(fd, options->elements, &r->chunk, &usable, reterr);
    if (e)
        return e;
    r->envelope = true;
    r->alone = options->envelope == READER_ENVELOPE_ALONE || !usable;
    if (r->alone) {
        record_add_end(&r->chunk, &(struct record_end){.err = OK});
        return buffer_error(&r->chunk);
    }
    return lseek(fd, at, SEEK_SET) == at ? OK : fault_errno(reterr, "going back in the document");
}

enum err reader_core_open(int fd, const struct reader_options *options, struct reader_core **ret,
                          struct fault *reterr)
{
    struct reader_core *r = calloc(1, sizeof *r);
    if (!r)
        return fault_set(reterr, ERR_NOMEM, "no memory for a reader");
    r->format = options->format;
    r->chunk_bytes = options->chunk_bytes ? options->chunk_bytes : READER_CHUNK_BYTES;
    buffer_init(&r->chunk, r->chunk_bytes + READER_RECORD_MAX_BYTES);
    enum err e = options->envelope ? look_through_first(r, fd, options, reterr) : OK;
    if (e) {
        reader_core_free(r);
        return e;
    }
    if (r->alone) {
        *ret = r;
        return OK;
    }
    struct feed in;
    feed_init(&in, fd);
    in.mark = 0; /* all that is read here is handed on */
    e = detect(&in, options->name, &r->format, reterr);
    if (!e && options->plain && format_is_container(r->format))
        e = ERR_VERSION;
    if (!e) {
        e = open_format(r, fd, (struct text){in.ptr, in.end}, options);
        if (e)
            fault_set(reterr, e, "no memory for a reader");
    }
    feed_done(&in);
    if (e)
        reader_core_free(r);
    else
        *ret = r;
    return e;
}

enum reader_format reader_core_format(const struct reader_core *r)
{
    return r->format;
}

/* A small document is acknowledged by small steps, a large one stored by large ones: what is entered in random order
 * (store/sql.c: object) is then written less often. */
static size_t chunk_now(struct reader_core *r)
{
    size_t steps = 1 + r->handed++ / CHUNKS_A_STEP;
    return steps < CHUNK_STEPS ? r->chunk_bytes / CHUNK_STEPS * steps + 1 : r->chunk_bytes;
}

enum err reader_core_next(struct reader_core *r, struct text *ret_chunk)
{
    enum err e = r->failed;
    if (!e && r->envelope) {
        r->envelope = false;
        if (r->alone)
            r->failed = ERR_NOT_FOUND;
        *ret_chunk = buffer_text(&r->chunk);
        return OK;
    }
    buffer_clear(&r->chunk);
    size_t enough = chunk_now(r);
    while (!e && r->chunk.len < enough)
        e = r->ops->next(r->reading, &r->chunk);
    if (e && e != ERR_NOT_FOUND)
        r->failed = e;
    if (r->failed || r->chunk.len == 0)
        return e;
    *ret_chunk = buffer_text(&r->chunk);
    return OK;
}

void reader_core_free(struct reader_core *r)
{
    if (!r)
        return;
    if (r->reading)
        r->ops->free(r->reading);
    buffer_done(&r->chunk);
    free(r);
}
