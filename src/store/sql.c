/* store/sql.c - the view's schema and its statements. docs/FORMAT-view.md says what each table holds.
 *
 * Written for appends: `version`, `indicator`, `hits` and `evidence` grow at their ends; only `object` is entered in
 * random order, and its rows are as small as they can be. */
#include "store/sql.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

static const char schema[] =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), position INTEGER NOT NULL, last_us INTEGER NOT NULL,"
    " objects INTEGER NOT NULL, versions INTEGER NOT NULL, indicator_values INTEGER NOT NULL,"
    " findings INTEGER NOT NULL, findings_open INTEGER NOT NULL, releases INTEGER NOT NULL,"
    " quarantined INTEGER NOT NULL, claims INTEGER NOT NULL, conflicts INTEGER NOT NULL);"
    "INSERT INTO meta VALUES(1, 0, -9223372036854775807 - 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);"
    "CREATE TABLE type(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE class(id INTEGER PRIMARY KEY, key TEXT NOT NULL, current INTEGER NOT NULL);"
    "CREATE TABLE origin(id INTEGER PRIMARY KEY, party_source BLOB NOT NULL);"
    "CREATE TABLE object(uuid BLOB NOT NULL, type INTEGER NOT NULL, newest INTEGER NOT NULL, current INTEGER,"
    " PRIMARY KEY(uuid, type)) WITHOUT ROWID;"
    "CREATE TABLE version(n INTEGER PRIMARY KEY, t_us INTEGER NOT NULL, uuid BLOB NOT NULL, type INTEGER NOT NULL,"
    " older INTEGER, standing INTEGER NOT NULL, class INTEGER NOT NULL, origin INTEGER NOT NULL, hash BLOB NOT NULL,"
    " created_us INTEGER NOT NULL, modified_us INTEGER NOT NULL, modified BLOB, revoked INTEGER NOT NULL,"
    " valid_until_us INTEGER, print INTEGER NOT NULL, body INTEGER NOT NULL, original INTEGER, authority INTEGER,"
    " starts_us INTEGER, withdrawn_us INTEGER);"
    "CREATE TABLE voucher(uuid BLOB NOT NULL, type INTEGER NOT NULL, n INTEGER NOT NULL, entry INTEGER NOT NULL,"
    " hash BLOB NOT NULL, party BLOB NOT NULL, source BLOB NOT NULL, authority INTEGER NOT NULL, leaf INTEGER NOT "
    "NULL,"
    " logged_us INTEGER NOT NULL, body INTEGER, PRIMARY KEY(uuid, type, n)) WITHOUT ROWID;"
    "CREATE INDEX voucher_refused ON voucher(party) WHERE authority < 0;"
    "CREATE TABLE unproven(n INTEGER NOT NULL, party BLOB NOT NULL, PRIMARY KEY(n, party)) WITHOUT ROWID;"
    "CREATE INDEX unproven_party ON unproven(party, n);"
    "CREATE INDEX version_page ON version(class, standing);"
    "CREATE TABLE stand_in(uuid BLOB NOT NULL, type INTEGER NOT NULL, n INTEGER NOT NULL, t_us INTEGER NOT NULL,"
    " PRIMARY KEY(uuid, type)) WITHOUT ROWID;"
    "CREATE INDEX stand_in_since ON stand_in(t_us, n);"
    "CREATE TABLE indicator(n INTEGER NOT NULL, pos INTEGER NOT NULL, kind INTEGER NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(n, pos)) WITHOUT ROWID;"
    "CREATE TABLE reference(n INTEGER PRIMARY KEY, keys BLOB NOT NULL);"
    "CREATE TABLE posting(run INTEGER NOT NULL, key INTEGER NOT NULL, first INTEGER NOT NULL, more BLOB NOT NULL,"
    " PRIMARY KEY(run, key, first)) WITHOUT ROWID;"
    "CREATE TABLE opening(party BLOB NOT NULL, class INTEGER NOT NULL, upto_n INTEGER NOT NULL, t_us INTEGER NOT "
    "NULL,"
    " PRIMARY KEY(party, class)) WITHOUT ROWID;"
    "CREATE TABLE release(party BLOB NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, form INTEGER NOT NULL,"
    " t_us INTEGER NOT NULL, PRIMARY KEY(party, n, hash)) WITHOUT ROWID;"
    "CREATE TABLE finding(number INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, indicator BLOB NOT NULL,"
    " organisation BLOB NOT NULL, incident BLOB NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,"
    " count INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " severity INTEGER NOT NULL, party BLOB NOT NULL, source BLOB NOT NULL);"
    "CREATE INDEX finding_about ON finding(indicator, organisation);"
    "CREATE INDEX finding_state ON finding(state);"
    "CREATE TABLE hits(n INTEGER PRIMARY KEY, body INTEGER, file TEXT NOT NULL);"
    "CREATE TABLE evidence(finding BLOB NOT NULL, n INTEGER NOT NULL, pos INTEGER NOT NULL, line INTEGER NOT NULL,"
    " byte INTEGER NOT NULL, seen_us INTEGER NOT NULL, PRIMARY KEY(finding, n, pos)) WITHOUT ROWID;"
    "CREATE TABLE prints(finding BLOB NOT NULL, n INTEGER NOT NULL, upto INTEGER NOT NULL, prints BLOB NOT NULL,"
    " PRIMARY KEY(finding, n)) WITHOUT ROWID;"
    "CREATE TABLE followed(key TEXT PRIMARY KEY, byte INTEGER NOT NULL, line INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE sighting(indicator BLOB NOT NULL, party BLOB NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY(indicator, party)) WITHOUT ROWID;"
    "CREATE TABLE genesis(id INTEGER PRIMARY KEY CHECK(id = 1), identity BLOB NOT NULL, name TEXT NOT NULL,"
    " country TEXT NOT NULL, sector TEXT NOT NULL, space TEXT NOT NULL, origin TEXT NOT NULL, key BLOB NOT NULL,"
    " collections BLOB NOT NULL, statement TEXT NOT NULL);"
    "CREATE TABLE party(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL, account BLOB NOT NULL,"
    " name TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX party_name ON party(name);"
    "CREATE TABLE source(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL, account BLOB NOT NULL,"
    " name TEXT NOT NULL, party BLOB NOT NULL, default_tlp INTEGER NOT NULL, incident_rule INTEGER NOT NULL,"
    " default_pap INTEGER NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, collection TEXT NOT NULL,"
    " format TEXT NOT NULL, every_s INTEGER NOT NULL, paused INTEGER NOT NULL, trust TEXT NOT NULL,"
    " lifetimes TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX source_name ON source(name);"
    "CREATE TABLE account(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL, account BLOB NOT NULL,"
    " name TEXT NOT NULL, role INTEGER NOT NULL, party BLOB NOT NULL, disabled INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX account_name ON account(name);"
    "CREATE TABLE peer(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL, account BLOB NOT NULL,"
    " url TEXT NOT NULL, collection TEXT NOT NULL, ceiling INTEGER NOT NULL, sightings INTEGER NOT NULL,"
    " expelled INTEGER NOT NULL, poll_ms INTEGER NOT NULL, origin TEXT NOT NULL, key BLOB NOT NULL,"
    " country TEXT NOT NULL, kind INTEGER NOT NULL, knows_set INTEGER NOT NULL, knows INTEGER NOT NULL, identity "
    "BLOB NOT NULL, organisation BLOB NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE share_grant(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL,"
    " t_us INTEGER NOT NULL, account BLOB NOT NULL, kind INTEGER NOT NULL, object TEXT NOT NULL,"
    " version TEXT NOT NULL, recipient BLOB NOT NULL, to_account INTEGER NOT NULL, properties TEXT NOT NULL,"
    " leaves_as INTEGER NOT NULL, from_us INTEGER NOT NULL, until_us INTEGER NOT NULL, reason TEXT NOT NULL,"
    " originator BLOB NOT NULL, second BLOB NOT NULL, told TEXT NOT NULL, ended_us INTEGER NOT NULL,"
    " ended_by BLOB NOT NULL, end_reason TEXT NOT NULL, opened_us INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX grant_recipient ON share_grant(recipient, n);"
    "CREATE INDEX grant_object ON share_grant(object, first_n);"
    "CREATE TABLE agreement(party BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL,"
    " account BLOB NOT NULL, authorities INTEGER NOT NULL, communities INTEGER NOT NULL, red BLOB NOT NULL,"
    " tear TEXT NOT NULL, tear_as INTEGER NOT NULL, until_us INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE share_group(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL,"
    " account BLOB NOT NULL, name TEXT NOT NULL, until_us INTEGER NOT NULL, unreachable INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX group_name ON share_group(name);"
    "CREATE TABLE member(share_group BLOB NOT NULL, party BLOB NOT NULL, from_us INTEGER NOT NULL,"
    " until_us INTEGER NOT NULL, PRIMARY KEY(share_group, party)) WITHOUT ROWID;"
    "CREATE INDEX member_party ON member(party);"
    "CREATE TABLE succession(n INTEGER PRIMARY KEY, account BLOB NOT NULL, origin TEXT NOT NULL,"
    " previous TEXT NOT NULL, key BLOB NOT NULL, previous_key BLOB NOT NULL, size INTEGER NOT NULL,"
    " root BLOB NOT NULL, reason INTEGER NOT NULL, note TEXT NOT NULL);"
    "CREATE TABLE list(name TEXT NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, n INTEGER NOT NULL,"
    " t_us INTEGER NOT NULL, account BLOB NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,"
    " entries INTEGER NOT NULL, hash BLOB NOT NULL, disabled INTEGER NOT NULL, body INTEGER,"
    " PRIMARY KEY(name, part)) WITHOUT ROWID;"
    "CREATE TABLE ruling(id BLOB PRIMARY KEY, first_n INTEGER NOT NULL, n INTEGER NOT NULL, account BLOB NOT NULL,"
    " kind INTEGER NOT NULL, scope INTEGER NOT NULL, object TEXT NOT NULL, organisation BLOB NOT NULL,"
    " finding BLOB NOT NULL, value_kind INTEGER NOT NULL, value TEXT NOT NULL, from_us INTEGER NOT NULL,"
    " until_us INTEGER NOT NULL, reason TEXT NOT NULL, told TEXT NOT NULL, ended_us INTEGER NOT NULL,"
    " ended_by BLOB NOT NULL, end_reason TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE renewal(target INTEGER PRIMARY KEY, t_us INTEGER NOT NULL, n INTEGER NOT NULL);"
    "CREATE TABLE document(n INTEGER PRIMARY KEY, t_us INTEGER NOT NULL, hash BLOB NOT NULL, account BLOB NOT NULL,"
    " party BLOB NOT NULL, source BLOB NOT NULL, name TEXT NOT NULL, format TEXT NOT NULL, part INTEGER NOT NULL,"
    " parts INTEGER NOT NULL, read INTEGER NOT NULL, fresh INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " unchanged INTEGER NOT NULL, rejected INTEGER NOT NULL, whole INTEGER NOT NULL, body INTEGER);"
    "CREATE INDEX document_hash ON document(hash);"
    "PRAGMA user_version = " STRING(VIEW_SCHEMA_VERSION) ";";

