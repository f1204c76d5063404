/* desk/intake_inside.h - what the files of the intake share; no one else includes it.
 *
 * A document's way: spooled when it cannot be read twice (intake_spool.c) -> read by a reader, chunk after chunk ->
 * items (intake_items.c: hashes and classes) -> decided and appended in groups on the writer thread (intake_apply.c).
 *
 * Marking definitions. What an object's markings mean is what the gate decides on, and order inside a document must
 * not matter. So when the first reference turns up that nothing we hold answers, the document is read ahead once,
 * from its start to its end, for the definitions in it. An object that came in before its definition is withheld;
 * when the definition comes from one whose word counts, the object's class is found anew (desk/reclass.h). Whose word
 * counts: desk/portion.h. */
#pragma once
#include <pthread.h>

#include "desk/intake.h"
#include "desk/own.h"
#include "desk/portion.h"
#include "desk/reclass.h"
#include "desk/report.h"
#include "model/space.h"

/* One write: what a sync makes durable. */
#define INTAKE_GROUP_OBJECTS 8192
#define INTAKE_GROUP_BYTES   (8 * MIB)
/* Versions of one object in one document that could be kept beside the one that counts. Whether such a version is
 * held already costs a walk through all that are: a partner must not make us walk for hours. ATT&CK's whole history
 * has some tens an object. */
#define INTAKE_ASIDE_MAX 1024
/* Objects of one document that the store may refuse before it is taken to be the store's fault. */
#define INTAKE_UNHOLDABLE_MAX 64
/* Why something classified was refused (release.md 11). */
#define INTAKE_CLASSIFIED_RULE "11 classification"
#define INTAKE_CLASSIFIED \
    "classified above what this node may hold (entente.yaml, classification): nothing of it is kept"
/* In the home: what its people add to the map of Shadowserver's reports. */
#define RULES_SHADOWSERVER "rules/shadowserver.json"
/* Chunks a reader hands over, at most. */
#define INTAKE_CHUNK_BYTES (8 * MIB)
/* A stored original is cut into pieces of this size. */
#define INTAKE_PIECE_BYTES (4 * MIB)

/* ---- the document's bytes ---- */
struct intake_spool {
    int fd;        /* seekable, owned */
    int64_t start; /* where the document begins */
};
/* fd's file when we may open it again, for each reader anew, else a copy of what is left of it in an unlinked file in
 * the home (a pipe; a file whose name and rights were its giver's).
 * ERR_IO | ERR_FULL | ERR_CANCELLED */
MUST_CHECK enum err intake_spool_open(const char *home, int fd, const atomic_bool *cancel, struct intake_spool *ret,
                                      struct fault *reterr);
void intake_spool_close(struct intake_spool *s);
MUST_CHECK enum err intake_spool_rewind(const struct intake_spool *s, struct fault *reterr);
MUST_CHECK enum err intake_spool_hash(const struct intake_spool *s, struct sha256 *ret, uint64_t *ret_bytes,
                                      struct fault *reterr);

/* ---- what marking definitions mean ---- */
struct marking_book {
    struct uuid *ids; /* apart from what they mean: looked through often */
    struct gate_portion *means;
    size_t count, cap;
    bool read_ahead; /* the whole document was looked through */
};
void marking_book_done(struct marking_book *b);

/* ---- one document ---- */
struct intake {
    struct node *node;
    const struct intake_options *options;
    struct intake_spool spool;
    struct uuid party; /* our identity when taken in as our own */
    char identity[IDENT_TEXT_MAX], party_text[UUID_TEXT_MAX];
    struct text space; /* of the home: the real one, or an exercise's name */
    bool exercise;
    enum tlp source_default;
    enum pap source_pap;
    enum classification ceiling;
    enum reader_format format;
    struct marking_book markings;
    struct uuid *defined; /* marking definitions that were appended: objects that wait for them are looked at again */
    size_t defined_count, defined_cap, defined_marked;
    struct uuid run;           /* of this document, for reclass_mark() */
    bool redefined;            /* one of them was held before */
    bool red_named;            /* an agreement with the party names accounts for its RED */
    struct aside_count *aside; /* by id: versions that do not count; a table of aside_slots, aside_used taken */
    size_t aside_slots, aside_used;
    unsigned unholdable; /* objects that the store would not take */
    struct intake_totals totals;
    pthread_mutex_t tell_lock; /* one callback of the options at a time: chunks are read while others are written */
    bool enveloped;            /* the envelope was told */
    bool mostly_held;          /* of what was written so far, more than half was held: not worth making ready */
    bool changed;              /* something was appended */
    int64_t next_at;           /* where in the document the next object begins at the earliest */
    uint64_t chunk_bytes;      /* what its reader has sent so far */
    struct buffer rules;       /* of HOME, where the options have none */
    /* Reported events, from the first one on: */
    struct constituency *owners;
    struct suppress *suppress; /* named_list's */
    struct report_batch *reports;
    struct report_totals reported; /* what of theirs is in the totals */
    struct sha256 hash;            /* of the document */
    char events_key[SHA256_HEX + UUID_TEXT_MAX + 8];
    char reporter[NAME_MAX_BYTES + 1];
};
/* The reader's options for this document. */
struct reader_options intake_reader_options(const struct intake *in);
/* One whole pass that takes nothing in: marking definitions into the book, refused objects counted (and told when
 * `tell`). *ret_end (may be NULL): how the document ended. The file position is put back. */
