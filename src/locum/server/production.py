"""The server of `locum serve`: its data directory, its first start, and what it opens on every start.

Law: refuses by default (rules E1 to E7); what is unsafe is refused before anything is made (`safe.py`). An empty
directory gets a master key, one account and a root key pair in a 0600 file (decisions 24); a directory without its
master key is sealed. There is no default key and no way to move a clock. With several workers each opens the store for
itself; the parent opens it only to see that it can be opened.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from locum.access import Verification
from locum.access.denials import Denials
from locum.audit.trail import FileTrail, Trail, TrailError
from locum.aws.limits import Limits as Quotas
from locum.aws.secret import Secret
from locum.call import Place
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Account
from locum.server import confined, logs, operations, served, token_rules, well_known
from locum.server.accounts import Added, Pair, adding, new_number, new_pair
from locum.server.app import App
from locum.server.buckets import Rates
from locum.server.house import Clocks, House, SystemMint
from locum.server.issuer_keys import IssuerKeys
from locum.server.keeper import Keeper
from locum.server.outbound import Reach
from locum.server.own import Own
from locum.server.safe import STORE, UnsafeError, require_safe, tls_context
from locum.server.settings import FILE, Settings
from locum.server.token_rules import Following
from locum.server.workers import Workers
from locum.session.keyring import Keyring
from locum.session.opened import OpenedTokens
from locum.sigv4 import DayKeys
from locum.store import masterkey, rotation, token_keys
from locum.store.engine import SqlStore, open_store
from locum.store.tx import Tx

ROOT_KEY, AUDIT = "root-key.json", "audit"

Key = Callable[[], Secret]


def master_key(settings: Settings, environment: MutableMapping[str, str]) -> Key:
    """Where the master key is read from, now and again: the environment, a named file, or the data directory.

    Making an empty directory's key is part of reading it. Raises SealedError for a key that is none.
    """
    given = masterkey.read_environment(environment)
    if given is not None:
        return lambda: given
    file, directory = master_key_file(settings), settings.data_dir
    if (directory / STORE).exists():
        rotation.settle(directory / STORE, file)
    if settings.master_key_file is not None:
        return lambda: masterkey.read_file(file)
    return lambda: masterkey.of_directory(directory, besides=(FILE,))


def master_key_file(settings: Settings) -> Path:
    """The file that the master key is in, unless it comes from the environment."""
    return settings.master_key_file or settings.data_dir / masterkey.FILE


def open_directory(settings: Settings, key: Key, first: Secret | None = None) -> SqlStore:
    """The store of a data directory, made when the directory is empty. Raises StoreError when it is sealed or another
    mode's, UnsafeError when it holds what everybody knows."""
    store = open_store(settings.data_dir / STORE, first or key(), mode="serve", again=key)
    try:
        store.read(_require_nothing_well_known)
    except BaseException:
        store.close()
        raise
    return store


def _require_nothing_well_known(tx: Tx) -> None:
    for number in well_known.ACCOUNTS:
        if tx.find_id(Account, number) is not None:
            raise UnsafeError(f"the store holds account `{number}`, which is everybody's; it is not served")
    for id, _, origin in well_known.PAIRS:
        if tx.find_id(AccessKey, id) is not None:
            raise UnsafeError(f"the store holds the access key `{id}` of {origin}; it is not served")


class First(msgspec.Struct, frozen=True):
    """What the first start of a data directory made."""

    account: str
    root_key: Path


def begin(settings: Settings, key: Key) -> First | None:
    """Makes what a data directory lacks: the first account and the first token keys. None where they are there."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    mint, clocks = SystemMint(), Clocks()
    store = open_directory(settings, key)
    try:
        with rotation.alone(settings.data_dir, wait=True):
            if store.read(token_keys.every):
                return None
            number = settings.account_id or new_number(mint)
            added = _add_account(store, settings, number, mint, clocks.moment().now, keys=True)
        return First(added.account, settings.data_dir / ROOT_KEY)
    finally:
        store.close()


def add_account(store: SqlStore, settings: Settings, number: str, mint: SystemMint, now: datetime) -> Added:
    """A new account with a root key, which is in its file before it counts: of several at once one after another, so
    that the file holds the key that counts. Raises ValueError for an account that exists or is everybody's."""
    with rotation.alone(settings.data_dir, wait=True):
        return _add_account(store, settings, number, mint, now, keys=False)


def _add_account(
    store: SqlStore, settings: Settings, number: str, mint: SystemMint, now: datetime, *, keys: bool
) -> Added:
    """The same, while nobody else does it. `keys` makes the first token keys, too."""
    well_known.require_own_account(number)
    place = Place(region=settings.region)
    pair = new_pair(mint, place, number)
    well_known.require_own_pair(pair.id, pair.secret)
    added = Added(number, pair, None)
    account, first = adding(added, mint, place, now=now), token_rules.first(mint, now)

    def step(tx: Tx) -> None:
        account(tx)
        if keys:
            first(tx)

    if store.read(lambda tx: tx.find_id(Account, number)) is not None:
        raise ValueError(f"account {number} exists already")
    write_root_key(settings.data_dir / (ROOT_KEY if keys else f"root-key-{number}.json"), number, pair)
    store.write(step)
    return added


