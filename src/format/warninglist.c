/* format/warninglist.c - see warninglist.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "format/warninglist.h"

#include "format/json_peek.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ipaddr.h"
#include "json/json.h"

static const char *const types[WARNINGLIST_TYPES] = {
    [WARNINGLIST_NONE] = "",         [WARNINGLIST_CIDR] = "cidr",           [WARNINGLIST_HOSTNAME] = "hostname",
    [WARNINGLIST_STRING] = "string", [WARNINGLIST_SUBSTRING] = "substring", [WARNINGLIST_REGEX] = "regex"};

const char *warninglist_type_name(enum warninglist_type type)
{
    return type < WARNINGLIST_TYPES ? types[type] : "";
}

enum warninglist_type warninglist_type_parse(struct text name)
{
    for (enum warninglist_type t = WARNINGLIST_CIDR; t < WARNINGLIST_TYPES; t++)
        if (text_eq(name, text_of(types[t])))
            return t;
    return WARNINGLIST_NONE;
}

struct warninglist {
    struct feed_from from;
    struct buffer bytes; /* the document, head first */
    struct buffer out;   /* the checked list */
    enum warninglist_type type;
    struct text name; /* of it, in bytes' document */
    struct json_doc *doc;
    const struct json_val *root;
    uint64_t version, entries, seen;
    struct json_iter at;
    struct json_out json;
    struct buffer entry;
    uint32_t part, parts;
    enum { READ, ENTRIES, PIECES, DONE } state;
    enum err err;
    struct fault fault;
};

/* ---- which kinds of value ---- */

/* MISP's attribute types, taken apart at '|': "domain|ip" speaks of both. */
static uint32_t kinds_of_type(struct text type)
{
    static const struct {
        const char *name;
        uint32_t kinds;
    } words[] = {
        {"ip-src", 1u << VALUE_IPV4 | 1u << VALUE_IPV6 | 1u << VALUE_CIDR},
        {"ip-dst", 1u << VALUE_IPV4 | 1u << VALUE_IPV6 | 1u << VALUE_CIDR},
        {"ip", 1u << VALUE_IPV4 | 1u << VALUE_IPV6 | 1u << VALUE_CIDR},
        {"domain", 1u << VALUE_DOMAIN},
        {"hostname", 1u << VALUE_DOMAIN},
        {"url", 1u << VALUE_URL},
        {"uri", 1u << VALUE_URL},
        {"link", 1u << VALUE_URL},
        {"email", 1u << VALUE_EMAIL},
        {"email-src", 1u << VALUE_EMAIL},
        {"email-dst", 1u << VALUE_EMAIL},
        {"email-reply-to", 1u << VALUE_EMAIL},
        {"target-email", 1u << VALUE_EMAIL},
        {"whois-registrant-email", 1u << VALUE_EMAIL},
        {"dns-soa-email", 1u << VALUE_EMAIL},
        {"eppn", 1u << VALUE_EMAIL},
        {"jabber-id", 1u << VALUE_EMAIL},
        {"md5", 1u << VALUE_MD5},
        {"sha1", 1u << VALUE_SHA1},
        {"sha256", 1u << VALUE_SHA256},
        {"sha512", 1u << VALUE_SHA512},
        {"malware-sample", 1u << VALUE_MD5},
    };
    struct text piece;
    uint32_t kinds = 0;
    while (text_split(&type, '|', &piece))
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (text_eq_nocase(piece, text_of(words[i].name)))
                kinds |= words[i].kinds;
    return kinds;
}

/* A list that names no attributes speaks of all. */
static uint32_t kinds_of(const struct json_val *attributes)
{
    uint32_t kinds = 0;
    if (json_size(attributes) == 0)
        return UINT32_MAX;
    for (struct json_iter it = json_iter_of(attributes); json_next(&it);)
        kinds |= kinds_of_type(json_text(it.val));
    return kinds;
}

