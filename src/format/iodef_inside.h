/* format/iodef_inside.h - what the files of the IODEF reader share; no one else includes it.
 *
 * A document's way: an Incident becomes a tree (iodef_xml.c, or iodef_tree.c of JSON) -> child by child (iodef.c): an
 * EventData becomes an event (iodef_event.c), an Indicator STIX indicators (iodef_indicator.c), and what of the child
 * was not looked at is told as lost. */
#pragma once
#include "format/emit.h"
#include "format/event.h"
#include "format/iodef_tree.h"

/* What an Incident says for all that is in it. Texts live in its tree. */
struct iodef_incident {
    struct iodef_node *node;
    struct text name, id;  /* of IncidentID */
    struct text generated; /* GenerationTime, as a STIX timestamp; empty: none */
    char stamp[STAMP_TEXT_MAX];
    enum tlp tlp;    /* TLP_NONE: its restriction says nothing, or that of an arrangement */
    unsigned events; /* EventData so far */
};

/* An observable that becomes indicators: one value, or a list with one a line. */
struct iodef_piece {
    struct iodef_node *indicator, *node;
    struct text text;     /* what is left of it */
    enum value_kind kind; /* VALUE_NONE: what it looks like */
    bool list;            /* of a line, what stands before the first comma or blank */
    bool rest;            /* something stood behind it */
    struct iodef_piece *next;
};

struct iodef_maker {
    struct event_draft draft;
    struct emit emit;
    struct buffer words, value; /* an object's JSON or an event's evidence; a normal form */
    struct buffer texts;        /* the job's */
    struct text party, identity;
    uint8_t tlp; /* of the job */
    uint64_t read;
};

/* ---- words ---- */
/* The stricter of both; a word that is not known is RED. */
enum tlp iodef_restrict(const struct iodef_node *n, enum tlp so_far);
/* The same over n and all below it. */
enum tlp iodef_strictest(const struct iodef_node *n, enum tlp so_far);
/* What an Address or a bulk list of that category holds; VALUE_NONE: nothing that is looked for. */
enum value_kind iodef_address_kind(struct text category);
/* "192.0.2.0/255.255.255.0" -> "192.0.2.0/24"; others as they are. Written to out (64 bytes). */
struct text iodef_unmasked(struct text t, char *out);
/* A Hash's value in hexadecimal digits; empty: no digest that is known. Written to out (129 bytes). */
struct text iodef_digest(struct iodef_node *hash, char *out);

/* ---- what is made ---- */
/* Marks what iodef_event() looks at in the Incident itself. */
void iodef_event_prepare(struct iodef_incident *in);
/* Appends one event. ERR_NOMEM */
MUST_CHECK enum err iodef_event(struct iodef_maker *m, struct iodef_incident *in, struct iodef_node *data,
                                struct buffer *to);
/* What an IndicatorData or Indicator holds, in the Incident's arena: *ret may be NULL. ERR_NOMEM: the arena is used
 * up. */
MUST_CHECK enum err iodef_indicators(struct iodef_maker *m, struct arena *a, struct iodef_node *data,
                                     struct iodef_piece **ret);
/* Appends the object of the piece's next value, or why there is none. ERR_NOT_FOUND: the piece has no more. ERR_NOMEM
 */
MUST_CHECK enum err iodef_indicator(struct iodef_maker *m, const struct iodef_incident *in, struct iodef_piece *p,
                                    int64_t at, struct buffer *to);
