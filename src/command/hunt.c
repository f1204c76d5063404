/* hunt: indicators, or values somebody asks for, in the archive. Writes nothing. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/archive.h"
#include "command/commands.h"
#include "command/hunt_patterns.h"
#include "command/match_pool.h"
#include "command/match_progress.h"
#include "command/names.h"

#define HUNT_THREADS_MAX 256

struct hunt {
    struct session *s;
    struct watchlist *list;
    struct log_patterns patterns;
    struct belief *belief;
    struct constituency *constituency;
    struct party_names parties;
    struct archive_query *query;
    unsigned threads;
    struct scanner *scanners[HUNT_THREADS_MAX], *owners[HUNT_THREADS_MAX];
    struct packer *packers[HUNT_THREADS_MAX];
    struct match_pool *pool;
    struct buffer keys, packed; /* scratch */
    int64_t now_us, since_us, until_us;
    uint64_t blocks, read, bytes; /* of the archive; read and its bytes unpacked */
    struct match_progress progress;
    size_t logs, all_logs; /* dealt with, and how many there are */
    atomic_uint_fast64_t hits;
    const struct archive_log *log; /* under way */
    struct logline_stream *stream; /* of it, and what it begins with */
    const struct logline_header *header;
    char path[ARCHIVE_PATH_MAX]; /* of it */
    pthread_mutex_t lock;        /* of spoiled */
    uint64_t spoiled;            /* blocks that could not be read */
};

/* One block on one thread. */
struct block {
    struct hunt *h;
    unsigned worker;
    const struct pool_block *block;
    struct pool_output *out;
};

/* ---- one block ---- */

static enum err print_hit(void *self, const struct scan_line_hits *line, const struct hit *hit)
{
    struct block *b = self;
    struct hunt *h = b->h;
    if (hit->timed && (hit->seen_us < h->since_us || hit->seen_us >= h->until_us))
        return OK;
    atomic_fetch_add(&h->hits, 1);
    hit_print(&h->parties, h->s->json, b->block->file, line, hit, &b->out->text);
    return OK;
}

static enum err on_line(void *self, const struct scan_line_hits *line)
{
    struct block *b = self;
    struct hunt *h = b->h;
    const struct log_line log = {.file = b->block->file,
                                 .header = b->block->header,
                                 .hits = line,
                                 .now_us = h->now_us,
                                 .owners = h->owners[b->worker],
                                 .since_us = h->since_us,
                                 .until_us = h->until_us};
    enum err err = hits_of_line(h->owners[b->worker], &h->list, 1, h->constituency, h->now_us, b->block->header, line,
                                print_hit, b);
    return err ? err : log_patterns_line(h->constituency, &log, &b->out->later);
}

static void spoiled(struct hunt *h, uint64_t line, const struct fault *f)
{
    pthread_mutex_lock(&h->lock);
    h->spoiled++;
    if (h->s->progress)
        h->s->write(h->s->write_self, true, TEXT("\r\033[K"));
    complain(h->s, "%s: block with line %llu, at byte %lld: %s; it is passed over", h->path, (unsigned long long)line,
             (long long)f->offset, f->what);
    pthread_mutex_unlock(&h->lock);
}

static enum err work(void *self, unsigned worker, const struct pool_block *block, struct pool_output *out)
{
    struct hunt *h = self;
    struct block b = {h, worker, block, out};
    const struct index *indexes[] = {watchlist_index(h->list), log_patterns_index(&h->patterns)};
    struct text lines;
    enum err err = unpack(h->packers[worker], block->lines, &lines);
    if (err == ERR_MALFORMED) {
        struct fault f = {.offset = -1};
        fault_set(&f, err, "it cannot be unpacked");
        spoiled(h, block->first_line, &f);
        return OK;
    }
    if (err)
        return err;
    return scan_block(h->scanners[worker], indexes, indexes[1] ? 2 : 1, lines, block->first_line, block->first_offset,
                      on_line, &b);
}

