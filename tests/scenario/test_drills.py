#!/usr/bin/env python3
"""docs/OPERATIONS.md, docs/SHARING.md and docs/EXERCISES.md as printed: the ```sh blocks of each are run one after
another, in one shell, in an empty folder. A command that fails ends the drill, and the section's name is in the message.
A block that begins with "# root" is passed over where we are not root. And README.md's tour, with files for its
names."""

import os
import re
import shutil
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


# What the tour's reader has, and what stands in for it here.
SAMPLES = {"misp-event.json": "misp/good/event.json", "incident.xml": "iodef/good/events.xml",
           "2026-11-20-scan_ntp-xe-asn.csv": "shadowserver/good/2026-11-20-scan_ntp-examplia-asn.csv",
           "mail.eml": "mail/good/report.eml", "report.pdf": "mail/good/report.eml", "bundle.json": "stix/good/bundle.json",
           "feeds/feed.json": "stix/good/list.json", "feed-folder/feed.json": "stix/good/bundle.json"}
STANDS_FOR = {"demo/country.csv": f"{SOURCE}/demo/country.csv", "entente serve &": "entente serve --listen 127.0.0.1:0 &",
              "--index FILE": '--index "$ENTENTE_HOME/index/base"', "--observed FILE": "--observed bundle.json",
              "pdftotext report.pdf -": "cat report.pdf", "echo \"[url:": "! echo \"[url:",
              "entente finding list": 'until entente finding show F-1 >/dev/null; do sleep 0.1; done; entente finding list'}


def tour():
    """[(section, commands)]"""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    found = text[text.index("## A tour of"):text.index("## What it promises")]
    for printed, ours in STANDS_FOR.items():
        check(printed in found, f"the tour says nothing of: {printed}")
        found = found.replace(printed, ours)
    return [("the tour", commands) for commands in re.findall(r"^```\n(.*?)^```$", found, re.M | re.S)]


def readme(folder):
    work = os.path.join(folder, "work")
    for name, sample in SAMPLES.items():
        os.makedirs(os.path.dirname(os.path.join(work, name)), exist_ok=True)
        shutil.copy(os.path.join(SOURCE, "tests", "data", sample), os.path.join(work, name))
    start = ("start", f"mkdir '{folder}/drop'; export ENTENTE_HOME='{folder}/tour'")
    run_blocks(folder, [start] + [(section, commands.replace("/tmp/", folder + "/")) for section, commands in tour()])


def operations(folder):
    run_page(folder, "OPERATIONS.md")


def sharing(folder):
    run_page(folder, "SHARING.md")


def exercises(folder):
    run_page(folder, "EXERCISES.md")


def run_page(folder, page):
    run_blocks(folder, blocks(page))


def run_blocks(folder, drills):
    check(len(drills) >= 2, "no drills on the page")
    os.mkdir(os.path.join(folder, "bin"))
    os.symlink(ENTENTE, os.path.join(folder, "bin", "entente"))
    script = ["set -eu", "trap 'for job in $(jobs -p); do kill $job 2>/dev/null || :; done' EXIT"]
    for number, (section, commands) in enumerate(drills):
        script.append(f"echo 'DRILL {number} {section}'")
        script += [f"if {line[2:]}; then echo 'it should have failed: {number}'; exit 1; fi"
                   if line.startswith("! ") else line for line in commands.splitlines()]
    script.append("echo DRILLS DONE")
    os.makedirs(os.path.join(folder, "work"), exist_ok=True)
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


main(operations, sharing, exercises, readme)
