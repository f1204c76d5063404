#!/usr/bin/env python3
"""Warning lists, lifetimes and false positives, as a person meets them."""

import json
import os
import time

from house import check, domain, bundle, main, wait_for, write
from watching import Watch, append, count, house

LIST = {"name": "Names of ours", "version": 7, "description": "d", "type": "hostname",
        "matching_attributes": ["domain", "url"], "list": [".late.example", "no name"]}


def held_and_said(folder):
    node = house(folder, "evil.example", "late.example", "co.uk")
    log = write(folder, "log", "192.0.2.7 evil.example www.late.example x.co.uk\n")
    said = node.ok("match", log)
    check(said.out.count("\n") == 2 and "1 public suffix" in said.err, said.out + said.err)
    added = node.run("warninglist", "add", write(folder, "list.json", json.dumps(LIST)))
    check(added.code == 0 and "1 entries, 1 left out" in added.out and "no host name" in added.err, added.out + added.err)
    said = node.ok("match", log)
    check(said.out.count("\n") == 1 and '1 by "Names of ours"' in said.err, said.out + said.err)
    again = node.ok("import", bundle(folder, domain("a.late.example")), "--from", "CERT Y", "--json").lines
    check(again[-1]["suppressed"] == 1, str(again))
    found = node.ok("warninglist", "check", "late.example", "--json").lines[0]
    check(found["suppressed"] and found["entry"] == "late.example", str(found))
    node.ok("warninglist", "disable", "Names of ours")
    check(node.ok("match", log).out.count("\n") == 2, "disabled")
    node.ok("warninglist", "enable", "Names of ours")
    node.ok("rebuild")
    check(node.ok("match", log).out.count("\n") == 1, "after a rebuild")
    node.ok("verify")


def one_is_let_through(folder):
    node = house(folder, "late.example")
    log = write(folder, "log", "192.0.2.7 late.example\n")
    one = node.ok("match", log, "--json").lines[0]["id"]
    node.run("warninglist", "add", write(folder, "list.json", json.dumps(LIST)))
    check(node.ok("match", log).out == "", "suppressed")
    check(node.run("warninglist", "allow", one).code == 64, "without a reason")
    node.ok("warninglist", "allow", one, "--reason", "it was taken over")
    check(node.ok("match", log).out.count("\n") == 1, "let through")
    page = node.ok("get", one).out
    check("taken over" in page and "looked for all the same" in page, page)
    node.ok("warninglist", "allow", one, "--reason", "given back", "--end")
    check(node.ok("match", log).out == "", "suppressed again")


def watch_follows(folder):
    node = house(folder, "evil.example", "late.example")
    log = write(folder, "log", "192.0.2.7 late.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "the first hit")
    node.run("warninglist", "add", write(folder, "list.json", json.dumps(LIST)))
    time.sleep(0.5)
    append(log, "192.0.2.7 late.example\n192.0.2.7 evil.example\n")
    wait_for(lambda: count(node) == 2, "the hit on what is on no list")
    time.sleep(0.2)
    check(count(node) == 2, "nothing by what is")
    check(watch.stop() == 0, "clean end")


def lifetimes_are_said(folder):
    node = house(folder)
    node.ok("import", write(folder, "a.csv", "value\n198.51.100.7\n"), "--from", "CERT Y")
    log = write(folder, "log", "192.0.2.7 198.51.100.7\n")
    hit = node.ok("match", log, "--json").lines[0]
    check(hit["valid_until"] is None and hit["assumed_until"] > "2026", str(hit))
    check("(assumed: IPv4, 30 days, rules of " in node.ok("get", hit["id"]).out, "by which rule")
    late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 31 * 86400))
    check(node.ok("match", write(folder, "late", f"{late} 192.0.2.7 198.51.100.7\n")).out.count("\n") <= 1, "no later")
    os.mkdir(os.path.join(node.home, "rules"))
    write(os.path.join(node.home, "rules"), "lifetimes.yaml", "date: soon\n")
    bad = node.run("match", log)
    check(bad.code != 0 and "lifetimes.yaml" in bad.err, bad.err)


