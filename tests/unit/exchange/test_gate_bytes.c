/* Nothing withheld in any byte that leaves: not a value, not an id, not a name; and what left is in the log, once. */
#include "unit/exchange/rig.h"

#include <pthread.h>
#include <stdio.h>

#define MEDIA "application/taxii+json;version=2.1"

struct world {
    struct rig rig;
    struct rig_partner partner, other;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rig_open(&w->rig, "CSIRT EX");
    w->partner = rig_invite(&w->rig, "CERT B");
    w->other = rig_invite(&w->rig, "CERT C");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rig_close(&w->rig);
    free(w);
    return 0;
}

/* What the log shows of itself: a head, hashes, statements; details never. */
static void ask_the_log(struct world *w, const char *token)
{
    static const struct {
        const char *path;
        int status;
    } asked[] = {{"/log/checkpoint", 200},
                 {"/log/tile/0/000.p/9", 200},
                 {"/log/origins", 200},
                 {"/log/tile/entries/000", 404},
                 {"/log/tile/0/000.p/255", 404},
                 {"/log/entries/0", 404},
                 {"/log/witness/add-checkpoint", 405}};
    struct rig_answer a;
    bool fresh;
    assert_ok(node_publish(w->rig.node, &fresh, NULL));
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        rig_ask(&w->rig, &(struct rig_ask){.path = asked[i].path, .token = token}, &a);
        assert_int_equal(a.status, asked[i].status);
        rig_answer_done(&a);
    }
}

/* Everything the partner can ask for, with what it might guess: ids it does not have. */
static void ask_everything(struct world *w, const char *token, const char *const *ids, size_t id_count)
{
    static const char *const collections[] = {"indicators", "intelligence", "entente"};
    static const char *const queries[] = {"",
                                          "limit=1",
                                          "match[version]=all",
                                          "match[version]=first",
                                          "match[type]=relationship,report,sighting,identity,indicator,note",
                                          "added_after=2020-01-01T00:00:00Z",
                                          "added_after=2099-01-01T00:00:00Z"};
    struct rig_answer a;
    char path[300];
    for (size_t c = 0; c < ARRAY_LEN(collections); c++)
        for (size_t q = 0; q < ARRAY_LEN(queries); q++) {
            static const char *const what[] = {"objects", "manifest"};
            for (size_t k = 0; k < ARRAY_LEN(what); k++) {
                snprintf(path, sizeof path, "api/collections/%s/%s/", collections[c], what[k]);
                rig_ask(&w->rig, &(struct rig_ask){.path = path, .query = queries[q], .token = token}, &a);
                assert_int_equal(a.status, 200);
                rig_answer_done(&a);
            }
        }
    ask_the_log(w, token);
    for (size_t i = 0; i < id_count; i++) {
        static const char *const ends[] = {"", "versions/"};
        char query[300];
        snprintf(path, sizeof path, "/log/proof/%s", ids[i]);
        rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token}, &a);
        assert_int_equal(a.status, 404);
        rig_answer_done(&a);
        for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
            snprintf(path, sizeof path, "api/collections/intelligence/objects/%s/%s", ids[i], ends[k]);
            rig_ask(&w->rig, &(struct rig_ask){.path = path, .token = token}, &a);
            assert_int_equal(a.status, 404);
            rig_answer_done(&a);
        }
        snprintf(query, sizeof query, "match[id]=%s&match[version]=all", ids[i]);
        rig_objects(&w->rig, token, query, &a);
        assert_string_equal(a.body, "{}");
        rig_answer_done(&a);
    }
}

static void nowhere(const struct world *w, const char *secret)
{
    if (text_find_text(buffer_text(&w->rig.all), text_of(secret)) >= 0)
        fail_msg("left the house: %s", secret);
}

static void somewhere(const struct world *w, const char *text)
{
    if (text_find_text(buffer_text(&w->rig.all), text_of(text)) < 0)
        fail_msg("did not leave: %s", text);
}

static const char *object(unsigned i, const char *type, const char *members, enum tlp label)
{
    static char out[8][2048];
    static unsigned at;
    char *to = out[at++ % 8], id[IDENT_TEXT_MAX];
    struct uuid marking;
    assert_true(tlp_marking(label, 2, &marking));
    snprintf(
        to, sizeof out[0],
        "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s--00000000-0000-4000-8000-%012x\",\"created\":"
        "\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"object_marking_refs\":[\"%s\"],%s}",
        type, type, i, ident_format(TEXT("marking-definition"), &marking, id).ptr, members);
    return to;
}

