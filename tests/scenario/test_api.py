#!/usr/bin/env python3
"""The HTTP API from outside: what the command line does, for the account that asks and nobody else's eyes."""

import json
import os
import time
import urllib.request

from caller import Caller, api
from house import Node, bundle, check, domain, main


def served(folder):
    node = Node(folder, "CSIRT X").serve()
    return node, Caller(node, node.token("admin"))


def person(node, name, role):
    node.ok("account", "add", name, "--role", role)
    return Caller(node, node.token(name))


def what_the_command_line_says(folder):
    """Lines become lists, one line an object: the very same words."""
    node, ask = served(folder)
    node.ok("import", bundle(folder, domain("evil.example", "green")), "--from", "Partner")
    for words, path in [(["finding", "list"], "/findings"), (["source", "list"], "/sources"),
                        (["peer", "list"], "/peers"), (["account", "list"], "/accounts"),
                        (["search", "evil.example"], "/search?text=evil.example"), (["key", "list"], "/keys"),
                        (["marking", "list"], "/markings"), (["share", "list"], "/share"),
                        (["constituency", "who", "192.0.2.1"], "/constituency/who?value=192.0.2.1")]:
        status, media, said = ask("GET", api(path))
        check(status == 200 and media == "application/json", f"{path}: {status} {media}")
        lines = node.ok(*words, "--json").lines
        check(said == (lines if isinstance(said, list) else lines[0]), f"{path}: {said} is not {lines}")
    status, _, said = ask("GET", api("/status"))
    check(status == 200 and said["name"] == "CSIRT X" and said["indicators"] == 1, f"{said}")
    node.stop()


def acts_are_the_accounts(folder):
    """An act over the API is an act of who asked, and of no role that may not do it."""
    node, ask = served(folder)
    ann, bob = person(node, "ann", "administrator"), person(node, "bob", "reader")
    made = json.dumps({"type": "bundle", "id": "bundle--11110000-0000-4000-8000-000000000001",
                       "objects": [domain("evil.example", "green")]}).encode()
    status, _, said = ann("POST", api("/import", **{"from": "Partner"}), made, "application/octet-stream")
    check(status == 200 and [line for line in said if line.get("new") == 1], f"{status} {said}")
    status, _, said = ann("POST", api("/incidents"), {"name": "Fire"})
    check(status == 201 and said["incident"].startswith("incident--"), f"{status} {said}")
    status, media, said = ann("POST", api("/export"), {"public": True, "as": "csv"})
    check(status == 200 and media.startswith("text/csv"), f"{status} {media} {said}")
    for method, path, body in [("POST", "/incidents", {"name": "Fire"}), ("POST", "/import", made),
                               ("POST", "/accounts", {"name": "eve"}), ("POST", "/rebuild", {})]:
        status, media, said = bob(method, api(path), body)
        check(status == 403 and media == "application/problem+json", f"a reader: {path}: {status} {said}")
    check(len(bob("GET", api("/incidents"))[2]) == 1, "a reader's act happened")
    node.stop()


def nobody_else_is_let_in(folder):
    node, _ = served(folder)
    node.ok("peer", "invite", "Y", "--out", os.path.join(folder, "y"))
    with open(os.path.join(folder, "y"), encoding="utf-8") as file:
        partner = Caller(node, json.load(file)["token"])
    for path in ["/api", "/api/", "/api/v1", "/api/v1/status", "/api/v1/nothing", "/api/v1/openapi.json"]:
        check(Caller(node, None)("GET", path)[0] == 401, f"{path} for a stranger")
        check(Caller(node, "ent_" + "A" * 43)("GET", path)[0] == 401, f"{path} with a bad token")
        check(partner("GET", path)[0] == 403, f"{path} for a partner's machine")
    ann = person(node, "ann", "analyst")
    check(ann("GET", api("/status"))[0] == 200, "an account")
    node.ok("account", "disable", "ann", "--reason", "left")
    check(ann("GET", api("/status"))[0] == 401, "a disabled account")
    node.stop()


