#!/usr/bin/env python3
"""IntelMQ's own output bot posts events to us, in each way that it can authenticate itself and write them."""

import peers  # first: moves into the place with the packages

import importlib.resources
import json
import logging
import os
import shutil

from house import Node, check, main, write

COUNTRY = "name,sector,networks,domains,contacts\nAgency,government,192.0.2.0/24,agency.example,soc@agency.example\n"


def settle(folder):
    """IntelMQ looks for its configuration when it is imported."""
    etc = os.path.join(folder, "intelmq", "etc")
    os.makedirs(etc)
    os.environ["INTELMQ_ROOT_DIR"] = os.path.dirname(etc)
    given = importlib.resources.files("intelmq") / "etc"
    for name in ("runtime.yaml", "harmonization.conf"):
        shutil.copy(str(given / name), etc)
    with open(os.path.join(etc, "harmonization.conf"), encoding="utf-8") as file:
        return json.load(file)


class Bot:
    def __init__(self, url, harmonization, hierarchical, auth_type, name, token):
        from intelmq.bots.outputs.restapi.output import RestAPIOutputBot
        from intelmq.lib.message import Event
        self.new, self.acknowledged = lambda: Event(harmonization=harmonization), 0
        self.bot = bot = object.__new__(RestAPIOutputBot)  # without its pipeline, which wants a broker
        bot.host, bot.hierarchical_output, bot.use_json = url, hierarchical, True
        bot.auth_type, bot.auth_token_name, bot.auth_token = auth_type, name, token
        bot.http_timeout_max_tries, bot.http_timeout_sec, bot.logger = 3, 60, logging.getLogger("bot")
        bot.acknowledge_message = self.acknowledge
        bot.init()

    def acknowledge(self):
        self.acknowledged += 1

    def send(self, **fields):
        event = self.new()
        for name, value in fields.items():
            event.add(name.replace("__", "."), value)
        self.bot.receive_message = lambda: event
        self.bot.process()


def posts(folder):
    harmonization = settle(folder)
    node = Node(folder, "CSIRT")
    node.ok("constituency", "import", write(folder, "country.csv", COUNTRY))
    node.ok("account", "add", "intelmq", "--role", "analyst")
    token = node.token("intelmq")
    node.serve()
    url = node.url.split("/taxii2/")[0] + "/intelmq/"
    ways = ((False, "http_header", "X-Entente-Token", token), (True, "http_header", "Authorization", f"Bearer {token}"),
            (False, "http_basic_auth", "intelmq", token))
    for number, way in enumerate(ways):
        bot = Bot(url, harmonization, *way)
        for i in range(3):
            bot.send(classification__type="infected-system", source__ip=f"192.0.2.{10 * number + i + 1}",
                     time__source="2026-03-01T10:00:00+00:00", feed__name="sinkhole", malware__name="mirai",
                     extra__os="x")
        check(bot.acknowledged == 3, f"{way[:3]}: {bot.acknowledged} acknowledged")
    found = [line for line in node.ok("finding", "list", "--json").lines if line.get("organisation") == "Agency"]
    check(len(found) == 1 and found[0]["count"] == 9 and found[0]["addresses"] == 9, str(found))
    bot = Bot(url, harmonization, False, "http_header", "X-Entente-Token", "wrong")
    try:
        bot.send(classification__type="scanner", source__ip="192.0.2.1", feed__name="x")
        check(False, "a wrong token was taken")
    except Exception as error:  # requests' own, which only this place has
        check("401" in str(error), str(error))


if __name__ == "__main__":
    main(posts)
