/* model/stix_value.c - one value, judged by the kind that its table says (section 2). */
#include "base/limits.h"
#include "model/stix_check.h"

#define INTEGER_MAX ((INT64_C(1) << 53) - 1) /* section 2.10 */

/* ---- plain values ---- */

static void check_string(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                         const struct json_val *v, const struct stix_place *at)
{
    const struct stix_format_rule *f;

    if (!json_is_string(v)) {
        MUST(c, STIX_RULE("2.15"), at, "is a string");
        return;
    }
    if (p->arg == FORMAT_ANY) {
        if ((p->flags & PROP_REQUIRED) && json_text(v).len == 0)
            SHOULD(c, s->rule, at, "is empty");
        return;
    }
    f = stix_format_rule((enum stix_format)p->arg);
    if ((f->severity == STIX_SHOULD && !c->shoulds) || (f->defangs && c->defanged) || f->valid(json_text(v)))
        return;
    const char *rule = f->rule ? f->rule : s->rule;
    if (f->severity == STIX_SHOULD)
        SHOULD(c, rule, at, "%s, not \"%.*s\"", f->words, SHOWN(json_text(v)));
    else
        stix_let(c, f->let, rule, at, "%s, not \"%.*s\"", f->words, SHOWN(json_text(v)));
}

static const struct {
    double least, most;
    const char *words;
} ranges[] = {
    [RANGE_ANY] = {-9007199254740991.0, 9007199254740991.0, NULL},
    [RANGE_NOT_NEGATIVE] = {0, 9007199254740991.0, "is not negative"},
    [RANGE_PERCENT] = {0, 100, "is an integer from 0 to 100"},
    [RANGE_PORT] = {0, 65535, "is a port from 0 to 65535"},
    [RANGE_COUNT] = {0, 999999999, "is an integer from 0 to 999999999"},
    [RANGE_OBSERVED] = {1, 999999999, "is an integer from 1 to 999999999"},
    [RANGE_LATITUDE] = {-90, 90, "is from -90 to 90 degrees"},
    [RANGE_LONGITUDE] = {-180, 180, "is from -180 to 180 degrees"},
    [RANGE_ENTROPY] = {0, 8, "is from 0 to 8"},
};

static bool is_integer(const struct json_val *v)
{
    int64_t number;

    return json_i64(v, &number) && number <= INTEGER_MAX && number >= -INTEGER_MAX;
}

static void check_integer(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                          const struct json_val *v, const struct stix_place *at)
{
    int64_t value = 0;

    if (!is_integer(v) || !json_i64(v, &value))
        MUST(c, STIX_RULE("2.10"), at, "is an integer of at most 53 bits");
    else if (p->arg != RANGE_ANY && ((double)value < ranges[p->arg].least || (double)value > ranges[p->arg].most))
        MUST(c, s->rule, at, "%s", ranges[p->arg].words);
}

static void check_float(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                        const struct json_val *v, const struct stix_place *at)
{
    double value;

    if (!json_f64(v, &value))
        MUST(c, STIX_RULE("2.6"), at, "is a number");
    else if (p->arg != RANGE_ANY && (value < ranges[p->arg].least || value > ranges[p->arg].most))
        stix_fault(c, p->arg == RANGE_ENTROPY ? STIX_SHOULD : STIX_MUST, s->rule, at, "%s", ranges[p->arg].words);
}

static void check_timestamp(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                            const struct json_val *v, const struct stix_place *at)
{
    struct fault why = {.err = OK};
    struct stamp stamp;

    if (!json_is_string(v)) {
        MUST(c, STIX_RULE("2.16"), at, "is a timestamp");
        return;
    }
    if (stamp_parse(json_text(v), &stamp, NULL)) {
        (void)!stamp_parse(json_text(v), &stamp, &why);
        MUST(c, STIX_RULE("2.16"), at, "no timestamp (YYYY-MM-DDThh:mm:ss[.s+]Z): %s", why.what);
        return;
    }
    if (p->arg == PRECISION_MILLISECONDS && stamp.digits < 3)
        MUST(c, s->rule, at, "is precise to the millisecond at least (three decimals)");
    else if (p->arg == PRECISION_SECONDS && stamp.ns != 0)
        MUST(c, s->rule, at, "is precise to the second, without decimals");
}

