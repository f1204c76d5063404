/* support/scratch.h - folders that go away, and files of the tests and of the data collection. */
#pragma once
#include "base/text.h"

#define SCRATCH_PATH_MAX 512

/* A new empty folder under $TMPDIR (else /tmp), absolute. Aborts when there is none to be had. */
void scratch_new(char path[SCRATCH_PATH_MAX]);
/* Removes what is in the folder; the folder itself too when it is to go. */
void scratch_empty(const char *path);
void scratch_remove(const char *path);
/* path/name, in a static buffer of eight that take turns: for arguments, not for keeping. */
const char *scratch_path(const char *path, const char *name);

/* The whole file, NUL-terminated, to be freed with free(); NULL when it cannot be read. */
char *scratch_read(const char *path, size_t *ret_len);
void scratch_write(const char *path, const void *bytes, size_t len);

/* tests/<name>, by the same turns. */
const char *test_path(const char *name);
/* <data>/<name> where data is $ENTENTE_DATA, else ../shared/data beside the repository; NULL when it is not there:
 * the test then calls cmocka's skip(). */
const char *data_path(const char *name);
