/* command/import_folder.h - `import FOLDER`: a MISP feed where it has a manifest.json, else each of its files. */
#pragma once
#include "command/session.h"
#include "desk/intake.h"

/* Takes in one file; its name is borrowed. Returns an exit code. */
typedef int import_file(void *self, const struct input *in);

bool is_folder(const struct input *in);
/* The files of the folder, in the order of their names, without those that begin with a dot and without folders in
 * it. The first exit code that is not EXIT_DONE is returned, after all were tried. */
int import_files(struct session *s, const struct input *folder, import_file *one, void *self);
bool is_feed(const struct input *folder, const struct intake_options *options);
int import_feed(struct session *s, const struct input *folder, const struct intake_options *options);
