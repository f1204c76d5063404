/* What each kind of fact does to the view, and that what is taken back leaves no trace. */
#include "support/test.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "facts_made.h"
#include "store/view.h"
#include "support/scratch.h"

struct stage {
    char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 16];
    struct view *v;
    uint64_t n;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->dir);
    snprintf(s->path, sizeof s->path, "%s/view.db", s->dir);
    *state = s;
    if (view_open_at(s->path, true, &s->v, NULL) != OK)
        return -1;
    return view_begin(s->v, NULL) == OK ? 0 : -1;
}

static int end(void **state)
{
    struct stage *s = *state;
    view_close(s->v);
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static uint64_t apply(struct stage *s, struct fact *f)
{
    struct fault fault = {.err = OK};
    f->n = s->n;
    f->t_us = (int64_t)s->n * 100;
    enum err err = view_apply(s->v, f, &fault);
    if (err != OK)
        fail_msg("%s: %s", err_name(err), fault.what);
    return s->n++;
}

#define INDICATOR "indicator--11111111-1111-4111-8111-111111111111"

/* Class keys of the form that gate_class_key() writes; the party only sets them apart. */
static struct text class_of(struct gate_class c, const char *type)
{
    static char text[512];
    struct buffer b;
    snprintf(c.type, sizeof c.type, "%s", type);
    buffer_init(&b, KIB);
    gate_class_key(&c, &b);
    snprintf(text, sizeof text, TEXT_FMT, TEXT_ARG(buffer_text(&b)));
    buffer_done(&b);
    return text_of(text);
}

static struct fact object(const char *id, const char *modified, enum standing standing, const char *content)
{
    struct fact f = {.kind = FACT_OBJECT};
    f.u.object = (struct fact_object){
        .id = text_of(id),
        .modified = text_of(modified),
        .standing = standing,
        .hash = sha256_of(content, strlen(content)),
        .party = made_uuid_of("party", 1),
        .class_key = class_of((struct gate_class){.tlp = TLP_GREEN}, "indicator"),
        .confidence = -1,
        .created_us = 1,
        .body = {3, 4096},
        .original = PLACE_NONE,
    };
    struct stamp t;
    if (stamp_parse(text_of(modified), &t, NULL) == OK)
        f.u.object.modified_us = stamp_us(t);
    return f;
}

static void versions_and_standings(void **state)
{
    struct stage *s = *state;
    struct version_row row;
    assert_err(view_current(s->v, TEXT(INDICATOR), &row, NULL), ERR_NOT_FOUND);
    assert_err(view_current(s->v, TEXT("no id at all"), &row, NULL), ERR_NOT_FOUND);
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    struct fact b = object(INDICATOR, "2025-01-02T00:00:00.120Z", STANDING_CURRENT, "b");
    struct fact late = object(INDICATOR, "2024-12-31T00:00:00.123456789Z", STANDING_OLDER, "late");
    struct fact claim = object(INDICATOR, "2025-03-01T00:00:00.000Z", STANDING_CLAIM, "claim");
    uint64_t first = apply(s, &a);
    assert_ok(view_current(s->v, TEXT(INDICATOR), &row, NULL));
    assert_text(row.modified, "2025-01-01T00:00:00Z");
    assert_int_equal(row.n, first);
    b.u.object.supersedes = true;
    b.u.object.revoked = true;
    uint64_t second = apply(s, &b);
    apply(s, &late);
    claim.u.object.party = made_uuid_of("party", 2);
    apply(s, &claim);
    assert_ok(view_current(s->v, TEXT(INDICATOR), &row, NULL));
    assert_int_equal(row.n, second);
    assert_int_equal(row.added_us, (int64_t)second * 100);
    assert_text(row.id, INDICATOR);
    assert_text(row.modified, "2025-01-02T00:00:00.120Z");
    assert_true(row.revoked);
    assert_int_equal(row.body.segment, 3);
    assert_int_equal(row.body.offset, 4096);
    assert_int_equal(row.original.segment, UINT32_MAX);
    assert_true(sha256_eq(&row.hash, &b.u.object.hash));
    assert_ok(view_by_entry(s->v, first, &row, NULL));
    assert_int_equal(row.standing, STANDING_OLDER);
    assert_err(view_by_entry(s->v, 99, &row, NULL), ERR_NOT_FOUND);
    assert_ok(view_find_content(s->v, TEXT(INDICATOR), &a.u.object.party, &late.u.object.hash, &row, NULL));
    assert_text(row.modified, "2024-12-31T00:00:00.123456789Z");
    assert_err(view_find_content(s->v, TEXT(INDICATOR), &a.u.object.party, &claim.u.object.hash, &row, NULL),
               ERR_NOT_FOUND);
    assert_ok(view_find_content(s->v, TEXT(INDICATOR), &claim.u.object.party, &claim.u.object.hash, &row, NULL));
}

/* Same key, other content: who lost is seen as such. */
static void conflict_loser(void **state)
{
    struct stage *s = *state;
    struct version_row row;
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    struct fact b = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "b");
    uint64_t n = apply(s, &a);
    b.u.object.supersedes = true;
    apply(s, &b);
    assert_ok(view_by_entry(s->v, n, &row, NULL));
    assert_int_equal(row.standing, STANDING_CONFLICT);
}

