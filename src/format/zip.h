/* format/zip.h - packed documents: zip archives, gzip (RFC 1952) and zstd (RFC 8878) files, unpacked in bounded
 * memory and read by the formats of what is in them. Names are only names: nothing is written anywhere. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_ZIP;
