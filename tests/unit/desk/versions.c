/* Which version of an object counts: the rules one by one, and that homes which heard of the same things in any
 * order, any number of times, by any path and over partitions agree on everything proven, whatever a forging partner
 * says. */
#include "support/test.h"

#include <stdlib.h>

#include "base/limits.h"
#include "desk/versions.h"

#define NOW ((int64_t)1795292101 * 1000000)

static const struct uuid A = {{1}}, B = {{2}}, C = {{3}};

/* ---- the rules ---- */

#define ROWS_MAX  8
#define WORDS_MAX 4

struct home {
    struct held_version rows[ROWS_MAX];
    struct voucher words[ROWS_MAX][WORDS_MAX];
    size_t count;
};

static struct sha256 hash_of(const char *content)
{
    return sha256_of(content, strlen(content));
}

/* A version that arrives from the party; returns its row. */
static size_t arrive(struct home *h, const struct uuid *party, enum authority authority, int64_t modified_us,
                     const char *content, bool revoked)
{
    size_t i = h->count++;
    h->words[i][0] = (struct voucher){*party, authority, 0};
    h->rows[i] = (struct held_version){.n = i,
                                       .versioned = modified_us != 0,
                                       .revoked = revoked,
                                       .modified_us = modified_us,
                                       .hash = hash_of(content),
                                       .vouchers = h->words[i],
                                       .voucher_count = 1,
                                       .party = *party};
    return i;
}

static void vouch(struct home *h, size_t row, const struct uuid *party, enum authority authority, int64_t logged_us)
{
    h->words[row][h->rows[row].voucher_count++] = (struct voucher){*party, authority, logged_us};
}

static bool never(void *self, const struct held_version *whole, const struct held_version *part)
{
    (void)self, (void)whole, (void)part;
    return false;
}

static void settle(struct home *h, versions_contain *contain)
{
    (void)versions_arrange(h->rows, h->count, contain, NULL);
}

static enum standing standing(struct home *h, size_t row)
{
    settle(h, never);
    return h->rows[row].standing;
}

static void one_party_moves_on(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t ten = arrive(&h, &A, AUTHORITY_SOURCE, 10, "x", false);
    assert_int_equal(standing(&h, ten), STANDING_CURRENT);
    size_t eleven = arrive(&h, &A, AUTHORITY_SOURCE, 11, "y", false);
    size_t nine = arrive(&h, &A, AUTHORITY_SOURCE, 9, "z", false);
    assert_int_equal(standing(&h, eleven), STANDING_CURRENT);
    assert_int_equal(h.rows[ten].standing, STANDING_OLDER);
    assert_int_equal(h.rows[nine].standing, STANDING_OLDER);
    /* revoked is final */
    size_t revoked = arrive(&h, &A, AUTHORITY_SOURCE, 8, "r", true);
    size_t later = arrive(&h, &A, AUTHORITY_SOURCE, 13, "l", false);
    assert_int_equal(standing(&h, revoked), STANDING_CURRENT);
    assert_int_equal(h.rows[later].standing, STANDING_OLDER);
}

static void another_party_only_claims(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t first = arrive(&h, &A, AUTHORITY_SOURCE, 10, "x", false);
    size_t newer = arrive(&h, &B, AUTHORITY_SOURCE, 99, "y", false);
    size_t revokes = arrive(&h, &B, AUTHORITY_SOURCE, 99, "r", true);
    assert_int_equal(standing(&h, first), STANDING_CURRENT);
    assert_int_equal(h.rows[newer].standing, STANDING_CLAIM);
    assert_int_equal(h.rows[revokes].standing, STANDING_CLAIM);
}

static void proven_comes_before_direct_before_first(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t by_c = arrive(&h, &C, AUTHORITY_SOURCE, 10, "c", true);
    size_t by_b = arrive(&h, &B, AUTHORITY_DIRECT, 5, "b", false);
    assert_int_equal(standing(&h, by_b), STANDING_CURRENT);
    assert_int_equal(h.rows[by_c].standing, STANDING_CLAIM);
    size_t by_a = arrive(&h, &C, AUTHORITY_SOURCE, 4, "a", false);
    vouch(&h, by_a, &A, AUTHORITY_LOGGED, 1000);
    assert_int_equal(standing(&h, by_a), STANDING_CURRENT);
    vouch(&h, by_b, &B, AUTHORITY_PROVEN, 2000);
    assert_int_equal(standing(&h, by_b), STANDING_CURRENT);
    assert_int_equal(h.rows[by_a].standing, STANDING_CLAIM);
    size_t ours = arrive(&h, &A, AUTHORITY_OURS, 30, "o", false);
    assert_int_equal(standing(&h, ours), STANDING_CURRENT);
    assert_int_equal(h.rows[by_b].standing, STANDING_CLAIM);
}

