/* config check: is entente.yaml as serve wants it? */
#include <stdio.h>

#include "command/commands.h"
#include "process/config.h"
#include "json/json.h"

struct telling {
    struct session *s;
    size_t faults;
};

static void on_fault(void *self, const struct fault *f)
{
    struct telling *t = self;
    t->faults++;
    if (!t->s->json) {
        complain_fault(t->s, NULL, f);
        return;
    }
    struct json_out o = json_out_to(json_line(t->s));
    json_open(&o, '{');
    json_member_bool(&o, "valid", false);
    json_member_i64(&o, "line", f->line);
    json_member_text(&o, "what", text_of(f->what));
    json_close(&o, '}');
    json_line_end(t->s);
}

static int run_check(struct session *s)
{
    char path[4096];
    struct telling t = {.s = s};
    struct config *c = NULL;
    struct fault fault = {.offset = -1, .line = -1};
    snprintf(path, sizeof path, "%s/entente.yaml", s->home);
    enum err err = config_check(path, &c, on_fault, &t, &fault);
    config_free(c);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (t.faults)
        return EXIT_CHECK;
    if (s->json)
        say(s, "{\"valid\":true}\n");
    else
        say(s, "%s is valid; a running server takes it at its next start\n", path);
    return EXIT_DONE;
}

const struct command COMMAND_CONFIG_CHECK = {
    .name = "config check",
    .operands = "",
    .summary = "is entente.yaml valid: every fault with its line",
    .details = "Exit 1 when it is not. A missing file is valid: everything has a default.\n",
    .need = NEED_NOTHING,
    .run = run_check};
