/* format/text_section.c - see text_section.h. */
#include "format/text_section.h"

#include <string.h>

#include "format/chars.h"
#include "format/text_words.h"

#define LINE_LOOK       400 /* bytes of a line that are looked at */
#define HEADING_MAX     90
#define HEADING_WORDS   9
#define SIGNATURE_LINES 14
#define PROSE_WORDS     9

/* "> * ## 3.1. Indicators:" down to its words. */
static struct text core_of(struct text line)
{
    while (line.len && (strchr("#*>-=_|\t .0123456789)", line.ptr[0])))
        line = text_sub(line, 1, line.len);
    while (line.len && strchr(":*#=_-| \t.", line.ptr[line.len - 1]))
        line = text_sub(line, 0, line.len - 1);
    return line;
}

static size_t count_words(struct text t)
{
    size_t n = 0;
    for (size_t i = 0; i < t.len; i++)
        n += t.ptr[i] != ' ' && (i == 0 || t.ptr[i - 1] == ' ');
    return n;
}

/* Words of prose: values, bullets and labels are none. */
static size_t prose_words(struct text t)
{
    size_t n = 0, len = 0;
    bool alpha = true;
    for (size_t i = 0; i <= t.len; i++) {
        char c = i < t.len ? t.ptr[i] : ' ';
        if (c == ' ' || c == '\t') {
            n += len > 1 && alpha;
            len = 0;
            alpha = true;
            continue;
        }
        len++;
        alpha = alpha && (char_is_alpha(c) || strchr(",.;:'()", c));
    }
    return n;
}

static bool is_marked(struct text line)
{
    return line.len && (line.ptr[0] == '#' || text_starts(line, TEXT("**")) || text_starts(line, TEXT("==")));
}

static bool is_heading(struct text line, struct text core)
{
    if (core.len == 0 || core.len > HEADING_MAX || count_words(core) > HEADING_WORDS)
        return false;
    const char last = line.ptr[line.len - 1];
    if (text_find(line, '|', 0) >= 0)
        return false;
    return is_marked(line) || last == ':' || (last != '.' && last != ',' && prose_words(core) == count_words(core));
}

static void enter(struct text_section *s, enum text_part part)
{
    s->part = part;
    s->lines = 0;
}

static void take_heading(struct text_section *s, struct text line, struct text core)
{
    const bool colon = line.ptr[line.len - 1] == ':', marked = is_marked(line);
    if (words_in(&HEADINGS_IOC, core)) {
        enter(s, PART_IOC);
    } else if (words_begin(&HEADINGS_REFERENCES, core) && (colon || marked || count_words(core) <= 3)) {
        enter(s, PART_REFERENCES);
    } else if ((colon || marked) && words_in(&HEADINGS_KINDS, core) && !words_begin(&HEADINGS_OTHER, core)) {
        if (s->part != PART_IOC)
            enter(s, PART_IOC_LIST);
    } else if (marked || (words_begin(&HEADINGS_OTHER, core) && count_words(core) <= 4)) {
        enter(s, PART_PROSE);
    }
}

/* ---- mails ---- */

/* Without the marks of a quotation: "> > From: x". */
static struct text without_quote(struct text line)
{
    while (line.len && line.ptr[0] == '>')
        line = text_sub(line, line.len > 1 && line.ptr[1] == ' ' ? 2 : 1, line.len);
    return line;
}

static bool header_name(struct text line, struct text *ret)
{
    while (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '*'))
        line = text_sub(line, 1, line.len);
    size_t n = 0;
    while (n < line.len && (char_is_alpha(line.ptr[n]) || line.ptr[n] == '-' || (line.ptr[n] & 0x80)))
        n++;
    *ret = text_sub(line, 0, n);
    while (n < line.len && line.ptr[n] == '*')
        n++;
    n += text_starts(text_sub(line, n, line.len), TEXT(" :")); /* as French puts it */
    return n && n < line.len && line.ptr[n] == ':' && words_have(&MAIL_HEADERS, *ret);
}

static bool names_author(struct text name)
{
    return text_eq_nocase(name, TEXT("from")) || text_eq_nocase(name, TEXT("sender")) ||
           text_eq_nocase(name, TEXT("reply-to")) || text_eq_nocase(name, TEXT("return-path")) ||
           text_eq_nocase(name, TEXT("von")) || text_eq_nocase(name, TEXT("van"));
}

