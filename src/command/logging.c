#include "command/logging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* systemd.exec(5): set for who was started with its output connected to the journal, and passed on to children whose
 * output may have been turned elsewhere since: so it is compared. */
static bool is_journal(void)
{
    struct stat st;
    char own[64];
    const char *stream = getenv("JOURNAL_STREAM");
    if (!stream || fstat(STDERR_FILENO, &st))
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strcmp(own, stream) == 0;
}

void logging_follow(const struct config *c)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (strcmp(c->log_level, levels[i].name) == 0)
            log_set_level(levels[i].level);
    log_set_form(strcmp(c->log_format, "json") == 0, is_journal() && strcmp(c->log_format, "text") != 0);
}
