/* gzip on the wire: who wants it and who gets it; bodies that come packed, cut, broken, and as bombs. */
#include "house.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "net/http_coding.h"

#define HEARD_MAX (2 * MIB)

static char heard[HEARD_MAX];

static void who_likes_gzip(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool likes;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"deflate, gzip;q=1.0, *;q=0.5", true},
        {"gzip, deflate, br, zstd", true},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip;q=0.001", true},
        {"gzip ; q=0.5", true},
        {"gzip;Q=0.5", true},
        {"*", true},
        {"*;q=0", false},
        {"*, gzip;q=0", false},
        {"gzip, *;q=0", true},
        {"identity", false},
        {"identity, gzip", true},
        {"identity;q=0.5, gzip;q=1", true},
        {"identity;q=1, gzip;q=0.5", false},
        {"identity;q=0, gzip;q=0.1", true},
        {"br", false},
        {"gzipx", false},
        {"gzip;q=2", false},
        {"gzip;q=1.001", false},
        {"gzip;q=0.5555", false},
        {"gzip;q=", false},
        {"gzip;q=-1", false},
        {"gzip;q=0,5", false},
        {"gzip;level=9", false},
        {" , ,gzip,, ", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (http_likes_gzip(text_of(cases[i].header)) != cases[i].likes)
            print_error("Accept-Encoding: %s\n", cases[i].header);
        assert_true(http_likes_gzip(text_of(cases[i].header)) == cases[i].likes);
    }
}

static void known_codings(void **state)
{
    (void)state;
    bool gzip;
    assert_true(http_coding_known(TEXT("gzip"), &gzip) && gzip);
    assert_true(http_coding_known(TEXT("identity, X-GZIP"), &gzip) && gzip);
    assert_true(http_coding_known(TEXT("identity"), &gzip) && !gzip);
    assert_true(http_coding_known(TEXT(""), &gzip) && !gzip);
    assert_false(http_coding_known(TEXT("gzip, gzip"), &gzip));
    assert_false(http_coding_known(TEXT("br"), &gzip));
    assert_false(http_coding_known(TEXT("deflate"), &gzip));
    assert_false(http_coding_known(TEXT("gzip;q=1"), &gzip));
}

/* There and back in pieces of every size; two members are one text; nothing is read past the limit. */
static void there_and_back(void **state)
{
    (void)state;
    struct buffer plain, packed, back;
    buffer_init(&plain, MIB), buffer_init(&packed, MIB);
    for (unsigned i = 0; i < 20000; i++)
        buffer_addf(&plain, "%u,", i * 2654435761u % 1000);
    assert_ok(http_gzip(buffer_text(&plain), &packed));
    assert_true(packed.len < plain.len / 2);
    assert_ok(http_gzip(TEXT("tail"), &packed));
    static const size_t steps[] = {1, 2, 7, 1000, 65536, MIB};
    for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
        struct http_gunzip *g;
        buffer_init(&back, plain.len + 4);
        assert_ok(http_gunzip_new(&g));
        for (size_t at = 0; at < packed.len; at += steps[s]) {
            assert_ok(http_gunzip_add(g, text_sub(buffer_text(&packed), at, steps[s]), &back));
        }
        assert_true(http_gunzip_whole(g));
        assert_int_equal(back.len, plain.len + 4);
        assert_memory_equal(back.ptr, plain.ptr, plain.len);
        assert_memory_equal(back.ptr + plain.len, "tail", 4);
        http_gunzip_free(g);
        buffer_done(&back);
    }
    struct http_gunzip *g;
    buffer_init(&back, plain.len + 3);
    assert_ok(http_gunzip_new(&g));
    assert_err(http_gunzip_add(g, buffer_text(&packed), &back), ERR_LIMIT);
    http_gunzip_free(g);
    buffer_done(&back);
    buffer_done(&plain), buffer_done(&packed);
    http_gunzip_free(NULL);
}

/* Every strict prefix is no whole text, and every bit turned that counts is found by the check sum or before. */
static void cut_and_broken(void **state)
{
    (void)state;
    struct buffer packed, back;
    buffer_init(&packed, KIB);
    const struct text plain = TEXT("what was packed and is to be read again");
    assert_ok(http_gzip(plain, &packed));
    for (size_t len = 0; len < packed.len; len++) {
        struct http_gunzip *g;
        buffer_init(&back, KIB);
        assert_ok(http_gunzip_new(&g));
        assert_ok(http_gunzip_add(g, (struct text){packed.ptr, len}, &back));
        assert_false(http_gunzip_whole(g));
        http_gunzip_free(g);
        buffer_done(&back);
    }
    for (size_t at = 10; at < packed.len; at++) {
        struct http_gunzip *g;
        packed.ptr[at] ^= 0x20;
        buffer_init(&back, KIB);
        assert_ok(http_gunzip_new(&g));
        enum err e = http_gunzip_add(g, buffer_text(&packed), &back);
        assert_true(e || !http_gunzip_whole(g) || text_eq(buffer_text(&back), plain));
        http_gunzip_free(g);
        buffer_done(&back);
        packed.ptr[at] ^= 0x20;
    }
    buffer_done(&packed);
}

