/* release/outbound.c - what the gate cleared, as one body that net/ can send. */
#include "release/outbound.h"

#include "base/limits.h"
#include "base/outbound_make.h"

/* One body goes to one recipient by one door: what another one may have has no place in it. */
static bool same_way(const struct cleared *const *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (cleared_door(items[i]) != cleared_door(items[0]) ||
            cleared_recipient_kind(items[i]) != cleared_recipient_kind(items[0]) ||
            !uuid_eq(cleared_party(items[i]), cleared_party(items[0])))
            return false;
    return true;
}

/* The same objects make the same bundle: its id is named after what is in it. */
static void write_bundle_id(struct json_out *o, const struct cleared *const *items, size_t count)
{
    static const struct uuid bundles = {
        {0x2c, 0x01, 0x64, 0x0c, 0x79, 0x4f, 0x47, 0x91, 0x93, 0x33, 0x37, 0xd3, 0xde, 0x08, 0xac, 0x1d}};
    struct sha256_ctx ctx;
    char hex[SHA256_HEX], id[IDENT_TEXT_MAX];
    sha256_init(&ctx);
    for (size_t i = 0; i < count; i++)
        sha256_add(&ctx, cleared_hash(items[i])->b, SHA256_BYTES);
    struct sha256 hash = sha256_end(&ctx);
    struct uuid uuid = uuid_named(&bundles, sha256_hex(&hash, hex));
    json_member_text(o, "id", ident_format(TEXT("bundle"), &uuid, id));
}

static void write_more(struct json_out *o, const struct envelope_info *info)
{
    json_member_bool(o, "more", info->more);
    if (info->next.len)
        json_member_text(o, "next", info->next);
}

static void write_objects(struct json_out *o, const struct cleared *const *items, size_t count)
{
    if (count == 0)
        return; /* neither envelope nor bundle has an empty list */
    json_key(o, TEXT("objects"));
    json_open(o, '[');
    for (size_t i = 0; i < count; i++)
        json_put_raw(o, cleared_body(items[i]));
    json_close(o, ']');
}

static bool empty(const struct envelope_info *info, size_t count)
{
    return count == 0 && !info->more && !info->next.len;
}

static enum err add_dates(struct outbound *o, const struct envelope_info *info)
{
    enum err e = OK;
    if (info->added_first.len)
        e = outbound_add_header(o, TEXT("X-TAXII-Date-Added-First"), info->added_first);
    if (!e && info->added_last.len)
        e = outbound_add_header(o, TEXT("X-TAXII-Date-Added-Last"), info->added_last);
    return e;
}

static enum err finish(const struct envelope_info *info, struct text media_type, struct buffer *body,
                       struct outbound **ret)
{
    enum err e = buffer_error(body);
    struct outbound *made = outbound_new(info->status, media_type, body);
    if (!made)
        return e ? e : ERR_NOMEM;
    e = add_dates(made, info);
    if (e) {
        outbound_free(made);
        return e;
    }
    *ret = made;
    return OK;
}

enum err outbound_cleared(enum envelope shape, const struct envelope_info *info, const struct cleared *const *items,
                          size_t count, struct outbound **ret)
{
    if (!same_way(items, count))
        return ERR_DENIED;
    struct buffer body;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    if (shape == ENVELOPE_BUNDLE) {
        json_member_text(&o, "type", TEXT("bundle"));
        write_bundle_id(&o, items, count);
    } else if (!empty(info, count)) {
        write_more(&o, info);
    }
    write_objects(&o, items, count);
    json_close(&o, '}');
    return finish(info, shape == ENVELOPE_BUNDLE ? STIX_MEDIA_TYPE : TAXII_MEDIA_TYPE, &body, ret);
}

/* TAXII 2.1 section 5.3.1: an object without `modified` is known by `created`, one without either by its date. */
static void write_manifest_record(struct json_out *o, const struct cleared *item, struct text date)
{
    struct text version = cleared_version(item);
    json_open(o, '{');
    json_member_text(o, "id", cleared_id(item));
    json_member_text(o, "date_added", date);
    json_member_text(o, "version", version.len ? version : date);
    json_member_text(o, "media_type", STIX_MEDIA_TYPE);
    json_close(o, '}');
}

enum err outbound_manifest(const struct envelope_info *info, const struct cleared *const *items,
                           const struct text *dates, size_t count, struct outbound **ret)
{
    if (!same_way(items, count))
        return ERR_DENIED;
    struct buffer body;
    buffer_init(&body, HTTP_ANSWER_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    json_open(&o, '{');
    if (!empty(info, count))
        write_more(&o, info);
    if (count) {
        json_key(&o, TEXT("objects"));
        json_open(&o, '[');
        for (size_t i = 0; i < count; i++)
            write_manifest_record(&o, items[i], dates[i]);
        json_close(&o, ']');
    }
    json_close(&o, '}');
    return finish(info, TAXII_MEDIA_TYPE, &body, ret);
}
