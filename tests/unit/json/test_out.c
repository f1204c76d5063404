/* The writer: commas by itself, errors kept, and what it writes is read again. */
#include <math.h>

#include "read.h"
#include "support/test.h"

static void commas_come_by_themselves(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    struct json_out o = json_out_to(&b);
    json_open(&o, '{');
    json_member_text(&o, "a", TEXT("x\"y"));
    json_key(&o, TEXT("b"));
    json_open(&o, '[');
    json_put_i64(&o, INT64_MIN);
    json_put_f64(&o, 1e21);
    json_put_f64(&o, NAN);
    json_put_bool(&o, true);
    json_put_null(&o);
    json_open(&o, '{');
    json_close(&o, '}');
    json_open(&o, '[');
    json_open(&o, '[');
    json_close(&o, ']');
    json_close(&o, ']');
    json_put_text(&o, TEXT_NONE);
    json_close(&o, ']');
    json_member_i64(&o, "c", -1);
    json_member_bool(&o, "d", false);
    json_member_raw(&o, "e", TEXT("{\"f\":[]}"));
    json_close(&o, '}');
    assert_text(buffer_text(&b), "{\"a\":\"x\\\"y\",\"b\":[-9223372036854775808,1e+21,null,true,null,{},[[]],\"\"],"
                                 "\"c\":-1,\"d\":false,\"e\":{\"f\":[]}}");
    json_free(parsed(buffer_text(&b)));
    buffer_done(&b);
}

/* Lines of JSON: one writer each on the same buffer. */
static void top_level_values_follow_each_other(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    for (int i = 0; i < 2; i++) {
        struct json_out o = json_out_to(&b);
        json_open(&o, '{');
        json_member_i64(&o, "n", i);
        json_close(&o, '}');
        buffer_add_char(&b, '\n');
    }
    assert_text(buffer_text(&b), "{\"n\":0}\n{\"n\":1}\n");
    buffer_done(&b);
}

/* Every byte at every place of a word-wise scan comes back as it was. */
static void every_byte_survives(void **state)
{
    (void)state;
    for (int c = 0; c < 0x80; c++)
        for (size_t at = 0; at < 19; at++) {
            char text[19];
            struct buffer b;
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            buffer_init(&b, 1000);
            struct json_out o = json_out_to(&b);
            json_put_text(&o, (struct text){text, sizeof text});
            struct json_doc *doc = parsed(buffer_text(&b));
            assert_text_eq(json_text(json_root(doc)), ((struct text){text, sizeof text}));
            json_free(doc);
            buffer_done(&b);
        }
}

static void deepest_level_has_its_commas(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    struct json_out o = json_out_to(&b);
    for (int i = 0; i < 63; i++)
        json_open(&o, '[');
    json_put_i64(&o, 1);
    json_put_i64(&o, 2);
    for (int i = 0; i < 63; i++)
        json_close(&o, ']');
    json_free(parsed(buffer_text(&b)));
    assert_true(text_find_text(buffer_text(&b), TEXT("[1,2]")) >= 0);
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_come_by_themselves),
        cmocka_unit_test(top_level_values_follow_each_other),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(deepest_level_has_its_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
