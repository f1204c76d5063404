/* desk/about.c - see about.h: who said it and when; names of others. */
#include "desk/about.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "desk/about_inside.h"
#include "desk/own.h"

const char *about_moment(int64_t us, char out[STAMP_TEXT_MAX])
{
    stamp_format(stamp_from_us(us, 0), out);
    if (out[10] == 'T')
        out[10] = ' ';
    return out;
}

const char *about_standing(enum standing st)
{
    switch (st) {
    case STANDING_CURRENT: return "the one that counts";
    case STANDING_OLDER: return "older";
    case STANDING_CLAIM: return "a claim: not from where the object came from";
    case STANDING_CONFLICT: return "lost a conflict: same time, other content";
    case STANDING_QUARANTINED: return "quarantined";
    case STANDING_REPLACED: return "the same again, in an entry that counts no longer";
    case STANDING_RENDITION: return "a reduced form of one that is held whole";
    }
    return "unknown";
}

/* ---- through the gate ---- */

enum err about_who_reads(struct about *a, struct fault *reterr)
{
    struct fact_account f;
    enum err err = view_account(a->v, &a->q->account, &f, reterr);
    if (err == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_DENIED, "the account that would read it is not known here");
    if (err != OK)
        return err;
    a->reader = (struct recipient){.kind = RECIPIENT_OWN_ACCOUNT,
                                   .account = f.id,
                                   .name = arena_text(a->d->arena, f.name),
                                   .role = f.disabled || !uuid_is_zero(&f.party) ? ROLE_NONE : f.role,
                                   .knows = TERMS_ALL,
                                   .ceiling = TLP_RED,
                                   .exercise = !text_eq(node_genesis(a->node)->space, TEXT("real"))};
    return OK;
}

enum err about_load(struct about *a, const struct about_seen *seen, struct buffer *body, struct json_doc **ret,
                    struct fault *reterr)
{
    buffer_init(body, 2 * STIX_OBJECT_MAX_BYTES);
    enum err err = about_read(a, seen, body, reterr);
    if (err == OK)
        err = json_parse(buffer_text(body), ret, reterr);
    if (err != OK)
        buffer_done(body);
    return err;
}

/* ---- names ---- */

static struct text say(const struct about *a, const char *format, ...) PRINTF_LIKE(2, 3);

static struct text say(const struct about *a, const char *format, ...)
{
    struct buffer b;
    va_list args;
    buffer_init(&b, 64 * KIB);
    va_start(args, format);
    buffer_vaddf(&b, format, args);
    va_end(args);
    struct text kept = arena_text(a->d->arena, buffer_text(&b));
    buffer_done(&b);
    return kept.ptr ? kept : TEXT("(no memory for its name)");
}

static struct text name_of_body(struct about *a, const struct about_seen *seen, uint64_t n)
{
    struct buffer body;
    struct json_doc *doc;
    if (about_load(a, seen, &body, &doc, NULL) != OK)
        return say(a, "a body that cannot be read (entry %llu)", (unsigned long long)n);
    const struct describe_with plain = {.name = about_call, .self = a};
    struct text name = describe_title(json_root(doc), &plain, a->d->arena);
    json_free(doc);
    buffer_done(&body);
    return name;
}

static struct text find_name(struct about *a, struct text id)
{
    struct version_row row;
    struct gate_class cls;
    struct decision d;
    struct ident ident;
    char modified[64] = "", name[VERSION_NAME_MAX];
    enum tlp label;
    int version;
    if (ident_parse(id, &ident, NULL) == OK && text_eq(ident.type, TEXT("marking-definition")) &&
        tlp_of_marking(&ident.uuid, &label, &version))
        return say(a, "%s", tlp_name(label));
    if (view_current(a->v, id, &row, NULL) != OK || row.modified.len >= sizeof modified)
        return say(a, TEXT_FMT " (not here)", TEXT_ARG(id));
    if (row.modified.len)
        memcpy(modified, row.modified.ptr, row.modified.len);
    row.modified.ptr = modified;
    if (view_class(a->v, row.class_id, &cls, NULL) != OK || !about_may_see(a, &cls, id, version_name(&row, name), &d))
        return say(a, TEXT_FMT " (here, not for this account)", TEXT_ARG(id));
    return name_of_body(a, &(struct about_seen){&cls, id, version_name(&row, name), row.body}, row.n);
}

