#!/usr/bin/env python3
"""Acts that let one object go to one recipient, and what ends them; nothing of what is withheld shows on the way."""

import time
import uuid

from clients import EMBARGO, REL_TO, Client, grant_of, holds, invite, marked, marking
from house import Node, bundle, check, domain, main, wait_for, write


def nothing_shows(node, client, *objects):
    for o in objects:
        for word in (o["id"], o["pattern"]):
            check(word.encode() not in client.raw, f"{word} left the house")
        status, _, body = node.get(f"api/collections/intelligence/objects/{o['id']}/", client.token)
        check(status == 404 and o["id"].encode() not in body, f"{status} {body!r}")
    with open(node.home + ".messages", encoding="utf-8", errors="replace") as file:
        messages = file.read()
    for o in objects:
        check(o["id"] not in messages and o["pattern"] not in messages, "a log line names what is withheld")


def approvals_open_and_end(folder):
    node = Node(folder, "CSIRT").serve()
    b, c = Client(node, invite(node, "CERT B")), Client(node, invite(node, "CERT C"))
    first, secret = domain("first.example", "green"), domain("above.example", "amber")
    node.ok("import", bundle(folder, first, secret), "--from", "self")
    check(set(b.news()) == {first["id"]} and set(c.news()) == {first["id"]}, "GREEN alone")
    node.fails(64, "share", "approve", secret["id"], "--to", "CERT B")
    plan = {p["recipient"]: p for p in node.ok("share", "plan", secret["id"], "--json").lines if "kind" in p}
    check(plan["CERT B"]["decision"] == "withheld" and "share approve" in plan["CERT B"]["act"], str(plan))
    check(plan["public"]["decision"] == "withheld" and plan["admin"]["decision"] == "cleared", str(plan))
    nothing_shows(node, b, secret)
    done = node.ok("share", "approve", secret["id"], "--to", "CERT B", "--reason", "agreed by phone", "--until", "+1h",
                   "--json")
    check(done.lines[0]["decision"] == "cleared", done.out)
    check(b.news() == {secret["id"]: secret}, "opened late, ahead of the cursor")
    check(b.news() == {} and c.news() == {}, "once, and for nobody else")
    later = domain("later.example", "green")
    node.ok("import", bundle(folder, later), "--from", "self")
    check(set(b.news()) == {later["id"]}, "what comes after it, comes after it")
    check(set(b.news(everything=True)) == {first["id"], secret["id"], later["id"]}, "all of it from the start")
    newer = {**secret, "modified": "2026-02-01T00:00:00.000Z"}
    node.ok("import", bundle(folder, newer), "--from", "self")
    check(b.news() == {newer["id"]: newer}, "later versions too")
    node.ok("share", "revoke", grant_of(done), "--reason", "the call was not authentic")
    check(b.news(everything=True).keys() == {first["id"], later["id"]}, "taken back: from that moment")
    status, _, _ = node.get(f"api/collections/intelligence/objects/{secret['id']}/", b.token)
    check(status == 404, f"{status}")
    again = node.ok("share", "approve", secret["id"], "--to", "CERT B", "--reason", "checked", "--until", "+2s", "--json")
    check(again.lines[0]["decision"] == "cleared" and set(b.news()) == {secret["id"]}, "granted anew: new date")
    wait_for(lambda: secret["id"] not in b.news(everything=True), "it ends by itself", 10)
    states = [g["state"] for g in node.ok("share", "list", secret["id"], "--json").lines]
    check(states == ["revoked", "expired"], f"visible for ever: {states}")
    check("agreed by phone" in node.ok("get", secret["id"]).out, "and in get")
    nothing_shows(node, c, secret)
    node.ok("verify")
    node.stop()
    for word in ("agreed by phone", "the call was not authentic"):
        check(holds(node.home, word), "the reason is in the home")
    node.ok("erase", secret["id"], "--reason", "asked for")
    for word in ("agreed by phone", "the call was not authentic", secret["id"]):
        check(not holds(node.home, word), f"erased, and still there: {word}")
    check(node.ok("share", "list", "--json").lines == [], "what was said in acts about it goes with it")
    node.ok("verify")


