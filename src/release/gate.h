/* release/gate.h - may this leave, to whom, by which door, in which form, and why. The heart of trust: pure, no I/O,
 * no clock of its own, nothing it was not handed. Source of every rule: docs/RELEASE.md, which numbers them.
 *
 * Two steps: gate_decide(question) -> decision; gate_clear(object, decision, ...) -> struct cleared, which closes
 * over the references and the marked portions of the object. Outward writers accept only struct cleared. */
#pragma once
#include "base/arena.h"
#include "model/terms.h"

/* In log entries by name; the numbers are in settings too: new ones go to the end. */
enum door {
    DOOR_CONSOLE,
    DOOR_TAXII,
    DOOR_EXPORT,
    DOOR_STATISTICS,
    DOOR_MAIL,
    DOOR_COURIER,
    DOOR_PUBLIC_PAGE,
    DOOR_ADVISORY,
    DOOR_BLOCK_LIST,
    DOOR_DETECTION_RULE,
    DOOR_SEARCH,
    DOOR_CSV,       /* files that carry less than STIX does: a label, */
    DOOR_MISP,      /* a label and PAP, */
    DOOR_MISP_FEED, /* the same, read by who sets its distribution anew */
    DOOR_COUNT
};
const char *door_name(enum door d); /* "console", "taxii", ..., "block list"; "none" for no door */

/* What the decision depends on, and nothing else of the object: equal classes are decided alike. Interned by the
 * store (its key is gate_class_key()). */
struct gate_class {
    bool ours;               /* created_by_ref is our identity, or taken in with --from self */
    struct uuid party;       /* from whom we have it; zero: unknown. Meaningless when ours */
    struct uuid source;      /* the channel; zero: none named */
    enum tlp tlp;            /* as marked by the originator, or filled in at intake (--marking); TLP_NONE: unmarked */
    bool unknown_marking;    /* a marking definition that we cannot read: withholds */
    bool granular;           /* portions have markings of their own: what may leave is found while closing */
    struct terms terms;      /* of its markings, added up; beside the label */
    enum tlp source_default; /* recorded default of the source; applies when tlp is TLP_NONE */
    bool label_given;        /* source_default is no recorded default: it was given when the object came in, or by a
                                definition that it names, and stands whatever is recorded later */
    bool bare;               /* names no marking definition but those of TLP: what others come to mean is nothing to
                                it. Not set: it may */
    enum pap source_pap; /* recorded for the source; applies when terms.pap is PAP_NONE; else PAP follows the label */
    enum tlp tear;       /* label of its tear line; TLP_NONE: it has none */
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
    bool proposed;           /* in quarantine because it was found in text that people wrote: it waits for a person */
    bool refused;            /* and one said no */
    bool exercise;           /* space the object lives in */
    char type[64]; /* STIX type, NUL-terminated, for words and for recipients that know only standard types */
};
/* Canonical text key of a class: equal keys, equal classes. At most GATE_CLASS_KEY_MAX bytes; errors stick in out. */
void gate_class_key(const struct gate_class *c, struct buffer *out);
/* The reverse, for a replay; every byte is checked. ERR_MALFORMED */
MUST_CHECK enum err gate_class_parse(struct text key, struct gate_class *ret);
/* The label that counts: tlp, else the source's default; TLP_NONE when neither. */
enum tlp gate_class_label(const struct gate_class *c);

enum recipient_kind {
    RECIPIENT_OWN_ACCOUNT,
    RECIPIENT_PARTNER,
    RECIPIENT_COMMUNITY,
    RECIPIENT_PUBLIC,
    RECIPIENT_CONSTITUENT,
    RECIPIENT_AUTHORITY, /* of a sector */
    RECIPIENT_HUB        /* whose sensor this node is: gets what its indicators were seen as, and nothing else */
};
enum role { ROLE_NONE, ROLE_READER, ROLE_ANALYST, ROLE_RELEASER, ROLE_ADMINISTRATOR };
const char *role_name(enum role r);
enum role role_parse(struct text t); /* ROLE_NONE when unknown */

/* In a group of organisations, as its list says. A list that expired, or cannot be reached, makes no memberships, nor
 * does it say who is none: of a group of which nothing is said, the recipient may be a member. */
