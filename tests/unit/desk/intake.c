/* A document on its way into the log, through a real node. */
#include "house.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "desk/intake_inside.h"
#include "store/erase.h"

#define T1 "2026-02-01T00:00:00.000Z"
#define T2 "2026-02-02T00:00:00.000Z"
#define T3 "2026-02-03T00:00:00.000Z"

static struct house house;

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

static const char *one(unsigned number, const char *modified, const char *extra)
{
    return house_bundle("%s", house_indicator(number, modified, extra));
}

static void assert_totals(struct intake_totals t, uint64_t fresh, uint64_t updated, uint64_t unchanged)
{
    assert_int_equal(t.fresh, fresh);
    assert_int_equal(t.updated, updated);
    assert_int_equal(t.unchanged, unchanged);
}

/* The same document again, and the same object twice in one document, change nothing and append nothing. */
static void idempotent(void **state)
{
    struct house *h = *state;
    char doc[8192];
    snprintf(
        doc, sizeof doc, "%s",
        house_bundle("%s,%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, ""), house_indicator(1, T1, "")));
    struct intake_totals t = house_import(h, doc, &h->a);
    assert_totals(t, 2, 0, 1);
    uint64_t entries = house_entries(h);
    assert_int_equal(t.at, entries - 1);
    t = house_import(h, doc, &h->a);
    assert_totals(t, 0, 0, 3);
    assert_int_equal(house_entries(h), entries);
    assert_int_equal(t.at, entries - 1);
    house_reopen(h);
    t = house_import(h, doc, &h->a);
    assert_totals(t, 0, 0, 3);
    assert_int_equal(house_entries(h), entries);
}

static void newer_older_conflict(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    assert_totals(house_import(h, one(1, T2, ""), &h->a), 1, 0, 0);
    assert_totals(house_import(h, one(1, T3, ",\"description\":\"y\""), &h->a), 0, 1, 0);
    struct intake_totals t = house_import(h, one(1, T1, ""), &h->a);
    assert_totals(t, 0, 0, 1);
    assert_int_equal(t.older, 1);
    assert_string_equal(house_member(h, id, "modified"), T3);
    assert_int_equal(house_standing(h, id, STANDING_OLDER), 2);
    /* the same moment, other content: one of the two wins, whatever comes first */
    t = house_import(h, one(1, T3, ",\"description\":\"x\""), &h->a);
    assert_int_equal(t.conflicts, 1);
    assert_int_equal(house_standing(h, id, STANDING_CONFLICT), 1);
    uint64_t entries = house_entries(h);
    assert_int_equal(house_import(h, one(1, T3, ",\"description\":\"x\""), &h->a).conflicts, 0);
    assert_int_equal(house_import(h, one(1, T3, ",\"description\":\"y\""), &h->a).conflicts, 0);
    assert_int_equal(house_entries(h), entries);
}

/* A form with less in it is no conflict, whichever comes first; and never another party's affair. */
static void renditions(void **state)
{
    struct house *h = *state;
    static const char whole[] = ",\"description\":\"all\",\"labels\":[\"a\",\"b\"]", part[] = ",\"labels\":[\"b\"]";
    house_import(h, one(1, T1, part), &h->a);
    assert_int_equal(house_import(h, one(1, T1, whole), &h->b).claims, 1);
    assert_string_equal(house_member(h, house_indicator_id(1), "description"), "");
    house_import(h, one(2, T1, part), &h->a);
    assert_totals(house_import(h, one(2, T1, whole), &h->a), 0, 1, 0);
    house_import(h, one(3, T1, whole), &h->a);
    struct intake_totals t = house_import(h, one(3, T1, part), &h->a);
    assert_totals(t, 0, 0, 1);
    assert_int_equal(t.renditions, 1);
    for (unsigned i = 2; i <= 3; i++) {
        assert_string_equal(house_member(h, house_indicator_id(i), "description"), "all");
        assert_int_equal(house_standing(h, house_indicator_id(i), STANDING_RENDITION), 1);
        assert_int_equal(house_standing(h, house_indicator_id(i), STANDING_CONFLICT), 0);
    }
}

/* The same content by another path is one version: its log entry says so, and is small. */
static void another_path(void **state)
{
    struct house *h = *state;
    house_import(h, one(1, T1, ""), &h->a);
    uint64_t entries = house_entries(h);
    assert_totals(house_import(h, one(1, T1, ""), &h->b), 0, 0, 1);
    assert_int_equal(house_entries(h), entries + 2); /* the word, and the document */
    assert_int_equal(house_standing(h, house_indicator_id(1), STANDING_CLAIM), 0);
    assert_totals(house_import(h, one(1, T1, ""), &h->b), 0, 0, 1);
    assert_int_equal(house_entries(h), entries + 2);
    /* B's word for the first version is not A's next */
    house_import(h, one(1, T2, ",\"revoked\":true"), &h->b);
    assert_string_equal(house_member(h, house_indicator_id(1), "modified"), T1);
}

static void another_party_only_claims(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, one(1, T1, ""), &h->a);
    struct intake_totals t = house_import(h, one(1, T3, ",\"revoked\":true"), &h->b);
    assert_totals(t, 0, 0, 1);
    assert_int_equal(t.claims, 1);
    struct version_row row;
    assert_true(house_current(h, id, &row, NULL));
    assert_false(row.revoked);
    assert_true(uuid_eq(&row.party, &h->a));
    assert_string_equal(house_member(h, id, "modified"), T1);
    assert_int_equal(house_standing(h, id, STANDING_CLAIM), 1);
    /* said again: nothing; the party it came from goes on as if nothing had been said */
    uint64_t entries = house_entries(h);
    assert_int_equal(house_import(h, one(1, T3, ",\"revoked\":true"), &h->b).claims, 0);
    assert_int_equal(house_entries(h), entries);
    assert_totals(house_import(h, one(1, T2, ""), &h->a), 0, 1, 0);
    assert_string_equal(house_member(h, id, "modified"), T2);
}

static void revoked_is_final(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, one(1, T1, ""), &h->a);
    assert_totals(house_import(h, one(1, T2, ",\"revoked\":true"), &h->a), 0, 1, 0);
    assert_int_equal(house_import(h, one(1, T3, ""), &h->a).older, 1);
    struct version_row row;
    assert_true(house_current(h, id, &row, NULL));
    assert_true(row.revoked);
}

