/* net/http_coding.c - gzip by zlib (RFC 1952), and who wants it. */
#include "net/http_coding.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/limits.h"

#define GZIP_WINDOW (15 + 16) /* zlib's way to say gzip with the largest window */
/* The fastest level: a page of objects shrinks to a tenth, in a fifth of the default's time. */
#define GZIP_LEVEL 1
#define STEP_BYTES (64 * KIB)

/* ---- Accept-Encoding ---- */

/* RFC 9110 section 12.4.2: "0", "1", and up to three digits behind the point. In thousandths; -1: no weight. */
static int weight_of(struct text t)
{
    int weight = 0, unit = 1000;
    if (!t.len || t.len > 5 || (t.ptr[0] != '0' && t.ptr[0] != '1') || (t.len > 1 && t.ptr[1] != '.'))
        return -1;
    for (size_t i = 0; i < t.len; i++) {
        if (i == 1)
            continue;
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return -1;
        weight += (t.ptr[i] - '0') * unit;
        unit /= 10;
    }
    return weight > 1000 ? -1 : weight;
}

/* "gzip", "gzip;q=0.5". A bad weight is -1. */
static struct text read_coding(struct text item, int *ret_weight)
{
    struct text name, parameter, rest = item;
    text_split(&rest, ';', &name);
    *ret_weight = 1000;
    while (text_split(&rest, ';', &parameter)) {
        struct text p = text_trim(parameter);
        bool is_q = p.len > 1 && (p.ptr[0] == 'q' || p.ptr[0] == 'Q') && p.ptr[1] == '=';
        *ret_weight = is_q ? weight_of(text_sub(p, 2, p.len)) : -1;
    }
    return text_trim(name);
}

bool http_likes_gzip(struct text accept_encoding)
{
    int gzip = -1, identity = -1, any = -1, weight;
    struct text rest = accept_encoding, item;
    while (text_split(&rest, ',', &item)) {
        struct text name = read_coding(item, &weight);
        if (text_eq_nocase(name, TEXT("gzip")) || text_eq_nocase(name, TEXT("x-gzip")))
            gzip = weight > gzip ? weight : gzip;
        else if (text_eq_nocase(name, TEXT("identity")))
            identity = weight;
        else if (text_eq(name, TEXT("*")))
            any = weight;
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}

bool http_coding_known(struct text content_encoding, bool *ret_gzip)
{
    size_t gzips = 0;
    struct text rest = content_encoding, item;
    while (text_split(&rest, ',', &item)) {
        struct text name = text_trim(item);
        if (text_eq_nocase(name, TEXT("gzip")) || text_eq_nocase(name, TEXT("x-gzip")))
            gzips++;
        else if (name.len && !text_eq_nocase(name, TEXT("identity")))
            return false;
    }
    *ret_gzip = gzips == 1;
    return gzips < 2;
}

/* ---- making it ---- */

/* How much of out may be filled in one step; 0: it is full. */
static size_t step_of(const struct buffer *out)
{
    size_t room = out->max - out->len;
    return room < STEP_BYTES ? room : STEP_BYTES;
}

enum err http_gzip(struct text plain, struct buffer *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_NOMEM;
    int code = Z_OK;
    size_t given = 0;
    while (code == Z_OK || code == Z_BUF_ERROR) {
        size_t step = step_of(out);
        char *to = step ? buffer_reserve(out, step) : NULL;
        if (!to)
            break;
        if (!z.avail_in) {
            size_t len = plain.len - given < STEP_BYTES ? plain.len - given : STEP_BYTES;
            z.next_in = (Bytef *)(uintptr_t)(plain.ptr + given); /* read only */
            z.avail_in = (uInt)len;
            given += len;
        }
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)step;
        code = deflate(&z, given == plain.len ? Z_FINISH : Z_NO_FLUSH);
        out->len -= z.avail_out;
    }
    deflateEnd(&z);
    if (code == Z_STREAM_END)
        return OK;
    return buffer_error(out) ? buffer_error(out) : ERR_LIMIT;
}

/* ---- undoing it ---- */

struct http_gunzip {
    z_stream z;
    bool begun, at_end; /* of a member; another one may follow (RFC 1952 section 2.2) */
};

enum err http_gunzip_new(struct http_gunzip **ret)
{
    struct http_gunzip *g = calloc(1, sizeof *g);
    if (!g || inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
        free(g);
        return ERR_NOMEM;
    }
    *ret = g;
    return OK;
}

/* Straight into out, as much as it may still hold and no more. */
static enum err inflate_step(struct http_gunzip *g, struct buffer *out)
{
    char over; /* when out is full: is there more? */
    size_t step = step_of(out);
    char *to = step ? buffer_reserve(out, step) : &over;
    if (!to)
        return buffer_error(out);
    g->z.next_out = (Bytef *)to;
    g->z.avail_out = step ? (uInt)step : 1;
    int code = inflate(&g->z, Z_NO_FLUSH);
    if (step)
        out->len -= g->z.avail_out;
    else if (!g->z.avail_out)
        return ERR_LIMIT;
    g->at_end = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return ERR_NOMEM;
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? OK : ERR_MALFORMED;
}

enum err http_gunzip_add(struct http_gunzip *g, struct text piece, struct buffer *out)
{
    enum err e = OK;
    g->z.next_in = (Bytef *)(uintptr_t)piece.ptr; /* read only */
    g->z.avail_in = (uInt)piece.len;
    bool more = piece.len > 0;
    while (e == OK && more) {
        if (g->at_end && inflateReset(&g->z) != Z_OK)
            return ERR_MALFORMED;
        g->at_end = false;
        g->begun = true;
        e = inflate_step(g, out);
        more = g->z.avail_in > 0 || (!g->z.avail_out && !g->at_end);
    }
    return e;
}

bool http_gunzip_whole(const struct http_gunzip *g)
{
    return g->begun && g->at_end;
}

void http_gunzip_free(struct http_gunzip *g)
{
    if (!g)
        return;
    inflateEnd(&g->z);
    free(g);
}
