#include "history.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/limits.h"
#include "model/value.h"

void history_init(struct history *h, uint64_t seed)
{
    memset(h, 0, sizeof *h);
    facts_made_init(&h->made, seed);
}

void history_done(struct history *h)
{
    facts_made_done(&h->made);
}

static const char *const types[] = {"indicator", "identity", "malware", "marking-definition", "sighting", "incident"};

static struct text class_key(struct history *h, const char *type, uint64_t party, bool internal)
{
    struct gate_class c = {.party = made_uuid_of("party", party),
                           .tlp = (enum tlp)made_number(&h->made, TLP_RED + 1)};
    struct buffer key;
    c.internal_only = internal;
    snprintf(c.type, sizeof c.type, "%s", type);
    buffer_init(&key, KIB);
    gate_class_key(&c, &key);
    struct text kept = arena_text(&h->made.arena, buffer_text(&key));
    buffer_done(&key);
    return kept;
}

static struct text id_text(struct history *h, const char *type, const struct uuid *u)
{
    char text[IDENT_TEXT_MAX];
    return arena_text(&h->made.arena, ident_format(text_of(type), u, text));
}

static enum err append(struct history *h, struct txn *t, struct fact *f, struct text body, struct text original,
                       struct fault *reterr)
{
    enum err err = txn_append(t, f, body, original, reterr);
    if (err == OK)
        h->own[h->own_count++ % HISTORY_OWN] = f->n;
    return err;
}

static enum err append_object(struct history *h, struct txn *t, struct fact *f, struct fault *reterr)
{
    struct fact_object *o = &f->u.object;
    struct text body = made_text(&h->made, "{\"id\":\"" TEXT_FMT "\",\"step\":%llu,\"type\":\"" TEXT_FMT "\"}",
                                 TEXT_ARG(o->id), (unsigned long long)h->steps, TEXT_ARG(o->type));
    o->hash = sha256_of(body.ptr, body.len);
    o->confidence = -1;
    o->account = *node_admin(txn_node(t));
    return append(h, t, f, body, made_chance(&h->made, 10) ? TEXT("{ \"id\": \"as it came\" }") : TEXT_NONE, reterr);
}

static enum err step_object(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    size_t i = made_number(m, HISTORY_OBJECTS);
    const char *type = types[i % ARRAY_LEN(types)];
    struct uuid uuid = made_uuid_of("object", i);
    uint64_t party = made_number(m, HISTORY_PARTIES);
    struct fact f = {.kind = FACT_OBJECT};
    struct fact_object *o = &f.u.object;
    bool first = !h->objects[i].current;
    o->id = id_text(h, type, &uuid);
    o->type = text_of(type);
    o->party = made_uuid_of("party", party);
    o->class_key = class_key(h, type, party, false);
    o->created_us = 1700000000000000;
    o->modified_us = o->created_us + (int64_t)(h->objects[i].versions / 2) * 1000000;
    if (i % 7)
        o->modified = made_text(m, "2023-11-14T22:%02d:%02d%sZ", (int)(13 + (h->objects[i].versions / 2 + 20) / 60),
                                (int)((h->objects[i].versions / 2 + 20) % 60), i % 2 ? ".000" : "");
    o->standing = first || made_chance(m, 50) ? STANDING_CURRENT : (enum standing)(2 + made_number(m, 4));
    if (made_chance(m, 5) && first)
        o->standing = STANDING_QUARANTINED;
    o->supersedes = o->standing == STANDING_CURRENT && !first;
    o->revoked = made_chance(m, 10);
    o->authority = (enum authority)((int)made_number(m, 4) + AUTHORITY_NONE);
    o->line = made_chance(m, 50);
    o->print = made_number(m, 1000);
    o->has_valid_until = made_chance(m, 30);
    o->valid_until_us = o->has_valid_until ? 1800000000000000 : 0;
    struct fact_value values[3];
    o->value_count = i % ARRAY_LEN(types) == 0 && o->standing == STANDING_CURRENT ? made_number(m, 4) : 0;
    for (size_t k = 0; k < o->value_count; k++)
        values[k] = (struct fact_value){VALUE_DOMAIN, made_text(m, "v%d-%d.example", (int)i, (int)k)};
    o->values = values;
    enum err err = append_object(h, t, &f, reterr);
    if (err == OK) {
        h->objects[i].versions++;
        h->objects[i].current |= o->standing == STANDING_CURRENT;
    }
    return err;
}

