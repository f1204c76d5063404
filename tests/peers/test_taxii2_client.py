#!/usr/bin/env python3
"""The OASIS TAXII client against our server, and the OASIS STIX library on everything that it gets."""

import peers  # first: moves into the place with the packages

import json
import os
import subprocess
import uuid

import stix2
from house import TLP2, Node, bundle, check, domain, indicator, main, write
from stix2validator import ValidationOptions, validate_instance
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


# ---- what the gate clears, and nothing else ----

EVENT = {"Event": {
    "uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a1", "info": "Phishing", "date": "2026-01-02", "timestamp": "1767400000",
    "distribution": "3", "threat_level_id": "2", "analysis": "1", "published": True,
    "Orgc": {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a2", "name": "Example CSIRT"},
    "Tag": [{"name": "tlp:green"}],
    "Attribute": [
        {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a3", "type": "ip-dst|port", "category": "Network activity",
         "value": "192.0.2.7|443", "to_ids": True, "timestamp": "1767400000", "comment": "command server"},
        {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a4", "type": "domain", "category": "Network activity",
         "value": "harmless.example", "to_ids": False, "timestamp": "1767400000"},
        {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a5", "type": "domain", "category": "Network activity",
         "value": "secret.example", "to_ids": True, "timestamp": "1767400000", "Tag": [{"name": "tlp:red"}]}],
    "Object": [
        {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a6", "name": "file", "meta-category": "file", "timestamp": "1767400000",
         "Attribute": [
             {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a7", "object_relation": "filename", "type": "filename",
              "value": "bad.exe", "to_ids": True, "timestamp": "1767400000"},
             {"uuid": "5d0f9c7e-2b1a-4e0c-8d55-0000000000a8", "object_relation": "md5", "type": "md5",
              "value": "fedcba9876543210fedcba9876543210", "to_ids": True, "timestamp": "1767400000"}]}]}}
TEAR_LINE = "extension-definition--8c62d850-956c-44f4-8d09-f07444f8c18a"


def tlp(name):
    return f"marking-definition--{TLP2[name]}"


def of_all_kinds():
    """(what goes, what goes as a rendition, what does not)."""
    whole = [domain(f"n{i}.example", "green") for i in range(12)] + [domain("all.example", "clear")]
    whole += [relationship(whole[0], whole[1])]
    cut = indicator("[domain-name:value = 'cut.example']", "green", description="nobody's business", name="open",
                 granular_markings=[{"marking_ref": tlp("red"), "selectors": ["description"]}])
    torn = indicator("[domain-name:value = 'torn.example']", "red", description="who was hit", name="a server",
                  extensions={TEAR_LINE: {"extension_type": "property-extension", "marking_ref": tlp("green"),
                                          "properties": ["name", "pattern", "pattern_type", "valid_from", "valid_until"]}})
    hidden = [domain(f"hidden{i}.example", "amber+strict") for i in range(3)] + [domain("unmarked.example")]
    dangling = relationship(whole[2], hidden[0])
    return whole, [cut, torn], [*hidden, dangling]


def certificate(folder):
    """As anybody's: of an authority that the client is told of, for the address that it asks."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=taxii", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", cert], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


def pulled(collection, size):
    got = {}
    for page in as_pages(collection.get_objects, per_request=size):
        for o in page.get("objects", []):
            check(o["id"] not in got, f"{o['id']} twice")
            got[o["id"]] = o
    return got


def told_by_the_gate(node, name):
    """{id: object} as `export --to` writes them."""
    return {o["id"]: o for o in json.loads(node.ok("export", "--as", "stix", "--to", name).out)["objects"]}


def judged(o):
    """What the validator and the library have against it. Extensions of ours that are types of their own are custom to
    both, since neither can look up a definition; everything else has to pass as it stands."""
    words = [str(e) for e in validate_instance(json.loads(json.dumps(o)), ValidationOptions(version="2.1",
                                                                                              strict_types=False)).errors]
    ours = o["type"].startswith("x-") or o["type"] not in stix2.registry.STIX2_OBJ_MAPS["2.1"]["objects"] and \
        o["type"] not in stix2.registry.STIX2_OBJ_MAPS["2.1"]["observables"]
    ours = ours or any(e.startswith("extension-definition--") for e in o.get("extensions", {}))
    ours = ours or any(name.startswith("x_misp_") for name in o)  # MISP's own, as misp-stix writes them
    try:
        parsed = stix2.parse(json.loads(json.dumps(o)), allow_custom=ours)
        if not isinstance(parsed, dict):
            check(json.loads(parsed.serialize())["id"] == o["id"], "the same")
    except Exception as error:  # the library's own classes are many
        words.append(f"stix2: {type(error).__name__}: {error}")
    return words


def cleared_and_nothing_else_over_tls(folder):
    cert, key = certificate(folder)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # to requests they come before what it is told
        os.environ.pop(name, None)
    node = Node(folder, "CSIRT")
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write(f"tls_certificate: {cert}\ntls_key: {key}\n")
    node.serve()
    check(node.url.startswith("https://"), node.url)
    whole, renditions, hidden = of_all_kinds()
    node.ok("import", bundle(folder, *whole, *renditions, *hidden), "--from", "self")
    node.ok("import", write(folder, "event.json", json.dumps(EVENT)), "--from", "Example CSIRT")
    invite = node.home + ".invite"
    node.ok("peer", "invite", "CERT B", "--out", invite)
    with open(invite, encoding="utf-8") as file:
        read = json.load(file)
    user, token = read["account"], read["token"]
    gate = told_by_the_gate(node, "CERT B")
    root = Server(node.url, user=user, password=token, verify=cert).default
    check(sorted(c.alias for c in root.collections) == ["entente", "indicators", "intelligence"], "three")
    by_token = {c.id: c for c in ApiRoot(node.url + "api/", auth=TokenAuth(token), verify=cert).collections}
    found = {}
    for c in root.collections:
        uuid.UUID(c.id)
        for size in (1, 7, 1000):
            got = pulled(c, size)
            found.setdefault(c.alias, got)
            check(got == found[c.alias], f"{c.alias}: pages of {size} differ from pages of 1")
        check(pulled(by_token[c.id], 50) == found[c.alias], "by token")
        manifest = [m for page in as_pages(c.get_manifest, per_request=3) for m in page.get("objects", [])]
        check({m["id"]: m["version"] for m in manifest} ==
              {i: o.get("modified", o.get("created")) for i, o in found[c.alias].items()} or
              {m["id"] for m in manifest} == set(found[c.alias]), f"the manifest of {c.alias}")
        check(len(manifest) == len(found[c.alias]), "each once")
        for o in list(found[c.alias].values())[::5]:
            check(c.get_object(o["id"])["objects"] == [o], "by id")
            check(len(c.object_versions(o["id"])["versions"]) == 1, "its one version")
    everything = {**found["intelligence"], **found["entente"], **found["indicators"]}
    for i, o in everything.items():
        check(i in gate, f"{o['type']} was given, and export does not: {o}")
        check(gate[i] == o, f"export writes it otherwise: {gate[i]} {o}")
    missing = {i: o for i, o in gate.items() if i not in everything}
    check(not missing, f"export gives more: {missing}")
    types = {o["type"] for o in found["indicators"].values()}
    check(types <= {"indicator", "identity", "marking-definition"}, str(types))
    wanted = {i for i, o in gate.items() if o["type"] in ("indicator", "identity", "marking-definition")}
    check(wanted == set(found["indicators"]), "all of the detection collection")
    for o in whole:
        check(everything.get(o["id"]) == o, f"whole: {everything.get(o['id'])} {o}")
    for o in renditions:
        check(o["id"] in everything and "description" not in everything[o["id"]], f"cut: {everything.get(o['id'])}")
    for o in [*whole[:2], *renditions, *hidden]:
        told = node.ok("explain", o["id"], "--to", "CERT B", "--json").lines[0]
        check((told["decision"] == "cleared") == (o["id"] in everything), f"explain says otherwise: {told}")
        check(told["decision"] != "cleared" or (told["form"] == "whole") == (everything[o["id"]] == o), str(told))
    raw = json.dumps(everything)
    for word in ("hidden0.example", "unmarked.example", "secret.example", "who was hit", "nobody's business",
                 *(o["id"] for o in hidden)):
        check(word not in raw, f"{word} left")
    check("192.0.2.7" in raw and "bad.exe" in raw, "what came as a MISP event is there")
    for o in everything.values():
        words = judged(o)
        check(not words, f"{words}\n{json.dumps(o)}")
    node.stop()


main(everything_page_by_page, manifests_and_versions, filters_and_ways_in, posts_and_waits, stix2_parses_it_all,
     cleared_and_nothing_else_over_tls)
