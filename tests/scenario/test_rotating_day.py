#!/usr/bin/env python3
"""A compressed day of rotating logs, with kills: nothing lost, nothing twice.

Three logs are written, each rotated in its own way: renamed and counted, compressed one rotation later; copied and
truncated, compressed at once; renamed and dated, compressed with zstd (or gzip) at once. One watch over all of them is
killed again and again, and begins when much was rotated away already. Every planted value stands on one line."""

import gzip
import os
import random
import shutil
import subprocess
import threading
import time

from house import bundle, check, domain, main, wait_for
from watching import Watch, house

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
DAY_S = 14.0
PLANTED = 60  # in each log
KEPT = 50     # rotated files; a log that loses some before they were read is no test of reading them
HAS_ZSTD = shutil.which("zstd") is not None


def pack(path, way):
    """As gzip does it: the original goes when the other is whole."""
    if way == "zst" and HAS_ZSTD:
        subprocess.run(["zstd", "-q", "--rm", path], check=True)
        return
    with open(path, "rb") as source, gzip.open(path + ".gz", "wb") as out:
        data = source.read()
        out.write(data[:len(data) // 2])
        out.flush()
        time.sleep(0.02)
        out.write(data[len(data) // 2:])
    os.unlink(path)


class Writer(threading.Thread):
    def __init__(self, path, values, seed):
        super().__init__()
        self.path, self.values, self.rng, self.number, self.rotations = path, list(values), random.Random(seed), 0, 0
        self.file = open(path, "ab", buffering=0)
        self.failed = None

    def line(self):
        self.number += 1
        asked = f"quiet{self.number}.example"
        if self.values and self.rng.random() < 0.2:
            asked = self.values.pop()
        return (f"2026-03-01T10:00:00.{self.number:06}Z {os.path.basename(self.path)} client 192.0.2.{self.number % 250} "
                f"asked {asked} {self.rng.randbytes(self.rng.randrange(40)).hex()}\n").encode()

    def write(self, count):
        for _ in range(count):
            line = self.line()
            cut = self.rng.randrange(len(line)) if self.rng.random() < 0.3 else 0
            self.file.write(line[:cut])
            self.file.write(line[cut:])

    def reopen(self):
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)

    def run(self):
        try:
            end = time.monotonic() + DAY_S
            while time.monotonic() < end:
                self.write(self.rng.randrange(1, 40))
                time.sleep(self.rng.uniform(0, 0.05))
                if self.rng.random() < 0.06 and self.rotations < KEPT:
                    self.rotations += 1
                    self.rotate()
            while self.values:
                self.write(1)
            self.file.close()
        except Exception as error:
            self.failed = error
            raise


class Counted(Writer):
    def rotate(self):
        for n in range(KEPT, 0, -1):
            for suffix in ("", ".gz"):
                if os.path.exists(f"{self.path}.{n}{suffix}"):
                    os.rename(f"{self.path}.{n}{suffix}", f"{self.path}.{n + 1}{suffix}")
        os.rename(self.path, self.path + ".1")
        with open(self.path, "ab"):
            pass
        self.write(self.rng.randrange(3))  # not told yet that its log was renamed
        self.reopen()
        self.write(1)
        if os.path.exists(self.path + ".2"):
            pack(self.path + ".2", "gz")


class Copied(Writer):
    def rotate(self):
        for n in range(KEPT, 0, -1):
            if os.path.exists(f"{self.path}.{n}.gz"):
                os.rename(f"{self.path}.{n}.gz", f"{self.path}.{n + 1}.gz")
        shutil.copyfile(self.path, self.path + ".1")
        os.truncate(self.path, 0)
        pack(self.path + ".1", "gz")


class Dated(Writer):
    def rotate(self):
        to = f"{self.path}-2026030{1 + self.rotations // 24}{self.rotations % 24:02}"
        os.rename(self.path, to)
        self.reopen()
        self.write(1)
        pack(to, "zst")


def compressed_day(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    values = [[f"evil{log}-{n}.example" for n in range(PLANTED)] for log in range(3)]
    node = house(folder, "first.example")
    node.ok("import", bundle(folder, *[domain(v) for some in values for v in some]), "--from", "CERT Y")
    paths = [os.path.join(folder, name) for name in ("counted.log", "copied.log", "dated.log")]
    writers = [kind(path, some, rng.random()) for kind, path, some in zip((Counted, Copied, Dated), paths, values)]
    for writer in writers:
        writer.start()
    time.sleep(2)
    check(any(os.path.exists(path + ".2.gz") for path in paths[:2]), "nothing was rotated before the watch begins")
    kills = 0
    while any(writer.is_alive() for writer in writers):
        watch = Watch(node, paths[0], *paths[1:], "--from-start")
        time.sleep(rng.choice([0.05, 0.3, 0.8, 2.0]))
        watch.stop(9)
        kills += 1
        time.sleep(rng.choice([0, 0, 0.5, 1.0]))
    for writer in writers:
        writer.join()
        check(writer.failed is None, writer.failed)
    watch = Watch(node, paths[0], *paths[1:], "--from-start")

    def found():
        return {f["value"]: f["count"] for f in node.ok("finding", "list", "--limit", "1000", "--json").lines}

    want = {value: 1 for some in values for value in some}
    wait_for(lambda: set(found()) >= set(want) or None, "every planted value", 60)
    time.sleep(1)
    check(watch.stop() == 0, "the end of the watch")
    got = found()
    lost, twice = sorted(set(want) - set(got)), sorted(v for v in got if got[v] > 1)
    print(f"# {kills} kills, {[writer.rotations for writer in writers]} rotations, "
          f"{[writer.number for writer in writers]} lines")
    check(not lost and not twice, f"lost {lost}, twice {twice}")
    check(kills > 4 and min(writer.rotations for writer in writers) > 4, "too quiet a day")


main(compressed_day)