static void print(void *self, const struct pool_output *output)
{
    struct hunt *h = self;
    const struct hunt_printer to = {h->s, &h->parties};
    progress_clear(&h->progress);
    say_text(h->s, buffer_text(&output->text));
    hunt_patterns_print(&to, &h->patterns, buffer_text(&output->later));
}

/* ---- one log ---- */

/* Where the log's own header says which column is the time, the block's are not held against it. */
static bool outside(const struct hunt *h, const struct archive_block *b)
{
    return !h->header && b->untimed == 0 && (b->last_us < h->since_us || b->first_us >= h->until_us);
}

static enum err hunt_block(struct hunt *h, size_t nth, const char *file)
{
    const struct archive_block *b = archive_log_block(h->log, nth);
    struct fault fault = {.offset = -1, .line = -1};
    buffer_clear(&h->packed);
    enum err err = archive_log_read(h->log, nth, &h->packed, &fault);
    if (err == ERR_MALFORMED || err == ERR_IO) {
        spoiled(h, b->first_line, &fault);
        return OK;
    }
    const struct pool_block block = {buffer_text(&h->packed), b->first_line, b->first_offset, file, h->header};
    if (!err)
        err = match_pool_add(h->pool, &block);
    h->read++;
    h->bytes += b->raw_len;
    return err;
}

static void tell_progress(struct hunt *h)
{
    unsigned long long hits = atomic_load(&h->hits);
    progress_tell(&h->progress, "hunting: log %zu of %zu, %llu blocks read, %llu hit%s", h->logs + 1, h->all_logs,
                  (unsigned long long)h->read, hits, hits == 1 ? "" : "s");
}

static enum err hunt_part(struct hunt *h, size_t part, const char *file)
{
    size_t first, count;
    uint64_t found = UINT64_MAX;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = OK;
    tell_progress(h);
    archive_log_part(h->log, part, &first, &count);
    err = archive_log_find(h->log, part, h->query, &h->keys, &found, &fault);
    if (err == ERR_MALFORMED || err == ERR_IO) {
        complain(h->s, "%s: at byte %lld: %s", h->path, (long long)fault.offset, fault.what);
        err = OK;
    }
    for (size_t i = 0; i < count && !err && !cancelled(h->s); i++)
        if (found >> i & 1 && !outside(h, archive_log_block(h->log, first + i))) {
            err = hunt_block(h, first + i, file);
            tell_progress(h);
        }
    return err;
}

static enum err hunt_log(void *self, const struct archive_log *l)
{
    struct hunt *h = self;
    char file[ARCHIVE_NAME_MAX + 1];
    char folder[ARCHIVE_PATH_MAX];
    struct text name = archive_log_about(l)->name;
    memcpy(file, name.ptr, name.len);
    file[name.len] = '\0';
    archive_of(h->s, folder);
    archive_folder_path(folder, archive_log_number(l), h->path);
    h->log = l;
    h->blocks += archive_log_blocks(l);
    enum err err = archive_read_header(l, h->packers[0], &h->packed, &h->stream, &h->header);
    for (size_t i = 0; i < archive_log_parts(l) && !err && !cancelled(h->s); i++)
        err = hunt_part(h, i, file);
    enum err end = match_pool_finish(h->pool);
    h->logs++;
    return err ? err : end;
}

/* For who watches it go on. */
static void count_logs(struct hunt *h)
{
    char folder[ARCHIVE_PATH_MAX];
    uint32_t *numbers;
    archive_of(h->s, folder);
    if (h->s->progress && archive_folder_list(folder, &numbers, &h->all_logs, NULL) == OK)
        free(numbers);
}

/* ---- what is hunted ---- */

