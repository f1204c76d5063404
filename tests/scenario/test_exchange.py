#!/usr/bin/env python3
"""Two nodes on loopback: what flows, what must not, and that both logs know of it."""

import json
import re

from house import Node, bundle, check, connect, domain, main, wait_for, write

TAXII = "application/taxii+json;version=2.1"
SECRETS = ("amber-secret.example", "strict-secret.example", "red-secret.example", "unmarked-secret.example",
           "third-party-amber.example")


def pages(node, token, collection="indicators", limit=2):
    """All objects of a collection, page by page, and all bytes that came."""
    objects, raw, path = [], b"", f"api/collections/{collection}/objects/?limit={limit}"
    query = path
    while True:
        status, headers, body = node.get(query, token)
        raw += body + str(headers).encode()
        check(status == 200 and headers["Content-Type"] == TAXII, f"{status} {headers} {body!r}")
        page = json.loads(body)
        objects += page.get("objects", [])
        if not page.get("more"):
            return objects, raw
        query = f"{path}&next={page['next']}"


def partner_account(node, name):
    """A plain TAXII client of another house."""
    node.ok("peer", "invite", name, "--url", "https://ours.example/taxii2/", "--out", node.home + ".invite")
    with open(node.home + ".invite", encoding="utf-8") as file:
        return json.load(file)["token"]


def only_what_is_cleared_leaves(folder):
    node = Node(folder, "CSIRT").serve()
    token = partner_account(node, "CERT B")
    green, clear = domain("green.example", "green"), domain("clear.example", "clear")
    ours = [green, clear, domain("amber-secret.example", "amber"), domain("red-secret.example", "red"),
            domain("strict-secret.example", "amber+strict"), domain("unmarked-secret.example")]
    node.ok("import", bundle(folder, *ours), "--from", "self")
    received = [domain("from-c-green.example", "green"), domain("third-party-amber.example", "amber")]
    node.ok("import", bundle(folder, *received), "--from", "CERT C")
    objects, raw = pages(node, token)
    for more in ("intelligence", "entente"):
        raw += pages(node, token, more)[1]
    got = {o["id"] for o in objects if o["type"] == "indicator"}
    check(got == {green["id"], clear["id"], received[0]["id"]}, f"{got}")
    for secret in SECRETS:
        check(secret.encode() not in raw, f"{secret} left the house")
    for hidden in ours[2:] + received[1:]:
        check(hidden["id"].encode() not in raw, "an id of something withheld left the house")
        status, _, body = node.get(f"api/collections/indicators/objects/{hidden['id']}/", token)
        check(status == 404 or not json.loads(body).get("objects"), f"{status} {body!r}")
    check(next(o for o in objects if o["id"] == green["id"]) == green, "not object for object")
    releases = node.status()["releases"]
    check(releases >= 1, "the release is an entry")
    pages(node, token)
    check(node.status()["releases"] == releases, "repeats add none")
    why = node.ok("explain", ours[2]["id"], "--to", "CERT B", "--json").lines[0]
    check(why["decision"] == "withheld" and why["rules"] and why["recipient"] == "CERT B" and why["door"] == "taxii",
          str(why))
    why = node.ok("explain", green["id"], "--to", "CERT B", "--json").lines[0]
    check(why["decision"] == "cleared" and why["form"] == "whole" and why["marking"] == "TLP:GREEN", str(why))
    node.stop()


def strangers_get_nothing(folder):
    node = Node(folder, "CSIRT").serve()
    node.ok("import", bundle(folder, domain("green.example", "green")), "--from", "self")
    for token in (None, "wrong", "ent_" + "A" * 43):
        for path in ("", "api/", "api/collections/", "api/collections/indicators/objects/"):
            status, headers, body = node.get(path, token)
            check(status == 401 and "WWW-Authenticate" in headers, f"{path}: {status} {body!r}")
            check(b"green.example" not in body, "something left")
    token = partner_account(node, "CERT B")
    node.ok("peer", "expel", "CERT B", "--reason", "left the community")
    status, _, body = node.get("api/collections/indicators/objects/", token)
    check(status in (401, 403) and b"green.example" not in body, f"expelled, yet {status}")
    node.stop()


