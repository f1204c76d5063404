#!/usr/bin/env python3
"""The OASIS TAXII server as our partner: we pull from it, and post to it."""

import peers  # first: moves into the place with the packages

import json
import os
import subprocess
import sys

import requests
from house import Node, bundle, check, domain, main, wait_for

TAXII = "application/taxii+json;version=2.1"
MEDIA = "application/stix+json;version=2.1"
READ, WRITE = "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "365fed99-08fa-fdcd-a1b3-fb247eb41d01"


def collection(name, objects):
    """What medallion's memory holds: the objects, and beside each its manifest entry."""
    manifest = [{"id": o["id"], "date_added": date, "version": o["modified"], "media_type": MEDIA}
                for date, o in objects]
    return {"id": name, "title": name, "can_read": True, "can_write": True, "media_types": [MEDIA],
            "objects": [o for _, o in objects], "manifest": manifest}


class Medallion:
    def __init__(self, folder, objects, page=20):
        data = {"discovery": {"title": "Medallion", "default": "root/", "api_roots": ["root/"]},
                "root": {"information": {"title": "Root", "versions": [TAXII], "max_content_length": 9765625},
                         "status": [], "collections": [collection(READ, objects), collection(WRITE, [])]}}
        self.data, config = os.path.join(folder, "data.json"), os.path.join(folder, "config.json")
        with open(self.data, "w", encoding="utf-8") as file:
            json.dump(data, file)
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                                   "filename": self.data},
                       "users": {"us": "secret"}, "taxii": {"max_page_size": page}}, file)
        program = os.path.join(os.path.dirname(sys.executable), "medallion")
        self.log = open(os.path.join(folder, "medallion.log"), "w+b")
        self.process = subprocess.Popen([program, "--host", "127.0.0.1", "--port", "0", config],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.url = wait_for(self.find_url, "medallion serves") + "/root/"

    def find_url(self):
        """It says on which port it listens."""
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            words = file.read()
        check(self.process.poll() is None, f"medallion ended: {words}")
        at = words.find("Running on http://")
        return words[at + len("Running on "):].split()[0] if at >= 0 else None

    def objects(self, name):
        found, query = [], {"limit": 1000}
        while True:
            page = requests.get(f"{self.url}collections/{name}/objects/", query, auth=("us", "secret"),
                                headers={"Accept": TAXII}, timeout=30).json()
            found += page.get("objects", [])
            if not page.get("more"):
                return found
            query["next"] = page["next"]

    def add(self, *objects):
        answer = requests.post(f"{self.url}collections/{READ}/objects/", json={"objects": list(objects)}, timeout=30,
                               auth=("us", "secret"), headers={"Accept": TAXII, "Content-Type": TAXII})
        check(answer.status_code == 202, answer.text)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def accept(node, folder, server, name, who="Medallion"):
    path = os.path.join(folder, "invite.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"entente_invite": 1, "from": {"name": who}, "api_root": server.url, "collection": name,
                   "user": "us", "password": "secret"}, file)
    node.ok("peer", "accept", path)


def sync(node, who="Medallion"):
    return node.ok("peer", "sync", who, "--json").lines[0]


def pulls(folder):
    theirs = [(f"2026-01-01T00:{i // 60:02}:{i % 60:02}.000000Z", domain(f"m{i}.example", "green")) for i in range(130)]
    server = Medallion(folder, theirs)
    try:
        node = Node(folder, "CSIRT")
        accept(node, folder, server, READ)
        first = sync(node)
        check(first["new"] == 130 and first["pages"] >= 7, f"all pages: {first}")
        for _, o in theirs[::13]:
            body = node.ok("get", o["id"], "--json").lines[0]
            check(body == o, f"object for object: {body}")
        entries = node.status()["entries"]
        idle = sync(node)
        check(idle["new"] == 0 and idle["updated"] == 0, str(idle))
        check(node.status()["entries"] == entries, "an idle round writes nothing")
        late = [domain(f"late{i}.example", "green") for i in range(3)]
        server.add(*late)
        check(sync(node)["new"] == 3, "what was added later")
        check(all(node.run("get", o["id"]).code == 0 for o in late), "and it is here")
    finally:
        server.stop()


def forgets_its_next(folder):
    """Its `next` lives for half a minute in memory: a restart is the same to us. On from the dates, nothing twice."""
    theirs = [(f"2026-01-01T00:00:{i // 2:02}.000000Z", domain(f"m{i}.example", "green")) for i in range(60)]
    server = Medallion(folder, theirs, page=20)
    try:
        node = Node(folder, "CSIRT")
        accept(node, folder, server, READ)
        check(sync(node)["new"] == 60, "all, two to each date")
        again = domain("m3.example", "green")
        again.update(id=theirs[3][1]["id"], modified="2026-06-01T00:00:00.000Z", name="newer")
        server.add(again)
        done = sync(node)
        check((done["new"], done["updated"]) == (0, 1), f"a newer version: {done}")
        check(node.ok("get", again["id"], "--json").lines[0] == again, "it is the one held")
        source = ("source", "add", "m", "--kind", "taxii", "--place", server.url, "--collection", READ, "--party", "Other")
        node.ok(*source, "--user", "us", "--secret-file", "-", stdin="secret\n")
        last = node.ok("source", "poll", "m", "--json").lines[-1]["last"]
        check(last["read"] >= 60 and last["rejected"] == 0, f"as a source: {last}")
    finally:
        server.stop()


def posts(folder):
    server = Medallion(folder, [], page=1000)
    try:
        node = Node(folder, "CSIRT")
        accept(node, folder, server, WRITE)
        ours = [domain(f"ours{i}.example", "green") for i in range(620)]
        hidden = [domain(f"hidden{i}.example", "amber") for i in range(5)]
        node.ok("import", bundle(folder, *ours, *hidden), "--from", "self")
        sync(node)
        check(server.objects(WRITE) == [], "nobody has said that it wants anything")
        node.ok("peer", "set", "Medallion", "--sightings", "on")
        sync(node)
        there = {o["id"]: o for o in server.objects(WRITE)}
        for o in ours:
            check(there.get(o["id"]) == o, f"not object for object: {there.get(o['id'])}")
        check(not any(o["id"] in there for o in hidden), "something withheld left")
        releases = node.status()["releases"]
        check(releases >= len(ours), f"{releases} releases")
        sync(node)
        check(node.status()["releases"] == releases and len(server.objects(WRITE)) == len(there), "once")
    finally:
        server.stop()


if __name__ == "__main__":
    main(pulls, forgets_its_next, posts)
