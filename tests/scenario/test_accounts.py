#!/usr/bin/env python3
"""Accounts: what a token is for, until when, and that taking it back is at once; people with passwords."""

import base64
import http.client
import json
import os
import pty
import select
import threading
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


def acting_wants_its_scope(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "rosa", "--role", "releaser")
    for scopes, code in (("taxii-read,log", 77), ("api-write", 0)):
        secret = token(node, "rosa", "--scope", scopes)["token"]
        done = node.run("share", "group", "add", f"Group {code}", "--by", "rosa", "--token-file", "-", stdin=secret)
        check(done.code == code, f"{scopes}: exit {done.code}: {done.err}")


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


# ---- passwords ----

RIGHT = "a heron on the pier"


def basic(node, name, password, path=OBJECTS, source="127.0.0.1", method="GET", body=None):
    """(status, Retry-After, body) of a request with name and password, from an address of this machine."""
    host, _, rest = node.url.split("//")[1].partition("/")
    line = http.client.HTTPConnection(host, timeout=60, source_address=(source, 0))
    given = base64.b64encode(f"{name}:{password}".encode()).decode()
    line.request(method, "/" + (path[1:] if path.startswith("/") else rest + path), body,
                 {"Accept": TAXII, "Content-Type": TAXII, "Authorization": "Basic " + given})
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer.status, answer.headers.get("Retry-After"), body


def give_password(node, name, password, code=0):
    done = node.run("account", "password", name, "--password-file", "-", "--json", stdin=password + "\n")
    check(done.code == code, f"{name}: exit {done.code}: {done.err}")
    check(password not in done.err + done.out, "a password is shown")
    return done


