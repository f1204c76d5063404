/* json/number.c - numbers between JSON text, double and the form of RFC 8785 section 3.2.2.3 (ECMAScript). */
#include <math.h>
#include <string.h>

#include "json/inside.h"

/* Integers up to here and all below are doubles (RFC 7493 section 2.2). */
#define EXACT_MAX 9007199254740992.0

bool number_read(const char *raw, double *ret)
{
    yyjson_val val;
    if (!yyjson_read_number(raw, &val, YYJSON_READ_NOFLAG, NULL, NULL))
        return false;
    *ret = yyjson_get_num(&val);
    return true;
}

bool number_read_i64(struct text raw, int64_t *ret)
{
    yyjson_val val;
    if (!yyjson_read_number(raw.ptr, &val, YYJSON_READ_NOFLAG, NULL, NULL))
        return false;
    if (yyjson_is_uint(&val)) {
        if (yyjson_get_uint(&val) > INT64_MAX)
            return false;
        *ret = (int64_t)yyjson_get_uint(&val);
        return true;
    }
    if (yyjson_is_sint(&val)) {
        *ret = yyjson_get_sint(&val);
        return true;
    }
    double v = yyjson_get_real(&val);
    if (!(v >= -EXACT_MAX && v <= EXACT_MAX) || v != floor(v))
        return false;
    *ret = (int64_t)v;
    return true;
}

/* ---- decimals: digits and exponent of a number text, without its zeros at both ends ---- */

struct decimal {
    bool negative;
    const char *first; /* first digit that is not 0; a point may stand among the digits */
    size_t count;      /* digits; 0: the number is zero */
    int64_t exponent;  /* the value is 0.d1d2d3... * 10^exponent */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t exponent_of(struct text t, size_t i)
{
    bool negative = t.ptr[i] == '-';
    if (negative || t.ptr[i] == '+')
        i++;
    int64_t e = 0;
    for (; i < t.len; i++)
        if (e < 1000000000000) /* no text is long enough to bring this back into a double's range */
            e = e * 10 + (t.ptr[i] - '0');
    return negative ? -e : e;
}

static struct decimal decimal_of(struct text t)
{
    struct decimal d = {.negative = t.len > 0 && t.ptr[0] == '-'};
    size_t zeros = 0; /* at the end, so far */
    bool point = false;
    for (size_t i = d.negative; i < t.len; i++) {
        char c = t.ptr[i];
        if (c == 'e' || c == 'E') {
            d.exponent += exponent_of(t, i + 1);
            break;
        }
        if (c == '.') {
            point = true;
            continue;
        }
        if (d.count == 0 && c == '0') {
            d.exponent -= point;
            continue;
        }
        if (d.count++ == 0)
            d.first = t.ptr + i;
        d.exponent += !point;
        zeros = c == '0' ? zeros + 1 : 0;
    }
    d.count -= zeros;
    return d;
}

static bool decimal_eq(const struct decimal *a, const struct decimal *b)
{
    if (a->count != b->count)
        return false;
    if (a->count == 0)
        return true; /* RFC 8785 writes -0 as 0: no loss of value */
    if (a->negative != b->negative || a->exponent != b->exponent)
        return false;
    const char *p = a->first, *q = b->first;
    for (size_t i = 0; i < a->count; i++) {
        p += *p == '.';
        q += *q == '.';
        if (*p++ != *q++)
            return false;
    }
    return true;
}

/* ---- writing ---- */

/* The shortest decimal that reads back as v, and of those the closest: yyjson's writer finds it. */
static size_t shortest(double v, char out[NUMBER_TEXT_MAX])
{
    char memory[512];
    yyjson_alc alc;
    yyjson_val val;
    memset(&val, 0, sizeof val);
    if (!yyjson_alc_pool_init(&alc, memory, sizeof memory) || !yyjson_set_real(&val, v))
        return 0;
    size_t len = 0;
    const char *text = yyjson_val_write_opts(&val, YYJSON_WRITE_NOFLAG, &alc, &len, NULL);
    if (!text || len > NUMBER_TEXT_MAX)
        return 0;
    memcpy(out, text, len);
    return len;
}

struct writer {
    char *out;
    size_t len;
};

static void put(struct writer *w, char c)
{
    w->out[w->len++] = c;
}

static void put_zeros(struct writer *w, int64_t count)
{
    while (count-- > 0)
        put(w, '0');
}

static void put_exponent(struct writer *w, int64_t e)
{
    put(w, 'e');
    put(w, e < 0 ? '-' : '+');
    unsigned u = (unsigned)(e < 0 ? -e : e);
    if (u >= 100)
        put(w, (char)('0' + u / 100));
    if (u >= 10)
        put(w, (char)('0' + u / 10 % 10));
    put(w, (char)('0' + u % 10));
}

/* ECMA-262, Number::toString, steps 6 to 10; n is `exponent`, k is `count`. */
size_t number_write(double v, char out[NUMBER_TEXT_MAX])
{
    char text[NUMBER_TEXT_MAX];
    struct decimal d = decimal_of((struct text){text, shortest(v, text)});
    struct writer w = {out, 0};
    int64_t n = d.exponent, k = (int64_t)d.count;
    if (k == 0) {
        put(&w, '0');
        return w.len;
    }
    if (d.negative)
        put(&w, '-');
    bool plain = n > -6 && n <= 21;
    if (plain && n <= 0) {
        put(&w, '0');
        put(&w, '.');
        put_zeros(&w, -n);
    }
    int64_t point = plain ? n : 1; /* digits before the point */
    const char *p = d.first;
    for (int64_t i = 0; i < k; i++) {
        if (i == point && i > 0)
            put(&w, '.');
        p += !is_digit(*p);
        put(&w, *p++);
    }
    if (plain)
        put_zeros(&w, n - k);
    else
        put_exponent(&w, n - 1);
    return w.len;
}

static bool short_integer(struct text raw)
{
    if (raw.len > 15 || (raw.len > 1 && raw.ptr[0] == '-' && raw.ptr[1] == '0'))
        return false;
    for (size_t i = raw.ptr[0] == '-'; i < raw.len; i++)
        if (!is_digit(raw.ptr[i]))
            return false;
    return true;
}

void number_canonical(struct text raw, struct buffer *out, bool *ret_lossy)
{
    double v;
    char text[NUMBER_TEXT_MAX];
    if (short_integer(raw)) {
        buffer_add(out, raw);
    } else if (!number_read(raw.ptr, &v)) {
        *ret_lossy = true;
        buffer_add(out, raw);
    } else {
        struct text written = {text, number_write(v, text)};
        struct decimal before = decimal_of(raw), after = decimal_of(written);
        if (!decimal_eq(&before, &after))
            *ret_lossy = true;
        buffer_add(out, written);
    }
}
