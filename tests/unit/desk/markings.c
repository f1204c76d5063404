/* Markings beyond TLP on their way in: what a definition means for the class, whose word counts, what is refused. */
#include "house.h"

#include <sys/wait.h>
#include <unistd.h>

#include "desk/own_marking.h"
#include "desk/portion.h"
#include "desk/reclass.h"
#include "model/public_text.h"

#define T1     "2026-02-01T00:00:00.000Z"
#define T2     "2026-02-02T00:00:00.000Z"
#define ONE    "marking-definition--0c1f3b6a-7c9e-4d2a-9d0a-5a1b2c3d4e5f"
#define TWO    "marking-definition--1c1f3b6a-7c9e-4d2a-9d0a-5a1b2c3d4e5f"
#define GREEN  "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define MARKED ",\"object_marking_refs\":[\"" ONE "\"]"

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

/* A marking definition with one extension of these members; static, four in turns. */
static const char *definition(const char *id, const char *ext, const char *members)
{
    static char text[4][1024];
    static unsigned next;
    char *t = text[next++ % 4];
    snprintf(t, sizeof text[0],
             "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"" T1
             "\",\"extensions\":{\"%s\":{\"extension_type\":\"property-extension\",%s}}}",
             id, ext, members);
    return t;
}

static const char *statement(const char *id, const char *words)
{
    static char text[4][1024];
    static unsigned next;
    char *t = text[next++ % 4];
    snprintf(t, sizeof text[0],
             "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"" T1
             "\",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"%s\"}}",
             id, words);
    return t;
}

static void assert_terms(struct gate_class cls, const char *expected)
{
    struct buffer b;
    buffer_init(&b, TERMS_TEXT_MAX);
    terms_text(&cls.terms, &b);
    assert_ok(buffer_error(&b));
    assert_text(buffer_text(&b), expected);
    buffer_done(&b);
}

static void terms_reach_the_class(void **state)
{
    struct house *h = *state;
    static const char both[] = ",\"object_marking_refs\":[\"" ONE "\",\"" TWO "\",\"" GREEN "\"]";
    house_import(h,
                 house_bundle("%s,%s,%s", house_indicator(1, T1, both),
                              definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\",\"DE\"]"),
                              definition(TWO, EXT_REL_TO, "\"countries\":[\"NL\",\"FR\"]")),
                 &h->a);
    struct gate_class c = house_class(h, house_indicator_id(1));
    assert_false(c.unknown_marking);
    assert_int_equal(c.tlp, TLP_GREEN);
    assert_terms(c, "rcNL");
    /* and are there for what comes later, after another start too */
    house_reopen(h);
    house_import(h, house_bundle("%s", house_indicator(2, T1, MARKED)), &h->a);
    c = house_class(h, house_indicator_id(2));
    assert_terms(c, "rcDE,cNL");
    assert_int_equal(c.tlp, TLP_NONE);
}

static void labels_in_definitions_count(void **state)
{
    struct house *h = *state;
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.marking = TLP_CLEAR; /* fills what is absent, and a label is there */
    assert_ok(house_take(h,
                         text_of(house_bundle("%s,%s", definition(ONE, EXT_TLP2, "\"tlp_2_0\":\"amber\""),
                                              house_indicator(1, T1, MARKED))),
                         &o, &t));
    /* it does not stand in the object as everybody reads it, so it has to be written into what leaves */
    struct gate_class c = house_class(h, house_indicator_id(1));
    assert_int_equal(c.tlp, TLP_NONE);
    assert_int_equal(gate_class_label(&c), TLP_AMBER);
    assert_ok(house_take(
        h,
        text_of(house_bundle("%s,%s", house_indicator(3, T1, ""),
                             house_indicator(4, T1, ",\"object_marking_refs\":[\"" ONE "\",\"" GREEN "\"]"))),
        &o, &t));
    c = house_class(h, house_indicator_id(3));
    assert_true(c.tlp == TLP_NONE && gate_class_label(&c) == TLP_CLEAR && !c.unknown_marking);
    c = house_class(h, house_indicator_id(4));
    assert_true(c.tlp == TLP_AMBER && c.unknown_marking); /* GREEN to whoever cannot read the definition */
    house_import(h,
                 house_bundle("%s,%s", statement(TWO, "PAP:RED"),
                              house_indicator(2, T1, ",\"object_marking_refs\":[\"" TWO "\"]")),
                 &h->a);
    assert_terms(house_class(h, house_indicator_id(2)), "p4");
}

