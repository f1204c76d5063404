#include "desk/watchlist_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "desk/pattern_list.h"
#include "desk/watchlist_inside.h"
#include "store/view_belief.h"

#define NAMES_BUDGET (64 * MIB) /* of parties: 65,535 of 200 bytes */

/* ---- from which view ---- */

/* Tells one file of the view from the next, which may have the same inode, and what is believed beside it. */
static uint64_t view_print(const char *home)
{
    struct {
        uint64_t device, inode, born_s, born_ns, rules_s, rules_ns, rules_bytes;
        char program[16], suffixes[48];
    } print = {.program = ENTENTE_VERSION};
    char path[4096];
    struct statx x;
    const char *suffixes = suppress_edition();
    snprintf(print.suffixes, sizeof print.suffixes, "%s", suffixes ? suffixes : "");
    snprintf(path, sizeof path, "%s/" VIEW_FILE, home);
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &x) == 0) {
        print.device = (uint64_t)x.stx_dev_major << 32 | x.stx_dev_minor;
        print.inode = x.stx_ino;
        print.born_s = (uint64_t)x.stx_btime.tv_sec;
        print.born_ns = x.stx_btime.tv_nsec;
    }
    snprintf(path, sizeof path, "%s/" LIFETIME_RULES_FILE, home);
    if (statx(AT_FDCWD, path, 0, STATX_MTIME | STATX_SIZE, &x) == 0) {
        print.rules_s = (uint64_t)x.stx_mtime.tv_sec;
        print.rules_ns = x.stx_mtime.tv_nsec;
        print.rules_bytes = x.stx_size;
    }
    return xxh3_of(&print, sizeof print);
}

static enum err facts_of(struct node *node, struct view *v, struct index_facts *ret, struct fault *reterr)
{
    struct belief_newest newest;
    enum err err = view_belief_newest(v, &newest, reterr);
    if (err)
        return err;
    *ret =
        (struct index_facts){.view = view_print(node_home(node)), .rules = newest.rules, .renewals = newest.renewals};
    memcpy(ret->log, node_genesis(node)->identity.b, sizeof ret->log);
    return OK;
}

/* ---- writing ---- */

struct names {
    struct index_party *rows;
    size_t count;
    struct arena arena;
};

static enum err name_party(struct names *names, const struct uuid *id, struct view *v, struct fault *reterr)
{
    struct fact_party party;
    if (names->count == WATCHLIST_PARTY_MAX)
        return fault_set(reterr, ERR_LIMIT, "more parties than an index can name");
    enum err err = view_party(v, id, &party, reterr);
    if (err && err != ERR_NOT_FOUND)
        return err;
    struct index_party *row = &names->rows[names->count++];
    *row = (struct index_party){.id = *id};
    if (!err && text_is_utf8(party.name))
        row->name = arena_text(&names->arena, party.name);
    return OK;
}

static bool is_named(const struct names *names, const struct uuid *id)
{
    size_t i = names->count; /* the newest is the likeliest: imports come party by party */
    while (i > 0 && !uuid_eq(&names->rows[i - 1].id, id))
        i--;
    return i > 0;
}

/* Those of the values, by their numbers, then those that only patterns come from. */
static enum err party_names(struct names *names, const struct watchlist *w, const struct pattern_list *patterns,
                            struct view *v, struct fault *reterr)
{
    enum err err = OK;
    size_t most = w->party_count + patterns->count;
    most = most < WATCHLIST_PARTY_MAX ? most : WATCHLIST_PARTY_MAX;
    names->rows = arena_alloc(&names->arena, (most + 1) * sizeof *names->rows);
    if (!names->rows)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    for (size_t i = 0; !err && i < w->party_count; i++)
        err = name_party(names, &w->parties[i], v, reterr);
    for (size_t i = 0; !err && i < patterns->count; i++)
        if (!is_named(names, &patterns->list[i].party))
            err = name_party(names, &patterns->list[i].party, v, reterr);
    return err;
}

static enum err write_list(const struct watchlist *w, const struct pattern_list *patterns, const struct names *names,
                           const struct index_facts *facts, const char *path, struct fault *reterr)
{
    struct index_count suppressed[SUPPRESS_COUNTS_MAX];
    uint64_t bytes;
    for (size_t i = 0; i < w->suppressed.count; i++)
        suppressed[i] = (struct index_count){text_of(w->suppressed.by[i].words), w->suppressed.by[i].count};
    const struct index_content content = {.index = w->index,
                                          .facts = *facts,
                                          .items = w->items,
                                          .item_count = w->count,
                                          .values = buffer_text(&w->values),
                                          .parties = names->rows,
                                          .party_count = names->count,
                                          .suppressed = suppressed,
                                          .suppressed_count = w->suppressed.count,
                                          .patterns = patterns->list,
                                          .pattern_count = patterns->count};
    if (patterns->left_out) /* nothing of what is held may be lost by starting from a file */
        return fault_set(reterr, ERR_LIMIT, "%zu patterns more than an index holds", patterns->left_out);
    return index_file_write(io_system(), path, &content, &bytes, reterr);
}

static enum err open_base(const char *path, struct watchlist **ret, struct fault *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : fault_errno(reterr, "%s", path);
    enum err err = watchlist_open(fd, ret, reterr);
    close(fd);
    return err;
}

static enum err peek_base(const char *home, struct index_facts *ret)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" INDEX_BASE, home);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return ERR_NOT_FOUND;
    enum err err = index_file_peek(fd, ret);
    close(fd);
    return err;
}

static enum err load_patterns(struct node *node, struct view *v, const struct belief *belief, uint64_t until_n,
                              struct pattern_list *ret, struct fault *reterr)
{
    const struct pattern_source from = {.node = node, .view = v, .belief = belief, .until_n = until_n};
    return pattern_list_load(&from, ret, reterr);
}

