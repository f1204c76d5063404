/* command/api_fields.c - what the lines of commands that read hold. */
#include "command/api_fields.h"

#define END                           \
    {                                 \
        NULL, API_TEXT, 0, NULL, NULL \
    }
#define TEXT_(name, help)             \
    {                                 \
        name, API_TEXT, 0, help, NULL \
    }
#define INTEGER(name, help)              \
    {                                    \
        name, API_INTEGER, 0, help, NULL \
    }
#define TRUTH(name, help)              \
    {                                  \
        name, API_TRUTH, 0, help, NULL \
    }
#define MOMENT_(name, help)                       \
    {                                             \
        name, API_MOMENT, API_OR_NULL, help, NULL \
    }
#define TEXT_NULL(name, help)                   \
    {                                           \
        name, API_TEXT, API_OR_NULL, help, NULL \
    }
#define MAYBE(name, type, help)           \
    {                                     \
        name, type, API_MAYBE, help, NULL \
    }

const struct api_field API_STATUS[] = {TEXT_("version", "of the program"),
                                       TEXT_("name", "of the node"),
                                       TEXT_("country", "ISO 3166-1"),
                                       TEXT_("space", "\"real\", or the exercise's name"),
                                       MAYBE("statement", API_TEXT, "by which a real node stands for the exercise"),
                                       TEXT_("origin", "of the log"),
                                       TRUTH("signs", "the log's key can be used"),
                                       MAYBE("signs_why", API_TEXT, "why not"),
                                       TEXT_("home", "the folder on the machine"),
                                       INTEGER("entries", "of the log"),
                                       INTEGER("objects", "held"),
                                       INTEGER("versions", "of them"),
                                       INTEGER("indicators", "current"),
                                       INTEGER("values", "that they look for"),
                                       INTEGER("findings", "all"),
                                       INTEGER("findings_open", "that stand"),
                                       INTEGER("incidents", "all"),
                                       INTEGER("organisations", "in the register"),
                                       INTEGER("parties", "known"),
                                       INTEGER("sources", "recorded"),
                                       INTEGER("sources_failing", "not reached now"),
                                       INTEGER("peers", "partners"),
                                       INTEGER("accounts", "all"),
                                       INTEGER("logins_failed", "so far"),
                                       INTEGER("releases", "recorded"),
                                       INTEGER("values_expired", "not looked for: over"),
                                       INTEGER("values_suppressed", "not looked for: on a warning list or silenced"),
                                       INTEGER("quarantined", "objects"),
                                       INTEGER("claims", "versions that others claim"),
                                       INTEGER("conflicts", "between versions"),
                                       INTEGER("proofs_refused", "of partners"),
                                       INTEGER("unmarked", "objects that stay here for want of a marking"),
                                       INTEGER("log_bytes", "on the disk"),
                                       INTEGER("view_bytes", "on the disk"),
                                       INTEGER("published", "entries under the last checkpoint"),
                                       INTEGER("cosigned", "entries under the last cosigned one"),
                                       INTEGER("cosigned_by", "partners"),
                                       INTEGER("witnesses", "partners that could"),
                                       TEXT_("cosigned_last", "when; empty: never"),
                                       INTEGER("crashes", "files that tell of one"),
                                       TEXT_("sandbox", "how foreign documents' readers are locked in"),
                                       END};

const struct api_field API_FOUND[] = {TEXT_("match", "how it fits: exact, covering, inside, ..."),
                                      TEXT_("value", "what fits"),
                                      TEXT_("kind", "of the value"),
                                      TEXT_("id", "of the object"),
                                      TEXT_("type", "of the object"),
                                      TEXT_("name", "of the object"),
                                      TEXT_("party", "from whom; us"),
                                      TEXT_("source", "by which channel"),
                                      TEXT_("label", "TLP, or none"),
                                      TEXT_("modified", "of this version"),
                                      TEXT_("state", "current, expired, ..."),
                                      MAYBE("state_note", API_TEXT, "more of it"),
                                      INTEGER("n", "log entry"),
                                      MAYBE("finding", API_TEXT, "F-number, where it is one"),
                                      END};
const struct api_field API_FOUND_SUM[] = {TEXT_("taken_as", "what the text was taken for"),
                                          TEXT_("value", "and in which form"),
                                          INTEGER("count", "lines before this one"),
                                          TRUTH("more", "there may be more: limit"),
                                          INTEGER("held_by", "objects that hold the value"),
                                          TRUTH("held_by_more", "and more"),
                                          TRUTH("cut", "the text was cut"),
                                          END};

