/* A handler that is asked before a body is read: who is refused is told at once, and nothing of the body is wanted.
 */
#include "house.h"

#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/outbound_make.h"
#include "base/time.h"

#define HEARD_MAX (16 * 1024)

static char heard[HEARD_MAX];

struct door {
    int heads, wholes, holds; /* calls; one thread */
    size_t body;              /* of the last whole one */
};

static struct outbound *said(int status)
{
    struct buffer b;
    buffer_init(&b, KIB);
    buffer_addf(&b, "said %d", status);
    return outbound_new(status, TEXT("text/plain"), &b);
}

/* /in wants its body, /hold after it was held for a moment, /out says no; whatever else, the head is the question. */
static struct outbound *handle(void *self, const struct http_request *r)
{
    struct door *d = self;
    if (r->body_waits) {
        d->heads++;
        assert_int_equal(r->body.len, 0);
    } else {
        d->wholes++;
        d->body = r->body.len;
    }
    if (text_eq(r->path, TEXT("/out")))
        return said(401);
    if (text_eq(r->path, TEXT("/hold")) && r->body_waits && !r->held) {
        d->holds++;
        return http_hold(r, clock_mono_us() + 30000, d, NULL);
    }
    if (r->body_waits || text_eq(r->path, TEXT("/again")))
        return http_want_body(r);
    return said(200);
}

static void open_door(struct house *h, struct door *d)
{
    memset(d, 0, sizeof *d);
    house_open(h, (struct http_server_options){
                      .handler = handle, .self = d, .threads = 1, .body_max_bytes = KIB, .heads_first = true});
}

static int say(struct house *h, const char *request, char *out)
{
    int fd = wire_open(h);
    wire_send(fd, request, strlen(request));
    int status = wire_answer(fd, out, HEARD_MAX);
    close(fd);
    return status;
}

static void refused_before_its_body(void **state)
{
    static const char *const announced[] = {"Content-Length: 1000", "Content-Length: 99999999",
                                            "Transfer-Encoding: chunked", "Content-Length: 5\r\nExpect: 100-continue",
                                            "Content-Length: 5\r\nContent-Encoding: br"};
    struct house h;
    struct door d;
    (void)state;
    open_door(&h, &d);
    for (size_t i = 0; i < ARRAY_LEN(announced); i++) {
        char request[300];
        snprintf(request, sizeof request, "POST /out HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", announced[i]);
        int fd = wire_open(&h);
        wire_send(fd, request, strlen(request));
        assert_in_range(wire_hear(fd, heard, sizeof heard, 3000), 20, sizeof heard); /* until it is closed */
        assert_ptr_equal(strstr(heard, "HTTP/1.1 401"), heard);                      /* no "100 Continue" */
        assert_non_null(strstr(heard, "said 401"));
        close(fd);
        assert_int_equal(d.heads, i + 1);
    }
    assert_int_equal(d.wholes, 0);
    house_close(&h);
}

static void wanted_and_whole(void **state)
{
    struct house h;
    struct door d;
    (void)state;
    open_door(&h, &d);
    assert_int_equal(say(&h, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde", heard), 200);
    assert_int_equal(d.heads + d.wholes, 2);
    assert_int_equal(d.body, 5);
    assert_int_equal(say(&h, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", heard), 200);
    assert_int_equal(d.holds, 1);
    assert_int_equal(d.body, 3);
    int fd = wire_open(&h);
    wire_say(fd, "PUT /in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    wire_hear(fd, heard, sizeof heard, 300);
    assert_string_equal(heard, "HTTP/1.1 100 Continue\r\n\r\n");
    wire_say(fd, "4\r\nabcd\r\n0\r\n\r\n");
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    assert_int_equal(d.body, 4);
    wire_say(fd, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"); /* the connection stays */
    assert_int_equal(wire_answer(fd, heard, sizeof heard), 200);
    close(fd);
    house_close(&h);
}

/* What has no body, or a method that has no use for one, is asked once; what is too long is so for who may send it.
 */
static void asked_once(void **state)
{
    struct house h;
    struct door d;
    (void)state;
    open_door(&h, &d);
    assert_int_equal(say(&h, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", heard), 200);
    assert_int_equal(say(&h, "GET /in HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", heard), 200);
    assert_int_equal(d.heads, 0);
    assert_int_equal(say(&h, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", heard), 413);
    assert_int_equal(say(&h,
                         "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Encoding: br\r\n"
                         "Expect: 100-continue\r\n\r\n",
                         heard),
                     415);
    assert_int_equal(d.heads, 2);
    assert_int_equal(say(&h, "POST /again HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", heard), 500);
    house_close(&h);
}

/* The server stops while a head is held: no further call, no answer that waits for a body. */
static void gone_at_its_head(void **state)
{
    struct house h;
    struct door d;
    (void)state;
    open_door(&h, &d);
    int fd = wire_open(&h), gone = wire_open(&h);
    wire_say(gone, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    wire_say(fd, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    close(gone);
    usleep(10000);
    house_close(&h);
    assert_int_equal(d.wholes, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused_before_its_body), cmocka_unit_test(wanted_and_whole),
                                       cmocka_unit_test(asked_once), cmocka_unit_test(gone_at_its_head)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
