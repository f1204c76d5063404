"""What the tests with Go programs share: a Go that is there, and the programs of tests/peers/go*, built from exactly the
modules that their go.sum names. Without Go or its modules (no network) the tests are skipped, in so many words."""

import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "scenario"))

BUILD = os.environ.get("ENTENTE_BUILD") or os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "test")


class Missing(Exception):
    """Why a program cannot be had; a reason to skip, never to fail."""


def go():
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if not found:
        raise Missing("Go is not installed (Debian: golang-go)")
    return found


def version(program, environment):
    words = subprocess.run([program, "version"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True).stdout
    numbers = re.search(r"go(\d+)\.(\d+)", words)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def built(folder, least):
    """The program of tests/peers/<folder>. Under a lock: two tests may start at the same time."""
    program = go()
    # The Go that is here, no other one fetched; go.sum as it stands; a cache that can be removed again.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false", "GOWORK": "off"}
    for name, place in (("GOPATH", "gopath"), ("GOCACHE", "gocache")):
        environment.setdefault(name, os.path.join(BUILD, place))
    if os.environ.get("ENTENTE_PEERS") == "there":
        environment["GOPROXY"] = "off"
    if version(program, environment) < least:
        raise Missing(f"Go {least[0]}.{least[1]} or later is wanted for tests/peers/{folder}")
    out = os.path.join(BUILD, "peers-" + folder)
    os.makedirs(BUILD, exist_ok=True)
    with open(out + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetched = subprocess.run([program, "mod", "download"], cwd=os.path.join(HERE, folder), env=environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if fetched.returncode != 0:
            raise Missing("Go's modules cannot be fetched: " + fetched.stdout.strip().splitlines()[-1])
        done = subprocess.run([program, "build", "-o", out, "."], cwd=os.path.join(HERE, folder), env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"tests/peers/{folder} does not build: {done.stdout}")
    return out


def wanted(folder, least):
    """A test that is handed the program, or skipped."""
    def around(test):
        @functools.wraps(test)
        def run(place):
            try:
                program = built(folder, least)
            except Missing as why:
                return str(why)
            return test(place, program)
        return run
    return around
