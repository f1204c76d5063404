#!/usr/bin/env python3
"""TAXII 2.1 as a table: each row names the section it holds the server to, "I" before those of the interoperability
tests (part TXC). What a row asks and what must come back is all in it, so that a gap is seen."""

import base64
import http.client
import json
import os
import re
import urllib.parse

from house import Failure, Node, bundle, check, domain, main

TAXII = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
READ = "api/collections/intelligence/"
OBJECTS = READ + "objects/"


class Answer:
    def __init__(self, raw):
        self.status, self.headers, self.raw = raw.status, raw.headers, raw.read()

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def ids(self):
        return [o["id"] for o in self.json.get("objects", [])]


class World:
    def __init__(self, folder):
        self.node = Node(folder, "CSIRT").serve()
        self.versions = [dict(domain("versions.example", "green"), modified=f"2026-01-0{i}T00:00:00.000Z")
                         for i in (1, 2, 3)]
        for version in self.versions:
            version["id"] = self.versions[0]["id"]
            self.node.ok("import", bundle(folder, version), "--from", "self")
        self.given = [domain(f"n{i}.example", "green", x_custom_note="kept", labels=["a"]) for i in range(5)]
        self.node.ok("import", bundle(folder, *self.given), "--from", "self")
        self.withheld = domain("withheld.example", "red")
        self.node.ok("import", bundle(folder, self.withheld), "--from", "self")
        self.tokens = {"partner": self.invite(folder, "CERT B"), "other": self.invite(folder, "CERT C")}
        for name in ("analyst", "reader"):
            self.node.ok("account", "add", name, "--role", name)
            self.tokens[name] = self.node.token(name)
        self.tokens["wrong"] = "ent_wrong"
        self.seen = {}
        self.get_seen()

    def invite(self, folder, name):
        file = os.path.join(folder, name.replace(" ", "") + ".json")
        self.node.ok("peer", "invite", name, "--out", file)
        with open(file, encoding="utf-8") as text:
            invite = json.load(text)
        if name == "CERT B":
            self.account = invite["account"]
        return invite["token"]

    def get_seen(self):
        """What later rows ask with: ids, dates, a cursor, a status."""
        listed = self.ask("GET", "api/collections/").json["collections"]
        self.seen["uuid"] = next(c["id"] for c in listed if c["alias"] == "intelligence")
        page = self.ask("GET", OBJECTS + "?match[type]=indicator&limit=2")
        self.seen["next"] = page.json["next"]
        self.seen["last"] = page.headers["X-TAXII-Date-Added-Last"]
        self.seen["etag"] = page.headers["ETag"]
        mine = [domain("posted.example", "green"), {"type": "indicator", "id": "indicator--nonsense"}]
        self.posted = mine[0]["id"]
        self.seen["posted"] = self.posted
        answer = self.ask("POST", OBJECTS, body={"objects": mine})
        check(answer.status == 202, answer.raw)
        self.seen["status"] = answer.json["id"]
        self.seen["id"], self.seen["other"] = self.given[0]["id"], self.given[1]["id"]
        self.seen["v"], self.seen["hidden"] = self.versions[0]["id"], self.withheld["id"]

    def ask(self, method, path, who="partner", accept=TAXII, body=None, content=TAXII, **headers):
        url = urllib.parse.urlsplit(self.node.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept:
            sent["Accept"] = accept
        if who == "basic":
            sent["Authorization"] = "Basic " + base64.b64encode(
                f"{self.account}:{self.tokens['partner']}".encode()).decode()
        elif who == "stranger":
            sent["Authorization"] = "Basic " + base64.b64encode(b"somebody:secret").decode()
        elif who:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        if body is not None:
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
            if content:
                sent["Content-Type"] = content
        target = path if path.startswith("/") else url.path + path.format(**self.seen)
        try:
            connection.request(method, target, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()


# ---- what must come back, beside the status ----

def error(a, _):
    check(a.headers["Content-Type"] == TAXII, a.headers["Content-Type"])
    told = a.json
    check(told["title"] and told["http_status"] == str(a.status), told)


def challenge(a, w):
    error(a, w)
    check(a.headers["WWW-Authenticate"].startswith("Basic realm="), a.headers)


def allow(*methods):
    def test(a, _):
        check(a.headers["Allow"].split(", ") == list(methods), a.headers["Allow"])
    return test


def has(**members):
    def test(a, _):
        for name, value in members.items():
            check(a.json.get(name) == value, f"{name}: {a.json.get(name)!r}")
    return test


def empty(a, _):
    check(a.raw == b"{}" and "X-TAXII-Date-Added-First" not in a.headers, a.raw)


def nothing(a, _):
    check(a.raw == b"", a.raw)


def discovery(a, _):
    check(a.json["title"] == "CSIRT" and a.json["default"] in a.json["api_roots"], a.json)


def api_root(a, _):
    check(a.json["versions"] == [TAXII] and a.json["max_content_length"] > 0 and a.json["title"], a.json)


def rights(read, write):
    def test(a, _):
        listed = a.json.get("collections") or [a.json]
        for c in listed:
            check(UUID.match(c["id"]) and c["title"] and c["media_types"] == [STIX], c)
            check((c["can_read"], c["can_write"]) == (read, write), c)
    return test


def dated(a):
    first, last = a.headers["X-TAXII-Date-Added-First"], a.headers["X-TAXII-Date-Added-Last"]
    check(STAMP.match(first) and STAMP.match(last) and first <= last, f"{first} {last}")


def page(count, more=False):
    def test(a, _):
        dated(a)
        check(len(a.json["objects"]) == count, a.json)
        check(a.json["more"] == more and ("next" in a.json) == more, a.json)
    return test


def only(*keys):
    """These objects of what was seen, in any order."""
    def test(a, w):
        dated(a)
        check(sorted(a.ids) == sorted(w.seen[k] for k in keys), a.ids)
    return test


def stamps(*days):
    def test(a, _):
        dated(a)
        check([o["modified"][9:10] for o in a.json["objects"]] == [str(d) for d in days], a.raw)
    return test


def manifest(a, w):
    page(6)(a, w)
    for record in a.json["objects"]:
        check(set(record) == {"id", "date_added", "version", "media_type"}, record)
        check(STAMP.match(record["date_added"]) and record["media_type"] == STIX, record)
    dates = [r["date_added"] for r in a.json["objects"]]
    check(dates == sorted(dates) and dates[0] == a.headers["X-TAXII-Date-Added-First"], dates)


def versions(*days):
    def test(a, _):
        dated(a)
        check([v[9:10] for v in a.json["versions"]] == [str(d) for d in days], a.json)
    return test


def status(a, w):
    told = a.json
    check(told["status"] == "complete" and told["id"] == w.seen["status"], told)
    check((told["total_count"], told["success_count"], told["failure_count"], told["pending_count"]) == (2, 1, 1, 0),
          told)
    check(STAMP.match(told["request_timestamp"]), told)
    check([s["id"] for s in told["successes"]] == [w.posted] and told["successes"][0]["version"], told)
    check(told["failures"][0]["message"] and told["failures"][0]["version"] and "pendings" not in told, told)


def custom(a, w):
    check(a.json["objects"][0]["x_custom_note"] == "kept" and w.seen["id"] in a.ids, a.raw)


def validated(a, _):
    check(a.headers["ETag"] and a.headers["Cache-Control"] == "private, no-cache", a.headers)


# ---- the table: section, method, path, status, what else, how it is asked ----

GET, POST, DELETE = "GET", "POST", "DELETE"
TABLE = [
    ("I3.1.1, 3.2", GET, "", 401, challenge, {"who": None}),
    ("3.2", GET, "api/", 401, challenge, {"who": None}),
    ("3.2", GET, "nowhere/", 401, challenge, {"who": None}),
    ("3.2", POST, OBJECTS, 401, challenge, {"who": None, "body": "{}"}),
    ("3.2", DELETE, OBJECTS + "{id}/", 401, challenge, {"who": None}),
    ("I3.1.2", GET, "", 401, challenge, {"who": "wrong"}),
    ("I3.1.2", GET, "", 401, challenge, {"who": "stranger"}),
    ("I3.1.4", GET, "", 200, discovery, {"who": "basic"}),
    ("I3.2.1, 4.1", GET, "", 200, discovery, {}),
    ("4.1", GET, "/taxii2", 200, discovery, {}),
    ("1.6.8", GET, "", 200, discovery, {"accept": None}),
    ("1.6.8", GET, "", 200, discovery, {"accept": "application/taxii+json"}),
    ("1.6.8", GET, "", 200, discovery, {"accept": "application/taxii+json; version=\"2.1\""}),
    ("1.6.8", GET, "", 200, discovery, {"accept": "text/html, */*;q=0.1"}),
    ("1.6.8", GET, "", 406, error, {"accept": "application/json"}),
    ("1.6.8", GET, "", 406, error, {"accept": "application/taxii+json;version=2.0"}),
    ("1.6.8", GET, "", 406, error, {"accept": "application/vnd.oasis.taxii+json; version=2.0"}),
    ("1.6.8", GET, "", 406, error, {"accept": "application/taxii+json;version=2.1;q=0, */*"}),
    ("1.6.8", GET, OBJECTS, 406, error, {"accept": STIX}),
    ("I3.3.1, 4.2", GET, "api/", 200, api_root, {}),
    ("I3.3.2, 4.2", GET, "trustgroup2/", 404, error, {}),
    ("I3.4.1, I3.5.1.2, 5.1", GET, "api/collections/", 200, rights(True, True), {}),
    ("I3.5.1.3, 5.1", GET, "api/collections/", 200, rights(True, False), {"who": "reader"}),
    ("5.2", GET, "api/collections/{uuid}/", 200, rights(True, True), {}),
    ("5.2 alias", GET, READ, 200, rights(True, True), {}),
    ("I3.5.3, 5.2", GET, "api/collections/a0000000-0000-4000-8000-000000000000/", 404, error, {}),
    ("5.2", GET, "api/collections/a0000000-0000-4000-8000-000000000000/objects/", 404, error, {}),
    ("I3.5.2.2, 5.5", POST, OBJECTS, 403, error, {"who": "reader", "body": {"objects": [{}]}}),
    ("I3.5.2.3, 5.7", DELETE, OBJECTS + "{id}/", 403, error, {"who": "reader"}),
    ("I3.6.1, 5.3", GET, READ + "manifest/?match[type]=indicator", 200, manifest, {}),
    ("5.3", GET, READ + "manifest/?match[id]={id}", 200, page(1), {}),
    ("5.3", GET, READ + "manifest/?match[id]={hidden}", 200, empty, {}),
    ("5.3", GET, READ + "manifest/?match[version]=all&match[id]={v}", 200, page(3), {}),
    ("5.3, 3.5", GET, READ + "manifest/?match[type]=indicator&limit=2", 200, page(2, True), {}),
    ("5.3", GET, READ + "manifest/?match[id]=a&match[id]=b", 400, error, {}),
    ("I3.7.1, 5.4", GET, OBJECTS + "?match[type]=indicator", 200, page(6), {}),
    ("5.4 no slash", GET, READ + "objects?match[type]=indicator", 200, page(6), {}),
    ("I3.7.2, 3.7", GET, OBJECTS + "?match[type]=malware", 200, empty, {}),
    ("3.7", GET, OBJECTS + "?added_after=2099-01-01T00:00:00Z", 200, empty, {}),
    ("I3.8.1, 5.6", GET, OBJECTS + "{id}/", 200, only("id"), {}),
    ("I3.8.2, 5.6", GET, OBJECTS + "indicator--00000000-0000-4000-8000-000000000009/", 404, error, {}),
    ("5.6 withheld", GET, OBJECTS + "{hidden}/", 404, error, {}),
    ("5.6", GET, OBJECTS + "{v}/?match[version]=all", 200, stamps(1, 2, 3), {}),
    ("5.6", GET, OBJECTS + "{v}/?match[version]=2026-01-09T00:00:00Z", 200, empty, {}),
    ("5.6 not its filters", GET, OBJECTS + "{id}/?match[type]=indicator", 400, error, {}),
    ("I3.9.1, 5.8", GET, OBJECTS + "{v}/versions/", 200, versions(1, 2, 3), {}),
    ("5.8, 3.5", GET, OBJECTS + "{v}/versions/?limit=2", 200, versions(1, 2), {}),
    ("5.8", GET, OBJECTS + "{hidden}/versions/", 404, error, {}),
    ("I3.11.1, I3.11.2, 4.3", GET, "api/status/{status}/", 200, status, {}),
    ("4.3 another's", GET, "api/status/{status}/", 404, error, {"who": "other"}),
    ("4.3", GET, "api/status/a0000000-0000-4000-8000-000000000000/", 404, error, {}),
    ("5.5", POST, OBJECTS, 415, error, {"body": "{}", "content": "application/json"}),
    ("5.5", POST, OBJECTS, 415, error, {"body": "{}", "content": STIX}),
    ("5.5", POST, OBJECTS, 415, error, {"body": "{}", "content": None}),
    ("5.5", POST, OBJECTS, 415, error, {"body": "{}", "content": "application/taxii+json;version=2.0"}),
    ("5.5", POST, OBJECTS, 400, error, {"body": "{\"objects\":["}),
    ("5.5", POST, OBJECTS, 400, error, {"body": ""}),
    ("5.5", POST, OBJECTS, 422, error, {"body": "{}"}),
    ("5.5", POST, OBJECTS, 422, error, {"body": "[1]"}),
    ("5.5", POST, OBJECTS, 406, error, {"body": "{}", "accept": "text/html"}),
    ("3.6 max_content_length", POST, OBJECTS, 413, error, {"Content_Length": str(1 << 40), "Expect": "100-continue"}),
    ("I3.13.1.1, 3.4", GET, OBJECTS + "?match[type]=indicator&added_after={last}", 200, page(4), {}),
    ("3.4", GET, OBJECTS + "?added_after=yesterday", 400, error, {}),
    ("3.4", GET, OBJECTS + "?added_after=2026-01-01T00:00:00", 400, error, {}),
    ("I3.13.1.2, 3.5", GET, OBJECTS + "?match[type]=indicator&limit=2", 200, page(2, True), {}),
    ("3.5", GET, OBJECTS + "?limit=0", 400, error, {}),
    ("3.5", GET, OBJECTS + "?limit=-1", 400, error, {}),
    ("3.5", GET, OBJECTS + "?match[type]=indicator&limit=99999999999999999999", 200, page(6), {}),
    ("I3.14.1, 3.5", GET, OBJECTS + "?match[type]=indicator&limit=2&next={next}", 200, page(2, True), {}),
    ("3.5 of another question", GET, OBJECTS + "?match[type]=malware&limit=2&next={next}", 400, error, {}),
    ("3.5 another's", GET, OBJECTS + "?match[type]=indicator&next={next}", 400, error, {"who": "other"}),
    ("3.5", GET, OBJECTS + "?next=abc", 400, error, {}),
    ("I3.13.1.3, 3.4.1", GET, OBJECTS + "?match[id]={id}", 200, only("id"), {}),
    ("3.4.1 escaped", GET, OBJECTS + "?match%5Bid%5D={id}", 200, only("id"), {}),
    ("I3.13.1.4", GET, OBJECTS + "?match[type]=indicator,malware", 200, page(6), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}", 200, stamps(3), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}&match[version]=first", 200, stamps(1), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}&match[version]=last", 200, stamps(3), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}&match[version]=all", 200, stamps(1, 2, 3), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}&match[version]=2026-01-02T00:00:00.000Z", 200, stamps(2), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[id]={v}&match[version]=2026-01-02T00:00:00Z,last", 200, stamps(2, 3), {}),
    ("I3.13.1.5", GET, OBJECTS + "?match[version]=newest", 400, error, {}),
    ("I3.13.1.6", GET, OBJECTS + "?match[id]={id}&match[spec_version]=2.1", 200, only("id"), {}),
    ("I3.13.1.6", GET, OBJECTS + "?match[id]={id}&match[spec_version]=2.0,2.1", 200, only("id"), {}),
    ("I3.13.1.6", GET, OBJECTS + "?match[id]={id}&match[spec_version]=2.0", 200, empty, {}),
    ("I3.13.1.7", GET, OBJECTS + "?match[id]={id},{other}", 200, only("id", "other"), {}),
    ("I3.13.1.8", GET, OBJECTS + "?match[id]={id}&match[type]=malware", 200, empty, {}),
    ("I3.13.1.9", GET, OBJECTS + "?match[id]={id},{other}&match[type]=malware,indicator", 200, only("id", "other"),
     {}),
    ("I3.13.1.10, 3.4", GET, OBJECTS + "?match[type]=indicator&match[type]=malware", 400, error, {}),
    ("3.4", GET, OBJECTS + "?limit=1&limit=2", 400, error, {}),
    ("3.4", GET, OBJECTS + "?added_after=2026-01-01T00:00:00Z&added_after=2026-01-01T00:00:00Z", 400, error, {}),
    ("3.4 unknown field", GET, OBJECTS + "?match[confidence]=1", 400, error, {}),
    ("3.4 unknown parameter", GET, OBJECTS + "?match[id]={id}&colour=red", 200, only("id"), {}),
    ("I3.15.1", GET, OBJECTS + "?match[id]={id}", 200, custom, {}),
    ("RFC 9110 15.5.6", "PUT", OBJECTS, 405, allow("GET", "HEAD", "POST", "OPTIONS"), {}),
    ("RFC 9110 15.5.6", DELETE, OBJECTS, 405, allow("GET", "HEAD", "POST", "OPTIONS"), {}),
    ("RFC 9110 15.5.6", POST, "api/", 405, allow("GET", "HEAD", "OPTIONS"), {"body": "{}"}),
    ("RFC 9110 15.5.6", "PATCH", OBJECTS + "{id}/", 405, allow("GET", "HEAD", "DELETE", "OPTIONS"), {}),
    ("RFC 9110 9.3.7", "OPTIONS", OBJECTS + "{id}/", 204, allow("GET", "HEAD", "DELETE", "OPTIONS"), {}),
    ("RFC 9110 9.3.2", "HEAD", OBJECTS + "{id}/", 200, nothing, {}),
    ("RFC 9110 9.3.2", "HEAD", OBJECTS + "{hidden}/", 404, nothing, {}),
    ("RFC 9110 8.8.3", GET, "api/collections/", 200, validated, {}),
    ("RFC 9110 13.1.2", GET, OBJECTS + "?match[type]=indicator&limit=2", 304, nothing, {"If_None_Match": "{etag}"}),
    ("RFC 9110 13.1.2", GET, OBJECTS + "?match[type]=indicator&limit=3", 200, validated, {"If_None_Match": "{etag}"}),
    ("RFC 9110 13.1.2 another's", GET, OBJECTS + "?match[type]=indicator&limit=2", 200, validated,
     {"If_None_Match": "{etag}", "who": "other"}),
    ("5.7 another's", DELETE, OBJECTS + "{id}/", 403, error, {}),
    ("5.7 withheld", DELETE, OBJECTS + "{hidden}/", 404, error, {}),
    ("I3.5.2.4, 5.7", DELETE, "api/collections/a0000000-0000-4000-8000-000000000000/objects/{posted}/", 404, error, {}),
    ("5.7", DELETE, OBJECTS + "{posted}/?match[version]=2026-01-09T00:00:00Z", 404, error, {}),
    ("5.7", DELETE, OBJECTS + "{posted}/?match[spec_version]=2.0", 404, error, {}),
    ("5.7", DELETE, OBJECTS + "{posted}/?match[type]=indicator", 400, error, {}),
    ("5.7 before", GET, OBJECTS + "{posted}/", 200, only("posted"), {"who": "other"}),
    ("I3.12.1, 5.7", DELETE, OBJECTS + "{posted}/?match[spec_version]=2.1", 200, nothing, {}),
    ("5.7 after", GET, OBJECTS + "{posted}/", 404, error, {"who": "other"}),
    ("5.7 after", GET, OBJECTS + "{posted}/versions/", 404, error, {"who": "analyst"}),
    ("5.7 after", GET, OBJECTS + "?match[id]={posted}&match[version]=all", 200, empty, {"who": "other"}),
    ("5.7 after", GET, READ + "manifest/?match[id]={posted}", 200, empty, {"who": "other"}),
    ("5.7 twice", DELETE, OBJECTS + "{posted}/", 404, error, {}),
]


