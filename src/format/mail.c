/* format/mail.c - see mail.h. A mail is never held, unless it lies in another container: GMime notes where its parts
 * lie, and each is decoded while it is read. */
#include "format/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/mail_gmime.h"
#include "format/part.h"

#define CLAIM_LINES  64
#define MESSAGES_MAX 100000 /* of an mbox */

struct mail {
    struct gmime g;
    struct format_job job; /* texts owned below */
    char *texts;
    struct container_budget own_budget;
    struct part part;
    struct part_sums sums;
    struct buffer held;
    uint64_t bytes;
    off_t base;
    int64_t at; /* of the part; never goes down; -1: the END was said */
    bool done, plain_seen;
    unsigned parts, messages;
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *message;
    GMimePartIter *iter;
    GMimeStream *content; /* of the part that is open */
    enum { CHARSET_UTF8, CHARSET_LATIN1, CHARSET_OTHER } charset;
    char *sender; /* owned */
};

/* ---- is it a mail ---- */

static bool known_header(struct text line)
{
    static const char *const names[] = {
        "from:",    "received:", "message-id:",   "mime-version:", "return-path:",    "delivered-to:", "to:",
        "subject:", "date:",     "content-type:", "reply-to:",     "dkim-signature:", "sender:",       "cc:"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_eq_nocase(text_sub(line, 0, strlen(names[i])), text_of(names[i])))
            return true;
    return false;
}

/* A field name and its colon (RFC 5322 section 2.2), or the continuation of one. */
static bool header_line(struct text line)
{
    if (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        return true;
    ptrdiff_t colon = text_find(line, ':', 0);
    for (ptrdiff_t i = 0; i < colon; i++)
        if ((unsigned char)line.ptr[i] <= 0x20 || (unsigned char)line.ptr[i] >= 0x7f)
            return false;
    return colon > 0;
}

static enum format_claim claim(const struct format_head *h)
{
    struct text rest = h->bytes, line;
    unsigned known = 0, lines = 0;
    if (text_starts(rest, TEXT("From ")) && !text_split(&rest, '\n', &line))
        return FORMAT_NO;
    while (lines < CLAIM_LINES && text_split(&rest, '\n', &line)) {
        const bool cut = !rest.ptr && !h->whole; /* the last line may go on */
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (cut)
            return known >= 3 ? FORMAT_YES : FORMAT_MORE;
        if (line.len == 0)
            break;
        if (!header_line(line))
            return FORMAT_NO;
        known += known_header(line);
        lines++;
    }
    return known >= 2 ? FORMAT_YES : FORMAT_NO;
}

/* ---- opening ---- */

static enum err find_bytes(struct mail *m)
{
    const int fd = m->job.from.fd;
    off_t here = m->job.from.read || fd < 0 ? -1 : lseek(fd, 0, SEEK_CUR);
    off_t end = here < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (end >= 0 && lseek(fd, here, SEEK_SET) == here) {
        m->base = here - (off_t)m->job.head.len;
        m->bytes = (uint64_t)(end - m->base);
        m->stream = m->g.g_mime_stream_fs_new_with_bounds(fd, m->base, end);
        m->g.g_mime_stream_fs_set_owner((GMimeStreamFs *)m->stream, FALSE);
        return OK;
    }
    enum err e = part_hold(&m->job, CONTAINER_HELD_MAX_BYTES, &m->held);
    if (e == ERR_NOMEM)
        return e;
    if (e)
        part_sums_fail(&m->sums, TEXT_NONE,
                       e == ERR_LIMIT ? "a mail of more than 128 MiB inside another container"
                                      : "the mail could not be read to its end");
    m->bytes = m->held.len;
    m->stream = m->g.g_mime_stream_mem_new_with_buffer(m->held.ptr ? m->held.ptr : "", m->held.len);
    return OK;
}

static enum err begin(struct mail *m)
{
    if (!gmime_load(&m->g)) {
        part_sums_fail(&m->sums, TEXT_NONE,
                       "mails are read with GMime, which is not on this machine: apt install libgmime-3.0-0");
        m->done = true;
        return OK;
    }
    const bool mbox = text_starts(m->job.head, TEXT("From "));
    enum err e = find_bytes(m);
    if (e)
        return e;
    if (!m->job.budget) {
        m->own_budget = container_budget_of(m->bytes);
        m->job.budget = &m->own_budget;
    }
    m->parser = m->g.g_mime_parser_new_with_stream(m->stream);
    m->g.g_mime_parser_set_persist_stream(m->parser, TRUE);
    if (mbox)
        m->g.g_mime_parser_set_format(m->parser, GMIME_FORMAT_MBOX);
    return OK;
}

static void end_part(struct mail *m)
{
    if (m->content)
        m->g.g_object_unref(m->content);
    m->content = NULL;
}

static void end_message(struct mail *m)
{
    end_part(m);
    if (m->iter)
        m->g.g_mime_part_iter_free(m->iter);
    if (m->message)
        m->g.g_object_unref(m->message);
    free(m->sender);
    m->iter = NULL;
    m->message = NULL;
    m->sender = NULL;
}

static void mail_free(void *self)
{
    struct mail *m = self;
    if (!m)
        return;
    part_done(&m->part);
    part_sums_done(&m->sums);
    end_message(m);
    if (m->parser)
        m->g.g_object_unref(m->parser);
    if (m->stream)
        m->g.g_object_unref(m->stream);
    buffer_done(&m->held);
    free(m->texts);
    free(m);
}

static enum err mail_open(const struct format_job *job, void **ret)
{
    struct mail *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    buffer_init(&m->held, 0);
    part_init(&m->part);
    part_sums_init(&m->sums);
    enum err e = part_copy_job(job, &m->job, &m->texts);
    if (e == OK && job->depth >= CONTAINER_DEPTH_MAX) {
        part_sums_fail(&m->sums, TEXT_NONE, "containers in containers, more than four deep: unpack it first");
        m->done = true;
    } else if (e == OK) {
        e = begin(m);
    }
    m->job.head = TEXT_NONE;
    if (e)
        mail_free(m);
    else
        *ret = m;
    return e;
}

/* ---- a part's bytes ---- */

/* UTF-8 of text in the character sets of western Europe; of others what is ASCII: addresses and names are. */
static ptrdiff_t to_utf8(const struct mail *m, const unsigned char *from, size_t len, char *to)
{
    ptrdiff_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = from[i];
        if (c < 0x80) {
            to[n++] = (char)c;
        } else if (m->charset == CHARSET_LATIN1 && c >= 0xa0) {
            to[n++] = (char)(0xc0 | c >> 6);
            to[n++] = (char)(0x80 | (c & 0x3f));
        } else {
            to[n++] = '?';
        }
    }
    return n;
}

