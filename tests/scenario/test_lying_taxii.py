#!/usr/bin/env python3
"""TAXII servers that lie, break and dawdle, as partners and sources of ours: each pull ends, nothing good is lost, the
cursor is where it should be, and the reason is there to be read."""

import datetime
import email.utils
import gzip
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from house import Node, bundle, check, domain, main, wait_for, write
import servers

MEDIA = "application/taxii+json;version=2.1"


def date(second, micro="000001"):
    return f"2026-03-01T00:{second // 60:02}:{second % 60:02}.{micro}Z"


def page(objects=(), more=None, last=None, first=None, **members):
    """An answer; more and other members as they are given, of whatever type."""
    body = dict(members)
    if more is not None:
        body["more"] = more
    if objects is not None:
        body["objects"] = list(objects) if isinstance(objects, (list, tuple)) else objects
    headers = {"Content-Type": MEDIA}
    if last:
        headers["X-TAXII-Date-Added-Last"] = last
        headers["X-TAXII-Date-Added-First"] = first or last
    return 200, headers, json.dumps(body).encode()


class World:
    """A node, and a server at which each partner has a path of its own: script(query, how often asked) -> answer."""

    def __init__(self, folder):
        self.folder, self.node, self.web, self.count = folder, Node(folder, "CSIRT"), servers.Web(), 0

    def close(self):
        self.node.stop()
        self.web.close()

    def partner(self, script, name=None, post=None, url=None):
        self.count += 1
        name = name or f"Liar {self.count}"
        root = f"/{self.count}/"
        asked = []

        def answer(request):
            if request.command == "POST":
                return post(json.loads(request.body)["objects"])
            asked.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query)))
            asked[-1]["at"] = time.monotonic()
            return script(asked[-1], len(asked))
        self.web.routes[f"{root}collections/c/objects/"] = answer
        invite = {"entente_invite": 1, "from": {"name": name}, "api_root": (url or self.web.url) + root,
                  "collection": "c", "user": "us", "password": "secret"}
        self.node.ok("peer", "accept", write(self.folder, "invite.json", json.dumps(invite)))
        return name, asked

    def sync(self, name):
        return self.node.ok("peer", "sync", name, "--json").lines[0]

    def refused(self, name, words):
        began = time.monotonic()
        done = self.node.fails(69, "peer", "sync", name)
        check(words in done.err, f"{words!r} is not the reason: {done.err}")
        check(time.monotonic() - began < 30, "it took too long")

    def has(self, *objects):
        for o in objects:
            self.node.ok("get", o["id"])


def in_a_world(test):
    def run(folder):
        world = World(folder)
        try:
            return test(world)
        finally:
            world.close()
    run.__name__ = test.__name__
    return run


def objects(count, name="n"):
    return [domain(f"{name}{i}-{uuid.uuid4().hex[:6]}.example", "green") for i in range(count)]


# ---- pages without an end ----

@in_a_world
def more_for_ever(w):
    good = objects(3)
    one = [good[0]]
    cases = [
        (lambda q, n: page(one, True, next="same"), "again and again"),
        (lambda q, n: page(one, True, next=str(n)), "again and again"),
        (lambda q, n: page([good[n % 3]], True, next=str(n)), "again and again"),
        (lambda q, n: page([], True, next=str(n)), "empty pages"),
        (lambda q, n: page([], True, next="same"), "leads to it again"),
        (lambda q, n: page([], True), "its page is empty"),
        (lambda q, n: page(one, True), "gives neither"),
        (lambda q, n: page(one, True, last=date(1)), "its dates do not move"),
        (lambda q, n: page(one, True, last=date(1), next=str(n)), "its dates do not move"),
        (lambda q, n: page(one, True, last="yesterday"), "gives neither"),
    ]
    for number, (script, words) in enumerate(cases):
        name, asked = w.partner(script)
        w.refused(name, words)
        check(len(asked) < 60, f"case {number}: asked {len(asked)} times")
    w.has(*good)


