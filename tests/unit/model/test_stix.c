/* What every STIX object must have: for each rule an object that keeps it and one that does not. Objects are written
 * with ` for the quotation mark. */
#include "base/limits.h"
#include "model/stix.h"
#include "support/test.h"

#define UUID "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define COMMON(type)                                                \
    "{`type`:`" type "`,`spec_version`:`2.1`,`id`:`" type "--" UUID \
    "`,`created`:`2024-01-01T00:00:00.000Z`,`modified`:`2024-01-02T00:00:00.000Z`"
#define TOOL(more)         COMMON("tool") ",`name`:`x`" more "}"
#define INDICATOR(more)    COMMON("indicator") ",`pattern_type`:`stix`" more "}"
#define FROM               ",`valid_from`:`2024-01-01T00:00:00Z`"
#define PATTERN            ",`pattern`:`[domain-name:value = 'a.example']`"
#define RELATIONSHIP(more) COMMON("relationship") ",`relationship_type`:`uses`" more "}"
#define ENDS               ",`source_ref`:`tool--" UUID "`,`target_ref`:`url--" UUID "`"
#define SIGHTING(more)     COMMON("sighting") more "}"
#define OBSERVED(more)     COMMON("observed-data") more "}"
#define OBSERVED_TIMES \
    ",`first_observed`:`2024-01-01T00:00:00Z`,`last_observed`:`2024-01-01T00:00:00Z`,`number_observed`:1"
#define MARKING(uuid, more)                                                             \
    "{`type`:`marking-definition`,`spec_version`:`2.1`,`id`:`marking-definition--" uuid \
    "`,`created`:`2017-01-20T00:00:00.000Z`" more "}"
#define GREEN1  "34098fce-860f-48ae-8e50-ebd3cc5e41da"
#define CLEAR2  "94868c89-83c2-464b-929b-a1a8aa3c8487"
#define STRICT2 "939a9414-2ddd-4d32-a0cd-375ea402b003"
#define TLP2    "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define EXT     "extension-definition--" UUID

static struct json_doc *document(const char *object)
{
    struct json_doc *doc = NULL;
    struct fault fault = {0};
    char *copy = strdup(object);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '`')
            *c = '"';
    if (json_parse(text_of(copy), &doc, &fault))
        fail_msg("%s: %s", object, fault.what);
    free(copy);
    return doc;
}

struct result {
    struct json_doc *doc;
    struct arena arena;
    struct stix_head head;
    struct fault fault;
    enum err err;
};

static struct result read_object(const char *object, size_t budget)
{
    struct result r = {.doc = document(object)};
    memset(&r.head, 0x5a, sizeof r.head);
    arena_init(&r.arena, budget);
    r.err = stix_head_read(json_root(r.doc), &r.arena, &r.head, &r.fault);
    return r;
}

static void done(struct result *r)
{
    arena_done(&r->arena);
    json_free(r->doc);
}

static void good(const char *object)
{
    struct result r = read_object(object, 1 * MIB);
    if (r.err)
        fail_msg("%s\nrefused: %s: %s", object, r.fault.rule, r.fault.what);
    done(&r);
}

/* Refused, or let pass and told as what it is. */
static void bad(const char *object, const char *section, const char *word)
{
    struct result r = read_object(object, 1 * MIB);
    struct stix_head untouched;
    char rule[FAULT_RULE_MAX] = "STIX 2.1 ", what[FAULT_WHAT_MAX];
    bool let = r.err == OK && r.head.let.len > 0;
    memset(&untouched, 0x5a, sizeof untouched);
    if (!let && r.err != ERR_MALFORMED)
        fail_msg("%s\nnot refused", object);
    if (!let)
        assert_memory_equal(&r.head, &untouched, sizeof untouched);
    strcat(rule, section);
    snprintf(what, sizeof what, TEXT_FMT, TEXT_ARG(let ? r.head.let : text_of(r.fault.what)));
    const char *told = let ? r.head.let_rule : r.fault.rule;
    if (strcmp(told, rule) != 0 || !strstr(what, word))
        fail_msg("%s\nexpected %s: …%s…\ngot      %s: %s", object, rule, word, told, what);
    done(&r);
}

