/* bench_tree HOME-PREFIX ENTRIES - writes indicators through a node with its tree and with the tree taken away, turn
 * by turn, then makes and checks proofs. One JSON object: seconds of both (best of three), proofs in microseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/time.h"
#include "store/node_inside.h"
#include "store/proof.h"

#define PER_WRITE 500
#define ROUNDS    3
#define PROOFS    2000

static void must(enum err err, const struct fault *f)
{
    if (err == OK)
        return;
    fprintf(stderr, "bench_tree: %s: %s\n", err_name(err), f->what);
    exit(1);
}

struct work {
    uint64_t next;
    struct text class_key;
};

static enum err append(struct txn *t, struct work *w, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX], body[700], value[40];
    const uint64_t i = w->next++;
    struct sha256 h = sha256_of(&i, sizeof i);
    struct uuid uuid;
    memcpy(uuid.b, h.b, sizeof uuid.b);
    struct fact f = {.kind = FACT_OBJECT};
    struct fact_object *o = &f.u.object;
    o->id = ident_format(TEXT("indicator"), &uuid, id);
    o->modified = TEXT("2026-01-01T00:00:00.000Z");
    int n = snprintf(value, sizeof value, "h%llx.bad.example", (unsigned long long)(i * 2654435761u));
    const struct fact_value v = {.kind = 1, .value = {value, (size_t)n}};
    n = snprintf(body, sizeof body,
                 "{\"created\":\"2026-01-01T00:00:00.000Z\",\"description\":\"seen in a campaign, number %llu\","
                 "\"id\":\"" TEXT_FMT
                 "\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"pattern\":\"[domain-name:value = "
                 "'%s']\",\"pattern_type\":\"stix\",\"spec_version\":\"2.1\",\"type\":\"indicator\",\"valid_from\":"
                 "\"2026-01-01T00:00:00Z\"}",
                 (unsigned long long)i, TEXT_ARG(o->id), value);
    struct text raw = {body, (size_t)n};
    o->hash = sha256_of(raw.ptr, raw.len);
    o->standing = STANDING_CURRENT;
    o->class_key = w->class_key;
    o->created_us = o->modified_us = 1767225600000000;
    o->confidence = -1;
    o->values = &v;
    o->value_count = 1;
    o->account = *node_admin(txn_node(t));
    o->party = node_genesis(txn_node(t))->identity;
    return txn_append(t, &f, raw, TEXT_NONE, reterr);
}

static enum err append_some(struct txn *t, void *self, struct fault *reterr)
{
    enum err err = OK;
    for (int i = 0; err == OK && i < PER_WRITE; i++)
        err = append(t, self, reterr);
    return err;
}

static struct node *new_node(const char *home)
{
    struct fault f = {.err = OK};
    struct node *node = NULL;
    const struct node_init init = {
        .name = TEXT("bench"), .country = TEXT("XE"), .space = TEXT("real"), .account = TEXT("admin")};
    must(node_create(io_system(), home, &init, &f), &f);
    must(node_open(io_system(), home, NODE_OWN, &node, &f), &f);
    return node;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of all writes; *ret_cpu: of the processor. */
static double run(struct node *node, uint64_t entries, bool tree, struct text class_key, double *ret_cpu)
{
    struct fault f = {.err = OK};
    struct work w = {.class_key = class_key};
    if (!tree)
        log_on_leaf(node->log, NULL, NULL);
    int64_t start = clock_mono_us();
    double cpu = cpu_s();
    while (w.next < entries)
        must(node_write(node, append_some, &w, &f), &f);
    *ret_cpu = cpu_s() - cpu;
    return (double)(clock_mono_us() - start) / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void prove(struct node *node, uint64_t entries)
{
    static double us[PROOFS];
    struct fault f = {.err = OK};
    struct node_origin origin;
    struct note_key key;
    bool fresh;
    int64_t start = clock_mono_us();
    must(node_publish(node, &fresh, &f), &f);
    double publish_ms = (double)(clock_mono_us() - start) / 1e3;
    node_origin(node, &origin);
    must(note_key_make(text_of(origin.name), NOTE_ED25519, origin.key, &key), &f);
    for (size_t i = 0; i < PROOFS; i++) {
        struct buffer out;
        struct proved proved;
        struct arena arena;
        uint64_t n = 3 + (i * 2654435761u) % entries;
        buffer_init(&out, PROOF_MAX_BYTES);
        start = clock_mono_us();
        must(node_proof(node, n, &out, &f), &f);
        us[i] = (double)(clock_mono_us() - start);
        arena_init(&arena, MIB);
        must(proof_check(buffer_text(&out), &key, &arena, &proved, &f), &f);
        if (proved.entry.n != n)
            exit(1);
        arena_done(&arena);
        buffer_done(&out);
    }
    qsort(us, PROOFS, sizeof *us, by_value);
    printf("\"publish_ms\":%.3f,\"proof_us_median\":%.0f,\"proof_us_p99\":%.0f", publish_ms, us[PROOFS / 2],
           us[PROOFS * 99 / 100]);
}

int main(int argc, char **argv)
{
    struct gate_class cls = {.ours = true, .type = "indicator"};
    struct buffer key;
    double best[2] = {1e9, 1e9}, best_cpu[2] = {1e9, 1e9};
    if (argc != 3)
        return 64;
    uint64_t entries = strtoull(argv[2], NULL, 10);
    buffer_init(&key, KIB);
    gate_class_key(&cls, &key);
    printf("{\"entries\":%llu,", (unsigned long long)entries);
    for (int round = 0; round < ROUNDS; round++) {
        for (int tree = 0; tree < 2; tree++) {
            char home[4096];
            snprintf(home, sizeof home, "%s-%d-%d", argv[1], round, tree);
            struct node *node = new_node(home);
            double cpu, seconds = run(node, entries, tree, buffer_text(&key), &cpu);
            if (seconds < best[tree])
                best[tree] = seconds;
            if (cpu < best_cpu[tree])
                best_cpu[tree] = cpu;
            if (round == ROUNDS - 1 && tree)
                prove(node, entries);
            else
                node->publish.tree = tree ? node->publish.tree : NULL; /* closed without: nothing to publish */
            node_close(node);
        }
    }
    printf(",\"with_s\":%.4f,\"without_s\":%.4f,\"with_cpu_s\":%.4f,\"without_cpu_s\":%.4f}\n", best[1], best[0],
           best_cpu[1], best_cpu[0]);
    buffer_done(&key);
    return 0;
}
