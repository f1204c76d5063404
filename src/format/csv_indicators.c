/* format/csv_indicators.c - CSV rows -> STIX 2.1 indicators. */
#include "format/csv_indicators.h"

#include <stdlib.h>

#include "base/limits.h"
#include "format/atomic.h"
#include "format/csv.h"
#include "model/marking.h"

enum column { COL_VALUE, COL_TYPE, COL_VALID_UNTIL, COL_CONFIDENCE, COL_TLP, COL_DESCRIPTION, COL_LABEL, COLUMNS };
static const char *const column_names[COLUMNS] = {"value", "type",        "valid_until", "confidence",
                                                  "tlp",   "description", "label"};

struct csv_indicators {
    struct csv_reader *csv;
    struct atomic_maker maker;
    int columns[COLUMNS];
    bool header_read, ended;
    uint64_t read;
    struct buffer value; /* of the row, reused */
};

/* What a row says, checked. */
struct row {
    enum value_kind kind;
    struct text value; /* normal form, in c->value */
    bool has_valid_until;
    struct stamp valid_until;
    int confidence; /* -1: none */
    enum tlp tlp;
    struct text description, labels;
};

enum err csv_indicators_open(struct feed_from from, struct text head, const struct csv_indicators_options *options,
                             struct csv_indicators **ret)
{
    struct csv_indicators *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    buffer_init(&c->value, 2 * LINE_MAX_BYTES);
    enum err e = atomic_init(&c->maker, options->party, options->identity, options->tlp);
    if (!e)
        e = csv_open_from(from, &c->csv);
    if (!e)
        e = csv_push(c->csv, head);
    if (e) {
        csv_indicators_free(c);
        return ERR_NOMEM;
    }
    *ret = c;
    return OK;
}

void csv_indicators_free(struct csv_indicators *c)
{
    if (!c)
        return;
    csv_free(c->csv);
    buffer_done(&c->value);
    atomic_done(&c->maker);
    free(c);
}

/* ---- checking a row ---- */

/* "evil[.]example", "hxxp://example": undoing it would be a guess. */
static bool is_defanged(struct text raw)
{
    return text_find_text(raw, TEXT("[.]")) >= 0 || text_find_text(raw, TEXT("[:]")) >= 0 ||
           text_starts(raw, TEXT("hxxp"));
}

static enum err read_value(struct csv_indicators *c, const struct csv_row *row, struct row *r, struct fault *why)
{
    struct text raw = csv_cell(row, c->columns[COL_VALUE]);
    struct text type = csv_cell(row, c->columns[COL_TYPE]);
    enum value_kind kind = type.len ? value_kind_parse(type) : value_detect(raw);
    if (raw.len == 0)
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV value", "the value is empty");
    if (is_defanged(raw))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV value",
                        "the value is written so that it cannot be clicked; write it plainly");
    if (kind == VALUE_NONE && type.len)
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV type",
                        "an unknown type; known are domain, ipv4, ipv6, cidr, url, email, md5, sha1, sha256, sha512");
    if (kind == VALUE_NONE)
        return fault_at(
            why, ERR_MALFORMED, row->offset, "CSV value",
            "no address, network, domain, URL, e-mail address or hash; a column `type` can say what it is");
    struct fault bad = {0};
    buffer_clear(&c->value);
    enum err e = value_normalise(kind, raw, &c->value, &r->kind, &bad);
    if (buffer_error(&c->value) == ERR_NOMEM)
        return ERR_NOMEM;
    if (e || buffer_error(&c->value))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV value", "%s", bad.what[0] ? bad.what : "too long");
    r->value = buffer_text(&c->value);
    return OK;
}

static enum err read_rest(const struct csv_indicators *c, const struct csv_row *row, struct row *r, struct fault *why)
{
    struct text until = csv_cell(row, c->columns[COL_VALID_UNTIL]);
    struct text confidence = csv_cell(row, c->columns[COL_CONFIDENCE]);
    struct text tlp = csv_cell(row, c->columns[COL_TLP]);
    uint64_t number = 0;
    r->has_valid_until = until.len > 0;
    if (until.len && stamp_parse_lenient(until, &r->valid_until))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV valid_until",
                        "valid_until is no time; write 2026-01-31T12:00:00Z or 2026-01-31");
    if (confidence.len && (text_u64(confidence, &number) || number > 100))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV confidence", "confidence is a whole number, 0 to 100");
    r->confidence = confidence.len ? (int)number : -1;
    r->tlp = TLP_NONE; /* the maker fills it in */
    if (tlp.len && tlp_parse(tlp, &r->tlp))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV tlp",
                        "an unknown label; known are CLEAR, GREEN, AMBER, AMBER+STRICT, RED");
    r->description = csv_cell(row, c->columns[COL_DESCRIPTION]);
    r->labels = csv_cell(row, c->columns[COL_LABEL]);
    return OK;
}

