/* watch --hub, before the logs are followed: the sensor's home, and the hub in it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/owner.h"
#include "command/watch.h"
#include "exchange/hub.h"
#include "json/json.h"

#define SECRET_MAX (64 * KIB)
#define NO_COUNTRY "XX" /* of ISO 3166-1's private ones: the hub did not say */

struct joining {
    struct session *s;
    struct arena arena;
    struct text url, name, token, user, password; /* of the hub, as typed or in the invitation */
    struct json_doc *invitation;                  /* NULL: none */
    struct buffer file;
    struct hub_words words;
    bool known; /* the home has a hub already */
    struct text known_url;
};

/* ---- what was typed ---- */

static enum err read_secret(int fd, struct buffer *out)
{
    ssize_t got = 0;
    do {
        char *to = buffer_reserve(out, 4 * KIB);
        got = to ? read(fd, to, 4 * KIB) : -1;
        out->len -= to ? 4 * KIB - (got > 0 ? (size_t)got : 0) : 0;
    } while (got > 0);
    return got < 0 ? ERR_IO : OK;
}

static int take_token(struct joining *j)
{
    struct session *s = j->s;
    if (s->input_count != 1) {
        complain(
            s, "--hub URL wants --token-file FILE, with the token that the hub gave; or --hub FILE, its invitation");
        return EXIT_USAGE;
    }
    struct text rest, line = TEXT_NONE;
    if (read_secret(s->inputs[0].fd, &j->file)) {
        complain(s, "%s: longer than %zu bytes or not readable", s->inputs[0].name, (size_t)SECRET_MAX);
        return EXIT_DATA;
    }
    rest = buffer_text(&j->file);
    (void)text_split(&rest, '\n', &line);
    j->token = text_trim(line);
    j->url = text_of(option(s, "hub"));
    if (j->token.len)
        return EXIT_DONE;
    complain(s, "%s: no token in its first line", s->inputs[0].name);
    return EXIT_DATA;
}

static int take_invitation(struct joining *j, const char *path)
{
    struct session *s = j->s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = fd < 0 ? ERR_NOT_FOUND : read_secret(fd, &j->file);
    if (fd >= 0)
        close(fd);
    if (!err)
        err = json_parse(buffer_text(&j->file), &j->invitation, NULL);
    const struct json_val *o = err ? NULL : json_root(j->invitation);
    j->url = json_text(json_get(o, "api_root"));
    j->name = json_text(json_get(json_get(o, "from"), "name"));
    j->token = json_text(json_get(o, "token"));
    j->user = json_text(json_get(o, "user"));
    j->password = json_text(json_get(o, "password"));
    if (j->url.len && (j->token.len || j->user.len))
        return EXIT_DONE;
    complain(s,
             "--hub %s: neither the address of a hub (https://...) nor an invitation of one (entente peer invite "
             "there, --out FILE)",
             path);
    return EXIT_USAGE;
}

static int take_words(struct joining *j)
{
    const char *hub = option(j->s, "hub");
    bool address = strncmp(hub, "https://", 8) == 0 || strncmp(hub, "http://", 7) == 0;
    return address ? take_token(j) : take_invitation(j, hub);
}

/* ---- the home ---- */

