/* exchange/sharing.c - agreements and grants from the view. */
#include "exchange/sharing.h"

#include <stdlib.h>
#include <string.h>

#define SHARING_MAX_BYTES (64 * MIB)

const struct uuid *sharing_key(const struct recipient *r)
{
    return r->kind == RECIPIENT_OWN_ACCOUNT ? &r->account : &r->party;
}

static void note_time(struct sharing *s, int64_t us)
{
    if (us > s->now_us && us < s->holds_until_us)
        s->holds_until_us = us;
}

static void *grow(struct sharing *s, const void *list, size_t count, size_t *cap, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 16;
    void *more = arena_alloc(&s->arena, wanted * size);
    if (!more)
        return NULL;
    if (count)
        memcpy(more, list, count * size);
    *cap = wanted;
    return more;
}

/* ---- grants ---- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum err on_grant(void *self, const struct fact *f)
{
    struct sharing *s = self;
    const struct fact_grant *g = &f->u.grant;
    if (!grant_stands(g))
        return OK;
    if (s->grant_count == s->grant_cap) {
        struct sharing_grant *more = grow(s, s->grants, s->grant_count, &s->grant_cap, sizeof *more);
        if (!more)
            return ERR_NOMEM;
        s->grants = more;
    }
    struct sharing_grant *one = &s->grants[s->grant_count++];
    *one = (struct sharing_grant){.id = g->id,
                                  .object = arena_text(&s->arena, g->object),
                                  .version = arena_text(&s->arena, g->version),
                                  .originator = g->originator,
                                  .grant = {.kind = g->kind,
                                            .to = g->to,
                                            .from_us = g->from_us,
                                            .until_us = g->until_us ? g->until_us : INT64_MAX,
                                            .properties = arena_text(&s->arena, g->properties),
                                            .leaves_as = g->leaves_as},
                                  .date_us = later(later(f->t_us, g->from_us), g->opened_us)};
    note_time(s, g->from_us);
    note_time(s, one->grant.until_us);
    return one->object.ptr && one->version.ptr && one->grant.properties.ptr ? OK : ERR_NOMEM;
}

static int by_object(const void *a, const void *b)
{
    const struct sharing_grant *x = a, *y = b;
    int c = text_cmp(x->object, y->object);
    if (c)
        return c;
    if (x->date_us != y->date_us)
        return x->date_us > y->date_us ? -1 : 1;
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

const struct sharing_grant *sharing_of(const struct sharing *s, struct text object, size_t *ret_count)
{
    size_t low = 0, high = s->grant_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_cmp(s->grants[middle].object, object) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t count = 0;
    while (low + count < s->grant_count && text_eq(s->grants[low + count].object, object))
        count++;
    *ret_count = count;
    return s->grants + low;
}

/* ---- agreements ---- */

static enum err on_agreement(void *self, const struct fact *f)
{
    struct sharing *s = self;
    const struct fact_agreement *a = &f->u.agreement;
    if (a->until_us && a->until_us <= s->now_us)
        return OK;
    if (s->agreement_count == s->agreement_cap) {
        struct sharing_agreement *more = grow(s, s->agreements, s->agreement_count, &s->agreement_cap, sizeof *more);
        if (!more)
            return ERR_NOMEM;
        s->agreements = more;
    }
    struct uuid *red = arena_alloc(&s->arena, (a->red_count + 1) * sizeof *red);
    if (!red)
        return ERR_NOMEM;
    if (a->red_count)
        memcpy(red, a->red, a->red_count * sizeof *red);
    s->agreements[s->agreement_count++] =
        (struct sharing_agreement){.party = a->party,
                                   .agreement = {.authorities_are_clients = a->authorities,
                                                 .communities_are_clients = a->communities,
                                                 .red_accounts = red,
                                                 .red_count = a->red_count}};
    note_time(s, a->until_us);
    return OK;
}

static int by_party(const void *a, const void *b)
{
    return memcmp(((const struct sharing_agreement *)a)->party.b, ((const struct sharing_agreement *)b)->party.b,
                  sizeof(struct uuid));
}

static const struct agreement *agreement_with(const struct sharing *s, const struct gate_class *cls)
{
    const struct sharing_agreement key = {.party = cls->party};
    const struct sharing_agreement *found =
        s->agreement_count && !cls->ours ? bsearch(&key, s->agreements, s->agreement_count, sizeof key, by_party)
                                         : NULL;
    return found ? &found->agreement : NULL;
}