struct seen {
    uint64_t n[16];
    size_t count;
    char words[16][64];
};

static enum err see_version(void *self, const struct version_row *row)
{
    struct seen *x = self;
    x->n[x->count++] = row->n;
    return OK;
}

static void all_versions_newest_first(void **state)
{
    struct stage *s = *state;
    static const char *const times[] = {"2025-01-03T00:00:00Z", "2025-01-01T00:00:00Z", "2025-01-05T00:00:00Z",
                                        "2025-01-04T00:00:00Z", "2025-01-05T00:00:00Z"};
    static const uint64_t expected[] = {4, 2, 3, 0, 1};
    struct seen x = {.count = 0};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct fact f = object(INDICATOR, times[i], i ? STANDING_CLAIM : STANDING_CURRENT, times[i]);
        apply(s, &f);
    }
    assert_ok(view_versions(s->v, TEXT(INDICATOR), see_version, &x, NULL));
    assert_int_equal(x.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(x.n[i], expected[i]);
    x.count = 0;
    assert_ok(view_versions(s->v, TEXT("malware--11111111-1111-4111-8111-111111111111"), see_version, &x, NULL));
    assert_int_equal(x.count, 0); /* the same UUID under another type is another object */
}

static enum err see_value(void *self, const struct indicator_row *row)
{
    struct seen *x = self;
    x->n[x->count] = row->n;
    snprintf(x->words[x->count++], 64, "%d " TEXT_FMT "%s", (int)row->kind, TEXT_ARG(row->value),
             row->revoked ? " revoked" : "");
    return OK;
}

static void values_of_current_versions_only(void **state)
{
    struct stage *s = *state;
    struct seen x = {.count = 0};
    const struct fact_value two[] = {{VALUE_DOMAIN, TEXT("a.example")}, {VALUE_IPV4, TEXT("192.0.2.1")}};
    const struct fact_value one[] = {{VALUE_DOMAIN, TEXT("b.example")}};
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    struct fact b = object(INDICATOR, "2025-01-02T00:00:00Z", STANDING_CURRENT, "b");
    struct fact q =
        object("indicator--22222222-2222-4222-8222-222222222222", "2025-01-02T00:00:00Z", STANDING_QUARANTINED, "q");
    a.u.object.values = two;
    a.u.object.value_count = 2;
    q.u.object.values = one;
    q.u.object.value_count = 1;
    uint64_t n = apply(s, &a);
    apply(s, &q);
    assert_ok(view_indicators(s->v, 0, see_value, &x, NULL));
    assert_int_equal(x.count, 2);
    assert_string_equal(x.words[0], "1 a.example");
    assert_string_equal(x.words[1], "2 192.0.2.1");
    x.count = 0;
    assert_ok(view_values_of(s->v, n, see_value, &x, NULL));
    assert_int_equal(x.count, 2);
    b.u.object.values = one;
    b.u.object.value_count = 1;
    b.u.object.supersedes = b.u.object.revoked = true;
    apply(s, &b);
    x.count = 0;
    assert_ok(view_indicators(s->v, 0, see_value, &x, NULL));
    assert_int_equal(x.count, 1);
    assert_string_equal(x.words[0], "1 b.example revoked");
    x.count = 0;
    assert_ok(view_indicators(s->v, x.n[0] + 1, see_value, &x, NULL));
    assert_int_equal(x.count, 0);
}

