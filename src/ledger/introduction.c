/* ledger/introduction.c - notes in a row, and the first of them an introduction. */
#include "ledger/introduction.h"

#include <string.h>

#include "ledger/lines.h"

#define FIRST_LINE "entente-introduction/v1"

static const char rule[] = "LEDGER, Keys";

void introduction_format(const struct introduction *i, struct buffer *out)
{
    char hex[2 * NOTE_KEY_BYTES + 1];
    hex_write(i->key, sizeof i->key, hex);
    buffer_addf(out, FIRST_LINE "\nto " TEXT_FMT "\norigin " TEXT_FMT "\nkey %s\n", TEXT_ARG(i->to),
                TEXT_ARG(i->origin), hex);
}

/* A note of two blocks (text, signatures) off the front; the empty line that parts it from the next goes too. */
static bool take_note(struct text *rest, struct text *ret)
{
    ptrdiff_t text_end = text_find_text(*rest, TEXT("\n\n"));
    if (text_end < 0)
        return false;
    struct text behind = text_sub(*rest, (size_t)text_end + 2, rest->len);
    ptrdiff_t end = text_find_text(behind, TEXT("\n\n"));
    if (end < 0) {
        *ret = *rest;
        *rest = TEXT_NONE;
        return true;
    }
    size_t len = (size_t)text_end + 2 + (size_t)end + 1;
    *ret = text_sub(*rest, 0, len);
    *rest = text_sub(*rest, len + 1, rest->len);
    return rest->len > 0;
}

enum err statements_split(struct text bytes, struct statements *ret, struct fault *reterr)
{
    struct text rest = bytes;
    size_t count = 0;
    while (rest.len > 0) {
        int64_t at = line_offset(bytes, rest);
        if (count == STATEMENTS_MAX)
            return fault_at(reterr, ERR_LIMIT, at, rule, "more than %d statements", STATEMENTS_MAX);
        if (!take_note(&rest, &ret->note[count++]))
            return fault_at(reterr, ERR_MALFORMED, at, rule, "what should be a signed statement is none");
    }
    ret->count = count;
    return OK;
}

static bool take_word(struct text *rest, struct text word, struct text *ret)
{
    struct text line;
    if (!line_take(rest, &line) || !text_starts(line, word))
        return false;
    *ret = text_sub(line, word.len, line.len);
    return true;
}

static bool lower(struct text hex)
{
    for (size_t i = 0; i < hex.len; i++)
        if (hex.ptr[i] >= 'A' && hex.ptr[i] <= 'F')
            return false;
    return true;
}

static bool read_text(struct text text, struct introduction *ret)
{
    struct text first, hex;
    return take_word(&text, TEXT(FIRST_LINE), &first) && first.len == 0 && take_word(&text, TEXT("to "), &ret->to) &&
           ret->to.len > 0 && take_word(&text, TEXT("origin "), &ret->origin) &&
           take_word(&text, TEXT("key "), &hex) && text.len == 0 && lower(hex) &&
           hex_read(hex, ret->key, sizeof ret->key) == OK;
}

enum err introduction_parse(struct text bytes, struct introduction *ret, struct fault *reterr)
{
    struct introduction i;
    struct note note;
    struct note_key key;
    struct text rest = bytes, first;
    if (bytes.len > INTRODUCTION_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, 0, rule, "longer than %zu bytes", INTRODUCTION_MAX_BYTES);
    if (!take_note(&rest, &first))
        return fault_at(reterr, ERR_MALFORMED, 0, rule, "this is no introduction");
    enum err e = note_parse(first, &note, reterr);
    if (e)
        return e;
    if (!read_text(note.text, &i) || note_key_make(i.origin, NOTE_ED25519, i.key, &key) != OK)
        return fault_at(reterr, ERR_MALFORMED, 0, rule, "this is no introduction");
    e = note_verify(&note, &key, NULL, NULL);
    if (e)
        return fault_at(reterr, e == ERR_NOMEM ? e : ERR_MALFORMED, 0, rule,
                        "the introduction is not signed by the key that it names");
    e = statements_split(rest, &i.statements, reterr);
    if (!e)
        *ret = i;
    return e;
}
