/* reader/formats.c - see formats.h. Asked in this order: what is sure of itself comes before what would take much. */
#include "reader/formats.h"

#include "format/csv_indicators.h"
#include "format/idea.h"
#include "format/intelmq.h"
#include "format/iodef.h"
#include "format/list.h"
#include "format/mail.h"
#include "format/misp.h"
#include "format/misp_feed.h"
#include "format/n6.h"
#include "format/part.h"
#include "format/shadowserver.h"
#include "format/stix.h"
#include "format/suricata.h"
#include "format/text.h"
#include "format/warninglist.h"
#include "format/zeek.h"
#include "format/zip.h"

static const struct format *const formats[READER_FORMATS] = {
    [READER_ZIP] = &FORMAT_ZIP,
    [READER_MAIL] = &FORMAT_MAIL,
    [READER_MISP] = &FORMAT_MISP,
    [READER_MISP_FEED] = &FORMAT_MISP_FEED,
    [READER_IDEA] = &FORMAT_IDEA,
    [READER_INTELMQ] = &FORMAT_INTELMQ,
    [READER_N6] = &FORMAT_N6,
    [READER_IODEF] = &FORMAT_IODEF,
    [READER_STIX] = &FORMAT_STIX,
    [READER_ZEEK] = &FORMAT_ZEEK,
    [READER_SURICATA] = &FORMAT_SURICATA,
    [READER_CSV] = &FORMAT_CSV,
    [READER_SHADOWSERVER] = &FORMAT_SHADOWSERVER,
    [READER_LIST] = &FORMAT_LIST,
    [READER_WARNINGLIST] = &FORMAT_WARNINGLIST,
    [READER_TEXT] = &FORMAT_TEXT,
};

const struct format *format_of(enum reader_format f)
{
    return f > READER_DETECT && f < READER_FORMATS ? formats[f] : NULL;
}

const char *reader_format_name(enum reader_format f)
{
    const struct format *format = format_of(f);
    return format ? format->name : "detect";
}

enum reader_format reader_format_parse(struct text name)
{
    for (enum reader_format f = READER_DETECT + 1; f < READER_FORMATS; f++)
        if (formats[f] && text_eq(name, text_of(formats[f]->name)))
            return f;
    return READER_DETECT;
}

/* Lists of what is harmless have a command of their own. */
void reader_format_names(struct buffer *to)
{
    const char *between = "";
    for (enum reader_format f = READER_DETECT + 1; f < READER_FORMATS; f++) {
        if (!formats[f] || f == READER_WARNINGLIST)
            continue;
        buffer_addf(to, "%s%s", between, formats[f]->name);
        between = ", ";
    }
}

bool reader_format_keeps(enum reader_format f)
{
    const struct format *format = format_of(f);
    return format && format->keeps;
}

bool reader_format_apart(enum reader_format f)
{
    const struct format *format = format_of(f);
    return format && format->apart;
}

enum format_claim format_detect(const struct format_head *h, enum reader_format *ret)
{
    enum format_claim best = FORMAT_NO;
    enum reader_format found = READER_DETECT;
    bool more = false;
    for (enum reader_format f = READER_DETECT + 1; f < READER_FORMATS; f++) {
        enum format_claim claim = formats[f] ? formats[f]->claim(h) : FORMAT_NO;
        more = more || claim == FORMAT_MORE;
        if (claim == FORMAT_YES || (claim == FORMAT_MAYBE && best == FORMAT_NO)) {
            found = f;
            best = claim;
        }
        if (claim == FORMAT_YES)
            break;
    }
    if (best != FORMAT_YES && more && !h->whole)
        return FORMAT_MORE;
    if (best != FORMAT_NO)
        *ret = found;
    return best;
}

bool format_is_container(enum reader_format f)
{
    return f == READER_ZIP || f == READER_MAIL;
}

/* A piece that is itself packed is unpacked, whatever it was said to be. */
const struct format *format_inner(const struct format_job *job, const struct format_head *h, const char *as,
                                  bool *ret_more)
{
    enum reader_format f = READER_DETECT;
    (void)job;
    *ret_more = false;
    if (as && formats[READER_ZIP]->claim(h) != FORMAT_YES)
        return format_of(reader_format_parse(text_of(as)));
    *ret_more = format_detect(h, &f) == FORMAT_MORE;
    return *ret_more || f == READER_MISP_FEED ? NULL : format_of(f);
}

uint64_t reader_unpacks_to(enum reader_format f, uint64_t bytes)
{
    return format_is_container(f) ? container_budget_of(bytes).left : bytes;
}
