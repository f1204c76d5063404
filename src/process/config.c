#include "process/config.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ipaddr.h"
#include "base/text.h"
#include "process/sandbox.h"

static const cyaml_schema_value_t one_text = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 64)};

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_STRING_PTR("listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, listen, 1, 255),
    CYAML_FIELD_STRING_PTR("tls_certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config,
                           tls_certificate, 1, 4095),
    CYAML_FIELD_STRING_PTR("tls_key", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, tls_key, 1, 4095),
    CYAML_FIELD_UINT("reserve_percent", CYAML_FLAG_OPTIONAL, struct config, reserve_percent),
    CYAML_FIELD_UINT("threads", CYAML_FLAG_OPTIONAL, struct config, threads),
    CYAML_FIELD_UINT("checkpoint_ms", CYAML_FLAG_OPTIONAL, struct config, checkpoint_ms),
    CYAML_FIELD_UINT("witness_ms", CYAML_FLAG_OPTIONAL, struct config, witness_ms),
    CYAML_FIELD_UINT("archive_keep_days", CYAML_FLAG_OPTIONAL, struct config, archive_keep_days),
    CYAML_FIELD_UINT("archive_max_gb", CYAML_FLAG_OPTIONAL, struct config, archive_max_gb),
    CYAML_FIELD_UINT("hunt_percent", CYAML_FLAG_OPTIONAL, struct config, hunt_percent),
    CYAML_FIELD_STRING_PTR("metrics_listen", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, metrics_listen,
                           1, 255),
    CYAML_FIELD_SEQUENCE("trusted_proxies", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, trusted_proxies,
                         &one_text, 0, CONFIG_PROXIES_MAX),
    CYAML_FIELD_STRING_PTR("log_format", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, log_format, 1, 16),
    CYAML_FIELD_STRING_PTR("log_level", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, log_level, 1, 16),
    CYAML_FIELD_STRING_PTR("sandbox", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, sandbox, 1, 16),
    CYAML_FIELD_STRING_PTR("classification", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct config, classification,
                           1, 16),
    CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields)};

#define UNEXPECTED "Unexpected key: "

/* Keeps the first thing libcyaml complained of, and the first line that it names, which comes behind. */
struct complaint {
    char words[FAULT_WHAT_MAX];
    int64_t line;
};

static int64_t line_in(const char *words)
{
    uint64_t line = 0;
    const char *at = strstr(words, "line: ");
    size_t digits = at ? strspn(at + 6, "0123456789") : 0;
    return digits && text_u64((struct text){at + 6, digits}, &line) == OK && line < INT32_MAX ? (int64_t)line : -1;
}

PRINTF_LIKE(3, 0)
static void keep_complaint(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    struct complaint *c = ctx;
    char words[FAULT_WHAT_MAX];
    if (level < CYAML_LOG_ERROR)
        return;
    vsnprintf(words, sizeof words, format, args);
    words[strcspn(words, "\n")] = '\0';
    if (!c->words[0])
        memcpy(c->words, words, sizeof c->words);
    if (c->line < 0)
        c->line = line_in(words);
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
    for (unsigned i = 0; i < c->trusted_proxies_count; i++)
        free(c->trusted_proxies[i]);
    free(c->trusted_proxies);
    free(c->metrics_listen);
    free(c->log_format);
    free(c->log_level);
    free(c->sandbox);
    free(c->classification);
    free(c);
}

static enum err fill_defaults(struct config *c)
{
    if (!c->listen)
        c->listen = strdup("127.0.0.1:8443");
    if (!c->log_level)
        c->log_level = strdup("info");
    if (!c->log_format)
        c->log_format = strdup("auto");
    if (!c->sandbox)
        c->sandbox = strdup("required");
    if (!c->classification)
        c->classification = strdup("none");
    if (c->reserve_percent == 0)
        c->reserve_percent = 5;
    if (c->threads == 0)
        c->threads = 2;
    if (c->checkpoint_ms == 0)
        c->checkpoint_ms = 1000;
    if (c->witness_ms == 0)
        c->witness_ms = 10000;
    if (c->hunt_percent == 0)
        c->hunt_percent = 25;
    return c->listen && c->log_format && c->log_level && c->sandbox && c->classification ? OK : ERR_NOMEM;
}

/* Line of the file on which a key stands; -1: it does not. */
static int64_t line_of(const char *path, const char *key)
{
    char line[4096];
    int64_t number = 0, found = -1;
    size_t len = strlen(key);
    FILE *f = fopen(path, "re");
    while (f && found < 0 && fgets(line, sizeof line, f)) {
        number++;
        if (strncmp(line, key, len) == 0 && line[len + strspn(line + len, " ")] == ':')
            found = number;
    }
    if (f)
        fclose(f);
    return found;
}

struct report {
    const char *path;
    config_on_fault *on_fault;
    void *self;
};

