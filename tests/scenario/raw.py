"""Every byte of a home or a backup, as somebody with the disk in hand would look for them: files as they are, and the
bodies of the log unpacked. Reads docs/FORMAT-log.md's format by itself, not through the program."""

import ctypes
import ctypes.util
import os
import re
import struct

SOURCE = os.environ.get("ENTENTE_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
KINDS = {1: "entry", 2: "detail", 3: "body", 4: "commit"}
ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
ZSTD.ZSTD_createDCtx.restype = ctypes.c_void_p
ZSTD.ZSTD_decompress_usingDict.restype = ctypes.c_size_t
ZSTD.ZSTD_decompress_usingDict.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                                           ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
CONTEXT = ZSTD.ZSTD_createDCtx()


def dictionary():
    text = open(os.path.join(SOURCE, "src/store/log_dictionary.c"), encoding="utf-8").read()
    text = text[text.index("log_dictionary_1[]"):text.index(";", text.index("log_dictionary_1[]"))]
    return b"".join(part.encode().decode("unicode_escape").encode("latin-1")
                    for part in re.findall(r'"((?:[^"\\]|\\.)*)"', text))


DICTIONARY = dictionary()


def unpack(flags, payload):
    size = struct.unpack("<I", payload[:4])[0]
    packed = payload[36:]
    if not flags & 1:
        return packed
    out = ctypes.create_string_buffer(size)
    words = DICTIONARY if flags & 2 else b""
    done = ZSTD.ZSTD_decompress_usingDict(CONTEXT, out, size, packed, len(packed), words, len(words))
    assert done == size, "a body that cannot be unpacked"
    return out.raw


def records(path):
    """(offset, kind, flags, payload) of a segment's records, to the first place where none stands."""
    data = open(path, "rb").read().rstrip(b"\0") + bytes(64)
    at = 4096
    while at + 24 <= len(data):
        size, kind, flags = struct.unpack("<IBB", data[at:at + 6])
        if kind not in KINDS:
            return
        yield at, KINDS[kind], flags, data[at + 24:at + 24 + size]
        at += (24 + size + 7) // 8 * 8


def files(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def is_segment(path):
    with open(path, "rb") as file:
        return file.read(8) == b"ENTLOG\r\n"


def find(folder, *words):
    """[(path, word)]: wherever one of the words still lies."""
    words = [(word.encode() if isinstance(word, str) else word).lower() for word in words]
    found = []
    for path in files(folder):
        bodies = [b""]
        data = open(path, "rb").read().rstrip(b"\0").lower()  # segments are preallocated
        if is_segment(path):
            for _, kind, flags, payload in records(path):
                if flags & 0x80:
                    assert not payload.strip(b"\0"), f"{path}: an erased record that is not zeros"
                elif kind == "body":
                    bodies.append(unpack(flags, payload).lower())
        data += b"\n".join(bodies)
        found += [(path, word) for word in words if word in data]
    return found
