#include "facts_made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "model/value.h"

void facts_made_init(struct facts_made *m, uint64_t seed)
{
    m->state = seed * 2654435761u + 1;
    arena_init(&m->arena, 256 * MIB);
}

void facts_made_done(struct facts_made *m)
{
    arena_done(&m->arena);
}

static uint64_t next(struct facts_made *m)
{
    /* splitmix64 */
    uint64_t z = m->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t made_number(struct facts_made *m, uint64_t below)
{
    return next(m) % below;
}

bool made_chance(struct facts_made *m, unsigned percent)
{
    return made_number(m, 100) < percent;
}

struct uuid made_uuid(struct facts_made *m)
{
    struct uuid u;
    uint64_t a = next(m), b = next(m);
    memcpy(u.b, &a, 8);
    memcpy(u.b + 8, &b, 8);
    u.b[6] = (uint8_t)(0x40 | (u.b[6] & 0x0F));
    u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3F));
    return u;
}

struct uuid made_uuid_of(const char *space, uint64_t n)
{
    char name[64];
    int len = snprintf(name, sizeof name, "%s %llu", space, (unsigned long long)n);
    return uuid_named(&UUID_STIX_SCO, (struct text){name, (size_t)len});
}

struct text made_text(struct facts_made *m, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct text kept = arena_text(&m->arena, (struct text){text, (size_t)len});
    assert_non_null(kept.ptr);
    return kept;
}

static struct text words(struct facts_made *m)
{
    static const char *const some[] = {
        "",  "x",    "CERT-LV",         "a \"quoted\" word\\", "tab\there\n", "\xC3\xA4\xE2\x82\xAC",
        "0", "\x01", "\xF0\x9F\x98\x80"};
    return made_text(m, "%s", some[made_number(m, ARRAY_LEN(some))]);
}

static struct text words_never_empty(struct facts_made *m)
{
    struct text t = words(m);
    return t.len ? t : TEXT("name");
}

static struct uuid maybe_uuid(struct facts_made *m)
{
    return made_chance(m, 60) ? made_uuid(m) : (struct uuid){{0}};
}

static int64_t moment(struct facts_made *m)
{
    static const int64_t some[] = {0,
                                   1,
                                   -1,
                                   1735689600000000,
                                   253402300799999999, /* the end of 9999 */
                                   -62167219200000000, /* the year 0 */
                                   (int64_t)1 << 53,
                                   ((int64_t)1 << 53) + 1,
                                   INT64_MAX,
                                   INT64_MIN};
    return some[made_number(m, ARRAY_LEN(some))];
}

static uint64_t count(struct facts_made *m)
{
    static const uint64_t some[] = {0, 1, 77, UINT32_MAX, (uint64_t)1 << 53, ((uint64_t)1 << 53) + 1, UINT64_MAX};
    return some[made_number(m, ARRAY_LEN(some))];
}

static struct sha256 hash(struct facts_made *m)
{
    uint64_t x = next(m);
    return sha256_of(&x, sizeof x);
}

static void *list(struct facts_made *m, size_t n, size_t size)
{
    void *p = arena_alloc(&m->arena, n * size + 1);
    assert_non_null(p);
    return p;
}

static void make_values(struct facts_made *m, struct fact_object *o)
{
    o->value_count = made_number(m, 4);
    struct fact_value *v = list(m, o->value_count, sizeof *v);
    for (size_t i = 0; i < o->value_count; i++)
        v[i] = (struct fact_value){(uint8_t)(1 + made_number(m, VALUE_KINDS - 1)), words(m)};
    o->values = v;
}

static void make_desk(struct facts_made *m, struct fact_object *o)
{
    struct fact_finding *f = list(m, 1, sizeof *f);
    struct fact_sighting *s = list(m, 1, sizeof *s);
    *f = (struct fact_finding){
        maybe_uuid(m), maybe_uuid(m), moment(m), moment(m), count(m), (uint8_t)made_number(m, 256), maybe_uuid(m)};
    f->number = made_chance(m, 50) ? 1 + made_number(m, 1u << 30) : 0;
    f->kind = (uint8_t)made_number(m, FINDING_KINDS);
    f->severity = (uint8_t)made_number(m, 6);
    f->party = maybe_uuid(m);
    f->source = maybe_uuid(m);
    *s = (struct fact_sighting){maybe_uuid(m), maybe_uuid(m), maybe_uuid(m)};
    o->finding = made_chance(m, 30) ? f : NULL;
    o->sighting = made_chance(m, 30) ? s : NULL;
}

