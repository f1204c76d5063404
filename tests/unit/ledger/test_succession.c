/* Statements of succession: what they are worth to who has pinned a key, and every forgery we could think of. */
#include "support/test.h"

#include "base/limits.h"
#include "ledger/succession.h"

#define ORIGIN "entente/XE/0123456789abcdef"
#define OTHER  "entente/XE/fedcba9876543210"

enum who { OLD, NEW, THIEF };
static const uint8_t seeds[3][NOTE_SEED_BYTES] = {{1}, {2}, {3}};

static void public_of(enum who who, uint8_t ret[NOTE_KEY_BYTES])
{
    note_public_key(seeds[who], ret);
}

static struct succession made(enum succession_reason r)
{
    struct succession s = {.old_origin = TEXT(ORIGIN), .new_origin = TEXT(OTHER), .size = 1234, .reason = r};
    public_of(OLD, s.old_key);
    public_of(NEW, s.new_key);
    s.t_us = INT64_C(1795305600) * 1000000;
    memset(s.root.b, 7, sizeof s.root.b);
    if (r == SUCCESSION_ROTATION)
        s.new_origin = s.old_origin;
    if (r == SUCCESSION_RESTORE) {
        s.new_origin = TEXT(ORIGIN "/2");
        public_of(OLD, s.new_key);
    }
    return s;
}

static void sign(struct text text, struct text name, enum who who, struct buffer *out)
{
    struct note_key k;
    uint8_t key[NOTE_KEY_BYTES];
    public_of(who, key);
    assert_ok(note_key_make(name, NOTE_ED25519, key, &k));
    note_sign(text, &k, seeds[who], 0, out);
}

/* As the node writes it. */
static void state_it(const struct succession *s, bool by_old, struct buffer *out)
{
    struct buffer text;
    buffer_init(&text, NOTE_MAX_BYTES);
    buffer_clear(out);
    succession_format(s, &text);
    buffer_add(out, buffer_text(&text));
    buffer_add_char(out, '\n');
    sign(buffer_text(&text), s->new_origin, s->reason == SUCCESSION_RESTORE ? OLD : NEW, out);
    if (by_old)
        sign(buffer_text(&text), s->old_origin, OLD, out);
    assert_ok(buffer_error(out));
    buffer_done(&text);
}

static enum err accept(const struct buffer *note, bool *ret_vouched, struct succession *ret)
{
    uint8_t key[NOTE_KEY_BYTES];
    struct fault f = {.err = OK};
    public_of(OLD, key);
    enum err err = succession_accept(buffer_text(note), TEXT(ORIGIN), key, ret, ret_vouched, &f);
    if (err != OK)
        assert_true(f.err == err && f.what[0]);
    return err;
}

static void each_reason_has_its_worth(void **state)
{
    (void)state;
    static const struct {
        enum succession_reason reason;
        bool by_old;
        enum err err;
        bool vouched;
    } rows[] = {
        {SUCCESSION_ROTATION, true, OK, true},     {SUCCESSION_ROTATION, false, ERR_DENIED, false},
        {SUCCESSION_RESTORE, true, OK, true},      {SUCCESSION_RESTORE, false, ERR_DENIED, false},
        {SUCCESSION_COMPROMISE, false, OK, false}, {SUCCESSION_LOSS, false, OK, false},
        {SUCCESSION_COMPROMISE, true, OK, false}, /* a thief's word for his own key counts no more */
        {SUCCESSION_LOSS, true, OK, false},
    };
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct succession s = made(rows[i].reason), got = {.size = 77};
        bool vouched = true;
        state_it(&s, rows[i].by_old, &b);
        enum err err = accept(&b, &vouched, &got);
        if (err != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(err));
        if (err != OK) {
            assert_int_equal(got.size, 77); /* untouched */
            continue;
        }
        assert_int_equal(vouched, rows[i].vouched);
        assert_text_eq(got.new_origin, s.new_origin);
        assert_memory_equal(got.new_key, s.new_key, NOTE_KEY_BYTES);
        assert_memory_equal(&got.root, &s.root, sizeof s.root);
        assert_int_equal(got.size, s.size);
        assert_int_equal(got.reason, s.reason);
        assert_true(got.t_us == s.t_us);
    }
    buffer_done(&b);
}

/* Names and keys change as the reason has it, or the statement says nothing. */
static void reasons_and_changes_agree(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, NOTE_MAX_BYTES);
    for (enum succession_reason r = SUCCESSION_ROTATION; r <= SUCCESSION_RESTORE; r++)
        for (int same_origin = 0; same_origin < 2; same_origin++)
            for (int same_key = 0; same_key < 2; same_key++) {
                struct succession s = made(r), got;
                s.new_origin = same_origin ? s.old_origin : TEXT(OTHER);
                public_of(same_key ? OLD : NEW, s.new_key);
                buffer_clear(&b);
                succession_format(&s, &b);
                bool good = same_origin == (r == SUCCESSION_ROTATION) && same_key == (r == SUCCESSION_RESTORE);
                assert_err(succession_parse(buffer_text(&b), &got, NULL), good ? OK : ERR_MALFORMED);
            }
    buffer_done(&b);
}

