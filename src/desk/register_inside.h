/* desk/register_inside.h - what the files of the register share; no one else includes it. */
#pragma once
#include "desk/own.h"
#include "desk/register.h"

struct organisation_network {
    struct ipnet net;
    enum owner_role role;
};
/* One organisation as a row or an object gives it; everything in one arena. */
struct organisation_record {
    struct uuid id; /* zero: not known yet */
    struct text name, sector, contacts;
    struct organisation_network *networks;
    size_t network_count;
    struct text *domains; /* normal form */
    size_t domain_count;
};

/* ---- register_object.c ---- */
/* From a row's cells. ERR_MALFORMED: *ret_reason (static or in the arena) says why. ERR_NOMEM */
MUST_CHECK enum err organisation_of_row(struct arena *arena, struct text name, struct text sector,
                                        struct text networks, struct text domains, struct text contacts,
                                        struct organisation_record *ret, const char **ret_reason);
/* From an identity's body; ERR_NOT_FOUND: an identity that is no organisation of the register. */
MUST_CHECK enum err organisation_of_object(struct arena *arena, const struct json_val *identity,
                                           struct organisation_record *ret);
void organisation_write(const struct organisation_record *r, struct text id, const struct fact_genesis *g,
                        const struct own_times *times, struct buffer *out);
/* "192.0.2.0/24", or the address alone for a whole one. .ptr NULL: no memory */
struct text organisation_net_text(struct arena *arena, const struct ipnet *net);

/* ---- register.c ---- */
MUST_CHECK enum err constituency_new(const struct organisation_record *records, size_t count,
                                     struct constituency **ret);
/* The organisations in the view, read with read_body. */
typedef enum err organisation_body(void *self, struct place place, struct buffer *out, struct fault *reterr);
MUST_CHECK enum err organisations_read(struct view *v, const struct uuid *identity, organisation_body *read_body,
                                       void *self, struct arena *arena, struct organisation_record **ret,
                                       size_t *ret_count, struct fault *reterr);

/* ---- register_net.c: longest prefix ---- */
struct net_entry {
    struct ipnet net;
    struct text text;
    uint32_t organisation;
    uint32_t parent; /* the smallest other network that holds it; NET_NONE */
    uint8_t role;
};
#define NET_NONE UINT32_MAX
/* Sorts, drops repeated networks (the smaller organisation number stays), links parents; returns the new count. */
size_t nets_prepare(struct net_entry *nets, size_t count);
/* The longest network that holds a and is no longer than most; NULL. */
const struct net_entry *nets_find(const struct net_entry *nets, size_t count, const struct ipaddr *a, uint8_t most);

/* ---- register_name.c: domain suffixes ---- */
struct name_entry {
    struct text name; /* normal form; len 0: free slot */
    uint32_t organisation;
};
struct name_table {
    struct name_entry *slots; /* owned */
    size_t mask, count;
};
MUST_CHECK enum err names_init(struct name_table *t, size_t names);
void names_done(struct name_table *t);
/* The first of equal names stays. */
void names_add(struct name_table *t, struct text name, uint32_t organisation);
/* The longest suffix at a label boundary; NULL. */
const struct name_entry *names_find(const struct name_table *t, struct text name);
