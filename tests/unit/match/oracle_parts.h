/* unit/match/oracle_parts.h - what the files of the oracle share. */
#pragma once
#include "oracle.h"

bool is_hard(int c);
bool is_run_at(const struct oracle_reading *r, size_t at);
bool is_word_at(const struct oracle_reading *r, size_t at);
bool is_percent_before(const struct oracle_reading *r, size_t at);
bool is_continued(const struct oracle_reading *r, size_t at);
void segment_around(const struct oracle_reading *r, size_t at, size_t *ret_start, size_t *ret_end);
bool is_name(const char *t, size_t len);

/* Where the scheme before the colon begins; the colon when there is none. */
size_t oracle_scheme_start(const struct oracle_reading *r, size_t colon);
/* Is text[at] in the host part of a URL? */
bool oracle_in_authority(const struct oracle_reading *r, size_t at);

bool oracle_hits_url(const struct oracle_reading *r, const char *v);
bool oracle_hits_email(const struct oracle_reading *r, const char *v);
bool oracle_hits_address(const struct oracle_reading *r, const char *v);
