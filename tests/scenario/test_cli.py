#!/usr/bin/env python3
"""The command line as a contract: what a person or a script types, and what must come back."""

import os

from house import Node, bundle, check, domain, indicator, main, write

REGISTER = """name,sector,networks,domains,contacts
City Hospital,health,192.0.2.0/24;2001:db8:1::/48;192.0.2.53 resolver,hospital.example,soc@hospital.example
Grid,energy,198.51.100.0/24;198.51.100.7 proxy,grid.example,noc@grid.example
Carrier,telecom,203.0.113.0/24;203.0.113.9 nat;0.0.0.0/1,carrier.example,abuse@carrier.example
"""


def help_is_there(folder):
    node = Node(folder, "CSIRT", init=False)
    top = node.ok("--help").out
    for word in ("import", "match", "serve", "demo"):
        check(word in top, f"--help does not name {word}")
    for words in (["import"], ["peer"], ["peer", "invite"], ["account", "add"]):
        check("usage: entente" in node.ok(*words, "--help").out, f"{words}: no usage")
    formats = node.ok("import", "--help").out.partition("FORMAT is one of ")[2]
    for word in ("stix", "misp-feed", "shadowserver", "csv", "mail"):
        check(word in formats, f"import --help does not name the format {word}: {formats}")
    check("shadowserver" in Node(folder, "named").fails(64, "import", "--as", "nonsense", __file__).err, "formats are not named")
    check(node.run().code == 64, "no command is wrong usage")
    node.fails(64, "frobnicate")
    node.fails(64, "import")
    node.fails(64, "import", "--nonsense", "x")
    Node(folder, "made").fails(64, "match", "--threads", "many")


def init_once(folder):
    node = Node(folder, "CSIRT")
    check(os.stat(node.home).st_mode & 0o077 == 0, "others can look into the home")
    node.fails(64, "init", "--name", "Again", "--country", "XE")
    Node(folder, "b", init=False).fails(64, "init", "--name", "B", "--country", "Examplia")
    Node(folder, "c", init=False).fails(64, "init", "--name", "C")
    check(node.status()["name"] == "CSIRT", "status tells the name")


def no_home_is_told(folder):
    done = Node(folder, "none", init=False).run("status")
    check(done.code != 0 and "entente init" in done.err, f"the way out is not named: {done.err}")


def configuration_is_checked(folder):
    node = Node(folder, "CSIRT")
    check(node.ok("config", "check", "--json").lines == [{"valid": True}], "a new one is valid")
    path = os.path.join(node.home, "entente.yaml")
    write(node.home, "entente.yaml", "listen: 127.0.0.1:0\nthreads: 1000\n# more\nlog_level: loud\n")
    done = node.run("config", "check", "--json")
    check(done.code == 1 and [(line["valid"], line["line"]) for line in done.lines] == [(False, 4), (False, 2)], done.out)
    done = node.run("config", "check")
    check(done.code == 1 and done.err.count("entente: line ") == 2 and path in done.err, done.err)
    write(node.home, "entente.yaml", "listen: 127.0.0.1:0\nlisen: x\nthreads: 1000\n")
    done = node.run("config", "check", "--json")
    check(done.code == 1 and done.lines[0]["line"] == 2 and "lisen" in done.lines[0]["what"], done.out)
    check([line["line"] for line in done.lines] == [2, 3], f"beside a key that is unknown the rest is looked at: {done.out}")
    node.fails(65, "serve")


def import_is_idempotent(folder):
    node = Node(folder, "CSIRT")
    one, two = domain("a.example", "green"), domain("b.example")
    path = bundle(folder, one, two)
    lines = node.ok("import", path, "--json").lines
    acks = [line for line in lines if "acked" in line]
    check(acks and acks[-1]["acked"] == 2 and acks[-1]["at"] > 0, f"acks: {acks}")
    last = lines[-1]
    check({k: last[k] for k in ("format", "read", "new", "updated", "unchanged", "rejected")} ==
          {"format": "stix", "read": 2, "new": 2, "updated": 0, "unchanged": 0, "rejected": 0}, str(last))
    check(last["file"] == path and last["seconds"] >= 0, str(last))
    entries = node.status()["entries"]
    again = node.ok("import", path, "--json").lines[-1]
    check(again["unchanged"] == 2 and again["new"] == 0, str(again))
    check(node.status()["entries"] == entries, "the same file again appended something")
    newer = dict(one, modified="2026-02-01T00:00:00.000Z", name="newer")
    check(node.ok("import", bundle(folder, newer), "--json").lines[-1]["updated"] == 1, "newer version")
    check(node.ok("get", one["id"], "--json").lines[0]["name"] == "newer", "the newest counts")
    check(node.ok("get", one["id"], "--version", one["modified"], "--json").lines[0] == one, "the old one is kept")
    check(len(node.ok("get", one["id"], "--all", "--json").lines) == 2, "history")


