#!/usr/bin/env python3
"""watch --follow: rotation, truncation, restarts, new indicators; every hit once, whatever happens."""

import os
import signal

from house import Node, bundle, check, domain, main, wait_for, write
from watching import Watch, append, count, house

def findings_stand(folder, serve=False):
    node = house(folder, "evil.example")
    if serve:
        node.serve()
    log = write(folder, "log", "192.0.2.7 asked evil.example\nhonest line\n8.8.8.8 asked evil.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 2, "two hits")
    append(log, "192.0.2.7 asked evil.example\n")
    wait_for(lambda: count(node) == 3, "a third")
    check(watch.stop() == 0, "Ctrl-C ends it cleanly")
    found = {f["organisation"]: f["count"] for f in node.ok("finding", "list", "--json").lines}
    check(found == {"City Hospital": 2, None: 1}, str(found))
    number = [f["finding"] for f in node.ok("finding", "list", "--json").lines if f["organisation"]][0]
    shown = node.ok("finding", "show", number).out
    check("192.0.2.7 asked evil.example" in shown and "soc@x.example" in shown, shown)
    check(any(line.get("new") for line in watch.lines), f"it tells: {watch.lines}")
    node.ok("rebuild")
    check(count(node) == 3, "findings come back from the log")
    node.stop()


def findings_stand_beside_a_server(folder):
    findings_stand(folder, serve=True)


def restarts_count_nothing_twice(folder):
    node = house(folder, "evil.example")
    log = write(folder, "log", "192.0.2.7 evil.example\n" * 50)
    for turn in range(6):
        watch = Watch(node, log)
        wait_for(lambda: count(node) == 50 + turn * 10, f"turn {turn}")
        append(log, "192.0.2.8 evil.example\n" * 10)
        wait_for(lambda: count(node) == 60 + turn * 10, f"turn {turn}, appended")
        watch.stop(signal.SIGKILL if turn % 2 else signal.SIGTERM)
    check(count(node) == 110, f"{count(node)} hits of 110")


def rotation_and_truncation(folder):
    node = house(folder, "evil.example")
    log = write(folder, "log", "192.0.2.7 evil.example one\n" + "x" * 2000 + "\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "one")
    append(log, "192.0.2.7 evil.example two\n")
    os.rename(log, log + ".1")
    append(log + ".1", "192.0.2.7 evil.example three\n")
    write(folder, "log", "192.0.2.7 evil.example four\n" + "y" * 3000 + "\n")
    wait_for(lambda: count(node) == 4, "over rotation")
    with open(log, "w", encoding="utf-8") as again:  # copytruncate
        again.write("192.0.2.7 evil.example five\n")
    wait_for(lambda: count(node) == 5, "over truncation")
    watch.stop()
    append(log, "192.0.2.7 evil.example six\n")
    os.rename(log, log + ".1")
    write(folder, "log", "192.0.2.7 evil.example seven\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 7, "rotated while away")
    watch.stop()
    check(count(node) == 7, str(count(node)))


def new_indicators_look_back(folder):
    node = house(folder, "evil.example")
    node.serve()
    log = write(folder, "log", "192.0.2.7 asked late.example\n192.0.2.7 asked evil.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "what is known")
    node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
    wait_for(lambda: count(node) == 2, "what was logged before it was known")
    append(log, "192.0.2.7 asked late.example again\n")
    wait_for(lambda: count(node) == 3, "and after")
    watch.stop(signal.SIGKILL)
    node.ok("import", bundle(folder, domain("hospital-update.test")), "--from", "CERT Y")
    append(log, "192.0.2.7 asked hospital-update.test\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 4, "over a restart")
    watch.stop()
    check(count(node) == 4, f"counted twice: {count(node)}")
    node.stop()


def others_come_and_go(folder):
    """Without a server every command is the owner for a moment; the watch's own view stays whole under all of them."""
    node = house(folder, "evil.example")
    log = write(folder, "log", "")
    watch = Watch(node, log)
    for turn in range(6):
        node.ok("import", bundle(folder, domain(f"turn{turn}.example")), "--from", "CERT Y")
        append(log, f"192.0.2.7 evil.example\n192.0.2.7 turn{turn}.example\n")
        wait_for(lambda: count(node) == 2 * turn + 2, f"turn {turn}")
    check(watch.stop() == 0, "the watch ends well")


def standard_input(folder):
    node = house(folder, "evil.example")
    done = node.ok("watch", "-", "--json", stdin="192.0.2.1 evil.example\nnothing\n")
    check(done.lines[0]["organisation"] == "City Hospital" and count(node) == 1, done.out)


def false_positive_silences(folder):
    node = house(folder, "evil.example")
    node.ok("watch", "-", stdin="192.0.2.1 evil.example\n")
    node.ok("finding", "false-positive", "F-1", "--reason", "our own test")
    node.ok("watch", "-", stdin="192.0.2.1 evil.example\n")
    check([f["state"] for f in node.ok("finding", "list", "--json").lines] == ["false positive"], "it stays silent")


main(findings_stand, findings_stand_beside_a_server, restarts_count_nothing_twice, rotation_and_truncation,
     new_indicators_look_back, others_come_and_go, standard_input, false_positive_silences)
