/* bench_vectorscan INDICATORS LOG - the peer: all values as literals without case in one database of vectorscan,
 * scanned in blocks of whole lines on one core. Networks are left out, which it cannot look for, and it knows nothing
 * of where a value may begin or end. Prints one JSON object; times are of the processor. */
#include <fcntl.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define BLOCK_BYTES (1 << 20)

struct list {
    const char **values;
    size_t *lens;
    unsigned *flags, *ids;
    size_t count, cap;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_vectorscan: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *map(const char *path, size_t *ret_len)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        die(path);
    char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        die("mmap");
    *ret_len = (size_t)st.st_size;
    return bytes;
}

static void grow(struct list *l)
{
    l->cap = l->cap ? l->cap * 2 : 4096;
    l->values = realloc(l->values, l->cap * sizeof *l->values);
    l->lens = realloc(l->lens, l->cap * sizeof *l->lens);
    l->flags = realloc(l->flags, l->cap * sizeof *l->flags);
    l->ids = realloc(l->ids, l->cap * sizeof *l->ids);
    if (!l->values || !l->lens || !l->flags || !l->ids)
        die("memory");
}

static void read_list(struct list *l, const char *bytes, size_t len)
{
    for (const char *p = bytes, *end = bytes + len; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t size = newline ? (size_t)(newline - p) : (size_t)(end - p);
        const char *slash = memchr(p, '/', size);
        if (size && (!slash || memmem(p, size, "://", 3))) {
            if (l->count == l->cap)
                grow(l);
            l->values[l->count] = p;
            l->lens[l->count] = size;
            l->flags[l->count] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
            l->ids[l->count] = (unsigned)l->count;
            l->count++;
        }
        p += size + 1;
    }
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *self)
{
    (void)id, (void)from, (void)to, (void)flags;
    ++*(size_t *)self;
    return 0;
}

int main(int argc, char **argv)
{
    struct list l = {0};
    struct rusage usage;
    size_t len, hits = 0;
    hs_database_t *db;
    hs_scratch_t *scratch = NULL;
    hs_compile_error_t *why;
    if (argc != 3)
        die("usage: bench_vectorscan INDICATORS LOG");
    const char *bytes = map(argv[1], &len);
    read_list(&l, bytes, len);
    double start = now();
    if (hs_compile_lit_multi(l.values, l.flags, l.ids, l.lens, (unsigned)l.count, HS_MODE_BLOCK, NULL, &db, &why) !=
        HS_SUCCESS)
        die(why->message);
    if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
        die("scratch");
    double compiled = now();
    bytes = map(argv[2], &len);
    double scanned = now();
    for (size_t at = 0; at < len;) {
        size_t size = len - at < BLOCK_BYTES ? len - at : BLOCK_BYTES;
        const char *newline = memrchr(bytes + at, '\n', size);
        if (newline)
            size = (size_t)(newline - (bytes + at)) + 1;
        if (hs_scan(db, bytes + at, (unsigned)size, 0, scratch, on_match, &hits) != HS_SUCCESS)
            die("scan");
        at += size;
    }
    scanned = now() - scanned;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"values\":%zu,\"compile_s\":%.3f,\"scan_s\":%.4f,\"bytes\":%zu,\"hits\":%zu,\"rss_mb\":%.1f}\n",
           l.count, compiled - start, scanned, len, hits, (double)usage.ru_maxrss / 1024.0);
    return 0;
}
