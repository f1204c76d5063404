#!/usr/bin/env python3
"""A real home and an exercise home side by side, both with partners, everything run in both, and every wrong door
tried by hand. Then every byte on disk and on the wire is searched for the other's words: there are none."""

import base64
import json
import os
import socket
import socketserver
import subprocess
import threading
import urllib.error
import urllib.request

from house import Node, check, domain, main, wait_for, write

EXERCISE = "Spring Storm"
REAL_WORDS, GAME_WORDS = "zilverreiger", "nachtegaal"  # nobody else says them


class Proxy:
    """Between two nodes: every byte of both ways is kept."""

    def __init__(self, url):
        host, port = url.split("/")[2].split(":")
        self.bytes, self.lock = bytearray(), threading.Lock()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    there = socket.create_connection((host, int(port)))
                except OSError:  # the node has ended
                    return
                back = threading.Thread(target=self.pump, args=(there, self.request), daemon=True)
                back.start()
                self.pump(self.request, there)
                back.join(20)
                there.close()

            def pump(self, a, b):
                try:
                    while piece := a.recv(65536):
                        with proxy.lock:
                            proxy.bytes += piece
                        b.sendall(piece)
                except OSError:
                    pass
                for s in (a, b):
                    try:
                        s.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Space:
    """Two nodes of one space: `a` invites `b`, over a proxy that listens."""

    def __init__(self, folder, words, *exercise):
        os.mkdir(folder)
        self.folder, self.words, self.exercise = folder, words, list(exercise)
        self.a, self.b = (Node(folder, f"{name} {words}", country, init=False)
                          for name, country in (("Nord", "XE"), ("Sued", "XF")))

    def begin(self, of=None):
        for node, real in ((self.a, of.a if of else None), (self.b, None)):
            node.ok("init", "--name", node.name, "--country", "XE", *self.exercise,
                    *(["--of", real.home] if real else []))
        return self

    def made_for(self):
        return self.exercise  # of import: --exercise NAME

    def run(self):
        """All that a node does."""
        a, b, w = self.a, self.b, self.words
        a.serve()
        self.proxy = Proxy(a.url)
        invitation = os.path.join(self.folder, "invite.json")
        a.ok("peer", "invite", b.name, "--url", self.proxy.url, "--out", invitation)
        b.ok("peer", "accept", invitation)
        b.ok("peer", "set", a.name, "--poll-ms", "200")
        a.ok("peer", "set", b.name, "--sightings", "on")
        a.ok("constituency", "import", write(self.folder, "c.csv", "name,sector,networks,domains,contacts\n"
                                             f"Town {w},gov,192.0.2.0/24,town-{w}.invalid,duty@{w}.invalid\n"))
        self.one = domain(f"one-{w}.invalid", "green", description=f"seen by {w}")
        a.ok("import", write(self.folder, "one.json", json.dumps(self.one)), "--from", "self", *self.made_for())
        csv = write(self.folder, "list.csv", f"value,tlp,description\ntwo-{w}.invalid,green,{w}\n")
        a.ok("import", csv, "--from", "self", *self.made_for())
        b.serve()
        wait_for(lambda: b.run("get", self.one["id"]).code == 0, f"{w}: it crosses to the partner")
        log = write(self.folder, "x.log", f"2026-11-22T10:00:00Z 192.0.2.7 query one-{w}.invalid\n")
        for node in (a, b):
            node.ok("match", log)
            node.ok("watch", "-", stdin=open(log).read())
            node.ok("get", "F-1")
            node.ok("get", self.one["id"], "--all")
            node.ok("finding", "show", "F-1")
        b.ok("incident", "open", "--name", f"Case {w}", "F-1")
        b.ok("finding", "list")
        b.ok("incident", "list")
        wait_for(lambda: a.status()["published"] > 0, "a checkpoint")
        wait_for(lambda: a.run("get", self.one["id"], "--proof").code == 0, "a proof")
        self.proof = write(self.folder, "one.tlog-proof", a.ok("get", self.one["id"], "--proof").out)
        self.held = write(self.folder, "held.json", a.ok("get", self.one["id"], "--json").out)
        self.token = a.token("admin")
        a.ok("explain", self.one["id"], "--to", b.name)
        self.backup = os.path.join(self.folder, "backup")
        a.ok("backup", self.backup)
        for node in (a, b):
            node.ok("verify")
        b.ok("verify", "--peer", a.name)
        return self

    def spoken(self):
        """What all its logs, views and files say, in clear: raw bytes, and every body by the program's own reader."""
        heard = bytearray(self.proxy.bytes)
        for node in (self.a, self.b):
            for entry in range(node.status()["entries"]):
                heard += node.run("get", f"#{entry}", "--json").out.encode()
            for command in (["finding", "show", "F-1"], ["incident", "list"], ["constituency", "list"],
                            ["peer", "list"], ["source", "list"], ["account", "list"]):
                done = node.run(*command)
                heard += (done.out + done.err).encode()
            for folder, _, files in os.walk(node.home):
                for name in files:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        heard += open(path, "rb").read()
        return bytes(heard)


