/* store/log_format.c - segment headers, record heads and commits to bytes and back. Little-endian throughout. */
#include "store/log_format.h"

#include <endian.h>
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "base/limits.h"

_Static_assert(SEGMENT_HEAD_BYTES == 8 + 6 * 4 + 8 + 16 + 8 + 8 + 8 + 8 + 8, "segment header layout");
_Static_assert(RECORD_HEAD_BYTES == 4 + 1 + 1 + 2 + 8 + 8, "record head layout");
_Static_assert(COMMIT_BYTES == 8 + 4 + 4 + 4 + 4 + 8 + 8, "commit layout");
_Static_assert(SEGMENT_START % RECORD_ALIGN == 0 && SEGMENT_HEAD_BYTES <= SEGMENT_START, "records are aligned");

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

void segment_head_encode(const struct segment_head *h, uint8_t out[SEGMENT_HEAD_BYTES])
{
    uint8_t *p = out;
    memcpy(p, SEGMENT_MAGIC, 8);
    p = put32(p + 8, SEGMENT_VERSION);
    p = put32(p, SEGMENT_START);
    p = put32(p, h->compatible);
    p = put32(p, h->incompatible);
    p = put32(p, h->number);
    p = put32(p, 0);
    p = put64(p, h->bytes);
    memcpy(p, h->log_id, sizeof h->log_id);
    p = put64(p + sizeof h->log_id, h->first_n);
    p = put64(p, (uint64_t)h->last_us);
    p = put64(p, h->chain);
    p = put64(p, 0); /* reserved */
    put64(p, xxh3_of(out, (size_t)(p - out)));
}

static enum err check_features(uint32_t version, uint32_t start, const struct segment_head *h, struct fault *reterr)
{
    if (version > SEGMENT_VERSION || (h->incompatible & ~SEGMENT_INCOMPATIBLE_KNOWN))
        return fault_at(reterr, ERR_VERSION, 8, "FORMAT-log, segment header",
                        "written by a newer program (version %u, features %x)", version, h->incompatible);
    if (version != SEGMENT_VERSION || start != SEGMENT_START || h->bytes < SEGMENT_START ||
        h->bytes > SEGMENT_BYTES_MAX)
        return fault_at(reterr, ERR_MALFORMED, 8, "FORMAT-log, segment header", "impossible version or sizes");
    return OK;
}

enum err segment_head_decode(const uint8_t in[SEGMENT_HEAD_BYTES], struct segment_head *ret, struct fault *reterr)
{
    struct cursor c;
    struct segment_head h;
    cursor_init(&c, (struct text){(const char *)in, SEGMENT_HEAD_BYTES});
    struct text magic = cursor_bytes(&c, 8);
    uint32_t version = cursor_u32(&c), start = cursor_u32(&c);
    h.compatible = cursor_u32(&c);
    h.incompatible = cursor_u32(&c);
    h.number = cursor_u32(&c);
    (void)cursor_u32(&c);
    h.bytes = cursor_u64(&c);
    cursor_copy(&c, h.log_id, sizeof h.log_id);
    h.first_n = cursor_u64(&c);
    h.last_us = (int64_t)cursor_u64(&c);
    h.chain = cursor_u64(&c);
    (void)cursor_u64(&c);
    if (!text_eq(magic, TEXT(SEGMENT_MAGIC)))
        return fault_at(reterr, ERR_MALFORMED, 0, "FORMAT-log, segment header", "not a log segment");
    if (cursor_u64(&c) != xxh3_of(in, SEGMENT_HEAD_BYTES - 8))
        return fault_at(reterr, ERR_MALFORMED, SEGMENT_HEAD_BYTES - 8, "FORMAT-log, segment header",
                        "the header's checksum does not hold");
    enum err err = check_features(version, start, &h, reterr);
    if (err == OK)
        *ret = h;
    return err;
}

uint64_t log_seed_of(const uint8_t log_id[16])
{
    return get64(log_id) ^ get64(log_id + 8);
}

/* Length, kind and flags with a check of their own: eight aligned bytes, which no disk tears, so that erasing (which
 * changes flags first) leaves a readable head at every moment. */
