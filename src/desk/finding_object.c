/* desk/finding_object.c - the object a finding is (docs/objects/finding.md), and what is read back of it. */
#include <string.h>

#include "base/limits.h"
#include "desk/finding_inside.h"
#include "desk/marks.h"

static const char *const states[] = {"open", "closed", "false-positive"};

struct text finding_clean(struct arena *arena, struct text t, size_t max)
{
    if (t.len > max)
        t.len = max;
    /* A character cut in two at the end is dropped rather than replaced. */
    size_t tail = 0;
    while (tail < 3 && tail < t.len && ((unsigned char)t.ptr[t.len - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (t.len == max && tail < t.len && (unsigned char)t.ptr[t.len - 1 - tail] >= 0xC0 &&
        !text_is_utf8(text_sub(t, t.len - 1 - tail, tail + 1)))
        t.len -= tail + 1;
    if (text_is_utf8(t))
        return arena_text(arena, t);
    char *out = arena_alloc(arena, t.len * 3 + 1);
    if (!out)
        return TEXT_NONE;
    size_t n = 0;
    for (size_t i = 0; i < t.len;) {
        size_t len = 1;
        while (len < 4 && i + len < t.len && !text_is_utf8(text_sub(t, i, len)))
            len++;
        if (text_is_utf8(text_sub(t, i, len))) {
            memcpy(out + n, t.ptr + i, len);
            n += len;
            i += len;
        } else {
            memcpy(out + n, "\xEF\xBF\xBD", 3);
            n += 3;
            i++;
        }
    }
    return (struct text){out, n};
}

static const char *const severities[] = {"", "info", "low", "medium", "high", "critical"};

const char *finding_severity_name(uint8_t severity)
{
    return severity < ARRAY_LEN(severities) ? severities[severity] : "";
}

/* "Sample Hospital: evil.example". */
static struct text title(const struct finding_work *w, struct buffer *out)
{
    buffer_add(out, w->organisation_name.len > 0 ? w->organisation_name : TEXT("nobody's"));
    buffer_add(out, TEXT(": "));
    if (w->report) {
        buffer_add(out, w->report->report);
        buffer_add(out, TEXT(", reported by "));
        buffer_add(out, w->report->by);
    } else {
        buffer_add(out, w->finding_kind == FINDING_NAMED ? TEXT("named, ") : TEXT_NONE);
        buffer_add(out, w->value);
    }
    return buffer_text(out);
}

static void put_some(struct json_out *o, const char *name, struct text t)
{
    if (t.len > 0)
        json_member_text(o, name, t);
}

static void put_report(struct json_out *o, const struct finding_work *w)
{
    const struct finding_report *r = w->report;
    json_member_text(o, "report", r->report);
    put_some(o, "classification", r->type);
    put_some(o, "identifier", r->identifier);
    put_some(o, "role", r->role);
    json_member_text(o, "reported_by", r->by);
    put_some(o, "severity", text_of(finding_severity_name(w->severity)));
    json_member_i64(o, "occurrences", (int64_t)r->occurrences);
    json_key(o, TEXT("values"));
    json_open(o, '[');
    for (size_t i = 0; i < r->value_count; i++)
        json_put_text(o, r->values[i]);
    json_close(o, ']');
}

static void put_body(struct json_out *o, const struct finding_work *w, struct text id, struct text name,
                     const struct fact_genesis *g, const struct own_times *times, enum tlp label)
{
    char ref[IDENT_TEXT_MAX];
    json_open(o, '{');
    own_put_common(o, id, g, times, label);
    json_member_text(o, "name", name);
    json_member_text(o, "finding_kind", text_of(finding_kind_name((enum finding_kind)w->finding_kind)));
    if (w->report)
        put_report(o, w);
    else
        json_member_text(o, "indicator_ref", ident_format(TEXT("indicator"), &w->indicator, ref));
    put_some(o, "words", w->words);
    if (!uuid_is_zero(&w->organisation)) {
        json_member_text(o, "organisation_ref", ident_format(TEXT("identity"), &w->organisation, ref));
        json_member_text(o, "organisation_name", w->organisation_name);
    }
    if (!uuid_is_zero(&w->incident))
        json_member_text(o, "incident_ref", ident_format(TEXT(TYPE_INCIDENT), &w->incident, ref));
    json_member_text(o, "value", w->value);
    json_member_text(o, "value_kind", w->kind);
    own_put_time(o, "first_seen", w->first_us, 6);
    own_put_time(o, "last_seen", w->last_us, 6);
    json_member_i64(o, "count", (int64_t)w->count);
    json_member_text(o, "state", text_of(states[w->state < ARRAY_LEN(states) ? w->state : 0]));
    json_key(o, TEXT("extensions"));
    json_open(o, '{');
    json_key(o, TEXT(EXT_FINDING));
    json_open(o, '{');
    json_member_text(o, "extension_type", TEXT("new-sdo"));
    json_close(o, '}');
    json_close(o, '}');
    json_close(o, '}');
}

enum err finding_append(struct txn *t, struct finding_work *w, const struct uuid *account, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    const struct version_row *before = w->fresh ? NULL : &w->before;
    struct own_times times = own_times(t, before);
    struct buffer name, body;
    buffer_init(&name, STIX_OBJECT_MAX_BYTES);
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    put_body(&o, w, ident_format(TEXT(TYPE_FINDING), &w->id, id), title(w, &name), node_genesis(txn_node(t)), &times,
             w->label);
    struct fact_finding fact = {.indicator = w->indicator,
                                .organisation = w->organisation,
                                .first_us = w->first_us,
                                .last_us = w->last_us,
                                .count = w->count,
                                .state = w->state,
                                .incident = w->incident,
                                .number = w->fresh ? view_last_finding(txn_view(t)) + 1 : w->number,
                                .kind = w->finding_kind,
                                .severity = w->severity};
    if (w->finding_kind != FINDING_NAMED)
        fact.party = w->party;
    if (w->finding_kind == FINDING_REPORTED)
        fact.source = w->source;
    struct own_object object = {.id = text_of(id),
                                .times = &times,
                                .before = before,
                                .label = w->label,
                                .account = *account,
                                .finding = &fact};
    enum err e = buffer_error(&name);
    if (e == OK)
        e = own_append(t, &object, &body, reterr);
    buffer_done(&name);
    buffer_done(&body);
    struct finding_row row;
    if (e == OK)
        e = view_finding(txn_view(t), &w->id, &row, reterr);
    if (e == OK)
        w->number = row.number;
    return e;
}

static bool keep_text(struct arena *arena, const struct json_val *body, const char *name, struct text *ret)
{
    *ret = arena_text(arena, json_text(json_get(body, name)));
    return ret->ptr != NULL;
}

/* A finding without the members is one of an older version of this program, or its body was tampered with: then it
 * says less. */
static enum err load_report(struct arena *arena, const struct json_val *root, struct finding_report **ret)
{
    struct finding_report *r = arena_alloc(arena, sizeof *r);
    const struct json_val *values = json_get(root, "values");
    int64_t occurrences = 0;
    if (!r)
        return ERR_NOMEM;
    r->values = arena_alloc(arena, FINDING_VALUES_MAX * sizeof *r->values);
    if (!r->values || !keep_text(arena, root, "report", &r->report) ||
        !keep_text(arena, root, "classification", &r->type) ||
        !keep_text(arena, root, "identifier", &r->identifier) || !keep_text(arena, root, "role", &r->role) ||
        !keep_text(arena, root, "reported_by", &r->by))
        return ERR_NOMEM;
    if (json_i64(json_get(root, "occurrences"), &occurrences) && occurrences > 0)
        r->occurrences = (uint64_t)occurrences;
    for (struct json_iter it = json_iter_of(values); json_next(&it) && r->value_count < FINDING_VALUES_MAX;) {
        struct text value = arena_text(arena, json_text(it.val));
        if (!value.ptr)
            return ERR_NOMEM;
        r->value_bytes += value.len;
        r->values[r->value_count++] = value;
    }
    *ret = r;
    return OK;
}

static enum err label_of(struct txn *t, const struct version_row *row, enum tlp *ret, struct fault *reterr)
{
    struct gate_class cls;
    enum err e = view_class(txn_view(t), row->class_id, &cls, reterr);
    if (e == OK)
        *ret = gate_class_label(&cls);
    return e;
}

enum err finding_load(struct txn *t, const struct finding_row *row, struct arena *arena, struct finding_work *ret,
                      struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct finding_work w = {.indicator = row->indicator,
                             .organisation = row->organisation,
                             .incident = row->incident,
                             .known_count = row->count,
                             .first_us = row->first_us,
                             .last_us = row->last_us,
                             .count = row->count,
                             .state = row->state,
                             .number = row->number,
                             .silenced = row->state == 2,
                             .finding_kind = row->kind,
                             .severity = row->severity,
                             .party = row->party,
                             .source = row->source};
    if (!uuid_of_id(row->id, &w.id))
        return fault_set(reterr, ERR_MALFORMED, "a finding without an identifier");
    struct json_doc *doc;
    struct buffer body;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    enum err e = own_load(t, ident_format(TEXT(TYPE_FINDING), &w.id, id), &w.before, &body, &doc, reterr);
    if (e == OK) {
        const struct json_val *root = json_root(doc);
        if (!keep_text(arena, root, "value", &w.value) || !keep_text(arena, root, "value_kind", &w.kind) ||
            !keep_text(arena, root, "organisation_name", &w.organisation_name) ||
            !keep_text(arena, root, "words", &w.words) ||
            (w.finding_kind == FINDING_REPORTED && load_report(arena, root, &w.report) != OK))
            e = fault_set(reterr, ERR_NOMEM, "no memory for a finding");
        json_free(doc);
    }
    buffer_done(&body);
    if (e == OK)
        e = label_of(t, &w.before, &w.label, reterr);
    if (e == OK)
        *ret = w;
    return e;
}

enum err hit_indicator_load(struct txn *t, struct text id, struct hit_indicator *ret, struct fault *reterr)
{
    struct version_row row;
    struct hit_indicator i = {.gone = true};
    if (!uuid_of_id(id, &i.uuid)) {
        *ret = i;
        return OK;
    }
    enum err e = view_current(txn_view(t), id, &row, reterr);
    if (e == ERR_NOT_FOUND) {
        *ret = i;
        return OK;
    }
    if (e != OK)
        return e;
    i.gone = row.revoked || row.standing == STANDING_QUARANTINED;
    i.party = row.party;
    i.source = row.source;
    i.said_us = row.modified_us;
    struct gate_class cls;
    e = view_class(txn_view(t), row.class_id, &cls, reterr);
    if (e == OK)
        e = marks_default_now(txn_view(t), &cls, reterr);
    if (e != OK)
        return e;
    bool ended = false;
    e = hub_has_ended(txn_view(t), &i.party, &ended, reterr);
    if (e != OK)
        return e;
    i.gone = i.gone || cls.quarantined || ended;
    i.label = gate_class_label(&cls);
    i.unreadable = cls.unknown_marking || cls.granular;
    i.ours = cls.ours;
    i.terms = cls.terms;
    struct buffer body;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    e = txn_body(t, row.body, &body, reterr);
    if (e == ERR_NOT_FOUND) { /* erased */
        i.gone = true;
        e = OK;
    } else if (e == OK) {
        int64_t from_us;
        i.has_valid_until = body_time(buffer_text(&body), "valid_until", &i.valid_until_us);
        if (body_time(buffer_text(&body), "valid_from", &from_us) && from_us > i.said_us)
            i.said_us = from_us;
    }
    buffer_done(&body);
    if (e == OK)
        *ret = i;
    return e;
}

enum err finding_label(struct txn *t, struct finding_work *w, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct hit_indicator ind;
    if (w->finding_kind == FINDING_REPORTED)
        return OK;
    enum err e = hit_indicator_load(t, ident_format(TEXT("indicator"), &w->indicator, id), &ind, reterr);
    if (e == OK)
        w->label = ind.label;
    return e;
}