/* "PARTY A C" lines: 1 where authorities, communities are its clients. */
void sharing_agreements_write(const struct sharing *s, struct buffer *out)
{
    char id[UUID_TEXT_MAX];
    for (size_t i = 0; i < s->agreement_count; i++)
        buffer_addf(out, "%s %d %d\n", uuid_format(&s->agreements[i].party, id).ptr,
                    s->agreements[i].agreement.authorities_are_clients,
                    s->agreements[i].agreement.communities_are_clients);
}

static enum err parse_agreement(struct text line, struct sharing_agreement *ret)
{
    struct text party, authorities;
    if (!text_split(&line, ' ', &party) || !text_split(&line, ' ', &authorities) || uuid_parse(party, &ret->party))
        return ERR_MALFORMED;
    ret->agreement = (struct agreement){.authorities_are_clients = text_eq(authorities, TEXT("1")),
                                        .communities_are_clients = text_eq(line, TEXT("1"))};
    return OK;
}

enum err sharing_agreements_parse(struct text t, struct sharing *ret)
{
    struct sharing s = {.holds_until_us = INT64_MAX};
    struct text line;
    enum err e = OK;
    arena_init(&s.arena, SHARING_MAX_BYTES);
    while (e == OK && text_split(&t, '\n', &line)) {
        if (!line.len)
            continue;
        if (s.agreement_count == s.agreement_cap)
            s.agreements = grow(&s, s.agreements, s.agreement_count, &s.agreement_cap, sizeof *s.agreements);
        e = s.agreements ? parse_agreement(line, &s.agreements[s.agreement_count++]) : ERR_NOMEM;
    }
    if (e)
        sharing_done(&s);
    else
        *ret = s;
    return e;
}

/* ---- all of it ---- */

enum err sharing_load(struct view *v, const struct recipient *r, int64_t now_us, struct sharing *ret,
                      struct fault *reterr)
{
    struct sharing s = {.now_us = now_us, .holds_until_us = INT64_MAX};
    static const struct uuid nobody;
    const struct uuid *key = sharing_key(r);
    enum err e = OK;
    arena_init(&s.arena, SHARING_MAX_BYTES);
    if (!uuid_eq(key, &nobody))
        e = view_grants_to(v, key, 0, now_us, GRANTS_RUNNING_MAX, on_grant, &s, reterr);
    if (e == OK)
        e = view_facts(v, FACT_AGREEMENT, on_agreement, &s, reterr);
    if (e) {
        sharing_done(&s);
        return e;
    }
    if (s.grant_count)
        qsort(s.grants, s.grant_count, sizeof *s.grants, by_object);
    if (s.agreement_count)
        qsort(s.agreements, s.agreement_count, sizeof *s.agreements, by_party);
    for (size_t i = 0; i < r->membership_count; i++) {
        note_time(&s, r->memberships[i].from_us);
        note_time(&s, r->memberships[i].until_us);
    }
    *ret = s;
    return OK;
}

void sharing_done(struct sharing *s)
{
    arena_done(&s->arena);
    *s = (struct sharing){0};
}

size_t sharing_ask(const struct sharing *s, const struct gate_class *cls, const struct recipient *r, enum door door,
                   int64_t now_us, struct text object, struct text version, struct sharing_question *ret)
{
    size_t count = 0, used = 0;
    const struct sharing_grant *grants = object.len ? sharing_of(s, object, &count) : NULL;
    for (size_t i = 0; i < count && used < GRANTS_OF_OBJECT_MAX; i++)
        if ((!grants[i].version.len || text_eq(grants[i].version, version)) &&
            grant_is_for(grants[i].grant.kind, &grants[i].originator, cls))
            ret->grants[used++] = grants[i].grant;
    ret->q = (struct gate_question){.cls = cls,
                                    .recipient = r,
                                    .door = door,
                                    .now_us = now_us,
                                    .agreement = agreement_with(s, cls),
                                    .grants = used ? ret->grants : NULL,
                                    .grant_count = used};
    return used;
}

bool sharing_wider(const struct decision *before, const struct decision *now)
{
    if (!now->cleared || !before->cleared)
        return now->cleared;
    bool other_line = before->tear && now->tear && !text_eq(before->tear_properties, now->tear_properties);
    return (before->tear && !now->tear) || other_line || (before->consent && !now->consent);
}