static enum err list_values(struct session *s, struct watchlist **ret)
{
    struct arena a;
    struct buffer text;
    const char *type = option(s, "type");
    enum err err = OK;
    arena_init(&a, 64 * MIB);
    buffer_init(&text, VALUE_MAX_BYTES + 16);
    struct watch_value *values = arena_alloc(&a, s->operand_count * sizeof *values);
    for (size_t i = 0; values && i < s->operand_count && !err; i++) {
        struct text raw = text_of(s->operands[i]);
        struct fault fault = {.offset = -1, .line = -1};
        enum value_kind kind = type ? value_kind_parse(text_of(type)) : value_detect(raw);
        buffer_clear(&text);
        err = kind ? value_normalise(kind, raw, &text, &values[i].kind, &fault) : ERR_MALFORMED;
        if (err)
            complain(s, "%s: %s", s->operands[i],
                     fault.what[0] ? fault.what
                     : type        ? "--type is no kind of value: domain, ipv4, url, filename, mutex, ..."
                                   : "no value of a kind that shows; --type says what it is (docs/MATCHING.md)");
        else
            values[i].value = arena_text(&a, buffer_text(&text));
    }
    if (!err)
        err = values ? watchlist_of_values(values, s->operand_count, ret) : ERR_NOMEM;
    buffer_done(&text);
    arena_done(&a);
    return err;
}

/* The first entry that is not older: entries stand in the order of their times, but for a clock that was set back. */
static enum err entry_since(struct session *s, int64_t since_us, uint64_t *ret, struct fault *fault)
{
    uint64_t low = 0, high = node_tree_size(s->node);
    enum err err = OK;
    while (low < high && !err) {
        struct arena a;
        struct log_read entry;
        uint64_t middle = low + (high - low) / 2;
        arena_init(&a, LOG_RECORD_MAX_BYTES * 2);
        err = node_entry(s->node, middle, &a, &entry, fault);
        if (!err && entry.entry.t_us < since_us)
            low = middle + 1;
        else
            high = middle;
        arena_done(&a);
    }
    *ret = low;
    return err;
}

static enum err load_list(struct hunt *h, struct view *v, struct fault *fault)
{
    const char *since = option(h->s, "new-since");
    struct stamp stamp;
    uint64_t from = 0;
    if (h->s->operand_count)
        return list_values(h->s, &h->list);
    enum err err = belief_refresh(h->s->node, v, &h->belief, fault);
    if (err)
        return err;
    if (since && stamp_parse_lenient(text_of(since), &stamp))
        return ERR_USAGE;
    if (since)
        err = entry_since(h->s, stamp_us(stamp), &from, fault);
    if (!err)
        err = since ? watchlist_load_news(h->s->node, v, h->belief, from, UINT64_MAX, &h->list, fault)
                    : watchlist_load(v, h->belief, 0, 0, &h->list, fault);
    if (err)
        return err;
    const struct pattern_view whole = {.s = h->s, .v = v, .belief = h->belief, .until_n = watchlist_until(h->list)};
    return hunt_patterns_load(&whole, since != NULL, from, &h->patterns, fault);
}

static int load(struct hunt *h)
{
    struct view *v;
    struct fault fault = {.offset = -1, .line = -1};
    if (open_view(h->s, &v))
        return EXIT_WRITE;
    enum err err = party_names_load(v, &h->parties, &fault);
    if (!err)
        err = constituency_load(h->s->node, v, &h->constituency, &fault);
    if (!err)
        err = load_list(h, v, &fault);
    if (!err)
        err = archive_query_of(h->list, &h->query);
    if (!err)
        err = hunt_patterns_query(&h->patterns, h->query);
    node_reader_done(h->s->node, v);
    if (err && fault.what[0])
        return complain_fault(h->s, NULL, &fault);
    if (err && !(h->s->operand_count && err == ERR_MALFORMED))
        complain(h->s, "%s", err_name(err));
    return err == ERR_MALFORMED ? EXIT_USAGE : exit_of(err);
}

/* ---- the command ---- */

