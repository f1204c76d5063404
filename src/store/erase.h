/* store/erase.h - objects erased from a node: every version, claim and rendition, its evidence and the kept documents
 * that hold its words. The entries stay, so proofs hold; their details and bodies are overwritten.
 * What is erased, in which order, and what a crash leaves: erase.c. Format: docs/FORMAT-log.md, Erasing. */
#pragma once
#include "store/node.h"

#define ERASURES_FILE "erasures" /* under the home and in backups: docs/FORMAT-log.md, Erasing */

struct erase_request {
    const struct text *ids; /* of objects: all of them or none */
    size_t id_count;
    struct uuid account;
    struct text reason; /* kept in the erasure's own entry: it must not repeat what goes */
};
struct erase_result {
    uint64_t at;       /* the erasure's own entry */
    uint64_t versions; /* of the objects, claims of others included */
    uint64_t lines;    /* of evidence */
    uint64_t documents;
    uint64_t entries; /* all that were erased */
};
/* OK: gone from the log and the views, durably. Any thread; writes wait meanwhile. ERR_NOT_FOUND: one of them is not
 * there (the fault names it), nothing was changed. ERR_DENIED: the node's own identity. ERR_IO | ERR_FULL | ERR_NOMEM
 * | ERR_MALFORMED: nothing was acknowledged; once the erasure's entry is durable the next opening finishes it. */
MUST_CHECK enum err node_erase(struct node *node, const struct erase_request *request, struct erase_result *ret,
                               struct fault *reterr);

/* An entry of a log, known by its leaf: numbers alone could mean another log's. */
struct erased {
    uint64_t n;
    struct sha256 leaf;
};
struct erased_list {
    struct erased *v;
    size_t count, cap;
};
void erased_list_done(struct erased_list *l);
/* A list as it lies in HOME/erasures; foreign bytes. *ret is to be given to erased_list_done(). ERR_MALFORMED (line)
 * | ERR_VERSION | ERR_NOMEM */
MUST_CHECK enum err erased_list_parse(struct text t, struct erased_list *ret, struct fault *reterr);
/* Erases those of the list that this log holds and that are not erased yet; *ret_count: how many. */
MUST_CHECK enum err node_erase_entries(struct node *node, const struct erased_list *list, const struct uuid *account,
                                       struct text reason, uint64_t *ret_count, struct fault *reterr);