static void of_two_logs_the_earlier(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t late = arrive(&h, &C, AUTHORITY_DIRECT, 10, "c", false);
    vouch(&h, late, &C, AUTHORITY_PROVEN, 2000);
    size_t early = arrive(&h, &B, AUTHORITY_DIRECT, 5, "b", false);
    vouch(&h, early, &B, AUTHORITY_PROVEN, 1000);
    assert_int_equal(standing(&h, early), STANDING_CURRENT);
    assert_int_equal(h.rows[late].standing, STANDING_CLAIM);
}

/* What the originator forwards through another is its own; what the other adds is not. */
static void by_another_path(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t one = arrive(&h, &C, AUTHORITY_SOURCE, 10, "x", false);
    size_t forged = arrive(&h, &C, AUTHORITY_SOURCE, 11, "f", false);
    assert_int_equal(standing(&h, forged), STANDING_CURRENT); /* all from C: its word */
    vouch(&h, one, &B, AUTHORITY_PROVEN, 1000);
    assert_int_equal(standing(&h, one), STANDING_CURRENT);
    assert_int_equal(h.rows[forged].standing, STANDING_CLAIM);
}

static void nobody_speaks_for_us(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t forged = arrive(&h, &B, AUTHORITY_NONE, 11, "y", false);
    assert_int_equal(standing(&h, forged), STANDING_CLAIM);
    assert_null(versions_arrange(h.rows, h.count, never, NULL).current);
}

static void one_moment_two_contents(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t x = arrive(&h, &A, AUTHORITY_SOURCE, 10, "x", false), y = arrive(&h, &A, AUTHORITY_SOURCE, 10, "y", false);
    bool x_smaller = memcmp(h.rows[x].hash.b, h.rows[y].hash.b, SHA256_BYTES) < 0;
    assert_int_equal(standing(&h, x), x_smaller ? STANDING_CURRENT : STANDING_CONFLICT);
    assert_int_equal(h.rows[y].standing, x_smaller ? STANDING_CONFLICT : STANDING_CURRENT);
    /* and stays visible when both are old, or one of them revokes */
    arrive(&h, &A, AUTHORITY_SOURCE, 11, "z", false);
    assert_int_equal(standing(&h, x), x_smaller ? STANDING_OLDER : STANDING_CONFLICT);
    size_t r = arrive(&h, &A, AUTHORITY_SOURCE, 11, "r", true);
    assert_int_equal(standing(&h, r), STANDING_CURRENT);
    assert_int_equal(h.rows[r - 1].standing, STANDING_CONFLICT);
}

/* A longer content contains those that it begins with: "ab" is a rendition of "abc". */
static const char *const contents[] = {"a", "ab", "abc", "x", "xy", "q"};

static const char *content_of(const struct held_version *v)
{
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        struct sha256 h = hash_of(contents[i]);
        if (sha256_eq(&h, &v->hash))
            return contents[i];
    }
    return "";
}

static bool begins(void *self, const struct held_version *whole, const struct held_version *part)
{
    (void)self;
    const char *w = content_of(whole), *p = content_of(part);
    return strlen(p) < strlen(w) && strncmp(w, p, strlen(p)) == 0;
}

static void renditions(void **state)
{
    (void)state;
    for (int whole_first = 0; whole_first < 2; whole_first++) {
        struct home h = {.count = 0};
        size_t a = arrive(&h, &A, AUTHORITY_DIRECT, 10, whole_first ? "abc" : "ab", false);
        size_t b = arrive(&h, &A, AUTHORITY_DIRECT, 10, whole_first ? "ab" : "abc", false);
        settle(&h, begins);
        assert_int_equal(h.rows[whole_first ? a : b].standing, STANDING_CURRENT);
        assert_int_equal(h.rows[whole_first ? b : a].standing, STANDING_RENDITION);
        /* another party's larger form is no whole of it */
        size_t c = arrive(&h, &B, AUTHORITY_SOURCE, 10, "abc", false);
        h.rows[c].hash = hash_of("abcd");
        settle(&h, begins);
        assert_int_equal(h.rows[c].standing, STANDING_CLAIM);
        assert_int_equal(h.rows[whole_first ? a : b].standing, STANDING_CURRENT);
    }
    /* what is proven is whole; the other form of its moment, by the same party, is no conflict */
    struct home h = {.count = 0};
    size_t form = arrive(&h, &A, AUTHORITY_DIRECT, 10, "x", false),
           proven = arrive(&h, &C, AUTHORITY_SOURCE, 10, "q", false);
    vouch(&h, proven, &A, AUTHORITY_PROVEN, 1);
    settle(&h, begins);
    assert_int_equal(h.rows[proven].standing, STANDING_CURRENT);
    assert_int_equal(h.rows[form].standing, STANDING_RENDITION);
}