/* ---- entries ---- */

static void add_lower(struct buffer *to, struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        buffer_add_char(to, t.ptr[i] >= 'A' && t.ptr[i] <= 'Z' ? (char)(t.ptr[i] | 0x20) : t.ptr[i]);
}

static const char *add_network(struct buffer *to, struct text t)
{
    struct ipnet net;
    char words[IPADDR_TEXT_MAX];
    if (ipnet_parse(t, &net) != OK)
        return "no address and no network";
    buffer_add(to, ipaddr_format(&net.addr, words));
    if (net.len != net.addr.bits)
        buffer_addf(to, "/%u", net.len);
    return NULL;
}

static const char *add_hostname(struct buffer *to, struct text t)
{
    while (text_starts(t, TEXT("*")) || text_starts(t, TEXT(".")))
        t = text_sub(t, 1, t.len);
    while (text_ends(t, TEXT(".")))
        t = text_sub(t, 0, t.len - 1);
    if (t.len == 0 || t.len > DOMAIN_MAX_BYTES)
        return "no host name";
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] <= ' ' || (unsigned char)t.ptr[i] >= 0x7F || strchr("/:@?#\\", t.ptr[i]))
            return "no host name (names of other scripts as A-labels)";
    add_lower(to, t);
    return NULL;
}

/* "/expression/flags", as PHP has it; without slashes the whole is the expression. */
static const char *add_regex(struct buffer *to, struct text t)
{
    struct text flags = TEXT_NONE;
    PCRE2_SIZE place;
    int bad = 0;
    if (t.len > 1 && t.ptr[0] == '/') {
        size_t last = t.len - 1;
        while (last > 0 && t.ptr[last] != '/')
            last--;
        if (last == 0)
            return "an expression that is not closed by a slash";
        flags = text_sub(t, last + 1, t.len);
        t = text_sub(t, 1, last - 1);
    }
    for (size_t i = 0; i < flags.len; i++) {
        if (!strchr("igmsu", flags.ptr[i]))
            return "an expression with flags other than i, g, m, s and u";
        if (flags.ptr[i] != 'g' && flags.ptr[i] != 'u')
            buffer_addf(to, "(?%c)", flags.ptr[i]);
    }
    if (t.len == 0)
        return "an expression that matches everything";
    buffer_add(to, t);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(to->ptr ? to->ptr : ""), to->len,
                                     PCRE2_UTF | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C, &bad, &place, NULL);
    if (!code)
        return "no regular expression of PCRE";
    pcre2_code_free(code);
    return NULL;
}

/* NULL: usable, its form in w->entry. */
static const char *check_entry(struct warninglist *w, struct text t)
{
    buffer_clear(&w->entry);
    t = text_trim(t);
    if (t.len == 0)
        return "an empty entry, which everything would hold";
    if (t.len > WARNINGLIST_ENTRY_MAX_BYTES)
        return "longer than WARNINGLIST_ENTRY_MAX_BYTES";
    switch (w->type) {
    case WARNINGLIST_CIDR: return add_network(&w->entry, t);
    case WARNINGLIST_HOSTNAME: return add_hostname(&w->entry, t);
    case WARNINGLIST_REGEX:
        return w->entries >= WARNINGLIST_REGEX_MAX ? "more expressions than WARNINGLIST_REGEX_MAX"
                                                   : add_regex(&w->entry, t);
    default: add_lower(&w->entry, t); return NULL;
    }
}

static void refuse(struct warninglist *w, const char *why, struct text value, struct buffer *to)
{
    char reason[256];
    int len = snprintf(reason, sizeof reason, "entry %llu: %s: " TEXT_FMT, (unsigned long long)w->seen, why,
                       (int)(value.len < 80 && text_is_utf8(value) ? value.len : 0), value.ptr);
    const struct record_rejected r = {.line = -1,
                                      .id = TEXT_NONE,
                                      .rule = TEXT("MISP warning list"),
                                      .reason = {reason, (size_t)len < sizeof reason ? (size_t)len : 0}};
    record_add_rejected(to, &r);
}