static void identity_of_an_object(void **state)
{
    (void)state;
    good(TOOL(""));
    good("{`type`:`x-acme-thing`,`id`:`x-acme-thing--" UUID "`}");
    bad("[]", "3", "JSON object");
    bad("`x`", "3", "JSON object");
    bad("{}", "3.2", "type");
    bad("{`type`:5}", "3.2", "type");
    bad("{`type`:`bundle`,`id`:`bundle--" UUID "`,`objects`:[]}", "8", "bundle");
    bad("{`type`:`X-Thing`,`id`:`X-Thing--" UUID "`}", "3.1", "type");
    bad("{`type`:`a--b`,`id`:`a--b--" UUID "`}", "3.1", "type");
    bad("{`type`:`tool`,`spec_version`:`2.1`}", "3.2", "id");
    bad("{`type`:`tool`,`spec_version`:`2.1`,`id`:`tool--1`}", "2.9", "id");
    bad("{`type`:`tool`,`spec_version`:`2.1`,`id`:`malware--" UUID "`}", "2.9", "type");
}

static void versions_of_the_specification(void **state)
{
    (void)state;
    good("{`type`:`url`,`id`:`url--" UUID "`,`value`:`http://a.example/`}");
    good("{`type`:`url`,`spec_version`:`2.1`,`id`:`url--" UUID "`,`value`:`http://a.example/`}");
    bad("{`type`:`url`,`spec_version`:`2.0`,`id`:`url--" UUID "`}", "3.2", "2.0");
    bad("{`type`:`url`,`spec_version`:2.1,`id`:`url--" UUID "`}", "2.15", "spec_version");
    bad("{`type`:`tool`,`id`:`tool--" UUID "`,`created`:`2024-01-01T00:00:00.000Z`,"
        "`modified`:`2024-01-01T00:00:00.000Z`,`name`:`x`}",
        "3.2", "STIX 2.0");
    bad("{`type`:`tool`,`spec_version`:`2.2`,`id`:`tool--" UUID "`}", "3.2", "2.1");
}

static void creation_and_modification(void **state)
{
    (void)state;
#define AT(created, modified)                                                                 \
    "{`type`:`tool`,`spec_version`:`2.1`,`id`:`tool--" UUID "`,`name`:`x`,`created`:" created \
    ",`modified`:" modified "}"
    bad(AT("`2024-01-01T00:00:00.000Z`", "`2024-01-01T00:00:00.00Z`"), "3.2", "modified");
    good(AT("`2024-01-01T00:00:00.000Z`", "`2024-01-01T00:00:00.000Z`"));
    good(AT("`2024-01-01T00:00:00.1234567Z`", "`2024-01-01T00:00:00.1234568Z`"));
    bad(AT("`2024-01-01T00:00:00.001Z`", "`2024-01-01T00:00:00.000999Z`"), "3.2", "modified");
    bad(AT("`2024-02-30T00:00:00.000Z`", "`2024-03-01T00:00:00.000Z`"), "2.16", "created");
    bad(AT("`2024-01-01T00:00:00.000Z`", "`2024-01-01T00:00:00+00:00`"), "2.16", "modified");
    bad(AT("1704067200", "`2024-01-01T00:00:00.000Z`"), "2.16", "created");
    bad("{`type`:`tool`,`spec_version`:`2.1`,`id`:`tool--" UUID "`,`modified`:`2024-01-01T00:00:00.000Z`}", "3.2",
        "created");
    bad("{`type`:`tool`,`spec_version`:`2.1`,`id`:`tool--" UUID "`,`created`:`2024-01-01T00:00:00.000Z`}", "3.2",
        "modified");
    bad("{`type`:`url`,`id`:`url--" UUID "`,`created`:`2024-01-01T00:00:00.000Z`}", "3.2", "created");
}

