/* store/verify_log.c - the log, byte by byte: headers, records, groups, entries, details, bodies; and every leaf to
 * the tree beside it.
 *
 * Reads the segments itself, since log_open() stops at what is to be named here. A spoiled body is a fault of that
 * body alone, unless it is of a last group that nobody knows of: what follows is still looked at. Any other ends the
 * check at that place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "store/home.h"
#include "store/log_inside.h"
#include "store/verify_inside.h"

#define CHUNK_BYTES (256 * KIB)
#define HASH_MEMBER "\"hash\":\""

/* Where the walk is. */
struct walk {
    struct verify_log *l;
    struct log_files files;
    struct log expand; /* only what log_expand_body() wants of a log */
    struct scan scan;
    struct segment_head head;
    char name[32]; /* "log/00000000.log" */
    int64_t file_bytes;
    struct group group;
    uint64_t chain, n; /* behind the last commit */
    int64_t last_us, group_us;
    uint64_t next_n; /* of the entry awaited */
    uint32_t end;    /* offset behind the last commit */
    /* A spoiled body is a fault once its group is known not to be what a crash, or somebody who writes now, has left
     * of the last one: as log_recover.c takes it. */
    struct {
        const char *what; /* NULL: no body of the group is spoiled */
        uint32_t offset;
        int64_t entry;
    } spoiled;
    struct reach {
        uint64_t n, chain;
        int64_t last_us;
        uint32_t end;
    } reach;      /* behind the last group that closed */
    bool waiting; /* it has a spoiled body, and its leaves are held until it is proven */
    bool last;    /* no segment follows */
    /* the entry under way */
    struct entry entry;
    struct buffer entry_text, detail, raw;
    struct place entry_at;
    bool wants_detail, has_detail, has_body, has_original, erased;
    struct text public_part, private_part;
    struct sha256 *leaves; /* of the group, told to the tree once it is closed */
    struct place *places;
    size_t leaf_cap, leaf_count;
    struct verify_erased erasures;
    bool stop;
};

static void say_spoiled(struct walk *w)
{
    if (w->spoiled.what)
        check_fault(w->l->check, w->name, w->spoiled.offset, w->spoiled.entry, "%s", w->spoiled.what);
    w->spoiled.what = NULL;
}

static void fault(struct walk *w, uint32_t offset, const char *what)
{
    say_spoiled(w); /* it came before */
    check_fault(w->l->check, w->name, offset, (int64_t)(w->next_n ? w->next_n - 1 : 0), "%s", what);
}

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory");
}

static bool all_zero(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i])
            return false;
    return true;
}

/* ---- what entries say ---- */

/* Of the few kinds of entries that name keys, or what is erased. */
static enum err take_fact(struct walk *w, struct fault *reterr)
{
    struct text kind = w->entry.kind;
    struct arena arena;
    struct fact f;
    struct fault why = {.offset = -1, .line = -1};
    if (!text_eq(kind, TEXT("genesis")) && !text_eq(kind, TEXT("origin")) && !text_eq(kind, TEXT("peer")) &&
        !text_eq(kind, TEXT("erasure")))
        return OK;
    struct log_read read = {.entry = w->entry, .body = PLACE_NONE, .original = PLACE_NONE};
    read.detail.public_part = w->public_part;
    read.detail.private_part = w->private_part;
    arena_init(&arena, 4 * LOG_RECORD_MAX_BYTES);
    enum err err = fact_decode(&read, &arena, &f, &why);
    if (err == OK && f.kind == FACT_GENESIS)
        err = verify_keys_add(&w->l->keys, f.u.genesis.origin, f.u.genesis.key, false);
    else if (err == OK && f.kind == FACT_ORIGIN)
        err = verify_keys_add(&w->l->keys, f.u.origin.origin, f.u.origin.key, false);
    else if (err == OK && f.kind == FACT_PEER)
        err = verify_keys_add(&w->l->keys, f.u.peer.origin, f.u.peer.key, true);
    else if (err == OK && f.kind == FACT_ERASURE)
        err = verify_erased_named(&w->erasures, w->entry.n, &f.u.erasure);
    arena_done(&arena);
    if (err == ERR_NOMEM)
        return no_memory(reterr);
    if (err != OK)
        fault(w, w->scan.at, why.what);
    return OK;
}

/* ---- one record after another ---- */

