"""Requests byte by byte: a signer written from AWS's page "Create a signed AWS API request" alone, and a plain sender.

Law: shares no code with `locum.sigv4`, so that the two cannot be wrong together. Every part of a signature can be
chosen, and anything can be altered after signing.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import urllib.parse
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

FORM = "application/x-www-form-urlencoded; charset=utf-8"
WHO_AM_I = b"Action=GetCallerIdentity&Version=2011-06-15"


@dataclass(frozen=True)
class Raw:
    """One request as it goes over the wire. Headers are a list, so that one can stand twice."""

    body: bytes = WHO_AM_I
    query: str = ""
    method: str = "POST"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = (("content-type", FORM),)

    def without(self, name: str) -> Raw:
        """The request without that header."""
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] != name))

    def having(self, name: str, value: str) -> Raw:
        """The request with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def rewritten(self, name: str, old: str, new: str) -> Raw:
        """The request with `old` replaced by `new` in one header, which must hold it."""
        assert old in dict(self.headers)[name]
        return replace(
            self, headers=tuple((key, value.replace(old, new) if key == name else value) for key, value in self.headers)
        )


@dataclass(frozen=True)
class Signing:
    """Who signs, when, and for what. The defaults are good; each may be made wrong."""

    host: str
    key_id: str = "test"
    secret: str = "test"
    token: str | None = None
    region: str = "us-east-1"
    service: str = "sts"
    terminator: str = "aws4_request"
    age: timedelta = timedelta()
    scope_date: str | None = None
    timestamp: str | None = None
    unsigned: frozenset[str] = field(default_factory=frozenset)
    expires: str = "60"
    method: str | None = None

    def stamp(self) -> str:
        """X-Amz-Date."""
        return self.timestamp or (datetime.now(UTC) - self.age).strftime("%Y%m%dT%H%M%SZ")

    def signature(self, request: Raw, headers: dict[str, str], query: str, stamp: str) -> str:
        """The signature of the request under these headers and this canonical query."""
        lines = [
            self.method or request.method,
            request.path,
            query,
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            hashlib.sha256(request.body).hexdigest(),
        ]
        scope = self.scope(stamp)
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashed])
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()

    def scope(self, stamp: str) -> str:
        """The credential scope."""
        return f"{self.scope_date or stamp[:8]}/{self.region}/{self.service}/{self.terminator}"

    def header(self, request: Raw = Raw()) -> Raw:  # noqa: B008  frozen
        """The request with its signature in `Authorization`."""
        stamp = self.stamp()
        more = (("host", self.host), ("x-amz-date", stamp))
        more += (("x-amz-security-token", self.token),) if self.token else ()
        full = replace(request, headers=request.headers + more)
        signed = {name: value for name, value in full.headers if name not in self.unsigned}
        query = "&".join(sorted(full.query.split("&"))) if full.query else ""
        names = ";".join(sorted(signed))
        signature = self.signature(full, signed, query, stamp)
        credential = f"{self.key_id}/{self.scope(stamp)}"
        text = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return full.having("authorization", text)

    def presigned(self, query: str = WHO_AM_I.decode()) -> Raw:
        """A GET with its signature in the query."""
        stamp = self.stamp()
        own = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.key_id}/{self.scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": self.expires,
            "X-Amz-SignedHeaders": "host",
        }
        own |= {"X-Amz-Security-Token": self.token} if self.token else {}
        pairs = [*urllib.parse.parse_qsl(query, keep_blank_values=True), *own.items()]
        quoted = [tuple(urllib.parse.quote(part, safe="-_.~") for part in pair) for pair in pairs]
        canonical = "&".join(f"{name}={value}" for name, value in sorted(quoted))
        request = Raw(body=b"", method="GET", headers=(("host", self.host),))
        signature = self.signature(request, {"host": self.host}, canonical, stamp)
        return replace(request, query=f"{canonical}&X-Amz-Signature={signature}")


class Answer:
    """What came back: status, headers, and the error inside, if it is one."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self) -> str:
        return f"Answer({self.status}, {self.body!r})"

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and sentence of an error answer in AWS's XML."""
        found = {
            element.tag.rpartition("}")[2]: element.text or "" for element in ElementTree.fromstring(self.body).iter()
        }
        return self.status, found.get("Code", ""), found.get("Message", "")


def send(host: str, request: Raw) -> Answer:
    """The answer to the request, sent as it is."""
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        target = request.path + (f"?{request.query}" if request.query else "")
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body or request.method == "POST":
            connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()
