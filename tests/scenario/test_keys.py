#!/usr/bin/env python3
"""The key that signs and the people who may: rotated, lost, stolen, gone; with and without a running node."""

import base64
import hashlib
import os
import time

from house import Node, bundle, check, connect, domain, main, wait_for


def keys(node):
    return node.ok("key", "list", "--json").lines


def signer(node):
    return [line for line in keys(node) if line["state"] in ("signs", "missing")][0]


def key_files(node):
    return sorted(os.listdir(os.path.join(node.home, "keys")))


def secrets(node):
    return b"".join(open(os.path.join(node.home, "keys", name), "rb").read() for name in key_files(node))


def signers(node):
    """Names under the published checkpoint."""
    text = open(os.path.join(node.home, "log", "checkpoint"), encoding="utf-8").read()
    return [line.split(" ")[1] for line in text.split("\n") if line.startswith("\u2014 ")]


def a_key_is_shown_in_the_form_of_others(folder):
    node = Node(folder, "CSIRT")
    line = keys(node)[0]
    check(line["origin"] == node.status()["origin"] and line["state"] == "signs" and line["reason"] == "init", str(line))
    name, id_hex, body = line["vkey"].split("+", 2)
    public = base64.b64decode(body)
    check(name == line["origin"] and public == b"\x01" + bytes.fromhex(line["key"]), line["vkey"])
    check(id_hex == hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex(), "the key id")
    check(name.endswith(hashlib.sha256(public[1:]).hexdigest()[:16]), "the origin names the key")


def a_rotation(folder):
    for served in (False, True):
        node = Node(folder, f"CSIRT {served}")
        if served:
            node.serve()
        first = signer(node)
        node.fails(64, "key", "rotate")
        done = node.ok("key", "rotate", "--reason", "yearly", "--json").lines[0]
        check(done["previous_key"] == first["key"] and done["key"] != first["key"], str(done))
        check(done["origin"] == first["origin"] == done["previous_origin"], "the name stays")
        wait_for(lambda: len(signers(node)) == 2, "a checkpoint with both signatures")
        check(signers(node) == [first["origin"]] * 2, str(signers(node)))
        states = {line["key"]: line["state"] for line in keys(node)}
        check(states == {first["key"]: "signs too, until retired", done["key"]: "signs"}, str(states))
        check(len(key_files(node)) == 2, str(key_files(node)))
        node.ok("key", "rotate", "--retire")
        node.fails(65, "key", "rotate", "--retire")
        check(key_files(node) == ["node.key"], str(key_files(node)))
        check(signer(node)["key"] == done["key"], "the new one signs")
        check(node.status()["signs"] is True, "status")
        node.stop()
        check(signer(node)["key"] == done["key"], "after a restart")
        node.ok("source", "add", "something new")
        check(len(signers(node)) == 1, "the retired key still signs")
        node.ok("verify")


def a_lost_key(folder):
    node = Node(folder, "CSIRT")
    first = signer(node)
    os.remove(os.path.join(node.home, "keys", "node.key"))
    status = node.status()
    check(status["signs"] is False and "key replace --lost" in status["signs_why"], str(status))
    node.ok("import", bundle(folder, domain("a.example")))  # the day goes on
    node.ok("source", "add", "while the key is gone")
    done = node.fails(65, "key", "rotate", "--reason", "no")
    check("node.key" in done.err, done.err)
    node.fails(64, "key", "replace", "--reason", "neither")
    node.fails(64, "key", "replace", "--lost", "--compromised", "--reason", "both")
    node.fails(64, "key", "replace", "--lost")
    done = node.ok("key", "replace", "--lost", "--reason", "disk burnt", "--json").lines[0]
    check(done["origin"] != first["origin"] and done["reason"] == "loss", str(done))
    check(node.status()["signs"] is True and node.status()["origin"] == done["origin"], "it signs again")


def a_stolen_key(folder):
    node = Node(folder, "CSIRT")
    node.serve()
    stolen = secrets(node).split()[1]
    done = node.ok("key", "replace", "--compromised", "--reason", "laptop stolen").out
    check("telephone" in done, done)
    check(stolen not in secrets(node) and key_files(node) == ["node.key"], "the stolen key is still there")
    node.stop()
    check([line["state"] for line in keys(node)] == ["retired", "signs"], str(keys(node)))


def an_old_copy_was_put_back(folder):
    node = Node(folder, "CSIRT")
    first = signer(node)
    numbers = [int(time.time()) - 1]
    for _ in range(2):  # the same copy put back twice must not give two logs one name: seconds, never 2, 3, ...
        done = node.ok("key", "replace", "--new-origin", "--reason", "old snapshot", "--json").lines[0]
        name, number = done["origin"].rsplit("/", 1)
        check(name == first["origin"] and int(number) > numbers[-1] and done["key"] == first["key"], str(done))
        numbers.append(int(number))


