#!/usr/bin/env python3
"""OpenTAXII 0.9 (EclecticIQ's server) over SQLite as our partner: we pull from it, and post to it."""

import peers  # first: moves into the place with the packages

import base64
import json
import os
import subprocess
import sys

import requests
from house import Node, bundle, check, domain, indicator, main, wait_for, write
from test_medallion import TAXII, accept, sync

# What its own commands and gunicorn do, in one process on a port that is free. Over PostgreSQL its identifiers are
# strings; over SQLite they are not, and its json does not know them.
RUN = """
import json
json.JSONEncoder.default = lambda self, o: str(o)
from opentaxii.http import app
from werkzeug.serving import make_server
with app.app_context():
    taxii = app.taxii_server
    taxii.auth.api.create_account(username="us", password="secret", is_admin=True)
    api = taxii.servers.taxii2.persistence.api
    root = api.add_api_root(title="Root", default=True)
    ids = [str(api.add_collection(api_root_id=root.id, title=t, alias=t, is_public=False).id) for t in ("read", "write")]
server = make_server("127.0.0.1", 0, app, threaded=False)
print(server.server_port, root.id, *ids, flush=True)
server.serve_forever()
"""
CONFIG = """
domain: "127.0.0.1"
support_basic_auth: yes
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters: {{db_connection: "sqlite:///{folder}/auth.db", create_tables: yes, secret: "s{mark}", token_ttl_secs: 3600}}
taxii1:
taxii2:
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters: {{db_connection: "sqlite:///{folder}/data.db", create_tables: yes}}
  title: "Theirs"
  public_discovery: yes
  allow_custom_properties: {custom}
  max_content_length: {length}
logging: {{opentaxii: info, root: info}}
"""


class OpenTaxii:
    def __init__(self, folder, length=20480, custom="yes"):
        self.folder = os.path.join(folder, "opentaxii")
        os.mkdir(self.folder)
        config = write(self.folder, "config.yml", CONFIG.format(folder=self.folder, length=length,
                                                                custom=custom, mark="0123456789abcdef" * 4))
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", RUN], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, "OPENTAXII_CONFIG": config})
        words = ""
        while words.count(" ") != 3:
            words = self.process.stdout.readline()
            check(words, f"OpenTAXII ended: {open(self.log.name).read()[-2000:]}")
        port, root, self.read, self.write = words.split()
        self.url = f"http://127.0.0.1:{port}/taxii2/{root}/"

    def objects(self, name):
        found, query = [], {"limit": 1000}
        while True:
            page = requests.get(f"{self.url}collections/{name}/objects/", query, auth=("us", "secret"),
                                headers={"Accept": TAXII}, timeout=30).json()
            found += page.get("objects", [])
            if not page.get("more"):
                return [dict(o, spec_version="2.1") for o in found]  # it says the type in its place
            query["next"] = page["next"]

    def add(self, *objects):
        for i in range(0, len(objects), 20):
            answer = requests.post(f"{self.url}collections/{self.read}/objects/", timeout=30, auth=("us", "secret"),
                                   data=json.dumps({"objects": objects[i:i + 20]}),
                                   headers={"Accept": TAXII, "Content-Type": TAXII})
            check(answer.status_code == 202 and answer.json()["failure_count"] == 0, answer.text)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def pulls(folder):
    theirs = [domain(f"m{i}.example", "green") for i in range(110)]
    server = OpenTaxii(folder)
    try:
        server.add(*theirs)
        node = Node(folder, "CSIRT")
        accept(node, folder, server, server.read, "OpenTAXII")
        first = sync(node, "OpenTAXII")
        check(first["new"] == 110 and first["rejected"] == 0, f"all: {first}")
        for o in theirs[::13]:
            body = node.ok("get", o["id"], "--json").lines[0]
            check(body == o, f"object for object: {body} {o}")
        entries = node.status()["entries"]
        idle = sync(node, "OpenTAXII")
        check(idle["new"] == idle["updated"] == 0 and node.status()["entries"] == entries, f"idle: {idle}")
        late = [domain(f"late{i}.example", "green") for i in range(3)]
        newer = dict(theirs[0], modified="2026-05-01T00:00:00.000Z", name="again")
        server.add(*late, newer)
        done = sync(node, "OpenTAXII")
        check((done["new"], done["updated"]) == (3, 1), f"what was added later: {done}")
        check(node.ok("get", newer["id"], "--json").lines[0] == newer, "the newer version")
        check(all(node.run("get", o["id"]).code == 0 for o in late), "and it is here")
    finally:
        server.stop()


def posts(folder):
    """It takes 20 KiB at a time, checks with python-stix2, and breaks over what has no `modified`."""
    server = OpenTaxii(folder, custom="no")
    try:
        node = Node(folder, "CSIRT")
        accept(node, folder, server, "write", "OpenTAXII")
        ours = [domain(f"ours{i}.example", "green") for i in range(120)]
        ours.append(indicator("[url:value = 'http://ours.example/a']", "clear", name="named", confidence=70))
        address = {"type": "ipv4-addr", "id": "ipv4-addr--9ddd739e-87b1-587d-83f2-62ef1130af2f", "value": "203.0.113.7",
                   "spec_version": "2.1", "object_marking_refs": ours[0]["object_marking_refs"]}
        hidden = [domain(f"hidden{i}.example", "amber") for i in range(5)]
        node.ok("import", bundle(folder, address, *ours, *hidden), "--from", "self")
        node.ok("peer", "set", "OpenTAXII", "--sightings", "on")
        sync(node, "OpenTAXII")
        there = {o["id"]: o for o in server.objects(server.write)}
        for o in ours:
            check(there.get(o["id"]) == o, f"not object for object: {there.get(o['id'])} {o}")
        check(not any(o["id"] in there for o in hidden), "something withheld left")
        releases = node.status()["releases"]
        newer = dict(ours[3], modified="2026-05-01T00:00:00.000Z", name="again")
        node.ok("import", bundle(folder, newer), "--from", "self")
        sync(node, "OpenTAXII")
        check({o["id"]: o for o in server.objects(server.write)}[newer["id"]] == newer, "the newer version")
        sync(node, "OpenTAXII")
        check(node.status()["releases"] == releases + 1, "once")
    finally:
        server.stop()


if __name__ == "__main__":
    main(pulls, posts)
