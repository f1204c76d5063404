/* support/test.h - what every unit test includes first: cmocka with the headers it wants before it, and asserts for
 * our own types. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/text.h"

#define assert_ok(expression)            assert_string_equal(err_name(expression), err_name(OK))
#define assert_err(expression, expected) assert_string_equal(err_name(expression), err_name(expected))

static inline void assert_text_at(struct text got, struct text expected, const char *file, int line)
{
    if (!text_eq(got, expected)) {
        print_error("got      \"" TEXT_FMT "\"\nexpected \"" TEXT_FMT "\"\n", TEXT_ARG(got), TEXT_ARG(expected));
        _fail(file, line);
    }
}
#define assert_text(got, expected)    assert_text_at(got, text_of(expected), __FILE__, __LINE__)
#define assert_text_eq(got, expected) assert_text_at(got, expected, __FILE__, __LINE__)