static void check_boolean(struct stix_check *c, const struct stix_prop *p, const struct json_val *v,
                          const struct stix_place *at)
{
    if (json_type(v) != JSON_BOOL && !((p->flags & PROP_FLAG_OR_TEXT) && json_is_string(v)))
        MUST(c, STIX_RULE("2.2"), at, "is true or false");
}

/* Section 2.8. */
static bool hex_valid(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((t.ptr[i] < '0' || t.ptr[i] > '9') && (t.ptr[i] < 'a' || t.ptr[i] > 'f'))
            return false;
    return t.len > 0 && t.len % 2 == 0;
}

static void check_hex(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (!json_is_string(v) || !hex_valid(json_text(v)))
        stix_let(c, json_is_string(v) ? LET_HEX : LET_NOTHING, STIX_RULE("2.8"), at,
                 "is an even number of the digits 0-9 and a-f");
}

static int base64_digit(char ch)
{
    if (ch >= 'A' && ch <= 'Z')
        return ch - 'A';
    if (ch >= 'a' && ch <= 'z')
        return ch - 'a' + 26;
    if (ch >= '0' && ch <= '9')
        return ch - '0' + 52;
    return ch == '+' ? 62 : ch == '/' ? 63 : -1;
}

/* RFC 4648 section 4, with its padding. *ret_clean: the bits that stand for nothing are zero (section 3.5). */
static bool base64_valid(struct text t, bool *ret_clean)
{
    size_t pads = 0;

    *ret_clean = true;
    if (t.len % 4 != 0)
        return false;
    while (pads < 2 && t.len > pads && t.ptr[t.len - 1 - pads] == '=')
        pads++;
    for (size_t i = 0; i < t.len - pads; i++)
        if (base64_digit(t.ptr[i]) < 0)
            return false;
    if (pads > 0)
        *ret_clean = (base64_digit(t.ptr[t.len - pads - 1]) & (pads == 1 ? 3 : 15)) == 0;
    return true;
}

static void check_binary(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    bool clean;

    if (!json_is_string(v) || !base64_valid(json_text(v), &clean))
        MUST(c, STIX_RULE("2.1"), at, "is base64 as of RFC 4648 section 4, padded");
    else if (!clean)
        SHOULD(c, STIX_RULE("2.1"), at, "base64 whose last bits stand for no byte and are not zero (RFC 4648 3.5)");
}

/* ---- vocabularies ---- */

static bool term_well_written(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((t.ptr[i] >= 'A' && t.ptr[i] <= 'Z') || t.ptr[i] == ' ' || t.ptr[i] == '_')
            return false;
    return true;
}

static void check_open_term(struct stix_check *c, const struct stix_shape *s, enum stix_vocabulary vocabulary,
                            struct text term, const struct stix_place *at)
{
    if (term.len == 0)
        MUST(c, STIX_RULE("3.1"), at, "an empty string is no term");
    if (!c->shoulds || term.len == 0 || stix_vocabulary_has(vocabulary, term))
        return;
    SHOULD(c, s->rule, at, "\"%.*s\" is not in %s", SHOWN(term), stix_vocabulary_name(vocabulary));
    if (!term_well_written(term))
        SHOULD(c, STIX_RULE("2.14"), at, "a term of one's own should be in lower case, with hyphens between words");
}

static void check_vocabulary(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                             const struct json_val *v, const struct stix_place *at)
{
    enum stix_vocabulary vocabulary = (enum stix_vocabulary)p->arg;
    bool closed = stix_vocabulary_closed(vocabulary);

    if (!json_is_string(v))
        MUST(c, closed ? STIX_RULE("2.4") : STIX_RULE("2.14"), at, "is a string");
    else if (!closed)
        check_open_term(c, s, vocabulary, json_text(v), at);
    else if (!stix_vocabulary_has(vocabulary, json_text(v)))
        stix_let(c, c->rules == STIX_SCO ? LET_TERM : LET_NOTHING, s->rule, at, "\"%.*s\" is not in %s",
                 SHOWN(json_text(v)), stix_vocabulary_name(vocabulary));
}