#define VERSION_COLUMNS                                                                                      \
    "n, t_us, uuid, type, older, standing, class, origin, hash, created_us, modified_us, modified, revoked," \
    " valid_until_us, print, body, original, authority, starts_us, withdrawn_us"
#define FINDING_COLUMNS                                                                                           \
    "uuid, number, indicator, organisation, incident, first_us, last_us, count, state, n, kind, severity, party," \
    " source"
#define PARTY_COLUMNS "n, id, account, name"
#define SOURCE_COLUMNS                                                                                        \
    "n, id, account, name, party, default_tlp, incident_rule, default_pap, kind, place, collection, format, " \
    "every_s,"                                                                                                \
    " paused, trust, lifetimes"
#define ACCOUNT_COLUMNS "n, id, account, name, role, party, disabled"
#define PEER_COLUMNS                                                                                                 \
    "n, id, account, url, collection, ceiling, sightings, expelled, poll_ms, origin, key, country, kind, knows_set," \
    " knows, identity, organisation"
#define GRANT_COLUMNS                                                                                               \
    "n, id, t_us, account, kind, object, version, recipient, to_account, properties, leaves_as, from_us, until_us," \
    " reason, originator, second, told, ended_us, ended_by, end_reason, opened_us"
#define AGREEMENT_COLUMNS  "n, party, account, authorities, communities, red, tear, tear_as, until_us, reason"
#define GROUP_COLUMNS      "n, id, account, name, until_us, unreachable"
#define SUCCESSION_COLUMNS "n, account, origin, previous, key, previous_key, size, root, reason, note"
#define DOCUMENT_COLUMNS                                                                                           \
    "n, t_us, hash, account, party, source, name, format, part, parts, read, fresh, updated, unchanged, rejected," \
    " whole, body"
