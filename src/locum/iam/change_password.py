"""iam:ChangePassword: a user changes the own password by showing the one before.

Law: a try is counted before its password is looked at, in a step of its own that outlives the refusal (decisions 17),
so that many at once are no more tries than one after another. After five wrong ones each next waits twice as long, one
second to five minutes, and never for ever (rule C8). The counter is the profile's, whose key is the user's id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.call import Asked, Call, Result, operation
from locum.iam.entities import User
from locum.iam.login_profiles import LoginProfile, Prepared, get_profile, prepared, renew, standing
from locum.iam.password_policy import granted_to_users
from locum.store.tx import Store, Tx

FREE = 5  # wrong passwords before there is a wait
LONGEST = 300  # seconds
WRONG = "The old password was incorrect."
NO_USER = "Only IAM Users can change their own password."


def wait(profile: LoginProfile, now: datetime) -> timedelta:
    """How long the next try of this profile's password has to wait, from the real time `now`; zero for not at all."""
    if profile.failed_at is None or profile.failures < FREE:
        return timedelta()
    seconds = min(2 ** min(profile.failures - FREE, 16), LONGEST)
    return max(profile.failed_at + timedelta(seconds=seconds) - now, timedelta())


def charge(call: Call, tx: Tx, whom: User) -> None:
    """Counts a try as a wrong one until it has proved right. Raises EntityTemporarilyUnmodifiable while it must
    wait. A write step of its own."""
    profile = get_profile(tx, whom)
    left = wait(profile, call.wire_now)
    if left:
        seconds = -(-left // timedelta(seconds=1))
        raise Refusal(
            "EntityTemporarilyUnmodifiable", f"too many wrong passwords; the next one is looked at in {seconds} seconds"
        )
    tx.put(replace(profile, failures=profile.failures + 1, failed_at=call.wire_now))


def forgive(tx: Tx, whom: User) -> None:
    """Forgets the tries, because one was right."""
    tx.put(replace(get_profile(tx, whom), failures=0, failed_at=None))


def _asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """The own user, by whatever credentials; whoever is no user asks about what they are."""
    user = tx.find_id(User, call.caller.entity_id) if call.caller.kind == "user" else None
    tags = {tag.key: tag.value for tag in user.tags} if user is not None else {}
    arn, action = call.caller.entity_arn or call.caller.arn, call.operation.name
    granted = granted_to_users(call, tx, action)
    return [Asked(action=action, arn=arn, account=call.account, tags=tags, granted=granted)]


def _prepare(call: Call, store: Store) -> Prepared:
    """The new password, hashed, after the old one was shown."""
    whom = store.read(lambda tx: _user(call, tx))

    _write(call, store, lambda tx: charge(call, tx, whom))
    held = store.read(lambda tx: standing(call, tx, whom, get_profile(tx, whom)))
    if held.hash is None or held.pepper is None:  # pragma: no cover  get_profile answered
        raise Refusal("NoSuchEntity", LoginProfile.missing.format(name=whom.name))
    if not call.hashing.matches(held.hash, Secret(call.inputs["OldPassword"]), held.pepper):
        raise Refusal("AccessDenied", WRONG)
    _write(call, store, lambda tx: forgive(tx, whom))
    return prepared(call, held, Secret(call.inputs["NewPassword"]))


def _write(call: Call, store: Store, step: Callable[[Tx], None]) -> None:
    """A write step that stands whatever is decided afterwards."""

    def authored(tx: Tx) -> None:
        tx.written_by(call.author)
        step(tx)

    store.write(authored)


@operation("iam:ChangePassword", writes=True, asks=_asks, prepares=_prepare)
def change_password(call: Call, tx: Tx, *, old_password: Secret, new_password: Secret) -> Result:
    """Sets the caller's own password, who knows the present one. It need not be changed at the next sign-in then."""
    profile = get_profile(tx, _user(call, tx))
    renew(call, tx, profile, call.prepared)
    tx.put(replace(profile, changed=call.now, reset_required=False))
    return None


def _user(call: Call, tx: Tx) -> User:
    """The user who calls. Raises InvalidUserType for root and for roles."""
    user = tx.find_id(User, call.caller.entity_id) if call.caller.kind == "user" else None
    if user is None:
        raise Refusal("InvalidUserType", NO_USER)
    return user