@in_a_world
def next_in_circles_and_dates_that_work(w):
    """It never minds `next`, and gives page one for ever; by dates it can be asked."""
    all_of_it = objects(30)

    def script(q, _):
        after = q.get("added_after", "")
        left = [i for i in range(30) if date(i) > after]
        now = left[:10]
        return page([all_of_it[i] for i in now], len(left) > 10, last=now and date(now[-1]), first=now and date(now[0]),
                    next="x") if now else page(None)
    name, asked = w.partner(script)
    check(w.sync(name)["new"] == 30 and len(asked) < 12, f"{asked}")
    w.has(*all_of_it)


@in_a_world
def empty_pages_on_the_way(w):
    """Some cut the page first and filter then."""
    good = objects(2)
    pages = [page([good[0]], True, last=date(1), next="1"), page([], True, next="2"), page([], True, next="3"),
             page([good[1]], False, last=date(2))]
    name, _ = w.partner(lambda q, n: pages[min(n, 4) - 1])
    check(w.sync(name)["new"] == 2, "both")


@in_a_world
def a_server_without_dates(w):
    """Nothing but `next`, which is walked through from its start each time; the new one is behind thirty known pages."""
    known, new = objects(31), objects(1, "new")[0]
    shown = list(known)

    def script(q, _):
        at = int(q.get("next", 0))
        return page([shown[at]], at + 1 < len(shown), next=str(at + 1))
    name, _ = w.partner(script)
    check(w.sync(name)["new"] == 31, "all")
    shown.append(new)
    check(w.sync(name)["new"] == 1, "what came later")


# ---- wrong types ----

@in_a_world
def wrong_types(w):
    a, b = objects(2)
    second = page([b], False, last=date(2))
    for more in ("true", 1):
        name, asked = w.partner(lambda q, n, more=more: page([a], more, last=date(1), next=7) if n == 1 else second)
        w.sync(name)
        check(asked[1]["next"] == "7", f"a number as `next`: {asked}")
    w.has(a, b)
    empty = {"Content-Type": MEDIA}
    for script, words in [
            (lambda q, n: page({"a": a}), "is no list"),
            (lambda q, n: page("none"), "is no list"),
            (lambda q, n: (200, empty, b"null"), "envelope"),
            (lambda q, n: (200, empty, b'"hello"'), "envelope"),
            (lambda q, n: (200, empty, b""), "envelope"),
            (lambda q, n: (200, empty, b"\x00\xff\xfe"), "envelope"),
            (lambda q, n: (200, empty, b'{"objects":' * 5000), "envelope"),
            (lambda q, n: page([a], True, next="x" * 5000), "longer than we keep"),
            (lambda q, n: (200, {"Content-Type": "text/html"}, b"<html>"), "application/taxii+json"),
            (lambda q, n: (200, {}, b"{}"), "application/taxii+json"),
            (lambda q, n: (200, {"Content-Type": "application/taxii+json;version=2.0"}, b"{}"), "2.1"),
            (lambda q, n: (204, empty, b""), "204")]:
        name, asked = w.partner(script)
        w.refused(name, words)
        check(len(asked) < 5, str(asked))
    # What among the objects is none is refused alone.
    name, _ = w.partner(lambda q, n: page([None, 7, "x", [], {}, {"type": 3, "id": {}}, a, objects(1)[0]]))
    done = w.sync(name)
    check(done["new"] == 1 and done["rejected"] == 6, f"the good ones: {done}")
    # An object or a number where a word belongs says nothing.
    name, _ = w.partner(lambda q, n: page(objects(1), {"a": 1}, last=date(1), next={"b": []}))
    check(w.sync(name)["new"] == 1, "`more` and `next` as objects")


# ---- dates ----

