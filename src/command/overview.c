/* command/overview.c - what the page at /status shows, gathered by the commands that say it to anybody: as the
 * account that asks, and no more than its role may do. No command of the table: nothing of it is typed.
 *
 * One JSON object: now, account, role, checkpoint_at, status (the line of `status`), peers and sources (the lines of
 * their lists), proposals (how many wait). What the role does not permit is left out. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/time.h"
#include "command/api.h"
#include "command/commands.h"
#include "command/names.h"

#define PART_MAX_BYTES (16 * MIB)
#define COUNTED        256 /* versions asked for at once */
#define PROPOSALS_MAX  100000

struct part {
    struct session *s;
    struct buffer said;
};

static void keep(void *self, bool to_stderr, struct text bytes)
{
    struct part *p = self;
    if (to_stderr)
        p->s->write(p->s->write_self, true, bytes);
    else
        buffer_add(&p->said, bytes);
}

/* Its lines, a comma between, as a member; in brackets where there may be several. */
static int add_part(struct session *s, struct json_out *o, const char *name, const struct command *command, bool list)
{
    struct part p = {.s = s};
    struct session sub = {.command = command,
                          .home = s->home,
                          .json = true,
                          .output_fd = -1,
                          .node = s->node,
                          .server = s->server,
                          .actor = s->actor,
                          .cancel = s->cancel,
                          .write = keep,
                          .write_self = &p};
    if (!command_permits(command, s->actor->role))
        return EXIT_DONE;
    buffer_init(&p.said, PART_MAX_BYTES);
    buffer_init(&sub.line, PART_MAX_BYTES);
    int code = command->run(&sub);
    buffer_done(&sub.line);
    if (!code && buffer_error(&p.said))
        code = EXIT_WRITE;
    struct text rest = buffer_text(&p.said);
    if (!code) {
        json_key(o, text_of(name));
        if (list)
            json_open(o, '[');
        for (struct text line; text_split(&rest, '\n', &line);)
            if (line.len)
                json_put_raw(o, line);
        if (list)
            json_close(o, ']');
    }
    buffer_done(&p.said);
    return code;
}

/* ---- proposals: counted, not read ---- */

struct count {
    struct view *v;
    int64_t proposals;
    struct fault *fault;
};

static enum err count_class(void *self, const struct class_row *row)
{
    struct count *c = self;
    const uint32_t class_id = row->class_id;
    uint64_t entries[COUNTED], from = 0;
    size_t count = COUNTED;
    enum err e = OK;
    if (!row->cls.proposed || row->cls.refused)
        return OK;
    while (e == OK && count == COUNTED && c->proposals < PROPOSALS_MAX) {
        e = view_in_class(c->v, class_id, STANDING_CURRENT, from, entries, COUNTED, &count, c->fault);
        if (e == OK && count)
            from = entries[count - 1] + 1;
        c->proposals += e ? 0 : (int64_t)count;
    }
    return e;
}

static int add_own(struct session *s, struct json_out *o, struct view *v)
{
    struct fault fault = {.offset = -1, .line = -1};
    struct count c = {.v = v, .fault = &fault};
    struct fact_account a;
    struct stat st;
    char path[4096];
    enum err e = view_account(v, session_account(s), &a, &fault);
    if (e)
        return complain_fault(s, NULL, &fault);
    json_member_moment(o, "now", clock_now_us());
    json_member_text(o, "account", a.name);
    json_member_text(o, "role", text_of(role_name(s->actor->role)));
    snprintf(path, sizeof path, "%s/log/checkpoint", node_home(s->node));
    if (stat(path, &st) == 0)
        json_member_moment(o, "checkpoint_at", (int64_t)st.st_mtime * 1000000);
    if (command_permits(&COMMAND_PROPOSAL_LIST, s->actor->role)) {
        e = view_classes(v, count_class, &c, &fault);
        json_member_i64(o, "proposals", c.proposals);
    }
    return e ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int run_overview(struct session *s)
{
    static const struct {
        const char *name;
        const struct command *command;
        bool list;
    } parts[] = {{"status", &COMMAND_STATUS, false},
                 {"peers", &COMMAND_PEER_LIST, true},
                 {"sources", &COMMAND_SOURCE_LIST, true}};
    struct view *v;
    if (!s->actor)
        return EXIT_USAGE;
    if (open_view(s, &v))
        return EXIT_WRITE;
    buffer_clear(&s->line);
    struct json_out o = json_out_to(&s->line);
    json_open(&o, '{');
    int code = add_own(s, &o, v);
    node_reader_done(s->node, v);
    for (size_t i = 0; i < ARRAY_LEN(parts) && !code; i++)
        code = add_part(s, &o, parts[i].name, parts[i].command, parts[i].list);
    json_close(&o, '}');
    if (!code && buffer_error(&s->line))
        code = EXIT_WRITE;
    if (!code)
        say_text(s, buffer_text(&s->line));
    return code;
}

static const struct command OVERVIEW = {
    .name = "overview", .operands = "", .need = NEED_READ, .least = ROLE_READER, .run = run_overview, .hidden = true};

const struct api_row API_STATUS_PAGE = {&OVERVIEW, "GET", "/status", .flags = API_ALONE, .file = "text/html"};
