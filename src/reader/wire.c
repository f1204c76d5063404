/* reader/wire.c - see wire.h. */
#include "reader/wire.h"

void wire_put_job(struct buffer *to, const struct reader_options *options)
{
    buffer_add_u8(to, (uint8_t)options->format);
    buffer_add_u8(to, options->tlp);
    buffer_add_u32(to, (uint32_t)options->chunk_bytes);
    buffer_add_u8(to, (uint8_t)options->envelope);
    buffer_add_u32(to, options->elements);
    buffer_add_sized(to, options->party);
    buffer_add_sized(to, options->identity);
    struct text name = options->name;
    buffer_add_sized(to, name.len > READER_NAME_MAX ? text_sub(name, name.len - READER_NAME_MAX, name.len) : name);
    buffer_add_sized(to, options->rules);
}

enum err wire_take_job(struct text job, struct reader_options *ret)
{
    struct cursor c;
    cursor_init(&c, job);
    struct reader_options o = {.format = (enum reader_format)cursor_u8(&c)};
    o.tlp = cursor_u8(&c);
    o.chunk_bytes = cursor_u32(&c);
    o.envelope = (enum reader_envelope)cursor_u8(&c);
    o.elements = cursor_u32(&c);
    o.party = cursor_text(&c);
    o.identity = cursor_text(&c);
    o.name = cursor_text(&c);
    o.rules = cursor_text(&c);
    if (cursor_error(&c) || !cursor_end(&c))
        return ERR_MALFORMED;
    *ret = o;
    return OK;
}

void wire_put_fault(struct buffer *to, const struct fault *fault)
{
    buffer_add_u8(to, (uint8_t)fault->err);
    buffer_add_u64(to, (uint64_t)fault->offset);
    buffer_add_u64(to, (uint64_t)fault->line);
    buffer_add_sized(to, text_of(fault->rule));
    buffer_add_sized(to, text_of(fault->what));
}

enum err wire_take_fault(struct text bytes, struct fault *ret)
{
    struct cursor c;
    cursor_init(&c, bytes);
    uint8_t err = cursor_u8(&c);
    int64_t offset = (int64_t)cursor_u64(&c), line = (int64_t)cursor_u64(&c);
    struct text rule = cursor_text(&c), what = cursor_text(&c);
    bool known = err == ERR_NOMEM || err == ERR_IO || err == ERR_MALFORMED || err == ERR_LIMIT;
    if (cursor_error(&c) || !cursor_end(&c) || !known || offset < -1 || line < -1 || rule.len >= FAULT_RULE_MAX ||
        what.len >= FAULT_WHAT_MAX || !text_is_utf8(rule) || !text_is_utf8(what))
        return ERR_MALFORMED;
    char name[FAULT_RULE_MAX] = {0};
    for (size_t i = 0; i < rule.len; i++)
        name[i] = rule.ptr[i];
    fault_at(ret, (enum err)err, offset, name, TEXT_FMT, TEXT_ARG(what));
    ret->line = line;
    return OK;
}
