#!/usr/bin/env python3
"""Foreign documents are read by locked-in processes: their level is told, a dying one costs one document, none is left
behind, and a system that cannot lock them in is refused unless it was said otherwise."""

import ctypes
import ctypes.util
import errno
import json
import os
import signal
import subprocess
import time

from house import ENTENTE, Node, bundle, check, domain, main, wait_for, write

CSV_ROWS = 200000


def stat_of(pid):
    """(state, parent), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def readers_of(parent):
    """The reader processes of an owner; a zombie has no command line any more, and counts."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        stat = stat_of(name)
        if stat and stat[1] == parent:
            found.append(int(name))
    return found


def alive(pid):
    stat = stat_of(pid)
    return stat is not None and stat[0] not in "ZX"


def rows(folder, count=CSV_ROWS):
    return write(folder, "rows.csv", "value\n" + "".join(f"host{i}.example\n" for i in range(count)))


def start_import(node, path):
    """An import under way: (process, its first acknowledgement)."""
    process = subprocess.Popen(node.command("import", path, "--json"), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    check(first, "the import ended before its first commit")
    return process, json.loads(first)["acked"]


def the_level_is_told(folder):
    node = Node(folder, "CSIRT")
    level = node.status()["sandbox"]
    check(level.startswith("seccomp + ") and "limits" in level, level)
    check(f"sandbox       {level}" in node.ok("status").out, "status for people says the same")
    process = subprocess.Popen(node.command("serve", "--listen", "127.0.0.1:0", "--json"), stdout=subprocess.PIPE,
                               text=True)
    said = json.loads(process.stdout.readline())
    process.terminate()
    check(process.wait(60) == 0 and said["sandbox"] == level, f"serve says {said}")
    process.stdout.close()
    config = os.path.join(node.home, "entente.yaml")
    with open(config, "a", encoding="utf-8") as file:
        file.write("\nsandbox: off\n")
    off = node.status()["sandbox"]
    check(off.startswith("limits alone") and "not locked in" in off, off)
    node.ok("import", bundle(folder, domain("a.example")))


def a_dying_reader_costs_one_document(folder):
    """While a server runs, the reader of one import is killed: that import says so, keeps what it acknowledged, and
    everything else goes on."""
    node = Node(folder, "CSIRT").serve()
    wait_for(lambda: readers_of(node.server.pid), "a spare waits")
    process, acked = start_import(node, rows(folder))
    for pid in readers_of(node.server.pid):
        os.kill(pid, signal.SIGKILL)  # the spare as well
    out, err = process.communicate(timeout=120)
    check(process.returncode == 65, f"exit {process.returncode}: {err}")
    check("its reader was killed by signal 9" in err and err.startswith("entente: ") and err.count("\n") == 1, err)
    summary = json.loads(out.splitlines()[-1])
    check(acked <= summary["new"] < CSV_ROWS, f"{summary}")
    check(node.status()["indicators"] == summary["new"], "what was acknowledged is there")
    check(node.ok("import", bundle(folder, domain("after.example")), "--json").lines[-1]["new"] == 1, "and it goes on")
    check(node.get("taxii2/")[0] in (200, 401, 404), "and serves")
    left = readers_of(node.server.pid)
    check(len(left) <= 1 and all(alive(p) for p in left), f"at most the spare, no zombie: {left}")
    check(node.stop() == 0, "clean end")
    check(not any(alive(p) for p in left), "which ends with its owner")


def hostile_documents(folder):
    """What is made to hurt a parser, taken in while a server runs."""
    node = Node(folder, "CSIRT").serve()
    deep = write(folder, "deep.json", '{"type":"bundle","objects":[' + '{"a":' * 200000)
    wide = write(folder, "wide.json", '{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":['
                 '{"type":"x-a","id":"x-a--00000000-0000-4000-8000-000000000001","v":[' + "0," * 4000000 + "0]}]}")
    long = write(folder, "long.json", '{"objects":[{"type":"' + "x" * (20 << 20) + '"}]}')
    brackets = write(folder, "brackets.json", "[" * (8 << 20))
    binary = write(folder, "binary.json", b"{" + os.urandom(1 << 20))
    for path in (deep, wide, long, brackets, binary):
        done = node.run("import", "--as", "stix", path)
        check(done.code in (0, 65) and "Sanitizer" not in done.err, f"{path}: {done.code} {done.err[:300]}")
        check("its reader" not in done.err, f"{path}: refused in words, not by a death: {done.err[:300]}")
    node.ok("import", bundle(folder, domain("good.example")))
    check(node.status()["indicators"] == 1, "the server lives and takes in what is good")
    check(node.stop() == 0, "clean end")


def gone(pids):
    return lambda: not any(alive(p) for p in pids)


def none_is_left_behind(folder):
    path = rows(folder)
    for number, how in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGKILL)):
        node = Node(folder, f"n{number}")
        process, _ = start_import(node, path)
        readers = readers_of(process.pid)
        check(readers, "a reader is at work")
        process.send_signal(how)
        _, err = process.communicate(timeout=120)
        check(process.returncode == (-9 if how == signal.SIGKILL else 73), f"{how}: {process.returncode} {err}")
        check("its reader" not in err, f"the stop was ours, not the reader's: {err}")
        wait_for(gone(readers), f"readers {readers} to end after signal {how}")


