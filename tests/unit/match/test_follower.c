/* Following a log: whatever is done to the file, and wherever the follower stops and starts again, every line comes
 * once and in order. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "match/follower.h"
#include "match/logfile.h"
#include "support/scratch.h"

static int64_t clock_us;

/* Called by the follower once it has read what there is: what happens between two of its steps. */
static void (*meanwhile)(void);

static int64_t test_clock(void)
{
    void (*now)(void) = meanwhile;
    meanwhile = NULL;
    if (now)
        now();
    return clock_us;
}

/* A log in a folder of its own, and one who follows it. */
struct world {
    char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
    struct follower *f;
    struct follow_state state;
    bool has_state;
    struct buffer got, wrote;
    unsigned number; /* of the next line */
    unsigned rotations;
};

static void start(struct world *w)
{
    assert_ok(follower_open(w->path, w->has_state ? &w->state : NULL, &w->f));
    follower_set_clock(w->f, test_clock);
}

static void stop(struct world *w)
{
    follower_free(w->f);
    w->f = NULL;
}

static void world_init(struct world *w)
{
    *w = (struct world){.has_state = false};
    scratch_new(w->folder);
    snprintf(w->path, sizeof w->path, "%s/app.log", w->folder);
    buffer_init(&w->got, 64 * MIB);
    buffer_init(&w->wrote, 64 * MIB);
    start(w);
}

static void world_done(struct world *w)
{
    stop(w);
    buffer_done(&w->got);
    buffer_done(&w->wrote);
    scratch_remove(w->folder);
}

static void append(struct world *w, const char *path, struct text t)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, t.ptr, t.len), (ssize_t)t.len);
    close(fd);
    buffer_add(&w->wrote, t);
}

static void write_text(struct world *w, const char *text)
{
    append(w, w->path, text_of(text));
}

static void write_lines(struct world *w, unsigned count, unsigned width)
{
    struct buffer b;
    buffer_init(&b, 16 * MIB);
    for (; count > 0; count--)
        buffer_addf(&b, "line %06u %.*s\n", w->number++, (int)(width % 64),
                    "................................................................");
    append(w, w->path, buffer_text(&b));
    buffer_done(&b);
}

/* One block. False: nothing new at this moment. */
static bool take_block(struct world *w)
{
    struct text block;
    uint64_t offset, line;
    struct follow_state after;
    struct fault fault = {.what = ""};
    enum err err = follower_next(w->f, &block, &offset, &line, &after, &fault);
    if (err == ERR_NOT_FOUND)
        return false;
    if (err)
        fail_msg("%s: %s", err_name(err), fault.what);
    assert_true(block.len > 0);
    buffer_add(&w->got, block);
    w->state = after;
    w->has_state = true;
    return true;
}

static void take_all(struct world *w)
{
    while (take_block(w))
        ;
}

static void check_at(struct world *w, int at)
{
    struct text got = buffer_text(&w->got), wrote = buffer_text(&w->wrote);
    size_t same = 0;
    while (same < got.len && same < wrote.len && got.ptr[same] == wrote.ptr[same])
        same++;
    if (got.len != wrote.len || same != got.len)
        fail_msg("line %d: %zu bytes given of %zu written, the same up to %zu:\ngot  %.60s\nwant %.60s", at, got.len,
                 wrote.len, same, same < got.len ? got.ptr + same : "", same < wrote.len ? wrote.ptr + same : "");
}
#define check(w) check_at(w, __LINE__)

static char *beside(struct world *w, const char *name)
{
    static char paths[4][SCRATCH_PATH_MAX + 64];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%.60s", w->folder, name);
    return path;
}

/* app.log.1 -> app.log.2 and so on */
static void shift_counted(struct world *w)
{
    for (unsigned n = 20; n > 0; n--) {
        char from[40], to[40];
        snprintf(from, sizeof from, "app.log.%u", n);
        snprintf(to, sizeof to, "app.log.%u", n + 1);
        (void)rename(beside(w, from), beside(w, to));
    }
}

static void rotate(struct world *w, bool create)
{
    shift_counted(w);
    assert_int_equal(rename(w->path, beside(w, "app.log.1")), 0);
    if (create)
        append(w, w->path, TEXT(""));
}

