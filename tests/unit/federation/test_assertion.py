"""SAML responses: what is accepted, and a table of what is not (rules F10 to F18, xF4 to xF6)."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.planted import planted
from tests.saml import ENTITY, SIGN_IN, at, response, signer
from tests.served import NOW
from tests.unit.federation.hostile_responses import FAMILIES, HOW

from locum.federation import assertion, signature, xml
from locum.federation.assertion import Assertion
from locum.federation.fault import Rejected
from locum.federation.metadata import IdentityProvider

Verify = Callable[[str], Assertion]
PROVIDERS = (
    IdentityProvider("https://other.example.com/metadata", (signer("other").der,)),
    IdentityProvider(ENTITY, (signer("next").der, signer("idp").der)),
)


def verified(text: str) -> Assertion:
    return assertion.verified(text, PROVIDERS, now=NOW)


def accepted(text: str, verify: Verify = verified) -> Assertion | None:
    """What a verifier makes of a response; None when it refuses."""
    try:
        return verify(text)
    except Rejected:
        return None


@pytest.mark.parametrize("parts", HOW)
def test_a_good_response_is_accepted_whichever_part_is_signed(parts: str) -> None:
    found = verified(response(HOW[parts]))
    assert (found.issuer, found.subject, found.subject_type) == (ENTITY, "ann", "persistent")
    assert found.recipient == SIGN_IN
    assert found.expires == NOW + timedelta(seconds=360)
    assert len(found.attributes) == 2


@pytest.mark.parametrize("name", ["idp", "next"])
def test_any_certificate_of_the_metadata_will_do(name: str) -> None:
    assert verified(response(by=name))


@pytest.mark.parametrize(
    "audience", ["urn:amazon:webservices", SIGN_IN, "https://eu-west-1.signin.aws.amazon.com/saml/acs/SAMLSPABC"]
)
def test_the_audience_is_aws_s(audience: str) -> None:
    assert verified(response(audience=audience))


def test_clocks_may_be_a_minute_apart() -> None:
    assert verified(response(begins=60, issued=60))
    assert verified(response(ends=-59))


def test_the_provider_s_own_session_bounds_it() -> None:
    assert verified(response(session=f' SessionNotOnOrAfter="{at(1200)}"')).until == NOW + timedelta(seconds=1200)


def test_line_ends_in_base64_do_not_matter() -> None:
    text = response()
    assert verified("\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)))


def test_there_are_more_than_ninety_hostile_families() -> None:
    assert len(FAMILIES) > 90


@pytest.mark.parametrize("name", FAMILIES)
def test_no_response_of_a_hostile_family_is_accepted(name: str) -> None:
    assert accepted(FAMILIES[name]()) is None


def test_an_expired_response_is_told_in_the_words_of_aws() -> None:
    with pytest.raises(Rejected) as caught:
        verified(response(issued=-361, ends=3600))
    assert (caught.value.code, caught.value.message) == (
        "ExpiredTokenException",
        "Token must be redeemed within 5 minutes of issuance",
    )


# ---- xF6: bytes mutated; what is accepted is what was signed


def mutated(chance: random.Random, octets: bytes) -> bytes:
    at = chance.randrange(len(octets))
    kind = chance.randrange(4)
    if kind == 0:
        return octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]
    if kind == 1:
        return octets[:at] + octets[at + chance.randrange(1, 40) :]
    end = min(len(octets), at + chance.randrange(1, 200))
    if kind == 2:
        return octets[:end] + octets[at:end] + octets[end:]
    to = chance.randrange(len(octets))
    return octets[:to] + octets[at:end] + octets[to:]


def differing(verify: Verify, count: int, seed: int) -> list[bytes]:
    """Mutated responses that are accepted as something that was not signed."""
    chance, found = random.Random(seed), []
    made = [base64.b64decode(response(HOW[parts])) for parts in HOW]
    good = {one: verify(base64.b64encode(one).decode()) for one in made}
    for _ in range(count):
        original = chance.choice(made)
        octets = mutated(chance, original)
        seen = accepted(base64.b64encode(octets).decode(), verify)
        if seen is not None and seen != good[original]:
            found.append(octets)
    return found


def test_a_mutated_response_is_refused_or_says_what_was_signed() -> None:
    count = int(os.environ.get("LOCUM_FUZZ", "2000"))
    seed = int(os.environ.get("LOCUM_FUZZ_SEED", str(random.randrange(2**32))))
    print(f"{count} mutations, LOCUM_FUZZ_SEED={seed}")
    assert differing(verified, count, seed) == []


# ---- controls


def faulty(
    *of_signature: tuple[str, str],
    of_xml: tuple[tuple[str, str], ...] = (),
    of_assertion: tuple[tuple[str, str], ...] = (),
) -> Verify:
    """A verifier with these faults."""
    parser = planted("locum.federation.xml", *of_xml) if of_xml else xml
    signs = planted("locum.federation.signature", *of_signature) if of_signature else signature
    signs.__dict__["Rejected"] = Rejected
    of = planted(
        "locum.federation.assertion",
        *of_assertion,
        signed_assertion=signs.signed_assertion,
        parse=parser.parse,
        XmlError=parser.XmlError,
        Rejected=Rejected,
    )
    return lambda text: of.verified(text, PROVIDERS, now=NOW)


ANYWHERE = (
    ("len(every) != 1 or every[0].getparent() is not root or list", "not every or list"),
    ("if parent is not root and parent is not assertion:", "if False:"),
    ("if len(set(ids)) < len(ids):", "if False:"),
    ("if not plain or methods != [EXCLUSIVE]:", "if False:"),
)
READS_THE_DOCUMENT = (
    *ANYWHERE,
    ("        return signed\n", "        return parent\n"),
    ('        return found[ASSERTION + "Assertion"]', "        return assertion"),
)
CONTROLS: dict[str, tuple[str, Verify]] = {
    "the assertion is looked up in the document": (
        "XSW3, assertion signed",
        faulty(*READS_THE_DOCUMENT, of_assertion=(("[one.entity_id] == named", "one.entity_id in named"),)),
    ),
    "the signature is not verified": (
        "another subject behind the signature",
        faulty(("        try:\n            result = ", "        return parent\n        try:\n            result = ")),
    ),
    "comments are passed over": (
        "a comment that cuts the subject",
        faulty(of_xml=(("if node.tag is lx.Comment and not comments:", "if False:"),)),
    ),
    "any audience will do": (
        "another audience",
        faulty(
            of_assertion=(
                (
                    "if not named or not all(any(_is_audience(one) for one in several) for several in named):",
                    "if False:",
                ),
            )
        ),
    ),
    "any recipient will do": (
        "another recipient",
        faulty(of_assertion=(("if not _SIGN_IN.fullmatch(recipient):", "if False:"),)),
    ),
    "time is not looked at": (
        "expired",
        faulty(of_assertion=(("if last is not None and now >= last + SKEW:", "if False:"),)),
    ),
    "an old one is taken": (
        "issued long ago",
        faulty(of_assertion=(("if now >= issued + REDEEMED + SKEW:", "if False:"),)),
    ),
    "answers to requests are taken": (
        "an answer to a request that nobody made",
        faulty(of_assertion=((' or data[0].get("InResponseTo") is not None', ""),)),
    ),
    "the first of two attributes counts": (
        "an attribute twice, signed",
        faulty(
            of_assertion=(
                (
                    '        if name in found:\n            raise _no_response("F20")\n',
                    "        if name in found:\n            continue\n",
                ),
            )
        ),
    ),
    "the status is not looked at": (
        "a status that is no success",
        faulty(of_assertion=(("if status != [SUCCESS]:", "if False:"),)),
    ),
    "loose base64": (
        "base64 with a blank",
        faulty(
            of_assertion=(
                ("octets = base64.b64decode(plain, validate=True)", "octets = base64.b64decode(plain)"),
                ('if base64.b64encode(octets).decode("ascii") != plain:', "if False:"),
            )
        ),
    ),
}


@pytest.mark.parametrize("fault", CONTROLS)
def test_control_a_verifier_that_looks_less_closely_is_found(fault: str) -> None:
    name, verify = CONTROLS[fault]
    assert verify(response()).subject == "ann"
    assert accepted(FAMILIES[name](), verify) is not None


def test_control_a_parser_that_resolves_entities_is_found() -> None:
    """As it stands one more check would refuse the document type; without both, an entity becomes a subject."""
    parser = planted(
        "locum.federation.xml",
        ("resolve_entities=False", "resolve_entities=True"),
        ("if found.doctype or found.internalDTD is not None or found.externalDTD is not None:", "if False:"),
    )
    text = '<!DOCTYPE x [<!ENTITY e "root">]><x>&e;</x>'
    assert parser.parse(text).text == "root"
    with pytest.raises(xml.XmlError):
        xml.parse(text)


def test_control_a_verifier_of_nothing_is_found_by_mutations() -> None:
    verify = CONTROLS["the signature is not verified"][1]
    assert differing(verify, 2000, 7) != []
