/* release/outbound_log.c - what the log shows of itself. Its rooms lie above this one, so the forms are told here
 * once more, and more narrowly: no line that could carry a sentence. */
#include "base/limits.h"
#include "base/outbound_make.h"
#include "base/time.h"
#include "model/ident.h"
#include "release/outbound.h"
#include "json/json.h"

#define LOG_TEXT_MAX_BYTES (256 * KIB) /* a proof: 64 KiB of extra data in base64, a note */
#define NAME_MAX           255
#define HASHES_MAX         63
#define TILE_HASHES        256
#define HASH_BASE64        44 /* characters of 32 bytes */

/* ---- lines ---- */

static bool take(struct text *rest, struct text *ret)
{
    ptrdiff_t end = text_find(*rest, '\n', 0);
    if (end < 0)
        return false;
    *ret = text_sub(*rest, 0, (size_t)end);
    *rest = text_sub(*rest, (size_t)end + 1, rest->len);
    return true;
}

static bool is_decimal(struct text t)
{
    uint64_t v;
    return text_u64(t, &v) == OK && (t.len == 1 || t.ptr[0] != '0');
}

static bool is_base64(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                     c == '/' || c == '=';
        if (!digit)
            return false;
    }
    return t.len > 0 && t.len % 4 == 0;
}

static bool is_hash(struct text t)
{
    return t.len == HASH_BASE64 && is_base64(t);
}

/* An origin or a key's name. */
static bool is_name(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] <= ' ' || t.ptr[i] == 0x7F)
            return false;
    return t.len > 0 && t.len <= NAME_MAX && text_is_utf8(t);
}

static bool is_hex(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!((t.ptr[i] >= '0' && t.ptr[i] <= '9') || (t.ptr[i] >= 'a' && t.ptr[i] <= 'f')))
            return false;
    return t.len > 0;
}

static bool is_signature(struct text line)
{
    static const struct text dash = {"\xE2\x80\x94 ", 4};
    struct text rest = text_sub(line, dash.len, line.len), name;
    return text_starts(line, dash) && text_split(&rest, ' ', &name) && rest.ptr && is_name(name) && is_base64(rest);
}

/* One or more, up to the end or an empty line, which is left. */
static bool take_signatures(struct text *rest)
{
    struct text line;
    size_t count = 0;
    while (rest->len > 0 && rest->ptr[0] != '\n') {
        if (!take(rest, &line) || !is_signature(line))
            return false;
        count++;
    }
    return count > 0;
}

static bool take_empty(struct text *rest)
{
    struct text line;
    return take(rest, &line) && line.len == 0;
}

/* ---- forms ---- */

static bool take_checkpoint(struct text *rest)
{
    struct text origin, size, root;
    return take(rest, &origin) && is_name(origin) && take(rest, &size) && is_decimal(size) && take(rest, &root) &&
           is_hash(root) && take_empty(rest) && take_signatures(rest);
}

/* "word value" with a value of the given kind; a time is a name, for it has no space. */
static bool take_word(struct text *rest, const char *word, bool (*is)(struct text))
{
    struct text line, key = text_of(word);
    return take(rest, &line) && text_starts(line, key) && line.len > key.len && line.ptr[key.len] == ' ' &&
           is(text_sub(line, key.len + 1, line.len));
}

static bool take_fixed(struct text *rest, const char *words)
{
    struct text line;
    return take(rest, &line) && text_eq(line, text_of(words));
}

static bool take_statement(struct text *rest)
{
    return take_fixed(rest, "entente-succession/v1") && take_word(rest, "old-origin", is_name) &&
           take_word(rest, "old-key", is_hex) && take_word(rest, "new-origin", is_name) &&
           take_word(rest, "new-key", is_hex) && take_word(rest, "size", is_decimal) &&
           take_word(rest, "root", is_hash) && take_word(rest, "reason", is_name) &&
           take_word(rest, "time", is_name) && take_empty(rest) && take_signatures(rest);
}

/* An empty line before each but the first of a page. */
static bool take_statements(struct text *rest, bool behind_something)
{
    while (rest->len > 0) {
        if (behind_something && !take_empty(rest))
            return false;
        if (!take_statement(rest))
            return false;
        behind_something = true;
    }
    return true;
}

static bool take_introduction(struct text *rest)
{
    return take_fixed(rest, "entente-introduction/v1") && take_word(rest, "to", is_name) &&
           take_word(rest, "origin", is_name) && take_word(rest, "key", is_hex) && take_empty(rest) &&
           take_signatures(rest) && take_statements(rest, true);
}

static bool take_hashes(struct text *rest)
{
    struct text line;
    for (size_t count = 0; rest->len > 0 && rest->ptr[0] != '\n'; count++)
        if (count == HASHES_MAX || !take(rest, &line) || !is_hash(line))
            return false;
    return take_empty(rest);
}

/* "ID" or "ID VERSION": an identifier and a timestamp, so nothing else fits in. */
static bool take_asked(struct text *rest)
{
    struct text line, id;
    struct ident ident;
    struct stamp stamp;
    if (!take(rest, &line))
        return false;
    struct text version = line;
    bool split = text_split(&version, ' ', &id);
    return split && ident_parse(id, &ident, NULL) == OK && (!version.ptr || stamp_parse(version, &stamp, NULL) == OK);
}

static bool take_all_asked(struct text *rest)
{
    bool good = rest->len > 0;
    while (good && rest->len > 0)
        good = take_asked(rest);
    return good;
}