static enum err step_finding(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    size_t i = made_number(m, HISTORY_FINDINGS);
    bool first = !h->findings[i].current;
    struct uuid uuid = made_uuid_of("finding", i);
    struct fact_finding finding = {.indicator = made_uuid_of("object", 6 * (i % 3)),
                                   .organisation = made_uuid_of("organisation", i % 2),
                                   .first_us = 5,
                                   .last_us = (int64_t)h->steps * 1000,
                                   .count = h->steps,
                                   .state = (uint8_t)(made_chance(m, 70) ? 0 : made_number(m, 3)),
                                   .kind = (uint8_t)(i % FINDING_KINDS),
                                   .severity = (uint8_t)(i % 6),
                                   .party = made_uuid_of("party", i % HISTORY_PARTIES)};
    struct fact_sighting sighting = {uuid, finding.indicator, made_uuid_of("party", i % HISTORY_PARTIES)};
    struct fact f = {.kind = FACT_OBJECT};
    struct fact_object *o = &f.u.object;
    bool tells = made_chance(m, 30);
    struct uuid told = made_uuid_of("told", i);
    o->type = tells ? TEXT("sighting") : TEXT("x-entente-finding");
    o->id = id_text(h, tells ? "sighting" : "x-entente-finding", tells ? &told : &uuid);
    o->class_key = class_key(h, tells ? "sighting" : "x-entente-finding", 0, !tells);
    o->standing = STANDING_CURRENT;
    o->supersedes = !first && !tells;
    o->finding = tells ? NULL : &finding;
    o->sighting = tells ? &sighting : NULL;
    enum err err = append_object(h, t, &f, reterr);
    h->findings[i].current |= err == OK && !tells;
    return err;
}

static enum err step_hits(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    struct fact_hit hits[3];
    struct fact f = {.kind = FACT_HITS};
    f.u.hits.file = TEXT("/var/log/named.log");
    f.u.hits.hit_count = made_number(m, 4);
    for (size_t i = 0; i < f.u.hits.hit_count; i++)
        hits[i] = (struct fact_hit){made_uuid_of("finding", made_number(m, HISTORY_FINDINGS)), h->steps, i, 1000};
    f.u.hits.hits = hits;
    static const char some[] = "0123456701234567";
    const struct fact_prints prints = {made_uuid_of("finding", made_number(m, HISTORY_FINDINGS)), {some, 16}};
    f.u.hits.prints = &prints;
    f.u.hits.print_count = made_number(m, 2);
    if (made_chance(m, 50)) {
        f.u.hits.follow_key = made_text(m, "file %d", (int)made_number(m, 3));
        f.u.hits.follow_offset = h->steps * 100;
        f.u.hits.follow_line = h->steps;
    }
    return append(h, t, &f, f.u.hits.hit_count ? TEXT("[{\"line\":1,\"offset\":0,\"text\":\"x\"}]") : TEXT_NONE,
                  TEXT_NONE, reterr);
}

