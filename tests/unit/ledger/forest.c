#include "forest.h"

#include "support/test.h"

#include "ledger/merkle.h"

void forest_grow(struct forest *f, uint64_t size)
{
    for (unsigned l = 0; l < TREE_LEVELS; l++) {
        uint64_t count = tree_level_count(size, l), i = tree_level_count(f->size, l);
        f->level[l] = realloc(f->level[l], (count + 1) * sizeof f->level[l][0]);
        assert_non_null(f->level[l]);
        for (; i < count; i++) {
            struct merkle m;
            merkle_init(&m);
            for (uint64_t k = 0; l > 0 && k < TREE_TILE_HASHES; k++)
                merkle_add(&m, &f->level[l - 1][i * TREE_TILE_HASHES + k]);
            f->level[l][i] = l ? merkle_root(&m) : merkle_leaf(&i, sizeof i);
        }
    }
    f->size = size;
}

void forest_done(struct forest *f)
{
    for (unsigned l = 0; l < TREE_LEVELS; l++)
        free(f->level[l]);
}

static enum err read_hashes(void *self, unsigned level, uint64_t index, size_t count, struct sha256 *ret,
                            struct fault *reterr)
{
    struct forest *f = self;
    assert_true(level < TREE_LEVELS && count >= 1 && count <= TREE_TILE_HASHES);
    assert_true(index + count <= tree_level_count(f->size, level));
    if (f->refuses)
        return fault_set(reterr, ERR_IO, "refused");
    memcpy(ret, f->level[level] + index, count * sizeof *ret);
    return OK;
}

struct tree_source forest_source(struct forest *f)
{
    return (struct tree_source){.self = f, .read = read_hashes};
}

struct sha256 forest_definition(const struct forest *f, uint64_t from, uint64_t to)
{
    uint64_t n = to - from, k = 1;
    if (n == 0)
        return sha256_of(NULL, 0);
    if (n == 1)
        return f->level[0][from];
    while (2 * k < n)
        k *= 2;
    struct sha256 left = forest_definition(f, from, from + k), right = forest_definition(f, from + k, to);
    return merkle_inner(&left, &right);
}

uint64_t forest_random(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state % below;
}
