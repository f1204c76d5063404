/* Text that people wrote: our own corpus (tests/data/text: NAME and, beside it, NAME.want with "kind value" a line)
 * with its precision and recall; what is left out and why; encodings; places; time and memory of hostile texts. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "format/text.h"
#include "support/test.h"
#include "json/json.h"

#define LEAST      0.97
#define SAMPLE_MAX (256 * KIB)

struct reading {
    struct buffer records;
    struct buffer found; /* "kind value\n" */
    struct buffer left;  /* "what: reason\n" */
    size_t proposals;
};

static struct reading read_text(struct text doc, const char *name)
{
    const struct format_job job = {.from = {.fd = -1}, .head = doc, .party = TEXT("party"), .name = text_of(name)};
    struct reading r = {.proposals = 0};
    struct cursor c;
    struct record rec;
    void *reading;
    enum err e;
    int64_t at = 0;
    buffer_init(&r.records, 256 * MIB);
    buffer_init(&r.found, 64 * MIB);
    buffer_init(&r.left, MIB);
    assert_ok(FORMAT_TEXT.open(&job, &reading));
    while ((e = FORMAT_TEXT.next(reading, &r.records)) == OK)
        ;
    assert_err(e, ERR_NOT_FOUND);
    FORMAT_TEXT.free(reading);
    cursor_init(&c, buffer_text(&r.records));
    while ((e = record_next(&c, &rec)) == OK) {
        struct record_value v;
        if (rec.kind == RECORD_LOST)
            buffer_addf(&r.left, TEXT_FMT ": " TEXT_FMT "\n", TEXT_ARG(rec.u.lost.what), TEXT_ARG(rec.u.lost.reason));
        if (rec.kind != RECORD_OBJECT)
            continue;
        assert_true(rec.u.object.proposed && rec.u.object.at >= at && rec.u.object.at < (int64_t)doc.len);
        at = rec.u.object.at;
        assert_true(record_next_value(&rec.u.object.values, &v));
        buffer_addf(&r.found, "%s " TEXT_FMT "\n", value_kind_name((enum value_kind)v.kind), TEXT_ARG(v.value));
        r.proposals++;
    }
    assert_err(e, ERR_NOT_FOUND);
    return r;
}

static void reading_done(struct reading *r)
{
    buffer_done(&r->records);
    buffer_done(&r->found);
    buffer_done(&r->left);
}

static struct text load(const char *path, char *to, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: cannot be opened", path);
    ssize_t n = read(fd, to, max);
    assert_true(n >= 0 && (size_t)n < max);
    close(fd);
    return (struct text){to, (size_t)n};
}

static bool has_line(struct text lines, struct text wanted)
{
    struct text line;
    while (text_split(&lines, '\n', &line))
        if (text_eq(text_trim(line), wanted))
            return true;
    return false;
}

/* How many lines of a are lines of b; the others are shown. */
static size_t common(struct text a, struct text b, const char *file, const char *sign, size_t *ret_all)
{
    struct text line;
    size_t n = 0;
    *ret_all = 0;
    while (text_split(&a, '\n', &line)) {
        line = text_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        ++*ret_all;
        bool in = has_line(b, line);
        n += in;
        if (!in)
            print_message("# %s %s " TEXT_FMT "\n", file, sign, TEXT_ARG(line));
    }
    return n;
}

static int is_sample(const struct dirent *d)
{
    size_t len = strlen(d->d_name);
    return d->d_name[0] != '.' && !(len > 5 && strcmp(d->d_name + len - 5, ".want") == 0);
}

static char sample[SAMPLE_MAX], wanted[SAMPLE_MAX];

