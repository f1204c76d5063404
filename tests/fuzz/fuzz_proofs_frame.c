/* An answer to a request for proofs, as a partner's node sends it: every frame taken lies inside the answer, behind
 * the one before, of a line that was asked for and later than the last. */
#include "exchange/proofs_frame.h"
#include "ledger/proof_check.h"
#include "support/fuzz.h"

#define ASKED 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct text answer = {(const char *)data, len};
    struct text rest = answer, proof;
    size_t next = 0, line = 0, before = 0;
    while (rest.len > 0) {
        const char *from = rest.ptr;
        if (proofs_frame_next(&rest, ASKED, &next, &line, &proof) != OK)
            return 0;
        fuzz_assert(line < ASKED && line >= before && next == line + 1);
        fuzz_assert(proof.ptr > from && proof.ptr + proof.len == rest.ptr && proof.len <= PROOF_MAX_BYTES);
        fuzz_assert(rest.ptr + rest.len == answer.ptr + answer.len);
        before = next;
    }
    return 0;
}