def refused(node, code, words, *command, **more):
    done = node.run(*command, **more)
    check(done.code == code and words in done.err + done.out,
          f"{' '.join(command)}: exit {done.code}, not {code} with {words!r}: {done.err}{done.out}")
    return done


def wrong_doors(folder, ours, theirs):
    """By hand, into `ours`, with everything that `theirs` has."""
    a, rule = ours.a, "nothing crosses"
    # what is public like a dictionary (TLP's and Entente's own definitions, and their maker) is of no space
    before = {kind: a.status()[kind] for kind in ("indicators", "organisations", "findings", "incidents")}
    # objects: a file, another's export, a posted page; strictly and not
    for file in (theirs.held, os.path.join(theirs.folder, "one.json")):
        if theirs.exercise or ours.exercise:
            marked = json.load(open(file)).get("extensions")
            if ours.exercise or marked:
                done = a.ok("import", file, "--json", "--from", "Somebody")
                lines = done.lines
                check(lines[0].get("rejected", {}).get("rule") == "10 spaces" and lines[-1]["rejected"] == 1 and
                      lines[-1]["new"] == 0, done.out)
                refused(a, 65, "refused", "import", file, "--strict")
    if ours.exercise:
        done = a.ok("import", os.path.join(theirs.folder, "list.csv"), "--json")
        check(done.lines[-1]["rejected"] == 1 and done.lines[-1]["new"] == 0, done.out)
    else:
        refused(a, 77, "has no place in it", "import", theirs.held, "--exercise", EXERCISE)
    status, _, body = a.get("api/collections/" + collection(a) + "/objects/", a.token("admin"), method="POST",
                            headers={"Content-Type": "application/taxii+json;version=2.1"},
                            body=json.dumps({"objects": [json.load(open(theirs.held))]}).encode())
    check(status == 202 and b'"failure_count":1' in body.replace(b" ", b"") or status in (403, 404, 422),
          f"a posted object: {status} {body}")
    check(all(a.status()[kind] == n for kind, n in before.items()), f"something came in by POST: {before}")
    # an invitation, both ways; one without a log's name, and one that lies about the space
    invitation = os.path.join(theirs.folder, "invite.json")
    refused(a, 77, rule, "peer", "accept", invitation)
    said = json.load(open(invitation))
    for change in ({"exercise": EXERCISE if ours.exercise else None}, {"origin": None, "key": None},
                   {"exercise": EXERCISE if ours.exercise else None, "origin": None, "key": None,
                    "statement": None}):
        lie = {k: v for k, v in {**said, **change}.items() if v is not None}
        done = a.run("peer", "accept", write(folder, "lie.json", json.dumps(lie)), "--name", "Liar")
        if "origin" in lie or lie.get("exercise") != (EXERCISE if ours.exercise else None):
            check(done.code == 77 and rule in done.err, f"{change}: exit {done.code}: {done.err}")
            continue
        # it says nothing of its log, and lies about its space: then its objects are refused one by one
        check(done.code == 0, done.err)
        a.run("peer", "sync", "Liar")
        check(all(a.status()[kind] == n for kind, n in before.items()), f"something came in by a pull: {before}")
        a.ok("peer", "expel", "Liar", "--reason", "it lied")
    # a pinned key; a token; a proof of the other's log; a command on the other's socket
    key = theirs.a.ok("key", "list", "--json").lines
    vkey = next((k["vkey"] for k in key if "vkey" in k), None)
    if vkey:
        refused(a, 77, rule, "peer", "set", ours.b.name, "--key", vkey)
    status, _, _ = a.get("api/collections/", theirs.token)
    check(status == 401, f"the other's token: {status}")


