/* completion SHELL: what a shell completes, from the very table that --help prints. */
#include <string.h>

#include "command/commands.h"

/* What each shell's script is made of: for each beginning ("", "share", "share consent") the words that may follow,
 * and each command's options. */
struct shell {
    const char *name, *head, *foot;
    const char *group_end;
    void (*add_group)(struct buffer *out, struct text before);
    void (*add_word)(struct buffer *out, struct text before, struct text word, const char *summary);
    void (*add_command)(struct buffer *out, const struct command *c);
};

static bool wants_file(const char *argument)
{
    static const char *const words[] = {"FILE", "DIR", "FOLDER", "LOG", "REALHOME"};
    for (size_t i = 0; argument && i < ARRAY_LEN(words); i++) {
        if (strstr(argument, words[i]))
            return true;
    }
    return false;
}

static bool operands_are_files(const struct command *c)
{
    return c->files != FILES_NONE || wants_file(c->operands);
}

/* In single quotes, as all three shells take it; other in front of each character of special. */
static void add_quoted(struct buffer *out, const char *words, const char *special)
{
    for (const char *c = words; *c; c++) {
        if (*c == '\'')
            buffer_add(out, TEXT("'\\''"));
        else if (*c == '\n')
            buffer_add_char(out, ' ');
        else {
            if (strchr(special, *c))
                buffer_add_char(out, '\\');
            buffer_add_char(out, *c);
        }
    }
}

/* Does the command's name go on after these words? */
static bool goes_on(const struct command *c, struct text before)
{
    return !c->hidden && (before.len == 0 || (strlen(c->name) > before.len && c->name[before.len] == ' ' &&
                                              memcmp(c->name, before.ptr, before.len) == 0));
}

/* A command earlier in the table begins with the same words. */
static bool seen_before(size_t at, size_t len)
{
    for (size_t i = 0; i < at; i++) {
        const char *name = COMMANDS[i]->name;
        if (!COMMANDS[i]->hidden && strncmp(name, COMMANDS[at]->name, len) == 0 && (!name[len] || name[len] == ' '))
            return true;
    }
    return false;
}

/* ---- bash ---- */

static const char BASH_HEAD[] = "# bash completion of entente, written by `entente completion bash`\n"
                                "_entente_table() {\n"
                                "    case $1 in\n";

