#include "command/session.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "model/space.h"

int exit_of(enum err err)
{
    switch (err) {
    case OK: return EXIT_DONE;
    case ERR_USAGE:
    case ERR_EXISTS: return EXIT_USAGE;
    case ERR_MALFORMED:
    case ERR_LIMIT:
    case ERR_NOT_FOUND:
    case ERR_VERSION: return EXIT_DATA;
    case ERR_UNREACHABLE: return EXIT_PEER;
    case ERR_DENIED: return EXIT_DENIED;
    case ERR_NOMEM:
    case ERR_IO:
    case ERR_FULL:
    case ERR_BUSY:
    case ERR_CANCELLED: return EXIT_WRITE;
    }
    return EXIT_WRITE;
}

const struct uuid *session_account(const struct session *s)
{
    return s->actor ? &s->actor->account : node_admin(s->node);
}

const char *option(const struct session *s, const char *name)
{
    const struct option_spec *o = s->command->options;
    for (size_t i = 0; o && o[i].name; i++) {
        if (strcmp(o[i].name, name) == 0)
            return s->values[i];
    }
    return NULL;
}

bool option_given(const struct session *s, const char *name)
{
    return option(s, name) != NULL;
}

enum command_need session_need(const struct session *s)
{
    const struct command *c = s->command;
    for (size_t i = 0; i < ARRAY_LEN(c->alone_options); i++)
        if (c->alone_options[i] && option_given(s, c->alone_options[i]))
            return NEED_NOTHING;
    return c->owner_option && option_given(s, c->owner_option) ? NEED_WRITE : c->need;
}

enum err option_u64(struct session *s, const char *name, uint64_t otherwise, uint64_t most, uint64_t *ret)
{
    const char *given = option(s, name);
    uint64_t v = otherwise;
    if (given && (text_u64(text_of(given), &v) || v > most)) {
        complain(s, "--%s %s: a whole number, at most %llu", name, given, (unsigned long long)most);
        return ERR_USAGE;
    }
    *ret = v;
    return OK;
}

/* Length of the sequence at bytes; *ret_bad when a terminal should not see it. */
static size_t sequence(const unsigned char *b, size_t len, bool lines, bool *ret_bad)
{
    size_t n = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (n == 1) {
        *ret_bad = (b[0] < 0x20 && b[0] != '\t' && !(b[0] == '\n' && lines)) || b[0] == 0x7f;
        return 1;
    }
    if (n > len || !text_is_utf8((struct text){(const char *)b, n})) {
        *ret_bad = true;
        return 1;
    }
    bool c1 = n == 2 && b[0] == 0xc2 && b[1] < 0xa0;
    bool turns = n == 3 && b[0] == 0xe2 && /* U+202A..U+202E, U+2066..U+2069 */
                 ((b[1] == 0x80 && b[2] >= 0xaa && b[2] <= 0xae) || (b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9));
    *ret_bad = c1 || turns;
    return n;
}

void clean_for_people(char *bytes, size_t len, bool lines)
{
    for (size_t i = 0; i < len;) {
        bool bad = false;
        size_t n = sequence((const unsigned char *)bytes + i, len - i, lines, &bad);
        if (bad)
            memset(bytes + i, '?', n);
        i += n;
    }
}

PRINTF_LIKE(4, 0)
static void write_formatted(struct session *s, bool to_stderr, const char *prefix, const char *format, va_list args,
                            const char *suffix)
{
    struct buffer b;
    buffer_init(&b, 1 * MIB);
    buffer_add(&b, text_of(prefix));
    buffer_vaddf(&b, format, args);
    if (b.len)
        clean_for_people(b.ptr, b.len, !to_stderr);
    buffer_add(&b, text_of(suffix));
    s->write(s->write_self, to_stderr, buffer_text(&b));
    buffer_done(&b);
}

void say(struct session *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_formatted(s, false, "", format, args, "");
    va_end(args);
}

void say_text(struct session *s, struct text t)
{
    s->write(s->write_self, false, t);
}

void complain(struct session *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_formatted(s, true, "entente: ", format, args, "\n");
    va_end(args);
}

int complain_fault(struct session *s, const char *where, const struct fault *f)
{
    char place[64] = "";
    if (f->line >= 0)
        snprintf(place, sizeof place, "line %lld: ", (long long)f->line);
    else if (f->offset >= 0)
        snprintf(place, sizeof place, "byte %lld: ", (long long)f->offset);
    const char *what = f->what[0] ? f->what : err_name(f->err);
    if (where)
        complain(s, "%s: %s%s", where, place, what);
    else
        complain(s, "%s%s", place, what);
    return exit_of(f->err);
}

bool cancelled(const struct session *s)
{
    return s->cancel && atomic_load(s->cancel);
}

struct buffer *json_line(struct session *s)
{
    buffer_clear(&s->line);
    return &s->line;
}

void json_line_end(struct session *s)
{
    buffer_add_char(&s->line, '\n');
    if (buffer_error(&s->line))
        complain(s, "a line of output could not be made: %s", err_name(buffer_error(&s->line)));
    else
        s->write(s->write_self, false, buffer_text(&s->line));
}

const char *moment(int64_t us, char out[MOMENT_MAX])
{
    char stamp[STAMP_TEXT_MAX];
    struct text t = stamp_format(stamp_from_us(us, 0), stamp);
    snprintf(out, MOMENT_MAX, TEXT_FMT, TEXT_ARG(t));
    if (t.len > 10)
        out[10] = ' ';
    return out;
}

void tell_space(struct session *s)
{
    struct text space = node_genesis(s->node)->space;
    if (!s->json && !s->command->hidden && !space_is_real(space))
        complain(s, "EXERCISE \"" TEXT_FMT "\": nothing here is real", TEXT_ARG(space));
}
