"""Virtual MFA devices as such: made, listed and removed, whoever uses them.

Law: the seed leaves once, in the answer of CreateVirtualMFADevice, as text and as a QR code, and is sealed from then on
(rule K9). A device that is assigned is not removed.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import segno

from locum.aws.faults import Refusal
from locum.aws.secret import Secret
from locum.aws.tag import Tags, shown
from locum.call import Call, Result, operation
from locum.iam import totp
from locum.iam.entities import User
from locum.iam.listing import answered, every, page_of
from locum.iam.mfa_devices import SEED, MFADevice, get_device, serial_number
from locum.iam.names import require_path
from locum.iam.quotas import require_room
from locum.iam.tag_rules import require_tags
from locum.iam.users import shown_user
from locum.store.tx import Tx

SEED_OCTETS = 40  # 64 characters of base32 without padding
QR_SCALE = 4  # pixels a module


@operation("iam:CreateVirtualMFADevice", writes=True, members={"virtual_mfa_device_name": "VirtualMFADeviceName"})
def create_virtual_mfa_device(
    call: Call, tx: Tx, *, virtual_mfa_device_name: str, path: str = "/", tags: Tags = ()
) -> Result:
    """Makes a device that is nobody's yet, and shows its seed, this once."""
    require_room(call, "VirtualMFADevicesPerAccount", tx.count(MFADevice, call.account))
    name = require_path(path)[1:] + virtual_mfa_device_name
    device = tx.add(
        MFADevice(
            id=f"{call.account}/mfa/{name.lower()}",
            account=call.account,
            name=name,
            created=call.now,
            tags=require_tags(call, tags),
        )
    )
    seed = Secret(base64.b32encode(call.mint.octets(SEED_OCTETS)).decode("ascii"))
    tx.put_secret(device, SEED, seed)
    answer: dict[str, Any] = {
        "SerialNumber": serial_number(device, call.place.partition),
        "Base32StringSeed": seed.reveal().encode("ascii"),  # SECRET shown once
        "QRCodePNG": _qr_code(totp.address(virtual_mfa_device_name, call.account, seed)),  # SECRET shown once
    }
    return {"VirtualMFADevice": answer | ({"Tags": shown(tags)} if tags else {})}


@operation("iam:ListVirtualMFADevices")
def list_virtual_mfa_devices(
    call: Call, tx: Tx, *, assignment_status: str = "Any", marker: str | None = None, max_items: int = 100
) -> Result:
    """Lists the account's devices by name: all, those that are assigned, or those that are not."""
    wanted = {"Any": (True, False), "Assigned": (True,), "Unassigned": (False,)}[assignment_status]
    page = page_of(
        [device for device in every(tx, MFADevice, call.account) if bool(device.user) in wanted],
        key=lambda device: device.name.lower(),
        listing=f"iam:ListVirtualMFADevices {call.account} {assignment_status}",
        marker=marker,
        limit=max_items,
    )
    return answered("VirtualMFADevices", [_listed(call, tx, device) for device in page.items], page.marker)


@operation("iam:DeleteVirtualMFADevice", writes=True)
def delete_virtual_mfa_device(call: Call, tx: Tx, *, serial_number: str) -> Result:
    """Removes a device that nobody uses, with its seed."""
    device = get_device(call, tx, serial_number)
    if device.user:
        raise Refusal("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", serial=serial_number)
    tx.remove(device)
    return None


def _listed(call: Call, tx: Tx, device: MFADevice) -> dict[str, Any]:
    """A device without seed, QR code and tags, and with its user if it has one (wire.md 5.2)."""
    answer: dict[str, Any] = {"SerialNumber": serial_number(device, call.place.partition)}
    if not device.user:
        return answer
    if device.user == device.account:
        user: dict[str, Any] = {"UserId": device.account, "Arn": call.arn("root")}
    else:
        user = shown_user(call, tx.get_id(User, device.user))
    return answer | {"User": user, "EnableDate": device.enabled}


def _qr_code(text: str) -> bytes:
    """The text as a QR code in a PNG."""
    image = io.BytesIO()
    segno.make(text, micro=False).save(image, kind="png", scale=QR_SCALE)
    return image.getvalue()
