#!/usr/bin/env python3
"""Whole patterns over events in logs: with the index and without, from a copy of it, after changes; whose hit it is."""

import json
import os
import shutil
import subprocess

from house import bundle, check, indicator, main, write
from watching import house

START = 1769000000
TWO = "[domain-name:value = 'one.example'] FOLLOWEDBY [domain-name:value = 'two.example'] WITHIN 60 SECONDS"
BOTH = "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]"
PORT = "[network-traffic:dst_port = 4444]"


def visit(second, name, client="192.0.2.7", address="198.51.100.1"):
    """A proxy's line."""
    return f"{START + second}.000 250 {client} TCP_MISS/200 1 CONNECT {name}:443 - HIER_DIRECT/{address} -\n"


def connection(second, address, client="192.0.2.7", port=443):
    """Zeek's line, without a header."""
    return f"{START + second}.000000\tCaaaaaaaaaaaaaaaaa\t{client}\t1024\t{address}\t{port}\ttcp\tssl\n"


def told(done):
    """Of whole patterns: the pattern, the lines bound, by file."""
    return [(hit["indicator"], [(os.path.basename(b["file"]), b["line"]) for b in hit["bound"]])
            for hit in done.lines if hit["kind"] == "pattern"]


def nowhere(folder, node, *words):
    return subprocess.run([node.command()[0], "--home", os.path.join(folder, "nowhere"), *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)


def with_the_index_as_without(folder):
    node = house(folder, "evil.example")
    two, both = indicator(TWO), indicator(BOTH, valid_until="2026-12-01T00:00:00Z")
    node.ok("import", bundle(folder, two, both, indicator(PORT)), "--from", "CERT Y")
    log = write(folder, "log", visit(0, "two.example") + visit(1, "one.example") + connection(2, "203.0.113.9")
                + visit(3, "two.example", "10.1.2.3") + visit(400, "two.example"))
    bare = node.ok("match", log, "--json")
    want = [(BOTH, [("log", 3)]), (TWO, [("log", 2), ("log", 4)])]
    check(told(bare) == want, f"{told(bare)}")
    first, second = bare.lines
    check((first["client"], first["direction"], first["organisation"]) == ("192.0.2.7", "outbound", "City Hospital"), str(first))
    check(first["id"] == both["id"] and first["party"] == "CERT Y" and first["valid_until"] == "2026-12-01T00:00:00.000Z", str(first))
    check((second["client"], second["line"]) == ("192.0.2.7", 4), f"whose it is says who asked: {second}")
    check("1 pattern is not looked for" in bare.err, bare.err)
    node.ok("index")
    indexed = node.ok("match", log, "--json")
    check(indexed.lines == bare.lines and indexed.err == bare.err, f"{indexed.out}{indexed.err}")
    copy = os.path.join(folder, "copy")
    shutil.copy(os.path.join(node.home, "index", "base"), copy)
    alone = nowhere(folder, node, "match", "--index", copy, log, "--json")
    ours = ("organisation", "client", "direction")
    plain = [{k: v for k, v in hit.items() if k not in ours} for hit in bare.lines]
    lines = [json.loads(line) for line in alone.stdout.split("\n") if line]
    check([{k: v for k, v in hit.items() if k not in ours} for hit in lines] == plain, alone.stdout)
    check([hit["organisation"] for hit in lines] == [None, None], "there is no register")
    check("1 pattern is not looked for" in alone.stderr, alone.stderr)


def changes_since_the_index(folder):
    node = house(folder, "evil.example")
    two, both = indicator(TWO), indicator(BOTH)
    node.ok("import", bundle(folder, two, both), "--from", "CERT Y")
    node.ok("index")
    log = write(folder, "log", visit(0, "one.example") + connection(0, "203.0.113.9") + visit(1, "two.example") + visit(2, "three.example"))
    three = "[domain-name:value = 'one.example'] AND [domain-name:value = 'three.example']"
    check(told(node.ok("match", log, "--json")) == [(BOTH, [("log", 2)]), (TWO, [("log", 1), ("log", 3)])], "at first")
    later = {"modified": "2026-06-01T00:00:00.000Z"}
    node.ok("import", bundle(folder, {**two, **later, "pattern": three}, {**both, **later, "revoked": True}), "--from", "CERT Y")
    check(told(node.ok("match", log, "--json")) == [(three, [("log", 1), ("log", 4)])], "what was replaced, and what was revoked")
    node.ok("import", bundle(folder, {**two, "modified": "2026-07-01T00:00:00.000Z", "pattern": "[domain-name:value = 'two.example']"}),
            "--from", "CERT Y")
    done = node.ok("match", log, "--json")
    check([(h["kind"], h["line"]) for h in done.lines] == [("domain", 3)], f"one value is enough now: {done.out}")
    node.ok("index")
    check(node.ok("match", log, "--json").lines == done.lines, "with an index made anew")


def suppressed_ones_are_said(folder):
    node = house(folder, "evil.example")
    node.ok("import", bundle(folder, indicator(TWO), indicator("[domain-name:value = 'one.example'] AND [domain-name:value = 'co.uk']"),
                             indicator("[domain-name:value = 'co.uk'] REPEATS 2 TIMES")), "--from", "CERT Y")
    log = write(folder, "log", visit(0, "one.example") + visit(1, "two.example") + visit(2, "a.co.uk") + visit(3, "co.uk"))
    list_of = {"name": "Names of ours", "version": 7, "description": "d", "type": "hostname",
               "matching_attributes": ["domain"], "list": ["one.example", "two.example"]}
    said = node.ok("match", log, "--json")
    check(len(told(said)) == 2 and "whole patterns held and not looked for: 1 suppressed: 1 public suffix" in said.err, said.err)
    node.run("warninglist", "add", write(folder, "list.json", json.dumps(list_of)))
    for _ in "before", "after":
        said = node.ok("match", log, "--json")
        check(told(said) == [] and "3 suppressed" in said.err and '2 by "Names of ours"' in said.err
              and "1 public suffix" in said.err, said.out + said.err)
        node.ok("index")
    node.ok("warninglist", "disable", "Names of ours")
    check(len(told(node.ok("match", log, "--json"))) == 2, "the index of before must not count")


main(with_the_index_as_without, changes_since_the_index, suppressed_ones_are_said)
