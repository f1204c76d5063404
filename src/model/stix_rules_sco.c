/* model/stix_rules_sco.c - what the properties of section 6 must be to each other. */
#include "model/stix_check.h"

static struct stix_place place(const struct stix_place *up, const char *name)
{
    return (struct stix_place){.up = up, .name = text_of(name)};
}

/* Section 2.9: where all contributing properties are optional and none is there, the UUID is random. */
static void check_random_id(struct stix_check *c, bool contributes)
{
    static const struct stix_place at = {.name = NAMED("id")};
    const uint8_t *b = c->head->ident.uuid.b;

    if (!contributes && c->head->id.len > 0 && b[6] >> 4 == 5 && b[8] >> 6 == 2)
        stix_let(c, LET_UUID, STIX_RULE("2.9"), &at, "nothing contributes to it, so its UUID is of version 4");
}

void stix_rules_artifact(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *payload = json_get(o, "payload_bin"), *url = json_get(o, "url");
    const struct stix_place key = place(at, "decryption_key"), both = place(at, "url");

    if (!payload && !url)
        MUST(c, STIX_RULE("6.1"), at, "payload_bin or url is required");
    if (payload && url)
        MUST(c, STIX_RULE("6.1.1"), &both, "is not there beside payload_bin");
    if (url && !json_get(o, "hashes"))
        stix_missing(c, STIX_RULE("6.1.1"), at, TEXT("hashes"), "is required beside url");
    if (json_get(o, "decryption_key") && !json_get(o, "encryption_algorithm"))
        stix_let(c, LET_KEY, STIX_RULE("6.1.1"), &key, "is not there without encryption_algorithm");
}

void stix_rules_mime_part(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    if (!json_get(o, "body") && !json_get(o, "body_raw_ref"))
        MUST(c, STIX_RULE("6.6.2"), at, "body or body_raw_ref is required");
}

void stix_rules_email_message(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct json_val *multipart = json_get(o, "is_multipart");
    const struct stix_place body = place(at, "body"), parts = place(at, "body_multipart");

    if (json_get(o, "body") && json_bool(multipart, false))
        MUST(c, STIX_RULE("6.6.1"), &body, "is not used where is_multipart is true");
    if (json_get(o, "body_multipart") && !json_bool(multipart, true))
        MUST(c, STIX_RULE("6.6.1"), &parts, "is not used where is_multipart is false");
    check_random_id(c, json_get(o, "from_ref") || json_get(o, "subject") || json_get(o, "body"));
}

void stix_rules_file(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct stix_place encoding = place(at, "name_enc");

    if (!json_get(o, "hashes") && !json_get(o, "name"))
        MUST(c, STIX_RULE("6.7"), at, "hashes or name is required");
    if (json_get(o, "name_enc") && !json_get(o, "name"))
        stix_let(c, LET_CHARSET, STIX_RULE("3.1"), &encoding, "the property whose encoding this is, is not there");
}

static bool has_protocol(const struct json_val *protocols, struct text name)
{
    for (struct json_iter it = json_iter_of(protocols); json_next(&it);)
        if (text_eq_nocase(json_text(it.val), name))
            return true;
    return false;
}

/* Section 6.12.1: the protocol of an extension should be among the protocols. */
static void check_protocols(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    static const struct {
        const char *extension;
        struct text protocol;
    } pairs[] = {{"http-request-ext", NAMED("http")}, {"icmp-ext", NAMED("icmp")}, {"tcp-ext", NAMED("tcp")}};
    const struct json_val *extensions = json_get(o, "extensions"), *protocols = json_get(o, "protocols");
    const struct stix_place there = place(at, "protocols");

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (json_get(extensions, pairs[i].extension) && !has_protocol(protocols, pairs[i].protocol))
            SHOULD(c, STIX_RULE("6.12.1"), &there, "should have %s, since %s is there", pairs[i].protocol.ptr,
                   pairs[i].extension);
}

void stix_rules_network_traffic(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    const struct stix_place active = place(at, "is_active");

    if (!json_get(o, "src_ref") && !json_get(o, "dst_ref"))
        MUST(c, STIX_RULE("6.12"), at, "src_ref or dst_ref is required");
    if (json_get(o, "end") && json_bool(json_get(o, "is_active"), false))
        MUST(c, STIX_RULE("6.12.1"), &active, "is false where end is there");
    stix_check_order(c, STIX_RULE("6.12.1"), o, at, "start", "end", false);
    if (!c->shoulds)
        return;
    check_protocols(c, o, at);
    if (!json_get(o, "src_port"))
        SHOULD(c, STIX_RULE("6.12"), &(struct stix_place){.up = at, .name = TEXT("src_port")}, "should be there");
    if (!json_get(o, "dst_port"))
        SHOULD(c, STIX_RULE("6.12"), &(struct stix_place){.up = at, .name = TEXT("dst_port")}, "should be there");
}

/* Section 6.12.4: keys are the names of options as the system spells them. */
void stix_rules_socket(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    static const struct text families[] = {NAMED("SO_"),   NAMED("ICMP_"),  NAMED("ICMP6_"), NAMED("IP_"),
                                           NAMED("IPV6_"), NAMED("MCAST_"), NAMED("TCP_"),   NAMED("IRLMP_")};
    const struct stix_place options = place(at, "options");
    const struct json_val *v = json_get(o, "options");

    for (struct json_iter it = json_iter_of(c->shoulds ? v : NULL); json_next(&it);) {
        const struct stix_place here = {.up = &options, .name = it.key};
        bool known = false;

        for (size_t i = 0; i < ARRAY_LEN(families); i++)
            known |= text_starts(it.key, families[i]);
        if (!known)
            SHOULD(c, STIX_RULE("6.12.4"), &here, "should be the name of a socket's option (SO_RCVTIMEO)");
    }
}

/* A property of the table, or an extension; in the deprecated container also one of STIX 2.0. */
static bool says_something(const struct stix_check *c, const struct json_val *o)
{
    for (struct json_iter it = json_iter_of(o); json_next(&it);) {
        if (text_eq(it.key, TEXT("extensions")))
            return true;
        if (c->container && !text_eq(it.key, TEXT("type")) && !text_eq(it.key, TEXT("id")))
            return true;
        for (size_t i = 0; i < c->shape->count; i++)
            if (text_eq(it.key, c->shape->props[i].name))
                return true;
    }
    return false;
}

/* Section 6.13: at least one property of the process or of one of its extensions. */
void stix_rules_process(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    if (!says_something(c, o))
        MUST(c, STIX_RULE("6.13"), at, "at least one property of a process or of its extensions is required");
    check_random_id(c, false);
}

void stix_rules_user_account(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    (void)at;
    check_random_id(c, json_get(o, "account_type") || json_get(o, "user_id") || json_get(o, "account_login"));
}

void stix_rules_registry_key(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    (void)at;
    check_random_id(c, json_get(o, "key") || json_get(o, "values"));
}

void stix_rules_x509_certificate(struct stix_check *c, const struct json_val *o, const struct stix_place *at)
{
    (void)at;
    check_random_id(c, json_get(o, "hashes") || json_get(o, "serial_number"));
}
