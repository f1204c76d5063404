#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "command/demo.h"
#include "json/json.h"

#define DEMO_WORDS_MAX 24
#define DEMO_POLL_MS   "250"

/* The register of the sample country, as it lies in demo/country.csv. */
extern const char demo_country_csv[], demo_country_csv_end[];
__asm__(".section .rodata\n"
        ".global demo_country_csv, demo_country_csv_end\n"
        "demo_country_csv:\n"
        ".incbin \"" DEMO_COUNTRY_CSV "\"\n"
        "demo_country_csv_end:\n"
        ".byte 0\n"
        ".previous\n");

static void show_messages(struct demo *d, const char *const *words)
{
    char tail[2048];
    off_t end = lseek(d->messages, 0, SEEK_END);
    off_t from = end > (off_t)sizeof tail - 1 ? end - (off_t)sizeof tail + 1 : 0;
    ssize_t got = pread(d->messages, tail, sizeof tail - 1, from);
    tail[got > 0 ? got : 0] = '\0';
    complain(d->s, "demo: entente %s %s did not work; its words:\n%s", words[0], words[1] ? words[1] : "", tail);
}

static enum err start(struct demo *d, const struct demo_node *n, const char *const *words, struct child *ret)
{
    const char *argv[DEMO_WORDS_MAX + 4] = {"entente", "--home", n->home};
    struct fault fault = {.offset = -1, .line = -1};
    size_t count = 3;
    for (size_t i = 0; words[i] && count < DEMO_WORDS_MAX + 3; i++)
        argv[count++] = words[i];
    enum err err = child_start(argv, d->messages, ret, &fault);
    if (err)
        complain(d->s, "demo: %s", fault.what);
    return err;
}

enum err demo_command(struct demo *d, const struct demo_node *n, const char *const *words)
{
    struct child c;
    char line[16384];
    enum err err = start(d, n, words, &c);
    if (err)
        return err;
    do {
        err = child_line(&c, line, sizeof line, DEMO_STEP_PATIENCE_MS, NULL);
    } while (!err && !cancelled(d->s));
    int code = child_stop(&c, DEMO_STEP_PATIENCE_MS);
    if (code == EXIT_DONE)
        return OK;
    if (!cancelled(d->s))
        show_messages(d, words);
    return ERR_IO;
}

static enum err make_node(struct demo *d, struct demo_node *n, const char *folder, const char *title,
                          const char *country)
{
    n->title = title;
    snprintf(n->home, sizeof n->home, "%s/%s", d->folder, folder);
    const char *const words[] = {"init", "--name", title, "--country", country, NULL};
    return demo_command(d, n, words);
}

/* Starts it on a free port and waits for its first line. */
static enum err serve(struct demo *d, struct demo_node *n)
{
    const char *const words[] = {"serve", "--listen", "127.0.0.1:0", "--json", NULL};
    char line[1024];
    struct json_doc *doc;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = start(d, n, words, &n->serving);
    if (err)
        return err;
    err = child_line(&n->serving, line, sizeof line, DEMO_STEP_PATIENCE_MS, &fault);
    if (!err)
        err = json_parse(text_of(line), &doc, &fault);
    if (err) {
        show_messages(d, words);
        return err;
    }
    struct text url = json_text(json_get(json_root(doc), "taxii"));
    snprintf(n->url, sizeof n->url, TEXT_FMT, TEXT_ARG(url));
    json_free(doc);
    err = node_open(io_system(), n->home, NODE_READ, &n->node, &fault);
    return err ? (complain_fault(d->s, NULL, &fault), err) : OK;
}

static enum err write_register(struct demo *d, char *path, size_t size)
{
    snprintf(path, size, "%s/country.csv", d->folder);
    size_t len = (size_t)(demo_country_csv_end - demo_country_csv);
    return io_replace_file(io_system(), path, demo_country_csv, len, 0600) < 0 ? ERR_IO : OK;
}

enum err demo_make_nodes(struct demo *d)
{
    char path[256];
    const char *const words[] = {"constituency", "import", path, NULL};
    enum err err = make_node(d, &d->ours, "ours", "CSIRT Examplia", "XE");
    if (!err)
        err = make_node(d, &d->partner, "partner", "CERT Partnerland", "XP");
    if (!err)
        err = write_register(d, path, sizeof path);
    if (!err)
        err = demo_command(d, &d->ours, words);
    if (!err)
        err = serve(d, &d->ours);
    if (!err)
        err = serve(d, &d->partner);
    return err;
}

/* `from` lets `to` take from it. */
static enum err invite(struct demo *d, struct demo_node *from, struct demo_node *to)
{
    char file[256];
    snprintf(file, sizeof file, "%s/invitation-%s.json", d->folder, to == &d->ours ? "ours" : "partner");
    const char *const invite_words[] = {"peer", "invite", to->title, "--out", file, NULL};
    const char *const accept_words[] = {"peer", "accept", file, NULL};
    const char *const set_words[] = {"peer", "set", from->title, "--poll-ms", DEMO_POLL_MS, NULL};
    enum err err = demo_command(d, from, invite_words);
    if (!err)
        err = demo_command(d, to, accept_words);
    return err ? err : demo_command(d, to, set_words);
}

enum err demo_connect(struct demo *d)
{
    char source[128];
    snprintf(source, sizeof source, "taxii:%s", d->partner.title);
    const char *const sightings[] = {"peer", "set", d->partner.title, "--sightings", "on", NULL};
    const char *const rule[] = {"source", "set", source, "--incident-rule", "on", NULL};
    enum err err = invite(d, &d->partner, &d->ours);
    if (!err)
        err = invite(d, &d->ours, &d->partner);
    if (!err)
        err = demo_command(d, &d->ours, sightings);
    return err ? err : demo_command(d, &d->ours, rule);
}

enum err demo_watch(struct demo *d, const char *log)
{
    const char *const words[] = {"watch", "--follow", log, "--json", NULL};
    char line[16384];
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = start(d, &d->ours, words, &d->watching);
    /* Findings of what was known before come first; then it says that it has caught up. */
    while (!err) {
        err = child_line(&d->watching, line, sizeof line, DEMO_STEP_PATIENCE_MS, &fault);
        if (!err && strncmp(line, "{\"following\"", 12) == 0)
            return OK;
    }
    show_messages(d, words);
    return err;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void demo_end(struct demo *d, bool keep)
{
    child_stop(&d->watching, 5000);
    node_close(d->ours.node);
    node_close(d->partner.node);
    child_stop(&d->ours.serving, 10000);
    child_stop(&d->partner.serving, 10000);
    if (d->messages >= 0)
        close(d->messages);
    if (d->folder[0] && !keep)
        nftw(d->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
