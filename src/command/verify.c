/* verify: is everything in this home what it should be? Names the first fault of each check. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "command/commands.h"
#include "command/verify_peer.h"
#include "command/verify_proof.h"
#include "process/config.h"
#include "store/verify.h"
#include "json/json.h"

#define PROGRESS_US ((int64_t)200000)

struct telling {
    struct session *s;
    bool faults, progress_shown;
    int64_t told_us;
};

static void member_or_null(struct json_out *o, const char *name, int64_t v)
{
    if (v >= 0)
        json_member_i64(o, name, v);
    else
        json_member_raw(o, name, TEXT("null"));
}

static void tell_json(struct telling *t, const struct verify_finding *f)
{
    struct json_out o = json_out_to(json_line(t->s));
    json_open(&o, '{');
    json_member_text(&o, f->state == VERIFY_REMARK ? "remark" : "check", text_of(f->check));
    if (f->file[0])
        json_member_text(&o, "file", text_of(f->file));
    else
        json_member_raw(&o, "file", TEXT("null"));
    member_or_null(&o, "offset", f->offset);
    member_or_null(&o, "entry", f->entry);
    json_member_text(&o, "what", text_of(f->what));
    if (f->state == VERIFY_OK || f->state == VERIFY_FAULT)
        json_member_bool(&o, "ok", f->state == VERIFY_OK);
    else if (f->state == VERIFY_SKIPPED)
        json_member_raw(&o, "ok", TEXT("null"));
    json_close(&o, '}');
    json_line_end(t->s);
}

static void tell_people(struct telling *t, const struct verify_finding *f)
{
    static const char *const words[] = {
        [VERIFY_OK] = "good", [VERIFY_FAULT] = "FAULT", [VERIFY_SKIPPED] = "skipped", [VERIFY_REMARK] = "note"};
    char where[VERIFY_FILE_MAX + 80] = "";
    size_t used = (size_t)snprintf(where, sizeof where, "%s", f->file);
    if (f->offset >= 0)
        used += (size_t)snprintf(where + used, sizeof where - used, ", offset %lld", (long long)f->offset);
    if (f->entry >= 0)
        used += (size_t)snprintf(where + used, sizeof where - used, ", entry %lld", (long long)f->entry);
    say(t->s, "%-10s  %-7s  %s%s%s\n", f->check, words[f->state], where, used ? ": " : "", f->what);
}

static void on_finding(void *self, const struct verify_finding *f)
{
    struct telling *t = self;
    if (t->progress_shown) {
        fputs("\r\033[K", stderr);
        t->progress_shown = false;
    }
    t->faults |= f->state == VERIFY_FAULT;
    if (t->s->json)
        tell_json(t, f);
    else
        tell_people(t, f);
}

static void on_progress(void *self, uint64_t entries, uint64_t bytes, uint64_t total)
{
    struct telling *t = self;
    int64_t now = clock_mono_us();
    (void)total;
    if (!t->s->progress || now - t->told_us < PROGRESS_US)
        return;
    t->told_us = now;
    t->progress_shown = true;
    fprintf(stderr, "\r%llu entries, %llu MB looked at", (unsigned long long)entries,
            (unsigned long long)(bytes / 1000000));
    fflush(stderr);
}

static void check_config(struct telling *t)
{
    char path[4096];
    struct config *config = NULL;
    struct fault fault = {.offset = -1, .line = -1};
    struct verify_finding f = {.check = "config", .offset = -1, .entry = -1};
    snprintf(path, sizeof path, "%s/entente.yaml", t->s->home);
    if (config_load(path, &config, &fault) == OK) {
        snprintf(f.what, sizeof f.what, "can be read");
    } else {
        f.state = VERIFY_FAULT;
        snprintf(f.file, sizeof f.file, "entente.yaml");
        snprintf(f.what, sizeof f.what, "%s", fault.what);
    }
    config_free(config);
    on_finding(t, &f);
}

static int verify_this_home(struct session *s)
{
    struct telling t = {.s = s};
    const struct verify_options options = {
        .on_finding = on_finding, .on_progress = on_progress, .self = &t, .cancel = s->cancel};
    struct fault fault = {.offset = -1, .line = -1};
    bool ok = false;
    enum err err = verify_home(io_system(), s->home, &options, &ok, &fault);
    if (err == ERR_CANCELLED) {
        complain(s, "stopped: nothing is said about this home");
        return EXIT_WRITE;
    }
    if (err)
        return complain_fault(s, NULL, &fault);
    check_config(&t);
    return ok && !t.faults ? EXIT_DONE : EXIT_CHECK;
}

static int run_verify(struct session *s)
{
    if (s->operand_count > 0 && option_given(s, "peer")) {
        complain(s, "verify: either proof files or --peer P");
        return EXIT_USAGE;
    }
    if (s->operand_count > 0)
        return verify_proofs(s);
    if (option_given(s, "key") || option_given(s, "object")) {
        complain(s, "--key and --object go with proof files: entente verify FILE.tlog-proof");
        return EXIT_USAGE;
    }
    return option_given(s, "peer") ? verify_peer(s) : verify_this_home(s);
}

static const struct option_spec OPTIONS[] = {
    {"key", OPTION_VALUE, "VKEY", "of proof files: the log's key, NAME+ID+BASE64 (those this home knows)"},
    {"object", OPTION_VALUE, "FILE", "of proof files: the object in this file, as JSON, is what was logged"},
    {"peer", OPTION_VALUE, "P", "a partner's log instead: signature, continuation of what was seen, cosignatures"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_VERIFY = {
    .name = "verify",
    .operands = "[FILE.tlog-proof...]",
    .summary = "views against log against checkpoints: names the first fault of each check",
    .details =
        "Looks at every byte that is used, while a server runs too, and changes nothing. Exit 1 when a check\n"
        "does not hold.\n"
        "With proof files (entente get ID --proof): does each show an entry of a log that is known here?\n"
        "--json: one line a check: {\"check\",\"file\",\"offset\",\"entry\",\"what\",\"ok\"}; ok is null where an\n"
        "earlier fault kept it from being looked at. With --peer: {\"check\",\"peer\",\"origin\",\"size\",\"seen\",\n"
        "\"cosigners\",\"moved\",\"what\",\"ok\"}. {\"remark\",\"what\"}: worth knowing, nothing wrong.\n",
    .options = OPTIONS,
    .operands_max = SIZE_MAX,
    .need = NEED_NOTHING,
    .owner_option = "peer",
    .least = ROLE_ADMINISTRATOR,
    .run = run_verify};