static struct fact finding(uint64_t which, uint8_t state, int64_t last_us, uint64_t count)
{
    static struct fact_finding f;
    static char id[IDENT_TEXT_MAX];
    struct uuid u = made_uuid_of("finding", which);
    ident_format(TEXT("x-entente-finding"), &u, id);
    struct fact fact = object(id, "2025-01-01T00:00:00Z", STANDING_CURRENT, "f");
    f = (struct fact_finding){.indicator = made_uuid_of("indicator", 1),
                              .organisation = made_uuid_of("organisation", which),
                              .first_us = 5,
                              .last_us = last_us,
                              .count = count,
                              .state = state};
    fact.u.object.class_key = class_of((struct gate_class){.internal_only = true}, "x-entente-finding");
    fact.u.object.finding = &f;
    return fact;
}

static enum err see_finding(void *self, const struct finding_row *row)
{
    struct seen *x = self;
    x->n[x->count++] = row->number;
    return OK;
}

static void findings(void **state)
{
    struct stage *s = *state;
    struct finding_row row;
    struct uuid indicator = made_uuid_of("indicator", 1), first = made_uuid_of("organisation", 1);
    for (uint64_t i = 1; i <= 3; i++) {
        struct fact f = finding(i, 0, (int64_t)i * 10, i);
        apply(s, &f);
    }
    assert_ok(view_open_finding(s->v, &indicator, &first, 10, &row, NULL));
    assert_int_equal(row.number, 1);
    assert_err(view_open_finding(s->v, &indicator, &first, 11, &row, NULL), ERR_NOT_FOUND);
    struct fact f = finding(1, 2, 50, 9);
    f.u.object.supersedes = true;
    uint64_t n = apply(s, &f);
    assert_err(view_open_finding(s->v, &indicator, &first, 10, &row, NULL), ERR_NOT_FOUND); /* not open any more */
    assert_ok(view_finding_by_number(s->v, 1, &row, NULL));
    assert_int_equal(row.count, 9);
    assert_int_equal(row.state, 2);
    assert_int_equal(row.n, n);
    assert_true(text_starts(row.id, TEXT("x-entente-finding--")));
    struct uuid u = made_uuid_of("finding", 2);
    assert_ok(view_finding(s->v, &u, &row, NULL));
    assert_int_equal(row.number, 2);
    struct seen x = {.count = 0};
    assert_ok(view_findings(s->v, 255, 2, see_finding, &x, NULL));
    assert_int_equal(x.count, 2);
    assert_int_equal(x.n[0], 3);
    assert_int_equal(x.n[1], 2);
    x.count = 0;
    assert_ok(view_findings(s->v, 2, 10, see_finding, &x, NULL));
    assert_int_equal(x.count, 1);
    assert_int_equal(x.n[0], 1);
    struct view_counts c;
    assert_ok(view_counts(s->v, &c, NULL));
    assert_int_equal(c.findings, 3);
    assert_int_equal(c.findings_open, 2);
}