/* ---- references ---- */

void stix_take_ref(struct stix_check *c, const struct json_val *v)
{
    struct ident id;
    enum err err;

    if (!c->refs || !json_is_string(v) || ident_parse(json_text(v), &id, NULL))
        return;
    err = text_set_add(c->refs, json_text(v));
    if (err == ERR_LIMIT)
        fault_set(c->fault, err, "the object refers to more than %d others", STIX_REFS_MAX);
    if (err)
        stix_stop(c, err);
}

enum target_class { T_SDO = 1, T_SRO = 2, T_SCO = 4, T_META = 8, T_ANY = 15 };

static const struct {
    uint8_t classes;
    struct text types[4];
    const char *words;
} targets[] = {
    [TARGET_OBJECT] = {T_ANY, {{0}}, "any object; a bundle is none"},
    [TARGET_SDO] = {T_SDO, {{0}}, "a domain object"},
    [TARGET_SCO] = {T_SCO, {{0}}, "a cyber-observable object"},
    [TARGET_NODE] = {T_SDO | T_SCO, {{0}}, "a domain object or a cyber-observable object"},
    [TARGET_OBSERVATION] = {T_SCO | T_SRO, {{0}}, "a cyber-observable object or a relationship"},
    [TARGET_IDENTITY] = {0, {NAMED("identity")}, "an identity"},
    [TARGET_MARKING] = {0, {NAMED("marking-definition")}, "a marking definition"},
    [TARGET_OBSERVED_DATA] = {0, {NAMED("observed-data")}, "observed data"},
    [TARGET_WHERE] = {0, {NAMED("identity"), NAMED("location")}, "an identity or a location"},
    [TARGET_SOFTWARE] = {0, {NAMED("software")}, "a software"},
    [TARGET_SAMPLES] = {0, {NAMED("file"), NAMED("artifact")}, "a file or an artifact"},
    [TARGET_ANALYSED] = {0,
                         {NAMED("file"), NAMED("network-traffic"), NAMED("artifact")},
                         "a file, network-traffic or an artifact"},
    [TARGET_ARTIFACT] = {0, {NAMED("artifact")}, "an artifact"},
    [TARGET_CONTENT] = {0, {NAMED("artifact"), NAMED("file")}, "an artifact or a file"},
    [TARGET_FILE] = {0, {NAMED("file")}, "a file"},
    [TARGET_DIRECTORY] = {0, {NAMED("directory")}, "a directory"},
    [TARGET_IN_DIRECTORY] = {0, {NAMED("file"), NAMED("directory")}, "a file or a directory"},
    [TARGET_RESOLVED] = {0,
                         {NAMED("ipv4-addr"), NAMED("ipv6-addr"), NAMED("domain-name")},
                         "an address or a domain-name"},
    [TARGET_USER_ACCOUNT] = {0, {NAMED("user-account")}, "a user-account"},
    [TARGET_EMAIL_ADDR] = {0, {NAMED("email-addr")}, "an email-addr"},
    [TARGET_MAC_ADDR] = {0, {NAMED("mac-addr")}, "a mac-addr"},
    [TARGET_AS] = {0, {NAMED("autonomous-system")}, "an autonomous-system"},
    [TARGET_ENDPOINT] = {0,
                         {NAMED("ipv4-addr"), NAMED("ipv6-addr"), NAMED("mac-addr"), NAMED("domain-name")},
                         "an address or a domain-name"},
    [TARGET_TRAFFIC] = {0, {NAMED("network-traffic")}, "network-traffic"},
    [TARGET_PROCESS] = {0, {NAMED("process")}, "a process"},
};