def objects_are_kept_exactly(folder):
    node = Node(folder, "CSIRT")
    odd = domain("keep.example", x_foo={"deep": [1, "zwei", None, 2.5, {"a": False}]}, labels=["é", "\u2028 \" \\"],
                 x_large=2**53, created="2026-01-01T00:00:00.0000Z")
    node.ok("import", bundle(folder, odd))
    check(node.ok("get", odd["id"], "--json").lines[0] == odd, "not the object that came in")


def bad_objects_are_left_out(folder):
    node = Node(folder, "CSIRT")
    good = domain("good.example")
    no_id = {"type": "indicator", "spec_version": "2.1"}
    bad_time = domain("x.example", modified="2026-02-30T00:00:00.000Z")
    bad_pattern = indicator("[domain-name:value = ]")
    lines = node.ok("import", bundle(folder, no_id, good, bad_time, bad_pattern), "--json").lines
    rejected = [line["rejected"] for line in lines if isinstance(line.get("rejected"), dict)]
    check(len(rejected) == 3, str(lines))
    for r in rejected:
        check(r["at"] > 0 and r["rule"] and r["reason"], f"place, rule and reason: {r}")
    check(rejected[1]["id"] == bad_time["id"], str(rejected))
    check(lines[-1]["new"] == 1 and lines[-1]["rejected"] == 3, str(lines[-1]))
    strict = Node(folder, "Strict")
    done = strict.fails(65, "import", bundle(folder, good, bad_time), "--strict")
    check(strict.status()["indicators"] == 0, f"--strict took something in: {done.out}")


def faults_that_leave_no_doubt_are_taken_in(folder):
    node = Node(folder, "CSIRT")
    odd, good = domain("odd.example", x_Capital="yes", labels=[]), domain("good.example")
    path = bundle(folder, odd, good)
    lines = node.ok("import", path, "--json").lines
    warned = [line["warned"] for line in lines if isinstance(line.get("warned"), dict)]
    check(len(warned) == 1 and warned[0]["id"] == odd["id"] and warned[0]["at"] > 0 and warned[0]["reason"] and
          warned[0]["rule"].startswith("STIX 2.1 "), str(lines))
    check(lines[-1]["new"] == 2 and lines[-1]["rejected"] == 0 and lines[-1]["warned"] == 1, str(lines[-1]))
    check(node.ok("get", odd["id"], "--json").lines[0] == odd, "its bytes are its sender's")
    again = node.ok("import", path)
    check("2 unchanged" in again.out and odd["id"] in again.err, again.out + again.err)
    check(node.run("validate", path).code == 1, "what is no STIX is none to validate")
    strict = Node(folder, "Strict")
    done = strict.fails(65, "import", path, "--strict", "--json")
    check(strict.status()["indicators"] == 0 and odd["id"] in done.out, f"--strict took something in: {done.out}")


def csv_becomes_indicators(folder):
    node = Node(folder, "CSIRT")
    path = write(folder, "list.csv", "value,type,valid_until,tlp,description,label\n"
                 "Evil.Example,,,,\"quoted, with comma\",c2\n198.51.100.0/24,,2027-01-01T00:00:00Z,GREEN,,\n"
                 "not a value,,,,,\nhttp://Bad.example/x,url,,,,\n"
                 "d41d8cd98f00b204e9800998ecf8427e,,,,,\n2001:DB8::1,,,,,\nperson@mail.example,,,,,\n")
    lines = node.ok("import", path, "--json", "--from", "Feed").lines
    check(lines[-1]["format"] == "csv" and lines[-1]["new"] == 6 and lines[-1]["rejected"] == 1, str(lines))
    bad = [line["rejected"] for line in lines if isinstance(line.get("rejected"), dict)][0]
    check(bad["line"] == 4, f"which line: {bad}")
    again = node.ok("import", path, "--json", "--from", "Feed").lines[-1]
    check(again["unchanged"] == 6, str(again))


def rows_that_have_ended(folder):
    """Still valid STIX: they began before they ended. They do not hit today."""
    node = Node(folder, "CSIRT")
    path = write(folder, "old.csv", "value,valid_until\nold.example,2020-01-01T00:00:00Z\n")
    node.ok("import", path, "--from", "Feed")
    log = write(folder, "log", "old.example\n2019-06-01T00:00:00Z old.example\n")
    hits = node.ok("match", log, "--json").lines
    check([h["line"] for h in hits] == [2], f"judged at the line's own time: {hits}")
    made = node.ok("get", hits[0]["id"], "--json").lines[0]
    check(made["valid_from"] < made["valid_until"], str(made))


def register_answers(folder):
    node = Node(folder, "CSIRT")
    path = write(folder, "register.csv", REGISTER)
    check(node.ok("constituency", "import", path, "--json").lines[-1]["new"] == 3, "three organisations")
    check(node.ok("constituency", "import", path, "--json").lines[-1]["unchanged"] == 3, "again")
    expected = {"192.0.2.77": "City Hospital", "2001:db8:1::5": "City Hospital", "www.hospital.example":
                "City Hospital", "nothospital.example": None, "198.51.100.200": "Grid", "203.0.113.5": "Carrier",
                "10.1.1.1": "Carrier", "192.0.3.1": None, "someone@mail.grid.example": "Grid",
                "https://www.grid.example/x": "Grid"}
    for value, name in expected.items():
        got = node.ok("constituency", "who", value, "--json").lines[0]
        check(got["organisation"] == name, f"{value}: {got}")
    node.fails(65, "constituency", "import", write(folder, "no.csv", "who,what\na,b\n"))


