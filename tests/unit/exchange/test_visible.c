/* What a recipient sees over time. Property: over random writes, changes of policy, restarts and page sizes, who
 * keeps a cursor gets every object that it may have, none that it may not have, and each once for each date it had.
 */
#include "unit/exchange/rig.h"

#include <stdio.h>

#include "exchange/acts.h"

#define OBJECTS   60
#define RELATIONS 40 /* between objects, or notes about relations; published before their ends or after */

struct reader {
    char query[600], after[40];
    bool by_date;
    unsigned limit, versions[OBJECTS]; /* newest version seen, from 1 */
    bool relations[RELATIONS];
    char dates[OBJECTS + RELATIONS][40]; /* of the last time it came; pages of one object only */
};
struct world {
    struct rig rig;
    struct rig_partner partner;
    uint64_t seed;
    unsigned version[OBJECTS]; /* of ours; 0: none */
    enum tlp label[OBJECTS];
    bool by_feed[OBJECTS];
    struct {
        bool published;
        unsigned from, to; /* to: OBJECTS and more are relations */
    } relations[RELATIONS];
    bool granted[OBJECTS]; /* an approval speaks of it */
    struct uuid grants[OBJECTS];
    struct uuid feed, feed_party;
    enum tlp ceiling, feed_default;
};

static unsigned pick(struct world *w, unsigned below)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->seed >> 33) % below;
}

