"""What the checks share: their place in the tree, the room table, and TAP."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRC = os.path.join(ROOT, "src")


class Tap:
    """One point a subject; what is wrong with it stands before it as comments."""

    def __init__(self):
        self.count = self.failed = 0

    def point(self, name, wrong=(), notices=()):
        for line in notices:
            print(f"# notice: {line}")
        for line in wrong:
            print(f"# {line}")
        self.count += 1
        self.failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {name}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def room_table():
    """{room: (rooms below, names of external dependencies)}, in the order of src/meson.build, its only home."""
    text = read(os.path.join(SRC, "meson.build"))
    table = re.search(r"^room_table = \[$(.*?)^\]$", text, re.MULTILINE | re.DOTALL)
    rooms = {}
    for line in table.group(1).splitlines():
        row = re.match(r"\s*\['(\w+)',\s*\[([^]]*)\],\s*\[([^]]*)\]\],?\s*(?:#.*)?$", line)
        if row:
            below = re.findall(r"'(\w+)'", row.group(2))
            rooms[row.group(1)] = (below, re.findall(r"\w+", row.group(3)))
        elif line.strip() and not line.strip().startswith("#"):
            print(f"Bail out! src/meson.build: this line of room_table is not understood: {line.strip()}")
            sys.exit(1)
    return rooms


def sources(top=SRC, endings=(".c", ".h")):
    """Paths relative to the repository."""
    found = []
    for folder, folders, names in os.walk(top):
        folders.sort()
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n.endswith(endings)]
    return sorted(found)


def room_of(path):
    """src/store/log.c: store. src/main.c stands on top, with command."""
    parts = path.split(os.sep)
    return parts[1] if len(parts) > 2 else "command"


def by_room(paths):
    rooms = {}
    for path in paths:
        rooms.setdefault(room_of(path), []).append(path)
    return rooms


LEXEME = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_comments_and_strings(text):
    """The same text with comments and literals blanked; lines keep their numbers."""
    return LEXEME.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
