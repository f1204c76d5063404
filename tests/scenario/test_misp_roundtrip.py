#!/usr/bin/env python3
"""MISP in, MISP out: what an event says is what we say of it, under the same ids; and ours, read again, is no news."""

import json
import os
import re
import uuid

from house import Node, check, main, write

DATA = os.environ.get("ENTENTE_DATA") or os.path.join(os.path.dirname(__file__), "../../../shared/data")
DATA = os.path.join(DATA, "misp")
LABEL = re.compile(r"^(tlp|pap):", re.I)


def truth(v):
    return v in (True, 1, "1", "true", "True")


def moment(v):
    """first_seen in either way of writing it, to the millisecond."""
    if not v:
        return None
    m = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,3})?", str(v))
    return f"{m[1]}T{m[2]}{(m[3] or '.').ljust(4, '0')}" if m else str(v)


def tags(v):
    names = [t if isinstance(t, str) else t["name"] for t in v.get("Tag") or []]
    return tuple(sorted({n for n in names if not LABEL.match(n)}))


def many(v, name):
    return v if isinstance(v := v.get(name) or [], list) else [v]


def said_of(a, event):
    """An attribute, as what it says."""
    return {"type": a["type"], "value": str(a["value"]).strip(), "category": a.get("category"),
            "to_ids": truth(a.get("to_ids")) if "to_ids" in a else None, "comment": a.get("comment") or "",
            "deleted": truth(a.get("deleted")), "timestamp": str(a.get("timestamp") or event.get("timestamp") or "") or None,
            "first_seen": moment(a.get("first_seen")), "last_seen": moment(a.get("last_seen")), "tags": tags(a),
            "relation": a.get("object_relation") or "", "data": a.get("data") or "",
            "disable_correlation": truth(a.get("disable_correlation"))}


def around(v, kind, name, into):
    """Sightings, proposals, analyst data, references and clusters of one part."""
    for s in many(v, "Sighting"):
        into["sighting"][s["uuid"]] = (name, str(s.get("type", "0")), str(s["date_sighting"]), s.get("source") or "",
                                       (s.get("Organisation") or {}).get("uuid"))
    for r in many(v, "ObjectReference"):
        into["reference"][r["uuid"]] = (name, r["referenced_uuid"], r["relationship_type"], r.get("comment") or "")
    for p in many(v, "ShadowAttribute"):
        into["proposal"][p.get("uuid") or p["value"]] = (name, p["type"], p["value"], truth(p.get("to_ids")),
                                                         truth(p.get("proposal_to_delete")))
    for g in many(v, "Galaxy"):
        for c in g.get("GalaxyCluster") or []:
            into["cluster"][(c["type"], c["value"])] = (c.get("tag_name"), c.get("description") or "",
                                                        json.dumps(c.get("meta") or {}, sort_keys=True))
    for n in many(v, "Note"):
        into["note"][n["uuid"]] = (name, n["note"])
    for n in many(v, "Opinion"):
        into["opinion"][n["uuid"]] = (name, str(n["opinion"]), n.get("comment") or "")


def said(document):
    """What the events of a document say: part -> name -> what. What has no uuid is named by what it says."""
    parts = {k: {} for k in ("event", "attribute", "object", "sighting", "reference", "proposal", "cluster", "note",
                             "opinion", "report")}
    events = document.get("response", document) if isinstance(document, dict) else document
    for e in events if isinstance(events, list) else [events]:
        e = e.get("Event", e)
        name = e.get("uuid") or e["info"]
        parts["event"][name] = {
            "info": e.get("info"), "date": e.get("date"), "timestamp": str(e["timestamp"]) if e.get("timestamp") else None,
            "published": truth(e.get("published")), "analysis": str(e.get("analysis", "0")), "tags": tags(e),
            "threat_level_id": str(e.get("threat_level_id", "4")), "extends": e.get("extends_uuid") or "",
            "orgc": (e.get("Orgc") or {}).get("uuid"), "orgc name": (e.get("Orgc") or {}).get("name")}
        around(e, "event", name, parts)
        for a in many(e, "Attribute"):
            parts["attribute"][a.get("uuid") or (a["type"], a["value"])] = said_of(a, e)
            around(a, "attribute", a.get("uuid"), parts)
        for o in many(e, "Object"):
            which = o.get("uuid") or o["name"]
            parts["object"][which] = {
                "name": o["name"], "meta": o.get("meta-category") or "misc", "comment": o.get("comment") or "",
                "template": o.get("template_uuid"), "version": str(o.get("template_version") or ""),
                "deleted": truth(o.get("deleted")), "timestamp": str(o.get("timestamp") or e.get("timestamp") or "") or None,
                "first_seen": moment(o.get("first_seen")), "last_seen": moment(o.get("last_seen"))}
            around(o, "object", which, parts)
            for a in many(o, "Attribute"):
                parts["attribute"][a.get("uuid") or (a["type"], a["value"])] = \
                    {**said_of(a, {"timestamp": o.get("timestamp") or e.get("timestamp")}), "object": which}
                around(a, "attribute", a.get("uuid"), parts)
        for r in many(e, "EventReport"):
            parts["report"][r["uuid"]] = (name, r["name"], r["content"], truth(r.get("deleted")))
    return parts


