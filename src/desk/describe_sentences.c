/* desk/describe_sentences.c - what an object is called, and what is better said in a sentence than listed: who uses
 * whom, what was sighted, what a marking means, what was translated. */
#include <string.h>

#include "base/limits.h"
#include "desk/describe_inside.h"
#include "model/marking.h"

/* ---- words for types and verbs ---- */

struct text describe_type(struct text type, struct arena *arena)
{
    static const struct {
        const char *type, *words;
    } ours[] = {{"x-entente-finding", "finding"},
                {"ipv4-addr", "IPv4 address"},
                {"ipv6-addr", "IPv6 address"},
                {"mac-addr", "MAC address"},
                {"email-addr", "e-mail address"},
                {"email-message", "e-mail"},
                {"domain-name", "domain name"},
                {"url", "URL"},
                {"x509-certificate", "X.509 certificate"}};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (text_eq(type, text_of(ours[i].type)))
            return text_of(ours[i].words);
    char words[TYPE_MAX_BYTES];
    if (type.len > sizeof words || text_starts(type, TEXT("x-")))
        return type; /* somebody's own: as he calls it */
    for (size_t i = 0; i < type.len; i++)
        words[i] = type.ptr[i] == '-' ? ' ' : type.ptr[i];
    struct text kept = arena_text(arena, (struct text){words, type.len});
    return kept.ptr ? kept : type;
}

/* "attributed-to" is a verb with its preposition; "uses" is one already. */
static void add_verb(struct text verb, struct buffer *out)
{
    for (size_t i = 0; i < verb.len; i++)
        buffer_add_char(out, verb.ptr[i] == '-' ? ' ' : verb.ptr[i]);
}

static struct text called(const struct telling *t, const char *member)
{
    struct text id = describe_text(t, member);
    return id.len ? t->with->name(t->with->self, id) : TEXT("(nothing)");
}

/* ---- sentences ---- */

static void of_relationship(const struct telling *t, struct buffer *out)
{
    buffer_add(out, called(t, "source_ref"));
    buffer_add_char(out, ' ');
    add_verb(describe_text(t, "relationship_type"), out);
    buffer_add_char(out, ' ');
    buffer_add(out, called(t, "target_ref"));
}

static void of_sighting(const struct telling *t, struct buffer *out)
{
    int64_t count;
    buffer_add(out, called(t, "sighting_of_ref"));
    if (json_i64(describe_get(t, "count"), &count) && count == 0)
        buffer_add(out, TEXT(" was looked for and not seen"));
    else
        buffer_add(out, TEXT(" was seen"));
}

static const char *tlp_words(enum tlp label)
{
    switch (label) {
    case TLP_CLEAR: return "anyone may have it, the public too";
    case TLP_GREEN: return "for partners, constituents and communities; not for the public";
    case TLP_AMBER: return "for the recipient's organisation and, where they need it, its clients";
    case TLP_AMBER_STRICT: return "for the recipient's organisation only";
    case TLP_RED: return "for the persons named only";
    case TLP_NONE: break;
    }
    return "";
}

static void of_marking(const struct telling *t, struct buffer *out)
{
    struct ident id;
    enum tlp label;
    int version;
    if (ident_parse(describe_text(t, "id"), &id, NULL) == OK && tlp_of_marking(&id.uuid, &label, &version)) {
        buffer_addf(out, "%s (version %d): %s", tlp_name(label), version, tlp_words(label));
        return;
    }
    struct text statement = json_text(json_get(describe_get(t, "definition"), "statement"));
    if (statement.len)
        buffer_addf(out, "a statement, which neither restricts nor replaces TLP: " TEXT_FMT, TEXT_ARG(statement));
}

static void of_opinion(const struct telling *t, struct buffer *out)
{
    const struct json_val *about = describe_get(t, "object_refs");
    struct json_iter it = json_iter_of(about);
    if (json_next(&it)) {
        add_verb(describe_text(t, "opinion"), out);
        buffer_add(out, TEXT(" with "));
        buffer_add(out, t->with->name(t->with->self, json_text(it.val)));
        if (json_size(about) > 1)
            buffer_addf(out, " and %zu more", json_size(about) - 1);
    }
}

static void of_language(const struct telling *t, struct buffer *out)
{
    const struct json_val *contents = describe_get(t, "contents");
    buffer_add(out, called(t, "object_ref"));
    buffer_add(out, TEXT(" in "));
    for (struct json_iter it = json_iter_of(contents); json_next(&it) && it.index < DESCRIBE_LIST_MAX;) {
        buffer_add(out, it.index ? TEXT(", ") : TEXT_NONE);
        buffer_add(out, it.key);
    }
}