/* "On 19 Nov 2026 at 22:01, A. Author <a@example> wrote:", whole or as far as its first line goes. */
static bool is_attribution(struct text line)
{
    static const char *const begins[] = {"on", "am", "le", "el", "il", "op", "em", "den", "dne", "w dniu"};
    const struct text_words begin = {begins, ARRAY_LEN(begins)};
    line = text_trim(line);
    if (text_ends(line, TEXT("wrote:")))
        return true;
    if (line.len == 0 || !words_begin(&begin, line) || text_find(line, '@', 0) < 0)
        return false;
    if (line.ptr[line.len - 1] == ':')
        return words_in(&WORDS_WROTE, line);
    return line.ptr[line.len - 1] == '>' && text_find(line, '<', 0) > 0 && text_find(line, ':', 0) > 0;
}

/* true: the line is one of a mail's header. */
static bool take_mail(struct text_section *s, struct text line)
{
    struct text name;
    line = without_quote(line);
    const bool blank = text_trim(line).len == 0;
    s->own_header = false;
    if (s->part == PART_HEADER &&
        (blank || s->one_line || (!header_name(line, &name) && !char_is_blank(line.ptr[0]))))
        enter(s, PART_PROSE);
    s->one_line = false;
    if (blank)
        return false;
    if (header_name(line, &name) &&
        (s->part == PART_HEADER || s->lines_seen == 0 || words_begin(&LINES_FORWARD, line))) {
        if (s->part != PART_HEADER) {
            s->first_header = s->lines_seen == 0;
            enter(s, PART_HEADER);
        }
        s->own_header = s->first_header && names_author(name);
        return true;
    }
    if (is_attribution(line)) {
        enter(s, PART_HEADER);
        s->first_header = false;
        s->one_line = true;
        return true;
    }
    return s->part == PART_HEADER;
}

static void take_signature(struct text_section *s, struct text line)
{
    line = without_quote(line);
    struct text t = text_trim(line);
    if (text_eq(line, TEXT("--")) || text_eq(line, TEXT("-- ")) || (t.len < 40 && words_begin(&LINES_SIGNATURE, t)))
        enter(s, PART_SIGNATURE);
    else if (s->part == PART_SIGNATURE && s->lines > SIGNATURE_LINES)
        enter(s, PART_PROSE);
}

/* ---- tables ---- */

static bool has_cells(struct text line)
{
    size_t bars = 0, tabs = 0, wide = 0;
    for (size_t i = 0; i < line.len; i++) {
        bars += line.ptr[i] == '|';
        tabs += line.ptr[i] == '\t' && i > 0;
        wide +=
            i > 2 && line.ptr[i] != ' ' && line.ptr[i - 1] == ' ' && line.ptr[i - 2] == ' ' && line.ptr[i - 3] != '*';
    }
    return bars > 0 || tabs > 0 || wide > 0;
}

static void take_table(struct text_section *s, struct text line)
{
    const bool cells = has_cells(line);
    if (cells && !s->in_table)
        s->ioc_table =
            count_words(core_of(line)) <= 12 &&
            (words_in(&HEADINGS_IOC, line) || words_in(&HEADINGS_KINDS, line) || words_in(&WORDS_BAD, line));
    s->in_table = cells;
}

void section_line(struct text_section *s, struct text line)
{
    line = text_sub(line, 0, LINE_LOOK);
    const bool blank = text_trim(line).len == 0;
    s->own_line = !blank && words_in(&LINES_OWN, line);
    if (take_mail(s, line)) {
        s->lines_seen++;
        return;
    }
    if (blank) {
        s->in_table = s->ioc_table = false;
        return;
    }
    struct text core = core_of(text_trim(line));
    take_signature(s, line);
    take_table(s, line);
    if (is_heading(text_trim(line), core))
        take_heading(s, text_trim(line), core);
    else if (s->part == PART_IOC_LIST && s->lines > 1 && prose_words(line) >= PROSE_WORDS)
        enter(s, PART_PROSE);
    s->lines++;
    s->lines_seen++;
}
