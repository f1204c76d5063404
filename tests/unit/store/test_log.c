/* The log by itself: what is committed comes back, over segments and openings; what is damaged is said to be. */
#include "log_made.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/log_format.h"
#include "support/fault.h"
#include "support/scratch.h"

struct stage {
    char dir[SCRATCH_PATH_MAX];
    struct log *log;
    struct fault_io io;
};

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s)
        return -1;
    scratch_new(s->dir);
    if (log_create_sized(io_system(), s->dir, MADE_SEGMENT_BYTES, NULL) != OK)
        return -1;
    if (log_open(io_system(), s->dir, true, &s->log, NULL) != OK)
        return -1;
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct stage *s = *state;
    log_close(s->log);
    scratch_remove(s->dir);
    free(s);
    return 0;
}

static void reopen(struct stage *s)
{
    struct fault f = {.err = OK};
    uint64_t size = log_size(s->log);
    log_close(s->log);
    s->log = NULL;
    enum err err = log_open_known(io_system(), s->dir, true, size, &s->log, &f);
    if (err != OK)
        print_error("%s\n", f.what);
    assert_ok(err);
    assert_int_equal(log_size(s->log), size);
}

static void empty_log(void **state)
{
    struct stage *s = *state;
    assert_int_equal(log_size(s->log), 0);
    assert_int_equal(log_last_us(s->log), INT64_MIN);
    assert_ok(log_commit(s->log, NULL)); /* nothing staged: nothing done */
    made_check(s->log);
    reopen(s);
    assert_err(log_create(io_system(), s->dir, NULL), ERR_EXISTS);
}

static void comes_back(void **state)
{
    struct stage *s = *state;
    uint64_t n = 0;
    static const size_t counts[] = {1, 2, 7, 1, 30, 3, 64, 1, 5};
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
            assert_ok(made_group(s->log, n, counts[i]));
            n += counts[i];
            assert_int_equal(log_size(s->log), n);
        }
        made_check(s->log);
        reopen(s);
        made_check(s->log);
    }
    assert_true(n == 342);
}

/* A group larger than a segment enlarges the segment, and the next group begins a new one. */
static void large_group(void **state)
{
    struct stage *s = *state;
    assert_ok(made_group(s->log, 0, 3));
    assert_ok(made_group(s->log, 3, 400));
    assert_ok(made_group(s->log, 403, 1));
    made_check(s->log);
    reopen(s);
    made_check(s->log);
    assert_int_equal(access(scratch_path(s->dir, "00000001.log"), F_OK), 0);
    assert_int_not_equal(access(scratch_path(s->dir, "00000002.log"), F_OK), 0);
}

static void reader_begins_anywhere(void **state)
{
    struct stage *s = *state;
    for (uint64_t n = 0; n < 200; n += 10)
        assert_ok(made_group(s->log, n, 10));
    for (uint64_t from = 0; from <= 201; from += 3) {
        struct log_reader *r;
        struct log_read read;
        assert_ok(log_reader_open(s->log, from, &r, NULL));
        enum err err = log_reader_next(r, &read, NULL);
        if (from < 200)
            assert_ok(err);
        else
            assert_err(err, ERR_NOT_FOUND);
        if (err == OK)
            assert_int_equal(read.entry.n, from);
        log_reader_close(r);
    }
}

static void unstage_gives_up_a_part(void **state)
{
    struct stage *s = *state;
    assert_ok(made_group(s->log, 0, 2));
    struct log_mark nothing = log_mark(s->log);
    made_stage(s->log, 2);
    struct log_mark mark = log_mark(s->log);
    made_stage(s->log, 3);
    made_stage(s->log, 4);
    log_unstage(s->log, &mark);
    made_stage(s->log, 3);
    assert_ok(log_commit(s->log, NULL));
    assert_int_equal(log_size(s->log), 4);
    nothing = log_mark(s->log);
    made_stage(s->log, 4);
    log_unstage(s->log, &nothing);
    assert_int_equal(log_staged_bytes(s->log), 0);
    assert_ok(log_commit(s->log, NULL));
    assert_int_equal(log_size(s->log), 4);
    made_check(s->log);
    reopen(s);
    made_check(s->log);
}

