/* The chain itself: everything is looked at from outside, in the two nodes' logs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "command/demo.h"
#include "command/demo_logs.h"
#include "command/names.h"
#include "model/stix.h"
#include "json/json.h"

#define DEMO_SEED    20261121u
#define DEMO_LINES   1000000u
#define DEMO_KNOWN   2000u
#define DEMO_VALUE   "cdn-sync.update-service.test"
#define DEMO_CLIENT  "192.0.2.20" /* of a hospital in demo/country.csv */
#define DEMO_POLL_US 2000

static enum err complain_io(struct demo *d, const char *path)
{
    complain(d->s, "demo: %s cannot be written: is there room in the temporary folder?", path);
    return ERR_IO;
}

/* A list that both nodes know before anything happens, so that the logs hold older hits too. */
static enum err share_known(struct demo *d)
{
    char path[256];
    snprintf(path, sizeof path, "%s/known.csv", d->folder);
    const char *const words[] = {"import", path, "--from", "self", "--marking", "GREEN", NULL};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || demo_indicators_csv(fd, DEMO_SEED, DEMO_KNOWN, NULL))
        return complain_io(d, path);
    close(fd);
    return demo_command(d, &d->partner, words);
}

/* Where known values of the list, and the one that is not known yet, stand in the logs, and whose client it was.
 * Lines rise. */
static const struct {
    uint64_t line, known; /* known: number in the list; DEMO_KNOWN: the news */
    const char *client;
} PLANTED[] = {
    {41234, 9, "192.0.2.82"},          {123456, 88, "198.51.100.20"},     {288000, 501, "192.0.2.164"},
    {412345, 88, "198.51.100.21"},     {499999, 1204, "203.0.113.70"},    {654321, 9, "192.0.2.90"},
    {765432, DEMO_KNOWN, DEMO_CLIENT}, {765433, DEMO_KNOWN, DEMO_CLIENT}, {901234, DEMO_KNOWN, DEMO_CLIENT}};

static enum err plant(struct demo_plant *plants, struct arena *a)
{
    struct buffer value;
    buffer_init(&value, VALUE_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(PLANTED); i++) {
        plants[i] = (struct demo_plant){.line = PLANTED[i].line,
                                        .kind = VALUE_DOMAIN,
                                        .value = TEXT(DEMO_VALUE),
                                        .client = text_of(PLANTED[i].client)};
        if (PLANTED[i].known == DEMO_KNOWN)
            continue;
        buffer_clear(&value);
        plants[i].kind = demo_indicator(DEMO_SEED, PLANTED[i].known, &value);
        plants[i].value = arena_text(a, buffer_text(&value));
    }
    buffer_done(&value);
    return OK;
}

