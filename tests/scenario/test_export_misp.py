#!/usr/bin/env python3
"""MISP events of what one recipient may have: nothing wider than its marking, nothing withheld in any byte."""

import hashlib
import json
import os
import random
import uuid

from clients import invite
from house import TLP2, Node, bundle, check, domain, indicator, main

STAMP = "2026-01-02T03:04:05.000Z"
RANK = {"clear": 0, "green": 1, "amber": 2, "amber+strict": 3}
WIDEST = {"clear": "3", "green": "3", "amber": "1", "amber+strict": "0"}


def mark(o, tlp):
    o["object_marking_refs"] = [f"marking-definition--{TLP2[tlp]}"]
    return o


def thing(kind, tlp, **more):
    return mark({"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid4()}", "created": STAMP,
                 "modified": STAMP, **more}, tlp)


def report(tlp, *objects, **more):
    return thing("report", tlp, name="A report", published=STAMP, object_refs=[o["id"] for o in objects], **more)


def events(node, to, *more):
    done = node.ok("export", *(["--public"] if to == "public" else ["--to", to]), "--as", "misp", *more)
    return [e["Event"] for e in json.loads(done.out)["response"]] if done.out.strip() else []


def tags(e):
    return [t["name"] for t in e.get("Tag", [])]


def values(e):
    return {a["value"]: a for a in e["Attribute"]} | {a["value"]: a for o in e["Object"] for a in o["Attribute"]}


def becomes_an_event(folder):
    node = Node(folder, "CSIRT")
    bad = domain("bad.example", "clear", description="why")
    both = mark(indicator("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' AND file:name = 'a.exe']"), "clear")
    either = mark(indicator("[ipv4-addr:value = '192.0.2.1'] OR [ipv4-addr:value = '192.0.2.2']"), "clear")
    odd = mark(indicator("[process:name LIKE '%x%'] FOLLOWEDBY [mutex:name = 'm']"), "clear")
    gone = mark(indicator("[url:value = 'http://gone.example/']", revoked=True), "clear")
    malware = thing("malware", "clear", name="Evil", is_family=True)
    link = thing("relationship", "clear", relationship_type="indicates", source_ref=bad["id"], target_ref=malware["id"])
    seen = thing("sighting", "clear", sighting_of_ref=bad["id"], first_seen=STAMP, last_seen=STAMP, count=1)
    note = thing("note", "clear", content="look here", object_refs=[bad["id"]], authors=["ann"])
    whole = report("clear", bad, both, either, odd, gone, malware)
    node.ok("import", bundle(folder, bad, both, either, odd, gone, malware, link, seen, note, whole), "--from", "self")
    made = events(node, "account admin")
    check(len(made) == 1, f"one report, one event: {[e['info'] for e in made]}")
    e = made[0]
    check(e["uuid"] == whole["id"][8:] and e["info"] == "A report" and e["published"] is True, str(e)[:300])
    check(e["distribution"] == "3" and "tlp:clear" in tags(e), str(tags(e)))
    a = values(e)
    check(a["bad.example"]["uuid"] == bad["id"][11:] and a["bad.example"]["type"] == "domain", str(a["bad.example"]))
    check(a["bad.example"]["to_ids"] is True and a["bad.example"]["comment"] == "why", str(a["bad.example"]))
    check(a["bad.example"]["Galaxy"][0]["GalaxyCluster"][0]["value"] == "Evil" and not e["Galaxy"], "where it points")
    check(a["bad.example"]["Sighting"][0]["uuid"] == seen["id"][10:], "and who saw it")
    check(a["bad.example"]["Note"][0]["note"] == "look here", "and what was said")
    check({"192.0.2.1", "192.0.2.2"} <= set(a), "either of two values")
    check(a["http://gone.example/"]["deleted"] is True and a["http://gone.example/"]["to_ids"] is False, "ended")
    objects = {o["uuid"]: o for o in e["Object"]}
    check({x["object_relation"] for x in objects[both["id"][11:]]["Attribute"]} == {"md5", "filename"}, "both at once")
    check(objects[odd["id"][11:]]["name"] == "stix2-pattern" and odd["pattern"] in a, "what MISP cannot say")
    check(events(node, "account admin") == made, "the same again")


