#include "log_made.h"

#include "base/limits.h"

/* Text that compresses a little, of a length that depends on n. */
static void fill_body(uint64_t n, bool original, struct buffer *out)
{
    static const size_t lens[] = {10, 300, 700, 1500, 5000, 40, 9000, 0};
    size_t len = lens[(n + original * 3) % ARRAY_LEN(lens)];
    uint64_t x = n * 2 + original + 1;
    buffer_init(out, MIB);
    while (out->len < len) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        buffer_addf(out, "{\"n\":%llu,\"word\":\"%llx\"},", (unsigned long long)n, (unsigned long long)(x >> 40));
    }
    if (out->len > len)
        out->len = len;
    assert_ok(buffer_error(out));
}

static void fill_detail(uint64_t n, char public_part[64], char private_part[96])
{
    snprintf(public_part, 64, "{\"id\":\"thing--%llu\"}", (unsigned long long)n);
    snprintf(private_part, 96, "{\"account\":\"%llu\",\"reason\":\"%.*s\"}", (unsigned long long)(n % 7),
             (int)(n % 40), "because it was so and not otherwise at all");
}

static int64_t time_of(uint64_t n)
{
    return 1700000000000000 + (int64_t)n * 10;
}

void made_stage(struct log *log, uint64_t n)
{
    struct buffer body, original;
    char public_part[64], private_part[96];
    uint64_t got_n;
    int64_t got_us;
    struct place at_body, at_original;
    fill_body(n, false, &body);
    fill_body(n, true, &original);
    fill_detail(n, public_part, private_part);
    struct log_item item = {
        .kind = n % 5 ? TEXT("object") : TEXT("act"),
        .t_us = time_of(n),
        .public_part = text_of(public_part),
        .private_part = text_of(private_part),
        .body = n % 5 ? buffer_text(&body) : TEXT_NONE,
        .original = n % 3 == 1 && n % 5 ? buffer_text(&original) : TEXT_NONE,
    };
    assert_ok(log_stage(log, &item, &got_n, &got_us, &at_body, &at_original));
    assert_int_equal(got_n, n);
    assert_int_equal(got_us, time_of(n));
    assert_int_equal(at_body.segment == UINT32_MAX, item.body.len == 0);
    assert_int_equal(at_original.segment == UINT32_MAX, item.original.len == 0);
    if (item.body.len) {
        struct buffer again;
        buffer_init(&again, MIB);
        assert_ok(log_staged_body(log, at_body, &again, NULL));
        assert_text_eq(buffer_text(&again), item.body);
        buffer_done(&again);
    }
    buffer_done(&body);
    buffer_done(&original);
}

enum err made_group(struct log *log, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        made_stage(log, first + i);
    return log_commit(log, NULL);
}

/* OK, or what log_body() said. */
static enum err check_body(const struct log *log, uint64_t n, bool original, bool has, struct place place)
{
    struct buffer expected, got;
    enum err err = OK;
    fill_body(n, original, &expected);
    bool wanted = expected.len > 0 && n % 5 && (!original || n % 3 == 1);
    assert_int_equal(has, wanted);
    if (has) {
        buffer_init(&got, MIB);
        err = log_body(log, place, &got, NULL);
        if (err == OK)
            assert_text_eq(buffer_text(&got), buffer_text(&expected));
        buffer_done(&got);
    }
    buffer_done(&expected);
    return err;
}

static enum err check_read(const struct log *log, uint64_t n, const struct log_read *r)
{
    char public_part[64], private_part[96];
    fill_detail(n, public_part, private_part);
    assert_int_equal(r->entry.n, n);
    assert_int_equal(r->entry.t_us, time_of(n));
    assert_text(r->entry.kind, n % 5 ? "object" : "act");
    assert_false(r->erased);
    assert_text(r->detail.public_part, public_part);
    assert_text(r->detail.private_part, private_part);
    enum err err = check_body(log, n, false, r->has_body, r->body);
    return err == OK ? check_body(log, n, true, r->has_original, r->original) : err;
}

bool made_check_or_damaged(const struct log *log)
{
    struct log_reader *reader;
    struct fault fault = {.err = OK};
    uint64_t n = 0;
    assert_ok(log_reader_open(log, 0, &reader, NULL));
    enum err err;
    for (;; n++) {
        struct log_read r;
        err = log_reader_next(reader, &r, &fault);
        if (err == OK)
            err = check_read(log, n, &r);
        if (err != OK)
            break;
    }
    log_reader_close(reader);
    if (err == ERR_NOT_FOUND) {
        assert_int_equal(n, log_size(log));
        if (n)
            assert_int_equal(log_last_us(log), time_of(n - 1));
        return true;
    }
    assert_err(err, ERR_MALFORMED);
    return false;
}

void made_check(const struct log *log)
{
    assert_true(made_check_or_damaged(log));
}