/* One party's definition says nothing of another's objects, neither more nor less. */
static void third_parties_are_not_believed(void **state)
{
    struct house *h = *state;
    house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), &h->a);
    house_import(h, house_bundle("%s,%s", statement(ONE, "do as you like"), house_indicator(1, T1, MARKED)), &h->b);
    assert_terms(house_class(h, house_indicator_id(1)), "");
    assert_false(house_class(h, house_indicator_id(1)).unknown_marking);
    house_import(h, house_bundle("%s", house_indicator(2, T1, MARKED)), &h->a);
    assert_terms(house_class(h, house_indicator_id(2)), "rcNL");
    /* nor does a party take back what it said */
    house_import(h, house_bundle("%s,%s", statement(ONE, "never mind"), house_indicator(3, T1, MARKED)), &h->a);
    assert_terms(house_class(h, house_indicator_id(3)), "rcNL");
    /* what we said ourselves counts for everybody */
    house_import(h, house_bundle("%s", definition(ONE, EXT_ORIGINATOR_CONTROL, "\"originator_control\":true")), NULL);
    house_import(h, house_bundle("%s", house_indicator(4, T1, MARKED)), &h->b);
    assert_terms(house_class(h, house_indicator_id(4)), "o");
}

/* A definition further down in the document counts too, whatever was held before. */
static void the_document_itself_counts(void **state)
{
    struct house *h = *state;
    house_import(h, house_bundle("%s", statement(ONE, "Copyright")), &h->a);
    house_import(h,
                 house_bundle("%s,%s,%s", house_indicator(1, T1, MARKED),
                              definition(ONE, EXT_EMBARGO, "\"embargo_until\":\"2100-01-01T00:00:00Z\""),
                              house_indicator(2, T1, MARKED)),
                 &h->a);
    assert_terms(house_class(h, house_indicator_id(2)), "e4102444800000000");
}

static void the_portions_and_the_tear_line(void **state)
{
    struct house *h = *state;
    static const char torn[] =
        ",\"description\":\"x\",\"extensions\":{\"" EXT_TEAR_LINE
        "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" GREEN "\",\"properties\":[\"pattern\"]}}";
    static const char torn_by_terms[] =
        ",\"extensions\":{\"" EXT_TEAR_LINE "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" ONE
        "\",\"properties\":[\"pattern\"]}}";
    static const char empty[] =
        ",\"extensions\":{\"" EXT_TEAR_LINE "\":{\"extension_type\":\"property-extension\",\"marking_ref\":\"" GREEN
        "\",\"properties\":[]}}";
    house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), &h->a);
    house_import(h, house_bundle("%s,%s", house_indicator(1, T1, torn), house_indicator(2, T1, torn_by_terms)),
                 &h->a);
    assert_int_equal(house_class(h, house_indicator_id(1)).tear, TLP_GREEN);
    assert_int_equal(house_class(h, house_indicator_id(1)).tlp, TLP_NONE);
    assert_int_equal(house_class(h, house_indicator_id(2)).tear, TLP_NONE);
    /* what is empty was no STIX to begin with, or is no tear line */
    house_import(h, house_bundle("%s", house_indicator(3, T1, empty)), &h->a);
    struct version_row row;
    assert_true(!house_current(h, house_indicator_id(3), &row, NULL) ||
                house_class(h, house_indicator_id(3)).tear == TLP_NONE);
}

/* ---- classification ---- */

static const char portion[] =
    ",\"description\":\"x\",\"granular_markings\":[{\"marking_ref\":\"" ONE "\",\"selectors\":[\"description\"]}]";

