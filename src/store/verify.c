/* store/verify.c - the checks put together: the log and the tree on the caller's thread, the replay on another.
 *
 * What is known to have been acknowledged (the view's position, the published checkpoint) is read before the log is,
 * so that a server which goes on writing meanwhile cannot make the log look short. What else an owner may do
 * meanwhile (an erasure, a rebuild) makes log, view and tree differ for as long as it takes: beside an owner a fault
 * is one when it is still there at a second look. */
#include "store/verify.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/erase_inside.h"
#include "store/format.h"
#include "store/verify_inside.h"

#define LOOKS_MAX     4
#define OWNER_WAIT_NS 200000000L /* 0.2 s */
#define OWNER_WAITS   3000       /* ten minutes: an erasure makes the views anew */

enum { FORMAT, KEYS, LOG, TREE, CHECKPOINT, COSIGNED, VIEW, LOCAL, CHECKS };

struct verify {
    const struct io *io;
    const char *home;
    const struct verify_options *options;
    struct verify_check check[CHECKS], integrity;
    struct kept kept[2]; /* checkpoint, cosigned; size 0: not there */
    struct verify_tree tree;
    struct verify_log log;
    struct verify_view view;
    struct verify_db *db;
    /* the other thread's */
    pthread_t thread;
    bool running;
    enum err view_err;
    struct fault view_fault;
};

void check_begin(struct verify_check *c, const char *name)
{
    *c = (struct verify_check){.finding = {.check = name, .offset = -1, .entry = -1}};
}

void check_fault(struct verify_check *c, const char *file, int64_t offset, int64_t entry, const char *format, ...)
{
    va_list args;
    if (c->finding.state == VERIFY_FAULT)
        return;
    c->finding.state = VERIFY_FAULT;
    c->finding.offset = offset;
    c->finding.entry = entry;
    snprintf(c->finding.file, sizeof c->finding.file, "%s", file);
    va_start(args, format);
    vsnprintf(c->finding.what, sizeof c->finding.what, format, args);
    va_end(args);
}

void check_skip(struct verify_check *c, const char *format, ...)
{
    va_list args;
    if (c->finding.state != VERIFY_OK)
        return;
    c->finding.state = VERIFY_SKIPPED;
    va_start(args, format);
    vsnprintf(c->finding.what, sizeof c->finding.what, format, args);
    va_end(args);
}

bool check_good(const struct verify_check *c)
{
    return c->finding.state == VERIFY_OK;
}

static void say_good(struct verify_check *c, const char *what)
{
    if (check_good(c))
        snprintf(c->finding.what, sizeof c->finding.what, "%s", what);
}

/* ---- what is known beforehand ---- */

static const char *const kept_files[2] = {CHECKPOINT_FILE, COSIGNED_FILE};

static enum err load_kept(struct verify *v, size_t i, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    struct verify_check *c = &v->check[i == 0 ? CHECKPOINT : COSIGNED];
    enum err err = kept_load(v->io, v->home, kept_files[i], &v->kept[i], &why);
    if (err == OK) {
        v->tree.mark[i].size = v->kept[i].size;
        return OK;
    }
    if (err == ERR_NOT_FOUND)
        say_good(c, i == 0 ? "nothing was published yet" : "no partner has cosigned yet");
    else if (err == ERR_MALFORMED)
        check_fault(c, kept_files[i], why.offset, -1, "%s", why.what);
    else if (reterr)
        *reterr = why;
    return err == ERR_NOT_FOUND || err == ERR_MALFORMED ? OK : err;
}

static bool somebody_owns(const char *home)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = home_path(home, HOME_LOCK);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool owned = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    free(path);
    return owned;
}

/* ---- the two threads ---- */

static void *replay(void *arg)
{
    struct verify *v = arg;
    v->view_err = verify_view_replay(&v->view, v->db, &v->view_fault);
    return NULL;
}

static enum err read_log(struct verify *v, struct fault *reterr)
{
    struct verify_log *l = &v->log;
    l->io = v->io;
    l->options = v->options;
    l->check = &v->check[LOG];
    l->tree = &v->tree;
    l->known = v->kept[0].size > v->view.position ? v->kept[0].size : v->view.position;
    v->tree.used = v->kept[0].size;
    enum err err = verify_log(l, v->home, reterr);
    if (err == OK && !l->whole)
        check_skip(&v->check[TREE], "looked at only up to entry %llu: the log is damaged there",
                   (unsigned long long)l->n);
    return err;
}

