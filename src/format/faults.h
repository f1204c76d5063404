/* format/faults.h - every fault of a foreign document, told one by one in bounded memory: what `validate` shows.
 * Nothing is kept, nothing is refused: who reads a document to keep it uses stix.h. */
#pragma once
#include "base/buffer.h"
#include "model/stix_validate.h"

/* Faults of one object that are told one by one; the rest of them are counted, and one more fault says how many. */
#define FAULTS_OF_OBJECT_MAX 1000
/* What is told of a pointer and of the words; cut at a character. */
#define FAULT_POINTER_MAX_BYTES (4 * KIB)
#define FAULT_WORDS_MAX_BYTES   (2 * KIB)
#define FAULT_EXCERPT_MAX_BYTES 120

/* One fault, and where. Texts are UTF-8 without control characters, but for the pointer, which is as in the document
 * (its bytes are UTF-8), and live until the callback returns. */
struct document_fault {
    enum stix_severity severity;
    int64_t at;           /* offset of the object's first byte; of the very byte where the text is no JSON, or in a
                             pattern */
    int64_t line, column; /* from 1, column in bytes: of what is wrong, as near as can be told */
    struct text id;       /* the object's, as far as it can be shown; empty: none */
    struct text pointer;  /* RFC 6901, from the object; empty: the object itself */
    struct text rule, words;
    struct text excerpt; /* patterns: a part of the line, with the column's character at `caret` */
    size_t caret;        /* characters before it */
};

struct document_sum {
    uint64_t objects;         /* or patterns */
    uint64_t musts, shoulds;  /* faults, also those that are not told one by one */
    uint64_t valid;           /* objects without a broken MUST */
    uint64_t unreadable;      /* faults by which a part is no JSON, or is too long or too deep to be read */
    uint64_t bytes;           /* read */
    bool together_incomplete; /* more objects than can be compared with each other */
};

struct document_faults {
    void (*on_fault)(void *self, const struct document_fault *f);
    void (*on_progress)(void *self, uint64_t bytes, uint64_t objects); /* now and then; may be NULL */
    void *self;
    /* For STIX: what compares the objects, borrowed and used for this document alone. Making one asks the system for
     * chance, which a locked-in reader may not; NULL: one is made. */
    struct stix_together *together;
};
/* Objects of one document that can be compared: some millions. */
#define FAULTS_TOGETHER_MAX_BYTES (256 * MIB)

/* A bundle, several, a TAXII envelope, a list of objects, one object, or objects one a line. The fd is borrowed and
 * read from where it stands; -1: only `head`.
 * OK: read to its end, over the parts that cannot be read; *ret_sum says what was found. ERR_MALFORMED: it is not
 * JSON, or cut short, and this was told as its last fault; *ret_sum is filled, too. ERR_IO | ERR_NOMEM: *reterr. */
MUST_CHECK enum err stix_faults(int fd, struct text head, const struct document_faults *to,
                                struct document_sum *ret_sum, struct fault *reterr);
/* STIX patterns, one a line, or one over the whole file. Blank lines are passed over. Errors as above. */
MUST_CHECK enum err pattern_faults(int fd, struct text head, const struct document_faults *to,
                                   struct document_sum *ret_sum, struct fault *reterr);
