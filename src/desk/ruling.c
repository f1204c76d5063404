/* desk/ruling.c - see ruling.h. */
#include "desk/ruling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "desk/finding_inside.h"
#include "store/view_ask.h"
#include "store/view_belief.h"

/* Open findings by one indicator that one ruling silences at once. */
#define FINDINGS_RULED_MAX 4096
#define RULING_ARENA_BYTES (64 * MIB)

/* ---- what stands ---- */

static enum err keep_ruling(void *self, const struct fact *f)
{
    struct rulings *r = self;
    const struct fact_ruling *from = &f->u.ruling;
    bool silences = from->scope != RULING_FINDING && ruling_stands(from, r->now_us);
    bool told = r->with_told && from->told.len && from->ended_us == 0;
    if (from->kind != RULING_FALSE_POSITIVE || !(silences || told))
        return OK;
    if (r->count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        struct fact_ruling *more = arena_alloc(r->arena, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (r->count)
            memcpy(more, r->list, r->count * sizeof *more);
        r->list = more;
        r->cap = cap;
    }
    struct fact_ruling *to = &r->list[r->count++];
    *to = *from;
    struct text *const texts[] = {&to->object, &to->value, &to->reason, &to->told, &to->end_reason};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = arena_text(r->arena, *texts[i]);
        if (!texts[i]->ptr)
            return ERR_NOMEM;
    }
    return OK;
}

static enum err load(struct view *v, struct rulings *r, struct fault *reterr)
{
    enum err err = view_rulings(v, keep_ruling, r, reterr);
    return err == ERR_NOMEM ? fault_set(reterr, err, "no memory for rulings") : err;
}

enum err rulings_load(struct view *v, int64_t now_us, struct arena *arena, struct rulings *ret, struct fault *reterr)
{
    struct rulings r = {.arena = arena, .now_us = now_us};
    enum err err = load(v, &r, reterr);
    if (err == OK)
        *ret = r;
    return err;
}

/* In the form in which they are compared; false: it has none. */
static bool normal_value(enum value_kind kind, struct text value, struct buffer *out)
{
    enum value_kind became;
    buffer_clear(out);
    return value_normalise(kind, value, out, &became, NULL) == OK && buffer_error(out) == OK;
}

static bool same_value(const struct fact_ruling *r, const struct ruling_hit *hit)
{
    struct buffer value;
    buffer_init(&value, VALUE_MAX_BYTES);
    bool same = normal_value(hit->kind, hit->value, &value) && text_eq(buffer_text(&value), r->value);
    buffer_done(&value);
    return same;
}

bool ruling_covers(const struct fact_ruling *r, const struct ruling_hit *hit)
{
    if (!uuid_is_zero(&r->organisation) && !uuid_eq(&r->organisation, &hit->organisation))
        return false;
    if (r->scope == RULING_INDICATOR)
        return text_eq(r->object, hit->indicator);
    return r->scope == RULING_VALUE && same_value(r, hit);
}

bool rulings_silence(const struct rulings *r, const struct ruling_hit *hit)
{
    for (size_t i = 0; i < r->count; i++)
        if (ruling_covers(&r->list[i], hit))
            return true;
    return false;
}

/* ---- ruling ---- */

struct told {
    struct text object; /* the indicator */
    struct uuid but;    /* by another ruling than this one */
    char id[IDENT_TEXT_MAX];
};
struct rule_write {
    const struct uuid *finding;
    const struct ruling_words *words;
    const struct uuid *account;
    struct arena arena;
    struct uuid others[FINDINGS_RULED_MAX];
    size_t other_count;
    struct uuid organisation;
};

static enum err load_finding(struct txn *t, const struct uuid *finding, struct arena *arena, struct finding_work *ret,
                             struct fault *reterr)
{
    struct finding_row row;
    enum err e = view_finding(txn_view(t), finding, &row, reterr);
    if (e != OK)
        return e == ERR_NOT_FOUND ? fault_set(reterr, e, "no such finding") : e;
    e = finding_load(t, &row, arena, ret, reterr);
    return e == OK ? finding_label(t, ret, reterr) : e;
}

static enum err set_state(struct txn *t, const struct uuid *finding, uint8_t state, const char *verb,
                          struct text reason, const struct uuid *account, struct arena *arena, struct fault *reterr)
{
    struct finding_work w;
    char id[IDENT_TEXT_MAX];
    enum err e = load_finding(t, finding, arena, &w, reterr);
    if (e != OK || w.state == state)
        return e;
    w.state = state;
    e = finding_append(t, &w, account, reterr);
    return e == OK ? own_act(t, account, verb, ident_format(TEXT(TYPE_FINDING), &w.id, id), reason, reterr) : e;
}