/* Who signs in whose name. */
static void forged_signatures(void **state)
{
    (void)state;
    static const struct {
        enum who as_new, as_old;
        enum err err;
    } rows[] = {
        {NEW, OLD, OK},
        {THIEF, OLD, ERR_DENIED},
        {NEW, THIEF, ERR_DENIED},
        {OLD, NEW, ERR_DENIED}, /* each key under the other's role: same name, other key id */
        {THIEF, THIEF, ERR_DENIED},
    };
    struct buffer b, text;
    buffer_init(&b, NOTE_MAX_BYTES);
    buffer_init(&text, NOTE_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct succession s = made(SUCCESSION_ROTATION), got;
        bool vouched;
        struct note_key k;
        uint8_t key[NOTE_KEY_BYTES];
        buffer_clear(&b);
        buffer_clear(&text);
        succession_format(&s, &text);
        buffer_add(&b, buffer_text(&text));
        buffer_add_char(&b, '\n');
        /* under the right key id, by the wrong secret */
        public_of(NEW, key);
        assert_ok(note_key_make(s.new_origin, NOTE_ED25519, key, &k));
        note_sign(buffer_text(&text), &k, seeds[rows[i].as_new], 0, &b);
        public_of(OLD, key);
        assert_ok(note_key_make(s.old_origin, NOTE_ED25519, key, &k));
        note_sign(buffer_text(&text), &k, seeds[rows[i].as_old], 0, &b);
        enum err err = accept(&b, &vouched, &got);
        if (err != rows[i].err)
            fail_msg("row %zu: %s", i, err_name(err));
    }
    buffer_done(&b);
    buffer_done(&text);
}

/* One bit of a good statement turned, anywhere: it is never vouched for. */
static void every_bit_counts(void **state)
{
    (void)state;
    struct succession s = made(SUCCESSION_ROTATION), got;
    struct buffer b;
    bool vouched;
    size_t refused = 0;
    buffer_init(&b, NOTE_MAX_BYTES);
    state_it(&s, true, &b);
    for (size_t i = 0; i < b.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.ptr[i] = (char)(b.ptr[i] ^ (1 << bit));
            refused += accept(&b, &vouched, &got) != OK;
            b.ptr[i] = (char)(b.ptr[i] ^ (1 << bit));
        }
    assert_int_equal(refused, b.len * 8);
    assert_ok(accept(&b, &vouched, &got));
    size_t len = b.len;
    for (b.len = 0; b.len < len; b.len++)
        assert_true(accept(&b, &vouched, &got) != OK);
    buffer_done(&b);
}

static void about_somebody_else(void **state)
{
    (void)state;
    struct succession s = made(SUCCESSION_ROTATION), got;
    struct buffer b;
    bool vouched;
    uint8_t thief[NOTE_KEY_BYTES], old[NOTE_KEY_BYTES];
    public_of(THIEF, thief);
    public_of(OLD, old);
    buffer_init(&b, NOTE_MAX_BYTES);
    state_it(&s, true, &b);
    assert_err(succession_accept(buffer_text(&b), TEXT(ORIGIN), thief, &got, &vouched, NULL), ERR_NOT_FOUND);
    assert_err(succession_accept(buffer_text(&b), TEXT(OTHER), old, &got, &vouched, NULL), ERR_NOT_FOUND);
    /* a thief's own chain, in the pinned name, from his own key */
    s = made(SUCCESSION_ROTATION);
    memcpy(s.old_key, thief, sizeof thief);
    state_it(&s, true, &b);
    assert_err(accept(&b, &vouched, &got), ERR_NOT_FOUND);
    buffer_done(&b);
}

/* The same said in other letters is refused: there is one spelling. */
static void other_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } rows[] = {{"size 1234", "size 01234"},
                {"size 1234", "size  1234"},
                {"size 1234", "size +1234"},
                {"size 1234", "size 18446744073709551616"},
                {"reason rotation", "reason Rotation"},
                {"reason rotation", "reason "},
                {"entente-succession/v1", "entente-succession/v2"},
                {"00:00Z", "00:00.000Z"},
                {"old-key ", "old-key 00"},
                {"old-origin ", "old-origin  "},
                {"\nreason", "\n\nreason"},
                {"root ", "root A"},
                {"time ", "later\ntime "},
                {"old-origin " ORIGIN, "old-origin a+b"}};
    struct succession s = made(SUCCESSION_ROTATION), got;
    struct buffer b, bad;
    buffer_init(&b, NOTE_MAX_BYTES);
    buffer_init(&bad, NOTE_MAX_BYTES);
    succession_format(&s, &b);
    assert_ok(succession_parse(buffer_text(&b), &got, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ptrdiff_t at = text_find_text(buffer_text(&b), text_of(rows[i].from));
        assert_true(at >= 0);
        buffer_clear(&bad);
        buffer_add(&bad, text_sub(buffer_text(&b), 0, (size_t)at));
        buffer_add(&bad, text_of(rows[i].to));
        buffer_add(&bad, text_sub(buffer_text(&b), (size_t)at + strlen(rows[i].from), b.len));
        struct fault f = {.err = OK};
        if (succession_parse(buffer_text(&bad), &got, &f) != ERR_MALFORMED || !f.what[0])
            fail_msg("accepted: %s", rows[i].to);
    }
    buffer_done(&b);
    buffer_done(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_worth), cmocka_unit_test(reasons_and_changes_agree),
        cmocka_unit_test(forged_signatures),         cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(about_somebody_else),       cmocka_unit_test(other_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
