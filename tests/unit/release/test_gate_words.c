/* What the decision says: each rule by an example of its own, with the words that a duty officer reads. */
#include "domain.h"

static struct decision decide(const struct question *q)
{
    struct decision d;
    struct question copy = *q;
    struct gate_question asked = question_of(&copy);
    gate_decide(&asked, &d);
    return d;
}

static const char *rule_ids(const struct decision *d)
{
    static char out[400];
    out[0] = 0;
    for (size_t i = 0; i < d->rule_count; i++) {
        if (i)
            strcat(out, "; ");
        strcat(out, d->rules[i].id);
    }
    return out;
}

static void expect(const struct question *q, bool cleared, const char *ids, const char *words)
{
    struct decision d = decide(q);
    bool said = false;
    for (size_t i = 0; i < d.rule_count; i++)
        said = said || strstr(d.rules[i].words, words);
    if (d.cleared == cleared && strcmp(rule_ids(&d), ids) == 0 && said)
        return;
    print_error("expected %d, %s: %s\ngot %d, %s\n", cleared, ids, words, d.cleared, rule_ids(&d));
    for (size_t i = 0; i < d.rule_count; i++)
        print_error("  %s: %s\n", d.rules[i].id, d.rules[i].words);
    question_print(q);
    fail();
}

static struct question plain(enum recipient_kind kind, enum tlp label, bool ours)
{
    struct question q = {.door = kind == RECIPIENT_OWN_ACCOUNT ? DOOR_CONSOLE : DOOR_TAXII, .now = NOW};
    q.c = (struct gate_class){.ours = ours, .tlp = label, .party = PARTY_ELSEWHERE, .type = "indicator"};
    q.r = (struct recipient){
        .kind = kind, .ceiling = TLP_GREEN, .role = ROLE_READER, .sightings = true, .knows = TERMS_ALL};
    if (kind == RECIPIENT_OWN_ACCOUNT)
        q.r.account = PARTY_HERE;
    else if (kind != RECIPIENT_PUBLIC)
        q.r.party = PARTY_HERE;
    return q;
}

static struct question granting(struct question q, enum grant_kind kind)
{
    q.grants[q.grant_count++] = (struct grant){.kind = kind, .to = PARTY_HERE, .from_us = NOW, .until_us = NOW + 1};
    return q;
}

static struct question agreeing(struct question q)
{
    q.has_agreement = q.agreement.authorities_are_clients = q.agreement.communities_are_clients = true;
    return q;
}

/* ---- labels ---- */

#define OWN       RECIPIENT_OWN_ACCOUNT
#define PARTNER   RECIPIENT_PARTNER
#define COMMUNITY RECIPIENT_COMMUNITY
#define CLIENT    RECIPIENT_CONSTITUENT
#define AUTHORITY RECIPIENT_AUTHORITY
#define PUBLIC    RECIPIENT_PUBLIC

