/* match --observed: whole patterns over a document of observed data. The document is foreign and is read by a process
 * of its own (observed_role.c); here it is bytes. */
#include "command/match_observed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/io.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/names.h"
#include "command/observed.h"
#include "command/readers.h"
#include "model/stix.h"
#include "process/worker.h"

/* One pattern and whose it is. Texts lie in the arena. */
struct asked {
    struct text pattern, id, party; /* id empty: from a file or an option */
    const char *file;               /* of a pattern file */
    uint64_t line;
};
struct asking {
    struct session *s;
    struct view *names;
    struct arena arena;
    struct asked *list;
    size_t count, cap;
    int64_t now_us;
    uint64_t matches;
    bool undecided; /* of some pattern nothing is known */
    int code;
};

static enum err add(struct asking *a, struct asked one)
{
    if (a->count == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 64;
        struct asked *larger = realloc(a->list, cap * sizeof *larger);
        if (!larger)
            return ERR_NOMEM;
        a->list = larger;
        a->cap = cap;
    }
    if (a->count == UINT32_MAX || !one.pattern.ptr)
        return ERR_NOMEM;
    a->list[a->count++] = one;
    return OK;
}

/* ---- the patterns ---- */

static enum err add_indicator(struct asking *a, const struct version_row *row, const struct json_val *object)
{
    struct asked one = {.pattern = arena_text(&a->arena, json_text(json_get(object, "pattern"))),
                        .id = arena_text(&a->arena, row->id)};
    struct stamp until;
    if (!text_eq(json_text(json_get(object, "pattern_type")), TEXT("stix")))
        return OK;
    if (!stamp_parse(json_text(json_get(object, "valid_until")), &until, NULL) && stamp_us(until) <= a->now_us)
        return OK;
    struct uuid party = row->party;
    one.party = party_name(a->names, &a->arena, &party);
    return add(a, one);
}

static enum err on_indicator(void *self, const struct version_row *row)
{
    struct asking *a = self;
    struct buffer body;
    struct json_doc *doc = NULL;
    struct gate_class cls;
    if (row->revoked || cancelled(a->s))
        return cancelled(a->s) ? ERR_CANCELLED : OK;
    enum err err = view_class(a->names, row->class_id, &cls, NULL);
    if (err || cls.quarantined)
        return err;
    buffer_init(&body, 2 * STIX_OBJECT_MAX_BYTES);
    err = node_body(a->s->node, row->body, &body, NULL);
    if (!err)
        err = json_parse(buffer_text(&body), &doc, NULL);
    if (!err)
        err = add_indicator(a, row, json_root(doc));
    json_free(doc);
    buffer_done(&body);
    return err == ERR_NOT_FOUND ? OK : err; /* erased */
}

