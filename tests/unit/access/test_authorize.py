"""May they: nothing is allowed by default, the first refusal is the answer, and no key comes from outside.

Rules: default deny, P9 (server-derived keys), D8 (bounded memory of denials); sentences of wire.md 7.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

import msgspec
import pytest
from tests.served import (
    ACCOUNT,
    FORM,
    HOST,
    NOW,
    OTHER,
    Client,
    Credentials,
    ServedHouse,
    allow,
    deny,
    document,
    request,
)
from tests.unit.access.calls import call_of

from locum.access.authorize import authorize
from locum.access.context import request_keys
from locum.access.denials import Denial, Denials
from locum.aws.faults import Refusal
from locum.call import Asked, Caller
from locum.http import Request
from locum.iam.principals import keys_of
from locum.policy import Question, bind
from locum.policy.decision import Decision
from locum.policy.principals import ANONYMOUS

IAM = f"arn:aws:iam::{ACCOUNT}"


def holds(client: Client, condition: dict[str, Any], **inputs: Any) -> bool:
    """Whether a condition holds for a call of this client's, who may do nothing else."""
    client.house.admin(
        "iam:PutUserPolicy",
        UserName="alice",
        PolicyName="own",
        PolicyDocument=document(allow("iam:ListUsers", Condition=condition)),
    )
    return client.ask("iam:ListUsers", **inputs).status == 200


# ---- deciding


def test_nothing_is_allowed_by_default(served: ServedHouse) -> None:
    answer = served.user("alice").ask("iam:ListRoles")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.message == (
        f"User: {IAM}:user/alice is not authorized to perform: iam:ListRoles on resource: {IAM}:role/ because no"
        " identity-based policy allows the iam:ListRoles action"
    )


def test_an_explicit_deny_wins(served: ServedHouse) -> None:
    alice = served.user("alice", allow("*"), deny("iam:ListRoles"))
    assert alice.ask("iam:ListUsers").status == 200
    assert alice.ask("iam:ListRoles").message.endswith("with an explicit deny in an identity-based policy")


def test_root_needs_no_policy(served: ServedHouse) -> None:
    assert served.root.ask("iam:ListUsers").status == 200


def test_the_first_refusal_is_the_answer(served: ServedHouse) -> None:
    served.role("builder")
    served.admin("iam:CreateInstanceProfile", InstanceProfileName="web")
    inputs = {"InstanceProfileName": "web", "RoleName": "builder"}
    for statements, action in (
        ([allow("iam:PassRole")], "iam:AddRoleToInstanceProfile"),
        ([allow("iam:AddRoleToInstanceProfile")], "iam:PassRole"),
    ):
        served.admin("iam:CreateUser", UserName=action[4:])
        served.admin("iam:PutUserPolicy", UserName=action[4:], PolicyName="own", PolicyDocument=document(*statements))
        key = Credentials.of(served.admin("iam:CreateAccessKey", UserName=action[4:])["AccessKey"])
        refused = Client(served, key).ask("iam:AddRoleToInstanceProfile", **inputs)
        assert f"is not authorized to perform: {action} on" in refused.message


