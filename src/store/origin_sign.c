/* store/origin_sign.c - signing with the node's key. */
#include "base/time.h"
#include "store/node_inside.h"

static bool still_retiring(const struct origin_state *o)
{
    return o->retiring && clock_now_us() < o->retiring_until_us;
}

static enum err sign_with(const struct key *key, const char *name, enum note_type type, struct text note_text,
                          struct buffer *out, struct fault *reterr)
{
    struct note_key k;
    if (note_key_make(text_of(name), type, key_public(key), &k) != OK)
        return fault_set(reterr, ERR_MALFORMED, "the log's origin cannot name a key");
    note_sign(note_text, &k, key_seed(key), (uint64_t)(clock_now_us() / 1000000), out);
    return buffer_error(out) == OK ? OK : fault_set(reterr, buffer_error(out), "no memory for a signature");
}

enum err node_sign(struct node *node, enum note_type type, struct text note_text, struct buffer *out,
                   struct fault *reterr)
{
    struct origin_state *o = &node->origin;
    enum err err;
    pthread_mutex_lock(&o->lock);
    if (o->changing) {
        err = fault_set(reterr, ERR_BUSY, "the key is being changed at this moment");
    } else if (!o->key) {
        err = o->key_fault.err;
        if (reterr)
            *reterr = o->key_fault;
    } else {
        err = sign_with(o->key, o->now.name, type, note_text, out, reterr);
        if (err == OK && type == NOTE_ED25519 && still_retiring(o))
            err = sign_with(o->retiring, o->now.name, type, note_text, out, reterr);
    }
    pthread_mutex_unlock(&o->lock);
    return err;
}
