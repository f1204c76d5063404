/* net/http_tls.c - credentials with a count of who uses them, under one lock. libmicrohttpd sets those that it was
 * started with for each session; ours take their place before the handshake. */
#include "net/http_tls.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct http_credential {
    gnutls_certificate_credentials_t pair;
    unsigned refs;
};
struct http_tls {
    pthread_mutex_t lock; /* of what follows, and of all counts */
    struct http_credential *current;
};

static void credential_free(struct http_credential *c)
{
    if (!c)
        return;
    if (c->pair)
        gnutls_certificate_free_credentials(c->pair);
    free(c);
}

static enum err credential_new(const char *cert_pem, const char *key_pem, struct http_credential **ret,
                               struct fault *reterr)
{
    const gnutls_datum_t cert = {(unsigned char *)(uintptr_t)cert_pem, (unsigned)strlen(cert_pem)};
    const gnutls_datum_t key = {(unsigned char *)(uintptr_t)key_pem, (unsigned)strlen(key_pem)};
    struct http_credential *c = calloc(1, sizeof *c);
    if (!c || gnutls_certificate_allocate_credentials(&c->pair)) {
        credential_free(c);
        return fault_set(reterr, ERR_NOMEM, "no memory for a certificate");
    }
    int rc = gnutls_certificate_set_x509_key_mem(c->pair, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (rc < 0) {
        credential_free(c);
        if (rc == GNUTLS_E_MEMORY_ERROR)
            return fault_set(reterr, ERR_NOMEM, "no memory for a certificate");
        return fault_set(reterr, ERR_USAGE, "certificate and key must be PEM and a pair: %s", gnutls_strerror(rc));
    }
    c->refs = 1;
    *ret = c;
    return OK;
}

enum err http_tls_new(const char *cert_pem, const char *key_pem, struct http_tls **ret, struct fault *reterr)
{
    struct http_tls *t = calloc(1, sizeof *t);
    if (!t)
        return fault_set(reterr, ERR_NOMEM, "no memory for a certificate");
    enum err e = credential_new(cert_pem, key_pem, &t->current, reterr);
    if (e) {
        free(t);
        return e;
    }
    pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return OK;
}

enum err http_tls_change(struct http_tls *t, const char *cert_pem, const char *key_pem, struct fault *reterr)
{
    struct http_credential *fresh;
    enum err e = credential_new(cert_pem, key_pem, &fresh, reterr);
    if (e)
        return e;
    pthread_mutex_lock(&t->lock);
    struct http_credential *old = t->current;
    t->current = fresh;
    pthread_mutex_unlock(&t->lock);
    http_tls_done(t, old);
    return OK;
}

void http_tls_free(struct http_tls *t)
{
    if (!t)
        return;
    http_tls_done(t, t->current);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct http_credential *http_tls_use(struct http_tls *t, void *session)
{
    pthread_mutex_lock(&t->lock);
    struct http_credential *c = t->current;
    c->refs++;
    pthread_mutex_unlock(&t->lock);
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->pair) < 0) {
        http_tls_done(t, c);
        return NULL;
    }
    return c;
}

void http_tls_done(struct http_tls *t, struct http_credential *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&t->lock);
    bool last = --c->refs == 0;
    pthread_mutex_unlock(&t->lock);
    if (last)
        credential_free(c);
}