/* A type of somebody's own is held to what its extension says it is. */
static void custom_types(void **state)
{
    (void)state;
#define CUSTOM(kind, more) \
    "{`type`:`x-a`,`id`:`x-a--" UUID "`,`extensions`:{`" EXT "`:{`extension_type`:`" kind "`}}" more "}"
    bad(CUSTOM("new-sdo", ""), "3.2", "spec_version");
    bad(CUSTOM("new-sdo", ",`spec_version`:`2.1`"), "3.2", "created");
    bad(CUSTOM("new-sro", ",`spec_version`:`2.1`,`created`:`2024-01-01T00:00:00.000Z`"), "3.2", "modified");
    good(CUSTOM("new-sco", ""));
    good(CUSTOM("property-extension", ""));
    bad(CUSTOM("new-sco", ",`created`:`2024-01-01T00:00:00.000Z`"), "3.2", "created");
    good("{`type`:`x-a`,`id`:`x-a--" UUID "`,`x_list`:[{`a`:[]}],`own_ref`:5}");
    bad("{`type`:`x-a`,`id`:`x-a--" UUID "`,`x_list`:[]}", "2.12", "x_list");
    bad("{`type`:`x-a`,`id`:`x-a--" UUID "`,`x_null`:null}", "2", "x_null");
    struct result r = read_object(CUSTOM("new-sco", ""), 1 * MIB);
    assert_int_equal(r.head.cls, STIX_CUSTOM);
    done(&r);
}

static void common_properties(void **state)
{
    (void)state;
    good(TOOL(",`revoked`:true,`confidence`:0,`lang`:`de-CH-1996`,`labels`:[`a`,``]"));
    good(TOOL(",`confidence`:100"));
    bad(TOOL(",`revoked`:`true`"), "2.2", "revoked");
    bad(TOOL(",`defanged`:true"), "3.2", "defanged");
    good("{`type`:`url`,`id`:`url--" UUID "`,`value`:`hxxp://a[.]example/`,`defanged`:true}");
    bad(TOOL(",`confidence`:101"), "3.2", "confidence");
    bad(TOOL(",`confidence`:-1"), "3.2", "confidence");
    bad(TOOL(",`confidence`:50.5"), "2.10", "confidence");
    bad(TOOL(",`confidence`:`50`"), "2.10", "confidence");
    bad(TOOL(",`lang`:5"), "2.15", "lang");
    bad(TOOL(",`lang`:`de_CH`"), "3.2", "lang");
    bad(TOOL(",`lang`:``"), "3.2", "lang");
    bad(TOOL(",`labels`:[]"), "2.12", "labels");
    bad(TOOL(",`labels`:`a`"), "2.12", "labels");
    bad(TOOL(",`labels`:[5]"), "2.15", "labels");
    good(TOOL(",`created_by_ref`:`identity--" UUID "`"));
    bad(TOOL(",`created_by_ref`:`tool--" UUID "`"), "3.2", "created_by_ref");
    bad(TOOL(",`created_by_ref`:`identity`"), "2.9", "created_by_ref");
    bad(TOOL(",`aliases`:[]"), "2.12", "aliases");
    bad(TOOL(",`kill_chain_phases`:[{}]"), "2.11", "kill_chain_name");
    bad(TOOL(",`description`:null"), "2.15", "description");
    good(TOOL(",`x_acme`:{`a`:[],`b`:{},`c`:null}"));
}

static void external_references(void **state)
{
    (void)state;
#define REFERENCE(members) TOOL(",`external_references`:[" members "]")
    good(REFERENCE("{`source_name`:`cve`,`external_id`:`CVE-2024-1`},{`source_name`:`a`,`url`:`http://a.example/`}"));
    bad(REFERENCE(""), "2.12", "external_references");
    bad(TOOL(",`external_references`:{}"), "2.12", "external_references");
    bad(REFERENCE("`x`"), "2.5.1", "external-reference");
    bad(REFERENCE("{`url`:`http://a.example/`}"), "2.5.1", "source_name");
    bad(REFERENCE("{`source_name`:`a`}"), "2.5.2", "external_id");
    bad(REFERENCE("{`source_name`:`a`,`external_id`:5}"), "2.15", "external_id");
}

