/* exchange/taxii_status.c - a list of statuses, newest first. */
#include "exchange/taxii_status.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/time.h"

struct kept {
    struct kept *older, *newer;
    struct post_status status; /* texts in the arena */
    struct arena arena;
};
struct status_book {
    pthread_mutex_t lock;
    struct kept *newest, *oldest;
    size_t count, bytes;
};

enum err status_book_new(struct status_book **ret)
{
    struct status_book *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NOMEM;
    pthread_mutex_init(&b->lock, NULL);
    *ret = b;
    return OK;
}

static void kept_free(struct kept *k)
{
    if (k)
        arena_done(&k->arena);
    free(k);
}

static void forget(struct status_book *b, struct kept *k)
{
    *(k->newer ? &k->newer->older : &b->newest) = k->older;
    *(k->older ? &k->older->newer : &b->oldest) = k->newer;
    b->count--;
    b->bytes -= k->arena.used;
    kept_free(k);
}

void status_book_free(struct status_book *b)
{
    if (!b)
        return;
    while (b->newest)
        forget(b, b->newest);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static enum err copy(const struct post_status *s, struct kept **ret)
{
    struct kept *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NOMEM;
    k->status = *s;
    arena_init(&k->arena, STATUS_MAX_BYTES / 8);
    struct status_detail *details = arena_alloc(&k->arena, (s->detail_count + 1) * sizeof *details);
    bool whole = details != NULL;
    for (size_t i = 0; whole && i < s->detail_count; i++) {
        const struct status_detail *d = &s->details[i];
        details[i] = (struct status_detail){arena_text(&k->arena, d->id), arena_text(&k->arena, d->version),
                                            arena_text(&k->arena, d->message), d->failed};
        whole = details[i].id.ptr && details[i].version.ptr && details[i].message.ptr;
    }
    k->status.details = details;
    if (!whole) {
        kept_free(k);
        return ERR_NOMEM;
    }
    *ret = k;
    return OK;
}

static void make_room(struct status_book *b, const struct kept *fresh)
{
    struct kept *oldest_of_account = NULL;
    size_t of_account = 0;
    for (struct kept *k = b->newest; k; k = k->older)
        if (uuid_eq(&k->status.account, &fresh->status.account)) {
            of_account++;
            oldest_of_account = k;
        }
    if (of_account >= STATUS_ACCOUNT_MAX)
        forget(b, oldest_of_account);
    while (b->oldest && (b->count >= STATUS_MAX || b->bytes + fresh->arena.used > STATUS_MAX_BYTES ||
                         b->oldest->status.at_us < fresh->status.at_us - STATUS_MAX_AGE_US))
        forget(b, b->oldest);
}

enum err status_book_add(struct status_book *b, const struct post_status *s)
{
    struct kept *k;
    enum err e = copy(s, &k);
    if (e)
        return e;
    pthread_mutex_lock(&b->lock);
    make_room(b, k);
    k->older = b->newest;
    *(b->newest ? &b->newest->newer : &b->oldest) = k;
    b->newest = k;
    b->count++;
    b->bytes += k->arena.used;
    pthread_mutex_unlock(&b->lock);
    return OK;
}

static void add_row(struct page_line *row, struct page_field *fields, const struct status_detail *d)
{
    fields[0] = (struct page_field){"list", FIELD_TEXT, d->failed ? TEXT("failures") : TEXT("successes"), 0};
    fields[1] = (struct page_field){"id", FIELD_TEXT, d->id, 0};
    fields[2] = (struct page_field){"version", FIELD_TEXT, d->version, 0};
    fields[3] = (struct page_field){"message", FIELD_TEXT, d->message, 0};
    *row = (struct page_line){fields, d->message.len ? 4 : 3};
}

enum err status_page(const struct post_status *s, int http_status, struct outbound **ret)
{
    char id[UUID_TEXT_MAX], at[STAMP_TEXT_MAX];
    const struct page_field fields[] = {
        {"id", FIELD_TEXT, uuid_format(&s->id, id), 0},
        {"status", FIELD_TEXT, TEXT("complete"), 0},
        {"request_timestamp", FIELD_TEXT, stamp_format(stamp_from_us(s->at_us, 6), at), 0},
        {"total_count", FIELD_NUMBER, TEXT_NONE, (int64_t)(s->successes + s->failures)},
        {"success_count", FIELD_NUMBER, TEXT_NONE, (int64_t)s->successes},
        {"failure_count", FIELD_NUMBER, TEXT_NONE, (int64_t)s->failures},
        {"pending_count", FIELD_NUMBER, TEXT_NONE, 0},
    };
    struct page_line *rows = calloc(s->detail_count + 1, sizeof *rows);
    struct page_field *cells = calloc(s->detail_count + 1, 4 * sizeof *cells);
    for (size_t i = 0; rows && cells && i < s->detail_count; i++)
        add_row(&rows[i], &cells[4 * i], &s->details[i]);
    enum err e = rows && cells ? outbound_protocol(PAGE_STATUS, http_status, fields, ARRAY_LEN(fields), rows,
                                                   s->detail_count, ret)
                               : ERR_NOMEM;
    free(rows);
    free(cells);
    return e;
}

enum err status_book_page(struct status_book *b, const struct uuid *id, const struct uuid *account, int64_t now_us,
                          struct outbound **ret)
{
    enum err e = ERR_NOT_FOUND;
    pthread_mutex_lock(&b->lock);
    for (struct kept *k = b->newest; k; k = k->older) {
        if (!uuid_eq(&k->status.id, id) || !uuid_eq(&k->status.account, account) ||
            k->status.at_us < now_us - STATUS_MAX_AGE_US)
            continue;
        e = status_page(&k->status, 200, ret);
        break;
    }
    pthread_mutex_unlock(&b->lock);
    return e;
}
