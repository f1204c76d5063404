#include "model/value_idn.h"

#include <string.h>

#include <idn2.h>

#define UTF8_MAX_BYTES (DOMAIN_MAX_BYTES * 4) /* of UTF-8; what is longer cannot become short enough */

bool value_is_idn(struct text name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] >= 0x80)
            return true;
    return false;
}

struct text value_idn_to_ascii(struct text name, char out[VALUE_IDN_BYTES])
{
    char utf8[UTF8_MAX_BYTES + 1];
    uint8_t *ascii = NULL;
    size_t len = 0;

    if (name.len == 0 || name.len > UTF8_MAX_BYTES || memchr(name.ptr, '\0', name.len) || !text_is_utf8(name))
        return TEXT_NONE;
    memcpy(utf8, name.ptr, name.len);
    utf8[name.len] = '\0';
    if (idn2_lookup_u8((const uint8_t *)utf8, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return TEXT_NONE;
    len = text_of((const char *)ascii).len;
    if (len <= DOMAIN_MAX_BYTES)
        memcpy(out, ascii, len);
    idn2_free(ascii);
    return len <= DOMAIN_MAX_BYTES ? (struct text){out, len} : TEXT_NONE;
}
