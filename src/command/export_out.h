/* command/export_out.h - where an export's bytes go: standard output, or files that appear whole or not at all. Who
 * typed the command opens the folder, with that person's rights; who owns the home writes in it and nowhere else. */
#pragma once
#include "command/session.h"

/* Of `--out`: the folder itself where files are to stand in it (the name ends with / or the form is a folder), else
 * the one that holds the file. Fills s->output_fd. Complains. */
int export_out_open(struct session *s);
bool export_out_is_folder(const struct session *s);

struct export_file {
    struct session *s;
    const char *name; /* in the folder; NULL: standard output */
    char beside[256];
    int fd; /* -1: not begun */
};
/* name must have no slash. False after complaining, here and below; then nothing is left behind. */
MUST_CHECK bool export_file_begin(struct export_file *f, struct session *s, const char *name);
MUST_CHECK bool export_file_write(struct export_file *f, struct text t);
/* Durable, under its name. */
MUST_CHECK bool export_file_commit(struct export_file *f);
void export_file_drop(struct export_file *f); /* what is not committed; any number of times */
/* The name of the one file that --out means; NULL: standard output. */
const char *export_out_name(const struct session *s);

/* In the folder of --out: is there a file of that name? */
bool export_out_holds(const struct session *s, const char *name);
/* Removes each plain file "UUID.json" of the folder that `keep` does not want. What cannot be removed is told, and
 * false: the folder holds more than it should. */
bool export_out_prune(struct session *s, bool (*keep)(void *self, const struct uuid *event), void *self);
