#!/usr/bin/env python3
"""OASIS's validator and library judge us: all that we make ourselves is STIX to them, over TAXII and from `get`; and
the identifiers that we would give observables are those that the library gives."""

import peers  # first: moves into the place with the packages

import json
import os
import random
import string
import subprocess

import stix2
from house import ENTENTE, Node, bundle, check, domain, main, wait_for, write
from stix2validator import ValidationOptions, validate_instance
from taxii2client.v21 import Server, as_pages

OPTIONS = ValidationOptions(version="2.1", strict_types=False)


def told(o):
    """What the two have against an object; an empty list when both take it."""
    results = validate_instance(json.loads(json.dumps(o)), OPTIONS)
    words = [str(error) for error in results.errors]
    try:
        stix2.parse(json.loads(json.dumps(o)), allow_custom=False)
    except Exception as error:  # the library's own classes are many
        words.append(f"stix2: {type(error).__name__}: {error}")
    return words


def all_taken(objects):
    for o in objects:
        words = told(o)
        check(not words, f"{o['id']}: {words}\n{json.dumps(o)}")
    done = subprocess.run([ENTENTE, "validate", "-", "--json"], input=json.dumps(objects), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode == 0, f"our own validate: {done.stdout}{done.stderr}")


def a_node_with_everything(folder):
    """A source's indicator, hit in a log of an organisation of ours: a finding, an incident, a sighting."""
    node = Node(folder, "CSIRT Examplia")
    register = "name,sector,networks,domains,contacts\nNorthport Hospital,health,192.0.2.0/24,hospital.example,soc@hospital.example\n"
    node.ok("constituency", "import", write(folder, "country.csv", register))
    node.ok("source", "add", "feed", "--party", "CERT Y", "--incident-rule", "on")
    node.ok("import", write(folder, "list.csv", "value,tlp\nbad.example,GREEN\n198.18.7.0/24,CLEAR\n"), "--source",
            "feed")
    node.ok("import", bundle(folder, domain("ours.example", "clear")), "--from", "self")
    log = write(folder, "app.log", "2026-01-01T00:00:00Z 192.0.2.20 asked www.bad.example\n"
                "2026-01-01T00:00:01Z 192.0.2.20 -> 198.18.7.9:443\n")
    watch = subprocess.Popen(node.command("watch", "--follow", log, "--json"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(node.ok("finding", "list", "--json").lines) >= 1, "a finding")
    finally:
        watch.terminate()
        watch.wait()
    return node


def ids_of_all(node):
    """Every object of ours that the commands know by name."""
    ids = set()
    for words in (("finding", "list"), ("incident", "list"), ("constituency", "list")):
        for line in node.ok(*words, "--json").lines:
            ids |= {v for v in line.values() if isinstance(v, str) and "--" in v}
    return ids


def what_get_shows(folder):
    node = a_node_with_everything(folder)
    ids = ids_of_all(node)
    types = {i.split("--")[0] for i in ids}
    check(any("finding" in t for t in types) and "identity" in types, f"of many kinds: {types}")
    objects = []
    for i in sorted(ids):
        for line in node.ok("get", i, "--json").lines:
            objects.append(line.get("object", line) if isinstance(line, dict) else line)
    check(len(objects) >= len(ids), "each is there")
    all_taken(objects)


def what_taxii_serves(folder):
    node = a_node_with_everything(folder)
    node.serve()
    invite = node.home + ".invite"
    node.ok("peer", "invite", "CERT B", "--out", invite)
    with open(invite, encoding="utf-8") as file:
        read = json.load(file)
    root = Server(node.url, user=read["account"], password=read["token"]).default
    objects = {}
    for collection in root.collections:
        for page in as_pages(collection.get_objects, per_request=100):
            objects.update({o["id"]: o for o in page.get("objects", [])})
    check(len(objects) >= 3 and any(o["type"] == "identity" for o in objects.values()), str(list(objects)))
    all_taken(list(objects.values()))
    node.stop()


# ---- identifiers ----

def words(r, most=12):
    alphabet = string.ascii_letters + string.digits + " -_./\\\"'<>&\u00e9\u00df\u20ac\u4e16\U0001f600\u0007\u007f"
    return "".join(r.choice(alphabet) for _ in range(r.randint(1, most)))


def stamp(r):
    return f"20{r.randint(10, 29)}-0{r.randint(1, 9)}-{r.randint(10, 28)}T0{r.randint(0, 9)}:00:00" + \
        r.choice(["", ".1", ".120", ".123456"]) + "Z"


def hashes(r):
    sizes = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}
    names = r.sample(sorted(sizes), r.randint(1, 3))
    if not any(n in names for n in ("MD5", "SHA-1", "SHA-256", "SHA-512")):
        names = names[:1]  # of two that section 6 does not name, the library takes the first written, we by name
    return {n: "".join(r.choice("0123456789abcdef") for _ in range(sizes[n])) for n in names}


