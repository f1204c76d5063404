/* desk/note.h - notes of ours about an object (STIX 2.1 section 4.12): how a person's word reaches a partner. */
#pragma once
#include "store/node.h"

struct note_words {
    struct text abstract, content;
    struct text about; /* STIX id */
    enum tlp label;
    struct uuid account;
};
/* Appends a note that may leave the house, through the gate. ret_id: its STIX id. ERR_IO | ERR_NOMEM | ERR_LIMIT */
MUST_CHECK enum err note_append(struct txn *t, const struct note_words *w, char ret_id[IDENT_TEXT_MAX],
                                struct fault *reterr);
