/* What the log shows of itself leaves in its exact forms, and nothing else leaves by that way. */
#include "gateway.h"

#include <stdio.h>

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define SIG  "\xE2\x80\x94 entente/EX/1 AAAAAAA=\n"
#define HEAD "entente/EX/1\n12\n" ROOT "\n\n" SIG
#define HEX  "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"
#define STATEMENT                                                                                             \
    "entente-succession/v1\nold-origin a\nold-key " HEX "\nnew-origin b\nnew-key " HEX "\nsize 7\nroot " ROOT \
    "\nreason rotation\ntime 2026-01-01T00:00:00Z\n\n" SIG SIG
#define INTRODUCTION "entente-introduction/v1\nto a\norigin b\nkey " HEX "\n\n" SIG

static void forms(void **state)
{
    (void)state;
    static const struct {
        enum outbound_log what;
        const char *text;
        enum err err;
    } rows[] = {
        {LOG_CHECKPOINT, HEAD, OK},
        {LOG_CHECKPOINT, HEAD SIG, OK},
        {LOG_CHECKPOINT, HEAD "x", ERR_DENIED},
        {LOG_CHECKPOINT, HEAD "\n" HEAD, ERR_DENIED},
        {LOG_CHECKPOINT, "entente/EX/1\n12\n" ROOT "\nan extension\n\n" SIG, ERR_DENIED},
        {LOG_CHECKPOINT, "entente/EX/1\n12\n" ROOT "\n\n", ERR_DENIED},
        {LOG_CHECKPOINT, "two words\n12\n" ROOT "\n\n" SIG, ERR_DENIED},
        {LOG_CHECKPOINT, "entente/EX/1\n012\n" ROOT "\n\n" SIG, ERR_DENIED},
        {LOG_CHECKPOINT, "entente/EX/1\n12\nshort\n\n" SIG, ERR_DENIED},
        {LOG_CHECKPOINT, "{\"type\":\"indicator\"}", ERR_DENIED},
        {LOG_CHECKPOINT, "", ERR_DENIED},
        {LOG_STATEMENTS, "", OK},
        {LOG_STATEMENTS, STATEMENT, OK},
        {LOG_STATEMENTS, STATEMENT "\n" STATEMENT, OK},
        {LOG_STATEMENTS, STATEMENT STATEMENT, ERR_DENIED},
        {LOG_STATEMENTS, HEAD, ERR_DENIED},
        {LOG_STATEMENTS, "entente-succession/v1\nwords\n\n" SIG, ERR_DENIED},
        {LOG_COSIGNATURES, SIG, OK},
        {LOG_COSIGNATURES, SIG SIG, OK},
        {LOG_COSIGNATURES, "", ERR_DENIED},
        {LOG_COSIGNATURES, SIG "\n", ERR_DENIED},
        {LOG_COSIGNATURES, "\xE2\x80\x94 a name AAAAAAA=\n", ERR_DENIED},
        {LOG_COSIGNATURES, "\xE2\x80\x94 a AAAA-AA=\n", ERR_DENIED},
        {LOG_TREE_SIZE, "0\n", OK},
        {LOG_TREE_SIZE, "20852163\n", OK},
        {LOG_TREE_SIZE, "12", ERR_DENIED},
        {LOG_TREE_SIZE, "x\n", ERR_DENIED},
        {LOG_TREE_SIZE, "1\n2\n", ERR_DENIED},
        {LOG_ADD_CHECKPOINT, "old 0\n\n" HEAD, OK},
        {LOG_ADD_CHECKPOINT, "old 3\n" ROOT "\n" ROOT "\n\n" HEAD, OK},
        {LOG_ADD_CHECKPOINT, "old 3\nwords\n\n" HEAD, ERR_DENIED},
        {LOG_ADD_CHECKPOINT, "old 3\n\n", ERR_DENIED},
        {LOG_INTRODUCTION, INTRODUCTION, OK},
        {LOG_INTRODUCTION, INTRODUCTION "\n" STATEMENT, OK},
        {LOG_INTRODUCTION, INTRODUCTION STATEMENT, ERR_DENIED},
        {LOG_INTRODUCTION, "entente-introduction/v1\nto a\norigin b\nkey some words\n\n" SIG, ERR_DENIED},
        {LOG_TEXTS, SIG, ERR_DENIED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outbound *o = NULL;
        bool request = rows[i].what == LOG_ADD_CHECKPOINT || rows[i].what == LOG_INTRODUCTION;
        int status = request ? 0 : rows[i].what == LOG_TREE_SIZE ? 409 : 200;
        enum err e = outbound_log_text(rows[i].what, status, text_of(rows[i].text), &o);
        if (e != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(e));
        if (!e) {
            assert_text(outbound_body(o), rows[i].text);
            assert_int_equal(outbound_status(o), status);
            assert_text(outbound_media_type(o),
                        rows[i].what == LOG_TREE_SIZE ? "text/x.tlog.size" : "text/plain; charset=utf-8");
            assert_int_equal(outbound_header_count(o), request ? 0 : 1);
        }
        outbound_free(o);
        assert_true(outbound_log_text(rows[i].what, request ? 200 : 0, text_of(rows[i].text), &o) == ERR_DENIED);
    }
}

static void tiles(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        enum err err;
    } rows[] = {{0, ERR_DENIED}, {31, ERR_DENIED}, {32, OK}, {33, ERR_DENIED}, {8192, OK}, {8224, ERR_DENIED}};
    char bytes[8224] = "x";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outbound *o = NULL;
        assert_err(outbound_tile(bytes, rows[i].len, &o), rows[i].err);
        if (o) {
            assert_text(outbound_media_type(o), "application/octet-stream");
            assert_int_equal(outbound_body(o).len, rows[i].len);
        }
        outbound_free(o);
    }
}

