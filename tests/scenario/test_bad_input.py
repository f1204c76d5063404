#!/usr/bin/env python3
"""What goes wrong in a person's day: each time one clear line, the right exit code, and nothing lost."""

import json
import os
import resource
import socket
import subprocess

from house import ENTENTE, Node, bundle, check, domain, main, write


def wrong_files(folder):
    node = Node(folder, "CSIRT")
    node.fails(65, "import", os.path.join(folder, "absent.json"))
    node.fails(65, "import", folder)
    node.fails(65, "import", write(folder, "text.txt", "just some words\nwithout any format\n"))
    node.fails(65, "import", write(folder, "empty", ""))
    node.fails(65, "import", write(folder, "x.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\3"))
    node.fails(65, "import", write(folder, "binary", os.urandom(5000)))
    node.fails(64, "import", "--as", "word", write(folder, "a.json", "{}"))
    node.fails(65, "match", os.path.join(folder, "absent.log"))


def a_truncated_file_keeps_its_good_part(folder):
    node = Node(folder, "CSIRT")
    path = bundle(folder, *[domain(f"t{i}.example") for i in range(100)])
    whole = open(path, "rb").read()
    cut = write(folder, "cut.json", whole[:len(whole) * 2 // 3])
    done = node.fails(65, "import", cut, "--json")
    last = done.lines[-1]
    check(60 <= last["new"] <= 70, f"the good part: {last}")
    check("cut.json" in done.err and ("byte" in done.err or "truncated" in done.err), done.err)
    check(node.status()["indicators"] == last["new"], "what was counted is there")
    check(node.ok("import", path, "--json").lines[-1]["new"] == 100 - last["new"], "the rest comes with the whole file")


def one_bad_file_does_not_keep_others_out(folder):
    node = Node(folder, "CSIRT")
    good = bundle(folder, domain("g.example"))
    bad = write(folder, "bad.json", '{"type":"bundle","objects":[{]}')
    done = node.run("import", bad, good, "--json")
    check(done.code == 65 and done.lines[-1]["new"] == 1, f"{done.code} {done.out}")


def a_very_long_line(folder):
    """A line without an end: bounded memory, the rest of the log is still matched, hits inside are found."""
    node = Node(folder, "CSIRT")
    node.ok("import", bundle(folder, domain("evil.example")))
    size = 64 << 20
    path = os.path.join(folder, "long.log")
    with open(path, "wb") as log:
        log.write(b"a " * (size // 4) + b" evil.example " + b"b " * (size // 4) + b"\nquery evil.example\n")
    done = subprocess.run(["/usr/bin/env", "python3", "-c",
                           "import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]);"
                           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr);"
                           "sys.exit(r.returncode)", *node.command("match", path, "--json", "--threads", "1")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check(done.returncode == 0, done.stderr)
    check([h["line"] for h in lines] == [1, 2], str(lines))
    check(int(done.stderr.split()[-1]) < 400 << 10, f"memory: {done.stderr} KiB")
    node.run("import", path)  # no format: an error, not a crash
    check(node.status()["indicators"] == 1, "nothing came of it")


def no_room_on_the_disk(folder):
    """A file size limit stands for a full disk: the same short write and error."""
    node = Node(folder, "CSIRT")
    node.ok("import", bundle(folder, domain("first.example")))
    path = bundle(folder, *[domain(f"d{i}.example", description="x" * 3000) for i in range(3000)])
    before = sum(os.stat(os.path.join(node.home, "log", f)).st_size for f in os.listdir(node.home + "/log"))

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = subprocess.run(node.command("import", path, "--json"), preexec_fn=limit, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode in (73, -25), f"exit {done.returncode}: {done.stderr}")
    acked = [json.loads(line)["acked"] for line in done.stdout.splitlines() if "acked" in line]
    now = node.status()["indicators"]
    check(now >= 1 + (acked[-1] if acked else 0), f"acknowledged {acked}, there {now}")
    check(node.ok("import", path, "--json").lines[-1]["rejected"] == 0 and before > 0, "goes on with room")
    check(node.status()["indicators"] == 3001, "everything is there at last")


def the_port_is_taken(folder):
    node = Node(folder, "CSIRT")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = node.fails(73, "serve", "--listen", f"127.0.0.1:{port}")
        check(str(port) in done.err, f"which port: {done.err}")
    node.fails(77, "serve", "--listen", "0.0.0.0:0")
    node.fails(64, "serve", "--listen", "nowhere")


def two_servers_on_one_home(folder):
    node = Node(folder, "CSIRT").serve()
    done = node.fails(73, "serve", "--listen", "127.0.0.1:0")
    check(str(node.server.pid) in done.err, f"who has it: {done.err}")
    check(node.ok("import", bundle(folder, domain("through.example")), "--json").lines[-1]["new"] == 1,
          "commands go through the server")
    check(node.stop() == 0, "serve ends cleanly on SIGTERM")
    check(node.status()["indicators"] == 1, "it is there")


def mistakes_in_the_configuration(folder):
    node = Node(folder, "CSIRT")
    write(node.home, "entente.yaml", "lisen: 127.0.0.1:1\n")
    done = node.fails(65, "serve")
    check("lisen" in done.err and "entente.yaml" in done.err, done.err)


def a_closed_pipe_is_no_disaster(folder):
    node = Node(folder, "CSIRT")
    node.ok("import", bundle(folder, domain("evil.example")))
    log = write(folder, "log", "evil.example\n" * 200000)
    done = subprocess.run(f"{ENTENTE} --home {node.home} match {log} | head -1", shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    check(done.stdout.count("\n") == 1 and not done.stderr, done.stderr)


main(wrong_files, a_truncated_file_keeps_its_good_part, one_bad_file_does_not_keep_others_out, a_very_long_line,
     no_room_on_the_disk, the_port_is_taken, two_servers_on_one_home, mistakes_in_the_configuration,
     a_closed_pipe_is_no_disaster)
