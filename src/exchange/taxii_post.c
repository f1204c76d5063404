/* exchange/taxii_post.c - objects given to us (TAXII 2.1 section 5.5) and what became of them (4.3).
 *
 * Its reader looks the envelope through before anything is taken in, so that a body cut off on its way changes
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "desk/intake.h"
#include "exchange/peer_source.h"
#include "exchange/taxii_accept.h"
#include "exchange/taxii_inside.h"

struct given {
    int64_t at; /* byte offset in the body */
    struct status_detail detail;
};
struct posting {
    const struct call *call;
    struct arena *arena;
    int fd;
    struct given *given; /* the first STATUS_DETAILS_MAX */
    size_t listed;
    uint64_t count;
    bool no_memory;
    unsigned refused; /* HTTP status of a body that is no envelope; 0: it is one */
    struct post_status status;
};

/* ---- the envelope ---- */

/* Who sent them gets its own ids back; what is no identifier is not repeated. */
static void on_element(void *self, const struct record_element *e)
{
    struct posting *p = self;
    if (p->listed >= STATUS_DETAILS_MAX)
        return;
    struct given *g = &p->given[p->listed];
    *g = (struct given){.at = e->at};
    g->detail.id = arena_text(p->arena, e->id.len ? e->id : TEXT("unreadable"));
    g->detail.version = arena_text(p->arena, e->version);
    if (g->detail.id.ptr && g->detail.version.ptr)
        p->listed++;
    else
        p->no_memory = true;
}

/* Told before anything is taken in. */
static enum err on_envelope(void *self, const struct record_envelope *e, struct fault *reterr)
{
    struct posting *p = self;
    p->count = e->objects;
    if (p->no_memory)
        return fault_set(reterr, ERR_NOMEM, "no memory for a status");
    if (e->err == ERR_MALFORMED)
        p->refused = 400; /* not JSON */
    else if (e->err || !e->list || !e->objects || !text_starts(text_trim(p->call->request->body), TEXT("{")))
        p->refused = 422; /* JSON, but no envelope with objects */
    return p->refused ? fault_set(reterr, ERR_MALFORMED, "no envelope with objects") : OK;
}

/* ---- taking in ---- */

static void on_rejected(void *self, const struct record_rejected *r)
{
    struct posting *p = self;
    for (size_t i = 0; i < p->listed; i++) {
        if (p->given[i].at != r->at)
            continue;
        struct text reason = text_is_utf8(r->reason) ? text_sub(r->reason, 0, FAULT_WHAT_MAX) : TEXT_NONE;
        struct text kept = arena_text(p->arena, text_is_utf8(reason) ? reason : TEXT_NONE);
        p->given[i].detail.failed = true;
        p->given[i].detail.message = kept.ptr ? kept : TEXT_NONE;
    }
}

static enum err take_in(struct posting *p, struct fault *reterr)
{
    const struct call *c = p->call;
    struct intake_options options = {.format = READER_STIX,
                                     .party = c->asker.recipient.party,
                                     .account = c->asker.account,
                                     .name = c->asker.name,
                                     .on_rejected = on_rejected,
                                     .on_envelope = on_envelope,
                                     .on_element = on_element,
                                     .elements = STATUS_DETAILS_MAX,
                                     .cancel = c->request->cancel,
                                     .self = p};
    struct intake_totals totals = {0};
    struct fact_peer peer;
    enum err e = peer_source_find(c->view, &options.party, &options.source, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    e = view_peer(c->view, &options.party, &peer, reterr);
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e == OK)
        options.identity = peer.identity; /* its own line */
    if (lseek(p->fd, 0, SEEK_SET) < 0)
        return fault_errno(reterr, "a posted envelope");
    e = intake_run(c->server->node, p->fd, &options, &totals, reterr);
    p->status.successes = totals.read - totals.rejected;
    p->status.failures = totals.rejected;
    return e;
}

/* All objects are listed, or none: a list shorter than its count is an error to clients. */
static enum err finish(struct posting *p)
{
    char at[STAMP_TEXT_MAX];
    size_t failed = 0;
    if (p->count != p->listed)
        return OK;
    struct status_detail *details = arena_alloc(p->arena, (p->count + 1) * sizeof *details);
    struct text received = arena_text(p->arena, taxii_date(p->status.at_us, at));
    if (!details || !received.ptr)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->count; i++) {
        details[i] = p->given[i].detail;
        if (!details[i].version.len)
            details[i].version = received;
        failed += details[i].failed;
    }
    if (failed != p->status.failures || p->count != p->status.failures + p->status.successes)
        return OK;
    p->status.details = details;
    p->status.detail_count = p->count;
    return OK;
}

static struct outbound *answer(struct posting *p, enum err e, const struct fault *fault)
{
    struct outbound *made = NULL;
    if (e == OK)
        e = finish(p);
    if (e == OK)
        e = status_book_add(p->call->server->statuses, &p->status);
    if (e == OK)
        e = status_page(&p->status, 202, &made);
    return e ? taxii_failure(e, fault) : made;
}

static struct outbound *take_posting(struct posting *p)
{
    struct fault fault = {0};
    struct text body = p->call->request->body;
    p->given = arena_alloc(p->arena, STATUS_DETAILS_MAX * sizeof *p->given);
    if (!p->given)
        return NULL;
    if (io_write_all(io_system(), p->fd, body.ptr, body.len, 0) < 0)
        return taxii_failure(fault_errno(&fault, "a posted envelope"), &fault);
    enum err e = take_in(p, &fault);
    if (p->refused)
        return taxii_fault(p->refused);
    if (e == ERR_NOMEM)
        return NULL;
    /* Its reader failed of it: what came before the failure is held, and the same again changes nothing. */
    return e == ERR_MALFORMED ? taxii_fault(400) : answer(p, e, &fault);
}

struct outbound *taxii_post(const struct call *c)
{
    struct posting p = {.call = c,
                        .arena = c->request->arena,
                        .status = {.id = uuid_random(), .account = c->asker.account, .at_us = c->now_us}};
    p.fd = memfd_create("posted", MFD_CLOEXEC);
    if (p.fd < 0) {
        struct fault fault = {0};
        return taxii_failure(fault_errno(&fault, "memory for a posted envelope"), &fault);
    }
    struct outbound *made = take_posting(&p);
    close(p.fd);
    return made;
}

struct outbound *taxii_status(const struct call *c)
{
    struct uuid id;
    struct outbound *made = NULL;
    enum err e = uuid_parse(c->object, &id);
    if (e == OK)
        e = status_book_page(c->server->statuses, &id, &c->asker.account, c->now_us, &made);
    if (e == ERR_NOMEM)
        return NULL;
    return e ? taxii_fault(404) : made;
}
