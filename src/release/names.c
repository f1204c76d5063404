/* release/names.c - doors and roles by name. */
#include "release/gate.h"

const char *door_name(enum door d)
{
    static const char *const names[DOOR_COUNT] = {
        "console",  "taxii",      "export",         "statistics", "mail", "courier", "public page",
        "advisory", "block list", "detection rule", "search",     "csv",  "misp",    "misp feed"};
    return d < DOOR_COUNT ? names[d] : "none";
}

static const char *const roles[] = {"none", "reader", "analyst", "releaser", "administrator"};

const char *role_name(enum role r)
{
    return r < ARRAY_LEN(roles) ? roles[r] : roles[ROLE_NONE];
}

enum role role_parse(struct text t)
{
    for (size_t i = ROLE_READER; i < ARRAY_LEN(roles); i++)
        if (text_eq(t, text_of(roles[i])))
            return (enum role)i;
    return ROLE_NONE;
}
