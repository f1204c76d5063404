/* store/erase_list.c - HOME/erasures: what was erased, by number and leaf, for copies of the log that were made
 * before. "entente erasures 1", then a line an entry: its number, a blank, 64 hex digits; numbers rise. */
#include <stdlib.h>
#include <string.h>

#include "store/erase_list.h"
#include "store/home.h"

#define FIRST_LINE "entente erasures 1"

void erased_list_done(struct erased_list *l)
{
    free(l->v);
    *l = (struct erased_list){0};
}

enum err erased_list_add(struct erased_list *l, uint64_t n, const struct sha256 *leaf)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        struct erased *moved = realloc(l->v, cap * sizeof *moved);
        if (!moved)
            return ERR_NOMEM;
        l->v = moved;
        l->cap = cap;
    }
    l->v[l->count++] = (struct erased){n, *leaf};
    return OK;
}

static int by_n(const void *a, const void *b)
{
    const struct erased *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return memcmp(x->leaf.b, y->leaf.b, sizeof x->leaf.b);
}

void erased_list_sort(struct erased_list *l)
{
    size_t kept = 0;
    if (l->count)
        qsort(l->v, l->count, sizeof *l->v, by_n);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || by_n(&l->v[kept - 1], &l->v[i]) != 0)
            l->v[kept++] = l->v[i];
    l->count = kept;
}

void erased_list_write(const struct erased_list *l, struct buffer *out)
{
    buffer_add(out, TEXT(FIRST_LINE "\n"));
    for (size_t i = 0; i < l->count; i++) {
        char hex[SHA256_HEX];
        sha256_hex(&l->v[i].leaf, hex);
        buffer_addf(out, "%llu %s\n", (unsigned long long)l->v[i].n, hex);
    }
}

static enum err malformed(struct fault *reterr, uint64_t line, const char *what)
{
    enum err err = fault_set(reterr, ERR_MALFORMED, "a list of erasures: %s", what);
    if (reterr)
        reterr->line = (int64_t)line;
    return err;
}

static enum err parse_line(struct text line, struct erased_list *l)
{
    struct sha256 leaf;
    uint64_t n;
    ptrdiff_t blank = text_find(line, ' ', 0);
    if (blank < 0 || text_u64(text_sub(line, 0, (size_t)blank), &n) != OK ||
        sha256_from_hex(text_sub(line, (size_t)blank + 1, line.len), &leaf) != OK)
        return ERR_MALFORMED;
    return erased_list_add(l, n, &leaf);
}

enum err erased_list_parse(struct text t, struct erased_list *ret, struct fault *reterr)
{
    struct erased_list l = {0};
    struct text line;
    uint64_t number = 1;
    enum err err = OK;
    if (!text_split(&t, '\n', &line) || !text_starts(line, TEXT("entente erasures ")))
        return malformed(reterr, 1, "it does not begin with \"" FIRST_LINE "\"");
    if (!text_eq(line, TEXT(FIRST_LINE)))
        return fault_set(reterr, ERR_VERSION, "a list of erasures written by a newer program");
    while (err == OK && text_split(&t, '\n', &line)) {
        number++;
        if (line.len == 0 && t.ptr == NULL) /* behind the last newline */
            break;
        err = parse_line(line, &l);
    }
    if (err == OK) {
        erased_list_sort(&l);
        *ret = l;
        return OK;
    }
    erased_list_done(&l);
    return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for a list of erasures")
                            : malformed(reterr, number, "a line is an entry's number, a blank and 64 hex digits");
}

enum err erased_list_load(const struct io *io, const char *path, struct erased_list *ret, struct fault *reterr)
{
    struct buffer b;
    enum err err = home_read(io, path, ERASURES_MAX_BYTES, &b, reterr);
    if (err != OK)
        return err;
    err = erased_list_parse(buffer_text(&b), ret, reterr);
    buffer_done(&b);
    return err;
}

enum err erased_list_save(const struct io *io, const char *path, const struct erased_list *l, struct fault *reterr)
{
    struct buffer b;
    buffer_init(&b, ERASURES_MAX_BYTES);
    erased_list_write(l, &b);
    enum err err = buffer_error(&b);
    if (err != OK)
        err = fault_set(reterr, err, "no memory for a list of erasures");
    else if (io_replace_file(io, path, b.ptr, b.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    buffer_done(&b);
    return err;
}
