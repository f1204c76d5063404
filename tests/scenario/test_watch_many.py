#!/usr/bin/env python3
"""One watch over several logs, rotated and killed in between: nothing lost, nothing twice; repeats are folded."""

import os
import random
import signal
import time

from house import check, main, wait_for, write
from watching import Watch, append, count, house

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def line(n, name="evil.example"):
    return f"query {n}: client 192.0.2.{n % 50 + 1}#4711: query: {name} IN A\n"


def rotate(path):
    """As logrotate does, numbers going up; enough are kept for what happens while no watch is there."""
    for n in range(30, 0, -1):
        if os.path.exists(f"{path}.{n}"):
            os.rename(f"{path}.{n}", f"{path}.{n + 1}")
    os.rename(path, f"{path}.1")


def a_day_of_logs(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    node = house(folder, "evil.example")
    logs = [write(folder, f"{name}.log", line(n)) for n, name in enumerate(("dns", "proxy", "mail"))]
    watch = Watch(node, *logs)
    # What is rotated away before a log was ever read is not its past.
    wait_for(lambda: count(node) == len(logs), "the first hit of each log")
    written = len(logs)
    for turn in range(60):
        for _ in range(rng.randrange(1, 20)):
            append(rng.choice(logs), line(written))
            written += 1
        act = rng.randrange(12)
        if act == 0:
            log = rng.choice(logs)
            if os.path.getsize(log):
                rotate(log)
                append(log, line(written))
                written += 1
        elif act == 1:
            watch.stop(rng.choice((signal.SIGKILL, signal.SIGTERM)))
            watch = Watch(node, *logs)
        time.sleep(0.03)
    watch.stop()
    watch = Watch(node, *logs)
    try:
        wait_for(lambda: count(node) >= written, f"{written} hits, {count(node)} counted")
        time.sleep(0.5)
    finally:
        watch.stop()
    found = node.ok("finding", "list", "--json").lines
    check(count(node) == written, f"{count(node)} hits counted of {written}")
    check(len(found) == 1 and found[0]["organisation"] == "City Hospital", str(found))


def repeats_are_folded(folder):
    """A machine that calls home ten times a second: its finding gets a version for the first call, and a few more."""
    node = house(folder, "evil.example", "bad.example")
    log = write(folder, "dns.log", line(0))
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "the first is told at once")
    before = node.status()["entries"]
    for n in range(1, 41):
        append(log, line(n))
        time.sleep(0.1)
    append(log, line(41, "bad.example"))
    wait_for(lambda: len(node.ok("finding", "list", "--json").lines) == 2, "another indicator is told at once", 3)
    check(watch.stop() == 0, "a clean end")
    check(count(node) == 42, f"{count(node)} hits of 42")
    entries = node.status()["entries"] - before
    check(entries <= 36, f"{entries} entries for 40 repeats and one more finding")


main(a_day_of_logs, repeats_are_folded)
