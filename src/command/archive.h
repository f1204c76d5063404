/* command/archive.h - the archive of a home, for the commands that use it. */
#pragma once
#include "command/session.h"
#include "desk/watchlist.h"
#include "match/archive.h"
#include "match/logline.h"

/* HOME/archive */
void archive_of(const struct session *s, char out[ARCHIVE_PATH_MAX]);
/* Every log that is there, oldest first, open for the call. One that cannot be opened is named on standard error and
 * passed over, and its error returned at the end. */
typedef enum err archive_fn(void *self, const struct archive_log *l);
MUST_CHECK enum err archive_each(struct session *s, archive_fn *each, void *self);
/* Lets go of logs whose last event is more than keep_days old, then of the oldest until the archive is at most max_gb
 * (10^9 bytes); 0: for ever, without limit. Complains of what goes wrong. */
void archive_retain(struct session *s, uint64_t keep_days, uint64_t max_gb);
/* What the log's first lines say of all that follow: *io_stream is freed and made anew, *ret_header borrows from it,
 * NULL when they say nothing. Of a block that cannot be read, nothing. ERR_NOMEM */
MUST_CHECK enum err archive_read_header(const struct archive_log *l, struct packer *p, struct buffer *scratch,
                                        struct logline_stream **io_stream, const struct logline_header **ret_header);
/* What the search structure is asked for a list; of one so long that nearly every block would be a candidate: all. */
MUST_CHECK enum err archive_query_of(const struct watchlist *list, struct archive_query **ret);
