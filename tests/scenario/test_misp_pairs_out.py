#!/usr/bin/env python3
"""STIX beside what misp-stix makes of it (pairs of the data collection): what an importer of MISP gets of it by its hand
it gets by ours, or the object is told as one that MISP has no place for. What is left out on purpose stands in a table.
Each run takes a part of the pairs; ENTENTE_PAIRS=all takes all of them."""

import json
import os
import random
import shutil

from house import Node, check, main, write

DATA = os.path.join(os.environ.get("ENTENTE_DATA", "/nowhere"), "misp")
PART = 18

# By the type of the STIX object that holds the value, and theirs by template and relation; "*": whatever it is.
LEFT_OUT = {
    ("identity", "*", "*"): "an identity is who made something, not a thing that the event is about",
    ("location", "*", "*"): "as identity: a place is named by what happened there",
    ("*", "pe", "*"): "one template holds one file's values: those of its sections are told by the file",
    ("*", "pe-section", "*"): "as pe",
    ("autonomous-system", "asn", "subnet-announced"): "a misreading: STIX has no such property",
    ("indicator", None, "attachment"): "the pattern is the value: a name without the bytes is no attachment",
    ("file", None, "attachment"): "as above",
    ("indicator", "suricata", "ref"): "a rule is an attribute of its type here, and a reference has no place beside it",
    ("indicator", None, "regkey|value"): "written with one backslash, as the pattern means it",
}


def texts(value):
    if isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)
    else:
        yield str(value).lower()


def attributes(event):
    for a in event.get("Attribute", []):
        yield a, None
    for o in event.get("Object", []):
        for a in o.get("Attribute", []):
            yield a, o["name"]


def left_out(kind, template, relation):
    return any(k in (kind, "*") and t in (template, "*") and r in (relation, "*") for k, t, r in LEFT_OUT)


def silent(pair, made, told):
    """What theirs has and ours has not, and nobody says so."""
    here = " ".join(texts(made)).replace("\\\\", "\\")
    for a, template in attributes(pair["misp"].get("Event", pair["misp"])):
        relation = a.get("object_relation") or a["type"]
        for part in str(a["value"]).split("|") if "|" in a["type"] else [str(a["value"])]:
            value = part.lower().replace("\\\\", "\\")
            if value in here or (value == "true" and "1" in here):  # as MISP itself writes it
                continue
            holders = [o for o in pair["stix21"]["objects"] if any(value in t.replace("\\\\", "\\") for t in texts(o))]
            around = [o for o in pair["stix21"]["objects"] if any(h["id"] in o.get("object_refs", []) for h in holders)]
            if holders and not any(o["id"] in told for o in holders + around) and \
                    not any(left_out(o["type"], template, relation) for o in holders):
                yield f"{holders[0]['type']}: {template} {relation} {part!r}"


def pairs_of(kind):
    with open(os.path.join(DATA, f"pairs-stix21-to-misp-{kind}.jsonl"), encoding="utf-8") as file:
        return [pair for pair in map(json.loads, file) if pair["misp"]]


def stix_as_misp_stix_writes_it(folder):
    if not os.path.exists(os.path.join(DATA, "pairs-stix21-to-misp-internal.jsonl")):
        return "the data collection is not there"
    empty = Node(folder, "EMPTY")
    pairs = pairs_of("internal") + pairs_of("external")
    if os.environ.get("ENTENTE_PAIRS") != "all":
        pairs = random.Random(int(os.environ.get("SEED", "1"))).sample(pairs, PART)
    faults = []
    for number, pair in enumerate(pairs):
        node = Node(folder, f"n{number}", init=False)
        shutil.copytree(empty.home, node.home)
        done = node.ok("import", write(folder, "bundle.json", json.dumps(pair["stix21"])), "--marking", "GREEN",
                       "--from", "self", "--json")
        if any(isinstance(line.get("rejected"), dict) for line in done.lines):
            continue  # it is no valid STIX, and was told
        out = node.run("export", "--to", "account admin", "--as", "misp")
        check(out.code == 0, out.err)
        made = json.loads(out.out) if out.out.startswith("{") else {}
        faults += [f"{pair['name']}: {words}" for words in silent(pair, made, out.err)]
        shutil.rmtree(node.home)
    check(not faults, f"{len(faults)} values are lost in silence:\n" + "\n".join(faults))
    return None


main(stix_as_misp_stix_writes_it)
