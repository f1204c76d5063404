/* exchange/explain.c - one object and one recipient, by the steps of a page. */
#include "exchange/explain.h"

#include <stdio.h>

#include "exchange/page_refs.h"

void explained_done(struct explained *e)
{
    cleared_free(e->object);
    clearance_unref(e->clearance);
    *e = (struct explained){0};
}

/* What its giver withdrew is on no page (store/view.h), whatever the gate says of it. */
static void withdraw(struct explained *e)
{
    struct decision *d = &e->decision;
    cleared_free(e->object);
    e->object = NULL;
    d->cleared = false;
    d->rule_count = 1;
    d->rules[0] = (struct decision_rule){.id = "14 withdrawn"};
    snprintf(d->rules[0].words, sizeof d->rules[0].words,
             "who gave it withdrew it from the collections; given again it goes as before");
}

static enum err explain_with(struct node *node, struct view *v, struct text id, const struct recipient *r,
                             enum door door, int64_t now_us, struct arena *arena, struct explained *ret,
                             struct fault *reterr)
{
    struct version_row row;
    char name[VERSION_NAME_MAX];
    enum err e = view_current(v, id, &row, reterr);
    if (e)
        return e;
    struct page_object o = {
        .id = id, .version = arena_text(arena, version_name(&row, name)), .class_id = row.class_id, .body = row.body};
    bool withdrawn = row.withdrawn;
    if (!o.version.ptr)
        return ERR_NOMEM;
    e = clearance_make(v, r, door, now_us, NULL, &ret->clearance, reterr);
    if (e)
        return e;
    struct page page = {.node = node, .view = v, .clearance = ret->clearance, .now_us = now_us, .arena = arena};
    e = page_explain(&page, &o, &ret->decision, &ret->object, reterr);
    page_done(&page);
    if (e == OK && withdrawn && r->kind != RECIPIENT_OWN_ACCOUNT)
        withdraw(ret);
    if (e == OK)
        ret->cls = *clearance_class(ret->clearance, o.class_id, &(bool){false});
    return e;
}

enum err explain_object(struct node *node, struct view *v, struct text id, const struct recipient *r, enum door door,
                        int64_t now_us, struct arena *arena, struct explained *ret, struct fault *reterr)
{
    struct explained made = {0};
    enum err e = view_snapshot(v, reterr);
    if (e)
        return e;
    e = explain_with(node, v, id, r, door, now_us, arena, &made, reterr);
    view_end(v);
    if (e)
        explained_done(&made);
    else
        *ret = made;
    return e;
}
