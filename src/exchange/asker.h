/* exchange/asker.h - who asks over TAXII: the account behind a token, and the recipient the gate judges it as. */
#pragma once
#include "net/http.h"
#include "store/node.h"

struct asker {
    struct uuid account;
    struct text name;           /* of the account; in the request's arena */
    struct recipient recipient; /* its name is in the arena too */
    bool may_write;             /* POST */
    enum role role;             /* of one of our own accounts; ROLE_NONE: a partner's machine */
    unsigned scopes;            /* enum scope: of the token, and no more than the account may have */
};
/* Authorization: "Bearer TOKEN" ("Token TOKEN" too, which taxii2-client sends) with a token or a session's, or
 * "Basic" with the account's name and a token or its password, which login_gate() has let through. ERR_NOT_FOUND:
 * nobody (401), whatever the cause. ERR_DENIED: an expelled partner (403). ERR_IO | ERR_NOMEM */
MUST_CHECK enum err asker_find(struct node *node, struct view *v, struct text authorization, struct arena *arena,
                               struct asker *ret, struct fault *reterr);

/* A party as the gate sees it at now_us by its newest settings and the lists it stands on; without any: ceiling
 * GREEN, no sightings. Name and memberships in the arena. ERR_NOMEM | ERR_IO */
MUST_CHECK enum err recipient_of_party(struct node *node, struct view *v, const struct uuid *party,
                                       struct arena *arena, struct recipient *ret, struct fault *reterr);
struct recipient recipient_of_account(struct node *node, const struct uuid *account, enum role role,
                                      struct text name);
struct recipient recipient_public(struct node *node); /* whoever reads what is published */
/* Everything that counts for a decision is the same; the name does not. */
bool recipient_same(const struct recipient *a, const struct recipient *b);
bool uuid_some(const struct uuid *u); /* not all zero */