static enum err build_with(struct node *node, struct view *v, const char *path, struct fault *reterr)
{
    struct belief *belief = NULL;
    struct watchlist *w = NULL;
    struct pattern_list patterns = {0};
    struct names names = {0};
    struct index_facts facts;
    arena_init(&names.arena, NAMES_BUDGET);
    enum err err = facts_of(node, v, &facts, reterr); /* before the list: what comes between makes it out of date */
    if (!err)
        err = belief_refresh(node, v, &belief, reterr);
    if (!err)
        err = watchlist_load(v, belief, 0, 0, &w, reterr);
    if (!err)
        err = load_patterns(node, v, belief, w->until, &patterns, reterr);
    if (!err)
        err = party_names(&names, w, &patterns, v, reterr);
    if (!err) {
        struct index_facts before = {0};
        (void)peek_base(node_home(node), &before); /* none, or none that could be used: the first */
        facts.generation = before.generation + 1;
        facts.until = w->until;
        facts.made_us = clock_now_us();
        facts.over = w->over;
        facts.suppressed = w->suppressed.total;
        err = write_list(w, &patterns, &names, &facts, path, reterr);
    }
    watchlist_unref(w);
    pattern_list_done(&patterns);
    belief_unref(belief);
    arena_done(&names.arena);
    return err;
}

/* HOME/index, locked: the file is made by one at a time, in whichever process or thread. To be closed. */
static enum err lock_folder(struct node *node, int *ret_fd, struct fault *reterr)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" INDEX_FOLDER, node_home(node));
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fault_errno(reterr, "%s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fault_errno(reterr, "%s", path);
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR) {
            close(fd);
            return fault_errno(reterr, "%s", path);
        }
    }
    *ret_fd = fd;
    return OK;
}

enum err watchlist_build(struct node *node, struct watchlist **ret, struct fault *reterr)
{
    char path[4096];
    struct view *v;
    int lock = -1;
    snprintf(path, sizeof path, "%s/" INDEX_BASE, node_home(node));
    enum err err = lock_folder(node, &lock, reterr);
    if (err)
        return err;
    err = node_reader(node, &v, reterr);
    if (!err) {
        uint64_t epoch = node_view_epoch(node);
        err = build_with(node, v, path, reterr);
        node_reader_done(node, v);
        if (!err && epoch != node_view_epoch(node)) { /* it may hold what was erased meanwhile */
            (void)unlink(path);
            err = fault_set(reterr, ERR_BUSY, "the view was made anew meanwhile: ask again");
        }
    }
    close(lock);
    return err ? err : open_base(path, ret, reterr);
}

/* ---- reading ---- */

static void take_suppressed(struct suppress_counts *c, const struct index_file *f)
{
    c->total = index_file_facts(f)->suppressed;
    size_t count = index_file_suppressed(f);
    for (size_t i = 0; i < count && i < SUPPRESS_COUNTS_MAX; i++) {
        struct index_count one = index_file_suppressed_at(f, i);
        snprintf(c->by[i].words, sizeof c->by[i].words, TEXT_FMT, TEXT_ARG(text_sub(one.words, 0, INT16_MAX)));
        c->by[i].count = one.count;
        c->count = i + 1;
    }
}

enum err watchlist_open(int fd, struct watchlist **ret, struct fault *reterr)
{
    struct watchlist *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    atomic_init(&w->references, 1);
    buffer_init(&w->values, WATCHLIST_POOL_MAX);
    enum err err = index_file_open(fd, &w->file, reterr);
    if (err) {
        watchlist_unref(w);
        return err;
    }
    w->count = index_file_count(w->file);
    w->party_count = index_file_parties(w->file);
    w->until = index_file_facts(w->file)->until;
    w->over = (size_t)index_file_facts(w->file)->over;
    take_suppressed(&w->suppressed, w->file);
    *ret = w;
    return OK;
}

static bool same_view(const struct index_facts *a, const struct index_facts *b)
{
    return memcmp(a->log, b->log, sizeof a->log) == 0 && a->view == b->view && a->rules == b->rules;
}

enum err watchlist_current(struct node *node, struct view *v, struct watchlist **ret, struct fault *reterr)
{
    char path[4096];
    struct watchlist *w = NULL;
    struct index_facts now;
    *ret = NULL;
    reterr->what[0] = 0;
    snprintf(path, sizeof path, "%s/" INDEX_BASE, node_home(node));
    enum err err = facts_of(node, v, &now, reterr);
    if (!err)
        err = open_base(path, &w, reterr);
    if (err == ERR_NOMEM || err == ERR_IO)
        return err;
    if (err)
        return OK;
    const struct index_facts *then = index_file_facts(w->file);
    if (same_view(then, &now) && then->until <= view_position(v))
        *ret = w;
    else
        watchlist_unref(w);
    return OK;
}

bool watchlist_newer(struct node *node, const struct watchlist *w)
{
    struct index_facts there;
    return peek_base(node_home(node), &there) == OK &&
           (!w->file || there.generation != index_file_facts(w->file)->generation);
}

enum err watchlist_base_until(struct node *node, struct view *v, uint64_t *ret_until, struct fault *reterr)
{
    struct index_facts there, now;
    enum err err = peek_base(node_home(node), &there);
    if (err)
        return ERR_NOT_FOUND;
    err = facts_of(node, v, &now, reterr);
    if (err)
        return err;
    if (!same_view(&there, &now) || there.until > view_position(v))
        return ERR_VERSION;
    *ret_until = there.until;
    return OK;
}

const struct index_file *watchlist_file(const struct watchlist *w)
{
    return w->file;
}
