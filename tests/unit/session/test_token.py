"""Locum token version 1: sealing and opening, and every way in which a token is not ours (rules T1 to T4, T7, T13)."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec
import pytest
from tests.unit.session import sealed as s

from locum.aws import ids
from locum.session import claims
from locum.session.keyring import Keyring, KeyringError, TokenKey
from locum.session.session import Session, TokenError
from locum.session.token import Layout, open_token, seal, strict_base64

CREDENTIALS = seal(s.FULL, s.KEYRING, s.SALT)
TOKEN, KEY_ID = CREDENTIALS.session_token.reveal(), CREDENTIALS.access_key_id


@pytest.mark.parametrize("session", [s.PLAIN, s.FULL], ids=["plain", "full"])
def test_a_token_gives_back_the_session_the_secret_and_the_salt(session: Session) -> None:
    credentials = seal(session, s.KEYRING, s.SALT)
    opened = open_token(credentials.session_token.reveal(), credentials.access_key_id, s.KEYRING)
    assert opened.session == session
    assert opened.secret == credentials.secret_access_key
    assert opened.salt == s.SALT
    assert credentials.expiration == session.expires


@pytest.mark.parametrize("session", [s.PLAIN, s.FULL], ids=["plain", "full"])
def test_a_token_is_what_the_specification_says_to_the_byte(session: Session) -> None:
    credentials = seal(session, s.KEYRING, s.SALT)
    assert s.plainly_sealed(claims.pack(session)) == (
        credentials.access_key_id,
        credentials.secret_access_key.reveal(),
        credentials.session_token.reveal(),
    )


def test_the_access_key_id_is_temporary_and_holds_the_account() -> None:
    assert KEY_ID.startswith("ASIA")
    assert (ids.account_of(KEY_ID), ids.generation_of(KEY_ID)) == (s.ACCOUNT, 1)
    assert len(CREDENTIALS.secret_access_key.reveal()) == 40


@pytest.mark.parametrize("count", range(177, 183))
def test_the_size_of_a_token_is_that_of_the_formula(count: int) -> None:
    session = s.PLAIN
    grown = msgspec.structs.replace(session, name="n" * (count - len(claims.pack(session)) + len(session.name) - 1))
    size = len(claims.pack(grown))
    assert size in range(count - 1, count + 1)
    assert len(seal(grown, s.KEYRING, s.SALT).session_token.reveal()) == 4 * -(-(size + 53) // 3)


def test_two_salts_give_two_keys_two_secrets_and_two_tokens() -> None:
    other = seal(s.FULL, s.KEYRING, s.OTHER_SALT)
    assert other.access_key_id != KEY_ID
    assert other.secret_access_key != CREDENTIALS.secret_access_key
    assert other.session_token != CREDENTIALS.session_token


def test_nothing_of_a_session_stands_in_clear_in_its_token() -> None:
    raw = base64.b64decode(TOKEN)
    for text in ("AROA", "deploy", s.ACCOUNT, "alice", KEY_ID, CREDENTIALS.secret_access_key.reveal()):
        assert text.encode() not in raw


def test_the_credentials_show_neither_secret_nor_token() -> None:
    opened = open_token(TOKEN, KEY_ID, s.KEYRING)
    for shown in (repr(CREDENTIALS), f"{CREDENTIALS}", repr(opened)):
        assert TOKEN not in shown
        assert CREDENTIALS.secret_access_key.reveal() not in shown


# ------------------------------------------------------------------ not ours


def other(change: str) -> tuple[str, str]:
    """A token and a key id that do not go together."""
    second = seal(s.FULL, s.KEYRING, s.OTHER_SALT)
    elsewhere = seal(msgspec.structs.replace(s.FULL, account=s.OTHER_ACCOUNT), s.KEYRING, s.SALT)
    return {
        "the id of another token": (TOKEN, second.access_key_id),
        "the token of another id": (second.session_token.reveal(), KEY_ID),
        "the id in another account": (TOKEN, elsewhere.access_key_id),
        "the token of another account": (elsewhere.session_token.reveal(), KEY_ID),
        "the id of a long-term key": (TOKEN, "AKIA" + KEY_ID[4:]),
        "the id in lower case": (TOKEN, KEY_ID.lower()),
        "a longer id": (TOKEN, KEY_ID + "A"),
        "no id": (TOKEN, ""),
        "an id that is none": (TOKEN, "\u0661\ud800"),
        "another generation": (TOKEN, ids.key_id("ASIA", s.ACCOUNT, low39=_low39(), generation=0)),
    }[change]


def _low39() -> int:
    return int.from_bytes(base64.b32decode(KEY_ID[4:]), "big") & ((1 << 39) - 1)


PAIRS = [
    "the id of another token",
    "the token of another id",
    "the id in another account",
    "the token of another account",
    "the id of a long-term key",
    "the id in lower case",
    "a longer id",
    "no id",
    "an id that is none",
    "another generation",
]


@pytest.mark.parametrize("change", PAIRS)
def test_a_token_opens_with_its_own_id_alone(change: str) -> None:
    assert s.opens(*other(change)) is None


@pytest.mark.parametrize(
    "layout",
    [
        Layout(bound=lambda header, _: header, associated=lambda header, commitment, _: header + commitment),
        Layout(bound=lambda header, _: header, associated=lambda *_: b""),
    ],
    ids=["the id is bound nowhere", "nothing is authenticated beside the claims"],
)
def test_control_a_format_that_leaves_the_id_out_is_found(layout: Layout) -> None:
    credentials = seal(s.FULL, s.KEYRING, s.SALT, layout=layout)
    again = seal(s.FULL, s.KEYRING, s.OTHER_SALT, layout=layout)
    assert s.opens(credentials.session_token.reveal(), again.access_key_id, layout=layout) is not None


@pytest.mark.parametrize(
    "keyring",
    [
        Keyring.of("serve", [TokenKey.of(1, s.OTHER_ROOT)]),
        Keyring.of("serve", [TokenKey.of(2, s.ROOT)]),
        Keyring.of("serve", []),
        Keyring.of("serve", [TokenKey.of(1, s.ROOT, cipher="ChaCha20-Poly1305")]),
        s.KEYRING.without(1),
    ],
    ids=["another root", "another number", "no key", "another cipher", "destroyed"],
)
def test_a_token_opens_with_its_own_key_alone(keyring: Keyring) -> None:
    assert s.opens(TOKEN, KEY_ID, keyring) is None


def test_dev_and_serve_do_not_open_each_other_s_tokens() -> None:
    dev = Keyring.of("dev", [TokenKey.of(0x8001, s.ROOT)])
    credentials = seal(s.PLAIN, dev, s.SALT)
    assert ids.generation_of(credentials.access_key_id) == 0
    assert s.opens(credentials.session_token.reveal(), credentials.access_key_id, dev) is not None
    assert s.opens(credentials.session_token.reveal(), credentials.access_key_id) is None
    assert s.opens(TOKEN, KEY_ID, dev) is None


def test_a_key_of_the_other_cipher_seals_and_opens() -> None:
    keyring = Keyring.of("serve", [TokenKey.of(3, s.ROOT, cipher="ChaCha20-Poly1305")])
    credentials = seal(s.FULL, keyring, s.SALT)
    opened = s.opens(credentials.session_token.reveal(), credentials.access_key_id, keyring)
    assert opened is not None
    assert opened.session == s.FULL


def test_the_account_inside_is_the_one_of_the_id() -> None:
    """A key holder's mistake: everything is authentic, but the claims speak of another account."""
    strange = msgspec.structs.replace(s.FULL, account=s.OTHER_ACCOUNT)
    access_key_id, _, token = s.plainly_sealed(claims.pack(strange))
    assert s.opens(token, access_key_id) is None


