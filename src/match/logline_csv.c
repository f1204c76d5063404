/* match/logline_csv.c - lines of a CSV whose first line names the columns (RFC 4180, and with ';', tabs or '|'). A
 * field's quotation marks go; doubled ones inside stay as they stand. */
#include <string.h>

#include "match/logline_inside.h"

/* The next cell; false at the end of the line, and *bad where it is no CSV. */
static bool next_cell(struct text *rest, char separator, struct text *ret, bool *bad)
{
    if (!rest->ptr)
        return false;
    if (rest->len == 0 || rest->ptr[0] != '"')
        return text_split(rest, separator, ret);
    size_t end = 1;
    for (; end < rest->len; end++)
        if (rest->ptr[end] == '"') {
            if (end + 1 == rest->len || rest->ptr[end + 1] != '"')
                break;
            end++;
        }
    *bad = end >= rest->len || (end + 1 < rest->len && rest->ptr[end + 1] != separator);
    if (*bad)
        return false;
    *ret = text_sub(*rest, 1, end - 1);
    *rest = end + 1 < rest->len ? text_sub(*rest, end + 2, rest->len) : TEXT_NONE;
    return true;
}

bool logline_csv_line(struct logline_reader *l, const struct logline_header *h)
{
    struct text rest = l->text, cell;
    bool bad = false;
    size_t i = 0;
    if (text_eq(l->text, h->line))
        return false;
    while (next_cell(&rest, h->separator, &cell, &bad)) {
        if (i == h->column_count)
            return false;
        enum logline_field f = (enum logline_field)h->columns[i++];
        cell = text_trim(cell);
        if (text_eq(cell, TEXT("-")))
            continue;
        logline_put(l, f, cell, f >= LOGLINE_FILE_NAME && f <= LOGLINE_SHA512);
    }
    l->e->format = LOGLINE_CSV;
    l->e->kind = h->kind;
    return !bad && i == h->column_count;
}

/* A name is a name: no value that could stand below it. */
static bool is_name(struct text cell)
{
    for (size_t i = 0; i < cell.len; i++) {
        char c = cell.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c && strchr(" _-.@", c))))
            return false;
    }
    return cell.len > 0 && !(cell.ptr[0] >= '0' && cell.ptr[0] <= '9');
}

static bool read_header(struct text line, char separator, struct logline_header *ret)
{
    static const uint64_t telling =
        UINT64_C(1) << LOGLINE_SRC | UINT64_C(1) << LOGLINE_DST | UINT64_C(1) << LOGLINE_QUERY |
        UINT64_C(1) << LOGLINE_URL | UINT64_C(1) << LOGLINE_HOST | UINT64_C(1) << LOGLINE_MD5 |
        UINT64_C(1) << LOGLINE_SHA1 | UINT64_C(1) << LOGLINE_SHA256 | UINT64_C(1) << LOGLINE_MAIL_FROM;
    struct text rest = line, cell;
    bool bad = false;
    uint64_t fields = 0;
    size_t known = 0;
    ret->column_count = 0;
    while (next_cell(&rest, separator, &cell, &bad)) {
        if (ret->column_count == LOGLINE_COLUMNS_MAX || !is_name(text_trim(cell)))
            return false;
        enum logline_field f = logline_field_of(cell, TEXT("csv"));
        known += f != LOGLINE_IGNORED;
        fields |= UINT64_C(1) << f;
        ret->columns[ret->column_count++] = (uint8_t)f;
    }
    ret->format = LOGLINE_CSV;
    ret->separator = separator;
    ret->kind = logline_kind_guess(fields);
    return !bad && known >= 2 && (fields & telling) != 0;
}

bool logline_csv_header(struct text line, struct logline_header *ret)
{
    static const char separators[] = {',', ';', '\t', '|'};
    if (text_starts(line, TEXT("\xEF\xBB\xBF")))
        line = text_sub(line, 3, line.len);
    for (size_t i = 0; i < sizeof separators; i++)
        if (text_find(line, separators[i], 0) >= 0 && read_header(line, separators[i], ret))
            return true;
    return false;
}
