#include "command/reload.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/log.h"
#include "command/logging.h"
#include "command/readers.h"

const char *const RELOAD_AT_ONCE[] = {"log_level", "log_format",      "reserve_percent", "classification",
                                      "sandbox",   "tls_certificate", "tls_key",         NULL};
const char *const RELOAD_AT_START[] = {
    "listen", "metrics_listen", "trusted_proxies", "threads", "checkpoint_ms", "witness_ms", NULL};

#define PEM_MAX (1 * MIB)

enum err reload_pem(const char *path, char **ret, struct fault *reterr)
{
    struct buffer b;
    buffer_init(&b, PEM_MAX);
    FILE *f = fopen(path, "re");
    if (!f)
        return fault_errno(reterr, "%s", path);
    char *to = buffer_reserve(&b, PEM_MAX);
    if (to)
        b.len = fread(to, 1, PEM_MAX, f);
    enum err err = ferror(f) ? fault_errno(reterr, "%s", path) : OK; /* a folder opens too */
    fclose(f);
    if (err) {
        buffer_done(&b);
        return err;
    }
    *ret = buffer_take(&b, NULL);
    buffer_done(&b);
    return *ret ? OK : fault_set(reterr, ERR_NOMEM, "out of memory");
}

static bool differ(const char *a, const char *b)
{
    return !a != !b || (a && strcmp(a, b) != 0);
}

static void tell_what_waits(const struct config *old, const struct config *fresh)
{
    bool proxies = old->trusted_proxies_count != fresh->trusted_proxies_count;
    for (unsigned i = 0; !proxies && i < fresh->trusted_proxies_count; i++)
        proxies = differ(old->trusted_proxies[i], fresh->trusted_proxies[i]);
    const struct {
        const char *key;
        bool changed;
    } keys[] = {{"trusted_proxies", proxies},
                {"listen", differ(old->listen, fresh->listen)},
                {"metrics_listen", differ(old->metrics_listen, fresh->metrics_listen)},
                {"tls_certificate", !old->tls_certificate != !fresh->tls_certificate},
                {"threads", old->threads != fresh->threads},
                {"checkpoint_ms", old->checkpoint_ms != fresh->checkpoint_ms},
                {"witness_ms", old->witness_ms != fresh->witness_ms}};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i].changed)
            log_warning("%s has changed, and is taken at the next start", keys[i].key);
}

void reload_limits(struct node *node, const struct config *c)
{
    enum classification ceiling;
    node_set_reserve(node, c->reserve_percent);
    if (classification_parse(text_of(c->classification), &ceiling) == OK)
        node_set_ceiling(node, ceiling);
}

static enum err pem_there(const char *path, struct fault *reterr)
{
    char *text = NULL;
    enum err err = path ? reload_pem(path, &text, reterr) : OK;
    free(text);
    return err;
}

/* The files may have others in them under the same names: renewed ones. Whether there is TLS at all waits for the
 * next start. */
static enum err take_certificate(struct web *web, const struct config *old, const struct config *fresh,
                                 struct fault *reterr)
{
    char *cert = NULL, *key = NULL;
    if (!old->tls_certificate || !fresh->tls_certificate)
        return OK;
    enum err err = reload_pem(fresh->tls_certificate, &cert, reterr);
    if (!err)
        err = reload_pem(fresh->tls_key, &key, reterr);
    if (!err)
        err = web_certificate(web, cert, key, reterr);
    free(cert);
    free(key);
    return err;
}

enum err reload_config(const char *home, struct node *node, struct web *web, struct config **config,
                       struct fault *reterr)
{
    char path[PATH_MAX];
    struct config *fresh = NULL;
    snprintf(path, sizeof path, "%s/entente.yaml", home);
    enum err err = config_load(path, &fresh, reterr);
    if (err == OK)
        err = pem_there(fresh->tls_certificate, reterr);
    if (err == OK)
        err = pem_there(fresh->tls_key, reterr);
    if (err == OK)
        err = take_certificate(web, *config, fresh, reterr);
    if (err) {
        config_free(fresh);
        return err;
    }
    logging_follow(fresh);
    reload_limits(node, fresh);
    readers_follow(fresh, true);
    tell_what_waits(*config, fresh);
    config_free(*config);
    *config = fresh;
    return OK;
}
