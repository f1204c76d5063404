/* backup: the home copied into a folder, again and again. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "store/backup.h"
#include "json/json.h"

static int run_backup(struct session *s)
{
    struct backup_result r;
    struct fault fault = {.offset = -1, .line = -1};
    const char *dir = s->operands[0];
    if (dir[0] != '/') {
        complain(s, "%s: a running node wants the folder's whole path, from / on", dir);
        return EXIT_USAGE;
    }
    if (node_backup(s->node, dir, !option_given(s, "without-archive"), s->cancel, &r, &fault))
        return complain_fault(s, NULL, &fault);
    if (s->json) {
        struct json_out o = json_out_to(json_line(s));
        json_open(&o, '{');
        json_member_text(&o, "backup", text_of(dir));
        json_member_i64(&o, "entries", (int64_t)r.entries);
        json_member_i64(&o, "files", (int64_t)r.files);
        json_member_i64(&o, "bytes", (int64_t)r.bytes);
        json_member_i64(&o, "copied_files", (int64_t)r.copied_files);
        json_member_i64(&o, "copied_bytes", (int64_t)r.copied_bytes);
        json_member_bool(&o, "checkpoint", r.checkpoint);
        json_close(&o, '}');
        json_line_end(s);
        return EXIT_DONE;
    }
    say(s, "%s: %llu entries, %.1f MB in %llu files; %.1f MB copied this time\n", dir, (unsigned long long)r.entries,
        (double)r.bytes / 1e6, (unsigned long long)r.files, (double)r.copied_bytes / 1e6);
    say(s, "It holds the node's keys and its partners' secrets, readable by whoever reads the folder.\n");
    return EXIT_DONE;
}

static const struct option_spec OPTIONS[] = {
    {"without-archive", OPTION_FLAG, NULL, "the logs of the archive stay, or are taken, out of the backup"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_BACKUP = {
    .name = "backup",
    .operands = "DIR",
    .summary = "the whole home copied into a folder; again: only what changed",
    .details =
        "Log, local.db, keys and configuration as of one moment, with a signed checkpoint, and the archive's logs;\n"
        "views are made anew by restore. A running node goes on meanwhile. A backup that is cut short leaves the one "
        "before whole.\n"
        "The folder holds the node's keys in the clear: guard it like the node itself.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = 1,
    .need = NEED_WRITE,
    .run = run_backup};
