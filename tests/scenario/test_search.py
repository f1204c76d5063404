#!/usr/bin/env python3
"""`search` from outside: what is found by value, name, word and beginning, in lines for people and for programs; what an
account may not see is not there; whatever is typed is text; after rebuild, erasure and a new version it still holds."""

import json

from house import Node, bundle, check, domain, main, write


def rows(node, *words):
    lines = [json.loads(line) for line in node.ok("search", *words, "--json").out.splitlines()]
    check("taken_as" in lines[-1] and lines[-1]["count"] == len(lines) - 1, str(lines[-1]))
    return lines[:-1], lines[-1]


def matches(node, *words):
    return sorted((row["match"], row["value"]) for row in rows(node, *words)[0])


def filled(folder):
    node = Node(folder, "Team Nord")
    path = write(folder, "list.csv", "value,tlp,description\n"
                "evil.example,green,Emotet multi-stage loader\n"
                "www.evil.example,amber,\n"
                "198.51.100.7,green,\n"
                "198.51.100.0/24,green,\n"
                "http://evil.example/drop,green,Emotet\n")
    node.ok("import", path, "--from", "self")
    return node


def values_and_words(folder):
    node = filled(folder)
    check(matches(node, "hxxp://evil[.]example/drop") == [("exact", "http://evil.example/drop")], "url")
    check(matches(node, "EVIL(dot)example") == [("exact", "evil.example"), ("host", "http://evil.example/drop"),
                                                ("subdomain", "www.evil.example")], "domain")
    check(matches(node, "198.51.100.7") == [("exact", "198.51.100.7"), ("network", "198.51.100.0/24")], "address")
    check(matches(node, "198.51.100.0/25") == [("address", "198.51.100.7"), ("network", "198.51.100.0/24")], "network")
    check([m for m, _ in matches(node, "emotet", "loader")] == ["text"], "words")
    check(len(rows(node, "evil*")[0]) == 2, "prefix")
    found, whole = rows(node, "evil.example", "--limit", "1")
    check(len(found) == 1 and whole["more"] and whole["taken_as"] == "domain", str(whole))
    keys = {"match", "value", "kind", "id", "type", "name", "party", "source", "label", "modified", "state", "state_note", "n"}
    check(set(found[0]) == keys, str(found[0]))
    check(rows(node, "evil.example", "--type", "malware")[0] == [], "type")
    check(rows(node, found[0]["id"])[0][0]["id"] == found[0]["id"], "identifier")
    out = node.ok("search", "evil.example").out
    check("taken for domain" in out and "www.evil.example" in out, out)
    node.ok("rebuild")
    check(len(matches(node, "evil.example")) == 3, "after a rebuild")
    node.ok("verify")


def new_and_gone(folder):
    node = Node(folder, "Team Nord")
    one = domain("old.example", "green")
    node.ok("import", bundle(folder, one), "--from", "self")
    check(len(rows(node, "old.example")[0]) == 1, "there")
    newer = domain("new.example", "green", id=one["id"], modified="2026-06-01T00:00:00.000Z")
    node.ok("import", bundle(folder, newer), "--from", "self")
    check(rows(node, "old.example")[0] == [] and len(rows(node, "new.example")[0]) == 1, "superseded")
    check([row["state"] for row in rows(node, "old.example", "--all")[0]] == ["older"], "--all")
    node.ok("erase", one["id"], "--reason", "asked for")
    check(rows(node, "old.example", "--all")[0] == [] and rows(node, "new.example")[0] == [], "erased")
    node.ok("verify")


def not_for_everybody(folder):
    node = filled(folder)
    secret = domain("secret.example", "red")
    node.ok("import", bundle(folder, secret), "--from", "Muster")
    node.ok("account", "add", "Rita", "--role", "reader")
    found, whole = rows(node, "secret.example", "--as", "Rita")
    check(found == [] and whole["held_by"] == 0 and not whole["more"], str(whole))
    check("secret" not in node.ok("search", "secret*", "--as", "Rita").out.replace("taken for prefix: secret", ""), "prefix")
    for typed in (secret["id"][:20], "secret.example"):
        done = node.run("get", typed, "--as", "Rita")
        check(done.code != 0 and secret["id"] not in done.out + done.err, done.out + done.err)
    node.fails(65, "search", "x", "--as", "nobody at all")
    node.fails(64, "search", " ")


def anything_is_text(folder):
    node = filled(folder)
    for typed in ('"', "'", "*", "**", "a AND", "NEAR(a b)", "col:x", "{x}", "^x", "'; DROP TABLE posting; --", "%", "_", "\\",
                  "-- x", "[", "[.]", "/0", "1.2.3.4/99", "::/0", "x" * 100000, "\u00e4" * 5000, "\x1b[31m", "F-999999",
                  "#1", "malware--1", "evil.example" * 800):
        done = node.run("search", "--json", "--", typed) if typed.startswith("-") else node.run("search", typed, "--json")
        check(done.code == 0 and json.loads(done.out.splitlines()[-1])["taken_as"], f"{typed[:40]!r}: {done.err}")
    check("\x1b" not in node.ok("search", "\x1b[31m").out, "a terminal is left alone")


main(values_and_words, new_and_gone, not_for_everybody, anything_is_text)