static void extensions(void **state)
{
    (void)state;
    good(TOOL(",`extensions`:{`" EXT "`:{`extension_type`:`property-extension`,`abc`:[{`a`:[]}]}}"));
    good("{`type`:`file`,`id`:`file--" UUID "`,`name`:`x`,`extensions`:{`ntfs-ext`:{`sid`:`1`}}}");
    bad(TOOL(",`extensions`:{}"), "3.2", "extensions");
    bad(TOOL(",`extensions`:[]"), "3.2", "extensions");
    bad(TOOL(",`extensions`:{`x-ext`:`y`}"), "3.2", "extension");
    bad(TOOL(",`extensions`:{`" EXT "`:{`a`:1}}"), "3.2", "extension_type");
    bad(TOOL(",`extensions`:{`" EXT "`:{`extension_type`:`new`}}"), "10.5", "extension_type");
    bad(TOOL(",`extensions`:{`extension-definition--1`:{`extension_type`:`new-sdo`}}"), "2.9",
        "extension-definition--1");
    bad("{`type`:`file`,`id`:`file--" UUID "`,`extensions`:{`ntfs-ext`:{}}}", "6.7.3", "ntfs-ext");
}

static void object_markings(void **state)
{
    (void)state;
#define MARKED(refs) TOOL(",`object_marking_refs`:" refs)
    struct result r =
        read_object(MARKED("[`marking-definition--" CLEAR2 "`,`marking-definition--" STRICT2 "`]"), 1 * MIB);
    assert_ok(r.err);
    assert_int_equal(r.head.tlp, TLP_AMBER_STRICT);
    assert_false(r.head.unknown_marking);
    assert_int_equal(r.head.marking_count, 2);
    assert_text(r.head.marking_refs[1], "marking-definition--" STRICT2);
    done(&r);
    r = read_object(MARKED("[`marking-definition--" STRICT2 "`,`marking-definition--" CLEAR2 "`]"), 1 * MIB);
    assert_int_equal(r.head.tlp, TLP_AMBER_STRICT); /* in any order */
    done(&r);
    r = read_object(MARKED("[`marking-definition--" GREEN1 "`,`marking-definition--" UUID "`]"), 1 * MIB);
    assert_int_equal(r.head.tlp, TLP_GREEN);
    assert_true(r.head.unknown_marking);
    done(&r);
    bad(MARKED("[]"), "2.12", "object_marking_refs");
    bad(MARKED("`marking-definition--" GREEN1 "`"), "2.12", "object_marking_refs");
    bad(MARKED("[`tool--" UUID "`]"), "3.2", "object_marking_refs");
    bad(MARKED("[`TLP:GREEN`]"), "2.9", "object_marking_refs");
    bad(MARKING(UUID, ",`definition_type`:`statement`,`definition`:{`statement`:`x`},"
                      "`object_marking_refs`:[`marking-definition--" UUID "`]"),
        "3.2", "itself");
}

static void granular_markings(void **state)
{
    (void)state;
#define GRANULAR(members) TOOL(",`aliases`:[`a`,`b`],`x_d`:{`e`:[{`f`:1}]},`granular_markings`:[{" members "}]")
#define REF               "`marking_ref`:`marking-definition--" GREEN1 "`"
    good(GRANULAR(REF ",`selectors`:[`name`,`aliases.[1]`,`x_d.e.[0].f`,`granular_markings`]"));
    good(GRANULAR("`lang`:`fr`,`selectors`:[`name`]"));
    bad(GRANULAR(REF ",`lang`:`fr`,`selectors`:[`name`]"), "7.2.3", "either");
    bad(GRANULAR("`selectors`:[`name`]"), "7.2.3", "either");
    bad(GRANULAR(REF), "7.2.3", "selectors");
    bad(GRANULAR(REF ",`selectors`:[]"), "2.12", "selectors");
    bad(GRANULAR(REF ",`selectors`:[5]"), "2.15", "selector");
    static const char *const nothing[] = {
        "description", "aliases.[2]", "aliases.1", "aliases.[01]", "aliases.[]",   "name.x", "",
        "x_d..e",      "x_d.e.0.f",   "[0]",       "aliases[1]",   "aliases.[-1]", ".name",  "name."};
    for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
        struct buffer object;
        buffer_init(&object, 64 * KIB);
        buffer_add(&object, TEXT(COMMON("tool") ",`name`:`x`,`aliases`:[`a`,`b`],`x_d`:{`e`:[{`f`:1}]},"
                                                "`granular_markings`:[{" REF ",`selectors`:[`name`,`"));
        buffer_add(&object, text_of(nothing[i]));
        buffer_add(&object, TEXT("`]}]}"));
        char *text = buffer_take(&object, NULL);
        bad(text, "7.2.3", "selector 2");
        free(text);
    }
    bad(GRANULAR("`lang`:5,`selectors`:[`name`]"), "2.15", "lang");
    bad(GRANULAR("`marking_ref`:`tool--" UUID "`,`selectors`:[`name`]"), "7.2.3", "marking_ref");
    bad(TOOL(",`granular_markings`:[]"), "2.12", "granular_markings");
    bad(TOOL(",`granular_markings`:[`x`]"), "7.2.3", "granular_markings");
    struct result r = read_object(GRANULAR(REF ",`selectors`:[`name`]"), 1 * MIB);
    assert_true(r.head.granular);
    assert_int_equal(r.head.tlp, TLP_NONE);
    assert_int_equal(r.head.ref_count, 1); /* the marking_ref */
    done(&r);
}

