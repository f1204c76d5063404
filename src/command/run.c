/* From argv to an exit code. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "command/ask_password.h"
#include "command/commands.h"
#include "command/owner.h"
#include "process/signals.h"

/* Whoever shares our terminal or pipe may have made it non-blocking. */
static bool wait_writable(int fd)
{
    struct pollfd p = {fd, POLLOUT, 0};
    return poll(&p, 1, -1) > 0 || errno == EINTR;
}

/* Straight to the descriptor: an acknowledgement that waits in a buffer is none. */
static void write_standard(void *self, bool to_stderr, struct text bytes)
{
    struct session *s = self;
    while (bytes.len > 0) {
        int fd = to_stderr ? STDERR_FILENO : STDOUT_FILENO;
        ssize_t done = write(fd, bytes.ptr, bytes.len);
        if (done < 0 && (errno == EINTR || (errno == EAGAIN && wait_writable(fd))))
            continue;
        /* The reader of our pipe has seen enough. A command that only reads is done; one that writes goes on. */
        if (done < 0 && !to_stderr && errno == EPIPE && s->command &&
            (s->command->need == NEED_READ || s->command->reads_only))
            _exit(EXIT_DONE);
        if (done < 0 && !to_stderr && errno != EPIPE)
            s->output_errno = errno;
        if (done < 0)
            return;
        bytes = text_sub(bytes, (size_t)done, bytes.len);
    }
}

/* The package's: its system user keeps the node here. */
#define STATE_FOLDER "/var/lib/entente"

static bool owns_state_folder(void)
{
    struct stat st;
    return geteuid() != 0 && stat(STATE_FOLDER, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* --home, else $ENTENTE_HOME, else the system user's, else the XDG data folder. */
static const char *default_home(char out[PATH_MAX])
{
    const char *home = getenv("ENTENTE_HOME");
    if (home && *home)
        return home;
    if (owns_state_folder())
        return STATE_FOLDER "/home";
    const char *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
    if (data && *data)
        snprintf(out, PATH_MAX, "%s/entente", data);
    else
        snprintf(out, PATH_MAX, "%s/.local/share/entente", user && *user ? user : "");
    return out;
}

static int open_input(struct session *s, const char *name, struct input *ret)
{
    int fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && !s->command->folders && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0) {
        complain(s, "%s: %s", name, strerror(errno));
        return errno == EACCES ? EXIT_DENIED : EXIT_DATA;
    }
    *ret = (struct input){name, fd};
    return EXIT_DONE;
}

static bool wants_typed_password(const struct session *s)
{
    return s->command == &COMMAND_ACCOUNT_PASSWORD && !option_given(s, "password-file") && !option_given(s, "remove");
}

/* Files are opened by who typed the command, with that person's rights. */
static int open_files(struct session *s)
{
    size_t count = s->command->files == FILES_OPERANDS                        ? s->operand_count
                   : s->command->files == FILES_FIRST && s->operand_count > 0 ? 1
                                                                              : 0;
    if (count > CTL_FILES_MAX) {
        complain(s, "at most %d files at once", CTL_FILES_MAX);
        return EXIT_USAGE;
    }
    const char *token = option(s, "token-file"); /* the last one */
    if (!token)
        token = option(s, "secret-file");
    if (!token)
        token = option(s, "password-file");
    s->inputs = calloc(count + 2, sizeof *s->inputs);
    if (!s->inputs)
        return EXIT_WRITE;
    for (size_t i = 0; i < count + (token != NULL); i++) {
        int code = open_input(s, i < count ? s->operands[i] : token, &s->inputs[s->input_count]);
        if (code)
            return code;
        s->input_count++;
    }
    if (wants_typed_password(s)) {
        int code = ask_password(s, &s->inputs[s->input_count]);
        if (code)
            return code;
        s->input_count++;
    }
    const char *out = option(s, "out");
    if (s->command->open_out)
        return s->command->open_out(s);
    if (out && strcmp(out, "-") != 0) {
        s->output_fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (s->output_fd < 0) {
            complain(s, "%s: %s", out, strerror(errno));
            return EXIT_WRITE;
        }
    }
    return EXIT_DONE;
}

static int run_reading(struct session *s)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = node_open(io_system(), s->home, NODE_READ, &s->node, &fault);
    if (err)
        return complain_fault(s, NULL, &fault);
    tell_space(s);
    int code = s->command->run(s);
    node_close(s->node);
    return code;
}

