#!/usr/bin/env python3
"""Our ledger and Go's (x/mod/sumdb/note, transparency-dev/merkle and formats) judge each other's checkpoints, cosignatures,
inclusion and consistency proofs: the whole ones hold, the spoilt ones do not."""

import base64
import hashlib
import json
import os
import subprocess

import gopeer
from house import Node, bundle, check, domain, main, wait_for

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


def vkey_of(node):
    """As an invitation tells it: type 1 is the log's key."""
    invitation = json.loads(node.ok("peer", "invite", "Go", "--url", "http://127.0.0.1:1").out)
    material = b"\x01" + bytes.fromhex(invitation["key"])
    key_id = hashlib.sha256(invitation["origin"].encode() + b"\n" + material).hexdigest()[:8]
    return f"{invitation['origin']}+{key_id}+{base64.b64encode(material).decode()}"


def refused(*words, data):
    done = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    check(done.returncode == 1, f"{words[1]}: not refused: {done.stdout[:500]}")


@gopeer.wanted("go", (1, 19))
def a_served_log(folder, go):
    """A real home: its checkpoint, the proof of an object, and every tile, checked by Go."""
    node = Node(folder, "CSIRT EX")
    objects = [domain(f"host-{i}.example", "green") for i in range(700)]
    node.ok("import", bundle(folder, *objects), "--from", "self")
    vkey = vkey_of(node)
    token = node.token("admin")
    node.serve()
    log = node.url.replace("/taxii2/", "/log/")
    node.url = log
    wait_for(lambda: node.get("checkpoint", token)[0] == 200, "a checkpoint is published")
    head = node.get("checkpoint", token)[2]
    check(json.loads(run(go, "head", vkey, data=head))["size"] > 700, head)
    refused(go, "head", vkey, data=head.replace(b"\n7", b"\n8", 1))
    for one in (objects[0], objects[-1]):
        status, _, proof = node.get(f"proof/{one['id']}", token)
        check(status == 200, f"proof: {status}")
        shown = json.loads(run(go, "proof", vkey, data=proof))
        check(shown["id"] == one["id"] and shown["modified"] == one["modified"], shown)
        canonical = json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        check(shown["hash"] == hashlib.sha256(canonical.encode()).hexdigest(), "the object's hash")
        lines = proof.split(b"\n")
        lines[3], lines[4] = lines[4], lines[3]  # two hashes of the path change places
        refused(go, "proof", vkey, data=b"\n".join(lines))
        extra = json.loads(base64.b64decode(proof.split(b"\n")[1][6:]))
        extra["public"]["hash"] = "00" * 32
        other = base64.b64encode(json.dumps(extra, sort_keys=True, separators=(",", ":")).encode())
        refused(go, "proof", vkey, data=b"\n".join([proof.split(b"\n")[0], b"extra " + other] + proof.split(b"\n")[2:]))
    file = node.ok("get", objects[3]["id"], "--proof").out.encode()
    check(json.loads(run(go, "proof", vkey, data=file))["id"] == objects[3]["id"], file)
    counts = json.loads(run(go, "tiles", log, token, vkey))
    check(counts["size"] > 700 and counts["proofs"] > 50 and counts["tiles"] >= 4, counts)


if __name__ == "__main__":
    main(go_judges_ours, we_judge_gos, formats_judges_ours, a_served_log)
