#!/usr/bin/env python3
"""A serving node and its service manager: what it is told, and that a hang is noticed."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from house import ENTENTE, Node, check, domain, bundle, main, wait_for, write

NO_CHECK = ssl.create_default_context()
NO_CHECK.check_hostname = False
NO_CHECK.verify_mode = ssl.CERT_NONE


class Manager:
    """A service manager's ear."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path.replace("@", "\0", 1) if path.startswith("@") else path)
        self.path, self.heard = path, []

    def listen(self, seconds=0.0):
        """Everything heard so far, and what comes within that time."""
        until = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(until - time.monotonic(), 0.001))
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except TimeoutError:
                if time.monotonic() >= until:
                    return self.heard

    def waits_for(self, line, seconds=60):
        wait_for(lambda: any(line in message.split("\n") for message in self.listen(0.1)), f"{line} of {self.heard}", seconds)


def serve(node, manager, watchdog_us=None):
    os.environ["NOTIFY_SOCKET"] = manager.path
    if watchdog_us:
        os.environ["WATCHDOG_USEC"] = str(watchdog_us)
    try:
        node.serve()
    finally:
        os.environ.pop("NOTIFY_SOCKET")
        os.environ.pop("WATCHDOG_USEC", None)


def life_is_told(folder):
    for number, path in enumerate((os.path.join(folder, "notify"), f"@entente-{os.getpid()}-service")):
        node, manager = Node(folder, f"CSIRT {number}"), Manager(path)
        serve(node, manager)
        manager.waits_for("READY=1")
        check(not any("WATCHDOG=1" in message for message in manager.heard), "a ping that nobody asked for")
        manager.heard.clear()
        node.server.send_signal(signal.SIGHUP)
        manager.waits_for("READY=1")
        begun = [message for message in manager.heard if "RELOADING=1" in message]
        check(begun and re.search(r"^MONOTONIC_USEC=\d+$", begun[0], re.M), f"a reload is told: {manager.heard}")
        check(node.stop() == 0, "it ends by SIGTERM, not by SIGHUP")
        manager.waits_for("STOPPING=1")


def a_broken_configuration_changes_nothing(folder):
    node, manager = Node(folder, "CSIRT"), Manager(os.path.join(folder, "notify"))
    serve(node, manager)
    manager.waits_for("READY=1")
    write(node.home, "entente.yaml", "log_level: loud\n")
    manager.heard.clear()
    node.server.send_signal(signal.SIGHUP)
    manager.waits_for("READY=1")
    check("log_level" in open(node.home + ".messages").read(), "what is wrong is said")
    check(node.status()["name"] == "CSIRT" and node.get("")[0] in (200, 401), "it goes on")
    check(node.stop() == 0, "and ends well")