static void variants_per_source(void **state)
{
    (void)state;
    struct home h = {.count = 0};
    size_t one = arrive(&h, &A, AUTHORITY_SOURCE, 0, "x", false),
           other = arrive(&h, &B, AUTHORITY_SOURCE, 0, "y", false);
    size_t two = arrive(&h, &A, AUTHORITY_SOURCE, 0, "z", false);
    assert_int_equal(standing(&h, two), STANDING_CURRENT);
    assert_int_equal(h.rows[one].standing, STANDING_OLDER);
    assert_int_equal(h.rows[other].standing, STANDING_CLAIM);
}

static void the_future(void **state)
{
    (void)state;
    assert_false(versions_too_early(true, NOW + FUTURE_MAX_US, NOW));
    assert_true(versions_too_early(true, NOW + FUTURE_MAX_US + 1, NOW));
    assert_true(versions_too_early(true, (int64_t)253370764800 * 1000000, NOW)); /* the year 9999 */
    assert_false(versions_too_early(false, INT64_MAX, NOW));
}

/* ---- the world: B makes objects, F forges, A, C and D are honest ---- */

static uint64_t seed;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

enum { BEE, EFF, AYE, SEA, DEE, NODES };

/* A content of the one object, as somebody made it. */
struct made {
    int maker; /* BEE or EFF */
    int named; /* whose identity is created_by_ref */
    bool versioned, revoked;
    int64_t modified_us;
    struct sha256 hash;
    bool logged; /* in the maker's log: */
    int64_t logged_us;
};
#define MADE_MAX 10

struct node {
    struct held_version rows[MADE_MAX];
    struct voucher words[MADE_MAX][2 * NODES + 2];
    bool has[MADE_MAX];
    uint64_t n;
};
static struct made made[MADE_MAX];
static size_t made_count;
static struct node nodes[NODES];

/* Every home has its own name for each party. */
static struct uuid name_of(int at, int party)
{
    return (struct uuid){{(uint8_t)(1 + (party * 7 + at * 3) % 11), (uint8_t)party, (uint8_t)at}};
}

static void word(struct node *k, size_t m, struct voucher w)
{
    struct held_version *r = &k->rows[m];
    for (size_t i = 0; i < r->voucher_count; i++)
        if (memcmp(&k->words[m][i].party, &w.party, sizeof w.party) == 0 && k->words[m][i].authority >= w.authority)
            return;
    assert_true(r->voucher_count < ARRAY_LEN(k->words[m]));
    k->words[m][r->voucher_count++] = w;
}

static void hears(int at, int from, size_t m)
{
    struct node *k = &nodes[at];
    const struct made *v = &made[m];
    bool own_line = v->named == from;
    if (!k->has[m])
        k->rows[m] = (struct held_version){.n = k->n++,
                                           .versioned = v->versioned,
                                           .revoked = v->revoked,
                                           .modified_us = v->modified_us,
                                           .hash = v->hash,
                                           .aside = versions_too_early(v->versioned, v->modified_us, NOW),
                                           .standing = STANDING_QUARANTINED,
                                           .vouchers = k->words[m],
                                           .party = name_of(at, from)};
    k->has[m] = true;
    word(k, m, (struct voucher){name_of(at, from), own_line ? AUTHORITY_DIRECT : AUTHORITY_SOURCE, 0});
}

/* A proof that holds: the maker's log has it. As version_prove() judges it. */
static void proves(int at, size_t m)
{
    const struct made *v = &made[m];
    if (nodes[at].has[m] && v->logged && v->named == v->maker)
        word(&nodes[at], m, (struct voucher){name_of(at, v->maker), AUTHORITY_PROVEN, v->logged_us});
}

