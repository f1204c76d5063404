/* archive add|list|drop: logs kept compressed, for hunts. The archive is no part of the log of entries: nobody has to
 * own the home to add to it, and who reads foreign lines here can write nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/archive.h"
#include "command/commands.h"
#include "command/match_progress.h"
#include "command/names.h"
#include "command/table.h"
#include "match/logfile.h"
#include "process/config.h"
#include "json/json.h"

void archive_of(const struct session *s, char out[ARCHIVE_PATH_MAX])
{
    snprintf(out, ARCHIVE_PATH_MAX, "%s/archive", s->home);
}

static void size_words(uint64_t bytes, char out[32])
{
    if (bytes < 1000000)
        snprintf(out, 32, "%.1f kB", (double)bytes / 1e3);
    else if (bytes < 1000000000)
        snprintf(out, 32, "%.1f MB", (double)bytes / 1e6);
    else
        snprintf(out, 32, "%.1f GB", (double)bytes / 1e9);
}

/* ---- add ---- */

struct addition {
    struct session *s;
    const char *name;
    unsigned threads;
    uint32_t number;
    uint64_t kept;
    bool known; /* the archive had it */
    struct archive_about about;
    struct match_progress progress;
    double seconds;
};

static void addition_json(const struct addition *a)
{
    struct json_out o = json_out_to(json_line(a->s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(a->name));
    json_member_text(&o, "state", a->known ? TEXT("known") : TEXT("added"));
    json_member_i64(&o, "log", a->number);
    json_member_i64(&o, "lines", (int64_t)a->about.lines);
    json_member_i64(&o, "bytes", (int64_t)a->about.bytes);
    json_member_i64(&o, "kept", a->known ? 0 : (int64_t)a->kept);
    json_member_moment(&o, "first", a->about.first_us == ARCHIVE_NO_TIME ? 0 : a->about.first_us);
    json_member_moment(&o, "last", a->about.last_us == ARCHIVE_NO_TIME ? 0 : a->about.last_us);
    json_key(&o, TEXT("seconds"));
    json_put_f64(&o, a->seconds);
    json_close(&o, '}');
    json_line_end(a->s);
}

/* A name as it can stand on one line. */
static struct text shown(struct text name, char out[ARCHIVE_NAME_MAX])
{
    size_t len = name.len < ARCHIVE_NAME_MAX ? name.len : ARCHIVE_NAME_MAX;
    memcpy(out, name.ptr ? name.ptr : "", len);
    clean_for_people(out, len, false);
    return (struct text){out, len};
}

static void tell_addition(const struct addition *a)
{
    char bytes[32], kept[32], first[MOMENT_MAX], last[MOMENT_MAX], name[ARCHIVE_NAME_MAX];
    struct text file = shown(text_of(a->name), name);
    if (a->s->json) {
        addition_json(a);
        return;
    }
    if (a->known) {
        say(a->s, TEXT_FMT ": the archive has these lines already, as log %u\n", TEXT_ARG(file), a->number);
        return;
    }
    size_words(a->about.bytes, bytes);
    size_words(a->kept, kept);
    say(a->s, TEXT_FMT ": log %u, %llu lines, %s kept in %s (%.1f %%)", TEXT_ARG(file), a->number,
        (unsigned long long)a->about.lines, bytes, kept,
        a->about.bytes ? 100.0 * (double)a->kept / (double)a->about.bytes : 0.0);
    if (a->about.first_us != ARCHIVE_NO_TIME)
        say(a->s, ", %s to %s", moment(a->about.first_us, first), moment(a->about.last_us, last));
    say(a->s, "\n");
}

static void tell_progress(struct addition *a, uint64_t bytes)
{
    char share[PROGRESS_SHARE_MAX];
    double mb = (double)bytes / 1e6, seconds = (double)(clock_mono_us() - a->progress.started_us + 1) / 1e6;
    if (a->progress.s)
        progress_tell(&a->progress, "%.80s: %.0f MB%s, %.0f MB/s", a->name, mb, progress_share(&a->progress, share),
                      mb / seconds);
}

/* What was read of a stream is kept when it is stopped, since it is nowhere else; a file is still there. */
static enum err copy_lines(struct addition *a, struct archive_writer *w, int fd, bool stream, bool *ret_damaged,
                           struct fault *fault)
{
    struct logfile *log;
    enum err err = logfile_open(fd, &log, fault);
    if (err)
        return err;
    progress_start(&a->progress, a->s, a->name, fd);
    while (!err && !cancelled(a->s)) {
        struct text block = TEXT_NONE;
        uint64_t offset = 0, line;
        bool continues;
        err = logfile_next(log, &block, &offset, &line, &continues, fault);
        *ret_damaged = err == ERR_MALFORMED;
        if (!err)
            err = archive_writer_add(w, block, offset, line, continues, fault);
        tell_progress(a, offset + block.len);
    }
    logfile_free(log);
    progress_clear(&a->progress);
    if (!err || err == ERR_CANCELLED)
        return stream ? OK : ERR_CANCELLED;
    return err == ERR_NOT_FOUND || *ret_damaged ? OK : err;
}

static int add_fd(struct addition *a, const char *folder, int fd, bool stream)
{
    struct archive_writer *w = NULL;
    struct fault fault = {.offset = -1, .line = -1}, damage = {.offset = -1, .line = -1};
    bool damaged = false;
    int64_t begun_us = clock_mono_us();
    enum err err = archive_writer_new(io_system(), folder, &a->about, a->threads, &w, &fault);
    if (!err)
        err = copy_lines(a, w, fd, stream, &damaged, &fault);
    if (damaged) {
        damage = fault;
        fault = (struct fault){.offset = -1, .line = -1};
    }
    if (!err)
        err = archive_writer_finish(w, damaged, &a->number, &a->kept, &fault);
    a->known = err == ERR_EXISTS;
    if (err && !a->known) {
        archive_writer_free(w);
        if (err != ERR_CANCELLED)
            return complain_fault(a->s, a->name, &fault);
        complain(a->s, "%s: stopped: nothing of it is kept", a->name);
        return EXIT_WRITE;
    }
    a->about = *archive_writer_about(w);
    a->seconds = (double)(clock_mono_us() - begun_us) / 1e6;
    tell_addition(a);
    archive_writer_free(w);
    return damaged ? complain_fault(a->s, a->name, &damage) : EXIT_DONE;
}

static int add_named(struct session *s, const char *folder, const char *name, unsigned threads)
{
    char source[PATH_MAX];
    bool standard = strcmp(name, "-") == 0;
    struct addition a = {.s = s, .threads = threads};
    a.name = standard && option(s, "name") ? option(s, "name") : name;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain(s, "%s: %s", name, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    a.about.name = text_sub(text_of(a.name), 0, ARCHIVE_NAME_MAX);
    if (!standard && realpath(name, source))
        a.about.source = text_sub(text_of(source), 0, ARCHIVE_NAME_MAX);
    a.about.added_us = clock_now_us();
    int code = add_fd(&a, folder, fd, standard);
    if (!standard)
        close(fd);
    return code;
}

static int retain(struct session *s)
{
    char path[ARCHIVE_PATH_MAX];
    struct config *c;
    struct fault fault = {.offset = -1, .line = -1};
    snprintf(path, sizeof path, "%s/entente.yaml", s->home);
    if (config_load(path, &c, &fault))
        return complain_fault(s, NULL, &fault);
    archive_retain(s, c->archive_keep_days, c->archive_max_gb);
    config_free(c);
    return EXIT_DONE;
}

static int run_add(struct session *s)
{
    char folder[ARCHIVE_PATH_MAX];
    int code = EXIT_DONE;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads;
    if (option_u64(s, "threads", cores > 0 ? (uint64_t)cores : 1, ARCHIVE_THREADS_MAX, &threads))
        return EXIT_USAGE;
    archive_of(s, folder);
    archive_folder_sweep(io_system(), folder);
    for (size_t i = 0; i < s->operand_count && !cancelled(s); i++) {
        int one = add_named(s, folder, s->operands[i], threads ? (unsigned)threads : 1);
        code = code ? code : one;
    }
    int kept = retain(s);
    return code ? code : kept;
}

/* ---- list ---- */

struct list {
    struct session *s;
    struct table table;
};

static void row_json(struct session *s, const struct archive_log *l)
{
    const struct archive_about *a = archive_log_about(l);
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_i64(&o, "log", archive_log_number(l));
    json_member_text(&o, "name", a->name);
    json_member_text(&o, "source", a->source);
    json_member_moment(&o, "added", a->added_us);
    json_member_i64(&o, "lines", (int64_t)a->lines);
    json_member_i64(&o, "bytes", (int64_t)a->bytes);
    json_member_i64(&o, "kept", (int64_t)archive_log_size(l));
    json_member_i64(&o, "blocks", (int64_t)archive_log_blocks(l));
    json_member_moment(&o, "first", a->first_us == ARCHIVE_NO_TIME ? 0 : a->first_us);
    json_member_moment(&o, "last", a->last_us == ARCHIVE_NO_TIME ? 0 : a->last_us);
    json_member_i64(&o, "untimed", (int64_t)a->untimed);
    json_member_bool(&o, "cut_short", a->cut_short);
    json_close(&o, '}');
    json_line_end(s);
}

static void moment_cell(struct table *t, int64_t us)
{
    char when[MOMENT_MAX];
    table_cell(t, us == ARCHIVE_NO_TIME ? TEXT("-") : text_of(moment(us, when)));
}

static void row_cells(struct table *t, const struct archive_log *l)
{
    char words[32];
    const struct archive_about *a = archive_log_about(l);
    table_cellf(t, "%u", archive_log_number(l));
    table_cell(t, a->name);
    table_cellf(t, "%llu", (unsigned long long)a->lines);
    size_words(a->bytes, words);
    table_cell(t, text_of(words));
    size_words(archive_log_size(l), words);
    table_cell(t, text_of(words));
    moment_cell(t, a->first_us);
    moment_cell(t, a->last_us);
    moment_cell(t, a->added_us);
}

enum err archive_each(struct session *s, archive_fn *each, void *self)
{
    char folder[ARCHIVE_PATH_MAX];
    uint32_t *numbers;
    size_t count;
    struct fault fault = {.offset = -1, .line = -1};
    enum err worst = OK;
    archive_of(s, folder);
    enum err err = archive_folder_list(folder, &numbers, &count, &fault);
    if (err) {
        complain_fault(s, NULL, &fault);
        return err;
    }
    for (size_t i = 0; i < count && !cancelled(s) && !err; i++) {
        char path[ARCHIVE_PATH_MAX];
        struct archive_log *l;
        fault = (struct fault){.offset = -1, .line = -1};
        enum err one = archive_log_open(io_system(), folder, numbers[i], &l, &fault);
        if (one == ERR_NOT_FOUND) /* dropped meanwhile */
            continue;
        if (one) {
            archive_folder_path(folder, numbers[i], path);
            complain_fault(s, path, &fault);
            worst = one;
            continue;
        }
        err = each(self, l);
        archive_log_free(l);
    }
    free(numbers);
    return err ? err : worst;
}

enum err archive_read_header(const struct archive_log *l, struct packer *p, struct buffer *scratch,
                             struct logline_stream **io_stream, const struct logline_header **ret_header)
{
    struct text lines = TEXT_NONE, piece;
    logline_stream_free(*io_stream);
    *io_stream = NULL;
    *ret_header = NULL;
    buffer_clear(scratch);
    if (archive_log_blocks(l) == 0)
        return OK;
    enum err err = archive_log_read(l, 0, scratch, NULL);
    if (!err)
        err = unpack(p, buffer_text(scratch), &lines);
    if (!err)
        err = logline_stream_new(io_stream);
    if (!err)
        (void)logline_stream_next(*io_stream, &lines, &piece, ret_header);
    return err == ERR_NOMEM ? err : OK;
}

#define ASK_MAX 65536 /* values */

enum err archive_query_of(const struct watchlist *list, struct archive_query **ret)
{
    struct archive_query *q;
    size_t count = watchlist_size(list);
    enum err err = archive_query_new(&q);
    if (err)
        return err;
    if (count > ASK_MAX)
        err = archive_query_add(q, VALUE_NONE, TEXT_NONE);
    for (size_t i = 0; i < count && count <= ASK_MAX && !err; i++) {
        struct watch_item item = watchlist_at(list, (uint32_t)i);
        err = archive_query_add(q, item.kind, item.value);
    }
    if (err)
        archive_query_free(q);
    else
        *ret = q;
    return err;
}

static enum err list_row(void *self, const struct archive_log *l)
{
    struct list *list = self;
    if (list->s->json)
        row_json(list->s, l);
    else
        row_cells(&list->table, l);
    return OK;
}

static int run_list(struct session *s)
{
    static const char *const heads[] = {"LOG", "NAME", "LINES", "RAW", "KEPT", "FIRST", "LAST", "ADDED", NULL};
    struct list list = {.s = s};
    if (!s->json)
        table_begin(&list.table, s, heads);
    enum err err = archive_each(s, list_row, &list);
    if (!s->json)
        table_end(&list.table, "The archive is empty: entente archive add LOG...");
    return exit_of(err);
}

/* ---- drop ---- */

struct drop {
    struct session *s;
    struct text name; /* a log's number or name; ptr NULL: by time */
    int64_t before_us;
    size_t dropped;
};

static bool is_named(const struct archive_log *l, struct text name)
{
    uint64_t number;
    if (text_u64(name, &number) == OK && number == archive_log_number(l))
        return true;
    return text_eq(archive_log_about(l)->name, name) || text_eq(archive_log_about(l)->source, name);
}

static enum err drop_row(void *self, const struct archive_log *l)
{
    struct drop *d = self;
    char folder[ARCHIVE_PATH_MAX], name[ARCHIVE_NAME_MAX];
    struct fault fault = {.offset = -1, .line = -1};
    if (d->name.ptr ? !is_named(l, d->name) : archive_age_us(archive_log_about(l)) >= d->before_us)
        return OK;
    archive_of(d->s, folder);
    enum err err = archive_folder_drop(io_system(), folder, archive_log_number(l), &fault);
    if (err == ERR_NOT_FOUND)
        return OK;
    if (err) {
        complain_fault(d->s, NULL, &fault);
        return err;
    }
    d->dropped++;
    if (!d->s->json) {
        struct text file = shown(archive_log_about(l)->name, name);
        say(d->s, "log %u, " TEXT_FMT ", is gone\n", archive_log_number(l), TEXT_ARG(file));
    }
    return OK;
}

static int run_drop(struct session *s)
{
    struct stamp before;
    const char *given = option(s, "before");
    size_t dropped = 0;
    enum err err = OK;
    if (!given == !s->operand_count) {
        complain(s, "usage: entente archive drop LOG..., or entente archive drop --before TIME");
        return EXIT_USAGE;
    }
    if (given && stamp_parse_lenient(text_of(given), &before)) {
        complain(s, "--before %s: a moment like 2026-11-22T08:00:00Z, or a day", given);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < (given ? 1 : s->operand_count) && !err; i++) {
        struct drop d = {.s = s, .before_us = given ? stamp_us(before) : 0};
        d.name = given ? TEXT_NONE : text_of(s->operands[i]);
        err = archive_each(s, drop_row, &d);
        dropped += d.dropped;
        if (!err && !given && !d.dropped) {
            complain(s, "%s: no log of the archive has this number or name: entente archive list", s->operands[i]);
            err = ERR_NOT_FOUND;
        }
    }
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_i64(&o, "dropped", (int64_t)dropped);
        json_close(&o, '}');
        json_line_end(s);
    }
    return exit_of(err);
}

static const struct option_spec ADD_OPTIONS[] = {
    {"name", OPTION_VALUE, "NAME", "what standard input is called in the archive (-)"},
    {"threads", OPTION_VALUE, "N", "how many cores to use (all)"},
    {NULL, OPTION_FLAG, NULL, NULL}};
static const struct option_spec DROP_OPTIONS[] = {{"before", OPTION_VALUE, "TIME", "all whose last event is older"},
                                                  {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_ARCHIVE_ADD = {
    .name = "archive add",
    .operands = "LOG...|-",
    .summary = "keep logs compressed, to hunt in them later",
    .details =
        "Plain, gzip and zstd input. What is said to be kept is on the disk. The same lines once more are told\n"
        "and not kept twice. Damaged compression: what came before the damage is kept, exit 65.\n",
    .options = ADD_OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .run = run_add};

const struct command COMMAND_ARCHIVE_LIST = {
    .name = "archive list", .operands = "", .summary = "the logs that are kept", .need = NEED_READ, .run = run_list};

const struct command COMMAND_ARCHIVE_DROP = {.name = "archive drop",
                                             .operands = "[LOG...]",
                                             .summary = "logs go from the archive, by number, name or age",
                                             .options = DROP_OPTIONS,
                                             .operands_max = SIZE_MAX,
                                             .need = NEED_READ,
                                             .run = run_drop};
