/* command/warninglist_folder.h - `warninglist add FOLDER`: every list.json in it, as a copy of MISP's collection has
 * them (lists/NAME/list.json); where there is none, the folder's own files that end in .json. */
#pragma once
#include "command/session.h"

#define WARNINGLIST_FOLDERS_DEEP 3

/* Takes one file; its name is borrowed. Returns an exit code. */
typedef int add_list(struct session *s, const struct input *in);
/* In the order of their paths; nothing that a link leads to, nothing hidden. The first exit code that is not
 * EXIT_DONE is returned, after all were tried. */
int add_folder(struct session *s, const struct input *folder, add_list *one);
