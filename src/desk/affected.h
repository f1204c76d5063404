/* desk/affected.h - whose hit it is, and which way it went, by what the line's format says (match/logline.h) and the
 * register. Rules: docs/EVENTS-IN-LOGS.md. */
#pragma once
#include "desk/register.h"
#include "match/logline.h"

/* As a connection goes: who opened it, and whom. */
enum logline_direction { DIRECTION_UNKNOWN, DIRECTION_OUTBOUND, DIRECTION_INBOUND, DIRECTION_INTERNAL };
const char *logline_direction_name(enum logline_direction d); /* "outbound", "inbound", "internal"; NULL: unknown */

/* A value that was hit, as logged. */
struct matched_value {
    enum value_kind kind;
    struct text value;
};
struct affected {
    struct register_hit owner;
    bool decided;       /* false: the line does not name both sides; its other addresses and names are to be asked */
    struct text client; /* who asked or connected; borrowed from the event; empty: unknown */
    enum logline_direction direction;
};
struct affected logline_affected(const struct constituency *c, const struct logline *e,
                                 const struct matched_value *matched);