static void finding_numbers(void **state)
{
    struct stage *s = *state;
    struct finding_row row;
    static const uint64_t given[] = {0, 5, 0, 5, 2, 9}, want[] = {1, 5, 6, 7, 8, 9};
    assert_int_equal(view_last_finding(s->v), 0);
    for (uint64_t i = 0; i < ARRAY_LEN(given); i++) {
        struct fact f = finding(i, 0, 10, 1);
        struct fact_finding numbered = *f.u.object.finding;
        struct uuid u = made_uuid_of("finding", i);
        numbered.number = given[i];
        f.u.object.finding = &numbered;
        apply(s, &f);
        assert_ok(view_finding(s->v, &u, &row, NULL));
        assert_int_equal(row.number, want[i]);
    }
    assert_int_equal(view_last_finding(s->v), 9);
}

static enum err see_evidence(void *self, const struct evidence_row *row)
{
    struct seen *x = self;
    x->n[x->count] = row->n;
    snprintf(x->words[x->count++], 64, "%u line %llu at %llu of " TEXT_FMT, row->index, (unsigned long long)row->line,
             (unsigned long long)row->offset, TEXT_ARG(row->file));
    return OK;
}

static void evidence_and_following(void **state)
{
    struct stage *s = *state;
    struct fact_hit hits[] = {{made_uuid_of("finding", 1), 7, 100, 1},
                              {made_uuid_of("finding", 2), 8, 200, 2},
                              {made_uuid_of("finding", 1), 9, 300, 3}};
    struct fact f = {.kind = FACT_HITS};
    f.u.hits = (struct fact_hits){.file = TEXT("/var/log/x"),
                                  .follow_key = TEXT("dev 1 ino 2"),
                                  .follow_offset = 400,
                                  .follow_line = 10,
                                  .hits = hits,
                                  .hit_count = 3,
                                  .body = {1, 8192}};
    struct uuid first = made_uuid_of("finding", 1);
    struct seen x = {.count = 0};
    uint64_t offset, line;
    assert_err(view_followed(s->v, TEXT("dev 1 ino 2"), &offset, &line, NULL), ERR_NOT_FOUND);
    apply(s, &f);
    assert_ok(view_evidence(s->v, &first, 10, see_evidence, &x, NULL));
    assert_int_equal(x.count, 2);
    assert_string_equal(x.words[0], "0 line 7 at 100 of /var/log/x");
    assert_string_equal(x.words[1], "2 line 9 at 300 of /var/log/x");
    x.count = 0;
    assert_ok(view_evidence(s->v, &first, 1, see_evidence, &x, NULL));
    assert_int_equal(x.count, 1);
    assert_ok(view_followed(s->v, TEXT("dev 1 ino 2"), &offset, &line, NULL));
    assert_int_equal(offset, 400);
    assert_int_equal(line, 10);
    f.u.hits.hit_count = 0;
    f.u.hits.follow_offset = 500;
    apply(s, &f);
    assert_ok(view_followed(s->v, TEXT("dev 1 ino 2"), &offset, &line, NULL));
    assert_int_equal(offset, 500);
}

static void sightings(void **state)
{
    struct stage *s = *state;
    struct fact_sighting told = {made_uuid_of("finding", 1), made_uuid_of("indicator", 1), made_uuid_of("party", 3)};
    struct version_row row;
    struct fact f =
        object("sighting--33333333-3333-4333-8333-333333333333", "2025-01-01T00:00:00Z", STANDING_CURRENT, "s");
    f.u.object.class_key = class_of((struct gate_class){.sighting = true}, "sighting");
    f.u.object.sighting = &told;
    assert_err(view_sighting_of(s->v, &told.indicator, &told.party, &row, NULL), ERR_NOT_FOUND);
    apply(s, &f);
    f.u.object.supersedes = true;
    f.u.object.modified = TEXT("2025-01-02T00:00:00Z");
    uint64_t n = apply(s, &f);
    assert_ok(view_sighting_of(s->v, &told.indicator, &told.party, &row, NULL));
    assert_int_equal(row.n, n);
    assert_text(row.id, "sighting--33333333-3333-4333-8333-333333333333");
}

