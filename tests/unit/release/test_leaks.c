/* A million drawn objects with marked portions, references and tear lines, each to a drawn recipient: nothing that
 * may not leave is in the bytes of what leaves, of its selectors or of the words for it, and what leaves is valid
 * STIX. */
#include "domain.h"

#include <stdio.h>

#include "base/limits.h"
#include "model/space.h"
#include "model/stix.h"
#include "model/terms_read.h"
#include "release/outbound.h"

#define OBJECTS UINT64_C(1000000)

/* ---- an object, part by part ---- */

#define PARTS_MAX   16
#define MARKS_MAX   4
#define PART_SECRET "zq%02zu%c" /* in each part's text: what is searched for */

enum mark { MARK_CLEAR, MARK_GREEN, MARK_AMBER, MARK_STRICT, MARK_RED, MARK_CONTROL, MARK_STRANGE, MARKS };
static const char *const mark_ids[MARKS] = {
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    "marking-definition--c0000000-0000-4000-8000-000000000001",
    "marking-definition--c0000000-0000-4000-8000-000000000009",
};
static const enum tlp mark_labels[MARKS] = {TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT,
                                            TLP_RED,   TLP_NONE,  TLP_NONE};

/* Where a part stands, in canonical order; `%s` is its secret. Bits of what else it is. */
enum { NEEDED = 1, IN_LABELS = 2, IN_REFERENCES = 4, IS_REF = 8 };
static const struct part {
    const char *selector, *property;
    unsigned is;
} parts[] = {
    {"created_by_ref", "created_by_ref", IS_REF},
    {"description", "description", 0},
    {"external_references.[0].description", "external_references", IN_REFERENCES},
    {"external_references.[1].description", "external_references", IN_REFERENCES},
    {"labels.[0]", "labels", IN_LABELS},
    {"labels.[1]", "labels", IN_LABELS},
    {"labels.[2]", "labels", IN_LABELS},
    {"name", "name", 0},
    {"pattern", "pattern", NEEDED},
    {"x_map.deep.[1].er", "x_map", 0},
    {"x_note", "x_note", 0},
};
#define PARTS ARRAY_LEN(parts)

struct made {
    struct question q;
    uint64_t serial;
    bool there[PARTS];
    enum mark marks[PARTS][MARKS_MAX]; /* of each part, its own */
    size_t mark_count[PARTS];
    bool ref_withheld;
    bool torn[PARTS]; /* its tear line names it */
    char secret[PARTS][16];
    char body[8192];
};

static void add(struct buffer *b, const char *text)
{
    buffer_add(b, text_of(text));
}

static void add_string(struct buffer *b, const char *name, const char *text)
{
    buffer_addf(b, "%s\"%s\":\"%s\"", b->ptr[b->len - 1] == '{' ? "" : ",", name, text);
}

static void add_portions(struct buffer *b, const struct made *m)
{
    bool any = false;
    for (size_t mark = 0; mark < MARKS; mark++) {
        bool begun = false;
        for (size_t p = 0; p < PARTS; p++)
            for (size_t i = 0; i < m->mark_count[p]; i++) {
                if (m->marks[p][i] != mark)
                    continue;
                if (!begun)
                    buffer_addf(b, "%s{\"marking_ref\":\"%s\",\"selectors\":[",
                                any ? "," : ",\"granular_markings\":[", mark_ids[mark]);
                buffer_addf(b, "%s\"%s\"", begun ? "," : "", parts[p].selector);
                begun = any = true;
            }
        if (begun)
            add(b, "]}");
    }
    if (any)
        add(b, "]");
}

#define SPRING "\"" EXT_EXERCISE "\":{\"exercise\":\"spring\",\"extension_type\":\"property-extension\"}"

