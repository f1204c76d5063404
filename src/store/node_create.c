/* store/node_create.c - a new home.
 *
 * The log's first segment, with genesis, our own identity and the first administrator in one group, gets its name
 * last: a folder is a home when log/00000000.log is there. What was made before may be half made after a crash; the
 * file `init.unfinished`, durable before anything else, says so, and the next init then makes everything anew.
 *
 *   NOTHING --init.unfinished--> UNFINISHED --format, key, local.db, entente.yaml, log.new/--> UNFINISHED
 *        UNFINISHED --rename log.new/00000000.log to log/--> HOME --init.unfinished removed--> HOME */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "model/space.h"
#include "store/format.h"
#include "store/home.h"
#include "store/keys.h"
#include "store/node.h"
#include "json/json.h"

#define LOG_NEW "log.new"

static const char config_text[] =
    "# Where this node listens and its limits. Everything else is an entry of its log.\n"
    "# entente serve reads it when it starts; entente config check says whether it is valid.\n"
    "\n"
    "# Address and port of the console, API and TAXII server.\n"
    "listen: 127.0.0.1:8443\n"
    "\n"
    "# PEM files; without them the server speaks plain HTTP, for use behind a proxy that ends TLS.\n"
    "#tls_certificate: /etc/entente/tls.crt\n"
    "#tls_key: /etc/entente/tls.key\n"
    "\n"
    "# Proxies whose word for who asks is taken (Forwarded, X-Forwarded-For): addresses and networks.\n"
    "#trusted_proxies: [127.0.0.1]\n"
    "\n"
    "# Below this much free disk, in percent, bulk intake is refused; incidents and erasure go on.\n"
    "#reserve_percent: 5\n"
    "\n"
    "# Threads of the HTTP server.\n"
    "#threads: 2\n"
    "\n"
    "# How often, in milliseconds, serve signs a checkpoint over the log when it has grown.\n"
    "#checkpoint_ms: 1000\n"
    "# How often, at most, partners are asked to cosign the newest checkpoint of the log, in milliseconds.\n"
    "#witness_ms: 10000\n"
    "\n"
    "# Logs of the archive go when their last event is so many days old, and the oldest beyond so many GB; 0: "
    "never.\n"
    "#archive_keep_days: 0\n"
    "#archive_max_gb: 0\n"
    "# Share of one core for hunts of new indicators in the archive, in per cent.\n"
    "#hunt_percent: 25\n"
    "\n"
    "# error, warning, info or debug\n"
    "#log_level: info\n"
    "# How strictly the processes that read foreign documents are locked in: required (seccomp, and Landlock\n"
    "# where it is), partial (what there is), off.\n"
    "#sandbox: required\n"
    "\n"
    "# The highest classification of a state, the EU or NATO that is taken in: none, restricted, confidential, "
    "secret,\n"
    "# top-secret. What is marked higher is refused.\n"
    "#classification: none\n";

struct making {
    const struct io *io;
    const char *home;
    const struct node_init *init;
    uint8_t public_key[KEY_BYTES];
    char origin[ORIGIN_MAX];
    struct buffer statement;
    struct uuid identity, account;
};

static enum err no_memory(struct fault *reterr)
{
    return fault_set(reterr, ERR_NOMEM, "no memory");
}

/* ---- what is asked for ---- */

static bool name_good(struct text t, bool may_be_empty)
{
    if (t.len == 0)
        return may_be_empty;
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7F)
            return false;
    return t.len <= NAME_MAX_BYTES && text_is_utf8(t) && text_trim(t).len == t.len;
}

static enum err check(const struct node_init *init, struct fault *reterr)
{
    struct text c = init->country;
    if (!name_good(init->name, false) || !name_good(init->account, false))
        return fault_set(reterr, ERR_USAGE, "a name has 1 to %d bytes of UTF-8, no control characters, no blank ends",
                         NAME_MAX_BYTES);
    if (!name_good(init->sector, true) || !name_good(init->space, false))
        return fault_set(reterr, ERR_USAGE, "sector and space are names, too");
    if (c.len != 2 || c.ptr[0] < 'A' || c.ptr[0] > 'Z' || c.ptr[1] < 'A' || c.ptr[1] > 'Z')
        return fault_set(reterr, ERR_USAGE, "a country is two capital letters (ISO 3166-1), such as LV");
    return OK;
}

