#include "support/pattern_gen.h"

unsigned chance(struct chance *c, unsigned below)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (unsigned)((c->state >> 11) % below);
}

static void add(struct buffer *out, const char *words)
{
    buffer_add(out, text_of(words));
}

static const char *one_of(struct chance *c, const char *const *list, unsigned count)
{
    return list[chance(c, count)];
}
#define ONE_OF(c, list) one_of(c, list, (unsigned)ARRAY_LEN(list))

static void blank(struct chance *c, unsigned kinds, struct buffer *out)
{
    static const char *const blanks[] = {" ", " ", "  ", "\n", "\t ", " /* c */ ", " // c\n", "\xc2\xa0"};
    add(out, kinds & GEN_ODD ? ONE_OF(c, blanks) : " ");
}

/* ---- comparisons ---- */

static void number(struct chance *c, unsigned kinds, struct buffer *out)
{
    static const char *const odd[] = {"-0",
                                      "0",
                                      "9007199254740991",
                                      "-9007199254740991",
                                      ".5",
                                      "-.25",
                                      "00.50",
                                      "123456789.125",
                                      "0.000001",
                                      "-1.0",
                                      "100000000000000000000.0",
                                      "0.1",
                                      "3.0",
                                      "2.50"};
    static const char *const plain[] = {"0", "1", "2", "3", "1.0", "1.5", "-1"};
    add(out, kinds & GEN_ODD ? ONE_OF(c, odd) : ONE_OF(c, plain));
}

static void string(struct chance *c, unsigned kinds, struct buffer *out)
{
    static const char *const odd[] = {"'it\\'s'", "'\\\\'", "''", "'a\nb'", "'\xc3\xa9'", "'// no'", "'%_'", "'AND'"};
    static const char *const plain[] = {"'a'", "'b'", "'ab'", "'abc'", "'B'"};
    add(out, kinds & GEN_ODD ? ONE_OF(c, odd) : ONE_OF(c, plain));
}

static void constant(struct chance *c, unsigned kinds, struct buffer *out)
{
    static const char *const others[] = {
        "true", "false", "h'61'", "b'YWI='", "t'2020-01-01T00:00:01Z'", "h''", "t'2020-01-01T00:00:01.000Z'"};
    unsigned which = chance(c, 5);
    if (which < 2)
        string(c, kinds, out);
    else if (which < 4)
        number(c, kinds, out);
    else
        add(out, ONE_OF(c, others));
}

static void orderable(struct chance *c, unsigned kinds, struct buffer *out)
{
    if (chance(c, 2))
        number(c, kinds, out);
    else
        string(c, kinds, out);
}

static void path(struct chance *c, unsigned kinds, const char *type, struct buffer *out)
{
    static const char *const plain[] = {"name", "size",    "size",    "name",   "flag",
                                        "seen", "raw_hex", "raw_bin", "tags[0]"};
    static const char *const deep[] = {"tags[*]",
                                       "link_ref.name",
                                       "link_refs[*].size",
                                       "link_refs[1].name",
                                       "ext.'x-y'.inner",
                                       "link_ref.link_ref.size",
                                       "none",
                                       "link_refs[*].tags[*]"};
    static const char *const odd[] = {"'AND'",          "'a-b'.'c.d'", "'true'", "t[0][*].h",
                                      "b.'it\\'s'[-1]", "'name'",      "_x9"};
    add(out, type);
    add(out, ":");
    if (kinds & GEN_ODD && chance(c, 3) == 0)
        add(out, ONE_OF(c, odd));
    else
        add(out, kinds & GEN_LETTERS && chance(c, 2) ? ONE_OF(c, deep) : ONE_OF(c, plain));
}

static void set(struct chance *c, unsigned kinds, struct buffer *out)
{
    unsigned count = chance(c, 4);
    bool numbers = chance(c, 2);
    add(out, "(");
    for (unsigned i = 0; i < count; i++) {
        add(out, i ? ", " : "");
        if (numbers)
            number(c, kinds, out);
        else
            string(c, kinds, out);
    }
    add(out, ")");
}

static void comparison(struct chance *c, unsigned kinds, const char *type, struct buffer *out)
{
    static const char *const orders[] = {"<", "<=", ">", ">="};
    static const char *const equals[] = {"=", "=", "!=", "==", "<>"};
    static const char *const forms[] = {"LIKE 'a%'", "LIKE '_b%'", "LIKE '%'", "MATCHES 'b$'", "MATCHES '^[ab]+$'"};
    unsigned which = chance(c, 8);
    if (which == 0) {
        add(out, chance(c, 2) ? "EXISTS " : "NOT EXISTS ");
        path(c, kinds, type, out);
        return;
    }
    path(c, kinds, type, out);
    blank(c, kinds, out);
    add(out, chance(c, 4) == 0 ? "NOT " : "");
    if (which == 1) {
        add(out, ONE_OF(c, orders));
        blank(c, kinds, out);
        orderable(c, kinds, out);
    } else if (which == 2) {
        add(out, "IN ");
        set(c, kinds, out);
    } else if (which == 3 && kinds & GEN_LETTERS) {
        add(out, ONE_OF(c, forms));
    } else {
        add(out, ONE_OF(c, equals));
        blank(c, kinds, out);
        constant(c, kinds, out);
    }
}

static void comparisons(struct chance *c, unsigned kinds, unsigned depth, const char *type, struct buffer *out)
{
    unsigned count = depth > 2 ? 1 : 1 + chance(c, 3) / 2 + chance(c, 3) / 2;
    for (unsigned i = 0; i < count; i++) {
        if (i)
            add(out, chance(c, 2) ? " AND " : " OR ");
        if (depth < 2 && chance(c, 4) == 0) {
            add(out, "(");
            comparisons(c, kinds, depth + 1, type, out);
            add(out, ")");
        } else {
            comparison(c, kinds, type, out);
        }
    }
}

