"""Every call that an unmodified boto3 can make, signed in its header and presigned, by a key and by a session: none is
refused for its signature (xS7, xT7).

The server is Locum over a real socket, and boto3 signs as it always does. AWS's command line, its JavaScript SDK and
Terraform are asked in `tests/journeys`. The controls are a server whose clock is sixteen minutes off, and tokens of
20 KiB at a server that would open them.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from xml.etree import ElementTree

import boto3
import msgspec
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from tests import access_matrix
from tests.fuzz.test_routes import JSON, UNPROVEN, UNSIGNED
from tests.served import Credentials, ServedHouse, allow
from tests.unit.front import raw

from locum.server.app import App
from locum.server.house import Clocks
from locum.session.keyring import Keyring
from locum.session.opened import OpenedTokens
from locum.session.token import Opened

INPUTS: Mapping[str, Mapping[str, Any]] = access_matrix.inputs()


@contextmanager
def served(
    *, ahead: timedelta = timedelta(), memory: type[OpenedTokens] = OpenedTokens
) -> Iterator[tuple[str, list[Credentials]]]:
    """A server whose clock is so far ahead and which opens tokens so: where it listens, and the keys of a user and of a
    session."""
    house = ServedHouse(now=datetime.now(UTC) + ahead)
    house.house.verification = msgspec.structs.replace(house.house.verification, opened=memory())
    house.house.clocks = Clocks(lambda: datetime.now(UTC) + ahead)  # boto3's time goes on, and so must the server's
    session = house.admin.assume(house.role("everything", allow("*"))).credentials
    try:
        with raw.served(App(house.house, house.own)) as (host, port):
            yield f"http://{host}:{port}", [house.admin.credentials, session]
    finally:
        house.close()


def boto(service: str, url: str, key: Credentials) -> Any:
    """A client that asks once and leaves the inputs to the server."""
    session = boto3.session.Session(key.id, key.secret, key.token, region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return session.client(service, endpoint_url=url, config=config)


def called(client: Any, operation: str, inputs: Mapping[str, Any]) -> str:
    """The code that boto3 was refused with, or nothing."""
    try:
        getattr(client, xform_name(operation))(**inputs)
    except ClientError as refused:
        code: str = refused.response["Error"]["Code"]
        return code
    return ""


def opened(url: str) -> str:
    """The code that a presigned URL was refused with, or nothing."""
    try:
        answer: HTTPResponse
        with urllib.request.urlopen(url) as answer:
            return "" if answer.status == 200 else str(answer.status)
    except HTTPError as refused:
        found = ElementTree.fromstring(refused.read())
        return next((one.text or "" for one in found.iter() if one.tag.endswith("}Code")), "")


def codes(url: str, keys: list[Credentials], calls: Mapping[str, Mapping[str, Any]] = INPUTS) -> dict[str, str]:
    """What every call was answered, by who made it and how it was signed."""
    found = {}
    for key in keys:
        clients = {service: boto(service, url, key) for service in ("iam", "sts", *JSON)}
        for action, inputs in calls.items():
            service, _, operation = action.partition(":")
            client = clients[service]
            name = f"{'session' if key.token else 'key'}, {action}"
            if service not in JSON:  # whose calls are in the body
                found[f"{name}, presigned"] = opened(
                    client.generate_presigned_url(xform_name(operation), inputs, HttpMethod="GET")
                )
            found[f"{name}, header"] = called(client, operation, inputs)
    return found


def unproven(found: Mapping[str, str]) -> list[str]:
    return [name for name, code in found.items() if code in UNPROVEN]


def test_no_call_of_an_unmodified_client_is_refused_for_its_signature() -> None:
    with served() as (url, keys):
        found = codes(url, keys)
    answered = sum(code == "" for code in found.values())
    print(f"{len(found)} calls, {answered} done, the others refused for what they are about")
    assert unproven(found) == []
    in_json = sum(action.partition(":")[0] in JSON for action in INPUTS)
    assert len(found) == 4 * len(INPUTS) - 2 * in_json >= 120
    assert answered > 40


@pytest.mark.parametrize("ahead", [timedelta(minutes=16), timedelta(minutes=-16)], ids=["fast", "slow"])
def test_control_a_server_whose_clock_is_sixteen_minutes_off_is_found(ahead: timedelta) -> None:
    with served(ahead=ahead) as (url, keys):
        found = codes(url, keys[:1])
    by_header = {name for name in unproven(found) if name.endswith("header")}
    assert by_header == {f"key, {action}, header" for action in INPUTS if action not in UNSIGNED}


class Stuffed(OpenedTokens):
    """The planted fault: tokens as long as one likes, filled up with dots that mean nothing."""

    def open(self, token: str, access_key_id: str, keyring: Keyring) -> Opened:
        return super().open(token.rstrip("."), access_key_id, keyring)


@pytest.mark.parametrize(("length", "carried"), [(4_096, True), (20_480, False)])
def test_control_a_token_of_twenty_kib_is_not_carried_though_the_server_would_open_it(
    length: int, carried: bool
) -> None:
    with served(memory=Stuffed) as (url, [_, session]):
        assert session.token is not None
        stuffed = msgspec.structs.replace(session, token=session.token.ljust(length, "."))
        found = codes(url, [stuffed], {"sts:GetCallerIdentity": {}})
    assert (found["session, sts:GetCallerIdentity, header"] == "") is carried