/* Any order and repetition of one party's versions: the same one counts. */
static void any_order(void **state)
{
    struct house *h = *state;
    static const char *const modified[] = {T1, T2, T3};
    static const char *const extra[] = {"", ",\"description\":\"x\"", ",\"description\":\"y\"", ",\"revoked\":true"};
    uint64_t seed = 4711;
    for (unsigned round = 1; round <= 40; round++) {
        uint8_t set[5], count = 5;
        for (int i = 0; i < count; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            set[i] = (uint8_t)((seed >> 33) % 12);
        }
        char current[2][SHA256_HEX];
        for (int order = 0; order < 2; order++) {
            /* ids differ in one digit, and so would hashes: the second party holds the second order */
            const struct uuid *party = order ? &h->b : &h->a;
            unsigned number = round * 2 + (unsigned)order;
            for (int i = 0; i < count * 2; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                int k = i < count ? i : (int)((seed >> 33) % count);
                if (order)
                    k = count - 1 - k;
                house_import(h, one(number, modified[set[k] % 3], extra[set[k] / 3]), party);
            }
            struct version_row row;
            assert_true(house_current(h, house_indicator_id(number), &row, NULL));
            snprintf(current[order], sizeof current[order], "%s %d",
                     house_member(h, house_indicator_id(number), "modified"), row.revoked);
            assert_int_equal(house_standing(h, house_indicator_id(number), STANDING_CURRENT), 1);
        }
        assert_string_equal(current[0], current[1]);
    }
}

