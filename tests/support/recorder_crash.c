/* support/recorder_crash.c - the other half: which operations a crash keeps, and what the files then hold. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/recorder_note.h"
#include "support/scratch.h"
#include "support/tally.h"

#define SECTOR_BYTES 512

/* How much of one operation is there. */
enum keep { KEEP_ALL, KEEP_NONE, KEEP_TORN, KEEP_ZEROS };

/* Bytes from `used` to `len` are zeros and kept nowhere: a preallocated segment costs what was written to it. */
struct image {
    char *bytes;
    size_t len, used, cap;
};

struct entry {
    const char *path; /* borrowed from the recording */
    size_t file;
};

struct layout {
    struct image *images; /* one a file */
    size_t image_count;
    struct entry *entries;
    size_t entry_count;
};

/* splitmix64: the same states for the same seed on every machine. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static bool is_change(const struct op *op)
{
    return op->kind != OP_SYNC && op->kind != OP_SYNC_FOLDER && op->kind != OP_MARK;
}

static bool is_pending(const struct op *op, size_t point)
{
    return is_change(op) && op->durable_at >= point;
}

/* Sectors of the file that a write touches. */
static size_t sectors_of(const struct op *op)
{
    size_t first = (size_t)op->offset / SECTOR_BYTES, last = ((size_t)op->offset + op->len - 1) / SECTOR_BYTES;
    return op->kind == OP_WRITE ? last - first + 1 : 0;
}

static enum keep keep_of(const struct op *op, size_t i, const struct crash *crash)
{
    if (!is_pending(op, crash->point))
        return KEEP_ALL;
    switch (crash->kind) {
    case CRASH_DURABLE: return KEEP_NONE;
    case CRASH_LOST: return i == crash->op ? KEEP_NONE : KEEP_ALL;
    case CRASH_TORN: return i == crash->op ? KEEP_TORN : KEEP_ALL;
    case CRASH_ZEROED: return i == crash->op ? KEEP_ZEROS : KEEP_ALL;
    case CRASH_SUBSET: {
        uint64_t draw = mix(crash->seed ^ mix(i)) % 16;
        if (draw < 8)
            return KEEP_ALL;
        return draw < 13 || sectors_of(op) < 2 ? KEEP_NONE : KEEP_TORN;
    }
    case CRASH_PREFIX:
    default: return KEEP_ALL;
    }
}

/* The first seeds are the shapes that find most: only the first sector, all but the first, all but the last, every
 * other one. The rest are drawn. Never all and never none. */
static bool sector_is_there(size_t sector, size_t sectors, uint64_t seed, size_t op)
{
    switch (seed) {
    case 0: return sector == 0;
    case 1: return sector != 0;
    case 2: return sector != sectors - 1;
    case 3: return sector % 2 == 1;
    default: break;
    }
    size_t lost = mix(seed ^ mix(op)) % sectors, there = (lost + 1) % sectors;
    return sector == there || (sector != lost && mix(seed ^ mix(op ^ mix(sector))) % 2);
}

static void resize(struct image *image, size_t len)
{
    image->len = len;
    if (image->used > len)
        image->used = len;
}

static void put(struct image *image, size_t at, const char *bytes, size_t len)
{
    size_t end = at + len;
    if (end > image->cap) {
        size_t cap = end > image->cap * 2 ? end : image->cap * 2;
        char *grown = realloc(image->bytes, cap);
        if (!grown)
            abort();
        image->bytes = grown;
        image->cap = cap;
    }
    if (at > image->used)
        memset(image->bytes + image->used, 0, at - image->used);
    memcpy(image->bytes + at, bytes, len);
    if (end > image->used)
        image->used = end;
    if (end > image->len)
        image->len = end;
}

static void apply_write(struct image *image, const struct op *op, size_t i, enum keep keep, uint64_t seed)
{
    size_t begin = (size_t)op->offset, end = begin + op->len, sectors = sectors_of(op);
    if (keep == KEEP_ZEROS) {
        if (end > image->len)
            resize(image, end); /* what was there stays, the new part is zeros */
        return;
    }
    for (size_t sector = 0; sector < sectors; sector++) {
        if (keep == KEEP_TORN && !sector_is_there(sector, sectors, seed, i))
            continue;
        size_t from = (begin / SECTOR_BYTES + sector) * SECTOR_BYTES, to = from + SECTOR_BYTES;
        from = from > begin ? from : begin;
        to = to < end ? to : end;
        put(image, from, op->bytes + (from - begin), to - from);
    }
}

