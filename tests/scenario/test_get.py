#!/usr/bin/env python3
"""`get` for a person: every type in words, wide and narrow, against what is written in tests/data/get; what a person
may type for an object; translations; what an account may not see; who was given it; what refers to it.
GOLDEN=1 in the environment writes the expected pages anew: read them before you keep them."""

import json
import os
import re

from house import TLP2, Node, bundle, check, connect, domain, indicator, main, wait_for, write

SOURCE = os.environ.get("ENTENTE_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
os.environ["COLUMNS"] = "300"
SAMPLES = os.path.join(SOURCE, "tests", "data", "get")


def objects():
    with open(os.path.join(SAMPLES, "bundle.json"), encoding="utf-8") as f:
        return json.load(f)["objects"]


def still(text):
    """Moments of this run, as wide as they are."""
    return re.sub(r"20\d\d-\d\d-\d\d(\s+)\d\d:\d\d:\d\dZ", r"YYYY-MM-DD\g<1>hh:mm:ssZ", text)


def sampled(folder):
    node = Node(folder, "Team Nord")
    node.ok("import", os.path.join(SAMPLES, "bundle.json"), "--from", "Muster")
    return node


def every_type(folder):
    node = sampled(folder)
    for name, width in (("wide", 100), ("narrow", 46)):
        pages = "".join(f"{still(node.ok('get', one['id'], env={**os.environ, 'COLUMNS': str(width)}).out)}\n"
                        for one in objects())
        for line in pages.split("\n"):
            # only what stands at the left edge by itself, an identifier, may be wider than asked for
            check(re.fullmatch(r"[a-z0-9-]+--[0-9a-f-]{36}", line) or sum(0 if 0x300 <= ord(c) < 0x370 else 2 if ord(c) > 0x2e80 else 1 for c in line) <= width,
                  f"wider than {width}: {line}")
            check(line == line.rstrip(), f"blanks at the end: {line!r}")
        file = os.path.join(SAMPLES, name + ".txt")
        if os.environ.get("GOLDEN"):
            write(SAMPLES, name + ".txt", pages)
        expected = open(file, encoding="utf-8").read()
        if pages != expected:
            pairs = zip(pages.split("\n"), expected.split("\n"))
            at, (got, wanted) = next(((i, p) for i, p in enumerate(pairs, 1) if p[0] != p[1]), (0, ("", "more")))
            check(False, f"{name}.txt line {at}: got {got!r}, expected {wanted!r}")


def what_is_typed(folder):
    node = sampled(folder)
    malware = next(o["id"] for o in objects() if o["type"] == "malware")
    wanted = node.ok("get", malware).out
    for typed in (malware[len("malware--"):], "00000010", "malware--00000010", "malware--00000010-0000", "Häherfall"):
        check(node.ok("get", typed).out == wanted, f"{typed} is that object")
    entry = re.search(r"log entry (\d+)", wanted)[1]
    check(node.ok("get", f"#{entry}").out.startswith("Häherfall (malware)\n"), "by its entry")
    more = write(folder, "more.json", json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000009",
                 "objects": [{**objects()[2], "id": "malware--00000010-0000-4000-8000-00000000ffff"}]}))
    node.ok("import", more)
    for typed in ("00000010", "Häherfall"):
        done = node.fails(65, "get", typed)
        check("several" in done.err and malware in done.err and "00000000ffff" in done.err, f"which ones: {done.err}")
    for typed, code, words in (("0000001", 65, "first 8 digits"), ("malware--123", 64, "at least 8 digits"),
                               ("F-77", 65, "no finding F-77"), ("#99999", 65, "no entry 99999"),
                               ("#0", 65, "no object's"), ("ffffffff", 65, "nothing here has that name"),
                               ("no such name", 65, "exact name"), ("indicator--" + "f" * 8 + "-" + "f" * 4 +
                                                                    "-4fff-8fff-" + "f" * 12, 65, "not here")):
        done = node.fails(code, "get", typed)
        check(words in done.err, f"{typed}: {done.err}")


