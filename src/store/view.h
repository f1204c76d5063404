/* store/view.h - what the log says, in SQLite, made for questions. Thrown away and replayed at will: every table is a
 * function of the log (invariant 3). One writing connection (the owner's), many reading ones; a struct view belongs
 * to one thread at a time. Texts returned in rows live until the next call on the same view. */
#pragma once
#include "model/value.h"
#include "store/facts.h"

struct view;

#define VIEW_FOLDER "view"
#define VIEW_FILE   "view/view.db" /* under the home */

/* ---- life ---- */
/* Opens (creating it when write) HOME/view/view.db. A version mismatch or damage: ERR_VERSION, for the caller to
 * rebuild. ERR_IO | ERR_NOMEM | ERR_NOT_FOUND (reading, not there). */
MUST_CHECK enum err view_open(const char *home, bool write, struct view **ret, struct fault *reterr);
/* The same with the file's own path. */
MUST_CHECK enum err view_open_at(const char *path, bool write, struct view **ret, struct fault *reterr);
/* An empty one for this connection alone, in a file without a name: for comparing. cache_kib: memory it may take. */
MUST_CHECK enum err view_open_scratch(int cache_kib, struct view **ret, struct fault *reterr);
void view_close(struct view *v); /* accepts NULL */
/* Moves everything into the one file, durably, so that it can be renamed. */
MUST_CHECK enum err view_seal(struct view *v, struct fault *reterr);
/* Entries applied so far: the next n expected. */
uint64_t view_position(struct view *v);
/* Changes with every commit of any connection: cheap to ask (PRAGMA data_version and the position). */
uint64_t view_generation(struct view *v);

/* Writing, by store/node.c only. */
MUST_CHECK enum err view_begin(struct view *v, struct fault *reterr);
MUST_CHECK enum err view_savepoint(struct view *v, struct fault *reterr);
MUST_CHECK enum err view_release(struct view *v, struct fault *reterr);
MUST_CHECK enum err view_rollback_to(struct view *v, struct fault *reterr);
MUST_CHECK enum err view_apply(struct view *v, const struct fact *f, struct fault *reterr);
/* What the body of the object just applied, at entry n, is found by. Without it the object is not found. ERR_NOMEM */
MUST_CHECK enum err view_apply_words(struct view *v, uint64_t n, struct text body, struct fault *reterr);
/* The same, of a body whose keys (store/postings.h) were found before. */
MUST_CHECK enum err view_apply_keys(struct view *v, uint64_t n, const uint64_t *keys, size_t count,
                                    struct fault *reterr);
/* Of a replay: its body cannot be read. How many there were, since the view was opened. */
void view_apply_unread(struct view *v);
uint64_t view_unread(const struct view *v);
/* An entry whose detail was erased: nothing of it is known any more but that it was. */
MUST_CHECK enum err view_apply_erased(struct view *v, uint64_t n, int64_t t_us, struct fault *reterr);
MUST_CHECK enum err view_commit(struct view *v, struct fault *reterr);
void view_rollback(struct view *v);
bool view_alive(struct view *v);         /* false: SQLite rolled the transaction back by itself */
bool view_damaged(const struct view *v); /* SQLite has found the file damaged */
/* A number of the owner's of the connection, 0 at first. */
void view_set_tag(struct view *v, uint64_t tag);
uint64_t view_tag(const struct view *v);
/* A reading snapshot: what follows sees one state until view_end(). */
MUST_CHECK enum err view_snapshot(struct view *v, struct fault *reterr);
void view_end(struct view *v);

/* ---- objects ---- */
struct version_row {
    uint64_t n;               /* entry */
    int64_t added_us;         /* t_us of the entry */
    struct text id, modified; /* modified as written; empty: none */
    int64_t modified_us, created_us;
    struct sha256 hash;
    enum standing standing;
    bool revoked;
    struct uuid party, source;
    uint32_t class_id;
    uint64_t print;
    enum authority authority; /* of the party's word */
    bool withdrawn;           /* by who gave it: it stays held, and goes to nobody outside; with: */
    int64_t withdrawn_us;
    struct place body, original; /* original.segment UINT32_MAX: none */
};
/* By what a grant names that version alone: its `modified` as written, or, without one, the hash of its content. The
 * row's own text, or out. */
#define VERSION_NAME_MAX 80
struct text version_name(const struct version_row *row, char out[VERSION_NAME_MAX]);
/* The version that counts. ERR_NOT_FOUND */
MUST_CHECK enum err view_current(struct view *v, struct text id, struct version_row *ret, struct fault *reterr);
/* What stands in for the object's current version, which was withdrawn: the newest older one that was not.
 * *ret_since_us (may be NULL): since when. ERR_NOT_FOUND: nothing has to, or nothing can */
