/* store/sql.h - every statement the view runs, prepared once a connection (house rule 9). For view*.c only. */
#pragma once

enum sql {
    SQL_BEGIN_WRITE,
    SQL_BEGIN_READ,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_RELEASE,
    SQL_ROLLBACK_TO,
    SQL_DATA_VERSION,
    SQL_META_GET,
    SQL_META_SET,
    /* names */
    SQL_TYPES,
    SQL_TYPE_ADD,
    SQL_CLASSES,
    SQL_CLASS_ADD,
    SQL_CLASS_SET,
    SQL_CLASS_COUNTS,
    SQL_ORIGINS,
    SQL_ORIGIN_ADD,
    /* objects */
    SQL_OBJECT_GET,
    SQL_OBJECT_ADD,
    SQL_OBJECT_SET,
    SQL_VERSION_ADD,
    SQL_VERSION_STANDING,
    SQL_VERSION_GET,
    SQL_VERSION_FROM,
    SQL_INDICATOR_ADD,
    SQL_INDICATOR_DROP,
    SQL_INDICATORS,
    SQL_INDICATOR_VALUES,
    /* pages */
    SQL_PAGE,
    SQL_PAGE_TIMES,
    SQL_PAGE_NEWEST,
    SQL_OPENINGS,
    SQL_OPENING_GET,
    SQL_OPENING_SET,
    SQL_RELEASED,
    SQL_RELEASE_ADD,
    /* desk */
    SQL_FINDING_ADD,
    SQL_FINDING_SET,
    SQL_FINDING_GET,
    SQL_FINDING_BY_NUMBER,
    SQL_FINDING_OPEN,
    SQL_FINDINGS,
    SQL_FINDINGS_STATE,
    SQL_HITS_ADD,
    SQL_EVIDENCE_ADD,
    SQL_EVIDENCE,
    SQL_FOLLOWED_SET,
    SQL_FOLLOWED,
    SQL_SIGHTING_SET,
    SQL_SIGHTING,
    /* people and partners */
    SQL_GENESIS_SET,
    SQL_GENESIS,
    SQL_PARTY_SET,
    SQL_PARTY,
    SQL_PARTY_BY_NAME,
    SQL_PARTIES,
    SQL_SOURCE_SET,
    SQL_SOURCE,
    SQL_SOURCE_BY_NAME,
    SQL_SOURCES,
    SQL_ACCOUNT_SET,
    SQL_ACCOUNT,
    SQL_ACCOUNT_BY_NAME,
    SQL_ACCOUNTS,
    SQL_PEER_SET,
    SQL_PEER,
    SQL_PEERS,
    SQL_DOCUMENT_ADD,
    SQL_DOCUMENT,
    SQL_DOCUMENTS,
    SQL_SMALL_COUNTS,
    SQL_COUNT
};

/* Changes whenever the schema, or what is written into it, does: an older or newer view is rebuilt. */
#define VIEW_SCHEMA_VERSION 1

const char *sql_text(enum sql id);
const char *sql_schema(void);
