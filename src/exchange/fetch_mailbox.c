/* exchange/fetch_mailbox.c - messages of a mailbox: by IMAP, or of a Maildir on this machine (its path is the place).
 *
 * IMAP numbers messages by UIDs that only grow, as long as the folder's UIDVALIDITY stays (RFC 3501 section 2.3.1.1).
 * The cursor moves behind a message once that is durable here; with another UIDVALIDITY everything is looked at
 * again, and what was taken before is unchanged. Nothing in the mailbox is changed: no message becomes read. */
#include <stdio.h>
#include <unistd.h>

#include "exchange/fetch_folder.h"
#include "net/imap.h"
#include "json/json.h"

#define MESSAGE_MAX_BYTES ((uint64_t)256 * MIB)
#define IMAP_TIMEOUT_MS   30000

struct cursor_mail {
    int64_t uidvalidity, uid;
};

static enum err load(struct fetch *f, struct cursor_mail *ret, struct fault *reterr)
{
    struct json_doc *doc;
    enum err e = fetch_state_read(f, &doc, reterr);
    if (e || !doc)
        return e;
    const struct json_val *o = json_root(doc);
    if (text_eq(json_text(json_get(o, "folder")), f->source.collection))
        (void)(json_i64(json_get(o, "uidvalidity"), &ret->uidvalidity) && json_i64(json_get(o, "uid"), &ret->uid));
    json_free(doc);
    return OK;
}

static enum err save(const struct fetch *f, const struct cursor_mail *c, struct fault *reterr)
{
    struct fetch_state s;
    fetch_state_begin(f, &s);
    json_member_text(&s.out, "folder", f->source.collection);
    json_member_i64(&s.out, "uidvalidity", c->uidvalidity);
    json_member_i64(&s.out, "uid", c->uid);
    return fetch_state_end(f, &s, reterr);
}

/* One that is too long, or gone, is told of and passed over: the next ones are not to wait for it for ever. */
static enum err take_message(struct fetch *f, struct imap *m, uint32_t uid, struct fault *reterr)
{
    int fd = -1;
    struct fault why = {.offset = -1, .line = -1};
    const char *name = arena_printf(&f->arena, "message %lu", (unsigned long)uid);
    enum err e = name ? fetch_file(f, &fd, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a message");
    if (e)
        return e;
    e = imap_fetch(m, uid, fd, MESSAGE_MAX_BYTES, &why);
    if (e == OK && lseek(fd, 0, SEEK_SET) != 0)
        e = fault_errno(&why, "reading a message");
    if (e == OK)
        e = fetch_take(f, fd, text_of(name), f->format ? f->format : READER_MAIL, NULL, &why);
    close(fd);
    if (e == ERR_NOT_FOUND)
        return OK;
    if (e && reterr)
        *reterr = why;
    return e;
}

static enum err take_messages(struct fetch *f, struct imap *m, struct cursor_mail *c, struct fault *reterr)
{
    uint32_t uid;
    enum err e = OK;
    while (e == OK && (e = imap_next(m, (uint32_t)c->uid, &uid, reterr)) == OK) {
        if (fetch_cancelled(f))
            return fault_set(reterr, ERR_CANCELLED, "stopped");
        e = take_message(f, m, uid, reterr);
        if (e && e != ERR_LIMIT)
            return e;
        if (e == ERR_LIMIT && reterr) /* the line is in the middle of it: a new one goes on behind it */
            snprintf(f->result->words, sizeof f->result->words, "message %lu: %.180s", (unsigned long)uid,
                     reterr->what);
        c->uid = uid;
        enum err kept = save(f, c, reterr);
        e = kept ? kept : e;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err fetch_imap(struct fetch *f, struct fault *reterr)
{
    struct imap *m = NULL;
    struct cursor_mail c = {0};
    struct imap_options options = {.url = fetch_string(f, f->source.place),
                                   .user = f->user,
                                   .password = f->secret,
                                   .folder = f->source.collection,
                                   .timeout_ms = IMAP_TIMEOUT_MS,
                                   .patience_s = FETCH_PATIENCE_S,
                                   .cancel = f->cancel};
    enum err e = options.url ? load(f, &c, reterr) : fault_set(reterr, ERR_NOMEM, "no memory for a URL");
    if (e)
        return e;
    do {
        e = imap_open(&options, &m, reterr);
        if (e)
            return e;
        if (imap_uidvalidity(m) != c.uidvalidity)
            c = (struct cursor_mail){.uidvalidity = imap_uidvalidity(m)};
        e = take_messages(f, m, &c, reterr);
        imap_close(m);
        m = NULL;
    } while (e == ERR_LIMIT);
    return e;
}

enum err fetch_mailbox(struct fetch *f, struct fault *reterr)
{
    static const char *const maildir[] = {"/new", "/cur", NULL};
    if (text_starts(f->source.place, TEXT("/")))
        return fetch_files(f, maildir, true, reterr);
    return fetch_imap(f, reterr);
}
