/* process/sandbox_inside.h - what sandbox.c and sandbox_filter.c share. */
#pragma once
#include "process/sandbox.h"

/* AddressSanitizer reserves terabytes, keeps standard error for its reports and makes a few calls of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

enum sandbox_step { SANDBOX_STEP_LOCKED, SANDBOX_STEP_CLOSED };
/* Loads the filter of that step; filters add up. true: a call that it answers was answered by it. */
bool sandbox_filter(enum sandbox_step step, bool refuses_opening);
