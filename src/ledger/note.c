/* ledger/note.c - notes taken apart, signed, verified. Rows of other people's keys are carried, not judged. */
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "ledger/lines.h"
#include "ledger/note_inside.h"

static const char rule_format[] = "signed-note, Format";
static const struct text dash = {"\xE2\x80\x94 ", 4}; /* U+2014 and a space */

#define TIME_BYTES 8

static enum err check_characters(struct text t, struct fault *reterr)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 && t.ptr[i] != '\n')
            return fault_at(reterr, ERR_MALFORMED, (int64_t)i, rule_format, "a control character");
    return text_is_utf8(t) ? OK : fault_at(reterr, ERR_MALFORMED, 0, rule_format, "not UTF-8");
}

/* The last empty line parts the text from the signatures: 1 + where its newline stands, 0 when there is none. */
static size_t last_empty_line(struct text t)
{
    for (size_t i = t.len; i >= 2; i--)
        if (t.ptr[i - 1] == '\n' && t.ptr[i - 2] == '\n')
            return i;
    return 0;
}

static bool signature_bytes(struct text base64, struct note_signature *ret, struct buffer *room)
{
    buffer_clear(room);
    if (base64_read(base64, room) != OK || room->len < 5)
        return false;
    const uint8_t *b = (const uint8_t *)room->ptr;
    ret->id = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    ret->len = room->len - 4;
    if (ret->len <= sizeof ret->bytes)
        memcpy(ret->bytes, b + 4, ret->len);
    return true;
}

static bool signature_line(struct text line, struct note_signature *ret, struct buffer *room)
{
    struct text rest = text_sub(line, dash.len, line.len), name;
    if (!text_starts(line, dash) || !text_split(&rest, ' ', &name) || !rest.ptr)
        return false;
    ret->name = name;
    return note_name_is_valid(name) && signature_bytes(rest, ret, room);
}

static enum err signatures(struct text whole, struct text rest, struct note *n, struct buffer *room,
                           struct fault *reterr)
{
    struct text line;
    if (rest.len == 0)
        return fault_at(reterr, ERR_MALFORMED, (int64_t)whole.len, rule_format, "no signature line");
    while (rest.len > 0) {
        int64_t at = line_offset(whole, rest);
        if (n->count == NOTE_SIGNATURES_MAX)
            return fault_at(reterr, ERR_LIMIT, at, rule_format, "more than %d signatures", NOTE_SIGNATURES_MAX);
        bool good = line_take(&rest, &line) && signature_line(line, &n->signature[n->count++], room);
        if (buffer_error(room) == ERR_NOMEM)
            return fault_set(reterr, ERR_NOMEM, "out of memory");
        if (!good)
            return fault_at(reterr, ERR_MALFORMED, at, rule_format, "this is not a signature line");
    }
    return OK;
}

enum err note_parse(struct text bytes, struct note *ret, struct fault *reterr)
{
    struct note n = {0};
    struct buffer room;
    if (bytes.len > NOTE_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, NOTE_MAX_BYTES, rule_format, "the note is longer than %d bytes",
                        NOTE_MAX_BYTES);
    enum err e = check_characters(bytes, reterr);
    if (e)
        return e;
    size_t split = last_empty_line(bytes);
    if (split == 0)
        return fault_at(reterr, ERR_MALFORMED, (int64_t)bytes.len, rule_format,
                        "no empty line between text and signatures");
    n.text = text_sub(bytes, 0, split - 1);
    buffer_init(&room, NOTE_MAX_BYTES);
    e = signatures(bytes, text_sub(bytes, split, bytes.len), &n, &room, reterr);
    buffer_done(&room);
    if (!e)
        *ret = n;
    return e;
}

/* What the key signs: the text itself, or tlog-cosignature's two lines and the text. */
static void message(struct text text, enum note_type type, uint64_t t_s, struct buffer *out)
{
    if (type == NOTE_COSIGNATURE)
        buffer_addf(out, "cosignature/v1\ntime %" PRIu64 "\n", t_s);
    buffer_add(out, text);
}

static void put_big_endian(uint64_t v, uint8_t out[TIME_BYTES])
{
    for (int i = TIME_BYTES; i-- > 0; v >>= 8)
        out[i] = (uint8_t)v;
}

