"""Whom a Principal or NotPrincipal means, and how closely."""

from __future__ import annotations

from locum.policy import ANONYMOUS, Principal, PrincipalType
from locum.policy.principals import Audience, Naming

HOME = "111122223333"
ROOT = f"arn:aws:iam::{HOME}:root"
ALICE = Principal(
    PrincipalType.USER, f"arn:aws:iam::{HOME}:user/alice", HOME, (f"arn:aws:iam::{HOME}:user/alice", "AIDAALICE")
)
SESSION = Principal(
    PrincipalType.ROLE_SESSION,
    f"arn:aws:sts::{HOME}:assumed-role/app/s",
    HOME,
    (f"arn:aws:sts::{HOME}:assumed-role/app/s", f"arn:aws:iam::{HOME}:role/app", "AROAAPP"),
)
OWNER = Principal(PrincipalType.ROOT, ROOT, HOME, (ROOT,))
SERVICE = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com", None, ("ec2.amazonaws.com",))


def aws(*names: str, negated: bool = False) -> Audience:
    return Audience.of({"AWS": names}, negated=negated)


def test_an_account_is_named_by_its_number_or_its_root_arn() -> None:
    assert aws(HOME).names(ALICE) is aws(ROOT).names(ALICE) is Naming.ACCOUNT
    assert aws("444455556666").names(ALICE) is Naming.NOT


def test_a_user_is_named_by_arn_or_id() -> None:
    assert aws(ALICE.arn).names(ALICE) is aws("AIDAALICE").names(ALICE) is Naming.ITSELF


def test_a_role_stands_behind_its_session() -> None:
    assert aws(SESSION.names[1]).names(SESSION) is aws("AROAAPP").names(SESSION) is Naming.BEHIND
    assert aws("AROAAPP", SESSION.arn).names(SESSION) is Naming.ITSELF


def test_the_root_user_is_named_as_its_account() -> None:
    assert aws(ROOT).names(OWNER) is Naming.ACCOUNT


def test_everybody_is_everybody() -> None:
    for caller in (ALICE, SESSION, OWNER, SERVICE, ANONYMOUS):
        assert aws("*").names(caller) is Naming.ITSELF
        assert aws("*").hits(caller, bounded=False)


def test_a_service_is_named_as_a_service_only() -> None:
    assert Audience.of({"Service": ("ec2.amazonaws.com",)}).names(SERVICE) is Naming.ITSELF
    assert Audience.of({"Federated": ("ec2.amazonaws.com",)}).names(SERVICE) is Naming.NOT
    assert Audience.of({"Service": (ALICE.arn,)}).names(ALICE) is Naming.NOT


def test_not_principal_spares_only_whom_it_lists_with_every_identity() -> None:
    assert not aws(HOME, ALICE.arn, negated=True).hits(ALICE, bounded=False)
    assert aws(ALICE.arn, negated=True).hits(ALICE, bounded=False)
    assert aws(HOME, negated=True).hits(ALICE, bounded=False)
    assert not aws(HOME, *SESSION.names[:2], negated=True).hits(SESSION, bounded=False)
    assert aws(HOME, SESSION.arn, negated=True).hits(SESSION, bounded=False)
    assert aws(HOME, "AROAAPP", negated=True).hits(SESSION, bounded=False)
    assert not aws(HOME, negated=True).hits(OWNER, bounded=False)


def test_not_principal_reaches_who_has_a_boundary_whatever_it_lists() -> None:
    assert aws("*", negated=True).hits(ALICE, bounded=True)
    assert not aws("*", negated=True).hits(ALICE, bounded=False)


def test_not_principal_reaches_services_and_anonymous_callers_it_does_not_list() -> None:
    assert aws(HOME, negated=True).hits(SERVICE, bounded=False)
    assert aws(HOME, negated=True).hits(ANONYMOUS, bounded=False)
    assert not Audience.of({"Service": ("ec2.amazonaws.com",)}, negated=True).hits(SERVICE, bounded=False)


def test_an_allow_with_not_principal_means_those_of_whom_nothing_is_listed() -> None:
    assert aws(HOME, negated=True).names(ALICE) is Naming.NOT
    assert aws("444455556666", negated=True).names(ALICE) is Naming.ITSELF


def test_only_the_root_arn_of_an_account_means_the_account() -> None:
    assert aws("arn:aws:iam::444455556666:user/root").accounts == frozenset()
