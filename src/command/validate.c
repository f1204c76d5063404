/* validate: every fault of STIX documents and patterns, with its rule. Needs no home, holds no key and writes
 * nothing; each document is read by a locked-in copy of this process. */
#include <string.h>

#include "command/commands.h"
#include "command/validate.h"

struct validate {
    struct validate_job job;
    struct validate_report report;
    int code; /* the gravest so far: what could not be read before what is not valid */
};

static void grave(struct validate *v, int code)
{
    if (v->code == EXIT_DONE || v->code == EXIT_CHECK)
        v->code = code;
}

static void look(void *self, const char *name, int fd)
{
    struct validate *v = self;
    struct session *s = v->report.s;
    struct document_sum sum;
    struct fault fault = {.offset = -1, .line = -1};
    const struct document_faults to = {.on_fault = report_fault, .on_progress = report_progress, .self = &v->report};
    bool ended;
    report_file(&v->report, name, fd);
    enum err e = validate_document(&v->job, fd, &to, &sum, &ended, &fault);
    if (e == ERR_CANCELLED)
        return;
    bool valid = report_end(&v->report, &sum, e == OK && sum.unreadable == 0);
    if (e == ERR_MALFORMED && ended)
        complain(s, "%s: %s; nothing behind it was checked", name, v->report.last);
    else if (e)
        complain_fault(s, name, &fault);
    if (e || sum.unreadable)
        grave(v, !e || e == ERR_IO ? EXIT_DATA : exit_of(e));
    else if (!valid && v->code == EXIT_DONE)
        v->code = EXIT_CHECK;
}

static int take_options(struct session *s, struct validate *v)
{
    const char *as = option(s, "as"), *sandbox = option(s, "sandbox");
    v->job.cancel = s->cancel;
    v->job.pattern = as && strcmp(as, "pattern") == 0;
    if (as && !v->job.pattern && strcmp(as, "stix") != 0) {
        complain(s, "validate: --as %s: stix or pattern", as);
        return EXIT_USAGE;
    }
    if (sandbox && sandbox_policy_parse(sandbox, &v->job.policy)) {
        complain(s, "validate: --sandbox %s: required, partial or off", sandbox);
        return EXIT_USAGE;
    }
    v->report.strict = option_given(s, "strict");
    v->report.pattern = v->job.pattern;
    return EXIT_DONE;
}

static int run_validate(struct session *s)
{
    struct validate v = {.job.policy = SANDBOX_REQUIRED, .code = EXIT_DONE};
    struct validate_files files = {.s = s, .each = look, .self = &v};
    report_init(&v.report, s);
    int code = take_options(s, &v);
    if (code) {
        report_done(&v.report);
        return code;
    }
    for (size_t i = 0; i < s->input_count; i++, files.seen++) /* opened by who asks */
        look(&v, s->inputs[i].name, s->inputs[i].fd);
    for (size_t i = s->input_count; i < s->operand_count && !cancelled(s); i++)
        validate_walk(&files, s->operands[i]);
    if (files.code)
        grave(&v, files.code);
    if (cancelled(s)) {
        complain(s, "stopped: what follows was not checked");
        grave(&v, EXIT_WRITE);
    } else if (v.report.files) {
        report_total(&v.report);
    }
    report_done(&v.report);
    return v.code;
}

static const struct option_spec OPTIONS[] = {
    {"as", OPTION_VALUE, "FORMAT", "stix (without it), or pattern: STIX patterns, one a line, or one in all"},
    {"strict", OPTION_FLAG, NULL, "what the specification recommends (SHOULD) counts as an error, too"},
    {"sandbox", OPTION_VALUE, "LEVEL", "required (without it), partial or off: how documents' readers are locked in"},
    {NULL, OPTION_FLAG, NULL, NULL}};

const struct command COMMAND_VALIDATE = {
    .name = "validate",
    .operands = "FILE|FOLDER|-...",
    .summary = "every fault of STIX documents or patterns, with its place and its rule",
    .details =
        "Bundles, TAXII envelopes, lists of objects, single objects, and any of them one a line. Of a folder every\n"
        "*.json in it and below it, in the order of their names, but none that begins with a dot. No home is "
        "needed,\n"
        "nothing is written. A document may be of any size; one object is at most 8 MiB.\n"
        "\n"
        "What breaks a MUST of STIX 2.1 is an error, what only falls short of a SHOULD a warning. A fault names the\n"
        "line and column of what is wrong, the byte at which its object begins (for what is no JSON, and in "
        "patterns,\n"
        "the very byte), the object, the place in it (a JSON pointer) and the section of the specification.\n"
        "\n"
        "--json prints a line for each fault:\n"
        "  {\"file\",\"at\",\"line\",\"column\",\"id\",\"pointer\",\"rule\",\"severity\",\"words\"}\n"
        "with `at` a byte offset from 0, line and column from 1 (columns count bytes), `severity` \"must\" or "
        "\"should\",\n"
        "`id` and `pointer` empty where there is none; and, after those of a file, one for the file:\n"
        "  {\"file\",\"objects\",\"valid\",\"musts\",\"shoulds\",\"readable\",\"seconds\"}\n"
        "with `valid` true or false, and `readable` false where the file or a part of it is no JSON, is cut short, "
        "or\n"
        "is too long or too deep to be read.\n"
        "\n"
        "Exit code: 0 all valid; 1 not all are (with --strict, warnings count); 65 a file, or a part of it, could "
        "not\n"
        "be read; 77 a file may not be read.\n",
    .options = OPTIONS,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .need = NEED_NOTHING,
    .least = ROLE_READER,
    .reads_only = true,
    .run = run_validate};
