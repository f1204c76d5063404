#include "house.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "desk/own.h"

void house_reopen(struct house *h)
{
    struct fault fault;
    if (h->node)
        node_close(h->node);
    h->node = NULL;
    if (node_open(io_system(), h->home, NODE_OWN, &h->node, &fault) != OK)
        fail_msg("%s", fault.what);
}

void house_open(struct house *h)
{
    struct fault fault;
    struct node_init init = {TEXT("CSIRT Test"), TEXT("XX"), TEXT_NONE, TEXT("real"), TEXT("admin")};
    *h = (struct house){0};
    scratch_new(h->folder);
    snprintf(h->home, sizeof h->home, "%s/home", h->folder);
    if (node_create(io_system(), h->home, &init, &fault) != OK)
        fail_msg("%s", fault.what);
    house_reopen(h);
    h->account = *node_admin(h->node);
    assert_ok(intake_party(h->node, TEXT("A"), &h->account, &h->a, &fault));
    assert_ok(intake_party(h->node, TEXT("B"), &h->account, &h->b, &fault));
}

void house_close(struct house *h)
{
    node_close(h->node);
    scratch_remove(h->folder);
}

static void told(void *self, const struct record_rejected *r)
{
    struct house *h = self;
    h->told++;
    snprintf(h->rule, sizeof h->rule, TEXT_FMT, TEXT_ARG(r->rule));
}

struct intake_options house_options(struct house *h, const struct uuid *party)
{
    struct intake_options o = {.account = h->account, .name = TEXT("test"), .on_rejected = told, .self = h};
    if (party)
        o.party = *party;
    else
        o.from_self = true;
    return o;
}

enum err house_take(struct house *h, struct text document, const struct intake_options *options,
                    struct intake_totals *ret)
{
    int fd = memfd_create("document", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(io_write_all(io_system(), fd, document.ptr, document.len, 0), 0);
    struct fault fault = {0};
    enum err e = intake_run(h->node, fd, options, ret, &fault);
    if (e != OK && fault.what[0] == '\0')
        fail_msg("%s without a word", err_name(e));
    close(fd);
    return e;
}

struct intake_totals house_import(struct house *h, const char *document, const struct uuid *party)
{
    struct intake_options o = house_options(h, party);
    struct intake_totals totals;
    assert_ok(house_take(h, text_of(document), &o, &totals));
    assert_int_equal(totals.read, totals.fresh + totals.updated + totals.unchanged + totals.rejected);
    assert_true(totals.whole);
    return totals;
}

const char *house_bundle(const char *format, ...)
{
    static char text[64 * 1024];
    va_list args;
    va_start(args, format);
    int len = snprintf(text, sizeof text,
                       "{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000001\",\"objects\":[");
    len += vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    snprintf(text + len, sizeof text - (size_t)len, "]}");
    return text;
}

const char *house_indicator_id(unsigned number)
{
    static char ids[8][64];
    static unsigned turn;
    char *id = ids[turn++ % 8];
    snprintf(id, sizeof ids[0], "indicator--00000000-0000-4000-8000-%012u", number);
    return id;
}

const char *house_indicator(unsigned number, const char *modified, const char *extra)
{
    static char texts[8][2048];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    snprintf(
        text, sizeof texts[0],
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":\"2026-01-01T00:00:00.000Z\","
        "\"modified\":\"%s\",\"pattern\":\"[domain-name:value = 'evil%u.example']\",\"pattern_type\":\"stix\","
        "\"valid_from\":\"2026-01-01T00:00:00Z\"%s}",
        house_indicator_id(number), modified, number, extra);
    return text;
}

static struct view *reader(struct house *h)
{
    struct view *v;
    struct fault fault;
    assert_ok(node_reader(h->node, &v, &fault));
    return v;
}

uint64_t house_entries(struct house *h)
{
    struct view *v = reader(h);
    uint64_t n = view_position(v);
    node_reader_done(h->node, v);
    return n;
}

bool house_current(struct house *h, const char *id, struct version_row *ret, struct buffer *body)
{
    struct view *v = reader(h);
    struct fault fault;
    struct version_row row;
    enum err e = view_current(v, text_of(id), &row, &fault);
    if (body)
        buffer_init(body, STIX_OBJECT_MAX_BYTES);
    if (e == OK && body)
        assert_ok(node_body(h->node, row.body, body, &fault));
    node_reader_done(h->node, v);
    if (e == ERR_NOT_FOUND)
        return false;
    assert_ok(e);
    row.id = row.modified = TEXT_NONE;
    if (ret)
        *ret = row;
    return true;
}

struct gate_class house_class(struct house *h, const char *id)
{
    struct version_row row;
    struct gate_class cls;
    struct fault fault;
    assert_true(house_current(h, id, &row, NULL));
    struct view *v = reader(h);
    assert_ok(view_class(v, row.class_id, &cls, &fault));
    node_reader_done(h->node, v);
    return cls;
}

struct standing_count {
    enum standing standing;
    size_t count;
};

static enum err count_standing(void *self, const struct version_row *row)
{
    struct standing_count *c = self;
    c->count += row->standing == c->standing;
    return OK;
}

size_t house_standing(struct house *h, const char *id, enum standing standing)
{
    struct view *v = reader(h);
    struct fault fault;
    struct standing_count c = {standing, 0};
    assert_ok(view_versions(v, text_of(id), count_standing, &c, &fault));
    node_reader_done(h->node, v);
    return c.count;
}

const char *house_member(struct house *h, const char *id, const char *name)
{
    static char value[4096];
    struct buffer body;
    struct version_row row;
    value[0] = '\0';
    if (house_current(h, id, &row, &body))
        snprintf(value, sizeof value, TEXT_FMT, TEXT_ARG(body_string(buffer_text(&body), name)));
    buffer_done(&body);
    return value;
}

static enum err append_fact(struct txn *t, void *self, struct fault *reterr)
{
    return txn_append(t, self, TEXT_NONE, TEXT_NONE, reterr);
}

struct uuid house_source(struct house *h, const char *name, const struct uuid *party, enum tlp default_tlp,
                         bool incident_rule)
{
    struct fault fault;
    struct fact f = {.kind = FACT_SOURCE};
    f.u.source = (struct fact_source){.id = uuid_random(),
                                      .account = h->account,
                                      .party = *party,
                                      .name = text_of(name),
                                      .default_tlp = default_tlp,
                                      .incident_rule = incident_rule};
    assert_ok(node_write(h->node, append_fact, &f, &fault));
    return f.u.source.id;
}

void house_peer(struct house *h, const struct uuid *party, bool sightings)
{
    struct fault fault;
    struct fact f = {.kind = FACT_PEER};
    f.u.peer =
        (struct fact_peer){.party = *party, .account = h->account, .ceiling = TLP_GREEN, .sightings = sightings};
    assert_ok(node_write(h->node, append_fact, &f, &fault));
}
