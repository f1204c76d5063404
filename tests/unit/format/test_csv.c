/* CSV rows: csv-spectrum's samples, every chunk's end, and files that were broken on purpose or by mistake. */
#include <dirent.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "format/csv.h"
#include "support/scratch.h"
#include "support/test.h"
#include "json/json.h"

#define CHUNK (256 * KIB) /* as json/feed.c reads */

static void show_row(struct buffer *out, const struct csv_row *row)
{
    buffer_addf(out, "%lld:", (long long)row->line);
    for (size_t i = 0; i < row->count; i++)
        buffer_addf(out, "%s" TEXT_FMT, i ? "|" : "", TEXT_ARG(row->cells[i]));
    buffer_add_char(out, '\n');
}

/* "line:cell|cell\n" for each row, the header first, "line!rule\n" for a refused one. */
static char *rows_of(int fd, struct text head)
{
    struct csv_reader *r;
    struct csv_row row;
    struct fault fault;
    struct buffer out;
    buffer_init(&out, 64 * MIB);
    assert_ok(csv_open(fd, &r));
    assert_ok(csv_push(r, head));
    enum err e = csv_header(r, &row, &fault);
    if (e)
        buffer_addf(&out, "header %s\n", err_name(e));
    else
        show_row(&out, &row);
    while (!e || e == ERR_MALFORMED || e == ERR_LIMIT) {
        e = csv_next(r, &row, &fault);
        if (e == ERR_MALFORMED || e == ERR_LIMIT)
            buffer_addf(&out, "%lld!%s\n", (long long)fault.line, fault.rule);
        else if (!e)
            show_row(&out, &row);
    }
    assert_err(e, ERR_NOT_FOUND);
    assert_err(csv_next(r, &row, &fault), ERR_NOT_FOUND);
    if (csv_cut_short(r))
        buffer_add(&out, TEXT("cut short\n"));
    csv_free(r);
    char *taken = buffer_take(&out, NULL);
    assert_non_null(taken);
    return taken;
}

static void reads_text(struct text csv, const char *want)
{
    char *got = rows_of(-1, csv);
    if (strcmp(got, want) != 0)
        fail_msg(TEXT_FMT "\ngave\n%swanted\n%s", TEXT_ARG(csv), got, want);
    free(got);
}

static void reads(const char *csv, const char *want)
{
    reads_text(text_of(csv), want);
}

static void rows_as_rfc_4180_has_them(void **state)
{
    (void)state;
    reads("a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n");
    reads("a,b\n1,2", "1:a|b\n2:1|2\n");
    reads("a,b\n\"1\",\"2\"", "1:a|b\n2:1|2\n");
    reads("a,b\n\"x\"\"y\",\"\"\"\"\n\"\",\n", "1:a|b\n2:x\"y|\"\n3:|\n");
    reads("a,b\n\"x\ny\r\n\",2\n3,4\n", "1:a|b\n2:x\ny\r\n|2\n5:3|4\n");
    reads("a\n1\n\n\r\n2\n\n", "1:a\n2:1\n5:2\n");
    reads("a,b\n,\n", "1:a|b\n2:|\n");
    reads("a,b\n1,", "1:a|b\n2:1|\n");
    reads("a,b\n1,2\r", "1:a|b\n2:1|2\n");
    reads("a,b\n\"1\",\"2\"\r", "1:a|b\n2:1|2\n");
    reads("a\n\"\"\n", "1:a\n2:\n");
}

static void separators_are_told_from_the_header(void **state)
{
    (void)state;
    reads("a;b\n1,5;2\n", "1:a|b\n2:1,5|2\n");
    reads("a\tb\tc\n1;2,3\t4\t5\n", "1:a|b|c\n2:1;2,3|4|5\n");
    reads("\"a;b;c\",d\n1,2\n", "1:a;b;c|d\n2:1|2\n");
    reads("name,sector,networks,domains,contacts\nX,energy,192.0.2.0/24;198.51.100.0/24,x.example,\n",
          "1:name|sector|networks|domains|contacts\n2:X|energy|192.0.2.0/24;198.51.100.0/24|x.example|\n");
    reads("sep=;\r\na;b\r\n1;2\r\n", "2:a|b\n3:1|2\n");
    reads("sep=|\na|b\n1|2\n", "2:a|b\n3:1|2\n");
    reads("\xEF\xBB\xBF#x\n\n# y\na,b\n#1,2\n", "4:a|b\n5:#1|2\n");
}

static void missing_cells_are_empty(void **state)
{
    (void)state;
    reads("a,b,c\n1\n1,2,3,,\n1,2,3,4\n1,2,3\n", "1:a|b|c\n2:1||\n3:1|2|3||\n4!RFC 4180 2.4\n5:1|2|3\n");
}

