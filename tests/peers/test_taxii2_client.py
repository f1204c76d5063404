#!/usr/bin/env python3
"""The OASIS TAXII client against our server, and the OASIS STIX library on everything that it gets."""

import peers  # first: moves into the place with the packages

import json
import uuid

import stix2
from house import Node, bundle, check, domain, indicator, main
from taxii2client.common import TokenAuth
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages


def serve(folder, *objects):
    """(node, user, token) of a plain client of another house."""
    node = Node(folder, "CSIRT").serve()
    if objects:
        node.ok("import", bundle(folder, *objects), "--from", "self")
    invite = node.home + ".invite"
    node.ok("peer", "invite", "CERT B", "--out", invite)
    with open(invite, encoding="utf-8") as file:
        read = json.load(file)
    return node, read["account"], read["token"]


def relationship(source, target):
    stamp = "2026-01-01T00:00:00.000Z"
    return {"type": "relationship", "spec_version": "2.1", "id": f"relationship--{uuid.uuid4()}", "created": stamp,
            "modified": stamp, "relationship_type": "related-to", "source_ref": source["id"],
            "target_ref": target["id"], "object_marking_refs": source["object_marking_refs"]}


def intelligence(url, user, token):
    root = Server(url, user=user, password=token).default
    return next(c for c in root.collections if c.alias == "intelligence")


def everything_page_by_page(folder):
    ours = [domain(f"n{i}.example", "green") for i in range(120)]
    ours += [relationship(ours[i], ours[i + 1]) for i in range(30)]
    hidden = [domain(f"hidden{i}.example", "amber") for i in range(5)]
    node, user, token = serve(folder, *ours, *hidden)
    for size in (7, 50, 1000):
        got = {}
        for page in as_pages(intelligence(node.url, user, token).get_objects, per_request=size):
            for o in page["objects"]:
                check(o["id"] not in got, f"twice: {o['id']}")
                got[o["id"]] = o
        for o in ours:
            check(got.get(o["id"]) == o, f"pages of {size}: not object for object: {got.get(o['id'])} {o}")
        for o in hidden:
            check(o["id"] not in got, "something withheld left")
    node.stop()


def manifests_and_versions(folder):
    first = domain("one.example", "green")
    second = dict(first, modified="2026-02-01T00:00:00.000Z")
    others = [domain(f"n{i}.example", "green") for i in range(30)]
    node, user, token = serve(folder, first, *others)
    node.ok("import", bundle(folder, second), "--from", "self")
    c = intelligence(node.url, user, token)
    seen = [o["id"] for page in as_pages(c.get_manifest, per_request=4) for o in page.get("objects", [])]
    check(len(seen) == len(set(seen)) and {o["id"] for o in others} <= set(seen), "the manifest, each once")
    pages = [page for page in as_pages(c.object_versions, per_request=1, obj_id=first["id"])]
    versions = [v for page in pages for v in page["versions"]]
    check(versions == [first["modified"], second["modified"]], str(pages))
    check(c.get_object(first["id"])["objects"] == [second], "the newest")
    both = c.get_object(first["id"], version="all")["objects"]
    check(both == [first, second], str(both))
    check(c.get_object(first["id"], version=["first"])["objects"] == [first], "the first")
    node.stop()


def filters_and_ways_in(folder):
    ours = [domain(f"n{i}.example", "green") for i in range(5)]
    node, user, token = serve(folder, *ours)
    c = intelligence(node.url, user, token)
    wanted = [o["id"] for o in ours[1:3]]
    check({o["id"] for o in c.get_objects(id=wanted, type="indicator")["objects"]} == set(wanted), "id and type")
    check(c.get_objects(type=["malware", "tool"]) == {}, "an empty envelope")
    root = ApiRoot(node.url + "api/", auth=TokenAuth(token))
    check([x.alias for x in root.collections] == ["indicators", "intelligence", "entente"], "with a token alone")
    by_id = Collection(f"{node.url}api/collections/{c.id}/", user=user, password=token)
    check(by_id.can_read and by_id.title == "Intelligence", "by its id")
    last = c.get_manifest(type="indicator")["objects"][-1]["date_added"]
    check(c.get_objects(added_after=last) == {}, "nothing is newer than the newest")
    node.stop()


def posts_and_waits(folder):
    node, user, token = serve(folder)
    c = intelligence(node.url, user, token)
    given = [domain(f"given{i}.example", "green") for i in range(20)]
    status = c.add_objects({"objects": given + [{"type": "indicator", "id": "nonsense"}]}, poll_interval=0.1)
    check(status.status == "complete" and status.success_count == 20 and status.failure_count == 1, str(status._raw))
    again = intelligence(node.url, user, token).add_objects({"objects": given})
    check(again.success_count == 20 and again.failure_count == 0, "the same once more")
    check(node.run("get", given[7]["id"]).code == 0, "it is here")
    node.stop()


def stix2_parses_it_all(folder):
    """Every object that our server emits, our own among them, as the reference library reads it."""
    marked = {"object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}
    stamp = "2026-01-01T00:00:00.000Z"
    base = {"spec_version": "2.1", "created": stamp, "modified": stamp, **marked}
    a, b = domain("a.example", "green"), indicator("[ipv4-addr:value = '192.0.2.1']", "clear", name="b", confidence=70)
    malware = {"type": "malware", "id": f"malware--{uuid.uuid4()}", "is_family": False, "name": "m", **base}
    report = {"type": "report", "id": f"report--{uuid.uuid4()}", "name": "r", "published": stamp,
              "object_refs": [a["id"], malware["id"]], **base}
    unmarked = domain("unmarked.example")
    node, user, token = serve(folder, a, b, malware, report, relationship(a, malware))
    node.ok("source", "add", "feed", "--party", "CERT C", "--marking", "GREEN")
    node.ok("import", bundle(folder, unmarked), "--source", "feed")
    objects = [o for page in as_pages(intelligence(node.url, user, token).get_objects, per_request=100)
               for o in page["objects"]]
    check({a["id"], b["id"], malware["id"], report["id"], unmarked["id"]} <= {o["id"] for o in objects}, "all there")
    check(any(o["type"] == "identity" for o in objects), "our own identity among them")
    for o in objects:
        parsed = stix2.parse(o, allow_custom=False)
        check(json.loads(parsed.serialize())["id"] == o["id"], "parsed")
    left = next(o for o in objects if o["id"] == unmarked["id"])
    check(left["object_marking_refs"] == marked["object_marking_refs"], "it leaves with its source's label")
    node.stop()


main(everything_page_by_page, manifests_and_versions, filters_and_ways_in, posts_and_waits, stix2_parses_it_all)