static bool has_home(const struct session *s)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/log", s->home);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_home(struct joining *j)
{
    struct session *s = j->s;
    const char *typed = option(s, "name");
    struct fault fault = {.offset = -1, .line = -1};
    struct text name = typed ? text_of(typed) : j->words.account, country = j->words.country;
    if (!name.len)
        name = TEXT("sensor");
    if (!country.len)
        country = TEXT(NO_COUNTRY);
    const struct node_init init = {
        .name = name, .country = country, .sector = TEXT(""), .space = TEXT("real"), .account = TEXT("admin")};
    enum err err = node_create(io_system(), s->home, &init, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (!s->json)
        say(s, "this machine is \"" TEXT_FMT "\", a sensor of " TEXT_FMT "; its home is %s\n", TEXT_ARG(name),
            TEXT_ARG(j->words.name), s->home);
    return EXIT_DONE;
}

static enum err on_peer(void *self, const struct fact *f)
{
    struct joining *j = self;
    if (f->u.peer.partner_kind != RECIPIENT_HUB || f->u.peer.expelled)
        return OK;
    j->known = true;
    j->known_url = arena_text(&j->arena, f->u.peer.url);
    return j->known_url.ptr ? OK : ERR_NOMEM;
}

static enum err on_hub(void *self, const struct fact *f)
{
    unsigned *standing = self;
    *standing += f->u.peer.partner_kind == RECIPIENT_HUB && !f->u.peer.expelled;
    return OK;
}

enum err watch_hub_ended(struct view *v, bool *ret, struct fault *reterr)
{
    unsigned standing = 0;
    enum err err = view_facts(v, FACT_PEER, on_hub, &standing, reterr);
    if (!err)
        *ret = standing == 0;
    return err;
}

static int find_hub(struct joining *j)
{
    struct session *s = j->s;
    struct fault fault = {.offset = -1, .line = -1};
    struct node *node;
    struct view *v;
    enum err err = node_open(io_system(), s->home, NODE_READ, &node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    err = node_reader(node, &v, &fault);
    if (!err) {
        err = view_facts(v, FACT_PEER, on_peer, j, &fault);
        node_reader_done(node, v);
    }
    node_close(node);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

/* ---- the hub ---- */

/* "https://host:port" */
static struct text server_of(struct text url)
{
    ptrdiff_t scheme = text_find_text(url, TEXT("://"));
    ptrdiff_t path = scheme < 0 ? -1 : text_find(url, '/', (size_t)scheme + 3);
    return path < 0 ? url : text_sub(url, 0, (size_t)path);
}

/* *ret_away: it cannot be asked now, and was taken before: the watch goes on with what it has. */
static int ask(struct joining *j, bool *ret_away)
{
    struct session *s = j->s;
    struct fault fault = {.offset = -1, .line = -1};
    const struct http_auth auth = {.bearer = j->token, .user = j->user, .password = j->password};
    enum err err = hub_ask(j->url, &auth, &j->arena, &j->words, &fault);
    *ret_away = err && j->known && text_eq(server_of(j->url), server_of(j->known_url));
    if (*ret_away) {
        complain(s, "the hub does not answer: %s; the watch goes on with what it has", fault.what);
        return EXIT_DONE;
    }
    if (err) {
        complain(s, "--hub " TEXT_FMT ": %s", TEXT_ARG(j->url), fault.what[0] ? fault.what : err_name(err));
        return err == ERR_DENIED ? EXIT_DENIED : EXIT_PEER;
    }
    if (!j->words.can_read || !j->words.can_write) {
        complain(s, "--hub " TEXT_FMT ": this token may not %s there; a sensor needs both", TEXT_ARG(j->url),
                 j->words.can_read ? "write" : "read");
        return EXIT_DENIED;
    }
    return EXIT_DONE;
}

static void write_secret(struct json_out *o, const char *name, struct text t)
{
    if (t.len)
        json_member_text(o, name, t);
}

/* As an invitation has it; what an invitation says beside (identity, log's key) is kept. */
static void write_invitation(const struct joining *j, struct buffer *out)
{
    const struct json_val *given = j->invitation ? json_root(j->invitation) : NULL;
    const struct json_val *from = json_get(given, "from");
    struct json_out o = json_out_to(out);
    json_open(&o, '{');
    json_member_i64(&o, "entente_invite", 1);
    json_key(&o, TEXT("from"));
    json_open(&o, '{');
    json_member_text(&o, "name", j->name.len ? j->name : j->words.name);
    write_secret(&o, "identity", json_text(json_get(from, "identity")));
    json_close(&o, '}');
    json_member_text(&o, "api_root", j->words.api_root);
    json_member_text(&o, "collection", TEXT("indicators"));
    write_secret(&o, "token", j->token);
    write_secret(&o, "user", j->user);
    write_secret(&o, "password", j->password);
    write_secret(&o, "origin", json_text(json_get(given, "origin")));
    write_secret(&o, "key", json_text(json_get(given, "key")));
    json_close(&o, '}');
}

static void drop_output(void *self, bool to_stderr, struct text bytes)
{
    struct session *s = self;
    if (to_stderr)
        s->write(s->write_self, true, bytes);
}

/* Where the home's owner is: entente peer accept --hub. */
static int accept_hub(struct session *s, int fd)
{
    char peer[] = "peer", accept[] = "accept", file[] = "hub", hub[] = "--hub";
    char *words[] = {peer, accept, file, hub, NULL};
    const char *operand = file;
    struct input input = {file, fd};
    struct session call = {.command = &COMMAND_PEER_ACCEPT,
                           .home = s->home,
                           .operands = &operand,
                           .operand_count = 1,
                           .inputs = &input,
                           .input_count = 1,
                           .output_fd = -1,
                           .cancel = s->cancel,
                           .write = drop_output,
                           .write_self = s};
    for (size_t i = 0; COMMAND_PEER_ACCEPT.options[i].name; i++)
        if (strcmp(COMMAND_PEER_ACCEPT.options[i].name, "hub") == 0)
            call.values[i] = "";
    buffer_init(&call.line, MIB);
    int code = owner_run(&call, words, 4);
    buffer_done(&call.line);
    return code;
}

static int record(struct joining *j)
{
    struct buffer invitation;
    buffer_init(&invitation, SECRET_MAX);
    write_invitation(j, &invitation);
    int fd = memfd_create("invitation", MFD_CLOEXEC);
    int code = EXIT_WRITE;
    if (fd < 0 || buffer_error(&invitation) || io_write_all(io_system(), fd, invitation.ptr, invitation.len, 0) < 0)
        complain(j->s, "out of memory");
    else
        code = accept_hub(j->s, fd);
    if (fd >= 0)
        close(fd);
    buffer_done(&invitation);
    return code;
}

static int join(struct joining *j)
{
    bool away = false, fresh = !has_home(j->s);
    int code = take_words(j);
    if (!code && !fresh)
        code = find_hub(j);
    if (!code)
        code = ask(j, &away);
    if (!code && fresh)
        code = make_home(j);
    return code || away ? code : record(j);
}

int watch_hub_prepare(struct session *s)
{
    struct joining j = {.s = s};
    arena_init(&j.arena, MIB);
    buffer_init(&j.file, SECRET_MAX);
    int code = join(&j);
    json_free(j.invitation);
    buffer_done(&j.file);
    arena_done(&j.arena);
    return code;
}
