/* format/faults.c - words that are fit to be shown. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "format/faults_inside.h"

enum err faults_head(int fd, struct text *io_head, char bytes[64], struct fault *reterr)
{
    size_t len = 0;
    if (fd < 0)
        return OK;
    while (len < 64) { /* a pipe may give them one by one */
        ssize_t n = read(fd, bytes + len, 64 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_errno(reterr, "cannot read");
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *io_head = (struct text){bytes, len};
    return OK;
}

/* Bytes of the character at t's beginning; 0: not one that a line may hold. */
static size_t character(struct text t)
{
    unsigned char c = (unsigned char)t.ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (c < 0x20 || c == 0x7f || n > t.len || (c == 0xc2 && (unsigned char)t.ptr[1] < 0xa0))
        return 0;
    return text_is_utf8(text_sub(t, 0, n)) ? n : 0;
}

/* Nearly all words are; then they stay where they are. */
static bool is_plain(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < 0x20 || t.ptr[i] == 0x7f) /* char is signed here: bytes over 0x7f are not plain either */
            return false;
    return true;
}

struct text faults_clean(struct text t, size_t max, struct buffer *scratch)
{
    buffer_clear(scratch);
    if (t.len <= max && is_plain(t))
        return t;
    while (t.len > 0) {
        size_t n = character(t);
        if (scratch->len + (n ? n : 1) > max)
            break;
        buffer_add(scratch, n ? text_sub(t, 0, n) : TEXT("?"));
        t = text_sub(t, n ? n : 1, t.len);
    }
    return buffer_text(scratch);
}

static bool inside_character(struct text t, size_t at)
{
    return at < t.len && ((unsigned char)t.ptr[at] & 0xc0) == 0x80;
}

struct text faults_excerpt(struct text line, size_t at, struct buffer *scratch, size_t *ret_caret)
{
    const size_t before = FAULT_EXCERPT_MAX_BYTES / 2;
    if (at > line.len)
        at = line.len;
    size_t from = at > before ? at - before : 0;
    while (inside_character(line, from))
        from++;
    struct text shown = faults_clean(text_sub(line, from, at - from), FAULT_EXCERPT_MAX_BYTES, scratch);
    *ret_caret = 0;
    for (size_t i = 0; i < shown.len; i++)
        *ret_caret += ((unsigned char)shown.ptr[i] & 0xc0) != 0x80;
    return faults_clean(text_sub(line, from, line.len), FAULT_EXCERPT_MAX_BYTES, scratch);
}

static char byte_before(struct text json, size_t at)
{
    while (at > 0 && strchr(" \t\r\n", json.ptr[at - 1]))
        at--;
    return at > 0 ? json.ptr[at - 1] : 0;
}

/* Is the byte at `at` inside a string that began before it? */
static bool inside_string(struct text json, size_t at)
{
    bool inside = false;
    for (size_t i = 0; i < at && i < json.len; i++)
        if (json.ptr[i] == '"')
            inside = !inside;
        else if (inside && json.ptr[i] == '\\')
            i++;
    return inside;
}

static const char *advice_at_end(struct text json, bool element)
{
    if (!element)
        return "get the whole of it again";
    return inside_string(json, json.len)
               ? "a quotation mark is missing"
               : "a value is true, false, null, a whole number, a string, a list or an object";
}

const char *faults_advice(struct text json, size_t at, bool element)
{
    char here = at < json.len ? json.ptr[at] : 0, before = byte_before(json, at < json.len ? at : json.len);
    if (at >= json.len)
        return advice_at_end(json, element);
    if ((unsigned char)here < 0x20)
        return inside_string(json, at) ? "in a string, control characters are written as \\n, \\t or \\u00XX"
                                       : "take it away";
    if (at > 0 && (unsigned char)here >= 0x80)
        return "save the file as UTF-8";
    if (inside_string(json, at))
        return "";
    if (!element && at == 1 && before == '[' && ((here >= 'a' && here <= 'z') || here == '(' || here == 'N'))
        return "a STIX pattern is read with --as pattern";
    if (at == 0 && (unsigned char)here < 0x80)
        return element ? "a value begins with a quotation mark, a digit, a minus, '{', '[', or is true, false or null"
                       : "an object begins with '{', a list with '['";
    if ((here == '}' || here == ']' || here == ',') && before == ',')
        return "take the comma before it away";
    if (here == '\'')
        return "strings stand in double quotes";
    if (here == '/' || here == '#')
        return "JSON has no comments: take it away";
    if (here == '"' && (before == '"' || before == '}' || before == ']'))
        return "a comma or colon is missing before it";
    return "";
}