static void broken_rows_fall_alone(void **state)
{
    (void)state;
    reads("a,b\n\"x\"y,1\n2,3\n", "1:a|b\n2!RFC 4180 2.7\n3:2|3\n");
    reads("a,b\n\"x\"\ry,1\n2,3\n", "1:a|b\n2!RFC 4180 2.7\n3:2|3\n");
    reads("a,b\n1,\"open\n2,3\n4,\"5\"\n", "1:a|b\n2!RFC 4180 2.7\n3:2|3\n4:4|5\n");
    reads("a,b\n1,\"open\n2,3\n4,5\n", "1:a|b\n2!RFC 4180 2.5\n3:2|3\n4:4|5\n");
    reads("a,b\n1,2\n3,\"open", "1:a|b\n2:1|2\n3!RFC 4180 2.5\ncut short\n");
    reads("a,b\n1,\xff\n2,3\n", "1:a|b\n2!RFC 3629\n3:2|3\n");
    reads("a,b\n1,5\" disk\n2,\"x\n", "1:a|b\n2:1|5\" disk\n3!RFC 4180 2.5\ncut short\n");
    reads_text((struct text){"a\nx\0y\nz\n", 8}, "1:a\n2!RFC 4180 2\n3:z\n");
    reads("", "header malformed\n");
    reads("\n\n", "header malformed\n");
}

static char *filled(const char *front, char c, size_t n, const char *back)
{
    size_t f = strlen(front), b = strlen(back);
    char *text = malloc(f + n + b + 1);
    assert_non_null(text);
    memcpy(text, front, f);
    memset(text + f, c, n);
    memcpy(text + f + n, back, b + 1);
    return text;
}

static void long_rows_fall_alone(void **state)
{
    (void)state;
    static const struct {
        char fill;
        size_t count;
        const char *front, *back, *want;
    } cases[] = {
        {'x', 3 * MIB, "a,b\n1,", "\n2,3\n", "1:a|b\n2!LINE_MAX_BYTES\n3:2|3\n"},
        {'x', 3 * MIB, "a,b\n1,\"", "\"\n2,3\n", "1:a|b\n2!LINE_MAX_BYTES\n3:2|3\n"},
        {'x', 3 * MIB, "a,b\n1,", "", "1:a|b\n2!LINE_MAX_BYTES\n"},
        {',', 5000, "a,b\n1,", "\n2,3\n", "1:a|b\n2!CSV_COLUMNS_MAX\n3:2|3\n"},
        {',', CSV_COLUMNS_MAX - 2, "a,b\n1,", "\n2,3\n", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *csv = filled(cases[i].front, cases[i].fill, cases[i].count, cases[i].back);
        char *got = rows_of(-1, text_of(csv));
        if (cases[i].want)
            assert_string_equal(got, cases[i].want);
        else
            assert_null(strchr(got, '!'));
        free(csv);
        free(got);
    }
}

/* An open quote before very many lines: they are all there, and it is quick. */
static void an_open_quote_swallows_nothing(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 64 * MIB);
    buffer_add(&b, TEXT("a,b\n\"open,1\n"));
    for (int i = 0; i < 400000; i++)
        buffer_add(&b, TEXT("x,y\n"));
    for (int i = 0; i < 50000; i++) /* a quote opens and closes on each: open in any reading */
        buffer_add(&b, TEXT("a\",\"\n"));
    char *got = rows_of(-1, buffer_text(&b));
    size_t rows = 0;
    struct text rest = text_of(got), row;
    while (text_split(&rest, '\n', &row))
        rows += text_ends(row, TEXT(":x|y"));
    assert_int_equal(rows, 400000);
    free(got);
    buffer_done(&b);
}

/* Each line opens a quote that the next one closes and opens again: one row of too many columns, not one a line, or
 * the work would be lines times columns. */
static void no_line_is_read_again_and_again(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    buffer_add(&b, TEXT("a,b\n"));
    for (size_t i = 0; i < 4 * CSV_COLUMNS_MAX; i++)
        buffer_add(&b, TEXT("a\",\"\n"));
    char *got = rows_of(-1, buffer_text(&b));
    struct text rest = text_of(got), row;
    size_t wide = 0, open = 0;
    while (text_split(&rest, '\n', &row)) {
        wide += text_ends(row, TEXT("!CSV_COLUMNS_MAX"));
        open += text_ends(row, TEXT("!RFC 4180 2.5"));
    }
    assert_true(wide >= 1 && wide <= 5);
    assert_int_equal(wide + open, 4 * CSV_COLUMNS_MAX);
    free(got);
    buffer_done(&b);
}

static void chunks_may_end_anywhere(void **state)
{
    (void)state;
    static const char csv[] = "a,b\r\n\"x\"\"y\r\n\",2\r\n\"bad\"x\r\n3,\"4\"\r\n";
    char *document = malloc(2 * CHUNK + sizeof csv);
    assert_non_null(document);
    for (size_t i = 0; i < 2 * sizeof csv; i++) {
        size_t shift = (1 + i % 2) * CHUNK - i / 2; /* the window holds two chunks, then it slides */
        memset(document, '#', shift);
        document[shift - 1] = '\n';
        memcpy(document + shift, csv, sizeof csv - 1);
        int fd = memfd_create("test", MFD_CLOEXEC);
        assert_int_equal(write(fd, document, shift + sizeof csv - 1), (ssize_t)(shift + sizeof csv - 1));
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        char *got = rows_of(fd, TEXT_NONE);
        close(fd);
        assert_string_equal(got, "2:a|b\n3:x\"y\r\n|2\n5!RFC 4180 2.7\n6:3|4\n");
        free(got);
    }
    free(document);
}

