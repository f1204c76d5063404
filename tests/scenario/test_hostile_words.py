#!/usr/bin/env python3
"""Names, files and lines that were made to harm: terminals get no control characters, JSON lines stay JSON, and a
command with closed descriptors writes into no file of the home."""

import os
import subprocess

from house import ENTENTE, Node, check, main, write

ESCAPES = "\x1b[2J\x07\x9b31m\u202e"


def clean(text, words):
    bad = [c for c in text if (ord(c) < 0x20 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0 or c == "\u202e"]
    check(not bad, f"{words}: {bad} in {text!r}")


def terminals_are_safe(folder):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "r.csv", "name,sector,networks,domains,contacts\n"
                                            "City Hospital,health,192.0.2.0/24,,soc@city.example\n"))
    node.ok("import", write(folder, "l.csv", f"value,description\nevil.example,{ESCAPES}\n"), "--from", "CERT Y")
    log = write(folder, f"log{ESCAPES}", f"192.0.2.1 evil.example {ESCAPES}\n")
    clean(node.ok("match", log).out, "match")
    clean(node.ok("watch", "-", stdin=f"192.0.2.1 evil.example {ESCAPES}\n").out, "watch")
    clean(node.ok("finding", "show", "F-1").out, "finding show")
    found = node.ok("match", log, "--json").lines[0]
    clean(node.ok("get", found["id"]).out, "get")
    check(found["file"] == log, "JSON has the name as it is")
    clean(node.ok("constituency", "who", ESCAPES).out, "who")
    done = node.fails(65, "import", os.path.join(folder, f"none{ESCAPES}\nentente: all is well"))
    clean(done.err, "an error")
    check(done.err.count("\n") == 1, f"one line: {done.err!r}")


def every_json_line_is_json(folder):
    name = 'a "quoted" \\ name'
    node = Node(folder, 'home "of" \\n', init=False)
    check(node.ok("init", "--name", name, "--country", "XE", "--json").lines[0]["home"] == node.home, "init")
    node.serve()  # reads its line as JSON
    for words in (["source", "add", name, "--party", name], ["source", "list"], ["account", "add", name],
                  ["account", "token", name], ["account", "list"], ["incident", "open", "--name", name],
                  ["incident", "list"], ["peer", "invite", name], ["peer", "list"], ["status"], ["rebuild"]):
        check(node.ok(*words, "--json").lines, f"{words}: nothing said")
    node.stop()


def closed_descriptors_hit_no_file(folder):
    node = Node(folder, "CSIRT")
    file = write(folder, "l.csv", "value\nevil.example\n")
    code = subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", ENTENTE, "--home", node.home, "import", file],
                          timeout=60).returncode
    check(code == 73, f"output that went nowhere is no success: {code}")
    check(node.status()["indicators"] == 1, "what was taken in stands")
    node.ok("rebuild")
    with open("/dev/full", "w", encoding="utf-8") as full:
        for words in (["status"], ["finding", "list"], ["match", file]):
            code = subprocess.run(node.command(*words, "--json"), stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE).returncode
            check(code == 73 or words[0] == "finding", f"{words} to a full disk: {code}")


main(terminals_are_safe, every_json_line_is_json, closed_descriptors_hit_no_file)
