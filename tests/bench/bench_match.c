/* bench_match INDICATORS LOG HITS THREADS [PATTERNS] - builds the index, or maps it when INDICATORS is an index file,
 * scans the log through logfile_next(), writes "line<TAB>indicator" for each hit (in no order with several threads),
 * and prints one JSON object with the times (scan_cpu_s and limit_s: of the processor) and the physical limit: memchr
 * over the same file, mapped. MASKS_WAY in the environment is one of enum masks_way. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "match/index_file.h"
#include "match/logfile.h"
#include "match/observe_line.h"
#include "match/scanner.h"
#include "match/sieve.h"
#include "match/streamed.h"

struct list {
    char *bytes;
    char **values;
    size_t count;
};

struct bench {
    struct list list;
    struct index *built;
    struct index_file *file; /* or mapped */
    const struct index *index;
    struct logfile *log;
    pthread_mutex_t lock; /* of log, out and the counts */
    FILE *out;
    size_t lines_hit, hits;
    double add_s, build_s, open_s, scan_s, scan_cpu_s, limit_s; /* cpu: of all threads, the kernel's for them too */
    size_t bytes, index_bytes;
    struct logline_stream *headers;
    struct streamed *streamed; /* whole patterns; NULL: none */
    size_t patterns, offered, pattern_hits;
    struct buffer observed;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_list(struct list *l, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        die(path);
    l->bytes = malloc((size_t)st.st_size + 1);
    if (!l->bytes || read(fd, l->bytes, (size_t)st.st_size) != st.st_size)
        die(path);
    l->bytes[st.st_size] = 0;
    close(fd);
    size_t cap = 0;
    for (char *line = strtok(l->bytes, "\n"); line; line = strtok(NULL, "\n")) {
        if (l->count == cap && !(l->values = realloc(l->values, (cap = cap ? cap * 2 : 1024) * sizeof *l->values)))
            die("memory");
        l->values[l->count++] = line;
    }
}

static void add_value(struct index_builder *b, const char *value, uint32_t ref)
{
    struct buffer normal;
    enum value_kind kind;
    struct text raw = text_of(value);
    buffer_init(&normal, VALUE_MAX_BYTES);
    if (value_normalise(value_detect(raw), raw, &normal, &kind, NULL) || buffer_error(&normal) ||
        index_builder_add(b, kind, buffer_text(&normal), ref)) {
        fprintf(stderr, "bench_match: not a value: %s\n", value);
        exit(1);
    }
    buffer_done(&normal);
}

static void build(struct bench *m)
{
    struct index_builder *b;
    int64_t start = clock_mono_us();
    if (index_builder_new(&b))
        die("memory");
    for (size_t i = 0; i < m->list.count; i++)
        add_value(b, m->list.values[i], (uint32_t)i);
    int64_t added = clock_mono_us();
    if (index_builder_build(b, &m->built))
        die("memory");
    m->index = m->built;
    m->add_s = (double)(added - start) / 1e6;
    m->build_s = (double)(clock_mono_us() - added) / 1e6;
    m->index_bytes = index_memory_bytes(m->index);
    index_builder_free(b);
}

/* False: it is no index file, but a list. */
static bool map_index(struct bench *m, const char *path)
{
    struct fault fault = {.offset = -1};
    int fd = open(path, O_RDONLY);
    int64_t start = clock_mono_us();
    if (fd < 0)
        die(path);
    enum err err = index_file_open(fd, &m->file, &fault);
    m->open_s = (double)(clock_mono_us() - start) / 1e6;
    close(fd);
    if (err)
        return false;
    m->index = index_file_index(m->file);
    m->index_bytes = index_file_bytes(m->file);
    m->list.count = index_file_count(m->file);
    return true;
}

static struct text value_of(const struct bench *m, uint32_t ref)
{
    return m->file ? index_file_value(m->file, &index_file_items(m->file)[ref]) : text_of(m->list.values[ref]);
}

/* ---- whole patterns ---- */

static void read_patterns(struct bench *m, const char *path)
{
    struct list l = {0};
    read_list(&l, path);
    if (streamed_new(&m->streamed))
        die("memory");
    for (size_t i = 0; i < l.count; i++) {
        uint32_t number;
        const char *why = NULL;
        if (streamed_add(m->streamed, text_of(l.values[i]), &number, &why) || why) {
            fprintf(stderr, "bench_match: %s: %s\n", l.values[i], why ? why : "too many");
            exit(1);
        }
    }
    if (streamed_build(m->streamed))
        die("memory");
    m->patterns = l.count;
    free(l.values);
    free(l.bytes);
}

static enum err count_match(void *self, const struct streamed_match *match)
{
    struct bench *m = self;
    m->pattern_hits++;
    fprintf(m->out, "%llu\tpattern %u\n", (unsigned long long)match->bound[match->count - 1]->line, match->number);
    return OK;
}

/* What match does with a line that holds values of patterns. Called with the lock held. */
static void offer(struct bench *m, const struct scan_line_hits *h)
{
    struct logline e;
    buffer_clear(&m->observed);
    if (logline_read(NULL, h->text, clock_now_us(), &e))
        return;
    if (observe_line(&e, 0, &m->observed)) {
        const struct streamed_event event = {
            .line = h->line, .time_us = e.time_us, .observed = buffer_text(&m->observed)};
        for (size_t i = 0; i < h->hit_count; i++)
            if (h->hits[i].ref & STREAMED_REF) {
                m->offered++;
                if (streamed_offer(m->streamed, h->hits[i].ref & ~STREAMED_REF, &event, count_match, m))
                    die("memory");
            }
    }
    logline_done(&e);
}