static void the_future_is_quarantined(void **state)
{
    struct house *h = *state;
    assert_totals(house_import(h, one(1, T1, ""), &h->a), 1, 0, 0);
    struct intake_totals t = house_import(h, one(1, "2999-01-01T00:00:00.000Z", ""), &h->a);
    assert_totals(t, 0, 0, 1);
    assert_int_equal(t.quarantined, 1);
    assert_string_equal(house_member(h, house_indicator_id(1), "modified"), T1);
    t = house_import(h, one(2, "2999-01-01T00:00:00.000Z", ""), &h->a);
    assert_int_equal(t.quarantined, 1);
    assert_false(house_current(h, house_indicator_id(2), NULL, NULL));
    uint64_t entries = house_entries(h);
    assert_int_equal(house_import(h, one(2, "2999-01-01T00:00:00.000Z", ""), &h->a).quarantined, 0);
    assert_int_equal(house_entries(h), entries);
    /* a sane version of it counts, and it belongs to who sent that */
    house_import(h, one(2, T1, ""), &h->b);
    assert_string_equal(house_member(h, house_indicator_id(2), "modified"), T1);
}

static void what_says_it_is_ours(void **state)
{
    struct house *h = *state;
    char identity[IDENT_TEXT_MAX], by[IDENT_TEXT_MAX + 64];
    ident_format(TEXT("identity"), &node_genesis(h->node)->identity, identity);
    snprintf(by, sizeof by, ",\"created_by_ref\":\"%s\"", identity);
    struct intake_totals t = house_import(h, one(1, T1, by), &h->a);
    assert_int_equal(t.claims, 1);
    assert_false(house_current(h, house_indicator_id(1), NULL, NULL));
    /* ours, and it comes home unchanged */
    assert_totals(house_import(h, one(2, T1, by), NULL), 1, 0, 0);
    assert_true(house_class(h, house_indicator_id(2)).ours);
    uint64_t entries = house_entries(h);
    assert_int_equal(house_import(h, one(2, T1, by), &h->a).claims, 0);
    assert_int_equal(house_entries(h), entries);
    assert_int_equal(house_import(h, one(2, T2, by), &h->a).claims, 1);
    assert_string_equal(house_member(h, house_indicator_id(2), "modified"), T1);
    /* our identity itself */
    t = house_import(h,
                     house_bundle("{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"" T1
                                  "\",\"modified\":\"2026-11-01T00:00:00.000Z\",\"name\":\"Somebody\"}",
                                  identity),
                     &h->a);
    assert_int_equal(t.claims, 1);
    assert_string_not_equal(house_member(h, identity, "name"), "Somebody");
}

/* A document with more and more versions of one object that do not count: it ends somewhere. */
static void a_flood_of_claims(void **state)
{
    struct house *h = *state;
    struct buffer doc;
    house_import(h, one(1, T1, ""), &h->a);
    buffer_init(&doc, 16 * MIB);
    buffer_add(&doc,
               TEXT("{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000001\",\"objects\":["));
    for (unsigned i = 0; i < INTAKE_ASIDE_MAX + 10; i++) {
        char extra[64];
        snprintf(extra, sizeof extra, ",\"description\":\"%u\"", i);
        buffer_addf(&doc, "%s%s", i ? "," : "", house_indicator(1, T2, extra));
    }
    buffer_add(&doc, TEXT("]}"));
    struct intake_options o = house_options(h, &h->b);
    struct intake_totals t;
    assert_ok(house_take(h, buffer_text(&doc), &o, &t));
    assert_int_equal(t.claims, INTAKE_ASIDE_MAX);
    assert_int_equal(t.rejected, 10);
    assert_int_equal(h->told, 10);
    assert_int_equal(t.read, t.unchanged + t.rejected);
    buffer_done(&doc);
}

/* One that the store cannot hold is refused alone. */
static void what_cannot_be_held(void **state)
{
    struct house *h = *state;
    char modified[256] = "2026-02-01T00:00:00.";
    memset(modified + 20, '1', 120);
    modified[140] = 'Z';
    struct intake_totals t =
        house_import(h,
                     house_bundle("%s,%s,%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, ""),
                                  house_indicator(3, modified, ""), house_indicator(4, T1, "")),
                     &h->a);
    assert_totals(t, 3, 0, 0);
    assert_int_equal(t.rejected, 1);
    assert_int_equal(h->told, 1);
    assert_true(house_current(h, house_indicator_id(4), NULL, NULL));
}

/* ---- objects without modified ---- */

#define SCO "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"

static const char *sco(const char *extra)
{
    return house_bundle(
        "{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"id\":\"" SCO "\",\"value\":\"example.com\"%s}", extra);
}

