#include "process/config.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/sandbox.h"

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_STRING_PTR("listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, listen, 1, 255),
    CYAML_FIELD_STRING_PTR("tls_certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           tls_certificate, 1, 4095),
    CYAML_FIELD_STRING_PTR("tls_key", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, tls_key, 1, 4095),
    CYAML_FIELD_UINT("reserve_percent", CYAML_FLAG_OPTIONAL, struct config, reserve_percent),
    CYAML_FIELD_UINT("threads", CYAML_FLAG_OPTIONAL, struct config, threads),
    CYAML_FIELD_UINT("checkpoint_ms", CYAML_FLAG_OPTIONAL, struct config, checkpoint_ms),
    CYAML_FIELD_UINT("witness_ms", CYAML_FLAG_OPTIONAL, struct config, witness_ms),
    CYAML_FIELD_STRING_PTR("log_level", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, log_level, 1, 16),
    CYAML_FIELD_STRING_PTR("sandbox", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, sandbox, 1, 16),
    CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields)};

/* Keeps the first thing libcyaml complained of. */
struct complaint {
    char words[FAULT_WHAT_MAX];
};

PRINTF_LIKE(3, 0)
static void keep_complaint(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    struct complaint *c = ctx;
    if (level < CYAML_LOG_ERROR || c->words[0])
        return;
    vsnprintf(c->words, sizeof c->words, format, args);
    c->words[strcspn(c->words, "\n")] = '\0';
}

static void *config_memory(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

void config_free(struct config *c)
{
    if (!c)
        return;
    free(c->listen);
    free(c->tls_certificate);
    free(c->tls_key);
    free(c->log_level);
    free(c->sandbox);
    free(c);
}

static enum err fill_defaults(struct config *c)
{
    if (!c->listen)
        c->listen = strdup("127.0.0.1:8443");
    if (!c->log_level)
        c->log_level = strdup("info");
    if (!c->sandbox)
        c->sandbox = strdup("required");
    if (c->reserve_percent == 0)
        c->reserve_percent = 5;
    if (c->threads == 0)
        c->threads = 2;
    if (c->checkpoint_ms == 0)
        c->checkpoint_ms = 1000;
    if (c->witness_ms == 0)
        c->witness_ms = 10000;
    return c->listen && c->log_level && c->sandbox ? OK : ERR_NOMEM;
}

static enum err check(const struct config *c, const char *path, struct fault *reterr)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        known |= strcmp(levels[i], c->log_level) == 0;
    if (!known)
        return fault_set(reterr, ERR_MALFORMED, "%s: log_level: one of error, warning, info, debug", path);
    enum sandbox_policy policy;
    if (sandbox_policy_parse(c->sandbox, &policy))
        return fault_set(reterr, ERR_MALFORMED, "%s: sandbox: one of required, partial, off", path);
    if (c->reserve_percent > 50)
        return fault_set(reterr, ERR_MALFORMED, "%s: reserve_percent: at most 50", path);
    if (c->threads > 64)
        return fault_set(reterr, ERR_MALFORMED, "%s: threads: at most 64", path);
    if (c->checkpoint_ms < 10 || c->checkpoint_ms > 3600000)
        return fault_set(reterr, ERR_MALFORMED, "%s: checkpoint_ms: 10 to 3600000", path);
    if (c->witness_ms < 50 || c->witness_ms > 86400000)
        return fault_set(reterr, ERR_MALFORMED, "%s: witness_ms: from 50 to 86400000", path);
    if (!c->tls_certificate != !c->tls_key)
        return fault_set(reterr, ERR_MALFORMED, "%s: tls_certificate and tls_key go together", path);
    return OK;
}

enum err config_load(const char *path, struct config **ret, struct fault *reterr)
{
    struct config *c = NULL;
    if (access(path, F_OK) == 0) {
        struct complaint complaint = {{0}};
        const cyaml_config_t how = {.log_fn = keep_complaint,
                                    .log_ctx = &complaint,
                                    .mem_fn = config_memory,
                                    .log_level = CYAML_LOG_ERROR,
                                    .flags = CYAML_CFG_DEFAULT};
        cyaml_err_t err = cyaml_load_file(path, &how, &config_schema, (cyaml_data_t **)&c, NULL);
        if (err != CYAML_OK)
            return fault_set(reterr, ERR_MALFORMED, "%s: %s", path,
                             complaint.words[0] ? complaint.words : cyaml_strerror(err));
    }
    if (!c)
        c = calloc(1, sizeof *c); /* no file, or one that holds comments alone */
    enum err err = c ? fill_defaults(c) : ERR_NOMEM;
    if (!err)
        err = check(c, path, reterr);
    else
        fault_set(reterr, err, "out of memory");
    if (err)
        config_free(c);
    else
        *ret = c;
    return err;
}