def every_row(folder):
    w = World(folder)
    failed = []
    for section, method, path, wanted, test, how in TABLE:
        how = {name: value.format(**w.seen) if name == "If_None_Match" else value for name, value in how.items()}
        answer = w.ask(method, path, **how)
        try:
            check(answer.status == wanted, f"{answer.status}, not {wanted}: {answer.raw[:300]!r}")
            if answer.raw:
                check(answer.headers["Content-Type"] == TAXII, answer.headers["Content-Type"])
            test(answer, w)
        except (Failure, KeyError, TypeError, AttributeError, ValueError) as why:
            failed.append(f"{section}: {method} {path} {how}: {type(why).__name__} {why}")
    check(not failed, "\n".join(failed))
    w.node.stop()


def withdrawn_is_told_at_home(folder):
    """It stays held, is found, and says that it was withdrawn; it goes by no other door either."""
    w = World(folder)
    check(w.ask(DELETE, OBJECTS + "{posted}/").status == 200, "DELETE")
    told = w.node.ok("get", w.posted)
    check("WITHDRAWN" in told.out, told.out)
    line = w.node.ok("get", w.posted, "--all", "--json").lines[0]
    check(line["withdrawn_us"] > line["added_us"], line)
    check(any(w.posted in json.dumps(hit) for hit in w.node.ok("search", "posted.example", "--json").lines), "search")
    why = w.node.ok("explain", w.posted, "--to", "CERT C", "--json").lines[0]
    check(why["decision"] == "withheld" and "withdr" in json.dumps(why["rules"]), why)
    check(w.posted not in w.node.ok("export", "--to", "CERT C").out, "export")
    again = {"objects": [dict(domain("posted.example", "green"), id=w.posted)]}
    check(w.ask(POST, OBJECTS, body=again).status == 202, "POST again")
    check(w.ask(GET, OBJECTS + "{posted}/", who="other").status == 200, "it is there again")
    check(w.ask(DELETE, OBJECTS + "{posted}/").status == 200, "DELETE again")
    w.node.stop()
    w.node.ok("rebuild")
    check(w.node.ok("verify", "--json").code == 0, "verify")
    w.node.ok("erase", w.posted, "--reason", "test")
    check(w.node.ok("verify").code == 0, "verify after erasing")


main(every_row, withdrawn_is_told_at_home)
