#!/usr/bin/env python3
"""kill -9, SIGTERM and Ctrl-C at random moments: what was acknowledged is there, the home opens, the rest can follow."""

import json
import os
import random
import signal
import subprocess
import time

from house import Node, check, main, wait_for, write

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def kill_import(node, path, how, after, begun):
    """Acknowledged objects when the signal came: so long after the start, or after the first acknowledgement."""
    process = subprocess.Popen(node.command("import", path, "--json"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline() if begun else ""
    time.sleep(after)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    out = first + out
    check("Sanitizer" not in err, err)
    acked = [json.loads(line)["acked"] for line in out.splitlines() if line.startswith('{"acked"')]
    return acked[-1] if acked else 0, process.returncode


def signals_during_import(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    rows = "".join(f"k{i}.example\n" for i in range(60000))
    path = write(folder, "rows.csv", "value\n" + rows)
    partly = 0
    for turn in range(15):
        node = Node(folder, f"n{turn}")
        how = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[turn % 4]
        begun = turn % 2 == 1
        acked, code = kill_import(node, path, how, rng.uniform(0, 0.2) if begun else rng.uniform(0.02, 1.5), begun)
        there = node.status()["indicators"] if how != signal.SIGKILL else None
        node.ok("rebuild")  # opens as owner: recovers
        now = node.status()["indicators"]
        check(now >= acked, f"turn {turn}: acknowledged {acked}, there {now}")
        check(there is None or there == now, f"turn {turn}: after a clean end {there}, after a replay {now}")
        # Before the program could say how it takes a signal, the signal ends it: nothing was begun then.
        early = code == -how and now == 0
        check(how == signal.SIGKILL or code in (0, 73) or early, f"turn {turn}: exit {code}")
        partly += 0 < now < 60000
        if turn % 5 == 0:
            node.ok("import", path)
            check(node.status()["indicators"] == 60000, "it can go on")
    check(partly > 0, "no signal came in the middle: the test proved nothing")


def killed_server(folder):
    """The server dies under a client's import; the client says so, and a new server has what was acknowledged."""
    node = Node(folder, "CSIRT").serve()
    path = write(folder, "rows.csv", "value\n" + "".join(f"s{i}.example\n" for i in range(200000)))
    process = subprocess.Popen(node.command("import", path, "--json"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    acked = json.loads(first)["acked"]
    node.stop(kill=True)
    out, err = process.communicate(timeout=60)
    for line in out.splitlines():
        if line.startswith('{"acked"'):
            acked = json.loads(line)["acked"]
    check(process.returncode != 0 and err.startswith("entente: "), f"{process.returncode} {err}")
    node.serve()
    wait_for(lambda: node.status()["indicators"] >= acked, f"{acked} acknowledged objects")
    check(node.stop() == 0, "clean end")


main(signals_during_import, killed_server)