static void nothing_withheld(void **state)
{
    struct world *w = *state;
    struct rig *r = &w->rig;
    char members[600];
    rig_import(r, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(r, "self", rig_indicator(2, 0, TLP_CLEAR));
    rig_import(r, "self", rig_indicator(11, 0, TLP_AMBER));
    rig_import(r, "self", rig_indicator(12, 0, TLP_AMBER_STRICT));
    rig_import(r, "self", rig_indicator(13, 0, TLP_RED));
    rig_import(r, "self", rig_indicator(14, 0, TLP_NONE));
    rig_import(r, "CERT C", rig_indicator(15, 0, TLP_AMBER));
    rig_import(r, "CERT C", rig_indicator(16, 0, TLP_RED));
    rig_import(r, "CERT C", rig_indicator(17, 0, TLP_NONE));
    rig_import(r, NULL, rig_indicator(18, 0, TLP_NONE));
    rig_import(r, "CERT B", rig_indicator(19, 0, TLP_GREEN)); /* its own: not sent back */
    rig_import(r, "self", rig_relationship(21, rig_indicator_id(1), rig_indicator_id(13), TLP_CLEAR));
    rig_import(r, "self", rig_relationship(22, rig_indicator_id(14), rig_indicator_id(1), TLP_CLEAR));
    rig_import(r, "self", rig_relationship(23, rig_indicator_id(1), rig_indicator_id(2), TLP_CLEAR));
    rig_import(r, "self", rig_relationship(24, rig_relationship_id(21), rig_indicator_id(1), TLP_CLEAR));
    snprintf(members, sizeof members,
             "\"name\":\"a report\",\"published\":\"2026-01-01T00:00:00Z\",\"object_refs\":"
             "[\"%s\",\"%s\",\"%s\"]",
             rig_indicator_id(1), rig_indicator_id(11), rig_relationship_id(21));
    rig_import(r, "self", object(31, "report", members, TLP_GREEN));
    rig_import(r, "self", object(41, "identity", "\"name\":\"Secret Hospital\"", TLP_AMBER));
    snprintf(members, sizeof members,
             "\"content\":\"a note\",\"created_by_ref\":\"identity--00000000-0000-4000-8000-%012x\","
             "\"object_refs\":[\"%s\"]",
             41u, rig_indicator_id(2));
    rig_import(r, "self", object(42, "note", members, TLP_GREEN));

    const char *const withheld[] = {rig_indicator_id(11),
                                    rig_indicator_id(12),
                                    rig_indicator_id(13),
                                    rig_indicator_id(14),
                                    rig_indicator_id(15),
                                    rig_indicator_id(16),
                                    rig_indicator_id(17),
                                    rig_indicator_id(18),
                                    rig_indicator_id(19),
                                    rig_relationship_id(21),
                                    rig_relationship_id(22),
                                    rig_relationship_id(24),
                                    "identity--00000000-0000-4000-8000-000000000029"};
    ask_everything(w, w->partner.token, withheld, ARRAY_LEN(withheld));
    for (size_t i = 0; i < ARRAY_LEN(withheld); i++)
        nowhere(w, withheld[i]);
    for (unsigned i = 11; i <= 19; i++)
        nowhere(w, rig_indicator_value(i));
    nowhere(w, "Secret Hospital");
    nowhere(w, "CERT C");
    somewhere(w, rig_indicator_value(1));
    somewhere(w, rig_indicator_value(2));
    somewhere(w, rig_relationship_id(23));
    somewhere(w, "a report");
    somewhere(w, "a note");
}

/* ---- releases ---- */

struct found {
    uint64_t entries, items;
    struct uuid party;
};

static struct found releases_in_log(struct rig *r, const struct uuid *party)
{
    struct found found = {.party = *party};
    struct log *log;
    struct log_reader *reader;
    struct log_read read;
    char dir[RIG_PATH_MAX + 16];
    snprintf(dir, sizeof dir, "%s/log", r->home);
    assert_ok(log_open(io_system(), dir, false, &log, NULL));
    assert_ok(log_reader_open(log, 0, &reader, NULL));
    while (log_reader_next(reader, &read, NULL) == OK) {
        struct arena arena;
        struct fact f;
        arena_init(&arena, 64 * MIB);
        assert_ok(fact_decode(&read, &arena, &f, NULL));
        if (f.kind == FACT_RELEASE && uuid_eq(&f.u.release.party, party)) {
            found.entries++;
            found.items += f.u.release.count;
        }
        arena_done(&arena);
    }
    log_reader_close(reader);
    log_close(log);
    return found;
}

static void fetch(struct world *w, const char *token, const char *query)
{
    struct rig_answer a;
    rig_objects(&w->rig, token, query, &a);
    assert_int_equal(a.status, 200);
    rig_answer_done(&a);
}

static void recorded_once(void **state)
{
    struct world *w = *state;
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(3, 0, TLP_RED));
    fetch(w, w->partner.token, "match[type]=indicator&limit=1");
    struct found f = releases_in_log(&w->rig, &w->partner.party);
    assert_int_equal(f.entries, 1);
    assert_int_equal(f.items, 1);
    fetch(w, w->partner.token, "match[type]=indicator"); /* one of two is new */
    for (int i = 0; i < 3; i++)
        fetch(w, w->partner.token, "match[type]=indicator");
    rig_restart(&w->rig);
    fetch(w, w->partner.token, "match[type]=indicator");
    f = releases_in_log(&w->rig, &w->partner.party);
    assert_int_equal(f.entries, 2);
    assert_int_equal(f.items, 2);
    assert_int_equal(releases_in_log(&w->rig, &w->other.party).entries, 0);
    fetch(w, w->other.token, "match[type]=indicator");
    assert_int_equal(releases_in_log(&w->rig, &w->other.party).items, 2);
    rig_import(&w->rig, "self", rig_indicator(1, 5, TLP_GREEN)); /* another version is another release */
    fetch(w, w->partner.token, "match[type]=indicator");
    assert_int_equal(releases_in_log(&w->rig, &w->partner.party).items, 3);
}

