/* ledger/note.h - C2SP signed notes (c2sp.org/signed-note): a text, an empty line, signature lines. Ed25519
 * (libsodium). Pure. */
#pragma once
#include "base/hash.h"

#define NOTE_MAX_BYTES       (128 * 1024) /* a note as a whole: 16 post-quantum signatures of others find room */
#define NOTE_SIGNATURES_MAX  64           /* the specification asks for 16 at least */
#define NOTE_NAME_MAX        255
#define NOTE_KEY_BYTES       32
#define NOTE_SEED_BYTES      32
#define NOTE_SIGNATURE_BYTES 64

/* signed-note, Signature types. The same Ed25519 key may be used under both: what is signed differs in its first
 * line. */
enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

/* A verifier's key: name, type and public key make the key id. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    enum note_type type;
    uint8_t key[NOTE_KEY_BYTES];
    uint32_t id;
};
/* ERR_USAGE: the name is empty, too long, no UTF-8, or holds white space, control
 * characters or '+'. */
MUST_CHECK enum err note_key_make(struct text name, enum note_type type, const uint8_t key[NOTE_KEY_BYTES],
                                  struct note_key *ret);
/* "name+hex8+base64(type || key)", as Go's note package and the other tools have it. */
void note_key_format(const struct note_key *k, struct buffer *out);
MUST_CHECK enum err note_key_parse(struct text vkey, struct note_key *ret, struct fault *reterr);

struct note_signature {
    struct text name; /* borrowed from the note */
    uint32_t id;
    size_t len;                              /* bytes behind the id */
    uint8_t bytes[8 + NOTE_SIGNATURE_BYTES]; /* those of other lengths are not kept: len says so */
};
struct note {
    struct text text; /* with its last newline; borrowed */
    size_t count;
    struct note_signature signature[NOTE_SIGNATURES_MAX];
};
/* ERR_MALFORMED (offset and what) | ERR_LIMIT. Nothing is verified yet. */
MUST_CHECK enum err note_parse(struct text bytes, struct note *ret, struct fault *reterr);

/* The signature line of one whose bytes are kept, as it stood there; an error sticks in out for another. */
void note_signature_format(const struct note_signature *s, struct buffer *out);
/* Signs `text` (which ends in a newline) and appends one signature line ("— name base64\n") to out. Errors stick in
 * out. seed: the Ed25519 secret seed that belongs to k. t_s: POSIX time of a cosignature; ignored for NOTE_ED25519.
 */
void note_sign(struct text text, const struct note_key *k, const uint8_t seed[NOTE_SEED_BYTES], uint64_t t_s,
               struct buffer *out);
/* OK: the note has a signature by k and each such one verifies; *ret_t_s (may be NULL) is a cosignature's time, the
 * newest. ERR_NOT_FOUND: none by that name and id. ERR_DENIED: there is one and it does not verify (the whole note is
 * to be refused). ERR_NOMEM */
MUST_CHECK enum err note_verify(const struct note *n, const struct note_key *k, uint64_t *ret_t_s,
                                struct fault *reterr);

/* The public key of a seed. */
void note_public_key(const uint8_t seed[NOTE_SEED_BYTES], uint8_t ret[NOTE_KEY_BYTES]);
