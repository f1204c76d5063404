#!/usr/bin/env python3
"""archive and hunt: a log in the archive hits as entente match does on the file; damage is named; kill leaves nothing."""

import gzip
import json
import os
import signal
import subprocess
import time

from house import bundle, check, domain, indicator, main, wait_for, write
from watching import house

LINES = "".join(f"2026-03-0{1 + n % 9}T10:00:{n % 60:02}Z 192.0.2.{n % 250} asked host{n}.evil{n % 7}.example "
                f"http://x{n % 5}.test/a?b=%26{n} 2001:db8:{n % 3}::{n % 9999:x}\n" for n in range(12000))
VALUES = ["evil3.example", "192.0.2.64/27", "192.0.2.9", "2001:db8:1::/48", "http://x2.test/a?b=%2617",
          "host11.evil4.example", "2001:db8::9"]


def hits(done):
    return [{k: v for k, v in line.items() if k != "id"} for line in done.lines]


def same_as_match(folder):
    node = house(folder, "evil3.example")
    node.ok("import", bundle(folder, domain("evil5.example", valid_until="2026-03-05T00:00:00Z"),
                             indicator("[ipv4-addr:value ISSUBSET '192.0.2.64/27']"),
                             indicator("[url:value = 'http://x2.test/a?b=%2617']"),
                             domain("nowhere.example")))
    log = write(folder, "log", LINES)
    packed = write(folder, "packed.gz", "")
    with gzip.open(packed, "wt", encoding="utf-8") as out:
        out.write(LINES + "10.0.0.1 evil3.example\n")
    said = node.ok("archive", "add", log, packed, "--json").lines
    check([s["state"] for s in said] == ["added", "added"] and said[0]["lines"] == 12000, str(said))
    check(said[0]["kept"] < said[0]["bytes"] / 4, f"{said[0]['kept']} of {said[0]['bytes']} bytes")
    check(node.ok("archive", "add", packed, "--json").lines[0]["state"] == "known", "the same lines once more")
    want = node.ok("match", log, packed, "--json").lines
    check(len(want) > 2000, f"{len(want)} hits")
    check(node.ok("hunt", "--json").lines == want, "all current indicators")
    check(node.ok("hunt", "--new-since", "2020-01-01", "--json").lines == want, "all that came since then")
    check(node.ok("hunt", "--new-since", "2099-01-01", "--json").lines == [], "none came since then")
    one = [h for h in want if h["line"] == 12001]
    check(len(one) == 1 and one[0]["file"] == packed, str(one))
    day = [h for h in want if h["line"] % 9 == 4 or h["line"] == 12001]
    check(node.ok("hunt", "--since", "2026-03-04", "--until", "2026-03-05", "--json").lines == day, "one day's events")


def values_of_any_kind(folder):
    node = house(folder, "nowhere.example")
    node.ok("import", write(folder, "values.txt", "\n".join(VALUES) + "\n"), "--as", "list", "--from", "CERT Y")
    log = write(folder, "log", LINES)
    node.ok("archive", "add", log)
    want = hits(node.ok("match", log, "--json"))
    for value in VALUES:
        done = node.ok("hunt", value, "--json")
        check([h["id"] for h in done.lines] == [None] * len(done.lines), "nobody's indicator")
        check([(h["line"], h["value"]) for h in hits(done)] ==
              [(h["line"], h["value"]) for h in want if h["indicator"] == value] != [], value)
    done = node.ok("hunt", "absent.example", "2001:db8:77::/48", "198.51.100.0/24")
    check(done.out == "" and ", 0 of " in done.err, done.err)
    node.fails(64, "hunt", "no value")
    node.fails(64, "hunt", "evil3.example", "--new-since", "2026-01-01")


