#!/usr/bin/env python3
"""A hospital's log server as a sensor of its CSIRT: cleared indicators come, hits go back, and nothing else does."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import uuid

from house import SERVING, TLP2, Node, bundle, check, domain, main, wait_for, write

REGISTER = ("name,sector,networks,domains,contacts\nHospital North,health,192.0.2.0/24,north.example,soc@north.example\n"
            "City Grid,energy,198.51.100.0/24,grid.example,soc@grid.example\n")
SENSED = "extension-definition--d1141926-7591-4d4a-8217-6fc0d76a57cb"
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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve_at(hub, port):
    """As Node.serve(), where its sensors know it."""
    hub.log = open(hub.home + ".messages", "ab")
    hub.server = subprocess.Popen(hub.command("serve", "--listen", f"127.0.0.1:{port}", "--json"),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=hub.log, text=True)
    SERVING.append(hub)
    hub.url = json.loads(hub.server.stdout.readline())["taxii"]


def kills_lose_nothing(folder):
    """The sensor and the hub are killed by turns: each line counts, and counts once."""
    hub, port, lines = Node(folder, "CSIRT"), free_port(), 0
    hub.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    serve_at(hub, port)
    invite(folder, hub, "Hospital North")
    hub.ok("import", bundle(folder, domain("evil.example", "green")), "--from", "CERT B")
    sensor = Sensor(folder, os.path.join(folder, "proxy.log"), invitation(folder, "Hospital North")).start().follows()
    wait_for(lambda: sensor.holds("evil.example"), "the indicator comes")
    sensor.node.ok("peer", "set", "CSIRT", "--poll-ms", "200")
    for turn, pause in enumerate((0, 0.05, 0.2, 0.6)):
        sensor.sees(25 * "192.0.2.7 asked evil.example\n")
        lines += 25
        time.sleep(pause)
        if turn == 2:
            hub.stop(kill=True)
        sensor.stop(signal.SIGKILL)
        sensor.start()
        if turn == 2:
            sensor.follows()
            serve_at(hub, port)
    sensor.follows()
    wait_for(lambda: counted(hub).get(("Hospital North", "evil.example")) == lines, f"each line once: {lines}", 90)
    check(len(findings(hub)) == 1, str(findings(hub)))
    sensor.sees("192.0.2.7 asked evil.example\n")
    wait_for(lambda: counted(hub)[("Hospital North", "evil.example")] == lines + 1, "and on", 90)
    check(sensor.stop() == 0, sensor.messages())
    hub.ok("verify"), sensor.node.ok("verify")
    hub.stop()


def a_liar_costs_itself_alone(folder):
    hub = hub_of(folder, "Hospital North", "City Grid")
    token = invite(folder, hub, "Hospital North")
    given, secret = domain("evil.example", "green"), domain("secret.example", "amber")
    hub.ok("import", bundle(folder, given, secret), "--from", "CERT B")
    hub.get("api/collections/indicators/objects/", token)
    grid = hub.ok("constituency", "list", "--json").lines
    grid = next(o for o in grid if o["organisation"] == "City Grid")

    def post(*objects):
        status, _, body = hub.get("api/collections/indicators/objects/", token, {"Content-Type": TAXII}, "POST",
                                  json.dumps({"objects": objects}).encode())
        check(status == 202, f"{status} {body!r}")
        return json.loads(body)

    def said(count=1, of=given["id"], seen="2026-11-01T10:00:00.000Z", **more):
        ext = {"extension_type": "property-extension", "value": "evil.example", "value_kind": "domain"}
        ext.update(more.pop("ext", {}))
        made = {"type": "sighting", "spec_version": "2.1", "id": f"sighting--{uuid.uuid4()}", "count": count,
                "created": "2026-11-01T10:00:01.000Z", "modified": "2026-11-01T10:00:01.000Z", "first_seen": seen,
                "last_seen": seen, "sighting_of_ref": of, "extensions": {SENSED: ext},
                "object_marking_refs": [f"marking-definition--{TLP2['green']}"]}
        made.update(more)
        return made

    unknown = "indicator--" + str(uuid.uuid4())
    lies = {"was given to this sensor": [said(of=secret["id"]), said(of=unknown)],
            "another organisation": [said(where_sighted_refs=[grid["id"]]), said(ext={"clients": ["198.51.100.7"]}),
                                     said(ext={"clients": ["not an address"]})],
            "in the future": [said(seen="2090-01-01T00:00:00.000Z")],
            "counts more": [said(count=999999999)]}
    for why, objects in lies.items():
        status = post(*objects)
        check(status["failure_count"] == len(objects) and all(why in f["message"] for f in status["failures"]), str(status))
        check(not findings(hub), f"{why}: {findings(hub)}")
    known, made_up = [f["message"] for f in post(*lies["was given to this sensor"])["failures"]]
    check(known == made_up, "what is withheld is told from what is not there")
    flood = post(*[said() for _ in range(1500)])
    check(flood["failure_count"] == 500, str(flood)[:400])
    check(counted(hub) == {("Hospital North", "evil.example"): 1000}, str(counted(hub)))
    one = said(7)
    check(post(one)["failure_count"] == 0 and post(one)["failure_count"] == 0, "the same again is nothing")
    check(counted(hub) == {("Hospital North", "evil.example"): 1007}, str(counted(hub)))
    one.update(count=3, modified="2026-11-01T10:00:02.000Z")
    check("only grow" in post(one)["failures"][0]["message"], "backwards")
    one.update(count=9, modified="2026-11-01T10:00:03.000Z", last_seen="2026-11-01T11:00:00.000Z")
    check(post(one)["failure_count"] == 0, "and on")
    check(counted(hub) == {("Hospital North", "evil.example"): 1009} and len(findings(hub)) == 1, str(findings(hub)))
    hub.fails(65, "peer", "set", "City Grid", "--organisation", "Nobody We Know")
    hub.ok("verify")
    hub.stop()


def an_ended_sensor_stops(folder):
    hub = hub_of(folder, "Hospital North")
    hub.ok("import", bundle(folder, domain("evil.example", "green")), "--from", "CERT B")
    sensor = Sensor(folder, os.path.join(folder, "proxy.log"), invitation(folder, "Hospital North")).start().follows()
    wait_for(lambda: sensor.holds("evil.example"), "the indicator comes")
    sensor.node.ok("peer", "set", "CSIRT", "--poll-ms", "100")
    hub.ok("peer", "expel", "Hospital North", "--reason", "left")
    check(sensor.process.wait(60) == 77, sensor.messages())
    check("the hub has ended this sensor" in sensor.messages(), sensor.messages())
    sensor.sees("192.0.2.7 asked evil.example\n")
    check(not sensor.node.ok("watch", "-", "--json", stdin="192.0.2.7 asked evil.example\n").lines, "it hits no more")
    sensor.start()
    check(sensor.process.wait(60) == 77 and not findings(sensor.node), sensor.messages())
    invite(folder, hub, "Hospital North")
    sensor.start().follows()
    wait_for(lambda: counted(hub) == {("Hospital North", "evil.example"): 1}, "a new beginning finds what was logged")
    check(sensor.stop() == 0, sensor.messages())
    hub.stop()


main(what_is_seen_becomes_findings, kills_lose_nothing, a_liar_costs_itself_alone,
     an_ended_sensor_stops)
