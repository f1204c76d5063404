#!/usr/bin/env python3
"""What a person types wrongly is told with its remedy, and changes nothing."""

from house import Node, check, main, write


def wrong_words(folder):
    node = Node(folder, "CSIRT")
    for words, remedy in ((["import", "-x"], "--help"), (["peer", "frob"], "peer --help"), (["--home"], "--home DIR"),
                          (["--home=", "status"], "--home DIR")):
        check(remedy in node.fails(64, *words).err, f"{words} does not say {remedy}")
    check("usage" in node.ok("import", "-h").out and "peer invite" in node.ok("peer", "-h").out, "-h helps")
    none = "incident--11111111-1111-4111-8111-111111111111"
    check("incident list" in node.fails(65, "incident", "close", none, "--reason", "r").err, "no such incident")


def an_invitation_replaces_nothing_by_nothing(folder):
    node = Node(folder, "CSIRT")
    file = write(folder, "invitation.json", "an older one")
    node.fails(64, "peer", "invite", "CERT Z", "--out", file)
    with open(file, encoding="utf-8") as kept:
        check(kept.read() == "an older one", "a command that failed emptied its output file")
    node.fails(64, "peer", "invite", "CERT Z", "--url", "https://0.0.0.0:8443/taxii2/", "--out", file)


def a_cut_list_says_so(folder):
    node = Node(folder, "CSIRT")
    for number in range(3):
        node.ok("incident", "open", "--name", f"Incident {number}")
    cut = node.ok("incident", "list", "--limit", "2", "--json")
    check(len(cut.lines) == 2 and "--limit" in cut.err, cut.err)
    check(not node.ok("incident", "list").err and "open" in node.ok("incident", "list").out, "a whole list")


main(wrong_words, an_invitation_replaces_nothing_by_nothing, a_cut_list_says_so)