/* What is said of each label, by recipient. */
static void labels_in_words(void **state)
{
    (void)state;
    static const struct {
        bool ours;
        enum recipient_kind to;
        enum tlp label;
        bool cleared;
        const char *ids, *words;
    } rows[] = {
        {true, OWN, TLP_AMBER_STRICT, true, "2 TLP", "Ours, TLP:AMBER+STRICT: our own accounts"},
        {false, OWN, TLP_CLEAR, true, "2 TLP", "Received, TLP:CLEAR: our own accounts"},
        {true, OWN, TLP_RED, false, "2 named", "this one is not named (releasers see it on the console)"},
        {false, OWN, TLP_RED, false, "2 named", "for the accounts named in the agreement"},
        {false, OWN, TLP_NONE, true, "2 TLP; 1 default deny", "see it as TLP:AMBER+STRICT"},
        {true, PARTNER, TLP_NONE, false, "1 default deny", "unmarked: without a TLP label"},
        {false, PUBLIC, TLP_NONE, false, "1 default deny", "without a TLP label it does not leave"},
        {true, PARTNER, TLP_GREEN, true, "2 TLP", "under any label to whom we choose"},
        {true, COMMUNITY, TLP_CLEAR, true, "2 TLP", "under any label to whom we choose"},
        {true, CLIENT, TLP_GREEN, true, "2 TLP", "under any label to whom we choose"},
        {true, AUTHORITY, TLP_GREEN, true, "2 TLP", "under any label to whom we choose"},
        {true, PARTNER, TLP_AMBER, false, "2 ceiling", "a releaser must approve it"},
        {true, PARTNER, TLP_RED, false, "2 named", "this one is not named"},
        {false, COMMUNITY, TLP_RED, false, "2 TLP", "an organisation as a whole is none"},
        {false, PARTNER, TLP_GREEN, true, "2 TLP", "its originator lets it go"},
        {false, CLIENT, TLP_CLEAR, true, "2 TLP", "its originator lets it go"},
        {false, AUTHORITY, TLP_GREEN, true, "2 TLP", "its originator lets it go"},
        {false, PARTNER, TLP_AMBER, false, "2 TLP",
         "Received, TLP:AMBER: it may go to our own constituents with a need, not to another partner."},
        {false, CLIENT, TLP_AMBER, false, "2 need; 2 ceiling", "none is recorded"},
        {false, AUTHORITY, TLP_AMBER, false, "2 agreement; 2 need; 2 ceiling", "are not our clients unless"},
        {false, COMMUNITY, TLP_AMBER, false, "2 agreement; 2 need; 2 ceiling", "are not our clients unless"},
        {false, PARTNER, TLP_AMBER_STRICT, false, "2 TLP", "for our own organisation"},
        {true, PUBLIC, TLP_CLEAR, true, "2 TLP", "anyone may have it"},
        {true, PUBLIC, TLP_GREEN, false, "2 TLP", "Ours, TLP:GREEN: only TLP:CLEAR is published."},
        {false, PUBLIC, TLP_AMBER, false, "2 TLP", "its originator would have to mark it anew"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct question q = plain(rows[i].to, rows[i].label, rows[i].ours);
        expect(&q, rows[i].cleared, rows[i].ids, rows[i].words);
    }
}

/* What a person's act, or an agreement, changes. */
static void acts_in_words(void **state)
{
    (void)state;
    struct question q = granting(plain(PARTNER, TLP_AMBER, true), GRANT_APPROVAL);
    expect(&q, true, "2 TLP; 2 approval", "a releaser approved it");
    q.now++;
    expect(&q, false, "2 ceiling", "a releaser must approve it");
    q = granting(granting(plain(CLIENT, TLP_AMBER, false), GRANT_NEED), GRANT_APPROVAL);
    expect(&q, true, "2 TLP; 2 approval", "our constituents with a need");
    q = granting(agreeing(plain(AUTHORITY, TLP_AMBER, false)), GRANT_NEED), q.r.ceiling = TLP_AMBER;
    expect(&q, true, "2 TLP", "by agreement its originator lets it go there");
    q.agreement.authorities_are_clients = false;
    expect(&q, false, "2 agreement", "are not our clients unless");
    q = granting(agreeing(plain(COMMUNITY, TLP_AMBER, false)), GRANT_NEED), q.r.ceiling = TLP_AMBER;
    expect(&q, true, "2 TLP", "by agreement its originator lets it go there");
    q.agreement.communities_are_clients = false;
    expect(&q, false, "2 agreement", "are not our clients unless");
    q = granting(plain(AUTHORITY, TLP_RED, true), GRANT_NAMED);
    expect(&q, true, "2 TLP", "this one is named");
    q = granting(plain(OWN, TLP_RED, true), GRANT_NAMED);
    expect(&q, true, "2 TLP", "this account is named");
    q = plain(OWN, TLP_RED, false), q.has_agreement = true;
    q.agreement.red_count = 1, q.red_accounts[0] = PARTY_HERE;
    expect(&q, true, "2 TLP", "this account is named");
    q.red_accounts[0] = PARTY_ELSEWHERE;
    expect(&q, false, "2 named", "named in the agreement");
    q.r.role = ROLE_RELEASER;
    expect(&q, true, "2 TLP", "named persons");
    q = granting(plain(PARTNER, TLP_AMBER_STRICT, false), GRANT_CONSENT), q.grants[0].leaves_as = TLP_GREEN;
    expect(&q, true, "3 consent", "Received, TLP:GREEN: its originator consented");
    assert_true(decide(&q).consent && decide(&q).add_marking && decide(&q).holds_until_us == NOW + 1);
    q.grants[0].leaves_as = TLP_NONE;
    expect(&q, false, "2 TLP", "not for another one");
    q = granting(q, GRANT_APPROVAL);
    expect(&q, true, "3 consent; 2 approval", "a releaser approved it");
    q = granting(plain(PARTNER, TLP_NONE, false), GRANT_BREAK_GLASS);
    expect(&q, true, "12 break-glass", "danger to life or to an essential service");
    assert_int_equal(decide(&q).label, TLP_AMBER_STRICT);
    q.door = DOOR_BLOCK_LIST;
    expect(&q, false, "4 PAP; 1 default deny", "without a TLP label");
}

static void tear_lines_in_words(void **state)
{
    (void)state;
    struct question q = plain(PARTNER, TLP_RED, false);
    q.c.tear = TLP_GREEN;
    expect(&q, true, "2 TLP; 5 tear line", "Only its tear line goes");
    assert_true(decide(&q).tear && decide(&q).add_marking && decide(&q).form == FORM_RENDITION);
    q.c.terms.originator_control = true;
    expect(&q, false, "3 originator control; 2 TLP", "named persons");
    q = granting(plain(PARTNER, TLP_RED, false), GRANT_CONSENT);
    q.grants[0].leaves_as = TLP_GREEN, q.grants[0].properties = TEXT("name");
    expect(&q, true, "3 consent; 5 tear line", "Only its tear line goes");
    assert_text(decide(&q).tear_properties, "name");
}

static void sealed_hits(void **state)
{
    (void)state;
    struct question q = granting(plain(CLIENT, TLP_AMBER_STRICT, false), GRANT_NEED);
    struct decision d = decide(&q);
    assert_true(!d.cleared && d.sealed && d.asks_consent && d.asks_releaser);
    q.r.ceiling = TLP_AMBER_STRICT, d = decide(&q);
    assert_true(d.sealed && d.asks_consent && !d.asks_releaser);
    q.r.kind = PARTNER, d = decide(&q);
    assert_true(!d.sealed && d.asks_consent);
    q = plain(CLIENT, TLP_AMBER, false), d = decide(&q);
    assert_true(!d.sealed && !d.asks_consent && d.asks_releaser);
    q = plain(CLIENT, TLP_AMBER_STRICT, true), d = decide(&q);
    assert_true(!d.sealed && !d.asks_consent && d.asks_releaser);
    q = plain(CLIENT, TLP_AMBER_STRICT, false), q.c.terms.classification = CLASSIFICATION_SECRET, d = decide(&q);
    assert_true(!d.sealed && !d.asks_consent && !d.asks_releaser);
}

/* ---- what bars ---- */

/* Each bar alone, on what would flow without it. */
static void bars_in_words(void **state)
{
    (void)state;
    struct question base = plain(PARTNER, TLP_GREEN, false), q = base;
    expect(&q, true, "2 TLP", "");
    q.door = DOOR_CONSOLE;
    expect(&q, false, "1 default deny", "the console is for our own accounts");
    q = plain(OWN, TLP_GREEN, true), q.r.role = ROLE_NONE;
    expect(&q, false, "1 default deny", "no role");
    q = base, q.r.exercise = true;
    expect(&q, false, "10 spaces", "exercise");
    q = base, q.r.expelled = true;
    expect(&q, false, "7 expulsion", "expelled");
    q = base, q.c.quarantined = true;
    expect(&q, false, "2 quarantine", "quarantine");
    q = base, q.c.internal_only = true;
    expect(&q, false, "8 inside", "our console");
    q = base, q.c.unknown_marking = true;
    expect(&q, false, "1 default deny", "a marking that this node cannot read");
    q = base, q.c.party = PARTY_HERE;
    expect(&q, false, "5 origin", "came from there");
    q = base, q.door = DOOR_COUNT;
    expect(&q, false, "1 default deny", "no door of this recipient");
    base = plain(PARTNER, TLP_GREEN, true);
    base.c.sighting = base.c.sighting_of_ours = true, base.c.sighting_tlp = TLP_GREEN;
    q = base;
    expect(&q, true, "2 TLP", "");
    q.r.sightings = false;
    expect(&q, false, "9 sightings", "not enabled");
    q = base, q.c.sighting_of = PARTY_ELSEWHERE;
    expect(&q, false, "9 sightings", "came from another party");
    q = base, q.c.sighting_of_ours = false;
    expect(&q, false, "9 sightings", "nobody knows");
}

/* A sensor tells its hub what it saw of the hub's indicator, and nothing else. */
static void hubs_in_words(void **state)
{
    (void)state;
    struct question base = plain(RECIPIENT_HUB, TLP_AMBER, true), q;
    base.c.sighting = true, base.c.sighting_of = PARTY_HERE, base.c.sighting_tlp = TLP_AMBER;
    base.r.ceiling = TLP_CLEAR; /* it has the indicator */
    q = base;
    expect(&q, true, "9 hub", "goes back to the hub");
    memcpy(q.c.type, "opinion", sizeof "opinion");
    expect(&q, false, "9 hub", "nothing that a person wrote");
    q = base, q.c.sighting_of = PARTY_ELSEWHERE;
    expect(&q, false, "9 sightings; 9 hub", "and nothing else");
    for (unsigned ours = 0; ours < 2; ours++) {
        q = plain(RECIPIENT_HUB, TLP_CLEAR, ours);
        expect(&q, false, "9 hub", "and nothing else");
        q = granting(q, GRANT_APPROVAL);
        expect(&q, false, "9 hub", "and nothing else");
    }
}

static const struct uuid OUR_GROUP = {{0x61}};

static struct question to_names(struct question q, bool rel_to, enum named_kind kind, struct uuid who)
{
    struct terms *t = &q.c.terms;
    struct named name = {(uint8_t)kind, who};
    t->has_rel_to |= rel_to;
    assert_true(rel_to ? named_insert(t->rel_to, &t->rel_to_count, &name)
                       : named_insert(t->not_to, &t->not_to_count, &name));
    return q;
}

static const struct uuid NETHERLANDS = {{'N', 'L'}};

static void names_in_words(void **state)
{
    (void)state;
    static const char *const rel = "is not among them now", *const not = "excludes this recipient";
    struct question base = plain(PARTNER, TLP_GREEN, false), q = base;
    q.c.terms.has_rel_to = true;
    expect(&q, false, "3 REL-TO", rel);
    q = to_names(base, true, NAMED_ORGANISATION, PARTY_HERE);
    expect(&q, true, "2 TLP", "");
    q = to_names(base, true, NAMED_COUNTRY, NETHERLANDS);
    expect(&q, false, "3 REL-TO", rel);
    strcpy(q.r.country, "NL");
    expect(&q, true, "2 TLP", "");
    q.r.kind = COMMUNITY;
    expect(&q, false, "3 REL-TO", rel);
    q = to_names(base, true, NAMED_GROUP, OUR_GROUP);
    expect(&q, false, "3 REL-TO", rel);
    q.r.membership_count = 1, q.memberships[0] = (struct membership){OUR_GROUP, NOW, NOW + 1};
    expect(&q, true, "2 TLP", "");
    assert_true(decide(&q).holds_until_us == NOW + 1);
    q.now++;
    expect(&q, false, "3 REL-TO", rel);
    q = to_names(base, false, NAMED_COUNTRY, NETHERLANDS);
    expect(&q, false, "3 NOT-TO", not );
    strcpy(q.r.country, "BE");
    expect(&q, true, "2 TLP", "");
    strcpy(q.r.country, "NL");
    expect(&q, false, "3 NOT-TO", not );
    q = to_names(base, false, NAMED_ORGANISATION, PARTY_ELSEWHERE);
    expect(&q, false, "3 NOT-TO", not ); /* by which identity it is named is not known */
    q.r.identity = OUR_GROUP;
    expect(&q, true, "2 TLP", "");
    q.r.identity = PARTY_ELSEWHERE;
    expect(&q, false, "3 NOT-TO", not );
    q.r.identity = OUR_GROUP;
    q.r.kind = COMMUNITY;
    expect(&q, false, "3 NOT-TO", "among its members");
    q = to_names(base, false, NAMED_GROUP, OUR_GROUP);
    expect(&q, false, "3 NOT-TO", not ); /* no list of it is there */
    q.r.membership_count = 1, q.memberships[0] = (struct membership){OUR_GROUP, 0, NOW + 1, .absent = true};
    expect(&q, true, "2 TLP", "");
    assert_true(decide(&q).holds_until_us == NOW + 1);
    q.now++;
    expect(&q, false, "3 NOT-TO", not ); /* it expired */
    q = to_names(base, true, NAMED_GROUP, OUR_GROUP);
    q.r.membership_count = 1, q.memberships[0] = (struct membership){OUR_GROUP, 0, NOW + 1, .absent = true};
    expect(&q, false, "3 REL-TO", rel);
    q = to_names(base, false, NAMED_GROUP, OUR_GROUP);
    q.r.membership_count = 1, q.memberships[0] = (struct membership){OUR_GROUP, NOW - 2, NOW - 1};
    expect(&q, false, "3 NOT-TO", not );
}

static void terms_in_words(void **state)
{
    (void)state;
    struct question base = plain(PARTNER, TLP_GREEN, false), q = base;
    q.c.terms.classification = CLASSIFICATION_RESTRICTED;
    expect(&q, false, "11 classification", "leaves by none of our doors");
    q = base, q.c.terms.originator_control = true;
    expect(&q, false, "3 originator control", "wants to be asked");
    q.c.ours = true;
    expect(&q, true, "2 TLP", "");
    q = base, q.c.terms.embargo_until_us = NOW + 1000000;
    expect(&q, false, "3 embargo", "It is under embargo until 2026-01-01T00:00:01Z.");
    assert_true(decide(&q).holds_until_us == NOW + 1000000);
    q.now = q.c.terms.embargo_until_us;
    expect(&q, true, "2 TLP", "");
    q = base, q.c.terms.purposes = PURPOSE_NOTHING;
    expect(&q, false, "3 purpose", "limits what it may be used for");
    q = base, q.c.terms.personal_data = true, q.door = DOOR_STATISTICS;
    expect(&q, false, "3 personal data", "recipients known by name");
    q = base, q.r.knows = 0, q.c.ours = true, q.c.tlp = TLP_AMBER_STRICT, q.r.ceiling = TLP_RED;
    expect(&q, false, "3 understanding", "knows TLP 1 only");
    q = base, q.c.terms.pap = PAP_AMBER, q.door = DOOR_BLOCK_LIST;
    expect(&q, false, "4 PAP", "acted upon: PAP:AMBER.");
    q = granting(plain(PARTNER, TLP_CLEAR, false), GRANT_BREAK_GLASS), q.r.ceiling = TLP_NONE, q.door = DOOR_SEARCH;
    expect(&q, false, "2 ceiling", "a releaser must approve");
}

static void understanding_in_words(void **state)
{
    (void)state;
    static const struct {
        enum term term;
        const char *words;
    } rows[] = {{TERM_REL_TO, "the marking REL-TO."},
                {TERM_NOT_TO, "the marking NOT-TO."},
                {TERM_ORIGINATOR_CONTROL, "the marking originator control."},
                {TERM_PAP, "the marking PAP."},
                {TERM_PURPOSE, "the marking purpose."},
                {TERM_PERSONAL_DATA, "the marking personal data."},
                {TERM_NOT_TO | TERM_PAP, "the marking NOT-TO, PAP."}};
    struct question base = to_names(plain(PARTNER, TLP_GREEN, true), true, NAMED_ORGANISATION, PARTY_HERE);
    base = to_names(base, false, NAMED_ORGANISATION, PARTY_ELSEWHERE);
    base.c.terms.originator_control = base.c.terms.personal_data = true;
    base.c.terms.pap = PAP_GREEN, base.c.terms.purposes = PURPOSE_RESEARCH, base.r.identity = OUR_GROUP;
    expect(&base, true, "2 TLP", "");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct question q = base;
        q.r.knows &= ~(uint32_t)rows[i].term;
        expect(&q, false, "3 understanding", rows[i].words);
    }
    struct question q = plain(PARTNER, TLP_GREEN, true);
    q.c.terms.embargo_until_us = NOW + 1, q.r.knows = TERM_TLP2;
    expect(&q, false, "3 embargo; 3 understanding", "the marking embargo.");
    q.now++;
    expect(&q, true, "2 TLP", "");
    q.c.terms.classification = CLASSIFICATION_SECRET;
    expect(&q, false, "11 classification; 3 understanding", "the marking classification.");
    q = plain(PARTNER, TLP_GREEN, true), q.c.terms.pap = PAP_CLEAR, q.r.knows = 0;
    expect(&q, true, "2 TLP", "");
}