static enum err see_name(void *self, const struct fact *f)
{
    struct seen *x = self;
    struct text name = f->kind == FACT_PARTY ? f->u.party.name : f->u.source.name;
    snprintf(x->words[x->count++], 64, TEXT_FMT, TEXT_ARG(name));
    return OK;
}

static void people_change(void **state)
{
    struct stage *s = *state;
    struct seen x = {.count = 0};
    static const char *const names[] = {"CERT-EE", "CERT-LV", "CERT-LT"};
    for (uint64_t i = 0; i < 3; i++) {
        struct fact f = {.kind = FACT_PARTY};
        f.u.party = (struct fact_party){.id = made_uuid_of("party", 3 - i), .name = text_of(names[i])};
        apply(s, &f);
    }
    struct fact f = {.kind = FACT_PARTY};
    f.u.party =
        (struct fact_party){.id = made_uuid_of("party", 3), .name = TEXT("RIA"), .account = made_uuid_of("who", 1)};
    apply(s, &f);
    assert_ok(view_facts(s->v, FACT_PARTY, see_name, &x, NULL));
    assert_int_equal(x.count, 3);
    assert_string_equal(x.words[0], "RIA"); /* its place is where it first appeared */
    assert_string_equal(x.words[1], "CERT-LV");
    struct fact_party p;
    assert_ok(view_party_by_name(s->v, TEXT("RIA"), &p, NULL));
    assert_true(uuid_eq(&p.id, &f.u.party.id) && uuid_eq(&p.account, &f.u.party.account));
    assert_err(view_party_by_name(s->v, TEXT("CERT-EE"), &p, NULL), ERR_NOT_FOUND);
    assert_ok(view_party(s->v, &f.u.party.id, &p, NULL));
    assert_text(p.name, "RIA");
    assert_err(view_facts(s->v, FACT_ACT, see_name, &x, NULL), ERR_USAGE);
}

static void sources_accounts_peers_documents(void **state)
{
    struct stage *s = *state;
    struct facts_made m;
    facts_made_init(&m, 3);
    struct fact source = facts_made_any(&m, FACT_SOURCE), account = facts_made_any(&m, FACT_ACCOUNT);
    struct fact peer = facts_made_any(&m, FACT_PEER), document = facts_made_any(&m, FACT_DOCUMENT);
    source.u.source.name = TEXT("Shadowserver");
    account.u.account.name = TEXT("duty");
    apply(s, &source);
    apply(s, &account);
    apply(s, &peer);
    apply(s, &document);
    struct fact again = {.kind = FACT_SOURCE};
    assert_ok(view_source_by_name(s->v, TEXT("Shadowserver"), &again.u.source, NULL));
    assert_true(uuid_eq(&again.u.source.party, &source.u.source.party));
    assert_int_equal(again.u.source.default_tlp, source.u.source.default_tlp);
    assert_int_equal(again.u.source.default_pap, source.u.source.default_pap);
    assert_ok(view_source(s->v, &source.u.source.id, &again.u.source, NULL));
    again.kind = FACT_ACCOUNT;
    assert_ok(view_account_by_name(s->v, TEXT("duty"), &again.u.account, NULL));
    facts_made_compare(&account, &again);
    assert_ok(view_account(s->v, &account.u.account.id, &again.u.account, NULL));
    again.kind = FACT_PEER;
    assert_ok(view_peer(s->v, &peer.u.peer.party, &again.u.peer, NULL));
    facts_made_compare(&peer, &again);
    again.kind = FACT_DOCUMENT;
    assert_ok(view_document(s->v, &document.u.document.hash, &again.u.document, NULL));
    assert_text_eq(again.u.document.format, document.u.document.format);
    assert_int_equal(again.u.document.read, document.u.document.read);
    assert_int_equal(again.u.document.whole, document.u.document.whole);
    struct view_counts c;
    assert_ok(view_counts(s->v, &c, NULL));
    assert_int_equal(c.sources, 1);
    assert_int_equal(c.accounts, 1);
    assert_int_equal(c.peers, 1);
    facts_made_done(&m);
}

