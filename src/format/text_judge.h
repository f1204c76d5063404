/* format/text_judge.h - is a value found in a text an indicator, and how sure is that? The rules and their reasons
 * stand as a table in docs/TEXT.md. */
#pragma once
#include "format/text_find.h"
#include "format/text_section.h"

enum left_out {
    LEFT_NOT,
    LEFT_VERSION,
    LEFT_NUMBER,
    LEFT_FILE,
    LEFT_PACKAGE,
    LEFT_CODE,
    LEFT_RESERVED,
    LEFT_PRIVATE,
    LEFT_OWN,
    LEFT_HEADER,
    LEFT_REFERENCE,
    LEFT_NO_HASH,
    LEFT_TOO_MANY,
    NAMED_VULNERABILITY,
    NAMED_TECHNIQUE,
    LEFT_KINDS
};
struct left_words {
    const char *what, *why;
};
extern const struct left_words LEFT_WORDS[LEFT_KINDS];

#define SURE_CONFIDENCE 75 /* defanged, or listed as an indicator: outweighs what speaks against it elsewhere */

struct judged {
    uint8_t confidence; /* 0: left out */
    enum left_out left;
    const char *why; /* it is taken for an indicator */
};
struct judge_in {
    const struct refanged *t;
    const struct found *found;
    struct text value; /* normal form */
    const struct text_section *section;
    bool link;          /* of an attribute */
    bool after_version; /* stands in a list whose last was a version */
};
struct judged judge(const struct judge_in *in);

/* The host of a domain, URL or e-mail address in normal form; else empty. */
struct text judge_host(enum value_kind kind, struct text value);
