/* history.h - what a node may live through, by chance and repeatable: objects in all standings, desk objects, people
 * and partners, releases and openings. And the view written out, to be compared. */
#pragma once
#include "facts_made.h"
#include "store/node.h"

#define HISTORY_OBJECTS  40
#define HISTORY_FINDINGS 8
#define HISTORY_PARTIES  5
#define HISTORY_OWN      256

struct history {
    struct facts_made made;
    struct {
        uint64_t versions; /* so far */
        bool current;
    } objects[HISTORY_OBJECTS], findings[HISTORY_FINDINGS];
    uint64_t steps;
    uint64_t own[HISTORY_OWN]; /* entries that the history wrote last: its vouchers change the standing of these */
    size_t own_count;
};
void history_init(struct history *h, uint64_t seed);
void history_done(struct history *h);
/* Appends one entry of some kind. */
enum err history_step(struct history *h, struct txn *t, struct fault *reterr);
/* One write of so many steps; told to fail, it does after the last. */
enum err history_write(struct history *h, struct node *node, size_t steps, bool fail, struct fault *reterr);

/* All tables of the view, rows in order of all their columns, as text. */
void view_dump(const char *path, struct buffer *out);
/* Fails the test unless the node's view is what a replay of its log gives. The node must be an owner. */
void assert_view_is_replay(struct node *node);
/* A new home with small segments; fails the test when it cannot be made. */
void history_home(const struct io *io, const char *home);
