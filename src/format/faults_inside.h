/* format/faults_inside.h - what the tellers of faults share; for them alone. */
#pragma once
#include "base/limits.h"
#include "format/faults.h"

/* Fills `bytes` with the first of the descriptor, or of `head` where that is longer. ERR_IO */
MUST_CHECK enum err faults_head(int fd, struct text *io_head, char bytes[64], struct fault *reterr);

/* The text cut at max bytes, between characters, and what no line of people should hold ('?' for controls and for
 * what is no UTF-8): itself where it is fit to be shown, else in `scratch`. */
struct text faults_clean(struct text t, size_t max, struct buffer *scratch);

/* The characters around the byte at `at` (from 0) of a line, cleaned, at most FAULT_EXCERPT_MAX_BYTES of them;
 * *ret_caret characters stand before that byte. In `scratch`. */
struct text faults_excerpt(struct text line, size_t at, struct buffer *scratch, size_t *ret_caret);

/* Why a JSON reader stopped at the byte at `at`, for a person who did not write it: what to do; empty: the
 * reader's own words say enough. `element`: the text is one of several, and what stands behind it was seen to be a
 * comma, a bracket or a line's end, so nothing of it can have been lost on the way. */
const char *faults_advice(struct text json, size_t at, bool element);
