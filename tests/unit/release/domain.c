#include "domain.h"

#include <stdio.h>

const struct uuid PARTY_HERE = {{1, 2, 3}}, PARTY_ELSEWHERE = {{9, 8, 7}};
static const struct uuid NOBODY;

#define LABELS     (TLP_RED + 1)
#define ROLES      (ROLE_ADMINISTRATOR + 1)
#define RECIPIENTS (ROLES + 6 * LABELS) /* own accounts by role, the others by ceiling */
#define MARKED     (2 * LABELS - 1)     /* the label, or no label and the source's default */
#define SIGHTINGS  (1 + 2 * 3 * LABELS) /* none; or whose indicator, from which party, of which label */

static const unsigned sizes[AXIS_COUNT] = {
    [AXIS_DOOR] = DOORS,
    [AXIS_RECIPIENT] = RECIPIENTS,
    [AXIS_LABEL] = MARKED,
    [AXIS_OURS] = 2,
    [AXIS_PARTY] = 3,
    [AXIS_UNKNOWN] = 2,
    [AXIS_GRANULAR] = 2,
    [AXIS_QUARANTINED] = 2,
    [AXIS_SIGHTING] = SIGHTINGS,
    [AXIS_SIGHTINGS_ENABLED] = 2,
    [AXIS_KIND] = 3,
    [AXIS_INTERNAL] = 2,
    [AXIS_EXPELLED] = 2,
    [AXIS_SPACES] = 4,
};

static bool exhaustive(void)
{
    const char *asked = getenv("ENTENTE_EXHAUSTIVE");
    return asked && *asked == '1';
}

static uint64_t product(enum axis end)
{
    uint64_t n = 1;
    for (unsigned a = 0; a < end; a++)
        n *= sizes[a];
    return n;
}

static const struct {
    enum axis axis;
    unsigned value;
} late[] = {{AXIS_KIND, 1},   {AXIS_KIND, 2},   {AXIS_INTERNAL, 1}, {AXIS_EXPELLED, 1},
            {AXIS_SPACES, 1}, {AXIS_SPACES, 2}, {AXIS_SPACES, 3}};

uint64_t domain_size(void)
{
    return exhaustive() ? product(AXIS_COUNT) : product(AXIS_KIND) + ARRAY_LEN(late) * product(AXIS_SIGHTING);
}

static struct uuid party_at(unsigned i)
{
    return i == 0 ? NOBODY : i == 1 ? PARTY_HERE : PARTY_ELSEWHERE;
}

static void sighting_at(unsigned i, struct gate_class *c)
{
    c->sighting = i > 0;
    if (!c->sighting)
        return;
    i--;
    c->sighting_tlp = (enum tlp)(i % LABELS);
    c->sighting_of = party_at(i / LABELS % 3);
    c->sighting_of_ours = i / LABELS / 3;
}

static void recipient_at(unsigned i, struct recipient *r)
{
    *r = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT, .ceiling = TLP_GREEN, .knows = TERMS_ALL};
    if (i < ROLES) {
        r->role = (enum role)i;
        return;
    }
    i -= ROLES;
    r->kind = (enum recipient_kind)(RECIPIENT_PARTNER + i / LABELS);
    r->ceiling = (enum tlp)(i % LABELS);
    r->party = r->kind == RECIPIENT_PUBLIC ? NOBODY : PARTY_HERE;
}

