/* desk/intake.c - see intake.h; the plan of it is in intake_inside.h. */
#include "desk/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/intake_events.h"
#include "desk/intake_honest.h"
#include "desk/own.h"
#include "desk/reclass.h"
#include "store/home.h"

struct reader_options intake_reader_options(const struct intake *in)
{
    return (struct reader_options){.format = in->format,
                                   .name = in->options->name,
                                   .rules = in->options->rules.len ? in->options->rules : buffer_text(&in->rules),
                                   .party = text_of(in->party_text),
                                   .tlp = (uint8_t)in->options->marking,
                                   .identity = in->options->from_self ? text_of(in->identity) : TEXT_NONE,
                                   .chunk_bytes = INTAKE_CHUNK_BYTES,
                                   .envelope = in->options->on_envelope ? READER_ENVELOPE : READER_NO_ENVELOPE,
                                   .elements = in->options->on_element ? in->options->elements : 0,
                                   .cancel = in->options->cancel};
}

static bool cancelled(const struct intake *in)
{
    return in->options->cancel && atomic_load(in->options->cancel);
}

/* ---- before the first record ---- */

static enum err look_up_source(struct intake *in, struct fault *reterr)
{
    if (uuid_is_zero(&in->options->source))
        return OK;
    struct view *v;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    struct fact_source source;
    e = view_source(v, &in->options->source, &source, reterr);
    node_reader_done(in->node, v);
    if (e == OK)
        in->source_default = source.default_tlp;
    if (e == OK)
        in->source_pap = source.default_pap;
    return e == ERR_NOT_FOUND ? fault_set(reterr, ERR_NOT_FOUND, "the source is not recorded") : e;
}