def differences(ours, theirs):
    """What theirs says and ours does not, or otherwise; what ours adds."""
    for part, entries in theirs.items():
        for name, what in entries.items():
            mine = ours[part].get(name)
            if mine is None:
                yield f"{part} {name}: lost: {str(what)[:200]}"
            elif isinstance(what, dict):
                for member, value in what.items():
                    if value != mine.get(member) and value is not None:
                        yield f"{part} {name} ({what.get('type')}): {member}: {value!r} became {mine.get(member)!r}"[:400]
            elif what != mine:
                yield f"{part} {name}: {what} became {mine}"[:400]
        for name in set(ours[part]) - set(entries):
            if part == "event" and re.search(r"\(TLP:", ours[part][name]["info"]) and ours[part][name]["extends"]:
                continue  # what is stricter than its event stands beside it
            yield f"{part} {name}: not there before: {str(ours[part][name])[:200]}"


def exported(node):
    done = node.ok("export", "--to", "account admin", "--as", "misp")
    return json.loads(done.out) if done.out.strip() else {"response": []}


def unchanged_when_read_again(node, folder, document):
    again = write(folder, "again.json", json.dumps(document))
    done = node.ok("import", again, "--from", "self", "--as", "misp", "--json").lines
    totals = done[-1]
    check(totals["new"] == 0 and totals.get("updated", totals.get("changed", 0)) == 0, f"news to ourselves: {totals}")
    check(exported(node) == document, "and the next export says the same")


def there_and_back(folder, name, *files, loss=()):
    node = Node(folder, name)
    theirs = None
    for file in files:
        with open(file, encoding="utf-8") as f:
            one = said(json.load(f))
        theirs = {k: {**(theirs[k] if theirs else {}), **one[k]} for k in one}
    for n in range(0, len(files), 40):
        node.ok("import", *files[n:n + 40], "--from", "self", "--as", "misp")
    document = exported(node)
    wrong = [d for d in differences(said(document), theirs) if not any(re.search(x, d) for x in loss)]
    check(not wrong, f"{name}: {len(wrong)} differences\n" + "\n".join(wrong[:40]))
    if not any("(TLP:" in e["Event"]["info"] for e in document["response"]):
        unchanged_when_read_again(node, folder, document)  # a part split off for its label is an event of its own


