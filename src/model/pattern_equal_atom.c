/* model/pattern_equal_atom.c - the normal form of one comparison: constants by what they mean. */
#include "model/pattern_equal_atom.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "model/pattern_print.h"

enum special { SPECIAL_NONE, SPECIAL_IPV4, SPECIAL_IPV6, SPECIAL_NOCASE };

static bool step_named(const struct pattern_node *n, size_t at, const char *name)
{
    return n->steps[at].kind == STEP_NAME && text_eq(n->steps[at].name, text_of(name));
}

/* Values whose letters can differ and mean the same. Not for LIKE and MATCHES, whose constants are no values. */
static enum special special_of(const struct pattern_node *n)
{
    bool equality = n->op == PATTERN_EQ || n->op == PATTERN_NE || n->op == PATTERN_IN;
    bool subset = n->op == PATTERN_ISSUBSET || n->op == PATTERN_ISSUPERSET;

    if ((equality || subset) && n->step_count == 1 && step_named(n, 0, "value")) {
        if (text_eq(n->object_type, TEXT("ipv4-addr")))
            return SPECIAL_IPV4;
        if (text_eq(n->object_type, TEXT("ipv6-addr")))
            return SPECIAL_IPV6;
    }
    if (equality && text_eq(n->object_type, TEXT("windows-registry-key")) &&
        ((n->step_count == 1 && step_named(n, 0, "key")) ||
         (n->step_count == 3 && step_named(n, 0, "values") && n->steps[1].kind != STEP_NAME &&
          step_named(n, 2, "name"))))
        return SPECIAL_NOCASE;
    return SPECIAL_NONE;
}

/* Digits alone, at most `most`; -1 for anything else. */
static int prefix_of(const char *digits, int most)
{
    char *end;
    long n = digits[0] >= '0' && digits[0] <= '9' ? strtol(digits, &end, 10) : -1;

    return n >= 0 && n <= most && *end == '\0' ? (int)n : -1;
}

/* Address or network as the C library reads it (leading zeros are octal), host bits cleared; false: not one. */
static bool print_net(struct arena *arena, struct text t, bool six, struct buffer *out)
{
    struct text copy = arena_text(arena, t);
    ptrdiff_t slash = text_find(t, '/', 0);
    int bits = six ? 128 : 32, prefix = bits;
    unsigned char b[16] = {0};
    char words[INET6_ADDRSTRLEN];
    struct in_addr four;

    char *address = arena_alloc(arena, t.len + 1);

    if (!copy.ptr || !address) {
        out->err = ERR_NOMEM;
        return false;
    }
    if (text_find(t, '\0', 0) >= 0 || text_find(t, ' ', 0) >= 0)
        return false;
    memcpy(address, copy.ptr, slash >= 0 ? (size_t)slash : t.len);
    if (slash >= 0)
        prefix = prefix_of(copy.ptr + slash + 1, bits);
    if (prefix < 0 || !(six ? inet_pton(AF_INET6, address, b) : inet_aton(address, &four)))
        return false;
    if (!six)
        memcpy(b, &four, 4);
    for (int i = prefix; i < bits; i++)
        b[i / 8] = (unsigned char)(b[i / 8] & ~(0x80 >> i % 8));
    if (!inet_ntop(six ? AF_INET6 : AF_INET, b, words, sizeof words))
        return false;
    buffer_addf(out, "'%s", words);
    if (prefix < bits)
        buffer_addf(out, "/%d", prefix);
    buffer_add_char(out, '\'');
    return true;
}

static void print_octets(const struct pattern_literal *l, struct buffer *out)
{
    struct buffer joined, octets;

    buffer_init(&joined, l->text.len + 1);
    buffer_init(&octets, l->text.len + 1);
    for (size_t i = 0; i < l->text.len; i++)
        if (l->text.ptr[i] != '\n' && l->text.ptr[i] != '\r')
            buffer_add_char(&joined, l->text.ptr[i]);
    if (base64_read(buffer_text(&joined), &octets) == OK && !buffer_error(&octets)) {
        buffer_add(out, TEXT("h'"));
        for (size_t i = 0; i < octets.len; i++)
            buffer_addf(out, "%02x", (unsigned)(unsigned char)octets.ptr[i]);
        buffer_add_char(out, '\'');
    } else {
        pattern_print_literal(l, out); /* bits behind the end that are not zero: as written */
    }
    if (buffer_error(&joined) || buffer_error(&octets))
        out->err = ERR_NOMEM;
    buffer_done(&joined);
    buffer_done(&octets);
}

static void print_constant(const struct pattern_literal *l, enum special special, struct arena *arena,
                           struct buffer *out)
{
    struct stamp stamp;

    if (l->kind == LITERAL_STRING && special == SPECIAL_NOCASE) {
        struct buffer lower;

        buffer_init(&lower, l->text.len + 1);
        buffer_add_lower(&lower, l->text);
        pattern_print_text(buffer_text(&lower), out);
        if (buffer_error(&lower))
            out->err = ERR_NOMEM;
        buffer_done(&lower);
    } else if (l->kind == LITERAL_STRING && special != SPECIAL_NONE) {
        if (!print_net(arena, l->text, special == SPECIAL_IPV6, out))
            pattern_print_text(l->text, out);
    } else if (l->kind == LITERAL_FLOAT && l->number >= -9007199254740991.0 && l->number <= 9007199254740991.0 &&
               l->number == (double)(int64_t)l->number) {
        buffer_addf(out, "%lld", (long long)l->number);
    } else if (l->kind == LITERAL_TIMESTAMP && stamp_parse(l->text, &stamp, NULL) == OK) {
        buffer_addf(out, "t'%lld.%09u'", (long long)stamp.s, (unsigned)stamp.ns);
    } else if (l->kind == LITERAL_BINARY) {
        print_octets(l, out);
    } else {
        pattern_print_literal(l, out);
    }
}

static int by_text(const void *a, const void *b)
{
    const struct text *x = a, *y = b;

    return text_cmp(*x, *y);
}

/* A set: in one order, without duplicates. */
static enum err print_set(const struct pattern_node *n, struct arena *arena, struct buffer *out)
{
    struct text *items = arena_alloc(arena, (n->literal_count + 1) * sizeof *items);
    struct buffer one;
    enum err err = items ? OK : ERR_NOMEM;

    buffer_init(&one, out->max);
    for (size_t i = 0; !err && i < n->literal_count; i++) {
        buffer_clear(&one);
        print_constant(&n->literals[i], special_of(n), arena, &one);
        items[i] = arena_text(arena, buffer_text(&one));
        err = buffer_error(&one) || !items[i].ptr ? ERR_NOMEM : OK;
    }
    buffer_done(&one);
    if (err)
        return err;
    qsort(items, n->literal_count, sizeof *items, by_text);
    for (size_t i = 0; i < n->literal_count; i++) {
        if (i > 0 && text_eq(items[i], items[i - 1]))
            continue;
        buffer_add(out, items[i]);
        buffer_add_char(out, ',');
    }
    return OK;
}

enum err pattern_atom(const struct pattern_node *n, struct arena *arena, struct buffer *out)
{
    buffer_addf(out, "%c%d ", n->negated ? '-' : '+', (int)n->op);
    pattern_print_path(n, out);
    buffer_add_char(out, ' ');
    if (n->op == PATTERN_IN)
        return print_set(n, arena, out);
    for (size_t i = 0; i < n->literal_count; i++)
        print_constant(&n->literals[i], special_of(n), arena, out);
    return OK;
}
