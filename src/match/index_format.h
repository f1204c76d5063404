/* match/index_format.h - index files on disk, for who writes, checks and spoils them. docs/FORMAT-index.md */
#pragma once
#include <assert.h>

#include "match/index_file.h"
#include "match/lookup.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "index files are little-endian, and mapped as they are");

#define INDEX_MAGIC        "ENINDEX\n"
#define INDEX_VERSION      2
#define INDEX_COMPATIBLE   0u /* features of this program; others are ignored */
#define INDEX_INCOMPATIBLE 0u /* features of this program; others are refused */
#define INDEX_ALIGN        4096
#define INDEX_SECTIONS_MAX 256

struct index_head {
    char magic[8];
    uint32_t version;
    uint32_t compatible, incompatible;
    uint32_t section_count;
    uint64_t file_bytes;
    uint64_t body_hash; /* XXH3 of all behind the list of sections */
    uint64_t seed;
    uint64_t pairs;
    uint64_t v4_lens, v6_lens[3];
    uint32_t url_bytes_max, domain_labels_max;
    struct index_facts facts;
    uint64_t zero[5];
    uint64_t head_hash; /* XXH3 of the list of sections, seeded with that of what stands before it */
};
struct index_section {
    uint16_t part; /* enum index_part */
    uint16_t kind; /* of a table: enum value_kind, 0 the starts of URLs; else 0 */
    uint32_t item_bytes;
    uint64_t offset, count; /* count: items; padding to the next multiple of INDEX_ALIGN is zero */
};
/* The list of sections has all the room it may need, so that the body's place is known. */
#define INDEX_BODY_AT (sizeof(struct index_head) + INDEX_SECTIONS_MAX * sizeof(struct index_section))

struct index_name {
    uint32_t at, len; /* in PART_WORDS */
};
struct index_party_row {
    struct uuid id;
    struct index_name name;
};
struct index_count_row {
    uint64_t count;
    struct index_name words;
};
/* A whole pattern, and a value that it is looked for by. */
struct index_pattern_row {
    uint64_t n;
    struct uuid id;
    int64_t until_us; /* INT64_MAX: no end */
    struct index_name text, why;
    uint32_t first_trigger, trigger_count;
    uint16_t party; /* number of the party */
    uint8_t state;  /* enum whole_state */
    uint8_t zero[5];
};
struct index_trigger_row {
    struct index_name value;
    uint8_t kind; /* enum value_kind */
    uint8_t zero[3];
};

enum index_part {
    PART_FILTER = 1, /* of each table; see match/table.h */
    PART_SLOTS,
    PART_ENTRIES,
    PART_KEYS,
    PART_REFS,
    PART_V4_MAP, /* once; see match/lookup.h */
    PART_NAMES,
    PART_ITEMS,
    PART_VALUES,
    PART_PARTIES,
    PART_SUPPRESSED,
    PART_WORDS,
    PART_PATTERNS,
    PART_TRIGGERS,
    PARTS
};

static_assert(sizeof(struct index_item) == 48, "on disk");
static_assert(sizeof(struct index_facts) == 80, "on disk");
static_assert(sizeof(struct index_head) == 224, "on disk");
static_assert(sizeof(struct index_section) == 24, "on disk");
static_assert(sizeof(struct index_party_row) == 24, "on disk");
static_assert(sizeof(struct index_count_row) == 16, "on disk");
static_assert(sizeof(struct index_pattern_row) == 64, "on disk");
static_assert(sizeof(struct index_trigger_row) == 12, "on disk");
static_assert(sizeof(struct table_slot) == 8, "on disk");
static_assert(sizeof(struct table_entry) == 12, "on disk");

static const uint32_t INDEX_PART_BYTES[PARTS] = {
    [PART_FILTER] = 8,
    [PART_SLOTS] = sizeof(struct table_slot),
    [PART_ENTRIES] = sizeof(struct table_entry),
    [PART_KEYS] = 1,
    [PART_REFS] = 4,
    [PART_V4_MAP] = 8,
    [PART_NAMES] = 8,
    [PART_ITEMS] = sizeof(struct index_item),
    [PART_VALUES] = 1,
    [PART_PARTIES] = sizeof(struct index_party_row),
    [PART_SUPPRESSED] = sizeof(struct index_count_row),
    [PART_WORDS] = 1,
    [PART_PATTERNS] = sizeof(struct index_pattern_row),
    [PART_TRIGGERS] = sizeof(struct index_trigger_row),
};

static inline bool index_part_is_table(unsigned part)
{
    return part >= PART_FILTER && part <= PART_REFS;
}

/* Over what stands before it, then the list of sections; both as they lie in the file, the list at least as long as
 * the head says. */
static inline uint64_t index_head_hash(const struct index_head *h, const struct index_section *sections)
{
    uint64_t head = XXH3_64bits(h, offsetof(struct index_head, head_hash));
    return XXH3_64bits_withSeed(sections, h->section_count * sizeof *sections, head);
}

struct index_file {
    int users; /* atomic */
    uint8_t *map;
    uint64_t bytes;
    struct index index; /* its arrays are in the map */
    struct index_facts facts;
    const struct index_item *items;
    size_t item_count;
    struct text values, words;
    const struct index_party_row *parties;
    size_t party_count;
    const struct index_count_row *suppressed;
    size_t suppressed_count;
    const struct index_pattern_row *patterns;
    size_t pattern_count;
    const struct index_trigger_row *triggers;
    size_t trigger_count;
};

/* ---- index_check.c ---- */
/* The arrays lie where the list of sections says: is what is in them in order? Counts pairs. ERR_MALFORMED, offset */
MUST_CHECK enum err index_check(struct index_file *f, struct fault *reterr);
/* Lets the pages of [from, from + bytes) go again: they stay in the page cache, and are not this process's. */
void index_let_pages(const struct index_file *f, const void *from, uint64_t bytes);