static void rotate_dated(struct world *w)
{
    char name[64];
    snprintf(name, sizeof name, "app.log-2026%04u", 1101 + w->rotations++);
    assert_int_equal(rename(w->path, beside(w, name)), 0);
    append(w, w->path, TEXT(""));
}

static void copy_and_truncate(struct world *w)
{
    size_t len;
    char *bytes = scratch_read(w->path, &len);
    assert_non_null(bytes);
    shift_counted(w);
    scratch_write(beside(w, "app.log.1"), bytes, len);
    free(bytes);
    assert_int_equal(truncate(w->path, 0), 0);
}

/* ---- plain growth ---- */

static void lines_come_as_they_grow(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    assert_false(take_block(&w)); /* not there yet */
    write_text(&w, "");
    assert_false(take_block(&w));
    write_text(&w, "one\ntwo\nthr");
    assert_true(take_block(&w));
    assert_text(buffer_text(&w.got), "one\ntwo\n");
    assert_int_equal(w.state.offset, 8);
    assert_int_equal(w.state.line, 3);
    assert_false(take_block(&w));
    write_text(&w, "ee\nfour\n");
    take_all(&w);
    check(&w);
    assert_int_equal(w.state.line, 5);
    world_done(&w);
}

static void a_last_line_is_given_when_it_is_still(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_text(&w, "one\ntw");
    take_all(&w);
    clock_us += 900000;
    assert_false(take_block(&w));
    write_text(&w, "o");
    assert_false(take_block(&w));
    clock_us += 900000;
    assert_false(take_block(&w));
    clock_us += 200000;
    assert_true(take_block(&w));
    check(&w);
    stop(&w); /* in the middle of a line, as it turns out */
    write_text(&w, "!\nthree\n");
    start(&w);
    take_all(&w);
    check(&w);
    assert_int_equal(w.state.line, 4);
    world_done(&w);
}

static void much_comes_in_blocks(void **state)
{
    struct world w;
    size_t blocks = 0;
    (void)state;
    world_init(&w);
    write_lines(&w, 100000, 50);
    while (take_block(&w))
        blocks++;
    assert_true(blocks > 5);
    check(&w);
    assert_int_equal(w.state.line, 100001);
    world_done(&w);
}

static void a_line_without_end_comes_in_pieces(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    for (int i = 0; i < 40; i++)
        write_lines(&w, 1000, 63);
    w.wrote.len = 0;
    assert_int_equal(truncate(w.path, 0), 0);
    for (int i = 0; i < 60000; i++)
        buffer_addf(&w.wrote, "word %d and another one, ", i);
    buffer_add(&w.wrote, TEXT("\nnext\n"));
    scratch_write(w.path, w.wrote.ptr, w.wrote.len);
    assert_true(take_block(&w));
    assert_int_equal(w.state.line, 1);
    stop(&w); /* in the middle of it */
    start(&w);
    take_all(&w);
    check(&w);
    world_done(&w);
}

/* ---- rotation ---- */

static void rotation_in_each_phase(void **state)
{
    (void)state;
    /* bit 0: new lines before it, unread; 1: created at once; 2: still written to after it; 3: looked at in between;
     * 4: restarted in between; 5: restarted at the end; 6: a last line without newline */
    for (unsigned phase = 0; phase < 128; phase++) {
        struct world w;
        world_init(&w);
        write_lines(&w, 10, 5);
        take_all(&w);
        if (phase & 1)
            write_lines(&w, 7, 9);
        rotate(&w, phase & 2);
        if (phase & 8)
            take_all(&w);
        if (phase & 4) {
            char *old = beside(&w, "app.log.1");
            append(&w, old, TEXT("written late\n"));
            if (phase & 64)
                append(&w, old, TEXT("without end"));
        }
        if (phase & 16) {
            stop(&w);
            start(&w);
        }
        write_lines(&w, 5, 20);
        if (phase & 32) {
            stop(&w);
            start(&w);
        }
        take_all(&w);
        write_lines(&w, 3, 20);
        take_all(&w);
        check_at(&w, (int)phase);
        world_done(&w);
    }
}

static struct world *rotating;

static void write_and_rotate(void)
{
    write_text(rotating, "last of the old one\n");
    rotate(rotating, true);
    write_text(rotating, "first of the new one\n");
}

