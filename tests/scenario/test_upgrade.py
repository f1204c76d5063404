#!/usr/bin/env python3
"""Homes of other versions: those of released programs open, say what they said and go on; those of later programs are
left alone by every command."""

import hashlib
import os
import random
import re
import subprocess
import tarfile
import time

from house import Node, bundle, check, domain, main, write

HOMES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "homes")


def unpack(folder, version, name="home"):
    place = os.path.join(folder, name)
    os.makedirs(place)
    with tarfile.open(os.path.join(HOMES, f"{version}.tar.xz")) as tar:
        tar.extractall(place)
    node = Node(folder, name, init=False)
    node.home = os.path.join(place, "home")
    return node


def fingerprint(home):
    """Every name below, with its bytes; sockets by name."""
    found = {}
    for folder, folders, files in os.walk(home):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, home)] = (
                hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.isfile(path) else "")
    return found


def commands(node):
    return re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)  +\S", node.ok("--help").out.split("usage:")[1], re.M)


# ---- what the stored homes hold, see data/homes/README.md ----

def check_0_0_1(node):
    status = node.status()
    check(status["name"] == "CERT Fixture" and status["entries"] >= 29 and status["indicators"] >= 4, str(status))
    check(status["origin"] == "entente/LV/1ecccf508ff0145e" and status["signs"] is True, str(status))
    check((status["accounts"], status["peers"], status["organisations"]) == (3, 1, 2), str(status))
    found = {f["finding"]: f for f in node.ok("finding", "list", "--json").lines}
    check(found["F-1"]["state"] == "open" and found["F-1"]["organisation"] == "Riverside Hospital" and
          found["F-1"]["incident"], str(found))
    check(found["F-2"]["state"] == "false positive" and found["F-2"]["organisation"] == "Water Works", str(found))
    check("query dropper.example" in node.ok("finding", "show", "F-1").out, "the evidence")
    incident = node.ok("incident", "list", "--json").lines
    check([i["name"] for i in incident] == ["Dropper at Riverside"] and not incident[0]["closed"], str(incident))
    got = node.ok("get", found["F-1"]["indicator"], "--json").lines[0]
    check("dropper.example" in got["pattern"], str(got))
    check(node.ok("constituency", "who", "198.51.100.7", "--json").lines[0]["organisation"] == "Riverside Hospital",
          "who")
    hits = node.ok("match", "--json", "-",
                   stdin="2026-02-01T00:00:00Z GET http://dropper.example/x\nnothing\n").lines
    check([h["line"] for h in hits] == [1] and hits[0]["id"] == found["F-1"]["indicator"], str(hits))
    peers = node.ok("peer", "list", "--json").lines
    check([p["peer"] for p in peers] == ["CERT Neighbour"], str(peers))


def check_format(node):
    lines = open(os.path.join(node.home, "format"), encoding="utf-8").read().split("\n")
    version = node.run("--version").out.split()[1]
    check(lines[0] == "entente-home 2" and lines[1] == f"program {version}", str(lines))


def verify(node):
    if "verify" in commands(node):
        node.ok("verify")


def every_released_home_opens(folder):
    for file in sorted(os.listdir(HOMES)):
        if not file.endswith(".tar.xz"):
            continue
        version = file[:-len(".tar.xz")]
        node = unpack(folder, version, version)
        globals()["check_" + version.replace(".", "_")](node)  # each release says what its home holds
        check_format(node)
        verify(node)
        node.ok("rebuild")
        globals()["check_" + version.replace(".", "_")](node)


def it_goes_on(folder):
    """Whatever the first command is, reading or writing."""
    new = domain("fresh.example")
    firsts = (["status"], ["finding", "list"], ["match", write(folder, "x.log", "dropper.example\n")],
              ["import", bundle(folder, new)], ["account", "token", "Anna"], ["key", "list"])
    for number, words in enumerate(firsts):
        node = unpack(folder, "0.0.1", f"home {number}")
        node.ok(*words)
        check_format(node)
        check_0_0_1(node)
    node = unpack(folder, "0.0.1", "served")
    token = node.token("Anna")
    node.serve()
    check(node.get("", token)[0] == 200, "a token of before")
    check(node.ok("import", bundle(folder, new), "--json").lines[-1]["new"] == 1, "import")
    check(node.ok("get", new["id"], "--json").lines[0] == new, "get")
    node.ok("key", "rotate", "--reason", "after the upgrade")
    node.stop()
    check(node.status()["signs"] is True, "signs")
    verify(node)


