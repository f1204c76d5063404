/* liar.h - file operations between a store and the recorder that misbehave as told: bugs planted on purpose. */
#pragma once
#include <stdbool.h>

#include "base/io.h"

enum bug {
    NO_BUG,
    ACK_BEFORE_SYNC,    /* the test's own: it marks too early */
    NO_SYNC,            /* says that it synced */
    COMMIT_BEFORE_DATA, /* a group's commit is durable, and acknowledged, before the rest is */
};

struct liar {
    struct io io;
    const struct io *under;
    enum bug bug;
    bool swallow;
};
void liar_init(struct liar *l, const struct io *under, enum bug bug);
