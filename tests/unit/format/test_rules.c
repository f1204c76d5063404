/* Zeek's intelligence files and detection rules: what each line becomes, and which files are theirs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/suricata.h"
#include "format/zeek.h"
#include "support/test.h"

static char sample[64 * KIB];
static struct text sample_of(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/%s", TEST_ROOT, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, sample, sizeof sample);
    assert_true(n >= 0);
    close(fd);
    return (struct text){sample, (size_t)n};
}

static void gives(const struct format *f, const char *name, const char *want, const char *holds)
{
    const struct format_job job = {.from = {.fd = -1}, .head = sample_of(name), .party = TEXT("party")};
    struct buffer records, out;
    struct cursor c;
    struct record r;
    void *reading;
    buffer_init(&records, MIB);
    buffer_init(&out, MIB);
    assert_ok(f->open(&job, &reading));
    while (f->next(reading, &records) == OK)
        ;
    f->free(reading);
    assert_true(text_find_text(buffer_text(&records), text_of(holds)) > 0);
    cursor_init(&c, buffer_text(&records));
    while (record_next(&c, &r) == OK) {
        struct record_value v;
        if (r.kind == RECORD_REJECTED)
            buffer_addf(&out, "%lld!\n", (long long)r.u.rejected.line);
        else if (r.kind == RECORD_OBJECT && record_next_value(&r.u.object.values, &v))
            buffer_addf(&out, "%s " TEXT_FMT "\n", value_kind_name((enum value_kind)v.kind), TEXT_ARG(v.value));
        else if (r.kind == RECORD_OBJECT)
            buffer_addf(&out, "rule\n");
    }
    buffer_done(&records);
    char *got = buffer_take(&out, NULL);
    assert_string_equal(got, want);
    free(got);
}

static void zeek_rows_become_indicators(void **state)
{
    (void)state;
    gives(&FORMAT_ZEEK, "zeek/good/all.intel",
          "domain evil.example\nipv4 203.0.113.7\ncidr 203.0.113.0/24\nurl http://evil.example/gate.php\n"
          "email user@evil.example\nmd5 0123456789abcdef0123456789abcdef\n",
          "\"external_references\":[{\"source_name\":\"team\",\"url\":\"https://team.example/1\"}]");
    gives(&FORMAT_ZEEK, "zeek/bad/rows.intel", "2!\n3!\n4!\ndomain evil.example\n", "Intel::ADDR");
}

static void rules_are_kept_and_sure_values_taken(void **state)
{
    (void)state;
    gives(&FORMAT_SURICATA, "suricata/good/local.rules",
          "rule\ndomain evil.example\nrule\nrule\nipv4 203.0.113.7\ncidr 198.51.100.0/24\nrule\n",
          "\"pattern_type\":\"suricata\"");
    gives(&FORMAT_SURICATA, "suricata/bad/lines.rules", "1!\n2!\nrule\n", "\"pattern_type\":\"snort\"");
}

static void files_are_told(void **state)
{
    struct format_head h = {.whole = true};
    (void)state;
    h.bytes = sample_of("zeek/good/all.intel");
    assert_int_equal(FORMAT_ZEEK.claim(&h), FORMAT_YES);
    assert_int_equal(FORMAT_SURICATA.claim(&h), FORMAT_NO);
    h.bytes = sample_of("suricata/good/local.rules");
    assert_int_equal(FORMAT_SURICATA.claim(&h), FORMAT_YES);
    assert_int_equal(FORMAT_ZEEK.claim(&h), FORMAT_NO);
    h.bytes = TEXT("alert (everybody) at once\n");
    assert_int_equal(FORMAT_SURICATA.claim(&h), FORMAT_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeek_rows_become_indicators),
        cmocka_unit_test(rules_are_kept_and_sure_values_taken),
        cmocka_unit_test(files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
