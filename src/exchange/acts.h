/* exchange/acts.h - what releasers do about sharing: grants, agreements, groups. Each act is an entry under the
 * account that did it, which needs the role of a releaser, and stays for ever; what it opens comes ahead of every
 * cursor.
 *
 * Errors of all: ERR_DENIED (the account has not the role, or the rule does not allow it), ERR_NOT_FOUND, ERR_USAGE
 * (dates, kinds), each told in *reterr; ERR_IO | ERR_FULL | ERR_NOMEM. */
#pragma once
#include "store/node.h"

/* g: kind, object, to (and to_account), account, reason, until_us; where they apply version, properties, leaves_as
 * and originator. Its id and from_us are filled in. A break-glass lets nothing go before it is confirmed. A consent
 * is its originator's: of an object that came from there. */
MUST_CHECK enum err share_grant(struct node *node, struct fact_grant *g, struct fault *reterr);
/* The second account: not the first one. The originator is told by a note (*ret_told, its id; empty: it is ours, or
 * nobody knows whose it is), which names no constituent and gives the reason. *ret_reached (may be NULL): the note
 * goes to it by this node; else somebody has to telephone. */
MUST_CHECK enum err share_confirm(struct node *node, const struct uuid *grant, const struct uuid *account,
                                  char ret_told[IDENT_TEXT_MAX], bool *ret_reached, struct fault *reterr);
/* From this moment on. */
MUST_CHECK enum err share_revoke(struct node *node, const struct uuid *grant, const struct uuid *account,
                                 struct text reason, struct fault *reterr);
MUST_CHECK enum err share_agree(struct node *node, const struct fact_agreement *a, struct fault *reterr);
/* A new one: ERR_EXISTS when a group has its id or its name. */
MUST_CHECK enum err share_group_new(struct node *node, const struct fact_group *g, struct fault *reterr);
MUST_CHECK enum err share_group(struct node *node, const struct fact_group *g, struct fault *reterr);
