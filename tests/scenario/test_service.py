#!/usr/bin/env python3
"""A serving node and its service manager: what it is told, and that a hang is noticed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

from house import Node, check, domain, bundle, main, wait_for, write


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


if __name__ == "__main__":
    main(life_is_told, a_broken_configuration_changes_nothing, a_stuck_writer_stops_the_pings)
