/* What `validate` says. For people: the file's verdict, then its faults; a file with so many that they cannot wait
 * has its verdict at the end. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "command/validate.h"
#include "json/json.h"

#define WAITING_MAX_BYTES (1 * MIB)

void report_init(struct validate_report *r, struct session *s)
{
    *r = (struct validate_report){.s = s};
    buffer_init(&r->lines, WAITING_MAX_BYTES + 64 * KIB);
}

void report_done(struct validate_report *r)
{
    buffer_done(&r->lines);
}

static void clear_progress(struct validate_report *r)
{
    if (r->progress_shown)
        fputs("\r\033[K", stderr);
    r->progress_shown = false;
}

void report_file(struct validate_report *r, const char *file, int fd)
{
    struct stat st;
    r->file = file;
    r->file_bytes = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    r->flooded = false;
    r->last[0] = '\0';
    r->began_us = clock_mono_us();
    buffer_clear(&r->lines);
}

void report_progress(void *self, uint64_t bytes, uint64_t objects)
{
    struct validate_report *r = self;
    char of[40] = "";
    if (!r->s->progress)
        return;
    if (r->file_bytes)
        snprintf(of, sizeof of, " of %llu", (unsigned long long)(r->file_bytes / 1000000));
    r->progress_shown = true;
    fprintf(stderr, "\r\033[K%llu%s MB, %llu %s", (unsigned long long)(bytes / 1000000), of,
            (unsigned long long)objects, r->pattern ? "patterns" : "objects");
    fflush(stderr);
}

/* ---- one fault ---- */

static void fault_json(struct validate_report *r, const struct document_fault *f)
{
    struct json_out o = json_out_to(json_line(r->s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(r->file));
    json_member_i64(&o, "at", f->at);
    json_member_i64(&o, "line", f->line);
    json_member_i64(&o, "column", f->column);
    json_member_text(&o, "id", f->id);
    json_member_text(&o, "pointer", f->pointer);
    json_member_text(&o, "rule", f->rule);
    json_member_text(&o, "severity", f->severity == STIX_MUST ? TEXT("must") : TEXT("should"));
    json_member_text(&o, "words", f->words);
    json_close(&o, '}');
    json_line_end(r->s);
}

static void flush(struct validate_report *r)
{
    say_text(r->s, buffer_text(&r->lines));
    buffer_clear(&r->lines);
}

static void fault_people(struct validate_report *r, const struct document_fault *f)
{
    bool error = f->severity == STIX_MUST || r->strict;
    size_t at = r->lines.len;
    buffer_addf(&r->lines, "  %-8s line %lld, column %lld (byte %lld)", error ? "error" : "warning",
                (long long)f->line, (long long)f->column, (long long)f->at);
    if (f->id.len)
        buffer_addf(&r->lines, ", " TEXT_FMT, TEXT_ARG(f->id));
    if (f->pointer.len)
        buffer_addf(&r->lines, " " TEXT_FMT, TEXT_ARG(f->pointer));
    buffer_addf(&r->lines, ": " TEXT_FMT " (" TEXT_FMT ")", TEXT_ARG(f->words), TEXT_ARG(f->rule));
    if (r->lines.len > at)
        clean_for_people(r->lines.ptr + at, r->lines.len - at, false);
    buffer_add_char(&r->lines, '\n');
    if (f->excerpt.len) {
        at = r->lines.len;
        buffer_addf(&r->lines, "           " TEXT_FMT, TEXT_ARG(f->excerpt));
        if (r->lines.len > at)
            clean_for_people(r->lines.ptr + at, r->lines.len - at, false);
        buffer_addf(&r->lines, "\n           %*s^\n", (int)f->caret, "");
    }
    if (r->lines.len < WAITING_MAX_BYTES)
        return;
    if (!r->flooded)
        say(r->s, "%s: its faults, as they are found\n", r->file);
    r->flooded = true;
    flush(r);
}

void report_fault(void *self, const struct document_fault *f)
{
    struct validate_report *r = self;
    clear_progress(r);
    snprintf(r->last, sizeof r->last, "line %lld, column %lld (byte %lld): %.*s", (long long)f->line,
             (long long)f->column, (long long)f->at,
             f->words.len > FAULT_WHAT_MAX ? FAULT_WHAT_MAX : (int)f->words.len, f->words.ptr ? f->words.ptr : "");
    if (r->s->json)
        fault_json(r, f);
    else
        fault_people(r, f);
}

/* ---- one file ---- */

static void counted(struct buffer *b, uint64_t n, const char *what)
{
    buffer_addf(b, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

static void add_counts(struct buffer *b, const struct validate_report *r, const struct document_sum *sum)
{
    counted(b, sum->objects, r->pattern ? "pattern" : "object");
    buffer_add(b, TEXT(", "));
    counted(b, r->strict ? sum->musts + sum->shoulds : sum->musts, "error");
    if (r->strict)
        return;
    buffer_add(b, TEXT(", "));
    counted(b, sum->shoulds, "warning");
}

static void end_json(struct validate_report *r, const struct document_sum *sum, bool readable, bool valid)
{
    struct json_out o = json_out_to(json_line(r->s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(r->file));
    json_member_i64(&o, "objects", (int64_t)sum->objects);
    json_member_bool(&o, "valid", valid);
    json_member_i64(&o, "musts", (int64_t)sum->musts);
    json_member_i64(&o, "shoulds", (int64_t)sum->shoulds);
    json_member_bool(&o, "readable", readable);
    json_key(&o, TEXT("seconds"));
    json_put_f64(&o, (double)(clock_mono_us() - r->began_us) / 1e6);
    json_close(&o, '}');
    json_line_end(r->s);
}

static void end_people(struct validate_report *r, const struct document_sum *sum, bool readable, bool valid)
{
    struct buffer b;
    buffer_init(&b, 4 * KIB);
    if (r->flooded)
        flush(r);
    add_counts(&b, r, sum);
    say(r->s, "%s: %s: " TEXT_FMT "\n", r->file,
        valid      ? "valid"
        : readable ? "not valid"
                   : "cannot be read",
        TEXT_ARG(buffer_text(&b)));
    if (sum->together_incomplete)
        say(r->s,
            "  note     more objects than are compared with each other: twins among the later ones are not told\n");
    flush(r);
    buffer_done(&b);
}

bool report_end(struct validate_report *r, const struct document_sum *sum, bool readable)
{
    bool valid = readable && sum->musts == 0 && (!r->strict || sum->shoulds == 0);
    clear_progress(r);
    r->files++;
    r->files_invalid += !valid;
    r->total.objects += sum->objects;
    r->total.musts += sum->musts;
    r->total.shoulds += sum->shoulds;
    if (r->s->json)
        end_json(r, sum, readable, valid);
    else
        end_people(r, sum, readable, valid);
    return valid;
}

void report_total(struct validate_report *r)
{
    struct buffer b;
    if (r->s->json)
        return;
    buffer_init(&b, 4 * KIB);
    counted(&b, r->files, "file");
    buffer_addf(&b, ", %llu not valid: ", (unsigned long long)r->files_invalid);
    add_counts(&b, r, &r->total);
    buffer_add_char(&b, '\n');
    say_text(r->s, buffer_text(&b));
    buffer_done(&b);
}
