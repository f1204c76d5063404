/* command/vital.c - see vital.h. A part is held to be hung when it is silent for as long as the service manager waits
 * for a ping: the process then gets twice that time from the first moment of the hang to its end. Without a watchdog
 * the same is looked at and told, by VITAL_DEFAULT_US. */
#include "command/vital.h"

#include "base/log.h"
#include "base/time.h"
#include "web/server.h"

#define VITAL_DEFAULT_US ((int64_t)60 * 1000000)
/* Pings in the time given, as sd_watchdog_enabled(3) asks for two. */
#define PINGS 3

void vital_open(struct vital *v)
{
    struct fault why = {.offset = -1, .line = -1};
    *v = (struct vital){.notify = {.fd = -1}};
    if (notify_open(&v->notify, &why))
        log_warning("the service manager is told nothing: %s", why.what);
}

void vital_close(struct vital *v)
{
    notify_close(&v->notify);
    v->part_count = 0;
    v->web = NULL;
}

void vital_watch(struct vital *v, const char *name, const struct pulse *pulse)
{
    if (v->part_count < VITAL_PARTS_MAX)
        v->parts[v->part_count++] = (struct vital_part){name, pulse};
}

static const char *silent_part(struct vital *v, int64_t most_us, int64_t now_us)
{
    for (size_t i = 0; i < v->part_count; i++)
        if (pulse_late_us(v->parts[i].pulse, now_us) > most_us)
            return v->parts[i].name;
    return v->web && web_late_us(v->web, now_us) > most_us ? "HTTP" : NULL;
}

static int64_t limit_us(const struct vital *v)
{
    return v->notify.watchdog_us ? v->notify.watchdog_us : VITAL_DEFAULT_US;
}

void vital_tick(struct vital *v, int64_t now_us)
{
    if (now_us - v->looked_us < limit_us(v) / PINGS)
        return;
    v->looked_us = now_us;
    const char *silent = silent_part(v, limit_us(v), now_us);
    if (silent && !v->silent) {
        long long s = limit_us(v) / 1000000;
        log_error("%s has not gone on for more than %lld s", silent, s);
        notify_tell(&v->notify, "STATUS=%s has not gone on for more than %lld s", silent, s);
    } else if (!silent && v->silent) {
        log_info("%s goes on again", v->silent);
        notify_tell(&v->notify, "STATUS=serving");
    }
    v->silent = silent;
    if (!silent && v->notify.watchdog_us)
        notify_tell(&v->notify, "WATCHDOG=1");
}

int vital_wait_ms(const struct vital *v, int ms)
{
    int64_t look_ms = limit_us(v) / PINGS / 2 / 1000;
    return look_ms < 1 ? 1 : look_ms < ms ? (int)look_ms : ms;
}
