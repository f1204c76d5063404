/* store/view.c - life of a view: opened, begun, applied to, committed. What each kind of fact does to the tables is
 * in view_objects.c, view_pages.c, view_desk.c and view_people.c.
 *
 * Invariants (3 as in store/node.h):
 *   1. position is the number of entries applied; they are applied in order, each once. It is kept in `meta`, in the
 * same transaction as what they did.
 *   3. every table is a function of the log's entries 0 .. position - 1: nothing here asks a clock, a random number
 * or another file, and whatever the order of commits was, the same rows come out.
 *   4. counters and names in memory equal those of the transaction under way; taken back with it.
 *
 *   CLOSED --view_open--> IDLE --view_begin--> OPEN --view_apply--> OPEN --view_commit--> IDLE
 *                           ^                  |  ^                  |
 *                           +--view_rollback---+  +--rollback_to-----+ (view_savepoint before, view_release after) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/view_inside.h"

#define WRITE_CACHE_KIB 65536
#define READ_CACHE_KIB  8192
#define BUSY_WAIT_MS    5000
/* Pages in the write-ahead log before they are moved: the random ones of `object` are then written once, not often.
 */
#define CHECKPOINT_PAGES 8192

/* ---- opening ---- */

static enum err pragmas(struct view *v, struct fault *reterr)
{
    char text[320];
    snprintf(text, sizeof text,
             v->write ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
                        "PRAGMA cache_size = -%d; PRAGMA wal_autocheckpoint = %d; PRAGMA temp_store = MEMORY;"
                        "PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = OFF;"
                      : "PRAGMA cache_size = -%d; PRAGMA query_only = ON; PRAGMA mmap_size = 67108864;",
             v->write ? WRITE_CACHE_KIB : READ_CACHE_KIB, CHECKPOINT_PAGES);
    return sqlite3_exec(v->db, text, NULL, NULL, NULL) == SQLITE_OK ? OK : view_fault(v, reterr);
}

static enum err ask_number(struct view *v, const char *sql, int64_t *ret, struct fault *reterr)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(v->db, sql, -1, &s, NULL) != SQLITE_OK)
        return view_fault(v, reterr);
    enum err err = view_step(v, s, reterr);
    if (err == OK)
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return err;
}

