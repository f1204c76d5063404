/* secrets.h - a node that holds something unmistakable in every place where objects leave traces, and the search for
 * it in every byte of a home. */
#pragma once
#include "support/test.h"

#include "store/erase.h"
#include "store/node.h"

#define SECRET_WORD "xyzzyplughkalvariens"

/* The object and the finding that hold the word; what must stay. */
extern const char secret_object[], secret_finding[], plain_object[], plain_finding[];

/* Two versions of the object and a claim, its finding and another, their evidence in one entry, a document of its
 * party with the word across two pieces, and one of another party without it. */
MUST_CHECK enum err secrets_write(struct node *node, struct fault *reterr);
/* Erases object and finding. */
MUST_CHECK enum err secrets_erase(struct node *node, struct erase_result *ret, struct fault *reterr);
/* Files that hold the word as bytes, bodies and details of the log unpacked (the log must be one that opens), and
 * erased records that are not zeros. */
size_t secrets_found(const char *home);
/* The same for any folder, files only. */
size_t secrets_found_raw(const char *folder);
/* What had nothing to do with it is there: object, finding, its evidence line, the other party's document. */
void secrets_others_stay(struct node *node);