/* The writer's last line comes after the follower's last look at the old file, and the new file has content already.
 */
static void rotation_between_two_steps(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_text(&w, "one\n");
    take_all(&w);
    rotating = &w;
    meanwhile = write_and_rotate;
    take_all(&w);
    assert_null(meanwhile);
    check(&w);
    world_done(&w);
}

/* A program of several processes: one goes on writing to the old file for a while. */
static void late_lines_of_the_old_file_are_given(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_text(&w, "a\n");
    take_all(&w);
    rotate(&w, true);
    write_text(&w, "b\n");
    take_all(&w);
    append(&w, beside(&w, "app.log.1"), TEXT("late\n"));
    take_all(&w);
    check(&w);
    assert_int_equal(w.state.offset, 2);
    append(&w, beside(&w, "app.log.1"), TEXT("still"));
    take_all(&w);
    clock_us += 1100000;
    take_all(&w);
    check(&w);
    clock_us += 61000000;
    take_all(&w);
    write_text(&w, "c\n");
    take_all(&w);
    check(&w);
    stop(&w);
    start(&w); /* at the new file, with nothing twice */
    write_text(&w, "d\n");
    take_all(&w);
    check(&w);
    world_done(&w);
}

static void rotations_while_away(void **state)
{
    (void)state;
    for (int dated = 0; dated < 2; dated++)
        for (int rounds = 1; rounds < 15; rounds += 4) {
            struct world w;
            world_init(&w);
            write_lines(&w, 30, 40);
            assert_true(take_block(&w));
            stop(&w);
            write_lines(&w, 5, 3);
            for (int i = 0; i < rounds; i++) {
                if (dated)
                    rotate_dated(&w);
                else
                    rotate(&w, true);
                write_lines(&w, 4, 7);
            }
            append(&w, beside(&w, "app.log.bak"), TEXT("")); /* neighbours that are none of it */
            scratch_write(beside(&w, "app.log-errors"), "not ours\n", 9);
            scratch_write(beside(&w, "app.log.1.gz"), "not ours\n", 9);
            scratch_write(beside(&w, "app.log.offset"), "not ours\n", 9);
            start(&w);
            take_all(&w);
            check_at(&w, rounds);
            world_done(&w);
        }
}

static void rotations_between_two_looks(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_lines(&w, 30, 40);
    take_all(&w);
    for (int i = 0; i < 5; i++) {
        write_lines(&w, 4, 7);
        rotate(&w, true);
    }
    take_all(&w);
    check(&w);
    write_lines(&w, 4, 7);
    take_all(&w);
    check(&w);
    world_done(&w);
}

/* As gzip does it. */
static void compress_one(struct world *w, const char *name, size_t keep)
{
    size_t len, packed_len;
    char packed_name[64];
    char *bytes = scratch_read(beside(w, name), &len);
    assert_non_null(bytes);
    snprintf(packed_name, sizeof packed_name, "%.50s.gz", name);
    gzFile out = gzopen(beside(w, packed_name), "wb");
    assert_non_null(out);
    assert_true(gzwrite(out, bytes, (unsigned)len) == (int)len && gzclose(out) == Z_OK);
    assert_int_equal(unlink(beside(w, name)), 0);
    free(bytes);
    bytes = scratch_read(beside(w, packed_name), &packed_len);
    scratch_write(beside(w, packed_name), bytes, keep < packed_len ? keep : packed_len);
    free(bytes);
}

static void compress_from(struct world *w, unsigned first)
{
    for (unsigned n = first; n < 20; n++) {
        char name[40];
        snprintf(name, sizeof name, "app.log.%u", n);
        if (access(beside(w, name), F_OK) == 0)
            compress_one(w, name, SIZE_MAX);
    }
}

static void shift_compressed(struct world *w)
{
    for (unsigned n = 20; n > 0; n--) {
        char from[40], to[40];
        snprintf(from, sizeof from, "app.log.%u.gz", n);
        snprintf(to, sizeof to, "app.log.%u.gz", n + 1);
        (void)rename(beside(w, from), beside(w, to));
    }
}

/* Rotated and compressed, at once (first 1) or one rotation later, while away or between two looks; begun before, or
 * only then. */
