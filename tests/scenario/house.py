"""What the scenarios share: a node as a person has it, run with the binary under test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

ENTENTE = os.environ.get("ENTENTE", "build/release/entente")
PATIENCE = 60


class Failure(Exception):
    pass


def check(condition, words):
    if not condition:
        raise Failure(words)


class Done:
    """A finished command: code, out, err, and its JSON lines."""

    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.split("\n") if line.strip()]


SERVING = []  # of the test that runs: none outlives it


class Node:
    def __init__(self, folder, name, country="XE", init=True):
        self.home = os.path.join(folder, name.replace(" ", "-").lower())
        self.name, self.server, self.url = name, None, None
        if init:
            self.ok("init", "--name", name, "--country", country)

    def command(self, *words):
        return [ENTENTE, "--home", self.home, *words]

    def run(self, *words, stdin=None, **more):
        return Done(subprocess.run(self.command(*words), input=stdin, stdin=None if stdin is not None else
                                   subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="surrogateescape", timeout=300, **more))

    def ok(self, *words, **more):
        done = self.run(*words, **more)
        check(done.code == 0, f"entente {' '.join(words)}: exit {done.code}: {done.err}{done.out[:2000]}")
        return done

    def fails(self, code, *words, **more):
        """It must end with this code and one clear line; never with a crash."""
        done = self.run(*words, **more)
        check(done.code == code, f"entente {' '.join(words)}: exit {done.code}, not {code}: {done.err}")
        check(done.err.startswith("entente: ") and done.err.endswith("\n"), f"no clear error: {done.err!r}")
        check("Sanitizer" not in done.err, done.err)
        return done

    def serve(self, *more):
        self.log = open(self.home + ".messages", "ab")
        self.server = subprocess.Popen(self.command("serve", "--listen", "127.0.0.1:0", "--json", *more),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        SERVING.append(self)
        line = self.server.stdout.readline()
        check(line, f"serve ended: {open(self.home + '.messages').read()}")
        self.url = json.loads(line)["taxii"]
        return self

    def stop(self, kill=False):
        """The exit code of serve."""
        if not self.server:
            return None
        (self.server.kill if kill else self.server.terminate)()
        code = self.server.wait(PATIENCE)
        self.server.stdout.close()
        self.log.close()
        self.server = None
        return code

    def status(self):
        return self.ok("status", "--json").lines[0]

    def token(self, account):
        return self.ok("account", "token", account, "--json").lines[0]["token"]

    def get(self, path, token=None, headers=None, method="GET", body=None):
        """(status, headers, body bytes) of a request to the TAXII server."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Accept", "application/taxii+json;version=2.1")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers, answer.read()


def connect(taker, giver):
    """giver invites taker, who polls fast."""
    file = os.path.join(os.path.dirname(giver.home), f"invite-{uuid.uuid4()}.json")
    giver.ok("peer", "invite", taker.name, "--out", file)
    taker.ok("peer", "accept", file)
    taker.ok("peer", "set", giver.name, "--poll-ms", "100")


def wait_for(ask, words, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        check(time.monotonic() < until, f"not within {seconds} s: {words}")
        time.sleep(0.02)


TLP2 = {"clear": "94868c89-83c2-464b-929b-a1a8aa3c8487", "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "red": "e828b379-4e03-4974-9ac4-e53a884c97c1"}


def indicator(pattern, tlp=None, **more):
    stamp = "2026-01-01T00:00:00.000Z"
    made = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": stamp,
            "modified": stamp, "pattern": pattern, "pattern_type": "stix", "valid_from": stamp,
            "valid_until": "2099-01-01T00:00:00.000Z"}  # the stamps are fixed, lifetimes are counted from them
    if tlp:
        made["object_marking_refs"] = [f"marking-definition--{TLP2[tlp]}"]
    made.update(more)
    return made


def domain(name, tlp=None, **more):
    return indicator(f"[domain-name:value = '{name}']", tlp, **more)


def bundle(folder, *objects):
    path = os.path.join(folder, f"{uuid.uuid4()}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects)}, file)
    return path


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


def main(*tests):
    """Each test gets a folder of its own; TAP comes out."""
    failed = 0
    for number, test in enumerate(tests, 1):
        folder = tempfile.mkdtemp(prefix="entente-")
        title = test.__name__.replace("_", " ")
        try:
            reason = test(folder)
            print(f"ok {number} - {title}" + (f" # SKIP {reason}" if isinstance(reason, str) else ""), flush=True)
        except Exception as error:  # the test's own words, whatever broke
            failed += 1
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {title}", flush=True)
        finally:
            while SERVING:
                SERVING.pop().stop(kill=True)
            shutil.rmtree(folder, ignore_errors=True)
    print(f"1..{len(tests)}")
    sys.exit(1 if failed else 0)
