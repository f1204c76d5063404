#!/usr/bin/env python3
"""The archive in a backup: copied once, given back as it was, left out when that is asked; kill harms nothing."""

import os
import random
import signal
import subprocess
import time

from house import Node, check, main, write
from watching import house

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def log(folder, name, word, lines):
    rng = random.Random(name)
    return write(folder, name, "".join(f"2026-03-01T10:00:00Z 192.0.2.{rng.randrange(256)} {rng.randbytes(9).hex()} asked "
                                       f"{word}{n}.example\n" for n in range(lines)))


def backed_up(node, backup, *more):
    return node.ok("backup", backup, "--json", *more).lines[0]


def restored(folder, backup, name):
    node = Node(folder, name, init=False)
    node.ok("restore", backup, "--same-origin")
    check(node.run("verify").code == 0, "a restored home does not verify")
    return node


def listed(node):
    return node.ok("archive", "list", "--json").lines


def back_as_it_was(folder):
    node, backup = house(folder, "evil.example"), os.path.join(folder, "backup")
    node.ok("archive", "add", log(folder, "first", "a", 2000), log(folder, "second", "b", 2000))
    first = backed_up(node, backup)
    again = backed_up(node, backup)
    kept = sum(one["kept"] for one in listed(node))
    check(first["files"] == again["files"] and first["copied_files"] - again["copied_files"] == 2, f"{first} {again}")
    node.ok("archive", "drop", "2")
    node.ok("archive", "add", log(folder, "third", "c", 2000))
    check([one["log"] for one in listed(node)] == [1, 2], "the number is used again, which this is about")
    backed_up(node, backup)
    other = restored(folder, backup, "other")
    check(listed(other) == listed(node), "another archive than was there")
    check(len(other.ok("hunt", "c7.example", "--json").lines) == 1, "a log that was backed up cannot be hunted in")
    check(other.ok("hunt", "b7.example", "--json").lines == [], "a log that was dropped before is back")
    without = backed_up(node, backup, "--without-archive")
    check(without["bytes"] < first["bytes"] - kept / 2, f"{without} {first}")
    check(listed(restored(folder, backup, "bare")) == [], "an archive though it was left out")


def killed(folder):
    print(f"# seed {SEED}")
    rng, node, backup, cut = random.Random(SEED), house(folder, "evil.example"), os.path.join(folder, "backup"), 0
    node.ok("archive", "add", log(folder, "log", "k", 1000))
    backed_up(node, backup)
    before = [listed(node)]
    for turn in range(6):
        node.ok("archive", "add", log(folder, f"log{turn}", f"k{turn}x", 20000))
        if turn == 3:
            node.ok("archive", "drop", "2")
        process = subprocess.Popen(node.command("backup", backup), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.01, 0.12))
        process.send_signal(signal.SIGKILL)
        done = process.wait() == 0
        cut += not done
        other = restored(folder, backup, f"r{turn}")
        before = [listed(node)] if done else [*before, listed(node)]
        check(listed(other) in before, "neither the archive of the last backup nor one of those since")
    check(cut > 0, "no signal came in time: the test proved nothing")
    backed_up(node, backup)
    check(listed(restored(folder, backup, "last")) == listed(node), "the backup after those that were killed")


main(back_as_it_was, killed)
