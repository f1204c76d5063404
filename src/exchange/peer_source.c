/* exchange/peer_source.c - the source of a partner. */
#include "exchange/peer_source.h"

#include "base/limits.h"

#define PREFIX "taxii:"

static enum err source_by_party_name(struct view *v, const struct uuid *party, struct text name, struct uuid *ret,
                                     struct fault *reterr)
{
    struct buffer full;
    struct fact_source source;
    buffer_init(&full, NAME_MAX_BYTES + sizeof PREFIX);
    buffer_add(&full, TEXT(PREFIX));
    buffer_add(&full, name);
    enum err e = buffer_error(&full);
    if (e == OK)
        e = view_source_by_name(v, buffer_text(&full), &source, reterr);
    if (e == OK && !uuid_eq(&source.party, party))
        e = ERR_NOT_FOUND;
    if (e == OK)
        *ret = source.id;
    buffer_done(&full);
    return e;
}

enum err peer_source_find(struct view *v, const struct uuid *party, struct uuid *ret, struct fault *reterr)
{
    struct fact_party fact;
    struct buffer name;
    enum err e = view_party(v, party, &fact, reterr);
    if (e)
        return e;
    buffer_init(&name, NAME_MAX_BYTES); /* the fact's texts end with the next question */
    buffer_add(&name, fact.name);
    e = buffer_error(&name);
    if (e == OK)
        e = source_by_party_name(v, party, buffer_text(&name), ret, reterr);
    buffer_done(&name);
    return e;
}

enum err peer_source_make(struct txn *t, const struct uuid *party, struct text name, const struct uuid *account,
                          struct uuid *ret, struct fault *reterr)
{
    enum err e = source_by_party_name(txn_view(t), party, name, ret, reterr);
    if (e != ERR_NOT_FOUND)
        return e;
    struct buffer full;
    buffer_init(&full, NAME_MAX_BYTES + sizeof PREFIX);
    buffer_add(&full, TEXT(PREFIX));
    buffer_add(&full, name);
    struct fact f = {
        .kind = FACT_SOURCE,
        .u.source = {.id = uuid_random(), .account = *account, .party = *party, .name = buffer_text(&full)}};
    e = buffer_error(&full);
    if (e == OK)
        e = txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
    if (e == OK)
        *ret = f.u.source.id;
    buffer_done(&full);
    return e;
}
