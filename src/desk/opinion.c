/* desk/opinion.c - the originator of an indicator is told that it was a false positive here: a STIX opinion (section
 * 4.15, "strongly-disagree") that goes as a sighting does (release.md 9): to the party the indicator came from, and
 * to nobody else. It says the team's reason and nothing of whom the indicator was seen at. */
#include <string.h>

#include "base/limits.h"
#include "desk/finding_inside.h"
#include "desk/register.h"

#define SAID "strongly-disagree"

/* ---- what may be said ---- */

static enum err not_said(struct text what, const struct organisation *o, struct fault *reterr)
{
    return fault_set(
        reterr, ERR_DENIED,
        "the reason holds %.*s, which the register has for %.*s, and nothing of the constituency leaves: "
        "say it without, or leave out --tell",
        (int)(what.len < 100 ? what.len : 100), what.ptr, (int)(o->name.len < 100 ? o->name.len : 100), o->name.ptr);
}

static bool of_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/* Neither begins nor ends within a word. */
static bool stands_in(struct text reason, struct text name)
{
    for (size_t i = 0; name.len > 0 && i + name.len <= reason.len; i++) {
        size_t end = i + name.len;
        bool apart = (i == 0 || !of_word((uint8_t)reason.ptr[i - 1])) &&
                     (end == reason.len || !of_word((uint8_t)reason.ptr[end]));
        if (apart && text_eq_nocase(text_sub(reason, i, name.len), name))
            return true;
    }
    return false;
}

static enum err check_names(const struct constituency *c, struct text reason, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    for (size_t i = 0; i < constituency_size(c); i++) {
        const struct organisation *o = constituency_at(c, i);
        struct text contacts = o->contacts, contact;
        struct text uuid = text_sub(ident_format(TEXT("identity"), &o->id, id), sizeof "identity--" - 1, 36);
        if (stands_in(reason, o->name) || stands_in(reason, uuid))
            return not_said(stands_in(reason, uuid) ? uuid : o->name, o, reterr);
        while (text_split(&contacts, ';', &contact))
            if (stands_in(reason, text_trim(contact)))
                return not_said(text_trim(contact), o, reterr);
    }
    return OK;
}

static enum err check_values(const struct constituency *c, struct text reason, struct fault *reterr)
{
    struct scanner *s;
    const struct scan_seen *seen;
    size_t count;
    enum err e = scanner_new(&s);
    if (e == OK)
        e = scan_owners(s, reason, &seen, &count);
    if (e != OK) {
        scanner_free(s);
        return fault_set(reterr, e, "no memory to look through the reason");
    }
    for (size_t i = 0; e == OK && i < count; i++) {
        struct text what = text_sub(reason, seen[i].start, seen[i].len);
        const struct register_hit hit =
            seen[i].is_address ? constituency_address(c, &seen[i].addr) : constituency_domain(c, seen[i].name);
        if (hit.organisation)
            e = not_said(what, hit.organisation, reterr);
    }
    scanner_free(s);
    return e;
}

/* Networks are no addresses to the scanner. */
static enum err check_words(const struct constituency *c, struct text reason, struct fault *reterr)
{
    size_t from = 0;
    for (size_t i = 0; i <= reason.len; i++) {
        if (i < reason.len && (of_word((uint8_t)reason.ptr[i]) || strchr(".:/-_@", reason.ptr[i])))
            continue;
        struct text word = text_sub(reason, from, i - from);
        while (word.len && (word.ptr[word.len - 1] == '.' || word.ptr[word.len - 1] == ':'))
            word.len--;
        const struct register_hit hit = constituency_who(c, word);
        if (word.len && hit.organisation)
            return not_said(word, hit.organisation, reterr);
        from = i + 1;
    }
    return OK;
}

/* People write values so that nobody clicks on them: "192.0.2[.]7", "hospital[dot]example". Brackets and what is not
 * seen go, "dot" becomes one. */
static void written_plainly(struct text reason, struct buffer *out)
{
    static const char *const hidden[] = {"\xc2\xad", "\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xef\xbb\xbf"};
    static const char *const dots[] = {"[dot]", "(dot)", "{dot}"};
    for (size_t i = 0; i < reason.len;) {
        struct text rest = text_sub(reason, i, reason.len - i);
        size_t skip = 0, dot = 0;
        for (size_t k = 0; k < ARRAY_LEN(hidden); k++)
            skip = text_starts(rest, text_of(hidden[k])) ? text_of(hidden[k]).len : skip;
        for (size_t k = 0; k < ARRAY_LEN(dots); k++)
            dot = text_eq_nocase(text_sub(rest, 0, 5), text_of(dots[k])) ? 5 : dot;
        if (dot)
            buffer_add(out, TEXT("."));
        else if (!skip && !strchr("[](){}", rest.ptr[0]))
            buffer_add(out, text_sub(rest, 0, 1));
        i += dot ? dot : skip ? skip : 1;
    }
}

static enum err check_reading(const struct constituency *c, struct text reason, struct fault *reterr)
{
    enum err e = check_names(c, reason, reterr);
    if (e == OK)
        e = check_values(c, reason, reterr);
    return e == OK ? check_words(c, reason, reterr) : e;
}

static enum err check_reason(const struct constituency *c, struct text reason, struct fault *reterr)
{
    struct buffer plain;
    buffer_init(&plain, OPINION_REASON_MAX_BYTES + 1);
    written_plainly(reason, &plain);
    enum err e = buffer_error(&plain);
    e = e ? fault_set(reterr, e, "no memory to look through the reason") : check_reading(c, reason, reterr);
    if (e == OK)
        e = check_reading(c, buffer_text(&plain), reterr);
    buffer_done(&plain);
    return e;
}

