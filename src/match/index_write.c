/* match/index_write.c - writes index files. The body first, the head last, then sync and rename: a file that has its
 * name is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "match/index_format.h"

struct writing {
    const struct io *io;
    int fd;
    struct index_head head;
    struct index_section sections[INDEX_SECTIONS_MAX];
    XXH3_state_t *hash; /* of the body */
    uint64_t at;
    struct buffer words;
    struct fault *reterr;
};

#define WRITE_STEP (8 * MIB) /* hashed while it is in the cache */

static enum err put(struct writing *w, const void *bytes, uint64_t len)
{
    for (const uint8_t *p = bytes; len > 0;) {
        size_t step = len < WRITE_STEP ? (size_t)len : WRITE_STEP;
        XXH3_64bits_update(w->hash, p, step);
        if (io_write_all(w->io, w->fd, p, step, (int64_t)w->at) < 0)
            return fault_errno(w->reterr, "the index could not be written");
        w->at += step;
        p += step;
        len -= step;
    }
    return OK;
}

static enum err put_padding(struct writing *w)
{
    static const uint8_t zeros[INDEX_ALIGN];
    uint64_t over = w->at % INDEX_ALIGN;
    return over ? put(w, zeros, INDEX_ALIGN - over) : OK;
}

/* A section that is empty is absent. */
static enum err put_section(struct writing *w, enum index_part part, int kind, const void *items, uint64_t count)
{
    if (count == 0)
        return OK;
    if (w->head.section_count == INDEX_SECTIONS_MAX)
        return fault_set(w->reterr, ERR_LIMIT, "more sections than an index file holds");
    enum err err = put_padding(w);
    if (err)
        return err;
    w->sections[w->head.section_count++] = (struct index_section){
        .part = (uint16_t)part,
        .kind = (uint16_t)kind,
        .item_bytes = INDEX_PART_BYTES[part],
        .offset = w->at,
        .count = count,
    };
    return put(w, items, count * INDEX_PART_BYTES[part]);
}

static enum err put_table(struct writing *w, int kind, const struct table *t)
{
    if (!t->filter)
        return OK;
    enum err err = put_section(w, PART_FILTER, kind, t->filter, t->filter_mask + 1);
    if (!err)
        err = put_section(w, PART_SLOTS, kind, t->slots, t->slot_count);
    if (!err)
        err = put_section(w, PART_ENTRIES, kind, t->entries, t->count);
    if (!err)
        err = put_section(w, PART_KEYS, kind, t->keys, t->key_bytes);
    if (!err)
        err = put_section(w, PART_REFS, kind, t->refs, t->ref_words);
    return err;
}

static struct index_name put_words(struct writing *w, struct text words)
{
    struct index_name name = {(uint32_t)w->words.len, (uint32_t)words.len};
    buffer_add(&w->words, words);
    return name;
}

static enum err put_parties(struct writing *w, const struct index_content *c)
{
    struct index_party_row *rows = calloc(c->party_count + 1, sizeof *rows);
    if (!rows)
        return fault_set(w->reterr, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->party_count; i++)
        rows[i] = (struct index_party_row){c->parties[i].id, put_words(w, c->parties[i].name)};
    enum err err = put_section(w, PART_PARTIES, 0, rows, c->party_count);
    free(rows);
    return err;
}

static enum err put_suppressed(struct writing *w, const struct index_content *c)
{
    struct index_count_row *rows = calloc(c->suppressed_count + 1, sizeof *rows);
    if (!rows)
        return fault_set(w->reterr, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->suppressed_count; i++)
        rows[i] = (struct index_count_row){c->suppressed[i].count, put_words(w, c->suppressed[i].words)};
    enum err err = put_section(w, PART_SUPPRESSED, 0, rows, c->suppressed_count);
    free(rows);
    return err;
}

static uint16_t party_number(const struct index_content *c, const struct uuid *id)
{
    size_t i = 0;
    while (i + 1 < c->party_count && !uuid_eq(&c->parties[i].id, id))
        i++;
    return (uint16_t)i;
}

static enum err put_triggers(struct writing *w, const struct index_content *c, size_t count)
{
    struct index_trigger_row *rows = calloc(count + 1, sizeof *rows), *row = rows;
    if (!rows)
        return fault_set(w->reterr, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->pattern_count; i++)
        for (size_t t = 0; t < c->patterns[i].trigger_count; t++)
            *row++ = (struct index_trigger_row){.value = put_words(w, c->patterns[i].triggers[t].value),
                                                .kind = (uint8_t)c->patterns[i].triggers[t].kind};
    enum err err = put_section(w, PART_TRIGGERS, 0, rows, count);
    free(rows);
    return err;
}