static bool wanted_by_patterns(const struct scan_line_hits *h)
{
    for (size_t i = 0; i < h->hit_count; i++)
        if (h->hits[i].ref & STREAMED_REF)
            return true;
    return false;
}

static enum err on_hit(void *self, const struct scan_line_hits *h)
{
    struct bench *m = self;
    pthread_mutex_lock(&m->lock);
    m->lines_hit++;
    if (wanted_by_patterns(h))
        offer(m, h);
    m->hits += h->hit_count;
    for (size_t i = 0; i < h->hit_count; i++)
        if (!(h->hits[i].ref & STREAMED_REF))
            fprintf(m->out, "%llu\t" TEXT_FMT "\n", (unsigned long long)h->line,
                    TEXT_ARG(value_of(m, h->hits[i].ref)));
    pthread_mutex_unlock(&m->lock);
    return OK;
}

/* The next block, copied: the reader goes on with the next one. False at the end. */
static bool take_block(struct bench *m, struct buffer *copy, uint64_t *ret_line, uint64_t *ret_offset)
{
    struct text block;
    struct fault fault;
    bool continues;
    pthread_mutex_lock(&m->lock);
    enum err err = logfile_next(m->log, &block, ret_offset, ret_line, &continues, &fault);
    buffer_clear(copy);
    if (!err) {
        struct text rest = block, piece;
        const struct logline_header *header;
        buffer_add(copy, block);
        m->bytes += block.len;
        while (logline_stream_next(m->headers, &rest, &piece, &header)) /* as match does; these logs have none */
            ;
    }
    pthread_mutex_unlock(&m->lock);
    if ((err && err != ERR_NOT_FOUND) || buffer_error(copy)) {
        fprintf(stderr, "bench_match: %s\n", fault.what);
        exit(1);
    }
    return !err;
}

static void *worker(void *arg)
{
    struct bench *m = arg;
    struct scanner *s;
    struct buffer copy;
    uint64_t offset, line;
    const struct index *indexes[] = {m->index, m->streamed ? streamed_index(m->streamed) : NULL};
    buffer_init(&copy, 16 * MIB);
    if (scanner_new(&s))
        die("memory");
    if (getenv("MASKS_WAY"))
        sieve_set_way(s->sieve, (enum masks_way)atoi(getenv("MASKS_WAY")));
    while (take_block(m, &copy, &line, &offset))
        if (scan_block(s, indexes, indexes[1] ? 2 : 1, buffer_text(&copy), line, offset, on_hit, m))
            die("memory");
    scanner_free(s);
    buffer_done(&copy);
    return NULL;
}

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void scan(struct bench *m, const char *path, unsigned threads)
{
    pthread_t ids[64];
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        die(path);
    int64_t start = clock_mono_us();
    double busy = processor_s();
    if (logfile_open(fd, &m->log, NULL) || logline_stream_new(&m->headers))
        die("memory");
    for (unsigned i = 1; i < threads && i < 64; i++)
        if (pthread_create(&ids[i], NULL, worker, m))
            die("thread");
    worker(m);
    for (unsigned i = 1; i < threads && i < 64; i++)
        pthread_join(ids[i], NULL);
    m->scan_s = (double)(clock_mono_us() - start) / 1e6;
    m->scan_cpu_s = processor_s() - busy;
    logfile_free(m->log);
    logline_stream_free(m->headers);
    close(fd);
}

/* Nothing that looks at every line can be faster than looking for every newline. */
static void limit(struct bench *m, const char *path)
{
    struct stat st;
    size_t lines = 0;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        die(path);
    char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        die("mmap");
    double start = processor_s();
    for (const char *p = bytes, *end = bytes + st.st_size; p && p < end; lines++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p += p != NULL;
    }
    m->limit_s = processor_s() - start;
    if (lines == 0)
        die("no lines");
    munmap(bytes, (size_t)st.st_size);
    close(fd);
}

int main(int argc, char **argv)
{
    struct bench m = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct rusage usage;
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: bench_match INDICATORS LOG HITS THREADS [PATTERNS]\n");
        return 64;
    }
    m.out = fopen(argv[3], "w");
    if (!m.out)
        die(argv[3]);
    if (!map_index(&m, argv[1])) {
        read_list(&m.list, argv[1]);
        build(&m);
    }
    buffer_init(&m.observed, STREAMED_EVENT_BYTES);
    if (argc == 6)
        read_patterns(&m, argv[5]);
    scan(&m, argv[2], (unsigned)atoi(argv[4]));
    getrusage(RUSAGE_SELF, &usage);
    limit(&m, argv[2]);
    if (fclose(m.out))
        die(argv[3]);
    printf("{\"values\":%zu,\"bytes\":%zu,\"add_s\":%.4f,\"build_s\":%.4f,\"open_s\":%.4f,\"scan_s\":%.4f,\"scan_cpu_"
           "s\":%.4f,\"limit_s\":%.4f,\"lines_"
           "hit\":%zu,"
           "\"hits\":%zu,\"index_mib\":%.1f,\"rss_mb\":%.1f,\"patterns\":%zu,\"offered\":%zu,\"pattern_hits\":%zu}\n",
           m.list.count, m.bytes, m.add_s, m.build_s, m.open_s, m.scan_s, m.scan_cpu_s, m.limit_s, m.lines_hit,
           m.hits, (double)m.index_bytes / 1048576.0, (double)usage.ru_maxrss / 1024.0, m.patterns, m.offered,
           m.pattern_hits);
    streamed_free(m.streamed);
    buffer_done(&m.observed);
    index_unref(m.built);
    index_file_unref(m.file);
    free(m.list.values);
    free(m.list.bytes);
    return 0;
}
