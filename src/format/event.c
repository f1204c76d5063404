/* format/event.c - see event.h. */
#include "format/event.h"

#include <string.h>

/* Texts of one event: EVENT_VALUES_MAX values of VALUE_MAX_BYTES and the short ones, several times. */
#define DRAFT_BUDGET_BYTES (4 * MIB)
#define LOST_TEXT_MAX      240

void event_draft_init(struct event_draft *d)
{
    *d = (struct event_draft){0};
    arena_init(&d->arena, DRAFT_BUDGET_BYTES);
    buffer_init(&d->word, VALUE_MAX_BYTES);
    buffer_init(&d->words, EVENT_TEXT_MAX);
}

void event_draft_done(struct event_draft *d)
{
    arena_done(&d->arena);
    buffer_done(&d->word);
    buffer_done(&d->words);
}

void event_begin(struct event_draft *d, int64_t at)
{
    arena_reset(&d->arena);
    buffer_clear(&d->words);
    d->event = (struct record_event){.at = at, .line = -1, .count = 1};
    d->value_count = d->lost_count = 0;
    d->no_memory = false;
}

/* ---- texts ---- */

/* At most max bytes, no character cut in two. */
static struct text cut(struct text t, size_t max)
{
    if (t.len <= max)
        return t;
    while (max > 0 && ((unsigned char)t.ptr[max] & 0xc0) == 0x80)
        max--;
    return text_sub(t, 0, max);
}

static struct text copy(struct event_draft *d, struct text t)
{
    struct text kept = arena_text(&d->arena, t);
    d->no_memory = d->no_memory || !kept.ptr;
    return kept.ptr ? kept : TEXT_NONE;
}

/* Runs of blanks and control characters become one blank: what is shown in a line stays in it. */
static struct text copy_line(struct event_draft *d, struct text t, size_t max)
{
    t = text_trim(t);
    if (t.len == 0)
        return TEXT_NONE;
    if (!text_is_utf8(t))
        return TEXT_NONE;
    char *to = arena_alloc(&d->arena, t.len + 1);
    size_t len = 0;
    if (!to) {
        d->no_memory = true;
        return TEXT_NONE;
    }
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        bool blank = c <= ' ' || c == 0x7f;
        if (!blank)
            to[len++] = t.ptr[i];
        else if (len && to[len - 1] != ' ')
            to[len++] = ' ';
    }
    return cut(text_trim((struct text){to, len}), max);
}

struct text event_text(struct event_draft *d, struct text t)
{
    return copy_line(d, cut(t, 8 * EVENT_TEXT_MAX), EVENT_TEXT_MAX);
}

void event_detail(struct event_draft *d, const char *name, struct text t)
{
    struct text kept = event_text(d, t);
    if (!kept.len || kept.len > EVENT_TEXT_MAX / 4)
        return;
    buffer_addf(&d->words, "%s%s=" TEXT_FMT, d->words.len ? "; " : "", name, TEXT_ARG(kept));
    if (buffer_error(&d->words) == ERR_NOMEM)
        d->no_memory = true;
    d->words.err = OK; /* no room: what fits tells enough */
}

void event_detail_number(struct event_draft *d, const char *name, int64_t n)
{
    const char *text = arena_printf(&d->arena, "%lld", (long long)n);
    d->no_memory = d->no_memory || !text;
    if (text)
        event_detail(d, name, text_of(text));
}

void event_lose(struct event_draft *d, struct text what, struct text reason)
{
    size_t at = d->lost_count++;
    if (at >= EVENT_LOST_MAX)
        return;
    d->lost[at].what = copy_line(d, cut(what, LOST_TEXT_MAX), LOST_TEXT_MAX);
    d->lost[at].reason = copy_line(d, cut(reason, LOST_TEXT_MAX), LOST_TEXT_MAX);
}

void event_label(struct event_draft *d, struct text word)
{
    enum tlp label = TLP_RED;
    if (text_trim(word).len == 0)
        return;
    if (tlp_parse(text_trim(word), &label)) {
        label = TLP_RED;
        event_lose(d, TEXT("tlp"), TEXT("a label that is not known: taken as TLP:RED"));
    }
    d->event.tlp = (uint8_t)tlp_stricter((enum tlp)d->event.tlp, label);
}

/* ---- values ---- */

static bool has_value(const struct event_draft *d, enum value_kind kind, struct text value)
{
    for (size_t i = 0; i < d->value_count; i++)
        if (d->values[i].kind == kind && text_eq(d->values[i].value, value))
            return true;
    return false;
}

static void add_value(struct event_draft *d, enum event_role role, enum value_kind kind, struct text value,
                      const char *where)
{
    if (has_value(d, kind, value))
        return;
    if (d->value_count == EVENT_VALUES_MAX) {
        event_lose(d, text_of(where), TEXT("an event holds 64 values: this is one more"));
        return;
    }
    d->values[d->value_count] = (struct record_event_value){(uint8_t)role, (uint8_t)kind, copy(d, value)};
    d->value_count += !d->no_memory;
}

void event_value(struct event_draft *d, enum event_role role, enum value_kind kind, struct text raw,
                 const char *where)
{
    struct fault why = {0};
    raw = text_trim(raw);
    if (!raw.len)
        return;
    buffer_clear(&d->word);
    enum err e = value_normalise(kind, raw, &d->word, &kind, &why);
    if (buffer_error(&d->word) == ERR_NOMEM) {
        d->no_memory = true;
        return;
    }
    if (e || buffer_error(&d->word))
        event_lose(d, text_of(where), text_of(why.what[0] ? why.what : "too long"));
    else
        add_value(d, role, kind, buffer_text(&d->word), where);
}

