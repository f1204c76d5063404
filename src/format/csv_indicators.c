/* format/csv_indicators.c - CSV rows -> STIX 2.1 indicators. Bodies are written with their names in order, which is
 * what makes them canonical (RFC 8785). */
#include "format/csv_indicators.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "format/csv.h"
#include "model/marking.h"
#include "model/stix.h"
#include "json/json.h"

#define STAMP_PLACE TEXT("0000-00-00T00:00:00.000Z")
#define LABELS_MAX  16

/* Namespace of ids derived from CSV rows; made once at random, never to change. */
static const struct uuid UUID_CSV_INDICATOR = {
    {0xbe, 0xc1, 0xb8, 0x5c, 0x75, 0xd2, 0x4a, 0xc9, 0xbd, 0xa9, 0x82, 0xa1, 0x93, 0x1a, 0xb9, 0x7d}};

enum column { COL_VALUE, COL_TYPE, COL_VALID_UNTIL, COL_CONFIDENCE, COL_TLP, COL_DESCRIPTION, COL_LABEL, COLUMNS };
static const char *const column_names[COLUMNS] = {"value", "type",        "valid_until", "confidence",
                                                  "tlp",   "description", "label"};

struct csv_indicators {
    struct csv_reader *csv;
    struct csv_indicators_options options; /* texts owned, below */
    struct buffer texts;
    int columns[COLUMNS];
    bool header_read, ended;
    uint64_t read;
    struct buffer value, name, pattern, body; /* of the row, reused */
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
    buffer_init(&c->texts, 2 * MIB);
    buffer_init(&c->value, 2 * LINE_MAX_BYTES);
    buffer_init(&c->name, 4 * LINE_MAX_BYTES);
    buffer_init(&c->pattern, 4 * LINE_MAX_BYTES);
    buffer_init(&c->body, STIX_OBJECT_MAX_BYTES);
    buffer_add(&c->texts, options->party);
    buffer_add(&c->texts, options->identity);
    enum err e = buffer_error(&c->texts);
    if (!e)
        e = csv_open_from(from, &c->csv);
    if (!e)
        e = csv_push(c->csv, head);
    if (e) {
        csv_indicators_free(c);
        return ERR_NOMEM;
    }
    struct text all = buffer_text(&c->texts);
    c->options = *options;
    c->options.party = text_sub(all, 0, options->party.len);
    c->options.identity = text_sub(all, options->party.len, options->identity.len);
    *ret = c;
    return OK;
}

void csv_indicators_free(struct csv_indicators *c)
{
    if (!c)
        return;
    csv_free(c->csv);
    buffer_done(&c->texts);
    buffer_done(&c->value);
    buffer_done(&c->name);
    buffer_done(&c->pattern);
    buffer_done(&c->body);
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
    r->tlp = (enum tlp)c->options.tlp;
    if (tlp.len && tlp_parse(tlp, &r->tlp))
        return fault_at(why, ERR_MALFORMED, row->offset, "CSV tlp",
                        "an unknown label; known are CLEAR, GREEN, AMBER, AMBER+STRICT, RED");
    r->description = csv_cell(row, c->columns[COL_DESCRIPTION]);
    r->labels = csv_cell(row, c->columns[COL_LABEL]);
    return OK;
}

/* ---- writing the indicator ---- */

static struct text derive_id(struct csv_indicators *c, const struct row *r, char out[IDENT_TEXT_MAX])
{
    buffer_clear(&c->name);
    buffer_add(&c->name, c->options.party);
    buffer_add_char(&c->name, 0);
    buffer_add(&c->name, text_of(value_kind_name(r->kind)));
    buffer_add_char(&c->name, 0);
    buffer_add(&c->name, r->value);
    struct uuid uuid = uuid_named(&UUID_CSV_INDICATOR, buffer_text(&c->name));
    return ident_format(TEXT("indicator"), &uuid, out);
}

/* Writes a place for a time; returns the offset in the body of its first byte. */
static uint32_t put_place(struct json_out *j, const char *name)
{
    json_member_text(j, name, STAMP_PLACE);
    return (uint32_t)(j->to->len - STAMP_PLACE.len - 1);
}

/* STIX 2.1 section 10, indicator-type-ov: labels that say what kind of indicator it is, "benign" above all. */
static bool is_indicator_type(struct text t)
{
    static const char *const open_vocabulary[] = {"anomalous-activity", "anonymization", "benign", "compromised",
                                                  "malicious-activity", "attribution",   "unknown"};
    for (size_t i = 0; i < ARRAY_LEN(open_vocabulary); i++)
        if (text_eq(t, text_of(open_vocabulary[i])))
            return true;
    return false;
}