def test_passing_a_role_can_be_limited_to_a_service(served: ServedHouse) -> None:
    served.role("builder")
    served.admin("iam:CreateInstanceProfile", InstanceProfileName="web")
    for at, (service, code) in enumerate((("lambda.amazonaws.com", "AccessDenied"), ("ec2.amazonaws.com", ""))):
        condition = {"StringEquals": {"iam:PassedToService": service}}
        user = served.user(f"u{at}", allow("iam:AddRoleToInstanceProfile"), allow("iam:PassRole", Condition=condition))
        answer = user.ask("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="builder")
        assert answer.code == code


def test_a_change_of_policy_counts_at_the_next_request(served: ServedHouse) -> None:
    alice = served.user("alice", allow("iam:ListUsers"))
    assert alice.ask("iam:ListUsers").status == 200
    served.admin("iam:DeleteUserPolicy", UserName="alice", PolicyName="own")
    assert alice.ask("iam:ListUsers").code == "AccessDenied"
    served.admin("iam:CreateGroup", GroupName="devs")
    served.admin(
        "iam:PutGroupPolicy", GroupName="devs", PolicyName="p", PolicyDocument=document(allow("iam:ListUsers"))
    )
    assert alice.ask("iam:ListUsers").code == "AccessDenied"
    served.admin("iam:AddUserToGroup", GroupName="devs", UserName="alice")
    assert alice.ask("iam:ListUsers").status == 200
    served.admin("iam:RemoveUserFromGroup", GroupName="devs", UserName="alice")
    assert alice.ask("iam:ListUsers").code == "AccessDenied"


def test_a_boundary_holds_a_user(served: ServedHouse) -> None:
    limit = served.admin("iam:CreatePolicy", PolicyName="limit", PolicyDocument=document(allow("iam:ListUsers")))
    alice = served.user("alice", allow("*"), PermissionsBoundary=limit["Policy"]["Arn"])
    assert alice.ask("iam:ListUsers").status == 200
    assert "because no permissions boundary allows" in alice.ask("iam:ListRoles").message
    served.admin("iam:DeleteUserPermissionsBoundary", UserName="alice")
    assert alice.ask("iam:ListRoles").status == 200


def test_what_belongs_to_aws_is_nobody_s_to_change(served: ServedHouse) -> None:
    for client in (served.admin, served.root):
        answer = client.ask("iam:DeletePolicy", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_call_that_asks_nothing_is_denied(served: ServedHouse) -> None:
    """Nothing to check is a denial: an operation whose `asks` is empty by mistake lets nobody in, root neither."""
    for client in (served.admin, served.root):

        def step(tx: object, client: Client = client) -> None:
            call = call_of(client, "iam:ListUsers", tx, {})
            silent = msgspec.structs.replace(call.operation, asks=lambda call, tx: ())
            judgement = authorize(msgspec.structs.replace(call, operation=silent), tx)
            assert not judgement.allowed
            with pytest.raises(Refusal) as refusal:
                judgement.or_refuse(call, Denials())
            assert refusal.value.code == "AccessDenied"

        served.house.store.read(step)


def test_what_is_absent_is_denied_though_everything_is_allowed(served: ServedHouse) -> None:
    def step(tx: object) -> None:
        call = call_of(served.admin, "iam:ListUsers", tx, {})
        one = Asked(action="iam:ListUsers", arn=f"{IAM}:user/", account=ACCOUNT, absent=True)
        operation = msgspec.structs.replace(call.operation, asks=lambda call, tx: (one,))
        assert not authorize(msgspec.structs.replace(call, operation=operation), tx).allowed

    served.house.store.read(step)


def test_tags_of_both_sides_can_be_compared(served: ServedHouse) -> None:
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    alice = served.user("alice", allow("iam:GetUser", Condition=same), Tags=[{"Key": "team", "Value": "red"}])
    served.user("bob", Tags=[{"Key": "Team", "Value": "red"}])
    served.user("eve", Tags=[{"Key": "team", "Value": "blue"}])
    served.user("zoe")
    codes = {name: alice.ask("iam:GetUser", UserName=name).code for name in ("bob", "eve", "zoe", "nobody")}
    assert codes == {"bob": "", "eve": "AccessDenied", "zoe": "AccessDenied", "nobody": "AccessDenied"}


def test_a_resource_s_tag_has_two_names(served: ServedHouse) -> None:
    served.user("bob", Tags=[{"Key": "team", "Value": "red"}])
    for at, name in enumerate(("aws:ResourceTag/team", "iam:ResourceTag/team")):
        user = served.user(f"u{at}", allow("iam:GetUser", Condition={"StringEquals": {name: "red"}}))
        assert user.ask("iam:GetUser", UserName="bob").status == 200
        assert user.ask("iam:GetUser", UserName="admin").code == "AccessDenied"


def test_tags_to_be_set_can_be_limited(served: ServedHouse) -> None:
    alice = served.user(
        "alice",
        allow(
            "iam:TagUser",
            Condition={
                "StringEquals": {"aws:RequestTag/team": ["red", "blue"]},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]},
            },
        ),
    )
    for tags, code in (
        ({"team": "red"}, ""),
        ({"team": "red", "cost": "7"}, ""),
        ({"team": "green"}, "AccessDenied"),
        ({"cost": "7"}, "AccessDenied"),
        ({"team": "red", "other": "x"}, "AccessDenied"),
    ):
        given = [{"Key": key, "Value": value} for key, value in tags.items()]
        assert alice.ask("iam:TagUser", UserName="admin", Tags=given).code == code


