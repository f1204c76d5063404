/* store/facts.h - what an entry says, by kind: the typed form of its public and private parts. Entries record
 * outcomes, so that a replay (store/view.h) needs no validation, no gate and no clock. One encoder and one decoder
 * per kind; the view is changed by the decoded form only, so live writing and replay cannot differ. Texts borrow from
 * whoever made the fact. Times in microseconds since 1970. Absent uuid: all zero. */
#pragma once
#include "base/arena.h"
#include "model/ident.h"
#include "release/gate.h"
#include "store/log.h"

enum fact_kind {
    FACT_GENESIS, /* the node's name, identity, space, key */
    FACT_OBJECT,  /* a version of an object was accepted */
    FACT_HITS,    /* lines that hit, evidence of findings; how far a followed log was read */
    FACT_PARTY,
    FACT_SOURCE,
    FACT_ACCOUNT,
    FACT_PEER,     /* recorded or changed: the newest of an id counts */
    FACT_RELEASE,  /* versions first sent to a recipient in a form */
    FACT_OPENING,  /* classes that became visible to a recipient by a change of policy */
    FACT_DOCUMENT, /* a document was taken in (its original bytes are the body where the format loses something) */
    FACT_ORIGIN,   /* the log goes on under another name or key: rotation, loss, compromise, a copy that was behind */
    FACT_ERASURE,  /* details and bodies of these entries are erased */
    FACT_ACT,      /* an act of a person that changes nothing else: false positive, note, ... */
    FACT_GRANT,    /* a consent, approval, need, naming or break-glass for one object and one recipient */
    FACT_AGREEMENT, /* what we agreed with a party about what it gives us */
    FACT_GROUP,     /* a group of organisations, its members and how long the list is good */
    FACT_VOUCH,     /* a version that is held is vouched for once more: by another path, or by a log's proof */
    FACT_LIST,      /* a part of a warning list, or that one is no longer used */
    FACT_RULING, /* a person says of an indicator or value that it is looked for all the same, or is a false positive
                  */
    FACT_WITHDRAWAL, /* who gave a version takes it from the collections; it stays held */
    FACT_KINDS
};
const char *fact_kind_name(enum fact_kind k); /* the entry's kind: "genesis", "object", ... */

struct fact_genesis {
    struct uuid identity; /* identity--... of this node */
    struct text name, country, sector;
    struct text space;          /* "real", or an exercise's name */
    struct text origin;         /* of the log: C2SP checkpoint origin line */
    uint8_t key[32];            /* Ed25519 public key */
    struct uuid collections[3]; /* indicators, intelligence, entente */
    struct text statement;      /* of an exercise: the real node stands for it (ledger/exercise.h); may be empty */
};

enum standing {
    STANDING_CURRENT = 1, /* the version that counts */
    STANDING_OLDER,       /* superseded, or arrived late */
    STANDING_CLAIM,       /* another party's word about an object that is not its own */
    STANDING_CONFLICT,    /* same key, other content, lost by the larger hash */
    STANDING_QUARANTINED, /* seen by releasers only; never matched, never released */
    STANDING_REPLACED, /* in views alone: the same version is in the log again, under another class or since it came
                          to count only then */
    STANDING_RENDITION /* a reduced form of a version whose whole form is held */
};

/* How good a party's word is for a version of an object (docs/VERSIONS.md); the order counts. */
enum authority {
    AUTHORITY_NONE = -1, /* says that it is ours and comes from outside, or came with a proof that does not hold */
    AUTHORITY_SOURCE,    /* it was that party that sent it. Absent in the log */
    AUTHORITY_DIRECT,    /* over the party's own authenticated line, and `created_by_ref` is its identity */
    AUTHORITY_LOGGED,    /* proven by the party's log; `created_by_ref` names nobody who is known here */
    AUTHORITY_PROVEN,    /* proven by the log of the party whose identity is `created_by_ref` */
    AUTHORITY_OURS
};
const char *authority_name(enum authority a); /* "none", "source", ... */

/* What an entry changes about another version of the same object. */
struct fact_standing {
    uint64_t n;
    enum standing standing; /* never STANDING_CURRENT: what comes to count stands in an entry of its own */
};
struct fact_standings {
    const struct fact_standing *list;
    size_t count;
};

struct fact_value {
    uint8_t kind; /* enum value_kind */
    struct text value;
};