static uint64_t head_word(const struct record_head *h, const struct record_site *site)
{
    uint64_t word = (uint64_t)h->len | (uint64_t)h->kind << 32 | (uint64_t)h->flags << 40;
    uint64_t bound[2] = {htole64(word), htole64((uint64_t)site->place.segment << 32 | site->place.offset)};
    return word | (xxh3_seeded(bound, sizeof bound, site->log_seed) & 0xFFFF) << 48;
}

static uint64_t payload_checksum(uint64_t word, uint64_t tag, const struct record_site *site, const void *payload,
                                 uint32_t len)
{
    uint64_t bound[3] = {htole64(word), htole64(tag),
                         htole64((uint64_t)site->place.segment << 32 | site->place.offset)};
    return xxh3_seeded(payload, len, xxh3_seeded(bound, sizeof bound, site->log_seed));
}

void record_head_encode(const struct record_head *h, const struct record_site *site, const void *payload,
                        uint8_t out[RECORD_HEAD_BYTES])
{
    uint64_t word = head_word(h, site);
    bool erased = h->flags & RECORD_ERASED;
    put64(put64(put64(out, word), h->tag), erased ? 0 : payload_checksum(word, h->tag, site, payload, h->len));
}

static bool flags_fit(const struct record_head *h)
{
    static const uint8_t allowed[] = {
        [RECORD_ENTRY] = 0,
        [RECORD_DETAIL] = RECORD_ERASED,
        [RECORD_BODY] = RECORD_ZSTD | RECORD_DICT | RECORD_ORIGINAL | RECORD_ERASED,
        [RECORD_COMMIT] = 0,
    };
    static const uint8_t least[] = {
        [RECORD_ENTRY] = 1,
        [RECORD_DETAIL] = DETAIL_HEAD_BYTES,
        [RECORD_BODY] = BODY_HEAD_BYTES,
        [RECORD_COMMIT] = COMMIT_BYTES,
    };
    if (h->kind == RECORD_NONE || h->kind > RECORD_COMMIT || (h->flags & ~allowed[h->kind]))
        return false;
    if (h->kind == RECORD_COMMIT && h->len != COMMIT_BYTES)
        return false;
    return h->len >= least[h->kind] && h->len <= LOG_RECORD_MAX_BYTES + 4096;
}

bool record_head_decode(const uint8_t in[RECORD_HEAD_BYTES], const struct record_site *site, struct record_head *ret)
{
    uint64_t word = get64(in);
    struct record_head h = {
        .len = (uint32_t)word,
        .kind = (uint8_t)(word >> 32),
        .flags = (uint8_t)(word >> 40),
        .tag = get64(in + 8),
        .checksum = get64(in + 16),
    };
    if (!flags_fit(&h) || head_word(&h, site) != word)
        return false;
    *ret = h;
    return true;
}

bool record_payload_good(const struct record_head *h, const struct record_site *site, const void *payload)
{
    if (h->flags & RECORD_ERASED)
        return true;
    return h->checksum == payload_checksum(head_word(h, site), h->tag, site, payload, h->len);
}

void commit_encode(const struct commit *c, uint8_t out[COMMIT_BYTES])
{
    uint8_t *p = put64(out, c->first_n);
    p = put32(p, c->entries);
    p = put32(p, c->records);
    p = put32(p, c->start);
    p = put32(p, 0);
    p = put64(p, (uint64_t)c->last_us);
    put64(p, c->fold);
}

void commit_decode(const uint8_t in[COMMIT_BYTES], struct commit *ret)
{
    ret->first_n = get64(in);
    ret->entries = get32(in + 8);
    ret->records = get32(in + 12);
    ret->start = get32(in + 16);
    ret->last_us = (int64_t)get64(in + 24);
    ret->fold = get64(in + 32);
}

uint64_t commit_chain(const uint8_t commit[COMMIT_BYTES], uint64_t tag)
{
    return xxh3_seeded(commit, COMMIT_BYTES, tag);
}

uint64_t record_fold(uint64_t fold, const struct record_head *h, const void *payload)
{
    uint64_t word = htole64((uint64_t)h->len | (uint64_t)h->kind << 32 | (uint64_t)(h->flags & ~RECORD_ERASED) << 40);
    fold = xxh3_seeded(&word, sizeof word, fold);
    return h->kind == RECORD_ENTRY ? xxh3_seeded(payload, h->len, fold) : fold;
}
