/* command/api_fields_acts.c - what the lines of commands that act hold. */
#include "command/api_fields_words.h"

extern const struct api_field API_LAST_LOOK[];

const struct api_field API_IMPORTED[] = {TEXT_("file", "the document"),
                                         TEXT_("format", "it was read as"),
                                         INTEGER("read", "objects"),
                                         INTEGER("new", "objects"),
                                         INTEGER("updated", "objects"),
                                         INTEGER("unchanged", "objects"),
                                         INTEGER("rejected", "objects"),
                                         INTEGER("warned", "objects"),
                                         INTEGER("named", "findings: values of ours that it names"),
                                         INTEGER("proposed", "indicators found in text"),
                                         INTEGER("lost", "parts"),
                                         MAYBE("events", API_INTEGER, "rows of a report"),
                                         MAYBE("findings", API_INTEGER, "of them"),
                                         MAYBE("organisations", API_INTEGER, "of ours that they name"),
                                         MAYBE("nobodys", API_INTEGER, "rows that name none of ours"),
                                         INTEGER("suppressed", "values not looked for"),
                                         {"seconds", API_NUMBER, 0, "it took", NULL},
                                         END};
const struct api_field API_ACKED[] = {INTEGER("acked", "objects that are durable"),
                                      INTEGER("at", "the last entry of them"), END};
static const struct api_field REFUSED[] = {INTEGER("at", "byte"),        MAYBE("line", API_INTEGER, "of the file"),
                                           TEXT_("id", "of the object"), TEXT_("rule", "that refuses it"),
                                           TEXT_("reason", "in words"),  END};
const struct api_field API_REFUSED[] = {TEXT_("file", "the document"),
                                        {"rejected", API_INNER, API_MAYBE, "an object", REFUSED},
                                        {"warned", API_INNER, API_MAYBE, "an object", REFUSED},
                                        END};
static const struct api_field NAMED[] = {TEXT_("finding", "F-number"), TEXT_("value", "of ours"),
                                         TEXT_("organisation", "of ours"), END};
const struct api_field API_NAMED[] = {
    MAYBE("file", API_TEXT, "the document"), {"named", API_INNER, 0, "a value of ours", NAMED}, END};
static const struct api_field PROPOSED[] = {TEXT_("id", "of the indicator"), TEXT_("kind", "of its value"),
                                            TEXT_("value", "found"),         TEXT_("place", "where"),
                                            TEXT_("why", "proposed"),        INTEGER("confidence", "0 to 100"),
                                            TEXT_("context", "around it"),   END};
const struct api_field API_PROPOSED[] = {
    TEXT_("file", "the document"), {"proposed", API_INNER, 0, "an indicator", PROPOSED}, END};
static const struct api_field LOST[] = {INTEGER("at", "byte"), TEXT_("what", "part"), TEXT_("reason", "in words"),
                                        END};
const struct api_field API_LOST[] = {
    TEXT_("file", "the document"), {"lost", API_INNER, 0, "what could not be kept", LOST}, END};

const struct api_field API_VALIDITY_FAULT[] = {TEXT_("file", "the document"),
                                               INTEGER("at", "byte"),
                                               INTEGER("line", "from 1"),
                                               INTEGER("column", "from 1, in bytes"),
                                               TEXT_("id", "of the object"),
                                               TEXT_("pointer", "JSON pointer in it"),
                                               TEXT_("rule", "section of the specification"),
                                               TEXT_("severity", "must or should"),
                                               TEXT_("words", "what is wrong"),
                                               END};
const struct api_field API_VALIDITY[] = {TEXT_("file", "the document"),
                                         INTEGER("objects", "looked at"),
                                         TRUTH("valid", "all of them"),
                                         INTEGER("musts", "broken"),
                                         INTEGER("shoulds", "not kept"),
                                         TRUTH("readable", "to its end"),
                                         {"seconds", API_NUMBER, 0, "it took", NULL},
                                         END};
