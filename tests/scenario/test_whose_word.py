#!/usr/bin/env python3
"""Whose word lets an object go, and what becomes of terms on the way: nobody's consent moves another's object, nobody
is called by another's name, no term is lost, and who is told something can read it."""

import json
import os
import uuid

from clients import Client, REL_TO, holds, invite, marked, marking
from house import Node, bundle, check, domain, main, write

RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
CLASSIFIED = "extension-definition--0d12f07b-bf72-4b19-9db5-a1e82740c9fb"
TAXII = {"Content-Type": "application/taxii+json;version=2.1"}


def explained(node, obj, to, *more):
    return node.ok("explain", obj["id"], "--to", to, *more).out


def token(node, folder, name):
    node.ok("account", "add", name, "--role", "releaser")
    return write(folder, name + ".token", node.ok("account", "token", name).out)


def consent_is_for_its_own(folder):
    node = Node(folder, "CSIRT").serve()
    b, q = Client(node, invite(node, "CERT B")), invite(node, "CERT Q")
    made_by_q = f"identity--{uuid.uuid4()}"
    node.ok("peer", "set", "CERT Q", "--identity", made_by_q)
    obj = domain("consent.example", "amber", created_by_ref=made_by_q)
    node.ok("import", bundle(folder, obj), "--from", "CERT P")
    node.ok("share", "consent", "record", obj["id"], "--to", "CERT B", "--from", "CERT P", "--reason", "r",
            "--until", "+1h", "--as", "GREEN")
    check(obj["id"] in b.news(), "the consent of who gave it counts")
    body = json.dumps({"objects": [obj]}).encode()
    status, _, _ = node.get("api/collections/intelligence/objects/", q, TAXII, "POST", body)
    check(status == 202, f"{status}")
    node.ok("get", obj["id"])
    check("withheld" in explained(node, obj, "CERT B"), "P's consent lets Q's object go")
    check(not b.news(everything=True), "P's consent lets Q's object go")


def consent_to_a_version_without_a_time(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    amber = ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]
    first = {"type": "mutex", "spec_version": "2.1", "id": f"mutex--{uuid.uuid4()}", "name": "one",
             "object_marking_refs": amber}
    node.ok("import", bundle(folder, first), "--from", "CERT P")
    node.ok("share", "consent", "record", first["id"], "--to", "CERT B", "--from", "CERT P", "--reason", "r",
            "--until", "+1h", "--as", "GREEN")
    check(first["id"] in b.news(), "the version that was consented to goes")
    node.ok("import", bundle(folder, dict(first, name="two")), "--from", "CERT P")
    shown = b.news(everything=True)
    check("two" not in json.dumps(shown), "another version goes by it")


def identities_are_not_taken(folder):
    node = Node(folder, "CSIRT").serve()
    wanted = f"identity--{uuid.uuid4()}"
    invite(node, "CERT NL")
    node.ok("peer", "set", "CERT NL", "--identity", wanted, "--knows", "all")
    terms = marking(REL_TO, organisations=[wanted])
    obj = marked("relto.example", "green", terms)
    node.ok("import", bundle(folder, terms, obj), "--from", "CERT D")
    check("cleared" in explained(node, obj, "CERT NL"), "it is for CERT NL")
    invitation = {"entente_invite": 1, "from": {"name": "CERT C", "identity": wanted, "country": "XE"},
                  "api_root": "http://127.0.0.1:1/taxii2/api/", "collection": str(uuid.uuid4()), "account": "x",
                  "token": "t" * 40}
    node.fails(64, "peer", "accept", write(folder, "stolen.json", json.dumps(invitation)))
    invite(node, "CERT C")
    node.fails(64, "peer", "set", "CERT C", "--identity", wanted)
    invitation["from"] = {"name": "CERT NL", "identity": f"identity--{uuid.uuid4()}", "country": "NL"}
    node.fails(64, "peer", "accept", write(folder, "other.json", json.dumps(invitation)))
    ours = json.load(open(node.home + ".invite", encoding="utf-8"))["from"]["identity"]
    node.fails(64, "peer", "set", "CERT C", "--identity", ours)
    check("cleared" in explained(node, obj, "CERT NL"), "CERT NL is called so still")


def pap_of_the_source_stays(folder):
    node = Node(folder, "CSIRT").serve()
    node.ok("source", "add", "S", "--party", "CERT D", "--marking", "CLEAR")
    obj = domain("pap.example")
    node.ok("import", bundle(folder, obj), "--from", "CERT D", "--marking", "CLEAR")
    check("withheld" not in explained(node, obj, "public"), "CLEAR goes to the public")
    node.ok("source", "set", "S", "--pap", "RED")
    check("withheld" in explained(node, obj, "public"), "a PAP recorded later is not heeded")
    node.ok("source", "set", "S", "--pap", "CLEAR", "--marking", "RED")
    check("withheld" not in explained(node, obj, "public"), "the label that was given stands")


