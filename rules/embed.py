"""Writes a file's bytes as a C string: embed.py FILE HEADER. What the program falls back on is compiled in."""
import pathlib
import sys

source, header = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
lines = "".join(
    '    "' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in line) + '"\n'
    for line in source.read_bytes().splitlines(keepends=True))
name = source.stem.upper().replace("-", "_")
header.write_text(f"/* Made of rules/{source.name} by rules/embed.py. */\n#define RULES_{name} \\\n"
                  + lines.rstrip("\n").replace("\n", " \\\n") + "\n", encoding="ascii")
