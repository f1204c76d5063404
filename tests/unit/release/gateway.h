/* unit/release/gateway.h - objects through the gate, for the tests of closing and of envelopes. */
#pragma once
#include "support/test.h"

#include "release/outbound.h"

/* A lookup that withholds every identifier holding `mark`, and says of those holding `theirs` that they came from the
 * recipient; "": none. Counts. */
struct withholding {
    const char *mark, *theirs;
    size_t asked;
};
enum ref_state withhold_marked(void *self, struct text id);

extern const struct uuid PARTNER_X;
struct recipient partner_x(enum tlp ceiling);

/* Identifiers that are withheld, cleared, ours, from the recipient: valid, and told apart by the lookup above. */
#define GONE(type)   type "--dead0000-0000-4000-8000-00000000beef"
#define GONE2(type)  type "--dead0000-0000-4000-8000-00000000cafe"
#define HERE(type)   type "--11110000-0000-4000-8000-000000000001"
#define HERE2(type)  type "--11110000-0000-4000-8000-000000000002"
#define THEIRS(type) type "--22220000-0000-4000-8000-000000000002"
#define MARK_GONE    "--dead0000-"
#define MARK_THEIRS  "--22220000-"

#define QUESTION(class, to, by)    ((struct gate_question){.cls = (class), .recipient = (to), .door = (by)})
#define LOOKUP(about_refs, object) ((struct gate_lookup){.ref = (about_refs), .self = (object)})

/* The canonical form of a JSON text, to be freed. */
char *canonical(const char *json);
/* Decides class c for a partner (ceiling RED) at the TAXII door and closes over `body`. ERR_DENIED too when the
 * decision withholds. */
enum err through_gate(const struct gate_class *c, const char *body, struct cleared **ret,
                      struct decision_rule *ret_why);