static void add_extension(struct buffer *b, const struct made *m)
{
    char text[UUID_TEXT_MAX];
    struct uuid id;
    if (m->q.c.tear == TLP_NONE) {
        if (m->q.c.exercise)
            add(b, ",\"extensions\":{" SPRING "}");
        return;
    }
    assert_true(tlp_marking(m->q.c.tear, 2, &id));
    buffer_addf(b,
                ",\"extensions\":{\"" EXT_TEAR_LINE "\":{\"extension_type\":\"property-extension\",\"marking_ref\":"
                "\"marking-definition--" TEXT_FMT "\",\"properties\":[\"name\"",
                TEXT_ARG(uuid_format(&id, text)));
    for (size_t p = 0; p < PARTS; p++)
        if (m->torn[p])
            buffer_addf(b, ",\"%s\"", parts[p].property);
    add(b, m->q.c.exercise ? "]}," SPRING "}" : "]}}");
}

static void add_references(struct buffer *b, const struct made *m)
{
    bool begun = false;
    for (size_t p = 2; p < 4; p++)
        if (m->there[p]) {
            buffer_addf(b, "%s{\"description\":\"%s\",\"source_name\":\"s\"}",
                        begun ? "," : ",\"external_references\":[", m->secret[p]);
            begun = true;
        }
    if (begun)
        add(b, "]");
}

static void add_labels(struct buffer *b, const struct made *m)
{
    for (size_t p = 4; m->there[4] && p < 7; p++)
        buffer_addf(b, "%s\"%s\"", p > 4 ? "," : ",\"labels\":[", m->secret[p]);
    if (m->there[4])
        add(b, "]");
}

#define TIME "\"2026-01-01T00:00:00.000Z\""

static void write_object(struct made *m)
{
    struct buffer b;
    char text[UUID_TEXT_MAX];
    struct uuid id;
    buffer_init(&b, sizeof m->body);
    add(&b, "{\"created\":" TIME);
    if (m->there[0])
        buffer_addf(&b, ",\"created_by_ref\":\"identity--%s-0000-4000-8000-000000000001\"",
                    m->ref_withheld ? "dead0000" : "11110000");
    if (m->there[1])
        add_string(&b, "description", m->secret[1]);
    add_extension(&b, m);
    add_references(&b, m);
    add_portions(&b, m);
    buffer_addf(&b, ",\"id\":\"indicator--00000000-0000-4000-8000-%012llu\"", (unsigned long long)m->serial);
    add_labels(&b, m);
    add(&b, ",\"modified\":" TIME);
    if (m->there[7])
        add_string(&b, "name", m->secret[7]);
    if (tlp_marking(m->q.c.tlp, 2, &id))
        buffer_addf(&b, ",\"object_marking_refs\":[\"marking-definition--" TEXT_FMT "\"]",
                    TEXT_ARG(uuid_format(&id, text)));
    buffer_addf(&b,
                ",\"pattern\":\"[url:value='%s']\",\"pattern_type\":\"stix\",\"spec_version\":\"2.1\",\"type\":"
                "\"indicator\",\"valid_from\":" TIME,
                m->secret[8]);
    if (m->there[9])
        buffer_addf(&b, ",\"x_map\":{\"deep\":[1,{\"er\":\"%s\"}]}", m->secret[9]);
    if (m->there[10])
        add_string(&b, "x_note", m->secret[10]);
    add(&b, "}");
    assert_ok(buffer_error(&b));
    memcpy(m->body, b.ptr, b.len);
    m->body[b.len] = 0;
    buffer_done(&b);
}

/* A question that clears mostly, and an object of its class. */
static void make(uint64_t number, struct made *m)
{
    uint64_t s = number * 77 + 5;
    *m = (struct made){.serial = number};
    question_draw(number * 3 + 1, &m->q);
    m->q.c.sighting = m->q.c.own_identity = m->q.c.protocol_object = false;
    m->q.c.granular = true;
    m->q.c.terms = draw(&s, 2) ? m->q.c.terms : (struct terms){0};
    m->q.r.ceiling = draw(&s, 2) ? TLP_RED : m->q.r.ceiling;
    m->q.c.tlp = draw(&s, 3) ? TLP_CLEAR + (enum tlp)draw(&s, 2) : m->q.c.tlp;
    m->ref_withheld = draw(&s, 2);
    for (size_t p = 0; p < PARTS; p++) {
        m->there[p] = (parts[p].is & (NEEDED | IN_REFERENCES)) || draw(&s, 4);
        snprintf(m->secret[p], sizeof m->secret[p], PART_SECRET, p, (char)('a' + number % 26));
        m->torn[p] = draw(&s, 2);
    }
    m->there[5] = m->there[6] = m->there[4];
    for (size_t n = draw(&s, 5); n > 0; n--) {
        size_t p = draw(&s, PARTS);
        bool needed = (parts[p].is & NEEDED) && draw(&s, 4);
        if (m->there[p] && !needed && m->mark_count[p] < MARKS_MAX)
            m->marks[p][m->mark_count[p]++] = (enum mark)draw(&s, MARKS);
    }
    write_object(m);
}

