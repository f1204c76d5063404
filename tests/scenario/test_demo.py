#!/usr/bin/env python3
"""The demonstration ends well only if every step was seen in the logs of both nodes."""

import json
import os
import subprocess

from house import ENTENTE, check, main


def every_step_happens(folder):
    env = dict(os.environ, TMPDIR=folder)
    done = subprocess.run([ENTENTE, "demo", "--once", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=env, timeout=500, check=False)
    check(done.returncode == 0, f"exit {done.returncode}: {done.stderr}\n{done.stdout}")
    times = json.loads(done.stdout.splitlines()[-1])
    order = [times[step] for step in ("published", "taken_in", "found", "sighting", "returned")]
    check(all(t is not None for t in order) and order == sorted(order), str(times))
    check(times["incident"] is not None, str(times))
    check(os.listdir(folder) == [], f"left behind: {os.listdir(folder)}")


main(every_step_happens)
