/* model/terms_read.h - what a marking definition (STIX 2.1 section 7.2.1) means. Pure.
 *
 * Understood, and added up where one definition says several things: TLP 1 and 2; statements; PAP as the common
 * extension of OASIS, MISP's converters and OpenCTI write it; OpenCTI's custom markings that are TLP or PAP; our own
 * extensions (docs/objects/markings.md); the classification in US ACS data markings. A statement restricts nothing
 * (release.md 1), unless it is, word for word, a label of TLP or PAP or a national, EU or NATO classification.
 * Properties of others' making are ignored. Anything else is unreadable. */
#pragma once
#include "model/terms.h"

#define EXT_TLP2               "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define EXT_PAP                "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b" /* OASIS common objects */
#define EXT_ACS                "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce" /* CISA */
#define EXT_OPENCTI            "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
#define EXT_REL_TO             "extension-definition--9ac6ca9f-2ccc-4ecd-b7ad-68b1d13348f7"
#define EXT_NOT_TO             "extension-definition--99ce3ea5-07bc-477c-95cc-647044e753fc"
#define EXT_ORIGINATOR_CONTROL "extension-definition--7aae6a21-326c-426a-a6cc-23609e19ac82"
#define EXT_EMBARGO            "extension-definition--6306e94b-2ca0-4b6d-b9b9-b2b98ef9c2a5"
#define EXT_PURPOSE            "extension-definition--3cb7bcc4-7ff7-49d8-ab2c-ef50a07f367d"
#define EXT_CLASSIFICATION     "extension-definition--0d12f07b-bf72-4b19-9db5-a1e82740c9fb"
#define EXT_PERSONAL_DATA      "extension-definition--087c96a5-3d8c-43ec-8b4a-aefbac265334"
#define EXT_TEAR_LINE          "extension-definition--8c62d850-956c-44f4-8d09-f07444f8c18a" /* on other objects */

/* True: every part of it was understood. *ret_statement: it says nothing but a statement.
 * False: it is unreadable; *ret_terms then holds the classification alone, as far as one was found (a node must
 * refuse above its ceiling what it cannot read otherwise), and *ret_tlp a label that was. All are always filled. */
MUST_CHECK bool terms_read(const struct json_val *definition, struct terms *ret_terms, enum tlp *ret_tlp,
                           bool *ret_statement);

/* The classification that a statement is: one of a table of phrases (classification.c), whole, in any case, alone or
 * before "//" and further words. CLASSIFICATION_NONE: none of them. */
enum classification classification_of_statement(struct text statement);