static void releases(void **state)
{
    struct stage *s = *state;
    struct sha256 h = sha256_of("a", 1), other = sha256_of("b", 1);
    struct fact_released item = {5, h, 0};
    struct fact f = {.kind = FACT_RELEASE};
    struct uuid party = made_uuid_of("party", 1), another = made_uuid_of("party", 2);
    bool yes = true;
    f.u.release = (struct fact_release){.party = party, .items = &item, .count = 1};
    assert_ok(view_was_released(s->v, &party, 5, &h, &yes, NULL));
    assert_false(yes);
    apply(s, &f);
    apply(s, &f); /* said twice, it is one */
    assert_ok(view_was_released(s->v, &party, 5, &h, &yes, NULL));
    assert_true(yes);
    assert_ok(view_was_released(s->v, &party, 5, &other, &yes, NULL));
    assert_false(yes);
    assert_ok(view_was_released(s->v, &another, 5, &h, &yes, NULL));
    assert_false(yes);
    struct view_counts c;
    assert_ok(view_counts(s->v, &c, NULL));
    assert_int_equal(c.releases, 1);
}

static void counts(void **state)
{
    struct stage *s = *state;
    struct view_counts c;
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    apply(s, &a);
    a = object(INDICATOR, "2025-01-02T00:00:00Z", STANDING_CURRENT, "b");
    a.u.object.supersedes = true;
    a.u.object.class_key = class_of((struct gate_class){.tlp = TLP_NONE}, "indicator");
    apply(s, &a);
    a = object("incident--11111111-1111-4111-8111-111111111111", "", STANDING_CURRENT, "c");
    a.u.object.class_key = class_of((struct gate_class){.internal_only = true, .ours = true}, "incident");
    apply(s, &a);
    a = object("identity--11111111-1111-4111-8111-111111111111", "", STANDING_CURRENT, "d");
    a.u.object.class_key = class_of((struct gate_class){.internal_only = true, .ours = true}, "identity");
    apply(s, &a);
    a = object("indicator--44444444-1111-4111-8111-111111111111", "", STANDING_QUARANTINED, "e");
    apply(s, &a);
    for (int round = 0; round < 2; round++) {
        assert_ok(view_counts(s->v, &c, NULL));
        assert_int_equal(c.entries, 5);
        assert_int_equal(c.objects, 4);
        assert_int_equal(c.versions, 5);
        assert_int_equal(c.indicators, 1);
        assert_int_equal(c.incidents, 1);
        assert_int_equal(c.organisations, 1);
        assert_int_equal(c.unmarked, 1);
        assert_int_equal(c.quarantined, 1);
        if (round == 0)
            assert_ok(view_commit(s->v, NULL));
    }
}

/* ---- transactions ---- */

