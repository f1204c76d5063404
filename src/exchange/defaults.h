/* exchange/defaults.h - the recorded default markings and PAP of all sources, as they stand: a class remembers the
 * default its source had when its objects came in, and what counts is the one it has now (release.md 1). */
#pragma once
#include "store/node.h"

struct source_default {
    struct uuid source;
    enum tlp tlp;
    enum pap pap;
};
struct defaults {
    struct source_default *list; /* owned; by source */
    size_t count;
};
MUST_CHECK enum err defaults_read(struct view *v, struct defaults *ret, struct fault *reterr);
void defaults_done(struct defaults *d);
/* The class as it is decided: with its source's default of now; as it is when the source is not among them. */
void defaults_apply(const struct defaults *d, struct gate_class *c);
bool defaults_same(const struct defaults *a, const struct defaults *b);

/* Kept as text between two looks: "SOURCE LABEL PAP" lines. */
void defaults_write(const struct defaults *d, struct buffer *out);
MUST_CHECK enum err defaults_parse(struct text t, struct defaults *ret);