def seen_through(node, seccomp, landlock, *words):
    """A command on a system without these: a filter of ours answers in the kernel's name."""
    lib = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    allow, refuse = 0x7fff0000, lambda number: 0x00050000 | number

    class Compare(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    def take_away():
        context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(allow)))

        def rule(name, number, compare=None):
            call = lib.seccomp_syscall_resolve_name(name)
            array = (Compare * 1)(compare) if compare else None
            if lib.seccomp_rule_add_array(context, ctypes.c_uint32(refuse(number)), call, 1 if compare else 0, array):
                os._exit(90)

        if landlock:
            rule(b"landlock_create_ruleset", errno.ENOSYS)
        if seccomp:
            rule(b"seccomp", errno.ENOSYS)
            rule(b"prctl", errno.EINVAL, Compare(0, 4, 22, 0))  # SCMP_CMP_EQ, PR_SET_SECCOMP
        if lib.seccomp_load(context):
            os._exit(91)

    return node.run(*words, preexec_fn=take_away)


def what_is_missing_fails_closed(folder):
    node = Node(folder, "CSIRT")
    path = bundle(folder, domain("a.example"))
    done = seen_through(node, True, False, "import", path)
    check(done.code == 77 and "`sandbox: partial` in entente.yaml" in done.err, f"{done.code} {done.err}")
    check(node.status()["indicators"] == 0, "nothing was read")
    done = seen_through(node, True, False, "serve", "--listen", "127.0.0.1:0")
    check(done.code == 77 and "entente.yaml" in done.err, f"serve: {done.code} {done.err}")
    done = seen_through(node, True, True, "status", "--json")
    check(done.code == 0 and "refused" in done.lines[0]["sandbox"], f"{done.out}{done.err}")
    done = seen_through(node, False, True, "status", "--json")
    check(done.lines[0]["sandbox"].startswith("seccomp + limits"), f"without Landlock seccomp does: {done.out}")
    check(seen_through(node, False, True, "import", path).code == 0, "and is enough")
    with open(os.path.join(node.home, "entente.yaml"), "a", encoding="utf-8") as file:
        file.write("\nsandbox: partial\n")
    done = seen_through(node, True, True, "import", path, "--json")
    check(done.code == 0, f"the operator allowed it: {done.err}")
    done = seen_through(node, True, True, "status", "--json")
    check("limits alone" in done.lines[0]["sandbox"] and "not locked in" in done.lines[0]["sandbox"], done.out)


def started_by_hand(folder):
    del folder
    done = subprocess.run(["entente-reader"], executable=ENTENTE, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, check=False)
    check(done.returncode == 64 and "started by entente itself" in done.stderr, f"{done}")


def a_stopped_match_is_no_fault(folder):
    node = Node(folder, "CSIRT")
    node.ok("import", bundle(folder, domain("evil.example")))
    process = subprocess.Popen(node.command("match", "-", "--json"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdin.write("query evil.example\n")
    process.stdin.flush()
    check(json.loads(process.stdout.readline())["line"] == 1, "a hit while the log is open")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    check(process.wait(60) == 0, f"exit {process.returncode}")
    check(process.stderr.read() == "", "without a complaint")
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


main(the_level_is_told, a_dying_reader_costs_one_document, hostile_documents, none_is_left_behind,
     what_is_missing_fails_closed, started_by_hand, a_stopped_match_is_no_fault)