/* Our own desk objects carry what the view needs beside the body. */
enum finding_kind {
    FINDING_HIT,      /* an indicator was seen in a log. Absent in the log */
    FINDING_REPORTED, /* a reporter saw it: RECORD_EVENT */
    FINDING_NAMED,    /* a partner's indicator names a value of ours */
    FINDING_KINDS
};
const char *finding_kind_name(enum finding_kind k); /* "hit", "reported", "named" */
struct fact_finding {
    struct uuid indicator;    /* reported: what reports of one kind share (desk/report.h) */
    struct uuid organisation; /* zero: nobody's */
    int64_t first_us, last_us;
    uint64_t count;
    uint8_t state;             /* 0 open, 1 closed, 2 false positive */
    struct uuid incident;      /* zero: none */
    uint64_t number;           /* F-number: stays when others are erased; 0: an older log's, counted by its view */
    uint8_t kind;              /* enum finding_kind */
    uint8_t severity;          /* reported: as record_event */
    struct uuid party, source; /* reported: by whom, by which channel; zero: not known */
};
struct fact_sighting {
    struct uuid finding;          /* of an older log: one a finding; zero since all findings are counted up */
    struct uuid indicator, party; /* party: to whom it goes; zero: to who may have our own indicator */
};

struct fact_object {
    /* public */
    struct text id;
    struct text modified; /* as written; empty: none */
    struct sha256 hash;   /* of the body */
    /* private */
    struct uuid account, party, source;
    enum standing standing;
    enum authority authority;        /* of the party's word for it */
    bool line;                       /* came over the line of a partner whose log can be asked for a proof */
    struct fact_standings standings; /* of other versions, where `supersedes` does not say it */
    bool supersedes;                 /* the version that was current so far becomes OLDER, or as `standings` says */
    struct text class_key;           /* gate_class_key() */
    uint64_t print;                  /* record_object.print; 0: none */
    uint64_t replaces; /* entry + 1 that held this very version under a class that counts no longer, or before it came
                          to count; 0: none */
    int64_t created_us; /* of the object; 0: none */
    int64_t modified_us;
    bool revoked;
    bool has_valid_from, has_valid_until;
    int64_t valid_from_us, valid_until_us;
    int16_t confidence; /* -1: none */
    const struct fact_value *values;
    size_t value_count;
    const struct fact_finding *finding;   /* or NULL */
    const struct fact_sighting *sighting; /* or NULL */
    bool unseen;      /* a sighting that says it was not seen, or a false positive: renews nothing */
    struct text refs; /* whom it refers to (store/references.h); filled in by txn_append() */
    /* not in the detail: */
    struct text type; /* borrowed from id */
    struct place body, original;
};

struct fact_hit {
    struct uuid finding;
    uint64_t line, offset;
    int64_t seen_us;
};
/* Reported events that a finding has counted: 8 bytes each, little-endian, so that none counts twice. */
struct fact_prints {
    struct uuid finding;
    struct text prints;
};
/* The lines themselves are the entry's body: a JSON array of {"line","offset","text"}, in the order of `hits`. */
struct fact_hits {
    struct uuid account;
    struct text file;                    /* path as given */
    struct text follow_key;              /* identity of the followed file; empty: none */
    uint64_t follow_offset, follow_line; /* read up to here once this entry stands */
    const struct fact_hit *hits;
    size_t hit_count;
    const struct fact_prints *prints;
    size_t print_count;
    struct place body;
};

