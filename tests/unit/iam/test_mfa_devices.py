"""Virtual MFA devices: made, assigned, asked for codes, taken away."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from tests.iam_house import ACCOUNT, NOW, OTHER, IamHouse

from locum.iam.mfa_devices import MFADevice, accept_code

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
WRONG = "Authentication code for device is not valid."


@pytest.fixture(autouse=True)
def _users(house: IamHouse) -> None:
    for name in ("alice", "bob"):
        house.perform("iam:CreateUser", UserName=name)


def create(house: IamHouse, name: str = "phone", **inputs: Any) -> Any:
    return house.perform("iam:CreateVirtualMFADevice", VirtualMFADeviceName=name, **inputs)["VirtualMFADevice"]


class Phone:
    """A person's authenticator: the seed, and a clock that may be wrong by some steps."""

    def __init__(self, house: IamHouse, name: str = "phone", *, wrong_by: int = 0) -> None:
        self.house = house
        self.wrong_by = wrong_by
        self.totp = pyotp.TOTP(create(house, name)["Base32StringSeed"].decode())

    def code(self, steps: int = 0) -> str:
        """What it shows now, or showed or will show so many steps away."""
        return self.totp.at(self.house.now, counter_offset=steps + self.wrong_by)

    def pair(self, steps: int = 0) -> dict[str, str]:
        """The code before that of `steps`, and that one."""
        return {"AuthenticationCode1": self.code(steps - 1), "AuthenticationCode2": self.code(steps)}


