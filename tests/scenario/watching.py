"""A watch under test, and the node it reports to."""

import json
import signal
import subprocess
import threading

from house import Node, bundle, check, domain, write

REGISTER = "name,sector,networks,domains,contacts\nCity Hospital,health,192.0.2.0/24,hospital.example,soc@x.example\n"


class Watch:
    """Dies with this process's group at the latest: the runner ends whatever a test leaves."""

    def __init__(self, node, log, *more):
        """more: options, or further logs."""
        self.lines = []
        self.process = subprocess.Popen(node.command("watch", "--follow", log, "--json", *more),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join()
        err = self.process.stderr.read()
        self.process.stderr.close()
        self.process.stdout.close()
        check("Sanitizer" not in err, err)
        return code


def count(node):
    return sum(f["count"] for f in node.ok("finding", "list", "--json").lines)


def append(path, text):
    with open(path, "a", encoding="utf-8") as log:
        log.write(text)


def house(folder, *names):
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "register.csv", REGISTER))
    node.ok("import", bundle(folder, *[domain(n) for n in names]), "--from", "CERT Y")
    return node
