"""The session token in its carrier (rule S17), and that it is never shown (rule K14)."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.aws.secret import Secret

TEMPORARY = s.signed(s.post(), s.TEMPORARY_SIGNER)
WITHOUT = msgspec.structs.replace(s.TEMPORARY_SIGNER, token=None)
LONG_TERM_WITH = msgspec.structs.replace(s.SIGNER, token=s.TOKEN)


def test_a_temporary_key_with_its_token_is_taken_in_both_forms() -> None:
    assert s.accepts(TEMPORARY)
    assert s.accepts(s.presigned(s.get(), s.TEMPORARY_SIGNER))


@pytest.mark.parametrize("signer", [WITHOUT, LONG_TERM_WITH], ids=["ASIA without", "AKIA with"])
def test_a_key_of_one_kind_with_the_token_of_the_other_is_invalid(signer: sigv4.Signer) -> None:
    for request in (s.signed(s.post(), signer), s.presigned(s.get(), signer)):
        refusal = s.refusal_of(request)
        assert (refusal.code, refusal.status) == ("InvalidClientTokenId", 403)
        assert refusal.message == "The security token included in the request is invalid"


def late(request_token_value: str = s.TOKEN) -> sigv4.SignatureError | None:
    """A request of an old SDK: the token is added behind the signature."""
    request = s.with_headers(s.signed(s.post(), WITHOUT), ("x-amz-security-token", request_token_value))
    try:
        s.verified(request, allow_unsigned_token=True)
    except sigv4.SignatureError as refusal:
        return refusal
    return None


def test_a_token_behind_the_signature_is_taken_only_with_the_setting() -> None:
    request = s.with_headers(s.signed(s.post(), WITHOUT), ("x-amz-security-token", s.TOKEN))
    assert late() is None
    assert s.refusal_of(request).code == "SignatureDoesNotMatch"


def test_the_setting_frees_no_other_header() -> None:
    request = s.with_headers(s.signed(s.post()), ("x-amz-acl", "x"))
    assert s.refusal_of(request, allow_unsigned_token=True).code == "SignatureDoesNotMatch"


def test_with_the_setting_a_presigned_token_may_be_signed_or_not() -> None:
    unsigned = s.presigned(s.get(), WITHOUT)
    added = msgspec.structs.replace(unsigned, query=f"{unsigned.query}&X-Amz-Security-Token=dG9rZW4=")
    assert s.verified(added, allow_unsigned_token=True)
    assert s.verified(s.presigned(s.get(), s.TEMPORARY_SIGNER), allow_unsigned_token=True)
    assert not s.accepts(added)
    other = msgspec.structs.replace(added, query=added.query.replace("GetCallerIdentity", "GetSessionToken"))
    assert s.refusal_of(other, allow_unsigned_token=True).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("form", ["header", "query"])
def test_a_refusal_shows_the_computed_texts_without_the_token(form: str) -> None:
    signer = msgspec.structs.replace(s.TEMPORARY_SIGNER, secret_access_key=Secret("wrong"))
    request = s.signed(s.post(), signer) if form == "header" else s.presigned(s.get(), signer)
    refusal = s.refusal_of(request)
    assert isinstance(refusal, sigv4.WrongSignature)
    assert "(not shown)" in refusal.echo()
    assert refusal.string_to_sign in refusal.echo()
    for text in (refusal.echo(), repr(refusal), str(refusal), str(refusal.facts)):
        assert s.TOKEN not in text
        assert s.TOKEN[:20] not in text


def test_what_was_verified_shows_no_token_in_its_repr() -> None:
    assert s.TOKEN not in repr(s.verified(TEMPORARY))
