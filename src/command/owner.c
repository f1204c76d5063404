#include "command/owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "command/commands.h"
#include "command/readers.h"
#include "command/reload.h"
#include "desk/reclass.h"
#include "process/config.h"
#include "store/clock.h"

/* How long a command waits for an owner that is starting or ending. */
#define OWNER_PATIENCE_US ((int64_t)10 * 1000000)

struct remote_output {
    struct ctl_reply *reply;
};

static void write_remote(void *self, bool to_stderr, struct text bytes)
{
    struct remote_output *out = self;
    ctl_write(out->reply, to_stderr, bytes);
}

static enum err take_files(struct session *s, struct ctl_request *request)
{
    s->inputs = calloc(request->file_count + 1, sizeof *s->inputs);
    if (!s->inputs)
        return ERR_NOMEM;
    for (size_t i = 0; i < request->file_count; i++) {
        /* An input may be called so too: what is written to comes last, and only when the option was given. */
        if (i + 1 == request->file_count && option_given(s, "out") && strcmp(request->files[i].name, "--out") == 0)
            s->output_fd = request->files[i].fd;
        else
            s->inputs[s->input_count++] = (struct input){request->files[i].name, request->files[i].fd};
    }
    return OK;
}

/* Which home a command is for, whatever its socket was linked to. */
#define HOME_WORD_MAX 64
static bool home_word(const char *home, char out[HOME_WORD_MAX])
{
    struct stat st;
    if (stat(home, &st) != 0)
        return false;
    snprintf(out, HOME_WORD_MAX, "home:%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return true;
}

/* A command of another process, on a thread of the owner. */
static int run_for_other(void *self, struct ctl_request *request, struct ctl_reply *reply)
{
    struct owner *o = self;
    struct remote_output out = {reply};
    struct session s = {.node = o->node,
                        .server = o->server,
                        .peers = o->peers,
                        .home = node_home(o->node),
                        .output_fd = -1,
                        .cancel = &request->cancelled,
                        .write = write_remote,
                        .write_self = &out};
    buffer_init(&s.line, 64 * MIB);
    size_t used = 0;
    int code = EXIT_USAGE;
    char home[HOME_WORD_MAX];
    if (request->arg_count == 0 || !home_word(s.home, home) || strcmp(request->args[0], home) != 0) {
        complain(&s, "this socket is of another home than the one the command is for: nothing crosses");
        buffer_done(&s.line);
        return EXIT_DENIED;
    }
    char **args = request->args + 1;
    size_t arg_count = request->arg_count - 1;
    s.command = command_find(arg_count, args, &used);
    if (!s.command || (s.command->need != NEED_WRITE && !s.command->owner_option)) {
        complain(&s, "the running node does not know this command: is it another version? Restart it with this one");
        buffer_done(&s.line);
        return code;
    }
    s.operands = calloc(arg_count + 1, sizeof *s.operands);
    bool help = false;
    if (s.operands)
        code = command_parse(&s, arg_count - used, args + used, &help);
    if (!s.operands || (code == EXIT_DONE && take_files(&s, request))) {
        complain(&s, "out of memory");
        code = EXIT_WRITE;
    }
    if (code == EXIT_DONE && session_need(&s) == NEED_WRITE) {
        tell_space(&s);
        code = s.command->run(&s);
    }
    free(s.operands);
    free(s.inputs);
    buffer_done(&s.line);
    return code;
}

/* A configuration that cannot be read is told about by who needs the rest of it; here the default stays. */
static void take_limits(struct node *node, const char *home)
{
    struct config *config;
    char path[4096];
    snprintf(path, sizeof path, "%s/entente.yaml", home);
    if (config_load(path, &config, NULL) != OK)
        return;
    reload_limits(node, config);
    config_free(config);
}

enum err owner_open(const char *home, struct owner *ret, struct fault *reterr)
{
    memset(ret, 0, sizeof *ret);
    enum err err = node_open(io_system(), home, NODE_OWN, &ret->node, reterr);
    if (err == OK) {
        struct fault why = {.offset = -1, .line = -1};
        if (node_check_clock(ret->node, clock_now_us(), &why))
            log_warning("the clock is behind the log, and that could not be noted: %s", why.what);
        take_limits(ret->node, home);
        node_hold_reserve(ret->node);
        err = reclass_resume(ret->node, reterr);
    }
    if (err && ret->node) {
        node_close(ret->node);
        ret->node = NULL;
    }
    return err;
}

static void socket_path(const char *home, char *out, size_t size)
{
    snprintf(out, size, "%s/ctl.sock", home);
}

enum err owner_listen(struct owner *o, struct fault *reterr)
{
    char path[4096];
    socket_path(node_home(o->node), path, sizeof path);
    return ctl_server_start(path, run_for_other, o, &o->ctl, reterr);
}

void owner_close(struct owner *o, bool cancel)
{
    ctl_server_stop(o->ctl, cancel);
    node_close(o->node);
    memset(o, 0, sizeof *o);
}

static void write_through(void *self, bool to_stderr, struct text bytes)
{
    struct session *s = self;
    s->write(s->write_self, to_stderr, bytes);
}

/* The words again, as the owner wants them, with the open files. */
static enum err call_owner(struct session *s, char **words, size_t word_count, int *ret_code, struct fault *reterr)
{
    char path[4096];
    socket_path(s->home, path, sizeof path);
    struct ctl_file *files = calloc(s->input_count + 1, sizeof *files);
    if (!files)
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    char home[HOME_WORD_MAX], **args = calloc(word_count + 1, sizeof *args);
    if (!args || !home_word(s->home, home)) {
        free(args);
        free(files);
        return fault_set(reterr, args ? ERR_IO : ERR_NOMEM, "%s cannot be looked at", s->home);
    }
    args[0] = home;
    memcpy(args + 1, words, word_count * sizeof *args);
    struct ctl_request request = {.args = args, .arg_count = word_count + 1, .files = files};
    for (size_t i = 0; i < s->input_count; i++)
        files[request.file_count++] = (struct ctl_file){(char *)(uintptr_t)s->inputs[i].name, s->inputs[i].fd};
    char out_name[] = "--out";
    if (s->output_fd >= 0)
        files[request.file_count++] = (struct ctl_file){out_name, s->output_fd};
    struct ctl_output output = {write_through, s, s->cancel};
    enum err err = ctl_call(path, &request, &output, ret_code, reterr);
    free(args);
    free(files);
    return err;
}

static int run_here(struct session *s, struct owner *o)
{
    struct fault fault = {.offset = -1, .line = -1};
    /* A home whose path is too long for a socket still works; only others cannot join in meanwhile. */
    if (owner_listen(o, &fault) && fault.err != ERR_LIMIT)
        complain(s, "%s", fault.what);
    s->node = o->node;
    tell_space(s);
    enum err err = readers_configure(s->home, false, &fault);
    int code = err ? complain_fault(s, NULL, &fault) : s->command->run(s);
    s->node = NULL;
    owner_close(o, cancelled(s));
    return code;
}

int owner_run(struct session *s, char **words, size_t word_count)
{
    int64_t until = clock_mono_us() + OWNER_PATIENCE_US;
    struct fault busy = {.offset = -1, .line = -1}, fault = busy;
    for (;;) {
        struct owner o;
        enum err err = owner_open(s->home, &o, &busy);
        if (!err)
            return run_here(s, &o);
        /* Where root may not be the owner itself (home_check_user) it may still ask the one that there is. */
        bool denied = err == ERR_DENIED;
        if (err != ERR_BUSY && !denied)
            return complain_fault(s, NULL, &busy);
        int code = EXIT_DONE;
        err = call_owner(s, words, word_count, &code, &fault);
        if (!err)
            return code;
        if (denied)
            return complain_fault(s, NULL, &busy);
        if (err != ERR_UNREACHABLE)
            return complain_fault(s, NULL, &fault);
        if (clock_mono_us() > until || cancelled(s))
            return complain_fault(s, NULL, &busy);
        usleep(20000);
    }
}