const struct api_field API_OBJECT_ITSELF[] = {{"*", API_ANY, 0, "The object as this account may see it.", NULL}, END};
const struct api_field API_PROVEN[] = {TEXT_("authority", "whose right to say it"), TEXT_("party", "who proved it"),
                                       INTEGER("entry", "of that party's log"), END};
const struct api_field API_OBJECT_VERSION[] = {TEXT_("id", "of the object"),
                                               TEXT_("version", "its modified"),
                                               TEXT_("standing", "current, older, claim, conflict, ..."),
                                               TEXT_("party", "from whom"),
                                               INTEGER("entry", "of the log"),
                                               INTEGER("added_us", "when, microseconds since 1970"),
                                               TEXT_("authority", "of the party over the object"),
                                               MAYBE("also_from", API_TEXTS, "parties that gave the same"),
                                               {"proven", API_INNER, API_MAYBE, "by a proof", API_PROVEN},
                                               {"object", API_ANY, 0, "as this account may see it", NULL},
                                               END};
const struct api_field API_OBJECT_PROOF[] = {TEXT_("id", "of the object"), INTEGER("entry", "of the log"),
                                             TEXT_("proof", "a tlog-proof"), END};

static const struct api_field RULE[] = {TEXT_("rule", "its number in docs/RELEASE.md"),
                                        TEXT_("words", "what it says"), END};
const struct api_field API_EXPLAINED[] = {TEXT_("id", "of the object"),
                                          TEXT_("recipient", "who would get it"),
                                          TEXT_("door", "by which way"),
                                          TEXT_("decision", "cleared or withheld"),
                                          TEXT_NULL("form", "whole or rendition"),
                                          TEXT_("marking", "the label it leaves with"),
                                          {"removed", API_TEXTS, 0, "selectors of what would be taken out", NULL},
                                          {"asks", API_TEXTS, 0, "whose act would let it go", NULL},
                                          TEXT_NULL("until", "from when on it may be decided otherwise"),
                                          {"rules", API_INNERS, 0, "that spoke", RULE},
                                          END};

const struct api_field API_FINDING[] = {TEXT_("finding", "F-number"),
                                        TEXT_("id", "of its object"),
                                        TEXT_("state", "open, false positive, ..."),
                                        TEXT_("finding_kind", "hit, reported, named"),
                                        MAYBE("indicator", API_TEXT, "looked for"),
                                        MAYBE("report", API_TEXT, "that named it"),
                                        MAYBE("classification", API_TEXT, "of the report"),
                                        MAYBE("identifier", API_TEXT, "of the report's event"),
                                        MAYBE("role", API_TEXT, "ours in the event"),
                                        MAYBE("severity", API_TEXT, "of the event"),
                                        MAYBE("addresses", API_INTEGER, "of ours in the report"),
                                        MAYBE("occurrences", API_INTEGER, "in the report"),
                                        MAYBE("values", API_ANY, "of ours in the report"),
                                        MAYBE("words", API_TEXT, "of the source"),
                                        TEXT_("value", "that was seen"),
                                        TEXT_("party", "whose indicator, or report"),
                                        MAYBE("trust", API_TEXT, "in it"),
                                        TEXT_NULL("organisation", "of ours"),
                                        TEXT_("incident", "it belongs to; empty: none"),
                                        INTEGER("first_us", "microseconds since 1970"),
                                        INTEGER("last_us", "microseconds since 1970"),
                                        INTEGER("count", "how often"),
                                        MAYBE("sealed", API_TRUTH, "this account may not see what was looked for"),
                                        END};
const struct api_field API_EVIDENCE[] = {TEXT_("file", "the log"),    INTEGER("line", "from 1"),
                                         INTEGER("offset", "from 0"), INTEGER("seen_us", "microseconds since 1970"),
                                         TEXT_("text", "the line"),   END};
const struct api_field API_INCIDENT[] = {TEXT_("incident", "its id"), TEXT_("name", "what it is called"),
                                         TEXT_("opened", "when"), TRUTH("closed", "or still open"), END};
const struct api_field API_ORGANISATION[] = {TEXT_("organisation", "its name"),
                                             TEXT_("id", "of its identity"),
                                             TEXT_("sector", "empty: none"),
                                             INTEGER("networks", "how many"),
                                             INTEGER("domains", "how many"),
                                             TEXT_("contacts", "as registered"),
                                             END};