static int take_indicators(struct asking *a)
{
    struct session *s = a->s;
    struct fault fault = {.offset = -1, .line = -1};
    struct view *v;
    enum err err = node_open(io_system(), s->home, NODE_READ, &s->node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    int code = open_view(s, &v) ? EXIT_WRITE : EXIT_DONE;
    if (!code && open_view(s, &a->names)) {
        node_reader_done(s->node, v);
        code = EXIT_WRITE;
    }
    if (!code) {
        err = view_of_type(v, TEXT("indicator"), UINT32_MAX, on_indicator, a, &fault);
        if (err)
            code = fault.what[0] ? complain_fault(s, NULL, &fault)
                                 : (complain(s, "the indicators: %s", err_name(err)), exit_of(err));
        node_reader_done(s->node, a->names);
        node_reader_done(s->node, v);
    }
    node_close(s->node);
    s->node = NULL;
    return code;
}

static int take_file(struct asking *a, const char *name)
{
    struct buffer bytes;
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    buffer_init(&bytes, OBSERVED_MAX_BYTES);
    while (fd >= 0 && n != 0) {
        char *to = buffer_reserve(&bytes, 64 * KIB);
        if (!to)
            break;
        n = read(fd, to, 64 * KIB);
        bytes.len -= 64 * KIB - (n > 0 ? (size_t)n : 0);
        if (n < 0 && errno != EINTR)
            break;
    }
    int failed = errno;
    if (fd >= 0 && !standard)
        close(fd);
    if (fd < 0 || n != 0) {
        complain(a->s, "%s: %s", name,
                 buffer_error(&bytes) ? "too long for a file of patterns, one a line" : strerror(failed));
        buffer_done(&bytes);
        return fd < 0 && failed == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    struct text rest = buffer_text(&bytes), line;
    enum err err = OK;
    for (uint64_t number = 1; !err && text_split(&rest, '\n', &line); number++) {
        line = text_trim(line);
        if (line.len > 0 && line.ptr[0] != '#')
            err = add(a, (struct asked){.pattern = arena_text(&a->arena, line), .file = name, .line = number});
    }
    buffer_done(&bytes);
    return err ? (complain(a->s, "%s: no memory for its patterns", name), EXIT_WRITE) : EXIT_DONE;
}

static int take_patterns(struct asking *a)
{
    struct session *s = a->s;
    const char *given = option(s, "pattern");
    int code = EXIT_DONE;
    if (!given && s->operand_count == 0)
        return take_indicators(a);
    if (given && add(a, (struct asked){.pattern = arena_text(&a->arena, text_of(given))})) {
        complain(s, "--pattern: no memory for it");
        return EXIT_WRITE;
    }
    for (size_t i = 0; !code && i < s->operand_count; i++)
        code = take_file(a, s->operands[i]);
    return code;
}

/* ---- the document ---- */

static bool write_whole(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool write_patterns(const struct asking *a, int fd)
{
    struct buffer b;
    bool ok = true;
    buffer_init(&b, SIZE_MAX / 2);
    buffer_add_u32(&b, (uint32_t)a->count);
    for (size_t i = 0; ok && i < a->count; i++) {
        buffer_add_sized(&b, a->list[i].pattern);
        if (b.len > 1 * MIB || i + 1 == a->count) {
            ok = write_whole(fd, b.ptr, b.len);
            buffer_clear(&b);
        }
    }
    if (ok && b.len > 0)
        ok = write_whole(fd, b.ptr, b.len);
    ok = ok && buffer_error(&b) == OK;
    buffer_done(&b);
    return ok;
}

static int copy_document(struct asking *a, const char *name, int to)
{
    char part[16 * KIB];
    bool standard = strcmp(name, "-") == 0;
    int from = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC), code = EXIT_DONE;
    size_t total = 0;
    ssize_t n = from < 0 ? -1 : 1;
    while (n > 0 && !code && !cancelled(a->s)) {
        n = read(from, part, sizeof part);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0 && (total += (size_t)n) > OBSERVED_MAX_BYTES)
            code = (complain(a->s, "%s: more than %zu MiB of observed data in one document: split it", name,
                             (size_t)(OBSERVED_MAX_BYTES / MIB)),
                    EXIT_DATA);
        else if (n > 0 && !write_whole(to, part, (size_t)n))
            code = (complain(a->s, "no memory to hold %s: %s", name, strerror(errno)), EXIT_WRITE);
    }
    if (n < 0) {
        complain(a->s, "%s: %s", name, strerror(errno));
        code = errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    if (from >= 0 && !standard)
        close(from);
    return code;
}

/* Patterns and document in a file without a name; its reader gets it open for reading alone. */
static int make_input(struct asking *a, const char *name, int *ret_fd)
{
    char path[64];
    int fd = memfd_create("observed", MFD_CLOEXEC), code;
    if (fd < 0 || !write_patterns(a, fd)) {
        complain(a->s, "no memory to hold the patterns: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return EXIT_WRITE;
    }
    code = copy_document(a, name, fd);
    if (!code) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (*ret_fd < 0)
            code = (complain(a->s, "%s: %s", path, strerror(errno)), EXIT_WRITE);
    }
    close(fd);
    return code;
}

/* ---- the answers ---- */

static void put_or_null(struct json_out *o, const char *name, struct text t)
{
    json_key(o, text_of(name));
    if (t.len)
        json_put_text(o, t);
    else
        json_put_null(o);
}

static void tell_json(struct asking *a, const struct asked *p, struct text first, struct text last, uint32_t count,
                      struct cursor *ids)
{
    struct json_out o = json_out_to(json_line(a->s));
    json_open(&o, '{');
    json_member_text(&o, "pattern", p->pattern);
    put_or_null(&o, "id", p->id);
    json_key(&o, TEXT("observations"));
    json_open(&o, '[');
    for (uint32_t i = 0; i < count; i++)
        json_put_text(&o, cursor_text(ids));
    json_close(&o, ']');
    json_member_text(&o, "first", first);
    json_member_text(&o, "last", last);
    put_or_null(&o, "party", p->party);
    json_close(&o, '}');
    json_line_end(a->s);
}

static void tell_people(struct asking *a, const struct asked *p, struct text first, struct text last, uint32_t count,
                        struct cursor *ids)
{
    struct buffer out;
    buffer_init(&out, 64 * MIB);
    buffer_add(&out, p->pattern);
    buffer_add(&out, TEXT("\n"));
    if (p->id.len)
        buffer_addf(&out, "  " TEXT_FMT "  from " TEXT_FMT "\n", TEXT_ARG(p->id), TEXT_ARG(p->party));
    buffer_addf(&out, "  " TEXT_FMT " to " TEXT_FMT "\n", TEXT_ARG(first), TEXT_ARG(last));
    for (uint32_t i = 0; i < count; i++) {
        struct text id = cursor_text(ids);
        buffer_addf(&out, "  " TEXT_FMT "\n", TEXT_ARG(id));
    }
    clean_for_people(out.ptr, out.ptr ? out.len : 0, true);
    say_text(a->s, buffer_text(&out));
    buffer_done(&out);
}

/* Another process's words: every number and length is checked. */
static bool take_match(struct asking *a, struct text bytes)
{
    struct cursor c, ids;
    cursor_init(&c, bytes);
    uint32_t number = cursor_u32(&c);
    struct text first = cursor_text(&c), last = cursor_text(&c);
    uint32_t count = cursor_u32(&c);
    ids = c;
    for (uint32_t i = 0; i < count && !cursor_error(&c); i++)
        if (!text_is_utf8(cursor_text(&c)))
            cursor_fail(&c);
    if (cursor_error(&c) || number >= a->count || !text_is_utf8(first) || !text_is_utf8(last))
        return false;
    a->matches++;
    if (a->s->json)
        tell_json(a, &a->list[number], first, last, count, &ids);
    else
        tell_people(a, &a->list[number], first, last, count, &ids);
    return true;
}

static bool take_complaint(struct asking *a, enum observed_frame kind, struct text bytes)
{
    struct cursor c;
    cursor_init(&c, bytes);
    uint32_t number = cursor_u32(&c);
    struct text rule = cursor_text(&c), what = kind == OBSERVED_BAD ? cursor_text(&c) : TEXT_NONE;
    if (cursor_error(&c) || number >= a->count)
        return false;
    const struct asked *p = &a->list[number];
    struct buffer where;
    buffer_init(&where, 64 * KIB);
    if (p->id.len)
        buffer_addf(&where, TEXT_FMT ": ", TEXT_ARG(p->id));
    else if (p->file)
        buffer_addf(&where, "%s:%llu: ", p->file, (unsigned long long)p->line);
    if (kind == OBSERVED_BAD)
        complain(a->s, TEXT_FMT TEXT_FMT " (" TEXT_FMT ")", TEXT_ARG(buffer_text(&where)), TEXT_ARG(what),
                 TEXT_ARG(rule));
    else
        complain(a->s, TEXT_FMT "too expensive to decide: " TEXT_FMT " was reached; simplify the pattern",
                 TEXT_ARG(buffer_text(&where)), TEXT_ARG(rule));
    buffer_done(&where);
    a->undecided = true;
    a->code = EXIT_DATA;
    return true;
}

static bool take_refused(struct asking *a, const char *name, struct text bytes)
{
    struct cursor c;
    cursor_init(&c, bytes);
    struct text id = cursor_text(&c), rule = cursor_text(&c), what = cursor_text(&c);
    if (cursor_error(&c))
        return false;
    complain(a->s, "%s: " TEXT_FMT ": " TEXT_FMT " (" TEXT_FMT "): left out", name,
             TEXT_ARG(id.len ? id : TEXT("observed-data without an id")), TEXT_ARG(what), TEXT_ARG(rule));
    a->code = EXIT_DATA;
    return true;
}

static bool take_failed(struct asking *a, const char *name, struct text bytes)
{
    struct cursor c;
    cursor_init(&c, bytes);
    uint8_t err = cursor_u8(&c);
    struct text rule = cursor_text(&c), what = cursor_text(&c);
    if (cursor_error(&c))
        return false;
    complain(a->s, "%s: " TEXT_FMT "%s" TEXT_FMT "%s", name, TEXT_ARG(what), rule.len ? " (" : "", TEXT_ARG(rule),
             rule.len ? ")" : "");
    a->code = exit_of((enum err)err);
    return true;
}

static bool take_done(struct asking *a, const char *name, struct text bytes)
{
    struct cursor c;
    cursor_init(&c, bytes);
    uint32_t observations = cursor_u32(&c);
    if (cursor_error(&c))
        return false;
    if (!a->s->json && a->matches == 0 && !a->undecided)
        say(a->s, "No pattern of %zu matches %s (%u observed-data).\n", a->count, name, (unsigned)observations);
    if (observations == 0)
        complain(a->s, "%s: holds no observed-data that could be used", name);
    return true;
}

/* false: the frame is not as agreed. *ret_end: it was the last. */
static bool take_frame(struct asking *a, const char *name, uint8_t kind, struct text bytes, bool *ret_end)
{
    *ret_end = kind == OBSERVED_DONE || kind == OBSERVED_FAILED;
    switch (kind) {
    case OBSERVED_GOING: return true;
    case OBSERVED_REFUSED: return take_refused(a, name, bytes);
    case OBSERVED_FAILED: return take_failed(a, name, bytes);
    case OBSERVED_BAD:
    case OBSERVED_COSTLY: return take_complaint(a, (enum observed_frame)kind, bytes);
    case OBSERVED_MATCH: return take_match(a, bytes);
    case OBSERVED_DONE: return take_done(a, name, bytes);
    default: return false;
    }
}

static int evaluate(struct asking *a, const char *name, int fd)
{
    const struct worker_limits limits = {.memory_bytes = READER_MEMORY_MAX_BYTES,
                                         .frame_bytes = OBSERVED_FRAME_BYTES,
                                         .cpu_s = OBSERVED_CPU_S,
                                         .silence_ms = OBSERVED_SILENCE_MS};
    struct fault fault = {.offset = -1, .line = -1};
    struct worker *w;
    bool end = false;
    enum err err = worker_start(OBSERVED_ROLE, fd, TEXT_NONE, &limits, a->s->cancel, &w, &fault);
    if (err)
        return complain_fault(a->s, name, &fault);
    while (!err && !end) {
        uint8_t kind;
        struct text bytes;
        err = worker_next(w, &kind, &bytes, &fault);
        if (!err && !take_frame(a, name, kind, bytes, &end))
            err = fault_set(&fault, ERR_MALFORMED, "its reader broke the form of its answers");
    }
    worker_free(w);
    return err ? complain_fault(a->s, name, &fault) : a->code;
}

int run_match_observed(struct session *s)
{
    struct asking a = {.s = s, .now_us = clock_now_us()};
    const char *name = option(s, "observed");
    struct fault fault = {.offset = -1, .line = -1};
    int fd = -1;
    arena_init(&a.arena, 512 * MIB);
    int code = take_patterns(&a);
    bool given = option(s, "pattern") || s->operand_count > 0;
    /* Without a home its configuration is missing, and the strict policy stays. */
    if (!code && readers_configure(s->home, false, &fault) && !given)
        code = complain_fault(s, NULL, &fault);
    if (!code && a.count == 0)
        complain(s, "there is no pattern to look for");
    if (!code)
        code = make_input(&a, name, &fd);
    if (!code)
        code = evaluate(&a, name, fd);
    if (fd >= 0)
        close(fd);
    free(a.list);
    arena_done(&a.arena);
    return code;
}
