/* format/text_judge.c - see text_judge.h. What a value is told by what stands around it: some words before, some
 * behind, its line, its part of the document. */
#include "format/text_judge.h"

#include <string.h>

#include "format/chars.h"
#include "format/text_words.h"
#include "format/tld.h"

#define BEFORE_BYTES 60
#define AFTER_BYTES  40
#define LINE_BYTES   300

const struct left_words LEFT_WORDS[LEFT_KINDS] = {
    [LEFT_NOT] = {"nothing", ""},
    [LEFT_VERSION] = {"version numbers", "they stand where versions do"},
    [LEFT_NUMBER] = {"numbers of sections", "they stand where headings are counted"},
    [LEFT_FILE] = {"names of files", "their endings are those of files, or they stand where files are named"},
    [LEFT_PACKAGE] = {"names of packages", "they begin with what domains end in"},
    [LEFT_CODE] = {"code and words run together", "they are written as no domain is"},
    [LEFT_RESERVED] = {"addresses and names for documentation",
                       "they are reserved, and were neither defanged nor listed"},
    [LEFT_PRIVATE] = {"private addresses and names", "they are of no use outside the network they are in"},
    [LEFT_OWN] = {"the author's own", "signature, contact, or the sender's domain"},
    [LEFT_HEADER] = {"values in a mail's header", "who wrote to whom"},
    [LEFT_REFERENCE] = {"references", "what the text refers to"},
    [LEFT_NO_HASH] = {"digits that are no file's hash", "commits, keys, or the hash of nothing"},
    [LEFT_TOO_MANY] = {"values beyond the most that are held", "divide the document"},
    [NAMED_VULNERABILITY] = {"vulnerabilities named", "no indicators"},
    [NAMED_TECHNIQUE] = {"techniques named", "no indicators"},
};

/* ---- what stands around ---- */

static struct text before(const struct judge_in *in)
{
    size_t upto = in->found->from, from = upto;
    while (from > 0 && upto - from < BEFORE_BYTES && in->t->bytes[from - 1] != '\n')
        from--;
    return refanged_text(in->t, from, upto);
}

static struct text after(const struct judge_in *in)
{
    size_t from = in->found->upto, upto = from;
    while (upto < in->t->len && upto - from < AFTER_BYTES && in->t->bytes[upto] != '\n')
        upto++;
    return refanged_text(in->t, from, upto);
}

static struct text line_of(const struct judge_in *in)
{
    size_t from = in->found->from, upto = in->found->upto;
    while (from > 0 && in->found->from - from < LINE_BYTES && in->t->bytes[from - 1] != '\n')
        from--;
    while (upto < in->t->len && upto - in->found->upto < LINE_BYTES && in->t->bytes[upto] != '\n')
        upto++;
    return refanged_text(in->t, from, upto);
}

static char byte_before(const struct judge_in *in)
{
    return in->found->from ? in->t->bytes[in->found->from - 1] : '\0';
}

static char byte_after(const struct judge_in *in)
{
    return find_byte(in->t, in->found->upto);
}

static bool is_mark(char c)
{
    return c == ' ' || c == '\t' || c == ':' || c == '=' || c == '"' || c == '\'' || c == '`' || c == '(' ||
           c == ',' || c == '*' || c == '|' || c == '<' || c == '[';
}

/* The n-th word before the value (0: the last), without the marks behind it. */
static struct text word_before(struct text b, int n)
{
    for (;; n--) {
        while (b.len && is_mark(b.ptr[b.len - 1]))
            b.len--;
        size_t from = b.len;
        while (from && !is_mark(b.ptr[from - 1]))
            from--;
        struct text word = text_sub(b, from, b.len - from);
        if (n == 0 || word.len == 0)
            return word;
        b.len = from;
    }
}

/* One of the last n words before, or of two of them together. */
static bool words_before(const struct text_words *w, struct text b, int n)
{
    for (int k = 0; k < n; k++) {
        struct text word = word_before(b, k);
        if (words_have(w, word))
            return true;
        struct text two = word_before(b, k + 1);
        if (two.len && word.len && words_have(w, (struct text){two.ptr, (size_t)(word.ptr + word.len - two.ptr)}))
            return true;
    }
    return false;
}

/* Alone on its line, or in its cell of a table. */
static bool stands_alone(const struct judge_in *in)
{
    struct text b = before(in), a = after(in);
    while (b.len && strchr(" \t*->\"'`<(0123456789.[", b.ptr[b.len - 1]) && b.ptr[b.len - 1])
        b.len--;
    while (a.len && strchr(" \t*>\"'`),;.]", a.ptr[0]) && a.ptr[0])
        a = text_sub(a, 1, a.len);
    return (b.len == 0 || b.ptr[b.len - 1] == '|') && (a.len == 0 || a.ptr[0] == '|');
}

