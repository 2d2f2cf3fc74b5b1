"""Login profiles: the password of a user, or of an account's root.

Law: a password is hashed before the step that stores it, never inside one (rule K8), and is kept as its hash alone,
sealed like every secret, beside the pepper that was hashed in and the hashes of the passwords before it. No answer, log
or record holds one. Source: IAM API reference, CreateLoginProfile and its siblings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Call, Result, operation
from locum.iam.entities import User
from locum.iam.password_policy import PasswordPolicy, find_policy, require_conforming
from locum.iam.subject import Root, subject
from locum.store.entity import Entity
from locum.store.tx import Store, Tx

HASH, PEPPER, EARLIER = "hash", "pepper", "earlier"  # the columns' names in the store
SALT_OCTETS, PEPPER_OCTETS = 16, 32
REMEMBERED = 24  # as many as PasswordReusePrevention can ask for
ROOT = "root"  # what root's profile answers as its user's name
REUSED = "Policy constraint violation with password reuse prevention during password change."

NOTHING_SET = (
    "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
)


class LoginProfile(Entity, frozen=True, kw_only=True):
    """A password and what is known about it. `id` and `owner` are the user's id, or the account id for root's.

    `changed` is since when the password is the present one. `failures` counts wrong passwords since the last right one,
    `failed_at` is the real time of the latest (rule C8).
    """

    kind: ClassVar[str] = "login-profile"
    missing: ClassVar[str] = "Login Profile for User {name} cannot be found."
    exists: ClassVar[str] = "Login Profile for user {name} already exists."
    decides: ClassVar[bool] = False
    unlogged: ClassVar[frozenset[str]] = frozenset({"failures", "failed_at"})

    reset_required: bool = False
    changed: datetime
    failures: int = 0
    failed_at: datetime | None = None


class Prepared(msgspec.Struct, frozen=True):
    """A new password, ready to be stored: its hash, its pepper, and the hash that it follows, if there is one."""

    hash: Secret
    pepper: Secret
    follows: Secret | None = None


def find_profile(tx: Tx, whom: User | Root) -> LoginProfile | None:
    """The login profile of a user or of root, if there is one."""
    return tx.find_id(LoginProfile, whom.id)


def get_profile(tx: Tx, whom: User | Root) -> LoginProfile:
    """The login profile of a user or of root. Raises NoSuchEntity."""
    profile = find_profile(tx, whom)
    if profile is None:
        raise Refusal("NoSuchEntity", LoginProfile.missing.format(name=_name(whom)), name=_name(whom))
    return profile


def password_use(user_id: str) -> str:
    """The subject under which the use of a password is noted (`Activity`)."""
    return f"password/{user_id}"


class Standing(msgspec.Struct, frozen=True):
    """What a new password is held against: whose it is to be, the policy, and what there is already."""

    whom: User | Root
    policy: PasswordPolicy | None
    profile: LoginProfile | None = None
    hash: Secret | None = None
    pepper: Secret | None = None
    earlier: tuple[Secret, ...] = ()


def standing(call: Call, tx: Tx, whom: User | Root, profile: LoginProfile | None) -> Standing:
    """What a new password of `whom` is held against."""
    policy = find_policy(tx, call.account)
    if profile is None:
        return Standing(whom, policy)
    earlier = tuple(map(Secret, filter(None, tx.secret(profile, EARLIER).reveal().split("\n"))))
    return Standing(whom, policy, profile, tx.secret(profile, HASH), tx.secret(profile, PEPPER), earlier)


def prepared(call: Call, held: Standing, password: Secret) -> Prepared:
    """A new password that keeps the policy, hashed. Raises PasswordPolicyViolation, for one of the last few as well."""
    require_conforming(held.policy, password, root=isinstance(held.whom, Root))
    pepper = held.pepper or Secret(call.mint.octets(PEPPER_OCTETS).hex())
    if held.hash is not None and held.policy is not None and held.policy.reuse_prevention is not None:
        used = (held.hash, *held.earlier)[: held.policy.reuse_prevention]
        if any(call.hashing.matches(each, password, pepper) for each in used):
            raise Refusal("PasswordPolicyViolation", REUSED)
    return Prepared(call.hashing.hash(password, pepper, call.mint.octets(SALT_OCTETS)), pepper, held.hash)


def renew(call: Call, tx: Tx, profile: LoginProfile, new: Prepared) -> None:
    """Puts a new password into the place of the one it was prepared against. Raises ConcurrentModification when another
    has taken that place since. The version of the profile says who of two was first."""
    present = tx.secret(profile, HASH)
    if new.follows is None or not present == new.follows:  # SECRET  compared in constant time
        raise Refusal("ConcurrentModification", "the password was changed by another request; try again")
    earlier = [present.reveal(), *filter(None, tx.secret(profile, EARLIER).reveal().split("\n"))][:REMEMBERED]
    tx.put_secret(profile, EARLIER, Secret("\n".join(earlier)))
    tx.put_secret(profile, HASH, new.hash)


def _prepare_create(call: Call, store: Store) -> Prepared:
    def look(tx: Tx) -> Standing:
        whom = subject(call, tx, call.inputs.get("UserName"))
        _require_none(tx, whom)
        return standing(call, tx, whom, None)

    password = call.inputs.get("Password")
    held = store.read(look)
    if password is None:
        raise Refusal("ValidationError", NOTHING_SET)
    return prepared(call, held, Secret(password))


@operation("iam:CreateLoginProfile", writes=True, prepares=_prepare_create)
def create_login_profile(
    call: Call,
    tx: Tx,
    *,
    user_name: str | None = None,
    password: Secret | None = None,
    password_reset_required: bool = False,
) -> Result:
    """Gives a user a first password."""
    whom = subject(call, tx, user_name)
    _require_none(tx, whom)
    new: Prepared = call.prepared
    profile = tx.add(
        LoginProfile(
            id=whom.id,
            account=call.account,
            name=whom.id,
            owner=whom.id,
            created=call.now,
            changed=call.now,
            reset_required=password_reset_required,
        )
    )
    tx.put_secret(profile, HASH, new.hash)
    tx.put_secret(profile, PEPPER, new.pepper)
    tx.put_secret(profile, EARLIER, Secret(""))
    return {"LoginProfile": _shown(whom, profile)}


@operation("iam:GetLoginProfile")
def get_login_profile(call: Call, tx: Tx, *, user_name: str | None = None) -> Result:
    """Says whether a user has a password, since when, and whether it must be changed."""
    whom = subject(call, tx, user_name)
    return {"LoginProfile": _shown(whom, get_profile(tx, whom))}


def _prepare_update(call: Call, store: Store) -> Prepared | None:
    def look(tx: Tx) -> Standing:
        whom = tx.get(User, call.account, call.inputs["UserName"])
        return standing(call, tx, whom, get_profile(tx, whom))

    password = call.inputs.get("Password")
    return None if password is None else prepared(call, store.read(look), Secret(password))


@operation("iam:UpdateLoginProfile", writes=True, prepares=_prepare_update)
def update_login_profile(
    call: Call, tx: Tx, *, user_name: str, password: Secret | None = None, password_reset_required: bool | None = None
) -> Result:
    """Gives a user another password, or says that the present one must be changed at the next sign-in."""
    profile = get_profile(tx, tx.get(User, call.account, user_name))
    if password is not None:
        renew(call, tx, profile, call.prepared)
        profile = replace(profile, changed=call.now, failures=0, failed_at=None)
    required = profile.reset_required if password_reset_required is None else password_reset_required
    tx.put(replace(profile, reset_required=required))
    return None


@operation("iam:DeleteLoginProfile", writes=True)
def delete_login_profile(call: Call, tx: Tx, *, user_name: str | None = None) -> Result:
    """Takes a user's password away; access keys stay."""
    tx.remove(get_profile(tx, subject(call, tx, user_name)))
    return None


def _require_none(tx: Tx, whom: User | Root) -> None:
    if find_profile(tx, whom) is not None:
        raise Refusal("EntityAlreadyExists", LoginProfile.exists.format(name=_name(whom)), name=_name(whom))


def _name(whom: User | Root) -> str:
    return whom.name if isinstance(whom, User) else ROOT


def _shown(whom: User | Root, profile: LoginProfile) -> dict[str, Any]:
    return {
        "UserName": _name(whom),
        "CreateDate": profile.created,
        "PasswordResetRequired": profile.reset_required,
    }