/* Received RED is for the accounts that an agreement with its party names. */
static enum err look_up_agreement(struct intake *in, struct fault *reterr)
{
    if (uuid_is_zero(&in->party) || in->options->from_self)
        return OK;
    struct view *v;
    enum err e = node_reader(in->node, &v, reterr);
    if (e != OK)
        return e;
    struct fact_agreement agreement;
    e = view_agreement(v, &in->party, &agreement, reterr);
    if (e == OK)
        in->red_named = agreement.red_count && (!agreement.until_us || agreement.until_us > clock_now_us());
    node_reader_done(in->node, v);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* HOME/rules/shadowserver.json: what this node's people add to the map of reports. */
static enum err read_rules(struct intake *in, struct fault *reterr)
{
    char *path = home_path(node_home(in->node), RULES_SHADOWSERVER);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    bool none = path && fd < 0 && errno == ENOENT;
    ssize_t n = -1;
    buffer_init(&in->rules, READER_RULES_MAX + 1);
    char *to = fd >= 0 ? buffer_reserve(&in->rules, READER_RULES_MAX + 1) : NULL;
    if (to)
        n = io_read_all(io_system(), fd, to, READER_RULES_MAX + 1, 0);
    if (fd >= 0)
        close(fd);
    free(path);
    if (none)
        return OK;
    if (n < 0)
        return path && fd < 0 ? fault_errno(reterr, RULES_SHADOWSERVER)
                              : fault_set(reterr, ERR_IO, RULES_SHADOWSERVER ": cannot be read");
    in->rules.len = (size_t)n;
    return (size_t)n <= READER_RULES_MAX
               ? OK
               : fault_set(reterr, ERR_MALFORMED, RULES_SHADOWSERVER ": longer than %d bytes", (int)READER_RULES_MAX);
}

static enum err begin(struct intake *in, int fd, struct fault *reterr)
{
    const struct fact_genesis *g = node_genesis(in->node);
    ident_format(TEXT("identity"), &g->identity, in->identity);
    in->party = in->options->from_self ? g->identity : in->options->party;
    if (!uuid_is_zero(&in->party))
        uuid_format(&in->party, in->party_text);
    in->space = g->space;
    in->exercise = !space_is_real(g->space);
    in->format = in->options->format;
    in->ceiling = node_ceiling(in->node);
    enum err e = intake_space_document(in, reterr);
    if (e == OK)
        e = look_up_source(in, reterr);
    if (e == OK)
        e = look_up_agreement(in, reterr);
    if (e == OK)
        e = read_rules(in, reterr);
    if (e != OK)
        return e;
    return intake_spool_open(node_home(in->node), fd, in->options->cancel, &in->spool, reterr);
}

/* --strict: the document is read through before anything of it counts. */
static enum err check_whole(struct intake *in, struct fault *reterr)
{
    struct fault end;
    enum err e = intake_read_ahead(in, true, &in->totals.read, &in->totals.rejected, &end, reterr);
    if (e != OK)
        return e;
    in->totals.format = in->format;
    uint64_t rejected = in->totals.rejected;
    if (end.err != OK) {
        if (reterr)
            *reterr = end;
        return end.err == ERR_NOMEM || end.err == ERR_IO ? end.err : ERR_MALFORMED;
    }
    if (rejected > 0)
        return fault_set(reterr, ERR_MALFORMED, "%llu refused, so nothing was taken in (strict)",
                         (unsigned long long)rejected);
    in->totals.read = 0;
    return OK;
}

/* ---- the document ---- */

static void tell_rejected(struct intake *in, const struct intake_items *items, size_t from, size_t count)
{
    const struct intake_options *o = in->options;
    for (size_t i = from; i < from + count; i++) {
        const struct record *r = &items->list[i].record;
        const bool warned = r->kind == RECORD_OBJECT && r->u.object.warned.len > 0;
        in->totals.warned += warned;
        if (r->kind == RECORD_REJECTED && o->on_rejected)
            o->on_rejected(o->self, &r->u.rejected);
        if (r->kind == RECORD_OBJECT && r->u.object.proposed && o->on_proposed)
            o->on_proposed(o->self, &r->u.object);
        if (warned && o->on_warned)
            o->on_warned(o->self, &r->u.object);
    }
}

/* How many items from `from` on make one group. */
static size_t group_size(const struct intake_items *items, size_t from)
{
    size_t bytes = 0, n = 0;
    while (from + n < items->count && n < INTAKE_GROUP_OBJECTS) {
        const struct record *r = &items->list[from + n].record;
        if (r->kind == RECORD_EVENT)
            break;
        if (r->kind == RECORD_OBJECT)
            bytes += r->u.object.body.len + r->u.object.original.len;
        if (n > 0 && bytes > INTAKE_GROUP_BYTES)
            break;
        n++;
    }
    return n;
}

static size_t event_run(const struct intake_items *items, size_t from)
{
    size_t n = 0;
    while (from + n < items->count && items->list[from + n].record.kind == RECORD_EVENT)
        n++;
    return n;
}

static enum err apply_items(struct intake *in, const struct intake_items *items, struct fault *reterr)
{
    for (size_t from = 0; from < items->count;) {
        if (cancelled(in))
            return fault_set(reterr, ERR_CANCELLED, "stopped on request");
        size_t n = event_run(items, from);
        enum err e = n ? intake_events(in, items, from, n, reterr) : OK;
        from += n;
        n = e == OK ? group_size(items, from) : 0;
        if (n == 0 && e == OK)
            continue;
        if (e == OK)
            e = intake_apply(in, items, from, n, reterr);
        if (e != OK)
            return e;
        pthread_mutex_lock(&in->tell_lock);
        tell_rejected(in, items, from, n);
        if (in->options->on_commit)
            in->options->on_commit(in->options->self, in->totals.read, in->totals.at);
        pthread_mutex_unlock(&in->tell_lock);
        from += n;
    }
    return OK;
}

/* The next chunk is read, checked, hashed and packed while the one before is written: two turns of items, of which
 * one is the writer's. What the two touch of `in` are different members of it. */
struct turn {
    struct intake *in;
    struct intake_items items;
    pthread_t thread;
    bool writing;
    enum err err;
    struct fault fault;
};

static void *write_turn(void *self)
{
    struct turn *t = self;
    t->err = apply_items(t->in, &t->items, &t->fault);
    return NULL;
}

/* A document of one chunk, and one that cannot have a thread, is written at once. */
static void turn_begin(struct turn *t)
{
    t->fault = (struct fault){.offset = -1, .line = -1};
    t->writing = !t->items.ended && pthread_create(&t->thread, NULL, write_turn, t) == 0;
    if (!t->writing)
        (void)write_turn(t);
}

static enum err turn_end(struct turn *t, struct fault *reterr)
{
    if (t->writing)
        pthread_join(t->thread, NULL);
    t->writing = false;
    if (t->err != OK && reterr)
        *reterr = t->fault;
    return t->err;
}

/* Takes the next chunk into this turn. *ret_lie err: what was wrong with it; its items before the lie stand. */
static enum err next_turn(struct turn *t, struct reader *reader, struct fault *ret_lie, struct fault *reterr)
{
    struct text chunk;
    enum err e = reader_next(reader, &chunk, reterr);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_MALFORMED, "its reader stopped without a word");
    if (e != OK)
        return e;
    *ret_lie = (struct fault){.offset = -1, .line = -1};
    enum err taken = intake_items_take(t->in, &t->items, chunk, ret_lie);
    enum err bounded = intake_bounded(t->in, &t->items, chunk.len, taken == OK ? ret_lie : NULL);
    ret_lie->err = taken != OK ? taken : bounded;
    return OK;
}