static enum err look(struct verify *v, struct fault *reterr)
{
    const struct verify_options *o = v->options;
    enum err err = read_log(v, reterr);
    if (err == OK)
        err = verify_key_files(v->io, v->home, &v->log.keys, v->log.whole, &v->check[KEYS], reterr);
    for (size_t i = 0; err == OK && i < 2; i++) {
        struct verify_check *c = &v->check[i == 0 ? CHECKPOINT : COSIGNED];
        uint64_t cosignatures;
        char words[80];
        if (v->kept[i].size == 0)
            continue;
        verify_kept(&v->kept[i], kept_files[i], &v->log.keys, v->tree.mark[i].reached, &v->tree.mark[i].root, c,
                    &cosignatures);
        snprintf(words, sizeof words, "over %llu entries, %llu cosignatures", (unsigned long long)v->kept[i].size,
                 (unsigned long long)cosignatures);
        say_good(c, words);
    }
    if (err == OK)
        err = verify_integrity(v->home, "local.db", &v->check[LOCAL], o->cancel, reterr);
    if (err == OK && v->db)
        err = verify_integrity(v->home, VIEW_FILE, &v->integrity, o->cancel, reterr);
    return err;
}

/* A home of a later program is not judged by this one. */
static enum err look_at_format(struct verify *v, struct fault *reterr)
{
    struct home_format f;
    struct fault why = {.offset = -1, .line = -1};
    enum err err = format_read(v->io, v->home, &f, &why);
    if (err == OK)
        err = format_check(v->home, &f, &why);
    if (err == OK || err == ERR_NOT_FOUND) /* a home whose log is gone is the log's fault */
        return OK;
    if (err == ERR_MALFORMED) {
        check_fault(&v->check[FORMAT], HOME_FORMAT, -1, -1, "%s", why.what);
        return OK;
    }
    if (reterr)
        *reterr = why;
    return err;
}

static enum err run(struct verify *v, struct fault *reterr)
{
    enum err err = look_at_format(v, reterr);
    if (err != OK)
        return err;
    err = verify_tree_open(&v->tree, v->io, v->home, &v->check[TREE], reterr);
    for (size_t i = 0; err == OK && i < 2; i++)
        err = load_kept(v, i, reterr);
    if (err == OK)
        err = verify_view_open(&v->view, &v->db, reterr);
    v->log.live = somebody_owns(v->home);
    if (err == OK && v->view.there) {
        v->running = pthread_create(&v->thread, NULL, replay, v) == 0;
        if (!v->running)
            replay(v);
    }
    if (err == OK)
        err = look(v, reterr);
    if (v->running)
        pthread_join(v->thread, NULL);
    if (err == OK && v->view_err != OK) {
        err = v->view_err;
        if (reterr)
            *reterr = v->view_fault;
    }
    return err;
}

/* ---- the report ---- */

static void remark(const struct verify *v, const char *check, const char *words)
{
    struct verify_finding f = {.state = VERIFY_REMARK, .check = check, .offset = -1, .entry = -1};
    if (!words[0])
        return;
    snprintf(f.what, sizeof f.what, "%s", words);
    v->options->on_finding(v->options->self, &f);
}

static void sum_up(struct verify *v)
{
    char words[120];
    say_good(&v->check[FORMAT], "a home that this program reads");
    say_good(&v->check[KEYS], "of their strict form, the one that the log names");
    snprintf(words, sizeof words, "%llu entries, %llu bytes", (unsigned long long)v->log.n,
             (unsigned long long)v->log.bytes);
    say_good(&v->check[LOG], words);
    say_good(&v->check[TREE], "every hash that was published");
    if (v->log.unfinished && !check_good(&v->check[VIEW])) { /* the views are made anew last */
        check_begin(&v->check[VIEW], "view");
        check_skip(&v->check[VIEW], "not compared: an erasure is under way, or was cut short: the next opening as "
                                    "owner (`entente serve`, `entente rebuild`) finishes it");
    }
    if (check_good(&v->check[VIEW]) && !check_good(&v->integrity))
        v->check[VIEW].finding = v->integrity.finding;
    v->check[VIEW].finding.check = "view";
    snprintf(words, sizeof words, "every row is what %llu entries give", (unsigned long long)v->view.position);
    say_good(&v->check[VIEW], words);
    say_good(&v->check[LOCAL], "whole");
}

