#include "command/table.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

void table_begin(struct table *t, struct session *s, const char *const *heads)
{
    memset(t, 0, sizeof *t);
    t->s = s;
    while (t->columns < TABLE_COLUMNS_MAX && heads[t->columns]) {
        t->heads[t->columns] = heads[t->columns];
        t->columns++;
    }
    buffer_init(&t->cells, 256 * MIB);
}

void table_cell(struct table *t, struct text cell)
{
    size_t at = t->cells.len + 4;
    buffer_add_sized(&t->cells, cell);
    if (buffer_error(&t->cells))
        return;
    t->cell_count++;
    clean_for_people(t->cells.ptr + at, t->cells.len - at, false);
}

void table_cellf(struct table *t, const char *format, ...)
{
    char cell[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    if (len < 0)
        len = 0;
    table_cell(t, (struct text){cell, (size_t)len < sizeof cell ? (size_t)len : sizeof cell - 1});
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width_of(struct text t)
{
    size_t width = 0;
    for (size_t i = 0; i < t.len; i++)
        width += ((unsigned char)t.ptr[i] & 0xc0) != 0x80;
    return width;
}

static void measure(const struct table *t, size_t *widths)
{
    struct cursor c;
    cursor_init(&c, buffer_text(&t->cells));
    for (size_t i = 0; i < t->columns; i++)
        widths[i] = strlen(t->heads[i]);
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t width = width_of(cursor_text(&c));
        if (width > widths[i % t->columns])
            widths[i % t->columns] = width;
    }
}

static void add_padded(struct buffer *line, struct text cell, size_t width, bool last)
{
    buffer_add(line, cell);
    for (size_t w = width_of(cell); !last && w < width + 2; w++)
        buffer_add_char(line, ' ');
}

static void print_rows(struct table *t, const size_t *widths, struct buffer *line)
{
    if (t->s->tty)
        buffer_add(line, TEXT("\033[1m"));
    for (size_t i = 0; i < t->columns; i++)
        add_padded(line, text_of(t->heads[i]), widths[i], i + 1 == t->columns);
    buffer_add(line, t->s->tty ? TEXT("\033[0m\n") : TEXT("\n"));
    struct cursor c;
    cursor_init(&c, buffer_text(&t->cells));
    for (size_t i = 0; i < t->cell_count; i++) {
        bool last = i % t->columns + 1 == t->columns;
        add_padded(line, cursor_text(&c), widths[i % t->columns], last);
        if (last)
            buffer_add_char(line, '\n');
        if (line->len > 64 * KIB) {
            say_text(t->s, buffer_text(line));
            buffer_clear(line);
        }
    }
    say_text(t->s, buffer_text(line));
}

void table_end(struct table *t, const char *none)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    struct buffer line;
    buffer_init(&line, 1 * MIB);
    if (t->cell_count == 0 && none) {
        say(t->s, "%s\n", none);
    } else if (t->cell_count > 0) {
        measure(t, widths);
        print_rows(t, widths, &line);
    }
    buffer_done(&line);
    buffer_done(&t->cells);
}
