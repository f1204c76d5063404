/* format/format.h - what every reader of a foreign format gives, so that one table holds them all (reader/formats.c).
 * A reader of a format runs in a process without rights: no files, no clock it may trust, no network. It turns one
 * document into records (format/record.h). It never fails for what is in the document: faults are records. */
#pragma once
#include "format/record.h"
#include "json/feed.h"

/* How a document begins, to tell what it is. */
struct format_head {
    struct text bytes; /* its first bytes, a byte order mark included */
    bool whole;        /* there are no more, or no more will be looked at */
    struct text name;  /* of the document: a file's name without its folder; may be empty */
};
enum format_claim {
    FORMAT_NO,
    FORMAT_MORE,  /* more bytes are needed to say */
    FORMAT_MAYBE, /* when nobody is sure: the first that says so reads it */
    FORMAT_YES    /* the first that says so reads it */
};

struct container_budget; /* format/part.h */

struct format_job {
    struct feed_from from;
    struct text head;     /* bytes already taken off it: they come first */
    struct text name;     /* as above: some formats' type stands in the file's name */
    struct text within;   /* of a piece: the name of the document around all containers; else empty */
    struct text party;    /* part of derived ids, so that two parties' rows are two objects */
    struct text identity; /* taken in as our own: created_by_ref; else empty */
    struct text rules;    /* field maps that this node's people changed (docs of the format); else empty */
    uint8_t tlp;          /* enum tlp: fills absent markings only; TLP_NONE: none */
    /* What is in a mail: who it says it is from (an address, or empty). */
    struct text sender;
    /* For containers: what reads a piece of them that begins so, or of that name (as: NULL, found out). *ret_more:
     * more bytes are needed to say. NULL: nothing does. */
    const struct format *(*inner)(const struct format_job *job, const struct format_head *h, const char *as,
                                  bool *ret_more);
    const char *inner_as;            /* the format that was asked for by name, of the pieces; NULL: found out */
    struct container_budget *budget; /* of the container around; NULL: none is around */
    unsigned depth;                  /* containers around */
};

struct format {
    const char *name; /* as the command line says it */
    bool keeps;       /* its records lose something: the document's bytes are kept, too */
    enum format_claim (*claim)(const struct format_head *h);
    /* Texts of the job are copied. ERR_NOMEM */
    enum err (*open)(const struct format_job *job, void **ret);
    /* Appends the record of the next piece, or those that end the document (the last is a RECORD_END). Records stand
     * in the order of their places in the document; several may share one. ERR_NOT_FOUND after that. ERR_NOMEM */
    enum err (*next)(void *self, struct buffer *to);
    void (*free)(void *self); /* accepts NULL */
    bool apart;               /* no two of its objects stand at one place */
};