static enum err write_source(struct txn *t, void *self, struct fault *reterr)
{
    struct world *w = self;
    struct fact f = {.kind = FACT_SOURCE,
                     .u.source = {.id = w->feed,
                                  .account = *node_admin(txn_node(t)),
                                  .party = w->feed_party,
                                  .name = TEXT("feed"),
                                  .default_tlp = w->feed_default}};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* ---- what happens ---- */

static void publish(struct world *w)
{
    static const enum tlp labels[] = {TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLP_NONE};
    unsigned from = pick(w, OBJECTS), to = from + 1 + pick(w, 12);
    struct buffer b;
    struct intake_options o = {.format = READER_STIX, .account = *node_admin(w->rig.node)};
    bool feed = pick(w, 3) == 0;
    buffer_init(&b, 1 * MIB);
    for (unsigned i = from; i < to && i < OBJECTS; i++) {
        bool known = w->version[i] > 0;
        if (known && w->by_feed[i] != feed)
            continue;
        w->by_feed[i] = feed;
        w->version[i]++;
        w->label[i] = feed ? TLP_NONE : labels[pick(w, ARRAY_LEN(labels))];
        buffer_add(&b, text_of(b.len ? "," : ""));
        buffer_add(&b, text_of(rig_indicator(i, w->version[i], w->label[i])));
    }
    buffer_add_char(&b, 0);
    if (feed) {
        o.party = w->feed_party;
        o.source = w->feed;
    } else {
        o.from_self = true;
    }
    rig_import_as(&w->rig, &o, b.ptr);
    buffer_done(&b);
}

static void relate(struct world *w)
{
    unsigned k = pick(w, RELATIONS);
    if (w->relations[k].published)
        return;
    w->relations[k].published = true;
    w->relations[k].from = pick(w, OBJECTS);
    unsigned about = pick(w, RELATIONS);
    bool note = w->relations[about].published && about != k;
    w->relations[k].to = note ? OBJECTS + about : pick(w, OBJECTS);
    unsigned to = w->relations[k].to;
    const char *from = rig_indicator_id(w->relations[k].from);
    struct intake_totals t;
    if (to < OBJECTS)
        t = rig_import(&w->rig, "self", rig_relationship(k, from, rig_indicator_id(to), TLP_CLEAR));
    else if (w->relations[to - OBJECTS].to < OBJECTS)
        t = rig_import(&w->rig, "self", rig_note(k, rig_relationship_id(to - OBJECTS), TLP_CLEAR));
    else
        t = rig_import(&w->rig, "self", rig_note(k, rig_note_id(to - OBJECTS), TLP_CLEAR));
    assert_int_equal(t.fresh, 1);
}

static void change_policy(struct world *w)
{
    struct fault f = {0};
    if (pick(w, 2)) {
        static const enum tlp ceilings[] = {TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT};
        w->ceiling = ceilings[pick(w, ARRAY_LEN(ceilings))];
        const struct peer_settings s = {.has_ceiling = true, .ceiling = w->ceiling};
        assert_ok(peer_set(w->rig.node, &w->partner.party, &s, node_admin(w->rig.node), &f));
        return;
    }
    static const enum tlp defaults[] = {TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER};
    w->feed_default = defaults[pick(w, ARRAY_LEN(defaults))];
    assert_ok(node_write(w->rig.node, write_source, w, &f));
    assert_ok(taxii_openings_update(w->rig.node, &f));
}

/* An approval of an object that is there, or one taken back. */
static void grant(struct world *w)
{
    struct fault f = {0};
    unsigned i = pick(w, OBJECTS);
    if (w->granted[i]) {
        assert_ok(share_revoke(w->rig.node, &w->grants[i], node_admin(w->rig.node), TEXT("no longer"), &f));
        w->granted[i] = false;
    } else if (w->version[i]) {
        struct fact_grant g = {.kind = GRANT_APPROVAL,
                               .account = *node_admin(w->rig.node),
                               .object = text_of(rig_indicator_id(i)),
                               .to = w->partner.party,
                               .reason = TEXT("they need it")};
        if (share_grant(w->rig.node, &g, &f) == OK) {
            w->grants[i] = g.id;
            w->granted[i] = true;
        }
    }
}

/* release.md 2, in the words of this test: an approval lifts the ceiling and nothing else. */
static bool may_see(const struct world *w, unsigned i)
{
    enum tlp label = w->label[i] != TLP_NONE || !w->by_feed[i] ? w->label[i] : w->feed_default;
    enum tlp ceiling = w->granted[i] ? TLP_AMBER_STRICT : w->ceiling;
    enum tlp most = w->by_feed[i] && ceiling > TLP_GREEN ? TLP_GREEN : ceiling;
    return w->version[i] && label != TLP_NONE && label <= most && label != TLP_RED;
}

static bool may_see_relation(const struct world *w, unsigned k)
{
    unsigned to = w->relations[k].to;
    if (!w->relations[k].published)
        return false;
    return to < OBJECTS ? may_see(w, w->relations[k].from) && may_see(w, to) : may_see_relation(w, to - OBJECTS);
}

/* ---- who looks ---- */

static unsigned index_of(struct text id)
{
    char digits[13] = {0};
    memcpy(digits, id.ptr + id.len - 12, 12);
    return (unsigned)strtoul(digits, NULL, 16);
}

/* Nothing changes while a page is made here. */
static void take_page(struct world *w, struct reader *r, const struct rig_answer *a)
{
    for (size_t k = 0; k < a->count; k++) {
        unsigned i = index_of(rig_object_id(a, k));
        if (text_starts(rig_object_id(a, k), TEXT("relationship--")) ||
            text_starts(rig_object_id(a, k), TEXT("note--"))) {
            assert_true(i < RELATIONS && may_see_relation(w, i));
            r->relations[i] = true;
            i += OBJECTS;
        } else {
            struct text modified = json_text(json_get(rig_object(a, k), "modified"));
            unsigned v =
                (unsigned)strtoul(modified.ptr + 11, NULL, 10) * 60 + (unsigned)strtoul(modified.ptr + 14, NULL, 10);
            assert_true(i < OBJECTS && v <= w->version[i] && may_see(w, i));
            r->versions[i] = v;
        }
        if (a->count == 1) {
            if (strcmp(a->first, r->dates[i]) <= 0) /* never twice for one date */
                fail_msg("%u at %s, then at %s: %s", i, r->dates[i], a->first, r->query);
            snprintf(r->dates[i], sizeof r->dates[i], "%s", a->first);
        }
    }
}

/* The same question again, and again from what was kept, has the same answer. */
static void ask_again(struct world *w, const char *query, const struct rig_answer *first)
{
    for (int i = 0; i < 3; i++) {
        struct rig_answer a;
        rig_objects(&w->rig, w->partner.token, query, &a);
        assert_string_equal(a.body, first->body);
        assert_string_equal(a.last, first->last);
        rig_answer_done(&a);
    }
}

/* Pages until there is no more, or only one page. */
static void look(struct world *w, struct reader *r, bool to_the_end)
{
    char next[256] = "", last[40] = "";
    do {
        struct rig_answer a;
        int n = snprintf(r->query, sizeof r->query, "match[type]=indicator,relationship,note&limit=%u", r->limit);
        if (r->after[0])
            n += snprintf(r->query + n, sizeof r->query - (size_t)n, "&added_after=%s", r->after);
        if (next[0])
            snprintf(r->query + n, sizeof r->query - (size_t)n, "&next=%s", next);
        rig_objects(&w->rig, w->partner.token, r->query, &a);
        assert_int_equal(a.status, 200);
        if (pick(w, 3) == 0)
            ask_again(w, r->query, &a);
        take_page(w, r, &a);
        bool more = a.more;
        snprintf(next, sizeof next, "%s", r->by_date ? "" : a.next);
        if (a.last[0])
            snprintf(last, sizeof last, "%s", a.last);
        if ((r->by_date || !more) && last[0])
            snprintf(r->after, sizeof r->after, "%s", last);
        rig_answer_done(&a);
        if (!more)
            break;
        if (to_the_end && pick(w, 5) == 0)
            (pick(w, 4) ? pick(w, 3) ? pick(w, 2) ? publish : relate : grant
                        : change_policy)(w); /* the world goes on between two pages */
    } while (to_the_end || !r->by_date);
}

static void check_reader(struct world *w, struct reader *r)
{
    r->limit = 1000;
    look(w, r, false);
    for (unsigned i = 0; i < OBJECTS; i++)
        if (may_see(w, i) && r->versions[i] != w->version[i])
            fail_msg("object %u: version %u seen, %u is there", i, r->versions[i], w->version[i]);
    for (unsigned k = 0; k < RELATIONS; k++)
        if (may_see_relation(w, k) && !r->relations[k])
            fail_msg("relation %u was not seen", k);
}

static void one_life(uint64_t seed)
{
    struct world w = {.seed = seed, .ceiling = TLP_GREEN, .feed = uuid_random()};
    struct reader readers[3] = {{.limit = 1}, {.limit = 7}, {.limit = 1000, .by_date = true}};
    struct fault f = {0};
    rig_open(&w.rig, "CSIRT EX");
    w.partner = rig_invite(&w.rig, "CERT B");
    w.feed_party = rig_party(&w.rig, "Feed");
    assert_ok(node_write(w.rig.node, write_source, &w, &f));
    for (int step = 0; step < 40; step++) {
        unsigned what = pick(&w, 16);
        if (what > 12)
            grant(&w);
        else if (what > 9)
            relate(&w);
        else if (what < 4)
            publish(&w);
        else if (what < 6)
            change_policy(&w);
        else if (what == 6)
            rig_restart(&w.rig);
        else
            look(&w, &readers[pick(&w, 3)], pick(&w, 2));
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        check_reader(&w, &readers[i]);
    rig_close(&w.rig);
}

static void every_visible_object_once(void **state)
{
    (void)state;
    const char *more = getenv("SEED");
    uint64_t first = more ? strtoull(more, NULL, 10) : 1;
    for (uint64_t seed = first; seed < first + (more ? 40 : 8); seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        one_life(seed);
    }
}

/* A thousand objects that were opened at one moment bear one date; `next` leads through them all, each once. */
static void one_date_many_pages(void **state)
{
    struct rig rig;
    struct rig_answer a;
    struct fault f = {0};
    struct buffer b;
    bool seen[1000] = {false};
    unsigned count = 0;
    char query[400] = "match[type]=indicator&limit=90";
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct rig_partner partner = rig_invite(&rig, "CERT B");
    buffer_init(&b, 64 * MIB);
    for (unsigned i = 0; i < 1000; i++) {
        buffer_add(&b, text_of(i ? "," : ""));
        buffer_add(&b, text_of(rig_indicator(i, 0, TLP_AMBER)));
    }
    buffer_add_char(&b, 0);
    rig_import(&rig, "self", b.ptr);
    buffer_done(&b);
    rig_import(&rig, "self", rig_indicator(5000, 0, TLP_GREEN));
    rig_objects(&rig, partner.token, "match[type]=indicator", &a);
    assert_int_equal(a.count, 1);
    snprintf(query, sizeof query, "match[type]=indicator&limit=90&added_after=%s", a.last);
    rig_answer_done(&a);
    const struct peer_settings amber = {.has_ceiling = true, .ceiling = TLP_AMBER};
    assert_ok(peer_set(rig.node, &partner.party, &amber, node_admin(rig.node), &f));
    bool more = true;
    while (more) {
        char date[40] = "";
        rig_objects(&rig, partner.token, query, &a);
        assert_int_equal(a.status, 200);
        for (size_t k = 0; k < a.count; k++) {
            unsigned i = index_of(rig_object_id(&a, k));
            assert_false(seen[i]);
            seen[i] = true;
            count++;
        }
        assert_true(!date[0] || strcmp(date, a.last) == 0);
        snprintf(date, sizeof date, "%s", a.last);
        assert_string_equal(a.first, a.last);
        char *next = strstr(query, "&next=");
        if (next)
            *next = 0;
        snprintf(query + strlen(query), sizeof query - strlen(query), "&next=%s", a.next);
        more = a.more;
        rig_answer_done(&a);
    }
    assert_int_equal(count, 1000);
    rig_close(&rig);
}

/* ---- passed over for what it pointed to ---- */

static void expect(struct rig *rig, const char *token, char after[40], const char *const *ids, size_t count)
{
    struct rig_answer a;
    char query[200] = "match[type]=indicator,relationship,note";
    if (after[0])
        snprintf(query, sizeof query, "match[type]=indicator,relationship,note&added_after=%s", after);
    rig_objects(rig, token, query, &a);
    assert_int_equal(a.status, 200);
    if (a.count != count)
        fail_msg("%zu objects, not %zu: %s", a.count, count, a.body);
    for (size_t i = 0; i < count; i++)
        if (!rig_has(&a, ids[i]))
            fail_msg("%s is missing: %s", ids[i], a.body);
    if (a.last[0])
        snprintf(after, 40, "%s", a.last);
    rig_answer_done(&a);
}

#define EXPECT(...)                                                              \
    expect(&rig, partner.token, after, (const char *const[]){__VA_ARGS__, NULL}, \
           sizeof((const char *const[]){__VA_ARGS__, NULL}) / sizeof(const char *) - 1)
#define EXPECT_NOTHING expect(&rig, partner.token, after, NULL, 0)

/* A relationship before its end, one about that relationship, an end that is restricted at first; over restarts. */
static void ends_come_later(void **state)
{
    struct rig rig;
    char after[40] = "";
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct rig_partner partner = rig_invite(&rig, "CERT B");
    rig_import(&rig, "self", rig_note(2, rig_relationship_id(1), TLP_GREEN));
    rig_import(&rig, "self", rig_relationship(1, rig_indicator_id(1), rig_indicator_id(2), TLP_GREEN));
    rig_import(&rig, "self", rig_relationship(3, rig_indicator_id(1), rig_indicator_id(3), TLP_GREEN));
    rig_import(&rig, "self", rig_indicator(1, 1, TLP_GREEN));
    rig_import(&rig, "self", rig_indicator(3, 1, TLP_AMBER));
    EXPECT(rig_indicator_id(1));
    EXPECT_NOTHING;
    rig_import(&rig, "self", rig_indicator(2, 1, TLP_GREEN));
    EXPECT(rig_indicator_id(2), rig_relationship_id(1), rig_note_id(2));
    EXPECT_NOTHING;
    rig_restart(&rig);
    EXPECT_NOTHING;
    rig_import(&rig, "self", rig_indicator(3, 2, TLP_GREEN));
    EXPECT(rig_indicator_id(3), rig_relationship_id(3));
    EXPECT_NOTHING;
    after[0] = 0; /* from the start: each once */
    EXPECT(rig_indicator_id(1), rig_indicator_id(2), rig_indicator_id(3), rig_relationship_id(1), rig_note_id(2),
           rig_relationship_id(3));
    rig_close(&rig);
}

/* What went out cut comes again when it can go whole. */
static void whole_later(void **state)
{
    struct rig rig;
    char after[40] = "", refs[300];
    const char *id = rig_note_id(1);
    (void)state;
    rig_open(&rig, "CSIRT EX");
    struct rig_partner partner = rig_invite(&rig, "CERT B");
    rig_import(&rig, "self", rig_indicator(1, 1, TLP_GREEN));
    snprintf(refs, sizeof refs, "%s\",\"%s\",\"%s", rig_indicator_id(1), rig_indicator_id(2), rig_indicator_id(99));
    rig_import(&rig, "self", rig_note(1, refs, TLP_GREEN));
    EXPECT(rig_indicator_id(1), id);
    rig_import(&rig, "self", rig_indicator(7, 1, TLP_GREEN));
    EXPECT(rig_indicator_id(7));
    rig_import(&rig, "self", rig_indicator(2, 1, TLP_GREEN));
    EXPECT(rig_indicator_id(2), id);
    EXPECT_NOTHING;
    rig_import(&rig, "self", rig_indicator(8, 1, TLP_GREEN));
    EXPECT(rig_indicator_id(8));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_come_later),
        cmocka_unit_test(whole_later),
        cmocka_unit_test(one_date_many_pages),
        cmocka_unit_test(every_visible_object_once),
    };
    return cmocka_run_group_tests_name("visible", tests, NULL, NULL);
}