/* What each door lets through, of something CLEAR and of ours. */
static void doors_in_words(void **state)
{
    (void)state;
    static const struct {
        enum door door;
        bool account, partner, public, personal;
        enum pap pap;     /* the strictest it lets through to a partner; PAP_NONE: none at all */
        uint8_t purposes; /* those that suffice */
    } rows[] = {
        {DOOR_CONSOLE, true, false, false, false, PAP_NONE, PURPOSES_ALL},
        {DOOR_TAXII, true, true, true, true, PAP_RED, PURPOSES_ALL},
        {DOOR_EXPORT, true, true, true, true, PAP_RED, PURPOSES_ALL},
        {DOOR_STATISTICS, true, true, true, false, PAP_RED, PURPOSE_STATISTICS},
        {DOOR_MAIL, true, true, true, true, PAP_RED, PURPOSES_ALL},
        {DOOR_COURIER, true, true, true, true, PAP_RED, PURPOSES_ALL},
        {DOOR_PUBLIC_PAGE, false, false, true, false, PAP_NONE, PURPOSE_NOTIFICATION},
        {DOOR_ADVISORY, true, true, true, false, PAP_RED, PURPOSE_NOTIFICATION},
        {DOOR_BLOCK_LIST, true, true, true, false, PAP_GREEN, PURPOSE_BLOCKING},
        {DOOR_DETECTION_RULE, true, true, true, false, PAP_AMBER, PURPOSE_DETECTION},
        {DOOR_SEARCH, true, true, true, true, PAP_RED, PURPOSES_ALL},
        {DOOR_CSV, true, true, true, false, PAP_RED, 0},
        {DOOR_MISP, true, true, true, false, PAP_RED, 0},
        {DOOR_MISP_FEED, true, true, true, false, PAP_RED, 0},
    };
    assert_int_equal(ARRAY_LEN(rows), DOOR_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct question own = plain(OWN, TLP_CLEAR, true), partner = plain(PARTNER, TLP_CLEAR, true),
                        public = plain(PUBLIC, TLP_CLEAR, true);
        own.door = partner.door = public.door = rows[i].door;
        assert_int_equal(decide(&own).cleared, rows[i].account);
        assert_int_equal(decide(&partner).cleared, rows[i].partner);
        assert_int_equal(decide(&public).cleared, rows[i].public);
        public.c.source_pap = PAP_GREEN;
        assert_int_equal(decide(&public).cleared, rows[i].public);
        public.c.source_pap = PAP_AMBER;
        assert_false(decide(&public).cleared);
        for (unsigned bit = 1; rows[i].partner && bit <= PURPOSES_ALL; bit *= 2) {
            partner.c.terms.purposes = (uint8_t)bit;
            assert_int_equal(decide(&partner).cleared, (rows[i].purposes & bit) != 0);
        }
        partner.c.terms.purposes = 0;
        for (enum pap p = PAP_CLEAR; rows[i].partner && p <= PAP_RED; p++) {
            partner.c.terms.pap = p;
            bool written = rows[i].door != DOOR_CSV || p == PAP_CLEAR;
            assert_int_equal(decide(&partner).cleared, p <= rows[i].pap && written);
            partner.c.terms.pap = PAP_NONE, partner.c.source_pap = p;
            assert_int_equal(decide(&partner).cleared, p <= rows[i].pap);
            partner.c.source_pap = PAP_NONE;
        }
        partner.c.terms.personal_data = true;
        assert_int_equal(decide(&partner).cleared, rows[i].personal);
    }
}

