#!/usr/bin/env python3
"""Where things come from by themselves: every kind of source against a small server that follows a script."""

import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from email.message import EmailMessage

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from house import Node, bundle, check, connect, domain, main, wait_for, write
import servers

CSV = "value,type\n192.0.2.1,ipv4\nbad.example,domain\n"
SECRET = "s3cret-" + "0123456789abcdef" * 2


def last(done):
    return done.lines[-1]["last"]


def one(node, name):
    return [line for line in node.ok("source", "list", "--json").lines if line["source"] == name][0]


def with_web(test):
    def run(folder):
        web = servers.Web()
        try:
            return test(folder, web)
        finally:
            web.close()
    run.__name__ = test.__name__
    return run


def what_is_recorded(folder):
    node = Node(folder, "a")
    made = node.ok("source", "add", "f", "--kind", "folder", "--place", folder, "--trust", "b2", "--every", "15m",
                   "--lifetimes", "url=90, ipv4=30", "--marking", "GREEN", "--json").lines[0]
    check((made["kind"], made["trust"], made["every"], made["last"]) == ("folder", "B2", "15m", None), made)
    node.ok("source", "set", "f", "--pause", "on", "--every", "1h", "--trust", "none")
    now = one(node, "f")
    check((now["paused"], now["every"], now["trust"], now["place"]) == (True, "1h", "", folder), now)
    check("ipv4" in node.ok("source", "show", "f").out, "show")
    for wrong in (["--kind", "ftp", "--place", "/x"], ["--kind", "folder", "--place", "x"],
                  ["--kind", "url", "--place", "ftp://h/"], ["--kind", "url", "--place", "https://u:p@h/"],
                  ["--kind", "taxii", "--place", "https://h/"], ["--trust", "Z9"], ["--every", "1s"],
                  ["--lifetimes", "colour=3"], ["--format", "docx"], ["--pause", "maybe"], ["--place", "/x"]):
        node.fails(64, "source", "add", "wrong", *wrong)
    check(len(node.ok("source", "list", "--json").lines) == 1, "a source that was refused is there")
    node.fails(65, "source", "poll", "nobody")
    node.ok("source", "add", "by-hand")
    node.fails(64, "source", "poll", "by-hand")
    node.ok("rebuild")
    check(one(node, "f")["lifetimes"] == now["lifetimes"], "a rebuild changed it")


def files_of_a_folder(folder):
    node, place = Node(folder, "a"), os.path.join(folder, "in")
    os.makedirs(os.path.join(place, "deep", "er"))
    write(place, "a.csv", CSV)
    write(os.path.join(place, "deep", "er"), "b.csv", "value\n192.0.2.9\n")
    write(place, "c.csv.part", "value\n192.0.2.77\n")
    write(place, ".d.csv", "value\n192.0.2.78\n")
    os.symlink("/etc/passwd", os.path.join(place, "e.csv"))
    node.ok("source", "add", "f", "--kind", "folder", "--place", place)
    first = last(node.ok("source", "poll", "f", "--json"))
    check((first["documents"], first["new"]) == (2, 3), first)
    again = last(node.ok("source", "poll", "f", "--json"))
    check((again["documents"], again["documents_unchanged"], again["new"]) == (0, 2, 0), again)
    write(place, "a.csv", CSV + "198.51.100.7,ipv4\n")
    write(place, "broken.json", '{"type":"bundle","id":"bundle--x","objects":[')
    changed = last(node.ok("source", "poll", "f", "--json"))
    check((changed["documents"], changed["new"]) == (2, 1), changed)
    check("broken.json" in changed["words"], changed)
    os.rename(os.path.join(place, "c.csv.part"), os.path.join(place, "c.csv"))
    check(last(node.ok("source", "poll", "f", "--json"))["new"] == 1, "what was finished")
    node.fails(69, "source", "poll", "g") if node.ok("source", "add", "g", "--kind", "folder", "--place",
                                                     folder + "/not-there") else None


def a_file_that_grows_waits(folder):
    node, place = Node(folder, "a"), os.path.join(folder, "in")
    os.makedirs(place)
    node.ok("source", "add", "f", "--kind", "folder", "--place", place)
    stop = threading.Event()

    def grow():
        with open(os.path.join(place, "grows.csv"), "w", encoding="utf-8") as file:
            file.write("value\n")
            for i in range(1, 200):
                if stop.wait(0.2):
                    break
                file.write(f"192.0.2.{i % 250}\n")
                file.flush()
    thread = threading.Thread(target=grow)
    thread.start()
    try:
        time.sleep(0.3)
        early = last(node.ok("source", "poll", "f", "--json"))
    finally:
        stop.set()
        thread.join()
    check(early["documents"] == 0, f"taken while it grew: {early}")
    check(last(node.ok("source", "poll", "f", "--json"))["documents"] == 1, "taken once it stands still")