struct fact_party {
    struct uuid id, account;
    struct text name;
};
struct fact_source {
    struct uuid id, account, party;
    struct text name;
    enum tlp default_tlp; /* TLP_NONE: unmarked stays unmarked */
    enum pap default_pap; /* of what says none; PAP_NONE: follows the label */
    bool incident_rule;   /* a finding by this source opens an incident */
    /* How it is fetched (desk/source.h gives the words); all empty: by hand, or by its partner's line. */
    struct text kind;       /* "folder", "url", "taxii", "misp", "misp-feed", "mailbox", "shadowserver", ... */
    struct text place;      /* path or URL */
    struct text collection; /* TAXII collection, mailbox folder, report types: what the kind needs beside */
    struct text format;     /* as `import --as` has it; empty: detected */
    uint32_t every_s;       /* between two looks; 0: when a person asks */
    bool paused;
    struct text trust;     /* NATO/Admiralty: reliability A-F and credibility 1-6, "B2", "B" or ""; */
    struct text lifetimes; /* days after which what says no end is over: "ipv4=30,url=90"; empty: rules/lifetimes */
};
struct fact_account {
    struct uuid id, account; /* account: who did it */
    struct text name;
    enum role role;
    struct uuid party; /* a partner's machine account: acts for that recipient; zero: our people */
    bool disabled;
};
struct fact_peer {
    struct uuid party, account;
    struct text url, collection; /* API root and collection we pull from; empty: it only pulls from us */
    enum tlp ceiling;
    bool sightings, expelled;
    uint32_t poll_ms;
    struct text origin;               /* of its log; empty: not told yet */
    uint8_t key[32];                  /* that signs it, pinned; all zero: not known yet */
    struct text country;              /* two capital letters; empty: not known */
    enum recipient_kind partner_kind; /* partner, community, authority, constituent or hub */
    bool knows_set;                   /* a person said what it understands: */
    uint32_t knows;                   /* enum term bits */
    struct uuid identity;             /* of the identity object by which markings name it; zero: not known */
    struct uuid organisation;         /* of our register, whose sensor it is; zero: none */
};
struct fact_released {
    uint64_t n;
    struct sha256 hash;
    uint8_t form;
};
struct fact_release {
    struct uuid party, account;
    uint8_t door;
    struct sha256 root; /* Merkle root of the released hashes: the public part */
    const struct fact_released *items;
    size_t count;
};
struct fact_opening {
    struct uuid party;
    const uint32_t *classes;       /* class numbers of the view are not stable over rebuilds of other homes; */
    const struct text *class_keys; /* so the keys are what is recorded */
    size_t count;
    const struct uuid *grants; /* whose objects became visible, long after them, by the same change; sorted */
    size_t grant_count;
};
struct fact_document {
    struct uuid account, party, source;
    struct text name, format;
    struct sha256 hash;   /* of the document's bytes */
    uint32_t part, parts; /* a large original is kept in several entries; from 0 */
    uint64_t read, fresh, updated, unchanged, rejected;
    bool whole;
    struct place body;
};
enum origin_reason { ORIGIN_ROTATION = 1, ORIGIN_COMPROMISE, ORIGIN_LOSS, ORIGIN_RESTORE };
const char *grant_kind_name(enum grant_kind k);         /* "consent", "approval", "need", "named", "break-glass" */
const char *recipient_kind_name(enum recipient_kind k); /* "partner", ...; "" for what no peer is */
/* Among the kinds that a peer may be. */
bool recipient_kind_parse(struct text t, enum recipient_kind *ret);
const char *origin_reason_name(enum origin_reason r); /* "rotation", ... */
/* All public: it names the old origin and where it stops. `note` is the signed statement that partners are given
 * (docs/FORMAT-origin.md). */
struct fact_origin {
    struct text origin, previous;      /* origin lines; the same when only the key changes */
    uint8_t key[32], previous_key[32]; /* the same when only the origin changes */
    uint64_t size;                     /* leaves of the tree at which the previous one stops */
    struct sha256 root;                /* of it */
    enum origin_reason reason;
    struct text note;
    struct uuid account; /* private */
};
/* All private: numbers of entries only, so that nothing can be guessed of what was erased. */
struct fact_erasure {
    struct uuid account;
    struct text reason;
    const uint64_t *entries; /* sorted */
    size_t count;
    uint64_t last_finding; /* the highest F-number given so far: it is not given again when its finding is gone */
};
struct fact_act {
    struct uuid account;
    struct text verb, subject, reason;
};
/* All private. It is the content that is vouched for (id, hash), by naming one entry that holds it. The body of a
 * proven one is the proof (docs/FORMAT-proof.md), so that it can be handed on with the object. */
struct fact_vouch {
    struct uuid account;
    uint64_t entry;
    struct uuid party; /* whose word, or whose log; zero: unknown */
    struct uuid source;
    enum authority authority;
    bool line;
    uint64_t leaf;     /* proven: where in that log, */
    int64_t logged_us; /* and when, as that log says */
    struct fact_standings standings;
    struct place body;
};

/* A warning list (desk/suppress.h). Its text, canonical JSON as the reader checked it, is the bodies of its parts, in
 * their order. With parts 0 it says only whether the list of that name is used from now on. */