static int run_session(struct session *s, char **words, size_t word_count)
{
    int code = open_files(s);
    if (code)
        return code;
    if (session_need(s) == NEED_NOTHING)
        return s->command->run(s);
    if (session_need(s) == NEED_READ)
        return run_reading(s);
    return owner_run(s, words, word_count);
}

/* What stands before the command: --home DIR, --json, --help, --version. Returns how many words, or -1 after
 * complaining. */
static int global_words(struct session *s, int argc, char **argv, bool *ret_help, bool *ret_version)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            s->json = true;
        } else if (strcmp(argv[i], "--home") == 0 && i + 1 < argc) {
            s->home = argv[++i];
        } else if (strncmp(argv[i], "--home=", 7) == 0) {
            s->home = argv[i] + 7;
        } else if (strcmp(argv[i], "--home") == 0) {
            complain(s, "--home needs a value: --home DIR");
            return -1;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *ret_help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            *ret_version = true;
        } else {
            complain(s, "no such option %s; see entente --help", argv[i]);
            return -1;
        }
    }
    return i;
}

/* What the owner is given: the words as typed, and --json when it stood in front. */
static char **words_for_owner(struct session *s, int count, char **words, size_t *ret_count)
{
    static char json[] = "--json";
    char **copy = calloc((size_t)count + 2, sizeof *copy);
    if (!copy)
        return NULL;
    /* before the operands, since "--" may end the options */
    size_t used = 0, at = 0;
    command_find((size_t)count, words, &used);
    for (; at < used; at++)
        copy[at] = words[at];
    if (s->json)
        copy[at++] = json;
    for (size_t i = used; i < (size_t)count; i++)
        copy[at++] = words[i];
    *ret_count = at;
    return copy;
}

static int run_words(struct session *s, int count, char **words)
{
    size_t used = 0, owner_count = 0;
    bool help = false;
    s->command = command_find((size_t)count, words, &used);
    if (!s->command) {
        bool asked = count == 1 || strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0;
        if (asked && help_group(s, words[0]))
            return EXIT_DONE;
        if (count > 1 && command_group(words[0])) {
            complain(s, "no such command: %s %s; entente %s --help lists them", words[0], words[1], words[0]);
            return EXIT_USAGE;
        }
        complain(s, "no such command: %s; entente --help lists them", words[0]);
        return EXIT_USAGE;
    }
    s->operands = calloc((size_t)count + 1, sizeof *s->operands);
    if (!s->operands)
        return EXIT_WRITE;
    int code = command_parse(s, (size_t)count - used, words + used, &help);
    if (code)
        return code;
    if (!s->home[0]) {
        complain(s, "--home needs a value: --home DIR");
        return EXIT_USAGE;
    }
    if (help) {
        help_command(s, s->command);
        return EXIT_DONE;
    }
    char **for_owner = words_for_owner(s, count, words, &owner_count);
    code = for_owner ? run_session(s, for_owner, owner_count) : EXIT_WRITE;
    free(for_owner);
    return code;
}

/* A descriptor that was closed before us would be given to the next file opened, the log perhaps, and messages would
 * go there. What stands in for it cannot be used in its own direction, so that a write to it still fails. */
static void standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest free one: fd */
    }
}

int command_main(int argc, char **argv)
{
    standard_descriptors();
    char home[PATH_MAX];
    struct session s = {.output_fd = -1, .write = write_standard};
    s.write_self = &s;
    signals_install();
    s.cancel = signals_stop();
    s.home = default_home(home);
    s.tty = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    s.progress = isatty(STDERR_FILENO);
    buffer_init(&s.line, 64 * MIB);
    bool help = false, version = false;
    int at = global_words(&s, argc, argv, &help, &version), code = EXIT_DONE;
    if (at < 0)
        code = EXIT_USAGE;
    else if (version)
        say(&s, "entente %s\n", ENTENTE_VERSION);
    else if (help || at == argc)
        help_all(&s);
    else
        code = run_words(&s, argc - at, argv + at);
    if (at == argc && !help && !version && code == EXIT_DONE)
        code = EXIT_USAGE; /* no command: told what there is, but nothing was asked */
    if (s.output_errno && code == EXIT_DONE) {
        complain(&s, "standard output: %s", strerror(s.output_errno));
        code = EXIT_WRITE;
    }
    for (size_t i = 0; i < s.input_count; i++)
        close(s.inputs[i].fd);
    free(s.inputs);
    free(s.operands);
    buffer_done(&s.line);
    return code;
}
