/* store/erase_words.c - kept documents that hold what is erased. A document is looked through for the object's own
 * words: its values, its identifier, its name, its description, the constants of its pattern, whatever their case.
 * Pieces of a document come in the order of its bytes; a word may lie across two. */
#include <stdlib.h>
#include <string.h>

#include "store/erase_inside.h"
#include "json/json.h"

#define WORD_MIN ((size_t)3)       /* shorter ones stand everywhere */
#define WORD_MAX ((size_t)4 * KIB) /* of a longer one its beginning is enough */

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory for an erasure");
}

/* ---- words of an object ---- */

static enum err add_word(struct erasing *e, struct text word, const struct uuid *party)
{
    void *list = e->needles;
    word = text_sub(text_trim(word), 0, WORD_MAX);
    if (word.len < WORD_MIN)
        return OK;
    if (!erase_grow(&list, e->needle_count, &e->needle_cap, sizeof *e->needles))
        return ERR_NOMEM;
    e->needles = list;
    struct buffer lower;
    buffer_init(&lower, WORD_MAX);
    buffer_add_lower(&lower, word);
    struct text kept = buffer_error(&lower) == OK ? arena_text(&e->arena, buffer_text(&lower)) : TEXT_NONE;
    buffer_done(&lower);
    if (!kept.ptr)
        return ERR_NOMEM;
    e->needles[e->needle_count++] = (struct needle){kept, *party};
    return OK;
}

/* 'constants' of a pattern; STIX 2.1 section 9.2: \' and \\ inside. */
static enum err add_constants(struct erasing *e, struct text pattern, const struct uuid *party)
{
    enum err err = OK;
    char *word = arena_alloc(&e->arena, pattern.len + 1);
    if (!word)
        return ERR_NOMEM;
    for (size_t i = 0; err == OK && i < pattern.len; i++) {
        size_t len = 0;
        if (pattern.ptr[i] != '\'')
            continue;
        for (i++; i < pattern.len && pattern.ptr[i] != '\''; i++) {
            i += pattern.ptr[i] == '\\' && i + 1 < pattern.len;
            word[len++] = pattern.ptr[i];
        }
        err = add_word(e, (struct text){word, len}, party);
    }
    return err;
}

static enum err add_from_body(struct erasing *e, const struct json_val *root, const struct uuid *party)
{
    static const char *const names[] = {"name", "value", "description"};
    enum err err = add_constants(e, json_text(json_get(root, "pattern")), party);
    for (size_t i = 0; err == OK && i < ARRAY_LEN(names); i++)
        err = add_word(e, json_text(json_get_text(root, text_of(names[i]))), party);
    return err;
}

enum err erase_words_of(struct erasing *e, const struct fact_object *o, struct fault *reterr)
{
    struct json_doc *doc = NULL;
    struct buffer body;
    enum err err = add_word(e, o->id, &o->party);
    for (size_t i = 0; err == OK && i < o->value_count; i++)
        err = add_word(e, o->values[i].value, &o->party);
    if (err != OK)
        return no_memory(reterr);
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    err = log_body(e->node->log, o->body, &body, reterr);
    if (err == OK)
        err = json_parse(buffer_text(&body), &doc, reterr);
    if (err == OK && add_from_body(e, json_root(doc), &o->party) != OK)
        err = no_memory(reterr);
    /* Half erased before, or spoiled: what is left goes now, by the words that are known. */
    if (err == ERR_NOT_FOUND || err == ERR_MALFORMED)
        err = OK;
    json_free(doc);
    buffer_done(&body);
    return err;
}

/* ---- documents ---- */

static bool holds(const struct erasing *e, const struct uuid *party, struct text lowered)
{
    for (size_t i = 0; i < e->needle_count; i++)
        if (uuid_eq(&e->needles[i].party, party) &&
            memmem(lowered.ptr, lowered.len, e->needles[i].words.ptr, e->needles[i].words.len))
            return true;
    return false;
}

static bool concerns(const struct erasing *e, const struct uuid *party)
{
    for (size_t i = 0; i < e->needle_count; i++)
        if (uuid_eq(&e->needles[i].party, party))
            return true;
    return false;
}

static bool same_document(const struct piece *a, const struct piece *b)
{
    return sha256_eq(&a->hash, &b->hash) && uuid_eq(&a->party, &b->party);
}

/* The next piece of the document that begins at piece `from`: an index, or piece_count. */
static size_t next_piece(const struct erasing *e, size_t from, size_t at)
{
    if (e->pieces[at].part + 1 >= e->pieces[at].parts)
        return e->piece_count;
    for (at++; at < e->piece_count; at++) {
        if (!same_document(&e->pieces[at], &e->pieces[from]))
            continue;
        return e->pieces[at].part > 0 ? at : e->piece_count; /* 0: the same document once more */
    }
    return at;
}

/* Moves the window on by one piece, in lower case. */
static enum err next_window(struct erasing *e, const struct piece *p, struct buffer *window, struct fault *reterr)
{
    struct buffer bytes;
    size_t tail = window->len < WORD_MAX ? window->len : WORD_MAX;
    if (tail)
        memmove(window->ptr, window->ptr + window->len - tail, tail);
    window->len = tail;
    buffer_init(&bytes, LOG_RECORD_MAX_BYTES);
    enum err err = log_body(e->node->log, p->body, &bytes, reterr);
    if (err == ERR_NOT_FOUND)
        err = OK;
    else if (err == OK)
        buffer_add_lower(window, buffer_text(&bytes));
    if (err == OK && buffer_error(window) != OK)
        err = no_memory(reterr);
    buffer_done(&bytes);
    return err;
}

/* The document that begins at piece `from`: the end of each piece is looked at together with the next. Of a spoiled
 * one nobody can say that it does not hold them: it goes. */
static enum err look_through(struct erasing *e, size_t from, bool *ret_holds, struct fault *reterr)
{
    struct buffer window;
    enum err err = OK;
    *ret_holds = false;
    buffer_init(&window, LOG_RECORD_MAX_BYTES + WORD_MAX);
    for (size_t i = from; err == OK && !*ret_holds && i < e->piece_count; i = next_piece(e, from, i)) {
        err = next_window(e, &e->pieces[i], &window, reterr);
        if (err == OK && window.len)
            *ret_holds = holds(e, &e->pieces[from].party, buffer_text(&window));
        if (err == ERR_MALFORMED) {
            *ret_holds = true;
            err = OK;
        }
    }
    buffer_done(&window);
    return err;
}

static enum err doom_document(struct erasing *e, size_t from)
{
    enum err err = OK;
    for (size_t i = from; err == OK && i < e->piece_count; i = next_piece(e, from, i))
        err = doomed_add(&e->doomed, &e->pieces[i].entry);
    e->result.documents++;
    return err;
}

enum err erase_documents(struct erasing *e, struct fault *reterr)
{
    for (size_t i = 0; i < e->piece_count; i++) {
        bool found = false;
        if (e->pieces[i].part > 0 || !concerns(e, &e->pieces[i].party))
            continue;
        enum err err = look_through(e, i, &found, reterr);
        if (err == OK && found && doom_document(e, i) != OK)
            err = no_memory(reterr);
        if (err != OK)
            return err;
    }
    return OK;
}
