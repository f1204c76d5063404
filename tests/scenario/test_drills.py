#!/usr/bin/env python3
"""docs/OPERATIONS.md, docs/SHARING.md and docs/EXERCISES.md as printed: the ```sh blocks of each are run one after
another, in one shell, in an empty folder. A command that fails ends the drill, and the section's name is in the message. A block that begins
with "# root" is passed over where we are not root."""

import os
import re
import subprocess

from house import check, main

SOURCE = os.environ.get("ENTENTE_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ENTENTE = os.path.abspath(os.environ.get("ENTENTE", "build/release/entente"))


def blocks(page):
    """[(section, commands)]"""
    section, found = "", []
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as file:
        text = file.read()
    for heading, commands in re.findall(r"^## ([^\n]*)$|^```sh\n(.*?)^```$", text, re.M | re.S):
        section = heading or section
        if commands and not (commands.startswith("# root") and os.geteuid() != 0):
            found.append((section, commands))
    return found


def operations(folder):
    run_page(folder, "OPERATIONS.md")


def sharing(folder):
    run_page(folder, "SHARING.md")


def exercises(folder):
    run_page(folder, "EXERCISES.md")


def run_page(folder, page):
    drills = blocks(page)
    check(len(drills) >= 2, "no drills on the page")
    os.mkdir(os.path.join(folder, "bin"))
    os.symlink(ENTENTE, os.path.join(folder, "bin", "entente"))
    script = ["set -eu", "trap 'for job in $(jobs -p); do kill $job 2>/dev/null || :; done' EXIT"]
    for number, (section, commands) in enumerate(drills):
        script.append(f"echo 'DRILL {number} {section}'")
        script += [f"if {line[2:]}; then echo 'it should have failed: {number}'; exit 1; fi"
                   if line.startswith("! ") else line for line in commands.splitlines()]
    script.append("echo DRILLS DONE")
    os.mkdir(os.path.join(folder, "work"))
    env = {**os.environ, "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"]}
    env.pop("ENTENTE_HOME", None)
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=os.path.join(folder, "work"), env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=600)
    reached = [line for line in done.stdout.splitlines() if line.startswith("DRILL ")]
    check(done.returncode == 0 and done.stdout.endswith("DRILLS DONE\n"),
          f"stopped in {reached[-1] if reached else 'nothing'}: exit {done.returncode}\n" +
          "\n".join(done.stdout.splitlines()[-12:]))
    print(f"# {len(drills)} blocks")


main(operations, sharing, exercises)
