#!/usr/bin/env python3
"""What a home says of itself: whole, damaged, served meanwhile, on a medium that cannot be written to; and proofs that
others check without it."""

import json
import os
import shutil
import time

from house import Node, bundle, check, connect, domain, main, wait_for, write


def checks(done):
    return {line["check"]: line for line in done.lines if "check" in line}


def filled(folder, name="CSIRT", count=40):
    node = Node(folder, name)
    objects = [domain(f"host{i}.example", "green") for i in range(count)]
    node.ok("import", bundle(folder, *objects))
    return node, objects


def flip(path, at, mask=1):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ mask]))


def a_whole_home(folder):
    node, _ = filled(folder)
    before = {name: open(os.path.join(node.home, name), "rb").read() for name in ("log/checkpoint", "local.db")}
    done = node.ok("verify", "--json")
    found = checks(done)
    check(set(found) == {"format", "keys", "log", "tree", "checkpoint", "cosigned", "view", "local", "config"}, str(found))
    for line in found.values():
        check(line["ok"] is True and set(line) == {"check", "file", "offset", "entry", "what", "ok"}, str(line))
    check(not any("remark" in line for line in done.lines), done.out)
    check("good" in node.ok("verify").out, "for people")
    after = {name: open(os.path.join(node.home, name), "rb").read() for name in before}
    check(before == after, "verify changes nothing")
    Node(folder, "none", init=False).fails(65, "verify")


def beside_a_server(folder):
    node, _ = filled(folder)
    node.serve()
    for i in range(5):
        node.ok("import", bundle(folder, domain(f"more{i}.example", "green")))
        node.ok("verify")
    size = node.status()["entries"]
    checkpoint = os.path.join(node.home, "log", "checkpoint")
    wait_for(lambda: int(open(checkpoint).read().split("\n")[1]) >= size, "a checkpoint over all of it")
    node.stop(kill=True)
    node.ok("verify")
    check(int(open(checkpoint).read().split("\n")[1]) >= size, "what was published stays")


def a_body_is_damaged(folder):
    """It is named; the rest goes on: writing, reading, rebuilding."""
    node, objects = filled(folder)
    first = os.path.join(node.home, "log", "00000000.log")
    data = open(first, "rb").read()
    # the records of a log: length, kind; the first body of a good size
    at, victim = 4096, None
    while at + 24 < len(data):
        length, kind = int.from_bytes(data[at:at + 4], "little"), data[at + 4]
        if kind == 0:
            break
        if kind == 3 and length > 100 and victim is None and at > 8000:
            victim = at
        at += (24 + length + 7) // 8 * 8
    check(victim, "no body to damage")
    flip(first, victim + 24 + 60)
    done = node.run("verify", "--json")
    line = checks(done)["log"]
    check(done.code == 1 and line["ok"] is False, done.out)
    check(line["file"] == "log/00000000.log" and line["offset"] == victim and "body" in line["what"], str(line))
    check(checks(done)["view"]["ok"] is True and checks(done)["tree"]["ok"] is True, "the rest stands")
    bad = [o for o in objects if node.run("get", o["id"], "--json").code]
    check(len(bad) == 1, f"{len(bad)} objects cannot be read")
    node.fails(65, "get", bad[0]["id"])
    node.ok("import", bundle(folder, domain("later.example", "green")))
    node.ok("rebuild")
    line = checks(node.run("verify", "--json"))["log"]
    check(line["ok"] is False and line["offset"] == victim, "named again")
    flip(first, victim + 24 + 60)
    # the view was made without that body: its object is not found by its words yet
    line = checks(node.run("verify", "--json"))["view"]
    check(line["ok"] is False and "table posting" in line["what"], str(line))
    node.ok("rebuild")
    node.ok("verify")


def a_view_is_damaged(folder):
    """The next owner makes it again."""
    node, objects = filled(folder)
    view = os.path.join(node.home, "view", "view.db")
    for at in (0, 100, 4096 + 3):
        for name in ("view.db-wal", "view.db-shm"):
            if os.path.exists(os.path.join(node.home, "view", name)):
                os.unlink(os.path.join(node.home, "view", name))
        flip(view, at, 0xff)
        done = node.run("verify", "--json")
        check(done.code == 1 and checks(done)["view"]["ok"] is False and checks(done)["log"]["ok"] is True, done.out)
        node.ok("rebuild")
        node.ok("verify")
    node.ok("get", objects[0]["id"])


def the_log_was_put_back(folder):
    """A log that is behind its checkpoint is refused by the owner, and named."""
    node, _ = filled(folder)
    first = os.path.join(node.home, "log", "00000000.log")
    old = open(first, "rb").read()
    node.ok("import", bundle(folder, domain("later.example", "green")))
    with open(first, "r+b") as file:
        file.write(old)
    for name in os.listdir(os.path.join(node.home, "view")):
        os.unlink(os.path.join(node.home, "view", name))
    node.fails(65, "import", bundle(folder, domain("last.example", "green")))
    done = node.run("verify", "--json")
    check(done.code == 1 and checks(done)["log"]["ok"] is False, done.out)