/* OK: the folder may become a home. */
static enum err check_free(const struct io *io, const char *home, struct fault *reterr)
{
    struct home_format format;
    enum err err = format_read(io, home, &format, reterr);
    if (err == OK) /* a later program may keep its log elsewhere */
        err = format_check(home, &format, reterr);
    if (err == OK || err == ERR_NOT_FOUND)
        err = home_has(home, HOME_FIRST, reterr);
    if (err == OK)
        return fault_set(reterr, ERR_EXISTS, "there is a home in %s already", home);
    if (err == ERR_NOT_FOUND)
        err = home_has(home, HOME_UNFINISHED, reterr);
    if (err != ERR_NOT_FOUND)
        return err;
    err = home_has(home, KEY_NODE, reterr);
    if (err == OK)
        return fault_set(reterr, ERR_EXISTS, "there is a node's key in %s, but no log: restore it from a backup",
                         home);
    return OK;
}

/* ---- files beside the log ---- */

static enum err write_file(const struct making *m, const char *name, struct text bytes, struct fault *reterr)
{
    char *path = home_path(m->home, name);
    if (!path)
        return no_memory(reterr);
    enum err err = OK;
    if (io_replace_file(m->io, path, bytes.ptr, bytes.len, 0600) != 0)
        err = fault_errno(reterr, "writing %s", path);
    free(path);
    return err;
}

static enum err make_key(struct making *m, struct fault *reterr)
{
    struct key *key;
    enum err err = key_new(&key, reterr);
    if (err != OK)
        return err;
    memcpy(m->public_key, key_public(key), sizeof m->public_key);
    err = key_write(m->io, m->home, KEY_NODE, key, reterr);
    key_free(key);
    return err;
}

static enum err make_local(struct making *m, struct fault *reterr)
{
    struct local *local;
    enum err err = home_remove(m->io, m->home, "local.db", reterr);
    if (err == OK)
        err = home_remove(m->io, m->home, "local.db-journal", reterr);
    if (err == OK)
        err = home_touch(m->io, m->home, "local.db", reterr); /* SQLite keeps the mode, for its journal too */
    if (err == OK)
        err = local_open(m->home, true, &local, reterr);
    if (err == OK)
        local_close(local);
    return err;
}

/* The log's name, from its space, its country and its key. */
static enum err name_origin(struct making *m, struct fault *reterr)
{
    struct sha256 hash = sha256_of(m->public_key, sizeof m->public_key);
    struct buffer name;
    char digits[SHA256_HEX];
    buffer_init(&name, sizeof m->origin - 1);
    space_origin_start(m->init->space, &name);
    buffer_addf(&name, TEXT_FMT "/%.16s", TEXT_ARG(m->init->country), sha256_hex(&hash, digits).ptr);
    enum err err = buffer_error(&name);
    if (err == OK)
        memcpy(m->origin, name.ptr, name.len); /* the rest is zero */
    buffer_done(&name);
    return err == OK ? OK : no_memory(reterr);
}

static enum err ask_vouch(struct making *m, struct fault *reterr)
{
    enum err err = name_origin(m, reterr);
    if (err == OK && m->init->vouch)
        err = m->init->vouch(m->init->vouch_self, text_of(m->origin), m->public_key, &m->statement, reterr);
    return err;
}

/* ---- the first entries ---- */

static void identity_body(const struct making *m, const char *now, struct buffer *out)
{
    char id[IDENT_TEXT_MAX];
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_text(&o, "created", text_of(now));
    json_member_text(&o, "id", ident_format(TEXT("identity"), &m->identity, id));
    json_member_text(&o, "identity_class", TEXT("organization"));
    json_member_text(&o, "modified", text_of(now));
    json_member_text(&o, "name", m->init->name);
    if (m->init->sector.len) {
        json_key(&o, TEXT("sectors"));
        json_open(&o, '[');
        json_put_text(&o, m->init->sector);
        json_close(&o, ']');
    }
    json_member_text(&o, "spec_version", TEXT("2.1"));
    json_member_text(&o, "type", TEXT("identity"));
    json_close(&o, '}');
}