static void columns_have_names(void **state)
{
    (void)state;
    struct csv_reader *r;
    struct csv_row row;
    assert_ok(csv_open(-1, &r));
    assert_ok(csv_push(r, TEXT(" Value ,type,\"Description\",type\nx, y ,z\n")));
    assert_ok(csv_header(r, &row, NULL));
    assert_int_equal(row.count, 4);
    assert_int_equal(csv_column(r, TEXT("value")), 0);
    assert_int_equal(csv_column(r, TEXT("TYPE")), 1);
    assert_int_equal(csv_column(r, TEXT("description")), 2);
    assert_int_equal(csv_column(r, TEXT("none")), -1);
    assert_ok(csv_next(r, &row, NULL));
    assert_text(csv_cell(&row, 1), "y");
    assert_text(csv_cell(&row, 3), "");
    assert_text(csv_cell(&row, -1), "");
    assert_int_equal(row.offset, 32);
    csv_free(r);
    csv_free(NULL);
}

/* ---- csv-spectrum: each csv has a JSON list of objects beside it ---- */

static void compare(struct text csv, const struct json_val *want)
{
    struct csv_reader *r;
    struct csv_row row, header;
    char *names[16];
    assert_ok(csv_open(-1, &r));
    assert_ok(csv_push(r, csv));
    assert_ok(csv_header(r, &header, NULL));
    size_t columns = header.count;
    assert_true(columns <= ARRAY_LEN(names));
    for (size_t i = 0; i < columns; i++) {
        names[i] = strndup(header.cells[i].ptr, header.cells[i].len);
        assert_non_null(names[i]);
    }
    for (struct json_iter it = json_iter_of(want); json_next(&it);) {
        assert_ok(csv_next(r, &row, NULL));
        assert_int_equal(json_size(it.val), columns);
        for (size_t i = 0; i < columns; i++)
            assert_text_eq(row.cells[i], json_text(json_get(it.val, names[i])));
    }
    assert_err(csv_next(r, &row, NULL), ERR_NOT_FOUND);
    for (size_t i = 0; i < columns; i++)
        free(names[i]);
    csv_free(r);
}

/* The copy at hand lost the carriage returns of the *_crlf.csv files: they are put back. */
static char *with_crlf(char *csv, size_t *len)
{
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    for (size_t i = 0; i < *len; i++) {
        if (csv[i] == '\n' && (i == 0 || csv[i - 1] != '\r'))
            buffer_add_char(&b, '\r');
        buffer_add_char(&b, csv[i]);
    }
    free(csv);
    return buffer_take(&b, len);
}

static void csv_spectrum(void **state)
{
    (void)state;
    const char *path = data_path("json-csv/csv-spectrum/csvs");
    if (!path)
        skip();
    char csvs[SCRATCH_PATH_MAX], jsons[SCRATCH_PATH_MAX];
    snprintf(csvs, sizeof csvs, "%s", path);
    snprintf(jsons, sizeof jsons, "%s", data_path("json-csv/csv-spectrum/json"));
    DIR *dir = opendir(csvs);
    assert_non_null(dir);
    size_t seen = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t csv_len, json_len;
        char name[SCRATCH_PATH_MAX];
        char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".csv") != 0)
            continue;
        snprintf(name, sizeof name, "%.*s.json", (int)(dot - entry->d_name), entry->d_name);
        char *csv = scratch_read(scratch_path(csvs, entry->d_name), &csv_len);
        char *json = scratch_read(scratch_path(jsons, name), &json_len);
        assert_true(csv && json);
        if (strstr(entry->d_name, "_crlf"))
            csv = with_crlf(csv, &csv_len);
        struct json_doc *doc;
        assert_ok(json_parse((struct text){json, json_len}, &doc, NULL));
        print_message("%s\n", entry->d_name);
        if (json_type(json_root(doc)) == JSON_ARRAY) /* location_coordinates.json is of another file */
            compare((struct text){csv, csv_len}, json_root(doc));
        json_free(doc);
        free(csv);
        free(json);
        seen++;
    }
    closedir(dir);
    assert_true(seen >= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_as_rfc_4180_has_them),
        cmocka_unit_test(separators_are_told_from_the_header),
        cmocka_unit_test(missing_cells_are_empty),
        cmocka_unit_test(broken_rows_fall_alone),
        cmocka_unit_test(long_rows_fall_alone),
        cmocka_unit_test(an_open_quote_swallows_nothing),
        cmocka_unit_test(no_line_is_read_again_and_again),
        cmocka_unit_test(chunks_may_end_anywhere),
        cmocka_unit_test(columns_have_names),
        cmocka_unit_test(csv_spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
