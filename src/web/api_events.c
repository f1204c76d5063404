/* web/api_events.c - see api_events.h. Looks at the log once a second: a commit does not have to know who listens. */
#include "web/api_events.h"

#include <stdlib.h>

#include "base/time.h"
#include "desk/about.h"
#include "exchange/asker.h"
#include "store/facts.h"

#define LOOK_US        ((int64_t)1000000)
#define HEARTBEAT_US   ((int64_t)15 * 1000000)
#define ENTRIES_MAX    500 /* looked at for one piece */
#define PIECE_BUDGET   (16 * MIB)
#define CREDENTIAL_MAX (8 * KIB)

struct stream {
    struct node *node;
    struct api_permit *permit;
    struct buffer authorization; /* asked about again each time */
    uint64_t next;               /* the entry to be looked at */
    int64_t told_us;
};

static void stream_free(void *state)
{
    struct stream *s = state;
    api_permit_free(s->permit);
    buffer_done(&s->authorization);
    free(s);
}

static bool still_may(struct stream *s, struct view *v, struct arena *arena)
{
    struct asker asker;
    struct fault fault = {0};
    return asker_find(s->node, v, buffer_text(&s->authorization), arena, &asker, &fault) == OK &&
           (asker.scopes & SCOPE_API_READ) && api_permit_same(s->permit, &asker.recipient);
}

static enum api_event_kind kind_of(struct text id)
{
    return text_starts(id, TEXT("x-entente-finding--")) ? API_EVENT_FINDING
           : text_starts(id, TEXT("incident--"))        ? API_EVENT_INCIDENT
                                                        : API_EVENT_OBJECT;
}

/* An entry as this account may learn of it; false: it may not, or it is none of those that are told. */
static bool learn(struct stream *s, struct view *v, struct arena *arena, uint64_t n, struct api_event *ret)
{
    static const struct {
        enum fact_kind fact;
        enum api_event_kind event;
    } table[] = {{FACT_PEER, API_EVENT_PEER}, {FACT_SOURCE, API_EVENT_SOURCE}, {FACT_ACT, API_EVENT_ACT}};
    struct version_row row;
    struct log_read read;
    const struct about_question q = {.n = n, .account = *api_permit_account(s->permit), .now_us = clock_now_us()};
    if (view_by_entry(v, n, &row, NULL) == OK) {
        struct text id = arena_text(arena, row.id), modified = arena_text(arena, row.modified);
        ptrdiff_t end = text_find_text(id, TEXT("--"));
        *ret = (struct api_event){kind_of(id), n, row.added_us, id, text_sub(id, 0, end > 0 ? (size_t)end : 0),
                                  modified};
        return about_may_read(s->node, v, &q);
    }
    if (node_entry(s->node, n, arena, &read, NULL) != OK)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (!text_eq(read.entry.kind, text_of(fact_kind_name(table[i].fact))))
            continue;
        *ret = (struct api_event){.kind = table[i].event, .n = n, .t_us = read.entry.t_us};
        return table[i].event != API_EVENT_ACT || api_permit_role(s->permit) >= ROLE_ADMINISTRATOR;
    }
    return false;
}

static enum http_next look(struct stream *s, struct view *v, struct arena *arena, struct outbound **ret_piece,
                           int64_t *ret_until_us)
{
    struct api_event *events = arena_alloc(arena, ENTRIES_MAX * sizeof *events);
    uint64_t size = node_tree_size(s->node);
    size_t count = 0;
    if (!events || !still_may(s, v, arena))
        return HTTP_END;
    for (size_t seen = 0; s->next < size && seen < ENTRIES_MAX; s->next++, seen++)
        count += learn(s, v, arena, s->next, &events[count]);
    int64_t now_us = clock_mono_us();
    if (!count && now_us - s->told_us < HEARTBEAT_US) {
        *ret_until_us = now_us + (s->next < size ? 0 : LOOK_US);
        return HTTP_LATER;
    }
    s->told_us = now_us;
    return outbound_api_events(s->permit, events, count, ret_piece) ? HTTP_END : HTTP_PIECE;
}

static enum http_next next_piece(void *state, bool closing, struct outbound **ret_piece, int64_t *ret_until_us)
{
    struct stream *s = state;
    struct view *v;
    struct arena arena;
    if (closing || node_reader(s->node, &v, NULL))
        return HTTP_END;
    arena_init(&arena, PIECE_BUDGET);
    enum http_next next = look(s, v, &arena, ret_piece, ret_until_us);
    arena_done(&arena);
    node_reader_done(s->node, v);
    return next;
}

struct outbound *api_events(struct node *node, const struct http_request *request, struct api_permit *permit)
{
    struct stream *s = calloc(1, sizeof *s);
    struct outbound *head = NULL;
    uint64_t last;
    if (!s) {
        api_permit_free(permit);
        return NULL;
    }
    *s = (struct stream){.node = node, .permit = permit, .next = node_tree_size(node), .told_us = clock_mono_us()};
    buffer_init(&s->authorization, CREDENTIAL_MAX);
    buffer_add(&s->authorization, http_header(request, "Authorization"));
    if (text_u64(text_trim(http_header(request, "Last-Event-ID")), &last) == OK && last < s->next)
        s->next = last + 1;
    if (!request->exchange || buffer_error(&s->authorization) || outbound_api_stream(permit, &head)) {
        stream_free(s);
        return NULL;
    }
    return http_stream(request, head, next_piece, s, stream_free);
}
