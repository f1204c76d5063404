/* desk/sighting.c - what partners are told back (release.md 9): that an indicator was seen here, how often, in which
 * hours, by us. Nothing of whom it was seen at, nor at how many.
 *
 * A sighting belongs to (indicator, party): all findings are counted up, so that their number does not show. Of our
 * own indicators it belongs to nobody, and goes by its label to who may have the indicator. Its window is from the
 * first hit, rounded down to the hour, to the last, rounded up. A further version is made only when that window
 * changes or the count reached another power of ten: an hour of hits makes at most one version a power of ten,
 * however many lines it has. */
#include "base/limits.h"
#include "desk/finding_inside.h"

#define HOUR_US    ((int64_t)3600 * 1000000)
#define COUNT_MOST 999999999 /* STIX 2.1 section 5.2 */

struct sighting_words {
    int64_t first_us, last_us;
    uint64_t count;
};

static int64_t hour_down(int64_t us)
{
    int64_t rest = us % HOUR_US;
    return us - (rest < 0 ? rest + HOUR_US : rest);
}

static struct sighting_words words_of(const struct seen_row *seen)
{
    struct sighting_words s = {hour_down(seen->first_us), hour_down(seen->last_us), seen->count};
    if (s.last_us < seen->last_us || s.last_us == s.first_us)
        s.last_us += HOUR_US;
    if (s.count > COUNT_MOST)
        s.count = COUNT_MOST;
    return s;
}

static unsigned magnitude(uint64_t count)
{
    unsigned m = 0;
    for (; count >= 10; count /= 10)
        m++;
    return m;
}

static bool says_the_same(const struct json_val *body, const struct sighting_words *now)
{
    char first[STAMP_TEXT_MAX], last[STAMP_TEXT_MAX];
    int64_t count = 0;
    (void)json_i64(json_get(body, "count"), &count);
    return text_eq(json_text(json_get(body, "first_seen")), stamp_format(stamp_from_us(now->first_us, 3), first)) &&
           text_eq(json_text(json_get(body, "last_seen")), stamp_format(stamp_from_us(now->last_us, 3), last)) &&
           magnitude((uint64_t)count) == magnitude(now->count);
}

static enum err on_peer(void *self, const struct fact *f)
{
    bool *any = self;
    *any |= f->u.peer.sightings && !f->u.peer.expelled;
    return OK;
}

/* Does the party take sightings? Of our own indicators: does anybody? */
static enum err takes_sightings(struct txn *t, const struct hit_indicator *ind, bool *ret, struct fault *reterr)
{
    *ret = false;
    if (ind->ours)
        return view_facts(txn_view(t), FACT_PEER, on_peer, ret, reterr);
    if (uuid_is_zero(&ind->party))
        return OK;
    struct fact_peer peer;
    enum err e = view_peer(txn_view(t), &ind->party, &peer, reterr);
    if (e == OK)
        *ret = peer.sightings && !peer.expelled;
    return e == ERR_NOT_FOUND ? OK : e;
}

/* To whom it goes: the party the indicator came from; zero where it is ours. */
static struct uuid told(const struct hit_indicator *ind)
{
    static const struct uuid nobody;
    return ind->ours ? nobody : ind->party;
}

/* The body of an indicator of ours whose terms the sighting carries on; of another's, which goes back to where the
 * terms come from, none. */