@in_a_world
def dates_that_lie(w):
    first, later = objects(2)
    ahead = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)).strftime("%Y-%m-%dT00:00:00.000001Z")
    serves = [first]

    def script(q, n):
        if q.get("added_after", "") >= ahead:
            return page(None)
        return page(serves, False, last=ahead)
    name, asked = w.partner(script)
    w.sync(name)
    serves.append(later)
    check(w.sync(name)["new"] == 1, f"a date in the future moved the cursor: {asked}")
    # Backwards, page by page: what is new at either end is found.
    all_of_it = objects(5)

    def newest_first(q, n):
        at = int(q.get("next", 0))
        return page([all_of_it[-1 - at]], at < len(all_of_it) - 1, last=date(len(all_of_it) - at), next=str(at + 1))
    name, asked = w.partner(newest_first)
    check(w.sync(name)["new"] == 5, str(asked))
    all_of_it.append(objects(1)[0])
    check(w.sync(name)["new"] == 1, f"newest first: {asked}")


@in_a_world
def more_of_one_date_than_a_page_holds(w):
    """No `next`. Cut among objects of one date: asked from just before it. A page of one date alone: said."""
    stamps = [1, 2, 2, 2, 3]
    all_of_it = objects(5)

    def script(q, _):
        left = [i for i in range(5) if date(stamps[i]) > q.get("added_after", "")]
        now = left[:3]
        return page([all_of_it[i] for i in now], len(left) > 3, last=now and date(stamps[now[-1]]),
                    first=now and date(stamps[now[0]])) if now else page(None)
    name, asked = w.partner(script)
    check(w.sync(name)["new"] == 5, f"{asked}")
    stamps[:] = [1, 1, 1, 1, 2]
    all_of_it[:] = objects(5)
    w.node.serve()
    name, asked = w.partner(script)
    state = wait_for(lambda: [p for p in w.node.ok("peer", "list", "--json").lines
                              if p["peer"] == name and "one date" in p["state"]], "the reason is in peer list")
    check(state, "said")
    w.has(*all_of_it[:3], all_of_it[4])


@in_a_world
def a_full_page_that_says_it_is_all(w):
    all_of_it = objects(120)

    def script(q, _):
        left = [i for i in range(120) if date(i) > q.get("added_after", "")]
        now = left[:50]
        return page([all_of_it[i] for i in now], False, last=date(now[-1]), first=date(now[0])) if now else page(None)
    name, asked = w.partner(script)
    check(w.sync(name)["new"] == 120 and len(asked) <= 4, f"{len(asked)} asked")
    check(w.sync(name)["new"] == 0 and len(asked) <= 5, "an idle pull is one question")


@in_a_world
def a_next_that_is_forgotten(w):
    """As medallion does after half a minute, or another by an error of its own: back to dates, in the same pull."""
    for status in (400, 404, 500):
        a, b = objects(2)
        shown = {"yes": page([a], True, last=date(1), next="n")}
        name, asked = w.partner(lambda q, n, s=status, b=b, shown=shown: shown["yes"] if n == 1 else
                                (s, {"Content-Type": MEDIA}, b"{}") if "next" in q else page([b], False, last=date(2)))
        check(w.sync(name)["new"] == 2, f"{status}: {asked}")
        check(asked[2]["added_after"] == "2026-03-01T00:00:01.000000Z", f"from just before: {asked}")
    name, asked = w.partner(lambda q, n: page(objects(1), True, next="n") if n == 1 else (401, {}, b""))
    w.refused(name, "token")
    check(len(asked) == 2, "a 401 in the midst is no forgotten `next`")
    name, asked = w.partner(lambda q, n: (503, {}, b"") if n == 2 else page(objects(1), n < 3, last=date(n), next="n"))
    w.refused(name, "patience")
    check(w.sync(name)["new"] == 1 and asked[2]["next"] == "n", "on from where it was")


# ---- bytes ----

def raw(*pieces, pause=0.0):
    """Says these bytes, then closes."""
    def answer(request):
        for piece in pieces:
            request.wfile.write(piece)
            request.wfile.flush()
            time.sleep(pause)
    return answer