/* ---- the document ---- */

static enum err read_all(struct warninglist *w)
{
    struct feed f;
    feed_init_from(&f, w->from);
    while (buffer_error(&w->bytes) == OK && feed_peek(&f) >= 0) {
        buffer_add(&w->bytes, (struct text){f.ptr + f.pos, f.end - f.pos});
        f.pos = f.end;
    }
    enum err err = f.err ? f.err : buffer_error(&w->bytes);
    feed_done(&f);
    return err;
}

static enum err fail(struct warninglist *w, enum err err, const char *words)
{
    return fault_set(&w->fault, err, "%s", words);
}

static enum err begin(struct warninglist *w)
{
    int64_t version = 0;
    enum err err = read_all(w);
    if (err != OK)
        return fail(w, err, err == ERR_LIMIT ? "larger than WARNINGLIST_MAX_BYTES" : "cannot be read");
    struct text t = buffer_text(&w->bytes);
    if (text_starts(t, TEXT("\xEF\xBB\xBF")))
        t = text_sub(t, 3, t.len);
    err = json_parse(t, &w->doc, &w->fault);
    if (err != OK)
        return err;
    w->root = json_root(w->doc);
    w->name = text_trim(json_text(json_get(w->root, "name")));
    w->type = json_get(w->root, "type") ? warninglist_type_parse(json_text(json_get(w->root, "type")))
                                        : WARNINGLIST_STRING; /* MISP's own default */
    if (json_type(json_get(w->root, "list")) != JSON_ARRAY || w->name.len == 0)
        return fail(w, ERR_MALFORMED, "no warning list of MISP: it has a \"name\" and a \"list\"");
    if (w->name.len > WARNINGLIST_NAME_MAX_BYTES)
        return fail(w, ERR_LIMIT, "its name is longer than WARNINGLIST_NAME_MAX_BYTES");
    if (w->type == WARNINGLIST_NONE)
        return fail(w, ERR_MALFORMED, "its type is none of cidr, hostname, string, substring and regex");
    (void)json_i64(json_get(w->root, "version"), &version);
    w->version = version > 0 ? (uint64_t)version : 0;
    w->json = json_out_to(&w->out);
    json_open(&w->json, '{');
    struct text description = json_text(json_get(w->root, "description"));
    json_member_text(&w->json, "description", text_sub(description, 0, 16 * KIB));
    json_key(&w->json, TEXT("entries"));
    json_open(&w->json, '[');
    w->at = json_iter_of(json_get(w->root, "list"));
    return OK;
}

static void end_entries(struct warninglist *w)
{
    uint32_t kinds = kinds_of(json_get(w->root, "matching_attributes"));
    json_close(&w->json, ']');
    json_key(&w->json, TEXT("kinds"));
    json_open(&w->json, '[');
    for (int k = VALUE_DOMAIN; k < VALUE_KINDS; k++)
        if (kinds >> k & 1)
            json_put_text(&w->json, text_of(value_kind_name((enum value_kind)k)));
    json_close(&w->json, ']');
    json_member_text(&w->json, "name", w->name);
    json_member_text(&w->json, "type", text_of(warninglist_type_name(w->type)));
    json_member_i64(&w->json, "version", (int64_t)w->version);
    json_close(&w->json, '}');
    w->parts = (uint32_t)((w->out.len + WARNINGLIST_PART_BYTES - 1) / WARNINGLIST_PART_BYTES);
    w->state = PIECES;
}

static void next_entries(struct warninglist *w, struct buffer *to)
{
    size_t before = to->len;
    while (to->len == before) {
        if (!json_next(&w->at)) {
            end_entries(w);
            return;
        }
        w->seen++;
        struct text t = json_text(w->at.val);
        const char *why = json_is_string(w->at.val) ? check_entry(w, t) : "no text";
        if (why) {
            refuse(w, why, t, to);
            continue;
        }
        w->entries++;
        json_put_text(&w->json, buffer_text(&w->entry));
    }
}