static enum err keep_other(void *self, const struct finding_row *row)
{
    struct rule_write *w = self;
    bool covered = w->words->everywhere || uuid_eq(&row->organisation, &w->organisation);
    struct uuid id;
    if (row->state == 0 && covered && w->other_count < FINDINGS_RULED_MAX && uuid_of_id(row->id, &id) &&
        !uuid_eq(&id, w->finding))
        w->others[w->other_count++] = id;
    return OK;
}

static enum err append_ruling(struct txn *t, const struct rule_write *w, const struct finding_work *f,
                              struct text told, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct buffer value;
    struct fact fact = {.kind = FACT_RULING};
    enum value_kind kind = value_kind_parse(f->kind);
    buffer_init(&value, VALUE_MAX_BYTES);
    if (w->words->scope == RULING_VALUE && !normal_value(kind, f->value, &value)) {
        buffer_done(&value);
        return fault_set(reterr, ERR_USAGE, "the finding's value is none that can be compared");
    }
    fact.u.ruling = (struct fact_ruling){.id = uuid_random(),
                                         .account = *w->account,
                                         .kind = RULING_FALSE_POSITIVE,
                                         .scope = w->words->scope,
                                         .object = ident_format(TEXT("indicator"), &f->indicator, id),
                                         .finding = f->id,
                                         .from_us = txn_now_us(t),
                                         .until_us = w->words->until_us,
                                         .reason = w->words->reason,
                                         .told = told};
    if (!w->words->everywhere)
        fact.u.ruling.organisation = f->organisation;
    if (w->words->scope == RULING_VALUE) {
        fact.u.ruling.value_kind = (uint8_t)kind;
        fact.u.ruling.value = buffer_text(&value);
    }
    enum err e = txn_append(t, &fact, TEXT_NONE, TEXT_NONE, reterr);
    buffer_done(&value);
    return e;
}

/* What is told of an indicator once is not told again as long as it stands. */
static enum err keep_told(void *self, const struct fact *f)
{
    struct told *told = self;
    const struct fact_ruling *r = &f->u.ruling;
    if (r->told.len && !r->ended_us && !uuid_eq(&r->id, &told->but) && text_eq(r->object, told->object))
        snprintf(told->id, sizeof told->id, TEXT_FMT, TEXT_ARG(r->told));
    return OK;
}

static enum err tell(struct txn *t, const struct rule_write *w, const struct finding_work *f,
                     char ret_id[IDENT_TEXT_MAX], struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct told told = {.object = ident_format(TEXT("indicator"), &f->indicator, id)};
    enum err e = view_rulings(txn_view(t), keep_told, &told, reterr);
    if (e == OK && told.id[0])
        memcpy(ret_id, told.id, sizeof told.id);
    else if (e == OK)
        e = opinion_tell(t, &f->indicator, w->words->reason, w->account, ret_id, reterr);
    return e;
}

static enum err write_rule(struct txn *t, void *self, struct fault *reterr)
{
    struct rule_write *w = self;
    struct finding_work f;
    w->other_count = 0;
    arena_reset(&w->arena);
    enum err e = load_finding(t, w->finding, &w->arena, &f, reterr);
    if (e != OK)
        return e;
    if (uuid_is_zero(&f.indicator))
        return fault_set(reterr, ERR_USAGE,
                         "no indicator stands behind this finding: it alone can be a false positive");
    w->organisation = f.organisation;
    char told[IDENT_TEXT_MAX] = "";
    if (w->words->tell)
        e = tell(t, w, &f, told, reterr);
    if (e == OK)
        e = append_ruling(t, w, &f, text_of(told), reterr);
    if (e == OK && w->words->scope == RULING_INDICATOR)
        e = view_findings_about(txn_view(t), &f.indicator, FINDINGS_RULED_MAX, keep_other, w, reterr);
    static const char verb[] = "finding-false-positive";
    if (e == OK)
        e = set_state(t, w->finding, 2, verb, w->words->reason, w->account, &w->arena, reterr);
    for (size_t i = 0; e == OK && i < w->other_count; i++)
        e = set_state(t, &w->others[i], 2, verb, w->words->reason, w->account, &w->arena, reterr);
    return e == OK ? sighting_withdraw(t, &f.indicator, w->account, reterr) : e;
}

