#include "store/password.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_MAX == crypto_pwhash_STRBYTES, "libsodium's");

/* Those of the lists of leaked passwords that are long enough to be chosen here, and what people make of the rule
 * "twelve characters". Digits and punctuation behind a word are taken off before it is looked for. */
static const char *const COMMON[] = {
    "password",
    "passwort",
    "passwordpassword",
    "mypassword",
    "newpassword",
    "changeme",
    "changemenow",
    "letmein",
    "letmeinnow",
    "welcome",
    "welcomehome",
    "administrator",
    "adminadmin",
    "admin",
    "rootroot",
    "root",
    "qwerty",
    "qwertyuiop",
    "qwertyqwerty",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "asdfghjklqw",
    "zxcvbnm",
    "iloveyou",
    "iloveyouforever",
    "sunshine",
    "princess",
    "dragon",
    "monkey",
    "football",
    "baseball",
    "superman",
    "batman",
    "trustno",
    "whatever",
    "computer",
    "internet",
    "starwars",
    "secret",
    "topsecret",
    "summer",
    "winter",
    "spring",
    "autumn",
    "january",
    "december",
    "company",
    "default",
    "guest",
    "test",
    "testtest",
    "testtesttest",
    "temp",
    "temporary",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "abcdefghijkl",
    "abcdefghijklm",
    "abcdefghijklmnopqrstuvwxyz",
    "entente",
    "ententeentente",
    "csirt",
    "cert",
    "security",
    "cybersecurity",
    "incident",
};
static const char *const COMMON_WHOLE[] = {
    "123456789012", "1234567890123", "12345678901234567890", "123456123456", "123123123123",     "987654321098",
    "0123456789ab", "1q2w3e4r5t6y",  "1q2w3e4r5t6y7u",       "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6",
    "zaq12wsxcde3", "zaq1zaq1zaq1",  "passw0rd1234",         "p@ssw0rd1234", "p@ssword1234",     "pa$$word1234",
    "abcd1234abcd", "a1b2c3d4e5f6",  "abc123abc123",
};

static size_t count_chars(struct text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.len; i++)
        count += ((unsigned char)t.ptr[i] & 0xC0) != 0x80;
    return count;
}

static bool has_control(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < ' ' || t.ptr[i] == 0x7F)
            return true;
    return false;
}

static size_t distinct_bytes(struct text t)
{
    bool seen[256] = {false};
    size_t count = 0;
    for (size_t i = 0; i < t.len; i++) {
        count += !seen[(unsigned char)t.ptr[i]];
        seen[(unsigned char)t.ptr[i]] = true;
    }
    return count;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_common(struct text t)
{
    struct text word = t;
    for (size_t i = 0; i < ARRAY_LEN(COMMON_WHOLE); i++)
        if (text_eq_nocase(t, text_of(COMMON_WHOLE[i])))
            return true;
    while (word.len && !is_letter(word.ptr[word.len - 1]))
        word.len--;
    for (size_t i = 0; i < ARRAY_LEN(COMMON); i++)
        if (text_eq_nocase(word, text_of(COMMON[i])))
            return true;
    return word.len == 0 && distinct_bytes(t) < PASSWORD_MIN_CHARS / 2;
}

/* The name alone, or with digits and the like behind it. */
static bool is_name(struct text t, struct text name)
{
    if (!name.len || t.len < name.len || !text_eq_nocase(text_sub(t, 0, name.len), name))
        return false;
    for (size_t i = name.len; i < t.len; i++)
        if (is_letter(t.ptr[i]))
            return false;
    return true;
}

enum err password_check(struct text password, struct text account, struct fault *reterr)
{
    if (password.len > PASSWORD_MAX_BYTES)
        return fault_set(reterr, ERR_USAGE, "a password has at most %zu bytes", PASSWORD_MAX_BYTES);
    if (!text_is_utf8(password) || has_control(password))
        return fault_set(reterr, ERR_USAGE, "a password is UTF-8 without control characters");
    if (count_chars(password) < PASSWORD_MIN_CHARS)
        return fault_set(reterr, ERR_USAGE, "a password has at least %d characters; several words do well",
                         PASSWORD_MIN_CHARS);
    if (distinct_bytes(password) < PASSWORD_MIN_DISTINCT)
        return fault_set(reterr, ERR_USAGE, "this password is a few characters over and over");
    if (is_name(password, account))
        return fault_set(reterr, ERR_USAGE, "this password is the account's own name");
    if (is_common(password))
        return fault_set(reterr, ERR_USAGE, "this password is one of the commonest, which are tried first");
    return OK;
}

enum err password_hash(struct text password, char ret[PASSWORD_HASH_MAX])
{
    if (sodium_init() < 0 || crypto_pwhash_str_alg(ret, password.ptr, password.len, PASSWORD_PASSES,
                                                   PASSWORD_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_NOMEM;
    return OK;
}

/* With the same costs as a real one: salt and hash are zero, and nothing known hashes to that. */
static const char NOBODY[] =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
_Static_assert(PASSWORD_MEMORY_BYTES == 65536 * 1024 && PASSWORD_PASSES == 2, "as NOBODY says");

enum err password_is(const char *hash, struct text password, bool *ret)
{
    char padded[PASSWORD_HASH_MAX] = {0};
    bool some = hash && strlen(hash) < sizeof padded;
    memcpy(padded, some ? hash : NOBODY, some ? strlen(hash) : sizeof NOBODY);
    if (sodium_init() < 0)
        return ERR_NOMEM;
    errno = 0;
    bool same = crypto_pwhash_str_verify(padded, password.ptr, password.len) == 0;
    if (!same && errno == ENOMEM)
        return ERR_NOMEM;
    *ret = same && some;
    return OK;
}