#define LIST_COLUMNS "name, part, parts, n, t_us, account, type, version, entries, hash, disabled, body"
#define RULING_COLUMNS                                                                                          \
    "n, id, account, kind, scope, object, organisation, finding, value_kind, value, from_us, until_us, reason," \
    " told, ended_us, ended_by, end_reason"
#define INDICATORS_FROM                                                                   \
    "SELECT i.n, i.kind, i.value, v.uuid, v.type, v.revoked, v.valid_until_us, v.origin," \
    " coalesce(v.starts_us, v.modified_us)"                                               \
    " FROM indicator i CROSS JOIN version v ON v.n = i.n "
/* Bound parameters ?1.. in the order of the columns of the row's table. */

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT part",
    [SQL_RELEASE] = "RELEASE part",
    [SQL_ROLLBACK_TO] = "ROLLBACK TO part",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_META_GET] = "SELECT position, last_us, objects, versions, indicator_values, findings, findings_open,"
                     " releases, quarantined, claims, conflicts FROM meta",
    [SQL_META_SET] = "UPDATE meta SET position = ?1, last_us = ?2, objects = ?3, versions = ?4,"
                     " indicator_values = ?5, findings = ?6, findings_open = ?7, releases = ?8, quarantined = ?9,"
                     " claims = ?10, conflicts = ?11",

    [SQL_TYPES] = "SELECT id, name FROM type WHERE id > ?1 ORDER BY id",
    [SQL_TYPE_ADD] = "INSERT INTO type VALUES(?1, ?2)",
    [SQL_CLASSES] = "SELECT id, key, current FROM class WHERE id > ?1 ORDER BY id",
    [SQL_CLASS_ADD] = "INSERT INTO class VALUES(?1, ?2, 0)",
    [SQL_CLASS_SET] = "UPDATE class SET current = ?2 WHERE id = ?1",
    [SQL_CLASS_COUNTS] = "SELECT id, current FROM class ORDER BY id",
    [SQL_ORIGINS] = "SELECT id, party_source FROM origin WHERE id > ?1 ORDER BY id",
    [SQL_ORIGIN_ADD] = "INSERT INTO origin VALUES(?1, ?2)",

    [SQL_OBJECT_GET] = "SELECT newest, current FROM object WHERE uuid = ?1 AND type = ?2",
    [SQL_OBJECT_ADD] = "INSERT INTO object VALUES(?1, ?2, ?3, ?4)",
    [SQL_OBJECT_SET] = "UPDATE object SET newest = ?3, current = ?4 WHERE uuid = ?1 AND type = ?2",
    [SQL_VERSION_ADD] = "INSERT INTO version(" VERSION_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                        " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    [SQL_VERSION_WITHDRAWN] = "UPDATE version SET withdrawn_us = ?2 WHERE n = ?1",
    [SQL_STAND_IN_GET] = "SELECT n, t_us FROM stand_in WHERE uuid = ?1 AND type = ?2",
    [SQL_STAND_IN_SET] = "INSERT OR REPLACE INTO stand_in VALUES(?1, ?2, ?3, ?4)",
    [SQL_STAND_IN_DROP] = "DELETE FROM stand_in WHERE uuid = ?1 AND type = ?2",
    [SQL_STAND_INS] = "SELECT i.n, i.t_us, v.class FROM stand_in i CROSS JOIN version v ON v.n = i.n"
                      " WHERE i.t_us >= ?1 ORDER BY i.t_us, i.n",
    [SQL_VERSION_STANDING] = "UPDATE version SET standing = ?2 WHERE n = ?1",
    [SQL_VERSION_GET] = "SELECT " VERSION_COLUMNS " FROM version WHERE n = ?1",
    [SQL_VERSION_FROM] = "SELECT n, t_us FROM version WHERE n >= ?1 ORDER BY n LIMIT 1",
    [SQL_OBJECT_CURRENT] = "UPDATE object SET current = ?3 WHERE uuid = ?1 AND type = ?2",
    [SQL_VOUCHER_ADD] = "INSERT INTO voucher VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SQL_VOUCHERS] = "SELECT n, entry, hash, party, source, authority, leaf, logged_us, body FROM voucher"
                     " WHERE uuid = ?1 AND type = ?2 ORDER BY n",
    [SQL_REFUSED] = "SELECT count(*) FROM voucher WHERE authority < 0 AND party = ?1 AND source = zeroblob(16)",
    [SQL_REFUSED_ALL] = "SELECT count(*) FROM voucher WHERE authority < 0 AND source = zeroblob(16)",
    [SQL_UNPROVEN_ADD] = "INSERT OR IGNORE INTO unproven VALUES(?1, ?2)",
    [SQL_UNPROVEN_DROP] = "DELETE FROM unproven WHERE n = ?1",
    [SQL_UNPROVEN] = "SELECT n FROM unproven WHERE party = ?1 AND n > ?2 ORDER BY n LIMIT ?3",
    [SQL_INDICATOR_ADD] = "INSERT INTO indicator VALUES(?1, ?2, ?3, ?4)",
    [SQL_INDICATOR_DROP] = "DELETE FROM indicator WHERE n = ?1",
    [SQL_INDICATORS] = INDICATORS_FROM "WHERE i.n >= ?1 ORDER BY i.n, i.pos",
    [SQL_WITHOUT_VALUES] = "SELECT v.n FROM version v INDEXED BY version_page WHERE v.class = ?1 AND v.standing = ?2"
                           " AND v.n >= ?3 AND NOT EXISTS(SELECT 1 FROM indicator i WHERE i.n = v.n) ORDER BY v.n",
    [SQL_INDICATOR_VALUES] = INDICATORS_FROM "WHERE i.n = ?1 ORDER BY i.pos",

    [SQL_REFERENCES_SET] = "INSERT OR REPLACE INTO reference VALUES(?1, ?2)",
    [SQL_REFERENCES] = "SELECT n, keys FROM reference WHERE n >= ?1 AND n < ?2 ORDER BY n DESC",
    [SQL_REFERENCES_DROP] = "DELETE FROM reference WHERE n >= ?1 AND n < ?2",
    [SQL_POSTING_ADD] = "INSERT INTO posting VALUES(?1, ?2, ?3, ?4)",
    [SQL_POSTINGS_OF] = "SELECT run, key, first, more FROM posting WHERE run >= ?1 AND run < ?2"
                        " ORDER BY run, key, first",
    [SQL_POSTINGS_DROP] = "DELETE FROM posting WHERE run >= ?1 AND run < ?2",
    [SQL_POSTINGS] = "SELECT key, first, more FROM posting WHERE run = ?1 AND key <= ?2"
                     " ORDER BY key DESC, first DESC",
    [SQL_PAGE] = "SELECT n FROM version INDEXED BY version_page WHERE class = ?1 AND standing = ?2 AND n >= ?3"
                 " ORDER BY n LIMIT ?4",
    [SQL_PAGE_TIMES] = "SELECT n, t_us FROM version INDEXED BY version_page WHERE class = ?1 AND standing = ?2"
                       " AND n >= ?3 ORDER BY n LIMIT ?4",
    [SQL_PAGE_NEWEST] = "SELECT n FROM version INDEXED BY version_page WHERE class = ?1 AND standing = ?2 AND n <= ?3"
                        " ORDER BY n DESC LIMIT ?4",
    [SQL_OPENINGS] = "SELECT class, upto_n, t_us FROM opening WHERE party = ?1 ORDER BY class",
    [SQL_OPENING_GET] = "SELECT upto_n, t_us FROM opening WHERE party = ?1 AND class = ?2",
    [SQL_OPENING_SET] = "INSERT OR REPLACE INTO opening VALUES(?1, ?2, ?3, ?4)",
    [SQL_RELEASED] = "SELECT 1 FROM release WHERE party = ?1 AND n = ?2 AND hash = ?3",
    [SQL_RELEASE_ADD] = "INSERT OR IGNORE INTO release VALUES(?1, ?2, ?3, ?4, ?5)",
    [SQL_RELEASES_OF] = "SELECT hash, form, t_us FROM release WHERE party = ?1 AND n = ?2 ORDER BY t_us, hash",
    [SQL_OBJECTS_BETWEEN] = "SELECT uuid, type FROM object WHERE uuid >= ?1 AND uuid <= ?2 ORDER BY uuid, type",
    [SQL_FINDINGS_ABOUT] = "SELECT " FINDING_COLUMNS " FROM finding INDEXED BY finding_about WHERE indicator = ?1"
                           " AND number < ?2 ORDER BY number DESC LIMIT 1",

    [SQL_FINDING_ADD] = "INSERT INTO finding(" FINDING_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                        " ?11, ?12, ?13, ?14)",
    [SQL_FINDING_SET] = "UPDATE finding SET indicator = ?3, organisation = ?4, incident = ?5, first_us = ?6,"
                        " last_us = ?7, count = ?8, state = ?9, n = ?10, kind = ?11, severity = ?12, party = ?13,"
                        " source = ?14 WHERE number = ?2",
    [SQL_FINDING_GET] = "SELECT " FINDING_COLUMNS " FROM finding WHERE uuid = ?1",
    [SQL_FINDING_BY_NUMBER] = "SELECT " FINDING_COLUMNS " FROM finding WHERE number = ?1",
    [SQL_FINDING_OPEN] = "SELECT " FINDING_COLUMNS " FROM finding WHERE indicator = ?1 AND organisation = ?2"
                         " AND state = 0 AND kind = 0 AND last_us >= ?3 ORDER BY last_us DESC, number DESC LIMIT 1",
    [SQL_FINDINGS_AT] = "SELECT " FINDING_COLUMNS " FROM finding INDEXED BY finding_about WHERE indicator = ?1"
                        " AND organisation = ?2 AND number < ?3 ORDER BY number DESC LIMIT 1",
    [SQL_FINDINGS] = "SELECT " FINDING_COLUMNS " FROM finding WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
    [SQL_FINDINGS_STATE] = "SELECT " FINDING_COLUMNS " FROM finding INDEXED BY finding_state WHERE state = ?3"
                           " AND number < ?1 ORDER BY number DESC LIMIT ?2",
    [SQL_HITS_ADD] = "INSERT INTO hits VALUES(?1, ?2, ?3)",
    [SQL_EVIDENCE_ADD] = "INSERT INTO evidence VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SQL_EVIDENCE] = "SELECT e.n, e.pos, e.line, e.byte, e.seen_us, h.body, h.file FROM evidence e"
                     " CROSS JOIN hits h ON h.n = e.n WHERE e.finding = ?1 ORDER BY e.n, e.pos LIMIT ?2",
    [SQL_PRINTS_LAST] = "SELECT upto FROM prints WHERE finding = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_PRINTS_ADD] = "INSERT INTO prints VALUES(?1, ?2, ?3, ?4)",
    [SQL_PRINTS_DROP] = "DELETE FROM prints WHERE finding = ?1 AND upto <= ?2",
    [SQL_PRINTS] = "SELECT prints FROM prints WHERE finding = ?1",
    [SQL_FOLLOWED_SET] = "INSERT OR REPLACE INTO followed VALUES(?1, ?2, ?3)",
    [SQL_FOLLOWED] = "SELECT byte, line FROM followed WHERE key = ?1",
    [SQL_SIGHTING_SET] = "INSERT OR REPLACE INTO sighting VALUES(?1, ?2, ?3)",
    [SQL_SIGHTING] = "SELECT n FROM sighting WHERE indicator = ?1 AND party = ?2",
    [SQL_FINDINGS_SEEN] = "SELECT count(*), coalesce(min(first_us), 0), coalesce(max(last_us), 0),"
                          " CAST(total(count) AS INTEGER) FROM finding INDEXED BY finding_about"
                          " WHERE indicator = ?1 AND state <> 2 AND kind = 0",

    [SQL_GENESIS_SET] = "INSERT INTO genesis VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_GENESIS] = "SELECT identity, name, country, sector, space, origin, key, collections, statement"
                    " FROM genesis",
    [SQL_PARTY_SET] = "INSERT INTO party(first_n, " PARTY_COLUMNS ") VALUES(?1, ?1, ?2, ?3, ?4)"
                      " ON CONFLICT(id) DO UPDATE SET n = ?1, account = ?3, name = ?4",
    [SQL_PARTY] = "SELECT " PARTY_COLUMNS " FROM party WHERE id = ?1",
    [SQL_PARTY_BY_NAME] = "SELECT " PARTY_COLUMNS " FROM party WHERE name = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_PARTIES] = "SELECT " PARTY_COLUMNS " FROM party ORDER BY first_n",
    [SQL_SOURCE_SET] = "INSERT INTO source(first_n, " SOURCE_COLUMNS ") VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
                       " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
                       " ON CONFLICT(id) DO UPDATE SET n = ?1, account = ?3, name = ?4, party = ?5, default_tlp = ?6,"
                       " incident_rule = ?7, default_pap = ?8, kind = ?9, place = ?10, collection = ?11,"
                       " format = ?12, every_s = ?13, paused = ?14, trust = ?15, lifetimes = ?16",
    [SQL_SOURCE] = "SELECT " SOURCE_COLUMNS " FROM source WHERE id = ?1",
    [SQL_SOURCE_BY_NAME] = "SELECT " SOURCE_COLUMNS " FROM source WHERE name = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_SOURCES] = "SELECT " SOURCE_COLUMNS " FROM source ORDER BY first_n",
    [SQL_ACCOUNT_SET] = "INSERT INTO account(first_n, " ACCOUNT_COLUMNS ") VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                        " ON CONFLICT(id) DO UPDATE SET n = ?1, account = ?3, name = ?4, role = ?5, party = ?6,"
                        " disabled = ?7",
    [SQL_ACCOUNT] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = ?1",
    [SQL_ACCOUNT_BY_NAME] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_ACCOUNTS] = "SELECT " ACCOUNT_COLUMNS " FROM account ORDER BY first_n",
    [SQL_PEER_SET] = "INSERT INTO peer(first_n, " PEER_COLUMNS ") VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                     " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
                     " ON CONFLICT(id) DO UPDATE SET n = ?1, account = ?3, url = ?4, collection = ?5, ceiling = ?6,"
                     " sightings = ?7, expelled = ?8, poll_ms = ?9, origin = ?10, key = ?11, country = ?12,"
                     " kind = ?13, knows_set = ?14, knows = ?15, identity = ?16, organisation = ?17",
    [SQL_PEER] = "SELECT " PEER_COLUMNS " FROM peer WHERE id = ?1",
    [SQL_PEERS] = "SELECT " PEER_COLUMNS " FROM peer ORDER BY first_n",
    [SQL_DOCUMENT_ADD] = "INSERT INTO document(" DOCUMENT_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                         " ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [SQL_DOCUMENT] = "SELECT " DOCUMENT_COLUMNS " FROM document WHERE hash = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_DOCUMENTS] = "SELECT " DOCUMENT_COLUMNS " FROM document ORDER BY n",
    [SQL_SUCCESSION_ADD] = "INSERT INTO succession(" SUCCESSION_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
                           " ?9, ?10)",
    [SQL_SUCCESSION] = "SELECT " SUCCESSION_COLUMNS " FROM succession ORDER BY n",
    [SQL_GRANT_SET] = "INSERT OR REPLACE INTO share_grant(first_n, " GRANT_COLUMNS ")"
                      " VALUES(coalesce((SELECT first_n FROM share_grant WHERE id = ?2), ?1), ?1, ?2, ?3, ?4, ?5, ?6,"
                      " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 0)",
    [SQL_GRANT_OPENED] = "UPDATE share_grant SET opened_us = ?2 WHERE id = ?1",
    [SQL_GRANT] = "SELECT " GRANT_COLUMNS " FROM share_grant WHERE id = ?1",
    [SQL_GRANTS] = "SELECT " GRANT_COLUMNS " FROM share_grant ORDER BY first_n",
    [SQL_GRANTS_TO] = "SELECT " GRANT_COLUMNS " FROM share_grant INDEXED BY grant_recipient WHERE recipient = ?1"
                      " AND n >= ?2 AND ended_us = 0 AND (until_us = 0 OR until_us > ?3) ORDER BY n DESC LIMIT ?4",
    [SQL_GRANTS_NEWEST] = "SELECT coalesce(max(n), -1) FROM share_grant INDEXED BY grant_recipient"
                          " WHERE recipient = ?1",
    [SQL_GRANTS_OF] = "SELECT " GRANT_COLUMNS " FROM share_grant INDEXED BY grant_object WHERE object = ?1"
                      " ORDER BY first_n",
    [SQL_AGREEMENT_SET] = "INSERT OR REPLACE INTO agreement(first_n, " AGREEMENT_COLUMNS ")"
                          " VALUES(coalesce((SELECT first_n FROM agreement WHERE party = ?2), ?1), ?1, ?2, ?3, ?4,"
                          " ?5, ?6, ?7, ?8, ?9, ?10)",
    [SQL_AGREEMENT] = "SELECT " AGREEMENT_COLUMNS " FROM agreement WHERE party = ?1",
    [SQL_AGREEMENTS] = "SELECT " AGREEMENT_COLUMNS " FROM agreement ORDER BY first_n",
    [SQL_GROUP_SET] = "INSERT OR REPLACE INTO share_group(first_n, " GROUP_COLUMNS ")"
                      " VALUES(coalesce((SELECT first_n FROM share_group WHERE id = ?2), ?1), ?1, ?2, ?3, ?4, ?5,"
                      " ?6)",
    [SQL_GROUP] = "SELECT " GROUP_COLUMNS " FROM share_group WHERE id = ?1",
    [SQL_GROUP_BY_NAME] = "SELECT " GROUP_COLUMNS " FROM share_group WHERE name = ?1 ORDER BY n DESC LIMIT 1",
    [SQL_GROUPS] = "SELECT " GROUP_COLUMNS " FROM share_group ORDER BY first_n",
    [SQL_MEMBERS_CLEAR] = "DELETE FROM member WHERE share_group = ?1",
    [SQL_MEMBER_ADD] = "INSERT INTO member VALUES(?1, ?2, ?3, ?4)",
    [SQL_MEMBERS] = "SELECT party, from_us, until_us FROM member WHERE share_group = ?1 ORDER BY party",
    [SQL_MEMBERSHIPS] = "SELECT m.share_group, m.from_us, m.until_us, g.until_us, g.unreachable, 0 FROM member m"
                        " CROSS JOIN share_group g ON g.id = m.share_group WHERE m.party = ?1"
                        " UNION ALL SELECT g.id, 0, 0, g.until_us, g.unreachable, 1 FROM share_group g WHERE NOT"
                        " EXISTS (SELECT 1 FROM member m WHERE m.share_group = g.id AND m.party = ?1) ORDER BY 1",
    [SQL_LIST_PUT] = "INSERT OR REPLACE INTO list VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_LIST_CUT] = "DELETE FROM list WHERE name = ?1 AND part >= ?2",
    [SQL_LIST_USE] = "UPDATE list SET disabled = ?2, n = ?3, account = ?4 WHERE name = ?1",
    [SQL_LISTS] = "SELECT " LIST_COLUMNS " FROM list ORDER BY name, part",
    [SQL_RULING_SET] = "INSERT OR REPLACE INTO ruling(first_n, " RULING_COLUMNS ")"
                       " VALUES(coalesce((SELECT first_n FROM ruling WHERE id = ?2), ?1), ?1, ?2, ?3, ?4, ?5, ?6,"
                       " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [SQL_RULING] = "SELECT " RULING_COLUMNS " FROM ruling WHERE id = ?1",
    [SQL_RULINGS] = "SELECT " RULING_COLUMNS " FROM ruling ORDER BY first_n",
    [SQL_RENEWAL_SET] = "INSERT INTO renewal VALUES(?1, ?2, ?3) ON CONFLICT(target) DO UPDATE SET"
                        " t_us = ?2, n = ?3 WHERE t_us < ?2",
    [SQL_RENEWAL] = "SELECT t_us FROM renewal WHERE target = ?1",
    [SQL_RENEWALS] = "SELECT target, t_us FROM renewal ORDER BY target",
    [SQL_BELIEF_NEWEST] = "SELECT max((SELECT coalesce(max(n), -1) FROM list),"
                          " (SELECT coalesce(max(n), -1) FROM ruling), (SELECT coalesce(max(n), -1) FROM source)),"
                          " (SELECT coalesce(max(n), -1) FROM renewal)",
    [SQL_SMALL_COUNTS] = "SELECT (SELECT count(*) FROM party), (SELECT count(*) FROM source),"
                         " (SELECT count(*) FROM peer), (SELECT count(*) FROM account)",
};

const char *sql_text(enum sql id)
{
    return texts[id];
}

const char *sql_schema(void)
{
    return schema;
}