/* What a form has no place for, it does not carry away; what would be set anew over there wants an agreement. */
static void forms_in_words(void **state)
{
    (void)state;
    static const enum door poor[] = {DOOR_CSV, DOOR_MISP, DOOR_MISP_FEED};
    for (size_t i = 0; i < ARRAY_LEN(poor); i++) {
        struct question q = plain(PARTNER, TLP_GREEN, true);
        q.door = poor[i];
        expect(&q, true, "2 TLP", "");
        q.c.terms.embargo_until_us = NOW;
        expect(&q, true, "2 TLP", "");
        q.c.terms.not_to_count = 1, q.c.terms.not_to[0].kind = NAMED_COUNTRY, q.c.terms.not_to[0].who.b[0] = 'Q';
        memcpy(q.r.country, "NL", 3);
        expect(&q, false, "3 understanding", "no place for the marking NOT-TO.");
        q = granting(plain(PARTNER, TLP_RED, true), GRANT_NAMED), q.r.ceiling = TLP_RED, q.door = poor[i];
        q.r.knows |= TERM_MISP_HANDLING;
        if (poor[i] == DOOR_CSV)
            expect(&q, true, "2 TLP", "");
        else
            expect(&q, false, "2 TLP", "RED goes into no MISP event");
        q = plain(OWN, TLP_AMBER, true), q.door = poor[i], q.c.terms.originator_control = true;
        expect(&q, true, "2 TLP", "");
    }
    struct question q = plain(PARTNER, TLP_AMBER, true);
    q.r.ceiling = TLP_AMBER_STRICT, q.door = DOOR_MISP_FEED;
    expect(&q, false, "2 handling", "handling agreement");
    q.r.knows |= TERM_MISP_HANDLING;
    expect(&q, true, "2 TLP", "");
    q.c.tlp = TLP_AMBER_STRICT;
    expect(&q, true, "2 TLP", "");
    q.r.knows &= ~(uint32_t)TERM_MISP_HANDLING, q.door = DOOR_MISP;
    expect(&q, true, "2 TLP", "");
    q.c.tlp = TLP_GREEN, q.door = DOOR_MISP_FEED;
    expect(&q, true, "2 TLP", "");
    q = plain(OWN, TLP_AMBER, true), q.door = DOOR_MISP_FEED;
    expect(&q, true, "2 TLP", "");
}

