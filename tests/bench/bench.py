"""What the benchmarks that drive the program share: options, the binary, the table, JSON lines.

A figure is {"job","value","unit","peer","peer_value","ratio","limit","limit_ratio","rss_mb","input"}: ratio is value over
peer_value, limit_ratio value over what the limit gave, both measured in the same run."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))


def options(about, long=""):
    """long: what --long does, where there is such a thing."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="small inputs, within 50 s on 2 cores")
    if long:
        parser.add_argument("--long", action="store_true", help=long)
    parser.add_argument("--json", action="store_true", help="one object a figure")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"), help="a release build")
    given = parser.parse_args()
    os.environ["ENTENTE"] = os.path.join(given.build, "entente")
    if not os.path.exists(os.environ["ENTENTE"]):
        sys.exit(f"{os.environ['ENTENTE']} is not there: ./setup build")
    return given


def helper(given, name):
    """A program of tests/bench, built now if it was not."""
    target = os.path.join("tests", "bench", name)
    subprocess.run(["ninja", "-C", given.build, target], stdout=subprocess.DEVNULL, check=True)
    return os.path.join(given.build, target)


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="entente-bench-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def timed(command, stdin=None):
    """(seconds, largest memory in MB, output) of a command that must succeed."""
    reader = ("import json,resource,subprocess,sys,time;t=time.monotonic();"
              "r=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE);t=time.monotonic()-t;"
              "sys.stdout.buffer.write(r.stdout);"
              "print(json.dumps([t,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024]),file=sys.stderr);"
              "sys.exit(r.returncode)")
    done = subprocess.run([sys.executable, "-c", reader, *command], stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    seconds, memory = json.loads(done.stderr.splitlines()[-1])
    return seconds, memory, done.stdout


def write_limit(path, sizes):
    """Seconds to write and sync so many bytes into a preallocated file, group by group: what no store can beat."""
    data = os.urandom(1 << 20)
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(fd, 0, sum(sizes))
    start, at = time.monotonic(), 0
    for size in sizes:
        left = size
        while left:
            done = os.pwrite(fd, data[:min(left, len(data))], at)
            left, at = left - done, at + done
        os.fdatasync(fd)
    seconds = time.monotonic() - start
    os.close(fd)
    os.unlink(path)
    return seconds


def median(values):
    return statistics.median(values)


def percentile(values, p):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))]


class Report:
    def __init__(self, given):
        self.given, self.rows, self.skipped = given, [], []

    def add(self, job, value, unit, peer="", peer_value=None, limit="", limit_value=None, rss=None, source=""):
        row = {"job": job, "value": round(value, 3), "unit": unit, "peer": peer,
               "peer_value": None if peer_value is None else round(peer_value, 3),
               "ratio": None if not peer_value else round(value / peer_value, 3), "limit": limit,
               "limit_ratio": None if not limit_value else round(value / limit_value, 3),
               "rss_mb": None if rss is None else round(rss, 1), "input": source}
        if self.given.quick:
            row["quick"] = True
        self.rows.append(row)
        if self.given.json:
            print(json.dumps(row), flush=True)

    def skip(self, job, why):
        """Says that a figure is missing, and why."""
        self.skipped.append(f"{job}: skipped: {why}")
        if self.given.json:
            print(json.dumps({"job": job, "skipped": why}), flush=True)

    def done(self):
        if self.given.json:
            return
        if self.given.quick:
            print("quick: small inputs, noisy figures")
        heads = ["job", "value", "unit", "peer", "ratio", "limit", "limit_ratio", "rss_mb", "input"]
        cells = [heads] + [["-" if row[h] in (None, "") else str(row[h]) for h in heads] for row in self.rows]
        widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
        for line in cells:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        for words in self.skipped:
            print(words)