static void assert_refused(struct house *h, const char *document, const char *id)
{
    uint64_t before = house_entries(h);
    unsigned told = h->told;
    struct version_row row;
    assert_int_equal(house_import(h, document, &h->a).rejected, 1);
    assert_int_equal(h->told, told + 1);
    assert_string_equal(h->rule, "11 classification");
    assert_false(house_current(h, id, &row, NULL));
    assert_true(house_entries(h) <= before + 2); /* its definition and the document's own entry */
}

static void classified_is_refused(void **state)
{
    struct house *h = *state;
    const char *first = house_indicator(1, T1, MARKED);
    assert_refused(h, house_bundle("%s,%s", first, statement(ONE, "NATO RESTRICTED")), house_indicator_id(1));
    assert_refused(h, house_bundle("%s", house_indicator(2, T1, portion)), house_indicator_id(2));
    /* others of the document go in */
    struct intake_totals t =
        house_import(h, house_bundle("%s,%s", house_indicator(3, T1, MARKED), house_indicator(4, T1, "")), &h->a);
    assert_int_equal(t.rejected, 1);
    assert_int_equal(t.fresh, 1);
    /* B never said that */
    house_import(h, house_bundle("%s", house_indicator(5, T1, MARKED)), &h->b);
    assert_true(house_class(h, house_indicator_id(5)).unknown_marking);
}

static void up_to_the_ceiling_is_taken(void **state)
{
    struct house *h = *state;
    node_set_ceiling(h->node, CLASSIFICATION_RESTRICTED);
    house_import(h, house_bundle("%s,%s", statement(ONE, "VS-NfD"), house_indicator(1, T1, MARKED)), &h->a);
    assert_terms(house_class(h, house_indicator_id(1)), "c1");
    assert_refused(h,
                   house_bundle("%s,%s", definition(TWO, EXT_ACS, "\"control_set\":{\"classification\":\"S\"}"),
                                house_indicator(2, T1, ",\"object_marking_refs\":[\"" TWO "\"]")),
                   house_indicator_id(2));
    node_set_ceiling(h->node, CLASSIFICATION_NONE);
    assert_refused(h, house_bundle("%s", house_indicator(3, T1, MARKED)), house_indicator_id(3));
}

/* One classified object refuses a strict document whole, wherever its definition stands. */
static void strict_means_whole(void **state)
{
    struct house *h = *state;
    struct intake_options o = house_options(h, &h->a);
    struct intake_totals t;
    o.strict = true;
    uint64_t before = house_entries(h);
    assert_err(house_take(h,
                          text_of(house_bundle("%s,%s,%s", house_indicator(1, T1, ""), house_indicator(2, T1, MARKED),
                                               statement(ONE, "EU SECRET"))),
                          &o, &t),
               ERR_MALFORMED);
    assert_int_equal(t.rejected, 1);
    assert_int_equal(house_entries(h), before);
    assert_ok(house_take(h, text_of(house_bundle("%s,%s", house_indicator(1, T1, ""), statement(ONE, "EU SECRET"))),
                         &o, &t));
    before = house_entries(h);
    assert_err(house_take(h,
                          text_of(house_bundle("%s,%s", house_indicator(3, T1, ""), house_indicator(2, T1, MARKED))),
                          &o, &t),
               ERR_MALFORMED);
    assert_int_equal(house_entries(h), before);
}

/* ---- our own ---- */

