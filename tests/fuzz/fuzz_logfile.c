/* Any bytes as a log: blocks follow each other without a gap, lines are counted right, plain input comes out as it
 * is, and a follower gives the same. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "match/logfile.h"
#include "support/fuzz.h"

static uint64_t newlines(struct text t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t.len; i++)
        n += t.ptr[i] == '\n';
    return n;
}

static void follow(const char *path, struct text content)
{
    struct follower *f;
    struct text block;
    struct follow_state state;
    uint64_t offset, line, at = 0;
    fuzz_assert(follower_open(path, NULL, &f) == OK);
    while (follower_next(f, &block, &offset, &line, &state, NULL) == OK) {
        fuzz_assert(offset == at && block.len > 0 && memcmp(block.ptr, content.ptr + at, block.len) == 0);
        at += block.len;
        fuzz_assert(state.offset == at);
    }
    fuzz_assert(newlines(text_sub(content, (size_t)at, content.len)) == 0); /* but a line that is not whole */
    follower_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct logfile *f;
    struct text content = {(const char *)data, len}, block;
    uint64_t offset, line, at = 0, number = 1;
    bool continues,
        plain = len < 2 || !((data[0] == 0x1F && data[1] == 0x8B) || data[0] == 0x28 || data[0] >> 4 == 5);
    enum err err;
    int fd = memfd_create("log", 0);
    fuzz_assert(fd >= 0 && write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
    fuzz_assert(logfile_open(fd, &f, NULL) == OK);
    while ((err = logfile_next(f, &block, &offset, &line, &continues, NULL)) == OK) {
        fuzz_assert(offset == at && line == number && block.len > 0);
        fuzz_assert(!plain || memcmp(block.ptr, data + at, block.len) == 0);
        at += block.len;
        number += newlines(block);
        if (at > 64000000)
            break; /* a bomb: read in bounded memory, but not to its end */
    }
    fuzz_assert(err == OK || err == ERR_NOT_FOUND || err == ERR_MALFORMED);
    fuzz_assert(!plain || (err == ERR_NOT_FOUND && at == len));
    logfile_free(f);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    follow(path, content);
    close(fd);
    return 0;
}
