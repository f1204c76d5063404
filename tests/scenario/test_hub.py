#!/usr/bin/env python3
"""A hospital's log server as a sensor of its CSIRT: cleared indicators come, hits go back, and nothing else does."""

import json
import os
import signal
import subprocess
import threading

from house import TLP2, Node, bundle, check, domain, main, wait_for, write

REGISTER = ("name,sector,networks,domains,contacts\nHospital North,health,192.0.2.0/24,north.example,soc@north.example\n"
            "City Grid,energy,198.51.100.0/24,grid.example,soc@grid.example\n")
TAXII = "application/taxii+json;version=2.1"


def hub_of(folder, *names):
    hub = Node(folder, "CSIRT").serve()
    hub.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    for name in names:
        invite(folder, hub, name)
    return hub


def invitation(folder, name):
    return os.path.join(folder, name.replace(" ", "-").lower() + ".json")


def invite(folder, hub, name):
    hub.ok("peer", "invite", name, "--out", invitation(folder, name))
    hub.ok("peer", "set", name, "--kind", "constituent", "--organisation", name)
    with open(invitation(folder, name), encoding="utf-8") as file:
        return json.load(file)["token"]


class Sensor:
    """entente watch --hub, as the hospital's administrator starts it."""

    def __init__(self, folder, log, *hub):
        self.node = Node(folder, "Sensor", init=False)
        self.log, self.hub, self.process = log, hub, None
        write(folder, os.path.basename(log), "")

    def start(self, *more):
        self.lines, self.errors = [], open(self.node.home + ".messages", "ab")
        self.process = subprocess.Popen(self.node.command("watch", "--hub", *self.hub, "--follow", self.log, "--json", *more),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def follows(self):
        wait_for(lambda: any("following" in line for line in self.lines) or self.process.poll() is not None, "it follows")
        check(self.process.poll() is None, self.messages())
        return self

    def messages(self):
        with open(self.node.home + ".messages", encoding="utf-8") as file:
            return file.read()

    def holds(self, name):
        return name in self.node.run("search", name, "--json").out

    def sees(self, text):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(text)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join()
        self.process.stdout.close()
        self.errors.close()
        check("Sanitizer" not in self.messages(), self.messages())
        return code


def findings(hub):
    return hub.ok("finding", "list", "--json").lines


def counted(hub):
    return {(f["organisation"], f["value"]): f["count"] for f in findings(hub)}


def home_has(node, word):
    """Is the word anywhere in the bytes of its home?"""
    found = []
    for folder, _, files in os.walk(node.home):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    if word.encode() in file.read():
                        found.append(path)
    return found


def what_is_seen_becomes_findings(folder):
    hub = hub_of(folder, "Hospital North")
    known = domain("evil.example", "green")
    hub.ok("import", bundle(folder, known, domain("secret.example", "amber")), "--from", "CERT B")
    sensor = Sensor(folder, os.path.join(folder, "proxy.log"), invitation(folder, "Hospital North")).start().follows()
    wait_for(lambda: sensor.holds("evil.example"), "the indicator comes")
    sensor.sees("192.0.2.7 Patient Zero asked evil.example\n192.0.2.7 asked secret.example\n")
    seen = wait_for(lambda: findings(hub), "a finding at the hub")
    check(len(seen) == 1 and seen[0]["organisation"] == "Hospital North" and seen[0]["value"] == "evil.example" and
          seen[0]["finding_kind"] == "hit" and seen[0]["indicator"] == known["id"], str(seen))
    shown = hub.ok("finding", "show", "F-1").out
    check("told by the sensor of Hospital North" in shown, shown)
    late = domain("late.example", "green")
    sensor.sees("192.0.2.8 asked late.example\n" + 3 * "192.0.2.7 asked evil.example\n")
    hub.ok("import", bundle(folder, late), "--from", "CERT B")
    wait_for(lambda: counted(hub) == {("Hospital North", "evil.example"): 4, ("Hospital North", "late.example"): 1},
             f"what was published later is looked for in what was logged before: {counted(hub)}")
    check(home_has(sensor.node, "late.example") and not home_has(sensor.node, "secret.example"), "not cleared, yet it came")
    for word in ("Patient", "Zero", "secret.example asked"):
        check(not home_has(hub, word), f"{word} of a log line left the sensor")
    known.update(modified="2026-02-01T00:00:00.000Z", revoked=True)
    hub.ok("import", bundle(folder, known), "--from", "CERT B")
    wait_for(lambda: '"revoked":true' in sensor.node.run("get", known["id"], "--json").out.replace(" ", ""), "revoked there")
    sensor.sees("192.0.2.7 asked evil.example\n192.0.2.7 asked late.example\n")
    wait_for(lambda: counted(hub)[("Hospital North", "late.example")] == 2, "the later one counts")
    check(counted(hub)[("Hospital North", "evil.example")] == 4, "a revoked indicator hits no more")
    check(sensor.stop() == 0, sensor.messages())
    hub.ok("verify"), sensor.node.ok("verify"), hub.ok("rebuild")
    hub.stop()


main(what_is_seen_becomes_findings)
