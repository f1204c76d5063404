/* bench_index INDICATORS INDEX - builds an index of a list of values, in normal form already or not, writes it as a
 * file, opens it, looks up a part of the values, and prints one JSON object: seconds of each step, bytes, memory. The
 * limit is sorting as many keys of eight bytes, the least that an index of another kind would do. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"
#include "match/index_file.h"

#define LINE_BYTES 16384

struct build {
    struct index_builder *builder;
    struct index *index;
    struct index_item *items;
    size_t count, cap;
    struct buffer values, normal;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double since(int64_t *io_us)
{
    int64_t now = clock_mono_us();
    double seconds = (double)(now - *io_us) / 1e6;
    *io_us = now;
    return seconds;
}

static void add_value(struct build *b, struct text raw)
{
    enum value_kind kind;
    buffer_clear(&b->normal);
    if (value_normalise(value_detect(raw), raw, &b->normal, &kind, NULL) || buffer_error(&b->normal)) {
        fprintf(stderr, "bench_index: not a value: " TEXT_FMT "\n", TEXT_ARG(raw));
        exit(1);
    }
    struct text value = buffer_text(&b->normal);
    if (b->count == b->cap &&
        !(b->items = realloc(b->items, (b->cap = b->cap ? b->cap * 2 : 4096) * sizeof *b->items)))
        die("memory");
    struct index_item *item = &b->items[b->count];
    *item = (struct index_item){
        .n = b->count, .until_us = INT64_MAX, .value_len = (uint16_t)value.len, .kind = (uint8_t)kind};
    if (index_builder_add(b->builder, kind, value, (uint32_t)b->count++))
        die("memory");
    item->value_at = index_kind_is_text(kind) ? index_builder_last_key(b->builder, kind) : (uint32_t)b->values.len;
    if (!index_kind_is_text(kind))
        buffer_add(&b->values, value);
}

static void read_values(struct build *b, const char *path)
{
    char line[LINE_BYTES];
    FILE *in = fopen(path, "r");
    if (!in)
        die(path);
    while (fgets(line, sizeof line, in))
        add_value(b, text_trim(text_of(line)));
    fclose(in);
}

static uint64_t write_file(struct build *b, const char *path)
{
    const struct index_party party = {.name = TEXT("bench")};
    struct fault fault = {.offset = -1};
    const struct index_content c = {.index = b->index,
                                    .items = b->items,
                                    .item_count = b->count,
                                    .values = buffer_text(&b->values),
                                    .parties = &party,
                                    .party_count = 1};
    uint64_t bytes = 0;
    if (index_file_write(io_system(), path, &c, &bytes, &fault)) {
        fprintf(stderr, "bench_index: %s\n", fault.what);
        exit(1);
    }
    return bytes;
}

static struct index_file *open_file(const char *path)
{
    struct index_file *f;
    struct fault fault = {.offset = -1};
    int fd = open(path, O_RDONLY);
    if (fd < 0 || index_file_open(fd, &f, &fault)) {
        fprintf(stderr, "bench_index: %s\n", fault.what);
        exit(1);
    }
    close(fd);
    return f;
}

/* One in a thousand is there, and leads back to itself. */
static void check(const struct index_file *f)
{
    for (size_t i = 0; i < index_file_count(f); i += 1000) {
        const struct index_item *item = &index_file_items(f)[i];
        struct index_refs refs =
            index_find(index_file_index(f), (enum value_kind)item->kind, index_file_value(f, item));
        size_t found = 0;
        for (size_t k = 0; k < refs.count; k++)
            found += refs.refs[k] == i;
        if (found != 1) {
            fprintf(stderr, "bench_index: value %zu is not found\n", i);
            exit(1);
        }
    }
}

static int by_word(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double limit(size_t count)
{
    uint64_t *keys = malloc(count * sizeof *keys), seed = 1;
    if (!keys)
        die("memory");
    for (size_t i = 0; i < count; i++)
        keys[i] = seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    int64_t at = clock_mono_us();
    qsort(keys, count, sizeof *keys, by_word);
    double seconds = since(&at);
    free(keys);
    return seconds;
}

int main(int argc, char **argv)
{
    struct build b = {0};
    struct rusage usage;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_index INDICATORS INDEX\n");
        return 64;
    }
    buffer_init(&b.values, UINT32_MAX);
    buffer_init(&b.normal, VALUE_MAX_BYTES + 16);
    if (index_builder_new(&b.builder))
        die("memory");
    int64_t at = clock_mono_us();
    read_values(&b, argv[1]);
    double add_s = since(&at);
    if (index_builder_build(b.builder, &b.index))
        die("memory");
    double build_s = since(&at);
    uint64_t bytes = write_file(&b, argv[2]);
    double write_s = since(&at);
    getrusage(RUSAGE_SELF, &usage);
    index_unref(b.index);
    index_builder_free(b.builder);
    free(b.items);
    buffer_done(&b.values);
    buffer_done(&b.normal);
    since(&at);
    struct index_file *f = open_file(argv[2]);
    double open_s = since(&at);
    check(f);
    printf(
        "{\"values\":%zu,\"add_s\":%.4f,\"build_s\":%.4f,\"write_s\":%.4f,\"open_s\":%.4f,\"bytes\":%llu,\"rss_mb\":"
        "%.1f,\"limit_s\":%.4f}\n",
        index_file_count(f), add_s, build_s, write_s, open_s, (unsigned long long)bytes,
        (double)usage.ru_maxrss / 1024.0, limit(index_file_count(f)));
    index_file_unref(f);
    return 0;
}
