/* One document, read by a copy of this process that is locked in before the first byte (process/worker_fork.h). It
 * answers in frames: FAULTS holds some faults one behind the other, PROGRESS two numbers, END the sums. What comes
 * out is copied and checked; a reader that was taken over can lie about its own document and nothing else. */
#include <limits.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "command/validate.h"
#include "process/worker_fork.h"
#include "process/worker_role.h"
#include "reader/role.h"

enum { VALIDATE_FAULTS = 10, VALIDATE_PROGRESS, VALIDATE_END };

/* A frame: a batch, and the largest fault behind it. */
#define BATCH_BYTES (32 * KIB)
#define FRAME_BYTES (64 * KIB)

/* ---- in the copy ---- */

struct sender {
    const struct validate_job *job;
    bool wait; /* faults may wait for each other */
    struct stix_together *together;
    struct buffer out;
};

static void send(struct sender *s)
{
    if (s->out.len)
        worker_send(VALIDATE_FAULTS, buffer_text(&s->out));
    buffer_clear(&s->out);
}

static void send_fault(void *self, const struct document_fault *f)
{
    struct sender *s = self;
    buffer_add_u8(&s->out, (uint8_t)f->severity);
    buffer_add_u64(&s->out, (uint64_t)f->at);
    buffer_add_u64(&s->out, (uint64_t)f->line);
    buffer_add_u64(&s->out, (uint64_t)f->column);
    buffer_add_sized(&s->out, f->id);
    buffer_add_sized(&s->out, f->pointer);
    buffer_add_sized(&s->out, f->rule);
    buffer_add_sized(&s->out, f->words);
    buffer_add_sized(&s->out, f->excerpt);
    buffer_add_u32(&s->out, (uint32_t)f->caret);
    if (!s->wait || s->out.len >= BATCH_BYTES)
        send(s);
}

static void send_progress(void *self, uint64_t bytes, uint64_t objects)
{
    struct buffer b;
    (void)self;
    buffer_init(&b, 16);
    buffer_add_u64(&b, bytes);
    buffer_add_u64(&b, objects);
    worker_send(VALIDATE_PROGRESS, buffer_text(&b));
    buffer_done(&b);
}

static void read_document(void *self, int document)
{
    struct sender *s = self;
    struct document_sum sum;
    struct fault fault = {.offset = -1, .line = -1};
    const struct document_faults to = {send_fault, send_progress, s, s->together};
    buffer_init(&s->out, FRAME_BYTES);
    enum err e = s->job->pattern ? pattern_faults(document, TEXT_NONE, &to, &sum, &fault)
                                 : stix_faults(document, TEXT_NONE, &to, &sum, &fault);
    send(s);
    buffer_add_u8(&s->out, (uint8_t)e);
    buffer_add_u64(&s->out, sum.objects);
    buffer_add_u64(&s->out, sum.valid);
    buffer_add_u64(&s->out, sum.musts);
    buffer_add_u64(&s->out, sum.shoulds);
    buffer_add_u64(&s->out, sum.unreadable);
    buffer_add_u64(&s->out, sum.bytes);
    buffer_add_u8(&s->out, sum.together_incomplete);
    buffer_add_sized(&s->out, text_of(fault.what));
    worker_send(VALIDATE_END, buffer_text(&s->out));
}

/* ---- its owner ---- */

static bool take_fault(struct cursor *c, struct document_fault *f)
{
    uint8_t severity = cursor_u8(c);
    f->severity = severity == STIX_MUST ? STIX_MUST : STIX_SHOULD;
    f->at = (int64_t)cursor_u64(c);
    f->line = (int64_t)cursor_u64(c);
    f->column = (int64_t)cursor_u64(c);
    f->id = cursor_text(c);
    f->pointer = cursor_text(c);
    f->rule = cursor_text(c);
    f->words = cursor_text(c);
    f->excerpt = cursor_text(c);
    f->caret = cursor_u32(c);
    return !cursor_error(c) && severity <= STIX_SHOULD && f->at >= 0 && f->line >= 1 && f->column >= 1 &&
           text_is_utf8(f->id) && text_is_utf8(f->pointer) && text_is_utf8(f->rule) && text_is_utf8(f->words) &&
           text_is_utf8(f->excerpt) && f->caret <= FAULT_EXCERPT_MAX_BYTES;
}

