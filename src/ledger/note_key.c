/* ledger/note_key.c - verifiers' keys: signed-note, "Signatures" and "Verifier keys". */
#include "ledger/note_inside.h"

#include <sodium.h>
#include <string.h>

/* The characters of Unicode's White_Space property; those below U+0020 are no part of a note anyway. */
static bool is_space(uint32_t c)
{
    return c <= 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* One character of well-formed UTF-8. */
static uint32_t character(struct text t, size_t *at)
{
    unsigned char lead = (unsigned char)t.ptr[(*at)++];
    unsigned more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    uint32_t c = more == 0 ? lead : lead & (0x3FU >> more);
    for (; more > 0; more--)
        c = c << 6 | ((unsigned char)t.ptr[(*at)++] & 0x3F);
    return c;
}

bool note_name_is_valid(struct text name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX || !text_is_utf8(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        uint32_t c = character(name, &at);
        if (c == '+' || is_space(c))
            return false;
    }
    return true;
}

static uint32_t key_id(struct text name, enum note_type type, const uint8_t key[NOTE_KEY_BYTES])
{
    struct sha256_ctx ctx;
    const uint8_t middle[2] = {'\n', (uint8_t)type};
    sha256_init(&ctx);
    sha256_add(&ctx, name.ptr, name.len);
    sha256_add(&ctx, middle, sizeof middle);
    sha256_add(&ctx, key, NOTE_KEY_BYTES);
    struct sha256 h = sha256_end(&ctx);
    return (uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3];
}

enum err note_key_make(struct text name, enum note_type type, const uint8_t key[NOTE_KEY_BYTES], struct note_key *ret)
{
    if (!note_name_is_valid(name))
        return ERR_USAGE;
    struct note_key k = {.type = type, .id = key_id(name, type, key)};
    memcpy(k.name, name.ptr, name.len);
    memcpy(k.key, key, NOTE_KEY_BYTES);
    *ret = k;
    return OK;
}

void note_key_format(const struct note_key *k, struct buffer *out)
{
    uint8_t material[1 + NOTE_KEY_BYTES] = {(uint8_t)k->type};
    memcpy(material + 1, k->key, NOTE_KEY_BYTES);
    buffer_addf(out, "%s+%08x+", k->name, (unsigned)k->id);
    base64_write(out, material, sizeof material);
}

static bool lower_hex(struct text t, uint32_t *ret)
{
    uint32_t v = 0;
    if (t.len != 8)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret = v;
    return true;
}

enum err note_key_parse(struct text vkey, struct note_key *ret, struct fault *reterr)
{
    static const char rule[] = "signed-note, Verifier keys";
    struct text rest = vkey, name, hex;
    uint8_t material[1 + NOTE_KEY_BYTES];
    struct note_key k;
    uint32_t id;
    if (!text_split(&rest, '+', &name) || !rest.ptr || !text_split(&rest, '+', &hex) || !rest.ptr)
        return fault_at(reterr, ERR_MALFORMED, 0, rule, "a key is NAME+ID+KEY");
    int64_t at_hex = hex.ptr - vkey.ptr, at_key = rest.ptr - vkey.ptr;
    if (!note_name_is_valid(name))
        return fault_at(reterr, ERR_MALFORMED, 0, rule, "the key's name is empty, too long or holds white space");
    if (!lower_hex(hex, &id))
        return fault_at(reterr, ERR_MALFORMED, at_hex, rule, "the key's id is not eight lower-case hex digits");
    if (base64_read_exactly(rest, material, sizeof material) != OK ||
        (material[0] != NOTE_ED25519 && material[0] != NOTE_COSIGNATURE))
        return fault_at(reterr, ERR_MALFORMED, at_key, rule,
                        "not the base64 of an Ed25519 key (type 1) or cosigner's key (type 4)");
    if (note_key_make(name, (enum note_type)material[0], material + 1, &k) != OK || k.id != id)
        return fault_at(reterr, ERR_MALFORMED, at_hex, rule, "the key's id is not that of this name and key");
    *ret = k;
    return OK;
}

void note_public_key(const uint8_t seed[NOTE_SEED_BYTES], uint8_t ret[NOTE_KEY_BYTES])
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(ret, secret, seed);
    sodium_memzero(secret, sizeof secret);
}