static void marking_definitions(void **state)
{
    (void)state;
#define STATEMENT ",`definition_type`:`statement`,`definition`:{`statement`:`x`}"
    good(MARKING(UUID, STATEMENT));
    good(MARKING(UUID, STATEMENT ",`modified`:`2016-01-01T00:00:00.000Z`"));
    good(MARKING(UUID, ",`extensions`:{`" EXT "`:{`extension_type`:`property-extension`,`abc`:1}}"));
    good(MARKING(UUID, ",`definition_type`:`iep`,`definition`:{`a`:1}"));
    bad(MARKING(UUID, ""), "7.2.1", "definition_type");
    bad(MARKING(UUID, ",`definition_type`:`statement`"), "7.2.1", "definition");
    bad(MARKING(UUID, ",`definition_type`:`statement`,`definition`:`x`"), "7.2.1", "definition");
    bad(MARKING(UUID, ",`definition_type`:`statement`,`definition`:{}"), "7.2.1", "definition");
    bad(MARKING(UUID, ",`definition_type`:`statement`,`definition`:{`text`:`x`}"), "7.2.1.3", "statement");
    bad(MARKING(UUID, ",`definition_type`:5,`definition`:{`a`:1}"), "2.14", "definition_type");
    bad("{`type`:`marking-definition`,`spec_version`:`2.1`,`id`:`marking-definition--" UUID "`" STATEMENT "}", "3.2",
        "created");
    struct result r = read_object(MARKING(UUID, STATEMENT ",`modified`:`2018-01-01T00:00:00.000Z`"), 1 * MIB);
    assert_false(r.head.has_modified);
    done(&r);
}

/* Only the published TLP markings, and each only as what it stands for. */
static void tlp_definitions(void **state)
{
    (void)state;
#define LABEL(l)  ",`definition_type`:`tlp`,`definition`:{`tlp`:`" l "`}"
#define LABEL2(l) ",`extensions`:{`" TLP2 "`:{`extension_type`:`property-extension`,`tlp_2_0`:`" l "`}}"
    good(MARKING(GREEN1, LABEL("green")));
    good(MARKING("613f2e26-407d-48c7-9eca-b8e91df99dc9", LABEL("white")));
    good(
        MARKING("613f2e26-407d-48c7-9eca-b8e91df99dc9", ",`definition_type`:`TLP`,`definition`:{`TLP`:`TLP:CLEAR`}"));
    good(MARKING("826578e1-40ad-459f-bc73-ede076f81f37", LABEL("amber+strict")));
    good(MARKING(STRICT2, LABEL2("amber+strict")));
    good(MARKING(GREEN1,
                 ",`name`:`TLP:GREEN`,`extensions`:{`" EXT "`:{`extension_type`:`property-extension`,`abc`:1}}"));
    bad(MARKING(UUID, LABEL("green")), "7.2.1.4", "published");
    bad(MARKING(GREEN1, LABEL("red")), "7.2.1.4", "TLP:GREEN");
    bad(MARKING(STRICT2, LABEL2("red")), "7.2.1.4", "TLP:AMBER+STRICT");
    bad(MARKING("e828b379-4e03-4974-9ac4-e53a884c97c1", LABEL2("amber+strict")), "7.2.1.4", "TLP:RED");
    bad(MARKING(GREEN1, STATEMENT), "7.2.1.4", "label");
    bad(MARKING(UUID, LABEL("purple")), "7.2.1.4", "label");
    bad(MARKING(UUID, ",`definition_type`:`tlp`,`definition`:{`a`:1}"), "7.2.1.4", "label");
    good(MARKING(UUID, LABEL2("green"))); /* unknown to everybody: the gate withholds what bears it */
}