def enabled(house: IamHouse, *, wrong_by: int = 0) -> Phone:
    """A phone that is Alice's, some time after it was enabled."""
    phone = Phone(house, wrong_by=wrong_by)
    house.perform("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    house.later(minutes=5)
    return phone


def accepted(house: IamHouse, code: str, *, name: str = "alice", serial: str = SERIAL) -> bool:
    user = house.perform("iam:GetUser", UserName=name)["User"]["UserId"]
    return bool(house.write(lambda tx: accept_code(tx, user, serial, code, house.now)))


def device(house: IamHouse) -> MFADevice:
    found: MFADevice = house.read(lambda tx: tx.get(MFADevice, ACCOUNT, "phone"))
    return found


# -- made ------------------------------------------------------------------------------------------------------------


def test_a_new_device_shows_its_seed_and_its_qr_code(house: IamHouse) -> None:
    made = create(house)
    assert set(made) == {"SerialNumber", "Base32StringSeed", "QRCodePNG"}
    assert made["SerialNumber"] == SERIAL
    assert len(made["Base32StringSeed"]) == 64
    assert made["QRCodePNG"].startswith(b"\x89PNG")


def test_tags_are_shown_when_given(house: IamHouse) -> None:
    assert create(house, Tags=[{"Key": "a", "Value": "b"}])["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_path_is_part_of_the_serial_number(house: IamHouse) -> None:
    assert create(house, Path="/division/")["SerialNumber"] == f"arn:aws:iam::{ACCOUNT}:mfa/division/phone"


def test_path_and_name_together_are_unique(house: IamHouse) -> None:
    create(house)
    create(house, Path="/division/")
    refusal = house.refused("iam:CreateVirtualMFADevice", VirtualMFADeviceName="Phone")
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "MFA device already exists.")


def test_the_seed_is_not_in_the_log(house: IamHouse) -> None:
    seed = create(house)["Base32StringSeed"].decode()
    assert seed not in repr(house.read(lambda tx: tx.changes(ACCOUNT)))


# -- assigned --------------------------------------------------------------------------------------------------------


def test_two_codes_in_a_row_assign_a_device(house: IamHouse) -> None:
    phone = Phone(house)
    house.perform("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    assert house.perform("iam:ListMFADevices", UserName="alice")["MFADevices"] == [
        {"UserName": "alice", "SerialNumber": SERIAL, "EnableDate": NOW}
    ]


@pytest.mark.parametrize("steps", [(0, 0), (0, -1), (-2, 0), (-30, -29)], ids=str)
def test_other_codes_do_not(house: IamHouse, steps: tuple[int, int]) -> None:
    phone = Phone(house)
    codes = {"AuthenticationCode1": phone.code(steps[0]), "AuthenticationCode2": phone.code(steps[1])}
    refusal = house.refused("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **codes)
    assert (refusal.code, refusal.message) == ("InvalidAuthenticationCode", WRONG)


def test_a_device_is_assigned_once_to_a_user(house: IamHouse) -> None:
    phone = enabled(house)
    refusal = house.refused("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "MFA Device for user alice already exists.")


def test_a_device_of_somebody_is_not_assigned_to_another(house: IamHouse) -> None:
    phone = enabled(house)
    refusal = house.refused("iam:EnableMFADevice", UserName="bob", SerialNumber=SERIAL, **phone.pair())
    assert (refusal.code, refusal.message) == ("EntityAlreadyExists", "MFA Device is already in use.")


@pytest.mark.parametrize("serial", [SERIAL + "x", SERIAL.replace("phone", "Phone"), "GAHT12345678"])
def test_a_device_that_is_not_there_does_not_exist(house: IamHouse, serial: str) -> None:
    phone = Phone(house)
    refusal = house.refused("iam:EnableMFADevice", UserName="alice", SerialNumber=serial, **phone.pair())
    sentence = f"VirtualMFADevice with serial number {serial} does not exist."
    assert (refusal.code, refusal.message) == ("NoSuchEntity", sentence)


def test_the_device_of_another_account_does_not_exist(house: IamHouse) -> None:
    phone = Phone(house)
    house.act_as_root(OTHER)
    house.perform("iam:CreateUser", UserName="alice")
    refusal = house.refused("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    assert refusal.code == "NoSuchEntity"


def test_a_user_has_so_many_devices_at_most() -> None:
    house = IamHouse(MFADevicesPerUser=1)
    house.perform("iam:CreateUser", UserName="alice")
    enabled(house)
    other = Phone(house, "other")
    refusal = house.refused(
        "iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL.replace("phone", "other"), **other.pair()
    )
    assert (refusal.code, refusal.message) == ("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 1")
    house.close()


def test_a_user_with_a_device_is_not_deleted(house: IamHouse) -> None:
    enabled(house)
    refusal = house.refused("iam:DeleteUser", UserName="alice")
    assert refusal.message == "Cannot delete entity, must remove tokens from principal first."


# -- asked for codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_is_accepted_one_step_to_either_side(house: IamHouse, steps: int) -> None:
    assert accepted(house, enabled(house).code(steps))


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_two_steps_away_is_not(house: IamHouse, steps: int) -> None:
    assert not accepted(house, enabled(house).code(steps))


def test_a_code_is_accepted_once(house: IamHouse) -> None:
    phone = enabled(house)
    assert accepted(house, phone.code())
    assert not accepted(house, phone.code())


def test_after_a_code_none_of_an_earlier_step_is_accepted(house: IamHouse) -> None:
    phone = enabled(house)
    assert accepted(house, phone.code(1))
    assert not accepted(house, phone.code(0))


def test_a_code_that_enabled_the_device_does_not_log_in(house: IamHouse) -> None:
    phone = Phone(house)
    house.perform("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    assert not accepted(house, phone.code())


def test_the_code_of_another_users_device_is_not_accepted(house: IamHouse) -> None:
    assert not accepted(house, enabled(house).code(), name="bob")


def test_a_device_that_is_nobodys_gives_no_codes(house: IamHouse) -> None:
    code = Phone(house).code()
    assert not accepted(house, code)
    assert not house.write(lambda tx: accept_code(tx, "", SERIAL, code, house.now))


@pytest.mark.parametrize(
    "serial", ["phone", SERIAL + "x", "", ":mfa/phone", SERIAL.upper(), SERIAL.replace("phone", "Phone")]
)
def test_an_unknown_device_gives_no_codes(house: IamHouse, serial: str) -> None:
    assert not accepted(house, enabled(house).code(), serial=serial)


def test_after_five_tries_in_a_minute_the_right_code_is_not_looked_at(house: IamHouse) -> None:
    phone = enabled(house)
    for _ in range(5):
        assert not accepted(house, phone.code(100))
    assert not accepted(house, phone.code())


def test_a_minute_after_five_tries_the_right_code_is_accepted(house: IamHouse) -> None:
    phone = enabled(house)
    for _ in range(5):
        accepted(house, phone.code(100))
    house.later(seconds=60)
    assert accepted(house, phone.code())


def test_tries_that_were_not_looked_at_do_not_prolong_the_wait(house: IamHouse) -> None:
    phone = enabled(house)
    for _ in range(5):
        accepted(house, phone.code(100))
    house.later(seconds=30)
    accepted(house, phone.code(100))
    house.later(seconds=30)
    assert accepted(house, phone.code())


def test_codes_and_tries_are_not_in_the_log(house: IamHouse) -> None:
    accepted(house, enabled(house).code())
    logged = [change for change in house.read(lambda tx: tx.changes(ACCOUNT)) if change.kind == "mfa"]
    assert not {"last_step", "drift", "tries"} & {field for change in logged for field in change.after or ()}


def test_a_code_does_not_raise_the_accounts_generation(house: IamHouse) -> None:
    phone = enabled(house)
    before = house.read(lambda tx: tx.generation(ACCOUNT))
    assert accepted(house, phone.code())
    assert house.read(lambda tx: tx.generation(ACCOUNT)) == before


# -- a clock that is wrong -------------------------------------------------------------------------------------------


def test_a_device_whose_clock_is_wrong_is_known_to_be_so_from_the_start(house: IamHouse) -> None:
    phone = enabled(house, wrong_by=6)
    assert device(house).drift == 6
    assert accepted(house, phone.code())


def test_a_device_whose_clock_went_wrong_is_synchronized_by_two_codes(house: IamHouse) -> None:
    phone = enabled(house)
    phone.wrong_by = 8
    assert not accepted(house, phone.code())
    house.perform("iam:ResyncMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    house.later(minutes=1)
    assert accepted(house, phone.code())


def test_wrong_codes_do_not_synchronize(house: IamHouse) -> None:
    phone = enabled(house)
    refusal = house.refused("iam:ResyncMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair(100))
    assert (refusal.code, refusal.message) == ("InvalidAuthenticationCode", WRONG)


def test_used_codes_do_not_synchronize(house: IamHouse) -> None:
    phone = enabled(house)
    pair = phone.pair()
    house.perform("iam:ResyncMFADevice", UserName="alice", SerialNumber=SERIAL, **pair)
    assert house.refused("iam:ResyncMFADevice", UserName="alice", SerialNumber=SERIAL, **pair).message == WRONG


# -- taken away ------------------------------------------------------------------------------------------------------


def test_a_deactivated_device_is_nobodys(house: IamHouse) -> None:
    phone = enabled(house)
    house.perform("iam:DeactivateMFADevice", UserName="alice", SerialNumber=SERIAL)
    assert house.perform("iam:ListMFADevices", UserName="alice") == {"MFADevices": [], "IsTruncated": False}
    assert not accepted(house, phone.code())


def test_a_deactivated_device_can_be_assigned_to_another(house: IamHouse) -> None:
    phone = enabled(house)
    house.perform("iam:DeactivateMFADevice", UserName="alice", SerialNumber=SERIAL)
    house.perform("iam:EnableMFADevice", UserName="bob", SerialNumber=SERIAL, **phone.pair())
    house.later(minutes=1)
    assert accepted(house, phone.code(), name="bob")


def test_used_codes_stay_used_after_deactivation(house: IamHouse) -> None:
    phone = Phone(house)
    house.perform("iam:EnableMFADevice", UserName="alice", SerialNumber=SERIAL, **phone.pair())
    house.perform("iam:DeactivateMFADevice", UserName="alice", SerialNumber=SERIAL)
    refusal = house.refused("iam:EnableMFADevice", UserName="bob", SerialNumber=SERIAL, **phone.pair())
    assert refusal.message == WRONG


@pytest.mark.parametrize("operation", ["iam:DeactivateMFADevice", "iam:ResyncMFADevice"])
def test_the_device_of_another_user_is_invalid(house: IamHouse, operation: str) -> None:
    phone = enabled(house)
    codes = phone.pair() if operation == "iam:ResyncMFADevice" else {}
    refusal = house.refused(operation, UserName="bob", SerialNumber=SERIAL, **codes)
    assert (refusal.code, refusal.message) == ("NoSuchEntity", "MFA Device invalid for user.")


def test_a_device_that_is_nobodys_cannot_be_deactivated(house: IamHouse) -> None:
    create(house)
    refusal = house.refused("iam:DeactivateMFADevice", SerialNumber=SERIAL)
    assert refusal.message == "MFA Device invalid for user."


def test_without_a_name_the_callers_devices_are_meant(house: IamHouse) -> None:
    enabled(house)
    house.act_as_user("alice")
    assert len(house.perform("iam:ListMFADevices")["MFADevices"]) == 1
    house.perform("iam:DeactivateMFADevice", SerialNumber=SERIAL)
    assert house.perform("iam:ListMFADevices")["MFADevices"] == []


def test_a_device_in_use_is_not_deleted(house: IamHouse) -> None:
    enabled(house)
    refusal = house.refused("iam:DeleteVirtualMFADevice", SerialNumber=SERIAL)
    assert (refusal.code, refusal.message) == ("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")


def test_a_deleted_device_is_gone_and_a_new_one_of_its_name_has_another_seed(house: IamHouse) -> None:
    first = create(house)["Base32StringSeed"]
    house.perform("iam:DeleteVirtualMFADevice", SerialNumber=SERIAL)
    assert house.perform("iam:ListVirtualMFADevices")["VirtualMFADevices"] == []
    assert create(house)["Base32StringSeed"] != first


# -- listed ----------------------------------------------------------------------------------------------------------


def test_a_listed_device_shows_its_user_and_no_secret(house: IamHouse) -> None:
    enabled(house)
    (listed,) = house.perform("iam:ListVirtualMFADevices")["VirtualMFADevices"]
    user = house.perform("iam:GetUser", UserName="alice")["User"]
    assert listed == {"SerialNumber": SERIAL, "User": user, "EnableDate": NOW}


@pytest.mark.parametrize(
    ("status", "names"),
    [("Assigned", ["phone"]), ("Unassigned", ["spare"]), ("Any", ["phone", "spare"])],
)
def test_devices_are_listed_by_whether_they_are_assigned(house: IamHouse, status: str, names: list[str]) -> None:
    enabled(house)
    create(house, "spare")
    answer = house.perform("iam:ListVirtualMFADevices", AssignmentStatus=status)
    assert [each["SerialNumber"].rpartition("/")[2] for each in answer["VirtualMFADevices"]] == names


def test_devices_come_in_pages(house: IamHouse) -> None:
    for name in ("b", "a", "c"):
        create(house, name)
    first = house.perform("iam:ListVirtualMFADevices", MaxItems=2)
    second = house.perform("iam:ListVirtualMFADevices", MaxItems=2, Marker=first["Marker"])
    listed = [each["SerialNumber"][-1] for page in (first, second) for each in page["VirtualMFADevices"]]
    assert listed == ["a", "b", "c"]


def test_get_answers_about_security_keys_alone(house: IamHouse) -> None:
    create(house)
    refusal = house.refused("iam:GetMFADevice", SerialNumber=SERIAL)
    assert refusal.code == "ValidationError"
    assert refusal.message == (
        "The MFA device serial number sent in the request is invalid or not supported by this API. Currently, only"
        " hardware FIDO security keys are supported. Please use the compatible device or API."
    )