MUST_CHECK enum err view_stand_in(struct view *v, struct text id, struct version_row *ret, int64_t *ret_since_us,
                                  struct fault *reterr);
/* As view_current(), and whether any version is held. */
MUST_CHECK enum err view_current_held(struct view *v, struct text id, struct version_row *ret, bool *ret_held,
                                      struct fault *reterr);
/* All versions of an object, newest first; returns what on_row returns when it is not OK. */
typedef enum err view_on_version(void *self, const struct version_row *row);
MUST_CHECK enum err view_versions(struct view *v, struct text id, view_on_version *on_row, void *self,
                                  struct fault *reterr);
/* The version with that content from that party, for "unchanged": ERR_NOT_FOUND */
MUST_CHECK enum err view_find_content(struct view *v, struct text id, const struct uuid *party,
                                      const struct sha256 *hash, struct version_row *ret, struct fault *reterr);
MUST_CHECK enum err view_by_entry(struct view *v, uint64_t n, struct version_row *ret, struct fault *reterr);

/* Who else vouches for a content of the object: another path by which it came, or a log that proves it. */
struct voucher_row {
    uint64_t n, entry; /* its own entry; one that holds the content */
    struct sha256 hash;
    struct uuid party, source;
    enum authority authority;
    uint64_t leaf; /* proven: in that log, */
    int64_t logged_us;
    struct place body; /* the proof */
};
typedef enum err view_on_voucher(void *self, const struct voucher_row *row);
/* In order of arrival. */
MUST_CHECK enum err view_vouchers(struct view *v, struct text id, view_on_voucher *on_row, void *self,
                                  struct fault *reterr);
/* How many versions the party sent with a proof that did not hold; of all parties when NULL. */
MUST_CHECK enum err view_refused(struct view *v, const struct uuid *party, uint64_t *ret, struct fault *reterr);
/* Entries after after_n whose content came from the party and could be proven by a log it can show, and is not yet.
 * *ret_count at most max. */
MUST_CHECK enum err view_unproven(struct view *v, const struct uuid *party, uint64_t after_n, uint64_t *ret,
                                  size_t max, size_t *ret_count, struct fault *reterr);

/* ---- classes ---- */
struct class_row {
    uint32_t class_id;
    struct gate_class cls;
};
typedef enum err view_on_class(void *self, const struct class_row *row);
MUST_CHECK enum err view_classes(struct view *v, view_on_class *on_row, void *self, struct fault *reterr);
/* Current versions that came by a source and stay here: without any label (its default counts as one), and with a
 * marking that cannot be read. */
struct source_counts {
    uint64_t unmarked, unreadable;
};
MUST_CHECK enum err view_source_counts(struct view *v, const struct uuid *source, enum tlp default_tlp,
                                       struct source_counts *ret, struct fault *reterr);
MUST_CHECK enum err view_class(struct view *v, uint32_t class_id, struct gate_class *ret, struct fault *reterr);

/* Entries of the class's versions of that standing, from from_n on, ascending, at most limit. */
MUST_CHECK enum err view_in_class(struct view *v, uint32_t class_id, enum standing standing, uint64_t from_n,
                                  uint64_t *ret_n, size_t limit, size_t *ret_count, struct fault *reterr);

/* ---- pages for a recipient ---- */
enum page_collection { COLLECTION_INDICATORS, COLLECTION_INTELLIGENCE, COLLECTION_ENTENTE };
bool view_collection_holds(enum page_collection c, struct text type);
struct page_query {
    struct uuid party;       /* recipient; openings are looked up for it */
    const uint32_t *classes; /* cleared ones; sorted */
    size_t class_count;
    enum page_collection collection;
    int64_t after_us; /* objects with date_added > after_us; INT64_MIN: all. With has_cursor the */
    bool has_cursor;  /* page goes on exactly after (after_us, after_n) */
    uint64_t after_n;
    int64_t until_us;               /* INT64_MAX: none */
    bool all_versions;              /* match[version]=all; else the current one only */
    const struct text *ids, *types; /* match[id], match[type]; OR inside, AND between */
    size_t id_count, type_count;
    bool any_class; /* with ids: of every class, for who decides about each object singly */
    uint32_t limit;
};
struct page_row {
    struct version_row version;
    int64_t date_added_us;
};
typedef enum err view_on_page(void *self, const struct page_row *row);
/* Rows by (date_added, n) ascending, at most limit; quarantined, claims, conflict losers and what was withdrawn are
 * never among them. Without all_versions: where the version that counts was withdrawn, the newest older one that was
 * not stands in for it, and was added when it began to. */
MUST_CHECK enum err view_page(struct view *v, const struct page_query *q, view_on_page *on_row, void *self,
                              struct fault *reterr);