def each_sees_with_its_own_eyes(folder):
    """What an account may not see is in no answer, whatever it asks."""
    node, _ = served(folder)
    secret, plain = domain("secret-word.example", "red"), domain("plain-word.example", "green")
    node.ok("import", bundle(folder, secret, plain), "--from", "self")
    ann = person(node, "ann", "analyst")
    check(node.run("get", secret["id"], "--as", "ann").code == 77, "the command line lets ann see it")
    check(ann("GET", api(f"/objects/{plain['id']}"))[2]["id"] == plain["id"], "what ann may see")
    asked = ["/search?text=secret-word.example", f"/objects/{secret['id']}", "/findings", "/proposals",
             f"/objects/{secret['id']}/explanation?to=public", f"/share/plan?id={secret['id']}", "/share",
             f"/share?id={secret['id']}", "/search?text=secret*", "/warninglists/check?value=plain-word.example",
             "/search?text=secret-word.example&as=admin", f"/objects/{secret['id']}?as=admin",
             f"/objects/{secret['id'][11:25]}", "/quarantine"]
    for path in asked:
        status, _, said = ann("GET", api(path))
        words = json.dumps(said)
        if path in words:
            words = words.replace(path, "")
        asked_for = "secret-word" in path  # the answer repeats what was asked for
        check(asked_for or "secret-word" not in words, f"{path}: {words}")
        check(not isinstance(said, list) or not any(line.get("id") == secret["id"] for line in said), f"{path}: {words}")
        check("as=" not in path or status == 400, f"{path}: {status}")
        check(secret["id"] not in path or status in (400, 403, 404), f"{path}: {status} {words}")
    node.stop()


def a_node_looks_at_itself(folder):
    """verify and config check, for administrators: a fault is an answer."""
    node, ask = served(folder)
    ann = person(node, "ann", "releaser")
    for method, path in (("POST", "/verify"), ("GET", "/config/check")):
        check(ann(method, api(path), {} if method == "POST" else None)[0] == 403, f"{path}: a releaser")
    status, _, said = ask("POST", api("/verify"), {})
    checks = {line["check"]: line["ok"] for line in said if "check" in line}
    check(status == 200 and checks["log"] is True and checks["view"] is True, f"{status} {said}")
    status, _, said = ask("GET", api("/config/check"))
    check(status == 200 and said == [{"valid": True}], f"{status} {said}")
    with open(os.path.join(node.home, "entente.yaml"), "w", encoding="utf-8") as file:
        file.write("nonsense: 1\n")
    status, _, said = ask("GET", api("/config/check"))
    check(status == 200 and said[0]["valid"] is False and said[0]["what"], f"{status} {said}")
    node.stop()


def files_of_the_machine_stay(folder):
    """No parameter, member or operand opens a file of the machine that serves."""
    node, ask = served(folder)
    target = os.path.join(folder, "written")
    for method, path, body in [("POST", "/export", {"public": True, "out": target}),
                               ("POST", "/peers/invite", {"name": "Z", "out": target}),
                               ("POST", "/sources", {"name": "S", "secret-file": "/etc/passwd"}),
                               ("POST", "/share/revoke", {"grant": "x", "reason": "r", "by": "admin"}),
                               ("POST", "/share/revoke", {"grant": "x", "reason": "r", "token-file": "/etc/passwd"}),
                               ("POST", "/validate?sandbox=off", b"{}"), ("POST", "/backup", {"dir": folder}),
                               ("POST", "/match", b"x"), ("POST", "/verify", {"object": "/etc/passwd"}),
                               ("POST", "/verify", {"files": ["/etc/passwd"]})]:
        status, _, said = ask(method, api(path), body)
        check(status in (400, 404, 405), f"{path}: {status} {said}")
    status, _, said = ask("POST", api("/sources"), {"name": "S", "kind": "folder", "place": "/etc"})
    check(status == 403, f"a folder of the machine: {status} {said}")
    status, _, said = ask("POST", api("/validate"), b"/etc/passwd")
    check(status in (200, 422) and "root:" not in json.dumps(said), f"{status} {said}")
    check(not os.path.exists(target), "a file was written")
    node.stop()


