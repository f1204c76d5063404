/* What the demonstration says at its end. */
#include <stdio.h>
#include <string.h>

#include "command/demo.h"
#include "json/json.h"

static void story_json(struct demo *d)
{
    static const char *const names[EVENT_COUNT] = {"published", "taken_in", "found",
                                                   "incident",  "sighting", "returned"};
    struct json_out o = json_out_to(json_line(d->s));
    json_open(&o, '{');
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        json_key(&o, text_of(names[i]));
        if (d->events[i].at_us)
            json_put_f64(&o, (double)(d->events[i].at_us - d->events[EVENT_PUBLISHED].at_us) / 1e3);
        else
            json_put_null(&o);
    }
    json_close(&o, '}');
    json_line_end(d->s);
}

static void timeline(struct demo *d)
{
    say(d->s, "\n   ms  what happened, as the logs of the two nodes have it\n");
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        const struct demo_event *e = &d->events[i];
        if (e->at_us)
            say(d->s, "%5.0f  %s\n", (double)(e->at_us - d->events[EVENT_PUBLISHED].at_us) / 1e3, e->words);
        else if (cancelled(d->s)) /* nobody waited for the rest */
            break;
        else
            say(d->s, "    -  (did not happen within %d s)\n", DEMO_STEP_PATIENCE_MS / 1000);
    }
    if (cancelled(d->s))
        say(d->s, "    -  (stopped)\n");
}

static void next_steps(struct demo *d, bool stays)
{
    const char *home = d->ours.home;
    say(d->s,
        "\nWhat a duty officer would want next%s:\n"
        "  entente --home %s finding show %s\n"
        "      the lines that prove it, and whom to call\n"
        "  entente --home %s incident show %s\n"
        "  entente --home %s finding list --open\n"
        "  entente --home %s explain %s --to \"%s\"\n"
        "      why the gate let this much out, and no more\n"
        "  entente --home %s get %s\n"
        "      the sighting as the partner has it: no name of ours but our own\n",
        stays ? "" : " (entente demo, in a terminal, leaves the nodes running for it)", home, d->finding, home,
        d->incident, home, home, d->sighting, d->partner.title, d->partner.home, d->sighting);
}

void demo_story(struct demo *d, bool stays)
{
    if (d->s->json) {
        story_json(d);
        return;
    }
    timeline(d);
    if (d->events[EVENT_RETURNED].at_us)
        next_steps(d, stays);
}
