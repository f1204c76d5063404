/* desk/intake_space.c - the door between the real space and exercises, for objects: what carries an exercise's mark
 * stays out of the real space, and an exercise takes what carries its own, or what a person has declared to be made
 * for it, which then gets the mark. docs/EXERCISES.md; docs/RELEASE.md 10. */
#include <stdio.h>

#include "base/limits.h"
#include "desk/intake_inside.h"
#include "model/public_text.h"
#include "model/space.h"

enum err intake_space_document(const struct intake *in, struct fault *reterr)
{
    struct text space = in->space, said = in->options->exercise;
    if (!said.len || text_eq(said, space))
        return OK;
    if (space_is_real(space))
        return fault_set(reterr, ERR_DENIED,
                         SPACE_RULE ": this is the real node: material of the exercise \"" TEXT_FMT
                                    "\" has no place in it",
                         TEXT_ARG(said));
    return fault_set(reterr, ERR_DENIED,
                     SPACE_RULE ": this node is the exercise \"" TEXT_FMT "\", not \"" TEXT_FMT "\"", TEXT_ARG(space),
                     TEXT_ARG(said));
}

/* Places of times that are filled in later move behind what was put in before them. */
static void move(uint32_t *at, size_t from, size_t by)
{
    if (*at && *at >= from)
        *at += (uint32_t)by;
}

static enum err add_mark(struct intake_items *items, struct record_object *o, struct text exercise,
                         struct fault *reterr)
{
    struct buffer body;
    size_t at, more;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES + KIB);
    enum err err = space_mark_add(o->body, exercise, &body, &at, &more);
    if (err == OK) {
        struct text kept = arena_text(&items->filled, buffer_text(&body));
        err = kept.ptr ? OK : ERR_NOMEM;
        o->body = kept;
        move(&o->created_at, at, more);
        move(&o->modified_at, at, more);
        move(&o->valid_from_at, at, more);
    }
    buffer_done(&body);
    return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for an exercise's mark") : err;
}

enum err intake_space_refuses(const struct intake *in, const struct record_object *o, const char **ret_why,
                              struct fault *reterr)
{
    struct text space = in->space;
    enum space_mark mark;
    enum err err = space_mark_of(o->body, space, &mark);
    *ret_why = NULL;
    if (err == ERR_NOMEM)
        return fault_set(reterr, err, "no memory for an object");
    if (err != OK)
        mark = SPACE_OTHER;
    if (space_is_real(space) && mark != SPACE_UNMARKED)
        *ret_why = "it is of an exercise, and this is the real node: nothing crosses";
    else if (mark == SPACE_OTHER)
        *ret_why = "it is of another exercise than this one: nothing crosses";
    else if (!space_is_real(space) && mark == SPACE_UNMARKED && !in->options->exercise.len &&
             !is_public_text(o->id, o->body))
        *ret_why =
            "it does not carry this exercise's mark, so it may be real. What was made for the exercise: import "
            "--exercise NAME";
    return OK;
}

enum err intake_space(const struct intake *in, struct intake_items *items, struct intake_item *item,
                      struct fault *reterr)
{
    struct record_object *o = &item->record.u.object;
    struct text space = in->space;
    enum space_mark mark = SPACE_UNMARKED;
    const char *why;
    enum err err = intake_space_refuses(in, o, &why, reterr);
    if (err != OK)
        return err;
    if (why) {
        intake_refuse(item, SPACE_RULE, why);
        return OK;
    }
    if (space_is_real(space) || is_public_text(o->id, o->body))
        return OK;
    if (space_mark_of(o->body, space, &mark) == OK && mark == SPACE_THIS)
        return OK;
    err = add_mark(items, o, space, reterr);
    if (err == ERR_NOMEM)
        return err;
    if (err != OK)
        intake_refuse(item, SPACE_RULE, "the exercise's mark cannot be put on it");
    return OK;
}