const struct api_field API_STATEMENT[] = {TEXT_("statement", "a signed note: docs/FORMAT-exercise.md"), END};
const struct api_field API_OPENED[] = {TEXT_("incident", "its id"), END};
const struct api_field API_REGISTERED[] = {INTEGER("rows", "read"),
                                           INTEGER("new", "organisations"),
                                           INTEGER("updated", "organisations"),
                                           INTEGER("unchanged", "organisations"),
                                           INTEGER("rejected", "rows"),
                                           END};
static const struct api_field ROW_REFUSED[] = {INTEGER("line", "of the file"), TEXT_("reason", "in words"), END};
const struct api_field API_ROW_REFUSED[] = {
    TEXT_("file", "the document"), {"rejected", API_INNER, 0, "a row", ROW_REFUSED}, END};
const struct api_field API_POLLED[] = {
    TEXT_("source", "its name"), {"last", API_INNER, 0, "this look", API_LAST_LOOK}, END};
const struct api_field API_WARNINGLIST_TAKEN[] = {TEXT_("file", "the document"),
                                                  TEXT_("name", "of the list"),
                                                  TEXT_("type", "of matching"),
                                                  INTEGER("version", "its own"),
                                                  INTEGER("entries", "taken"),
                                                  INTEGER("rejected", "left out"),
                                                  TRUTH("changed", "it was not so before"),
                                                  END};
const struct api_field API_ACCEPTED[] = {TEXT_("id", "of the indicator"), TRUTH("accepted", "true"), END};
const struct api_field API_REFUSED_PROPOSAL[] = {TEXT_("id", "of the indicator"), TRUTH("refused", "true"), END};
const struct api_field API_FREED[] = {TEXT_("id", "of the object"), INTEGER("versions", "set free"), END};
const struct api_field API_PEER_NAMED[] = {TEXT_("peer", "what it is called here"), END};
const struct api_field API_SYNCED[] = {INTEGER("pages", "of its server"),
                                       INTEGER("read", "objects"),
                                       INTEGER("new", "objects"),
                                       INTEGER("updated", "objects"),
                                       INTEGER("unchanged", "objects"),
                                       INTEGER("rejected", "objects"),
                                       END};
const struct api_field API_GRANTED[] = {TEXT_("grant", "its id"),
                                        TEXT_("kind", "of it"),
                                        TEXT_("id", "of the object"),
                                        TEXT_("recipient", "who"),
                                        TEXT_("decision", "now: cleared or withheld"),
                                        TEXT_("marking", "it leaves with"),
                                        END};
const struct api_field API_REQUEST[] = {TEXT_("id", "of the object"),
                                        TEXT_("version", "its modified"),
                                        TEXT_("originator", "who is asked"),
                                        TEXT_("marking", "now"),
                                        TEXT_("to", "whom it would go to"),
                                        TEXT_("portion", "of it; empty: the whole"),
                                        TEXT_("form", "verbatim or anonymised"),
                                        TEXT_("as", "the label it would have"),
                                        TEXT_("purpose", "of the request"),
                                        END};
const struct api_field API_GLASS[] = {TEXT_("grant", "its id, for the second account"),
                                      TEXT_("kind", "break-glass"),
                                      TEXT_("id", "of the object"),
                                      TEXT_("recipient", "who"),
                                      TRUTH("confirmed", "false: it does not stand yet"),
                                      END};
const struct api_field API_ACCOUNT_NEW[] = {TEXT_("account", "its name"), TEXT_("role", "of it"),
                                            TRUTH("machine", "tokens only"), END};
const struct api_field API_ACCOUNT_ROLE[] = {TEXT_("account", "its name"), TEXT_("role", "from now on"), END};
const struct api_field API_TOKEN[] = {TEXT_("account", "its name"),
                                      TEXT_("token", "shown this once"),
                                      TEXT_("id", "its name for people"),
                                      {"scopes", API_TEXTS, 0, "what it is for", NULL},
                                      {"expires", API_MOMENT, API_OR_NULL, "null: never", NULL},
                                      END};
