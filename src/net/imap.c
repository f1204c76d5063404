/* net/imap.c - see imap.h.
 *
 * What a server sends is lines, and literals of a length said at a line's end (RFC 3501 section 4.3). A line has a
 * limit and is only looked through for what was asked; literals go to a file, or are passed over. */
#include "net/imap.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/http_listen.h"

#define IMAP_LINE_MAX  (1 * MIB) /* a SEARCH of a hundred thousand UIDs */
#define IMAP_UIDS_MAX  131072
#define IMAP_WINDOW    (64 * KIB)
#define IMAP_LOOK_MS   200 /* how soon a cancellation is seen */
#define CREDENTIAL_MAX (8 * KIB)

struct imap {
    CURL *curl;
    curl_socket_t socket;
    const atomic_bool *cancel;
    unsigned patience_ms;
    bool plain_refused;
    char why[CURL_ERROR_SIZE];
    unsigned tag;
    uint32_t uidvalidity;
    uint32_t *uids; /* owned; ascending */
    size_t uid_count;
    bool searched;
    char *window; /* owned; what was received and not yet taken */
    size_t from, to;
    struct buffer line;
};

/* ---- connecting ---- */

static curl_socket_t open_local_socket(void *self, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct imap *m = self;
    struct http_endpoint at;
    (void)purpose;
    if (!http_endpoint_of(&to->addr, &at) || !http_is_loopback(&at.address)) {
        m->plain_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static bool is_local(const char *url)
{
    bool local = false;
    char *host = NULL;
    CURLU *u = curl_url();
    struct ipaddr a;
    if (u && !curl_url_set(u, CURLUPART_URL, url, 0) && !curl_url_get(u, CURLUPART_HOST, &host, 0)) {
        struct text name = text_of(host);
        if (text_starts(name, TEXT("[")))
            name = text_sub(name, 1, name.len - 2);
        local = text_eq(name, TEXT("localhost")) || (ipaddr_parse(name, &a) == OK && http_is_loopback(&a));
    }
    curl_free(host);
    curl_url_cleanup(u);
    return local;
}

static char *copy(struct text t)
{
    return strndup(t.ptr ? t.ptr : "", t.len);
}

static CURLcode set_options(struct imap *m, const struct imap_options *o, const char *user, const char *password)
{
    CURL *c = m->curl;
    bool plain = is_local(o->url);
    CURLcode code = curl_easy_setopt(c, CURLOPT_URL, o->url);
    code = code ? code : curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    code = code ? code : curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
    code = code ? code : curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    code = code ? code : curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    code = code ? code : curl_easy_setopt(c, CURLOPT_USERNAME, user);
    code = code ? code : curl_easy_setopt(c, CURLOPT_PASSWORD, password);
    code = code ? code : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : curl_easy_setopt(c, CURLOPT_ERRORBUFFER, m->why);
    code =
        code ? code : curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(o->timeout_ms ? o->timeout_ms : 30000));
    code = code ? code : curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(o->timeout_ms ? o->timeout_ms : 30000));
    if (plain && !code)
        code = curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_local_socket);
    if (plain && !code)
        code = curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, m);
    return code;
}

static enum err connect_failed(const struct imap *m, CURLcode code, struct fault *reterr)
{
    if (code == CURLE_OUT_OF_MEMORY)
        return fault_set(reterr, ERR_NOMEM, "no memory for a mailbox");
    if (code == CURLE_LOGIN_DENIED)
        return fault_set(reterr, ERR_DENIED,
                         "it does not accept our user and password (entente source set NAME --secret-file F)");
    if (code == CURLE_USE_SSL_FAILED)
        return fault_set(reterr, ERR_DENIED, "it offers no TLS: a password is not sent in the clear (use imaps://)");
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        return fault_set(reterr, ERR_USAGE, "a mailbox's place is imaps://host/ or imap://host/");
    return fault_set(reterr, ERR_UNREACHABLE, "%.200s", m->why[0] ? m->why : curl_easy_strerror(code));
}

