/* match/index_file.c - maps index files.
 *
 * Order of trust: size -> head and list of sections (their hash) -> the body's hash -> where each section lies ->
 * what is in it (index_check.c). Nothing is used before what stands left of it held. */
#include "match/index_file.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "match/index_format.h"

#define WINDOW_BYTES ((uint64_t)64 * MIB) /* looked at before its pages are let go */

void index_let_pages(const struct index_file *f, const void *from, uint64_t bytes)
{
    uint64_t start = (uint64_t)((const uint8_t *)from - f->map) / INDEX_ALIGN * INDEX_ALIGN;
    uint64_t end = (uint64_t)((const uint8_t *)from - f->map) + bytes;
    (void)madvise(f->map + start, end - start, MADV_DONTNEED); /* a wish: else they count as ours for longer */
}

static enum err bad(struct fault *reterr, uint64_t offset, const char *what)
{
    return fault_at(reterr, ERR_MALFORMED, (int64_t)offset, "FORMAT-index", "not an index that can be used: %s",
                    what);
}

static const struct index_head *head_of(const struct index_file *f)
{
    return (const struct index_head *)(const void *)f->map;
}

static const struct index_section *sections_of(const struct index_file *f)
{
    return (const struct index_section *)(const void *)(f->map + sizeof(struct index_head));
}

static enum err check_head(const struct index_file *f, struct fault *reterr)
{
    const struct index_head *h = head_of(f);
    if (memcmp(h->magic, INDEX_MAGIC, sizeof h->magic) != 0)
        return bad(reterr, 0, "it does not begin as one");
    if (h->version != INDEX_VERSION || h->incompatible & ~INDEX_INCOMPATIBLE)
        return fault_at(reterr, ERR_VERSION, offsetof(struct index_head, version), "FORMAT-index",
                        "an index of version %u with features %x: make it anew with entente index", h->version,
                        h->incompatible);
    if (h->file_bytes != f->bytes)
        return bad(reterr, offsetof(struct index_head, file_bytes), "it is cut off, or something follows it");
    if (h->section_count > INDEX_SECTIONS_MAX)
        return bad(reterr, offsetof(struct index_head, section_count), "more sections than there can be");
    if (h->head_hash != index_head_hash(h, sections_of(f)))
        return bad(reterr, offsetof(struct index_head, head_hash), "the head's hash does not fit");
    return OK;
}

static enum err check_hash(const struct index_file *f, struct fault *reterr)
{
    XXH3_state_t *x = XXH3_createState();
    if (!x)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    XXH3_64bits_reset(x);
    for (uint64_t at = INDEX_BODY_AT; at < f->bytes;) {
        uint64_t len = f->bytes - at < WINDOW_BYTES ? f->bytes - at : WINDOW_BYTES;
        XXH3_64bits_update(x, f->map + at, (size_t)len);
        index_let_pages(f, f->map + at, len);
        at += len;
    }
    uint64_t hash = XXH3_64bits_digest(x);
    XXH3_freeState(x);
    if (hash != head_of(f)->body_hash)
        return bad(reterr, offsetof(struct index_head, body_hash), "its bytes are not those that were written");
    return OK;
}

/* ---- sections ---- */

static bool power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

static bool take_table_section(struct table *t, const struct index_section *s, void *items)
{
    size_t count = (size_t)s->count;
    switch ((enum index_part)s->part) {
    case PART_FILTER:
        t->filter = items;
        t->filter_mask = count - 1;
        return power_of_two(count);
    case PART_SLOTS:
        t->slots = items;
        t->slot_count = count;
        return true;
    case PART_ENTRIES:
        t->entries = items;
        t->count = count;
        return true;
    case PART_KEYS:
        t->keys = items;
        t->key_bytes = count;
        return true;
    default:
        t->refs = items;
        t->ref_words = count;
        return true;
    }
}