def a_stuck_writer_stops_the_pings(folder):
    """Its fdatasync takes for ever: by strace, which makes the call wait."""
    if not shutil.which("strace"):
        return "no strace"
    node, manager = Node(folder, "CSIRT"), Manager(os.path.join(folder, "notify"))
    serve(node, manager, 1500000)
    manager.waits_for("WATCHDOG=1")
    manager.heard.clear()
    manager.listen(2)
    pings = manager.heard.count("WATCHDOG=1")
    check(3 <= pings <= 8, f"{pings} pings in two seconds, three are due in one and a half")
    strace = subprocess.Popen(["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                               "inject=fdatasync:delay_enter=8000000", "-p", str(node.server.pid)],
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        if strace.poll() is not None:
            return "strace may not look at it"
        importing = subprocess.Popen(node.command("import", bundle(folder, domain("evil.example"))),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: any("STATUS=the writer has not gone on" in m for m in manager.listen(0.1)), "the hang is told", 10)
        manager.heard.clear()
        manager.listen(1.5)
        check("WATCHDOG=1" not in manager.heard, "pings go on while the writer hangs")
        manager.waits_for("WATCHDOG=1")  # the call came back, and so do the pings
        check(importing.wait(60) == 0, "what was under way is done")
    finally:
        strace.terminate()
        strace.wait()
    check(node.stop() == 0, "it ends well")


def journal_stream(path):
    """What the journal would say of a standard error that is this file."""
    about = os.stat(path)
    return f"{about.st_dev}:{about.st_ino}"


def messages_for_programs(folder):
    node, manager = Node(folder, "CSIRT"), Manager(os.path.join(folder, "notify"))
    log = node.home + ".messages"
    write(node.home, "entente.yaml", "log_format: json\nthreads: 2\n")
    serve(node, manager)
    manager.waits_for("READY=1")
    write(node.home, "entente.yaml", "log_format: json\nthreads: 3\n")
    node.server.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in open(log).read(), "the reload is told")
    lines = [json.loads(line) for line in open(log)]
    for line in lines:
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"]), line)
        check(line["level"] in ("error", "warning", "info") and line["role"] == "serve" and line["message"], line)
    check(any("threads" in line["message"] and "next start" in line["message"] for line in lines),
          f"what waits for a restart is said: {lines}")
    check(node.stop() == 0, "it ends well")
    write(node.home, "entente.yaml", "")
    open(log, "w").close()
    os.environ["JOURNAL_STREAM"] = journal_stream(log)
    try:
        serve(node, manager)
    finally:
        os.environ.pop("JOURNAL_STREAM")
    node.server.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in open(log).read(), "the reload is told")
    check(all(re.match(r"<[3467]>entente serve: ", line) for line in open(log)), open(log).read())


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return found and found.group(1)


def a_crash_leaves_a_file_without_payload(folder):
    node, manager = Node(folder, "CSIRT"), Manager(os.path.join(folder, "notify"))
    serve(node, manager)
    node.ok("import", bundle(folder, domain("canary-in-memory.example", description="canary-in-memory")))
    token = node.token("admin")
    check(node.get("", token)[0] == 200, "and has been asked")
    node.server.send_signal(signal.SIGSEGV)
    check(node.server.wait(60) != 0, "it dies of it")
    crash = os.path.join(node.home, "crash")
    names = os.listdir(crash)
    check(len(names) == 1 and re.fullmatch(r"\d{8}T\d{6}Z-\d+\.txt", names[0]), f"{names}")
    path = os.path.join(crash, names[0])
    check(os.stat(path).st_mode & 0o777 == 0o600, "for the node's user alone")
    words = open(path).read()
    check("\nsignal 11 SIGSEGV\n" in words and re.search(r"\nlog-position \d+\n", words), words)
    check(len(re.findall(r"^  \d+ [^ ]+\+0x[0-9a-f]+$", words, re.M)) >= 3 and "entente+0x" in words, words)
    own = build_id(ENTENTE) if shutil.which("readelf") else None
    check(own is None or f"\nbuild-id {own}\n" in words, f"{own}: {words}")
    for secret in ("canary", "example", token, node.name):
        check(secret not in words, f"{secret} is in the file: {words}")
    node.server.stdout.close()
    node.log.close()
    node.server = None
    check(node.status()["crashes"] == 1, "status counts it")
    serve(node, manager)
    check(names[0] in open(node.home + ".messages").read(), "the next start tells it")


