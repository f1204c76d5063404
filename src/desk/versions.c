/* desk/versions.c - see versions.h. */
#include "desk/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

bool versions_too_early(bool versioned, int64_t modified_us, int64_t now_us)
{
    return versioned && modified_us > now_us + FUTURE_MAX_US;
}

/* ---- whose object it is ---- */

struct candidate {
    struct uuid party;
    enum authority level;
    int64_t logged_us;    /* LOGGED and PROVEN */
    struct sha256 logged; /* the version that was logged then: breaks ties alike everywhere */
    uint64_t n;           /* its first */
};

static bool is_logged(enum authority a)
{
    return a == AUTHORITY_LOGGED || a == AUTHORITY_PROVEN;
}

static bool same_party(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Is a before b, both of one level? */
static bool earlier(const struct candidate *a, const struct candidate *b)
{
    if (!is_logged(a->level))
        return a->n < b->n;
    if (a->logged_us != b->logged_us)
        return a->logged_us < b->logged_us;
    int c = memcmp(a->logged.b, b->logged.b, SHA256_BYTES);
    return c ? c < 0 : a->n < b->n;
}

/* What one voucher says, into what is known of its party. */
static void hear(struct candidate *c, const struct held_version *v, const struct voucher *w)
{
    struct candidate said = {w->party, w->authority, w->logged_us, v->hash, v->n};
    if (said.level > c->level || (said.level == c->level && earlier(&said, c)))
        *c = said;
}

/* Who came first came with the entry that was replaced, if it was. */
static bool is_heard(const struct held_version *v)
{
    return !v->aside || v->standing == STANDING_REPLACED;
}

/* One voucher speaks for its party: the best of all is the best party's best. */
static struct candidate best_of(const struct held_version *list, size_t count)
{
    struct candidate c = {.level = AUTHORITY_NONE};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; is_heard(&list[i]) && k < list[i].voucher_count; k++)
            hear(&c, &list[i], &list[i].vouchers[k]);
    return c;
}

static const struct voucher *word_of(const struct held_version *v, const struct uuid *party)
{
    const struct voucher *best = NULL;
    for (size_t k = 0; k < v->voucher_count; k++) {
        const struct voucher *w = &v->vouchers[k];
        if (same_party(&w->party, party) && w->authority > AUTHORITY_NONE &&
            (!best || w->authority > best->authority))
            best = w;
    }
    return best;
}

/* ---- the order of its versions ---- */

struct ranked {
    struct held_version *v;
    bool proven;
    bool own_line; /* its entry came by the authority itself */
    bool part;     /* of another of its moment */
    int label;     /* how strict the label of its content is */
};

/* Moments: the highest first. */
static int by_moment(const struct ranked *a, const struct ranked *b)
{
    if (!a->v->versioned || !b->v->versioned) /* both or none, of one object; hostile ones may differ */
        return a->v->versioned != b->v->versioned ? (a->v->versioned ? -1 : 1) : 0;
    if (a->v->revoked != b->v->revoked)
        return a->v->revoked ? -1 : 1;
    if (a->v->modified_us != b->v->modified_us)
        return a->v->modified_us > b->v->modified_us ? -1 : 1;
    return 0;
}

/* Unmarked leaves by no door, so only RED is stricter. */
static int label_rank(const struct held_version *v)
{
    enum tlp label = v->cls ? gate_class_label(v->cls) : TLP_NONE;
    if (label == TLP_NONE)
        return TLP_RED;
    return label == TLP_RED ? TLP_RED + 1 : (int)label;
}

/* Within a moment: the proven, then the stricter label, then the smaller hash; of one content the entry that came by
 * the authority's own line, then the first. Without versions: revoked, then what arrived last. */
static int by_form(const struct ranked *a, const struct ranked *b)
{
    if (!a->v->versioned && a->v->revoked != b->v->revoked)
        return a->v->revoked ? -1 : 1;
    if (!a->v->versioned && !sha256_eq(&a->v->hash, &b->v->hash))
        return a->v->n > b->v->n ? -1 : 1;
    if (a->proven != b->proven)
        return a->proven ? -1 : 1;
    if (a->label != b->label && a->v->versioned)
        return a->label > b->label ? -1 : 1;
    int c = memcmp(a->v->hash.b, b->v->hash.b, SHA256_BYTES);
    if (c)
        return c;
    if (a->own_line != b->own_line)
        return a->own_line ? -1 : 1;
    return a->v->n < b->v->n ? -1 : a->v->n > b->v->n;
}

static int best_first(const void *a, const void *b)
{
    int c = by_moment(a, b);
    return c ? c : by_form(a, b);
}

/* One content has one label, by whichever of its lines: that of the entry that stands for it. list: in order, all
 * labels alike. */
static void give_labels(struct ranked *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && by_moment(&list[i - 1], &list[i]) == 0 && list[i - 1].proven == list[i].proven &&
                     sha256_eq(&list[i - 1].v->hash, &list[i].v->hash);
        list[i].label = again ? list[i - 1].label : label_rank(list[i].v);
    }
}

static int first_come(const void *a, const void *b)
{
    const struct held_version *x = a, *y = b;
    return x->n < y->n ? -1 : x->n > y->n;
}

/* ---- the forms of one moment ---- */

static bool contained(const struct ranked *list, size_t count, size_t at, versions_contain *contain, void *self)
{
    for (size_t i = 0; i < count; i++)
        if (i != at && list[i].label >= list[at].label && !sha256_eq(&list[i].v->hash, &list[at].v->hash) &&
            contain(self, list[i].v, list[at].v))
            return true;
    return false;
}

