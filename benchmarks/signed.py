"""Signed calls as boto3 sends them: as a `Request`, and as the bytes on the wire.

Law: the headers of a boto3 client, all of those that it signs signed. The signer is Locum's own, which the tests hold
against botocore's.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import msgspec

from locum.aws.secret import Secret
from locum.http import Headers, Request
from locum.sigv4 import Signer, sign

FORM = "application/x-www-form-urlencoded; charset=utf-8"
AGENT = (
    "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.7 md/pyimpl#CPython"
    " m/Z,e,b,D cfg/retry-mode#standard Botocore/1.44.5"
)
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
# What boto3 adds behind the signature.
UNSIGNED: Headers = (
    ("accept-encoding", "identity"),
    ("amz-sdk-invocation-id", "0b6a2d52-7a2e-4b3e-9d54-1f2ab5c3d4e5"),
    ("amz-sdk-request", "attempt=1"),
)


class Key(msgspec.Struct, frozen=True):
    """What a client signs with."""

    id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"Key({self.id})"


def form(action: str, **inputs: str) -> bytes:
    """The body of a call."""
    service, _, name = action.partition(":")
    return urlencode({"Action": name, "Version": VERSIONS[service], **inputs}).encode("ascii")


def request(service: str, body: bytes, key: Key, *, host: str, now: datetime) -> Request:
    """The call, signed. Accept-Encoding comes with what is not signed, as boto3 has it."""
    plain: Headers = (("host", host), ("content-type", FORM), ("user-agent", AGENT))
    signer = Signer(key.id, Secret(key.secret), "us-east-1", service, key.token)
    made = sign(Request("POST", "/", "", plain, body, peer="127.0.0.1"), signer, now=now)
    rest = (*UNSIGNED, ("content-length", str(len(body))))
    return msgspec.structs.replace(made, headers=made.headers + rest)


def octets(made: Request) -> bytes:
    """The request as it goes over the wire."""
    lines = [f"{made.method} {made.path} HTTP/1.1"]
    lines += [f"{_shown(name)}: {value}" for name, value in made.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + made.body


def _shown(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))
