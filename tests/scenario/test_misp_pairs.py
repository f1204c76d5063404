#!/usr/bin/env python3
"""MISP events beside what misp-stix makes of them (pairs of the data collection): what must agree agrees, no value is
lost without being told, and no marking is wider. What differs on purpose stands in a table, with the reason."""

import json
import os
import re
import subprocess

from house import check, main, write

PROGRAM = os.path.join(os.environ.get("ENTENTE_BUILD", "build"), "tests", "format_test_misp")
PAIRS = os.path.join(os.environ.get("ENTENTE_DATA", "/nowhere"), "misp", "pairs-misp-to-stix21.jsonl")

# One difference is a rule: where nothing says to_ids, theirs takes PyMISP's default for the type, and we look for nothing,
# since MISP itself always says it. The others, by MISP's name of the object, and by the event:
INDICATOR_OF = {
    "credential": "a user name alone is no value that a log line can be held against: kept as x-misp-object",
    "pe": "original-filename of a PE header is not the name of a file: kept as x-misp-object",
}
PATTERN_OF = {
    "get_event_with_escaped_values_v20": "only attributes with to_ids are looked for; header names as STIX writes them; "
                                         "numbers as numbers; a payload is no value of a log line",
    "get_event_with_object_references": "of an object only what has to_ids is looked for",
}
RANK = {"613f2e26": 0, "94868c89": 0, "34098fce": 1, "bab4a63c": 1, "f88d31f6": 2, "55d920b0": 2, "826578e1": 3,
        "939a9414": 3, "5e57c739": 4, "e828b379": 4}


def texts(value):
    """Every scalar in a JSON value, as text."""
    if isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)
    else:
        yield str(value).lower()


def label(o):
    """Of the strictest TLP on an object; -1: none."""
    return max((RANK.get(m.split("--")[1][:8], -1) for m in o.get("object_marking_refs", [])), default=-1)


def literals(pattern):
    found = re.findall(r"'((?:[^'\\]|\\.)*)'", re.sub(r"hashes\.'[^']*'", "hashes", pattern))
    return {f.replace("\\'", "'").replace("\\\\", "\\") for f in found}


def attributes(event):
    for a in event.get("Attribute", []):
        yield a, None
    for o in event.get("Object", []):
        for a in o.get("Attribute", []):
            yield a, o


def made_of(folder, pairs):
    """[(objects, lost, refused)] as our reader makes them of each."""
    paths = [write(folder, f"{i}.json", json.dumps(p["misp"])) for i, p in enumerate(pairs)]
    done = subprocess.run([PROGRAM], env={**os.environ, "MISP_DUMP": write(folder, "list", "\n".join(paths))},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode == 0, done.stderr[-2000:])
    made = []
    for line in done.stdout.split("\n"):
        if line.startswith("F "):
            made.append(([], [], []))
        elif line[:2] == "O " and made:
            made[-1][0].append(json.loads(line[2:]))
        elif line[:2] in ("L ", "R ") and made:
            made[-1][1 if line[0] == "L" else 2].append(line[2:])
    check(len(made) == len(pairs), f"{len(made)} of {len(pairs)}")
    return made


def values_are_kept(name, event, objects, lost):
    here = " ".join(t for o in objects for t in texts(o))
    plain = here.replace("\\\\", "\\").replace("\\'", "'")
    for a, _ in attributes(event):
        value = str(a["value"])
        for part in value.split("|", 1) if "|" in a["type"] else [value]:
            known = part.lower() in here or part.lower() in plain or any(part in words for words in lost)
            check(known, f"{name}: {a['type']} {part!r} is nowhere, and nobody says so")


def indicators_agree(name, event, ours, theirs):
    for a, o in attributes(event):
        if o is None and "uuid" in a:
            i = f"indicator--{a['uuid']}"
            check((i in ours) == (i in theirs), f"{name}: {a['type']}: looked for by one alone")
    for o in event.get("Object", []):
        i, wanted = f"indicator--{o['uuid']}", any(a.get("to_ids") for a in o.get("Attribute", []))
        check(wanted or i not in ours, f"{name}: {o['name']}: nobody said to_ids, and it is looked for")
        check(not wanted or (i in ours) == (i in theirs) or o["name"] in INDICATOR_OF, f"{name}: {o['name']}: by one alone")
    for i in ours.keys() & theirs.keys():
        if i.startswith("indicator--"):
            a, b = literals(ours[i]["pattern"]), literals(theirs[i]["pattern"])
            check(a == b or name in PATTERN_OF, f"{name}: {ours[i]['pattern']} is not {theirs[i]['pattern']}")


def misp_as_misp_stix_reads_it(folder):
    if not os.path.exists(PAIRS) or not os.path.exists(PROGRAM):
        return "the data collection, or the program of unit tests, is not there"
    with open(PAIRS, encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    shared = 0
    for pair, (objects, lost, refused) in zip(pairs, made_of(folder, pairs)):
        name, event = pair["name"], pair["misp"].get("Event", pair["misp"])
        ours, theirs = {o["id"]: o for o in objects}, {o["id"]: o for o in pair["stix21"]["objects"]}
        check(not refused, f"{name}: {refused}")
        values_are_kept(name, event, objects, lost)
        indicators_agree(name, event, ours, theirs)
        for i in ours.keys() & theirs.keys():
            check(label(ours[i]) >= label(theirs[i]), f"{name}: {i} is marked wider than theirs")
        fixed = {i for i in theirs if i.split("--")[0] in ("grouping", "report", "attack-pattern", "malware", "tool",
                                                           "campaign", "course-of-action", "vulnerability",
                                                           "threat-actor", "intrusion-set")}
        check(fixed <= set(ours), f"{name}: {fixed - set(ours)} have other ids here")
        shared += len(ours.keys() & theirs.keys())
    check(shared > 150, f"only {shared} objects bear the same id")


main(misp_as_misp_stix_reads_it)