def requests_of_the_wrong_form(folder):
    node, ask = served(folder)
    for method, path, body, wanted in [
            ("GET", "/findings?limit=x", None, 400), ("GET", "/findings?limit=1&limit=2", None, 400),
            ("GET", "/findings?open=maybe", None, 400), ("GET", "/findings?nothing=1", None, 400),
            ("GET", "/search", None, 400), ("GET", "/search?text=", None, 400),
            ("POST", "/incidents", b"[]", 400), ("POST", "/incidents", b"{", 400), ("POST", "/incidents", b'"x"', 400),
            ("POST", "/incidents", {"name": 7}, 400), ("POST", "/incidents", {"name": "x\0y"}, 400),
            ("POST", "/incidents", {"name": "x", "more": 1}, 400), ("POST", "/incidents", {}, 400),
            ("POST", "/incidents", {"name": "x", "findings": "F-1"}, 400),
            ("POST", "/incidents", {"name": "x", "findings": ["F-77"]}, 422),
            ("POST", "/import?as=nonsense", b"x", 422), ("POST", "/import", b"\x00\x01", 422),
            ("DELETE", "/findings", None, 405), ("GET", "/findings/F-1/reopen", None, 405),
            ("GET", "/findings/", None, 404), ("GET", "/findings/F-1", None, 404), ("GET", "/objects/nothing", None, 404)]:
        status, media, said = ask(method, api(path), body)
        check(status == wanted and media == "application/problem+json" and said["status"] == wanted,
              f"{method} {path} {body}: {status} {said}")
    check(ask("POST", api("/incidents"), b"name=x", "application/x-www-form-urlencoded")[0] == 415, "a form")
    node.stop()


def listen(ask, after=None):
    request = urllib.request.Request(ask.base + api("/events"), headers={"Authorization": f"Bearer {ask.token}"})
    if after is not None:
        request.add_header("Last-Event-ID", str(after))
    return urllib.request.urlopen(request, timeout=20)


def until(stream, wanted):
    """Events up to one that holds the word: [(id, kind, data)]; to the end of the stream when it is None."""
    found, event = [], {}
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name] = value
        elif "id" in event:
            found.append((int(event["id"]), event["event"], json.loads(event["data"])))
            event = {}
            if wanted and wanted in json.dumps(found[-1][2]):
                return found
    check(wanted is None, f"the stream ended before {wanted}: {found}")
    return found


def events_for_who_may_see_them(folder):
    """News comes by the log's order to each account that may see it, goes on behind an id, and ends with the account."""
    node, ask = served(folder)
    ann = person(node, "ann", "analyst")
    hers, his = listen(ann), listen(ask)
    check(hers.headers["Content-Type"] == "text/event-stream", f"{hers.headers}")
    secret, plain = domain("secret.example", "red"), domain("plain.example", "green")
    node.ok("import", bundle(folder, secret), "--from", "self")
    node.ok("import", bundle(folder, plain), "--from", "self")
    incident = ask("POST", api("/incidents"), {"name": "Fire"})[2]["incident"]
    she, he = until(hers, incident), until(his, incident)
    check(any(data.get("id") == plain["id"] for _, _, data in she), f"{she}")
    check(she[-1][1] == "incident" and [n for n, _, _ in she] == sorted(n for n, _, _ in she), f"{she}")
    check(not any(data.get("id") == secret["id"] for _, _, data in she), f"ann learnt of it: {she}")
    hidden = {n for n, _, data in he if data.get("id") == secret["id"]}
    check(not hidden & {n for n, _, _ in she}, "nor of its place")
    first = she[0][0]
    again = until(listen(ann, first), incident)
    check([n for n, _, _ in again] == [n for n, _, _ in she[1:]], f"{again} is not what followed {first}")
    for end in (["account", "token", "ann", "--revoke-all"], ["account", "disable", "ann", "--reason", "left"]):
        node.ok(*end)
        began = time.monotonic()
        until(hers, None)
        check(time.monotonic() - began < 5, "the stream did not end")
        node.ok("account", "enable", "ann", "--reason", "back") if "disable" in end else None
        if "token" in end:
            hers = listen(Caller(node, node.token("ann")))
    node.stop()


if __name__ == "__main__":
    main(what_the_command_line_says, acts_are_the_accounts, nobody_else_is_let_in, each_sees_with_its_own_eyes,
         a_node_looks_at_itself, files_of_the_machine_stay, requests_of_the_wrong_form, events_for_who_may_see_them)
