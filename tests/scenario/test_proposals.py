#!/usr/bin/env python3
"""What is found in text counts for nothing until somebody says so: not matched, not released, not proposed twice."""

from house import Node, check, main, write

REPORT = """The loader asks paper-crane[.]example and 203.0.113[.]7 for orders. Upgrade to version 3.1.4.1.

See https://attack.mitre.org/techniques/T1071/ and CVE-2026-11111.
"""
REGISTER = "name,sector,networks,domains,contacts\nHospital,health,203.0.113.0/24,hospital.example,it@hospital.example\n"


def taken(node, path):
    lines = node.ok("import", path, "--from", "Vendor", "--marking", "GREEN", "--json").lines
    return lines[-1], [one["proposed"] for one in lines if isinstance(one.get("proposed"), dict)], \
        [one["lost"]["what"] for one in lines if isinstance(one.get("lost"), dict)]


def proposed_accepted_refused(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    path = write(folder, "report.txt", REPORT)
    log = write(folder, "a.log", "query paper-crane.example from 203.0.113.7\n")
    done, proposed, lost = taken(node, path)
    check(done["format"] == "text" and done["proposed"] == 2 and done["new"] == 2, f"two are new: {done}")
    check([(p["kind"], p["value"]) for p in proposed] == [("domain", "paper-crane.example"), ("ipv4", "203.0.113.7")] and
          proposed[0]["place"] == "line 1, column 17, byte 16" and "defanged" in proposed[0]["why"], proposed)
    check(sorted(lost) == ["1 references", "1 techniques named", "1 version numbers", "1 vulnerabilities named"] or
          "1 version numbers" in lost and "1 references" in lost, f"what was left out is told: {lost}")
    check(node.ok("match", log, "--json").lines == [], "nothing of it is looked for")
    listed = {p["value"]: p for p in node.ok("proposal", "list", "--document", path, "--json").lines}
    check(listed["203.0.113.7"]["organisation"] == "Hospital" and
          listed["paper-crane.example"]["organisation"] is None, f"ours is named: {listed}")
    check(taken(node, path)[0]["unchanged"] == 2, "the same text again changes nothing")
    node.fails(64, "proposal", "accept")
    node.fails(65, "proposal", "accept", "--all", "other.txt")
    node.ok("proposal", "accept", listed["paper-crane.example"]["id"])
    node.ok("proposal", "refuse", listed["203.0.113.7"]["id"], "--reason", "ours")
    hits = node.ok("match", log, "--json").lines
    check([hit["value"] for hit in hits] == ["paper-crane.example"] and hits[0]["party"] == "Vendor", hits)
    check(node.ok("proposal", "list", "--json").lines == [], "nothing waits")
    node.fails(65, "proposal", "accept", listed["203.0.113.7"]["id"])
    check(taken(node, path)[0]["unchanged"] == 2, "what was decided stays decided")
    check(len(node.ok("match", log, "--json").lines) == 1, "as before")
    node.ok("rebuild")
    check(len(node.ok("match", log, "--json").lines) == 1 and node.ok("proposal", "list", "--json").lines == [],
          "after a replay too")
    node.ok("verify")
    node.ok("import", write(folder, "rows.csv", "value\n203.0.113.7\n"), "--from", "Vendor")
    check(len(node.ok("match", log, "--json").lines) == 2, "the party's own row makes it an indicator")


def released_to_nobody(folder):
    node = Node(folder, "CSIRT")
    path = write(folder, "report.txt", REPORT)
    node.ok("import", path, "--from", "Vendor", "--marking", "CLEAR")
    ident = node.ok("proposal", "list", "--json").lines[0]["id"]
    told = node.ok("explain", ident, "--to", "public", "--json").lines[0]
    check(told["decision"] == "withheld", f"it does not leave: {told}")
    node.ok("proposal", "accept", "--all", "report.txt")
    told = node.ok("explain", ident, "--to", "public", "--json").lines[0]
    check(told["decision"] == "cleared", f"now its label alone counts: {told}")


def files_that_are_no_text(folder):
    node = Node(folder, "CSIRT")
    for name, content, words in (("a.pdf", b"%PDF-1.7 ...", "pdftotext"), ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office")):
        path = write(folder, name, "")
        with open(path, "wb") as file:
            file.write(content)
        check(words in node.fails(65, "import", path, "--as", "text").err, f"{name}: says how to get its text")
    path = write(folder, "wide.txt", "")
    with open(path, "wb") as file:
        file.write("\ufeffPlease block wide[.]example at once.\r\n".encode("utf-16-le"))
    check(taken(node, path)[0]["proposed"] == 1, "UTF-16 is read")


MAIL = """From: Jana <jana@partner.test>
To: soc@node.test
Subject: phishing
Content-Type: text/plain

Please block paper-crane[.]example at once.
"""


def a_mail_stands_for_its_parts(folder):
    node = Node(folder, "CSIRT")
    path = write(folder, "mail.eml", MAIL)
    told = node.ok("import", path, "--from", "Partner").out
    check("entente proposal list --document mail.eml" in told, f"says how to go on: {told}")
    check([p["document"] for p in node.ok("proposal", "list", "--document", path, "--json").lines] ==
          ["mail.eml: part 1.txt"], "what it says finds them")
    check(node.ok("proposal", "list", "--document", "mail", "--json").lines == [], "no other document's")
    node.ok("proposal", "accept", "--all", "mail.eml")
    check(node.ok("proposal", "list", "--json").lines == [], "all of it is decided")


main(proposed_accepted_refused, released_to_nobody, files_that_are_no_text, a_mail_stands_for_its_parts)
