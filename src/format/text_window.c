/* format/text_window.c - see text_window.h. */
#include "format/text_window.h"

#include <stdlib.h>
#include <string.h>

static void append(void *self, const struct text_char *c)
{
    struct text_window *w = self;
    char bytes[TEXT_FOLDED_MAX];
    uint8_t flags = c->flags;
    if (w->hyphened && (c->code == '\n' || c->code == '\r' || c->code == ' ' || c->code == '\t'))
        return;
    w->hyphened = c->code == 0xAD;
    size_t n = text_fold(c->code, bytes, &flags);
    if (n == 0) {
        w->undone = w->undone || (flags & TEXT_UNDONE);
        return;
    }
    if (w->undone)
        flags |= TEXT_UNDONE;
    w->undone = false;
    for (size_t i = 0; i < n && w->len < TEXT_WINDOW_CAP; i++) {
        w->bytes[w->len] = bytes[i];
        w->flags[w->len] = flags;
        w->places[w->len++] = (struct text_place){c->at, c->line, c->column};
    }
}

enum err text_window_init(struct text_window *w, struct feed_from from, struct text head)
{
    *w = (struct text_window){.is_html = html_looks_so(text_sub(head, 0, 16 * KIB))};
    w->bytes = malloc(TEXT_WINDOW_CAP);
    w->flags = malloc(TEXT_WINDOW_CAP);
    w->places = malloc(TEXT_WINDOW_CAP * sizeof *w->places);
    enum err e = w->bytes && w->flags && w->places ? OK : ERR_NOMEM;
    if (e == OK)
        e = text_decoder_init(&w->decoder, from, head);
    if (e == OK && w->is_html)
        e = html_init(&w->html, append, w);
    return e;
}

void text_window_done(struct text_window *w)
{
    text_decoder_done(&w->decoder);
    html_done(&w->html);
    free(w->bytes);
    free(w->flags);
    free(w->places);
    *w = (struct text_window){.len = 0};
}

enum err text_window_fill(struct text_window *w)
{
    struct text_char c;
    while (!w->ended && w->len < TEXT_WINDOW_BYTES) {
        if (!text_decoder_next(&w->decoder, &c)) {
            w->ended = true;
            if (w->is_html)
                html_end(&w->html);
        } else if (w->is_html) {
            html_push(&w->html, &c);
        } else {
            append(w, &c);
        }
    }
    return w->decoder.feed.err;
}

void text_window_forget(struct text_window *w, size_t n)
{
    memmove(w->bytes, w->bytes + n, w->len - n);
    memmove(w->flags, w->flags + n, w->len - n);
    memmove(w->places, w->places + n, (w->len - n) * sizeof *w->places);
    w->len -= n;
}