@with_web
def what_did_not_change_costs_one_request(folder, web):
    node = Node(folder, "a")
    node.ok("source", "add", "u", "--kind", "url", "--place", web.url + "/feed/list.csv?x=1", "--party", "P")
    web.document("/feed/list.csv", CSV.encode(), tag='"v1"')
    check(last(node.ok("source", "poll", "u", "--json"))["new"] == 2, "the first")
    second = last(node.ok("source", "poll", "u", "--json"))
    check((second["documents"], second["documents_unchanged"]) == (0, 1), second)
    check(web.asked[-1][2].get("If-None-Match") == '"v1"' and len(web.asked) == 2, web.asked)
    web.document("/feed/list.csv", CSV.encode() + b"192.0.2.3,ipv4\n", tag='"v2"')
    check(last(node.ok("source", "poll", "u", "--json"))["new"] == 1, "the changed one")
    web.document("/feed/list.csv", CSV.encode(), date="Sat, 21 Nov 2026 00:00:00 GMT")
    node.ok("source", "poll", "u")
    check(last(node.ok("source", "poll", "u", "--json"))["documents_unchanged"] == 1, "by date")
    web.document("/feed/list.csv", CSV.encode())  # neither: known by its bytes
    node.ok("source", "poll", "u")
    check(last(node.ok("source", "poll", "u", "--json"))["documents_unchanged"] == 1, "by bytes")


@with_web
def what_servers_do_wrong(folder, web):
    node = Node(folder, "a")
    node.ok("source", "add", "u", "--kind", "url", "--place", web.url + "/x", "--user", "me", "--secret-file", "-",
            stdin=SECRET + "\n")
    for status in (401, 404, 429, 500, 503):
        web.routes["/x"] = lambda _, s=status: (s, {"Retry-After": "77"} if s in (429, 503) else {}, b"no")
        done = node.fails(69, "source", "poll", "u", "--json")
        check(str(status) in done.err and last(done)["state"] == "unreachable", done.err)
    state = one(node, "u")["last"]
    check(node.status()["sources_failing"] == 1, "status does not say so")
    check(state["failures"] == 5 and state["failed_since"] and not state["came"], state)
    web.routes["/x"] = lambda _: (200, {"Content-Type": "text/html"}, b"<html><body>Maintenance</body></html>")
    page = last(node.ok("source", "poll", "u", "--json"))
    check(page["new"] == 0, page)
    # Within the same server a redirect is followed, with the credentials; to another server never by plain http,
    # and by https never into a network that is not the Internet, nor with them.
    web.document("/y", CSV.encode())
    web.routes["/x"] = lambda _: (302, {"Location": "/y"}, b"")
    check(last(node.ok("source", "poll", "u", "--json"))["new"] == 2, "within the server")
    check(web.asked[-1][2].get("Authorization", "").startswith("Basic "), "its credentials")
    other = servers.Web()
    try:
        web.routes["/x"] = lambda _: (302, {"Location": other.url + "/y"}, b"")
        check("302" in node.fails(69, "source", "poll", "u").err, "plain http elsewhere")
        web.routes["/x"] = lambda _: (302, {"Location": other.url.replace("http:", "https:") + "/y"}, b"")
        check("private" in node.fails(77, "source", "poll", "u").err, "into a private network")
        check(not other.asked, "the other server was asked")
    finally:
        other.close()
    web.routes["/x"] = lambda _: (302, {"Location": "/x"}, b"")
    check("302" in node.fails(69, "source", "poll", "u").err, "in circles")


