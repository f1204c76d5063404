/* Lists: what every kind of line becomes, and which documents are lists. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "format/list.h"
#include "support/test.h"

/* "kind value|remark\n" for each indicator, "line!reason\n" for each refusal. */
static char *lines_of(struct text doc)
{
    const struct format_job job = {.from = {.fd = -1}, .head = doc, .party = TEXT("party")};
    struct buffer records, out;
    struct cursor c;
    struct record r;
    void *reading;
    enum err e;
    buffer_init(&records, 64 * MIB);
    buffer_init(&out, 64 * MIB);
    assert_ok(FORMAT_LIST.open(&job, &reading));
    while ((e = FORMAT_LIST.next(reading, &records)) == OK)
        ;
    assert_err(e, ERR_NOT_FOUND);
    FORMAT_LIST.free(reading);
    cursor_init(&c, buffer_text(&records));
    while ((e = record_next(&c, &r)) == OK) {
        struct record_value v;
        if (r.kind == RECORD_OBJECT) {
            struct text body = r.u.object.body, mark = TEXT("\"description\":\"");
            assert_true(record_next_value(&r.u.object.values, &v));
            ptrdiff_t at = text_find_text(body, mark);
            size_t from = at < 0 ? body.len : (size_t)at + mark.len;
            ptrdiff_t end = text_find(body, '"', from);
            buffer_addf(&out, "%s " TEXT_FMT "|" TEXT_FMT "\n", value_kind_name((enum value_kind)v.kind),
                        TEXT_ARG(v.value), TEXT_ARG(text_sub(body, from, at < 0 ? 0 : (size_t)end - from)));
            assert_false(r.u.object.proposed);
        } else if (r.kind == RECORD_REJECTED) {
            buffer_addf(&out, "%lld!" TEXT_FMT "\n", (long long)r.u.rejected.line, TEXT_ARG(r.u.rejected.reason));
        }
    }
    assert_err(e, ERR_NOT_FOUND);
    buffer_done(&records);
    char *taken = buffer_take(&out, NULL);
    return taken ? taken : strdup("");
}

static void gives(struct text doc, const char *want)
{
    char *got = lines_of(doc);
    assert_string_equal(got, want);
    free(got);
}

static char sample[64 * 1024];
static struct text sample_of(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/list/%s", TEST_ROOT, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, sample, sizeof sample);
    assert_true(n >= 0);
    close(fd);
    return (struct text){sample, (size_t)n};
}

static void every_kind_of_line(void **state)
{
    (void)state;
    gives(sample_of("good/defanged.txt"), "url http://evil.example/gate.php|\n"
                                          "url https://c2.evil.example:8443/a?b=c|\n"
                                          "url http://203.0.113.7/x|\n"
                                          "domain evil.example|\ndomain evil.example|\ndomain evil.example|\n"
                                          "ipv4 203.0.113.9|\ncidr 198.51.100.0/24|\nipv6 2001:db8::1|\n"
                                          "email user@evil.example|\nemail user@evil.example|\n"
                                          "url http://www.evil.example/path|\n"
                                          "url http://evil.example/|\ndomain evil.example|\n"
                                          "url http://spaced.example/x|\ndomain evil.example|\n");
    gives(sample_of("good/hosts.txt"), "domain tracker.example|\ndomain ads.example|an advertiser\n"
                                       "domain six.example|\n");
    gives(sample_of("good/adblock.txt"), "domain evil.example|\ndomain bad.example|\n");
    gives(sample_of("good/mixed.txt"),
          "cidr 203.0.113.0/24|SBL1234\nmd5 d41d8cd98f00b204e9800998ecf8427f|a dropper\n"
          "domain evil.example|\nemail mail@evil.example|\n"
          "8!no address, network, domain, URL, e-mail address or hash\n"
          "9!no address, network, domain, URL, e-mail address or hash\ncidr 2001:db8::/32|\nipv4 203.0.113.5|\n");
}

static void bad_lines_fall_alone(void **state)
{
    (void)state;
    gives(sample_of("bad/word.txt"), "1!no address, network, domain, URL, e-mail address or hash\n");
    gives(sample_of("bad/bytes.txt"),
          "domain evil.example|\n2!no address, network, domain, URL, e-mail address or hash\n"
          "3!no address, network, domain, URL, e-mail address or hash\nipv4 203.0.113.1|\n");
    gives(TEXT(""), "");
}

static enum format_claim claim_of(struct text doc)
{
    const struct format_head h = {.bytes = doc, .whole = true};
    return FORMAT_LIST.claim(&h);
}

static void lists_are_known_by_their_lines(void **state)
{
    (void)state;
    assert_int_equal(claim_of(sample_of("good/defanged.txt")), FORMAT_MAYBE);
    assert_int_equal(claim_of(sample_of("good/hosts.txt")), FORMAT_MAYBE);
    assert_int_equal(claim_of(sample_of("good/adblock.txt")), FORMAT_YES); /* it begins as JSON does */
    assert_int_equal(claim_of(TEXT("evil.example\n")), FORMAT_MAYBE);
    assert_int_equal(claim_of(TEXT("Dear all,\n\nevil.example is bad.\n")), FORMAT_NO);
    assert_int_equal(claim_of(TEXT("evil.example is bad.\n")), FORMAT_NO);
    assert_int_equal(claim_of(TEXT("setup.exe\nreadme.txt\n")), FORMAT_NO);
    assert_int_equal(claim_of(TEXT("# only a comment\n")), FORMAT_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line),
        cmocka_unit_test(bad_lines_fall_alone),
        cmocka_unit_test(lists_are_known_by_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