static bool take_faults(struct text bytes, const struct document_faults *to)
{
    struct cursor c;
    cursor_init(&c, bytes);
    while (!cursor_end(&c)) {
        struct document_fault f;
        if (!take_fault(&c, &f))
            return false;
        to->on_fault(to->self, &f);
    }
    return true;
}

static bool take_progress(struct text bytes, const struct document_faults *to)
{
    struct cursor c;
    cursor_init(&c, bytes);
    uint64_t read = cursor_u64(&c), objects = cursor_u64(&c);
    if (cursor_error(&c))
        return false;
    to->on_progress(to->self, read, objects);
    return true;
}

static bool take_end(struct text bytes, struct document_sum *ret, enum err *ret_err, struct fault *reterr)
{
    struct cursor c;
    cursor_init(&c, bytes);
    enum err e = (enum err)cursor_u8(&c);
    ret->objects = cursor_u64(&c);
    ret->valid = cursor_u64(&c);
    ret->musts = cursor_u64(&c);
    ret->shoulds = cursor_u64(&c);
    ret->unreadable = cursor_u64(&c);
    ret->bytes = cursor_u64(&c);
    ret->together_incomplete = cursor_u8(&c) == 1;
    struct text words = cursor_text(&c);
    if (cursor_error(&c) || !cursor_end(&c) || e > ERR_CANCELLED)
        return false;
    *ret_err = e;
    if (e)
        fault_set(reterr, e, TEXT_FMT, TEXT_ARG(words));
    return true;
}

static enum err listen(struct worker *w, const struct document_faults *to, struct document_sum *ret_sum,
                       bool *ret_ended, struct fault *reterr)
{
    for (;;) {
        uint8_t kind;
        struct text bytes;
        enum err e = worker_next(w, &kind, &bytes, reterr);
        if (e)
            return e;
        bool good = kind == VALIDATE_FAULTS     ? take_faults(bytes, to)
                    : kind == VALIDATE_PROGRESS ? take_progress(bytes, to)
                                                : kind == VALIDATE_END && take_end(bytes, ret_sum, &e, reterr);
        if (!good)
            return fault_set(reterr, ERR_MALFORMED, "its reader broke the record form");
        if (kind == VALIDATE_END) {
            *ret_ended = true;
            return e;
        }
    }
}

/* A pipe may be silent, and its length is anybody's guess. */
static struct worker_limits limits_of(int fd, bool *ret_file)
{
    struct stat st;
    *ret_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    uint64_t bytes =
        *ret_file && (uint64_t)st.st_size < DOCUMENT_MAX_BYTES ? (uint64_t)st.st_size : DOCUMENT_MAX_BYTES;
    return (struct worker_limits){.memory_bytes = READER_MEMORY_MAX_BYTES,
                                  .frame_bytes = FRAME_BYTES,
                                  .cpu_s = (unsigned)(READER_CPU_BASE_S + bytes / READER_CPU_BYTES_A_S),
                                  .silence_ms = *ret_file ? READER_SILENCE_MS : INT_MAX};
}

enum err validate_document(const struct validate_job *job, int fd, const struct document_faults *to,
                           struct document_sum *ret_sum, bool *ret_ended, struct fault *reterr)
{
    struct sender s = {.job = job};
    struct worker *w;
    const struct worker_limits limits = limits_of(fd, &s.wait);
    *ret_ended = false;
    *ret_sum = (struct document_sum){0};
    reader_prepare();
    enum err e = job->pattern ? OK : stix_together_new(FAULTS_TOGETHER_MAX_BYTES, &s.together);
    if (!e)
        e = worker_fork(fd, read_document, &s, job->policy, &limits, job->cancel, &w, reterr);
    else
        fault_set(reterr, e, "no memory to check it");
    stix_together_free(s.together);
    if (e == ERR_DENIED)
        return fault_set(reterr, e,
                         "this system lets no reader be locked in (no seccomp): --sandbox partial reads "
                         "it with what there is");
    if (e)
        return e;
    e = listen(w, to, ret_sum, ret_ended, reterr);
    worker_free(w);
    return e;
}
