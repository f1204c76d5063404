/* match/index_check.c - what is in the sections of a mapped index: linear passes, nothing is followed.
 *
 * Checked: that each table is whole; that a free slot ends every search; that slots name entries, entries keys inside
 * and refs or heads of lists, lists end inside, refs name items; that items name parties, kinds and values inside;
 * that names are UTF-8; that whole patterns name parties, texts and values inside, none shared. Not checked: that a
 * key's slots and filter bits are where its hash says, or that an item's
 * value is a key that leads to it. A file that lies there misses hits, or reports some as others; it cannot make the
 * scanner read elsewhere. */
#include "match/index_format.h"

#define STEP_BYTES ((size_t)64 * MIB) /* looked at before its pages are let go */

static enum err bad(const struct index_file *f, const void *where, struct fault *reterr, const char *what)
{
    int64_t offset = where ? (const uint8_t *)where - f->map : 0;
    return fault_at(reterr, ERR_MALFORMED, offset, "FORMAT-index", "not an index that can be used: %s", what);
}

/* The next items to look at after `at`; those before it are let go. */
static size_t step(const struct index_file *f, const void *items, size_t at, size_t item_bytes, size_t count)
{
    size_t most = STEP_BYTES / item_bytes;
    if (at)
        index_let_pages(f, (const uint8_t *)items + (at - most) * item_bytes, most * item_bytes);
    return count - at < most ? count : at + most;
}

static enum err check_slots(const struct index_file *f, const struct table *t, struct fault *reterr)
{
    size_t taken = 0;
    for (size_t at = 0; at < t->slot_count;) {
        size_t end = step(f, t->slots, at, sizeof *t->slots, t->slot_count);
        uint32_t most = 0;
        for (size_t i = at; i < end; i++) {
            uint32_t entry = t->slots[i].entry;
            most = entry > most ? entry : most;
            taken += entry != 0;
        }
        if (most > t->count)
            return bad(f, &t->slots[at], reterr, "a slot without an entry");
        at = end;
    }
    return taken < t->slot_count ? OK : bad(f, t->slots, reterr, "a table without a free slot");
}

static bool entry_is_whole(const struct index_file *f, const struct table *t, const struct table_entry *e)
{
    uint32_t ref = e->ref & ~TABLE_LIST;
    if (e->key > t->key_bytes || e->len > t->key_bytes - e->key || e->zero)
        return false;
    if (e->ref & TABLE_LIST)
        return ref < t->ref_words && t->refs[ref] & TABLE_LIST;
    return t == &f->index.url_starts ? e->ref == 0 : ref < f->item_count;
}

/* *ret_pairs: of those with one ref. */
static enum err check_entries(const struct index_file *f, const struct table *t, size_t *ret_pairs,
                              struct fault *reterr)
{
    for (size_t at = 0; at < t->count;) {
        size_t end = step(f, t->entries, at, sizeof *t->entries, t->count);
        for (size_t i = at; i < end; i++) {
            if (!entry_is_whole(f, t, &t->entries[i]))
                return bad(f, &t->entries[i], reterr, "an entry's key or ref lies outside");
            *ret_pairs += !(t->entries[i].ref & TABLE_LIST);
        }
        at = end;
    }
    return OK;
}

static enum err check_lists(const struct index_file *f, const struct table *t, size_t *ret_pairs,
                            struct fault *reterr)
{
    for (size_t at = 0; at < t->ref_words;) {
        uint32_t head = t->refs[at++], count = head & ~TABLE_LIST;
        if (!(head & TABLE_LIST) || count == 0 || count > t->ref_words - at)
            return bad(f, &t->refs[at - 1], reterr, "a list of refs that does not end");
        for (size_t end = at + count; at < end; at++)
            if (t->refs[at] >= f->item_count)
                return bad(f, &t->refs[at], reterr, "a ref without an item");
        *ret_pairs += count;
        while (at < t->ref_words && !t->refs[at]) /* what was kept for the same ref once more */
            at++;
    }
    return OK;
}

static enum err check_table(const struct index_file *f, struct table *t, struct fault *reterr)
{
    if (!t->filter && !t->slots && !t->entries && !t->keys && !t->refs)
        return OK;
    if (!t->filter || !t->slots || !t->entries || !t->keys)
        return bad(f, t->entries, reterr, "a table that is not whole");
    enum err err = check_slots(f, t, reterr);
    if (!err)
        err = check_entries(f, t, &t->pairs, reterr);
    if (!err)
        err = check_lists(f, t, &t->pairs, reterr);
    return err;
}

