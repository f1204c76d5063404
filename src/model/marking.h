/* model/marking.h - TLP 1 and 2 as STIX marking definitions, and PAP. Labels are ordered by strictness.
 * Sources: FIRST TLP 2.0; STIX 2.1 section 7.2.1.4 (the four fixed TLP 1 ids); the TLP 2.0 extension definition. */
#pragma once
#include "model/ident.h"

/* Strictness grows; TLP_NONE (no TLP marking at all) is no label: the gate treats it as its rule 1 says, and so it
 * does a marking definition that we cannot read (tlp_of_marking() is false). */
enum tlp { TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED };

/* "TLP:CLEAR", "CLEAR", "white", "tlp:amber+strict", ... any case; TLP 1's WHITE is CLEAR, TLP 1's AMBER is
 * AMBER. ERR_MALFORMED otherwise. */
MUST_CHECK enum err tlp_parse(struct text t, enum tlp *ret);
const char *tlp_name(enum tlp t); /* "TLP:AMBER+STRICT"; "unmarked" for TLP_NONE */
enum tlp tlp_stricter(enum tlp a, enum tlp b);
/* Known ids of TLP 1, TLP 2.0 and OpenCTI's private AMBER+STRICT. false when the id is none of them. ret_version may
 * be NULL. */
bool tlp_of_marking(const struct uuid *marking_definition, enum tlp *ret, int *ret_version);
/* The marking definition to refer to: version 1 (built in; AMBER+STRICT has none: false) or 2. */
bool tlp_marking(enum tlp t, int version, struct uuid *ret);
/* The whole marking-definition object of TLP 2.0, or of TLP 1 (section 7.2.1.4), as canonical JSON. Static; empty
 * where tlp_marking() is false. */
struct text tlp_definition(enum tlp t, int version);

enum pap { PAP_NONE, PAP_CLEAR, PAP_GREEN, PAP_AMBER, PAP_RED };
const char *pap_name(enum pap p);
enum pap pap_of_tlp(enum tlp t); /* release.md rule 4: CLEAR, GREEN -> GREEN; AMBER -> AMBER; else RED */
