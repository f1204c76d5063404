/* The API cannot fall behind the command line: every command is a row of its table, offered or with a reason. */
#include "support/test.h"

#include <stdio.h>

#include "command/api.h"
#include "command/commands.h"

static void every_command_is_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; COMMANDS[i]; i++) {
        size_t rows = 0;
        for (const struct api_row *row = API_ROWS; row->command; row++)
            rows += row->command == COMMANDS[i];
        if (rows != 1)
            print_error("%s: %zu rows in src/command/api_table.c\n", COMMANDS[i]->name, rows);
        assert_int_equal(rows, 1);
    }
}

static void every_row_is_offered_or_says_why(void **state)
{
    (void)state;
    for (const struct api_row *row = API_ROWS; row->command; row++) {
        assert_true((row->path != NULL) != (row->why != NULL));
        assert_true((row->path != NULL) == (row->method != NULL));
        if (row->path && api_least(row) == ROLE_NONE)
            print_error("%s is offered, and no role may do it\n", row->command->name);
        assert_true(!row->path || api_least(row) != ROLE_NONE);
        assert_true(!row->path || row->path[0] == '/');
        assert_true(!row->path || strcmp(row->method, "GET") != 0 || row->command->need != NEED_WRITE ||
                    strstr(row->command->name, " list") || strstr(row->command->name, " show"));
        assert_false(row->command->hidden && row->path);
    }
}

static void count_segment(void *self, struct text name, struct text value)
{
    size_t *count = self;
    (void)name;
    assert_true(value.len > 0);
    ++*count;
}

/* What a command needs can be given: by a segment, a parameter or member, or the body. */
static void every_operand_has_a_place(void **state)
{
    (void)state;
    for (const struct api_row *row = API_ROWS; row->command; row++) {
        size_t segments = 0, index;
        if (!row->path)
            continue;
        assert_true(api_path_fits(row, text_of(row->path), count_segment, &segments));
        size_t places = segments + (row->operands != NULL) + (row->body == API_BODY_FILE);
        if (row->command->operands_min > places)
            print_error("%s: an operand has no place in %s\n", row->command->name, row->path);
        assert_true(row->command->operands_min <= places);
        size_t options = 0; /* segments that are options of the command */
        struct text path = text_of(row->path), part;
        while (text_split(&path, '/', &part))
            options += part.len > 2 && part.ptr[0] == '{' && api_option(row, text_sub(part, 1, part.len - 2), &index);
        assert_true(places - options <= row->command->operands_max);
        assert_true((row->body == API_BODY_FILE) <= (row->command->operands_max > 0));
        struct text needs = text_of(row->needs), name;
        while (needs.ptr && text_split(&needs, ',', &name)) {
            const struct option_spec *o = api_option(row, name, &index);
            if (!o || !api_offers(row, o))
                print_error("%s needs " TEXT_FMT ", which cannot be given\n", row->command->name, TEXT_ARG(name));
            assert_true(o && api_offers(row, o));
        }
    }
}

/* No two rows answer the same method and path. */
static void rows_do_not_meet(void **state)
{
    (void)state;
    for (const struct api_row *a = API_ROWS; a->command; a++)
        for (const struct api_row *b = a + 1; b->command; b++)
            assert_false(a->path && b->path && strcmp(a->path, b->path) == 0 && strcmp(a->method, b->method) == 0);
}

/* Files of the machine, other accounts' eyes, and another's hands. */
static void what_reaches_out_is_not_offered(void **state)
{
    (void)state;
    static const char *const never[] = {"out", "token-file", "secret-file", "by", "sandbox", "object", "observed"};
    for (const struct api_row *row = API_ROWS; row->command; row++)
        for (const struct option_spec *o = row->command->options; row->path && o && o->name; o++) {
            bool account = o->argument && strcmp(o->argument, "ACCOUNT") == 0;
            bool reaches = account || (o->argument && strcmp(o->argument, "FILE") == 0);
            for (size_t i = 0; i < ARRAY_LEN(never); i++)
                reaches = reaches || strcmp(o->name, never[i]) == 0;
            assert_false(reaches && api_offers(row, o));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_a_row),          cmocka_unit_test(every_row_is_offered_or_says_why),
        cmocka_unit_test(every_operand_has_a_place),       cmocka_unit_test(rows_do_not_meet),
        cmocka_unit_test(what_reaches_out_is_not_offered),
    };
    return cmocka_run_group_tests_name("command_api_table", tests, NULL, NULL);
}