def a_copy_that_cannot_be_written_to(folder):
    node, _ = filled(folder)
    copy = os.path.join(folder, "copy")
    shutil.copytree(node.home, copy)
    for at, folders, files in os.walk(copy):
        for name in files:
            os.chmod(os.path.join(at, name), 0o400)
        os.chmod(at, 0o500)
    node.home = copy
    node.ok("verify")
    for at, folders, files in os.walk(copy):
        os.chmod(at, 0o700)


def a_proof_travels(folder):
    node, objects = filled(folder)
    partner = Node(folder, "Partner")
    one = objects[7]["id"]
    proof = write(folder, "one.tlog-proof", node.ok("get", one, "--proof").out)
    check(node.ok("get", one, "--proof", "--version", objects[7]["modified"]).out == open(proof).read(), "by version")
    line = node.ok("verify", proof, "--json").lines[0]
    check(line["ok"] is True and line["public"]["id"] == one and line["origin"] == node.status()["origin"], str(line))
    held = write(folder, "one.json", node.ok("get", one, "--json").out)
    other = write(folder, "other.json", node.ok("get", objects[8]["id"], "--json").out)
    check(node.ok("verify", proof, "--object", held).code == 0, "it is about this object")
    node.fails(1, "verify", proof, "--object", other)
    partner.fails(1, "verify", proof)
    vkey = node.ok("key", "list", "--json").lines[0]["vkey"]
    partner.ok("verify", proof, "--key", vkey)
    theirs = partner.ok("key", "list", "--json").lines[0]["vkey"]
    partner.fails(1, "verify", proof, "--key", theirs)
    partner.fails(64, "verify", proof, "--key", "nonsense")
    text = open(proof).read().split("\n")
    hurt = text[:]
    hurt[3] = hurt[4]
    done = node.run("verify", write(folder, "hurt.tlog-proof", "\n".join(hurt)), "--json")
    check(done.code == 1 and done.lines[0]["link"] == "inclusion", done.out)
    node.fails(64, "get", one, "--proof", "--all")
    # more was logged since: the proof stays good, a new one is under a larger tree
    node.ok("import", bundle(folder, domain("later.example", "green")))
    node.ok("verify", proof)
    again = json.loads(node.ok("get", one, "--proof", "--json").out)["proof"].split("\n")
    check(again != text and again[1] == text[1], "the same entry, another tree")


def a_proof_while_served(folder):
    node, _ = filled(folder)
    node.serve()
    new = domain("fresh.example", "green")
    node.ok("import", bundle(folder, new))
    start = time.monotonic()
    wait_for(lambda: node.run("get", new["id"], "--proof").code == 0, "a proof of what was just taken in", 20)
    check(time.monotonic() - start < 15, "at the cadence")
    node.ok("verify")


def spoil_bodies(node, wanted):
    """Flips a bit in the bodies that hold these ids' objects, as far as `get` then says so."""
    first = os.path.join(node.home, "log", "00000000.log")
    data = open(first, "rb").read()
    at, hurt = 4096, 0
    while at + 24 < len(data) and data[at + 4]:
        length, kind = int.from_bytes(data[at:at + 4], "little"), data[at + 4]
        if kind == 3 and length > 100:
            flip(first, at + 24 + 50)
            if any(node.run("get", one, "--json").code for one in wanted) and hurt < len(wanted):
                hurt = sum(1 for one in wanted if node.run("get", one, "--json").code)
            else:
                flip(first, at + 24 + 50)
        if hurt == len(wanted):
            break
        at += (24 + length + 7) // 8 * 8
    check(hurt == len(wanted), "the bodies were not found")


def repaired_from_a_partner(folder):
    giver, taker = Node(folder, "Giver"), Node(folder, "Taker")
    giver.serve()
    objects = [domain(f"host{i}.example", "green") for i in range(6)]
    giver.ok("import", bundle(folder, *objects))
    connect(taker, giver)
    taker.ok("peer", "sync", "Giver")
    spoil_bodies(taker, [objects[3]["id"]])
    check(taker.run("verify").code == 1, "verify sees it")
    held = taker.run("get", objects[3]["id"], "--json")
    check(held.code == 65, "it cannot be read")
    taker.fails(64, "repair")
    for served in (False, True):
        if served:
            spoil_bodies(taker, [objects[2]["id"]])
            taker.serve()
        lines = taker.ok("repair", "--from", "Giver", "--json").lines
        check(len(lines) == 1 and lines[0]["mended"] and lines[0]["id"] == objects[2 if served else 3]["id"], str(lines))
        taker.ok("verify")
        taker.ok("get", objects[3]["id"])
        check(taker.ok("repair", "--from", "Giver", "--json").lines == [], "nothing more to do")
    taker.stop()
    own = domain("own.example", "green")
    taker.ok("import", bundle(folder, own))
    taker.ok("import", bundle(folder, domain("after.example", "green")))
    spoil_bodies(taker, [own["id"]])
    done = taker.run("repair", "--from", "Giver", "--json")
    check(done.code == 1 and not done.lines[0]["mended"] and done.lines[0]["what"], done.out + done.err)


main(repaired_from_a_partner, a_whole_home, beside_a_server, a_body_is_damaged, a_view_is_damaged, the_log_was_put_back,
     a_copy_that_cannot_be_written_to, a_proof_travels, a_proof_while_served)
