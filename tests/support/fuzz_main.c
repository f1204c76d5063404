/* support/fuzz_main.c - a fuzz target without a fuzzer: runs it over every file of the folders (or files) named, and
 * over every strict prefix of the small ones. What a fuzzer once found stays found, with any compiler. Prints TAP. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fuzz.h"

#define PREFIXES_UP_TO_BYTES 2048

/* For the last words only: what was being run when the target died. */
static const char *now_running = "";
static size_t now_len, inputs;

static void last_words(void)
{
    char line[600];
    int n = snprintf(line, sizeof line, "# died on the first %zu bytes of %s\n", now_len, now_running);
    if (n > 0)
        (void)!write(STDOUT_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static void on_abort(int number)
{
    last_words();
    signal(number, SIG_DFL);
    raise(number);
}

/* There when the program is built with a sanitizer. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

/* A block of its own, exactly as long: one byte too far is seen. */
static void run(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    if (len)
        memcpy(exact, bytes, len);
    now_len = len;
    LLVMFuzzerTestOneInput(len ? exact : exact + 1, len);
    inputs++;
    free(exact);
}

static uint8_t *read_whole(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    if (!file || fstat(fileno(file), &st) != 0) {
        perror(path);
        exit(1);
    }
    uint8_t *bytes = malloc((size_t)st.st_size + 1);
    if (!bytes || fread(bytes, 1, (size_t)st.st_size, file) != (size_t)st.st_size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    *ret_len = (size_t)st.st_size;
    return bytes;
}

static void run_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        exit(1);
    }
    if (S_ISREG(st.st_mode)) {
        size_t len;
        uint8_t *bytes = read_whole(path, &len);
        now_running = path;
        run(bytes, len);
        for (size_t prefix = 0; prefix < len && len <= PREFIXES_UP_TO_BYTES; prefix++)
            run(bytes, prefix);
        free(bytes);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *inner;
        if (entries[i]->d_name[0] != '.' && asprintf(&inner, "%s/%s", path, entries[i]->d_name) > 0) {
            run_path(inner);
            free(inner);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(last_words);
    signal(SIGABRT, on_abort);
    printf("1..1\n");
    fflush(stdout);
    run(NULL, 0);
    for (int i = 1; i < argc; i++)
        if (access(argv[i], F_OK) == 0 || errno != ENOENT)
            run_path(argv[i]);
    printf("%s 1 - %zu inputs%s\n", inputs > 1 ? "ok" : "not ok", inputs, inputs > 1 ? "" : ": there are no seeds");
    return inputs > 1 ? 0 : 1;
}