struct text about_call(void *self, struct text id)
{
    struct about *a = self;
    for (size_t i = 0; i < a->named_count; i++)
        if (text_eq(a->named[i].id, id))
            return a->named[i].name;
    /* A relationship's name names two others, which may be relationships; nobody reads deeper. */
    if (a->depth >= 2 || a->named_count == ABOUT_NAMED_MAX)
        return id;
    a->depth++;
    struct text name = find_name(a, id), kept = arena_text(a->d->arena, id);
    a->depth--;
    if (kept.ptr && a->depth == 0)
        a->named[a->named_count++] = (struct about_named){kept, name};
    return name;
}

struct text about_party(const struct about *a, const struct uuid *party)
{
    struct fact_party p;
    if (uuid_is_zero(party))
        return TEXT("nobody named");
    if (uuid_eq(party, &node_genesis(a->node)->identity))
        return TEXT("us");
    if (view_party(a->v, party, &p, NULL) != OK)
        return TEXT("a party that is not known any more");
    struct text name = arena_text(a->d->arena, p.name);
    return name.ptr ? name : TEXT("(no memory for its name)");
}

/* ---- who said it, and when ---- */

static void add_exercise(struct about *a, struct describe_section *s)
{
    struct text space = node_genesis(a->node)->space;
    if (!text_eq(space, TEXT("real")))
        describe_addf(a->d, s, "EXERCISE", TEXT_FMT ": nothing here is real", TEXT_ARG(space));
}

static void add_source(struct about *a, struct describe_section *s)
{
    struct fact_source f;
    struct text by = TEXT_NONE, from = a->cls.ours ? TEXT("us") : about_party(a, &a->row.party);
    if (!uuid_is_zero(&a->row.source) && view_source(a->v, &a->row.source, &f, NULL) == OK)
        by = arena_text(a->d->arena, f.name);
    describe_addf(a->d, s, "had from", TEXT_FMT "%s" TEXT_FMT, TEXT_ARG(from), by.len ? ", by source " : "",
                  TEXT_ARG(by));
}

/* Who vouches best for this content: the one it came from, or another path or log since. */
struct vouched {
    struct sha256 hash;
    enum authority authority;
    struct uuid party;
};

static enum err one_voucher(void *self, const struct voucher_row *row)
{
    struct vouched *w = self;
    if (sha256_eq(&row->hash, &w->hash) && row->authority > w->authority) {
        w->authority = row->authority;
        w->party = row->party;
    }
    return OK;
}

static void add_author(struct about *a, struct describe_section *s, struct text author)
{
    struct vouched w = {.hash = a->row.hash, .authority = a->row.authority, .party = a->row.party};
    struct text name = about_call(a, author);
    if (view_vouchers(a->v, a->row.id, one_voucher, &w, NULL) != OK)
        w.authority = a->row.authority;
    struct text by = about_party(a, &w.party);
    switch (w.authority) {
    case AUTHORITY_OURS:
    case AUTHORITY_PROVEN:
        describe_addf(a->d, s, "said by", TEXT_FMT ", proven by the log of " TEXT_FMT, TEXT_ARG(name), TEXT_ARG(by));
        return;
    case AUTHORITY_LOGGED:
        describe_addf(a->d, s, "said by",
                      TEXT_FMT ", as it says itself; that " TEXT_FMT " has it in its log is proven", TEXT_ARG(name),
                      TEXT_ARG(by));
        return;
    case AUTHORITY_DIRECT: describe_addf(a->d, s, "said by", TEXT_FMT ", over its own line", TEXT_ARG(name)); return;
    case AUTHORITY_NONE:
        describe_addf(a->d, s, "said by",
                      "not " TEXT_FMT ", though it says so: it came from elsewhere, without a proof "
                      "that holds",
                      TEXT_ARG(name));
        return;
    case AUTHORITY_SOURCE: break;
    }
    describe_addf(a->d, s, "said by", TEXT_FMT ", as it says itself: not proven", TEXT_ARG(name));
}

