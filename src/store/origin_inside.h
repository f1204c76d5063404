/* store/origin_inside.h - what origin*.c share, and node.c's and writer.c's ways in. */
#pragma once
#include <pthread.h>

#include "store/origin.h"

struct origin_state {
    pthread_mutex_t lock; /* of all below */
    struct node_origin now;
    struct key *key;        /* an owner's; NULL: see key_fault */
    struct fault key_fault; /* err OK while there is a key */
    struct key *retiring;   /* signs beside key; or NULL */
    int64_t retiring_until_us;
    bool has_retiring; /* a reader sees that there is one, and which */
    uint8_t retiring_key[KEY_BYTES];
    bool changing;
};

void origin_init(struct origin_state *o);
/* Learns the origin from the view and, for an owner, settles what a crash left of a succession and loads the key. A
 * key that is missing, damaged or not the right one is no error: signing waits, and says why. */
MUST_CHECK enum err origin_open(struct node *node, struct view *v, struct fault *reterr);
void origin_done(struct origin_state *o);

/* The newest succession in a view; ret->n 0 and the genesis' names when there is none. */
struct origin_newest {
    struct node_origin now;
    uint8_t previous_key[KEY_BYTES];
    enum origin_reason reason; /* 0: genesis */
    int64_t t_us;              /* of its statement */
};
MUST_CHECK enum err origin_newest(struct node *node, struct view *v, struct origin_newest *ret, struct fault *reterr);
/* Makes the files agree with the newest entry. */
MUST_CHECK enum err origin_settle(struct node *node, const struct origin_newest *newest, struct fault *reterr);
#define OLD_KEY_NAME_MAX 40
/* Which number follows a name, and how long it is without one. ERR_MALFORMED: a name that we do not make. */
MUST_CHECK enum err origin_next_name(const char *before, uint32_t *ret_number, size_t *ret_base_len);
const char *origin_old_key(uint64_t n, char out[OLD_KEY_NAME_MAX]); /* "keys/old-N.key" */