def test_a_tag_with_a_reserved_prefix_is_never_set(served: ServedHouse) -> None:
    for key in ("aws:PrincipalType", "AWS:x", "aws:"):
        answer = served.admin.ask("iam:TagUser", UserName="admin", Tags=[{"Key": key, "Value": "x"}])
        assert answer.status == 400


def test_a_tag_key_that_only_looks_alike_takes_no_tag_away(served: ServedHouse) -> None:
    """U+212A is a Kelvin sign and no `k` (rule H17): whoever may not touch `kind` cannot get rid of it by that."""
    touches = {"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "kind"}}
    alike = "\u212aind"
    alice = served.user(
        "alice",
        allow("iam:TagUser", "iam:UntagUser"),
        deny("*", Condition=touches),
        Tags=[{"Key": "kind", "Value": "x"}],
    )
    assert alice.ask("iam:UntagUser", UserName="alice", TagKeys=["KIND"]).code == "AccessDenied"
    assert alice.ask("iam:TagUser", UserName="alice", Tags=[{"Key": alike, "Value": "y"}]).status == 200
    assert alice.ask("iam:UntagUser", UserName="alice", TagKeys=[alike]).status == 200
    assert served.admin("iam:ListUserTags", UserName="alice")["Tags"] == [{"Key": "kind", "Value": "x"}]


# ---- keys of the request


def test_the_keys_of_a_request_are_what_the_server_measured(served: ServedHouse) -> None:
    def step(tx: object) -> None:
        call = call_of(served.admin, "iam:ListUsers", tx, {})
        origin = msgspec.structs.replace(
            call.origin, source_ip="192.0.2.7", user_agent="a", referer="b", secure=True, region="eu-west-1"
        )
        assert request_keys(msgspec.structs.replace(call, origin=origin)) == {
            "aws:CurrentTime": "2026-11-23T19:00:00Z",
            "aws:EpochTime": str(int(NOW.timestamp())),
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": "false",
            "aws:RequestedRegion": "eu-west-1",
            "aws:UserAgent": "a",
            "aws:SourceIp": "192.0.2.7",
            "aws:referer": "b",
        }
        origin = msgspec.structs.replace(call.origin, user_agent="a", referer="")
        keys = request_keys(msgspec.structs.replace(call, origin=origin))
        assert "aws:SourceIp" not in keys
        assert "aws:referer" not in keys
        assert keys["aws:RequestedRegion"] == "us-east-1"

    served.house.store.read(step)


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringEquals": {"aws:UserAgent": "a test"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnEquals": {"aws:PrincipalArn": f"{IAM}:user/alice"}},
        {"StringEquals": {"aws:username": "alice", "aws:PrincipalType": "User"}},
        {"StringEquals": {"aws:ResourceAccount": ACCOUNT}},
        {"StringLike": {"aws:userid": "AIDA*"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2026-11-23T18:59:59Z"}},
        {"NumericEquals": {"aws:EpochTime": str(int(NOW.timestamp()))}},
        {"Bool": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}},
    ],
    ids=str,
)
def test_a_condition_on_what_is_so_holds(served: ServedHouse, condition: dict[str, Any]) -> None:
    assert holds(served.user("alice"), condition)


def test_time_in_conditions_is_the_clock_of_sessions(served: ServedHouse) -> None:
    alice = served.user("alice")
    later = {"DateGreaterThan": {"aws:CurrentTime": "2026-11-24T00:00:00Z"}}
    assert not holds(alice, later)
    served.sessions_age(days=1)
    assert holds(alice, later)


