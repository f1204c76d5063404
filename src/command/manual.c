/* manual DIR (hidden): man pages of all commands, from the very table that --help prints. Run at installation. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "command/commands.h"

/* A hyphen stays one that can be copied, a backslash itself; a dot or quote that begins a line is no request. */
static void add_roff(struct buffer *out, const char *words)
{
    bool line_start = true;
    for (const char *c = words; *c; c++) {
        if (line_start && (*c == '.' || *c == '\''))
            buffer_add(out, TEXT("\\&"));
        if (*c == '-' || *c == '\\')
            buffer_add_char(out, '\\');
        if (*c == '\\')
            buffer_add_char(out, 'e');
        else
            buffer_add_char(out, *c);
        line_start = *c == '\n';
    }
}

static void add_head(struct buffer *out, const char *page, const char *name, const char *summary)
{
    buffer_addf(out, ".TH %s 1 \"\" \"Entente %s\" \"Entente\"\n.nh\n.SH NAME\n", page, ENTENTE_VERSION);
    add_roff(out, name);
    buffer_add(out, TEXT(" \\- "));
    add_roff(out, summary);
    buffer_add(out, TEXT("\n.SH SYNOPSIS\n"));
}

static void add_options(struct buffer *out, const struct command *c)
{
    if (c->options && c->options[0].name)
        buffer_add(out, TEXT(".SH OPTIONS\n"));
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        buffer_add(out, TEXT(".TP\n.B \\-\\-"));
        add_roff(out, o->name);
        if (o->argument) {
            buffer_add(out, TEXT(" \\fI"));
            add_roff(out, o->argument);
            buffer_add(out, TEXT("\\fR"));
        }
        buffer_add_char(out, '\n');
        add_roff(out, o->help);
        buffer_add_char(out, '\n');
    }
}

static void add_table(struct buffer *out, const struct command *c)
{
    struct buffer words;
    buffer_init(&words, 64 * KIB);
    c->add_details(&words);
    buffer_add_char(&words, 0);
    if (buffer_error(&words))
        out->err = buffer_error(&words);
    else
        add_roff(out, words.ptr);
    buffer_done(&words);
}

static void add_command(struct buffer *out, const char *page, const struct command *c)
{
    char name[64];
    snprintf(name, sizeof name, "entente %s", c->name);
    add_head(out, page, page, c->summary); /* one word, or whatis does not find it */
    buffer_add(out, TEXT(".B "));
    add_roff(out, name);
    buffer_add(out, TEXT("\n.RI [ option ...] \" "));
    add_roff(out, c->operands);
    buffer_add(out, TEXT("\"\n"));
    if (c->details) {
        buffer_add(out, TEXT(".SH DESCRIPTION\n"));
        add_roff(out, c->details);
    }
    if (c->add_details)
        add_table(out, c);
    add_options(out, c);
    buffer_add(out, TEXT(".SH COMMON OPTIONS\n\\-\\-home \\fIDIR\\fR, \\-\\-json, \\-\\-help: see entente(1).\n"
                         ".SH SEE ALSO\nentente(1)\n"));
}

static void add_overview(struct buffer *out)
{
    add_head(out, "ENTENTE", "entente", "who in our country is affected by what our partners know");
    buffer_add(out, TEXT(".B entente\n.RI [\\-\\-home\\ DIR ] \" \" [\\-\\-json] \" COMMAND \" ...\n.SH COMMANDS\n"));
    for (size_t i = 0; COMMANDS[i]; i++) {
        if (COMMANDS[i]->hidden)
            continue;
        buffer_add(out, TEXT(".TP\n.B "));
        add_roff(out, COMMANDS[i]->name);
        buffer_add_char(out, '\n');
        add_roff(out, COMMANDS[i]->summary);
        buffer_add_char(out, '\n');
    }
    buffer_add(
        out, TEXT(".SH COMMON OPTIONS\n.TP\n.B \\-\\-home \\fIDIR\\fR\none node's data; else $ENTENTE_HOME, else the"
                  " user's data folder; the package's user entente has its node in /var/lib/entente/home\n.TP\n.B "
                  "\\-\\-json\none JSON object a line\n.SH EXIT STATUS\n"
                  "0 done, 1 a check did not hold, 64 wrong usage, 65 bad data, 69 peer unreachable,\n"
                  "73 cannot write, 77 not permitted.\n"));
}

static int write_page(struct session *s, const char *page, struct buffer *b)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.1", s->operands[0], page);
    int code = EXIT_DONE;
    if (buffer_error(b) || io_replace_file(io_system(), path, b->ptr, b->len, 0644) < 0) {
        complain(s, "%s: %s", path, strerror(errno));
        code = EXIT_WRITE;
    }
    buffer_clear(b);
    return code;
}

static int run_manual(struct session *s)
{
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    add_overview(&b);
    int code = write_page(s, "entente", &b);
    for (size_t i = 0; !code && COMMANDS[i]; i++) {
        char page[64];
        if (COMMANDS[i]->hidden)
            continue;
        snprintf(page, sizeof page, "entente-%s", COMMANDS[i]->name);
        for (char *c = page; *c; c++)
            *c = *c == ' ' ? '-' : *c;
        add_command(&b, page, COMMANDS[i]);
        code = write_page(s, page, &b);
    }
    buffer_done(&b);
    return code;
}

const struct command COMMAND_MANUAL = {.name = "manual",
                                       .operands = "DIR",
                                       .summary = "write the man pages",
                                       .operands_min = 1,
                                       .operands_max = 1,
                                       .need = NEED_NOTHING,
                                       .run = run_manual,
                                       .hidden = true};
