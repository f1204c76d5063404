/* release/metrics.c - OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/ (text format, ABNF). */
#include "release/metrics.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/outbound_make.h"

#define MEDIA_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric_type { GAUGE, COUNTER, INFO, HISTOGRAM };
static const char *const type_names[] = {"gauge", "counter", "info", "histogram"};
static const char *const suffixes[] = {"", "_total", "_info", ""};

/* What a label may hold. */
enum label_kind { NOTHING, WORD, NAME };

static const struct family {
    enum metric_type type;
    const char *name, *unit; /* the name ends with "_UNIT", where there is one */
    const char *help;
    struct {
        const char *name;
        enum label_kind kind;
    } labels[METRIC_LABELS_MAX];
    unsigned first, last; /* of a histogram: the buckets that are shown */
    double scale;         /* of a histogram: from what is counter_of to the unit */
} families[METRIC_COUNT] = {
    [METRIC_BUILD] = {INFO, "entente_build", NULL, "Version of the program.", {{"version", WORD}}},
    [METRIC_START] = {GAUGE, "entente_start_time_seconds", "seconds", "When the node began to serve, since 1970."},
    [METRIC_MEMORY] = {GAUGE, "entente_resident_memory_bytes", "bytes", "Resident memory of the serving process."},
    [METRIC_DISK_FREE] = {GAUGE, "entente_disk_free_bytes", "bytes", "Room left on the disk of the home."},
    [METRIC_DISK_SIZE] = {GAUGE, "entente_disk_size_bytes", "bytes", "Size of the disk of the home."},
    [METRIC_WRITES_QUEUED] = {GAUGE, "entente_writes_queued", NULL, "Writes that wait for the writer thread."},
    [METRIC_VIEWS_OUT] = {GAUGE, "entente_views_in_use", NULL, "Reading views that are in use."},
    [METRIC_LOG_ENTRIES] = {GAUGE, "entente_log_entries", NULL, "Entries of the log that are durable."},
    [METRIC_VIEW_LAG] = {GAUGE, "entente_view_lag_entries", NULL, "Durable entries that the view does not show yet."},
    [METRIC_GROUP_ENTRIES] =
        {HISTOGRAM, "entente_group_entries", NULL, "Entries made durable by one commit.", {{0}}, 0, 16, 1},
    [METRIC_COMMIT] = {HISTOGRAM,
                       "entente_log_commit_seconds",
                       "seconds",
                       "Time of one commit of the log: its writes and its sync.",
                       {{0}},
                       7,
                       24,
                       1e-6},
    [METRIC_HELD] = {GAUGE, "entente_held", NULL, "What is held, by kind.", {{"kind", WORD}}},
    [METRIC_GATE] = {COUNTER,
                     "entente_gate_decisions",
                     NULL,
                     "Decisions of the release gate about a class of objects or an object.",
                     {{"door", WORD}, {"outcome", WORD}}},
    [METRIC_GATE_DENIALS] = {COUNTER,
                             "entente_gate_denials",
                             NULL,
                             "Rules that spoke in decisions to withhold, by their number.",
                             {{"door", WORD}, {"rule", WORD}}},
    [METRIC_REQUESTS] = {COUNTER,
                         "entente_http_requests",
                         NULL,
                         "Requests answered, by door and class of status.",
                         {{"door", WORD}, {"status", WORD}}},
    [METRIC_SENT] =
        {COUNTER, "entente_http_sent_bytes", "bytes", "Bytes of answers' bodies sent, by door.", {{"door", WORD}}},
    [METRIC_WAITING] = {GAUGE, "entente_http_waiting", NULL, "Requests and streams that wait without a thread."},
    [METRIC_LOGIN_FAILED] = {COUNTER, "entente_login_failures", NULL, "Requests whose credentials were refused."},
    [METRIC_PEER_UP] = {GAUGE,
                        "entente_peer_up",
                        NULL,
                        "1: the last round with the peer went well; 0: it did not.",
                        {{"peer", NAME}, {"id", WORD}}},
    [METRIC_PEER_AGE] = {GAUGE,
                         "entente_peer_age_seconds",
                         "seconds",
                         "Since the last round with the peer ended.",
                         {{"peer", NAME}, {"id", WORD}}},
    [METRIC_PEER_FAILURES] = {GAUGE,
                              "entente_peer_failures",
                              NULL,
                              "Rounds with the peer that failed, in a row.",
                              {{"peer", NAME}, {"id", WORD}}},
    [METRIC_SOURCE_UP] = {GAUGE,
                          "entente_source_up",
                          NULL,
                          "1: the last look at the source went well; 0: it did not.",
                          {{"source", NAME}, {"id", WORD}}},
    [METRIC_SOURCE_AGE] = {GAUGE,
                           "entente_source_age_seconds",
                           "seconds",
                           "Since the last look at the source.",
                           {{"source", NAME}, {"id", WORD}}},
    [METRIC_SOURCE_FAILURES] = {GAUGE,
                                "entente_source_failures",
                                NULL,
                                "Looks at the source that failed, in a row.",
                                {{"source", NAME}, {"id", WORD}}},
    [METRIC_LEFT_OUT] = {GAUGE, "entente_lines_left_out", NULL, "Peers and sources beyond the bound of this page."},
    [METRIC_CHECKPOINT_AGE] = {GAUGE, "entente_checkpoint_age_seconds", "seconds",
                               "Since the last checkpoint of the log was kept."},
    [METRIC_CHECKPOINT_ENTRIES] = {GAUGE, "entente_checkpoint_entries", NULL, "Entries under the last checkpoint."},
    [METRIC_COSIGNED_ENTRIES] = {GAUGE, "entente_cosigned_entries", NULL,
                                 "Entries under the last checkpoint that partners have cosigned."},
    [METRIC_COSIGNED_BY] = {GAUGE, "entente_cosignatures", NULL, "Cosignatures of that one which hold."},
    [METRIC_WITNESSES] = {GAUGE, "entente_witnesses", NULL, "Partners that are asked to cosign."},
    [METRIC_READER_FAILURES] = {COUNTER,
                                "entente_reader_failures",
                                NULL,
                                "Reader processes that ended badly, by reason.",
                                {{"reason", WORD}}},
    [METRIC_CRASHES] = {GAUGE, "entente_crash_files", NULL, "Crash files in the home."},
};