/* A new file gets its tables; one of another version is not touched. */
static enum err check_schema(struct view *v, struct fault *reterr)
{
    int64_t version = 0, tables = 0;
    enum err err = ask_number(v, "PRAGMA user_version", &version, reterr);
    if (err == OK)
        err = ask_number(v, "SELECT count(*) FROM sqlite_schema", &tables, reterr);
    if (err != OK)
        return err;
    if (version == VIEW_SCHEMA_VERSION)
        return OK;
    if (version != 0 || tables != 0 || !v->write)
        return fault_set(reterr, ERR_VERSION, "the view is of version %lld, this program uses %d", (long long)version,
                         VIEW_SCHEMA_VERSION);
    if (sqlite3_exec(v->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(v->db, sql_schema(), NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(v->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return view_fault(v, reterr);
    return OK;
}

/* A view that lacks a table or a column is found out now, not in the middle of a write. */
static enum err prepare_all(struct view *v, struct fault *reterr)
{
    for (int i = 0; v->write && i < SQL_COUNT; i++)
        if (!view_stmt(v, (enum sql)i))
            return view_fault(v, reterr);
    return OK;
}

static enum err read_meta(struct view *v, struct counters *ret, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_META_GET);
    if (!s)
        return view_fault(v, reterr);
    enum err err = view_step(v, s, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_VERSION, "the view has lost its position");
    if (err != OK)
        return err;
    *ret = (struct counters){
        .position = column_u64(s, 0),
        .last_us = sqlite3_column_int64(s, 1),
        .objects = column_u64(s, 2),
        .versions = column_u64(s, 3),
        .values = column_u64(s, 4),
        .findings = column_u64(s, 5),
        .findings_open = column_u64(s, 6),
        .releases = column_u64(s, 7),
        .quarantined = column_u64(s, 8),
        .claims = column_u64(s, 9),
        .conflicts = column_u64(s, 10),
    };
    sqlite3_reset(s);
    return OK;
}

static enum err connect(struct view *v, const char *path, struct fault *reterr)
{
    int flags = v->write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int rc = sqlite3_open_v2(path, &v->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (!v->db)
        return view_nomem(reterr);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(v->db, BUSY_WAIT_MS);
        return OK;
    }
    if (!v->write && access(path, F_OK) != 0 && errno == ENOENT)
        return fault_set(reterr, ERR_NOT_FOUND, "there is no view yet");
    return view_fault(v, reterr);
}

enum err view_open_at(const char *path, bool write, struct view **ret, struct fault *reterr)
{
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return view_nomem(reterr);
    v->write = write;
    arena_init(&v->arena, VIEW_ARENA_BYTES);
    words_init(&v->words);
    enum err err = connect(v, path, reterr);
    if (err == OK)
        err = pragmas(v, reterr);
    if (err == OK)
        err = check_schema(v, reterr);
    if (err == OK)
        err = prepare_all(v, reterr);
    if (err == OK)
        err = read_meta(v, &v->now, reterr);
    if (err == OK)
        err = view_load_names(v, reterr);
    if (err == OK)
        *ret = v;
    else
        view_close(v);
    return err;
}

enum err view_open_scratch(int cache_kib, struct view **ret, struct fault *reterr)
{
    char text[200];
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return view_nomem(reterr);
    v->write = true;
    arena_init(&v->arena, VIEW_ARENA_BYTES);
    words_init(&v->words);
    enum err err = connect(v, "", reterr);
    snprintf(text, sizeof text,
             "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
             "PRAGMA cache_size = -%d; PRAGMA foreign_keys = OFF;",
             cache_kib);
    if (err == OK && sqlite3_exec(v->db, text, NULL, NULL, NULL) != SQLITE_OK)
        err = view_fault(v, reterr);
    if (err == OK)
        err = check_schema(v, reterr);
    if (err == OK)
        err = prepare_all(v, reterr);
    if (err == OK)
        err = read_meta(v, &v->now, reterr);
    if (err == OK)
        *ret = v;
    else
        view_close(v);
    return err;
}

enum err view_open(const char *home, bool write, struct view **ret, struct fault *reterr)
{
    char *path;
    if (asprintf(&path, "%s/" VIEW_FILE, home) < 0)
        return view_nomem(reterr);
    enum err err = view_open_at(path, write, ret, reterr);
    free(path);
    return err;
}

static void mark_done(struct view_mark *m)
{
    free(m->current);
    *m = (struct view_mark){0};
}

void view_close(struct view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(v->stmt[i]);
    sqlite3_close(v->db);
    interned_done(&v->types);
    interned_done(&v->classes);
    interned_done(&v->origins);
    mark_done(&v->begun);
    mark_done(&v->saved);
    arena_done(&v->arena);
    free(v->references.list);
    free(v->postings.list);
    words_done(&v->words);
    posting_keys_done(&v->keys);
    free(v);
}

enum err view_seal(struct view *v, struct fault *reterr)
{
    int rc = sqlite3_wal_checkpoint_v2(v->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc == SQLITE_OK ? OK : view_fault(v, reterr);
}

uint64_t view_position(struct view *v)
{
    struct counters c;
    if (v->write)
        return v->now.position;
    return read_meta(v, &c, NULL) == OK ? c.position : v->now.position;
}

uint64_t view_generation(struct view *v)
{
    uint64_t changes = 0;
    sqlite3_stmt *s = view_stmt(v, SQL_DATA_VERSION);
    if (s && sqlite3_step(s) == SQLITE_ROW)
        changes = column_u64(s, 0);
    if (s)
        sqlite3_reset(s);
    return view_position(v) << 20 ^ changes;
}

bool view_damaged(const struct view *v)
{
    return v->damaged;
}

void view_set_tag(struct view *v, uint64_t tag)
{
    v->tag = tag;
}

uint64_t view_tag(const struct view *v)
{
    return v->tag;
}

/* ---- transactions ---- */

static enum err run(struct view *v, enum sql sql, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, sql);
    return s ? view_run(v, s, reterr) : view_fault(v, reterr);
}

static enum err mark(struct view *v, struct view_mark *m)
{
    uint64_t *current = NULL;
    if (v->classes.count) {
        current = realloc(m->current, v->classes.count * sizeof *current);
        if (!current)
            return ERR_NOMEM;
        for (size_t i = 0; i < v->classes.count; i++)
            current[i] = v->classes.rows[i].current;
    } else {
        free(m->current);
    }
    *m = (struct view_mark){
        v->now, v->references.count, v->postings.count, v->types.count, v->classes.count, v->origins.count, current};
    return OK;
}

static void go_back(struct view *v, const struct view_mark *m)
{
    v->now = m->counters;
    v->references.count = m->references;
    v->postings.count = m->postings;
    interned_cut(&v->types, m->types);
    interned_cut(&v->classes, m->classes);
    interned_cut(&v->origins, m->origins);
    for (size_t i = 0; i < m->classes; i++)
        v->classes.rows[i].current = m->current[i];
}

enum err view_begin(struct view *v, struct fault *reterr)
{
    if (mark(v, &v->begun) != OK)
        return view_nomem(reterr);
    enum err err = run(v, SQL_BEGIN_WRITE, reterr);
    v->in_write = err == OK;
    return err;
}

enum err view_savepoint(struct view *v, struct fault *reterr)
{
    if (mark(v, &v->saved) != OK)
        return view_nomem(reterr);
    return run(v, SQL_SAVEPOINT, reterr);
}

enum err view_release(struct view *v, struct fault *reterr)
{
    return run(v, SQL_RELEASE, reterr);
}

enum err view_rollback_to(struct view *v, struct fault *reterr)
{
    enum err err = run(v, SQL_ROLLBACK_TO, reterr);
    if (err == OK)
        err = run(v, SQL_RELEASE, reterr);
    go_back(v, &v->saved);
    return err;
}

void view_rollback(struct view *v)
{
    if (!v->in_write)
        return;
    /* Some failures (a full disk, no memory) have made SQLite roll back by itself. */
    if (!sqlite3_get_autocommit(v->db))
        sqlite3_exec(v->db, "ROLLBACK", NULL, NULL, NULL);
    go_back(v, &v->begun);
    v->in_write = false;
}

bool view_alive(struct view *v)
{
    return v->in_write && !sqlite3_get_autocommit(v->db);
}

static enum err write_meta(struct view *v, struct fault *reterr)
{
    const struct counters *c = &v->now;
    const uint64_t rest[] = {c->objects,  c->versions,    c->values, c->findings, c->findings_open,
                             c->releases, c->quarantined, c->claims, c->conflicts};
    sqlite3_stmt *s = view_stmt(v, SQL_META_SET);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, c->position);
    sqlite3_bind_int64(s, 2, c->last_us);
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        bind_u64(s, (int)i + 3, rest[i]);
    return view_run(v, s, reterr);
}

static enum err write_class_counts(struct view *v, struct fault *reterr)
{
    for (size_t i = 0; i < v->classes.count; i++) {
        struct interned_row *row = &v->classes.rows[i];
        if (!row->changed)
            continue;
        sqlite3_stmt *s = view_stmt(v, SQL_CLASS_SET);
        if (!s)
            return view_fault(v, reterr);
        bind_u64(s, 1, i + 1);
        bind_u64(s, 2, row->current);
        enum err err = view_run(v, s, reterr);
        if (err != OK)
            return err;
        row->changed = false;
    }
    return OK;
}

enum err view_commit(struct view *v, struct fault *reterr)
{
    enum err err = write_class_counts(v, reterr);
    if (err == OK)
        err = view_write_references(v, v->begun.counters.position, reterr);
    if (err == OK)
        err = view_write_postings(v, v->begun.counters.position, reterr);
    if (err == OK)
        err = write_meta(v, reterr);
    if (err == OK)
        err = run(v, SQL_COMMIT, reterr);
    if (err == OK) {
        v->in_write = false;
        v->references.count = 0;
        v->postings.count = 0;
    } else {
        view_rollback(v);
    }
    return err;
}

enum err view_snapshot(struct view *v, struct fault *reterr)
{
    struct counters c;
    if (v->in_write)
        return OK;
    enum err err = run(v, SQL_BEGIN_READ, reterr);
    return err == OK ? read_meta(v, &c, reterr) : err; /* the first reading fixes the state that is seen */
}

void view_end(struct view *v)
{
    if (!v->in_write && !sqlite3_get_autocommit(v->db))
        (void)run(v, SQL_COMMIT, NULL);
}

/* ---- applying ---- */

static enum err apply(struct view *v, const struct fact *f, struct fault *reterr)
{
    enum err err;
    switch (f->kind) {
    case FACT_OBJECT:
        err = apply_object(v, f, reterr);
        if (err == OK)
            err = apply_references(v, f, reterr);
        if (err == OK)
            err = apply_desk_object(v, f, reterr);
        return err == OK ? apply_renewal(v, f, reterr) : err;
    case FACT_HITS: return apply_hits(v, f, reterr);
    case FACT_RELEASE: return apply_release(v, f, reterr);
    case FACT_OPENING: return apply_opening(v, f, reterr);
    case FACT_ERASURE:
        if (f->u.erasure.last_finding > v->now.findings)
            v->now.findings = f->u.erasure.last_finding;
        return OK;
    case FACT_ACT: return OK;
    case FACT_GRANT:
    case FACT_AGREEMENT:
    case FACT_GROUP: return apply_sharing(v, f, reterr);
    case FACT_VOUCH: return apply_vouch(v, f, reterr);
    case FACT_LIST: return apply_list(v, f, reterr);
    case FACT_RULING: return apply_ruling(v, f, reterr);
    case FACT_WITHDRAWAL: return apply_withdrawal(v, f, reterr);
    case FACT_KINDS: return ERR_USAGE;
    default: return apply_people(v, f, reterr);
    }
}

static enum err moves_on(struct view *v, uint64_t n, int64_t t_us, struct fault *reterr)
{
    if (n != v->now.position || t_us < v->now.last_us)
        return fault_set(reterr, ERR_MALFORMED, "entry %llu does not follow the %llu that the view has",
                         (unsigned long long)n, (unsigned long long)v->now.position);
    return OK;
}

enum err view_apply(struct view *v, const struct fact *f, struct fault *reterr)
{
    enum err err = moves_on(v, f->n, f->t_us, reterr);
    if (err == OK)
        err = apply(v, f, reterr);
    if (err != OK)
        return err;
    v->now.position++;
    v->now.last_us = f->t_us;
    return OK;
}

enum err view_apply_erased(struct view *v, uint64_t n, int64_t t_us, struct fault *reterr)
{
    enum err err = moves_on(v, n, t_us, reterr);
    if (err != OK)
        return err;
    v->now.position++;
    v->now.last_us = t_us;
    return OK;
}

/* ---- classes and counts ---- */

enum err view_classes(struct view *v, view_on_class *on_row, void *self, struct fault *reterr)
{
    struct class_row row;
    uint32_t number = 1;
    enum err err = v->in_write ? OK : view_load_names(v, reterr);
    for (; err == OK && number <= v->classes.count; number++) {
        row = (struct class_row){number, v->classes.rows[number - 1].cls};
        err = on_row(self, &row);
    }
    return err;
}

enum err view_class(struct view *v, uint32_t class_id, struct gate_class *ret, struct fault *reterr)
{
    const struct gate_class *cls;
    enum err err = view_class_row(v, class_id, &cls, reterr);
    if (err == OK)
        *ret = *cls;
    return err;
}

static void count_class(struct view_counts *c, const struct gate_class *cls, uint64_t current)
{
    struct text type = text_of(cls->type);
    if (text_eq(type, TEXT("indicator")))
        c->indicators += current;
    if (text_eq(type, TEXT("incident")))
        c->incidents += current;
    if (text_eq(type, TEXT("identity")) && cls->internal_only)
        c->organisations += current;
    if (gate_class_label(cls) == TLP_NONE && !cls->internal_only && !cls->protocol_object && !cls->own_identity)
        c->unmarked += current;
}

static enum err count_classes(struct view *v, struct view_counts *c, struct fault *reterr)
{
    if (v->in_write) {
        for (size_t i = 0; i < v->classes.count; i++)
            count_class(c, &v->classes.rows[i].cls, v->classes.rows[i].current);
        return OK;
    }
    sqlite3_stmt *s = view_stmt(v, SQL_CLASS_COUNTS);
    enum err err = view_load_names(v, reterr);
    if (!s)
        return view_fault(v, reterr);
    while (err == OK && view_more(v, s, &err, reterr)) {
        uint64_t number = column_u64(s, 0);
        if (number >= 1 && number <= v->classes.count)
            count_class(c, &v->classes.rows[number - 1].cls, column_u64(s, 1));
    }
    sqlite3_reset(s);
    return err;
}

static void count_of_source(struct source_counts *c, const struct gate_class *cls, enum tlp default_tlp,
                            uint64_t current)
{
    if (cls->internal_only || cls->protocol_object || cls->own_identity)
        return;
    if (cls->unknown_marking)
        c->unreadable += current;
    else if (cls->tlp == TLP_NONE && !cls->label_given && default_tlp == TLP_NONE)
        c->unmarked += current;
}

enum err view_source_counts(struct view *v, const struct uuid *source, enum tlp default_tlp,
                            struct source_counts *ret, struct fault *reterr)
{
    struct source_counts c = {0};
    sqlite3_stmt *s = view_stmt(v, SQL_CLASS_COUNTS);
    enum err err = view_load_names(v, reterr);
    if (!s)
        return view_fault(v, reterr);
    while (err == OK && view_more(v, s, &err, reterr)) {
        uint64_t number = column_u64(s, 0);
        if (number < 1 || number > v->classes.count)
            continue;
        const struct gate_class *cls = &v->classes.rows[number - 1].cls;
        if (uuid_eq(&cls->source, source))
            count_of_source(&c, cls, default_tlp, column_u64(s, 1));
    }
    sqlite3_reset(s);
    if (err == OK)
        *ret = c;
    return err;
}

static enum err count_small(struct view *v, struct view_counts *c, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_SMALL_COUNTS);
    if (!s)
        return view_fault(v, reterr);
    enum err err = view_step(v, s, reterr);
    if (err != OK)
        return err;
    c->parties = column_u64(s, 0);
    c->sources = column_u64(s, 1);
    c->peers = column_u64(s, 2);
    c->accounts = column_u64(s, 3);
    sqlite3_reset(s);
    return OK;
}

enum err view_counts(struct view *v, struct view_counts *ret, struct fault *reterr)
{
    struct counters now = v->now;
    struct view_counts c = {0};
    enum err err = v->in_write ? OK : read_meta(v, &now, reterr);
    if (err != OK)
        return err;
    c.entries = now.position;
    c.objects = now.objects;
    c.versions = now.versions;
    c.values = now.values;
    c.findings = now.findings;
    c.findings_open = now.findings_open;
    c.releases = now.releases;
    c.quarantined = now.quarantined;
    c.claims = now.claims;
    c.conflicts = now.conflicts;
    err = count_classes(v, &c, reterr);
    if (err == OK)
        err = count_small(v, &c, reterr);
    if (err == OK)
        *ret = c;
    return err;
}
