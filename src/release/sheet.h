/* release/sheet.h - inside this room: pages for people. One style, no script, nothing from elsewhere. */
#pragma once
#include "base/outbound.h"
#include "json/json.h"

/* Content-Security-Policy of every page: its own style, by hash, and nothing else. */
#define SHEET_POLICY_MAX 256
const char *sheet_policy(char out[SHEET_POLICY_MAX]);

/* Errors of all of these stick in out.
 * The one way in which a text that is not written in this room gets into a page: what HTML takes for its own is
 * escaped; control characters (C0, DEL, C1), what turns the direction of writing, and bytes that are no UTF-8 become
 * U+FFFD. Good for content and for attributes in double quotes. */
void sheet_text(struct buffer *out, struct text t);
/* The same in the middle of other words: set apart, so that its direction is its own. */
void sheet_name(struct buffer *out, struct text t);
void sheet_number(struct buffer *out, int64_t n); /* 1,234,567 */
/* From doctype to <main>. title: our own words; exercise: empty in the real space. */
void sheet_begin(struct buffer *out, const char *title, struct text name, struct text exercise);
void sheet_end(struct buffer *out, struct text version); /* empty: not told */

/* The page of outbound_api_page(), from the overview of who asks (command/overview.c). */
void status_page_write(const struct json_val *overview, struct buffer *out);
