/* store/node_body.c - bodies made ready before the writer's turn. */
#include <stdlib.h>
#include <string.h>

#include "store/node_inside.h"
#include "store/postings.h"
#include "store/references.h"

struct body_maker {
    struct log_packer *packer;
    struct buffer payload, refs; /* of one, reused */
    struct words words;
    struct posting_keys keys;
};

enum err body_maker_new(struct node *node, struct body_maker **ret)
{
    struct body_maker *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    buffer_init(&m->payload, 2 * LOG_RECORD_MAX_BYTES);
    words_init(&m->words);
    buffer_init(&m->refs, REFERENCES_MAX * REFERENCE_KEY_BYTES * 2);
    enum err e = log_packer_new(node->log, &m->packer);
    if (e == OK)
        *ret = m;
    else
        body_maker_free(m);
    return e;
}

void body_maker_free(struct body_maker *m)
{
    if (!m)
        return;
    log_packer_free(m->packer);
    buffer_done(&m->payload);
    buffer_done(&m->refs);
    words_done(&m->words);
    posting_keys_done(&m->keys);
    free(m);
}

enum err body_make(struct body_maker *m, struct text body, const struct sha256 *hash, struct arena *arena,
                   struct ready_body *ret)
{
    struct ready_body ready = {0};
    buffer_clear(&m->payload);
    buffer_clear(&m->refs);
    references_of(body, &m->refs);
    ready.packed.flags = log_pack(m->packer, body, hash, &m->payload);
    enum err e = buffer_error(&m->payload);
    if (e == OK)
        e = buffer_error(&m->refs);
    if (e == OK)
        e = posting_keys_of(&m->words, body, &m->keys);
    if (e != OK)
        return e;
    const size_t keys_bytes = m->keys.count * sizeof(uint64_t);
    uint64_t *keys = arena_alloc(arena, keys_bytes);
    ready.packed.payload = arena_text(arena, buffer_text(&m->payload));
    ready.refs = m->refs.len > 0 ? arena_text(arena, buffer_text(&m->refs)) : TEXT_NONE;
    ready.keys = keys;
    ready.key_count = m->keys.count;
    if (keys && keys_bytes)
        memcpy(keys, m->keys.list, keys_bytes);
    if (!keys || !ready.packed.payload.ptr || (m->refs.len > 0 && !ready.refs.ptr))
        return ERR_NOMEM;
    *ret = ready;
    return OK;
}
