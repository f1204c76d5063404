/* net/certificate.h - a look at a server's certificate and key before they are used: do they belong together, and for
 * how long? Chains and names are the clients' to judge. */
#pragma once
#include "base/error.h"

struct certificate_look {
    int64_t days_left; /* whole days until it ends; negative: since */
};
/* PEM texts, NUL-terminated; the first certificate counts. ERR_MALFORMED: no certificate, no key (one that wants a
 * passphrase is none), or not a pair. ERR_NOMEM */
MUST_CHECK enum err certificate_look(const char *cert_pem, const char *key_pem, struct certificate_look *ret,
                                     struct fault *reterr);