/* What we make is what we read, and its extension definitions stand in the log before it. */
static void ours_are_made_and_read(void **state)
{
    struct house *h = *state;
    struct arena a;
    struct text id;
    struct version_row definition, ext;
    struct fault fault = {0};
    struct terms t = {.has_rel_to = true,
                      .originator_control = true,
                      .pap = PAP_RED,
                      .purposes = PURPOSE_DETECTION,
                      .embargo_until_us = 4102444800000000,
                      .personal_data = true};
    struct named nl = {.kind = NAMED_COUNTRY, .who.b = "NL"}, group = {.kind = NAMED_GROUP, .who.b = {7}},
                 one = {.kind = NAMED_ORGANISATION, .who.b = {8}};
    assert_true(named_insert(t.rel_to, &t.rel_to_count, &nl) && named_insert(t.rel_to, &t.rel_to_count, &group) &&
                named_insert(t.not_to, &t.not_to_count, &one));
    arena_init(&a, 64 * KIB);
    assert_err(own_marking_add(h->node, TEXT("none"), &(struct terms){0}, &h->account, &a, &id, &fault), ERR_USAGE);
    assert_ok(own_marking_add(h->node, TEXT("all of it"), &t, &h->account, &a, &id, &fault));
    struct gate_class c = house_class(h, id.ptr);
    assert_true(terms_equal(&c.terms, &t));
    assert_true(c.ours && c.tlp == TLP_CLEAR);
    struct gate_portion p;
    struct buffer body;
    assert_true(house_current(h, id.ptr, &definition, &body));
    assert_ok(portion_of_body(buffer_text(&body), &p, &fault));
    assert_true(!p.unknown && terms_equal(&p.terms, &t));
    buffer_done(&body);
    assert_true(house_current(h, EXT_REL_TO, &ext, NULL));
    assert_true(ext.n < definition.n);
    assert_true(house_class(h, EXT_REL_TO).protocol_object);
    assert_true(house_class(h, PUBLIC_TEXT_MAKER).protocol_object);
    assert_false(house_current(h, EXT_CLASSIFICATION, &ext, NULL)); /* not named */
    /* the second one needs none of them again */
    uint64_t entries = house_entries(h);
    assert_ok(own_marking_add(h->node, TEXT("again"), &t, &h->account, &a, &id, &fault));
    assert_int_equal(house_entries(h), entries + 1);
    arena_done(&a);
}

static void public_text_is_known_word_for_word(void **state)
{
    struct house *h = *state;
    for (size_t i = 0; i < PUBLIC_TEXTS; i++) {
        struct text id = public_text_id(i), body = public_text_body(id);
        assert_true(body.len > 0);
        struct intake_totals t = house_import(h, house_bundle(TEXT_FMT, TEXT_ARG(body)), &h->a);
        assert_int_equal(t.fresh, 1);
        assert_true(house_class(h, id.ptr).protocol_object);
    }
    /* the id alone is not enough */
    house_import(h,
                 house_bundle("{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"" PUBLIC_TEXT_MAKER
                              "\",\"created\":\"" T1 "\",\"modified\":\"2027-01-01T00:00:00.000Z\",\"name\":\"x\"}"),
                 &h->a);
    struct gate_class c = house_class(h, PUBLIC_TEXT_MAKER);
    assert_true(!c.protocol_object || !strcmp(house_member(h, PUBLIC_TEXT_MAKER, "name"), "Entente"));
}

/* Definitions are written into objects of ours that carry no marking, and into nothing else. */
static void absent_markings_are_filled(void **state)
{
    struct house *h = *state;
    static const struct text ids[] = {{ONE, sizeof ONE - 1}};
    struct intake_options o = house_options(h, NULL);
    struct intake_totals t;
    house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), NULL);
    o.markings = ids;
    o.marking_count = 1;
    assert_ok(house_take(h,
                         text_of(house_bundle("%s,%s,%s", house_indicator(1, T1, ""),
                                              house_indicator(2, T1, ",\"object_marking_refs\":[\"" GREEN "\"]"),
                                              statement(TWO, "Copyright"))),
                         &o, &t));
    assert_int_equal(t.fresh, 3);
    assert_terms(house_class(h, house_indicator_id(1)), "rcNL");
    assert_terms(house_class(h, house_indicator_id(2)), "");
    assert_terms(house_class(h, TWO), "");
    struct version_row row;
    struct buffer body;
    assert_true(house_current(h, house_indicator_id(1), &row, &body));
    assert_true(text_find_text(buffer_text(&body), TEXT("\"object_marking_refs\":[\"" ONE "\"],\"pattern\"")) > 0);
    struct sha256 hash = sha256_of(body.ptr, body.len);
    assert_true(sha256_eq(&hash, &row.hash));
    buffer_done(&body);
    /* the same again is the same */
    assert_ok(house_take(h, text_of(house_bundle("%s", house_indicator(1, T1, ""))), &o, &t));
    assert_int_equal(t.unchanged, 1);
    /* and another's object is never touched */
    o = house_options(h, &h->a);
    o.markings = ids;
    o.marking_count = 1;
    assert_ok(house_take(h, text_of(house_bundle("%s", house_indicator(5, T1, ""))), &o, &t));
    assert_terms(house_class(h, house_indicator_id(5)), "");
}