struct membership {
    struct uuid group;
    int64_t from_us, until_us; /* from <= now < until */
    bool absent;               /* the list is there, and does not name it */
};

struct recipient {
    enum recipient_kind kind;
    struct uuid party;    /* partners, communities, constituents, authorities: which one */
    struct uuid account;  /* own accounts: which one */
    struct uuid identity; /* of the identity object by which markings name it; zero: not known, any may be its */
    struct text name;     /* for words; never part of a decision */
    enum role role;       /* own accounts */
    char country[3];      /* "NL"; empty: not known, which no REL-TO country names and every NOT-TO country might */
    uint32_t knows;       /* bits of enum term: the markings it is known to understand */
    enum tlp ceiling;     /* highest label that flows without a person; default TLP_GREEN */
    bool sightings;       /* our sightings of its indicators may go to it */
    bool exercise;        /* space */
    bool expelled;        /* nothing any more */
    const struct membership *memberships; /* borrowed */
    size_t membership_count;
};

/* What we agreed with a party about what it gives us. */
struct agreement {
    bool authorities_are_clients,
        communities_are_clients;     /* its AMBER may go to them as to constituents with a need */
    const struct uuid *red_accounts; /* our accounts that its RED is for; borrowed */
    size_t red_count;
};

/* Acts that speak of one object and one recipient: log entries, with an end. */
enum grant_kind {
    GRANT_CONSENT = 1, /* the originator's, beyond its label (rule 3) */
    GRANT_APPROVAL,    /* a releaser's, above the recipient's ceiling, within the label (rule 2) */
    GRANT_NEED,        /* a finding about the constituent, a subscription a releaser approved, a releaser's act */
    GRANT_NAMED,       /* RED of ours (or theirs by agreement): this person or organisation is named */
    GRANT_BREAK_GLASS  /* rule 12: two accounts, reason, originator told */
};
struct grant {
    enum grant_kind kind;
    struct uuid to;            /* the recipient's party, or account */
    int64_t from_us, until_us; /* from <= now < until */
    struct text properties;    /* consent to a tear line: names, comma between; empty: the whole. Borrowed */
    enum tlp leaves_as;        /* TLP_NONE: its own label */
};

enum form { FORM_WHOLE, FORM_RENDITION };
#define DECISION_RULES_MAX   12
#define DECISION_REMOVED_MAX 400

/* A rule that spoke: its number in docs/RELEASE.md ("2", "TLP received GREEN"), and words a duty officer understands.
 */
struct decision_rule {
    const char *id; /* static: "1 default deny", "2 TLP", "9 sightings", "10 spaces" */
    char words[200];
};
struct decision {
    bool cleared;
    enum form form;              /* cleared only */
    enum tlp label;              /* the marking it leaves with; TLP_NONE: none. Withheld: the label that counted */
    bool add_marking;            /* the object carries no TLP marking itself, or a laxer one: `label` must be added (a
                                    rendition). Never on the console, which shows the label beside the object */
    bool consent;                /* beyond its label, by its originator's consent: its portions do not profit */
    bool tear;                   /* what leaves is the tear line ... */
    struct text tear_properties; /* ... of these properties, by a consent; empty: as the object itself says. Borrowed
                                    from the grant */
    bool sealed;        /* withheld from a constituent only because the value is not cleared: a consent would help */
    bool asks_consent;  /* the originator's act would let it go */
    bool asks_releaser; /* a releaser's act would let it go */
    int64_t holds_until_us; /* INT64_MAX when nothing timed was looked at */
    struct decision_rule rules[DECISION_RULES_MAX];
    size_t rule_count;                  /* at least 1 */
    char removed[DECISION_REMOVED_MAX]; /* what closing took out (decision_close()): selectors of STIX 2.1 section
                                           7.2.3, comma between, "..." where it is cut off; NUL-terminated */
};

struct gate_question {
    const struct gate_class *cls;
    const struct recipient *recipient;
    enum door door;
    int64_t now_us;
    const struct agreement *agreement; /* with cls->party; NULL: none */
    const struct grant *grants;        /* that speak of this object; none: the decision for the class */
    size_t grant_count;
};
/* The decision. Always gives one, default deny; total over all inputs. */
void gate_decide(const struct gate_question *q, struct decision *ret);