enum err opinion_may_say(struct node *node, struct text reason, struct fault *reterr)
{
    struct constituency *c = NULL;
    struct view *v;
    if (text_trim(reason).len == 0)
        return fault_set(reterr, ERR_USAGE, "the originator is told the reason: --reason R");
    if (reason.len > OPINION_REASON_MAX_BYTES)
        return fault_set(reterr, ERR_LIMIT, "a reason that leaves the node has %d bytes at most",
                         OPINION_REASON_MAX_BYTES);
    for (size_t i = 0; i < reason.len; i++)
        if ((uint8_t)reason.ptr[i] < ' ' || reason.ptr[i] == 0x7f)
            return fault_set(reterr, ERR_USAGE,
                             "a reason that leaves the node is one line, without control characters");
    enum err e = node_reader(node, &v, reterr);
    if (e != OK)
        return e;
    e = constituency_load(node, v, &c, reterr);
    node_reader_done(node, v);
    if (e == OK)
        e = check_reason(c, reason, reterr);
    constituency_unref(c);
    return e;
}

/* ---- telling ---- */

static enum err may_tell(struct txn *t, const struct hit_indicator *ind, struct fault *reterr)
{
    struct fact_peer peer = {.sightings = false};
    if (ind->gone)
        return fault_set(reterr, ERR_USAGE, "the indicator counts no longer: there is nothing to tell of it");
    if (ind->ours)
        return fault_set(reterr, ERR_USAGE, "the indicator is our own: revoke it, and whoever has it is told");
    enum err e = uuid_is_zero(&ind->party) ? ERR_NOT_FOUND : view_peer(txn_view(t), &ind->party, &peer, reterr);
    if (e == ERR_NOT_FOUND)
        return fault_set(reterr, ERR_USAGE, "nobody can be told: the indicator came from no partner with a line");
    if (e == OK && (peer.expelled || !peer.sightings))
        return fault_set(reterr, ERR_DENIED,
                         "the partner that the indicator came from is told nothing of it: sightings are off "
                         "(entente peer set NAME --sightings on)");
    return e;
}

struct said {
    struct text reason;
    bool revoked;
};

static enum err append_opinion(struct txn *t, const struct hit_indicator *ind, struct text id,
                               const struct version_row *before, const struct said *said, const struct uuid *account,
                               struct fault *reterr)
{
    const struct fact_genesis *g = node_genesis(txn_node(t));
    struct own_times times = own_times(t, before);
    char about[IDENT_TEXT_MAX];
    struct buffer body;
    /* As a sighting's: of what is unmarked AMBER+STRICT. */
    enum tlp label =
        ind->label == TLP_NONE || ind->unreadable ? tlp_stricter(ind->label, TLP_AMBER_STRICT) : ind->label;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    own_put_common(&o, id, g, &times, label);
    if (said->revoked)
        json_member_bool(&o, "revoked", true);
    json_member_text(&o, "explanation", said->reason);
    json_member_text(&o, "opinion", TEXT(SAID));
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    json_put_text(&o, ident_format(TEXT("indicator"), &ind->uuid, about));
    json_close(&o, ']');
    json_close(&o, '}');
    const struct fact_sighting back = {.indicator = ind->uuid, .party = ind->party};
    const struct own_object object = {.id = id,
                                      .times = &times,
                                      .before = before,
                                      .label = label,
                                      .revoked = said->revoked,
                                      .outward = true,
                                      .account = *account,
                                      .sighting = &back,
                                      .opinion = true,
                                      .sighting_tlp = label,
                                      .sighting_terms = &ind->terms};
    enum err e = own_append(t, &object, &body, reterr);
    buffer_done(&body);
    return e;
}

enum err opinion_tell(struct txn *t, const struct uuid *indicator, struct text reason, const struct uuid *account,
                      char ret_id[IDENT_TEXT_MAX], struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct hit_indicator ind;
    struct uuid uuid = uuid_random();
    enum err e = hit_indicator_load(t, ident_format(TEXT("indicator"), indicator, id), &ind, reterr);
    if (e == OK)
        e = may_tell(t, &ind, reterr);
    if (e != OK)
        return e;
    const struct said said = {reason, false};
    return append_opinion(t, &ind, ident_format(TEXT("opinion"), &uuid, ret_id), NULL, &said, account, reterr);
}

/* With the words and to the party it had, also when the indicator came from another meanwhile. */
enum err opinion_withdraw(struct txn *t, struct text id, const struct uuid *indicator, const struct uuid *account,
                          struct fault *reterr)
{
    char about[IDENT_TEXT_MAX];
    struct version_row before;
    struct json_doc *doc = NULL;
    struct hit_indicator ind;
    struct gate_class cls;
    struct buffer old;
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    enum err e = own_load(t, id, &before, &old, &doc, reterr);
    if (e == OK && !before.revoked) {
        const struct said said = {json_text(json_get(json_root(doc), "explanation")), true};
        e = view_class(txn_view(t), before.class_id, &cls, reterr);
        if (e == OK)
            e = hit_indicator_load(t, ident_format(TEXT("indicator"), indicator, about), &ind, reterr);
        if (e == OK) {
            ind.uuid = *indicator;
            ind.party = cls.sighting_of;
            ind.label = cls.tlp;
            ind.unreadable = false;
            ind.terms = cls.terms;
            e = append_opinion(t, &ind, id, &before, &said, account, reterr);
        }
    }
    json_free(doc);
    buffer_done(&old);
    return e == ERR_NOT_FOUND ? OK : e; /* erased: there is nothing left to take back */
}
