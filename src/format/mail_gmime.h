/* format/mail_gmime.h - inside this room: GMime's functions that are used, found in the library at run time. Types
 * and signatures are its own headers'. */
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <gmime/gmime.h>
#pragma GCC diagnostic pop

#include "base/text.h"

#define GMIME_FUNCTIONS(F)                   \
    F(g_mime_init)                           \
    F(g_mime_stream_fs_new_with_bounds)      \
    F(g_mime_stream_fs_set_owner)            \
    F(g_mime_stream_mem_new_with_buffer)     \
    F(g_mime_stream_filter_new)              \
    F(g_mime_stream_filter_add)              \
    F(g_mime_stream_read)                    \
    F(g_mime_stream_reset)                   \
    F(g_mime_filter_basic_new)               \
    F(g_mime_parser_new_with_stream)         \
    F(g_mime_parser_set_persist_stream)      \
    F(g_mime_parser_set_format)              \
    F(g_mime_parser_construct_message)       \
    F(g_mime_parser_eos)                     \
    F(g_mime_part_iter_new)                  \
    F(g_mime_part_iter_free)                 \
    F(g_mime_part_iter_next)                 \
    F(g_mime_part_iter_get_current)          \
    F(g_mime_part_iter_get_parent)           \
    F(g_mime_part_get_type)                  \
    F(g_mime_part_get_filename)              \
    F(g_mime_part_get_content)               \
    F(g_mime_object_get_content_type)        \
    F(g_mime_content_type_get_media_type)    \
    F(g_mime_content_type_get_media_subtype) \
    F(g_mime_content_type_get_parameter)     \
    F(g_mime_data_wrapper_get_stream)        \
    F(g_mime_data_wrapper_get_encoding)      \
    F(g_mime_message_get_from)               \
    F(internet_address_list_get_address)     \
    F(internet_address_list_length)          \
    F(internet_address_mailbox_get_type)     \
    F(internet_address_mailbox_get_addr)     \
    F(g_type_check_instance_is_a)            \
    F(g_object_unref)

struct gmime {
#define F(name) __typeof__(&name) name;
    GMIME_FUNCTIONS(F)
#undef F
};
/* false: not to be had. Its first call must not be in a sandbox (mail_prepare). */
bool gmime_load(struct gmime *ret);
