/* store/facts_table.c - what each kind's two parts hold. Names are sorted, as RFC 8785 wants them. */
#include <stddef.h>

#include "store/facts_table.h"

#define AT(member) offsetof(struct fact, u.member)
#define MUST(name, shape, member)     \
    {                                 \
        name, shape, AT(member), true \
    }
#define MAY(name, shape, member)       \
    {                                  \
        name, shape, AT(member), false \
    }
#define MEMBERS(table)          \
    {                           \
        table, ARRAY_LEN(table) \
    }

static const struct fact_member genesis_public[] = {
    MUST("collections", SHAPE_UUID3, genesis.collections),
    MUST("country", SHAPE_TEXT, genesis.country),
    MUST("identity", SHAPE_UUID, genesis.identity),
    MUST("key", SHAPE_KEY, genesis.key),
    MUST("name", SHAPE_TEXT, genesis.name),
    MUST("origin", SHAPE_TEXT, genesis.origin),
    MAY("sector", SHAPE_TEXT, genesis.sector),
    MUST("space", SHAPE_TEXT, genesis.space),
    MAY("statement", SHAPE_TEXT, genesis.statement),
};
static const struct fact_member object_public[] = {
    MUST("hash", SHAPE_HASH, object.hash),
    MUST("id", SHAPE_TEXT, object.id),
    MAY("modified", SHAPE_TEXT, object.modified),
};
static const struct fact_member object_private[] = {
    MAY("account", SHAPE_UUID, object.account),
    MAY("authority", SHAPE_AUTHORITY, object.authority),
    MUST("class", SHAPE_TEXT, object.class_key),
    MAY("confidence", SHAPE_CONFIDENCE, object.confidence),
    MAY("created", SHAPE_TIME, object.created_us),
    MAY("finding", SHAPE_FINDING, object.finding),
    MAY("line", SHAPE_BOOL, object.line),
    MAY("modified", SHAPE_TIME, object.modified_us),
    MAY("party", SHAPE_UUID, object.party),
    MAY("print", SHAPE_PRINT, object.print),
    MAY("refs", SHAPE_TEXT, object.refs),
    MAY("replaces", SHAPE_U64, object.replaces),
    MAY("revoked", SHAPE_BOOL, object.revoked),
    MAY("sighting", SHAPE_SIGHTING, object.sighting),
    MAY("source", SHAPE_UUID, object.source),
    MUST("standing", SHAPE_STANDING, object.standing),
    MAY("standings", SHAPE_STANDINGS, object.standings),
    MAY("supersedes", SHAPE_BOOL, object.supersedes),
    MAY("unseen", SHAPE_BOOL, object.unseen),
    MAY("valid_from", SHAPE_VALID_FROM, object.valid_from_us),
    MAY("valid_until", SHAPE_VALID_UNTIL, object.valid_until_us),
    MAY("values", SHAPE_VALUES, object.values),
};
static const struct fact_member hits_private[] = {
    MAY("account", SHAPE_UUID, hits.account),     MAY("file", SHAPE_TEXT, hits.file),
    MAY("follow", SHAPE_FOLLOW, hits.follow_key), MUST("hits", SHAPE_HITS, hits.hits),
    MAY("prints", SHAPE_PRINTS, hits.prints),
};
static const struct fact_member party_private[] = {
    MAY("account", SHAPE_UUID, party.account),
    MUST("id", SHAPE_UUID, party.id),
    MUST("name", SHAPE_TEXT, party.name),
};
static const struct fact_member source_private[] = {
    MAY("account", SHAPE_UUID, source.account),
    MAY("collection", SHAPE_TEXT, source.collection),
    MAY("default", SHAPE_TLP, source.default_tlp),
    MAY("every", SHAPE_U32, source.every_s),
    MAY("format", SHAPE_TEXT, source.format),
    MUST("id", SHAPE_UUID, source.id),
    MAY("incident_rule", SHAPE_BOOL, source.incident_rule),
    MAY("kind", SHAPE_TEXT, source.kind),
    MAY("lifetimes", SHAPE_TEXT, source.lifetimes),
    MUST("name", SHAPE_TEXT, source.name),
    MAY("pap", SHAPE_PAP, source.default_pap),
    MAY("party", SHAPE_UUID, source.party),
    MAY("paused", SHAPE_BOOL, source.paused),
    MAY("place", SHAPE_TEXT, source.place),
    MAY("trust", SHAPE_TEXT, source.trust),
};
static const struct fact_member account_private[] = {
    MAY("account", SHAPE_UUID, account.account), MAY("disabled", SHAPE_BOOL, account.disabled),
    MUST("id", SHAPE_UUID, account.id),          MUST("name", SHAPE_TEXT, account.name),
    MAY("party", SHAPE_UUID, account.party),     MAY("role", SHAPE_ROLE, account.role),
};
static const struct fact_member peer_private[] = {
    MAY("account", SHAPE_UUID, peer.account),
    MAY("ceiling", SHAPE_TLP, peer.ceiling),
    MAY("collection", SHAPE_TEXT, peer.collection),
    MAY("country", SHAPE_TEXT, peer.country),
    MAY("expelled", SHAPE_BOOL, peer.expelled),
    MAY("identity", SHAPE_UUID, peer.identity),
    MAY("key", SHAPE_KEY_KNOWN, peer.key),
    MAY("kind", SHAPE_PARTNER_KIND, peer.partner_kind),
    MAY("knows", SHAPE_U32, peer.knows),
    MAY("knows_set", SHAPE_BOOL, peer.knows_set),
    MAY("organisation", SHAPE_UUID, peer.organisation),
    MAY("origin", SHAPE_TEXT, peer.origin),
    MUST("party", SHAPE_UUID, peer.party),
    MAY("poll_ms", SHAPE_U32, peer.poll_ms),
    MAY("sightings", SHAPE_BOOL, peer.sightings),
    MAY("url", SHAPE_TEXT, peer.url),
};
static const struct fact_member release_public[] = {
    MUST("root", SHAPE_HASH, release.root),
};
static const struct fact_member release_private[] = {
    MAY("account", SHAPE_UUID, release.account), MUST("door", SHAPE_DOOR, release.door),
    MUST("items", SHAPE_RELEASED, release.items), MAY("party", SHAPE_UUID, release.party), /* left out: the public */
};
static const struct fact_member opening_private[] = {
    MUST("classes", SHAPE_CLASSES, opening.class_keys),
    MAY("grants", SHAPE_GRANTS, opening.grants),
    MUST("party", SHAPE_UUID, opening.party),
};
static const struct fact_member document_private[] = {
    MAY("account", SHAPE_UUID, document.account), MUST("format", SHAPE_TEXT, document.format),
    MAY("fresh", SHAPE_U64, document.fresh),      MUST("hash", SHAPE_HASH, document.hash),
    MAY("name", SHAPE_TEXT, document.name),       MAY("part", SHAPE_U32, document.part),
    MAY("parts", SHAPE_U32, document.parts),      MAY("party", SHAPE_UUID, document.party),
    MAY("read", SHAPE_U64, document.read),        MAY("rejected", SHAPE_U64, document.rejected),
    MAY("source", SHAPE_UUID, document.source),   MAY("unchanged", SHAPE_U64, document.unchanged),
    MAY("updated", SHAPE_U64, document.updated),  MAY("whole", SHAPE_BOOL, document.whole),
};
static const struct fact_member origin_public[] = {
    MUST("key", SHAPE_KEY, origin.key),
    MUST("note", SHAPE_TEXT, origin.note),
    MUST("origin", SHAPE_TEXT, origin.origin),
    MUST("previous", SHAPE_TEXT, origin.previous),
    MUST("previous_key", SHAPE_KEY, origin.previous_key),
    MUST("reason", SHAPE_ORIGIN_REASON, origin.reason),
    MUST("root", SHAPE_HASH, origin.root),
    MAY("size", SHAPE_U64, origin.size),
};
static const struct fact_member origin_private[] = {
    MAY("account", SHAPE_UUID, origin.account),
};
static const struct fact_member erasure_private[] = {
    MAY("account", SHAPE_UUID, erasure.account),
    MUST("entries", SHAPE_ENTRIES, erasure.entries),
    MAY("last_finding", SHAPE_U64, erasure.last_finding),
    MAY("reason", SHAPE_TEXT, erasure.reason),
};
static const struct fact_member act_private[] = {
    MAY("account", SHAPE_UUID, act.account),
    MAY("reason", SHAPE_TEXT, act.reason),
    MAY("subject", SHAPE_TEXT, act.subject),
    MUST("verb", SHAPE_TEXT, act.verb),
};
static const struct fact_member grant_private[] = {
    MAY("account", SHAPE_UUID, grant.account),       MAY("end_reason", SHAPE_TEXT, grant.end_reason),
    MAY("ended", SHAPE_TIME, grant.ended_us),        MAY("ended_by", SHAPE_UUID, grant.ended_by),
    MUST("from", SHAPE_TIME, grant.from_us),         MUST("id", SHAPE_UUID, grant.id),
    MUST("kind", SHAPE_GRANT_KIND, grant.kind),      MAY("leaves_as", SHAPE_TLP, grant.leaves_as),
    MUST("object", SHAPE_TEXT, grant.object),        MAY("originator", SHAPE_UUID, grant.originator),
    MAY("properties", SHAPE_TEXT, grant.properties), MUST("reason", SHAPE_TEXT, grant.reason),
    MAY("second", SHAPE_UUID, grant.second),         MUST("to", SHAPE_UUID, grant.to),
    MAY("to_account", SHAPE_BOOL, grant.to_account), MAY("told", SHAPE_TEXT, grant.told),
    MAY("until", SHAPE_TIME, grant.until_us),        MAY("version", SHAPE_TEXT, grant.version),
};
static const struct fact_member agreement_private[] = {
    MAY("account", SHAPE_UUID, agreement.account),
    MAY("authorities", SHAPE_BOOL, agreement.authorities),
    MAY("communities", SHAPE_BOOL, agreement.communities),
    MUST("party", SHAPE_UUID, agreement.party),
    MAY("reason", SHAPE_TEXT, agreement.reason),
    MAY("red", SHAPE_ACCOUNTS, agreement.red),
    MAY("tear", SHAPE_TEXT, agreement.tear),
    MAY("tear_as", SHAPE_TLP, agreement.tear_as),
    MAY("until", SHAPE_TIME, agreement.until_us),
};
static const struct fact_member group_private[] = {
    MAY("account", SHAPE_UUID, group.account),         MUST("id", SHAPE_UUID, group.id),
    MUST("members", SHAPE_MEMBERS, group.members),     MUST("name", SHAPE_TEXT, group.name),
    MAY("unreachable", SHAPE_BOOL, group.unreachable), MAY("until", SHAPE_TIME, group.until_us),
};