@with_web
def a_killed_look_loses_nothing(folder, web):
    node = Node(folder, "a")
    rows = b"value\n" + b"".join(b"198.51.100.%d\n" % i for i in range(100))
    web.routes["/x"] = lambda _: (200, {}, servers.drip(rows[:200], 0.5, 100))
    node.ok("source", "add", "u", "--kind", "url", "--place", web.url + "/x")
    process = subprocess.Popen(node.command("source", "poll", "u"), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_for(lambda: web.asked, "it asks")
    time.sleep(0.5)
    process.kill()
    process.wait()
    check(node.status()["objects"] <= 2, "half a document was taken in")
    web.document("/x", rows, tag='"1"')
    check(last(node.ok("source", "poll", "u", "--json"))["new"] == 100, "all of it")
    check(last(node.ok("source", "poll", "u", "--json"))["new"] == 0, "once")
    left = [name for name in os.listdir(node.home) if "fetch" in name]
    check(not left, f"left behind: {left}")
    node.ok("verify")


@with_web
def misp_by_pages(folder, web):
    event = {"Event": {"id": "1", "uuid": "5f0c9d4e-0000-4000-8000-00000000000a", "info": "x", "date": "2026-11-01",
                       "timestamp": "1790000000", "published": True, "distribution": "3", "threat_level_id": "2",
                       "analysis": "2", "Orgc": {"uuid": "5f0c9d4e-0000-4000-8000-0000000000aa", "name": "CERT Z"},
                       "Attribute": [{"uuid": "5f0c9d4e-0000-4000-8000-00000000000b", "type": "ip-dst",
                                      "category": "Network activity", "to_ids": True, "value": "192.0.2.44",
                                      "timestamp": "1790000000", "distribution": "5"}]}}
    node = Node(folder, "a")
    servers.misp(web, SECRET, [json.dumps({"response": [event]}).encode()])
    node.ok("source", "add", "m", "--kind", "misp", "--place", web.url, "--secret-file", "-", stdin=SECRET)
    node.ok("source", "poll", "m")
    asked = [json.loads(body) for _, _, _, body in web.asked]
    check([q["page"] for q in asked] == [1, 2] and asked[0]["returnFormat"] == "json", asked)
    check("timestamp" not in asked[0], "the first look asks for everything")
    node.ok("source", "poll", "m")
    since = json.loads(web.asked[-1][3])["timestamp"]
    check(0 < time.time() - since < 8 * 3600, f"since {since}")
    node.ok("source", "set", "m", "--secret-file", "-", stdin="wrong")
    check("403" in node.fails(69, "source", "poll", "m").err, "a wrong key")


def an_attribute(number, value, stamp=1790000000, **more):
    return {"uuid": f"5f0c9d4e-0000-4000-8000-0000000000{number:02x}", "type": "domain", "category": "Network activity",
            "to_ids": True, "value": value, "timestamp": str(stamp), "distribution": "5", **more}


def an_event(number, stamp, *attributes):
    return {"Event": {"uuid": f"6f0c9d4e-0000-4000-8000-0000000000{number:02x}", "info": f"event {number}",
                      "date": "2026-09-01", "timestamp": str(stamp), "published": True, "distribution": "3",
                      "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:green"}],
                      "Orgc": {"uuid": "5f0c9d4e-0000-4000-8000-0000000000aa", "name": "CERT Z"},
                      "Attribute": list(attributes)}}


def sought(node):
    """Values of living indicators."""
    made = node.ok("export", "--to", "account admin", "--as", "stix").out
    objects = json.loads(made)["objects"] if made.strip() else []
    return {o["name"] for o in objects if o["type"] == "indicator" and not o.get("revoked")}


@with_web
def misp_says_what_changed(folder, web):
    """Two pages; then one event is new, one has a changed attribute and one that was deleted, with a later time."""
    node = Node(folder, "a")
    pages = [[an_event(1, 1790000000, an_attribute(1, "one.example"), an_attribute(2, "two.example"))],
             [an_event(2, 1790000000, an_attribute(3, "three.example"))]]
    answers = [json.dumps({"response": page}).encode() for page in pages]
    servers.misp(web, SECRET, answers)
    node.ok("source", "add", "m", "--kind", "misp", "--place", web.url, "--secret-file", "-", stdin=SECRET)
    first = last(node.ok("source", "poll", "m", "--json"))
    check([json.loads(body)["page"] for _, _, _, body in web.asked] == [1, 2, 3] and first["documents"] == 2, first)
    check(sought(node) == {"one.example", "two.example", "three.example"}, sought(node))
    answers[:] = [json.dumps({"response": [
        an_event(1, 1790001000, an_attribute(1, "uno.example", 1790000900),
                 an_attribute(2, "two.example", 1790000900, deleted=True)),
        an_event(4, 1790001000, an_attribute(4, "four.example"))]}).encode()]
    again = last(node.ok("source", "poll", "m", "--json"))
    check(again["updated"] >= 3 and again["new"] >= 2, again)
    check(sought(node) == {"uno.example", "three.example", "four.example"}, sought(node))
    still = last(node.ok("source", "poll", "m", "--json"))
    check((still["new"], still["updated"]) == (0, 0), still)


