/* exchange/proofs_frame.c - see proofs_frame.h. Hostile like all that a partner sends. */
#include "exchange/proofs_frame.h"

#include "ledger/proof_check.h"

static bool read_head(struct text head, uint64_t *ret_line, uint64_t *ret_bytes)
{
    struct text word, number;
    return text_split(&head, ' ', &word) && text_eq(word, TEXT("proof")) && head.ptr &&
           text_split(&head, ' ', &number) && head.ptr && text_u64(number, ret_line) == OK &&
           text_u64(head, ret_bytes) == OK;
}

enum err proofs_frame_next(struct text *rest, size_t asked, size_t *next, size_t *ret_line, struct text *ret_proof)
{
    uint64_t line, bytes;
    ptrdiff_t end = text_find(*rest, '\n', 0);
    if (end < 0 || !read_head(text_sub(*rest, 0, (size_t)end), &line, &bytes))
        return ERR_MALFORMED;
    struct text body = text_sub(*rest, (size_t)end + 1, rest->len);
    if (line < *next || line >= asked || bytes > body.len || bytes > PROOF_MAX_BYTES)
        return ERR_MALFORMED;
    *ret_proof = text_sub(body, 0, (size_t)bytes);
    *rest = text_sub(body, (size_t)bytes, body.len);
    *ret_line = (size_t)line;
    *next = (size_t)line + 1;
    return OK;
}
