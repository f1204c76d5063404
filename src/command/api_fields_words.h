/* command/api_fields_words.h - inside this room: rows of the tables of fields. */
#pragma once
#include "command/api_fields.h"

#define END                           \
    {                                 \
        NULL, API_TEXT, 0, NULL, NULL \
    }
#define TEXT_(name, help)             \
    {                                 \
        name, API_TEXT, 0, help, NULL \
    }
#define INTEGER(name, help)              \
    {                                    \
        name, API_INTEGER, 0, help, NULL \
    }
#define TRUTH(name, help)              \
    {                                  \
        name, API_TRUTH, 0, help, NULL \
    }
#define MOMENT_(name, help)                       \
    {                                             \
        name, API_MOMENT, API_OR_NULL, help, NULL \
    }
#define TEXT_NULL(name, help)                   \
    {                                           \
        name, API_TEXT, API_OR_NULL, help, NULL \
    }
#define MAYBE(name, type, help)           \
    {                                     \
        name, type, API_MAYBE, help, NULL \
    }
#define COUNTS                                                                                                   \
    INTEGER("documents", "looked at"), INTEGER("documents_unchanged", "as the last time"),                       \
        INTEGER("read", "objects"), INTEGER("new", "objects"), INTEGER("updated", "objects"),                    \
        INTEGER("unchanged", "objects"), INTEGER("rejected", "objects"), INTEGER("lost", "parts"),               \
        INTEGER("events", "rows of reports"), INTEGER("findings", "of them"), INTEGER("proposed", "indicators"), \
        INTEGER("red", "objects not taken")
