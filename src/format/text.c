/* format/text.c - see text.h. The document goes by in windows (text_window.h); each is refanged and looked through;
 * what is found is kept until the end, because what speaks against a value may stand behind it. */
#include "format/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/atomic.h"
#include "format/chars.h"
#include "format/text_claim.h"
#include "format/text_keep.h"
#include "format/text_words.h"

#define NAME_MAX_WORDS 200 /* bytes of the document's name in each reference */
#define BEFORE_WORDS   90
#define VALUE_WORDS    90
#define AFTER_WORDS    50
#define LEFT_SAMPLES   12 /* named of what was left out for one reason */
#define LEFT_BYTES     700

struct text_reader {
    struct text_window window;
    struct refanged plain;
    struct text_keep keep;
    struct text_section section;
    struct atomic_maker maker;
    struct buffer value, words, line, name;
    size_t from;         /* where in the window to go on */
    size_t version_upto; /* in plain: where the last version number ended; SIZE_MAX: none near */
    size_t next;         /* of keep's list, to be put out */
    int left;            /* the reason to be put out next */
    bool scanned, too_long, ended;
    uint64_t read;
};

/* ---- one value ---- */

static struct text cut(struct text t, size_t max)
{
    if (t.len <= max)
        return t;
    while (max && (t.ptr[max] & 0xC0) == 0x80)
        max--;
    return text_sub(t, 0, max);
}

static void add_words(struct buffer *to, struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        bool blank = t.ptr[i] == ' ' || t.ptr[i] == '\n' || t.ptr[i] == '\t';
        if (!blank)
            buffer_add_char(to, t.ptr[i]);
        else if (to->len && to->ptr[to->len - 1] != ' ')
            buffer_add_char(to, ' ');
    }
}

/* What stands around, as it is written, on one line. */
static struct text words_around(struct text_reader *r, size_t from, size_t upto)
{
    const struct text_window *w = &r->window;
    size_t begin = from > BEFORE_WORDS ? from - BEFORE_WORDS : 0;
    while (begin < from && (w->bytes[begin] & 0xC0) == 0x80)
        begin++;
    struct text all = {w->bytes, w->len};
    buffer_clear(&r->words);
    add_words(&r->words, text_sub(all, begin, from - begin));
    add_words(&r->words, cut(text_sub(all, from, upto - from), VALUE_WORDS));
    if (upto - from > VALUE_WORDS)
        buffer_add(&r->words, TEXT("..."));
    add_words(&r->words, cut(text_sub(all, upto, w->len - upto), AFTER_WORDS));
    return text_trim(cut(buffer_text(&r->words), TEXT_WORDS_MAX));
}

/* "1.2.3.4, 1.2.3.5 and 1.2.4.0" are versions if the first is. */
static bool after_version(const struct text_reader *r, size_t from)
{
    static const char *const between[] = {",", "and", "or",    "-",    "to",    "through",
                                          "&", "/",   ", and", ", or", "until", ";"};
    if (r->version_upto == SIZE_MAX || from < r->version_upto || from - r->version_upto > 10)
        return false;
    struct text gap = text_trim(refanged_text(&r->plain, r->version_upto, from));
    for (size_t i = 0; i < ARRAY_LEN(between); i++)
        if (text_eq_nocase(gap, text_of(between[i])))
            return true;
    return false;
}

/* Who wrote it: in the header of the mail, and in the signature. */
static void note_author(struct text_reader *r, const struct found *f)
{
    if (f->what != FIND_VALUE || f->kind != VALUE_EMAIL || f->undone)
        return;
    if (r->section.own_header || r->section.part == PART_SIGNATURE)
        keep_own(&r->keep, judge_host(f->kind, buffer_text(&r->value)));
}

static enum err take(struct text_reader *r, const struct found *f)
{
    const size_t from = r->plain.from[f->from], upto = r->plain.from[f->upto - 1] + 1;
    const struct judge_in in = {.t = &r->plain,
                                .found = f,
                                .value = buffer_text(&r->value),
                                .section = &r->section,
                                .link = (r->window.flags[from] & TEXT_LINK) != 0,
                                .after_version = after_version(r, f->from)};
    const struct judged j = judge(&in);
    if (j.left == LEFT_VERSION)
        r->version_upto = f->upto;
    note_author(r, f);
    if (j.confidence == 0 && j.left == LEFT_NOT)
        return OK; /* no value at all */
    r->read++;
    return keep_add(&r->keep, &(struct kept){.kind = f->what == FIND_VALUE ? f->kind : VALUE_NONE,
                                             .value = in.value,
                                             .words = words_around(r, from, upto),
                                             .place = r->window.places[from],
                                             .why = j.why,
                                             .confidence = j.confidence,
                                             .left = j.left,
                                             .assumed = f->assumed});
}