static void end_document(struct warninglist *w, struct buffer *to)
{
    const struct record_end end = {.err = (uint8_t)w->err, .read = w->seen, .what = text_of(w->fault.what)};
    record_add_end(to, &end);
    w->state = DONE;
}

static enum err warninglist_next(void *self, struct buffer *to)
{
    struct warninglist *w = self;
    if (w->state == DONE)
        return ERR_NOT_FOUND;
    if (w->state == READ) {
        w->err = begin(w);
        w->state = ENTRIES;
    }
    if (!w->err && w->state == ENTRIES)
        next_entries(w, to);
    if (!w->err)
        w->err = buffer_error(&w->out) ? buffer_error(&w->out) : buffer_error(&w->entry);
    if (w->err == ERR_NOMEM)
        return ERR_NOMEM;
    if (!w->err && w->state == PIECES && w->part < w->parts) {
        const struct record_list r = {
            .name = w->name,
            .type = text_of(warninglist_type_name(w->type)),
            .version = w->version,
            .entries = w->entries,
            .part = w->part,
            .parts = w->parts,
            .text = text_sub(buffer_text(&w->out), (size_t)w->part * WARNINGLIST_PART_BYTES, WARNINGLIST_PART_BYTES)};
        record_add_list(to, &r);
        w->part++;
    } else if (w->err || w->state == PIECES) {
        end_document(w, to);
    }
    return buffer_error(to) == ERR_NOMEM ? ERR_NOMEM : OK;
}

static void warninglist_free(void *self)
{
    struct warninglist *w = self;
    if (!w)
        return;
    json_free(w->doc);
    buffer_done(&w->bytes);
    buffer_done(&w->out);
    buffer_done(&w->entry);
    free(w);
}

static enum err warninglist_open(const struct format_job *job, void **ret)
{
    struct warninglist *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->from = job->from;
    w->fault = (struct fault){.offset = -1, .line = -1};
    buffer_init(&w->bytes, WARNINGLIST_MAX_BYTES);
    buffer_init(&w->out, 2 * WARNINGLIST_MAX_BYTES);
    buffer_init(&w->entry, 4 * KIB);
    buffer_add(&w->bytes, job->head);
    if (buffer_error(&w->bytes) == ERR_NOMEM) {
        warninglist_free(w);
        return ERR_NOMEM;
    }
    *ret = w;
    return OK;
}

/* A person says that it is one (entente warninglist add); among what is imported none is expected. */
/* Its members only, and among them the values or what they are compared with. */
bool warninglist_begins(const struct format_head *h)
{
    static const char *const plain[] = {"description", "name", "type", "version"};
    struct json_peek p = json_peek_of(h);
    struct text name, value;
    if (text_trim(h->bytes).len == 0 || text_trim(h->bytes).ptr[0] != '{')
        return false;
    while (json_peek_next(&p, &name, &value) == PEEK_NAME) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(plain); i++)
            known = known || text_eq(name, text_of(plain[i]));
        if (text_eq(name, TEXT("matching_attributes")))
            return true;
        if (text_eq(name, TEXT("list")))
            return value.len > 1 && value.ptr[0] == '[' &&
                   text_starts(text_trim(text_sub(value, 1, value.len - 1)), TEXT("\""));
        if (!known)
            return false;
    }
    return false;
}

static enum format_claim warninglist_claim(const struct format_head *h)
{
    (void)h;
    return FORMAT_NO;
}

const struct format FORMAT_WARNINGLIST = {.name = "warninglist",
                                          .claim = warninglist_claim,
                                          .open = warninglist_open,
                                          .next = warninglist_next,
                                          .free = warninglist_free};