@with_web
def a_misp_feed(folder, web):
    """The manifest, then what is new in it; what did not change costs one question; a broken event costs itself."""
    node = Node(folder, "a")
    events = {e["Event"]["uuid"]: e for e in (an_event(n, 1790000000, an_attribute(n, f"{n}.example")) for n in (1, 2))}

    def publish(tag):
        manifest = {u: {k: e["Event"][k] for k in ("info", "date", "timestamp", "Orgc", "Tag")} for u, e in events.items()}
        web.document("/feed/manifest.json", json.dumps(manifest).encode(), "application/json", tag=tag)
        for u, e in events.items():
            web.document(f"/feed/{u}.json", json.dumps(e).encode(), "application/json")

    def asked():
        paths = [path for _, path, _, _ in web.asked]
        web.asked.clear()
        return paths

    publish('"1"')
    node.ok("source", "add", "f", "--kind", "misp-feed", "--place", web.url + "/feed")
    first = last(node.ok("source", "poll", "f", "--json"))
    check(sorted(asked()) == sorted(["/feed/manifest.json"] + [f"/feed/{u}.json" for u in events]), "all of it")
    check(first["documents"] == 2 and sought(node) == {"1.example", "2.example"}, first)
    node.ok("source", "poll", "f")
    check(asked() == ["/feed/manifest.json"], "nothing changed: one question")
    one = list(events)[0]
    events[one] = an_event(1, 1790002000, an_attribute(1, "1.example", 1790001000, deleted=True))
    events |= {e["Event"]["uuid"]: e for e in [an_event(3, 1790002000, an_attribute(3, "3.example"))]}
    publish('"2"')
    three = list(events)[2]
    good = web.routes.pop(f"/feed/{three}.json")
    node.run("source", "poll", "f")
    check(sorted(asked()) == sorted(["/feed/manifest.json", f"/feed/{one}.json", f"/feed/{three}.json"]), "what changed")
    check(sought(node) == {"2.example"}, f"one is gone, one is not to be had: {sought(node)}")
    web.routes[f"/feed/{three}.json"] = good
    node.ok("source", "poll", "f")
    check(asked() == ["/feed/manifest.json", f"/feed/{three}.json"], "what was not to be had is asked for again")
    check(sought(node) == {"2.example", "3.example"}, sought(node))
    web.routes["/feed/manifest.json"] = lambda request: (200, {}, b"<html>no manifest</html>")
    node.fails(69, "source", "poll", "f")
    web.routes["/feed/manifest.json"] = lambda request: (404, {}, b"")
    check("404" in node.fails(69, "source", "poll", "f").err, "no manifest")


@with_web
def shadowserver_reports(folder, web):
    reports = {"abc-1": ("one.csv", b"value\n192.0.2.5\n"), "abc-2": ("two.csv", b"value\n192.0.2.6\n192.0.2.7\n")}
    servers.shadowserver(web, "KEY", SECRET, reports)
    node = Node(folder, "a")
    node.ok("source", "add", "s", "--kind", "shadowserver", "--place", web.url + "/api2/", "--secret-file", "-",
            stdin=f"KEY\n{SECRET}\n")
    first = last(node.ok("source", "poll", "s", "--json"))
    check((first["documents"], first["new"]) == (2, 3), first)
    reports["../etc/passwd"] = ("bad.csv", b"value\n192.0.2.8\n")
    reports["abc-3"] = ("three.csv", b"value\n192.0.2.8\n")
    again = last(node.ok("source", "poll", "s", "--json"))
    check((again["documents"], again["documents_unchanged"], again["new"]) == (1, 2, 1), again)
    node.ok("source", "set", "s", "--secret-file", "-", stdin="other")
    check("401" in node.fails(69, "source", "poll", "s").err, "a wrong secret")


def a_taxii_collection(folder):
    giver, taker = Node(folder, "giver"), Node(folder, "taker")
    giver.ok("import", "--from", "self", bundle(folder, domain("a.example", "green"), domain("b.example", "green")))
    invite = os.path.join(folder, "invite.json")
    giver.serve()
    giver.ok("peer", "invite", "taker", "--out", invite)
    with open(invite, encoding="utf-8") as file:
        told = json.load(file)
    taker.ok("source", "add", "t", "--kind", "taxii", "--place", told["api_root"], "--collection", told["collection"],
             "--secret-file", "-", stdin=told["token"])
    first = last(taker.ok("source", "poll", "t", "--json"))
    check(first["new"] >= 2, first)
    check(last(taker.ok("source", "poll", "t", "--json"))["new"] == 0, "twice")
    giver.ok("import", "--from", "self", bundle(folder, domain("c.example", "green")))
    check(last(taker.ok("source", "poll", "t", "--json"))["new"] == 1, "what came later")
    giver.stop()
    taker.fails(69, "source", "poll", "t")


