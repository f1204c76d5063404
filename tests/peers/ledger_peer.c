/* Our ledger, talking to somebody else's: cases as JSON lines, each with the verdict that is due ("good").
 *     ledger_peer make SEED     writes cases of our making, whole and spoilt
 *     ledger_peer check         reads cases and fails at the first whose verdict is not ours
 * See tests/peers/go/main.go for the other side. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "ledger/proof_check.h"
#include "unit/ledger/forest.h"
#include "json/json.h"

#define ROUNDS      400
#define LINE_LIMIT  (1 * MIB)
#define LARGEST     ((uint64_t)70000)
#define KEY_COUNT   5
#define SIZES_SMALL 40

static uint64_t seed_state;

struct claim {
    bool inclusion, good;
    uint64_t a, b; /* index and size; or the two sizes */
    struct sha256 x, y;
    struct proof proof;
};

/* ---- making ---- */
static void put_bytes(struct json_out *o, const char *name, const void *bytes, size_t len)
{
    struct buffer b;
    buffer_init(&b, LINE_LIMIT);
    base64_write(&b, bytes, len);
    json_member_text(o, name, buffer_text(&b));
    buffer_done(&b);
}

static void print(struct buffer *line)
{
    if (buffer_error(line) != OK)
        abort();
    printf(TEXT_FMT "\n", TEXT_ARG(buffer_text(line)));
    buffer_done(line);
}

static struct json_out begin(struct buffer *line, const char *kind, bool good)
{
    buffer_init(line, LINE_LIMIT);
    struct json_out o = json_out_to(line);
    json_open(&o, '{');
    json_member_text(&o, "kind", text_of(kind));
    json_member_bool(&o, "good", good);
    return o;
}

static void print_claim(const struct claim *c)
{
    struct buffer line;
    struct json_out o = begin(&line, c->inclusion ? "inclusion" : "consistency", c->good);
    json_member_i64(&o, "a", (int64_t)c->a);
    json_member_i64(&o, "b", (int64_t)c->b);
    put_bytes(&o, "x", c->x.b, SHA256_BYTES);
    put_bytes(&o, "y", c->y.b, SHA256_BYTES);
    json_key(&o, TEXT("proof"));
    json_open(&o, '[');
    for (size_t i = 0; i < c->proof.count; i++) {
        struct buffer b;
        buffer_init(&b, 64);
        base64_write(&b, c->proof.hash[i].b, SHA256_BYTES);
        json_put_text(&o, buffer_text(&b));
        buffer_done(&b);
    }
    json_close(&o, ']');
    json_close(&o, '}');
    print(&line);
}

static void print_texts(const char *kind, bool good, const char *first_name, struct text first,
                        const char *second_name, struct text second)
{
    struct buffer line;
    struct json_out o = begin(&line, kind, good);
    json_member_text(&o, first_name, first);
    json_member_text(&o, second_name, second);
    json_close(&o, '}');
    print(&line);
}

/* One thing changed, so that it must not hold. */
static void spoil(struct claim *c)
{
    uint64_t bit = forest_random(&seed_state, 256);
    size_t at = c->proof.count ? forest_random(&seed_state, c->proof.count) : 0;
    c->good = false;
    switch (forest_random(&seed_state, c->proof.count ? 5 : 2)) {
    case 0: c->x.b[bit / 8] ^= (uint8_t)(1 << bit % 8); break;
    case 1: c->y.b[bit / 8] ^= (uint8_t)(1 << bit % 8); break;
    case 2: c->proof.hash[at].b[bit / 8] ^= (uint8_t)(1 << bit % 8); break;
    case 3: c->proof.count--; break;
    default: c->proof.hash[c->proof.count] = c->proof.hash[0], c->proof.count++;
    }
}

static void must(enum err e)
{
    if (e) {
        fprintf(stderr, "ledger_peer: %s\n", err_name(e));
        exit(1);
    }
}

static void make_claim(const struct tree_source *s, const struct forest *f, bool inclusion, uint64_t a, uint64_t b)
{
    struct claim c = {.inclusion = inclusion, .good = true, .a = a, .b = b};
    must(tree_root(s, b, &c.y, NULL));
    if (inclusion) {
        c.x = f->level[0][a];
        must(tree_inclusion(s, a, b, &c.proof, NULL));
    } else {
        must(tree_root(s, a, &c.x, NULL));
        must(tree_consistency(s, a, b, &c.proof, NULL));
    }
    print_claim(&c);
    spoil(&c);
    print_claim(&c);
}

