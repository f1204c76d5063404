/* exchange/released.c - bits in chunks, a list of chunks a partner. */
#include "exchange/released.h"

#include <pthread.h>
#include <stdlib.h>

#define CHUNK_BITS  ((uint64_t)32768)
#define CHUNKS_MAX  65536 /* two thousand million entries */
#define PARTIES_MAX 1024

struct of_party {
    struct uuid party;
    uint64_t **chunks;
    size_t chunk_count;
};
struct released {
    pthread_mutex_t lock;
    struct of_party parties[PARTIES_MAX];
    size_t count;
};

enum err released_new(struct released **ret)
{
    struct released *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    pthread_mutex_init(&r->lock, NULL);
    *ret = r;
    return OK;
}

void released_free(struct released *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        for (size_t k = 0; k < r->parties[i].chunk_count; k++)
            free(r->parties[i].chunks[k]);
        free(r->parties[i].chunks);
    }
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct of_party *find(struct released *r, const struct uuid *party, bool add)
{
    for (size_t i = 0; i < r->count; i++)
        if (uuid_eq(&r->parties[i].party, party))
            return &r->parties[i];
    if (!add || r->count == PARTIES_MAX)
        return NULL;
    r->parties[r->count] = (struct of_party){.party = *party};
    return &r->parties[r->count++];
}

static uint64_t *chunk_of(struct of_party *p, uint64_t n, bool add)
{
    size_t at = (size_t)(n / CHUNK_BITS);
    if (at >= p->chunk_count) {
        uint64_t **chunks = add && at < CHUNKS_MAX ? reallocarray(p->chunks, at + 1, sizeof *chunks) : NULL;
        if (!chunks)
            return NULL;
        p->chunks = chunks;
        while (p->chunk_count <= at)
            p->chunks[p->chunk_count++] = NULL;
    }
    if (!p->chunks[at] && add)
        p->chunks[at] = calloc(CHUNK_BITS / 64, sizeof(uint64_t));
    return p->chunks[at];
}

bool released_known(struct released *r, const struct uuid *party, uint64_t n)
{
    pthread_mutex_lock(&r->lock);
    struct of_party *p = find(r, party, false);
    const uint64_t *chunk = p ? chunk_of(p, n, false) : NULL;
    bool known = chunk && (chunk[n % CHUNK_BITS / 64] >> n % 64 & 1);
    pthread_mutex_unlock(&r->lock);
    return known;
}

void released_note(struct released *r, const struct uuid *party, const uint64_t *ns, size_t count)
{
    pthread_mutex_lock(&r->lock);
    struct of_party *p = find(r, party, true);
    for (size_t i = 0; p && i < count; i++) {
        uint64_t *chunk = chunk_of(p, ns[i], true);
        if (chunk)
            chunk[ns[i] % CHUNK_BITS / 64] |= (uint64_t)1 << ns[i] % 64;
    }
    pthread_mutex_unlock(&r->lock);
}
