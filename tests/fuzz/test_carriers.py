"""Headers behind the signature's back and two carriers at once, put to the whole server: front, spine and verifier
(rules S1, S11, S16, S42; xS2, xS3).

The tables are those of `tests/unit/sigv4`, where the verifier alone is asked. Here each request goes the whole way, and
counts as taken when it is refused for anything but its signature or its form.
"""

from __future__ import annotations

from typing import Any

from tests.fuzz.builds import of_spine
from tests.planted import planted
from tests.served import ACCOUNT, Answer, ServedHouse, parsed
from tests.unit.server.asgi import asked
from tests.unit.sigv4 import signed as s
from tests.unit.sigv4.test_carrier import COLLISIONS, HEADER, QUERY
from tests.unit.sigv4.test_unsigned_headers import BASES, SMUGGLED

from locum.http import Request
from locum.server.app import App

NEVER_TAKEN = {
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidRequest",
    "MalformedInput",
    "MissingAction",
    "SignatureDoesNotMatch",
}
WHO = "sts:GetCallerIdentity"


def answered(house: ServedHouse, request: Request, app: type[App] = App) -> Answer:
    """What the whole server says, read as an answer to GetCallerIdentity."""
    return parsed(asked(app(house.house, house.own), request), WHO)


def taken(house: ServedHouse, requests: list[tuple[str, Request]], app: type[App] = App) -> list[str]:
    """Which of these requests the server takes. Anything but a refusal of the client is a fault of ours."""
    found = []
    for name, request in requests:
        answer = answered(house, request, app)
        assert answer.status < 500, f"{name}: {answer.response}"
        if answer.code not in NEVER_TAKEN:
            found.append(name)
    return found


def test_the_requests_of_the_tables_are_taken_as_they_were_signed(house: ServedHouse) -> None:
    assert answered(house, HEADER)["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert answered(house, QUERY)["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert taken(house, list(BASES.items())) == list(BASES)


def test_no_unsigned_amz_header_is_taken_by_the_whole_server(house: ServedHouse) -> None:
    assert taken(house, SMUGGLED) == []
    assert len(SMUGGLED) == 172


def test_two_carriers_are_never_taken_by_the_whole_server(house: ServedHouse) -> None:
    assert taken(house, COLLISIONS) == []
    assert len(COLLISIONS) == 105


def with_fault(module: str, *faults: tuple[str, str], **of: str) -> type[App]:
    """The server of a build with these faults in `module`, from which the spine takes the names `of`."""
    given: dict[str, Any] = {name: getattr(planted(module, *faults), name) for name in of.values()}
    if module == "locum.sigv4.verify":
        given = {
            "access": planted("locum.access", authenticate=planted("locum.access.authenticate", **given).authenticate)
        }
    return of_spine(planted("locum.server.answer", **given))


def test_control_a_server_that_checks_only_the_headers_named_is_found(house: ServedHouse) -> None:
    named_only = with_fault(
        "locum.sigv4.verify",
        (
            "    for name, value in headers.items():\n        if not name",
            "    for name, value in ():\n        if not name",
        ),
        of="verify",
    )
    assert len(taken(house, SMUGGLED, named_only)) >= 160


def test_control_a_server_that_overlooks_the_query_beside_a_header_is_found(house: ServedHouse) -> None:
    blind = with_fault(
        "locum.sigv4.carrier", ("        if inquiry:\n", "        if not authorization:\n"), of="carrier"
    )
    assert answered(house, HEADER, blind).status == 200
    assert len(taken(house, COLLISIONS, blind)) >= 10


# ---- the third carrier: fields of a form

FIELDS = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKIDADMIN0000001/20260101/us-east-1/sts/aws4_request",
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-Signature": "0" * 64,
    "X-Amz-Security-Token": "t",
    "AWSAccessKeyId": "AKIDADMIN0000001",
    "Policy": "e30=",
}


def in_parts() -> list[tuple[str, Request]]:
    """A POST form with those fields, alone, and beside a good signature in the header and in the query."""
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{FIELDS[name]}\r\n' for name in FIELDS
    )
    body = f'--x\r\nContent-Disposition: form-data; name="Action"\r\n\r\nGetCallerIdentity\r\n{parts}--x--\r\n'.encode()
    plain = s.replaced(s.post(body=body), "content-type", "multipart/form-data; boundary=x")
    ask = "Action=GetCallerIdentity&Version=2011-06-15"
    asking = Request(plain.method, plain.path, ask, plain.headers, plain.body)
    return [
        (f"{where} {carrier}", sign(request))
        for where, request in (("asked in the form", plain), ("asked in the query", asking))
        for carrier, sign in (("form", lambda r: r), ("form and header", s.signed), ("form and query", s.presigned))
    ]


def test_a_post_form_is_never_taken_whatever_else_is_signed(house: ServedHouse) -> None:
    assert len(in_parts()) == 6
    assert taken(house, in_parts()) == []


def test_control_a_server_that_takes_any_body_for_a_form_is_found(house: ServedHouse) -> None:
    loose = planted("locum.wire.query", form=planted("locum.wire.form", ("        require_form(request)\n", "")))
    found = taken(
        house,
        in_parts(),
        of_spine(planted("locum.server.answer", protocols=planted("locum.wire.protocols", query=loose))),
    )
    assert found == ["asked in the query form and header", "asked in the query form and query"]


def test_fields_of_a_signature_in_a_body_name_nobody(house: ServedHouse) -> None:
    """They are parameters that the operation does not have: whoever signed the header asks."""
    for name, value in FIELDS.items():
        body = f"Action=GetCallerIdentity&Version=2011-06-15&{name}={value}".encode()
        assert answered(house, s.signed(s.post(body=body)))["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
        assert answered(house, s.post(body=body)).code == "MissingAuthenticationToken"
