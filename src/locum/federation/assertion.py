"""A SAML response: decoded, parsed once, verified against metadata, and read from what was signed alone.

Law: rules F10 to F18 and F20, in their order. Nothing of the document is read for its meaning before the signature
stands, but the issuer, which says whose certificates to try and is compared again with what was signed. Time is told.
Whether an assertion was used before (rule F19) is the store's to know. Source: OASIS SAML 2.0 core and profiles; IAM
User Guide, "Configure SAML assertions for the authentication response".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from locum.federation.fault import Rejected
from locum.federation.metadata import IdentityProvider, instant
from locum.federation.names import ASSERTION, BEARER, PROTOCOL, SUCCESS
from locum.federation.signature import signed_assertion
from locum.federation.xml import Element, XmlError, parse

LONGEST = 100_000
SKEW = timedelta(seconds=60)
REDEEMED = timedelta(minutes=5)

NO_BASE64 = "Invalid base64 SAMLResponse"
NO_RESPONSE = "Invalid SAML Response"
TOO_LATE = "Token must be redeemed within 5 minutes of issuance"

_LINE_ENDS = re.compile(r"[\r\n]+", re.ASCII)
_SIGN_IN = re.compile(
    r"https://(?:[a-z0-9-]{1,40}\.)?signin(?:\.aws\.amazon\.com|\.amazonaws\.cn|\.amazonaws-us-gov\.com)/saml"
    r"(?:/acs/[A-Za-z0-9_-]{1,128})?",
    re.ASCII,
)
_URN = re.compile(r"urn:amazon:webservices(?::[a-z-]{1,20})?", re.ASCII)


class Assertion(msgspec.Struct, frozen=True):
    """What an identity provider has signed. `expires` is until when it may be redeemed, `until` how long the session
    may last at most, None for as long as otherwise. `attributes` are in order, by their names."""

    id: str
    issuer: str
    subject: str
    subject_type: str
    recipient: str
    expires: datetime
    until: datetime | None
    attributes: Mapping[str, tuple[str, ...]]


def verified(text: str, providers: Sequence[IdentityProvider], *, now: datetime) -> Assertion:
    """The assertion in a response (base64) of one of these identity providers. Raises Rejected."""
    root = _parsed(text)
    status = [one.get("Value") for one in root.findall(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")]
    if status != [SUCCESS]:
        raise Rejected("IDPRejectedClaim", "The identity provider reported that authentication failed", "F18")
    named = [_text(one) for one in root.findall(f"{ASSERTION}Assertion/{ASSERTION}Issuer")]
    known = [one for one in providers if [one.entity_id] == named]
    if len(known) != 1:
        raise Rejected("InvalidIdentityToken", "Issuer not present in specified provider", "F16")
    signed = signed_assertion(root, known[0].certificates)
    if _one_text(signed, "Issuer") != known[0].entity_id:
        raise Rejected("InvalidIdentityToken", "Issuer not present in specified provider", "F17")
    return _read(signed, known[0].entity_id, now)


def _parsed(text: str) -> Element:
    """The document in a text (rules F10 to F13)."""
    if not 4 <= len(text) <= LONGEST:
        raise Rejected("InvalidIdentityToken", NO_BASE64, "F10")
    plain = _LINE_ENDS.sub("", text)
    try:
        octets = base64.b64decode(plain, validate=True)
        if base64.b64encode(octets).decode("ascii") != plain:
            raise ValueError("another spelling")
    except ValueError:
        raise Rejected("InvalidIdentityToken", NO_BASE64, "F10") from None
    try:
        return parse(octets.decode("utf-8"))
    except (XmlError, UnicodeDecodeError):
        raise Rejected("InvalidIdentityToken", NO_RESPONSE, "F11") from None


def _read(assertion: Element, issuer: str, now: datetime) -> Assertion:
    """What a signed assertion says, when it is for here and now (rules F18, F20)."""
    if assertion.get("Version") != "2.0":
        raise _no_response("F18")
    issued = instant(assertion.get("IssueInstant"))
    if issued is None or issued > now + SKEW:
        raise _no_response("F18")
    if now >= issued + REDEEMED + SKEW:
        raise Rejected("ExpiredTokenException", TOO_LATE, "F18")
    _require_conditions(assertion, now)
    recipient, expires = _confirmed(assertion, now)
    subject = assertion.findall(f"{ASSERTION}Subject/{ASSERTION}NameID")
    if len(subject) != 1 or not _text(subject[0]):
        raise Rejected("InvalidIdentityToken", "Subject not found in SAML Assertion", "F18")
    ends = [one.get("SessionNotOnOrAfter") for one in assertion.findall(ASSERTION + "AuthnStatement")]
    until = [instant(one) for one in ends if one is not None]
    if None in until or not ends:
        raise _no_response("F18")
    return Assertion(
        id=assertion.get("ID"),
        issuer=issuer,
        subject=_text(subject[0]),
        subject_type=(subject[0].get("Format") or "").removeprefix("urn:oasis:names:tc:SAML:2.0:nameid-format:"),
        recipient=recipient,
        expires=min(expires, issued + REDEEMED + SKEW),
        until=min((one for one in until if one is not None), default=None),
        attributes=_attributes(assertion),
    )


def _require_conditions(assertion: Element, now: datetime) -> None:
    """Refuses an assertion outside its time or for another audience."""
    conditions = assertion.findall(ASSERTION + "Conditions")
    if len(conditions) != 1:
        raise _no_response("F18")
    _require_time(conditions[0], now, until=False)
    restrictions = conditions[0].findall(ASSERTION + "AudienceRestriction")
    named = [[_text(one) for one in restriction.findall(ASSERTION + "Audience")] for restriction in restrictions]
    if not named or not all(any(_is_audience(one) for one in several) for several in named):
        raise Rejected("InvalidIdentityToken", "Audience not found in SAML Assertion", "F18")


def _is_audience(text: str) -> bool:
    return _SIGN_IN.fullmatch(text) is not None or _URN.fullmatch(text) is not None


def _confirmed(assertion: Element, now: datetime) -> tuple[str, datetime]:
    """The recipient that the subject is confirmed for, and until when. An answer to a request is none that anybody
    here has asked for."""
    confirmations = assertion.findall(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation")
    if len(confirmations) != 1 or confirmations[0].get("Method") != BEARER:
        raise _no_response("F18")
    data = confirmations[0].findall(ASSERTION + "SubjectConfirmationData")
    if len(data) != 1 or data[0].get("InResponseTo") is not None:
        raise _no_response("F18")
    recipient = data[0].get("Recipient") or ""
    if not _SIGN_IN.fullmatch(recipient):
        raise Rejected("InvalidIdentityToken", "Recipient not found in SAML Assertion", "F18")
    _require_time(data[0], now, until=True)
    ends = instant(data[0].get("NotOnOrAfter"))
    if ends is None:  # asked for a moment ago
        raise _no_response("F18")
    return recipient, ends + SKEW


def _require_time(element: Element, now: datetime, *, until: bool) -> None:
    """Refuses what is not yet or no longer; `until` says that it must say until when."""
    begins, ends = element.get("NotBefore"), element.get("NotOnOrAfter")
    first, last = instant(begins), instant(ends)
    if (begins is not None and first is None) or (ends is None and until) or (ends is not None and last is None):
        raise _no_response("F18")
    if first is not None and first > now + SKEW:
        raise Rejected("InvalidIdentityToken", "The SAML Assertion is not valid yet", "F18")
    if last is not None and now >= last + SKEW:
        raise Rejected("ExpiredTokenException", TOO_LATE, "F18")


def _attributes(assertion: Element) -> Mapping[str, tuple[str, ...]]:
    """The attributes by name; one that comes twice is refused, because two readers would take different ones."""
    found: dict[str, tuple[str, ...]] = {}
    for one in assertion.findall(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        name = one.get("Name") or ""
        if name in found:
            raise _no_response("F20")
        found[name] = tuple(_text(value) for value in one.findall(ASSERTION + "AttributeValue"))
    return found


def _one_text(element: Element, name: str) -> str:
    found = element.findall(ASSERTION + name)
    return _text(found[0]) if len(found) == 1 else ""


def _text(element: Element) -> str:
    """The text of an element that has nothing else in it; empty for one that has (rule F13)."""
    return "" if len(element) else (element.text or "").strip(" \t\r\n")


def _no_response(rule: str) -> Rejected:
    return Rejected("InvalidIdentityToken", NO_RESPONSE, rule)
