/* json/proper.h - is this text what json_canonical() would write? For bodies that a less trusted process sends:
 * walked once, without memory, nothing built, so that it may be done where nothing foreign is parsed. */
#pragma once
#include "base/text.h"

/* Told of each member of the top level: its name as it stands (escapes and all, without its quotes) and its value's
 * bytes. */
typedef void json_proper_member(void *self, struct text name, struct text value);

/* True: t is one object of well-formed UTF-8 without white space, strings escaped as RFC 8785 section 3.2.2.2 says,
 * each object's names in the order of section 3.2.3 and no two the same, nested at most JSON_DEPTH_MAX deep. Of
 * numbers only JSON's form is checked: another spelling of the same number is another hash, no harm. on_member may be
 * NULL; told before the answer is known. */
bool json_is_proper(struct text t, json_proper_member *on_member, void *self);
/* The elements of a list of strings without escapes, one after the other: rest begins as the value's bytes. false:
 * the end, or something else than such a string stands there; *rest is empty only at the proper end. */
bool json_proper_string_of_list(struct text *rest, struct text *ret);