/* ---- what may be seen of it, told a second time ---- */

/* What a mark adds to the object's class; false: nothing. */
static bool with_mark(const struct made *m, const struct told *told, enum mark mark, struct question *ret)
{
    *ret = m->q;
    enum tlp own = gate_class_label(&m->q.c);
    if (told->tear && !told->consent)
        own = m->q.c.tear;
    if (own == TLP_NONE)
        own = told->label; /* unmarked: what it leaves as holds for all of it */
    ret->c.tear = TLP_NONE;
    for (size_t g = 0; g < ret->grant_count; g++)
        if (ret->grants[g].kind == GRANT_CONSENT)
            ret->grants[g].to = (struct uuid){{0x77}};
    ret->c.tlp = own;
    if (mark == MARK_STRANGE)
        ret->c.unknown_marking = true;
    else if (mark == MARK_CONTROL)
        ret->c.terms.originator_control = true;
    else if (mark_labels[mark] > own)
        ret->c.tlp = mark_labels[mark];
    return mark == MARK_STRANGE || ret->c.tlp != own ||
           ret->c.terms.originator_control != m->q.c.terms.originator_control;
}

static bool visible(const struct made *m, const struct told *told, size_t part)
{
    for (size_t i = 0; i < m->mark_count[part]; i++) {
        struct question of_part;
        struct told answer;
        if (with_mark(m, told, m->marks[part][i], &of_part) && !oracle(&of_part, &answer))
            return false;
    }
    return true;
}

static bool in_tear_line(const struct made *m, const struct decision *d, size_t part)
{
    const char *property = parts[part].property;
    if (parts[part].is & NEEDED || strcmp(property, "name") == 0)
        return true;
    if (d->tear_properties.len) /* "name,pattern": see domain.c */
        return false;
    for (size_t p = 0; p < PARTS; p++)
        if (m->torn[p] && strcmp(parts[p].property, property) == 0)
            return true;
    return false;
}

/* ---- the search ---- */

static enum ref_state about_ref(void *self, struct text id)
{
    (void)self;
    return text_find_text(id, TEXT("dead0000")) >= 0 ? REF_WITHHELD : REF_CLEARED;
}

static void about_marking(void *self, struct text id, struct gate_portion *ret)
{
    (void)self;
    bool control = text_eq(id, text_of(mark_ids[MARK_CONTROL]));
    *ret = (struct gate_portion){.terms.originator_control = control, .unknown = !control};
}

static bool has(struct text bytes, const char *secret)
{
    return text_find_text(bytes, text_of(secret)) >= 0;
}

static void complain(const struct made *m, const struct decision *d, struct text out, const char *what, size_t part)
{
    print_error("%s: %s\n%s\nas " TEXT_FMT "\n", what, part < PARTS ? parts[part].selector : "", m->body,
                TEXT_ARG(out));
    question_print(&m->q);
    for (size_t i = 0; i < d->rule_count; i++)
        print_error("  %s: %s\n", d->rules[i].id, d->rules[i].words);
    fail();
}

