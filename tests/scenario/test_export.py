#!/usr/bin/env python3
"""Files for one recipient or for everybody: through the gate, recorded, whole or not there, and nothing else in them."""

import csv
import io
import json
import os

from clients import REL_TO, Client, invite, marked, marking
from caller import Caller, api
from house import Node, bundle, check, domain, main


def read(path):
    with open(path, "rb") as file:
        return file.read()


def shows_none_of(where, raw, *objects):
    for o in objects:
        for word in (o["id"].split("--")[1], o["pattern"].split("'")[1], o.get("description", o["id"])):
            check(word.encode() not in raw, f"{where}: {word}")


def who_gets_what(folder):
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    clear, green, amber, red = (domain(f"{t}.example", t, description=f"words about {t}") for t in
                                ("clear", "green", "amber", "red"))
    bare = domain("unmarked.example", description="words about nothing")
    node.ok("import", bundle(folder, clear, green, amber, red, bare), "--from", "self")
    node.fails(64, "export")
    node.fails(64, "export", "--to", "CERT B", "--public")
    node.fails(64, "export", "--public", "--as", "tsv")
    node.fails(64, "export", "--public", "--since", "soon")
    node.fails(65, "export", "--to", "CERT X")
    for form in ("stix", "csv"):
        raw = node.ok("export", "--public", "--as", form).out.encode()
        check(b"clear.example" in raw, f"{form}: {raw!r}")
        shows_none_of(form, raw, green, amber, red, bare)
        raw = node.ok("export", "--to", "CERT B", "--as", form).out.encode()
        check(b"clear.example" in raw and b"green.example" in raw, f"{form}: {raw!r}")
        shows_none_of(form, raw, amber, red, bare)
    made = json.loads(node.ok("export", "--to", "CERT B").out)
    objects = {o["id"]: o for o in made["objects"]}
    check(made["type"] == "bundle" and made["id"].startswith("bundle--"), str(made)[:200])
    check(objects[clear["id"]] == clear and objects[green["id"]] == green, "whole, as they are held")
    again = json.loads(node.ok("export", "--to", "CERT B").out)
    check(again == made, "the same objects are the same bundle")
    rows = list(csv.DictReader(io.StringIO(node.ok("export", "--to", "CERT B", "--as", "csv").out, newline="")))
    check({(r["value"], r["type"], r["tlp"]) for r in rows} ==
          {("clear.example", "domain", "TLP:CLEAR"), ("green.example", "domain", "TLP:GREEN")}, str(rows))


def files_are_whole_or_not_there(folder):
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    out = os.path.join(folder, "out.json")
    done = node.ok("export", "--public", "--type", "indicator", "--out", out)
    check("nothing to export" in done.out and not os.path.exists(out), done.out)
    check(os.listdir(folder).count(".out.json.new") == 0, "nothing is left behind")
    secret = domain("secret.example", "amber")
    node.ok("import", bundle(folder, secret), "--from", "self")
    done = node.ok("export", "--to", "CERT B", "--as", "csv", "--out", out)
    check("nothing to export" in done.out and not os.path.exists(out), "withheld is as if it were not there")
    shows_none_of("words", (done.out + done.err).encode(), secret)
    first = domain("first.example", "clear")
    node.ok("import", bundle(folder, first), "--from", "self")
    done = node.ok("export", "--public", "--type", "indicator", "--out", out, "--json").lines[0]
    check(done == {"format": "stix", "recipient": "the public", "objects": 1, "left_out": 0, "files": 1}, str(done))
    held = read(out)
    node.fails(73, "export", "--public", "--out", folder)
    node.fails(73, "export", "--public", "--out", os.path.join(folder, "none", "x"))
    check(read(out) == held, "what stood there stays")
    node.serve()
    second = domain("second.example", "clear")
    node.ok("import", bundle(folder, second), "--from", "self")
    node.ok("export", "--public", "--type", "indicator", "--out", out)
    check({o["id"] for o in json.loads(read(out))["objects"]} == {first["id"], second["id"]}, "beside a server, too")
    node.stop()


def releases_are_recorded_first(folder):
    node = Node(folder, "CSIRT")
    b = invite(node, "CERT B")
    one = domain("one.example", "clear")
    node.ok("import", bundle(folder, one), "--from", "self")
    before = node.status()["entries"]
    node.ok("export", "--to", "CERT B")
    after = node.status()["entries"]
    check(after == before + 1, f"one entry for all of it: {before} {after}")
    node.ok("export", "--to", "CERT B")
    node.ok("export", "--to", "CERT B", "--as", "csv")
    check(node.status()["entries"] == after, "repeats add none")
    node.ok("export", "--public")
    check(node.status()["entries"] == after + 1, "the public is another recipient")
    node.ok("export", "--to", "account admin")
    check(node.status()["entries"] == after + 1, "our own people reading is no release")
    node.ok("export", "--public", "--as", "csv", "--type", "malware")
    check(node.status()["entries"] == after + 1, "what does not leave is no release")
    node.ok("verify")
    del b


