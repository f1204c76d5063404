#include "command/find.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "desk/about.h"
#include "desk/search.h"

#define PREFIX_LEAST 8  /* hexadecimal digits: one in four thousand million */
#define LISTED_MAX   10 /* of several that fit */
#define NAMES_BUDGET (64 * MIB)

struct candidates {
    char ids[LISTED_MAX + 1][IDENT_TEXT_MAX];
    size_t count;
};

static enum err add_candidate(void *self, struct text id)
{
    struct candidates *c = self;
    if (c->count <= LISTED_MAX)
        snprintf(c->ids[c->count++], IDENT_TEXT_MAX, TEXT_FMT, TEXT_ARG(id));
    return OK;
}

static int take(struct found_object *ret, const char *id)
{
    snprintf(ret->id, sizeof ret->id, "%s", id);
    return EXIT_DONE;
}

/* ---- numbers ---- */

static int by_finding(struct session *s, struct view *v, uint64_t number, struct found_object *ret)
{
    struct finding_row row;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_finding_by_number(v, number, &row, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "there is no finding F-%llu, or it was erased; entente finding list shows them",
                 (unsigned long long)number);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(s, NULL, &fault);
    snprintf(ret->id, sizeof ret->id, TEXT_FMT, TEXT_ARG(row.id));
    return EXIT_DONE;
}

static int no_object_there(struct session *s, uint64_t n)
{
    struct log_read read;
    struct arena a;
    struct fault fault = {.offset = -1, .line = -1};
    char when[MOMENT_MAX];
    arena_init(&a, 64 * MIB);
    enum err err = node_entry(s->node, n, &a, &read, &fault);
    if (err == ERR_NOT_FOUND)
        complain(s, "the log has no entry %llu yet", (unsigned long long)n);
    else if (err)
        complain_fault(s, NULL, &fault);
    else if (read.erased)
        complain(s, "entry %llu (%s) was erased: what it said is gone for good, that it was stays in the log",
                 (unsigned long long)n, moment(read.entry.t_us, when));
    else
        complain(s, "entry %llu is no object's: it is of the kind " TEXT_FMT, (unsigned long long)n,
                 TEXT_ARG(read.entry.kind));
    arena_done(&a);
    return err && err != ERR_NOT_FOUND ? exit_of(err) : EXIT_DATA;
}

static int by_entry(struct session *s, struct view *v, uint64_t n, struct found_object *ret)
{
    struct version_row row;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_by_entry(v, n, &row, &fault);
    if (err == ERR_NOT_FOUND)
        return no_object_there(s, n);
    if (err)
        return complain_fault(s, NULL, &fault);
    snprintf(ret->id, sizeof ret->id, TEXT_FMT, TEXT_ARG(row.id));
    ret->by_entry = true;
    ret->n = n;
    return EXIT_DONE;
}

/* ---- beginnings of identifiers ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Digits of the UUID as far as they were typed; SIZE_MAX: something else stands there. */
static size_t digits_of(struct text t, struct uuid *ret_from, struct uuid *ret_upto)
{
    size_t digits = 0;
    memset(ret_from, 0, sizeof *ret_from);
    memset(ret_upto, 0xFF, sizeof *ret_upto);
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (c == '-')
            continue;
        if (!is_hex(c) || digits == 32)
            return SIZE_MAX;
        unsigned value = (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10), shift = digits % 2 ? 0 : 4;
        uint8_t *from = &ret_from->b[digits / 2], *upto = &ret_upto->b[digits / 2];
        *from = (uint8_t)(*from | value << shift);
        *upto = (uint8_t)((*upto & ~(0xFu << shift)) | value << shift);
        digits++;
    }
    return digits;
}

static int several(struct session *s, const char *typed, const struct candidates *c)
{
    complain(s, "%s: %s fit%s:", typed, c->count > LISTED_MAX ? "more than ten" : "several",
             c->count > LISTED_MAX ? ", the first are" : "");
    for (size_t i = 0; i < c->count && i < LISTED_MAX; i++)
        complain(s, "  %s", c->ids[i]);
    return EXIT_DATA;
}

struct visible {
    struct session *s;
    struct view *v;
    const struct uuid *account;
    bool any;
};

static enum err one_version(void *self, const struct version_row *row)
{
    struct visible *w = self;
    const struct about_question q = {.n = row->n, .account = *w->account, .now_us = clock_now_us()};
    w->any = w->any || about_may_read(w->s->node, w->v, &q);
    return OK;
}

static bool is_visible(struct session *s, struct view *v, const struct uuid *account, const char *id)
{
    struct visible w = {.s = s, .v = v, .account = account};
    return view_versions(v, text_of(id), one_version, &w, NULL) == OK && w.any;
}

/* The first administrator, by whom nothing is asked in another's name. */
static bool sees_all(const struct session *s)
{
    return !s->actor && !option(s, "as");
}

/* A number stands for an identifier, which is not told either. */
static int may_be_told(struct session *s, struct view *v, const struct uuid *account, const char *typed, int code,
                       const struct found_object *found)
{
    if (code || sees_all(s) || is_visible(s, v, account, found->id))
        return code;
    complain(s, "%s: nothing that this account may see", typed);
    return EXIT_DENIED;
}