static void search(const struct made *m, const struct told *told, const struct decision *d, const struct cleared *c)
{
    struct text body = cleared_body(c), removed = cleared_removed(c);
    for (size_t p = 0; p < PARTS; p++) {
        bool goes = m->there[p] && visible(m, told, p) && (!d->tear || in_tear_line(m, d, p));
        bool prunes = (parts[p].is & IS_REF) != 0;
        const char *mark = prunes ? "created_by_ref\":\"" : m->secret[p];
        if (prunes)
            goes = goes && !m->ref_withheld;
        if (has(body, mark) != goes)
            complain(m, d, body, goes ? "cut without need" : "leaked", p);
        if (!prunes && has(removed, m->secret[p]))
            complain(m, d, removed, "named", p);
    }
    if (has(body, SPRING) != m->q.c.exercise)
        complain(m, d, body, "without the mark of its space", PARTS);
    if (has(body, "dead0000") || has(body, "c0000000-0000-4000-8000-000000000009"))
        if (m->q.r.kind != RECIPIENT_OWN_ACCOUNT && !told->cleared)
            complain(m, d, body, "a withheld identifier", PARTS);
    if (has(body, "dead0000"))
        complain(m, d, body, "a withheld reference", PARTS);
}

static void is_valid(const struct made *m, const struct decision *d, const struct cleared *c)
{
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    struct fault why = {0};
    arena_init(&arena, MIB);
    assert_ok(json_parse(cleared_body(c), &doc, NULL));
    if (stix_head_read(json_root(doc), &arena, &head, &why))
        complain(m, d, cleared_body(c), why.what, PARTS);
    bool same = text_eq(head.id, cleared_id(c)) && head.has_modified;
    /* Break-glass alone sends AMBER+STRICT to who knows TLP 1 only: as RED, which is stricter. */
    bool as_red = !(m->q.r.knows & TERM_TLP2) && d->label == TLP_AMBER_STRICT && head.tlp == TLP_RED;
    bool marked = d->label == TLP_NONE || head.tlp == d->label || as_red || m->q.door == DOOR_CONSOLE;
    if (!same || !marked)
        complain(m, d, cleared_body(c), "not the same object, or not its marking", PARTS);
    arena_done(&arena);
    json_free(doc);
}

/* ERR_DENIED: closing withheld it, and says nothing of what it withheld. */
static void check_withheld(const struct made *m, const struct decision *d, const struct decision_rule *why)
{
    struct text words = text_of(why->words);
    if (!why->id || words.len < 20)
        complain(m, d, words, "no reason", PARTS);
    for (size_t p = 0; p < PARTS; p++)
        if (has(words, m->secret[p]) || has(words, "dead0000"))
            complain(m, d, words, "said in the reason", p);
}

struct counts {
    uint64_t whole, renditions, withheld;
};

static void clear_one(struct made *m, struct counts *n)
{
    const struct gate_lookup lookup = {about_ref, about_marking, NULL, NULL};
    struct gate_question asked = question_of(&m->q);
    struct decision d;
    struct told told;
    struct cleared *c = NULL;
    struct decision_rule why = {0};
    gate_decide(&asked, &d);
    bool goes = oracle(&m->q, &told);
    if (goes != d.cleared)
        complain(m, &d, TEXT_NONE, "the rules told twice differ", PARTS);
    enum err e = gate_clear(&asked, &d, text_of(m->body), &lookup, &c, &why);
    bool needed = goes && !visible(m, &told, 8); /* the pattern */
    if (goes && (e == ERR_DENIED) != needed)
        complain(m, &d, text_of(why.words), "withheld without need, or not withheld", 8);
    if (e == OK) {
        search(m, &told, &d, c);
        is_valid(m, &d, c);
        n->whole += cleared_form(c) == FORM_WHOLE;
        n->renditions += cleared_form(c) == FORM_RENDITION;
    } else {
        assert_err(e, ERR_DENIED);
        check_withheld(m, &d, &why);
        n->withheld++;
    }
    cleared_free(c);
}

static void nothing_leaks(void **state)
{
    (void)state;
    static struct made m;
    struct counts n = {0};
    for (uint64_t i = 0; i < OBJECTS; i++) {
        make(i, &m);
        clear_one(&m, &n);
    }
    print_message("%llu whole, %llu renditions, %llu withheld\n", (unsigned long long)n.whole,
                  (unsigned long long)n.renditions, (unsigned long long)n.withheld);
    assert_true(n.renditions > OBJECTS / 10 && n.whole > 1000 && n.withheld > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_leaks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
