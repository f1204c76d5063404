#!/usr/bin/env python3
"""The pages for a browser, from outside: who sees what, under which policy, and that no page of another site acts."""

import base64
import hashlib
import os
import re
import urllib.error
import urllib.request
from html.parser import HTMLParser

from caller import Caller, api
from clients import invite
from house import Node, bundle, check, domain, main

HOSTILE = "<script>alert('x')</script>\" & <b>Co</b>"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements as a browser finds them; every one that opens is closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.words, self.attributes = [], [], "", {}
        self.feed(text)
        check(not self.open, f"left open: {self.open}")

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.setdefault(tag, []).append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.words += data if "style" not in self.open else ""


def get(node, path, credential=None, method="GET", **headers):
    request = urllib.request.Request(node.url.replace("/taxii2/", "") + path, method=method)
    if credential:
        request.add_header("Authorization", credential)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def made(folder, name, *words):
    node = Node(folder, "home", init=False)
    node.ok("init", "--name", name, "--country", "XE", *words)
    return node


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def well_made(headers, text):
    """The policy lets through the page's own style and nothing else, and the page needs nothing else; landmarks, one
    h1, no level of headings left out, headers of tables, names of sections."""
    page = Page(text)
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    check(headers["Content-Security-Policy"] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'", headers["Content-Security-Policy"])
    check(headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff", str(headers))
    check(headers["Referrer-Policy"] == "no-referrer", str(headers))
    check(headers["Content-Type"] == "text/html; charset=utf-8", headers["Content-Type"])
    for tag in ("script", "iframe", "img", "link", "form", "object"):
        check(tag not in page.tags, f"<{tag}>")
    given = [name for one in page.attributes.values() for attrs in one for name in attrs]
    check(not [name for name in given if name.startswith("on") or name in ("style", "src")], str(given))
    check(all(a["href"].startswith(("/", "#")) for a in page.attributes["a"]), "a link that leads elsewhere")
    check(page.attributes["html"] == [{"lang": "en"}], "the language")
    for tag in ("h1", "main", "header", "footer", "title"):
        check(page.tags.count(tag) == 1, f"{page.tags.count(tag)} <{tag}>")
    check(page.tags.index("h1") < page.tags.index("h2") if "h2" in page.tags else True, "headings")
    ids = [a["id"] for one in page.attributes.values() for a in one if "id" in a]
    check(len(ids) == len(set(ids)), f"ids: {ids}")
    check(all(a.get("aria-labelledby", ids[0]) in ids for a in page.attributes["section"]), "a section without a name")
    check(all(a.get("scope") for a in page.attributes.get("th", [])), "a header of a table without scope")
    return page


def strangers_see_what_is_served(folder):
    node = made(folder, HOSTILE).serve()
    status, headers, text = get(node, "/")
    page = well_made(headers, text)
    check(status == 200 and HOSTILE in page.words and "EXERCISE" not in page.words, page.words)
    for words in ("/taxii2/", "/api/v1/openapi.json", "/log/", "/intelmq/", "up for", "the real one"):
        check(words in page.words, words)
    check({"href": "/status"} in page.attributes["a"], "no way to the status")
    status, headers, text = get(node, "/status")
    page = well_made(headers, text)
    check(status == 401 and headers["WWW-Authenticate"].startswith("Basic realm="), str(headers))
    check(HOSTILE not in page.words, "the name of the node is not told with a refusal")
    check(get(node, "/status", method="POST")[0] == 405 and get(node, "/status/")[0] == 404, "other ways")
    node.stop()


def our_own_accounts_see_what_goes_on(folder):
    node = made(folder, HOSTILE)
    node.ok("import", bundle(folder, domain("evil.example", "green")), "--from", HOSTILE)
    node.ok("source", "add", "F" + HOSTILE, "--kind", "folder", "--place", os.path.join(folder, "gone"))
    node.serve()
    node.run("source", "poll", "F" + HOSTILE)
    node.ok("account", "add", "ann", "--role", "reader")
    reader = node.token("ann")
    for credential in ("Bearer " + reader, basic("ann", reader)):
        status, headers, text = get(node, "/status", credential)
        page = well_made(headers, text)
        check(status == 200, f"{status} {text}")
        for words in (HOSTILE, "F" + HOSTILE, "for ann (reader)", "1 source fails", "checkpoint", "Sandbox of readers",
                      "Partners", "Sources", "indicators", "findings open"):
            check(words in re.sub(r"\s+", " ", page.words), f"{words} in {page.words}")
    check(get(node, "/status?x=1", "Bearer " + reader)[0] == 400, "a parameter that is none")
    check(get(node, "/status", "Bearer " + reader, method="HEAD")[::2] == (200, ""), "HEAD")
    partner = invite(node, "Y")
    node.ok("account", "add", "nobody", "--role", "reader")
    spent = node.token("nobody")
    node.ok("account", "disable", "nobody", "--reason", "gone")
    taxii = node.ok("account", "token", "ann", "--scope", "taxii-read", "--json").lines[0]["token"]
    for credential, wanted in ((basic("ann", "wrong"), 401), ("Bearer x", 401), ("Bearer " + spent, 401),
                               ("Bearer " + taxii, 403), ("Bearer " + partner, 403)):
        status, headers, text = get(node, "/status", credential)
        page = well_made(headers, text)
        check(status == wanted, f"{credential}: {status}")
        check("evil.example" not in text and "Sandbox" not in text and "script" not in text, text)
        check((status == 401) == ("WWW-Authenticate" in headers), str(headers))
    node.stop()


def an_exercise_is_loud(folder):
    node = made(folder, "CSIRT X", "--exercise", "Storm & <Co>").serve()
    for credential in (None, "Bearer " + node.token("admin")):
        status, headers, text = get(node, "/status" if credential else "/", credential)
        page = well_made(headers, text)
        check(status == 200 and "EXERCISE \u201cStorm & <Co>\u201d: nothing here is real" in page.words, page.words)
        check(text.index("EXERCISE \u201c") < text.index("<h1"), "it comes first")
    node.stop()


def another_site_makes_nobody_act(folder):
    """A browser sends what its person has typed here along with what another site's page makes it ask."""
    node = Node(folder, "CSIRT X").serve()
    ask, host = Caller(node, node.token("admin")), node.url.split("/")[2]
    mine = bundle(folder, domain("evil.example", "green"))
    with open(mine, "rb") as file:
        body = file.read()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site", "Origin": f"http://{host}"}):
        status, _, said = ask("POST", api("/import?from=P"), body, "text/plain", **headers)
        check(status == 403 and "another site" in said["detail"], f"{headers}: {status} {said}")
        check(ask("GET", api("/status"), **headers)[0] == 200, "reading is nobody's act")
    for headers in ({}, {"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"},
                    {"Sec-Fetch-Site": "same-origin", "Origin": "https://in.front.example"}):
        check(ask("POST", api("/import?from=P"), body, **headers)[0] == 200, str(headers))
    node.stop()


if __name__ == "__main__":
    main(strangers_see_what_is_served, our_own_accounts_see_what_goes_on, an_exercise_is_loud,
         another_site_makes_nobody_act)
