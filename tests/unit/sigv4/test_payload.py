"""The body is under the signature: always its hash, and every hash that the request names (rule S19)."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec
import pytest
from tests.planted import planted
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request

EMPTY = sha256(b"").hexdigest()


def test_another_body_is_refused() -> None:
    request = s.signed(s.post())
    assert not s.accepts(msgspec.structs.replace(request, body=s.BODY + b"&DurationSeconds=43200"))


def test_a_hash_that_is_the_body_s_is_taken() -> None:
    assert s.accepts(s.signed(s.post(("x-amz-content-sha256", sha256(s.BODY).hexdigest()))))
    assert s.accepts(s.presigned(s.get(query=f"X-Amz-Content-Sha256={EMPTY}")))


@pytest.mark.parametrize("named", [EMPTY, "", "0" * 64, sha256(s.BODY).hexdigest().upper()])
def test_a_hash_that_is_not_the_body_s_is_refused(named: str) -> None:
    refusal = s.refusal_of(s.signed(s.post(("x-amz-content-sha256", named))))
    assert refusal.code == "SignatureDoesNotMatch"
    assert refusal.message == "The provided 'x-amz-content-sha256' header does not match what was computed."


def test_a_presigned_hash_is_checked_like_a_header() -> None:
    assert not s.accepts(s.presigned(s.get(query=f"x-amz-content-SHA256={'0' * 64}")))


# ------------------------------------------------------------------ bodies in chunks and forms: not built (xS13)

MARKERS = (
    "UNSIGNED-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    "STREAMING-",
    "streaming-aws4-hmac-sha256-payload",
    "unsigned-payload",
)
SIZES = (0, 1, 5, 17)
SEED = sha256(b"a seed").hexdigest()
CHUNKS = tuple(f"{size:x};chunk-signature={SEED}\r\n{'a' * size}\r\n".encode() for size in SIZES)


def chunked() -> list[bytes]:
    """Bodies in AWS's chunks: whole, without an end, in another order, with more behind, with a wrong length."""
    last, *rest = CHUNKS
    return [
        b"".join([*rest, last]),
        b"".join(rest),
        b"".join([*reversed(rest), last]),
        b"".join([*rest, last, b"Action=GetSessionToken"]),
        b"".join([*rest[:1], last]),
        b"".join([*rest, last, b"x-amz-checksum-crc32:AAAAAA==\r\n"]),
        b"",
    ]


def in_chunks() -> list[tuple[str, Request]]:
    """Every marker in both places and all three spellings of its name, over each body, all of it well signed."""
    found = []
    for marker in MARKERS:
        for number, body in enumerate(chunked()):
            for name in ("x-amz-content-sha256", "X-Amz-Content-SHA256", "X-AMZ-CONTENT-SHA256"):
                more = (("x-amz-decoded-content-length", str(sum(SIZES))), ("content-encoding", "aws-chunked"))
                found.append((f"header {name} {marker} {number}", s.signed(s.post((name, marker), *more, body=body))))
                query = s.presigned(s.post(*more, query=f"{name}={marker}", body=body))
                found.append((f"query {name} {marker} {number}", query))
    return found


IN_CHUNKS = in_chunks()


def taken(**how: object) -> list[str]:
    """The bodies in chunks that a server takes."""
    return [name for name, request in IN_CHUNKS if s.accepts(request, **how)]


@pytest.mark.parametrize("marker", [marker for marker in MARKERS if marker.isupper()])
def test_a_marker_for_a_body_that_is_not_signed_as_a_whole_is_refused_by_name(marker: str) -> None:
    refusal = s.refusal_of(s.signed(s.post(("x-amz-content-sha256", marker))))
    assert refusal.code == "SignatureDoesNotMatch"
    assert f"`x-amz-content-sha256: {marker}`" in refusal.message


def test_no_body_in_chunks_is_taken_however_well_it_is_signed() -> None:
    assert taken() == []
    assert len(IN_CHUNKS) == 378


def test_control_a_verifier_that_takes_a_marker_for_a_hash_is_found() -> None:
    loose = planted(
        "locum.sigv4.verify",
        ("        if seen == payload:", '        if seen == payload or seen.startswith("STREAMING-"):'),
    ).verify
    assert len(taken(verify=loose)) == 6 * 7 * 6
    unsigned = planted(
        "locum.sigv4.verify", ("        if seen == payload:", '        if seen in (payload, "UNSIGNED-PAYLOAD"):')
    ).verify
    assert len(taken(verify=unsigned)) == 6 * 7


FORM = "multipart/form-data; boundary=x"
FIELDS = b'--x\r\nContent-Disposition: form-data; name="policy"\r\n\r\ne30=\r\n--x--\r\n'


def forms_with_a_carrier(find: Callable[[Request], object] = sigv4.carrier) -> list[str]:
    """The spellings of a POST form, signed inside or not at all, that are not refused by their name."""
    found = []
    for kind in (FORM, FORM.upper(), "Multipart/Form-Data", f" {FORM}", "multipart/form-data;x=y"):
        request = s.replaced(s.post(body=FIELDS), "content-type", kind.strip())
        try:
            find(request)
        except sigv4.SignatureError as refusal:
            if refusal.code == "InvalidRequest" and "multipart/form-data" in refusal.message:
                continue
        found.append(kind)
    return found


def test_a_post_form_is_refused_by_its_name_in_every_spelling() -> None:
    assert forms_with_a_carrier() == []


def test_control_a_carrier_that_overlooks_post_forms_is_found() -> None:
    blind = planted(
        "locum.sigv4.carrier", ('_POST_FORM = "multipart/form-data"', '_POST_FORM = "multipart/form-data; b"')
    )
    assert len(forms_with_a_carrier(blind.carrier)) == 2