static void who_and_when(struct about *a)
{
    struct describe_section *s = describe_section(a->d, "Who and when");
    char when[STAMP_TEXT_MAX];
    struct text author = json_text(json_get(a->object, "created_by_ref"));
    add_exercise(a, s);
    if (author.len && a->cls.ours)
        describe_add(a->d, s, "said by", about_call(a, author));
    else if (author.len)
        add_author(a, s, author);
    add_source(a, s);
    describe_add(a->d, s, "created", json_text(json_get(a->object, "created")));
    describe_add(a->d, s, "modified", json_text(json_get(a->object, "modified")));
    describe_addf(a->d, s, "taken in", "%s, log entry %llu", about_moment(a->row.added_us, when),
                  (unsigned long long)a->row.n);
    if (a->row.standing != STANDING_CURRENT)
        describe_addf(a->d, s, "version", "%s", about_standing(a->row.standing));
    if (a->cls.quarantined)
        describe_add(a->d, s, "QUARANTINED", TEXT("seen by releasers only; never matched, never released"));
    if (a->row.revoked)
        describe_add(a->d, s, "REVOKED", TEXT("its originator has taken it back"));
    if (a->row.withdrawn)
        describe_addf(a->d, s, "WITHDRAWN",
                      "%s: who gave it took it from the collections; it stays here and goes to nobody",
                      about_moment(a->row.withdrawn_us, when));
    describe_add(a->d, s, "language", json_text(json_get(a->object, "lang")));
    if (a->language.len)
        describe_add(a->d, s, "shown in", a->language);
    else if (a->q->lang.len)
        describe_addf(a->d, s, "shown in", "its own language: nobody has sent a translation into " TEXT_FMT,
                      TEXT_ARG(a->q->lang));
}

/* ---- the whole ---- */

static enum err not_for(struct about *a, const struct decision *d, struct fault *reterr)
{
    struct describe_section *s = describe_section(a->d, "Withheld");
    a->d->title = TEXT("(withheld)");
    describe_addf(a->d, s, "", TEXT_FMT " is here, and the account " TEXT_FMT " (%s) may not see it.",
                  TEXT_ARG(a->row.id), TEXT_ARG(a->reader.name), role_name(a->reader.role));
    for (size_t i = 0; i < d->rule_count; i++)
        describe_addf(a->d, s, "", "%s: %s", d->rules[i].id, d->rules[i].words);
    return fault_set(reterr, ERR_DENIED, "not for this account");
}

static enum err tell(struct about *a, struct text body, struct fault *reterr)
{
    enum err err = about_find_translation(a, reterr);
    if (err != OK)
        return err;
    if (a->translation)
        a->with.translated = json_get_text(json_get(json_root(a->translation), "contents"), a->language);
    a->d->title = describe_title(a->object, &a->with, a->d->arena);
    who_and_when(a);
    about_marking(a);
    describe_object(a->d, a->object, &a->with);
    if (a->q->brief)
        return OK;
    about_refers(a);
    err = about_referred(a, reterr);
    if (err == OK)
        err = about_found(a, reterr);
    if (err == OK)
        err = about_shared(a, body, reterr);
    if (err == OK)
        err = about_given(a, reterr);
    return err == OK ? about_versions(a, reterr) : err;
}

static struct about_seen told(struct about *a)
{
    return (struct about_seen){&a->cls, a->row.id, version_name(&a->row, a->name), a->row.body};
}

static enum err load_and_tell(struct about *a, struct fault *reterr)
{
    struct buffer body;
    struct json_doc *doc;
    const struct about_seen seen = told(a);
    enum err err = about_load(a, &seen, &body, &doc, reterr);
    if (err != OK)
        return err;
    a->object = json_root(doc);
    err = tell(a, buffer_text(&body), reterr);
    json_free(a->translation);
    json_free(doc);
    buffer_done(&body);
    return err;
}

