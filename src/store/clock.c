#include "store/clock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "store/node_inside.h"

/* local.db: the log's last time when the clock was last found behind. */
#define BEHIND_SPACE "clock"
#define BEHIND_KEY   "behind"
#define NUMBER_MAX   32

struct jump {
    struct uuid account;
    int64_t by_us;
};

static enum err append_jump(struct txn *t, void *self, struct fault *reterr)
{
    const struct jump *j = self;
    char by[NUMBER_MAX];
    struct fact f = {.kind = FACT_ACT};
    snprintf(by, sizeof by, "%+lld", (long long)j->by_us);
    f.u.act = (struct fact_act){.account = j->account, .verb = TEXT("clock-jump"), .subject = text_of(by)};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

enum err node_note_jump(struct node *node, int64_t by_us, struct fault *reterr)
{
    struct jump j = {.account = *node_admin(node), .by_us = by_us};
    return node_write(node, append_jump, &j, reterr);
}

/* Until when the clock is known to be behind; lowest: it is not known to be. */
static int64_t known_behind(struct node *node)
{
    struct buffer b;
    int64_t until = INT64_MIN;
    buffer_init(&b, NUMBER_MAX);
    if (local_get(node->local, BEHIND_SPACE, TEXT(BEHIND_KEY), &b, NULL) == OK) {
        buffer_add_char(&b, 0);
        until = buffer_error(&b) == OK ? strtoll(b.ptr, NULL, 10) : INT64_MIN;
    }
    buffer_done(&b);
    return until;
}

static enum err remember(struct node *node, struct fault *reterr)
{
    char until[NUMBER_MAX];
    snprintf(until, sizeof until, "%lld", (long long)log_last_us(node->log));
    return local_set(node->local, BEHIND_SPACE, TEXT(BEHIND_KEY), text_of(until), reterr);
}

enum err node_check_clock(struct node *node, int64_t now_us, struct fault *reterr)
{
    int64_t last_us = log_last_us(node->log), by_us = now_us - last_us;
    if (node->mode != NODE_OWN || last_us == INT64_MIN || by_us >= -CLOCK_JUMP_US)
        return OK;
    /* Entries written meanwhile are a microsecond apart: a second is a million of them. */
    int64_t known = known_behind(node);
    if (known != INT64_MIN && last_us >= known && last_us - known < CLOCK_JUMP_US)
        return OK;
    enum err err = node_note_jump(node, by_us, reterr);
    return err == OK ? remember(node, reterr) : err;
}
