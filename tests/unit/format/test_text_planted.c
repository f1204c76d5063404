/* Values planted in prose, in every form in which people defang them and with whatever stands behind: none is missed,
 * and nothing else is found. A seed that fails is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/text.h"
#include "support/test.h"

#define SEEDS   400
#define PLANTED 12

static uint64_t state_of;
static unsigned draw(unsigned below)
{
    state_of = state_of * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state_of >> 33) % below;
}

static const char *pick(const char *const *list, size_t count)
{
    return list[draw((unsigned)count)];
}

static const char *const dots[] = {"[.]", "(.)",   "{.}", "[dot]", "(dot)",        "{dot}",        "[.",
                                   ".]",  " [.] ", "\\.", "[DOT]", "\xEF\xBC\x8E", "\xE3\x80\x82", ".\xE2\x80\x8B",
                                   "<.>", "[ . ]"};
static const char *const ats[] = {"@", "[at]", "[@]", "(at)", "{at}", " [at] "};
static const char *const schemes[] = {"hxxp://", "hXXp://", "hxxp[:]//", "hxxp[://]", "h**p://", "hxxp:[//]"};
static const char *const before[] = {" ", " (", " \"", "\n", " - ", " '", ": ", " **"};
static const char *const closes[] = {NULL, ") ", "\" ", NULL, NULL, "' ", NULL, "** "}; /* what before[] opened */
static const char *const behind[] = {" ", "\n", ", ", ". ", "; ", "! ", "? "};
static const char *const prose[] = {"the host was seen talking to",
                                    "analysts believe that",
                                    "see also",
                                    "it then asked for",
                                    "another machine used",
                                    "we blocked",
                                    "traffic went over to",
                                    "later that day it was"};

struct planted {
    struct buffer text, want;
};

static void put_name(struct planted *p, const char *plain, struct buffer *value, const char *dot)
{
    for (; *plain; plain++) {
        if (*plain == '.')
            buffer_add(&p->text, text_of(dot));
        else
            buffer_add_char(&p->text, *plain);
        buffer_add_char(value, *plain);
    }
}

static void plant(struct planted *p, unsigned n)
{
    char name[64], ip[32];
    struct buffer value;
    const char *dot = pick(dots, ARRAY_LEN(dots));
    const unsigned mark = draw(ARRAY_LEN(before));
    buffer_init(&value, KIB);
    snprintf(name, sizeof name, "c%u.evil-%u%s", n, draw(1000), draw(2) ? ".example" : ".top");
    snprintf(ip, sizeof ip, "203.0.113.%u", 1 + draw(250));
    buffer_add(&p->text, text_of(pick(prose, ARRAY_LEN(prose))));
    buffer_add(&p->text, text_of(before[mark]));
    const char *kind = "domain";
    switch (draw(4)) {
    case 0: put_name(p, name, &value, dot); break;
    case 1:
        kind = "ipv4";
        put_name(p, ip, &value, dot);
        break;
    case 2:
        kind = "email";
        buffer_addf(&p->text, "user%u%s", n, pick(ats, ARRAY_LEN(ats)));
        buffer_addf(&value, "user%u@", n);
        put_name(p, name, &value, dot);
        break;
    default:
        kind = "url";
        buffer_add(&p->text, text_of(pick(schemes, ARRAY_LEN(schemes))));
        buffer_add(&value, TEXT("http://"));
        put_name(p, name, &value, dot);
        buffer_addf(&p->text, "/p%u/x.php?a=%u", n, n);
        buffer_addf(&value, "/p%u/x.php?a=%u", n, n);
    }
    buffer_add(&p->text, text_of(closes[mark] ? closes[mark] : pick(behind, ARRAY_LEN(behind))));
    buffer_addf(&p->want, "%s " TEXT_FMT "\n", kind, TEXT_ARG(buffer_text(&value)));
    buffer_done(&value);
}

static size_t lines_in(struct text all, struct text line)
{
    struct text one;
    size_t n = 0;
    while (text_split(&all, '\n', &one))
        n += text_eq(one, line);
    return n;
}

static struct buffer found_in(struct text doc)
{
    const struct format_job job = {.from = {.fd = -1}, .head = doc, .party = TEXT("party")};
    struct buffer records, found;
    struct cursor c;
    struct record r;
    void *reading;
    buffer_init(&records, 64 * MIB);
    buffer_init(&found, MIB);
    assert_ok(FORMAT_TEXT.open(&job, &reading));
    while (FORMAT_TEXT.next(reading, &records) == OK)
        ;
    FORMAT_TEXT.free(reading);
    cursor_init(&c, buffer_text(&records));
    while (record_next(&c, &r) == OK) {
        struct record_value v;
        if (r.kind == RECORD_OBJECT && record_next_value(&r.u.object.values, &v))
            buffer_addf(&found, "%s " TEXT_FMT "\n", value_kind_name((enum value_kind)v.kind), TEXT_ARG(v.value));
    }
    buffer_done(&records);
    return found;
}

static void compare(uint64_t seed, struct text text, struct text a, struct text b, const char *what)
{
    struct text line;
    while (text_split(&a, '\n', &line))
        if (line.len && lines_in(b, line) == 0)
            fail_msg("seed %llu: %s " TEXT_FMT " in\n" TEXT_FMT, (unsigned long long)seed, what, TEXT_ARG(line),
                     TEXT_ARG(text));
}

static void nothing_planted_is_missed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct planted p;
        state_of = seed * 0x9E3779B97F4A7C15u;
        buffer_init(&p.text, MIB);
        buffer_init(&p.want, MIB);
        buffer_add(&p.text, TEXT("What was seen this week, in short. "));
        for (unsigned n = 0; n < PLANTED; n++)
            plant(&p, n);
        buffer_add(&p.text, TEXT("and that is all.\n"));
        struct buffer found = found_in(buffer_text(&p.text));
        compare(seed, buffer_text(&p.text), buffer_text(&p.want), buffer_text(&found), "missed");
        compare(seed, buffer_text(&p.text), buffer_text(&found), buffer_text(&p.want), "wrong");
        buffer_done(&found);
        buffer_done(&p.text);
        buffer_done(&p.want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_planted_is_missed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
