/* store/verify_erased.c - what is erased against what the log's erasures name, in both directions: nothing may be
 * gone that no erasure names (evidence taken away by hand), and nothing named may still be there.
 *
 * An erasure that HOME/erasing says may be under way, or was cut short by a crash, is not judged: the next opening as
 * owner finishes it. */
#include <stdlib.h>
#include <string.h>

#include "store/erase_inside.h"
#include "store/verify_inside.h"

#define MARK_MAX_BYTES 32
#define BITS_FIRST     (64 * KIB)

static bool bit_get(const struct verify_bits *b, uint64_t n)
{
    return n / 8 < b->bytes && (b->v[n / 8] >> (n % 8) & 1);
}

static enum err bit_set(struct verify_bits *b, uint64_t n)
{
    if (n / 8 >= b->bytes) {
        size_t bytes = b->bytes ? b->bytes : BITS_FIRST;
        while (bytes <= n / 8)
            bytes *= 2;
        uint8_t *v = realloc(b->v, bytes);
        if (!v)
            return ERR_NOMEM;
        memset(v + b->bytes, 0, bytes - b->bytes);
        b->v = v;
        b->bytes = bytes;
    }
    b->v[n / 8] |= (uint8_t)(1 << n % 8);
    return OK;
}

enum err verify_erased_open(struct verify_erased *e, const struct io *io, const char *home, struct fault *reterr)
{
    struct buffer b;
    char *path = home_path(home, ERASING_FILE);
    e->from_n = VERIFY_NO_ERASURE;
    if (!path)
        return fault_set(reterr, ERR_NOMEM, "no memory");
    enum err err = home_read(io, path, MARK_MAX_BYTES, &b, reterr);
    free(path);
    if (err == ERR_NOT_FOUND)
        return OK;
    e->from_n = 0; /* of a mark that cannot be read, as the next opening takes it */
    if (err == ERR_LIMIT)
        return OK;
    if (err == OK && text_u64(text_trim(buffer_text(&b)), &e->from_n) != OK)
        e->from_n = 0;
    if (err == OK)
        buffer_done(&b);
    return err;
}

void verify_erased_close(struct verify_erased *e)
{
    free(e->gone.v);
    free(e->held.v);
    free(e->named.v);
    free(e->open.v);
    free(e->rest.v);
    *e = (struct verify_erased){0};
}

enum err verify_erased_record(struct verify_erased *e, uint64_t n, bool erased, bool zeros)
{
    enum err err = bit_set(erased ? &e->gone : &e->held, n);
    return err == OK && erased && !zeros ? bit_set(&e->rest, n) : err;
}

enum err verify_erased_named(struct verify_erased *e, uint64_t at, const struct fact_erasure *f)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < f->count; i++)
        if (f->entries[i] < at) /* what it names beyond is not there to be erased */
            err = bit_set(at < e->from_n ? &e->named : &e->open, f->entries[i]);
    return err;
}

static const char *judge(const struct verify_erased *e, uint64_t n)
{
    bool named = bit_get(&e->named, n), open = bit_get(&e->open, n);
    if (bit_get(&e->gone, n) && !named && !open)
        return "it is erased, and no erasure in the log names it";
    if (open)
        return NULL;
    if (bit_get(&e->rest, n))
        return "an erased record is not all zeros";
    return named && bit_get(&e->held, n) ? "an erasure in the log names it, and it still holds what was to go" : NULL;
}

bool verify_erased_judge(const struct verify_erased *e, uint64_t entries, uint64_t *ret_n, const char **ret_what)
{
    for (uint64_t n = 0; n < entries; n++) {
        if (n % 8 == 0 && n / 8 >= e->gone.bytes && n / 8 >= e->named.bytes)
            return false;
        const char *what = judge(e, n);
        if (!what)
            continue;
        *ret_n = n;
        *ret_what = what;
        return true;
    }
    return false;
}
