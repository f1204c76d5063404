#!/usr/bin/env python3
"""Who may not send something is told when the head is there: of the body nothing is waited for. And headers that are
lists may stand in several lines."""

import base64
import json
import os
import socket
import tempfile

from house import Node, check, domain, main

TAXII = "application/taxii+json;version=2.1"
OBJECTS = "/taxii2/api/collections/intelligence/objects/"
PASSWORD = "a long heron walks"
HUGE = ["Content-Length: 50000000"]
ASKS = ["Content-Length: 50000000", "Expect: 100-continue"]
CHUNKED = ["Transfer-Encoding: chunked"]


class Line:
    """A connection to talk over in bytes."""

    def __init__(self, node):
        host, port = node.url.split("//")[1].partition("/")[0].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.file = self.socket.makefile("rb")

    def say(self, method, path, *headers):
        self.socket.sendall("\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode())

    def hear(self):
        """(status, headers in lower case, body)"""
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self.file.read(int(headers.get("content-length", 0)))

    def is_over(self):
        """Closed by the other end; with a reset where something was still on its way."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


def basic(name, password):
    return "Authorization: Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def make(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "anna", "--role", "analyst")
    node.ok("account", "add", "rita", "--role", "reader")
    with tempfile.NamedTemporaryFile("w", dir=folder) as file:
        file.write(PASSWORD + "\n")
        file.flush()
        node.ok("account", "password", "anna", "--password-file", file.name)
    tokens = {name: f"Authorization: Bearer {node.token(name)}" for name in ("anna", "rita")}
    node.serve()
    return node, tokens


def refused_at_the_head(folder):
    node, tokens = make(folder)
    wrong, kind = "Authorization: Bearer ent_" + "A" * 43, "Content-Type: " + TAXII
    doors = [("POST", OBJECTS, 401, []), ("POST", OBJECTS, 401, [wrong, kind]),
             ("POST", OBJECTS, 401, [basic("anna", "not her password"), kind]),
             ("POST", OBJECTS, 403, [tokens["rita"], kind]),
             ("POST", OBJECTS, 415, [tokens["anna"], "Content-Type: application/json"]),
             ("POST", "/taxii2/api/collections/none/objects/", 404, [tokens["anna"], kind]),
             ("DELETE", OBJECTS + "indicator--00000000-0000-4000-8000-000000000009/", 401, [wrong]),
             ("POST", "/intelmq/", 401, ["X-Entente-Token: none"]), ("POST", "/log/proofs", 401, [wrong]),
             ("POST", "/log/witness/add-checkpoint", 401, []), ("POST", "/api/v1/validate", 401, [wrong]),
             ("POST", "/api/v1/incidents", 403, [tokens["rita"]]), ("POST", "/nowhere", 404, []),
             ("POST", "/", 405, []), ("POST", OBJECTS, 403, [tokens["anna"], kind, "Sec-Fetch-Site: cross-site"])]
    for method, path, status, headers in doors:
        for body in (HUGE, ASKS, CHUNKED):
            line = Line(node)
            line.say(method, path, "Accept: " + TAXII, *headers, *body)
            got = line.hear()
            check(got[0] == status and got[2], f"{method} {path} {headers} {body}: {got}")
            check(got[1].get("connection") == "close" and line.is_over(), f"{method} {path}: {got}")
            line.close()
    for body in (HUGE, CHUNKED):
        line = Line(node)
        line.say("POST", "/api/v1/session", "Content-Type: application/json", *body)
        check(line.hear()[0] == 413, "nobody is known yet, and nothing large is read")
        line.close()


def wanted_after_the_head(folder):
    node, tokens = make(folder)
    body = json.dumps({"objects": [domain("given.example")]}).encode()
    for who in (tokens["anna"], basic("anna", PASSWORD)):
        line = Line(node)
        for _ in range(2):  # the connection stays
            line.say("POST", OBJECTS, who, "Content-Type: " + TAXII, f"Content-Length: {len(body)}",
                     "Expect: 100-continue")
            check(line.hear()[0] == 100, "it is wanted")
            line.socket.sendall(body)
            status, _, said = line.hear()
            check(status == 202 and json.loads(said)["success_count"] == 1, f"{status} {said}")
        line.close()
    line = Line(node)
    line.say("POST", OBJECTS, tokens["anna"], "Content-Type: " + TAXII, "Content-Length: 99999999999",
             "Expect: 100-continue")
    check(line.hear()[0] == 413, "too long for who may")
    line.close()


def lists_in_several_lines(folder):
    node, tokens = make(folder)
    node.ok("import", os.path.join(folder, bundle_of(folder)), "--from", "self")

    def ask(*headers):
        line = Line(node)
        line.say("GET", OBJECTS, tokens["anna"], *headers)
        answer = line.hear()
        line.close()
        return answer

    status, headers, _ = ask("Accept: text/html", "Accept: " + TAXII)
    check(status == 200, f"{status}")
    check(ask("Accept: text/html", "Accept: application/json")[0] == 406, "none of them")
    check(ask("Accept: */*", f"Accept: {TAXII};q=0")[0] == 406, "the second refuses it")
    tag = headers["etag"]
    check(ask("Accept: " + TAXII, 'If-None-Match: "other"', f"If-None-Match: {tag}")[0] == 304, "the second is it")
    packed = ask("Accept: " + TAXII, "Accept-Encoding: br", "Accept-Encoding: gzip")
    check(packed[0] == 200 and packed[1].get("content-encoding") == "gzip", str(packed[1]))


def bundle_of(folder):
    with open(os.path.join(folder, "bundle.json"), "w", encoding="utf-8") as file:
        json.dump({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001",
                   "objects": [domain(f"n{i}.example", "green", description="x" * 300) for i in range(5)]}, file)
    return "bundle.json"


main(refused_at_the_head, wanted_after_the_head, lists_in_several_lines)
