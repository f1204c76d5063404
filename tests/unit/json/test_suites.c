/* Other people's vectors: JSONTestSuite and those of RFC 8785's author. Skipped where the data is not there. */
#include <dirent.h>
#include <stdio.h>

#include "read.h"
#include "support/scratch.h"
#include "support/test.h"

typedef bool check(const char *name, struct text content);

static size_t each_file(const char *folder, check *holds)
{
    const char *path = data_path(folder);
    if (!path)
        skip();
    char copy[SCRATCH_PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    DIR *dir = opendir(copy);
    assert_non_null(dir);
    size_t seen = 0, wrong = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len;
        char *content = entry->d_name[0] == '.' ? NULL : scratch_read(scratch_path(copy, entry->d_name), &len);
        if (!content)
            continue;
        seen++;
        if (!holds(entry->d_name, (struct text){content, len})) {
            print_error("%s\n", entry->d_name);
            wrong++;
        }
        free(content);
    }
    closedir(dir);
    assert_int_equal(wrong, 0);
    return seen;
}

static bool as_its_name_says(const char *name, struct text content)
{
    struct json_doc *doc = NULL;
    struct fault fault = {0};
    enum err e = json_parse(content, &doc, &fault);
    json_free(doc);
    if (name[0] == 'n')
        return e != OK;
    if (strstr(name, "duplicated_key")) /* refused here: RFC 7493 section 2.3 */
        return e == ERR_MALFORMED && strcmp(fault.rule, "RFC 7493 2.3") == 0;
    return name[0] != 'y' || e == OK;
}

static void json_test_suite(void **state)
{
    (void)state;
    assert_true(each_file("json-csv/JSONTestSuite/test_parsing", as_its_name_says) > 150);
}

/* What is accepted has a canonical form, which is its own. */
static bool canonical_is_stable(const char *name, struct text content)
{
    (void)name;
    struct json_doc *doc = NULL;
    if (json_parse(content, &doc, NULL))
        return true;
    json_free(doc);
    char *once = canonical(content, NULL), *twice = canonical(text_of(once), NULL);
    bool same = strcmp(once, twice) == 0;
    free(once);
    free(twice);
    return same;
}

static void canonical_of_the_suite(void **state)
{
    (void)state;
    each_file("json-csv/JSONTestSuite/test_parsing", canonical_is_stable);
    each_file("json-csv/JSONTestSuite/test_transform", canonical_is_stable);
}

static bool as_jcs_says(const char *name, struct text content)
{
    char folder[SCRATCH_PATH_MAX];
    size_t len;
    snprintf(folder, sizeof folder, "%s", data_path("json-csv/jcs/output"));
    char *want = scratch_read(scratch_path(folder, name), &len);
    assert_non_null(want);
    char *got = canonical(content, NULL);
    bool same = text_eq(text_of(got), text_trim((struct text){want, len}));
    free(want);
    free(got);
    return same;
}

static void jcs_vectors(void **state)
{
    (void)state;
    assert_true(each_file("json-csv/jcs/input", as_jcs_says) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_test_suite),
        cmocka_unit_test(canonical_of_the_suite),
        cmocka_unit_test(jcs_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
