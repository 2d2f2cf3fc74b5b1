"""Claims: a `Session` as a MessagePack map with small numbers for names, and back (rules T5, T6, T7).

Law: a number means one claim for ever; a new claim takes a new number. Reading is by schema and accepts exactly the
text that packing writes: the numbers ascending, nothing doubled, nothing behind, each value in its shortest form. The
bytes come out of an authenticated cipher; the schema is there because a key holder's mistake must not become a right.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from locum.session.session import Kind, Origin, Session

BUDGET = 2048  # bytes of packed claims (rule T7)
LONGEST_POLICY = 8192  # bytes after inflating: 2,048 characters of at most four bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RAW_DEFLATE = -15

_Text = Annotated[str, msgspec.Meta(max_length=BUDGET)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=BUDGET)]
_Account = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{12}\Z")]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Packed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The schema: the fields of `Session`, with times in milliseconds, tags flat and the policy deflated."""

    kind: Kind
    partition: _Name
    account: _Account
    principal_id: _Name
    name: _Text
    issued: _Milliseconds
    expires: _Milliseconds
    not_before: _Milliseconds | None = None
    chained: bool = False
    mfa_at: _Milliseconds | None = None
    source_identity: _Text | None = None
    provider: _Text | None = None
    policy: bytes | None = None
    policy_ids: tuple[_Text, ...] = ()
    tags: tuple[_Text, ...] = ()
    transitive: tuple[_Text, ...] = ()
    epoch: _Count = 0
    region: _Text | None = None
    origin: Origin | None = None
    source_key_hash: bytes | None = None


# The number of each claim, in the order of their numbers. Written down in docs/spec/token.md; never changed.
NUMBERS: dict[str, int] = {
    "kind": 1,
    "partition": 2,
    "account": 3,
    "principal_id": 4,
    "name": 5,
    "issued": 6,
    "expires": 7,
    "not_before": 8,
    "chained": 9,
    "mfa_at": 10,
    "source_identity": 11,
    "provider": 12,
    "policy": 13,
    "policy_ids": 14,
    "tags": 15,
    "transitive": 16,
    "epoch": 17,
    "region": 18,
    "origin": 19,
    "source_key_hash": 20,
}
# Numbers that a reader of version 1 may pass over (rule T5). None so far.
SKIPPABLE: frozenset[int] = frozenset()

_NAMES = {number: name for name, number in NUMBERS.items()}
_DEFAULTS: dict[str, Any] = {
    field.name: field.default for field in msgspec.structs.fields(_Packed) if not field.required
}

# How a claim that says nothing would look as a value; packing leaves it out.
_UNSAID: dict[str, Any] = {name: list(value) if value == () else value for name, value in _DEFAULTS.items()}

# The same by number, as packing goes through them; a claim that is always said has a value that none has.
_NUMBERS = tuple(NUMBERS.values())
_SILENT = tuple(_DEFAULTS.get(name, ...) for name in NUMBERS)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[int, Any])


# All that bytes which `pack` did not write can set off, below the schema and in it.
_FAULTS = (msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError, zlib.error)


class ClaimsError(ValueError):
    """Bytes that are not the claims of a session."""


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an instant in UTC; what is finer is cut off."""
    return (instant - _EPOCH) // _MILLISECOND


def pack(session: Session) -> bytes:
    """The claims as bytes. Claims that say nothing are left out. Does not look at the budget."""
    mfa_at, not_before, policy = session.mfa_at, session.not_before, session.policy
    values = (
        session.kind,
        session.partition,
        session.account,
        session.principal_id,
        session.name,
        milliseconds(session.issued),
        milliseconds(session.expires),
        None if not_before is None else milliseconds(not_before),
        session.chained,
        None if mfa_at is None else milliseconds(mfa_at),
        session.source_identity,
        session.provider,
        None if policy is None else _deflate(policy),
        session.policy_ids,
        tuple([text for pair in session.tags for text in pair]),
        session.transitive,
        session.epoch,
        session.region,
        session.origin,
        session.source_key_hash,
    )
    return _encoder.encode(
        {number: value for number, value, unsaid in zip(_NUMBERS, values, _SILENT, strict=True) if value != unsaid}
    )


def unpack(packed: bytes) -> Session:
    """The session that these bytes hold. Raises ClaimsError for anything but what `pack` writes (rule T5)."""
    try:
        numbered = _decoder.decode(packed)
        numbers = list(numbered)
        if numbers != sorted(numbers) or _encoder.encode(numbered) != packed:
            raise ClaimsError("not in the one form that packing writes")
        named = {_NAMES[number]: value for number, value in numbered.items() if number not in SKIPPABLE}
        if any(value == _UNSAID.get(name, ...) for name, value in named.items()):
            raise ClaimsError("a claim that says nothing")
        return _session(msgspec.convert(named, _Packed, builtin_types=(bytes,)))
    except _FAULTS as error:
        raise ClaimsError("not the claims of a session") from error


def weight(session: Session, packed: bytes) -> int | None:
    """PackedPolicySize: the share of the budget that this session takes, in percent, rounded up; None when it has
    neither policies nor tags (rule T7)."""
    if not (session.policy or session.policy_ids or session.tags or session.transitive):
        return None
    return -(-100 * len(packed) // BUDGET)


def _session(plain: _Packed) -> Session:
    if len(plain.tags) % 2:
        raise ClaimsError("a tag without a value")
    return Session(
        kind=plain.kind,
        partition=plain.partition,
        account=plain.account,
        principal_id=plain.principal_id,
        name=plain.name,
        issued=_instant(plain.issued),
        expires=_instant(plain.expires),
        not_before=None if plain.not_before is None else _instant(plain.not_before),
        chained=plain.chained,
        mfa_at=None if plain.mfa_at is None else _instant(plain.mfa_at),
        source_identity=plain.source_identity,
        provider=plain.provider,
        policy=None if plain.policy is None else _inflate(plain.policy),
        policy_ids=plain.policy_ids,
        tags=tuple(zip(plain.tags[::2], plain.tags[1::2], strict=True)),
        transitive=plain.transitive,
        epoch=plain.epoch,
        region=plain.region,
        origin=plain.origin,
        source_key_hash=plain.source_key_hash,
    )


def _instant(count: int) -> datetime:
    return _EPOCH + count * _MILLISECOND


def _deflate(policy: str) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    return compressor.compress(policy.encode("utf-8")) + compressor.flush()


def _inflate(deflated: bytes) -> str:
    """The policy, cut off long before a small text could become a large one."""
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    text = inflater.decompress(deflated, LONGEST_POLICY)
    if not inflater.eof or inflater.unused_data:
        raise ClaimsError("a policy that is too long, cut short or followed by something")
    return text.decode("utf-8")