static enum err add_row(struct csv_indicators *c, const struct csv_row *row, const struct row *r, struct buffer *to)
{
    const struct atomic a = {.kind = r->kind,
                             .value = r->value,
                             .confidence = r->confidence,
                             .has_valid_until = r->has_valid_until,
                             .valid_until = r->valid_until,
                             .tlp = r->tlp,
                             .description = r->description,
                             .labels = r->labels};
    return atomic_add(&c->maker, &a, row->offset, to);
}

/* ---- the document ---- */

static enum err refuse_row(const struct fault *why, struct buffer *to)
{
    struct record_rejected rejected = {
        .at = why->offset, .line = why->line, .rule = text_of(why->rule), .reason = text_of(why->what)};
    record_add_rejected(to, &rejected);
    return buffer_error(to);
}

static enum err end(struct csv_indicators *c, enum err err, const struct fault *why, struct buffer *to)
{
    struct record_end e = {.err = (uint8_t)err,
                           .at = why && why->offset >= 0 ? why->offset : csv_offset(c->csv),
                           .read = c->read,
                           .what = why ? text_of(why->what) : TEXT_NONE};
    c->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err end_well(struct csv_indicators *c, struct buffer *to)
{
    struct fault cut = {.offset = -1};
    if (!csv_cut_short(c->csv))
        return end(c, OK, NULL, to);
    fault_at(&cut, ERR_MALFORMED, csv_offset(c->csv), "RFC 4180 2.5", "the file is cut short: it ends inside quotes");
    return end(c, ERR_MALFORMED, &cut, to);
}

static enum err read_header(struct csv_indicators *c, struct fault *why)
{
    enum err e = csv_header(c->csv, NULL, why);
    if (e)
        return e;
    for (int i = 0; i < COLUMNS; i++)
        c->columns[i] = csv_column(c->csv, text_of(column_names[i]));
    if (c->columns[COL_VALUE] < 0)
        return fault_at(why, ERR_MALFORMED, 0, "CSV header", "no column `value` in the header line");
    c->header_read = true;
    return OK;
}

enum err csv_indicators_next(struct csv_indicators *c, struct buffer *to)
{
    struct fault why = {.offset = -1, .line = -1};
    struct csv_row row;
    struct row r = {0};
    if (c->ended)
        return ERR_NOT_FOUND;
    enum err e = c->header_read ? OK : read_header(c, &why);
    if (e)
        return e == ERR_NOMEM ? e : end(c, e, &why, to);
    e = csv_next(c->csv, &row, &why);
    if (e == ERR_NOT_FOUND)
        return end_well(c, to);
    if (e == ERR_NOMEM)
        return e;
    if (e == ERR_IO)
        return end(c, e, &why, to);
    c->read++;
    if (e)
        return refuse_row(&why, to);
    e = read_value(c, &row, &r, &why);
    if (!e)
        e = read_rest(c, &row, &r, &why);
    why.line = row.line;
    if (e == ERR_NOMEM)
        return e;
    return e ? refuse_row(&why, to) : add_row(c, &row, &r, to);
}

/* ---- as one of all formats ---- */

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

static enum format_claim claim(const struct format_head *h)
{
    struct text line, t = h->bytes;
    if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    if (!telling_line(t, h->whole, &line))
        return FORMAT_MORE;
    return has_value_column(line) ? FORMAT_YES : FORMAT_NO;
}

static enum err open_job(const struct format_job *job, void **ret)
{
    const struct csv_indicators_options options = {job->party, job->identity, job->tlp};
    struct csv_indicators *c;
    enum err e = csv_indicators_open(job->from, job->head, &options, &c);
    if (e == OK)
        *ret = c;
    return e;
}

static enum err next_record(void *self, struct buffer *to)
{
    return csv_indicators_next(self, to);
}

static void free_reader(void *self)
{
    csv_indicators_free(self);
}

const struct format FORMAT_CSV = {"csv", true, claim, open_job, next_record, free_reader, true};
