/* reader/reader.h - one foreign document in, checked flat records out (format/record.h). The document is read by a
 * process of its own that can do nothing else (process/worker.h): a file descriptor goes in, bytes come out, no
 * pointer into a model crosses. What is handed over here has the form of records; whether they are true is for the
 * intake to check, as far as it matters (desk/intake_honest.h). */
#pragma once
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"

/* In the order in which they are asked whether a document is theirs. */
enum reader_format {
    READER_DETECT,
    READER_ZIP,
    READER_MAIL,
    READER_MISP,
    READER_MISP_FEED, /* a feed's manifest: the events it lists, as ELEMENT records */
    READER_IDEA,
    READER_INTELMQ,
    READER_N6,
    READER_IODEF,
    READER_STIX,
    READER_ZEEK,
    READER_SURICATA,
    READER_CSV,
    READER_SHADOWSERVER,
    READER_LIST,
    READER_TEXT,
    READER_WARNINGLIST, /* never detected: a person says that it is one */
    READER_FORMATS
};
const char *reader_format_name(enum reader_format f);     /* "stix", "csv", ... */
enum reader_format reader_format_parse(struct text name); /* READER_DETECT when unknown */
/* "zip, mail, misp, ...": all that a document may be said to be, in the order in which they are asked. */
void reader_format_names(struct buffer *to);
/* Its records lose something: the document's bytes are kept. */
bool reader_format_keeps(enum reader_format f);
/* No two of its objects stand at one place of the document. */
bool reader_format_apart(enum reader_format f);

/* Bytes of a party or identity: an identifier at most; of a document's name; of field maps. */
#define READER_NAME_MAX  512
#define READER_RULES_MAX (48 * KIB)

enum reader_envelope {
    READER_NO_ENVELOPE,
    READER_ENVELOPE,       /* and its objects */
    READER_ENVELOPE_ALONE, /* and an END */
};

struct reader_options {
    enum reader_format format; /* READER_DETECT: from the first bytes */
    struct text name;          /* of the document, its folder included or not; may be empty */
    struct text rules;         /* field maps in place of the program's own (format/format.h); else empty */
    struct text party;         /* part of the derived ids, so that two parties' rows are two objects */
    uint8_t tlp;               /* enum tlp: fills absent markings only (release.md 2); TLP_NONE: none */
    struct text identity;      /* CSV taken in as our own: created_by_ref; else empty */
    size_t chunk_bytes;        /* a chunk is handed over when it passes this, the first ones at a
                                * quarter of it; 0: 1 MiB */
    /* A TAXII envelope (STIX, a file): it is looked through to its end first. The first records are an ENVELOPE, and
     * before it an ELEMENT for each of the first `elements` objects; where it is no envelope they are the last. */
    enum reader_envelope envelope;
    uint32_t elements;
    bool plain;                /* in a reader process: what is a container is left to one that is ready for it */
    const atomic_bool *cancel; /* looked at while we wait; NULL: never */
};

struct reader;

/* The fd is borrowed. A file is read from where it stands, by a description of its own: the fd's place does not move,
 * and two readers of one fd do not meet. What is no file (a pipe) is read as it is. ERR_MALFORMED (no format fits, or
 * what its reader died of) | ERR_DENIED (not to be had in a sandbox, or not to be opened again by us) | ERR_CANCELLED
 * | ERR_NOMEM | ERR_IO; *reterr says it. */
MUST_CHECK enum err reader_open(int fd, const struct reader_options *options, struct reader **ret,
                                struct fault *reterr);
enum reader_format reader_format_of(const struct reader *r);
/* How many bytes a document of that format and size may hold: as many, but for containers, which are packed. */
uint64_t reader_unpacks_to(enum reader_format f, uint64_t bytes);
/* The next chunk of whole records; borrowed until the next call. The last chunk ends with a RECORD_END, after which
 * ERR_NOT_FOUND is returned. Faults of the document are records, not errors. ERR_MALFORMED: the process crashed,
 * hung, used more than it may, or broke the frames; *reterr says what. ERR_CANCELLED | ERR_NOMEM | ERR_IO */
MUST_CHECK enum err reader_next(struct reader *r, struct text *ret_chunk, struct fault *reterr);
void reader_free(struct reader *r);

/* What a file needs to be read twice or from a process without rights: opened once more, for reading only, standing
 * where fd stands. *ret_fd is owned. ERR_DENIED and others as open(). */
MUST_CHECK enum err reader_own_description(int fd, int *ret_fd, struct fault *reterr);
