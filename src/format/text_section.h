/* format/text_section.h - what part of a report, mail or page a line stands in, told line by line: a section of
 * indicators, of references, a mail's header, a signature. */
#pragma once
#include "base/text.h"

enum text_part {
    PART_PROSE,
    PART_IOC,      /* under a heading that says so, until the next */
    PART_IOC_LIST, /* behind "the following domains:", until prose comes */
    PART_REFERENCES,
    PART_SIGNATURE,
    PART_HEADER /* of a mail */
};
struct text_section {
    enum text_part part;
    bool ioc_table; /* its head row names kinds of values */
    bool in_table;
    bool own_line;       /* the line speaks of the author: "unsubscribe" */
    bool own_header;     /* the line is in the header of the mail itself, and names who wrote it */
    bool first_header;   /* in the header with which the document begins */
    bool one_line;       /* the header is this line alone: "... wrote:" */
    size_t lines;        /* of the part so far */
    uint64_t lines_seen; /* that are not blank */
};
/* The next line, refanged, without its end. Looks at its first bytes only. */
void section_line(struct text_section *s, struct text line);
