#!/usr/bin/env python3
"""Shadowserver's reports and what names us, as a person sees them; kill -9 in the middle counts nothing twice."""

import json
import os
import random
import signal
import subprocess
import time

from house import Node, check, main, write

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
ROWS = 30000
OURS = "name,sector,networks,domains,contacts\n" \
       "Hospital,health,192.0.2.0/24,hospital.example,a@b.example\nBank,finance,198.51.100.0/24,bank.example,c@d.example\n"


def lines(out):
    return [json.loads(line) for line in out.out.splitlines()]


def report(folder, name, rows):
    text = "".join(f"2026-11-20 {i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02},{ip},{port},64500,XX\n"
                   for i, (ip, port) in enumerate(rows))
    return write(folder, name, "timestamp,ip,port,asn,geo\n" + text)


def findings(node):
    return {f["finding"]: f for f in lines(node.ok("finding", "list", "--json"))}


def from_a_file_to_findings(folder):
    node = Node(folder, "n")
    node.ok("constituency", "import", write(folder, "c.csv", OURS))
    path = report(folder, "2026-11-20-scan_ntp-examplia-asn.csv",
                  [("192.0.2.1", 123), ("192.0.2.2", 123), ("198.51.100.1", 123), ("203.0.113.1", 123)])
    out = node.ok("import", path, "--from", "shadowserver").out
    check("4 events: 3 findings at 2 organisations, 1 row nobody's" in out, out)
    again = lines(node.ok("import", path, "--from", "shadowserver", "--json"))[-1]
    check((again["new"], again["unchanged"]) == (0, 4), again)
    out = node.ok("import", path, "--from", "shadowserver").out
    check("4 events, all known already" in out and "0 findings" not in out, out)
    of = findings(node)
    check(of["F-1"]["finding_kind"] == "reported" and of["F-1"]["addresses"] == 2 and of["F-1"]["count"] == 2, of)
    check(of["F-1"]["classification"] == "vulnerable/ddos-amplifier", of)
    shown = node.ok("finding", "show", "F-1").out
    check("reported by   shadowserver: scan_ntp, vulnerable/ddos-amplifier, ntp-version, 2 addresses, 2 rows" in shown,
          shown)
    check('"ip":"192.0.2.2"' in shown, shown)
    check("every row is what" in node.ok("verify").out, "verify")


def a_map_of_our_own(folder):
    node = Node(folder, "m")
    node.ok("constituency", "import", write(folder, "c.csv", OURS))
    os.makedirs(os.path.join(node.home, "rules"))
    write(os.path.join(node.home, "rules"), "shadowserver.json",
          '{"format":"entente-shadowserver-map","reports":{"scan_ours":{"class":"other/other","severity":"low"}}}')
    path = report(folder, "2026-11-20-scan_ours-x.csv", [("192.0.2.1", 1)])
    node.ok("import", path)
    check(findings(node)["F-1"]["classification"] == "other/other", findings(node))


def named_by_others(folder):
    node = Node(folder, "o")
    feed = write(folder, "feed.csv", "value\nwww.hospital.example\nother.invalid\n198.51.100.7\n")
    node.ok("import", feed, "--from", "feed")
    check(not findings(node), "the register is empty")
    out = node.ok("constituency", "import", write(folder, "c.csv", OURS)).out
    check("names www.hospital.example of Hospital" in out, out)
    check({f["finding_kind"] for f in findings(node).values()} == {"named"} and len(findings(node)) == 2,
          findings(node))
    out = node.ok("import", write(folder, "feed2.csv", "value\nvpn.bank.example\nwww.hospital.example\n"), "--from",
                  "feed").out
    check("names 1 of ours: F-3 vpn.bank.example (Bank)" in out, out)


def killed_in_the_middle(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    rows = [(f"192.0.2.{i % 256}" if i % 3 else "203.0.113.1", 1000 + i) for i in range(ROWS)]
    path = report(folder, "2026-11-20-scan_snmp-examplia-asn.csv", rows)
    partly = 0
    for turn in range(6):
        node = Node(folder, f"k{turn}")
        node.ok("constituency", "import", write(folder, "c.csv", OURS))
        process = subprocess.Popen(node.command("import", path, "--json"), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(rng.uniform(0.3, 4))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        node.ok("rebuild")
        before = sum(f["count"] for f in findings(node).values())
        partly += 0 < before < ROWS
        end = lines(node.ok("import", path, "--json"))[-1]
        check(end["unchanged"] == before and end["new"] == ROWS - before, f"turn {turn}: {before} {end}")
        check(sum(f["count"] for f in findings(node).values()) == ROWS, f"turn {turn}: {findings(node)}")
    print(f"# {partly} of 6 in the middle")


main(from_a_file_to_findings, a_map_of_our_own, named_by_others, killed_in_the_middle)
