"""The server of `locum dev`: how it is built, reset, moved in time and given accounts.

Law: exactly one process, its own store in memory; reset gives a new store and token keys, the clock back at real time
and the accounts of the command line again (decisions 21). Keys are as decisions 23 says. Nothing of this exists in
`serve`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from locum.access import Verification
from locum.access.denials import Denials
from locum.aws.arn import account_id
from locum.aws.limits import Limits as Quotas
from locum.aws.secret import Secret
from locum.call import Mint, Place
from locum.server import container, logs, operations, served
from locum.server.accounts import Pair, add_account
from locum.server.app import App
from locum.server.buckets import Rates
from locum.server.house import Clocks, House, SystemMint
from locum.server.issuer_keys import IssuerKeys
from locum.server.limits import DEVELOPING, Limits
from locum.server.outbound import Reach
from locum.server.own import Own, OwnError
from locum.session.keyring import KEY_IDS, ROOT_BYTES, Keyring, TokenKey
from locum.session.opened import OpenedTokens
from locum.sigv4 import DayKeys
from locum.store.activity import Activities
from locum.store.engine import open_store

SHORTEST_KEY_ID = 4  # rule S48, decisions 23
NO_OTHERS = Quotas()
ADMIN = Pair("test", Secret("test"))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    host: str
    port: int
    account: str
    admin: Pair | None
    root: Pair | None
    region: str
    limits: Limits = DEVELOPING
    quotas: Quotas = NO_OTHERS

    @classmethod
    def of(
        cls,
        *,
        host: str,
        port: int,
        account: str,
        admin_key: str | None,
        root_key: str | None,
        region: str,
        limits: Limits = DEVELOPING,
        quotas: Quotas = NO_OTHERS,
        environment: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Checked settings. Raises ValueError with what was seen and what would be right."""
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            raise ValueError(f"`{host}` is not an address; `locum dev` listens on 127.0.0.1 or ::1") from None
        if not loopback and (reason := container.refusal(host, environment)):
            raise ValueError(reason)
        admin = Pair.parse(admin_key) if admin_key is not None else None
        if admin is None and root_key is None:
            admin = ADMIN
        root = Pair.parse(root_key) if root_key is not None else None
        return cls(
            host=host,
            port=port,
            account=account_id(account),
            admin=admin,
            root=root,
            region=region,
            limits=limits,
            quotas=quotas,
        )

    @property
    def loopback(self) -> bool:
        """Whether this machine alone can reach the server."""
        return ipaddress.ip_address(self.host).is_loopback


class Development:
    """A dev server's house and what `/_locum/` can do with it."""

    def __init__(self, settings: Settings, *, clocks: Clocks | None = None, mint: Mint | None = None) -> None:
        """`clocks` and `mint` are the system's unless given."""
        self._settings = settings
        self._mint = mint or SystemMint()
        self.house = self._new_house(clocks or Clocks())

    def _new_house(self, clocks: Clocks) -> House:
        mint = self._mint
        store = open_store(None, Secret(mint.octets(32).hex()), mode="dev")
        house = House(
            store=store,
            verification=Verification(
                keyring=Keyring.of("dev", [TokenKey.of(KEY_IDS["dev"][0], mint.octets(ROOT_BYTES))]),
                opened=OpenedTokens(),
                day_keys=DayKeys(),
                dummy_secret=Secret(mint.octets(30).hex()),
                shortest_key_id=SHORTEST_KEY_ID,
            ),
            activity=Activities(None),
            place=Place(region=self._settings.region, dev=True, local_issuers=True, limits=self._settings.quotas),
            clocks=clocks,
            mint=mint,
            denials=Denials(),
            rates=Rates(self._settings.limits.source_rate, self._settings.limits.key_rate),
            issuers=IssuerKeys.reaching(Reach(local=True), mint),
        )
        add_account(house, self._settings.account, admin=self._settings.admin, root=self._settings.root)
        return house

    def serves_at(self, url: str) -> None:
        """Says where clients reach this server."""
        self.house.place = msgspec.structs.replace(self.house.place, address=url)

    def application(self) -> App:
        """The whole server. It answers this machine alone, whatever it is bound to, unless it was told otherwise."""
        return App(self.house, Own(self.house, self), loopback_only=self._settings.loopback)

    def reset(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Back to how it started. The old store and every token are gone."""
        _require_only(body, ())
        self.house.clocks.back_to_real()
        new = self._new_house(self.house.clocks)
        old, uses = self.house.store, self.house.activity
        for field in ("store", "verification", "activity", "denials", "trail"):
            setattr(self.house, field, getattr(new, field))
        old.close()
        uses.close()
        return {"reset": True}

    def clock(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Moves the clock of sessions forward by `advance` seconds."""
        _require_only(body, ("advance",))
        seconds = body.get("advance", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
            raise OwnError(400, "`advance` is a number of seconds from 0 to 1000000000")
        try:
            return {"now": self.house.clocks.advance(timedelta(seconds=seconds))}
        except ValueError as error:
            raise OwnError(400, str(error)) from error

    def accounts(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Adds an account and answers its keys."""
        _require_only(body, ("account_id",))
        wanted = body.get("account_id")
        if wanted is not None and not isinstance(wanted, str):
            raise OwnError(400, "`account_id` is a text of twelve digits")
        try:
            added = add_account(self.house, wanted)
        except ValueError as error:
            raise OwnError(400, str(error)) from error
        return {
            "AccountId": added.account,
            "Root": added.root.shown() if added.root else None,
            "Administrator": added.admin.shown() if added.admin else None,
        }


def _require_only(body: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in body:
        if name not in known:
            raise OwnError(400, f"`{name}` is not known here; {'known: ' + ', '.join(known) if known else 'send {}'}")


def run(settings: Settings, *, announce: Callable[[str], object], form: str) -> None:
    """Serves until it is told to stop. Prints first what is enforced and where it listens."""
    assert operations.MODULES  # the import declares them
    logs.configure("plain", "warning")
    development = Development(settings)
    app = development.application()
    key = settings.admin.id if settings.admin else settings.root.id if settings.root else ""

    def listening(url: str) -> None:
        development.serves_at(url)
        if form == "json":
            enforced = ["signature", "authorization"]
            first = {"url": url, "mode": "dev", "account": settings.account, "key": key, "enforced": enforced}
            announce(msgspec.json.encode(first).decode())
            return
        announce(
            f"locum dev listens on {url}: every call is signed, authorized and explained; account {settings.account},"
            f" key {key}; throwaway, in memory, {'loopback only' if settings.loopback else 'open to all who reach it'}"
        )

    served.serve(app, host=settings.host, port=settings.port, listening=listening, limits=settings.limits)
