/* format/text_words.h - the words by which a reader of a report tells what a value is; docs/TEXT.md gives the
 * reasons. All compare without case (ASCII). */
#pragma once
#include "base/text.h"

struct text_words {
    const char *const *list;
    size_t count;
};
extern const struct text_words WORDS_VERSION;      /* before a version number */
extern const struct text_words WORDS_VERSION_LINE; /* somewhere in a sentence about versions */
extern const struct text_words WORDS_ADDRESS;      /* before an address rather than a version */
extern const struct text_words WORDS_SECTION;      /* before a section's number */
extern const struct text_words WORDS_FILE;         /* beside a file's name */
extern const struct text_words WORDS_DOMAIN;       /* before a domain that might be a file's name */
extern const struct text_words WORDS_NO_HASH;      /* before digits that are no file's hash */
extern const struct text_words WORDS_BAD;          /* a label before a value that is an indicator: "C2:" */
extern const struct text_words ENDINGS_FILE;       /* top-level domains that are first of all file endings */
extern const struct text_words ENDINGS_MAYBE;      /* those that are both */
extern const struct text_words STEMS_FILE;         /* what files are called before such an ending */
extern const struct text_words ENDINGS_ONLY;       /* endings of files that are no top-level domains */
extern const struct text_words OBJECTS_CODE;       /* "document.", "System.": first labels of code */
extern const struct text_words PACKAGE_FIRST;      /* first labels of package names */
extern const struct text_words HOSTS_REFERENCE;    /* registered domains that reports refer to */
extern const struct text_words HEADINGS_IOC, HEADINGS_KINDS, HEADINGS_REFERENCES, HEADINGS_OTHER;
extern const struct text_words LINES_OWN;       /* in lines that speak of the author: "unsubscribe" */
extern const struct text_words LINES_SIGNATURE; /* with which a signature begins */
extern const struct text_words LINES_FORWARD;   /* with which another mail begins */
extern const struct text_words MAIL_HEADERS;
extern const struct text_words WORDS_PLACED; /* before " at " and a place: "hosted at" */
extern const struct text_words WORDS_WRITER; /* before somebody's address: "mail from" */
extern const struct text_words WORDS_WROTE;  /* in the line above a quoted mail, in languages of many CSIRTs */

bool words_have(const struct text_words *w, struct text word);
/* One of them stands in t as a word, or words, of its own. */
bool words_in(const struct text_words *w, struct text t);
/* t begins with one. */
bool words_begin(const struct text_words *w, struct text t);
