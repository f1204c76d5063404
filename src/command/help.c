#include <string.h>

#include "command/commands.h"

static const char INTRO[] =
    "entente - who in our country is affected by what our partners know\n"
    "\n"
    "A node for a national CSIRT: takes in what partners publish (STIX, CSV, TAXII 2.1), finds it in logs, names "
    "the\n"
    "affected organisation, opens findings and incidents, and tells partners back, through one release gate and one\n"
    "ledger.\n"
    "\n"
    "usage: entente COMMAND [OPTION...] [ARGUMENT...]\n"
    "\n";

static const char OUTRO[] =
    "\n"
    "Every command takes --home DIR (else $ENTENTE_HOME, else the user's data folder; the package's user\n"
    "entente has its node in /var/lib/entente/home), --json (one object a line) and --help. '-' means standard "
    "input.\n"
    "Exit codes: 0 done, 1 a check did not hold, 64 wrong usage, 65 bad data, 69 peer unreachable, 73 cannot write,\n"
    "77 not permitted.\n"
    "\n"
    "New here?  entente demo        a sample country and a partner, live, in half a minute\n"
    "           entente init --name \"CSIRT Example\" --country XX   and then   entente serve\n";

static void help_line(struct session *s, const struct command *c)
{
    say(s, "  %-24s %s\n", c->name, c->summary);
}

void help_all(struct session *s)
{
    say(s, "%s", INTRO);
    for (size_t i = 0; COMMANDS[i]; i++) {
        if (!COMMANDS[i]->hidden)
            help_line(s, COMMANDS[i]);
    }
    say(s, "%s", OUTRO);
}

static bool in_group(const struct command *c, const char *word)
{
    size_t len = strlen(word);
    return strncmp(c->name, word, len) == 0 && c->name[len] == ' ';
}

bool command_group(const char *word)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        if (in_group(COMMANDS[i], word))
            return true;
    }
    return false;
}

bool help_group(struct session *s, const char *word)
{
    bool any = false;
    for (size_t i = 0; COMMANDS[i]; i++) {
        if (in_group(COMMANDS[i], word)) {
            if (!any)
                say(s, "usage: entente %s ...\n\n", word);
            any = true;
            help_line(s, COMMANDS[i]);
        }
    }
    return any;
}

static void help_option(struct session *s, const struct option_spec *o)
{
    char left[64];
    struct buffer b;
    buffer_init(&b, sizeof left);
    buffer_addf(&b, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    say(s, "  " TEXT_FMT "%*s %s\n", TEXT_ARG(buffer_text(&b)), b.len < 23 ? (int)(23 - b.len) : 1, "", o->help);
    buffer_done(&b);
}

static void help_table(struct session *s, const struct command *c)
{
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    c->add_details(&b);
    say(s, TEXT_FMT, TEXT_ARG(buffer_text(&b)));
    buffer_done(&b);
}

void help_command(struct session *s, const struct command *c)
{
    say(s, "entente %s - %s\n\nusage: entente %s%s%s%s\n", c->name, c->summary, c->name,
        c->options ? " [OPTION...]" : "", c->operands[0] ? " " : "", c->operands);
    if (c->options)
        say(s, "\n");
    for (size_t i = 0; c->options && c->options[i].name; i++)
        help_option(s, &c->options[i]);
    if (c->details)
        say(s, "\n%s", c->details);
    if (c->add_details)
        help_table(s, c);
    say(s, "\nAlso: --home DIR, --json, --help.\n");
}