/* False when there cannot be so many of them. */
static bool take_section(struct index_file *f, const struct index_section *s, void *items)
{
    size_t count = (size_t)s->count;
    switch ((enum index_part)s->part) {
    case PART_V4_MAP: f->index.v4_map = items; return count == V4_MAP_BYTES / 8;
    case PART_NAMES:
        f->index.names.words = items;
        f->index.names.mask = count - 1;
        return power_of_two(count);
    case PART_ITEMS:
        f->items = items;
        f->item_count = count;
        return count < TABLE_LIST;
    case PART_VALUES: f->values = (struct text){items, count}; return true;
    case PART_PARTIES:
        f->parties = items;
        f->party_count = count;
        return true;
    case PART_SUPPRESSED:
        f->suppressed = items;
        f->suppressed_count = count;
        return true;
    case PART_WORDS: f->words = (struct text){items, count}; return true;
    case PART_PATTERNS:
        f->patterns = items;
        f->pattern_count = count;
        return count <= PATTERN_LIST_MAX;
    case PART_TRIGGERS:
        f->triggers = items;
        f->trigger_count = count;
        return count <= STREAMED_VALUES_MAX;
    default: return take_table_section(s->kind ? &f->index.tables[s->kind] : &f->index.url_starts, s, items);
    }
}

/* In ascending order, aligned, inside, none twice. A part that this program does not know is passed over: what
 * changes the meaning of others has an incompatible feature. */
static enum err take_sections(struct index_file *f, struct fault *reterr)
{
    uint64_t end = INDEX_BODY_AT;
    uint32_t seen[VALUE_KINDS] = {0};
    for (uint32_t i = 0; i < head_of(f)->section_count; i++) {
        const struct index_section *s = &sections_of(f)[i];
        uint64_t at = sizeof(struct index_head) + i * sizeof *s;
        if (s->offset % INDEX_ALIGN || s->offset < end || s->offset > f->bytes || s->item_bytes == 0 ||
            s->count == 0 || s->count > (f->bytes - s->offset) / s->item_bytes)
            return bad(reterr, at, "a section lies outside");
        end = s->offset + s->count * s->item_bytes;
        if (s->part == 0 || s->part >= PARTS)
            continue;
        if (index_part_is_table(s->part) && s->kind >= VALUE_KINDS)
            return fault_at(reterr, ERR_VERSION, (int64_t)at, "FORMAT-index", "values of a kind unknown here: %u",
                            s->kind);
        unsigned kind = index_part_is_table(s->part) ? s->kind : 0;
        if (s->item_bytes != INDEX_PART_BYTES[s->part] || seen[kind] & 1u << s->part)
            return bad(reterr, at, "a section of another size, or twice");
        seen[kind] |= 1u << s->part;
        if (!take_section(f, s, f->map + s->offset))
            return bad(reterr, at, "a section with an impossible count");
    }
    return OK;
}

static enum err take_head(struct index_file *f, struct fault *reterr)
{
    const struct index_head *h = head_of(f);
    if (h->v4_lens >> 33 || h->v6_lens[2] >> 1)
        return bad(reterr, offsetof(struct index_head, v4_lens), "networks longer than an address");
    if (h->url_bytes_max > UINT16_MAX || h->domain_labels_max > UINT16_MAX)
        return bad(reterr, offsetof(struct index_head, url_bytes_max), "values longer than any");
    f->facts = h->facts;
    f->index.users = 1;
    f->index.needles.off = true;
    f->index.pairs = (size_t)h->pairs;
    f->index.seed = h->seed;
    f->index.v4_lens = h->v4_lens;
    memcpy(f->index.v6_lens, h->v6_lens, sizeof f->index.v6_lens);
    f->index.url_bytes_max = h->url_bytes_max;
    f->index.domain_labels_max = h->domain_labels_max;
    for (int k = 0; k < VALUE_KINDS; k++)
        f->index.tables[k].seed = h->seed;
    f->index.url_starts.seed = h->seed;
    return OK;
}

static enum err map_file(struct index_file *f, int fd, struct fault *reterr)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fault_errno(reterr, "the index's size is not known");
    if (!S_ISREG(st.st_mode))
        return bad(reterr, 0, "no file that could be mapped");
    if ((uint64_t)st.st_size < INDEX_BODY_AT)
        return bad(reterr, (uint64_t)st.st_size, "it is shorter than its head");
    if ((uint64_t)st.st_size > INDEX_FILE_MAX_BYTES)
        return fault_at(reterr, ERR_LIMIT, INDEX_FILE_MAX_BYTES, "FORMAT-index", "an index of more than %zu GiB",
                        INDEX_FILE_MAX_BYTES / GIB);
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return fault_errno(reterr, "the index could not be mapped");
    f->map = map;
    f->bytes = (uint64_t)st.st_size;
    return OK;
}