static void fill(const unsigned at[AXIS_COUNT], struct question *q)
{
    *q = (struct question){0};
    struct gate_class *c = &q->c;
    q->door = (enum door)at[AXIS_DOOR];
    recipient_at(at[AXIS_RECIPIENT], &q->r);
    q->now = NOW;
    *c = (struct gate_class){.type = "indicator", .ours = at[AXIS_OURS], .party = party_at(at[AXIS_PARTY])};
    c->tlp = at[AXIS_LABEL] < LABELS ? (enum tlp)at[AXIS_LABEL] : TLP_NONE;
    c->source_default = at[AXIS_LABEL] < LABELS ? TLP_NONE : (enum tlp)(at[AXIS_LABEL] - LABELS + 1);
    sighting_at(at[AXIS_SIGHTING], c);
    q->r.sightings = at[AXIS_SIGHTINGS_ENABLED];
    c->unknown_marking = at[AXIS_UNKNOWN];
    c->granular = at[AXIS_GRANULAR];
    c->quarantined = at[AXIS_QUARANTINED];
    c->protocol_object = at[AXIS_KIND] == 1;
    c->own_identity = at[AXIS_KIND] == 2;
    c->internal_only = at[AXIS_INTERNAL];
    q->r.expelled = at[AXIS_EXPELLED];
    c->exercise = at[AXIS_SPACES] & 1;
    q->r.exercise = at[AXIS_SPACES] >> 1;
}

void domain_at(uint64_t number, struct question *ret)
{
    unsigned at[AXIS_COUNT] = {0};
    uint64_t rest = number, first = product(AXIS_KIND);
    if (!exhaustive() && number >= first) {
        rest = (number - first) % product(AXIS_SIGHTING);
        uint64_t which = (number - first) / product(AXIS_SIGHTING);
        at[late[which].axis] = late[which].value;
        at[AXIS_SIGHTINGS_ENABLED] = 1;
    }
    for (unsigned a = 0; a < AXIS_COUNT && rest; a++) {
        at[a] += (unsigned)(rest % sizes[a]);
        rest /= sizes[a];
    }
    fill(at, ret);
}

/* ---- drawn ---- */

uint64_t draw(uint64_t *state, uint64_t n)
{
    *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % n;
}

static bool one_in(uint64_t *s, uint64_t n)
{
    return draw(s, n) == 0;
}

static const struct uuid GROUPS[] = {{{0x61}}, {{0x62}}}, ACCOUNTS[] = {{{0xa1}}, {{0xa2}}};

static struct uuid draw_party(uint64_t *s)
{
    return one_in(s, 4) ? NOBODY : one_in(s, 2) ? PARTY_HERE : PARTY_ELSEWHERE;
}

static int64_t draw_moment(uint64_t *s)
{
    return NOW + (int64_t)draw(s, 41) - 20;
}

static void draw_span(uint64_t *s, int64_t *from, int64_t *until)
{
    *from = one_in(s, 4) ? draw_moment(s) : one_in(s, 4) ? INT64_MIN : NOW - 5;
    *until = one_in(s, 4) ? draw_moment(s) : one_in(s, 4) ? INT64_MAX : NOW + 15;
}

static struct named draw_name(uint64_t *s)
{
    switch (draw(s, 4)) {
    case 0: return (struct named){NAMED_COUNTRY, {{'N', 'L'}}};
    case 1: return (struct named){NAMED_COUNTRY, {{'B', 'E'}}};
    case 2: return (struct named){NAMED_ORGANISATION, one_in(s, 2) ? PARTY_HERE : PARTY_ELSEWHERE};
    default: return (struct named){NAMED_GROUP, one_in(s, 8) ? PARTY_HERE : GROUPS[draw(s, 2)]};
    }
}

static void draw_names(uint64_t *s, struct named *list, uint8_t *count)
{
    for (uint64_t n = draw(s, 4); n > 0; n--) {
        struct named name = draw_name(s);
        assert_true(named_insert(list, count, &name));
    }
}

