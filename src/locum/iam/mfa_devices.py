"""MFA devices in use: whose they are, and the codes they give.

Law: no step of a device's clock is accepted twice, and five codes a minute are looked at, no more (rule C9). TOTP reads
the real clock, never the movable one (decisions 1). What an accepted or a wrong code leaves behind outlives a refusal,
so `accept_code` is a write step of its own, before the verdict (decisions 17).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Call, Result, operation
from locum.iam import totp
from locum.iam.entities import User
from locum.iam.listing import answered, page_of
from locum.iam.names import arn_of
from locum.iam.quotas import require_room
from locum.iam.subject import Root, subject
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx

SEED = "seed"  # the column's name in the store
TRIES, WITHIN = 5, 60  # codes that are looked at in so many seconds (decisions 27)


class MFADevice(Entity, frozen=True, kw_only=True):
    """A virtual device. `name` is what follows `mfa/` in the serial number (path and name), `id` is
    `ACCOUNT/mfa/name in lower case`; `owner` is empty.

    `user` is the id of the user it is assigned to, the account id when it is root's, and empty when it is nobody's;
    `enabled` is since when; the link MFA_DEVICE leads from the user to it. `last_step` is the last step of the clock
    whose code was accepted, `drift` how many steps the device's clock is ahead of ours, `tries` the seconds of the
    latest attempts.
    """

    kind: ClassVar[str] = "mfa"
    missing: ClassVar[str] = "VirtualMFADevice with serial number {name} does not exist."
    exists: ClassVar[str] = "MFA device already exists."
    decides: ClassVar[bool] = False
    unlogged: ClassVar[frozenset[str]] = frozenset({"last_step", "drift", "tries"})

    user: str = ""
    enabled: datetime | None = None
    tags: Tags = ()
    last_step: int = -1
    drift: int = 0
    tries: tuple[int, ...] = ()


def serial_number(device: MFADevice, partition: str) -> str:
    """The serial number of a virtual device: its ARN."""
    return arn_of(device, partition)


def find_device(tx: Tx, serial: str) -> MFADevice | None:
    """The virtual device of that serial number, in whichever account and partition, or None. An ARN is compared exactly
    (rule H17)."""
    start, _, name = serial.partition(":mfa/")
    partition, account = (start.split(":") + ["", ""])[1], start.rpartition(":")[2]
    device = tx.find(MFADevice, account, name)
    return device if device is not None and serial_number(device, partition) == serial else None


def get_device(call: Call, tx: Tx, serial: str) -> MFADevice:
    """The virtual device of the caller's account with that serial number. Raises NoSuchEntity."""
    device = find_device(tx, serial)
    own = device is not None and device.account == call.account
    if device is None or not own or serial_number(device, call.place.partition) != serial:
        raise Refusal("NoSuchEntity", MFADevice.missing.format(name=serial), serial=serial)
    return device


def devices_of(tx: Tx, user: User | Root) -> tuple[MFADevice, ...]:
    """The devices of a user, or of root, the oldest first."""
    return tuple(tx.get_id(MFADevice, id) for id in tx.targets(Relation.MFA_DEVICE, user.id))


def accept_code(tx: Tx, user_id: str, serial: str, code: str, wire_now: datetime) -> bool:
    """Whether `code` is one that this user's device shows now and that was not accepted before.

    A write step of its own: it keeps the accepted step or the failed attempt, whatever is decided afterwards (decisions
    17). Of two that run at once the store refuses the one that was made from an older version of the device (rule R7).
    `user_id` is the account id for root. False, without a word about which, for an unknown device, one that is not this
    user's, too many tries, a used code and a wrong code.
    """
    device = find_device(tx, serial)
    if device is None or not device.user or device.user != user_id:
        return False
    seconds = int(wire_now.timestamp())
    tries = tuple(each for each in device.tries if seconds - WITHIN < each <= seconds)
    if len(tries) >= TRIES:
        return False
    now = totp.step_at(seconds) + device.drift
    near = range(max(now - totp.WINDOW, device.last_step + 1), now + totp.WINDOW + 1)
    step = totp.matching(tx.secret(device, SEED), code, near)
    last = device.last_step if step is None else step
    tx.put(replace(device, last_step=last, tries=(*tries, seconds)))
    return step is not None


