#!/usr/bin/env python3
"""The HTTP API against its own OpenAPI document: the document is valid (openapi-spec-validator), every answer of a node
with something in it is what the document says (JSON Schema, nothing undescribed), and schemathesis asks whatever it
likes, right and wrong: no answer is a 500, or one that is not described.

SECONDS and SEED in the environment: a longer slice, as tests/long/api runs it."""

import os
import subprocess
import sys

import peers  # noqa: F401  (starts this program again under the interpreter with the packages)

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from caller import Caller, api
from house import Node, bundle, check, domain, main, write

# A stream has no end; what would take the test's own account, or the node, away from under it.
LEFT_OUT = "events|disable|/erase|/token|/rotate|/rebuild"
CONFIG = """[checks]
# What a schema cannot say (is there such a finding?) is refused with 404 or 422; 400 is for what the schema forbids.
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "415", "422", "429", "502", "503"]
"""


def served(folder):
    node = Node(folder, "CSIRT X")
    node.ok("constituency", "import", write(folder, "c.csv", "name,sector,networks,domains,contacts\n"
                                            "Hospital,health,192.0.2.0/24,hospital.example,it@hospital.example\n"))
    node.ok("import", bundle(folder, domain("evil.example", "green")), "--from", "Partner")
    node.serve()
    return node, Caller(node, node.token("admin"))


def strict(schema):
    """The same, with nothing beside what is described."""
    if isinstance(schema, dict):
        made = {name: strict(value) for name, value in schema.items()}
        if "properties" in made and "additionalProperties" not in made:
            made["additionalProperties"] = False
        return made
    return [strict(one) for one in schema] if isinstance(schema, list) else schema


def the_document_is_valid(folder):
    node, ask = served(folder)
    status, _, document = ask("GET", api("/openapi.json"))
    check(status == 200 and document["openapi"] == "3.1.0", f"{status}")
    validate(document)
    names = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    check(len(names) == len(set(names)), "an operation's name is there twice")
    node.stop()


def answers_are_as_described(folder):
    node, ask = served(folder)
    document = ask("GET", api("/openapi.json"))[2]
    incident = ask("POST", api("/incidents"), {"name": "Fire"})[2]["incident"]
    held = node.ok("search", "evil.example", "--json").lines[0]["id"]
    node.ok("source", "add", "S", "--marking", "GREEN")
    node.ok("share", "group", "add", "G")
    ask("POST", api("/peers/invite"), {"name": "Y"})
    asked = [("GET", p.replace("{incident}", incident).replace("{id}", held).replace("{source}", "S"), p, None)
             for p in document["paths"] if "get" in document["paths"][p] and "{finding}" not in p and "{warn" not in p and p != "/events"]
    more = {"/search": "?text=evil.example", "/constituency/who": "?value=192.0.2.1", "/share/plan": f"?id={held}",
            "/warninglists/check": "?value=evil.example", "/objects/{id}/explanation": "?to=public"}
    asked = [(method, path + more.get(pattern, ""), pattern, body) for method, path, pattern, body in asked]
    asked += [("POST", "/accounts", "/accounts", {"name": "ann"}), ("POST", "/markings", "/markings", {"name": "M"}),
              ("POST", "/accounts/ann/token", "/accounts/{account}/token", {"label": "t"}),
              ("POST", "/accounts/ann/token", "/accounts/{account}/token", {"list": True}),
              ("POST", "/import?from=Partner", "/import", b'{"type":"bundle","id":"bundle--1"}'),
              ("POST", "/validate", "/validate", b'{"type":"bundle"}'), ("GET", f"/objects/{held}?all=true",
                                                                         "/objects/{id}", None)]
    for method, path, pattern, body in asked:
        status, media, said = ask(method, api(path), body)
        described = document["paths"][pattern][method.lower()]["responses"].get(str(status))
        check(described, f"{method} {path}: {status} {said}")
        if status > 201:
            continue
        schema = dict(strict(described["content"][media].get("schema", {})), components=strict(document["components"]))
        schema["components"]["schemas"]["Problem"].pop("additionalProperties", None)
        for fault in Draft202012Validator(schema).iter_errors(said):
            raise AssertionError(f"{method} {path}: {fault.message[:300]} at {list(fault.path)} of {str(said)[:600]}")
    node.stop()


def schemathesis_finds_nothing(folder):
    node, _ = served(folder)
    seconds, seed = os.environ.get("SECONDS", "25"), os.environ.get("SEED", "1")
    with open(os.path.join(folder, "schemathesis.toml"), "w", encoding="utf-8") as file:
        file.write(CONFIG)
    words = ["run", node.url.replace("/taxii2/", "/api/v1/openapi.json"), "-H", "Authorization: Bearer " +
             node.token("admin"), "--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--seed", seed,
             "--generation-database", "none", "--continue-on-failure", "--request-timeout", "20", "-w", "2",
             "--max-time", seconds, "--exclude-path-regex", LEFT_OUT, "--warnings", "off"]
    done = subprocess.run([os.path.join(os.path.dirname(sys.executable), "schemathesis"), *words], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=int(seconds) * 2 + 120)
    check(done.returncode == 0, done.stdout[-6000:])
    check("generated" in done.stdout, f"nothing was asked: {done.stdout[-2000:]}")
    check(Caller(node, node.token("admin"))("GET", api("/status"))[0] == 200, "the node is there no more")
    node.stop()


if __name__ == "__main__":
    main(the_document_is_valid, answers_are_as_described, schemathesis_finds_nothing)
