/* store/view_postings.c - the posting lists: for each key (store/postings.h) the entries that have it, as runs that
 * only grow by being put together.
 *
 * A run holds the postings of 16^i entries, i = 0 to 4, sorted by key and entry, cut into rows of under a kilobyte.
 * The runs of P entries are the digits of P to the base of 16: as many whole runs of 65,536 as there are, then of
 * 4096, 256, 16 and single entries. A posting is written at most five times, whatever the commits are; in an import
 * of thousands of objects a group twice. Who asks looks into each run: some 60, and one for each 65,536 entries.
 *
 * Invariant: the rows are a function of the entries 0 .. position - 1.
 *
 * A row: `run` is the run's first entry; `key` and `first` (entry, counted from `run`) are of its first posting;
 * `more` the rest. Each is a number of seven bits a byte, low first, the high bit where more follow: of the entry,
 * twice how much it is above the one before it, and one, where the key is the same; else twice how much the key is
 * above, and then the entry in two bytes, low first. */
#include <stdlib.h>
#include <string.h>

#include "store/view_ask.h"
#include "store/view_inside.h"

#define LARGEST 65536u
#define BASE    16u
/* With its columns a row stays within what SQLite keeps on a leaf, four to a page of 4096 bytes. */
#define ROW_BYTES 960u
#define ONE_MAX   12u /* bytes of one posting at most */

/* Key above entry of the run: sorts as the rows do. */
typedef uint64_t packed;

struct packed_list {
    packed *list, *other; /* other: room to sort in */
    size_t count, cap;
};

static void packed_done(struct packed_list *p)
{
    free(p->list);
    free(p->other);
}

static enum err packed_room(struct packed_list *p, size_t more)
{
    if (p->count + more <= p->cap)
        return OK;
    size_t cap = 2 * (p->count + more);
    packed *list = realloc(p->list, cap * sizeof *list);
    if (list)
        p->list = list;
    packed *other = realloc(p->other, cap * sizeof *other);
    if (other)
        p->other = other;
    if (!list || !other)
        return ERR_NOMEM;
    p->cap = cap;
    return OK;
}

/* By eight bits at a time, lowest first; bits in which all are alike cost one look. */
static void sort(struct packed_list *p)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t at[257] = {0};
        for (size_t i = 0; i < p->count; i++)
            at[(p->list[i] >> shift & 0xFF) + 1]++;
        if (p->count && at[(p->list[0] >> shift & 0xFF) + 1] == p->count)
            continue;
        for (size_t i = 1; i < 257; i++)
            at[i] += at[i - 1];
        for (size_t i = 0; i < p->count; i++)
            p->other[at[p->list[i] >> shift & 0xFF]++] = p->list[i];
        packed *sorted = p->other;
        p->other = p->list;
        p->list = sorted;
    }
}

static void drop_repetitions(struct packed_list *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++)
        if (i == 0 || p->list[i] != p->list[i - 1])
            p->list[kept++] = p->list[i];
    p->count = kept;
}

/* ---- rows ---- */

static size_t put_number(uint8_t *to, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        to[n++] = (uint8_t)(v | 0x80);
    to[n++] = (uint8_t)v;
    return n;
}

static size_t put_posting(uint8_t *to, packed before, packed now)
{
    uint64_t above = (now >> 16) - (before >> 16);
    if (above == 0)
        return put_number(to, ((now & 0xFFFF) - (before & 0xFFFF)) << 1 | 1);
    size_t n = put_number(to, above << 1);
    to[n] = (uint8_t)now;
    to[n + 1] = (uint8_t)(now >> 8);
    return n + 2;
}

struct row_reader {
    const uint8_t *at, *end;
    packed now;
};

/* False at the end, and where the row is none. */
static bool next_posting(struct row_reader *r)
{
    uint64_t v = 0;
    unsigned shift = 0;
    bool goes_on = true;
    while (goes_on && r->at < r->end && shift < 63) {
        v |= (uint64_t)(*r->at & 0x7F) << shift;
        goes_on = *r->at++ & 0x80;
        shift += 7;
    }
    if (goes_on)
        return false;
    if (v & 1) {
        r->now += v >> 1;
        return true;
    }
    if (r->end - r->at < 2)
        return false;
    r->now = ((r->now >> 16) + (v >> 1)) << 16 | r->at[0] | (packed)r->at[1] << 8;
    r->at += 2;
    return true;
}

