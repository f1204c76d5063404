#!/usr/bin/env python3
"""Our ledger and Go's (x/mod/sumdb/note, transparency-dev/merkle and formats) judge each other's checkpoints, cosignatures,
inclusion and consistency proofs: the whole ones hold, the spoilt ones do not."""

import json
import os
import subprocess

import gopeer
from house import check, main

OURS = os.path.join(gopeer.BUILD, "tests", "ledger_peer")
SEED = os.environ.get("SEED", "1")


def run(*words, data=None):
    done = subprocess.run(words, input=data, stdin=None if data is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    check(done.returncode == 0, f"{' '.join(words)}: {done.stderr.decode(errors='replace')[:2000]}")
    return done.stdout


def counted(out, least):
    """Each kind was there, whole and spoilt, as often as we know it must have been."""
    counts = json.loads(out)
    for kind, number in least.items():
        check(counts.get(kind, 0) >= number, f"{kind}: {counts.get(kind, 0)} cases, at least {number} were due")


@gopeer.wanted("go", (1, 19))
def go_judges_ours(folder, go):
    cases = run(OURS, "make", SEED)
    counted(run(go, "check", data=cases),
            {f"{kind} {good}": number for good in ("true", "false")
             for kind, number in (("inclusion", 900), ("consistency", 900), ("checkpoint", 5), ("cosignature", 5))})


@gopeer.wanted("go", (1, 19))
def we_judge_gos(folder, go):
    cases = run(go, "make", SEED)
    counted(run(OURS, "check", data=cases), {"good": 2000, "bad": 2000})


@gopeer.wanted("go-formats", (1, 24))
def formats_judges_ours(folder, go):
    cases = run(OURS, "make", SEED)
    counted(run(go, data=cases),
            {f"{kind} {good}": 5 for good in ("true", "false") for kind in ("checkpoint", "cosignature")})


if __name__ == "__main__":
    main(go_judges_ours, we_judge_gos, formats_judges_ours)