static bool report(struct verify *v)
{
    const struct verify_options *o = v->options;
    char words[FAULT_WHAT_MAX] = "";
    bool ok = true;
    sum_up(v);
    for (size_t i = 0; i < CHECKS; i++) {
        o->on_finding(o->self, &v->check[i].finding);
        ok &= check_good(&v->check[i]);
    }
    remark(v, "log", v->log.remark);
    if (v->log.unfinished)
        remark(v, "log", "an erasure is under way, or was cut short: what it names may still be there");
    remark(v, "view", v->view.remark);
    if (v->log.keys.dropped)
        remark(v, "cosigned", "the log names more keys of partners than are looked at: some cosignatures were not");
    if (v->tree.beyond && !v->log.live)
        snprintf(words, sizeof words,
                 "%llu items behind what was published differ: the next opening makes them again",
                 (unsigned long long)v->tree.beyond);
    remark(v, "tree", words);
    verify_strangers(v->home, o);
    return ok;
}

/* ---- beside an owner ---- */

static bool all_good(const struct verify *v)
{
    bool good = check_good(&v->integrity);
    for (size_t i = 0; i < CHECKS; i++)
        good &= check_good(&v->check[i]);
    return good;
}

/* Has somebody worked on the home meanwhile? */
static bool in_motion(const struct verify *v)
{
    return v->log.live || v->log.n > v->log.known || somebody_owns(v->home);
}

static bool same_finding(const struct verify_finding *a, const struct verify_finding *b)
{
    return a->state == b->state && a->offset == b->offset && a->entry == b->entry && strcmp(a->file, b->file) == 0 &&
           strcmp(a->what, b->what) == 0;
}

static bool same_findings(const struct verify *v, const struct verify_finding before[CHECKS])
{
    for (size_t i = 0; i < CHECKS; i++)
        if (!same_finding(&v->check[i].finding, &before[i]))
            return false;
    return true;
}

/* Until no erasure is under way and the view has its name, as long as somebody is at it. */
static enum err wait_for_owner(const struct verify *v, struct fault *reterr)
{
    const atomic_bool *cancel = v->options->cancel;
    for (int i = 0; i < OWNER_WAITS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = OWNER_WAIT_NS}, NULL);
        if (cancel && atomic_load(cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        bool busy = home_has(v->home, ERASING_FILE, NULL) == OK || home_has(v->home, VIEW_FILE, NULL) != OK;
        if (!busy || !somebody_owns(v->home))
            break;
    }
    return OK;
}

static void begin(struct verify *v, const struct io *io, const char *home, const struct verify_options *options)
{
    static const char *const names[CHECKS] = {"format",     "keys",     "log",  "tree",
                                              "checkpoint", "cosigned", "view", "local"};
    memset(v, 0, sizeof *v);
    v->io = io;
    v->home = home;
    v->options = options;
    for (size_t i = 0; i < CHECKS; i++)
        check_begin(&v->check[i], names[i]);
    check_begin(&v->integrity, "view");
    v->view = (struct verify_view){.io = io, .home = home, .cancel = options->cancel, .check = &v->check[VIEW]};
}

static void done(struct verify *v)
{
    verify_db_close(v->db);
    verify_tree_close(&v->tree);
    verify_keys_done(&v->log.keys);
    kept_done(&v->kept[0]);
    kept_done(&v->kept[1]);
}

static enum err look_and_look_again(struct verify *v, struct fault *reterr)
{
    struct verify_finding before[CHECKS];
    for (int look_n = 1;; look_n++) {
        enum err err = run(v, reterr);
        bool settled = look_n > 1 && same_findings(v, before);
        if (err != OK || all_good(v) || settled || look_n == LOOKS_MAX || !in_motion(v))
            return err;
        for (size_t i = 0; i < CHECKS; i++)
            before[i] = v->check[i].finding;
        err = wait_for_owner(v, reterr);
        if (err != OK)
            return err;
        done(v);
        begin(v, v->io, v->home, v->options);
    }
}

enum err verify_home(const struct io *io, const char *home, const struct verify_options *options, bool *ret_ok,
                     struct fault *reterr)
{
    enum err err = home_has(home, HOME_LOG, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_NOT_FOUND, "there is no home in %s: run `entente init` first", home);
    struct verify *v = err == OK ? malloc(sizeof *v) : NULL;
    if (!v)
        return err == OK ? fault_set(reterr, ERR_NOMEM, "no memory") : err;
    begin(v, io, home, options);
    err = look_and_look_again(v, reterr);
    if (err == OK)
        *ret_ok = report(v);
    done(v);
    free(v);
    return err;
}