/* ---- over the wire ---- */

static size_t ask(struct house *h, const char *method, const char *path, const char *accept_encoding)
{
    char request[300];
    int fd = wire_open(h);
    int len = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s%s\r\n",
                       method, path, accept_encoding ? "Accept-Encoding: " : "",
                       accept_encoding ? accept_encoding : "", accept_encoding ? "\r\n" : "");
    wire_send(fd, request, (size_t)len);
    size_t got = wire_hear(fd, heard, sizeof heard, 5000);
    close(fd);
    return got;
}

static struct text body_heard(size_t got)
{
    const char *end = strstr(heard, "\r\n\r\n");
    assert_non_null(end);
    return (struct text){end + 4, got - (size_t)(end + 4 - heard)};
}

static size_t unpacked(struct text packed, struct buffer *out)
{
    struct http_gunzip *g;
    buffer_init(out, 64 * MIB);
    assert_ok(http_gunzip_new(&g));
    assert_ok(http_gunzip_add(g, packed, out));
    assert_true(http_gunzip_whole(g));
    http_gunzip_free(g);
    return out->len;
}

static void answers_are_packed(void **state)
{
    (void)state;
    struct house h;
    struct buffer plain;
    char length[60];
    house_open(&h, (struct http_server_options){0});
    size_t got = ask(&h, "GET", "/tagged", "gzip");
    assert_non_null(strstr(heard, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(heard, "Vary: Accept-Encoding\r\n"));
    assert_non_null(strstr(heard, "ETag: W/\"tag\"\r\n"));
    struct text body = body_heard(got);
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", body.len);
    assert_non_null(strstr(heard, length));
    assert_int_equal(unpacked(body, &plain), 100000);
    buffer_done(&plain);
    ask(&h, "HEAD", "/tagged", "gzip"); /* what GET would say */
    assert_non_null(strstr(heard, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(heard, length));

    got = ask(&h, "GET", "/tagged", NULL);
    assert_null(strstr(heard, "Content-Encoding"));
    assert_non_null(strstr(heard, "Vary: Accept-Encoding\r\n"));
    assert_non_null(strstr(heard, "ETag: \"tag\"\r\n"));
    assert_int_equal(body_heard(got).len, 100000);

    ask(&h, "GET", "/echo", "gzip"); /* small */
    assert_null(strstr(heard, "Content-Encoding"));
    ask(&h, "GET", "/big", "gzip"); /* application/octet-stream */
    assert_null(strstr(heard, "Content-Encoding"));
    assert_null(strstr(heard, "Vary"));
    got = ask(&h, "GET", "/packed", "gzip"); /* it is packed already */
    assert_non_null(strstr(heard, "Content-Encoding: br\r\n"));
    assert_int_equal(body_heard(got).len, 5000);
    house_close(&h);
}

static int post(struct house *h, const char *headers, struct text body)
{
    char head[300];
    int fd = wire_open(h);
    int len = snprintf(head, sizeof head, "POST /x HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", headers,
                       body.len);
    wire_send(fd, head, (size_t)len);
    wire_send(fd, body.ptr, body.len);
    int status = wire_answer(fd, heard, sizeof heard);
    close(fd);
    return status;
}

static void bodies_come_packed(void **state)
{
    (void)state;
    struct house h;
    struct buffer packed, bomb;
    house_open(&h, (struct http_server_options){.body_max_bytes = MIB});
    buffer_init(&packed, MIB), buffer_init(&bomb, MIB);
    assert_ok(http_gzip(TEXT("hello"), &packed));
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", buffer_text(&packed)), 200);
    assert_non_null(strstr(heard, "body=5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    assert_int_equal(post(&h, "Content-Encoding: identity\r\n", TEXT("hello")), 200);
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", TEXT_NONE), 200);

    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", TEXT("hello")), 400);
    struct text cut = text_sub(buffer_text(&packed), 0, packed.len - 1);
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", cut), 400);
    assert_int_equal(post(&h, "Content-Encoding: br\r\n", TEXT("hello")), 415);
    assert_non_null(strstr(heard, "Accept-Encoding: gzip\r\n"));
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", buffer_text(&packed)), 415);
    assert_int_equal(post(&h, "Content-Encoding: br\r\nExpect: 100-continue\r\n", TEXT_NONE), 415);

    char *zeroes = calloc(1, MIB + 1); /* a thousandth of it on the wire */
    assert_non_null(zeroes);
    assert_ok(http_gzip((struct text){zeroes, MIB}, &bomb));
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", buffer_text(&bomb)), 200);
    buffer_clear(&bomb);
    assert_ok(http_gzip((struct text){zeroes, MIB + 1}, &bomb));
    assert_int_equal(post(&h, "Content-Encoding: gzip\r\n", buffer_text(&bomb)), 413);
    free(zeroes);
    buffer_done(&packed), buffer_done(&bomb);
    assert_int_equal(h.calls, 4);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_likes_gzip), cmocka_unit_test(known_codings),      cmocka_unit_test(there_and_back),
        cmocka_unit_test(cut_and_broken), cmocka_unit_test(answers_are_packed), cmocka_unit_test(bodies_come_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
