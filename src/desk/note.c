#include "desk/note.h"

#include <string.h>

#include "base/limits.h"
#include "desk/own.h"

enum err note_append(struct txn *t, const struct note_words *w, char ret_id[IDENT_TEXT_MAX], struct fault *reterr)
{
    const struct fact_genesis *g = node_genesis(txn_node(t));
    struct own_times times = own_times(t, NULL);
    struct uuid uuid = uuid_random();
    struct buffer body;
    char id[IDENT_TEXT_MAX];
    buffer_init(&body, STIX_OBJECT_MAX_BYTES);
    struct json_out o = json_out_to(&body);
    struct text name = ident_format(TEXT("note"), &uuid, id);
    json_open(&o, '{');
    own_put_common(&o, name, g, &times, w->label);
    json_member_text(&o, "abstract", w->abstract);
    json_member_text(&o, "content", w->content);
    json_key(&o, TEXT("object_refs"));
    json_open(&o, '[');
    json_put_text(&o, w->about);
    json_close(&o, ']');
    json_close(&o, '}');
    struct own_object object = {
        .id = name, .times = &times, .label = w->label, .outward = true, .account = w->account};
    enum err e = own_append(t, &object, &body, reterr);
    buffer_done(&body);
    if (e == OK)
        memcpy(ret_id, id, sizeof id);
    return e;
}
