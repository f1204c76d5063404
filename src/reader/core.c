/* reader/core.c - see core.h. */
#include "reader/core.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "format/csv_indicators.h"
#include "format/magic.h"
#include "format/stix.h"
#include "reader/envelope.h"
#include "json/feed.h"

struct reader_core {
    enum reader_format format;
    struct stix_reader *stix;
    struct csv_indicators *csv;
    struct buffer chunk;
    size_t chunk_bytes;
    bool envelope, alone; /* the envelope's records stand in `chunk` already; nothing else is to come */
    enum err failed;      /* final */
};

static const char *const names[] = {[READER_DETECT] = "detect", [READER_STIX] = "stix", [READER_CSV] = "csv"};

const char *reader_format_name(enum reader_format f)
{
    return (size_t)f < ARRAY_LEN(names) ? names[f] : names[READER_DETECT];
}

enum reader_format reader_format_parse(struct text name)
{
    for (size_t i = READER_STIX; i < ARRAY_LEN(names); i++)
        if (text_eq(name, text_of(names[i])))
            return (enum reader_format)i;
    return READER_DETECT;
}

/* ---- what the first bytes say ---- */

/* Lines that CSV files put before their header. */
static bool says_nothing(struct text line)
{
    line = text_trim(line);
    return line.len == 0 || line.ptr[0] == '#' || (line.len == 5 && text_starts(line, TEXT("sep=")));
}

/* The first line that says something. false: `head` ends before its end. */
static bool telling_line(struct text head, bool whole, struct text *ret)
{
    struct text line;
    for (;;) {
        ptrdiff_t end = text_find(head, '\n', 0);
        if (end < 0 && !whole)
            return false;
        line = end < 0 ? head : text_sub(head, 0, (size_t)end);
        if (end < 0 || !says_nothing(line))
            break;
        head = text_sub(head, (size_t)end + 1, head.len);
    }
    *ret = line;
    return true;
}

static struct text unquoted(struct text t)
{
    t = text_trim(t);
    bool quoted = t.len >= 2 && t.ptr[0] == '"' && t.ptr[t.len - 1] == '"';
    return quoted ? text_trim(text_sub(t, 1, t.len - 2)) : t;
}

static bool has_value_column(struct text line)
{
    static const char separators[] = {',', ';', '\t'};
    for (size_t i = 0; i < ARRAY_LEN(separators); i++) {
        struct text rest = line, name;
        while (text_split(&rest, separators[i], &name))
            if (text_eq_nocase(unquoted(name), TEXT("value")))
                return true;
    }
    return false;
}

enum guess { GUESS_MORE, GUESS_STIX, GUESS_CSV, GUESS_EMPTY, GUESS_NONE };

static enum guess guess(struct text head, bool whole)
{
    struct text line, t = head;
    if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    struct text first = text_trim(t);
    if (first.len > 0 && (first.ptr[0] == '{' || first.ptr[0] == '['))
        return GUESS_STIX;
    if (whole && first.len == 0)
        return GUESS_EMPTY;
    if (!telling_line(t, whole, &line))
        return GUESS_MORE;
    return has_value_column(line) ? GUESS_CSV : GUESS_NONE;
}

static enum err detect(struct feed *in, enum reader_format *format, struct fault *reterr)
{
    for (;;) {
        bool more = feed_more(in);
        if (in->err == ERR_NOMEM)
            return fault_set(reterr, ERR_NOMEM, "no memory to read");
        if (in->err)
            return fault_at(reterr, ERR_IO, (int64_t)in->end, NULL, "cannot read: %s", strerror(in->errno_seen));
        struct text head = {in->ptr, in->end};
        const char *other = magic_says(head);
        if (other)
            return fault_at(reterr, ERR_MALFORMED, 0, NULL, "%s", other);
        if (*format != READER_DETECT)
            return OK;
        switch (guess(head, !more || head.len > LINE_MAX_BYTES)) {
        case GUESS_MORE: continue;
        case GUESS_STIX: *format = READER_STIX; return OK;
        case GUESS_CSV: *format = READER_CSV; return OK;
        case GUESS_EMPTY: return fault_at(reterr, ERR_MALFORMED, 0, NULL, "the file is empty");
        case GUESS_NONE:
            return fault_at(
                reterr, ERR_MALFORMED, 0, NULL,
                "no known format: neither JSON ('{' or '[' first) nor CSV with a column `value` in its header "
                "line; --as names a format");
        }
    }
}

/* ---- reading ---- */

static enum err open_format(struct reader_core *r, int fd, struct text head, const struct reader_options *options)
{
    if (r->format == READER_STIX)
        return stix_reader_open(fd, head, options->tlp, &r->stix);
    struct csv_indicators_options csv = {options->party, options->identity, options->tlp};
    return csv_indicators_open(fd, head, &csv, &r->csv);
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
    e = detect(&in, &r->format, reterr);
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
    while (!e && r->chunk.len < r->chunk_bytes)
        e = r->stix ? stix_reader_next(r->stix, &r->chunk) : csv_indicators_next(r->csv, &r->chunk);
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
    stix_reader_free(r->stix);
    csv_indicators_free(r->csv);
    buffer_done(&r->chunk);
    free(r);
}
