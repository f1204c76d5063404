/* command/api_words.c - path, parameters and body of a request become operands, options and an open file. Nothing but
 * what the document of the API names is taken. */
#include "command/api_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "json/json.h"

#define ANSWER_MAX_BYTES (64 * MIB)
#define ERRORS_MAX_BYTES (64 * KIB)
#define WORDS_BUDGET     (128 * MIB)
#define DOCUMENT         "document" /* how messages call the body */

struct taking {
    struct api_work *w;
    struct fault *fault;
    enum err err;
};

static void refuse(struct taking *t, const char *what, struct text name)
{
    if (!t->err)
        t->err = fault_set(t->fault, ERR_MALFORMED, TEXT_FMT ": %s", TEXT_ARG(text_sub(name, 0, 80)), what);
}

static size_t characters(struct text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.len; i++)
        count += ((unsigned char)t.ptr[i] & 0xC0) != 0x80;
    return count;
}

/* A word of a command: text without NUL. */
static const char *word(struct taking *t, struct text name, struct text value)
{
    if (!value.len)
        refuse(t, "is empty", name);
    else if (characters(value) > API_VALUE_MAX)
        refuse(t, "is too long", name);
    else if (text_find(value, '\0', 0) >= 0)
        refuse(t, "holds a NUL", name);
    if (t->err)
        return NULL;
    struct text kept = arena_text(&t->w->arena, value);
    if (!kept.ptr)
        t->err = ERR_NOMEM;
    return kept.ptr;
}

static void add_operand(struct taking *t, struct text name, struct text value)
{
    struct session *s = &t->w->session;
    if (s->operand_count >= API_OPERANDS_MAX || s->operand_count >= s->command->operands_max) {
        refuse(t, "is there more often than it can be", name);
        return;
    }
    const char *kept = word(t, name, value);
    if (kept)
        t->w->operands[s->operand_count++] = kept;
}

static bool one_of(struct text value, const char *values)
{
    struct text rest = text_of(values), one;
    while (text_split(&rest, '|', &one))
        if (text_eq(one, value))
            return true;
    return false;
}

static void set_value(struct taking *t, const struct option_spec *o, size_t index, struct text value)
{
    struct text name = text_of(o->name);
    const char *values = api_values(o);
    uint64_t n;
    if (api_is_number(o) && (text_u64(value, &n) || n > API_NUMBER_MAX))
        refuse(t, "is a whole number, 1000000 at most", name);
    else if (values && !one_of(value, values))
        refuse(t, values, name);
    else if (t->w->session.values[index])
        refuse(t, "is there twice", name);
    const char *kept = t->err ? NULL : word(t, name, value);
    if (kept)
        t->w->session.values[index] = kept;
}

/* ---- segments of the path ---- */

static void take_segment(void *self, struct text name, struct text value)
{
    struct taking *t = self;
    size_t index;
    const struct option_spec *o = api_option(t->w->row, name, &index);
    if (o)
        set_value(t, o, index, value);
    else
        add_operand(t, name, value);
}

static bool of_path(const struct api_row *row, struct text name)
{
    struct text rest = text_of(row->path), segment;
    while (text_split(&rest, '/', &segment))
        if (segment.len > 2 && segment.ptr[0] == '{' && text_eq(text_sub(segment, 1, segment.len - 2), name))
            return true;
    return false;
}

static const struct option_spec *offered(const struct api_row *row, struct text name, size_t *ret_index)
{
    const struct option_spec *o = api_option(row, name, ret_index);
    return o && api_offers(row, o) && !of_path(row, name) ? o : NULL;
}

/* ---- query ---- */

static void set_flag(struct taking *t, const struct option_spec *o, size_t index, bool given)
{
    if (t->w->session.values[index])
        refuse(t, "is there twice", text_of(o->name));
    else if (given)
        t->w->session.values[index] = "";
}

static void take_parameter(struct taking *t, struct text name, struct text value)
{
    const struct api_row *row = t->w->row;
    size_t index;
    if (row->body != API_BODY_JSON && row->operands && text_eq(name, text_of(row->operands))) {
        if (row->command->operands_max > 1 &&
            (t->w->session.operand_count >= API_QUERY_MAX || characters(value) > API_QUERY_VALUE_MAX))
            refuse(t, "is too long, or there too often for a query", name);
        else
            add_operand(t, name, value);
        return;
    }
    const struct option_spec *o = row->body == API_BODY_JSON ? NULL : offered(row, name, &index);
    if (!o)
        refuse(t, "no such parameter", name);
    else if (o->kind == OPTION_VALUE)
        set_value(t, o, index, value);
    else if (!text_eq(value, TEXT("true")) && !text_eq(value, TEXT("false")))
        refuse(t, "is true or false", name);
    else
        set_flag(t, o, index, text_eq(value, TEXT("true")));
}

/* ---- JSON ---- */

static void take_operands(struct taking *t, struct text name, const struct json_val *v)
{
    bool many = t->w->session.command->operands_max > 1;
    if (many && json_type(v) == JSON_ARRAY) {
        for (struct json_iter it = json_iter_of(v); !t->err && json_next(&it);) {
            if (json_is_string(it.val))
                add_operand(t, name, json_text(it.val));
            else
                refuse(t, "is a list of texts", name);
        }
    } else if (!many && json_is_string(v)) {
        add_operand(t, name, json_text(v));
    } else {
        refuse(t, many ? "is a list of texts" : "is a text", name);
    }
}

