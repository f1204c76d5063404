/* format/mail_gmime.c - see mail_gmime.h. */
#include "format/mail_gmime.h"

#include <dlfcn.h>
#include <string.h>

#include "format/mail.h"

#define LIBRARY "libgmime-3.0.so.0"

bool gmime_load(struct gmime *ret)
{
    struct gmime g;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_NODELETE);
    void *found;
    if (!library)
        return false;
#define F(name)                    \
    found = dlsym(library, #name); \
    if (!found)                    \
        return false;              \
    memcpy(&g.name, &found, sizeof found);
    GMIME_FUNCTIONS(F)
#undef F
    (void)dlclose(library); /* it stays: NODELETE */
    g.g_mime_init();
    *ret = g;
    return true;
}

/* A small mail, so that types are registered and tables are made before the sandbox. */
bool mail_prepare(void)
{
    static const char sample[] =
        "From: a <a@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nYQ==\n"
        "--b\nContent-Type: text/csv; name=\"=?utf-8?Q?a?=\"\n\na\n--b--\n";
    struct gmime g;
    char bytes[16];
    if (!gmime_load(&g))
        return false;
    GMimeStream *stream = g.g_mime_stream_mem_new_with_buffer(sample, sizeof sample - 1);
    GMimeParser *parser = g.g_mime_parser_new_with_stream(stream);
    GMimeMessage *m = g.g_mime_parser_construct_message(parser, NULL);
    GMimePartIter *iter = m ? g.g_mime_part_iter_new((GMimeObject *)m) : NULL;
    while (iter && g.g_mime_part_iter_next(iter)) {
        GMimeObject *o = g.g_mime_part_iter_get_current(iter);
        if (!o || !g.g_type_check_instance_is_a((GTypeInstance *)o, g.g_mime_part_get_type()))
            continue;
        GMimeStream *filtered =
            g.g_mime_stream_filter_new(g.g_mime_data_wrapper_get_stream(g.g_mime_part_get_content((GMimePart *)o)));
        GMimeFilter *decode = g.g_mime_filter_basic_new(GMIME_CONTENT_ENCODING_BASE64, FALSE);
        g.g_mime_stream_filter_add((GMimeStreamFilter *)filtered, decode);
        (void)g.g_mime_stream_read(filtered, bytes, sizeof bytes);
        (void)g.g_mime_part_get_filename((GMimePart *)o);
        g.g_object_unref(decode);
        g.g_object_unref(filtered);
    }
    if (iter)
        g.g_mime_part_iter_free(iter);
    if (m) {
        (void)g.g_mime_message_get_from(m);
        g.g_object_unref(m);
    }
    g.g_object_unref(parser);
    g.g_object_unref(stream);
    return true;
}