def write_root_key(path: Path, account: str, pair: Pair) -> None:
    """Writes root's key into a file that only this user may read, durably, before the key counts."""
    text = msgspec.json.encode({"AccountId": account, **pair.shown()})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_trail(settings: Settings, store: SqlStore) -> FileTrail:
    """This process's own chain of the audit trail. Raises UnsafeError when nothing can be recorded (rule R12)."""
    try:
        return FileTrail(settings.data_dir / AUDIT, store)
    except (OSError, TrailError) as error:
        raise UnsafeError(f"the audit trail in `{settings.data_dir / AUDIT}` cannot be written: {error}") from error


def house_of(settings: Settings, store: SqlStore, trail: Trail, address: str = "") -> House:
    """Everything that one serving process stands on."""
    mint = SystemMint()
    verification = Verification(
        keyring=Keyring.of("serve", ()),
        opened=OpenedTokens(),
        day_keys=DayKeys(),
        dummy_secret=Secret(mint.octets(30).hex()),
        regions=settings.regions,
        window=timedelta(minutes=settings.signature_window),
        allow_unsigned_token=settings.allow_unsigned_token,
    )
    return House(
        store=store,
        verification=verification,
        activity=store.activity,
        place=Place(
            region=settings.region,
            local_issuers=settings.issuer_http,
            address=address,
            limits=settings.quotas or Quotas(),
        ),
        clocks=Clocks(),
        mint=mint,
        denials=Denials(),
        trail=trail,
        follow=Following(verification),
        rates=Rates(settings.source_rate, settings.key_rate),
        issuers=IssuerKeys.reaching(Reach(settings.issuer_networks or (), settings.issuer_http), mint),
    )


def run(
    settings: Settings, *, environment: MutableMapping[str, str] = os.environ, announce: Callable[[str], object]
) -> int:
    """Serves until it is told to stop; the exit status. The first lines say what is enforced, where it listens and
    what to do next. Raises UnsafeError or StoreError for a start that is refused, OSError when it cannot bind."""
    assert operations.MODULES  # the import declares them
    logs.configure("json", settings.log_level)
    confined.confine()
    served.leave_when_told()
    with _usable(settings):
        require_safe(settings)
    bound = served.bind(settings.host, settings.port, tls=settings.tls)
    with _usable(settings):
        key = master_key(settings, environment)
        made = begin(settings, key)
    announce(f"locum serves {bound.url}: every call must be signed, is authorized by policy, and is recorded")
    if made is not None:
        announce(f"new data directory {settings.data_dir}: account {made.account}, master key, token key")
        announce(f"root's access key is in {made.root_key} (0600); use it to make a role and a user, then delete it")
    if settings.workers == 1:
        return work(settings, bound, key)
    return Workers(lambda first: work(settings, bound, key, first), key, renewing=settings.tls).run(settings.workers)


@contextmanager
def _usable(settings: Settings) -> Iterator[None]:
    """What the system refuses of the data directory, as the reason not to start."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        place = f" (`{error.filename}`)" if error.filename not in (None, str(settings.data_dir)) else ""
        raise UnsafeError(
            f"the data directory `{settings.data_dir}` cannot be made or written: {reason}{place}"
        ) from error


def work(settings: Settings, bound: served.Bound, key: Key, first: Secret | None = None) -> int:
    """Opens the store, answers until told to stop, and lets go of it."""
    served.leave_when_told()
    store = open_directory(settings, key, first)
    trail: FileTrail | None = None
    keeper = Keeper(
        store,
        settings.data_dir / STORE,
        timedelta(hours=settings.token_key_hours),
        audit=settings.data_dir / AUDIT,
    )
    try:
        keeper.start()
        trail = open_trail(settings, store)
        if settings.audit_keep_days:
            keeper.prunes(trail, timedelta(days=settings.audit_keep_days))
        house = house_of(settings, store, trail, settings.public_url or bound.url)
        proxies = settings.behind_proxy or ()
        app = App(house, Own(house), proxies=proxies)
        tls = renew = None
        if settings.tls_cert is not None and settings.tls_key is not None:
            tls = tls_context(settings.tls_cert, settings.tls_key)
            renew = served.reloading(tls, settings.tls_cert, settings.tls_key)
        open_door = settings.tls or not proxies
        served.answer(
            app if open_door else served.OnlyProxies(app, among(proxies)),
            bound,
            tls=tls,
            renew=renew,
            stop_seconds=settings.stop_seconds,
            limits=settings.limits,
        )
    finally:
        keeper.stop()
        if trail is not None:
            trail.close()  # it tells the store where the chain ends
        store.close()
    return 0


def among(proxies: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether an address is one of these networks'."""
    networks = [ipaddress.ip_network(one) for one in proxies]

    def allowed(peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return allowed
