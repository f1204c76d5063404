/* store/view_inside.h - what the files view*.c share. See view.c for the invariants. */
#pragma once
#include <sqlite3.h>

#include "store/postings.h"
#include "store/sql.h"
#include "store/view.h"

#define VIEW_ARENA_BYTES (64 * MIB) /* facts of one row: thousands of values or hits at most */

/* A table of names given small numbers from 1: STIX types, classes, origins (party and source). Grows only; what was
 * added since a mark can be taken back. */
struct interned_row {
    struct text key;       /* owned */
    struct gate_class cls; /* of classes */
    uint64_t current;      /* of classes: versions that are current */
    bool changed;          /* current differs from the table's */
};
struct interned {
    struct interned_row *rows; /* number - 1 */
    size_t count, cap;
    uint32_t *slots; /* open addressing: number, or 0 */
    size_t slot_count;
};

struct counters {
    uint64_t position;
    int64_t last_us;
    uint64_t objects, versions, values, findings, findings_open, releases, quarantined, claims, conflicts;
};

/* References of this transaction's entries, by entry; they reach their table when it commits. */
struct reference {
    uint64_t n, key; /* store/references.h */
};
struct reference_list {
    struct reference *list;
    size_t count, cap;
};

/* Postings of this transaction's entries, by entry (view_postings.c). */
struct posting {
    uint64_t n, key;
};
struct posting_list {
    struct posting *list;
    size_t count, cap;
};

/* What a savepoint keeps of the above, to go back to. */
struct view_mark {
    struct counters counters;
    size_t references, postings;
    size_t types, classes, origins;
    uint64_t *current; /* of each class */
};

/* Where a version_row's texts lie. */
struct version_texts {
    char id[IDENT_TEXT_MAX], modified[64];
};

struct view {
    sqlite3 *db;
    bool write, in_write;
    bool damaged; /* SQLite has found it so */
    uint64_t tag;
    sqlite3_stmt *stmt[SQL_COUNT];
    struct interned types, classes, origins;
    struct counters now;
    struct reference_list references;
    struct posting_list postings;
    struct words words;
    struct posting_keys keys; /* of one body, reused */
    uint64_t unread;          /* bodies that a replay could not read: their postings are missing */
    struct view_mark begun, saved;
    /* The object that was last looked for and not there: it is asked for by who takes it in, then by who enters it.
     */
    struct {
        bool known;
        uint32_t type;
        struct uuid uuid;
    } absent;
    struct arena arena;         /* texts of rows of people and partners */
    struct version_texts texts; /* of single rows */
};

/* ---- statements (view_sql.c) ---- */
/* Ready to be bound; NULL: view_fault() says why. */
sqlite3_stmt *view_stmt(struct view *v, enum sql id);
/* Steps a statement that gives no row, and resets it. */
MUST_CHECK enum err view_run(struct view *v, sqlite3_stmt *s, struct fault *reterr);
/* Steps: OK and a row, or ERR_NOT_FOUND (no fault set) after resetting; failures reset too. */
MUST_CHECK enum err view_step(struct view *v, sqlite3_stmt *s, struct fault *reterr);
/* For loops: true when a row is there; false at the end or on failure (*ret_err). A loop left early resets. */
bool view_more(struct view *v, sqlite3_stmt *s, enum err *ret_err, struct fault *reterr);
/* Each row of a statement that is bound as a fact of this kind, which `read` fills; its texts are gone with the next.
 * What on_row returned, or as view_step(). */
typedef enum err view_read_row(struct view *v, sqlite3_stmt *s, struct fact *f);
MUST_CHECK enum err view_each_fact(struct view *v, sqlite3_stmt *s, enum fact_kind kind, view_read_row *read,
                                   view_on_fact *on_row, void *self, struct fault *reterr);
/* The connection's last error: ERR_NOMEM | ERR_FULL | ERR_BUSY | ERR_VERSION (damaged) | ERR_IO. */
enum err view_fault(struct view *v, struct fault *reterr);
enum err view_nomem(struct fault *reterr);

void bind_text(sqlite3_stmt *s, int at, struct text t);
void bind_uuid(sqlite3_stmt *s, int at, const struct uuid *u);
void bind_hash(sqlite3_stmt *s, int at, const struct sha256 *h);
void bind_u64(sqlite3_stmt *s, int at, uint64_t v);
void bind_place(sqlite3_stmt *s, int at, struct place p); /* NULL for PLACE_NONE */
struct text column_text(sqlite3_stmt *s, int at);         /* borrowed until the next step */
void column_uuid(sqlite3_stmt *s, int at, struct uuid *ret);
void column_hash(sqlite3_stmt *s, int at, struct sha256 *ret);
void column_key(sqlite3_stmt *s, int at, uint8_t ret[32]);
uint64_t column_u64(sqlite3_stmt *s, int at);
struct place column_place(sqlite3_stmt *s, int at);
/* Into the view's arena. */
MUST_CHECK enum err column_keep(struct view *v, sqlite3_stmt *s, int at, struct text *ret);

