/* Memory that fails: gate_clear and the makers of outbounds give an error, leave nothing behind, and touch no output.
 */
#include "gateway.h"

#include <stdio.h>

#include "support/fault.h"

#define BODY                                                                                                      \
    "{\"created\":\"2026-01-01T00:00:00.000Z\",\"created_by_ref\":\"" GONE("identity") "\",\"id\":\"" HERE(       \
        "report") "\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"object_refs\":[\"" HERE("tool") "\"],\"type\":" \
                                                                                                  "\"report\"}"

static bool clear_one(void *arg)
{
    (void)arg;
    struct gate_class cls = {.source_default = TLP_GREEN};
    struct cleared *c = NULL;
    enum err e = through_gate(&cls, BODY, &c, NULL);
    assert_true(e == OK || e == ERR_NOMEM);
    assert_true((e == OK) == (c != NULL));
    cleared_free(c);
    return e == OK;
}

/* Forty labels, all but the last RED: the set of what goes grows on the way. */
static bool cut_one(void *arg)
{
    struct gate_class cls = {.tlp = TLP_GREEN, .granular = true};
    struct cleared *c = NULL;
    enum err e = through_gate(&cls, arg, &c, NULL);
    assert_true(e == OK || e == ERR_NOMEM);
    assert_true((e == OK) == (c != NULL));
    if (c)
        assert_true(text_find_text(cleared_body(c), TEXT("\"labels\":[\"label 39\"]")) > 0);
    cleared_free(c);
    return e == OK;
}

static char *forty_labels(void)
{
    static char json[4096];
    size_t len = (size_t)snprintf(
        json, sizeof json,
        "{\"type\":\"tool\",\"spec_version\":\"2.1\",\"name\":\"n\",\"id\":\"" HERE(
            "tool") "\","
                    "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\","
                    "\"granular_markings\":[{\"marking_ref\":\"marking-definition--"
                    "e828b379-4e03-4974-9ac4-e53a884c97c1\",\"selectors\":[");
    for (int i = 0; i < 39; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s\"labels.[%d]\"", i ? "," : "", i);
    len += (size_t)snprintf(json + len, sizeof json - len, "]}],\"labels\":[");
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s\"label %d\"", i ? "," : "", i);
    snprintf(json + len, sizeof json - len, "]}");
    return canonical(json);
}

static bool envelope(void *arg)
{
    const struct cleared *items[] = {arg};
    struct envelope_info info = {.status = 200, .added_first = TEXT("a"), .added_last = TEXT("b")};
    struct outbound *o = NULL;
    enum err e = outbound_cleared(ENVELOPE_BUNDLE, &info, items, 1, &o);
    assert_true(e == OK || e == ERR_NOMEM);
    assert_true((e == OK) == (o != NULL));
    outbound_free(o);
    return e == OK;
}

static bool page(void *arg)
{
    (void)arg;
    const struct page_field f[] = {{"title", FIELD_TEXT, TEXT("t"), 0}, {"retry_after", FIELD_NUMBER, TEXT_NONE, 3}};
    struct outbound *o = NULL;
    enum err e = outbound_protocol(PAGE_ERROR, 503, f, 2, NULL, 0, &o);
    assert_true(e == OK || e == ERR_NOMEM);
    assert_true((e == OK) == (o != NULL));
    outbound_free(o);
    return e == OK;
}

static void each_allocation(void **state)
{
    (void)state;
    const struct fault_op clearing = {.run = clear_one}, paging = {.run = page};
    assert_true(fault_each_allocation(&clearing) >= 3);
    assert_true(fault_each_allocation(&paging) >= 3);
    char *labels = forty_labels();
    const struct fault_op cutting = {.run = cut_one, .arg = labels};
    assert_true(fault_each_allocation(&cutting) >= 6);
    free(labels);
    struct gate_class cls = {.tlp = TLP_GREEN};
    struct cleared *c;
    assert_ok(through_gate(&cls, "{\"id\":\"" HERE("tool") "\",\"type\":\"tool\"}", &c, NULL));
    const struct fault_op enveloping = {.run = envelope, .arg = c};
    assert_true(fault_each_allocation(&enveloping) >= 3);
    cleared_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
