"""What can be stored: an `Entity` and the `Relation`s between entities.

Law: the store does not know a single noun. A noun is a frozen struct that says its kind, its sentences and whether it
decides anything; rows, keys, uniqueness, the change log and generations follow from that. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

import msgspec

E = TypeVar("E")


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """One stored thing of one account.

    `id` is AWS's unique id (AROA…, never reused) or, where AWS has none, a written key. `owner` is the id of the entity
    it belongs to (an access key's user, an inline policy's role) and empty for what stands by itself. A name is unique,
    without regard to case, among the entities of one account, kind and owner, and is answered as stored. `version`
    counts the puts; the store sets it and refuses a put of an older one (rule R7).
    """

    id: str
    account: str
    name: str
    created: datetime
    owner: str = ""
    path: str = "/"
    version: int = 0

    #: the word in rows and changes: `role`
    kind: ClassVar[str]
    #: AWS's sentences, with `{name}` (the name asked for)
    missing: ClassVar[str]
    exists: ClassVar[str]
    #: whether a change of it can alter a decision, and so raises the account's generation (decisions 18)
    decides: ClassVar[bool] = True
    #: fields that never enter the change log or an export, though they are stored
    unlogged: ClassVar[frozenset[str]] = frozenset()


class Relation(StrEnum):
    """A link from one id to another. Targets may be ARNs of AWS managed policies, which are not rows."""

    ATTACHMENT = "attachment"  # user, group or role id -> managed policy id or ARN
    BOUNDARY = "boundary"  # user or role id -> managed policy id or ARN
    MEMBERSHIP = "membership"  # user id -> group id
    PROFILE_ROLE = "profile-role"  # instance profile id -> role id
    MFA_DEVICE = "mfa-device"  # user id, or account id for root -> MFA device id


class Author(msgspec.Struct, frozen=True):
    """Who changes something, when, and in which request. Every change carries one."""

    arn: str
    at: datetime
    request_id: str
    operation: str = ""


class Change(msgspec.Struct, frozen=True):
    """One line of the append-only log: what an author did to one entity or link.

    `position` is the place in the log and the account's generation once it stands. `before` and `after` are the
    documents without their unlogged fields; secrets are never part of them. A link is told by its relation (`kind`),
    its source (`key`) and `{"target": …}`; a sealed or removed secret by its `{"column": …}` alone.
    """

    position: int
    account: str
    author: Author
    verb: str  # add, put, remove, link, unlink, seal, unseal
    kind: str
    key: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


class Page(msgspec.Struct, Generic[E], frozen=True):
    """A slice of a listing; `marker` continues it and is None at its end."""

    items: tuple[E, ...]
    marker: str | None = None