static void indicators(void **state)
{
    (void)state;
    struct result r = read_object(INDICATOR(",`pattern`:`[domain-name:value = 'A.example' OR file:name = 'x']`" FROM
                                            ",`valid_until`:`2024-01-01T00:00:00.001Z`,`confidence`:70"),
                                  1 * MIB);
    assert_ok(r.err);
    assert_int_equal(r.head.value_count, 1);
    assert_int_equal(r.head.values[0].kind, VALUE_DOMAIN);
    assert_text(r.head.values[0].value, "a.example");
    assert_false(r.head.values_whole);
    assert_true(r.head.has_valid_from && r.head.has_valid_until);
    assert_int_equal(r.head.valid_until.ns, 1000000);
    assert_int_equal(r.head.confidence, 70);
    assert_text(r.head.pattern_type, "stix");
    done(&r);
    good(COMMON("indicator") ",`pattern_type`:`yara`,`pattern`:`rule x {}`" FROM "}");
    bad(COMMON("indicator") PATTERN FROM "}", "4.7.1", "pattern_type");
    bad(INDICATOR(FROM), "4.7.1", "pattern");
    bad(INDICATOR(PATTERN), "4.7.1", "valid_from");
    bad(INDICATOR(PATTERN ",`valid_from`:`2024-13-01T00:00:00Z`"), "2.16", "valid_from");
    bad(INDICATOR(PATTERN FROM ",`valid_until`:`2024-01-01T00:00:00Z`"), "4.7.1", "valid_until");
    bad(INDICATOR(",`pattern`:`[a:b]`" FROM), "9.6.1", "column 5");
    bad(INDICATOR(",`pattern`:5" FROM), "2.15", "pattern");
}

static void relationships(void **state)
{
    (void)state;
    good(RELATIONSHIP(ENDS));
    good(RELATIONSHIP(ENDS ",`start_time`:`2024-01-01T00:00:00Z`,`stop_time`:`2024-01-01T00:00:01Z`"));
    good(RELATIONSHIP(",`source_ref`:`x-a--" UUID "`,`target_ref`:`file--" UUID "`"));
    bad(RELATIONSHIP(ENDS ",`start_time`:`2024-01-01T00:00:00Z`,`stop_time`:`2024-01-01T00:00:00Z`"), "5.1.2",
        "stop_time");
    bad(COMMON("relationship") ENDS "}", "5.1.2", "relationship_type");
    bad(COMMON("relationship") ",`relationship_type`:`Uses it`" ENDS "}", "5.1.2", "relationship_type");
    bad(COMMON("relationship") ",`relationship_type`:``" ENDS "}", "5.1.2", "relationship_type");
    bad(RELATIONSHIP(",`target_ref`:`tool--" UUID "`"), "5.1.2", "source_ref");
    bad(RELATIONSHIP(",`source_ref`:`tool--" UUID "`"), "5.1.2", "target_ref");
    static const char *const ends[] = {"relationship",         "sighting", "marking-definition", "language-content",
                                       "extension-definition", "bundle"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct buffer object;
        buffer_init(&object, 64 * KIB);
        buffer_addf(&object, "%s%s--" UUID "`}",
                    COMMON("relationship") ",`relationship_type`:`uses`,`source_ref`:`tool--" UUID "`,`target_ref`:`",
                    ends[i]);
        char *text = buffer_take(&object, NULL);
        bad(text, "5.1.2", "target_ref");
        free(text);
    }
}

