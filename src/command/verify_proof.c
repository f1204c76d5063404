/* verify FILE.tlog-proof...: does an entry stand in the log that signed for it, and is it about this object? */
#include "command/verify_proof.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/proof.h"
#include "json/json.h"

struct proving {
    struct session *s;
    const struct note_key *key; /* --key; NULL: those of the home */
    struct node *node;
    bool has_object;
    struct sha256 object; /* hash of its canonical form */
    bool failed;
};

static enum err read_file(const char *path, size_t max, struct buffer *out, struct fault *reterr)
{
    buffer_init(out, max + 1);
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!f)
        return fault_errno(reterr, "%s", path);
    char bytes[16384];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        buffer_add_bytes(out, bytes, n);
    enum err err = ferror(f) ? fault_errno(reterr, "%s", path) : buffer_error(out);
    if (f != stdin)
        fclose(f);
    if (err == ERR_LIMIT || (err == OK && out->len > max))
        err = fault_set(reterr, ERR_LIMIT, "%s: more than %zu bytes", path, max);
    if (err != OK)
        buffer_done(out);
    return err;
}

static enum err hash_object(const char *path, struct sha256 *ret, struct fault *reterr)
{
    struct buffer bytes, canonical;
    struct json_doc *doc = NULL;
    enum err err = read_file(path, 2 * STIX_OBJECT_MAX_BYTES, &bytes, reterr);
    if (err != OK)
        return err;
    buffer_init(&canonical, 4 * STIX_OBJECT_MAX_BYTES);
    err = json_parse(buffer_text(&bytes), &doc, reterr);
    if (err == OK) {
        json_canonical(json_root(doc), &canonical, NULL);
        err = buffer_error(&canonical);
    }
    if (err == OK)
        *ret = sha256_of(canonical.ptr, canonical.len);
    json_free(doc);
    buffer_done(&canonical);
    buffer_done(&bytes);
    return err;
}

/* Is the entry about the object at hand? */
static enum err check_object(const struct proving *p, const struct proved *w, struct fault *reterr)
{
    struct json_doc *doc;
    struct sha256 said;
    if (!p->has_object)
        return OK;
    enum err err = json_parse(w->public_part, &doc, reterr);
    if (err != OK)
        return err;
    bool same =
        sha256_from_hex(json_text(json_get(json_root(doc), "hash")), &said) == OK && sha256_eq(&said, &p->object);
    json_free(doc);
    return same ? OK
                : fault_at(reterr, ERR_DENIED, -1, "object", "the entry is about another object: its hash differs");
}

static void tell(struct proving *p, const char *path, const struct proved *w, const struct fault *why)
{
    struct session *s = p->s;
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "file", text_of(path));
        json_member_bool(&o, "ok", w != NULL);
        if (w) {
            json_member_text(&o, "origin", w->checkpoint.origin);
            json_member_i64(&o, "entry", (int64_t)w->entry.n);
            json_member_i64(&o, "t_us", w->entry.t_us);
            json_member_i64(&o, "size", (int64_t)w->checkpoint.size);
            json_member_raw(&o, "public", w->public_part);
        } else {
            json_member_text(&o, "link", text_of(why->rule));
            json_member_text(&o, "what", text_of(why->what));
        }
        json_close(&o, '}');
        json_line_end(s);
    } else if (w) {
        char at[MOMENT_MAX];
        say(s, "%s: entry %llu of " TEXT_FMT ", %s, in a tree of %llu\n  " TEXT_FMT "\n", path,
            (unsigned long long)w->entry.n, TEXT_ARG(w->checkpoint.origin), moment(w->entry.t_us, at),
            (unsigned long long)w->checkpoint.size, TEXT_ARG(w->public_part));
    } else {
        complain(s, "%s: %s%s%s%s: this proves nothing; ask its sender for another", path, why->what,
                 why->rule[0] ? " (" : "", why->rule, why->rule[0] ? ")" : "");
    }
}

static int check_one(struct proving *p, const char *path)
{
    struct buffer bytes;
    struct arena arena;
    struct proved w;
    struct fault why = {.offset = -1, .line = -1};
    enum err err = read_file(path, PROOF_MAX_BYTES, &bytes, &why);
    if (err != OK)
        return complain_fault(p->s, NULL, &why);
    arena_init(&arena, 8 * PROOF_MAX_BYTES);
    err = p->key ? proof_check(buffer_text(&bytes), p->key, &arena, &w, &why)
                 : node_proof_check(p->node, buffer_text(&bytes), &arena, &w, &why);
    if (err == OK)
        err = check_object(p, &w, &why);
    tell(p, path, err == OK ? &w : NULL, &why);
    p->failed |= err != OK;
    arena_done(&arena);
    buffer_done(&bytes);
    return err == OK || err == ERR_DENIED || err == ERR_MALFORMED ? EXIT_DONE : exit_of(err);
}

static int check_all(struct proving *p)
{
    int code = EXIT_DONE;
    for (size_t i = 0; code == EXIT_DONE && i < p->s->operand_count; i++)
        code = check_one(p, p->s->operands[i]);
    return code != EXIT_DONE ? code : p->failed ? EXIT_CHECK : EXIT_DONE;
}

int verify_proofs(struct session *s)
{
    struct proving p = {.s = s};
    struct fault fault = {.offset = -1, .line = -1};
    const char *vkey = option(s, "key"), *object = option(s, "object");
    struct note_key key;
    enum err err = OK;
    if (vkey) {
        err = note_key_parse(text_of(vkey), &key, &fault);
        if (err) {
            complain(s, "--key: %s; a key reads NAME+ID+BASE64", fault.what);
            return EXIT_USAGE;
        }
        p.key = &key;
    }
    if (object) {
        err = hash_object(object, &p.object, &fault);
        if (err)
            return complain_fault(s, object, &fault);
        p.has_object = true;
    }
    if (!p.key)
        err = node_open(io_system(), s->home, NODE_READ, &p.node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    int code = check_all(&p);
    node_close(p.node);
    return code;
}