static enum err write_log(struct demo *d, char *path, size_t size)
{
    struct demo_plant plants[ARRAY_LEN(PLANTED)];
    struct arena a;
    arena_init(&a, 64 * KIB);
    snprintf(path, size, "%s/country.log", d->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum err err = fd < 0 ? ERR_IO : plant(plants, &a);
    const struct demo_logs logs = {.seed = DEMO_SEED,
                                   .lines = DEMO_LINES,
                                   .base_us = clock_now_us() - (int64_t)6 * 3600 * 1000000,
                                   .step_us = (int64_t)6 * 3600 * 1000000 / DEMO_LINES,
                                   .plants = plants,
                                   .plant_count = ARRAY_LEN(plants)};
    if (!err)
        err = demo_logs_write(fd, &logs, NULL);
    if (fd >= 0)
        close(fd);
    arena_done(&a);
    return err ? complain_io(d, path) : OK;
}

/* The partner's news: one indicator, marked GREEN by the partner. */
static enum err write_news(struct demo *d, char *path, size_t size)
{
    struct uuid bundle = uuid_random(), indicator = uuid_random(), green;
    char bundle_id[IDENT_TEXT_MAX], marking_id[IDENT_TEXT_MAX], now[STAMP_TEXT_MAX], who[IDENT_TEXT_MAX];
    struct text stamp = stamp_format(stamp_from_us(clock_now_us(), 3), now);
    ident_format(TEXT("indicator"), &indicator, d->indicator);
    tlp_marking(TLP_GREEN, 2, &green);
    struct buffer b;
    buffer_init(&b, 64 * KIB);
    buffer_addf(&b,
                "{\"type\":\"bundle\",\"id\":\"" TEXT_FMT "\",\"objects\":[{\"type\":\"indicator\",\"spec_version\":"
                "\"2.1\",\"id\":\"%s\",\"created_by_ref\":\"" TEXT_FMT "\",\"created\":\"" TEXT_FMT
                "\",\"modified\":\"" TEXT_FMT "\",\"name\":\"Update server of an intrusion set\",\"indicator_types\":"
                "[\"malicious-activity\"],\"pattern\":\"[domain-name:value = '" DEMO_VALUE "']\",\"pattern_type\":"
                "\"stix\",\"valid_from\":\"" TEXT_FMT "\",\"object_marking_refs\":[\"" TEXT_FMT "\"]}]}\n",
                TEXT_ARG(ident_format(TEXT("bundle"), &bundle, bundle_id)), d->indicator,
                TEXT_ARG(ident_format(TEXT("identity"), &node_genesis(d->partner.node)->identity, who)),
                TEXT_ARG(stamp), TEXT_ARG(stamp), TEXT_ARG(stamp),
                TEXT_ARG(ident_format(TEXT("marking-definition"), &green, marking_id)));
    snprintf(path, size, "%s/news.json", d->folder);
    enum err err = buffer_error(&b);
    if (!err && io_replace_file(io_system(), path, b.ptr, b.len, 0600) < 0)
        err = complain_io(d, path);
    buffer_done(&b);
    return err;
}

/* ---- looking from outside ---- */

/* Asks until it is so, or patience ends. */
static bool wait_until(struct demo *d, bool (*so)(struct demo *d, struct view *ours, struct view *partner))
{
    int64_t until = clock_mono_us() + (int64_t)DEMO_STEP_PATIENCE_MS * 1000;
    struct view *ours, *partner;
    if (node_reader(d->ours.node, &ours, NULL))
        return false;
    if (node_reader(d->partner.node, &partner, NULL)) {
        node_reader_done(d->ours.node, ours);
        return false;
    }
    bool yes = so(d, ours, partner);
    while (!yes && clock_mono_us() < until && !cancelled(d->s)) {
        usleep(DEMO_POLL_US);
        yes = so(d, ours, partner);
    }
    node_reader_done(d->partner.node, partner);
    node_reader_done(d->ours.node, ours);
    return yes;
}

static bool lists_are_equal(struct demo *d, struct view *ours, struct view *partner)
{
    struct view_counts c;
    (void)d, (void)partner;
    return !view_counts(ours, &c, NULL) && c.indicators >= DEMO_KNOWN;
}

static bool is_published(struct demo *d, struct view *ours, struct view *partner)
{
    struct version_row row;
    struct demo_event *e = &d->events[EVENT_PUBLISHED];
    (void)ours;
    if (view_current(partner, text_of(d->indicator), &row, NULL))
        return false;
    e->at_us = row.added_us;
    snprintf(e->words, sizeof e->words, "%s publishes %s, TLP:GREEN  (its log, entry %llu)", d->partner.title,
             DEMO_VALUE, (unsigned long long)row.n);
    return true;
}

static bool is_taken_in(struct demo *d, struct view *ours, struct view *partner)
{
    struct version_row row;
    struct demo_event *e = &d->events[EVENT_TAKEN_IN];
    (void)partner;
    if (view_current(ours, text_of(d->indicator), &row, NULL))
        return false;
    e->at_us = row.added_us;
    snprintf(e->words, sizeof e->words, "%s has it, over TAXII 2.1  (our log, entry %llu)", d->ours.title,
             (unsigned long long)row.n);
    return true;
}

struct finding_search {
    struct demo *d;
    struct uuid indicator;
    struct finding_row row;
    char id[IDENT_TEXT_MAX];
    bool found;
};

static enum err keep_finding(void *self, const struct finding_row *row)
{
    struct finding_search *f = self;
    if (!f->found && row->kind == FINDING_HIT && uuid_eq(&row->indicator, &f->indicator)) {
        f->row = *row;
        snprintf(f->id, sizeof f->id, TEXT_FMT, TEXT_ARG(row->id));
        f->found = true;
    }
    return OK;
}

static enum err first_version(void *self, const struct version_row *row)
{
    int64_t *at_us = self;
    *at_us = row->added_us; /* newest first: the last one told is the first one made */
    return OK;
}

static void tell_organisation(struct demo *d, struct view *ours, const struct uuid *organisation,
                              struct demo_event *e, uint64_t hits)
{
    char id[IDENT_TEXT_MAX], name[160] = "nobody of ours";
    struct version_row row;
    struct buffer body;
    struct json_doc *doc = NULL;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    if (!view_current(ours, ident_format(TEXT("identity"), organisation, id), &row, NULL) &&
        !node_body(d->ours.node, row.body, &body, NULL) && !json_parse(buffer_text(&body), &doc, NULL))
        snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(json_text(json_get(json_root(doc), "name"))));
    snprintf(e->words, sizeof e->words, "found among %u lines of logs: %s, %llu hits; finding %s", DEMO_LINES, name,
             (unsigned long long)hits, d->finding);
    json_free(doc);
    buffer_done(&body);
}