def what_is_watched(folder):
    node = Node(folder, "CSIRT").serve()
    node.ok("import", bundle(folder, domain("canary.example", description="canary")))
    root = node.url.replace("/taxii2/", "")
    ask = urllib.request.urlopen(root + "/metrics", timeout=60)
    page = ask.read().decode()
    check(ask.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8", ask.headers)
    check(page.endswith("\n# EOF\n") and 'entente_held{kind="indicators"} 1\n' in page, page)
    check("canary" not in page and "indicator--" not in page, page)
    check('door="csv"' not in page and 'door="block-list"' not in page, "doors by which nothing was decided")
    node.ok("export", "--public", "--as", "csv")
    node.ok("search", "canary.example")
    node.ok("finding", "list")
    page = urllib.request.urlopen(root + "/metrics", timeout=60).read().decode()
    denied = re.search(r'entente_gate_decisions_total\{door="csv",outcome="withheld"\} (\d+)', page)
    check(denied and int(denied.group(1)) > 0 and 'entente_gate_denials_total{door="csv",rule="1"}' in page, page)
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        request = urllib.request.Request(root + "/metrics", headers={name: "203.0.113.7"})
        try:
            urllib.request.urlopen(request, timeout=60)
            check(False, f"{name}: somebody from outside was answered")
        except urllib.error.HTTPError as answer:
            check(answer.code == 404, f"{answer.code}")
    check(node.stop() == 0, "it ends well")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    write(node.home, "entente.yaml", f"metrics_listen: 127.0.0.1:{port}\n")
    node.serve()
    check(b"# EOF" in urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read(), "its own address")
    for url in (node.url.replace("/taxii2/", "/metrics"), f"http://127.0.0.1:{port}/taxii2/"):
        try:
            urllib.request.urlopen(url, timeout=60)
            check(False, f"{url} is answered")
        except urllib.error.HTTPError as answer:
            check(answer.code == 404, f"{url}: {answer.code}")


def a_configuration_is_checked_with_its_files(folder):
    node = Node(folder, "CSIRT")
    said = node.ok("config", "check").out
    check("SIGHUP: log_level" in said and "next start: listen" in said, said)
    for words in ("listen: 192.0.2.1:443\n", "listen: nonsense\n", "metrics_listen: 192.0.2.1:9000\n"):
        write(node.home, "entente.yaml", words)
        check(node.run("config", "check").code == 1, f"{words} is no configuration")
    if not shutil.which("openssl"):
        return "no openssl"
    for name, days in (("a", 365), ("b", 365), ("old", 3)):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-days", str(days), "-keyout", os.path.join(folder, name + ".key"), "-out",
                        os.path.join(folder, name + ".pem")], check=True, stderr=subprocess.DEVNULL)
    for cert, key, code, words in (("a", "a", 0, ""), ("a", "b", 1, "do not belong together"), ("old", "old", 0, "days: renew it"),
                                   ("a", "list", 1, "no key in PEM")):
        write(folder, "list.key", "value\n")
        write(node.home, "entente.yaml", f"listen: 0.0.0.0:0\ntls_certificate: {folder}/{cert}.pem\ntls_key: {folder}/{key}.key\n")
        done = node.run("config", "check")
        check(done.code == code and words in done.err, f"{cert} {key}: {done.code} {done.err}")
    os.chmod(os.path.join(folder, "a.key"), 0o644)
    write(node.home, "entente.yaml", f"tls_certificate: {folder}/a.pem\ntls_key: {folder}/a.key\n")
    done = node.run("config", "check")
    check(done.code == 1 and "others can get at it" in done.err, done.err)
    return None


def shown(port):
    """The certificate that a new connection is shown."""
    with socket.create_connection(("127.0.0.1", port), 60) as plain, NO_CHECK.wrap_socket(plain) as tls:
        return tls.getpeercert(True)