/* A type of one's own may be of any class; a bundle is none. */
static bool class_allowed(unsigned classes, struct text type)
{
    if (classes == 0 || text_eq(type, stix_bundle.name))
        return false;
    switch (stix_class_of(type)) {
    case STIX_SDO: return classes & T_SDO;
    case STIX_SRO: return classes & T_SRO;
    case STIX_SCO: return classes & T_SCO;
    case STIX_META: return classes & T_META;
    case STIX_CUSTOM: return true;
    }
    return false;
}

static bool target_allowed(enum stix_target target, struct text type)
{
    for (size_t i = 0; i < ARRAY_LEN(targets[target].types) && targets[target].types[i].len > 0; i++)
        if (text_eq(targets[target].types[i], type))
            return true;
    return class_allowed(targets[target].classes, type);
}

/* In the deprecated container a reference is a key of that container (section 2.13). */
static void check_local_ref(struct stix_check *c, const char *rule, enum stix_target target, struct text key,
                            const struct stix_place *at)
{
    const struct json_val *there = json_get_text(c->container, key);
    struct text type = json_text(json_get(there, "type"));

    if (!there)
        MUST(c, STIX_RULE("2.13"), at, "refers to \"%.*s\", which is not in the same container", SHOWN(key));
    else if (type.len > 0 && !target_allowed(target, type))
        MUST(c, rule, at, "refers to a %.*s, not to %s", SHOWN(type), targets[target].words);
}

/* "ipv4-addr--e42c19c8-f9fe-5ae9-9fc8-22c398f78fb": an identifier but for the one digit that its UUID lacks. */
static bool lacks_a_digit(enum stix_target target, struct text t)
{
    ptrdiff_t dashes = text_find_text(t, TEXT("--"));
    struct text uuid = text_sub(t, dashes < 0 ? t.len : (size_t)dashes + 2, t.len);

    if (dashes < 0 || uuid.len != UUID_TEXT_MAX - 2 || !target_allowed(target, text_sub(t, 0, (size_t)dashes)))
        return false;
    for (size_t i = 0; i < uuid.len; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23, hex = true;

        if (uuid.ptr[i] < '0' || uuid.ptr[i] > '9')
            hex = uuid.ptr[i] >= 'a' && uuid.ptr[i] <= 'f';
        if (hyphen ? uuid.ptr[i] != '-' : !hex)
            return false;
    }
    return true;
}

/* What is no identifier is a MUST, as section 2.9 has it for all but the deprecated container. One slip is let pass
 * in observables, since the public validator's own valid objects have it: a UUID that lacks its last digit refers to
 * nothing and is a SHOULD. A creator of somebody's own type may be that somebody's kind of identity. */
void stix_check_ref(struct stix_check *c, const char *rule, enum stix_target target, const struct json_val *v,
                    const struct stix_place *at)
{
    struct ident id;

    if (!json_is_string(v)) {
        MUST(c, STIX_RULE("2.9"), at, "an identifier is a string");
    } else if (c->container && target != TARGET_MARKING) {
        check_local_ref(c, rule, target, json_text(v), at);
    } else if (ident_parse(json_text(v), &id, NULL)) {
        if (c->rules == STIX_SCO && target != TARGET_MARKING && lacks_a_digit(target, json_text(v)))
            SHOULD(c, STIX_RULE("2.9"), at, "\"%.*s\" lacks the last digit of its UUID", SHOWN(json_text(v)));
        else
            MUST(c, STIX_RULE("2.9"), at, "\"%.*s\" is no identifier (type--UUID)", SHOWN(json_text(v)));
    } else if (target == TARGET_IDENTITY && stix_class_of(id.type) == STIX_CUSTOM) {
        SHOULD(c, rule, at, "refers to a %.*s, not to an identity", SHOWN(id.type));
    } else if (!target_allowed(target, id.type)) {
        MUST(c, rule, at, "refers to a %.*s, not to %s", SHOWN(id.type), targets[target].words);
    } else if (target == TARGET_MARKING && text_eq(json_text(v), json_text(json_get(c->object, "id")))) {
        MUST(c, STIX_RULE("3.2"), at, "does not refer to the marking definition itself");
    }
}

/* ---- dictionaries and hashes ---- */

