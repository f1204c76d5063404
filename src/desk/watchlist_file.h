/* desk/watchlist_file.h - the list of what is looked for as a file that all matchers of a machine map
 * (match/index_file.h): HOME/index/base, and copies of it. Whether it is there decides how fast a matcher starts, and
 * never what it finds: what the view knows beyond the file is loaded from the view. */
#pragma once
#include "desk/watchlist.h"
#include "match/index_file.h"

#define INDEX_FOLDER "index" /* under the home */
#define INDEX_BASE   "index/base"

/* Writes all that counts now: HOME/index/base is replaced. *ret: what was written, mapped. ERR_NOMEM | ERR_IO |
 * ERR_FULL | ERR_LIMIT | ERR_BUSY (the view is being made); the file is what it was. One writer a home at a time: who
 * owns it. */
MUST_CHECK enum err watchlist_build(struct node *node, struct watchlist **ret, struct fault *reterr);
/* Maps a file that anybody made. As index_file_open(). */
MUST_CHECK enum err watchlist_open(int fd, struct watchlist **ret, struct fault *reterr);
/* Maps HOME/index/base when it was made from this view, under the rules of now: its entries are below
 * watchlist_until(), and what came since is to be loaded. *ret NULL: there is none, it is of another view, or damaged
 * (*reterr says so, else its what is empty). ERR_NOMEM | ERR_IO */
MUST_CHECK enum err watchlist_current(struct node *node, struct view *v, struct watchlist **ret,
                                      struct fault *reterr);
/* Is HOME/index/base another than what this list was mapped from? A list that was loaded: is there one? Only a look
 * at its head. */
bool watchlist_newer(struct node *node, const struct watchlist *w);
/* How far HOME/index/base goes, by its head alone. ERR_NOT_FOUND: there is none | ERR_VERSION: it is of another view,
 * or other rules | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err watchlist_base_until(struct node *node, struct view *v, uint64_t *ret_until,
                                         struct fault *reterr);
/* NULL: loaded from the view. Lives as long as the list. */
const struct index_file *watchlist_file(const struct watchlist *w);
