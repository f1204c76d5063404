#include "format/magic.h"

#define NARROWED "the file is UTF-16: save it as UTF-8"

static const struct magic {
    struct text bytes;
    const char *what;
} magics[] = {
    {{"\x1f\x8b", 2}, "the file is gzip: unpack it first (gunzip -c FILE; '-' reads what comes out)"},
    {{"\x28\xb5\x2f\xfd", 4}, "the file is zstd: unpack it first (zstd -dc FILE; '-' reads what comes out)"},
    {{"PK\x03\x04", 4}, "the file is a zip archive: unpack it first"},
    {{"BZh", 3}, "the file is bzip2: unpack it first"},
    {{"\xfd"
      "7zXZ",
      5},
     "the file is xz: unpack it first"},
    {{"\xff\xfe\0\0", 4}, "the file is UTF-32: save it as UTF-8"},
    {{"\xff\xfe", 2}, NARROWED},
    {{"\xfe\xff", 2}, NARROWED},
    {{"{\0", 2}, NARROWED},
    {{"[\0", 2}, NARROWED},
    {{"\0{", 2}, NARROWED},
    {{"\0[", 2}, NARROWED},
    {{"%PDF", 4}, "the file is a PDF: take its text out first (pdftotext FILE - | entente import --as text -)"},
    {{"\xd0\xcf\x11\xe0", 4},
     "the file is an Office document: save it as text first (libreoffice --headless --convert-to txt:Text FILE), "
     "then "
     "entente import --as text"},
    {{"{\\rtf", 5}, "the file is RTF: save it as text first, then entente import --as text"},
};

/* XML names its encoding, and its reader reads UTF-16. */
static bool is_wide_xml(struct text head)
{
    return text_starts(head, (struct text){"\xff\xfe<\0", 4}) || text_starts(head, (struct text){"\xfe\xff\0<", 4});
}

const char *magic_says(struct text head)
{
    if (is_wide_xml(head))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(magics); i++)
        if (text_starts(head, magics[i].bytes))
            return magics[i].what;
    return NULL;
}

bool magic_is_utf16(struct text head)
{
    const bool wide = text_starts(head, (struct text){"\xff\xfe\0\0", 4});
    return !wide && (text_starts(head, TEXT("\xff\xfe")) || text_starts(head, TEXT("\xfe\xff")));
}