static enum authority authority(struct facts_made *m)
{
    return (enum authority)((int)made_number(m, AUTHORITY_OURS + 2) + AUTHORITY_NONE);
}

static void make_standings(struct facts_made *m, struct fact_standings *s)
{
    s->count = made_number(m, 4);
    struct fact_standing *v = list(m, s->count, sizeof *v);
    for (size_t i = 0; i < s->count; i++)
        v[i] = (struct fact_standing){count(m), (enum standing)(2 + made_number(m, STANDING_QUARANTINED - 1))};
    s->list = v;
}

static void make_vouch(struct facts_made *m, struct fact_vouch *v)
{
    v->account = maybe_uuid(m);
    v->entry = count(m);
    v->party = maybe_uuid(m);
    v->source = maybe_uuid(m);
    v->authority = authority(m);
    v->line = made_chance(m, 50);
    v->leaf = count(m);
    v->logged_us = moment(m);
    make_standings(m, &v->standings);
}

static void make_object(struct facts_made *m, struct fact_object *o)
{
    struct uuid id = made_uuid(m);
    char text[IDENT_TEXT_MAX];
    o->id = arena_text(&m->arena, ident_format(TEXT("indicator"), &id, text));
    if (made_chance(m, 70))
        o->modified = TEXT("2025-01-01T00:00:00.000Z");
    o->hash = hash(m);
    o->account = maybe_uuid(m);
    o->party = maybe_uuid(m);
    o->source = maybe_uuid(m);
    o->standing = made_chance(m, 10) ? STANDING_RENDITION : (enum standing)(1 + made_number(m, STANDING_QUARANTINED));
    o->authority = authority(m);
    o->line = made_chance(m, 30);
    make_standings(m, &o->standings);
    o->supersedes = made_chance(m, 50);
    o->class_key = words_never_empty(m);
    o->print = made_chance(m, 50) ? next(m) : 0;
    o->refs = made_chance(m, 50) ? TEXT("AAECAwQF//79/Pv6") : TEXT_NONE;
    o->replaces = made_chance(m, 30) ? made_number(m, 1000000) : 0;
    o->created_us = moment(m);
    o->modified_us = moment(m);
    o->revoked = made_chance(m, 30);
    o->has_valid_from = made_chance(m, 50);
    o->has_valid_until = made_chance(m, 50);
    o->valid_from_us = o->has_valid_from ? moment(m) : 0;
    o->valid_until_us = o->has_valid_until ? moment(m) : 0;
    o->confidence = (int16_t)((int)made_number(m, 102) - 1);
    make_values(m, o);
    make_desk(m, o);
}

static void make_hits(struct facts_made *m, struct fact_hits *h)
{
    h->account = maybe_uuid(m);
    h->file = words(m);
    h->follow_key = words(m);
    if (h->follow_key.len) {
        h->follow_offset = count(m);
        h->follow_line = count(m);
    }
    h->hit_count = made_number(m, 5);
    struct fact_hit *v = list(m, h->hit_count, sizeof *v);
    for (size_t i = 0; i < h->hit_count; i++)
        v[i] = (struct fact_hit){made_uuid(m), count(m), count(m), moment(m)};
    h->hits = v;
    h->print_count = made_number(m, 3);
    struct fact_prints *p = list(m, h->print_count, sizeof *p);
    for (size_t i = 0; i < h->print_count; i++) {
        const size_t len = 8 * (1 + made_number(m, 4));
        char *prints = list(m, len, 1);
        for (size_t k = 0; k < len; k++)
            prints[k] = (char)made_number(m, 256);
        p[i] = (struct fact_prints){made_uuid(m), {prints, len}};
    }
    h->prints = p;
}

