/* desk/intake_honest.h - is what a reader's record says of an object what the object's own body says? A reader is a
 * process that foreign bytes may have taken over. Whoever owns it can make up objects, as the document's sender could
 * have written them; it must not be able to do more. THREATS.md says what is checked and why that is enough. */
#pragma once
#include "desk/intake_inside.h"

/* filled: the label that the intake gives to objects without one. ERR_MALFORMED: a lie | ERR_NOMEM */
MUST_CHECK enum err intake_honest(const struct record_object *o, enum tlp filled, struct fault *reterr);
/* Are its values in their normal form, as the register is asked for them? ERR_MALFORMED | ERR_NOMEM */
MUST_CHECK enum err intake_honest_event(const struct record_event *e, struct fault *reterr);
/* Objects and events stand one behind the other inside the document, and records do not grow without bounds: a reader
 * cannot go on for ever. Items that break that are cut off. ERR_MALFORMED: there were some. */
MUST_CHECK enum err intake_bounded(struct intake *in, struct intake_items *items, size_t chunk_bytes,
                                   struct fault *reterr);
/* Words for people, in a refusal or a warning: bounded. */
bool intake_honest_refusal(const struct record_rejected *r);