/* The whole of an identifier is not told to an account that sees no version of its object. */
static void keep_visible(struct session *s, struct view *v, const struct uuid *account, struct candidates *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!is_visible(s, v, account, c->ids[i]))
            continue;
        if (kept != i)
            memcpy(c->ids[kept], c->ids[i], sizeof c->ids[0]);
        kept++;
    }
    c->count = kept;
}

/* -1: nothing begins so. */
static int by_beginning(struct session *s, struct view *v, const struct uuid *account, const char *typed,
                        struct text type, struct text digits, struct found_object *ret)
{
    struct candidates c = {.count = 0};
    struct fault fault = {.offset = -1, .line = -1};
    struct uuid from, upto;
    size_t count = digits_of(digits, &from, &upto);
    if (count == SIZE_MAX || (count < PREFIX_LEAST && type.len == 0))
        return -1;
    if (count < PREFIX_LEAST) {
        complain(s, "%s: at least %d digits of the identifier, please", typed, PREFIX_LEAST);
        return EXIT_USAGE;
    }
    if (view_ids(v, &from, &upto, type, LISTED_MAX + 1, add_candidate, &c, &fault))
        return complain_fault(s, NULL, &fault);
    if (!sees_all(s))
        keep_visible(s, v, account, &c);
    if (c.count > 1)
        return several(s, typed, &c);
    return c.count == 1 ? take(ret, c.ids[0]) : -1;
}

/* ---- names ---- */

static int by_name(struct session *s, struct view *v, const struct uuid *account, const char *typed,
                   struct found_object *ret)
{
    struct candidates c = {.count = 0};
    struct text ids[LISTED_MAX + 1];
    size_t count = 0;
    struct arena arena;
    struct fault fault = {.offset = -1, .line = -1};
    arena_init(&arena, NAMES_BUDGET);
    enum err err = search_named(s->node, v, account, clock_now_us(), text_of(typed), &arena, ids, LISTED_MAX + 1,
                                &count, &fault);
    for (size_t i = 0; err == OK && i < count; i++)
        (void)add_candidate(&c, ids[i]);
    arena_done(&arena);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (c.count > 1)
        return several(s, typed, &c);
    if (c.count == 1)
        return take(ret, c.ids[0]);
    complain(s,
             "%s: nothing here has that name or identifier. An identifier (type--UUID), its first %d digits, "
             "a finding (F-12), an entry (#345), an exact name or value can be asked for; erased objects leave no "
             "trace of "
             "theirs. entente search finds parts of them",
             typed, PREFIX_LEAST);
    return EXIT_DATA;
}

/* ---- all of it ---- */

int find_object(struct session *s, struct view *v, const struct uuid *account, const char *typed,
                struct found_object *ret)
{
    struct text t = text_of(typed), type = TEXT_NONE;
    struct ident ident;
    uint64_t number;
    *ret = (struct found_object){.n = 0};
    if (ident_parse(t, &ident, NULL) == OK)
        return take(ret, typed);
    if (t.len > 2 && (t.ptr[0] == 'F' || t.ptr[0] == 'f') && t.ptr[1] == '-' &&
        text_u64(text_sub(t, 2, t.len), &number) == OK)
        return may_be_told(s, v, account, typed, by_finding(s, v, number, ret), ret);
    if (t.len > 1 && t.ptr[0] == '#' && text_u64(text_sub(t, 1, t.len), &number) == OK)
        return may_be_told(s, v, account, typed, by_entry(s, v, number, ret), ret);
    ptrdiff_t dashes = text_find_text(t, TEXT("--"));
    struct text digits = t;
    if (dashes > 0 && type_name_valid(text_sub(t, 0, (size_t)dashes))) {
        type = text_sub(t, 0, (size_t)dashes);
        digits = text_sub(t, (size_t)dashes + 2, t.len);
    }
    int code = by_beginning(s, v, account, typed, type, digits, ret);
    return code >= 0 ? code : by_name(s, v, account, typed, ret);
}

int find_reader(struct session *s, struct view *v, struct uuid *ret)
{
    const char *name = option(s, "as");
    struct fact_account f;
    struct fault fault = {.offset = -1, .line = -1};
    *ret = *session_account(s);
    if (!name)
        return EXIT_DONE;
    enum err err = view_account_by_name(v, text_of(name), &f, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "there is no account %s; entente account list shows them", name);
        return EXIT_DATA;
    }
    if (err)
        return complain_fault(s, NULL, &fault);
    *ret = f.id;
    return EXIT_DONE;
}

int find_finding(struct session *s, struct view *v, const char *name, struct finding_row *ret)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct ident ident;
    uint64_t number;
    enum err err = ERR_NOT_FOUND;
    if (!ident_parse(text_of(name), &ident, NULL))
        err = view_finding(v, &ident.uuid, ret, &fault);
    else if (!text_u64(text_of(strncmp(name, "F-", 2) == 0 ? name + 2 : name), &number))
        err = view_finding_by_number(v, number, ret, &fault);
    if (err == ERR_NOT_FOUND) {
        complain(s, "%s: no such finding; entente finding list shows them", name);
        return EXIT_DATA;
    }
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}
