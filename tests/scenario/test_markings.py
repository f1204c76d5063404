#!/usr/bin/env python3
"""Release terms beyond TLP as people use them: markings made, put on objects, read at a partner; what waits in
quarantine; what is refused for its classification; what the schemas in docs/objects say of all that is written."""

import json
import os
import re

from house import Node, bundle, check, domain, main, write

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = ["rel-to", "not-to", "originator-control", "embargo", "purpose", "classification", "personal-data", "tear-line"]
TYPES = {"object": dict, "array": list, "string": str}


def faults(schema, value, at=""):
    """The part of JSON Schema that the schemas of docs/objects use; a keyword beyond it is a fault of the test."""
    known = {"$schema", "$id", "title", "description", "type", "required", "properties", "anyOf", "const", "enum",
             "pattern", "minLength", "minItems", "maxItems", "items"}
    check(set(schema) <= known, f"unknown keywords: {set(schema) - known}")
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return [f"{at}: no {schema['type']}"]
    found = [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value]
    if "const" in schema and (value != schema["const"] or isinstance(value, bool) != isinstance(schema["const"], bool)):
        found.append(f"{at}: not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: none of {schema['enum']}")
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value) or len(value) < schema.get("minLength", 0):
            found.append(f"{at}: {value!r}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at}: {len(value)} elements")
        for i, element in enumerate(value):
            found += faults(schema.get("items", {}), element, f"{at}/{i}")
    if isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            if name in value:
                found += faults(below, value[name], f"{at}/{name}")
    if "anyOf" in schema and all(faults(one, value, at) for one in schema["anyOf"]):
        found.append(f"{at}: none of the alternatives")
    return found


def schemas():
    """By the extension's id, as the schema's description and the served definition name it."""
    found = {}
    for name in NAMES:
        with open(os.path.join(ROOT, "docs", "objects", name + ".json"), encoding="utf-8") as file:
            schema = json.load(file)
        ext = re.search(r"extension-definition--[0-9a-f-]{36}", schema["description"]).group()
        found[ext] = (name, schema)
    return found


def check_object(obj, known):
    seen = 0
    for ext, value in obj.get("extensions", {}).items():
        if ext in known:
            seen += 1
            check(not faults(known[ext][1], value), f"{obj['id']}: {faults(known[ext][1], value)}")
    return seen


def samples_follow_their_schemas(folder):
    known = schemas()
    check(len(known) == len(NAMES), "each schema has an extension of its own")
    path = os.path.join(ROOT, "tests", "data", "stix", "good", "markings.json")
    with open(path, encoding="utf-8") as file:
        objects = json.load(file)["objects"]
    check(sum(check_object(o, known) for o in objects) == 10, "every extension has a sample")
    definitions = {o["id"]: o for o in objects if o["type"] == "extension-definition"}
    check(set(definitions) == set(known), "every schema has its definition")
    for ext, (name, schema) in known.items():
        check(definitions[ext]["name"] == name and definitions[ext]["schema"] == schema["$id"], name)
    for bad in ({"extension_type": "property-extension"}, {"extension_type": "property-extension", "countries": ["nl"]},
                {"extension_type": "property-extension", "groups": []}, {"countries": ["NL"]}):
        check(faults([s for n, s in known.values() if n == "rel-to"][0], bad), f"{bad} is no rel-to")
    node = Node(folder, "CSIRT")
    done = node.ok("import", path, "--from", "Maker", "--json").lines[-1]
    check(done["new"] + done["rejected"] == len(objects) and done["rejected"] == 0, f"all of it is taken in: {done}")


def made_and_put_on_objects(folder):
    known = schemas()
    node = Node(folder, "CSIRT")
    made = node.ok("marking", "add", "--name", "Benelux", "--rel-to", "BE,NL", "--pap", "amber", "--purpose",
                   "detection", "--originator-control", "--personal-data", "--embargo", "2100-01-01T00:00:00Z", "--json")
    marking = made.lines[0]["marking"]
    check("release to BE NL" in made.lines[0]["terms"] and "PAP:AMBER" in made.lines[0]["terms"], made.out)
    check([m["marking"] for m in node.ok("marking", "list", "--json").lines] == [marking], "it is listed")
    definition = node.ok("get", marking, "--json").lines[0]
    check("modified" not in definition and check_object(definition, known) == 5, "it is what the schemas say")
    path = bundle(folder, domain("a.example"))
    ident = json.load(open(path, encoding="utf-8"))["objects"][0]["id"]
    node.fails(64, "import", "--from", "CERT X", "--marking", marking, path)
    node.fails(64, "import", "--from", "self", "--marking", marking[:-1] + ("0" if marking[-1] != "0" else "1"), path)
    node.ok("import", "--from", "self", "--marking", f"{marking},GREEN", path)
    check(node.ok("get", ident, "--json").lines[0].get("object_marking_refs") == [marking] or
          "object_marking_refs" in json.load(open(path, encoding="utf-8"))["objects"][0], "it carries the definition")
    shown = node.ok("get", ident).out
    check("TLP:GREEN" in shown and "it does not say so itself" in shown and "BE, NL" in shown, shown)
    for words in (["--rel-to", "nl"], ["--rel-to", "group:NL"], ["--purpose", "fun"], ["--embargo", "2001-01-01"],
                  ["--pap", "purple"], []):
        node.fails(64, "marking", "add", "--name", "x", *words)
    node.fails(77, "marking", "add", "--name", "x", "--classification", "restricted")