/* ---- one window ---- */

static void begin_line(struct text_reader *r, size_t i)
{
    size_t end = i;
    while (end < r->plain.len && end - i < FIND_AHEAD_MAX && r->plain.bytes[end] != '\n')
        end++;
    section_line(&r->section, refanged_text(&r->plain, i, end));
}

/* Where to stop, so that what begins before it is seen whole: before a line, if there is one. */
static size_t limit_of(const struct text_reader *r)
{
    size_t limit = r->plain.len;
    if (r->window.ended)
        return limit;
    limit = limit > FIND_AHEAD_MAX ? limit - FIND_AHEAD_MAX : 0;
    for (size_t i = limit; i > limit / 2; i--)
        if (r->plain.bytes[i - 1] == '\n')
            return i;
    return limit;
}

static bool begins_value(const struct refanged *t, size_t i)
{
    const char c = t->bytes[i], p = i ? t->bytes[i - 1] : ' ';
    if (c == ':' && find_byte(t, i + 1) == ':')
        return !char_is_alnum(p) && p != ':' && p != ']';
    return char_is_alnum(c) && !char_is_alnum(p) &&
           !((unsigned char)p >= 0x80 && (unsigned char)p < 0xC0 && i > 1 && (unsigned char)t->bytes[i - 2] >= 0xC3 &&
             (unsigned char)t->bytes[i - 2] < 0xE0);
}

static enum err scan_window(struct text_reader *r)
{
    struct refanged *t = &r->plain;
    struct found f;
    size_t i = 0;
    refang(t, (struct text){r->window.bytes, r->window.len}, r->window.flags);
    while (i < t->len && t->from[i] < r->from)
        i++;
    const size_t limit = limit_of(r);
    r->version_upto = SIZE_MAX;
    while (i < limit) {
        if (i == 0 || t->bytes[i - 1] == '\n')
            begin_line(r, i);
        if (!begins_value(t, i)) {
            /* within a word too long to be looked at whole */
            i = char_is_alnum(t->bytes[i]) ? find_host_end(t, i) : i + 1;
            continue;
        }
        i = find_at(t, i, &r->value, &f);
        enum err e = f.what == FIND_NOTHING ? OK : take(r, &f);
        if (e)
            return e;
    }
    size_t done = i < t->len ? t->from[i] : r->window.len;
    size_t forget = done > FIND_BEHIND_MAX ? done - FIND_BEHIND_MAX : 0;
    text_window_forget(&r->window, forget);
    r->from = done - forget;
    return OK;
}

static enum err scan(struct text_reader *r)
{
    enum err e = OK;
    while (e == OK && !r->scanned) {
        e = text_window_fill(&r->window);
        bool last = r->window.ended;
        r->too_long = !last && feed_offset(&r->window.decoder.feed) > TEXT_DOCUMENT_MAX;
        if (e == OK)
            e = scan_window(r);
        r->scanned = last || r->too_long;
    }
    keep_sort(&r->keep);
    return e;
}

/* ---- records ---- */

static enum err put_proposal(struct text_reader *r, const struct kept *k, struct buffer *to)
{
    buffer_clear(&r->line);
    buffer_addf(&r->line, "line %u, column %u, byte %llu", k->place.line, k->place.column,
                (unsigned long long)k->place.at);
    size_t place = r->line.len;
    buffer_addf(&r->line, "%s%s", k->why, k->assumed ? "; its scheme is assumed" : "");
    if (buffer_error(&r->line))
        return ERR_NOMEM;
    struct text all = buffer_text(&r->line);
    const struct atomic a = {.kind = k->kind,
                             .value = k->value,
                             .confidence = k->confidence,
                             .description = k->words,
                             .source = buffer_text(&r->name),
                             .place = text_sub(all, 0, place),
                             .why = text_sub(all, place, all.len),
                             .proposed = true};
    return atomic_add(&r->maker, &a, (int64_t)k->place.at, to);
}

static bool is_left(const struct text_reader *r, const struct kept *k, enum left_out why)
{
    if (keep_counts(&r->keep, k))
        return false;
    if (k->left != LEFT_NOT)
        return k->left == why;
    return why == LEFT_OWN;
}

