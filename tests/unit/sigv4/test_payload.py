"""The body is under the signature: always its hash, and every hash that the request names (rule S19)."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from tests.unit.sigv4 import signed as s

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


@pytest.mark.parametrize(
    "marker",
    ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
)
def test_a_marker_for_a_body_that_is_not_signed_as_a_whole_is_refused_by_name(marker: str) -> None:
    refusal = s.refusal_of(s.signed(s.post(("x-amz-content-sha256", marker))))
    assert refusal.code == "SignatureDoesNotMatch"
    assert f"`x-amz-content-sha256: {marker}`" in refusal.message
