/* format/text_claim.h - is a document text that people wrote? */
#pragma once
#include "format/format.h"

enum format_claim text_claim(const struct format_head *h);