/* ---- ranges ---- */

static bool bit_of(const struct ipaddr *a, unsigned i)
{
    return a->b[i / 8] >> (7 - i % 8) & 1;
}

/* The address behind the network's last one; false: there is none. */
static bool step_over(struct ipaddr *a, unsigned len)
{
    for (unsigned i = len; i-- > 0;) {
        a->b[i / 8] ^= (uint8_t)(0x80 >> i % 8);
        if (bit_of(a, i))
            return true;
    }
    return false;
}

static struct ipaddr last_of(struct ipaddr a, unsigned len)
{
    for (unsigned i = len; i < a.bits; i++)
        a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
    return a;
}

/* The widest network that begins at a and does not pass b. */
static unsigned widest(const struct ipaddr *a, const struct ipaddr *b)
{
    unsigned len = a->bits;
    while (len > 0 && !bit_of(a, len - 1)) {
        struct ipaddr last = last_of(*a, len - 1);
        if (ipaddr_cmp(&last, b) > 0)
            break;
        len--;
    }
    return len;
}

static void add_range(struct event_draft *d, enum event_role role, struct ipaddr a, struct ipaddr b,
                      const char *where)
{
    char out[IPADDR_TEXT_MAX];
    do {
        unsigned len = widest(&a, &b);
        const char *net = arena_printf(&d->arena, "%.*s/%u", TEXT_ARG(ipaddr_format(&a, out)), len);
        d->no_memory = d->no_memory || !net;
        if (d->no_memory)
            return;
        event_value(d, role, VALUE_CIDR, text_of(net), where);
        if (!step_over(&a, len))
            return;
    } while (ipaddr_cmp(&a, &b) <= 0 && d->value_count < EVENT_VALUES_MAX);
    if (ipaddr_cmp(&a, &b) <= 0)
        event_lose(d, text_of(where), TEXT("the rest of the range: an event holds 64 values"));
}

void event_addresses(struct event_draft *d, enum event_role role, struct text raw, const char *where)
{
    struct ipaddr a, b;
    raw = text_trim(raw);
    ptrdiff_t dash = text_find(raw, '-', 0);
    if (dash < 0) {
        event_value(d, role, VALUE_IPV4, raw, where);
        return;
    }
    if (ipaddr_parse(text_trim(text_sub(raw, 0, (size_t)dash)), &a) ||
        ipaddr_parse(text_trim(text_sub(raw, (size_t)dash + 1, raw.len)), &b) || a.bits != b.bits ||
        ipaddr_cmp(&a, &b) > 0)
        event_lose(d, text_of(where), TEXT("no range of addresses"));
    else
        add_range(d, role, a, b, where);
}

/* ---- times ---- */

bool event_time(struct event_draft *d, struct text t, bool utc, const char *where, int64_t *ret_us)
{
    char zoned[64];
    struct stamp s;
    t = text_trim(t);
    if (!t.len)
        return false;
    if (stamp_parse_lenient(t, &s) == OK) {
        *ret_us = stamp_us(s);
        return true;
    }
    if (utc && t.len < sizeof zoned - 1) {
        memcpy(zoned, t.ptr, t.len);
        zoned[t.len] = 'Z';
        if (stamp_parse_lenient((struct text){zoned, t.len + 1}, &s) == OK) {
            *ret_us = stamp_us(s);
            return true;
        }
    }
    event_lose(d, text_of(where), utc ? TEXT("no date and time") : TEXT("no time with a zone (RFC 3339)"));
    return false;
}

void event_span(struct event_draft *d, int64_t first_us, int64_t last_us)
{
    d->event.has_time = true;
    d->event.first_us = first_us;
    d->event.last_us = last_us < first_us ? first_us : last_us;
}

/* ---- the record ---- */

static void put_lost(const struct event_draft *d, struct buffer *to)
{
    size_t listed = d->lost_count < EVENT_LOST_MAX ? d->lost_count : EVENT_LOST_MAX;
    for (size_t i = 0; i < listed; i++) {
        struct text what = d->lost[i].what.len ? d->lost[i].what : TEXT("event");
        struct record_lost lost = {d->event.at, what, d->lost[i].reason};
        record_add_lost(to, &lost);
    }
    if (d->lost_count > listed) {
        struct record_lost lost = {d->event.at, TEXT("event"), TEXT("more of it than is listed is lost")};
        record_add_lost(to, &lost);
    }
}

enum err event_put(struct event_draft *d, const char *report, struct text raw, uint8_t tlp, struct buffer *to)
{
    struct record_event *e = &d->event;
    if (!e->report.len)
        e->report = text_of(report);
    if (!e->count)
        e->count = 1;
    if (e->tlp == TLP_NONE)
        e->tlp = tlp;
    e->detail = buffer_text(&d->words);
    e->raw = cut(raw, EVENT_RAW_MAX);
    if (e->raw.len < raw.len)
        event_lose(d, TEXT("event"), TEXT("longer than 16 KiB: its beginning is the evidence"));
    if (d->no_memory)
        return ERR_NOMEM;
    record_add_event(to, e, d->values, d->value_count);
    put_lost(d, to);
    return buffer_error(to);
}