MD5, SHA1, SHA256 = "0123456789ABCDEF" * 2, "0123456789abcdef0123" * 2, "0123456789abcdef" * 4
VALUES = {  # by type; also as people write them, not only in normal form
    "ip-src": "192.0.2.1 2001:DB8:0:0::1 198.51.100.0/24", "ip-dst": "203.0.113.9 192[.]0[.]2[.]3",
    "ip-src|port": "192.0.2.4|8080", "ip-dst|port": "192.0.2.5|443 2001:db8::5|53", "hostname|port": "c2.example|99",
    "domain|ip": "Two.Example|192.0.2.6", "domain": "BAD.example bad[.]example xn--bcher-kva.example",
    "hostname": "www.Bad.example", "onion-address": "abcdefghijklmnop.onion", "url": "hxxp://bad.example/A?b=c#d",
    "uri": "/index.php?id=1", "link": "https://example.org/report", "mac-address": "00:00:5E:00:53:01",
    "AS": "AS64496 64497", "user-agent": "Mozilla/4.0_(compatible)", "port": "8443", "filename": "a.EXE",
    "md5": MD5, "sha1": SHA1, "sha224": "0" * 56, "sha256": SHA256, "sha384": "1" * 96, "sha512": "2" * 128,
    "ssdeep": "3:abc:def", "imphash": "3" * 32, "tlsh": "T1" + "4" * 70, "filename|md5": f"b.exe|{MD5}",
    "filename|sha1": f"x|y.exe|{SHA1}", "filename|sha256": f"c.exe|{SHA256}", "filename|ssdeep": "d.exe|3:abc:def",
    "x509-fingerprint-sha1": SHA1[::-1], "malware-sample": f"e.exe|{MD5[::-1]}", "mutex": "Global\\m",
    "size-in-bytes": "4096", "mime-type": "text/html", "attachment": "f.pdf",
    "regkey": "HKLM\\Software\\A", "regkey|value": "HKLM\\Software\\A|1", "github-username": "nobody",
    "email": "A@bad.example", "email-src": "b@Bad.example c[@]bad.example", "email-dst": "d@example.org",
    "email-subject": "Hello", "email-body": "Text", "email-reply-to": "e@bad.example", "email-x-mailer": "M/1",
    "email-message-id": "<1@bad.example>", "email-header": "Received:x", "email-attachment": "g.zip",
    "yara": "rule_r{condition:true}", "snort": "alert_tcp", "sigma": "title:_x", "stix2-pattern": "[url:value='a:b']",
    "vulnerability": "CVE-2026-1234", "campaign-name": "Campaign", "threat-actor": "Actor", "comment": "Words",
    "text": "More_words", "other": "Odd", "btc": "1BoatSLRHtKNngkdXEsRXvmXBhQsRLh", "pattern-in-file": "00_ff",
    "counter": "3", "datetime": "2026-01-01T00:00:00+00:00", "named pipe": "\\.\\pipe\\p", "cpe": "cpe:2.3:a:b:c",
    "ja3-fingerprint-md5": "4" * 32, "phone-number": "+99_5550100", "whois-registrant-email": "f@bad.example",
}
ORG = {"uuid": "7f0c9d4e-0000-4000-8000-0000000000aa", "name": "CERT Z"}
STAMP = 1790000000


def made(name):
    """An UUID that is the same each time."""
    return str(uuid.uuid5(uuid.UUID(ORG["uuid"]), name))


def attribute(kind, value, **more):
    return {"uuid": made(f"{kind}{value}{more}"), "type": kind, "category": "Other", "value": value,
            "to_ids": False, "timestamp": str(STAMP - 100), "distribution": "5", "comment": "", **more}


def talk(name):
    """One of each that others may say."""
    return {"Sighting": [{"uuid": made(name + kind), "type": kind, "date_sighting": str(STAMP - 50), "source": "sensor",
                          "Organisation": ORG} for kind in "012"],
            "Galaxy": [{"uuid": made("galaxy"), "type": "threat-actor", "name": "Threat Actor", "GalaxyCluster": [
                {"uuid": made("cluster"), "type": "threat-actor", "value": "Actor One", "description": "One of them",
                 "tag_name": 'misp-galaxy:threat-actor="Actor One"', "meta": {"synonyms": ["Uno"], "country": "XE"}}]}],
            "ShadowAttribute": [attribute("ip-dst", "192.0.2.77", uuid=made(name + "proposal"), to_ids=True)],
            "Note": [{"uuid": made(name + "note"), "object_uuid": name, "note": "Look", "authors": "ann",
                      "created": "2026-09-01 00:00:00", "modified": "2026-09-01 00:00:00", "distribution": "5"}],
            "Opinion": [{"uuid": made(name + "opinion"), "object_uuid": name, "opinion": "80", "comment": "Yes",
                         "authors": "bob", "created": "2026-09-01 00:00:00", "modified": "2026-09-01 00:00:00",
                         "distribution": "5"}]}