static int hunt_all(struct hunt *h)
{
    for (unsigned i = 0; i < h->threads; i++) {
        if (scanner_new(&h->scanners[i]) || scanner_new(&h->owners[i]) || packer_new(&h->packers[i])) {
            complain(h->s, "out of memory");
            return EXIT_WRITE;
        }
    }
    if (match_pool_new(h->threads, work, print, h, &h->pool)) {
        complain(h->s, "out of memory");
        return EXIT_WRITE;
    }
    count_logs(h);
    progress_start(&h->progress, h->s, "hunt", -1);
    size_t values = watchlist_size(h->list), patterns = log_patterns_wanted(&h->patterns);
    enum err err = values || patterns ? archive_each(h->s, hunt_log, h) : OK;
    match_pool_free(h->pool);
    progress_clear(&h->progress);
    if (cancelled(h->s)) {
        complain(h->s, "stopped before the end of the archive");
        return EXIT_WRITE;
    }
    tell_pattern_losses(h->s, &h->patterns);
    complain(h->s, "%zu value%s, %zu whole pattern%s, %llu of %llu blocks read (%.1f MB)", values,
             values == 1 ? "" : "s", patterns, patterns == 1 ? "" : "s", (unsigned long long)h->read,
             (unsigned long long)h->blocks, (double)h->bytes / 1e6);
    return err ? exit_of(err) : h->spoiled ? EXIT_DATA : EXIT_DONE;
}

static void done(struct hunt *h)
{
    for (size_t i = 0; i < h->threads; i++) {
        scanner_free(h->scanners[i]);
        scanner_free(h->owners[i]);
        packer_free(h->packers[i]);
    }
    archive_query_free(h->query);
    logline_stream_free(h->stream);
    watchlist_unref(h->list);
    log_patterns_done(&h->patterns);
    belief_unref(h->belief);
    constituency_unref(h->constituency);
    party_names_done(&h->parties);
    buffer_done(&h->keys);
    buffer_done(&h->packed);
    pthread_mutex_destroy(&h->lock);
}

static bool read_moment(struct session *s, const char *name, int64_t otherwise, int64_t *ret)
{
    struct stamp stamp;
    const char *given = option(s, name);
    *ret = otherwise;
    if (!given)
        return true;
    if (stamp_parse_lenient(text_of(given), &stamp)) {
        complain(s, "--%s %s: a moment like 2026-11-22T08:00:00Z, or a day", name, given);
        return false;
    }
    *ret = stamp_us(stamp);
    return true;
}

static int run_hunt(struct session *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads;
    int64_t unused;
    struct hunt h = {.s = s, .now_us = clock_now_us()};
    if (option_u64(s, "threads", cores > 0 ? (uint64_t)cores : 1, HUNT_THREADS_MAX, &threads) ||
        !read_moment(s, "since", INT64_MIN, &h.since_us) || !read_moment(s, "until", INT64_MAX, &h.until_us) ||
        !read_moment(s, "new-since", 0, &unused))
        return EXIT_USAGE;
    if (s->operand_count && option_given(s, "new-since")) {
        complain(s, "usage: entente hunt VALUE..., or entente hunt --new-since TIME, or entente hunt");
        return EXIT_USAGE;
    }
    h.threads = threads ? (unsigned)threads : 1;
    pthread_mutex_init(&h.lock, NULL);
    party_names_init(&h.parties);
    buffer_init(&h.keys, ARCHIVE_KEYS_MAX);
    buffer_init(&h.packed, 2 * ARCHIVE_BLOCK_MAX);
    int code = load(&h);
    if (!code)
        code = hunt_all(&h);
    done(&h);
    return code;
}

static const struct option_spec OPTIONS[] = {
    {"new-since", OPTION_VALUE, "TIME", "only indicators that came since then"},
    {"since", OPTION_VALUE, "TIME", "only events from then on; lines without a time are never left out"},
    {"until", OPTION_VALUE, "TIME", "only events before"},
    {"type", OPTION_VALUE, "KIND", "of the values: filename, mutex, ... (else as they look)"},
    {"threads", OPTION_VALUE, "N", "how many cores to use (all)"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_HUNT = {
    .name = "hunt",
    .operands = "[VALUE...]",
    .summary = "our indicators, or values, in the logs of the archive",
    .details =
        "The same hits as entente match would give on the same logs, whole patterns among them; file is the log's "
        "name\n"
        "as it was added. Values\n"
        "hit whether an indicator holds them or not (id is null then). Blocks of lines that can hold none of what "
        "is\n"
        "hunted are not read; standard error says how many were, and names damaged ones.\n",
    .options = OPTIONS,
    .operands_max = SIZE_MAX,
    .need = NEED_READ,
    .run = run_hunt};