static void sightings(void **state)
{
    (void)state;
#define OF ",`sighting_of_ref`:`indicator--" UUID "`"
    good(SIGHTING(OF ",`first_seen`:`2024-01-01T00:00:00Z`,`last_seen`:`2024-01-01T00:00:00Z`,`count`:0"));
    bad(SIGHTING(""), "5.2.1", "sighting_of_ref");
    bad(SIGHTING(",`sighting_of_ref`:`url--" UUID "`"), "5.2.1", "sighting_of_ref");
    bad(SIGHTING(OF ",`first_seen`:`2024-01-01T00:00:01Z`,`last_seen`:`2024-01-01T00:00:00Z`"), "5.2.1", "last_seen");
    bad(SIGHTING(OF ",`count`:1000000000"), "5.2.1", "count");
    good(SIGHTING(OF ",`where_sighted_refs`:[`identity--" UUID "`,`location--" UUID "`]"));
    bad(SIGHTING(OF ",`where_sighted_refs`:[`tool--" UUID "`]"), "5.2.1", "where_sighted_refs");
    bad(SIGHTING(OF ",`where_sighted_refs`:[]"), "2.12", "where_sighted_refs");
    bad(SIGHTING(OF ",`observed_data_refs`:`observed-data--" UUID "`"), "2.12", "observed_data_refs");
}

static void other_types(void **state)
{
    (void)state;
    good(OBSERVED(OBSERVED_TIMES ",`object_refs`:[`url--" UUID "`]"));
    good(OBSERVED(OBSERVED_TIMES ",`objects`:{`0`:{`type`:`network-traffic`,`protocols`:[`tcp`],`dst_ref`:`1`},"
                                 "`1`:{`type`:`ipv4-addr`,`value`:`192.0.2.1`}}"));
    bad(OBSERVED(OBSERVED_TIMES ",`objects`:{`0`:{`type`:`network-traffic`,`dst_ref`:`1`}}"), "2.13", "dst_ref");
    bad(OBSERVED(OBSERVED_TIMES), "4.14", "either");
    bad(OBSERVED(OBSERVED_TIMES
                 ",`objects`:{`0`:{`type`:`url`,`value`:`http://a.example/`}},`object_refs`:[`url--" UUID "`]"),
        "4.14", "either");
    bad(OBSERVED(",`object_refs`:[`url--" UUID "`]"), "4.14.1", "first_observed");
    bad(COMMON("report") ",`name`:`x`,`object_refs`:[`url--" UUID "`]}", "4.16.1", "published");
    bad(COMMON("report") ",`name`:`x`,`published`:`2024-01-01T00:00:00Z`}", "4.16.1", "object_refs");
    bad(COMMON("report") ",`name`:`x`,`published`:`2024-01-01T00:00:00Z`,`object_refs`:[`x`]}", "2.9", "object_refs");
    bad(COMMON("campaign") ",`name`:`x`,`first_seen`:`2024-01-02T00:00:00Z`,`last_seen`:`2024-01-01T00:00:00Z`}",
        "4.2.1", "last_seen");
    bad(COMMON("campaign") ",`name`:`x`,`first_seen`:`2019-09-31T04:00:00.000Z`}", "2.16", "first_seen");
    bad(COMMON("language-content") ",`contents`:{`de`:{`name`:`y`}}}", "7.1.1", "object_ref");
    bad(COMMON("extension-definition") ",`name`:`x`}", "7.3.1", "created_by_ref");
    bad("{`type`:`domain-name`,`id`:`domain-name--" UUID "`,`value`:`a.example`,`resolves_to_refs`:[`url--" UUID
        "`]}",
        "6.4.1", "resolves_to_refs");
    bad("{`type`:`network-traffic`,`id`:`network-traffic--" UUID "`,`protocols`:[`tcp`],`src_ref`:`0`}", "2.9",
        "src_ref");
    bad("{`type`:`network-traffic`,`id`:`network-traffic--" UUID "`,`src_ref`:5}", "2.9", "src_ref");
}