def defaults_open_what_cursors_passed(folder):
    """An object opened late is never behind a client's cursor."""
    node = Node(folder, "CSIRT").serve()
    token = partner_account(node, "CERT B")
    node.ok("source", "add", "feed", "--party", "CERT C")
    late, early = domain("late.example"), domain("early.example", "green")
    node.ok("import", bundle(folder, late, early), "--source", "feed")
    status, headers, body = node.get("api/collections/indicators/objects/", token)
    check([o["id"] for o in json.loads(body)["objects"] if o["type"] == "indicator"] == [early["id"]], body)
    seen = headers["X-TAXII-Date-Added-Last"]
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", seen), seen)
    status, _, body = node.get(f"api/collections/indicators/objects/?added_after={seen}", token)
    check(json.loads(body) == {}, f"nothing new: {body}")
    node.ok("source", "set", "feed", "--marking", "GREEN")
    status, _, body = node.get(f"api/collections/indicators/objects/?added_after={seen}", token)
    got = [o for o in json.loads(body).get("objects", []) if o["type"] == "indicator"]
    check([o["id"] for o in got] == [late["id"]], f"opened late, and behind the cursor: {body}")
    check(got[0].get("object_marking_refs"), "it leaves with its label")
    node.stop()


def sightings_go_back(folder):
    ours, partner = Node(folder, "CSIRT A").serve(), Node(folder, "CERT B", "XP").serve()
    connect(ours, partner)
    connect(partner, ours)
    ours.ok("constituency", "import", write(folder, "register.csv", "name,sector,networks,domains,contacts\n"
            "Secret Hospital,health,192.0.2.0/24,secret-hospital.example,soc@secret-hospital.example\n"
            "Secret Grid,energy,198.51.100.0/24,secret-grid.example,soc@secret-grid.example\n"))
    seen = domain("seen.example", "green")
    partner.ok("import", bundle(folder, seen), "--from", "self")
    wait_for(lambda: ours.run("get", seen["id"]).code == 0, "the indicator crosses")
    ours.ok("watch", "-", stdin="192.0.2.1 asked seen.example\n")
    check(ours.status()["findings"] == 1 and ours.status()["incidents"] == 0, "a finding, no incident without a rule")
    partner.ok("peer", "list")
    check(partner.status()["objects"] < 4 or not sightings(partner), "off until enabled")
    ours.ok("peer", "set", "CERT B", "--sightings", "on")
    ours.ok("source", "set", "taxii:CERT B", "--incident-rule", "on")
    ours.ok("watch", "-", stdin="198.51.100.1 asked seen.example\n192.0.2.1 asked seen.example\n")
    check(ours.status()["incidents"] == 1, "an incident by rule for the new finding")
    wait_for(lambda: sightings(partner), "the partner's log holds our sighting")
    sighting = sightings(partner)[0]
    check(sighting["sighting_of_ref"] == seen["id"], str(sighting))
    mine = ours.ok("get", sighting["created_by_ref"], "--json").lines[0]
    check(mine["name"] == "CSIRT A" and sighting.get("where_sighted_refs") == [mine["id"]], "our own identity, only")
    text = json.dumps(sighting)
    for word in ("Secret", "192.0.2", "observed_data_refs", "health", "asked"):
        check(word not in text, f"{word} is in the sighting: {text}")
    check(sighting["first_seen"].endswith(":00:00Z") or ":00:00." in sighting["first_seen"], "rounded to the hour")
    check(ours.status()["releases"] >= 1, "the release is recorded")
    ours.stop(), partner.stop()


def sightings(node):
    """Through the console's door of the node itself: its own account over TAXII."""
    node.run("account", "add", "eye", "--role", "administrator")
    objects = pages(node, node.token("eye"), "intelligence", 1000)[0]
    return [o for o in objects if o["type"] == "sighting"]


