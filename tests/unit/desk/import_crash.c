/* The machine stops at any moment of some imports: every write is lost or torn, alone and in samples of many.
 * Whatever the disk then holds, the home opens, every acknowledged object is there with its bytes, each document's
 * group is whole or absent, and the view says what a replay of the log says. */
#include "house.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/recorder_vfs.h"

#define IMPORTS      3u
#define PER_IMPORT   8u
#define DEFAULT_SEED 20261121u

static struct recorder *recorder;

static void acked(void *self, uint64_t count, uint64_t at)
{
    unsigned before = *(unsigned *)self * PER_IMPORT;
    (void)at;
    recorder_mark(recorder, "acked", before + count);
}

static const char *document(unsigned number)
{
    static char objects[PER_IMPORT * 1024];
    size_t len = 0;
    for (unsigned i = 0; i < PER_IMPORT; i++)
        len += (size_t)snprintf(objects + len, sizeof objects - len, "%s%s", i ? "," : "",
                                house_indicator(number * PER_IMPORT + i, "2026-01-01T00:00:00.000Z", ""));
    return house_bundle("%s", objects);
}

/* Imports through the recorder, in a home that was there before. */
static void record(struct house *h)
{
    struct fault fault;
    assert_ok(node_open(recorder_io(recorder), h->home, NODE_OWN, &h->node, &fault));
    for (unsigned i = 0; i < IMPORTS; i++) {
        struct intake_options o = house_options(h, &h->a);
        struct intake_totals t;
        o.on_commit = acked;
        o.self = &i;
        o.on_rejected = NULL;
        assert_ok(house_take(h, text_of(document(i)), &o, &t));
        assert_int_equal(t.fresh, PER_IMPORT);
        recorder_mark(recorder, "acked", (uint64_t)(i + 1) * PER_IMPORT);
    }
    node_close(h->node);
    h->node = NULL;
}

/* How many of the objects are there, from the first on without a gap, each with its bytes. */
static unsigned count_objects(struct house *h, const char *words)
{
    unsigned count = 0;
    bool ended = false;
    for (unsigned i = 0; i < IMPORTS * PER_IMPORT; i++) {
        struct buffer body;
        bool there = house_current(h, house_indicator_id(i), NULL, &body);
        if (there && (ended || !buffer_text(&body).len))
            fail_msg("%s: object %u is there after one that is not, or without its bytes", words, i);
        if (there)
            buffer_done(&body);
        ended |= !there;
        count += there;
    }
    return count;
}

static void check_state(void *arg, const char *dir, const struct crash *crash)
{
    struct house *h = arg;
    char words[CRASH_WORDS_MAX];
    struct fault fault = {0};
    uint64_t entries;
    crash_words(recorder, crash, words);
    if (node_open(io_system(), scratch_path(dir, "home"), NODE_OWN, &h->node, &fault) != OK)
        fail_msg("%s: the home does not open: %s", words, fault.what);
    unsigned count = count_objects(h, words);
    int64_t promised = recorder_last_mark(recorder, crash->point, "acked");
    if ((int64_t)count < promised)
        fail_msg("%s: %lld objects acknowledged, %u there", words, (long long)promised, count);
    if (count % PER_IMPORT)
        fail_msg("%s: half a group: %u objects", words, count);
    uint64_t live = house_entries(h);
    if (node_rebuild(h->node, &entries, &fault) != OK || entries != live || count_objects(h, words) != count)
        fail_msg("%s: the view is not what a replay gives", words);
    node_close(h->node);
    h->node = NULL;
}

static void every_crash_of_an_import_recovers(void **state)
{
    static struct house h;
    char at[SCRATCH_PATH_MAX];
    const char *seed = getenv("SEED");
    (void)state;
    house_open(&h);
    node_close(h.node);
    h.node = NULL;
    scratch_new(at);
    recorder = recorder_new(h.folder);
    recorder_vfs_register("recorded", true, recorder, NULL);
    record(&h);
    recorder_vfs_unregister();
    struct crash_plan plan = {
        .seed = seed ? strtoull(seed, NULL, 10) : DEFAULT_SEED, .step = 32, .torn = 1, .subsets = 1};
    size_t states = recorder_each_crash(recorder, &plan, at, check_state, &h);
    print_message("# %zu operations, %zu states, none lost\n", recorder_len(recorder), states);
    assert_true(states > recorder_len(recorder));
    recorder_free(recorder);
    scratch_remove(at);
    scratch_remove(h.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_crash_of_an_import_recovers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