static void report(const struct report *r, bool wrong, const char *key, const char *words)
{
    struct fault f = {.line = -1};
    if (!wrong)
        return;
    fault_set(&f, ERR_MALFORMED, "%s: %s: %s", r->path, key, words);
    f.line = line_of(r->path, key);
    r->on_fault(r->self, &f);
}

static bool one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static void check(const struct config *c, const struct report *r)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    static const char *const classifications[] = {"none", "restricted", "confidential", "secret", "top-secret"};
    static const char *const formats[] = {"auto", "text", "json"};
    enum sandbox_policy policy;
    struct ipnet net;
    for (unsigned i = 0; i < c->trusted_proxies_count; i++)
        report(r, ipnet_parse(text_of(c->trusted_proxies[i]), &net) != OK, "trusted_proxies",
               "addresses or networks: 127.0.0.1, 192.0.2.0/24");
    report(r, !one_of(c->log_level, levels, ARRAY_LEN(levels)), "log_level", "one of error, warning, info, debug");
    report(r, !one_of(c->log_format, formats, ARRAY_LEN(formats)), "log_format", "one of auto, text, json");
    report(r, !one_of(c->classification, classifications, ARRAY_LEN(classifications)), "classification",
           "one of none, restricted, confidential, secret, top-secret");
    report(r, sandbox_policy_parse(c->sandbox, &policy) != OK, "sandbox", "one of required, partial, off");
    report(r, c->reserve_percent > 50, "reserve_percent", "at most 50");
    report(r, c->threads > 64, "threads", "at most 64");
    report(r, c->checkpoint_ms < 10 || c->checkpoint_ms > 3600000, "checkpoint_ms", "10 to 3600000");
    report(r, c->witness_ms < 50 || c->witness_ms > 86400000, "witness_ms", "from 50 to 86400000");
    report(r, c->archive_keep_days > 36500, "archive_keep_days", "at most 36500");
    report(r, c->archive_max_gb > 1000000, "archive_max_gb", "at most 1000000");
    report(r, c->hunt_percent > 100, "hunt_percent", "1 to 100");
    report(r, !c->tls_certificate != !c->tls_key, c->tls_key ? "tls_key" : "tls_certificate",
           "tls_certificate and tls_key go together");
}

/* *ret stays NULL for a file that is not there or holds comments alone. known: other keys are passed over. */
static enum err parse(const char *path, bool known, struct config **ret, struct fault *reterr)
{
    struct complaint complaint = {.line = -1};
    const cyaml_config_t how = {.log_fn = keep_complaint,
                                .log_ctx = &complaint,
                                .mem_fn = config_memory,
                                .log_level = CYAML_LOG_ERROR,
                                .flags = known ? CYAML_CFG_IGNORE_UNKNOWN_KEYS : CYAML_CFG_DEFAULT};
    if (access(path, F_OK) != 0)
        return OK;
    cyaml_err_t err = cyaml_load_file(path, &how, &config_schema, (cyaml_data_t **)ret, NULL);
    if (err == CYAML_OK)
        return OK;
    fault_set(reterr, ERR_MALFORMED, "%s: %s", path, complaint.words[0] ? complaint.words : cyaml_strerror(err));
    const char *key = strstr(complaint.words, UNEXPECTED); /* libcyaml names the line of the mapping around it */
    int64_t line = key ? line_of(path, key + sizeof UNEXPECTED - 1) : -1;
    if (reterr)
        reterr->line = line > 0 ? line : complaint.line;
    return ERR_MALFORMED;
}

enum err config_check(const char *path, struct config **ret, config_on_fault *on_fault, void *self,
                      struct fault *reterr)
{
    struct config *c = NULL;
    struct fault why = {.offset = -1, .line = -1};
    const struct report r = {path, on_fault, self};
    if (parse(path, false, &c, &why) != OK) {
        on_fault(self, &why);
        if (parse(path, true, &c, NULL) != OK || !c) /* what else is wrong is told, too */
            return OK;
    }
    if (!c)
        c = calloc(1, sizeof *c);
    if (!c || fill_defaults(c) != OK) {
        config_free(c);
        return fault_set(reterr, ERR_NOMEM, "out of memory");
    }
    check(c, &r);
    *ret = c;
    return OK;
}

static void keep_first(void *self, const struct fault *f)
{
    struct fault *first = self;
    if (first->err == OK)
        *first = *f;
}

enum err config_load(const char *path, struct config **ret, struct fault *reterr)
{
    struct config *c = NULL;
    struct fault first = {.err = OK, .offset = -1, .line = -1};
    enum err err = config_check(path, &c, keep_first, &first, reterr);
    if (err == OK && first.err != OK) {
        err = first.err;
        if (reterr)
            *reterr = first;
    }
    if (err == OK)
        *ret = c;
    else
        config_free(c);
    return err;
}
