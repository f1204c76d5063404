#include "messy.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "rows.h"

#define WORDS_MAX 300

void messy_seed(struct messy *m, uint64_t seed, uint64_t number)
{
    m->state = seed * 1000003 + number;
    messy_below(m, 2);
}

uint32_t messy_below(struct messy *m, uint32_t n)
{
    m->state = m->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((m->state >> 33) % n);
}

static const char *const glue[] = {
    " ",
    "\t",
    ".",
    "-",
    "_",
    ":",
    "/",
    "@",
    "%",
    "#",
    "=",
    ",",
    ";",
    "|",
    "\"",
    "'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\\",
    "&",
    "?",
    "+",
    "*",
    "!",
    "^",
    "~",
    "`",
    "..",
    "::",
    "//",
    "://",
    "->",
    "--",
    ":/",
    "/24",
    "/8",
    "/255.255.255.0",
    "/64",
    ":80",
    "#53",
    ".53",
    ":443",
    "%eth0",
    "\\n",
    "\\t",
    "\\/",
    "\\\"",
    "\\\\",
    "\\u002e",
    "\\u0026",
    "\\u00e9",
    "\\x22",
    "#012",
    "%2F",
    "%3A",
    "%20",
    "%40",
    "%2E",
    "%3A%2F%2F",
    "%253A%252F%252F",
    "%25",
    "\xC3\xA9",
    "\xE2\x80\x9C",
    "\xE2\x80\x9D",
    "\xC2\xA0",
    "\xE3\x80\x82",
    "\xFF",
    "x",
    "9",
    "0",
    "a",
    "f",
    "www.",
    "v",
    "http",
    "http://",
    "https://",
    "http:\\/\\/",
    "\\u201d",
    "%3D",
    "%26",
    "Chrome/",
    "if:",
    "src=",
    "?u=",
    "&v=",
    "SRS0=",
    "12:34:56",
    "ffff:",
    "\r",
    "sub.www.",
    "a.b.c.d.",
    "1.2.3",
    "2001:",
    "\\\\\\/",
    "key:",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static size_t add(char *line, size_t len, const char *word)
{
    size_t n = strlen(word);
    if (len + n > WORDS_MAX)
        return len;
    memcpy(line + len, word, n);
    return len + n;
}

/* Every character of a word escaped now and then. */
static size_t add_escaped(struct messy *m, char *line, size_t len, const char *word)
{
    for (; *word; word++) {
        char escape[8] = {*word};
        if (messy_below(m, 3) == 0)
            snprintf(escape, sizeof escape, messy_below(m, 2) ? "%%%02x" : "\\u%04x", (unsigned char)*word);
        len = add(line, len, escape);
    }
    return len;
}

size_t messy_line(struct messy *m, char line[MESSY_MAX])
{
    size_t len = 0, values = 0;
    while (row_values[values])
        values++;
    for (uint32_t parts = 1 + messy_below(m, 8); parts > 0; parts--) {
        const char *value = row_values[messy_below(m, (uint32_t)values)];
        if (messy_below(m, 12) == 0)
            len = add_escaped(m, line, len, value);
        else if (messy_below(m, 5) < 3)
            len = add(line, len, value);
        for (uint32_t n = messy_below(m, 4); n > 0; n--)
            len = add(line, len, glue[messy_below(m, ARRAY_LEN(glue))]);
    }
    if (len > 0 && messy_below(m, 4) == 0) {
        char *byte = &line[messy_below(m, (uint32_t)len)];
        *byte = (char)messy_below(m, 256);
        if (*byte == '\n')
            *byte = ' ';
    }
    return len;
}