@with_web
def serve_looks_by_itself(folder, web):
    node = Node(folder, "a").serve()
    web.document("/x", CSV.encode(), tag='"1"')
    web.routes["/slow"] = lambda _: (200, {}, servers.drip(b"value\n", 0.5, 1000))
    web.routes["/busy"] = lambda _: (429, {"Retry-After": "3600"}, b"")
    for name in ("slow", "busy", "x"):
        node.ok("source", "add", name, "--kind", "url", "--place", f"{web.url}/{name}", "--every", "10s")
    node.ok("source", "add", "asleep", "--kind", "url", "--place", web.url + "/asleep")
    wait_for(lambda: one(node, "x")["last"], "a first look, beside a slow one")
    check(one(node, "x")["last"]["new"] == 2, one(node, "x"))
    busy = wait_for(lambda: one(node, "busy")["last"] and one(node, "busy"), "the busy one's answer")
    check("429" in busy["last"]["words"], busy)
    ahead = time.mktime(time.strptime(busy["next"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    check(ahead > 3000, f"Retry-After was not honoured: {busy}")
    check(last(node.ok("source", "poll", "x", "--json"))["documents_unchanged"] == 1, "a person asks beside the loop")
    began = time.monotonic()
    check(node.stop() == 0, "serve ended badly")
    check(time.monotonic() - began < 20, "the slow one held serve up")
    count = len([1 for ask in web.asked if ask[1] == "/busy"])
    node.serve()
    check(one(node, "busy")["last"]["failures"] == 1, "results do not survive a restart")
    time.sleep(1)
    check(len([1 for ask in web.asked if ask[1] == "/busy"]) == count, "asked again at once after a restart")
    check(not [ask for ask in web.asked if ask[1] == "/asleep"], "looked at what nobody asked for")
    with open(node.home + ".messages", encoding="utf-8", errors="replace") as file:
        check(file.read().count("HTTP 429") == 1, "said more than once")
    node.stop()


@with_web
def secrets_stay_in_local_db(folder, web):
    node = Node(folder, "a")
    file = write(folder, "secret", f"person\n{SECRET}\n")
    out = [node.ok("source", "add", "u", "--kind", "url", "--place", web.url + "/x", "--secret-file", file, "--json"),
           node.run("source", "poll", "u", "--json"), node.run("source", "poll", "u"),
           node.ok("source", "list"), node.ok("source", "list", "--json"), node.ok("source", "show", "u"),
           node.ok("status", "--json")]
    check(web.asked and web.asked[0][2].get("Authorization"), "it was not used")
    check(all(SECRET not in done.out + done.err for done in out), "shown")
    for at, _, names in os.walk(node.home):
        for name in names:
            with open(os.path.join(at, name), "rb") as opened:
                held = SECRET.encode() in opened.read()
            check(held == (name == "local.db"), f"{name}: {'holds it' if held else 'does not hold it'}")


def mail(number, name="report.csv", body=b"value\n192.0.2.%d\n"):
    message = EmailMessage()
    message["From"], message["Subject"] = "Reports <reports@sender.example>", f"Report {number}"
    message["Date"], message["Message-ID"] = "Sat, 21 Nov 2026 00:00:00 +0000", f"<{number}@sender.example>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("See the attachment.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body % number)
    message.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="report.zip")
    return message.as_bytes().replace(b"\n", b"\r\n")


def a_mailbox_over_imap(folder):
    node, box = Node(folder, "a"), servers.Imap("intake", SECRET, {3: mail(3), 5: mail(5), 9: mail(9)})
    try:
        node.ok("source", "add", "m", "--kind", "mailbox", "--place", box.url, "--user", "intake", "--secret-file", "-",
                stdin=SECRET)
        box.break_after = 5  # the line breaks within the third
        node.fails(69, "source", "poll", "m")
        box.break_after = None
        check(one(node, "m")["last"]["new"] == 2, one(node, "m"))
        rest = last(node.ok("source", "poll", "m", "--json"))
        check((rest["documents"], rest["new"]) == (1, 1), rest)
        check(last(node.ok("source", "poll", "m", "--json"))["documents"] == 0, "twice")
        words = [line.split(" ", 1)[1].upper() for line in box.asked if " " in line]
        check(not [w for w in words if w.startswith(("STORE", "UID STORE", "SELECT", "EXPUNGE"))], words)
        check(all("PEEK" in w for w in words if w.startswith("UID FETCH")), words)
        box.uidvalidity, box.messages = 8, {1: mail(9), 2: mail(77)}
        anew = last(node.ok("source", "poll", "m", "--json"))
        check((anew["documents"], anew["new"]) == (2, 1), anew)
        node.ok("source", "set", "m", "--secret-file", "-", stdin="wrong")
        check(SECRET not in node.fails(77, "source", "poll", "m").err, "refused")
    finally:
        box.close()


def a_maildir(folder):
    node, place = Node(folder, "a"), os.path.join(folder, "Maildir")
    for name in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(place, name))
    with open(os.path.join(place, "new", "1.host"), "wb") as file:
        file.write(mail(1))
    with open(os.path.join(place, "tmp", "2.host"), "wb") as file:
        file.write(mail(2))
    node.ok("source", "add", "m", "--kind", "mailbox", "--place", place)
    check(last(node.ok("source", "poll", "m", "--json"))["new"] == 1, "the new one")
    os.rename(os.path.join(place, "new", "1.host"), os.path.join(place, "cur", "1.host:2,S"))
    check(last(node.ok("source", "poll", "m", "--json"))["documents"] == 0, "read meanwhile, not new")


