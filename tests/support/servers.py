"""Small servers for the tests of sources: each does exactly what its script says, and remembers what was asked."""

import base64
import hashlib
import hmac
import http.server
import json
import socket
import socketserver
import threading
import time


class Web:
    """HTTP by a table: path -> function(request) -> (status, headers, body bytes)."""

    def __init__(self):
        self.routes, self.asked = {}, []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length)
                web.asked.append((self.command, self.path, dict(self.headers), self.body))
                route = web.routes.get(self.path.split("?")[0]) or web.routes.get("*")
                try:
                    made = route(self) if route else (404, {}, b"")
                    if made is None:  # it answered by itself
                        self.close_connection = True
                        return
                    status, headers, body = made
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if callable(body):
                        self.send_header("Connection", "close")
                        self.end_headers()
                        self.close_connection = True
                        body(self.wfile)
                        return
                    if status != 304:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if status != 304:
                        self.wfile.write(body)
                except OSError:
                    pass

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def document(self, path, body, kind="text/csv", tag=None, date=None):
        """A document that knows whether it changed."""
        def answer(request):
            headers = {"Content-Type": kind}
            if tag:
                headers["ETag"] = tag
            if date:
                headers["Last-Modified"] = date
            same = tag and request.headers.get("If-None-Match") == tag
            same = same or (date and not tag and request.headers.get("If-Modified-Since") == date)
            return (304, headers, b"") if same else (200, headers, body)
        self.routes[path] = answer


def misp(web, key, pages):
    """POST /events/restSearch: pages[i] is the answer to page i + 1."""
    def answer(request):
        if request.headers.get("Authorization") != key:
            return 403, {}, b'{"name":"Authentication failed."}'
        question = json.loads(request.body)
        number = question["page"]
        body = pages[number - 1] if number <= len(pages) else b'{"response": []}'
        return 200, {"Content-Type": "application/json"}, body
    web.routes["/events/restSearch"] = answer


def shadowserver(web, key, secret, reports):
    """reports: id -> (file name, bytes). Each question is checked by its HMAC2."""
    def listing(request):
        mac = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        question = json.loads(request.body)
        if request.headers.get("HMAC2") != mac or question["apikey"] != key:
            return 401, {}, b'{"error":"not authorised"}'
        rows = [{"id": i, "file": name, "report": "x", "type": "scan_ntp", "timestamp": "2026-11-21 00:00:00"}
                for i, (name, _) in reports.items()]
        return 200, {"Content-Type": "application/json"}, json.dumps(rows).encode()

    def download(request):
        report = reports.get(request.path.lstrip("/"))
        return (200, {"Content-Type": "text/csv"}, report[1]) if report else (404, {}, b"")
    web.routes["/api2/reports/list"] = listing
    web.routes["*"] = download


class Imap:
    """IMAP4rev1 as far as one reading client goes. messages: UID -> bytes."""

    def __init__(self, user, password, messages, uidvalidity=7):
        self.user, self.password, self.messages, self.uidvalidity = user, password, messages, uidvalidity
        self.asked, self.break_after = [], None
        imap = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                try:
                    self.talk()
                except OSError:
                    pass

            def talk(self):
                self.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
                for raw in self.rfile:
                    line = raw.decode().rstrip("\r\n")
                    imap.asked.append(line)
                    tag, _, words = line.partition(" ")
                    verb = words.upper()
                    if verb == "CAPABILITY":
                        self.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN")
                        self.say(f"{tag} OK done")
                    elif verb.startswith("AUTHENTICATE PLAIN"):
                        given = words.split(" ")[2:]
                        if not given:
                            self.say("+ ")
                            given = [self.rfile.readline().decode().strip()]
                        _, user, password = base64.b64decode(given[0]).decode().split("\0")
                        good = (user, password) == (imap.user, imap.password)
                        self.say(f"{tag} OK in" if good else f"{tag} NO who are you")
                    elif verb.startswith("LOGIN"):
                        given = [w.strip('"') for w in words.split(" ")[1:]]
                        self.say(f"{tag} OK in" if given == [imap.user, imap.password] else f"{tag} NO who are you")
                    elif verb.startswith("EXAMINE"):
                        self.say(f"* {len(imap.messages)} EXISTS")
                        self.say(f"* OK [UIDVALIDITY {imap.uidvalidity}] UIDs valid")
                        self.say(f"{tag} OK [READ-ONLY] done")
                    elif verb.startswith("UID SEARCH UID"):
                        least = int(verb.split()[-1].split(":")[0])
                        uids = sorted(imap.messages)
                        found = [u for u in uids if u >= least] or uids[-1:]
                        self.say("* SEARCH" + "".join(f" {u}" for u in found))
                        self.say(f"{tag} OK done")
                    elif verb.startswith("UID FETCH"):
                        uid = int(words.split()[2])
                        if imap.break_after is not None and uid > imap.break_after:
                            self.connection.close()
                            return
                        if uid in imap.messages:
                            body = imap.messages[uid]
                            self.wfile.write(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(body)) + body + b")\r\n")
                        self.say(f"{tag} OK done")
                    elif verb == "LOGOUT":
                        self.say("* BYE")
                        self.say(f"{tag} OK done")
                        return
                    else:
                        self.say(f"{tag} BAD unknown")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"imap://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def drip(chunk, pause, count):
    """A body that comes in drops."""
    def write(to):
        for _ in range(count):
            to.write(chunk)
            to.flush()
            time.sleep(pause)
    return write