static uint64_t get_big_endian(const uint8_t in[TIME_BYTES])
{
    uint64_t v = 0;
    for (int i = 0; i < TIME_BYTES; i++)
        v = v << 8 | in[i];
    return v;
}

void note_sign(struct text text, const struct note_key *k, const uint8_t seed[NOTE_SEED_BYTES], uint64_t t_s,
               struct buffer *out)
{
    unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    uint8_t row[4 + TIME_BYTES + NOTE_SIGNATURE_BYTES] = {(uint8_t)(k->id >> 24), (uint8_t)(k->id >> 16),
                                                          (uint8_t)(k->id >> 8), (uint8_t)k->id};
    size_t len = 4;
    struct buffer m;
    buffer_init(&m, NOTE_MAX_BYTES + 64);
    message(text, k->type, t_s, &m);
    if (buffer_error(&m) == OK && (!text_ends(text, TEXT("\n")) || t_s > INT64_MAX))
        m.err = ERR_USAGE;
    if (buffer_error(&m) != OK && !out->err)
        out->err = buffer_error(&m);
    if (buffer_error(&m) == OK) {
        if (k->type == NOTE_COSIGNATURE) {
            put_big_endian(t_s, row + len);
            len += TIME_BYTES;
        }
        crypto_sign_seed_keypair(public, secret, seed);
        crypto_sign_detached(row + len, NULL, (const unsigned char *)m.ptr, m.len, secret);
        sodium_memzero(secret, sizeof secret);
        buffer_add(out, dash);
        buffer_addf(out, "%s ", k->name);
        base64_write(out, row, len + NOTE_SIGNATURE_BYTES);
        buffer_add_char(out, '\n');
    }
    buffer_done(&m);
}

void note_signature_format(const struct note_signature *s, struct buffer *out)
{
    uint8_t row[4 + sizeof s->bytes] = {(uint8_t)(s->id >> 24), (uint8_t)(s->id >> 16), (uint8_t)(s->id >> 8),
                                        (uint8_t)s->id};
    if (s->len > sizeof s->bytes) {
        if (!out->err)
            out->err = ERR_USAGE;
        return;
    }
    memcpy(row + 4, s->bytes, s->len);
    buffer_add(out, dash);
    buffer_add(out, s->name);
    buffer_add_char(out, ' ');
    base64_write(out, row, 4 + s->len);
    buffer_add_char(out, '\n');
}

/* OK, ERR_DENIED or ERR_NOMEM. */
static enum err verify_one(const struct note *n, const struct note_signature *s, const struct note_key *k,
                           uint64_t *ret_t_s)
{
    size_t head = k->type == NOTE_COSIGNATURE ? TIME_BYTES : 0;
    uint64_t t_s = head ? get_big_endian(s->bytes) : 0;
    struct buffer m;
    if (s->len != head + NOTE_SIGNATURE_BYTES || t_s > INT64_MAX)
        return ERR_DENIED;
    buffer_init(&m, NOTE_MAX_BYTES + 64);
    message(n->text, k->type, t_s, &m);
    enum err e = buffer_error(&m);
    if (!e && crypto_sign_verify_detached(s->bytes + head, (const unsigned char *)m.ptr, m.len, k->key) != 0)
        e = ERR_DENIED;
    buffer_done(&m);
    if (!e)
        *ret_t_s = t_s;
    return e;
}

enum err note_verify(const struct note *n, const struct note_key *k, uint64_t *ret_t_s, struct fault *reterr)
{
    bool found = false;
    uint64_t newest = 0, t_s = 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct note_signature *s = &n->signature[i];
        if (s->id != k->id || !text_eq(s->name, text_of(k->name)))
            continue;
        enum err e = verify_one(n, s, k, &t_s);
        if (e == ERR_DENIED)
            return fault_at(reterr, e, -1, "signed-note, Signatures", "the signature of %s does not verify", k->name);
        if (e)
            return fault_set(reterr, e, "a note's signature cannot be checked: %s", err_name(e));
        found = true;
        newest = t_s > newest ? t_s : newest;
    }
    if (!found)
        return fault_at(reterr, ERR_NOT_FOUND, -1, "signed-note, Signatures", "no signature of %s, key %08x", k->name,
                        (unsigned)k->id);
    if (ret_t_s)
        *ret_t_s = newest;
    return OK;
}
