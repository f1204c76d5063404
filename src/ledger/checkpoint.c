/* ledger/checkpoint.c - tlog-checkpoint, and tlog-witness's request made of one. Each text has one spelling: what is
 * read is what would be written. */
#include "ledger/checkpoint.h"

#include <inttypes.h>

#include "ledger/lines.h"

static const char rule_text[] = "tlog-checkpoint, Note text";
static const char rule_add[] = "tlog-witness, add-checkpoint";

void checkpoint_format(const struct checkpoint *c, struct buffer *out)
{
    buffer_add(out, c->origin);
    buffer_addf(out, "\n%" PRIu64 "\n", c->size);
    line_add_hash(out, &c->root);
    buffer_add(out, c->extensions);
}

static enum err extensions(struct text whole, struct text rest, struct fault *reterr)
{
    struct text line;
    while (rest.len > 0) {
        int64_t at = line_offset(whole, rest);
        if (!line_take(&rest, &line) || line.len == 0)
            return fault_at(reterr, ERR_MALFORMED, at, rule_text, "an extension line is empty or not ended");
    }
    return OK;
}

enum err checkpoint_parse(struct text text, struct checkpoint *ret, struct fault *reterr)
{
    struct checkpoint c;
    struct text rest = text, size, root;
    if (!line_take(&rest, &c.origin) || c.origin.len == 0)
        return fault_at(reterr, ERR_MALFORMED, 0, rule_text, "line 1 is not an origin");
    int64_t at = line_offset(text, rest);
    if (!line_take(&rest, &size) || !line_decimal(size, &c.size))
        return fault_at(reterr, ERR_MALFORMED, at, rule_text, "line 2 is not a tree size");
    at = line_offset(text, rest);
    if (!line_take(&rest, &root) || !line_hash(root, &c.root))
        return fault_at(reterr, ERR_MALFORMED, at, rule_text, "line 3 is not the base64 of a root hash");
    c.extensions = rest;
    enum err e = extensions(text, rest, reterr);
    if (!e)
        *ret = c;
    return e;
}

void add_checkpoint_format(const struct add_checkpoint *a, struct buffer *out)
{
    buffer_addf(out, "old %" PRIu64 "\n", a->old_size);
    for (size_t i = 0; i < a->proof.count; i++)
        line_add_hash(out, &a->proof.hash[i]);
    buffer_add_char(out, '\n');
    buffer_add(out, a->checkpoint);
}

enum err add_checkpoint_parse(struct text bytes, struct add_checkpoint *ret, struct fault *reterr)
{
    struct add_checkpoint a;
    struct text rest = bytes, line;
    if (!line_take(&rest, &line) || !text_starts(line, TEXT("old ")) ||
        !line_decimal(text_sub(line, 4, line.len), &a.old_size))
        return fault_at(reterr, ERR_MALFORMED, 0, rule_add, "line 1 is not \"old\" and a tree size");
    enum err e = line_proof(bytes, &rest, &a.proof, rule_add, reterr);
    if (e)
        return e;
    if (rest.len == 0)
        return fault_at(reterr, ERR_MALFORMED, (int64_t)bytes.len, rule_add, "no checkpoint");
    a.checkpoint = rest;
    *ret = a;
    return OK;
}