def false_positives_are_told(folder):
    """The originator alone is told that its indicator was a false positive, why, and nothing of whom."""
    ours, partner = Node(folder, "CSIRT A").serve(), Node(folder, "CERT B", "XP").serve()
    connect(ours, partner)
    connect(partner, ours)
    other = partner_account(ours, "CERT C")
    ours.ok("constituency", "import", write(folder, "register.csv", "name,sector,networks,domains,contacts\n"
            "Secret Hospital,health,192.0.2.0/24,secret-hospital.example,soc@elsewhere.example\n"))
    seen = domain("seen.example", "green")
    partner.ok("import", bundle(folder, seen), "--from", "self")
    wait_for(lambda: ours.run("get", seen["id"]).code == 0, "the indicator crosses")
    ours.ok("watch", "-", stdin="192.0.2.1 asked seen.example\n")
    told = ("finding", "false-positive", "F-1", "--tell", "--reason")
    check("sightings" in ours.run(*told, "a scanner").err, "off until enabled")
    ours.ok("peer", "set", "CERT B", "--sightings", "on")
    ours.ok("peer", "set", "CERT C", "--sightings", "on")
    for reason in ("our secret hospital tests it", "asked by 192.0.2.77.", "192.0.2[.]77", "the net 192.0.2.0/25",
                   "www.Secret-Hospital[dot]example", "ask SOC@elsewhere.example", "x@secret-hospital.example", " ",
                   "http://secret-hospital.example:8080/x", "two\nlines", "secret-hos\u200bpital.example"):
        refused = ours.run(*told, reason)
        check(refused.code not in (0, 1) or "reason" in refused.err, f"{reason}: {refused.code} {refused.err}")
        check(refused.code != 0, f"said: {reason}")
    check(ours.ok("finding", "list", "--json").lines[0]["state"] == "open", "refused as a whole")
    ours.ok(*told, "a sinkhole of a research institute")
    one = wait_for(lambda: opinions(partner), "the partner's log holds our opinion")[0]
    check(set(one) == {"created", "created_by_ref", "explanation", "id", "modified", "object_marking_refs", "object_refs",
                       "opinion", "spec_version", "type"}, str(one))
    check(one["object_refs"] == [seen["id"]] and one["opinion"] == "strongly-disagree" and
          one["explanation"] == "a sinkhole of a research institute", str(one))
    objects, raw = pages(ours, other, "intelligence", 100)
    raw += pages(ours, other, "entente", 100)[1]
    check(seen["id"].encode() in raw and one["id"].encode() not in raw and b"sinkhole" not in raw, "C was told, too")
    check(not re.search(b"Secret|192.0.2|x-entente-finding", raw), str(raw))
    check("its originator was told" in ours.ok("get", seen["id"]).out, "shown at the indicator")
    ours.ok("finding", "reopen", "F-1", "--reason", "it was not, at 192.0.2.1")
    gone = wait_for(lambda: [o for o in opinions(partner) if o.get("revoked")], "revoked")[0]
    check(gone["id"] == one["id"] and "192.0.2" not in json.dumps(gone), str(gone))
    ours.ok(*told, "a sinkhole after all", "--indicator")
    wait_for(lambda: len({o["id"] for o in opinions(partner)}) == 2, "another one")
    ours.ok("rebuild"), ours.ok("verify")
    ours.stop(), partner.stop()


def opinions(node):
    node.run("account", "add", "eye", "--role", "administrator")
    return [o for o in pages(node, node.token("eye"), "intelligence", 1000)[0] if o["type"] == "opinion"]


def posts_are_durable(folder):
    node = Node(folder, "CSIRT").serve()
    token = partner_account(node, "CERT B")
    posted = [domain("posted.example", "green"), {"type": "indicator", "id": "nonsense"}]
    status, _, body = node.get("api/collections/indicators/objects/", token, {"Content-Type": TAXII}, "POST",
                               json.dumps({"objects": posted}).encode())
    answer = json.loads(body)
    check(status == 202 and answer["total_count"] == 2, f"{status} {answer}")

    def complete():
        done = json.loads(node.get(f"api/status/{answer['id']}/", token)[2])
        return done if done["status"] == "complete" else None

    done = wait_for(complete, "status complete")
    check(done["success_count"] == 1 and done["failure_count"] == 1, str(done))
    node.stop(kill=True)
    check(node.run("get", posted[0]["id"]).code == 0, "acknowledged, then lost")


main(only_what_is_cleared_leaves, strangers_get_nothing, defaults_open_what_cursors_passed, sightings_go_back,
     false_positives_are_told,
     posts_are_durable)
