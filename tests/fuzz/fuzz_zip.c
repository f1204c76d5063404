/* Any bytes as an archive, gzip or zstd file, and what lies in it. */
#include "support/fuzz_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_read_records(data, len, READER_ZIP);
    return 0;
}
