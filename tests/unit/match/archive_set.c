#include "archive_set.h"

#include "match/scan.h"
#include "support/test.h"

/* Whole lines, as many as go into `piece`; a longer one by itself, in pieces that go on. */
static size_t next_piece(struct text rest, size_t piece, bool *ret_continues)
{
    size_t most = rest.len < piece ? rest.len : piece;
    const char *newline = memrchr(rest.ptr, '\n', most);
    *ret_continues = !newline && most < rest.len;
    return newline ? (size_t)(newline - rest.ptr) + 1 : most;
}

enum err archive_set_add(const struct io *io, const char *folder, const char *name, struct text lines, size_t piece,
                         uint32_t *ret_number)
{
    return archive_set_add_by(io, folder, name, lines, piece, 1, ret_number);
}

enum err archive_set_add_by(const struct io *io, const char *folder, const char *name, struct text lines,
                            size_t piece, unsigned threads, uint32_t *ret_number)
{
    const struct archive_about about = {.name = text_of(name), .added_us = INT64_C(1790000000000000)};
    struct archive_writer *w;
    uint64_t offset = 0, line = 1, size;
    enum err err = archive_writer_new(io, folder, &about, threads, &w, NULL);
    if (err)
        return err;
    for (struct text rest = lines; rest.len && !err;) {
        bool continues;
        struct text one = text_sub(rest, 0, next_piece(rest, piece, &continues));
        err = archive_writer_add(w, one, offset, line, continues, NULL);
        for (size_t i = 0; i < one.len; i++)
            line += one.ptr[i] == '\n';
        offset += one.len;
        rest = text_sub(rest, one.len, rest.len);
    }
    if (!err)
        err = archive_writer_finish(w, false, ret_number, &size, NULL);
    archive_writer_free(w);
    return err;
}

enum err archive_set_read(const struct io *io, const char *folder, uint32_t number, struct buffer *out)
{
    struct archive_log *l;
    struct packer *p = NULL;
    struct buffer packed;
    struct text lines;
    enum err err = archive_log_open(io, folder, number, &l, NULL);
    if (err)
        return err;
    buffer_init(&packed, 2 * ARCHIVE_BLOCK_MAX);
    err = packer_new(&p);
    for (size_t i = 0; i < archive_log_blocks(l) && !err; i++) {
        const struct archive_block *b = archive_log_block(l, i);
        buffer_clear(&packed);
        err = archive_log_read(l, i, &packed, NULL);
        if (!err)
            err = unpack(p, buffer_text(&packed), &lines);
        if (!err)
            buffer_add(out, lines);
        err = err ? err : buffer_error(out);
        assert_true(err || (lines.len == b->raw_len && b->first_offset == out->len - lines.len));
    }
    packer_free(p);
    buffer_done(&packed);
    archive_log_free(l);
    return err;
}
