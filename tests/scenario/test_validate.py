#!/usr/bin/env python3
"""validate: every fault with its place, the exit codes, files of any kind, and nothing needed or left behind."""

import json
import os
import signal
import subprocess
import sys
import time

from house import ENTENTE, Done, check, domain, main, write

SAID = {"name": "seen", "description": "by somebody"}
GOOD = {**domain("good.example"), **SAID}
BAD = {**domain("bad.example"), **SAID, "created": "yesterday"}
WARNED = {"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c5",
          "value": "198.51.100.3"}


def run(*words, stdin="", **more):
    done = subprocess.run([ENTENTE, "validate", *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="surrogateescape", timeout=300, **more)
    check("Sanitizer" not in done.stderr, done.stderr)
    return Done(done)


def ends(code, *words, **more):
    done = run(*words, **more)
    check(done.code == code, f"{words}: exit {done.code}, not {code}: {done.out[-1000:]}{done.err}")
    return done


def what_the_exit_code_says(folder):
    good, bad = write(folder, "good.json", json.dumps(GOOD)), write(folder, "bad.json", json.dumps(BAD))
    warned, cut = write(folder, "warned.json", json.dumps(WARNED)), write(folder, "cut.json", json.dumps([GOOD])[:-9])
    ends(0, good)
    ends(1, good, bad)
    ends(0, warned)
    ends(1, "--strict", warned)
    ends(65, bad, cut, good)
    ends(65, os.path.join(folder, "absent.json"))
    ends(64)
    ends(64, "--as", "word", good)
    ends(64, "--as", "csaf", good)
    done = ends(65, cut)
    check("cut short" in done.err and "line 1" in done.err and done.err.count("\n") == 1, done.err)


def lines_for_machines(folder):
    path = write(folder, "two.json", '{"type":"bundle","id":"bundle--00000001-0000-4000-8000-000000000000","objects":[\n'
                 + json.dumps(GOOD) + ",\n" + json.dumps(BAD, indent=1) + "]}")
    done = ends(1, path, "--json")
    fault, total = done.lines[0], done.lines[-1]
    check(list(fault) == ["file", "at", "line", "column", "id", "pointer", "rule", "severity", "words"], str(fault))
    check(fault["file"] == path and fault["id"] == BAD["id"] and fault["severity"] == "must", str(fault))
    check(open(path, "rb").read()[fault["at"]:].startswith(b'{\n "type"'), "`at` is where the object begins")
    check("2.16" in fault["rule"] or "3.2" in fault["rule"], fault["rule"])
    check(list(total) == ["file", "objects", "valid", "musts", "shoulds", "readable", "seconds"], str(total))
    check((total["objects"], total["valid"], total["musts"], total["readable"]) == (2, False, 1, True), str(total))
    check(sum("severity" in line for line in done.lines) == total["musts"] + total["shoulds"], "each fault a line")


def words_for_people(folder):
    path = write(folder, "one.json", json.dumps(BAD))
    out = ends(1, path).out.splitlines()
    check(out[0].startswith(f"{path}: not valid: 1 object, 1 error"), out[0])
    check(out[1].startswith("  error ") and BAD["id"] in out[1] and "STIX 2.1" in out[1], out[1])
    check(out[-1].startswith("1 file, 1 not valid: 1 object, 1 error"), out[-1])
    evil = write(folder, "evil.json", json.dumps({**GOOD, "id": "\x1b[31mred", "\x1b[2J": []}))
    check("\x1b" not in ends(1, evil).out, "no terminal's cursor is moved")


def folders(folder):
    for name in ("b.json", "a.json", "sub/c.json", "sub/deeper/d.json", ".hidden/e.json", ".f.json", "g.txt"):
        os.makedirs(os.path.dirname(os.path.join(folder, "docs", name)), exist_ok=True)
        write(os.path.join(folder, "docs"), name, json.dumps(GOOD))
    docs = os.path.join(folder, "docs")
    os.symlink("..", os.path.join(docs, "sub", "up"))
    os.symlink("deeper", os.path.join(docs, "sub", "twice"))
    os.mkfifo(os.path.join(docs, "pipe.json"))
    os.mkdir(os.path.join(docs, "folder.json"))
    done = ends(0, docs, "--json")
    names = [os.path.relpath(line["file"], docs) for line in done.lines]
    check(names == ["a.json", "b.json", "sub/c.json", "sub/deeper/d.json", "sub/twice/d.json"], str(names))
    check("pipe.json: not a file" in done.err, done.err)
    os.mkdir(os.path.join(folder, "empty"))
    check("no *.json" in ends(65, os.path.join(folder, "empty")).err, "a folder of nothing")
    done = ends(0, docs + "//")
    check(f"{docs}/a.json: valid" in done.out, done.out)


def from_a_pipe(folder):
    ends(0, "-", stdin=json.dumps([GOOD, GOOD]))
    ends(1, "-", stdin=json.dumps(GOOD) + "\n" + json.dumps(BAD) + "\n")
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    writer = subprocess.Popen([sys.executable, "-c", "import sys,time;f=open(sys.argv[1],'w');time.sleep(.2);"
                               "f.write(sys.argv[2]);f.close()", fifo, json.dumps(GOOD)])
    ends(0, fifo)
    writer.wait()


def what_is_no_json(folder):
    for name, text, words in (("empty", "", "empty"), ("binary", os.urandom(3000), "RFC 8259"),
                              ("utf16", '{"a":1}'.encode("utf-16"), "UTF-16"), ("mark", "\ufeff{}", "byte order mark"),
                              ("gz", b"\x1f\x8b\x08\0", "gzip"), ("deep", "[" * 200000, "cut short"),
                              ("deep2", "[" * 200000 + "]" * 200000, "JSON_DEPTH_MAX"),
                              ("pattern", "[url:value = 'a']", "--as pattern")):
        done = run(write(folder, name, text))
        check(done.code == 65 and words in done.out, f"{name}: {done.code} {done.out} {done.err}")
    for text in ('[1.0e]', '[nul]', '["\t"]', json.dumps(GOOD) + "\n{'a': 1}\n", f"[{json.dumps(GOOD)},{{]]"):
        total = ends(65, write(folder, "part", text), "--json").lines[-1]
        check(total["readable"] is False and total["valid"] is False, f"{text}: {total}")
    check("empty list" in ends(1, write(folder, "list", "[]")).out, "a list of nothing")


def patterns(folder):
    path = write(folder, "p", "[url:value = 'a']\n\n[url:value == 'a']\n[url:value = ]\n")
    done = ends(1, "--as", "pattern", path)
    out = done.out.splitlines()
    check("3 patterns, 1 error" in out[0] and "line 4, column 14" in out[1], done.out)
    check(out[2].index("[url") + 13 == out[3].index("^"), "the caret stands under the fault: " + done.out)
    line = ends(1, "--as", "pattern", "--json", path).lines[0]
    check(line["line"] == 4 and line["column"] == 14 and line["rule"].startswith("STIX 2.1 9"), str(line))
    ends(0, "--as", "pattern", write(folder, "one", "[url:value = 'a'\n OR\n url:value = 'b']\n"))


def a_large_bundle_in_little_memory(folder):
    path = os.path.join(folder, "large.json")
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"type":"bundle","id":"bundle--00000001-0000-4000-8000-000000000000","objects":[')
        for i in range(4000):
            out.write(("," if i else "") + json.dumps({**domain(f"d{i}.example", description="x" * 10000), "name": "x"}))
        out.write("]}")
    program = ("import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]);"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr);sys.exit(r.returncode)")
    done = subprocess.run([sys.executable, "-c", program, ENTENTE, "validate", path, "--json"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check(done.returncode == 0 and json.loads(done.stdout)["objects"] == 4000, done.stdout + done.stderr)
    check(int(done.stderr) < 300 << 10, f"{done.stderr} KiB")  # a sanitizer's own included


def needs_no_home_and_ends_when_told(folder):
    home = os.path.join(folder, "no-home")
    path = write(folder, "good.json", json.dumps(GOOD))
    ends(0, path, env={**os.environ, "ENTENTE_HOME": home})
    check(not os.path.exists(home), "nothing is made")
    waiting = subprocess.Popen([ENTENTE, "validate", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    time.sleep(0.5)
    waiting.send_signal(signal.SIGINT)
    check(waiting.wait(20) == 73 and b"stopped" in waiting.stderr.read(), "Ctrl-C")
    for stream in (waiting.stdin, waiting.stdout, waiting.stderr):
        stream.close()
    many = write(folder, "many.json", json.dumps([BAD] * 20000))
    head = subprocess.run(f"'{ENTENTE}' validate '{many}' --json | head -1", shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=True)
    check(json.loads(head.stdout)["id"] == BAD["id"] and not head.stderr, head.stderr)


main(what_the_exit_code_says, lines_for_machines, words_for_people, folders, from_a_pipe, what_is_no_json, patterns,
     a_large_bundle_in_little_memory, needs_no_home_and_ends_when_told)
