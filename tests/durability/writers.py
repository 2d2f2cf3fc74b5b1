"""Eight clients of a served Locum that keep their own log of what they were told.

Law: raw signed requests over one connection each; a request counts as told when its whole answer with status 200 was
read. What was asked and not told may have happened or not. Shares no code with the store.
"""

from __future__ import annotations

import http.client
import random
import re
import urllib.parse
from threading import Semaphore, Thread
from typing import NamedTuple

from tests.journeys.raw import Raw, Signing

VERSION = "2010-05-08"
BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
_KEY = re.compile(r"<AccessKeyId>([A-Z0-9]{16,128})</AccessKeyId>", re.ASCII)


class Told(NamedTuple):
    """What the clients know: the last told state of each user, those about whom a request was under way at the end,
    their access keys, what was refused, and a semaphore that each telling releases. States are `there`, `policy` (with
    its inline policy), `key` (with an access key, too) and `gone`.
    """

    state: dict[str, str]
    open: set[str]
    keys: dict[str, str]
    refused: list[str]
    each: Semaphore

    @classmethod
    def nothing(cls) -> Told:
        """Before anybody was told anything."""
        return cls({}, set(), {}, [], Semaphore(0))


class Writer(Thread):
    """One client. It makes users, one after the other, gives them a policy and a key, and removes some again."""

    def __init__(self, host: str, port: int, key: tuple[str, str], prefix: str, told: Told, seed: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(host, port, timeout=30)
        self._signing = Signing(host=f"{host}:{port}", key_id=key[0], secret=key[1], service="iam")
        self._prefix = prefix
        self._told = told
        self.told = 0
        self._chance = random.Random(f"{seed}-{prefix}")

    def run(self) -> None:
        number = 0
        try:
            while self._life(f"{self._prefix}-{number}"):
                number += 1
        except (OSError, http.client.HTTPException):
            return  # the server is gone; what was under way stays open

    def _life(self, name: str) -> bool:
        """One user's life; False when the server refuses something."""
        tags = {"Tags.member.1.Key": "made", "Tags.member.1.Value": name}
        if not self._ask(name, "there", "CreateUser", PermissionsBoundary=BOUNDARY, **tags):
            return False
        if not self._ask(name, "policy", "PutUserPolicy", PolicyName="own", PolicyDocument=POLICY):
            return False
        if self._chance.random() < 0.5:
            return self._ask(name, "there", "DeleteUserPolicy", PolicyName="own") and self._ask(
                name, "gone", "DeleteUser"
            )
        return self._ask(name, "key", "CreateAccessKey")

    def _ask(self, name: str, state: str, action: str, **inputs: str) -> bool:
        self._told.open.add(name)
        asked = {"Action": action, "Version": VERSION, "UserName": name, **inputs}
        request = self._signing.header(Raw(body=urllib.parse.urlencode(asked).encode()))
        headers = dict(request.headers)
        self._connection.request(request.method, request.path, request.body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            self._told.refused.append(text)
            return False
        if found := _KEY.search(text):
            self._told.keys[name] = found[1]
        self._told.state[name] = state
        self._told.open.discard(name)
        self._told.each.release()
        self.told += 1
        return True
