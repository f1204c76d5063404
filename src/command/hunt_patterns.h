/* command/hunt_patterns.h - whole patterns over the archive (command/log_patterns.h), for hunts by people and by
 * `serve`: blocks are chosen by what the patterns are looked for by, so that none is left out which holds an event of
 * one of their expressions. docs/EVENTS-IN-LOGS.md */
#pragma once
#include "command/archive.h"
#include "command/log_patterns.h"

/* What is hunted: all current patterns, or the news of entries [from_n, until_n). Told: what is not looked for. */
MUST_CHECK enum err hunt_patterns_load(const struct pattern_view *from, bool news, uint64_t from_n,
                                       struct log_patterns *ret, struct fault *reterr);
/* Their values, beside what q asks for already. ERR_NOMEM */
MUST_CHECK enum err hunt_patterns_query(const struct log_patterns *p, struct archive_query *q);
/* Prints what the lines of one block, as log_patterns_line() gave them, make true. */
struct hunt_printer {
    struct session *s;
    const struct party_names *parties;
};
void hunt_patterns_print(const struct hunt_printer *to, struct log_patterns *p, struct text lines);
