"""Signing keys, and the bounded memory of them."""

from __future__ import annotations

from hmac import digest

from locum.sigv4 import DayKeys, signing_key

DAY, REGION, SERVICE = "20260101", "us-east-1", "sts"


def asked(keys: DayKeys, id: str, secret: bytes) -> bytes:
    """The code of a text under the key that is remembered."""
    return keys.key(id, secret, date=DAY, region=REGION, service=SERVICE)(b"text")


def test_the_key_is_the_one_that_aws_documents() -> None:
    # The example of "Deriving the signing key", AWS General Reference.
    key = signing_key(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_every_part_of_the_scope_changes_the_key() -> None:
    scopes = [(DAY, REGION, SERVICE), ("20260102", REGION, SERVICE), (DAY, "eu-west-1", SERVICE), (DAY, REGION, "iam")]
    assert len({signing_key(b"s", *scope) for scope in scopes}) == 4


def test_a_remembered_key_is_the_derived_one() -> None:
    keys = DayKeys()
    derived = digest(signing_key(b"s", DAY, REGION, SERVICE), b"text", "sha256")
    assert asked(keys, "A", b"s") == asked(keys, "A", b"s") == derived
    assert len(keys) == 1


def test_one_id_with_two_secrets_has_two_keys() -> None:
    keys = DayKeys()
    assert asked(keys, "A", b"s") != asked(keys, "A", b"t")


def test_the_memory_stays_within_its_capacity_and_keeps_what_is_used() -> None:
    keys = DayKeys(100)
    for number in range(10_000):
        asked(keys, str(number), b"s")
        asked(keys, "used", b"s")
        assert len(keys) <= 100
    assert ("used", b"s", DAY, REGION, SERVICE) in {**keys._young, **keys._old}