/* A tree in which every leaf is the hash of its number, and a head signed under some key. */
static void make_note(struct text origin, enum note_type type, const struct checkpoint *c)
{
    uint8_t seed[NOTE_SEED_BYTES], public[NOTE_KEY_BYTES];
    struct note_key k;
    struct buffer text, note, vkey;
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)forest_random(&seed_state, 256);
    note_public_key(seed, public);
    must(note_key_make(origin, type, public, &k));
    buffer_init(&text, LINE_LIMIT);
    buffer_init(&note, LINE_LIMIT);
    buffer_init(&vkey, LINE_LIMIT);
    checkpoint_format(c, &text);
    buffer_add(&note, buffer_text(&text));
    buffer_add_char(&note, '\n');
    note_sign(buffer_text(&text), &k, seed, 1679315147, &note);
    note_key_format(&k, &vkey);
    const char *kind = type == NOTE_ED25519 ? "checkpoint" : "cosignature";
    print_texts(kind, true, "note", buffer_text(&note), "vkey", buffer_text(&vkey));
    size_t digit = (size_t)text_find(buffer_text(&note), '\n', 0) + 1;
    note.ptr[digit] = note.ptr[digit] == '9' ? '8' : '9';
    print_texts(kind, false, "note", buffer_text(&note), "vkey", buffer_text(&vkey));
    buffer_done(&text);
    buffer_done(&note);
    buffer_done(&vkey);
}

static int make(uint64_t seed)
{
    struct forest f = {0};
    struct tree_source s = forest_source(&f);
    seed_state = seed * 2654435761 + 1;
    forest_grow(&f, LARGEST);
    for (uint64_t size = 1; size <= SIZES_SMALL; size++)
        for (uint64_t n = 0; n < size; n++) {
            make_claim(&s, &f, true, n, size);
            make_claim(&s, &f, false, n + 1, size);
        }
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t size = 1 + forest_random(&seed_state, i & 1 ? 1000 : LARGEST);
        make_claim(&s, &f, i & 2, forest_random(&seed_state, size) + (i & 2 ? 0 : 1), size);
    }
    for (int i = 0; i < KEY_COUNT; i++) {
        struct text origin = i & 1 ? TEXT("entente.invalid/\xC3\xA9-1") : TEXT("entente.example/log");
        struct checkpoint c = {.origin = origin, .size = 1 + forest_random(&seed_state, LARGEST)};
        must(tree_root(&s, c.size, &c.root, NULL));
        make_note(origin, NOTE_ED25519, &c);
        make_note(TEXT("witness.example/w"), NOTE_COSIGNATURE, &c);
    }
    forest_done(&f);
    return 0;
}

/* ---- checking ---- */
static bool get_hash(const struct json_val *v, struct sha256 *ret)
{
    return base64_read_exactly(json_text(v), ret->b, SHA256_BYTES) == OK;
}

static bool check_claim(const struct json_val *o, bool inclusion)
{
    struct proof p = {0};
    struct sha256 x, y;
    int64_t a, b;
    if (!json_i64(json_get(o, "a"), &a) || !json_i64(json_get(o, "b"), &b) || !get_hash(json_get(o, "x"), &x) ||
        !get_hash(json_get(o, "y"), &y))
        return false;
    for (struct json_iter it = json_iter_of(json_get(o, "proof")); json_next(&it);)
        if (p.count == PROOF_MAX || !get_hash(it.val, &p.hash[p.count++]))
            return false;
    return inclusion ? proof_inclusion_holds(&p, &x, (uint64_t)a, (uint64_t)b, &y)
                     : proof_consistency_holds(&p, (uint64_t)a, (uint64_t)b, &x, &y);
}

static bool check_note(const struct json_val *o)
{
    struct note_key k;
    struct note n;
    struct checkpoint c;
    return note_key_parse(json_text(json_get(o, "vkey")), &k, NULL) == OK &&
           note_parse(json_text(json_get(o, "note")), &n, NULL) == OK && note_verify(&n, &k, NULL, NULL) == OK &&
           checkpoint_parse(n.text, &c, NULL) == OK;
}

static bool check_case(const struct json_val *o)
{
    struct text kind = json_text(json_get(o, "kind"));
    if (text_eq(kind, TEXT("inclusion")) || text_eq(kind, TEXT("consistency")))
        return check_claim(o, text_eq(kind, TEXT("inclusion")));
    return check_note(o);
}

static int check(void)
{
    char *line = NULL;
    size_t room = 0, good = 0, bad = 0;
    ssize_t len;
    int code = 0;
    while (code == 0 && (len = getline(&line, &room, stdin)) > 0) {
        struct json_doc *doc;
        must(json_parse((struct text){line, (size_t)len}, &doc, NULL));
        bool due = json_bool(json_get(json_root(doc), "good"), false);
        if (check_case(json_root(doc)) != due) {
            fprintf(stderr, "ledger_peer: %s: %s", due ? "refused" : "accepted", line);
            code = 1;
        }
        good += due;
        bad += !due;
        json_free(doc);
    }
    free(line);
    printf("{\"good\":%zu,\"bad\":%zu}\n", good, bad);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "make") == 0)
        return make(strtoull(argv[2], NULL, 10));
    if (argc == 2 && strcmp(argv[1], "check") == 0)
        return check();
    fprintf(stderr, "ledger_peer: make SEED | check\n");
    return 64;
}