def older_versions_are_narrowed(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    node.ok("peer", "set", "CERT B", "--knows", "all", "--country", "NL")
    before = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}",
              "created": "2026-01-01T00:00:00.000Z", "name": "c", "definition_type": "statement",
              "definition": {"statement": "Copyright D"}}
    first = dict(marked("old.example", "green", before), description="OLDSECRET")
    second = dict(first, modified="2026-03-01T00:00:00.000Z", object_marking_refs=[GREEN], description="fine")
    path = f"api/collections/intelligence/objects/{first['id']}/?match%5Bversion%5D=all"
    node.ok("import", bundle(folder, before, first), "--from", "CERT D")
    node.ok("import", bundle(folder, second), "--from", "CERT D")
    check(b"OLDSECRET" in node.get(path, b.token)[2], "both versions go before")
    after = {k: v for k, v in before.items() if not k.startswith("definition")}
    after["extensions"] = {"extension-definition--99ce3ea5-07bc-477c-95cc-647044e753fc":
                           {"extension_type": "property-extension", "countries": ["NL"]}}
    node.ok("import", bundle(folder, after), "--from", "CERT D")
    status, _, body = node.get(path, b.token)
    check(status == 200 and b"fine" in body and b"OLDSECRET" not in body, "an older version goes as before")