/* ---- found anew ---- */

/* Values that are looked for. */
static size_t values_wanted(struct house *h)
{
    struct view_counts c;
    struct view *v;
    assert_ok(node_reader(h->node, &v, NULL));
    assert_ok(view_counts(v, &c, NULL));
    node_reader_done(h->node, v);
    return (size_t)c.values;
}

/* An object that came before its definition waits, and no longer than the definition from its own party. */
static void late_definitions_are_taken(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, house_bundle("%s", house_indicator(1, T1, MARKED)), &h->a);
    house_import(h, house_bundle("%s", house_indicator(2, T1, MARKED)), &h->b);
    assert_true(house_class(h, id).unknown_marking);
    assert_int_equal(house_import(h, house_bundle("%s", statement(ONE, "free for all")), &h->b).reclassed, 1);
    assert_true(house_class(h, id).unknown_marking); /* B's word is for B's objects */
    assert_false(house_class(h, house_indicator_id(2)).unknown_marking);
    struct intake_totals t =
        house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), &h->a);
    assert_int_equal(t.reclassed, 1);
    assert_false(house_class(h, id).unknown_marking);
    assert_terms(house_class(h, id), "rcNL");
    assert_terms(house_class(h, house_indicator_id(2)), "");
    /* one current version of it, with its value, and its former class counts no more */
    assert_int_equal(house_standing(h, id, STANDING_CURRENT), 1);
    assert_int_equal(house_standing(h, id, STANDING_REPLACED), 1);
    assert_int_equal(values_wanted(h), 2);
    uint64_t entries = house_entries(h), replayed;
    assert_int_equal(
        house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), &h->a).reclassed,
        0);
    assert_int_equal(house_import(h, house_bundle("%s", house_indicator(1, T1, MARKED)), &h->a).unchanged, 1);
    assert_int_equal(house_entries(h), entries);
    assert_ok(node_rebuild(h->node, &replayed, NULL));
    assert_terms(house_class(h, id), "rcNL");
    assert_int_equal(house_standing(h, id, STANDING_REPLACED), 1);
    assert_int_equal(values_wanted(h), 2);
}

/* A definition that says more narrows what is held; one that says less changes nothing. */
static void changed_definitions_narrow(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, house_bundle("%s,%s", statement(ONE, "Copyright"), house_indicator(1, T1, MARKED)), &h->a);
    house_import(h, house_bundle("%s", definition(ONE, EXT_NOT_TO, "\"countries\":[\"US\"]")), &h->a);
    assert_terms(house_class(h, id), "ncUS");
    assert_int_equal(house_import(h, house_bundle("%s", statement(ONE, "Copyright again")), &h->a).reclassed, 0);
    assert_terms(house_class(h, id), "ncUS");
}

static void stop_here(void *self, uint64_t count, uint64_t at)
{
    (void)self;
    (void)count;
    (void)at;
    _exit(7);
}

