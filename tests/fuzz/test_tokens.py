"""Every bit of a token, and a hundred thousand mutations of one: none opens (xT1, xT2, xT6).

`LOCUM_FUZZ` sets the number, `LOCUM_FUZZ_SEED` replays a run. Unless it is set, a fifth as many plaintexts are sealed.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Iterator

import msgspec
import pytest
from tests.fuzz import mutations
from tests.unit.session import sealed as s

from locum.session import claims
from locum.session.session import Session
from locum.session.token import VERSION_1, Layout, Opened, seal

# A length that leaves unused bits in the last character, so that loose base64 has something to be loose about.
PADDED = next(
    credentials
    for credentials in (
        seal(msgspec.structs.replace(s.FULL, name="n" * count), s.KEYRING, s.SALT) for count in range(8, 11)
    )
    if credentials.session_token.reveal().endswith("==")
)
TOKEN, KEY_ID = PADDED.session_token.reveal(), PADDED.access_key_id
RAW = base64.b64decode(TOKEN)
LOOSE = Layout(decode=base64.b64decode)


def bits(text: str) -> Iterator[str]:
    """The text with each of its bits flipped in turn."""
    for at, character in enumerate(text):
        for bit in range(8):
            yield text[:at] + chr(ord(character) ^ (1 << bit)) + text[at + 1 :]


def opened_bits(layout: Layout) -> int:
    """How many single flipped bits of token, bytes and id still open."""
    flipped = [(token, KEY_ID) for token in bits(TOKEN)] + [(TOKEN, id) for id in bits(KEY_ID)]
    for at in range(len(RAW) * 8):
        raw = bytearray(RAW)
        raw[at // 8] ^= 1 << (at % 8)
        flipped.append((base64.b64encode(raw).decode(), KEY_ID))
    assert len(flipped) > 2_000
    return sum(opened(token, id, layout) is not None for token, id in flipped)


def opened(token: str, access_key_id: str, layout: Layout) -> Opened | None:
    try:
        return s.opens(token, access_key_id, layout=layout)
    except ValueError:  # a loose decoder's own
        return None


def test_the_token_itself_opens() -> None:
    assert s.opens(TOKEN, KEY_ID) is not None


def test_no_flipped_bit_opens() -> None:
    assert opened_bits(VERSION_1) == 0


def test_control_base64_that_is_not_encoded_again_is_found() -> None:
    assert opened_bits(LOOSE) > 0


def changed(chance: random.Random, ids: list[str]) -> tuple[str, str]:
    """A token and an id of which at least one was changed."""
    choice = chance.randrange(6)
    if choice == 0:
        return TOKEN, chance.choice((mutations.mutated_text(KEY_ID, chance), chance.choice(ids)))
    if choice == 1:
        raw = bytearray(RAW)
        for _ in range(chance.choice((1, 2, 16))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        return base64.b64encode(raw).decode(), KEY_ID
    if choice == 2:
        raw = bytearray(RAW[: chance.randrange(len(RAW))] + chance.randbytes(chance.randrange(40)))
        return base64.b64encode(raw).decode(), KEY_ID
    if choice == 3:
        return base64.b64encode(RAW[:5] + chance.randbytes(chance.randrange(16, 400))).decode(), KEY_ID
    if choice == 4:
        return TOKEN[: chance.randrange(len(TOKEN))], KEY_ID
    return mutations.mutated_text(TOKEN, chance), KEY_ID


def forged(chance: random.Random, number: int, layout: Layout) -> int:
    """How many of that many changed pairs open."""
    others = [seal(s.PLAIN, s.KEYRING, chance.randbytes(16), layout=layout).access_key_id for _ in range(50)]
    found = 0
    for _ in range(number):
        token, id = changed(chance, others)
        if (token, id) != (TOKEN, KEY_ID):
            found += opened(token, id, layout) is not None
    return found


def test_no_mutation_opens() -> None:
    assert forged(mutations.seeded(), mutations.runs(), VERSION_1) == 0


def test_control_loose_base64_is_found_by_mutations() -> None:
    assert forged(random.Random(7), 20_000, LOOSE) > 0


def test_control_a_format_without_its_id_is_found_by_mutations() -> None:
    unbound = Layout(bound=lambda header, _: header, associated=lambda *_: b"")
    credentials = seal(s.FULL, s.KEYRING, s.SALT, layout=unbound)
    others = [seal(s.PLAIN, s.KEYRING, bytes([n]) * 16).access_key_id for n in range(50)]
    token = credentials.session_token.reveal()
    assert all(opened(token, id, unbound) is not None for id in others)
    assert all(s.opens(TOKEN, id) is None for id in others)


# ------------------------------------------------------------------ every length (xT2)


def other_lengths() -> Iterator[str]:
    """Every beginning of a token, whole groups of four and not, and every length beyond it that may still be read."""
    yield from (TOKEN[:length] for length in range(len(TOKEN)))
    yield from (base64.b64encode(RAW[:length]).decode() for length in range(len(RAW)))
    yield from (base64.b64encode(RAW + bytes(more)).decode() for more in range(1, 3_072 - len(RAW), 7))
    yield from (TOKEN + "A" * more for more in range(1, 4_097 - len(TOKEN), 3))


def opened_lengths(layout: Layout) -> int:
    """How many tokens of another length still open."""
    return sum(opened(text, KEY_ID, layout) is not None for text in other_lengths())


def test_no_other_length_opens() -> None:
    assert len(TOKEN) > 100
    assert opened_lengths(VERSION_1) == 0


def test_control_a_decoder_that_stops_at_the_padding_opens_what_stands_behind_it() -> None:
    assert opened_lengths(LOOSE) > 0


# ------------------------------------------------------------------ any plaintext under a true key (xT6)

PLAINTEXTS = int(os.environ.get(mutations.RUNS) or mutations.runs() // 5)
WHOLE = claims.pack(s.FULL)


def plaintext(chance: random.Random) -> bytes:
    """Octets of no meaning, or true claims with a few octets changed."""
    if chance.randrange(2):
        return chance.randbytes(chance.randrange(300))
    raw = bytearray(WHOLE)
    for _ in range(chance.choice((1, 1, 2, 5))):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def sealed_plaintexts(chance: random.Random, number: int, layout: Layout = VERSION_1) -> tuple[int, list[str]]:
    """Of so many plaintexts, sealed with a true key: how many were sessions, and what was neither a whole session nor
    the one refusal (rules T3 and T5)."""
    sessions, amiss = 0, []
    for _ in range(number):
        packed = plaintext(chance)
        key_id, _, token = s.plainly_sealed(packed)
        try:
            found = s.opens(token, key_id, layout=layout)
        except Exception as error:  # noqa: BLE001  whatever gets out is what is looked for
            amiss.append(f"{packed.hex()}: {type(error).__name__}")
            continue
        if found is not None:
            sessions += 1
            if claims.unpack(claims.pack(found.session)) != found.session:
                amiss.append(f"{packed.hex()}: it opens as what cannot be sealed again")
    return sessions, amiss


def test_random_claims_under_a_true_key_give_the_one_error_or_a_whole_session() -> None:
    sessions, amiss = sealed_plaintexts(mutations.seeded(), PLAINTEXTS)
    assert amiss == []
    assert sessions > 0


def without_schema(raw: bytes) -> Session:
    """The planted fault: whatever the octets say becomes the fields of a session, in their order."""
    return Session(*msgspec.msgpack.decode(raw).values())


def test_control_claims_that_are_decoded_without_a_schema_are_found() -> None:
    _, amiss = sealed_plaintexts(random.Random(7), 300, Layout(unpack=without_schema))
    assert len(amiss) > 100


@pytest.mark.parametrize("length", [0, 1, 2047, 2048, 2049, 3000])
def test_claims_of_any_length_under_a_true_key_give_no_other_error(length: int) -> None:
    key_id, _, token = s.plainly_sealed(bytes(length))
    assert s.opens(token, key_id) is None