static bool item_is_whole(const struct index_file *f, const struct index_item *item)
{
    if (item->kind == VALUE_NONE || item->kind >= VALUE_KINDS || item->party >= f->party_count ||
        item->flags & ~INDEX_ITEM_ASSUMED)
        return false;
    size_t most =
        index_kind_is_text((enum value_kind)item->kind) ? f->index.tables[item->kind].key_bytes : f->values.len;
    return item->value_at <= most && item->value_len <= most - item->value_at;
}

static enum err check_items(const struct index_file *f, struct fault *reterr)
{
    for (size_t at = 0; at < f->item_count;) {
        size_t end = step(f, f->items, at, sizeof *f->items, f->item_count);
        for (size_t i = at; i < end; i++)
            if (!item_is_whole(f, &f->items[i]))
                return bad(f, &f->items[i], reterr, "an item's kind, party or value lies outside");
        at = end;
    }
    return OK;
}

static bool name_is_whole(const struct index_file *f, struct index_name name)
{
    return name.at <= f->words.len && name.len <= f->words.len - name.at &&
           text_is_utf8(text_sub(f->words, name.at, name.len));
}

static enum err check_names(const struct index_file *f, struct fault *reterr)
{
    if (f->party_count > UINT16_MAX + (size_t)1)
        return bad(f, f->parties, reterr, "more parties than items can name");
    for (size_t i = 0; i < f->party_count; i++)
        if (!name_is_whole(f, f->parties[i].name))
            return bad(f, &f->parties[i], reterr, "a party's name lies outside, or is no UTF-8");
    for (size_t i = 0; i < f->suppressed_count; i++)
        if (!name_is_whole(f, f->suppressed[i].words))
            return bad(f, &f->suppressed[i], reterr, "the name of a list lies outside, or is no UTF-8");
    return OK;
}

/* ---- whole patterns ---- */

static bool pattern_is_whole(const struct index_file *f, const struct index_pattern_row *row)
{
    return row->state < WHOLE_STATES && row->party < f->party_count && name_is_whole(f, row->text) &&
           name_is_whole(f, row->why) && row->first_trigger <= f->trigger_count &&
           row->trigger_count <= f->trigger_count - row->first_trigger &&
           (row->state == WHOLE_WANTED) == (row->trigger_count > 0);
}

static bool trigger_is_whole(const struct index_file *f, const struct index_trigger_row *row)
{
    return name_is_whole(f, row->value) &&
           index_can_hold((enum value_kind)row->kind, text_sub(f->words, row->value.at, row->value.len));
}

/* Each row is taken into memory: no two may share a part of the file to make little look like much. */
static enum err check_patterns(const struct index_file *f, struct fault *reterr)
{
    uint64_t bytes = 0, next = 0;
    for (size_t i = 0; i < f->pattern_count; i++) {
        const struct index_pattern_row *row = &f->patterns[i];
        if (!pattern_is_whole(f, row))
            return bad(f, row, reterr, "a pattern's text, party or values lie outside");
        bytes += (uint64_t)row->text.len + row->why.len;
        if (row->trigger_count && row->first_trigger != next)
            return bad(f, row, reterr, "a pattern's values are not its own");
        next += row->trigger_count;
        if (bytes > f->words.len)
            return bad(f, row, reterr, "more text of patterns than there is");
    }
    for (size_t i = 0; i < f->trigger_count; i++)
        if (!trigger_is_whole(f, &f->triggers[i]))
            return bad(f, &f->triggers[i], reterr, "a pattern's value lies outside, or is none");
    return OK;
}

enum err index_check(struct index_file *f, struct fault *reterr)
{
    size_t pairs = 0;
    enum err err = check_names(f, reterr);
    if (!err)
        err = check_patterns(f, reterr);
    if (!err)
        err = check_items(f, reterr);
    if (!err)
        err = check_table(f, &f->index.url_starts, reterr);
    for (int k = 1; k < VALUE_KINDS && !err; k++) {
        err = check_table(f, &f->index.tables[k], reterr);
        pairs += f->index.tables[k].pairs;
    }
    if (!err && pairs != f->index.pairs)
        err = bad(f, f->map + offsetof(struct index_head, pairs), reterr, "it holds another number of values");
    index_let_pages(f, f->map, f->bytes);
    return err;
}
