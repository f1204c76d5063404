#!/usr/bin/env python3
"""watch: what changes beside the log, indicators and the register, is taken note of; and how a watch ends."""

import os
import random
import signal
import subprocess
import time

from house import Node, bundle, check, domain, main, wait_for, write
from watching import Watch, append, count, house

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def a_silent_pipe_is_looked_at_with_todays_indicators(folder):
    node = house(folder, "evil.example")
    watch = subprocess.Popen(node.command("watch", "-"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    watch.stdin.write("192.0.2.7 evil.example\n")
    watch.stdin.flush()
    wait_for(lambda: count(node) == 1, "the pipe is read")
    node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
    watch.stdin.write("192.0.2.7 late.example\n")
    watch.stdin.close()
    check(watch.wait(60) == 0, "the end of the pipe is no error")
    check(count(node) == 2, "the line after the import was not looked at with what was imported")


def a_register_that_changes_is_used(folder):
    node = Node(folder, "CSIRT")
    node.ok("import", bundle(folder, domain("evil.example")), "--from", "CERT Y")
    log = write(folder, "log", "an honest line\n")
    watch = Watch(node, log)
    wait_for(lambda: watch.lines, "it follows")
    node.ok("constituency", "import", write(folder, "register.csv", "name,sector,networks,domains,contacts\n"
                                            "City Hospital,health,192.0.2.0/24,,\n"))
    time.sleep(1.5)  # it is read at most once a second, but then for sure
    append(log, "192.0.2.7 evil.example\n")
    wait_for(lambda: count(node) == 1, "the hit")
    watch.stop()
    check(node.ok("finding", "list", "--json").lines[0]["organisation"] == "City Hospital", "nobody's")


def what_ends_a_watch_is_told(folder):
    node = house(folder, "evil.example")
    done = node.fails(64, "watch", "--follow", folder)
    check("regular file" in done.err and "ok" not in done.err.split(), done.err)
    log = write(folder, "log", "an honest line\n")
    watch = Watch(node, log)
    wait_for(lambda: watch.lines, "it follows")
    os.rename(node.home, node.home + ".away")
    append(log, "192.0.2.7 evil.example\n")
    code = watch.process.wait(60)
    check(code > 0, f"a watch that could not record a hit ended with {code}")
    watch.stop()


def an_indicator_sent_again_is_no_news(folder):
    node = house(folder, "other.example").serve()
    one = domain("evil.example", valid_until="2090-01-01T00:00:00Z")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    log = write(folder, "log", "192.0.2.7 evil.example\n192.0.2.7 more.example\n")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 1, "the first")
    one = dict(one, modified="2026-02-01T00:00:00.000Z", valid_until="2091-01-01T00:00:00Z")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    time.sleep(0.5)
    check(count(node) == 1, f"a later version made the old line count again: {count(node)}")
    watch.stop()
    one = dict(one, modified="2026-03-01T00:00:00.000Z",
               pattern="[domain-name:value = 'evil.example' OR domain-name:value = 'more.example']")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    watch = Watch(node, log)
    wait_for(lambda: count(node) == 2, "the value that is new")
    append(log, "192.0.2.7 evil.example\n")
    wait_for(lambda: count(node) == 3, "the new line")
    one = dict(one, modified="2026-04-01T00:00:00.000Z", pattern="[domain-name:value = 'more.example']")
    node.ok("import", bundle(folder, one), "--from", "CERT Y")
    time.sleep(0.5)
    append(log, "192.0.2.7 evil.example\n192.0.2.7 more.example\n")
    wait_for(lambda: count(node) == 4, "what it still looks for")
    watch.stop()
    check(count(node) == 4, f"a value that was taken back still counts: {count(node)}")


def what_came_while_the_log_was_empty_counts_once(folder):
    node = house(folder, "evil.example").serve()
    log = write(folder, "log", "")
    watch = Watch(node, log)
    wait_for(lambda: watch.lines, "it follows")
    node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
    append(log, "192.0.2.7 late.example\n")
    wait_for(lambda: count(node) == 1, "the hit")
    node.ok("import", bundle(folder, domain("later.example")), "--from", "CERT Y")
    append(log, "192.0.2.7 later.example\n")
    wait_for(lambda: count(node) == 2, "the second")
    time.sleep(0.3)
    check(watch.stop() == 0 and count(node) == 2, f"counted again: {count(node)}")


def a_view_made_anew_is_looked_at(folder):
    """Another process rebuilds the views while the watch runs: what comes after is seen."""
    for serving in (False, True):
        node = house(os.path.join(folder, str(serving)), "evil.example")
        if serving:
            node.serve()
        log = write(folder, f"log{serving}", "192.0.2.7 evil.example\n")
        watch = Watch(node, log)
        wait_for(lambda: count(node) == 1, "the first hit")
        node.ok("rebuild")
        node.ok("import", bundle(folder, domain("late.example")), "--from", "CERT Y")
        time.sleep(0.3)
        append(log, "192.0.2.7 late.example\n192.0.2.7 evil.example\n")
        wait_for(lambda: count(node) == 3, "what came after the rebuild")
        node.ok("rebuild")
        append(log, "192.0.2.7 late.example\n")
        wait_for(lambda: count(node) == 4, "what came after the second")
        check(watch.stop() == 0, "clean end")


def a_pass_over_what_was_logged_is_killed_and_counts_once(folder):
    """What it finds is handed over as it is found, block by block: none of it is lost, none counts twice."""
    rounds, each, every = 6, 5, 4000
    print(f"# seed {SEED}")
    draw = random.Random(SEED)
    names = [[f"late{r}x{i}.example" for i in range(each)] for r in range(rounds)]
    node = house(folder, "evil.example").serve()
    known = [name for some in names for name in some]
    log = write(folder, "log", "".join("an honest line\n" * every + f"192.0.2.7 {name}\n" for name in known * 3))
    watch = Watch(node, log)
    wait_for(lambda: any("following" in line for line in watch.lines), "it follows")
    for some in names:
        node.ok("import", bundle(folder, *[domain(name) for name in some]), "--from", "CERT Y")
        for _ in range(2):
            time.sleep(draw.random() * 0.25)
            watch.stop(signal.SIGKILL)
            watch = Watch(node, log)
    wait_for(lambda: count(node) >= 3 * len(known), "all of them", 60)
    check(watch.stop() == 0, "clean end")
    counts = {f["value"]: f["count"] for f in node.ok("finding", "list", "--limit", "1000", "--json").lines}
    check(counts == {name: 3 for name in known}, f"{counts}")


main(an_indicator_sent_again_is_no_news, what_came_while_the_log_was_empty_counts_once,
     a_silent_pipe_is_looked_at_with_todays_indicators, a_register_that_changes_is_used, what_ends_a_watch_is_told,
     a_view_made_anew_is_looked_at, a_pass_over_what_was_logged_is_killed_and_counts_once)
