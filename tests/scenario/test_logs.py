#!/usr/bin/env python3
"""Structured logs: whose hit it is, when it was and which way it went (docs/EVENTS-IN-LOGS.md)."""

import gzip
import json
import os
import pty
import re
import subprocess

from house import Node, bundle, check, domain, indicator, main, wait_for, write
from watching import Watch, append

REGISTER = ("name,sector,networks,domains,contacts\n"
            "City Hospital,health,192.0.2.0/24;192.0.2.53 resolver,hospital.example,soc@x.example\n"
            "Ministry,government,198.51.100.0/24,ministry.example,\n")
ZEEK = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\tanswers\n")


def asked(client, name, at=1769026501.5):
    return f"{at:.6f}\tC9rXSW3KSpTYvPrlI1\t{client}\t5353\t192.0.2.53\t53\t{name}\t-\n"


def eve(kind, src, dst, **more):
    return json.dumps({"timestamp": "2026-01-21T20:15:01.123456+0100", "event_type": kind, "src_ip": src,
                       "src_port": 40000, "dest_ip": dst, "dest_port": 443, "proto": "TCP", **more}) + "\n"


def house(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    ended = domain("ended.example", valid_from="2025-01-01T00:00:00Z", valid_until="2026-01-21T19:15:01.124Z")
    node.ok("import", bundle(folder, domain("evil.example"), indicator("[ipv4-addr:value = '203.0.113.9']"), ended),
            "--from", "CERT Y")
    return node


def told(hit):
    return hit["organisation"], hit["time"], hit["client"], hit["direction"]


def each_format_tells(folder):
    node = house(folder)
    lines = [
        (eve("tls", "192.0.2.7", "203.0.113.8", tls={"sni": "evil.example"}),
         ("City Hospital", "2026-01-21T19:15:01.123456Z", "192.0.2.7", "outbound")),
        (eve("http", "203.0.113.9", "198.51.100.7", http={"hostname": "x.example", "http_refer": "http://hospital.example/"}),
         ("Ministry", "2026-01-21T19:15:01.123456Z", "203.0.113.9", "inbound")),
        ("21-Jan-2026 20:15:01.123 queries: info: client @0x7f 198.51.100.7#4711 (evil.example): query: evil.example "
         "IN A +E(0)K (192.0.2.53)\n", ("Ministry", "2026-01-21T20:15:01.123Z", "198.51.100.7", "internal")),
        ("1769026501.123    250 192.0.2.7 TCP_MISS/200 99 GET http://evil.example/?u=ministry.example - "
         "HIER_DIRECT/203.0.113.8 text/html\n",
         ("City Hospital", "2026-01-21T20:15:01.123Z", "192.0.2.7", "outbound")),
        ('www.ministry.example:443 203.0.113.9 - - [21/Jan/2026:20:15:01 +0000] "GET / HTTP/2.0" 200 1 "-" "-"\n',
         ("Ministry", "2026-01-21T20:15:01.000Z", "203.0.113.9", "inbound")),
        ("nothing known 192.0.2.7 evil.example\n", ("City Hospital", None, None, None)),
    ]
    log = write(folder, "mixed", "".join(line for line, _ in lines))
    hits = node.ok("match", log, "--json").lines
    check([told(hit) for hit in hits] == [want for _, want in lines], "\n".join(str(told(hit)) for hit in hits))
    check(list(hits[0])[:10] == ["file", "line", "offset", "kind", "value", "indicator", "id", "valid_until", "party",
                                 "organisation"], f"the fixed members come first: {hits[0]}")


def expiry_is_judged_at_the_events_time(folder):
    node = house(folder)
    when = '{"event_type":"dns","src_ip":"192.0.2.7","dns":{"rrname":"ended.example"},"timestamp":"%s"}\n'
    log = write(folder, "log", when % "2026-01-21T20:15:01.123999+0100" + when % "2026-01-21T20:15:01.124000+0100")
    check([hit["line"] for hit in node.ok("match", log, "--json").lines] == [1], "to the microsecond")


def headers_reach_every_line(folder):
    """Many blocks on two threads, gzip, and two logs behind each other."""
    node = house(folder)
    harmless = asked("192.0.2.7", "good.example") * 40000
    second = ("#separator \\x09\n#path\thttp\n#fields\tts\thost\tid.orig_h\tid.resp_h\tnote\n" +
              "1769026502.5\tevil.example\t198.51.100.7\t203.0.113.8\twww.hospital.example\n")
    text = ZEEK + asked("198.51.100.7", "evil.example") + harmless + asked("192.0.2.7", "evil.example") + second
    log = os.path.join(folder, "dns.log.gz")
    with gzip.open(log, "wb", 1) as out:
        out.write(text.encode())
    hits = node.ok("match", log, "--json", "--threads", "2").lines
    want = [("Ministry", 7), ("City Hospital", 40008), ("Ministry", 40012)]
    check([(hit["organisation"], hit["line"]) for hit in hits] == want, str(hits))
    for hit in hits:
        check(text.encode()[hit["offset"]:].split(b"\n")[0] == text.split("\n")[hit["line"] - 1].encode(), str(hit))


def a_watch_finds_the_header_again(folder):
    """Without it, the first address on the line would be asked: another organisation's."""
    node = house(folder)
    head = "#separator \\x09\n#path\tdns\n#fields\tts\tnote\tid.orig_h\tquery\n"
    line = "1769026503.5\t%s\t%s\tevil.example\n"
    log = write(folder, "dns.log", head + "1769026501.5\t-\t192.0.2.7\tgood.example\n" * 3000)
    found = lambda: sorted(f["organisation"] or "" for f in node.ok("finding", "list", "--json").lines)
    watch = Watch(node, log)
    append(log, line % ("192.0.2.7", "198.51.100.7"))
    wait_for(lambda: found() == ["Ministry"], "under the header")
    watch.stop()
    append(log, line % ("198.51.100.7", "192.0.2.7"))
    watch = Watch(node, log)
    wait_for(lambda: found() == ["City Hospital", "Ministry"], "after a restart")
    watch.stop()


def csv_by_its_columns(folder):
    node = house(folder)
    log = write(folder, "flows.csv", "note;Source IP;Dest IP;Time\n"
                "www.hospital.example;198.51.100.7;203.0.113.9;2026-01-21T20:15:01Z\n")
    hit = node.ok("match", log, "--json").lines[0]
    check(told(hit) == ("Ministry", "2026-01-21T20:15:01.000Z", "198.51.100.7", "outbound"), str(hit))



BEACON = ("[domain-name:value = 'stage.example'] FOLLOWEDBY ([network-traffic:dst_ref.value = '203.0.113.66' AND "
          "network-traffic:dst_port = 443] REPEATS 2 TIMES) WITHIN 60 SECONDS")


def conn(client, at, port=443):
    return f"{at:.6f}\tCaaaaaaaaaaaaaaaaa\t{client}\t40000\t203.0.113.66\t{port}\ttcp\tssl\n"


def query(client, second):
    return (f"21-Jan-2026 20:15:{second:02}.000 queries: info: client @0x7f {client}#4711 (stage.example): query: "
            "stage.example IN A +E(0)K (192.0.2.53)\n")


def pattern_house(folder):
    node = house(folder)
    made = {"beacon": indicator(BEACON), "port": indicator("[network-traffic:dst_port = 4444]"),
            "ended": indicator("[domain-name:value = 'stage.example' AND domain-name:value LIKE '%.example'] REPEATS 2 TIMES",
                               valid_from="2025-01-01T00:00:00Z", valid_until="2026-01-21T00:00:00Z")}
    node.ok("import", bundle(folder, *made.values()), "--from", "CERT Y")
    return node, made


def whole_patterns(folder):
    """20:15:00 on that day is 1769026500."""
    node, made = pattern_house(folder)
    lines = [query("198.51.100.7", 1), conn("192.0.2.7", 1769026502.5, 80), "nothing\n", conn("192.0.2.7", 1769026503.5),
             query("198.51.100.7", 4), conn("192.0.2.7", 1769026505.5), conn("192.0.2.7", 1769026506.5)]
    log = write(folder, "log", "".join(lines))
    done = node.ok("match", log, "--json")
    starts = [sum(len(line) for line in lines[:i]) for i in range(len(lines))]
    check(len(done.lines) == 1, done.out)
    hit = done.lines[0]
    check((hit["kind"], hit["id"], hit["line"], hit["offset"], hit["organisation"], hit["party"], hit["indicator"]) ==
          ("pattern", made["beacon"]["id"], 6, starts[5], "Ministry", "CERT Y", BEACON), str(hit))
    check(hit["time"] == "2026-01-21T20:15:05.500Z", str(hit))
    check([(b["line"], b["offset"]) for b in hit["bound"]] == [(n, starts[n - 1]) for n in (1, 4, 6)], str(hit["bound"]))
    check(made["port"]["id"] in done.err and "not looked for" in done.err, done.err)
    parted = write(folder, "late", query("198.51.100.7", 1) + conn("192.0.2.7", 1769026502.5) + conn("192.0.2.7", 1769026600))
    check(node.ok("match", parted, "--json").lines == [], "not within the window")
    both = node.ok("match", write(folder, "a", lines[0] + lines[3]), write(folder, "b", lines[5]), "--json").lines
    check([os.path.basename(b["file"]) for b in both[0]["bound"]] == ["a", "a", "b"], "over files")


def a_watch_makes_findings_of_them(folder):
    """Once each; a window outlives the import of another pattern, and what came by another file's form."""
    node, made = pattern_house(folder)
    log = write(folder, "log", query("198.51.100.7", 1) + conn("192.0.2.7", 1769026502.5))
    found = lambda: [(f["indicator"], f["organisation"], f["count"]) for f in node.ok("finding", "list", "--json").lines]
    watch = Watch(node, log)
    wait_for(lambda: any("following" in line for line in watch.lines), "it reads")
    node.ok("import", bundle(folder, indicator("[domain-name:value = 'x.example'] AND [domain-name:value = 'y.example']")),
            "--from", "CERT Y")
    append(log, conn("192.0.2.7", 1769026503.5))
    wait_for(found, "true as a whole")
    append(log, conn("192.0.2.7", 1769026504.5) + query("198.51.100.7", 9))
    append(log, query("192.0.2.7", 10).replace("stage.", "x.") + query("192.0.2.7", 11).replace("stage.", "y."))
    wait_for(lambda: len(found()) == 2, "and the one that came later")
    check(watch.stop() == 0, "it ends well")
    check((made["beacon"]["id"], "Ministry", 1) in found() and
          sorted(one[1:] for one in found()) == [("City Hospital", 1), ("Ministry", 1)], str(found()))
    shown = node.ok("finding", "show", "F-1").out
    check("FOLLOWEDBY" in shown, shown)


def progress_where_there_is_a_terminal(folder):
    node = house(folder)
    log = write(folder, "log", asked("192.0.2.7", "good.example") * 400000 + asked("192.0.2.7", "evil.example"))
    ours, theirs = pty.openpty()
    said = b""
    with subprocess.Popen(node.command("match", log, "--json"), stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        out = process.stdout.read()
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:  # a terminal's end
            pass
    os.close(ours)
    check(out.count(b"\n") == 1, f"one hit: {out}")
    words = said.decode(errors="replace")
    check(re.search(r"log: \d+ MB \(\d+ %\), \d+ MB/s, \d hits?", words), f"progress: {words!r}")
    check(words.rstrip().endswith("\x1b[K"), f"and it goes away: {words!r}")


main(each_format_tells, expiry_is_judged_at_the_events_time, headers_reach_every_line, a_watch_finds_the_header_again,
     csv_by_its_columns, whole_patterns, a_watch_makes_findings_of_them, progress_where_there_is_a_terminal)
