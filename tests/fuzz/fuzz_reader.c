/* Any bytes, format unknown, or as a TAXII envelope: the reader refuses them with words, or gives chunks of whole
 * records and one end. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/record.h"
#include "reader/core.h"
#include "support/fuzz.h"

static void read_all(const uint8_t *data, size_t len, enum reader_envelope how)
{
    const struct reader_options options = {.format = how ? READER_STIX : READER_DETECT,
                                           .party = {"p", 1},
                                           .chunk_bytes = 512,
                                           .envelope = how,
                                           .elements = 3};
    struct reader_core *r;
    struct fault fault = {0};
    struct text chunk;
    bool ended = false, enveloped = how == READER_NO_ENVELOPE, usable = true;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_assert(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    enum err e = reader_core_open(fd, &options, &r, &fault);
    if (e) {
        fuzz_assert(e == ERR_MALFORMED && fault.what[0]);
        close(fd);
        return;
    }
    while (!(e = reader_core_next(r, &chunk))) {
        struct cursor c;
        struct record record;
        cursor_init(&c, chunk);
        while (!(e = record_next(&c, &record))) {
            fuzz_assert(!ended);
            fuzz_assert(enveloped != (record.kind == RECORD_ENVELOPE || record.kind == RECORD_ELEMENT));
            if (record.kind == RECORD_ENVELOPE) {
                enveloped = true;
                usable = record.u.envelope.err == OK && how == READER_ENVELOPE;
            } else if (how && record.kind != RECORD_ELEMENT) {
                fuzz_assert(usable || record.kind == RECORD_END);
            }
            ended = record.kind == RECORD_END;
        }
        fuzz_assert(e == ERR_NOT_FOUND);
    }
    fuzz_assert(e == ERR_NOT_FOUND && ended);
    reader_core_free(r);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (int how = READER_NO_ENVELOPE; how <= READER_ENVELOPE_ALONE; how++)
        read_all(data, len, (enum reader_envelope)how);
    return 0;
}
