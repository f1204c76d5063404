#!/usr/bin/env python3
"""match --observed: whole patterns over observed data, as a person or a script asks for it."""

import json
import os

from house import Node, bundle, check, indicator, main, write

AT = "2026-05-01T10:00:0{}Z"


def observed(number, second, *refs, count=1):
    return {"type": "observed-data", "spec_version": "2.1", "id": f"observed-data--{number:08d}-0000-4000-8000-000000000000",
            "created": AT.format(0), "modified": AT.format(0), "number_observed": count,
            "first_observed": AT.format(second), "last_observed": AT.format(second), "object_refs": list(refs)}


ADDRESS = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--1", "value": "203.0.113.5"}
DOMAIN = {"type": "domain-name", "spec_version": "2.1", "id": "domain-name--1", "value": "evil.example"}
SEEN = {"type": "bundle", "id": "bundle--1",
        "objects": [observed(1, 1, "ipv4-addr--1"), observed(2, 3, "domain-name--1", count=2), ADDRESS, DOMAIN]}
FIRST = SEEN["objects"][0]["id"]
SECOND = SEEN["objects"][1]["id"]
ONE = "[ipv4-addr:value = '203.0.113.5']"
BOTH = "([ipv4-addr:value ISSUBSET '203.0.113.0/24'] FOLLOWEDBY [domain-name:value LIKE 'evil.%'] REPEATS 2 TIMES) WITHIN 5 SECONDS"


def file_of(folder, name, document):
    return write(folder, name, json.dumps(document))


def without_a_home(folder):
    node = Node(folder, "none", init=False)
    seen = file_of(folder, "seen.json", SEEN)
    lines = node.ok("match", "--observed", seen, "--pattern", BOTH, "--json").lines
    check(lines == [{"pattern": BOTH, "id": None, "observations": [FIRST, SECOND], "first": "2026-05-01T10:00:01.000Z",
                     "last": "2026-05-01T10:00:03.000Z", "party": None}], lines)
    check(node.ok("match", "--observed", seen, "--pattern", "[url:value = 'x']", "--json").lines == [], "a match")
    check("No pattern" in node.ok("match", "--observed", seen, "--pattern", "[url:value = 'x']").out, "no word of it")
    people = node.ok("match", "--observed", seen, "--pattern", ONE).out
    check(ONE in people and FIRST in people and SECOND not in people, people)
    again = node.ok("match", "--observed", "-", "--pattern", ONE, "--json", stdin=json.dumps(SEEN["objects"]))
    check(again.lines[0]["observations"] == [FIRST], again.out)


def patterns_from_files(folder):
    node = Node(folder, "none", init=False)
    seen = file_of(folder, "seen.json", SEEN)
    patterns = write(folder, "patterns", f"# two\n{ONE}\n\n  [domain-name:value = 'other.example']\n{BOTH}\n")
    lines = node.ok("match", "--observed", seen, patterns, "--json").lines
    check([line["pattern"] for line in lines] == [ONE, BOTH], lines)
    bad = write(folder, "bad", f"{ONE}\n[a:b = 1] WITHIN 5 MINUTES\n")
    done = node.fails(65, "match", "--observed", seen, bad, "--json")
    check(len(done.lines) == 1, "the good one does not count")
    check(f"{bad}:2: " in done.err and "column 20" in done.err and "SECONDS" in done.err and "9.5.1" in done.err, done.err)
    node.fails(65, "match", "--observed", seen, os.path.join(folder, "not-there"))


def indicators_of_the_home(folder):
    node = Node(folder, "CSIRT")
    seen = file_of(folder, "seen.json", SEEN)
    good = indicator(BOTH, "green")
    expired = indicator(ONE, "green", valid_from="2020-01-01T00:00:00Z", valid_until="2021-01-01T00:00:00Z")
    revoked = indicator(ONE, "green", revoked=True)
    other = indicator("alert tcp any any -> any any", "green", pattern_type="suricata")
    node.ok("import", bundle(folder, good, expired, revoked, other))
    node.ok("import", bundle(folder, indicator(ONE, "red")), "--from", "CERT Y")  # kept in quarantine
    lines = node.ok("match", "--observed", seen, "--json").lines
    check([line["id"] for line in lines] == [good["id"]], lines)
    check(lines[0]["pattern"] == BOTH and lines[0]["observations"] == [FIRST, SECOND], lines)
    node.fails(64, "match", "--pattern", ONE)
    node.fails(65, "match", "--observed", os.path.join(folder, "not-there"))
    check(Node(folder, "none", init=False).run("match", "--observed", seen).code != 0, "patterns out of nowhere")


def bad_data_is_told(folder):
    node = Node(folder, "none", init=False)
    for name, content, word in (("cut.json", '{"type": "bundle", "objects": [', "JSON"), ("empty", "", "JSON"),
                                ("number", "7", "bundle"), ("log", "1.2.3.4 - - GET /\n", "JSON")):
        done = node.fails(65, "match", "--observed", write(folder, name, content), "--pattern", ONE)
        check(name in done.err and word in done.err and done.err.count("\n") == 1, done.err)
    broken = {**observed(3, 1, "ipv4-addr--1"), "number_observed": 0}
    done = node.fails(65, "match", "--observed", file_of(folder, "broken.json", [broken, *SEEN["objects"]]), "--pattern",
                      ONE, "--json")
    check(len(done.lines) == 1 and broken["id"] in done.err and "4.14.1" in done.err, done.err)
    long = {**DOMAIN, "value": "a" * 5000 + "!"}
    hostile = file_of(folder, "hostile.json", [observed(1, 1, "domain-name--1"), long])
    done = node.fails(65, "match", "--observed", hostile, "--pattern", "[domain-name:value MATCHES '^(a+)+$']")
    check("too expensive" in done.err and "PATTERN_REGEX_STEPS_MAX" in done.err, done.err)
    done = node.fails(65, "match", "--observed", hostile, "--pattern", "[domain-name:value MATCHES '(']")
    check("PCRE" in done.err and "9.6.1" in done.err, done.err)


main(without_a_home, patterns_from_files, indicators_of_the_home, bad_data_is_told)
