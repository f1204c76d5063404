/* store/view_desk.c - findings, their evidence, how far logs were followed, and which sighting tells whom. */
#include "store/view_ask.h"
#include "store/view_inside.h"

/* ---- findings ---- */

static enum err read_finding(struct view *v, sqlite3_stmt *s, char id[IDENT_TEXT_MAX], struct finding_row *ret,
                             struct fault *reterr)
{
    struct finding_row r = {.number = column_u64(s, 1)};
    struct version_texts texts;
    struct version_row version;
    column_uuid(s, 2, &r.indicator);
    column_uuid(s, 3, &r.organisation);
    column_uuid(s, 4, &r.incident);
    r.first_us = sqlite3_column_int64(s, 5);
    r.last_us = sqlite3_column_int64(s, 6);
    r.count = column_u64(s, 7);
    r.state = (uint8_t)sqlite3_column_int(s, 8);
    r.n = column_u64(s, 9);
    r.kind = (uint8_t)sqlite3_column_int(s, 10);
    r.severity = (uint8_t)sqlite3_column_int(s, 11);
    column_uuid(s, 12, &r.party);
    column_uuid(s, 13, &r.source);
    /* The type stands in the version's row, once. */
    enum err err = view_version(v, r.n, &texts, &version, NULL, reterr);
    if (err != OK)
        return err == ERR_NOT_FOUND ? fault_set(reterr, ERR_VERSION, "a finding without its version") : err;
    r.id = (struct text){id, version.id.len};
    for (size_t i = 0; i <= version.id.len; i++)
        id[i] = version.id.ptr[i];
    *ret = r;
    return OK;
}

static enum err one_finding(struct view *v, sqlite3_stmt *s, struct finding_row *ret, struct fault *reterr)
{
    enum err err = view_step(v, s, reterr);
    if (err == OK)
        err = read_finding(v, s, v->texts.id, ret, reterr);
    sqlite3_reset(s);
    return err;
}

enum err view_open_finding(struct view *v, const struct uuid *indicator, const struct uuid *organisation,
                           int64_t since_us, struct finding_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FINDING_OPEN);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, indicator);
    bind_uuid(s, 2, organisation);
    sqlite3_bind_int64(s, 3, since_us);
    return one_finding(v, s, ret, reterr);
}

enum err view_finding(struct view *v, const struct uuid *finding, struct finding_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FINDING_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, finding);
    return one_finding(v, s, ret, reterr);
}

enum err view_finding_by_number(struct view *v, uint64_t number, struct finding_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FINDING_BY_NUMBER);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, number);
    return one_finding(v, s, ret, reterr);
}

enum err view_findings_at(struct view *v, const struct uuid *subject, const struct uuid *organisation, uint64_t below,
                          struct finding_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FINDINGS_AT);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, subject);
    bind_uuid(s, 2, organisation);
    bind_u64(s, 3, below < (uint64_t)INT64_MAX ? below : (uint64_t)INT64_MAX);
    return one_finding(v, s, ret, reterr);
}

/* One statement a row, so that a caller may ask the view anything in between. */
static enum err give_findings(struct view *v, enum sql sql, const struct uuid *indicator, uint8_t state,
                              uint32_t limit, view_on_finding *on_row, void *self, struct fault *reterr)
{
    uint64_t below = (uint64_t)INT64_MAX;
    for (uint32_t given = 0; given < limit; given++) {
        struct finding_row row;
        char id[IDENT_TEXT_MAX];
        sqlite3_stmt *s = view_stmt(v, sql);
        if (!s)
            return view_fault(v, reterr);
        if (indicator) {
            bind_uuid(s, 1, indicator);
            bind_u64(s, 2, below);
        } else {
            bind_u64(s, 1, below);
            bind_u64(s, 2, 1);
        }
        if (sql == SQL_FINDINGS_STATE)
            bind_u64(s, 3, state);
        enum err err = view_step(v, s, reterr);
        if (err == ERR_NOT_FOUND)
            return OK;
        if (err == OK)
            err = read_finding(v, s, id, &row, reterr);
        sqlite3_reset(s);
        if (err == OK) {
            below = row.number;
            err = on_row(self, &row);
        }
        if (err != OK)
            return err;
    }
    return OK;
}