def packed_files(folder):
    node = Node(folder, "a")
    rows = b"value,description\n" + b"".join(b"198.18.%d.%d,%s\n" % (i // 250, i % 250, b"seen by a sensor of ours")
                                             for i in range(20000))
    path = os.path.join(folder, "many.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("many.csv", rows)
    done = node.ok("import", path, "--json")
    check(done.lines[-1]["new"] == 20000 and done.lines[-1]["format"] == "zip", done.lines[-1])
    check(node.ok("import", path, "--json").lines[-1]["new"] == 0, "again")
    bomb = os.path.join(folder, "bomb.zip")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.csv", b"value\n" + b"0" * (100 << 20))
    check("250 times" in node.fails(65, "import", bomb).err, "a bomb")
    message = write(folder, "m.eml", mail(4).replace(b"report.zip", b"=?iso-2022-jp?B?GyRCJUYbKEI=?="))
    check(node.ok("import", message, "--json").lines[-1]["new"] == 1, "a name in another character set")
    node.ok("verify")


@with_web
def the_same_from_two_sides(folder, web):
    node = Node(folder, "a")
    shared, place = domain("shared.example", "green"), os.path.join(folder, "in")
    os.makedirs(place)
    os.rename(bundle(folder, shared, domain("alike.example", "green")), os.path.join(place, "x.json"))
    with open(bundle(folder, shared, domain("alike.example", "green")), "rb") as file:
        web.document("/y.json", file.read())
    node.ok("source", "add", "one", "--kind", "folder", "--place", place, "--party", "CERT One")
    node.ok("source", "add", "two", "--kind", "url", "--place", web.url + "/y.json", "--party", "CERT Two")
    check(last(node.ok("source", "poll", "one", "--json"))["new"] == 2, "the first side")
    second = last(node.ok("source", "poll", "two", "--json"))
    check((second["new"], second["unchanged"]) == (1, 1), second)
    told = node.ok("get", shared["id"], "--all", "--json").lines
    check([line.get("also_from") for line in told] == [["CERT Two"]], f"one object, both vouch: {told}")
    log = write(folder, "log", "192.0.2.1 asked alike.example\n")
    hits = node.ok("match", log, "--json").lines
    check({hit["party"] for hit in hits} == {"CERT One", "CERT Two"} and len({hit["id"] for hit in hits}) == 2, hits)


if __name__ == "__main__":
    main(what_is_recorded, files_of_a_folder, a_file_that_grows_waits, what_did_not_change_costs_one_request,
         what_servers_do_wrong, a_killed_look_loses_nothing, misp_by_pages, misp_says_what_changed,
         a_misp_feed, shadowserver_reports, a_taxii_collection,
         serve_looks_by_itself, secrets_stay_in_local_db, a_mailbox_over_imap, a_maildir, packed_files,
         the_same_from_two_sides)
