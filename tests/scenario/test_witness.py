#!/usr/bin/env python3
"""Two serving nodes witness each other's logs: cosignatures arrive, strangers and the expelled are turned away, and a
home that was put back to an earlier state cannot fork its log."""

import hashlib
import os
import shutil
import urllib.error
import urllib.request

from house import PATIENCE, Node, bundle, check, connect, domain, main, wait_for


def log_of(node, path, token=None, body=None):
    """(status, text) of a request below /log/."""
    request = urllib.request.Request(node.url.replace("/taxii2/", "/log/") + path, data=body)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode(errors="replace")


def node(folder, name):
    made = Node(folder, name)
    with open(os.path.join(made.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write("witness_ms: 100\ncheckpoint_ms: 100\n")
    made.reader = made.token("admin")
    return made


def two(folder):
    a, b = node(folder, "CSIRT A").serve(), node(folder, "CSIRT B").serve()
    connect(b, a)
    connect(a, b)
    return a, b


def import_one(a, folder, name):
    a.ok("import", bundle(folder, domain(name, "red")), "--from", "self")


def head(a):
    """(origin, size, names of the signatures) of the published checkpoint; None when there is none."""
    status, text = log_of(a, "checkpoint", a.reader)
    if status != 200:
        return None
    lines = text.split("\n")
    return lines[0], int(lines[1]), [line.split(" ")[1] for line in lines if line.startswith("\u2014 ")]


def cosigned(a, b, least=0):
    """The head of a, once b has cosigned one over so many entries."""
    name = b.status()["origin"]

    def ask():
        now = head(a)
        return now if now and now[1] >= least and name in now[2] else None
    return wait_for(ask, f"{name} cosigns the log of {a.name}")


def cosignatures_arrive(folder):
    a, b = two(folder)
    first = cosigned(a, b)
    import_one(a, folder, "one.example")
    second = cosigned(a, b, first[1] + 1)
    cosigned(b, a)
    digest = hashlib.sha256(second[0].encode()).hexdigest()
    status, text = log_of(b, f"witness/{digest}/checkpoint", b.reader)
    check(status == 200 and text.startswith(f"{second[0]}\n"), text)
    for one in (a, b):
        check(one.stop() == 0, "serve ends well")


def who_may(folder):
    a, b = two(folder)
    cosigned(a, b)
    for path in ("checkpoint", "tile/0/000.p/1", "origins", "proof/indicator--00000000-0000-4000-8000-000000000000"):
        for token in (None, "ent_wrong"):
            status, _ = log_of(a, path, token)
            check(status == 401, f"a stranger asks for {path}: {status}")
    for path in ("witness/add-checkpoint", "introduce"):
        status, _ = log_of(a, path, None, b"old 0\n\nx")
        check(status == 401, f"a stranger posts to {path}: {status}")
    status, _ = log_of(a, "tile/entries/000", a.reader)
    check(status == 404, f"entry bundles: {status}")
    held = head(b)
    a.ok("peer", "expel", "CSIRT B", "--reason", "test")
    import_one(b, folder, "two.example")
    wait_for(lambda: head(b)[1] > held[1], "b publishes")
    wait_for(lambda: "witness" in open(b.home + ".messages", encoding="utf-8").read(), "b is told")
    check(a.status()["origin"] not in head(b)[2], "an expelled partner's log is cosigned")


def a_home_put_back(folder):
    """What a snapshot of a virtual machine does: the witness has seen more, and the log goes on under another name."""
    a, b = two(folder)
    before = cosigned(a, b)
    a.stop()
    shutil.copytree(a.home, a.home + ".copy", symlinks=True)
    a.serve()
    # b's way to a is gone with a's port; a's way to b is what counts here
    import_one(a, folder, "three.example")
    ahead = cosigned(a, b, before[1] + 1)
    a.stop()
    shutil.rmtree(a.home)
    os.rename(a.home + ".copy", a.home)
    a.serve()
    import_one(a, folder, "four.example")
    wait_for(lambda: head(a) and head(a)[0] != ahead[0], "a new origin is opened")
    cosigned(a, b)
    digest = hashlib.sha256(ahead[0].encode()).hexdigest()
    status, text = log_of(b, f"witness/{digest}/checkpoint", b.reader)
    check(status == 200 and int(text.split("\n")[1]) == ahead[1], f"the witness gave way: {text}")
    status, text = log_of(a, "origins", a.reader)
    check(status == 200 and "reason restore" in text and f"old-origin {ahead[0]}" in text, text)


def a_partners_log_is_verified(folder):
    a, b = two(folder)
    cosigned(a, b)
    first = b.ok("verify", "--peer", "CSIRT A", "--json").lines[0]
    check(first["ok"] and first["check"] == "peer" and first["seen"] == 0 and first["size"] > 0, first)
    import_one(a, folder, "five.example")
    now = cosigned(a, b, first["size"] + 1)
    second = b.ok("verify", "--peer", "CSIRT A", "--json").lines[0]
    check(second["seen"] == first["size"] and second["size"] >= now[1] and second["cosigners"] == 1, second)
    check("continuing" in b.ok("verify", "--peer", "CSIRT A").out, "words for people")
    b.fails(65, "verify", "--peer", "nobody")
    status = a.status()
    check(status["witnesses"] == 1 and status["cosigned_by"] == 1 and status["cosigned"] > 0, status)
    check("cosigned by 1 of 1 partners" in a.ok("status").out, a.ok("status").out)
    known = next(line for line in b.ok("peer", "list", "--json").lines if line["peer"] == "CSIRT A")
    check(known["origin"] == now[0] and len(known["key"]) == 64, known)
    a.stop()
    b.fails(69, "verify", "--peer", "CSIRT A")


def another_key_waits_for_a_person(folder):
    """b's key is lost: a, to whom b comes, keeps the pinned one until its people say otherwise."""
    a, b = two(folder)
    cosigned(b, a)
    known = a.ok("peer", "list", "--json").lines[0]
    b.ok("key", "replace", "--lost", "--reason", "test")
    offered = wait_for(lambda: a.ok("peer", "list", "--json").lines[0].get("offers_key"), "the other key is offered")
    now = a.ok("peer", "list", "--json").lines[0]
    check(now["key"] == known["key"] != offered, now)
    check("offers another key" in a.ok("peer", "list").out, "words for people")
    a.fails(77, "peer", "set", "CSIRT B", "--key", known["key"])
    a.fails(64, "peer", "set", "CSIRT B", "--key", "abc")
    grouped = " ".join(offered[i:i + 8] for i in range(0, 64, 8))
    a.ok("peer", "set", "CSIRT B", "--key", grouped)
    now = a.ok("peer", "list", "--json").lines[0]
    check(now["key"] == offered and "offers_key" not in now, now)
    said = open(a.home + ".messages", encoding="utf-8").read().count("offers another key")
    check(said == 1, f"said {said} times")
    import_one(b, folder, "six.example")
    cosigned(b, a)


if __name__ == "__main__":
    main(cosignatures_arrive, who_may, a_home_put_back, a_partners_log_is_verified,
         another_key_waits_for_a_person)