/* The same as it is kept: in an exercise with its mark. */
static enum err marked_body(const struct making *m, const char *now, struct buffer *out, struct fault *reterr)
{
    struct buffer plain;
    size_t at, more;
    enum err err;
    buffer_init(&plain, 16 * KIB);
    identity_body(m, now, &plain);
    if (buffer_error(&plain) != OK || space_is_real(m->init->space)) {
        buffer_add(out, buffer_text(&plain));
        err = buffer_error(&plain) != OK ? buffer_error(&plain) : buffer_error(out);
    } else {
        err = space_mark_add(buffer_text(&plain), m->init->space, out, &at, &more);
    }
    buffer_done(&plain);
    return err == OK ? OK : fault_set(reterr, err, "our identity cannot be written");
}

static enum err stage(struct log *log, int64_t now_us, const struct fact *f, struct text body, struct fault *reterr)
{
    struct buffer public_part, private_part;
    uint64_t n;
    int64_t t_us;
    struct place place, original;
    buffer_init(&public_part, 64 * KIB);
    buffer_init(&private_part, 64 * KIB);
    fact_encode(f, &public_part, &private_part);
    struct log_item item = {
        .kind = text_of(fact_kind_name(f->kind)),
        .t_us = now_us,
        .public_part = buffer_text(&public_part),
        .private_part = buffer_text(&private_part),
        .body = body,
    };
    enum err err = buffer_error(&public_part);
    if (err == OK)
        err = buffer_error(&private_part);
    if (err == OK)
        err = log_stage(log, &item, &n, &t_us, &place, &original);
    if (err != OK)
        fault_set(reterr, err, "the first entries cannot be written");
    buffer_done(&public_part);
    buffer_done(&private_part);
    return err;
}

static enum err stage_genesis(const struct making *m, struct log *log, int64_t now_us, struct fault *reterr)
{
    struct fact f = {.kind = FACT_GENESIS};
    struct fact_genesis *g = &f.u.genesis;
    g->identity = m->identity;
    g->name = m->init->name;
    g->country = m->init->country;
    g->sector = m->init->sector;
    g->space = m->init->space;
    g->origin = text_of(m->origin);
    g->statement = buffer_text(&m->statement);
    memcpy(g->key, m->public_key, sizeof g->key);
    for (size_t i = 0; i < ARRAY_LEN(g->collections); i++)
        g->collections[i] = uuid_random();
    return stage(log, now_us, &f, TEXT_NONE, reterr);
}

static enum err stage_identity(const struct making *m, struct log *log, int64_t now_us, struct fault *reterr)
{
    struct gate_class cls = {.ours = true, .own_identity = true, .type = "identity"};
    struct stamp now = stamp_from_us(now_us, 3);
    char text[STAMP_TEXT_MAX], id[IDENT_TEXT_MAX];
    struct buffer body, key;
    struct fact f = {.kind = FACT_OBJECT};
    struct fact_object *o = &f.u.object;
    cls.exercise = !space_is_real(m->init->space);
    buffer_init(&body, 16 * KIB);
    buffer_init(&key, KIB);
    o->modified = stamp_format(now, text);
    enum err err = marked_body(m, text, &body, reterr);
    gate_class_key(&cls, &key);
    o->id = ident_format(TEXT("identity"), &m->identity, id);
    o->hash = sha256_of(body.ptr, body.len);
    o->account = m->account;
    o->party = m->identity;
    o->standing = STANDING_CURRENT;
    o->class_key = buffer_text(&key);
    o->created_us = o->modified_us = stamp_us(now);
    o->confidence = -1;
    if (err == OK && buffer_error(&key) != OK)
        err = no_memory(reterr);
    if (err == OK)
        err = stage(log, now_us, &f, buffer_text(&body), reterr);
    buffer_done(&body);
    buffer_done(&key);
    return err;
}

static enum err stage_account(const struct making *m, struct log *log, int64_t now_us, struct fault *reterr)
{
    struct fact f = {.kind = FACT_ACCOUNT};
    f.u.account = (struct fact_account){
        .id = m->account, .account = m->account, .name = m->init->account, .role = ROLE_ADMINISTRATOR};
    return stage(log, now_us, &f, TEXT_NONE, reterr);
}

