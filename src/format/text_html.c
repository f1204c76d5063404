/* format/text_html.c - see text_html.h. A machine that is pushed one character at a time:
 *
 *   TEXT --'<'--> OPEN --letter,'/','!','?'--> TAG --'>'--> TEXT, or RAW after <script> and <style>
 *   TAG --"!--"--> COMMENT --"-->"--> TEXT      TEXT --'&'--> ENTITY --';' or no name--> TEXT
 */
#include "format/text_html.h"

#include <stdlib.h>
#include <string.h>

#include "format/chars.h"

enum { STATE_TEXT, STATE_OPEN, STATE_TAG, STATE_COMMENT, STATE_RAW, STATE_ENTITY };

bool html_looks_so(struct text head)
{
    static const char *const signs[] = {"<html",  "<!doctype html", "<body", "<div", "<p>", "<p ", "<br",
                                        "<table", "</a>",           "<span", "<td",  "<h1", "<ul", "<li>"};
    for (size_t i = 0; i < head.len; i++) {
        if (head.ptr[i] != '<')
            continue;
        for (size_t k = 0; k < ARRAY_LEN(signs); k++) {
            struct text sign = text_of(signs[k]);
            if (text_eq_nocase(text_sub(head, i, sign.len), sign))
                return true;
        }
    }
    return false;
}

enum err html_init(struct html *h, html_sink *sink, void *self)
{
    *h = (struct html){.sink = sink, .self = self};
    h->tag = calloc(HTML_TAG_MAX, sizeof *h->tag);
    h->links = calloc(HTML_LINKS_MAX, sizeof *h->links);
    return h->tag && h->links ? OK : ERR_NOMEM;
}

void html_done(struct html *h)
{
    free(h->tag);
    free(h->links);
    *h = (struct html){.sink = NULL};
}

/* ---- putting out ---- */

static void put(struct html *h, const struct text_char *c)
{
    h->sink(h->self, c);
}

static void put_sign(struct html *h, const struct text_char *where, const char *sign)
{
    struct text_char c = *where;
    c.flags = 0;
    for (; *sign; sign++) {
        c.code = (unsigned char)*sign;
        put(h, &c);
    }
}

static void flush_links(struct html *h)
{
    for (size_t i = 0; i < h->links_len; i++)
        put(h, &h->links[i]);
    h->links_len = 0;
}

static void break_line(struct html *h, const struct text_char *where, const char *sign)
{
    put_sign(h, where, "\n");
    flush_links(h);
    put_sign(h, where, sign);
}

/* ---- entities ---- */

static const struct entity {
    const char *name;
    uint32_t code;
} entities[] = {
    {"amp", '&'},       {"lt", '<'},
    {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},     {"nbsp", 0xA0},
    {"shy", 0xAD},      {"period", '.'},
    {"colon", ':'},     {"sol", '/'},
    {"commat", '@'},    {"lbrack", '['},
    {"rbrack", ']'},    {"lsqb", '['},
    {"rsqb", ']'},      {"lpar", '('},
    {"rpar", ')'},      {"hyphen", 0x2010},
    {"dash", 0x2010},   {"ndash", 0x2013},
    {"mdash", 0x2014},  {"zwnj", 0x200C},
    {"zwj", 0x200D},    {"lowbar", '_'},
    {"num", '#'},       {"percnt", '%'},
    {"equals", '='},    {"quest", '?'},
    {"bsol", '\\'},     {"hellip", 0x2026},
    {"lsquo", 0x2018},  {"rsquo", 0x2019},
    {"ldquo", 0x201C},  {"rdquo", 0x201D},
    {"ensp", 0x2002},   {"emsp", 0x2003},
    {"thinsp", 0x2009}, {"ZeroWidthSpace", 0x200B},
    {"NewLine", '\n'},  {"Tab", '\t'},
    {"fflig", 0xFB00},  {"filig", 0xFB01},
    {"Auml", 0xC4},     {"auml", 0xE4},
    {"Ouml", 0xD6},     {"ouml", 0xF6},
    {"Uuml", 0xDC},     {"uuml", 0xFC},
    {"szlig", 0xDF},    {"Agrave", 0xC0},
    {"agrave", 0xE0},   {"aacute", 0xE1},
    {"acirc", 0xE2},    {"atilde", 0xE3},
    {"aring", 0xE5},    {"aelig", 0xE6},
    {"ccedil", 0xE7},   {"Egrave", 0xC8},
    {"Eacute", 0xC9},   {"egrave", 0xE8},
    {"eacute", 0xE9},   {"ecirc", 0xEA},
    {"euml", 0xEB},     {"igrave", 0xEC},
    {"iacute", 0xED},   {"icirc", 0xEE},
    {"iuml", 0xEF},     {"ntilde", 0xF1},
    {"ograve", 0xF2},   {"oacute", 0xF3},
    {"ocirc", 0xF4},    {"otilde", 0xF5},
    {"oslash", 0xF8},   {"ugrave", 0xF9},
    {"uacute", 0xFA},   {"ucirc", 0xFB},
    {"yacute", 0xFD},   {"laquo", 0xAB},
    {"raquo", 0xBB},    {"deg", 0xB0},
    {"sect", 0xA7},     {"bdquo", 0x201E},
    {"euro", 0x20AC},   {"copy", 0xA9},
    {"bull", 0x2022},
};