/* ---- checking ---- */

static bool is_word(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        if (!good)
            return false;
    }
    return t.len > 0;
}

static bool label_fits(enum label_kind kind, struct text t)
{
    if (kind == NOTHING)
        return t.len == 0;
    if (t.len > METRIC_NAME_MAX_BYTES || (kind == WORD && !is_word(t)))
        return false;
    return text_is_utf8(t);
}

static bool same_labels(const struct metric_value *a, const struct metric_value *b)
{
    for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
        if (!text_eq(a->labels[i], b->labels[i]))
            return false;
    return true;
}

static bool said_before(const struct metric_value *values, size_t i)
{
    for (size_t k = i; k > 0 && values[k - 1].metric == values[i].metric; k--)
        if (same_labels(&values[k - 1], &values[i]))
            return true;
    return false;
}

static bool fits(const struct metric_value *values, size_t i)
{
    const struct metric_value *v = &values[i];
    if (v->metric < 0 || v->metric >= METRIC_COUNT || (i > 0 && values[i - 1].metric > v->metric))
        return false;
    const struct family *f = &families[v->metric];
    for (size_t k = 0; k < METRIC_LABELS_MAX; k++)
        if (!label_fits(f->labels[k].kind, v->labels[k]))
            return false;
    bool counts = f->type == COUNTER && v->number < 0;
    return (f->type == HISTOGRAM) == (v->histogram != NULL) && v->number == v->number && !counts &&
           !said_before(values, i);
}

/* ---- writing ---- */

static void add_head(const struct family *f, struct buffer *out)
{
    buffer_addf(out, "# TYPE %s %s\n", f->name, type_names[f->type]);
    if (f->unit)
        buffer_addf(out, "# UNIT %s %s\n", f->name, f->unit);
    buffer_addf(out, "# HELP %s %s\n", f->name, f->help);
}

static void add_escaped(struct text t, struct buffer *out)
{
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '\n')
            buffer_add(out, TEXT("\\n"));
        else if (t.ptr[i] == '"' || t.ptr[i] == '\\')
            buffer_addf(out, "\\%c", t.ptr[i]);
        else
            buffer_add_bytes(out, &t.ptr[i], 1);
    }
}

static void add_labels(const struct family *f, const struct metric_value *v, struct buffer *out)
{
    for (size_t i = 0; i < METRIC_LABELS_MAX && f->labels[i].kind != NOTHING; i++) {
        buffer_addf(out, "%s%s=\"", i ? "," : "{", f->labels[i].name);
        add_escaped(v->labels[i], out);
        buffer_add(out, TEXT("\""));
    }
    if (f->labels[0].kind != NOTHING)
        buffer_add(out, TEXT("}"));
}

/* Buckets before the first that is shown are part of it, those behind the last of +Inf. */
static void add_histogram(const struct family *f, const struct histogram *h, struct buffer *out)
{
    uint64_t below = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1 && i <= f->last; i++) {
        below += counter_of(&h->buckets[i]);
        if (i >= f->first)
            buffer_addf(out, "%s_bucket{le=\"%.9g\"} %llu\n", f->name, (double)(UINT64_C(1) << i) * f->scale,
                        (unsigned long long)below);
    }
    for (unsigned i = f->last + 1; i < HISTOGRAM_BUCKETS; i++)
        below += counter_of(&h->buckets[i]);
    buffer_addf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_count %llu\n%s_sum %.9g\n", f->name, (unsigned long long)below,
                f->name, (unsigned long long)below, f->name, (double)counter_of(&h->sum) * f->scale);
}

static void add_value(const struct metric_value *v, struct buffer *out)
{
    const struct family *f = &families[v->metric];
    if (v->histogram) {
        add_histogram(f, v->histogram, out);
        return;
    }
    buffer_addf(out, "%s%s", f->name, suffixes[f->type]);
    add_labels(f, v, out);
    buffer_addf(out, " %.15g\n", v->number);
}

enum err outbound_metrics(const struct metric_value *values, size_t count, struct outbound **ret)
{
    struct buffer body;
    for (size_t i = 0; i < count; i++)
        if (!fits(values, i))
            return ERR_DENIED;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || values[i].metric != values[i - 1].metric)
            add_head(&families[values[i].metric], &body);
        add_value(&values[i], &body);
    }
    buffer_add(&body, TEXT("# EOF\n"));
    enum err e = buffer_error(&body);
    struct outbound *made = outbound_new(200, TEXT(MEDIA_TYPE), &body);
    if (!made)
        return e ? e : ERR_NOMEM;
    *ret = made;
    return OK;
}
