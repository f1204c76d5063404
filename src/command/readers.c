#include "command/readers.h"

#include <stdio.h>

#include "process/worker.h"
#include "reader/probe.h"

static enum sandbox_policy policy_of(const struct config *c)
{
    enum sandbox_policy p;
    return sandbox_policy_parse(c->sandbox, &p) == OK ? p : SANDBOX_REQUIRED; /* config_load() knows no other word */
}

void readers_follow(const struct config *c, bool keep_spare)
{
    workers_configure(policy_of(c), keep_spare);
}

enum err readers_configure(const char *home, bool keep_spare, struct fault *reterr)
{
    char path[4096];
    struct config *c;
    snprintf(path, sizeof path, "%s/entente.yaml", home);
    enum err err = config_load(path, &c, reterr);
    if (err)
        return err;
    readers_follow(c, keep_spare);
    config_free(c);
    return OK;
}

enum err readers_words(char words[READERS_WORDS_MAX], struct fault *reterr)
{
    struct sandbox_state state;
    char reached[SANDBOX_WORDS_MAX];
    words[0] = '\0';
    enum err err = reader_probe(&state, reterr);
    if (err && err != ERR_DENIED)
        return err;
    const char *meaning = err ? ": foreign documents are refused"
                          : sandbox_level(&state) < SANDBOX_SECCOMP
                              ? ": readers are not locked in (sandbox in entente.yaml)"
                              : "";
    snprintf(words, READERS_WORDS_MAX, "%s%s", sandbox_words(&state, reached), meaning);
    return err;
}
