"""Two accounts: a role is lent to a vendor under an external id, and the vendor proves who it is to somebody else."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.exceptions import ClientError
from tests.journeys.clients import Key, boto
from tests.journeys.documents import allow, policy, trust

ROLE = "arn:aws:iam::111111111111:role/lent"
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "contract-42"}}


@pytest.fixture
def vendor(locum) -> Key:
    """The administrator's key of another account, 222222222222."""
    answer = locum.own("accounts", {"account_id": "222222222222"})
    return Key.of(answer["Administrator"])


@pytest.fixture
def lent(locum, vendor) -> None:
    """A role of account 111111111111 that trusts account 222222222222 under an external id."""
    iam = boto("iam", locum.url)
    iam.create_role(RoleName="lent", AssumeRolePolicyDocument=trust("arn:aws:iam::222222222222:root", **EXTERNAL_ID))
    iam.put_role_policy(RoleName="lent", PolicyName="read", PolicyDocument=policy(allow("iam:ListRoles")))


def test_the_vendor_assumes_the_role_with_the_external_id(locum, vendor, lent):
    answer = boto("sts", locum.url, vendor).assume_role(RoleArn=ROLE, RoleSessionName="audit", ExternalId="contract-42")
    session = Key.of(answer["Credentials"])
    assert boto("sts", locum.url, session).get_caller_identity()["Account"] == "111111111111"
    assert [role["RoleName"] for role in boto("iam", locum.url, session).list_roles()["Roles"]] == ["lent"]


@pytest.mark.parametrize("external_id", [{}, {"ExternalId": "contract-43"}], ids=["none", "another"])
def test_the_vendor_is_refused_without_the_right_external_id(locum, vendor, lent, external_id):
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole") as refused:
        boto("sts", locum.url, vendor).assume_role(RoleArn=ROLE, RoleSessionName="audit", **external_id)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_a_user_of_the_trusted_account_needs_its_own_permission_as_well(locum, vendor, lent):
    iam = boto("iam", locum.url, vendor)
    iam.create_user(UserName="intern")
    intern = boto("sts", locum.url, Key.of(iam.create_access_key(UserName="intern")["AccessKey"]))
    asked = {"RoleArn": ROLE, "RoleSessionName": "audit", "ExternalId": "contract-42"}
    with pytest.raises(ClientError):
        intern.assume_role(**asked)
    iam.put_user_policy(UserName="intern", PolicyName="assume", PolicyDocument=policy(allow("sts:AssumeRole", ROLE)))
    assert intern.assume_role(**asked)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/lent/audit")


def test_a_third_account_is_refused(locum, lent):
    other = Key.of(locum.own("accounts")["Administrator"])
    with pytest.raises(ClientError):
        boto("sts", locum.url, other).assume_role(RoleArn=ROLE, RoleSessionName="third", ExternalId="contract-42")


def test_one_account_does_not_see_the_other(locum, vendor, lent):
    iam = boto("iam", locum.url, vendor)
    assert "lent" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="lent")


def fetched(url: str) -> tuple[int, str]:
    """Status and body of a plain GET, as any HTTP program would make it."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def proof(locum, vendor) -> str:
    """A presigned GetCallerIdentity URL of the vendor, good for a minute."""
    return boto("sts", locum.url, vendor).generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")


def test_a_presigned_url_proves_to_a_third_party_who_signed_it(proof):
    status, body = fetched(proof)
    assert status == 200
    assert "<Arn>arn:aws:iam::222222222222:user/admin</Arn>" in body


def altered(url: str, name: str, change) -> str:
    """The URL with one query parameter's value changed."""
    split = urllib.parse.urlsplit(url)
    query = [
        (key, change(value) if key == name else value)
        for key, value in urllib.parse.parse_qsl(split.query, keep_blank_values=True)
    ]
    return urllib.parse.urlunsplit(split._replace(query=urllib.parse.urlencode(query)))


def flipped(signature: str) -> str:
    """The signature with its first digit changed."""
    return ("1" if signature[0] == "0" else "0") + signature[1:]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("X-Amz-Signature", flipped),
        ("X-Amz-Expires", lambda value: "604800"),
        ("Action", lambda value: "GetSessionToken"),
    ],
    ids=["signature", "expires", "action"],
)
def test_a_presigned_url_that_was_tampered_with_is_refused(proof, name, change):
    assert altered(proof, name, lambda value: value) != altered(proof, name, change)
    status, body = fetched(altered(proof, name, change))
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in body


def test_the_presigned_url_survives_being_written_again(proof):
    assert fetched(altered(proof, "Action", lambda value: value))[0] == 200


def test_another_secret_for_the_same_key_is_refused(locum, vendor):
    with pytest.raises(ClientError) as refused:
        boto("sts", locum.url, Key(vendor.id, "x" * 40)).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_an_unknown_key_is_refused(locum):
    with pytest.raises(ClientError) as refused:
        boto("sts", locum.url, Key("AKIAIOSFODNN7EXAMPLE", "x" * 40)).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