static void make_release(struct facts_made *m, struct fact_release *r)
{
    r->party = made_uuid(m);
    r->account = maybe_uuid(m);
    r->door = (uint8_t)made_number(m, DOOR_COUNT);
    r->root = hash(m);
    r->count = made_number(m, 5);
    struct fact_released *v = list(m, r->count, sizeof *v);
    for (size_t i = 0; i < r->count; i++)
        v[i] = (struct fact_released){count(m), hash(m), (uint8_t)made_number(m, 2)};
    r->items = v;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static const struct uuid *uuids(struct facts_made *m, size_t *ret_count)
{
    *ret_count = made_number(m, 4);
    struct uuid *v = list(m, *ret_count, sizeof *v);
    for (size_t i = 0; i < *ret_count; i++)
        v[i] = made_uuid(m);
    if (*ret_count)
        qsort(v, *ret_count, sizeof *v, by_bytes);
    return v;
}

static void make_opening(struct facts_made *m, struct fact_opening *o)
{
    o->party = made_uuid(m);
    o->count = made_number(m, 5);
    struct text *v = list(m, o->count, sizeof *v);
    for (size_t i = 0; i < o->count; i++)
        v[i] = words(m);
    o->class_keys = v;
    o->grants = uuids(m, &o->grant_count);
}

static void make_document(struct facts_made *m, struct fact_document *d)
{
    *d = (struct fact_document){.account = maybe_uuid(m),
                                .party = maybe_uuid(m),
                                .source = maybe_uuid(m),
                                .name = words(m),
                                .format = words(m),
                                .hash = hash(m),
                                .part = (uint32_t)made_number(m, 3),
                                .parts = (uint32_t)made_number(m, 3),
                                .read = count(m),
                                .fresh = count(m),
                                .updated = count(m),
                                .unchanged = count(m),
                                .rejected = count(m),
                                .whole = made_chance(m, 50)};
}

static void make_genesis(struct facts_made *m, struct fact_genesis *g)
{
    g->identity = made_uuid(m);
    g->name = words(m);
    g->country = TEXT("LV");
    g->sector = words(m);
    g->space = words(m);
    g->origin = words(m);
    struct sha256 key = hash(m);
    memcpy(g->key, key.b, sizeof g->key);
    for (size_t i = 0; i < 3; i++)
        g->collections[i] = made_uuid(m);
}

static void make_key(struct facts_made *m, uint8_t key[32])
{
    struct sha256 h = hash(m);
    memcpy(key, h.b, sizeof h.b);
}

static void make_origin(struct facts_made *m, struct fact_origin *o)
{
    o->origin = words_never_empty(m);
    o->previous = words_never_empty(m);
    make_key(m, o->key);
    make_key(m, o->previous_key);
    o->size = count(m);
    o->root = hash(m);
    o->reason = (enum origin_reason)(ORIGIN_ROTATION + made_number(m, ORIGIN_RESTORE));
    o->note = words_never_empty(m);
    o->account = maybe_uuid(m);
}

static void make_erasure(struct facts_made *m, struct fact_erasure *e)
{
    uint64_t at = 0;
    e->count = 1 + made_number(m, 8);
    uint64_t *entries = list(m, e->count, sizeof *entries);
    for (size_t i = 0; i < e->count; i++)
        entries[i] = at += 1 + made_number(m, 1000);
    e->entries = entries;
    e->account = maybe_uuid(m);
    e->reason = words(m);
    e->last_finding = made_chance(m, 50) ? made_number(m, 1000) : 0;
}

static void make_peer(struct facts_made *m, struct fact_peer *p)
{
    *p = (struct fact_peer){.party = made_uuid(m),
                            .account = maybe_uuid(m),
                            .url = words(m),
                            .collection = words(m),
                            .ceiling = (enum tlp)made_number(m, TLP_RED + 1),
                            .sightings = made_chance(m, 50),
                            .expelled = made_chance(m, 50),
                            .poll_ms = (uint32_t)count(m),
                            .origin = words(m),
                            .country = made_chance(m, 50) ? TEXT("NL") : TEXT_NONE,
                            .knows_set = made_chance(m, 50),
                            .knows = (uint32_t)count(m),
                            .identity = maybe_uuid(m),
                            .organisation = maybe_uuid(m)};
    if (made_chance(m, 50))
        make_key(m, p->key);
    static const enum recipient_kind kinds[] = {RECIPIENT_OWN_ACCOUNT, RECIPIENT_PARTNER,   RECIPIENT_COMMUNITY,
                                                RECIPIENT_CONSTITUENT, RECIPIENT_AUTHORITY, RECIPIENT_HUB};
    p->partner_kind = kinds[made_number(m, ARRAY_LEN(kinds))]; /* the first: not said */
}

static void make_grant(struct facts_made *m, struct fact_grant *g)
{
    struct uuid object = made_uuid(m);
    char id[IDENT_TEXT_MAX];
    *g = (struct fact_grant){.id = made_uuid(m),
                             .account = maybe_uuid(m),
                             .kind = (enum grant_kind)(GRANT_CONSENT + made_number(m, GRANT_BREAK_GLASS)),
                             .object = arena_text(&m->arena, ident_format(TEXT("indicator"), &object, id)),
                             .version = words(m),
                             .to = made_uuid(m),
                             .to_account = made_chance(m, 30),
                             .properties = words(m),
                             .leaves_as = (enum tlp)made_number(m, TLP_RED + 1),
                             .from_us = moment(m),
                             .until_us = moment(m),
                             .reason = words(m),
                             .originator = maybe_uuid(m),
                             .second = maybe_uuid(m),
                             .told = words(m),
                             .ended_us = made_chance(m, 30) ? moment(m) : 0,
                             .ended_by = maybe_uuid(m),
                             .end_reason = words(m)};
}

static void make_agreement(struct facts_made *m, struct fact_agreement *a)
{
    *a = (struct fact_agreement){.party = made_uuid(m),
                                 .account = maybe_uuid(m),
                                 .authorities = made_chance(m, 50),
                                 .communities = made_chance(m, 50),
                                 .tear = words(m),
                                 .tear_as = (enum tlp)made_number(m, TLP_RED + 1),
                                 .until_us = moment(m),
                                 .reason = words(m)};
    a->red = uuids(m, &a->red_count);
}

static void make_group(struct facts_made *m, struct fact_group *g)
{
    *g = (struct fact_group){.id = made_uuid(m),
                             .account = maybe_uuid(m),
                             .name = words(m),
                             .until_us = moment(m),
                             .unreachable = made_chance(m, 30)};
    g->count = made_number(m, 5);
    struct fact_group_member *members = list(m, g->count, sizeof *members);
    for (size_t i = 0; i < g->count; i++)
        members[i] = (struct fact_group_member){made_uuid(m), moment(m), moment(m)};
    if (g->count)
        qsort(members, g->count, sizeof *members, by_bytes);
    g->members = members;
}

static void make_list(struct facts_made *m, struct fact_list *l)
{
    static const char *const types[] = {"", "cidr", "hostname", "string", "substring", "regex"};
    *l = (struct fact_list){.account = maybe_uuid(m),
                            .name = words_never_empty(m),
                            .type = text_of(types[made_number(m, ARRAY_LEN(types))]),
                            .version = count(m),
                            .entries = count(m),
                            .hash = hash(m),
                            .parts = (uint32_t)made_number(m, 3),
                            .disabled = made_chance(m, 50)};
    if (l->parts)
        l->part = (uint32_t)made_number(m, l->parts);
}

static void make_ruling(struct facts_made *m, struct fact_ruling *r)
{
    *r = (struct fact_ruling){.id = made_uuid(m),
                              .account = maybe_uuid(m),
                              .kind = (enum ruling_kind)(RULING_ALLOW + made_number(m, 2)),
                              .scope = (enum ruling_scope)(RULING_FINDING + made_number(m, 3)),
                              .object = TEXT("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
                              .organisation = maybe_uuid(m),
                              .finding = maybe_uuid(m),
                              .value_kind = (uint8_t)made_number(m, VALUE_KINDS),
                              .value = words(m),
                              .from_us = 1 + (int64_t)made_number(m, 1u << 30),
                              .until_us = made_chance(m, 50) ? 1 + (int64_t)made_number(m, 1u << 30) : 0,
                              .reason = words(m),
                              .told = words(m),
                              .ended_by = maybe_uuid(m),
                              .end_reason = words(m)};
    if (made_chance(m, 50))
        r->ended_us = 1 + (int64_t)made_number(m, 1u << 30);
}

struct fact facts_made_any(struct facts_made *m, enum fact_kind kind)
{
    struct fact f;
    memset(&f, 0, sizeof f);
    f.kind = kind;
    switch (kind) {
    case FACT_GENESIS: make_genesis(m, &f.u.genesis); break;
    case FACT_OBJECT: make_object(m, &f.u.object); break;
    case FACT_HITS: make_hits(m, &f.u.hits); break;
    case FACT_PARTY: f.u.party = (struct fact_party){made_uuid(m), maybe_uuid(m), words(m)}; break;
    case FACT_SOURCE:
        f.u.source = (struct fact_source){made_uuid(m),
                                          maybe_uuid(m),
                                          maybe_uuid(m),
                                          words(m),
                                          (enum tlp)made_number(m, TLP_RED + 1),
                                          (enum pap)made_number(m, PAP_RED + 1),
                                          made_chance(m, 50)};
        break;
    case FACT_ACCOUNT:
        f.u.account = (struct fact_account){made_uuid(m),  maybe_uuid(m),
                                            words(m),      (enum role)made_number(m, ROLE_ADMINISTRATOR + 1),
                                            maybe_uuid(m), made_chance(m, 50)};
        break;
    case FACT_PEER: make_peer(m, &f.u.peer); break;
    case FACT_RELEASE: make_release(m, &f.u.release); break;
    case FACT_OPENING: make_opening(m, &f.u.opening); break;
    case FACT_DOCUMENT: make_document(m, &f.u.document); break;
    case FACT_ORIGIN: make_origin(m, &f.u.origin); break;
    case FACT_ERASURE: make_erasure(m, &f.u.erasure); break;
    case FACT_GRANT: make_grant(m, &f.u.grant); break;
    case FACT_AGREEMENT: make_agreement(m, &f.u.agreement); break;
    case FACT_GROUP: make_group(m, &f.u.group); break;
    case FACT_VOUCH: make_vouch(m, &f.u.vouch); break;
    case FACT_LIST: make_list(m, &f.u.list); break;
    case FACT_RULING: make_ruling(m, &f.u.ruling); break;
    case FACT_WITHDRAWAL:
        f.u.withdrawal = (struct fact_withdrawal){maybe_uuid(m), maybe_uuid(m),
                                                  TEXT("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
                                                  made_number(m, 1u << 20)};
        break;
    default: f.u.act = (struct fact_act){maybe_uuid(m), words(m), words(m), words(m)}; break;
    }
    return f;
}

static void same_uuid(const struct uuid *a, const struct uuid *b)
{
    assert_memory_equal(a->b, b->b, sizeof a->b);
}

static void compare_standings(const struct fact_standings *a, const struct fact_standings *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->list[i].n, b->list[i].n);
        assert_int_equal(a->list[i].standing, b->list[i].standing);
    }
}

static void compare_vouches(const struct fact_vouch *a, const struct fact_vouch *b)
{
    same_uuid(&a->account, &b->account);
    same_uuid(&a->party, &b->party);
    same_uuid(&a->source, &b->source);
    assert_int_equal(a->entry, b->entry);
    assert_int_equal(a->authority, b->authority);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->leaf, b->leaf);
    assert_int_equal(a->logged_us, b->logged_us);
    compare_standings(&a->standings, &b->standings);
}

