/* format/text_html.h - the text of HTML as people see it, out of whatever comes as HTML: entities, tags inside a word
 * gone, scripts and styles passed over, what a link leads to behind its paragraph. Structure that tells what a value
 * is stays as Markdown has it: "# " before headings, "- " before items, " | " between cells, "`" around code.
 * Lenient: nothing is an error. */
#pragma once
#include "base/limits.h"
#include "format/text_chars.h"

#define HTML_TAG_MAX   4096 /* characters of a tag looked at */
#define HTML_LINKS_MAX 8192 /* characters of links kept until the paragraph ends; more: it is broken there */
#define HTML_NAME_MAX  12   /* of tags that mean something, and of entities */

typedef void html_sink(void *self, const struct text_char *c);

struct html {
    html_sink *sink;
    void *self;
    int state;
    struct text_char *tag, *links; /* owned */
    size_t tag_len, links_len;
    uint32_t quote; /* inside an attribute's quotes: which */
    bool overflow, after_equals, pre;
    char raw[HTML_NAME_MAX + 1]; /* "script": passed over until it ends */
    size_t raw_seen;
    struct text_char entity[HTML_NAME_MAX + 2];
    size_t entity_len;
    int dashes; /* of a comment's end */
};
/* What a text that begins so looks like. */
bool html_looks_so(struct text head);
/* ERR_NOMEM; html_done() is to be called all the same. */
MUST_CHECK enum err html_init(struct html *h, html_sink *sink, void *self);
void html_done(struct html *h);
void html_push(struct html *h, const struct text_char *c);
void html_end(struct html *h); /* what was kept back comes out */
