/* restore: a home out of a backup. */
#include "store/restore.h"
#include "command/commands.h"
#include "exchange/restore_ask.h"
#include "json/json.h"

static void tell_json(struct session *s, const struct restore_result *r)
{
    struct json_out o = json_out_to(json_line(s));
    json_open(&o, '{');
    json_member_text(&o, "home", text_of(s->home));
    json_member_i64(&o, "entries", (int64_t)r->entries);
    json_member_i64(&o, "files", (int64_t)r->files);
    json_member_i64(&o, "bytes", (int64_t)r->bytes);
    json_member_i64(&o, "erased_again", (int64_t)r->erased);
    json_member_bool(&o, "new_origin", r->new_origin);
    json_member_bool(&o, "key_missing", r->unsigned_log);
    if (r->first_fault[0])
        json_member_text(&o, "fault", text_of(r->first_fault));
    json_close(&o, '}');
    json_line_end(s);
}

static void tell(struct session *s, const struct restore_result *r)
{
    say(s, "%s: %llu entries out of %llu files, every hash checked, %s\n", s->home, (unsigned long long)r->entries,
        (unsigned long long)r->files, r->first_fault[0] ? "with a fault" : "the whole verified");
    if (r->erased)
        say(s, "%llu entries that were erased after the backup were erased again.\n", (unsigned long long)r->erased);
    if (r->new_origin)
        say(s, "Partners may have seen more of the old log than this backup holds: it goes on under a new origin, "
               "which\n"
               "names the old one and where it stops. Partners learn it at their next sync.\n");
    if (r->unsigned_log)
        say(s, "Partners may have seen more than this backup holds, and the key that signs is not in it: run\n"
               "`entente key replace` before the node is served.\n");
}

static int run_restore(struct session *s)
{
    const struct restore_options options = {.same_origin = option_given(s, "same-origin"),
                                            .with_faults = option_given(s, "with-faults"),
                                            .erasures = option(s, "erasures"),
                                            .ask = restore_ask_peers,
                                            .cancel = s->cancel};
    struct restore_result result;
    struct fault fault = {.offset = -1, .line = -1};
    if (home_restore(io_system(), s->operands[0], s->home, &options, &result, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json)
        tell_json(s, &result);
    else
        tell(s, &result);
    if (!result.first_fault[0])
        return EXIT_DONE;
    complain(s, "%s", result.first_fault);
    return EXIT_CHECK;
}

static const struct option_spec OPTIONS[] = {
    {"erasures", OPTION_VALUE, "FILE", "erased since: a home's `erasures`, where the backup could not be reached"},
    {"same-origin", OPTION_FLAG, NULL, "there were never any partners: the log may go on under its name"},
    {"with-faults", OPTION_FLAG, NULL,
     "also what does not verify in all (a spoiled body, a missing key): it is named, exit 1"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_RESTORE = {
    .name = "restore",
    .operands = "DIR",
    .summary = "a home out of a backup, checked and verified",
    .details =
        "--home says where; there must be nothing yet. Every hash is checked before anything is made, what was\n"
        "erased since is erased again, and the whole is verified before the home gets its name. Only when\n"
        "partners are known, can all be asked and have seen no more of the log than the backup holds does it go\n"
        "on under its name; else under a new, signed origin.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_NOTHING,
    .run = run_restore};