/* The machine stops when the definition is durable, before the objects that name it are looked at. */
static void narrowed_after_a_stop(void **state)
{
    struct house *h = *state;
    house_import(h, house_bundle("%s,%s", statement(ONE, "PAP:CLEAR"), house_indicator(1, T1, MARKED)), &h->a);
    assert_terms(house_class(h, house_indicator_id(1)), "p1");
    node_close(h->node);
    h->node = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct intake_totals t;
        struct fault f;
        if (node_open(io_system(), h->home, NODE_OWN, &h->node, &f) != OK)
            _exit(1);
        struct intake_options o = house_options(h, &h->a);
        o.on_commit = stop_here;
        o.on_rejected = NULL;
        (void)!house_take(h, text_of(house_bundle("%s", statement(ONE, "PAP:RED"))), &o, &t);
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_ok(node_open(io_system(), h->home, NODE_OWN, &h->node, NULL));
    assert_terms(house_class(h, house_indicator_id(1)), "p1");
    assert_ok(reclass_resume(h->node, NULL));
    assert_terms(house_class(h, house_indicator_id(1)), "p4");
    uint64_t entries = house_entries(h);
    assert_ok(reclass_resume(h->node, NULL)); /* and is not done again */
    assert_int_equal(house_entries(h), entries);
}

/* What turns out to be classified after it came in is seen by releasers alone, and matched no more. */
static void classified_late_is_quarantined(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, house_bundle("%s", house_indicator(1, T1, MARKED)), &h->a);
    assert_int_equal(values_wanted(h), 1);
    house_import(h, house_bundle("%s", statement(ONE, "COSMIC TOP SECRET")), &h->a);
    assert_true(house_class(h, id).quarantined);
    assert_int_equal(values_wanted(h), 0);
}

/* ---- RED ---- */

#define RED ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]"

static uint64_t in_quarantine(struct house *h)
{
    struct view_counts c;
    struct view *v;
    assert_ok(node_reader(h->node, &v, NULL));
    assert_ok(view_counts(v, &c, NULL));
    node_reader_done(h->node, v);
    return c.quarantined;
}

static void received_red_waits_for_a_releaser(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    uint64_t count = 0, replayed;
    struct fault fault = {0};
    assert_int_equal(house_import(h, house_bundle("%s", house_indicator(1, T1, RED)), &h->a).red, 1);
    assert_true(house_class(h, id).quarantined);
    assert_int_equal(values_wanted(h), 0);
    assert_int_equal(in_quarantine(h), 1);
    assert_int_equal(house_import(h, house_bundle("%s", house_indicator(2, T1, RED)), NULL).red, 0); /* ours */
    assert_false(house_class(h, house_indicator_id(2)).quarantined);
    assert_err(quarantine_release(h->node, text_of(house_indicator_id(2)), &h->account, TEXT("r"), &count, &fault),
               ERR_NOT_FOUND);
    assert_ok(quarantine_release(h->node, text_of(id), &h->account, TEXT("agreed by telephone"), &count, &fault));
    assert_int_equal(count, 1);
    assert_false(house_class(h, id).quarantined);
    assert_int_equal(house_class(h, id).tlp, TLP_RED);
    assert_int_equal(values_wanted(h), 2);
    assert_int_equal(in_quarantine(h), 0);
    assert_int_equal(house_standing(h, id, STANDING_CURRENT), 1);
    assert_err(quarantine_release(h->node, text_of(id), &h->account, TEXT("r"), &count, &fault), ERR_NOT_FOUND);
    assert_ok(node_rebuild(h->node, &replayed, NULL));
    assert_int_equal(values_wanted(h), 2);
    assert_int_equal(in_quarantine(h), 0);
}