/* One chunk after the other. A lying reader's items before the lie stand. */
static enum err read_turns(struct intake *in, struct turn turns[2], struct reader *reader, struct fault *reterr)
{
    struct fault lie = {.err = OK};
    enum err e = OK;
    size_t i = 0;
    while (e == OK && lie.err == OK && !turns[1 - i].items.ended) {
        struct fault why = {.offset = -1, .line = -1};
        enum err next = next_turn(&turns[i], reader, &lie, &why);
        e = turn_end(&turns[1 - i], reterr);
        in->mostly_held = in->totals.unchanged * 2 > in->totals.read;
        if (e == OK && next != OK) {
            *reterr = why;
            e = next;
        }
        if (e == OK)
            turn_begin(&turns[i]);
        i = 1 - i;
    }
    enum err last = turn_end(&turns[1 - i], e == OK ? reterr : NULL);
    if (e == OK)
        e = last;
    if (e == OK && lie.err != OK) {
        *reterr = lie;
        e = lie.err;
    }
    return e;
}

static enum err turns_init(struct intake *in, struct turn turns[2], struct fault *reterr)
{
    enum err e = OK;
    for (size_t i = 0; i < 2; i++) {
        turns[i] = (struct turn){.in = in};
        intake_items_init(&turns[i].items);
    }
    for (size_t i = 0; e == OK && i < 2; i++)
        e = body_maker_new(in->node, &turns[i].items.maker);
    return e == OK ? OK : fault_set(reterr, e, "no memory to take a document in");
}

static enum err read_document(struct intake *in, struct reader *reader, struct fault *reterr)
{
    struct turn turns[2];
    struct fault why = {.offset = -1, .line = -1};
    enum err e = turns_init(in, turns, &why);
    if (e == OK)
        e = read_turns(in, turns, reader, &why);
    const struct intake_items *last = turns[0].items.ended ? &turns[0].items : &turns[1].items;
    if (e == OK && last->end.err != OK) {
        why = last->end;
        e = why.err;
    }
    in->totals.whole = e == OK;
    for (size_t i = 0; i < 2; i++)
        intake_items_done(&turns[i].items);
    if (e != OK && reterr)
        *reterr = why;
    return e;
}