static enum err put_patterns(struct writing *w, const struct index_content *c)
{
    struct index_pattern_row *rows = calloc(c->pattern_count + 1, sizeof *rows);
    size_t triggers = 0;
    if (!rows)
        return fault_set(w->reterr, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < c->pattern_count; i++) {
        const struct whole_pattern *p = &c->patterns[i];
        rows[i] = (struct index_pattern_row){.n = p->n,
                                             .id = p->uuid,
                                             .until_us = p->until_us,
                                             .text = put_words(w, p->text),
                                             .why = put_words(w, p->why),
                                             .first_trigger = (uint32_t)triggers,
                                             .trigger_count = (uint32_t)p->trigger_count,
                                             .party = party_number(c, &p->party),
                                             .state = (uint8_t)p->state};
        triggers += p->trigger_count;
    }
    enum err err = put_section(w, PART_PATTERNS, 0, rows, c->pattern_count);
    free(rows);
    return err ? err : put_triggers(w, c, triggers);
}

/* What is asked first lies together. */
static enum err put_body(struct writing *w, const struct index_content *c)
{
    const struct index *i = c->index;
    enum err err = put_section(w, PART_V4_MAP, 0, i->v4_map, i->v4_map ? V4_MAP_BYTES / 8 : 0);
    if (!err)
        err = put_section(w, PART_NAMES, 0, i->names.words, i->names.words ? i->names.mask + 1 : 0);
    if (!err)
        err = put_table(w, 0, &i->url_starts);
    for (int k = 1; k < VALUE_KINDS && !err; k++)
        err = put_table(w, k, &i->tables[k]);
    if (!err)
        err = put_section(w, PART_ITEMS, 0, c->items, c->item_count);
    if (!err)
        err = put_section(w, PART_VALUES, 0, c->values.ptr, c->values.len);
    if (!err)
        err = put_parties(w, c);
    if (!err)
        err = put_suppressed(w, c);
    if (!err)
        err = put_patterns(w, c);
    if (!err && buffer_error(&w->words))
        err = fault_set(w->reterr, buffer_error(&w->words), "the names of an index take too much memory");
    if (!err)
        err = put_section(w, PART_WORDS, 0, w->words.ptr, w->words.len);
    return err;
}

static enum err put_head(struct writing *w, const struct index_content *c)
{
    struct index_head *h = &w->head;
    memcpy(h->magic, INDEX_MAGIC, sizeof h->magic);
    h->version = INDEX_VERSION;
    h->compatible = INDEX_COMPATIBLE;
    h->incompatible = INDEX_INCOMPATIBLE;
    h->file_bytes = w->at;
    h->seed = c->index->seed;
    h->pairs = c->index->pairs;
    h->v4_lens = c->index->v4_lens;
    memcpy(h->v6_lens, c->index->v6_lens, sizeof h->v6_lens);
    h->url_bytes_max = (uint32_t)c->index->url_bytes_max;
    h->domain_labels_max = (uint32_t)c->index->domain_labels_max;
    h->facts = c->facts;
    h->body_hash = XXH3_64bits_digest(w->hash);
    h->head_hash = index_head_hash(h, w->sections);
    if (io_write_all(w->io, w->fd, h, sizeof *h, 0) < 0 ||
        io_write_all(w->io, w->fd, w->sections, sizeof w->sections, sizeof *h) < 0)
        return fault_errno(w->reterr, "the index could not be written");
    return OK;
}

static enum err write_file(struct writing *w, const struct index_content *c)
{
    XXH3_64bits_reset(w->hash);
    w->at = INDEX_BODY_AT;
    enum err err = put_body(w, c);
    if (!err)
        err = put_head(w, c);
    if (!err && w->io->sync(w->io->self, w->fd) < 0)
        err = fault_errno(w->reterr, "the index could not be made durable");
    return err;
}

enum err index_file_write(const struct io *io, const char *path, const struct index_content *c, uint64_t *ret_bytes,
                          struct fault *reterr)
{
    struct writing *w = calloc(1, sizeof *w);
    char *fresh = NULL;
    XXH3_state_t *hash = XXH3_createState();
    if (!w || !hash || asprintf(&fresh, "%s.new", path) < 0) {
        XXH3_freeState(hash);
        free(w);
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    }
    *w = (struct writing){.io = io, .hash = hash, .reterr = reterr};
    buffer_init(&w->words, UINT32_MAX);
    (void)io->unlink(io->self, fresh); /* what a crash left behind may be a link: never written into */
    w->fd = io->open(io->self, fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    enum err err = w->fd < 0 ? fault_errno(reterr, "%s", fresh) : write_file(w, c);
    if (w->fd >= 0 && io->close(io->self, w->fd) < 0 && !err)
        err = fault_errno(reterr, "%s", fresh);
    if (!err && (io->rename(io->self, fresh, path) < 0 || io_sync_parent(io, path) < 0))
        err = fault_errno(reterr, "%s", path);
    if (err && w->fd >= 0)
        (void)io->unlink(io->self, fresh);
    if (!err)
        *ret_bytes = w->at;
    buffer_done(&w->words);
    XXH3_freeState(hash);
    free(fresh);
    free(w);
    return err;
}
