/* demo: the whole chain, live, on this machine. */
#include "command/demo.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "process/signals.h"

static enum err make_folder(struct demo *d)
{
    const char *tmp = getenv("TMPDIR");
    char messages[256];
    snprintf(d->folder, sizeof d->folder, "%s/entente-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(d->folder)) {
        complain(d->s, "demo: no folder can be made in %s", tmp && *tmp ? tmp : "/tmp");
        d->folder[0] = '\0';
        return ERR_IO;
    }
    snprintf(messages, sizeof messages, "%s/messages", d->folder);
    d->messages = open(messages, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return d->messages < 0 ? ERR_IO : OK;
}

/* STIX bundles of the person's own, taken in by our node. */
static enum err import_folder(struct demo *d, const char *folder)
{
    DIR *dir = opendir(folder);
    char path[4096];
    if (!dir) {
        complain(d->s, "--data %s: not a folder that can be read", folder);
        return ERR_USAGE;
    }
    enum err err = OK;
    for (struct dirent *e; !err && (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (len < 6 || strcmp(e->d_name + len - 5, ".json") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        const char *const words[] = {"import", path, "--as", "stix", "--from", "data folder", NULL};
        if (demo_command(d, &d->ours, words))
            complain(d->s, "demo: %s was not taken in whole", path);
        else if (!d->s->json)
            say(d->s, "  %s\n", path);
        err = cancelled(d->s) ? ERR_CANCELLED : OK;
    }
    closedir(dir);
    return err;
}

static enum err set_up(struct demo *d)
{
    enum err err = make_folder(d);
    if (!err && !d->s->json)
        say(d->s,
            "Entente, live on this machine: two nodes, a sample country, real logs on real files.\n"
            "  %s and its partner %s, each with a home, a log and a key\n",
            "CSIRT Examplia", "CERT Partnerland");
    if (!err)
        err = demo_make_nodes(d);
    if (!err)
        err = demo_connect(d);
    if (!err && option_given(d->s, "data"))
        err = import_folder(d, option(d->s, "data"));
    return err;
}

static void leave_running(struct demo *d)
{
    say(d->s,
        "\nThe two nodes go on running: %s on %s. Try the commands above in another terminal;\n"
        "Ctrl-C ends them and removes %s.\n",
        d->ours.title, d->ours.url, d->folder);
    while (!cancelled(d->s))
        signals_wait(-1);
}

static int run_demo(struct session *s)
{
    struct demo d = {.s = s, .messages = -1, .watching = {.out = -1}};
    bool once = option_given(s, "once") || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
    enum err err = set_up(&d);
    if (!err)
        err = demo_run_chain(&d);
    if (d.events[EVENT_PUBLISHED].at_us)
        demo_story(&d, !once && !err);
    if (!err && once && !s->json)
        say(s, "\nEvery step was seen from outside, in the logs of both nodes.\n");
    else if (!err && !once)
        leave_running(&d);
    demo_end(&d, false);
    return err ? EXIT_CHECK : EXIT_DONE;
}

static const struct option_spec OPTIONS[] = {
    {"once", OPTION_FLAG, NULL, "end after the chain; exit 0 only if every step really happened"},
    {"data", OPTION_VALUE, "DIR", "take in the STIX bundles of a folder too"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_DEMO = {
    .name = "demo",
    .operands = "",
    .summary = "a sample country and a partner, live: the whole chain with times",
    .details =
        "Two nodes on loopback in a temporary folder: a partner publishes an indicator, our node takes it in over\n"
        "TAXII, finds it in a million log lines, names the affected organisation, opens an incident, and a sighting\n"
        "goes back to the partner. Times are those of the nodes' own logs.\n",
    .options = OPTIONS,
    .need = NEED_NOTHING,
    .run = run_demo};