static enum err write_first_entries(const struct making *m, const char *dir, struct fault *reterr)
{
    struct log *log;
    int64_t now_us = clock_now_us();
    enum err err = log_open(m->io, dir, true, &log, reterr);
    if (err != OK)
        return err;
    err = stage_genesis(m, log, now_us, reterr);
    if (err == OK)
        err = stage_identity(m, log, now_us, reterr);
    if (err == OK)
        err = stage_account(m, log, now_us, reterr);
    if (err == OK)
        err = log_commit(log, reterr);
    log_close(log);
    return err;
}

static enum err make_log(const struct making *m, struct fault *reterr)
{
    size_t bytes = m->init->log_segment_bytes ? m->init->log_segment_bytes : LOG_SEGMENT_BYTES;
    char *dir = home_path(m->home, LOG_NEW);
    if (!dir)
        return no_memory(reterr);
    enum err err = home_make_folder(dir, reterr);
    if (err == OK)
        err = home_remove(m->io, m->home, LOG_NEW "/00000000.log", reterr);
    if (err == OK)
        err = log_create_sized(m->io, dir, bytes, reterr);
    if (err == OK)
        err = write_first_entries(m, dir, reterr);
    free(dir);
    return err;
}

/* The moment of birth. */
static enum err name_log(const struct making *m, struct fault *reterr)
{
    enum err err = home_sync(m->io, m->home, NULL, reterr);
    if (err == OK)
        err = home_rename(m->io, m->home, LOG_NEW "/00000000.log", HOME_FIRST, reterr);
    if (err == OK)
        err = home_sync(m->io, m->home, HOME_LOG, reterr);
    if (err == OK)
        err = home_sync(m->io, m->home, LOG_NEW, reterr);
    char *dir = home_path(m->home, LOG_NEW);
    if (err == OK && dir)
        rmdir(dir); /* an empty folder in the way hurts nobody */
    free(dir);
    return err;
}

static enum err make_folders(const char *home, struct fault *reterr)
{
    static const char *const names[] = {HOME_LOG, "keys", VIEW_FOLDER};
    enum err err = home_make_folder(home, reterr);
    for (size_t i = 0; err == OK && i < ARRAY_LEN(names); i++) {
        char *path = home_path(home, names[i]);
        err = path ? home_make_folder(path, reterr) : no_memory(reterr);
        free(path);
    }
    /* The folder may have been there, with another mode; what it holds from now on is nobody else's. */
    if (err == OK && chmod(home, 0700) != 0)
        err = fault_errno(reterr, "closing %s to others", home);
    return err;
}

static enum err write_format(const struct making *m, struct fault *reterr)
{
    struct home_format f = format_ours();
    return format_write(m->io, m->home, &f, reterr);
}

static enum err make_parts(struct making *m, struct fault *reterr)
{
    enum err err = write_file(m, HOME_UNFINISHED, TEXT("entente init was cut short here; run it again\n"), reterr);
    if (err == OK)
        err = write_format(m, reterr);
    if (err == OK)
        err = make_key(m, reterr);
    if (err == OK)
        err = ask_vouch(m, reterr);
    if (err == OK)
        err = make_local(m, reterr);
    if (err == OK)
        err = write_file(m, HOME_CONFIG, text_of(config_text), reterr);
    if (err == OK)
        err = make_log(m, reterr);
    if (err == OK)
        err = name_log(m, reterr);
    if (err == OK)
        err = home_remove(m->io, m->home, HOME_UNFINISHED, reterr);
    return err == OK ? home_sync(m->io, m->home, NULL, reterr) : err;
}

enum err node_create(const struct io *io, const char *home, const struct node_init *init, struct fault *reterr)
{
    struct making m = {.io = io, .home = home, .init = init};
    int lock;
    enum err err = check(init, reterr);
    if (err == OK)
        err = home_check_user(home, reterr);
    if (err == OK)
        err = check_free(io, home, reterr);
    if (err != OK)
        return err;
    m.identity = uuid_random();
    m.account = uuid_random();
    buffer_init(&m.statement, NOTE_MAX_BYTES);
    err = make_folders(home, reterr);
    if (err == OK)
        err = home_lock(io, home, &lock, reterr);
    if (err != OK)
        return err;
    err = check_free(io, home, reterr); /* again, now that nobody else makes one */
    if (err == OK)
        err = make_parts(&m, reterr);
    buffer_done(&m.statement);
    home_unlock(io, lock);
    if (err == OK && io_sync_parent(io, home) != 0)
        err = fault_errno(reterr, "syncing the folder above %s", home);
    return err;
}