static void what_is_taken_back_is_gone(void **state)
{
    struct stage *s = *state;
    struct view_counts before, after;
    struct version_row row;
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    apply(s, &a);
    assert_ok(view_counts(s->v, &before, NULL));
    assert_ok(view_savepoint(s->v, NULL));
    struct fact b = object("malware--55555555-1111-4111-8111-111111111111", "", STANDING_CURRENT, "b");
    b.u.object.class_key = class_of((struct gate_class){.tlp = TLP_RED}, "malware"); /* new names, too */
    b.u.object.party = made_uuid_of("party", 9);
    apply(s, &b);
    assert_ok(view_rollback_to(s->v, NULL));
    s->n = 1;
    assert_ok(view_counts(s->v, &after, NULL));
    assert_memory_equal(&before, &after, sizeof before);
    assert_err(view_current(s->v, b.u.object.id, &row, NULL), ERR_NOT_FOUND);
    b.u.object.class_key = class_of((struct gate_class){.tlp = TLP_AMBER}, "malware");
    uint64_t n = apply(s, &b);
    assert_ok(view_by_entry(s->v, n, &row, NULL));
    struct gate_class cls;
    assert_ok(view_class(s->v, row.class_id, &cls, NULL));
    assert_int_equal(cls.tlp, TLP_AMBER);
    assert_ok(view_commit(s->v, NULL));
    assert_ok(view_begin(s->v, NULL));
    a = object(INDICATOR, "2025-01-02T00:00:00Z", STANDING_CURRENT, "c");
    a.u.object.supersedes = true;
    apply(s, &a);
    view_rollback(s->v);
    assert_int_equal(view_position(s->v), 2);
    assert_ok(view_current(s->v, TEXT(INDICATOR), &row, NULL));
    assert_int_equal(row.n, 0);
    assert_err(view_class(s->v, 77, &cls, NULL), ERR_NOT_FOUND);
}

static void entries_follow_one_another(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct fact a = {.kind = FACT_ACT};
    apply(s, &a);
    a.n = 0;
    assert_err(view_apply(s->v, &a, &f), ERR_MALFORMED);
    a.n = 2;
    assert_err(view_apply(s->v, &a, &f), ERR_MALFORMED);
    a.n = 1;
    a.t_us = -1;
    assert_err(view_apply(s->v, &a, &f), ERR_MALFORMED);
    assert_ok(view_apply_erased(s->v, 1, 500, &f));
    assert_int_equal(view_position(s->v), 2);
}

static void readers_see_commits_and_snapshots(void **state)
{
    struct stage *s = *state;
    struct view *r;
    struct version_row row;
    assert_ok(view_commit(s->v, NULL));
    assert_ok(view_open_at(s->path, false, &r, NULL));
    uint64_t generation = view_generation(r);
    assert_ok(view_snapshot(r, NULL));
    assert_ok(view_begin(s->v, NULL));
    struct fact a = object(INDICATOR, "2025-01-01T00:00:00Z", STANDING_CURRENT, "a");
    apply(s, &a);
    assert_int_equal(view_generation(r), generation);
    assert_ok(view_commit(s->v, NULL));
    assert_err(view_current(r, TEXT(INDICATOR), &row, NULL), ERR_NOT_FOUND); /* its snapshot is older */
    assert_int_equal(view_position(r), 0);
    view_end(r);
    assert_ok(view_current(r, TEXT(INDICATOR), &row, NULL)); /* names made meanwhile are found, too */
    assert_int_equal(view_position(r), 1);
    assert_int_not_equal(view_generation(r), generation);
    view_close(r);
}

static void other_files_are_refused(void **state)
{
    struct stage *s = *state;
    struct view *v;
    char path[SCRATCH_PATH_MAX + 16];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/other.db", s->dir);
    assert_err(view_open_at(path, false, &v, NULL), ERR_NOT_FOUND);
    scratch_write(path, "this is no database, but it is long enough to look like one .....................", 80);
    assert_err(view_open_at(path, true, &v, NULL), ERR_VERSION);
    assert_int_equal(unlink(path), 0);
    assert_ok(view_open_at(path, true, &v, NULL));
    view_close(v);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9999", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_err(view_open_at(path, true, &v, NULL), ERR_VERSION);
    assert_err(view_open_at(path, false, &v, NULL), ERR_VERSION);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(versions_and_standings),
        TEST(conflict_loser),
        TEST(all_versions_newest_first),
        TEST(values_of_current_versions_only),
        TEST(findings),
        TEST(finding_numbers),
        TEST(evidence_and_following),
        TEST(sightings),
        TEST(people_change),
        TEST(sources_accounts_peers_documents),
        TEST(releases),
        TEST(counts),
        TEST(what_is_taken_back_is_gone),
        TEST(entries_follow_one_another),
        TEST(readers_see_commits_and_snapshots),
        TEST(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
