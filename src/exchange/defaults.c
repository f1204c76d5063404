/* exchange/defaults.c - sources and their default markings. */
#include "exchange/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "desk/marks.h"

static int by_source(const void *a, const void *b)
{
    return memcmp(((const struct source_default *)a)->source.b, ((const struct source_default *)b)->source.b,
                  sizeof(struct uuid));
}

static enum err add(struct defaults *d, const struct uuid *source, enum tlp tlp, enum pap pap)
{
    struct source_default *list = reallocarray(d->list, d->count + 1, sizeof *list);
    if (!list)
        return ERR_NOMEM;
    d->list = list;
    d->list[d->count++] = (struct source_default){*source, tlp, pap};
    return OK;
}

static void sort(struct defaults *d)
{
    if (d->count)
        qsort(d->list, d->count, sizeof *d->list, by_source);
}

static enum err on_source(void *self, const struct fact *f)
{
    return add(self, &f->u.source.id, f->u.source.default_tlp, f->u.source.default_pap);
}

enum err defaults_read(struct view *v, struct defaults *ret, struct fault *reterr)
{
    struct defaults d = {0};
    enum err e = view_facts(v, FACT_SOURCE, on_source, &d, reterr);
    if (e) {
        defaults_done(&d);
        return e;
    }
    sort(&d);
    *ret = d;
    return OK;
}

void defaults_done(struct defaults *d)
{
    free(d->list);
    *d = (struct defaults){0};
}

void defaults_apply(const struct defaults *d, struct gate_class *c)
{
    const struct source_default key = {.source = c->source};
    const struct source_default *found = d->count ? bsearch(&key, d->list, d->count, sizeof key, by_source) : NULL;
    if (found)
        marks_take_default(c, found->tlp, found->pap);
}

bool defaults_same(const struct defaults *a, const struct defaults *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (!uuid_eq(&a->list[i].source, &b->list[i].source) || a->list[i].tlp != b->list[i].tlp ||
            a->list[i].pap != b->list[i].pap)
            return false;
    return a->count == b->count;
}

void defaults_write(const struct defaults *d, struct buffer *out)
{
    char id[UUID_TEXT_MAX];
    for (size_t i = 0; i < d->count; i++)
        buffer_addf(out, "%s %d %d\n", uuid_format(&d->list[i].source, id).ptr, (int)d->list[i].tlp,
                    (int)d->list[i].pap);
}

static enum err parse_line(struct text line, struct defaults *d)
{
    struct text id, label;
    struct uuid source;
    uint64_t tlp, pap = PAP_NONE; /* a line of an older program has none */
    if (!text_split(&line, ' ', &id) || uuid_parse(id, &source) || !text_split(&line, ' ', &label) ||
        text_u64(label, &tlp) || tlp > TLP_RED || (line.ptr && text_u64(line, &pap)) || pap > PAP_RED)
        return ERR_MALFORMED;
    return add(d, &source, (enum tlp)tlp, (enum pap)pap);
}

enum err defaults_parse(struct text t, struct defaults *ret)
{
    struct defaults d = {0};
    struct text line;
    enum err e = OK;
    while (e == OK && text_split(&t, '\n', &line))
        if (line.len)
            e = parse_line(line, &d);
    if (e) {
        defaults_done(&d);
        return e;
    }
    sort(&d);
    *ret = d;
    return OK;
}