const struct api_field API_WHO[] = {TEXT_("value", "asked for"),
                                    TEXT_NULL("organisation", "null: nobody of ours"),
                                    MAYBE("sector", API_TEXT, "of it"),
                                    MAYBE("by", API_TEXT, "the network or domain that says so"),
                                    MAYBE("role", API_TEXT, "owner, provider, ..."),
                                    MAYBE("contacts", API_TEXT, "as registered"),
                                    END};

#define COUNTS                                                                                                   \
    INTEGER("documents", "looked at"), INTEGER("documents_unchanged", "as the last time"),                       \
        INTEGER("read", "objects"), INTEGER("new", "objects"), INTEGER("updated", "objects"),                    \
        INTEGER("unchanged", "objects"), INTEGER("rejected", "objects"), INTEGER("lost", "parts"),               \
        INTEGER("events", "rows of reports"), INTEGER("findings", "of them"), INTEGER("proposed", "indicators"), \
        INTEGER("red", "objects not taken")
const struct api_field API_LAST_LOOK[] = {TEXT_("state", "ok, or what is wrong"),
                                          TEXT_("words", "what was said"),
                                          MOMENT_("at", "when"),
                                          MOMENT_("came", "when something came"),
                                          MOMENT_("failed_since", "null: it does not fail"),
                                          INTEGER("failures", "in a row"),
                                          COUNTS,
                                          END};
const struct api_field API_SOURCE[] = {TEXT_("source", "its name"),
                                       TEXT_("party", "who speaks through it"),
                                       TEXT_("marking", "default for what is unmarked"),
                                       TEXT_("pap", "default"),
                                       TRUTH("incident_rule", "a finding opens an incident"),
                                       INTEGER("unmarked", "objects that stay here"),
                                       INTEGER("unreadable", "objects whose marking is not understood"),
                                       TEXT_("kind", "how it is fetched; empty: by hand"),
                                       TEXT_("place", "from where"),
                                       TEXT_("collection", "of it"),
                                       TEXT_("format", "of it"),
                                       TEXT_("every", "how often"),
                                       TRUTH("paused", "not looked at"),
                                       TEXT_("trust", "A1..F6"),
                                       TEXT_("lifetimes", "of its values"),
                                       TRUTH("secret", "one is recorded"),
                                       MOMENT_("next", "look"),
                                       {"last", API_INNER, API_OR_NULL, "look", API_LAST_LOOK},
                                       END};
const struct api_field API_WARNINGLIST[] = {TEXT_("name", "of the list"),
                                            TEXT_("type", "of matching"),
                                            INTEGER("version", "its own"),
                                            INTEGER("entries", "how many"),
                                            TRUTH("enabled", "in use"),
                                            INTEGER("added_us", "microseconds since 1970"),
                                            END};
const struct api_field API_SUPPRESSED[] = {TEXT_("value", "asked for"),           TEXT_("kind", "of it"),
                                           TRUTH("suppressed", "not looked for"), TEXT_("by", "what; empty: nothing"),
                                           TEXT_("entry", "of the list"),         END};
const struct api_field API_MARKING[] = {TEXT_("marking", "its id"), TEXT_("name", "for people"),
                                        TEXT_("terms", "in words"), END};
const struct api_field API_PROPOSAL[] = {TEXT_("id", "of the indicator"),
                                         TEXT_("kind", "of its value"),
                                         TEXT_("value", "found in text"),
                                         TEXT_("document", "where"),
                                         TEXT_("place", "in it"),
                                         TEXT_("why", "it was proposed"),
                                         INTEGER("confidence", "0 to 100"),
                                         TEXT_("context", "around it"),
                                         TRUTH("known", "the value is held already"),
                                         TEXT_NULL("organisation", "of ours, whose it is"),
                                         END};
const struct api_field API_QUARANTINED[] = {TEXT_("id", "of the object"),
                                            TEXT_("version", "its modified"),
                                            TEXT_("party", "from whom"),
                                            INTEGER("entry", "of the log"),
                                            TEXT_("standing", "of the version"),
                                            TEXT_("why", "it waits"),
                                            END};
const struct api_field API_PEER[] = {TEXT_("peer", "its name"),
                                     TEXT_("url", "empty: it takes from us only"),
                                     TEXT_("ceiling", "the highest label that flows by itself"),
                                     TEXT_("kind", "partner, community, authority, constituent"),
                                     TEXT_("country", "empty: not known"),
                                     TRUTH("sightings", "are told to it"),
                                     TRUTH("expelled", "nothing any more"),
                                     INTEGER("poll_ms", "between two questions"),
                                     TEXT_("last", "when it was asked; empty: never"),
                                     TEXT_("state", "of the line"),
                                     INTEGER("proofs_refused", "that did not hold"),
                                     TEXT_("origin", "of its log; empty: none pinned"),
                                     TEXT_("key", "of its log"),
                                     MAYBE("offers_origin", API_TEXT, "another one"),
                                     MAYBE("offers_key", API_TEXT, "another one"),
                                     END};
