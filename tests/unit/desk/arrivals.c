/* What arrives is judged by the current version alone where that is enough, and by all that is held where not: both
 * ways leave what the rule says of everything (desk/versions.h), and so does a replay. */
#include "house.h"

#include "desk/holding.h"
#include "desk/proven.h"

static struct house house;
static uint64_t seed = 4711;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static int setup(void **state)
{
    *state = &house;
    house_open(&house);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

struct looked {
    const char *id;
    size_t changes;
    bool promoted, other;
};

/* Arranged anew, nothing changes. On the writer thread: asserted by who asks. */
static enum err look(struct txn *t, void *self, struct fault *reterr)
{
    struct holding h;
    struct looked *l = self;
    enum err e = holding_load(&h, t, text_of(l->id), reterr);
    if (e == OK)
        e = holding_arrange(&h, reterr);
    if (e == OK) {
        l->promoted = h.promoted;
        l->changes = h.changes.count;
        l->other = h.result.current ? h.current != h.result.current->n : h.current != UINT64_MAX;
    }
    holding_done(&h);
    return e;
}

static void nothing_changes(struct house *h, const char *id)
{
    struct fault fault;
    struct looked l = {.id = id};
    assert_ok(node_write(h->node, look, &l, &fault));
    if (l.promoted || l.changes || l.other)
        fail_msg("%s: promoted %d, %zu changes, another counts %d", id, l.promoted, l.changes, l.other);
}

static enum err prove(struct txn *t, void *self, struct fault *reterr)
{
    bool news;
    return version_prove(t, self, &news, reterr);
}

struct some {
    struct sha256 hash;
    uint64_t left;
};

static enum err on_version(void *self, const struct version_row *row)
{
    struct some *s = self;
    if (s->left-- == 0)
        s->hash = row->hash;
    return OK;
}

/* Some version is proven by the log of a or b. */
static void prove_some(struct house *h, const char *id, const struct uuid *identity)
{
    struct some s = {.left = below(4)};
    struct view *v;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_versions(v, text_of(id), on_version, &s, &fault));
    node_reader_done(h->node, v);
    struct proven_version p = {.id = text_of(id),
                               .hash = s.hash,
                               .party = below(2) ? h->a : h->b,
                               .leaf = below(100),
                               .logged_us = 1 + (int64_t)below(100),
                               .proof = TEXT("a proof"),
                               .account = h->account};
    if (uuid_eq(&p.party, &h->a))
        p.identity = *identity;
    assert_ok(node_write(h->node, prove, &p, &fault));
}

static void arrive(struct house *h, unsigned number, const struct uuid *identity)
{
    char extra[1024], who[IDENT_TEXT_MAX];
    static const char *const modified[] = {"2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z",
                                           "2026-01-04T00:00:00.000Z", "9999-01-01T00:00:00.000Z"};
    static const char *const words[] = {"", ",\"description\":\"x\"", ",\"description\":\"x\",\"labels\":[\"l\"]",
                                        ",\"description\":\"y\""};
    ident_format(TEXT("identity"), identity, who);
    size_t len = (size_t)snprintf(extra, sizeof extra, "%s%s", words[below(4)], below(5) ? "" : ",\"revoked\":true");
    if (below(2))
        snprintf(extra + len, sizeof extra - len, ",\"created_by_ref\":\"%s\"", who);
    const struct uuid *party = below(9) == 0 ? NULL : below(2) ? &h->a : &h->b;
    struct intake_options o = house_options(h, party);
    struct intake_totals totals;
    if (party == &h->a && below(2))
        o.identity = *identity;
    o.provable = below(2);
    assert_ok(
        house_take(h, text_of(house_bundle("%s", house_indicator(number, modified[below(20) ? below(3) : 3], extra))),
                   &o, &totals));
}

static void both_ways_say_the_same(void **state)
{
    struct house *h = *state;
    struct uuid identity = uuid_random();
    struct fault fault;
    for (unsigned number = 1; number <= 40; number++) {
        char id[64];
        snprintf(id, sizeof id, "%s", house_indicator_id(number));
        for (unsigned i = 0; i < 12; i++) {
            if (i > 0 && below(4) == 0)
                prove_some(h, id, &identity);
            else
                arrive(h, number, &identity);
            nothing_changes(h, id);
        }
    }
    uint64_t entries;
    assert_ok(node_rebuild(h->node, &entries, &fault));
    for (unsigned number = 1; number <= 40; number++) {
        char id[64];
        snprintf(id, sizeof id, "%s", house_indicator_id(number));
        nothing_changes(h, id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(both_ways_say_the_same, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
