#!/usr/bin/env python3
"""A home whose files were changed by somebody who means it ill: no command crashes, hangs or says nothing.

Bytes of every file of a small home are changed, cut, repeated and exchanged; then the commands run on it, readers and
owners alike. Each must end by itself with one of the contract's exit codes, and when it is not 0 or 1, with a line
that says why."""

import os
import random
import shutil
import subprocess
import time

from house import ENTENTE, Done, Node, bundle, check, domain, main, write

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
SECONDS = float(os.environ.get("SECONDS", "0")) or 25
CODES = (0, 1, 64, 65, 69, 73, 77)
USED_MAX = 512 * 1024  # of a preallocated segment: the rest is zeros


def make(folder):
    node = Node(folder, "CSIRT")
    write(folder, "c.csv", "name,sector,networks,domains,contacts\nClinic,health,198.51.100.0/24,clinic.example,x@y.example\n")
    write(folder, "i.csv", "value,tlp\n" + "".join(f"h{i}.example,green\n" for i in range(200)))
    write(folder, "app.log", "2026-11-20T10:00:00Z client 198.51.100.7 query h7.example A\n")
    node.ok("constituency", "import", os.path.join(folder, "c.csv"))
    node.ok("import", os.path.join(folder, "i.csv"))
    node.ok("import", bundle(folder, domain("one.example", "green"), domain("two.example", "amber")))
    node.ok("peer", "invite", "Neighbour", "--url", "https://csirt.example/taxii2/", "--out",
            os.path.join(folder, "invite.json"))
    node.ok("account", "add", "Anna", "--role", "analyst")
    return node


def files_of(home):
    found = []
    for folder, _, names in os.walk(home):
        found += [os.path.join(folder, n) for n in names if n not in ("lock", "ctl.sock")]
    return sorted(found)


def hurt(rng, path, others):
    """One wound; what was done, in words."""
    size = min(os.path.getsize(path), USED_MAX)
    kind = rng.choice(("bit", "bit", "byte", "zero", "ones", "cut", "grow", "swap", "empty", "gone"))
    with open(path, "r+b") as file:
        at = rng.randrange(size) if size else 0
        file.seek(at)
        if kind == "bit" and size:
            byte = file.read(1)[0] ^ 1 << rng.randrange(8)
            file.seek(at)
            file.write(bytes([byte]))
        elif kind == "byte":
            file.write(rng.randbytes(rng.choice((1, 4, 8))))
        elif kind in ("zero", "ones"):
            file.write((b"\0" if kind == "zero" else b"\xff") * rng.choice((1, 16, 512, 4096)))
        elif kind == "cut":
            file.truncate(at)
        elif kind == "grow":
            file.seek(0, os.SEEK_END)
            file.write(rng.randbytes(rng.choice((1, 100, 5000))))
        elif kind == "swap" and size:
            length = min(rng.choice((8, 32, 512)), size)
            file.seek(rng.randrange(size - length + 1))
            piece = file.read(length)
            file.seek(rng.randrange(size - length + 1))
            file.write(piece)
    if kind == "empty":
        shutil.copyfile(rng.choice([o for o in others if o != path and os.path.exists(o)]), path)
    elif kind == "gone":
        os.unlink(path)
    return f"{kind} at {at} of {os.path.relpath(path, os.path.dirname(os.path.dirname(path)))}"


def commands(folder):
    log, rows = os.path.join(folder, "app.log"), os.path.join(folder, "i.csv")
    known = Done(subprocess.run([ENTENTE, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    words = [["status"], ["finding", "list"], ["match", log], ["constituency", "who", "198.51.100.7"], ["peer", "list"],
             ["account", "list"], ["get", "indicator--00000000-0000-4000-8000-000000000000"], ["rebuild"],
             ["import", rows], ["account", "token", "Anna"]]
    for name, more in (("verify", []), ("key", ["list"]), ("backup", [os.path.join(folder, "backup")])):
        if f"\n  {name} " in known.out:
            words.append([name, *more])
    return words


def run(home, words):
    begun = time.monotonic()
    try:
        done = Done(subprocess.run([ENTENTE, "--home", home, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="surrogateescape", timeout=60))
    except subprocess.TimeoutExpired:
        return f"entente {' '.join(words)} did not end"
    seconds = time.monotonic() - begun
    if "Sanitizer" in done.err or "runtime error" in done.err or done.code not in CODES:
        return f"entente {' '.join(words)}: exit {done.code} after {seconds:.1f} s: {done.err[-3000:]}"
    if done.code > 1 and not done.err.startswith("entente: "):
        return f"entente {' '.join(words)}: exit {done.code} and no clear word: {done.err!r}"
    return None


def nothing_crashes(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    make(folder)
    source, home = os.path.join(folder, "csirt"), os.path.join(folder, "hurt")
    words = commands(folder)
    until, rounds = time.monotonic() + SECONDS, 0
    while time.monotonic() < until or rounds < 10:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run(["cp", "-a", "--sparse=always", source, home], check=True)
        files = sorted(files_of(home))
        wounds = [hurt(rng, path, files) for path in rng.sample(files, rng.choice((1, 1, 1, 2)))]
        for command in rng.sample(words, 3):
            wrong = run(home, command)
            check(not wrong, f"round {rounds} ({'; '.join(wounds)}): {wrong}")
        rounds += 1
    print(f"# {rounds} homes")


if __name__ == "__main__":
    main(nothing_crashes)