static struct entry *find_entry(struct layout *l, const char *path)
{
    for (size_t i = 0; i < l->entry_count; i++)
        if (strcmp(l->entries[i].path, path) == 0)
            return &l->entries[i];
    return NULL;
}

static void set_entry(struct layout *l, const char *path, size_t file)
{
    struct entry *entry = find_entry(l, path);
    if (entry) {
        entry->file = file;
        return;
    }
    struct entry *grown = realloc(l->entries, (l->entry_count + 1) * sizeof *grown);
    if (!grown)
        abort();
    l->entries = grown;
    l->entries[l->entry_count++] = (struct entry){path, file};
}

static void drop_entry(struct layout *l, const char *path)
{
    struct entry *entry = find_entry(l, path);
    if (entry)
        *entry = l->entries[--l->entry_count];
}

/* A rename or unlink of a name whose creation was lost does nothing. */
static void apply_name(struct layout *l, const struct op *op)
{
    const struct entry *entry = find_entry(l, op->name);
    if (op->kind == OP_CREATE) {
        set_entry(l, op->name, op->file);
    } else if (op->kind == OP_UNLINK) {
        drop_entry(l, op->name);
    } else if (entry) {
        size_t file = entry->file;
        drop_entry(l, op->name);
        set_entry(l, op->to, file);
    }
}

static void apply(struct layout *l, const struct op *op, size_t i, enum keep keep, uint64_t seed)
{
    size_t end = (size_t)op->offset + op->len;
    if (keep == KEEP_NONE)
        return;
    switch (op->kind) {
    case OP_WRITE: apply_write(&l->images[op->file], op, i, keep, seed); break;
    case OP_TRUNCATE: resize(&l->images[op->file], (size_t)op->offset); break;
    case OP_ALLOCATE:
        if (end > l->images[op->file].len)
            resize(&l->images[op->file], end);
        break;
    case OP_CREATE:
    case OP_RENAME:
    case OP_UNLINK: apply_name(l, op); break;
    case OP_SYNC:
    case OP_SYNC_FOLDER:
    case OP_MARK: break;
    }
}

static struct layout lay_out(const struct recorder *r, const struct crash *crash)
{
    struct layout l = {0};
    size_t op_count;
    const struct op *ops = recorder_ops(r, &op_count);
    const struct recorded_file *files = recorder_files(r, &l.image_count);
    l.images = calloc(l.image_count + 1, sizeof *l.images);
    if (!l.images)
        abort();
    for (size_t i = 0; i < l.image_count; i++) {
        if (files[i].base_used)
            put(&l.images[i], 0, files[i].base, files[i].base_used);
        resize(&l.images[i], files[i].base_len);
        if (files[i].base_name)
            set_entry(&l, files[i].base_name, i);
    }
    for (size_t i = 0; i < op_count && i < crash->point; i++)
        apply(&l, &ops[i], i, keep_of(&ops[i], i, crash), crash->seed);
    return l;
}

