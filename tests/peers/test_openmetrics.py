#!/usr/bin/env python3
"""Prometheus' own parser of OpenMetrics on what a serving node says of itself."""

import peers  # first: moves into the place with the packages

import urllib.request

from house import Node, bundle, check, connect, domain, main, wait_for
from prometheus_client.openmetrics.parser import text_string_to_metric_families


def families(node):
    with urllib.request.urlopen(node.url.replace("/taxii2/", "/metrics"), timeout=60) as answer:
        return {family.name: family for family in text_string_to_metric_families(answer.read().decode())}


def value(found, name, **labels):
    samples = [s.value for f in found.values() for s in f.samples
               if s.name == name and all(s.labels.get(k) == v for k, v in labels.items())]
    check(len(samples) == 1, f"{name} {labels}: {samples}")
    return samples[0]


def a_page_is_valid_and_counts(folder):
    giver = Node(folder, 'CERT "B\\', country="XF").serve()
    node = Node(folder, "CSIRT").serve()
    connect(node, giver)
    node.ok("import", bundle(folder, *(domain(f"n{i}.example", "green") for i in range(40))), "--from", "self")
    check(node.get("", token="wrong")[0] == 401, "a wrong token")
    wait_for(lambda: "entente_peer_up" in families(node) and families(node)["entente_peer_up"].samples, "the first round")
    found = families(node)
    check(value(found, "entente_held", kind="indicators") == 40, "what is held")
    check(value(found, "entente_view_lag_entries") == 0, "the view has all")
    check(value(found, "entente_login_failures_total") == 1, "a login that failed")
    check(value(found, "entente_http_requests_total", door="taxii", status="4xx") >= 1, "requests by door and class")
    check(value(found, "entente_http_requests_total", door="metrics", status="2xx") >= 1, "its own, too")
    check(value(found, "entente_peer_up", peer=giver.name) == 1, "a peer by its name, escaped")
    check(value(found, "entente_log_commit_seconds_count") >= 1 and value(found, "entente_log_commit_seconds_sum") > 0,
          "commits")
    check(value(found, "entente_group_entries_sum") >= 40, "entries in them")
    check(found["entente_log_commit_seconds"].unit == "seconds" and found["entente_log_commit_seconds"].type == "histogram",
          "types and units")
    check(all(family.documentation for family in found.values()), "each has its help")
    check(value(found, "entente_disk_free_bytes") > 0 and value(found, "entente_resident_memory_bytes") > 0, "the machine")
    giver.stop(kill=True)
    wait_for(lambda: value(families(node), "entente_peer_up", peer=giver.name) == 0, "a peer that is gone")
    check(value(families(node), "entente_peer_failures", peer=giver.name) >= 1, "its failures")


if __name__ == "__main__":
    main(a_page_is_valid_and_counts)
