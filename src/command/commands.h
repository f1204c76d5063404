/* command/commands.h - the one table of commands, and what finds and parses them. */
#pragma once
#include "command/session.h"

extern const struct command *const COMMANDS[]; /* ends with NULL */

/* One file each. */
extern const struct command COMMAND_ACCOUNT_ADD, COMMAND_ACCOUNT_DISABLE, COMMAND_ACCOUNT_ENABLE,
    COMMAND_ACCOUNT_LIST, COMMAND_ACCOUNT_PASSWORD, COMMAND_ACCOUNT_RECOVER, COMMAND_ACCOUNT_SET,
    COMMAND_ACCOUNT_TOKEN;
extern const struct command COMMAND_ARCHIVE_ADD, COMMAND_ARCHIVE_DROP, COMMAND_ARCHIVE_LIST;
extern const struct command COMMAND_BACKUP;
extern const struct command COMMAND_COMPLETION;
extern const struct command COMMAND_CONFIG_CHECK;
extern const struct command COMMAND_CONSTITUENCY_IMPORT, COMMAND_CONSTITUENCY_LIST, COMMAND_CONSTITUENCY_WHO;
extern const struct command COMMAND_DEMO;
extern const struct command COMMAND_ERASE;
extern const struct command COMMAND_EXERCISE_CHECK, COMMAND_EXERCISE_SIGN;
extern const struct command COMMAND_EXPLAIN;
extern const struct command COMMAND_EXPORT;
extern const struct command COMMAND_FINDING_LIST, COMMAND_FINDING_SHOW, COMMAND_FINDING_FALSE_POSITIVE,
    COMMAND_FINDING_REOPEN;
extern const struct command COMMAND_GET;
extern const struct command COMMAND_HITS;
extern const struct command COMMAND_HUNT;
extern const struct command COMMAND_HUB_LINE;
extern const struct command COMMAND_HUNTER;
extern const struct command COMMAND_IMPORT;
extern const struct command COMMAND_INCIDENT_CLOSE, COMMAND_INCIDENT_LIST, COMMAND_INCIDENT_OPEN,
    COMMAND_INCIDENT_SHOW;
extern const struct command COMMAND_INDEX;
extern const struct command COMMAND_INIT;
extern const struct command COMMAND_KEY_LIST, COMMAND_KEY_REPLACE, COMMAND_KEY_ROTATE;
extern const struct command COMMAND_MANUAL;
extern const struct command COMMAND_MARKING_ADD, COMMAND_MARKING_LIST;
extern const struct command COMMAND_MATCH;
extern const struct command COMMAND_PEER_ACCEPT, COMMAND_PEER_EXPEL, COMMAND_PEER_INVITE, COMMAND_PEER_LIST,
    COMMAND_PEER_SET, COMMAND_PEER_SYNC;
extern const struct command COMMAND_PROPOSAL_ACCEPT, COMMAND_PROPOSAL_LIST, COMMAND_PROPOSAL_REFUSE;
extern const struct command COMMAND_QUARANTINE_LIST, COMMAND_QUARANTINE_RELEASE;
extern const struct command COMMAND_REBUILD;
extern const struct command COMMAND_REPAIR;
extern const struct command COMMAND_RESTORE;
extern const struct command COMMAND_SEARCH;
extern const struct command COMMAND_SERVE;
extern const struct command COMMAND_SHARE_AGREEMENT_LIST, COMMAND_SHARE_AGREEMENT_SET, COMMAND_SHARE_APPROVE,
    COMMAND_SHARE_BREAK_GLASS, COMMAND_SHARE_CONSENT_RECORD, COMMAND_SHARE_CONSENT_REQUEST, COMMAND_SHARE_GROUP_ADD,
    COMMAND_SHARE_GROUP_LIST, COMMAND_SHARE_GROUP_SET, COMMAND_SHARE_LIST, COMMAND_SHARE_NAME, COMMAND_SHARE_NEED,
    COMMAND_SHARE_PLAN, COMMAND_SHARE_REVOKE;
extern const struct command COMMAND_SOURCE_ADD, COMMAND_SOURCE_LIST, COMMAND_SOURCE_POLL, COMMAND_SOURCE_SET,
    COMMAND_SOURCE_SHOW;
extern const struct command COMMAND_STATUS;
extern const struct command COMMAND_VALIDATE;
extern const struct command COMMAND_VERIFY;
extern const struct command COMMAND_WARNINGLIST_ADD, COMMAND_WARNINGLIST_ALLOW, COMMAND_WARNINGLIST_CHECK,
    COMMAND_WARNINGLIST_DISABLE, COMMAND_WARNINGLIST_ENABLE, COMMAND_WARNINGLIST_LIST, COMMAND_WARNINGLIST_SHOW;
extern const struct command COMMAND_WATCH;

/* Finds the command that the words begin with; *ret_used of them name it. NULL when there is none. */
const struct command *command_find(size_t count, char *const *words, size_t *ret_used);
/* Takes options and operands off the words after the command's name. --json and --home are taken too. s->operands
 * must have room for count. EXIT_DONE, or EXIT_USAGE after complaining; *ret_help true when --help stood there. */
int command_parse(struct session *s, size_t count, char *const *words, bool *ret_help);

void help_all(struct session *s);
void help_command(struct session *s, const struct command *c);
/* Commands that begin with this word ("peer"); false when there is none. */
bool help_group(struct session *s, const char *word);
/* Does a command's first of two words read so? */
bool command_group(const char *word);

/* Everything: argv as main() has it; returns the exit code. */
int command_main(int argc, char **argv);
