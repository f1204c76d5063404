/* command/names.h - from what a person types to what it names: parties, accounts, labels; and back. */
#pragma once
#include "command/session.h"
#include "json/json.h"

/* A reading view, told on standard error when there is none. */
MUST_CHECK enum err open_view(struct session *s, struct view **ret);

/* Runs it with a reading view. */
int with_view(struct session *s, int (*run)(struct session *s, struct view *v));

/* Name of a party ("(unknown)" for zero), in the arena. */
struct text party_name(struct view *v, struct arena *a, const struct uuid *party);
struct text source_name(struct view *v, struct arena *a, const struct uuid *source);

/* Party by name; complains with the known ones in mind. */
MUST_CHECK enum err find_party(struct session *s, struct view *v, const char *name, struct uuid *ret);
/* TLP label; complains. NULL gives TLP_NONE. */
MUST_CHECK enum err find_label(struct session *s, const char *option_name, const char *given, enum tlp *ret);
/* PAP level, or "none"; complains. */
MUST_CHECK enum err find_pap(struct session *s, const char *option_name, const char *given, enum pap *ret);
/* "on" or "off"; complains. */
MUST_CHECK enum err find_switch(struct session *s, const char *option_name, const char *given, bool *ret);
/* A member with a moment as RFC 3339 has it; null for 0. */
void json_member_moment(struct json_out *o, const char *name, int64_t us);
/* A name for something new: 1..NAME_MAX_BYTES of printable UTF-8; complains. */
MUST_CHECK enum err check_name(struct session *s, const char *name);
