#include "desk/affected.h"

const char *logline_direction_name(enum logline_direction d)
{
    static const char *const names[] = {NULL, "outbound", "inbound", "internal"};
    return names[d];
}

/* A hit taken apart once: the host or address that it is, or has in it. */
struct target {
    struct text value, host;
    struct ipaddr addr; /* bits 0: a name */
};

static struct text without_dot(struct text name)
{
    return name.len > 1 && name.ptr[name.len - 1] == '.' ? text_sub(name, 0, name.len - 1) : name;
}

static struct text mail_domain(struct text address)
{
    for (size_t i = address.len; i-- > 0;)
        if (address.ptr[i] == '@')
            return text_sub(address, i + 1, address.len);
    return TEXT_NONE;
}

static struct target target_of(const struct matched_value *m)
{
    struct target t = {.value = m->value, .host = m->value};
    if (m->kind == VALUE_URL)
        t.host = logline_url_host(m->value);
    else if (m->kind == VALUE_EMAIL)
        t.host = mail_domain(m->value);
    if (ipaddr_parse(t.host, &t.addr))
        t.addr = (struct ipaddr){0};
    t.host = without_dot(t.host);
    return t;
}

/* ---- what an event names ---- */

struct mention {
    struct register_hit owner;
    bool matched; /* it is the value that was hit */
};

static struct mention mention_of_end(const struct constituency *c, const struct logline_end *end,
                                     const struct target *t)
{
    struct mention n = {0};
    if (end->text.len == 0)
        return n;
    if (end->addr.bits) {
        n.owner = constituency_address(c, &end->addr);
        n.matched = t->addr.bits && ipaddr_eq(&t->addr, &end->addr);
    } else {
        struct text name = without_dot(end->text);
        n.owner = constituency_domain(c, name);
        n.matched = text_eq_nocase(name, t->host);
    }
    return n;
}

static struct mention mention_of(const struct constituency *c, struct text name, const struct target *t)
{
    struct logline_end end = {.text = name};
    if (ipaddr_parse(name, &end.addr))
        end.addr = (struct ipaddr){0};
    return mention_of_end(c, &end, t);
}

/* For whom a proxy of ours asks: the last address of the list, which that proxy itself wrote. Zeek puts the header's
 * name before it. */
static struct text forwarded_for(const struct logline *e)
{
    struct text list = TEXT_NONE;
    for (size_t i = 0; i < e->value_count; i++)
        if (e->values[i].field == LOGLINE_FORWARDED)
            list = e->values[i].value;
    ptrdiff_t arrow = text_find_text(list, TEXT("-> "));
    if (arrow >= 0)
        list = text_sub(list, (size_t)arrow + 3, list.len);
    for (size_t i = list.len; i-- > 0;)
        if (list.ptr[i] == ',')
            list = text_sub(list, i + 1, list.len);
    return text_trim(list);
}

/* ---- the order in which they are asked ---- */

struct search {
    const struct constituency *c;
    const struct logline *e;
    const struct target *t;
    bool matched; /* the second time: what was hit itself */
    struct register_hit found;
};

static bool take(struct search *s, struct mention n)
{
    if (!s->found.organisation && n.matched == s->matched)
        s->found = n.owner;
    return s->found.organisation != NULL;
}

static bool take_mail(struct search *s, enum logline_field f)
{
    for (size_t i = 0; i < s->e->value_count; i++) {
        if (s->e->values[i].field != f)
            continue;
        struct text address = logline_mail_address(s->e->values[i].value);
        struct mention n = mention_of(s->c, mail_domain(address), s->t);
        n.matched = n.matched || text_eq_nocase(address, s->t->value);
        if (take(s, n))
            return true;
    }
    return false;
}

static void take_hosts(struct search *s)
{
    static const enum logline_field fields[] = {LOGLINE_HOST, LOGLINE_SERVER_NAME, LOGLINE_QUERY, LOGLINE_CERT_NAME};
    for (size_t f = 0; f < ARRAY_LEN(fields); f++)
        for (size_t i = 0; i < s->e->value_count; i++)
            if (s->e->values[i].field == fields[f] &&
                take(s, mention_of(s->c, logline_url_host(s->e->values[i].value), s->t)))
                return;
}