def erased(folder):
    node = sampled(folder)
    entry = re.search(r"log entry (\d+)", node.ok("get", "00000012").out)[1]
    node.ok("erase", "tool--00000012-0000-4000-8000-000000000012", "--reason", "asked for")
    done = node.fails(65, "get", f"#{entry}")
    check(f"entry {entry} (" in done.err and "was erased" in done.err, done.err)
    done = node.fails(65, "get", "tool--00000012-0000-4000-8000-000000000012")
    check("erased objects leave no trace" in done.err, done.err)
    page = node.ok("get", "00000021").out
    check("tool--00000012-0000-4000-8000-000000000012 (not here)" in page and "curl" not in page, page)
    # what referred to it is still found, what it referred to lost one
    check("relationship--00000021" in node.ok("get", "malware--00000010").out, "the reference is still there")
    node.ok("erase", "relationship--00000021-0000-4000-8000-000000000021", "--reason", "asked for")
    check("relationship--00000021" not in node.ok("get", "malware--00000010").out, "the reference went with it")


def languages(folder):
    node = sampled(folder)
    malware = "malware--00000010"
    for lang, words, shown in (("de", "Kommt per Mail", "de"), ("DE", "Kommt per Mail", "de"), ("ja", "メールで届き", "ja")):
        page = node.ok("get", malware, "--lang", lang).out
        check(words in page and re.search(rf"shown in +{shown}\n", page) and "Comes by mail" not in page, page)
    page = node.ok("get", malware, "--lang", "fr").out
    check("Comes by mail" in page and "translation into fr" in page, page)


def not_for_everybody(folder):
    node = sampled(folder)
    red = "indicator--0000005b-0000-4000-8000-00000000005b"
    node.ok("account", "add", "duty", "--role", "analyst")
    check("red.invalid" in node.ok("get", red).out, "an administrator reads it")
    for more in ([], ["--all"], ["--version", "2026-01-02T03:04:05.000Z"]):
        done = node.run("get", red, "--as", "duty", *more)
        check(done.code == 77 and "red.invalid" not in done.out + done.err and "reader" not in done.out, done.out)
        check("may not" in done.out and "TLP:RED" in done.out, f"no sentence: {done.out}")
    done = node.run("get", red, "--as", "duty", "--json")
    check(done.code == 77 and not done.out and "may not see it" in done.err, done.out + done.err)
    check(node.run("get", red, "--as", "duty", "--proof").code == 77, "nor its proof")
    node.fails(65, "get", red, "--as", "nobody")
    # neither by what refers to it, nor by what it refers to
    link = {"type": "relationship", "spec_version": "2.1", "id": "relationship--0000006b-0000-4000-8000-00000000006b",
            "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z",
            "relationship_type": "related-to", "source_ref": red,
            "target_ref": "malware--00000010-0000-4000-8000-000000000010",
            "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}
    node.ok("import", write(folder, "link.json", json.dumps(link)))
    page = node.ok("get", link["id"], "--as", "duty").out
    check(f"{red} (here, not for this account)" in page and "one reader" not in page, page)
    # named for it, until that is taken back or over
    ours = indicator("[domain-name:value = 'named.invalid']", tlp="red")
    node.ok("import", write(folder, "ours.json", json.dumps(ours)), "--from", "self")
    check(node.run("get", ours["id"], "--as", "duty").code == 77, "not named yet")
    node.ok("share", "name", ours["id"], "--to", "account duty", "--reason", "she handles it")
    check("named.invalid" in node.ok("get", ours["id"], "--as", "duty").out, "named")
    # far ahead: quarantined
    later = indicator("[domain-name:value = 'later.invalid']", modified="2999-01-01T00:00:00.000Z")
    node.ok("import", write(folder, "later.json", json.dumps(later)))
    check("quarantine" in node.ok("get", later["id"]).out, "its standing")
    done = node.run("get", later["id"], "--as", "duty")
    check(done.code == 77 and "later.invalid" not in done.out + done.err and "quarantine" in done.out, done.out)


def portions_are_cut(folder):
    """What is marked apart from the rest is seen by whom its marking lets see it: on the page and in --json."""
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "bob", "--role", "analyst")
    marked = dict(domain("part.example", "green"), description="the secret part", granular_markings=[
        {"marking_ref": "marking-definition--" + TLP2["red"], "selectors": ["description"]}])
    node.ok("import", "--from", "self", bundle(folder, marked))
    for words in ([], ["--json"]):
        check("the secret part" in node.ok("get", marked["id"], *words).out, "a releaser sees it")
        seen = node.ok("get", marked["id"], "--as", "bob", *words).out
        check("part.example" in seen and "the secret part" not in seen, seen)


