"""Which fault is reported when there are several: the first in the order of rules S12 to S20, and the HMAC always runs
before anything that depends on a key is said (rules S5, S18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest
from tests.planted import planted
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.aws.mac import Mac
from locum.http import Request

Fault = Callable[[Request], Request]


def in_authorization(old: str, new: str) -> Fault:
    def change(request: Request) -> Request:
        text = request.header("authorization")
        assert old in text
        return s.replaced(request, "authorization", text.replace(old, new))

    return change


def wrong_signature(request: Request) -> Request:
    text = request.header("authorization")
    return s.replaced(request, "authorization", text[:-1] + ("1" if text[-1] == "0" else "0"))


# In the order of the rules: (rule, the fault, the code, the beginning of the sentence).
FAULTS: list[tuple[str, Fault, str, str]] = [
    ("S12", in_authorization("Signature=", "Signature=zz"), "IncompleteSignature", "Signature must have"),
    ("S13", in_authorization("20260101/", "20260102/"), "SignatureDoesNotMatch", "Date in Credential scope"),
    ("S14", lambda request: request, "SignatureDoesNotMatch", "Signature expired"),
    ("S15", in_authorization("us-east-1/", "mars-north-1/"), "SignatureDoesNotMatch", "Credential should be scoped"),
    ("S16", lambda r: s.with_headers(r, ("x-amz-acl", "x")), "SignatureDoesNotMatch", "the header `x-amz-acl`"),
    ("S17", in_authorization("Credential=AKIA", "Credential=ASIA"), "InvalidClientTokenId", "The security token"),
    ("S18", in_authorization("EXAMPLE7/", "EXAMPLE9/"), "InvalidClientTokenId", "The security token"),
    ("S19", lambda r: msgspec.structs.replace(r, body=b"Action=Other"), "SignatureDoesNotMatch", "The provided"),
    ("S20", wrong_signature, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
]
LATE = s.NOW + timedelta(hours=1)


def base() -> Request:
    return s.signed(s.post(("x-amz-content-sha256", sha256(s.BODY).hexdigest())))


def with_faults(faults: list[tuple[str, Fault, str, str]], **how: object) -> sigv4.SignatureError:
    request = base()
    for _, fault, _, _ in faults:
        request = fault(request)
    late = any(rule == "S14" for rule, *_ in faults)
    return s.refusal_of(request, now=LATE if late else s.NOW, **how)


def as_said(refusal: sigv4.SignatureError, place: int) -> bool:
    """Whether this is what the fault at that place of the table is refused with."""
    _, _, code, sentence = FAULTS[place]
    return refusal.code == code and refusal.message.startswith(sentence)


def misreported(**how: object) -> list[str]:
    """The rules whose fault is not the one reported when it meets a later one."""
    pairs = [(one, two) for one in range(len(FAULTS)) for two in range(one + 1, len(FAULTS))]
    found = {FAULTS[one][0] for one, two in pairs if not as_said(with_faults([FAULTS[one], FAULTS[two]], **how), one)}
    return sorted(found)


@pytest.mark.parametrize("place", range(len(FAULTS)), ids=[rule for rule, *_ in FAULTS])
def test_each_fault_alone_has_its_code_and_sentence(place: int) -> None:
    assert as_said(with_faults(FAULTS[place : place + 1]), place)


@pytest.mark.parametrize("place", range(len(FAULTS)), ids=[rule for rule, *_ in FAULTS])
def test_of_a_fault_and_all_later_ones_the_first_is_reported(place: int) -> None:
    assert as_said(with_faults(FAULTS[place:]), place)


def test_of_any_two_faults_the_first_is_reported() -> None:
    assert misreported() == []


_EARLY = (
    "    moment, written = _time(carrier, reading)\n"
    "    _within(carrier, moment, now, window)\n"
    "    _scope(carrier, service, regions)\n"
)
_HEADERS = "    _signed_headers(carrier, headers, parameters, allow_unsigned_token)\n"
_LATE = "(_token(carrier), refusal, _payload(headers, parameters, payload), wrong)"
_END = "    return Verified(carrier=carrier,"


def test_control_a_verifier_that_checks_in_the_reverse_order_is_found() -> None:
    backwards = planted(
        "locum.sigv4.verify",
        (_EARLY, "    moment, written = reading.instant(carrier.timestamp), carrier.timestamp\n"),
        (_HEADERS, ""),
        (_LATE, "(wrong, _payload(headers, parameters, payload), refusal, _token(carrier))"),
        (_END, _HEADERS + "".join(reversed(_EARLY.splitlines(keepends=True))) + _END),
    ).verify
    assert s.verified(base(), verify=backwards)
    # S12 is the carrier's, which is read before anything is verified; S20 has nothing behind it. S17 and S18 say the
    # same of two faults.
    assert misreported(verify=backwards) == ["S13", "S14", "S15", "S16", "S17", "S18", "S19"]


def test_a_wrong_signature_has_the_long_sentence_of_aws() -> None:
    assert with_faults(FAULTS[-1:]).message == (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )


def test_every_part_of_the_scope_that_is_wrong_is_named() -> None:
    request = in_authorization("us-east-1/sts/aws4_request", "mars/iam/aws5_request")(base())
    assert s.refusal_of(request).message == (
        "Credential should be scoped to a valid region, not 'mars'. "
        "Credential should be scoped to correct service: 'sts'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
    )


def test_any_region_of_the_set_is_taken() -> None:
    for region in s.REGIONS:
        assert s.accepts(s.signed(s.post(), msgspec.structs.replace(s.SIGNER, region=region)))


@pytest.mark.parametrize(
    ("region", "accepted"), [("anywhere-1", True), ("Us-East-1", False), ("", False), ("a b", False)]
)
def test_without_a_set_a_region_must_still_look_like_one(region: str, accepted: bool) -> None:
    request = s.signed(s.post(), msgspec.structs.replace(s.SIGNER, region=region))
    carried = sigv4.carrier(request)
    assert carried is not None
    try:
        sigv4.verify(request, carried, s.SECRET, now=s.NOW, service="sts", regions=None)
    except sigv4.SignatureError:
        assert not accepted
    else:
        assert accepted


class Counting(sigv4.DayKeys):
    """A memory of keys that counts how often it was asked."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def key(self, access_key_id: str, secret: bytes, *, date: str, region: str, service: str) -> Mac:
        self.asked += 1
        return super().key(access_key_id, secret, date=date, region=region, service=service)


@pytest.mark.parametrize("rule", ["S17", "S18", "S19", "S20"])
def test_whatever_depends_on_a_key_is_said_after_the_hmac(rule: str) -> None:
    keys = Counting()
    request = base()
    for name, fault, _, _ in FAULTS:
        request = fault(request) if name == rule else request
    s.refusal_of(request, day_keys=keys)
    assert keys.asked == 1


def test_the_refusal_of_the_caller_is_raised_even_when_the_signature_is_right() -> None:
    request = base()
    carried = sigv4.carrier(request)
    assert carried is not None
    with pytest.raises(sigv4.SignatureError) as caught:
        sigv4.verify(request, carried, s.SECRET, now=s.NOW, service="sts", regions=s.REGIONS, refusal=s.UNKNOWN)
    assert caught.value is s.UNKNOWN