def people_log_in(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    node.ok("account", "add", "bot", "--role", "analyst", "--machine")
    for bad in ("short", "password1234", "anna12345678", "aaaaaaaaaaaaaaaa"):
        give_password(node, "anna", bad, 64)
    give_password(node, "bot", RIGHT, 77)
    give_password(node, "nobody", RIGHT, 65)
    node.serve()
    check(give_password(node, "anna", RIGHT).out == '{"account":"anna","password":true}\n', "json")
    given = json.dumps({"objects": [domain("given.example")]}).encode()
    check(basic(node, "anna", RIGHT)[0] == 200, "the right password")
    check(basic(node, "anna", RIGHT, method="POST", body=given)[0] == 202, "it writes")
    check(basic(node, "anna", RIGHT, "/log/origins")[0] == 200, "at the other doors, too")
    begun = time.monotonic()
    for _ in range(40):
        check(basic(node, "anna", RIGHT)[0] == 200, "remembered")
    check(time.monotonic() - begun < 20, "each request costs a hashing")
    wrong, unknown = basic(node, "anna", RIGHT + "!"), basic(node, "nobody", RIGHT)
    check(wrong[0] == 401 and wrong == unknown, f"{wrong} {unknown}")
    check(basic(node, "bot", RIGHT)[0] == 401 and basic(node, "anna", "")[0] == 401, "no password is no password")
    node.stop()
    check(node.status()["logins_failed"] >= 3, str(node.status()))
    listed = {a["account"]: a for a in node.ok("account", "list", "--json").lines}
    check(listed["bot"]["machine"] and not listed["anna"]["machine"], str(listed))
    check(listed["anna"]["password"] and not listed["admin"]["password"], str(listed))
    check(listed["anna"]["last_used"] and not listed["bot"]["last_used"], str(listed))
    check(listed["anna"]["failures"] >= 1 and listed["anna"]["last_failure"], str(listed))


def guessing_locks_nobody_out(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    give_password(node, "anna", RIGHT)
    secret = token(node, "anna")["token"]
    node.serve()
    for name in ("nobody", "anna"):
        found = []
        while len(found) < 12 and 429 not in found:  # on a slow machine a second is soon over
            status, later, body = basic(node, name, f"guess number {len(found)}")
            found.append(status)
        check(found[:5] == [401] * 5 and found[-1] == 429, f"{name}: {found}")
        check(int(later) >= 1 and json.loads(body)["status"] == 429, f"{later} {body}")
    check(basic(node, "anna", RIGHT)[0] == 429, "from where guessing goes on")
    check(basic(node, "anna", RIGHT, source="127.0.0.2")[0] == 200, "the right person from elsewhere")
    check(node.get("", secret)[0] == 200, "a token")
    for i in range(30):
        basic(node, f"name {i}", "guess")
    node.stop()
    with open(node.home + ".messages", encoding="utf-8") as file:
        lines = [line for line in file if "logins:" in line]
    check(len(lines) == 1 and RIGHT not in "".join(lines), f"one line a minute: {lines}")


def a_flood_of_guesses_holds_nobody_up(folder):
    node = Node(folder, "CSIRT")
    secret = token(node, "admin")["token"]
    node.serve()
    found = []
    crowd = [threading.Thread(target=lambda i=i: found.append(basic(node, f"name {i}", "a wrong password")[0]))
             for i in range(24)]
    for one in crowd:
        one.start()
    longest = 0
    while any(one.is_alive() for one in crowd):
        begun = time.monotonic()
        check(node.get("", secret)[0] == 200, "a token")
        longest = max(longest, time.monotonic() - begun)
    for one in crowd:
        one.join()
    check(len(found) == 24 and set(found) <= {401, 429}, str(found))
    print(f"# the longest answer to a token took {longest:.2f} s")
    check(longest < 5, f"a token waited {longest} s")


def session(node, method, body=None, bearer=None, kind="application/json"):
    """(status, what it says) of the door for sessions."""
    line = http.client.HTTPConnection(node.url.split("//")[1].partition("/")[0], timeout=60)
    headers = {"Content-Type": kind} | ({"Authorization": "Bearer " + bearer} if bearer else {})
    line.request(method, "/api/v1/session", json.dumps(body) if isinstance(body, dict) else body, headers)
    answer = line.getresponse()
    said = answer.read()
    line.close()
    return answer.status, json.loads(said) if said else None


def sessions_begin_and_end(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    give_password(node, "anna", RIGHT)
    node.serve()
    right = {"name": "anna", "password": RIGHT}
    status, one = session(node, "POST", right)
    check(status == 201 and one["account"] == "anna" and one["role"] == "analyst", f"{status} {one}")
    two = session(node, "POST", right)[1]
    check(one["token"] != two["token"] and node.get(OBJECTS, one["token"])[0] == 200, "the session's token")
    wrong = session(node, "POST", {"name": "anna", "password": RIGHT + "!"})
    check(wrong[0] == 401 and wrong == session(node, "POST", {"name": "nobody", "password": RIGHT}), str(wrong))
    for body, kind, code in (("{", "application/json", 400), ({"name": "anna"}, "application/json", 422),
                             (right, "text/plain", 415), ({"name": "x" * 9000}, "application/json", 413),
                             ({"name": ["anna"], "password": 1}, "application/json", 422)):
        check(session(node, "POST", body, kind=kind)[0] == code, f"{body} {kind}")
    check(session(node, "GET")[0] == 405 and session(node, "DELETE")[0] == 401, "other methods")
    check(session(node, "DELETE", bearer=one["token"])[0] == 204, "log out")
    check(node.get("", one["token"])[0] == 401 and node.get("", two["token"])[0] == 200, "the one, not the other")
    node.ok("account", "token", "anna", "--revoke-all")
    check(node.get("", two["token"])[0] == 401, "revoking all ends sessions")
    check(basic(node, "anna", RIGHT)[0] == 200, "the password is another thing")


def one_changes_ones_own_password(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "reader")
    give_password(node, "anna", RIGHT)
    node.serve()
    new = "another heron entirely"

    def change(**words):
        line = http.client.HTTPConnection(node.url.split("//")[1].partition("/")[0], timeout=60)
        line.request("POST", "/api/v1/session/password", json.dumps(words), {"Content-Type": "application/json"})
        answer = line.getresponse()
        said = answer.read()
        line.close()
        return answer.status, said
    held = session(node, "POST", {"name": "anna", "password": RIGHT})[1]["token"]
    for words, code in (({"name": "anna", "password": RIGHT + "!", "new_password": new}, 401),
                        ({"name": "nobody", "password": RIGHT, "new_password": new}, 401),
                        ({"name": "anna", "password": RIGHT}, 422), ({"name": ["anna"]}, 422),
                        ({"name": "anna", "password": RIGHT, "new_password": "short"}, 422)):
        status, said = change(**words)
        check(status == code and new.encode() not in said, f"{words}: {status} {said!r}")
    check(basic(node, "anna", RIGHT)[0] == 200 and node.get("", held)[0] == 200, "nothing has changed")
    check(change(name="anna", password=RIGHT, new_password=new) == (204, b""), "changed")
    check(node.get("", held)[0] == 401, "its sessions have ended")
    check(basic(node, "anna", new)[0] == 200, "the new one")
    check(basic(node, "anna", RIGHT, source="127.0.0.9")[0] == 401, "not the old one")


def taking_back_is_at_once(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    give_password(node, "anna", RIGHT)
    node.serve()
    given = json.dumps({"objects": [domain("given.example")]}).encode()
    check(basic(node, "anna", RIGHT, method="POST", body=given)[0] == 202, "an analyst writes")
    secret = token(node, "anna")["token"]
    node.ok("account", "set", "anna", "--role", "reader", "--reason", "moved")
    check(basic(node, "anna", RIGHT, method="POST", body=given)[0] == 403, "a reader does not")
    check(node.get(OBJECTS, secret, {"Content-Type": TAXII}, "POST", given)[0] == 403, "nor an older token of hers")
    give_password(node, "anna", "another heron entirely")
    check(basic(node, "anna", RIGHT)[0] == 401 and basic(node, "anna", "another heron entirely")[0] == 200, "changed")
    node.ok("account", "password", "anna", "--remove")
    check(basic(node, "anna", "another heron entirely")[0] == 401, "removed")
    give_password(node, "anna", RIGHT)
    check(basic(node, "anna", RIGHT, source="127.0.0.3")[0] == 200, "again")
    node.ok("account", "disable", "anna", "--reason", "left")
    check(basic(node, "anna", RIGHT, source="127.0.0.3")[0] == 401 and node.get("", secret)[0] == 401, "disabled")
    node.ok("account", "enable", "anna", "--reason", "back")
    check(basic(node, "anna", RIGHT, source="127.0.0.3")[0] == 401, "an old password came back to life")
    node.fails(77, "account", "set", "admin", "--role", "reader")
    node.fails(64, "account", "set", "anna", "--role", "king")


def who_waits_is_asked_again(folder):
    """Requests that were let in and wait for news are refused as soon as what let them in is taken back."""
    node = Node(folder, "CSIRT")
    held = OBJECTS + "?added_after=2099-01-01T00:00:00Z"
    for name in ("anna", "bert", "carl", "dora"):
        node.ok("account", "add", name, "--role", "analyst")
    give_password(node, "carl", RIGHT)
    tokens = {name: token(node, name) for name in ("anna", "bert", "dora")}
    node.serve()
    node.ok("peer", "invite", "CERT B", "--out", node.home + ".invite")
    with open(node.home + ".invite", encoding="utf-8") as file:
        tokens["CERT B"] = json.load(file)
    carl = base64.b64encode(f"carl:{RIGHT}".encode()).decode()
    takes = [("anna", 401, ["account", "token", "anna", "--revoke", tokens["anna"].get("id", ""), "--reason", "lost"]),
             ("bert", 401, ["account", "disable", "bert", "--reason", "left"]),
             ("carl", 401, ["account", "password", "carl", "--remove"]),
             ("CERT B", 401, ["peer", "expel", "CERT B", "--reason", "left"])]
    for name, status, words in takes:
        line = http.client.HTTPConnection(node.url.split("//")[1].partition("/")[0], timeout=40)
        by = f"Basic {carl}" if name == "carl" else f"Bearer {tokens[name]['token']}"
        line.request("GET", "/taxii2/" + held, headers={"Accept": TAXII, "Prefer": "wait=30", "Authorization": by})
        time.sleep(0.4)
        ready = select.select([line.sock], [], [], 0)[0]
        check(not ready, f"{name} is not held")
        begun = time.monotonic()
        node.ok(*words)
        answer = line.getresponse()
        body = answer.read()
        check(answer.status == status and b"objects" not in body, f"{name}: {answer.status} {body!r}")
        check(time.monotonic() - begun < 10, f"{name} was heard only after {time.monotonic() - begun:.1f} s")
        line.close()
    check(node.get(held, tokens["dora"]["token"])[0] == 200, "the others stay")


def typed_at_a_terminal(folder):
    """Twice, without being shown."""
    node = Node(folder, "CSIRT")
    for first, second, code in ((RIGHT, RIGHT, 0), (RIGHT, "another heron", 65), ("short", "short", 64)):
        child, terminal = pty.fork()
        if not child:
            os.execv(node.command()[0], node.command("account", "password", "admin"))
        shown = b""
        for typed in (first, second):
            while not shown.rstrip().endswith(b":"):
                shown += os.read(terminal, 1000)
            os.write(terminal, typed.encode() + b"\n")
            shown += b"\n"
        try:
            while piece := os.read(terminal, 1000):
                shown += piece
        except OSError:
            pass
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        check(ended == code, f"exit {ended}, not {code}: {shown!r}")
        check(first.encode() not in shown and second.encode() not in shown, f"it was shown: {shown!r}")
    check("no terminal" in node.run("account", "password", "admin", start_new_session=True).err, "without a terminal")


main(people_log_in, a_flood_of_guesses_holds_nobody_up, guessing_locks_nobody_out, sessions_begin_and_end,
     one_changes_ones_own_password, taking_back_is_at_once, who_waits_is_asked_again, typed_at_a_terminal, a_token_is_for_what_its_scopes_say, acting_wants_its_scope,
     a_token_ends, one_is_revoked)