static enum err step_release(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    struct fact_released items[4];
    struct fact f = {.kind = FACT_RELEASE};
    f.u.release.party = made_uuid_of("party", made_number(m, HISTORY_PARTIES));
    f.u.release.door = (uint8_t)made_number(m, DOOR_COUNT);
    f.u.release.count = 1 + made_number(m, 4);
    for (size_t i = 0; i < f.u.release.count; i++) {
        uint64_t n = made_number(m, 20);
        items[i] = (struct fact_released){n, sha256_of(&n, sizeof n), 0};
    }
    f.u.release.items = items;
    return append(h, t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

static enum err step_opening(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    struct text keys[3];
    struct fact f = {.kind = FACT_OPENING};
    f.u.opening.party = made_uuid_of("party", made_number(m, HISTORY_PARTIES));
    f.u.opening.count = made_number(m, 4);
    for (size_t i = 0; i < f.u.opening.count; i++)
        keys[i] = class_key(h, types[made_number(m, ARRAY_LEN(types))], made_number(m, HISTORY_PARTIES), false);
    f.u.opening.class_keys = keys;
    const struct uuid grant = made_uuid_of("grant", made_number(m, HISTORY_PARTIES));
    f.u.opening.grants = &grant;
    f.u.opening.grant_count = made_number(m, 2);
    return append(h, t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* Of an object, of something else, or of none at all; never of what the test has put beside the history. */
static uint64_t own_entry(struct history *h)
{
    size_t count = h->own_count < HISTORY_OWN ? h->own_count : HISTORY_OWN;
    uint64_t i = made_number(&h->made, count + 1);
    return i < count ? h->own[i] : UINT32_MAX;
}

/* A word for some entry, and other standings of some. */
static enum err step_vouch(struct history *h, struct txn *t, struct fault *reterr)
{
    struct facts_made *m = &h->made;
    struct fact f = facts_made_any(m, FACT_VOUCH);
    struct fact_standing *list = (struct fact_standing *)(uintptr_t)f.u.vouch.standings.list;
    f.u.vouch.entry = own_entry(h);
    f.u.vouch.party = made_uuid_of("party", made_number(m, HISTORY_PARTIES));
    f.u.vouch.leaf %= 1000;
    for (size_t i = 0; i < f.u.vouch.standings.count; i++)
        list[i].n = own_entry(h);
    return append(h, t, &f, f.u.vouch.authority >= AUTHORITY_LOGGED ? TEXT("the proof") : TEXT_NONE, TEXT_NONE,
                  reterr);
}

/* Some entry, of an object or not, is taken from the collections, again and again perhaps. */
static enum err step_withdrawal(struct history *h, struct txn *t, struct fault *reterr)
{
    struct fact f = facts_made_any(&h->made, FACT_WITHDRAWAL);
    f.u.withdrawal.entry = own_entry(h);
    return append(h, t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

/* People and partners out of a small pool, so that they change. */
static enum err step_people(struct history *h, struct txn *t, struct fault *reterr)
{
    static const enum fact_kind kinds[] = {FACT_PARTY,     FACT_SOURCE, FACT_ACCOUNT, FACT_PEER,
                                           FACT_DOCUMENT,  FACT_ORIGIN, FACT_ACT,     FACT_GRANT,
                                           FACT_AGREEMENT, FACT_GROUP,  FACT_LIST,    FACT_RULING};
    struct facts_made *m = &h->made;
    struct fact f = facts_made_any(m, kinds[made_number(m, ARRAY_LEN(kinds))]);
    uint64_t i = made_number(m, HISTORY_PARTIES);
    switch (f.kind) {
    case FACT_PARTY: f.u.party.id = made_uuid_of("party", i); break;
    case FACT_SOURCE: f.u.source.id = made_uuid_of("source", i); break;
    case FACT_ACCOUNT: f.u.account.id = made_uuid_of("account", i); break;
    case FACT_PEER: f.u.peer.party = made_uuid_of("party", i); break;
    case FACT_GRANT: f.u.grant.id = made_uuid_of("grant", i); break;
    case FACT_AGREEMENT: f.u.agreement.party = made_uuid_of("party", i); break;
    case FACT_GROUP: f.u.group.id = made_uuid_of("group", i); break;
    case FACT_LIST: f.u.list.name = made_text(m, "list %llu", (unsigned long long)i); break;
    case FACT_RULING: f.u.ruling.id = made_uuid_of("ruling", i); break;
    default: break;
    }
    bool body = f.kind == FACT_DOCUMENT || (f.kind == FACT_LIST && f.u.list.parts);
    return append(h, t, &f, body ? TEXT("the document") : TEXT_NONE, TEXT_NONE, reterr);
}

enum err history_step(struct history *h, struct txn *t, struct fault *reterr)
{
    h->steps++;
    switch (made_number(&h->made, 12)) {
    case 0: return step_hits(h, t, reterr);
    case 1: return step_release(h, t, reterr);
    case 2: return step_opening(h, t, reterr);
    case 3: return step_people(h, t, reterr);
    case 10: return step_vouch(h, t, reterr);
    case 11: return step_withdrawal(h, t, reterr);
    case 4:
    case 5: return step_finding(h, t, reterr);
    default: return step_object(h, t, reterr);
    }
}

struct write {
    struct history *h;
    size_t steps;
    bool fail;
};

static enum err do_write(struct txn *t, void *self, struct fault *reterr)
{
    struct write *w = self;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < w->steps; i++)
        err = history_step(w->h, t, reterr);
    return err == OK && w->fail ? fault_set(reterr, ERR_CANCELLED, "as told") : err;
}

enum err history_write(struct history *h, struct node *node, size_t steps, bool fail, struct fault *reterr)
{
    /* What the history believes must go back with what is taken back. */
    struct history before = *h;
    struct write w = {h, steps, fail};
    enum err err = node_write(node, do_write, &w, reterr);
    if (err != OK) {
        memcpy(h->objects, before.objects, sizeof h->objects);
        memcpy(h->findings, before.findings, sizeof h->findings);
        memcpy(h->own, before.own, sizeof h->own);
        h->own_count = before.own_count;
    }
    return err;
}

/* ---- the view as text ---- */

static void dump_row(sqlite3_stmt *s, struct buffer *out)
{
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        const unsigned char *p = sqlite3_column_blob(s, i);
        int len = sqlite3_column_bytes(s, i);
        buffer_addf(out, i ? "|%d:" : "%d:", sqlite3_column_type(s, i));
        for (int k = 0; k < len; k++)
            buffer_addf(out, "%02x", p[k]);
    }
    buffer_add_char(out, '\n');
}

static void dump_table(sqlite3 *db, const char *name, struct buffer *out)
{
    char sql[256];
    sqlite3_stmt *s;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", name);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    int columns = sqlite3_column_count(s), len = snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY 1", name);
    sqlite3_finalize(s);
    for (int i = 2; i <= columns; i++)
        len += snprintf(sql + len, sizeof sql - (size_t)len, ", %d", i);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    buffer_addf(out, "== %s\n", name);
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        dump_row(s, out);
    assert_int_equal(rc, SQLITE_DONE);
    sqlite3_finalize(s);
}

void view_dump(const char *path, struct buffer *out)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        dump_table(db, (const char *)sqlite3_column_text(s, 0), out);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_ok(buffer_error(out));
}

static void report_difference(struct text a, struct text b)
{
    struct text x, y, table = TEXT_NONE;
    while (text_split(&a, '\n', &x) && text_split(&b, '\n', &y)) {
        if (text_starts(x, TEXT("== ")))
            table = x;
        if (!text_eq(x, y)) {
            print_error(TEXT_FMT "\nlive   " TEXT_FMT "\nreplay " TEXT_FMT "\n", TEXT_ARG(table), TEXT_ARG(x),
                        TEXT_ARG(y));
            return;
        }
    }
}

void assert_view_is_replay(struct node *node)
{
    char path[1024];
    struct buffer live, replayed;
    uint64_t entries;
    snprintf(path, sizeof path, "%s/" VIEW_FILE, node_home(node));
    buffer_init(&live, 256 * MIB);
    buffer_init(&replayed, 256 * MIB);
    view_dump(path, &live);
    assert_ok(node_rebuild(node, &entries, NULL));
    view_dump(path, &replayed);
    if (!text_eq(buffer_text(&live), buffer_text(&replayed))) {
        report_difference(buffer_text(&live), buffer_text(&replayed));
        fail_msg("the view is not what a replay gives");
    }
    buffer_done(&live);
    buffer_done(&replayed);
}

void history_home(const struct io *io, const char *home)
{
    struct fault f = {.err = OK};
    const struct node_init init = {.name = TEXT("CERT Test"),
                                   .country = TEXT("LV"),
                                   .sector = TEXT("government"),
                                   .space = TEXT("real"),
                                   .account = TEXT("admin"),
                                   .log_segment_bytes = 64 * KIB};
    enum err err = node_create(io, home, &init, &f);
    if (err != OK)
        fail_msg("%s", f.what);
}