enum err finding_rule(struct node *node, const struct uuid *finding, const struct ruling_words *words,
                      const struct uuid *account, struct fault *reterr)
{
    if (words->scope == RULING_FINDING && !words->tell)
        return finding_set_state(node, finding, 2, words->reason, account, reterr);
    if (!text_is_utf8(words->reason))
        return fault_set(reterr, ERR_USAGE, "the reason is not UTF-8");
    enum err e = words->tell ? opinion_may_say(node, words->reason, reterr) : OK;
    if (e != OK)
        return e;
    struct rule_write *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    *w = (struct rule_write){.finding = finding, .words = words, .account = account};
    arena_init(&w->arena, RULING_ARENA_BYTES);
    e = node_write(node, write_rule, w, reterr);
    arena_done(&w->arena);
    free(w);
    return e;
}

/* ---- taking back ---- */

struct reopen_write {
    const struct uuid *finding, *account;
    struct text reason;
    struct arena arena;
    const struct fact_ruling *ended; /* while findings that it covered are gathered */
    struct uuid others[FINDINGS_RULED_MAX];
    size_t other_count;
};

static enum err keep_covered(void *self, const struct finding_row *row)
{
    struct reopen_write *w = self;
    const struct uuid *at = &w->ended->organisation;
    bool covered = uuid_is_zero(at) || uuid_eq(at, &row->organisation);
    struct uuid id;
    if (row->state == 2 && covered && w->other_count < FINDINGS_RULED_MAX && uuid_of_id(row->id, &id))
        w->others[w->other_count++] = id;
    return OK;
}

/* Unless another ruling that stands told it too. */
static enum err take_back_told(struct txn *t, struct reopen_write *w, const struct fact_ruling *r,
                               const struct uuid *indicator, struct fault *reterr)
{
    struct told told = {.object = r->object, .but = r->id};
    if (!r->told.len)
        return OK;
    enum err e = view_rulings(txn_view(t), keep_told, &told, reterr);
    return e == OK && !told.id[0] ? opinion_withdraw(t, r->told, indicator, w->account, reterr) : e;
}

static enum err end_ruling(struct txn *t, struct reopen_write *w, const struct fact_ruling *r,
                           const struct uuid *indicator, struct fault *reterr)
{
    struct fact fact = {.kind = FACT_RULING};
    fact.u.ruling = *r;
    fact.u.ruling.ended_us = txn_now_us(t);
    fact.u.ruling.ended_by = *w->account;
    fact.u.ruling.end_reason = w->reason;
    enum err e = txn_append(t, &fact, TEXT_NONE, TEXT_NONE, reterr);
    w->ended = r;
    if (e == OK && r->scope == RULING_INDICATOR && ruling_stands(r, txn_now_us(t)))
        e = view_findings_about(txn_view(t), indicator, FINDINGS_RULED_MAX, keep_covered, w, reterr);
    return e == OK ? take_back_told(t, w, r, indicator, reterr) : e;
}

static enum err end_rulings(struct txn *t, struct reopen_write *w, const struct finding_work *f, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct rulings r = {.arena = &w->arena, .now_us = txn_now_us(t), .with_told = true};
    const struct ruling_hit hit = {ident_format(TEXT("indicator"), &f->indicator, id), f->organisation,
                                   value_kind_parse(f->kind), f->value};
    enum err e = load(txn_view(t), &r, reterr);
    for (size_t i = 0; e == OK && i < r.count; i++) {
        const struct fact_ruling *one = &r.list[i];
        if (one->scope == RULING_FINDING ? uuid_eq(&one->finding, &f->id) : ruling_covers(one, &hit))
            e = end_ruling(t, w, one, &f->indicator, reterr);
    }
    return e;
}

static enum err write_reopen(struct txn *t, void *self, struct fault *reterr)
{
    struct reopen_write *w = self;
    struct finding_work f;
    w->other_count = 0;
    arena_reset(&w->arena);
    enum err e = load_finding(t, w->finding, &w->arena, &f, reterr);
    if (e == OK)
        e = end_rulings(t, w, &f, reterr);
    static const char verb[] = "finding-reopen";
    if (e == OK)
        e = set_state(t, w->finding, 0, verb, w->reason, w->account, &w->arena, reterr);
    for (size_t i = 0; e == OK && i < w->other_count; i++)
        e = set_state(t, &w->others[i], 0, verb, w->reason, w->account, &w->arena, reterr);
    return e;
}

enum err finding_reopen(struct node *node, const struct uuid *finding, struct text reason, const struct uuid *account,
                        struct fault *reterr)
{
    if (!text_is_utf8(reason))
        return fault_set(reterr, ERR_USAGE, "the reason is not UTF-8");
    struct reopen_write *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    *w = (struct reopen_write){.finding = finding, .account = account, .reason = reason};
    arena_init(&w->arena, RULING_ARENA_BYTES);
    enum err e = node_write(node, write_reopen, w, reterr);
    arena_done(&w->arena);
    free(w);
    return e;
}
