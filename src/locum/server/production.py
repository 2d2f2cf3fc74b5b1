"""The server of `locum serve`: its data directory, its first start, and what it opens on every start.

Law: refuses by default (rules E1 to E7). An empty directory gets a master key, one account and a root key pair in a
0600 file (decisions 24); a directory without its master key is sealed. There is no default key and no way to move a
clock. Loopback only, until TLS and proxies are built.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from locum.access import Verification
from locum.access.denials import Denials
from locum.aws.arn import account_id
from locum.aws.secret import Secret
from locum.call import Place
from locum.server import operations, served
from locum.server.accounts import Added, Pair, adding, new_number, new_pair
from locum.server.app import App
from locum.server.house import Clocks, House, SystemMint
from locum.server.own import Own
from locum.session.keyring import KEY_IDS, ROOT_BYTES, Keyring, TokenKey
from locum.session.opened import OpenedTokens
from locum.sigv4 import DayKeys
from locum.store import masterkey, token_keys
from locum.store.activity import Activities
from locum.store.engine import SqlStore, open_store
from locum.store.token_keys import TokenKeyRoot
from locum.store.tx import Tx

STORE, USES, ROOT_KEY = "locum.db", "activity.db", "root-key.json"


class Refused(Exception):
    """A start that is not safe: what was seen and what would be right. Exit status 78."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    directory: Path
    host: str
    port: int
    account: str | None
    region: str

    @classmethod
    def of(cls, *, directory: Path, host: str, port: int, account: str | None, region: str) -> Settings:
        """Checked settings. Raises ValueError for bad input, Refused for an address that is not safe yet."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise ValueError(f"`{host}` is not an IP address; for this machine alone: 127.0.0.1") from None
        if not address.is_loopback:
            raise Refused(
                f"`{host}` can be reached from elsewhere and TLS is not built yet; listen on 127.0.0.1 or ::1"
            )
        number = account_id(account) if account is not None else None
        return cls(directory=directory, host=host, port=port, account=number, region=region)


class Started(msgspec.Struct, frozen=True):
    """An opened data directory, and the account that this start made, if it did."""

    house: House
    made: Added | None


def start(settings: Settings) -> Started:
    """Opens the data directory, or fills an empty one. Raises StoreError when it is sealed or another mode's."""
    directory = settings.directory
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mint, clocks, place = SystemMint(), Clocks(), Place(region=settings.region)
    store = open_store(directory / STORE, masterkey.of_directory(directory), mode="serve")
    try:
        made = _first(store, settings, mint, place, clocks.moment().now)
        house = House(
            store=store,
            verification=Verification(
                keyring=_keyring(store),
                opened=OpenedTokens(),
                day_keys=DayKeys(),
                dummy_secret=Secret(mint.octets(30).hex()),
            ),
            activity=Activities(directory / USES),
            place=place,
            clocks=clocks,
            mint=mint,
            denials=Denials(),
        )
    except BaseException:
        store.close()
        raise
    return Started(house, made)


def _first(store: SqlStore, settings: Settings, mint: SystemMint, place: Place, now: datetime) -> Added | None:
    """The first account and the first token key, in one step; None where they are there already."""
    if store.read(token_keys.every):
        return None
    number = settings.account or new_number(mint)
    added = Added(number, new_pair(mint, place, number), None)
    key = TokenKeyRoot(
        number=KEY_IDS["serve"][0],
        state="primary",
        cipher="AES-256-GCM",
        created=now,
        root=Secret(mint.octets(ROOT_BYTES).hex()),
    )
    if added.root is not None:
        _write_root_key(settings.directory / ROOT_KEY, number, added.root)
    account, token_key = adding(added, mint, place, now=now), token_keys.add(key)

    def step(tx: Tx) -> None:
        account(tx)
        token_key(tx)

    store.write(step)
    return added


def _write_root_key(path: Path, account: str, pair: Pair) -> None:
    """Writes root's key into a file that only this user may read, durably, before the key counts."""
    text = msgspec.json.encode({"AccountId": account, **pair.shown()})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keyring(store: SqlStore) -> Keyring:
    """The token keys as the store keeps them."""
    keys = []
    for row in store.read(token_keys.every):
        root = bytes.fromhex(row.root.reveal()) if row.root is not None else bytes(ROOT_BYTES)
        keys.append(TokenKey.of(row.number, root, state=row.state, cipher=row.cipher))  # type: ignore[arg-type]
    return Keyring.of("serve", keys)


def run(settings: Settings, *, announce: Callable[[str], object]) -> None:
    """Serves until it is told to stop. The first lines say what is enforced, where it listens and what to do next."""
    assert operations.MODULES  # the import declares them
    started = start(settings)
    house = started.house

    def listening(url: str) -> None:
        announce(f"locum serves {url}: every call is signed, authorized and logged as a change; nothing is open")
        if started.made is not None:
            path = settings.directory / ROOT_KEY
            announce(f"new data directory {settings.directory}: account {started.made.account}, master key, token key")
            announce(f"root's access key is in {path} (0600); use it to make a role and a user, then delete it")

    try:
        served.serve(App(house, Own(house)), host=settings.host, port=settings.port, listening=listening)
    finally:
        house.activity.close()
        house.store.close()
