#include "web/counters.h"

static const struct {
    const char *path; /* and everything below it */
    enum web_door door;
} doors[] = {{"/taxii2", WEB_TAXII}, {"/log", WEB_LOG},        {"/intelmq", WEB_INTELMQ},
             {"/api", WEB_API},      {"/healthz", WEB_HEALTH}, {"/metrics", WEB_METRICS}};

static const char *const names[WEB_DOORS] = {"taxii", "log", "intelmq", "api", "health", "metrics", "pages"};

const char *web_door_name(enum web_door door)
{
    return names[door];
}

static enum web_door door_of(struct text path)
{
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        struct text own = text_of(doors[i].path);
        if (text_starts(path, own) && (path.len == own.len || path.ptr[own.len] == '/'))
            return doors[i].door;
    }
    return WEB_PAGES;
}

void web_count(struct web_counters *c, const struct http_request *request, int status, size_t bytes)
{
    enum web_door door = door_of(request->path);
    atomic_fetch_add_explicit(&c->sent_bytes[door], bytes, memory_order_relaxed);
    if (status >= 200 && status < 600)
        counter_up(&c->requests[door][status / 100 - 2]);
    if (status == 401 && http_header(request, "Authorization").ptr)
        counter_up(&c->login_failures);
}