/* ---- numbers ---- */

static bool small_parts(struct text value, unsigned most)
{
    unsigned n = 0;
    for (size_t i = 0; i < value.len && value.ptr[i] != '/'; i++) {
        n = value.ptr[i] == '.' ? 0 : n * 10 + (unsigned)(value.ptr[i] - '0');
        if (n > most)
            return false;
    }
    return true;
}

static bool is_capitalised(struct text word)
{
    bool lower = false, upper = false;
    for (size_t i = 0; i < word.len; i++) {
        if (!char_is_alnum(word.ptr[i]) && word.ptr[i] != '-' && word.ptr[i] != '+')
            return false;
        upper = upper || char_is_upper(word.ptr[i]);
        lower = lower || char_is_alpha(word.ptr[i]);
    }
    return upper && lower && word.len > 1;
}

static bool version_comes_after(struct text a)
{
    static const char *const tails[] = {" and earlier", " or earlier", " and later", " or later",  " and below",
                                        " or below",    " and prior",  " or newer",  " and newer", " or higher",
                                        " and above",   " and older",  " or older",  " release",   " hotfix",
                                        " patch",       " build",      " firmware"};
    for (size_t i = 0; i < ARRAY_LEN(tails); i++)
        if (text_eq_nocase(text_sub(a, 0, strlen(tails[i])), text_of(tails[i])))
            return true;
    return false;
}

static bool is_version(const struct judge_in *in)
{
    const char c = byte_before(in);
    struct text b = before(in), last = word_before(b, 0);
    const bool slashed = (c == '/' || c == '-' || c == '_') && b.len > 1 && char_is_alnum(b.ptr[b.len - 2]);
    if (in->found->kind != VALUE_IPV4 && in->found->kind != VALUE_CIDR)
        return false;
    if (c == 'v' || c == 'V' || slashed || in->after_version || words_before(&WORDS_VERSION, b, 3) ||
        version_comes_after(after(in)))
        return true;
    if (words_have(&WORDS_ADDRESS, last) || !is_capitalised(last))
        return false;
    return words_in(&WORDS_VERSION_LINE, line_of(in)) || small_parts(in->value, 30);
}

static bool is_section_number(const struct judge_in *in)
{
    struct text b = before(in), a = after(in);
    if (in->found->kind != VALUE_IPV4 || !small_parts(in->value, 40))
        return false;
    if (words_before(&WORDS_SECTION, b, 1) || (b.len && (b.ptr[b.len - 1] & 0x80)))
        return true;
    while (b.len && strchr(" \t#*", b.ptr[b.len - 1]))
        b.len--;
    return b.len == 0 && a.len > 2 && a.ptr[0] == ' ' && char_is_upper(a.ptr[1]) && char_is_alpha(a.ptr[2]);
}

/* ---- addresses that say nothing ---- */

struct special {
    const char *net;
    enum left_out left;
};
static const struct special specials[] = {
    {"192.0.2.0/24", LEFT_RESERVED},  {"198.51.100.0/24", LEFT_RESERVED}, {"203.0.113.0/24", LEFT_RESERVED},
    {"2001:db8::/32", LEFT_RESERVED}, {"3fff::/20", LEFT_RESERVED},       {"10.0.0.0/8", LEFT_PRIVATE},
    {"172.16.0.0/12", LEFT_PRIVATE},  {"192.168.0.0/16", LEFT_PRIVATE},   {"127.0.0.0/8", LEFT_PRIVATE},
    {"169.254.0.0/16", LEFT_PRIVATE}, {"100.64.0.0/10", LEFT_PRIVATE},    {"0.0.0.0/8", LEFT_PRIVATE},
    {"224.0.0.0/3", LEFT_PRIVATE},    {"fc00::/7", LEFT_PRIVATE},         {"fe80::/10", LEFT_PRIVATE},
    {"ff00::/8", LEFT_PRIVATE},       {"::/127", LEFT_PRIVATE},
};

static enum left_out special_address(struct text value)
{
    struct ipnet net, special;
    if (ipnet_parse(value, &net))
        return LEFT_NOT;
    for (size_t i = 0; i < ARRAY_LEN(specials); i++)
        if (ipnet_parse(text_of(specials[i].net), &special) == OK && net.len >= special.len &&
            ipnet_has(&special, &net.addr))
            return specials[i].left;
    return LEFT_NOT;
}