/* ---- names (view_names.c) ---- */
void interned_done(struct interned *t);
void interned_cut(struct interned *t, size_t count);
/* The number of the key, given now when it has none (writing only). */
MUST_CHECK enum err view_type_number(struct view *v, struct text name, bool add, uint32_t *ret, struct fault *reterr);
MUST_CHECK enum err view_class_number(struct view *v, struct text key, uint32_t *ret, struct fault *reterr);
MUST_CHECK enum err view_origin_number(struct view *v, const struct uuid *party, const struct uuid *source,
                                       uint32_t *ret, struct fault *reterr);
/* Rows by number; what another connection has added meanwhile is read. A class may be ERR_NOT_FOUND; a type or origin
 * that is not there is damage: ERR_VERSION. */
MUST_CHECK enum err view_type_row(struct view *v, uint32_t number, struct text *ret, struct fault *reterr);
MUST_CHECK enum err view_class_row(struct view *v, uint32_t number, const struct gate_class **ret,
                                   struct fault *reterr);
MUST_CHECK enum err view_origin_row(struct view *v, uint32_t number, struct uuid *ret_party, struct uuid *ret_source,
                                    struct fault *reterr);
MUST_CHECK enum err view_load_names(struct view *v, struct fault *reterr);

/* ---- objects (view_objects.c) ---- */
/* The version of entry n; its texts lie in *texts. *ret_older (may be NULL): the object's version before, or
 * UINT64_MAX. ERR_NOT_FOUND */
MUST_CHECK enum err view_version(struct view *v, uint64_t n, struct version_texts *texts, struct version_row *ret,
                                 uint64_t *ret_older, struct fault *reterr);
struct object_row {
    uint64_t newest, current; /* UINT64_MAX: none */
};
MUST_CHECK enum err view_object(struct view *v, struct text id, struct object_row *ret, struct fault *reterr);
MUST_CHECK enum err apply_object(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_withdrawal(struct view *v, const struct fact *f, struct fault *reterr);
/* Other versions' new standings; what was erased meanwhile is passed over. */
MUST_CHECK enum err apply_standings(struct view *v, const struct fact_standings *s, int64_t t_us,
                                    struct fault *reterr);
/* After whatever may change which version stands in for the object's current one: at t_us (view_stand_in.c). */
MUST_CHECK enum err stand_in_settle(struct view *v, struct text id, int64_t t_us, struct fault *reterr);

/* ---- vouchers (view_vouch.c) ---- */
struct content {
    const struct uuid *uuid;
    uint32_t type;
    const struct sha256 *hash;
};
MUST_CHECK enum err apply_vouch(struct view *v, const struct fact *f, struct fault *reterr);
/* The entry's content came over a line whose log can be asked for a proof: unless there is one. */
MUST_CHECK enum err note_unproven(struct view *v, const struct content *c, const struct uuid *party, uint64_t n,
                                  struct fault *reterr);

/* ---- references (view_refs.c) ---- */
MUST_CHECK enum err apply_references(struct view *v, const struct fact *f, struct fault *reterr);
/* Before a commit: what the transaction's entries refer to, `from` being the position when it began. */
MUST_CHECK enum err view_write_references(struct view *v, uint64_t from, struct fault *reterr);

/* ---- postings (view_postings.c) ---- */
/* Before a commit: of the transaction's entries, `from` being the position when it began. */
MUST_CHECK enum err view_write_postings(struct view *v, uint64_t from, struct fault *reterr);

/* ---- desk (view_desk.c), pages (view_pages.c), people and partners (view_people.c) ---- */
MUST_CHECK enum err apply_desk_object(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_hits(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_release(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_opening(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_people(struct view *v, const struct fact *f, struct fault *reterr);

/* ---- what is believed (view_belief.c) ---- */
MUST_CHECK enum err apply_list(struct view *v, const struct fact *f, struct fault *reterr);
MUST_CHECK enum err apply_ruling(struct view *v, const struct fact *f, struct fault *reterr);
/* A sighting by somebody else renews what it is a sighting of. */
MUST_CHECK enum err apply_renewal(struct view *v, const struct fact *f, struct fault *reterr);

/* ---- grants, agreements, groups (view_sharing.c) ---- */
MUST_CHECK enum err apply_sharing(struct view *v, const struct fact *f, struct fault *reterr);
/* The row a statement stands on; f->kind says of what. Members of a group are not read. ERR_USAGE: no such kind. */
MUST_CHECK enum err view_read_sharing(struct view *v, sqlite3_stmt *s, struct fact *f);