def what_a_form_cannot_say_does_not_go(folder):
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    terms = marking(REL_TO, countries=["LV"])
    named = marked("named.example", "green", terms)
    node.ok("import", bundle(folder, terms, named), "--from", "self")
    node.ok("peer", "set", "CERT B", "--knows", "all", "--country", "LV")
    check("named.example" in node.ok("export", "--to", "CERT B").out, "STIX says it")
    shows_none_of("csv", node.ok("export", "--to", "CERT B", "--as", "csv").out.encode(), named)
    words = node.ok("explain", named["id"], "--to", "CERT B", "--door", "csv").out
    check("no place for the marking REL-TO" in words, words)


def cells_are_not_run(folder):
    node = Node(folder, "CSIRT")
    for n, words in enumerate(('=cmd|" /C calc"!A0', 'two\nlines, "quoted"', "+1", "@x", "plain")):
        node.ok("import", bundle(folder, domain(f"d{n}.example", "clear", description=words)), "--from", "self")
    rows = list(csv.DictReader(io.StringIO(node.ok("export", "--public", "--as", "csv").out, newline="")))
    said = {r["value"]: r["description"] for r in rows}
    check(said == {"d0.example": '\'=cmd|" /C calc"!A0', "d1.example": 'two\nlines, "quoted"', "d2.example": "'+1",
                   "d3.example": "'@x", "d4.example": "plain"}, str(said))
    file = os.path.join(folder, "list.csv")
    node.ok("export", "--public", "--as", "csv", "--out", file)
    other = Node(folder, "Other")
    done = other.ok("import", file, "--from", "CSIRT", "--json").lines[-1]
    check(done["new"] == 5 and done["rejected"] == 0, str(done))


def who_exports_sees_it_too(folder):
    """What comes into a releaser's hands by an export for somebody else is what the releaser may have as a file."""
    node = Node(folder, "CSIRT")
    invite(node, "CERT B")
    node.ok("account", "add", "rhea", "--role", "releaser")
    node.ok("account", "add", "ada", "--role", "administrator")
    clear, red = domain("open.example", "clear"), domain("secret.example", "red")
    link = {"type": "relationship", "spec_version": "2.1", "id": "relationship--0000006b-0000-4000-8000-00000000006b",
            "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z",
            "relationship_type": "related-to", "source_ref": red["id"], "target_ref": clear["id"],
            "object_marking_refs": clear["object_marking_refs"]}
    report = {"type": "report", "spec_version": "2.1", "id": "report--0000006b-0000-4000-8000-00000000006b",
              "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z", "name": "both",
              "published": "2026-01-02T03:04:05.000Z", "object_refs": [red["id"], clear["id"]],
              "object_marking_refs": clear["object_marking_refs"]}
    node.ok("import", bundle(folder, clear, red, link, report), "--from", "self")
    node.ok("share", "name", red["id"], "--to", "CERT B", "--reason", "they handle it")
    ids = {o["id"] for o in json.loads(node.ok("export", "--to", "CERT B").out)["objects"]}
    check({clear["id"], red["id"], link["id"], report["id"]} <= ids, f"on this machine, as its administrator: {ids}")
    tokens = {name: node.token(name) for name in ("rhea", "ada")}
    node.serve()

    def export(name, **words):
        status, _, said = Caller(node, tokens[name])("POST", api("/export"), {"to": "CERT B", **words})
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()
    for name in ("rhea", "ada"):
        for form in ("stix", "csv", "misp"):
            status, raw = export(name, **{"as": form})
            check(status == 200 and b"open.example" in raw, f"{name} {form}: {status} {raw!r}")
            shows_none_of(f"{name} {form}", raw, red)
        check(b"relationship" not in export(name)[1] and report["id"].encode() not in export(name)[1],
              "nor what speaks of it")
    node.ok("share", "name", red["id"], "--to", "account rhea", "--reason", "she handles it")
    check(ids <= {o["id"] for o in json.loads(export("rhea")[1])["objects"]}, "named: all of it")
    shows_none_of("ada", export("ada")[1], red)
    check(node.get("api/collections/intelligence/objects/?limit=1", node.token("rhea"))[0] == 200, "serves")
    node.stop()


main(who_exports_sees_it_too, who_gets_what, files_are_whole_or_not_there, releases_are_recorded_first, what_a_form_cannot_say_does_not_go,
     cells_are_not_run)