static void compressed_ones_are_read(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 24; way++) {
        bool away = way & 1, known = way & 2, whole = way & 4;
        struct world w;
        world_init(&w);
        write_lines(&w, 40, 60);
        if (known)
            (void)(whole ? take_all(&w), 0 : take_block(&w));
        if (away || !known)
            stop(&w);
        for (unsigned i = 0; i < 1 + way / 8 * 2; i++) {
            write_lines(&w, 30, 50);
            shift_compressed(&w);
            rotate(&w, true);
            write_lines(&w, 2, 9);
            compress_from(&w, 1 + way / 4 % 2);
        }
        if (away || !known)
            start(&w);
        follower_read_all(w.f); /* where there is a state it says nothing */
        take_all(&w);
        check_at(&w, (int)way);
        write_lines(&w, 2, 9);
        take_all(&w);
        check_at(&w, (int)way);
        world_done(&w);
    }
}

static void copied_truncated_and_compressed(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        struct world w;
        world_init(&w);
        for (unsigned i = 0; i < 4; i++) {
            write_lines(&w, 30, 60);
            take_all(&w);
            write_lines(&w, 5, 60);
            if (away)
                stop(&w);
            shift_compressed(&w);
            copy_and_truncate(&w);
            compress_from(&w, 1);
            write_lines(&w, 60, 60); /* more than was read */
            if (away)
                start(&w);
            take_all(&w);
            check(&w);
        }
        world_done(&w);
    }
}

/* Of one that is cut off the good part is given, and what came after it. */
static void a_damaged_one_ends_early(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    stop(&w);
    write_lines(&w, 4000, 60);
    rotate(&w, true);
    compress_one(&w, "app.log.1", 9000);
    write_text(&w, "the next\n");
    start(&w);
    follower_read_all(w.f);
    take_all(&w);
    struct text got = buffer_text(&w.got), wrote = buffer_text(&w.wrote);
    assert_true(text_ends(got, TEXT("the next\n")) && got.len > 20000 && got.len < wrote.len);
    assert_true(memcmp(got.ptr, wrote.ptr, got.len / 2) == 0);
    world_done(&w);
}

static void the_old_file_may_be_gone(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_lines(&w, 3, 40);
    take_all(&w);
    write_text(&w, "unread\n");
    assert_int_equal(unlink(w.path), 0); /* still open: nothing is lost */
    write_lines(&w, 3, 40);
    take_all(&w);
    check(&w);
    stop(&w);
    assert_int_equal(unlink(w.path), 0); /* and this one is read */
    write_lines(&w, 3, 40);
    start(&w);
    take_all(&w);
    check(&w);
    world_done(&w);
}

static void the_folder_may_move_to_another_disk(void **state)
{
    struct world w;
    size_t len;
    (void)state;
    world_init(&w);
    write_lines(&w, 300, 40);
    take_all(&w);
    stop(&w);
    char *bytes = scratch_read(w.path, &len);
    scratch_write(beside(&w, "copy"), bytes, len);
    free(bytes);
    assert_int_equal(rename(beside(&w, "copy"), w.path), 0);
    write_lines(&w, 3, 40);
    start(&w);
    take_all(&w);
    check(&w);
    world_done(&w);
}

/* ---- truncation ---- */

static void truncation_starts_again(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        struct world w;
        world_init(&w);
        write_lines(&w, 20, 40);
        take_all(&w);
        if (away)
            stop(&w);
        assert_int_equal(truncate(w.path, 0), 0);
        write_lines(&w, 3, 10);
        if (away)
            start(&w);
        take_all(&w);
        check(&w);
        assert_int_equal(w.state.line, 4);
        assert_int_equal(truncate(w.path, 0), 0); /* grown beyond the place before the next look */
        write_lines(&w, 50, 10);
        take_all(&w);
        check(&w);
        world_done(&w);
    }
}

static void a_cut_off_beginning_of_a_line_is_forgotten(void **state)
{
    struct world w;
    (void)state;
    world_init(&w);
    write_text(&w, "one\ntwo");
    take_all(&w);
    assert_int_equal(truncate(w.path, 4), 0);
    assert_false(take_block(&w));
    w.wrote.len = 4;
    write_text(&w, "other\n");
    take_all(&w);
    check(&w);
    world_done(&w);
}