static void search(struct search *s, struct text forwarded)
{
    const struct logline *e = s->e;
    if (e->kind == LOGLINE_MAIL && (take_mail(s, LOGLINE_MAIL_TO) || take_mail(s, LOGLINE_MAIL_FROM)))
        return;
    if (e->travel && take(s, mention_of_end(s->c, &e->dst, s->t)))
        return;
    if (forwarded.len && take(s, mention_of(s->c, forwarded, s->t)))
        return;
    if (take(s, mention_of_end(s->c, &e->src, s->t)) || take(s, mention_of_end(s->c, &e->dst, s->t)))
        return;
    take_hosts(s);
}

/* ---- direction ---- */

static bool is_private(const struct ipaddr *a)
{
    static const struct ipnet nets[] = {
        {{{10}, 32}, 8},       {{{172, 16}, 32}, 12},     {{{192, 168}, 32}, 16},
        {{{100, 64}, 32}, 10}, {{{127}, 32}, 8},          {{{169, 254}, 32}, 16},
        {{{0xfc}, 128}, 7},    {{{0xfe, 0x80}, 128}, 10}, {{{[15] = 1}, 128}, 128},
    };
    for (size_t i = 0; i < ARRAY_LEN(nets); i++)
        if (nets[i].addr.bits == a->bits && ipnet_has(&nets[i], a))
            return true;
    return false;
}

enum side { SIDE_UNKNOWN, SIDE_INSIDE, SIDE_OUTSIDE };

static enum side side_of(const struct constituency *c, const struct logline_end *end, bool said, bool inside)
{
    static const struct target nothing;
    if (end->text.len == 0)
        return SIDE_UNKNOWN;
    if (mention_of_end(c, end, &nothing).owner.organisation || (said && inside))
        return SIDE_INSIDE;
    if (end->addr.bits && is_private(&end->addr))
        return SIDE_INSIDE;
    return SIDE_OUTSIDE;
}

/* Whom it went to where no address of the server is said: the host that the request names; who writes an access log
 * is one of ours. */
static enum side server_side(const struct constituency *c, const struct logline *e)
{
    enum side side = side_of(c, &e->dst, e->dst_inside_known, e->dst_inside);
    struct logline_end host = {.text = logline_value(e, LOGLINE_HOST)};
    if (side != SIDE_UNKNOWN || e->format == LOGLINE_ACCESS)
        return side == SIDE_UNKNOWN ? SIDE_INSIDE : side;
    if (host.text.len && ipaddr_parse(host.text, &host.addr))
        host.addr = (struct ipaddr){0};
    return side_of(c, &host, false, false);
}

static enum logline_direction direction_of(const struct constituency *c, const struct logline *e)
{
    enum side from = side_of(c, &e->src, e->src_inside_known, e->src_inside), to = server_side(c, e);
    if (from == SIDE_INSIDE && to == SIDE_OUTSIDE)
        return DIRECTION_OUTBOUND;
    if (from == SIDE_OUTSIDE && to == SIDE_INSIDE)
        return DIRECTION_INBOUND;
    return from == SIDE_INSIDE && to == SIDE_INSIDE ? DIRECTION_INTERNAL : DIRECTION_UNKNOWN;
}

/* Are both sides named, so that what else stands on the line is mere mention? */
static bool names_both(const struct logline *e)
{
    if (e->kind == LOGLINE_MAIL && logline_value(e, LOGLINE_MAIL_TO).len)
        return true;
    return e->src.text.len > 0 &&
           (e->dst.text.len > 0 || logline_value(e, LOGLINE_HOST).len > 0 || logline_value(e, LOGLINE_QUERY).len > 0);
}

struct affected logline_affected(const struct constituency *c, const struct logline *e,
                                 const struct matched_value *matched)
{
    struct target t = target_of(matched);
    struct search s = {.c = c, .e = e, .t = &t};
    struct mention client = mention_of_end(c, &e->src, &t);
    struct affected a = {.direction = direction_of(c, e)};
    struct text forwarded = client.owner.role != OWNER_PLAIN ? forwarded_for(e) : TEXT_NONE;
    struct register_hit behind = forwarded.len ? mention_of(c, forwarded, &t).owner : (struct register_hit){0};
    if (!e->travel)
        a.client = behind.organisation ? forwarded : e->src.text;
    search(&s, forwarded);
    if (!s.found.organisation) {
        s.matched = true;
        search(&s, forwarded);
    }
    a.owner = s.found;
    a.decided = s.found.organisation || names_both(e);
    return a;
}