/* Columns key, first, more of a statement. */
static struct row_reader read_row(sqlite3_stmt *s, int at)
{
    struct text t = column_text(s, at + 2);
    const uint8_t *bytes = (const uint8_t *)t.ptr;
    return (struct row_reader){bytes, bytes + t.len, column_u64(s, at) << 16 | (column_u64(s, at + 1) & 0xFFFF)};
}

static enum err write_row(struct view *v, uint64_t run, packed first, struct text more, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_POSTING_ADD);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, run);
    bind_u64(s, 2, first >> 16);
    bind_u64(s, 3, first & 0xFFFF);
    sqlite3_bind_blob64(s, 4, more.ptr, more.len, SQLITE_STATIC);
    return view_run(v, s, reterr);
}

static enum err write_rows(struct view *v, uint64_t run, const struct packed_list *p, struct fault *reterr)
{
    uint8_t bytes[ROW_BYTES + ONE_MAX];
    enum err err = OK;
    size_t i = 0;
    while (err == OK && i < p->count) {
        packed first = p->list[i], before = first;
        size_t n = 0;
        for (i++; i < p->count && n < ROW_BYTES; i++) {
            n += put_posting(bytes + n, before, p->list[i]);
            before = p->list[i];
        }
        err = write_row(v, run, first, (struct text){(const char *)bytes, n}, reterr);
    }
    return err;
}

/* What the runs in [from, to) hold, as postings of a run that begins at from. */
static enum err take_rows(struct view *v, uint64_t from, uint64_t to, struct packed_list *p, struct fault *reterr)
{
    enum err err;
    sqlite3_stmt *s = view_stmt(v, SQL_POSTINGS_OF);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, from);
    bind_u64(s, 2, to);
    while (view_more(v, s, &err, reterr)) {
        const uint64_t away = column_u64(s, 0) - from;
        struct row_reader r = read_row(s, 1);
        if (packed_room(p, ROW_BYTES + ONE_MAX) != OK) {
            err = view_nomem(reterr);
            break;
        }
        do
            p->list[p->count++] = r.now + away;
        while (next_posting(&r));
    }
    sqlite3_reset(s);
    return err;
}

static enum err drop_rows(struct view *v, uint64_t from, uint64_t to, struct fault *reterr)
{
    sqlite3_stmt *s = view_stmt(v, SQL_POSTINGS_DROP);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, from);
    bind_u64(s, 2, to);
    return view_run(v, s, reterr);
}

/* ---- writing ---- */

static enum err postings_room(struct posting_list *l, size_t more)
{
    if (l->count + more <= l->cap)
        return OK;
    size_t cap = 2 * (l->count + more) + 4096;
    struct posting *moved = realloc(l->list, cap * sizeof *moved);
    if (!moved)
        return ERR_NOMEM;
    l->list = moved;
    l->cap = cap;
    return OK;
}

enum err view_apply_keys(struct view *v, uint64_t n, const uint64_t *keys, size_t count, struct fault *reterr)
{
    struct posting_list *l = &v->postings;
    if (postings_room(l, count) != OK)
        return view_nomem(reterr);
    for (size_t i = 0; i < count; i++)
        l->list[l->count++] = (struct posting){n, keys[i]};
    return OK;
}

enum err view_apply_words(struct view *v, uint64_t n, struct text body, struct fault *reterr)
{
    if (posting_keys_of(&v->words, body, &v->keys) != OK)
        return view_nomem(reterr);
    return view_apply_keys(v, n, v->keys.list, v->keys.count, reterr);
}

void view_apply_unread(struct view *v)
{
    v->unread++;
}

uint64_t view_unread(const struct view *v)
{
    return v->unread;
}

/* Is [n, n + size) a run of the first `position` entries? */
static bool is_run(uint64_t n, uint64_t size, uint64_t position)
{
    return n + size <= position && (size == LARGEST || n >= position - position % (size * BASE));
}

