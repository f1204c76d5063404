#include "net/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static int no_passphrase(char *out, int size, int writing, void *self)
{
    (void)out, (void)size, (void)writing, (void)self;
    return -1;
}

static enum err judge(X509 *cert, EVP_PKEY *key, struct certificate_look *ret, struct fault *reterr)
{
    int days, seconds;
    if (!cert)
        return fault_set(reterr, ERR_MALFORMED, "no certificate in PEM is in it");
    if (!key)
        return fault_set(reterr, ERR_MALFORMED, "no key in PEM, without a passphrase, is in it");
    if (X509_check_private_key(cert, key) != 1)
        return fault_set(reterr, ERR_MALFORMED, "certificate and key do not belong together");
    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
        return fault_set(reterr, ERR_MALFORMED, "the certificate's end is no time");
    ret->days_left = seconds < 0 && days == 0 ? -1 : days;
    return OK;
}

enum err certificate_look(const char *cert_pem, const char *key_pem, struct certificate_look *ret,
                          struct fault *reterr)
{
    BIO *cert_in = BIO_new_mem_buf(cert_pem, -1), *key_in = BIO_new_mem_buf(key_pem, -1);
    X509 *cert = cert_in ? PEM_read_bio_X509(cert_in, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY *key = key_in ? PEM_read_bio_PrivateKey(key_in, NULL, no_passphrase, NULL) : NULL;
    enum err err = cert_in && key_in ? judge(cert, key, ret, reterr) : fault_set(reterr, ERR_NOMEM, "no memory");
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_in);
    BIO_free(cert_in);
    ERR_clear_error();
    return err;
}
