/* store/keys.h - the secret keys of a node, as files of HOME/keys, mode 0600, of the home's owner.
 *
 *   node.key       signs now: "ed25519 ", the 32 bytes of the seed in 64 lower-case hexadecimal digits, a newline
 *   next.key       the same, of a key whose succession is being written (store/origin.h)
 *   old-N.key      the one that the succession at entry N retired, while checkpoints carry both signatures
 *
 * A seed is held in memory that is locked where the machine permits it (RLIMIT_MEMLOCK), kept out of core dumps and
 * wiped when it is given up. */
#pragma once
#include "base/buffer.h"
#include "base/io.h"

#define KEYS_FOLDER   "keys"
#define KEY_NODE      "keys/node.key"
#define KEY_NEXT      "keys/next.key"
#define KEY_BYTES     32
#define KEY_HEX       (2 * KEY_BYTES + 1)
#define KEY_WORDS_MAX (KEY_HEX + 8) /* of key_words() */

struct key;

/* A key out of thin air. ERR_NOMEM | ERR_IO (libsodium cannot be used here) */
MUST_CHECK enum err key_new(struct key **ret, struct fault *reterr);
/* Reads home/name. ERR_NOT_FOUND | ERR_MALFORMED (not exactly that form) | ERR_DENIED (no plain file, another's than
 * the home, open to others, or not to be opened) | ERR_IO | ERR_NOMEM; each says what to do. */
MUST_CHECK enum err key_read(const struct io *io, const char *home, const char *name, struct key **ret,
                             struct fault *reterr);
/* Writes it as home/name, whole and durable, in the place of what was there. ERR_IO | ERR_FULL | ERR_NOMEM */
MUST_CHECK enum err key_write(const struct io *io, const char *home, const char *name, const struct key *key,
                              struct fault *reterr);
/* Overwrites the file with zeros, syncs, removes it, durably; one that is not there is no error. What a disk that
 * copies on write or moves its sectors keeps of it is out of our reach. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err key_wipe(const struct io *io, const char *home, const char *name, struct fault *reterr);
void key_free(struct key *key); /* wipes; accepts NULL */

const uint8_t *key_public(const struct key *key);                        /* KEY_BYTES */
const uint8_t *key_seed(const struct key *key);                          /* KEY_BYTES; never to be copied elsewhere */
bool key_is(const struct key *key, const uint8_t public_key[KEY_BYTES]); /* false for NULL */

/* A public key for people: "0123abcd ..." in eight groups of eight digits. */
struct text key_words(const uint8_t public_key[KEY_BYTES], char out[KEY_WORDS_MAX]);