/* Our own people reading is no release; their bytes obey the gate all the same. */
static void own_reading(void **state)
{
    struct world *w = *state;
    char token[128];
    rig_account(&w->rig, "siem", ROLE_READER, token);
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_AMBER_STRICT));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_RED));
    uint64_t entries = rig_counts(&w->rig).entries;
    fetch(w, token, "match[type]=indicator");
    assert_int_equal(rig_counts(&w->rig).entries, entries);
    somewhere(w, rig_indicator_value(1));
    nowhere(w, rig_indicator_value(2));
}

/* Asked for so often that it is kept; and gone with the first change that takes it away. */
static void kept_no_longer_than_true(void **state)
{
    struct world *w = *state;
    struct rig_answer a;
    struct fault f = {0};
    rig_import(&w->rig, "self", rig_indicator(1, 0, TLP_GREEN));
    rig_import(&w->rig, "self", rig_indicator(2, 0, TLP_GREEN));
    for (int i = 0; i < 4; i++)
        fetch(w, w->partner.token, "match[type]=indicator");
    rig_import(&w->rig, "self", rig_indicator(1, 1, TLP_RED));
    rig_objects(&w->rig, w->partner.token, "match[type]=indicator", &a);
    assert_int_equal(a.count, 1);
    rig_answer_done(&a);
    for (int i = 0; i < 4; i++)
        fetch(w, w->partner.token, "match[type]=indicator");
    const struct peer_settings s = {.has_ceiling = true, .ceiling = TLP_CLEAR};
    assert_ok(peer_set(w->rig.node, &w->partner.party, &s, node_admin(w->rig.node), &f));
    rig_objects(&w->rig, w->partner.token, "match[type]=indicator", &a);
    assert_string_equal(a.body, "{}");
    rig_answer_done(&a);
    for (int i = 0; i < 4; i++)
        fetch(w, w->other.token, "match[type]=indicator");
    assert_int_equal(releases_in_log(&w->rig, &w->other.party).items, 1);
    assert_ok(peer_expel(w->rig.node, &w->other.party, TEXT("test"), node_admin(w->rig.node), &f));
    rig_objects(&w->rig, w->other.token, "match[type]=indicator", &a);
    assert_int_equal(a.status, 401);
    rig_answer_done(&a);
}

struct puller {
    struct world *w;
    pthread_t thread;
};

static void *pull_all(void *self)
{
    struct puller *p = self;
    for (int i = 0; i < 4; i++) {
        struct rig quiet = p->w->rig; /* its own byte record: the rig's is for one thread */
        struct rig_answer a;
        buffer_init(&quiet.all, 64 * MIB);
        rig_objects(&quiet, p->w->partner.token, "match[type]=indicator&limit=1000", &a);
        assert_int_equal(a.count, 300);
        rig_answer_done(&a);
        buffer_done(&quiet.all);
    }
    return NULL;
}

/* Eight requests at once carry the same objects: each is recorded by one of them. */
static void recorded_once_by_many(void **state)
{
    struct world *w = *state;
    struct puller pullers[8];
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    for (unsigned i = 0; i < 300; i++) {
        buffer_add(&b, text_of(i ? "," : ""));
        buffer_add(&b, text_of(rig_indicator(i, 0, TLP_GREEN)));
    }
    buffer_add_char(&b, 0);
    rig_import(&w->rig, "self", b.ptr);
    buffer_done(&b);
    for (size_t i = 0; i < ARRAY_LEN(pullers); i++) {
        pullers[i].w = w;
        assert_int_equal(pthread_create(&pullers[i].thread, NULL, pull_all, &pullers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(pullers); i++)
        pthread_join(pullers[i].thread, NULL);
    assert_int_equal(releases_in_log(&w->rig, &w->partner.party).items, 300);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(nothing_withheld), TEST(recorded_once), TEST(own_reading),
                                       TEST(kept_no_longer_than_true), TEST(recorded_once_by_many)};
    return cmocka_run_group_tests_name("gate_bytes", tests, NULL, NULL);
}