static void stage_text(struct log *log, struct text body, int64_t t_us, int64_t *ret_us, struct place *ret,
                       enum err expected)
{
    uint64_t n;
    struct place original;
    struct log_item item = {
        .kind = TEXT("act"), .t_us = t_us, .public_part = TEXT("{}"), .private_part = TEXT("{}"), .body = body};
    assert_err(log_stage(log, &item, &n, ret_us, ret, &original), expected);
}

static void time_never_goes_back(void **state)
{
    struct stage *s = *state;
    int64_t t = 0;
    struct place at;
    stage_text(s->log, TEXT_NONE, 1000, &t, &at, OK);
    assert_int_equal(t, 1000);
    stage_text(s->log, TEXT_NONE, 500, &t, &at, OK);
    assert_int_equal(t, 1001); /* later than the one before, whatever the clock says */
    assert_ok(log_commit(s->log, NULL));
    reopen(s);
    assert_int_equal(log_last_us(s->log), 1001);
    stage_text(s->log, TEXT_NONE, -5, &t, &at, OK);
    assert_int_equal(t, 1002);
    assert_ok(log_commit(s->log, NULL));
}

/* The largest body, of bytes that do not compress, and one byte more. */
static void largest_body(void **state)
{
    struct stage *s = *state;
    struct buffer got;
    struct place at;
    int64_t t;
    char *bytes = malloc(LOG_RECORD_MAX_BYTES + 1);
    assert_non_null(bytes);
    random_bytes(bytes, LOG_RECORD_MAX_BYTES + 1);
    struct place none;
    stage_text(s->log, (struct text){bytes, LOG_RECORD_MAX_BYTES + 1}, 1, &t, &none, ERR_LIMIT);
    stage_text(s->log, (struct text){bytes, LOG_RECORD_MAX_BYTES}, 1, &t, &at, OK);
    assert_ok(log_commit(s->log, NULL));
    reopen(s);
    buffer_init(&got, LOG_RECORD_MAX_BYTES);
    assert_ok(log_body(s->log, at, &got, NULL));
    assert_int_equal(got.len, LOG_RECORD_MAX_BYTES);
    assert_memory_equal(got.ptr, bytes, got.len);
    buffer_done(&got);
    buffer_init(&got, 100); /* the caller's own limit */
    assert_err(log_body(s->log, at, &got, NULL), ERR_LIMIT);
    buffer_done(&got);
    free(bytes);
}

/* A reader beside an owner sees what was there, finds later bodies by place, and the rest when it looks again. */
static void reader_beside_an_owner(void **state)
{
    struct stage *s = *state;
    struct log *reader;
    struct buffer body;
    struct place at;
    int64_t t;
    assert_ok(made_group(s->log, 0, 4));
    assert_ok(log_open(io_system(), s->dir, false, &reader, NULL));
    made_check(reader);
    assert_err(log_stage(reader, &(struct log_item){.kind = TEXT("act")}, &(uint64_t){0}, &t, &at, &at), ERR_DENIED);
    for (uint64_t n = 4; n < 244; n += 8) { /* several segments */
        assert_ok(made_group(s->log, n, 8));
        if (n % 3 == 0) {
            assert_ok(log_refresh(reader, NULL));
            assert_int_equal(log_size(reader), n + 8);
        }
    }
    stage_text(s->log, TEXT("a body that came later"), INT64_C(1) << 52, &t, &at, OK);
    assert_ok(log_commit(s->log, NULL));
    buffer_init(&body, KIB);
    assert_ok(log_body(reader, at, &body, NULL));
    assert_text(buffer_text(&body), "a body that came later");
    buffer_done(&body);
    assert_ok(log_refresh(reader, NULL));
    assert_int_equal(log_size(reader), 245);
    log_close(reader);
}

/* ---- damage ---- */

static int64_t used_bytes(const char *path);

