/* ledger/tlog_proof.c - the file that travels with an object, and what its extra line carries. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "ledger/lines.h"
#include "ledger/proof_check.h"
#include "json/json.h"

static const char rule_proof[] = "tlog-proof, Format";
static const char rule_extra[] = "FORMAT-proof, extra";
static const struct text magic = {"c2sp.org/tlog-proof@v1", 22};

void tlog_proof_format(const struct tlog_proof *p, struct buffer *out)
{
    buffer_add(out, magic);
    buffer_add_char(out, '\n');
    if (p->extra.len > 0) {
        buffer_add(out, TEXT("extra "));
        base64_write(out, p->extra.ptr, p->extra.len);
        buffer_add_char(out, '\n');
    }
    buffer_addf(out, "index %" PRIu64 "\n", p->index);
    for (size_t i = 0; i < p->proof.count; i++)
        line_add_hash(out, &p->proof.hash[i]);
    buffer_add_char(out, '\n');
    buffer_add(out, p->checkpoint);
}

/* An "extra" line with nothing in it would be a second spelling of none. */
static enum err take_extra(struct text whole, struct text base64, struct buffer *room, struct text *ret,
                           struct fault *reterr)
{
    size_t before = room->len;
    enum err e = base64.len == 0 ? ERR_MALFORMED : base64_read(base64, room);
    if (e)
        return fault_at(reterr, e, line_offset(whole, base64), rule_proof, "the extra line: %s",
                        e == ERR_MALFORMED ? "not base64" : err_name(e));
    *ret = text_sub(buffer_text(room), before, room->len);
    return OK;
}

enum err tlog_proof_parse(struct text bytes, struct buffer *extra_bytes, struct tlog_proof *ret, struct fault *reterr)
{
    struct tlog_proof p = {.extra = TEXT_NONE};
    struct text rest = bytes, line;
    if (!line_take(&rest, &line) || !text_eq(line, magic))
        return fault_at(reterr, ERR_MALFORMED, 0, rule_proof, "this does not begin with " TEXT_FMT, TEXT_ARG(magic));
    size_t before = extra_bytes->len;
    enum err e = OK;
    bool more = line_take(&rest, &line);
    if (more && text_starts(line, TEXT("extra "))) {
        e = take_extra(bytes, text_sub(line, 6, line.len), extra_bytes, &p.extra, reterr);
        more = !e && line_take(&rest, &line);
    }
    if (!e && (!more || !text_starts(line, TEXT("index ")) || !line_decimal(text_sub(line, 6, line.len), &p.index)))
        e = fault_at(reterr, ERR_MALFORMED, more ? line_offset(bytes, line) : (int64_t)bytes.len, rule_proof,
                     "no line \"index\" with a number");
    if (!e)
        e = line_proof(bytes, &rest, &p.proof, rule_proof, reterr);
    if (!e && rest.len == 0)
        e = fault_at(reterr, ERR_MALFORMED, (int64_t)bytes.len, rule_proof, "no checkpoint");
    if (e) {
        if (extra_bytes->len > before)
            extra_bytes->len = before;
        return e;
    }
    p.checkpoint = rest;
    *ret = p;
    return OK;
}

void proof_extra_encode(const struct proof_extra *x, struct buffer *out)
{
    char hex[SHA256_HEX], salt[2 * ENTRY_SALT + 1];
    hex_write(x->salt1, ENTRY_SALT, salt);
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_raw(&o, "entry", x->entry);
    json_member_text(&o, "private", sha256_hex(&x->private_half, hex));
    json_member_raw(&o, "public", x->public_part);
    json_member_text(&o, "salt1", text_of(salt));
    json_close(&o, '}');
}

static bool lower_hex(const struct json_val *v, void *ret, size_t len)
{
    struct text t = json_text(v);
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] >= 'A' && t.ptr[i] <= 'F')
            return false;
    return hex_read(t, ret, len) == OK;
}

static enum err member_canonical(const struct json_val *object, const char *name, struct arena *arena,
                                 struct text *ret)
{
    struct buffer b;
    buffer_init(&b, PROOF_EXTRA_MAX_BYTES);
    json_canonical(json_get(object, name), &b, NULL);
    enum err e = buffer_error(&b);
    if (!e) {
        *ret = arena_text(arena, buffer_text(&b));
        e = ret->ptr ? OK : ERR_NOMEM;
    }
    buffer_done(&b);
    return e;
}

static enum err read_members(const struct json_val *root, struct arena *arena, struct proof_extra *x)
{
    const struct json_val *public_part = json_get(root, "public"), *entry = json_get(root, "entry");
    if (json_type(entry) != JSON_OBJECT || json_type(public_part) != JSON_OBJECT ||
        !lower_hex(json_get(root, "salt1"), x->salt1, sizeof x->salt1) ||
        !lower_hex(json_get(root, "private"), x->private_half.b, SHA256_BYTES))
        return ERR_MALFORMED;
    enum err e = member_canonical(root, "entry", arena, &x->entry);
    return e ? e : member_canonical(root, "public", arena, &x->public_part);
}

/* One text: written again, it is the same bytes. */
static enum err same_again(const struct proof_extra *x, struct text bytes)
{
    struct buffer b;
    buffer_init(&b, PROOF_EXTRA_MAX_BYTES);
    proof_extra_encode(x, &b);
    enum err e = buffer_error(&b);
    if (!e && !text_eq(buffer_text(&b), bytes))
        e = ERR_MALFORMED;
    buffer_done(&b);
    return e;
}

enum err proof_extra_decode(struct text bytes, struct arena *arena, struct proof_extra *ret, struct fault *reterr)
{
    struct proof_extra x;
    struct json_doc *doc;
    if (bytes.len > PROOF_EXTRA_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, 0, rule_extra, "longer than %zu bytes", PROOF_EXTRA_MAX_BYTES);
    enum err e = json_parse(bytes, &doc, reterr);
    if (e)
        return e;
    e = read_members(json_root(doc), arena, &x);
    json_free(doc);
    if (!e)
        e = same_again(&x, bytes);
    if (e)
        return fault_at(reterr, e, 0, rule_extra, "%s",
                        e == ERR_MALFORMED ? "not the canonical JSON of entry, private, public, salt1" : err_name(e));
    *ret = x;
    return OK;
}