static enum err log_in(struct imap *m, const struct imap_options *o, struct fault *reterr)
{
    char *user = copy(o->user), *password = copy(o->password);
    CURLcode code = user && password ? set_options(m, o, user, password) : CURLE_OUT_OF_MEMORY;
    if (!code)
        code = curl_easy_perform(m->curl);
    if (!code)
        code = curl_easy_getinfo(m->curl, CURLINFO_ACTIVESOCKET, &m->socket);
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    free(user);
    if (!code && m->socket == CURL_SOCKET_BAD)
        code = CURLE_COULDNT_CONNECT;
    return code ? connect_failed(m, code, reterr) : OK;
}

/* ---- bytes ---- */

static bool cancelled(const struct imap *m)
{
    return m->cancel && atomic_load(m->cancel);
}

static enum err wait_for(const struct imap *m, short events, int64_t until_us, struct fault *reterr)
{
    while (clock_mono_us() < until_us) {
        struct pollfd p = {.fd = m->socket, .events = events};
        if (cancelled(m))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        if (poll(&p, 1, IMAP_LOOK_MS) > 0)
            return OK;
    }
    return fault_set(reterr, ERR_UNREACHABLE, "the mail server says nothing any more");
}

static enum err send_all(struct imap *m, struct text t, struct fault *reterr)
{
    const int64_t until_us = clock_mono_us() + (int64_t)m->patience_ms * 1000;
    while (t.len) {
        size_t n = 0;
        CURLcode code = curl_easy_send(m->curl, t.ptr, t.len, &n);
        if (code && code != CURLE_AGAIN)
            return fault_set(reterr, ERR_UNREACHABLE, "the line to the mail server broke");
        t = text_sub(t, n, t.len);
        if (code == CURLE_AGAIN) {
            enum err e = wait_for(m, POLLOUT, until_us, reterr);
            if (e)
                return e;
        }
    }
    return OK;
}

/* At least one more byte into the window. */
static enum err receive(struct imap *m, struct fault *reterr)
{
    const int64_t until_us = clock_mono_us() + (int64_t)m->patience_ms * 1000;
    m->from = m->to = 0;
    for (;;) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(m->curl, m->window, IMAP_WINDOW, &n);
        if (code == CURLE_OK && n > 0) {
            m->to = n;
            return OK;
        }
        if (code != CURLE_AGAIN)
            return fault_set(reterr, ERR_UNREACHABLE, "the mail server closed the line");
        enum err e = wait_for(m, POLLIN, until_us, reterr);
        if (e)
            return e;
    }
}

/* One line, without its CR LF, into m->line. */
static enum err read_line(struct imap *m, struct fault *reterr)
{
    buffer_clear(&m->line);
    for (;;) {
        if (m->from == m->to) {
            enum err e = receive(m, reterr);
            if (e)
                return e;
        }
        const struct text left = {m->window + m->from, m->to - m->from};
        const ptrdiff_t end = text_find(left, '\n', 0);
        buffer_add(&m->line, end < 0 ? left : text_sub(left, 0, (size_t)end));
        m->from = end < 0 ? m->to : m->from + (size_t)end + 1;
        if (buffer_error(&m->line))
            return fault_set(reterr, buffer_error(&m->line) == ERR_LIMIT ? ERR_UNREACHABLE : ERR_NOMEM,
                             "a line of the mail server is longer than %zu bytes", IMAP_LINE_MAX);
        if (end >= 0) {
            if (m->line.len && m->line.ptr[m->line.len - 1] == '\r')
                m->line.len--;
            return OK;
        }
    }
}

/* "... {123}" at the line's end announces 123 bytes. */
static bool literal_of(struct text line, uint64_t *ret)
{
    if (!text_ends(line, TEXT("}")))
        return false;
    size_t at = line.len - 1;
    while (at > 0 && line.ptr[at - 1] != '{')
        at--;
    return at > 0 && text_u64(text_sub(line, at, line.len - 1 - at), ret) == OK;
}

