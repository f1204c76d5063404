/* model/value_token.c - values that are looked for as they stand: AS numbers, JA4 fingerprints, names of mutexes and
 * of files. */
#include "model/value_token.h"

#include "model/value_anchor.h"

#define FILENAME_MAX_BYTES 255 /* of the file systems in use */
#define MUTEX_MAX_BYTES    260 /* MAX_PATH, as CreateMutex has it */
#define JA4_MAX_BYTES      128
#define JA4_MIN_BYTES      12

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* "AS65001", "ASN65001", "AS 65001" or the number alone (RFC 5396's asplain). */
static const char *asn_normalise(struct text raw, struct buffer *out)
{
    static const char *const wrong = "an AS number is 0 to 4294967295, with or without AS before it";
    struct text t = raw;
    uint64_t number = 0;

    if (text_eq_nocase(text_sub(t, 0, 3), TEXT("ASN")))
        t = text_sub(t, 3, t.len);
    else if (text_eq_nocase(text_sub(t, 0, 2), TEXT("AS")))
        t = text_sub(t, 2, t.len);
    t = text_trim(t);
    if (t.len == 0 || t.len > 10 || (t.ptr[0] == '0' && t.len > 1))
        return wrong;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_digit(t.ptr[i]))
            return wrong;
        number = number * 10 + (uint64_t)(t.ptr[i] - '0');
    }
    if (number > UINT32_MAX)
        return wrong;
    buffer_add(out, TEXT("AS"));
    buffer_add(out, t);
    return NULL;
}

/* JA4 and its relatives: parts of letters and digits (JA4T has hyphens in them), joined by underscores. */
static const char *ja4_normalise(struct text raw, struct buffer *out)
{
    size_t joints = 0;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];

        joints += c == '_' && i > 0 && raw.ptr[i - 1] != '_';
        if (!is_digit(c) && (unsigned char)((c | 0x20) - 'a') >= 26 && c != '_' && c != '-')
            return "a JA4 fingerprint is made of letters, digits, _ and -";
    }
    if (joints == 0 || raw.len < JA4_MIN_BYTES || raw.len > JA4_MAX_BYTES || raw.ptr[raw.len - 1] == '_')
        return "a JA4 fingerprint has parts joined by _, like t13d1516h2_8daaf6152771_b186095e22b6";
    buffer_add_lower(out, raw);
    return NULL;
}

static const char *name_check(struct text raw, size_t longest)
{
    struct span_of_text anchor;

    if (raw.len > longest)
        return "a name of a file has at most 255 bytes, of a mutex 260";
    for (size_t i = 0; i < raw.len; i++)
        if ((unsigned char)raw.ptr[i] < 0x20 || raw.ptr[i] == 0x7f)
            return "a control character in a name";
    if (!value_anchor(raw, &anchor))
        return "too little to look for in a log: a name needs three ASCII letters or digits in a row";
    return NULL;
}

const char *value_token_normalise(enum value_kind kind, struct text raw, struct buffer *out)
{
    const char *wrong;

    switch (kind) {
    case VALUE_ASN: return asn_normalise(raw, out);
    case VALUE_JA4: return ja4_normalise(raw, out);
    case VALUE_MUTEX:
        wrong = name_check(raw, MUTEX_MAX_BYTES);
        if (!wrong)
            buffer_add(out, raw);
        return wrong;
    case VALUE_FILENAME:
        wrong = name_check(raw, FILENAME_MAX_BYTES);
        if (!wrong)
            buffer_add_lower(out, raw);
        return wrong;
    default: return "no plain token";
    }
}

static bool is_hex(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!is_digit(t.ptr[i]) && (unsigned char)((t.ptr[i] | 0x20) - 'a') >= 6)
            return false;
    return true;
}

enum value_kind value_token_detect(struct text t)
{
    size_t letters = text_eq_nocase(text_sub(t, 0, 3), TEXT("ASN"))  ? 3
                     : text_eq_nocase(text_sub(t, 0, 2), TEXT("AS")) ? 2
                                                                     : 0;
    /* JA4: ten characters, and twice twelve hex digits */
    if (t.len == 36 && t.ptr[10] == '_' && t.ptr[23] == '_' && is_hex(text_sub(t, 11, 12)) &&
        is_hex(text_sub(t, 24, 12)))
        return VALUE_JA4;
    if (letters == 0 || t.len == letters || t.len > letters + 10)
        return VALUE_NONE;
    for (size_t i = letters; i < t.len; i++)
        if (!is_digit(t.ptr[i]))
            return VALUE_NONE;
    return VALUE_ASN;
}
