#include "command/show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_LEAST     40
#define WIDTH_UNKNOWN   100
#define WIDTH_MOST      400
#define INDENT          2
#define NAME_COLUMN_MAX 22 /* of the widest name; a longer one stands on a line of its own */
#define NAME_NARROW     14 /* on a terminal of less than 60 columns */

size_t show_width(const struct session *s)
{
    const char *columns = getenv("COLUMNS");
    uint64_t width = 0;
    struct winsize size;
    if (columns && text_u64(text_of(columns), &width) == OK && width > 0)
        ;
    else if (s->tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else
        width = WIDTH_UNKNOWN;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : (size_t)width;
}

/* ---- how wide a text is ---- */

/* The code point at t[*at], and past it. What is no UTF-8 was made '?' before. */
static uint32_t next_char(struct text t, size_t *at)
{
    unsigned char c = (unsigned char)t.ptr[(*at)++];
    size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    uint32_t code = more == 0 ? c : c & (0x3F >> more);
    for (; more > 0 && *at < t.len; more--)
        code = code << 6 | ((unsigned char)t.ptr[(*at)++] & 0x3F);
    return code;
}

/* Unicode's wide blocks and combining marks, as far as terminals agree on them. */
static size_t columns_of(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        size_t columns;
    } ranges[] = {
        {0x0300, 0x036F, 0}, {0x200B, 0x200F, 0},   {0xFE00, 0xFE0F, 0},   {0x1100, 0x115F, 2},   {0x2E80, 0x303E, 2},
        {0x3041, 0xA4CF, 2}, {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},   {0xFE30, 0xFE4F, 2},   {0xFF00, 0xFF60, 2},
        {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].columns;
    return 1;
}

static size_t width_of(struct text t)
{
    size_t width = 0;
    for (size_t at = 0; at < t.len;)
        width += columns_of(next_char(t, &at));
    return width;
}

/* Bytes of t that fit into `room` columns: up to a blank where there is one, not into the middle of a character. */
static size_t fits(struct text t, size_t room)
{
    size_t width = 0, at = 0, blank = 0;
    while (at < t.len) {
        size_t before = at;
        uint32_t c = next_char(t, &at);
        width += columns_of(c);
        if (c == ' ' && before > 0 && width <= room + 1)
            blank = before;
        if (width > room)
            return blank ? blank : before ? before : at;
    }
    return t.len;
}

/* ---- lines ---- */

static void spaces(struct buffer *out, size_t count)
{
    while (count-- > 0)
        buffer_add_char(out, ' ');
}

/* The value from column `at` on; every further line begins there too, so that no foreign text begins a line. */
static void add_wrapped(struct buffer *out, struct text value, size_t at, size_t width)
{
    size_t room = width > at + 16 ? width - at : 16;
    struct text rest = value, paragraph;
    bool first = true;
    while (text_split(&rest, '\n', &paragraph)) {
        do {
            size_t len = fits(paragraph, room);
            if (!first) {
                buffer_add_char(out, '\n');
                spaces(out, at);
            }
            first = false;
            struct text piece = text_sub(paragraph, 0, len);
            while (len < paragraph.len && piece.len && piece.ptr[piece.len - 1] == ' ')
                piece.len--;
            buffer_add(out, piece);
            paragraph = text_sub(paragraph, len, paragraph.len);
            while (paragraph.len && paragraph.ptr[0] == ' ')
                paragraph = text_sub(paragraph, 1, paragraph.len);
        } while (paragraph.len);
    }
    buffer_add_char(out, '\n');
}

static size_t name_column(const struct description *d, size_t width)
{
    size_t widest = 0, most = width < 60 ? NAME_NARROW : NAME_COLUMN_MAX;
    for (size_t i = 0; i < d->count; i++)
        for (size_t j = 0; j < d->sections[i].count; j++) {
            size_t w = width_of(d->sections[i].lines[j].name);
            if (w > widest && w <= most)
                widest = w;
        }
    return widest;
}

static bool named(const struct describe_section *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->lines[i].name.len)
            return true;
    return false;
}

static void add_line(struct buffer *out, const struct describe_line *line, size_t names, size_t width)
{
    size_t w = width_of(line->name), at = names ? INDENT + names + 2 : INDENT;
    spaces(out, INDENT);
    buffer_add(out, line->name);
    if (w > names) {
        buffer_add_char(out, '\n');
        spaces(out, at);
    } else {
        spaces(out, at - INDENT - w);
    }
    add_wrapped(out, line->value, at, width);
}

/* In place: the description's texts are its arena's own. */
static void clean(struct text t, bool lines)
{
    clean_for_people((char *)(uintptr_t)t.ptr, t.len, lines);
}

void show_description(struct session *s, const struct description *d, struct text id, size_t width)
{
    struct buffer out;
    buffer_init(&out, 256 * MIB);
    char *title = malloc(d->title.len + 1);
    if (title) {
        memcpy(title, d->title.ptr, d->title.len);
        clean_for_people(title, d->title.len, false);
        add_wrapped(&out, (struct text){title, d->title.len}, 0, width);
        free(title);
    }
    buffer_addf(&out, TEXT_FMT "\n", TEXT_ARG(id));
    for (size_t i = 0; i < d->count; i++)
        for (size_t j = 0; j < d->sections[i].count; j++) {
            clean(d->sections[i].lines[j].name, false);
            clean(d->sections[i].lines[j].value, true);
        }
    size_t names = name_column(d, width);
    for (size_t i = 0; i < d->count; i++) {
        const struct describe_section *section = &d->sections[i];
        if (section->count == 0)
            continue;
        buffer_addf(&out, "\n" TEXT_FMT "\n", TEXT_ARG(section->title));
        for (size_t j = 0; j < section->count; j++)
            add_line(&out, &section->lines[j], named(section) ? names : 0, width);
    }
    say_text(s, buffer_text(&out));
    buffer_done(&out);
}