/* A reader that looks again comes to a sealed segment whose last group is gone: it says so, and ends. */
static void reader_meets_damage(void **state)
{
    struct stage *s = *state;
    struct log *reader;
    static const char zeros[64];
    assert_ok(made_group(s->log, 0, 4));
    assert_ok(log_open(io_system(), s->dir, false, &reader, NULL));
    for (uint64_t n = 4; access(scratch_path(s->dir, "00000001.log"), F_OK) != 0; n += 8)
        assert_ok(made_group(s->log, n, 8));
    int64_t used = used_bytes(scratch_path(s->dir, "00000000.log"));
    int fd = open(scratch_path(s->dir, "00000000.log"), O_RDWR);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, used - (int64_t)sizeof zeros), sizeof zeros);
    close(fd);
    alarm(60); /* it must not look for ever */
    assert_err(log_refresh(reader, NULL), ERR_MALFORMED);
    alarm(0);
    assert_int_equal(log_size(reader), 4);
    log_close(reader);
}

static void flip(const char *path, int64_t at, uint8_t mask)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= mask;
    assert_true(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static int64_t used_bytes(const char *path)
{
    size_t len;
    char *bytes = scratch_read(path, &len);
    assert_non_null(bytes);
    while (len && bytes[len - 1] == 0)
        len--;
    free(bytes);
    return (int64_t)len;
}

/* One bit wrong anywhere: the log says so, or (padding) nothing of it is lost. Never other content, never fewer. */
static void every_byte_is_watched(void **state)
{
    struct stage *s = *state;
    assert_ok(made_group(s->log, 0, 2));
    assert_ok(made_group(s->log, 2, 3));
    assert_ok(made_group(s->log, 5, 1));
    uint64_t size = log_size(s->log);
    log_close(s->log);
    s->log = NULL;
    const char *path = scratch_path(s->dir, "00000000.log");
    char kept[SCRATCH_PATH_MAX + 16];
    snprintf(kept, sizeof kept, "%s", path);
    int64_t used = used_bytes(kept);
    size_t silent = 0, refused = 0, told = 0, looked = 0;
    for (int64_t at = 0; at < used; at++) {
        if (at >= SEGMENT_HEAD_BYTES && at < SEGMENT_START)
            continue;
        struct log *log;
        looked++;
        flip(kept, at, (uint8_t)(1 << at % 8));
        enum err err = log_open_known(io_system(), s->dir, false, size, &log, NULL);
        if (err == OK) {
            bool same = made_check_or_damaged(log);
            silent += same;
            told += !same; /* a body: the rest stands */
            log_close(log);
        } else {
            assert_true(err == ERR_MALFORMED || err == ERR_VERSION);
            refused++;
        }
        flip(kept, at, (uint8_t)(1 << at % 8));
    }
    assert_true(silent < looked / 50); /* the few bytes of padding */
    assert_int_equal(refused + silent + told, looked);
}

/* Where the body of the entry n lies; the first from n on that has one. */
static struct place body_of(const struct log *log, uint64_t n)
{
    struct log_reader *r;
    struct log_read read = {.has_body = false};
    assert_ok(log_reader_open(log, n, &r, NULL));
    while (!read.has_body)
        assert_ok(log_reader_next(r, &read, NULL));
    log_reader_close(r);
    return read.body;
}

/* A body's payload that is wrong before whole groups is damage, but of that body alone: all else goes on. */
static void spoiled_body_stands_alone(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    struct buffer out;
    for (uint64_t n = 0; n < 6; n++)
        assert_ok(made_group(s->log, n, 1));
    struct place first = body_of(s->log, 0);
    log_close(s->log);
    s->log = NULL;
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/00000000.log", s->dir);
    flip(path, first.offset + RECORD_HEAD_BYTES + BODY_HEAD_BYTES, 4);
    assert_ok(log_open(io_system(), s->dir, true, &s->log, &f));
    assert_int_equal(log_size(s->log), 6);
    buffer_init(&out, MIB);
    assert_err(log_body(s->log, first, &out, &f), ERR_MALFORMED);
    assert_int_equal(f.offset, first.offset);
    buffer_done(&out);
    assert_false(made_check_or_damaged(s->log));
    assert_ok(made_group(s->log, 6, 2));
    reopen(s);
    flip(path, first.offset + RECORD_HEAD_BYTES + BODY_HEAD_BYTES, 4);
    made_check(s->log);
}

/* In the last group it may as well be a crash's doing, unless somebody knows that the group was acknowledged. */
static void spoiled_body_of_the_last_group(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    uint64_t n = 0;
    do
        assert_ok(made_group(s->log, n++, 1));
    while (n < 4);
    struct place last = body_of(s->log, 0);
    for (; n < 40; n++) { /* one group after another, until the last one has a body */
        assert_ok(made_group(s->log, n, 1));
        struct log_reader *r;
        struct log_read read;
        assert_ok(log_reader_open(s->log, n, &r, NULL));
        assert_ok(log_reader_next(r, &read, NULL));
        log_reader_close(r);
        last = read.body;
        if (read.has_body && read.body.segment == 0)
            break;
    }
    assert_true(n < 40);
    uint64_t size = log_size(s->log);
    log_close(s->log);
    s->log = NULL;
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/00000000.log", s->dir);
    flip(path, last.offset + RECORD_HEAD_BYTES + BODY_HEAD_BYTES, 4);
    assert_ok(log_open(io_system(), s->dir, false, &s->log, &f));
    assert_int_equal(log_size(s->log), size - 1);
    log_close(s->log);
    s->log = NULL;
    assert_ok(log_open_known(io_system(), s->dir, true, size, &s->log, &f));
    assert_int_equal(log_size(s->log), size);
    assert_ok(made_group(s->log, size, 1)); /* which proves it */
    log_close(s->log);
    s->log = NULL;
    assert_ok(log_open(io_system(), s->dir, true, &s->log, &f));
    assert_int_equal(log_size(s->log), size + 1);
}

/* What the tree is told: every entry once, in order, when it is durable and not before; nothing that was given up. */
struct leaves {
    uint64_t n;
    struct place at[64];
    struct sha256 hash[64];
};

static void take_leaf(void *self, const struct sha256 *leaf, struct place at)
{
    struct leaves *l = self;
    assert_true(l->n < 64);
    l->at[l->n] = at;
    l->hash[l->n++] = *leaf;
}

static void leaves_are_told(void **state)
{
    struct stage *s = *state;
    struct leaves l = {.n = 0};
    log_on_leaf(s->log, take_leaf, &l);
    assert_ok(made_group(s->log, 0, 3));
    assert_int_equal(l.n, 3);
    made_stage(s->log, 3);
    struct log_mark mark = log_mark(s->log);
    made_stage(s->log, 4);
    made_stage(s->log, 5);
    log_unstage(s->log, &mark);
    made_stage(s->log, 4);
    assert_int_equal(l.n, 3);
    assert_ok(log_commit(s->log, NULL));
    assert_int_equal(l.n, 5);
    for (uint64_t n = 0; n < l.n; n++) {
        struct log_reader *r;
        struct log_read read;
        assert_ok(log_reader_open_at(s->log, n, l.at[n], &r, NULL));
        assert_ok(log_reader_next(r, &read, NULL));
        assert_int_equal(read.entry.n, n);
        assert_int_equal(read.at.offset, l.at[n].offset);
        struct sha256 leaf = entry_leaf(read.entry_text);
        assert_true(sha256_eq(&leaf, &l.hash[n]));
        log_reader_close(r);
        assert_ok(log_reader_open_at(s->log, n, (struct place){0, l.at[n].offset + 8}, &r, NULL));
        assert_err(log_reader_next(r, &read, NULL), ERR_MALFORMED);
        log_reader_close(r);
    }
}

/* An owner does not take damage before acknowledged groups for a crash's remains: it changes nothing. */
static void damage_is_not_cleared(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    for (uint64_t n = 0; n < 5; n++)
        assert_ok(made_group(s->log, n, 1));
    log_close(s->log);
    s->log = NULL;
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/00000000.log", s->dir);
    flip(path, SEGMENT_START + 40, 1); /* in the first entry */
    size_t len, len_after;
    char *before = scratch_read(path, &len);
    assert_err(log_open(io_system(), s->dir, true, &s->log, &f), ERR_MALFORMED);
    assert_int_equal(f.offset, SEGMENT_START);
    assert_non_null(strstr(f.what, "00000000.log"));
    char *after = scratch_read(path, &len_after);
    assert_int_equal(len, len_after);
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
    /* The last group alone looks like a crash's remains, unless somebody knows that it was acknowledged. */
    flip(path, SEGMENT_START + 40, 1);
    flip(path, used_bytes(path) - 1, 1);
    assert_err(log_open_known(io_system(), s->dir, true, 5, &s->log, &f), ERR_MALFORMED);
    assert_ok(log_open_known(io_system(), s->dir, true, 4, &s->log, &f));
    assert_int_equal(log_size(s->log), 4);
    made_check(s->log);
    assert_ok(made_group(s->log, 4, 1));
}

static void every_cut_is_a_prefix(void **state)
{
    struct stage *s = *state;
    char path[SCRATCH_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/00000000.log", s->dir);
    for (uint64_t n = 0; n < 6; n++)
        assert_ok(made_group(s->log, n, 1));
    log_close(s->log);
    s->log = NULL;
    int64_t used = used_bytes(path), size = 6;
    uint64_t last = 6;
    for (int64_t cut = used; cut >= 0; cut -= 37) {
        assert_int_equal(truncate(path, cut), 0);
        enum err err = log_open(io_system(), s->dir, false, &s->log, NULL);
        if (cut < SEGMENT_HEAD_BYTES) {
            assert_err(err, ERR_MALFORMED);
            continue;
        }
        assert_ok(err);
        made_check(s->log);
        assert_true(log_size(s->log) <= last);
        last = log_size(s->log);
        log_close(s->log);
        s->log = NULL;
    }
    assert_int_equal(last, 0);
    (void)size;
}

static void set_feature(const char *path, bool compatible)
{
    uint8_t head[SEGMENT_HEAD_BYTES];
    struct segment_head h;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    assert_ok(segment_head_decode(head, &h, NULL));
    h.compatible = compatible ? 0x80 : 0;
    h.incompatible = compatible ? 0 : 0x80;
    segment_head_encode(&h, head);
    assert_true(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    close(fd);
}

static void unknown_features(void **state)
{
    struct stage *s = *state;
    assert_ok(made_group(s->log, 0, 3));
    log_close(s->log);
    s->log = NULL;
    set_feature(scratch_path(s->dir, "00000000.log"), true);
    assert_ok(log_open(io_system(), s->dir, false, &s->log, NULL));
    made_check(s->log);
    log_close(s->log);
    s->log = NULL;
    set_feature(scratch_path(s->dir, "00000000.log"), false);
    assert_err(log_open(io_system(), s->dir, false, &s->log, NULL), ERR_VERSION);
}

static void lost_segments(void **state)
{
    struct stage *s = *state;
    for (uint64_t n = 0; n < 300; n += 20)
        assert_ok(made_group(s->log, n, 20));
    log_close(s->log);
    s->log = NULL;
    scratch_write(scratch_path(s->dir, "00000004.log.new"), "left behind", 11);
    assert_int_equal(rename(scratch_path(s->dir, "00000001.log"), scratch_path(s->dir, "kept")), 0);
    assert_err(log_open(io_system(), s->dir, true, &s->log, NULL), ERR_MALFORMED);
    /* another number's file in its place */
    assert_int_equal(link(scratch_path(s->dir, "00000002.log"), scratch_path(s->dir, "00000001.log")), 0);
    assert_err(log_open(io_system(), s->dir, true, &s->log, NULL), ERR_MALFORMED);
    assert_int_equal(rename(scratch_path(s->dir, "kept"), scratch_path(s->dir, "00000001.log")), 0);
    assert_ok(log_open(io_system(), s->dir, true, &s->log, NULL));
    made_check(s->log);
}

/* What an interrupted roll left goes at the next opening. */
static void unfinished_segment_goes(void **state)
{
    struct stage *s = *state;
    char path[SCRATCH_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/00000001.log.new", s->dir);
    assert_ok(made_group(s->log, 0, 3));
    scratch_write(path, "left behind", 11);
    reopen(s);
    assert_int_not_equal(access(path, F_OK), 0);
    made_check(s->log);
}

/* ---- failures ---- */

static void failed_sync_is_for_good(void **state)
{
    struct stage *s = *state;
    struct fault f = {.err = OK};
    log_close(s->log);
    fault_io_init(&s->io, io_system());
    assert_ok(log_open(&s->io.io, s->dir, true, &s->log, NULL));
    assert_ok(made_group(s->log, 0, 2));
    made_stage(s->log, 2);
    fault_io_arm(&s->io, FAULT_SYNC, 1, false);
    assert_err(log_commit(s->log, &f), ERR_IO);
    assert_true(fault_io_disarm(&s->io));
    assert_true(log_failed(s->log));
    assert_int_equal(log_size(s->log), 2);
    assert_int_equal(log_staged_bytes(s->log), 0);
    int64_t t;
    struct place at;
    stage_text(s->log, TEXT_NONE, 1, &t, &at, ERR_IO);
    assert_err(log_commit(s->log, &f), ERR_IO);
    made_check(s->log); /* what was acknowledged can still be read */
    log_close(s->log);
    /* What lies behind may count or not; here the bytes are whole. */
    assert_ok(log_open(&s->io.io, s->dir, true, &s->log, NULL));
    assert_int_equal(log_size(s->log), 3);
    made_check(s->log);
}

/* No room for a new segment: said so, and tried again when there is. */
static void no_room_is_not_for_good(void **state)
{
    struct stage *s = *state;
    uint64_t n = 0;
    log_close(s->log);
    fault_io_init(&s->io, io_system());
    assert_ok(log_open(&s->io.io, s->dir, true, &s->log, NULL));
    fault_io_arm(&s->io, FAULT_FULL, 0, false);
    while (access(scratch_path(s->dir, "00000001.log"), F_OK) != 0) {
        struct fault f = {.err = OK};
        for (size_t i = 0; i < 10; i++)
            made_stage(s->log, n + i);
        /* The first that needs room but for its plain write: creating or enlarging. */
        fault_io_arm(&s->io, FAULT_FULL, 1, true);
        enum err err = log_commit(s->log, &f);
        bool struck = fault_io_disarm(&s->io);
        if (err == OK) {
            assert_false(struck);
            n += 10;
            continue;
        }
        assert_err(err, ERR_FULL);
        if (!log_failed(s->log)) {
            assert_ok(made_group(s->log, n, 10));
            n += 10;
            continue;
        }
        log_close(s->log);
        assert_ok(log_open(&s->io.io, s->dir, true, &s->log, NULL));
        n = log_size(s->log);
        assert_ok(made_group(s->log, n, 10));
        n += 10;
    }
    made_check(s->log);
    assert_int_equal(log_size(s->log), n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_log),
        TEST(comes_back),
        TEST(large_group),
        TEST(reader_begins_anywhere),
        TEST(unstage_gives_up_a_part),
        TEST(time_never_goes_back),
        TEST(largest_body),
        TEST(reader_beside_an_owner),
        TEST(reader_meets_damage),
        TEST(every_byte_is_watched),
        TEST(spoiled_body_stands_alone),
        TEST(spoiled_body_of_the_last_group),
        TEST(leaves_are_told),
        TEST(damage_is_not_cleared),
        TEST(every_cut_is_a_prefix),
        TEST(unknown_features),
        TEST(lost_segments),
        TEST(unfinished_segment_goes),
        TEST(failed_sync_is_for_good),
        TEST(no_room_is_not_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