static void compare_objects(const struct fact_object *a, const struct fact_object *b)
{
    assert_text_eq(a->id, b->id);
    assert_text_eq(a->modified, b->modified);
    assert_text_eq(a->class_key, b->class_key);
    same_uuid(&a->account, &b->account);
    same_uuid(&a->party, &b->party);
    same_uuid(&a->source, &b->source);
    assert_true(sha256_eq(&a->hash, &b->hash));
    assert_int_equal(a->standing, b->standing);
    assert_int_equal(a->authority, b->authority);
    assert_int_equal(a->line, b->line);
    compare_standings(&a->standings, &b->standings);
    assert_int_equal(a->supersedes, b->supersedes);
    assert_int_equal(a->print, b->print);
    assert_int_equal(a->replaces, b->replaces);
    assert_int_equal(a->created_us, b->created_us);
    assert_int_equal(a->modified_us, b->modified_us);
    assert_int_equal(a->revoked, b->revoked);
    assert_int_equal(a->has_valid_from, b->has_valid_from);
    assert_int_equal(a->has_valid_until, b->has_valid_until);
    assert_int_equal(a->valid_from_us, b->valid_from_us);
    assert_int_equal(a->valid_until_us, b->valid_until_us);
    assert_int_equal(a->confidence, b->confidence);
    assert_int_equal(a->value_count, b->value_count);
    for (size_t i = 0; i < a->value_count; i++) {
        assert_int_equal(a->values[i].kind, b->values[i].kind);
        assert_text_eq(a->values[i].value, b->values[i].value);
    }
    assert_text_eq(a->refs, b->refs);
    assert_int_equal(!a->finding, !b->finding);
    assert_int_equal(!a->sighting, !b->sighting);
    if (a->finding) {
        same_uuid(&a->finding->indicator, &b->finding->indicator);
        same_uuid(&a->finding->organisation, &b->finding->organisation);
        same_uuid(&a->finding->incident, &b->finding->incident);
        assert_int_equal(a->finding->first_us, b->finding->first_us);
        assert_int_equal(a->finding->last_us, b->finding->last_us);
        assert_int_equal(a->finding->number, b->finding->number);
        assert_int_equal(a->finding->count, b->finding->count);
        assert_int_equal(a->finding->state, b->finding->state);
        assert_int_equal(a->finding->kind, b->finding->kind);
        assert_int_equal(a->finding->severity, b->finding->severity);
        same_uuid(&a->finding->party, &b->finding->party);
        same_uuid(&a->finding->source, &b->finding->source);
    }
    if (a->sighting)
        assert_memory_equal(a->sighting, b->sighting, sizeof *a->sighting);
}