static void copied_and_truncated(void **state)
{
    (void)state;
    /* bit 0: unread lines before; 1: away meanwhile; 2: grown beyond the old place at once */
    for (unsigned phase = 0; phase < 8; phase++) {
        struct world w;
        world_init(&w);
        write_lines(&w, 20, 40);
        take_all(&w);
        if (phase & 2)
            stop(&w);
        if (phase & 1)
            write_lines(&w, 7, 9);
        copy_and_truncate(&w);
        write_lines(&w, phase & 4 ? 100 : 3, 20);
        if (phase & 2)
            start(&w);
        take_all(&w);
        check_at(&w, (int)phase);
        world_done(&w);
    }
}

/* ---- all of it, at random ---- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

/* Rotated by one way alone, as it is in practice. */
static void random_step(struct world *w, uint32_t way)
{
    struct stat st;
    switch (below(8)) {
    case 0:
    case 1: write_lines(w, 1 + below(20), below(60)); break;
    case 2: write_text(w, "a beginning, "); break;
    case 3: take_all(w); break;
    case 4: (void)take_block(w); break;
    case 5:
        stop(w);
        start(w);
        break;
    case 6: clock_us += below(700000); break;
    default:
        if (stat(w->path, &st) < 0 || st.st_size == 0)
            break;
        write_text(w, "the end\n"); /* else what is left of a line may come before its beginning */
        if (way == 0)
            rotate(w, true);
        else if (way == 1)
            rotate_dated(w);
        else if (way == 2) {
            copy_and_truncate(w);
            write_lines(w, 1, 1); /* nothing tells an empty file's next content from the one after that */
            take_all(w);
        } else
            rotate(w, false);
        break;
    }
}

static void anything_at_any_time(void **state)
{
    const char *words = getenv("ENTENTE_TEST_ROUNDS");
    uint64_t rounds = words ? strtoull(words, NULL, 10) : 400;
    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct world w;
        seed = round * 7919 + 1;
        world_init(&w);
        write_text(&w, "first\n"); /* a file that was never seen cannot be missed */
        take_all(&w);
        for (uint32_t steps = 10 + below(60); steps > 0; steps--)
            random_step(&w, (uint32_t)round % 4);
        write_text(&w, "last\n");
        take_all(&w);
        check_at(&w, (int)round);
        world_done(&w);
    }
}

static void only_files_are_followed(void **state)
{
    struct follower *f;
    struct text block;
    uint64_t offset, line;
    struct follow_state after;
    char folder[SCRATCH_PATH_MAX];
    (void)state;
    scratch_new(folder);
    assert_ok(follower_open(folder, NULL, &f));
    assert_err(follower_next(f, &block, &offset, &line, &after, NULL), ERR_USAGE);
    follower_free(f);
    assert_int_equal(mkfifo(scratch_path(folder, "fifo"), 0600), 0);
    assert_ok(follower_open(scratch_path(folder, "fifo"), NULL, &f));
    assert_err(follower_next(f, &block, &offset, &line, &after, NULL), ERR_USAGE); /* and does not block */
    follower_free(f);
    follower_free(NULL);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_as_they_grow),
        cmocka_unit_test(a_last_line_is_given_when_it_is_still),
        cmocka_unit_test(much_comes_in_blocks),
        cmocka_unit_test(a_line_without_end_comes_in_pieces),
        cmocka_unit_test(rotation_in_each_phase),
        cmocka_unit_test(rotation_between_two_steps),
        cmocka_unit_test(late_lines_of_the_old_file_are_given),
        cmocka_unit_test(rotations_while_away),
        cmocka_unit_test(rotations_between_two_looks),
        cmocka_unit_test(compressed_ones_are_read),
        cmocka_unit_test(copied_truncated_and_compressed),
        cmocka_unit_test(a_damaged_one_ends_early),
        cmocka_unit_test(the_old_file_may_be_gone),
        cmocka_unit_test(the_folder_may_move_to_another_disk),
        cmocka_unit_test(truncation_starts_again),
        cmocka_unit_test(a_cut_off_beginning_of_a_line_is_forgotten),
        cmocka_unit_test(copied_and_truncated),
        cmocka_unit_test(anything_at_any_time),
        cmocka_unit_test(only_files_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