static enum err append_agreement(struct txn *t, void *self, struct fault *reterr)
{
    struct house *h = self;
    struct fact f = {.kind = FACT_AGREEMENT};
    f.u.agreement = (struct fact_agreement){.party = h->a, .account = h->account, .red = &h->account, .red_count = 1};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* With an agreement that names accounts for it, RED is theirs to see: the gate asks for the account. */
static void red_by_agreement_does_not_wait(void **state)
{
    struct house *h = *state;
    struct fault fault = {0};
    assert_ok(node_write(h->node, append_agreement, h, &fault));
    assert_int_equal(house_import(h, house_bundle("%s", house_indicator(1, T1, RED)), &h->a).red, 0);
    assert_false(house_class(h, house_indicator_id(1)).quarantined);
    assert_int_equal(house_import(h, house_bundle("%s", house_indicator(2, T1, RED)), &h->b).red, 1);
}

/* A label raised to RED takes out of use what was in use under the lower one, and it does not come back by
 * repetition.
 */
static void raised_to_red(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    house_import(h, house_bundle("%s", house_indicator(1, T1, "")), &h->a);
    house_import(h, house_bundle("%s", house_indicator(1, T2, RED)), &h->a);
    assert_true(house_class(h, id).quarantined);
    assert_int_equal(values_wanted(h), 0);
    house_import(h, house_bundle("%s", house_indicator(1, T1, "")), &h->a);
    assert_true(house_class(h, id).quarantined);
    assert_int_equal(values_wanted(h), 0);
}

#define CLEAR_ID    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
#define RED_ID      "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define MARKS(list) ",\"object_marking_refs\":[" list "]"

/* Of one moment markings never widen, whichever form came first and however often. */
static void a_form_of_the_same_moment_never_widens(void **state)
{
    struct house *h = *state;
    static const char *const laxer[] = {MARKS("\"" CLEAR_ID "\""), "",
                                        MARKS("\"" CLEAR_ID "\"") ",\"name\":\"whole\""};
    static const char *const stricter[] = {MARKS("\"" CLEAR_ID "\",\"" RED_ID "\""), RED, RED ",\"confidence\":7",
                                           RED ",\"confidence\":8"};
    unsigned number = 1;
    uint64_t replayed;
    for (size_t l = 0; l < ARRAY_LEN(laxer); l++)
        for (size_t s = 0; s < ARRAY_LEN(stricter); s++)
            for (int red_first = 0; red_first < 2; red_first++, number++) {
                for (int turn = 0; turn < 4; turn++)
                    house_import(h,
                                 house_bundle("%s", house_indicator(number, T1,
                                                                    (turn + red_first) % 2 ? stricter[s] : laxer[l])),
                                 &h->a);
                assert_int_equal(house_class(h, house_indicator_id(number)).tlp, TLP_RED);
                assert_true(house_class(h, house_indicator_id(number)).quarantined);
            }
    assert_int_equal(values_wanted(h), 0);
    assert_ok(node_rebuild(h->node, &replayed, NULL));
    for (unsigned i = 1; i < number; i++)
        assert_true(house_class(h, house_indicator_id(i)).quarantined);
    assert_int_equal(values_wanted(h), 0);
}

/* Where neither form is the stricter, what leaves would carry half of the terms: it does not leave. */
static void terms_of_one_moment_add_up(void **state)
{
    struct house *h = *state;
    house_import(h,
                 house_bundle("%s,%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"DE\",\"NL\"]"),
                              definition(TWO, EXT_REL_TO, "\"countries\":[\"NL\",\"FR\"]")),
                 &h->a);
    for (unsigned i = 1; i < 5; i++) {
        for (int turn = 0; turn < 4; turn++)
            house_import(
                h,
                house_bundle(
                    "%s", house_indicator(i, T1, (turn + (int)i) % 2 ? MARKS("\"" ONE "\"") : MARKS("\"" TWO "\""))),
                &h->a);
        assert_terms(house_class(h, house_indicator_id(i)), "rcNL");
        assert_true(house_class(h, house_indicator_id(i)).unknown_marking);
        assert_int_equal(house_standing(h, house_indicator_id(i), STANDING_CURRENT), 1);
    }
    /* a definition said again takes nothing back */
    house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"DE\",\"NL\",\"SE\"]")), &h->a);
    assert_terms(house_class(h, house_indicator_id(1)), "rcNL");
    assert_true(house_class(h, house_indicator_id(1)).unknown_marking);
    /* one marking more is no conflict: the body carries all of it */
    for (unsigned i = 5; i < 7; i++) {
        for (int turn = 0; turn < 3; turn++)
            house_import(
                h,
                house_bundle("%s", house_indicator(i, T1,
                                                   (turn + (int)i) % 2 ? MARKS("\"" CLEAR_ID "\"")
                                                                       : MARKS("\"" CLEAR_ID "\",\"" ONE "\""))),
                &h->a);
        assert_terms(house_class(h, house_indicator_id(i)), "rcDE,cNL");
        assert_false(house_class(h, house_indicator_id(i)).unknown_marking);
    }
}