static enum err take_entry(struct walk *w, const struct scanned *s, struct fault *reterr)
{
    struct fault why = {.offset = -1, .line = -1};
    buffer_clear(&w->entry_text);
    buffer_add_bytes(&w->entry_text, s->payload, s->head.len);
    if (buffer_error(&w->entry_text) != OK)
        return no_memory(reterr);
    w->next_n++;
    w->wants_detail = true;
    w->has_detail = w->has_body = w->has_original = w->erased = false;
    w->entry_at = s->place;
    if (entry_decode(buffer_text(&w->entry_text), &w->entry, &why) != OK) {
        fault(w, s->place.offset, why.what);
        w->stop = true;
    } else if (w->entry.n != w->next_n - 1) {
        fault(w, s->place.offset, "the entry has another number than its place in the order");
        w->stop = true;
    } else if (w->entry.t_us <= w->group_us) {
        fault(w, s->place.offset, "the entry is not later than the one before");
    }
    w->group_us = w->entry.t_us;
    if (w->leaf_count == w->leaf_cap) {
        size_t cap = w->leaf_cap ? 2 * w->leaf_cap : 1024;
        struct sha256 *leaves = reallocarray(w->leaves, cap, sizeof *leaves);
        if (leaves)
            w->leaves = leaves;
        struct place *places = reallocarray(w->places, cap, sizeof *places);
        if (places)
            w->places = places;
        if (!leaves || !places)
            return no_memory(reterr);
        w->leaf_cap = cap;
    }
    w->places[w->leaf_count] = s->place;
    w->leaves[w->leaf_count++] = entry_leaf(buffer_text(&w->entry_text));
    return OK;
}

static enum err take_detail(struct walk *w, const struct scanned *s, struct fault *reterr)
{
    struct entry_detail d;
    struct cursor c;
    w->wants_detail = false;
    w->has_detail = true;
    w->erased = s->head.flags & RECORD_ERASED;
    if (w->erased)
        return OK;
    buffer_clear(&w->detail);
    buffer_add_bytes(&w->detail, s->payload, s->head.len);
    if (buffer_error(&w->detail) != OK)
        return no_memory(reterr);
    cursor_init(&c, buffer_text(&w->detail));
    cursor_copy(&c, d.salt1, ENTRY_SALT);
    cursor_copy(&c, d.salt2, ENTRY_SALT);
    uint32_t public_len = cursor_u32(&c), private_len = cursor_u32(&c);
    w->public_part = d.public_part = cursor_bytes(&c, public_len);
    w->private_part = d.private_part = cursor_bytes(&c, private_len);
    if (cursor_error(&c) != OK || cursor_left(&c)) {
        fault(w, s->place.offset, "the detail has impossible lengths");
        return OK;
    }
    struct sha256 commitment = entry_commitment(&d);
    if (!sha256_eq(&commitment, &w->entry.c))
        fault(w, s->place.offset, "the detail is not what its entry commits to");
    else
        return take_fact(w, reterr);
    return OK;
}

/* "hash" of an object's public part: canonical, so it has one spelling. */
static bool public_hash(struct text part, struct sha256 *ret)
{
    const char *at = part.len ? memmem(part.ptr, part.len, HASH_MEMBER, sizeof HASH_MEMBER - 1) : NULL;
    if (!at)
        return false;
    size_t from = (size_t)(at - part.ptr) + sizeof HASH_MEMBER - 1;
    return sha256_from_hex(text_sub(part, from, SHA256_HEX - 1), ret) == OK;
}

static enum err take_body(struct walk *w, const struct scanned *s, bool spoiled, struct fault *reterr)
{
    bool original = s->head.flags & RECORD_ORIGINAL;
    bool *has = original ? &w->has_original : &w->has_body;
    struct sha256 hash, said;
    if (w->wants_detail || !w->has_detail || *has) {
        fault(w, s->place.offset, "a body stands where none belongs");
        w->stop = true;
        return OK;
    }
    *has = true;
    if (s->head.flags & RECORD_ERASED)
        return OK;
    if (spoiled) {
        if (!w->spoiled.what) {
            w->spoiled.what = original ? "the original is damaged: its checksum does not hold"
                                       : "the body is damaged: its checksum does not hold";
            w->spoiled.offset = s->place.offset;
            w->spoiled.entry = (int64_t)w->next_n - 1;
        }
        return OK;
    }
    buffer_clear(&w->raw);
    enum err err = log_expand_body(&w->expand, s->head.flags, s->payload, s->head.len, &w->raw);
    if (err == ERR_NOMEM)
        return no_memory(reterr);
    if (err != OK) {
        fault(w, s->place.offset, "the body cannot be unpacked");
        return OK;
    }
    hash = sha256_of(w->raw.ptr, w->raw.len);
    if (memcmp(hash.b, s->payload + 4, sizeof hash.b) != 0)
        fault(w, s->place.offset, "the body does not have the hash that its record gives");
    else if (!original && !w->erased && text_eq(w->entry.kind, TEXT("object")) &&
             (!public_hash(w->public_part, &said) || !sha256_eq(&said, &hash)))
        fault(w, s->place.offset, "the body does not have the hash that its entry's public part gives");
    return OK;
}

