"""The credential report: what it says, and for how long."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pyotp
import pytest
from tests.certified import certificate
from tests.iam_house import ACCOUNT, NOW

from locum.call import Use
from locum.iam.credential_report import COLUMNS, begin
from locum.iam.login_profiles import password_use

AT = "2026-11-23T19:00:00Z"
WITHOUT_KEYS = {
    f"access_key_{number}_{what}": "false" if what == "active" else "N/A"
    for number in (1, 2)
    for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
}
WITHOUT_CERTIFICATES = {
    "cert_1_active": "false",
    "cert_1_last_rotated": "N/A",
    "cert_2_active": "false",
    "cert_2_last_rotated": "N/A",
}


def content(house) -> str:
    house.perform("iam:GenerateCredentialReport")
    return house.perform("iam:GetCredentialReport")["Content"].decode()


def rows(house) -> dict[str, dict[str, str]]:
    return {row["user"]: row for row in csv.DictReader(io.StringIO(content(house)))}


def test_the_columns_are_aws_s_in_its_order(house):
    lines = content(house).split("\n")
    assert lines[0] == (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
        "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
        "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
        "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"
        "access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
    )
    assert len(COLUMNS) == 22
    assert len(lines) == 2  # no newline at the end


def test_roots_row_comes_first_and_users_follow_without_regard_to_case(house):
    for name in ("bob", "Alice", "carol"):
        house.perform("iam:CreateUser", UserName=name)
    assert list(rows(house)) == ["<root_account>", "Alice", "bob", "carol"]


def test_a_bare_user_and_a_bare_root_have_nothing(house):
    house.perform("iam:CreateUser", UserName="alice", Path="/a/")
    found = rows(house)
    bare = WITHOUT_KEYS | WITHOUT_CERTIFICATES | {"user_creation_time": AT, "mfa_active": "false"}
    assert found["alice"] == bare | {
        "user": "alice",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/a/alice",
        "password_enabled": "false",
        "password_last_used": "N/A",
        "password_last_changed": "N/A",
        "password_next_rotation": "N/A",
    }
    assert found["<root_account>"] == bare | {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
    }


def test_a_password_says_when_it_was_set_used_and_must_change(house):
    house.perform("iam:CreateUser", UserName="alice")
    house.later(days=1)
    house.perform("iam:CreateLoginProfile", UserName="alice", Password="a-password")
    row = rows(house)["alice"]
    assert (row["password_enabled"], row["password_last_used"]) == ("true", "no_information")
    assert (row["password_last_changed"], row["password_next_rotation"]) == ("2026-11-24T19:00:00Z", "N/A")
    house.perform("iam:UpdateAccountPasswordPolicy", MaxPasswordAge=10)
    alice = house.perform("iam:GetUser", UserName="alice")["User"]["UserId"]
    house.activity.used(password_use(alice), Use(NOW + timedelta(days=2), "signin", "us-east-1"))
    house.later(hours=5)
    row = rows(house)["alice"]
    assert row["password_next_rotation"] == "2026-12-04T19:00:00Z"
    assert row["password_last_used"] == "2026-11-25T19:00:00Z"


def test_keys_say_what_they_were_used_for_and_an_inactive_one_keeps_its_date(house):
    house.perform("iam:CreateUser", UserName="alice")
    first = house.perform("iam:CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    house.later(seconds=1)
    second = house.perform("iam:CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    house.perform("iam:UpdateAccessKey", UserName="alice", AccessKeyId=first, Status="Inactive")
    house.activity.used(second, Use(NOW, "iam", "eu-west-1"))
    row = rows(house)["alice"]
    assert [row[f"access_key_1_{what}"] for what in ("active", "last_rotated", "last_used_date")] == [
        "false",
        AT,
        "N/A",
    ]
    assert [row[f"access_key_2_{what}"] for what in ("active", "last_rotated")] == ["true", "2026-11-23T19:00:01Z"]
    assert [row[f"access_key_2_last_used_{what}"] for what in ("date", "region", "service")] == [AT, "eu-west-1", "iam"]


def test_devices_and_certificates_are_told(house):
    house.perform("iam:CreateUser", UserName="alice")
    device = house.perform("iam:CreateVirtualMFADevice", VirtualMFADeviceName="phone")["VirtualMFADevice"]
    totp = pyotp.TOTP(device["Base32StringSeed"].decode())
    house.perform(
        "iam:EnableMFADevice",
        UserName="alice",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=totp.at(NOW),
        AuthenticationCode2=totp.at(NOW + timedelta(seconds=30)),
    )
    uploaded = house.perform("iam:UploadSigningCertificate", UserName="alice", CertificateBody=certificate("alice"))
    house.perform(
        "iam:UpdateSigningCertificate",
        UserName="alice",
        CertificateId=uploaded["Certificate"]["CertificateId"],
        Status="Inactive",
    )
    row = rows(house)["alice"]
    assert row["mfa_active"] == "true"
    assert (row["cert_1_active"], row["cert_1_last_rotated"], row["cert_2_active"]) == ("false", AT, "false")


@pytest.mark.parametrize(
    ("name", "cell"), [("=cmd", "'=cmd"), ("@a", "'@a"), ("+a", "'+a"), ("-a", "'-a"), ("a=", "a=")]
)
def test_a_name_is_no_formula(house, name, cell):
    house.perform("iam:CreateUser", UserName=name)
    assert cell in rows(house)


def test_a_comma_in_a_name_and_a_quote_in_a_path_stay_in_their_cells(house):
    house.perform("iam:CreateUser", UserName="a,b", Path='/"x",y/')
    assert rows(house)["a,b"]["arn"] == f'arn:aws:iam::{ACCOUNT}:user/"x",y/a,b'


# ---- states


def test_a_report_is_begun_and_then_complete_and_the_same_for_four_hours(house):
    missing = house.refused("iam:GetCredentialReport")
    assert (missing.code, missing.message, missing.status) == ("ReportNotPresent", "Unknown", 410)
    assert house.perform("iam:GenerateCredentialReport") == {
        "State": "STARTED",
        "Description": "No report exists. Starting a new report generation task",
    }
    first = house.perform("iam:GetCredentialReport")
    assert (first["ReportFormat"], first["GeneratedTime"]) == ("text/csv", NOW)
    house.perform("iam:CreateUser", UserName="late")
    house.later(hours=4, seconds=-1)
    assert house.perform("iam:GenerateCredentialReport") == {"State": "COMPLETE"}
    assert house.perform("iam:GetCredentialReport") == first


def test_after_four_hours_a_report_has_expired_and_a_new_one_is_made(house):
    house.perform("iam:GenerateCredentialReport")
    house.perform("iam:CreateUser", UserName="late")
    house.later(hours=4)
    assert house.refused("iam:GetCredentialReport").code == "ReportExpired"
    assert house.perform("iam:GenerateCredentialReport")["State"] == "STARTED"
    assert house.perform("iam:GetCredentialReport")["Content"].decode().count("late") == 2


def test_while_one_is_being_made_both_operations_say_so_and_one_that_never_came_is_not_waited_for(house):
    call = house.call("iam:GenerateCredentialReport")
    assert house.write(lambda tx: begin(call, tx)) == "STARTED"
    assert house.perform("iam:GenerateCredentialReport") == {"State": "INPROGRESS"}
    waiting = house.refused("iam:GetCredentialReport")
    assert (waiting.code, waiting.message, waiting.status) == ("ReportInProgress", "Unknown", 404)
    house.later(minutes=5)
    assert house.refused("iam:GetCredentialReport").code == "ReportNotPresent"
    assert house.perform("iam:GenerateCredentialReport")["State"] == "STARTED"
    assert house.perform("iam:GetCredentialReport")["GeneratedTime"] == house.now