static enum err read_row(struct about *a, struct fault *reterr)
{
    enum err err = view_by_entry(a->v, a->q->n, &a->row, reterr);
    if (err != OK)
        return err;
    /* the row's texts are the view's until its next question */
    snprintf(a->id, sizeof a->id, TEXT_FMT, TEXT_ARG(a->row.id));
    snprintf(a->modified, sizeof a->modified, TEXT_FMT, TEXT_ARG(a->row.modified));
    a->row.id = text_of(a->id);
    a->row.modified = text_of(a->modified);
    return view_class(a->v, a->row.class_id, &a->cls, reterr);
}

static enum err begin(struct about *a, struct fault *reterr)
{
    struct decision d;
    enum err err = read_row(a, reterr);
    if (err == OK)
        err = about_who_reads(a, reterr);
    if (err != OK)
        return err;
    if (!about_may_see(a, &a->cls, a->row.id, version_name(&a->row, a->name), &d))
        return not_for(a, &d, reterr);
    return load_and_tell(a, reterr);
}

static enum err with_names(struct about *a, struct arena *arena, struct fault *reterr)
{
    a->named = arena_alloc(arena, ABOUT_NAMED_MAX * sizeof *a->named);
    if (!a->named)
        return fault_set(reterr, ERR_NOMEM, "no memory for a description");
    a->with = (struct describe_with){.name = about_call, .self = a};
    return OK;
}

enum err about_object(struct node *node, struct view *v, const struct about_question *q, struct arena *arena,
                      struct description *ret, struct fault *reterr)
{
    struct about a = {.node = node, .v = v, .q = q, .d = ret};
    description_init(ret, arena);
    enum err err = with_names(&a, arena, reterr);
    if (err == OK)
        err = begin(&a, reterr);
    if (err == OK && ret->short_of_memory)
        err = fault_set(reterr, ERR_NOMEM, "there is more to say of it than there is memory for");
    return err;
}

bool about_may_read(struct node *node, struct view *v, const struct about_question *q)
{
    struct description d;
    struct arena arena;
    struct decision decision;
    struct about a = {.node = node, .v = v, .q = q, .d = &d};
    arena_init(&arena, 4 * MIB);
    description_init(&d, &arena);
    bool yes = read_row(&a, NULL) == OK && about_who_reads(&a, NULL) == OK &&
               about_may_see(&a, &a.cls, a.row.id, version_name(&a.row, a.name), &decision);
    arena_done(&arena);
    return yes;
}

enum err about_body(struct node *node, struct view *v, const struct about_question *q, struct buffer *out,
                    struct fault *reterr)
{
    struct description d;
    struct arena arena;
    struct decision decision;
    struct about a = {.node = node, .v = v, .q = q, .d = &d};
    arena_init(&arena, 4 * MIB);
    description_init(&d, &arena);
    enum err err = read_row(&a, reterr);
    if (err == OK)
        err = about_who_reads(&a, reterr);
    if (err == OK && !about_may_see(&a, &a.cls, a.row.id, version_name(&a.row, a.name), &decision))
        err = fault_set(reterr, ERR_DENIED, "not for this account");
    const struct about_seen seen = told(&a);
    if (err == OK)
        err = about_read(&a, &seen, out, reterr);
    arena_done(&arena);
    return err;
}

struct text about_name(struct node *node, struct view *v, const struct uuid *account, int64_t now_us, struct text id,
                       struct arena *arena)
{
    const struct about_question q = {.account = *account, .now_us = now_us};
    struct description d;
    struct about a = {.node = node, .v = v, .q = &q, .d = &d};
    description_init(&d, arena);
    if (with_names(&a, arena, NULL) != OK || about_who_reads(&a, NULL) != OK)
        return TEXT("(no name)");
    return about_call(&a, id);
}