static void notes_in_words(void **state)
{
    (void)state;
    struct question q = plain(PARTNER, TLP_NONE, false);
    q.c.source_default = TLP_GREEN;
    expect(&q, true, "2 TLP; 1 source default", "recorded default");
    q = plain(OWN, TLP_GREEN, false), q.c.unknown_marking = true;
    expect(&q, true, "2 TLP; 1 default deny", "or stricter");
    q = plain(OWN, TLP_GREEN, false), q.c.quarantined = true, q.r.role = ROLE_RELEASER;
    expect(&q, true, "2 TLP; 2 quarantine", "never matched");
    q = plain(PARTNER, TLP_GREEN, true);
    q.c.sighting = true, q.c.sighting_of = PARTY_HERE, q.c.sighting_tlp = TLP_AMBER;
    expect(&q, true, "9 sightings; 6 derived", "whatever its ceiling");
    expect(&q, true, "9 sightings; 6 derived", "stricter label");
    q = plain(PUBLIC, TLP_NONE, true), q.c.own_identity = true;
    expect(&q, true, "2 public text", "our own name");
    q = plain(PARTNER, TLP_RED, false), q.c.protocol_object = true;
    expect(&q, true, "2 public text", "the text of a TLP marking");
    q = plain(PARTNER, TLP_GREEN, false), q.c.granular = true;
    expect(&q, true, "2 TLP; 5 portions", "the rest is cut");
}

