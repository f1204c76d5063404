#!/usr/bin/env python3
"""What is posted is taken in beside what is asked: posts that hang hold nobody up, are bounded, and end with the server."""

import glob
import json
import os
import signal
import threading
import time

from house import Node, check, domain, main, wait_for

MEDIA = {"Content-Type": "application/taxii+json;version=2.1"}


def children(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return found


def words_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


class Stopped:
    """Holds each reader process of a node, those to come with them."""

    def __init__(self, node):
        self.pid, self.over = node.server.pid, threading.Event()
        self.thread = threading.Thread(target=self.hold, daemon=True)
        self.hold_all()
        self.thread.start()

    def hold_all(self):
        """Who has not become a reader yet holds its owner's thread up until it has."""
        for child in children(self.pid):
            try:
                if words_of(child) != words_of(self.pid):
                    os.kill(child, signal.SIGSTOP)
            except OSError:
                pass

    def hold(self):
        while not self.over.wait(0.002):
            self.hold_all()

    def end(self):
        self.over.set()
        self.thread.join()
        for child in children(self.pid):
            try:
                os.kill(child, signal.SIGCONT)
            except OSError:
                pass


def envelope(number):
    return json.dumps({"objects": [domain(f"host{i}.post{number}.example") for i in range(300)]}).encode()


class Poster(threading.Thread):
    def __init__(self, node, path, token, number):
        super().__init__(daemon=True)
        self.node, self.path, self.token, self.body, self.answer = node, path, token, envelope(number), None
        self.start()

    def run(self):
        try:
            self.answer = self.node.get(self.path, self.token, MEDIA, "POST", self.body)
        except OSError as error:
            self.answer = (0, {}, str(error).encode())


def posts_hold_nobody_up(folder):
    node = Node(folder, "CSIRT")
    node.ok("account", "add", "feeder", "--role", "analyst")
    token = node.token("feeder")
    node.serve()
    collection = [c["id"] for c in json.loads(node.get("api/collections/", token)[2])["collections"]][0]
    path = f"api/collections/{collection}/objects/"
    status, _, body = node.get(path, token, MEDIA, "POST", envelope(0))
    check(status == 202 and json.loads(body)["success_count"] == 300, f"{status} {body[:500]}")
    held = Stopped(node)
    posts = [Poster(node, path, token, number) for number in range(1, 11)]
    wait_for(lambda: sum(p.answer is not None for p in posts) == 2, "eight of one account, no more")
    for post in posts:
        check(post.answer is None or (post.answer[0] == 503 and int(post.answer[1]["Retry-After"]) > 0), f"{post.answer}")
    began = time.monotonic()
    for _ in range(20):
        check(node.get("api/collections/", token)[0] == 200, "a GET")
    check(time.monotonic() - began < 10, "posts under way hold others up")
    check(sum(p.answer is None for p in posts) == 8, "they are under way")
    held.end()
    for post in posts:
        post.join()
    done = [p.answer for p in posts if p.answer[0] != 503]
    check(len(done) == 8 and all(a[0] == 202 for a in done), str(done)[:1000])
    check(all(json.loads(a[2])["success_count"] == 300 for a in done), "each has its own answer")

    held = Stopped(node)
    posts = [Poster(node, path, token, number) for number in range(11, 14)]
    wait_for(lambda: len(children(node.server.pid)) >= 3, "their readers")
    time.sleep(0.3)
    began = time.monotonic()
    code = node.stop()
    took = time.monotonic() - began
    held.end()
    for post in posts:
        post.join()
    check(code == 0 and took < 20, f"exit {code} after {took:.1f} s")
    check(all(p.answer[0] in (0, 503) for p in posts), str([p.answer for p in posts]))
    node.serve()
    check(node.get(path, token, MEDIA, "POST", envelope(0))[0] == 202, "and it goes on")
    check(node.stop() == 0, "it ends well")


if __name__ == "__main__":
    main(posts_hold_nobody_up)
