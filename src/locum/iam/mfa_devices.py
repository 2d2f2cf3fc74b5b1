"""Virtual MFA devices: a seed that a person's authenticator shares with us (RFC 6238, SHA-1, six digits, 30 seconds).

Law: the seed leaves once, in the answer of CreateVirtualMFADevice, and is sealed from then on (rule K9). A code is
exactly six ASCII digits, is compared in constant time, and no step of the clock is accepted twice (rule C9). TOTP reads
the real clock, never the movable one (decisions 1).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from locum.aws.tag import Tags
from locum.store.entity import Entity

SEED = "seed"  # the column's name in the store


class MFADevice(Entity, frozen=True, kw_only=True):
    """A virtual device. `name` is what follows `mfa/` in the serial number (path and name), `id` is
    `ACCOUNT/mfa/name in lower case`; `owner` is empty.

    `user` is the id of the user it is assigned to, the account id when it is root's, and empty when it is nobody's;
    `enabled` is since when. `last_step` is the last step of the clock whose code was accepted, `drift` how many steps
    the device's clock is ahead of ours, `tries` the seconds of the latest attempts.
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
    return f"arn:{partition}:iam::{device.account}:mfa/{device.name}"