static enum err load_terms(struct txn *t, const struct hit_indicator *ind, struct buffer *body, struct json_doc **ret,
                           struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct version_row row;
    *ret = NULL;
    if (!ind->ours || terms_none(&ind->terms))
        return OK;
    enum err e = own_load(t, ident_format(TEXT("indicator"), &ind->uuid, id), &row, body, ret, reterr);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err append_sighting(struct txn *t, const struct hit_indicator *ind, const struct sighting_words *words,
                                struct text id, const struct version_row *before, const struct uuid *account,
                                bool revoked, struct fault *reterr)
{
    const struct fact_genesis *g = node_genesis(txn_node(t));
    struct own_times times = own_times(t, before);
    /* Unmarked content is AMBER+STRICT to our own people, and what is derived from it cannot be less. */
    enum tlp label =
        ind->label == TLP_NONE || ind->unreadable ? tlp_stricter(ind->label, TLP_AMBER_STRICT) : ind->label;
    char other[IDENT_TEXT_MAX];
    struct buffer body, marked;
    struct json_doc *terms;
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    buffer_init(&marked, STIX_OBJECT_MAX_BYTES);
    enum err e = load_terms(t, ind, &marked, &terms, reterr);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    own_put_marked(&o, id, g, &times, label, json_get(json_root(terms), "object_marking_refs"));
    if (revoked)
        json_member_bool(&o, "revoked", true);
    own_put_time(&o, "first_seen", words->first_us, 3);
    own_put_time(&o, "last_seen", words->last_us, 3);
    json_member_i64(&o, "count", (int64_t)words->count);
    json_member_text(&o, "sighting_of_ref", ident_format(TEXT("indicator"), &ind->uuid, other));
    json_key(&o, TEXT("where_sighted_refs"));
    json_open(&o, '[');
    json_put_text(&o, ident_format(TEXT("identity"), &g->identity, other));
    json_close(&o, ']');
    json_close(&o, '}');
    struct fact_sighting fact = {.indicator = ind->uuid, .party = told(ind)};
    struct own_object object = {.id = id,
                                .times = &times,
                                .before = before,
                                .label = label,
                                .revoked = revoked,
                                .outward = true,
                                .account = *account,
                                .sighting = &fact,
                                .sighting_tlp = label,
                                .sighting_terms = &ind->terms};
    if (e == OK)
        e = own_append(t, &object, &body, reterr);
    json_free(terms);
    buffer_done(&marked);
    buffer_done(&body);
    return e;
}

/* The sighting that stands, with its body. ERR_NOT_FOUND: none, or it was withdrawn (revoked is final). */
static enum err standing_sighting(struct txn *t, const struct hit_indicator *ind, char ret_id[IDENT_TEXT_MAX],
                                  struct version_row *ret_row, struct buffer *body, struct json_doc **ret_doc,
                                  struct fault *reterr)
{
    struct version_row row;
    struct uuid uuid, party = told(ind);
    enum err e = view_sighting_of(txn_view(t), &ind->uuid, &party, &row, reterr);
    if (e != OK)
        return e;
    if (row.revoked || !uuid_of_id(row.id, &uuid))
        return ERR_NOT_FOUND;
    return own_load(t, ident_format(TEXT("sighting"), &uuid, ret_id), ret_row, body, ret_doc, reterr);
}

enum err sighting_update(struct txn *t, const struct hit_indicator *indicator, const struct uuid *account,
                         bool *ret_made, struct fault *reterr)
{
    bool wanted;
    struct seen_row seen;
    enum err e = takes_sightings(t, indicator, &wanted, reterr);
    if (e == OK && wanted)
        e = view_seen(txn_view(t), &indicator->uuid, &seen, reterr);
    if (e != OK || !wanted || !seen.findings)
        return e;
    struct sighting_words words = words_of(&seen);
    char id[IDENT_TEXT_MAX];
    struct version_row before;
    struct json_doc *doc = NULL;
    struct buffer old;
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    e = standing_sighting(t, indicator, id, &before, &old, &doc, reterr);
    bool held = e == OK, same = held && says_the_same(json_root(doc), &words);
    json_free(doc);
    buffer_done(&old);
    if (same)
        return OK;
    if (e == ERR_NOT_FOUND) {
        struct uuid uuid = uuid_random();
        ident_format(TEXT("sighting"), &uuid, id);
        e = OK;
    }
    if (e == OK)
        e = append_sighting(t, indicator, &words, text_of(id), held ? &before : NULL, account, false, reterr);
    if (e == OK)
        *ret_made = true;
    return e;
}

/* What is left of it; nothing: revoked, with the words it had. */
static enum err correct(struct txn *t, const struct hit_indicator *ind, const struct seen_row *seen,
                        const struct uuid *account, struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct version_row before;
    struct json_doc *doc = NULL;
    struct buffer old;
    struct sighting_words words = {0};
    int64_t count = 0;
    buffer_init(&old, STIX_OBJECT_MAX_BYTES);
    enum err e = standing_sighting(t, ind, id, &before, &old, &doc, reterr);
    if (e == OK) {
        (void)body_time(buffer_text(&old), "first_seen", &words.first_us);
        (void)body_time(buffer_text(&old), "last_seen", &words.last_us);
        (void)json_i64(json_get(json_root(doc), "count"), &count);
        words.count = (uint64_t)count;
        if (seen->findings)
            words = words_of(seen);
        e = append_sighting(t, ind, &words, text_of(id), &before, account, seen->findings == 0, reterr);
    }
    json_free(doc);
    buffer_done(&old);
    return e == ERR_NOT_FOUND ? OK : e;
}

enum err sighting_withdraw(struct txn *t, const struct uuid *indicator, const struct uuid *account,
                           struct fault *reterr)
{
    char id[IDENT_TEXT_MAX];
    struct hit_indicator ind;
    struct seen_row seen;
    enum err e = hit_indicator_load(t, ident_format(TEXT("indicator"), indicator, id), &ind, reterr);
    if (e == OK)
        e = view_seen(txn_view(t), indicator, &seen, reterr);
    return e == OK ? correct(t, &ind, &seen, account, reterr) : e;
}
