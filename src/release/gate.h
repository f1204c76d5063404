/* release/gate.h - may this leave, to whom, by which door, in which form, and why. The heart of trust: pure, no I/O,
 * no clock of its own, nothing it was not handed. Source of every rule: docs/RELEASE.md, which numbers them.
 *
 * Two steps: gate_decide(class, recipient, door, time) -> decision; gate_clear(object, decision, ...) -> struct
 * cleared, which closes over the references of the object. Outward writers accept only struct cleared. */
#pragma once
#include "base/arena.h"
#include "model/marking.h"

enum door { DOOR_CONSOLE, DOOR_TAXII, DOOR_EXPORT, DOOR_STATISTICS, DOOR_COUNT };
const char *door_name(enum door d); /* "console", "taxii", "export", "statistics" */

/* What the decision depends on, and nothing else of the object: equal classes are decided alike. Interned by the
 * store (its key is gate_class_key()). */
struct gate_class {
    bool ours;               /* created_by_ref is our identity, or taken in with --from self */
    struct uuid party;       /* from whom we have it; zero: unknown. Meaningless when ours */
    struct uuid source;      /* the channel; zero: none named */
    enum tlp tlp;            /* as marked by the originator, or filled in at intake (--marking); TLP_NONE: unmarked */
    bool unknown_marking;    /* a marking definition that we cannot read: withholds */
    bool granular;           /* portion markings: withheld outward until renditions can be made of them */
    enum tlp source_default; /* recorded default of the source; applies when tlp is TLP_NONE */
    bool protocol_object;    /* a TLP marking definition: constant, public text */
    bool own_identity;       /* our node's own identity object */
    bool sighting;           /* our sighting that goes back to where its indicator came from: */
    struct uuid sighting_of; /* party the sighted indicator came from; zero when not from one */
    bool sighting_of_ours;   /* the sighted indicator is our own: per label. Neither this nor sighting_of: the
                                indicator came from nobody knows where, and its sighting does not leave */
    enum tlp sighting_tlp;   /* effective label of the sighted indicator: derived content takes the strictest part */
    bool internal_only;      /* findings, evidence, incidents, our constituency register: never outward by a door of
                                this version but console */
    bool quarantined;        /* seen by releasers only; never released */
    bool exercise;           /* space the object lives in */
    char type[64]; /* STIX type, NUL-terminated, for words and for recipients that know only standard types */
};
/* Canonical text key of a class: equal keys, equal classes. Errors stick in out. */
void gate_class_key(const struct gate_class *c, struct buffer *out);
/* The reverse, for a replay; every byte is checked. ERR_MALFORMED */
MUST_CHECK enum err gate_class_parse(struct text key, struct gate_class *ret);
/* The label that counts: tlp, else the source's default; TLP_NONE when neither. */
enum tlp gate_class_label(const struct gate_class *c);

enum recipient_kind { RECIPIENT_OWN_ACCOUNT, RECIPIENT_PARTNER, RECIPIENT_COMMUNITY, RECIPIENT_PUBLIC };
enum role { ROLE_NONE, ROLE_READER, ROLE_ANALYST, ROLE_RELEASER, ROLE_ADMINISTRATOR };
const char *role_name(enum role r);
enum role role_parse(struct text t); /* ROLE_NONE when unknown */

struct recipient {
    enum recipient_kind kind;
    struct uuid party; /* partners: which one */
    struct text name;  /* for words; never part of a decision */
    enum role role;    /* own accounts */
    enum tlp ceiling;  /* highest label that flows without a person; default TLP_GREEN */
    bool sightings;    /* our sightings of its indicators may go to it */
    bool exercise;     /* space */
    bool expelled;     /* nothing any more */
    bool knows_tlp2;   /* understands TLP 2.0 markings; every TAXII 2.1 client is assumed to keep them */
};

enum form { FORM_WHOLE, FORM_RENDITION };
#define DECISION_RULES_MAX 8

/* A rule that spoke: its number in docs/RELEASE.md ("2", "TLP received GREEN"), and words a duty officer understands.
 */
struct decision_rule {
    const char *id; /* static: "1 default deny", "2 TLP", "9 sightings", "10 spaces" */
    char words[200];
};
struct decision {
    bool cleared;
    enum form form;         /* cleared only */
    enum tlp label;         /* the marking it leaves with; TLP_NONE: none. Withheld: the label that counted */
    bool add_marking;       /* the object carries no TLP marking itself, or a laxer one: `label` must be added (a
                               rendition). Never on the console, which shows the label beside the object */
    int64_t holds_until_us; /* INT64_MAX when nothing timed was looked at */
    struct decision_rule rules[DECISION_RULES_MAX];
    size_t rule_count; /* at least 1 */
};

/* The decision. Always gives one, default deny; total over all inputs. */
void gate_decide(const struct gate_class *c, const struct recipient *r, enum door door, int64_t now_us,
                 struct decision *ret);
