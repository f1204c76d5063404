/* exchange/fetch.h - inside this room: one look at a source, and what its fetchers share.
 *
 * Each fetcher gets documents, one after the other, has each taken in (fetch_take: read by a sandboxed reader,
 * durable when it returns), and only then notes in local.db how far it came. So a crash between the two costs a
 * repetition, which changes nothing; never a document. */
#pragma once
#include "desk/intake.h"
#include "exchange/source.h"
#include "json/json.h"

/* One document that a server sends; unpacked, where it was packed for the way. */
#define FETCH_DOCUMENT_MAX_BYTES ((uint64_t)4 * GIB)
/* From connecting to the last byte. */
#define FETCH_TIMEOUT_MS 3600000
/* A server that drips. */
#define FETCH_PATIENCE_S 60
/* What is kept in local.db of one source. */
#define FETCH_STATE_MAX ((size_t)900 * KIB)

struct fetch {
    struct node *node;
    struct arena arena;
    struct fact_source source; /* texts in the arena */
    struct text party_name;
    enum source_kind kind;
    enum reader_format format; /* READER_DETECT: found out */
    struct text user, secret;
    struct http_client *http; /* of kinds that speak HTTP */
    unsigned turn_s;          /* what comes page by page may end after so long, unfinished; 0: never */
    const atomic_bool *cancel;
    struct source_result *result;
};
bool fetch_cancelled(const struct fetch *f);

/* The fetchers, one a kind. OK: all that is there was taken in. ERR_UNREACHABLE | ERR_USAGE | ERR_CANCELLED | ... */
MUST_CHECK enum err fetch_folder(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_url(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_taxii(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_misp(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_misp_feed(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_mailbox(struct fetch *f, struct fault *reterr);
MUST_CHECK enum err fetch_shadowserver(struct fetch *f, struct fault *reterr);

/* Takes a document in from where fd stands. What is wrong with the document alone (ERR_MALFORMED, ERR_LIMIT) is kept
 * in the result and OK: its good part is in, and the next document is not to wait for it. *ret_whole (may be NULL).
 * ERR_FULL | ERR_CANCELLED | ERR_IO | ERR_NOMEM | ERR_DENIED */
MUST_CHECK enum err fetch_take(struct fetch *f, int fd, struct text name, enum reader_format format, bool *ret_whole,
                               struct fault *reterr);
void fetch_add_totals(struct fetch *f, const struct intake_totals *t);
struct intake_options fetch_intake(const struct fetch *f);

/* An unlinked file in the home: nothing of it is left when it is closed. */
MUST_CHECK enum err fetch_file(const struct fetch *f, int *ret_fd, struct fault *reterr);
/* Its hash from the start; it stands there again afterwards. */
MUST_CHECK enum err fetch_hash(int fd, struct sha256 *ret, struct fault *reterr);

/* How far it came; ERR_NOT_FOUND: nothing is kept. */
MUST_CHECK enum err fetch_state_load(const struct fetch *f, struct buffer *ret, struct fault *reterr);
MUST_CHECK enum err fetch_state_save(const struct fetch *f, struct text state, struct fault *reterr);
/* The same of a JSON object that says of which place it is. *ret: owned; NULL: nothing is kept of the source's place.
 */
MUST_CHECK enum err fetch_state_read(const struct fetch *f, struct json_doc **ret, struct fault *reterr);
struct fetch_state {
    struct buffer text;
    struct json_out out; /* the object, open */
};
void fetch_state_begin(const struct fetch *f, struct fetch_state *ret);
MUST_CHECK enum err fetch_state_end(const struct fetch *f, struct fetch_state *s, struct fault *reterr);

/* What an HTTP status other than 200 means for us, in words: ERR_UNREACHABLE. */
MUST_CHECK enum err fetch_refused(int status, struct fault *reterr);
/* Text of the arena, NUL-terminated; NULL: no memory. */
const char *fetch_string(struct fetch *f, struct text t);

/* ---- what was taken already, of things that have names: files of a folder, messages of a mail folder ---- */
#define FETCH_SEEN_MAX 32768
struct fetch_seen {
    struct fetch_seen_row {
        uint64_t name, print; /* hashes: of the name; of size and time of change */
        bool taken;           /* else only looked at */
        bool here;            /* this time; what is not is forgotten */
    } * rows;                 /* owned; sorted by name */
    size_t count, cap;
};
MUST_CHECK enum err fetch_seen_load(const struct fetch *f, struct fetch_seen *ret, struct fault *reterr);
/* Rows that are here. */
MUST_CHECK enum err fetch_seen_save(const struct fetch *f, const struct fetch_seen *s, struct fault *reterr);
void fetch_seen_done(struct fetch_seen *s);
/* The row of that name, made when there is none (print 0). NULL: no memory, or FETCH_SEEN_MAX. Moves rows. */
struct fetch_seen_row *fetch_seen_row(struct fetch_seen *s, uint64_t name);