static void compare_hits(const struct fact_hits *a, const struct fact_hits *b)
{
    assert_text_eq(a->file, b->file);
    assert_text_eq(a->follow_key, b->follow_key);
    assert_int_equal(a->follow_offset, b->follow_offset);
    assert_int_equal(a->follow_line, b->follow_line);
    assert_int_equal(a->hit_count, b->hit_count);
    for (size_t i = 0; i < a->hit_count; i++)
        assert_memory_equal(&a->hits[i], &b->hits[i], sizeof a->hits[i]);
    assert_int_equal(a->print_count, b->print_count);
    for (size_t i = 0; i < a->print_count; i++) {
        same_uuid(&a->prints[i].finding, &b->prints[i].finding);
        assert_text_eq(a->prints[i].prints, b->prints[i].prints);
    }
}

void facts_made_compare(const struct fact *a, const struct fact *b)
{
    /* The kinds whose members are all in the text were compared by it; these have some that could hide. */
    if (a->kind == FACT_OBJECT)
        compare_objects(&a->u.object, &b->u.object);
    if (a->kind == FACT_HITS)
        compare_hits(&a->u.hits, &b->u.hits);
    if (a->kind == FACT_PEER) {
        assert_text_eq(a->u.peer.url, b->u.peer.url);
        assert_text_eq(a->u.peer.collection, b->u.peer.collection);
        assert_int_equal(a->u.peer.ceiling, b->u.peer.ceiling);
        assert_int_equal(a->u.peer.poll_ms, b->u.peer.poll_ms);
        same_uuid(&a->u.peer.identity, &b->u.peer.identity);
        same_uuid(&a->u.peer.organisation, &b->u.peer.organisation);
        assert_int_equal(a->u.peer.expelled, b->u.peer.expelled);
        assert_int_equal(a->u.peer.sightings, b->u.peer.sightings);
        assert_memory_equal(a->u.peer.key, b->u.peer.key, sizeof a->u.peer.key);
    }
    if (a->kind == FACT_VOUCH)
        compare_vouches(&a->u.vouch, &b->u.vouch);
    if (a->kind == FACT_ERASURE) {
        assert_int_equal(a->u.erasure.last_finding, b->u.erasure.last_finding);
        assert_int_equal(a->u.erasure.count, b->u.erasure.count);
        assert_memory_equal(a->u.erasure.entries, b->u.erasure.entries, a->u.erasure.count * sizeof(uint64_t));
    }
    if (a->kind == FACT_ACCOUNT) {
        assert_int_equal(a->u.account.role, b->u.account.role);
        assert_int_equal(a->u.account.disabled, b->u.account.disabled);
        same_uuid(&a->u.account.party, &b->u.account.party);
    }
}
