#!/usr/bin/env python3
"""A disk with no byte left, for real (a small tmpfs, so root only): bulk intake waits; incidents, erasure and reading
go on, beside a server and without one; and when there is room again all is as before."""

import json
import os
import secrets
import subprocess

from house import Node, bundle, check, domain, indicator, main, write
from raw import find

MEGABYTE = 1 << 20
TAXII = "application/taxii+json;version=2.1"


def fill(folder):
    """Takes every byte."""
    with open(os.path.join(folder, "ballast"), "wb", buffering=0) as ballast:
        for size in (MEGABYTE, 4096, 512):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                pass


def left(folder):
    return os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize


def reserve(node):
    path = os.path.join(node.home, "reserve")
    return os.path.getsize(path) if os.path.exists(path) else 0


def life_without_room(folder, serving):
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=220m", "none", disk],
                                           stderr=subprocess.DEVNULL).returncode != 0:
        return "nothing can be mounted here"
    try:
        live(folder, disk, serving)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)
    return None


def live(folder, disk, serving):
    node = Node(disk, "CSIRT")
    words = [secrets.token_hex(12) for _ in range(3)]
    doomed = [indicator(f"[domain-name:value = '{word}.example']", name=word) for word in words]
    node.ok("import", bundle(folder, *doomed, domain("evil.example")), "--from", "CERT Y")
    node.ok("account", "add", "partner", "--party", "CERT Y")
    token = node.token("partner")
    check(reserve(node) == 16 * MEGABYTE, "no reserve is held")
    if serving:
        node.serve()
    fill(disk)
    check(left(disk) == 0, f"{left(disk)} bytes left")

    done = node.fails(73, "import", bundle(folder, domain("more.example")), "--from", "CERT Y")
    check("free" in done.err, done.err)
    for turn in range(3):
        node.ok("incident", "open", "--name", f"the disk is full, {turn}")
        node.ok("erase", doomed[turn]["id"], "--reason", "asked for")
        check(not find(node.home, words[turn]), "erased, and there")
        fill(disk)
    check(len(node.ok("incident", "list", "--json").lines) == 3, "incidents are missing")
    check(node.status()["indicators"] == 1, node.status())
    if serving:
        check(node.get("api/collections/", token)[0] == 200, "partners are answered")
        status, _, body = node.get("api/collections/indicators/objects/", token, {"Content-Type": TAXII}, "POST",
                                   json.dumps({"objects": [domain("posted.example")]}).encode())
        check(status == 507, f"{status} {body}")
        check(node.stop() == 0, "the end of the server")
        fill(disk)
        node.ok("incident", "open", "--name", "after the server")
    os.remove(os.path.join(disk, "ballast"))
    node.ok("import", bundle(folder, domain("more.example")), "--from", "CERT Y")
    check(reserve(node) == 16 * MEGABYTE, "the reserve was not made again")
    before = node.status()
    node.ok("rebuild")
    check(before["entries"] == node.status()["entries"], "a replay has another length")


def alone(folder):
    return life_without_room(folder, False)


def beside_a_server(folder):
    return life_without_room(folder, True)


main(alone, beside_a_server)