def consents_are_their_originators(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    third = domain("third.example", "amber", description="who sits there")
    node.ok("import", bundle(folder, third), "--from", "CERT D")
    asked = node.ok("share", "consent", "request", third["id"], "--to", "CERT B").out
    check("CERT D" in asked and "Silence is taken as refusal" in asked, asked)
    node.fails(77, "share", "consent", "record", third["id"], "--to", "CERT B", "--from", "CERT B", "--reason", "R",
               "--until", "+1h")
    node.fails(64, "share", "consent", "record", third["id"], "--to", "CERT B", "--from", "CERT D", "--reason", "R")
    nothing_shows(node, b, third)
    check(b.news() == {}, "nothing yet")
    done = node.ok("share", "consent", "record", third["id"], "--to", "CERT B", "--from", "CERT D", "--reason",
                   "Jan, by mail", "--until", "+1h", "--as", "GREEN", "--tear-line",
                   "pattern,pattern_type,valid_from", "--json")
    check(done.lines[0]["decision"] == "cleared", node.ok("explain", third["id"], "--to", "CERT B").out)
    got = b.news()[third["id"]]
    check(got["pattern"] == third["pattern"] and "description" not in got, f"the tear line alone: {got}")
    check("who sits there".encode() not in b.raw, "what was not consented to left")
    newer = {**third, "modified": "2026-02-01T00:00:00.000Z", "description": "and more"}
    node.ok("import", bundle(folder, newer), "--from", "CERT D")
    check(b.news() == {}, "a consent is for the version it was given for")
    node.ok("share", "revoke", grant_of(done), "--reason", "withdrawn")
    node.stop()


def embargoes_end_by_themselves(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    node.ok("peer", "set", "CERT B", "--knows", "all")
    first = domain("first.example", "green")
    node.ok("import", bundle(folder, first), "--from", "self")
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6))
    short = marking(EMBARGO, embargo_until=until)
    held = marked("embargoed.example", "green", short)
    node.ok("import", bundle(folder, short, held), "--from", "self")
    check(set(b.news()) == {first["id"]}, "held")
    nothing_shows(node, b, held)
    between = domain("between.example", "green")
    node.ok("import", bundle(folder, between), "--from", "self")
    check(set(b.news()) == {between["id"]}, "the cursor goes on")
    wait_for(lambda: time.time() > time.mktime(time.strptime(until, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone, "its end")
    got = wait_for(b.news, "ahead of the cursor", 10)
    check(set(got) == {held["id"]}, str(got))
    check(b.news() == {}, "once")
    node.ok("verify")
    node.stop()


def lists_make_members(folder):
    node = Node(folder, "CSIRT").serve()
    b = Client(node, invite(node, "CERT B"))
    node.ok("peer", "set", "CERT B", "--knows", "all", "--country", "LV")
    group = f"identity--{uuid.uuid4()}"
    only = marking(REL_TO, groups=[group])
    held = marked("members.example", "green", only)
    node.ok("import", bundle(folder, only, held), "--from", "self")
    check(b.news() == {}, "nobody is on the list")
    nothing_shows(node, b, held)
    node.ok("share", "group", "add", "Baltic", "--id", group, "--member", "CERT B", "--until", "+1d")
    check(set(b.news()) == {held["id"]}, node.ok("explain", held["id"], "--to", "CERT B").out)
    node.ok("share", "group", "set", "Baltic", "--reachable", "off")
    check(b.news(everything=True) == {}, "a list that cannot be reached releases to nobody")
    node.ok("share", "group", "set", "Baltic", "--reachable", "on", "--until", "+3s")
    check(set(b.news()) == {held["id"]}, "renewed: opened anew")
    wait_for(lambda: b.news(everything=True) == {}, "a list that expired releases to nobody", 10)
    node.ok("share", "group", "set", "Baltic", "--until", "+1d")
    check(set(b.news()) == {held["id"]}, "good again")
    node.ok("share", "group", "set", "Baltic", "--remove", "CERT B")
    check(b.news(everything=True) == {}, "left: from that moment")
    node.ok("peer", "expel", "CERT B", "--reason", "left the community")
    status, _, body = node.get("api/collections/intelligence/objects/", b.token)
    check(status in (401, 403) and held["id"].encode() not in body, f"{status}")
    node.stop()


def break_glass_takes_two(folder):
    node = Node(folder, "CSIRT").serve()
    b, d = Client(node, invite(node, "CERT B")), Client(node, invite(node, "CERT D"))
    node.ok("account", "add", "berta", "--role", "releaser")
    node.ok("account", "add", "rudi", "--role", "reader")
    for name in ("berta", "rudi"):
        write(folder, name + ".token", node.token(name))
    token = folder + "/berta.token"
    life = domain("ventilators.example", "amber+strict")
    node.ok("import", bundle(folder, life), "--from", "CERT D")
    asked = node.ok("share", "break-glass", life["id"], "--to", "CERT B", "--reason", "ventilators stop", "--json")
    grant = grant_of(asked)
    check(b.news() == {} and node.ok("share", "list", "--json").lines[0]["state"] == "waiting", "one is not two")
    nothing_shows(node, b, life)
    confirm = ("share", "break-glass", "--confirm", grant)
    node.fails(77, *confirm)  # the same account, twice
    node.fails(64, *confirm, "--by", "berta")  # no token
    node.fails(77, *confirm, "--by", "rudi", "--token-file", token)  # somebody else's
    node.fails(77, *confirm, "--by", "rudi", "--token-file", folder + "/rudi.token")  # no releaser
    check(b.news() == {}, "nothing of that counts")
    done = node.ok(*confirm, "--by", "berta", "--token-file", token, "--json")
    check(done.lines[0]["decision"] == "cleared", done.out)
    check(set(b.news()) == {life["id"]}, "now it goes")
    told = [o for o in d.news().values() if o["type"] == "note"]
    check(len(told) == 1 and "ventilators stop" in told[0]["content"] and told[0]["object_refs"] == [life["id"]],
          f"the originator is told: {told}")
    check(not [o for o in b.news(everything=True).values() if o["type"] == "note"], "and nobody else")
    node.fails(65, *confirm[:-1], str(uuid.uuid4()), "--by", "berta", "--token-file", token)
    record = node.ok("share", "list", "--json").lines[0]
    check(record["by"] == "admin" and record["confirmed_by"] == "berta" and record["told"] == told[0]["id"], str(record))
    node.ok("share", "revoke", grant, "--reason", "over")
    check(b.news(everything=True) == {}, "it ends")
    check(node.ok("share", "list", life["id"], "--json").lines[0]["state"] == "revoked", "visible for ever")
    node.ok("rebuild")
    check(node.ok("share", "list", life["id"], "--json").lines[0]["confirmed_by"] == "berta", "after a replay, too")
    node.stop()


def hits_are_sealed(folder):
    """A hit inherits its indicator's marking: who may not have the indicator sees that there was a hit, not on what."""
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", "name,sector,networks,domains,contacts\n"
            "Hospital North,health,192.0.2.0/24,north.example,soc@north.example\n"))
    red = domain("sealed.example", "red")
    node.ok("import", bundle(folder, red), "--from", "self")
    node.ok("account", "add", "anna", "--role", "analyst")
    node.ok("watch", "-", stdin="192.0.2.1 asked sealed.example\n")
    number = node.ok("finding", "list", "--json").lines[0]["finding"]
    for words in (("finding", "list"), ("finding", "show", number)):
        for form in ((), ("--json",)):
            seen = node.ok(*words, *form).out
            check("sealed.example" in seen, f"an administrator sees it: {seen}")
            sealed = node.ok(*words, *form, "--as", "anna").out
            check("sealed.example" not in sealed and red["id"] not in sealed and "Hospital North" in sealed,
                  f"sealed: {sealed}")
    node.ok("share", "name", red["id"], "--to", "account anna", "--reason", "she handles it")
    check("sealed.example" in node.ok("finding", "show", number, "--as", "anna").out, "named: no longer sealed")


main(hits_are_sealed, approvals_open_and_end, consents_are_their_originators, embargoes_end_by_themselves, lists_make_members,
     break_glass_takes_two)