static void make_folders(char *path, size_t root_len)
{
    for (char *slash = path + root_len + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

void recorder_materialise(const struct recorder *r, const struct crash *crash, const char *dir)
{
    struct layout l = lay_out(r, crash);
    scratch_empty(dir);
    for (size_t i = 0; i < l.entry_count; i++) {
        const struct image *image = &l.images[l.entries[i].file];
        char *path;
        if (asprintf(&path, "%s/%s", dir, l.entries[i].path) < 0)
            abort();
        make_folders(path, strlen(dir));
        scratch_write(path, image->bytes ? image->bytes : "", image->used);
        if (image->used < image->len && truncate(path, (off_t)image->len) < 0)
            abort();
        free(path);
    }
    for (size_t i = 0; i < l.image_count; i++)
        free(l.images[i].bytes);
    free(l.images);
    free(l.entries);
}

const char *crash_words(const struct recorder *r, const struct crash *crash, char out[CRASH_WORDS_MAX])
{
    static const char *const kinds[] = {"all there", "only what was synced", "lost", "torn", "zeroed", "a subset"};
    static const char *const names[] = {"create",      "write",  "truncate", "allocate", "sync",
                                        "sync folder", "rename", "unlink",   "mark"};
    size_t count, file_count;
    const struct op *ops = recorder_ops(r, &count);
    const struct recorded_file *files = recorder_files(r, &file_count);
    int n = snprintf(out, CRASH_WORDS_MAX, "point %zu of %zu: ", crash->point, count);
    if (crash->kind == CRASH_LOST || crash->kind == CRASH_TORN || crash->kind == CRASH_ZEROED) {
        const struct op *op = &ops[crash->op];
        const char *name = op->name ? op->name : op->file == NOFILE ? "" : files[op->file].base_name;
        for (size_t i = 0; i < crash->op && !name; i++) /* made later: by its creation */
            if (ops[i].kind == OP_CREATE && ops[i].file == op->file)
                name = ops[i].name;
        n += snprintf(out + n, CRASH_WORDS_MAX - (size_t)n, "operation %zu (%s %.60s at %lld, %zu bytes) ", crash->op,
                      names[op->kind], name ? name : "?", (long long)op->offset, op->len);
    }
    if (n < CRASH_WORDS_MAX)
        snprintf(out + n, CRASH_WORDS_MAX - (size_t)n, "%s, seed %llu", kinds[crash->kind],
                 (unsigned long long)crash->seed);
    return out;
}

/* One walk over the states. */
struct walk {
    const struct recorder *r;
    const struct crash_plan *plan;
    const char *dir;
    void (*check)(void *arg, const char *dir, const struct crash *crash);
    void *arg;
    size_t states;
};

static bool has_enough(const struct walk *w)
{
    return w->plan->enough && *w->plan->enough;
}

static void visit(struct walk *w, struct crash crash)
{
    if (has_enough(w))
        return;
    recorder_materialise(w->r, &crash, w->dir);
    w->states++;
    w->check(w->arg, w->dir, &crash);
}

/* Whether the operation with `newer` unsynced ones after it is looked at singly. */
static bool is_looked_at(const struct walk *w, size_t point, size_t i, size_t newer, size_t pending)
{
    size_t singles = w->plan->singles;
    if (singles == 0 || pending <= singles || newer < (singles + 1) / 2)
        return true;
    return mix(w->plan->seed ^ mix(point ^ mix(i))) % pending < singles / 2;
}

static void visit_point(struct walk *w, size_t point)
{
    size_t count, pending = 0, seen = 0;
    const struct op *ops = recorder_ops(w->r, &count);
    visit(w, (struct crash){.point = point, .kind = CRASH_PREFIX});
    for (size_t i = 0; i < point; i++)
        pending += is_pending(&ops[i], point);
    for (size_t i = 0; i < point; i++) {
        if (!is_pending(&ops[i], point) || !is_looked_at(w, point, i, pending - ++seen, pending))
            continue;
        visit(w, (struct crash){.point = point, .kind = CRASH_LOST, .op = i});
        if (sectors_of(&ops[i]) > 1)
            for (size_t torn = 0; torn < w->plan->torn; torn++)
                visit(w, (struct crash){point, CRASH_TORN, i, torn < 4 ? torn : w->plan->seed + torn});
        if (ops[i].extends)
            visit(w, (struct crash){.point = point, .kind = CRASH_ZEROED, .op = i});
    }
    if (pending < 2) /* with one, "lost" has said it */
        return;
    visit(w, (struct crash){.point = point, .kind = CRASH_DURABLE});
    for (size_t i = 0; i < w->plan->subsets; i++)
        visit(w, (struct crash){point, CRASH_SUBSET, 0, mix(w->plan->seed ^ mix(point * 1000 + i)) | 8});
}

size_t recorder_each_crash(const struct recorder *r, const struct crash_plan *plan, const char *dir,
                           void (*check)(void *arg, const char *dir, const struct crash *crash), void *arg)
{
    struct walk w = {.r = r, .plan = plan, .dir = dir, .check = check, .arg = arg};
    size_t count, step = plan->step ? plan->step : 1;
    const struct op *ops = recorder_ops(r, &count);
    size_t end = plan->end && plan->end < count ? plan->end : count;
    for (size_t point = plan->from; point <= end && !has_enough(&w); point++) {
        bool before_mark = point < count && ops[point].kind == OP_MARK;
        bool after_mark = point > 0 && ops[point - 1].kind == OP_MARK;
        if (!before_mark && (after_mark || point % step == plan->seed % step || point == end))
            visit_point(&w, point);
    }
    tally_add("crash", w.states);
    return w.states;
}
