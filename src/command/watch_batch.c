#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/owner.h"
#include "command/watch.h"
#include "json/json.h"

#define TEXTS_BUDGET (48 * MIB) /* of one batch: HITS_BATCH_MAX lines of EVIDENCE_LINE_MAX_BYTES and their values */

void log_state_write(const struct log_state *st, struct buffer *out)
{
    const uint64_t words[] = {st->follow.dev,       st->follow.ino,    st->follow.print,
                              st->follow.print_len, st->follow.offset, st->follow.line,
                              st->looked_back,      st->back_from,     st->back_until};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        buffer_add_u64(out, words[i]);
}

enum err log_state_read(struct text bytes, struct log_state *ret, struct text *ret_windows)
{
    struct cursor c;
    struct log_state st = {0};
    cursor_init(&c, bytes);
    st.follow.dev = cursor_u64(&c);
    st.follow.ino = cursor_u64(&c);
    st.follow.print = cursor_u64(&c);
    st.follow.print_len = (uint32_t)cursor_u64(&c);
    st.follow.offset = cursor_u64(&c);
    st.follow.line = cursor_u64(&c);
    st.looked_back = cursor_u64(&c);
    st.back_from = cursor_u64(&c);
    st.back_until = cursor_u64(&c);
    if (cursor_error(&c))
        return ERR_MALFORMED;
    *ret = st;
    *ret_windows = cursor_bytes(&c, cursor_left(&c));
    return OK;
}

/* What the owner says comes here: state, or JSON lines of findings. */
struct answer {
    struct session *s;
    struct buffer out;
};

static void keep_answer(void *self, bool to_stderr, struct text bytes)
{
    struct answer *a = self;
    if (to_stderr)
        a->s->write(a->s->write_self, true, bytes);
    else
        buffer_add(&a->out, bytes);
}

/* Runs the hidden command where the home's owner is, with fd (-1: none) as its input. */
static enum err call_hits(struct watch *w, int fd, const char *state_key, struct answer *answer)
{
    char name[] = "hits", state[] = "--state";
    char *words[] = {name, state, (char *)(uintptr_t)state_key, NULL};
    struct input input = {"batch", fd};
    struct session call = {.command = &COMMAND_HITS,
                           .home = w->s->home,
                           .inputs = &input,
                           .input_count = fd >= 0,
                           .output_fd = -1,
                           .write = keep_answer,
                           .write_self = answer};
    call.values[0] = state_key;
    buffer_init(&call.line, 1 * MIB);
    int code = owner_run(&call, words, state_key ? 3 : 1);
    buffer_done(&call.line);
    return code == EXIT_DONE ? buffer_error(&answer->out) : ERR_IO;
}

enum err watch_restore(struct watch *w)
{
    struct answer answer = {.s = w->s};
    struct text windows;
    buffer_init(&answer.out, 64 * KIB + WINDOWS_BYTES);
    enum err err = call_hits(w, -1, w->log->path, &answer);
    if (!err && answer.out.len && log_state_read(buffer_text(&answer.out), &w->log->state, &windows) == OK) {
        w->log->state_known = true;
        err = watch_patterns_restore(w, windows);
    }
    buffer_done(&answer.out);
    return err;
}

static void show_news(struct watch *w, struct text line)
{
    struct json_doc *doc;
    char when[MOMENT_MAX];
    int64_t number = 0, count = 0;
    if (w->s->json) {
        say(w->s, TEXT_FMT "\n", TEXT_ARG(line));
        return;
    }
    if (json_parse(line, &doc, NULL))
        return;
    const struct json_val *n = json_root(doc);
    struct text organisation = json_text(json_get(n, "organisation")), incident = json_text(json_get(n, "incident"));
    json_i64(json_get(n, "finding"), &number);
    json_i64(json_get(n, "count"), &count);
    say(w->s, "%s  F-%lld %s  " TEXT_FMT "  " TEXT_FMT "  %lld hit%s%s" TEXT_FMT "%s\n", moment(w->now_us, when),
        (long long)number, json_bool(json_get(n, "new"), false) ? "new" : "again",
        TEXT_ARG(organisation.len ? organisation : TEXT("(nobody of ours)")),
        TEXT_ARG(json_text(json_get(n, "value"))), (long long)count, count == 1 ? "" : "s",
        incident.len ? json_bool(json_get(n, "incident_opened"), false) ? "  opened " : "  in " : "",
        TEXT_ARG(incident), json_bool(json_get(n, "sighting"), false) ? "  sighting for the partner" : "");
    json_free(doc);
}

static void show_answer(struct watch *w, struct text out)
{
    struct text line;
    while (text_split(&out, '\n', &line)) {
        if (line.len)
            show_news(w, line);
    }
}

static enum err send_batch(struct watch *w, const struct hits_batch *b)
{
    struct buffer bytes;
    struct answer answer = {.s = w->s};
    buffer_init(&bytes, HITS_WIRE_MAX);
    buffer_init(&answer.out, HITS_WIRE_MAX);
    hits_wire_write(b, &bytes);
    int fd = memfd_create("hits", MFD_CLOEXEC);
    enum err err = buffer_error(&bytes);
    if (!err && (fd < 0 || io_write_all(io_system(), fd, bytes.ptr, bytes.len, 0) < 0))
        err = ERR_IO;
    if (!err)
        err = call_hits(w, fd, NULL, &answer);
    if (!err)
        show_answer(w, buffer_text(&answer.out));
    if (fd >= 0)
        close(fd);
    buffer_done(&answer.out);
    buffer_done(&bytes);
    return err;
}

