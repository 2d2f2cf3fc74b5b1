"""Every header that can change what a request means is under the signature (rule S16; xS2)."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request

# Eighty headers that AWS services read: facts of the service models' `locationName`s.
NAMES = [
    "acl",
    "bucket-region",
    "bypass-governance-retention",
    "checksum-algorithm",
    "checksum-crc32",
    "checksum-crc32c",
    "checksum-mode",
    "checksum-sha1",
    "checksum-sha256",
    "client-token",
    "content-sha256",
    "copy-source",
    "copy-source-if-match",
    "copy-source-if-modified-since",
    "copy-source-if-none-match",
    "copy-source-if-unmodified-since",
    "copy-source-range",
    "copy-source-server-side-encryption-customer-algorithm",
    "copy-source-server-side-encryption-customer-key",
    "copy-source-server-side-encryption-customer-key-md5",
    "credential",
    "data",
    "date",
    "date-extra",
    "decoded-content-length",
    "delete-marker",
    "docs-region",
    "expected-bucket-owner",
    "expires",
    "expiration",
    "grant-full-control",
    "grant-read",
    "grant-read-acp",
    "grant-write",
    "grant-write-acp",
    "id-2",
    "if-match-initiated-time",
    "if-match-last-modified-time",
    "if-match-size",
    "invocation-type",
    "log-type",
    "max-parts",
    "meta-a",
    "meta-b",
    "meta-user",
    "metadata-directive",
    "mfa",
    "mp-object-size",
    "name",
    "object-attributes",
    "object-lock-legal-hold",
    "object-lock-mode",
    "object-lock-retain-until-date",
    "object-ownership",
    "object-size",
    "optional-object-attributes",
    "part-number-marker",
    "principal",
    "rename-source",
    "request-payer",
    "request-route",
    "request-token",
    "restore-output-path",
    "sdk-checksum-algorithm",
    "security-token",
    "server-side-encryption",
    "server-side-encryption-aws-kms-key-id",
    "server-side-encryption-bucket-key-enabled",
    "server-side-encryption-context",
    "server-side-encryption-customer-algorithm",
    "server-side-encryption-customer-key",
    "signature",
    "signedheaders",
    "skip-destination-validation",
    "source-expected-bucket-owner",
    "sso_bearer_token",
    "storage-class",
    "tagging",
    "tagging-directive",
    "target",
    "target-version-id",
    "user-agent",
    "version-id",
    "website-redirect-location",
    "write-offset-bytes",
    "algorithm",
]

BASES = {"header": s.signed(s.post()), "query": s.presigned(s.get())}


def smuggled() -> list[tuple[str, Request]]:
    """Both forms with each header added behind the signature's back, in three spellings of its name."""
    found = []
    for form, request in BASES.items():
        for number, name in enumerate(NAMES):
            full = f"x-amz-{name}"
            spelt = (full, full.title(), full.upper())[number % 3]
            found.append((f"{form} {full}", s.with_headers(request, (spelt, "smuggled"))))
    return found


SMUGGLED = smuggled()


def taken(accept: s.Accept) -> list[str]:
    return [name for name, request in SMUGGLED if accept(request)]


def test_there_are_eighty_headers_in_both_forms() -> None:
    assert len(set(NAMES)) >= 80
    assert all(s.accepts(request) for request in BASES.values())


def test_no_unsigned_amz_header_is_taken() -> None:
    assert taken(s.accepts) == []


def test_control_a_verifier_that_checks_only_the_headers_named_is_found() -> None:
    def named_only(request: Request) -> bool:
        try:
            carried = sigv4.carrier(request)
        except sigv4.SignatureError:
            return False
        assert carried is not None
        kept = tuple(pair for pair in request.headers if pair[0] in {*carried.signed_headers, "authorization"})
        return s.accepts(msgspec.structs.replace(request, headers=kept))

    assert len(taken(named_only)) >= 150


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-meta-a"])
def test_a_signed_amz_header_is_taken(name: str) -> None:
    assert s.accepts(s.signed(s.post((name, "v"))))
    assert s.accepts(s.presigned(s.get((name, "v"))))


def test_a_content_type_that_was_sent_must_be_signed() -> None:
    request = s.with_headers(s.presigned(s.get()), ("content-type", "text/plain"))
    refusal = s.refusal_of(request)
    assert refusal.code == "SignatureDoesNotMatch"
    assert "`content-type`" in refusal.message


@pytest.mark.parametrize("name", ["user-agent", "x-amzn-trace-id", "connection", "accept", "content-length"])
def test_a_header_that_proxies_rewrite_need_not_be_signed(name: str) -> None:
    assert s.accepts(s.with_headers(s.signed(s.get()), (name, "anything")))


def test_a_presigned_request_may_echo_its_own_parameters_as_headers() -> None:
    assert s.accepts(s.with_headers(s.presigned(s.get()), ("x-amz-date", "20260101T000000Z")))
    assert not s.accepts(s.with_headers(s.presigned(s.get()), ("x-amz-date", "20260101T000001Z")))


def test_a_signed_request_may_not_echo_anything() -> None:
    assert not s.accepts(s.with_headers(s.signed(s.get()), ("x-amz-algorithm", "AWS4-HMAC-SHA256")))


def naming(names: str) -> sigv4.SignatureError:
    request = s.signed(s.get(("a-header", "1")))
    text = request.header("authorization").replace("a-header;host;x-amz-date", names)
    return s.refusal_of(s.replaced(request, "authorization", text))


@pytest.mark.parametrize(
    "names",
    [
        "host;a-header;x-amz-date",
        "a-header;host;host;x-amz-date",
        "a-header;Host;x-amz-date",
        "a-header;host;missing;x-amz-date",
    ],
)
def test_signed_headers_are_sorted_unique_lower_case_and_present(names: str) -> None:
    refusal = naming(names)
    assert (refusal.code, refusal.status) == ("SignatureDoesNotMatch", 403)
    assert "SignedHeaders" in refusal.message


def test_a_signed_header_is_never_filled_from_the_query() -> None:
    request = s.presigned(s.get(("a-header", "1"), query="a-header=1"))
    assert s.accepts(request)
    assert not s.accepts(s.replaced(request, "a-header", None))


def test_the_host_must_be_signed() -> None:
    assert naming("a-header;x-amz-date").message == (
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    )
