/* What an import says of the values that it found in a text, and of what it left out. */
#include <string.h>

#include "command/names.h"
#include "command/proposal.h"
#include "model/pattern.h"
#include "json/json.h"

/* "[domain-name:value = '...']": what kind the pattern is of. */
static struct text kind_of(struct text pattern)
{
    static const struct {
        const char *begins, *kind;
    } kinds[] = {{"[domain-name:", "domain"},
                 {"[ipv4-addr:", "ipv4"},
                 {"[ipv6-addr:", "ipv6"},
                 {"[url:", "url"},
                 {"[email-addr:", "email"},
                 {"[file:hashes.MD5", "md5"},
                 {"[file:hashes.'MD5'", "md5"},
                 {"[file:hashes.'SHA-1'", "sha1"},
                 {"[file:hashes.'SHA-256'", "sha256"},
                 {"[file:hashes.'SHA-512'", "sha512"}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_starts(pattern, text_of(kinds[i].begins))) {
            bool net = i < 3 && i > 0 && text_find(pattern, '/', 0) > 0;
            return net ? TEXT("cidr") : text_of(kinds[i].kind);
        }
    return TEXT("indicator");
}

bool proposal_words_of(const struct json_val *body, struct proposal_words *ret)
{
    *ret = (struct proposal_words){.confidence = 0};
    struct json_iter it = json_iter_of(json_get(body, "external_references"));
    if (!json_next(&it))
        return false;
    ret->value = json_text(json_get(body, "name"));
    ret->kind = kind_of(json_text(json_get(body, "pattern")));
    ret->document = json_text(json_get(it.val, "source_name"));
    ret->place = json_text(json_get(it.val, "external_id"));
    ret->why = json_text(json_get(it.val, "description"));
    ret->context = json_text(json_get(body, "description"));
    (void)json_i64(json_get(body, "confidence"), &ret->confidence);
    return true;
}

void proposal_tell(struct session *s, const char *file, struct text body)
{
    struct json_doc *doc;
    struct proposal_words w;
    if (json_parse(body, &doc, NULL))
        return;
    if (proposal_words_of(json_root(doc), &w) && s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(file));
        json_key(&o, TEXT("proposed"));
        json_open(&o, '{');
        json_member_text(&o, "id", json_text(json_get(json_root(doc), "id")));
        json_member_text(&o, "kind", w.kind);
        json_member_text(&o, "value", w.value);
        json_member_text(&o, "place", w.place);
        json_member_text(&o, "why", w.why);
        json_member_i64(&o, "confidence", w.confidence);
        json_member_text(&o, "context", w.context);
        json_close(&o, '}');
        json_close(&o, '}');
        json_line_end(s);
    } else if (proposal_words_of(json_root(doc), &w)) {
        say(s, "%s: " TEXT_FMT ": " TEXT_FMT " " TEXT_FMT " (" TEXT_FMT "): " TEXT_FMT "\n", file, TEXT_ARG(w.place),
            TEXT_ARG(w.kind), TEXT_ARG(w.value), TEXT_ARG(w.why), TEXT_ARG(w.context));
    }
    json_free(doc);
}

void lost_words(struct buffer *to, const char *file, const struct record_lost *l)
{
    buffer_addf(to, "%s: left out: " TEXT_FMT ": " TEXT_FMT "\n", file, TEXT_ARG(l->what), TEXT_ARG(l->reason));
}

void lost_tell(struct session *s, const char *file, const struct record_lost *l)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "file", text_of(file));
    json_key(&o, TEXT("lost"));
    json_open(&o, '{');
    json_member_i64(&o, "at", l->at);
    json_member_text(&o, "what", l->what);
    json_member_text(&o, "reason", l->reason);
    json_close(&o, '}');
    json_close(&o, '}');
    json_line_end(s);
}

void proposals_tell_how(struct session *s, const char *file, uint64_t count)
{
    const char *slash = strrchr(file, '/');
    const char *name = strcmp(file, "-") == 0 ? "text" : slash ? slash + 1 : file;
    if (count)
        say(s,
            "%s: %llu proposed; they count for nothing until somebody says so: entente proposal list --document %s, "
            "entente proposal accept ID... or --all %s\n",
            file, (unsigned long long)count, name, name);
}