enum err view_findings(struct view *v, uint8_t state, uint32_t limit, view_on_finding *on_row, void *self,
                       struct fault *reterr)
{
    return give_findings(v, state == 255 ? SQL_FINDINGS : SQL_FINDINGS_STATE, NULL, state, limit, on_row, self,
                         reterr);
}

enum err view_findings_about(struct view *v, const struct uuid *indicator, uint32_t limit, view_on_finding *on_row,
                             void *self, struct fault *reterr)
{
    return give_findings(v, SQL_FINDINGS_ABOUT, indicator, 0, limit, on_row, self, reterr);
}

static enum err set_finding(struct view *v, const struct fact *f, const struct uuid *id, struct fault *reterr)
{
    const struct fact_finding *p = f->u.object.finding;
    sqlite3_stmt *s = view_stmt(v, SQL_FINDING_GET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, id);
    enum err err = view_step(v, s, reterr);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    bool fresh = err == ERR_NOT_FOUND, was_open = false;
    uint64_t number = p->number > v->now.findings ? p->number : v->now.findings + 1;
    if (!fresh) {
        number = column_u64(s, 1);
        was_open = sqlite3_column_int(s, 8) == 0;
        sqlite3_reset(s);
    }
    s = view_stmt(v, fresh ? SQL_FINDING_ADD : SQL_FINDING_SET);
    if (!s)
        return view_fault(v, reterr);
    if (fresh)
        bind_uuid(s, 1, id);
    bind_u64(s, 2, number);
    bind_uuid(s, 3, &p->indicator);
    bind_uuid(s, 4, &p->organisation);
    bind_uuid(s, 5, &p->incident);
    sqlite3_bind_int64(s, 6, p->first_us);
    sqlite3_bind_int64(s, 7, p->last_us);
    bind_u64(s, 8, p->count);
    bind_u64(s, 9, p->state);
    bind_u64(s, 10, f->n);
    bind_u64(s, 11, p->kind);
    bind_u64(s, 12, p->severity);
    bind_uuid(s, 13, &p->party);
    bind_uuid(s, 14, &p->source);
    if (fresh)
        v->now.findings = number;
    v->now.findings_open += (uint64_t)(p->state == 0) - (uint64_t)was_open;
    return view_run(v, s, reterr);
}

static enum err set_sighting(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_sighting *p = f->u.object.sighting;
    sqlite3_stmt *s = view_stmt(v, SQL_SIGHTING_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &p->indicator);
    bind_uuid(s, 2, &p->party);
    bind_u64(s, 3, f->n);
    return view_run(v, s, reterr);
}

enum err apply_desk_object(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_object *o = &f->u.object;
    struct ident id;
    enum err err = OK;
    if (o->standing != STANDING_CURRENT)
        return OK;
    if (o->finding) {
        err = ident_parse(o->id, &id, reterr);
        if (err == OK)
            err = set_finding(v, f, &id.uuid, reterr);
    }
    if (err == OK && o->sighting)
        err = set_sighting(v, f, reterr);
    return err;
}

enum err view_seen(struct view *v, const struct uuid *indicator, struct seen_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FINDINGS_SEEN);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, indicator);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret = (struct seen_row){.findings = column_u64(s, 0),
                             .first_us = sqlite3_column_int64(s, 1),
                             .last_us = sqlite3_column_int64(s, 2),
                             .count = column_u64(s, 3)};
    sqlite3_reset(s);
    return OK;
}

enum err view_sighting_of(struct view *v, const struct uuid *indicator, const struct uuid *party,
                          struct version_row *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_SIGHTING);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, indicator);
    bind_uuid(s, 2, party);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    uint64_t n = column_u64(s, 0);
    sqlite3_reset(s);
    return view_by_entry(v, n, ret, reterr);
}

/* ---- hits ---- */

static enum err set_followed(struct view *v, const struct fact_hits *h, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FOLLOWED_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, h->follow_key);
    bind_u64(s, 2, h->follow_offset);
    bind_u64(s, 3, h->follow_line);
    return view_run(v, s, reterr);
}