static const char BASH_FOOT[] =
    "    esac\n"
    "}\n"
    "\n"
    "_entente() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command='' word options='' valued='' files='' operands='' words='' i\n"
    "    COMPREPLY=()\n"
    "    _entente_table ''\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        case $word in\n"
    "        --home | --home=*) ;;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            [[ ${COMP_WORDS[i - 1]} == --home ]] && continue\n"
    "            [[ \" $words \" == *\" $word \"* ]] || break\n"
    "            command=\"$command${command:+ }$word\" words=''\n"
    "            _entente_table \"$command\"\n"
    "            [[ -n $words ]] || break\n"
    "            ;;\n"
    "        esac\n"
    "    done\n"
    "    word=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    if [[ $word == --home || \" $files \" == *\" $word \"* ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "    elif [[ $word == -* && \" $valued \" == *\" $word \"* ]]; then\n"
    "        return\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$options --home --json --help\" -- \"$cur\"))\n"
    "    elif [[ -n $words ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "    elif [[ -n $operands ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "    fi\n"
    "}\n"
    "complete -F _entente entente\n";

static void bash_group(struct buffer *out, struct text before)
{
    buffer_addf(out, "    '" TEXT_FMT "') words='", TEXT_ARG(before));
}

static void bash_word(struct buffer *out, struct text before, struct text word, const char *summary)
{
    (void)before, (void)summary;
    buffer_add(out, word);
    buffer_add_char(out, ' ');
}

static void bash_command(struct buffer *out, const struct command *c)
{
    buffer_addf(out, "    '%s')\n        options='", c->name);
    for (const struct option_spec *o = c->options; o && o->name; o++)
        buffer_addf(out, "--%s ", o->name);
    buffer_add(out, TEXT("' valued='"));
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        if (o->argument)
            buffer_addf(out, "--%s ", o->name);
    }
    buffer_add(out, TEXT("' files='"));
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        if (wants_file(o->argument))
            buffer_addf(out, "--%s ", o->name);
    }
    buffer_addf(out, "' operands='%s'\n        ;;\n", operands_are_files(c) ? "files" : "");
}

/* ---- zsh ---- */

static const char ZSH_HEAD[] = "#compdef entente\n"
                               "# zsh completion of entente, written by `entente completion zsh`\n"
                               "_entente_table() {\n"
                               "    case $1 in\n";

static const char ZSH_FOOT[] =
    "    esac\n"
    "}\n"
    "\n"
    "_entente() {\n"
    "    local -a names specs\n"
    "    local common=('--home[one node'\\''s data]:folder:_files -/' '--json[one object a line]' '--help[what it "
    "does]')\n"
    "    local command='' at=2 word\n"
    "    _entente_table ''\n"
    "    while ((at < CURRENT)); do\n"
    "        word=$words[at]\n"
    "        case $word in\n"
    "        --home) ((at++)) ;;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            command=\"$command${command:+ }$word\" names=()\n"
    "            _entente_table \"$command\"\n"
    "            (($#names)) || break\n"
    "            ;;\n"
    "        esac\n"
    "        ((at++))\n"
    "    done\n"
    "    if (($#names)) && [[ $words[CURRENT] != -* ]]; then\n"
    "        _describe -t commands 'entente command' names\n"
    "        return\n"
    "    fi\n"
    "    words=(\"entente ${command}\" \"${(@)words[at + 1,-1]}\")\n"
    "    ((CURRENT -= at - 1))\n"
    "    _arguments -S $common $specs\n"
    "}\n"
    "if [[ $funcstack[1] == _entente ]]; then _entente \"$@\"; else compdef _entente entente; fi\n";

static void zsh_group(struct buffer *out, struct text before)
{
    buffer_addf(out, "    '" TEXT_FMT "') names=(", TEXT_ARG(before));
}

static void zsh_word(struct buffer *out, struct text before, struct text word, const char *summary)
{
    (void)before;
    buffer_addf(out, "'" TEXT_FMT ":", TEXT_ARG(word));
    add_quoted(out, summary, "");
    buffer_add(out, TEXT("' "));
}

static void zsh_command(struct buffer *out, const struct command *c)
{
    buffer_addf(out, "    '%s')\n        specs=(\n", c->name);
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        buffer_addf(out, "            '*--%s[", o->name);
        add_quoted(out, o->help, "[]\\");
        buffer_add_char(out, ']');
        if (o->argument) {
            buffer_add_char(out, ':');
            add_quoted(out, o->argument, ":\\");
            buffer_add(out, wants_file(o->argument) ? TEXT(":_files") : TEXT(": "));
        }
        buffer_add(out, TEXT("'\n"));
    }
    buffer_addf(out, "            '*:argument:%s'\n        )\n        ;;\n", operands_are_files(c) ? "_files" : " ");
}

/* ---- fish ---- */

static const char FISH_HEAD[] = "# fish completion of entente, written by `entente completion fish`\n"
                                "function __entente_words\n"
                                "    set -l skip 0\n"
                                "    for word in (commandline -opc)[2..-1]\n"
                                "        if test $skip = 1\n"
                                "            set skip 0\n"
                                "        else if test \"$word\" = --home\n"
                                "            set skip 1\n"
                                "        else if not string match -q -- '-*' $word\n"
                                "            echo $word\n"
                                "        end\n"
                                "    end\n"
                                "end\n"
                                "function __entente_at\n"
                                "    set -l given (__entente_words)\n"
                                "    test \"$given\" = \"$argv[1]\"\n"
                                "end\n"
                                "function __entente_in\n"
                                "    set -l given (__entente_words)\n"
                                "    string match -q -- \"$argv[1] *\" \"$given \"\n"
                                "end\n"
                                "complete -c entente -f\n"
                                "complete -c entente -l home -r -d 'one node\\'s data'\n"
                                "complete -c entente -l json -d 'one object a line'\n"
                                "complete -c entente -l help -d 'what it does'\n";

static void fish_group(struct buffer *out, struct text before)
{
    (void)out, (void)before;
}

static void fish_word(struct buffer *out, struct text before, struct text word, const char *summary)
{
    buffer_addf(out, "complete -c entente -n '__entente_at \"" TEXT_FMT "\"' -a " TEXT_FMT " -d '", TEXT_ARG(before),
                TEXT_ARG(word));
    add_quoted(out, summary, "");
    buffer_add(out, TEXT("'\n"));
}

static void fish_command(struct buffer *out, const struct command *c)
{
    if (operands_are_files(c))
        buffer_addf(out, "complete -c entente -n '__entente_in \"%s\"' -F\n", c->name);
    for (const struct option_spec *o = c->options; o && o->name; o++) {
        const char *what = !o->argument ? "" : wants_file(o->argument) ? " -r -F" : " -x";
        buffer_addf(out, "complete -c entente -n '__entente_in \"%s\"' -l %s%s -d '", c->name, o->name, what);
        add_quoted(out, o->help, "");
        buffer_add(out, TEXT("'\n"));
    }
}

static const struct shell SHELLS[] = {
    {"bash", BASH_HEAD, BASH_FOOT, "' ;;\n", bash_group, bash_word, bash_command},
    {"zsh", ZSH_HEAD, ZSH_FOOT, ") ;;\n", zsh_group, zsh_word, zsh_command},
    {"fish", FISH_HEAD, "", "", fish_group, fish_word, fish_command},
};

static void add_group(struct buffer *out, const struct shell *shell, struct text before)
{
    shell->add_group(out, before);
    for (size_t i = 0; COMMANDS[i]; i++) {
        const char *name = COMMANDS[i]->name;
        size_t start = before.len ? before.len + 1 : 0, len;
        if (!goes_on(COMMANDS[i], before))
            continue;
        len = strcspn(name + start, " ");
        if (!seen_before(i, start + len))
            shell->add_word(out, before, (struct text){name + start, len},
                            name[start + len] ? "several commands" : COMMANDS[i]->summary);
    }
    buffer_add(out, text_of(shell->group_end));
}

static void add_script(struct buffer *out, const struct shell *shell)
{
    buffer_add(out, text_of(shell->head));
    add_group(out, shell, TEXT(""));
    for (size_t i = 0; COMMANDS[i]; i++) {
        const char *name = COMMANDS[i]->name;
        if (COMMANDS[i]->hidden)
            continue;
        for (const char *space = strchr(name, ' '); space; space = strchr(space + 1, ' ')) {
            if (!seen_before(i, (size_t)(space - name)))
                add_group(out, shell, (struct text){name, (size_t)(space - name)});
        }
        shell->add_command(out, COMMANDS[i]);
    }
    buffer_add(out, text_of(shell->foot));
}

static int run_completion(struct session *s)
{
    for (size_t i = 0; i < ARRAY_LEN(SHELLS); i++) {
        if (strcmp(s->operands[0], SHELLS[i].name) != 0)
            continue;
        struct buffer b;
        buffer_init(&b, 1 * MIB);
        add_script(&b, &SHELLS[i]);
        bool whole = buffer_error(&b) == OK;
        if (whole)
            s->write(s->write_self, false, buffer_text(&b));
        else
            complain(s, "out of memory");
        buffer_done(&b);
        return whole ? EXIT_DONE : EXIT_WRITE;
    }
    complain(s, "no completion for %s: bash, zsh or fish", s->operands[0]);
    return EXIT_USAGE;
}

const struct command COMMAND_COMPLETION = {
    .name = "completion",
    .operands = "SHELL",
    .summary = "what bash, zsh or fish completes, to be sourced; the package brings it along",
    .details = "bash: source <(entente completion bash); zsh: source <(entente completion zsh), after compinit;\n"
               "fish: entente completion fish | source\n",
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_NOTHING,
    .run = run_completion,
    .reads_only = true};
