/* match/whole_pattern.h - an indicator whose pattern no single value decides, as it is looked for in logs
 * (match/streamed.h), kept in index files (match/index_file.h) and loaded (desk/pattern_list.h). */
#pragma once
#include "match/triggers.h"
#include "model/ident.h"

enum whole_state {
    WHOLE_WANTED,     /* looked for by its triggers */
    WHOLE_IMPOSSIBLE, /* held and not looked for: some expression has no value to look for */
    WHOLE_SUPPRESSED, /* held and not looked for: each of its triggers is suppressed (desk/suppress.h) */
    WHOLE_STATES
};
struct whole_pattern {
    uint64_t n; /* entry of the version that says it */
    struct uuid uuid, party;
    int64_t until_us; /* its valid_until; INT64_MAX: none */
    /* In a list of news: an earlier version counted until then; what is true of events before is not news. Else
     * INT64_MIN. */
    int64_t counted_until_us;
    struct text text; /* the pattern; this and what follows: owned by whoever made it */
    enum whole_state state;
    struct text why;                /* when it is not looked for */
    const struct trigger *triggers; /* when it is */
    size_t trigger_count;
};
