"""One-time codes of the clock: RFC 6238 with SHA-1, six digits and steps of 30 seconds.

Law: arithmetic; no rows, no clock. A code is exactly six ASCII digits. Every candidate of a window is compared, each in
constant time, so that the time taken says nothing about which one matched (rule C9).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

import pyotp

from locum.aws.secret import Secret

STEP = 30  # seconds
WINDOW = 1  # steps to either side in which a code is accepted (decisions 27)
SEARCH = 10  # steps to either side in which two consecutive codes are looked for: five minutes of wrong clock

_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def step_at(seconds: float) -> int:
    """The step of the clock at that time since 1970."""
    return int(seconds) // STEP


def matching(seed: Secret, code: str, steps: Iterable[int]) -> int | None:
    """The first of `steps` that has that code, or None. `seed` is base32."""
    if not _CODE.fullmatch(code):
        return None
    totp = pyotp.TOTP(seed.reveal())
    found = None
    for step in steps:
        if hmac.compare_digest(totp.generate_otp(step), code) and found is None:  # SECRET
            found = step
    return found


def matching_pair(seed: Secret, codes: tuple[str, str], steps: Iterable[int]) -> int | None:
    """The step of the second of two consecutive codes, the first of which is of one of `steps`, or None."""
    for step in steps:
        first, second = matching(seed, codes[0], (step,)), matching(seed, codes[1], (step + 1,))
        if first is not None and second is not None:
            return second
    return None


def address(device: str, account: str, seed: Secret) -> str:
    """The `otpauth` address that an authenticator reads from a QR code. It holds the seed."""
    return pyotp.TOTP(seed.reveal()).provisioning_uri(name=f"{device}@{account}", issuer_name="Locum")