static bool of_form(enum outbound_log what, struct text t)
{
    struct text line;
    switch (what) {
    case LOG_CHECKPOINT: return take_checkpoint(&t) && t.len == 0;
    case LOG_STATEMENTS: return take_statements(&t, false);
    case LOG_COSIGNATURES: return take_signatures(&t) && t.len == 0;
    case LOG_TREE_SIZE: return take(&t, &line) && is_decimal(line) && t.len == 0;
    case LOG_ADD_CHECKPOINT:
        return take_word(&t, "old", is_decimal) && take_hashes(&t) && take_checkpoint(&t) && t.len == 0;
    case LOG_INTRODUCTION: return take_introduction(&t);
    case LOG_PROOFS_ASKED: return take_all_asked(&t);
    default: return false;
    }
}

/* ---- making ---- */

#define TEXT_PLAIN "text/plain; charset=utf-8"
/* What is shown depends on who asks: no shared cache keeps it. */
#define CACHE_NEVER "no-store"
#define CACHE_LONG  "private, max-age=31536000, immutable"

static enum err finish(int status, struct text media_type, struct buffer *body, const char *cache,
                       struct outbound **ret)
{
    enum err e = buffer_error(body);
    struct outbound *made = outbound_new(status, media_type, body);
    if (!made)
        return e ? e : ERR_NOMEM;
    if (status && cache)
        e = outbound_add_header(made, TEXT("Cache-Control"), text_of(cache));
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}

enum err outbound_log_text(enum outbound_log what, int status, struct text text, struct outbound **ret)
{
    struct buffer body;
    bool request = what == LOG_ADD_CHECKPOINT || what == LOG_INTRODUCTION || what == LOG_PROOFS_ASKED;
    if (text.len > LOG_TEXT_MAX_BYTES || request != (status == 0) || !of_form(what, text))
        return ERR_DENIED;
    buffer_init(&body, LOG_TEXT_MAX_BYTES);
    buffer_add(&body, text);
    return finish(status, what == LOG_TREE_SIZE ? TEXT("text/x.tlog.size") : TEXT(TEXT_PLAIN), &body, CACHE_NEVER,
                  ret);
}

enum err outbound_tile(const void *bytes, size_t len, struct outbound **ret)
{
    struct buffer body;
    if (len == 0 || len % SHA256_BYTES != 0 || len > TILE_HASHES * SHA256_BYTES)
        return ERR_DENIED;
    buffer_init(&body, TILE_HASHES * SHA256_BYTES);
    buffer_add_bytes(&body, bytes, len);
    return finish(200, TEXT("application/octet-stream"), &body, CACHE_LONG, ret);
}

/* ---- proofs ---- */

/* The public part in the extra line speaks of this object in the bytes in which it was cleared, and of nothing more.
 */
static bool is_about(struct text extra, const struct cleared *c)
{
    struct json_doc *doc;
    char hex[SHA256_HEX];
    if (json_parse(extra, &doc, NULL) != OK)
        return false;
    const struct json_val *root = json_root(doc), *shown = json_get(root, "public");
    bool has_version = json_get(shown, "modified") != NULL;
    bool about = text_eq(json_text(json_get(shown, "id")), cleared_id(c)) &&
                 text_eq(json_text(json_get(shown, "hash")), sha256_hex(cleared_hash(c), hex)) &&
                 json_size(shown) == 2u + has_version && json_size(root) == 4 && json_get(root, "entry") &&
                 json_get(root, "private") && json_get(root, "salt1");
    json_free(doc);
    return about;
}

static bool extra_is_about(struct text base64, const struct cleared *c)
{
    struct buffer b;
    buffer_init(&b, LOG_TEXT_MAX_BYTES);
    bool about = base64_read(base64, &b) == OK && is_about(buffer_text(&b), c);
    buffer_done(&b);
    return about;
}

static bool is_proof_of(struct text t, const struct cleared *c)
{
    struct text line;
    return take_fixed(&t, "c2sp.org/tlog-proof@v1") && take(&t, &line) && text_starts(line, TEXT("extra ")) &&
           extra_is_about(text_sub(line, 6, line.len), c) && take_word(&t, "index", is_decimal) && take_hashes(&t) &&
           take_checkpoint(&t) && t.len == 0;
}

static bool same_recipient(const struct cleared *c, const struct recipient *asker)
{
    return cleared_recipient_kind(c) == asker->kind && uuid_eq(cleared_party(c), &asker->party);
}

enum err outbound_proof(const struct cleared *c, const struct recipient *asker, struct text proof,
                        struct outbound **ret)
{
    struct buffer body;
    if (cleared_form(c) != FORM_WHOLE || cleared_door(c) != DOOR_TAXII || !same_recipient(c, asker) ||
        proof.len > LOG_TEXT_MAX_BYTES || !is_proof_of(proof, c))
        return ERR_DENIED;
    buffer_init(&body, LOG_TEXT_MAX_BYTES);
    buffer_add(&body, proof);
    return finish(200, TEXT(TEXT_PLAIN), &body, CACHE_NEVER, ret);
}

enum err outbound_proofs(const struct outbound *const *proofs, const size_t *line, size_t count,
                         struct outbound **ret)
{
    struct buffer body;
    enum err e = OK;
    buffer_init(&body, (count + 1) * LOG_TEXT_MAX_BYTES);
    for (size_t i = 0; e == OK && i < count; i++) {
        struct text one = outbound_body(proofs[i]);
        if (!text_starts(one, TEXT("c2sp.org/tlog-proof@v1\n")))
            e = ERR_DENIED;
        buffer_addf(&body, "proof %zu %zu\n", line[i], one.len);
        buffer_add(&body, one);
    }
    if (e == OK)
        return finish(200, TEXT(TEXT_PLAIN), &body, CACHE_NEVER, ret);
    buffer_done(&body);
    return e;
}
