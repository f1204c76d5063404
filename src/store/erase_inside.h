/* store/erase_inside.h - what the files erase*.c share. See erase.c for the invariants. */
#pragma once
#include "store/erase.h"
#include "store/node_inside.h"

#define ERASING_FILE "erasing" /* under the home while an erasure is under way: entries before it, decimal */

/* An entry to be erased and where its erasable records lie. */
struct doomed {
    uint64_t n;
    struct sha256 leaf;
    struct place at[3];
    size_t at_count;
};
struct doomed_list {
    struct doomed *v;
    size_t count, cap;
};
struct doomed doomed_of(const struct log_read *read);
MUST_CHECK enum err doomed_add(struct doomed_list *l, const struct doomed *d);
void doomed_sort(struct doomed_list *l); /* by n, each once */
void doomed_done(struct doomed_list *l);

/* Evidence lines that share an entry with doomed ones: written anew before it goes. */
struct survivor {
    struct doomed entry;
    struct fact fact;     /* of the entry, in the arena */
    const bool *keep;     /* which of its hits */
    size_t kept, dropped; /* how many */
};

struct needle {
    struct text words; /* lower case */
    struct uuid party;
};
/* One piece of a kept document. */
struct piece {
    struct doomed entry;
    struct uuid party;
    struct sha256 hash; /* of the document */
    uint32_t part, parts;
    struct place body;
};

/* One erasure as it is found in the log. */
struct erasing {
    struct node *node;
    const struct erase_request *request;
    struct text *ids;      /* sorted */
    struct uuid *uuids;    /* of ids, in their order; of entries by number: of the findings among them */
    size_t uuid_count;     /* of uuids and finding */
    bool *found, *finding; /* of ids: seen at all; is a finding */
    struct arena arena;    /* what outlives the scan */
    struct doomed_list doomed;
    struct survivor *survivors;
    size_t survivor_count, survivor_cap;
    struct needle *needles;
    size_t needle_count, needle_cap;
    struct piece *pieces;
    size_t piece_count, piece_cap;
    struct text *told; /* notes to the originators of what was released by break-glass; in the arena */
    size_t told_count, told_cap;
    struct erase_result result;
};

/* erase_scan.c: fills doomed, survivors, needles and pieces. ERR_NOT_FOUND */
MUST_CHECK enum err erase_scan(struct erasing *e, struct fault *reterr);
/* erase_scan.c, when doomed is filled already, sorted: finds the lines of other findings in the evidence among it. */
MUST_CHECK enum err erase_scan_again(struct erasing *e, struct fault *reterr);
/* Room for one more element of a list; false: no memory. */
bool erase_grow(void **list, size_t count, size_t *cap, size_t size);
/* erase_words.c: words by which a kept document of the same party is known to hold the object. */
MUST_CHECK enum err erase_words_of(struct erasing *e, const struct fact_object *o, struct fault *reterr);
/* Adds the pieces of documents that hold one of the needles to doomed. */
MUST_CHECK enum err erase_documents(struct erasing *e, struct fault *reterr);

/* erase_finish.c */
MUST_CHECK enum err erase_mark(struct node *node, uint64_t from_n, struct fault *reterr);
MUST_CHECK enum err erase_unmark(struct node *node, struct fault *reterr);
/* Records, list and views, for entries whose erasure is in the log; with tell the backups' lists too, where they can
 * be reached. On the writer thread. */
MUST_CHECK enum err erase_finish(struct node *node, const struct doomed_list *doomed, bool tell,
                                 struct fault *reterr);
/* At opening, as owner, with the log open and the view perhaps: finishes what a crash cut short. */
MUST_CHECK enum err erase_redo(struct node *node, struct fault *reterr);
/* The entries of these numbers (sorted); those that are not there are left out, and with whole_only those that were
 * erased. */
MUST_CHECK enum err erase_collect(struct node *node, const uint64_t *entries, size_t count, bool whole_only,
                                  struct doomed_list *ret, struct fault *reterr);