/* The group that closed last counts. */
static enum err settle(struct walk *w, struct fault *reterr)
{
    enum err err = OK;
    say_spoiled(w);
    for (size_t i = 0; err == OK && i < w->leaf_count; i++)
        err = verify_tree_leaf(w->l->tree, &w->leaves[i], w->places[i], reterr);
    w->leaf_count = 0;
    w->n = w->reach.n;
    w->last_us = w->reach.last_us;
    w->chain = w->reach.chain;
    w->end = w->reach.end;
    w->waiting = false;
    return err;
}

static enum err take_commit(struct walk *w, const struct scanned *s, struct fault *reterr)
{
    struct commit c;
    if (w->wants_detail || !group_closes(&w->group, s, &c)) {
        fault(w, s->place.offset, "the commit is not that of the group before it");
        w->stop = true;
        return OK;
    }
    if (c.last_us != w->group_us)
        fault(w, s->place.offset, "the commit has another time than its last entry");
    w->reach = (struct reach){w->n + c.entries, commit_chain(s->payload, s->head.tag), w->group_us, w->scan.at};
    group_init(&w->group, w->reach.n, w->reach.chain, w->scan.at);
    w->waiting = w->spoiled.what && w->last && w->reach.n > w->l->known;
    return w->waiting ? OK : settle(w, reterr);
}

/* Between its flag and its zeros an erased record is as an erasure that is not finished leaves it. */
static enum err look_at_flag(struct walk *w, const struct scanned *s)
{
    bool erased = s->head.flags & RECORD_ERASED;
    bool zeros = !erased || (s->head.checksum == 0 && all_zero(s->payload, s->head.len));
    if (!zeros && w->erasures.from_n == VERIFY_NO_ERASURE)
        fault(w, s->place.offset, "an erased record is not all zeros");
    return verify_erased_record(&w->erasures, w->next_n ? w->next_n - 1 : 0, erased, zeros);
}

static enum err take_record(struct walk *w, const struct scanned *s, bool spoiled, struct fault *reterr)
{
    const size_t used = RECORD_HEAD_BYTES + (size_t)s->head.len;
    if (!all_zero(s->payload + s->head.len, record_bytes(s->head.len) - used))
        fault(w, s->place.offset + (uint32_t)used, "the padding behind a record is not zero");
    if (s->head.kind == RECORD_DETAIL || s->head.kind == RECORD_BODY) {
        enum err err = look_at_flag(w, s);
        if (err != OK)
            return no_memory(reterr);
    }
    if (s->head.kind == RECORD_COMMIT)
        return take_commit(w, s, reterr);
    if (!group_add(&w->group, s) || (w->wants_detail != (s->head.kind == RECORD_DETAIL))) {
        fault(w, s->place.offset, "a record stands where none of its kind belongs");
        w->stop = true;
        return OK;
    }
    enum err err = w->waiting ? settle(w, reterr) : OK; /* bound to the commit before: that one was durable */
    if (err != OK)
        return err;
    switch (s->head.kind) {
    case RECORD_ENTRY: return take_entry(w, s, reterr);
    case RECORD_DETAIL: return take_detail(w, s, reterr);
    default: return take_body(w, s, spoiled, reterr);
    }
}

/* ---- segments ---- */

/* Nothing but zeros from `from` to the end of the file. */
static enum err check_zeros(struct walk *w, int fd, uint32_t from, int64_t *ret_dirty, struct fault *reterr)
{
    uint8_t *chunk = malloc(CHUNK_BYTES);
    enum err err = chunk ? OK : no_memory(reterr);
    *ret_dirty = -1;
    for (int64_t at = from; err == OK && *ret_dirty < 0;) {
        ssize_t n = io_read_all(w->l->io, fd, chunk, CHUNK_BYTES, at);
        if (n < 0)
            err = fault_errno(reterr, "reading %s", w->name);
        if (n <= 0)
            break;
        if (!all_zero(chunk, (size_t)n))
            for (ssize_t i = 0; i < n && *ret_dirty < 0; i++)
                if (chunk[i])
                    *ret_dirty = at + i;
        at += n;
    }
    free(chunk);
    return err;
}