def match_names_the_affected(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    evil, net, old = domain("evil.example"), indicator("[ipv4-addr:value = '203.0.112.0/24']"), domain(
        "old.example", valid_until="2026-01-02T00:00:00.000Z")
    gone = domain("revoked.example", revoked=True)
    node.ok("import", bundle(folder, evil, net, old, gone), "--from", "CERT Y")
    log = write(folder, "log", "client 192.0.2.53#53: forwarded for 198.51.100.20: query: a.EVIL.example. IN A\n"
                "nothing here: notevil.example evil.example.org\n"
                "2026-06-01T00:00:00Z 192.0.2.9 -> 203.0.112.8:443 and old.example revoked.example\n"
                "10.9.9.9 evil.example\n8.8.8.8 -> evil.example\n")
    hits = node.ok("match", log, "--json").lines
    want = [(1, "domain", "evil.example", evil["id"], "Grid"), (3, "cidr", "203.0.112.0/24", net["id"],
            "City Hospital"), (4, "domain", "evil.example", evil["id"], "Carrier"),
            (5, "domain", "evil.example", evil["id"], "Carrier")]
    got = [(h["line"], h["kind"], h["indicator"], h["id"], h["organisation"]) for h in hits]
    check(got == want, f"{got}\nnot\n{want}")
    check(hits[0]["value"].lower().rstrip(".") == "a.evil.example" and hits[0]["party"] == "CERT Y" and
          hits[0]["offset"] == 0 and hits[0]["file"] == log and hits[0]["valid_until"] > "2098", str(hits[0]))
    with open(log, encoding="utf-8") as file:
        text = file.read()
    check(hits[1]["offset"] == text.index("2026-06"), "offset of the line")
    piped = node.ok("match", "-", "--json", stdin=text).lines
    check([dict(h, file=log) for h in piped] == hits, "standard input gives the same")
    os.system(f"gzip -k {log}")
    check([h["line"] for h in node.ok("match", log + ".gz", "--json").lines] == [1, 3, 4, 5], "gzip")
    check(node.status()["findings"] == 0, "match writes nothing")


def people_and_sources(folder):
    node = Node(folder, "CSIRT")
    for role in ("reader", "analyst", "releaser", "administrator"):
        node.ok("account", "add", f"a {role}", "--role", role)
    node.fails(64, "account", "add", "x", "--role", "king")
    node.fails(64, "account", "add", "a reader")
    listed = {a["account"]: a["role"] for a in node.ok("account", "list", "--json").lines}
    check(listed == {"admin": "administrator", "a reader": "reader", "a analyst": "analyst", "a releaser": "releaser",
                     "a administrator": "administrator"}, str(listed))
    check(node.token("a reader") != node.token("a reader"), "each token is new")
    node.ok("source", "add", "feed", "--party", "CERT Y", "--marking", "GREEN", "--incident-rule", "on")
    node.fails(64, "source", "add", "feed2", "--marking", "PURPLE")
    node.ok("source", "set", "feed", "--marking", "AMBER")
    check(node.ok("source", "list", "--json").lines ==
          [{"source": "feed", "party": "CERT Y", "marking": "TLP:AMBER", "pap": "none", "incident_rule": True,
            "unmarked": 0, "unreadable": 0, "kind": "", "place": "", "collection": "", "format": "",
            "every": "never", "paused": False, "trust": "", "lifetimes": "", "secret": False, "next": None,
            "last": None}], "source list")


def views_can_be_thrown_away(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    objects = [domain(f"h{i}.example", "green") for i in range(300)]
    node.ok("import", bundle(folder, *objects), "--from", "CERT Y")
    before = node.status()
    node.ok("rebuild")
    after = node.status()
    for volatile in ("view_bytes", "log_bytes"):
        before.pop(volatile), after.pop(volatile)
    check(before == after, f"{before}\n{after}")
    os.unlink(os.path.join(node.home, "view", "view.db"))
    node.ok("import", bundle(folder, domain("one-more.example")))
    check(node.status()["indicators"] == 301, "a missing view comes back by itself")
    check(node.ok("get", objects[7]["id"], "--json").lines[0] == objects[7], "and its objects")


main(help_is_there, init_once, no_home_is_told, configuration_is_checked, import_is_idempotent, objects_are_kept_exactly,
     bad_objects_are_left_out, faults_that_leave_no_doubt_are_taken_in,
     csv_becomes_indicators, rows_that_have_ended, register_answers, match_names_the_affected, people_and_sources,
     views_can_be_thrown_away)
