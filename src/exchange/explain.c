#include "exchange/explain.h"

#include "exchange/page_refs.h"

static enum err decide(struct node *node, struct view *v, struct text id, const struct recipient *r, int64_t now_us,
                       struct arena *arena, struct decision *ret, struct fault *reterr)
{
    struct version_row row;
    struct clearance *clearance;
    enum err e = view_current(v, id, &row, reterr);
    if (e)
        return e;
    uint32_t class_id = row.class_id;
    struct place body = row.body;
    e = clearance_make(v, r, DOOR_TAXII, now_us, &clearance, reterr);
    if (e)
        return e;
    struct page page = {.node = node, .view = v, .clearance = clearance, .now_us = now_us, .arena = arena};
    e = page_explain(&page, class_id, body, ret, reterr);
    page_done(&page);
    clearance_unref(clearance);
    return e;
}

enum err explain_for_party(struct node *node, struct view *v, struct text id, const struct uuid *party,
                           int64_t now_us, struct arena *arena, struct recipient *ret_recipient, struct decision *ret,
                           struct fault *reterr)
{
    enum err e = recipient_of_party(node, v, party, arena, ret_recipient, reterr);
    if (e)
        return e;
    e = view_snapshot(v, reterr);
    if (e)
        return e;
    e = decide(node, v, id, ret_recipient, now_us, arena, ret, reterr);
    view_end(v);
    return e;
}