@operation(
    "iam:EnableMFADevice",
    writes=True,
    members={"authentication_code1": "AuthenticationCode1", "authentication_code2": "AuthenticationCode2"},
)
def enable_mfa_device(
    call: Call, tx: Tx, *, user_name: str, serial_number: str, authentication_code1: str, authentication_code2: str
) -> Result:
    """Assigns a device to a user who shows two consecutive codes of it."""
    user = tx.get(User, call.account, user_name)
    device = get_device(call, tx, serial_number)
    if device.user == user.id:
        raise Refusal("EntityAlreadyExists", f"MFA Device for user {user.name} already exists.")
    if device.user:
        raise Refusal("EntityAlreadyExists", "MFA Device is already in use.")
    require_room(call, "MFADevicesPerUser", len(devices_of(tx, user)))
    device = _synchronized(call, tx, device, (authentication_code1, authentication_code2))
    tx.put(replace(device, user=user.id, enabled=call.now))
    tx.link(Relation.MFA_DEVICE, call.account, user.id, device.id)
    return None


@operation(
    "iam:ResyncMFADevice",
    writes=True,
    members={"authentication_code1": "AuthenticationCode1", "authentication_code2": "AuthenticationCode2"},
)
def resync_mfa_device(
    call: Call, tx: Tx, *, user_name: str, serial_number: str, authentication_code1: str, authentication_code2: str
) -> Result:
    """Learns from two consecutive codes how far a device's clock is from ours."""
    device = _assigned(call, tx, tx.get(User, call.account, user_name), serial_number)
    tx.put(_synchronized(call, tx, device, (authentication_code1, authentication_code2)))
    return None


@operation("iam:DeactivateMFADevice", writes=True)
def deactivate_mfa_device(call: Call, tx: Tx, *, serial_number: str, user_name: str | None = None) -> Result:
    """Takes a device away from its user. Codes that were used stay used."""
    device = _assigned(call, tx, subject(call, tx, user_name), serial_number)
    tx.unlink(Relation.MFA_DEVICE, call.account, device.user, device.id)
    tx.put(replace(device, user="", enabled=None))
    return None


@operation("iam:ListMFADevices")
def list_mfa_devices(
    call: Call, tx: Tx, *, user_name: str | None = None, marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the devices of a user or of the caller."""
    whom = subject(call, tx, user_name)
    page = page_of(
        devices_of(tx, whom),
        key=lambda device: device.name.lower(),
        listing=f"iam:ListMFADevices {whom.id}",
        marker=marker,
        limit=max_items,
    )
    named = {"UserName": whom.name} if isinstance(whom, User) else {}
    rows: list[dict[str, Any]] = [
        named | {"SerialNumber": serial_number(device, call.place.partition), "EnableDate": device.enabled}
        for device in page.items
    ]
    return answered("MFADevices", rows, page.marker)


@operation("iam:GetMFADevice")
def get_mfa_device(call: Call, tx: Tx, *, serial_number: str, user_name: str | None = None) -> Result:
    """Answers about FIDO security keys alone, as AWS does; there are none of them yet, so it always refuses."""
    if user_name is not None:
        tx.get(User, call.account, user_name)
    get_device(call, tx, serial_number)
    raise Refusal(
        "ValidationError",
        "The MFA device serial number sent in the request is invalid or not supported by this API. Currently, only"
        " hardware FIDO security keys are supported. Please use the compatible device or API.",
        serial=serial_number,
    )


def _assigned(call: Call, tx: Tx, whom: User | Root, serial: str) -> MFADevice:
    """The device, if it is that user's. Raises NoSuchEntity."""
    device = get_device(call, tx, serial)
    if device.user != whom.id:
        raise Refusal("NoSuchEntity", "MFA Device invalid for user.", serial=serial)
    return device


def _synchronized(call: Call, tx: Tx, device: MFADevice, codes: tuple[str, str]) -> MFADevice:
    """The device after two consecutive codes that were never accepted, with what they say about its clock.

    Raises InvalidAuthenticationCode. Two codes right by chance are too rare to count attempts.
    """
    now = totp.step_at(call.wire_now.timestamp())
    near = range(max(now - totp.SEARCH, device.last_step + 1), now + totp.SEARCH + 1)
    step = totp.matching_pair(tx.secret(device, SEED), codes, sorted(near, key=lambda step: abs(step + 1 - now)))
    if step is None:
        raise Refusal("InvalidAuthenticationCode", "Authentication code for device is not valid.")
    return replace(device, last_step=step, drift=_drift(step - now), tries=())


def _drift(steps: int) -> int:
    """How far a clock is off: typing two codes and sending them takes a step, which is no error of the clock."""
    return 0 if abs(steps) <= totp.WINDOW else steps
