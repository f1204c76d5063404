#include "command/hunt_patterns.h"

enum err hunt_patterns_load(const struct pattern_view *from, bool news, uint64_t from_n, struct log_patterns *ret,
                            struct fault *reterr)
{
    enum err err = news ? log_patterns_load_news(from, from_n, ret, reterr) : log_patterns_load(from, ret, reterr);
    if (!err)
        tell_not_looked_for(from->s, ret);
    return err;
}

enum err hunt_patterns_query(const struct log_patterns *p, struct archive_query *q)
{
    enum err err = OK;
    for (size_t i = 0; !err && i < p->count; i++) {
        size_t count;
        const struct trigger *list = streamed_triggers(p->streamed, (uint32_t)i, &count);
        for (size_t t = 0; !err && t < count; t++)
            err = archive_query_add(q, list[t].kind, list[t].value);
    }
    return err;
}

struct printing {
    const struct hunt_printer *to;
    struct buffer *out;
};

static enum err print(void *self, const struct pattern_hit *hit)
{
    struct printing *p = self;
    buffer_clear(p->out);
    pattern_hit_print(p->to->parties, p->to->s->json, hit, p->out);
    say_text(p->to->s, buffer_text(p->out));
    return buffer_error(p->out);
}

void hunt_patterns_print(const struct hunt_printer *to, struct log_patterns *p, struct text lines)
{
    struct printing self = {to, p->scratch};
    enum err err = lines.len ? log_patterns_take(p, lines, print, &self) : OK;
    if (err)
        complain(to->s, "patterns over events: %s", err_name(err));
}