static enum left_out special_host(struct text host)
{
    static const char *const names[] = {"example.com", "example.net", "example.org"};
    struct ipaddr a;
    if (ipaddr_parse(host, &a) == OK)
        return special_address(host);
    if (host.len && host.ptr[0] == '[')
        return special_address(text_sub(host, 1, host.len - 2));
    const char *dot = host.len ? memrchr(host.ptr, '.', host.len) : NULL;
    if (!dot)
        return LEFT_PRIVATE;
    struct text last = text_sub(host, (size_t)(dot + 1 - host.ptr), host.len);
    if (text_eq(last, TEXT("localhost")) || text_eq(last, TEXT("arpa")))
        return LEFT_PRIVATE;
    if (tld_reserved(last))
        return LEFT_RESERVED;
    if (!tld_known(last))
        return LEFT_PRIVATE;
    struct text owned = tld_registered(host);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq(owned, text_of(names[i])))
            return LEFT_RESERVED;
    return LEFT_NOT;
}

struct text judge_host(enum value_kind kind, struct text value)
{
    if (kind == VALUE_DOMAIN)
        return value;
    if (kind == VALUE_EMAIL) {
        const char *at = memrchr(value.ptr, '@', value.len);
        return text_sub(value, (size_t)(at + 1 - value.ptr), value.len);
    }
    ptrdiff_t scheme = kind == VALUE_URL ? text_find_text(value, TEXT("://")) : -1;
    if (scheme < 0)
        return TEXT_NONE;
    struct text rest = text_sub(value, (size_t)scheme + 3, value.len);
    size_t n = 0;
    while (n < rest.len && !strchr("/?#", rest.ptr[n]))
        n++;
    rest = text_sub(rest, 0, n);
    const char *at = rest.len ? memrchr(rest.ptr, '@', rest.len) : NULL;
    if (at)
        rest = text_sub(rest, (size_t)(at + 1 - rest.ptr), rest.len);
    ptrdiff_t close = text_find(rest, ']', 0), colon = text_find(rest, ':', 0);
    if (close > 0)
        return text_sub(rest, 0, (size_t)close + 1);
    return colon > 0 ? text_sub(rest, 0, (size_t)colon) : rest;
}

/* ---- names ---- */

static struct text first_label(struct text host)
{
    ptrdiff_t dot = text_find(host, '.', 0);
    return dot < 0 ? host : text_sub(host, 0, (size_t)dot);
}

static struct text last_label(struct text host)
{
    const char *dot = host.len ? memrchr(host.ptr, '.', host.len) : NULL;
    return dot ? text_sub(host, (size_t)(dot + 1 - host.ptr), host.len) : host;
}

static size_t labels(struct text host)
{
    size_t n = 1;
    for (size_t i = 0; i < host.len; i++)
        n += host.ptr[i] == '.';
    return n;
}

/* As written: "System.Net", "the end.It", "document.name", "run.app(". */
static bool is_code(const struct judge_in *in, struct text host)
{
    struct text written = refanged_text(in->t, in->found->from, in->found->upto);
    size_t at = written.len;
    if (byte_after(in) == '(' || byte_before(in) == '$' || byte_before(in) == '@')
        return true;
    while (at && char_is_alnum(written.ptr[at - 1]))
        at--;
    bool lower = false, upper = false, all_upper = true;
    for (size_t i = at; i < written.len; i++) {
        lower = lower || (char_is_alpha(written.ptr[i]) && !char_is_upper(written.ptr[i]));
        upper = upper || char_is_upper(written.ptr[i]);
    }
    for (size_t i = 0; i < at; i++)
        all_upper = all_upper && (!char_is_alpha(written.ptr[i]) || char_is_upper(written.ptr[i]));
    if (upper && (lower || !all_upper))
        return true;
    return labels(host) == 2 && words_have(&OBJECTS_CODE, first_label(host));
}

static bool is_package(const struct judge_in *in, struct text host)
{
    static const char *const endings[] = {"com", "org", "net", "de", "ru", "fr", "uk",
                                          "nl",  "it",  "eu",  "cn", "jp", "gov"};
    static const char *const sure[] = {"com", "org", "net", "java", "javax", "android", "androidx", "kotlin"};
    struct text first = first_label(host), last = last_label(host);
    if (labels(host) < 3 || !words_have(&PACKAGE_FIRST, first))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(sure); i++)
        if (text_eq(first, text_of(sure[i])))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (text_eq(last, text_of(endings[i])))
            return false;
    static const char *const about[] = {"package", "packages", "class", "app",
                                        "bundle",  "android",  "apk",   "application"};
    const struct text_words words = {about, ARRAY_LEN(about)};
    return words_in(&words, line_of(in));
}

