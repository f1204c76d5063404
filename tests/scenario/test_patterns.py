#!/usr/bin/env python3
"""Whole patterns over events in logs: with the index and without, from a copy of it, after changes; whose hit it is."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

from house import bundle, check, indicator, main, wait_for, write
from watching import Watch, append, house

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


def filler(folder, name, before, middle, after):
    """Logs of several blocks in the archive, with an event at each end and some in the middle."""
    dull = "".join(f"2026-01-21T12:00:00Z 10.0.{n % 256}.{n // 256 % 256} asked name{n}.dull.example\n" for n in range(9000))
    return write(folder, name, before + dull + middle + 3 * dull + after)


def canonical(lines):
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


def hunted_as_matched(folder):
    node = house(folder, "evil.example")
    some = [indicator(TWO), indicator(BOTH), indicator(PORT), indicator("[domain-name:value = 'far.example'] REPEATS 3 TIMES WITHIN 900 SECONDS"),
            indicator("([url:value = 'http://one.example/a'] OR [file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']) AND [ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
            indicator("[domain-name:value = 'one.example'] AND [domain-name:value = 'never.example']")]
    node.ok("import", bundle(folder, *some), "--from", "CERT Y")
    one = filler(folder, "one", visit(0, "a.far.example") + visit(1, "one.example"), visit(20, "two.example") + visit(21, "evil.example"),
                 visit(600, "far.example") + connection(601, "203.0.113.9"))
    two = filler(folder, "two", visit(700, "far.example"), visit(710, "one.example"),
                 f"{START + 720}.000 250 192.0.2.9 TCP_MISS/200 1 GET http://one.example/a - HIER_DIRECT/203.0.113.7 text/html\n" + visit(2000, "two.example"))
    node.ok("archive", "add", one, two)
    want = node.ok("match", one, two, "--json").lines
    check(len(told(node.ok("match", one, two, "--json"))) == 4, f"{want}")
    done = node.ok("hunt", "--json")
    check(canonical(done.lines) == canonical(want), f"{done.out}")
    check("5 whole patterns" in done.err and "1 pattern is not looked for" in done.err, done.err)
    read, blocks = (int(word) for word in done.err.split(" blocks read")[0].split("patterns, ")[1].split(" of "))
    check(read < blocks, f"every block was read: {done.err}")
    check(canonical(node.ok("hunt", "--new-since", "2020-01-01", "--json").lines) == canonical(want), "as news")
    check(node.ok("hunt", "--new-since", "2099-01-01", "--json").lines == [], "no news")
    check(told(node.ok("hunt", "--until", "2026-01-21T12:53:30Z", "--json")) == [], "FOLLOWEDBY is true later on only")
    early = told(node.ok("hunt", "--until", "2026-01-21T12:53:45Z", "--json"))
    check(early == [(TWO, [("one", 2), ("one", 9003)])], f"{early}")
    check(told(node.ok("hunt", "one.example", "--json")) == [], "values that somebody asks for are no patterns")


def findings(node):
    return {f["value"]: (f["count"], f["organisation"]) for f in node.ok("finding", "list", "--json").lines}


def hunted_by_itself(folder):
    node = house(folder, "evil.example")
    node.ok("archive", "add", write(folder, "log", visit(0, "one.example") + visit(1, "two.example") + visit(5, "one.example")),
            write(folder, "next", visit(6, "two.example")))
    node.serve()
    time.sleep(1)
    two = indicator(TWO)
    node.ok("import", bundle(folder, two), "--from", "CERT Y")
    wait_for(lambda: findings(node).get(TWO, (0, 0))[0] == 2, "the pattern in the archive")
    check(findings(node) == {TWO: (2, "City Hospital")}, str(findings(node)))
    node.ok("import", bundle(folder, {**two, "modified": "2026-06-01T00:00:00.000Z", "confidence": 50}), "--from", "CERT Y")
    time.sleep(2)
    check(findings(node) == {TWO: (2, "City Hospital")}, f"the same pattern is no news: {findings(node)}")
    node.stop()


def watched(node, log, *more):
    """A watch that has read all that is there."""
    watch = Watch(node, log, *more)
    wait_for(lambda: any("following" in line for line in watch.lines), "the watch to have read everything")
    return watch


def watch_looks_back(folder):
    node = house(folder, "evil.example")
    log = write(folder, "log", visit(0, "one.example") + visit(10, "two.example") + visit(20, "one.example"))
    watch = watched(node, log)
    two = indicator(TWO)
    node.ok("import", bundle(folder, two, indicator("[domain-name:value = 'one.example'] AND [domain-name:value = 'three.example']")),
            "--from", "CERT Y")
    wait_for(lambda: findings(node).get(TWO) == (1, "City Hospital"), "what the file holds already")
    append(log, visit(30, "two.example") + visit(31, "three.example"))
    wait_for(lambda: len(findings(node)) == 2, "what began before the pattern came")
    node.ok("import", bundle(folder, {**two, "modified": "2026-06-01T00:00:00.000Z", "confidence": 50}), "--from", "CERT Y")
    time.sleep(1)
    append(log, visit(40, "three.example"))
    time.sleep(1)
    watch.stop()
    check(sorted(count for count, _ in findings(node).values()) == [2, 2], f"the same pattern is no news: {findings(node)}")


def windows_outlive_the_watch(folder):
    node = house(folder, "evil.example")
    node.ok("import", bundle(folder, indicator(TWO), indicator("[domain-name:value = 'far.example'] REPEATS 3 TIMES")), "--from", "CERT Y")
    log, second = write(folder, "log", visit(0, "one.example") + visit(1, "far.example")), write(folder, "second", visit(2, "far.example"))
    watched(node, log, second).stop()
    os.rename(log, log + ".1")  # what is read of it is in the state alone
    write(folder, "log", visit(5, "two.example"))
    watch = watched(node, log, second)
    wait_for(lambda: findings(node) == {TWO: (1, "City Hospital")}, "what was half true at the end")
    watch.stop(signal.SIGKILL)
    append(second, visit(9, "far.example"))
    watch = watched(node, log, second)
    wait_for(lambda: len(findings(node)) == 2, "of two files")
    append(log, visit(10, "two.example") + visit(11, "far.example") + visit(12, "far.example"))
    time.sleep(1)
    watch.stop()
    check(sorted(count for count, _ in findings(node).values()) == [1, 1], f"what made it true counts no more: {findings(node)}")


def nothing_is_lost_or_twice_when_killed(folder):
    node = house(folder, "evil.example")
    node.ok("import", bundle(folder, indicator(TWO), indicator("[domain-name:value = 'far.example'] REPEATS 2 TIMES")), "--from", "CERT Y")
    log, pairs = write(folder, "log", ""), 12
    for n in range(pairs):
        half = visit(100 * n, "one.example") + visit(100 * n, "far.example")
        append(log, half)
        watch = Watch(node, log) if n % 3 == 0 else watch
        time.sleep(random.random() * 0.2)
        if n % 3 == 0:
            watch.stop(random.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
            watch = Watch(node, log)
        append(log, visit(100 * n + 5, "two.example"))
        time.sleep(random.random() * 0.2)
        if n % 3 == 2:
            watch.stop(random.choice((signal.SIGKILL, signal.SIGTERM)))
    watch = watched(node, log)
    watch.stop()
    counts = {value: count for value, (count, _) in findings(node).items()}
    check(sorted(counts.values()) == [pairs // 2, pairs], f"{counts}")
    node.ok("verify")


main(with_the_index_as_without, changes_since_the_index, suppressed_ones_are_said, hunted_as_matched, hunted_by_itself,
     watch_looks_back, windows_outlive_the_watch, nothing_is_lost_or_twice_when_killed)