static bool is_found(struct demo *d, struct view *ours, struct view *partner)
{
    static const struct uuid none;
    struct finding_search f = {.d = d};
    struct ident ident;
    (void)partner;
    if (ident_parse(text_of(d->indicator), &ident, NULL))
        return false;
    f.indicator = ident.uuid;
    if (view_findings(ours, 255, 1000, keep_finding, &f, NULL) || !f.found || uuid_eq(&f.row.organisation, &none) ||
        uuid_eq(&f.row.incident, &none))
        return false;
    snprintf(d->finding, sizeof d->finding, "F-%llu", (unsigned long long)f.row.number);
    ident_format(TEXT("incident"), &f.row.incident, d->incident);
    (void)!view_versions(ours, text_of(f.id), first_version, &d->events[EVENT_FOUND].at_us, NULL);
    tell_organisation(d, ours, &f.row.organisation, &d->events[EVENT_FOUND], f.row.count);
    struct demo_event *e = &d->events[EVENT_INCIDENT];
    (void)!view_versions(ours, text_of(d->incident), first_version, &e->at_us, NULL);
    snprintf(e->words, sizeof e->words, "incident opened, by the rule of the source");
    return true;
}

struct sighting_search {
    struct node *node;
    const char *indicator;
    char id[IDENT_TEXT_MAX];
    int64_t at_us;
    uint64_t n;
};

static enum err keep_sighting(void *self, const struct version_row *row)
{
    struct sighting_search *f = self;
    struct buffer body;
    struct json_doc *doc = NULL;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    if (!node_body(f->node, row->body, &body, NULL) && !json_parse(buffer_text(&body), &doc, NULL) &&
        text_eq(json_text(json_get(json_root(doc), "sighting_of_ref")), text_of(f->indicator))) {
        snprintf(f->id, sizeof f->id, TEXT_FMT, TEXT_ARG(row->id));
        f->at_us = row->added_us;
        f->n = row->n;
    }
    json_free(doc);
    buffer_done(&body);
    return OK;
}

static bool is_returned(struct demo *d, struct view *ours, struct view *partner)
{
    struct sighting_search here = {.node = d->ours.node, .indicator = d->indicator};
    struct sighting_search there = {.node = d->partner.node, .indicator = d->indicator};
    struct fact_party party;
    struct version_row row;
    bool released = false;
    if (view_of_type(ours, TEXT("sighting"), 1000, keep_sighting, &here, NULL) || !here.at_us ||
        view_of_type(partner, TEXT("sighting"), 1000, keep_sighting, &there, NULL) || !there.at_us ||
        strcmp(here.id, there.id) != 0)
        return false;
    /* In our log too: the release of exactly these bytes to exactly this partner. */
    if (view_current(partner, text_of(there.id), &row, NULL))
        return false;
    struct sha256 hash = row.hash;
    if (view_party_by_name(ours, text_of(d->partner.title), &party, NULL) ||
        view_was_released(ours, &party.id, here.n, &hash, &released, NULL) || !released)
        return false;
    snprintf(d->sighting, sizeof d->sighting, "%s", here.id);
    d->events[EVENT_SIGHTING].at_us = here.at_us;
    snprintf(d->events[EVENT_SIGHTING].words, sizeof d->events[0].words,
             "sighting made: a count and the hour, no name but ours  (our log, entry %llu)",
             (unsigned long long)here.n);
    d->events[EVENT_RETURNED].at_us = there.at_us;
    snprintf(d->events[EVENT_RETURNED].words, sizeof d->events[0].words,
             "%s has our sighting, through the gate  (our release, its entry %llu)", d->partner.title,
             (unsigned long long)there.n);
    return true;
}

static enum err expect(struct demo *d, bool (*so)(struct demo *d, struct view *ours, struct view *partner),
                       const char *what)
{
    if (wait_until(d, so))
        return OK;
    if (!cancelled(d->s))
        complain(d->s, "demo: %s within %d s", what, DEMO_STEP_PATIENCE_MS / 1000);
    return cancelled(d->s) ? ERR_CANCELLED : ERR_UNREACHABLE;
}

static void progress(struct demo *d, const char *what)
{
    if (!d->s->json)
        say(d->s, "%s\n", what);
}

enum err demo_run_chain(struct demo *d)
{
    char log[256], news[256];
    const char *const publish[] = {"import", news, "--from", "self", NULL};
    progress(d, "  a list of 2,000 indicators from the partner");
    enum err err = share_known(d);
    if (!err)
        err = expect(d, lists_are_equal, "the partner's list did not arrive");
    progress(d, "  a million lines of the country's logs, watched");
    if (!err)
        err = write_log(d, log, sizeof log);
    if (!err)
        err = demo_watch(d, log);
    if (!err)
        err = write_news(d, news, sizeof news);
    if (!err)
        progress(d, "  the partner publishes one more indicator ...");
    if (!err)
        err = demo_command(d, &d->partner, publish);
    if (!err)
        err = expect(d, is_published, "the partner did not publish");
    if (!err)
        err = expect(d, is_taken_in, "our node did not take the indicator in");
    if (!err)
        err = expect(d, is_found, "no finding with an organisation and an incident stood");
    return err ? err : expect(d, is_returned, "our sighting was not in the partner's log");
}
