#!/usr/bin/env python3
"""Reported events in foreign formats, by import and by IntelMQ's door: they become findings at whom they touch."""

import json
import os
import urllib.error
import urllib.request

from house import Node, check, main, write

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(HERE), "data")
COUNTRY = "name,sector,networks,domains,contacts\nAgency,government,192.0.2.0/24,agency.example,soc@agency.example\n"
EVENT = {"classification.taxonomy": "vulnerable", "classification.type": "ddos-amplifier",
         "classification.identifier": "open-ntp", "feed.name": "Open NTP", "source.ip": "192.0.2.44",
         "source.port": 123, "time.source": "2026-03-01T10:15:00+00:00", "tlp": "GREEN"}


def with_register(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "country.csv", COUNTRY))
    return node


def findings(node):
    return [line for line in node.ok("finding", "list", "--json").lines if line.get("organisation") == "Agency"]


def imports(folder):
    """Each format is known by its content; what is lost or refused is told."""
    node = with_register(folder)
    for name, form, events in (("idea/good/lines.json", "idea", 4), ("intelmq/good/nested.json", "intelmq", 3),
                               ("n6/good/list.json", "n6", 4), ("iodef/good/events.xml", "iodef", 2),
                               ("iodef/good/utf16.xml", "iodef", 1), ("iodef/good/incidents.json", "iodef", 1)):
        done = node.ok("import", os.path.join(DATA, name), "--from", "Reporter", "--json").lines[-1]
        check(done["format"] == form and done["events"] == events, f"{name}: {done}")
        again = node.ok("import", os.path.join(DATA, name), "--from", "Reporter", "--json").lines[-1]
        check(again["new"] == 0 and again["updated"] == 0, f"{name} again: {again}")
    done = node.ok("import", os.path.join(DATA, "iodef/good/indicators.xml"), "--json").lines[-1]
    check(done["new"] == 5 and done["rejected"] == 1, str(done))
    refused = node.fails(65, "import", os.path.join(DATA, "iodef/bad/laughs.xml"))
    check("DOCTYPE" in refused.err, refused.err)
    check(len(findings(node)) >= 8, str(findings(node)))


def post(node, body, headers, method="POST"):
    base = node.url.split("/taxii2/")[0]
    request = urllib.request.Request(base + "/intelmq/", data=body, method=method,
                                     headers={"Content-Type": "application/json; charset=utf-8", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())


def door(folder):
    """One event a post: durable when it is answered, the same again is known, nobody's and nonsense are refused."""
    node = with_register(folder)
    node.ok("account", "add", "intelmq", "--role", "analyst")
    node.ok("account", "add", "reader", "--role", "reader")
    token, weak = node.token("intelmq"), node.token("reader")
    node.serve()
    body = json.dumps(EVENT).encode()
    for headers, code in (({}, 401), ({"X-Entente-Token": "wrong"}, 401), ({"X-Entente-Token": weak}, 403)):
        status, answered, page = post(node, body, headers)
        check(status == code and page["status"] == code, f"{status} {page}")
        check(answered["Content-Type"] == "application/problem+json", answered["Content-Type"])
    check(findings(node) == [], "nothing was taken in")
    status, _, page = post(node, body, {"X-Entente-Token": token})
    check(status == 201 and page == {"events": 1, "unchanged": 0, "rejected": 0, "tests": 0}, f"{status} {page}")
    found = findings(node)
    check(len(found) == 1, str(found))
    status, _, page = post(node, body, {"Authorization": f"Bearer {token}"})
    check(status == 200 and page["unchanged"] == 1, f"posted again: {status} {page}")
    check(findings(node)[0]["count"] == found[0]["count"], "counted once")
    sources = [line.get("source", line.get("name")) for line in node.ok("source", "list", "--json").lines]
    check("intelmq:intelmq" in sources, str(sources))
    status, _, page = post(node, json.dumps({**EVENT, "classification.type": "test"}).encode(),
                           {"X-Entente-Token": token})
    check(status == 200 and page["tests"] == 1 and page["events"] == 0, f"{status} {page}")
    status, _, page = post(node, b"source.ip=192.0.2.44&feed.name=x", {"X-Entente-Token": token})
    check(status == 400 and "use_json" in page["detail"], f"{status} {page}")
    status, _, page = post(node, b'{"comment":"no event"}', {"X-Entente-Token": token})
    check(status == 422 and "classification.type" in page["detail"], f"{status} {page}")
    status, answered, page = post(node, None, {"X-Entente-Token": token}, "GET")
    check(status == 405 and answered["Allow"] == "POST", f"{status} {page}")
    for secret in ("192.0.2.44", "Agency"):
        check(secret not in json.dumps(page), "this door gives nothing out")
    node.stop(kill=True)
    check(len(findings(node)) == 1, "durable when it was answered")


if __name__ == "__main__":
    main(imports, door)