MUST_CHECK enum err view_was_released(struct view *v, const struct uuid *party, uint64_t n, const struct sha256 *hash,
                                      bool *ret, struct fault *reterr);

/* ---- indicators ---- */
struct indicator_row {
    uint64_t n; /* entry of the version */
    struct text id;
    enum value_kind kind;
    struct text value; /* normal form */
    bool revoked, has_valid_until;
    int64_t valid_until_us;
    int64_t said_us; /* the later of `valid_from` and `modified` */
    struct uuid party, source;
};
typedef enum err view_on_indicator(void *self, const struct indicator_row *row);
/* Values of current versions from entry from_n on (0: all), in order of n. Quarantined ones are not among them. */
MUST_CHECK enum err view_indicators(struct view *v, uint64_t from_n, view_on_indicator *on_row, void *self,
                                    struct fault *reterr);
/* The values that the version at entry n looks for. */
MUST_CHECK enum err view_values_of(struct view *v, uint64_t n, view_on_indicator *on_row, void *self,
                                   struct fault *reterr);
/* Current versions of indicators from entry from_n on that have no such values: patterns that need more than one, and
 * what is written in other languages. Quarantined ones are not among them. */
MUST_CHECK enum err view_without_values(struct view *v, uint64_t from_n, view_on_version *on_row, void *self,
                                        struct fault *reterr);

/* ---- findings and incidents ---- */
struct finding_row {
    struct text id;
    uint64_t number; /* small, for people: F-1, F-2, ... in order of birth */
    struct uuid indicator, organisation, incident;
    int64_t first_us, last_us;
    uint64_t count;
    uint8_t state;
    uint64_t n;                /* entry of its newest version */
    uint8_t kind, severity;    /* enum finding_kind; as fact_finding */
    struct uuid party, source; /* of reported ones */
};
/* The open finding by hits of indicator and organisation whose last hit is not older than since_us. ERR_NOT_FOUND */
MUST_CHECK enum err view_open_finding(struct view *v, const struct uuid *indicator, const struct uuid *organisation,
                                      int64_t since_us, struct finding_row *ret, struct fault *reterr);
/* The newest finding of any kind and state of them with a number below that. ERR_NOT_FOUND */
MUST_CHECK enum err view_findings_at(struct view *v, const struct uuid *subject, const struct uuid *organisation,
                                     uint64_t below, struct finding_row *ret, struct fault *reterr);
/* Prints that a reported finding has counted, the newest FINDING_PRINTS_MAX at least, in lists (struct fact_prints).
 * on_row must not ask the view. */
typedef enum err view_on_prints(void *self, struct text prints);
MUST_CHECK enum err view_prints(struct view *v, const struct uuid *finding, view_on_prints *on_row, void *self,
                                struct fault *reterr);
MUST_CHECK enum err view_finding(struct view *v, const struct uuid *finding, struct finding_row *ret,
                                 struct fault *reterr);
MUST_CHECK enum err view_finding_by_number(struct view *v, uint64_t number, struct finding_row *ret,
                                           struct fault *reterr);
typedef enum err view_on_finding(void *self, const struct finding_row *row);
/* Newest first. state 255: any. */
MUST_CHECK enum err view_findings(struct view *v, uint8_t state, uint32_t limit, view_on_finding *on_row, void *self,
                                  struct fault *reterr);
/* The last number given, on the writer's view. An erasure's entry says it, so that numbers of erased findings are not
 * given again. */
uint64_t view_last_finding(const struct view *v);
struct evidence_row {
    uint64_t n, line, offset;
    int64_t seen_us;
    struct place body;
    uint32_t index;
    struct text file;
};
typedef enum err view_on_evidence(void *self, const struct evidence_row *row);
MUST_CHECK enum err view_evidence(struct view *v, const struct uuid *finding, uint32_t limit,
                                  view_on_evidence *on_row, void *self, struct fault *reterr);
/* Objects of a type that are current, newest first (incidents, organisations, sightings). */
MUST_CHECK enum err view_of_type(struct view *v, struct text type, uint32_t limit, view_on_version *on_row,
                                 void *self, struct fault *reterr);
/* How often an indicator was seen in logs, false positives aside, whoever it was seen at. */
struct seen_row {
    uint64_t findings, count;
    int64_t first_us, last_us; /* 0 where there are no findings */
};
MUST_CHECK enum err view_seen(struct view *v, const struct uuid *indicator, struct seen_row *ret,
                              struct fault *reterr);
/* The newest sighting object that tells `party` of the indicator; party zero: whoever may have our own indicator.
 * ERR_NOT_FOUND */
MUST_CHECK enum err view_sighting_of(struct view *v, const struct uuid *indicator, const struct uuid *party,
                                     struct version_row *ret, struct fault *reterr);