/* ---- observation expressions ---- */

static void moment(struct buffer *out, unsigned second, bool tenths)
{
    buffer_addf(out, "2020-01-01T00:00:%02u%sZ", second, tenths ? ".5" : "");
}

static void qualifiers(struct chance *c, struct buffer *out)
{
    unsigned which = chance(c, 8);
    static const char *const windows[] = {"1", "2", "5", "2.5", "0.5", "10"};
    if (which & 1)
        buffer_addf(out, " WITHIN %s SECONDS", ONE_OF(c, windows));
    if (which == 2 || which == 3)
        buffer_addf(out, " REPEATS %u TIMES", 1 + chance(c, 3));
    if (which == 4) {
        unsigned from = chance(c, 15);
        add(out, " START t'");
        moment(out, from, chance(c, 2));
        add(out, "' STOP t'");
        moment(out, from + chance(c, 8), false);
        add(out, "'");
    }
}

static void expression(struct chance *c, unsigned kinds, unsigned leaves, struct buffer *out);

static void observation(struct chance *c, unsigned kinds, unsigned leaves, struct buffer *out)
{
    static const char *const types[] = {"file", "file", "x-thing"};
    if (leaves > 1 || (chance(c, 6) == 0)) {
        add(out, "(");
        if (leaves > 1)
            expression(c, kinds, leaves, out);
        else
            observation(c, kinds & ~(unsigned)GEN_TIME, 1, out);
        add(out, ")");
    } else {
        add(out, "[");
        comparisons(c, kinds, 0, ONE_OF(c, types), out);
        add(out, "]");
    }
    if (kinds & GEN_TIME)
        qualifiers(c, out);
}

static void expression(struct chance *c, unsigned kinds, unsigned leaves, struct buffer *out)
{
    while (leaves > 0) {
        static const char *const joiners[] = {" AND ", " OR ", " FOLLOWEDBY "};
        unsigned part = leaves > 1 && chance(c, 2) ? 1 + chance(c, leaves - 1) : 1;
        observation(c, kinds, part, out);
        leaves -= part;
        if (leaves > 0)
            add(out, joiners[chance(c, kinds & GEN_TIME ? 3 : 2)]);
    }
}

void gen_pattern(struct chance *c, unsigned kinds, unsigned leaves, struct buffer *out)
{
    expression(c, kinds, 1 + chance(c, leaves), out);
}

/* ---- observed data ---- */

static void link_to(struct chance *c, unsigned objects, struct buffer *out)
{
    buffer_addf(out, "\"%s--%u\"", chance(c, 3) ? "file" : "x-thing", chance(c, objects));
}

static void object(struct chance *c, unsigned number_of, unsigned objects, struct buffer *out)
{
    static const char *const names[] = {"a", "b", "ab", "abc", "\\u00e9", ""};
    static const char *const sizes[] = {"0", "1", "2", "3", "1.5", "1.0", "-1"};
    const char *type = chance(c, 3) ? "file" : "x-thing";
    buffer_addf(out, ",{\"type\":\"%s\",\"id\":\"%s--%u\"", type, type, number_of);
    if (chance(c, 5))
        buffer_addf(out, ",\"name\":\"%s\"", ONE_OF(c, names));
    if (chance(c, 5))
        buffer_addf(out, ",\"size\":%s", ONE_OF(c, sizes));
    if (chance(c, 2))
        buffer_addf(out, ",\"flag\":%s", chance(c, 2) ? "true" : "false");
    if (chance(c, 2))
        add(out, chance(c, 2) ? ",\"seen\":\"2020-01-01T00:00:01Z\"" : ",\"seen\":\"a\"");
    if (chance(c, 2))
        add(out, chance(c, 2) ? ",\"raw_hex\":\"61\",\"raw_bin\":\"YWI=\"" : ",\"raw_hex\":\"6\",\"raw_bin\":\"\"");
    if (chance(c, 2))
        add(out, chance(c, 2) ? ",\"tags\":[\"a\",\"b\"]" : ",\"tags\":[]");
    if (chance(c, 2))
        buffer_addf(out, ",\"ext\":{\"x-y\":{\"inner\":%u}}", chance(c, 3));
    if (chance(c, 2)) {
        add(out, ",\"link_ref\":");
        link_to(c, objects, out);
        add(out, ",\"link_refs\":[");
        link_to(c, objects, out);
        add(out, ",");
        link_to(c, objects, out);
        add(out, "]");
    }
    add(out, "}");
}

void gen_observed(struct chance *c, unsigned count, struct buffer *out)
{
    unsigned objects = 2 + count * 2;
    add(out, "{\"type\":\"bundle\",\"objects\":[null");
    for (unsigned i = 0; i < objects; i++)
        object(c, i, objects, out);
    for (unsigned i = 0; i < count; i++) {
        unsigned from = chance(c, 18);
        buffer_addf(out, ",{\"type\":\"observed-data\",\"id\":\"observed-data--%u\",\"number_observed\":%u", i,
                    chance(c, 3) ? 1 : 1 + chance(c, 3));
        add(out, ",\"first_observed\":\"");
        moment(out, from, false);
        add(out, "\",\"last_observed\":\"");
        moment(out, from + (chance(c, 2) ? chance(c, 4) : 0), chance(c, 3) == 0);
        add(out, "\",\"object_refs\":[");
        for (unsigned k = 0, most = 1 + chance(c, 4); k < most; k++) {
            add(out, k ? "," : "");
            link_to(c, objects, out);
        }
        add(out, "]}");
    }
    add(out, "]}");
}
