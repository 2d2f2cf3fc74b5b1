"""Locum's own paths: health for all, and in `dev` reset, clock, accounts and explanations for this machine alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.served import ACCOUNT, NOW, REQUEST_ID, Client, Credentials, ServedHouse, allow

from locum.http import Request
from locum.server.house import FARTHEST, Clocks
from locum.server.own import Own

WHO = "sts:GetCallerIdentity"
JSON = ("content-type", "application/json")
CHANGES = ("reset", "clock", "accounts")


def request(
    name: str, body: bytes = b"{}", *more: tuple[str, str], method: str = "POST", host: str = "127.0.0.1:4566"
) -> Request:
    """A request to one of our own paths, as a program on this machine sends it."""
    headers = (("host", host), *(more or (JSON,)))
    return Request(method, f"/_locum/{name}", "", headers, body, peer="127.0.0.1")


def asked(served: ServedHouse, name: str, body: bytes = b"{}", *more: tuple[str, str], **how: str) -> tuple[int, Any]:
    """Status and content of the answer."""
    response = served.own.answer(request(name, body, *more, **how))
    assert dict(response.headers)["Content-Type"] == "application/json"
    return response.status, msgspec.json.decode(response.body)


# ---- health, and what is not there


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_answers_from_anywhere(served: ServedHouse, method: str) -> None:
    assert asked(served, "health", b"", method=method, host="iam.example") == (200, {"status": "ok"})


@pytest.mark.parametrize("name", ["", "reset/", "RESET", "reset%2f", "..", "../_locum/reset", "denials", "health/x"])
def test_there_is_nothing_anywhere_else(served: ServedHouse, name: str) -> None:
    assert asked(served, name)[0] == 404


def test_only_paths_below_it_are_our_own(served: ServedHouse) -> None:
    for path, own in (("/_locum/x", True), ("/_locum", False), ("/", False), ("/_LOCUM/reset", False)):
        assert served.own.answers(Request("GET", path, "", ())) is own


@pytest.mark.parametrize("name", [*CHANGES, "denials/latest", f"denials/{REQUEST_ID}"])
def test_a_server_that_is_not_dev_has_none_of_it(served: ServedHouse, name: str) -> None:
    served.user("alice").ask("iam:ListUsers")
    own = Own(served.house)
    for method in ("GET", "POST"):
        assert own.answer(request(name, method=method)).status == 404
    assert own.answer(request("health", method="GET")).status == 200


# ---- what a page in a browser could send (decisions 9)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_changes_take_post_alone(served: ServedHouse, name: str, method: str) -> None:
    assert asked(served, name, method=method)[0] == 405


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:4566", "null", ""])
def test_changes_take_no_origin(served: ServedHouse, name: str, origin: str) -> None:
    assert asked(served, name, b"{}", JSON, ("origin", origin))[0] == 403


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
)
def test_changes_take_json_alone(served: ServedHouse, name: str, kind: str | None) -> None:
    headers = [("accept", "*/*")] if kind is None else [("content-type", kind)]
    assert asked(served, name, b"{}", *headers)[0] == 415


HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "[::1].evil.example",
    "127.0.0.1@evil.example",
    "127.0.0.1:80:90",
    "localhost.",
    "localhost.evil.example",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "0.0.0.0",
    "10.0.0.1",
    "[::]",
    "[fe80::1]",
    "::1",
    "[::1",
    "127.0.0.1 ",
    "\u0661\u0662\u0667.0.0.1",
    "999.0.0.1",
    "",
]


@pytest.mark.parametrize("name", [*CHANGES, "denials/latest"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_not_loopback_is_refused(served: ServedHouse, name: str, host: str) -> None:
    served.user("alice").ask("iam:ListUsers")
    method = "GET" if name.startswith("denials") else "POST"
    assert asked(served, name, host=host, method=method)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4566", "127.8.9.1:1", "[::1]", "[::1]:4566", "localhost:80"])
def test_a_loopback_host_is_taken(served: ServedHouse, host: str) -> None:
    assert asked(served, "clock", host=host)[0] == 200


def test_a_content_type_may_have_parameters_and_any_case(served: ServedHouse) -> None:
    assert asked(served, "clock", b"{}", ("content-type", "Application/JSON; charset=utf-8"))[0] == 200


# ---- bodies


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{",
        b"{}x",
        b"\xff\xfe",
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"advance":NaN}',
        b'{"advance":' + b"9" * 5_000 + b"}",
    ],
    ids=range(13),
)
def test_a_body_that_is_no_object_is_refused(served: ServedHouse, name: str, body: bytes) -> None:
    status, said = asked(served, name, body)
    assert (status, said) == (400, {"error": "the body is not a JSON object"})


@pytest.mark.parametrize("name", CHANGES)
def test_a_field_that_is_not_known_is_refused(served: ServedHouse, name: str) -> None:
    status, said = asked(served, name, b'{"advnace": 1}')
    assert status == 400
    assert said["error"].startswith("`advnace` is not known here")


def test_no_body_is_an_empty_one(served: ServedHouse) -> None:
    assert asked(served, "clock", b"")[0] == 200


def test_a_fault_of_our_own_is_an_answer_and_says_nothing(served: ServedHouse) -> None:
    class Broken:
        def reset(self, body: object) -> Any:
            raise RuntimeError("the secret is 42")

        clock = accounts = reset

    response = Own(served.house, Broken()).answer(request("reset"))
    assert response.status == 500
    assert b"42" not in response.body


# ---- clock


def test_the_clock_goes_forward(served: ServedHouse) -> None:
    assert asked(served, "clock", b'{"advance": 900}') == (200, {"now": "2026-11-23T19:15:00Z"})
    assert asked(served, "clock", b'{"advance": 0.5}')[1] == {"now": "2026-11-23T19:15:00.500000Z"}
    assert served.house.clocks.moment().wire_now == NOW


@pytest.mark.parametrize("seconds", ["-1", "-0.1", "1000000001", "true", '"9"', "null", "[]", "1e300"])
def test_the_clock_takes_no_other_step(served: ServedHouse, seconds: str) -> None:
    assert asked(served, "clock", f'{{"advance": {seconds}}}'.encode())[0] == 400
    assert served.house.clocks.moment().now == NOW


def test_the_clock_never_leaves_the_calendar(served: ServedHouse) -> None:
    most = int(FARTHEST.total_seconds())
    assert asked(served, "clock", f'{{"advance": {most}}}'.encode())[0] == 200
    assert asked(served, "clock", b'{"advance": 1}')[0] == 400
    assert served.admin("sts:GetSessionToken", DurationSeconds=129_600).status == 200


def test_the_clock_s_own_rules() -> None:
    clocks = Clocks(lambda: NOW)
    with pytest.raises(ValueError, match="only moves forward"):
        clocks.advance(timedelta(seconds=-1))
    clocks.advance(timedelta(days=1))
    clocks.back_to_real()
    assert clocks.moment().now == NOW


def test_a_clock_that_is_set_back_revives_no_session(served: ServedHouse) -> None:
    """Rule R13; signatures go by the clock as it is."""
    session = served.admin.assume(served.role("builder"), DurationSeconds=900)
    served.real_time_passes(seconds=900)
    assert session.ask(WHO).code == "ExpiredToken"
    served.real_time_passes(minutes=-10)
    assert session.ask(WHO).code == "ExpiredToken"
    assert served.admin.ask(WHO).status == 200
    assert served.admin.assume(f"arn:aws:iam::{ACCOUNT}:role/builder").ask(WHO).status == 200


def test_after_a_step_back_the_steady_clock_counts_on() -> None:
    shown = {"real": NOW, "steady": 0.0}
    clocks = Clocks(lambda: shown["real"], lambda: shown["steady"])

    def at(real: int, steady: float) -> int:
        shown.update(real=NOW + timedelta(seconds=real), steady=steady)
        moment = clocks.moment()
        assert moment.wire_now == shown["real"]
        return int((moment.now - NOW).total_seconds())

    assert at(600, 600) == 600
    assert at(0, 600) == 600  # set back by ten minutes
    assert at(60, 660) == 660
    assert at(600, 1200) == 1200  # where it once was: no step back here either
    assert at(5000, 1201) == 5000  # set forward
    clocks.back_to_real()
    assert at(5001, 1202) == 5001


def test_moving_the_clock_ends_sessions_but_not_signatures(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    asked(served, "clock", b'{"advance": 3600}')
    assert session.ask(WHO).code == "ExpiredToken"
    assert served.admin.ask(WHO).status == 200


# ---- reset


def test_reset_forgets_everything_but_the_command_line(served: ServedHouse) -> None:
    alice, session = served.user("alice"), served.admin.assume(served.role("builder"))
    served.user("bob").ask("iam:ListUsers")
    asked(served, "clock", b'{"advance": 60}')
    assert asked(served, "reset") == (200, {"reset": True})
    for client in (alice, session, served.other_admin):
        assert client.ask(WHO).code == "InvalidClientTokenId"
    assert [user["UserName"] for user in served.admin("iam:ListUsers")["Users"]] == ["admin"]
    assert served.root.ask(WHO).status == 200
    assert served.house.clocks.moment().now == NOW
    assert asked(served, "denials/latest", method="GET")[0] == 404


def test_a_role_made_again_after_reset_does_not_revive_its_sessions(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    asked(served, "reset")
    served.role("builder")
    assert session.ask(WHO).code == "InvalidClientTokenId"


# ---- accounts


def test_an_account_comes_with_an_administrator_and_root(served: ServedHouse) -> None:
    status, made = asked(served, "accounts", b'{"account_id": "777788889999"}')
    assert (status, made["AccountId"]) == (200, "777788889999")
    for key, arn in (("Root", "root"), ("Administrator", "user/admin")):
        client = Client(served, Credentials.of(made[key]))
        assert client(WHO)["Arn"] == f"arn:aws:iam::777788889999:{arn}"
        assert client.ask("iam:ListUsers").status == 200


def test_an_account_without_a_number_gets_one(served: ServedHouse) -> None:
    one, two = (asked(served, "accounts")[1]["AccountId"] for _ in range(2))
    assert one != two
    assert len(one) == 12


@pytest.mark.parametrize(
    "wanted",
    [
        '"1"',
        '"12345678901\\n"',
        '"\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661"',
        "12",
        "[]",
        f'"{ACCOUNT}"',
    ],
)
def test_a_number_that_is_none_or_taken_is_refused(served: ServedHouse, wanted: str) -> None:
    assert asked(served, "accounts", f'{{"account_id": {wanted}}}'.encode())[0] == 400


# ---- explanations


def test_a_denial_is_explained_under_its_request_id(served: ServedHouse) -> None:
    refused = served.user("alice", allow("iam:GetUser")).ask("iam:ListUsers")
    for name in (REQUEST_ID, "latest"):
        status, said = asked(served, f"denials/{name}", b"", method="GET")
        assert status == 200
        assert said["request_id"] == REQUEST_ID
        assert said["message"] == refused.message
        assert "iam:ListUsers" in said["text"]


@pytest.mark.parametrize("name", ["x", "", "%00", "../reset", "00000000-0000-4000-8000-000000000001"])
def test_a_request_that_was_not_denied_has_no_explanation(served: ServedHouse, name: str) -> None:
    served.user("alice").ask("iam:ListUsers")
    assert asked(served, f"denials/{name}", b"", method="GET")[0] == 404


def test_an_explanation_holds_no_secret(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("builder"))
    session.ask("iam:ListUsers")
    text = str(asked(served, "denials/latest", b"", method="GET"))
    assert session.credentials.secret not in text
    assert (session.credentials.token or "") not in text
