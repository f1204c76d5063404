/* model/terms_words.c - terms as a duty officer reads them. */
#include "base/time.h"
#include "model/terms.h"

static void begin(struct buffer *out, size_t from)
{
    if (out->len > from)
        buffer_add(out, TEXT(", "));
}

static void add_names(struct buffer *out, const char *words, const struct named *list, size_t count)
{
    char id[IDENT_TEXT_MAX];

    buffer_addf(out, "%s", words);
    for (size_t i = 0; i < count; i++) {
        buffer_add_char(out, ' ');
        if (list[i].kind == NAMED_GROUP)
            buffer_add(out, TEXT("group:"));
        if (list[i].kind == NAMED_COUNTRY)
            buffer_add_bytes(out, list[i].who.b, 2);
        else
            buffer_add(out, ident_format(TEXT("identity"), &list[i].who, id));
    }
    if (count == 0)
        buffer_add(out, TEXT(" nobody"));
}

static void add_purposes(struct buffer *out, uint8_t purposes)
{
    buffer_add(out, TEXT("for"));
    for (unsigned bit = 1; bit <= PURPOSES_ALL; bit <<= 1)
        if (purposes & bit)
            buffer_addf(out, " %s", purpose_name((uint8_t)bit));
    if (!(purposes & PURPOSES_ALL))
        buffer_add(out, TEXT(" nothing"));
}

void terms_words(const struct terms *t, struct buffer *out)
{
    size_t from = out->len;
    char until[STAMP_TEXT_MAX];

    if (t->classification)
        buffer_addf(out, "classified: %s", classification_name(t->classification));
    if (t->has_rel_to)
        begin(out, from), add_names(out, "release to", t->rel_to, t->rel_to_count);
    if (t->not_to_count)
        begin(out, from), add_names(out, "not to", t->not_to, t->not_to_count);
    if (t->originator_control)
        begin(out, from), buffer_add(out, TEXT("originator control"));
    if (t->pap)
        begin(out, from), buffer_addf(out, "%s", pap_name(t->pap));
    if (t->embargo_until_us) {
        begin(out, from), buffer_add(out, TEXT("embargo until "));
        buffer_add(out, stamp_format(stamp_from_us(t->embargo_until_us, 0), until));
    }
    if (t->purposes)
        begin(out, from), add_purposes(out, t->purposes);
    if (t->personal_data)
        begin(out, from), buffer_add(out, TEXT("personal data"));
}