/* The run that begins at n, out of those that it takes the place of and what is pending of it. */
static enum err write_run(struct view *v, uint64_t n, uint64_t size, uint64_t from, struct packed_list *p, size_t *at,
                          struct fault *reterr)
{
    const struct posting_list *l = &v->postings;
    enum err err = OK;
    size_t end = *at;
    p->count = 0;
    if (n < from) {
        err = take_rows(v, n, n + size, p, reterr);
        if (err == OK)
            err = drop_rows(v, n, n + size, reterr);
    }
    while (end < l->count && l->list[end].n < n + size)
        end++;
    if (err == OK && packed_room(p, end - *at) != OK)
        err = view_nomem(reterr);
    for (; err == OK && *at < end; (*at)++)
        p->list[p->count++] = l->list[*at].key << 16 | (l->list[*at].n - n);
    if (err != OK)
        return err;
    sort(p);
    drop_repetitions(p);
    return write_rows(v, n, p, reterr);
}

enum err view_write_postings(struct view *v, uint64_t from, struct fault *reterr)
{
    const uint64_t position = v->now.position;
    struct packed_list p = {0};
    enum err err = OK;
    size_t at = 0;
    uint64_t n = from - from % LARGEST;
    for (uint64_t size = LARGEST; err == OK && size; size /= BASE)
        for (; err == OK && n + size <= position; n += size)
            if (!is_run(n, size, from))
                err = write_run(v, n, size, from, &p, &at, reterr);
    packed_done(&p);
    return err;
}

/* ---- asking ---- */

struct found {
    uint64_t *n;
    size_t count, max;
    bool more;
    uint16_t *in_run; /* of the run at hand, as they come */
    size_t run_count;
};

static int newest_first(const void *a, const void *b)
{
    const uint16_t *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

/* Entries of one run, distinct, newest first. */
static void take_run(struct found *f, uint64_t run)
{
    qsort(f->in_run, f->run_count, sizeof *f->in_run, newest_first);
    for (size_t i = 0; i < f->run_count; i++) {
        if (i && f->in_run[i] == f->in_run[i - 1])
            continue;
        if (f->count == f->max) {
            f->more = true;
            return;
        }
        f->n[f->count++] = run + f->in_run[i];
    }
}

static enum err look_into(struct view *v, struct found *f, uint64_t run, struct posting_range range,
                          struct fault *reterr)
{
    enum err err;
    bool before = false;
    sqlite3_stmt *s = view_stmt(v, SQL_POSTINGS);
    if (!s)
        return view_fault(v, reterr);
    bind_u64(s, 1, run);
    bind_u64(s, 2, range.high);
    f->run_count = 0;
    while (!before && view_more(v, s, &err, reterr)) {
        struct row_reader r = read_row(s, 0);
        before = r.now >> 16 < range.low;
        do {
            uint64_t key = r.now >> 16;
            if (key > range.high)
                break;
            if (key >= range.low && f->run_count < LARGEST)
                f->in_run[f->run_count++] = (uint16_t)r.now;
            else if (key >= range.low)
                f->more = true;
        } while (next_posting(&r));
    }
    if (before)
        err = OK;
    sqlite3_reset(s);
    if (err == OK)
        take_run(f, run);
    return err;
}

/* The first entry of the last run before the entry `end`, of so many entries in all. */
static uint64_t run_before(uint64_t end, uint64_t position)
{
    uint64_t size = 1;
    while (size < LARGEST && !is_run(end - size, size, position))
        size *= BASE;
    return end - size;
}

static enum err look_into_all(struct view *v, struct found *f, struct posting_range range, struct fault *reterr)
{
    const uint64_t position = v->in_write ? v->begun.counters.position : view_position(v);
    enum err err = OK;
    for (uint64_t end = position; err == OK && end && !f->more;) {
        end = run_before(end, position);
        err = look_into(v, f, end, range, reterr);
    }
    return err;
}

enum err view_holding(struct view *v, struct posting_range range, uint64_t *ret_n, size_t max, size_t *ret_count,
                      bool *ret_more, struct fault *reterr)
{
    struct found f = {.n = ret_n, .max = max};
    const bool own = !v->in_write && sqlite3_get_autocommit(v->db); /* position and runs are of one state */
    f.in_run = malloc(LARGEST * sizeof *f.in_run);
    if (!f.in_run)
        return view_nomem(reterr);
    enum err err = own ? view_snapshot(v, reterr) : OK;
    if (err == OK)
        err = look_into_all(v, &f, range, reterr);
    if (own)
        view_end(v);
    free(f.in_run);
    if (err == OK) {
        *ret_count = f.count;
        *ret_more = f.more;
    }
    return err;
}