/* list: in order. The one that stands for the moment. */
static struct ranked *arrange_forms(struct ranked *list, size_t count, versions_contain *contain, void *self)
{
    const bool proven = list[0].proven, few = count <= VERSIONS_FORMS_MAX;
    struct ranked *best = NULL;
    for (size_t i = 0; i < count; i++) {
        list[i].part = proven ? !list[i].proven : few && contain && contained(list, count, i, contain, self);
        if (!best && !list[i].part)
            best = &list[i];
    }
    best = best ? best : &list[0];
    for (size_t i = 0; i < count; i++) {
        bool same = sha256_eq(&list[i].v->hash, &best->v->hash);
        list[i].v->standing = same && &list[i] != best ? STANDING_CLAIM
                              : list[i].part           ? STANDING_RENDITION
                                                       : STANDING_CONFLICT;
    }
    best->v->standing = STANDING_OLDER;
    return best;
}

/* Variants without versions. */
static void arrange_variants(struct ranked *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        list[i].v->standing =
            i > 0 && sha256_eq(&list[i].v->hash, &list[0].v->hash) ? STANDING_CLAIM : STANDING_OLDER;
}

/* One moment, two contents, and one of them revokes: a conflict like any other. Both runs go by falling `modified`.
 */
static void clash_with_revoked(struct ranked *list, size_t count)
{
    size_t revoked = 0, at = 0;
    while (revoked < count && list[revoked].v->revoked)
        revoked++;
    for (size_t i = revoked; i < count && list[i].v->versioned; i++) {
        while (at < revoked && list[at].v->modified_us > list[i].v->modified_us)
            at++;
        if (at < revoked && list[at].v->modified_us == list[i].v->modified_us &&
            list[i].v->standing == STANDING_OLDER)
            list[i].v->standing = STANDING_CONFLICT;
    }
}

/* list: the authority's, in order; not empty. */
static struct held_version *arrange_own(struct ranked *list, size_t count, versions_contain *contain, void *self)
{
    struct held_version *current = NULL;
    for (size_t from = 0, to; from < count; from = to) {
        struct ranked *best = &list[from];
        for (to = from + 1; to < count && by_moment(&list[from], &list[to]) == 0; to++)
            continue;
        if (list[from].v->versioned)
            best = arrange_forms(&list[from], to - from, contain, self);
        else
            arrange_variants(&list[from], to - from);
        current = current ? current : best->v;
    }
    if (!current)
        return NULL; /* of none, none counts */
    if (list[0].v->versioned)
        clash_with_revoked(list, count);
    current->standing = STANDING_CURRENT;
    return current;
}

/* ---- what the others restrict ---- */

/* What leaves carries what current itself is marked with, so what it does not say makes its marking unreadable. */
static void narrow(struct gate_class *c, const struct ranked *current, const struct ranked *other)
{
    const struct gate_class *more = other->v->cls;
    struct terms before = c->terms;
    bool fits = terms_add(&c->terms, &more->terms), stricter = other->label > current->label;
    c->unknown_marking |= !fits || stricter || more->unknown_marking || !terms_equal(&before, &c->terms);
    c->quarantined |= stricter && more->quarantined;
    c->source_pap = more->source_pap > c->source_pap ? more->source_pap : c->source_pap;
}

static void add_restrictions(struct versions_result *r, const struct ranked *own, size_t count)
{
    const struct held_version *v = r->current;
    size_t at = 0;
    if (!v || !v->cls)
        return;
    r->cls = *v->cls;
    while (own[at].v != v)
        at++;
    for (size_t i = 0; v->versioned && i < count; i++) {
        const struct held_version *o = own[i].v;
        bool form = o->cls && o->versioned && o->modified_us == v->modified_us && !sha256_eq(&o->hash, &v->hash);
        bool again = i > 0 && sha256_eq(&own[i - 1].v->hash, &o->hash);
        if (form && !again)
            narrow(&r->cls, &own[at], &own[i]);
    }
}

struct versions_result versions_arrange(struct held_version *list, size_t count, versions_contain *contain,
                                        void *self)
{
    struct versions_result r = {.level = AUTHORITY_NONE};
    struct ranked *own = calloc(count + 1, sizeof *own);
    size_t own_count = 0;
    if (!own) {
        r.no_memory = true;
        return r;
    }
    if (count > 1)
        qsort(list, count, sizeof *list, first_come);
    struct candidate who = best_of(list, count);
    r.level = who.level;
    r.authority = who.party;
    for (size_t i = 0; i < count; i++) {
        const struct voucher *word = who.level > AUTHORITY_NONE ? word_of(&list[i], &who.party) : NULL;
        if (list[i].aside)
            continue;
        list[i].standing = STANDING_CLAIM;
        if (word)
            own[own_count++] = (struct ranked){.v = &list[i],
                                               .proven = is_logged(word->authority),
                                               .own_line = same_party(&list[i].party, &who.party)};
    }
    if (own_count > 1) {
        qsort(own, own_count, sizeof *own, best_first);
        give_labels(own, own_count);
        qsort(own, own_count, sizeof *own, best_first);
    }
    if (own_count > 0) {
        r.current = arrange_own(own, own_count, contain, self);
        add_restrictions(&r, own, own_count);
    }
    free(own);
    return r;
}