def an_object(name, *attributes, **more):
    return {"uuid": made(name + str(more)), "name": name, "meta-category": "misc", "template_uuid": made(name),
            "template_version": "3", "timestamp": str(STAMP - 90), "distribution": "5", "comment": "An object",
            "first_seen": "2026-08-01T00:00:00.000000+00:00", "last_seen": "2026-08-02T00:00:00.500000+00:00",
            "Attribute": [{**attribute(kind, value, to_ids=ids, uuid=made(f"{name}{value}{more}")), "object_relation": relation}
                          for relation, kind, value, ids in attributes], **more}


def everything():
    plain = [attribute(kind, value.replace("_", " "), to_ids=ids) for kind, values in VALUES.items()
             for value in values.split() for ids in (True, False)]
    gone = [attribute(kind, value, to_ids=ids, deleted=True) for kind, value in (("domain", "gone.example"),
            ("comment", "gone")) for ids in (True, False)]
    gone += [attribute("boolean", True), attribute("port", 443)]
    rich = [attribute(kind, value, to_ids=ids, comment="Why", first_seen="2026-08-01T00:00:00.000000+00:00",
                      last_seen="2026-08-02T00:00:00.500000+00:00", disable_correlation=True,
                      Tag=[{"name": "a:b=\"c\""}, {"name": "tlp:green"}])
            for kind, value in (("domain", "rich.example"), ("sha256", SHA256), ("comment", "rich")) for ids in (True, False)]
    for a in rich:
        a |= talk(a["uuid"])
    objects = [
        an_object("file", ("filename", "filename", "O.exe", True), ("md5", "md5", MD5, True),
                  ("size-in-bytes", "size-in-bytes", "9", False)),
        an_object("file", ("filename", "filename", "P.exe", False), ("sha256", "sha256", SHA256, False), comment="x"),
        an_object("domain-ip", ("domain", "domain", "Obj.example", True), ("ip", "ip-dst", "192.0.2.8", True)),
        an_object("domain-ip", ("domain", "domain", "obj.example", False), ("ip", "ip-dst", "192.0.2.9", False)),
        an_object("of-ours", ("what", "text", "Words", False), ("where", "url", "http://obj.example/", True)),
        an_object("of-ours", ("what", "text", "Words", False), comment="nothing to look for"),
        an_object("vulnerability", ("id", "vulnerability", "CVE-2026-1", False), ("summary", "text", "Bad", False)),
        an_object("of-ours", ("human", "boolean", False, False), ("part", "float", 1.5, False), ("port", "port", 8080, True),
                  comment="no quotes"),
        an_object("person", ("full-name", "full-name", "A. Nobody", False)),
        an_object("url", ("url", "url", "http://gone.example/", True), deleted=True)]
    objects[2]["Attribute"][0] |= {k: v for k, v in talk(made("of an object's")).items() if k == "Sighting"}
    objects[4]["Attribute"][1] |= {k: v for k, v in talk(made("of another's")).items() if k == "Sighting"}
    part = objects[3]["Attribute"][0]
    part |= talk(part["uuid"])
    objects[0]["Attribute"][1] |= {"Tag": [{"name": "of-one"}], "comment": "of one"}
    objects[0]["ObjectReference"] = [{"uuid": made("reference"), "object_uuid": objects[0]["uuid"],
                                      "referenced_uuid": objects[2]["uuid"], "relationship_type": "connects-to",
                                      "comment": "said so", "timestamp": str(STAMP - 80)},
                                     {"uuid": made("to an attribute"), "object_uuid": objects[0]["uuid"],
                                      "referenced_uuid": plain[0]["uuid"], "relationship_type": "related-to",
                                      "comment": "", "timestamp": str(STAMP - 80)}]
    return {"uuid": made("event"), "info": "All of it", "date": "2026-09-20", "timestamp": str(STAMP),
            "published": True, "publish_timestamp": str(STAMP + 5), "distribution": "3", "threat_level_id": "2",
            "analysis": "1", "extends_uuid": made("another"), "Org": ORG, "Orgc": ORG,
            "Tag": [{"name": "tlp:green"}, {"name": "type:OSINT"}, {"name": 'misp:confidence-level="fairly-confident"'}],
            "Attribute": plain + gone + rich, "Object": objects, **talk(made("event")),
            "EventReport": [{"uuid": made("report"), "name": "Report", "content": "# Words", "distribution": "5",
                             "timestamp": str(STAMP - 10), "deleted": False}]}


def all_that_an_event_says(folder):
    there_and_back(folder, "all", write(folder, "all.json", json.dumps({"Event": everything()})))