static bool file_comes_after(struct text a)
{
    static const char *const tails[] = {"file",      "script", "archive",  "attachment", "executable", "binary",
                                        "installer", "module", "document", "library",    "files",      "download"};
    const struct text_words words = {tails, ARRAY_LEN(tails)};
    while (a.len && strchr(" \"'`*)", a.ptr[0]))
        a = text_sub(a, 1, a.len);
    return words_begin(&words, a);
}

static bool in_path(const struct judge_in *in)
{
    const char c = byte_before(in);
    struct text b = before(in);
    return c == '\\' || byte_after(in) == '\\' || c == '~' || (c == '/' && !(b.len > 1 && b.ptr[b.len - 2] == '/'));
}

static bool is_file(const struct judge_in *in, struct text host)
{
    struct text b = before(in);
    const struct text last = last_label(host);
    if (text_eq(host, TEXT("command.com")) || in_path(in))
        return true;
    const bool ending = words_have(&ENDINGS_FILE, last), maybe = words_have(&ENDINGS_MAYBE, last);
    if ((!ending && !maybe) || text_starts(host, TEXT("www.")) || words_before(&WORDS_DOMAIN, b, 3))
        return false;
    if (words_before(&WORDS_FILE, b, 3) || file_comes_after(after(in)))
        return true;
    struct text stem = first_label(host), within = text_sub(host, 0, host.len - last.len - 1);
    if (ending && labels(host) > 2 && words_have(&ENDINGS_ONLY, last_label(within)))
        return true; /* "invoice.pdf.zip" */
    return labels(host) == 2 && (ending || words_have(&STEMS_FILE, stem) || text_find(stem, '_', 0) >= 0);
}

/* ---- what is the author's, and what the text refers to ---- */

static bool is_reference(const struct judge_in *in, struct text host)
{
    if (in->section->part == PART_REFERENCES)
        return true;
    return host.len && (words_have(&HOSTS_REFERENCE, tld_registered(host)) || words_have(&HOSTS_REFERENCE, host));
}

/* Beside words that speak of the author: of a long line not all of it. */
static bool is_own_place(const struct judge_in *in)
{
    if (in->section->part == PART_SIGNATURE || !in->section->own_line)
        return in->section->part == PART_SIGNATURE;
    struct text b = before(in), a = after(in);
    return words_in(&LINES_OWN, (struct text){b.ptr, (size_t)(a.ptr + a.len - b.ptr)});
}

static enum left_out left_name(const struct judge_in *in, struct text host)
{
    const enum value_kind kind = in->found->kind;
    if (in->section->part == PART_HEADER)
        return LEFT_HEADER;
    if (kind == VALUE_DOMAIN || in->found->assumed) {
        if (is_file(in, host))
            return LEFT_FILE;
        if (is_code(in, host))
            return LEFT_CODE;
        if (is_package(in, host))
            return LEFT_PACKAGE;
    }
    if (is_own_place(in))
        return LEFT_OWN;
    return is_reference(in, host) ? LEFT_REFERENCE : LEFT_NOT;
}

/* ---- hashes ---- */

static bool is_hash_of_nothing(struct text value)
{
    static const char *const of_nothing[] = {"d41d8cd98f00b204e9800998ecf8427e",
                                             "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                             "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13"
                                             "c5d85f2b0ff8318d2877eec2f63b931bd47417a81"
                                             "a538327af927da3e"};
    for (size_t i = 0; i < ARRAY_LEN(of_nothing); i++)
        if (text_eq(value, text_of(of_nothing[i])))
            return true;
    bool alike = true, digits = true;
    for (size_t i = 0; i < value.len; i++) {
        alike = alike && value.ptr[i] == value.ptr[0];
        digits = digits && char_is_digit(value.ptr[i]);
    }
    return alike || digits;
}

static enum left_out left_hash(const struct judge_in *in)
{
    const char c = byte_before(in), a = byte_after(in);
    const bool bound = c == '_' || (a == '-' && char_is_hex(find_byte(in->t, in->found->upto + 1)) && c == '-');
    static const char *const commit[] = {"commit", "commits"};
    const struct text_words commits = {commit, ARRAY_LEN(commit)};
    if (is_hash_of_nothing(in->value) || bound || words_before(&WORDS_NO_HASH, before(in), 2) ||
        (in->found->kind == VALUE_SHA1 && words_before(&commits, before(in), 6)))
        return LEFT_NO_HASH;
    return in->section->part == PART_HEADER ? LEFT_HEADER : LEFT_NOT;
}