/* One that was dated ahead stands by its date once it is let out. */
static void the_future_is_let_out(void **state)
{
    struct house *h = *state;
    const char *id = house_indicator_id(1);
    uint64_t count = 0;
    struct fault fault = {0};
    house_import(h, house_bundle("%s", house_indicator(1, T1, "")), &h->a);
    house_import(h, house_bundle("%s", house_indicator(1, "2999-01-01T00:00:00.000Z", "")), &h->a);
    assert_string_equal(house_member(h, id, "modified"), T1);
    assert_int_equal(in_quarantine(h), 1);
    assert_ok(quarantine_release(h->node, text_of(id), &h->account, TEXT("a clock"), &count, &fault));
    assert_string_equal(house_member(h, id, "modified"), "2999-01-01T00:00:00.000Z");
    assert_int_equal(in_quarantine(h), 0);
    assert_int_equal(house_standing(h, id, STANDING_OLDER), 1);
}

/* ---- what closing asks ---- */

static void portions_are_looked_up(void **state)
{
    struct house *h = *state;
    struct portion_cache *cache;
    struct gate_portion p;
    struct view *v;
    house_import(h, house_bundle("%s", definition(ONE, EXT_REL_TO, "\"countries\":[\"NL\"]")), &h->a);
    assert_ok(portion_cache_new(h->node, &cache));
    assert_ok(node_reader(h->node, &v, NULL));
    for (int twice = 0; twice < 2; twice++) {
        portion_look_up(cache, v, TEXT(ONE), &h->a, &p);
        assert_false(p.unknown);
        assert_int_equal(p.terms.rel_to_count, 1);
        portion_look_up(cache, v, TEXT(ONE), &h->b, &p);
        assert_true(p.unknown);
        portion_look_up(cache, v, TEXT(GREEN), &h->b, &p);
        assert_true(!p.unknown && p.tlp == TLP_GREEN);
        portion_look_up(cache, v, TEXT("identity--0c1f3b6a-7c9e-4d2a-9d0a-5a1b2c3d4e5f"), &h->b, &p);
        assert_true(p.unknown);
    }
    node_reader_done(h->node, v);
    /* a remembered answer does not outlive the log's next entry */
    house_import(h, house_bundle("%s", statement(ONE, "PAP:AMBER")), &h->b);
    assert_ok(node_reader(h->node, &v, NULL));
    portion_look_up(cache, v, TEXT(ONE), &h->b, &p);
    assert_true(!p.unknown && p.terms.pap == PAP_AMBER);
    node_reader_done(h->node, v);
    portion_cache_free(cache);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(terms_reach_the_class),
        WITH_HOUSE(labels_in_definitions_count),
        WITH_HOUSE(third_parties_are_not_believed),
        WITH_HOUSE(the_document_itself_counts),
        WITH_HOUSE(the_portions_and_the_tear_line),
        WITH_HOUSE(classified_is_refused),
        WITH_HOUSE(up_to_the_ceiling_is_taken),
        WITH_HOUSE(strict_means_whole),
        WITH_HOUSE(ours_are_made_and_read),
        WITH_HOUSE(public_text_is_known_word_for_word),
        WITH_HOUSE(absent_markings_are_filled),
        WITH_HOUSE(late_definitions_are_taken),
        WITH_HOUSE(changed_definitions_narrow),
        WITH_HOUSE(narrowed_after_a_stop),
        WITH_HOUSE(classified_late_is_quarantined),
        WITH_HOUSE(received_red_waits_for_a_releaser),
        WITH_HOUSE(red_by_agreement_does_not_wait),
        WITH_HOUSE(raised_to_red),
        WITH_HOUSE(the_future_is_let_out),
        WITH_HOUSE(portions_are_looked_up),
        WITH_HOUSE(a_form_of_the_same_moment_never_widens),
        WITH_HOUSE(terms_of_one_moment_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
