/* desk/intake_document.c - the entry that a document was taken in. A format that loses something on the way to STIX
 * keeps its own bytes, cut into pieces: one entry a piece. The same bytes are kept once. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "desk/intake_inside.h"

struct document {
    struct intake *in;
    struct sha256 hash;
    uint32_t part, parts;
    struct text piece;
    uint64_t at;
};

static enum err write_document(struct txn *t, void *self, struct fault *reterr)
{
    struct document *d = self;
    const struct intake *in = d->in;
    const struct intake_totals *n = &in->totals;
    struct fact f = {.kind = FACT_DOCUMENT};
    f.u.document = (struct fact_document){.account = in->options->account,
                                          .party = in->party,
                                          .source = in->options->source,
                                          .name = in->options->name,
                                          .format = text_of(reader_format_name(n->format)),
                                          .hash = d->hash,
                                          .part = d->part,
                                          .parts = d->parts,
                                          .read = n->read,
                                          .fresh = n->fresh,
                                          .updated = n->updated,
                                          .unchanged = n->unchanged,
                                          .rejected = n->rejected,
                                          .whole = n->whole};
    enum err e = txn_append(t, &f, d->piece, TEXT_NONE, reterr);
    if (e == OK)
        d->at = f.n;
    return e;
}

static enum err append_document(struct document *d, struct fault *reterr)
{
    enum err e = node_write(d->in->node, write_document, d, reterr);
    if (e == OK)
        d->in->totals.at = d->at;
    return e;
}

static enum err known_already(struct intake *in, const struct sha256 *hash, bool *ret, struct fault *reterr)
{
    struct view *v;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    struct fact_document before;
    e = view_document(v, hash, &before, reterr);
    node_reader_done(in->node, v);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    *ret = e == OK;
    return OK;
}

static enum err read_piece(const struct intake *in, uint64_t at, char *piece, size_t len, struct fault *reterr)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(in->spool.fd, piece + done, len - done, in->spool.start + (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(reterr, "reading the document again");
        if (n == 0)
            return fault_set(reterr, ERR_IO, "the document became shorter while it was read");
        done += (size_t)n;
    }
    return OK;
}

static enum err append_pieces(struct document *d, uint64_t bytes, struct fault *reterr)
{
    uint64_t parts = (bytes + INTAKE_PIECE_BYTES - 1) / INTAKE_PIECE_BYTES;
    char *piece = malloc(INTAKE_PIECE_BYTES);
    if (!piece)
        return fault_set(reterr, ERR_NOMEM, "no memory to keep the document");
    enum err e = OK;
    d->parts = (uint32_t)parts; /* DOCUMENT_MAX_BYTES keeps it small */
    for (uint64_t i = 0; e == OK && i < parts; i++) {
        uint64_t at = i * INTAKE_PIECE_BYTES;
        size_t len = bytes - at < INTAKE_PIECE_BYTES ? (size_t)(bytes - at) : INTAKE_PIECE_BYTES;
        e = read_piece(d->in, at, piece, len, reterr);
        d->part = (uint32_t)i;
        d->piece = (struct text){piece, len};
        if (e == OK)
            e = append_document(d, reterr);
    }
    free(piece);
    return e;
}

enum err intake_record_document(struct intake *in, struct fault *reterr)
{
    struct document d = {.in = in};
    uint64_t bytes;
    bool known = false;
    enum err e = intake_spool_hash(&in->spool, &d.hash, &bytes, reterr);
    if (e == OK)
        e = known_already(in, &d.hash, &known, reterr);
    if (e != OK)
        return e;
    if (reader_format_keeps(in->totals.format) && !known && bytes > 0)
        return append_pieces(&d, bytes, reterr);
    d.parts = 0; /* none kept with this entry */
    return append_document(&d, reterr);
}