/* ---- proofs ---- */

static struct cleared *tool(const struct recipient *r, enum door door, bool whole)
{
    static const char body[] = "{\"created\":\"2026-01-01T00:00:00.000Z\",\"id\":\"tool--11110000-0000-4000-8000-"
                               "000000000001\",\"modified\":\"2026-02-02T00:00:00.000Z\",\"type\":\"tool\"}";
    struct gate_class cls = {.ours = true, .tlp = whole ? TLP_CLEAR : TLP_NONE, .source_default = TLP_CLEAR};
    struct withholding w = {"", "", 0};
    struct decision d;
    struct cleared *c = NULL;
    gate_decide(&QUESTION(&cls, r, door), &d);
    d.form = whole ? FORM_WHOLE : FORM_RENDITION;
    d.add_marking = !whole;
    assert_ok(gate_clear(&QUESTION(&cls, r, door), &d, text_of(body), &LOOKUP(withhold_marked, &w), &c, NULL));
    assert_int_equal(cleared_form(c), whole ? FORM_WHOLE : FORM_RENDITION);
    return c;
}

struct wording {
    const char *id, *hash, *more, *first, *index;
};

static char *proof(const struct cleared *c, const struct wording *w)
{
    char hex[SHA256_HEX];
    struct buffer extra, out;
    buffer_init(&extra, 4096);
    buffer_init(&out, 16384);
    sha256_hex(cleared_hash(c), hex);
    buffer_addf(&extra,
                "{\"entry\":{\"n\":1},\"private\":\"" HEX "\",\"public\":{\"hash\":\"%s\",\"id\":\"" TEXT_FMT
                "\"%s},\"salt1\":\"" HEX "\"}",
                w->hash ? w->hash : hex, TEXT_ARG(w->id ? text_of(w->id) : cleared_id(c)), w->more ? w->more : "");
    buffer_addf(&out, "%s\nextra ", w->first ? w->first : "c2sp.org/tlog-proof@v1");
    base64_write(&out, extra.ptr, extra.len);
    buffer_addf(&out, "\n%s\n" ROOT "\n\n" HEAD, w->index ? w->index : "index 1");
    buffer_add_char(&out, 0);
    buffer_done(&extra);
    assert_ok(buffer_error(&out));
    return buffer_take(&out, NULL);
}

static enum err leaves(const struct cleared *c, const struct recipient *asker, const struct wording *w)
{
    struct outbound *o = NULL;
    char *text = proof(c, w);
    enum err e = outbound_proof(c, asker, text_of(text), &o);
    assert_int_equal(e == OK, o != NULL);
    outbound_free(o);
    free(text);
    return e;
}

static void proofs(void **state)
{
    (void)state;
    struct recipient x = partner_x(TLP_GREEN), y = x, own = {.kind = RECIPIENT_OWN_ACCOUNT, .role = ROLE_READER};
    y.party.b[3] ^= 1;
    struct cleared *c = tool(&x, DOOR_TAXII, true), *cut = tool(&x, DOOR_TAXII, false),
                   *file = tool(&x, DOOR_EXPORT, true);
    assert_ok(leaves(c, &x, &(struct wording){0}));
    assert_ok(leaves(c, &x, &(struct wording){.more = ",\"modified\":\"2026-02-02T00:00:00.000Z\""}));
    assert_err(leaves(c, &y, &(struct wording){0}), ERR_DENIED);
    assert_err(leaves(c, &own, &(struct wording){0}), ERR_DENIED);
    assert_err(leaves(cut, &x, &(struct wording){0}), ERR_DENIED);
    assert_err(leaves(file, &x, &(struct wording){0}), ERR_DENIED);
    assert_err(leaves(c, &x, &(struct wording){.id = "tool--11110000-0000-4000-8000-000000000002"}), ERR_DENIED);
    assert_err(leaves(c, &x, &(struct wording){.hash = HEX}), ERR_DENIED);
    assert_err(leaves(c, &x, &(struct wording){.more = ",\"name\":\"secret\""}), ERR_DENIED);
    assert_err(leaves(c, &x, &(struct wording){.first = "c2sp.org/tlog-proof@v2"}), ERR_DENIED);
    assert_err(leaves(c, &x, &(struct wording){.index = "some words"}), ERR_DENIED);
    cleared_free(c), cleared_free(cut), cleared_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(tiles),
        cmocka_unit_test(proofs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