def sightings_keep_terms(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    node.ok("peer", "set", "CERT B", "--sightings", "on", "--knows", "all", "--country", "DE")
    made = node.ok("marking", "add", "--name", "x", "--not-to", "NL", "--pap", "red", "--json").lines[0]["marking"]
    node.ok("import", bundle(folder, domain("sight.example")), "--from", "self", "--marking", "GREEN," + made)
    node.run("watch", "-", "--json", stdin="2026-11-22T05:00:00Z look sight.example\n")
    sightings = [o for o in b.news().values() if o["type"] == "sighting"]
    check(sightings and made in sightings[0]["object_marking_refs"] and GREEN in sightings[0]["object_marking_refs"],
          f"the sighting goes without NOT-TO and PAP: {sightings}")


def break_glass(folder, node, obj, to):
    berta = os.path.join(folder, "berta.token")
    if not os.path.exists(berta):
        token(node, folder, "berta")
    asked = node.ok("share", "break-glass", obj["id"], "--to", to, "--reason", "lives", "--json").lines[0]["grant"]
    return node.ok("share", "break-glass", "--confirm", asked, "--by", "berta", "--token-file", berta).out


def originators_are_told(folder):
    node = Node(folder, "CSIRT").serve()
    d = Client(node, invite(node, "CERT D"))
    for name in ("Hospital North", "CERT B"):
        invite(node, name)
    node.ok("peer", "set", "Hospital North", "--kind", "constituent")
    obj, other = domain("l.example", "amber"), domain("m.example", "amber")
    node.ok("import", bundle(folder, obj, other), "--from", "CERT D")
    said = break_glass(folder, node, obj, "Hospital North")
    notes = [o for o in d.news().values() if o["type"] == "note"]
    check(len(notes) == 1 and "lives" in notes[0]["content"] and "once it asks" in said, f"{said}")
    check("an organisation of our constituency" in notes[0]["content"] and b"Hospital" not in d.raw,
          "a constituent is named to a partner")
    node.ok("peer", "set", "CERT D", "--knows", "none")
    said = break_glass(folder, node, other, "CERT B")
    check(not [o for o in d.news().values() if o["type"] == "note"] and "telephone" in said and
          "cannot be told by this node" in said, f"it is told that nobody tells it: {said}")


def classified_stays(folder):
    node = Node(folder, "CSIRT")
    secret = marking(CLASSIFIED, classification="secret")
    obj = marked("cl.example", "green", secret)
    node.ok("import", bundle(folder, obj), "--from", "CERT D")
    node.ok("import", bundle(folder, secret), "--from", "CERT D")
    node.fails(77, "quarantine", "release", obj["id"], "--reason", "oops")
    check("cl.example" not in node.run("match", "-", stdin="look cl.example\n").out, "it is matched")


def get_asks_as_of_now(folder):
    node = Node(folder, "CSIRT").serve()
    node.ok("source", "add", "S", "--party", "CERT D", "--marking", "GREEN")
    node.ok("account", "add", "rita", "--role", "reader")
    obj = domain("sd.example")
    node.ok("import", bundle(folder, obj), "--from", "CERT D")
    check("sd.example" in node.ok("get", obj["id"], "--as", "rita").out, "GREEN is for our accounts")
    node.ok("source", "set", "S", "--marking", "RED")
    check("sd.example" not in node.run("get", obj["id"], "--as", "rita").out, "get shows what is RED by now")


def acts_go_with_what_is_erased(folder):
    node = Node(folder, "CSIRT").serve()
    for name in ("CERT B", "CERT D"):
        invite(node, name)
    obj, red = domain("e.example", "amber"), domain("r.example", "red")
    node.ok("import", bundle(folder, obj, red), "--from", "CERT D")
    node.ok("share", "consent", "request", obj["id"], "--to", "CERT B")
    node.ok("quarantine", "release", red["id"], "--reason", "QREASON r.example")
    break_glass(folder, node, obj, "CERT B")
    told = [g for g in node.ok("share", "list", "--json").lines if g.get("told")][0]["told"]
    node.stop()
    node.ok("erase", obj["id"], red["id"], "--reason", "asked")
    left = [word for word in (obj["id"], red["id"], "QREASON", told) if holds(node.home, word)]
    check(not left, f"acts outlive what they are about: {left}")
    check(node.run("get", told).code != 0, "the note to the originator outlives its object")
    node.ok("verify")


def whole_after_a_tear_line(folder):
    node = Node(folder, "CSIRT").serve()
    b, c = Client(node, invite(node, "CERT B")), Client(node, invite(node, "CERT C"))
    line = {"extension-definition--8c62d850-956c-44f4-8d09-f07444f8c18a":
            {"extension_type": "property-extension", "marking_ref": GREEN, "properties": ["labels"]}}
    obj = domain("t.example", "amber", labels=["short"], description="WHOLE", extensions=line)
    portion = domain("p.example", "green", description="PORTION", granular_markings=[
        {"marking_ref": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "selectors": ["description"]}])
    node.ok("import", bundle(folder, obj, portion), "--from", "self")
    for client in (b, c):
        first = client.news()
        check("description" not in first[obj["id"]] and "description" not in first[portion["id"]], f"{first}")
    node.ok("share", "approve", obj["id"], "--to", "CERT B", "--reason", "r")
    check(b.news()[obj["id"]]["description"] == "WHOLE", "what was approved never comes whole")
    check(not b.news() and not c.news(), "and once")
    node.ok("peer", "set", "CERT C", "--ceiling", "AMBER")
    second = c.news()
    check(second[obj["id"]]["description"] == "WHOLE" and second[portion["id"]]["description"] == "PORTION",
          f"a ceiling that was raised brings nothing whole: {second}")
    check(not c.news(), "and once")


def sealed_by_a_portion(folder):
    node = Node(folder, "CSIRT").serve()
    node.ok("account", "add", "rita", "--role", "reader")
    cut = domain("sealed.example", "amber", granular_markings=[{"marking_ref": RED, "selectors": ["pattern"]}])
    open_one = domain("open.example", "amber", description="d",
                      granular_markings=[{"marking_ref": RED, "selectors": ["description"]}])
    node.ok("import", bundle(folder, cut, open_one), "--from", "CERT D")
    node.run("watch", "-", "--json", stdin="2026-11-22T05:00:00Z look sealed.example open.example\n")
    found = node.ok("finding", "list", "--as", "rita", "--json").out
    check("sealed.example" not in found and "open.example" in found, f"a value whose portion is RED: {found}")


def moments_and_groups(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    invite(node, "CERT C")
    obj = domain("n.example", "amber")
    node.ok("import", bundle(folder, obj), "--from", "self")
    for end in ("+1000000000d", "+200000000d", "+36526d", "1960-01-01"):
        node.fails(64, "share", "approve", obj["id"], "--to", "CERT B", "--reason", "r", "--until", end)
    node.fails(64, "share", "group", "add", "G", "--member", "CERT B", "--from", "1960-01-01")
    node.ok("share", "group", "add", "One", "--member", "CERT B")
    one = node.ok("share", "group", "list", "--json").lines[0]["id"]
    node.fails(64, "share", "group", "add", "Two", "--id", one, "--member", "CERT C")
    groups = node.ok("share", "group", "list", "--json").lines
    check(len(groups) == 1 and groups[0]["id"] == one and "One" in groups[0].values(), f"{groups}")
    b.news()
    node.ok("peer", "set", "CERT B", "--ceiling", "AMBER")
    check(obj["id"] in b.news(), "nothing opens any more")


main(consent_is_for_its_own, consent_to_a_version_without_a_time, identities_are_not_taken, pap_of_the_source_stays,
     older_versions_are_narrowed, sightings_keep_terms, originators_are_told, classified_stays, get_asks_as_of_now,
     acts_go_with_what_is_erased, whole_after_a_tear_line, sealed_by_a_portion,
     moments_and_groups)
