"""Who asks the HTTP API, for its tests."""

import json
import urllib.error
import urllib.parse
import urllib.request

from house import check


class Caller:
    def __init__(self, node, token):
        self.base, self.token = node.url.replace("/taxii2/", ""), token

    def __call__(self, method, path, body=None, media="application/json", **headers):
        """(status, media type, body: parsed where it is JSON, else bytes)"""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(self.base + path, data=data, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", media)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            raw, kind = answer.read(), answer.headers["Content-Type"] or ""
            check(answer.status not in (500, 501), f"{method} {path}: {answer.status} {raw[:300]}")
            return answer.status, kind, json.loads(raw) if "json" in kind else raw


def api(path, **query):
    return "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