def damage_is_named(folder):
    node = house(folder, "evil3.example")
    log = write(folder, "log", LINES)
    node.ok("archive", "add", log)
    whole = node.ok("hunt", "--json").lines
    kept = os.path.join(node.home, "archive", "00000001.log")
    with open(kept, "r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    done = node.run("hunt", "--json")
    check(done.code == 65 and kept in done.err and "damaged" in done.err, done.err)
    check(0 < len(done.lines) < len(whole) and all(h in whole for h in done.lines), "the rest is hunted")
    with open(kept, "r+b") as file:
        file.truncate(500)
    check(node.run("hunt").code == 65 and node.run("archive", "list").code == 65, "a file that is cut short")
    cut = write(folder, "cut.gz", "")
    with gzip.open(cut, "wt", encoding="utf-8") as out:
        out.write(LINES)
    with open(cut, "r+b") as file:
        file.truncate(os.path.getsize(cut) // 2)
    done = node.run("archive", "add", cut, "--json")
    check(done.code == 65 and done.lines[0]["lines"] > 1000, f"what came before is kept: {done.err}")


def killed_leaves_nothing(folder):
    node = house(folder, "evil3.example")
    log = write(folder, "log", LINES * 4)
    stream = node.run("archive", "add", "-", "--name", "stream", "--json", stdin=LINES)
    check(stream.lines[0]["lines"] == 12000 and stream.lines[0]["file"] == "stream", stream.out)
    for after in (0.05, 0.1, 0.2, 0.4):
        process = subprocess.Popen(node.command("archive", "add", log), stdout=subprocess.DEVNULL)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = node.ok("archive", "list", "--json").lines
        check([k["lines"] for k in kept] in ([12000], [12000, 48000]), str(kept))
    node.ok("archive", "add", log)
    check(len(node.ok("archive", "list", "--json").lines) == 2, "both are there")
    node.ok("archive", "drop", log)
    check([k["log"] for k in node.ok("archive", "list", "--json").lines] == [1], "by name")
    node.fails(65, "archive", "drop", "nothing")
    node.ok("archive", "drop", "--before", "2026-02-01")
    check(len(node.ok("archive", "list", "--json").lines) == 1, "it is not so old")
    node.ok("archive", "drop", "--before", "2026-05-01")
    check(node.ok("archive", "list", "--json").lines == [], "by age")


def odd_files(folder):
    node = house(folder, "evil3.example")
    names = [os.path.join(folder, os.fsdecode(name)) for name in (b"two\nlines", b"not \xff utf-8", b"plain")]
    for n, name in enumerate(names):
        with open(name, "w", encoding="utf-8") as out:
            out.write(LINES[:200000 + n * 1000])
    said = node.ok("archive", "add", *names[:2], "--json").lines
    check([s["state"] for s in said] == ["added", "added"] and said[0]["file"] == names[0], str(said))
    check(node.ok("archive", "add", *names).out.count("\n") == 3, "a name broke its line")
    check(len(node.ok("archive", "list").out.splitlines()) == 4, "a name broke its row")
    node.ok("archive", "drop", "1", "2", "3")

    both = [subprocess.Popen(node.command("archive", "add", names[2], "--json"), stdout=subprocess.PIPE, text=True)
            for _ in range(2)]
    states = sorted(json.loads(one.communicate(timeout=60)[0])["state"] for one in both)
    check(states == ["added", "known"] and len(node.ok("archive", "list", "--json").lines) == 1, str(states))

    growing = write(folder, "growing", LINES)
    add = subprocess.Popen(node.command("archive", "add", growing, "--json"), stdout=subprocess.PIPE, text=True)
    with open(growing, "a", encoding="utf-8") as out:
        while add.poll() is None:
            out.write(LINES[:1000])
            out.flush()
            time.sleep(0.02)  # slower than it is read, as logs are
    added = json.loads(add.communicate()[0])
    with open(growing, "rb") as file:
        check(12000 <= added["lines"] and file.read(added["bytes"]).count(b"\n") in (added["lines"], added["lines"] - 1),
              "what is kept is a beginning of the file")
    want = [h for h in node.ok("match", growing, "--json").lines if h["offset"] < added["bytes"]]
    check(node.ok("hunt", "evil3.example", "--json").lines[-1]["line"] <= want[-1]["line"] + 1, "it can be hunted in")


def signals_end_it(folder):
    node = house(folder, "evil3.example")
    log = write(folder, "log", LINES * 40)
    for how in (signal.SIGINT, signal.SIGTERM):
        add = subprocess.Popen(node.command("archive", "add", log), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True)
        time.sleep(0.15)
        add.send_signal(how)
        _, err = add.communicate(timeout=30)
        check(add.returncode == 73 and "nothing of it is kept" in err, f"{add.returncode} {err}")
        check(os.listdir(os.path.join(node.home, "archive")) == [], "left behind")
    stream = subprocess.Popen(node.command("archive", "add", "-", "--json"), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    stream.stdin.write(LINES)
    stream.stdin.flush()
    time.sleep(1)
    stream.send_signal(signal.SIGTERM)
    check(json.loads(stream.communicate(timeout=30)[0])["lines"] == 12000, "what was read of a stream is kept")
    hunts = subprocess.Popen(f"while :; do {' '.join(node.command('hunt', 'evil3.example'))}; done", shell=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    for n in range(12):  # logs come and go under a hunt, and who lets them go is killed
        node.ok("archive", "add", write(folder, f"log{n}", LINES + f"{n}\n"))
        drop = subprocess.Popen(node.command("archive", "drop", os.path.join(folder, f"log{n}")),
                                stdout=subprocess.DEVNULL)
        time.sleep(n * 0.01)
        drop.kill()
        drop.wait()
    os.killpg(hunts.pid, signal.SIGKILL)
    err = hunts.communicate()[1]
    check("value" in err and "damaged" not in err and "not there" not in err, err)
    check(all(k["lines"] in (12000, 12001) for k in node.ok("archive", "list", "--json").lines), "half a log")


def found(node):
    return {f["value"]: f["count"] for f in node.ok("finding", "list", "--json").lines}


def serve_hunts_what_is_new(folder):
    node = house(folder, "old.example")
    log = write(folder, "log", LINES + "2026-03-09T23:00:00Z 192.0.2.1 asked old.example\n" + LINES)
    node.ok("archive", "add", log)
    node.serve()
    time.sleep(2)  # it takes notice of what is known: that is not news
    node.ok("import", bundle(folder, domain("host77.evil0.example")), "--from", "CERT Y")
    wait_for(lambda: found(node) == {"host77.evil0.example": 2}, "what was logged long ago is found")
    shown = node.ok("finding", "list", "--json").lines[0]
    check(shown["organisation"] == "City Hospital" and shown["first_us"] == 1772791217 * 1000000, str(shown))
    node.stop(kill=True)
    node.ok("import", bundle(folder, domain("host78.evil1.example")), "--from", "CERT Y")
    node.serve()
    wait_for(lambda: len(found(node)) == 2, "what came while nobody served, too")
    time.sleep(1)
    check(found(node) == {"host77.evil0.example": 2, "host78.evil1.example": 2}, f"once each: {found(node)}")
    node.stop()


def old_logs_go(folder):
    node = house(folder, "old.example")
    recent = time.strftime("%Y-%m-%dT00:00:00Z a\n", time.gmtime(time.time() - 5 * 86400))
    node.ok("archive", "add", write(folder, "old", LINES), write(folder, "recent", recent))
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as config:
        config.write("archive_keep_days: 10\n")
    node.ok("archive", "add", write(folder, "untimed", "nothing\n"))
    names = [os.path.basename(k["name"]) for k in node.ok("archive", "list", "--json").lines]
    check(names == ["recent", "untimed"], str(names))


main(serve_hunts_what_is_new, old_logs_go, same_as_match, values_of_any_kind, damage_is_named, killed_leaves_nothing,
     odd_files, signals_end_it)
