"""TAXII clients of other houses, and objects with release terms, for the tests of sharing."""

import json
import os
import uuid

from house import check, domain

EMBARGO = "extension-definition--6306e94b-2ca0-4b6d-b9b9-b2b98ef9c2a5"
REL_TO = "extension-definition--9ac6ca9f-2ccc-4ecd-b7ad-68b1d13348f7"


def invite(node, name):
    """A TAXII client of another house."""
    node.ok("peer", "invite", name, "--url", "https://ours.example/taxii2/", "--out", node.home + ".invite")
    with open(node.home + ".invite", encoding="utf-8") as file:
        return json.load(file)["token"]


class Client:
    """Keeps its cursor, and every byte it was ever given."""

    def __init__(self, node, token):
        self.node, self.token, self.after, self.raw = node, token, None, b""

    def news(self, everything=False):
        """{id: object} since the last time."""
        found, query = {}, "api/collections/intelligence/objects/?limit=3"
        path = query if everything or not self.after else f"{query}&added_after={self.after}"
        more = ""
        while True:
            status, headers, body = self.node.get(path + more, self.token)
            self.raw += body + str(headers).encode()
            check(status == 200, f"{status} {body!r}")
            page = json.loads(body)
            found.update({o["id"]: o for o in page.get("objects", [])})
            if headers["X-TAXII-Date-Added-Last"]:
                last = headers["X-TAXII-Date-Added-Last"]
                check(everything or not self.after or last >= self.after, "dates go back")
                if not everything:
                    self.last = last
            if not page.get("more"):
                break
            more = f"&next={page['next']}"
        if not everything:
            self.after = getattr(self, "last", self.after)
        return {i: o for i, o in found.items() if o["type"] not in ("identity", "marking-definition")}


def marking(extension, **more):
    return {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}",
            "created": "2026-01-01T00:00:00.000Z",
            "extensions": {extension: {"extension_type": "property-extension", **more}}}


def marked(name, tlp, definition):
    made = domain(name, tlp)
    made["object_marking_refs"].append(definition["id"])
    return made


def grant_of(done):
    return done.lines[0]["grant"]


def holds(home, word):
    """In any byte of a home that nobody has open; compressed bodies aside: acts have none."""
    for folder, _, names in os.walk(home):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                if word.encode() in file.read():
                    return True
    return False