static void variants(void **state)
{
    struct house *h = *state;
    assert_totals(house_import(h, sco(""), &h->a), 1, 0, 0);
    assert_int_equal(house_import(h, sco(",\"x_b\":1"), &h->b).claims, 1);
    assert_totals(house_import(h, sco(",\"x_a\":1"), &h->a), 0, 1, 0);
    uint64_t entries = house_entries(h);
    assert_totals(house_import(h, sco(""), &h->a), 0, 0, 1);
    assert_totals(house_import(h, sco(",\"x_a\":1"), &h->a), 0, 0, 1);
    assert_totals(house_import(h, sco(",\"x_b\":1"), &h->b), 0, 0, 1);
    assert_int_equal(house_entries(h), entries);
}

/* ---- markings ---- */

#define STATEMENT "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"
#define CUSTOM    "marking-definition--0c1f3b6a-7c9e-4d2a-9d0a-5a1b2c3d4e5f"
#define GREEN     "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"

static const char statement_object[] =
    "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" STATEMENT "\",\"created\":\"" T1
    "\",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"Copyright\"}}";
static const char custom_object[] =
    "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" CUSTOM "\",\"created\":\"" T1
    "\",\"definition_type\":\"x-house-rules\",\"definition\":{\"x\":\"y\"}}";

static void statements_are_readable(void **state)
{
    struct house *h = *state;
    /* behind the object in the same document */
    house_import(h,
                 house_bundle("%s,%s",
                              house_indicator(1, T1, ",\"object_marking_refs\":[\"" STATEMENT "\",\"" GREEN "\"]"),
                              statement_object),
                 &h->a);
    assert_false(house_class(h, house_indicator_id(1)).unknown_marking);
    assert_int_equal(house_class(h, house_indicator_id(1)).tlp, TLP_GREEN);
    /* held from before */
    house_import(h, one(2, T1, ",\"object_marking_refs\":[\"" STATEMENT "\"]"), &h->a);
    assert_false(house_class(h, house_indicator_id(2)).unknown_marking);
    assert_int_equal(house_class(h, house_indicator_id(2)).tlp, TLP_NONE);
    /* nobody knows it, or it is something else */
    house_import(h, one(3, T1, ",\"object_marking_refs\":[\"" CUSTOM "\",\"" GREEN "\"]"), &h->a);
    assert_true(house_class(h, house_indicator_id(3)).unknown_marking);
    house_import(
        h, house_bundle("%s,%s", custom_object, house_indicator(4, T1, ",\"object_marking_refs\":[\"" CUSTOM "\"]")),
        &h->a);
    assert_true(house_class(h, house_indicator_id(4)).unknown_marking);
}

/* Only the party an object comes from says what its markings mean: nobody else makes them harmless beforehand, and it
 * does not do so itself once it said otherwise. */
static void whose_word_counts(void **state)
{
    struct house *h = *state;
    static const char relabelled[] =
        "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" CUSTOM "\",\"created\":\"" T1
        "\",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"anything goes\"}}";
    static const char marked[] = ",\"object_marking_refs\":[\"" CUSTOM "\"]";
    house_import(h, house_bundle("%s", relabelled), &h->b);
    house_import(h, house_bundle("%s", house_indicator(1, T1, marked)), &h->a);
    assert_true(house_class(h, house_indicator_id(1)).unknown_marking);
    house_import(h, house_bundle("%s,%s", house_indicator(2, T1, marked), custom_object), &h->a);
    assert_true(house_class(h, house_indicator_id(2)).unknown_marking);
    house_import(h, house_bundle("%s,%s", house_indicator(3, T1, marked), relabelled), &h->a);
    assert_true(house_class(h, house_indicator_id(3)).unknown_marking);
    /* said twice in one document */
    house_import(h, house_bundle("%s,%s,%s", relabelled, custom_object, house_indicator(4, T1, marked)), NULL);
    assert_true(house_class(h, house_indicator_id(4)).unknown_marking);
    /* B's own objects are B's affair */
    house_import(h, house_bundle("%s", house_indicator(5, T1, marked)), &h->b);
    assert_true(house_class(h, house_indicator_id(5)).unknown_marking); /* we ourselves said otherwise meanwhile */
}