static const struct made *counts(int at)
{
    struct held_version list[MADE_MAX];
    size_t count = 0;
    for (size_t m = 0; m < made_count; m++)
        if (nodes[at].has[m])
            list[count++] = nodes[at].rows[m];
    struct versions_result r = versions_arrange(list, count, never, NULL);
    for (size_t m = 0; r.current && m < made_count; m++)
        if (sha256_eq(&made[m].hash, &r.current->hash))
            return &made[m];
    return NULL;
}

static void make(struct made v)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%zu %llu", made_count, (unsigned long long)below(1u << 30));
    v.hash = sha256_of(text, (size_t)len);
    made[made_count++] = v;
}

static void make_world(void)
{
    made_count = 0;
    memset(nodes, 0, sizeof nodes);
    size_t by_b = 1 + below(3);
    for (size_t i = 0; i < by_b; i++)
        make((struct made){.maker = BEE,
                           .named = BEE,
                           .versioned = true,
                           .revoked = i + 1 == by_b && below(4) == 0,
                           .modified_us = NOW - 1000 + (int64_t)below(3) * 100,
                           .logged = true,
                           .logged_us = NOW - 900 + (int64_t)i});
    for (size_t i = 1 + below(5); i > 0; i--) {
        bool logged = below(2);
        make((struct made){.maker = EFF,
                           .named = below(2) ? EFF : BEE, /* rebadged as its own, or in B's name */
                           .versioned = true,
                           .revoked = below(3) == 0,
                           .modified_us =
                               below(4) == 0 ? (int64_t)253370764800 * 1000000 : NOW - 1000 + (int64_t)below(9) * 50,
                           .logged = logged,
                           .logged_us = NOW - 500 + (int64_t)below(100)});
    }
}

/* One message: what a node holds goes to another, with the proof or, for now, without. */
static void message(int to, int from, size_t m, bool with_proof)
{
    bool holds = from == made[m].maker || nodes[from].has[m];
    bool honest = from != EFF;
    if (to == from || to == made[m].maker || !holds)
        return;
    if (honest && from != BEE && made[m].maker == EFF && counts(from) != &made[m])
        return; /* claims are not handed on */
    hears(to, from, m);
    if (with_proof)
        proves(to, m);
}

static void agree(unsigned long long world)
{
    const struct made *first = NULL;
    for (int at = AYE; at < NODES; at++) {
        const struct made *c = counts(at);
        if (!c || c->maker != BEE)
            fail_msg("world %llu: at %d a forgery counts", world, at);
        if (first && c != first)
            fail_msg("world %llu: two homes disagree", world);
        first = c;
    }
}

static void homes_agree(void **state)
{
    (void)state;
    const char *more = getenv("VERSIONS_WORLDS");
    unsigned long long worlds = more ? strtoull(more, NULL, 10) : 40000;
    for (unsigned long long world = 1; world <= worlds; world++) {
        seed = world * 2654435761u + 88172645463325252u;
        make_world();
        int cut_off = (int)below(NODES);
        for (size_t i = below(60); i > 0; i--) {
            int to = AYE + (int)below(3), from = (int)below(NODES);
            if (to != cut_off && from != cut_off)
                message(to, from, below(made_count), below(3) > 0);
        }
        /* in the end everything reaches everybody, in an order of its own */
        size_t at = below(1000);
        for (size_t i = 0; i < 3 * made_count * 2; i++) {
            size_t k = (i * 7 + at) % (3 * made_count * 2);
            int to = AYE + (int)(k % 3);
            size_t m = k / 3 % made_count;
            hears(to, made[m].maker, m);
            proves(to, m);
            if (below(3) == 0)
                message(to, (int)below(NODES), below(made_count), true);
        }
        for (int to = AYE; to < NODES; to++)
            for (size_t m = 0; m < made_count; m++) {
                hears(to, made[m].maker, m);
                proves(to, m);
            }
        agree(world);
    }
}