def test_a_token_s_time_of_issue_can_end_older_sessions(served: ServedHouse) -> None:
    """Rule T11, level one."""
    older = {"DateLessThan": {"aws:TokenIssueTime": "2026-11-23T19:30:00Z"}}
    role = served.role("builder", allow("iam:ListUsers"), deny("*", Condition=older))
    before = served.admin.assume(role)
    served.sessions_age(minutes=31)
    assert before.ask("iam:ListUsers").code == "AccessDenied"
    assert served.admin.assume(role).ask("iam:ListUsers").status == 200


def test_an_anonymous_caller_has_two_keys(served: ServedHouse) -> None:
    nobody = Caller(kind="anonymous", account="", arn="", user_id="anonymous")
    keys = served.house.store.read(lambda tx: keys_of(nobody, tx, now=NOW))
    assert keys == {
        "aws:PrincipalType": "Anonymous",
        "aws:userid": "anonymous",
        "aws:PrincipalAccount": "anonymous",
    }


# ---- P9: no header, no parameter and no tag sets a key that the server derives

# Key -> a value that is not so for alice in this house.
RESERVED = {
    "aws:PrincipalArn": f"{IAM}:user/admin",
    "aws:PrincipalAccount": OTHER,
    "aws:PrincipalOrgID": "o-forged",
    "aws:PrincipalOrgPaths": "o-forged/r-x/",
    "aws:PrincipalTag/team": "forged",
    "aws:PrincipalIsAWSService": "true",
    "aws:PrincipalServiceName": "ec2.amazonaws.com",
    "aws:PrincipalServiceNamesList": "ec2.amazonaws.com",
    "aws:PrincipalType": "Account",
    "aws:userid": "AIDAFORGED",
    "aws:username": "admin",
    "aws:TokenIssueTime": "2020-01-01T00:00:00Z",
    "aws:MultiFactorAuthPresent": "true",
    "aws:MultiFactorAuthAge": "1",
    "aws:FederatedProvider": "forged",
    "aws:SourceIdentity": "forged",
    "aws:AssumedRoot": "true",
    "aws:SignInSessionArn": "forged",
    "aws:SourceIp": "203.0.113.9",
    "aws:SourceVpc": "vpc-forged",
    "aws:SourceVpcArn": "arn:aws:ec2:us-east-1:1:vpc/x",
    "aws:SourceVpce": "vpce-forged",
    "aws:VpcSourceIp": "203.0.113.9",
    "aws:VpceAccount": OTHER,
    "aws:VpceOrgID": "o-forged",
    "aws:ResourceAccount": OTHER,
    "aws:ResourceOrgID": "o-forged",
    "aws:ResourceTag/team": "forged",
    "iam:ResourceTag/team": "forged",
    "aws:RequestTag/team": "forged",
    "aws:TagKeys": "forged",
    "aws:CalledVia": "cloudformation.amazonaws.com",
    "aws:CalledViaFirst": "cloudformation.amazonaws.com",
    "aws:CalledViaLast": "cloudformation.amazonaws.com",
    "aws:ViaAWSService": "true",
    "aws:SourceArn": "arn:aws:s3:::forged",
    "aws:SourceAccount": OTHER,
    "aws:SourceOrgID": "o-forged",
    "aws:CurrentTime": "2020-01-01T00:00:00Z",
    "aws:EpochTime": "1",
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": "forged-1",
    "aws:UserAgent": "forged",
    "aws:referer": "forged",
    "ec2:RoleDelivery": "2.0",
    "ec2:SourceInstanceArn": "forged",
    "lambda:SourceFunctionArn": "forged",
    "iam:PassedToService": "forged",
    "iam:PolicyARN": "forged",
    "iam:PermissionsBoundary": "forged",
    "iam:AWSServiceName": "forged",
    "sts:ExternalId": "forged",
    "sts:RoleSessionName": "forged",
    "sts:SourceIdentity": "forged",
    "saml:sub": "forged",
    "accounts.google.com:sub": "forged",
}


