/* format/rsit.h - the classes and types of the Reference Security Incident Taxonomy, version 1003 (ENISA, TF-CSIRT),
 * as events name them: "vulnerable/ddos-amplifier". */
#pragma once
#include "base/text.h"

/* "class/type" of a type's name ("ddos-amplifier"; its names are unique over all classes), without case; NULL: none.
 */
const char *rsit_of_type(struct text type);
/* What is wrong is a service that answers: its own port says which. Else the port that was attacked does. */
bool rsit_is_service(struct text class_and_type);

/* A row of a format's own table: its word, in lower case, and what it is there. */
struct rsit_word {
    const char *word, *rsit;
};
/* Without case; NULL: not in the table. */
const struct rsit_word *rsit_word_find(const struct rsit_word *table, size_t count, struct text word);
