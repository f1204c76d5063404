"""stix_peer.py FILE OBJECTS - python-stix2 parsing the first objects of a bundle, in the place of the peers' packages:
{"objects","bytes","seconds" of the processor}, or a line that it was skipped."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers"))
import peers  # first: moves into the place with the packages

import json
import time

import stix2


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        texts = [json.dumps(o) for o in json.load(file)["objects"][:int(sys.argv[2])]]
    best = None
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            stix2.parse(text)
        seconds = time.process_time() - start
        best = seconds if best is None else min(best, seconds)
    print(json.dumps({"objects": len(texts), "bytes": sum(map(len, texts)), "seconds": best}))


main()
