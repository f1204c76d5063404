/* Any bytes, format unknown: the reader refuses them with words, or gives chunks of whole records and one end. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/record.h"
#include "reader/core.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct reader_options options = {.party = {"p", 1}, .chunk_bytes = 512};
    struct reader_core *r;
    struct fault fault = {0};
    struct text chunk;
    bool ended = false;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_assert(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    enum err e = reader_core_open(fd, &options, &r, &fault);
    if (e) {
        fuzz_assert(e == ERR_MALFORMED && fault.what[0]);
        close(fd);
        return 0;
    }
    while (!(e = reader_core_next(r, &chunk))) {
        struct cursor c;
        struct record record;
        cursor_init(&c, chunk);
        while (!(e = record_next(&c, &record))) {
            fuzz_assert(!ended);
            ended = record.kind == RECORD_END;
        }
        fuzz_assert(e == ERR_NOT_FOUND);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    reader_core_free(r);
    close(fd);
    return 0;
}