MUST_CHECK enum err intake_read_ahead(struct intake *in, bool tell, uint64_t *ret_read, uint64_t *ret_rejected,
                                      struct fault *ret_end, struct fault *reterr);

/* What is to be looked at again for the definitions so far. */
struct reclass_request intake_look_again(const struct intake *in);

/* ---- items ---- */
struct intake_item {
    struct record record; /* an object, an event or a refusal */
    struct sha256 hash;   /* of the body */
    int64_t stamped_us;   /* the times that its body was given; 0: it has its own */
    struct ready_body ready;
    enum authority authority; /* of its sender's word */
    struct gate_class cls;
};
struct intake_items {
    struct buffer bytes; /* the chunk's copy: bodies are stamped in place */
    struct intake_item *list;
    size_t count, cap;
    struct arena filled;      /* objects that were given markings, and bodies made ready */
    struct body_maker *maker; /* owned; NULL: bodies are not made ready */
    int64_t now_us;           /* when the chunk was taken */
    bool ended;               /* with: */
    struct fault end;         /* err OK: the document's proper end */
};
/* Writes the options' marking definitions into an object of ours that carries no marking. What it is then lives in
 * the items' arena. ERR_NOMEM */
MUST_CHECK enum err intake_fill_markings(const struct intake *in, struct intake_items *items, struct record_object *o,
                                         struct fault *reterr);
/* ---- times, and bodies made ready (intake_stamps.c) ---- */
/* STIX 2.1 section 4.7: valid_until is later than valid_from. A row that has ended already began before it ended. */
int64_t intake_valid_from_us(const struct record_object *o, int64_t created_us);
/* Writes the chunk's time where the object has none, hashes and packs its body. ERR_NOMEM */
MUST_CHECK enum err intake_make_ready(const struct intake *in, struct intake_items *items, struct intake_item *item,
                                      struct fault *reterr);
/* Other times than the chunk's. */
void intake_stamp_again(struct intake_item *item, const struct own_times *times);

void intake_items_init(struct intake_items *items);
void intake_items_done(struct intake_items *items);
/* Takes a chunk apart. ERR_MALFORMED: the reader lied; the items before stand. */
MUST_CHECK enum err intake_items_take(struct intake *in, struct intake_items *items, struct text chunk,
                                      struct fault *reterr);

/* Why the object may not come in: *ret_why, static; NULL: it may. ERR_NOMEM */
MUST_CHECK enum err intake_space_refuses(const struct intake *in, const struct record_object *o, const char **ret_why,
                                         struct fault *reterr);
/* Nothing crosses between the real space and exercises (release.md 10): refuses the item (intake_refuse()), or gives
 * its body the mark of the exercise that the document was said to be of. */
MUST_CHECK enum err intake_space(const struct intake *in, struct intake_items *items, struct intake_item *item,
                                 struct fault *reterr);
/* The same for the document as a whole, before it is read. ERR_DENIED */
MUST_CHECK enum err intake_space_document(const struct intake *in, struct fault *reterr);

/* ---- applying ---- */
struct aside_count {
    struct uuid uuid; /* of the object; types share */
    uint32_t count;   /* 0: free slot */
};
/* Decides and appends list[from..from+count) in one write (more when an object has to be refused). Totals grow when
 * it is durable. */
MUST_CHECK enum err intake_apply(struct intake *in, const struct intake_items *items, size_t from, size_t count,
                                 struct fault *reterr);
/* The item is no object any more but a refusal, told and counted as one. Its words are static. */
void intake_refuse(struct intake_item *item, const char *rule, const char *reason);
/* The document's own entry (and its bytes where the format loses something). */
MUST_CHECK enum err intake_record_document(struct intake *in, struct fault *reterr);