static enum err add_evidence(struct view *v, uint64_t n, size_t pos, const struct fact_hit *h, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_EVIDENCE_ADD);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &h->finding);
    bind_u64(s, 2, n);
    bind_u64(s, 3, pos);
    bind_u64(s, 4, h->line);
    bind_u64(s, 5, h->offset);
    sqlite3_bind_int64(s, 6, h->seen_us);
    return view_run(v, s, reterr);
}

/* The newest prints of a finding are kept: at least FINDING_PRINTS_MAX of them, where there are so many. */
static enum err add_prints(struct view *v, uint64_t n, const struct fact_prints *p, struct fault *reterr)
{
    uint64_t upto = 0;
    sqlite3_stmt *s = view_stmt(v, SQL_PRINTS_LAST);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &p->finding);
    enum err err = view_step(v, s, reterr);
    if (err == OK)
        upto = column_u64(s, 0);
    sqlite3_reset(s);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    upto += p->prints.len / sizeof(uint64_t);
    s = view_stmt(v, SQL_PRINTS_ADD);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &p->finding);
    bind_u64(s, 2, n);
    bind_u64(s, 3, upto);
    sqlite3_bind_blob64(s, 4, p->prints.ptr, p->prints.len, SQLITE_STATIC);
    err = view_run(v, s, reterr);
    if (err != OK || upto <= FINDING_PRINTS_MAX)
        return err;
    s = view_stmt(v, SQL_PRINTS_DROP);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, &p->finding);
    bind_u64(s, 2, upto - FINDING_PRINTS_MAX);
    return view_run(v, s, reterr);
}

enum err view_prints(struct view *v, const struct uuid *finding, view_on_prints *on_row, void *self,
                     struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_PRINTS);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, finding);
    enum err err;
    while (view_more(v, s, &err, reterr)) {
        const void *prints = sqlite3_column_blob(s, 0);
        int len = sqlite3_column_bytes(s, 0);
        err = on_row(self, (struct text){prints, len > 0 ? (size_t)len : 0});
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err apply_hits(struct view *v, const struct fact *f, struct fault *reterr)
{
    const struct fact_hits *h = &f->u.hits;
    enum err err = OK;
    if (h->hit_count) {
        sqlite3_stmt *s = view_stmt(v, SQL_HITS_ADD);
        if (!s)
            return view_fault(v, reterr);
        bind_u64(s, 1, f->n);
        bind_place(s, 2, h->body);
        bind_text(s, 3, h->file);
        err = view_run(v, s, reterr);
    }
    for (size_t i = 0; err == OK && i < h->hit_count; i++)
        err = add_evidence(v, f->n, i, &h->hits[i], reterr);
    for (size_t i = 0; err == OK && i < h->print_count; i++)
        err = add_prints(v, f->n, &h->prints[i], reterr);
    if (err == OK && h->follow_key.len)
        err = set_followed(v, h, reterr);
    return err;
}

uint64_t view_last_finding(const struct view *v)
{
    return v->now.findings;
}

enum err view_evidence(struct view *v, const struct uuid *finding, uint32_t limit, view_on_evidence *on_row,
                       void *self, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_EVIDENCE);
    if (!s)
        return view_fault(v, reterr);
    bind_uuid(s, 1, finding);
    bind_u64(s, 2, limit);
    enum err err;
    while (view_more(v, s, &err, reterr)) {
        struct evidence_row r = {
            .n = column_u64(s, 0),
            .index = (uint32_t)column_u64(s, 1),
            .line = column_u64(s, 2),
            .offset = column_u64(s, 3),
            .seen_us = sqlite3_column_int64(s, 4),
            .body = column_place(s, 5),
            .file = column_text(s, 6),
        };
        err = on_row(self, &r);
        if (err != OK)
            break;
    }
    sqlite3_reset(s);
    return err;
}

enum err view_followed(struct view *v, struct text follow_key, uint64_t *ret_offset, uint64_t *ret_line,
                       struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_FOLLOWED);
    if (!s)
        return view_fault(v, reterr);
    bind_text(s, 1, follow_key);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    *ret_offset = column_u64(s, 0);
    *ret_line = column_u64(s, 1);
    sqlite3_reset(s);
    return OK;
}
