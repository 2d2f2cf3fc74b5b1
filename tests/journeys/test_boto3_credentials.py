"""A boto3 program gives a person every credential there is, reads the report about it, and takes all of it back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from tests import certified
from tests.journeys.clients import Key, boto


@pytest.fixture
def iam(locum):
    return boto("iam", locum.url)


def test_a_person_s_credentials_come_are_reported_and_go(iam, locum):
    iam.create_user(UserName="dora")
    key = Key.of(iam.create_access_key(UserName="dora")["AccessKey"])
    iam.update_account_password_policy(MinimumPasswordLength=12, AllowUsersToChangePassword=True, MaxPasswordAge=30)
    iam.create_login_profile(UserName="dora", Password="first-password", PasswordResetRequired=True)
    now = datetime.now(UTC)
    certificate = certified.certificate("dora", since=now, until=now + timedelta(days=2))
    signing = iam.upload_signing_certificate(UserName="dora", CertificateBody=certificate)["Certificate"]
    ssh = iam.upload_ssh_public_key(UserName="dora", SSHPublicKeyBody=certified.ssh(certified.rsa_key("dora")))
    git = iam.create_service_specific_credential(UserName="dora", ServiceName="codecommit.amazonaws.com")
    api = iam.create_service_specific_credential(
        UserName="dora", ServiceName="bedrock.amazonaws.com", CredentialAgeDays=1
    )

    dora = boto("iam", locum.url, key)
    dora.change_password(OldPassword="first-password", NewPassword="second-password")
    with pytest.raises(dora.exceptions.PasswordPolicyViolationException, match="minimum length of 12"):
        dora.change_password(OldPassword="second-password", NewPassword="short")
    with pytest.raises(dora.exceptions.ClientError, match="The old password was incorrect"):
        dora.change_password(OldPassword="first-password", NewPassword="third-password")
    assert iam.get_login_profile(UserName="dora")["LoginProfile"]["PasswordResetRequired"] is False

    assert iam.generate_credential_report()["State"] in ("STARTED", "COMPLETE")
    report = iam.get_credential_report()
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(report["Content"].decode()))}
    told = {name: rows["dora"][name] for name in ("password_enabled", "access_key_1_active", "cert_1_active")}
    assert told == dict.fromkeys(told, "true")
    assert rows["dora"]["access_key_1_last_used_service"] == "iam"

    job = iam.generate_service_last_accessed_details(Arn=iam.get_user(UserName="dora")["User"]["Arn"])["JobId"]
    assert iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"] == []  # no policy names a service

    iam.delete_login_profile(UserName="dora")
    iam.delete_access_key(UserName="dora", AccessKeyId=key.id)
    iam.delete_signing_certificate(UserName="dora", CertificateId=signing["CertificateId"])
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must remove referenced objects first"):
        iam.delete_user(UserName="dora")
    iam.delete_ssh_public_key(UserName="dora", SSHPublicKeyId=ssh["SSHPublicKey"]["SSHPublicKeyId"])
    for made in (git, api):
        id = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
        iam.delete_service_specific_credential(UserName="dora", ServiceSpecificCredentialId=id)
    iam.delete_user(UserName="dora")
    iam.delete_account_password_policy()


def test_a_server_s_certificate_is_kept_for_it_and_its_key_is_not_shown(iam):
    now = datetime.now(UTC)
    leaf = certified.certificate("leaf", "root", since=now, until=now + timedelta(days=2))
    root = certified.certificate("root", since=now, until=now + timedelta(days=2))
    private = certified.private(certified.ec_key("leaf"))
    whole = {"CertificateBody": leaf, "PrivateKey": private, "CertificateChain": root}
    iam.upload_server_certificate(ServerCertificateName="site", **whole, Tags=[{"Key": "team", "Value": "red"}])
    kept = iam.get_server_certificate(ServerCertificateName="site")["ServerCertificate"]
    assert kept["CertificateBody"] == leaf.strip()
    assert kept["CertificateChain"] == root.strip()
    assert kept["Tags"] == [{"Key": "team", "Value": "red"}]
    assert "PRIVATE KEY" not in str(kept)
    other = certified.private(certified.ec_key("other"))
    with pytest.raises(iam.exceptions.KeyPairMismatchException):
        iam.upload_server_certificate(ServerCertificateName="other", **whole | {"PrivateKey": other})
    names = [one["ServerCertificateName"] for one in iam.list_server_certificates()["ServerCertificateMetadataList"]]
    assert names == ["site"]
    iam.delete_server_certificate(ServerCertificateName="site")