def history(folder):
    node = Node(folder, "Team Nord")
    one = indicator("[domain-name:value = 'old.invalid']", name="first words")
    two = {**one, "name": "second words", "modified": "2026-02-01T00:00:00.000Z"}
    claim = {**one, "name": "somebody's words", "modified": "2026-03-01T00:00:00.000Z"}
    for party, what in (("Muster", one), ("Muster", two), ("Other", claim)):
        node.ok("import", write(folder, "x.json", json.dumps(what)), "--from", party)
    page = node.ok("get", one["id"]).out
    check(page.startswith("second words (indicator)") and "first words" not in page, page)
    check(page.count("from Muster, taken in") == 2 and "a claim: not from where" in page, page)
    check(node.ok("get", one["id"], "--version", one["modified"]).out.startswith("first words"), "by its time")
    every = node.ok("get", one["id"], "--all").out
    check(every.count("\n----\n") == 2 and "somebody's words" in every and "first words" in every, every)
    check(every.count("Versions and claims") == 1, "once for all of them")
    done = node.fails(65, "get", one["id"], "--version", "2020-01-01T00:00:00Z")
    check("--all shows" in done.err, done.err)


def hostile(folder):
    node = Node(folder, "Team Nord")
    bad = indicator("[domain-name:value = 'x.invalid']", name="a\x1b[2J\nMarking\n  TLP:CLEAR: anyone \u202e",
                    description="first\nWho and when\n  said by  us\x07")
    node.ok("import", write(folder, "bad.json", json.dumps(bad)))
    page = node.ok("get", bad["id"]).out
    check(not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", page), f"not cleaned: {page!r}")
    lines = page.split("\n")
    check(lines.count("Marking") == 1 and lines.count("Who and when") == 1, page)


def given_and_found(folder):
    ours, theirs = Node(folder, "Team Nord"), Node(folder, "Team Sued", "XF")
    ours.serve()
    connect(theirs, ours)
    made = indicator("[domain-name:value = 'shared.invalid']", name="Shared",
                     object_marking_refs=["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"])
    ours.ok("import", write(folder, "shared.json", json.dumps(made)), "--from", "self")
    theirs.serve()
    wait_for(lambda: theirs.run("get", made["id"]).code == 0, "it crosses")
    page = ours.ok("get", made["id"]).out
    check(re.search(r"Given to\n +Team Sued, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ, whole, version", page), page)
    check(re.search(r"had from +us\n", page), page)
    check("Given to" not in theirs.ok("get", made["id"]).out, "they gave it to nobody")
    ours.ok("watch", "-", stdin="2026-11-22T00:00:00Z query shared.invalid\n")
    page = ours.ok("get", made["id"]).out
    check(re.search(r"F-1 +at nobody of ours, 1 line, last at .*, open\n", page), page)
    page = ours.ok("get", "F-1").out
    check("(finding)" in page and "shared.invalid" in page and "Shared (indicator)" in page, page)


main(every_type, what_is_typed, erased, languages, not_for_everybody, portions_are_cut, history, hostile, given_and_found)
