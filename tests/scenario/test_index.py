#!/usr/bin/env python3
"""The index of what is looked for: hits are the same with it, without it, behind it and while it changes."""

import json
import os
import shutil
import signal
import subprocess
import time

from house import Node, bundle, check, domain, indicator, main, wait_for, write
from watching import Watch, append, count, house

LINES = "192.0.2.7 asked evil.example\n192.0.2.8 asked late.example\nGET http://bad.example/x 10.1.2.3\n"


def values(done):
    return sorted((hit["line"], hit["indicator"]) for hit in done.lines)


def base(node):
    return os.path.join(node.home, "index", "base")


def info(node):
    return node.ok("index", "--info", "--json").lines[0]


def hits_are_those_of_the_view(folder):
    node = house(folder, "evil.example")
    one = domain("bad.example")
    node.ok("import", bundle(folder, one, indicator("[ipv4-addr:value ISSUBSET '10.1.0.0/16']")), "--from", "CERT Y")
    log = write(folder, "log", LINES)
    check(node.run("index", "--info").code == 65, "there is none yet")
    want = values(node.ok("match", log, "--json"))
    made = node.ok("index", "--json").lines[0]
    check(made["values"] == 3 and made["current"] and made["behind"] == 0 and made["kinds"]["cidr"] == 1, str(made))
    check(values(node.ok("match", log, "--json")) == want, "other hits with the index")
    node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
    check(info(node)["behind"] > 0 and info(node)["generation"] == 1, str(info(node)))
    check((2, "late.example") in values(node.ok("match", log, "--json")), "what came since is not looked for")
    node.ok("import", bundle(folder, {**one, "revoked": True, "modified": "2026-06-01T00:00:00.000Z"}), "--from", "CERT Y")
    check((3, "bad.example") not in values(node.ok("match", log, "--json")), "what was revoked since still hits")
    node.ok("index")
    check(info(node)["generation"] == 2 and info(node)["behind"] == 0, str(info(node)))
    check((3, "bad.example") not in values(node.ok("match", log, "--json")), "what was revoked before still hits")
    with open(base(node), "r+b") as spoiled:
        spoiled.seek(9000)
        spoiled.write(b"spoiled")
    done = node.ok("match", log, "--json")
    check((2, "late.example") in values(done) and "the index is not used" in done.err, done.err)
    node.fails(65, "index", "--info")
    shutil.rmtree(os.path.join(node.home, "index"))
    check((2, "late.example") in values(node.ok("match", log, "--json")), "without the folder")


def a_copy_works_without_a_home(folder):
    node = house(folder, "evil.example")
    node.ok("index")
    copy, log = os.path.join(folder, "copy"), write(folder, "log", LINES)
    shutil.copy(base(node), copy)
    nowhere = ["--home", os.path.join(folder, "nowhere")]
    hit = json.loads(subprocess.run([node.command()[0], *nowhere, "match", "--index", copy, log, "--json"],
                                    stdout=subprocess.PIPE, check=True).stdout)
    check(hit["indicator"] == "evil.example" and hit["party"] == "CERT Y" and hit["organisation"] is None, str(hit))
    check(not os.path.exists(nowhere[1]), "a home was made")
    check(node.ok("match", "--index", copy, log, "--json").lines[0]["organisation"] == "City Hospital", "with a home")
    for size in (0, 100, 5000, os.path.getsize(copy) - 1):
        os.truncate(copy, size)
        done = node.fails(65, "match", "--index", copy, log)
        check("byte" in done.err or "offset" in done.err, done.err)
        shutil.copy(base(node), copy)


def a_running_watch_does_not_depend_on_it(folder):
    node = house(folder, "evil.example")
    one = domain("gone.example")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    node.ok("index")
    node.serve()
    log = write(folder, "log", "192.0.2.7 asked evil.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "with the index")
    node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
    append(log, "192.0.2.7 asked late.example\n")
    wait_for(lambda: count(node) == 2, "what came since")
    node.ok("index")
    append(log, "192.0.2.7 asked late.example\n192.0.2.7 asked gone.example\n")
    wait_for(lambda: count(node) == 4, "with a newer one")
    shutil.rmtree(os.path.join(node.home, "index"))
    node.ok("import", bundle(folder, {**one, "revoked": True, "modified": "2026-06-01T00:00:00.000Z"}), "--from", "CERT Y")
    node.ok("import", bundle(folder, domain("last.example")), "--from", "CERT Y")
    append(log, "192.0.2.7 asked gone.example\n192.0.2.7 asked evil.example\n192.0.2.7 asked last.example\n")
    wait_for(lambda: count(node) == 6, "without the folder")
    time.sleep(0.3)
    check(watch.stop() == 0 and count(node) == 6, "what was revoked was counted")
    node.stop()


def killed_while_it_is_made(folder):
    node = house(folder, "evil.example")
    node.ok("import", write(folder, "many.csv", "value\n" + "".join(f"h{i}.many.example\n" for i in range(3000))),
            "--from", "CERT Y")
    node.ok("index")
    log = write(folder, "log", LINES)
    for turn in range(12):
        making = subprocess.Popen(node.command("index"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(0.02 + turn * 0.03)
        making.send_signal(signal.SIGKILL)
        making.wait()
        check(info(node)["values"] == 3001, "the index there is neither the old nor the new one")
        check(values(node.ok("match", log, "--json")) == [(1, "evil.example")], "hits")
    node.ok("index")
    check(set(os.listdir(os.path.join(node.home, "index"))) <= {"base", "now"}, "something is left behind")


def what_is_erased_is_not_in_it(folder):
    node = house(folder, "evil.example")
    one = domain("erased.example")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    node.ok("index")
    check(b"erased.example" in open(base(node), "rb").read(), "it was in")
    node.ok("erase", one["id"], "--reason", "a test")
    check(not os.path.exists(base(node)), "the index made before the erasure is still there")
    node.ok("index")
    check(b"erased.example" not in open(base(node), "rb").read(), "it is in again")


main(hits_are_those_of_the_view, a_copy_works_without_a_home, a_running_watch_does_not_depend_on_it,
     killed_while_it_is_made, what_is_erased_is_not_in_it)
