"""One carrier, or none, or a refusal (rules S11, S12, S17, S34; xS3)."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from tests.planted import planted
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request

HEADER = s.signed(s.get())
QUERY = s.presigned(s.get())
AUTHORIZATION = HEADER.header("authorization")
PARAMETERS = dict(part.partition("=")[::2] for part in QUERY.query.split("&"))
OWN = [name for name in PARAMETERS if name.startswith("X-Amz-")]


def query(**parameters: str | None) -> Request:
    """The presigned request with parameters changed or, for None, taken away; `_` stands for `-`."""
    changed = {**PARAMETERS, **{name.replace("_", "-"): value for name, value in parameters.items()}}
    text = "&".join(f"{name}={value}" for name, value in changed.items() if value is not None)
    return msgspec.structs.replace(QUERY, query=text)


def authorization(text: str) -> Request:
    return s.replaced(HEADER, "authorization", text)


def more_query(request: Request, text: str) -> Request:
    return msgspec.structs.replace(request, query=f"{request.query}&{text}" if request.query else text)


def test_a_request_without_a_signature_has_no_carrier() -> None:
    assert sigv4.carrier(s.get()) is None
    assert sigv4.carrier(s.post()) is None


def test_a_token_or_a_date_alone_is_no_carrier() -> None:
    assert sigv4.carrier(s.get(("x-amz-date", "20260101T000000Z"), ("x-amz-security-token", "t"))) is None
    assert sigv4.carrier(s.get(query="X-Amz-Date=20260101T000000Z&X-Amz-Security-Token=t")) is None


def test_the_header_form_is_read_as_it_stands() -> None:
    carried = sigv4.carrier(HEADER)
    assert carried is not None
    assert (carried.form, carried.access_key_id, carried.scope) == (
        "header",
        s.KEY_ID,
        "20260101/us-east-1/sts/aws4_request",
    )
    assert (carried.signed_headers, carried.expires, carried.token) == (("host", "x-amz-date"), None, None)


def test_the_query_form_is_read_as_it_stands() -> None:
    carried = sigv4.carrier(s.presigned(s.get(), s.TEMPORARY_SIGNER))
    assert carried is not None
    assert (carried.form, carried.access_key_id, carried.expires) == ("query", s.TEMPORARY_ID, 900)
    assert (carried.signed_headers, carried.token) == (("host",), s.TOKEN)


def test_the_repr_of_a_carrier_shows_neither_token_nor_signature() -> None:
    carried = sigv4.carrier(s.signed(s.get(), s.TEMPORARY_SIGNER))
    assert carried is not None
    assert s.TOKEN not in repr(carried)
    assert carried.signature not in repr(carried)


@pytest.mark.parametrize(
    "text",
    [
        AUTHORIZATION.replace(", ", ","),
        AUTHORIZATION.replace(", ", "  ,   "),
        f"{AUTHORIZATION} ",
    ],
)
def test_blanks_around_the_commas_do_not_count(text: str) -> None:
    assert s.accepts(authorization(text))


@pytest.mark.parametrize("name", ["Credential", "SignedHeaders", "Signature"])
@pytest.mark.parametrize("empty", [True, False])
def test_the_sentence_names_what_the_header_lacks(name: str, empty: bool) -> None:
    kept = [f"{name}=" if part.startswith(name) and empty else part for part in AUTHORIZATION[17:].split(", ")]
    kept = [part for part in kept if empty or not part.startswith(name)]
    refusal = s.refusal_of(authorization("AWS4-HMAC-SHA256 " + ", ".join(kept)))
    assert (refusal.code, refusal.status) == ("IncompleteSignature", 400)
    assert refusal.message == f"Authorization header requires '{name}' parameter."


def test_the_sentence_names_the_missing_date() -> None:
    refusal = s.refusal_of(s.replaced(HEADER, "x-amz-date", None))
    assert refusal.message == ("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")


@pytest.mark.parametrize("name", [name for name in OWN if name != "X-Amz-Security-Token"])
@pytest.mark.parametrize("value", [None, ""])
def test_the_sentence_names_what_the_query_lacks(name: str, value: str | None) -> None:
    refusal = s.refusal_of(query(**{name: value}))
    assert refusal.code == "IncompleteSignature"
    assert refusal.message == f"AWS query-string parameters must include '{name}'."


BROKEN = [
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 ",
    "AWS4-HMAC-SHA256 x",
    "Bearer abc",
    "Basic dGVzdDp0ZXN0",
    "",
    AUTHORIZATION + ", Signature=" + "0" * 64,
    AUTHORIZATION + ", Credential=x",
    AUTHORIZATION + ", Extra=1",
    AUTHORIZATION + ",",
    AUTHORIZATION.replace("Credential=", "credential="),
    AUTHORIZATION.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256\t"),
    AUTHORIZATION.replace("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "),
    AUTHORIZATION.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA512 "),
    AUTHORIZATION.replace("/sts/", "/"),
    AUTHORIZATION.replace("/sts/", "/sts/x/"),
    AUTHORIZATION.replace(s.KEY_ID, "AKIA/Q3EGRIT4EXAMPLE"),
    AUTHORIZATION.replace(s.KEY_ID, "AKIA+Q3EGRIT4EXAMPLE"),
    AUTHORIZATION.replace(s.KEY_ID, ""),
    AUTHORIZATION.replace(s.KEY_ID, "AKIAQ3EGRIT4EXA"),
    AUTHORIZATION.replace(s.KEY_ID, "A" * 129),
    AUTHORIZATION.replace("host;x-amz-date", "host;;x-amz-date"),
    AUTHORIZATION.replace("host;x-amz-date", "host;x-amz-date;"),
    AUTHORIZATION.replace("host;x-amz-date", "host x-amz-date"),
    AUTHORIZATION[:-1],
    AUTHORIZATION + "0",
    AUTHORIZATION[:-64] + AUTHORIZATION[-64:].upper().replace("0", "A"),
    AUTHORIZATION[:-1] + "g",
    AUTHORIZATION[:-1] + "\xe9",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_malformed_header_is_an_incomplete_signature(text: str) -> None:
    refusal = s.refusal_of(authorization(text))
    assert (refusal.code, refusal.status) == ("IncompleteSignature", 400)


@pytest.mark.parametrize(
    "text",
    [f"AWS {s.KEY_ID}:c2lnbmF0dXJl", "AWS3-HTTPS AWSAccessKeyId=x", AUTHORIZATION.replace("HMAC", "ECDSA-P256")],
)
def test_another_way_of_signing_is_named_as_unsupported(text: str) -> None:
    assert s.refusal_of(authorization(text)).code == "InvalidRequest"


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "SignatureVersion", "SignatureMethod", "signatureversion"])
def test_signature_version_2_in_the_query_is_named_as_unsupported(name: str) -> None:
    assert s.refusal_of(s.get(query=f"Action=GetCallerIdentity&{name}=2")).code == "InvalidRequest"


def test_a_post_form_without_a_signature_elsewhere_is_named_as_unsupported() -> None:
    refusal = s.refusal_of(s.replaced(s.post(), "content-type", "Multipart/Form-Data; boundary=x"))
    assert refusal.code == "InvalidRequest"
    assert "multipart/form-data" in refusal.message


def test_sigv4a_is_refused_by_its_name() -> None:
    refusal = s.refusal_of(query(X_Amz_Algorithm="AWS4-ECDSA-P256-SHA256"))
    assert refusal.code == "InvalidRequest"
    assert "AWS4-ECDSA-P256-SHA256" in refusal.message


@pytest.mark.parametrize("seconds", ["0", "604801", "-1", "+900", "9_0", "\u0669", "9e2", "900.0", "0x10", " 900"])
def test_the_life_of_a_presigned_request_is_a_whole_number_up_to_a_week(seconds: str) -> None:
    quoted = seconds.encode().hex(" ").replace(" ", "%")
    assert s.refusal_of(query(X_Amz_Expires=f"%{quoted}")).code == "IncompleteSignature"


def test_the_shortest_key_id_is_a_setting() -> None:
    request = s.signed(s.get(), msgspec.structs.replace(s.SIGNER, access_key_id="test"))
    with pytest.raises(sigv4.SignatureError, match="16 to 128"):
        sigv4.carrier(request)
    carried = sigv4.carrier(request, shortest_key_id=4)
    assert carried is not None
    assert carried.access_key_id == "test"


def test_a_sentence_shows_a_stranger_only_in_part_and_in_ascii() -> None:
    refusal = s.refusal_of(
        authorization("AWS4-HMAC-SHA256 Credential=\xff\x01" + "/" * 9000 + ", SignedHeaders=a, Signature=b")
    )
    assert len(refusal.message) < 300
    assert refusal.message.isascii()
    assert refusal.message.isprintable()


# ------------------------------------------------------------------ two carriers (xS3)


def both(*parts: str) -> list[tuple[str, Request]]:
    """A request signed in its header, with each of these added to its query."""
    return [(f"header and {part}", more_query(HEADER, part)) for part in parts]


def over(*parts: str) -> list[tuple[str, Request]]:
    """A request whose header signs a query that holds each of these: nothing is wrong but that there are two."""
    return [(f"header over {part}", s.signed(more_query(s.get(), part))) for part in parts]


def spelt(name: str) -> list[str]:
    """Names that differ from this one in case alone."""
    return [name.lower(), name.upper(), name.swapcase(), name[:-1] + name[-1].upper()]


COLLISIONS: list[tuple[str, Request]] = [
    *both(*(f"{name}={PARAMETERS[name]}" for name in OWN)),
    *both(*(f"{name}=" for name in OWN)),
    *both("X-Amz-Security-Token=t", "X-Amz-Security-Token=", "X-Amz-Sign%61ture=0", QUERY.query),
    *over(*(f"{name}={PARAMETERS[name]}" for name in OWN)),
    *over(*(f"{name}=" for name in OWN)),
    *over(*(f"{other}={PARAMETERS[name]}" for name in OWN for other in spelt(name))),
    *over("X-Amz-Security-Token=t", "X-Amz-Security-Token=", "X-Amz-Sign%61ture=0", QUERY.query),
    ("presigned and header", s.with_headers(QUERY, ("authorization", AUTHORIZATION))),
    ("presigned and empty header", s.with_headers(QUERY, ("authorization", ""))),
    ("presigned and bearer", s.with_headers(QUERY, ("authorization", "Bearer x"))),
    ("presigned and a token in a header", s.with_headers(QUERY, ("x-amz-security-token", "t"))),
    ("presigned and an empty token in a header", s.with_headers(QUERY, ("x-amz-security-token", ""))),
    ("header twice", s.with_headers(HEADER, ("authorization", AUTHORIZATION))),
    ("header and empty header", s.with_headers(HEADER, ("authorization", ""))),
    ("header twice in two cases", s.with_headers(HEADER, ("Authorization", AUTHORIZATION))),
    ("presigned and header in another case", s.with_headers(QUERY, ("AUTHORIZATION", AUTHORIZATION))),
    ("presigned and a token in another case", s.with_headers(QUERY, ("X-Amz-Security-Token", "t"))),
    ("date twice in two cases", s.with_headers(HEADER, ("X-Amz-Date", "20260101T000000Z"))),
    ("date twice", s.with_headers(HEADER, ("x-amz-date", "20260101T000000Z"))),
    ("token twice", s.with_headers(s.signed(s.get(), s.TEMPORARY_SIGNER), ("x-amz-security-token", s.TOKEN))),
    *((f"{name} twice", more_query(QUERY, f"{name}={PARAMETERS[name]}")) for name in OWN),
    *((f"{name} twice, once empty", more_query(QUERY, f"{name}=")) for name in OWN),
    *(
        (f"{name} as {other}", msgspec.structs.replace(QUERY, query=QUERY.query.replace(f"{name}=", f"{other}=")))
        for name, other in itertools.chain.from_iterable(((name, other) for other in spelt(name)) for name in OWN)
    ),
]


def taken(accept: s.Accept) -> list[str]:
    """The names of the collisions that this server would take."""
    return [name for name, request in COLLISIONS if accept(request)]


def test_there_are_sixty_collisions_at_least() -> None:
    assert len({name for name, _ in COLLISIONS}) == len(COLLISIONS) >= 60
    assert s.accepts(HEADER)
    assert s.accepts(QUERY)


def test_two_carriers_are_never_taken() -> None:
    assert taken(s.accepts) == []


def test_control_a_server_that_takes_presence_for_proof_is_found() -> None:
    def presence(request: Request) -> bool:
        return "X-Amz-Signature=" in request.query or s.accepts(request)

    assert taken(presence) != []


def test_control_a_carrier_that_overlooks_the_query_beside_a_header_is_found() -> None:
    blind = planted("locum.sigv4.carrier", ("        if inquiry:\n", "        if not authorization:\n")).carrier
    assert {name.partition("=")[0] for name in taken(lambda request: s.accepts(request, carrier=blind))} == {
        *(f"header over {name}" for name in (*OWN, "X-Amz-Security-Token", "X-Amz-Sign%61ture")),
        "header over Action",
    }


def test_control_a_server_that_reads_the_first_header_alone_is_found() -> None:
    def first(request: Request) -> bool:
        seen: dict[str, str] = {}
        for name, value in request.headers:
            seen.setdefault(name, value)
        return s.accepts(msgspec.structs.replace(request, headers=tuple(seen.items())))

    assert taken(first) != []
