/* From words to a session. Its own small parser: getopt keeps state in globals, and commands run on many threads. */
#include <stdint.h>
#include <string.h>

#include "command/commands.h"

/* How many of the words the name consists of are there; 0: not this command. */
static size_t name_matches(const char *name, size_t count, char *const *words)
{
    size_t used = 0;
    struct text rest = text_of(name), part;
    while (text_split(&rest, ' ', &part)) {
        if (used == count || !text_eq(part, text_of(words[used])))
            return 0;
        used++;
    }
    return used;
}

const struct command *command_find(size_t count, char *const *words, size_t *ret_used)
{
    for (size_t i = 0; COMMANDS[i]; i++) {
        size_t used = name_matches(COMMANDS[i]->name, count, words);
        if (used > 0) {
            *ret_used = used;
            return COMMANDS[i];
        }
    }
    return NULL;
}

static const struct option_spec COMMON[] = {
    {"json", OPTION_FLAG, NULL, "one JSON object a line"},
    {"home", OPTION_VALUE, "DIR", "the node's folder (else $ENTENTE_HOME, else the user's data folder)"},
    {"help", OPTION_FLAG, NULL, "this text"},
    {NULL, OPTION_FLAG, NULL, NULL}};

static const struct option_spec *find_option(const struct option_spec *options, struct text name, size_t *ret_index)
{
    for (size_t i = 0; options && options[i].name; i++) {
        if (text_eq(text_of(options[i].name), name)) {
            *ret_index = i;
            return &options[i];
        }
    }
    return NULL;
}

static void set_common(struct session *s, size_t index, const char *value, bool *ret_help)
{
    if (index == 0)
        s->json = true;
    if (index == 1)
        s->home = value;
    if (index == 2)
        *ret_help = true;
}

/* One word that starts with "--", and perhaps the next one. */
static int parse_option(struct session *s, size_t count, char *const *words, size_t *io_at, bool *ret_help)
{
    const char *word = words[*io_at] + 2;
    const char *equals = strchr(word, '=');
    struct text name = equals ? (struct text){word, (size_t)(equals - word)} : text_of(word);
    size_t index = 0;
    const struct option_spec *o = find_option(s->command->options, name, &index);
    bool common = !o;
    if (common)
        o = find_option(COMMON, name, &index);
    if (!o) {
        complain(s, "%s: no such option --" TEXT_FMT "; see entente %s --help", s->command->name, TEXT_ARG(name),
                 s->command->name);
        return EXIT_USAGE;
    }
    const char *value = "";
    if (o->kind == OPTION_FLAG && equals) {
        complain(s, "%s: --%s takes no value", s->command->name, o->name);
        return EXIT_USAGE;
    }
    if (o->kind == OPTION_VALUE) {
        value = equals ? equals + 1 : *io_at + 1 < count ? words[++*io_at] : NULL;
        if (!value || !*value) {
            complain(s, "%s: --%s needs a value: --%s %s", s->command->name, o->name, o->name, o->argument);
            return EXIT_USAGE;
        }
    }
    if (common)
        set_common(s, index, value, ret_help);
    else
        s->values[index] = value;
    return EXIT_DONE;
}

int command_parse(struct session *s, size_t count, char *const *words, bool *ret_help)
{
    bool options_over = false;
    *ret_help = false;
    s->operand_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!options_over && strcmp(words[i], "--") == 0) {
            options_over = true;
        } else if (!options_over && strncmp(words[i], "--", 2) == 0) {
            int code = parse_option(s, count, words, &i, ret_help);
            if (code)
                return code;
        } else if (!options_over && strcmp(words[i], "-h") == 0) {
            *ret_help = true;
        } else if (!options_over && words[i][0] == '-' && words[i][1]) {
            complain(s, "%s: no such option %s; see entente %s --help ('--' before a name that begins so)",
                     s->command->name, words[i], s->command->name);
            return EXIT_USAGE;
        } else {
            s->operands[s->operand_count++] = words[i];
        }
    }
    if (*ret_help)
        return EXIT_DONE;
    const struct command *c = s->command;
    if (s->operand_count < c->operands_min || s->operand_count > c->operands_max) {
        complain(s, "usage: entente %s%s%s", c->name, c->operands[0] ? " " : "", c->operands);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}
