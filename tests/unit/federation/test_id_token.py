"""Id tokens: what is accepted, and a table of what is not (rules F1 to F8, xF1, xF2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType

import pytest
from joserfc.jwk import OctKey
from tests.oidc import CLIENT, SUBJECT, Issuer, b64, claims, jwk, key, token
from tests.planted import planted
from tests.served import NOW
from tests.unit.federation.hostile_tokens import FAMILIES

from locum.federation import id_token, keys
from locum.federation.fault import Rejected
from locum.federation.id_token import Claims

ISSUERS = {"RS256": "rsa", "ES256": "P-256", "EdDSA": "ed25519"}
EVERY = {"RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "ES256": "P-256", "ES384": "P-384"} | {
    "ES512": "P-521",
    "EdDSA": "ed25519",
}
URL = "https://idp.example.com"


def verified(issuer: Issuer, text: str, *, of: ModuleType = id_token, with_keys: ModuleType = keys) -> Claims:
    """What a server makes of a token: it knows one issuer, and takes its keys from its own documents."""
    opened = of.opened(text)
    if opened.issuer != URL:
        raise Rejected("InvalidIdentityToken", "no provider", "F5")
    found = with_keys.discovered(json.dumps(issuer.discovery).encode(), URL)
    held = with_keys.read(json.dumps(issuer.jwks).encode(), found.algorithms)
    accepted: Claims = of.verified(opened, held, issuer=URL, client_ids=(CLIENT, "second"), now=NOW)
    return accepted


def issuer_of(algorithm: str) -> Issuer:
    return Issuer(URL, EVERY[algorithm], algorithm)


def accepted(name: str, algorithm: str, verify: Callable[[Issuer, str], Claims] = verified) -> list[str]:
    """The tokens of a hostile family that a verifier takes."""
    issuer = issuer_of(algorithm)
    made = FAMILIES[name](issuer)
    found = []
    for text in made if isinstance(made, list) else [made]:
        try:
            verify(issuer, text)
        except Rejected:
            continue
        found.append(text)
    return found


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_good_token_is_accepted_by_every_algorithm_of_the_table(algorithm: str) -> None:
    issuer = issuer_of(algorithm)
    found = verified(issuer, issuer.token(email="a@example.com"))
    assert (found.issuer, found.subject, found.audience) == (URL, SUBJECT, CLIENT)
    assert found.all["email"] == "a@example.com"


def test_there_are_more_than_a_hundred_hostile_families() -> None:
    assert len(FAMILIES) > 100


@pytest.mark.parametrize("algorithm", ISSUERS)
@pytest.mark.parametrize("name", FAMILIES)
def test_no_token_of_a_hostile_family_is_accepted(name: str, algorithm: str) -> None:
    assert accepted(name, algorithm) == []


@pytest.mark.parametrize(
    ("differs", "seen"),
    [
        ({"aud": [CLIENT]}, CLIENT),
        ({"aud": [CLIENT, "other"], "azp": "second"}, "second"),
        ({"aud": CLIENT, "azp": "somebody"}, CLIENT),
    ],
)
def test_the_audience_is_the_client_that_the_token_is_for(differs: dict, seen: str) -> None:
    issuer = Issuer()
    assert verified(issuer, issuer.token(**differs)).audience == seen


@pytest.mark.parametrize(
    "differs",
    [
        {"exp": int(NOW.timestamp()) - 59, "iat": int(NOW.timestamp()) - 300},
        {"nbf": int(NOW.timestamp()) + 60},
        {"iat": int(NOW.timestamp()) + 60},
        {"exp": int(NOW.timestamp()) + 86_400},
        {"iat": int(NOW.timestamp()) + 0.5},
    ],
)
def test_clocks_may_be_a_minute_apart(differs: dict) -> None:
    issuer = Issuer()
    assert verified(issuer, issuer.token(**differs))


def test_an_expired_token_is_told_with_both_times() -> None:
    issuer, seconds = Issuer(), int(NOW.timestamp())
    with pytest.raises(Rejected) as caught:
        verified(issuer, issuer.token(NOW - timedelta(hours=1)))
    assert caught.value.code == "ExpiredTokenException"
    assert caught.value.message == (
        f"Token expired: current date/time {seconds} must be before the expiration date/time {seconds - 3300}"
    )


@pytest.mark.parametrize("kind", [None, "jwt", "JWT", "application/jwt"])
def test_a_type_may_be_left_out(kind: str | None) -> None:
    issuer = Issuer()
    assert verified(issuer, token(issuer.header(typ=kind), claims(URL), "rsa"))


def test_the_right_one_of_several_keys_is_found() -> None:
    issuer = Issuer()
    issuer.jwks = {"keys": [jwk("rsa/other", "k0"), {"kty": "new", "kid": "k1"}, jwk("rsa"), jwk("P-256", "k2")]}
    assert verified(issuer, issuer.token())


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": URL + "/", "jwks_uri": URL + "/jwks"},
        {"issuer": "https://evil.example", "jwks_uri": URL + "/jwks"},
        {"jwks_uri": URL + "/jwks"},
        {"issuer": URL},
        {"issuer": URL, "jwks_uri": 7},
    ],
)
def test_discovery_must_be_of_the_issuer_and_name_its_keys(discovery: dict) -> None:
    with pytest.raises(keys.KeySetError):
        keys.discovered(json.dumps(discovery).encode(), URL)


@pytest.mark.parametrize(
    "octets", [b"", b"[]", b'{"keys": 1}', b'{"keys": [], "keys": []}', b"{" + b" " * 300_000 + b"}"]
)
def test_what_is_no_key_set_is_refused(octets: bytes) -> None:
    with pytest.raises(keys.KeySetError):
        keys.read(octets)


def test_a_key_set_has_at_most_twenty_keys() -> None:
    one = jwk("ed25519")
    assert len(keys.read(json.dumps({"keys": [one] * 20}).encode()).keys) == 20
    with pytest.raises(keys.KeySetError, match="21 keys"):
        keys.read(json.dumps({"keys": [one] * 21}).encode())


def test_of_a_key_only_its_public_part_is_kept() -> None:
    private = key("rsa").private_numbers()
    held = keys.read(json.dumps({"keys": [jwk("rsa", d=str(private.d))]}).encode())
    assert set(held.keys[0].parts) == {"n", "e"}


# ---- controls: a verifier with a fault planted accepts some family


def faulty(*faults: tuple[str, str], key_faults: tuple[tuple[str, str], ...] = ()) -> Callable[[Issuer, str], Claims]:
    """A verifier with these faults."""
    of = planted("locum.federation.id_token", *faults)
    of.__dict__["Rejected"] = Rejected
    with_keys = planted("locum.federation.keys", *key_faults) if key_faults else keys
    return lambda issuer, text: verified(issuer, text, of=of, with_keys=with_keys)


ALGORITHM = ("not isinstance(algorithm, str) or algorithm not in ALGORITHMS", "False")
KEY_FITS = (
    "(key.kty, key.crv) != ALGORITHMS[token.algorithm] or key.algorithm not in (None, token.algorithm)",
    "False",
)
CONTROLS: dict[str, tuple[str, str, Callable[[Issuer, str], Claims]]] = {
    # what is planted: a family that it lets in, the issuer's algorithm, the verifier
    "crit is not looked at": ("crit of nothing", "RS256", faulty(('"crit", ', ""))),
    "keys in the header are not looked at": ("jku even with the right signature", "RS256", faulty(('"jku", ', ""))),
    "the type is not looked at": (
        "a token for access by its type",
        "ES256",
        faulty(("kind is not None and (", "False and (")),
    ),
    "the first key of an id is taken": (
        "a key set with two keys of one id",
        "RS256",
        faulty(("if len(named) != 1:", "named = named[-1:]\n    if not named:")),
    ),
    "the algorithm of the key is not looked at": (
        "a key that the set has for another algorithm",
        "RS256",
        faulty(
            ("key.algorithm not in (None, token.algorithm)", "False"),
        ),
    ),
    "the issuer's algorithms are not looked at": (
        "an algorithm that the issuer does not use",
        "RS256",
        faulty(
            ("keys.algorithms is not None and token.algorithm not in keys.algorithms", "False"),
        ),
    ),
    "the use of a key is not looked at": (
        "a key for encryption",
        "EdDSA",
        faulty(
            key_faults=(('jwk.get("use", "sig") != "sig" or ', ""),),
        ),
    ),
    "any length of a key will do": (
        "an RSA key of 1024 bits",
        "RS256",
        faulty(
            key_faults=(("n.bit_length() in RSA_BITS and ", ""),),
        ),
    ),
    "any audience will do": (
        "a wrong audience",
        "RS256",
        faulty(
            ("if not any(one in client_ids for one in several):", "if False:"),
        ),
    ),
    "azp is not looked at": (
        "several audiences with an azp that is not registered",
        "RS256",
        faulty(
            ("authorized is None or authorized not in client_ids", "authorized is None"),
        ),
    ),
    "the end is not looked at": ("expired", "RS256", faulty(("now >= expires + SKEW", "False"))),
    "the beginning is not looked at": (
        "not yet",
        "RS256",
        faulty(
            ("begins > now + SKEW or issued > now + SKEW", "False"),
        ),
    ),
    "any length of life will do": (
        "valid for more than a day",
        "RS256",
        faulty(
            ("not 0 <= expires - issued <= LONGEST_LIFE", "False"),
        ),
    ),
    "the subject is not looked at": ("no subject", "RS256", faulty(("if not is_text(subject):", "if False:"))),
    "any length of text will do": (
        "longer than 20,000 characters",
        "RS256",
        faulty(
            ("len(token) > LONGEST or ", ""),
        ),
    ),
    "the signature is not verified": (
        "claims changed behind the signature",
        "ES256",
        faulty(
            (
                "found = jws.deserialize_compact(token.token, public_key(key), registry=_registry(token.algorithm))",
                "found = jws.extract_compact(token.token.encode())",
            ),
        ),
    ),
    "numbers are texts": (
        "a subject that is a number",
        "RS256",
        faulty(
            ("if not is_text(subject):", "if not isinstance(subject, str):"),
        ),
    ),
}


@pytest.mark.parametrize("fault", CONTROLS)
def test_control_a_verifier_that_looks_less_closely_is_found(fault: str) -> None:
    name, algorithm, verify = CONTROLS[fault]
    assert accepted(name, algorithm, verify) != []


def test_control_a_verifier_that_takes_the_algorithm_from_the_header_is_found() -> None:
    """The public key as a secret: it takes three faults at once, which is how deep the table stands."""
    octets = "OctKey.import_key({'kty': 'oct', 'k': JWK})"

    def verify(issuer: Issuer, text: str) -> Claims:
        of = planted(
            "locum.federation.id_token",
            ALGORITHM,
            KEY_FITS,
            ("algorithms=[algorithm]", "algorithms=[algorithm, 'HS256']"),
            ("public_key(key)", octets),
        )
        of.__dict__["Rejected"] = Rejected
        of.__dict__["OctKey"] = OctKey
        of.__dict__["JWK"] = b64(json.dumps(issuer.jwks["keys"][0]).encode())
        return verified(issuer, text, of=of)

    assert accepted("HS256 under the public key as a JWK", "RS256", verify) != []
