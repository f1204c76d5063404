/* desk/finding.c - see finding.h. */
#include "desk/finding.h"

#include "base/limits.h"
#include "desk/finding_batch.h"

/* One write: lines kept as evidence must fit one log record. */
#define RUN_HITS  4096
#define RUN_BYTES (4 * MIB)
/* Scratch of one run: the lines (up to three bytes for each that is no UTF-8), and findings that are looked through.
 */
#define RUN_ARENA_BYTES (64 * MIB)

/* ---- runs ---- */

/* A run ends between lines, so that what the log says was read is whole lines. */
static size_t run_end(const struct hit_batch *b, size_t from)
{
    size_t bytes = 0, i = from;
    while (i < b->count) {
        size_t len = b->hits[i].text.len;
        bytes += len < EVIDENCE_LINE_MAX_BYTES ? len : EVIDENCE_LINE_MAX_BYTES;
        bool new_line = i > from && b->hits[i].offset != b->hits[i - 1].offset;
        if (new_line && (bytes > RUN_BYTES || i - from >= RUN_HITS))
            break;
        i++;
    }
    return i;
}

static bool in_order(const struct hit_batch *b)
{
    for (size_t i = 1; i < b->count; i++)
        if (b->hits[i].offset < b->hits[i - 1].offset)
            return false;
    return true;
}

/* ---- news ---- */

static bool id_text(struct arena *arena, const char *type, const struct uuid *uuid, struct text *ret)
{
    char id[IDENT_TEXT_MAX];
    *ret = uuid_is_zero(uuid) ? TEXT_NONE : arena_text(arena, ident_format(text_of(type), uuid, id));
    return uuid_is_zero(uuid) || ret->ptr;
}

static struct finding_news *news_of(struct finding_news *news, size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (news[i].number == number)
            return &news[i];
    return NULL;
}

/* One piece of news a finding, however many runs touched it; none of silenced ones. */
static enum err tell(const struct finding_batch *b, struct arena *arena, struct finding_news *news, size_t *count)
{
    for (size_t i = 0; i < b->work_count; i++) {
        const struct finding_work *w = &b->works[i];
        if (w->silenced)
            continue;
        struct finding_news *n = news_of(news, *count, w->number);
        if (!n) {
            n = &news[(*count)++];
            *n = (struct finding_news){.number = w->number, .fresh = w->fresh};
        }
        n->value = arena_text(arena, w->value);
        n->organisation = arena_text(arena, w->organisation_name);
        n->incident_opened = n->incident_opened || w->incident_opened;
        n->sighting_made = n->sighting_made || w->sighting_made;
        n->count = w->count;
        if (!n->value.ptr || !n->organisation.ptr || !id_text(arena, TYPE_FINDING, &w->id, &n->finding) ||
            !id_text(arena, "indicator", &w->indicator, &n->indicator) ||
            !id_text(arena, TYPE_INCIDENT, &w->incident, &n->incident))
            return ERR_NOMEM;
    }
    return OK;
}

enum err findings_record(struct node *node, const struct hit_batch *batch, struct arena *arena,
                         struct finding_news **ret, size_t *ret_count, struct fault *reterr)
{
    if (batch->follow_key.len > 0 && !in_order(batch))
        return fault_set(reterr, ERR_USAGE, "the hits of a followed file must come in the order of their lines");
    struct finding_news *news = arena_alloc(arena, (batch->count + 1) * sizeof *news);
    if (!news)
        return fault_set(reterr, ERR_NOMEM, "no memory for findings");
    struct finding_batch b = {.batch = batch};
    arena_init(&b.arena, RUN_ARENA_BYTES);
    size_t count = 0;
    enum err e = OK;
    for (size_t from = 0; e == OK && from < batch->count; from = b.until) {
        b.from = from;
        b.until = run_end(batch, from);
        bool last = b.until == batch->count;
        b.follow_offset = last ? batch->follow_offset : batch->hits[b.until].offset;
        b.follow_line = last ? batch->follow_line : batch->hits[b.until].line;
        e = node_write(node, finding_batch_write, &b, reterr);
        if (e == OK && tell(&b, arena, news, &count) != OK)
            e = fault_set(reterr, ERR_NOMEM, "no memory to say what was found");
    }
    finding_batch_done(&b);
    if (e != OK)
        return e;
    *ret = news;
    *ret_count = count;
    return OK;
}

/* ---- acts ---- */

struct state_write {
    const struct uuid *finding;
    uint8_t state;
    struct text reason;
    const struct uuid *account;
};

static enum err change_state(struct txn *t, const struct state_write *s, struct finding_work *w, struct fault *reterr)
{
    static const char *const verbs[] = {"finding-reopen", "finding-close", "finding-false-positive"};
    char id[IDENT_TEXT_MAX];
    enum err e = finding_label(t, w, reterr);
    if (e == OK) {
        w->state = s->state;
        e = finding_append(t, w, s->account, reterr);
    }
    if (e == OK && s->state == 2 && w->finding_kind == FINDING_HIT)
        e = sighting_withdraw(t, &w->indicator, s->account, reterr);
    if (e == OK)
        e = own_act(t, s->account, verbs[s->state], ident_format(TEXT(TYPE_FINDING), &w->id, id), s->reason, reterr);
    return e;
}

static enum err write_state(struct txn *t, void *self, struct fault *reterr)
{
    const struct state_write *s = self;
    struct finding_row row;
    struct finding_work w;
    enum err e = view_finding(txn_view(t), s->finding, &row, reterr);
    if (e != OK)
        return e == ERR_NOT_FOUND ? fault_set(reterr, e, "no such finding") : e;
    if (row.state == s->state)
        return OK;
    struct arena arena;
    arena_init(&arena, STIX_OBJECT_MAX_BYTES);
    e = finding_load(t, &row, &arena, &w, reterr);
    if (e == OK)
        e = change_state(t, s, &w, reterr);
    arena_done(&arena);
    return e;
}

enum err finding_set_state(struct node *node, const struct uuid *finding, uint8_t state, struct text reason,
                           const struct uuid *account, struct fault *reterr)
{
    if (state > 2 || !text_is_utf8(reason))
        return fault_set(reterr, ERR_USAGE, "a finding is open (0), closed (1) or a false positive (2)");
    struct state_write s = {finding, state, reason, account};
    return node_write(node, write_state, &s, reterr);
}
