/* format/misp_marking.c - who may see an event, object or attribute: its tags and its distribution, each the
 * stricter, under what stands above it. What is not understood is never wider than AMBER+STRICT. docs/MISP.md,
 * "Markings" */
#include <stdlib.h>
#include <string.h>

#include "format/misp_inside.h"
#include "model/terms_read.h"

#define GROUP_NAMES_MAX 1000 /* organisations of one sharing group that are named */

/* ---- tags ---- */

static bool label_word(struct text tag, const char *space, struct text *ret)
{
    struct text name = text_of(space);
    if (tag.len <= name.len || !text_eq_nocase(text_sub(tag, 0, name.len), name))
        return false;
    *ret = text_trim(text_sub(tag, name.len, tag.len));
    return true;
}

/* "tlp:amber", "TLP:WHITE"; any other word after "tlp:" restricts in a way that we do not know. */
static bool tag_tlp(struct text tag, enum tlp *ret)
{
    struct text word;
    if (!label_word(tag, "tlp:", &word))
        return false;
    if (tlp_parse(word, ret) != OK)
        *ret = TLP_AMBER_STRICT;
    return true;
}

static bool tag_pap(struct text tag, enum pap *ret)
{
    struct text word;
    if (!label_word(tag, "pap:", &word))
        return false;
    if (pap_parse(word, ret) != OK)
        *ret = PAP_RED;
    return true;
}

bool misp_is_label(struct text tag)
{
    struct text word;
    enum tlp tlp;
    enum pap pap;
    return (label_word(tag, "tlp:", &word) && tlp_parse(word, &tlp) == OK) ||
           (label_word(tag, "pap:", &word) && pap_parse(word, &pap) == OK);
}

static void read_tags(const struct json_val *v, struct misp_marks *marks)
{
    enum tlp tlp;
    enum pap pap;
    for (struct json_iter it = json_iter_of(json_get(v, "Tag")); json_next(&it);) {
        struct text tag = text_trim(json_is_string(it.val) ? json_text(it.val) : misp_text(it.val, "name"));
        if (tag_tlp(tag, &tlp))
            marks->tags = tlp_stricter(marks->tags, tlp);
        if (tag_pap(tag, &pap) && pap > marks->pap)
            marks->pap = pap;
    }
}

int misp_confidence(const struct json_val *v)
{
    static const struct {
        const char *word;
        int confidence;
    } words[] = {{"completely-confident", 100},
                 {"usually-confident", 75},
                 {"fairly-confident", 50},
                 {"rarely-confident", 25},
                 {"unconfident", 0}};
    int least = -1;
    struct text word;
    for (struct json_iter it = json_iter_of(json_get(v, "Tag")); json_next(&it);)
        if (label_word(misp_text(it.val, "name"), "misp:confidence-level=", &word))
            for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_eq(text_sub(word, 1, word.len - 2), text_of(words[i].word)) &&
                    (least < 0 || words[i].confidence < least))
                    least = words[i].confidence;
    return least;
}

/* ---- definitions that no node has ---- */

static struct json_out begin_definition(struct misp *m, const struct uuid *uuid, struct text name)
{
    char id[IDENT_TEXT_MAX];
    buffer_clear(&m->json);
    struct json_out o = json_out_to(&m->json);
    json_open(&o, '{');
    json_member_text(&o, "type", TEXT("marking-definition"));
    json_member_text(&o, "spec_version", TEXT("2.1"));
    json_member_text(&o, "id", ident_format(TEXT("marking-definition"), uuid, id));
    json_member_text(&o, "created", TEXT(EMIT_STAMP));
    if (name.len)
        json_member_text(&o, "name", name);
    json_key(&o, TEXT("extensions"));
    json_open(&o, '{');
    return o;
}

/* A definition refused is a marking that nobody knows, which withholds: nothing is widened by it. */
static enum err end_definition(struct misp *m, struct json_out *o)
{
    struct fault why;
    json_close(o, '}');
    enum err e = misp_done(m, o, false, &why);
    if (e == ERR_MALFORMED || e == ERR_LIMIT)
        misp_lost(m, TEXT("SharingGroup"), "%.200s", why.what);
    return e == ERR_NOMEM ? e : OK;
}

static struct uuid pap_uuid(enum pap pap)
{
    static const struct uuid space = {
        {0x51, 0x0c, 0x8e, 0x1f, 0x7a, 0x2d, 0x4b, 0x66, 0x9e, 0x03, 0xc4, 0x8d, 0x12, 0xa5, 0x70, 0xbb}};
    return uuid_named(&space, text_of(pap_name(pap)));
}

static enum err define_pap(struct misp *m, enum pap pap)
{
    static const char *const words[] = {"", "clear", "green", "amber", "red"};
    struct uuid uuid = pap_uuid(pap);
    struct json_out o = begin_definition(m, &uuid, text_of(pap_name(pap)));
    json_key(&o, TEXT(EXT_PAP));
    json_open(&o, '{');
    json_member_text(&o, "extension_type", TEXT("property-extension"));
    json_member_text(&o, "pap", text_of(words[pap]));
    json_close(&o, '}');
    return end_definition(m, &o);
}

/* ---- sharing groups ---- */