static void our_word_counts_too(void **state)
{
    struct house *h = *state;
    house_import(h, house_bundle("%s", statement_object), NULL);
    house_import(h, one(1, T1, ",\"object_marking_refs\":[\"" STATEMENT "\"]"), &h->a);
    assert_false(house_class(h, house_indicator_id(1)).unknown_marking);
    house_import(h, house_bundle("%s", custom_object), &h->b);
    house_import(h, one(2, T1, ",\"object_marking_refs\":[\"" STATEMENT "\"]"), &h->b);
    assert_false(house_class(h, house_indicator_id(2)).unknown_marking);
}

static void labels(void **state)
{
    struct house *h = *state;
    struct uuid source = house_source(h, "feed", &h->a, TLP_AMBER, false);
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.source = source;
    assert_ok(house_take(h, text_of(one(1, T1, "")), &o, &t));
    struct gate_class c = house_class(h, house_indicator_id(1));
    assert_int_equal(c.tlp, TLP_NONE);
    assert_int_equal(c.source_default, TLP_AMBER);
    assert_true(!c.label_given && uuid_eq(&c.source, &source));
    assert_true(uuid_eq(&c.party, &h->a));
    assert_string_equal(c.type, "indicator");
    assert_false(c.ours || c.internal_only || c.protocol_object || c.quarantined || c.exercise);
    /* --marking fills what is absent and replaces nothing */
    o.marking = TLP_CLEAR;
    assert_ok(house_take(h,
                         text_of(house_bundle("%s,%s", house_indicator(2, T1, ""),
                                              house_indicator(3, T1, ",\"object_marking_refs\":[\"" GREEN "\"]"))),
                         &o, &t));
    c = house_class(h, house_indicator_id(2));
    assert_int_equal(c.tlp, TLP_NONE); /* it does not stand in the object, and is written into what leaves */
    assert_int_equal(gate_class_label(&c), TLP_CLEAR);
    assert_true(c.label_given && uuid_eq(&c.source, &source)); /* whose default is not asked for any more */
    assert_int_equal(house_class(h, house_indicator_id(3)).tlp, TLP_GREEN);
    o.source = h->b; /* no source */
    assert_err(house_take(h, text_of(one(4, T1, "")), &o, &t), ERR_NOT_FOUND);
}