static void take_number(struct taking *t, const struct option_spec *o, size_t index, const struct json_val *v)
{
    char digits[24];
    int64_t n;
    if (!json_i64(v, &n) || n < 0 || n > API_NUMBER_MAX) {
        refuse(t, "is a whole number, 1000000 at most", text_of(o->name));
        return;
    }
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    set_value(t, o, index, (struct text){digits, (size_t)len});
}

static void take_member(struct taking *t, struct text name, const struct json_val *v)
{
    const struct api_row *row = t->w->row;
    size_t index;
    if (row->operands && text_eq(name, text_of(row->operands))) {
        take_operands(t, name, v);
        return;
    }
    const struct option_spec *o = offered(row, name, &index);
    if (!o)
        refuse(t, "no such member", name);
    else if (api_is_number(o))
        take_number(t, o, index, v);
    else if (o->kind == OPTION_VALUE && json_is_string(v))
        set_value(t, o, index, json_text(v));
    else if (o->kind == OPTION_FLAG && json_type(v) == JSON_BOOL)
        set_flag(t, o, index, json_bool(v, false));
    else
        refuse(t, o->kind == OPTION_FLAG ? "is true or false" : "is a text", name);
}

static void take_json(struct taking *t, const struct http_request *request)
{
    struct json_doc *doc;
    struct fault why = {.offset = -1, .line = -1};
    if (!text_trim(request->body).len)
        return;
    struct text rest = http_header(request, "Content-Type"), media;
    if (!text_split(&rest, ';', &media) || !text_eq_nocase(text_trim(media), TEXT("application/json"))) {
        t->err = fault_set(t->fault, ERR_USAGE, "Content-Type is application/json");
        return;
    }
    if (json_parse(request->body, &doc, &why)) {
        t->err = fault_set(t->fault, ERR_MALFORMED, "the body, byte %lld: %s", (long long)why.offset, why.what);
        return;
    }
    const struct json_val *root = json_root(doc);
    if (json_type(root) != JSON_OBJECT)
        refuse(t, "is no JSON object", TEXT("the body"));
    for (struct json_iter it = json_iter_of(root); !t->err && json_next(&it);)
        take_member(t, it.key, it.val);
    json_free(doc);
}

/* ---- the body as a file ---- */

static void take_file(struct taking *t, struct text body)
{
    struct session *s = &t->w->session;
    if (!body.len) {
        refuse(t, "is needed", TEXT("a document as the body"));
        return;
    }
    int fd = memfd_create(DOCUMENT, MFD_CLOEXEC);
    if (fd < 0 || io_write_all(io_system(), fd, body.ptr, body.len, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        t->err = fault_errno(t->fault, "memory for the document");
        if (fd >= 0)
            close(fd);
        return;
    }
    t->w->inputs[s->input_count++] = (struct input){DOCUMENT, fd};
    t->w->operands[s->operand_count++] = DOCUMENT;
}

/* ---- all of it ---- */

static void check_needs(struct taking *t)
{
    const struct session *s = &t->w->session;
    struct text rest = text_of(t->w->row->needs), name;
    size_t index;
    while (rest.ptr && text_split(&rest, ',', &name))
        if (api_option(t->w->row, name, &index) && !s->values[index])
            refuse(t, "is needed", name);
    const char *operands = t->w->row->operands;
    if (s->operand_count < s->command->operands_min)
        refuse(t, "is needed", text_of(operands ? operands : "an operand"));
}

static void take_all(struct taking *t, const struct http_request *request, struct text path)
{
    const struct api_row *row = t->w->row;
    struct text name, value;
    api_path_fits(row, path, take_segment, t);
    for (size_t at = 0; !t->err && http_next_param(request, &at, &name, &value);)
        take_parameter(t, name, value);
    if (!t->err && row->body == API_BODY_JSON)
        take_json(t, request);
    else if (!t->err && row->body == API_BODY_FILE)
        take_file(t, request->body);
    else if (!t->err && request->body.len)
        refuse(t, "is not read here", TEXT("a body"));
    if (!t->err)
        check_needs(t);
}

enum err api_work_new(const struct api_row *row, const struct http_request *request, struct text path,
                      struct api_work **ret, struct fault *reterr)
{
    struct api_work *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    struct taking t = {.w = w, .fault = reterr};
    w->row = row;
    w->session = (struct session){.command = row->command, .output_fd = -1, .json = true};
    w->session.operands = w->operands;
    w->session.inputs = w->inputs;
    arena_init(&w->arena, WORDS_BUDGET);
    buffer_init(&w->said.out, ANSWER_MAX_BYTES);
    buffer_init(&w->said.err, ERRORS_MAX_BYTES);
    take_all(&t, request, path);
    if (t.err) {
        api_work_free(w);
        return t.err;
    }
    *ret = w;
    return OK;
}

void api_work_free(struct api_work *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->session.input_count; i++)
        close(w->inputs[i].fd);
    buffer_done(&w->said.out);
    buffer_done(&w->said.err);
    arena_done(&w->arena);
    free(w);
}
