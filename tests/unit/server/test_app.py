"""The rim: what every answer carries, who is let near, and how long a body may be."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest
from tests.served import HOST, ServedHouse, parsed, request
from tests.unit.server.asgi import LOOPBACK, application, asked, respond, scope_of

from locum.http import Request
from locum.server.app import App

WHO = "sts:GetCallerIdentity"
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)


def who(served: ServedHouse) -> Request:
    """A signed question who one is."""
    return served.admin.signed(request(WHO), "sts")


def named(response: Any) -> dict[str, str]:
    """The headers by their names, each once."""
    names = [name.lower() for name, _ in response.headers]
    assert len(set(names)) == len(names)
    return {name.lower(): value for name, value in response.headers}


def test_every_answer_carries_date_mode_length_and_its_own_id(served: ServedHouse) -> None:
    app = application(served)
    health = Request("GET", "/_locum/health", "", (("host", HOST),))
    ids = set()
    for one in (who(served), request(WHO), Request("GET", "/x", "", (("host", HOST),)), Request("BREW", "/", "", ())):
        response = asked(app, one)
        headers = named(response)
        assert headers["date"] == "Mon, 23 Nov 2026 19:00:00 GMT"
        assert headers["x-locum-mode"] == "dev"
        assert headers["content-length"] == str(len(response.body))
        assert headers["content-type"] == "text/xml"
        assert UUID4.fullmatch(headers["x-amzn-requestid"])
        assert headers["x-amzn-requestid"].encode() in response.body
        ids.add(headers["x-amzn-requestid"])
    assert len(ids) == 4
    assert {"date", "x-locum-mode"} <= set(named(asked(app, health)))


def test_the_date_is_real_time(served: ServedHouse) -> None:
    served.sessions_age(days=1)
    assert named(asked(application(served), who(served)))["date"] == "Mon, 23 Nov 2026 19:00:00 GMT"


def test_a_server_that_is_not_dev_does_not_say_so(served: ServedHouse) -> None:
    served.house.place = msgspec.structs.replace(served.house.place, dev=False)
    assert "x-locum-mode" not in named(asked(application(served), who(served)))


def test_reads_and_writes_are_answered(served: ServedHouse) -> None:
    app = application(served)
    assert parsed(asked(app, who(served)), WHO)["Arn"].endswith("user/admin")
    made = served.admin.signed(request("iam:CreateUser", {"UserName": "x"}), "iam")
    assert parsed(asked(app, made), "iam:CreateUser")["User"]["UserName"] == "x"
    assert parsed(asked(app, made), "iam:CreateUser").code == "EntityAlreadyExists"


def test_a_question_by_get_is_signed_like_any(served: ServedHouse) -> None:
    app = application(served)
    plain = Request("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", (("host", HOST),))
    signed = served.admin.signed(plain, "sts")
    assert parsed(asked(app, signed), WHO)["Arn"].endswith("user/admin")
    other = msgspec.structs.replace(signed, query=signed.query.replace("CallerIdentity", "SessionToken"))
    assert parsed(asked(app, other)).code == "SignatureDoesNotMatch"


def test_an_answer_to_head_has_no_body(served: ServedHouse) -> None:
    response = asked(application(served), Request("HEAD", "/_locum/health", "", (("host", HOST),)))
    assert (response.status, response.body) == (200, b"")
    assert named(response)["content-length"] == str(len(b'{"status":"ok"}'))


# ---- who is let near (rule E5)


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ({}, 200),
        ({"client": ("::1", 1), "server": ("::1", 4566)}, 200),
        ({"client": None, "server": ("/run/locum.sock", None)}, 200),
        ({"client": ("192.0.2.7", 1)}, 403),
        ({"server": ("192.0.2.1", 4566)}, 403),
        ({"server": ("0.0.0.0", 4566)}, 403),
        ({"client": ("testclient", 1)}, 403),
    ],
    ids=str,
)
def test_a_server_for_this_machine_answers_this_machine_alone(
    served: ServedHouse, ends: dict[str, Any], status: int
) -> None:
    health = Request("GET", "/_locum/health", "", (("host", HOST),))
    app = application(served, loopback_only=True)
    for one in (who(served), health):
        assert asked(app, one, **ends).status == status
        assert asked(application(served), one, **ends).status == 200


def test_a_header_moves_nobody_to_this_machine(served: ServedHouse) -> None:
    headers = (("host", HOST), ("x-forwarded-for", "127.0.0.1"), ("x-real-ip", "127.0.0.1"))
    health = Request("GET", "/_locum/health", "", headers)
    assert asked(application(served, loopback_only=True), health, client=("192.0.2.7", 1)).status == 403


# ---- bodies


def test_a_body_may_come_in_parts(served: ServedHouse) -> None:
    one = who(served)
    parts = [one.body[:5], b"", one.body[5:]]
    assert respond(application(served), scope_of(one), parts).status == 200


def test_a_body_beyond_the_cap_is_not_read(served: ServedHouse) -> None:
    app = application(served)
    for size in (10**6, 10**9):
        scope = scope_of(request(WHO, {}, ("content-length", str(size))))
        assert parsed(respond(app, scope, [])).code == "RequestEntityTooLarge"
    endless = [b"x" * 65_536] * 1_000
    assert parsed(respond(app, scope_of(request(WHO)), endless)).code == "RequestEntityTooLarge"


def test_a_client_that_leaves_is_no_fault(served: ServedHouse) -> None:
    assert parsed(respond(application(served), scope_of(who(served)), [])).code == "InvalidRequest"


# ---- the protocol of applications


def test_the_application_starts_and_stops(served: ServedHouse) -> None:
    app = application(served)
    sent: list[str] = []
    coming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_another_protocol_gets_nothing(served: ServedHouse) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError("nothing is read and nothing is sent")

    app: App = application(served)
    asyncio.run(app({"type": "websocket", "client": LOOPBACK}, never, never))