enum err watch_flush(struct watch *w)
{
    struct buffer state;
    int64_t now = clock_mono_us();
    enum err err = w->log->keep_state ? watch_patterns_before(w) : OK;
    buffer_init(&state, 1 * KIB + WINDOWS_BYTES);
    struct hits_batch b = {.batch = {.file = w->log->file,
                                     .follow_key = w->log->follow_key,
                                     .follow_offset = w->log->done.offset,
                                     .follow_line = w->log->done.line,
                                     .hits = w->log->hits,
                                     .count = w->log->hit_count}};
    if (!err && w->log->keep_state) {
        log_state_write(&w->log->state, &state);
        err = watch_patterns_save(w, &state);
        b.state_key = text_of(w->log->path);
        b.state = buffer_text(&state);
    }
    if (!err)
        err = buffer_error(&state);
    if (!err && (w->log->hit_count || w->log->keep_state))
        err = send_batch(w, &b);
    buffer_done(&state);
    for (size_t i = 0; !err && i < w->log->hit_count; i++)
        told_now(w->told, &w->log->hits[i], now);
    if (!err)
        watch_patterns_stand(w);
    w->log->state_known |= !err && w->log->keep_state;
    w->log->hit_count = 0;
    w->log->held_line = TEXT_NONE;
    arena_reset(&w->log->texts);
    if (!err)
        w->log->unsaved_bytes = 0;
    return err;
}

/* The line's text is kept once for all its hits. */
static enum err hold_line(struct watch *w, const struct scan_line_hits *line)
{
    if (w->log->held_line.ptr && w->log->held_offset == line->offset)
        return OK;
    w->log->held_line = arena_text(&w->log->texts, text_sub(line->text, 0, EVIDENCE_LINE_MAX_BYTES));
    w->log->held_offset = line->offset;
    return w->log->held_line.ptr ? OK : ERR_NOMEM;
}

/* Hands over what there is, as read up to the start of this line. */
static enum err flush_before(struct watch *w, const struct scan_line_hits *line)
{
    struct follow_state done = w->log->done;
    bool keep = w->log->keep_state;
    w->log->done.offset = line->offset;
    w->log->done.line = line->line;
    w->log->keep_state = false;
    enum err err = watch_flush(w);
    w->log->done = done;
    w->log->keep_state = keep;
    return err;
}

enum err watch_report(struct watch *w, const struct scan_line_hits *line, struct hit_report report)
{
    /* More hits on one line than a batch holds: the only case in which a line is handed over in parts. */
    enum err err = w->log->hit_count == HITS_BATCH_MAX ? flush_before(w, line) : OK;
    if (!err)
        err = hold_line(w, line);
    if (err)
        return err;
    struct hit_report *h = &w->log->hits[w->log->hit_count];
    *h = report;
    h->indicator = arena_text(&w->log->texts, report.indicator);
    h->value = arena_text(&w->log->texts, report.value);
    h->organisation_name = arena_text(&w->log->texts, report.organisation_name);
    h->line = line->line;
    h->offset = line->offset;
    h->text = w->log->held_line;
    h->client = arena_text(&w->log->texts, report.client);
    if (!h->client.ptr || !h->indicator.ptr || !h->value.ptr || !h->organisation_name.ptr)
        return ERR_NOMEM;
    int64_t now = clock_mono_us(), due = w->log->state_known ? now + told_hold_us(w->told, h, now) : now;
    if (w->log->hit_count++ == 0 || due < w->log->due_us)
        w->log->due_us = due;
    return OK;
}

/* Who asked, where the line's format tells and the register says that it is one of theirs. */
static struct text own_client(const struct watch *w, const struct hit *hit)
{
    struct ipaddr address;
    if (!hit->client.len || ipaddr_parse(hit->client, &address) != OK)
        return TEXT_NONE;
    const struct register_hit who = constituency_address(w->constituency, &address);
    return who.organisation == hit->organisation ? hit->client : TEXT_NONE;
}

static enum err add_hit(void *self, const struct scan_line_hits *line, const struct hit *hit)
{
    const struct watch *w = self;
    char id[IDENT_TEXT_MAX];
    struct hit_report report = {.indicator = ident_format(TEXT("indicator"), &hit->item.uuid, id),
                                .value = hit->value,
                                .kind = hit->item.kind,
                                .seen_us = hit->seen_us};
    if (hit->organisation) {
        report.organisation = hit->organisation->id;
        report.organisation_name = hit->organisation->name;
        report.client = own_client(w, hit);
    }
    return watch_report(self, line, report);
}

enum err watch_line(void *self, const struct scan_line_hits *line)
{
    struct watch *w = self;
    /* A batch ends between lines, so that all hits of one line stand or fall together. */
    if (w->log->hit_count && w->log->hit_count + line->hit_count > HITS_BATCH_MAX) {
        enum err err = flush_before(w, line);
        if (err)
            return err;
    }
    enum err err =
        hits_of_line(w->owners, w->lists, w->list_count, w->constituency, w->now_us, w->header, line, add_hit, w);
    return err ? err : watch_patterns_line(w, line);
}

enum err watch_scan(struct watch *w, struct logline_stream *headers, struct text lines, uint64_t line,
                    uint64_t offset)
{
    const struct index *indexes[WATCH_LISTS_MAX + 1], *patterns = watch_patterns_index(w);
    size_t count = w->list_count;
    struct text piece = lines;
    enum err err = OK;
    memcpy(indexes, w->indexes, count * sizeof *w->indexes);
    if (patterns)
        indexes[count++] = patterns;
    w->header = NULL;
    if (!headers)
        return scan_block(w->scanner, indexes, count, lines, line, offset, watch_line, w);
    while (!err && logline_stream_next(headers, &lines, &piece, &w->header)) {
        err = scan_block(w->scanner, indexes, count, piece, line, offset, watch_line, w);
        offset += piece.len;
        if (lines.len)
            line += scan_count_lines(piece);
    }
    return err;
}