/* "face::add" is no address. */
static bool is_scope(const struct judge_in *in)
{
    size_t groups = 0, digits = 0;
    for (size_t i = 0; i < in->value.len; i++) {
        digits += char_is_digit(in->value.ptr[i]);
        groups += in->value.ptr[i] == ':';
    }
    return digits == 0 || groups < 2 || byte_before(in) == ':' || byte_before(in) == '_';
}

static enum left_out left_address(const struct judge_in *in)
{
    if (in->found->kind == VALUE_IPV6 && is_scope(in))
        return LEFT_CODE;
    if (is_version(in))
        return LEFT_VERSION;
    if (is_section_number(in))
        return LEFT_NUMBER;
    return in->section->part == PART_HEADER ? LEFT_HEADER : LEFT_NOT;
}

/* ---- all together ---- */

/* A label of a bad thing right before it: "C2: ", "Indicator = ". */
static bool is_labelled(const struct judge_in *in)
{
    struct text b = before(in);
    while (b.len && strchr(" \t\"'`*(<[", b.ptr[b.len - 1]))
        b.len--;
    if (!b.len || (b.ptr[b.len - 1] != ':' && b.ptr[b.len - 1] != '='))
        return false;
    return words_before(&WORDS_BAD, b, 2);
}

static uint8_t evidence(const struct judge_in *in, const char **ret_why)
{
    const enum text_part part = in->section->part;
    const enum value_kind kind = in->found->kind;
    if (in->found->undone) {
        *ret_why = "defanged";
        return SURE_CONFIDENCE;
    }
    if (!in->link && (part == PART_IOC || part == PART_IOC_LIST)) {
        *ret_why = "listed as an indicator";
        return SURE_CONFIDENCE;
    }
    if (!in->link && in->section->ioc_table && part != PART_REFERENCES) {
        *ret_why = "in a table of indicators";
        return SURE_CONFIDENCE;
    }
    if (!in->link && is_labelled(in)) {
        *ret_why = "its label says so";
        return SURE_CONFIDENCE;
    }
    if (kind >= VALUE_MD5) {
        *ret_why = "a hash";
        return 60;
    }
    if (stands_alone(in) && !in->link) {
        *ret_why = "alone on its line";
        return 50;
    }
    *ret_why = in->link ? "where a link leads" : "in running text";
    return 40;
}

static enum left_out against(const struct judge_in *in, struct text host)
{
    switch (in->found->kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR: return left_address(in);
    case VALUE_DOMAIN:
    case VALUE_URL:
    case VALUE_EMAIL: return left_name(in, host);
    default: return left_hash(in);
    }
}

static struct judged left(enum left_out why)
{
    return (struct judged){.left = why};
}

/* Ends in nothing that domains end in: the name of a file, or no name at all. */
static struct judged judge_name(const struct judge_in *in)
{
    struct text last = last_label(in->value);
    if (words_have(&ENDINGS_ONLY, last))
        return left(LEFT_FILE);
    return left(in->found->undone ? LEFT_CODE : LEFT_NOT);
}

struct judged judge(const struct judge_in *in)
{
    struct judged j = {.left = LEFT_NOT};
    switch (in->found->what) {
    case FIND_VULNERABILITY: return left(NAMED_VULNERABILITY);
    case FIND_TECHNIQUE: return left(NAMED_TECHNIQUE);
    case FIND_NAME: return judge_name(in);
    case FIND_VALUE: break;
    default: return left(LEFT_NOT);
    }
    struct text host = judge_host(in->found->kind, in->value);
    const enum left_out special = host.len ? special_host(host) : special_address(in->value);
    uint8_t confidence = evidence(in, &j.why);
    enum left_out why = in->found->undone ? LEFT_NOT : against(in, host);
    if (special == LEFT_PRIVATE && !(in->found->undone && in->found->kind == VALUE_URL && !host.len))
        return left(LEFT_PRIVATE);
    /* a heading over a list does not make an indicator of a file's name, nor of what is clearly something else */
    if (why == LEFT_OWN && confidence >= SURE_CONFIDENCE && in->section->part != PART_SIGNATURE)
        why = LEFT_NOT;
    if (why == LEFT_FILE && confidence >= SURE_CONFIDENCE && stands_alone(in) &&
        words_have(&ENDINGS_MAYBE, last_label(host)) && !words_have(&STEMS_FILE, first_label(host)))
        why = LEFT_NOT;
    if (why != LEFT_NOT)
        return left(why);
    if (special == LEFT_RESERVED && confidence < SURE_CONFIDENCE)
        return left(LEFT_RESERVED);
    j.confidence = confidence;
    return j;
}
