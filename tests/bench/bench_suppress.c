/* bench_suppress NAMES - warning lists of so many host names and a thousand networks: how long they take to load, and
 * how many values a second are held against them; every answer is checked. Beside it the same names in a sorted
 * table, asked by bsearch for the name and each name above it. One JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "desk/suppress.h"

#define CHECKS   1000000
#define NETWORKS 1000
#define NAME_MAX 48

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_suppress: %s\n", what);
    exit(1);
}

static size_t name_of(uint64_t i, bool listed, char out[NAME_MAX])
{
    return (size_t)snprintf(out, NAME_MAX, "h%llx.%s.example", (unsigned long long)(i * 2654435761u % 4294967291u),
                            listed ? "listed" : "other");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void write_names(struct buffer *out, char (*table)[NAME_MAX], uint64_t names)
{
    buffer_add(out, TEXT("{\"description\":\"d\",\"entries\":["));
    for (uint64_t i = 0; i < names; i++) {
        name_of(i, true, table[i]);
        buffer_addf(out, "%s\"%s\"", i ? "," : "", table[i]);
    }
    buffer_add(out, TEXT("],\"kinds\":[\"domain\",\"url\"],\"name\":\"names\",\"type\":\"hostname\",\"version\":1}"));
    qsort(table, names, sizeof *table, by_text);
}

static void write_networks(struct buffer *out)
{
    buffer_add(out, TEXT("{\"description\":\"d\",\"entries\":["));
    for (unsigned i = 0; i < NETWORKS; i++)
        buffer_addf(out, "%s\"10.%u.%u.0/24\"", i ? "," : "", i / 256, i % 256);
    buffer_add(out, TEXT("],\"kinds\":[\"ipv4\"],\"name\":\"networks\",\"type\":\"cidr\",\"version\":1}"));
}

/* The I-th question: a listed name, a name below a listed one, another, an address in a network or not. */
static enum value_kind question(uint64_t i, uint64_t names, char out[2 * NAME_MAX], bool *ret_listed)
{
    char name[NAME_MAX];
    const uint64_t n = i * 7919 % names;
    *ret_listed = i % 2 == 0;
    if (i % 5 == 4) {
        snprintf(out, 2 * NAME_MAX, "%s.%u.%u.7", *ret_listed ? "10" : "11", (unsigned)(i % NETWORKS / 256),
                 (unsigned)(i % NETWORKS % 256));
        return VALUE_IPV4;
    }
    name_of(n, *ret_listed, name);
    snprintf(out, 2 * NAME_MAX, "%s%s", i % 3 ? "" : "www.", name);
    return VALUE_DOMAIN;
}

static bool in_table(char (*table)[NAME_MAX], uint64_t names, const char *name)
{
    for (; name; name = strchr(name, '.'), name += name != NULL)
        if (strlen(name) < NAME_MAX && bsearch(name, table, names, sizeof *table, by_text))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct suppress *s;
    struct buffer text;
    if (argc != 2)
        return 64;
    const uint64_t names = strtoull(argv[1], NULL, 10);
    char(*table)[NAME_MAX] = names ? malloc(names * sizeof *table) : NULL;
    must(table && suppress_new(&s) == OK, "no memory");
    buffer_init(&text, (size_t)1 << 30);
    write_names(&text, table, names);
    must(buffer_error(&text) == OK, "no memory");
    int64_t start = clock_mono_us();
    must(suppress_add(s, buffer_text(&text), NULL) == OK, "the names are no list");
    buffer_clear(&text);
    write_networks(&text);
    must(suppress_add(s, buffer_text(&text), NULL) == OK && suppress_ready(s) == OK, "the networks are no list");
    const double load_s = (double)(clock_mono_us() - start) / 1e6;
    int64_t asked_us = 0, peer_us = 0;
    for (uint64_t i = 0; i < CHECKS;) {
        char value[1024][2 * NAME_MAX];
        enum value_kind kind[1024];
        bool listed[1024];
        bool found[1024];
        size_t count = 0;
        for (; count < 1024 && i < CHECKS; count++, i++)
            kind[count] = question(i, names, value[count], &listed[count]);
        start = clock_mono_us();
        for (size_t k = 0; k < count; k++)
            found[k] = suppress_check(s, kind[k], text_of(value[k])).why == SUPPRESS_LIST;
        asked_us += clock_mono_us() - start;
        for (size_t k = 0; k < count; k++)
            must(found[k] == listed[k], value[k]);
        start = clock_mono_us();
        for (size_t k = 0; k < count; k++)
            found[k] = kind[k] == VALUE_DOMAIN ? in_table(table, names, value[k]) : listed[k];
        peer_us += clock_mono_us() - start;
        for (size_t k = 0; k < count; k++)
            must(found[k] == listed[k], value[k]);
    }
    printf("{\"load_s\":%.4f,\"checks_per_s\":%.0f,\"peer_per_s\":%.0f}\n", load_s, CHECKS * 1e6 / (double)asked_us,
           CHECKS * 1e6 / (double)peer_us);
    suppress_free(s);
    buffer_done(&text);
    free(table);
    return 0;
}
