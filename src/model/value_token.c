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

static size_t asn_letters(struct text t)
{
    if (text_eq_nocase(text_sub(t, 0, 3), TEXT("ASN")))
        return 3;
    return text_eq_nocase(text_sub(t, 0, 2), TEXT("AS")) ? 2 : 0;
}

/* RFC 5396's asplain. */
static bool is_as_number(struct text t)
{
    uint64_t number = 0;

    if (t.len == 0 || t.len > 10 || (t.ptr[0] == '0' && t.len > 1))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_digit(t.ptr[i]))
            return false;
        number = number * 10 + (uint64_t)(t.ptr[i] - '0');
    }
    return number <= UINT32_MAX;
}

/* "AS65001", "ASN65001", "AS 65001" or the number alone. */
static const char *asn_normalise(struct text raw, struct buffer *out)
{
    struct text number = text_trim(text_sub(raw, asn_letters(raw), raw.len));

    if (!is_as_number(number))
        return "an AS number is 0 to 4294967295, with or without AS before it";
    buffer_add(out, TEXT("AS"));
    buffer_add(out, number);
    return NULL;
}

/* JA4 and its relatives: parts of letters and digits (JA4T has hyphens in them), joined by underscores. */
static const char *ja4_check(struct text t)
{
    size_t joints = 0;

    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];

        joints += c == '_' && i > 0 && t.ptr[i - 1] != '_';
        if (!is_digit(c) && (unsigned char)((c | 0x20) - 'a') >= 26 && c != '_' && c != '-')
            return "a JA4 fingerprint is made of letters, digits, _ and -";
    }
    if (joints == 0 || t.len < JA4_MIN_BYTES || t.len > JA4_MAX_BYTES || t.ptr[t.len - 1] == '_')
        return "a JA4 fingerprint has parts joined by _, like t13d1516h2_8daaf6152771_b186095e22b6";
    return NULL;
}

static const char *ja4_normalise(struct text raw, struct buffer *out)
{
    const char *wrong = ja4_check(raw);

    if (!wrong)
        buffer_add_lower(out, raw);
    return wrong;
}

static const char *name_check(struct text raw, size_t longest)
{
    struct span_of_text anchor;

    if (raw.len > longest)
        return "a name of a file has at most 255 bytes, of a mutex 260";
    for (size_t i = 0; i < raw.len; i++)
        if ((unsigned char)raw.ptr[i] < 0x20 || raw.ptr[i] == 0x7f)
            return "a control character in a name";
    if (!text_is_utf8(raw))
        return "a name is UTF-8";
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
    size_t letters = asn_letters(t);

    /* JA4: ten characters, and twice twelve hex digits */
    if (t.len == 36 && t.ptr[10] == '_' && t.ptr[23] == '_' && is_hex(text_sub(t, 11, 12)) &&
        is_hex(text_sub(t, 24, 12)) && !ja4_check(t))
        return VALUE_JA4;
    return letters > 0 && is_as_number(text_sub(t, letters, t.len)) ? VALUE_ASN : VALUE_NONE;
}
