"""A phone with an authenticator, and a user who has one."""

from __future__ import annotations

import pyotp
from tests.served import Client, ServedHouse

STEP = 30


class Phone:
    """A virtual MFA device that knows what time it is in the house."""

    def __init__(self, served: ServedHouse, serial: str, seed: str) -> None:
        self._served = served
        self._totp = pyotp.TOTP(seed)
        self.serial = serial

    def code(self, steps: int = 0) -> str:
        """The code that it shows, or did or will show so many steps away."""
        return self._totp.generate_otp(int(self._served.real.now.timestamp()) // STEP + steps)

    def now(self) -> dict[str, str]:
        """What a call brings along."""
        return {"SerialNumber": self.serial, "TokenCode": self.code()}


def phone_of(served: ServedHouse, user: str, admin: Client | None = None) -> Phone:
    """A phone that is assigned to this user. Its next code has not been used."""
    admin = admin or served.admin
    made = admin("iam:CreateVirtualMFADevice", VirtualMFADeviceName=f"{user}-phone")["VirtualMFADevice"]
    phone = Phone(served, made["SerialNumber"], made["Base32StringSeed"].decode())
    codes = {"AuthenticationCode1": phone.code(-1), "AuthenticationCode2": phone.code()}
    admin("iam:EnableMFADevice", UserName=user, SerialNumber=phone.serial, **codes)
    served.real_time_passes(seconds=2 * STEP)
    return phone
