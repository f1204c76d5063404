/* store/format.h - HOME/format: which version of this program's homes it is, read before anything else is opened.
 *
 *   entente-home 2
 *   program 0.1.0
 *   compatible NAME ...
 *   incompatible NAME ...
 *
 * The first two lines stay as they are in every version to come, so that any program can say who wrote a home that it
 * cannot read. Parts of a home (log segments, local.db, view, tree) have versions of their own beside this one.
 * Missing: version 1, the homes of 0.0.1. Written by init, replaced whole by a migration (store/migrate.h). */
#pragma once
#include "base/io.h"
#include "base/text.h"

#define HOME_FORMAT      "format"
#define HOME_VERSION     2 /* what this program makes, and migrates older ones to */
#define FORMAT_MAX_BYTES 4096
#define FORMAT_NAME_MAX  32
#define FORMAT_FLAGS_MAX 16

struct home_format {
    uint32_t version;
    char program[FORMAT_NAME_MAX + 1]; /* that wrote it last; "0.0.1" for a home without the file */
    /* Features in use. An incompatible one that is unknown here: the home is not opened. Compatible ones may be
     * unknown: they are kept. */
    char compatible[FORMAT_FLAGS_MAX][FORMAT_NAME_MAX + 1], incompatible[FORMAT_FLAGS_MAX][FORMAT_NAME_MAX + 1];
    size_t compatible_count, incompatible_count;
};

/* This program's own. */
struct home_format format_ours(void);
/* From the file's bytes. A version above HOME_VERSION: only version and program are read. ERR_MALFORMED */
MUST_CHECK enum err format_parse(struct text bytes, struct home_format *ret, struct fault *reterr);
/* ERR_NOT_FOUND: neither the file nor a log: no home. ERR_MALFORMED | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err format_read(const struct io *io, const char *home, struct home_format *ret, struct fault *reterr);
/* Replaces the file, whole and durable. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err format_write(const struct io *io, const char *home, const struct home_format *f,
                                 struct fault *reterr);
/* May this program open it (after a migration, perhaps)? ERR_VERSION: the fault says which program wrote it, what
 * this one can read and what to do. */
MUST_CHECK enum err format_check(const char *home, const struct home_format *f, struct fault *reterr);