static enum err take_in(struct intake *in, struct fault *reterr)
{
    struct reader_options opt = intake_reader_options(in);
    struct reader *reader;
    enum err e = reader_open(in->spool.fd, &opt, &reader, reterr);
    if (e != OK)
        return e;
    in->totals.format = reader_format_of(reader);
    if (in->format == READER_DETECT) /* what was named is what is in a container */
        in->format = in->totals.format;
    /* Erased after its objects, and before its bytes are kept, a word would stand in those. */
    const bool keeps = reader_format_keeps(in->totals.format);
    if (keeps)
        node_hold_erasures(in->node);
    e = read_document(in, reader, reterr);
    reader_free(reader);
    if (e == OK || e == ERR_MALFORMED) {
        enum err ended = intake_events_end(in, e == OK ? reterr : NULL);
        if (e == OK)
            e = ended;
    }
    /* A document that broke off has its entry too: it says how far it was read. */
    if ((e == OK || e == ERR_MALFORMED) && in->changed) {
        enum err recorded = intake_record_document(in, e == OK ? reterr : NULL);
        if (e == OK)
            e = recorded;
    }
    if (keeps)
        node_let_erasures(in->node);
    return e;
}

struct reclass_request intake_look_again(const struct intake *in)
{
    return (struct reclass_request){.definitions = in->defined,
                                    .count = in->defined_count,
                                    .party = in->party,
                                    .changed = in->redefined,
                                    .account = in->options->account};
}

/* What waited for the definitions that came in waits no more, and what they narrow is narrowed: also when the
 * document broke off, and whoever asked for it no longer waits. */
static enum err look_again(struct intake *in, struct fault *reterr)
{
    const struct reclass_request q = intake_look_again(in);
    if (!in->defined_marked)
        return OK;
    enum err e = reclass_by_definitions(in->node, &q, &in->totals.reclassed, reterr);
    return e == OK ? reclass_unmark(in->node, &in->run, reterr) : e;
}

enum err intake_run(struct node *node, int fd, const struct intake_options *options, struct intake_totals *ret_totals,
                    struct fault *reterr)
{
    struct intake in = {.node = node, .options = options, .run = uuid_random()};
    pthread_mutex_init(&in.tell_lock, NULL);
    enum err e = begin(&in, fd, reterr);
    if (e == OK) {
        if (options->strict)
            e = check_whole(&in, reterr);
        if (e == OK)
            e = take_in(&in, reterr);
        enum err again = look_again(&in, e == OK ? reterr : NULL);
        if (e == OK || e == ERR_MALFORMED)
            e = again == OK ? e : again;
        intake_spool_close(&in.spool);
    }
    if (e == ERR_NOMEM && reterr && !reterr->what[0])
        fault_set(reterr, e, "no memory to take the document in");
    pthread_mutex_destroy(&in.tell_lock);
    marking_book_done(&in.markings);
    report_batch_free(in.reports);
    buffer_done(&in.rules);
    constituency_unref(in.owners);
    suppress_free(in.suppress);
    free(in.aside);
    free(in.defined);
    *ret_totals = in.totals;
    return e;
}

/* ---- parties ---- */

struct party_write {
    struct text name;
    const struct uuid *account;
    struct uuid id;
};

static enum err write_party(struct txn *t, void *self, struct fault *reterr)
{
    struct party_write *p = self;
    struct fact_party known;
    enum err e = view_party_by_name(txn_view(t), p->name, &known, reterr);
    if (e == OK)
        p->id = known.id;
    if (e != ERR_NOT_FOUND)
        return e;
    p->id = uuid_random();
    struct fact f = {.kind = FACT_PARTY};
    f.u.party = (struct fact_party){.id = p->id, .account = *p->account, .name = p->name};
    return txn_append(t, &f, TEXT_NONE, TEXT_NONE, reterr);
}

enum err intake_party(struct node *node, struct text name, const struct uuid *account, struct uuid *ret_party,
                      struct fault *reterr)
{
    name = text_trim(name);
    if (name.len == 0 || name.len > NAME_MAX_BYTES || !text_is_utf8(name))
        return fault_set(reterr, ERR_USAGE, "a party's name has 1 to %d bytes of UTF-8", NAME_MAX_BYTES);
    if (text_eq_nocase(name, TEXT("self")))
        return fault_set(reterr, ERR_USAGE, "`self` is this node, no party; use another name");
    struct party_write p = {.name = name, .account = account};
    enum err e = node_write(node, write_party, &p, reterr);
    if (e == OK)
        *ret_party = p.id;
    return e;
}