static bool key_valid(struct text key)
{
    for (size_t i = 0; i < key.len; i++) {
        char ch = key.ptr[i], lower = (char)(ch | 0x20);

        if ((lower < 'a' || lower > 'z') && (ch < '0' || ch > '9') && ch != '-' && ch != '_')
            return false;
    }
    return key.len > 0;
}

bool stix_check_dictionary_key(struct stix_check *c, struct text key, const struct stix_place *at)
{
    if (!key_valid(key))
        MUST(c, STIX_RULE("2.3"), at, "a key is made of a-z, A-Z, 0-9, hyphen and underscore");
    else if (key.len > 250)
        MUST(c, STIX_RULE("2.3"), at, "a key has at most 250 characters");
    else
        return true;
    return false;
}

static void check_header_list(struct stix_check *c, const struct stix_shape *s, const struct json_val *list,
                              bool decoded, const struct stix_place *at)
{
    const struct stix_format_rule *f = stix_format_rule(FORMAT_DECODED);

    if (c->container && json_is_string(list)) /* STIX 2.0 had a string for a header that stands once */
        return;
    if (json_type(list) != JSON_ARRAY) {
        stix_let(c, json_is_string(list) ? LET_HEADER : LET_NOTHING, s->rule, at, "each value is a list of strings");
        return;
    }
    if (!stix_check_list(c, list, at))
        return;
    for (struct json_iter it = json_iter_of(list); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .index = it.index};

        if (!json_is_string(it.val))
            MUST(c, s->rule, &here, "each value is a list of strings");
        else if (decoded && !f->valid(json_text(it.val)))
            stix_let(c, LET_HEADER, f->rule, &here, "%s", f->words);
    }
}

static void check_dictionary_value(struct stix_check *c, const struct stix_shape *s, enum stix_dictionary kind,
                                   const struct json_val *v, const struct stix_place *at)
{
    switch (kind) {
    case DICTIONARY_ANY: stix_walk(c, v, HOLLOW_MUST, at); break;
    case DICTIONARY_STRINGS:
        if (!json_is_string(v))
            MUST(c, s->rule, at, "each value is a string");
        break;
    case DICTIONARY_INTEGERS:
        if (!is_integer(v) && !(c->container && json_is_string(v)))
            MUST(c, s->rule, at, "each value is an integer");
        break;
    case DICTIONARY_INTEGERS_OR_STRINGS:
        if (!json_is_string(v) && !is_integer(v))
            MUST(c, s->rule, at, "each value is an integer or a string");
        break;
    case DICTIONARY_STRING_LISTS: check_header_list(c, s, v, false, at); break;
    case DICTIONARY_HEADERS: check_header_list(c, s, v, true, at); break;
    }
}

static bool check_dictionary_form(struct stix_check *c, const char *rule, const struct json_val *v,
                                  const struct stix_place *at)
{
    if (json_type(v) != JSON_OBJECT || json_size(v) == 0) {
        MUST(c, rule, at, "is a dictionary with at least one key");
        return false;
    }
    return true;
}

static void check_dictionary(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                             const struct json_val *v, const struct stix_place *at)
{
    if (!check_dictionary_form(c, STIX_RULE("2.3"), v, at))
        return;
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        stix_check_dictionary_key(c, it.key, &here);
        check_dictionary_value(c, s, (enum stix_dictionary)p->arg, it.val, &here);
    }
}

static void check_hashes(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    static const char rule[] = STIX_RULE("2.7");

    if (!check_dictionary_form(c, rule, v, at))
        return;
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .name = it.key};

        if (!key_valid(it.key) || it.key.len < 3 || it.key.len > 250)
            MUST(c, rule, &here, "an algorithm's name is 3 to 250 of a-z, A-Z, 0-9, hyphen and underscore");
        else if (c->shoulds && !stix_vocabulary_has(HASH_ALGORITHM_OV, it.key))
            SHOULD(c, rule, &here, "is not in %s", stix_vocabulary_name(HASH_ALGORITHM_OV));
        if (!json_is_string(it.val))
            MUST(c, rule, &here, "a hash is a string");
        else if (!stix_hash_valid(it.key, json_text(it.val)))
            MUST(c, rule, &here, "\"%.*s\" is no hash of this algorithm", SHOWN(json_text(it.val)));
    }
}