def false_positives(folder):
    node = house(folder, "evil.example")
    log = write(folder, "log", "192.0.2.7 evil.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "the first hit")
    node.ok("finding", "false-positive", "F-1", "--reason", "our own test", "--indicator", "--everywhere")
    append(log, "203.0.113.9 evil.example\n")
    wait_for(lambda: count(node) == 2, "counted all the same")
    states = {f["finding"]: f["state"] for f in node.ok("finding", "list", "--json").lines}
    check(set(states.values()) == {"false positive"} or set(states.values()) == {"false-positive"}, str(states))
    one = node.ok("match", log, "--json").lines[0]["id"]
    check("our own test" in node.ok("get", one).out, "shown at it")
    node.ok("finding", "reopen", "F-1", "--reason", "it was not")
    append(log, "203.0.114.9 evil.example\n")
    wait_for(lambda: count(node) == 3, "again")
    check(node.ok("finding", "list", "--open", "--json").lines, "open again")
    check(watch.stop() == 0, "clean end")


def folders_are_added(folder):
    node = house(folder, "late.example")
    lists = os.path.join(folder, "misp-warninglists", "lists")
    for number, name in enumerate(("one", "two")):
        os.makedirs(os.path.join(lists, name))
        write(os.path.join(lists, name), "list.json", json.dumps(LIST | {"name": f"List {number}", "list": ["a.example"]}))
    write(os.path.dirname(lists), "schema.json", "{}")
    os.symlink(os.path.join(lists, "one", "list.json"), os.path.join(os.path.dirname(lists), "list.json"))
    added = node.ok("warninglist", "add", os.path.dirname(lists), "--json").lines
    check([one["name"] for one in added] == ["List 0", "List 1"], str(added))
    plain = os.path.join(folder, "plain")
    os.mkdir(plain)
    check(node.run("warninglist", "add", plain).code == 65, "nothing in it")
    listed = write(plain, "names.json", json.dumps(LIST))
    check(node.run("warninglist", "add", plain).code == 0 and len(node.ok("warninglist", "list", "--json").lines) == 3,
          "its own files")
    said = node.run("import", listed, "--from", "CERT Y")
    check(said.code == 65 and "entente warninglist add" in said.err, said.err)


def listed_values_name_nobody(folder):
    node = house(folder, "evil.example")
    node.run("warninglist", "add", write(folder, "list.json", json.dumps(LIST)))
    register = "name,sector,networks,domains,contacts\nOurs,health,198.18.0.0/24,late.example;ours.example,a@ours.example\n"
    node.ok("import", bundle(folder, domain("early.late.example", "green")), "--from", "CERT Y")
    before = count(node)
    node.ok("constituency", "import", write(folder, "register.csv", register))
    check(count(node) == before, "named when the register changed")
    node.ok("import", bundle(folder, domain("www.late.example", "green"), domain("www.ours.example", "green")), "--from",
            "CERT Y")
    found = node.ok("finding", "list", "--json").lines
    check([f["value"] for f in found] == ["www.ours.example"], str(found))
    states = {row["value"]: row.get("state_note") for row in node.ok("search", "late.example", "--json").lines
              if row.get("match")}
    check(states["www.late.example"] == 'suppressed by "Names of ours"', str(states))
    check('current, suppressed by "Names of ours"' in node.ok("search", "www.late.example").out, "for people")
    shown = node.ok("finding", "show", "F-1").out
    check("trust" not in shown and "www.ours.example" in shown, shown)


def others_disagree(folder):
    node = house(folder)
    node.ok("source", "add", "feed", "--party", "CERT Y", "--trust", "B2")
    one, two = (domain(name, "green", confidence=65) for name in ("evil.example", "worse.example"))
    node.ok("import", bundle(folder, one, two), "--source", "feed")
    log = write(folder, "log", "192.0.2.7 evil.example\n192.0.2.7 worse.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 2, "the hits")
    check(watch.stop() == 0, "clean end")
    listed = [f["value"] for f in node.ok("finding", "list", "--json").lines]
    worse = next(o for o in (one, two) if listed[0] in o["pattern"])
    said = {"type": "opinion", "spec_version": "2.1", "id": "opinion--6f0b6f4e-3f0c-4a51-9d5e-1d2f3b4c5d6e",
            "created": "2026-05-01T00:00:00.000Z", "modified": "2026-05-01T00:00:00.000Z", "opinion": "disagree",
            "explanation": "a sinkhole", "object_refs": [worse["id"]],
            "object_marking_refs": worse["object_marking_refs"]}
    node.ok("import", bundle(folder, said), "--from", "CERT Z")
    page = node.ok("get", worse["id"]).out
    check("disputed by 1 other" in page and "by CERT Z" in page and "a sinkhole" in page and "B2" in page, page)
    after = node.ok("finding", "list", "--json").lines
    check([f["value"] for f in after] == listed[::-1], f"the more trusted first: {after}")
    check("disputed by 1 other" in after[1]["trust"] and "(B2)" in after[1]["trust"], str(after))
    shown = node.ok("finding", "show", after[1]["finding"]).out
    check("by CERT Z: disagree, a sinkhole" in shown, shown)
    found = [r for r in node.ok("search", listed[0], "--json").lines if r.get("type") == "indicator"]
    check("disputed by 1 other" in found[0]["state_note"] and found[0]["state"] == "current", str(found))
    check(len(node.ok("match", log).out.splitlines()) == 2, "looked for all the same")
    mind = said | {"opinion": "agree", "modified": "2026-06-01T00:00:00.000Z"}
    node.ok("import", bundle(folder, mind), "--from", "CERT Z")
    check("disputed" not in node.ok("get", worse["id"]).out, "changed its mind")
    node.ok("rebuild"), node.ok("verify")


main(folders_are_added, others_disagree, listed_values_name_nobody, held_and_said, one_is_let_through, watch_follows, lifetimes_are_said, false_positives)