enum err index_file_open(int fd, struct index_file **ret, struct fault *reterr)
{
    struct index_file *f = calloc(1, sizeof *f);
    if (!f)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    f->users = 1;
    enum err err = map_file(f, fd, reterr);
    if (!err)
        err = check_head(f, reterr);
    if (!err)
        err = check_hash(f, reterr);
    if (!err)
        err = take_head(f, reterr);
    if (!err)
        err = take_sections(f, reterr);
    if (!err)
        err = index_check(f, reterr);
    if (!err && index_words(&f->index))
        err = fault_set(reterr, ERR_NOMEM, "out of memory");
    if (err)
        index_file_unref(f);
    else
        *ret = f;
    return err;
}

enum err index_file_peek(int fd, struct index_facts *ret)
{
    struct index_head h;
    ssize_t got = io_read_all(io_system(), fd, &h, sizeof h, 0);
    if (got < 0)
        return ERR_IO;
    if ((size_t)got < sizeof h || memcmp(h.magic, INDEX_MAGIC, sizeof h.magic) != 0)
        return ERR_MALFORMED;
    if (h.version != INDEX_VERSION)
        return ERR_VERSION;
    *ret = h.facts;
    return OK;
}

struct index_file *index_file_ref(struct index_file *f)
{
    __atomic_add_fetch(&f->users, 1, __ATOMIC_RELAXED);
    return f;
}

void index_file_unref(struct index_file *f)
{
    if (!f || __atomic_sub_fetch(&f->users, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    index_words_done(&f->index);
    if (f->map)
        munmap(f->map, (size_t)f->bytes);
    free(f);
}

/* ---- what is in it ---- */

const struct index *index_file_index(const struct index_file *f)
{
    return &f->index;
}

const struct index_facts *index_file_facts(const struct index_file *f)
{
    return &f->facts;
}

uint64_t index_file_bytes(const struct index_file *f)
{
    return f->bytes;
}

size_t index_file_count(const struct index_file *f)
{
    return f->item_count;
}

const struct index_item *index_file_items(const struct index_file *f)
{
    return f->items;
}

struct text index_file_value(const struct index_file *f, const struct index_item *item)
{
    return index_item_value(&f->index, f->values, item);
}

size_t index_file_parties(const struct index_file *f)
{
    return f->party_count;
}

struct index_party index_file_party(const struct index_file *f, size_t i)
{
    const struct index_party_row *row = &f->parties[i];
    return (struct index_party){row->id, text_sub(f->words, row->name.at, row->name.len)};
}

size_t index_file_suppressed(const struct index_file *f)
{
    return f->suppressed_count;
}

struct index_count index_file_suppressed_at(const struct index_file *f, size_t i)
{
    const struct index_count_row *row = &f->suppressed[i];
    return (struct index_count){text_sub(f->words, row->words.at, row->words.len), row->count};
}

static struct text words_at(const struct index_file *f, struct index_name name)
{
    return text_sub(f->words, name.at, name.len);
}

size_t index_file_patterns(const struct index_file *f)
{
    return f->pattern_count;
}

struct whole_pattern index_file_pattern(const struct index_file *f, size_t i)
{
    const struct index_pattern_row *row = &f->patterns[i];
    return (struct whole_pattern){.n = row->n,
                                  .uuid = row->id,
                                  .party = f->parties[row->party].id,
                                  .until_us = row->until_us,
                                  .counted_until_us = INT64_MIN,
                                  .text = words_at(f, row->text),
                                  .state = (enum whole_state)row->state,
                                  .why = words_at(f, row->why),
                                  .trigger_count = row->trigger_count};
}

struct trigger index_file_trigger(const struct index_file *f, size_t pattern, size_t i)
{
    const struct index_trigger_row *row = &f->triggers[f->patterns[pattern].first_trigger + i];
    return (struct trigger){(enum value_kind)row->kind, words_at(f, row->value)};
}

size_t index_file_kind_count(const struct index_file *f, enum value_kind kind)
{
    return f->index.tables[kind].pairs;
}