def some(r, **properties):
    return {k: v() for k, v in properties.items() if r.random() < 0.6}


def observable(r):
    """A random SCO in the library's words, without an id, or None where this draw is none."""
    ref = lambda kind: f"{kind}--{r.randint(0, 0xffffffff):08x}-0000-4000-8000-000000000000"
    text = lambda: words(r)
    made = {
        "artifact": lambda: {**r.choice([{"payload_bin": "VBORw0KGgo="}, {"url": "https://a.example/", "hashes": hashes(r)}])},
        "autonomous-system": lambda: {"number": r.randint(0, 2**32)},
        "directory": lambda: {"path": text()},
        "domain-name": lambda: {"value": text()},
        "email-addr": lambda: {"value": text(), **some(r, display_name=text)},
        "email-message": lambda: {"is_multipart": False, **some(r, subject=text, body=text, from_ref=lambda: ref("email-addr"))},
        "file": lambda: {"name": text(), **some(r, hashes=lambda: hashes(r), size=lambda: r.randint(0, 99), parent_directory_ref=lambda: ref("directory"), extensions=lambda: {"ntfs-ext": {"sid": text(), "alternate_data_streams": [{"name": text(), "size": r.randint(0, 2**40)}]}})},
        "ipv4-addr": lambda: {"value": f"{r.randint(0, 255)}.{r.randint(0, 255)}.0.1"},
        "ipv6-addr": lambda: {"value": f"2001:db8::{r.randint(1, 65535):x}"},
        "mac-addr": lambda: {"value": "d2:fb:49:24:37:" + f"{r.randint(0, 255):02x}"},
        "mutex": lambda: {"name": text()},
        "network-traffic": lambda: {"protocols": r.sample(["ipv4", "tcp", "http", "ssl"], r.randint(1, 3)), "src_ref": ref("ipv4-addr"), **some(r, start=lambda: stamp(r), dst_ref=lambda: ref("ipv4-addr"), src_port=lambda: r.randint(0, 65535), dst_port=lambda: r.randint(0, 65535), extensions=lambda: {"tcp-ext": {"src_flags_hex": "00000002"}})},
        "software": lambda: {"name": text(), **some(r, cpe=lambda: "cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*", swid=text, vendor=text, version=text)},
        "url": lambda: {"value": text()},
        "user-account": lambda: {"user_id": text(), **some(r, account_login=text, account_type=text, display_name=text)},
        "windows-registry-key": lambda: {"key": text(), **some(r, values=lambda: [{"name": text(), "data": text(), "data_type": "REG_SZ"} for _ in range(r.randint(1, 3))])},
        "x509-certificate": lambda: {**some(r, issuer=text), "serial_number": text(), **some(r, hashes=lambda: hashes(r))},
    }
    kind = r.choice(sorted(made))
    return {"type": kind, "spec_version": "2.1", **made[kind]()}


def identifiers_are_theirs(folder):
    """Some thousand random observables with the identifier that the library computes: ours is the same for each."""
    r = random.Random(int(os.environ.get("SEED", "1")))
    objects = []
    while len(objects) < 4000:
        o = observable(r)
        try:
            made = json.loads(stix2.parse(o).serialize())
        except Exception:  # not every draw is an observable to it
            continue
        if o["type"] == "email-message" and made["id"][len("email-message--") + 14] == "4":
            continue  # nothing contributes
        objects.append(made)
    check(len({o["type"] for o in objects}) == 17, "of every type that has names")
    path = write(folder, "observables.json", json.dumps(objects))
    done = subprocess.run([ENTENTE, "validate", path, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check(lines[-1]["objects"] == len(objects), str(lines[-1]))
    by_id = {o["id"]: o for o in objects}
    others = [(line["words"], by_id.get(line["id"])) for line in lines[:-1] if "deterministic one" in line["words"]]
    check(not others, f"{len(others)} differ, the first: {others[:1]}")


main(what_get_shows, what_taxii_serves, identifiers_are_theirs)
