/* What the programs of this room share: documents and their elements from literals. */
#pragma once
#include "json/json.h"
#include "json/split.h"

/* Parses or fails the test. */
struct json_doc *parsed(struct text t);
/* The canonical form, NUL-terminated, to be freed; *ret_lossy may be NULL. */
char *canonical(struct text t, bool *ret_lossy);

#define ELEMENTS_MAX 64
struct elements {
    char *text[ELEMENTS_MAX]; /* copies; NULL where one was passed over */
    int64_t offset[ELEMENTS_MAX];
    size_t count;
    enum err err; /* how it ended: ERR_NOT_FOUND is well */
    struct fault fault;
    bool found;
    char *envelope;
};
/* Splits a document that lies in a descriptor, or in `pushed` and then the descriptor. */
struct elements elements_read(int fd, struct text pushed, size_t max);
struct elements elements_of(struct text document, size_t max);
void elements_free(struct elements *e);
/* A descriptor with these bytes, at its beginning. */
int descriptor_of(struct text bytes);
