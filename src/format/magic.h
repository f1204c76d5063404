/* format/magic.h - files that are not what a reader of JSON or CSV can read, told by their first bytes. */
#pragma once
#include "base/text.h"

#define MAGIC_BYTES 8 /* enough of a file to tell */

/* What the file is and what to do, in words; NULL: nothing is known against it. */
const char *magic_says(struct text head);
/* It has the byte order mark of UTF-16: text is read so, tables and JSON are not. */
bool magic_is_utf16(struct text head);
