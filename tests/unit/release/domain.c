#include "domain.h"

#include <stdio.h>

const struct uuid PARTY_HERE = {{1, 2, 3}}, PARTY_ELSEWHERE = {{9, 8, 7}};
static const struct uuid NOBODY;

#define LABELS     (TLP_RED + 1)
#define ROLES      (ROLE_ADMINISTRATOR + 1)
#define RECIPIENTS (ROLES + 3 * LABELS) /* own accounts by role, the others by ceiling */
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
    struct gate_class *c = &q->c;
    q->door = (enum door)at[AXIS_DOOR];
    recipient_at(at[AXIS_RECIPIENT], &q->r);
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
    buffer_done(&b);
}