/* TLP's own texts are public; what only borrows their id is not. */
static void tlp_definitions(void **state)
{
    struct house *h = *state;
    struct text clear = tlp_definition(TLP_CLEAR, 2);
    house_import(h, house_bundle(TEXT_FMT, TEXT_ARG(clear)), &h->a);
    assert_true(house_class(h, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487").protocol_object);
    house_import(h,
                 house_bundle("{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" GREEN
                              "\",\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"the plan is\",\"extensions\":{"
                              "\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{\"extension_type\":"
                              "\"property-extension\",\"tlp_2_0\":\"green\"}}}"),
                 &h->a);
    struct version_row row;
    if (house_current(h, GREEN, &row, NULL))
        assert_false(house_class(h, GREEN).protocol_object && uuid_eq(&row.party, &h->a));
}

/* ---- tables ---- */

static uint64_t at_most_one_piece;

static enum err count_documents(void *self, const struct fact *f)
{
    uint64_t *bytes = self;
    at_most_one_piece += f->u.document.parts;
    *bytes += f->u.document.body.segment != UINT32_MAX;
    return OK;
}

static void tables(void **state)
{
    struct house *h = *state;
    static const char csv[] = "value,confidence\nevil.example,50\n198.51.100.7,50\n";
    assert_totals(house_import(h, csv, &h->a), 2, 0, 0);
    uint64_t entries = house_entries(h), bodies = 0;
    assert_totals(house_import(h, csv, &h->a), 0, 0, 2);
    assert_int_equal(house_entries(h), entries);
    /* the original is kept, once */
    struct view *v;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    struct fact_document d;
    struct sha256 hash = sha256_of(csv, sizeof csv - 1);
    assert_ok(view_document(v, &hash, &d, &fault));
    struct buffer original;
    buffer_init(&original, MIB);
    assert_ok(node_body(h->node, d.body, &original, &fault));
    assert_text(buffer_text(&original), csv);
    buffer_done(&original);
    assert_ok(view_facts(v, FACT_DOCUMENT, count_documents, &bodies, &fault));
    assert_int_equal(at_most_one_piece, 1);
    node_reader_done(h->node, v);
}

struct first_id {
    char id[IDENT_TEXT_MAX];
};

static enum err keep_id(void *self, const struct version_row *row)
{
    struct first_id *f = self;
    snprintf(f->id, sizeof f->id, TEXT_FMT, TEXT_ARG(row->id));
    return OK;
}

static void rows_change(void **state)
{
    struct house *h = *state;
    struct first_id first;
    struct fault fault;
    struct view *v;
    char created[64], modified[64];
    house_import(h, "value,confidence\nevil.example,50\n", &h->a);
    assert_ok(node_reader(h->node, &v, &fault));
    assert_ok(view_of_type(v, TEXT("indicator"), 10, keep_id, &first, &fault));
    node_reader_done(h->node, v);
    snprintf(created, sizeof created, "%s", house_member(h, first.id, "created"));
    snprintf(modified, sizeof modified, "%s", house_member(h, first.id, "modified"));
    assert_string_equal(created, modified);
    assert_string_equal(house_member(h, first.id, "valid_from"), created);
    for (int i = 0; i < 20; i++) { /* faster than the clock's milliseconds */
        char csv[64];
        snprintf(csv, sizeof csv, "value,confidence\nevil.example,%d\n", i);
        assert_totals(house_import(h, csv, &h->a), 0, 1, 0);
        assert_string_equal(house_member(h, first.id, "created"), created);
        assert_string_equal(house_member(h, first.id, "valid_from"), created);
        assert_true(strcmp(house_member(h, first.id, "modified"), modified) > 0);
        snprintf(modified, sizeof modified, "%s", house_member(h, first.id, "modified"));
    }
    /* the same row of another party is another object */
    assert_totals(house_import(h, "value,confidence\nevil.example,50\n", &h->b), 1, 0, 0);
}

/* ---- documents ---- */

static void strict_takes_all_or_nothing(void **state)
{
    struct house *h = *state;
    char doc[8192];
    snprintf(doc, sizeof doc, "%s",
             house_bundle("%s,{\"type\":\"indicator\",\"id\":\"nonsense\"},%s", house_indicator(1, T1, ""),
                          house_indicator(2, T1, "")));
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    uint64_t entries = house_entries(h);
    o.strict = true;
    assert_err(house_take(h, text_of(doc), &o, &t), ERR_MALFORMED);
    assert_int_equal(h->told, 1);
    assert_int_equal(t.read, 3);
    assert_int_equal(t.rejected, 1);
    assert_int_equal(t.fresh, 0);
    assert_int_equal(house_entries(h), entries);
    /* cut off at every seventh byte */
    for (size_t len = 0; len < strlen(doc); len += 7) {
        assert_err(house_take(h, (struct text){doc, len}, &o, &t), ERR_MALFORMED);
        assert_int_equal(house_entries(h), entries);
    }
    assert_ok(house_take(h, text_of(one(1, T1, "")), &o, &t));
    assert_totals(t, 1, 0, 0);
    /* without it the good part is taken in */
    h->told = 0;
    o.strict = false;
    assert_ok(house_take(h, text_of(doc), &o, &t));
    assert_totals(t, 1, 0, 1);
    assert_int_equal(t.rejected, 1);
    assert_int_equal(h->told, 1);
}

static void a_cut_off_document(void **state)
{
    struct house *h = *state;
    char doc[8192];
    snprintf(doc, sizeof doc, "%s", house_bundle("%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, "")));
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    assert_err(house_take(h, (struct text){doc, strlen(doc) - 100}, &o, &t), ERR_MALFORMED);
    assert_int_equal(t.fresh, 1);
    assert_false(t.whole);
    assert_true(house_current(h, house_indicator_id(1), NULL, NULL));
}

static void a_pipe(void **state)
{
    struct house *h = *state;
    const char *doc = house_bundle("%s,%s", house_indicator(1, T1, ",\"object_marking_refs\":[\"" STATEMENT "\"]"),
                                   statement_object);
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    struct fault fault;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], doc, strlen(doc)), strlen(doc));
    close(ends[1]);
    o.strict = true;
    assert_ok(intake_run(h->node, ends[0], &o, &t, &fault));
    close(ends[0]);
    assert_totals(t, 2, 0, 0);
    assert_false(house_class(h, house_indicator_id(1)).unknown_marking);
}

struct commits {
    uint64_t acked, at;
    unsigned count;
    atomic_bool cancel;
};

static void on_commit(void *self, uint64_t acked, uint64_t at)
{
    struct commits *c = self;
    assert_true(acked > c->acked);
    assert_true(at >= c->at);
    c->acked = acked;
    c->at = at;
    c->count++;
    atomic_store(&c->cancel, true);
}

static void commits_and_cancel(void **state)
{
    struct house *h = *state;
    struct buffer csv;
    buffer_init(&csv, 4 * MIB);
    buffer_add(&csv, TEXT("value\n"));
    for (int i = 0; i < 3 * INTAKE_GROUP_OBJECTS; i++)
        buffer_addf(&csv, "host%d.example\n", i);
    struct commits c = {0};
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.on_commit = on_commit;
    o.on_rejected = NULL;
    o.self = &c;
    o.cancel = &c.cancel;
    assert_err(house_take(h, buffer_text(&csv), &o, &t), ERR_CANCELLED);
    assert_int_equal(c.count, 1);
    assert_int_equal(t.read, c.acked);
    assert_int_equal(t.fresh, c.acked);
    assert_int_equal(t.at, c.at);
    assert_int_equal(house_entries(h), c.at + 1); /* no more than what was told */
    o.cancel = NULL;
    c = (struct commits){0};
    assert_ok(house_take(h, buffer_text(&csv), &o, &t));
    assert_int_equal(t.fresh + t.unchanged, 3 * INTAKE_GROUP_OBJECTS);
    assert_int_equal(c.acked, 3 * INTAKE_GROUP_OBJECTS);
    buffer_done(&csv);
}

/* ---- an erasure beside an import ---- */

struct beside {
    struct house *h;
    char id[IDENT_TEXT_MAX];
    pthread_t thread;
    unsigned runs;
    atomic_bool over;
    enum err err;
};

static enum err first_id(void *self, const struct indicator_row *row)
{
    struct beside *b = self;
    snprintf(b->id, sizeof b->id, TEXT_FMT, TEXT_ARG(row->id));
    return OK;
}

static void *erase_it(void *self)
{
    struct beside *b = self;
    const struct text ids[] = {text_of(b->id)};
    const struct erase_request q = {.ids = ids, .id_count = 1, .account = b->h->account, .reason = TEXT("asked for")};
    struct erase_result r;
    b->err = node_erase(b->h->node, &q, &r, NULL);
    atomic_store(&b->over, true);
    return NULL;
}

/* The objects are durable, the document's bytes are not kept yet. */
static void erase_now(void *self, uint64_t acked, uint64_t at)
{
    struct beside *b = self;
    struct view *v;
    (void)acked, (void)at;
    if (b->runs++)
        return;
    assert_ok(node_reader(b->h->node, &v, NULL));
    assert_ok(view_indicators(v, 0, first_id, b, NULL));
    node_reader_done(b->h->node, v);
    assert_int_equal(pthread_create(&b->thread, NULL, erase_it, b), 0);
    for (int i = 0; i < 30 && !atomic_load(&b->over); i++) /* it has its chance */
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static void an_erasure_beside_an_import(void **state)
{
    struct house *h = *state;
    static const char csv[] = "value,description\nevil.example,what evil.example is about\n";
    struct beside b = {.h = h};
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    struct fact_document d;
    struct view *v;
    struct sha256 hash = sha256_of(csv, sizeof csv - 1);
    o.on_commit = erase_now;
    o.on_rejected = NULL;
    o.self = &b;
    assert_ok(house_take(h, text_of(csv), &o, &t));
    assert_int_equal(pthread_join(b.thread, NULL), 0);
    assert_ok(b.err);
    assert_ok(node_reader(h->node, &v, NULL));
    assert_err(view_document(v, &hash, &d, NULL), ERR_NOT_FOUND); /* it holds the word, so it went too */
    node_reader_done(h->node, v);
}

/* What a lying reader hands over is refused from the lie on. */
static void a_lying_reader(void **state)
{
    (void)state;
    struct buffer good, chunk;
    buffer_init(&good, MIB);
    buffer_init(&chunk, MIB);
    struct record_object o = {
        .id = TEXT("x-note--00000000-0000-4000-8000-000000000001"),
        .body = TEXT("{\"id\":\"x-note--00000000-0000-4000-8000-000000000001\",\"type\":\"x-note\"}"),
        .confidence = -1};
    record_add_object(&good, &o, NULL, 0, NULL, 0, NULL, 0);
    struct intake_options options = {.name = TEXT("lie")};
    struct intake in = {.options = &options, .space = SPACE_REAL};
    struct intake_items items;
    struct fault fault;
    intake_items_init(&items);
    assert_ok(intake_items_take(&in, &items, buffer_text(&good), &fault));
    assert_int_equal(items.count, 1);
    for (size_t cut = 1; cut < good.len; cut++) { /* a whole one, and then a piece of another */
        buffer_clear(&chunk);
        buffer_add(&chunk, buffer_text(&good));
        buffer_add(&chunk, text_sub(buffer_text(&good), 0, cut));
        assert_err(intake_items_take(&in, &items, buffer_text(&chunk), &fault), ERR_MALFORMED);
        assert_int_equal(items.count, 1);
    }
    struct record_object bad[] = {o, o, o};
    bad[0].id = TEXT("nonsense");
    bad[1].created_at = 1; /* beyond the body */
    bad[1].print = 5;
    bad[2].body = TEXT("{012345678901234567890123456789}");
    bad[2].modified_at = 9;
    bad[2].print = 5;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        buffer_clear(&chunk);
        record_add_object(&chunk, &bad[i], NULL, 0, NULL, 0, NULL, 0);
        assert_err(intake_items_take(&in, &items, buffer_text(&chunk), &fault), ERR_MALFORMED);
    }
    intake_items_done(&items);
    buffer_done(&good);
    buffer_done(&chunk);
}

static void parties(void **state)
{
    struct house *h = *state;
    struct uuid one_id, again;
    struct fault fault;
    assert_ok(intake_party(h->node, TEXT(" Neighbour "), &h->account, &one_id, &fault));
    uint64_t entries = house_entries(h);
    assert_ok(intake_party(h->node, TEXT("Neighbour"), &h->account, &again, &fault));
    assert_true(uuid_eq(&one_id, &again));
    assert_int_equal(house_entries(h), entries);
    assert_err(intake_party(h->node, TEXT("self"), &h->account, &again, &fault), ERR_USAGE);
    assert_err(intake_party(h->node, TEXT(" "), &h->account, &again, &fault), ERR_USAGE);
    assert_err(intake_party(h->node, TEXT("\xff"), &h->account, &again, &fault), ERR_USAGE);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(idempotent),
        WITH_HOUSE(newer_older_conflict),
        WITH_HOUSE(renditions),
        WITH_HOUSE(another_path),
        WITH_HOUSE(another_party_only_claims),
        WITH_HOUSE(revoked_is_final),
        WITH_HOUSE(any_order),
        WITH_HOUSE(the_future_is_quarantined),
        WITH_HOUSE(what_says_it_is_ours),
        WITH_HOUSE(a_flood_of_claims),
        WITH_HOUSE(what_cannot_be_held),
        WITH_HOUSE(variants),
        WITH_HOUSE(statements_are_readable),
        WITH_HOUSE(whose_word_counts),
        WITH_HOUSE(our_word_counts_too),
        WITH_HOUSE(labels),
        WITH_HOUSE(tlp_definitions),
        WITH_HOUSE(tables),
        WITH_HOUSE(rows_change),
        WITH_HOUSE(strict_takes_all_or_nothing),
        WITH_HOUSE(a_cut_off_document),
        WITH_HOUSE(a_pipe),
        WITH_HOUSE(commits_and_cancel),
        WITH_HOUSE(an_erasure_beside_an_import),
        cmocka_unit_test(a_lying_reader),
        WITH_HOUSE(parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
