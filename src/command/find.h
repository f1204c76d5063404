/* command/find.h - from what a person types to an object: an identifier, the beginning of one (8 hexadecimal digits
 * of its UUID at least, with or without its type), a finding's number (F-12), an entry's (#345), or an exact name. */
#pragma once
#include "command/session.h"
#include "model/ident.h"

struct found_object {
    char id[IDENT_TEXT_MAX];
    bool by_entry; /* "#345": that version, whatever counts */
    uint64_t n;
};
/* EXIT_DONE, or an exit code after complaining: nothing, several (which are listed), erased. Names and beginnings are
 * found among what that account may see. */
int find_object(struct session *s, struct view *v, const struct uuid *account, const char *typed,
                struct found_object *ret);
/* Who reads: the account of --as, else the one that local commands act as. Complains; an exit code. */
int find_reader(struct session *s, struct view *v, struct uuid *ret);
/* "F-12", "12" or the object's id; complains. Texts of *ret are the view's. Returns an exit code. */
int find_finding(struct session *s, struct view *v, const char *name, struct finding_row *ret);