def red_waits(folder):
    node = Node(folder, "CSIRT")
    path = bundle(folder, domain("red.example", "red"))
    ident = json.load(open(path, encoding="utf-8"))["objects"][0]["id"]
    log = write(folder, "a.log", "query red.example\n")
    node.ok("import", "--from", "CERT X", path)
    check([q["id"] for q in node.ok("quarantine", "list", "--json").lines] == [ident], "it waits")
    check(node.ok("match", log, "--json").lines == [], "it is not looked for")
    node.fails(64, "quarantine", "release", ident)
    node.ok("quarantine", "release", ident, "--reason", "agreed by telephone")
    node.fails(65, "quarantine", "release", ident, "--reason", "again")
    check(len(node.ok("match", log, "--json").lines) == 1, "now it is")
    check(node.ok("quarantine", "list", "--json").lines == [], "nothing waits")
    two = [{**domain("more.example", "red"), "modified": f"2026-01-0{day}T00:00:00.000Z"} for day in (3, 2)]
    node.ok("import", "--from", "CERT X", bundle(folder, *[{**one, "id": two[0]["id"]} for one in two]))
    listed = node.ok("quarantine", "list", "--json").lines
    check(sorted(q["standing"] for q in listed) == ["current", "older"], f"what is counted is listed: {listed}")
    node.ok("rebuild")
    check(len(node.ok("match", log, "--json").lines) == 1, "after a replay too")


def classified_is_refused(folder):
    node = Node(folder, "CSIRT")
    secret = "marking-definition--11111111-2222-4333-8444-555555555555"
    first = dict(domain("secret.example"), object_marking_refs=[secret])
    definition = {"type": "marking-definition", "spec_version": "2.1", "id": secret,
                  "created": "2026-01-01T00:00:00.000Z", "definition_type": "statement",
                  "definition": {"statement": "RESTREINT UE/EU RESTRICTED"}}
    path = bundle(folder, first, definition)
    done = node.ok("import", "--from", "CERT X", path, "--json")
    check(any(line.get("rejected", {}) and line["rejected"] != 1 and line["rejected"]["rule"] == "11 classification"
              for line in done.lines if isinstance(line.get("rejected"), dict)), done.out)
    node.fails(65, "get", first["id"])
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write("classification: restricted\n")
    node.ok("config", "check")
    check(node.ok("import", "--from", "CERT X", path, "--json").lines[-1]["new"] == 1, "up to the ceiling it goes in")
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write("#\n")
    config = open(os.path.join(node.home, "entente.yaml"), encoding="utf-8").read()
    write(node.home, "entente.yaml", config.replace("classification: restricted", "classification: cosmic"))
    node.fails(1, "config", "check")


def sources_say_what_stays(folder):
    node = Node(folder, "CSIRT")
    node.ok("source", "add", "feed", "--party", "CERT X", "--pap", "AMBER")
    plain = domain("plain.example")
    plain.pop("object_marking_refs", None)
    strange = dict(domain("strange.example"),
                   object_marking_refs=["marking-definition--99999999-2222-4333-8444-555555555555"])
    node.ok("import", "--source", "feed", bundle(folder, plain, strange))
    feed = node.ok("source", "list", "--json").lines[0]
    check(feed["pap"] == "PAP:AMBER" and feed["unmarked"] == 1 and feed["unreadable"] == 1, f"{feed}")
    check("source set feed --marking" in node.ok("source", "list").out, "the fix is named")
    node.ok("source", "set", "feed", "--marking", "GREEN")
    check(node.ok("source", "list", "--json").lines[0]["unmarked"] == 0, "and helps")
    node.fails(64, "source", "set", "feed", "--pap", "purple")


main(samples_follow_their_schemas, made_and_put_on_objects, red_waits, classified_is_refused, sources_say_what_stays)
