/* match/observe_line.h - an event in a log as observed data (STIX 2.1 sections 4.14 and 6), so that patterns can be
 * evaluated over it: docs/EVENTS-IN-LOGS.md says what becomes of which field. Pure. */
#pragma once
#include "match/logline.h"
#include "model/value.h"

/* Appends a list of STIX objects: the Observed Data object, observed once at the event's time, and all that it refers
 * to. Ids are made of the number, and of a count: lists of different numbers may stand in one document. Host names
 * are in lower case, without a dot at the end, hashes in lower case. Errors stick in out. False, and nothing
 * appended: the event has no time, or holds nothing that can be observed. */
bool observe_line(const struct logline *e, uint64_t number, struct buffer *out);