def other_hands_on_the_key(folder):
    node = Node(folder, "CSIRT")
    path = os.path.join(node.home, "keys", "node.key")
    os.chmod(path, 0o644)
    check("chmod 600" in node.status()["signs_why"], "open to others")
    os.chmod(path, 0o600)
    check(node.status()["signs"] is True, "closed again")
    with open(path, "wb") as file:
        file.write(b"ed25519 " + b"0" * 64 + b"\n")
    check("not the key of this log" in node.status()["signs_why"], node.status()["signs_why"])


# ---- what partners make of it ----

def holds(taker, giver):
    return taker.run("verify", "--peer", giver.name).code == 0


def pinned(taker, giver):
    return [line["key"] for line in taker.ok("peer", "list", "--json").lines if line["peer"] == giver.name][0]


def a_partner_follows_a_rotation_and_asks_for_the_rest(folder):
    giver, taker = Node(folder, "Giver").serve(), Node(folder, "Taker", "XF")
    connect(taker, giver)
    first = signer(giver)
    wait_for(lambda: holds(taker, giver), "the log of the giver holds")
    check(pinned(taker, giver) == first["key"], "the key of the invitation")
    for number in range(2):  # the second while the first one still overlaps
        rotated = giver.ok("key", "rotate", "--reason", f"rotation {number}", "--json").lines[0]
    wait_for(lambda: holds(taker, giver) and pinned(taker, giver) == rotated["key"], "the partner follows")
    behind = giver.ok("key", "replace", "--new-origin", "--reason", "snapshot", "--json").lines[0]
    wait_for(lambda: holds(taker, giver), "the partner follows the new name")
    check(pinned(taker, giver) == behind["key"], "the key stays")

    stolen = signer(giver)
    done = giver.ok("key", "replace", "--compromised", "--reason", "stolen", "--json").lines[0]
    wait_for(lambda: not holds(taker, giver), "the partner does not believe the new key")
    check(pinned(taker, giver) == stolen["key"], "the new key was pinned by itself")
    taker.fails(65, "peer", "set", giver.name, "--key", done["key"])  # nothing was offered: it takes from the giver
    taker.fails(64, "peer", "set", giver.name, "--key", done["vkey"][:-4])
    taker.fails(64, "peer", "set", giver.name, "--key", "")
    taker.fails(65, "peer", "set", giver.name, "--key", first["key"])
    check(pinned(taker, giver) == stolen["key"], "a refused key was pinned")
    taker.ok("peer", "set", giver.name, "--key", done["vkey"])
    wait_for(lambda: holds(taker, giver), "the confirmed key")
    check(pinned(taker, giver) == done["key"], "the confirmed key is pinned")


# ---- people ----

def accounts(node):
    return {line["account"]: line for line in node.ok("account", "list", "--json").lines}


def answers(node, token):
    return node.get("", token)[0]


def the_administrator_is_gone(folder):
    for served in (False, True):
        node = Node(folder, f"CSIRT {served}")
        old = node.token("admin")
        if served:
            node.serve()
            check(answers(node, old) == 200, "the token works")
        node.fails(64, "account", "recover", "--reason", "left")
        node.fails(64, "account", "recover", "--name", "anna")
        node.fails(64, "account", "recover", "--name", "admin", "--reason", "the same name")
        done = node.ok("account", "recover", "--name", "anna", "--reason", "left the house", "--json").lines[0]
        check(done["account"] == "anna" and done["disabled"] == "admin", str(done))
        listed = accounts(node)
        check(listed["admin"]["disabled"] and not listed["anna"]["disabled"], str(listed))
        check(listed["anna"]["role"] == "administrator", str(listed))
        if not served:
            node.serve()
        check(answers(node, old) == 401, "the lost token still works")
        check(answers(node, done["token"]) == 200, "the new token does not work")
        node.ok("account", "add", "bert")
        node.stop()
        node.fails(77, "account", "disable", "anna", "--reason", "the last one")
        # and once more, from the one who followed
        again = node.ok("account", "recover", "--name", "carl", "--reason", "again", "--json").lines[0]
        check(again["disabled"] == "anna", str(again))


def an_account_is_compromised(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    first, second = node.token("anna"), node.token("anna")
    node.serve()
    check(answers(node, first) == 200, "the token works")
    node.fails(65, "account", "disable", "nobody", "--reason", "x")
    node.fails(64, "account", "disable", "anna")
    node.ok("account", "disable", "anna", "--reason", "phished")
    check(answers(node, first) == 401 and answers(node, second) == 401, "a disabled account is answered")
    node.ok("account", "enable", "anna", "--reason", "new laptop")
    check(answers(node, first) == 401, "an old token came back to life")
    third = node.token("anna")
    check(answers(node, third) == 200, "the new token")
    before = node.status()["entries"]
    check(node.ok("account", "token", "anna", "--revoke-all", "--reason", "lost", "--json").lines[0]["revoked"], "json")
    check(answers(node, third) == 401, "a revoked token is answered")
    check(node.status()["entries"] == before + 1, "the revocation is an entry")


main(a_key_is_shown_in_the_form_of_others, a_rotation, a_lost_key, a_stolen_key, an_old_copy_was_put_back,
     other_hands_on_the_key, a_partner_follows_a_rotation_and_asks_for_the_rest, the_administrator_is_gone, an_account_is_compromised)