const struct api_field API_GRANT[] = {TEXT_("grant", "its id"),
                                      TEXT_("kind", "approval, need, consent, ..."),
                                      TEXT_("state", "running, over, ..."),
                                      TEXT_("id", "of the object"),
                                      TEXT_NULL("version", "null: every"),
                                      TEXT_("to", "whom"),
                                      TEXT_NULL("tear_line", "properties; null: the whole"),
                                      TEXT_NULL("as", "the label; null: its own"),
                                      MOMENT_("from", "since when"),
                                      MOMENT_("until", "when it ends"),
                                      TEXT_NULL("reason", "given"),
                                      TEXT_("by", "account"),
                                      TEXT_NULL("confirmed_by", "the second account"),
                                      TEXT_NULL("originator", "who consented"),
                                      TEXT_NULL("told", "to the originator"),
                                      MOMENT_("ended", "taken back"),
                                      TEXT_NULL("ended_by", "account"),
                                      TEXT_NULL("end_reason", "given"),
                                      END};
const struct api_field API_PLAN[] = {TEXT_("id", "of the object"),
                                     TEXT_("recipient", "who"),
                                     TEXT_("kind", "of recipient"),
                                     TEXT_("door", "by which way"),
                                     TEXT_("decision", "cleared or withheld"),
                                     TEXT_NULL("form", "whole or rendition"),
                                     TRUTH("tear_line", "only that"),
                                     TEXT_("marking", "it leaves with"),
                                     TEXT_("pap", "that counts"),
                                     TEXT_NULL("may_share", "what the label lets them do"),
                                     TEXT_NULL("may_use", "what PAP lets them do"),
                                     {"pruned", API_TEXTS, 0, "what would be taken out", NULL},
                                     {"rules", API_INNERS, 0, "that spoke", RULE},
                                     TEXT_NULL("act", "that would let it go"),
                                     END};
const struct api_field API_CANARY[] = {TEXT_("id", "of the object"),
                                       TRUTH("canary", "its value went to this recipient alone"),
                                       TEXT_("recipient", "who"), END};
const struct api_field API_AGREEMENT[] = {TEXT_("party", "with whom"),
                                          TRUTH("authorities", "are clients for its AMBER"),
                                          TRUTH("communities", "are"),
                                          TEXT_("red", "accounts that its RED is for"),
                                          TEXT_NULL("tear_line", "what its consents let go"),
                                          TEXT_NULL("as", "its label"),
                                          MOMENT_("until", "when it ends"),
                                          TEXT_NULL("reason", "where it is written down"),
                                          END};
static const struct api_field MEMBER[] = {TEXT_("party", "member"), MOMENT_("from", "since"),
                                          MOMENT_("until", "until"), END};
const struct api_field API_GROUP[] = {TEXT_("group", "its name"),
                                      TEXT_("id", "of its identity"),
                                      MOMENT_("until", "the list is good"),
                                      TRUTH("reachable", "the list could be fetched"),
                                      {"members", API_INNERS, 0, "on it", MEMBER},
                                      END};
const struct api_field API_ACCOUNT[] = {
    TEXT_("account", "its name"),
    TEXT_("role", "none: a partner's machine"),
    TEXT_("party", "of a partner's machine"),
    TRUTH("disabled", "or active"),
    TRUTH("machine", "ours or a partner's; else a person"),
    TRUTH("password", "it has one"),
    INTEGER("tokens", "it has"),
    {"last_used", API_MOMENT, API_OR_NULL, "a token or password of it, to the hour", NULL},
    INTEGER("failures", "logins that failed"),
    {"last_failure", API_MOMENT, API_OR_NULL, "of them", NULL},
    END};
const struct api_field API_KEY[] = {TEXT_("origin", "of the log"),
                                    TEXT_("key", "public, hexadecimal"),
                                    TEXT_("vkey", "as tlog tools have it"),
                                    TEXT_("since", "when"),
                                    INTEGER("entry", "of the log"),
                                    TEXT_("reason", "of the change"),
                                    TEXT_("state", "of the key"),
                                    MAYBE("why", API_TEXT, "nothing is signed"),
                                    END};
