/* format/shadowserver.c - see shadowserver.h. One row is one event; its columns that are not empty are the evidence,
 * each under its name. */
#include "format/shadowserver.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "format/csv.h"
#include "format/event.h"
#include "format/shadowserver_map.h"

/* Columns of one row that mean something, and the names of all. */
#define USED_COLUMNS_MAX 256
#define REPORT_NAME_MAX  64
#define RULE             "Shadowserver report"

struct used_column {
    uint16_t column;
    uint8_t use; /* enum shadowserver_use */
};

struct shadowserver {
    struct csv_reader *csv;
    struct shadowserver_map *map;
    struct event_draft draft;
    struct arena names; /* of columns */
    struct buffer raw;
    struct text *headers;
    size_t header_count;
    struct used_column used[USED_COLUMNS_MAX];
    size_t used_count;
    int vary[SHADOWSERVER_VARY_MAX];
    int tag;
    struct shadowserver_report report;
    char name[REPORT_NAME_MAX]; /* of the report, as the file has it */
    uint8_t tlp;
    uint64_t read;
    bool dated; /* the file's name begins with a day */
    bool header_read, ended;
    struct fault refused; /* of the map that was handed over */
};

/* ---- the file's name ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2026-11-20-" */
static bool is_dated(struct text t)
{
    static const char form[] = "dddd-dd-dd-";
    if (t.len < sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? !is_digit(t.ptr[i]) : t.ptr[i] != form[i])
            return false;
    return true;
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* The word behind the date, in lower case; empty: the name has none. */
static struct text word_of_name(struct text file, char out[REPORT_NAME_MAX], bool *ret_dated)
{
    size_t len = 0;
    for (size_t i = file.len; i-- > 0;)
        if (file.ptr[i] == '/') {
            file = text_sub(file, i + 1, file.len);
            break;
        }
    *ret_dated = is_dated(file);
    if (*ret_dated)
        file = text_sub(file, 11, file.len);
    while (len < file.len && len < REPORT_NAME_MAX - 1 && in_name(file.ptr[len])) {
        char c = file.ptr[len];
        out[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    out[len] = 0;
    return (struct text){out, len};
}

/* Begins as the names of families of reports do. */
static bool is_of_family(struct text word)
{
    static const char *const families[] = {
        "scan_",        "scan6_",      "event4_",  "event6_",   "population_", "population6_", "sandbox_",
        "compromised_", "malware_url", "spam_url", "blocklist", "device_id",   "special",      "ransomware_victim"};
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (text_starts(word, text_of(families[i])))
            return true;
    return false;
}

/* ---- the header ---- */

static int column_named(const struct shadowserver *s, struct text name)
{
    return csv_column(s->csv, name);
}

static bool has_column(void *self, struct text name)
{
    return column_named(self, name) >= 0;
}

static void use_column(struct shadowserver *s, int column, enum shadowserver_use use)
{
    if (column >= 0 && s->used_count < USED_COLUMNS_MAX)
        s->used[s->used_count++] = (struct used_column){(uint16_t)column, (uint8_t)use};
}

/* Of a time, the first name that the header has counts; of the others each. */
static void find_columns(struct shadowserver *s)
{
    for (enum shadowserver_use use = 0; use < USES; use++) {
        const bool one = use == USE_TIME || use == USE_LAST || use == USE_SEVERITY || use == USE_COUNT;
        struct text name;
        for (size_t i = 0; (name = shadowserver_column(s->map, use, i)).len > 0; i++) {
            int column = column_named(s, name);
            use_column(s, column, use);
            if (one && column >= 0)
                break;
        }
    }
    for (size_t i = 0; i < s->report.vary_count; i++)
        s->vary[i] = column_named(s, s->report.vary[i]);
    s->tag = column_named(s, TEXT("tag"));
}

static bool has_value_column(const struct shadowserver *s)
{
    for (size_t i = 0; i < s->used_count; i++)
        if (s->used[i].use >= USE_IP && s->used[i].use <= USE_SHA512)
            return true;
    return false;
}

static void set_name(struct shadowserver *s, struct text name)
{
    size_t len = name.len < REPORT_NAME_MAX - 1 ? name.len : REPORT_NAME_MAX - 1;
    memmove(s->name, name.ptr, len);
    s->name[len] = 0;
}

/* The file's name tells, else a column that one report alone has, else a date in the name and any word behind it. */
static void find_report(struct shadowserver *s)
{
    struct text word = text_of(s->name), by_column;
    if (word.len > 0 && shadowserver_report(s->map, word, &s->report))
        return;
    if (word.len > 0 && (is_of_family(word) || s->dated))
        return;
    by_column = shadowserver_report_by_column(s->map, has_column, s);
    set_name(s, by_column.len > 0 ? by_column : TEXT("unknown"));
    (void)shadowserver_report(s->map, text_of(s->name), &s->report);
}

static enum err keep_names(struct shadowserver *s, const struct csv_row *header)
{
    s->headers = arena_alloc(&s->names, (header->count + 1) * sizeof *s->headers);
    if (!s->headers)
        return ERR_NOMEM;
    for (size_t i = 0; i < header->count; i++) {
        s->headers[i] = arena_text(&s->names, text_trim(header->cells[i]));
        if (!s->headers[i].ptr)
            return ERR_NOMEM;
    }
    s->header_count = header->count;
    return OK;
}

static enum err read_header(struct shadowserver *s, struct fault *why)
{
    struct csv_row header;
    if (s->refused.err != OK) {
        *why = s->refused;
        return s->refused.err;
    }
    enum err e = csv_header(s->csv, &header, why);
    if (e == OK)
        e = keep_names(s, &header);
    if (e != OK)
        return e;
    find_report(s);
    find_columns(s);
    if (!has_value_column(s))
        return fault_at(why, ERR_MALFORMED, 0, RULE,
                        "no column of its header is known to hold an address, a name or a hash (ip, src_ip, dst_ip, "
                        "hostname, url, email, ...); rules/shadowserver.json can name the one that does");
    s->header_read = true;
    return OK;
}

/* ---- rows ---- */

/* {"timestamp":"2026-11-20 00:00:01","ip":"192.0.2.1"}: what is not empty, in the order of the columns. */
static enum err write_raw(struct shadowserver *s, const struct csv_row *row)
{
    buffer_clear(&s->raw);
    struct json_out o = json_out_to(&s->raw);
    json_open(&o, '{');
    for (size_t i = 0; i < s->header_count && i < row->count; i++) {
        if (row->cells[i].len == 0)
            continue;
        json_key(&o, s->headers[i]);
        json_put_text(&o, row->cells[i]);
    }
    json_close(&o, '}');
    return buffer_error(&s->raw);
}

/* What is no name, or no URL, stays in the evidence: many columns hold a banner's word there. */
static void add_quietly(struct event_draft *d, enum event_role role, enum value_kind kind, struct text cell)
{
    size_t lost = d->lost_count;
    event_value(d, role, kind, cell, "");
    d->lost_count = lost;
}

/* A name that is an address is none of its own. */
static void add_name(struct event_draft *d, enum event_role role, struct text cell)
{
    enum value_kind kind = value_detect(cell);
    if (kind != VALUE_NONE && kind <= VALUE_EMAIL)
        add_quietly(d, role, kind, cell);
}

static void add_url(struct event_draft *d, enum event_role role, struct text cell)
{
    if (text_find_text(cell, TEXT("://")) >= 0)
        add_quietly(d, role, VALUE_URL, cell);
}

static void add_values(struct shadowserver *s, enum shadowserver_use use, const char *column, struct text cell)
{
    const struct shadowserver_report *r = &s->report;
    const enum event_role source = r->target_src ? EVENT_TARGET : r->source_other ? EVENT_OTHER : EVENT_SOURCE;
    struct event_draft *d = &s->draft;
    switch (use) {
    case USE_IP:
    case USE_SRC_IP: event_addresses(d, source, cell, column); break;
    case USE_HOSTNAME:
    case USE_SRC_HOSTNAME: add_name(d, source, cell); break;
    case USE_DST_IP: /* the sinkhole's or the honeypot's own, where it is no target */
        if (r->target_dst)
            event_addresses(d, EVENT_TARGET, cell, column);
        break;
    case USE_DST_HOSTNAME:
        if (r->target_dst)
            add_name(d, EVENT_TARGET, cell);
        break;
    case USE_DOMAIN: add_name(d, r->target_dst ? EVENT_TARGET : source, cell); break;
    case USE_URL: add_url(d, r->target_dst ? EVENT_OTHER : source, cell); break;
    case USE_EMAIL: add_quietly(d, source, VALUE_EMAIL, cell); break;
    case USE_HOST: add_name(d, r->host ? source : EVENT_OTHER, cell); break;
    case USE_OTHER_IP: add_quietly(d, EVENT_OTHER, VALUE_IPV4, cell); break;
    case USE_OTHER_HOST: add_name(d, EVENT_OTHER, cell); break;
    case USE_OTHER_URL: add_url(d, EVENT_OTHER, cell); break;
    case USE_MD5: add_quietly(d, EVENT_OTHER, VALUE_MD5, cell); break;
    case USE_SHA1: add_quietly(d, EVENT_OTHER, VALUE_SHA1, cell); break;
    case USE_SHA256: add_quietly(d, EVENT_OTHER, VALUE_SHA256, cell); break;
    case USE_SHA512: add_quietly(d, EVENT_OTHER, VALUE_SHA512, cell); break;
    default: break;
    }
}

/* "cve-2021-26855;proxylogon": CVE-2021-26855, in the draft's arena. */
static struct text cve_in(struct event_draft *d, struct text tag)
{
    for (size_t i = 0; i + 9 < tag.len; i++) {
        size_t end = i + 4;
        if (!text_eq_nocase(text_sub(tag, i, 4), TEXT("cve-")))
            continue;
        while (end < tag.len && (is_digit(tag.ptr[end]) || tag.ptr[end] == '-'))
            end++;
        const char *cve = arena_printf(&d->arena, "CVE-" TEXT_FMT, TEXT_ARG(text_sub(tag, i + 4, end - i - 4)));
        d->no_memory = d->no_memory || !cve;
        return cve ? text_of(cve) : TEXT_NONE;
    }
    return TEXT_NONE;
}

static struct text identifier_of(struct shadowserver *s, const struct csv_row *row)
{
    for (size_t i = 0; i < s->report.vary_count; i++) {
        struct text cell = csv_cell(row, s->vary[i]);
        if (cell.len > 0)
            return event_text(&s->draft, cell);
    }
    struct text cve = s->report.cve ? cve_in(&s->draft, csv_cell(row, s->tag)) : TEXT_NONE;
    return cve.len > 0 ? cve : s->report.identifier;
}

struct times {
    bool has_first, has_last;
    int64_t first_us, last_us;
};

static void read_cell(struct shadowserver *s, const struct used_column *u, struct text cell, struct times *t)
{
    struct event_draft *d = &s->draft;
    const char *column = s->headers[u->column].ptr;
    uint64_t count;
    switch (u->use) {
    case USE_TIME: t->has_first = event_time(d, cell, true, column, &t->first_us); break;
    case USE_LAST: t->has_last = event_time(d, cell, true, column, &t->last_us); break;
    case USE_SEVERITY:
        if (shadowserver_severity(cell))
            d->event.severity = shadowserver_severity(cell);
        break;
    case USE_COUNT:
        if (text_u64(cell, &count) == OK && count > 0)
            d->event.count = count;
        break;
    case USE_DETAIL: event_detail(d, column, cell); break;
    default: add_values(s, (enum shadowserver_use)u->use, column, cell);
    }
}

static enum err add_row(struct shadowserver *s, const struct csv_row *row, struct buffer *to)
{
    struct event_draft *d = &s->draft;
    struct times t = {0};
    event_begin(d, row->offset);
    d->event.line = row->line;
    d->event.report = text_of(s->name);
    d->event.type = s->report.type;
    d->event.severity = s->report.severity;
    for (size_t i = 0; i < s->used_count; i++) {
        struct text cell = csv_cell(row, s->used[i].column);
        if (cell.len > 0)
            read_cell(s, &s->used[i], cell, &t);
    }
    d->event.identifier = identifier_of(s, row);
    if (t.has_first)
        event_span(d, t.first_us, t.has_last ? t.last_us : t.first_us);
    enum err e = write_raw(s, row);
    return e == OK ? event_put(d, s->name, buffer_text(&s->raw), s->tlp, to) : e;
}

/* ---- the document ---- */

static enum err refuse_row(const struct fault *why, struct buffer *to)
{
    struct record_rejected r = {.at = why->offset,
                                .line = why->line,
                                .rule = text_of(why->rule[0] ? why->rule : RULE),
                                .reason = text_of(why->what)};
    record_add_rejected(to, &r);
    return buffer_error(to);
}

static enum err end(struct shadowserver *s, enum err err, const struct fault *why, struct buffer *to)
{
    const bool placed = why && why->offset >= 0;
    struct record_end e = {.err = (uint8_t)err,
                           .at = placed ? why->offset : csv_offset(s->csv),
                           .read = s->read,
                           .what = why ? text_of(why->what) : TEXT_NONE};
    s->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err end_well(struct shadowserver *s, struct buffer *to)
{
    struct fault cut = {.offset = -1};
    if (!csv_cut_short(s->csv))
        return end(s, OK, NULL, to);
    fault_at(&cut, ERR_MALFORMED, csv_offset(s->csv), "RFC 4180 2.5", "the file is cut short: it ends inside quotes");
    return end(s, ERR_MALFORMED, &cut, to);
}

static enum err next_record(void *self, struct buffer *to)
{
    struct shadowserver *s = self;
    struct fault why = {.offset = -1, .line = -1};
    struct csv_row row;
    if (s->ended)
        return ERR_NOT_FOUND;
    enum err e = s->header_read ? OK : read_header(s, &why);
    if (e != OK)
        return e == ERR_NOMEM ? e : end(s, e, &why, to);
    e = csv_next(s->csv, &row, &why);
    if (e == ERR_NOT_FOUND)
        return end_well(s, to);
    if (e == ERR_NOMEM)
        return e;
    if (e == ERR_IO)
        return end(s, e, &why, to);
    s->read++;
    return e != OK ? refuse_row(&why, to) : add_row(s, &row, to);
}

static void free_reader(void *self)
{
    struct shadowserver *s = self;
    if (!s)
        return;
    csv_free(s->csv);
    shadowserver_map_free(s->map);
    event_draft_done(&s->draft);
    arena_done(&s->names);
    buffer_done(&s->raw);
    free(s);
}

static enum err open_job(const struct format_job *job, void **ret)
{
    struct shadowserver *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    event_draft_init(&s->draft);
    arena_init(&s->names, 4 * LINE_MAX_BYTES);
    buffer_init(&s->raw, 8 * LINE_MAX_BYTES);
    word_of_name(job->name, s->name, &s->dated);
    s->tlp = job->tlp;
    enum err e = csv_open_from(job->from, &s->csv);
    if (e == OK)
        e = csv_push(s->csv, job->head);
    if (e == OK)
        e = shadowserver_map_open(job->rules, &s->map, &s->refused);
    if (e == ERR_MALFORMED || e == ERR_LIMIT) /* of the map: said when the document is read */
        e = OK;
    if (e == OK)
        *ret = s;
    else
        free_reader(s);
    return e;
}

/* ---- is it one? ---- */

static bool is_one_of(struct text name, const char *const *names, size_t count)
{
    name = text_trim(name);
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
        name = text_sub(name, 1, name.len - 2);
    for (size_t i = 0; i < count; i++)
        if (text_eq_nocase(name, text_of(names[i])))
            return true;
    return false;
}

/* A time, and who it was about. */
static void look_at_header(struct text line, size_t *ret_about, bool *ret_time, bool *ret_value)
{
    static const char *const about[] = {"asn",     "geo",     "naics",   "sector", "region",
                                        "src_asn", "src_geo", "dst_asn", "dst_geo"};
    static const char *const times[] = {"timestamp", "detection_date"};
    static const char *const values[] = {"ip",    "src_ip", "dst_ip",  "hostname",       "url",
                                         "email", "md5",    "website", "http_referer_ip"};
    struct text rest = line, name;
    *ret_about = 0;
    *ret_time = *ret_value = false;
    while (text_split(&rest, ',', &name)) {
        *ret_about += is_one_of(name, about, ARRAY_LEN(about));
        *ret_time |= is_one_of(name, times, ARRAY_LEN(times));
        *ret_value |= is_one_of(name, values, ARRAY_LEN(values));
    }
}

static enum format_claim claim(const struct format_head *h)
{
    char word[REPORT_NAME_MAX];
    bool dated, time, value;
    size_t about;
    struct text t = h->bytes;
    if (!h->whole && t.len < 3) /* it may be a byte order mark */
        return FORMAT_MORE;
    if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    struct text name = word_of_name(h->name, word, &dated);
    const bool family = is_of_family(name);
    ptrdiff_t line_end = text_find(t, '\n', 0);
    if (line_end < 0 && !h->whole)
        return t.len == 0 || t.ptr[0] == '"' || in_name(t.ptr[0]) ? FORMAT_MORE : FORMAT_NO;
    struct text line = line_end < 0 ? t : text_sub(t, 0, (size_t)line_end);
    if (line.len == 0 || !(line.ptr[0] == '"' || in_name(line.ptr[0])) || text_find(line, ',', 0) < 0)
        return FORMAT_NO;
    if (family && dated) /* whatever its columns are called by now */
        return FORMAT_YES;
    look_at_header(line, &about, &time, &value);
    const bool named = family || (dated && name.len > 0);
    return value && ((named && (time || about)) || (time && about >= 2)) ? FORMAT_YES : FORMAT_NO;
}

const struct format FORMAT_SHADOWSERVER = {"shadowserver", false, claim, open_job, next_record, free_reader};