/* The code of the entity whose name (without & and ;) it is; 0: none. */
static uint32_t entity_code(const struct text_char *name, size_t len)
{
    uint32_t code = 0;
    if (len >= 2 && name[0].code == '#') {
        bool hex = name[1].code == 'x' || name[1].code == 'X';
        for (size_t i = hex ? 2 : 1; i < len; i++) {
            uint32_t c = name[i].code;
            if (c > 0x7F || !(hex ? char_is_hex((char)c) : char_is_digit((char)c)) || code > 0x10FFFF)
                return 0;
            code = hex ? code * 16 + (char_is_digit((char)c) ? c - '0' : (c | 0x20) - 'a' + 10) : code * 10 + c - '0';
        }
        return code <= 0x10FFFF ? code : 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        size_t n = 0;
        while (n < len && entities[i].name[n] && name[n].code == (unsigned char)entities[i].name[n])
            n++;
        if (n == len && !entities[i].name[n])
            return entities[i].code;
    }
    return 0;
}

static void end_entity(struct html *h, bool closed, const struct text_char *last)
{
    uint32_t code = entity_code(h->entity + 1, h->entity_len - 1);
    h->state = STATE_TEXT;
    if (code) {
        struct text_char c = h->entity[0];
        c.code = code;
        put(h, &c);
        if (closed)
            return;
    } else {
        for (size_t i = 0; i < h->entity_len; i++)
            put(h, &h->entity[i]);
    }
    if (code || !closed) {
        html_push(h, last); /* it is no part of it */
        return;
    }
    put(h, last);
}

static void in_entity(struct html *h, const struct text_char *c)
{
    bool name = c->code < 0x80 && (char_is_alnum((char)c->code) || (c->code == '#' && h->entity_len == 1));
    if (!name || h->entity_len > HTML_NAME_MAX) {
        end_entity(h, c->code == ';', c);
        return;
    }
    h->entity[h->entity_len++] = *c;
}

/* ---- tags ---- */

static size_t tag_name(const struct html *h, char out[HTML_NAME_MAX + 1])
{
    size_t i = h->tag_len && h->tag[0].code == '/', n = 0;
    for (; i < h->tag_len && n < HTML_NAME_MAX && h->tag[i].code < 0x80 && char_is_alnum((char)h->tag[i].code); i++)
        out[n++] = char_lower((char)h->tag[i].code);
    out[n] = 0;
    return i;
}

static bool one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

/* "<dot>", "<at>" and "<http://...>" are what somebody wrote. */
static bool is_text(const struct html *h, const char *name)
{
    if (h->overflow || strcmp(name, "dot") == 0 || strcmp(name, "at") == 0)
        return !h->overflow;
    for (size_t i = 0; i < h->tag_len && h->tag[i].code != ' ' && h->tag[i].code != '='; i++)
        if (h->tag[i].code == '@' || (h->tag[i].code == ':' && i + 1 < h->tag_len && h->tag[i + 1].code == '/'))
            return true;
    return false;
}

