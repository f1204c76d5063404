#include "command/names.h"

#include <string.h>

#include "base/time.h"

enum err open_view(struct session *s, struct view **ret)
{
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = node_reader(s->node, ret, &fault);
    if (err)
        complain_fault(s, NULL, &fault);
    return err;
}

int with_view(struct session *s, int (*run)(struct session *s, struct view *v))
{
    struct view *v;
    enum err err = open_view(s, &v);
    if (err)
        return exit_of(err);
    int code = run(s, v);
    node_reader_done(s->node, v);
    return code;
}

static bool is_zero(const struct uuid *u)
{
    static const struct uuid zero;
    return uuid_eq(u, &zero);
}

struct text party_name(struct view *v, struct arena *a, const struct uuid *party)
{
    struct fact_party p;
    if (is_zero(party) || view_party(v, party, &p, NULL))
        return TEXT("(unknown)");
    struct text name = arena_text(a, p.name);
    return name.ptr ? name : TEXT("(unknown)");
}

struct text source_name(struct view *v, struct arena *a, const struct uuid *source)
{
    struct fact_source f;
    if (is_zero(source) || view_source(v, source, &f, NULL))
        return TEXT("-");
    struct text name = arena_text(a, f.name);
    return name.ptr ? name : TEXT("-");
}

enum err find_party(struct session *s, struct view *v, const char *name, struct uuid *ret)
{
    struct fact_party p;
    struct fault fault = {.offset = -1, .line = -1};
    enum err err = view_party_by_name(v, text_of(name), &p, &fault);
    if (err == ERR_NOT_FOUND)
        complain(s, "no party is named %s; entente source list and entente peer list show the known ones", name);
    else if (err)
        complain_fault(s, NULL, &fault);
    else
        *ret = p.id;
    return err;
}

enum err find_label(struct session *s, const char *option_name, const char *given, enum tlp *ret)
{
    *ret = TLP_NONE;
    if (given && tlp_parse(text_of(given), ret)) {
        complain(s, "--%s %s: one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED", option_name, given);
        return ERR_USAGE;
    }
    return OK;
}

enum err find_pap(struct session *s, const char *option_name, const char *given, enum pap *ret)
{
    *ret = PAP_NONE;
    if (strcmp(given, "none") != 0 && pap_parse(text_of(given), ret)) {
        complain(s, "--%s %s: one of CLEAR, GREEN, AMBER, RED, none", option_name, given);
        return ERR_USAGE;
    }
    return OK;
}

enum err find_switch(struct session *s, const char *option_name, const char *given, bool *ret)
{
    if (strcmp(given, "on") == 0)
        *ret = true;
    else if (strcmp(given, "off") == 0)
        *ret = false;
    else {
        complain(s, "--%s %s: on or off", option_name, given);
        return ERR_USAGE;
    }
    return OK;
}

enum err check_name(struct session *s, const char *name)
{
    struct text t = text_of(name);
    bool printable = t.len > 0 && t.len <= NAME_MAX_BYTES && text_is_utf8(t);
    for (size_t i = 0; printable && i < t.len; i++)
        printable = (unsigned char)t.ptr[i] >= 0x20 && t.ptr[i] != 0x7f;
    if (!printable || !text_eq(text_trim(t), t)) {
        complain(s, "a name has 1 to %d bytes of printable text, without blanks at its ends", NAME_MAX_BYTES);
        return ERR_USAGE;
    }
    return OK;
}

void json_member_moment(struct json_out *o, const char *name, int64_t us)
{
    char text[STAMP_TEXT_MAX];
    json_member_text_or_null(o, name, us ? stamp_format(stamp_from_us(us, 0), text) : TEXT_NONE);
}
