/* command/session.h - one run of one command: its words, its open files, where it writes. The same command runs in
 * the process that was typed or, through the control socket, in the one that owns the home; it cannot tell. */
#pragma once
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "store/node.h"

/* Exit codes, fixed by the command line's contract. */
enum {
    EXIT_DONE = 0,
    EXIT_CHECK = 1,
    EXIT_USAGE = 64,
    EXIT_DATA = 65,
    EXIT_PEER = 69,
    EXIT_WRITE = 73,
    EXIT_DENIED = 77
};
int exit_of(enum err err);

enum option_kind { OPTION_FLAG, OPTION_VALUE };
struct option_spec {
    const char *name; /* without the dashes */
    enum option_kind kind;
    const char *argument; /* in help: "NAME" */
    const char *help;
};
#define OPTIONS_MAX 16

enum command_need {
    NEED_NOTHING, /* opens what it wants by itself */
    NEED_READ,    /* the home, without the lock */
    NEED_WRITE    /* the home as its owner, here or through the control socket */
};
enum command_files {
    FILES_NONE,
    FILES_OPERANDS, /* every operand is an input file, opened by who typed it */
    FILES_FIRST     /* the first one is */
};

struct session;
struct command {
    const char *name; /* one or two words: "import", "account add" */
    const char *operands;
    const char *summary;
    const char *details;                    /* more help; may be NULL */
    void (*add_details)(struct buffer *to); /* what is said of a table, behind them; may be NULL */
    const struct option_spec *options;      /* ends with name NULL; may be NULL */
    size_t operands_min, operands_max;      /* SIZE_MAX: any number */
    enum command_need need;
    enum role least; /* the least role of an account that may do it from elsewhere; ROLE_NONE: on this machine only */
    const char *owner_option;     /* given, the command needs NEED_WRITE whatever need says; may be NULL */
    const char *alone_options[2]; /* one given, the command opens what it wants by itself: NEED_NOTHING */
    enum command_files files;
    bool folders; /* an input may be a folder, too */
    int (*run)(struct session *s);
    int (*open_out)(struct session *s); /* opens what --out names, in place of a file to write; NULL: that file */
    bool reads_only; /* with NEED_NOTHING: nothing is written anywhere, it may end when nobody listens any more */
    bool hidden;     /* between our own processes */
};

struct input {
    const char *name; /* borrowed: for messages */
    int fd;
};

struct peer_loop;
struct server; /* a serving node's other parts, see command/serve.h */

/* One of our own accounts for whom a command runs that did not come from this machine: it acts under it, and sees
 * what the gate clears for it. */
struct actor {
    struct uuid account;
    enum role role;
};

struct session {
    const struct command *command;
    const char *home;
    bool json, tty, progress; /* tty: tables may have colour; progress: standard error is a terminal */
    const char **operands;
    size_t operand_count;
    const char *values[OPTIONS_MAX]; /* by place in command->options; flags: "" when given */
    struct input *inputs;
    size_t input_count;
    int output_fd; /* of option --out, opened by who typed it; -1: none */
    struct node *node;
    struct server *server;     /* NULL outside `serve` */
    struct peer_loop *peers;   /* of the process that keeps the lines to partners; else NULL */
    const struct actor *actor; /* NULL: who can write the home acts, as its administrator */
    const atomic_bool *cancel;
    void (*write)(void *self, bool to_stderr, struct text bytes);
    void *write_self;
    int output_errno;   /* why standard output could not be written; 0: it could */
    struct buffer line; /* scratch of session_json() */
};

/* May an account of ours with this role do it (docs/ACCOUNTS.md has the table). Who can write the home on this
 * machine may do everything, and is not asked. */
bool command_permits(const struct command *command, enum role role);
/* For whoever sets s->actor, once s has its words and node and before command->run(): that its role may do it, and
 * that no option makes it act as another account or see with another's eyes. Complains; EXIT_DONE | EXIT_DENIED |
 * EXIT_WRITE */
MUST_CHECK int session_allowed(struct session *s);
/* Under which account the command acts and whose eyes it has: the actor's, else the first administrator's. s->node is
 * open. */
const struct uuid *session_account(const struct session *s);
const char *option(const struct session *s, const char *name); /* NULL when not given */
bool option_given(const struct session *s, const char *name);
enum command_need session_need(const struct session *s); /* of its command, with these options */
/* A whole number; ERR_USAGE told on standard error. `otherwise` when not given. */
MUST_CHECK enum err option_u64(struct session *s, const char *name, uint64_t otherwise, uint64_t most, uint64_t *ret);

/* What a foreign name, file or log line holds must not move the cursor of somebody's terminal, colour it or turn its
 * words round: control characters (C0 but tab, DEL, C1), the bidirectional overrides and bytes that are no UTF-8
 * become
 * '?', in place and as many bytes. Newlines stay where `lines` says so. */
void clean_for_people(char *bytes, size_t len, bool lines);
/* Cleaned, with newlines kept: what it is given on one line must not hold any. JSON lines are not changed by it. */
void say(struct session *s, const char *format, ...) PRINTF_LIKE(2, 3); /* standard output */
void say_text(struct session *s, struct text t);
/* Standard error, "entente: " before; one line whatever the words hold. */
void complain(struct session *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* One line for a fault: where (file, line or offset), what. Returns the exit code. */
int complain_fault(struct session *s, const char *where, const struct fault *f);
/* In an exercise, on standard error and not beside JSON: that nothing here is real. s->node is open. */
void tell_space(struct session *s);
bool cancelled(const struct session *s);

/* A JSON line: buffer to write into, then send it with its newline. */
struct buffer *json_line(struct session *s);
void json_line_end(struct session *s);

/* Words of a person for a moment: "2026-11-21 20:15:01Z". */
#define MOMENT_MAX 32
const char *moment(int64_t us, char out[MOMENT_MAX]);
