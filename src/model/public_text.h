/* model/public_text.h - objects that are the same at every node and public like a dictionary: the marking definitions
 * of TLP, and the extension definitions (STIX 2.1 section 7.3) of Entente's markings with the identity that made
 * them. */
#pragma once
#include "model/terms_read.h"

#define PUBLIC_TEXT_MAKER "identity--f88b6dee-d528-440f-b56b-baf766fe5c2b"
#define PUBLIC_TEXTS      9 /* ours: the maker first */

struct text public_text_id(size_t at); /* of ours; empty beyond the last */
/* Canonical JSON of one of ours; empty: none of them. Static. */
struct text public_text_body(struct text id);
/* Word for word one of them, TLP's included: an object that only borrows the id of one could carry anything. */
bool is_public_text(struct text id, struct text body);