static void the_corpus_is_read_well(void **state)
{
    struct dirent **list;
    size_t found_all = 0, found_good = 0, wanted_all = 0, wanted_found = 0;
    int count = scandir(TEST_ROOT "/data/text", &list, is_sample, alphasort);
    (void)state;
    assert_true(count >= 25);
    print_message("# %-34s %6s %6s %9s %9s\n", "text", "wanted", "found", "precision", "recall");
    for (int i = 0; i < count; i++) {
        char path[512];
        size_t found_here, wanted_here;
        snprintf(path, sizeof path, "%s/data/text/%s", TEST_ROOT, list[i]->d_name);
        struct reading r = read_text(load(path, sample, sizeof sample), list[i]->d_name);
        snprintf(path, sizeof path, "%s/data/text/%s.want", TEST_ROOT, list[i]->d_name);
        struct text want = load(path, wanted, sizeof wanted);
        size_t good = common(buffer_text(&r.found), want, list[i]->d_name, "wrong:", &found_here);
        size_t hit = common(want, buffer_text(&r.found), list[i]->d_name, "missed:", &wanted_here);
        print_message("# %-34s %6zu %6zu %9.3f %9.3f\n", list[i]->d_name, wanted_here, found_here,
                      found_here ? (double)good / (double)found_here : 1.0,
                      wanted_here ? (double)hit / (double)wanted_here : 1.0);
        found_all += found_here;
        found_good += good;
        wanted_all += wanted_here;
        wanted_found += hit;
        reading_done(&r);
        free(list[i]);
    }
    free(list);
    double precision = (double)found_good / (double)found_all, recall = (double)wanted_found / (double)wanted_all;
    print_message("# %-34s %6zu %6zu %9.3f %9.3f\n", "all", wanted_all, found_all, precision, recall);
    assert_true(precision >= LEAST && recall >= LEAST);
}

static void finds(struct text doc, const char *want)
{
    struct reading r = read_text(doc, "t");
    struct text found = buffer_text(&r.found);
    if (!text_eq(found, text_of(want)))
        fail_msg(TEXT_FMT "\ngave\n" TEXT_FMT "wanted\n%s", TEXT_ARG(doc), TEXT_ARG(found), want);
    reading_done(&r);
}

static void encodings_are_told(void **state)
{
    (void)state;
    finds(TEXT("\xEF\xBB\xBFSee evil[.]example now.\n"), "domain evil.example\n");
    finds(TEXT("\xFF\xFEh\0x\0x\0p\0:\0/\0/\0e\0v\0i\0l\0.\0d\0e\0/\0a\0"), "url http://evil.de/a\n");
    finds(TEXT("\xFE\xFF\0e\0v\0i\0l\0[\0.\0]\0d\0e"), "domain evil.de\n");
    finds(TEXT("Caf\xe9 \x93hxxp://evil[.]example/x\x94 \x96 caf\xe9.\n"), "url http://evil.example/x\n");
    finds(TEXT("\xFF\xFEh"), "");
    finds(TEXT(""), "");
}

/* Each of these was once read as something else. */
static void sentences_are_understood(void **state)
{
    (void)state;
    finds(TEXT("The payload is hosted at cdn-a[.]example today.\n"), "domain cdn-a.example\n");
    finds(TEXT("It arrives at 10:00 at cdn-a[.]example today.\n"), "domain cdn-a.example\n");
    finds(TEXT("Sent by mail from attacker at post[.]example today.\n"), "email attacker@post.example\n");
    finds(TEXT("Ask j.doe at post[.]example today.\n"), "email j.doe@post.example\n");
    finds(TEXT("On 19 Nov at 22:01, A <a@post.org>\nwrote:\n> Hello\n> it is http://kite.top/de/ and more\n"),
          "url http://kite.top/de/\n");
    finds(TEXT("Am 18.11. um 09:12 schrieb J. M. <j@post.org>:\n> hier: http://kite.top/de/ und mehr\n"),
          "url http://kite.top/de/\n");
    finds(TEXT("> > From: H <h@post.org>\n> > To: S <s@post.org>\n> > it is http://kite.top/de/ and more\n"),
          "url http://kite.top/de/\n");
    finds(TEXT("> Block evil[.]example now\n> \n> -- \n> Members' centre, www.isac-members.org\n"),
          "domain evil.example\n");
    finds(TEXT("The implant asks update-\nservice[.]heron[.]example first.\n"),
          "domain update-service.heron.example\n");
    finds(TEXT("Hallo\n\nVon: E <e@ab.org>\nGesendet: Montag\nAn: C <c@cd.org>\nBetreff: x\n\nkite.top ist es\n"),
          "domain kite.top\n");
    finds(
        TEXT("Bonjour\n\nDe : E <e@ab.org>\nEnvoy\xc3\xa9 : lundi\n\xc3\x80 : C <c@cd.org>\nObjet : x\n\nkite.top\n"),
        "domain kite.top\n");
    finds(TEXT("Bitte Update auf 7.4.3.1 einspielen.\n"), "");
    finds(TEXT("imphash: f34d5f2d4577ed6d9ceec516c1f5a744, JA3 e7d705a3286e19ea42f587b344ee6865\n"), "");
    finds(TEXT("Kontaktieren Sie uns unter info@cert-muster.de\n"), "");
    finds(TEXT("1. hxxp://one[.]example/a/\n2. hxxp://two[.]example/b/\n[3] see x\n"),
          "url http://one.example/a/\nurl http://two.example/b/\n");
    finds(TEXT("<p><a href='https://kite.top/'>a</a> <a href='/about'>b</a></p>"), "url https://kite.top/\n");
    finds(TEXT("We wrote misp2rules.py and packed scan_2026.docx.zip with it.\n"), "");
    finds(TEXT("Git commit of the public proof: 3b18e512dba79e4c8300dd08aeb37f8e728b8dad\n"), "");
}