static bool next_label(struct text *rest, struct text *ret)
{
    while (text_split(rest, ';', ret))
        if ((*ret = text_trim(*ret)).len > 0)
            return true;
    return false;
}

static void put_indicator_types(struct json_out *j, struct text labels)
{
    struct text label;
    bool any = false;
    json_key(j, TEXT("indicator_types"));
    json_open(j, '[');
    while (labels.len && next_label(&labels, &label))
        if (is_indicator_type(label)) {
            json_put_text(j, label);
            any = true;
        }
    if (!any)
        json_put_text(j, TEXT("malicious-activity"));
    json_close(j, ']');
}

static void put_labels(struct json_out *j, struct text labels)
{
    struct text label, probe = labels;
    if (labels.len == 0 || !next_label(&probe, &label))
        return;
    json_key(j, TEXT("labels"));
    json_open(j, '[');
    while (next_label(&labels, &label))
        json_put_text(j, label);
    json_close(j, ']');
}

/* Fills o's places; markings and id are texts the caller holds. */
static void write_body(struct csv_indicators *c, const struct row *r, struct text id, struct text marking,
                       struct record_object *o)
{
    char until[STAMP_TEXT_MAX];
    buffer_clear(&c->body);
    buffer_clear(&c->pattern);
    pattern_of_value(r->kind, r->value, &c->pattern);
    struct json_out j = json_out_to(&c->body);
    json_open(&j, '{');
    if (r->confidence >= 0)
        json_member_i64(&j, "confidence", r->confidence);
    o->created_at = put_place(&j, "created");
    if (c->options.identity.len)
        json_member_text(&j, "created_by_ref", c->options.identity);
    if (r->description.len)
        json_member_text(&j, "description", r->description);
    json_member_text(&j, "id", id);
    put_indicator_types(&j, r->labels);
    put_labels(&j, r->labels);
    o->modified_at = put_place(&j, "modified");
    json_member_text(&j, "name", r->value);
    if (marking.len) {
        json_key(&j, TEXT("object_marking_refs"));
        json_open(&j, '[');
        json_put_text(&j, marking);
        json_close(&j, ']');
    }
    json_member_text(&j, "pattern", buffer_text(&c->pattern));
    json_member_text(&j, "pattern_type", TEXT("stix"));
    json_member_text(&j, "spec_version", TEXT("2.1"));
    json_member_text(&j, "type", TEXT("indicator"));
    o->valid_from_at = put_place(&j, "valid_from");
    if (r->has_valid_until)
        json_member_text(&j, "valid_until", stamp_format(r->valid_until, until));
    json_close(&j, '}');
}

static struct text marking_of(enum tlp tlp, char out[IDENT_TEXT_MAX])
{
    struct uuid uuid;
    if (tlp == TLP_NONE || !tlp_marking(tlp, 2, &uuid))
        return TEXT_NONE;
    return ident_format(TEXT("marking-definition"), &uuid, out);
}

static enum err add_row(struct csv_indicators *c, const struct csv_row *row, const struct row *r, struct buffer *to)
{
    char id_text[IDENT_TEXT_MAX], marking_text[IDENT_TEXT_MAX];
    struct text marking = marking_of(r->tlp, marking_text);
    struct record_object o = {.at = row->offset, .cls = STIX_SDO, .confidence = (int16_t)r->confidence};
    o.id = derive_id(c, r, id_text);
    write_body(c, r, o.id, marking, &o);
    if (buffer_error(&c->name) || buffer_error(&c->pattern) || buffer_error(&c->body))
        return ERR_NOMEM; /* a row of LINE_MAX_BYTES cannot fill them */
    o.body = buffer_text(&c->body);
    o.print = xxh3_of(o.body.ptr, o.body.len);
    o.tlp = (uint8_t)r->tlp;
    o.created_by = c->options.identity;
    o.has_valid_until = r->has_valid_until;
    o.valid_until_us = r->has_valid_until ? stamp_us(r->valid_until) : 0;
    struct record_value value = {(uint8_t)r->kind, r->value};
    record_add_object(to, &o, &value, 1, &o.created_by, o.created_by.len > 0, &marking, marking.len > 0);
    return buffer_error(to);
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

const struct format FORMAT_CSV = {"csv", true, claim, open_job, next_record, free_reader};
