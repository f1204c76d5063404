/* format/bundle_write.c - the id stands behind the objects, since it is not known before. */
#include "format/bundle_write.h"

#include "json/json.h"

/* Namespace of the bundles' ids; made once at random, never to change. */
static const struct uuid UUID_EXPORTED = {
    {0x61, 0x0e, 0x35, 0x5d, 0x44, 0x7a, 0x4c, 0x3f, 0x9b, 0x5e, 0x0d, 0x2c, 0x8e, 0x27, 0x6f, 0x90}};

void bundle_write_one(struct bundle_write *w, const struct cleared *c, struct buffer *to)
{
    if (!w->any)
        sha256_init(&w->hash);
    buffer_add(to, w->any ? TEXT(",\n") : TEXT("{\"type\":\"bundle\",\"objects\":[\n"));
    buffer_add(to, cleared_body(c));
    sha256_add(&w->hash, cleared_hash(c)->b, SHA256_BYTES);
    w->any = true;
}

void bundle_write_end(struct bundle_write *w, struct buffer *to)
{
    char hex[SHA256_HEX], id[IDENT_TEXT_MAX];
    if (!w->any)
        return;
    struct sha256 hash = sha256_end(&w->hash);
    struct uuid uuid = uuid_named(&UUID_EXPORTED, sha256_hex(&hash, hex));
    buffer_addf(to, "\n],\"id\":\"" TEXT_FMT "\"}\n", TEXT_ARG(ident_format(TEXT("bundle"), &uuid, id)));
}
