"""Principals: who asks, and whom a statement means.

Law: a Principal brings every text by which a policy may name it; an Audience says how closely it is named. Names are
compared exactly, paths included, without wildcards (rule 2.3). Nothing here looks anything up.
Rules 2.1 to 2.12 of docs/spec/policy.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum

import msgspec


class PrincipalType(Enum):
    """What kind of caller this is (rule 2.1)."""

    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "role session"
    FEDERATED_USER = "federated user"
    SERVICE = "service"
    FEDERATED = "federated"
    ANONYMOUS = "anonymous"
    CANONICAL_USER = "canonical user"

    __hash__ = object.__hash__  # members are one of a kind; Enum's own hash is a call into Python


# Callers that live in an account of their own. A tuple, because membership then compares identities.
IN_ACCOUNT = (
    PrincipalType.USER,
    PrincipalType.ROLE_SESSION,
    PrincipalType.ROOT,
    PrincipalType.FEDERATED_USER,
)


class Naming(IntEnum):
    """How closely a statement names a caller; the larger, the closer (rule 7.10).

    `ACCOUNT` delegates to the caller's account; `BEHIND` names the role of a session, or the user behind a federated
    user; `ITSELF` names the caller, or everybody.
    """

    NOT = 0
    ACCOUNT = 1
    BEHIND = 2
    ITSELF = 3


class Principal(msgspec.Struct, frozen=True):
    """The caller of one request.

    `arn` is the ARN seen in the request (a service's name, a provider's ARN; empty when anonymous). `names` are all
    texts by which a policy may name it, most specific first: session ARN, role ARN, unique ids. `account` is None for
    callers without one.
    """

    type: PrincipalType
    arn: str = ""
    account: str | None = None
    names: tuple[str, ...] = ()
    management_account: bool = False
    service_linked: bool = False

    @property
    def is_root(self) -> bool:
        """Whether this is an account's root user."""
        return self.type is PrincipalType.ROOT


ANONYMOUS = Principal(PrincipalType.ANONYMOUS)

_KEY = {
    PrincipalType.SERVICE: "Service",
    PrincipalType.FEDERATED: "Federated",
    PrincipalType.CANONICAL_USER: "CanonicalUser",
}


class Audience(msgspec.Struct, frozen=True):
    """Whom a `Principal` (or, `negated`, a `NotPrincipal`) lists. `open` says that it reaches everybody."""

    open: bool
    everyone: bool
    negated: bool
    aws: frozenset[str]
    accounts: frozenset[str]
    others: frozenset[tuple[str, str]]
    text: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, named: Mapping[str, tuple[str, ...]], *, negated: bool = False) -> Audience:
        """The audience of a principal map. An account is twelve digits or `…:root`; both mean the same (rule 2.2)."""
        aws = named.get("AWS", ())
        accounts = {name.split(":")[4] if name.startswith("arn:") else name for name in aws if _is_account(name)}
        others = {(key, name) for key, names in named.items() if key != "AWS" for name in names}
        return cls(
            open="*" in aws and not negated,
            everyone="*" in aws,
            negated=negated,
            aws=frozenset(aws),
            accounts=frozenset(accounts),
            others=frozenset(others),
            text=dict(named),
        )

    def names(self, principal: Principal) -> Naming:
        """How closely this audience names `principal`, for an Allow.

        A NotPrincipal under Allow (only in old data) names those of whom nothing is listed (rule 2.12).
        """
        if self.negated:
            return Naming.NOT if self.listed(principal) else Naming.ITSELF
        return self.listed(principal)

    def listed(self, principal: Principal) -> Naming:
        """How closely the list itself names `principal`."""
        if self.everyone:
            return Naming.ITSELF
        if principal.type not in IN_ACCOUNT:
            key = _KEY.get(principal.type, "")
            return Naming.ITSELF if any((key, name) in self.others for name in principal.names) else Naming.NOT
        best = Naming.NOT
        for name in principal.names:
            if name in self.aws and principal.type is not PrincipalType.ROOT:
                if name == principal.arn or principal.type is PrincipalType.USER:
                    return Naming.ITSELF
                best = Naming.BEHIND
        if best is Naming.NOT and principal.account in self.accounts:
            return Naming.ACCOUNT
        return best

    def hits(self, principal: Principal, *, bounded: bool) -> bool:
        """Whether a Deny reaches `principal`. A NotPrincipal spares only whom it lists with all identities: account
        and role and session, or account and user; and nobody who has a boundary, `bounded` (rules 2.10 and 2.11)."""
        if not self.negated:
            return self.listed(principal) is not Naming.NOT
        if bounded:
            return True
        if self.everyone:
            return False
        if principal.type not in IN_ACCOUNT:
            return self.listed(principal) is Naming.NOT
        if principal.account not in self.accounts:
            return True
        return not all(any(name in self.aws for name in identity) for identity in _identities(principal))


def _identities(principal: Principal) -> tuple[tuple[str, ...], ...]:
    """The identities of a caller besides its account, each with all its names."""
    if principal.type is PrincipalType.ROOT:
        return ()
    if principal.type is PrincipalType.USER:
        return ((principal.arn, *principal.names),)
    return (principal.arn,), tuple(name for name in principal.names if name != principal.arn)


def _is_account(name: str) -> bool:
    return (len(name) == 12 and name.isascii() and name.isdigit()) or (
        name.startswith("arn:") and name.endswith(":root") and name.count(":") == 5
    )


EVERYONE = Audience.of({"AWS": ("*",)})