def collection(node):
    status, _, body = node.get("api/collections/", node.token("admin"))
    check(status == 200, f"collections: {status}")
    return json.loads(body)["collections"][1]["id"]


def witness_and_introduction(ours, theirs):
    """A checkpoint and an introduction of the other's log, brought by a partner's account."""
    base = ours.a.url.rsplit("/taxii2", 1)[0]
    token = json.load(open(os.path.join(ours.folder, "invite.json")))["token"]
    note = open(theirs.proof).read()
    note = note[note.index(theirs.a.status()["origin"]):]
    for path, body in (("/log/witness/add-checkpoint", "old 0\n\n" + note), ("/log/introduce", note)):
        request = urllib.request.Request(base + path, data=body.encode(), method="POST")
        request.add_header("Authorization", f"Bearer {token}")
        try:
            status = urllib.request.urlopen(request, timeout=20).status
        except urllib.error.HTTPError as answer:
            with answer:
                status = answer.code
        check(status in (400, 403, 404), f"{path}: {status}")


def control_sockets(ours, theirs):
    """The other's socket in our place: the command must not run there."""
    ours.a.stop()
    link = os.path.join(ours.a.home, "ctl.sock")
    os.symlink(os.path.join(theirs.a.home, "ctl.sock"), link)
    before = theirs.a.status()["entries"]
    # while somebody holds our lock, the command goes to whoever answers there
    script = ("import fcntl,os,struct,sys,time\n"
              "f=os.open(sys.argv[1],os.O_RDWR)\n"
              "fcntl.fcntl(f,38,struct.pack('hhqqi',fcntl.F_WRLCK,0,0,0,0)+b'\\0'*4)\n"
              "print('held',flush=True)\ntime.sleep(60)\n")
    held = subprocess.Popen(["python3", "-c", script, os.path.join(ours.a.home, "lock")], stdout=subprocess.PIPE)
    held.stdout.readline()
    done = ours.a.run("account", "add", "stranger")
    held.kill()
    held.wait()
    held.stdout.close()
    check(done.code == 77 and "another home" in done.err, f"the other's socket: exit {done.code}: {done.err}")
    check(theirs.a.status()["entries"] == before, "the other's log grew")
    os.unlink(link)


def backups(folder, ours, theirs):
    done = ours.a.run("backup", theirs.backup)
    check(done.code != 0, "a backup into the other's folder")
    done = ours.a.run("restore", theirs.backup)
    check(done.code != 0, "the other's backup over this home")


