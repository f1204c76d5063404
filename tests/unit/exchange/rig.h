/* unit/exchange/rig.h - whole nodes in temporary homes, asked over TAXII: by a call, or over a real socket. */
#pragma once
#include "support/test.h"

#include "desk/intake.h"
#include "exchange/ledger_server.h"
#include "exchange/peer.h"
#include "exchange/taxii_server.h"
#include "json/json.h"

#define RIG_PATH_MAX 600

struct rig {
    char dir[RIG_PATH_MAX];
    char home[RIG_PATH_MAX + 8];
    struct node *node;
    struct taxii_server *server;
    struct ledger_server *ledger;
    struct http_server *http;
    char url[64];      /* http://127.0.0.1:PORT/taxii2/ once it listens */
    struct buffer all; /* every byte that any answer held: headers and bodies */
};
void rig_open(struct rig *r, const char *name);
void rig_listen(struct rig *r);
void rig_restart(struct rig *r); /* the process ends and begins again */
void rig_close(struct rig *r);

/* A partner with a token of ours. Texts live until the rig's end. */
struct rig_partner {
    struct uuid party;
    char token[128], account[NAME_MAX_BYTES + 1];
};
struct rig_partner rig_invite(struct rig *r, const char *name);
struct uuid rig_party(struct rig *r, const char *name); /* recorded now when it was not */
/* B takes A's invitation: B pulls from A. */
struct uuid rig_connect(struct rig *taker, struct rig *giver);
/* A machine of our own people. */
void rig_account(struct rig *r, const char *name, enum role role, char token[128]);

/* ---- content ---- */
/* An indicator; i makes id and value, v its version. label: a TLP 2.0 label, TLP_NONE: unmarked. In a static buffer
 * of eight. */
const char *rig_indicator(unsigned i, unsigned v, enum tlp label);
const char *rig_indicator_id(unsigned i);
const char *rig_indicator_value(unsigned i);
const char *rig_relationship(unsigned i, const char *from, const char *to, enum tlp label);
const char *rig_relationship_id(unsigned i);
/* A note about one thing; without it, there is no note. */
const char *rig_note(unsigned i, const char *about, enum tlp label);
const char *rig_note_id(unsigned i);
/* Takes in {"objects":[text]} from "self", a party by name, or nobody (NULL). */
struct intake_totals rig_import(struct rig *r, const char *from, const char *objects);
struct intake_totals rig_import_as(struct rig *r, const struct intake_options *options, const char *objects);

/* ---- asking ---- */
struct rig_answer {
    int status;
    char *body; /* NUL-terminated; owned */
    size_t len;
    struct json_doc *doc; /* NULL: not JSON */
    char cache[64], etag[64];
    char media_type[96], first[40], last[40], next[256], authenticate[96], allow[64];
    bool more;
    size_t count; /* of objects */
};
struct rig_ask {
    const char *method, *path, *query; /* path below /taxii2/, or with its slash from the root */
    const char *token, *basic_user;    /* token NULL: no Authorization */
    const char *accept, *content_type, *body, *if_none_match;
};
void rig_ask(struct rig *r, const struct rig_ask *ask, struct rig_answer *ret);
/* GET of `intelligence`'s objects. */
void rig_objects(struct rig *r, const char *token, const char *query, struct rig_answer *ret);
void rig_answer_done(struct rig_answer *a);
const struct json_val *rig_object(const struct rig_answer *a, size_t i);
struct text rig_object_id(const struct rig_answer *a, size_t i);
bool rig_has(const struct rig_answer *a, const char *id);
/* A number of view_counts(). */
struct view_counts rig_counts(struct rig *r);
