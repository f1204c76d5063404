/* command/api_rows.c - what the rows of the table mean: paths, and which options are offered. */
#include <string.h>

#include "command/api.h"

/* These name files of the machine, choose another account, or how documents are read here. */
static const char *const NEVER[] = {"by", "token-file", "secret-file", "out", "sandbox", "threads", "proof-file"};

bool api_offers(const struct api_row *row, const struct option_spec *option)
{
    static const char *const arguments[] = {"ACCOUNT", "FILE", "DIR", "LOG"};
    (void)row;
    for (size_t i = 0; i < ARRAY_LEN(NEVER); i++)
        if (strcmp(option->name, NEVER[i]) == 0)
            return false;
    for (size_t i = 0; option->argument && i < ARRAY_LEN(arguments); i++)
        if (strcmp(option->argument, arguments[i]) == 0)
            return false;
    return true;
}

const char *api_values(const struct option_spec *option)
{
    static const struct {
        const char *argument, *values;
    } table[] = {{"on|off", "on|off"},
                 {"TLP", "CLEAR|GREEN|AMBER|AMBER+STRICT|RED"},
                 {"ROLE", "reader|analyst|releaser|administrator"}};
    for (size_t i = 0; option->argument && i < ARRAY_LEN(table); i++)
        if (strcmp(option->argument, table[i].argument) == 0)
            return table[i].values;
    return NULL;
}

bool api_is_number(const struct option_spec *option)
{
    return option->argument && strcmp(option->argument, "N") == 0;
}

enum role api_least(const struct api_row *row)
{
    return row->command->least;
}

const struct option_spec *api_option(const struct api_row *row, struct text name, size_t *ret_index)
{
    const struct option_spec *o = row->command->options;
    for (size_t i = 0; o && o[i].name; i++) {
        if (!text_eq(text_of(o[i].name), name))
            continue;
        *ret_index = i;
        return &o[i];
    }
    return NULL;
}

static bool in_braces(struct text segment)
{
    return segment.len > 2 && segment.ptr[0] == '{';
}

bool api_path_fits(const struct api_row *row, struct text path,
                   void (*each)(void *self, struct text name, struct text value), void *self)
{
    struct text wanted = text_of(row->path), w, p;
    for (;;) {
        bool more = text_split(&wanted, '/', &w);
        if (more != text_split(&path, '/', &p))
            return false;
        if (!more)
            return true;
        if (in_braces(w) ? p.len == 0 : !text_eq(w, p))
            return false;
        if (in_braces(w) && each)
            each(self, text_sub(w, 1, w.len - 2), p);
    }
}
