/* hits (hidden): `watch` hands the owner what it found. Input: command/hits_wire.h. Output: a JSON line for each
 * finding that came of it. With --state KEY and no input it prints the state kept under KEY instead. */
#include <sys/stat.h>

#include "command/commands.h"
#include "command/hits_wire.h"
#include "exchange/peer.h"
#include "json/json.h"

#define FOLLOW_SPACE "follow"

static void news_json(struct session *s, const struct finding_news *n)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_i64(&o, "finding", (int64_t)n->number);
    json_member_text(&o, "id", n->finding);
    json_member_text(&o, "indicator", n->indicator);
    json_member_text(&o, "value", n->value);
    json_member_text(&o, "organisation", n->organisation);
    json_member_text(&o, "incident", n->incident);
    json_member_bool(&o, "new", n->fresh);
    json_member_bool(&o, "incident_opened", n->incident_opened);
    json_member_bool(&o, "sighting", n->sighting_made);
    json_member_i64(&o, "count", (int64_t)n->count);
    json_close(&o, '}');
    json_line_end(s);
}

static int record(struct session *s, struct text bytes)
{
    struct arena a;
    struct hits_batch b;
    struct finding_news *news = NULL;
    size_t count = 0;
    struct fault fault = {.offset = -1, .line = -1};
    arena_init(&a, 64 * MIB);
    enum err err = hits_wire_read(bytes, &a, &b);
    if (err)
        fault_set(&fault, err, "hits: not a batch of this program");
    if (!err) {
        b.batch.account = *session_account(s);
        if (b.batch.count)
            err = findings_record(s->node, &b.batch, &a, &news, &count, &fault);
    }
    if (!err && b.state_key.len)
        err = local_set(node_local(s->node), FOLLOW_SPACE, b.state_key, b.state, &fault);
    bool told = false;
    for (size_t i = 0; !err && i < count; i++) {
        news_json(s, &news[i]);
        told |= news[i].sighting_made;
    }
    if (told && s->peers)
        peer_loop_tell_hubs(s->peers);
    arena_done(&a);
    return err ? complain_fault(s, NULL, &fault) : EXIT_DONE;
}

static int print_state(struct session *s)
{
    struct buffer state;
    buffer_init(&state, 1 * MIB);
    enum err err = local_get(node_local(s->node), FOLLOW_SPACE, text_of(option(s, "state")), &state, NULL);
    if (!err)
        say_text(s, buffer_text(&state));
    buffer_done(&state);
    return err == ERR_NOT_FOUND ? EXIT_DONE : exit_of(err);
}

static int run_hits(struct session *s)
{
    struct stat st;
    if (option_given(s, "state"))
        return print_state(s);
    if (s->input_count != 1 || fstat(s->inputs[0].fd, &st) < 0 || st.st_size <= 0 ||
        st.st_size > (off_t)HITS_WIRE_MAX)
        return EXIT_USAGE;
    struct buffer bytes;
    buffer_init(&bytes, HITS_WIRE_MAX);
    char *to = buffer_reserve(&bytes, (size_t)st.st_size);
    int code = EXIT_WRITE;
    if (to && io_read_all(io_system(), s->inputs[0].fd, to, bytes.len, 0) == (ssize_t)bytes.len)
        code = record(s, buffer_text(&bytes));
    buffer_done(&bytes);
    return code;
}

static const struct option_spec OPTIONS[] = {{"state", OPTION_VALUE, "KEY", "print the state kept under KEY"},
                                             {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_HITS = {.name = "hits",
                                     .operands = "",
                                     .summary = "take a batch of hits from watch",
                                     .options = OPTIONS,
                                     .operands_max = 1,
                                     .need = NEED_WRITE,
                                     .run = run_hits,
                                     .hidden = true};