def events_are_split_by_audience(folder):
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    node.ok("peer", "set", "CERT B", "--ceiling", "AMBER+STRICT")
    parts = {t: domain(f"{t.replace('+', '-')}.example", t) for t in RANK}
    red = domain("red.example", "red")
    whole = report("green", *parts.values(), red)
    node.ok("import", bundle(folder, *parts.values(), red, whole), "--from", "self")
    made = {e["uuid"]: e for e in events(node, "CERT B")}
    main_event = made[whole["id"][8:]]
    check(set(values(main_event)) == {"clear.example", "green.example"}, str(values(main_event).keys()))
    for e in made.values():
        label = [t[4:] for t in tags(e) if t.startswith("tlp:")]
        check(len(label) == 1 and int(e["distribution"]) <= int(WIDEST[label[0]]), f"{label} {e['distribution']}")
        for a in values(e).values():
            own = a["value"].removesuffix(".example").replace("-", "+")
            check(RANK[own] <= RANK[label[0]] and a["distribution"] == "5", f"{own} in {label}")
        check(e is main_event or e["extends_uuid"] == main_event["uuid"], "what is stricter extends it")
    check({v for e in made.values() for v in values(e)} == {f"{t.replace('+', '-')}.example" for t in RANK}, "all of it")
    check("red.example" not in json.dumps(made), "RED never")
    feed = os.path.join(folder, "feed")
    node.ok("export", "--to", "CERT B", "--as", "misp-feed", "--out", feed)
    text = "".join(open(os.path.join(feed, f), encoding="utf-8").read() for f in os.listdir(feed))
    check("amber" not in text and "green.example" in text, "above GREEN only under a handling agreement")
    node.ok("peer", "set", "CERT B", "--knows", "tlp2,misp-handling")
    node.ok("export", "--to", "CERT B", "--as", "misp-feed", "--out", feed)
    text = "".join(open(os.path.join(feed, f), encoding="utf-8").read() for f in os.listdir(feed))
    check("amber.example" in text and "red.example" not in text, "with one")


