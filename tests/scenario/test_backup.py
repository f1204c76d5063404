#!/usr/bin/env python3
"""backup beside a node at work, killed at any moment; restore of what is there; erased is not given back."""

import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

from house import Node, bundle, check, connect, domain, indicator, main, wait_for, write
from raw import find

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def restored(folder, backup, name, *more):
    node = Node(folder, name, init=False)
    done = node.ok("restore", backup, "--json", *more).lines[0]
    check(node.run("verify").code == 0, "a restored home does not verify")
    return node, done


def beside_a_server(folder):
    node = Node(folder, "CSIRT").serve()
    backup = os.path.join(folder, "backup")
    word = secrets.token_hex(12)
    one = indicator(f"[domain-name:value = '{word}.example']", name=word, description=word * 20)
    node.ok("import", bundle(folder, one, domain("stays.example")), "--from", "CERT Y")
    rows = write(folder, "rows.csv", "value\n" + "".join(f"b{i}.example\n" for i in range(20000)))
    busy = subprocess.Popen(node.command("import", rows, "--json"), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    acked = json.loads(busy.stdout.readline())["acked"]
    first = node.ok("backup", backup, "--json").lines[0]
    out, err = busy.communicate(timeout=120)
    check(busy.returncode == 0, err)
    other, done = restored(folder, backup, "first")
    check(other.status()["indicators"] >= acked, "an acknowledged object is not in the backup")
    check(done["new_origin"], "a partner may have come after the backup, and seen more")
    check(find(backup, word), "the search finds nothing before: it proves nothing")

    told = node.ok("erase", one["id"], "--reason", "asked for", "--json").lines[0]
    check(told["backups_not_reached"] == "", told)
    other, done = restored(folder, backup, "second")
    check(done["erased_again"] == 1, done)
    check(not find(other.home, word), "erased came back")
    node.ok("backup", backup, "--json")
    check(not find(backup, word), "the new backup holds what was erased")
    other, done = restored(folder, backup, "third")
    check(other.status()["indicators"] == 20001, other.status())
    check(other.ok("account", "list", "--json").lines == node.ok("account", "list", "--json").lines, "accounts")
    node.fails(64, "backup", "backup")
    node.fails(64, "restore", backup)
    check(node.stop() == 0, "the end of the server")
    modes = [oct(os.stat(os.path.join(place, name)).st_mode & 0o777)
             for place, folders, names in os.walk(backup) for name in names]
    check(set(modes) == {"0o600"}, modes)


def killed_at_any_moment(folder):
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    node = Node(folder, "CSIRT")
    backup = os.path.join(folder, "backup")
    rows = write(folder, "rows.csv", "value\n" + "".join(f"k{i}.example\n" for i in range(5000)))
    node.ok("import", rows)
    node.ok("backup", backup)
    whole, cut = node.status()["entries"], 0
    for turn in range(10):
        node.ok("import", bundle(folder, domain(f"turn{turn}.example")))
        process = subprocess.Popen(node.command("backup", backup), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(rng.uniform(0.02, 0.14))
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        code = process.wait()
        now = node.status()["entries"]
        other, done = restored(folder, backup, f"r{turn}", "--same-origin")
        check(whole <= done["entries"] <= now and (code != 0 or done["entries"] == now), f"{done} {whole} {now}")
        whole = done["entries"]
        cut += code != 0
        shutil.rmtree(other.home)
    check(cut > 1, "no signal came in time: the test proved nothing")
    restore = subprocess.Popen(Node(folder, "late", init=False).command("restore", backup), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.08)
    restore.kill()
    restore.stderr.close()
    if restore.wait() != 0:
        check(not os.path.exists(os.path.join(folder, "late")), "half a home has its name")
        restored(folder, backup, "late")


def witnessed(folder, name):
    node = Node(folder, name)
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write("witness_ms: 100\ncheckpoint_ms: 100\n")
    return node.serve()


def cosigned(a, b):
    """Waits until b has cosigned all that a holds."""
    digest = hashlib.sha256(a.status()["origin"].encode()).hexdigest()
    token = b.token("admin")

    def ask():
        request = urllib.request.Request(b.url.replace("/taxii2/", f"/log/witness/{digest}/checkpoint"))
        request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.read().split(b"\n")[1]) >= a.status()["entries"]
        except urllib.error.HTTPError:
            return False
    wait_for(ask, "the partner cosigns")


def what_partners_have_seen(folder):
    a, b = witnessed(folder, "CSIRT A"), witnessed(folder, "CSIRT B")
    connect(b, a)
    connect(a, b)
    a.ok("import", bundle(folder, domain("one.example", "red")), "--from", "self")
    cosigned(a, b)
    check(a.stop() == 0, "the end of the server")
    backup = os.path.join(folder, "backup")
    a.ok("backup", backup)
    _, done = restored(folder, backup, "nothing-later")
    check(not done["new_origin"], "a new origin though nobody has seen more")
    a.serve()
    a.ok("import", bundle(folder, domain("two.example", "red")), "--from", "self")
    cosigned(a, b)
    check(a.stop() == 0, "the end of the server")
    origin = a.status()["origin"]
    other, done = restored(folder, backup, "behind")
    check(done["new_origin"] and other.status()["origin"] != origin, "the log would be forked")
    a.ok("backup", backup)
    _, done = restored(folder, backup, "up-to-date")
    check(not done["new_origin"], "a new origin though the backup holds all")
    b.stop()
    _, done = restored(folder, backup, "nobody-answers")
    check(done["new_origin"], "nobody could be asked")


main(beside_a_server, what_partners_have_seen, killed_at_any_moment)