def killed_in_the_middle(folder):
    """kill -9 at any moment of the first opening: the next one finishes it."""
    chance = random.Random(int(os.environ.get("SEED", "7")))
    node = unpack(folder, "0.0.1", "timed")
    begun = time.monotonic()
    node.ok("import", bundle(folder, domain("a.example")))
    whole = time.monotonic() - begun
    unfinished = 0
    for number in range(12):
        node = unpack(folder, "0.0.1", f"killed {number}")
        path = os.path.join(node.home, "format")
        process = subprocess.Popen(node.command("import", bundle(folder, domain(f"{number}.example"))),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * chance.random())
        process.kill()
        process.wait()
        unfinished += not os.path.exists(path)
        node.status()
        check_format(node)
        check_0_0_1(node)
        verify(node)
    print(f"# {unfinished} of 12 before the format was written")


ARGUMENTS = {  # what each command wants to be well-formed; a file stands for FILE
    "init": ["--name", "A", "--country", "XE"], "serve": ["--listen", "127.0.0.1:0"], "import": ["FILE"],
    "get": ["indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101"], "match": ["FILE"], "watch": ["--follow", "FILE"],
    "exercise check": ["FILE"], "exercise sign": ["x"],
    "explain": ["indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101", "--to", "X"], "finding show": ["F-1"],
    "finding false-positive": ["F-1", "--reason", "r"], "incident open": ["F-1", "--name", "x"],
    "incident show": ["incident--cba82d10-5254-425e-a724-93d2caf6fe53"],
    "incident close": ["incident--cba82d10-5254-425e-a724-93d2caf6fe53", "--reason", "r"],
    "constituency import": ["FILE"], "constituency who": ["192.0.2.1"], "source add": ["x"],
    "source set": ["honeynet", "--marking", "TLP:CLEAR"], "source show": ["honeynet"], "source poll": ["honeynet"],
    "peer invite": ["X", "--url", "http://127.0.0.1:1/taxii2/"],
    "peer accept": ["FILE"], "peer set": ["X", "--poll-ms", "100"], "peer sync": ["X"],
    "peer expel": ["X", "--reason", "r"], "account add": ["x"], "account token": ["admin"],
    "account disable": ["Anna", "--reason", "r"], "account enable": ["Anna", "--reason", "r"],
    "account set": ["Anna", "--role", "analyst"], "account password": ["admin", "--remove"],
    "account recover": ["--name", "x", "--reason", "r"], "key rotate": ["--reason", "r"],
    "key replace": ["--lost", "--reason", "r"], "erase": ["indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101",
                                                          "--reason", "r"],
    "search": ["dropper.example"], "finding reopen": ["F-1"], "warninglist add": ["FILE"],
    "warninglist show": ["x"], "warninglist enable": ["x"], "warninglist disable": ["x"],
    "warninglist check": ["dropper.example"],
    "warninglist allow": ["indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101", "--reason", "r"],
    "export": ["--public"],
}
HOMELESS = {"demo", "config check", "validate", "restore", "proof check", "witness check"}  # make a home of their own, or look at none


def later_homes_are_left_alone(folder):
    spoilt = {"version": "entente-home 3\nprogram 9.9.9\nlayout other\n",
              "feature": "entente-home 2\nprogram 9.9.9\ncompatible\nincompatible kafka\n"}
    for what, text in spoilt.items():
        node = unpack(folder, "0.0.1", what)
        node.status()
        write(node.home, "format", text)
        file = write(folder, "input", "dropper.example\n")
        before = fingerprint(node.home)
        for name in commands(node):
            if name in HOMELESS:
                continue
            words = name.split() + [file if w == "FILE" else w for w in ARGUMENTS.get(name, [])]
            if name == "backup":
                words.append(os.path.join(folder, "copy"))
            done = node.run(*words)
            check("9.9.9" in done.err or done.code == 64, f"{words}: exit {done.code}: {done.err}")
            if done.code == 64:  # a command that this table does not know yet, or wants more words
                check(name not in ARGUMENTS, f"{words}: {done.err}")
                print(f"# {name}: not asked well: {done.err.strip()}")
                continue
            check(done.code == 65 and done.err.startswith("entente: ") and done.err.count("\n") == 1,
                  f"{words}: exit {done.code}: {done.err}")
            check("restore" in done.err or "use that" in done.err, f"what to do is not said: {done.err}")
            check(fingerprint(node.home) == before, f"{words} changed the home")


def an_older_program_is_kept_out(folder):
    """0.0.1 looks at local.db's version alone."""
    import sqlite3
    node = unpack(folder, "0.0.1")
    node.status()
    with sqlite3.connect(os.path.join(node.home, "local.db")) as db:
        check(db.execute("PRAGMA user_version").fetchone()[0] == 3, "local.db says nothing")


main(every_released_home_opens, it_goes_on, killed_in_the_middle, later_homes_are_left_alone,
     an_older_program_is_kept_out)