@in_a_world
def cut_swollen_and_led_away(w):
    a, b = objects(2)
    body = page([a, b])[2]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answers = {}

    def script(q, n):
        return answers["now"](w.request)
    name, asked = w.partner(lambda q, n: answers["now"])
    inner = w.web.routes["/1/collections/c/objects/"]
    w.web.routes["/1/collections/c/objects/"] = lambda r: (lambda made: made(r) if callable(made) else made)(inner(r))
    answers["now"] = raw(head + body[:len(body) // 2])
    w.refused(name, "127.0.0.1")  # in the words of libcurl
    unsized = head.replace(b"Content-Length", b"X-Length")
    answers["now"] = raw(unsized + body[:-30])
    w.refused(name, "cut off")
    answers["now"] = raw(head + body)
    check(w.sync(name)["read"] == 2, "whole now")
    w.has(a, b)
    answers["now"] = raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%06d: %s\r\n" % (i, b"y" * 900) for i in range(600)) +
                         b"Content-Length: 2\r\n\r\n{}")
    w.refused(name, "header")
    bomb = gzip.compress(b" " * (80 << 20), 1)
    answers["now"] = raw(f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\nContent-Encoding: gzip\r\nContent-Length: "
                         f"{len(bomb)}\r\n\r\n".encode() + bomb)
    w.refused(name, "larger than 64 MiB")
    packed = gzip.compress(body)
    answers["now"] = raw(f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\nContent-Encoding: gzip\r\nContent-Length: "
                         f"{len(packed)}\r\n\r\n".encode() + packed)
    w.sync(name)
    other = servers.Web()
    other.routes["*"] = lambda r: page([a])
    try:
        answers["now"] = (302, {"Location": other.url + "/"}, b"")
        w.refused(name, "302")
        answers["now"] = (307, {"Location": "https" + other.url[4:] + "/"}, b"")
        w.refused(name, "307")
        check(not other.asked, "led away")
        answers["now"] = (302, {"Location": "/1/collections/c/objects/"}, b"")
        w.refused(name, "302")
        check(len(asked) < 60, "in circles")
        w.web.routes["/there/"] = lambda r: page([b])
        answers["now"] = (302, {"Location": "/there/"}, b"")
        w.sync(name)
        check(w.web.asked[-1][2].get("Authorization", "").startswith("Basic "), "within the server, as ourselves")
    finally:
        other.close()


@in_a_world
def tls_that_nobody_vouches_for(w):
    data = os.path.join(os.environ["ENTENTE_SOURCE"], "tests", "data", "net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(data, "cert.pem"), os.path.join(data, "key.pem"))
    web = servers.Web()
    web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
    web.routes["*"] = lambda r: page(objects(1))
    try:
        name, _ = w.partner(lambda q, n: None, url="https" + web.url[4:])
        w.refused(name, "certificate")
        check(not web.asked, "it was asked")
    finally:
        web.close()


# ---- time ----

@in_a_world
def dawdlers_hold_up_nobody(w):
    """Eight that fail and then drip, and one that is fine: it is asked as often as it should be, and the server ends at
    once."""
    good = objects(1)[0]
    stop, seen = threading.Event(), set()

    def drip(request):
        if request.path not in seen:
            seen.add(request.path)
            return 500, {}, b""
        def body(to):
            while not stop.is_set():
                to.write(b" ")
                to.flush()
                time.sleep(0.2)
        return 200, {"Content-Type": MEDIA}, body
    for _ in range(8):
        w.partner(lambda q, n: None)
        w.web.routes[f"/{w.count}/collections/c/objects/"] = drip
    for line in w.node.ok("peer", "list", "--json").lines:
        w.node.ok("peer", "set", line["peer"], "--poll-ms", "100")
    w.node.serve()
    wait_for(lambda: len(seen) == 8, "each was asked")
    name, asked = w.partner(lambda q, n: page([good], False, last=date(1)))
    w.node.ok("peer", "set", name, "--poll-ms", "100")
    wait_for(lambda: w.node.run("get", good["id"]).code == 0 and len(asked) > 3, "asked beside the dawdlers", 15)
    began = time.monotonic()
    check(w.node.stop() == 0, "serve ended badly")
    check(time.monotonic() - began < 10, "the dawdlers held the end up")
    stop.set()


@in_a_world
def a_sync_is_cancelled_while_it_drips(w):
    """By who typed it, with a server and without one."""
    stop, asked = threading.Event(), threading.Event()

    def body(to):
        asked.set()
        while not stop.is_set():
            to.write(b" " * 100)
            to.flush()
            time.sleep(0.2)
    name, _ = w.partner(lambda q, n: None)
    w.node.ok("peer", "set", name, "--poll-ms", "86400000")
    w.web.routes[f"/{w.count}/collections/c/objects/"] = lambda request: (200, {"Content-Type": MEDIA}, body)
    for served in (False, True):
        if served:
            w.node.serve()
        asked.clear()
        sync = subprocess.Popen(w.node.command("peer", "sync", name), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        check(asked.wait(60), "it was not asked")
        time.sleep(0.3)
        began = time.monotonic()
        sync.send_signal(signal.SIGINT)
        check(sync.wait(60) != 0, "it was done")
        check(time.monotonic() - began < 6, f"it went on for {time.monotonic() - began:.0f} s")
    stop.set()


@in_a_world
def patience_and_one_line(w):
    """Retry-After in both forms is kept to, and one that names another century is not; each fault is one line."""
    soon = email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
                                       usegmt=True)
    flap = objects(1)
    asked = {}
    for name, script in (("seconds", lambda q, n: (429, {"Retry-After": "3600"}, b"")),
                         ("date", lambda q, n: (503, {"Retry-After": soon}, b"")),
                         ("century", lambda q, n: (503, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, b"")),
                         ("garbled", lambda q, n: (503, {"Retry-After": "tomorrow"}, b"")),
                         ("flapping", lambda q, n: page(flap, last=date(1)) if n % 2 else (500, {}, b""))):
        _, asked[name] = w.partner(script, name)
        w.node.ok("peer", "set", name, "--poll-ms", "100")
    w.node.serve()
    wait_for(lambda: len(asked["flapping"]) > 8 and len(asked["garbled"]) > 2, "rounds")
    counts = {name: len(a) for name, a in asked.items()}
    check(counts["seconds"] == counts["date"] == counts["century"] == 1, f"asked too often: {counts}")
    states = {p["peer"]: p["state"] for p in w.node.ok("peer", "list", "--json").lines}
    check("429" in states["seconds"] and "503" in states["date"], str(states))
    w.node.stop()
    with open(w.node.home + ".messages", encoding="utf-8", errors="replace") as file:
        lines = [line for line in file if "peer" in line]
    check(5 <= len(lines) <= 6, "".join(lines))


# ---- what we post ----

class Receiver:
    """Takes POSTs by its rule, and says of a status what it is told to."""

    def __init__(self, w, rule, status="complete"):
        self.w, self.rule, self.status, self.taken, self.posts, self.polls = w, rule, status, [], 0, 0
        self.name, _ = w.partner(lambda q, n: page(None), post=self.post)
        self.id = str(uuid.uuid4())
        w.web.routes[f"/{w.count}/status/{self.id}/"] = self.poll
        w.node.ok("peer", "set", self.name, "--sightings", "on")

    def post(self, given):
        self.posts += 1
        refused = self.rule(given)
        if refused:
            return refused, {"Content-Type": MEDIA}, b"{}"
        self.taken += [o["id"] for o in given]
        return 202, {"Content-Type": MEDIA}, self.words(self.status)

    def words(self, status):
        return json.dumps({"id": self.id, "status": status, "total_count": 1, "success_count": 1, "failure_count": 0,
                           "pending_count": 0}).encode()

    def poll(self, _):
        self.polls += 1
        if isinstance(self.status, int):
            return self.status, {"Content-Type": MEDIA}, b"{}"
        return 200, {"Content-Type": MEDIA}, self.words(self.status)


@in_a_world
def posts_to_the_strange(w):
    ours = objects(40)
    w.node.ok("import", bundle(w.folder, *ours), "--from", "self")
    ids = {o["id"] for o in ours}
    small = Receiver(w, lambda given: 413 if len(json.dumps(given)) > 4000 else 0)
    w.sync(small.name)
    check(ids <= set(small.taken) and len(small.taken) == len(set(small.taken)), f"in small pieces: {len(small.taken)}")
    picky = Receiver(w, lambda given: 500 if any(o["id"] == ours[20]["id"] for o in given) else 0)
    w.sync(picky.name)
    check(ids - set(picky.taken) == {ours[20]["id"]}, f"all but the one it refuses: {len(picky.taken)}")
    before = picky.posts
    w.sync(picky.name)
    check(picky.posts == before, "the refused one is not sent again and again")
    deaf = Receiver(w, lambda given: 422)
    w.refused(deaf.name, "422")
    w.refused(deaf.name, "422")
    deaf.rule = lambda given: 0
    w.sync(deaf.name)
    check(ids <= set(deaf.taken), "nothing was passed over of what nobody took")
    # Pending for ever: posted once, followed at each round; when the status is gone, it is done with.
    slow = Receiver(w, lambda given: 0, status="pending")
    w.sync(slow.name)
    w.sync(slow.name)
    check(slow.posts == 1 and slow.polls > 2, f"{slow.posts} posts, {slow.polls} polls")
    slow.status = 500
    w.refused(slow.name, "500")
    slow.status = 404
    w.sync(slow.name)
    more = objects(2)
    w.node.ok("import", bundle(w.folder, *more), "--from", "self")
    slow.status = "complete"
    w.sync(slow.name)
    check(slow.posts == 2 and {o["id"] for o in more} <= set(slow.taken), "and on")
    check(len(slow.taken) == len(set(slow.taken)), "nothing twice")


@in_a_world
def sources_lie_as_well(w):
    good = objects(3)
    pages = {"1": page([good[0]], True, last=date(1), next="2"), "2": page([good[1]], "true", last=date(2), next="3"),
             "3": (503, {"Retry-After": "77", "Content-Type": MEDIA}, b"{}")}
    w.web.routes["/r/collections/c/objects/"] = lambda r: pages[
        dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(r.path).query)).get("next", "1")]
    w.web.routes["/r/"] = lambda r: (200, {"Content-Type": MEDIA}, json.dumps({"title": "r", "versions": [MEDIA],
                                                                             "max_content_length": 1}).encode())
    w.node.ok("source", "add", "s", "--kind", "taxii", "--place", w.web.url + "/r/", "--collection", "c",
              "--party", "Liar", "--marking", "GREEN", "--secret-file", "-", stdin="token")
    done = w.node.fails(69, "source", "poll", "s")
    check("503" in done.err, done.err)
    w.has(*good[:2])
    one = [s for s in w.node.ok("source", "list", "--json").lines if s["source"] == "s"][0]
    check("503" in one["last"]["words"], str(one))
    pages["3"] = page([good[2]], False, last=date(3))
    check(w.node.ok("source", "poll", "s", "--json").lines[-1]["last"]["new"] == 1, "on from the page that failed")


if __name__ == "__main__":
    main(more_for_ever, next_in_circles_and_dates_that_work, empty_pages_on_the_way, a_server_without_dates, wrong_types,
         dates_that_lie, more_of_one_date_than_a_page_holds, a_full_page_that_says_it_is_all, a_next_that_is_forgotten,
         cut_swollen_and_led_away, tls_that_nobody_vouches_for, dawdlers_hold_up_nobody, a_sync_is_cancelled_while_it_drips,
         patience_and_one_line,
         posts_to_the_strange, sources_lie_as_well)