static const struct fact_member vouch_private[] = {
    MAY("account", SHAPE_UUID, vouch.account),
    MAY("authority", SHAPE_AUTHORITY, vouch.authority),
    MUST("entry", SHAPE_U64, vouch.entry),
    MAY("leaf", SHAPE_U64, vouch.leaf),
    MAY("line", SHAPE_BOOL, vouch.line),
    MAY("logged", SHAPE_TIME, vouch.logged_us),
    MAY("party", SHAPE_UUID, vouch.party),
    MAY("source", SHAPE_UUID, vouch.source),
    MAY("standings", SHAPE_STANDINGS, vouch.standings),
};

static const struct fact_member list_private[] = {
    MAY("account", SHAPE_UUID, list.account), MAY("disabled", SHAPE_BOOL, list.disabled),
    MAY("entries", SHAPE_U64, list.entries),  MUST("hash", SHAPE_HASH, list.hash),
    MUST("name", SHAPE_TEXT, list.name),      MAY("part", SHAPE_U32, list.part),
    MAY("parts", SHAPE_U32, list.parts),      MAY("type", SHAPE_TEXT, list.type),
    MAY("version", SHAPE_U64, list.version),
};
static const struct fact_member ruling_private[] = {
    MAY("account", SHAPE_UUID, ruling.account), MAY("end_reason", SHAPE_TEXT, ruling.end_reason),
    MAY("ended", SHAPE_TIME, ruling.ended_us),  MAY("ended_by", SHAPE_UUID, ruling.ended_by),
    MAY("finding", SHAPE_UUID, ruling.finding), MUST("from", SHAPE_TIME, ruling.from_us),
    MUST("id", SHAPE_UUID, ruling.id),          MUST("kind", SHAPE_RULING_KIND, ruling.kind),
    MUST("object", SHAPE_TEXT, ruling.object),  MAY("organisation", SHAPE_UUID, ruling.organisation),
    MAY("reason", SHAPE_TEXT, ruling.reason),   MUST("scope", SHAPE_RULING_SCOPE, ruling.scope),
    MAY("told", SHAPE_TEXT, ruling.told),       MAY("until", SHAPE_TIME, ruling.until_us),
    MAY("value", SHAPE_TEXT, ruling.value),     MAY("value_kind", SHAPE_VALUE_KIND, ruling.value_kind),
};