@pytest.mark.parametrize("length", range(0, 120))
def test_every_length_below_the_shortest_is_refused(length: int) -> None:
    assert s.opens(TOKEN[:length], KEY_ID) is None


@pytest.mark.parametrize("size", [4_097, 65_536, 1_048_576])
def test_a_text_beyond_the_longest_token_is_refused(size: int) -> None:
    assert s.opens((TOKEN * (size // len(TOKEN) + 1))[:size], KEY_ID) is None


SPELLINGS = [
    TOKEN + "\n",
    TOKEN + " ",
    " " + TOKEN,
    TOKEN[:40] + "\n" + TOKEN[40:],
    TOKEN.rstrip("="),
    TOKEN + "=",
    TOKEN + "====",
    TOKEN.replace("A", "\uff21"),
    TOKEN + "\u0661",
    base64.urlsafe_b64encode(base64.b64decode(TOKEN)).decode() + "_",
    base64.b64decode(TOKEN).hex(),
    base64.b32encode(base64.b64decode(TOKEN)).decode(),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_token_in_another_spelling_is_refused(text: str) -> None:
    assert s.opens(text, KEY_ID) is None


def test_base64_is_taken_in_its_one_canonical_spelling() -> None:
    assert strict_base64("QUI=") == b"AB"
    for loose in ("QUJ=", "QUI", "QUI==", "QU I=", "Q-I=", "QUI=\n", "=QUI"):
        assert strict_base64(loose) is None


@pytest.mark.parametrize("change", [b"LU\x01", b"lt\x01", b"LT\x02", b"LT\x00"])
def test_another_magic_or_version_is_refused(change: bytes) -> None:
    raw = base64.b64decode(TOKEN)
    assert s.opens(base64.b64encode(change + raw[3:]).decode(), KEY_ID) is None


def test_two_live_sessions_may_have_one_id() -> None:
    """T13: ids meet; each token still opens for itself. A second root makes a second token for the same id."""
    keyring = s.KEYRING.with_key(TokenKey.of(2, s.ROOT, state="verify-only"))
    first = seal(s.PLAIN, s.KEYRING, s.SALT)
    second_ring = Keyring.of("serve", [TokenKey.of(2, s.ROOT)])
    second = seal(s.FULL, second_ring, s.SALT)
    assert first.access_key_id == second.access_key_id
    one = s.opens(first.session_token.reveal(), first.access_key_id, keyring)
    two = s.opens(second.session_token.reveal(), second.access_key_id, keyring)
    assert one is not None
    assert two is not None
    assert (one.session, two.session) == (s.PLAIN, s.FULL)


# ------------------------------------------------------------------ sealing


def test_claims_beyond_the_budget_are_a_policy_too_large() -> None:
    grown = msgspec.structs.replace(s.PLAIN, tags=tuple((f"key{n}", "v" * 200) for n in range(11)))
    with pytest.raises(TokenError) as caught:
        seal(grown, s.KEYRING, s.SALT)
    assert (caught.value.code, caught.value.status) == ("PackedPolicyTooLarge", 400)
    percent = caught.value.facts["percent"]
    assert isinstance(percent, int)
    assert percent > 100
    assert caught.value.message == f"Packed policy consumes {percent}% of allotted space, please use smaller policy."


def test_the_last_byte_of_the_budget_may_be_used() -> None:
    room = claims.BUDGET - len(claims.pack(msgspec.structs.replace(s.PLAIN, name="n" * 1000))) + 1000
    full = msgspec.structs.replace(s.PLAIN, name="n" * room)
    assert len(claims.pack(full)) == claims.BUDGET
    credentials = seal(full, s.KEYRING, s.SALT)
    assert len(credentials.session_token.reveal()) == 2_804
    assert s.opens(credentials.session_token.reveal(), credentials.access_key_id) is not None
    with pytest.raises(TokenError):
        seal(msgspec.structs.replace(full, name=full.name + "n"), s.KEYRING, s.SALT)


def test_the_packed_size_is_told_only_when_there_is_a_policy_or_a_tag() -> None:
    assert seal(s.PLAIN, s.KEYRING, s.SALT).packed_policy_size is None
    size = CREDENTIALS.packed_policy_size
    assert size == -(-100 * len(claims.pack(s.FULL)) // 2048)


def test_a_salt_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="15 bytes"):
        seal(s.PLAIN, s.KEYRING, s.SALT[1:])


def test_a_keyring_without_a_primary_key_does_not_seal() -> None:
    with pytest.raises(KeyringError):
        seal(s.PLAIN, Keyring.of("serve", [TokenKey.of(1, s.ROOT, state="verify-only")]), s.SALT)


# ------------------------------------------------------------------ time


@pytest.mark.parametrize(
    ("offset", "live"),
    [
        (timedelta(milliseconds=-1), False),
        (timedelta(), True),
        (timedelta(hours=1, milliseconds=-1), True),
        (timedelta(hours=1), False),
        (timedelta(minutes=-10), False),
    ],
)
def test_a_session_is_live_from_its_first_to_before_its_last_millisecond(offset: timedelta, live: bool) -> None:
    if live:
        s.PLAIN.require_live(s.NOW + offset)
        return
    with pytest.raises(TokenError) as caught:
        s.PLAIN.require_live(s.NOW + offset)
    assert (caught.value.code, caught.value.status) == ("ExpiredToken", 403)
    assert caught.value.message == "The security token included in the request is expired"


def test_not_before_counts_instead_of_the_time_of_issue() -> None:
    s.FULL.require_live(s.NOW - timedelta(minutes=1))
    with pytest.raises(TokenError):
        s.FULL.require_live(s.NOW - timedelta(minutes=1, milliseconds=1))
