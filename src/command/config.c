/* config check: is entente.yaml as serve wants it? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/commands.h"
#include "command/reload.h"
#include "net/certificate.h"
#include "net/http_listen.h"
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

static void say_keys(struct session *s, const char *words, const char *const *keys)
{
    say(s, "  %s:", words);
    for (size_t i = 0; keys[i]; i++)
        say(s, "%s %s", i ? "," : "", keys[i]);
    say(s, "\n");
}

static void say_valid(struct session *s, const char *path)
{
    say(s, "%s is valid\n", path);
    say_keys(s, "a running server takes at SIGHUP", RELOAD_AT_ONCE);
    say_keys(s, "and at its next start", RELOAD_AT_START);
}

/* Keys that others can read are nobody's secret. */
static void check_modes(struct session *s, const struct config *c, struct telling *t)
{
    char keys[4200];
    snprintf(keys, sizeof keys, "%s/keys", s->home);
    const char *const secret[] = {s->home, keys, c->tls_key};
    for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
        struct stat st;
        struct fault f = {.offset = -1, .line = -1};
        if (!secret[i] || stat(secret[i], &st) || !(st.st_mode & (S_IRWXO | S_IWGRP)))
            continue;
        fault_set(&f, ERR_DENIED, "%s: others can get at it (mode %o): chmod o-rwx,g-w", secret[i],
                  (unsigned)(st.st_mode & 07777));
        on_fault(t, &f);
    }
}

#define CERTIFICATE_DAYS_SOON 21

static void check_certificate(struct session *s, const struct config *c, struct telling *t)
{
    char *cert = NULL, *key = NULL;
    struct certificate_look look;
    struct fault f = {.offset = -1, .line = -1}, why = f;
    if (!c->tls_certificate || !c->tls_key)
        return;
    if (reload_pem(c->tls_certificate, &cert, &f) || reload_pem(c->tls_key, &key, &f)) {
        on_fault(t, &f);
    } else if (certificate_look(cert, key, &look, &why)) {
        fault_set(&f, ERR_MALFORMED, "%s, %s: %s", c->tls_certificate, c->tls_key, why.what);
        on_fault(t, &f);
    } else if (look.days_left < 0) {
        fault_set(&f, ERR_MALFORMED, "%s: it ended %lld days ago", c->tls_certificate, -(long long)look.days_left);
        on_fault(t, &f);
    } else if (look.days_left < CERTIFICATE_DAYS_SOON) {
        complain(s, "%s ends in %lld days: renew it", c->tls_certificate, (long long)look.days_left);
    }
    free(cert);
    free(key);
}

static void check_address(const char *key, const char *address, bool plain, struct telling *t)
{
    struct http_endpoint at;
    struct fault f = {.offset = -1, .line = -1}, why = f;
    if (!address)
        return;
    if (http_endpoint_parse(text_of(address), &at, &why) != OK)
        fault_set(&f, ERR_MALFORMED, "%s: %s", key, why.what);
    else if (plain && !http_is_loopback(&at.address))
        fault_set(&f, ERR_MALFORMED, "%s: plain HTTP is for this machine only: a loopback address%s", key,
                  strcmp(key, "listen") == 0 ? ", or tls_certificate and tls_key" : "");
    else
        return;
    on_fault(t, &f);
}

static void check_files(struct session *s, const struct config *c, struct telling *t)
{
    check_address("listen", c->listen, !c->tls_certificate, t);
    check_address("metrics_listen", c->metrics_listen, true, t);
    check_certificate(s, c, t);
    check_modes(s, c, t);
}

static int run_check(struct session *s)
{
    char path[4096];
    struct telling t = {.s = s};
    struct config *c = NULL;
    struct fault fault = {.offset = -1, .line = -1};
    snprintf(path, sizeof path, "%s/entente.yaml", s->home);
    enum err err = config_check(path, &c, on_fault, &t, &fault);
    if (!err && c)
        check_files(s, c, &t);
    config_free(c);
    if (err)
        return complain_fault(s, NULL, &fault);
    if (t.faults)
        return EXIT_CHECK;
    if (s->json)
        say(s, "{\"valid\":true}\n");
    else
        say_valid(s, path);
    return EXIT_DONE;
}

const struct command COMMAND_CONFIG_CHECK = {
    .name = "config check",
    .operands = "",
    .summary = "is entente.yaml valid: every fault with its line",
    .details = "Addresses, certificate and key, and who can get at keys and home are looked at, too. Exit 1 when\n"
               "something is not as it should be. A missing file is valid: everything has a default.\n",
    .need = NEED_NOTHING,
    .least = ROLE_ADMINISTRATOR,
    .run = run_check};
