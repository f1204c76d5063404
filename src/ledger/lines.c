/* ledger/lines.c - lines, decimals, hashes. */
#include "ledger/lines.h"

bool line_take(struct text *rest, struct text *ret_line)
{
    ptrdiff_t end = text_find(*rest, '\n', 0);
    if (end < 0)
        return false;
    *ret_line = text_sub(*rest, 0, (size_t)end);
    *rest = text_sub(*rest, (size_t)end + 1, rest->len);
    return true;
}

bool line_decimal(struct text t, uint64_t *ret)
{
    if (t.len > 1 && t.ptr[0] == '0')
        return false;
    return text_u64(t, ret) == OK;
}

bool line_hash(struct text t, struct sha256 *ret)
{
    return base64_read_exactly(t, ret->b, SHA256_BYTES) == OK;
}

void line_add_hash(struct buffer *out, const struct sha256 *h)
{
    base64_write(out, h->b, SHA256_BYTES);
    buffer_add_char(out, '\n');
}

void line_add_named(struct buffer *out, const char *name, struct text value)
{
    buffer_add(out, text_of(name));
    buffer_add_char(out, ' ');
    buffer_add(out, value);
    buffer_add_char(out, '\n');
}

void line_add_key(struct buffer *out, const char *name, const uint8_t key[NOTE_KEY_BYTES])
{
    char hex[2 * NOTE_KEY_BYTES + 1];
    hex_write(key, NOTE_KEY_BYTES, hex);
    line_add_named(out, name, text_of(hex));
}

void line_add_time(struct buffer *out, const char *name, int64_t t_us)
{
    char time[STAMP_TEXT_MAX];
    line_add_named(out, name, stamp_format(stamp_from_us(t_us, 0), time));
}

bool line_take_named(struct text *rest, const char *name, struct text *ret)
{
    struct text line, key = text_of(name);
    if (!line_take(rest, &line) || !text_starts(line, key) || line.len <= key.len + 1 || line.ptr[key.len] != ' ')
        return false;
    *ret = text_sub(line, key.len + 1, line.len);
    return true;
}

bool line_take_key(struct text *rest, const char *name, uint8_t ret[NOTE_KEY_BYTES])
{
    struct text hex;
    return line_take_named(rest, name, &hex) && hex_read(hex, ret, NOTE_KEY_BYTES) == OK;
}

bool line_take_time(struct text *rest, const char *name, int64_t *ret_us)
{
    struct text word;
    struct stamp stamp;
    if (!line_take_named(rest, name, &word) || stamp_parse(word, &stamp, NULL) != OK)
        return false;
    *ret_us = stamp_us(stamp);
    return true;
}

int64_t line_offset(struct text whole, struct text piece)
{
    return piece.ptr - whole.ptr;
}

enum err line_proof(struct text whole, struct text *rest, struct proof *ret, const char *rule, struct fault *reterr)
{
    struct text line;
    size_t count = 0;
    for (;;) {
        struct text before = *rest;
        if (!line_take(rest, &line))
            return fault_at(reterr, ERR_MALFORMED, line_offset(whole, before), rule,
                            "the hashes do not end in an empty line");
        if (line.len == 0)
            break;
        if (count == PROOF_LINES_MAX)
            return fault_at(reterr, ERR_LIMIT, line_offset(whole, line), rule, "more than %d hashes",
                            PROOF_LINES_MAX);
        if (!line_hash(line, &ret->hash[count++]))
            return fault_at(reterr, ERR_MALFORMED, line_offset(whole, line), rule,
                            "this line is not the base64 of a SHA-256 hash");
    }
    ret->count = count;
    return OK;
}