static enum err check_head(struct walk *w, int fd, struct fault *reterr)
{
    uint8_t bytes[SEGMENT_START];
    ssize_t n = io_read_all(w->l->io, fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return fault_errno(reterr, "reading %s", w->name);
    const struct segment_head *h = &w->head;
    if (n < (ssize_t)sizeof bytes)
        check_fault(w->l->check, w->name, n, -1, "the segment is cut off in its header");
    else if (!all_zero(bytes + 28, 4) || !all_zero(bytes + 80, 8) ||
             !all_zero(bytes + SEGMENT_HEAD_BYTES, SEGMENT_START - SEGMENT_HEAD_BYTES))
        check_fault(w->l->check, w->name, SEGMENT_HEAD_BYTES, -1, "unused bytes of the header are not zero");
    else if (h->first_n != w->n || (h->number && (h->last_us != w->last_us || h->chain != w->chain)))
        check_fault(w->l->check, w->name, 56, (int64_t)w->n, "the segment does not continue the one before");
    else if (w->file_bytes < (int64_t)h->bytes)
        check_fault(w->l->check, w->name, w->file_bytes, -1, "the segment is shorter than its header says");
    else
        return OK;
    w->stop = true;
    return OK;
}

static enum err read_records(struct walk *w, struct fault *reterr)
{
    const struct verify_options *o = w->l->options;
    for (uint32_t round = 1; !w->stop; round++) {
        enum scan_found found;
        struct scanned s;
        uint32_t at = w->scan.at;
        enum err err = scan_next(&w->scan, &found, &s, reterr);
        if (err == OK && found != SCAN_RECORD && found != SCAN_SPOILED)
            return OK;
        if (err == OK)
            err = take_record(w, &s, found == SCAN_SPOILED, reterr);
        if (err != OK)
            return err;
        w->l->bytes += w->scan.at - at;
        if (round % 4096)
            continue;
        if (o->cancel && atomic_load(o->cancel))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        if (o->on_progress)
            o->on_progress(o->self, w->n, w->l->bytes, 0);
    }
    return OK;
}

/* The records of a segment have ended: is it where they should? last: no segment follows. */
static enum err check_end(struct walk *w, int fd, bool last, struct fault *reterr)
{
    int64_t dirty;
    if (w->stop || (last && w->l->live))
        return OK;
    enum err err = check_zeros(w, fd, w->end, &dirty, reterr);
    if (err != OK || dirty < 0)
        return err;
    if (!last) {
        say_spoiled(w);
        check_fault(w->l->check, w->name, w->scan.at, (int64_t)w->next_n, "no whole record stands there");
        w->stop = true;
        return OK;
    }
    bool later;
    struct place at = {w->scan.segment, w->end};
    err = log_look_behind(w->l->io, fd, w->files.log_seed, at, w->chain, w->file_bytes, &later, reterr);
    if (err == OK && (later || w->n < w->l->known)) {
        say_spoiled(w);
        check_fault(w->l->check, w->name, w->scan.at, (int64_t)w->next_n, "no whole record stands there");
        w->stop = true;
    } else if (err == OK) {
        snprintf(
            w->l->remark, sizeof w->l->remark,
            "bytes behind the end of %s (offset %lld): what a crash left of a group; the next opening clears them",
            w->name, (long long)dirty);
    }
    return err;
}

static bool segment_follows(struct walk *w, uint32_t number)
{
    struct segment_head h;
    int fd;
    struct fault why;
    enum err err = files_open(&w->files, number + 1, false, &fd, &h, &why);
    if (err == OK)
        w->l->io->close(w->l->io->self, fd);
    return err != ERR_NOT_FOUND;
}

static enum err read_segment(struct walk *w, int fd, bool last, struct fault *reterr)
{
    w->file_bytes = w->l->io->size(w->l->io->self, fd);
    if (w->file_bytes < 0)
        return fault_errno(reterr, "looking at %s", w->name);
    enum err err = check_head(w, fd, reterr);
    if (err != OK || w->stop)
        return err;
    if (w->head.number == 0) {
        w->chain = w->head.chain;
        memcpy(w->l->log_id, w->head.log_id, LOG_ID_BYTES);
        err = verify_tree_heads(w->l->tree, w->head.log_id, reterr);
    }
    uint32_t limit = w->file_bytes > (int64_t)UINT32_MAX ? UINT32_MAX : (uint32_t)w->file_bytes;
    scan_init(&w->scan, w->l->io, fd, w->files.log_seed, (struct place){w->head.number, SEGMENT_START}, limit);
    group_init(&w->group, w->n, w->chain, SEGMENT_START);
    w->end = SEGMENT_START;
    w->next_n = w->n;
    w->group_us = w->last_us;
    w->leaf_count = 0;
    w->wants_detail = w->has_detail = w->waiting = false;
    w->spoiled.what = NULL;
    w->last = last;
    if (err == OK)
        err = read_records(w, reterr);
    if (err == OK)
        err = check_end(w, fd, last, reterr);
    scan_done(&w->scan);
    return err;
}

static enum err read_all(struct walk *w, struct fault *reterr)
{
    enum err err = OK;
    bool more = true;
    for (uint32_t number = 0; err == OK && more && !w->stop; number++) {
        char name[SEGMENT_NAME_MAX];
        struct fault why = {.offset = -1, .line = -1};
        int fd;
        snprintf(w->name, sizeof w->name, "log/%s", segment_name(number, name));
        err = files_open(&w->files, number, false, &fd, &w->head, &why);
        if (err == ERR_NOT_FOUND || err == ERR_MALFORMED || err == ERR_VERSION) {
            check_fault(w->l->check, w->name, why.offset, -1, "%s", why.what);
            w->stop = true;
            return OK;
        }
        if (err != OK) {
            if (reterr)
                *reterr = why;
            return err;
        }
        if (number == 0 && files_enter(&w->files, &w->head) != OK)
            err = no_memory(reterr);
        more = segment_follows(w, number);
        if (err == OK)
            err = read_segment(w, fd, !more, reterr);
        w->l->io->close(w->l->io->self, fd);
    }
    return err;
}

/* The segment that entry n lies in, for a fault. */
static void name_segment(struct walk *w, uint64_t n)
{
    char name[SEGMENT_NAME_MAX];
    struct segment_head h;
    int fd;
    for (uint32_t i = 0; files_open(&w->files, i, false, &fd, &h, NULL) == OK; i++) {
        w->l->io->close(w->l->io->self, fd);
        if (h.first_n > n)
            return;
        snprintf(w->name, sizeof w->name, "log/%s", segment_name(i, name));
    }
}

/* Once the log was read to its end: all erasures are known. */
static void check_erased(struct walk *w)
{
    uint64_t n;
    const char *what;
    w->l->unfinished = w->erasures.from_n != VERIFY_NO_ERASURE;
    if (w->stop || !verify_erased_judge(&w->erasures, w->n, &n, &what))
        return;
    name_segment(w, n);
    check_fault(w->l->check, w->name, -1, (int64_t)n, "%s", what);
}

enum err verify_log(struct verify_log *l, const char *home, struct fault *reterr)
{
    struct walk *w = calloc(1, sizeof *w);
    char *dir = home_path(home, HOME_LOG);
    enum err err = w && dir ? OK : no_memory(reterr);
    if (err == OK) {
        w->l = l;
        w->last_us = INT64_MIN;
        buffer_init(&w->entry_text, LOG_RECORD_MAX_BYTES);
        buffer_init(&w->detail, LOG_RECORD_MAX_BYTES + 4096);
        buffer_init(&w->raw, LOG_RECORD_MAX_BYTES);
        pthread_mutex_init(&w->expand.contexts_lock, NULL);
        err = files_init(&w->files, l->io, dir) == OK && log_compress_init(&w->expand) == OK ? OK : no_memory(reterr);
        if (err == OK)
            err = verify_erased_open(&w->erasures, l->io, home, reterr);
        if (err == OK)
            err = read_all(w, reterr);
        l->n = w->n;
        l->whole = !w->stop;
        if (err == OK && l->whole && w->n < l->known) {
            say_spoiled(w);
            check_fault(l->check, w->name, w->end, (int64_t)w->n,
                        "the log ends after %llu entries, but %llu were acknowledged", (unsigned long long)w->n,
                        (unsigned long long)l->known);
        }
        if (err == OK)
            check_erased(w);
        verify_erased_close(&w->erasures);
        log_compress_done(&w->expand);
        files_done(&w->files);
        pthread_mutex_destroy(&w->expand.contexts_lock);
        buffer_done(&w->entry_text);
        buffer_done(&w->detail);
        buffer_done(&w->raw);
        free(w->leaves);
        free(w->places);
    }
    free(w);
    free(dir);
    return err;
}
