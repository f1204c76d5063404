/* command/vouchers.c - see vouchers.h. */
#include "command/vouchers.h"

#include "command/names.h"

/* Who vouches for the content besides its sender; the highest word of those that prove it. */
struct words {
    const struct sha256 *hash;
    struct voucher_row proven;
    bool any;
    struct uuid also[8];
    size_t count;
};

static enum err on_voucher(void *self, const struct voucher_row *row)
{
    struct words *w = self;
    if (!sha256_eq(&row->hash, w->hash))
        return OK;
    if (row->authority >= AUTHORITY_LOGGED && (!w->any || row->authority > w->proven.authority)) {
        w->proven = *row;
        w->any = true;
    }
    if (row->authority < AUTHORITY_LOGGED && row->authority > AUTHORITY_NONE && w->count < ARRAY_LEN(w->also))
        w->also[w->count++] = row->party;
    return OK;
}

static void words_of(struct view *v, const struct version_row *row, struct words *ret)
{
    *ret = (struct words){.hash = &row->hash};
    if (view_vouchers(v, row->id, on_voucher, ret, NULL) != OK)
        *ret = (struct words){.hash = &row->hash};
}

void vouchers_json(struct view *v, const struct version_row *row, struct arena *a, struct json_out *o)
{
    struct words words;
    words_of(v, row, &words);
    json_member_text(o, "authority", text_of(authority_name(row->authority)));
    if (words.count) {
        json_key(o, TEXT("also_from"));
        json_open(o, '[');
        for (size_t i = 0; i < words.count; i++)
            json_put_text(o, party_name(v, a, &words.also[i]));
        json_close(o, ']');
    }
    if (!words.any)
        return;
    json_key(o, TEXT("proven"));
    json_open(o, '{');
    json_member_text(o, "authority", text_of(authority_name(words.proven.authority)));
    json_member_text(o, "party", party_name(v, a, &words.proven.party));
    json_member_i64(o, "entry", (int64_t)words.proven.leaf);
    json_close(o, '}');
}