def a_feed_is_whole(folder):
    node = Node(folder, "CSIRT")
    parts = [domain(f"d{n}.example", "clear") for n in range(5)]
    both = mark(indicator("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' AND file:name = 'a.exe']"), "clear")
    one, two = report("clear", *parts[:2], both), report("clear", *parts[2:4])
    node.ok("import", bundle(folder, *parts, both, one, two), "--from", "self")
    node.fails(64, "export", "--public", "--as", "misp-feed")
    feed = os.path.join(folder, "feed")
    done = node.ok("export", "--public", "--as", "misp-feed", "--out", feed, "--json").lines[0]
    check(done["files"] == 5, str(done))
    with open(os.path.join(feed, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    check(set(os.listdir(feed)) == {u + ".json" for u in manifest} | {"manifest.json", "hashes.csv"}, str(os.listdir(feed)))
    check({one["id"][8:], two["id"][8:]} < set(manifest) and len(manifest) == 3, "reports, and what no report holds")
    wanted = set()
    for name, head in manifest.items():
        with open(os.path.join(feed, name + ".json"), encoding="utf-8") as file:
            e = json.load(file)["Event"]
        check(e["uuid"] == name and e["published"] is True, "published, or a consumer passes over it")
        for member in ("info", "date", "timestamp", "analysis", "threat_level_id", "Orgc", "Tag"):
            check(head[member] == e[member], f"{member}: {head[member]} {e[member]}")
        wanted |= {f"{hashlib.md5(v.encode()).hexdigest()},{name}" for v in values(e)}
    with open(os.path.join(feed, "hashes.csv"), encoding="utf-8") as file:
        check(set(file.read().split()) == wanted, "value, then event: MISP's own order")
    later = node.ok("export", "--public", "--as", "misp", "--since", "2036-01-01")
    check(later.out == "" and "nothing to export" in later.err, later.out)


def nothing_withheld_is_in_any_byte(folder):
    """Drawn reports over drawn labels: what goes is what the gate lets go, in no form a byte more."""
    chance = random.Random(7)
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    every = []
    for n in range(60):
        tlp = chance.choice([*RANK, "red", None])
        every.append(domain(f"v{n}x{uuid.uuid4().hex[:8]}.example", tlp, description=f"words {uuid.uuid4().hex}"))
    extra = []
    for n in range(12):
        some = chance.sample(every, 6)
        extra.append(report(chance.choice(list(RANK)), *some, description=f"about {uuid.uuid4().hex}"))
        extra.append(thing("note", chance.choice(list(RANK)), content=f"note {uuid.uuid4().hex}",
                           object_refs=[some[0]["id"]]))
        extra.append(thing("sighting", "amber", sighting_of_ref=some[1]["id"], x_place=uuid.uuid4().hex))
        extra.append(thing("malware", chance.choice(list(RANK)), name=f"name {uuid.uuid4().hex}", is_family=False))
    node.ok("import", bundle(folder, *every, *extra), "--from", "self")
    for to, may in (("public", {"clear"}), ("CERT B", {"clear", "green"})):
        who = ["--public"] if to == "public" else ["--to", to]
        secret = [o for o in every + extra if not any(TLP2[t] in str(o.get("object_marking_refs")) for t in may)]
        for form in ("stix", "csv", "misp", "misp-feed"):
            out = os.path.join(folder, f"{form}-{to}/")
            done = node.run("export", *who, "--as", form, "--out", out if form == "misp-feed" else out[:-1])
            check(done.code == 0, done.err)
            raw = (done.out + done.err).encode()
            for root, _, files in os.walk(out):
                raw += b"".join(open(os.path.join(root, f), "rb").read() for f in files)
            if os.path.isfile(out[:-1]):
                raw += open(out[:-1], "rb").read()
            check(len(raw) > 1000, f"{form} for {to}: something went")
            for o in secret:
                words = [o["id"], o["id"].split("--")[1]]
                words += [o[k] for k in ("description", "content", "x_place") if k in o]
                words += [o["pattern"].split("'")[1]] if "pattern" in o else []
                words += [o["name"]] if o["type"] == "malware" else []
                for word in words:
                    check(word.encode() not in raw, f"{form} for {to} holds {word} of a {o['type']}")


def a_feed_forgets(folder):
    """Written again, a folder holds the files that its manifest names, and never a manifest that names an absent one."""
    node = Node(folder, "CSIRT")
    feed = os.path.join(folder, "feed")

    def write(*words):
        done = node.run("export", "--public", "--as", "misp-feed", "--out", feed, *words)
        check(done.code == 0, done.err)
        with open(os.path.join(feed, "manifest.json"), encoding="utf-8") as file:
            named = {name + ".json" for name in json.load(file)}
        there = set(os.listdir(feed)) - {"manifest.json", "hashes.csv"}
        check(named <= there, f"the manifest names what is not there: {named - there}")
        return named, there
    one, two = domain("one.example", "clear"), domain("two.example", "clear")
    first, second = report("clear", one), report("clear", two)
    node.ok("import", bundle(folder, one, two, first, second), "--from", "self")
    named, there = write()
    check(named == there and len(named) == 2, f"{named} {there}")
    other = os.path.join(feed, "notes.json"), os.path.join(feed, "0000006B-0000-4000-8000-0000000000AA.json")
    for path in other:
        with open(path, "w", encoding="utf-8") as file:
            file.write("not ours")
    newer = "2026-02-02T03:04:05.000Z"
    node.ok("import", bundle(folder, mark(dict(second, modified=newer), "red"), mark(dict(two, modified=newer), "red")),
            "--from", "self")
    named, there = write()
    check(first["id"][8:] + ".json" in named and second["id"][8:] + ".json" not in there, f"{named} {there}")
    check(there - named == {os.path.basename(path) for path in other}, "what is not a feed's is not touched")
    node.ok("import", bundle(folder, mark(dict(first, modified=newer), "red"), mark(dict(one, modified=newer), "red")),
            "--from", "self")
    named, there = write()
    check(not named and there == {os.path.basename(path) for path in other}, f"nothing is left: {named} {there}")


main(becomes_an_event, events_are_split_by_audience, a_feed_is_whole, nothing_withheld_is_in_any_byte,
     a_feed_forgets)
