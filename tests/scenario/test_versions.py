#!/usr/bin/env python3
"""Versions over real nodes: B makes objects, C hands them on and forges, A hears of them in any order. What B's log
proves counts everywhere; what C says in B's name stands as C's claim."""

import json
import uuid

from house import Node, bundle, check, connect, domain, main, wait_for

T = ["2026-01-0%dT00:00:00.000Z" % day for day in range(1, 10)]


def three(folder):
    """A takes from B and C, C takes from B: everybody knows B's log."""
    a, b, c = (Node(folder, name, country).serve() for name, country in (("A", "XA"), ("B", "XB"), ("C", "XC")))
    connect(c, b)
    return a, b, c


def identity(node):
    """As an invitation names it."""
    path = node.home + ".who"
    node.ok("peer", "invite", "somebody", "--url", "https://x.example/taxii2/", "--out", path)
    with open(path, encoding="utf-8") as file:
        return json.load(file)["from"]["identity"]


def versions(node, object_id):
    done = node.run("get", object_id, "--all", "--json")
    return done.lines if done.code == 0 else []


def current(node, object_id):
    return next((v["object"] for v in versions(node, object_id) if v["standing"] == "current"), None)


def standings(node, object_id):
    return sorted((v["object"]["modified"], v["standing"]) for v in versions(node, object_id))


def proven(node, object_id):
    return any(v["standing"] == "current" and v.get("proven") for v in versions(node, object_id))


def made(node, who, number, modified=0, **more):
    return domain(f"v{number}.example", "green", id=f"indicator--00000000-0000-4000-8000-{number:012d}",
                  created_by_ref=who, modified=T[modified], **more)


def forgeries(folder, c, who, number):
    """What a forging partner tries: a later version, a revocation, the year 9999, and two contents for one version."""
    c.ok("import", bundle(folder, made(c, who, number, 4, description="forged")), "--from", "self")
    c.ok("import", bundle(folder, made(c, who, number, 5, revoked=True)), "--from", "self")
    early = dict(made(c, who, number, 5, description="early"), modified="9999-01-01T00:00:00.000Z")
    c.ok("import", bundle(folder, early), "--from", "self")
    c.ok("import", bundle(folder, made(c, who, number, 0, description="the same version")), "--from", "self")


def forged_after(folder):
    a, b, c = three(folder)
    who = identity(b)
    one = made(b, who, 1)
    b.ok("import", bundle(folder, one), "--from", "self")
    connect(a, b)
    wait_for(lambda: proven(a, one["id"]), "B's object is proven to A")
    forgeries(folder, c, who, 1)
    connect(a, c)
    marker = domain("marker.example", "green")
    c.ok("import", bundle(folder, marker), "--from", "self")
    wait_for(lambda: current(a, marker["id"]), "all of C's is here")
    check(current(a, one["id"]) == one, f"{versions(a, one['id'])}")
    for modified, standing in standings(a, one["id"]):
        check(standing != "current" or modified == T[0], f"{modified} {standing}")
    # B goes on as if nothing had been said
    two = made(b, who, 1, 2, description="second")
    b.ok("import", bundle(folder, two), "--from", "self")
    wait_for(lambda: current(a, one["id"]) == two, "B's next version counts")
    a.stop(), b.stop(), c.stop()
    before = versions(a, one["id"])
    a.ok("rebuild")
    check(versions(a, one["id"]) == before, "a replay says the same")
    a.ok("verify")


def forged_before(folder):
    a, b, c = three(folder)
    who = identity(b)
    one = made(b, who, 2, 1, description="B's own")
    forged = made(c, who, 2, 4, description="forged")
    c.ok("import", bundle(folder, forged), "--from", "self")
    connect(a, c)
    wait_for(lambda: (current(a, one["id"]) or {}).get("description") == "forged",
             "C's word, while nobody else says anything")
    b.ok("import", bundle(folder, one), "--from", "self")
    connect(a, b)
    wait_for(lambda: current(a, one["id"]) == one, "the originator's word comes before C's")
    wait_for(lambda: proven(a, one["id"]), "and is proven")
    check((T[4], "claim of another party") in standings(a, one["id"]), str(standings(a, one["id"])))
    a.stop(), b.stop(), c.stop()
    a.ok("verify")


def proof_by_another_path(folder):
    """A knows B's key, and hears of B's object by C alone: B is away when A comes back."""
    a, b, c = three(folder)
    who = identity(b)
    connect(a, b)
    a.stop()
    # B's identity is unmarked: what C may hand on keeps its creator when C says how B's line is to be taken
    c.ok("source", "set", "taxii:B", "--marking", "GREEN")
    bare = domain("bare.example", "green", id=f"indicator--{uuid.uuid4()}")
    b.ok("import", bundle(folder, bare), "--from", "self")
    wait_for(lambda: proven(c, bare["id"]), "what names nobody is proven to C")
    one = made(b, who, 3)
    b.ok("import", bundle(folder, one), "--from", "self")
    wait_for(lambda: proven(c, one["id"]), "B's object is proven to C")
    b.stop()
    a.serve()
    connect(a, c)
    wait_for(lambda: proven(a, one["id"]), "C hands B's proof on")
    shown = versions(a, one["id"])[0]
    check(shown["party"] == "C" and shown["proven"]["party"] == "B", str(shown))
    check(current(a, bare["id"]) and not proven(a, bare["id"]), "C does not tell from whom it has what names nobody")
    a.stop(), c.stop()


def without_a_creator(folder):
    """An object that names nobody: it is of the log that had it first."""
    a, b, c = three(folder)
    one = domain("nobodys.example", "green", id=f"indicator--{uuid.uuid4()}")
    b.ok("import", bundle(folder, one), "--from", "self")
    connect(a, c)
    forged = dict(one, modified=T[5], description="forged")
    c.ok("import", bundle(folder, forged), "--from", "self")
    wait_for(lambda: current(a, one["id"]), "C's comes first")
    connect(a, b)
    wait_for(lambda: current(a, one["id"]) == one, "B's log had it first")
    a.stop(), b.stop(), c.stop()


main(forged_after, forged_before, proof_by_another_path, without_a_creator)