static void of_observed(const struct telling *t, struct buffer *out)
{
    const struct json_val *refs = describe_get(t, "object_refs"), *objects = describe_get(t, "objects");
    size_t count = refs ? json_size(refs) : json_size(objects);
    buffer_addf(out, "%zu object%s, observed", count, count == 1 ? "" : "s");
}

static const struct sentence {
    const char *type;
    void (*say)(const struct telling *t, struct buffer *out);
    const char *as, *told[4];
} sentences[] = {
    {"relationship", of_relationship, "says", {"source_ref", "relationship_type", "target_ref"}},
    {"sighting", of_sighting, "says", {"sighting_of_ref"}},
    {"marking-definition", of_marking, "means", {"definition", "definition_type"}},
    {"opinion", of_opinion, "says", {"opinion"}},
    {"language-content", of_language, "translates", {"object_ref"}},
    {"observed-data", of_observed, "holds", {NULL}},
};

static const struct sentence *sentence_of(const struct telling *t)
{
    for (size_t i = 0; i < ARRAY_LEN(sentences); i++)
        if (text_eq(describe_text(t, "type"), text_of(sentences[i].type)))
            return &sentences[i];
    return NULL;
}

void describe_sentences(struct telling *t)
{
    const struct sentence *one = sentence_of(t);
    struct buffer b;
    struct text name = describe_text(t, "name");
    if (!text_eq(describe_text(t, "type"), TEXT("marking-definition")))
        describe_add(t->d, t->to, "name", name);
    if (!one)
        return;
    buffer_init(&b, MIB);
    one->say(t, &b);
    if (buffer_error(&b) != OK) {
        t->d->short_of_memory = true;
    } else if (b.len) {
        describe_add(t->d, t->to, one->as, buffer_text(&b));
        for (size_t i = 0; i < ARRAY_LEN(one->told) && one->told[i]; i++)
            describe_told(t, one->told[i]);
    }
    buffer_done(&b);
}

/* ---- titles ---- */

/* The first of these that is there is what people call it. */
static const char *const names[] = {"name",    "value",         "abstract", "subject",       "display_name",
                                    "path",    "key",           "user_id",  "account_login", "command_line",
                                    "product", "serial_number", "url"};

static void first_hash(const struct telling *t, struct buffer *out)
{
    const struct json_val *hashes = describe_get(t, "hashes");
    struct json_iter it = json_iter_of(hashes);
    if (json_next(&it))
        buffer_addf(out, TEXT_FMT " " TEXT_FMT, TEXT_ARG(it.key), TEXT_ARG(json_text(it.val)));
}

#define TITLE_MAX 160 /* bytes of a foreign name in a line that names several */

static void add_cut(struct text t, struct buffer *out)
{
    size_t len = t.len;
    if (len > TITLE_MAX) {
        for (len = TITLE_MAX; len > 0 && ((unsigned char)t.ptr[len] & 0xC0) == 0x80;)
            len--;
    }
    buffer_add(out, text_sub(t, 0, len));
    buffer_add(out, len < t.len ? TEXT("...") : TEXT_NONE);
}

/* What it is called, without its type. */
static void add_core(const struct telling *t, struct text type, struct buffer *out)
{
    const struct sentence *one = sentence_of(t);
    bool marking = text_eq(type, TEXT("marking-definition"));
    struct text name = TEXT_NONE;
    for (size_t i = 0; i < ARRAY_LEN(names) && !name.len && !marking; i++)
        name = describe_text(t, names[i]);
    if (!name.len && one) {
        struct buffer sentence;
        buffer_init(&sentence, MIB);
        one->say(t, &sentence);
        add_cut(buffer_text(&sentence), out);
        buffer_done(&sentence);
    }
    if (out->len == 0 && !name.len)
        name = describe_text(t, marking ? "name" : text_eq(type, TEXT("indicator")) ? "pattern" : "content");
    add_cut(name, out);
    if (out->len == 0)
        first_hash(t, out);
}

static void add_title(const struct telling *t, struct arena *arena, struct buffer *out)
{
    struct text type = describe_text(t, "type"), words = describe_type(type, arena);
    int64_t number;
    add_core(t, type, out);
    if (text_eq(type, TEXT("autonomous-system")) && json_i64(describe_get(t, "number"), &number))
        buffer_addf(out, "%sAS%lld", out->len ? " " : "", (long long)number);
    buffer_addf(out, out->len ? " (" TEXT_FMT ")" : TEXT_FMT, TEXT_ARG(words));
}

struct text describe_title(const struct json_val *object, const struct describe_with *with, struct arena *arena)
{
    struct telling t = {.object = object, .with = with};
    struct buffer b;
    buffer_init(&b, MIB);
    add_title(&t, arena, &b);
    struct text kept = buffer_error(&b) == OK ? arena_text(arena, buffer_text(&b)) : TEXT_NONE;
    buffer_done(&b);
    return kept.ptr ? kept : TEXT("(no memory for its name)");
}