static void places_are_told(void **state)
{
    (void)state;
    struct reading r = read_text(TEXT("\xc3\xa9l\xc3\xa9ment\n  the evil[.]example host\n"), "report.txt");
    struct text all = buffer_text(&r.records);
    assert_true(text_find_text(all, TEXT("line 2, column 7, byte 16")) > 0);
    assert_true(text_find_text(all, TEXT("\"source_name\":\"report.txt\"")) > 0);
    assert_true(text_find_text(all, TEXT("\"description\":\"\xc3\xa9l\xc3\xa9ment the evil[.]example host\"")) > 0);
    reading_done(&r);
    r = read_text(TEXT("<p>Gr&uuml;&szlig;e, evil[.]example"), "mail.html");
    assert_true(text_find_text(buffer_text(&r.records), TEXT("Gr\xc3\xbc\xc3\x9f"
                                                             "e, evil[.]example")) > 0);
    reading_done(&r);
}

static void what_is_left_out_is_told(void **state)
{
    (void)state;
    struct reading r =
        read_text(TEXT("Upgrade to version 1.2.3.4. See CVE-2026-12345 and T1059.001.\nRun setup.exe.\n"), "t");
    struct text left = buffer_text(&r.left);
    assert_int_equal(r.proposals, 0);
    assert_true(text_find_text(left, TEXT("1 version numbers: they stand where versions do: 1.2.3.4 (line 1)")) >= 0);
    assert_true(text_find_text(left, TEXT("1 vulnerabilities named: no indicators: CVE-2026-12345 (line 1)")) >= 0);
    assert_true(text_find_text(left, TEXT("T1059.001 (line 1)")) >= 0);
    assert_true(text_find_text(left, TEXT("setup.exe (line 2)")) >= 0);
    reading_done(&r);
}

/* 1 MiB of each: a second would be minutes if anything were looked at twice for each byte. */
static void hostile_texts_take_no_time(void **state)
{
    static const char *const fills[] = {".",          "[",        "a",      "0123456789abcdef",
                                        "hxxp",       "hxxp://",  "[.]",    "a.",
                                        " dot ",      "<a",       "<a b='", "&",
                                        "a@",         "::",       "1.",     "1.1.1.1.",
                                        "\n",         "evil[.]",  "(",      "http://",
                                        "abcdef01\n", "a-\n",     "x dot ", "a at b ",
                                        "\\",         "\xc3\xa9", "| "};
    const size_t bytes = 1 * MIB;
    char *doc = malloc(bytes);
    (void)state;
    assert_non_null(doc);
    for (size_t k = 0; k < ARRAY_LEN(fills); k++) {
        size_t len = strlen(fills[k]);
        for (size_t i = 0; i < bytes; i++)
            doc[i] = fills[k][i % len];
        struct timespec from, upto;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        struct reading r = read_text((struct text){doc, bytes}, "t");
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &upto);
        double s = (double)(upto.tv_sec - from.tv_sec) + (double)(upto.tv_nsec - from.tv_nsec) / 1e9;
        print_message("# %-20.18s %.2f s\n", fills[k][0] == '\n' ? "(line breaks)" : fills[k], s);
        assert_true(s < 8);
        reading_done(&r);
    }
    free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_corpus_is_read_well),  cmocka_unit_test(encodings_are_told),
        cmocka_unit_test(sentences_are_understood), cmocka_unit_test(places_are_told),
        cmocka_unit_test(what_is_left_out_is_told), cmocka_unit_test(hostile_texts_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
