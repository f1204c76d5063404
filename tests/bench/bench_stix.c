/* bench_stix FILE [VALUES] - reads a STIX document as an import does, on one core: split, parse, check every
 * property, parse the patterns, the keys of the index; then as `validate` does. The limit is yyjson reading the same
 * bytes and nothing else. One JSON object: processor seconds of each (best of ROUNDS, turn by turn), what was found.
 * VALUES: the atomic values are written there, one a line. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <yyjson.h>

#include "base/limits.h"
#include "format/faults.h"
#include "format/stix.h"
#include "model/stix.h"
#include "json/split.h"

#define ROUNDS 5

struct found {
    uint64_t objects, values, whole;
    uint64_t keys; /* of all values together, so that none is optimised away */
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_stix: %s\n", what);
    exit(1);
}

static struct text read_file(const char *path)
{
    struct buffer b;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t len = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    must(len > 0, "cannot read the file");
    buffer_init(&b, (size_t)len + 64);
    char *to = buffer_reserve(&b, (size_t)len);
    must(to && pread(fd, to, (size_t)len, 0) == len, "cannot read the file");
    close(fd);
    return (struct text){buffer_take(&b, NULL), (size_t)len};
}

/* ---- the limit ---- */

static void read_alone(struct text t)
{
    yyjson_doc *doc = yyjson_read(t.ptr, t.len, 0);
    must(doc, "yyjson refuses it");
    yyjson_doc_free(doc);
}

/* ---- as an import reads ---- */

struct pass {
    struct arena arena;
    struct found found;
    FILE *values;
};

static void keys_of(struct pass *p, const struct stix_head *h)
{
    for (size_t i = 0; i < h->value_count; i++) {
        const struct text v = h->values[i].value;
        p->found.keys += xxh3_seeded(v.ptr, v.len, h->values[i].kind);
        if (p->values)
            fprintf(p->values, TEXT_FMT "\n", TEXT_ARG(v));
    }
    p->found.values += h->value_count;
    p->found.whole += h->values_whole;
}

enum depth { SPLIT, PARSE, CHECK };

static void one(struct pass *p, struct text element, enum depth depth)
{
    struct json_doc *doc;
    struct stix_head head;
    struct fault why = {.err = OK};
    p->found.objects++;
    if (depth == SPLIT)
        return;
    must(json_parse(element, &doc, NULL) == OK, "an object is no JSON");
    if (depth == CHECK) {
        arena_reset(&p->arena);
        if (stix_head_read(json_root(doc), &p->arena, &head, &why))
            must(false, why.what);
        keys_of(p, &head);
    }
    json_free(doc);
}

static struct found as_import(struct text t, enum depth depth, const char *values)
{
    struct pass p = {.values = values ? fopen(values, "we") : NULL};
    struct json_split *s;
    struct text element;
    int64_t at;
    enum err e;
    arena_init(&p.arena, 64 * MIB);
    must(json_split_open(-1, "objects", STIX_OBJECT_MAX_BYTES, &s) == OK && json_split_push(s, t) == OK, "no memory");
    while ((e = json_split_next(s, &element, &at, NULL)) == OK)
        one(&p, element, depth);
    must(e == ERR_NOT_FOUND, "the document does not end well");
    json_split_free(s);
    arena_done(&p.arena);
    if (p.values)
        fclose(p.values);
    return p.found;
}

/* With its canonical form and its record: what intake gets. */
static void as_records(struct text t)
{
    struct stix_reader *r;
    struct buffer out;
    enum err e;
    buffer_init(&out, 64 * MIB);
    must(stix_reader_open((struct feed_from){.fd = -1}, t, 0, &r) == OK, "no memory");
    while ((e = stix_reader_next(r, &out)) == OK)
        if (out.len > MIB)
            buffer_clear(&out);
    must(e == ERR_NOT_FOUND, "the document does not end well");
    stix_reader_free(r);
    buffer_done(&out);
}

/* ---- as validate reads ---- */

static void on_fault(void *self, const struct document_fault *f)
{
    (void)self;
    (void)f;
}

static struct document_sum as_validate(struct text t)
{
    const struct document_faults to = {.on_fault = on_fault};
    struct document_sum sum;
    must(stix_faults(-1, t, &to, &sum, NULL) == OK, "the document does not end well");
    must(sum.musts == 0, "the document is not valid");
    return sum;
}

/* ---- */

enum job { LIMIT, SPLITTING, PARSING, CHECKING, RECORDS, VALIDATE, JOBS };
static const char *const names[JOBS] = {"limit_s", "split_s", "parse_s", "check_s", "records_s", "validate_s"};

static void run(enum job job, struct text t)
{
    switch (job) {
    case LIMIT: read_alone(t); break;
    case SPLITTING: as_import(t, SPLIT, NULL); break;
    case PARSING: as_import(t, PARSE, NULL); break;
    case CHECKING: as_import(t, CHECK, NULL); break;
    case RECORDS: as_records(t); break;
    default: as_validate(t); break;
    }
}

/* Of the processor: what others do on the machine beside it counts less. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double best[JOBS];
    struct rusage used;
    if (argc != 2 && argc != 3)
        return 64;
    struct text t = read_file(argv[1]);
    struct found found = as_import(t, CHECK, argc == 3 ? argv[2] : NULL);
    struct document_sum sum = as_validate(t);
    must(sum.objects == found.objects && sum.valid == sum.objects, "validate counts otherwise");
    getrusage(RUSAGE_SELF, &used); /* before the limit, which holds the whole document */
    for (int round = 0; round < ROUNDS; round++) {
        for (int job = 0; job < JOBS; job++) {
            double start = cpu_s();
            run((enum job)job, t);
            double s = cpu_s() - start;
            best[job] = round == 0 || s < best[job] ? s : best[job];
        }
    }
    printf("{\"bytes\":%zu,\"objects\":%llu,\"values\":%llu,\"whole\":%llu,\"keys\":%llu,\"rss_mb\":%ld", t.len,
           (unsigned long long)found.objects, (unsigned long long)found.values, (unsigned long long)found.whole,
           (unsigned long long)found.keys, used.ru_maxrss / 1024);
    for (int job = 0; job < JOBS; job++)
        printf(",\"%s\":%.6f", names[job], best[job]);
    puts("}");
    return 0;
}
