/* format/misp_types.h - MISP's attribute types, and what STIX has for each (MISP core format, describeTypes of 2.5).
 * A type that is not in the table, or has no path, is kept as an x-misp-attribute: not looked for, not lost. */
#pragma once
#include "model/value.h"

enum misp_shape {
    MISP_KEPT,     /* STIX has nothing for it */
    MISP_SIMPLE,   /* one property of one observable */
    MISP_NUMBER,   /* the same, a whole number */
    MISP_HASH,     /* a hash of a file or certificate */
    MISP_ADDRESS,  /* source or destination of traffic */
    MISP_MAIL,     /* a part of an e-mail */
    MISP_ACCOUNT,  /* a user account at a service */
    MISP_REGISTRY, /* a key of the Windows registry, with data or without */
    MISP_DOMAIN_IP,
    MISP_HOST_PORT,
    MISP_FILE, /* attachment and malware-sample: a name, a hash perhaps, the bytes perhaps */
    MISP_RULE, /* a rule of another language */
    MISP_SDO   /* a domain object of its own */
};

struct misp_type {
    const char *name;
    enum misp_shape shape;
    const char *path;     /* in a pattern; of hashes: the algorithm; of rules: pattern_type; of an SDO: its type */
    const char *property; /* in the observable, where it is one */
    uint8_t kind;         /* enum value_kind by which it is looked for; VALUE_NONE: it is not */
    bool composite;       /* "filename|hash", "ip|port" */
};
const struct misp_type *misp_type_of(struct text name); /* NULL: not known */
