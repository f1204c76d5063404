/* desk/intake.h - takes a foreign document into the log: reads it through reader/, decides what each object is (new,
 * newer, unchanged, another's claim), appends in groups, and tells after each durable group. */
#pragma once
#include <stdatomic.h>

#include "desk/named.h"
#include "format/record.h"
#include "reader/reader.h"
#include "store/node.h"

struct intake_options {
    enum reader_format format; /* READER_DETECT: found out */
    enum tlp marking;          /* fills absent markings only; TLP_NONE: none */
    /* Ids of marking definitions that objects without any marking get, written into them: only with from_self. */
    const struct text *markings;
    size_t marking_count;
    bool from_self; /* our own: `ours` to the gate */
    /* It came over the party's own authenticated line: */
    struct uuid identity; /* of the party's node, so that what it created is known as its own; zero: not known */
    bool provable;        /* the party's log is pinned: proofs can be asked of it later */
    struct uuid party;    /* from whom; zero: unknown */
    struct uuid source;   /* the channel; zero: none */
    struct uuid account;  /* who acts */
    struct text exercise; /* this document is material of that exercise, says who takes it in: it gets the mark */
    bool strict; /* any object that is refused, or taken in with a warning, refuses the document whole: nothing of it
                    is taken in */
    struct text name;          /* of the document, for people, and for formats whose type stands in it */
    struct text rules;         /* field maps that this node's people changed (format/format.h); else empty */
    const atomic_bool *cancel; /* NULL: never; looked at between groups */
    /* Told after each durable group: objects dealt with so far, last durable entry. May be NULL. */
    void (*on_commit)(void *self, uint64_t acked, uint64_t at);
    void (*on_rejected)(void *self, const struct record_rejected *r);
    /* Of an object that was taken in although it breaks a MUST (model/stix.h: let). May be NULL. */
    void (*on_warned)(void *self, const struct record_object *o);
    /* Of an object that was found in text and waits for a person, also when it was held already. May be NULL. */
    void (*on_proposed)(void *self, const struct record_object *o);
    /* What of the document no object carries. May be NULL. */
    void (*on_lost)(void *self, const struct record_lost *l);
    /* A finding was made because an object names a value of ours. May be NULL. */
    void (*on_named)(void *self, const struct named_news *news);
    /* A TAXII envelope: told of it before anything is taken in, and before that of its first `elements` objects. What
     * on_envelope returns ends the intake unless it is OK. NULL: no envelope is asked for. */
    enum err (*on_envelope)(void *self, const struct record_envelope *e, struct fault *reterr);
    void (*on_element)(void *self, const struct record_element *e);
    uint32_t elements;
    void *self;
};
/* A row of a list (a format without times) that is said again gets a new version when its last one is that old. */
#define INTAKE_RENEW_US ((int64_t)7 * 24 * 3600 * 1000000)

struct intake_totals {
    enum reader_format format;
    /* read = fresh + updated + unchanged + rejected. fresh: objects not known before; updated: another version counts
     * now; unchanged: what counts stayed as it was. */
    uint64_t read, fresh, updated, unchanged, rejected;
    /* Kept beside what counts; the first three and quarantined versions of known objects are among the unchanged, a
     * conflict won is an update; renditions are. */
    uint64_t claims, older, conflicts, quarantined, renditions;
    uint64_t warned; /* of all that was taken in, what breaks a MUST that was let pass */
    uint64_t lost;   /* pieces of the document that no object carries; its bytes are kept */
    /* Reported events are among `read`, those that were counted before among `unchanged`, the others `fresh`. */
    uint64_t events, findings;       /* reported events, and the findings that they made or joined */
    uint64_t organisations, nobodys; /* affected by them; events that touch nobody's value */
    uint64_t proposed;               /* of the fresh ones: they wait for a person */
    uint64_t named;                  /* findings made because an object names a constituent's own value */
    uint64_t red;                    /* of all, what is RED and waits in quarantine for an agreement or a releaser */
    uint64_t reclassed;              /* held objects whose class is another one, by the definitions that came in */
    uint64_t at;                     /* last durable entry */
    bool whole;                      /* the document was read to its end */
};
/* OK: everything that could be taken in is durable (refused objects were told by on_rejected). ERR_MALFORMED: the
 * document is not readable or was cut off; what came before stays, totals say how much (strict: nothing). ERR_FULL:
 * below the disk reserve, or the disk is full. ERR_CANCELLED: up to totals.at. ERR_IO | ERR_NOMEM. *ret_totals is
 * always filled. Idempotent: the same document again changes nothing and appends nothing. */
MUST_CHECK enum err intake_run(struct node *node, int fd, const struct intake_options *options,
                               struct intake_totals *ret_totals, struct fault *reterr);

/* The party of that name, recorded now when it was not known. "self" is refused (ERR_USAGE). */
MUST_CHECK enum err intake_party(struct node *node, struct text name, const struct uuid *account,
                                 struct uuid *ret_party, struct fault *reterr);
