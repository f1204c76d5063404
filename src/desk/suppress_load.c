/* desk/suppress_load.c - lists and rulings out of the log, and how what is suppressed is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/suppress_inside.h"
#include "store/view_belief.h"

/* One list's parts, gathered before any body is read: a question of the view must not be asked in another. */
struct piece {
    struct place body;
    struct sha256 hash;
    uint32_t part, parts;
    bool disabled, first; /* of a list */
    struct text name;
};
struct loading {
    struct suppress *s;
    struct arena arena;
    struct piece *pieces;
    size_t count, cap;
};

static enum err keep_piece(void *self, const struct list_row *row)
{
    struct loading *l = self;
    if (l->count == l->cap) {
        size_t more = l->cap ? 2 * l->cap : 64;
        struct piece *grown = realloc(l->pieces, more * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        l->pieces = grown;
        l->cap = more;
    }
    struct text name = arena_text(&l->arena, row->name);
    bool first = l->count == 0 || !text_eq(l->pieces[l->count - 1].name, name);
    l->pieces[l->count++] = (struct piece){row->body, row->hash, row->part, row->parts, row->disabled, first, name};
    return name.ptr ? OK : ERR_NOMEM;
}

static enum err keep_allowed(void *self, const struct fact *f)
{
    struct loading *l = self;
    struct ident id;
    const struct fact_ruling *r = &f->u.ruling;
    if (r->kind != RULING_ALLOW || r->ended_us || ident_parse(r->object, &id, NULL) != OK)
        return OK;
    return suppress_allow(l->s, &id.uuid);
}

/* A list that is not there as a whole is none: told, not guessed at. */
static enum err read_list(struct node *node, const struct piece *p, size_t count, struct buffer *out,
                          struct fault *reterr)
{
    for (size_t i = 0; i < count; i++) {
        if (p[i].part != i || p[i].parts != count || !sha256_eq(&p[i].hash, &p[0].hash))
            return fault_set(reterr, ERR_MALFORMED, "only a part of it is here");
        enum err err = node_body(node, p[i].body, out, reterr);
        if (err != OK)
            return err;
    }
    if (buffer_error(out) != OK)
        return buffer_error(out);
    const struct sha256 hash = sha256_of(out->ptr ? out->ptr : "", out->len);
    return sha256_eq(&hash, &p[0].hash) ? OK : fault_set(reterr, ERR_MALFORMED, "its parts are not of one text");
}

static enum err add_list(struct node *node, struct loading *l, const struct piece *p, size_t count,
                         struct fault *reterr)
{
    struct buffer text;
    struct fault why = {.offset = -1, .line = -1};
    buffer_init(&text, 2 * WARNINGLIST_MAX_BYTES);
    enum err err = read_list(node, p, count, &text, &why);
    if (err == OK) {
        err = suppress_add(l->s, buffer_text(&text), &why);
        if (err != OK && reterr)
            *reterr = why;
    } else if (err != ERR_NOMEM) {
        if (l->s->broken++ == 0)
            fault_set(&l->s->broken_fault, err, "warning list \"%.*s\": %.200s",
                      (int)(p->name.len < 200 ? p->name.len : 200), p->name.ptr,
                      why.what[0] ? why.what : err_name(err));
        err = OK;
    }
    buffer_done(&text);
    return err;
}

enum err suppress_load(struct node *node, struct view *v, struct suppress **ret, struct fault *reterr)
{
    struct loading l = {.s = NULL};
    enum err err = suppress_new(&l.s);
    if (err != OK)
        return fault_set(reterr, err, "no memory for warning lists");
    arena_init(&l.arena, 64 * MIB);
    err = view_lists(v, keep_piece, &l, reterr);
    if (err == OK)
        err = view_rulings(v, keep_allowed, &l, reterr);
    for (size_t i = 0, n; err == OK && i < l.count; i += n) {
        for (n = 1; i + n < l.count && !l.pieces[i + n].first; n++)
            ;
        if (!l.pieces[i].disabled)
            err = add_list(node, &l, &l.pieces[i], n, reterr);
    }
    if (err == OK)
        err = suppress_ready(l.s);
    free(l.pieces);
    arena_done(&l.arena);
    if (err != OK) {
        suppress_free(l.s);
        return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for warning lists") : err;
    }
    *ret = l.s;
    return OK;
}

size_t suppress_broken(const struct suppress *s, struct fault *ret)
{
    if (s->broken && ret)
        *ret = s->broken_fault;
    return s->broken;
}

/* ---- words ---- */

struct text suppress_words(const struct suppressed *found, char out[SUPPRESS_WORDS_MAX])
{
    static const char *const words[] = {[SUPPRESS_NOT] = "",
                                        [SUPPRESS_LIST] = "warning list",
                                        [SUPPRESS_PUBLIC_SUFFIX] = "public suffix",
                                        [SUPPRESS_TOO_WIDE] = "network too wide",
                                        [SUPPRESS_LOCAL] = "address of no other machine"};
    int len = found->why == SUPPRESS_LIST
                  ? snprintf(out, SUPPRESS_WORDS_MAX, "\"" TEXT_FMT "\"", TEXT_ARG(found->list))
                  : snprintf(out, SUPPRESS_WORDS_MAX, "%s", words[found->why]);
    return (struct text){out, len < SUPPRESS_WORDS_MAX ? (size_t)len : SUPPRESS_WORDS_MAX - 1};
}

void suppress_count(struct suppress_counts *c, const struct suppressed *found)
{
    char words[SUPPRESS_WORDS_MAX];
    if (found->why == SUPPRESS_NOT)
        return;
    c->total++;
    suppress_words(found, words);
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->by[i].words, words) == 0) {
            c->by[i].count++;
            return;
        }
    }
    if (c->count == SUPPRESS_COUNTS_MAX)
        return;
    snprintf(c->by[c->count].words, SUPPRESS_WORDS_MAX, "%s", words);
    c->by[c->count++].count = 1;
}

void suppress_counts_words(const struct suppress_counts *c, struct buffer *out)
{
    if (c->total == 0)
        return;
    buffer_addf(out, "%llu suppressed:", (unsigned long long)c->total);
    for (size_t i = 0; i < c->count; i++)
        buffer_addf(out, "%s %llu %s%s", i ? "," : "", (unsigned long long)c->by[i].count,
                    c->by[i].words[0] == '"' ? "by " : "", c->by[i].words);
}
