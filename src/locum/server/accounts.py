"""New accounts: root's key, or an administrator with a key, written as any other change.

Law: the rows of a new account and nothing else; who may ask for one is decided elsewhere. Ids and secrets that nobody
gave are drawn by the mint.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from locum.aws import ids
from locum.aws.arn import account_id
from locum.aws.secret import Secret
from locum.call import Mint, Place
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import Account, User
from locum.server.house import House
from locum.store.entity import Author, Relation
from locum.store.tx import Tx

ADMINISTRATOR = "admin"
ADMINISTRATOR_POLICY = "arn:{partition}:iam::aws:policy/AdministratorAccess"


class Pair(msgspec.Struct, frozen=True):
    """An access-key id and its secret."""

    id: str
    secret: Secret

    @classmethod
    def parse(cls, text: str) -> Pair:
        """`ID:SECRET`, the id of 4 to 128 characters. Raises ValueError; the message never holds the secret."""
        id, colon, secret = text.partition(":")
        if not colon or not secret or not 4 <= len(id) <= 128 or not id.isascii() or not id.replace("_", "").isalnum():
            raise ValueError("a key is written ID:SECRET, the id of 4 to 128 letters, digits and underscores")
        return cls(id, Secret(secret))

    def shown(self) -> Mapping[str, str]:
        """The pair as an answer shows it to its owner, once."""
        return {"AccessKeyId": self.id, "SecretAccessKey": self.secret.reveal()}


class Added(msgspec.Struct, frozen=True):
    """A new account and its keys."""

    account: str
    root: Pair | None
    admin: Pair | None


def add_account(
    house: House, account: str | None = None, *, admin: Pair | None = None, root: Pair | None = None
) -> Added:
    """A new account with the given keys; with neither, both are drawn. Raises ValueError for an account that exists or
    an id that is none."""
    number = account_id(account) if account is not None else new_number(house.mint)
    if admin is None and root is None:
        admin, root = new_pair(house.mint, house.place, number), new_pair(house.mint, house.place, number)
    added = Added(number, root, admin)
    house.store.write(adding(added, house.mint, house.place, now=house.clocks.moment().now))
    return added


def adding(added: Added, mint: Mint, place: Place, *, now: datetime) -> Callable[[Tx], None]:
    """The step that writes a new account. Raises ValueError when it exists."""

    def step(tx: Tx) -> None:
        number = added.account
        if tx.find_id(Account, number) is not None:
            raise ValueError(f"account {number} exists already")
        tx.written_by(Author(arn=f"arn:{place.partition}:iam::{number}:root", at=now, request_id="start"))
        tx.add(Account(id=number, account=number, name=number, created=now))
        if added.root is not None:
            _add_key(tx, number, owner=number, pair=added.root, now=now)
        if added.admin is not None:
            user = User(id=ids.entity_id(ids.USER, mint.octets(11)), account=number, name=ADMINISTRATOR, created=now)
            tx.add(user)
            policy = ADMINISTRATOR_POLICY.format(partition=place.partition)
            tx.link(Relation.ATTACHMENT, number, user.id, policy)
            _add_key(tx, number, owner=user.id, pair=added.admin, now=now)

    return step


def new_number(mint: Mint) -> str:
    """A random account id: twelve digits."""
    return ids.account_number(mint.octets(8))


def new_pair(mint: Mint, place: Place, account: str) -> Pair:
    """A new key pair of an account: an id that names it (rule S46) and 40 characters of secret (S48)."""
    low39 = int.from_bytes(mint.octets(5)) >> 1
    id = ids.key_id(ids.ACCESS_KEY, account, low39=low39, generation=place.key_generation)
    return Pair(id, Secret(base64.b64encode(mint.octets(30)).decode("ascii")))


def _add_key(tx: Tx, account: str, *, owner: str, pair: Pair, now: datetime) -> None:
    key = AccessKey(id=pair.id, name=pair.id, account=account, owner=owner, created=now)
    tx.add(key)
    tx.put_secret(key, SECRET, pair.secret)
