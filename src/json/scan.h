/* json/scan.h - finds where a JSON value ends by looking at quotes, backslashes and brackets only, 64 bytes at a
 * time. State is carried from block to block, so a value may come in pieces. */
#pragma once
#include "base/text.h"

#define SCAN_BLOCK 64
#define SCAN_MORE  SIZE_MAX

struct scan {
    uint64_t depth; /* open brackets */
    bool in_string; /* the next byte stands inside a string */
    bool escaped;   /* the next byte follows a backslash */
};

/* An object or array: p begins at its bracket (scan zeroed) or where the last call stopped. Index behind the closing
 * bracket, or SCAN_MORE when all n bytes were used. SCAN_BLOCK bytes behind p + n must be readable. */
size_t scan_nested(struct scan *s, const char *p, size_t n);
/* A string, from behind its opening quote (scan zeroed). Index behind the closing quote, or SCAN_MORE. */
size_t scan_string(struct scan *s, const char *p, size_t n);
