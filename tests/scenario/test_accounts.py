#!/usr/bin/env python3
"""Accounts: what a token is for, until when, and that taking it back is at once."""

import json
import time

from house import Node, bundle, check, domain, main

TAXII = "application/taxii+json;version=2.1"
OBJECTS = "api/collections/intelligence/objects/"


def token(node, name, *more):
    return node.ok("account", "token", name, *more, "--json").lines[0]


def statuses(node, secret):
    """What each door answers to this token."""
    root = node.url.replace("/taxii2/", "")
    given = json.dumps({"objects": [domain("given.example")]}).encode()
    event = json.dumps({"raw": "x", "feed.name": "t"}).encode()

    def ask(url, **more):
        keep, node.url = node.url, url
        try:
            return node.get("", secret, **more)[0]
        finally:
            node.url = keep
    reported = ask(root + "/intelmq/", method="POST", body=event, headers={"Content-Type": "application/json"})
    return {
        "root": ask(node.url), "read": ask(node.url + OBJECTS),
        "write": ask(node.url + OBJECTS, method="POST", body=given, headers={"Content-Type": TAXII}),
        "report": 201 if reported == 200 else reported,  # 200: the same again
        "log": ask(root + "/log/origins"),
        "proof": ask(root + "/log/proof/indicator--0d5f7c8e-2f0b-4b7e-8a8e-0a6d3a5ee101"),
    }


def a_token_is_for_what_its_scopes_say(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    node.ok("account", "add", "rita", "--role", "reader")
    node.ok("peer", "invite", "Theirs", "--url", "https://ours.example/taxii2/", "--out", node.home + ".invite")
    with open(node.home + ".invite", encoding="utf-8") as file:
        invited = json.load(file)
    node.serve()
    denied = {"root": 403, "read": 403, "write": 403, "report": 403, "log": 403, "proof": 403}
    allowed = {
        "taxii-read": {"root": 200, "read": 200}, "taxii-write": {"root": 200, "write": 202},
        "log": {"log": 200}, "log,taxii-read": {"root": 200, "read": 200, "log": 200, "proof": 404},
        "report": {"report": 201}, "api-read": {}, "api-write,api-read": {},
    }
    for scopes, open_doors in allowed.items():
        secret = token(node, "anna", "--scope", scopes)["token"]
        got = statuses(node, secret)
        check(got == {**denied, **open_doors}, f"{scopes}: {got}")
    everything = {"root": 200, "read": 200, "write": 202, "report": 201, "log": 200, "proof": 404}
    check(statuses(node, token(node, "anna")["token"]) == everything, "an analyst's token for everything")
    reader = token(node, "rita")
    check(reader["scopes"] == ["taxii-read", "api-read", "log"] and reader["expires"] is None, str(reader))
    check(statuses(node, reader["token"]) == {**everything, "write": 403, "report": 403}, "a reader's")
    got = statuses(node, invited["token"])
    check(got == {**everything, "report": 403}, f"a partner's machine: {got}")
    machine = invited["account"]
    check("report" in node.fails(64, "account", "token", machine, "--scope", "api-read").err, "partners have no API")
    events = token(node, machine, "--scope", "report")["token"]
    check(statuses(node, events)["report"] == 201, "when it is said so")
    node.fails(64, "account", "token", "rita", "--scope", "taxii-write")
    node.fails(64, "account", "token", "rita", "--scope", "root")
    node.fails(64, "account", "token", "rita", "--scope", "")


def a_token_ends(folder):
    node = Node(folder, "CSIRT")
    node.fails(64, "account", "token", "admin", "--expires", "2020-01-01")
    node.fails(64, "account", "token", "admin", "--expires", "soon")
    node.serve()
    short = token(node, "admin", "--expires", "+2s", "--label", "short")
    check(short["expires"], str(short))
    check(node.get("", short["token"])[0] == 200, "before its end")
    time.sleep(2.1)
    check(node.get("", short["token"])[0] == 401, "after its end")
    listed = node.ok("account", "token", "admin", "--list", "--json").lines
    check([(t["id"], t["label"], t["expired"]) for t in listed] == [(short["id"], "short", True)], str(listed))
    check(listed[0]["last_used"] and listed[0]["created"] and "token" not in listed[0], str(listed))
    check(short["token"] not in node.ok("account", "token", "admin", "--list").out, "the secret part is shown")


def one_is_revoked(folder):
    node = Node(folder, "CSIRT")
    one, two = token(node, "admin"), token(node, "admin")
    node.ok("account", "add", "bert")
    node.serve()
    before = node.status()["entries"]
    node.fails(65, "account", "token", "bert", "--revoke", one["id"])
    node.fails(64, "account", "token", "admin", "--revoke", one["id"], "--list")
    done = node.ok("account", "token", "admin", "--revoke", one["id"], "--reason", "lost", "--json").lines[0]
    check(done == {"account": "admin", "id": one["id"], "revoked": True}, str(done))
    check(node.status()["entries"] == before + 1, "the revocation is an entry")
    check(node.get("", one["token"])[0] == 401 and node.get("", two["token"])[0] == 200, "the one, not the other")
    node.ok("account", "disable", "bert", "--reason", "left")
    node.fails(77, "account", "token", "bert")
    node.ok("import", bundle(folder, domain("a.example")))


main(a_token_is_for_what_its_scopes_say, a_token_ends, one_is_revoked)