def indicators(node):
    done = node.ok("export", "--to", "account admin", "--as", "stix")
    objects = json.loads(done.out)["objects"] if done.out.strip() else []
    return {o["id"]: o for o in objects if o["type"] == "indicator"}


def what_is_no_longer_for_detection_ends(folder):
    """to_ids withdrawn at the origin: the indicator that is held ends, in words; given back, it lives again. What
    never was for detection makes no indicator."""
    node = Node(folder, "CSIRT")

    def take(stamp, ids):
        alone = attribute("domain", "alone.example", uuid=made("alone"), to_ids=ids, timestamp=str(stamp))
        never = attribute("domain", "never.example", uuid=made("never"), timestamp=str(stamp))
        known = an_object("file", ("md5", "md5", MD5, ids), uuid=made("known"), timestamp=str(stamp))
        other = an_object("of-ours", ("where", "url", "http://part.example/", ids), uuid=made("other"), timestamp=str(stamp))
        for o in (known, other):
            o["Attribute"][0] |= {"uuid": made("part of " + o["name"]), "timestamp": str(stamp)}
        event = {**everything(), "timestamp": str(stamp), "Attribute": [alone, never], "Object": [known, other]}
        done = node.ok("import", write(folder, f"{stamp}.json", json.dumps({"Event": event})), "--from", "self", "--json")
        return done.lines[-1]

    ours = {"indicator--" + made(n) for n in ("alone", "known", "part of of-ours")}
    take(STAMP, True)
    held = indicators(node)
    check(set(held) == ours and not any("x_misp_ended" in o for o in held.values()), str(held.keys()))
    take(STAMP + 100, False)
    held = indicators(node)
    check(set(held) == ours, f"as many as before: {held.keys()}")
    for o in held.values():
        check("to_ids" in o.get("x_misp_ended", "") and o["valid_until"] == o["modified"], str(o))
    values = {a["value"]: a for e in exported(node)["response"] for x in [e["Event"], *e["Event"]["Object"]]
              for a in x["Attribute"]}
    check(values["alone.example"]["to_ids"] is False and values["alone.example"]["deleted"] is False, str(values))
    check(len(exported(node)["response"]) == 1, "and no event is made of what ended")
    check(take(STAMP + 100, False)["updated"] == 0, "the same again")
    take(STAMP + 200, True)
    check(not any("valid_until" in o for o in indicators(node).values()), "they are back")


def data(*names):
    path = os.path.join(DATA, *names)
    return path if os.path.exists(path) else None


PYMISP = "pymisp-mispevent_testfiles"


def every_type_that_there_is(folder):
    """Both tables of types, the reader's and the writer's, agree on each: what came as a type leaves as it."""
    if not data("pymisp-describeTypes.json"):
        return "no data"
    with open(data("pymisp-describeTypes.json"), encoding="utf-8") as f:
        types = json.load(f)["result"]["types"]
    check(len(types) > 190, f"{len(types)} types")
    event = everything()
    event["Object"] = []
    event["Attribute"] = [attribute(kind, VALUES.get(kind, "a|b" if "|" in kind else "a").split()[0], to_ids=ids)
                          for kind in types for ids in (True, False)]
    there_and_back(folder, "types", write(folder, "types.json", json.dumps({"Event": event})))
    return None


def pymisps_events(folder):
    if not data(PYMISP):
        return "no data"
    for name in ("existing_event.json", "existing_event_edited.json", "shadow.json", "malware_exist.json"):
        there_and_back(folder, name, data(PYMISP, name))
    return None


def a_feed(folder, name):
    if not data(name):
        return "no data"
    with open(data(name, "manifest.json"), encoding="utf-8") as f:
        files = [data(name, u + ".json") for u in json.load(f)]
    there_and_back(folder, name, *[f for f in files if f])
    return None


def a_feed_of_events(folder):
    return a_feed(folder, "misp-feed-threat-feed-publisher")


def a_feed_of_many_events(folder):
    return a_feed(folder, "misp-feed-chrome-mal-ids")


if __name__ == "__main__":
    main(all_that_an_event_says, what_is_no_longer_for_detection_ends, every_type_that_there_is, pymisps_events, a_feed_of_events, a_feed_of_many_events)
