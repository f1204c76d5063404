/* How long logs stay in the archive: archive_keep_days and archive_max_gb of entente.yaml. */
#include <stdlib.h>

#include "base/time.h"
#include "command/archive.h"

#define DAY_US ((int64_t)86400 * 1000000)

struct kept {
    uint32_t number;
    int64_t age_us; /* the moment by which it is old */
    uint64_t size;
};
struct retention {
    struct session *s;
    struct kept *logs;
    size_t count, cap;
    uint64_t size; /* of all */
};

static enum err keep(void *self, const struct archive_log *l)
{
    struct retention *r = self;
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct kept *grown = realloc(r->logs, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        r->logs = grown;
        r->cap = cap;
    }
    r->logs[r->count++] =
        (struct kept){archive_log_number(l), archive_age_us(archive_log_about(l)), archive_log_size(l)};
    r->size += archive_log_size(l);
    return OK;
}

static int oldest_first(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    if (x->age_us != y->age_us)
        return x->age_us < y->age_us ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

void archive_retain(struct session *s, uint64_t keep_days, uint64_t max_gb)
{
    char folder[ARCHIVE_PATH_MAX];
    struct retention r = {.s = s};
    int64_t oldest_us = keep_days ? clock_now_us() - (int64_t)keep_days * DAY_US : INT64_MIN;
    uint64_t most = max_gb ? max_gb * 1000000000 : UINT64_MAX;
    if (!keep_days && !max_gb)
        return;
    archive_of(s, folder);
    enum err err = archive_each(s, keep, &r);
    if (err == ERR_NOMEM)
        r.count = 0;
    if (r.count)
        qsort(r.logs, r.count, sizeof *r.logs, oldest_first);
    for (size_t i = 0; i < r.count && (r.logs[i].age_us < oldest_us || r.size > most); i++) {
        struct fault fault = {.offset = -1, .line = -1};
        err = archive_folder_drop(io_system(), folder, r.logs[i].number, &fault);
        if (err && err != ERR_NOT_FOUND)
            complain_fault(s, NULL, &fault);
        r.size -= r.logs[i].size;
    }
    free(r.logs);
}