const struct api_field API_TOKEN_HELD[] = {TEXT_("account", "its name"),
                                           TEXT_("id", "of the token"),
                                           TEXT_("label", "what it is for"),
                                           {"scopes", API_TEXTS, 0, "what it is for", NULL},
                                           {"created", API_MOMENT, API_OR_NULL, "null: not known", NULL},
                                           {"expires", API_MOMENT, API_OR_NULL, "null: never", NULL},
                                           TRUTH("expired", "it is good for nothing any more"),
                                           {"last_used", API_MOMENT, API_OR_NULL, "to the hour", NULL},
                                           END};
const struct api_field API_TOKENS_REVOKED[] = {
    TEXT_("account", "its name"), MAYBE("id", API_TEXT, "of the token; else all"), TRUTH("revoked", "true"), END};
const struct api_field API_ACCOUNT_CHANGED[] = {TEXT_("account", "its name"), TRUTH("disabled", "from now on"), END};
const struct api_field API_KEY_CHANGED[] = {
    TEXT_("reason", "of the change"),    TEXT_("origin", "of the log"),
    TEXT_("key", "public, hexadecimal"), TEXT_("vkey", "as tlog tools have it"),
    INTEGER("entry", "of the log"),      TEXT_("previous_origin", "before"),
    TEXT_("previous_key", "before"),     END};
const struct api_field API_KEY_RETIRED[] = {TEXT_("retired", "the key that signs no longer"), END};
const struct api_field API_ERASED[] = {{"erased", API_TEXTS, 0, "ids", NULL},
                                       INTEGER("at", "entry that says so"),
                                       INTEGER("versions", "gone"),
                                       INTEGER("evidence", "lines gone"),
                                       INTEGER("documents", "gone"),
                                       INTEGER("entries", "emptied"),
                                       TEXT_("still_named_by", "objects that refer to them"),
                                       TEXT_("backups_not_reached", "where"),
                                       END};
const struct api_field API_MENDED[] = {INTEGER("entry", "of the log"), TEXT_("id", "of the object"),
                                       TRUTH("mended", "or not"), TEXT_("what", "why not"), END};
const struct api_field API_REBUILT[] = {INTEGER("entries", "replayed"), END};
const struct api_field API_CONFIG_CHECKED[] = {TRUTH("valid", "it is as serve wants it; else a line a fault"),
                                               MAYBE("line", API_INTEGER, "of the file, from 1; -1: of no line"),
                                               MAYBE("what", API_TEXT, "is wrong"), END};
#define WHERE                                                                                 \
    TEXT_NULL("file", "of the home"), {"offset", API_INTEGER, API_OR_NULL, "in bytes", NULL}, \
    {                                                                                         \
        "entry", API_INTEGER, API_OR_NULL, "of the log", NULL                                 \
    }
const struct api_field API_VERIFIED[] = {TEXT_("check", "its name"),
                                         WHERE,
                                         TEXT_("what", "was found"),
                                         {"ok", API_TRUTH, API_OR_NULL, "null: it could not be looked at", NULL},
                                         END};
const struct api_field API_VERIFIED_REMARK[] = {TEXT_("remark", "worth knowing, nothing wrong"), WHERE,
                                                TEXT_("what", "was found"), END};
const struct api_field API_VERIFIED_PEER[] = {TEXT_("check", "its name"),
                                              TEXT_("peer", "its name"),
                                              MAYBE("origin", API_TEXT, "of its log"),
                                              MAYBE("size", API_INTEGER, "of its log, in entries"),
                                              MAYBE("seen", API_INTEGER, "of it before"),
                                              MAYBE("cosigners", API_INTEGER, "of its checkpoint"),
                                              MAYBE("moved", API_TRUTH, "it goes on under another origin"),
                                              TEXT_("what", "was found"),
                                              TRUTH("ok", "it holds"),
                                              END};