static bool names_link(const struct html *h, size_t from, size_t upto)
{
    static const char *const names[] = {"href", "src", "action", "data-saferedirecturl", "background", "data"};
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        size_t n = 0;
        while (from + n < upto && names[k][n] && (h->tag[from + n].code | 0x20) == (unsigned char)names[k][n])
            n++;
        if (from + n == upto && !names[k][n])
            return true;
    }
    return false;
}

/* A link's value, entities undone, goes behind the paragraph on a line of its own. */
static void keep_link(struct html *h, size_t from, size_t upto)
{
    if (h->links_len + (upto - from) + 2 > HTML_LINKS_MAX)
        flush_links(h);
    if (upto - from + 2 > HTML_LINKS_MAX || upto == from)
        return;
    for (size_t i = from; i < upto; i++) {
        struct text_char c = h->tag[i];
        c.flags |= TEXT_LINK;
        size_t end = i + 1;
        while (c.code == '&' && end < upto && end - i <= HTML_NAME_MAX && h->tag[end].code != ';')
            end++;
        uint32_t code = c.code == '&' && end < upto ? entity_code(h->tag + i + 1, end - i - 1) : 0;
        if (code) {
            c.code = code;
            i = end;
        }
        h->links[h->links_len++] = c;
    }
    struct text_char c = h->tag[upto - 1];
    c.code = '\n';
    h->links[h->links_len++] = c;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void keep_links(struct html *h, size_t i)
{
    while (i < h->tag_len) {
        while (i < h->tag_len && (is_space(h->tag[i].code) || h->tag[i].code == '/'))
            i++;
        size_t name = i;
        while (i < h->tag_len && !is_space(h->tag[i].code) && h->tag[i].code != '=')
            i++;
        size_t name_end = i;
        while (i < h->tag_len && is_space(h->tag[i].code))
            i++;
        if (i >= h->tag_len || h->tag[i].code != '=') {
            i += name == i;
            continue;
        }
        i++;
        while (i < h->tag_len && is_space(h->tag[i].code))
            i++;
        uint32_t quote = i < h->tag_len && (h->tag[i].code == '"' || h->tag[i].code == '\'') ? h->tag[i].code : 0;
        i += quote != 0;
        size_t value = i;
        while (i < h->tag_len && (quote ? h->tag[i].code != quote : !is_space(h->tag[i].code)))
            i++;
        if (names_link(h, name, name_end))
            keep_link(h, value, i);
        i += quote != 0;
    }
}

static void show_tag(struct html *h, const char *name, bool closes)
{
    static const char *const blocks[] = {"p",      "div",        "br",      "tr",      "table",  "ul",     "ol",
                                         "pre",    "blockquote", "section", "article", "header", "footer", "hr",
                                         "dt",     "dd",         "dl",      "body",    "html",   "title",  "form",
                                         "option", "tbody",      "thead",   "center",  "main",   "nav"};
    static const char *const code[] = {"code", "tt", "kbd", "samp"};
    const struct text_char *where = &h->tag[0];
    if (strcmp(name, "pre") == 0)
        h->pre = !closes;
    const bool heading = name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && !name[2];
    if (heading)
        break_line(h, where, closes ? "" : "# ");
    else if (strcmp(name, "li") == 0)
        break_line(h, where, closes ? "" : "- ");
    else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
        put_sign(h, where, " | ");
    else if (one_of(name, code, ARRAY_LEN(code)))
        put_sign(h, where, "`");
    else if (one_of(name, blocks, ARRAY_LEN(blocks)))
        break_line(h, where, "");
}

static void end_tag(struct html *h, const struct text_char *end)
{
    char name[HTML_NAME_MAX + 1];
    size_t rest = tag_name(h, name);
    const bool closes = h->tag_len && h->tag[0].code == '/';
    h->state = STATE_TEXT;
    if (h->tag_len == 0)
        return;
    if (is_text(h, name)) {
        put_sign(h, &h->tag[0], "<");
        for (size_t i = 0; i < h->tag_len; i++)
            put(h, &h->tag[i]);
        put(h, end);
        return;
    }
    show_tag(h, name, closes);
    if (!closes)
        keep_links(h, rest);
    if (!closes && (strcmp(name, "script") == 0 || strcmp(name, "style") == 0 || strcmp(name, "template") == 0)) {
        memcpy(h->raw, name, sizeof h->raw);
        h->raw_seen = 0;
        h->state = STATE_RAW;
    }
}

static void in_tag(struct html *h, const struct text_char *c)
{
    if (h->quote) {
        if (c->code == h->quote || h->overflow)
            h->quote = 0;
    } else if ((c->code == '"' || c->code == '\'') && h->after_equals && !h->overflow) {
        h->quote = c->code;
    } else if (c->code == '>') {
        end_tag(h, c);
        return;
    }
    if (!is_space(c->code))
        h->after_equals = c->code == '=';
    if (h->tag_len < HTML_TAG_MAX)
        h->tag[h->tag_len++] = *c;
    else
        h->overflow = true;
    if (h->tag_len == 3 && h->tag[0].code == '!' && h->tag[1].code == '-' && h->tag[2].code == '-') {
        h->state = STATE_COMMENT;
        h->dashes = 0;
    }
}

static void in_open(struct html *h, const struct text_char *c)
{
    const bool tag =
        (c->code < 0x80 && char_is_alpha((char)c->code)) || c->code == '/' || c->code == '!' || c->code == '?';
    if (!tag) {
        h->state = STATE_TEXT;
        put(h, &h->tag[0]);
        html_push(h, c);
        return;
    }
    h->tag[0] = *c;
    h->tag_len = 1;
    h->quote = 0;
    h->overflow = h->after_equals = false;
    h->state = STATE_TAG;
}

/* ---- what is passed over ---- */

static void in_comment(struct html *h, const struct text_char *c)
{
    if (c->code == '>' && h->dashes >= 2)
        h->state = STATE_TEXT;
    h->dashes = c->code == '-' ? h->dashes + 1 : 0;
}

/* "</script": the rest up to '>' is a tag again. */
static void in_raw(struct html *h, const struct text_char *c)
{
    const size_t len = strlen(h->raw);
    if (h->raw_seen == 0 || c->code == '<')
        h->raw_seen = c->code == '<';
    else if (h->raw_seen == 1)
        h->raw_seen = c->code == '/' ? 2 : 0;
    else
        h->raw_seen = (c->code | 0x20) == (unsigned char)h->raw[h->raw_seen - 2] ? h->raw_seen + 1 : 0;
    if (h->raw_seen != len + 2)
        return;
    h->tag[0] = *c;
    h->tag[0].code = '/';
    h->tag_len = 1;
    h->quote = 0;
    h->overflow = h->after_equals = false;
    h->state = STATE_TAG;
}

void html_push(struct html *h, const struct text_char *c)
{
    switch (h->state) {
    case STATE_OPEN: in_open(h, c); return;
    case STATE_TAG: in_tag(h, c); return;
    case STATE_COMMENT: in_comment(h, c); return;
    case STATE_RAW: in_raw(h, c); return;
    case STATE_ENTITY: in_entity(h, c); return;
    default: break;
    }
    if (c->code == '<') {
        h->tag[0] = *c; /* put out again if it opens nothing */
        h->state = STATE_OPEN;
    } else if (c->code == '&') {
        h->entity[0] = *c;
        h->entity_len = 1;
        h->state = STATE_ENTITY;
    } else {
        struct text_char seen = *c;
        if (c->code == '\n' && !h->pre)
            seen.code = ' '; /* lines are what tags make */
        put(h, &seen);
    }
}

void html_end(struct html *h)
{
    if (h->state == STATE_OPEN)
        put(h, &h->tag[0]);
    for (size_t i = 0; h->state == STATE_TAG && i < h->tag_len; i++)
        put(h, &h->tag[i]); /* it never ended: no tag */
    for (size_t i = 0; h->state == STATE_ENTITY && i < h->entity_len; i++)
        put(h, &h->entity[i]);
    h->state = STATE_TEXT;
    if (h->links_len) {
        put_sign(h, &h->links[0], "\n");
        flush_links(h);
    }
}