static ptrdiff_t read_part(void *self, char *to, size_t room)
{
    struct mail *m = self;
    unsigned char raw[16 * 1024];
    ssize_t n;
    if (m->charset == CHARSET_UTF8)
        n = m->g.g_mime_stream_read(m->content, to, room < 256 * KIB ? room : 256 * KIB);
    else
        n = m->g.g_mime_stream_read(m->content, (char *)raw, room / 2 < sizeof raw ? room / 2 : sizeof raw);
    if (n > 0 && m->charset != CHARSET_UTF8)
        n = to_utf8(m, raw, (size_t)n, to);
    return n < 0 ? 0 : container_take(m->job.budget, n);
}

static void find_charset(struct mail *m, GMimeContentType *type, bool text)
{
    static const char *const utf8[] = {"utf-8", "us-ascii", "utf8", "ascii"};
    static const char *const latin1[] = {"iso-8859-1", "iso-8859-15", "windows-1252", "latin1", "cp1252"};
    const char *named = text ? m->g.g_mime_content_type_get_parameter(type, "charset") : NULL;
    m->charset = named ? CHARSET_OTHER : CHARSET_UTF8;
    for (size_t i = 0; named && i < ARRAY_LEN(utf8); i++)
        if (text_eq_nocase(text_of(named), text_of(utf8[i])))
            m->charset = CHARSET_UTF8;
    for (size_t i = 0; named && i < ARRAY_LEN(latin1); i++)
        if (text_eq_nocase(text_of(named), text_of(latin1[i])))
            m->charset = CHARSET_LATIN1;
}

static void open_content(struct mail *m, GMimeDataWrapper *wrapper)
{
    GMimeStream *raw = m->g.g_mime_data_wrapper_get_stream(wrapper);
    GMimeContentEncoding how = m->g.g_mime_data_wrapper_get_encoding(wrapper);
    (void)m->g.g_mime_stream_reset(raw);
    m->content = m->g.g_mime_stream_filter_new(raw);
    GMimeFilter *decode = m->g.g_mime_filter_basic_new(how, FALSE);
    if (decode) {
        m->g.g_mime_stream_filter_add((GMimeStreamFilter *)m->content, decode);
        m->g.g_object_unref(decode);
    }
    const int64_t start = raw->bound_start - (int64_t)m->base;
    if (start > m->at && (uint64_t)start < m->bytes)
        m->at = start;
}

/* ---- parts ---- */

static bool is(const char *word, const char *other)
{
    return word && text_eq_nocase(text_of(word), text_of(other));
}

/* What is named, and not opened. NULL: it is to be read. */
static const char *not_read(const char *type, const char *subtype)
{
    if (is(type, "application") &&
        (is(subtype, "pgp-signature") || is(subtype, "pkcs7-signature") || is(subtype, "x-pkcs7-signature")))
        return "a signature: not checked";
    if (is(type, "application") &&
        (is(subtype, "pgp-encrypted") || is(subtype, "pkcs7-mime") || is(subtype, "x-pkcs7-mime")))
        return "encrypted (OpenPGP or S/MIME): not opened; decrypt it, and import what comes out";
    if (is(type, "image") || is(type, "audio") || is(type, "video") || is(type, "font"))
        return "a picture, sound or film: not read";
    return NULL;
}