def a_renewed_certificate_is_taken(folder):
    if not shutil.which("openssl"):
        return "no openssl"
    pem = {}
    for name in ("a", "b"):
        files = [os.path.join(folder, name + end) for end in (".key", ".pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        f"/CN={name}", "-days", "9", "-keyout", files[0], "-out", files[1]], check=True, stderr=subprocess.DEVNULL)
        pem[name] = [open(file, encoding="ascii").read() for file in files]
    der = {name: ssl.PEM_cert_to_DER_cert(pem[name][1]) for name in pem}
    node, manager = Node(folder, "CSIRT"), Manager(os.path.join(folder, "notify"))

    def have(key, certificate):
        write(folder, "now.key", key)
        write(folder, "now.pem", certificate)
        if node.server:
            manager.heard.clear()
            node.server.send_signal(signal.SIGHUP)
            manager.waits_for("READY=1")
    have(*pem["a"])
    words = f"tls_certificate: {folder}/now.pem\ntls_key: {folder}/now.key\n"
    write(node.home, "entente.yaml", words)
    serve(node, manager)
    manager.waits_for("READY=1")
    port = int(re.search(r":(\d+)/", node.url).group(1))
    with socket.create_connection(("127.0.0.1", port), 60) as plain, NO_CHECK.wrap_socket(plain) as old:
        check(old.getpeercert(True) == der["a"], "the first one")
        write(node.home, "entente.yaml", words + "log_level: debug\n")
        have(pem["b"][0], pem["a"][1])
        check(shown(port) == der["a"], "a key of another certificate was taken")
        check("stays as it was" in open(node.home + ".messages", encoding="utf-8").read(), "what is wrong is said")
        have(*pem["b"])
        check(shown(port) == der["b"], "the renewed one is not shown")
        old.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        check(old.recv(4096).startswith(b"HTTP/1.1 200"), "a connection from before was cut off")
    have(*pem["a"])
    check(shown(port) == der["a"], "and once more")
    check(node.stop() == 0, "it ends well")
    return None


def proxies_are_believed_when_they_are_named(folder):
    """Failed logins go by whom a trusted proxy names; to others the header is a word like any."""
    node = Node(folder, "CSIRT").serve()

    def tries(name, sources):
        found = []
        for number, source in enumerate(sources):
            words = base64.b64encode(f"{name}:guess {number}".encode()).decode()
            request = urllib.request.Request(node.url, headers={"Authorization": "Basic " + words, "X-Forwarded-For": source})
            try:
                found.append(urllib.request.urlopen(request, timeout=60).status)
            except urllib.error.HTTPError as answer:
                found.append(answer.code)
        return found
    check(429 in tries("one", [f"192.0.2.{i}" for i in range(12)]), "who is not trusted named twelve sources")
    check(node.stop() == 0, "it ends well")
    write(node.home, "entente.yaml", "trusted_proxies: [127.0.0.1]\n")
    node.serve()
    check(tries("two", [f"192.0.2.{i}" for i in range(12)]) == [401] * 12, "twelve sources are one")
    check(429 in tries("three", [f"203.0.113.{i}, 192.0.2.77" for i in range(12)]), "what the client wrote in front counts")
    root = node.url.replace("/taxii2/", "")
    for name in ("X-Forwarded-For", "Forwarded"):
        request = urllib.request.Request(root + "/metrics", headers={name: "127.0.0.1" if name[0] == "X" else "for=127.0.0.1"})
        try:
            urllib.request.urlopen(request, timeout=60)
            check(False, f"{name}: what was forwarded was answered")
        except urllib.error.HTTPError as answer:
            check(answer.code == 404, f"{answer.code}")
    check(node.stop() == 0, "it ends well")


def an_idle_node_asks_nobody(folder):
    """Nothing but its own door, by which it sees whether it still answers."""
    if not shutil.which("strace"):
        return "no strace"
    node, trace = Node(folder, "CSIRT"), os.path.join(folder, "trace")
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    server = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-e", "trace=connect,sendto,sendmsg,sendmmsg",
                               *node.command("serve", "--listen", "127.0.0.1:0", "--json")], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        if not line:
            return "strace may not look at it"
        port = re.search(r":(\d+)/", json.loads(line)["taxii"]).group(1)
        time.sleep(3)
    finally:
        with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGKILL)
        server.wait(60)
        server.stdout.close()
    calls = [call for call in open(trace) if "sa_family=AF_INET" in call]
    strange = [call for call in calls if f"htons({port})" not in call or "127.0.0.1" not in call]
    check(not strange, f"it speaks to others: {strange}")
    return None


if __name__ == "__main__":
    main(life_is_told, a_broken_configuration_changes_nothing, a_stuck_writer_stops_the_pings, messages_for_programs,
         a_crash_leaves_a_file_without_payload, what_is_watched, a_configuration_is_checked_with_its_files,
         a_renewed_certificate_is_taken, proxies_are_believed_when_they_are_named, an_idle_node_asks_nobody)
