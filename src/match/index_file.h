/* match/index_file.h - an index with all that a hit needs to say, as one immutable file that any number of processes
 * map at once. May include base/, model/. Format: docs/FORMAT-index.md */
#pragma once
#include "base/io.h"
#include "match/index.h"
#include "match/whole_pattern.h"

/* What stands behind a ref of the index: item number ref. Lies in the file as it is. */
struct index_item {
    uint64_t n; /* entry of the version that says it */
    struct uuid uuid;
    int64_t until_us;  /* INT64_MAX: no end */
    uint32_t value_at; /* domain, url, email and kinds after sha512: in the keys of its table; others: in `values` */
    uint16_t value_len;
    uint16_t party; /* number of the party */
    uint8_t kind;   /* enum value_kind */
    uint8_t flags;
    uint8_t zero[6];
};
#define INDEX_ITEM_ASSUMED 1 /* flags: until_us is assumed (desk/lifetime.h) */

/* What it was made from; 0 where nobody asks. */
struct index_facts {
    uint8_t log[16];          /* which node's */
    uint64_t generation;      /* rises with each that the node makes */
    uint64_t until;           /* entries of the log that are in it */
    uint64_t view;            /* which view it was read from */
    uint64_t rules, renewals; /* the newest entries that bear on belief (store/view_belief.h) */
    int64_t made_us;
    uint64_t over;       /* values past their assumed lifetime then */
    uint64_t suppressed; /* values that are held and not looked for */
};
struct index_party {
    struct uuid id;
    struct text name; /* empty: not known */
};
struct index_count {
    struct text words;
    uint64_t count;
};

struct index_content {
    const struct index *index; /* its refs are the numbers of the items */
    struct index_facts facts;
    const struct index_item *items;
    size_t item_count;
    struct text values;
    const struct index_party *parties;
    size_t party_count;
    const struct index_count *suppressed; /* by what */
    size_t suppressed_count;
    const struct whole_pattern *patterns; /* their parties are among `parties`; counted_until_us is not written */
    size_t pattern_count;
};

/* Is an item's text in its table's keys? */
static inline bool index_kind_is_text(enum value_kind kind)
{
    return kind == VALUE_DOMAIN || kind == VALUE_URL || kind == VALUE_EMAIL || kind > VALUE_SHA512;
}
/* The key of the value added last, for index_item.value_at: kinds that are text alone. */
uint32_t index_builder_last_key(const struct index_builder *b, enum value_kind kind);
/* The text of an item of an index in memory. */
struct text index_item_value(const struct index *i, struct text values, const struct index_item *item);

/* Writes beside (path + ".new"), syncs, renames, syncs the folder: the file is the old or the new one, whole. One
 * writer a path at a time. ERR_IO | ERR_FULL | ERR_NOMEM | ERR_LIMIT (4 GiB of names); path.new is gone then, unless
 * the process is. */
MUST_CHECK enum err index_file_write(const struct io *io, const char *path, const struct index_content *c,
                                     uint64_t *ret_bytes, struct fault *reterr);

struct index_file;
/* Maps and fully checks fd; does not take the fd. OK: *ret is to be dropped with index_file_unref(). Else: *ret
 * untouched; *reterr gives offset and reason. The file must not be changed or cut while it is mapped: it is replaced
 * by another. ERR_MALFORMED | ERR_VERSION | ERR_LIMIT (over INDEX_FILE_MAX_BYTES) | ERR_IO | ERR_NOMEM */
MUST_CHECK enum err index_file_open(int fd, struct index_file **ret, struct fault *reterr);
/* What the head says it was made from; nothing is checked but that it begins as one. ERR_MALFORMED | ERR_VERSION |
 * ERR_IO */
MUST_CHECK enum err index_file_peek(int fd, struct index_facts *ret);
struct index_file *index_file_ref(struct index_file *f);
void index_file_unref(struct index_file *f); /* accepts NULL */

/* All lives as long as the file. */
const struct index *index_file_index(const struct index_file *f);
const struct index_facts *index_file_facts(const struct index_file *f);
uint64_t index_file_bytes(const struct index_file *f);
size_t index_file_count(const struct index_file *f); /* items */
const struct index_item *index_file_items(const struct index_file *f);
struct text index_file_value(const struct index_file *f, const struct index_item *item);
size_t index_file_parties(const struct index_file *f);
struct index_party index_file_party(const struct index_file *f, size_t i);
size_t index_file_suppressed(const struct index_file *f);
struct index_count index_file_suppressed_at(const struct index_file *f, size_t i);
/* Whole patterns. Of one, .triggers is NULL: they are asked for one by one. Their values are in the shape that
 * index_builder_add() takes; that a text is a pattern, and that its triggers are its own, is not checked. */
size_t index_file_patterns(const struct index_file *f);
struct whole_pattern index_file_pattern(const struct index_file *f, size_t i);
struct trigger index_file_trigger(const struct index_file *f, size_t pattern, size_t i);
/* Pairs (value, item) of a kind. */
size_t index_file_kind_count(const struct index_file *f, enum value_kind kind);