/* The HTML of an alternative says what the text before it says. */
static bool said_already(struct mail *m, bool html)
{
    GMimeObject *parent = m->g.g_mime_part_iter_get_parent(m->iter);
    GMimeContentType *type = parent ? m->g.g_mime_object_get_content_type(parent) : NULL;
    return html && m->plain_seen && type && is(m->g.g_mime_content_type_get_media_subtype(type), "alternative");
}

static enum err begin_part(struct mail *m, GMimePart *part, struct buffer *to)
{
    GMimeContentType *type = m->g.g_mime_object_get_content_type((GMimeObject *)part);
    const char *media = m->g.g_mime_content_type_get_media_type(type),
               *subtype = m->g.g_mime_content_type_get_media_subtype(type);
    const char *file = m->g.g_mime_part_get_filename(part);
    GMimeDataWrapper *wrapper = m->g.g_mime_part_get_content(part);
    char made[64];
    const bool text = is(media, "text"), html = text && is(subtype, "html");
    const bool body = !file && text && (html || is(subtype, "plain"));
    snprintf(made, sizeof made, "part %u%s", m->parts, html ? ".html" : body ? ".txt" : "");
    const struct text name = text_of(file ? file : made);
    const char *why = not_read(media, subtype);
    if (!why && said_already(m, html))
        why = "the same as HTML: the text before it was read";
    if (!why && !wrapper)
        return OK;
    if (!why && body && m->job.inner_as && !is(m->job.inner_as, "text"))
        why = "the mail's own words: only what is attached was asked for";
    m->plain_seen = m->plain_seen || (body && !html);
    if (why) {
        part_lost(to, m->at, name, why);
        return OK;
    }
    find_charset(m, type, text);
    open_content(m, wrapper);
    m->job.sender = text_of(m->sender);
    return part_open(&m->part, &m->job, name,
                     m->job.inner_as ? m->job.inner_as
                     : body          ? "text"
                                     : NULL,
                     m->job.depth ? 0 : m->at, (struct feed_from){.fd = -1, .read = read_part, .self = m}, &m->sums,
                     to);
}

static void find_sender(struct mail *m)
{
    InternetAddressList *from = m->g.g_mime_message_get_from(m->message);
    if (!from || m->g.internet_address_list_length(from) < 1)
        return;
    InternetAddress *first = m->g.internet_address_list_get_address(from, 0);
    if (!first || !m->g.g_type_check_instance_is_a((GTypeInstance *)first, m->g.internet_address_mailbox_get_type()))
        return;
    const char *address = m->g.internet_address_mailbox_get_addr((InternetAddressMailbox *)first);
    if (address && text_is_utf8(text_of(address)) && strlen(address) <= EMAIL_MAX_BYTES)
        m->sender = strdup(address);
}

static void next_message(struct mail *m)
{
    end_message(m);
    m->plain_seen = false;
    if (m->messages && (m->g.g_mime_parser_eos(m->parser) || m->messages >= MESSAGES_MAX)) {
        m->done = true;
        return;
    }
    m->message = m->g.g_mime_parser_construct_message(m->parser, NULL);
    if (!m->message) {
        if (!m->messages)
            part_sums_fail(&m->sums, TEXT_NONE, "no mail: its header could not be read");
        m->done = true;
        return;
    }
    m->messages++;
    find_sender(m);
    m->iter = m->g.g_mime_part_iter_new((GMimeObject *)m->message);
}

static enum err next_part(struct mail *m, struct buffer *to)
{
    end_part(m);
    if (m->job.budget->spent) {
        m->sums.err = OK;
        buffer_clear(&m->sums.what);
        part_sums_fail(&m->sums, m->job.name,
                       "its attachments unpack to more than 250 times its size (and 32 MiB): import them one by one");
        m->done = true;
        return OK;
    }
    if (!m->iter) {
        next_message(m);
        return OK;
    }
    GMimeObject *o = m->g.g_mime_part_iter_get_current(m->iter);
    const bool leaf = o && m->g.g_type_check_instance_is_a((GTypeInstance *)o, m->g.g_mime_part_get_type());
    enum err e = OK;
    if (leaf && ++m->parts > CONTAINER_PARTS_MAX) {
        part_sums_fail(&m->sums, TEXT_NONE, "more than 10000 parts: the rest was not looked at");
        m->done = true;
    } else if (leaf) {
        e = begin_part(m, (GMimePart *)o, to);
    }
    if (!m->g.g_mime_part_iter_next(m->iter)) {
        m->g.g_mime_part_iter_free(m->iter);
        m->iter = NULL;
    }
    return e;
}

static enum err mail_next(void *self, struct buffer *to)
{
    struct mail *m = self;
    if (m->part.ops)
        return part_next(&m->part, &m->sums, to);
    if (!m->done)
        return next_part(m, to);
    if (m->at < 0)
        return ERR_NOT_FOUND;
    part_sums_end(&m->sums, m->at, to);
    m->at = -1;
    return OK;
}

const struct format FORMAT_MAIL = {
    .name = "mail", .keeps = true, .claim = claim, .open = mail_open, .next = mail_next, .free = mail_free};
