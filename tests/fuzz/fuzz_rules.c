/* Any bytes as a file of Zeek's intelligence framework and as rules of Suricata or Snort. */
#include "support/fuzz_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_read_records(data, len, READER_ZEEK);
    fuzz_read_records(data, len, READER_SURICATA);
    return 0;
}
