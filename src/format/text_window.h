/* format/text_window.h - a document's text through a sliding window: decoded, taken out of HTML, folded, each byte
 * with its place. Memory does not grow with the document. */
#pragma once
#include "format/text_html.h"

#define TEXT_WINDOW_BYTES (64 * KIB)
#define TEXT_WINDOW_CAP   (TEXT_WINDOW_BYTES + (HTML_LINKS_MAX + HTML_TAG_MAX) * TEXT_FOLDED_MAX)

struct text_place {
    uint64_t at;
    uint32_t line, column;
};
struct text_window {
    struct text_decoder decoder;
    struct html html;
    bool is_html, ended;
    char *bytes;    /* owned, as the next two; as many of each */
    uint8_t *flags; /* TEXT_... */
    struct text_place *places;
    size_t len;
    bool undone;   /* something without width was left out before the next byte */
    bool hyphened; /* a soft hyphen stands at a line's end */
};

/* ERR_NOMEM; text_window_done() is to be called all the same. */
MUST_CHECK enum err text_window_init(struct text_window *w, struct feed_from from, struct text head);
void text_window_done(struct text_window *w);
/* Reads until the window is full or the document ends. ERR_IO | ERR_NOMEM */
MUST_CHECK enum err text_window_fill(struct text_window *w);
void text_window_forget(struct text_window *w, size_t n); /* its first n bytes */