/* Every reference once, at any depth, without the markings. */
static void references(void **state)
{
    (void)state;
    static const char a[] = "malware--11111111-1111-4111-8111-111111111111";
    struct result r = read_object(
        COMMON("report") ",`name`:`x`,`published`:`2024-01-01T00:00:00Z`,`created_by_ref`:`identity--" UUID "`,"
                         "`object_marking_refs`:[`marking-definition--" GREEN1 "`],"
                         "`object_refs`:[`malware--11111111-1111-4111-8111-111111111111`,`tool--" UUID "`,"
                         "`malware--11111111-1111-4111-8111-111111111111`],"
                         "`x_deep`:{`list`:[{`some_ref`:`tool--" UUID "`,`other_refs`:[`url--" UUID
                         "`,`0`,5]}],`not`:`file--" UUID "`},`href`:`file--" UUID "`}",
        1 * MIB);
    assert_ok(r.err);
    assert_int_equal(r.head.ref_count, 4);
    assert_text(r.head.refs[0], "identity--" UUID);
    assert_text(r.head.refs[1], a);
    assert_text(r.head.refs[2], "tool--" UUID);
    assert_text(r.head.refs[3], "url--" UUID);
    assert_text(r.head.created_by_ref, "identity--" UUID);
    done(&r);
}

static char *report_of(size_t refs)
{
    struct buffer b;
    buffer_init(&b, 8 * MIB);
    buffer_add(&b, TEXT(COMMON("report") ",`name`:`x`,`published`:`2024-01-01T00:00:00Z`,`object_refs`:["));
    for (size_t i = 0; i < refs; i++)
        buffer_addf(&b, "%s`tool--%08zx-17d4-4cbf-938f-98ee46b3cd3f`", i ? "," : "", i);
    buffer_add(&b, TEXT("]}"));
    char *text = buffer_take(&b, NULL);
    assert_non_null(text);
    return text;
}

static void many_references(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char *report = report_of(STIX_REFS_MAX + extra);
        struct result r = read_object(report, 64 * MIB);
        assert_err(r.err, extra ? ERR_LIMIT : OK);
        if (!extra)
            assert_int_equal(r.head.ref_count, STIX_REFS_MAX);
        done(&r);
        free(report);
    }
}

/* A level of nesting below what JSON allows is walked without harm. */
static void deep_nesting(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    buffer_add(&b, TEXT(COMMON("tool") ",`name`:`x`,`x_deep`:"));
    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buffer_add(&b, TEXT("["));
    buffer_add(&b, TEXT("0"));
    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buffer_add(&b, TEXT("]"));
    buffer_add(&b, TEXT("}"));
    char *text = buffer_take(&b, NULL);
    good(text);
    free(text);
}

/* With every budget up to the needed one: ERR_NOMEM and an untouched head, then the whole head. */
static void budgets(void **state)
{
    (void)state;
    char *report = report_of(40);
    const char *objects[] = {
        report,
        INDICATOR(",`pattern`:`[domain-name:value IN ('a.example','b.example','c.example') OR "
                  "file:name = 'it\\\\'s']`" FROM ",`object_marking_refs`:[`marking-definition--" GREEN1 "`]"),
    };
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        size_t budget = 0;
        enum err e;
        do {
            struct result r = read_object(objects[i], budget);
            e = r.err;
            if (e) {
                assert_err(e, ERR_NOMEM);
                assert_err(r.fault.err, ERR_NOMEM);
                assert_int_equal(*(unsigned char *)&r.head, 0x5a);
            }
            done(&r);
            budget += 16;
        } while (e);
        assert_true(budget > 256 && budget < 64 * KIB);
    }
    free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_of_an_object),
        cmocka_unit_test(versions_of_the_specification),
        cmocka_unit_test(creation_and_modification),
        cmocka_unit_test(custom_types),
        cmocka_unit_test(common_properties),
        cmocka_unit_test(external_references),
        cmocka_unit_test(extensions),
        cmocka_unit_test(object_markings),
        cmocka_unit_test(granular_markings),
        cmocka_unit_test(marking_definitions),
        cmocka_unit_test(tlp_definitions),
        cmocka_unit_test(indicators),
        cmocka_unit_test(relationships),
        cmocka_unit_test(sightings),
        cmocka_unit_test(other_types),
        cmocka_unit_test(references),
        cmocka_unit_test(many_references),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