def nothing_crosses(folder):
    real = Space(os.path.join(folder, "real"), REAL_WORDS).begin()
    game = Space(os.path.join(folder, "game"), GAME_WORDS, "--exercise", EXERCISE).begin(real)
    real.run()
    game.run()
    for node in (game.a, game.b):
        check(node.status()["space"] == EXERCISE, "its space")
        for command in (["status"], ["finding", "list"], ["peer", "list"], ["get", "F-1"], ["explain", game.one["id"],
                                                                                         "--to", game.b.name]):
            done = node.run(*command)
            check(f'EXERCISE "{EXERCISE}": nothing here is real' in done.err, f"{command}: {done.err}")
        check("EXERCISE" in node.ok("get", "F-1").out and "EXERCISE" in node.ok("status").out, "on the page itself")
        status, _, body = node.get("", node.token("admin"))
        check(status == 200 and b"EXERCISE" in body, f"discovery: {status} {body}")
    check("EXERCISE" not in real.a.ok("status").out + real.a.ok("get", "F-1").out, "the real one is none")
    check(game.a.status()["origin"].startswith("entente-exercise/"), "its log's name")
    check(real.a.ok("exercise", "check", os.path.join(game.folder, "invite.json")).code == 0, "the real key stands")
    refused(real.b, 1, "no statement in it", "exercise", "check", os.path.join(real.folder, "invite.json"))
    for ours, theirs in ((real, game), (game, real)):
        wrong_doors(folder, ours, theirs)
        witness_and_introduction(ours, theirs)
        backups(folder, ours, theirs)
    said = {REAL_WORDS: real.spoken(), GAME_WORDS: game.spoken()}
    for word, bytes_ in said.items():
        other = GAME_WORDS if word == REAL_WORDS else REAL_WORDS
        check(bytes_.count(word.encode()) > 20, f"{word}: the search would find nothing at all")
        for form in (other.encode(), other.encode("utf-16-le"), base64.b64encode(other.encode())[:14],
                     other.encode().hex().encode()):
            check(form not in bytes_, f"{other} among the bytes of {word}'s space: "
                  f"{bytes_[max(0, bytes_.find(form) - 80):bytes_.find(form) + 60]!r}")
    control_sockets(real, game)


def statements(folder):
    real = Node(folder, "Team Nord")
    serving = Node(folder, "Served", "XF").serve()
    game = Node(folder, "Game", init=False)
    words = ["init", "--name", "Game", "--country", "XE", "--exercise", EXERCISE]
    check(game.run(*words, "--of", os.path.join(folder, "nowhere")).code != 0, "no real home")
    check(game.run("status").code != 0, "and so no exercise")
    entries = serving.status()["entries"]
    game.ok(*words, "--of", serving.home, "--until", "2099-01-01T00:00:00Z")
    check(serving.status()["entries"] == entries + 1, "an entry says that it was signed")
    check("until 2099-01-01 00:00:00Z" in game.ok("status").out, game.ok("status").out)
    note = game.status()["statement"]
    file = write(folder, "note", note)
    done = serving.ok("exercise", "check", file)
    check("this node" in done.out and EXERCISE in done.out, done.out)
    refused(real, 1, "nobody whose key is pinned here", "exercise", "check", file)
    refused(real, 1, "", "exercise", "check", write(folder, "bad", note.replace("2099", "2098")))
    other = Node(folder, "Other", init=False)
    refused(other, 64, "name of its own", "init", "--name", "O", "--country", "XE", "--exercise", "real")
    refused(other, 64, "--exercise NAME", "init", "--name", "O", "--country", "XE", "--of", real.home)
    check(other.run("init", "--name", "O", "--country", "XE", "--exercise", "Other", "--of", game.home).code != 0,
          "an exercise stands for none")
    # another exercise's door
    other.ok("init", "--name", "Other", "--country", "XE", "--exercise", "Other Storm", "--of", real.home)
    game.serve()
    invitation = os.path.join(folder, "i.json")
    game.ok("peer", "invite", "Other", "--out", invitation)
    refused(other, 77, "nothing crosses", "peer", "accept", invitation)
    held = write(folder, "h.json", game.ok("get", "#1", "--json").out)
    done = other.ok("import", held, "--json", "--exercise", "Other Storm")
    check(done.lines[0]["rejected"]["rule"] == "10 spaces", done.out)
    # a statement that is over, or about another key
    said = json.load(open(invitation))
    third = Node(folder, "Third", init=False)
    third.ok("init", "--name", "Third", "--country", "XE", "--exercise", EXERCISE)
    mine = Node(folder, "Mine", init=False)
    mine.ok("init", "--name", "Mine", "--country", "XE", "--exercise", EXERCISE, "--of", real.home)
    lie = {**said, "statement": mine.status()["statement"]}
    refused(third, 77, "another exercise or key", "peer", "accept", write(folder, "lie.json", json.dumps(lie)))
    third.ok("peer", "accept", invitation)


main(statements, nothing_crosses)