/* All that was left out for one reason is told as one. */
static enum err put_left(struct text_reader *r, enum left_out why, struct buffer *to)
{
    size_t count = 0, named = 0;
    char what[96];
    buffer_clear(&r->line);
    buffer_addf(&r->line, "%s: ", LEFT_WORDS[why].why);
    for (size_t i = 0; i < r->keep.count; i++) {
        const struct kept *k = r->keep.list[i];
        if (!is_left(r, k, why))
            continue;
        count++;
        if (named == LEFT_SAMPLES || r->line.len + k->value.len > LEFT_BYTES)
            continue;
        buffer_addf(&r->line, "%s" TEXT_FMT " (line %u)", named ? ", " : "", TEXT_ARG(k->value), k->place.line);
        named++;
    }
    if (why == LEFT_TOO_MANY)
        count = r->keep.beyond;
    else if (count > named)
        buffer_addf(&r->line, "%s%zu more", named ? " and " : "", count - named);
    if (count == 0)
        return OK;
    snprintf(what, sizeof what, "%zu %s", count, LEFT_WORDS[why].what);
    const struct record_lost l = {
        .at = (int64_t)feed_offset(&r->window.decoder.feed), .what = text_of(what), .reason = buffer_text(&r->line)};
    record_add_lost(to, &l);
    return buffer_error(&r->line) ? ERR_NOMEM : buffer_error(to);
}

static enum err put_end(struct text_reader *r, enum err err, struct buffer *to)
{
    struct record_end e = {.err = (uint8_t)err, .at = (int64_t)feed_offset(&r->window.decoder.feed), .read = r->read};
    if (err == ERR_IO)
        e.what = TEXT("cannot read on");
    if (err == OK && r->too_long) {
        e.err = ERR_LIMIT;
        e.what = TEXT("longer than any text that people write; what stands before this place was looked through");
    }
    r->ended = true;
    record_add_end(to, &e);
    return buffer_error(to);
}

static enum err next(void *self, struct buffer *to)
{
    struct text_reader *r = self;
    if (r->ended)
        return ERR_NOT_FOUND;
    if (!r->scanned) {
        enum err e = scan(r);
        if (e == ERR_IO)
            return put_end(r, e, to);
        if (e)
            return e;
    }
    while (r->next < r->keep.count) {
        const struct kept *k = r->keep.list[r->next++];
        if (keep_counts(&r->keep, k))
            return put_proposal(r, k, to);
    }
    if (r->left < LEFT_KINDS)
        return put_left(r, (enum left_out)r->left++, to);
    return put_end(r, OK, to);
}

/* ---- as one of all formats ---- */

static void free_text(void *self)
{
    struct text_reader *r = self;
    if (!r)
        return;
    text_window_done(&r->window);
    refanged_done(&r->plain);
    keep_done(&r->keep);
    atomic_done(&r->maker);
    buffer_done(&r->value);
    buffer_done(&r->words);
    buffer_done(&r->line);
    buffer_done(&r->name);
    free(r);
}

/* "report.txt"; of a piece of a mail or an archive "mail.eml: part 1.txt". */
static void name_document(struct text_reader *r, const struct format_job *job)
{
    const struct text names[] = {job->within, job->name};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct text name = names[i];
        if (text_eq(name, TEXT("-")) || (i == 1 && (!name.len || !text_is_utf8(name))))
            name = TEXT("text");
        if (!name.len || !text_is_utf8(name))
            continue;
        if (r->name.len)
            buffer_add(&r->name, TEXT(": "));
        buffer_add(&r->name, cut(name, NAME_MAX_WORDS));
    }
}

static enum err open_text(const struct format_job *job, void **ret)
{
    struct text_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    buffer_init(&r->value, 2 * URL_MAX_BYTES);
    buffer_init(&r->words, KIB);
    buffer_init(&r->line, 2 * KIB);
    buffer_init(&r->name, KIB);
    r->left = LEFT_NOT + 1;
    const ptrdiff_t at = text_find(job->sender, '@', 0);
    name_document(r, job);
    enum err e = buffer_error(&r->name);
    if (e == OK)
        e = keep_init(&r->keep);
    if (e == OK && at >= 0)
        keep_own(&r->keep, text_sub(job->sender, (size_t)at + 1, job->sender.len));
    if (e == OK)
        e = atomic_init(&r->maker, job->party, job->identity, job->tlp);
    if (e == OK)
        e = text_window_init(&r->window, job->from, job->head);
    if (e == OK)
        e = refanged_init(&r->plain, TEXT_WINDOW_CAP);
    if (e)
        free_text(r);
    else
        *ret = r;
    return e;
}

const struct format FORMAT_TEXT = {"text", true, text_claim, open_text, next, free_text};