/* How far a followed file was read according to the log. ERR_NOT_FOUND */
MUST_CHECK enum err view_followed(struct view *v, struct text follow_key, uint64_t *ret_offset, uint64_t *ret_line,
                                  struct fault *reterr);

/* ---- parties, sources, accounts, peers: the newest fact of each; texts live until the next call ---- */
MUST_CHECK enum err view_genesis(struct view *v, struct fact_genesis *ret, struct fault *reterr);
MUST_CHECK enum err view_party(struct view *v, const struct uuid *id, struct fact_party *ret, struct fault *reterr);
MUST_CHECK enum err view_party_by_name(struct view *v, struct text name, struct fact_party *ret,
                                       struct fault *reterr);
MUST_CHECK enum err view_source(struct view *v, const struct uuid *id, struct fact_source *ret, struct fault *reterr);
MUST_CHECK enum err view_source_by_name(struct view *v, struct text name, struct fact_source *ret, struct fault *);
MUST_CHECK enum err view_account(struct view *v, const struct uuid *id, struct fact_account *ret, struct fault *);
MUST_CHECK enum err view_account_by_name(struct view *v, struct text name, struct fact_account *ret, struct fault *);
MUST_CHECK enum err view_peer(struct view *v, const struct uuid *party, struct fact_peer *ret, struct fault *reterr);
typedef enum err view_on_fact(void *self, const struct fact *f);
/* kind FACT_PARTY | FACT_SOURCE | FACT_ACCOUNT | FACT_PEER | FACT_DOCUMENT | FACT_ORIGIN | FACT_GRANT |
 * FACT_AGREEMENT | FACT_GROUP (without its members), in order of first appearance. */
MUST_CHECK enum err view_facts(struct view *v, enum fact_kind kind, view_on_fact *on_row, void *self,
                               struct fault *reterr);
/* The document taken in with these bytes from this party. ERR_NOT_FOUND */
MUST_CHECK enum err view_document(struct view *v, const struct sha256 *hash, struct fact_document *ret,
                                  struct fault *reterr);

/* ---- grants, agreements, groups: the newest fact of each; texts and lists live until the next call ---- */
MUST_CHECK enum err view_grant(struct view *v, const struct uuid *id, struct fact *ret, struct fault *reterr);
/* What was granted to a party or account, not taken back and not over at now_us, by the entry that last changed it
 * (f->n, f->t_us), from entry from_n on; the newest `limit`, newest first. */
MUST_CHECK enum err view_grants_to(struct view *v, const struct uuid *recipient, uint64_t from_n, int64_t now_us,
                                   uint32_t limit, view_on_fact *on_row, void *self, struct fault *reterr);
/* The entry that last granted to it or took something back; UINT64_MAX: none. */
MUST_CHECK enum err view_grants_newest(struct view *v, const struct uuid *recipient, uint64_t *ret,
                                       struct fault *reterr);
/* A break-glass that one account alone asked for is no grant. */
bool grant_stands(const struct fact_grant *g);
/* A consent counts for what came from the party that gave it, a break-glass for what came from the party that is told
 * of it: nobody's word lets another's go that has the same id. */
bool grant_is_for(enum grant_kind kind, const struct uuid *originator, const struct gate_class *cls);
/* All that was ever granted for an object, taken back or not, in order. */
MUST_CHECK enum err view_grants_of(struct view *v, struct text object, view_on_fact *on_row, void *self,
                                   struct fault *reterr);
/* ERR_NOT_FOUND: none was recorded. */
MUST_CHECK enum err view_agreement(struct view *v, const struct uuid *party, struct fact_agreement *ret,
                                   struct fault *reterr);
/* With its members. ERR_NOT_FOUND */
MUST_CHECK enum err view_group(struct view *v, const struct uuid *id, struct fact_group *ret, struct fault *reterr);
MUST_CHECK enum err view_group_by_name(struct view *v, struct text name, struct fact_group *ret,
                                       struct fault *reterr);
/* A party's places on lists, and the lists that do not name it. Times 0: no end. */
struct membership_row {
    struct uuid group;
    int64_t from_us, until_us, list_until_us;
    bool unreachable; /* the list */
    bool absent;      /* it is not named; from_us and until_us are 0 */
};
typedef enum err view_on_membership(void *self, const struct membership_row *row);
MUST_CHECK enum err view_memberships(struct view *v, const struct uuid *party, view_on_membership *on_row, void *self,
                                     struct fault *reterr);

/* ---- numbers for `status` ---- */
struct view_counts {
    uint64_t entries, objects, versions, indicators, values, findings_open, findings, incidents, organisations,
        parties, sources, peers, accounts, releases, quarantined, unmarked, claims, conflicts;
};
MUST_CHECK enum err view_counts(struct view *v, struct view_counts *ret, struct fault *reterr);