static enum err write_all(int to, const char *bytes, size_t len, struct fault *reterr)
{
    while (len) {
        ssize_t n = write(to, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault_errno(reterr, "keeping a message in the home");
        bytes += n;
        len -= (size_t)n;
    }
    return OK;
}

/* to -1: passed over. */
static enum err read_literal(struct imap *m, uint64_t len, int to, struct fault *reterr)
{
    enum err e = OK;
    while (e == OK && len) {
        if (m->from == m->to)
            e = receive(m, reterr);
        if (e)
            break;
        size_t n = m->to - m->from < len ? m->to - m->from : (size_t)len;
        if (to >= 0)
            e = write_all(to, m->window + m->from, n, reterr);
        m->from += n;
        len -= n;
    }
    return e;
}

/* ---- commands ---- */

struct answer {
    void (*line)(struct imap *m, struct text line); /* an untagged one, "* " taken off; may be NULL */
    int literal_to;                                 /* of a FETCH with a body; -1: passed over */
    uint64_t literal_max;
    uint64_t literal_bytes; /* written */
    bool literal_seen, literal_too_long;
};

static enum err read_untagged(struct imap *m, struct answer *a, struct fault *reterr)
{
    bool body = a->literal_to >= 0 && text_find_text(buffer_text(&m->line), TEXT(" FETCH ")) >= 0 &&
                text_find_text(buffer_text(&m->line), TEXT("BODY[]")) >= 0;
    uint64_t len;
    enum err e = OK;
    if (a->line && m->line.len > 2)
        a->line(m, text_sub(buffer_text(&m->line), 2, m->line.len));
    while (e == OK && literal_of(buffer_text(&m->line), &len)) {
        bool wanted = body && !a->literal_seen;
        if (wanted && len > a->literal_max) {
            a->literal_too_long = true;
            return fault_set(reterr, ERR_LIMIT, "a message of %llu bytes is longer than %llu",
                             (unsigned long long)len, (unsigned long long)a->literal_max);
        }
        e = read_literal(m, len, wanted ? a->literal_to : -1, reterr);
        if (wanted) {
            a->literal_seen = true;
            a->literal_bytes = len;
        }
        if (e == OK)
            e = read_line(m, reterr);
    }
    return e;
}

static enum err command(struct imap *m, const char *words, struct answer *a, struct fault *reterr)
{
    char tag[16];
    struct buffer line;
    buffer_init(&line, 64 * KIB);
    const int tag_len = snprintf(tag, sizeof tag, "E%u ", ++m->tag);
    buffer_addf(&line, "%s%s\r\n", tag, words);
    enum err e = buffer_error(&line);
    if (e == OK)
        e = send_all(m, buffer_text(&line), reterr);
    buffer_done(&line);
    while (e == OK) {
        e = read_line(m, reterr);
        const struct text got = buffer_text(&m->line);
        if (e || !text_starts(got, (struct text){tag, (size_t)tag_len})) {
            e = e ? e : read_untagged(m, a, reterr);
            continue;
        }
        const struct text said = text_sub(got, (size_t)tag_len, got.len);
        if (text_eq_nocase(text_sub(said, 0, 3), TEXT("OK ")) || text_eq_nocase(said, TEXT("OK")))
            return OK;
        return fault_set(reterr, ERR_UNREACHABLE, "the mail server says: " TEXT_FMT,
                         (int)(said.len < 160 ? said.len : 160), said.ptr);
    }
    return e;
}

static void on_examine(struct imap *m, struct text line)
{
    ptrdiff_t at = text_find_text(line, TEXT("[UIDVALIDITY "));
    uint64_t n;
    if (at < 0)
        return;
    struct text digits = text_sub(line, (size_t)at + 13, line.len);
    ptrdiff_t end = text_find(digits, ']', 0);
    if (end > 0 && text_u64(text_sub(digits, 0, (size_t)end), &n) == OK && n <= UINT32_MAX)
        m->uidvalidity = (uint32_t)n;
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void on_search(struct imap *m, struct text line)
{
    struct text rest = line, word;
    uint64_t n;
    if (!text_split(&rest, ' ', &word) || !text_eq_nocase(word, TEXT("SEARCH")))
        return;
    while (m->uid_count < IMAP_UIDS_MAX && text_split(&rest, ' ', &word))
        if (text_u64(word, &n) == OK && n > 0 && n <= UINT32_MAX)
            m->uids[m->uid_count++] = (uint32_t)n;
}

/* A quoted string (RFC 3501 section 4.3). */
static enum err examine(struct imap *m, struct text folder, struct fault *reterr)
{
    struct answer a = {.line = on_examine, .literal_to = -1};
    struct buffer words;
    buffer_init(&words, 4 * KIB);
    buffer_add(&words, TEXT("EXAMINE \""));
    if (!folder.len)
        folder = TEXT("INBOX");
    for (size_t i = 0; i < folder.len; i++) {
        const char c = folder.ptr[i];
        if ((unsigned char)c < 0x20 || c == 0x7f) {
            buffer_done(&words);
            return fault_set(reterr, ERR_USAGE, "a mail folder's name holds a control character");
        }
        if (c == '"' || c == '\\')
            buffer_add_char(&words, '\\');
        buffer_add_char(&words, c);
    }
    buffer_add(&words, TEXT("\""));
    buffer_add_char(&words, '\0');
    enum err e = buffer_error(&words);
    if (e == OK)
        e = command(m, words.ptr, &a, reterr);
    buffer_done(&words);
    if (e == OK && !m->uidvalidity)
        e = fault_set(reterr, ERR_UNREACHABLE, "the mail server gives its folder no UIDVALIDITY");
    return e;
}

enum err imap_open(const struct imap_options *options, struct imap **ret, struct fault *reterr)
{
    struct imap *m = calloc(1, sizeof *m);
    if (!m || curl_global_init(CURL_GLOBAL_DEFAULT)) {
        free(m);
        return fault_set(reterr, ERR_NOMEM, "no memory for a mailbox");
    }
    m->cancel = options->cancel;
    m->patience_ms = (options->patience_s ? options->patience_s : 60) * 1000;
    buffer_init(&m->line, IMAP_LINE_MAX);
    m->curl = curl_easy_init();
    m->window = malloc(IMAP_WINDOW);
    m->uids = calloc(IMAP_UIDS_MAX, sizeof *m->uids);
    enum err e = m->curl && m->window && m->uids ? log_in(m, options, reterr) : ERR_NOMEM;
    if (e == OK)
        e = examine(m, options->folder, reterr);
    if (e)
        imap_close(m);
    else
        *ret = m;
    return e;
}

uint32_t imap_uidvalidity(const struct imap *m)
{
    return m->uidvalidity;
}

/* "n:*" names the last message, too, when all are below n (RFC 3501 section 6.4.8): those are passed over. */
static enum err search(struct imap *m, uint32_t after, struct fault *reterr)
{
    struct answer a = {.line = on_search, .literal_to = -1};
    char words[64];
    m->uid_count = 0;
    snprintf(words, sizeof words, "UID SEARCH UID %lu:*", (unsigned long)after + 1);
    enum err e = command(m, words, &a, reterr);
    if (e == OK)
        qsort(m->uids, m->uid_count, sizeof *m->uids, compare);
    m->searched = e == OK;
    return e;
}

enum err imap_next(struct imap *m, uint32_t after, uint32_t *ret_uid, struct fault *reterr)
{
    if (after == UINT32_MAX)
        return ERR_NOT_FOUND;
    enum err e = m->searched ? OK : search(m, after, reterr);
    for (size_t i = 0; e == OK && i < m->uid_count; i++)
        if (m->uids[i] > after) {
            *ret_uid = m->uids[i];
            return OK;
        }
    return e ? e : ERR_NOT_FOUND;
}

enum err imap_fetch(struct imap *m, uint32_t uid, int to, uint64_t max_bytes, struct fault *reterr)
{
    struct answer a = {.literal_to = to, .literal_max = max_bytes};
    char words[64];
    snprintf(words, sizeof words, "UID FETCH %lu BODY.PEEK[]", (unsigned long)uid);
    enum err e = command(m, words, &a, reterr);
    return e ? e : a.literal_seen ? OK : ERR_NOT_FOUND;
}

void imap_close(struct imap *m)
{
    if (!m)
        return;
    if (m->curl)
        curl_easy_cleanup(m->curl);
    curl_global_cleanup();
    buffer_done(&m->line);
    free(m->window);
    free(m->uids);
    free(m);
}