def disguises(key: str) -> list[str]:
    """Names of headers by which an outsider might mean this key; those that define a key of their own left out."""
    bare = key.partition(":")[2].partition("/")[0]
    dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in bare).strip("-")
    names = [dashed, bare.lower(), f"x-amz-{dashed}", f"x-amz-{bare.lower()}", f"x-amz-context-{bare.lower()}"]
    names += [key.lower().replace(":", "-").replace("/", "-"), "x-forwarded-for", "x-forwarded-proto", "x-real-ip"]
    names += ["forwarded", "x-client-ip", "via", "x-amz-source-arn", "x-amz-source-account"]
    return sorted(set(names) - {"user-agent", "referer"})


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_no_header_and_no_parameter_sets(served: ServedHouse, key: str) -> None:
    alice, value = served.user("alice"), RESERVED[key]
    served.admin(
        "iam:PutUserPolicy",
        UserName="alice",
        PolicyName="own",
        PolicyDocument=document(
            allow("iam:ListUsers", Condition={"ForAnyValue:StringEquals": {key: [value, "https", f"for={value}"]}})
        ),
    )
    quoted = urllib.parse.quote(value, safe="")
    names = [key, key.lower(), key.partition(":")[2], f"Context.{key}", "ContextEntries.member.1.ContextKeyName"]
    pairs = "&".join(f"{urllib.parse.quote(name, safe='')}={quoted}" for name in dict.fromkeys(names))
    tags = "Tags.member.1.Key=team&Tags.member.1.Value=forged&TagKeys.member.1=forged"
    body = f"Action=ListUsers&Version=2010-05-08&{pairs}&{tags}".encode()
    headers = [(name, value) for name in disguises(key)]
    plain = Request("POST", "/", "", (("host", HOST), ("content-type", FORM), ("user-agent", "a test"), *headers), body)
    asked = msgspec.structs.replace(plain, peer="192.0.2.7")
    answer = served.answer(alice.signed(asked, "iam"))
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_the_control_of_that_is_a_header_that_defines_its_key(served: ServedHouse) -> None:
    alice = served.user("alice", allow("iam:ListUsers", Condition={"StringEquals": {"aws:referer": "x"}}))
    assert alice.ask("iam:ListUsers").code == "AccessDenied"
    signed = alice.signed(request("iam:ListUsers", {}, ("referer", "x")), "iam")
    assert served.answer(signed).status == 200


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_no_tag_of_the_caller_s_own_making_sets(served: ServedHouse, key: str) -> None:
    """Whoever may tag itself may call a tag anything but `aws:…`; none of it becomes a key outside the tags."""
    if key.startswith(("aws:PrincipalTag/", "aws:ResourceTag/", "iam:ResourceTag/")):
        return
    value = RESERVED[key]
    alice = served.user("alice", allow("iam:GetUser", Condition={"ForAnyValue:StringEquals": {key: value}}))
    bare = key.partition(":")[2]
    for name in (bare, f"x/{key}", f"/../{key}", f" {key}"):
        served.admin("iam:TagUser", UserName="alice", Tags=[{"Key": name, "Value": value[:256]}])
    assert alice.ask("iam:GetUser").code == "AccessDenied"


# ---- the memory of denials


def a_denial(request_id: str) -> Denial:
    bound = bind(identity=(), boundary=None, session=None)
    question = Question(ANONYMOUS, "iam:ListUsers", "*", ACCOUNT, {}, bound)
    return Denial(request_id, ACCOUNT, "a sentence", question, Decision("implicitDeny", False, ("identity",)))


def test_denials_are_found_by_their_request_and_the_newest_without(served: ServedHouse) -> None:
    denials = Denials(limit=3)
    assert denials.latest() is None
    for at in range(5):
        denials.keep(a_denial(str(at)))
    assert [at for at in range(5) if denials.find(str(at))] == [2, 3, 4]
    newest = denials.latest()
    assert newest is not None
    assert newest.request_id == "4"


def test_a_success_leaves_no_denial(served: ServedHouse) -> None:
    served.admin("iam:ListUsers")
    assert served.house.denials.latest() is None
    served.user("alice").ask("iam:ListUsers")
    kept = served.house.denials.latest()
    assert kept is not None
    assert kept.account == ACCOUNT
    assert "secret" not in repr(kept).lower()