/* The same set in another order: the same standing for each. */
static void order_does_not_matter(void **state)
{
    (void)state;
    for (unsigned round = 1; round < 20000; round++) {
        seed = round * 2654435761u;
        struct home h = {.count = 0}, other;
        size_t count = 1 + below(ROWS_MAX);
        for (size_t i = 0; i < count; i++) {
            const struct uuid *party = below(3) ? &A : &B;
            size_t row = arrive(&h, party, AUTHORITY_SOURCE, 10 + (int64_t)below(3),
                                contents[below(ARRAY_LEN(contents))], below(5) == 0);
            if (below(2))
                vouch(&h, row, party, AUTHORITY_PROVEN, 1000 + (int64_t)below(3));
            else if (row == 0)
                vouch(&h, row, party, AUTHORITY_PROVEN, 900);
        }
        /* one content stands once, as in a home */
        for (size_t i = 0; i < h.count; i++)
            for (size_t k = i + 1; k < h.count; k++)
                if (sha256_eq(&h.rows[i].hash, &h.rows[k].hash))
                    h.rows[k].hash = hash_of(contents[below(2)]), h.rows[k].aside = true;
        settle(&h, begins);
        other = h;
        for (size_t i = 0; i < h.count; i++) {
            size_t k = below(h.count);
            struct held_version keep = other.rows[i];
            other.rows[i] = other.rows[k];
            other.rows[k] = keep;
        }
        for (size_t i = 0; i < h.count; i++)
            other.rows[i].n = i, other.rows[i].standing = STANDING_CLAIM;
        settle(&other, begins);
        for (size_t i = 0; i < h.count; i++)
            for (size_t k = 0; k < h.count; k++)
                if (!h.rows[i].aside && !other.rows[k].aside && h.rows[i].vouchers == other.rows[k].vouchers)
                    assert_int_equal(h.rows[i].standing, other.rows[k].standing);
    }
}

/* ---- markings of one moment ---- */

/* Restrictions of a form: a label, and terms as a set of purposes and names. */
static struct gate_class class_drawn(void)
{
    static const enum tlp labels[] = {TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_RED};
    struct gate_class c = {.tlp = labels[below(4)]};
    c.source_default = c.tlp == TLP_NONE && below(2) ? TLP_GREEN : TLP_NONE;
    c.quarantined = c.tlp == TLP_RED;
    c.terms.purposes = (uint8_t)below(8);
    c.terms.originator_control = below(4) == 0;
    return c;
}

static int strictness(const struct gate_class *c)
{
    enum tlp label = gate_class_label(c);
    return label == TLP_NONE ? 10 : label == TLP_RED ? 11 : (int)label;
}

/* What goes to whom: no label, nothing unreadable, and no use that this class does not allow. */
static void assert_no_wider(const struct gate_class *c, const struct gate_class *than)
{
    struct terms sum = c->terms;
    assert_true(c->unknown_marking || strictness(c) >= strictness(than));
    assert_true(c->quarantined || !than->quarantined);
    assert_true(terms_add(&sum, &than->terms) && terms_equal(&sum, &c->terms));
}

/* Adding a marking never clears more, in any order, whether it comes as a form of its own or as more of the same. */
static void markings_never_widen(void **state)
{
    (void)state;
    for (unsigned round = 1; round < 20000; round++) {
        seed = round * 2654435761u + 1;
        struct gate_class classes[ROWS_MAX];
        struct home h = {.count = 0}, other;
        size_t count = 2 + below(4);
        for (size_t i = 0; i < count; i++) {
            size_t row = arrive(&h, &A, AUTHORITY_SOURCE, 10, contents[i], false);
            classes[i] = class_drawn();
            h.rows[row].cls = &classes[i];
            if (below(4) == 0)
                vouch(&h, row, &A, AUTHORITY_PROVEN, 1000);
        }
        other = h;
        for (size_t i = 0; i < count; i++)
            other.rows[i].n = count - i;
        struct versions_result r = versions_arrange(h.rows, count, begins, NULL),
                               again = versions_arrange(other.rows, count, begins, NULL);
        assert_non_null(r.current);
        assert_true(sha256_eq(&r.current->hash, &again.current->hash));
        assert_true(terms_equal(&r.cls.terms, &again.cls.terms));
        assert_int_equal(r.cls.unknown_marking, again.cls.unknown_marking);
        assert_int_equal(r.cls.quarantined, again.cls.quarantined);
        for (size_t i = 0; i < count; i++)
            assert_no_wider(&r.cls, &classes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_party_moves_on),
        cmocka_unit_test(another_party_only_claims),
        cmocka_unit_test(proven_comes_before_direct_before_first),
        cmocka_unit_test(of_two_logs_the_earlier),
        cmocka_unit_test(by_another_path),
        cmocka_unit_test(nobody_speaks_for_us),
        cmocka_unit_test(one_moment_two_contents),
        cmocka_unit_test(renditions),
        cmocka_unit_test(variants_per_source),
        cmocka_unit_test(the_future),
        cmocka_unit_test(homes_agree),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(markings_never_widen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
