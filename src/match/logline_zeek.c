/* match/logline_zeek.c - Zeek's logs as tab-separated text (https://docs.zeek.org/en/master/log-formats.html): under
 * their header, and connections without one. */
#include "match/logline_inside.h"

static void put_column(struct logline_reader *l, const struct logline_header *h, enum logline_field f,
                       struct text value)
{
    if (f == LOGLINE_IGNORED || text_eq(value, h->unset) || text_eq(value, h->empty))
        return;
    if (logline_field_is_list(f))
        logline_put_each(l, f, value, h->set_separator);
    else
        logline_put(l, f, value, f >= LOGLINE_FILE_NAME && f <= LOGLINE_SHA512);
}

bool logline_zeek_line(struct logline_reader *l, const struct logline_header *h)
{
    struct text rest = l->text, value;
    size_t i = 0;
    while (text_split(&rest, h->separator, &value)) {
        if (i == h->column_count)
            return false;
        put_column(l, h, (enum logline_field)h->columns[i++], value);
    }
    l->e->format = LOGLINE_ZEEK_TSV;
    l->e->kind = h->kind;
    return i == h->column_count && l->e->has_time;
}

/* C and letters and digits: a connection's uid. */
static bool is_uid(struct text t)
{
    if (t.len < 10 || t.len > 24 || t.ptr[0] != 'C')
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return true;
}

/* The columns of conn.log. Of other logs the first six are the same: that much is read of any. */
static const uint8_t conn_columns[] = {LOGLINE_TIME,        LOGLINE_IGNORED,    LOGLINE_SRC,        LOGLINE_SRC_PORT,
                                       LOGLINE_DST,         LOGLINE_DST_PORT,   LOGLINE_PROTOCOL,   LOGLINE_SERVICE,
                                       LOGLINE_IGNORED,     LOGLINE_SRC_BYTES,  LOGLINE_DST_BYTES,  LOGLINE_IGNORED,
                                       LOGLINE_SRC_INSIDE,  LOGLINE_DST_INSIDE, LOGLINE_IGNORED,    LOGLINE_IGNORED,
                                       LOGLINE_SRC_PACKETS, LOGLINE_IGNORED,    LOGLINE_DST_PACKETS};

bool logline_zeek_bare(struct logline_reader *l)
{
    struct text rest = l->text, columns[ARRAY_LEN(conn_columns)];
    size_t count = 0;
    if (text_find(l->text, '\t', 0) < 0)
        return false;
    while (count < ARRAY_LEN(columns) && text_split(&rest, '\t', &columns[count]))
        count++;
    struct ipaddr a;
    if (count < 6 || !is_uid(columns[1]) || ipaddr_parse(columns[2], &a) || ipaddr_parse(columns[4], &a))
        return false;
    struct text proto = count > 6 ? columns[6] : TEXT_NONE;
    bool conn = text_eq(proto, TEXT("tcp")) || text_eq(proto, TEXT("udp")) || text_eq(proto, TEXT("icmp"));
    size_t used = !conn ? 6 : count == ARRAY_LEN(columns) ? count : 7;
    for (size_t i = 0; i < count && i < used; i++)
        if (!text_eq(columns[i], TEXT("-")))
            logline_put(l, (enum logline_field)conn_columns[i], columns[i], 0);
    l->e->format = LOGLINE_ZEEK_TSV;
    l->e->kind = count == ARRAY_LEN(columns) && conn ? LOGLINE_CONNECTION : LOGLINE_OTHER;
    return l->e->has_time && l->e->src.has_port && l->e->dst.has_port;
}
