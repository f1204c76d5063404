/* desk/intake_stamps.c - times of formats that have none of their own (format/record.h: print), and bodies made ready
 * for the log before the writer's turn.
 *
 * A new object's times are those of its chunk's reading: written into the body at once, so that it can be hashed and
 * packed while the writer is busy with the chunk before. Of an object that is held the writer writes them anew:
 * created stays what it was, modified moves on. */
#include <string.h>

#include "base/time.h"
#include "desk/intake_inside.h"

#define STAMP_BYTES 24
#define MS_US       1000

static void fill_stamp(const struct record_object *o, uint32_t at, int64_t us)
{
    char text[STAMP_TEXT_MAX];
    struct text t = stamp_format(stamp_from_us(us, 3), text);
    if (at != 0 && t.len == STAMP_BYTES)
        memcpy((char *)(uintptr_t)o->body.ptr + at, t.ptr, t.len); /* our copy of the chunk */
}

int64_t intake_valid_from_us(const struct record_object *o, int64_t created_us)
{
    return o->has_valid_until && o->valid_until_us <= created_us ? o->valid_until_us - MS_US : created_us;
}

static void fill_stamps(struct intake_item *item, int64_t created_us, int64_t modified_us)
{
    const struct record_object *o = &item->record.u.object;
    fill_stamp(o, o->created_at, created_us);
    fill_stamp(o, o->modified_at, modified_us);
    fill_stamp(o, o->valid_from_at, intake_valid_from_us(o, created_us));
    item->hash = sha256_of(o->body.ptr, o->body.len);
}

void intake_stamp_again(struct intake_item *item, const struct own_times *times)
{
    item->stamped_us = 0;
    item->ready = (struct ready_body){0};
    fill_stamps(item, times->created_us, times->modified_us);
}

enum err intake_make_ready(const struct intake *in, struct intake_items *items, struct intake_item *item,
                           struct fault *reterr)
{
    const struct record_object *o = &item->record.u.object;
    if (in->mostly_held || !items->maker)
        return OK;
    if (o->print != 0) {
        item->stamped_us = items->now_us - items->now_us % MS_US;
        fill_stamps(item, item->stamped_us, item->stamped_us);
    }
    enum err e = body_make(items->maker, o->body, &item->hash, &items->filled, &item->ready);
    /* What does not fit is found out, and refused, where it is appended. */
    return e == ERR_NOMEM ? fault_at(reterr, e, o->at, NULL, "no memory to take the object in") : OK;
}