static const struct fact_member withdrawal_private[] = {
    MAY("account", SHAPE_UUID, withdrawal.account),
    MUST("entry", SHAPE_U64, withdrawal.entry),
    MUST("object", SHAPE_TEXT, withdrawal.object),
    MAY("party", SHAPE_UUID, withdrawal.party),
};

static const struct {
    const char *name;
    struct fact_members public_part, private_part;
} kinds[FACT_KINDS] = {
    [FACT_GENESIS] = {"genesis", MEMBERS(genesis_public), {0}},
    [FACT_OBJECT] = {"object", MEMBERS(object_public), MEMBERS(object_private)},
    [FACT_HITS] = {"hits", {0}, MEMBERS(hits_private)},
    [FACT_PARTY] = {"party", {0}, MEMBERS(party_private)},
    [FACT_SOURCE] = {"source", {0}, MEMBERS(source_private)},
    [FACT_ACCOUNT] = {"account", {0}, MEMBERS(account_private)},
    [FACT_PEER] = {"peer", {0}, MEMBERS(peer_private)},
    [FACT_RELEASE] = {"release", MEMBERS(release_public), MEMBERS(release_private)},
    [FACT_OPENING] = {"opening", {0}, MEMBERS(opening_private)},
    [FACT_DOCUMENT] = {"document", {0}, MEMBERS(document_private)},
    [FACT_ORIGIN] = {"origin", MEMBERS(origin_public), MEMBERS(origin_private)},
    [FACT_ERASURE] = {"erasure", {0}, MEMBERS(erasure_private)},
    [FACT_ACT] = {"act", {0}, MEMBERS(act_private)},
    [FACT_GRANT] = {"grant", {0}, MEMBERS(grant_private)},
    [FACT_AGREEMENT] = {"agreement", {0}, MEMBERS(agreement_private)},
    [FACT_GROUP] = {"group", {0}, MEMBERS(group_private)},
    [FACT_VOUCH] = {"vouch", {0}, MEMBERS(vouch_private)},
    [FACT_LIST] = {"list", {0}, MEMBERS(list_private)},
    [FACT_RULING] = {"ruling", {0}, MEMBERS(ruling_private)},
    [FACT_WITHDRAWAL] = {"withdrawal", {0}, MEMBERS(withdrawal_private)},
};

const char *fact_kind_name(enum fact_kind k)
{
    return k < FACT_KINDS ? kinds[k].name : "unknown";
}

struct fact_members fact_members_public(enum fact_kind k)
{
    return kinds[k].public_part;
}

struct fact_members fact_members_private(enum fact_kind k)
{
    return kinds[k].private_part;
}