static void draw_terms(uint64_t *s, struct terms *t)
{
    if (one_in(s, 2))
        return;
    if (one_in(s, 4))
        t->pap = (enum pap)(1 + draw(s, PAP_RED));
    if (one_in(s, 4)) {
        t->has_rel_to = true;
        draw_names(s, t->rel_to, &t->rel_to_count);
    }
    if (one_in(s, 4))
        draw_names(s, t->not_to, &t->not_to_count);
    t->originator_control = one_in(s, 6);
    t->embargo_until_us = one_in(s, 4) ? draw_moment(s) : 0;
    t->purposes = one_in(s, 5) ? one_in(s, 6) ? PURPOSE_NOTHING : (uint8_t)(1 + draw(s, PURPOSES_ALL)) : 0;
    t->classification = one_in(s, 16) ? (enum classification)(1 + draw(s, 4)) : CLASSIFICATION_NONE;
    t->personal_data = one_in(s, 6);
}

static void draw_class(uint64_t *s, struct gate_class *c)
{
    *c = (struct gate_class){.type = "indicator", .ours = one_in(s, 3), .party = draw_party(s)};
    c->tlp = (enum tlp)draw(s, LABELS);
    c->source_default = one_in(s, 2) ? (enum tlp)draw(s, LABELS) : TLP_NONE;
    c->source_pap = one_in(s, 4) ? (enum pap)draw(s, PAP_RED + 1) : PAP_NONE;
    c->tear = one_in(s, 3) ? (enum tlp)draw(s, LABELS) : TLP_NONE;
    if (one_in(s, 4))
        sighting_at((unsigned)draw(s, SIGHTINGS), c);
    c->unknown_marking = one_in(s, 12);
    c->granular = one_in(s, 4);
    c->quarantined = one_in(s, 24);
    c->internal_only = one_in(s, 24);
    c->exercise = one_in(s, 24);
    c->protocol_object = one_in(s, 32);
    c->own_identity = one_in(s, 24);
    draw_terms(s, &c->terms);
}

static void draw_recipient(uint64_t *s, struct question *q)
{
    static const enum recipient_kind kinds[] = {RECIPIENT_OWN_ACCOUNT, RECIPIENT_PARTNER,     RECIPIENT_PARTNER,
                                                RECIPIENT_COMMUNITY,   RECIPIENT_CONSTITUENT, RECIPIENT_CONSTITUENT,
                                                RECIPIENT_AUTHORITY,   RECIPIENT_PUBLIC,      RECIPIENT_HUB};
    struct recipient *r = &q->r;
    *r = (struct recipient){.kind = kinds[draw(s, ARRAY_LEN(kinds))], .ceiling = (enum tlp)draw(s, LABELS)};
    bool own = r->kind == RECIPIENT_OWN_ACCOUNT, public = r->kind == RECIPIENT_PUBLIC;
    r->party = public || own || one_in(s, 16) ? NOBODY : PARTY_HERE;
    r->account = own && !one_in(s, 16) ? ACCOUNTS[draw(s, 2)] : NOBODY;
    r->role = own ? (enum role)draw(s, ROLES) : ROLE_NONE;
    if (!one_in(s, 4))
        memcpy(r->country, one_in(s, 2) ? "NL" : "BE", 2);
    r->knows = one_in(s, 3) ? (uint32_t)draw(s, TERMS_KNOWABLE + 1) : one_in(s, 2) ? TERMS_KNOWABLE : TERMS_ALL;
    r->sightings = !one_in(s, 3);
    r->exercise = one_in(s, 24);
    r->expelled = one_in(s, 24);
    r->membership_count = draw(s, MEMBERSHIPS_MAX + 1);
    for (size_t i = 0; i < r->membership_count; i++) {
        q->memberships[i].group = GROUPS[draw(s, 2)];
        draw_span(s, &q->memberships[i].from_us, &q->memberships[i].until_us);
        q->memberships[i].absent = one_in(s, 2);
    }
    if (!public && !own && !one_in(s, 3))
        r->identity = one_in(s, 2) ? PARTY_ELSEWHERE : (struct uuid){{4, 4}};
}

