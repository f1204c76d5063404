/* format/shadowserver_rules.h - the newest map of rules/shadowserver/, compiled in. */
#pragma once
#include <stddef.h>

extern const char SHADOWSERVER_RULES[]; /* JSON */
extern const size_t SHADOWSERVER_RULES_BYTES;