/* ---- any property ---- */

static void check_value(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                        const struct json_val *v, const struct stix_place *at)
{
    switch ((enum stix_kind)p->kind) {
    case KIND_STRING: check_string(c, s, p, v, at); break;
    case KIND_BOOLEAN: check_boolean(c, p, v, at); break;
    case KIND_INTEGER: check_integer(c, s, p, v, at); break;
    case KIND_FLOAT: check_float(c, s, p, v, at); break;
    case KIND_TIMESTAMP: check_timestamp(c, s, p, v, at); break;
    case KIND_HEX: check_hex(c, v, at); break;
    case KIND_BINARY: check_binary(c, v, at); break;
    case KIND_REF:
        stix_check_ref(c, s->rule, (enum stix_target)p->arg, v, at);
        /* Of markings only the granular ones are references: the object's own are a list by themselves. */
        if (p->arg != TARGET_MARKING || !(p->flags & PROP_LIST))
            stix_take_ref(c, v);
        break;
    case KIND_VOCABULARY: check_vocabulary(c, s, p, v, at); break;
    case KIND_HASHES: check_hashes(c, v, at); break;
    case KIND_DICTIONARY: check_dictionary(c, s, p, v, at); break;
    case KIND_SHAPE:
        if (json_type(v) != JSON_OBJECT)
            MUST(c, p->shape->rule, at, "is a %s, an object", p->shape->name.ptr);
        else
            stix_check_members(c, p->shape, v, at);
        break;
    case KIND_OWN: p->own(c, v, at); break;
    }
}

#define LIST_WORDS "is a list of at least one value"

bool stix_check_list(struct stix_check *c, const struct json_val *v, const struct stix_place *at)
{
    if (json_type(v) == JSON_ARRAY && json_size(v) > 0)
        return true;
    MUST(c, STIX_RULE("2.12"), at, LIST_WORDS);
    return false;
}

/* Lists whose emptiness says what leaving them out says: no markings, no references. */
static bool may_be_empty(const struct stix_prop *p)
{
    return !(p->flags & PROP_REQUIRED) &&
           (p->kind == KIND_STRING || p->kind == KIND_VOCABULARY || p->shape == &stix_external_reference ||
            p->shape == &stix_kill_chain_phase);
}

void stix_check_prop(struct stix_check *c, const struct stix_shape *s, const struct stix_prop *p,
                     const struct json_val *v, const struct stix_place *at)
{
    if (!(p->flags & PROP_LIST)) {
        check_value(c, s, p, v, at);
        return;
    }
    if (may_be_empty(p) && json_type(v) == JSON_ARRAY && json_size(v) == 0) {
        stix_let(c, LET_EMPTY, STIX_RULE("2.12"), at, LIST_WORDS);
        return;
    }
    if (!stix_check_list(c, v, at))
        return;
    for (struct json_iter it = json_iter_of(v); !c->over && json_next(&it);) {
        const struct stix_place here = {.up = at, .index = it.index};

        check_value(c, s, p, it.val, &here);
    }
}

/* ---- two values ---- */

bool stix_stamp(const struct json_val *object, const char *name, struct stamp *ret)
{
    const struct json_val *v = json_get(object, name);

    return json_is_string(v) && stamp_parse(json_text(v), ret, NULL) == OK;
}

void stix_check_order(struct stix_check *c, const char *rule, const struct json_val *object,
                      const struct stix_place *at, const char *earlier, const char *later, bool strictly)
{
    struct stamp from, to;

    if (stix_stamp(object, later, &to) && stix_stamp(object, earlier, &from) &&
        stamp_cmp(to, from) < (strictly ? 1 : 0)) {
        const struct stix_place there = {.up = at, .name = text_of(later)};

        MUST(c, rule, &there, strictly ? "is later than %s" : "is not before %s", earlier);
    }
}