static int compare_uuids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static size_t members_of(const struct json_val *group, struct uuid list[GROUP_NAMES_MAX])
{
    size_t count = 0, kept = 0;
    for (struct json_iter it = json_iter_of(json_get(group, "SharingGroupOrg")); json_next(&it);) {
        struct text t = misp_text(json_get(it.val, "Organisation"), "uuid");
        if (t.len == 0)
            t = misp_text(it.val, "org_uuid");
        if (count < GROUP_NAMES_MAX && uuid_parse(t, &list[count]) == OK)
            count++;
    }
    qsort(list, count, sizeof *list, compare_uuids);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !uuid_eq(&list[kept - 1], &list[i]))
            list[kept++] = list[i];
    return kept;
}

/* A definition says the same for ever: its id is made of its members. */
static enum err define_group(struct misp *m, const struct json_val *group, const struct uuid *list, size_t count,
                             struct uuid *ret)
{
    struct uuid of = {{0}};
    char id[IDENT_TEXT_MAX];
    (void)!uuid_parse(misp_text(group, "uuid"), &of);
    *ret = misp_derived(&of, TEXT("sharing group"), (struct text){(const char *)list, count * sizeof *list}, m);
    struct json_out o = begin_definition(m, ret, misp_text(group, "name"));
    json_key(&o, TEXT(EXT_REL_TO));
    json_open(&o, '{');
    json_member_text(&o, "extension_type", TEXT("property-extension"));
    json_key(&o, TEXT("organisations"));
    json_open(&o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(&o, ident_format(TEXT("identity"), &list[i], id));
    json_close(&o, ']');
    json_close(&o, '}');
    return end_definition(m, &o);
}

/* The group's definition, where it is there: in v, or in the event when v names the same one by number. */
static const struct json_val *group_of(const struct json_val *v, const struct misp_marks *above)
{
    const struct json_val *group = json_get(v, "SharingGroup");
    struct text id = misp_text(v, "sharing_group_id");
    if (json_type(group) == JSON_OBJECT && json_size(group) > 0)
        return group;
    return id.len > 0 && text_eq(id, above->group_id) ? above->group : NULL;
}

static void add_group(struct misp_marks *marks, const struct uuid *definition)
{
    for (size_t i = 0; i < marks->group_count; i++)
        if (uuid_eq(&marks->groups[i], definition))
            return;
    if (marks->group_count < MISP_MARKS_MAX)
        marks->groups[marks->group_count++] = *definition;
    else
        marks->tlp = TLP_RED;
}

/* An unknown or empty group is nobody that we could name: AMBER+STRICT. */
static enum err share_with_group(struct misp *m, const struct json_val *v, const struct misp_marks *above,
                                 struct misp_marks *marks)
{
    const struct json_val *group = group_of(v, above);
    struct uuid *list = malloc(GROUP_NAMES_MAX * sizeof *list), definition;
    if (!list)
        return ERR_NOMEM;
    size_t count = members_of(group, list);
    enum err e = OK;
    if (count > 0) {
        e = define_group(m, group, list, count, &definition);
        add_group(marks, &definition);
    }
    free(list);
    marks->group = group;
    marks->group_id = misp_text(v, "sharing_group_id");
    marks->tlp = tlp_stricter(marks->tlp, count > 0 ? TLP_AMBER : TLP_AMBER_STRICT);
    return e;
}

/* ---- both ---- */

enum err misp_marks_of(struct misp *m, const struct json_val *v, const struct misp_marks *above,
                       struct misp_marks *ret)
{
    struct misp_marks marks = *above;
    const struct json_val *said = json_get(v, "distribution");
    int64_t distribution = -1;
    enum err e = OK;
    read_tags(v, &marks);
    marks.tlp = tlp_stricter(marks.tlp, marks.tags);
    bool number = misp_number(v, "distribution", &distribution);
    bool absent = !said || json_type(said) == JSON_NULL || (json_is_string(said) && json_text(said).len == 0);
    if (!absent && (!number || distribution < 0 || distribution > 5))
        marks.tlp = tlp_stricter(marks.tlp, TLP_AMBER_STRICT);
    else if (distribution == 0 || distribution == 1 || (distribution == 5 && !above->known))
        marks.tlp = tlp_stricter(marks.tlp, TLP_AMBER_STRICT);
    else if (distribution == 2)
        marks.tlp = tlp_stricter(marks.tlp, TLP_AMBER);
    else if (distribution == 3 && marks.tags == TLP_NONE)
        marks.tlp = tlp_stricter(marks.tlp, TLP_GREEN);
    else if (distribution == 4)
        e = share_with_group(m, v, above, &marks);
    marks.known = true; /* an event without a distribution leaves nothing to inherit but its tags */
    if (e == OK && marks.pap != above->pap)
        e = define_pap(m, marks.pap);
    *ret = marks;
    return e;
}

void misp_put_markings(struct json_out *o, const struct misp_marks *marks)
{
    struct uuid uuid;
    char id[IDENT_TEXT_MAX];
    if (marks->tlp == TLP_NONE && marks->pap == PAP_NONE && marks->group_count == 0)
        return;
    json_key(o, TEXT("object_marking_refs"));
    json_open(o, '[');
    if (marks->tlp != TLP_NONE && tlp_marking(marks->tlp, 2, &uuid))
        json_put_text(o, ident_format(TEXT("marking-definition"), &uuid, id));
    if (marks->pap != PAP_NONE) {
        uuid = pap_uuid(marks->pap);
        json_put_text(o, ident_format(TEXT("marking-definition"), &uuid, id));
    }
    for (size_t i = 0; i < marks->group_count; i++)
        json_put_text(o, ident_format(TEXT("marking-definition"), &marks->groups[i], id));
    json_close(o, ']');
}