static void draw_grants(uint64_t *s, struct question *q)
{
    q->grant_count = one_in(s, 2) ? 0 : draw(s, GRANTS_MAX + 1);
    for (size_t i = 0; i < q->grant_count; i++) {
        struct grant *g = &q->grants[i];
        g->kind = (enum grant_kind)(GRANT_CONSENT + draw(s, GRANT_BREAK_GLASS));
        if (g->kind == GRANT_BREAK_GLASS && !one_in(s, 4))
            g->kind = GRANT_NEED;
        g->to = one_in(s, 8) ? NOBODY : one_in(s, 8) ? PARTY_ELSEWHERE : PARTY_HERE;
        if (q->r.kind == RECIPIENT_OWN_ACCOUNT && !one_in(s, 4))
            g->to = ACCOUNTS[draw(s, 2)];
        draw_span(s, &g->from_us, &g->until_us);
        g->properties = g->kind == GRANT_CONSENT && one_in(s, 2) ? TEXT("name,pattern") : TEXT_NONE;
        g->leaves_as = one_in(s, 2) ? (enum tlp)draw(s, LABELS) : TLP_NONE;
    }
}

void question_draw(uint64_t number, struct question *ret)
{
    uint64_t state = number * UINT64_C(0xd1342543de82ef95) + 1, *s = &state;
    *ret = (struct question){.now = NOW, .door = (enum door)draw(s, DOOR_COUNT)};
    draw_class(s, &ret->c);
    draw_recipient(s, ret);
    draw_grants(s, ret);
    ret->has_agreement = one_in(s, 2);
    ret->agreement.authorities_are_clients = one_in(s, 2);
    ret->agreement.communities_are_clients = one_in(s, 2);
    ret->agreement.red_count = draw(s, 3);
    for (size_t i = 0; i < ret->agreement.red_count; i++)
        ret->red_accounts[i] = one_in(s, 4) ? NOBODY : ACCOUNTS[draw(s, 2)];
}

struct gate_question question_of(struct question *q)
{
    q->r.memberships = q->memberships;
    q->agreement.red_accounts = q->red_accounts;
    return (struct gate_question){.cls = &q->c,
                                  .recipient = &q->r,
                                  .door = q->door,
                                  .now_us = q->now,
                                  .agreement = q->has_agreement ? &q->agreement : NULL,
                                  .grants = q->grants,
                                  .grant_count = q->grant_count};
}

/* ---- for messages ---- */

void question_print(const struct question *q)
{
    const struct gate_class *c = &q->c;
    const struct recipient *r = &q->r;
    struct buffer b;
    buffer_init(&b, 4096);
    gate_class_key(c, &b);
    print_error("class " TEXT_FMT
                "\nrecipient kind %d role %s ceiling %s sightings %d exercise %d expelled %d, door %s\n",
                TEXT_ARG(buffer_text(&b)), (int)r->kind, role_name(r->role), tlp_name(r->ceiling), r->sightings,
                r->exercise, r->expelled, door_name(q->door));
    print_error("country %.2s knows %x, agreement %d (authorities %d, communities %d, %zu accounts)\n", r->country,
                r->knows, q->has_agreement, q->agreement.authorities_are_clients,
                q->agreement.communities_are_clients, q->agreement.red_count);
    for (size_t i = 0; i < q->grant_count; i++)
        print_error("grant %d to %02x from %+lld until %+lld, properties %d, leaves as %s\n", (int)q->grants[i].kind,
                    q->grants[i].to.b[0], (long long)(q->grants[i].from_us - NOW),
                    (long long)(q->grants[i].until_us - NOW), q->grants[i].properties.len > 0,
                    tlp_name(q->grants[i].leaves_as));
    for (size_t i = 0; i < r->membership_count; i++)
        print_error("member of %02x from %+lld until %+lld\n", q->memberships[i].group.b[0],
                    (long long)(q->memberships[i].from_us - NOW), (long long)(q->memberships[i].until_us - NOW));
    buffer_done(&b);
}