struct fact_list {
    struct uuid account;
    struct text name, type; /* "cidr", "hostname", "string", "substring", "regex" */
    uint64_t version, entries;
    struct sha256 hash;   /* of the whole text */
    uint32_t part, parts; /* from 0 */
    bool disabled;
    struct place body;
};
enum ruling_kind { RULING_ALLOW = 1, RULING_FALSE_POSITIVE };
enum ruling_scope { RULING_FINDING = 1, RULING_INDICATOR, RULING_VALUE };
const char *ruling_kind_name(enum ruling_kind k);   /* "allow", "false-positive" */
const char *ruling_scope_name(enum ruling_scope s); /* "finding", "indicator", "value" */
/* All private. */
struct fact_ruling {
    struct uuid id, account; /* the newest fact of an id counts; account: who did it */
    enum ruling_kind kind;
    enum ruling_scope scope;
    struct text object;        /* STIX id of the indicator */
    struct uuid organisation;  /* at that one only; zero: everywhere */
    struct uuid finding;       /* that gave rise to it; zero: none */
    uint8_t value_kind;        /* of a value: enum value_kind, */
    struct text value;         /* and its normal form */
    int64_t from_us, until_us; /* until 0: no end */
    struct text reason;
    struct text told; /* STIX id of the opinion that tells the originator; empty: none */
    int64_t ended_us; /* it was taken back then; 0: it was not */
    struct uuid ended_by;
    struct text end_reason;
};

/* TAXII 2.1 section 5.7, one entry a version. It goes to nobody outside any more, until it is given again, which
 * makes an entry of its own. All private. */
struct fact_withdrawal {
    struct uuid account, party; /* party: whose it was; zero: the account's own */
    struct text object;         /* STIX id */
    uint64_t entry;             /* that holds the version */
};

/* An act that speaks of one object and one recipient (release.md 2, 3, 12). All private. */
struct fact_grant {
    struct uuid id, account; /* the newest fact of an id counts; account: who did it */
    enum grant_kind kind;
    struct text object;  /* STIX id */
    struct text version; /* version_name(): that version alone; empty: every one */
    struct uuid to;      /* a party, or one of our accounts: */
    bool to_account;
    struct text properties;    /* consent to a tear line: names, comma between; empty: the whole */
    enum tlp leaves_as;        /* TLP_NONE: under its own label */
    int64_t from_us, until_us; /* until 0: no end */
    struct text reason;
    struct uuid originator; /* whose consent it is, or who is told of a break-glass; zero: ours, or not known */
    struct uuid second;     /* break-glass: the other account that confirmed it; zero: nothing leaves yet */
    struct text told;       /* break-glass: id of the note to the originator */
    int64_t ended_us;       /* it was taken back then; 0: it was not */
    struct uuid ended_by;
    struct text end_reason;
    /* not in the detail: */
    int64_t opened_us; /* an opening that names it gave its object a later date; 0: none */
};
struct fact_agreement {
    struct uuid party, account;
    bool authorities, communities; /* its AMBER may go to them as to constituents with a need */
    const struct uuid *red;        /* our accounts that its RED is for; sorted, distinct */
    size_t red_count;
    struct text tear; /* properties of a tear line it consents to by default */
    enum tlp tear_as; /* and the label that one leaves as */
    int64_t until_us; /* 0: no end */
    struct text reason;
};
struct fact_group_member {
    struct uuid party;
    int64_t from_us, until_us; /* until 0: no end */
};
struct fact_group {
    struct uuid id, account;
    struct text name;
    int64_t until_us;                        /* the list is good until then; 0: no end */
    bool unreachable;                        /* it could not be fetched anew: releases to nobody */
    const struct fact_group_member *members; /* sorted by party, distinct */
    size_t count;
};

struct fact {
    enum fact_kind kind;
    uint64_t n; /* filled by the log */
    int64_t t_us;
    union {
        struct fact_genesis genesis;
        struct fact_object object;
        struct fact_hits hits;
        struct fact_party party;
        struct fact_source source;
        struct fact_account account;
        struct fact_peer peer;
        struct fact_release release;
        struct fact_opening opening;
        struct fact_document document;
        struct fact_origin origin;
        struct fact_erasure erasure;
        struct fact_act act;
        struct fact_grant grant;
        struct fact_agreement agreement;
        struct fact_group group;
        struct fact_vouch vouch;
        struct fact_list list;
        struct fact_ruling ruling;
        struct fact_withdrawal withdrawal;
    } u;
};

/* Canonical JSON of both parts; errors stick in the buffers. */
void fact_encode(const struct fact *f, struct buffer *ret_public, struct buffer *ret_private);
/* From a log entry; texts and lists in the arena or borrowed. ERR_MALFORMED | ERR_VERSION (a kind unknown here) */
MUST_CHECK enum err fact_decode(const struct log_read *read, struct arena *arena, struct fact *ret,
                                struct fault *reterr);