/* Values outside the enumerations clear nothing; many bars at once do not overflow. */
static void nonsense_is_withheld(void **state)
{
    (void)state;
    struct question q = plain(PARTNER, TLP_CLEAR, true);
    struct decision d;
    q.r.kind = (enum recipient_kind)77;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(PARTNER, (enum tlp)99, true), q.r.ceiling = TLP_RED;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(PARTNER, TLP_GREEN, true), q.r.ceiling = (enum tlp)99;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(OWN, TLP_GREEN, true), q.r.role = (enum role)99;
    d = decide(&q);
    assert_false(d.cleared);
    q = plain(PARTNER, TLP_RED, false);
    q.door = DOOR_CONSOLE, q.r.expelled = q.r.exercise = q.c.quarantined = q.c.internal_only = true;
    q.c.unknown_marking = q.c.granular = q.c.sighting = true, q.r.sightings = false, q.c.party = PARTY_HERE;
    q.c.sighting_of = PARTY_ELSEWHERE, q.c.terms.has_rel_to = true, q.c.terms.personal_data = true;
    q.c.terms.classification = CLASSIFICATION_SECRET, q.c.terms.purposes = PURPOSE_NOTHING, q.r.knows = 0;
    q = to_names(q, false, NAMED_COUNTRY, NETHERLANDS), q.r.kind = COMMUNITY;
    d = decide(&q);
    assert_false(d.cleared);
    assert_int_equal(d.rule_count, DECISION_RULES_MAX);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(door_name(DOOR_CONSOLE), "console");
    assert_string_equal(door_name(DOOR_STATISTICS), "statistics");
    assert_string_equal(door_name(DOOR_COUNT), "none");
    for (int r = ROLE_READER; r <= ROLE_ADMINISTRATOR; r++)
        assert_int_equal(role_parse(text_of(role_name((enum role)r))), r);
    assert_int_equal(role_parse(TEXT("none")), ROLE_NONE);
    assert_int_equal(role_parse(TEXT("Reader")), ROLE_NONE);
    assert_string_equal(role_name((enum role)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_in_words),        cmocka_unit_test(acts_in_words),
        cmocka_unit_test(tear_lines_in_words),    cmocka_unit_test(sealed_hits),
        cmocka_unit_test(bars_in_words),          cmocka_unit_test(hubs_in_words),
        cmocka_unit_test(names_in_words),         cmocka_unit_test(terms_in_words),
        cmocka_unit_test(understanding_in_words), cmocka_unit_test(doors_in_words),
        cmocka_unit_test(forms_in_words),         cmocka_unit_test(notes_in_words),
        cmocka_unit_test(nonsense_is_withheld),   cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
